//! The structure of delimited text: where records begin and end, and what is wrong with them.
//!
//! A file that is regular and has no quotes goes to the column reader as it is. Every other file is rewritten once: one
//! record a line, fields and records separated by two control characters that no text table holds, so that quotes,
//! delimiters and line breaks inside a value need no escaping and no reader can disagree about them.

use crate::error::{DataError, Result, count, shown};
use driftgate_model::{Finding, FindingExample, Severity};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Examples kept for a finding.
pub(crate) const MAX_EXAMPLES: usize = 5;

pub(crate) const UNIT: u8 = 0x1F;
pub(crate) const RECORD: u8 = 0x1E;

/// The line of each data row.
#[derive(Debug, Clone)]
pub(crate) enum Lines {
    /// Row 1 is on this line, and each row is one line.
    Regular(u64),
    /// As listed.
    Listed(Vec<u32>),
    /// Not a text file.
    None,
}

impl Lines {
    /// The line of data row `row`, from 0.
    pub(crate) fn of(&self, row: usize) -> Option<u64> {
        match self {
            Lines::Regular(first) => Some(first + row as u64),
            Lines::Listed(lines) => lines.get(row).map(|l| u64::from(*l)),
            Lines::None => None,
        }
    }

    /// `row 3 (line 4)`, or `row 3` where lines are unknown. `row` counts from 0.
    pub(crate) fn place(&self, row: usize) -> String {
        match self.of(row) {
            Some(line) => format!("row {} (line {line})", row + 1),
            None => format!("row {}", row + 1),
        }
    }
}

/// Text ready for the column reader.
#[derive(Debug)]
pub(crate) struct Records<'a> {
    /// Column names, made unique.
    pub header: Vec<String>,
    /// Whether a name was empty in the file.
    pub unnamed: Vec<bool>,
    /// The data records.
    pub body: Cow<'a, [u8]>,
    /// Field separator of `body`.
    pub separator: u8,
    /// Record separator of `body`.
    pub terminator: u8,
    /// Data rows.
    pub rows: usize,
    /// Lines of the file.
    pub lines: Lines,
    /// What is wrong.
    pub findings: Vec<Finding>,
}

/// Splits `text` into a header and records of equal length.
///
/// Ragged records are padded or cut and reported; blank lines are left out. Errors: nothing but blank lines.
pub(crate) fn scan<'a>(name: &str, text: &'a str, delimiter: u8) -> Result<Records<'a>> {
    let bytes = text.as_bytes();
    let regular = memchr::memchr(b'"', bytes).is_none() && !has_lone_return(bytes);
    let records = if regular { plain(bytes, delimiter) } else { None };
    match records {
        Some(r) => Ok(r),
        None => rewritten(bytes, delimiter).ok_or_else(|| DataError::Empty { name: name.into() }),
    }
}

/// A carriage return that no line feed follows ends a line in very old files.
pub(crate) fn has_lone_return(bytes: &[u8]) -> bool {
    memchr::memchr_iter(b'\r', bytes).any(|i| bytes.get(i + 1).is_some_and(|b| *b != b'\n'))
}

/// The quick way: no quotes, every line has as many fields as the header. `None` where anything else shows.
fn plain(bytes: &[u8], delimiter: u8) -> Option<Records<'_>> {
    let end = bytes.iter().rposition(|b| !matches!(b, b'\n' | b'\r'))? + 1;
    let bytes = &bytes[..end];
    let header_end = memchr::memchr(b'\n', bytes).unwrap_or(end);
    let header_line = bytes[..header_end].strip_suffix(b"\r").unwrap_or(&bytes[..header_end]);
    if header_line.trim_ascii().is_empty() {
        return None;
    }
    let fields = memchr::memchr_iter(delimiter, header_line).count();
    let body = bytes.get(header_end + 1..).unwrap_or_default();
    let mut rows = 0;
    let mut start = 0;
    while start < body.len() {
        let stop = memchr::memchr(b'\n', &body[start..]).map_or(body.len(), |i| start + i);
        let line = &body[start..stop];
        if memchr::memchr_iter(delimiter, line).count() != fields || (fields == 0 && line.trim_ascii().is_empty()) {
            return None;
        }
        rows += 1;
        start = stop + 1;
    }
    let names = header_line.split(|b| *b == delimiter).map(|n| String::from_utf8_lossy(n).trim().to_owned()).collect();
    let mut findings = Vec::new();
    let (header, unnamed) = unique_names(names, &mut findings);
    Some(Records {
        header,
        unnamed,
        body: Cow::Borrowed(body),
        separator: delimiter,
        terminator: b'\n',
        rows,
        lines: Lines::Regular(2),
        findings,
    })
}

/// What goes wrong with records, counted, with the first places.
#[derive(Default)]
pub(crate) struct Faults {
    count: usize,
    examples: Vec<FindingExample>,
}

