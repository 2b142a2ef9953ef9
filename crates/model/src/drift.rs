//! Drift: what a reference profile says, what a check finds. What is configured is in `drift_config`.
//!
//! One verdict object, [`DriftReport`], is computed once, stored, and shown everywhere.

use crate::{Digest, DriftConfig, Interval, ModelName, RunId, Sealed, Task, Timestamp, VersionNumber};
use serde::{Deserialize, Serialize};

/// How bad a drift is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DriftSeverity {
    /// Nothing drifted.
    None,
    /// It drifted, by little.
    Low,
    /// It drifted.
    Medium,
    /// It drifted by much, or in most columns.
    High,
}

impl DriftSeverity {
    /// The word shown to people and written in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            DriftSeverity::None => "none",
            DriftSeverity::Low => "low",
            DriftSeverity::Medium => "medium",
            DriftSeverity::High => "high",
        }
    }
}

/// What is said of a column or a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DriftVerdict {
    /// The effect's interval lies below the smallest effect that matters.
    Stable,
    /// The data cannot tell.
    Inconclusive,
    /// The adjusted p-value is below the level and the effect's interval lies above the smallest effect that matters.
    Drifted,
}

impl DriftVerdict {
    /// The word shown to people and written in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            DriftVerdict::Stable => "stable",
            DriftVerdict::Inconclusive => "inconclusive",
            DriftVerdict::Drifted => "drifted",
        }
    }
}

/// The kind of a profiled column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProfileKind {
    /// Numbers.
    Numeric,
    /// Texts.
    Categorical,
}

/// A reference profile: what the train split looked like. It lies beside a model, never in it: it holds training values.
///
/// The values themselves are one object a column, so that a check holds few columns in memory.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReferenceProfile {
    /// Always `driftgate/profile/1`.
    pub schema: String,
    /// The model artifact it belongs to.
    pub artifact: Digest,
    /// The data set version whose train split it describes.
    pub dataset_version: Digest,
    /// What the model answers.
    pub task: Task,
    /// Rows of the train split.
    pub rows: u64,
    /// The model's input columns.
    pub columns: Vec<ProfileColumn>,
    /// The model's own answers to held-out rows (validation and test): classes or values.
    pub predictions: ProfileColumn,
    /// The probability of the predicted class on the same rows; classification only.
    pub confidences: Option<ProfileColumn>,
    /// The target on the train split.
    pub target: ProfileColumn,
    /// What the model reached on its test split, row by row outcomes as counts: what a batch with labels is compared with.
    pub performance: ReferencePerformance,
    /// How stated confidence maps to the chance of being right; classification only.
    pub confidence_calibration: Option<ConfidenceCalibration>,
    /// Row numbers of a fixed sample of the train split and its values, for the global test: an object.
    pub sample: Digest,
    /// Permutation thresholds of distances, an object; `None` where the configured tests need none.
    pub thresholds: Option<Digest>,
    /// The drifted batches that the model learned from besides, each with a profile of its own: the rest of this profile is
    /// about the clean rows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub batches: Vec<BatchProfile>,
    /// Pixel distributions and embeddings of the train split's pictures; for image models alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub images: Option<Digest>,
}

/// The profile of a drifted batch that a model learned from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BatchProfile {
    /// The batch's bytes.
    pub batch: Digest,
    /// Its rows in the train split.
    pub rows: u64,
    /// What the model reached on its holdout.
    pub holdout: ReferencePerformance,
    /// Its rows in the train split, the model's answers to its holdout: a [`ReferenceProfile`].
    pub profile: Digest,
}

/// One profiled column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProfileColumn {
    /// Its name.
    pub name: String,
    /// Numbers or texts.
    pub kind: ProfileKind,
    /// Rows.
    pub rows: u64,
    /// Missing rows among them.
    pub missing: u64,
    /// The object that holds sorted finite values or category counts.
    pub values: Digest,
}

/// What a model reached on its own test split.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReferencePerformance {
    /// `accuracy` or `mae`.
    pub metric: String,
    /// Rows.
    pub rows: u64,
    /// The metric there.
    pub value: f64,
    /// Standard deviation of the single rows' terms (0/1 hits, absolute errors).
    pub sd: f64,
}

