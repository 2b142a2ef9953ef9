//! The one API over a Driftgate workspace: everything a person can do is a method of [`Workspace`].
//!
//! The engine is quiet and synchronous: it prints nothing, asks nothing, and reads neither the environment nor the clock.
//! A front end hands it a [`Host`] with everything it may know about the world.
#![cfg_attr(not(test), warn(clippy::disallowed_methods))]

mod adapt;
mod answer_file;
mod approve;
mod artifact;
mod ask;
mod ask_drift;
mod audit;
mod card;
mod compare;
mod curve;
mod dataset;
mod drift;
mod error;
mod garbage;
mod gate;
mod host;
mod import;
mod monitor;
mod output;
mod overview;
mod predict;
mod preview_rollback;
mod profile;
mod registry;
mod report;
mod reproduce;
mod rollback;
mod run;
mod served_check;
mod served_log;
mod server_token;
mod serving;
mod signature;
mod simulate;
mod simulate_gate;
mod stages;
#[cfg(test)]
mod tests;
mod views;
mod workspace;

pub use adapt::AdaptOptions;
pub use artifact::{LoadedModel, ModelManifest, ModelParts, Sample};
pub use drift::DriftCheckOptions;
pub use driftgate_data::{GivenValue, InputColumn, InputKind};
pub use driftgate_learn::Predictions;
pub use driftgate_ledger::{Entropy, EventFilter, Fault, PublicKeys, VerifyReport, is_guarded};
pub use error::{EngineError, Result};
pub use host::{BuildInfo, Clock, Host};
pub use import::ImportAnswers;
pub use report::ReportFile;
pub use served_log::{
    Feedback, FeedbackLabel, FeedbackOutcome, LivePerformance, LogOptions, LogValues, LoggedAnswer, PredictionLog,
};
pub use serving::{InputFault, OutOfRange, ServedVersion, ServerRecord, Snapshot};
pub use simulate::SimulateOptions;
pub use views::RunQuery;
pub use workspace::Workspace;
