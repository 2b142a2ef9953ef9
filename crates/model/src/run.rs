use crate::config::Stage;
use crate::{Digest, ModelName, RunId, Sealed, Task, Timestamp, VersionNumber};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunStatus {
    /// A process works on it.
    Running,
    /// Every stage is done and no promotion was asked for.
    Completed,
    /// The gate let it pass; a person decides.
    AwaitingApproval,
    /// A person approved it: it is a registered version.
    Approved,
    /// A person rejected it.
    Rejected,
    /// The gate blocked it.
    Blocked,
    /// An error ended it.
    Failed,
    /// A person cancelled it.
    Cancelled,
    /// Its process died.
    Interrupted,
}

impl RunStatus {
    /// The word shown to people and written in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            RunStatus::Running => "running",
            RunStatus::Completed => "completed",
            RunStatus::AwaitingApproval => "awaiting_approval",
            RunStatus::Approved => "approved",
            RunStatus::Rejected => "rejected",
            RunStatus::Blocked => "blocked",
            RunStatus::Failed => "failed",
            RunStatus::Cancelled => "cancelled",
            RunStatus::Interrupted => "interrupted",
        }
    }
}

/// Who holds a run: a dead holder's run is settled as `interrupted`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// Process id.
    pub pid: u32,
    /// Start time of that process as the operating system counts it, so that a reused id is not taken for it.
    pub process_start: u64,
    /// The file under `.driftgate/leases` that the holder keeps locked: the lease is dead exactly when nobody holds that
    /// lock. `None` where files cannot be locked; then the process is asked for.
    pub file: Option<String>,
}

/// A stage that ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StageRecord {
    /// Which.
    pub stage: Stage,
    /// Milliseconds of wall time.
    pub duration_ms: u64,
    /// Objects it made, by role.
    pub objects: BTreeMap<String, Digest>,
}

/// What a run is about: fixed when it starts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunSubject {
    /// Its id.
    pub run: RunId,
    /// The model it trains a candidate for.
    pub model: ModelName,
    /// The data set.
    pub dataset: String,
    /// The data set version.
    pub dataset_version: Digest,
    /// What the model answers.
    pub task: Task,
    /// `random_forest`, …
    pub algorithm: String,
    /// The run's seed.
    pub random_seed: u64,
    /// The object that holds the resolved config; its digest is the config hash.
    pub config: Digest,
    /// The object that holds the [`RunEnvironment`].
    pub environment: Digest,
}

/// The machine and build a run happened on; an object of its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunEnvironment {
    /// Always `driftgate/environment/1`.
    pub schema: String,
    /// Version of Driftgate.
    pub driftgate_version: String,
    /// SHA-256 of the `Cargo.lock` it was built with.
    pub lock_hash: Digest,
    /// `debug` or `release`, target triple.
    pub build: String,
    /// The user's own git commit, with `-dirty` when files had changed; `None` outside a repository.
    pub git_commit: Option<String>,
    /// Operating system and processor, for people.
    pub machine: String,
    /// Worker threads.
    pub threads: u32,
    /// The command line, sealed since it may hold paths.
    pub command: Option<Sealed>,
    /// The pipeline file, sealed; approval looks whether its rules have changed since.
    pub config_path: Option<Sealed>,
    /// What the configs and the data said besides, in words.
    pub notes: Vec<String>,
    /// Where a network was trained; `None` for tables.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
}

/// A run as the ledger's projections know it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunRow {
    /// What it is about.
    pub subject: RunSubject,
    /// Where it stands.
    pub status: RunStatus,
    /// Who started it.
    pub actor: Sealed,
    /// When it started.
    pub started_at: Timestamp,
    /// When its process ended its work.
    pub finished_at: Option<Timestamp>,
    /// Sequence number of the event that started it.
    pub started_seq: u64,
    /// Sequence number of the last event about it.
    pub last_seq: u64,
    /// Who holds it while it runs.
    pub lease: Option<Lease>,
    /// Stages that ended.
    pub stages: Vec<StageRecord>,
    /// Summary metrics, `test.accuracy` and so on.
    pub metrics: BTreeMap<String, f64>,
    /// The model artifact's manifest.
    pub artifact: Option<Digest>,
    /// The evaluation report.
    pub evaluation: Option<Digest>,
    /// The newest gate report.
    pub gate: Option<Digest>,
    /// The rules that failed.
    pub violations: Vec<String>,
    /// Why it failed, sealed.
    pub error: Option<Sealed>,
    /// The registered version, once approved.
    pub version: Option<VersionNumber>,
    /// The reason given for the decision.
    pub decision_reason: Option<Sealed>,
}

impl RunRow {
    /// Milliseconds from start to finish; of a run that goes on or was interrupted, those of the stages that ended.
    pub fn wall_ms(&self) -> u64 {
        let whole = self.finished_at.map(|end| end.duration_since(self.started_at).as_millis());
        let staged = || self.stages.iter().map(|s| s.duration_ms).sum();
        whole.and_then(|ms| u64::try_from(ms).ok()).unwrap_or_else(staged)
    }
}

