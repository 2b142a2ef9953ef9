//! Files and bytes become a [`Table`].

use crate::cells::{Reading, from_texts};
use crate::error::{DataError, Result, count};
use crate::records::{Records, scan};
use crate::table::{Table, index_of};
use crate::text::{decode, refuse_binary};
use crate::typing::{NullTexts, number};
use driftgate_model::{ColumnType, FileFormat, FileKind, Finding, Severity};
use polars::prelude::{CsvParseOptions, CsvReadOptions, DataType, Field, Schema, SerReader, StringChunked};
use std::io::{Cursor, Read};
use std::path::Path;
use std::sync::Arc;

/// The bytes of a file.
///
/// Errors: nothing there, a folder, or the file system's own.
pub fn bytes_of(path: &Path) -> Result<Vec<u8>> {
    metadata_of(path)?;
    std::fs::read(path).map_err(|e| io(path, e))
}

fn io(path: &Path, source: std::io::Error) -> DataError {
    match source.kind() {
        std::io::ErrorKind::NotFound => DataError::NotFound { path: path.into() },
        std::io::ErrorKind::IsADirectory => DataError::IsDirectory { path: path.into() },
        _ => DataError::Io { path: path.into(), source },
    }
}

/// What the file system says of a file that is no folder.
pub(crate) fn metadata_of(path: &Path) -> Result<std::fs::Metadata> {
    let meta = std::fs::metadata(path).map_err(|e| io(path, e))?;
    if meta.is_dir() { Err(DataError::IsDirectory { path: path.into() }) } else { Ok(meta) }
}

/// About the first `size` bytes of a file, cut after a line end where there is one.
pub(crate) fn head_of(path: &Path, size: u64) -> Result<Vec<u8>> {
    let file = std::fs::File::open(path).map_err(|e| io(path, e))?;
    let mut head = Vec::new();
    file.take(size).read_to_end(&mut head).map_err(|e| io(path, e))?;
    // In UTF-16 a line end is two bytes; half of the file's beginning is still a whole number of them.
    let wide = head.iter().take(4096).any(|b| *b == 0);
    let end = if wide { head.len() & !1 } else { memchr::memrchr(b'\n', &head).map_or(head.len(), |i| i + 1) };
    head.truncate(end);
    Ok(head)
}

/// The file name of a path, for messages.
pub(crate) fn display_name(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |n| n.to_string_lossy().into_owned())
}

/// Reads a file as `format` says.
///
/// Ragged rows, duplicate column names and the like do not stop it: they are findings of the table. Errors: nothing
/// there, a folder, an empty file, a file that is no table, bytes that are not in the declared encoding.
pub fn read(path: &Path, format: &FileFormat) -> Result<Table> {
    read_bytes(&bytes_of(path)?, &display_name(path), format)
}

/// Reads bytes as [`read`] reads a file; `name` stands in messages.
pub fn read_bytes(bytes: &[u8], name: &str, format: &FileFormat) -> Result<Table> {
    if bytes.is_empty() {
        return Err(DataError::Empty { name: name.into() });
    }
    match format.kind {
        FileKind::Csv => read_text(bytes, name, format),
        FileKind::Parquet => crate::parquet::read(bytes, name, format),
    }
}

fn read_text(bytes: &[u8], name: &str, format: &FileFormat) -> Result<Table> {
    if bytes.starts_with(b"PAR1") {
        return Err(DataError::NotText {
            name: name.into(),
            what: "it is a Parquet file".into(),
            hint: "Set `format.kind` to `parquet`".into(),
        });
    }
    refuse_binary(name, bytes)?;
    let delimiter = delimiter_of(format)?;
    let text = decode(name, bytes, &format.encoding)?;
    let records = scan(name, &text, delimiter)?;
    let texts = columns_of(name, &records)?;
    Ok(typed(name, format, records, texts))
}

/// The delimiter as a byte, where it and the decimal mark can be used.
pub(crate) fn delimiter_of(format: &FileFormat) -> Result<u8> {
    let delimiter = u8::try_from(format.delimiter)
        .ok()
        .filter(|b| b.is_ascii() && !matches!(b, b'\n' | b'\r' | b'"') && (*b >= b' ' || *b == b'\t'))
        .ok_or_else(|| {
            DataError::Format(format!(
                "`{}` cannot be a delimiter: use `,`, `;`, a tab, `|` or another ASCII character",
                format.delimiter.escape_default()
            ))
        })?;
    if !matches!(format.decimal, '.' | ',') {
        return Err(DataError::Format(format!("`{}` cannot be a decimal mark: use `.` or `,`", format.decimal)));
    }
    Ok(delimiter)
}

