//! `approve` and `reject`: a person decides, once.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use driftgate_testsupport::{Answer, Pipeline, Sandbox, assert_answer};

const DRIFTGATE: &str = env!("CARGO_BIN_EXE_driftgate");

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::workspace(DRIFTGATE);
    sandbox.data("iris");
    sandbox
}

#[test]
fn approval_registers_and_archives() {
    let sandbox = sandbox();
    let first = sandbox.run("first", &Pipeline::iris());
    assert_answer!("approved", sandbox.driftgate(["approve", &first, "--reason", "Good enough"]).exits(0));
    assert_answer!("approved_twice", sandbox.driftgate(["approve", &first]).exits(1));
    let second = sandbox.run("second", &Pipeline::iris().seed(7).with("C", 0.5));
    let short = &second[second.len() - 8..];
    assert_answer!("approved_over_production", sandbox.driftgate(["approve", short, "--as", "Grace Hopper"]).exits(0));
    let model = sandbox.driftgate(["models", "show", "iris-classification", "--json"]).exits(0).json();
    assert_eq!(model["production"], 2);
    assert_eq!(model["versions"][0]["approved_by"], "Grace Hopper");
    assert_eq!(model["versions"][1]["stage"], "archived");
    sandbox.verifies();
}

#[test]
fn rejection_needs_a_reason_and_is_final() {
    let sandbox = sandbox();
    let run = sandbox.run("p", &Pipeline::iris());
    sandbox.driftgate(["reject", &run]).exits(64);
    assert_answer!("rejected", sandbox.driftgate(["reject", &run, "--reason", "Not now"]).exits(0));
    assert_answer!("approve_rejected", sandbox.driftgate(["approve", &run]).exits(1));
    assert_answer!("reject_rejected", sandbox.driftgate(["reject", &run, "--reason", "Again"]).exits(1));
    sandbox.verifies();
}

#[test]
fn what_the_gate_blocked_cannot_be_approved() {
    let sandbox = sandbox();
    let run = sandbox.run_ending("p", &Pipeline::iris().hopeless(), 2);
    assert_answer!("approve_blocked", sandbox.driftgate(["approve", &run, "--reason", "I want it"]).exits(1));
    assert_eq!(sandbox.driftgate(["models", "list", "--json"]).exits(0).json()["models"].as_array().unwrap().len(), 0);
}

#[test]
fn unknown_runs_are_named() {
    let sandbox = sandbox();
    assert_answer!("approve_unknown", sandbox.driftgate(["approve", "deadbeef"]).exits(1));
    let error = sandbox.driftgate(["approve", "deadbeef", "--json"]).exits(1).json();
    assert_eq!(error["code"], "not_found");
}

#[test]
fn of_two_approvals_at_once_one_wins() {
    let sandbox = sandbox();
    let run = sandbox.run("p", &Pipeline::iris());
    let together = std::sync::Barrier::new(2);
    let mut answers: Vec<Answer> = std::thread::scope(|scope| {
        let approve = || {
            together.wait();
            sandbox.driftgate(["approve", &run, "--json"])
        };
        let both = [scope.spawn(approve), scope.spawn(approve)];
        both.into_iter().map(|t| t.join().unwrap()).collect()
    });
    answers.sort_by_key(|a| a.exit);
    let [won, lost] = <[Answer; 2]>::try_from(answers).unwrap();
    assert_eq!(won.exits(0).json()["to"], 1);
    // Decided before it looked, or while it looked.
    let code = lost.exits(1).json()["code"].clone();
    assert!(code == "refused" || code == "conflict", "{code}");
    let model = sandbox.driftgate(["models", "show", "iris-classification", "--json"]).exits(0).json();
    assert_eq!(model["versions"].as_array().unwrap().len(), 1);
    sandbox.verifies();
}

#[test]
fn an_approval_sees_what_changed_since_the_gate() {
    let sandbox = sandbox();
    // With no row worse of 23, up to 12 in 100 rows may still get worse: a margin of 15 points allows for it.
    let gate = Pipeline::iris().not_worse("accuracy", 0.15);
    let first = sandbox.run("first", &gate);
    let second = sandbox.run("second", &gate.clone().seed(7));
    sandbox.driftgate(["approve", &first]).exits(0);
    // The second run's gate saw nothing in Production; now there is something.
    let decided = sandbox.driftgate(["approve", &second, "--json"]).exits(0).json();
    assert!(decided["gate_reevaluated"].is_string(), "{decided:#}");
    let kinds = sandbox.driftgate(["audit", "log", "--kind", "gate.evaluated", "--json"]).exits(0).json();
    let lines = kinds["lines"].as_array().unwrap();
    assert_eq!(lines.len(), 1);
    assert!(lines[0]["event"]["body"]["gate_statement"].is_string(), "the new answer is not attested: {lines:#?}");
    sandbox.verifies();
}

#[test]
fn a_gate_that_is_asked_again_may_block() {
    let sandbox = sandbox();
    let gate = Pipeline::iris().not_worse("accuracy", 0.05);
    let first = sandbox.run("first", &gate);
    let second = sandbox.run("second", &gate.clone().seed(7));
    sandbox.driftgate(["approve", &first]).exits(0);
    let blocked = sandbox.driftgate(["approve", &second]).exits(2);
    assert!(blocked.stderr.contains("another version is in Production now"), "{}", blocked.transcript());
    let view = sandbox.driftgate(["runs", "show", &second, "--json"]).exits(0).json();
    assert_eq!(view["run"]["status"], "blocked");
    let models = sandbox.driftgate(["models", "show", "iris-classification", "--json"]).exits(0).json();
    assert_eq!(models["versions"].as_array().unwrap().len(), 1);
    sandbox.verifies();
}

