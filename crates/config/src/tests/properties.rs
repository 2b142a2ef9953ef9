//! Whatever is in a file, an answer comes back.

use super::Shelf;
use crate::{parse_dataset, resolve, resolve_promotion, write_dataset};
use driftgate_model::{
    About, ColumnConstraints, ColumnType, Constraints, DatasetSpec, FileFormat, FileKind, SplitPolicy, Task,
};
use proptest::collection::{btree_map, btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use std::path::Path;

/// Pieces of YAML, so that random texts get past the first line.
fn piece() -> impl Strategy<Value = String> {
    let fixed = select(vec![
        "\n",
        "\n  ",
        "\n    ",
        "  ",
        ": ",
        "- ",
        "? ",
        "{",
        "}",
        "[",
        "]",
        ", ",
        "&a ",
        "*a",
        "<<: *a",
        "!!int ",
        "!x ",
        "---\n",
        "...\n",
        "|\n",
        ">-\n",
        "\"",
        "'",
        "#",
        "\t",
        "%YAML 1.2\n",
        "~",
        "null",
        "true",
        "5.0",
        "1e999",
        ".nan",
        "0x1f",
        "-9223372036854775809",
        "99999999999999999999999999999999999999999",
        "configs",
        "training",
        "model",
        "algorithm",
        "random_forest",
        "hyperparameters",
        "rules",
        "classification",
        "kind",
        "task_type",
        "pipeline_stages",
        "features",
        "schema",
        "target",
        "name",
        "split",
        "constraints",
        "columns",
        "dataset",
        "\u{feff}",
        "\u{2028}",
        "é",
        "𝄞",
        "\r\n",
    ]);
    prop_oneof![8 => fixed.prop_map(str::to_owned), 1 => any::<String>()]
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![3 => vec(piece(), 0..60).prop_map(|p| p.concat()), 1 => any::<String>()]
}

/// A shipped text with a cut, a change or an addition somewhere.
fn damaged(whole: &'static str) -> impl Strategy<Value = String> {
    (any::<Index>(), any::<Index>(), piece()).prop_map(move |(from, to, piece)| {
        let places: Vec<usize> = whole.char_indices().map(|(i, _)| i).chain([whole.len()]).collect();
        let (a, b) = (*from.get(&places), *to.get(&places));
        let b = if b > a + 40 { a } else { b.max(a) };
        format!("{}{piece}{}", &whole[..a], whole.get(b..).unwrap_or_default())
    })
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z_][a-z0-9_]{0,12}",
        select(vec![
            "true", "1", "1.0", "null", "~", "<<", "yes", "- a", "a: b", "a #b", "'", "\"", " x ", "\t", "\n", "=", "%"
        ])
        .prop_map(str::to_owned),
        any::<String>().prop_filter("a column has a name", |s| !s.is_empty()),
        "[a-z \"\\\\]{900,1300}",
    ]
}

fn finite() -> impl Strategy<Value = f64> {
    any::<f64>().prop_filter("finite", |n| n.is_finite())
}

fn column() -> impl Strategy<Value = ColumnConstraints> {
    (
        option::of((finite(), finite())),
        option::of(btree_set(name(), 1..4)),
        option::of(0.0..=1.0f64),
        option::of(any::<bool>()),
    )
        .prop_map(|(range, allowed, max_null_fraction, unique)| ColumnConstraints {
            min: range.map(|(a, b)| a.min(b)),
            max: range.map(|(a, b)| a.max(b)),
            allowed: allowed.map(|a| a.into_iter().collect()),
            max_null_fraction,
            unique,
        })
}

