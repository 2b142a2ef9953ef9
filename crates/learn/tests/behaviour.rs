//! Small cases whose answer is known beforehand, and inputs that must be refused.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod common;

use common::{
    accuracy, boosting, every_estimator, fit_with, forest, friedman, logistic, normal, rmse, uniform, values,
};
use driftgate_learn::{FitContext, LearnError, Model, Predictions, fit};
use driftgate_model::config::{
    BoostingParams, ClassWeight, EarlyStopping, ForestParams, LinearParams, LogisticParams, MaxFeatures, TrainingConfig,
};
use driftgate_model::{CancelToken, Code, Coded, Matrix, NullObserver, Observer, Progress, Target};
use std::sync::Mutex;

fn matrix(columns: &[&[f64]]) -> Matrix {
    Matrix::from_columns(columns[0].len(), columns.len(), columns.concat()).unwrap()
}

fn classes(labels: &[&str], codes: &[u32]) -> Target {
    Target::Classes { labels: labels.iter().map(|l| l.to_string()).collect(), codes: codes.to_vec() }
}

fn probabilities(model: &Model, x: &Matrix) -> Matrix {
    match model.predict(x).unwrap() {
        Predictions::Classes { probabilities, .. } => probabilities,
        other => panic!("classes, not {other:?}"),
    }
}

/// 40 rows: the first column is 0 to 19 in the first class and 120 to 139 in the second; the second column is noise.
fn two_halves() -> (Matrix, Target) {
    let first: Vec<f64> = (0..40).map(|i| f64::from(if i < 20 { i } else { 100 + i })).collect();
    let noise: Vec<f64> = (0..40).map(|i| uniform(9, i)).collect();
    let codes: Vec<u32> = (0..40).map(|i| u32::from(i >= 20)).collect();
    (matrix(&[&first, &noise]), classes(&["left", "right"], &codes))
}

#[test]
fn a_tree_splits_where_it_must() {
    let (x, y) = two_halves();
    let params = ForestParams { max_depth: Some(1), max_features: MaxFeatures::All, n_estimators: 200, ..forest() };
    let fitted = fit_with(&TrainingConfig::RandomForest(params), &x, &y, 3, 1).unwrap();
    assert!(fitted.importances[0] > 0.999, "{:?}", fitted.importances);
    assert_eq!(fitted.oob_score, Some(1.0));
    assert_eq!(fitted.model.summary(), "200 trees, depth up to 1");
    let p = probabilities(&fitted.model, &matrix(&[&[0.0, 19.0, 120.0, 139.0], &[0.5; 4]]));
    assert!(p.get(0, 0) > 0.99 && p.get(1, 0) > 0.99 && p.get(2, 1) > 0.99 && p.get(3, 1) > 0.99);
    for i in 0..4 {
        assert!((p.get(i, 0) + p.get(i, 1) - 1.0).abs() < 1e-12);
    }
}

#[test]
fn forest_limits_hold() {
    let (x, y) = friedman(600, 5, 21);
    let y = common::above_middle(&y);
    let depth =
        |params: ForestParams| match fit_with(&TrainingConfig::RandomForest(params), &x, &y, 1, 1).unwrap().model {
            Model::Forest(f) => f.depth(),
            other => panic!("a forest, not {other:?}"),
        };
    assert_eq!(depth(ForestParams { max_depth: Some(3), ..forest() }), 3);
    assert!(depth(forest()) > 8);
    assert!(depth(ForestParams { min_samples_leaf: 100, ..forest() }) <= 3);
    assert!(depth(ForestParams { min_samples_split: 300, ..forest() }) <= 6);
    // About 379 of 600 rows are in a sample; none can be split into 2 x 380.
    assert_eq!(depth(ForestParams { min_samples_leaf: 450, ..forest() }), 0);
}

#[test]
fn balanced_forests_hear_the_rare_class() {
    // One informative column, 5 % positives that overlap the negatives.
    let n = 2_000;
    let codes: Vec<u32> = (0..n).map(|i| u32::from(i % 20 == 0)).collect();
    let signal: Vec<f64> = (0..n).map(|i| normal(31, i) + f64::from(codes[i as usize]) * 1.5).collect();
    let x = matrix(&[&signal]);
    let y = classes(&["no", "yes"], &codes);
    let share = |weight| {
        let params = ForestParams { max_depth: Some(3), class_weight: weight, ..forest() };
        let model = fit_with(&TrainingConfig::RandomForest(params), &x, &y, 1, 1).unwrap().model;
        model.predict(&x).unwrap().codes().iter().filter(|&&c| c == 1).count()
    };
    assert!(share(None) < 60, "{}", share(None));
    assert!(share(Some(ClassWeight::Balanced)) > 200, "{}", share(Some(ClassWeight::Balanced)));
}