/// A registered version of a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VersionRow {
    /// Its number.
    pub version: VersionNumber,
    /// The run that made it.
    pub run: RunId,
    /// The artifact's manifest.
    pub artifact: Digest,
    /// The data set version it learnt from.
    pub dataset_version: Digest,
    /// Config hash.
    pub config: Digest,
    /// `random_forest`, …
    pub algorithm: String,
    /// When it was registered.
    pub registered_at: Timestamp,
    /// Who approved it.
    pub approved_by: Sealed,
    /// Summary metrics of the run.
    pub metrics: BTreeMap<String, f64>,
    /// Its deployment manifest.
    pub deployment: Digest,
    /// Its reference profile, where one was made.
    pub profile: Option<Digest>,
}

/// A move of a stage pointer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StageMove {
    /// Sequence number of the event.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// `approval` or `rollback`.
    pub cause: String,
    /// The version that left Production.
    pub from: Option<VersionNumber>,
    /// The version that is in Production since.
    pub to: VersionNumber,
    /// Who.
    pub actor: Sealed,
    /// The registered key that signed it.
    pub signed_by: Option<Digest>,
    /// Why.
    pub reason: Option<Sealed>,
}

/// A model as the ledger's projections know it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelRow {
    /// Its name.
    pub name: ModelName,
    /// What it answers.
    pub task: Task,
    /// The data set's target column.
    pub target: String,
    /// The label set; empty for regression.
    pub labels: Vec<String>,
    /// Registered versions, 1 first.
    pub versions: Vec<VersionRow>,
    /// The version in Production.
    pub production: Option<VersionNumber>,
    /// Every move, oldest first.
    pub history: Vec<StageMove>,
    /// A rollback that was journalled and not yet recorded.
    pub pending: Option<PendingRollback>,
}

impl ModelRow {
    /// The version in Production.
    pub fn production_version(&self) -> Option<&VersionRow> {
        self.version(self.production?)
    }

    /// The version of that number.
    pub fn version(&self, number: VersionNumber) -> Option<&VersionRow> {
        self.versions.iter().find(|v| v.version == number)
    }

    /// `production` or `archived`: every registered version is one of both.
    pub fn stage_of(&self, number: VersionNumber) -> &'static str {
        if self.production == Some(number) { "production" } else { "archived" }
    }
}

/// A rollback between intent and record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PendingRollback {
    /// Sequence number of the intent.
    pub seq: u64,
    /// The version to return to.
    pub to: VersionNumber,
    /// Who holds it.
    pub lease: Lease,
}

/// A version of a data set as the ledger's projections know it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DatasetVersionRow {
    /// Counts from 1 per data set.
    pub number: u32,
    /// Content version: the digest of the canonical manifest that holds the SHA-256 of every file and the meaning-bearing
    /// part of the spec. The manifest itself is an object.
    pub version: Digest,
    /// The object that holds the spec.
    pub spec: Digest,
    /// The data files.
    pub files: Vec<DataFile>,
    /// The object that holds the validation report.
    pub validation: Digest,
    /// The object that holds the split assignment.
    pub split: Digest,
    /// Rows in each split.
    pub counts: crate::SplitCounts,
    /// Data rows.
    pub rows: u64,
    /// Columns.
    pub columns: u64,
    /// When it was added.
    pub added_at: Timestamp,
    /// Where from, sealed.
    pub source: Sealed,
    /// The adaptation that made it; `None` for a version that a person added.
    pub adaptation: Option<crate::AdaptationRow>,
}

/// A file of a data set version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataFile {
    /// Name within the data set, such as `data.csv`.
    pub name: String,
    /// SHA-256 of its bytes; the object where it was copied in.
    pub digest: Digest,
    /// Bytes.
    pub size: u64,
    /// Set when the file stays where it is (`--reference`): its sealed absolute path.
    pub reference: Option<Sealed>,
}

/// A data set as the ledger's projections know it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DatasetRow {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub task: Task,
    /// The target column.
    pub target: String,
    /// Versions, 1 first.
    pub versions: Vec<DatasetVersionRow>,
    /// How many runs have looked at its test split.
    pub test_looks: u64,
}

impl DatasetRow {
    /// The version of that number.
    pub fn version(&self, number: u32) -> Option<&DatasetVersionRow> {
        self.versions.iter().find(|v| v.number == number)
    }

    /// The newest version that is in use: one that an undone adaptation made is not.
    pub fn newest(&self) -> Option<&DatasetVersionRow> {
        self.versions.iter().rev().find(|v| v.adaptation.as_ref().is_none_or(|a| a.undone.is_none()))
    }

    /// The version that a person added and that `version` rests on: itself, where no batch was staged.
    pub fn added<'a>(&'a self, version: &'a DatasetVersionRow) -> &'a DatasetVersionRow {
        let mut at = version;
        // Each base has a smaller number, so this ends.
        while let Some(base) =
            at.adaptation.as_ref().and_then(|a| self.version(a.base)).filter(|b| b.number < at.number)
        {
            at = base;
        }
        at
    }
}
