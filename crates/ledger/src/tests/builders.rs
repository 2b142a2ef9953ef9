//! Small workspaces and events for the tests.

use crate::sim::Disk;
use crate::store::Medium;
use crate::{Entropy, Ledger, LedgerError, OpenOptions, Stamp, Transaction, VerifyOptions, VerifyReport};
use driftgate_model::{
    CancelToken, Digest, EventBody, Lease, ModelName, NullObserver, RunId, RunStatus, RunSubject, Sealed, SplitCounts,
    StageRecord, Task, Timestamp, VersionNumber, config::Stage,
};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// SHA-256 in counter mode: the same bytes in every run.
pub(super) struct Seeded(u64, AtomicU64);

impl Seeded {
    pub(super) fn new(seed: u64) -> Seeded {
        Seeded(seed, AtomicU64::new(0))
    }
}

impl Entropy for Seeded {
    fn fill(&self, buf: &mut [u8]) {
        for chunk in buf.chunks_mut(32) {
            let n = self.1.fetch_add(1, Ordering::Relaxed);
            let block = Digest::of(&[self.0.to_le_bytes(), n.to_le_bytes()].concat());
            chunk.copy_from_slice(&block.0[..chunk.len()]);
        }
    }
}

pub(super) fn options(seed: u64) -> OpenOptions {
    OpenOptions {
        entropy: Arc::new(Seeded::new(seed)),
        lock_timeout: Duration::from_secs(60),
        holder: format!("test {seed}"),
    }
}

pub(super) fn time(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + second).unwrap()
}

pub(super) fn stamp(second: i64) -> Stamp {
    Stamp { time: time(second), actor: "ada".into(), via: "cli".into(), reviewer: None }
}

/// A workspace on a simulated disk, with a few objects to name.
pub(super) struct World {
    pub(super) dir: tempfile::TempDir,
    pub(super) disk: Disk,
    pub(super) ledger: Ledger,
    pub(super) objects: Vec<Digest>,
    pub(super) sealed: Sealed,
}

impl World {
    pub(super) fn new() -> World {
        let dir = tempfile::tempdir().unwrap();
        let disk = Disk::default();
        let ledger =
            Ledger::create_on(Medium::Simulated(disk.clone()), dir.path(), options(1), &stamp(0), "0.1.0").unwrap();
        World::with(dir, disk, ledger)
    }

    /// The same on a real file.
    pub(super) fn on_file() -> World {
        let dir = tempfile::tempdir().unwrap();
        let ledger = Ledger::create(dir.path(), options(1), &stamp(0), "0.1.0").unwrap();
        World::with(dir, Disk::default(), ledger)
    }

    fn with(dir: tempfile::TempDir, disk: Disk, ledger: Ledger) -> World {
        let objects = (0..4).map(|i| ledger.put(format!("object {i}").as_bytes()).unwrap()).collect();
        let sealed = ledger.seal("because").unwrap();
        World { dir, disk, ledger, objects, sealed }
    }

    pub(super) fn root(&self) -> &Path {
        self.dir.path()
    }

    pub(super) fn folder(&self) -> std::path::PathBuf {
        self.root().join(".driftgate")
    }

    pub(super) fn append(&self, body: EventBody) -> Result<u64, LedgerError> {
        self.ledger.write(|t: &mut Transaction<'_>| t.append(&stamp(1), body))
    }

    pub(super) fn events(&self) -> Events {
        Events { objects: self.objects.clone(), sealed: self.sealed }
    }

    pub(super) fn verify(&self) -> VerifyReport {
        verify(&self.ledger)
    }
}

pub(super) fn verify(ledger: &Ledger) -> VerifyReport {
    ledger.verify(&VerifyOptions::default(), &NullObserver, &CancelToken::new()).unwrap()
}

pub(super) fn run_id(n: u64) -> RunId {
    let digest = Digest::of(&n.to_le_bytes());
    RunId::new(1_790_000_000_000 + n, digest.0[..10].try_into().unwrap())
}

pub(super) fn lease() -> Lease {
    Lease { pid: 7, process_start: 70, file: None }
}

pub(super) fn model(name: &str) -> ModelName {
    ModelName::new(name).unwrap()
}

/// Event bodies that name objects which exist.
#[derive(Clone)]
pub(super) struct Events {
    pub(super) objects: Vec<Digest>,
    pub(super) sealed: Sealed,
}

impl Events {
    fn object(&self, n: u64) -> Digest {
        self.objects[usize::try_from(n).unwrap() % self.objects.len()]
    }

