//! Adaptation: a labelled drifted batch that joined a data set, row by row told apart from the rest.

use crate::{Comparison, Digest, FileFormat, ModelName, RunId, Sealed, SplitEvaluation, Timestamp, VersionNumber};
use serde::{Deserialize, Serialize};

/// What staging a batch made: the object that a data set version with drifted rows rests on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AdaptationRecord {
    /// Always `driftgate/adaptation/1`.
    pub schema: String,
    /// The adaptation's id.
    pub adaptation: RunId,
    /// When it was staged.
    pub staged_at: Timestamp,
    /// The model it is for.
    pub model: ModelName,
    /// The version that met the drift.
    pub model_version: VersionNumber,
    /// That version's artifact.
    pub artifact: Digest,
    /// The data set.
    pub dataset: String,
    /// The version that the rows were added to.
    pub base: u32,
    /// Every batch that is part of the version, in the order of its rows: the last one is this adaptation's own.
    pub batches: Vec<StagedBatch>,
    /// Rows that were left out since the data set holds them already.
    pub known: u64,
    /// Rows that were left out since they, or their group, belong to the clean test split.
    pub tested: u64,
    /// Share of the rows that was to be held out.
    pub holdout_share: f64,
    /// What that version of the model reached on the drifted holdout.
    pub baseline: SplitEvaluation,
}

/// A batch within a data set version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StagedBatch {
    /// The adaptation that staged it.
    pub adaptation: RunId,
    /// The file's bytes.
    pub file: Digest,
    /// How it is read.
    pub format: FileFormat,
    /// Rows of the file.
    pub rows: u64,
    /// Rows (from 0) of the file that are not part of the version, ascending.
    pub left_out: Vec<u64>,
    /// Rows that models learn from.
    pub train: u64,
    /// Rows of the drifted holdout.
    pub holdout: u64,
}

/// What a data set version's row says of the adaptation that made it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AdaptationRow {
    /// The adaptation's id.
    pub adaptation: RunId,
    /// Sequence number of the event.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: Sealed,
    /// The model it is for.
    pub model: ModelName,
    /// The version that met the drift.
    pub model_version: VersionNumber,
    /// The version that the rows were added to.
    pub base: u32,
    /// Rows that models learn from.
    pub train: u64,
    /// Rows of the drifted holdout.
    pub holdout: u64,
    /// The batch's bytes.
    pub batch: Digest,
    /// The record.
    pub record: Digest,
    /// Whether, when and why it was taken back.
    pub undone: Option<UndoneRow>,
}

/// An adaptation that was taken back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UndoneRow {
    /// Sequence number of the event.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: Sealed,
    /// Why.
    pub reason: Sealed,
}

/// Production before and the candidate after, on rows that neither learned from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BeforeAfter {
    /// The adaptation that the candidate's data set version rests on.
    pub adaptation: RunId,
    /// On the clean test split.
    pub clean: Comparison,
    /// On the drifted holdout.
    pub drifted: Comparison,
    /// Rows of the clean test split.
    pub clean_rows: u64,
    /// Rows of the drifted holdout.
    pub drifted_rows: u64,
}
