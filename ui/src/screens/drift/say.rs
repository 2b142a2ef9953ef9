//! What is said about drift: the same things as the command line and the report say.

use crate::words;
use driftgate_model::config::{Change, Scenario};
use driftgate_model::views::{AdaptationView, CheckLine, DriftSummary, Trend};
use driftgate_model::{
    ColumnDrift, Correction, DriftAction, DriftReport, DriftTestResult, DriftVerdict, EstimatedPerformance, Interval,
};

/// A p-value: four decimals, or that it is smaller than those can say.
pub fn p_value(p: Option<f64>) -> String {
    match p.filter(|p| p.is_finite()) {
        None => "–".into(),
        Some(p) if p < 0.0001 => "<0.0001".into(),
        Some(p) => format!("{p:.4}"),
    }
}

/// `[0.7417, 0.9925]`.
pub fn interval(interval: Option<Interval>) -> String {
    interval
        .map_or_else(|| "–".into(), |i| format!("[{}, {}]", words::number(Some(i.low)), words::number(Some(i.high))))
}

/// `8.9×`.
pub fn times(multiple: f64) -> String {
    match multiple {
        m if m.is_nan() => "–".into(),
        m if m >= 1e6 => ">1,000,000×".into(),
        m if m >= 100.0 => format!("{}×", words::whole(m.round() as u64)),
        m if m >= 9.95 => format!("{m:.0}×"),
        m => format!("{:.1}×", m.max(0.0)),
    }
}

/// Whether a report is about pictures.
pub fn of_pictures(r: &DriftReport) -> bool {
    r.images.is_some() || r.drift_type == "images"
}

/// So many rows, or pictures where those are what was compared.
fn rows(r: &DriftReport, n: u64) -> String {
    words::count(n, if of_pictures(r) { "picture" } else { "row" })
}

/// `4 of 30 columns drifted, 26 inconclusive`.
pub fn counted(r: &DriftReport) -> String {
    let o = &r.overall;
    format!(
        "{} of {} drifted, {} inconclusive",
        words::whole(o.drifted_columns),
        words::count(o.total_columns, "column"),
        words::whole(o.inconclusive_columns)
    )
}

/// Why the batch is what it is said to be, in one plain sentence.
pub fn why(r: &DriftReport) -> String {
    let o = &r.overall;
    let rows = rows(r, r.batch_rows);
    match o.verdict {
        DriftVerdict::Stable => format!("{rows}: all effects lie below the smallest that matters"),
        DriftVerdict::Inconclusive => {
            let beside = beside(r);
            match (o.inconclusive_columns, beside.is_empty()) {
                (0, false) => format!("{rows} cannot tell about {}", beside.join(", ")),
                (n, _) => {
                    format!(
                        "{rows} cannot tell: {} may have moved by as much as matters, or by less",
                        words::count(n, "column")
                    )
                }
            }
        }
        DriftVerdict::Drifted => match r.columns.iter().find(|c| c.verdict == DriftVerdict::Drifted) {
            Some(worst) => format!("{}{}", moved(worst), others(o.drifted_columns)),
            None => match beside(r).as_slice() {
                [] => "No single column drifted, but too many may have".into(),
                names => format!("No single column drifted, but something did: {}", names.join(", ")),
            },
        },
    }
}

fn moved(c: &ColumnDrift) -> String {
    match c.leading() {
        Some(t) => format!(
            "{} moved most: {} {}, {} what matters",
            c.name,
            t.effect_name,
            words::number(t.effect),
            times(t.multiple())
        ),
        None => format!("{} moved most", c.name),
    }
}

fn others(drifted: u64) -> String {
    match drifted.saturating_sub(1) {
        0 => String::new(),
        n => format!("; {} drifted too", words::count(n, "other column")),
    }
}

/// What besides the columns has the batch's own verdict.
fn beside(r: &DriftReport) -> Vec<&'static str> {
    let outputs = [("the answers", &r.predictions), ("the confidence", &r.confidences), ("the labels", &r.labels)];
    let together = if of_pictures(r) { "all pictures together" } else { "all columns together" };
    let alone = [(together, &r.global), ("the performance", &r.performance)];
    let of_columns = outputs.iter().map(|(name, c)| (*name, c.as_ref().map(|c| c.verdict)));
    let of_tests = alone.iter().map(|(name, t)| (*name, t.as_ref().map(|t| t.verdict)));
    of_columns.chain(of_tests).filter(|(_, v)| *v == Some(r.overall.verdict)).map(|(name, _)| name).collect()
}