#[test]
fn rules_that_changed_since_are_asked_again() {
    let sandbox = sandbox();
    let run = sandbox.run("p", &Pipeline::iris());
    sandbox.pipeline("p.yaml", &Pipeline::iris().rule("balanced_accuracy", ">=", 0.5));
    let decided = sandbox.driftgate(["approve", &run, "--json"]).exits(0).json();
    assert_eq!(decided["gate_reevaluated"], "its rules have changed");
    let strict = sandbox.run("q", &Pipeline::iris());
    sandbox.pipeline("q.yaml", &Pipeline::iris().rule("log_loss", "<=", 0.000_001));
    sandbox.driftgate(["approve", &strict]).exits(2);
    let gone = sandbox.run("r", &Pipeline::iris());
    std::fs::remove_file(sandbox.at("r.yaml")).unwrap();
    let refused = sandbox.driftgate(["approve", &gone]).exits(1);
    assert!(refused.stderr.contains("cannot be checked"), "{}", refused.transcript());
    sandbox.verifies();
}

#[test]
fn a_gate_in_which_no_rule_applies_blocks() {
    let sandbox = sandbox();
    let text = Pipeline::iris().not_worse("accuracy", 0.05).to_yaml();
    let (before, rest) = text.split_once("      - id: accuracy\n").unwrap();
    let rest = &rest[rest.find("      - id: not_worse").unwrap()..];
    sandbox.write("p.yaml", format!("{before}{rest}"));
    let answer = sandbox.driftgate(["run", "p.yaml"]).exits(2);
    assert!(answer.stdout.contains("no rule applied"), "{}", answer.transcript());
}

#[test]
fn a_config_that_is_about_another_model_by_now_refuses_the_approval() {
    let sandbox = sandbox();
    let run = sandbox.run("p", &Pipeline::iris());
    let text = Pipeline::iris().to_yaml();
    let refused = |why: &str| {
        let answer = sandbox.driftgate(["approve", &run]).exits(1);
        assert!(answer.stderr.contains("cannot be checked") && answer.stderr.contains(why), "{}", answer.transcript());
    };
    sandbox.write("p.yaml", format!("model: another\n{text}"));
    refused("is about model `another` now");
    sandbox.pipeline("p.yaml", &Pipeline::iris().stages(&["preprocessing", "training", "evaluation"]));
    refused("asks for no promotion now");
    // Moved away, and back again.
    std::fs::rename(sandbox.at("p.yaml"), sandbox.at("moved.yaml")).unwrap();
    refused("p.yaml");
    sandbox.write("p.yaml", text);
    let decided = sandbox.driftgate(["approve", &run, "--json"]).exits(0).json();
    assert_eq!(decided["gate_reevaluated"], serde_json::Value::Null);
}

/// Alters the last byte of a stored file; that it is read-only stops nobody.
fn damage(sandbox: &Sandbox, file: &str) {
    let path = sandbox.at(&format!(".driftgate/{file}"));
    let mut bytes = std::fs::read(&path).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::remove_file(&path).unwrap();
    std::fs::write(&path, bytes).unwrap();
}

fn object(digest: &serde_json::Value) -> String {
    let digest = digest.as_str().unwrap();
    format!("objects/{}/{}", &digest[..2], &digest[2..])
}

/// Damages one file of a run that waits: it goes on waiting, and nothing gets a version.
fn refuses_damage(pipeline: &Pipeline, file: impl Fn(&Sandbox, &serde_json::Value) -> String) {
    let sandbox = sandbox();
    let run = sandbox.run("p", pipeline);
    let view = sandbox.driftgate(["runs", "show", &run, "--json"]).exits(0).json();
    let file = file(&sandbox, &view["run"]);
    damage(&sandbox, &file);
    let events = sandbox.events();
    let error = sandbox.driftgate(["approve", &run, "--json"]).exits(1).json();
    assert_eq!(error["code"], "corrupt", "{file}: {error:#}");
    assert_eq!(sandbox.events(), events, "{file}");
    damage(&sandbox, &file);
    sandbox.driftgate(["approve", &run]).exits(0);
    sandbox.verifies();
}

#[test]
fn a_damaged_artifact_is_not_approved() {
    for part in ["weights", "transform", "feature_map", "sample"] {
        refuses_damage(&Pipeline::iris(), |sandbox, run| {
            let manifest: serde_json::Value =
                serde_json::from_str(&sandbox.read(&format!(".driftgate/{}", object(&run["artifact"])))).unwrap();
            object(&manifest["parts"][part])
        });
    }
    refuses_damage(&Pipeline::iris(), |_, run| object(&run["artifact"]));
}

#[test]
fn a_run_whose_training_curve_was_altered_is_not_approved() {
    let boosting = Pipeline::iris().algorithm("gradient_boosting").with("max_iter", 5);
    refuses_damage(&boosting, |_, run| format!("segments/curve-{}", run["subject"]["run"].as_str().unwrap()));
}
