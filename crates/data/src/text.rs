//! From bytes to UTF-8 text: byte-order marks, UTF-16, older encodings, and files that are no text at all.

use crate::error::{DataError, Result};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use std::borrow::Cow;

/// What the first bytes of a file that is no table give away.
const SIGNATURES: [(&[u8], &str, &str); 9] = [
    (b"PK\x03\x04", "a ZIP archive or an Excel workbook", "Export the sheet as CSV, or unpack the archive"),
    (b"\xD0\xCF\x11\xE0", "an old Excel workbook", "Export the sheet as CSV"),
    (b"\x1F\x8B", "a gzip archive", "Unpack it first"),
    (b"\x28\xB5\x2F\xFD", "a Zstandard archive", "Unpack it first"),
    (b"BZh", "a bzip2 archive", "Unpack it first"),
    (b"\x89PNG", "a PNG picture", "Name a CSV, TSV or Parquet file"),
    (b"\xFF\xD8\xFF", "a JPEG picture", "Name a CSV, TSV or Parquet file"),
    (b"%PDF", "a PDF document", "Export the table as CSV"),
    (b"SQLite format 3\0", "an SQLite database", "Export the table as CSV"),
];

/// An encoding, how it was told, and the text begins after `skip` bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Detected {
    pub encoding: &'static Encoding,
    pub skip: usize,
    /// `byte-order mark`, `its bytes`, or `guessed`.
    pub how: &'static str,
}

/// Finds the encoding of `bytes`.
///
/// A byte-order mark decides; then NUL bytes in every second place mean UTF-16; then valid UTF-8 is UTF-8; the rest is
/// taken for Windows-1252, which reads any Western European file.
pub(crate) fn detect(bytes: &[u8]) -> Detected {
    if let Some((encoding, skip)) = Encoding::for_bom(bytes) {
        return Detected { encoding, skip, how: "byte-order mark" };
    }
    if let Some(encoding) = utf16_without_mark(bytes) {
        return Detected { encoding, skip: 0, how: "its bytes" };
    }
    if std::str::from_utf8(bytes).is_ok() {
        Detected { encoding: UTF_8, skip: 0, how: "its bytes" }
    } else {
        Detected { encoding: WINDOWS_1252, skip: 0, how: "guessed" }
    }
}

/// UTF-16 text of mostly Latin letters has a zero in nearly every second byte.
fn utf16_without_mark(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = &bytes[..bytes.len().min(4096) & !1];
    if head.len() < 4 {
        return None;
    }
    let pairs = head.len() / 2;
    let even = head.iter().step_by(2).filter(|b| **b == 0).count();
    let odd = head.iter().skip(1).step_by(2).filter(|b| **b == 0).count();
    if odd * 10 >= pairs * 7 && even * 10 <= pairs {
        Some(UTF_16LE)
    } else if even * 10 >= pairs * 7 && odd * 10 <= pairs {
        Some(UTF_16BE)
    } else {
        None
    }
}

/// Refuses bytes that are plainly no text: known signatures, then control characters.
pub(crate) fn refuse_binary(name: &str, bytes: &[u8]) -> Result<()> {
    for (mark, what, hint) in SIGNATURES {
        if bytes.starts_with(mark) {
            return Err(DataError::NotText { name: name.into(), what: format!("it is {what}"), hint: hint.into() });
        }
    }
    Ok(())
}

/// Decodes `bytes` by the encoding named `label`; a byte-order mark wins over the label.
///
/// Errors: an unknown label, bytes that the encoding does not have (with their place), control characters.
pub(crate) fn decode<'a>(name: &str, bytes: &'a [u8], label: &str) -> Result<Cow<'a, str>> {
    let declared = encoding_of(label)?;
    let (encoding, skip) = Encoding::for_bom(bytes).unwrap_or((declared, 0));
    let body = &bytes[skip..];
    let text = if encoding == UTF_8 {
        Cow::Borrowed(std::str::from_utf8(body).map_err(|e| invalid_utf8(name, body, e.valid_up_to(), (0, 0)))?)
    } else {
        encoding.decode_without_bom_handling_and_without_replacement(body).ok_or_else(|| DataError::Encoding {
            name: name.into(),
            encoding: encoding.name().to_ascii_lowercase(),
            what: "some bytes have no meaning in it".into(),
        })?
    };
    if let Some(at) = control_character(text.as_bytes()) {
        return Err(holds_control(name, line_of(text.as_bytes(), at), text.as_bytes()[at]));
    }
    Ok(text)
}

