//! What evaluation costs: answers of the sizes that runs meet, 1,000 resamples, one thread.

#![allow(missing_docs, reason = "criterion's macros make undocumented items")]

use criterion::{Criterion, criterion_group, criterion_main};
use driftgate_learn::metrics::{Answers, Baseline, EvaluateOptions, evaluate, paired};
use driftgate_model::config::{Averaging, BootstrapConfig, EvaluationConfig};
use driftgate_model::{CancelToken, Matrix};
use std::hint::black_box;

fn config(resamples: u32) -> EvaluationConfig {
    EvaluationConfig {
        averaging: Averaging::Weighted,
        positive_label: None,
        bootstrap: BootstrapConfig { resamples, level: 0.95, seed: 42 },
        calibration_bins: 10,
    }
}

/// Numbers in 0..1 without a pattern that the caches could like.
fn scattered(i: usize, salt: u64) -> f64 {
    let z = (i as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15 ^ salt);
    let z = (z ^ (z >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (z >> 11) as f64 / (1u64 << 53) as f64
}

struct ClassSet {
    labels: Vec<String>,
    truth: Vec<u32>,
    probabilities: Matrix,
}

impl ClassSet {
    fn new(rows: usize, classes: usize, salt: u64) -> Self {
        let truth: Vec<u32> = (0..rows).map(|i| (scattered(i, 7) * classes as f64) as u32).collect();
        let raw =
            |i: usize, j: usize| scattered(i, salt + 31 * j as u64) + if truth[i] as usize == j { 0.6 } else { 0.05 };
        let sums: Vec<f64> = (0..rows).map(|i| (0..classes).map(|j| raw(i, j)).sum()).collect();
        let data =
            (0..classes).flat_map(|j| (0..rows).map(move |i| (i, j))).map(|(i, j)| raw(i, j) / sums[i]).collect();
        let labels = (0..classes).map(|c| format!("label {c}")).collect();
        let probabilities = Matrix::from_columns(rows, classes, data).unwrap_or_else(|| unreachable!("rows x classes"));
        ClassSet { labels, truth, probabilities }
    }

    fn answers(&self) -> Answers<'_> {
        Answers::Classes { labels: &self.labels, truth: &self.truth, probabilities: &self.probabilities }
    }
}

fn benches(c: &mut Criterion) {
    let cancel = CancelToken::new();
    let mut group = c.benchmark_group("evaluate");
    group.sample_size(10);
    for (rows, classes, resamples) in
        [(86, 2, 1000), (3_096, 2, 1000), (3_096, 10, 1000), (20_000, 2, 1000), (20_000, 2, 0)]
    {
        let set = ClassSet::new(rows, classes, 3);
        let baseline = Baseline::Majority { code: 0, shares: vec![1.0 / classes as f64; classes] };
        let config = config(resamples);
        let options = EvaluateOptions { split: "test", config: &config, threads: 1, cancel: &cancel };
        group.bench_function(format!("{classes} classes, {rows} rows, {resamples} resamples"), |b| {
            b.iter(|| evaluate(black_box(&set.answers()), &baseline, &options));
        });
    }
    for rows in [3_096, 20_000] {
        let truth: Vec<f64> = (0..rows).map(|i| scattered(i, 1)).collect();
        let predicted: Vec<f64> = (0..rows).map(|i| truth[i] + 0.1 * scattered(i, 2)).collect();
        let config = config(1000);
        let options = EvaluateOptions { split: "test", config: &config, threads: 1, cancel: &cancel };
        let answers = Answers::Values { truth: &truth, predicted: &predicted };
        group.bench_function(format!("values, {rows} rows, 1000 resamples"), |b| {
            b.iter(|| evaluate(black_box(&answers), &Baseline::Mean(0.5), &options));
        });
    }
    group.finish();

    let mut group = c.benchmark_group("paired");
    group.sample_size(10);
    for rows in [86, 20_000] {
        let (ours, theirs) = (ClassSet::new(rows, 2, 3), ClassSet::new(rows, 2, 5));
        let config = config(1000);
        for names in [&["accuracy"][..], &["accuracy", "roc_auc", "log_loss"]] {
            group.bench_function(format!("{}, {rows} rows, 1000 resamples", names.join(" ")), |b| {
                b.iter(|| paired(names, black_box(&ours.answers()), &theirs.answers(), &config, 0.95, 1, &cancel));
            });
        }
    }
    group.finish();
}

criterion_group!(metrics, benches);
criterion_main!(metrics);
