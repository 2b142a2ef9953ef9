//! `run`: every way a run ends, and what it leaves.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use driftgate_testsupport::{Pipeline, Sandbox, assert_answer};
use std::collections::BTreeSet;

const DRIFTGATE: &str = env!("CARGO_BIN_EXE_driftgate");

fn sandbox(data: &str) -> Sandbox {
    let sandbox = Sandbox::workspace(DRIFTGATE);
    sandbox.data(data);
    sandbox
}

#[test]
fn a_run_that_passes_waits_for_approval() {
    let sandbox = sandbox("iris");
    sandbox.pipeline("p.yaml", &Pipeline::iris().not_worse("accuracy", 0.05));
    assert_answer!("awaiting_approval", sandbox.driftgate(["run", "p.yaml"]).exits(0));
    sandbox.verifies();
}

#[test]
fn a_run_beside_production_is_compared_on_the_same_rows() {
    let sandbox = sandbox("iris");
    let first =
        sandbox.run("first", &Pipeline::iris().algorithm("random_forest").with("n_estimators", 5).with("max_depth", 2));
    sandbox.driftgate(["approve", &first]).exits(0);
    // Of 23 rows none gets worse, which leaves up to 12 in 100: a margin of 15 points allows for it.
    sandbox.pipeline("second.yaml", &Pipeline::iris().not_worse("accuracy", 0.15));
    assert_answer!("beside_production", sandbox.driftgate(["run", "second.yaml"]).exits(0));
}

#[test]
fn a_champion_that_cannot_be_read_blocks_the_run() {
    let sandbox = sandbox("iris");
    let first = sandbox.run("first", &Pipeline::iris());
    sandbox.driftgate(["approve", &first]).exits(0);
    let view = sandbox.driftgate(["runs", "show", &first, "--json"]).exits(0).json();
    let path = |digest: &serde_json::Value| {
        let digest = digest.as_str().unwrap();
        format!(".driftgate/objects/{}/{}", &digest[..2], &digest[2..])
    };
    let manifest: serde_json::Value = serde_json::from_str(&sandbox.read(&path(&view["run"]["artifact"]))).unwrap();
    std::fs::remove_file(sandbox.at(&path(&manifest["parts"]["weights"]))).unwrap();
    sandbox.write(&path(&manifest["parts"]["weights"]), "not these");
    sandbox.pipeline("second.yaml", &Pipeline::iris().with("C", 0.5).not_worse("accuracy", 0.9));
    let view = sandbox.driftgate(["run", "second.yaml", "--json"]).exits(2).json();
    assert_eq!(view["run"]["status"], "blocked");
    assert_eq!(view["run"]["violations"], serde_json::json!(["not_worse (test)"]));
    let results = view["gate"]["results"].as_array().unwrap();
    let reason = results.iter().find(|r| r["rule_id"] == "not_worse").unwrap()["reason"].as_str().unwrap();
    assert!(reason.starts_with("version 1 in Production could not be evaluated: "), "{reason}");
    assert!(reason.contains("hash"), "{reason}");
    assert_eq!(view["gate"]["comparison"]["overall_verdict"], "undefined");
}

#[test]
fn a_blocked_run_exits_2_with_its_reasons() {
    let sandbox = sandbox("iris");
    sandbox.pipeline("p.yaml", &Pipeline::iris().hopeless());
    let answer = assert_answer!("blocked", sandbox.driftgate(["run", "p.yaml"]).exits(2));
    assert!(answer.stdout.contains("✗  balanced_accuracy"));
    let list = sandbox.driftgate(["models", "list", "--json"]).exits(0).json();
    assert_eq!(list["models"].as_array().unwrap().len(), 0);
    sandbox.verifies();
}

#[test]
fn a_run_without_promotion_is_completed() {
    let sandbox = sandbox("diabetes");
    sandbox.pipeline("p.yaml", &Pipeline::diabetes().stages(&["preprocessing", "training", "evaluation"]));
    assert_answer!("completed", sandbox.driftgate(["run", "p.yaml"]).exits(0));
}

#[test]
fn a_run_that_fails_within_a_stage_is_recorded() {
    let sandbox = Sandbox::workspace(DRIFTGATE);
    let mut text = String::from("x,town,label\n");
    for i in 0..80 {
        text += &format!("{i},{},{}\n", ["Ulm", "Jena"][i % 2], ["a", "b"][i / 3 % 2]);
    }
    sandbox.write("towns.csv", text);
    sandbox.driftgate(["dataset", "add", "towns.csv", "--target", "label", "--task", "classification"]).exits(0);
    // Text columns without an encoding cannot become numbers.
    sandbox.write("p.yaml", Pipeline::iris().to_yaml().replace("dataset: iris", "dataset: towns"));
    assert_answer!("failed", sandbox.driftgate(["run", "p.yaml"]).exits(1));
    let list = sandbox.driftgate(["runs", "list", "--json"]).exits(0).json();
    assert_eq!(list["runs"][0]["status"], "failed");
    sandbox.verifies();
}

