//! Parquet files become a [`Table`].

use crate::cells::{Cells, TableColumn, distinct_numbers, encode};
use crate::error::{DataError, Result};
use crate::records::{Lines, unique_names};
use crate::table::{Table, index_of};
use crate::typing::{LARGEST_EXACT, NullTexts};
use driftgate_model::{ColumnType, FileFormat, MISSING_CODE, Timestamp};
use jiff::tz::TimeZone;
use polars::datatypes::ArrowDataType;
use polars::prelude::{DataFrame, DataType, ParquetReader, PolarsResult, SerReader, Series, TimeUnit};
use polars_parquet::parquet::page::CompressedPage;
use polars_parquet::read::{ColumnChunkMetadata, PageReader, read_metadata};
use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Reads plain columns: numbers, texts, truth values, dates and times (as ISO 8601 texts). Nested and decimal columns are
/// refused by name.
pub(crate) fn read(bytes: &[u8], name: &str, format: &FileFormat) -> Result<Table> {
    let fault = |what: String| DataError::Parquet { name: name.into(), what };
    if !bytes.starts_with(b"PAR1") || !bytes.ends_with(b"PAR1") || bytes.len() < 12 {
        return Err(fault("it does not begin and end as a Parquet file does".into()));
    }
    // Polars panics on some damaged files; whatever it was doing ends with it, so nothing half-done is seen afterwards.
    let result = catch_unwind(AssertUnwindSafe(|| {
        let frame = columns_of(bytes, name)?;
        table_of(&frame, name, format)
    }));
    result.unwrap_or_else(|_| Err(fault("it is damaged".into())))
}

fn columns_of(bytes: &[u8], name: &str) -> Result<DataFrame> {
    let fault = |what: String| DataError::Parquet { name: name.into(), what };
    let mut reader = ParquetReader::new(Cursor::new(bytes));
    let schema = reader.schema().map_err(|e| fault(e.to_string()))?;
    if schema.is_empty() {
        return Err(DataError::Empty { name: name.into() });
    }
    for (column, field) in schema.iter() {
        refuse_type(name, column.as_str(), field.dtype())?;
    }
    check_pages(bytes).map_err(fault)?;
    reader.finish().map_err(|e| fault(e.to_string()))
}

/// Compares what the footer, the row groups and the page headers say of their sizes: Polars reserves memory by those
/// numbers before it reads a value, and a damaged one would end the process.
fn check_pages(bytes: &[u8]) -> std::result::Result<(), String> {
    let metadata = read_metadata(&mut Cursor::new(bytes)).map_err(|e| e.to_string())?;
    let whole = bytes.to_vec().into();
    for group in &metadata.row_groups {
        for column in group.parquet_columns() {
            let range = place_of(column, group.num_rows(), bytes.len() as u64)?;
            let (start, len) = (range.start, (range.end - range.start) as usize);
            let mut source = Cursor::new(Clone::clone(&whole));
            source.set_position(start);
            check_chunk(PageReader::new(source, column, Vec::new(), len), group.num_rows())?;
        }
    }
    Ok(())
}

fn damaged() -> String {
    "it is damaged: its pages and its footer do not agree".to_owned()
}

/// Where a column chunk of `rows` rows lies in a file of `len` bytes.
pub(crate) fn place_of(
    column: &ColumnChunkMetadata,
    rows: usize,
    len: u64,
) -> std::result::Result<std::ops::Range<u64>, String> {
    let range = column.byte_range();
    let fits = range.start <= range.end && range.end <= len && column.num_values() == rows as i64;
    if fits { Ok(range) } else { Err(damaged()) }
}

/// Whether the pages of a chunk say that they hold `rows` values.
pub(crate) fn check_chunk(pages: PageReader, rows: usize) -> std::result::Result<(), String> {
    let mut values = 0;
    for page in pages {
        match page.map_err(|e| e.to_string())? {
            CompressedPage::Data(page) => values += page.num_values().min(usize::MAX >> 8),
            CompressedPage::Dict(_) => {}
        }
    }
    if values == rows { Ok(()) } else { Err(damaged()) }
}

