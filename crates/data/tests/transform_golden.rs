//! Fitted transforms against scikit-learn's; `golden/transforms.py` made the values.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

use driftgate_data::{Transform, read_bytes};
use driftgate_model::config::PreprocessingConfig;
use driftgate_model::{About, ColumnType, Constraints, DatasetSpec, FileFormat, Frame, Matrix, SplitPolicy, Task};
use serde::Deserialize;

#[derive(Deserialize)]
struct Golden {
    scikit_learn: String,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    config: PreprocessingConfig,
    train_csv: String,
    new_csv: String,
    output_features: Vec<String>,
    train: Vec<Vec<Option<f64>>>,
    new: Vec<Vec<Option<f64>>>,
}

fn spec() -> DatasetSpec {
    let types = [
        ("small", ColumnType::Float),
        ("large", ColumnType::Float),
        ("constant", ColumnType::Float),
        ("whole", ColumnType::Float),
        ("colour", ColumnType::String),
        ("size", ColumnType::String),
        ("flag", ColumnType::Bool),
        ("code", ColumnType::Int),
    ];
    DatasetSpec {
        name: "golden".into(),
        task: Task::Regression,
        features: types.iter().map(|(n, _)| (*n).to_owned()).collect(),
        target: String::new(),
        schema: types.iter().map(|(n, t)| ((*n).to_owned(), *t)).collect(),
        format: FileFormat::default(),
        constraints: Constraints::default(),
        split: SplitPolicy::default(),
        images: None,
        about: About::default(),
    }
}

fn frame(csv: &str) -> Frame {
    read_bytes(csv.as_bytes(), "golden.csv", &FileFormat::default()).unwrap().frame(&spec()).unwrap()
}

fn assert_equal(case: &str, names: &[String], found: &Matrix, expected: &[Vec<Option<f64>>]) {
    assert_eq!((found.rows(), found.cols()), (expected.len(), expected[0].len()), "{case}");
    for (i, row) in expected.iter().enumerate() {
        for (j, want) in row.iter().enumerate() {
            let got = found.get(i, j);
            let want = want.unwrap_or(f64::NAN);
            // Sums in another order differ in the last places; those of an offset of 1e9 weigh 1e-7 once scaled by 5.
            let tolerance = if names[j] == "large" { 1e-7 } else { 1e-12 };
            let alike = (got.is_nan() && want.is_nan()) || (got - want).abs() <= tolerance * want.abs().max(1.0);
            assert!(alike, "{case}, row {i}, column {}: {got} instead of {want}", names[j]);
        }
    }
}

#[test]
fn transforms_agree_with_scikit_learn() {
    let golden: Golden = serde_json::from_str(include_str!("golden/transforms.json")).unwrap();
    assert!(!golden.scikit_learn.is_empty() && golden.cases.len() >= 9);
    for case in golden.cases {
        let (train, new) = (frame(&case.train_csv), frame(&case.new_csv));
        let transform = Transform::fit(&case.config, &spec(), &train).unwrap_or_else(|e| panic!("{}: {e}", case.name));
        assert_eq!(transform.output_features(), case.output_features, "{}", case.name);
        assert_equal(&case.name, &case.output_features, &transform.apply(&train).unwrap(), &case.train);
        assert_equal(&case.name, &case.output_features, &transform.apply(&new).unwrap(), &case.new);
    }
}
