//! From the tests of single columns to verdicts: adjusted p-values, severities, the batch as a whole.

use crate::adjust::adjust;
use crate::decide::{absolute, decide, severity};
use crate::images::PIXEL_WASSERSTEIN;
use crate::proportion::CERTAIN;
use crate::result::{JOINT, signed};
use driftgate_model::{
    ColumnDrift, DriftConfig, DriftSeverity, DriftTest, DriftTestResult, DriftVerdict, OverallDrift, ProfileKind,
    SeverityRule,
};

/// A finished check.
#[derive(Debug, Clone, PartialEq)]
pub struct Finished {
    /// The input columns, the largest effect in multiples of what matters first.
    pub columns: Vec<ColumnDrift>,
    /// Predictions, confidences, labels: in the order given.
    pub outputs: Vec<ColumnDrift>,
    /// The test of all columns together.
    pub global: Option<DriftTestResult>,
    /// The batch as a whole.
    pub overall: OverallDrift,
}

impl Finished {
    /// The same, where performance on a batch with labels is known: performance that is surely lost is drift whatever the
    /// columns say (a change of what the inputs mean shows nowhere else), with the severity of its own effect.
    #[must_use]
    pub fn with_performance(mut self, performance: Option<&DriftTestResult>, config: &DriftConfig) -> Finished {
        if let Some(lost) = performance.filter(|p| p.verdict == DriftVerdict::Drifted) {
            let own = severity(lost.verdict, lost.multiple(), &config.severity);
            self.overall.verdict = DriftVerdict::Drifted;
            self.overall.severity = self.overall.severity.max(own).max(DriftSeverity::Low);
        }
        self
    }
}

impl Finished {
    /// The same, for a batch of pictures: the test of all embeddings, decided by its own level and interval, stands for all
    /// columns together.
    #[must_use]
    pub fn with_pictures(mut self, embeddings: Option<DriftTestResult>, config: &DriftConfig) -> Finished {
        match embeddings.as_ref().map(|e| e.verdict) {
            Some(DriftVerdict::Drifted) => {
                let own = embeddings.as_ref().map_or(0.0, DriftTestResult::multiple);
                let own = severity(DriftVerdict::Drifted, own, &config.severity);
                self.overall.verdict = DriftVerdict::Drifted;
                self.overall.severity = self.overall.severity.max(own).max(DriftSeverity::Low);
            }
            Some(DriftVerdict::Inconclusive) if self.overall.verdict == DriftVerdict::Stable => {
                self.overall.verdict = DriftVerdict::Inconclusive;
            }
            _ => {}
        }
        self.global = embeddings.or(self.global);
        self
    }
}

/// Adjusts the p-values of all tests of all `columns` and `outputs` as one family and draws the verdicts. Tests that could not
/// have rejected ([`CERTAIN`]: no value is missing anywhere) do not count in the family.
///
/// `effect` rule: a test is decided by [`decide`]; a column has the worst verdict of its tests and, where it drifted, the
/// severity of its largest drifted effect. The batch drifted where an input column or an output drifted, or where the global
/// test's p-value is at most its own level; it is stable where every column and output is stable; else inconclusive. Its
/// severity is the largest of the drifted columns' (low where only the global test speaks), at least medium where the share
/// of drifted input columns is above `low_max` and high above `medium_max`.
///
/// `reference` rule: a column's distribution test drifted where the adjusted p-value is at most the threshold, or its distance
/// at least the threshold; severity by `high_below` and `medium_below`, for distances by multiples of the threshold. The batch
/// drifted where the share of drifted columns is at least `drift_share`, with a severity by that share. Missing values and new
/// categories, which the Python reference does not test, are decided by effects. Where the batch did not drift, its severity
/// is none.
pub fn finish(
    mut columns: Vec<ColumnDrift>,
    mut outputs: Vec<ColumnDrift>,
    mut global: Option<DriftTestResult>,
    config: &DriftConfig,
) -> Finished {
    adjust_family(columns.iter_mut().chain(&mut outputs).collect(), config);
    columns.iter_mut().chain(&mut outputs).for_each(|c| decide_column(c, config));
    if let Some(g) = &mut global {
        g.adjusted_p = g.p_value;
        let drifted = g.p_value.is_some_and(|p| p <= config.global.alpha);
        g.verdict = if drifted { DriftVerdict::Drifted } else { DriftVerdict::Inconclusive };
    }
    columns.sort_by(|a, b| multiple(b).total_cmp(&multiple(a)).then_with(|| a.name.cmp(&b.name)));
    let overall = overall(&columns, &outputs, global.as_ref(), config);
    if let Some(g) = global.as_mut().filter(|g| g.verdict == DriftVerdict::Drifted && overall.drifted_columns == 0) {
        let note = "no single input column drifted: they may have changed together";
        g.note = Some(g.note.take().map_or_else(|| note.to_owned(), |had| format!("{had}; {note}")));
    }
    Finished { columns, outputs, global, overall }
}

