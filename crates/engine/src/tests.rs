//! Decisions at the level of the engine: what cannot be staged from outside, since it needs a clock that is set or events
//! that no command writes.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use crate::{BuildInfo, Clock, EngineError, EventFilter, Host, Sample, Workspace};
use driftgate_ledger::Entropy;
use driftgate_model::{
    CancelToken, Code, Coded as _, Digest, EventBody, GateReport, NullObserver, Observer, RunId, RunRow, RunStatus,
    RunSubject, Timestamp,
};
use driftgate_testsupport::Pipeline;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

/// A clock that stands still until it is set forward.
#[derive(Default)]
struct SetClock(AtomicI64);

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(1_767_225_600_000 + self.0.load(Ordering::Relaxed)).unwrap()
    }

    fn elapsed_ms(&self) -> u64 {
        0
    }
}

/// Numbers that follow each other: never the same twice, which is all that ids and keys need here.
struct Counting(AtomicU64);

impl Entropy for Counting {
    fn fill(&self, buf: &mut [u8]) {
        for chunk in buf.chunks_mut(32) {
            let digest = Digest::of(&self.0.fetch_add(1, Ordering::Relaxed).to_le_bytes());
            chunk.copy_from_slice(&digest.as_bytes()[..chunk.len()]);
        }
    }
}

/// A workspace with the iris data beside it.
struct World {
    folder: tempfile::TempDir,
    clock: Arc<SetClock>,
    workspace: Workspace,
}

impl World {
    fn new() -> World {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data/iris");
        std::fs::create_dir_all(&data).unwrap();
        for name in ["data.csv", "dataset.yaml"] {
            let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/iris").join(name);
            std::fs::copy(from, data.join(name)).unwrap();
        }
        let clock = Arc::new(SetClock::default());
        let host = Host {
            clock: clock.clone(),
            entropy: Arc::new(Counting(AtomicU64::new(0))),
            actor: "ada".into(),
            via: "test".into(),
            build: BuildInfo { version: "0".into(), lock_hash: Digest::ZERO, build: "test".into() },
            machine: "test".into(),
            git_commit: None,
            command: None,
            threads: 1,
            reviewer_key: None,
            lock_timeout: Duration::from_secs(10),
        };
        let (workspace, _) = Workspace::init(folder.path(), host).unwrap();
        World { folder, clock, workspace }
    }

    fn days_pass(&self, days: i64) {
        self.clock.0.fetch_add(days * 86_400_000, Ordering::Relaxed);
    }