#[test]
fn forest_of_values_averages_its_leaves() {
    let x = matrix(&[&(0..60).map(|i| f64::from(if i < 30 { i } else { 100 + i })).collect::<Vec<_>>()]);
    let y: Vec<f64> = (0..60).map(|i| if i < 30 { -5.0 } else { 7.0 }).collect();
    let params = ForestParams { max_features: MaxFeatures::All, ..forest() };
    let fitted = fit_with(&TrainingConfig::RandomForest(params), &x, &Target::Values(y), 1, 1).unwrap();
    let answers = values(fitted.model.predict(&matrix(&[&[3.0, 150.0]])).unwrap());
    assert!((answers[0] + 5.0).abs() < 1e-9 && (answers[1] - 7.0).abs() < 1e-9, "{answers:?}");
    assert!(fitted.oob_score.unwrap() > 0.98);
}

fn quick() -> BoostingParams {
    BoostingParams { max_iter: 200, early_stopping: EarlyStopping::Off, min_samples_leaf: 5, ..boosting() }
}

#[test]
fn boosting_fits_a_step() {
    let first: Vec<f64> = (0..200).map(f64::from).collect();
    let noise: Vec<f64> = (0..200).map(|i| uniform(3, i)).collect();
    let y: Vec<f64> = (0..200).map(|i| if i < 75 { 1.0 } else { 4.0 }).collect();
    let x = matrix(&[&first, &noise]);
    let fitted = fit_with(&TrainingConfig::GradientBoosting(quick()), &x, &Target::Values(y.clone()), 1, 1).unwrap();
    assert!(rmse(&values(fitted.model.predict(&x).unwrap()), &y) < 1e-6);
    assert!(fitted.importances[0] > 0.999999);
    let loss: Vec<f64> = fitted.curve.iter().filter(|p| p.name == "train_loss").map(|p| p.value).collect();
    assert_eq!(loss.len(), 200);
    assert!(loss.windows(2).all(|w| w[1] <= w[0]) && loss[199] < 1e-12);
}

#[test]
fn one_boosting_step_is_the_newton_step() {
    // Two leaves of 10 rows each; baseline 2, residuals ∓1; step = rate · G / (H + l2).
    let x = matrix(&[&(0..20).map(f64::from).collect::<Vec<_>>()]);
    let y: Vec<f64> = (0..20).map(|i| if i < 10 { 1.0 } else { 3.0 }).collect();
    let params = BoostingParams { max_iter: 1, learning_rate: 0.5, l2_regularization: 10.0, ..quick() };
    let fitted = fit_with(&TrainingConfig::GradientBoosting(params), &x, &Target::Values(y), 1, 1).unwrap();
    let answers = values(fitted.model.predict(&matrix(&[&[0.0, 9.0, 10.0, 19.0]])).unwrap());
    for (a, expected) in answers.iter().zip([1.75, 1.75, 2.25, 2.25]) {
        assert!((a - expected).abs() < 1e-12, "{answers:?}");
    }
}

#[test]
fn boosting_learns_where_missing_values_go() {
    // Missing behaves like a large value in one column and like a small one in the other.
    let n = 300;
    let v: Vec<f64> = (0..n).map(|i| if i % 3 == 0 { f64::NAN } else { (i % 100) as f64 }).collect();
    for missing_is_large in [true, false] {
        let y: Vec<f64> =
            v.iter().map(|&v| if if v.is_nan() { missing_is_large } else { v >= 50.0 } { 10.0 } else { 0.0 }).collect();
        let x = matrix(&[&v]);
        let model = fit_with(&TrainingConfig::GradientBoosting(quick()), &x, &Target::Values(y), 1, 1).unwrap().model;
        let answers = values(model.predict(&matrix(&[&[f64::NAN, 10.0, 90.0]])).unwrap());
        let expected = [if missing_is_large { 10.0 } else { 0.0 }, 0.0, 10.0];
        assert!(answers.iter().zip(expected).all(|(a, e)| (a - e).abs() < 1e-3), "{answers:?}");
    }
    // "Missing or not" is a split of its own, even of a column with a single value.
    let flag: Vec<f64> = (0..n).map(|i| if i % 4 == 0 { f64::NAN } else { 1.0 }).collect();
    let y: Vec<f64> = flag.iter().map(|v| if v.is_nan() { -1.0 } else { 1.0 }).collect();
    let model = fit_with(&TrainingConfig::GradientBoosting(quick()), &matrix(&[&flag]), &Target::Values(y), 1, 1)
        .unwrap()
        .model;
    let answers = values(model.predict(&matrix(&[&[f64::NAN, 1.0]])).unwrap());
    assert!((answers[0] + 1.0).abs() < 1e-3 && (answers[1] - 1.0).abs() < 1e-3, "{answers:?}");
}