/// What to do next, in words.
pub fn next(r: &DriftReport, alarm: bool, answered: bool) -> String {
    match r.overall.verdict {
        DriftVerdict::Drifted if alarm && !answered => {
            "This check asks for a response. Look at what drifted, the largest effect first: has the world changed, the instrument, \
             or the way the file is made? Then record what you decide."
                .into()
        }
        DriftVerdict::Drifted if alarm => "The alarm is answered: what was decided stands below.".into(),
        DriftVerdict::Drifted => format!(
            "The drift is below the severity that asks for a response ({}). Look at the next batches as they come.",
            r.config.monitoring.alert_severity.as_str()
        ),
        DriftVerdict::Inconclusive => {
            "This batch cannot tell: some effects may be as large as what matters or smaller. Collect more and check again. \
             Each test says from which effect on samples of this size find it."
                .into()
        }
        DriftVerdict::Stable => "Nothing is to be done. Check the next batch when it comes.".into(),
    }
}

/// What the labels of the batch add to that.
pub fn of_labels(r: &DriftReport) -> Option<&'static str> {
    Some(match r.performance.as_ref()?.verdict {
        DriftVerdict::Drifted => {
            "On the labels of this batch the model does worse than on its own test rows, by more than what matters: think of \
             training again or of returning to an earlier version."
        }
        DriftVerdict::Stable => {
            "On the labels of this batch the model does as well as on its own test rows, within what matters."
        }
        DriftVerdict::Inconclusive => {
            "The labels of this batch cannot tell whether the model does worse than on its own test rows."
        }
    })
}

/// The numbers of a test on one line: `KS distance 0.8926 [0.7417, 0.9925], adjusted p <0.0001; 0.1000 matters`.
pub fn test_line(t: &DriftTestResult) -> String {
    let mut out = format!("{} {}", t.effect_name, words::number(t.effect));
    if let Some(i) = t.interval {
        out += &format!(" {}", interval(Some(i)));
    }
    match (t.adjusted_p, t.p_value) {
        (Some(p), _) => out += &format!(", adjusted p {}", p_value(Some(p))),
        (None, p) => out += &format!(", p {}", p_value(p)),
    }
    if t.min_effect > 0.0 {
        out += &format!("; {} matters", words::number(Some(t.min_effect)));
    }
    if let Some(more) = power(t) {
        out += &format!("; {more}");
    }
    if let Some(note) = &t.note {
        out += &format!("; {note}");
    }
    out
}

/// From which effect on samples of this size find it, where nothing was found.
pub fn power(t: &DriftTestResult) -> Option<String> {
    let d = t.detectable.filter(|_| t.verdict == DriftVerdict::Inconclusive)?;
    // No KS distance is larger than 1.
    Some(match t.test == "ks" && d >= 1.0 {
        true => "these sample sizes are too small to find any".into(),
        false => format!("these sample sizes find {d:.2} and more"),
    })
}

/// Performance without labels, in words.
pub fn estimate(e: &EstimatedPerformance) -> String {
    match e.value {
        Some(value) => format!(
            "Estimated without labels: {} of about {}{}; {} on the model's own test rows. This assumes: {}",
            e.metric,
            words::number(Some(value)),
            e.interval.map_or_else(String::new, |i| format!(" {}", interval(Some(i)))),
            words::number(e.reference),
            e.assumption
        ),
        None => format!(
            "The {} on this batch is unknown without labels: {}",
            e.metric,
            e.reason.as_deref().unwrap_or("no estimate was made")
        ),
    }
}

/// How p-values were adjusted.
pub fn correction(c: Correction) -> &'static str {
    match c {
        Correction::BenjaminiHochberg => "Benjamini and Hochberg: the expected share of false alarms",
        Correction::Holm => "Holm: the chance of any false alarm",
        Correction::Bonferroni => "Bonferroni: the chance of any false alarm, more strictly",
        Correction::None => "None: every column for itself",
    }
}

