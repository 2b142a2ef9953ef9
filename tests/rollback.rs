//! `rollback`: the earlier version's very bytes are back.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use driftgate_testsupport::{Pipeline, Sandbox, assert_answer};

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
