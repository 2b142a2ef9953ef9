//! Data that both this crate's tests and the scikit-learn scripts make, number for number.
#![allow(dead_code, reason = "each test file uses a part")]

use driftgate_model::config::{
    BoostingParams, EarlyStopping, ForestParams, LinearParams, LogisticParams, MaxFeatures, TrainingConfig,
};
use driftgate_model::{CancelToken, Matrix, NullObserver, Target};

/// Number `index` of the sequence that belongs to `seed`, uniform in [0, 1): SplitMix64 as a hash of a counter.
pub fn uniform(seed: u64, index: u64) -> f64 {
    let mut z = seed.wrapping_add(index.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^= z >> 31;
    (z >> 11) as f64 / (1u64 << 53) as f64
}

/// A standard normal to good approximation: twelve uniforms less six.
pub fn normal(seed: u64, index: u64) -> f64 {
    (0..12).map(|k| uniform(seed, 12 * index + k)).sum::<f64>() - 6.0
}

/// Friedman's first function of the first five columns plus unit noise; the other columns carry nothing.
pub fn friedman(rows: usize, columns: usize, seed: u64) -> (Matrix, Vec<f64>) {
    let data = (0..rows * columns).map(|i| uniform(seed, i as u64)).collect();
    let x = Matrix::from_columns(rows, columns, data).unwrap();
    let y = (0..rows)
        .map(|i| {
            let v = |j| x.get(i, j);
            let signal = 10.0 * (std::f64::consts::PI * v(0) * v(1)).sin()
                + 20.0 * (v(2) - 0.5) * (v(2) - 0.5)
                + 10.0 * v(3)
                + 5.0 * v(4);
            signal + normal(seed ^ 0xABCD, i as u64)
        })
        .collect();
    (x, y)
}

/// Whether a value of [`friedman`] is above its usual middle.
pub fn above_middle(values: &[f64]) -> Target {
    let codes = values.iter().map(|&v| u32::from(v > 14.4)).collect();
    Target::Classes { labels: vec!["high".into(), "low".into()], codes }
}

/// Three classes by thirds of [`friedman`].
pub fn thirds(values: &[f64]) -> Target {
    let codes = values.iter().map(|&v| u32::from(v > 12.0) + u32::from(v > 17.0)).collect();
    Target::Classes { labels: ["a", "b", "c"].map(String::from).to_vec(), codes }
}

pub fn forest() -> ForestParams {
    ForestParams {
        n_estimators: 100,
        max_depth: None,
        min_samples_split: 2,
        min_samples_leaf: 1,
        max_features: MaxFeatures::Sqrt,
        class_weight: None,
    }
}

pub fn boosting() -> BoostingParams {
    BoostingParams {
        max_iter: 100,
        learning_rate: 0.1,
        max_depth: None,
        max_leaf_nodes: 31,
        min_samples_leaf: 20,
        l2_regularization: 0.0,
        max_bins: 255,
        early_stopping: EarlyStopping::Auto,
        validation_fraction: 0.1,
        n_iter_no_change: 10,
        tol: 1e-7,
        class_weight: None,
    }
}

pub fn logistic() -> LogisticParams {
    LogisticParams { c: 1.0, max_iter: 200, class_weight: None }
}

/// One configuration of each estimator, with the target it suits.
pub fn every_estimator(y: &[f64]) -> Vec<(&'static str, TrainingConfig, Target)> {
    let values = || Target::Values(y.to_vec());
    let small = ForestParams { n_estimators: 12, ..forest() };
    let boost = BoostingParams { max_iter: 15, early_stopping: EarlyStopping::On, ..boosting() };
    vec![
        ("forest of two classes", TrainingConfig::RandomForest(small.clone()), above_middle(y)),
        ("forest of three classes", TrainingConfig::RandomForest(small.clone()), thirds(y)),
        (
            "forest of values",
            TrainingConfig::RandomForest(ForestParams { max_features: MaxFeatures::All, ..small }),
            values(),
        ),
        ("boosting of values", TrainingConfig::GradientBoosting(boost.clone()), values()),
        ("boosting of two classes", TrainingConfig::GradientBoosting(boost.clone()), above_middle(y)),
        ("boosting of three classes", TrainingConfig::GradientBoosting(boost), thirds(y)),
        ("logistic of two classes", TrainingConfig::LogisticRegression(logistic()), above_middle(y)),
        ("logistic of three classes", TrainingConfig::LogisticRegression(logistic()), thirds(y)),
        ("least squares", TrainingConfig::LinearRegression(LinearParams { alpha: 0.0 }), values()),
        ("ridge", TrainingConfig::LinearRegression(LinearParams { alpha: 3.0 }), values()),
    ]
}

/// Fits quietly.
pub fn fit_with(
    config: &TrainingConfig,
    x: &Matrix,
    y: &Target,
    seed: u64,
    threads: usize,
) -> Result<driftgate_learn::Fitted, driftgate_learn::LearnError> {
    let cancel = CancelToken::new();
    let ctx = driftgate_learn::FitContext { seed, threads, observer: &NullObserver, cancel: &cancel };
    driftgate_learn::fit(config, x, y, &ctx)
}

/// The share of equal codes.
pub fn accuracy(predicted: &[u32], y: &Target) -> f64 {
    let Target::Classes { codes, .. } = y else { panic!("a target of classes") };
    predicted.iter().zip(codes).filter(|(a, b)| a == b).count() as f64 / codes.len() as f64
}

/// Root of the mean squared error.
pub fn rmse(predicted: &[f64], y: &[f64]) -> f64 {
    (predicted.iter().zip(y).map(|(a, b)| (a - b).powi(2)).sum::<f64>() / y.len() as f64).sqrt()
}

/// The values of a prediction.
pub fn values(predictions: driftgate_learn::Predictions) -> Vec<f64> {
    match predictions {
        driftgate_learn::Predictions::Values(values) => values,
        other => panic!("values, not {other:?}"),
    }
}
