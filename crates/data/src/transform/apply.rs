//! A fitted transform at work.

use crate::cells::{FastMap, by_name};
use crate::error::{CellError, DataError, Result, and_more, nearest, shown};
use crate::target::list;
use crate::transform::{CategoricalColumn, Encoding, Transform};
use crate::typing::number_text;
use driftgate_model::config::UnknownPolicy;
use driftgate_model::{ColumnValues, Frame, Matrix};
use std::borrow::Cow;

impl Transform {
    /// Turns rows into numbers: `frame.rows()` x `output_features().len()`.
    ///
    /// Columns beyond the features are ignored. Errors: a feature that is not there, a value of the wrong type or infinite, a
    /// missing value where none may be, an unknown category where that is an error.
    pub fn apply(&self, frame: &Frame) -> Result<Matrix> {
        let rows = frame.rows();
        let known = by_name(frame);
        refuse_missing(&known, &self.complete())?;
        let mut data = Vec::with_capacity(rows * self.output_features.len());
        for c in &self.numeric {
            let values = numeric_values(&c.name, feature(&known, &c.name)?)?;
            let filled = values.iter().map(|v| match c.fill {
                Some(fill) if v.is_nan() => fill,
                _ => *v,
            });
            match c.scaling {
                Some(s) => data.extend(filled.map(|v| (v - s.offset) / s.scale)),
                None => data.extend(filled),
            }
        }
        for c in &self.categorical {
            self.encode(c, feature(&known, &c.name)?, rows, &mut data)?;
        }
        Matrix::from_columns(rows, self.output_features.len(), data).ok_or_else(|| DataError::Corrupt {
            what: "transform",
            why: "its columns and its names do not agree".into(),
        })
    }

    /// The columns that may have no gap. Filled ones may; a transform fills all its columns or none.
    fn complete(&self) -> Vec<&str> {
        if self.missing_passes {
            return Vec::new();
        }
        let unfilled = self.numeric.iter().filter(|c| c.fill.is_none()).map(|c| c.name.as_str());
        let open = self.categorical.iter().filter(|c| c.fill.is_none()).map(|c| c.name.as_str());
        unfilled.chain(open).collect()
    }

    /// Errors as [`Transform::apply`] does where a column with missing values may have none. `gaps` gives a column's number of
    /// them and its first row, from 0.
    pub(crate) fn refuse_gaps(&self, gaps: &dyn Fn(&str) -> (usize, Option<usize>)) -> Result<()> {
        let counted = |name: &'_ str| gaps(name);
        let all = self.complete().into_iter().map(|name| (name, counted(name).0, counted(name).1));
        refuse_counted(&all.collect::<Vec<_>>())
    }

    fn encode(&self, c: &CategoricalColumn, values: &ColumnValues, rows: usize, data: &mut Vec<f64>) -> Result<()> {
        let codes = self.codes(c, values)?;
        match c.encoding {
            Encoding::Ordinal => data.extend(codes.iter().map(|code| match code {
                Code::Known(k) => f64::from(*k),
                Code::Unknown => -1.0,
                Code::Missing => f64::NAN,
            })),
            Encoding::Onehot { width, infrequent } => {
                let start = data.len();
                data.resize(start + rows * width as usize, 0.0);
                for (row, code) in codes.iter().enumerate() {
                    let at = match code {
                        Code::Known(k) => Some(*k),
                        Code::Unknown | Code::Missing => infrequent,
                    };
                    if let Some(at) = at {
                        data[start + at as usize * rows + row] = 1.0;
                    }
                }
            }
        }
        Ok(())
    }

