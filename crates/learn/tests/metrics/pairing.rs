//! Two models on the same rows.

use crate::support::{binary, config, labels, noisy};
use driftgate_learn::metrics::{Answers, MetricError, PairedDifference, compare, metric, no_baseline, paired};
use driftgate_model::config::EvaluationConfig;
use driftgate_model::{CLASSIFICATION_METRICS, CancelToken, Digest, Interval, REGRESSION_METRICS};
use std::collections::BTreeMap;

type Differences = BTreeMap<String, PairedDifference>;

fn differ(
    names: &[&str],
    candidate: &Answers,
    champion: &Answers,
    config: &EvaluationConfig,
    threads: usize,
) -> Result<Differences, MetricError> {
    paired(names, candidate, champion, config, 0.95, threads, &CancelToken::new())
}

#[test]
fn identical_answers_differ_by_nothing() {
    let (truth, scores) = noisy(90, 3, 0.6);
    let (labels, probabilities) = (labels(&["no", "yes"]), binary(&scores));
    let answers = Answers::Classes { labels: &labels, truth: &truth, probabilities: &probabilities };
    let found = differ(&CLASSIFICATION_METRICS, &answers, &answers, &config(300), 1).unwrap();
    assert_eq!(found.len(), CLASSIFICATION_METRICS.len());
    for (name, difference) in &found {
        assert_eq!(difference.delta, Some(0.0), "{name}");
        assert_eq!(difference.interval, Some(Interval { low: 0.0, high: 0.0 }), "{name}");
        // What every resample repeats is no evidence about other rows; for accuracy there is an exact limit.
        let exact = 1.0 - 0.05_f64.powf(1.0 / 90.0);
        match (*name == "accuracy", difference.lower_bound) {
            (true, Some(bound)) => assert!((bound + exact).abs() < 1e-12, "{bound}"),
            (true, None) => panic!("accuracy has no bound"),
            (false, bound) => assert_eq!((bound, difference.upper_bound), (None, None), "{name}"),
        }
        assert_eq!(difference.verdict(name), "equal");
        assert!(difference.note.as_deref().unwrap().contains("no width"), "{name}");
        assert_eq!(difference.candidate, metric(name, &answers, &config(0)).unwrap());
    }
}

#[test]
fn swapping_the_models_mirrors_the_difference() {
    let (truth, sharp) = noisy(150, 4, 0.4);
    let (_, blunt) = noisy(150, 4, 0.9);
    let (labels, sharp, blunt) = (labels(&["no", "yes"]), binary(&sharp), binary(&blunt));
    let answers = |p| Answers::Classes { labels: &labels, truth: &truth, probabilities: p };
    let forth = differ(&CLASSIFICATION_METRICS, &answers(&sharp), &answers(&blunt), &config(400), 2).unwrap();
    let back = differ(&CLASSIFICATION_METRICS, &answers(&blunt), &answers(&sharp), &config(400), 2).unwrap();
    for (name, difference) in &forth {
        let mirror = &back[name];
        let near = |a: Option<f64>, b: Option<f64>| (a.unwrap() + b.unwrap()).abs() < 1e-12;
        assert!(near(difference.delta, mirror.delta), "{name}");
        // Rows that never got worse count against accuracy's lower bound alone.
        assert!(*name == "accuracy" || near(difference.lower_bound, mirror.upper_bound), "{name}");
        let (a, b) = (difference.interval.unwrap(), mirror.interval.unwrap());
        assert!((a.low + b.high).abs() < 1e-12 && (a.high + b.low).abs() < 1e-12, "{name}");
    }
    // The sharp model is better beyond doubt, in either sense of better.
    assert!(forth["roc_auc"].lower_bound.unwrap() > 0.0 && forth["roc_auc"].verdict("roc_auc") == "better");
    assert!(forth["log_loss"].upper_bound.unwrap() < 0.0 && forth["log_loss"].verdict("log_loss") == "better");
    assert_eq!(back["log_loss"].verdict("log_loss"), "worse");
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let truth: Vec<f64> = (0..900).map(|i| f64::from(i % 37)).collect();
    let ours: Vec<f64> = truth.iter().enumerate().map(|(i, t)| t + (i % 5) as f64 - 2.0).collect();
    let theirs: Vec<f64> = truth.iter().enumerate().map(|(i, t)| t + (i % 7) as f64 - 3.0).collect();
    let candidate = Answers::Values { truth: &truth, predicted: &ours };
    let champion = Answers::Values { truth: &truth, predicted: &theirs };
    let alone = differ(&REGRESSION_METRICS, &candidate, &champion, &config(1000), 1).unwrap();
    for threads in [2, 3, 7] {
        assert_eq!(alone, differ(&REGRESSION_METRICS, &candidate, &champion, &config(1000), threads).unwrap());
    }
    assert!(alone["rmse"].upper_bound.unwrap() < 0.0);
}