#[test]
fn a_column_without_missing_values_sends_them_with_the_majority() {
    let x = matrix(&[&(0..100).map(f64::from).collect::<Vec<_>>()]);
    for (cut, expected) in [(30.0, 5.0), (70.0, 0.0)] {
        let y = (0..100).map(|i| if f64::from(i) < cut { 0.0 } else { 5.0 }).collect();
        let params = BoostingParams { max_leaf_nodes: 2, ..quick() };
        let model = fit_with(&TrainingConfig::GradientBoosting(params), &x, &Target::Values(y), 1, 1).unwrap().model;
        let answer = values(model.predict(&matrix(&[&[f64::NAN]])).unwrap())[0];
        assert!((answer - expected).abs() < 0.01, "{answer}");
    }
}

#[test]
fn early_stopping_watches_rows_held_out() {
    let (x, y) = friedman(1_000, 5, 22);
    let noise: Vec<f64> = (0..1_000).map(|i| normal(77, i)).collect();
    let params = BoostingParams { max_iter: 400, early_stopping: EarlyStopping::On, ..boosting() };
    let fitted = fit_with(&TrainingConfig::GradientBoosting(params.clone()), &x, &Target::Values(noise), 1, 1).unwrap();
    let Model::Boosting(model) = &fitted.model else { panic!("boosting") };
    assert!(model.iterations() < 40, "noise has nothing to learn: {} iterations", model.iterations());
    let held = fitted.curve.iter().filter(|p| p.name == "validation_loss").count();
    assert_eq!(held, model.iterations());
    assert!(fitted.notes.iter().any(|n| n.contains("stopped early")), "{:?}", fitted.notes);
    let off = BoostingParams { early_stopping: EarlyStopping::Auto, max_iter: 30, ..params };
    let fitted = fit_with(&TrainingConfig::GradientBoosting(off), &x, &Target::Values(y), 1, 1).unwrap();
    assert!(fitted.curve.iter().all(|p| p.name == "train_loss") && fitted.curve.len() == 30);
}

#[test]
fn early_stopping_by_itself_begins_above_ten_thousand_rows() {
    let small = BoostingParams { max_iter: 3, max_leaf_nodes: 3, early_stopping: EarlyStopping::Auto, ..boosting() };
    for (rows, held_out) in [(10_000, 0), (10_001, 3)] {
        let (x, y) = friedman(rows, 5, 25);
        let fitted = fit_with(&TrainingConfig::GradientBoosting(small.clone()), &x, &Target::Values(y), 1, 0).unwrap();
        let points = |name| fitted.curve.iter().filter(|p| p.name == name).count();
        assert_eq!((points("train_loss"), points("validation_loss")), (3, held_out), "{rows} rows");
    }
}

#[test]
fn balanced_boosting_finds_more_of_a_rare_class() {
    // One row of fifteen is rare, and where it lies seven of ten others lie too.
    let x = Matrix::from_columns(3_000, 1, (0..3_000).map(|i| uniform(61, i)).collect()).unwrap();
    let rare = |i: usize| x.get(i, 0) > 0.8 && uniform(62, i as u64) < 0.3;
    let y = classes(&["common", "rare"], &(0..3_000).map(|i| u32::from(rare(i))).collect::<Vec<_>>());
    let found = |class_weight| {
        let params = BoostingParams { class_weight, max_iter: 20, ..quick() };
        let model = fit_with(&TrainingConfig::GradientBoosting(params), &x, &y, 1, 1).unwrap().model;
        let codes = model.predict(&x).unwrap().codes();
        (0..3_000).filter(|&i| rare(i) && codes[i] == 1).count() as f64 / (0..3_000).filter(|&i| rare(i)).count() as f64
    };
    let (plain, balanced) = (found(None), found(Some(ClassWeight::Balanced)));
    assert!(plain < 0.3 && balanced > 0.9, "{plain} and {balanced} of the rare rows");
}

