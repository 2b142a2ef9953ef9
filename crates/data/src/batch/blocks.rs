//! A text table in blocks of whole records, however large the file is.

use crate::error::{DataError, Result, shown};
use crate::records::{Faults, Lines, RECORD, Report, UNIT, Walker, fit, has_lone_return, unique_names};
use crate::text::{control_character, line_of, refuse_binary};
use driftgate_model::{FileFormat, Finding};
use encoding_rs::{Decoder, DecoderResult, Encoding, UTF_8};
use std::io::Read;

/// The longest record, in bytes: beyond it a quote was never closed.
const LONGEST_RECORD: usize = 64 << 20;

/// Some records of a file, each of as many fields as the header.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) text: String,
    pub(super) separator: u8,
    pub(super) terminator: u8,
    /// The number of its first record, from 0.
    pub(super) first: usize,
    pub(super) rows: usize,
    /// The lines of its own rows.
    pub(super) lines: Lines,
}

/// A file's text, decoded piece by piece.
struct Decoded<R> {
    input: R,
    name: String,
    encoding: &'static Encoding,
    decoder: Option<Decoder>,
    /// Bytes read and not decoded: the beginning of a character.
    tail: Vec<u8>,
    /// Bytes of the body and lines before the tail.
    bytes: usize,
    lines: usize,
    /// The file has no more.
    ended: bool,
    /// Bytes read from the file.
    read: u64,
}

impl<R: Read> Decoded<R> {
    fn new(mut input: R, name: &str, label: &str) -> Result<Decoded<R>> {
        let declared = crate::text::encoding_of(label)?;
        let mut head = Vec::new();
        read_up_to(&mut input, 16, &mut head).map_err(|e| io(name, e))?;
        if head.is_empty() {
            return Err(DataError::Empty { name: name.into() });
        }
        refuse_binary(name, &head)?;
        let (encoding, skip) = Encoding::for_bom(&head).unwrap_or((declared, 0));
        let read = head.len() as u64;
        head.drain(..skip);
        let decoder = (encoding != UTF_8).then(|| encoding.new_decoder_without_bom_handling());
        let name = name.to_owned();
        Ok(Decoded { input, name, encoding, decoder, tail: head, bytes: 0, lines: 0, ended: false, read })
    }

    /// Appends about `size` more bytes of text.
    fn more(&mut self, size: usize, out: &mut String) -> Result<()> {
        let begin = out.len();
        let mut raw = std::mem::take(&mut self.tail);
        let had = raw.len();
        read_up_to(&mut self.input, size, &mut raw).map_err(|e| io(&self.name, e))?;
        self.read += (raw.len() - had) as u64;
        self.ended = raw.len() - had < size;
        match &mut self.decoder {
            None => self.utf8(raw, out)?,
            Some(decoder) => {
                let room = decoder.max_utf8_buffer_length_without_replacement(raw.len()).unwrap_or(raw.len() * 3 + 16);
                out.reserve(room);
                let (result, used) = decoder.decode_to_string_without_replacement(&raw, out, self.ended);
                if used < raw.len() || !matches!(result, DecoderResult::InputEmpty) {
                    return Err(DataError::Encoding {
                        name: self.name.clone(),
                        encoding: self.encoding.name().to_ascii_lowercase(),
                        what: "some bytes have no meaning in it".into(),
                    });
                }
            }
        }
        let new = out.as_bytes().get(begin..).unwrap_or_default();
        if let Some(at) = control_character(new) {
            return Err(crate::text::holds_control(&self.name, self.lines + line_of(new, at), new[at]));
        }
        self.bytes += new.len();
        self.lines += memchr::memchr_iter(b'\n', new).count();
        Ok(())
    }

    fn utf8(&mut self, raw: Vec<u8>, out: &mut String) -> Result<()> {
        match String::from_utf8(raw) {
            Ok(text) if out.is_empty() => *out = text,
            Ok(text) => out.push_str(&text),
            Err(e) => {
                let (at, cut_off) = (e.utf8_error().valid_up_to(), e.utf8_error().error_len().is_none());
                let mut raw = e.into_bytes();
                if !cut_off || self.ended {
                    return Err(crate::text::invalid_utf8(&self.name, &raw, at, (self.lines, self.bytes)));
                }
                self.tail = raw.split_off(at);
                out.push_str(&String::from_utf8_lossy(&raw));
            }
        }
        Ok(())
    }
}

