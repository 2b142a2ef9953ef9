//! What holds for every fitted transform: training and serving agree, JSON loses nothing, errors name their place.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

use driftgate_data::{DataError, InputKind, Transform, frame_for_prediction, ignored_columns, read_bytes};
use driftgate_model::config::{
    CategoricalFill, EncodingConfig, EncodingStrategy, MissingConfig, MissingPolicy, NumericFill, PreprocessingConfig,
    ScalingConfig, ScalingStrategy, UnknownPolicy,
};
use driftgate_model::{
    About, Coded, Column, ColumnType, ColumnValues, Constraints, DatasetSpec, FileFormat, Frame, Matrix, SplitPolicy,
    Task,
};
use proptest::prelude::*;

fn config() -> PreprocessingConfig {
    PreprocessingConfig {
        fail_on_nulls: false,
        min_rows: 1,
        numeric_features: None,
        categorical_features: None,
        encoding: EncodingConfig {
            enabled: true,
            strategy: EncodingStrategy::Onehot,
            handle_unknown: UnknownPolicy::Ignore,
            min_frequency: None,
        },
        scaling: ScalingConfig { enabled: false, strategy: ScalingStrategy::Standard },
        missing_values: MissingConfig {
            policy: MissingPolicy::Passthrough,
            numeric_strategy: NumericFill::Mean,
            categorical_strategy: CategoricalFill::MostFrequent,
            fill_number: None,
            fill_text: None,
        },
        image: None,
    }
}

fn spec(types: &[(&str, ColumnType)]) -> DatasetSpec {
    DatasetSpec {
        name: "t".into(),
        task: Task::Regression,
        features: types.iter().map(|(n, _)| (*n).to_owned()).collect(),
        target: "y".into(),
        schema: types.iter().map(|(n, t)| ((*n).to_owned(), *t)).collect(),
        format: FileFormat::default(),
        constraints: Constraints::default(),
        split: SplitPolicy::default(),
        images: None,
        about: About::default(),
    }
}

fn table(text: &str) -> driftgate_data::Table {
    read_bytes(text.as_bytes(), "batch.csv", &FileFormat::default()).unwrap()
}

fn frame(text: &str, s: &DatasetSpec) -> Frame {
    let mut s = s.clone();
    s.target = String::new();
    table(text).frame(&s).unwrap()
}

fn bits(m: &Matrix) -> Vec<Vec<u64>> {
    (0..m.cols()).map(|j| m.column(j).iter().map(|v| v.to_bits()).collect()).collect()
}

const MIXED: [(&str, ColumnType); 4] =
    [("a", ColumnType::Float), ("k", ColumnType::String), ("b", ColumnType::Int), ("f", ColumnType::Bool)];

#[test]
fn numeric_first_then_categorical_with_their_names() {
    let s = spec(&MIXED);
    let t = Transform::fit(&config(), &s, &frame("a,k,b,f\n1.5,x,1,true\n2.5,y,2,False\n", &s)).unwrap();
    assert_eq!(t.output_features(), ["a", "b", "k_x", "k_y", "f_false", "f_true"]);
    let map = t.feature_map("y");
    assert_eq!(map["target"], "y");
    assert_eq!(map["numeric_input"], serde_json::json!(["a", "b"]));
    assert_eq!(map["categorical_input"], serde_json::json!(["k", "f"]));
    assert_eq!(map["output_features"].as_array().unwrap().len(), 6);
    let a = &t.inputs()[0];
    assert_eq!((a.kind, a.min, a.max), (InputKind::Numeric, Some(1.5), Some(2.5)));
    assert_eq!(
        (t.inputs()[2].kind, t.inputs()[2].categories.as_slice()),
        (InputKind::Categorical, &["x".to_owned(), "y".into()][..])
    );
}

#[test]
fn nothing_on_is_a_plain_selection() {
    let s = spec(&[("a", ColumnType::Float), ("b", ColumnType::Int)]);
    let f = frame("b,a\n3,0.1\n4,0.2\n", &s);
    let t = Transform::fit(&config(), &s, &f).unwrap();
    assert_eq!((t.output_features(), t.description()), (&["a".to_owned(), "b".into()][..], "column_selection_only"));
    let m = t.apply(&f).unwrap();
    assert_eq!((m.column(0), m.column(1)), (&[0.1, 0.2][..], &[3.0, 4.0][..]));
    assert!(t.has_missing_output());
}

