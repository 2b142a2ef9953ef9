//! What the engine answers: one type for each question, shown by every front and printed by `--json`.
//!
//! Sealed texts are opened here (`None` = redacted), so a view never travels into an event or an object.

mod adapt;
mod configs;
mod drift;
mod jobs;
mod serving;
mod window;

pub use adapt::*;
pub use configs::*;
pub use drift::*;
pub use jobs::*;
pub use serving::*;
pub use window::*;

use crate::{
    Comparison, DatasetRow, DatasetSpec, DatasetVersionRow, Digest, Event, GateReport, ModelName, RunId, RunRow,
    RunStatus, SplitCounts, SplitEvaluation, Task, Timestamp, ValidationReport, VersionNumber,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A new workspace. Schema `driftgate/init/1`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Initialised {
    /// The schema.
    pub schema: String,
    /// The folder that holds `.driftgate`.
    pub root: String,
    /// Verifier key of the log, one line.
    pub log_key: String,
    /// The token of the prediction server's guarded endpoints: kept nowhere, shown now and never again.
    pub server_token: String,
}

/// A question that import cannot answer alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportQuestion {
    /// `target` or `task`.
    pub key: String,
    /// The question, one sentence.
    pub text: String,
    /// Possible answers.
    pub choices: Vec<String>,
    /// The likely answer, if one is likely.
    pub suggestion: Option<String>,
}

/// What import would do: shown before anything is written. Schema `driftgate/import-plan/1`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ImportPlan {
    /// The schema.
    pub schema: String,
    /// The spec, guessed or read from `dataset.yaml`; incomplete while questions are open.
    pub spec: DatasetSpec,
    /// Whether the spec was read from a `dataset.yaml` rather than guessed.
    pub spec_given: bool,
    /// What was guessed, in words.
    pub notes: Vec<String>,
    /// What a person must answer.
    pub questions: Vec<ImportQuestion>,
    /// Header and first rows as written.
    pub preview: Vec<Vec<String>>,
    /// Set for a folder of pictures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pictures: Option<PicturePlan>,
}

/// A folder of pictures that was drawn or laid out. Schema `driftgate/pictures-made/1`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PicturesMade {
    /// The schema.
    pub schema: String,
    /// The folder.
    pub folder: String,
    /// Pictures in it.
    pub pictures: u64,
    /// Their classes, sorted.
    pub classes: Vec<String>,
}

/// What a folder of pictures holds, by its names alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PicturePlan {
    /// Pictures.
    pub pictures: u64,
    /// Pictures of each class.
    pub classes: Vec<(String, u64)>,
    /// A few of them, spread over all: the name within the folder, and the path.
    pub shown: Vec<(String, String)>,
}

/// A data set version that was added, or that was there already. Schema `driftgate/dataset-added/1`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DatasetAdded {
    /// The schema.
    pub schema: String,
    /// The data set.
    pub dataset: String,
    /// The version.
    pub version: DatasetVersionRow,
    /// False when these very bytes and this very spec were a version already: nothing was written.
    pub new: bool,
    /// What was guessed, in words.
    pub notes: Vec<String>,
    /// What validation found.
    pub validation: ValidationReport,
    /// Path of a `dataset.yaml` that was written, if any.
    pub wrote_spec: Option<String>,
}

/// A data set with its newest spec and report. Schema `driftgate/dataset/1`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DatasetView {
    /// The schema.
    pub schema: String,
    /// The row.
    pub dataset: DatasetRow,
    /// The newest version's spec.
    pub spec: DatasetSpec,
    /// The newest version's validation report.
    pub validation: ValidationReport,
    /// What changed in each version after the first, in words.
    pub changes: Vec<String>,
    /// Models trained on it.
    pub models: Vec<ModelName>,
    /// Pictures of each class in the newest version; of a folder of pictures alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<(String, u64)>,
    /// A few of the pictures of each class, to look at.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shown: Vec<crate::ImageRef>,
}