/// One family: all tests of all columns that could have rejected.
fn adjust_family<'a>(columns: Vec<&'a mut ColumnDrift>, config: &DriftConfig) {
    let tests_of = |c: &'a mut ColumnDrift| {
        let alpha = alpha_of(c.kind, config);
        c.tests.iter_mut().map(move |t| (alpha, t))
    };
    let mut tests: Vec<(f64, &mut DriftTestResult)> = columns.into_iter().flat_map(tests_of).collect();
    let counted = |t: &DriftTestResult| t.p_value.filter(|_| t.method != CERTAIN);
    let p_values: Vec<Option<f64>> = tests.iter().map(|(_, t)| counted(t)).collect();
    let adjusted = adjust(&p_values, config.correction);
    let of_pictures = config.image.clone().unwrap_or_default().permutations;
    for ((alpha, test), p) in tests.iter_mut().zip(adjusted) {
        test.adjusted_p = p.or(test.p_value);
        let permutations = if test.test == PIXEL_WASSERSTEIN { of_pictures } else { config.permutations };
        let floor = 1.0 / (f64::from(permutations) + 1.0);
        let by_permutation = ["permutation", "thresholds"].contains(&test.method.as_str());
        let smallest = by_permutation && test.p_value.is_some_and(|p| p <= floor * 1.000_001);
        if let Some(p) = test.adjusted_p.filter(|p| smallest && *p > *alpha) {
            let wanted = (f64::from(permutations) + 1.0) * p / *alpha;
            let note = format!(
                "p is the smallest that {} permutations can give and, adjusted, above the level: about {wanted:.0} are needed",
                permutations
            );
            test.note = Some(test.note.take().map_or_else(|| note.clone(), |had| format!("{had}; {note}")));
        }
    }
}

fn alpha_of(kind: ProfileKind, config: &DriftConfig) -> f64 {
    match kind {
        ProfileKind::Numeric => config.threshold_numerical,
        ProfileKind::Categorical => config.threshold_categorical,
    }
}

/// A column's largest effect in multiples of the smallest that matters; 0 where no test has an effect.
pub fn multiple(column: &ColumnDrift) -> f64 {
    column.multiple()
}

fn decide_column(column: &mut ColumnDrift, config: &DriftConfig) {
    let alpha = alpha_of(column.kind, config);
    let test = match column.kind {
        ProfileKind::Numeric => config.numerical,
        ProfileKind::Categorical => config.categorical,
    };
    let by_reference = config.severity.rule == SeverityRule::Reference;
    let mut worst = DriftSeverity::None;
    for t in &mut column.tests {
        let (verdict, how_bad) = if by_reference && t.test == test.as_str() {
            reference_rule(t, test, alpha, config)
        } else {
            let interval = t.interval.map(|i| if signed(&t.test) { absolute(i) } else { i });
            let verdict = decide(t.adjusted_p, alpha, interval, t.min_effect);
            let own = match t.test.as_str() {
                PIXEL_WASSERSTEIN => pixel_severity(verdict, t.effect, config),
                _ => severity(verdict, t.multiple(), &config.severity),
            };
            (verdict, own)
        };
        t.verdict = verdict;
        worst = worst.max(how_bad);
    }
    column.severity = worst;
    column.verdict = column.tests.iter().map(|t| t.verdict).max().unwrap_or(DriftVerdict::Inconclusive);
}

