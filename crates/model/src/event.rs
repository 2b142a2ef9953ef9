use crate::{
    DataFile, Digest, DriftAction, DriftSeverity, DriftVerdict, Lease, ModelName, RunId, RunStatus, RunSubject, Sealed,
    ServedModel, SplitCounts, StageRecord, Task, Timestamp, VersionNumber,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The version of the event format.
pub const EVENT_FORMAT: u32 = 1;

/// One thing that happened: a leaf of the ledger's tree, written as canonical JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// The format, [`EVENT_FORMAT`].
    pub v: u32,
    /// Position in the ledger, from 0. This is the order; the time is only shown.
    pub seq: u64,
    /// When, in UTC, as the machine's clock said.
    pub time: Timestamp,
    /// Who: declared, not authenticated. The same actor has the same commitment throughout a workspace.
    pub actor: Sealed,
    /// Which front: `cli`, `window`, `server`.
    pub via: String,
    /// Leaf hash of the event before; zero for the first.
    pub prev: Digest,
    /// The reviewer's signature: on decisions under a name that has a registered key, and on the registration itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed: Option<ReviewerSignature>,
    /// What.
    #[serde(flatten)]
    pub body: EventBody,
}

/// A reviewer's Ed25519 signature over an event: over the pre-authentication encoding (DSSE) of type [`SIGNED_EVENT_TYPE`] of
/// the event's canonical JSON without this signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewerSignature {
    /// Fingerprint of the key: SHA-256 of its SubjectPublicKeyInfo in DER.
    pub key: Digest,
    /// The 64 bytes in base64.
    pub sig: String,
}