#[test]
fn boosting_tells_three_classes_apart() {
    let (x, y) = friedman(3_000, 5, 23);
    let y = common::thirds(&y);
    let model = fit_with(&TrainingConfig::GradientBoosting(quick()), &x, &y, 1, 1).unwrap().model;
    let (new_x, new_y) = friedman(2_000, 5, 24);
    let right = accuracy(&model.predict(&new_x).unwrap().codes(), &common::thirds(&new_y));
    assert!(right > 0.80, "{right}");
    let p = probabilities(&model, &new_x);
    assert!((0..p.rows()).all(|i| ((0..3).map(|k| p.get(i, k)).sum::<f64>() - 1.0).abs() < 1e-12));
}

#[test]
fn labels_without_rows_get_no_probability_and_a_note() {
    let (x, y) = two_halves();
    let Target::Classes { codes, .. } = y else { panic!("classes") };
    let y = classes(&["a", "b", "c", "d"], &codes.iter().map(|c| 1 + 2 * c).collect::<Vec<_>>());
    let configs = [
        TrainingConfig::RandomForest(forest()),
        TrainingConfig::GradientBoosting(quick()),
        TrainingConfig::LogisticRegression(logistic()),
    ];
    for config in configs {
        let fitted = fit_with(&config, &x, &y, 1, 1).unwrap();
        let p = probabilities(&fitted.model, &x);
        assert!((0..40).all(|i| p.get(i, 0) == 0.0 && p.get(i, 2) == 0.0));
        assert!(fitted.model.predict(&x).unwrap().codes().iter().zip(&codes).all(|(p, c)| *p == 1 + 2 * c));
        assert!(fitted.notes.iter().any(|n| n.contains("`a`, `c`")), "{:?}", fitted.notes);
    }
}

#[test]
fn least_squares_finds_the_plane_and_survives_dependent_columns() {
    let a: Vec<f64> = (0..50).map(|i| uniform(5, i)).collect();
    let b: Vec<f64> = (0..50).map(|i| 1e6 + 1e3 * uniform(6, i)).collect();
    let both: Vec<f64> = a.iter().zip(&b).map(|(a, b)| a + b / 1e3).collect();
    let fixed = vec![4.0; 50];
    let y: Vec<f64> = a.iter().zip(&b).map(|(a, b)| 3.0 * a - 0.002 * b + 1.5).collect();
    let linear = |alpha| TrainingConfig::LinearRegression(LinearParams { alpha });
    let fitted = fit_with(&linear(0.0), &matrix(&[&a, &b]), &Target::Values(y.clone()), 1, 1).unwrap();
    let Model::Linear(model) = &fitted.model else { panic!("linear") };
    assert!((model.coefficients()[0] - 3.0).abs() < 1e-7 && (model.coefficients()[1] + 0.002).abs() < 1e-10);
    assert!((model.intercept() - 1.5).abs() < 1e-4 && fitted.notes.is_empty());
    let x = matrix(&[&a, &fixed, &b, &both]);
    let fitted = fit_with(&linear(0.0), &x, &Target::Values(y.clone()), 1, 1).unwrap();
    let Model::Linear(model) = &fitted.model else { panic!("linear") };
    assert!(model.coefficients().iter().all(|c| c.abs() < 10.0), "{:?}", model.coefficients());
    assert_eq!(model.coefficients()[1], 0.0);
    assert!(rmse(&values(fitted.model.predict(&x).unwrap()), &y) < 1e-6);
    assert!(fitted.notes.iter().any(|n| n.contains("linear combinations")), "{:?}", fitted.notes);
    // Ridge needs no such care, and shrinks.
    let ridge = fit_with(&linear(1.0), &x, &Target::Values(y), 1, 1).unwrap();
    assert!(ridge.notes.is_empty());
}

#[test]
fn more_columns_than_rows_are_no_obstacle() {
    let (x, _) = friedman(12, 40, 41);
    let y: Vec<f64> = (0..12).map(|i| uniform(8, i)).collect();
    for alpha in [0.0, 1e-6] {
        let config = TrainingConfig::LinearRegression(LinearParams { alpha });
        let fitted = fit_with(&config, &x, &Target::Values(y.clone()), 1, 1).unwrap();
        assert!(rmse(&values(fitted.model.predict(&x).unwrap()), &y) < 1e-5, "alpha {alpha}");
    }
}

