//! What a column costs: sizes that batches have, one thread.

#![allow(missing_docs, reason = "criterion's macros make undocumented items")]

use criterion::{Criterion, criterion_group, criterion_main};
use driftgate_drift::{NumericColumn, check_numeric, chi2, ks, wasserstein::wasserstein};
use std::hint::black_box;

/// Numbers in 0..1 without a pattern that the caches could like.
fn scattered(rows: usize, salt: u64) -> Vec<f64> {
    let one = |i: usize| {
        let z = (i as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15 ^ salt);
        let z = (z ^ (z >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        (z >> 11) as f64 / (1u64 << 53) as f64
    };
    (0..rows).map(one).collect()
}

fn sorted(rows: usize, salt: u64) -> Vec<f64> {
    let mut values = scattered(rows, salt);
    values.sort_unstable_by(f64::total_cmp);
    values
}

fn benchmarks(c: &mut Criterion) {
    let (a, b) = (sorted(1_000_000, 1), sorted(1_000_000, 2));
    let (x, y) = (sorted(2000, 1), sorted(2000, 2));
    let unsorted = scattered(1_000_000, 3);
    c.bench_function("sort 1M", |t| {
        t.iter(|| {
            let mut values = unsorted.clone();
            driftgate_drift::sort(&mut values);
            values
        });
    });
    c.bench_function("ks 1M+1M", |t| t.iter(|| ks::test(black_box(&a), black_box(&b))));
    let config = driftgate_config::default_drift();
    c.bench_function("column 1M+1M by ks", |t| {
        t.iter(|| {
            let (reference, batch) = (a.as_slice(), unsorted.clone());
            let column = NumericColumn { name: "x", reference, reference_missing: 0, batch, thresholds: None };
            check_numeric(column, &config)
        });
    });
    c.bench_function("ks exact 2000+2000", |t| t.iter(|| ks::test(black_box(&x), black_box(&y))));
    c.bench_function("ks exact p at D = 0.5", |t| t.iter(|| ks::exact_p(black_box(2_000_000), 2000, 2000)));
    c.bench_function("wasserstein 1M+1M", |t| t.iter(|| wasserstein(black_box(&a), black_box(&b))));
    let found = chi2::homogeneity(&[300_000, 300_000, 400_000], &[350_000, 350_000, 300_000]);
    if let Some(found) = &found {
        c.bench_function("chi2 interval", |t| t.iter(|| chi2::interval(black_box(found), 1_000_000, 1_000_000, 0.95)));
    }
}

criterion_group!(benches, benchmarks);
criterion_main!(benches);