/// The cells of some rows of a column, without looking at what they have in common.
pub(crate) fn cells_of(series: &Series, nulls: &NullTexts) -> PolarsResult<Cells> {
    if !series.dtype().is_primitive_numeric() {
        let (dictionary, codes) = texts_of(series, nulls)?;
        return Ok(Cells::Texts { dictionary, codes });
    }
    let values = floats_of(series)?;
    if series.dtype().is_integer() && values.iter().any(|v| v.abs() > LARGEST_EXACT) {
        let texts = series.cast(&DataType::String)?;
        let (dictionary, codes) = encode(texts.str()?.iter(), &NullTexts::new(&[]));
        return Ok(Cells::Texts { dictionary, codes });
    }
    Ok(Cells::Numbers { values, raw: None })
}

/// The type of a column that nobody declared.
pub(crate) fn inferred(dtype: &DataType) -> ColumnType {
    match dtype {
        t if t.is_integer() => ColumnType::Int,
        t if t.is_primitive_numeric() => ColumnType::Float,
        t if t.is_bool() => ColumnType::Bool,
        _ => ColumnType::String,
    }
}

fn floats_of(series: &Series) -> PolarsResult<Vec<f64>> {
    let floats = series.cast(&DataType::Float64)?;
    let floats = floats.f64()?;
    match floats.cont_slice() {
        Ok(values) => Ok(values.to_vec()),
        Err(_) => Ok(floats.iter().map(|v| v.unwrap_or(f64::NAN)).collect()),
    }
}

fn texts_of(series: &Series, nulls: &NullTexts) -> PolarsResult<(Vec<String>, Vec<u32>)> {
    Ok(match moments(series)? {
        Some(texts) => encode(texts.iter().map(Option::as_deref), nulls),
        None => {
            // Truth values print as `true` and `false`.
            let texts = series.cast(&DataType::String)?;
            encode(texts.str()?.iter(), nulls)
        }
    })
}

fn table_of(frame: &DataFrame, name: &str, format: &FileFormat) -> Result<Table> {
    let mut findings = Vec::new();
    let names = frame.columns().iter().map(|c| c.name().trim().to_owned()).collect();
    let (names, unnamed) = unique_names(names, &mut findings);
    let nulls = NullTexts::new(&format.null_values);
    let (mut columns, mut cells, mut notes) = (Vec::new(), Vec::new(), Vec::new());
    for ((column, column_name), unnamed) in frame.columns().iter().zip(names).zip(unnamed) {
        let (column, values) = typed(column_name, unnamed, column.as_materialized_series(), &nulls)
            .map_err(|e| DataError::Parquet { name: name.into(), what: e.to_string() })?;
        if let Some(note) = &column.note {
            notes.push(format!("Column `{}` is {note}", column.name));
        }
        columns.push(column);
        cells.push(values);
    }
    Ok(Table {
        name: name.into(),
        format: format.clone(),
        index: index_of(&columns),
        columns,
        cells,
        rows: frame.height(),
        lines: Lines::None,
        findings,
        notes,
    })
}

/// Refuses types without a plain value before Polars sees them: it panics on those it was built without.
pub(crate) fn refuse_type(name: &str, column: &str, arrow: &ArrowDataType) -> Result<()> {
    use ArrowDataType as A;
    let hint = match arrow {
        A::Null | A::Boolean | A::Float32 | A::Float64 | A::Utf8 | A::LargeUtf8 | A::Utf8View => return Ok(()),
        A::Int8 | A::Int16 | A::Int32 | A::Int64 | A::UInt8 | A::UInt16 | A::UInt32 | A::UInt64 => return Ok(()),
        A::Date32 | A::Timestamp(..) => return Ok(()),
        A::Dictionary(_, values, _) if matches!(**values, A::Utf8 | A::LargeUtf8 | A::Utf8View) => return Ok(()),
        A::List(_) | A::LargeList(_) | A::FixedSizeList(..) | A::Struct(_) | A::Map(..) => {
            "Give each element a column of its own, or leave the column out of the file"
        }
        A::Decimal(..) | A::Decimal32(..) | A::Decimal64(..) | A::Decimal256(..) | A::Float16 => {
            "Write the column as a 64-bit float or as whole cents"
        }
        _ => "Write the column as a float, an integer or text, or leave it out of the file",
    };
    Err(DataError::ParquetType {
        name: name.into(),
        column: column.into(),
        found: format!("{arrow:?}").split(['(', '{']).next().unwrap_or_default().trim().to_lowercase(),
        hint: hint.into(),
    })
}

