//! Parquet files become a [`Table`].

use crate::cells::{Cells, TableColumn, distinct_numbers, encode};
use crate::error::{DataError, Result};
use crate::records::{Lines, unique_names};
use crate::table::Table;
use crate::typing::{LARGEST_EXACT, NullTexts};
use driftgate_model::{ColumnType, FileFormat};
use polars::prelude::{DataType, ParquetReader, SerReader, Series};
use std::io::Cursor;

/// Reads plain columns: numbers, texts, truth values, dates and times (as ISO 8601 texts). Nested and decimal columns are
/// refused by name.
pub(crate) fn read(bytes: &[u8], name: &str, format: &FileFormat) -> Result<Table> {
    let fault = |what: String| DataError::Parquet { name: name.into(), what };
    if !bytes.starts_with(b"PAR1") || !bytes.ends_with(b"PAR1") || bytes.len() < 12 {
        return Err(fault("it does not begin and end as a Parquet file does".into()));
    }
    let mut reader = ParquetReader::new(Cursor::new(bytes));
    let schema = reader.schema().map_err(|e| fault(e.to_string()))?;
    if schema.is_empty() {
        return Err(DataError::Empty { name: name.into() });
    }
    for (column, field) in schema.iter() {
        refuse_type(name, column.as_str(), &DataType::from_arrow_field(field))?;
    }
    let frame = reader.finish().map_err(|e| fault(e.to_string()))?;
    let mut findings = Vec::new();
    let names = frame.columns().iter().map(|c| c.name().trim().to_owned()).collect();
    let (names, unnamed) = unique_names(names, &mut findings);
    let nulls = NullTexts::new(&format.null_values);
    let (mut columns, mut cells, mut notes) = (Vec::new(), Vec::new(), Vec::new());
    for ((column, column_name), unnamed) in frame.columns().iter().zip(names).zip(unnamed) {
        let (column, values) =
            typed(column_name, unnamed, column.as_materialized_series(), &nulls).map_err(|e| fault(e.to_string()))?;
        if let Some(note) = &column.note {
            notes.push(format!("Column `{}` is {note}", column.name));
        }
        columns.push(column);
        cells.push(values);
    }
    Ok(Table {
        name: name.into(),
        format: format.clone(),
        columns,
        cells,
        rows: frame.height(),
        lines: Lines::None,
        findings,
        notes,
    })
}

fn is_temporal(dtype: &DataType) -> bool {
    matches!(dtype, DataType::Date | DataType::Datetime(..))
}

fn refuse_type(name: &str, column: &str, dtype: &DataType) -> Result<()> {
    if dtype.is_primitive_numeric()
        || dtype.is_bool()
        || dtype.is_string()
        || is_temporal(dtype)
        || is_categories(dtype)
        || *dtype == DataType::Null
    {
        return Ok(());
    }
    let hint = match dtype {
        DataType::Binary | DataType::BinaryOffset => "Write the column as text, or leave it out of the file",
        DataType::List(_) => "Give each element a column of its own, or leave the column out of the file",
        _ => "Write the column as a float, an integer or text, or leave it out of the file",
    };
    Err(DataError::ParquetType {
        name: name.into(),
        column: column.into(),
        found: dtype.to_string(),
        hint: hint.into(),
    })
}

fn is_categories(dtype: &DataType) -> bool {
    matches!(dtype, DataType::Categorical(..) | DataType::Enum(..))
}

fn typed(
    name: String,
    unnamed: bool,
    series: &Series,
    nulls: &NullTexts,
) -> polars::prelude::PolarsResult<(TableColumn, Cells)> {
    let dtype = series.dtype();
    if dtype.is_primitive_numeric() {
        return numbers(name, unnamed, series);
    }
    // Dates and times print as ISO 8601, truth values as `true` and `false`.
    let texts = series.cast(&DataType::String)?;
    let (dictionary, codes) = encode(texts.str()?.iter(), nulls);
    let missing = codes.iter().filter(|c| **c == driftgate_model::MISSING_CODE).count() as u64;
    let column = TableColumn {
        name,
        inferred: if dtype.is_bool() { ColumnType::Bool } else { ColumnType::String },
        missing,
        distinct: dictionary.len() as u64,
        numbers: 0,
        infinite: 0,
        unnamed,
        note: is_temporal(dtype).then(|| "read as ISO 8601 text, since it holds dates or times".to_owned()),
    };
    Ok((column, Cells::Texts { dictionary, codes }))
}

fn numbers(name: String, unnamed: bool, series: &Series) -> polars::prelude::PolarsResult<(TableColumn, Cells)> {
    let floats = series.cast(&DataType::Float64)?;
    let values: Vec<f64> = floats.f64()?.iter().map(|v| v.unwrap_or(f64::NAN)).collect();
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
