//! Files that are not what they should be: a message with what, where and what to do, and never a panic.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

use driftgate_data::{DataError, Table, read, read_bytes, sniff, sniff_bytes, validate};
use driftgate_model::{
    About, Code, Coded, ColumnConstraints, ColumnType, Constraints, DatasetSpec, FileFormat, Finding, SplitPolicy,
    Task, Timestamp, ValidationReport,
};
use std::fmt::Write as _;

fn table(text: &str) -> Table {
    read_bytes(text.as_bytes(), "t.csv", &FileFormat::default()).unwrap()
}

/// A spec of all columns of `text`, typed as they look, with `target` as the target.
fn spec(table: &Table, target: &str, task: Task) -> DatasetSpec {
    DatasetSpec {
        name: "t".into(),
        task,
        features: table.columns().iter().map(|c| c.name.clone()).filter(|n| n != target).collect(),
        target: target.into(),
        schema: table.columns().iter().map(|c| (c.name.clone(), c.inferred)).collect(),
        format: FileFormat::default(),
        constraints: Constraints::default(),
        split: SplitPolicy::default(),
        images: None,
        about: About::default(),
    }
}

fn report(text: &str, target: &str, task: Task, change: impl FnOnce(&mut DatasetSpec)) -> ValidationReport {
    let table = table(text);
    let mut spec = spec(&table, target, task);
    change(&mut spec);
    validate(&table, &spec, Timestamp::UNIX_EPOCH)
}

fn find<'r>(report: &'r ValidationReport, check: &str) -> &'r Finding {
    report
        .findings
        .iter()
        .find(|f| f.check == check)
        .unwrap_or_else(|| panic!("no `{check}` among {:#?}", report.findings))
}

fn lines(f: &Finding) -> Vec<u64> {
    f.examples.iter().filter_map(|e| e.line).collect()
}

/// `rows` good rows of two features and a two-label target.
fn good(rows: usize) -> String {
    let mut text = "a,b,y\n".to_owned();
    for i in 0..rows {
        writeln!(text, "{}.5,{},{}", i, (i * 7) % 11, ["no", "yes"][i * 3 % 7 % 2]).unwrap();
    }
    text
}

#[test]
fn a_good_file_has_no_finding() {
    let r = report(&good(60), "y", Task::Classification, |_| {});
    assert!(r.findings.is_empty(), "{:#?}", r.findings);
    assert_eq!((r.rows, r.columns, r.errors()), (60, 3, 0));
}

#[test]
fn paths_that_lead_nowhere() {
    let dir = tempfile::tempdir().unwrap();
    let e = read(dir.path(), &FileFormat::default()).unwrap_err();
    assert!(matches!(e, DataError::IsDirectory { .. }) && e.code() == Code::BadInput, "{e}");
    let e = sniff(&dir.path().join("none.csv")).unwrap_err();
    assert!(matches!(e, DataError::NotFound { .. }) && e.code() == Code::NotFound && e.hint().is_some(), "{e}");
    let empty = dir.path().join("empty.csv");
    std::fs::write(&empty, b"").unwrap();
    assert!(sniff(&empty).unwrap_err().to_string().contains("empty.csv is empty"));
    assert!(read(&empty, &FileFormat::default()).unwrap_err().to_string().contains("empty"));
}

#[cfg(unix)]
#[test]
fn an_unreadable_file_says_so() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("locked.csv");
    std::fs::write(&path, b"a,b\n1,2\n").unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o000)).unwrap();
    match read(&path, &FileFormat::default()) {
        Err(e) => assert!(e.code() == Code::Io && e.to_string().contains("locked.csv"), "{e}"),
        // A superuser reads everything.
        Ok(t) => assert_eq!(t.rows(), 1),
    }
}

#[test]
fn a_header_alone_is_reported_as_empty() {
    for text in ["a,b\n", "a,b", "a,b\r\n\r\n"] {
        let t = table(text);
        assert_eq!((t.rows(), t.columns().len()), (0, 2), "{text:?}");
        let r = validate(&t, &spec(&t, "b", Task::Regression), Timestamp::UNIX_EPOCH);
        assert_eq!(find(&r, "empty").severity, driftgate_model::Severity::Error);
    }
}

