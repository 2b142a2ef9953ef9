//! Tables that are written in parts, as Parquet: memory holds one part.

use crate::error::{DataError, Result};
use polars::io::parquet::write::BatchedWriter;
use polars::prelude::{
    Column, DataFrame, DataType, Field, NamedFrom, ParquetCompression, ParquetWriter, Schema, Series,
};
use std::fs::File;

/// The kind of a written column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WrittenKind {
    /// Whole numbers from 0.
    Count,
    /// Numbers.
    Number,
    /// Texts.
    Text,
}

/// Values of a written column.
#[derive(Debug, Clone, PartialEq)]
pub enum WrittenValues {
    /// Whole numbers from 0.
    Counts(Vec<u64>),
    /// Numbers.
    Numbers(Vec<f64>),
    /// Texts.
    Texts(Vec<String>),
}

/// A Parquet file that is written in parts.
pub struct ParquetTable {
    name: String,
    schema: Vec<(String, WrittenKind)>,
    writer: BatchedWriter<File>,
}

impl ParquetTable {
    /// Begins a table of these columns; `name` stands in messages.
    ///
    /// Errors: two columns of one name; the file cannot be written.
    pub fn new(file: File, name: &str, columns: &[(String, WrittenKind)]) -> Result<ParquetTable> {
        let kind = |kind: WrittenKind| match kind {
            WrittenKind::Count => DataType::UInt64,
            WrittenKind::Number => DataType::Float64,
            WrittenKind::Text => DataType::String,
        };
        let schema: Schema = columns.iter().map(|(n, k)| Field::new(n.as_str().into(), kind(*k))).collect();
        let fault = |what: String| DataError::Parquet { name: name.into(), what };
        if schema.len() != columns.len() {
            return Err(fault("two of its columns would have one name".into()));
        }
        let writer = ParquetWriter::new(file).with_compression(ParquetCompression::Snappy).batched(&schema);
        let writer = writer.map_err(|e| fault(e.to_string()))?;
        Ok(ParquetTable { name: name.into(), schema: columns.to_vec(), writer })
    }

    /// Appends rows: one list a column, in the order of the columns.
    ///
    /// Errors: lists of other kinds or of different lengths; the file cannot be written.
    pub fn append(&mut self, values: Vec<WrittenValues>) -> Result<()> {
        let fault = |what: String| DataError::Parquet { name: self.name.clone(), what };
        let series = self.schema.iter().zip(values).map(|((name, kind), values)| {
            let name = name.as_str().into();
            match (kind, values) {
                (WrittenKind::Count, WrittenValues::Counts(v)) => Ok(Series::new(name, v)),
                (WrittenKind::Number, WrittenValues::Numbers(v)) => Ok(Series::new(name, v)),
                (WrittenKind::Text, WrittenValues::Texts(v)) => Ok(Series::new(name, v)),
                _ => Err(fault("a column got values of another kind".into())),
            }
        });
        let columns: Vec<Column> = series.map(|s| s.map(Column::from)).collect::<Result<_>>()?;
        let rows = columns.first().map_or(0, Column::len);
        let part = DataFrame::new(rows, columns).map_err(|e| fault(e.to_string()))?;
        self.writer.write_batch(&part).map_err(|e| fault(e.to_string()))
    }

    /// Writes the end of the file.
    pub fn finish(self) -> Result<()> {
        let fault = |what: String| DataError::Parquet { name: self.name.clone(), what };
        self.writer.finish().map(drop).map_err(|e| fault(e.to_string()))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]
    use super::*;
    use driftgate_model::{FileFormat, FileKind};

    #[test]
    fn what_is_written_in_parts_is_read_back_whole() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("t.parquet");
        let columns = [("row", WrittenKind::Count), ("p", WrittenKind::Number), ("label", WrittenKind::Text)]
            .map(|(n, k)| (n.to_owned(), k));
        let mut table = ParquetTable::new(File::create(&path).unwrap(), "t", &columns).unwrap();
        for part in 0..3_u64 {
            let rows: Vec<u64> = (part * 4..part * 4 + 4).collect();
            let numbers = rows.iter().map(|r| *r as f64 / 7.0).collect();
            let texts = rows.iter().map(|r| format!("label {}", r % 3)).collect();
            let values =
                vec![WrittenValues::Counts(rows), WrittenValues::Numbers(numbers), WrittenValues::Texts(texts)];
            table.append(values).unwrap();
        }
        assert!(table.append(vec![WrittenValues::Numbers(vec![1.0])]).is_err());
        table.finish().unwrap();
        let format = FileFormat { kind: FileKind::Parquet, ..FileFormat::default() };
        let read = crate::read(&path, &format).unwrap();
        assert_eq!(read.rows(), 12);
        let last = read.preview(12).pop().unwrap();
        assert_eq!(last, ["11".to_owned(), (11.0_f64 / 7.0).to_string(), "label 2".into()]);
    }

    #[test]
    fn two_columns_of_one_name_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let file = File::create(dir.path().join("t.parquet")).unwrap();
        let columns = [("a".to_owned(), WrittenKind::Number), ("a".into(), WrittenKind::Text)];
        assert!(ParquetTable::new(file, "t", &columns).is_err());
    }
}
