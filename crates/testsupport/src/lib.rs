//! Builders and fixtures for tests: a folder of one's own, the `driftgate` command in it, and its whole answer.
//!
//! ```no_run
//! use driftgate_testsupport::{Pipeline, Sandbox};
//!
//! let sandbox = Sandbox::workspace("target/ci/driftgate");
//! sandbox.data("iris");
//! sandbox.write("iris.yaml", &Pipeline::iris().to_yaml());
//! let run = sandbox.driftgate(["run", "iris.yaml", "--json"]).exits(0).json();
//! assert_eq!(run["run"]["status"], "awaiting_approval");
//! ```

#![allow(clippy::unwrap_used, clippy::missing_panics_doc, reason = "test support fails by panicking")]

mod answer;
mod pipeline;
mod sandbox;
mod server;

pub use answer::{Answer, FILTERS};
pub use insta;
pub use pipeline::Pipeline;
pub use sandbox::Sandbox;
pub use server::{Connection, Reply, Server};

/// Says that a test could not do its work here, and why: `cargo xtask test` collects these lines.
#[allow(clippy::print_stderr, reason = "a test speaks to whoever runs it")]
pub fn skipped(why: &str) {
    eprintln!("SKIPPED: {why}");
}

/// Compares the whole answer of a command (exit code, standard output, standard error) with a stored snapshot.
///
/// What differs from run to run (ids, digests, times, durations, folders) is replaced by its name first. Gives the
/// answer back.
#[macro_export]
macro_rules! assert_answer {
    ($name:expr, $answer:expr) => {{
        let answer: $crate::Answer = $answer;
        $crate::insta::with_settings!({ filters => $crate::FILTERS.to_vec(), omit_expression => true }, {
            $crate::insta::assert_snapshot!($name, answer.transcript());
        });
        answer
    }};
}
