use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// The code of a missing value in [`ColumnValues::Text`].
pub const MISSING_CODE: u32 = u32::MAX;

/// The values of one column.
#[derive(Debug, Clone, PartialEq)]
pub enum ColumnValues {
    /// Numbers; NaN means missing. Whole numbers and floats alike.
    Number(Vec<f64>),
    /// Texts (and booleans as `true`/`false`): a code into `dictionary` per row, [`MISSING_CODE`] for missing.
    Text {
        /// The distinct texts, in order of first appearance or sorted: the order carries no meaning.
        dictionary: Vec<String>,
        /// One code a row.
        codes: Vec<u32>,
    },
}

impl ColumnValues {
    /// The number of rows.
    pub fn len(&self) -> usize {
        match self {
            ColumnValues::Number(v) => v.len(),
            ColumnValues::Text { codes, .. } => codes.len(),
        }
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether row `i` is missing.
    pub fn is_missing(&self, i: usize) -> bool {
        match self {
            ColumnValues::Number(v) => v[i].is_nan(),
            ColumnValues::Text { codes, .. } => codes[i] == MISSING_CODE,
        }
    }

    /// The text of row `i` in a text column; `None` when missing or numeric.
    pub fn text(&self, i: usize) -> Option<&str> {
        match self {
            ColumnValues::Number(_) => None,
            ColumnValues::Text { dictionary, codes } => dictionary.get(codes[i] as usize).map(String::as_str),
        }
    }

    /// The rows `rows`, in that order.
    pub fn take(&self, rows: &[usize]) -> Self {
        match self {
            ColumnValues::Number(v) => ColumnValues::Number(rows.iter().map(|&r| v[r]).collect()),
            ColumnValues::Text { dictionary, codes } => {
                ColumnValues::Text { dictionary: dictionary.clone(), codes: rows.iter().map(|&r| codes[r]).collect() }
            }
        }
    }
}

impl ColumnValues {
    /// These values, then those of `more`; `None` where one holds numbers and the other texts.
    pub fn append(&self, more: &ColumnValues) -> Option<ColumnValues> {
        match (self, more) {
            (ColumnValues::Number(a), ColumnValues::Number(b)) => {
                Some(ColumnValues::Number([a.as_slice(), b.as_slice()].concat()))
            }
            (
                ColumnValues::Text { dictionary, codes },
                ColumnValues::Text { dictionary: others, codes: other_codes },
            ) => {
                let mut dictionary = dictionary.clone();
                let mut known: HashMap<String, u32> = HashMap::new();
                for (text, code) in dictionary.iter().zip(0..) {
                    known.entry(text.clone()).or_insert(code);
                }
                let mut renamed = Vec::with_capacity(others.len());
                for text in others {
                    let code = *known.entry(text.clone()).or_insert_with(|| {
                        dictionary.push(text.clone());
                        dictionary.len() as u32 - 1
                    });
                    renamed.push(code);
                }
                let code_of = |code: &u32| renamed.get(*code as usize).copied().unwrap_or(MISSING_CODE);
                let codes = codes.iter().copied().chain(other_codes.iter().map(code_of)).collect();
                Some(ColumnValues::Text { dictionary, codes })
            }
            _ => None,
        }
    }
}

/// A named column.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its values.
    pub values: ColumnValues,
}

/// Columns of different lengths, or two of one name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// A column is longer or shorter than the first.
    #[error("column `{name}` has {found} rows, the first column has {expected}")]
    Ragged {
        /// The column.
        name: String,
        /// Its rows.
        found: usize,
        /// The rows of the first column.
        expected: usize,
    },
    /// Two columns share a name.
    #[error("two columns are named `{0}`")]
    Duplicate(String),
    /// Frames that are to be joined hold another column, or one of another kind.
    #[error("the column `{0}` is not in both tables, or numbers in one and texts in the other")]
    Unlike(String),
}

/// A table of typed columns of equal length: what data sets, requests and batches all become.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Frame {
    columns: Vec<Column>,
}

