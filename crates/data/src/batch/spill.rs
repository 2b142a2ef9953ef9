//! Columns of a batch that is larger than a process should hold, in a temporary file.

use crate::error::{DataError, Result};
use driftgate_model::{ColumnValues, MISSING_CODE};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// A temporary file without a name: the system removes it when it is closed, also after a crash.
#[derive(Debug)]
pub(super) struct Spill {
    file: Mutex<File>,
    /// Where it lies, for messages.
    folder: PathBuf,
}

/// Some rows of one column in the file.
#[derive(Debug, Clone, Copy)]
struct Segment {
    row: usize,
    rows: usize,
    at: u64,
}

/// What the numbers in the file mean.
#[derive(Debug)]
pub(super) enum Meaning {
    /// An f64 a row, NaN for missing.
    Numbers,
    /// A code a row.
    Texts(Vec<String>),
    /// A code a row, and the text that each stands for.
    Renamed { codes: Vec<u32>, dictionary: Vec<String> },
    /// A code a row, and the number that each stands for.
    Valued(Vec<f64>),
}

/// A column in the file.
#[derive(Debug)]
pub(super) struct SpilledColumn {
    pub(super) name: String,
    pub(super) meaning: Meaning,
    segments: Vec<Segment>,
    /// Missing values.
    pub(super) missing: usize,
    /// The first row, from 0, without a value.
    pub(super) first_missing: Option<usize>,
}

impl Spill {
    pub(super) fn create(folder: &Path) -> Result<Spill> {
        let file = tempfile::tempfile_in(folder).map_err(|source| DataError::Io { path: folder.into(), source })?;
        Ok(Spill { file: Mutex::new(file), folder: folder.into() })
    }

    fn append(&self, bytes: &[u8]) -> Result<u64> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let written = file.seek(SeekFrom::End(0)).and_then(|at| file.write_all(bytes).map(|()| at));
        written.map_err(|source| DataError::Io { path: self.folder.clone(), source })
    }

    fn read(&self, at: u64, len: usize) -> Result<Vec<u8>> {
        let mut bytes = vec![0; len];
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let done = file.seek(SeekFrom::Start(at)).and_then(|_| file.read_exact(&mut bytes));
        done.map_err(|source| DataError::Io { path: self.folder.clone(), source })?;
        Ok(bytes)
    }
}

fn to_bytes<const N: usize, T: Copy>(values: &[T], one: impl Fn(T) -> [u8; N]) -> Vec<u8> {
    let mut bytes = vec![0; values.len() * N];
    bytes.chunks_exact_mut(N).zip(values).for_each(|(b, v)| b.copy_from_slice(&one(*v)));
    bytes
}

fn numbers(bytes: &[u8]) -> Vec<f64> {
    bytes.as_chunks::<8>().0.iter().map(|b| f64::from_le_bytes(*b)).collect()
}

fn codes(bytes: &[u8]) -> Vec<u32> {
    bytes.as_chunks::<4>().0.iter().map(|b| u32::from_le_bytes(*b)).collect()
}

impl SpilledColumn {
    pub(super) fn new(name: &str, meaning: Meaning) -> SpilledColumn {
        SpilledColumn { name: name.into(), meaning, segments: Vec::new(), missing: 0, first_missing: None }
    }

    /// Rows so far.
    pub(super) fn rows(&self) -> usize {
        self.segments.last().map_or(0, |s| s.row + s.rows)
    }

    pub(super) fn add_numbers(&mut self, spill: &Spill, values: &[f64]) -> Result<()> {
        let at = spill.append(&to_bytes(values, f64::to_le_bytes))?;
        self.count(values.len(), values.iter().map(|v| v.is_nan()));
        self.add(values.len(), at);
        Ok(())
    }

    pub(super) fn add_codes(&mut self, spill: &Spill, values: &[u32]) -> Result<()> {
        let at = spill.append(&to_bytes(values, u32::to_le_bytes))?;
        self.count(values.len(), values.iter().map(|c| *c == MISSING_CODE));
        self.add(values.len(), at);
        Ok(())
    }

    fn count(&mut self, rows: usize, gone: impl Iterator<Item = bool> + Clone) {
        let missing = gone.clone().filter(|m| *m).count();
        if missing > 0 {
            self.missing += missing;
            let from = self.rows();
            self.first_missing = self.first_missing.or_else(|| gone.take(rows).position(|m| m).map(|i| from + i));
        }
    }

    fn add(&mut self, rows: usize, at: u64) {
        self.segments.push(Segment { row: self.rows(), rows, at });
    }

    /// The values of some rows.
    pub(super) fn values(&self, spill: &Spill, rows: Range<usize>) -> Result<ColumnValues> {
        let width: u64 = if matches!(self.meaning, Meaning::Numbers) { 8 } else { 4 };
        let first = self.segments.partition_point(|s| s.row + s.rows <= rows.start);
        let (mut as_numbers, mut as_codes) = (Vec::new(), Vec::new());
        for s in self.segments.get(first..).unwrap_or_default().iter().take_while(|s| s.row < rows.end) {
            let (from, to) = (rows.start.max(s.row), rows.end.min(s.row + s.rows));
            let bytes = spill.read(s.at + (from - s.row) as u64 * width, (to - from) * width as usize)?;
            if width == 8 && as_numbers.is_empty() {
                as_numbers = numbers(&bytes);
            } else if width == 8 {
                as_numbers.extend(numbers(&bytes));
            } else {
                as_codes.extend(codes(&bytes));
            }
        }
        Ok(match &self.meaning {
            Meaning::Numbers => ColumnValues::Number(as_numbers),
            Meaning::Texts(dictionary) => ColumnValues::Text { dictionary: dictionary.clone(), codes: as_codes },
            Meaning::Renamed { codes, dictionary } => {
                let renamed = |c: &u32| codes.get(*c as usize).copied().unwrap_or(MISSING_CODE);
                ColumnValues::Text { dictionary: dictionary.clone(), codes: as_codes.iter().map(renamed).collect() }
            }
            Meaning::Valued(values) => {
                let value = |c: &u32| values.get(*c as usize).copied().unwrap_or(f64::NAN);
                ColumnValues::Number(as_codes.iter().map(value).collect())
            }
        })
    }

    /// The codes of all rows, a part at a time.
    pub(super) fn each_codes(&self, spill: &Spill, mut f: impl FnMut(usize, &[u32])) -> Result<()> {
        for s in &self.segments {
            f(s.row, &codes(&spill.read(s.at, s.rows * 4)?));
        }
        Ok(())
    }
}
