use driftgate_ledger::{Entropy, OpenOptions, Stamp};
use driftgate_model::{Digest, Timestamp};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Where the engine gets the time from.
pub trait Clock: Send + Sync {
    /// The wall clock, in UTC, to the millisecond.
    fn now(&self) -> Timestamp;
    /// Milliseconds of a clock that never goes back, from any start.
    fn elapsed_ms(&self) -> u64;
}

/// Which build of Driftgate this is.
#[derive(Debug, Clone)]
pub struct BuildInfo {
    /// Its version.
    pub version: String,
    /// SHA-256 of the `Cargo.lock` it was built with.
    pub lock_hash: Digest,
    /// Profile and target, such as `release x86_64-unknown-linux-gnu`.
    pub build: String,
}

/// Everything the engine may know about the world outside the workspace: a front end gathers it.
#[derive(Clone)]
pub struct Host {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness for ids, salts and keys. Never for training.
    pub entropy: Arc<dyn Entropy>,
    /// Who acts: declared, not authenticated.
    pub actor: String,
    /// Which front: `cli`, `window`, `server`.
    pub via: String,
    /// The build.
    pub build: BuildInfo,
    /// Operating system and processor, for people.
    pub machine: String,
    /// The user's own git commit, with `-dirty` when files had changed.
    pub git_commit: Option<String>,
    /// The command line.
    pub command: Option<String>,
    /// Worker threads; 0 is all cores.
    pub threads: usize,
    /// Where the key of whoever acts lies, or will lie; `None` = decisions cannot be signed.
    pub reviewer_key: Option<PathBuf>,
    /// How long to wait for another process to release the ledger.
    pub lock_timeout: Duration,
}

impl Host {
    pub(crate) fn stamp(&self) -> Stamp {
        Stamp { time: self.clock.now(), actor: self.actor.clone(), via: self.via.clone(), reviewer: None }
    }

    pub(crate) fn open_options(&self) -> OpenOptions {
        OpenOptions {
            entropy: self.entropy.clone(),
            lock_timeout: self.lock_timeout,
            holder: self.command.clone().unwrap_or_else(|| format!("driftgate ({})", self.via)),
        }
    }

    /// The number of worker threads, never 0.
    pub(crate) fn worker_threads(&self) -> usize {
        match self.threads {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            n => n,
        }
    }
}
