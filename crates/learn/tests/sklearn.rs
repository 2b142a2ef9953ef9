//! The estimators against scikit-learn's answers on the repository's own data (`golden/estimators.py` made the values).
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
#![allow(clippy::print_stderr, reason = "a test that skips says so")]

mod common;

use common::{accuracy, boosting, fit_with, forest, logistic, rmse, values};
use driftgate_learn::{Model, Predictions};
use driftgate_model::config::{
    BoostingParams, ClassWeight, EarlyStopping, ForestParams, LinearParams, LogisticParams, MaxFeatures, TrainingConfig,
};
use driftgate_model::{Matrix, Target};
use serde_json::Value;
use std::path::{Path, PathBuf};

fn golden() -> Value {
    serde_json::from_str(include_str!("golden/estimators.json")).unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A CSV file without quotes whose last column is the target.
fn load(path: &Path) -> (Matrix, Target) {
    let text = std::fs::read_to_string(path).unwrap();
    let rows: Vec<Vec<&str>> = text.lines().skip(1).map(|l| l.split(',').collect()).collect();
    let columns = rows[0].len() - 1;
    let data = (0..columns).flat_map(|j| rows.iter().map(move |r| r[j].parse().unwrap())).collect();
    let x = Matrix::from_columns(rows.len(), columns, data).unwrap();
    let raw: Vec<&str> = rows.iter().map(|r| r[columns]).collect();
    let numbers: Option<Vec<f64>> = raw.iter().map(|t| t.parse().ok()).collect();
    let target = numbers.map_or_else(
        || {
            let labels: Vec<String> =
                raw.iter().collect::<std::collections::BTreeSet<_>>().iter().map(|l| l.to_string()).collect();
            let codes = raw.iter().map(|t| labels.binary_search(&t.to_string()).unwrap() as u32).collect();
            Target::Classes { labels, codes }
        },
        Target::Values,
    );
    (x, target)
}

fn shipped(name: &str) -> (Matrix, Target) {
    load(&root().join("data").join(name).join("data.csv"))
}

/// California housing where a checkout has it beside it.
fn california() -> Option<(Matrix, Target)> {
    let path = root().join("../shared/datasets/california_housing/data.csv");
    if path.exists() {
        Some(load(&path))
    } else {
        eprintln!("SKIPPED: {} is not there", path.display());
        None
    }
}

fn standardised(x: &Matrix) -> Matrix {
    let n = x.rows() as f64;
    let column = |j: usize| {
        let c = x.column(j);
        let mean = c.iter().sum::<f64>() / n;
        let sd = (c.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n).sqrt();
        c.iter().map(move |v| (v - mean) / sd).collect::<Vec<_>>()
    };
    Matrix::from_columns(x.rows(), x.cols(), (0..x.cols()).flat_map(column).collect()).unwrap()
}

fn close(found: &[f64], expected: &[f64], relative: f64, what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let scale = expected.iter().fold(0.0, |m: f64, e| m.max(e.abs()));
    for (f, e) in found.iter().zip(expected) {
        assert!((f - e).abs() <= relative * scale, "{what}: {f} is not {e}\n{found:?}\n{expected:?}");
    }
}

#[test]
fn linear_coefficients_are_scikit_learns() {
    let golden = &golden()["linear"]["diabetes"];
    let (x, y) = shipped("diabetes");
    let dependent = {
        let mut columns: Vec<Vec<f64>> = (0..x.cols()).map(|j| x.column(j).to_vec()).collect();
        columns.push((0..x.rows()).map(|i| x.get(i, 0) + x.get(i, 1)).collect());
        columns.push(vec![3.0; x.rows()]);
        Matrix::from_columns(x.rows(), x.cols() + 2, columns.concat()).unwrap()
    };
    let cases =
        [("ols", 0.0, &x), ("ridge_0.1", 0.1, &x), ("ridge_100.0", 100.0, &x), ("ols_dependent", 0.0, &dependent)];
    for (name, alpha, x) in cases {
        let config = TrainingConfig::LinearRegression(LinearParams { alpha });
        let Model::Linear(model) = fit_with(&config, x, &y, 1, 1).unwrap().model else { panic!("linear") };
        close(model.coefficients(), &numbers(&golden[name]["coefficients"]), 1e-8, name);
        close(&[model.intercept()], &[golden[name]["intercept"].as_f64().unwrap()], 1e-8, name);
    }
}

#[test]
fn logistic_coefficients_are_scikit_learns() {
    for data in ["breast_cancer", "wine", "iris"] {
        let (raw, y) = shipped(data);
        let golden = &golden()["logistic"][data];
        for (scaling, x) in [("raw", &raw), ("standardised", &standardised(&raw))] {
            for (weight, class_weight) in [("plain", None), ("balanced", Some(ClassWeight::Balanced))] {
                for (name, c) in [("1.0", 1.0), ("0.01", 0.01)] {
                    let case = format!("{scaling}_{weight}_{name}");
                    let config =
                        TrainingConfig::LogisticRegression(LogisticParams { c, class_weight, max_iter: 5_000 });
                    let fitted = fit_with(&config, x, &y, 1, 1).unwrap();
                    assert_eq!(fitted.notes, [] as [&str; 0], "{data} {case}");
                    let Model::Logistic(model) = &fitted.model else { panic!("logistic") };
                    let expected: Vec<f64> =
                        golden[&case]["coefficients"].as_array().unwrap().iter().flat_map(numbers).collect();
                    close(&model.coefficients().concat(), &expected, 1e-4, &format!("{data} {case}"));
                    let every_17th = x.take(&(0..x.rows()).step_by(17).collect::<Vec<_>>());
                    let Predictions::Classes { probabilities, labels } = fitted.model.predict(&every_17th).unwrap()
                    else {
                        panic!("classes")
                    };
                    for (i, row) in golden[&case]["probabilities"].as_array().unwrap().iter().enumerate() {
                        let found: Vec<f64> = (0..labels.len()).map(|k| probabilities.get(i, k)).collect();
                        close(&found, &numbers(row), 1e-4, &format!("{data} {case}, row {}", 17 * i));
                    }
                }
            }
        }
    }
}

#[test]
fn two_hundred_iterations_are_enough_for_tables_that_are_not_scaled() {
    for data in ["breast_cancer", "wine", "iris"] {
        let (x, y) = shipped(data);
        let fitted = fit_with(&TrainingConfig::LogisticRegression(logistic()), &x, &y, 1, 1).unwrap();
        assert_eq!(fitted.notes, [] as [&str; 0], "{data}");
    }
}

/// Mean over the fixed folds (row i is in fold i mod 5).
fn cross_validated(
    config: &TrainingConfig,
    x: &Matrix,
    y: &Target,
    seed: u64,
    score: impl Fn(Predictions, &Target) -> f64,
) -> f64 {
    let fold = |k: usize| {
        let (test, train): (Vec<usize>, Vec<usize>) = (0..x.rows()).partition(|i| i % 5 == k);
        let model = fit_with(config, &x.take(&train), &y.take(&train), seed, 0).unwrap().model;
        score(model.predict(&x.take(&test)).unwrap(), &y.take(&test))
    };
    (0..5).map(fold).sum::<f64>() / 5.0
}

fn share_right(predictions: Predictions, y: &Target) -> f64 {
    accuracy(&predictions.codes(), y)
}

fn root_mean_square(predictions: Predictions, y: &Target) -> f64 {
    let Target::Values(y) = y else { panic!("values") };
    rmse(&values(predictions), y)
}

fn mean_log_loss(predictions: Predictions, y: &Target) -> f64 {
    let (Predictions::Classes { probabilities, .. }, Target::Classes { codes, .. }) = (predictions, y) else {
        panic!("classes")
    };
    codes.iter().enumerate().map(|(i, &c)| -probabilities.get(i, c as usize).ln()).sum::<f64>() / codes.len() as f64
}

/// Means over eight seeds of each side differ by less than five standard errors, each row being worth something too.
fn within_noise(found: &[f64], golden: &Value, row: f64, what: &str) {
    let n = found.len() as f64;
    let mean = found.iter().sum::<f64>() / n;
    let sd = (found.iter().map(|f| (f - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt();
    let (expected, expected_sd) = (golden["mean"].as_f64().unwrap(), golden["sd_over_seeds"].as_f64().unwrap());
    let allowed = 5.0 * ((sd * sd + expected_sd * expected_sd) / n).sqrt() + row;
    assert!((mean - expected).abs() <= allowed, "{what}: {mean} is not {expected} ± {allowed}");
}

#[test]
fn forests_are_as_right_as_scikit_learns() {
    for data in ["breast_cancer", "wine"] {
        let (x, y) = shipped(data);
        let golden = &golden()["forest"][data];
        let row = 1.0 / x.rows() as f64;
        for (name, class_weight) in [("accuracy_plain", None), ("accuracy_balanced", Some(ClassWeight::Balanced))] {
            let config = TrainingConfig::RandomForest(ForestParams { class_weight, ..forest() });
            let found: Vec<f64> = (0..8).map(|seed| cross_validated(&config, &x, &y, seed, share_right)).collect();
            within_noise(&found, &golden[name], row, &format!("{data} {name}"));
        }
        let config = TrainingConfig::RandomForest(forest());
        let fitted: Vec<_> = (0..8).map(|seed| fit_with(&config, &x, &y, seed, 0).unwrap()).collect();
        let oob: Vec<f64> = fitted.iter().map(|f| f.oob_score.unwrap()).collect();
        within_noise(&oob, &golden["oob"], row, &format!("{data} oob"));
        let expected = numbers(&golden["importances"]);
        for (j, e) in expected.iter().enumerate() {
            let found = fitted.iter().map(|f| f.importances[j]).sum::<f64>() / 8.0;
            // Five standard errors of the mean of 2 x 800 trees of columns that share what they know.
            assert!((found - e).abs() < 0.004 + 0.12 * e, "{data}, importance of column {j}: {found} is not {e}");
        }
    }
    let (x, y) = shipped("diabetes");
    let config = TrainingConfig::RandomForest(ForestParams { max_features: MaxFeatures::All, ..forest() });
    let found: Vec<f64> = (0..8).map(|seed| cross_validated(&config, &x, &y, seed, root_mean_square)).collect();
    within_noise(&found, &golden()["forest"]["diabetes"]["rmse"], 0.1, "diabetes");
}

fn plain_boosting(max_iter: u32) -> BoostingParams {
    BoostingParams { max_iter, early_stopping: EarlyStopping::Off, ..boosting() }
}

#[test]
fn boosted_classes_are_as_right_as_scikit_learns() {
    for data in ["breast_cancer", "wine"] {
        let (x, y) = shipped(data);
        let golden = &golden()["boosting"][data];
        for (name, class_weight) in [("plain", None), ("balanced", Some(ClassWeight::Balanced))] {
            let config = TrainingConfig::GradientBoosting(BoostingParams { class_weight, ..plain_boosting(60) });
            let right = cross_validated(&config, &x, &y, 0, share_right);
            let expected = golden[format!("accuracy_{name}")]["mean"].as_f64().unwrap();
            assert!((right - expected).abs() < 4.5 / x.rows() as f64, "{data} {name}: {right} is not {expected}");
            let loss = cross_validated(&config, &x, &y, 0, mean_log_loss);
            let expected = golden[format!("log_loss_{name}")]["mean"].as_f64().unwrap();
            // Columns that cut these few rows alike tie exactly, and rounding picks among them: the models differ.
            assert!((loss / expected - 1.0).abs() < 0.06, "{data} {name}: log loss {loss} is not {expected}");
        }
        // What a tie cannot change: how far the first trees take the loss down.
        for n in [1, 10] {
            let fitted = fit_with(&TrainingConfig::GradientBoosting(plain_boosting(n)), &x, &y, 0, 0).unwrap();
            let loss = fitted.curve.last().unwrap().value;
            let expected = golden[format!("train_log_loss_after_{n}")].as_f64().unwrap();
            let allowed = if n == 1 { 1e-6 } else { 1e-2 };
            assert!((loss / expected - 1.0).abs() < allowed, "{data}: {loss} is not {expected} after {n}");
        }
    }
}

/// Mean −ln of the true class's probability, every class weighing as much.
fn balanced_log_loss(config: &BoostingParams, x: &Matrix, y: &Target) -> f64 {
    let model = fit_with(&TrainingConfig::GradientBoosting(config.clone()), x, y, 0, 0).unwrap().model;
    let (Predictions::Classes { probabilities, .. }, Target::Classes { codes, labels }) =
        (model.predict(x).unwrap(), y)
    else {
        panic!("classes")
    };
    let mut sums = vec![(0.0, 0.0); labels.len()];
    for (i, &code) in codes.iter().enumerate() {
        let (sum, rows) = &mut sums[code as usize];
        *sum -= probabilities.get(i, code as usize).ln();
        *rows += 1.0;
    }
    sums.iter().map(|(sum, rows)| sum / rows).sum::<f64>() / labels.len() as f64
}

#[test]
fn balanced_boosting_trains_on_scikit_learns_loss() {
    // Of the first label every tenth row stays: here the weights matter, 0.61 against 0.82 after one tree.
    let golden = &golden()["boosting"]["breast_cancer_rare"];
    let (x, y) = shipped("breast_cancer");
    let Target::Classes { codes, .. } = &y else { panic!("classes") };
    let kept: Vec<usize> = (0..x.rows()).filter(|&i| codes[i] == 1 || i % 10 == 0).collect();
    let (x, y) = (x.take(&kept), y.take(&kept));
    for n in [1, 10] {
        for (name, class_weight) in [("plain", None), ("balanced", Some(ClassWeight::Balanced))] {
            let loss = balanced_log_loss(&BoostingParams { class_weight, ..plain_boosting(n) }, &x, &y);
            let expected = golden[format!("balanced_log_loss_of_{name}_after_{n}")].as_f64().unwrap();
            // As above: after the first tree, cuts that tie exactly are picked by rounding.
            let allowed = if n == 1 { 1e-6 } else { 1e-2 };
            assert!((loss / expected - 1.0).abs() < allowed, "{name}: {loss} is not {expected} after {n}");
        }
    }
}

fn compare_values(config: &TrainingConfig, x: &Matrix, y: &Target, golden: &Value, tolerance: f64, what: &str) {
    let found = cross_validated(config, x, y, 0, root_mean_square);
    let expected = golden["rmse"]["mean"].as_f64().unwrap();
    assert!((found / expected - 1.0).abs() < tolerance, "{what}: RMSE {found} is not {expected}");
    let model = fit_with(config, x, y, 0, 0).unwrap().model;
    let every_97th = x.take(&(0..x.rows()).step_by(97).collect::<Vec<_>>());
    let apart = rmse(&values(model.predict(&every_97th).unwrap()), &numbers(&golden["fitted"]));
    assert!(apart < 0.1 * expected, "{what}: predictions are {apart} apart");
}

#[test]
fn boosted_values_are_scikit_learns() {
    let golden = &golden()["boosting"];
    let (x, y) = shipped("diabetes");
    let config = |p| TrainingConfig::GradientBoosting(p);
    let ridge = BoostingParams { l2_regularization: 0.1, ..plain_boosting(40) };
    compare_values(&config(ridge), &x, &y, &golden["diabetes"], 0.005, "diabetes");
    let hole = |i: usize, j: usize| (7 * i + 3 * j) % 11 < 2;
    let data = (0..x.cols())
        .flat_map(|j| (0..x.rows()).map(move |i| (i, j)))
        .map(|(i, j)| if hole(i, j) { f64::NAN } else { x.get(i, j) })
        .collect();
    let holes = Matrix::from_columns(x.rows(), x.cols(), data).unwrap();
    let shallow = BoostingParams { max_depth: Some(4), ..plain_boosting(40) };
    compare_values(&config(shallow), &holes, &y, &golden["diabetes_with_holes"], 0.005, "diabetes with holes");
}

#[test]
fn california_is_answered_as_scikit_learn_does() {
    let Some((x, y)) = california() else { return };
    let boosted = TrainingConfig::GradientBoosting(plain_boosting(100));
    compare_values(&boosted, &x, &y, &golden()["boosting"]["california"], 0.01, "California");
    let forest =
        TrainingConfig::RandomForest(ForestParams { max_features: MaxFeatures::All, n_estimators: 20, ..forest() });
    let found = cross_validated(&forest, &x, &y, 0, root_mean_square);
    let expected = golden()["forest"]["california"]["rmse"]["mean"].as_f64().unwrap();
    assert!((found / expected - 1.0).abs() < 0.01, "California forest: RMSE {found} is not {expected}");
}
