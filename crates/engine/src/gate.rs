//! The gate: evidence in, verdict out. A rule without its evidence fails; nothing is promoted by absence.

mod drift;
mod robustness;

use crate::ask_drift::DriftFacts;
use driftgate_learn::metrics::PairedDifference;
use driftgate_model::config::{Operator, PromotionConfig, Rule, RuleKind};
use driftgate_model::{
    Interval, RobustnessReport, RuleResult, RuleStatus, SplitEvaluation, Timestamp, VersionNumber, lower_is_better,
};
use std::collections::BTreeMap;

/// What the rules may look at on one split.
pub(crate) struct SplitEvidence<'a> {
    pub(crate) evaluation: &'a SplitEvaluation,
    /// Candidate against Production, by rule id; absent where Production could not be evaluated.
    pub(crate) paired: BTreeMap<String, PairedDifference>,
}

/// What the rules may look at.
pub(crate) struct Evidence<'a> {
    pub(crate) splits: Vec<SplitEvidence<'a>>,
    /// The version in Production, or why it could not be evaluated.
    pub(crate) champion: Champion,
    /// Summary metrics of the model's earlier runs on this data set, newest first.
    pub(crate) earlier: Vec<BTreeMap<String, f64>>,
    /// Runs that have looked at the test split, this one counted.
    pub(crate) test_looks: u64,
    pub(crate) dataset_added_at: Timestamp,
    pub(crate) now: Timestamp,
    /// What happened to batches.
    pub(crate) drift: DriftFacts,
    /// How the candidate copes with changed pictures, where that was tried.
    pub(crate) robustness: Option<&'a RobustnessReport>,
}

/// What is in Production.
pub(crate) enum Champion {
    /// Nothing.
    None,
    /// This version, evaluated on the same rows.
    Evaluated(VersionNumber),
    /// This version, and the candidate is the very same artifact.
    Same(VersionNumber),
    /// This version, and it could not be evaluated.
    Unreadable(VersionNumber, String),
}

/// Every rule on every split it looks at, in the order of the config.
pub(crate) fn evaluate(config: &PromotionConfig, evidence: &Evidence) -> Vec<RuleResult> {
    let mut results = Vec::new();
    for rule in &config.rules {
        match &rule.kind {
            RuleKind::Freshness { max_age_days } => results.push(freshness(rule, *max_age_days, evidence)),
            RuleKind::Looks { max } => results.push(looks(rule, *max, evidence.test_looks)),
            RuleKind::ChampionOnDrift { .. } => results.extend(drift::champion_on_drift(rule, evidence)),
            RuleKind::Coverage { require_evidence } => results.push(drift::coverage(rule, *require_evidence, evidence)),
            RuleKind::OpenResponse { require_evidence } => {
                results.push(drift::open_response(rule, *require_evidence, evidence));
            }
            RuleKind::Robustness { max_loss, changes, max_severity } => {
                results.push(robustness::robustness(rule, *max_loss, changes, *max_severity, evidence));
            }
            _ => results.extend(evidence.splits.iter().map(|split| on_split(rule, split, evidence))),
        }
    }
    let silent: Vec<RuleResult> =
        evidence.splits.iter().filter_map(|split| no_rule(&results, &split.evaluation.split)).collect();
    results.extend(silent);
    results
}

/// A violation where no rule said anything about a split: nothing is promoted by absence.
fn no_rule(results: &[RuleResult], split: &str) -> Option<RuleResult> {
    let about = |r: &&RuleResult| r.split.as_deref().is_none_or(|s| s == split);
    if results.iter().filter(about).any(|r| r.status != RuleStatus::NotApplicable) {
        return None;
    }
    Some(RuleResult {
        rule_id: "any_rule".into(),
        kind: "any_rule".into(),
        metric: None,
        requirement: "at least one rule applies".into(),
        split: Some(split.into()),
        observed: None,
        interval: None,
        status: RuleStatus::Failed,
        reason: "no rule applied, so nothing speaks for this candidate".into(),
        description: "A gate in which no rule applies lets nothing pass".into(),
    })
}

