//! Estimators, metrics and resampling intervals.