/// How stated confidence maps to the chance of being right: `1 / (1 + exp(−(intercept + slope · logit(confidence))))`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConfidenceCalibration {
    /// Fitted on validation (Platt 1999).
    pub intercept: f64,
    /// Fitted on validation.
    pub slope: f64,
    /// Rows of validation.
    pub rows: u64,
    /// Rows of test that it was checked on.
    pub check_rows: u64,
    /// Spiegelhalter's z on test (1986): far from 0 means that the chances are wrong.
    pub check_z: f64,
    /// Its two-sided p-value.
    pub check_p: f64,
}

/// What one test of one column found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DriftTestResult {
    /// The test: a `DriftTest` name, or `missing`, `new_category`, `joint` (`energy` in older reports), `performance`.
    pub test: String,
    /// How the p-value was made: `exact`, `asymptotic`, `permutation`, `fisher`, …
    pub method: String,
    /// The statistic.
    pub statistic: f64,
    /// The p-value; `None` where nothing could be tested, and `note` says why.
    pub p_value: Option<f64>,
    /// The p-value adjusted for all tests of its family.
    pub adjusted_p: Option<f64>,
    /// What the effect is, for people.
    pub effect_name: String,
    /// The effect.
    pub effect: Option<f64>,
    /// Its interval.
    pub interval: Option<Interval>,
    /// The smallest effect that matters.
    pub min_effect: f64,
    /// The smallest effect that these sample sizes find with 80 % power.
    pub detectable: Option<f64>,
    /// What follows.
    pub verdict: DriftVerdict,
    /// What a reader must know.
    pub note: Option<String>,
    /// Columns whose dependence on one another changed, the surest first; only the test of all columns together names any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub together: Vec<DependenceChange>,
}

/// Two columns that depend on one another otherwise than before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DependenceChange {
    /// One column, as the model's features are named.
    pub first: String,
    /// The other.
    pub second: String,
    /// What is correlated: `ranks`, or the distance from the middle rank of one or both: `extremes of first`,
    /// `extremes of second`, `extremes of both`.
    pub measure: String,
    /// The correlation in the reference, −1 to 1.
    pub reference: f64,
    /// The correlation in the batch.
    pub batch: f64,
    /// The p-value, adjusted for all pairs (Westfall and Young 1993).
    pub adjusted_p: f64,
}

/// What a check says of one column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ColumnDrift {
    /// Its name.
    pub name: String,
    /// Numbers or texts.
    pub kind: ProfileKind,
    /// Rows that were not missing, in the reference.
    pub reference_rows: u64,
    /// Rows that were not missing, in the batch.
    pub batch_rows: u64,
    /// The worst of its tests.
    pub verdict: DriftVerdict,
    /// Severity by its largest effect.
    pub severity: DriftSeverity,
    /// Its tests, the distribution first.
    pub tests: Vec<DriftTestResult>,
    /// What its chart shows.
    pub chart: Option<ColumnChart>,
}

/// Shares of reference and batch in common bins.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ColumnChart {
    /// Numbers: `edges` has one more entry than the shares.
    Histogram {
        /// Bin edges, ascending.
        edges: Vec<f64>,
        /// Shares of the reference.
        reference: Vec<f64>,
        /// Shares of the batch.
        batch: Vec<f64>,
    },
    /// Texts, the most frequent first; the rest in one last bar.
    Bars {
        /// The categories.
        labels: Vec<String>,
        /// Shares of the reference.
        reference: Vec<f64>,
        /// Shares of the batch.
        batch: Vec<f64>,
    },
}

/// Performance without labels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EstimatedPerformance {
    /// `estimated` or `unknown`.
    pub status: String,
    /// `accuracy`.
    pub metric: String,
    /// The estimate on this batch.
    pub value: Option<f64>,
    /// Its interval, sampling of the batch only.
    pub interval: Option<Interval>,
    /// What the model reached on its test split.
    pub reference: Option<f64>,
    /// What must hold for the estimate to mean anything.
    pub assumption: String,
    /// Why it is unknown.
    pub reason: Option<String>,
}

/// The batch as a whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OverallDrift {
    /// What is said of it.
    pub verdict: DriftVerdict,
    /// How bad it is; `none` exactly when the verdict is not `drifted`.
    pub severity: DriftSeverity,
    /// Columns that drifted.
    pub drifted_columns: u64,
    /// Columns that are inconclusive.
    pub inconclusive_columns: u64,
    /// All checked columns.
    pub total_columns: u64,
    /// Drifted over all.
    pub drift_share: f64,
    /// The rule that led here, in words.
    pub rule: String,
}

