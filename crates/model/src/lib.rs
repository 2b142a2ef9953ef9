//! The vocabulary of Driftgate: ids, tasks, metrics, configs, events and reports.
//!
//! Pure data and `serde`: no files, no clock, no randomness. It compiles to wasm32, so every front end speaks
//! with the very same types. What crosses rooms lives here too: [`Frame`], [`Matrix`], [`Observer`], [`CancelToken`].
#![cfg_attr(not(test), warn(clippy::disallowed_methods))]

mod adaptation;
mod canonical;
pub mod config;
mod dataset;
mod digest;
mod drift;
mod drift_config;
mod error;
mod evaluation;
mod event;
mod fairness;
mod finite;
mod frame;
mod gate;
mod id;
mod image;
mod multiple;
mod observe;
mod reviewer;
mod run;
mod sealed;
mod server;
mod task;
pub mod views;

pub use adaptation::*;
pub use canonical::{CanonicalError, from_json, to_canonical};
pub use dataset::*;
pub use digest::{Digest, DigestParseError};
pub use drift::*;
pub use drift_config::*;
pub use error::{Code, Coded};
pub use evaluation::*;
pub use event::*;
pub use fairness::*;
pub use frame::{Column, ColumnValues, Frame, FrameError, MISSING_CODE, Matrix, Target};
pub use gate::*;
pub use id::{ModelName, NameError, RunId, RunIdError, VersionNumber};
pub use image::*;
pub use jiff::Timestamp;
pub use observe::{CancelToken, Cancelled, NullObserver, Observer, Progress};
pub use reviewer::ReviewerRow;
pub use run::*;
pub use sealed::{Sealed, SealedText};
pub use server::{ServedModel, ServerRow};
pub use task::Task;
