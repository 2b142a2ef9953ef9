use driftgate_determinism::ThreadsError;
use driftgate_model::views::ImportQuestion;
use driftgate_model::{Cancelled, Code, Coded, ValidationReport};
use std::path::{Path, PathBuf};

/// The engine's result.
pub type Result<T, E = EngineError> = std::result::Result<T, E>;

/// What can go wrong when a person asks the engine for something.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The store.
    #[error(transparent)]
    Ledger(#[from] driftgate_ledger::LedgerError),
    /// Reading, splitting or transforming data.
    #[error(transparent)]
    Data(#[from] driftgate_data::DataError),
    /// Fitting or predicting.
    #[error(transparent)]
    Learn(#[from] driftgate_learn::LearnError),
    /// Metrics.
    #[error(transparent)]
    Metric(#[from] driftgate_learn::metrics::MetricError),
    /// Drift statistics.
    #[error(transparent)]
    Drift(#[from] driftgate_drift::DriftError),
    /// Pictures.
    #[error(transparent)]
    Images(#[from] driftgate_images::ImagesError),
    /// Networks.
    #[error(transparent)]
    Vision(#[from] driftgate_vision::VisionError),
    /// Config files.
    #[error(transparent)]
    Config(#[from] driftgate_config::ConfigErrors),
    /// Import needs answers.
    #[error("{}", questions(.0))]
    Questions(Vec<ImportQuestion>),
    /// The data set is refused; the report says why.
    #[error("{} of `{}` refuse it", count(.0.errors(), "finding"), .0.dataset)]
    InvalidData(Box<ValidationReport>),
    /// Something named does not exist.
    #[error("{message}")]
    NotFound {
        /// What, and where it was looked for.
        message: String,
        /// What to do.
        hint: String,
    },
    /// The state does not allow the step.
    #[error("{message}")]
    Refused {
        /// Why.
        message: String,
        /// What to do.
        hint: String,
    },
    /// The gate, asked again, blocks the run.
    #[error("{message}")]
    Blocked {
        /// Which rules, and why the gate was asked again.
        message: String,
        /// What to do.
        hint: String,
    },
    /// The world changed since the question was asked.
    #[error("{message}")]
    Conflict {
        /// What changed.
        message: String,
        /// What to do.
        hint: String,
    },
    /// Wrong input that no other variant names.
    #[error("{message}")]
    BadInput {
        /// What is wrong, and where.
        message: String,
        /// What to do.
        hint: String,
    },
    /// A stored thing is not what it should be.
    #[error("{message}")]
    Corrupt {
        /// What, and where.
        message: String,
    },
    /// Reading or writing a file failed.
    #[error("{doing} `{path}`: {source}")]
    Io {
        /// What was done: `Reading`, `Writing`.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// A person cancelled.
    #[error("cancelled")]
    Cancelled,
}

fn count(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

fn questions(list: &[ImportQuestion]) -> String {
    let texts: Vec<&str> = list.iter().map(|q| q.text.as_str()).collect();
    format!("the import needs an answer: {}", texts.join("; "))
}

impl From<ThreadsError> for EngineError {
    fn from(error: ThreadsError) -> Self {
        EngineError::refused(error.to_string(), "Ask for fewer threads with `--threads`")
    }
}

impl From<Cancelled> for EngineError {
    fn from(_: Cancelled) -> Self {
        EngineError::Cancelled
    }
}

impl EngineError {
    /// For `map_err` on file operations.
    pub(crate) fn io(doing: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> EngineError {
        let path = path.to_path_buf();
        move |source| EngineError::Io { doing, path, source }
    }

    pub(crate) fn not_found(message: impl Into<String>, hint: impl Into<String>) -> Self {
        EngineError::NotFound { message: message.into(), hint: hint.into() }
    }

    pub(crate) fn refused(message: impl Into<String>, hint: impl Into<String>) -> Self {
        EngineError::Refused { message: message.into(), hint: hint.into() }
    }

    pub(crate) fn conflict(message: impl Into<String>, hint: impl Into<String>) -> Self {
        EngineError::Conflict { message: message.into(), hint: hint.into() }
    }

    pub(crate) fn bad_input(message: impl Into<String>, hint: impl Into<String>) -> Self {
        EngineError::BadInput { message: message.into(), hint: hint.into() }
    }

    pub(crate) fn corrupt(message: impl Into<String>) -> Self {
        EngineError::Corrupt { message: message.into() }
    }
}

impl Coded for EngineError {
    fn code(&self) -> Code {
        match self {
            EngineError::Ledger(e) => e.code(),
            EngineError::Data(e) => e.code(),
            EngineError::Learn(e) => e.code(),
            EngineError::Metric(e) => e.code(),
            EngineError::Drift(e) => e.code(),
            EngineError::Images(e) => e.code(),
            EngineError::Vision(e) => e.code(),
            EngineError::Config(e) => e.code(),
            EngineError::Questions(_) | EngineError::BadInput { .. } => Code::BadInput,
            EngineError::InvalidData(_) => Code::BadData,
            EngineError::NotFound { .. } => Code::NotFound,
            EngineError::Refused { .. } => Code::Refused,
            EngineError::Blocked { .. } => Code::Blocked,
            EngineError::Conflict { .. } => Code::Conflict,
            EngineError::Corrupt { .. } => Code::Corrupt,
            EngineError::Io { .. } => Code::Io,
            EngineError::Cancelled => Code::Cancelled,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            EngineError::Ledger(e) => e.hint(),
            EngineError::Data(e) => e.hint(),
            EngineError::Learn(e) => e.hint(),
            EngineError::Metric(e) => e.hint(),
            EngineError::Drift(e) => e.hint(),
            EngineError::Images(e) => e.hint(),
            EngineError::Vision(e) => e.hint(),
            EngineError::Config(e) => e.hint(),
            EngineError::NotFound { hint, .. }
            | EngineError::Refused { hint, .. }
            | EngineError::Blocked { hint, .. }
            | EngineError::Conflict { hint, .. }
            | EngineError::BadInput { hint, .. } => Some(hint.clone()),
            EngineError::InvalidData(_) => Some("Mend the data or its dataset.yaml and add it again".into()),
            EngineError::Corrupt { .. } => Some("Run `driftgate audit verify` to see what else is affected".into()),
            EngineError::Questions(_) | EngineError::Io { .. } | EngineError::Cancelled => None,
        }
    }
}