/// How a run ended. Schema `driftgate/run/1`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunView {
    /// The schema.
    pub schema: String,
    /// The run.
    pub run: RunRow,
    /// Who started it.
    pub actor: Option<String>,
    /// Data set version number and rows in each split.
    pub dataset_number: u32,
    /// Rows in each split.
    pub counts: SplitCounts,
    /// The environment it ran in.
    pub environment: crate::RunEnvironment,
    /// The evaluation on validation, once there is one.
    pub val: Option<SplitEvaluation>,
    /// The evaluation on test, once there is one.
    pub test: Option<SplitEvaluation>,
    /// Out-of-bag score of a forest.
    pub oob_score: Option<f64>,
    /// Importances, largest first.
    pub importances: Vec<(String, f64)>,
    /// How the model copes with changed pictures, where that was looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub robustness: Option<crate::RobustnessReport>,
    /// The gate's answer, once there is one.
    pub gate: Option<GateReport>,
    /// Why it failed.
    pub error: Option<String>,
    /// The reason given for the decision.
    pub decision_reason: Option<String>,
    /// Notes of the estimator and of the configs, in words.
    pub notes: Vec<String>,
}

/// What other rules would have said of a run. Schema `driftgate/gate-simulation/1`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GateSimulation {
    /// The schema.
    pub schema: String,
    /// The run.
    pub run: RunId,
    /// Whether its own gate let it pass.
    pub passed_then: bool,
    /// The rules of its own gate that failed.
    pub violations_then: Vec<String>,
    /// Whether the other rules decide otherwise.
    pub changed: bool,
    /// Their answer, as things stood when its own gate was asked.
    pub gate: GateReport,
}

/// One line of a list of runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunLine {
    /// Its id.
    pub run: RunId,
    /// The model.
    pub model: ModelName,
    /// The data set and its version number.
    pub dataset: String,
    /// `random_forest`, …
    pub algorithm: String,
    /// Where it stands.
    pub status: RunStatus,
    /// When it started.
    pub started_at: Timestamp,
    /// Wall time from start to finish in milliseconds.
    pub duration_ms: u64,
    /// The name of the metric shown: `test.accuracy` or `test.r2`.
    pub metric: String,
    /// Its value.
    pub value: Option<f64>,
    /// The registered version, once approved.
    pub version: Option<VersionNumber>,
}

/// A list of runs, newest first. Schema `driftgate/runs/1`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunList {
    /// The schema.
    pub schema: String,
    /// Runs in the workspace.
    pub total: u64,
    /// Those asked for.
    pub runs: Vec<RunLine>,
}

/// Runs side by side. Schema `driftgate/compare/1`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunsCompared {
    /// The schema.
    pub schema: String,
    /// The runs, in the order asked for.
    pub runs: Vec<RunId>,
    /// One row for each key: config keys, data set version, metrics.
    pub rows: Vec<ComparedRow>,
    /// Why metrics are not comparable, if they are not (other data set versions, another task).
    pub warnings: Vec<String>,
}

/// One key over several runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ComparedRow {
    /// `config`, `data`, `metric` or `run`.
    pub group: String,
    /// The key, such as `training.n_estimators`.
    pub key: String,
    /// One value a run, as text; `None` where the run has none.
    pub values: Vec<Option<String>>,
    /// Whether any two differ; never for a measured duration.
    pub differs: bool,
}

/// A run done again from its record. Schema `driftgate/reproduction/1`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reproduction {
    /// The schema.
    pub schema: String,
    /// The run that was repeated.
    pub run: RunId,
    /// Whether every object is byte-identical.
    pub identical: bool,
    /// Each object: role, then, now.
    pub objects: Vec<ReproducedObject>,
    /// What differs between then and now that may explain a difference: Driftgate version, machine.
    pub environment_changes: Vec<String>,
}

/// One object of a reproduction.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReproducedObject {
    /// Its role: `transform`, `weights`, `manifest`, `evaluation`.
    pub role: String,
    /// Digest in the record.
    pub recorded: Digest,
    /// Digest now.
    pub now: Digest,
}