/// The payload type under which reviewers sign events.
pub const SIGNED_EVENT_TYPE: &str = "application/vnd.driftgate.event+json";

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "body")]
pub enum EventBody {
    /// The workspace was made.
    #[serde(rename = "workspace.created")]
    WorkspaceCreated {
        /// Origin line of its checkpoints.
        origin: String,
        /// Verifier key of the log (C2SP vkey text).
        log_key: String,
        /// Public key of model signatures (PEM object).
        model_key: Digest,
        /// Version of Driftgate.
        driftgate_version: String,
    },
    /// A version of a data set was added.
    #[serde(rename = "dataset.added")]
    DatasetAdded {
        /// The data set.
        dataset: String,
        /// Counts from 1.
        number: u32,
        /// Content version.
        version: Digest,
        /// What it is for.
        task: Task,
        /// The target column.
        target: String,
        /// The object that holds the spec.
        spec: Digest,
        /// The data files.
        files: Vec<DataFile>,
        /// The object that holds the validation report.
        validation: Digest,
        /// The object that holds the split assignment.
        split: Digest,
        /// Rows in each split.
        counts: SplitCounts,
        /// Data rows.
        rows: u64,
        /// Columns.
        columns: u64,
        /// Where from.
        source: Sealed,
    },
    /// A run began.
    #[serde(rename = "run.started")]
    RunStarted {
        /// What it is about.
        #[serde(flatten)]
        subject: RunSubject,
        /// Who holds it.
        lease: Lease,
    },
    /// A stage of a run ended well.
    #[serde(rename = "run.stage")]
    RunStage {
        /// The run.
        run: RunId,
        /// The stage.
        #[serde(flatten)]
        record: StageRecord,
        /// Digests of closed segments of metric points, by name.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        segments: BTreeMap<String, Digest>,
        /// Whether this stage looked at the test split.
        #[serde(default)]
        test_look: bool,
    },
    /// A run's process ended its work.
    #[serde(rename = "run.finished")]
    RunFinished {
        /// The run.
        run: RunId,
        /// `completed`, `awaiting_approval`, `blocked`, `failed` or `cancelled`.
        status: RunStatus,
        /// Summary metrics, `test.accuracy` and so on.
        metrics: BTreeMap<String, f64>,
        /// The model artifact's manifest.
        artifact: Option<Digest>,
        /// The evaluation report.
        evaluation: Option<Digest>,
        /// The gate report.
        gate: Option<Digest>,
        /// The rules that failed.
        violations: Vec<String>,
        /// Why it failed.
        error: Option<Sealed>,
        /// The signed provenance statement.
        provenance: Option<Digest>,
        /// The signed gate statement.
        gate_statement: Option<Digest>,
    },
    /// A run whose process died was settled.
    #[serde(rename = "run.interrupted")]
    RunInterrupted {
        /// The run.
        run: RunId,
    },
    /// The gate was asked again, since its evidence or its rules had changed.
    #[serde(rename = "gate.evaluated")]
    GateEvaluated {
        /// The run.
        run: RunId,
        /// The new report.
        gate: Digest,
        /// Whether it passed.
        passed: bool,
        /// The rules that failed.
        violations: Vec<String>,
        /// The signed gate statement.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        gate_statement: Option<Digest>,
    },
    /// A person approved a run: it is a registered version, in Production.
    #[serde(rename = "run.approved")]
    RunApproved {
        /// The run.
        run: RunId,
        /// The model.
        model: ModelName,
        /// The new version's number.
        version: VersionNumber,
        /// The version that left Production.
        archived: Option<VersionNumber>,
        /// What the model answers.
        task: Task,
        /// The target column.
        target: String,
        /// The label set; empty for regression.
        labels: Vec<String>,
        /// The artifact's manifest.
        artifact: Digest,
        /// The gate report that was shown.
        gate: Digest,
        /// The deployment manifest.
        deployment: Digest,
        /// Lineage tags, all checked.
        lineage: BTreeMap<String, String>,
        /// Why.
        reason: Option<Sealed>,
        /// The signed approval statement.
        statement: Digest,
    },
    /// A person rejected a run.
    #[serde(rename = "run.rejected")]
    RunRejected {
        /// The run.
        run: RunId,
        /// Why.
        reason: Sealed,
    },
    /// A rollback is about to change what is in Production.
    #[serde(rename = "rollback.intended")]
    RollbackIntended {
        /// The model.
        model: ModelName,
        /// The version in Production now.
        from: VersionNumber,
        /// The version to return to.
        to: VersionNumber,
        /// The artifact that was proved: loaded, digest checked, recorded sample predicted.
        artifact: Digest,
        /// Why.
        reason: Sealed,
        /// Who holds it.
        lease: Lease,
    },
    /// A rollback changed what is in Production.
    #[serde(rename = "rollback.completed")]
    RollbackCompleted {
        /// The model.
        model: ModelName,
        /// Sequence number of the intent.
        intent: u64,
        /// The version that left Production.
        from: VersionNumber,
        /// The version in Production since.
        to: VersionNumber,
        /// The deployment manifest.
        deployment: Digest,
        /// Why.
        reason: Sealed,
    },
    /// A rollback that was journalled never happened: its process died before the change.
    #[serde(rename = "rollback.abandoned")]
    RollbackAbandoned {
        /// The model.
        model: ModelName,
        /// Sequence number of the intent.
        intent: u64,
    },
    /// A reference profile was made for a version that had none.
    #[serde(rename = "profile.added")]
    ProfileAdded {
        /// The model.
        model: ModelName,
        /// Its version.
        version: VersionNumber,
        /// The artifact it describes.
        artifact: Digest,
        /// The profile.
        profile: Digest,
    },
    /// A labelled drifted batch joined a data set: the version it made is `dataset.added` just before, unless it was there.
    #[serde(rename = "adaptation.staged")]
    AdaptationStaged {
        /// The adaptation's id.
        adaptation: RunId,
        /// The model it is for.
        model: ModelName,
        /// The version that met the drift.
        model_version: VersionNumber,
        /// The data set.
        dataset: String,
        /// The version that the rows were added to.
        base: u32,
        /// The version that holds them.
        number: u32,
        /// Rows that models learn from.
        train: u64,
        /// Rows of the drifted holdout.
        holdout: u64,
        /// The batch's bytes.
        batch: Digest,
        /// The record.
        record: Digest,
        /// The signed statement.
        statement: Digest,
    },
    /// An adaptation was taken back: the data set is as it was before.
    #[serde(rename = "adaptation.undone")]
    AdaptationUndone {
        /// The adaptation.
        adaptation: RunId,
        /// The model it was for.
        model: ModelName,
        /// The data set.
        dataset: String,
        /// The version that is of no use from now on.
        number: u32,
        /// Why.
        reason: Sealed,
    },
    /// A batch was checked for drift.
    #[serde(rename = "drift.checked")]
    DriftChecked {
        /// The check's id.
        check: RunId,
        /// The model.
        model: ModelName,
        /// Its version.
        version: VersionNumber,
        /// The reference profile.
        profile: Digest,
        /// The batch file's bytes.
        batch: Digest,
        /// Where the batch came from.
        source: Sealed,
        /// Rows of the batch.
        rows: u64,
        /// Whether the batch had the target column.
        labelled: bool,
        /// What was said of it.
        verdict: DriftVerdict,
        /// How bad it is.
        severity: DriftSeverity,
        /// Whether it asks for a response.
        alarm: bool,
        /// Drifted columns over all.
        drift_share: f64,
        /// The columns with the largest effects, in multiples of the smallest effect that matters.
        worst: Vec<(String, f64)>,
        /// The report.
        report: Digest,
        /// The signed drift statement.
        statement: Digest,
    },
    /// A person answered a drift check.
    #[serde(rename = "drift.responded")]
    DriftResponded {
        /// The check.
        check: RunId,
        /// The model.
        model: ModelName,
        /// What is to be done.
        action: DriftAction,
        /// Why.
        reason: Sealed,
    },
    /// A prediction server answers with these versions from now on: their artifacts are loaded and checked.
    #[serde(rename = "server.confirmed")]
    ServerConfirmed {
        /// The server's id, new at each start.
        server: RunId,
        /// Where it listens.
        address: String,
        /// Who holds it.
        lease: Lease,
        /// What it answers with, by model name.
        models: Vec<ServedModel>,
    },
    /// A prediction server ended, or its process was found dead.
    #[serde(rename = "server.stopped")]
    ServerStopped {
        /// The server.
        server: RunId,
    },
    /// The actor registered a key: decisions under this name need its signature from now on. The event is signed with it.
    #[serde(rename = "reviewer.added")]
    ReviewerAdded {
        /// The Ed25519 key as PEM (SubjectPublicKeyInfo).
        public_key: String,
    },
}

