//! Metrics, their intervals, paired differences: against scikit-learn, against definitions, against simulation.

#![allow(clippy::unwrap_used, reason = "tests may panic")]

mod bootstrap;
mod degenerate;
mod fair;
mod golden;
mod pairing;
mod support;
mod top_k;
