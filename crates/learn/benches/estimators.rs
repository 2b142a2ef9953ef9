//! Speed of the estimators on 100,000 x 20 rows (Friedman's first function), one thread.
//!
//! `peer_sklearn.py` runs the same cases in scikit-learn; `examples/side_by_side.rs` prints processor seconds and metrics,
//! which is what to compare on a machine that others use too.
#![allow(
    clippy::unwrap_used,
    missing_docs,
    reason = "a measurement of fixed cases; criterion's macros make public items"
)]

#[path = "../tests/common/mod.rs"]
mod common;

use common::{above_middle, boosting, fit_with, forest, friedman, logistic, thirds};
use criterion::{Criterion, criterion_group, criterion_main};
use driftgate_model::Target;
use driftgate_model::config::{BoostingParams, EarlyStopping, TrainingConfig};
use std::hint::black_box;

fn estimators(c: &mut Criterion) {
    let (x, y) = friedman(100_000, 20, 1);
    let fixed = BoostingParams { max_iter: 300, early_stopping: EarlyStopping::Off, ..boosting() };
    let cases = [
        ("forest, 100 trees", TrainingConfig::RandomForest(forest()), above_middle(&y)),
        ("boosting, 300 iterations", TrainingConfig::GradientBoosting(fixed), Target::Values(y.clone())),
        ("logistic, 3 classes", TrainingConfig::LogisticRegression(logistic()), thirds(&y)),
    ];
    let mut group = c.benchmark_group("100,000 x 20, one thread");
    group.sample_size(10);
    for (name, config, target) in cases {
        let fitted = fit_with(&config, &x, &target, 42, 1).unwrap();
        group.bench_function(format!("fit {name}"), |b| {
            b.iter(|| fit_with(black_box(&config), &x, &target, 42, 1).unwrap());
        });
        group.bench_function(format!("predict {name}"), |b| b.iter(|| fitted.model.predict(black_box(&x)).unwrap()));
    }
    group.finish();
}

criterion_group!(benches, estimators);
criterion_main!(benches);