impl EventBody {
    /// The kind as written in the event.
    pub fn kind(&self) -> &'static str {
        match self {
            EventBody::WorkspaceCreated { .. } => "workspace.created",
            EventBody::DatasetAdded { .. } => "dataset.added",
            EventBody::RunStarted { .. } => "run.started",
            EventBody::RunStage { .. } => "run.stage",
            EventBody::RunFinished { .. } => "run.finished",
            EventBody::RunInterrupted { .. } => "run.interrupted",
            EventBody::GateEvaluated { .. } => "gate.evaluated",
            EventBody::RunApproved { .. } => "run.approved",
            EventBody::RunRejected { .. } => "run.rejected",
            EventBody::RollbackIntended { .. } => "rollback.intended",
            EventBody::RollbackCompleted { .. } => "rollback.completed",
            EventBody::RollbackAbandoned { .. } => "rollback.abandoned",
            EventBody::ProfileAdded { .. } => "profile.added",
            EventBody::AdaptationStaged { .. } => "adaptation.staged",
            EventBody::AdaptationUndone { .. } => "adaptation.undone",
            EventBody::DriftChecked { .. } => "drift.checked",
            EventBody::DriftResponded { .. } => "drift.responded",
            EventBody::ServerConfirmed { .. } => "server.confirmed",
            EventBody::ServerStopped { .. } => "server.stopped",
            EventBody::ReviewerAdded { .. } => "reviewer.added",
        }
    }

    /// Whether a person decides by it: under a name with a registered key it must be signed.
    pub fn is_decision(&self) -> bool {
        matches!(
            self,
            EventBody::RunApproved { .. }
                | EventBody::RunRejected { .. }
                | EventBody::RollbackIntended { .. }
                | EventBody::RollbackCompleted { .. }
                | EventBody::AdaptationStaged { .. }
                | EventBody::AdaptationUndone { .. }
                | EventBody::DriftResponded { .. }
        )
    }

    /// What the event is about, as `run:ID`, `model:NAME`, `dataset:NAME` or `workspace`: what `audit log --object` matches.
    pub fn subjects(&self) -> Vec<String> {
        match self {
            EventBody::WorkspaceCreated { .. } | EventBody::ReviewerAdded { .. } => vec!["workspace".into()],
            EventBody::DatasetAdded { dataset, .. } => vec![format!("dataset:{dataset}")],
            EventBody::RunStarted { subject, .. } => vec![
                format!("run:{}", subject.run),
                format!("model:{}", subject.model),
                format!("dataset:{}", subject.dataset),
            ],
            EventBody::RunStage { run, .. }
            | EventBody::RunFinished { run, .. }
            | EventBody::RunInterrupted { run }
            | EventBody::GateEvaluated { run, .. }
            | EventBody::RunRejected { run, .. } => vec![format!("run:{run}")],
            EventBody::RunApproved { run, model, .. } => vec![format!("run:{run}"), format!("model:{model}")],
            EventBody::RollbackIntended { model, .. }
            | EventBody::RollbackCompleted { model, .. }
            | EventBody::RollbackAbandoned { model, .. }
            | EventBody::ProfileAdded { model, .. } => vec![format!("model:{model}")],
            EventBody::AdaptationStaged { adaptation, model, dataset, .. }
            | EventBody::AdaptationUndone { adaptation, model, dataset, .. } => {
                vec![format!("adaptation:{adaptation}"), format!("model:{model}"), format!("dataset:{dataset}")]
            }
            EventBody::DriftChecked { check, model, .. } | EventBody::DriftResponded { check, model, .. } => {
                vec![format!("check:{check}"), format!("model:{model}")]
            }
            EventBody::ServerConfirmed { server, models, .. } => {
                let models = models.iter().map(|m| format!("model:{}", m.model));
                std::iter::once(format!("server:{server}")).chain(models).collect()
            }
            EventBody::ServerStopped { server } => vec![format!("server:{server}")],
        }
    }

    /// Every object the event names, with its role. [`ObjectRole::Sealed`] ones may be redacted, [`ObjectRole::External`]
    /// ones are files left in place; all others must be in the store.
    pub fn objects(&self) -> Vec<(ObjectRole, Digest)> {
        use ObjectRole::{External, Sealed as S, Stored};
        let mut out = Vec::new();
        let mut sealed = |s: &Sealed| out.push((S, s.commitment));
        match self {
            EventBody::WorkspaceCreated { model_key, .. } => out.push((Stored, *model_key)),
            EventBody::DatasetAdded { version, spec, files, validation, split, source, .. } => {
                sealed(source);
                for f in files {
                    match &f.reference {
                        Some(path) => out.extend([(S, path.commitment), (External, f.digest)]),
                        None => out.push((Stored, f.digest)),
                    }
                }
                out.extend([version, spec, validation, split].map(|d| (Stored, *d)));
            }
            EventBody::RunStarted { subject, .. } => {
                out.extend([(Stored, subject.config), (Stored, subject.environment)]);
            }
            EventBody::RunStage { record, .. } => out.extend(record.objects.values().map(|d| (Stored, *d))),
            EventBody::RunFinished { artifact, evaluation, gate, error, provenance, gate_statement, .. } => {
                if let Some(e) = error {
                    sealed(e);
                }
                let named = [artifact, evaluation, gate, provenance, gate_statement];
                out.extend(named.into_iter().flatten().map(|d| (Stored, *d)));
            }
            EventBody::RunInterrupted { .. } | EventBody::RollbackAbandoned { .. } => {}
            EventBody::GateEvaluated { gate, gate_statement, .. } => {
                out.push((Stored, *gate));
                out.extend(gate_statement.map(|d| (Stored, d)));
            }
            EventBody::RunApproved { artifact, gate, deployment, reason, statement, .. } => {
                if let Some(r) = reason {
                    sealed(r);
                }
                out.extend([artifact, gate, deployment, statement].map(|d| (Stored, *d)));
            }
            EventBody::RunRejected { reason, .. } => sealed(reason),
            EventBody::RollbackIntended { artifact, reason, .. } => {
                sealed(reason);
                out.push((Stored, *artifact));
            }
            EventBody::RollbackCompleted { deployment, reason, .. } => {
                sealed(reason);
                out.push((Stored, *deployment));
            }
            EventBody::ProfileAdded { artifact, profile, .. } => {
                out.extend([artifact, profile].map(|d| (Stored, *d)));
            }
            EventBody::DriftChecked { profile, batch, source, report, statement, .. } => {
                sealed(source);
                out.extend([profile, batch, report, statement].map(|d| (Stored, *d)));
            }
            EventBody::AdaptationStaged { batch, record, statement, .. } => {
                out.extend([batch, record, statement].map(|d| (Stored, *d)));
            }
            EventBody::AdaptationUndone { reason, .. } | EventBody::DriftResponded { reason, .. } => sealed(reason),
            EventBody::ServerConfirmed { models, .. } => out.extend(models.iter().map(|m| (Stored, m.artifact))),
            EventBody::ServerStopped { .. } | EventBody::ReviewerAdded { .. } => {}
        }
        out
    }
}

/// What an event's digest names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ObjectRole {
    /// An object that must be in the store.
    Stored,
    /// The plain text of a commitment: may be redacted.
    Sealed,
    /// A file that was left in place.
    External,
}
