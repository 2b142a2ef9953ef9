//! The California housing table of the shared test data, where that is there.
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "a skipped test says so")]

use driftgate_data::{DraftAnswers, Transform, content_version, draft_spec, read, sniff, split, target, validate};
use driftgate_model::{Digest, SplitCounts, SplitName, Target, Task, Timestamp};
use std::path::PathBuf;

fn path() -> Option<PathBuf> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let path = root.join("../shared/datasets/california_housing/data.csv");
    if path.exists() {
        return Some(path);
    }
    eprintln!("SKIPPED: {} is not there, so the California tests check nothing", path.display());
    None
}

#[test]
fn from_the_file_to_the_matrix() {
    let Some(path) = path() else { return };
    let sniffed = sniff(&path).unwrap();
    assert!(sniffed.notes.is_empty(), "{:?}", sniffed.notes);
    let table = read(&path, &sniffed.format).unwrap();
    assert_eq!((table.rows(), table.columns().len()), (20_640, 9));
    let answers = DraftAnswers { target: Some("MedHouseVal".into()), ..DraftAnswers::default() };
    let draft = draft_spec("california_housing", &table, &sniffed.format, &answers).unwrap();
    assert_eq!((draft.spec.task, draft.spec.features.len(), draft.questions.len()), (Task::Regression, 8, 0));
    let report = validate(&table, &draft.spec, Timestamp::UNIX_EPOCH);
    assert_eq!(report.errors(), 0, "{:#?}", report.findings);

    let frame = table.frame(&draft.spec).unwrap();
    let Target::Values(values) = target(&frame, &draft.spec).unwrap() else { unreachable!("regression") };
    // The means that scikit-learn publishes.
    assert!((values.iter().sum::<f64>() / 20_640.0 - 2.068_558).abs() < 1e-6);
    let assignment = split(&frame, &draft.spec, None).unwrap();
    assert_eq!(assignment.counts(), SplitCounts { train: 14_448, val: 3_096, test: 3_096 });

    let config = serde_json::from_value(serde_json::json!({
        "fail_on_nulls": true, "min_rows": 10,
        "numeric_features": null, "categorical_features": null,
        "encoding": {"enabled": false, "strategy": "onehot", "handle_unknown": "ignore", "min_frequency": null},
        "scaling": {"enabled": true, "strategy": "standard"},
        "missing_values": {"policy": "passthrough", "numeric_strategy": "mean", "categorical_strategy": "most_frequent",
                           "fill_number": null, "fill_text": null},
    }))
    .unwrap();
    let train = frame.take(&assignment.rows(SplitName::Train));
    let (transform, matrix) = Transform::fit_apply(&config, &draft.spec, &train).unwrap();
    assert!(!transform.has_missing_output());
    for j in 0..matrix.cols() {
        let column = matrix.column(j);
        let mean = column.iter().sum::<f64>() / column.len() as f64;
        let variance = column.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / column.len() as f64;
        assert!(mean.abs() < 1e-9 && (variance - 1.0).abs() < 1e-9, "{mean} {variance}");
    }
}

#[test]
fn the_version_of_the_published_bytes() {
    let Some(path) = path() else { return };
    let bytes = std::fs::read(&path).unwrap();
    let digest = Digest::of(&bytes);
    assert_eq!(digest.to_string(), "94ef369b909f5c725340b512b7c9a05c1550a554b6592d29303990e3ba521a1f");
    let table = read(&path, &sniff(&path).unwrap().format).unwrap();
    let answers = DraftAnswers { target: Some("MedHouseVal".into()), ..DraftAnswers::default() };
    let draft = draft_spec("california_housing", &table, &driftgate_model::FileFormat::default(), &answers).unwrap();
    let manifest = content_version(&[("data.csv".into(), digest, bytes.len() as u64)], &draft.spec);
    assert_eq!(manifest["files"][0]["size"], bytes.len());
    assert!(driftgate_model::to_canonical(&manifest).is_ok());
}
