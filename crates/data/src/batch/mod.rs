//! A batch of rows for a fitted model: in memory, or column by column from a file that is larger than a process should hold.
//!
//! A large file is read once, front to back (CSV, in blocks of whole records) or column by column (Parquet), and its wanted
//! columns go to a temporary file, typed. From there a column, or some rows of all of them, come back as they are asked for. What
//! is said of bad cells is what is said of small files.

mod blocks;
mod parquet;
mod spill;
#[cfg(test)]
mod tests;
mod text;

use crate::cells::FastMap;
use crate::error::{CellError, DataError, Result, and_more, nearest};
use crate::predict::{declared_type, frame_for_prediction, without_rows};
use crate::table::{Table, refuse, type_hint};
use crate::transform::Transform;
use crate::typing::type_words;
use driftgate_model::{
    CancelToken, Column, ColumnType, ColumnValues, DatasetSpec, FileFormat, FileKind, Finding, Frame, MISSING_CODE,
    Matrix, Target,
};
use spill::{Spill, SpilledColumn};
use std::fs::File;
use std::ops::Range;
use std::path::Path;

/// Files up to this size are read whole.
const MOST_HELD: u64 = 32 << 20;
/// Parquet files of up to so many cells are read whole: they may be much larger in memory than on the disk.
const MOST_CELLS: usize = 4 << 20;
/// Bytes of a text table in one block.
const BLOCK: usize = 4 << 20;
/// Bytes at the beginning of a large file that its format is guessed from.
const HEAD: u64 = 1 << 20;

/// Whether a file is too large to be read whole.
///
/// Errors: nothing there, a folder, or the file system's own.
pub fn is_large(path: &Path) -> Result<bool> {
    let meta = crate::read::metadata_of(path)?;
    if meta.len() > MOST_HELD {
        return Ok(true);
    }
    Ok(parquet::cells(path).is_some_and(|cells| cells > MOST_CELLS))
}

/// Where a large batch is read from, and how the work is watched.
pub struct Source<'a> {
    /// The file's name, for messages.
    pub name: &'a str,
    /// Where a temporary file may lie.
    pub folder: &'a Path,
    /// The size of the file, in bytes.
    pub size: u64,
    /// Threads; 0 is all the machine has.
    pub threads: usize,
    /// Called with what is done and what there is to do.
    pub progress: &'a (dyn Fn(u64, u64) + Sync),
    /// Asked about between blocks.
    pub cancel: &'a CancelToken,
}

/// A batch: the columns that a model takes, typed, and its target where it is there.
#[derive(Debug)]
pub struct Batch {
    rows: usize,
    ignored: Vec<String>,
    values: Values,
}

#[derive(Debug)]
enum Values {
    Held { frame: Frame, table: Box<Table> },
    Spilled { spill: Spill, columns: Vec<SpilledColumn>, target: Option<Result<SpilledColumn>> },
}

/// A column that is read from a large file.
#[derive(Debug, Clone)]
struct Wanted {
    name: String,
    /// `None`: as it looks.
    declared: Option<ColumnType>,
    /// The batch cannot do without it.
    needed: bool,
}

/// Cells that do not fit their column's type: how many, and the place and text of the first.
#[derive(Debug, Default)]
struct Faulty {
    wrong: (usize, Option<(String, String)>),
    infinite: (usize, Option<(String, String)>),
}

/// What reading a large file gives.
struct Streamed {
    rows: usize,
    /// The columns, in file order.
    names: Vec<String>,
    findings: Vec<Finding>,
    spill: Spill,
    /// As wanted; each with its type.
    columns: Vec<(SpilledColumn, Faulty, ColumnType)>,
}

impl Batch {
    /// A batch that was read whole. Errors as of [`frame_for_prediction`].
    pub fn held(table: Table, transform: &Transform) -> Result<Batch> {
        let frame = frame_for_prediction(&table, transform)?;
        let ignored = crate::predict::ignored_columns(&table, transform);
        Ok(Batch { rows: frame.rows(), ignored, values: Values::Held { frame, table: Box::new(table) } })
    }