fn spec() -> impl Strategy<Value = DatasetSpec> {
    let types = select(vec![ColumnType::Float, ColumnType::Int, ColumnType::String, ColumnType::Bool]);
    let columns = btree_map(name(), (types, option::of(column())), 2..8);
    let format = (
        select(vec![',', ';', '\t', '|', ' ', '§']),
        select(vec!["utf-8", "utf-16le", "windows-1252"]),
        vec(any::<String>(), 0..4),
    );
    let texts = vec(option::of(any::<String>()), 4);
    let split = (0..(1u64 << 53), option::of(any::<bool>()), option::of(name()), any::<Index>(), 1..98u32);
    (columns, any::<bool>(), format, texts, split, option::of(0..1000u64)).prop_map(
        |(columns, regression, (delimiter, encoding, nulls), texts, split, min_rows)| {
            let (seed, stratify, other, which, share) = split;
            let mut names: Vec<String> = columns.keys().cloned().collect();
            let target = names.remove(which.index(names.len()));
            let other = other.filter(|o| *o != target);
            let shares = [f64::from(share) / 100.0, 0.01];
            // Only numbers have a range.
            let of = |kind: &ColumnType, c: &ColumnConstraints| match kind.is_numeric() {
                true => c.clone(),
                false => ColumnConstraints { min: None, max: None, ..c.clone() },
            };
            let constraints =
                columns.iter().filter_map(|(n, (t, c))| c.as_ref().map(|c| (n.clone(), of(t, c)))).collect();
            let mut null_values = nulls;
            null_values.sort();
            null_values.dedup();
            DatasetSpec {
                name: "x-1".into(),
                task: if regression { Task::Regression } else { Task::Classification },
                schema: columns.into_iter().map(|(n, (t, _))| (n, t)).collect(),
                constraints: Constraints {
                    min_rows,
                    max_rows: min_rows.map(|n| n + 5),
                    max_null_fraction: Some(0.1),
                    label_classes: (!regression).then(|| names.clone()),
                    columns: constraints,
                    max_age_days: None,
                },
                features: names,
                target,
                format: FileFormat {
                    kind: FileKind::Csv,
                    delimiter,
                    encoding: encoding.into(),
                    decimal: '.',
                    null_values,
                },
                split: SplitPolicy {
                    train: shares[0],
                    val: shares[1],
                    test: 1.0 - shares[0] - shares[1],
                    seed,
                    stratify: if regression { None } else { stratify },
                    group_column: None,
                    time_column: other.clone(),
                    key_column: other,
                },
                images: None,
                about: About {
                    description: texts[0].clone(),
                    source: texts[1].clone(),
                    license: texts[2].clone(),
                    created_at: texts[3].clone(),
                },
            }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_gets_an_answer(text in text()) {
        let path = Path::new("p.yaml");
        let shelf = Shelf::default().with("p.yaml", &text).with("a", &text).with("training", &text);
        if let Err(errors) = resolve(path, &shelf) {
            prop_assert!(!errors.0.is_empty());
        }
        let _ = resolve_promotion(path, &shelf, Task::Classification);
        if let Err(errors) = parse_dataset(&text, path) {
            prop_assert!(!errors.0.is_empty() && !errors.to_string().is_empty());
        }
    }

    #[test]
    fn a_damaged_file_gets_an_answer(
        dataset in damaged(include_str!("../../../../data/wine/dataset.yaml")),
        pipeline in damaged(include_str!("../../../../configs/demo/first.yaml")),
        promotion in damaged(include_str!("../../../../configs/promotion.yaml")),
    ) {
        let shelf = Shelf::default()
            .with("demo/first.yaml", &pipeline)
            .with("promotion.yaml", &promotion)
            .with("evaluation.yaml", include_str!("../../../../configs/evaluation.yaml"))
            .with("deployment.yaml", include_str!("../../../../configs/deployment.yaml"))
            .with("preprocessing_tabular.yaml", include_str!("../../../../configs/preprocessing_tabular.yaml"));
        let _ = resolve(Path::new("demo/first.yaml"), &shelf);
        let _ = resolve_promotion(Path::new("promotion.yaml"), &shelf, Task::Regression);
        if let Ok(parsed) = parse_dataset(&dataset, Path::new("d.yaml")) {
            let again = parse_dataset(&write_dataset(&parsed.spec), Path::new("d.yaml"));
            prop_assert_eq!(again.unwrap().spec, parsed.spec);
        }
    }

    #[test]
    fn a_written_data_set_is_read_back_exactly(spec in spec()) {
        let text = write_dataset(&spec);
        match parse_dataset(&text, Path::new("d.yaml")) {
            Ok(parsed) => {
                prop_assert_eq!(&parsed.spec, &spec, "{}", text);
                prop_assert_eq!(parsed.notes.len(), 0);
            }
            Err(errors) => prop_assert!(false, "{errors}\n{text}"),
        }
    }
}
