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
mod estimator;
mod garbage;
mod gate;
mod host;
mod import;
mod monitor;
mod network;
mod output;
mod overview;
mod pictures;
mod predict;
mod preview_rollback;
mod profile;
mod registry;
mod report;
mod reproduce;
mod reviewer;
mod robustness;
mod rollback;
mod run;
mod samples;
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
pub use driftgate_images::{SyntheticDrift, SyntheticOptions};
pub use driftgate_learn::Predictions;
pub use driftgate_ledger::{Entropy, EventFilter, Fault, PublicKeys, VerifyReport, is_guarded};
pub use driftgate_vision::{DeviceChoice, DeviceInfo, DeviceSort};
pub use error::{EngineError, Result};
pub use estimator::{Estimator, ImagePart, NetworkModel, PictureAnswers};
pub use host::{BuildInfo, Clock, Host};
pub use import::ImportAnswers;
pub use pictures::thumbnail_of;
pub use report::ReportFile;
pub use run::RunOptions;
pub use samples::{devices, fetch_cifar10, synthesize_images};
pub use served_log::{
    Feedback, FeedbackLabel, FeedbackOutcome, LivePerformance, LogOptions, LogValues, LoggedAnswer, PredictionLog,
};
pub use serving::{InputFault, OutOfRange, ServedVersion, ServerRecord, Snapshot};
pub use simulate::SimulateOptions;
pub use views::RunQuery;
pub use workspace::Workspace;
