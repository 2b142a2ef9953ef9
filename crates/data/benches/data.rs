//! Reading, splitting and transforming 100,000 x 20: half numbers, then texts of a few categories.
#![allow(
    clippy::unwrap_used,
    missing_docs,
    reason = "a benchmark stops at the first surprise, and its macros write the items"
)]

use criterion::{Criterion, criterion_group, criterion_main};
use driftgate_data::{Transform, draft_spec, read_bytes, split, validate};
use driftgate_model::config::PreprocessingConfig;
use driftgate_model::{DatasetSpec, FileFormat, SplitName, Task, Timestamp};
use std::fmt::Write as _;
use std::hint::black_box;

/// `numbers` columns of fractions, `texts` columns of seven categories, and a numeric target.
fn csv(rows: usize, numbers: usize, texts: usize) -> String {
    let mut out = String::new();
    for j in 0..numbers {
        write!(out, "n{j},").unwrap();
    }
    for j in 0..texts {
        write!(out, "t{j},").unwrap();
    }
    out.push_str("y\n");
    // A small linear congruential generator: the same file on every machine.
    let mut state = 7u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1u64 << 53) as f64
    };
    for _ in 0..rows {
        for _ in 0..numbers {
            write!(out, "{},", next() * 100.0).unwrap();
        }
        for _ in 0..texts {
            write!(out, "category {},", (next() * 7.0) as u32).unwrap();
        }
        writeln!(out, "{:.4}", next()).unwrap();
    }
    out
}

fn spec_of(text: &str) -> DatasetSpec {
    let format = FileFormat::default();
    let table = read_bytes(text.as_bytes(), "bench.csv", &format).unwrap();
    let answers = driftgate_data::DraftAnswers {
        target: Some("y".into()),
        task: Some(Task::Regression),
        ..driftgate_data::DraftAnswers::default()
    };
    draft_spec("bench", &table, &format, &answers).unwrap().spec
}

fn config() -> PreprocessingConfig {
    serde_json::from_value(serde_json::json!({
        "fail_on_nulls": false, "min_rows": 1,
        "numeric_features": null, "categorical_features": null,
        "encoding": {"enabled": true, "strategy": "onehot", "handle_unknown": "ignore", "min_frequency": null},
        "scaling": {"enabled": true, "strategy": "standard"},
        "missing_values": {"policy": "impute", "numeric_strategy": "median", "categorical_strategy": "most_frequent",
                           "fill_number": null, "fill_text": null},
    }))
    .unwrap()
}

fn benches(c: &mut Criterion) {
    let format = FileFormat::default();
    let small = csv(569, 30, 0);
    let large = csv(100_000, 20, 0);
    let mixed = csv(100_000, 10, 10);
    for (name, text) in [("569 x 31", &small), ("100000 x 21", &large), ("100000 x 21, half text", &mixed)] {
        let spec = spec_of(text);
        let table = read_bytes(text.as_bytes(), "bench.csv", &format).unwrap();
        let frame = table.frame(&spec).unwrap();
        let assignment = split(&frame, &spec, None).unwrap();
        let train = frame.take(&assignment.rows(SplitName::Train));
        let transform = Transform::fit(&config(), &spec, &train).unwrap();
        let mut group = c.benchmark_group(name);
        group.sample_size(10);
        group.bench_function("read", |b| {
            b.iter(|| read_bytes(black_box(text.as_bytes()), "bench.csv", &format).unwrap())
        });
        group.bench_function("frame", |b| b.iter(|| table.frame(black_box(&spec)).unwrap()));
        group.bench_function("validate", |b| b.iter(|| validate(&table, black_box(&spec), Timestamp::UNIX_EPOCH)));
        group.bench_function("split", |b| b.iter(|| split(black_box(&frame), &spec, None).unwrap()));
        group.bench_function("fit", |b| b.iter(|| Transform::fit(&config(), &spec, black_box(&train)).unwrap()));
        group.bench_function("apply", |b| b.iter(|| transform.apply(black_box(&frame)).unwrap()));
        group.finish();
    }
}

criterion_group!(data, benches);
criterion_main!(data);