    /// Reads a large file as `contract` says; where that does not find the model's columns, as they look.
    ///
    /// `path` must not change meanwhile. The target of `spec` is read too where it is there. Errors: those of
    /// [`Batch::held`]; cancelled; the temporary file cannot be written.
    pub fn streamed(
        path: &Path,
        extension: &str,
        contract: &FileFormat,
        transform: &Transform,
        spec: &DatasetSpec,
        source: &Source,
    ) -> Result<Batch> {
        let read = |format: &FileFormat| Self::read(path, format, transform, spec, source, BLOCK);
        match read(contract) {
            Err(DataError::MissingColumn { .. } | DataError::NotText { .. } | DataError::Encoding { .. })
            | Err(DataError::Structure { .. } | DataError::Parquet { .. } | DataError::Format(_)) => {}
            done => return done,
        }
        let head = crate::read::head_of(path, HEAD)?;
        let mut format = crate::sniff::sniff_bytes(&head, source.name, extension)?.format;
        // What means missing no batch can tell by itself.
        format.null_values = contract.null_values.clone();
        match read(&format) {
            // Its first part is UTF-8 and the rest is not: the guess that the whole file would have led to.
            Err(DataError::Encoding { .. }) if format.encoding == "utf-8" => {
                read(&FileFormat { encoding: "windows-1252".into(), ..format })
            }
            done => done,
        }
    }

    fn read(
        path: &Path,
        format: &FileFormat,
        transform: &Transform,
        spec: &DatasetSpec,
        source: &Source,
        size: usize,
    ) -> Result<Batch> {
        let mut wanted: Vec<Wanted> = transform
            .inputs()
            .iter()
            .map(|i| Wanted { name: i.name.clone(), declared: Some(declared_type(i)), needed: true })
            .collect();
        let target =
            Wanted { name: spec.target.clone(), declared: spec.schema.get(&spec.target).copied(), needed: false };
        wanted.push(target);
        let mut streamed = match format.kind {
            FileKind::Csv => {
                let file = File::open(path).map_err(|e| DataError::Io { path: path.into(), source: e })?;
                text::read(file, source, format, &wanted, size)?
            }
            FileKind::Parquet => parquet::read(path, source, format, &wanted)?,
        };
        refuse(source.name, &streamed.findings)?;
        if streamed.rows == 0 {
            return Err(without_rows(source.name));
        }
        let mut columns = Vec::with_capacity(streamed.columns.len());
        let target = match streamed.names.contains(&spec.target) {
            true => streamed.columns.pop().map(typed),
            false => None,
        };
        streamed.columns.truncate(transform.inputs().len());
        for column in streamed.columns {
            columns.push(typed(column)?);
        }
        let gaps =
            |name: &str| columns.iter().find(|c| c.name == name).map_or((0, None), |c| (c.missing, c.first_missing));
        transform.refuse_gaps(&gaps)?;
        let used = |name: &String| transform.inputs().iter().any(|i| i.name == *name);
        let ignored = streamed.names.into_iter().filter(|n| !used(n)).collect();
        let values = Values::Spilled { spill: streamed.spill, columns, target };
        Ok(Batch { rows: streamed.rows, ignored, values })
    }

    /// Rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The file's columns that the model does not take, in file order.
    pub fn ignored(&self) -> &[String] {
        &self.ignored
    }

    /// All values of one of the model's columns.
    ///
    /// Errors: no such column; the temporary file cannot be read.
    pub fn column(&self, name: &str) -> Result<ColumnValues> {
        let lost = || DataError::MissingColumn {
            name: "The batch".into(),
            column: name.into(),
            hint: "The model does not take it".into(),
        };
        match &self.values {
            Values::Held { frame, .. } => frame.column(name).cloned().ok_or_else(lost),
            Values::Spilled { spill, columns, .. } => {
                columns.iter().find(|c| c.name == name).ok_or_else(lost)?.values(spill, 0..self.rows)
            }
        }
    }

