//! What a front that stays open keeps while a person works: the open workspace, jobs with progress and cancel, a watcher of the
//! ledger, the paths that the person chose, recent workspaces, settings, and the prediction server.
//!
//! Like the engine it is quiet and reads nothing of the world: a front hands it a [`Setup`].
#![cfg_attr(not(test), warn(clippy::disallowed_methods))]

mod config;
mod demo;
mod error;
mod job;
mod jobs;
mod observe;
mod paths;
mod pictures;
mod reads;
mod request;
mod server;
mod session;
mod store;
mod watch;
mod words;
mod work;

pub use error::{Result, SessionError};
pub use session::{Session, Setup, Wanted};

use std::sync::{Mutex, MutexGuard, PoisonError};

/// What a thread that panicked held is as good as before: every change under these locks is one assignment.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