impl Faults {
    pub(crate) fn add(&mut self, row: usize, line: u32, value: String) {
        self.count += 1;
        if self.examples.len() < MAX_EXAMPLES {
            self.examples.push(FindingExample { row: row as u64, line: Some(u64::from(line)), value });
        }
    }
}

/// One record: fields joined by [`UNIT`], and how many there are.
pub(crate) struct Record {
    pub(crate) fields: usize,
    pub(crate) line: u32,
    pub(crate) blank: bool,
    stray_quote: bool,
    pub(crate) unclosed: bool,
}

/// Walks records by the rules of RFC 4180, with quotes that open only at the start of a field.
pub(crate) struct Walker<'a> {
    bytes: &'a [u8],
    /// The next byte.
    pub(crate) at: usize,
    /// Its line.
    pub(crate) line: u32,
    delimiter: u8,
}

impl<'a> Walker<'a> {
    /// From the first of `bytes`, which is on `line`.
    pub(crate) fn new(bytes: &'a [u8], line: u32, delimiter: u8) -> Walker<'a> {
        Walker { bytes, at: 0, line, delimiter }
    }
    /// Appends the next record's fields to `out`. `None` at the end.
    pub(crate) fn next(&mut self, out: &mut Vec<u8>) -> Option<Record> {
        if self.at >= self.bytes.len() {
            return None;
        }
        let mut record = Record { fields: 1, line: self.line, blank: false, stray_quote: false, unclosed: false };
        let begin = out.len();
        loop {
            if self.bytes.get(self.at) == Some(&b'"') {
                self.quoted(out, &mut record);
            }
            let rest = &self.bytes[self.at..];
            let len =
                rest.iter().position(|b| *b == self.delimiter || matches!(b, b'\n' | b'\r')).unwrap_or(rest.len());
            out.extend_from_slice(&rest[..len]);
            self.at += len;
            match self.bytes.get(self.at) {
                Some(b) if *b == self.delimiter => {
                    self.at += 1;
                    record.fields += 1;
                    out.push(UNIT);
                }
                Some(b'\r') if self.bytes.get(self.at + 1) == Some(&b'\n') => {
                    self.at += 2;
                    self.line += 1;
                    break;
                }
                Some(_) => {
                    self.at += 1;
                    self.line += 1;
                    break;
                }
                None => break,
            }
        }
        record.blank = record.fields == 1 && out[begin..].trim_ascii().is_empty();
        Some(record)
    }

    /// Reads a quoted part that begins at `at`; two quotes inside are one.
    fn quoted(&mut self, out: &mut Vec<u8>, record: &mut Record) {
        self.at += 1;
        loop {
            let rest = &self.bytes[self.at..];
            let Some(len) = memchr::memchr(b'"', rest) else {
                record.unclosed = true;
                out.extend_from_slice(rest);
                self.at = self.bytes.len();
                return;
            };
            self.line += memchr::memchr_iter(b'\n', &rest[..len]).count() as u32;
            out.extend_from_slice(&rest[..len]);
            self.at += len + 1;
            match self.bytes.get(self.at) {
                Some(b'"') => {
                    out.push(b'"');
                    self.at += 1;
                }
                Some(b) if *b != self.delimiter && !matches!(b, b'\n' | b'\r') => {
                    record.stray_quote = true;
                    return;
                }
                _ => return,
            }
        }
    }
}

/// The thorough way. `None` when there is no record at all.
fn rewritten<'a>(bytes: &[u8], delimiter: u8) -> Option<Records<'a>> {
    let mut walker = Walker::new(bytes, 1, delimiter);
    let mut out = Vec::new();
    let header_record = loop {
        out.clear();
        let record = walker.next(&mut out)?;
        if !record.blank {
            break record;
        }
    };
    let names: Vec<String> = out.split(|b| *b == UNIT).map(|n| String::from_utf8_lossy(n).trim().to_owned()).collect();
    let expected = names.len();
    let mut findings = Vec::new();
    let (header, unnamed) = unique_names(names, &mut findings);
    let mut unclosed = Faults::default();
    if header_record.unclosed {
        unclosed.add(0, header_record.line, header.first().map(|n| shown(n)).unwrap_or_default());
    }

    let mut body = Vec::with_capacity(bytes.len());
    let (mut ragged, mut stray, mut trailing, mut blank) =
        (Faults::default(), Faults::default(), Faults::default(), Faults::default());
    let mut lines = Vec::new();
    loop {
        let begin = body.len();
        let Some(record) = walker.next(&mut body) else { break };
        let row = lines.len() + 1;
        if record.blank {
            body.truncate(begin);
            blank.add(row, record.line, String::new());
            continue;
        }
        if record.unclosed {
            unclosed.add(row, record.line, shown(&String::from_utf8_lossy(&body[begin..])));
        }
        if record.stray_quote {
            stray.add(row, record.line, shown(&String::from_utf8_lossy(&body[begin..])));
        }
        fit(&mut body, begin, &record, expected, row, &mut ragged, &mut trailing);
        lines.push(record.line);
        body.push(RECORD);
    }
    // Blank lines at the end of a file are how files end.
    let last = lines.last().copied().unwrap_or(header_record.line);
    let inner_blank = blank.examples.iter().filter(|e| e.line.is_some_and(|l| l < u64::from(last))).count();
    let blank = if inner_blank > 0 { blank.count } else { 0 };
    findings.extend(Report { expected, unclosed, ragged, trailing, stray, blank }.findings());
    Some(Records {
        header,
        unnamed,
        body: Cow::Owned(body),
        separator: UNIT,
        terminator: RECORD,
        rows: lines.len(),
        lines: Lines::Listed(lines),
        findings,
    })
}

/// Pads or cuts the record that begins at `begin` to `expected` fields. One-column tables get a second, empty field, since
/// an empty record would otherwise be no record.
pub(crate) fn fit(
    body: &mut Vec<u8>,
    begin: usize,
    record: &Record,
    expected: usize,
    row: usize,
    ragged: &mut Faults,
    trailing: &mut Faults,
) {
    if record.fields > expected {
        let cut = body[begin..]
            .iter()
            .enumerate()
            .filter(|(_, b)| **b == UNIT)
            .nth(expected - 1)
            .map_or(body.len(), |(i, _)| begin + i);
        let rest_is_empty = body[cut..].iter().all(|b| *b == UNIT || b.is_ascii_whitespace());
        body.truncate(cut);
        let faults = if rest_is_empty { trailing } else { ragged };
        faults.add(row, record.line, format!("{} fields", record.fields));
    } else if record.fields < expected {
        body.extend(std::iter::repeat_n(UNIT, expected - record.fields));
        ragged.add(row, record.line, count(record.fields, "field", "fields"));
    }
    if expected == 1 {
        body.push(UNIT);
    }
}

/// What was wrong with records, as findings: errors first.
pub(crate) struct Report {
    pub(crate) expected: usize,
    pub(crate) unclosed: Faults,
    pub(crate) ragged: Faults,
    pub(crate) trailing: Faults,
    pub(crate) stray: Faults,
    pub(crate) blank: usize,
}

impl Report {
    pub(crate) fn findings(self) -> Vec<Finding> {
        let (ragged, trailing, stray, blank) = (self.ragged.count, self.trailing.count, self.stray.count, self.blank);
        let all = [
            (
                "unclosed_quote",
                "A quote is opened and never closed, so the rest of the file is one value".to_owned(),
                "Close the quote, or double it where it is part of the text",
                self.unclosed,
            ),
            (
                "ragged_rows",
                format!(
                    "{} not have the {} of the header",
                    count(ragged, "row does", "rows do"),
                    count(self.expected, "field", "fields")
                ),
                "Quote values that hold the delimiter, and check that the delimiter is right",
                self.ragged,
            ),
            (
                "trailing_delimiters",
                format!("{} with empty fields beyond the header's", count(trailing, "row ends", "rows end")),
                "Remove the delimiters at the ends of the lines",
                self.trailing,
            ),
            (
                "stray_quotes",
                format!("{} text right after a closing quote", count(stray, "row has", "rows have")),
                "Double the quotes that are part of a value",
                self.stray,
            ),
            (
                "blank_lines",
                format!("{} skipped", count(blank, "blank line was", "blank lines were")),
                "Remove blank lines between rows",
                Faults { count: blank, examples: Vec::new() },
            ),
        ];
        all.into_iter()
            .filter(|(.., faults)| faults.count > 0)
            .map(|(check, message, hint, faults)| Finding {
                severity: if matches!(check, "unclosed_quote" | "ragged_rows") {
                    Severity::Error
                } else {
                    Severity::Warning
                },
                check: check.into(),
                column: None,
                message,
                hint: Some(hint.into()),
                examples: faults.examples,
            })
            .collect()
    }
}

/// Gives empty names a number and repeated names a suffix, and reports both.
pub(crate) fn unique_names(names: Vec<String>, findings: &mut Vec<Finding>) -> (Vec<String>, Vec<bool>) {
    let unnamed: Vec<bool> = names.iter().map(String::is_empty).collect();
    let mut uses: BTreeMap<String, usize> = BTreeMap::new();
    for name in &names {
        *uses.entry(name.clone()).or_default() += 1;
    }
    let repeated: Vec<&String> = uses.iter().filter(|(n, k)| **k > 1 && !n.is_empty()).map(|(n, _)| n).collect();
    for name in &repeated {
        let at: Vec<usize> = names.iter().enumerate().filter(|(_, n)| n == name).map(|(i, _)| i + 1).collect();
        let places: Vec<String> = at.iter().take(8).map(usize::to_string).collect();
        findings.push(Finding {
            severity: Severity::Error,
            check: "duplicate_columns".into(),
            column: Some((*name).clone()),
            message: format!("{} columns are named `{}` (columns {})", at.len(), shown(name), places.join(", ")),
            hint: Some("Give every column a name of its own".into()),
            examples: Vec::new(),
        });
    }
    let mut taken: std::collections::BTreeSet<String> = names.iter().filter(|n| !n.is_empty()).cloned().collect();
    let mut seen: std::collections::BTreeSet<String> = std::collections::BTreeSet::new();
    let mut unique = Vec::with_capacity(names.len());
    for (i, name) in names.into_iter().enumerate() {
        if !name.is_empty() && seen.insert(name.clone()) {
            unique.push(name);
            continue;
        }
        let stem = if name.is_empty() { "column".to_owned() } else { name };
        let mut suffix = i + 1;
        let free = loop {
            let candidate = format!("{stem}_{suffix}");
            if taken.insert(candidate.clone()) {
                break candidate;
            }
            suffix += 1;
        };
        unique.push(free);
    }
    (unique, unnamed)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]
    use super::*;