#[test]
fn every_encoding_and_line_end_reads_alike() {
    let text = "näme;größe;y\nä;1,5;x\n\"z;\nz\";2,25;y\n";
    let utf16 = |big: bool, mark: bool| -> Vec<u8> {
        let marked = if mark { format!("\u{feff}{text}") } else { text.to_owned() };
        marked.encode_utf16().flat_map(|u| if big { u.to_be_bytes() } else { u.to_le_bytes() }).collect()
    };
    let latin: Vec<u8> = text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    let variants: Vec<Vec<u8>> = vec![
        text.as_bytes().to_vec(),
        format!("\u{feff}{text}").into_bytes(),
        text.replace('\n', "\r\n").into_bytes(),
        utf16(false, true),
        utf16(true, true),
        utf16(false, false),
        utf16(true, false),
        latin,
    ];
    for bytes in variants {
        let sniffed = sniff_bytes(&bytes, "t.csv", "csv").unwrap();
        let t = read_bytes(&bytes, "t.csv", &sniffed.format).unwrap();
        assert_eq!((sniffed.format.delimiter, sniffed.format.decimal), (';', ','), "{:?}", sniffed.notes);
        let names: Vec<&str> = t.columns().iter().map(|c| c.name.as_str()).collect();
        assert_eq!(names, ["näme", "größe", "y"]);
        assert_eq!(t.columns()[1].inferred, ColumnType::Float);
        let preview = t.preview(9);
        assert_eq!(preview[0], ["ä", "1,5", "x"]);
        assert_eq!(preview[1][0].replace("\r\n", "\n"), "z;\nz");
        assert_eq!((t.line(1), t.line(2)), (Some(2), Some(3)));
    }
}

#[test]
fn bytes_that_are_no_text() {
    for (bytes, word) in [
        (&b"a,b\n1,\xFF\xFE\x00\n"[..], "utf-8"),
        (b"\x7FELF\x02\x01\x01\0\0\0", "control character"),
        (b"a,b\n1,2\0\n", "line 2"),
        (b"\x89PNG\r\n\x1a\n", "PNG"),
    ] {
        let e = read_bytes(bytes, "t.csv", &FileFormat::default()).unwrap_err();
        assert!(e.to_string().contains(word), "{e}");
        assert!(e.hint().is_some() && e.code() == Code::BadData);
    }
    let e = read_bytes(b"a,b\nok,1\nok,2\nna\xEFve,3\n", "t.csv", &FileFormat::default()).unwrap_err();
    assert!(e.to_string().contains("line 4"), "{e}");
}

#[test]
fn formats_that_cannot_be() {
    for format in [
        FileFormat { delimiter: 'é', ..FileFormat::default() },
        FileFormat { delimiter: '\n', ..FileFormat::default() },
        FileFormat { decimal: '\'', ..FileFormat::default() },
        FileFormat { encoding: "utf-99".into(), ..FileFormat::default() },
    ] {
        let e = read_bytes(b"a,b\n1,2\n", "t.csv", &format).unwrap_err();
        assert_eq!(e.code(), Code::BadInput, "{e}");
    }
}

#[test]
fn ragged_rows_stop_a_frame_and_are_listed() {
    let text = "a,b,y\n1,2,x\n3,y\n5,6,x\n7,8,y,9\n";
    let t = table(text);
    let s = spec(&t, "y", Task::Classification);
    let r = validate(&t, &s, Timestamp::UNIX_EPOCH);
    let f = find(&r, "ragged_rows");
    assert_eq!(lines(f), [3, 5]);
    assert_eq!(f.examples[0].value, "2 fields");
    let e = t.frame(&s).unwrap_err().to_string();
    assert!(e.contains("row 2, line 3"), "{e}");
}

#[test]
fn ten_thousand_columns() {
    let header: Vec<String> = (0..10_000).map(|i| format!("c{i}")).collect();
    let row: Vec<String> = (0..10_000).map(|i| format!("{i}.5")).collect();
    let mut text = header.join(",");
    for _ in 0..20 {
        text.push('\n');
        text.push_str(&row.join(","));
    }
    let t = table(&text);
    assert_eq!((t.rows(), t.columns().len()), (20, 10_000));
    let r = validate(&t, &spec(&t, "c9999", Task::Regression), Timestamp::UNIX_EPOCH);
    assert!(r.errors() > 0 && find(&r, "constant_target").column.as_deref() == Some("c9999"));
}

