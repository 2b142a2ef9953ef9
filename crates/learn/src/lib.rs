//! Estimators, metrics and resampling intervals.
//!
//! Matrices in, models and numbers out: no files, no clock, no global random state. Every fit is a function of its
//! configuration, its data and a seed; the number of threads never changes a byte of the result.

// Estimators.

// Metrics and resampling intervals.
pub mod metrics;
