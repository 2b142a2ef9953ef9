//! The demo: the life of a model on real data, played over the engine like any other work, and told to whoever listens.
#![cfg_attr(not(test), warn(clippy::disallowed_methods))]

mod error;
mod folder;
mod story;

pub use error::DemoError;
pub use folder::check as check_folder;
pub use story::{Audience, Ending, Played, Told, play};
