//! Seeded streams of random numbers, and threads whose number never changes a result.
//!
//! Rule 8 of the house: same input, same output. [`Stream`] gives work number `i` its own numbers whoever does it, and
//! [`Workers`] gives results back in the order of the work, never of its completion.
#![cfg_attr(not(test), warn(clippy::disallowed_methods))]

mod stream;
mod workers;

pub use stream::Stream;
pub use workers::{ThreadsError, Workers};
