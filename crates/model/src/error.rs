use serde::{Deserialize, Serialize};

/// A stable code for a kind of error: fronts choose the exit code and the next step by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// The arguments or a config file are wrong.
    BadInput,
    /// The data do not fit their contract.
    BadData,
    /// Something named does not exist.
    NotFound,
    /// The folder is not a Driftgate workspace.
    NotAWorkspace,
    /// The workspace was written by a newer Driftgate.
    Newer,
    /// The world changed since the question was asked (another approval won, the gate's evidence is stale).
    Conflict,
    /// The state does not allow the step (approving a blocked run, say).
    Refused,
    /// The gate blocks the run.
    Blocked,
    /// Another process holds the ledger and did not give it back in time.
    Busy,
    /// Stored bytes are missing or are not what their digest says.
    Corrupt,
    /// Reading or writing a file failed.
    Io,
    /// A person cancelled.
    Cancelled,
    /// A fault of Driftgate itself.
    Internal,
}

/// An error that has a stable [`Code`] and may know what to do next.
pub trait Coded: std::error::Error {
    /// The stable code.
    fn code(&self) -> Code;

    /// What the person can do about it, one sentence, if anything is known.
    fn hint(&self) -> Option<String> {
        None
    }
}
