//! `runs list`, `show`, `compare`, `reproduce`.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use driftgate_testsupport::{Pipeline, Sandbox, assert_answer};

const DRIFTGATE: &str = env!("CARGO_BIN_EXE_driftgate");

#[test]
fn runs_are_listed_shown_and_compared() {
    let sandbox = Sandbox::workspace(DRIFTGATE);
    sandbox.data("iris");
    sandbox.data("diabetes");
    assert_answer!("list_empty", sandbox.driftgate(["runs", "list"]).exits(0));
    let forest = Pipeline::iris().algorithm("random_forest").with("n_estimators", 5).with("max_depth", 2);
    let a = sandbox.run("a", &forest);
    sandbox.driftgate(["approve", &a, "--reason", "First"]).exits(0);
    let b = sandbox.run_ending("b", &Pipeline::iris().hopeless(), 2);
    let c = sandbox.run("c", &Pipeline::diabetes());
    assert_answer!("list", sandbox.driftgate(["runs", "list"]).exits(0));
    assert_answer!("list_blocked", sandbox.driftgate(["runs", "list", "--status", "blocked"]).exits(0));
    let one = sandbox.driftgate(["runs", "list", "--limit", "1", "--offset", "1", "--json"]).exits(0).json();
    assert_eq!(one["runs"][0]["run"], b.as_str());
    assert_eq!(one["runs"].as_array().unwrap().len(), 1);
    let none = sandbox.driftgate(["runs", "list", "--model", "other"]).exits(0);
    assert_answer!("list_none", none);
    assert_answer!("show", sandbox.driftgate(["runs", "show", &a]).exits(0));
    assert_answer!("show_regression", sandbox.driftgate(["runs", "show", &c]).exits(0));
    assert_answer!("compare", sandbox.driftgate(["runs", "compare", &a, &b]).exits(0));
    let all = sandbox.driftgate(["runs", "compare", &a, &b, "--all"]).exits(0).stdout;
    assert!(all.contains("≠ "), "{all}");
    let across = sandbox.driftgate(["runs", "compare", &a, &c, "--json"]).exits(0).json();
    assert!(!across["warnings"].as_array().unwrap().is_empty(), "{across:#}");
    assert_answer!("compare_with_itself", sandbox.driftgate(["runs", "compare", &a, &a]).exits(1));
}

#[test]
fn a_run_is_named_by_any_unique_beginning_or_end() {
    let sandbox = Sandbox::workspace(DRIFTGATE);
    sandbox.data("iris");
    let run = sandbox.run("p", &Pipeline::iris());
    for name in [&run[..], &run[..13], &run[run.len() - 8..], &run[run.len() - 5..]] {
        let view = sandbox.driftgate(["runs", "show", name, "--json"]).exits(0).json();
        assert_eq!(view["run"]["subject"]["run"], run.as_str(), "{name}");
    }
    let second = sandbox.run("p2", &Pipeline::iris().seed(7));
    // Two runs of one hour share their beginning.
    let error = sandbox.driftgate(["runs", "show", &second[..4], "--json"]).exits(1).json();
    assert!(error["message"].as_str().unwrap().contains(&run), "{error:#}");
}

#[test]
fn a_run_is_reproduced_byte_for_byte() {
    let sandbox = Sandbox::workspace(DRIFTGATE);
    sandbox.data("wine");
    let forest = Pipeline::iris().algorithm("random_forest").with("n_estimators", 10);
    sandbox.write("p.yaml", forest.to_yaml().replace("dataset: iris", "dataset: wine"));
    let run = sandbox.driftgate(["run", "p.yaml", "--json"]).exits(0).json();
    let run = run["run"]["subject"]["run"].as_str().unwrap().to_owned();
    let events = sandbox.events();
    assert_answer!("reproduced", sandbox.driftgate(["runs", "reproduce", &run]).exits(0));
    assert_eq!(sandbox.events(), events);
    // Neither the file nor the config on disk matter: the record holds both.
    sandbox.write("data/wine/data.csv", "gone");
    sandbox.write("p.yaml", "gone: true");
    sandbox.driftgate(["runs", "reproduce", &run, "--threads", "3"]).exits(0);
}
