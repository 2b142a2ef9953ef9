#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod bad_input;
mod builders;
mod crash;
mod histories;
mod merkle;
mod notes;
mod older;
mod sharing;
mod store;
mod tamper;