/// The level of adjusted p-values.
pub fn level(r: &DriftReport) -> String {
    let (numbers, categories) = (r.config.threshold_numerical, r.config.threshold_categorical);
    if (numbers - categories).abs() < f64::EPSILON {
        format!("{numbers}")
    } else {
        format!("{numbers} for numbers, {categories} for categories")
    }
}

/// What the batch was compared with.
pub fn reference(r: &DriftReport) -> String {
    let rows = rows(r, r.reference_rows);
    match &r.like {
        None => format!("{rows} of the train split"),
        Some(batch) => format!("{rows} of the drifted batch {} that it learned from too", batch.short()),
    }
}

/// Where the batch came from; what a server answered has no file of its own.
pub fn source(source: Option<&str>) -> String {
    match source {
        None => "Redacted".into(),
        Some(text) if served(text) => "What a server answered".into(),
        Some(text) => text.into(),
    }
}

/// The batch's file, where there is one to go back to.
pub fn file_of(source: Option<&str>) -> Option<String> {
    source.filter(|text| !served(text)).map(str::to_owned)
}

fn served(source: &str) -> bool {
    source.replace('\\', "/").contains("/.driftgate/")
}

/// Shares of missing values in reference and batch.
pub fn missing(c: &ColumnDrift, r: &DriftReport) -> (f64, f64) {
    let share = |rows: u64, all: u64| if all == 0 { 0.0 } else { all.saturating_sub(rows) as f64 / all as f64 };
    (share(c.reference_rows, r.reference_rows), share(c.batch_rows, r.batch_rows))
}

/// Share of rows whose category the reference lacks, beyond what it lets expect; `None` for numbers.
pub fn new_categories(c: &ColumnDrift) -> Option<&DriftTestResult> {
    c.tests.iter().find(|t| t.test == "new_category")
}

/// Whether the share of drifted columns goes up or down.
pub fn trend(t: &Trend) -> String {
    match t.tau {
        Some(tau) => format!(
            "{}: Kendall's tau {tau:+.2}, p {}, {}",
            match t.direction.as_str() {
                "rising" => "More and more columns drift",
                "falling" => "Fewer and fewer columns drift",
                _ => "Neither more nor fewer columns drift",
            },
            p_value(t.p_value),
            words::count(t.checks, "check")
        ),
        None => format!(
            "Unknown: {} too few",
            if t.checks == 1 { "1 check is".into() } else { format!("{} checks are", t.checks) }
        ),
    }
}

/// The course of a model's drift as facts.
pub fn summary(s: &DriftSummary) -> Vec<(&'static str, String)> {
    let version = s.production.map_or_else(|| "–".into(), |v| v.to_string());
    let checks = match s.checks {
        0 => format!("None of version {version} yet"),
        n => format!(
            "{} of version {version}: {} stable, {} inconclusive, {} drifted",
            words::whole(n),
            s.stable,
            s.inconclusive,
            s.drifted
        ),
    };
    let mut facts = vec![("Checks", checks)];
    if s.other_versions > 0 {
        facts.push(("Other versions", words::count(s.other_versions, "check")));
    }
    if s.checks > 0 {
        facts.push(("Trend", trend(&s.trend)));
    }
    if let Some(at) = s.last_at {
        facts.push(("Newest", words::ago(at)));
    }
    if !s.worst.is_empty() {
        let names: Vec<String> = s
            .worst
            .iter()
            .take(5)
            .map(|(name, n, e)| format!("{} ({}, up to {})", words::column(name), words::count(*n, "time"), times(*e)))
            .collect();
        facts.push(("Worst columns", names.join(", ")));
    }
    facts.push(("Open alarms", words::whole(s.open_alarms.len() as u64)));
    facts
}

/// `worst_area 8.9×, worst_radius 8.4×`.
pub fn worst(c: &CheckLine) -> String {
    let names: Vec<String> =
        c.worst.iter().take(3).map(|(name, effect)| format!("{} {}", words::column(name), times(*effect))).collect();
    names.join(", ")
}

/// What a person can do about a batch: how raw images are developed is no matter of tables.
pub fn actions(pictures: bool) -> impl Iterator<Item = DriftAction> {
    DriftAction::ALL.into_iter().filter(move |a| pictures || *a != DriftAction::AdjustIsp)
}

