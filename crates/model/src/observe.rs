use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// How far a piece of work is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress {
    /// Units done.
    pub done: u64,
    /// Units in all; 0 when unknown.
    pub total: u64,
}

/// Hears what long work does. Called from any thread; must return fast.
pub trait Observer: Send + Sync {
    /// A named stage began (`preprocessing`, `training`, …).
    fn stage_started(&self, _stage: &str) {}
    /// The stage ended; `note` is one line for a person, such as `398/85/86 rows`.
    fn stage_finished(&self, _stage: &str, _note: &str) {}
    /// Work within the current stage moved on.
    fn progress(&self, _what: &str, _progress: Progress) {}
    /// A metric point of an iterative fit: name, step from 1, value.
    fn metric(&self, _name: &str, _step: u64, _value: f64) {}
    /// Something a person should read but that stops nothing.
    fn warning(&self, _text: &str) {}
    /// The work is a run that is on the ledger now, under this id.
    fn run_started(&self, _run: &crate::RunId) {}
}

/// An observer that ignores everything.
#[derive(Debug, Clone, Copy, Default)]
pub struct NullObserver;

impl Observer for NullObserver {}

/// A flag, shared between threads, that asks long work to stop.
#[derive(Debug, Clone, Default)]
pub struct CancelToken(Arc<AtomicBool>);

/// The work was asked to stop and did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("cancelled")]
pub struct Cancelled;

impl CancelToken {
    /// A token nobody has cancelled.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks the work to stop.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether the work should stop.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// `Err(Cancelled)` once cancelled: `token.check()?` at every safe point.
    pub fn check(&self) -> Result<(), Cancelled> {
        if self.is_cancelled() { Err(Cancelled) } else { Ok(()) }
    }
}
