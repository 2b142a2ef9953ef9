//! Estimators, metrics and resampling intervals.
//!
//! Matrices in, models and numbers out: no files, no clock, no global random state. Every fit is a function of its
//! configuration, its data and a seed; the number of threads never changes a byte of the result.
#![cfg_attr(not(test), warn(clippy::disallowed_methods))]

// Estimators.
mod boosting;
mod classes;
mod codec;
mod error;
mod fit;
mod forest;
mod lbfgs;
mod linear;
mod logistic;
mod model;
mod predictions;
mod random;
mod standard;
mod tree;
mod workers;

pub use boosting::Boosting;
pub use error::LearnError;
pub use fit::{CurvePoint, FitContext, Fitted, fit};
pub use forest::Forest;
pub use linear::Linear;
pub use logistic::Logistic;
pub use model::Model;
pub use predictions::Predictions;

// Metrics and resampling intervals.
pub mod metrics;