/// A decision that was taken. Schema `driftgate/decision/1`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Decided {
    /// The schema.
    pub schema: String,
    /// `approved`, `rejected` or `rolled_back`.
    pub outcome: String,
    /// The model.
    pub model: ModelName,
    /// The run, for an approval or a rejection.
    pub run: Option<RunId>,
    /// The version in Production before.
    pub from: Option<VersionNumber>,
    /// The version in Production now.
    pub to: Option<VersionNumber>,
    /// Who decided, as declared.
    pub actor: String,
    /// Fingerprint of the reviewer's key that signed it; `None` = the name is declared, not authenticated.
    #[serde(default)]
    pub signed_by: Option<Digest>,
    /// Why.
    pub reason: Option<String>,
    /// The deployment manifest's digest.
    pub deployment: Option<Digest>,
    /// Whether the gate was asked again, and why.
    pub gate_reevaluated: Option<String>,
}

/// What an approval would change: shown before the decision. Schema `driftgate/approval-preview/1`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ApprovalPreview {
    /// The schema.
    pub schema: String,
    /// The run as it stands.
    pub run: RunView,
    /// The version number it would get.
    pub next_version: VersionNumber,
    /// The version that would leave Production.
    pub archives: Option<VersionNumber>,
    /// Against Production.
    pub comparison: Option<Comparison>,
}

/// One line of the list of models.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelLine {
    /// Its name.
    pub name: ModelName,
    /// What it answers.
    pub task: Task,
    /// Registered versions.
    pub versions: u32,
    /// The version in Production.
    pub production: Option<VersionNumber>,
    /// Algorithm of the version in Production.
    pub algorithm: Option<String>,
    /// Since when it is in Production.
    pub since: Option<Timestamp>,
    /// Runs of it that wait for a decision.
    pub awaiting: u32,
}

/// The list of models. Schema `driftgate/models/1`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelList {
    /// The schema.
    pub schema: String,
    /// By name.
    pub models: Vec<ModelLine>,
}

/// A version of a model as shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VersionView {
    /// Its number.
    pub version: VersionNumber,
    /// `production` or `archived`.
    pub stage: String,
    /// The run that made it.
    pub run: RunId,
    /// `random_forest`, …
    pub algorithm: String,
    /// When it was registered.
    pub registered_at: Timestamp,
    /// Who approved it, as declared.
    pub approved_by: Option<String>,
    /// The artifact's manifest.
    pub artifact: Digest,
    /// The data set version.
    pub dataset_version: Digest,
    /// Config hash.
    pub config: Digest,
    /// Summary metrics.
    pub metrics: BTreeMap<String, f64>,
    /// The deployment manifest.
    pub deployment: Digest,
}

/// A model with its versions. Schema `driftgate/model/1`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelView {
    /// The schema.
    pub schema: String,
    /// Its name.
    pub name: ModelName,
    /// What it answers.
    pub task: Task,
    /// The target column.
    pub target: String,
    /// The label set; empty for regression.
    pub labels: Vec<String>,
    /// The version in Production.
    pub production: Option<VersionNumber>,
    /// Versions, newest first.
    pub versions: Vec<VersionView>,
    /// Runs that wait for a decision.
    pub awaiting: Vec<RunId>,
    /// The prediction servers that live, and what each answers with.
    #[serde(default)]
    pub serving: Vec<ServingLine>,
}

/// A move of the Production pointer as shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HistoryLine {
    /// Sequence number of the event.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// `approval` or `rollback`.
    pub cause: String,
    /// The version that left Production.
    pub from: Option<VersionNumber>,
    /// The version in Production since.
    pub to: VersionNumber,
    /// Who, as declared.
    pub actor: Option<String>,
    /// Fingerprint of the reviewer's key that signed it.
    #[serde(default)]
    pub signed_by: Option<Digest>,
    /// Why.
    pub reason: Option<String>,
}

