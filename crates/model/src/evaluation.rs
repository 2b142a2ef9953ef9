use crate::config::Averaging;
use crate::{Digest, Task};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The ends of an interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// A metric's value with its interval.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct MetricValue {
    /// The value, not rounded; `None` where it is not defined.
    pub value: Option<f64>,
    /// The bootstrap interval; `None` where it is not defined.
    pub interval: Option<Interval>,
    /// Why a value or an interval is not defined, or how many resamples were left out.
    pub note: Option<String>,
}

/// How intervals were made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BootstrapSpec {
    /// Always `percentile`.
    pub method: String,
    /// Resamples.
    pub resamples: u32,
    /// Level, such as 0.95.
    pub level: f64,
    /// Seed.
    pub seed: u64,
    /// Whether rows were drawn within each class.
    pub stratified: bool,
}

/// Precision, recall and F1 of one class.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClassMetrics {
    /// The label.
    pub label: String,
    /// True rows of it.
    pub support: u64,
    /// TP / (TP + FP); 0 where nothing was predicted.
    pub precision: f64,
    /// TP / (TP + FN); 0 where there is no true row.
    pub recall: f64,
    /// Harmonic mean of both; 0 where both are.
    pub f1_score: f64,
}

/// One bin of the calibration curve of the predicted class's probability.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CalibrationBin {
    /// Lower edge.
    pub low: f64,
    /// Upper edge.
    pub high: f64,
    /// Rows in it.
    pub rows: u64,
    /// Mean confidence.
    pub confidence: f64,
    /// Share of right answers.
    pub accuracy: f64,
}

/// The evaluation of one model on one split.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SplitEvaluation {
    /// `val` or `test`.
    pub split: String,
    /// Rows.
    pub rows: u64,
    /// Metrics by name: `accuracy`, `f1_score`, `roc_auc`, `rmse`, …
    pub metrics: BTreeMap<String, MetricValue>,
    /// The same metrics of the majority class or the train mean.
    pub baseline: BTreeMap<String, Option<f64>>,
    /// Averaging of `precision`, `recall`, `f1_score`; classification only.
    pub averaging: Option<Averaging>,
    /// Labels, in the order of the confusion matrix; classification only.
    pub labels: Vec<String>,
    /// Per-class table; classification only.
    pub per_class: Vec<ClassMetrics>,
    /// `confusion[true][predicted]`; classification only.
    pub confusion_matrix: Vec<Vec<u64>>,
    /// Calibration curve; classification only.
    pub calibration: Vec<CalibrationBin>,
    /// How intervals were made; `None` when they were turned off.
    pub bootstrap: Option<BootstrapSpec>,
}

/// The evaluation of a run's candidate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EvaluationReport {
    /// Always `driftgate/evaluation/1`.
    pub schema: String,
    /// The artifact that was evaluated. No run id: the same data, config and seed give the same bytes.
    pub model_artifact: Digest,
    /// The data set version.
    pub dataset_version: Digest,
    /// What the model answers.
    pub task: Task,
    /// On validation.
    pub val: SplitEvaluation,
    /// On test.
    pub test: SplitEvaluation,
    /// Out-of-bag score of a forest: accuracy or R².
    pub oob_score: Option<f64>,
    /// Share of impurity decrease by output feature, largest first; empty where the estimator has none.
    pub importances: Vec<(String, f64)>,
    /// What the estimator said besides, such as that it did not converge.
    #[serde(default)]
    pub notes: Vec<String>,
}

/// Resamples that have to lie beyond the end of an interval for the end to mean something.
const RESAMPLES_BEYOND: f64 = 5.0;

/// The resamples that an end of an interval takes, `tail` being the share of them beyond it: 200 for the ends of a 95 %
/// interval, with 2.5 % beyond either.
pub fn resamples_needed(tail: f64) -> u64 {
    // A little off, so that a tail such as 1 - 0.9, which is not quite 0.1, asks for no resample more.
    (RESAMPLES_BEYOND / tail.max(0.0) - 1e-6).ceil() as u64
}

/// Whether a smaller value of the metric is better.
pub fn lower_is_better(metric: &str) -> bool {
    matches!(
        metric,
        "mae"
            | "mse"
            | "rmse"
            | "mape"
            | "log_loss"
            | "brier"
            | "ece"
            | "demographic_parity_difference"
            | "equal_opportunity_difference"
    )
}

/// The metrics a classification report can hold; a report holds the last two where [`metrics_for`] its labels names them.
pub const CLASSIFICATION_METRICS: [&str; 13] = [
    "accuracy",
    "balanced_accuracy",
    "precision",
    "recall",
    "f1_score",
    "mcc",
    "roc_auc",
    "pr_auc",
    "log_loss",
    "brier",
    "ece",
    "top_3_accuracy",
    "top_5_accuracy",
];

/// The first of [`CLASSIFICATION_METRICS`] that say something of any number of labels.
const OF_ANY_LABELS: usize = 11;

/// The metrics a regression report holds.
pub const REGRESSION_METRICS: [&str; 5] = ["mae", "mse", "rmse", "r2", "mape"];

/// The metrics that every report of that task holds.
pub fn metrics_of(task: Task) -> &'static [&'static str] {
    if task.is_classification() { &CLASSIFICATION_METRICS[..OF_ANY_LABELS] } else { &REGRESSION_METRICS }
}

/// The metrics that a report of that task about so many labels holds, in their order.
pub fn metrics_for(task: Task, labels: usize) -> Vec<&'static str> {
    let all: &[&str] = if task.is_classification() { &CLASSIFICATION_METRICS } else { &REGRESSION_METRICS };
    all.iter().copied().filter(|name| top_k(name).is_none_or(|k| labels > k)).collect()
}

/// The k of a top-k accuracy, `None` of any other metric. It says something of more than k labels alone: of fewer, each answer
/// has the true one among its k.
pub fn top_k(metric: &str) -> Option<usize> {
    match metric {
        "top_3_accuracy" => Some(3),
        "top_5_accuracy" => Some(5),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_top_k_accuracy_needs_more_than_k_labels() {
        let held = |labels| metrics_for(Task::Classification, labels).len() - metrics_of(Task::Classification).len();
        assert_eq!([2, 3, 4, 5, 6, 100].map(held), [0, 0, 1, 1, 2, 2]);
        assert!(metrics_of(Task::Classification).iter().all(|name| top_k(name).is_none()));
        assert_eq!(metrics_for(Task::Regression, 0), REGRESSION_METRICS);
    }
}