/// The encoding that `label` names.
pub(crate) fn encoding_of(label: &str) -> Result<&'static Encoding> {
    Encoding::for_label(label.as_bytes()).ok_or_else(|| {
        DataError::Format(format!(
            "`{label}` is not a known encoding: use `utf-8`, `utf-16le`, `windows-1252` or another WHATWG label"
        ))
    })
}

/// A text with a control character.
pub(crate) fn holds_control(name: &str, line: usize, byte: u8) -> DataError {
    DataError::NotText {
        name: name.into(),
        what: format!("line {line} holds the control character 0x{byte:02X}"),
        hint: "Export the table as CSV, TSV or Parquet; a text table has no control characters".into(),
    }
}

/// Bytes that are no UTF-8 from `at` on; `before` are the lines and bytes that came before `body`.
pub(crate) fn invalid_utf8(name: &str, body: &[u8], at: usize, before: (usize, usize)) -> DataError {
    if let Some(nul) = memchr::memchr(0, &body[..at]) {
        return DataError::NotText {
            name: name.into(),
            what: format!("line {} holds a NUL byte", before.0 + line_of(body, nul)),
            hint: "Name a CSV, TSV or Parquet file".into(),
        };
    }
    let byte = body.get(at).copied().unwrap_or_default();
    DataError::Encoding {
        name: name.into(),
        encoding: "utf-8".into(),
        what: format!(
            "line {} holds the byte 0x{byte:02X} (byte {} of the file)",
            before.0 + line_of(body, at),
            before.1 + at + 1
        ),
    }
}

/// The first control character other than tab, line feed, carriage return and form feed. 0x1E and 0x1F matter most:
/// the reader separates rewritten records by them.
pub(crate) fn control_character(bytes: &[u8]) -> Option<usize> {
    let control = |b: u8| b < 0x20 && !matches!(b, b'\t' | b'\n' | b'\r' | 0x0C);
    // Whole chunks first, without a branch a byte: this walk is over every byte of the file.
    let chunk = bytes.chunks(64).position(|c| c.iter().fold(false, |any, b| any | control(*b)))?;
    bytes.iter().skip(chunk * 64).position(|b| control(*b)).map(|i| chunk * 64 + i)
}

/// The line (from 1) of byte `at`.
pub(crate) fn line_of(bytes: &[u8], at: usize) -> usize {
    1 + memchr::memchr_iter(b'\n', &bytes[..at.min(bytes.len())]).count()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]
    use super::*;
    use driftgate_model::Coded;

    fn utf16(text: &str, big: bool) -> Vec<u8> {
        text.encode_utf16().flat_map(|u| if big { u.to_be_bytes() } else { u.to_le_bytes() }).collect()
    }

    #[test]
    fn marks_and_utf16_are_found() {
        assert_eq!(detect(b"\xEF\xBB\xBFa,b").encoding, UTF_8);
        assert_eq!(detect(b"\xEF\xBB\xBFa,b").skip, 3);
        assert_eq!(detect(&utf16("a,b\n1,2\n", false)).encoding, UTF_16LE);
        assert_eq!(detect(&utf16("a,b\n1,2\n", true)).encoding, UTF_16BE);
        assert_eq!(detect(b"caf\xE9,b\n").encoding, WINDOWS_1252);
        assert_eq!(detect("café,b\n".as_bytes()).encoding, UTF_8);
    }

    #[test]
    fn decoding_tells_where_it_stopped() {
        let e = decode("t.csv", b"a,b\n1,2\ncaf\xE9,3\n", "utf-8").unwrap_err();
        assert!(e.to_string().contains("line 3"), "{e}");
        assert!(e.hint().unwrap().contains("windows-1252"));
        assert_eq!(decode("t.csv", b"caf\xE9", "windows-1252").unwrap(), "café");
        assert!(decode("t.csv", b"a\0b", "utf-8").unwrap_err().to_string().contains("0x00"));
        assert!(decode("t.csv", b"a", "klingon").unwrap_err().to_string().contains("klingon"));
    }

    #[test]
    fn odd_utf16_is_an_error_not_a_panic() {
        let mut bytes = utf16("a,b\n1,2\n", false);
        bytes.pop();
        assert!(decode("t.csv", &bytes, "utf-16le").is_err());
    }

    #[test]
    fn archives_and_pictures_are_named() {
        let e = refuse_binary("t.xlsx", b"PK\x03\x04rest").unwrap_err();
        assert!(e.to_string().contains("Excel"), "{e}");
    }
}
