//! `audit reviewer add`, `list`, and what a registered key does to decisions.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use driftgate_testsupport::{Answer, Pipeline, Sandbox, assert_answer};

const DRIFTGATE: &str = env!("CARGO_BIN_EXE_driftgate");

/// Another person's computer: the same workspace, and a key of its own or none.
fn elsewhere(sandbox: &Sandbox, key: &str, args: &[&str]) -> Answer {
    let mut command = sandbox.command();
    let output = command.env("DRIFTGATE_REVIEWER_KEY", sandbox.at(key)).args(args).output().unwrap();
    Answer::of(&output, sandbox.path())
}

#[test]
fn a_registered_name_decides_with_its_key_only() {
    let sandbox = Sandbox::workspace(DRIFTGATE);
    sandbox.data("iris");
    assert_answer!("none", sandbox.driftgate(["audit", "reviewer", "list"]).exits(0));
    let run = sandbox.run("p", &Pipeline::iris());
    let added = sandbox.driftgate(["audit", "reviewer", "add", "Grace", "--json"]).exits(0).json();
    assert_eq!((added["name"].as_str(), added["made"].as_bool()), (Some("Grace"), Some(true)));
    let key = added["fingerprint"].as_str().unwrap();

    // Whoever says to be Grace, on a computer without the key or with another one, is not.
    let events = sandbox.events();
    assert_answer!("refused", elsewhere(&sandbox, "none.pem", &["approve", &run, "--as", "Grace"]).exits(1));
    elsewhere(&sandbox, "other.pem", &["audit", "reviewer", "add", "Mallory"]).exits(0);
    let reject = ["reject", &run, "--as", "Grace", "--reason", "No"];
    elsewhere(&sandbox, "other.pem", &reject).exits(1);
    assert_eq!(sandbox.events(), events + 1, "only Mallory's own registration");
    // A damaged key is told as such, and only decisions of a registered name need it.
    sandbox.write("damaged.pem", "-----BEGIN");
    elsewhere(&sandbox, "damaged.pem", &["approve", &run, "--as", "Grace"]).exits(1);
    elsewhere(&sandbox, "damaged.pem", &["runs", "list"]).exits(0);

    let approved = sandbox.driftgate(["approve", &run, "--as", "Grace", "--json"]).exits(0).json();
    assert_eq!(approved["signed_by"].as_str(), Some(key));
    let history = sandbox.driftgate(["models", "history", "iris-classification", "--json"]).exits(0).json();
    assert_eq!(history["moves"][0]["signed_by"].as_str(), Some(key));
    let log = sandbox.driftgate(["audit", "log", "--kind", "run.approved", "--raw"]).exits(0).stdout;
    assert_eq!(log.matches(r#""signed":{"key":""#).count(), 1);
    sandbox.verifies();
}

#[test]
fn names_are_registered_once_and_others_stay_free() {
    let sandbox = Sandbox::workspace(DRIFTGATE);
    sandbox.driftgate(["audit", "reviewer", "add"]).exits(0);
    let list = sandbox.driftgate(["audit", "reviewer", "list", "--json"]).exits(0).json();
    assert_eq!(list["reviewers"][0]["name"], "ada", "the system's user");
    assert_eq!(list["reviewers"][0]["here"], true);
    sandbox.driftgate(["audit", "reviewer", "add"]).exits(1);
    elsewhere(&sandbox, "other.pem", &["audit", "reviewer", "add", "ada"]).exits(1);
    assert!(!sandbox.at("other.pem").exists(), "a refused registration makes no key");
    // The same key under a second name.
    let second = sandbox.driftgate(["audit", "reviewer", "add", "Ada Lovelace", "--json"]).exits(0).json();
    assert_eq!((&second["made"], &second["fingerprint"]), (&false.into(), &list["reviewers"][0]["fingerprint"]));
    sandbox.data("iris");
    let run = sandbox.run("p", &Pipeline::iris());
    let rejected = sandbox.driftgate(["reject", &run, "--as", "Grace", "--reason", "No", "--json"]).exits(0).json();
    assert!(rejected["signed_by"].is_null(), "a name without a key is declared");
    sandbox.verifies();
}