#[test]
fn mixed_types_list_the_cells() {
    let text = "a,y\n1.5,1\n2.5,2\nn.a.,3\n3.5,4\n?,5\n4,6\n";
    let r = report(text, "y", Task::Regression, |s| {
        s.schema.insert("a".into(), ColumnType::Float);
    });
    let f = find(&r, "type");
    let cells: Vec<(u64, &str)> = f.examples.iter().map(|e| (e.row, e.value.as_str())).collect();
    assert_eq!((cells, lines(f)), (vec![(3, "n.a."), (5, "?")], vec![4, 6]));
    let r = report(text, "y", Task::Regression, |_| {});
    assert_eq!(lines(find(&r, "mixed_types")), [4, 6]);
}

#[test]
fn whole_numbers_are_floats_and_fractions_are_no_ints() {
    let text = "a,b,y\n1,1.5,1\n2,2,2\n3,3,3\n4,4,4\n5,5,5\n";
    let r = report(text, "y", Task::Regression, |s| {
        s.schema.insert("a".into(), ColumnType::Float);
        s.schema.insert("b".into(), ColumnType::Int);
    });
    let types: Vec<&Finding> = r.findings.iter().filter(|f| f.check == "type").collect();
    assert_eq!(types.len(), 1);
    assert_eq!((types[0].column.as_deref(), types[0].examples[0].value.as_str()), (Some("b"), "1.5"));
}

#[test]
fn missing_and_infinite_texts() {
    let text = "a,y\n1,1\nNaN,2\ninf,3\n-Infinity,4\nNA,5\nnull,6\n,7\n";
    let t = table(text);
    let a = t.column("a").unwrap();
    assert_eq!((a.missing, a.infinite, a.inferred), (4, 2, ColumnType::Float));
    let s = spec(&t, "y", Task::Regression);
    let r = validate(&t, &s, Timestamp::UNIX_EPOCH);
    assert_eq!(lines(find(&r, "infinite")), [4, 5]);
    let e = t.frame(&s).unwrap_err().to_string();
    assert!(e.contains("row 3 (line 4)") && e.contains("`inf`") && e.contains("finite"), "{e}");
    let r = report(text, "y", Task::Regression, |s| s.constraints.max_null_fraction = Some(0.1));
    assert_eq!(lines(find(&r, "null_fraction")), [3, 6, 7, 8]);
}

#[test]
fn targets_that_cannot_be_learnt() {
    let r = report("a,y\n1,x\n2,x\n3,x\n4,x\n", "y", Task::Classification, |_| {});
    assert!(find(&r, "one_class").message.contains("`x`"));
    let r = report(&good(60), "y", Task::Classification, |s| s.target = "Y".into());
    assert_eq!(find(&r, "missing_column").hint.as_deref(), Some("Did you mean `y`?"));
    let r = report(&good(60).replace(",yes\n", ",\n"), "y", Task::Classification, |_| {});
    assert!(!find(&r, "missing_target").examples.is_empty());
    let r = report(&(good(60) + "1,1,maybe\n2,2,maybe\n"), "y", Task::Classification, |_| {});
    assert!(find(&r, "small_class").message.contains("`maybe` has 2 rows"));
    let r = report(&good(60), "y", Task::Regression, |_| {});
    assert_eq!(find(&r, "target_type").column.as_deref(), Some("y"));
    let r = report(&good(60), "a", Task::Classification, |_| {});
    assert_eq!(find(&r, "too_many_labels").column.as_deref(), Some("a"));
}

#[test]
fn leaks_are_found() {
    let mut text = "same,code,line,fine,y\n".to_owned();
    let mut classes = "code,noise,y\n".to_owned();
    for i in 0..40 {
        let y = f64::from(i) * 1.25;
        writeln!(text, "{y},{},{},{},{y}", i, 3.0 * y + 1.0, (i * 7) % 5).unwrap();
        writeln!(classes, "{},{},{}", [7, 3, 9][i as usize % 3], i % 4, ["a", "b", "c"][i as usize % 3]).unwrap();
    }
    let r = report(&text, "y", Task::Regression, |_| {});
    let leaks: Vec<(&str, driftgate_model::Severity)> = r
        .findings
        .iter()
        .filter(|f| f.check == "target_leak")
        .map(|f| (f.column.as_deref().unwrap_or_default(), f.severity))
        .collect();
    use driftgate_model::Severity::{Error, Warning};
    assert_eq!(leaks, [("same", Error), ("code", Warning), ("line", Warning)]);
    let r = report(&classes, "y", Task::Classification, |_| {});
    assert_eq!(find(&r, "target_leak").column.as_deref(), Some("code"));
}