fn blank(rule: &Rule, kind: &str, requirement: String) -> RuleResult {
    RuleResult {
        rule_id: rule.id.clone(),
        kind: kind.into(),
        metric: None,
        requirement,
        split: None,
        observed: None,
        interval: None,
        status: RuleStatus::Failed,
        reason: String::new(),
        description: rule.description.clone(),
    }
}

fn status(passed: bool) -> RuleStatus {
    if passed { RuleStatus::Passed } else { RuleStatus::Failed }
}

/// Six significant digits: enough to see why, and the comparison itself is never rounded.
fn show(x: f64) -> String {
    digits(x, 6)
}

/// As [`show`], with as many digits more as tell `x` from `other`.
fn show_beside(x: f64, other: f64) -> String {
    (6..17)
        .map(|n| (digits(x, n), digits(other, n)))
        .find(|(a, b)| a != b || x == other)
        .map_or_else(|| x.to_string(), |(a, _)| a)
}

/// `n` significant digits, without trailing zeros; very small and very large numbers with an exponent.
fn digits(x: f64, n: usize) -> String {
    let scientific = format!("{x:.*e}", n.saturating_sub(1));
    let exponent: i32 = scientific.split_once('e').and_then(|(_, e)| e.parse().ok()).unwrap_or(0);
    let trim = |text: &str| match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text.to_owned(),
    };
    if x == 0.0 {
        return "0".into();
    }
    if !(-4..15).contains(&exponent) {
        let (mantissa, power) = scientific.split_once('e').unwrap_or((&scientific, "0"));
        return format!("{}e{power}", trim(mantissa));
    }
    let decimals = usize::try_from(n as i32 - 1 - exponent).unwrap_or(0);
    trim(&format!("{x:.decimals$}"))
}

fn on_split(rule: &Rule, split: &SplitEvidence, evidence: &Evidence) -> RuleResult {
    let evaluation = split.evaluation;
    let mut result = match &rule.kind {
        RuleKind::Threshold { metric, operator, threshold } => {
            threshold_rule(rule, metric, *operator, *threshold, evaluation)
        }
        RuleKind::IntervalBound { metric, operator, threshold } => {
            bound_rule(rule, metric, *operator, *threshold, evaluation)
        }
        RuleKind::MinRows { rows } => {
            let mut r = blank(rule, "min_rows", format!("at least {rows} rows"));
            r.observed = Some(evaluation.rows as f64);
            r.status = status(evaluation.rows >= *rows);
            r.reason = format!("{} rows", evaluation.rows);
            r
        }
        RuleKind::NotWorseThanChampion { metric, margin, confidence, require_champion } => {
            let paired = split.paired.get(&rule.id);
            not_worse(rule, metric, *margin, *confidence, *require_champion, &evidence.champion, paired)
        }
        RuleKind::Consecutive { metric, operator, threshold, runs } => {
            let comparison = Comparison { metric, operator: *operator, threshold: *threshold };
            consecutive(rule, &comparison, *runs, evaluation, &evidence.earlier)
        }
        RuleKind::Freshness { .. }
        | RuleKind::Looks { .. }
        | RuleKind::ChampionOnDrift { .. }
        | RuleKind::Coverage { .. }
        | RuleKind::Robustness { .. }
        | RuleKind::OpenResponse { .. } => blank(rule, "none", String::new()),
    };
    result.split = Some(evaluation.split.clone());
    result
}