    fn cells(text: &str) -> (Vec<String>, Vec<Vec<String>>, Vec<Finding>, Lines) {
        let r = scan("t.csv", text, b',').unwrap();
        let columns = r.header.len();
        let mut rows: Vec<Vec<String>> = r
            .body
            .split(|b| *b == r.terminator)
            .map(|l| {
                let l = if r.terminator == b'\n' { l.strip_suffix(b"\r").unwrap_or(l) } else { l };
                l.split(|b| *b == r.separator).take(columns).map(|f| String::from_utf8(f.to_vec()).unwrap()).collect()
            })
            .collect();
        rows.truncate(r.rows);
        (r.header, rows, r.findings, r.lines)
    }

    #[test]
    fn plain_text_is_borrowed() {
        let r = scan("t.csv", "a,b\r\n1,2\r\n3,4\r\n\r\n", b',').unwrap();
        assert!(matches!(r.body, Cow::Borrowed(_)));
        assert_eq!((r.rows, r.header), (2, vec!["a".to_owned(), "b".to_owned()]));
    }

    #[test]
    fn quotes_hold_delimiters_breaks_and_quotes() {
        let (_, rows, findings, lines) = cells("a,b\n\"x,y\",1\n\"two\nlines\",2\n\"say \"\"hi\"\"\",3\n5\" disk,4\n");
        assert_eq!(rows, [["x,y", "1"], ["two\nlines", "2"], ["say \"hi\"", "3"], ["5\" disk", "4"]]);
        assert!(findings.is_empty());
        assert_eq!((lines.of(1), lines.of(2), lines.of(3)), (Some(3), Some(5), Some(6)));
    }