impl Frame {
    /// Checks lengths and names.
    pub fn new(columns: Vec<Column>) -> Result<Self, FrameError> {
        let expected = columns.first().map_or(0, |c| c.values.len());
        let mut seen = std::collections::BTreeSet::new();
        for c in &columns {
            if c.values.len() != expected {
                return Err(FrameError::Ragged { name: c.name.clone(), found: c.values.len(), expected });
            }
            if !seen.insert(c.name.as_str()) {
                return Err(FrameError::Duplicate(c.name.clone()));
            }
        }
        Ok(Frame { columns })
    }

    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.columns.first().map_or(0, |c| c.values.len())
    }

    /// The columns in file order.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The values of the column of that name.
    pub fn column(&self, name: &str) -> Option<&ColumnValues> {
        self.columns.iter().find(|c| c.name == name).map(|c| &c.values)
    }

    /// These rows, then those of `more`, which has the same columns in any order.
    ///
    /// Errors: a column that only one of them has, or of another kind.
    pub fn append(&self, more: &Frame) -> Result<Frame, FrameError> {
        if let Some(extra) = more.columns.iter().find(|c| self.column(&c.name).is_none()) {
            return Err(FrameError::Unlike(extra.name.clone()));
        }
        let join = |c: &Column| {
            let other = more.column(&c.name).and_then(|other| c.values.append(other));
            let values = other.ok_or_else(|| FrameError::Unlike(c.name.clone()))?;
            Ok(Column { name: c.name.clone(), values })
        };
        Ok(Frame { columns: self.columns.iter().map(join).collect::<Result<_, _>>()? })
    }

    /// The rows `rows`, in that order.
    pub fn take(&self, rows: &[usize]) -> Frame {
        Frame {
            columns: self
                .columns
                .iter()
                .map(|c| Column { name: c.name.clone(), values: c.values.take(rows) })
                .collect(),
        }
    }
}

/// A dense matrix of f64 in column-major order: `rows` x `cols`, column `j` at `data[j*rows..(j+1)*rows]`.
///
/// NaN means missing; estimators say whether they take it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Matrix {
    rows: usize,
    cols: usize,
    data: Vec<f64>,
}

impl Matrix {
    /// Wraps column-major data. `None` unless `data.len() == rows * cols`.
    pub fn from_columns(rows: usize, cols: usize, data: Vec<f64>) -> Option<Self> {
        (rows.checked_mul(cols)? == data.len()).then_some(Matrix { rows, cols, data })
    }

    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The number of columns.
    pub fn cols(&self) -> usize {
        self.cols
    }

    /// Column `j`.
    pub fn column(&self, j: usize) -> &[f64] {
        &self.data[j * self.rows..(j + 1) * self.rows]
    }

    /// The value at row `i`, column `j`.
    pub fn get(&self, i: usize, j: usize) -> f64 {
        self.data[j * self.rows + i]
    }

    /// The rows `rows`, in that order.
    pub fn take(&self, rows: &[usize]) -> Matrix {
        let mut data = Vec::with_capacity(rows.len() * self.cols);
        for j in 0..self.cols {
            let column = self.column(j);
            data.extend(rows.iter().map(|&r| column[r]));
        }
        Matrix { rows: rows.len(), cols: self.cols, data }
    }
}

/// What a model learns to answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Target {
    /// A code into `labels` per row. `labels` are sorted and fixed by the data set's contract.
    Classes {
        /// The label set.
        labels: Vec<String>,
        /// One code a row, always below `labels.len()`.
        codes: Vec<u32>,
    },
    /// A finite number per row.
    Values(Vec<f64>),
}

impl Target {
    /// The number of rows.
    pub fn len(&self) -> usize {
        match self {
            Target::Classes { codes, .. } => codes.len(),
            Target::Values(v) => v.len(),
        }
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The rows `rows`, in that order.
    pub fn take(&self, rows: &[usize]) -> Target {
        match self {
            Target::Classes { labels, codes } => {
                Target::Classes { labels: labels.clone(), codes: rows.iter().map(|&r| codes[r]).collect() }
            }
            Target::Values(v) => Target::Values(rows.iter().map(|&r| v[r]).collect()),
        }
    }
}