/// How bad a drifted pixel column is: what `image.medium` and `image.high` say of its distance.
fn pixel_severity(verdict: DriftVerdict, effect: Option<f64>, config: &DriftConfig) -> DriftSeverity {
    let image = config.image.clone().unwrap_or_default();
    match effect.filter(|_| verdict == DriftVerdict::Drifted) {
        None => DriftSeverity::None,
        Some(e) if e >= image.high => DriftSeverity::High,
        Some(e) if e >= image.medium => DriftSeverity::Medium,
        Some(_) => DriftSeverity::Low,
    }
}

/// The Python reference's decision about one distribution test.
fn reference_rule(
    result: &DriftTestResult,
    test: DriftTest,
    threshold: f64,
    config: &DriftConfig,
) -> (DriftVerdict, DriftSeverity) {
    let rules = &config.severity;
    let (Some(p), Some(effect)) = (result.adjusted_p, result.effect) else {
        return (DriftVerdict::Inconclusive, DriftSeverity::None);
    };
    let is_p = matches!(test, DriftTest::Ks | DriftTest::ChiSquare);
    if !(if is_p { p <= threshold } else { effect >= threshold }) {
        return (DriftVerdict::Stable, DriftSeverity::None);
    }
    let multiple = if threshold > 0.0 { effect / threshold } else { 1.0 };
    let (high, medium) = if is_p {
        (p < rules.high_below, p < rules.medium_below)
    } else {
        (multiple >= rules.high_from, multiple >= rules.medium_from)
    };
    let severity = match (high, medium) {
        (true, _) => DriftSeverity::High,
        (false, true) => DriftSeverity::Medium,
        (false, false) => DriftSeverity::Low,
    };
    (DriftVerdict::Drifted, severity)
}

fn overall(
    columns: &[ColumnDrift],
    outputs: &[ColumnDrift],
    global: Option<&DriftTestResult>,
    config: &DriftConfig,
) -> OverallDrift {
    let count = |verdict| columns.iter().filter(|c| c.verdict == verdict).count() as u64;
    let (drifted, total) = (count(DriftVerdict::Drifted), columns.len() as u64);
    let share = if total == 0 { 0.0 } else { drifted as f64 / total as f64 };
    let both = || columns.iter().chain(outputs);
    let together = global.is_some_and(|g| g.test == JOINT && g.verdict == DriftVerdict::Drifted);
    let any = both().any(|c| c.verdict == DriftVerdict::Drifted) || together;
    let all_stable = total > 0 && both().all(|c| c.verdict == DriftVerdict::Stable);
    let by_share = severity_of_share(share, config);
    let by_effect = config.severity.rule == SeverityRule::Effect;
    let is_drift = if by_effect { any } else { drifted > 0 && share >= config.severity.drift_share };
    let severity = match (is_drift, by_effect) {
        (false, _) => DriftSeverity::None,
        (true, false) => by_share,
        (true, true) => {
            let worst = both().map(|c| c.severity).max().unwrap_or(DriftSeverity::None);
            worst.max(by_share)
        }
    };
    let verdict = if is_drift {
        DriftVerdict::Drifted
    } else if all_stable && !any {
        DriftVerdict::Stable
    } else {
        DriftVerdict::Inconclusive
    };
    OverallDrift {
        verdict,
        severity,
        drifted_columns: drifted,
        inconclusive_columns: count(DriftVerdict::Inconclusive),
        total_columns: total,
        drift_share: share,
        rule: if by_effect { EFFECT_RULE } else { REFERENCE_RULE }.to_owned(),
    }
}

/// Low up to `low_max`, medium up to `medium_max`, else high.
fn severity_of_share(share: f64, config: &DriftConfig) -> DriftSeverity {
    if share > config.severity.medium_max {
        DriftSeverity::High
    } else if share > config.severity.low_max {
        DriftSeverity::Medium
    } else {
        DriftSeverity::Low
    }
}

