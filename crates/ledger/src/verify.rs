use crate::Result;
use crate::ledger::Inner;
use crate::note::Head;
use driftgate_model::{CancelToken, Observer};

/// What [`crate::Ledger::verify`] looks at.
#[derive(Debug, Clone)]
pub struct VerifyOptions {
    /// Hash every object and segment again, too.
    pub objects: bool,
    /// An earlier checkpoint of this log, kept elsewhere: the ledger must extend it.
    pub checkpoint: Option<String>,
    /// How many faults to report at most.
    pub max_faults: usize,
}

impl Default for VerifyOptions {
    fn default() -> Self {
        VerifyOptions { objects: true, checkpoint: None, max_faults: 100 }
    }
}

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// An event is missing, out of order, unreadable or not what its leaf hash says.
    Event,
}

/// One thing that is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Fault {
    /// What kind of thing is wrong.
    pub kind: FaultKind,
    /// Where, such as `event 12` or `object 01ab…`.
    pub place: String,
    /// In what way.
    pub detail: String,
}

/// What a verification found.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct VerifyReport {
    /// Events checked.
    pub events: u64,
    /// Tree nodes checked.
    pub nodes: u64,
    /// Objects hashed.
    pub objects: u64,
    /// Commitments whose plain text was redacted.
    pub redacted: u64,
    /// Files left in place, which only their users hash.
    pub external: u64,
    /// The head that was verified.
    pub head: Head,
    /// The signed checkpoint of that head.
    pub checkpoint: String,
    /// The first fault.
    pub first_fault: Option<Fault>,
    /// The faults, up to the number asked for.
    pub faults: Vec<Fault>,
}

pub(crate) fn verify(_: &Inner, _: &VerifyOptions, _: &dyn Observer, _: &CancelToken) -> Result<VerifyReport> {
    Err(crate::LedgerError::Internal("not here yet".into()))
}
