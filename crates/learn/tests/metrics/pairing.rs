//! Two models on the same rows.

use crate::support::{binary, config, labels, noisy};
use driftgate_learn::metrics::{Answers, MetricError, PairedDifference, compare, metric, no_baseline, paired};
use driftgate_model::config::EvaluationConfig;
use driftgate_model::{CancelToken, Digest, Interval, REGRESSION_METRICS, Task, metrics_of};
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
    let found = differ(metrics_of(Task::Classification), &answers, &answers, &config(300), 1).unwrap();
    assert_eq!(found.len(), metrics_of(Task::Classification).len());
    for (name, difference) in &found {
        assert_eq!(difference.delta, Some(0.0), "{name}");
        assert_eq!(difference.interval, Some(Interval { low: 0.0, high: 0.0 }), "{name}");
        let bounds = (difference.lower_bound, difference.upper_bound);
        match name.as_str() {
            // No row tells them apart, and that many cannot rule out that 3 % of others would.
            "accuracy" | "recall" => {
                assert!((bounds.0.unwrap() + 0.032_738).abs() < 1e-6 && bounds.1 == bounds.0.map(|b| -b), "{name}");
                assert_eq!(difference.limit.as_deref(), Some("90 rows cannot rule out less at 95 %"));
            }
            "balanced_accuracy" | "precision" | "f1_score" => {
                assert!(bounds.0.unwrap() < -0.032_738 && bounds.1 == bounds.0.map(|b| -b), "{name}: {bounds:?}");
            }
            _ => assert_eq!(bounds, (None, None), "{name}"),
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
    let forth = differ(metrics_of(Task::Classification), &answers(&sharp), &answers(&blunt), &config(400), 2).unwrap();
    let back = differ(metrics_of(Task::Classification), &answers(&blunt), &answers(&sharp), &config(400), 2).unwrap();
    for (name, difference) in &forth {
        let mirror = &back[name];
        let near = |a: Option<f64>, b: Option<f64>| (a.unwrap() + b.unwrap()).abs() < 1e-12;
        assert!(near(difference.delta, mirror.delta), "{name}");
        assert!(near(difference.lower_bound, mirror.upper_bound), "{name}");
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

/// The bounds of a metric's loss where the candidate alone is right on `gained` rows, Production alone on `lost`, and both
/// on the rest of `rows` rows of two labels in turn.
fn loss(name: &str, rows: u32, (gained, lost): (u32, u32), confidence: f64, resamples: u32) -> PairedDifference {
    let truth: Vec<u32> = (0..rows).map(|i| i % 2).collect();
    let answers = |wrong: &dyn Fn(u32) -> bool| {
        let right = |i: u32| if wrong(i) { 0.3 } else { 0.7 };
        binary(&(0..rows).map(|i| if i % 2 == 1 { right(i) } else { 1.0 - right(i) }).collect::<Vec<f64>>())
    };
    let ours = answers(&|i| i < lost);
    let theirs = answers(&|i| (lost..lost + gained).contains(&i));
    let names = labels(&["no", "yes"]);
    let of = |p| Answers::Classes { labels: &names, truth: &truth, probabilities: p };
    let found = paired(&[name], &of(&ours), &of(&theirs), &config(resamples), confidence, 1, &CancelToken::new());
    found.unwrap().remove(name).unwrap()
}

#[test]
fn rows_that_show_no_loss_cannot_rule_one_out() {
    let lower = |rows, gained, lost| loss("accuracy", rows, (gained, lost), 0.95, 2000).lower_bound.unwrap();
    // No row of 23 is lost: 1 - 0.05^(1/23). Of 86, and of 1000.
    assert!((lower(23, 0, 0) + 0.122_123).abs() < 1e-6);
    assert!((lower(86, 0, 0) + 0.034_235).abs() < 1e-6);
    assert!((lower(1000, 0, 0) + 0.002_991).abs() < 1e-6);
    // A few gains say no more about losses. Five in a row are the sign test's 95 %.
    for gained in 1..5 {
        assert!((lower(23, gained, 0) + 0.122_123).abs() < 1e-6, "{gained}");
    }
    assert!(lower(23, 5, 0) >= 0.0);
    // One lost row never looks better than none.
    for confidence in [0.9, 0.95, 0.99] {
        let of = |lost| loss("accuracy", 86, (0, lost), confidence, 2000).lower_bound.unwrap();
        assert!(of(2) < of(1) && of(1) <= of(0), "{confidence}: {} {} {}", of(2), of(1), of(0));
    }
    // What the rows do show is left to the resamples.
    let found = loss("accuracy", 200, (3, 20), 0.95, 2000);
    assert!(found.limit.is_none() && found.lower_bound.unwrap() < -0.1, "{found:?}");
}

#[test]
fn metrics_over_classes_rest_on_the_thinnest_where_nothing_differs() {
    // 12 and 11 rows: 1 - 0.05^(1/11).
    for name in ["balanced_accuracy", "precision", "f1_score"] {
        let found = loss(name, 23, (0, 0), 0.95, 500);
        assert!((found.lower_bound.unwrap() + 0.238_406).abs() < 1e-5, "{name}: {found:?}");
        assert_eq!(found.limit.as_deref(), Some("11 rows cannot rule out less at 95 %"), "{name}");
    }
    // Right on one label and wrong on the other, and the other way round: no resample differs, and nothing is known.
    let truth: Vec<u32> = (0..40).map(|i| i % 2).collect();
    let (always, never) = (binary(&[0.9; 40]), binary(&[0.1; 40]));
    let names = labels(&["no", "yes"]);
    let of = |p| Answers::Classes { labels: &names, truth: &truth, probabilities: p };
    let found = differ(&["balanced_accuracy", "accuracy"], &of(&always), &of(&never), &config(500), 1).unwrap();
    assert_eq!((found["balanced_accuracy"].delta, found["balanced_accuracy"].lower_bound), (Some(0.0), None));
    assert!(found["accuracy"].lower_bound.unwrap() < -0.07);
    // Numbers that never differ say nothing about other rows.
    let same = Answers::Values { truth: &[1.0, 2.0, 4.0], predicted: &[1.5, 2.5, 3.0] };
    let found = differ(&["mae"], &same, &same, &config(500), 1).unwrap()["mae"].clone();
    assert_eq!((found.delta, found.upper_bound), (Some(0.0), None));
    assert!(found.note.unwrap().contains("tells nothing about other rows"));
}

#[test]
fn too_few_resamples_leave_no_bound() {
    assert!(loss("accuracy", 86, (2, 9), 0.95, 100).lower_bound.is_some());
    let few = loss("accuracy", 86, (2, 9), 0.95, 99);
    assert_eq!(few.lower_bound, None);
    let note = few.note.unwrap();
    assert!(note.contains("99 resamples are too few for a one-sided bound at 95 %, it takes 100"), "{note}");
    assert_eq!(loss("accuracy", 86, (0, 0), 0.95, 2).lower_bound, None);
}