fn threshold_rule(rule: &Rule, metric: &str, op: Operator, threshold: f64, evaluation: &SplitEvaluation) -> RuleResult {
    let mut r = blank(rule, "threshold", format!("{metric} {} {}", op.as_str(), show(threshold)));
    r.metric = Some(metric.into());
    let value = evaluation.metrics.get(metric);
    match value.and_then(|m| m.value) {
        Some(observed) => {
            r.observed = Some(observed);
            r.interval = value.and_then(|m| m.interval);
            r.status = status(op.holds(observed, threshold));
            r.reason = format!("{metric} is {}", show_beside(observed, threshold));
        }
        None => r.reason = missing(metric, value.and_then(|m| m.note.as_deref())),
    }
    r
}

fn missing(metric: &str, note: Option<&str>) -> String {
    match note {
        Some(note) => format!("{metric} is not defined here: {note}"),
        None => format!("{metric} was not measured"),
    }
}

fn bound_rule(rule: &Rule, metric: &str, op: Operator, threshold: f64, evaluation: &SplitEvaluation) -> RuleResult {
    let (end, name) = match op {
        Operator::AtLeast | Operator::Above => ("low", "lower"),
        Operator::AtMost | Operator::Below => ("high", "upper"),
        Operator::Equal => ("none", ""),
    };
    let requirement = format!("{name} end of {metric} {} {}", op.as_str(), show(threshold));
    let mut r = blank(rule, "interval_bound", requirement);
    r.metric = Some(metric.into());
    let value = evaluation.metrics.get(metric);
    let bound = |i: Interval| if end == "low" { i.low } else { i.high };
    match value.and_then(|m| m.interval) {
        Some(interval) if interval.low == interval.high => {
            r.interval = Some(interval);
            r.reason =
                format!("the interval of {metric} has no width on these rows, so it says nothing about certainty");
        }
        Some(interval) if end != "none" => {
            r.observed = Some(bound(interval));
            r.interval = Some(interval);
            r.status = status(op.holds(bound(interval), threshold));
            r.reason = format!("the {name} end of {metric} is {}", show_beside(bound(interval), threshold));
            if let Some(note) = value.and_then(|m| m.note.as_deref()) {
                r.reason += &format!(" ({note})");
            }
        }
        Some(_) => r.reason = "an interval has no end to compare with `==`".into(),
        None => {
            let why = value.and_then(|m| m.note.as_deref()).unwrap_or("intervals were turned off");
            r.reason = format!("{metric} has no interval: {}", why.trim_start_matches("no interval, "));
        }
    }
    r
}

fn not_worse(
    rule: &Rule,
    metric: &str,
    margin: f64,
    confidence: f64,
    require_champion: bool,
    champion: &Champion,
    paired: Option<&PairedDifference>,
) -> RuleResult {
    let requirement =
        format!("{metric} at most {} worse than Production, {} % sure", show(margin), show(confidence * 100.0));
    let mut r = blank(rule, "not_worse_than_champion", requirement);
    r.metric = Some(metric.into());
    let version = match champion {
        Champion::None => {
            r.status = if require_champion { RuleStatus::Failed } else { RuleStatus::NotApplicable };
            r.reason = "nothing is in Production".into();
            return r;
        }
        Champion::Unreadable(version, why) => {
            r.reason = format!("version {version} in Production could not be evaluated: {why}");
            return r;
        }
        Champion::Same(version) => {
            r.status = RuleStatus::Passed;
            r.reason = format!("the candidate is the very artifact of version {version} in Production");
            return r;
        }
        Champion::Evaluated(version) => version,
    };
    let Some(paired) = paired else {
        r.reason = format!("the comparison with version {version} is missing");
        return r;
    };
    judge(&mut r, metric, margin, *version, paired);
    r
}

