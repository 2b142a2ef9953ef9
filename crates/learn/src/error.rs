use driftgate_determinism::ThreadsError;
use driftgate_model::{Cancelled, Code, Coded};

/// Why a model was not fitted, read or asked.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum LearnError {
    /// There is nothing to learn from.
    #[error("the training data has no rows")]
    NoRows,
    /// There is nothing to learn with.
    #[error("the training data has no feature columns")]
    NoColumns,
    /// Features and target are not of one table.
    #[error("the features have {features} rows and the target has {target}")]
    RowMismatch {
        /// Rows of the features.
        features: usize,
        /// Rows of the target.
        target: usize,
    },
    /// More rows, columns or classes than the tables can count.
    #[error("{what} are {found}, the largest supported number is {largest}")]
    TooLarge {
        /// What there is too much of.
        what: &'static str,
        /// How many.
        found: usize,
        /// The most that is supported.
        largest: usize,
    },
    /// Every row has the same label.
    #[error("every training row has the label `{0}`: there is nothing to tell apart")]
    SingleClass(String),
    /// A class code points past the label set.
    #[error("row {row} has class code {code}, but there are only {labels} labels")]
    ClassCode {
        /// Row, from 1.
        row: usize,
        /// The code.
        code: u32,
        /// Labels there are.
        labels: usize,
    },
    /// A target is NaN or infinite.
    #[error("the target of row {row} is {value}, and {count} target values in all are not finite numbers")]
    TargetNotFinite {
        /// The first such row, from 1.
        row: usize,
        /// Its value, as text.
        value: String,
        /// How many rows.
        count: usize,
    },
    /// The estimator takes no missing values, and there are some.
    #[error(
        "{algorithm} does not take missing values: {columns} of {of} columns hold {values} of them, first column {first}"
    )]
    MissingValues {
        /// The estimator.
        algorithm: &'static str,
        /// Columns with missing values.
        columns: usize,
        /// Columns in all.
        of: usize,
        /// Missing values in all.
        values: usize,
        /// The first such column, from 1.
        first: usize,
    },
    /// A feature is infinite.
    #[error("{columns} of {of} feature columns hold infinite values, first column {first} at row {row}")]
    InfiniteValues {
        /// Columns with infinite values.
        columns: usize,
        /// Columns in all.
        of: usize,
        /// The first such column, from 1.
        first: usize,
        /// The first such row in that column, from 1.
        row: usize,
    },
    /// The model was trained on another number of columns.
    #[error("the model takes {expected} columns, the rows have {found}")]
    ColumnCount {
        /// What the model takes.
        expected: usize,
        /// What it was given.
        found: usize,
    },
    /// The estimator does not answer this kind of question.
    #[error("{algorithm} needs a target of {needs}, and this one has {found}")]
    Task {
        /// The estimator.
        algorithm: &'static str,
        /// What it needs.
        needs: &'static str,
        /// What there is.
        found: &'static str,
    },
    /// A hyper-parameter is outside its range.
    #[error("`{name}` is {value}: it must be {rule}")]
    Parameter {
        /// Its name in the training config.
        name: &'static str,
        /// Its value.
        value: String,
        /// Its range.
        rule: &'static str,
    },
    /// The equations have no usable answer.
    #[error("{algorithm} found no finite solution: {reason}")]
    Numerical {
        /// The estimator.
        algorithm: &'static str,
        /// What went wrong.
        reason: String,
    },
    /// The worker threads could not be started.
    #[error("{threads} worker threads could not be started: {reason}")]
    Threads {
        /// How many were asked for.
        threads: usize,
        /// What the system said.
        reason: String,
    },
    /// Bytes that are not a model.
    #[error("these bytes are not a model: {0}")]
    Decode(String),
    /// Bytes of a model written by a newer Driftgate.
    #[error("the model is in format {found}, and this Driftgate reads up to format {newest}")]
    Newer {
        /// The format of the bytes.
        found: u8,
        /// The newest format known here.
        newest: u8,
    },
    /// The work was asked to stop.
    #[error("training was cancelled")]
    Cancelled,
}

impl From<ThreadsError> for LearnError {
    fn from(error: ThreadsError) -> Self {
        LearnError::Threads { threads: error.threads, reason: error.reason }
    }
}

impl From<Cancelled> for LearnError {
    fn from(_: Cancelled) -> Self {
        LearnError::Cancelled
    }
}

impl Coded for LearnError {
    fn code(&self) -> Code {
        match self {
            LearnError::NoRows
            | LearnError::NoColumns
            | LearnError::TooLarge { .. }
            | LearnError::SingleClass(_)
            | LearnError::TargetNotFinite { .. }
            | LearnError::MissingValues { .. }
            | LearnError::InfiniteValues { .. }
            | LearnError::ColumnCount { .. }
            | LearnError::Numerical { .. } => Code::BadData,
            LearnError::Task { .. } | LearnError::Parameter { .. } => Code::BadInput,
            LearnError::Threads { .. } => Code::Io,
            LearnError::Decode(_) => Code::Corrupt,
            LearnError::Newer { .. } => Code::Newer,
            LearnError::Cancelled => Code::Cancelled,
            LearnError::RowMismatch { .. } | LearnError::ClassCode { .. } => Code::Internal,
        }
    }

    fn hint(&self) -> Option<String> {
        let text = match self {
            LearnError::MissingValues { .. } => {
                "set `missing_values.policy: impute` in the preprocessing config, or use gradient_boosting, which takes missing values"
            }
            LearnError::InfiniteValues { .. } => {
                "replace infinite values in the data file with a number or leave them empty"
            }
            LearnError::TargetNotFinite { .. } => "remove those rows or correct their target values",
            LearnError::SingleClass(_) => "add rows of another label, or check that `target` names the right column",
            LearnError::NoRows => "check the data file and the split shares",
            LearnError::NoColumns => "name at least one column under `features` in dataset.yaml",
            LearnError::Task { .. } => {
                "choose another `model.algorithm` in the training config, or another `task_type`"
            }
            LearnError::Decode(_) => "run `driftgate audit verify` to find what is damaged",
            LearnError::Newer { .. } => "update Driftgate",
            LearnError::Threads { .. } => "ask for fewer threads with `--threads`",
            LearnError::Numerical { .. } => {
                "check the columns for extreme values, or turn scaling on in the preprocessing config"
            }
            LearnError::RowMismatch { .. }
            | LearnError::TooLarge { .. }
            | LearnError::ClassCode { .. }
            | LearnError::ColumnCount { .. }
            | LearnError::Parameter { .. }
            | LearnError::Cancelled => return None,
        };
        Some(text.into())
    }
}