#[test]
fn an_unfinished_logistic_fit_is_a_note() {
    let (x, y) = two_halves();
    let params = LogisticParams { c: 1e12, max_iter: 2, class_weight: Some(ClassWeight::Balanced) };
    let fitted = fit_with(&TrainingConfig::LogisticRegression(params), &x, &y, 1, 1).unwrap();
    assert!(fitted.notes.iter().any(|n| n.contains("did not converge in 2 iterations")), "{:?}", fitted.notes);
}

#[test]
fn wrong_data_are_refused_with_their_code() {
    let (x, y) = friedman(50, 5, 1);
    let nan = |row: usize| {
        let data = (0..5).flat_map(|j| x.column(j).to_vec()).enumerate();
        Matrix::from_columns(50, 5, data.map(|(i, v)| if i == row { f64::NAN } else { v }).collect()).unwrap()
    };
    for (name, config, target) in every_estimator(&y) {
        let refused = |x: &Matrix, y: &Target| fit_with(&config, x, y, 1, 1).unwrap_err();
        let empty = Matrix::from_columns(0, 5, vec![]).unwrap();
        assert_eq!(refused(&empty, &target.take(&[])), LearnError::NoRows, "{name}");
        let narrow = Matrix::from_columns(50, 0, vec![]).unwrap();
        assert_eq!(refused(&narrow, &target), LearnError::NoColumns, "{name}");
        assert_eq!(refused(&empty, &target), LearnError::RowMismatch { features: 0, target: 50 }, "{name}");
        let infinite = Matrix::from_columns(50, 5, [vec![f64::INFINITY], vec![0.5; 249]].concat()).unwrap();
        let e = refused(&infinite, &target);
        assert_eq!(e, LearnError::InfiniteValues { columns: 1, of: 5, first: 1, row: 1 }, "{name}");
        assert_eq!(e.code(), Code::BadData);
        if name.starts_with("boosting") {
            assert!(fit_with(&config, &nan(60), &target, 1, 1).is_ok());
        } else {
            let e = refused(&nan(60), &target);
            assert!(
                matches!(e, LearnError::MissingValues { columns: 1, of: 5, values: 1, first: 2, .. }),
                "{name}: {e}"
            );
            assert!(e.hint().unwrap().contains("impute"), "{name}");
        }
        match &target {
            Target::Classes { labels, codes } => {
                let one = Target::Classes { labels: labels.clone(), codes: vec![1; 50] };
                assert_eq!(refused(&x, &one), LearnError::SingleClass(labels[1].clone()), "{name}");
                let mut codes = codes.clone();
                codes[7] = 9;
                let past = Target::Classes { labels: labels.clone(), codes };
                assert!(matches!(refused(&x, &past), LearnError::ClassCode { row: 8, code: 9, .. }), "{name}");
            }
            Target::Values(values) => {
                let mut values = values.clone();
                values[4] = f64::NAN;
                let e = refused(&x, &Target::Values(values));
                assert!(matches!(e, LearnError::TargetNotFinite { row: 5, count: 1, .. }), "{name}: {e}");
            }
        }
    }
}

#[test]
fn prediction_refuses_rows_of_another_shape() {
    let (x, y) = friedman(60, 5, 1);
    for (name, config, target) in every_estimator(&y) {
        let model = fit_with(&config, &x, &target, 1, 1).unwrap().model;
        let wide = Matrix::from_columns(1, 6, vec![0.0; 6]).unwrap();
        assert_eq!(model.predict(&wide).unwrap_err(), LearnError::ColumnCount { expected: 5, found: 6 }, "{name}");
        let infinite = Matrix::from_columns(1, 5, vec![0.0, f64::NEG_INFINITY, 0.0, 0.0, 0.0]).unwrap();
        assert!(matches!(model.predict(&infinite).unwrap_err(), LearnError::InfiniteValues { first: 2, .. }), "{name}");
        let missing = Matrix::from_columns(1, 5, vec![0.0, f64::NAN, 0.0, 0.0, 0.0]).unwrap();
        assert_eq!(model.predict(&missing).is_ok(), model.accepts_missing(), "{name}");
        let none = model.predict(&Matrix::from_columns(0, 5, vec![]).unwrap()).unwrap();
        assert!(none.is_empty(), "{name}");
    }
}