#[test]
fn what_the_estimator_says_is_kept() {
    let sandbox = sandbox("iris");
    sandbox.pipeline("p.yaml", &Pipeline::iris().with("max_iter", 1));
    let run = sandbox.driftgate(["run", "p.yaml", "--json"]).json();
    let id = run["run"]["subject"]["run"].as_str().unwrap().to_owned();
    let notes = |view: &serde_json::Value| view["notes"].to_string();
    assert!(notes(&run).contains("converge"), "{run:#}");
    let shown = sandbox.driftgate(["runs", "show", &id, "--json"]).exits(0).json();
    assert_eq!(notes(&shown), notes(&run));
}

#[test]
fn averaging_that_does_not_fit_the_labels_starts_no_run() {
    let sandbox = sandbox("iris");
    let text = Pipeline::iris()
        .to_yaml()
        .replace("evaluation:\n    bootstrap", "evaluation:\n    classification: {averaging: binary}\n    bootstrap");
    sandbox.write("p.yaml", text);
    let events = {
        // The data set is added by the first attempt.
        sandbox.driftgate(["run", "p.yaml"]).exits(1);
        sandbox.events()
    };
    sandbox.driftgate(["run", "p.yaml"]).exits(1);
    assert_eq!(sandbox.events(), events);
    let runs = sandbox.driftgate(["runs", "list", "--json"]).exits(0).json();
    assert_eq!(runs["runs"].as_array().unwrap().len(), 0);
}

#[test]
fn a_wrong_config_starts_no_run() {
    let sandbox = sandbox("iris");
    let text =
        Pipeline::iris().to_yaml().replace("random_seed: 42", "random_sed: 42").replace("accuracy\n", "acuracy\n");
    sandbox.write("p.yaml", text);
    let events = sandbox.events();
    assert_answer!("wrong_config", sandbox.driftgate(["run", "p.yaml"]).exits(1));
    let error = sandbox.driftgate(["run", "p.yaml", "--json"]).exits(1).json();
    assert!(error["findings"].as_array().unwrap().len() >= 2, "{error:#}");
    assert_eq!(sandbox.events(), events);
}

#[test]
fn feature_lists_that_do_not_fit_the_data_start_no_run() {
    let sandbox = sandbox("iris");
    sandbox.driftgate(["dataset", "add", "data/iris"]).exits(0);
    let lists =
        "preprocessing:\n    numeric_features: [sepal_lenght, petal_width, target]\n    categorical_features: [colour]";
    let drift = "  drift: {drift: {effect: {columns: {petal_widht: 0.2}}}}\n  evaluation:";
    let text = Pipeline::iris().to_yaml().replace("preprocessing:\n", &format!("{lists}\n"));
    sandbox.write("p.yaml", text.replace("  evaluation:", drift));
    let events = sandbox.events();
    assert_answer!("unknown_columns", sandbox.driftgate(["run", "p.yaml"]).exits(1));
    assert_eq!(sandbox.events(), events);
}

#[test]
fn a_run_trains_on_what_its_data_folder_holds() {
    let sandbox = sandbox("iris");
    sandbox.pipeline("p.yaml", &Pipeline::iris());
    let version_of = |sandbox: &Sandbox| {
        let view = sandbox.driftgate(["run", "p.yaml", "--json"]).exits(0).json();
        view["run"]["subject"]["dataset_version"].as_str().unwrap().to_owned()
    };
    let text = sandbox.read("data/iris/data.csv");
    let first = version_of(&sandbox);
    sandbox.write("data/iris/data.csv", text.replacen("5.1", "5.2", 1));
    let second = version_of(&sandbox);
    assert_ne!(first, second);
    sandbox.write("data/iris/data.csv", &text);
    assert_eq!(version_of(&sandbox), first);
    let said = sandbox.driftgate(["run", "p.yaml"]).exits(0).stderr;
    assert!(said.contains("holds version 1 of `iris`") && said.contains("newest is version 2"), "{said}");
    // Without the folder there is only what the workspace knows.
    std::fs::remove_dir_all(sandbox.at("data/iris")).unwrap();
    assert_eq!(version_of(&sandbox), second);
}

#[test]
fn the_number_of_threads_changes_no_byte() {
    let sandbox = sandbox("wine");
    let pipeline = Pipeline::iris().algorithm("random_forest").with("n_estimators", 20);
    sandbox.write("p.yaml", pipeline.to_yaml().replace("dataset: iris", "dataset: wine"));
    let mut seen = BTreeSet::new();
    for threads in ["1", "2", "3", "7"] {
        let view = sandbox.driftgate(["run", "p.yaml", "--json", "--threads", threads]).exits(0).json();
        assert_eq!(view["environment"]["threads"].to_string(), threads);
        seen.insert((view["run"]["artifact"].to_string(), view["run"]["evaluation"].to_string()));
    }
    assert_eq!(seen.len(), 1, "{seen:?}");
}

