use driftgate_model::{Cancelled, Code, Coded};
use std::path::PathBuf;

/// Everything that can go wrong between a file and a matrix.
///
/// Rows count from 1 (the header is row 0); lines are those of the text file, from 1.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// The path names nothing.
    #[error("there is no file at {}", path.display())]
    NotFound {
        /// The path.
        path: PathBuf,
    },
    /// The path names a folder.
    #[error("{} is a folder, not a file", path.display())]
    IsDirectory {
        /// The path.
        path: PathBuf,
    },
    /// The file system refused.
    #[error("cannot read {}: {source}", path.display())]
    Io {
        /// The path.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// No byte, or nothing but blank lines.
    #[error("{name} is empty")]
    Empty {
        /// The file.
        name: String,
    },
    /// The bytes are not a table of text.
    #[error("{name} is not a text table: {what}")]
    NotText {
        /// The file.
        name: String,
        /// What was found instead.
        what: String,
        /// What to do.
        hint: String,
    },
    /// The bytes are not in the declared encoding.
    #[error("{name} is not valid {encoding}: {what}")]
    Encoding {
        /// The file.
        name: String,
        /// The declared encoding.
        encoding: String,
        /// Which bytes, where.
        what: String,
    },
    /// The format names an encoding, delimiter or decimal mark that cannot be used.
    #[error("{0}")]
    Format(String),
    /// A Parquet file that cannot be read.
    #[error("{name} cannot be read as Parquet: {what}")]
    Parquet {
        /// The file.
        name: String,
        /// Why.
        what: String,
    },
    /// A Parquet column of a type that no model here takes.
    #[error("{name}: column `{column}` has the Parquet type {found}, which cannot be read as a plain value")]
    ParquetType {
        /// The file.
        name: String,
        /// The column.
        column: String,
        /// Its type.
        found: String,
        /// What to do.
        hint: String,
    },
    /// The file's structure is broken (ragged rows, duplicate columns): see the validation report for all of it.
    #[error("{name}: {message}")]
    Structure {
        /// The file.
        name: String,
        /// The first finding.
        message: String,
        /// What to do.
        hint: Option<String>,
    },
    /// A needed column is not there.
    #[error("{name} has no column `{column}`")]
    MissingColumn {
        /// The table.
        name: String,
        /// The column.
        column: String,
        /// The columns there are, or the nearest name.
        hint: String,
    },
    /// A cell does not fit its column.
    #[error("{0}")]
    Value(Box<CellError>),
    /// A value is missing where none may be.
    #[error("column `{column}`, {place}: the value is missing{more}")]
    MissingValue {
        /// The column.
        column: String,
        /// `row 3`.
        place: String,
        /// ` (and 12 more)`, or nothing.
        more: String,
        /// What to do.
        hint: String,
    },
    /// A category that training did not see, where that is an error.
    #[error("column `{column}`, {place}: the category `{value}` was not in the training data")]
    UnknownCategory {
        /// The column.
        column: String,
        /// `row 3`.
        place: String,
        /// The category.
        value: String,
        /// Some that were.
        hint: String,
    },
    /// The preprocessing settings do not fit the data.
    #[error("{message}")]
    Settings {
        /// What does not fit.
        message: String,
        /// What to do.
        hint: String,
    },
    /// The rows cannot be split as asked.
    #[error("{message}")]
    Split {
        /// Why.
        message: String,
        /// What to do.
        hint: String,
    },
    /// Too few rows, or no usable target.
    #[error("{message}")]
    Insufficient {
        /// What there is and what is needed.
        message: String,
        /// What to do.
        hint: String,
    },
    /// Stored bytes of a transform or a split are not what was written.
    #[error("the stored {what} cannot be read: {why}")]
    Corrupt {
        /// `transform` or `split`.
        what: &'static str,
        /// Why.
        why: String,
    },
    /// The work was asked to stop.
    #[error("reading was cancelled")]
    Cancelled,
    /// Worker threads could not be started.
    #[error(transparent)]
    Threads(#[from] driftgate_determinism::ThreadsError),
    /// Stored bytes of a later version of Driftgate.
    #[error("the stored {what} has the format {found}, and this Driftgate reads up to {known}")]
    Newer {
        /// `transform` or `split`.
        what: &'static str,
        /// The format found.
        found: String,
        /// The newest one known.
        known: String,
    },
}

/// A cell that does not fit its column.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("column `{column}`, {place}: `{value}` is not {expected}{more}")]
pub struct CellError {
    /// The column.
    pub column: String,
    /// `row 3 (line 4)`.
    pub place: String,
    /// The value as written, cut at 60 characters.
    pub value: String,
    /// What it should be.
    pub expected: String,
    /// ` (and 12 more)`, or nothing.
    pub more: String,
    /// What to do.
    pub hint: Option<String>,
}

impl From<Cancelled> for DataError {
    fn from(_: Cancelled) -> Self {
        DataError::Cancelled
    }
}

impl DataError {
    /// The same error where the rows that it counts begin after `rows` others.
    pub(crate) fn after(mut self, rows: usize) -> DataError {
        match &mut self {
            DataError::MissingValue { place, .. } | DataError::UnknownCategory { place, .. } => moved(place, rows),
            DataError::Value(cell) => moved(&mut cell.place, rows),
            _ => {}
        }
        self
    }
}

/// `row 3` becomes `row 10` after 7 rows.
fn moved(place: &mut String, rows: usize) {
    if let Some(row) = place.strip_prefix("row ").and_then(|n| n.parse::<usize>().ok()) {
        *place = format!("row {}", row + rows);
    }
}

impl From<CellError> for DataError {
    fn from(cell: CellError) -> Self {
        DataError::Value(Box::new(cell))
    }
}

/// A result of this crate.
pub type Result<T, E = DataError> = std::result::Result<T, E>;

impl Coded for DataError {
    fn code(&self) -> Code {
        match self {
            DataError::NotFound { .. } => Code::NotFound,
            DataError::IsDirectory { .. } | DataError::Format(_) | DataError::Settings { .. } => Code::BadInput,
            DataError::Io { .. } | DataError::Threads(_) => Code::Io,
            DataError::Cancelled => Code::Cancelled,
            DataError::Corrupt { .. } => Code::Corrupt,
            DataError::Newer { .. } => Code::Newer,
            _ => Code::BadData,
        }
    }

    fn hint(&self) -> Option<String> {
        let text = match self {
            DataError::NotFound { .. } => "Check the path; relative paths start at the current folder".into(),
            DataError::IsDirectory { .. } => "Name the CSV, TSV or Parquet file inside it".into(),
            DataError::Empty { .. } => "Export the table again, with a header row and at least one data row".into(),
            DataError::Encoding { .. } => {
                "Name the file's encoding (`format.encoding`, such as `windows-1252`) or save it as UTF-8".into()
            }
            DataError::Parquet { .. } => "Write the file again, or export it as CSV".into(),
            DataError::Corrupt { .. } => "Run `driftgate audit verify` to see what else is damaged".into(),
            DataError::Newer { .. } => "Use the newer Driftgate that wrote it".into(),
            DataError::Structure { hint, .. } => return hint.clone(),
            DataError::Value(cell) => return cell.hint.clone(),
            DataError::NotText { hint, .. }
            | DataError::ParquetType { hint, .. }
            | DataError::MissingColumn { hint, .. }
            | DataError::MissingValue { hint, .. }
            | DataError::UnknownCategory { hint, .. }
            | DataError::Settings { hint, .. }
            | DataError::Split { hint, .. }
            | DataError::Insufficient { hint, .. } => hint.clone(),
            DataError::Threads(_) => "Ask for fewer threads with `--threads`".into(),
            DataError::Io { .. } | DataError::Format(_) | DataError::Cancelled => return None,
        };
        Some(text)
    }
}

/// ` (and 12 more)` after the first of `count` cases, or nothing.
pub(crate) fn and_more(count: usize) -> String {
    match count.saturating_sub(1) {
        0 => String::new(),
        n => format!(" (and {n} more)"),
    }
}

/// `value` cut at 60 characters, control characters shown as their escapes.
pub(crate) fn shown(value: &str) -> String {
    let mut out = String::new();
    for (n, c) in value.chars().enumerate() {
        if n == 60 {
            out.push('…');
            break;
        }
        if c.is_control() { out.extend(c.escape_default()) } else { out.push(c) }
    }
    out
}

/// `1 row`, `2 rows`; an irregular plural is given whole.
pub(crate) fn count(n: usize, one: &str, many: &str) -> String {
    let mut digits = n.to_string();
    let mut at = digits.len();
    while at > 3 {
        at -= 3;
        digits.insert(at, ',');
    }
    format!("{digits} {}", if n == 1 { one } else { many })
}

/// Longer names are not looked for among others.
const LONGEST_MEANT: usize = 64;

/// The nearest of `names` to `wanted`, or a short list of them.
pub(crate) fn nearest(wanted: &str, names: &[&str]) -> String {
    // A long name costs its length times each known one's: nobody means one by another that is this long.
    let short = |n: &str| n.chars().take(LONGEST_MEANT + 1).count() <= LONGEST_MEANT;
    let lower = wanted.to_lowercase();
    let close = names
        .iter()
        .filter(|n| short(wanted) && short(n))
        .map(|n| (strsim::damerau_levenshtein(&lower, &n.to_lowercase()), *n))
        .filter(|(d, n)| *d <= 2 || *d * 3 <= n.len())
        .min();
    if let Some((_, name)) = close {
        return format!("Did you mean `{name}`?");
    }
    let some: Vec<String> = names.iter().take(8).map(|n| format!("`{}`", shown(n))).collect();
    let rest = if names.len() > 8 { format!(" and {} more", names.len() - 8) } else { String::new() };
    if some.is_empty() { "The file has no columns".into() } else { format!("It has {}{rest}", some.join(", ")) }
}