fn io(name: &str, source: std::io::Error) -> DataError {
    DataError::Io { path: name.into(), source }
}

fn read_up_to(input: &mut impl Read, size: usize, out: &mut Vec<u8>) -> std::io::Result<()> {
    input.take(size as u64).read_to_end(out).map(|_| ())
}

/// The blocks of a file, in order.
pub(super) struct Blocks<R> {
    decoded: Decoded<R>,
    delimiter: u8,
    size: usize,
    /// Text that no block has yet; it begins at the start of a record, on line `line`.
    pending: String,
    line: usize,
    rows: usize,
    pub(super) header: Vec<String>,
    /// Records with another number of fields than the header, and quotes that never close.
    ragged: Faults,
    unclosed: Faults,
    duplicates: Vec<Finding>,
}

impl<R: Read> Blocks<R> {
    /// Reads the header. `size` is about how many bytes a block has.
    pub(super) fn new(input: R, name: &str, format: &FileFormat, size: usize) -> Result<Blocks<R>> {
        let delimiter = crate::read::delimiter_of(format)?;
        let mut decoded = Decoded::new(input, name, &format.encoding)?;
        let mut pending = String::new();
        decoded.more(size, &mut pending)?;
        let mut blocks = Blocks {
            decoded,
            delimiter,
            size,
            pending,
            line: 1,
            rows: 0,
            header: Vec::new(),
            ragged: Faults::default(),
            unclosed: Faults::default(),
            duplicates: Vec::new(),
        };
        blocks.read_header()?;
        Ok(blocks)
    }

    /// Bytes of the file that were read.
    pub(super) fn read(&self) -> u64 {
        self.decoded.read
    }

    /// What is wrong with the structure, errors only, once all blocks were read.
    pub(super) fn findings(&mut self) -> Vec<Finding> {
        let report = Report {
            expected: self.header.len(),
            unclosed: std::mem::take(&mut self.unclosed),
            ragged: std::mem::take(&mut self.ragged),
            trailing: Faults::default(),
            stray: Faults::default(),
            blank: 0,
        };
        let mut findings = std::mem::take(&mut self.duplicates);
        findings.extend(report.findings());
        findings
    }

    fn read_header(&mut self) -> Result<()> {
        loop {
            let mut out = Vec::new();
            let mut walker = Walker::new(self.pending.as_bytes(), self.line as u32, self.delimiter);
            let mut found = None;
            loop {
                let (begin, at, line) = (out.len(), walker.at, walker.line);
                let Some(record) = walker.next(&mut out) else { break };
                if !self.is_complete(walker.at, record.unclosed) {
                    (walker.at, walker.line) = (at, line);
                    break;
                }
                if !record.blank {
                    found = Some((record, begin));
                    break;
                }
                out.truncate(begin);
            }
            let (at, line) = (walker.at, walker.line);
            if let Some((record, begin)) = found {
                let fields = out.get(begin..).unwrap_or_default().split(|b| *b == UNIT);
                let names = fields.map(|n| String::from_utf8_lossy(n).trim().to_owned()).collect();
                (self.header, _) = unique_names(names, &mut self.duplicates);
                if record.unclosed {
                    let name = self.header.first().map(|n| shown(n)).unwrap_or_default();
                    self.unclosed.add(0, record.line, name);
                }
                self.pending.drain(..at);
                self.line = line as usize;
                return Ok(());
            }
            if self.decoded.ended {
                return Err(DataError::Empty { name: self.decoded.name.clone() });
            }
            self.grow()?;
        }
    }

