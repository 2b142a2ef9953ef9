//! Configs that are wrong in many ways at once, and what a person reads then.

use super::Shelf;
use crate::{parse_dataset, resolve, resolve_promotion, schemas};
use driftgate_model::{Code, Coded, Task};
use std::path::Path;

const PIPELINE: &str = r#"
project:
  name: x
task_type: clasification
random_seed: "42"
pipeline_stages: [training, evaluation, model_analysis, evaluation, promotion]
dataset: ../secret
data:
  raw: data
log_level: INFO
mlflow:
  tracking_uri: null
config:
  training: training.yaml
configs:
  preprocessing: prep.yaml
  training: training.yaml
  evaluation:
    bootstrap: {resamples: 100.0, level: 95%}
  promotion: src/config/promotion.yaml
  deployment: deployment.yaml
"#;

fn shelf() -> Shelf {
    Shelf::default()
        .with("c/pipeline.yaml", PIPELINE)
        .with(
            "c/prep.yaml",
            r#"
validate_on_skip: false
min_rows: 0
numeric_features: [a, b, a]
categorical_features: [b]
encoding: {enabled: yes, strategy: one_hot}
missing_values:
  policy: impute
  numeric_strategy: constant
fail_on_nulls: true
image: {target_size: [64, 64]}
"#,
        )
        .with(
            "c/training.yaml",
            r#"
model:
  algorithm: random_forest
  hyperparameters:
    n_estimator: 100
    max_depth: 0
    min_samples_split: 5.0
    max_features: half
    class_weight: Balanced
"#,
        )
        .with(
            "c/promotion.yaml",
            r#"
classification:
  rules:
    - {id: a, metric: accurracy, operator: ">=", threshold: 0.8}
    - {id: a, metric: f1_score, operator: "=>", threshold: "0.75"}
    - {id: b, metric: accuracy, operator: ">=", threshold: 80}
    - {id: c, kind: drift, severity: low}
    - {id: d, kind: not_worse_than_champion, metric: accuracy, margin: -0.1}
    - {id: e, metric: accuracy, operator: ">=", threshold: .inf}
regression:
  rules: []
"#,
        )
        .with("c/deployment.yaml", "server:\n\tport: 8000\n")
}

#[test]
fn all_findings_over_all_files_come_at_once() {
    let errors = resolve(Path::new("c/pipeline.yaml"), &shelf()).unwrap_err();
    assert_eq!(errors.code(), Code::BadInput);
    assert!(errors.hint().is_some());
    insta::assert_snapshot!(errors);
}

#[test]
fn a_promotion_file_alone() {
    let errors = resolve_promotion(Path::new("c/promotion.yaml"), &shelf(), Task::Classification).unwrap_err();
    insta::assert_snapshot!(errors);
}

#[test]
fn a_data_set_that_contradicts_itself() {
    let text = r#"
name: my data
task_type: regression
features: [a, b, target, b]
target: target
shema: {}
schema: {a: float, c: text, target: float}
format: {delimiter: \t, decimal: "."}
constraints:
  min_rows: 10
  max_rows: 5
  label_classes: [x, y]
  columns:
    aa: {min: 0}
    a: {min: 2, max: 1, allowd: [x]}
split: {train: 0.7, val: 0.2, test: 0.2, stratify: true, group_column: g, time_column: t}
"#;
    let errors = parse_dataset(text, Path::new("data/x/dataset.yaml")).unwrap_err();
    insta::assert_snapshot!(errors);
}

#[test]
fn texts_that_are_no_config() {
    let cases = [
        ("empty", ""),
        ("only a comment", "# nothing\n"),
        ("null", "null\n"),
        ("a list", "- a\n- b\n"),
        ("a word", "hello\n"),
        ("binary", "\u{0}\u{1}PK\u{3}"),
        ("tab", "project:\n\tname: x\n"),
        ("two documents", "project: {name: a}\n---\nproject: {name: b}\n"),
        ("same key twice", "dataset: a\ndataset: b\n"),
        ("list as key", "[a, b]: c\n"),
        ("open quote", "dataset: \"abc\n"),
        ("open bracket", "pipeline_stages: [training\n"),
        ("colon in value", "dataset: a: b\n"),
        ("unquoted operator", "operator: >=\n"),
        ("tag", "random_seed: !!int \"42\"\n"),
        ("object tag", "dataset: !!python/object/apply:os.system [ls]\n"),
        ("unknown alias", "dataset: *a\n"),
        ("alias within itself", "data: &a {raw: *a}\n"),
        ("merge key", "a: &a {x: 1}\nb: {<<: *a}\n"),
    ];
    let mut answers = String::new();
    for (name, text) in cases {
        let shelf = Shelf::default().with("p.yaml", text);
        let errors = resolve(Path::new("p.yaml"), &shelf).unwrap_err();
        let first = errors.0.iter().find(|e| !e.message.contains("missing") && !e.message.contains("not known"));
        answers += &format!("{name}\n    {}\n", first.unwrap());
    }
    insta::assert_snapshot!(answers);
}