fn typed(name: String, unnamed: bool, series: &Series, nulls: &NullTexts) -> PolarsResult<(TableColumn, Cells)> {
    let dtype = series.dtype();
    if dtype.is_primitive_numeric() {
        return numbers(name, unnamed, series);
    }
    let (dictionary, codes) = texts_of(series, nulls)?;
    let missing = codes.iter().filter(|c| **c == MISSING_CODE).count() as u64;
    let temporal = matches!(dtype, DataType::Date | DataType::Datetime(..));
    let column = TableColumn {
        name,
        inferred: if dtype.is_bool() { ColumnType::Bool } else { ColumnType::String },
        missing,
        distinct: dictionary.len() as u64,
        numbers: 0,
        infinite: 0,
        unnamed,
        note: temporal.then(|| "read as ISO 8601 text, since it holds dates or times".to_owned()),
    };
    Ok((column, Cells::Texts { dictionary, codes }))
}

/// Dates as `2024-02-28`, times as `2024-02-28T23:59:59.5`, with a `Z` where the file knows the zone. `None` for other types;
/// moments outside the years −9999 to 9999 are missing.
fn moments(series: &Series) -> PolarsResult<Option<Vec<Option<String>>>> {
    let nanos = match series.dtype() {
        DataType::Date => 86_400 * 1_000_000_000,
        DataType::Datetime(TimeUnit::Nanoseconds, _) => 1,
        DataType::Datetime(TimeUnit::Microseconds, _) => 1_000,
        DataType::Datetime(TimeUnit::Milliseconds, _) => 1_000_000,
        _ => return Ok(None),
    };
    let zoned = matches!(series.dtype(), DataType::Datetime(_, Some(_)));
    let date = *series.dtype() == DataType::Date;
    let text = |count: i64| {
        let moment = Timestamp::from_nanosecond(i128::from(count) * nanos).ok()?;
        let civil = moment.to_zoned(TimeZone::UTC).datetime();
        Some(match (date, zoned) {
            (true, _) => civil.date().to_string(),
            (false, true) => moment.to_string(),
            (false, false) => civil.to_string(),
        })
    };
    let counts = series.to_physical_repr().cast(&DataType::Int64)?;
    Ok(Some(counts.i64()?.iter().map(|c| c.and_then(text)).collect()))
}

fn numbers(name: String, unnamed: bool, series: &Series) -> PolarsResult<(TableColumn, Cells)> {
    let values = floats_of(series)?;
    let missing = values.iter().filter(|v| v.is_nan()).count() as u64;
    let whole = series.dtype().is_integer();
    let mut column = TableColumn {
        name,
        inferred: if whole { ColumnType::Int } else { ColumnType::Float },
        missing,
        distinct: 0,
        numbers: values.len() as u64 - missing,
        infinite: values.iter().filter(|v| v.is_infinite()).count() as u64,
        unnamed,
        note: None,
    };
    if whole && values.iter().any(|v| v.abs() > LARGEST_EXACT) {
        let texts = series.cast(&DataType::String)?;
        let (dictionary, codes) = encode(texts.str()?.iter(), &NullTexts::new(&[]));
        column.inferred = ColumnType::String;
        column.distinct = dictionary.len() as u64;
        column.note = Some("read as text, since its whole numbers are beyond 2^53 and would be rounded".into());
        return Ok((column, Cells::Texts { dictionary, codes }));
    }
    column.distinct = distinct_numbers(&values);
    Ok((column, Cells::Numbers { values, raw: None }))
}