/// What an action means.
pub fn about(action: DriftAction) -> &'static str {
    match action {
        DriftAction::Accept => "It is as it should be: the world changed, and the model copes",
        DriftAction::CollectData => "More rows are needed before anybody can tell",
        DriftAction::Investigate => "Somebody finds out why: the instrument, the file, the world",
        DriftAction::Retrain => "A new model is trained, with the drifted rows among its data",
        DriftAction::FineTune => "The model in Production is trained on, from where it stands",
        DriftAction::AdjustIsp => "Raw images are developed otherwise",
        DriftAction::Rollback => "An earlier version returns to Production",
    }
}

/// Where a response leads: a route and what its link says.
pub fn after(action: DriftAction, model: &str) -> Option<(String, String)> {
    match action {
        DriftAction::Retrain | DriftAction::FineTune => Some(("/runs?start=1".into(), "Start a run…".into())),
        DriftAction::Rollback => Some((format!("/registry/{model}"), "Show the versions".into())),
        _ => None,
    }
}

/// What can be done to a column on purpose: a key, its name, and what the amount is; empty where there is none.
pub const CHANGES: [(&str, &str, &str); 6] = [
    ("mean", "Shift the mean", "Standard deviations to add; may be negative"),
    ("scale", "Widen or narrow", "Factor of the distance from the mean"),
    ("noise", "Add noise", "Standard deviations of the noise"),
    ("missing", "Remove values", "Share of the values, from 0 to 1"),
    ("swap", "Swap texts", "Share of the texts, from 0 to 1"),
    ("shuffle", "Shuffle", ""),
];

/// The scenario that a form describes.
pub fn scenario(kind: &str, amount: &str, columns: Vec<String>) -> Result<Scenario, String> {
    let number = || {
        let typed = amount.trim().parse::<f64>().ok().filter(|v| v.is_finite());
        typed.ok_or_else(|| "Type a number, such as 0.5".to_owned())
    };
    let share =
        || number().and_then(|v| if (0.0..=1.0).contains(&v) { Ok(v) } else { Err("Type a share from 0 to 1".into()) });
    let positive = || number().and_then(|v| if v > 0.0 { Ok(v) } else { Err("Type a number above 0".into()) });
    let change = match kind {
        "mean" => Change::Mean { by: number()? },
        "scale" => Change::Scale { factor: number()? },
        "noise" => Change::Noise { sd: positive()? },
        "missing" => Change::Missing { share: share()? },
        "swap" => Change::Swap { share: share()? },
        _ => Change::Shuffle,
    };
    Ok(Scenario { name: kind.into(), columns, change })
}

/// The share of a batch that is held out.
pub fn holdout(typed: &str) -> Result<f64, String> {
    let share = typed.trim().parse::<f64>().ok().filter(|v| *v > 0.0 && *v <= 0.9);
    share.ok_or_else(|| "Type a share above 0 and at most 0.9, such as 0.3".into())
}

/// Rows of a staged batch that went nowhere, and why.
pub fn left_out(v: &AdaptationView) -> Vec<String> {
    let were = |n: u64| if n == 1 { "1 row was".to_owned() } else { format!("{} rows were", words::whole(n)) };
    let it = |n: u64| if n == 1 { "it" } else { "them" };
    let mut notes = Vec::new();
    if v.known > 0 {
        notes.push(format!("{} left out: the data set holds {} already", were(v.known), it(v.known)));
    }
    if v.tested > 0 {
        notes.push(format!(
            "{} left out: the clean test or validation split holds {}, or the group",
            were(v.tested),
            it(v.tested)
        ));
    }
    notes
}