#[test]
fn a_difference_on_the_same_rows_is_surer_than_two_intervals() {
    // The candidate is the champion with each error 2 % smaller: their scores move together.
    let truth: Vec<f64> = (0..200).map(|i| f64::from(i % 23)).collect();
    let theirs: Vec<f64> = truth.iter().enumerate().map(|(i, t)| t + ((i * 7) % 31) as f64 - 15.0).collect();
    let ours: Vec<f64> = truth.iter().zip(&theirs).map(|(t, p)| t + 0.98 * (p - t)).collect();
    let candidate = Answers::Values { truth: &truth, predicted: &ours };
    let champion = Answers::Values { truth: &truth, predicted: &theirs };
    let mae = differ(&["mae"], &candidate, &champion, &config(500), 1).unwrap()["mae"].clone();
    let own = crate::support::report(&candidate, &config(500), 1).unwrap().metrics["mae"].interval.unwrap();
    assert!(mae.interval.unwrap().high < 0.0, "{mae:?}");
    assert!(own.high > mae.champion.unwrap(), "the candidate's own interval holds the champion's value");
}

#[test]
fn different_rows_labels_or_tasks_are_refused() {
    let (yes_no, other) = (labels(&["no", "yes"]), labels(&["no", "oui"]));
    let probabilities = binary(&[0.2, 0.7]);
    let classes = |labels, truth| Answers::Classes { labels, truth, probabilities: &probabilities };
    let base = classes(&yes_no, &[0, 1]);
    let refused = |champion: &Answers| differ(&["accuracy"], &base, champion, &config(10), 1).unwrap_err();
    assert_eq!(refused(&classes(&other, &[0, 1])), MetricError::NotPaired { what: "labels" });
    assert_eq!(refused(&classes(&yes_no, &[1, 1])), MetricError::NotPaired { what: "rows" });
    assert!(matches!(refused(&Answers::Values { truth: &[1.0], predicted: &[1.0] }), MetricError::Kind { .. }));
    assert!(matches!(differ(&["mae"], &base, &base, &config(10), 1), Err(MetricError::Unknown { .. })));
    let wild = paired(&["accuracy"], &base, &base, &config(10), 1.0, 1, &CancelToken::new());
    assert!(matches!(wild, Err(MetricError::Level { what: "confidence", .. })));
}

#[test]
fn undefined_and_unresampled_differences_say_why() {
    let constant = Answers::Values { truth: &[2.0, 2.0, 2.0], predicted: &[2.0, 3.0, 4.0] };
    let found = differ(&["mae", "r2"], &constant, &constant, &config(50), 1).unwrap();
    assert_eq!((found["r2"].delta, found["r2"].lower_bound), (None, None));
    assert_eq!(found["r2"].verdict("r2"), "undefined");
    assert!(found["r2"].note.as_deref().unwrap().starts_with("not defined"));
    let off = differ(&["mae"], &constant, &constant, &config(0), 1).unwrap()["mae"].clone();
    assert_eq!((off.delta, off.interval), (Some(0.0), None));
    assert_eq!(off.note.as_deref(), Some("no interval, resampling is turned off"));
    assert!(differ(&[], &constant, &constant, &config(50), 1).unwrap().is_empty());
}

fn verdict_of(deltas: &[(&str, Option<f64>)]) -> String {
    let named = |(name, delta): &(&str, Option<f64>)| {
        ((*name).to_owned(), PairedDifference { delta: *delta, ..PairedDifference::default() })
    };
    let differences: Differences = deltas.iter().map(named).collect();
    let production = (3, Digest::of(b"artifact"));
    let found = compare(&differences, production, "test", &config(1000));
    assert_eq!(found.per_metric.len(), deltas.len());
    assert_eq!((found.production_version, found.split.as_str()), (Some(3), "test"));
    assert!(found.method.contains("1000 resamples, seed 42"), "{}", found.method);
    found.overall_verdict
}

#[test]
fn the_overall_verdict_follows_every_metric() {
    assert_eq!(verdict_of(&[("accuracy", Some(0.1)), ("log_loss", Some(-0.2))]), "better");
    assert_eq!(verdict_of(&[("accuracy", Some(-0.1)), ("rmse", Some(0.2))]), "worse");
    assert_eq!(verdict_of(&[("accuracy", Some(1e-7)), ("brier", Some(-1e-6))]), "equal");
    assert_eq!(verdict_of(&[("accuracy", Some(0.1)), ("brier", Some(0.0))]), "mixed");
    assert_eq!(verdict_of(&[("accuracy", Some(0.1)), ("log_loss", Some(0.1))]), "mixed");
    assert_eq!(verdict_of(&[("accuracy", Some(0.1)), ("roc_auc", None)]), "better");
    assert_eq!(verdict_of(&[("roc_auc", None)]), "mixed");
    assert_eq!(verdict_of(&[]), "equal");
    let nothing = no_baseline("test", &config(0));
    assert_eq!((nothing.overall_verdict.as_str(), nothing.production_version), ("no_baseline", None));
}