    /// The next block. `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Block>> {
        loop {
            if self.pending.len() < self.size && !self.decoded.ended {
                self.decoded.more(self.size - self.pending.len(), &mut self.pending)?;
            }
            if self.pending.is_empty() && self.decoded.ended {
                return Ok(None);
            }
            if let Some(block) = self.plain() {
                return Ok(Some(block));
            }
            match self.walked()? {
                Some(block) if block.rows > 0 => return Ok(Some(block)),
                Some(_) => {}
                None => self.grow()?,
            }
        }
    }

    fn grow(&mut self) -> Result<()> {
        if self.pending.len() > LONGEST_RECORD {
            self.unclosed.add(self.rows + 1, self.line as u32, shown(&self.pending));
            let findings = self.findings();
            crate::table::refuse(&self.decoded.name, &findings)?;
        }
        self.decoded.more(self.size.max(self.pending.len()), &mut self.pending)
    }

    /// Whether the record that ended before byte `at` of the pending text is whole.
    fn is_complete(&self, at: usize, unclosed: bool) -> bool {
        let bytes = self.pending.as_bytes();
        let last = at.checked_sub(1).and_then(|i| bytes.get(i));
        // A return at the very end may be the first half of a line end.
        self.decoded.ended || !unclosed && (last == Some(&b'\n') || last == Some(&b'\r') && at < bytes.len())
    }

    /// The pending lines as they are, where none has a quote and each has as many fields as the header.
    fn plain(&mut self) -> Option<Block> {
        let bytes = self.pending.as_bytes();
        if memchr::memchr(b'"', bytes).is_some() || has_lone_return(bytes) {
            return None;
        }
        let (body, used) = if self.decoded.ended {
            (bytes.iter().rposition(|b| !matches!(b, b'\n' | b'\r')).map_or(0, |i| i + 1), bytes.len())
        } else {
            let end = memchr::memrchr(b'\n', bytes)? + 1;
            (end, end)
        };
        let rows = regular(&bytes[..body], self.delimiter, self.header.len() - 1)?;
        let rest = self.pending.split_off(used);
        let mut text = std::mem::replace(&mut self.pending, rest);
        text.truncate(body);
        let lines = Lines::Regular(self.line as u64);
        let block = Block { text, separator: self.delimiter, terminator: b'\n', first: self.rows, rows, lines };
        self.line += rows;
        self.rows += rows;
        (rows > 0).then_some(block)
    }

    /// The pending records, rewritten. `None` where not even one is whole.
    fn walked(&mut self) -> Result<Option<Block>> {
        let mut walker = Walker::new(self.pending.as_bytes(), self.line as u32, self.delimiter);
        let (mut body, mut lines) = (Vec::new(), Vec::new());
        loop {
            let (begin, at, line) = (body.len(), walker.at, walker.line);
            let Some(record) = walker.next(&mut body) else { break };
            if !self.is_complete(walker.at, record.unclosed) {
                body.truncate(begin);
                (walker.at, walker.line) = (at, line);
                break;
            }
            if record.blank {
                body.truncate(begin);
                continue;
            }
            let row = self.rows + lines.len() + 1;
            if record.unclosed {
                let text = String::from_utf8_lossy(body.get(begin..).unwrap_or_default()).into_owned();
                self.unclosed.add(row, record.line, shown(&text));
            }
            fit(&mut body, begin, &record, self.header.len(), row, &mut self.ragged, &mut Faults::default());
            lines.push(record.line);
            body.push(RECORD);
        }
        let (at, line) = (walker.at, walker.line);
        if at == 0 {
            return Ok(None);
        }
        self.pending.drain(..at);
        self.line = line as usize;
        let text = String::from_utf8(body)
            .map_err(|_| DataError::Format(format!("{}: a record was cut inside a character", self.decoded.name)))?;
        let (first, rows) = (self.rows, lines.len());
        self.rows += rows;
        let lines = Lines::Listed(lines);
        Ok(Some(Block { text, separator: UNIT, terminator: RECORD, first, rows, lines }))
    }
}

/// Lines of `bytes`, if each has `delimiters` delimiters.
fn regular(bytes: &[u8], delimiter: u8, delimiters: usize) -> Option<usize> {
    let (mut rows, mut start) = (0, 0);
    while start < bytes.len() {
        let stop = memchr::memchr(b'\n', &bytes[start..]).map_or(bytes.len(), |i| start + i);
        let line = &bytes[start..stop];
        let blank = delimiters == 0 && line.trim_ascii().is_empty();
        if blank || memchr::memchr_iter(delimiter, line).count() != delimiters {
            return None;
        }
        rows += 1;
        start = stop + 1;
    }
    Some(rows)
}
