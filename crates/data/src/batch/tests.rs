//! A batch that is streamed says what one that is read whole says, in values and in errors.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

use super::*;
use crate::testing::{class_spec, spec};
use crate::{read_bytes, sniff_bytes};
use driftgate_model::config::PreprocessingConfig;
use driftgate_model::{CancelToken, ColumnType, Frame};
use polars::prelude::{DataFrame, IntoColumn, NamedFrom, ParquetWriter, Series};
use std::io::Write;

fn config(policy: &str, unknown: &str) -> PreprocessingConfig {
    serde_json::from_value(serde_json::json!({
        "fail_on_nulls": policy == "fail", "min_rows": 1,
        "numeric_features": null, "categorical_features": null,
        "encoding": {"enabled": true, "strategy": "onehot", "handle_unknown": unknown, "min_frequency": null},
        "scaling": {"enabled": false, "strategy": "standard"},
        "missing_values": {"policy": policy, "numeric_strategy": "mean", "categorical_strategy": "most_frequent",
                           "fill_number": null, "fill_text": null},
    }))
    .unwrap()
}

/// `a` a number, `k` a text, `f` a truth value; the target is `y`.
fn mixed(target: ColumnType) -> DatasetSpec {
    let mut s =
        if target == ColumnType::String { class_spec(&["a", "k", "f"], "y") } else { spec(&["a", "k", "f"], "y") };
    s.schema.insert("k".into(), ColumnType::String);
    s.schema.insert("f".into(), ColumnType::Bool);
    s.schema.insert("y".into(), target);
    s
}

const TRAIN: &str = "a,k,f,y\n1.5,x,true,1\n2.5,z,false,2\n3.5,x,true,1\n";

fn transform(s: &DatasetSpec, policy: &str, unknown: &str) -> Transform {
    let frame = read_bytes(TRAIN.as_bytes(), "train.csv", &FileFormat::default()).unwrap().frame(s).unwrap();
    Transform::fit(&config(policy, unknown), s, &frame).unwrap()
}

/// Everything that a check asks of a batch.
#[derive(Debug, PartialEq)]
struct Said {
    rows: usize,
    ignored: Vec<String>,
    columns: Vec<Vec<Option<String>>>,
    target: Option<std::result::Result<String, String>>,
    matrix: std::result::Result<Vec<u64>, String>,
}

fn texts(values: &ColumnValues) -> Vec<Option<String>> {
    (0..values.len())
        .map(|i| match values {
            ColumnValues::Number(v) => Some(format!("{:?}", v[i])),
            ColumnValues::Text { .. } => values.text(i).map(str::to_owned),
        })
        .collect()
}

fn said(batch: Result<Batch>, s: &DatasetSpec, t: &Transform, parts: usize) -> std::result::Result<Said, String> {
    let batch = batch.map_err(|e| e.to_string())?;
    let labels = ["1".to_owned(), "2".to_owned()];
    let n = batch.rows();
    let columns = t.inputs().iter().map(|i| texts(&batch.column(&i.name).unwrap())).collect();
    let mut matrix = Ok(Vec::new());
    for from in (0..n).step_by(n.div_ceil(parts).max(1)) {
        let part = batch.matrix(from..n.min(from + n.div_ceil(parts)), t);
        matrix = matrix.and_then(|mut all: Vec<u64>| {
            let m = part.map_err(|e| e.to_string())?;
            (0..m.rows()).for_each(|i| all.extend((0..m.cols()).map(|j| m.get(i, j).to_bits())));
            Ok(all)
        });
    }
    let target = batch.target(s, &labels).map(|r| r.map(|t| format!("{t:?}")).map_err(|e| e.to_string()));
    Ok(Said { rows: n, ignored: batch.ignored().to_vec(), columns, target, matrix })
}

