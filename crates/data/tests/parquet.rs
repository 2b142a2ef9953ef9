//! Parquet files as other programs write them; `golden/parquet.py` made them.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

use driftgate_data::{DataError, Table, read, sniff};
use driftgate_model::{Code, Coded, ColumnType, FileFormat, FileKind};
use std::path::PathBuf;

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

fn format() -> FileFormat {
    FileFormat { kind: FileKind::Parquet, ..FileFormat::default() }
}

fn table(name: &str) -> Table {
    read(&path(name), &format()).unwrap()
}

#[test]
fn plain_columns_keep_their_types() {
    assert_eq!(sniff(&path("plain.parquet")).unwrap().format.kind, FileKind::Parquet);
    let t = table("plain.parquet");
    let types: Vec<(&str, ColumnType, u64)> =
        t.columns().iter().map(|c| (c.name.as_str(), c.inferred, c.missing)).collect();
    use ColumnType::{Bool, Float, Int, String};
    assert_eq!(
        types,
        [
            ("tiny", Int, 1),
            ("count", Int, 0),
            ("id", String, 0),
            ("single", Float, 2),
            ("double", Float, 0),
            ("text", String, 1),
            ("large", String, 1),
            ("kind", String, 0),
            ("flag", Bool, 1),
            ("day", String, 1),
            ("moment", String, 1),
            ("zoned", String, 1),
            ("nothing", String, 3),
        ]
    );
    let rows = t.preview(3);
    assert_eq!(rows[0][..6], ["-3", "1", "1152921504606846977", "0.5", "0.1", "a"]);
    assert_eq!((rows[0][8].as_str(), rows[1][8].as_str(), rows[2][8].as_str()), ("true", "", "false"));
    assert_eq!(rows[2][5], "b", "spaces around a text are not part of it");
    assert_eq!(rows[0][9..12], ["2024-02-28", "2024-02-28T23:59:59.5", "2024-02-28T23:59:59.5Z"]);
    assert_eq!(rows[2][9..12], ["", "1969-12-31T00:00:00", "1969-12-31T00:00:00Z"]);
    assert_eq!((t.columns()[4].infinite, t.line(1)), (1, None));
    assert_eq!(t.notes().len(), 4, "{:?}", t.notes());
}

#[test]
fn other_compressions_and_no_rows() {
    assert_eq!(table("zstd.parquet").preview(1)[0], ["-3", "a"]);
    assert_eq!((table("no_rows.parquet").rows(), table("no_rows.parquet").columns().len()), (0, 2));
}

#[test]
fn types_without_a_plain_value_are_refused_by_name() {
    for (file, column) in [
        ("list.parquet", "tags"),
        ("struct.parquet", "place"),
        ("decimal.parquet", "price"),
        ("binary.parquet", "blob"),
        ("time.parquet", "clock"),
    ] {
        let e = read(&path(file), &format()).unwrap_err();
        assert!(matches!(&e, DataError::ParquetType { column: c, .. } if c == column), "{file}: {e}");
        assert!(e.hint().is_some() && e.code() == Code::BadData);
    }
}

#[test]
fn broken_files_are_errors() {
    assert!(matches!(read(&path("no_columns.parquet"), &format()), Err(DataError::Empty { .. })));
    let whole = std::fs::read(path("plain.parquet")).unwrap();
    let mut holed = whole.clone();
    let middle = holed.len() / 2;
    holed[middle - 200..middle + 200].fill(0xAB);
    for bytes in [&whole[..whole.len() - 9], &whole[..8], b"PAR1PAR1", b"not parquet at all", &holed[..]] {
        let e = driftgate_data::read_bytes(bytes, "t.parquet", &format()).unwrap_err();
        assert!(matches!(e, DataError::Parquet { .. }), "{e}");
    }
}

#[test]
fn a_text_reader_says_that_it_is_parquet() {
    let e = read(&path("plain.parquet"), &FileFormat::default()).unwrap_err();
    assert!(e.to_string().contains("Parquet") && e.hint().unwrap().contains("parquet"), "{e}");
}

#[test]
fn any_damaged_byte_is_an_error_or_another_value() {
    let usual = std::panic::take_hook();
    // Panics inside Polars are caught and become errors; their backtraces would take minutes.
    std::panic::set_hook(Box::new(|_| {}));
    let mut outcomes = Vec::new();
    for file in ["plain.parquet", "zstd.parquet"] {
        let whole = std::fs::read(path(file)).unwrap();
        for at in (0..whole.len()).step_by(3) {
            let mut bytes = whole.clone();
            bytes[at] ^= [0x01, 0x80, 0xFF][at % 3];
            outcomes.push(driftgate_data::read_bytes(&bytes, file, &format()).map(|t| t.rows()));
        }
    }
    std::panic::set_hook(usual);
    let errors = outcomes.iter().filter(|o| o.is_err()).count();
    assert!(errors * 4 > outcomes.len(), "{errors} of {}", outcomes.len());
    for outcome in outcomes {
        match outcome {
            Ok(rows) => assert!(rows <= 3, "{rows}"),
            Err(e) => assert!(e.to_string().contains(".parquet") && e.hint().is_some(), "{e}"),
        }
    }
}