/// Whether the unfavourable end of a paired difference is within `margin`.
fn judge(r: &mut RuleResult, metric: &str, margin: f64, version: VersionNumber, paired: &PairedDifference) {
    r.observed = paired.delta;
    r.interval = paired.interval;
    let bound = if lower_is_better(metric) { paired.upper_bound.map(|b| -b) } else { paired.lower_bound };
    match (paired.delta, bound) {
        (Some(delta), Some(bound)) => {
            r.status = status(bound >= -margin);
            r.reason = format!(
                "{metric} changes by {}{} against version {version}; it may be as much as {} worse",
                if delta >= 0.0 { "+" } else { "" },
                show(delta),
                // Adding 0 turns −0 into 0.
                show_beside((-bound).max(0.0) + 0.0, margin)
            );
            if let Some(limit) = &paired.limit {
                r.reason += &format!(", since {limit}");
            }
        }
        (Some(_), None) => {
            let why = paired.note.as_deref().unwrap_or("no bound could be made");
            r.reason = format!("how much worse {metric} may be than in version {version} is not known: {why}");
        }
        (None, _) => {
            let why = paired.note.as_deref().unwrap_or("it could not be computed");
            r.reason = format!("the difference in {metric} to version {version} is not defined: {why}");
        }
    }
}

/// A metric and the number it is compared with.
struct Comparison<'a> {
    metric: &'a str,
    operator: Operator,
    threshold: f64,
}

fn consecutive(
    rule: &Rule,
    comparison: &Comparison,
    runs: u32,
    evaluation: &SplitEvaluation,
    earlier: &[BTreeMap<String, f64>],
) -> RuleResult {
    let Comparison { metric, operator, threshold } = *comparison;
    let mut r = threshold_rule(rule, metric, operator, threshold, evaluation);
    r.kind = "consecutive".into();
    r.requirement = format!("{metric} {} {} in {runs} runs in a row", operator.as_str(), show(threshold));
    if r.status == RuleStatus::Failed {
        return r;
    }
    let key = format!("{}.{metric}", evaluation.split);
    let before = earlier.iter().map_while(|m| m.get(&key)).take_while(|v| operator.holds(**v, threshold)).count();
    let in_a_row = before + 1;
    r.status = status(in_a_row >= runs as usize);
    r.reason = match in_a_row {
        1 => "it holds in this run, and not in the one before".into(),
        n => format!("it holds in the last {n} runs"),
    };
    r
}

fn looks(rule: &Rule, max: u64, test_looks: u64) -> RuleResult {
    let mut r = blank(rule, "looks", format!("at most {max} looks at the test split"));
    r.observed = Some(test_looks as f64);
    r.status = status(test_looks <= max);
    r.reason = match test_looks {
        1 => "this run is the first to look at it".into(),
        n => format!("{n} runs have looked at it, this one counted"),
    };
    r
}

