use driftgate_model::{Cancelled, CanonicalError, Code, Coded, Digest};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// What can go wrong with a workspace's ledger, objects, segments or keys.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// There is no workspace in the folder.
    #[error("`{0}` is not a Driftgate workspace: it has no .driftgate folder with a ledger")]
    NotAWorkspace(PathBuf),
    /// There is one already.
    #[error("`{0}` is a Driftgate workspace already")]
    AlreadyAWorkspace(PathBuf),
    /// A folder of that name is in the way.
    #[error("`{0}` has a .driftgate folder that is not a workspace")]
    FolderInTheWay(PathBuf),
    /// The folder cannot hold a ledger.
    #[error("`{path}` cannot hold a workspace: {reason}")]
    UnsuitableFolder {
        /// The folder.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// A newer Driftgate wrote it.
    #[error("the workspace `{path}` has schema version {found}, and this Driftgate knows versions up to {known}")]
    Newer {
        /// The workspace.
        path: PathBuf,
        /// The version found.
        found: u32,
        /// The newest version known here.
        known: u32,
    },
    /// Somebody else holds the ledger and did not give it back in time.
    #[error("the ledger is in use by {holder}, and did not become free within {waited_ms} ms")]
    Busy {
        /// Who holds it, as far as it is known.
        holder: String,
        /// How long was waited.
        waited_ms: u64,
    },
    /// A file operation failed.
    #[error("cannot {what} `{path}`: {source}")]
    Io {
        /// The operation, such as `write`.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// Stored bytes are not what they should be.
    #[error("{place} is damaged: {detail}")]
    Corrupt {
        /// What is damaged, such as `object 01ab…` or `event 12`.
        place: String,
        /// In what way.
        detail: String,
    },
    /// No object of that name is stored.
    #[error("object {0} is not in the store")]
    ObjectNotFound(Digest),
    /// Something else that was named does not exist.
    #[error("{0} does not exist")]
    NotFound(String),
    /// A text names more than one thing.
    #[error("`{text}` is ambiguous: it matches {matches}")]
    Ambiguous {
        /// The text.
        text: String,
        /// What it matches, up to three of them.
        matches: String,
    },
    /// The state does not allow the event.
    #[error("{0}")]
    Refused(String),
    /// The name has a registered key, which is not at hand.
    #[error("decisions of `{0}` are signed with the key that is registered under this name, and that key is not here")]
    ReviewerKey(String),
    /// The state moved on since the caller looked.
    #[error("{0}")]
    Conflict(String),
    /// An event is longer than a log entry may be.
    #[error("the event `{kind}` has {size} bytes, and a log entry has at most {max}", max = crate::MAX_EVENT_BYTES)]
    EventTooLarge {
        /// Its kind.
        kind: &'static str,
        /// Its canonical size in bytes.
        size: usize,
    },
    /// A value has no canonical JSON.
    #[error("cannot record the value: {0}")]
    NotCanonical(#[from] CanonicalError),
    /// An argument is wrong.
    #[error("{0}")]
    BadInput(String),
    /// A person cancelled.
    #[error("cancelled")]
    Cancelled,
    /// A fault of this crate.
    #[error("internal fault of the ledger: {0}")]
    Internal(String),
}

/// Result of a ledger operation.
pub type Result<T, E = LedgerError> = std::result::Result<T, E>;

impl LedgerError {
    pub(crate) fn io(what: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> LedgerError + use<> {
        let path = path.to_owned();
        move |source| LedgerError::Io { what, path, source }
    }

    pub(crate) fn corrupt(place: impl Into<String>, detail: impl Into<String>) -> LedgerError {
        LedgerError::Corrupt { place: place.into(), detail: detail.into() }
    }
}

impl Coded for LedgerError {
    fn code(&self) -> Code {
        match self {
            LedgerError::NotAWorkspace(_) => Code::NotAWorkspace,
            LedgerError::AlreadyAWorkspace(_)
            | LedgerError::FolderInTheWay(_)
            | LedgerError::ReviewerKey(_)
            | LedgerError::Refused(_) => Code::Refused,
            LedgerError::UnsuitableFolder { .. }
            | LedgerError::Ambiguous { .. }
            | LedgerError::EventTooLarge { .. }
            | LedgerError::NotCanonical(_)
            | LedgerError::BadInput(_) => Code::BadInput,
            LedgerError::Newer { .. } => Code::Newer,
            LedgerError::Busy { .. } => Code::Busy,
            LedgerError::Io { .. } => Code::Io,
            LedgerError::Corrupt { .. } => Code::Corrupt,
            LedgerError::ObjectNotFound(_) | LedgerError::NotFound(_) => Code::NotFound,
            LedgerError::Conflict(_) => Code::Conflict,
            LedgerError::Cancelled => Code::Cancelled,
            LedgerError::Internal(_) => Code::Internal,
        }
    }

    fn hint(&self) -> Option<String> {
        let text = match self {
            LedgerError::NotAWorkspace(_) => "Run `driftgate init` there, or name the workspace with --workspace DIR",
            LedgerError::FolderInTheWay(_) => "Move that folder away, or choose another folder",
            LedgerError::UnsuitableFolder { .. } => "Choose a folder on a local disk that no program synchronises",
            LedgerError::Newer { .. } => "Install the newer Driftgate that wrote it",
            LedgerError::Busy { .. } => "Wait until it is done and try again",
            LedgerError::Io { source, .. } => match source.kind() {
                ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
                    "Free some space and try again: nothing half-written was recorded"
                }
                ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
                    "Make the folder writable for you, or use another one"
                }
                _ => return None,
            },
            LedgerError::Corrupt { .. } => {
                "Run `driftgate audit verify` to see everything that is damaged, and restore it from a backup"
            }
            LedgerError::ObjectNotFound(_) => {
                "`driftgate audit verify` names what leads to it; restore the folder `.driftgate/objects` from a backup"
            }
            LedgerError::ReviewerKey(_) => {
                "Bring the key from the computer where it was registered (`driftgate audit reviewer list` shows its fingerprint), or \
                 decide under another name: `--as NAME`"
            }
            LedgerError::Ambiguous { .. } => "Give more digits",
            LedgerError::EventTooLarge { .. } => "Store the large part as an object and name its digest",
            _ => return None,
        };
        Some(text.into())
    }
}

impl From<Cancelled> for LedgerError {
    fn from(_: Cancelled) -> Self {
        LedgerError::Cancelled
    }
}

/// The ledger file, for messages about it: relative, since the errors of redb do not carry the path.
const LEDGER_FILE: &str = ".driftgate/ledger.redb";

impl From<redb::Error> for LedgerError {
    fn from(error: redb::Error) -> Self {
        match error {
            redb::Error::Corrupted(detail) => LedgerError::corrupt(format!("`{LEDGER_FILE}`"), detail),
            redb::Error::Io(source) if source.kind() == ErrorKind::InvalidData => {
                LedgerError::corrupt(format!("`{LEDGER_FILE}`"), source.to_string())
            }
            redb::Error::Io(source) if source.kind() == ErrorKind::UnexpectedEof => {
                LedgerError::corrupt(format!("`{LEDGER_FILE}`"), "it is shorter than it should be")
            }
            redb::Error::Io(source) => {
                LedgerError::Io { what: "read or write", path: PathBuf::from(LEDGER_FILE), source }
            }
            redb::Error::PreviousIo => LedgerError::Io {
                what: "go on writing",
                path: PathBuf::from(LEDGER_FILE),
                source: std::io::Error::other("an earlier operation failed"),
            },
            redb::Error::TableDoesNotExist(table) => {
                LedgerError::corrupt(format!("`{LEDGER_FILE}`"), format!("its table `{table}` is missing"))
            }
            redb::Error::TableTypeMismatch { table, .. } => {
                LedgerError::corrupt(format!("`{LEDGER_FILE}`"), format!("its table `{table}` has other types"))
            }
            redb::Error::TypeDefinitionChanged { name, .. } => {
                let detail = format!("its type `{}` has another layout", name.name());
                LedgerError::corrupt(format!("`{LEDGER_FILE}`"), detail)
            }
            redb::Error::TableIsMultimap(table) | redb::Error::TableIsNotMultimap(table) => {
                LedgerError::corrupt(format!("`{LEDGER_FILE}`"), format!("its table `{table}` is of another kind"))
            }
            redb::Error::UpgradeRequired(version) => {
                LedgerError::corrupt(format!("`{LEDGER_FILE}`"), format!("its file format {version} is unknown"))
            }
            other => LedgerError::Internal(other.to_string()),
        }
    }
}

macro_rules! from_redb {
    ($($error:ty),*) => {
        $(impl From<$error> for LedgerError {
            fn from(error: $error) -> Self {
                redb::Error::from(error).into()
            }
        })*
    };
}

from_redb!(
    redb::DatabaseError,
    redb::TransactionError,
    redb::TableError,
    redb::StorageError,
    redb::CommitError,
    redb::SetDurabilityError
);