    #[test]
    fn ragged_rows_are_reported_with_their_lines() {
        let (_, rows, findings, _) = cells("a,b,c\n1,2,3\n4,5\n\n6,7,8,9\n1,2,3,\n");
        assert_eq!(rows, [["1", "2", "3"], ["4", "5", ""], ["6", "7", "8"], ["1", "2", "3"]]);
        let ragged = findings.iter().find(|f| f.check == "ragged_rows").unwrap();
        let at: Vec<_> = ragged.examples.iter().map(|e| (e.row, e.line.unwrap(), e.value.as_str())).collect();
        assert_eq!(at, [(2, 3, "2 fields"), (3, 5, "4 fields")]);
        assert!(findings.iter().any(|f| f.check == "trailing_delimiters"));
        assert!(findings.iter().any(|f| f.check == "blank_lines"));
    }

    #[test]
    fn names_become_unique() {
        let (header, _, findings, _) = cells("a,,a,column_2\n1,2,3,4\n");
        assert_eq!(header, ["a", "column_3", "a_3", "column_2"]);
        assert_eq!(findings.iter().filter(|f| f.check == "duplicate_columns").count(), 1);
    }

    #[test]
    fn an_open_quote_is_reported_where_it_opens() {
        let (_, _, findings, _) = cells("a,b\n1,2\n\"3,4\n5,6\n");
        let f = findings.iter().find(|f| f.check == "unclosed_quote").unwrap();
        assert_eq!(f.examples[0].line, Some(3));
    }

    #[test]
    fn old_line_ends_and_blank_files() {
        let (_, rows, _, _) = cells("a,b\r1,2\r3,4\r");
        assert_eq!(rows, [["1", "2"], ["3", "4"]]);
        assert!(scan("t.csv", "\n\n  \n", b',').is_err());
        assert!(scan("t.csv", "", b',').is_err());
    }
}
