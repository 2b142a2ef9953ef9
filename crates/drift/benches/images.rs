//! What the tests of pictures cost: sizes that batches have, on two threads.

#![allow(missing_docs, reason = "criterion's macros make undocumented items")]

use criterion::{Criterion, criterion_group, criterion_main};
use driftgate_drift::{Embeddings, mmd, most_shifted, multiscale, pixel_columns};
use driftgate_model::{CancelToken, ImageDriftConfig, PixelCounts};
use std::hint::black_box;

/// Numbers in 0..1 without a pattern that the caches could like.
fn scattered(count: usize, salt: u64) -> impl Iterator<Item = f64> {
    (0..count).map(move |i| {
        let z = (i as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15 ^ salt);
        let z = (z ^ (z >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        (z >> 11) as f64 / (1u64 << 53) as f64
    })
}

fn counts(images: u32, salt: u64) -> PixelCounts {
    let (levels, channels, bins) = (3, 3, 64);
    let all = (images * levels * channels * bins) as usize;
    PixelCounts { levels, channels, bins, images, counts: scattered(all, salt).map(|v| (v * 32.0) as u32).collect() }
}

fn benchmarks(c: &mut Criterion) {
    let token = CancelToken::new();
    let mut config = driftgate_config::default_drift();
    let mut image = ImageDriftConfig::default();
    image.mmd.permutations = 200;
    config.image = Some(image);
    let dim = 256;
    let (rows_a, rows_b) = (10_000, 10_000);
    let a: Vec<f32> = scattered(rows_a * dim, 1).map(|v| v as f32).collect();
    let b: Vec<f32> = scattered(rows_b * dim, 2).map(|v| v as f32).collect();
    let (a, b) = (Embeddings { rows: rows_a, dim, data: &a }, Embeddings { rows: rows_b, dim, data: &b });
    let mut group = c.benchmark_group("pictures");
    group.sample_size(10);
    group.bench_function("mmd 10k+10k x 256, 200 permutations", |t| {
        t.iter(|| mmd(black_box(&a), &b, &config, 2, &|_, _| {}, &token));
    });
    let few = Embeddings { rows: 500, dim, data: &b.data[..500 * dim] };
    group.bench_function("most shifted of 500 against 10k x 256", |t| {
        t.iter(|| most_shifted(black_box(&a), &few, 8, 3, 2, &token));
    });
    let (r, p) = (counts(10_000, 3), counts(500, 4));
    let names = ["red", "green", "blue"];
    group.bench_function("pixels 10k+500, 999 permutations", |t| {
        t.iter(|| pixel_columns(black_box(&r), &p, &names, &config, 2, &token));
    });
    group.bench_function("scales 10k+500, 999 permutations", |t| {
        t.iter(|| multiscale(black_box(&r), &p, &names, &config, 2, &token));
    });
}

criterion_group!(benches, benchmarks);
criterion_main!(benches);
