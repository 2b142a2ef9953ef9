//! Answers about drift.

use crate::{
    Digest, DriftAction, DriftReport, DriftSeverity, DriftVerdict, ModelName, ReferenceProfile, RunId, Timestamp,
    VersionNumber,
};
use serde::{Deserialize, Serialize};

/// The reference profile of a version. Schema `driftgate/profile-view/1`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProfileView {
    /// The schema.
    pub schema: String,
    /// The model.
    pub model: ModelName,
    /// Its version.
    pub version: VersionNumber,
    /// Whether it was made just now.
    pub made: bool,
    /// The profile's digest.
    pub digest: Digest,
    /// The profile.
    pub profile: ReferenceProfile,
}

/// A drift check. Schema `driftgate/drift-check/1`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DriftCheckView {
    /// The schema.
    pub schema: String,
    /// The check's id.
    pub check: RunId,
    /// Where the batch came from; `None` when that was redacted.
    pub source: Option<String>,
    /// Who asked for it.
    pub actor: Option<String>,
    /// Whether it asks for a response.
    pub alarm: bool,
    /// Whether a check that nobody watches ends with exit code 2.
    pub fails: bool,
    /// Responses so far, oldest first.
    pub responses: Vec<ResponseView>,
    /// What it found.
    pub report: DriftReport,
}

/// A batch that was changed on purpose. Schema `driftgate/simulation/1`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Simulated {
    /// The schema.
    pub schema: String,
    /// The model whose inputs were changed.
    pub model: ModelName,
    /// Its version.
    pub version: VersionNumber,
    /// What was done.
    pub scenario: crate::config::Scenario,
    /// Seed of the draws.
    pub seed: u64,
    /// Rows written.
    pub rows: u64,
    /// Columns that hold something else than before.
    pub columns: Vec<String>,
    /// Where they were written.
    pub output: String,
}

/// A response to a drift check.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ResponseView {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: Option<String>,
    /// What.
    pub action: DriftAction,
    /// Why.
    pub reason: Option<String>,
}

/// A drift check in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CheckLine {
    /// The check's id.
    pub check: RunId,
    /// When.
    pub at: Timestamp,
    /// The version that was checked.
    pub version: VersionNumber,
    /// Rows of the batch.
    pub rows: u64,
    /// Whether the batch had labels.
    pub labelled: bool,
    /// What was said.
    pub verdict: DriftVerdict,
    /// How bad.
    pub severity: DriftSeverity,
    /// Drifted columns over all.
    pub drift_share: f64,
    /// The columns with the largest effects, in multiples of what matters.
    pub worst: Vec<(String, f64)>,
    /// Whether it asked for a response.
    pub alarm: bool,
    /// Responses so far, oldest first.
    pub responses: Vec<ResponseView>,
}

/// The drift checks of a model, newest first. Schema `driftgate/drift-history/1`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DriftHistory {
    /// The schema.
    pub schema: String,
    /// The model.
    pub model: ModelName,
    /// How many checks there are in all.
    pub total: u64,
    /// The checks.
    pub checks: Vec<CheckLine>,
}

/// The course of a model's drift. Schema `driftgate/drift-summary/1`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DriftSummary {
    /// The schema.
    pub schema: String,
    /// The model.
    pub model: ModelName,
    /// The version in Production.
    pub production: Option<VersionNumber>,
    /// Checks of the version in Production; the rest of this summary is about them.
    pub checks: u64,
    /// Checks of other versions.
    pub other_versions: u64,
    /// How often each was said.
    pub stable: u64,
    /// How often each was said.
    pub inconclusive: u64,
    /// How often each was said.
    pub drifted: u64,
    /// Alarms that nobody answered.
    pub open_alarms: Vec<RunId>,
    /// Whether the share of drifted columns goes up or down.
    pub trend: Trend,
    /// The columns that were worst most often: name, how often among the worst, largest effect in multiples of what matters.
    pub worst: Vec<(String, u64, f64)>,
    /// When the newest check was made.
    pub last_at: Option<Timestamp>,
    /// Days since then.
    pub age_days: Option<f64>,
    /// The newest check.
    pub last: Option<CheckLine>,
}

/// A trend test over the checks in order (Mann 1945, Kendall 1975).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trend {
    /// `rising`, `falling`, `none` or `unknown`.
    pub direction: String,
    /// Kendall's tau-b of drift share against order.
    pub tau: Option<f64>,
    /// Its two-sided p-value.
    pub p_value: Option<f64>,
    /// Checks that went in.
    pub checks: u64,
}

/// A recorded response. Schema `driftgate/drift-response/1`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Responded {
    /// The schema.
    pub schema: String,
    /// The check.
    pub check: RunId,
    /// The model.
    pub model: ModelName,
    /// What.
    pub action: DriftAction,
    /// Who.
    pub actor: String,
    /// Why.
    pub reason: String,
}