    /// What each row's category becomes; every different value is looked up once.
    fn codes(&self, c: &CategoricalColumn, values: &ColumnValues) -> Result<Vec<Code>> {
        let known: FastMap<&str, u32> =
            c.categories.iter().filter_map(|k| k.text.as_deref().map(|t| (t, k.code))).collect();
        let missing = match (&c.fill, c.categories.iter().find(|k| k.text.is_none())) {
            (Some(fill), _) => known.get(fill.as_str()).map_or(Code::Unknown, |k| Code::Known(*k)),
            (None, Some(own)) => Code::Known(own.code),
            (None, None) => Code::Missing,
        };
        let look = |text: &str| known.get(text).map_or(Code::Unknown, |k| Code::Known(*k));
        let codes: Vec<Code> = match values {
            ColumnValues::Text { dictionary, codes } => {
                let looked: Vec<Code> = dictionary.iter().map(|t| look(t)).collect();
                codes.iter().map(|k| looked.get(*k as usize).copied().unwrap_or(missing)).collect()
            }
            ColumnValues::Number(v) => {
                let mut looked: FastMap<u64, Code> = FastMap::default();
                v.iter()
                    .map(|x| {
                        if x.is_nan() {
                            missing
                        } else {
                            *looked.entry((x + 0.0).to_bits()).or_insert_with(|| look(&number_text(*x)))
                        }
                    })
                    .collect()
            }
        };
        match codes.iter().position(|k| *k == Code::Unknown) {
            Some(row) if self.unknown == UnknownPolicy::Error => {
                let value = crate::target::label(values, row).or_else(|| c.fill.clone()).unwrap_or_default();
                let seen: Vec<String> = c.categories.iter().filter_map(|k| k.text.clone()).collect();
                Err(DataError::UnknownCategory {
                    column: c.name.clone(),
                    place: format!("row {}", row + 1),
                    value: shown(&value),
                    hint: format!(
                        "Training saw {}; set `encoding.handle_unknown: ignore` to accept others",
                        list(&seen)
                    ),
                })
            }
            _ => Ok(codes),
        }
    }
}

/// What one category becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Code {
    Known(u32),
    Unknown,
    Missing,
}

/// The columns of a frame by name.
pub(crate) type Known<'f> = FastMap<&'f str, &'f ColumnValues>;

pub(crate) fn feature<'f>(known: &Known<'f>, name: &str) -> Result<&'f ColumnValues> {
    known.get(name).copied().ok_or_else(|| {
        let mut names: Vec<&str> = known.keys().copied().collect();
        names.sort_unstable();
        DataError::MissingColumn { name: "The input".into(), column: name.into(), hint: nearest(name, &names) }
    })
}

/// The numbers of a numeric feature; truth values are 0 and 1, NaN is missing.
///
/// Errors: text, or an infinity, with its row.
pub(crate) fn numeric_values<'v>(name: &str, values: &'v ColumnValues) -> Result<Cow<'v, [f64]>> {
    let wrong = |row: usize, value: &str, expected: &str| {
        DataError::from(CellError {
            column: name.into(),
            place: format!("row {}", row + 1),
            value: shown(value),
            expected: expected.into(),
            more: String::new(),
            hint: Some(
                "This feature is a number; list the column in `categorical_features` if it holds categories".into(),
            ),
        })
    };
    match values {
        ColumnValues::Number(v) => match v.iter().position(|x| x.is_infinite()) {
            Some(row) => Err(wrong(row, &v[row].to_string(), "a finite number")),
            None => Ok(Cow::Borrowed(v)),
        },
        ColumnValues::Text { dictionary, codes } => {
            let numbers: Vec<Option<f64>> =
                dictionary.iter().map(|t| crate::typing::truth(t).map(|b| f64::from(u8::from(b)))).collect();
            codes
                .iter()
                .enumerate()
                .map(|(row, code)| match numbers.get(*code as usize) {
                    None => Ok(f64::NAN),
                    Some(Some(v)) => Ok(*v),
                    Some(None) => Err(wrong(row, dictionary.get(*code as usize).map_or("", |t| t), "a number")),
                })
                .collect::<Result<Vec<f64>>>()
                .map(Cow::Owned)
        }
    }
}

/// Errors where any of the columns `names` has a missing value; the error counts them all and names the first.
pub(crate) fn refuse_missing(known: &Known, names: &[&str]) -> Result<()> {
    let mut gaps = Vec::with_capacity(names.len());
    for name in names {
        let values = feature(known, name)?;
        let count = (0..values.len()).filter(|i| values.is_missing(*i)).count();
        let first = if count > 0 { (0..values.len()).find(|i| values.is_missing(*i)) } else { None };
        gaps.push((*name, count, first));
    }
    refuse_counted(&gaps)
}

/// The same for columns whose missing values were counted: name, how many, the first row from 0.
fn refuse_counted(gaps: &[(&str, usize, Option<usize>)]) -> Result<()> {
    let some = || gaps.iter().filter(|g| g.1 > 0);
    let (columns, total) = (some().count(), some().map(|g| g.1).sum());
    let Some((name, _, Some(row))) = some().next() else { return Ok(()) };
    let mut more = and_more(total);
    if columns > 1 {
        more = more.replace(')', &format!(", in {columns} columns)"));
    }
    Err(DataError::MissingValue {
        column: (*name).into(),
        place: format!("row {}", row + 1),
        more,
        hint:
            "Set `missing_values.policy: impute`, or `fail_on_nulls: false` for an estimator that takes missing values"
                .into(),
    })
}