#[test]
fn the_record_names_actor_build_and_commit() {
    let sandbox = sandbox("iris");
    sandbox.pipeline("p.yaml", &Pipeline::iris());
    let git = |args: &[&str]| {
        let mut command = std::process::Command::new("git");
        command.current_dir(sandbox.path()).args(["-c", "user.name=t", "-c", "user.email=t@example.org"]).args(args);
        command.output().is_ok_and(|o| o.status.success())
    };
    let has_git =
        git(&["init", "--quiet"]) && git(&["add", "p.yaml", "data"]) && git(&["commit", "--quiet", "-m", "x"]);
    let view = sandbox.driftgate(["run", "p.yaml", "--json", "--as", "Grace"]).exits(0).json();
    assert_eq!(view["actor"], "Grace");
    let environment = &view["environment"];
    assert_eq!(environment["driftgate_version"], env!("CARGO_PKG_VERSION"));
    assert_ne!(environment["lock_hash"].as_str().unwrap(), "0".repeat(64));
    if !has_git {
        driftgate_testsupport::skipped("the commit in the record, since git is not installed");
        return;
    }
    let commit = environment["git_commit"].as_str().unwrap().to_owned();
    assert_eq!(commit.len(), 40, "{commit}");
    sandbox.write("p.yaml", Pipeline::iris().seed(7).to_yaml());
    let view = sandbox.driftgate(["run", "p.yaml", "--json"]).exits(0).json();
    assert_eq!(view["environment"]["git_commit"], format!("{commit}-dirty"));
}

#[test]
fn a_run_that_takes_too_long_is_cancelled() {
    let sandbox = sandbox("breast_cancer");
    let pipeline = Pipeline::iris().algorithm("random_forest").with("n_estimators", 100_000);
    sandbox.write("long.yaml", pipeline.to_yaml().replace("dataset: iris", "dataset: breast_cancer"));
    let answer = sandbox.driftgate(["run", "long.yaml", "--max-time", "1s", "--json"]).exits(3);
    assert_eq!(answer.json()["run"]["status"], "cancelled");
    assert!(answer.stderr.contains("--max-time is over"), "{}", answer.stderr);
    sandbox.driftgate(["run", "long.yaml", "--max-time", "soon"]).exits(64);
    sandbox.verifies();
}

/// Signals of a real process; `kill` is on every Unix.
#[cfg(unix)]
mod stopped {
    use super::*;
    use std::io::{BufRead, BufReader};
    use std::process::{Child, Command, Stdio};
    use std::time::{Duration, Instant};

    /// Starts a run that would take minutes, and waits until it trains.
    fn long_run(sandbox: &Sandbox) -> Child {
        sandbox.data("breast_cancer");
        let pipeline = Pipeline::iris().algorithm("random_forest").with("n_estimators", 100_000);
        sandbox.write("long.yaml", pipeline.to_yaml().replace("dataset: iris", "dataset: breast_cancer"));
        let mut child =
            sandbox.command().args(["run", "long.yaml"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let begun = lines.by_ref().any(|l| l.unwrap().contains("preprocessing"));
        assert!(begun, "the run ended before it trained");
        // Whatever else it says must not fill the pipe.
        std::thread::spawn(move || lines.for_each(drop));
        child
    }

    fn signal(child: &Child, name: &str) {
        assert!(Command::new("kill").args([name, &child.id().to_string()]).status().unwrap().success());
    }

    fn status(sandbox: &Sandbox) -> String {
        let list = sandbox.driftgate(["runs", "list", "--json"]).exits(0).json();
        list["runs"][0]["status"].as_str().unwrap().to_owned()
    }

    #[test]
    fn ctrl_c_leaves_the_run_cancelled() {
        let sandbox = Sandbox::workspace(DRIFTGATE);
        let mut child = long_run(&sandbox);
        let asked = Instant::now();
        signal(&child, "-INT");
        assert_eq!(child.wait().unwrap().code(), Some(3));
        assert!(asked.elapsed() < Duration::from_secs(30), "{:?}", asked.elapsed());
        assert_eq!(status(&sandbox), "cancelled");
        sandbox.verifies();
    }

    #[test]
    fn a_killed_run_is_settled_as_interrupted() {
        let sandbox = Sandbox::workspace(DRIFTGATE);
        let mut child = long_run(&sandbox);
        assert_eq!(status(&sandbox), "running");
        signal(&child, "-KILL");
        child.wait().unwrap();
        let next = sandbox.driftgate(["runs", "list"]).exits(0);
        assert!(next.stderr.contains("was interrupted"), "{}", next.transcript());
        assert_eq!(status(&sandbox), "interrupted");
        sandbox.verifies();
    }
}
