//! `labels.csv`: which picture is of which class.

use crate::error::{ImagesError, Result, shown};
use std::collections::BTreeMap;

/// The name of the file.
pub(crate) const LABELS_FILE: &str = "labels.csv";

/// A record of fields, and the line it began on, from 1.
type Record = (usize, Vec<String>);

/// File (relative, with `/`) to label, and the line that says so. Errors: no header with `file` and `label`; a path that leaves
/// the folder; two labels of one file.
pub(crate) fn parse(bytes: &[u8]) -> Result<BTreeMap<String, (String, usize)>> {
    let text = std::str::from_utf8(bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes))
        .map_err(|_| fault(1, "it is not UTF-8 text", "Save it as UTF-8"))?;
    let mut records = records(text)?.into_iter();
    let header_hint = "Begin the file with the line `file,label`";
    let (line, header) = records.next().ok_or_else(|| fault(1, "it is empty", header_hint))?;
    let column = |name: &str| {
        let found = header.iter().position(|h| h.trim().eq_ignore_ascii_case(name));
        found.ok_or_else(|| fault(line, format!("the header has no column `{name}`"), header_hint))
    };
    let (file, label) = (column("file")?, column("label")?);
    let mut labels: BTreeMap<String, (String, usize)> = BTreeMap::new();
    for (line, record) in records {
        if record.len() != header.len() {
            let what = format!("{} fields where the header has {}", record.len(), header.len());
            return Err(fault(line, what, "Quote fields that contain a comma"));
        }
        let name = relative(&record[file], line)?;
        let label = record[label].trim().to_owned();
        if label.is_empty() {
            return Err(fault(line, format!("`{}` has no label", shown(&name)), "Give every picture a label"));
        }
        match labels.get(&name) {
            Some((other, at)) if *other != label => {
                let what =
                    format!("`{}` is `{}` here and `{}` on line {at}", shown(&name), shown(&label), shown(other));
                return Err(fault(line, what, "Keep one of the two lines"));
            }
            Some(_) => {}
            None => {
                labels.insert(name, (label, line));
            }
        }
    }
    Ok(labels)
}

/// The path within the folder, with `/`; `..`, `.` and absolute paths are refused.
fn relative(path: &str, line: usize) -> Result<String> {
    let path = path.trim().replace('\\', "/");
    let absolute = path.starts_with('/') || path.as_bytes().get(1) == Some(&b':');
    let plain = path.split('/').all(|part| !matches!(part, "" | "." | ".."));
    if absolute || !plain || path.contains('\0') {
        let what = format!("`{}` is not a path within the folder", shown(&path));
        return Err(fault(line, what, "Write paths relative to the folder of labels.csv, without `..`"));
    }
    Ok(path)
}

fn fault(line: usize, what: impl Into<String>, hint: &str) -> ImagesError {
    ImagesError::Labels { line, what: what.into(), hint: hint.into() }
}

/// Comma-separated records with quoted fields (RFC 4180); blank lines are left out.
fn records(text: &str) -> Result<Vec<Record>> {
    let mut records = Vec::new();
    let mut record: Record = (1, Vec::new());
    let (mut field, mut quoted, mut line) = (String::new(), false, 1);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c == '\n' {
            line += 1;
        }
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                field.push('"');
            }
            '"' if quoted => quoted = false,
            '"' if field.is_empty() => quoted = true,
            _ if quoted => field.push(c),
            ',' => record.1.push(std::mem::take(&mut field)),
            '\r' if chars.peek() == Some(&'\n') => {}
            '\n' => finish(&mut records, &mut record, &mut field, line),
            _ => field.push(c),
        }
    }
    if quoted {
        return Err(fault(record.0, "a quote is opened and never closed", "Close the quote"));
    }
    finish(&mut records, &mut record, &mut field, line + 1);
    Ok(records)
}

fn finish(records: &mut Vec<Record>, record: &mut Record, field: &mut String, next: usize) {
    record.1.push(std::mem::take(field));
    let done = std::mem::replace(record, (next, Vec::new()));
    if done.1.iter().any(|f| !f.trim().is_empty()) {
        records.push(done);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_fields_blank_lines_and_windows_ends_are_read() {
        let found = parse(b"\xEF\xBB\xBFlabel,File\r\ncat,\"a, b.png\"\r\n\r\n\"d\"\"g\",x\\y.png\r\ncat,\"a, b.png\"")
            .unwrap();
        let found: Vec<_> = found.into_iter().map(|(f, (l, line))| (f, l, line)).collect();
        assert_eq!(found, [("a, b.png".into(), "cat".into(), 2), ("x/y.png".into(), "d\"g".into(), 4)]);
    }

    #[test]
    fn what_cannot_be_used_says_its_line() {
        let cases = [
            ("", "line 1"),
            ("name,label\n", "no column `file`"),
            ("file,label\n/etc/passwd,cat", "line 2"),
            ("file,label\na.png,cat\n../a.png,cat", "line 3"),
            ("file,label\nC:\\a.png,cat", "within the folder"),
            ("file,label\na.png,cat\na.png,dog", "on line 2"),
            ("file,label\na.png,cat,dog", "3 fields"),
            ("file,label\na.png, ", "no label"),
            ("file,label\n\"a.png,cat", "never closed"),
        ];
        for (text, said) in cases {
            let error = parse(text.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(said), "{text:?}: {error}");
        }
        assert!(parse(b"file,label\n\xFF,cat").is_err());
    }
}
