//! Answers about adaptation.

use crate::{ModelName, RunId, SplitEvaluation, Timestamp, VersionNumber};
use serde::{Deserialize, Serialize};

/// Drifted rows that joined a data set. Schema `driftgate/adaptation-view/1`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AdaptationView {
    /// The schema.
    pub schema: String,
    /// The adaptation's id.
    pub adaptation: RunId,
    /// When it was staged.
    pub at: Timestamp,
    /// Who, as declared.
    pub actor: Option<String>,
    /// The model it is for.
    pub model: ModelName,
    /// The version that met the drift.
    pub model_version: VersionNumber,
    /// The data set.
    pub dataset: String,
    /// The version that the rows were added to.
    pub base: u32,
    /// The version that holds them.
    pub number: u32,
    /// Drifted rows that models learn from.
    pub train: u64,
    /// Drifted rows that are held out.
    pub holdout: u64,
    /// Rows that were left out since the data set holds them already.
    pub known: u64,
    /// Rows that were left out since they, or their group, belong to the clean splits.
    pub tested: u64,
    /// What the version of the model reached on the drifted holdout.
    pub baseline: SplitEvaluation,
    /// Whether it was taken back.
    pub undone: Option<UndoneView>,
    /// The version of the data set that runs use now.
    pub current: u32,
}

/// How an adaptation was taken back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UndoneView {
    /// When.
    pub at: Timestamp,
    /// Who, as declared.
    pub actor: Option<String>,
    /// Why.
    pub reason: Option<String>,
}

/// The adaptations of a workspace, newest first. Schema `driftgate/adaptations/1`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AdaptationList {
    /// The schema.
    pub schema: String,
    /// Those whose versions are known, taken back or not.
    pub adaptations: Vec<AdaptationView>,
}