    fn config(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    /// Runs a pipeline to where it waits for approval.
    fn run(&self, text: &str) -> RunRow {
        let config = self.config("p.yaml", text);
        let view = self.workspace.run(&config, &NullObserver, &CancelToken::new()).unwrap();
        assert_eq!(view.run.status, RunStatus::AwaitingApproval, "{:?}", view.error);
        view.run
    }

    fn status(&self, run: &RunId) -> RunStatus {
        self.workspace.run_row(run).unwrap().status
    }

    fn append(&self, body: EventBody) {
        let stamp = self.workspace.stamp();
        self.workspace.ledger.write(|tx| tx.append(&stamp, body).map(drop).map_err(EngineError::from)).unwrap();
    }

    /// A run that waits like `honest`, with an artifact whose every digest is right and whose sample has an answer that the
    /// model never gave.
    fn forged(&self, honest: &RunRow) -> RunRow {
        let ledger = &self.workspace.ledger;
        let mut manifest = self.workspace.load_model(&honest.artifact.unwrap()).unwrap().manifest;
        let mut sample: Sample = ledger.get_json(&manifest.parts.sample).unwrap();
        sample.answers[0][0] += 1e-12;
        manifest.parts.sample = ledger.put_json(&sample).unwrap();
        let artifact = ledger.put_json(&manifest).unwrap();
        let run = self.workspace.new_run_id();
        let subject = RunSubject { run: run.clone(), ..honest.subject.clone() };
        let held = ledger.take_lease().unwrap();
        self.append(EventBody::RunStarted { subject, lease: held.lease().clone() });
        self.append(EventBody::RunFinished {
            run: run.clone(),
            status: RunStatus::AwaitingApproval,
            metrics: honest.metrics.clone(),
            artifact: Some(artifact),
            evaluation: honest.evaluation,
            gate: honest.gate,
            violations: Vec::new(),
            error: None,
            provenance: None,
            gate_statement: None,
        });
        self.workspace.run_row(&run).unwrap()
    }

    /// Registers the run without looking at it, as a program that proves nothing would.
    fn register(&self, row: &RunRow) {
        let artifact = row.artifact.unwrap();
        let manifest = self.workspace.load_model(&artifact).unwrap().manifest;
        self.append(EventBody::RunApproved {
            run: row.subject.run.clone(),
            model: row.subject.model.clone(),
            version: 1,
            archived: None,
            task: row.subject.task,
            target: manifest.target,
            labels: manifest.labels,
            artifact,
            gate: row.gate.unwrap(),
            deployment: artifact,
            lineage: [("lineage.comparison_verdict".to_string(), "no_baseline".to_string())].into(),
            reason: None,
            statement: artifact,
        });
    }

    /// What the gate said when it was asked again: report and signed statement of the one such event.
    fn asked_again(&self) -> (GateReport, Digest) {
        let filter = EventFilter { kinds: vec!["gate.evaluated".into()], ..EventFilter::default() };
        let events = self.workspace.ledger.audit_log(&filter).unwrap();
        let [event] = events.as_slice() else { panic!("{events:?}") };
        let EventBody::GateEvaluated { gate, gate_statement: Some(statement), passed, .. } = &event.body else {
            panic!("{event:?}")
        };
        let report: GateReport = self.workspace.get_json(gate).unwrap();
        assert_eq!(report.passed, *passed);
        assert!(event.body.objects().iter().any(|(_, digest)| digest == statement));
        (report, *statement)
    }
}

fn fresh(days: u32) -> String {
    Pipeline::iris().to_yaml() + &format!("      - id: fresh\n        kind: freshness\n        max_age_days: {days}\n")
}

#[test]
fn data_that_grew_old_are_seen_at_the_approval() {
    let world = World::new();
    let run = world.run(&fresh(30));
    world.days_pass(31);
    let error = world.workspace.approve(run.subject.run.as_str(), None).unwrap_err();
    assert_eq!(error.code(), Code::Blocked, "{error}");
    assert!(error.to_string().contains("the data have grown old"), "{error}");
    assert!(error.to_string().contains("fresh (the data set version was added 31.0 days ago)"), "{error}");
    let row = world.workspace.run_row(&run.subject.run).unwrap();
    assert_eq!((row.status, row.violations), (RunStatus::Blocked, vec!["fresh".to_string()]));
    let (report, _) = world.asked_again();
    assert!(!report.passed);
    // It was decided: asking for the same again changes nothing.
    assert_eq!(world.workspace.approve(run.subject.run.as_str(), None).unwrap_err().code(), Code::Refused);
    world.asked_again();
}

#[test]
fn data_that_are_young_enough_need_no_second_question() {
    let world = World::new();
    let run = world.run(&fresh(30));
    world.days_pass(29);
    let decided = world.workspace.approve(run.subject.run.as_str(), None).unwrap();
    assert_eq!(decided.gate_reevaluated, None);
}

#[test]
fn a_gate_that_is_asked_again_signs_what_it_says() {
    for (rule, passed) in [("min_rows\n        rows: 10", true), ("min_rows\n        rows: 10000", false)] {
        let world = World::new();
        let pipeline = Pipeline::iris().to_yaml();
        let run = world.run(&pipeline);
        world.config("p.yaml", &format!("{pipeline}      - id: rows\n        kind: {rule}\n"));
        let decided = world.workspace.approve(run.subject.run.as_str(), None);
        assert_eq!(decided.is_ok(), passed, "{decided:?}");
        let (report, statement) = world.asked_again();
        assert_eq!(report.passed, passed);
        // Signatures with Ed25519 have no randomness: the same statement is the same object.
        let expected = world.workspace.attest_gate(&report, run.artifact.unwrap()).unwrap();
        assert_eq!(statement, expected);
        assert!(world.workspace.ledger.has(&statement));
    }
}

#[test]
fn a_candidate_that_answers_otherwise_than_it_was_recorded_is_not_approved() {
    let world = World::new();
    let honest = world.run(&Pipeline::iris().to_yaml());
    let forged = world.forged(&honest);
    let error = world.workspace.approve(forged.subject.run.as_str(), None).unwrap_err();
    assert_eq!(error.code(), Code::Corrupt, "{error}");
    assert!(error.to_string().contains("does not give the answers"), "{error}");
    assert_eq!(world.status(&forged.subject.run), RunStatus::AwaitingApproval);
    world.workspace.approve(honest.subject.run.as_str(), None).unwrap();
}

#[test]
fn a_version_that_answers_otherwise_than_it_was_recorded_does_not_come_back() {
    let world = World::new();
    let honest = world.run(&Pipeline::iris().to_yaml());
    world.register(&world.forged(&honest));
    world.workspace.approve(honest.subject.run.as_str(), None).unwrap();
    let size = world.workspace.ledger.head().unwrap().size;
    let error = world.workspace.rollback(honest.subject.model.as_str(), None, "Back").unwrap_err();
    assert_eq!(error.code(), Code::Corrupt, "{error}");
    assert!(error.to_string().contains("does not give the answers"), "{error}");
    assert_eq!(world.workspace.ledger.head().unwrap().size, size);
}

/// Cancels as soon as the stage has ended.
struct CancelAfter(&'static str, CancelToken);

impl Observer for CancelAfter {
    fn stage_finished(&self, stage: &str, _note: &str) {
        if stage == self.0 {
            self.1.cancel();
        }
    }
}

#[test]
fn a_run_is_cancelled_between_any_two_stages_and_at_its_end() {
    let world = World::new();
    let config = world.config("p.yaml", &Pipeline::iris().to_yaml());
    let to_evaluation = Pipeline::iris().stages(&["preprocessing", "training", "evaluation"]);
    let short = world.config("short.yaml", &to_evaluation.to_yaml());
    for (config, stage) in [
        (&config, "preprocessing"),
        (&config, "training"),
        (&config, "evaluation"),
        (&config, "promotion"),
        (&short, "evaluation"),
    ] {
        let cancel = CancelToken::new();
        let view = world.workspace.run(config, &CancelAfter(stage, cancel.clone()), &cancel).unwrap();
        assert_eq!(view.run.status, RunStatus::Cancelled, "after {stage}");
        assert_eq!(view.run.stages.last().unwrap().stage.as_str(), stage);
    }
}

/// A version from before there were profiles and drift settings: its evaluation made no profile, its config knows no drift.
#[test]
fn a_version_without_a_profile_gets_one_when_asked() {
    let world = World::new();
    let honest = world.run(&Pipeline::iris().to_yaml());
    let ledger = &world.workspace.ledger;
    let mut config: serde_json::Value = ledger.get_json(&honest.subject.config).unwrap();
    assert!(config.as_object_mut().unwrap().remove("drift").is_some());
    let run = world.workspace.new_run_id();
    let subject = RunSubject { run: run.clone(), config: ledger.put_json(&config).unwrap(), ..honest.subject.clone() };
    let held = ledger.take_lease().unwrap();
    world.append(EventBody::RunStarted { subject, lease: held.lease().clone() });
    world.append(EventBody::RunFinished {
        run: run.clone(),
        status: RunStatus::AwaitingApproval,
        metrics: honest.metrics.clone(),
        artifact: honest.artifact,
        evaluation: honest.evaluation,
        gate: honest.gate,
        violations: Vec::new(),
        error: None,
        provenance: None,
        gate_statement: None,
    });
    world.register(&world.workspace.run_row(&run).unwrap());
    let model = honest.subject.model.as_str();
    let (observer, cancel) = (NullObserver, CancelToken::new());
    let options = crate::DriftCheckOptions { batch: world.folder.path().join("data/iris/data.csv"), config: None };
    let refused = world.workspace.drift_check(model, &options, &observer, &cancel).unwrap_err();
    assert!(refused.hint().unwrap().contains("models profile"), "{refused}");
    let made = world.workspace.profile(model, &observer, &cancel).unwrap();
    assert!(made.made);
    let again = world.workspace.profile(model, &observer, &cancel).unwrap();
    assert_eq!((again.made, again.digest), (false, made.digest));
    // The same train split and the same model: what a run makes today.
    let today = honest.stages.iter().find_map(|s| s.objects.get("profile")).unwrap();
    assert_eq!(made.digest, *today);
    let check = world.workspace.drift_check(model, &options, &observer, &cancel).unwrap();
    assert_eq!(check.report.profile, made.digest);
    assert_eq!(check.report.config, driftgate_config::default_drift());
    assert!(world.workspace.verify(None, &observer, &cancel).unwrap().is_clean());
}
