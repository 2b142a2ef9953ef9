//! YAML text to validated configs, every finding with its line.
//!
//! [`resolve`] reads a pipeline and every file it names, fills in the defaults and checks the whole at once: either a
//! [`Resolved`] config comes back, or [`ConfigErrors`] with all findings over all files. [`parse_dataset`] and
//! [`write_dataset`] do the same for `dataset.yaml`. The keys are the Python reference's, with additions.
//!
//! Nothing here opens a file by itself: texts come through [`Files`]. The shapes of the files are data (one table per
//! file), from which both the checks and the JSON schemas of [`schemas`] are made, so that the two cannot disagree.
#![cfg_attr(not(test), warn(clippy::disallowed_methods))]

mod check;
mod cnn;
mod columns;
mod dataset;
mod dataset_images;
mod dataset_text;
mod deployment;
mod drift;
mod evaluation;
mod files;
mod finding;
mod image;
mod outline;
mod pipeline;
mod preprocessing;
mod promotion;
mod schema;
mod shape;
mod starter;
mod suggest;
mod training;
mod yaml;

pub use dataset::{DatasetSpecParsed, parse_dataset};
pub use dataset_text::write_dataset;
pub use drift::{default_drift, resolve_drift};
pub use files::{DiskFiles, Files};
pub use finding::{ConfigErrors, ConfigFinding};
pub use outline::{Outline, OutlineField, outline};
pub use pipeline::{Resolved, resolve};
pub use promotion::{ROBUSTNESS_CHANGES, resolve_promotion};
pub use schema::schemas;
pub use starter::Starter;

#[cfg(test)]
mod tests;