fn streamed(
    bytes: &[u8],
    format: &FileFormat,
    t: &Transform,
    s: &DatasetSpec,
    size: usize,
    threads: usize,
) -> Result<Batch> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("b");
    File::create(&path).unwrap().write_all(bytes).unwrap();
    let cancel = CancelToken::new();
    let source = Source {
        name: "batch.csv",
        folder: folder.path(),
        size: bytes.len() as u64,
        threads,
        progress: &|_, _| {},
        cancel: &cancel,
    };
    Batch::read(&path, format, t, s, &source, size)
}

#[track_caller]
fn same(bytes: &[u8], format: &FileFormat, s: &DatasetSpec, t: &Transform) {
    let whole = read_bytes(bytes, "batch.csv", format).and_then(|table| Batch::held(table, t));
    let whole = said(whole, s, t, 1);
    for (size, threads, parts) in [(1, 1, 1), (7, 1, 3), (40, 3, 2), (4096, 2, 1)] {
        let found = said(streamed(bytes, format, t, s, size, threads), s, t, parts);
        // Missing values where none may be are found before anything is computed.
        let early = |w: &Said| w.matrix.as_ref().is_err_and(|e| e.contains("the value is missing"));
        match (&whole, &found) {
            (Ok(w), Err(e)) if early(w) => assert_eq!(w.matrix.as_ref().unwrap_err(), e),
            _ => assert_eq!(whole, found, "block size {size}, {:?}", String::from_utf8_lossy(bytes)),
        }
    }
}

#[test]
fn texts_are_what_they_are_when_read_whole() {
    let bodies = [
        "a,k,f,y\n1,x,true,1\n2,y,false,2\n3,x,TRUE,1\n",
        "y,extra,f,k,a\r\n1,q,0,007,1e3\r\n2,w,1,08,-2.5\r\n1,,,,\r\n",
        "a,k,f,y\n1,\"x, y\",true,1\n\"2\",\"say \"\"hi\"\"\",false,2\n3,\"two\nlines\",true,1\n4,z,false,2\n",
        "a,k,f,y\r1,x,true,1\r2,z,false,2\r",
        "\n\na,k,f,y\n\n1,x,true,1\n\n\n2,z,false,2\n\n\n",
        "a,k,f,y\n1,äöü 世界,true,1\n2,\u{1F600},false,2\n3,äöü 世界,true,1",
        // What does not fit, in several rows and columns.
        "a,k,f,y\n1,x,true,1\nbad,x,true,1\n3,x,maybe,1\nworse,x,true,1\n",
        "a,k,f,y\n1,x,true,1\n2,x,1,1\n3,x,0,1\n",
        "a,k,f,y\n1,x,2,1\n2,x,0,1\n3,x,2,1\n",
        "a,k,f,y\n1,x,00,1\n2,x,01,1\n",
        "a,k,f,y\n1e999,x,true,1\n-inf,x,true,1\n",
        "a,k,f,y\nNA,NA,,1\n nan ,NaN,true,2\n?,?,false,1\n",
        "a,k,f,y\n1,x,true,3\n2,z,false,1\n",
        "a,k,f,y\n1,x,true,one\n2,z,false,2\n",
        "a,k,f,y\n1,x,true,\n2,z,false,2\n",
        "a,k,f\n1,x,true\n2,z,false\n",
        "a,k,f,,y\n1,x,true,9,1\n2,z,false,8,2\n",
        // Broken structure.
        "a,k,f,y\n1,x,true,1\n2,z\n3,x,true,1,9\n",
        "a,k,f,y\n1,x,true,1\n2,\"z,false,2\n3,x,true,1\n",
        "a,a,k,f,y\n1,1,x,true,1\n",
        "a,k,f,y\n",
        "a,k,f,y\n1,x,true,1\n2,\u{1},false,2\n",
        "a,k,f,y\n1,x,true,1,\n2,z,false,2,\n",
        "a,k,f,y\n1,5\" disk,true,1\n2,\"x\"y,false,2\n",
        "",
        "\n \n",
    ];
    for target in [ColumnType::Float, ColumnType::String, ColumnType::Int] {
        let s = mixed(target);
        for (policy, unknown) in [("impute", "ignore"), ("fail", "ignore"), ("impute", "error")] {
            let t = transform(&s, policy, unknown);
            for body in bodies {
                same(body.as_bytes(), &FileFormat::default(), &s, &t);
            }
        }
    }
}

