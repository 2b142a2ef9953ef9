//! Every value against `../golden/metrics.json`; `../golden/metrics.py` made it.

use crate::support::{config, matrix};
use driftgate_learn::metrics::{Answers, Baseline, EvaluateOptions, evaluate, metric};
use driftgate_model::config::{Averaging, EvaluationConfig};
use driftgate_model::{CancelToken, SplitEvaluation, Target, top_k};
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct Golden {
    classification: Vec<ClassCase>,
    regression: Vec<ValueCase>,
}

#[derive(Deserialize)]
struct ClassCase {
    name: String,
    labels: Vec<String>,
    averaging: Averaging,
    positive_label: Option<String>,
    bins: u32,
    train: Vec<u32>,
    truth: Vec<u32>,
    probabilities: Vec<Vec<f64>>,
    metrics: BTreeMap<String, Option<f64>>,
    baseline: BTreeMap<String, Option<f64>>,
    per_class: Vec<Class>,
    confusion: Vec<Vec<u64>>,
    calibration: Vec<Bin>,
}

#[derive(Deserialize)]
struct Class {
    support: u64,
    precision: f64,
    recall: f64,
    f1_score: f64,
}

#[derive(Deserialize)]
struct Bin {
    rows: u64,
    confidence: f64,
    accuracy: f64,
}

#[derive(Deserialize)]
struct ValueCase {
    name: String,
    train: Vec<f64>,
    truth: Vec<f64>,
    predicted: Vec<f64>,
    metrics: BTreeMap<String, Option<f64>>,
    baseline: BTreeMap<String, Option<f64>>,
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("../golden/metrics.json")).unwrap()
}

fn close(what: &str, found: f64, expected: f64, tolerance: f64) {
    let off = (found - expected).abs();
    assert!(off <= tolerance * expected.abs().max(1.0), "{what}: found {found:e}, scikit-learn says {expected:e}");
}

fn all_close(
    case: &str,
    found: &BTreeMap<String, Option<f64>>,
    expected: &BTreeMap<String, Option<f64>>,
    tolerance: f64,
) {
    // Top-k accuracies are not there: scikit-learn lets the last of equals stand first. `top_k.rs` counts them by hand.
    let names: Vec<&String> = found.keys().filter(|name| top_k(name).is_none()).collect();
    assert_eq!(names, expected.keys().collect::<Vec<_>>(), "{case}");
    for (name, expected) in expected {
        match (found[name], expected) {
            (Some(found), Some(expected)) => close(&format!("{case}, {name}"), found, *expected, tolerance),
            (found, expected) => assert_eq!(found, *expected, "{case}, {name}"),
        }
    }
}

fn values_of(report: &SplitEvaluation) -> BTreeMap<String, Option<f64>> {
    report.metrics.iter().map(|(name, m)| (name.clone(), m.value)).collect()
}

fn judged(answers: &Answers, train: &Target, config: &EvaluationConfig) -> SplitEvaluation {
    let baseline = Baseline::of(train).unwrap();
    let cancel = CancelToken::new();
    let options = EvaluateOptions { split: "val", config, threads: 1, cancel: &cancel };
    let report = evaluate(answers, &baseline, &options).unwrap();
    for (name, value) in values_of(&report) {
        let alone = metric(&name, answers, config).unwrap();
        assert_eq!(alone.map(f64::to_bits), value.map(f64::to_bits), "{name} alone is not {name} among all");
    }
    report
}

#[test]
fn classification_agrees_with_scikit_learn() {
    let cases = golden().classification;
    assert!(cases.len() > 30);
    for case in cases {
        let config = EvaluationConfig {
            averaging: case.averaging,
            positive_label: case.positive_label,
            calibration_bins: case.bins,
            ..config(0)
        };
        let probabilities = matrix(&case.probabilities, case.labels.len());
        let answers = Answers::Classes { labels: &case.labels, truth: &case.truth, probabilities: &probabilities };
        let train = Target::Classes { labels: case.labels.clone(), codes: case.train };
        let report = judged(&answers, &train, &config);

        all_close(&case.name, &values_of(&report), &case.metrics, 1e-12);
        all_close(&format!("{} (baseline)", case.name), &report.baseline, &case.baseline, 1e-12);
        assert_eq!(report.confusion_matrix, case.confusion, "{}", case.name);
        assert_eq!(report.labels, case.labels, "{}", case.name);
        assert_eq!(report.per_class.len(), case.per_class.len(), "{}", case.name);
        for (found, expected) in report.per_class.iter().zip(&case.per_class) {
            assert_eq!(found.support, expected.support, "{}, {}", case.name, found.label);
            close(&case.name, found.precision, expected.precision, 1e-12);
            close(&case.name, found.recall, expected.recall, 1e-12);
            close(&case.name, found.f1_score, expected.f1_score, 1e-12);
        }
        assert_eq!(report.calibration.len(), case.calibration.len(), "{}", case.name);
        for (found, expected) in report.calibration.iter().zip(&case.calibration) {
            assert_eq!(found.rows, expected.rows, "{}", case.name);
            // Their mean may miss equal confidences on an edge by rounding.
            assert!(
                found.low - 1e-12 <= found.confidence && found.confidence <= found.high + 1e-12,
                "{}: {found:?}",
                case.name
            );
            close(&case.name, found.confidence, expected.confidence, 1e-12);
            close(&case.name, found.accuracy, expected.accuracy, 1e-12);
        }
    }
}

#[test]
fn regression_agrees_with_scikit_learn() {
    for case in golden().regression {
        let answers = Answers::Values { truth: &case.truth, predicted: &case.predicted };
        let report = judged(&answers, &Target::Values(case.train), &config(0));
        all_close(&case.name, &values_of(&report), &case.metrics, 1e-12);
        // Relative to the value itself, so that tiny errors are not excused by their size.
        for (name, expected) in case.metrics.iter().filter_map(|(n, v)| Some((n, (*v)?))) {
            let found = report.metrics[name].value.unwrap();
            assert!((found - expected).abs() <= 1e-9 * expected.abs(), "{}, {name}: {found:e}", case.name);
        }
        all_close(&format!("{} (baseline)", case.name), &report.baseline, &case.baseline, 1e-12);
    }
}