#[test]
fn encoding_off_refuses_text_and_offers_bools_a_way() {
    let s = spec(&[("a", ColumnType::Float), ("f", ColumnType::Bool)]);
    let f = frame("a,f\n1,true\n2,false\n", &s);
    let mut c = config();
    c.encoding.enabled = false;
    let e = Transform::fit(&c, &s, &f).unwrap_err();
    assert!(e.to_string().contains("`f`") && e.hint().unwrap().contains("numeric_features"), "{e}");
    c.numeric_features = Some(vec!["a".into(), "f".into()]);
    let m = Transform::fit(&c, &s, &f).unwrap().apply(&f).unwrap();
    assert_eq!(m.column(1), [1.0, 0.0]);
}

#[test]
fn lists_must_fit_the_features() {
    let s = spec(&[("a", ColumnType::Float), ("b", ColumnType::Int)]);
    let f = frame("a,b\n1,1\n2,2\n", &s);
    let cases: [(&[&str], &[&str], &str); 3] =
        [(&["y"], &[], "target"), (&["aa"], &[], "no feature"), (&["a"], &["a"], "as numeric and as categorical")];
    for (numeric, categorical, word) in cases {
        let mut c = config();
        c.numeric_features = Some(numeric.iter().map(|n| (*n).to_owned()).collect());
        c.categorical_features = Some(categorical.iter().map(|n| (*n).to_owned()).collect());
        let e = Transform::fit(&c, &s, &f).unwrap_err().to_string();
        assert!(e.contains(word), "{e}");
    }
    let mut c = config();
    c.categorical_features = Some(vec!["b".into()]);
    assert_eq!(Transform::fit(&c, &s, &f).unwrap().output_features(), ["a", "b_1", "b_2"]);
}

#[test]
fn missing_values_by_policy() {
    let s = spec(&[("a", ColumnType::Float), ("k", ColumnType::String)]);
    let f = frame("a,k\n1,x\n,x\n4,\n", &s);
    let mut c = config();
    c.missing_values.policy = MissingPolicy::Fail;
    let e = Transform::fit(&c, &s, &f).unwrap_err();
    assert!(e.to_string().contains("`a`, row 2") && e.to_string().contains("1 more, in 2 columns"), "{e}");
    c.missing_values.policy = MissingPolicy::Passthrough;
    c.fail_on_nulls = true;
    assert!(Transform::fit(&c, &s, &f).is_err());
    let clean = frame("a,k\n1,x\n2,x\n4,z\n", &s);
    let t = Transform::fit(&c, &s, &clean).unwrap();
    assert!(!t.has_missing_output());
    assert!(matches!(t.apply(&f), Err(DataError::MissingValue { .. })));
    c.missing_values.policy = MissingPolicy::Impute;
    let t = Transform::fit(&c, &s, &f).unwrap();
    assert_eq!(t.apply(&f).unwrap().column(0), [1.0, 2.5, 4.0]);
    assert_eq!(t.apply(&f).unwrap().column(1), [1.0, 1.0, 1.0]);
}

#[test]
fn unknown_categories_by_policy() {
    let s = spec(&[("k", ColumnType::String)]);
    let (train, new) = (frame("k\nx\ny\nx\n", &s), frame("k\ny\nzebra\n", &s));
    let mut c = config();
    let t = Transform::fit(&c, &s, &train).unwrap();
    assert_eq!((t.apply(&new).unwrap().get(1, 0), t.apply(&new).unwrap().get(1, 1)), (0.0, 0.0));
    c.encoding.strategy = EncodingStrategy::Ordinal;
    assert_eq!(Transform::fit(&c, &s, &train).unwrap().apply(&new).unwrap().column(0), [1.0, -1.0]);
    c.encoding.handle_unknown = UnknownPolicy::Error;
    let e = Transform::fit(&c, &s, &train).unwrap().apply(&new).unwrap_err();
    assert!(e.to_string().contains("row 2: the category `zebra`") && e.hint().unwrap().contains("`x`, `y`"), "{e}");
}

#[test]
fn rare_and_unknown_categories_share_a_column() {
    let s = spec(&[("k", ColumnType::String)]);
    let train = frame("k\na\na\na\nb\nb\nb\nc\nd\n", &s);
    let mut c = config();
    c.encoding.min_frequency = Some(3);
    let t = Transform::fit(&c, &s, &train).unwrap();
    assert_eq!(t.output_features(), ["k_a", "k_b", "k_infrequent"]);
    assert_eq!(t.apply(&frame("k\nc\nnew\na\n", &s)).unwrap().column(2), [1.0, 1.0, 0.0]);
    assert_eq!(t.inputs()[0].categories, ["a", "b", "c", "d"]);
}