#[test]
fn estimators_refuse_targets_and_parameters_that_do_not_suit_them() {
    let (x, y) = friedman(60, 5, 1);
    let of_classes = common::above_middle(&y);
    let of_values = Target::Values(y);
    let refused = |config: TrainingConfig, y: &Target| fit_with(&config, &x, y, 1, 1).unwrap_err();
    let linear = |alpha| TrainingConfig::LinearRegression(LinearParams { alpha });
    assert!(matches!(refused(linear(0.0), &of_classes), LearnError::Task { .. }));
    assert!(matches!(refused(TrainingConfig::LogisticRegression(logistic()), &of_values), LearnError::Task { .. }));
    let f = TrainingConfig::RandomForest;
    let b = TrainingConfig::GradientBoosting;
    let balanced = Some(ClassWeight::Balanced);
    let wrong = [
        (linear(-1.0), &of_values, "alpha"),
        (linear(f64::NAN), &of_values, "alpha"),
        (TrainingConfig::LogisticRegression(LogisticParams { c: 0.0, ..logistic() }), &of_classes, "C"),
        (TrainingConfig::LogisticRegression(LogisticParams { max_iter: 0, ..logistic() }), &of_classes, "max_iter"),
        (f(ForestParams { n_estimators: 0, ..forest() }), &of_classes, "n_estimators"),
        (f(ForestParams { max_depth: Some(0), ..forest() }), &of_classes, "max_depth"),
        (f(ForestParams { min_samples_split: 1, ..forest() }), &of_classes, "min_samples_split"),
        (f(ForestParams { min_samples_leaf: 0, ..forest() }), &of_classes, "min_samples_leaf"),
        (f(ForestParams { max_features: MaxFeatures::Count(0), ..forest() }), &of_classes, "max_features"),
        (f(ForestParams { class_weight: balanced, ..forest() }), &of_values, "class_weight"),
        (b(BoostingParams { max_iter: 0, ..boosting() }), &of_values, "max_iter"),
        (b(BoostingParams { learning_rate: 0.0, ..boosting() }), &of_values, "learning_rate"),
        (b(BoostingParams { max_leaf_nodes: 1, ..boosting() }), &of_values, "max_leaf_nodes"),
        (b(BoostingParams { max_bins: 1, ..boosting() }), &of_values, "max_bins"),
        (b(BoostingParams { max_bins: 256, ..boosting() }), &of_values, "max_bins"),
        (b(BoostingParams { l2_regularization: -0.1, ..boosting() }), &of_values, "l2_regularization"),
        (b(BoostingParams { validation_fraction: 1.0, ..boosting() }), &of_values, "validation_fraction"),
        (b(BoostingParams { class_weight: balanced, ..boosting() }), &of_values, "class_weight"),
    ];
    for (config, y, parameter) in wrong {
        match refused(config, y) {
            LearnError::Parameter { name, .. } => assert_eq!(name, parameter),
            other => panic!("{parameter}: {other}"),
        }
    }
}

/// Cancels at the third progress report and counts the reports.
struct Impatient<'a> {
    token: &'a CancelToken,
    heard: Mutex<Vec<(String, Progress)>>,
}

impl Observer for Impatient<'_> {
    fn progress(&self, what: &str, progress: Progress) {
        let mut heard = self.heard.lock().unwrap();
        heard.push((what.to_string(), progress));
        if heard.len() == 3 {
            self.token.cancel();
        }
    }
}

#[test]
fn a_cancelled_fit_ends_soon_with_its_own_error() {
    let (x, y) = friedman(2_000, 5, 25);
    let iterative = every_estimator(&y).into_iter().filter(|c| !matches!(c.1, TrainingConfig::LinearRegression(_)));
    for (name, config, target) in iterative {
        for threads in [1, 3] {
            let token = CancelToken::new();
            let observer = Impatient { token: &token, heard: Mutex::default() };
            let ctx = FitContext { seed: 1, threads, observer: &observer, cancel: &token };
            assert_eq!(fit(&config, &x, &target, &ctx).unwrap_err(), LearnError::Cancelled, "{name}");
            let heard = observer.heard.lock().unwrap().len();
            assert!((3..3 + threads).contains(&heard), "{name}: {heard} reports");
        }
        let token = CancelToken::new();
        token.cancel();
        let ctx = FitContext { seed: 1, threads: 1, observer: &NullObserver, cancel: &token };
        assert_eq!(fit(&config, &x, &target, &ctx).unwrap_err(), LearnError::Cancelled, "{name}");
    }
}