/// Whether an adaptation is what runs learn from.
pub fn adaptation_state(v: &AdaptationView) -> String {
    match &v.undone {
        Some(_) => "Taken back".into(),
        None if v.current == v.number => "In use".into(),
        None if v.current > v.number => format!("Version {} is newer", v.current),
        None => "Not in use".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use driftgate_model::{DriftSeverity, ProfileKind};
    use serde_json::json;

    fn test(effect: f64, verdict: DriftVerdict) -> DriftTestResult {
        DriftTestResult {
            test: "ks".into(),
            method: "exact".into(),
            statistic: effect,
            p_value: Some(0.03),
            adjusted_p: Some(0.04),
            effect_name: "KS distance".into(),
            effect: Some(effect),
            interval: Some(Interval { low: 0.05, high: 0.4 }),
            min_effect: 0.1,
            detectable: Some(0.29),
            verdict,
            note: None,
            together: Vec::new(),
        }
    }

    fn column(name: &str, effect: f64, verdict: DriftVerdict) -> ColumnDrift {
        ColumnDrift {
            name: name.into(),
            kind: ProfileKind::Numeric,
            reference_rows: 90,
            batch_rows: 25,
            verdict,
            severity: DriftSeverity::None,
            tests: vec![test(effect, verdict)],
            chart: None,
        }
    }

    fn report(verdict: DriftVerdict, columns: Vec<ColumnDrift>) -> DriftReport {
        let said = |v| columns.iter().filter(|c| c.verdict == v).count();
        let (hash, run) = ("0".repeat(64), "01a21982-bc53-7449-b913-fd528cb33cad");
        let overall = json!({
            "verdict": verdict, "severity": "none", "drifted_columns": said(DriftVerdict::Drifted),
            "inconclusive_columns": said(DriftVerdict::Inconclusive), "total_columns": columns.len(), "drift_share": 0.0,
            "rule": "a rule",
        });
        let minima = json!({
            "ks": 0.1, "chisquare": 0.1, "psi": 0.1, "wasserstein": 0.1, "jensenshannon": 0.1, "missing": 0.05,
            "new_category": 0.01, "performance": 0.05,
        });
        let config = json!({
            "numerical": "ks", "categorical": "chisquare", "threshold_numerical": 0.05, "threshold_categorical": 0.05,
            "correction": "benjamini_hochberg", "effect": { "level": 0.95, "min": minima, "columns": {} },
            "global": { "enabled": true, "sample": 2000, "permutations": 499, "alpha": 0.01 },
            "severity": {
                "rule": "effect", "low_max": 0.25, "medium_max": 0.5, "high_below": 0.01, "medium_below": 0.03,
                "drift_share": 0.5, "medium_from": 2.0, "high_from": 4.0,
            },
            "monitoring": { "min_batch_size": 30, "alert_severity": "medium", "fail_on_severity": null },
            "permutations": 999, "seed": 42,
        });
        let report = json!({
            "schema": "driftgate/drift/1", "drift_type": "tabular", "model": "m", "model_version": 1, "run": run,
            "generated_at": "2026-11-26T20:18:47Z", "task": "classification", "dataset_version": hash, "profile": hash,
            "batch": hash, "reference_rows": 100, "batch_rows": 50, "overall": overall, "columns": columns, "global": null,
            "predictions": null, "confidences": null, "labels": null, "performance": null, "estimated": null,
            "warnings": [], "config": config,
        });
        serde_json::from_value(report).expect("a report")
    }

    #[test]
    fn pictures_are_called_what_they_are() {
        use super::super::pictures::readable;
        let mut r = report(DriftVerdict::Drifted, vec![column("pixels_red", 0.9, DriftVerdict::Drifted)]);
        r.drift_type = "images".into();
        assert_eq!(reference(&r), "100 pictures of the train split");
        assert!(why(&readable(r)).starts_with("Red pixels moved most: "));
        let table = report(DriftVerdict::Drifted, vec![column("pixels_red", 0.9, DriftVerdict::Drifted)]);
        assert_eq!(readable(table.clone()), table, "a table's columns have the names that they have");
    }

    #[test]
    fn one_sentence_says_why() {
        use DriftVerdict::{Drifted, Inconclusive, Stable};
        let columns =
            vec![column("area", 0.89, Drifted), column("radius", 0.5, Drifted), column("age", 0.1, Inconclusive)];
        assert_eq!(
            why(&report(Drifted, columns)),
            "area moved most: KS distance 0.8900, 8.9× what matters; 1 other column drifted too"
        );
        assert_eq!(
            why(&report(Inconclusive, vec![column("age", 0.1, Inconclusive)])),
            "50 rows cannot tell: 1 column may have moved by as much as matters, or by less"
        );
        let mut outputs = report(Drifted, vec![column("age", 0.01, Stable)]);
        outputs.predictions = Some(column("prediction", 0.4, Drifted));
        outputs.performance = Some(test(0.3, Drifted));
        assert_eq!(why(&outputs), "No single column drifted, but something did: the answers, the performance");
        assert_eq!(
            why(&report(Stable, vec![column("age", 0.01, Stable)])),
            "50 rows: all effects lie below the smallest that matters"
        );
    }

    #[test]
    fn an_alarm_asks_until_it_is_answered() {
        let r = report(DriftVerdict::Drifted, Vec::new());
        assert!(next(&r, true, false).starts_with("This check asks for a response"));
        assert!(next(&r, true, true).starts_with("The alarm is answered"));
        assert!(next(&r, false, false).contains("(medium)"));
    }

    #[test]
    fn tests_say_their_numbers_and_what_they_could_have_found() {
        let t = test(0.1378, DriftVerdict::Inconclusive);
        assert_eq!(
            test_line(&t),
            "KS distance 0.1378 [0.0500, 0.4000], adjusted p 0.0400; 0.1000 matters; these sample sizes find 0.29 and more"
        );
        let blind = DriftTestResult { detectable: Some(1.2), ..t.clone() };
        assert_eq!(power(&blind).as_deref(), Some("these sample sizes are too small to find any"));
        assert_eq!(power(&DriftTestResult { verdict: DriftVerdict::Drifted, ..t }), None);
        assert_eq!((p_value(Some(0.00001)), p_value(None)), ("<0.0001".into(), "–".into()));
        assert_eq!((times(8.94), times(12.0), times(f64::NAN)), ("8.9×".into(), "12×".into(), "–".into()));
    }

    #[test]
    fn missing_values_are_shares_of_both_sides() {
        let r = report(DriftVerdict::Stable, Vec::new());
        assert_eq!(missing(&column("a", 0.0, DriftVerdict::Stable), &r), (0.1, 0.5));
    }

    #[test]
    fn what_was_served_has_no_file_to_go_back_to() {
        let file = "/home/me/work/batch.csv";
        let log = "/home/me/work/.driftgate/cache/served-m-v1-last-40.0a1b.csv";
        assert_eq!((source(Some(file)).as_str(), file_of(Some(file)).as_deref()), (file, Some(file)));
        assert_eq!((source(Some(log)).as_str(), file_of(Some(log))), ("What a server answered", None));
        assert_eq!((source(None).as_str(), file_of(None)), ("Redacted", None));
    }

    #[test]
    fn trends_are_told_once_there_are_enough_checks() {
        let t = Trend { direction: "rising".into(), tau: Some(0.67), p_value: Some(0.17), checks: 4 };
        assert_eq!(trend(&t), "More and more columns drift: Kendall's tau +0.67, p 0.1700, 4 checks");
        assert_eq!(trend(&Trend { tau: None, checks: 1, ..t.clone() }), "Unknown: 1 check is too few");
        assert_eq!(trend(&Trend { tau: None, checks: 2, ..t }), "Unknown: 2 checks are too few");
    }

    #[test]
    fn scenarios_follow_the_form() {
        let made = |kind, amount| scenario(kind, amount, vec!["a".into()]).map(|s| s.change);
        assert_eq!(made("mean", "-0.5"), Ok(Change::Mean { by: -0.5 }));
        assert_eq!(made("shuffle", "whatever"), Ok(Change::Shuffle));
        assert_eq!(made("missing", "0.2"), Ok(Change::Missing { share: 0.2 }));
        for (kind, amount) in [("mean", "x"), ("mean", "inf"), ("missing", "20"), ("swap", "-0.1"), ("noise", "0")] {
            assert!(made(kind, amount).is_err(), "{kind} {amount}");
        }
        assert!(CHANGES.iter().all(|(kind, ..)| scenario(kind, "0.5", Vec::new()).is_ok_and(|s| s.name == *kind)));
    }

    #[test]
    fn a_part_is_held_out_and_a_part_is_left() {
        assert_eq!((holdout("0.3"), holdout(" 0.9 ")), (Ok(0.3), Ok(0.9)));
        assert!(["0", "1", "-1", "", "NaN"].iter().all(|t| holdout(t).is_err()));
    }

    #[test]
    fn tables_have_every_action_but_the_one_for_raw_images() {
        assert_eq!(actions(false).count(), DriftAction::ALL.len() - 1);
        assert!(actions(false).all(|a| a != DriftAction::AdjustIsp));
        assert_eq!(actions(true).count(), DriftAction::ALL.len());
        assert_eq!(after(DriftAction::Rollback, "m").map(|a| a.0).as_deref(), Some("/registry/m"));
        assert_eq!(after(DriftAction::Accept, "m"), None);
    }
}