#[test]
fn an_empty_cell_hides_no_leak() {
    let mut text = "copy,text,code,sparse,y\n".to_owned();
    for i in 0..300 {
        let y = i * 7 % 3;
        let copy = if i == 4 { String::new() } else { y.to_string() };
        let code = if i == 5 { "" } else { ["low", "mid", "high"][y] };
        // Too few rows hold both to prove anything.
        let sparse = if i < 12 { y.to_string() } else { String::new() };
        let y = if i == 9 { String::new() } else { y.to_string() };
        writeln!(text, "{copy},{copy},{code},{sparse},{y}").unwrap();
    }
    let r = report(&text, "y", Task::Classification, |s| {
        s.schema.insert("text".into(), ColumnType::String);
        s.schema.insert("y".into(), ColumnType::Int);
    });
    let leaks: Vec<(&str, driftgate_model::Severity)> = r
        .findings
        .iter()
        .filter(|f| f.check == "target_leak")
        .map(|f| (f.column.as_deref().unwrap_or_default(), f.severity))
        .collect();
    use driftgate_model::Severity::{Error, Warning};
    assert_eq!(leaks, [("copy", Error), ("text", Error), ("code", Warning)]);
    assert!(find(&r, "target_leak").message.ends_with("in the 298 rows that have both"), "{r:#?}");
}

#[test]
fn ten_thousand_missing_columns_are_told_in_short() {
    let header: Vec<String> = (0..10_000).map(|i| format!("measure_{i}")).collect();
    let values = vec!["1"; header.len()].join(",");
    let t = table(&format!("{}\n{values}\n{values}\n", header.join(",")));
    let mut s = spec(&t, "measure_0", Task::Regression);
    s.features = (0..10_000).map(|i| format!("other name of {i}")).collect();
    s.target = "verdict".into();
    let begun = std::time::Instant::now();
    let r = validate(&t, &s, Timestamp::UNIX_EPOCH);
    assert!(begun.elapsed() < std::time::Duration::from_secs(20), "{:?}", begun.elapsed());
    let missing: Vec<&Finding> = r.findings.iter().filter(|f| f.check == "missing_column").collect();
    assert_eq!(missing.len(), 22, "twenty, the target and the rest");
    assert!(missing[20].message.contains("target column `verdict`"), "{}", missing[20].message);
    assert!(missing[21].message.contains("9,980 further declared columns"), "{}", missing[21].message);
}

#[test]
fn repeated_rows_and_columns() {
    let mut text = good(30);
    let again: Vec<String> = text.lines().skip(1).take(2).map(str::to_owned).collect();
    writeln!(text, "{}\n{}", again[0], again[1]).unwrap();
    writeln!(text, "{}", again[0].replace("no", "yes").replace("yesyes", "yes")).unwrap();
    let r = report(&text, "y", Task::Classification, |_| {});
    let f = find(&r, "duplicate_rows");
    assert_eq!((lines(f), f.examples[0].value.as_str()), (vec![32, 33], "same as row 1 (line 2)"));
    assert_eq!(lines(find(&r, "conflicting_labels")), [34]);
    let r = report("a,b,c,y\n1,1,5,1\n2,2,5,2\n3,3,5,4\n", "y", Task::Regression, |_| {});
    assert_eq!(find(&r, "identical_columns").column.as_deref(), Some("b"));
    assert_eq!(find(&r, "constant").column.as_deref(), Some("c"));
    let r = report("a,a,y\n1,2,3\n", "y", Task::Regression, |_| {});
    assert_eq!(find(&r, "duplicate_columns").column.as_deref(), Some("a"));
}