/// Which version was in Production when. Schema `driftgate/history/1`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelHistory {
    /// The schema.
    pub schema: String,
    /// The model.
    pub model: ModelName,
    /// The moment asked for, if any.
    pub at: Option<Timestamp>,
    /// The version in Production at that moment (now, when none was asked for).
    pub production: Option<VersionNumber>,
    /// Every move up to then, oldest first.
    pub moves: Vec<HistoryLine>,
}

/// Predictions that were written. Schema `driftgate/predictions/1`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Predicted {
    /// The schema.
    pub schema: String,
    /// The model.
    pub model: ModelName,
    /// The version that answered.
    pub version: VersionNumber,
    /// The run that made it.
    pub run: RunId,
    /// Rows answered.
    pub rows: u64,
    /// Columns of the output, in order.
    pub columns: Vec<String>,
    /// Rows with at least one value outside the training range, by column.
    pub out_of_range: BTreeMap<String, u64>,
    /// Where they were written.
    pub output: String,
    /// What was passed over, in words.
    pub notes: Vec<String>,
}

/// An event with its sealed texts opened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AuditLine {
    /// The event.
    pub event: Event,
    /// Who, as declared; `None` = redacted.
    pub actor: Option<String>,
    /// One line for a person.
    pub summary: String,
}

/// A part of the audit log. Schema `driftgate/audit-log/1`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AuditLog {
    /// The schema.
    pub schema: String,
    /// Events in the ledger.
    pub size: u64,
    /// Those asked for, oldest first.
    pub lines: Vec<AuditLine>,
}

/// A reviewer with a registered key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReviewerLine {
    /// The name; `None` = redacted.
    pub name: Option<String>,
    /// SHA-256 of the key's SubjectPublicKeyInfo in DER.
    pub fingerprint: Digest,
    /// When it was registered.
    pub at: Timestamp,
    /// Sequence number of the registration.
    pub seq: u64,
    /// Whether it is the key of whoever asks.
    pub here: bool,
}

/// The reviewers of a workspace. Schema `driftgate/reviewers/1`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReviewerList {
    /// The schema.
    pub schema: String,
    /// Those with a registered key, the first one first.
    pub reviewers: Vec<ReviewerLine>,
    /// The name that whoever asks acts under.
    pub actor: String,
    /// Fingerprint of the asker's key, where there is one.
    pub key: Option<Digest>,
    /// Where the asker's key lies, or would lie.
    pub key_file: Option<String>,
}

/// A reviewer who registered. Schema `driftgate/reviewer/1`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReviewerRegistered {
    /// The schema.
    pub schema: String,
    /// The name.
    pub name: String,
    /// SHA-256 of the key's SubjectPublicKeyInfo in DER.
    pub fingerprint: Digest,
    /// Where the private key lies.
    pub key_file: String,
    /// Whether the key was made just now.
    pub made: bool,
    /// Sequence number of the registration.
    pub seq: u64,
}

/// The state of a workspace and of this build. Schema `driftgate/doctor/1`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DoctorReport {
    /// The schema.
    pub schema: String,
    /// Version and build of Driftgate.
    pub driftgate: String,
    /// Each check.
    pub checks: Vec<DoctorCheck>,
}

/// One check of the doctor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DoctorCheck {
    /// What was checked.
    pub name: String,
    /// `ok`, `warning` or `fault`.
    pub status: String,
    /// What was found.
    pub detail: String,
    /// What to do, if anything.
    pub hint: Option<String>,
}

/// What `gc` freed, or would free. Schema `driftgate/gc/1`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Collected {
    /// The schema.
    pub schema: String,
    /// Whether it only looked.
    pub dry_run: bool,
    /// Objects no event leads to.
    pub objects: u64,
    /// Their bytes, leftovers of interrupted writes included.
    pub bytes: u64,
    /// Objects that events lead to and whose bytes are damaged or cannot be read; they were kept.
    pub damaged: u64,
}
