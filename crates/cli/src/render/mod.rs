//! Text for people, made from the engine's views. Nothing here reads or decides anything.

pub mod adapt;
pub mod audit;
pub mod dataset;
pub mod drift;
pub mod error;
pub mod format;
pub mod models;
pub mod pictures;
pub mod run;
pub mod runs;
pub mod serve;
pub mod table;
pub mod workspace;