#[test]
fn the_contract_of_values() {
    let r = report(&good(60), "y", Task::Classification, |s| {
        let c = &mut s.constraints;
        c.min_rows = Some(61);
        c.max_rows = Some(59);
        c.label_classes = Some(vec!["no".into(), "never".into()]);
        c.columns.insert("a".into(), ColumnConstraints { min: Some(1.0), max: Some(50.0), ..Default::default() });
        c.columns.insert("b".into(), ColumnConstraints { unique: Some(true), ..Default::default() });
        c.columns.insert("y".into(), ColumnConstraints { allowed: Some(vec!["yes".into()]), ..Default::default() });
        c.columns.insert("z".into(), ColumnConstraints::default());
    });
    assert_eq!(r.findings.iter().filter(|f| f.check == "row_count").count(), 2);
    assert_eq!(find(&r, "range").examples[0].value, "0.5");
    assert!(find(&r, "range").message.contains("between 1 and 50"));
    assert_eq!(find(&r, "unique").column.as_deref(), Some("b"));
    assert_eq!(find(&r, "allowed").examples[0].value, "no");
    assert!(find(&r, "labels").message.contains("`no`"));
    assert!(find(&r, "unused_labels").message.contains("`never`"));
    assert!(find(&r, "unknown_names").message.contains("`z`"));
    let errors = r.errors();
    assert!(r.findings[..errors].iter().all(|f| f.severity == driftgate_model::Severity::Error));
}

#[test]
fn group_time_and_key_columns() {
    let mut text = "id,site,day,a,y\n".to_owned();
    for i in 0..30 {
        writeln!(text, "{},{},2024-01-{:02},{}.5,{}", i % 29, ["p", "q"][i % 2], i % 28 + 1, i, i * i).unwrap();
    }
    text.push_str("77,,someday,1,2\n");
    let now: Timestamp = "2024-03-01T00:00:00Z".parse().unwrap();
    let t = table(&text);
    let mut s = spec(&t, "y", Task::Regression);
    s.features = vec!["a".into()];
    s.split.group_column = Some("site".into());
    s.split.time_column = Some("day".into());
    s.split.key_column = Some("id".into());
    s.constraints.max_age_days = Some(7.0);
    let r = validate(&t, &s, now);
    assert_eq!(lines(find(&r, "key_column")), [31]);
    assert_eq!(find(&r, "time_column").examples[0].value, "someday");
    assert!(r.findings.iter().filter(|f| f.check == "group_column").count() == 2, "{:#?}", r.findings);
    assert!(find(&r, "freshness").message.contains("33.0 days"), "{}", find(&r, "freshness").message);
}

#[test]
fn too_few_rows_to_split() {
    let r = report("a,y\n1,2\n2,3\n", "y", Task::Regression, |_| {});
    assert!(find(&r, "split").message.contains("2 rows"));
}

#[test]
fn codes_stay_texts_and_large_numbers_are_not_rounded() {
    let t = table("zip,serial,n,y\n01234,12345678901234567890,007,1\n90210,12345678901234567891,12,2\n");
    let types: Vec<ColumnType> = t.columns().iter().map(|c| c.inferred).collect();
    assert_eq!(types, [ColumnType::String, ColumnType::String, ColumnType::Int, ColumnType::Int]);
    assert_eq!(t.notes().len(), 2, "{:?}", t.notes());
    let mut s = spec(&t, "y", Task::Regression);
    s.schema.insert("n".into(), ColumnType::String);
    let frame = t.frame(&s).unwrap();
    assert_eq!(frame.column("n").unwrap().text(0), Some("007"));
    s.schema.insert("serial".into(), ColumnType::Int);
    assert!(t.frame(&s).unwrap_err().to_string().contains("12345678901234567890"));
}

#[test]
fn odd_files_never_panic() {
    let odd: [&str; 12] = [
        "\"",
        "\"\n",
        ",",
        ",\n,",
        "\r",
        "\n\"",
        "a\n\"\"\n",
        "a,b\n\"x\"y,1\n",
        "a\n\n\n1\n",
        "\u{feff}",
        "a;b,c\n1;2,3",
        "x\n\"\n\n\"",
    ];
    for text in odd {
        let Ok(sniffed) = sniff_bytes(text.as_bytes(), "t.csv", "csv") else { continue };
        let Ok(t) = read_bytes(text.as_bytes(), "t.csv", &sniffed.format) else { continue };
        assert!(t.preview(3).len() <= 3);
        let last = t.columns().last().map(|c| c.name.clone()).unwrap_or_default();
        let r = validate(&t, &spec(&t, &last, Task::Classification), Timestamp::UNIX_EPOCH);
        assert!(r.errors() > 0, "{text:?}");
    }
}