/// Lets Polars cut the records into columns of text.
fn columns_of(name: &str, records: &Records) -> Result<Vec<StringChunked>> {
    let width = records.header.len();
    if records.rows == 0 {
        return Ok(vec![StringChunked::default(); width]);
    }
    // A rewritten table of one column has an empty second one; see `records::fit`.
    let read_width = if width == 1 && records.separator == 0x1F { 2 } else { width };
    let schema: Schema = (0..read_width).map(|i| Field::new(format!("{i}").into(), DataType::String)).collect();
    let parse = CsvParseOptions::default()
        .with_separator(records.separator)
        .with_eol_char(records.terminator)
        .with_quote_char(None)
        .with_missing_is_null(true);
    let reader = CsvReadOptions::default()
        .with_schema(Some(Arc::new(schema)))
        .with_has_header(false)
        .with_parse_options(parse)
        .with_rechunk(false)
        .into_reader_with_file_handle(Cursor::new(&records.body[..]));
    let fault = |what: String| DataError::NotText {
        name: name.into(),
        what: format!("the column reader stopped: {what}"),
        hint: "Check the delimiter and the quotes".into(),
    };
    let frame = reader.finish().map_err(|e| fault(e.to_string()))?;
    if frame.height() != records.rows || frame.width() != read_width {
        return Err(fault(format!(
            "it sees {} x {} cells where the file has {} x {width}",
            frame.height(),
            frame.width(),
            records.rows
        )));
    }
    frame.columns().iter().take(width).map(|c| c.str().cloned().map_err(|e| fault(e.to_string()))).collect()
}

fn typed(name: &str, format: &FileFormat, records: Records, texts: Vec<StringChunked>) -> Table {
    let nulls = NullTexts::new(&format.null_values);
    let reading = Reading { nulls: &nulls, decimal: if format.decimal == ',' { b',' } else { b'.' } };
    let mut findings = records.findings;
    let mut notes = Vec::new();
    let (mut columns, mut cells) = (Vec::new(), Vec::new());
    for ((column_name, unnamed), texts) in records.header.into_iter().zip(records.unnamed).zip(texts) {
        let (column, values) = from_texts(column_name, unnamed, texts, &reading);
        if column.unnamed && column.missing == records.rows as u64 && records.rows > 0 {
            notes.push(format!("A column without a name and without values was left out (`{}`)", column.name));
            continue;
        }
        if let Some(note) = &column.note {
            notes.push(format!("Column `{}` is {note}", column.name));
        }
        columns.push(column);
        cells.push(values);
    }
    let unnamed: Vec<&str> = columns.iter().filter(|c| c.unnamed).map(|c| c.name.as_str()).collect();
    if let Some(first) = unnamed.first() {
        findings.push(Finding {
            severity: Severity::Warning,
            check: "unnamed_columns".into(),
            column: Some((*first).into()),
            message: format!("{} no name in the header", count(unnamed.len(), "column has", "columns have")),
            hint: Some("Name the column, or leave it out of the features if it is a row number".into()),
            examples: Vec::new(),
        });
    }
    if let Some(finding) = header_of_data(&columns, &cells) {
        findings.push(finding);
    }
    Table {
        name: name.into(),
        format: format.clone(),
        index: index_of(&columns),
        columns,
        cells,
        rows: records.rows,
        lines: records.lines,
        findings,
        notes,
    }
}

/// A first row of numbers above columns of numbers is data that lost its header.
fn header_of_data(columns: &[crate::TableColumn], cells: &[crate::cells::Cells]) -> Option<Finding> {
    let named: Vec<_> = columns.iter().zip(cells).filter(|(c, _)| !c.unnamed).collect();
    let looks_like_data = |(c, _): &(&crate::TableColumn, &crate::cells::Cells)| {
        // A repeated value in the first row was given a suffix, so `1.5_2` counts too.
        let text = c.name.rsplit_once('_').map_or(c.name.as_str(), |(stem, _)| stem);
        matches!(c.inferred, ColumnType::Float | ColumnType::Int) && number(text, b'.').is_some()
    };
    let numbers = named.iter().filter(|c| looks_like_data(c)).count();
    let numeric = named.iter().filter(|(c, _)| c.inferred.is_numeric()).count();
    (numbers >= 2 && numbers == numeric && named.iter().any(|(c, _)| c.name.contains('.'))).then(|| Finding {
        severity: Severity::Warning,
        check: "no_header".into(),
        column: None,
        message: "The first row looks like data, not like column names".into(),
        hint: Some("Add a first row with the column names".into()),
        examples: Vec::new(),
    })
}
