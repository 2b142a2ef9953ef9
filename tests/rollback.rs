//! `rollback`: the earlier version's very bytes are back.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use driftgate_ledger::{Entropy, Ledger, LedgerError, OpenOptions, Stamp};
use driftgate_model::{EventBody, Lease, Timestamp};
use driftgate_testsupport::{Pipeline, Sandbox, assert_answer};
use std::sync::Arc;
use std::time::Duration;

const DRIFTGATE: &str = env!("CARGO_BIN_EXE_driftgate");
const MODEL: &str = "iris-classification";

fn predictions(sandbox: &Sandbox, name: &str) -> String {
    sandbox.driftgate(["predict", MODEL, "--input", "data/iris/data.csv", "--output", name]).exits(0);
    sandbox.read(name)
}

#[test]
fn a_rollback_restores_what_answered_before() {
    let sandbox = Sandbox::workspace(DRIFTGATE);
    sandbox.data("iris");
    let first = sandbox.run("first", &Pipeline::iris());
    sandbox.driftgate(["approve", &first]).exits(0);
    let nothing_before = sandbox.driftgate(["rollback", MODEL, "--reason", "too early"]).exits(1);
    assert_answer!("nothing_before", nothing_before);
    let before = predictions(&sandbox, "before.csv");
    let forest = Pipeline::iris().algorithm("random_forest").with("n_estimators", 5);
    let second = sandbox.run("second", &forest);
    sandbox.driftgate(["approve", &second]).exits(0);
    assert_ne!(predictions(&sandbox, "between.csv"), before);
    assert_answer!("rolled_back", sandbox.driftgate(["rollback", MODEL, "--reason", "Slow at noon"]).exits(0));
    assert_eq!(predictions(&sandbox, "after.csv"), before);
    assert_answer!("to_current", sandbox.driftgate(["rollback", MODEL, "--to", "v1", "--reason", "x"]).exits(1));
    assert_answer!("to_unknown", sandbox.driftgate(["rollback", MODEL, "--to", "9", "--reason", "x"]).exits(1));
    let forth =
        sandbox.driftgate(["rollback", MODEL, "--to", "2", "--reason", "It was the network", "--json"]).exits(0);
    assert_eq!(forth.json()["to"], 2);
    assert_answer!("unknown_model", sandbox.driftgate(["rollback", "irsi", "--reason", "x"]).exits(1));
    sandbox.verifies();
}

struct Fixed;

impl Entropy for Fixed {
    fn fill(&self, buf: &mut [u8]) {
        buf.fill(42);
    }
}

/// Journals a rollback to version 1 and goes no further.
fn intend(ledger: &Ledger, lease: Lease) {
    let reason = ledger.seal("Slow at noon").unwrap();
    let stamp = Stamp {
        time: Timestamp::from_second(1_790_000_000).unwrap(),
        actor: "ada".into(),
        via: "cli".into(),
        reviewer: None,
    };
    ledger
        .write(|tx| {
            let model = tx.model(MODEL)?.unwrap();
            let artifact = model.version(1).unwrap().artifact;
            tx.append(
                &stamp,
                EventBody::RollbackIntended { model: model.name, from: 2, to: 1, artifact, reason, lease },
            )?;
            Ok::<_, LedgerError>(())
        })
        .unwrap();
}

#[test]
fn a_rollback_whose_process_died_is_settled_and_stops_nobody() {
    let sandbox = Sandbox::workspace(DRIFTGATE);
    sandbox.data("iris");
    for seed in [1, 2] {
        let run = sandbox.run("p", &Pipeline::iris().seed(seed));
        sandbox.driftgate(["approve", &run]).exits(0);
    }
    let third = sandbox.run("p", &Pipeline::iris().seed(3));
    let options =
        OpenOptions { entropy: Arc::new(Fixed), lock_timeout: Duration::from_secs(30), holder: "test".into() };
    let ledger = Ledger::open(sandbox.path(), options).unwrap();
    // While its process lives, nobody else decides; that its id means nothing here does not matter.
    let held = ledger.take_lease().unwrap();
    intend(&ledger, Lease { pid: u32::MAX, process_start: 1, ..held.lease().clone() });
    let refused = sandbox.driftgate(["approve", &third, "--json"]).exits(1).json();
    assert_eq!(refused["code"], "conflict", "{refused:#}");
    drop(held);
    // The file of a killed process stays, and nobody holds its lock.
    sandbox.write(".driftgate/leases/2a2a2a2a2a2a2a2a", "");
    let approved = sandbox.driftgate(["approve", &third]).exits(0);
    assert!(approved.stderr.contains("never happened: its process is gone"), "{}", approved.transcript());
    assert!(!sandbox.at(".driftgate/leases/2a2a2a2a2a2a2a2a").exists());
    sandbox.verifies();
}

/// Two versions, the second in Production, and the path of an object of the first one's run.
fn two_versions(object: impl Fn(&Sandbox, &serde_json::Value) -> serde_json::Value) -> (Sandbox, String) {
    let sandbox = Sandbox::workspace(DRIFTGATE);
    sandbox.data("iris");
    let first = sandbox.run("first", &Pipeline::iris());
    sandbox.driftgate(["approve", &first]).exits(0);
    let second = sandbox.run("second", &Pipeline::iris().with("C", 0.5));
    sandbox.driftgate(["approve", &second]).exits(0);
    let view = sandbox.driftgate(["runs", "show", &first, "--json"]).exits(0).json();
    let path = path_of(&object(&sandbox, &view["run"]));
    (sandbox, path)
}

fn path_of(digest: &serde_json::Value) -> String {
    let digest = digest.as_str().unwrap();
    format!(".driftgate/objects/{}/{}", &digest[..2], &digest[2..])
}

/// Alters the last byte of a stored object; that it is read-only stops nobody.
fn damage(sandbox: &Sandbox, path: &str) {
    let mut bytes = std::fs::read(sandbox.at(path)).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::remove_file(sandbox.at(path)).unwrap();
    sandbox.write(path, bytes);
}

#[test]
fn a_damaged_version_does_not_come_back() {
    for part in ["weights", "transform", "feature_map", "sample"] {
        let (sandbox, path) = two_versions(|sandbox, run| {
            let manifest: serde_json::Value = serde_json::from_str(&sandbox.read(&path_of(&run["artifact"]))).unwrap();
            manifest["parts"][part].clone()
        });
        damage(&sandbox, &path);
        let events = sandbox.events();
        let error = sandbox.driftgate(["rollback", MODEL, "--reason", "Back", "--json"]).exits(1).json();
        assert_eq!(error["code"], "corrupt", "{part}: {error:#}");
        assert_eq!(sandbox.events(), events, "{part}");
        damage(&sandbox, &path);
        sandbox.driftgate(["rollback", MODEL, "--reason", "Back"]).exits(0);
        sandbox.verifies();
    }
}

#[test]
fn a_damaged_gate_report_does_not_bar_the_way_back() {
    let (sandbox, path) = two_versions(|_, run| run["gate"].clone());
    damage(&sandbox, &path);
    let decided = sandbox.driftgate(["rollback", MODEL, "--reason", "Back", "--json"]).exits(0).json();
    assert_eq!(decided["to"], 1);
    let deployment: serde_json::Value = serde_json::from_str(&sandbox.read(&path_of(&decided["deployment"]))).unwrap();
    assert_eq!(deployment["promotion"]["comparison_verdict"], "no_baseline");
}