#[test]
fn hostile_texts_end_soon_and_small() {
    let bomb: String = std::iter::once("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned())
        .chain((1..20).map(|i| format!("a{i}: &a{i} [{}]\n", vec![format!("*a{}", i - 1); 10].join(", "))))
        .collect();
    let half = 1 << 19;
    let cases = [
        ("more than 250000 values", bomb),
        ("nested too deep", "[".repeat(half)),
        ("nested too deep", "{a: ".repeat(half / 4)),
        ("nested too deep", "- ".repeat(half / 2)),
        ("nested too deep", (0..600).map(|i| " ".repeat(i) + "a:\n").collect()),
        ("twice", "a: 1\n".repeat(half / 5)),
        ("further findings are left out", (0..20_000).map(|i| format!("k{i}: 1\n")).collect()),
        ("larger than 4 MiB", "a".repeat(half * 9)),
        ("", "\"".repeat(half)),
        ("", "? ".repeat(half / 2)),
        ("", "&a ".repeat(half / 3)),
        ("", "!".repeat(half)),
        ("", "#\n".repeat(half / 2)),
        ("", "%".repeat(half)),
        ("", "a: |\n".repeat(half / 5)),
        ("", "'".repeat(half) + ": "),
        ("", format!("{}: 1\n", "k".repeat(half))),
    ];
    for (index, (words, text)) in cases.into_iter().enumerate() {
        let shelf = Shelf::default().with("p.yaml", &text);
        let errors = resolve(Path::new("p.yaml"), &shelf).unwrap_err();
        let listing = errors.to_string();
        assert!(listing.contains(words), "case {index}: {}", &listing[..listing.len().min(400)]);
        assert!(listing.len() < 100_000, "case {index}: {} bytes", listing.len());
    }
}

#[test]
fn the_json_schemas_refuse_what_the_checks_refuse() {
    let schemas = schemas();
    let cases = [
        ("pipeline", PIPELINE),
        ("training", "model: {algorithm: random_forest, hyperparameters: {n_estimators: 0}}"),
        ("training", "model: {algorithm: random_forest, hyperparameters: {n_estimator: 10}}"),
        ("training", "model: {algorithm: cnn, architecture: {conv_layers: [], fc_units: 8, dropout: 0}}"),
        ("training", "model: {algorithm: cnn, hyperparameters: {schedule: linear}}"),
        ("preprocessing", "image: {color_mode: cmyk}"),
        ("preprocessing", "image: {target_size: [4, 64]}"),
        ("promotion", "classification: {rules: [{id: a, kind: robustness, max_loss: 1}]}"),
        ("drift", "drift: {image: {mmd: {bandwidth: mean}}}"),
        ("training", "model: {algorithm: linear_regression, hyperparameters: {C: 1.0}}"),
        ("training", "{}"),
        ("preprocessing", "encoding: {strategy: one_hot}"),
        ("preprocessing", "min_rows: 0"),
        ("evaluation", "bootstrap: {level: 1}"),
        ("evaluation", "averaging: weighted"),
        ("promotion", "classification: {rules: []}"),
        ("promotion", "classification: {rules: [{id: a, kind: drift}]}"),
        ("promotion", "classification: {rules: [{id: a, metric: r2, operator: \">=\", threshold: 0.5}]}"),
        ("promotion", "regression: {rules: [{id: a, kind: min_rows, rows: 0}]}"),
        ("deployment", "server: {port: 70000}"),
        ("dataset", "{name: a, task_type: regression, features: [], target: y, schema: {y: float}}"),
        ("dataset", "{name: a, task_type: regression, features: [x], target: y, schema: {y: text}}"),
        ("dataset", "{name: a, task_type: regression, features: [x], target: y}"),
        ("dataset", "{name: a, task_type: image_classification_cnn, features: [x]}"),
        ("dataset", "{name: a, task_type: image_classification_cnn, image_properties: {bad_images: ignore}}"),
    ];
    for (name, text) in cases {
        let validator = jsonschema::draft202012::new(&schemas[name]).unwrap();
        assert!(!validator.is_valid(&super::json_of(text)), "{name}: {text}");
    }
    let fine = [
        ("training", "model: {algorithm: gradient_boosting, hyperparameters: {early_stopping: true, max_depth: null}}"),
        ("promotion", "regression: {rules: [{id: a, kind: freshness, max_age_days: 0.5}]}"),
        ("dataset", "{name: a, task_type: image_classification_cnn}"),
        ("dataset", "{name: a, task_type: image_classification_cnn, features: [], target: label, schema: {}}"),
        ("preprocessing", "image: {augmentation: {augmentation_factor: 4}, isp: {gpu_accelerated: true}}"),
        ("evaluation", "{}"),
        ("deployment", "{server: {host: localhost}, reload: {enabled: true}}"),
    ];
    for (name, text) in fine {
        let validator = jsonschema::draft202012::new(&schemas[name]).unwrap();
        let json = super::json_of(text);
        let errors: Vec<String> = validator.iter_errors(&json).map(|e| e.to_string()).collect();
        assert_eq!(errors, Vec::<String>::new(), "{name}: {text}");
    }
}
