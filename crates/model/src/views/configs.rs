//! Configs with their fields, and drafts of `dataset.yaml`.

use serde::{Deserialize, Serialize};

/// A pipeline config of the workspace.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConfigLine {
    /// Its path, seen from the workspace.
    pub path: String,
    /// The model that it trains.
    pub model: Option<String>,
    /// The data set.
    pub dataset: Option<String>,
    /// The algorithm.
    pub algorithm: Option<String>,
    /// What is wrong with it, if anything.
    pub problem: Option<String>,
}

/// The pipeline configs of the workspace. Schema `driftgate/configs/1`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConfigList {
    /// The schema.
    pub schema: String,
    /// By path.
    pub configs: Vec<ConfigLine>,
}

/// A pipeline config with its fields. Schema `driftgate/config/1`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConfigView {
    /// The schema.
    pub schema: String,
    /// Its path, seen from the workspace.
    pub path: String,
    /// Its fields, every file it names read in, in order.
    pub fields: Vec<ConfigField>,
    /// What is wrong with it, with file and line.
    pub problems: Vec<String>,
}

/// A field of a config.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConfigField {
    /// Its dotted path, such as `configs.training.model.hyperparameters.n_estimators`.
    pub path: String,
    /// A part that belongs together: `run`, `preprocessing`, `training`, `evaluation`, `promotion`, `deployment`.
    pub group: String,
    /// Its value as written.
    pub value: serde_json::Value,
    /// The only texts it may be; empty where others are taken.
    pub choices: Vec<String>,
    /// What it means, from the config's schema.
    pub about: Option<String>,
}

/// The draft of a `dataset.yaml`. Schema `driftgate/spec-draft/1`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SpecDraft {
    /// The schema.
    pub schema: String,
    /// Its text.
    pub text: String,
    /// What is wrong with it, with the line; empty when it holds.
    pub problems: Vec<String>,
}
