#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a child process reports, and a skipped test says so")]

mod adaptations;
mod bad_input;
mod builders;
mod crash;
mod histories;
mod merkle;
mod notes;
mod older;
mod reviewers;
mod servers;
mod sharing;
mod store;
mod tamper;
