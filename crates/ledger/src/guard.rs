//! redb can panic on a damaged file. Everything that touches it runs behind one of these, so that a damaged file is an
//! error like any other.

use crate::{LedgerError, Result};
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Whether a panic of this thread would become an error about the ledger file, so that a front's panic hook can stay quiet.
pub fn is_guarded() -> bool {
    GUARDED.get()
}

/// Runs a piece of work on the ledger file; a panic becomes [`LedgerError::Corrupt`].
pub(crate) fn guarded<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    let outer = GUARDED.replace(true);
    let result = caught(work);
    GUARDED.set(outer);
    result
}

fn caught<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_| Err(LedgerError::corrupt("the ledger file", "its contents make no sense")))
}

/// Holds something of redb's whose drop may panic on a damaged file.
pub(crate) struct Held<T>(Option<T>);

impl<T> Held<T> {
    pub(crate) fn new(value: T) -> Held<T> {
        Held(Some(value))
    }

    pub(crate) fn get(&self) -> Result<&T> {
        self.0.as_ref().ok_or_else(|| LedgerError::Internal("a transaction was used after its end".into()))
    }

    pub(crate) fn take(&mut self) -> Result<T> {
        self.0.take().ok_or_else(|| LedgerError::Internal("a transaction was ended twice".into()))
    }
}

impl<T> Drop for Held<T> {
    fn drop(&mut self) {
        let value = self.0.take();
        let outer = GUARDED.replace(true);
        let dropped = catch_unwind(AssertUnwindSafe(move || drop(value)));
        GUARDED.set(outer);
        if dropped.is_err() {
            tracing::warn!("the ledger file could not be closed properly: it is damaged");
        }
    }
}
