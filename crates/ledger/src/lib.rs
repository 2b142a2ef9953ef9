//! The append-only store: events, Merkle tree, checkpoints, projections, objects.
//!
//! A workspace's `.driftgate` folder holds one redb file with the event log, the tree over it and the projections, and
//! beside it the objects (files named by their SHA-256), the segments, the keys, a lock and the head. [`Ledger`] is the one
//! way in. It holds no open file between calls: each call takes the lock, opens the file for one transaction and closes
//! it, so that the window, the server and commands share a workspace.
//!
//! What happened is an [`Event`](driftgate_model::Event): its canonical JSON is a leaf of an RFC 6962 tree, whose head is
//! signed as a C2SP checkpoint in the same transaction. State is the fold of the events and can be folded again at any time.
#![cfg_attr(not(test), warn(clippy::disallowed_methods))]

mod attest;
mod error;
mod fold;
mod guard;
mod index;
mod keys;
mod lease;
mod ledger;
mod lock;
mod log;
mod note;
mod objects;
mod options;
mod parallel;
mod parse;
mod place;
mod projections;
mod reviewer;
mod rows;
mod scan;
mod segment;
#[cfg(test)]
mod sim;
mod store;
mod tables;
#[cfg(test)]
mod tests;
mod transaction;
pub mod tree;
mod verify;
mod view;

pub use attest::pre_authentication_encoding;
pub use error::{LedgerError, Result};
pub use guard::is_guarded;
pub use keys::PublicKeys;
pub use lease::HeldLease;
pub use ledger::{Ledger, StoredObject};
pub use log::EventFilter;
pub use note::{Head, NoteVerifier};
pub use options::{Entropy, OpenOptions, Stamp};
pub use reviewer::ReviewerKey;
pub use scan::Scanned;
pub use segment::{SegmentReader, SegmentWriter};
pub use transaction::Transaction;
pub use verify::{Fault, FaultKind, VerifyOptions, VerifyReport};
pub use view::{RunFilter, View};

/// The longest canonical event in bytes: an entry of a C2SP log tile has a 16-bit length.
pub const MAX_EVENT_BYTES: usize = 65_535;
