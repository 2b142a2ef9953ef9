//! A large Parquet file into columns, one row group of one column at a time in each thread.

use super::spill::{Meaning, Spill, SpilledColumn};
use super::{Faulty, Source, Streamed, Wanted};
use crate::cells::{Cells, FastMap, Misfits, Reading};
use crate::error::{DataError, Result, shown};
use crate::parquet::{cells_of, check_chunk, inferred, place_of, refuse_type};
use crate::records::unique_names;
use crate::typing::NullTexts;
use driftgate_determinism::Workers;
use driftgate_model::{ColumnType, ColumnValues, FileFormat};
use polars::prelude::ArrowSchema;
use polars::prelude::{DataType, Series};
use polars_parquet::read::{
    BasicDecompressor, FileMetadata, PageReader, RowGroupMetadata, column_iter_to_arrays, infer_schema, read_metadata,
};
use std::fs::File;
use std::io::{Cursor, Read, Seek, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// Cells that a file says it has, without reading more than its footer. `None` where it is no Parquet file.
pub(super) fn cells(path: &Path) -> Option<usize> {
    let mut file = File::open(path).ok()?;
    let mut magic = [0; 4];
    file.read_exact(&mut magic).ok()?;
    if magic != *b"PAR1" {
        return None;
    }
    let metadata = catch_unwind(AssertUnwindSafe(|| read_metadata(&mut file).ok())).ok().flatten()?;
    Some(metadata.num_rows.saturating_mul(metadata.schema().columns().len()))
}

/// Reads the wanted columns.
pub(super) fn read(path: &Path, source: &Source, format: &FileFormat, wanted: &[Wanted]) -> Result<Streamed> {
    // As for small files: Polars panics on some damaged ones.
    let result = catch_unwind(AssertUnwindSafe(|| read_columns(path, source, format, wanted)));
    result.unwrap_or_else(|_| Err(fault(source, "it is damaged".into())))
}

fn fault(source: &Source, what: String) -> DataError {
    DataError::Parquet { name: source.name.into(), what }
}

/// A file with its footer.
struct Opened {
    file: Mutex<File>,
    len: u64,
    metadata: FileMetadata,
    schema: ArrowSchema,
}

fn open(path: &Path, source: &Source) -> Result<Opened> {
    let io = |e| DataError::Io { path: path.into(), source: e };
    let mut file = File::open(path).map_err(io)?;
    let len = file.metadata().map_err(io)?.len();
    let mut ends = [[0; 4]; 2];
    if len >= 12 {
        file.read_exact(&mut ends[0]).map_err(io)?;
        file.seek(SeekFrom::End(-4)).map_err(io)?;
        file.read_exact(&mut ends[1]).map_err(io)?;
    }
    if ends != [*b"PAR1"; 2] {
        return Err(fault(source, "it does not begin and end as a Parquet file does".into()));
    }
    file.rewind().map_err(io)?;
    let metadata = read_metadata(&mut file).map_err(|e| fault(source, e.to_string()))?;
    let schema = infer_schema(&metadata).map_err(|e| fault(source, e.to_string()))?;
    if schema.is_empty() {
        return Err(DataError::Empty { name: source.name.into() });
    }
    for (column, field) in schema.iter() {
        refuse_type(source.name, column.as_str(), field.dtype())?;
    }
    let rows: usize = metadata.row_groups.iter().map(RowGroupMetadata::num_rows).sum();
    if rows != metadata.num_rows {
        return Err(fault(source, "it is damaged: its row groups and its footer do not agree".into()));
    }
    Ok(Opened { file: Mutex::new(file), len, metadata, schema })
}

fn read_columns(path: &Path, source: &Source, format: &FileFormat, wanted: &[Wanted]) -> Result<Streamed> {
    let opened = open(path, source)?;
    let mut findings = Vec::new();
    let names = opened.schema.iter().map(|(name, _)| name.trim().to_owned()).collect();
    let (header, _) = unique_names(names, &mut findings);
    let places = super::positions(source.name, &header, wanted)?;
    let nulls = NullTexts::new(&format.null_values);
    let reading = Reading { nulls: &nulls, decimal: b'.' };
    let spill = Spill::create(source.folder)?;
    let done = AtomicU64::new(0);
    let total = (wanted.len() * opened.metadata.row_groups.len()) as u64;
    let one = |k: usize| -> Result<_> {
        let mut column = Growing::new(&wanted[k], &opened.schema, places[k]);
        for group in &opened.metadata.row_groups {
            source.cancel.check()?;
            let series = opened.series(group, places[k], source)?;
            column.add(&spill, &series, &reading).map_err(|e| match e {
                Failed::Polars(what) => fault(source, what),
                Failed::Data(e) => e,
            })?;
            (source.progress)(done.fetch_add(1, Ordering::Relaxed) + 1, total);
        }
        Ok(column.finish())
    };
    let columns: Result<Vec<_>> =
        Workers::run(source.threads, |workers| workers.map(wanted.len(), one).into_iter().collect());
    Ok(Streamed { rows: opened.metadata.num_rows, names: header, findings, spill, columns: columns? })
}

impl Opened {
    /// Column number `at` of one row group.
    fn series(&self, group: &RowGroupMetadata, at: usize, source: &Source) -> Result<Series> {
        let damaged = |what: String| fault(source, what);
        let lost = || damaged("it is damaged: a row group lacks a column".into());
        let (name, field) = self.schema.get_at_index(at).ok_or_else(lost)?;
        let column = group.columns_under_root_iter(name).and_then(|mut c| c.next()).ok_or_else(lost)?;
        let range = place_of(column, group.num_rows(), self.len).map_err(damaged)?;
        let mut bytes = vec![0; (range.end - range.start) as usize];
        {
            let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
            let read = file.seek(SeekFrom::Start(range.start)).and_then(|_| file.read_exact(&mut bytes));
            read.map_err(|e| DataError::Io { path: source.name.into(), source: e })?;
        }
        let len = bytes.len();
        let chunk = bytes.into();
        check_chunk(PageReader::new(Cursor::new(Clone::clone(&chunk)), column, Vec::new(), len), group.num_rows())
            .map_err(damaged)?;
        let pages = BasicDecompressor::new(PageReader::new(Cursor::new(chunk), column, Vec::new(), len), Vec::new());
        let kind = &column.descriptor().descriptor.primitive_type;
        let (arrays, _) =
            column_iter_to_arrays(vec![pages], vec![kind], field.clone(), None).map_err(|e| damaged(e.to_string()))?;
        let series = Series::try_from((field, arrays)).map_err(|e| damaged(e.to_string()))?;
        if series.len() != group.num_rows() {
            return Err(damaged("it is damaged: a row group has another number of values than it says".into()));
        }
        Ok(series)
    }
}

enum Failed {
    Polars(String),
    Data(DataError),
}

/// One wanted column while row groups come.
struct Growing {
    column: SpilledColumn,
    declared: Option<ColumnType>,
    known: FastMap<String, u32>,
    dictionary: Vec<String>,
    faulty: Faulty,
}

impl Growing {
    fn new(wanted: &Wanted, schema: &ArrowSchema, at: usize) -> Growing {
        let seen = schema.get_at_index(at).map(|(_, field)| inferred(&DataType::from_arrow_field(field)));
        let declared = wanted.declared.or(seen);
        let meaning = match declared {
            Some(ColumnType::Float | ColumnType::Int) => Meaning::Numbers,
            _ => Meaning::Texts(Vec::new()),
        };
        Growing {
            column: SpilledColumn::new(&wanted.name, meaning),
            declared,
            known: FastMap::default(),
            dictionary: Vec::new(),
            faulty: Faulty::default(),
        }
    }

    fn add(&mut self, spill: &Spill, series: &Series, reading: &Reading) -> Result<(), Failed> {
        let cells = cells_of(series, reading.nulls).map_err(|e| Failed::Polars(e.to_string()))?;
        let declared = self.declared.unwrap_or(ColumnType::String);
        let (values, misfits) = match cells {
            // What is already as it should be needs no second copy.
            Cells::Numbers { values, .. }
                if declared == ColumnType::Float && !values.iter().any(|v| v.is_infinite()) =>
            {
                (ColumnValues::Number(values), Misfits::default())
            }
            cells => cells.convert(declared, reading),
        };
        self.faulty.count(misfits, self.column.rows());
        let added = match values {
            ColumnValues::Number(values) => self.column.add_numbers(spill, &values),
            ColumnValues::Text { dictionary, mut codes } => {
                super::merge(&mut self.known, &mut self.dictionary, dictionary, &mut codes);
                self.column.add_codes(spill, &codes)
            }
        };
        added.map_err(Failed::Data)
    }

    fn finish(mut self) -> (SpilledColumn, Faulty, ColumnType) {
        if let Meaning::Texts(dictionary) = &mut self.column.meaning {
            *dictionary = self.dictionary;
        }
        (self.column, self.faulty, self.declared.unwrap_or(ColumnType::String))
    }
}

impl Faulty {
    fn count(&mut self, misfits: Misfits, first_row: usize) {
        for (mine, theirs) in [(&mut self.wrong, misfits.wrong), (&mut self.infinite, misfits.infinite)] {
            mine.0 += theirs.count;
            if let (None, Some((row, value))) = (&mine.1, theirs.examples.first()) {
                mine.1 = Some((format!("row {}", first_row + row + 1), shown(value)));
            }
        }
    }
}
