//! Guesses how a file is to be read, and says so.

use crate::error::{DataError, Result, count};
use crate::read::{bytes_of, display_name};
use crate::records::scan;
use crate::text::{decode, detect, refuse_binary};
use crate::typing::number;
use driftgate_model::{FileFormat, FileKind};
use std::path::Path;

const CANDIDATES: [(u8, &str); 4] = [(b',', "`,`"), (b';', "`;`"), (b'\t', "tab"), (b'|', "`|`")];
const SAMPLE_LINES: usize = 50;

/// A guessed format and why, in words a person can check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sniffed {
    /// The guess.
    pub format: FileFormat,
    /// One sentence for each thing that was guessed.
    pub notes: Vec<String>,
}

/// Guesses the format of the file at `path` from its bytes and its extension.
///
/// Errors: nothing there, a folder, an empty file, a file that is no table.
pub fn sniff(path: &Path) -> Result<Sniffed> {
    let extension = path.extension().map(|e| e.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
    sniff_bytes(&bytes_of(path)?, &display_name(path), &extension)
}

/// Guesses the format of `bytes`; `extension` (lower case, no point) breaks ties.
pub fn sniff_bytes(bytes: &[u8], name: &str, extension: &str) -> Result<Sniffed> {
    if bytes.is_empty() {
        return Err(DataError::Empty { name: name.into() });
    }
    if bytes.starts_with(b"PAR1") {
        let format = FileFormat { kind: FileKind::Parquet, ..FileFormat::default() };
        return Ok(Sniffed { format, notes: vec!["Parquet (told by its first bytes)".into()] });
    }
    refuse_binary(name, bytes)?;
    if extension == "parquet" {
        return Err(DataError::Parquet { name: name.into(), what: "it does not begin as a Parquet file does".into() });
    }
    let mut notes = Vec::new();
    let found = detect(bytes);
    let encoding = found.encoding.name().to_ascii_lowercase();
    let text = decode(name, bytes, &encoding)?;
    match found.how {
        "guessed" => notes.push(format!("encoding {encoding} (guessed: it is not valid UTF-8)")),
        how if encoding != "utf-8" || found.skip > 0 => {
            notes.push(format!("encoding {encoding} (told by {})", words(how)))
        }
        _ => {}
    }
    let sample = sample(&text);
    if sample.trim().is_empty() {
        return Err(DataError::Empty { name: name.into() });
    }
    let (delimiter, why) = delimiter(sample, extension);
    notes.extend(why);
    let decimal = decimal(name, sample, delimiter);
    if decimal == ',' {
        notes.push("decimal mark `,` (guessed from values such as `1,5`)".into());
    }
    let format = FileFormat {
        kind: FileKind::Csv,
        delimiter: char::from(delimiter),
        encoding,
        decimal,
        ..FileFormat::default()
    };
    Ok(Sniffed { format, notes })
}

fn words(how: &str) -> &str {
    if how == "byte-order mark" { "its byte-order mark" } else { how }
}

/// The first lines, cut at a line end where there is one.
fn sample(text: &str) -> &str {
    let end = memchr::memchr_iter(b'\n', text.as_bytes()).nth(SAMPLE_LINES - 1).map_or(text.len(), |i| i + 1);
    &text[..end]
}

/// Fields of each record outside quotes, were `delimiter` the delimiter.
fn field_counts(sample: &str, delimiter: u8) -> Vec<usize> {
    let mut counts = Vec::new();
    let (mut fields, mut quoted, mut any) = (1, false, false);
    for b in sample.bytes() {
        match b {
            b'"' => {
                quoted = !quoted;
                any = true;
            }
            b'\n' if !quoted => {
                if any {
                    counts.push(fields);
                }
                (fields, any) = (1, false);
            }
            _ if b == delimiter && !quoted => {
                fields += 1;
                any = true;
            }
            b'\r' => {}
            _ => any = true,
        }
    }
    if any {
        counts.push(fields);
    }
    counts
}

/// A delimiter and how well it cuts the sample.
struct Candidate {
    score: (usize, bool, usize),
    delimiter: u8,
    words: &'static str,
    lines: usize,
}

/// The candidate that cuts most records into the header's number of fields; of equals, the one with more fields.
fn delimiter(sample: &str, extension: &str) -> (u8, Option<String>) {
    let mut best: Option<Candidate> = None;
    for (delimiter, words) in CANDIDATES {
        let counts = field_counts(sample, delimiter);
        let Some(&header) = counts.first() else { continue };
        if header < 2 {
            continue;
        }
        let alike = counts.iter().filter(|c| **c == header).count();
        let favoured = extension == "tsv" && delimiter == b'\t' || extension == "csv" && delimiter == b',';
        // In thousandths, so that the comparison is of integers.
        let score = (alike * 1000 / counts.len(), favoured, header);
        if best.as_ref().is_none_or(|b| score > b.score) {
            best = Some(Candidate { score, delimiter, words, lines: counts.len() });
        }
    }
    match best {
        None if extension == "tsv" => (b'\t', None),
        None => (b',', Some("one column (no delimiter found)".into())),
        Some(Candidate { delimiter: b',', .. }) if extension != "tsv" => (b',', None),
        Some(Candidate { delimiter: b'\t', .. }) if extension == "tsv" => (b'\t', None),
        Some(Candidate { delimiter, words, lines, .. }) => {
            (delimiter, Some(format!("delimiter {words} (guessed from {})", count(lines, "line", "lines"))))
        }
    }
}

/// `,` where values read as numbers with a comma and none with a point.
fn decimal(name: &str, sample: &str, delimiter: u8) -> char {
    let Ok(records) = scan(name, sample, delimiter) else { return '.' };
    let (mut commas, mut points) = (0, 0);
    for record in records.body.split(|b| *b == records.terminator) {
        for field in record.split(|b| *b == records.separator) {
            let Ok(text) = std::str::from_utf8(field) else { continue };
            let text = text.trim();
            if text.contains(',') && number(text, b',').is_some() && !grouped(text) {
                commas += 1;
            } else if text.contains('.') && number(text, b'.').is_some() {
                points += 1;
            }
        }
    }
    if commas > 0 && points == 0 { ',' } else { '.' }
}

/// `12,345` may be a grouped whole number: three digits after the comma and no leading zero before it say nothing.
fn grouped(text: &str) -> bool {
    match text.split_once(',') {
        Some((before, after)) => {
            let before = before.trim_start_matches(['-', '+']);
            after.len() == 3 && after.bytes().all(|b| b.is_ascii_digit()) && before != "0" && !before.is_empty()
        }
        None => false,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]
    use super::*;

    fn guess(text: &str) -> Sniffed {
        sniff_bytes(text.as_bytes(), "t.csv", "csv").unwrap()
    }

    #[test]
    fn a_usual_file_needs_no_words() {
        let s = guess("a,b\n1,2.5\n3,4\n");
        assert_eq!(s.format, FileFormat::default());
        assert!(s.notes.is_empty(), "{:?}", s.notes);
    }

    #[test]
    fn delimiters_and_decimal_marks() {
        let s = guess("a;b;c\n1,5;2;x\n3,25;4;\"y;z\"\n");
        assert_eq!((s.format.delimiter, s.format.decimal), (';', ','));
        assert_eq!(s.notes.len(), 2, "{:?}", s.notes);
        assert_eq!(guess("a\tb\n1\t2\n").format.delimiter, '\t');
        assert_eq!(guess("a|b\n1|2\n").format.delimiter, '|');
        assert_eq!(guess("a;b\n1,234;2\n").format.decimal, '.', "a grouped number is no decimal comma");
        assert_eq!(guess("a;b\n0,234;2\n").format.decimal, ',');
        assert_eq!(guess("a;b\n1,5;2.5\n").format.decimal, '.');
        assert_eq!(guess("a,b\n\"1,5\",2\n").format.decimal, ',');
    }

    #[test]
    fn one_column_is_a_table_too() {
        let s = guess("a\n1\n2\n");
        assert_eq!(s.format.delimiter, ',');
        assert!(s.notes[0].contains("one column"));
    }

    #[test]
    fn encodings() {
        let s = sniff_bytes(b"name;x\ncaf\xE9;1\n", "t.csv", "csv").unwrap();
        assert_eq!(s.format.encoding, "windows-1252");
        let utf16: Vec<u8> = "a,b\n1,2\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(sniff_bytes(&utf16, "t.csv", "csv").unwrap().format.encoding, "utf-16le");
    }

    #[test]
    fn not_a_table() {
        for (bytes, word) in [
            (&b""[..], "empty"),
            (b"\n\n\n", "empty"),
            (b"PK\x03\x04xl/workbook", "Excel"),
            (b"a,b\n1,\x00\x01\x02\n", "control"),
        ] {
            let e = sniff_bytes(bytes, "t.csv", "csv").unwrap_err().to_string();
            assert!(e.contains(word), "{e}");
        }
    }
}
