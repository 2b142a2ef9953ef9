//! Any bytes at all: an answer or an error, never a panic; and what is written is what is read.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

use driftgate_data::{DraftAnswers, draft_spec, read_bytes, sniff_bytes, split, target, validate};
use driftgate_model::{FileFormat, FileKind, Task, Timestamp};
use proptest::prelude::*;

/// Everything that an import does with a file.
fn import(bytes: &[u8]) {
    let Ok(sniffed) = sniff_bytes(bytes, "any.csv", "csv") else { return };
    let Ok(table) = read_bytes(bytes, "any.csv", &sniffed.format) else { return };
    let rows = table.preview(usize::MAX);
    assert_eq!(rows.len(), table.rows());
    let last = table.columns().last().map(|c| c.name.clone());
    for task in [Task::Classification, Task::Regression] {
        let answers = DraftAnswers { target: last.clone(), task: Some(task), ..DraftAnswers::default() };
        let Ok(draft) = draft_spec("any", &table, &sniffed.format, &answers) else { continue };
        let report = validate(&table, &draft.spec, Timestamp::UNIX_EPOCH);
        for f in &report.findings {
            assert!(!f.message.is_empty() && f.examples.len() <= 5);
        }
        if report.errors() == 0 {
            // What validation lets pass, the later steps take.
            let frame = table.frame(&draft.spec).unwrap();
            let assignment = split(&frame, &draft.spec, None).unwrap();
            assert_eq!(assignment.splits().len(), table.rows());
            assert_eq!(target(&frame, &draft.spec).unwrap().len(), table.rows());
        }
    }
}

fn csv_like() -> impl Strategy<Value = String> {
    let cell = prop_oneof![
        4 => "[0-9]{1,3}(\\.[0-9]{1,2})?",
        2 => "[abc]{0,2}",
        1 => "[ \"',;\t\r\na-c0-9.-]{0,6}",
        1 => prop::sample::select(vec!["NA", "nan", "inf", "-", "true", "FALSE", "007", "1e400", "99999999999999999999"])
            .prop_map(str::to_owned),
    ];
    let row = prop::collection::vec(cell, 1..5);
    (
        prop::collection::vec(row, 1..30),
        prop::sample::select(vec![",", ";", "\t"]),
        prop::sample::select(vec!["\n", "\r\n"]),
    )
        .prop_map(|(rows, delimiter, end)| rows.iter().map(|r| r.join(delimiter) + end).collect())
}

/// A table of one width, so that most cases get past the structure.
fn regular() -> impl Strategy<Value = String> {
    (2usize..5, 5usize..60, any::<u64>()).prop_map(|(columns, rows, seed)| {
        let mut text: String =
            (0..columns).map(|j| format!("c{j}{}", if j + 1 == columns { "\n" } else { "," })).collect();
        for i in 0..rows as u64 {
            for j in 0..columns as u64 {
                let h = (i + 1).wrapping_mul(j + 3).wrapping_mul(seed | 1) >> 33;
                let end = if j + 1 == columns as u64 { "\n" } else { "," };
                text += &match (seed >> j) % 4 {
                    0 => format!("{}{end}", h % 1000),
                    1 => format!("{}.{}{end}", h % 10, h % 7),
                    2 => format!("{}{end}", ["red", "green", "blue"][h as usize % 3]),
                    _ => format!("{}{end}", h % 2),
                };
            }
        }
        text
    })
}

/// A twentieth of the long proof (`cargo xtask deep`) by default.
fn cases() -> u32 {
    if std::env::var_os("DRIFTGATE_DEEP").is_some() { 4_000 } else { 200 }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases()))]

    #[test]
    fn bytes(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        import(&bytes);
        let parquet = FileFormat { kind: FileKind::Parquet, ..FileFormat::default() };
        prop_assert!(read_bytes(&bytes, "any.parquet", &parquet).is_err());
    }

    #[test]
    fn texts(text in csv_like()) {
        import(text.as_bytes());
        let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        import(&utf16);
    }

    #[test]
    fn tables(text in regular()) {
        import(text.as_bytes());
    }

    #[test]
    fn what_is_written_is_read(cells in prop::collection::vec(prop::collection::vec("[a-z\",;\n\r\t é0-9]{0,8}", 3), 1..20), always in any::<bool>()) {
        let quote = |c: &str| {
            if always || c.contains(['"', ',', '\n', '\r']) { format!("\"{}\"", c.replace('"', "\"\"")) } else { c.to_owned() }
        };
        let mut text = "x,y,z\n".to_owned();
        for row in &cells {
            let row: Vec<String> = row.iter().map(|c| quote(c)).collect();
            text += &(row.join(",") + "\n");
        }
        let table = read_bytes(text.as_bytes(), "t.csv", &FileFormat::default()).unwrap();
        let read = table.preview(usize::MAX);
        prop_assert_eq!(read.len(), cells.len());
        for (read, written) in read.iter().zip(&cells) {
            for (read, written) in read.iter().zip(written) {
                prop_assert_eq!(read.as_str(), written.trim());
            }
        }
    }
}
