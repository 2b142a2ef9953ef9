//! Estimators, metrics and resampling intervals.
//!
//! Matrices in, models and numbers out: no files, no clock, no global random state. Every fit is a function of its
//! configuration, its data and a seed; the number of threads never changes a byte of the result.
//!
//! [`fit`] takes a training configuration, a [`Matrix`](driftgate_model::Matrix) and a
//! [`Target`](driftgate_model::Target) and returns a [`Fitted`], whose [`Model`] predicts and becomes bytes and back. The
//! forest and boosting are Driftgate's own; least squares and ridge are solved by linfa. Logistic regression minimises
//! scikit-learn's function (penalty on the columns' own units, class weights), which linfa can state only for two
//! unweighted classes of evenly scaled columns: there linfa finds the start, and Driftgate's L-BFGS finishes everywhere.
//! Where the answers are to be those of scikit-learn, `tests/sklearn.rs` compares them.
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
mod standard;
mod tree;

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
