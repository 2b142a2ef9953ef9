//! `models list`, `show`, `history`, `card`.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use driftgate_testsupport::{Pipeline, Sandbox, assert_answer};

const DRIFTGATE: &str = env!("CARGO_BIN_EXE_driftgate");
const MODEL: &str = "iris-classification";

#[test]
fn models_tell_their_life() {
    let sandbox = Sandbox::workspace(DRIFTGATE);
    sandbox.data("iris");
    assert_answer!("list_empty", sandbox.driftgate(["models", "list"]).exits(0));
    let first = sandbox.run("first", &Pipeline::iris());
    sandbox.driftgate(["approve", &first, "--reason", "First"]).exits(0);
    let second = sandbox.run("second", &Pipeline::iris().with("C", 0.5));
    sandbox.driftgate(["approve", &second, "--as", "Grace"]).exits(0);
    sandbox.driftgate(["rollback", MODEL, "--reason", "Slow at noon"]).exits(0);
    let waiting = sandbox.run("third", &Pipeline::iris().with("C", 0.7));
    assert_answer!("list", sandbox.driftgate(["models", "list"]).exits(0));
    assert_answer!("show", sandbox.driftgate(["models", "show", MODEL]).exits(0));
    assert_answer!("show_version", sandbox.driftgate(["models", "show", "iris-classification@2"]).exits(0));
    assert_answer!("show_unknown_version", sandbox.driftgate(["models", "show", "iris-classification@7"]).exits(1));
    assert_answer!("show_unknown", sandbox.driftgate(["models", "show", "irsi"]).exits(1));
    assert_answer!("history", sandbox.driftgate(["models", "history", MODEL]).exits(0));
    let model = sandbox.driftgate(["models", "show", MODEL, "--json"]).exits(0).json();
    assert_eq!(model["awaiting"][0], waiting.as_str());
    time_travel(&sandbox);
    let card = sandbox.driftgate(["models", "card", MODEL]).exits(0).stdout;
    assert!(card.starts_with("# ") && card.contains("iris"), "{card}");
    assert_ne!(sandbox.driftgate(["models", "card", "iris-classification@2"]).exits(0).stdout, card);
    let object = sandbox.driftgate(["models", "card", MODEL, "--json"]).exits(0).json();
    assert_eq!(object["markdown"], card.as_str());
}

fn time_travel(sandbox: &Sandbox) {
    let history = sandbox.driftgate(["models", "history", MODEL, "--json"]).exits(0).json();
    let moves = history["moves"].as_array().unwrap();
    assert_eq!(moves.len(), 3);
    for (i, production) in [1, 2, 1].into_iter().enumerate() {
        let at = moves[i]["at"].as_str().unwrap();
        let then = sandbox.driftgate(["models", "history", MODEL, "--at", at, "--json"]).exits(0).json();
        assert_eq!(then["production"], production, "{then:#}");
    }
    assert_answer!("history_before", sandbox.driftgate(["models", "history", MODEL, "--at", "2020-01-31"]).exits(0));
}