#[test]
fn output_names_never_repeat() {
    let s = spec(&[("k_x", ColumnType::Float), ("k", ColumnType::String)]);
    let t = Transform::fit(&config(), &s, &frame("k_x,k\n1,x\n2,y\n", &s)).unwrap();
    assert_eq!(t.output_features(), ["k_x", "k_x_2", "k_y"]);
}

#[test]
fn a_batch_needs_its_features_and_nothing_else() {
    let s = spec(&MIXED);
    let t = Transform::fit(&config(), &s, &frame("a,k,b,f\n1.5,007,1,true\n2.5,y,2,False\n", &s)).unwrap();
    let batch = table("extra,f,b,a,k\n9,TRUE,2.5,1e3,007\n");
    let m = t.apply(&frame_for_prediction(&batch, &t).unwrap()).unwrap();
    let row: Vec<f64> = (0..m.cols()).map(|j| m.get(0, j)).collect();
    assert_eq!(row, [1000.0, 2.5, 1.0, 0.0, 0.0, 1.0]);
    assert_eq!(ignored_columns(&batch, &t), ["extra"]);
    for (text, word) in [
        ("a,k,b\n1,x,2\n", "`f`"),
        ("a,k,b,f\n1,x,two,true\n", "row 1 (line 2)"),
        ("a,k,b,f\n1,x,2,maybe\n", "`maybe`"),
        ("a,k,b,f\ninf,x,2,true\n", "finite"),
        ("a,k,b,f\n", "no rows"),
        ("a,k,b,f\n1,x,2\n", "field"),
    ] {
        let e = frame_for_prediction(&table(text), &t).unwrap_err();
        assert!(e.to_string().contains(word) && e.hint().is_some(), "{e}");
    }
}

#[test]
fn damaged_and_newer_bytes_are_told() {
    let s = spec(&MIXED);
    let t = Transform::fit(&config(), &s, &frame("a,k,b,f\n1.5,x,1,true\n2.5,y,2,False\n", &s)).unwrap();
    let text = String::from_utf8(t.to_json()).unwrap();
    assert!(matches!(
        Transform::from_json(text.replace("transform/1", "transform/2").as_bytes()),
        Err(DataError::Newer { .. })
    ));
    for damaged in
        [text.replace("\"width\":2", "\"width\":1"), text.replace(",\"k_x\"", ""), text[1..].to_owned(), "{}".into()]
    {
        assert!(matches!(Transform::from_json(damaged.as_bytes()), Err(DataError::Corrupt { .. })), "{damaged}");
    }
}

#[test]
fn values_too_large_to_average_are_refused() {
    let s = spec(&[("a", ColumnType::Float)]);
    let mut c = config();
    c.scaling.enabled = true;
    let e = Transform::fit(&c, &s, &frame("a\n1e308\n-1e308\n1e308\n", &s)).unwrap_err();
    assert!(e.to_string().contains("too large"), "{e}");
}

fn number() -> impl Strategy<Value = f64> {
    prop_oneof![4 => -1e6..1e6f64, 1 => Just(f64::NAN), 1 => Just(0.0), 1 => any::<f64>().prop_filter("fits a square", |v| v.abs() < 1e100)]
}

fn text_column(rows: usize) -> impl Strategy<Value = ColumnValues> {
    prop::collection::vec(0u32..8, rows).prop_map(|v| ColumnValues::Text {
        dictionary: (0..7).map(|i| format!("c{}", (i * 5) % 7)).collect(),
        codes: v.into_iter().map(|c| if c == 7 { driftgate_model::MISSING_CODE } else { c }).collect(),
    })
}

fn any_frame() -> impl Strategy<Value = Frame> {
    (2usize..60).prop_flat_map(|rows| {
        (prop::collection::vec(number(), rows), prop::collection::vec(number(), rows), text_column(rows)).prop_map(
            |(a, b, k)| {
                let column = |name: &str, values| Column { name: name.into(), values };
                Frame::new(vec![
                    column("a", ColumnValues::Number(a)),
                    column("k", k),
                    column("b", ColumnValues::Number(b)),
                ])
                .unwrap()
            },
        )
    })
}