/// What a drift check found: computed once, stored, shown everywhere.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DriftReport {
    /// Always `driftgate/drift/1`.
    pub schema: String,
    /// `tabular`.
    pub drift_type: String,
    /// The model.
    pub model: ModelName,
    /// Its version.
    pub model_version: VersionNumber,
    /// The run that made it.
    pub run: RunId,
    /// When.
    pub generated_at: Timestamp,
    /// What the model answers.
    pub task: Task,
    /// The data set version the reference comes from.
    pub dataset_version: Digest,
    /// The reference profile.
    pub profile: Digest,
    /// The drifted batch that this one is like: the model learned from it, so nothing drifted. `None` where the reference is
    /// the clean train split.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub like: Option<Digest>,
    /// SHA-256 of the batch file.
    pub batch: Digest,
    /// Rows of the reference.
    pub reference_rows: u64,
    /// Rows of the batch.
    pub batch_rows: u64,
    /// The batch as a whole.
    pub overall: OverallDrift,
    /// The model's input columns, the largest effect (in multiples of what matters) first.
    pub columns: Vec<ColumnDrift>,
    /// The test of all columns together.
    pub global: Option<DriftTestResult>,
    /// The model's answers.
    pub predictions: Option<ColumnDrift>,
    /// The probability of the predicted class.
    pub confidences: Option<ColumnDrift>,
    /// The target, where the batch has it.
    pub labels: Option<ColumnDrift>,
    /// Performance, where the batch has labels.
    pub performance: Option<DriftTestResult>,
    /// Performance without labels.
    pub estimated: Option<EstimatedPerformance>,
    /// What pictures show besides; for image batches alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub images: Option<crate::ImageEvidence>,
    /// What a reader must know.
    pub warnings: Vec<String>,
    /// What was configured.
    pub config: DriftConfig,
}

/// What a person did about a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DriftAction {
    /// It is as it should be.
    Accept,
    /// Get more data first.
    CollectData,
    /// Find out why.
    Investigate,
    /// Train again.
    Retrain,
    /// Train on from the weights in Production.
    FineTune,
    /// Change how raw images are developed.
    AdjustIsp,
    /// Return to an earlier version.
    Rollback,
}

impl DriftAction {
    /// All, in the order shown.
    pub const ALL: [DriftAction; 7] = [
        DriftAction::Accept,
        DriftAction::CollectData,
        DriftAction::Investigate,
        DriftAction::Retrain,
        DriftAction::FineTune,
        DriftAction::AdjustIsp,
        DriftAction::Rollback,
    ];

    /// The word used on the command line and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            DriftAction::Accept => "accept",
            DriftAction::CollectData => "collect_data",
            DriftAction::Investigate => "investigate",
            DriftAction::Retrain => "retrain",
            DriftAction::FineTune => "fine_tune",
            DriftAction::AdjustIsp => "adjust_isp",
            DriftAction::Rollback => "rollback",
        }
    }
}

/// A drift check as the ledger's projections know it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CheckRow {
    /// Its id.
    pub check: RunId,
    /// Sequence number of its event.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: Sealed,
    /// The model.
    pub model: ModelName,
    /// Its version.
    pub version: VersionNumber,
    /// SHA-256 of the batch file.
    pub batch: Digest,
    /// Rows of the batch.
    pub rows: u64,
    /// Whether the batch had labels.
    pub labelled: bool,
    /// What was said.
    pub verdict: DriftVerdict,
    /// How bad.
    pub severity: DriftSeverity,
    /// Whether it asks for a response.
    pub alarm: bool,
    /// Drifted columns over all.
    pub drift_share: f64,
    /// The columns with the largest effects, with the effect in multiples of what matters.
    pub worst: Vec<(String, f64)>,
    /// The report.
    pub report: Digest,
    /// Responses, oldest first.
    pub responses: Vec<ResponseRow>,
}

/// A response as the ledger's projections know it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ResponseRow {
    /// Sequence number of its event.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: Sealed,
    /// What.
    pub action: DriftAction,
    /// Why.
    pub reason: Sealed,
}