    /// Version `number` of a data set; its content version is one of four, so that a fifth would repeat the first.
    pub(super) fn dataset(&self, name: &str, number: u32) -> EventBody {
        EventBody::DatasetAdded {
            dataset: name.into(),
            number,
            version: self.object(u64::from(number) - 1),
            task: Task::Classification,
            target: "label".into(),
            spec: self.object(1),
            files: Vec::new(),
            validation: self.object(2),
            split: self.object(3),
            counts: SplitCounts { train: 7, val: 2, test: 1 },
            rows: 10,
            columns: 3,
            source: self.sealed,
        }
    }

    pub(super) fn started(&self, n: u64, dataset: &str, name: &str) -> EventBody {
        EventBody::RunStarted {
            subject: RunSubject {
                run: run_id(n),
                model: model(name),
                dataset: dataset.into(),
                dataset_version: self.object(0),
                task: Task::Classification,
                algorithm: "random_forest".into(),
                random_seed: 42,
                config: self.object(1),
                environment: self.object(2),
            },
            lease: lease(),
        }
    }

    pub(super) fn stage(&self, n: u64, stage: Stage, test_look: bool) -> EventBody {
        EventBody::RunStage {
            run: run_id(n),
            record: StageRecord { stage, duration_ms: 12, objects: BTreeMap::from([("model".into(), self.object(n))]) },
            segments: BTreeMap::new(),
            test_look,
        }
    }

    pub(super) fn finished(&self, n: u64, status: RunStatus) -> EventBody {
        let violations = if status == RunStatus::Blocked { vec!["accuracy".into()] } else { Vec::new() };
        EventBody::RunFinished {
            run: run_id(n),
            status,
            metrics: BTreeMap::from([
                ("test.accuracy".into(), 0.1 + 0.2),
                ("test.log_loss".into(), -0.0),
                ("val.accuracy".into(), 1.0),
            ]),
            artifact: Some(self.object(n)),
            evaluation: Some(self.object(n + 1)),
            gate: Some(self.object(n + 2)),
            violations,
            error: None,
            provenance: None,
            gate_statement: None,
        }
    }

    pub(super) fn gate(&self, n: u64, passed: bool) -> EventBody {
        EventBody::GateEvaluated {
            run: run_id(n),
            gate: self.object(n + 2),
            passed,
            violations: if passed { Vec::new() } else { vec!["fresh".into()] },
            gate_statement: None,
        }
    }

    pub(super) fn approved(
        &self,
        n: u64,
        name: &str,
        version: VersionNumber,
        archived: Option<VersionNumber>,
    ) -> EventBody {
        EventBody::RunApproved {
            run: run_id(n),
            model: model(name),
            version,
            archived,
            task: Task::Classification,
            target: "label".into(),
            labels: vec!["no".into(), "yes".into()],
            artifact: self.object(n),
            gate: self.object(n + 2),
            deployment: self.object(3),
            lineage: BTreeMap::new(),
            reason: Some(self.sealed),
            statement: self.object(0),
        }
    }

    pub(super) fn rejected(&self, n: u64) -> EventBody {
        EventBody::RunRejected { run: run_id(n), reason: self.sealed }
    }

    pub(super) fn intended(&self, name: &str, from: u32, to: u32, artifact: Digest) -> EventBody {
        EventBody::RollbackIntended { model: model(name), from, to, artifact, reason: self.sealed, lease: lease() }
    }

    pub(super) fn completed(&self, name: &str, intent: u64, from: u32, to: u32) -> EventBody {
        EventBody::RollbackCompleted {
            model: model(name),
            intent,
            from,
            to,
            deployment: self.object(2),
            reason: self.sealed,
        }
    }

    /// A data set, an approved run, and a second one that replaced it, as bodies in order.
    pub(super) fn two_versions(&self) -> Vec<EventBody> {
        vec![
            self.dataset("d", 1),
            self.started(1, "d", "m"),
            self.stage(1, Stage::Training, false),
            self.stage(1, Stage::Evaluation, true),
            self.finished(1, RunStatus::AwaitingApproval),
            self.approved(1, "m", 1, None),
            self.started(2, "d", "m"),
            self.finished(2, RunStatus::AwaitingApproval),
            self.approved(2, "m", 2, Some(1)),
        ]
    }
}