fn any_config() -> impl Strategy<Value = PreprocessingConfig> {
    (any::<[bool; 5]>(), 0usize..3, prop::option::of(1u64..9)).prop_map(|(flags, fill, min_frequency)| {
        let mut c = config();
        c.scaling.enabled = flags[0];
        c.scaling.strategy = if flags[1] { ScalingStrategy::Standard } else { ScalingStrategy::Minmax };
        c.encoding.strategy = if flags[2] { EncodingStrategy::Onehot } else { EncodingStrategy::Ordinal };
        c.encoding.min_frequency = min_frequency;
        c.missing_values.policy = if flags[3] { MissingPolicy::Impute } else { MissingPolicy::Passthrough };
        c.missing_values.numeric_strategy = [NumericFill::Mean, NumericFill::Median, NumericFill::Constant][fill];
        c.missing_values.categorical_strategy =
            if flags[4] { CategoricalFill::MostFrequent } else { CategoricalFill::Constant };
        c
    })
}

#[test]
fn one_hot_columns_that_burst_the_memory_are_refused() {
    let s = spec(&[("x", ColumnType::Float), ("name", ColumnType::String)]);
    let text: String = (0..30_000).map(|i| format!("{i},person {i}\n")).collect();
    let f = frame(&format!("x,name\n{text}"), &s);
    let e = Transform::fit(&config(), &s, &f).unwrap_err();
    assert!(e.to_string().contains("30,001 columns of 30,000 train rows, 7 GiB where 4 are the most"), "{e}");
    assert!(e.to_string().contains("`name` alone makes 30,000"), "{e}");
    assert!(e.hint().unwrap().contains("min_frequency") && e.hint().unwrap().contains("ordinal"));
    let mut rare = config();
    rare.encoding.min_frequency = Some(2);
    assert_eq!(Transform::fit(&rare, &s, &f).unwrap().output_features().len(), 2);
    let mut ordinal = config();
    ordinal.encoding.strategy = EncodingStrategy::Ordinal;
    assert_eq!(Transform::fit(&ordinal, &s, &f).unwrap().output_features().len(), 2);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn training_is_serving(frame in any_frame(), c in any_config(), pick in prop::collection::vec(any::<prop::sample::Index>(), 1..20)) {
        let s = spec(&[("a", ColumnType::Float), ("k", ColumnType::String), ("b", ColumnType::Float)]);
        // A column without any value cannot be averaged: an error, and not this test's matter.
        let Ok(t) = Transform::fit(&c, &s, &frame) else { return Ok(()) };
        let whole = t.apply(&frame).unwrap();
        prop_assert_eq!(whole.cols(), t.output_features().len());
        // Rows alone or in any company become the same numbers.
        let rows: Vec<usize> = pick.iter().map(|i| i.index(frame.rows())).collect();
        prop_assert_eq!(bits(&t.apply(&frame.take(&rows)).unwrap()), bits(&whole.take(&rows)));
        // JSON gives the same bits back.
        let stored = Transform::from_json(&t.to_json()).unwrap();
        prop_assert_eq!(&stored, &t);
        prop_assert_eq!(bits(&stored.apply(&frame).unwrap()), bits(&whole));
        // NaN comes out only where it is announced.
        let nan = (0..whole.cols()).any(|j| whole.column(j).iter().any(|v| v.is_nan()));
        prop_assert!(!nan || t.has_missing_output());
        // The order of a column's dictionary carries no meaning, nor do unused texts.
        prop_assert_eq!(&Transform::fit(&c, &s, &shuffled(&frame)).unwrap(), &t);
    }
}

/// The same texts under other codes, with one unused text.
fn shuffled(frame: &Frame) -> Frame {
    let columns = frame.columns().iter().map(|c| match &c.values {
        ColumnValues::Number(_) => c.clone(),
        ColumnValues::Text { dictionary, codes } => {
            let last = dictionary.len() as u32;
            let mut turned: Vec<String> = dictionary.iter().rev().cloned().collect();
            turned.insert(0, "unused".into());
            let code = |c: &u32| if *c == driftgate_model::MISSING_CODE { *c } else { last - c };
            Column {
                name: c.name.clone(),
                values: ColumnValues::Text { dictionary: turned, codes: codes.iter().map(code).collect() },
            }
        }
    });
    Frame::new(columns.collect()).unwrap()
}