#[test]
fn a_target_without_a_declared_type_is_read_as_it_looks() {
    let mut s = mixed(ColumnType::Float);
    let t = transform(&s, "impute", "ignore");
    s.schema.remove("y");
    for y in [["1", "2", "1"], ["1.5", "", "2"], ["x", "1", "x"], ["true", "false", "true"], ["1", "inf", "2"]] {
        let body = format!("a,k,f,y\n1,x,true,{}\n2,z,false,{}\n3,x,true,{}\n", y[0], y[1], y[2]);
        same(body.as_bytes(), &FileFormat::default(), &s, &t);
    }
}

#[test]
fn encodings_and_formats_are_the_same() {
    let s = mixed(ColumnType::Float);
    let t = transform(&s, "impute", "ignore");
    let text = "a;k;f;y\n1,5;Käse;true;1\n2,25;größe;false;2\n";
    let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let marked: Vec<u8> = [&b"\xEF\xBB\xBF"[..], text.as_bytes()].concat();
    let western: Vec<u8> = text.chars().map(|c| c as u32 as u8).collect();
    for bytes in [text.as_bytes(), &wide, &marked, &western] {
        let format = sniff_bytes(bytes, "batch.csv", "csv").unwrap().format;
        same(bytes, &format, &s, &t);
    }
    // Bytes that are not in the declared encoding, early and late.
    let mut late = format!("a;k;f;y\n{}", "1,5;x;true;1\n".repeat(50)).into_bytes();
    late.extend_from_slice(b"2,5;caf\xE9;true;1\n");
    let declared = FileFormat { delimiter: ';', decimal: ',', ..FileFormat::default() };
    for bytes in [&western, &late, &b"a;k\0;f;y\n1;\xE9;true;1\n".to_vec()] {
        same(bytes, &declared, &s, &t);
    }
    for odd in
        [FileFormat { delimiter: '"', ..declared.clone() }, FileFormat { encoding: "klingon".into(), ..declared }]
    {
        same(text.as_bytes(), &odd, &s, &t);
    }
}

#[test]
fn one_column_is_a_table_too() {
    let mut s = spec(&["a"], "y");
    let frame = read_bytes(b"a,y\n1,2\n2,3\n", "t.csv", &FileFormat::default()).unwrap().frame(&s).unwrap();
    let t = Transform::fit(&config("impute", "ignore"), &s, &frame).unwrap();
    s.schema.remove("y");
    for body in ["a\n1\n2\n\n3\n", "a\n\n\"1\"\n\n\n", "a\n1\nx\n"] {
        same(body.as_bytes(), &FileFormat::default(), &s, &t);
    }
}

