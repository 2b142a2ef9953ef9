//! Data sets: import, content versions, validation, splits and fitted transforms.
//!
//! The way of a table: [`sniff`] guesses how a file is read, [`read`] reads it, [`draft_spec`] proposes its contract,
//! [`validate`] finds what is wrong with it, [`content_version`] names it, [`split()`] assigns its rows, [`Transform::fit`]
//! learns from the train rows how columns become numbers, and [`Transform::apply`] is the one way from a row to a model.
//!
//! A [`Batch`] is the rows that a fitted transform is asked about, also from files larger than memory.
//!
//! Polars reads CSV and Parquet here and is seen nowhere else: what leaves this crate is a [`driftgate_model::Frame`] or a
//! [`driftgate_model::Matrix`].
#![cfg_attr(not(test), warn(clippy::disallowed_methods))]

mod batch;
mod cells;
mod draft;
mod error;
mod parquet;
mod predict;
mod read;
mod records;
mod rows;
mod sniff;
mod split;
mod table;
mod target;
#[cfg(test)]
mod testing;
mod text;
mod time;
mod transform;
mod typing;
mod validate;
mod version;
mod written;

pub use batch::{Batch, Source, is_large};
pub use cells::TableColumn;
pub use draft::{DraftAnswers, Question, QuestionKind, SpecDraft, draft_spec};
pub use error::{CellError, DataError, Result};
pub use predict::{frame_for_prediction, ignored_columns};
pub use read::{bytes_of, read, read_bytes};
pub use rows::{GivenValue, MissingTexts, frame_of_rows};
pub use sniff::{Sniffed, sniff, sniff_bytes};
pub use split::{Assignment, IdentityColumn, Lineage, Staged, TimeCuts, split, stage};
pub use table::Table;
pub use target::{label_set, target};
pub use transform::{InputColumn, InputKind, Transform, check_features};
pub use validate::{validate, validate_batch};
pub use version::{content_version, logical_name};
pub use written::{ParquetTable, WrittenKind, WrittenValues};
