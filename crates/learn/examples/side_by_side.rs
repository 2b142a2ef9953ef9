//! Fits each estimator once on 100,000 x 20 rows with one thread and prints processor seconds and a metric, for comparison
//! with `benches/peer_sklearn.py`. Run both in one sitting: `cargo run --release -p driftgate-learn --example side_by_side`.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a program that prints measurements of a fixed case")]

#[path = "../tests/common/mod.rs"]
mod common;

use common::{above_middle, accuracy, boosting, fit_with, forest, friedman, logistic, rmse, thirds, values};
use driftgate_model::Target;
use driftgate_model::config::{BoostingParams, EarlyStopping, ForestParams, LinearParams, MaxFeatures, TrainingConfig};

/// Nanoseconds this thread has spent on a processor (Linux), or wall time where that is not told.
fn processor_seconds(start: std::time::Instant) -> f64 {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let spent = told.and_then(|t| t.split_whitespace().next()?.parse::<f64>().ok());
    spent.map_or_else(|| start.elapsed().as_secs_f64(), |ns| ns / 1e9)
}

fn main() {
    let only: Vec<String> = std::env::args().skip(1).collect();
    let (x, y) = friedman(100_000, 20, 1);
    let (test_x, test_y) = friedman(20_000, 20, 2);
    let fixed = BoostingParams { max_iter: 300, early_stopping: EarlyStopping::Off, ..boosting() };
    let reference = BoostingParams { learning_rate: 0.05, max_depth: Some(7), l2_regularization: 0.1, ..fixed.clone() };
    let regressor = ForestParams { n_estimators: 20, max_features: MaxFeatures::All, ..forest() };
    let cases = [
        ("forest_classes_100", TrainingConfig::RandomForest(forest()), above_middle(&y), above_middle(&test_y)),
        (
            "forest_values_20",
            TrainingConfig::RandomForest(regressor),
            Target::Values(y.clone()),
            Target::Values(test_y.clone()),
        ),
        (
            "boosting_values_300",
            TrainingConfig::GradientBoosting(fixed.clone()),
            Target::Values(y.clone()),
            Target::Values(test_y.clone()),
        ),
        (
            "boosting_reference_300",
            TrainingConfig::GradientBoosting(reference),
            Target::Values(y.clone()),
            Target::Values(test_y.clone()),
        ),
        (
            "boosting_two_classes_300",
            TrainingConfig::GradientBoosting(fixed.clone()),
            above_middle(&y),
            above_middle(&test_y),
        ),
        (
            "boosting_three_classes_100",
            TrainingConfig::GradientBoosting(BoostingParams { max_iter: 100, ..fixed }),
            thirds(&y),
            thirds(&test_y),
        ),
        (
            "logistic_two_classes",
            TrainingConfig::LogisticRegression(logistic()),
            above_middle(&y),
            above_middle(&test_y),
        ),
        ("logistic_three_classes", TrainingConfig::LogisticRegression(logistic()), thirds(&y), thirds(&test_y)),
        (
            "least_squares",
            TrainingConfig::LinearRegression(LinearParams { alpha: 0.0 }),
            Target::Values(y.clone()),
            Target::Values(test_y.clone()),
        ),
    ];
    let clock = std::time::Instant::now();
    for (name, config, train, test) in cases {
        if !only.is_empty() && !only.iter().any(|o| name.starts_with(o.as_str())) {
            continue;
        }
        let before = processor_seconds(clock);
        let fitted = fit_with(&config, &x, &train, 42, 1).unwrap();
        let fit = processor_seconds(clock) - before;
        let before = processor_seconds(clock);
        let predictions = fitted.model.predict(&test_x).unwrap();
        let predict = processor_seconds(clock) - before;
        let (metric, value) = match &test {
            Target::Classes { .. } => ("accuracy", accuracy(&predictions.codes(), &test)),
            Target::Values(y) => ("rmse", rmse(&values(predictions), y)),
        };
        let bytes = fitted.model.to_bytes().len();
        let oob = fitted.oob_score.map_or(String::new(), |s| format!(", \"oob\": {s:.5}"));
        println!(
            "{{\"case\": \"{name}\", \"fit_cpu_s\": {fit:.3}, \"predict_cpu_s\": {predict:.3}, \"{metric}\": {value:.5}, \"bytes\": {bytes}{oob}}}"
        );
    }
}