    /// Some rows of all the model's columns.
    ///
    /// Errors: the temporary file cannot be read.
    pub fn frame(&self, rows: Range<usize>) -> Result<Frame> {
        match &self.values {
            Values::Held { frame, .. } if rows == (0..self.rows) => Ok(frame.clone()),
            Values::Held { frame, .. } => Ok(frame.take(&rows.collect::<Vec<_>>())),
            Values::Spilled { spill, columns, .. } => {
                let column = |c: &SpilledColumn| -> Result<Column> {
                    Ok(Column { name: c.name.clone(), values: c.values(spill, rows.clone())? })
                };
                let columns: Result<Vec<Column>> = columns.iter().map(column).collect();
                Frame::new(columns?).map_err(|e| DataError::Format(e.to_string()))
            }
        }
    }

    /// The numbers that a model takes of some rows: [`Transform::apply`], with the errors that it has for all rows.
    pub fn matrix(&self, rows: Range<usize>, transform: &Transform) -> Result<Matrix> {
        let first = rows.start;
        transform.apply(&self.frame(rows)?).map_err(|e| match &self.values {
            // Some errors count their cases: all rows together say how many.
            Values::Held { frame, .. } => transform.apply(frame).err().unwrap_or(e),
            Values::Spilled { .. } => e.after(first),
        })
    }

    /// The target of a batch that has it; `labels` are the model's own: a batch may lack some of them, and one with others
    /// cannot be judged. `None` where there is no target column.
    pub fn target(&self, spec: &DatasetSpec, labels: &[String]) -> Option<Result<Target>> {
        let mut only = spec.clone();
        only.features.clear();
        only.split = driftgate_model::SplitPolicy::default();
        if spec.task.is_classification() {
            only.constraints.label_classes = Some(labels.to_vec());
        }
        match &self.values {
            Values::Held { table, .. } => {
                table.column(&spec.target)?;
                Some(table.frame(&only).and_then(|frame| crate::target::target(&frame, &only)))
            }
            Values::Spilled { spill, target, .. } => Some(match target.as_ref()? {
                Err(e) => Err(DataError::Format(e.to_string())),
                Ok(column) => column.values(spill, 0..self.rows).and_then(|values| {
                    let columns = vec![Column { name: spec.target.clone(), values }];
                    let frame = Frame::new(columns).map_err(|e| DataError::Format(e.to_string()))?;
                    crate::target::target(&frame, &only)
                }),
            }),
        }
    }
}

/// Where each wanted column is; the first column for one that is not there and not needed.
fn positions(name: &str, header: &[String], wanted: &[Wanted]) -> Result<Vec<usize>> {
    let of = |w: &Wanted| match header.iter().position(|h| *h == w.name) {
        Some(at) => Ok(at),
        None if !w.needed => Ok(0),
        None => {
            let names: Vec<&str> = header.iter().map(String::as_str).collect();
            Err(DataError::MissingColumn { name: name.into(), column: w.name.clone(), hint: nearest(&w.name, &names) })
        }
    };
    wanted.iter().map(of).collect()
}

/// A column whose cells all fit, or the first that does not.
fn typed((column, faulty, declared): (SpilledColumn, Faulty, ColumnType)) -> Result<SpilledColumn> {
    let (cells, expected) = match faulty.wrong.0 {
        0 => (faulty.infinite, "a finite number"),
        _ => (faulty.wrong, type_words(declared)),
    };
    match cells {
        (_, None) => Ok(column),
        (count, Some((place, value))) => Err(DataError::from(CellError {
            column: column.name,
            place,
            value,
            expected: expected.into(),
            more: and_more(count),
            hint: Some(type_hint(declared)),
        })),
    }
}

/// Adds a part's texts to those known, and gives its codes the numbers of the whole.
fn merge(known: &mut FastMap<String, u32>, dictionary: &mut Vec<String>, part: Vec<String>, codes: &mut [u32]) {
    let numbers: Vec<u32> = part
        .into_iter()
        .map(|text| match known.get(&text) {
            Some(&code) => code,
            None => {
                let code = dictionary.len() as u32;
                dictionary.push(text.clone());
                known.insert(text, code);
                code
            }
        })
        .collect();
    codes.iter_mut().for_each(|c| *c = numbers.get(*c as usize).copied().unwrap_or(MISSING_CODE));
}
