//! `dataset list`, `show`, `validate`.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use driftgate_testsupport::{Pipeline, Sandbox, assert_answer};

const DRIFTGATE: &str = env!("CARGO_BIN_EXE_driftgate");

#[test]
fn data_sets_are_listed_and_shown() {
    let sandbox = Sandbox::workspace(DRIFTGATE);
    assert_answer!("list_empty", sandbox.driftgate(["dataset", "list"]).exits(0));
    for name in ["iris", "diabetes"] {
        sandbox.data(name);
        sandbox.driftgate(["dataset", "add", &format!("data/{name}")]).exits(0);
    }
    sandbox.run("p", &Pipeline::iris());
    assert_answer!("list", sandbox.driftgate(["dataset", "list"]).exits(0));
    assert_answer!("show", sandbox.driftgate(["dataset", "show", "iris"]).exits(0));
    assert_answer!("show_unknown", sandbox.driftgate(["dataset", "show", "irsi"]).exits(1));
    let list = sandbox.driftgate(["dataset", "list", "--json"]).exits(0).json();
    assert_eq!(list["schema"], "driftgate/datasets/1");
    assert_eq!(list["datasets"].as_array().unwrap().len(), 2);
    assert_eq!(
        sandbox.driftgate(["dataset", "show", "iris", "--json"]).exits(0).json()["schema"],
        "driftgate/dataset/1"
    );
}

#[test]
fn validation_writes_nothing() {
    let sandbox = Sandbox::workspace(DRIFTGATE);
    sandbox.data("wine");
    let events = sandbox.events();
    assert_answer!("validate", sandbox.driftgate(["dataset", "validate", "data/wine"]).exits(0));
    let text = sandbox.read("data/wine/data.csv");
    let broken: String = text.lines().take(40).map(|l| format!("{l}\n")).collect();
    sandbox.write("data/wine/data.csv", broken);
    assert_answer!("validate_refused", sandbox.driftgate(["dataset", "validate", "data/wine"]).exits(1));
    assert_eq!(sandbox.events(), events);
}