const EFFECT_RULE: &str = "drifted if any column or output drifted, the global test's p is at most its level, or performance is surely lost; stable if all \
are stable; severity of the worst column, raised by the share of drifted columns";
const REFERENCE_RULE: &str = "drifted if the share of drifted columns is at least drift_share; severity by that share";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::result::untested;
    use driftgate_config::default_drift as config;
    use driftgate_model::Interval;

    fn column(name: &str, p: f64, low: f64, effect: f64, high: f64) -> ColumnDrift {
        let mut test = untested("ks", "KS distance", 0.1, String::new());
        (test.p_value, test.effect, test.interval) = (Some(p), Some(effect), Some(Interval { low, high }));
        ColumnDrift {
            name: name.into(),
            kind: ProfileKind::Numeric,
            reference_rows: 100,
            batch_rows: 100,
            verdict: DriftVerdict::Inconclusive,
            severity: DriftSeverity::None,
            tests: vec![test],
            chart: None,
        }
    }

    #[test]
    fn severities_follow_the_columns() {
        let stable = |n: &str| column(n, 0.5, 0.0, 0.02, 0.05);
        let bad = |n: &str| column(n, 1e-9, 0.2, 0.25, 0.3);
        let one = |i: usize, k: usize| if i < k { bad(&i.to_string()) } else { stable(&i.to_string()) };
        let done = |k: usize| finish((0..10).map(|i| one(i, k)).collect(), Vec::new(), None, &config()).overall;
        assert_eq!((done(0).verdict, done(0).severity), (DriftVerdict::Stable, DriftSeverity::None));
        assert_eq!((done(1).verdict, done(1).severity), (DriftVerdict::Drifted, DriftSeverity::Medium));
        assert_eq!(done(3).severity, DriftSeverity::Medium);
        assert_eq!((done(6).severity, done(6).drift_share), (DriftSeverity::High, 0.6));
        let unsure = finish(vec![column("a", 0.5, 0.0, 0.05, 0.2)], Vec::new(), None, &config()).overall;
        assert_eq!((unsure.verdict, unsure.inconclusive_columns), (DriftVerdict::Inconclusive, 1));
    }

    #[test]
    fn what_cannot_reject_does_not_dilute_and_too_few_permutations_are_said() {
        let mut columns = vec![column("a", 0.001, 0.2, 0.25, 0.3)];
        columns[0].tests[0].method = "permutation".into();
        for i in 0..99 {
            let mut c = column(&i.to_string(), 1.0, 0.0, 0.0, 0.01);
            c.tests[0].method = CERTAIN.into();
            columns.push(c);
        }
        let done = finish(columns.clone(), Vec::new(), None, &config());
        assert_eq!((done.columns[0].tests[0].adjusted_p, done.overall.drifted_columns), (Some(0.001), 1));
        assert_eq!(done.columns[1].tests[0].adjusted_p, Some(1.0));
        columns.iter_mut().for_each(|c| c.tests[0].method = "permutation".into());
        let done = finish(columns, Vec::new(), None, &config());
        assert!(done.columns[0].tests[0].note.as_deref().unwrap().contains("about 2000 are needed"));
    }

    #[test]
    fn an_output_and_the_global_test_speak_too() {
        let stable = || vec![column("a", 0.5, 0.0, 0.02, 0.05)];
        let done = finish(stable(), vec![column("p", 1e-9, 0.12, 0.15, 0.2)], None, &config());
        assert_eq!((done.overall.verdict, done.overall.severity), (DriftVerdict::Drifted, DriftSeverity::Low));
        let mut energy = untested(JOINT, "energy coefficient", 0.0, String::new());
        (energy.p_value, energy.note) = (Some(0.002), None);
        let done = finish(stable(), Vec::new(), Some(energy), &config());
        assert_eq!((done.overall.verdict, done.overall.severity), (DriftVerdict::Drifted, DriftSeverity::Low));
        assert!(done.global.unwrap().note.unwrap().contains("together"));
    }

    #[test]
    fn the_reference_rule_never_contradicts_itself() {
        let mut config = config();
        config.severity.rule = SeverityRule::Reference;
        let all: Vec<_> =
            (0..10).map(|i| column(&format!("{i}"), if i < 4 { 1e-4 } else { 0.9 }, 0.0, 0.1, 0.2)).collect();
        let done = finish(all, Vec::new(), None, &config).overall;
        // The Python reference says "medium, not detected" here.
        assert_eq!((done.verdict, done.severity), (DriftVerdict::Inconclusive, DriftSeverity::None));
        assert_eq!(done.drifted_columns, 4);
    }
}
