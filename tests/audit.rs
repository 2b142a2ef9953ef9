//! `audit log`, `verify`, `checkpoint`, `keys show`.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use driftgate_ledger::tree::{leaf_hash, node_hash};
use driftgate_model::Digest;
use driftgate_testsupport::{Pipeline, Sandbox, assert_answer};
use std::path::PathBuf;

const DRIFTGATE: &str = env!("CARGO_BIN_EXE_driftgate");

fn approved() -> (Sandbox, String) {
    let sandbox = Sandbox::workspace(DRIFTGATE);
    sandbox.data("iris");
    let run = sandbox.run("p", &Pipeline::iris());
    sandbox.driftgate(["approve", &run, "--as", "Grace", "--reason", "Good enough"]).exits(0);
    (sandbox, run)
}

#[test]
fn the_log_is_filtered() {
    let (sandbox, run) = approved();
    assert_answer!("log", sandbox.driftgate(["audit", "log"]).exits(0));
    assert_answer!("log_by_actor", sandbox.driftgate(["audit", "log", "--actor", "Grace"]).exits(0));
    let kinds = |args: &[&str]| -> Vec<String> {
        let log = sandbox.driftgate(["audit", "log", "--json"].iter().chain(args)).exits(0).json();
        log["lines"].as_array().unwrap().iter().map(|l| l["event"]["kind"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(kinds(&["--kind", "run.approved"]), ["run.approved"]);
    assert_eq!(kinds(&["--kind", "run.approved", "--kind", "dataset.added"]), ["dataset.added", "run.approved"]);
    assert!(kinds(&["--object", &format!("run:{run}")]).contains(&"run.started".to_owned()));
    assert_eq!(kinds(&["--object", "dataset:iris"])[0], "dataset.added");
    assert_eq!(kinds(&["--limit", "1"]), ["run.approved"]);
    assert_eq!(kinds(&["--since", "1h"]).len(), kinds(&[]).len());
    assert!(kinds(&["--until", "2020-01-31"]).is_empty());
    assert_answer!("log_nothing", sandbox.driftgate(["audit", "log", "--actor", "Nobody"]).exits(0));
}

#[test]
fn raw_leaves_are_chained() {
    let (sandbox, _) = approved();
    let raw = sandbox.driftgate(["audit", "log", "--raw"]).exits(0).stdout;
    let events: Vec<serde_json::Value> = raw.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert!(events.len() > 5);
    let leaves: Vec<Digest> = raw.lines().map(|line| leaf_hash(line.as_bytes())).collect();
    let mut before = Digest::ZERO;
    for (i, (event, leaf)) in events.iter().zip(&leaves).enumerate() {
        assert_eq!(event["seq"], i);
        assert_eq!(event["prev"], before.to_string(), "event {i}");
        before = *leaf;
    }
    // The root over these very lines is the one that the checkpoint signs.
    let report = sandbox.driftgate(["audit", "verify", "--json"]).exits(0).json();
    assert_eq!(report["root"], root(&leaves).to_string());
    assert_eq!(report["events"], leaves.len());
}

/// RFC 6962: the root over leaf hashes, split at the largest power of two below their number.
fn root(leaves: &[Digest]) -> Digest {
    match leaves {
        [] => Digest::of(b""),
        [leaf] => *leaf,
        several => {
            let (left, right) = several.split_at(several.len().next_power_of_two() / 2);
            node_hash(&root(left), &root(right))
        }
    }
}

#[test]
fn a_sound_ledger_verifies() {
    let (sandbox, _) = approved();
    assert_answer!("verified", sandbox.driftgate(["audit", "verify"]).exits(0));
    assert_answer!("checkpoint", sandbox.driftgate(["audit", "checkpoint"]).exits(0));
    assert_answer!("keys", sandbox.driftgate(["audit", "keys", "show"]).exits(0));
    let report = sandbox.driftgate(["audit", "verify", "--json"]).exits(0).json();
    assert_eq!(report["schema"], "driftgate/verification/1");
    assert_eq!(report["faults"].as_array().unwrap().len(), 0);
}

/// The path of the object that holds a run's artifact.
fn artifact(sandbox: &Sandbox, run: &str) -> PathBuf {
    let view = sandbox.driftgate(["runs", "show", run, "--json"]).exits(0).json();
    let digest = view["run"]["artifact"].as_str().unwrap().to_owned();
    sandbox.at(&format!(".driftgate/objects/{}/{}", &digest[..2], &digest[2..]))
}

/// Stored objects are read-only; whoever tampers with them is not stopped by that.
fn tamper(path: &PathBuf, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = std::fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    change(&mut bytes);
    std::fs::remove_file(path).unwrap();
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn a_changed_object_is_a_fault() {
    let (sandbox, run) = approved();
    let path = artifact(&sandbox, &run);
    tamper(&path, |bytes| bytes[10] ^= 1);
    assert_answer!("changed_object", sandbox.driftgate(["audit", "verify"]).exits(4));
    // What was changed never answers.
    sandbox.write("rows.csv", "sepal_length,sepal_width,petal_length,petal_width\n5.1,3.5,1.4,0.2\n");
    let args = ["predict", "iris-classification", "--input", "rows.csv", "--output", "out.csv", "--json"];
    assert_eq!(sandbox.driftgate(args).exits(1).json()["code"], "corrupt");
    assert!(!sandbox.at("out.csv").exists());
}

#[test]
fn a_missing_object_is_a_fault() {
    let (sandbox, run) = approved();
    std::fs::remove_file(artifact(&sandbox, &run)).unwrap();
    let answer = assert_answer!("missing_object", sandbox.driftgate(["audit", "verify"]).exits(4));
    assert!(answer.stdout.contains("✗ Fault"));
}

#[test]
fn a_ledger_that_is_no_ledger_is_a_fault() {
    let (sandbox, _) = approved();
    sandbox.write(".driftgate/ledger.redb", "this is no database");
    let verified = sandbox.driftgate(["audit", "verify"]).exits(4);
    assert!(verified.stderr.contains("ledger.redb"), "{}", verified.transcript());
    let listed = sandbox.driftgate(["runs", "list", "--json"]).exits(1).json();
    assert_eq!(listed["code"], "corrupt", "{listed:#}");
    assert_eq!(sandbox.read(".driftgate/ledger.redb"), "this is no database");
}
