//! `dataset.yaml`: what is read, what is written, what the reference's own files become.

use crate::{parse_dataset, write_dataset};
use driftgate_model::{ColumnType, FileFormat, SplitPolicy, Task};
use std::path::Path;

const PLAIN: &str = "
name: houses
task_type: regression
features: [rooms, 1970, \"true\"]
target: price
schema: {rooms: float, 1970: int, true: bool, price: float}
";

fn parse(text: &str) -> crate::DatasetSpecParsed {
    parse_dataset(text, Path::new("data/houses/dataset.yaml")).unwrap_or_else(|e| panic!("{e}"))
}

#[test]
fn what_is_left_out_has_defaults() {
    let parsed = parse(PLAIN);
    assert_eq!(parsed.notes, vec![]);
    let spec = parsed.spec;
    assert_eq!((spec.name.as_str(), spec.task), ("houses", Task::Regression));
    // Names are taken as they are written, whatever else they could mean.
    assert_eq!(spec.features, ["rooms", "1970", "true"]);
    assert_eq!(spec.schema["true"], ColumnType::Bool);
    assert_eq!(spec.format, FileFormat::default());
    assert_eq!(spec.split, SplitPolicy::default());
    assert_eq!(spec.constraints, Default::default());
}

#[test]
fn the_reference_s_versioned_copy_is_read_with_one_note() {
    let text = format!(
        "{PLAIN}version_id: 0a1b2c3d4e5f
versioned_at: '2026-05-01T10:00:00'
split:
  train: 70
  val: 15
  test: 15
  train_ratio: 0.7
  val_ratio: 0.15
  test_ratio: 0.15
  random_seed: 7
  label_distribution: {{train: {{a: 1}}}}
"
    );
    let parsed = parse(&text);
    let split = &parsed.spec.split;
    assert_eq!((split.train, split.val, split.seed), (0.7, 0.15, 7));
    assert!((split.test - 0.15).abs() < 1e-12);
    let notes: Vec<String> = parsed.notes.iter().map(ToString::to_string).collect();
    assert_eq!(
        notes,
        ["data/houses/dataset.yaml:7:1: note: accepted without effect here: `version_id`, `versioned_at`, \
             `split.train`, `split.val`, `split.test`, `split.label_distribution`"]
    );
}

#[test]
fn types_of_unused_columns_carry_no_meaning() {
    let text = PLAIN.replace("{rooms", "{id: int, rooms");
    let parsed = parse(&text);
    assert_eq!(parsed.spec, parse(PLAIN).spec);
    assert!(parsed.notes[0].to_string().contains("`schema.id`"));
}

#[test]
fn the_columns_that_decide_the_split_keep_their_types() {
    let text = PLAIN.replace("price: float}", "price: float, id: string, day: string}");
    let parsed =
        parse(&format!("{text}split: {{key_column: id, time_column: day}}\nconstraints: {{max_age_days: 3}}\n"));
    assert_eq!(parsed.notes, vec![]);
    assert_eq!(parsed.spec.schema["id"], ColumnType::String);
    assert_eq!(parsed.spec.schema["day"], ColumnType::String);
}

#[test]
fn only_numbers_have_a_range() {
    for (column, bound) in [("plan", "min: 1"), ("true", "max: 1")] {
        let text = PLAIN.replace("price: float}", "price: float, plan: string}").replace("[rooms", "[plan, rooms");
        let text = format!("{text}constraints: {{columns: {{\"{column}\": {{{bound}}}}}}}\n");
        let errors = parse_dataset(&text, Path::new("dataset.yaml")).unwrap_err().to_string();
        assert!(errors.contains("only numbers have a range") && errors.contains(&bound[..3]), "{errors}");
    }
    parse(&format!("{PLAIN}constraints: {{columns: {{rooms: {{min: 1}}, \"true\": {{allowed: [true]}}}}}}\n"));
}

#[test]
fn whether_a_format_is_given_is_told() {
    assert!(!parse(PLAIN).format_given);
    assert!(!parse(&format!("{PLAIN}format:\n")).format_given);
    assert!(parse(&format!("{PLAIN}format: {{decimal: \",\", delimiter: ;}}\n")).format_given);
}

#[test]
fn an_age_without_a_time_column_is_refused() {
    let found = parse_dataset(&format!("{PLAIN}constraints: {{max_age_days: 3}}\n"), Path::new("dataset.yaml"));
    let text = found.err().map(|e| e.to_string()).unwrap_or_default();
    assert!(text.contains("it needs a time column"), "{text}");
}

#[test]
fn a_table_needs_its_columns_and_nothing_about_pictures() {
    let wrong = |text: &str| {
        let errors = parse_dataset(text, Path::new("dataset.yaml")).unwrap_err();
        errors.0.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(
        wrong("name: x\ntask_type: regression\n"),
        [
            "dataset.yaml:1:1: `features` is missing; add `features:` with a list",
            "dataset.yaml:1:1: `target` is missing; add `target:` with a text",
            "dataset.yaml:1:1: `schema` is missing; add `schema:` with keys with values",
        ]
    );
    let empty = PLAIN.replace("[rooms, 1970, \"true\"]", "[]");
    assert_eq!(wrong(&empty), ["dataset.yaml:4:11: features: the list is empty; add an entry to the list"]);
    let parsed = parse(&format!("{PLAIN}image_properties: {{min_images_per_class: 5}}\n"));
    assert_eq!(parsed.spec, parse(PLAIN).spec);
    assert!(parsed.notes[0].to_string().ends_with("accepted without effect here: `image_properties`"));
}

#[test]
fn the_written_text_explains_itself() {
    let mut spec = parse(PLAIN).spec;
    spec.about.description = Some("Houses: \"sold\", 50 %\nand more".into());
    spec.constraints
        .columns
        .insert("rooms".into(), driftgate_model::ColumnConstraints { min: Some(1.0), ..Default::default() });
    spec.constraints.max_null_fraction = Some(0.05);
    spec.format.delimiter = '\t';
    let text = write_dataset(&spec);
    insta::assert_snapshot!(text);
    assert_eq!(parse(&text).spec, spec);
}

#[test]
fn ten_thousand_columns_are_no_trouble() {
    let mut spec = parse(PLAIN).spec;
    spec.features = (0..10_000)
        .map(|i| format!("a rather long name of column number {i} with its unit in brackets [mg/l]"))
        .collect();
    spec.schema = spec.features.iter().map(|f| (f.clone(), ColumnType::Float)).collect();
    spec.schema.insert(spec.target.clone(), ColumnType::Float);
    assert_eq!(parse(&write_dataset(&spec)).spec, spec);
    spec.schema.retain(|name, _| name == "price");
    let errors = parse_dataset(&write_dataset(&spec), Path::new("dataset.yaml")).unwrap_err();
    assert_eq!(errors.0.len(), 100, "{errors}");
}
