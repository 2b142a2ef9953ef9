//! `audit verify`: everything the ledger claims, looked at again.

mod events;
mod files;
mod tables;

use crate::Result;
use crate::ledger::Inner;
use crate::note::Head;
use crate::parallel::default_threads;
use driftgate_model::{CancelToken, Digest, Observer};
use events::Replay;
use std::num::NonZeroUsize;

/// What [`crate::Ledger::verify`] looks at.
#[derive(Debug, Clone)]
pub struct VerifyOptions {
    /// Hash every object and segment again; without it, only their presence is checked.
    pub objects: bool,
    /// An earlier checkpoint of this log that was kept elsewhere: the ledger must extend it.
    pub checkpoint: Option<String>,
    /// How many faults to report at most; all are counted.
    pub max_faults: usize,
    /// Threads that hash and read events; the report does not depend on it.
    pub threads: NonZeroUsize,
}

impl Default for VerifyOptions {
    fn default() -> Self {
        VerifyOptions { objects: true, checkpoint: None, max_faults: 100, threads: default_threads() }
    }
}

/// What kind of thing is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// The ledger file cannot be read through.
    File,
    /// An event is missing, unreadable, out of order, impossible, or not what its leaf hash says.
    Event,
    /// A node of the tree is missing, too many, or not the hash of its children.
    Node,
    /// A checkpoint does not fit the tree or is not signed by the log.
    Checkpoint,
    /// A projection or an index is not the fold of the events.
    Projection,
    /// An entry about the file itself is wrong.
    Meta,
    /// The head file does not fit the ledger.
    Head,
    /// A key file is not the key the first event names.
    Key,
    /// An object is missing or damaged.
    Object,
    /// A segment is missing or damaged.
    Segment,
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

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.place, self.detail)
    }
}

/// What a verification found. It proves integrity since somebody else saw a checkpoint, not more: who holds the key could
/// have written another history and signed it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct VerifyReport {
    /// Events checked.
    pub events: u64,
    /// Tree nodes checked.
    pub nodes: u64,
    /// Rows and index entries compared with the fold of the events; 0 where a damaged event made the comparison pointless.
    pub rows: u64,
    /// Objects found; hashed, unless presence was all that was asked for.
    pub objects: u64,
    /// Segments found, likewise.
    pub segments: u64,
    /// Commitments whose plain text is not in the store.
    pub redacted: u64,
    /// Files left in place: their users hash them.
    pub external: u64,
    /// The root over the events.
    pub root: Digest,
    /// The signed checkpoint of that root.
    pub checkpoint: String,
    /// The first fault, in the order the parts are listed in [`FaultKind`], events before what follows from them.
    pub first_fault: Option<Fault>,
    /// The first so many faults.
    pub faults: Vec<Fault>,
    /// All faults.
    pub fault_count: u64,
}

impl VerifyReport {
    /// Whether nothing is wrong.
    pub fn is_clean(&self) -> bool {
        self.fault_count == 0
    }
}

/// Collects faults, and keeps the first ones.
struct Faults {
    max: usize,
    kept: Vec<Fault>,
    count: u64,
}

impl Faults {
    fn add(&mut self, kind: FaultKind, place: impl Into<String>, detail: impl Into<String>) {
        self.count += 1;
        // The first fault is always told.
        if self.kept.len() < self.max.max(1) {
            self.kept.push(Fault { kind, place: place.into(), detail: detail.into() });
        }
    }
}

/// The verification. The ledger is read in short turns, so that writers are never held up for long; what changes in
/// between only adds events, which are then verified too.
pub(crate) fn verify(
    inner: &Inner,
    options: &VerifyOptions,
    observer: &dyn Observer,
    cancel: &CancelToken,
) -> Result<VerifyReport> {
    let mut faults = Faults { max: options.max_faults, kept: Vec::new(), count: 0 };
    let mut replay = Replay::default();
    observer.stage_started("events");
    let outcome = replay.run(inner, options, &mut faults, observer, cancel)?;
    observer.stage_finished("events", &format!("{} events", replay.events()));
    observer.stage_started("objects");
    let counts = files::check(inner, options, &replay, &mut faults, observer, cancel)?;
    observer.stage_finished("objects", &format!("{} objects", counts.objects));
    let Head { root, .. } = outcome.head;
    Ok(VerifyReport {
        events: replay.events(),
        nodes: replay.nodes(),
        rows: outcome.rows,
        objects: counts.objects,
        segments: counts.segments,
        redacted: counts.redacted,
        external: counts.external,
        root,
        checkpoint: outcome.checkpoint,
        first_fault: faults.kept.first().cloned(),
        fault_count: faults.count,
        faults: faults.kept,
    })
}
