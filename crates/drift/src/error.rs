use driftgate_determinism::ThreadsError;
use driftgate_model::{Cancelled, Code, Coded};

/// Why a statistic over many columns or permutations was not made.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DriftError {
    /// Reference and batch are not of one table.
    #[error("the reference has {reference} columns and the batch has {batch}")]
    ColumnCount {
        /// Columns of the reference.
        reference: usize,
        /// Columns of the batch.
        batch: usize,
    },
    /// Two lists that go together differ in length.
    #[error("{what}: {left} against {right} entries")]
    LengthMismatch {
        /// The lists.
        what: &'static str,
        /// Entries of the first.
        left: usize,
        /// Entries of the second.
        right: usize,
    },
    /// The worker threads could not be started.
    #[error("{threads} worker threads could not be started: {reason}")]
    Threads {
        /// How many were asked for.
        threads: usize,
        /// What the system said.
        reason: String,
    },
    /// The work was asked to stop.
    #[error("the drift check was cancelled")]
    Cancelled,
}

impl From<ThreadsError> for DriftError {
    fn from(error: ThreadsError) -> Self {
        DriftError::Threads { threads: error.threads, reason: error.reason }
    }
}

impl From<Cancelled> for DriftError {
    fn from(_: Cancelled) -> Self {
        DriftError::Cancelled
    }
}

impl Coded for DriftError {
    fn code(&self) -> Code {
        match self {
            DriftError::ColumnCount { .. } | DriftError::LengthMismatch { .. } => Code::Internal,
            DriftError::Threads { .. } => Code::Io,
            DriftError::Cancelled => Code::Cancelled,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            DriftError::Threads { .. } => Some("ask for fewer threads with `--threads`".into()),
            DriftError::ColumnCount { .. } | DriftError::LengthMismatch { .. } | DriftError::Cancelled => None,
        }
    }
}