#[test]
fn parquet_is_read_a_row_group_at_a_time() {
    let s = mixed(ColumnType::Float);
    let t = transform(&s, "impute", "ignore");
    let format = FileFormat { kind: FileKind::Parquet, ..FileFormat::default() };
    let a: Vec<Option<f64>> = (0..50).map(|i| (i % 7 != 3).then_some(f64::from(i) / 3.0)).collect();
    let k: Vec<Option<String>> = (0..50).map(|i| (i % 11 != 5).then(|| format!("k{}", i % 9))).collect();
    let f: Vec<bool> = (0..50).map(|i| i % 3 == 0).collect();
    let frame = |a: Series, y: Series| -> Vec<u8> {
        let columns = vec![a, Series::new("k".into(), &k), Series::new("f".into(), &f), y];
        let mut frame = DataFrame::new(50, columns.into_iter().map(IntoColumn::into_column).collect()).unwrap();
        let mut bytes = Vec::new();
        ParquetWriter::new(&mut bytes).with_row_group_size(Some(8)).finish(&mut frame).unwrap();
        bytes
    };
    let y: Vec<i64> = (0..50).map(|i| i % 4).collect();
    let ints: Vec<i64> = (0..50).collect();
    let mut odd: Vec<f64> = (0..50).map(f64::from).collect();
    let good = frame(Series::new("a".into(), &a), Series::new("y".into(), &y));
    same(&good, &format, &s, &t);
    same(&frame(Series::new("a".into(), &ints), Series::new("y".into(), &odd)), &format, &s, &t);
    (odd[20], odd[33]) = (f64::INFINITY, f64::NEG_INFINITY);
    same(&frame(Series::new("a".into(), &odd), Series::new("y".into(), &y)), &format, &s, &t);
    same(&frame(Series::new("a".into(), &k), Series::new("y".into(), &y)), &format, &s, &t);
    same(&good[..good.len() / 2], &format, &s, &t);
    // Any damaged byte is an error or another value, and no panic.
    for i in (4..good.len()).step_by(29) {
        let mut damaged = good.clone();
        damaged[i] ^= 0x55;
        let _ = streamed(&damaged, &format, &t, &s, 4096, 2);
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("b.parquet");
    std::fs::write(&path, &good).unwrap();
    assert!(!is_large(&path).unwrap());
    assert_eq!(parquet::cells(&path), Some(200));
    assert!(is_large(folder.path()).is_err());
}

#[test]
fn a_cancelled_read_stops_and_progress_reaches_its_end() {
    let s = mixed(ColumnType::Float);
    let t = transform(&s, "impute", "ignore");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("b.csv");
    let body = format!("a,k,f,y\n{}", "1,x,true,1\n".repeat(1000));
    std::fs::write(&path, &body).unwrap();
    let cancel = CancelToken::new();
    let seen = std::sync::Mutex::new(Vec::new());
    let progress = |done, total| seen.lock().unwrap().push((done, total));
    let size = body.len() as u64;
    let source =
        Source { name: "b.csv", folder: folder.path(), size, threads: 2, progress: &progress, cancel: &cancel };
    let read = || Batch::read(&path, &FileFormat::default(), &t, &s, &source, 512);
    assert_eq!(read().unwrap().rows(), 1000);
    assert_eq!(seen.lock().unwrap().last(), Some(&(size, size)));
    cancel.cancel();
    assert!(matches!(read(), Err(DataError::Cancelled)));
    // Nothing stays in the folder.
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_file_that_is_not_as_the_contract_says_is_read_as_it_looks() {
    let s = mixed(ColumnType::Float);
    let t = transform(&s, "impute", "ignore");
    let folder = tempfile::tempdir().unwrap();
    let cancel = CancelToken::new();
    let read = |bytes: &[u8]| {
        let path = folder.path().join("b.csv");
        std::fs::write(&path, bytes).unwrap();
        let size = bytes.len() as u64;
        let source =
            Source { name: "b.csv", folder: folder.path(), size, threads: 1, progress: &|_, _| {}, cancel: &cancel };
        Batch::streamed(&path, "csv", &FileFormat::default(), &t, &s, &source)
    };
    let plain = read(b"a;k;f;y\n1,5;x;true;1\n").unwrap();
    assert_eq!(texts(&plain.column("a").unwrap()), [Some("1.5".to_owned())]);
    // The first MiB is UTF-8, the rest is not.
    let mut long = format!("a;k;f;y\n{}", "1,5;x;true;1\n".repeat(100_000)).into_bytes();
    long.extend_from_slice(b"2,5;caf\xE9;true;1\n");
    let found = read(&long).unwrap();
    let last: Frame = found.frame(100_000..100_001).unwrap();
    assert_eq!(last.column("k").unwrap().text(0), Some("café"));
    assert!(matches!(read(b"a;k;y\n1;x;1\n"), Err(DataError::MissingColumn { .. })));
}