fn freshness(rule: &Rule, max_age_days: f64, evidence: &Evidence) -> RuleResult {
    let mut r = blank(rule, "freshness", format!("data added at most {} days ago", show(max_age_days)));
    let seconds = evidence.now.duration_since(evidence.dataset_added_at).as_secs_f64();
    let age = seconds / 86_400.0;
    r.observed = Some(age);
    if age < 0.0 {
        r.reason = "the data set version was added in the future: check this machine's clock".into();
        return r;
    }
    r.status = status(age <= max_age_days);
    r.reason = format!("the data set version was added {age:.1} days ago");
    r
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use driftgate_model::MetricValue;
    use driftgate_model::config::EvaluationSplit;

    fn evaluation(value: Option<f64>, interval: Option<(f64, f64)>) -> SplitEvaluation {
        let metric = MetricValue {
            value,
            interval: interval.map(|(low, high)| Interval { low, high }),
            note: value.is_none().then(|| "one class only".to_string()),
        };
        SplitEvaluation {
            split: "test".into(),
            rows: 86,
            metrics: BTreeMap::from([("accuracy".to_string(), metric)]),
            baseline: BTreeMap::new(),
            averaging: None,
            labels: Vec::new(),
            per_class: Vec::new(),
            confusion_matrix: Vec::new(),
            calibration: Vec::new(),
            bootstrap: None,
        }
    }

    fn ask(
        kind: RuleKind,
        evaluation: &SplitEvaluation,
        champion: Champion,
        paired: Option<PairedDifference>,
    ) -> RuleResult {
        let rule = Rule { id: "r".into(), description: String::new(), kind };
        let config = PromotionConfig { evaluation_split: EvaluationSplit::Test, rules: vec![rule] };
        let paired = paired.into_iter().map(|p| ("r".to_string(), p)).collect();
        let evidence = Evidence {
            splits: vec![SplitEvidence { evaluation, paired }],
            champion,
            earlier: [0.9, 0.85, 0.7].map(|v| BTreeMap::from([("test.accuracy".to_string(), v)])).to_vec(),
            test_looks: 3,
            dataset_added_at: "2026-01-01T00:00:00Z".parse().unwrap(),
            now: "2026-01-11T00:00:00Z".parse().unwrap(),
            drift: DriftFacts::default(),
            robustness: None,
        };
        evaluate(&config, &evidence).remove(0)
    }

    fn accuracy(operator: Operator, threshold: f64) -> RuleKind {
        RuleKind::Threshold { metric: "accuracy".into(), operator, threshold }
    }

    #[test]
    fn thresholds_are_compared_without_rounding() {
        let e = evaluation(Some(0.799_96), None);
        assert_eq!(ask(accuracy(Operator::AtLeast, 0.8), &e, Champion::None, None).status, RuleStatus::Failed);
        let e = evaluation(Some(0.8), None);
        assert_eq!(ask(accuracy(Operator::AtLeast, 0.8), &e, Champion::None, None).status, RuleStatus::Passed);
        assert_eq!(ask(accuracy(Operator::Above, 0.8), &e, Champion::None, None).status, RuleStatus::Failed);
        assert_eq!(ask(accuracy(Operator::AtMost, 0.8), &e, Champion::None, None).status, RuleStatus::Passed);
        assert_eq!(ask(accuracy(Operator::Below, 0.8), &e, Champion::None, None).status, RuleStatus::Failed);
        assert_eq!(ask(accuracy(Operator::Equal, 0.800_000_5), &e, Champion::None, None).status, RuleStatus::Passed);
    }

    #[test]
    fn numbers_are_shown_to_the_digit_that_decides() {
        assert_eq!(
            [show(0.906_976_744), show(0.8), show(12_345_678.0), show(0.0)],
            ["0.906977", "0.8", "12345678", "0"]
        );
        assert_eq!([show(4.1e-8), show(-0.5), show(1e20), show(0.000_12)], ["4.1e-8", "-0.5", "1e20", "0.00012"]);
        assert_eq!(show_beside(0.799_999_96, 0.8), "0.79999996");
        assert_eq!(show_beside(0.8, 0.8), "0.8");
        assert_eq!(show_beside(0.9, 0.8), "0.9");
    }

    #[test]
    fn a_gate_in_which_no_rule_applies_lets_nothing_pass() {
        let e = evaluation(Some(0.9), None);
        let rule = |kind| Rule { id: "r".into(), description: String::new(), kind };
        let ask = |rules: Vec<Rule>| {
            let config = PromotionConfig { evaluation_split: EvaluationSplit::Test, rules };
            let evidence = Evidence {
                splits: vec![SplitEvidence { evaluation: &e, paired: BTreeMap::new() }],
                champion: Champion::None,
                earlier: Vec::new(),
                test_looks: 1,
                dataset_added_at: "2026-01-01T00:00:00Z".parse().unwrap(),
                now: "2026-01-11T00:00:00Z".parse().unwrap(),
                drift: DriftFacts::default(),
                robustness: None,
            };
            let results = evaluate(&config, &evidence);
            results.iter().map(|r| (r.rule_id.clone(), r.status)).collect::<Vec<_>>()
        };
        let not_worse = || rule(not_worse_kind("accuracy", 0.02, false));
        let alone = ask(vec![not_worse()]);
        assert_eq!(alone[0].1, RuleStatus::NotApplicable);
        assert_eq!(alone[1], ("any_rule".to_string(), RuleStatus::Failed));
        assert_eq!(ask(vec![not_worse(), rule(RuleKind::Looks { max: 3 })]).len(), 2);
        assert_eq!(ask(vec![not_worse(), rule(RuleKind::MinRows { rows: 9 })]).len(), 2);
    }

    #[test]
    fn absent_evidence_fails_closed() {
        let undefined = evaluation(None, None);
        let r = ask(accuracy(Operator::AtLeast, 0.0), &undefined, Champion::None, None);
        assert_eq!(r.status, RuleStatus::Failed);
        assert!(r.reason.contains("one class only"), "{}", r.reason);
        let other = RuleKind::Threshold { metric: "recall".into(), operator: Operator::AtLeast, threshold: 0.0 };
        assert_eq!(ask(other, &undefined, Champion::None, None).status, RuleStatus::Failed);
        let no_interval = evaluation(Some(0.9), None);
        let bound = RuleKind::IntervalBound { metric: "accuracy".into(), operator: Operator::AtLeast, threshold: 0.0 };
        assert_eq!(ask(bound, &no_interval, Champion::None, None).status, RuleStatus::Failed);
    }

    #[test]
    fn an_interval_bound_looks_at_the_unfavourable_end() {
        let e = evaluation(Some(0.9), Some((0.84, 0.95)));
        let at_least =
            |t| RuleKind::IntervalBound { metric: "accuracy".into(), operator: Operator::AtLeast, threshold: t };
        assert_eq!(ask(at_least(0.84), &e, Champion::None, None).status, RuleStatus::Passed);
        assert_eq!(ask(at_least(0.85), &e, Champion::None, None).status, RuleStatus::Failed);
        let at_most =
            |t| RuleKind::IntervalBound { metric: "accuracy".into(), operator: Operator::AtMost, threshold: t };
        assert_eq!(ask(at_most(0.95), &e, Champion::None, None).status, RuleStatus::Passed);
        assert_eq!(ask(at_most(0.94), &e, Champion::None, None).status, RuleStatus::Failed);
    }

    #[test]
    fn an_interval_without_width_is_no_evidence() {
        let e = evaluation(Some(1.0), Some((1.0, 1.0)));
        let kind = RuleKind::IntervalBound { metric: "accuracy".into(), operator: Operator::AtLeast, threshold: 0.5 };
        assert_eq!(ask(kind, &e, Champion::None, None).status, RuleStatus::Failed);
    }

    fn not_worse_kind(metric: &str, margin: f64, require_champion: bool) -> RuleKind {
        RuleKind::NotWorseThanChampion { metric: metric.into(), margin, confidence: 0.95, require_champion }
    }

    fn difference(delta: f64, low: f64, high: f64) -> PairedDifference {
        PairedDifference {
            candidate: Some(0.9 + delta),
            champion: Some(0.9),
            delta: Some(delta),
            interval: Some(Interval { low, high }),
            lower_bound: Some(low),
            upper_bound: Some(high),
            note: None,
            limit: None,
        }
    }

    #[test]
    fn the_reason_names_what_a_bound_rests_on() {
        let e = evaluation(Some(0.9), None);
        let kind = || not_worse_kind("accuracy", 0.05, false);
        let limited = PairedDifference { limit: Some("23 rows are few".into()), ..difference(0.0, -0.122, 0.122) };
        let r = ask(kind(), &e, Champion::Evaluated(1), Some(limited));
        assert_eq!(r.status, RuleStatus::Failed);
        assert!(r.reason.ends_with("it may be as much as 0.122 worse, since 23 rows are few"), "{}", r.reason);
        let unknown = PairedDifference {
            lower_bound: None,
            note: Some("no resample differs".into()),
            ..difference(0.0, 0.0, 0.0)
        };
        let r = ask(kind(), &e, Champion::Evaluated(1), Some(unknown));
        assert_eq!(r.status, RuleStatus::Failed);
        assert!(r.reason.ends_with("is not known: no resample differs"), "{}", r.reason);
        let mut e = evaluation(Some(1.0), Some((0.84, 1.0)));
        e.metrics.get_mut("accuracy").unwrap().note = Some("86 rows without an error".into());
        let kind = RuleKind::IntervalBound { metric: "accuracy".into(), operator: Operator::AtLeast, threshold: 0.8 };
        let r = ask(kind, &e, Champion::None, None);
        assert_eq!((r.status, r.reason.ends_with("(86 rows without an error)")), (RuleStatus::Passed, true));
    }

    #[test]
    fn not_worse_looks_at_the_worse_end_of_the_difference() {
        let e = evaluation(Some(0.9), None);
        let ask = |kind, champion, paired| ask(kind, &e, champion, paired).status;
        assert_eq!(ask(not_worse_kind("accuracy", 0.02, false), Champion::None, None), RuleStatus::NotApplicable);
        assert_eq!(ask(not_worse_kind("accuracy", 0.02, true), Champion::None, None), RuleStatus::Failed);
        let d = || Some(difference(0.0, -0.02, 0.03));
        assert_eq!(ask(not_worse_kind("accuracy", 0.02, false), Champion::Evaluated(1), d()), RuleStatus::Passed);
        assert_eq!(ask(not_worse_kind("accuracy", 0.01, false), Champion::Evaluated(1), d()), RuleStatus::Failed);
        assert_eq!(ask(not_worse_kind("mae", 0.03, false), Champion::Evaluated(1), d()), RuleStatus::Passed);
        assert_eq!(ask(not_worse_kind("mae", 0.02, false), Champion::Evaluated(1), d()), RuleStatus::Failed);
        assert_eq!(ask(not_worse_kind("accuracy", 0.5, false), Champion::Evaluated(1), None), RuleStatus::Failed);
        let broken = Champion::Unreadable(1, "weights are missing".into());
        assert_eq!(ask(not_worse_kind("accuracy", 0.5, false), broken, d()), RuleStatus::Failed);
    }

    #[test]
    fn consecutive_counts_back_to_the_first_run_that_fell_short() {
        let e = evaluation(Some(0.9), None);
        let in_a_row = |runs, threshold| {
            let kind =
                RuleKind::Consecutive { metric: "accuracy".into(), operator: Operator::AtLeast, threshold, runs };
            ask(kind, &e, Champion::None, None).status
        };
        // This run has 0.9, those before it 0.9, 0.85, 0.7.
        assert_eq!(in_a_row(3, 0.8), RuleStatus::Passed);
        assert_eq!(in_a_row(4, 0.8), RuleStatus::Failed);
        assert_eq!(in_a_row(4, 0.7), RuleStatus::Passed);
        assert_eq!(in_a_row(5, 0.7), RuleStatus::Failed);
        assert_eq!(in_a_row(2, 0.95), RuleStatus::Failed);
    }

    #[test]
    fn freshness_counts_days_and_distrusts_the_future() {
        let e = evaluation(Some(0.9), None);
        let days = |d| ask(RuleKind::Freshness { max_age_days: d }, &e, Champion::None, None).status;
        assert_eq!(days(10.0), RuleStatus::Passed);
        assert_eq!(days(9.9), RuleStatus::Failed);
        assert_eq!(ask(RuleKind::Looks { max: 3 }, &e, Champion::None, None).status, RuleStatus::Passed);
        assert_eq!(ask(RuleKind::Looks { max: 2 }, &e, Champion::None, None).status, RuleStatus::Failed);
        assert_eq!(ask(RuleKind::MinRows { rows: 86 }, &e, Champion::None, None).status, RuleStatus::Passed);
        assert_eq!(ask(RuleKind::MinRows { rows: 87 }, &e, Champion::None, None).status, RuleStatus::Failed);
    }
}
