//! `drift check --report` and `drift show --report`.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use driftgate_testsupport::{Pipeline, Sandbox, assert_answer};

const DRIFTGATE: &str = env!("CARGO_BIN_EXE_driftgate");
const MODEL: &str = "iris-classification";

/// A workspace with a model for iris in Production, and a batch in which one column is twice as large.
fn served() -> Sandbox {
    let sandbox = Sandbox::workspace(DRIFTGATE);
    sandbox.data("iris");
    let run = sandbox.run("p", &Pipeline::iris());
    sandbox.driftgate(["approve", &run]).exits(0);
    let text = sandbox.read("data/iris/data.csv");
    let mut lines = text.lines();
    let mut out = vec![lines.next().unwrap().to_owned()];
    for line in lines {
        let (first, rest) = line.split_once(',').unwrap();
        out.push(format!("{},{rest}", first.parse::<f64>().unwrap() * 2.0));
    }
    sandbox.write("batch.csv", out.join("\n") + "\n");
    sandbox
}

fn check(report: &str) -> [&str; 7] {
    ["drift", "check", MODEL, "--batch", "batch.csv", "--report", report]
}

/// Fails where a temporary file was left behind.
fn nothing_left(sandbox: &Sandbox) {
    let names = std::fs::read_dir(sandbox.path()).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
    let left: Vec<String> = names.filter(|n| n.ends_with(".part")).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_check_leaves_a_report_and_show_writes_the_same_again() {
    let sandbox = served();
    // The verdict decides how the command ends, not the report.
    assert_answer!("check", sandbox.driftgate(check("drift.html")).exits(2));
    let html = sandbox.read("drift.html");
    let history = sandbox.driftgate(["drift", "history", MODEL, "--json"]).exits(0).json();
    let id = history["checks"][0]["check"].as_str().unwrap();
    let view = sandbox.driftgate(["drift", "show", id, "--json"]).exits(0).json();
    assert!(view["report_file"].is_null());
    for said in [
        id,
        view["report"]["batch"].as_str().unwrap(),
        view["report"]["profile"].as_str().unwrap(),
        "<h1>✗ Drifted, high severity</h1>",
        "driftgate drift respond",
        "role=\"img\"",
        "sepal_length",
    ] {
        assert!(html.contains(said), "{said}");
    }
    assert!(html.len() < 2_000_000 && !html.contains("<script"));
    let root = sandbox.path().display().to_string();
    assert!(!html.contains(&root) && !html.contains("ada"), "a path or a person");

    // A response changes nothing about what was found.
    sandbox.driftgate(["drift", "respond", id, "--action", "investigate", "--reason", "A new ruler"]).exits(0);
    std::fs::create_dir(sandbox.at("reports")).unwrap();
    let again = sandbox.driftgate(["drift", "show", id, "--report", "reports/again.HTML", "--json"]).exits(0).json();
    assert_eq!(again["report_file"], sandbox.at("reports/again.HTML").display().to_string());
    assert_eq!(again["schema"], "driftgate/drift-check/1");
    assert_eq!(sandbox.read("reports/again.HTML"), html);

    // A file that is there is replaced.
    sandbox.write("drift.html", "old");
    sandbox.driftgate(["drift", "show", id, "--report", "drift.html"]).exits(0);
    assert_eq!(sandbox.read("drift.html"), html);
    nothing_left(&sandbox);
    sandbox.verifies();
}

#[test]
fn a_report_that_cannot_go_there_is_refused_before_the_check() {
    let sandbox = served();
    let events = sandbox.events();
    assert_answer!("csv", sandbox.driftgate(check("batch.csv")).exits(1));
    assert_answer!("other", sandbox.driftgate(check("notes.txt")).exits(1));
    assert_answer!("folder", sandbox.driftgate(check("nowhere/drift.html")).exits(1));
    std::fs::create_dir(sandbox.at("a.html")).unwrap();
    sandbox.driftgate(check("a.html")).exits(1);
    sandbox.driftgate(check(".driftgate/drift.html")).exits(1);
    let text = sandbox.read("batch.csv");
    sandbox.write("batch.html", &text);
    sandbox.driftgate(["drift", "check", MODEL, "--batch", "batch.html", "--report", "batch.html"]).exits(1);
    assert_eq!(sandbox.read("batch.html"), text);
    assert_eq!(sandbox.read("batch.csv"), text);
    assert_eq!(sandbox.events(), events, "nothing was checked");
    nothing_left(&sandbox);
}

#[test]
#[cfg(target_os = "linux")]
fn a_check_whose_report_cannot_be_written_says_how_to_get_it() {
    let sandbox = served();
    let events = sandbox.events();
    // A folder that is there and in which nobody makes a file.
    let answer = sandbox.driftgate(check("/proc/drift.html")).exits(1);
    assert!(answer.stderr.contains("is recorded") && answer.stderr.contains("drift show"), "{}", answer.stderr);
    assert_eq!(sandbox.events(), events + 1);
    sandbox.verifies();
}
