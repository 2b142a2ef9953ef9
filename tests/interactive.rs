//! Questions on a real terminal: `run --interactive` and the answers an import needs.
//!
//! `script` of util-linux lends the terminal; where there is none, these tests say that they were skipped.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use driftgate_testsupport::{Pipeline, Sandbox};
use std::io::Write;
use std::process::{Command, Stdio};

const DRIFTGATE: &str = env!("CARGO_BIN_EXE_driftgate");

/// Types `keys` into a terminal in which the command runs; its exit code and all that the terminal showed.
fn typed(sandbox: &Sandbox, args: &str, keys: &str) -> Option<(i32, String)> {
    let script = Command::new("script")
        .args(["--quiet", "--return", "--command", &format!("{DRIFTGATE} {args}"), "/dev/null"])
        .current_dir(sandbox.path())
        .env("USER", "ada")
        .env("TERM", "xterm")
        .env_remove("DRIFTGATE_WORKSPACE")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let Ok(mut child) = script else {
        eprintln!("skipped: `script` is not installed");
        return None;
    };
    child.stdin.take().unwrap().write_all(keys.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    Some((output.status.code().unwrap(), String::from_utf8_lossy(&output.stdout).into_owned()))
}

fn waiting() -> Sandbox {
    let sandbox = Sandbox::workspace(DRIFTGATE);
    sandbox.data("iris");
    sandbox.pipeline("p.yaml", &Pipeline::iris());
    sandbox
}

fn status(sandbox: &Sandbox) -> String {
    let list = sandbox.driftgate(["runs", "list", "--json"]).exits(0).json();
    list["runs"][0]["status"].as_str().unwrap().to_owned()
}

#[test]
fn a_person_approves_at_the_end_of_a_run() {
    let sandbox = waiting();
    let Some((code, shown)) = typed(&sandbox, "run p.yaml --interactive", "perhaps\na\nLooks right\n") else { return };
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains("none of approve, reject and later"), "{shown}");
    assert_eq!(status(&sandbox), "approved");
    let model = sandbox.driftgate(["models", "history", "iris-classification", "--json"]).exits(0).json();
    assert_eq!(model["moves"][0]["reason"], "Looks right");
}

#[test]
fn a_person_rejects_with_a_reason() {
    let sandbox = waiting();
    let Some((code, shown)) = typed(&sandbox, "run p.yaml --interactive", "r\n\nToo few flowers\n") else { return };
    assert_eq!(code, 3, "{shown}");
    assert!(shown.contains("needs a reason"), "{shown}");
    assert_eq!(status(&sandbox), "rejected");
}

#[test]
fn whatever_is_no_answer_leaves_the_run_waiting() {
    // Later, the end of input, Ctrl-C, and a rejection without a reason.
    for keys in ["\n", "later\n", "\u{4}", "\u{3}", "r\n\n\n"] {
        let sandbox = waiting();
        let Some((code, shown)) = typed(&sandbox, "run p.yaml --interactive", keys) else { return };
        if status(&sandbox) == "cancelled" {
            // The key arrived while the run was still at work.
            assert_eq!((keys, code), ("\u{3}", 3), "{shown}");
            continue;
        }
        assert_eq!(code, 0, "{keys:?}: {shown}");
        assert!(shown.contains("Left waiting"), "{keys:?}: {shown}");
        assert_eq!(status(&sandbox), "awaiting_approval", "{keys:?}");
    }
}

#[test]
fn an_import_asks_for_the_target_and_the_task() {
    let sandbox = Sandbox::workspace(DRIFTGATE);
    let rows: String = (0..60).map(|i| format!("{},{},{}\n", i % 7, i % 5, ["x", "y"][i % 2])).collect();
    sandbox.write("t.csv", format!("a,b,kind\n{rows}"));
    let Some((code, shown)) = typed(&sandbox, "dataset add t.csv", "nothing\nkind\n\n") else { return };
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains("none of the choices"), "{shown}");
    let list = sandbox.driftgate(["dataset", "show", "t", "--json"]).exits(0).json();
    assert_eq!(list["spec"]["target"], "kind");
    assert_eq!(list["spec"]["task"], "classification");
}

#[test]
fn an_import_that_gets_no_answer_adds_nothing() {
    let sandbox = Sandbox::workspace(DRIFTGATE);
    let rows: String = (0..60).map(|i| format!("{},{},{}\n", i % 7, i % 5, ["x", "y"][i % 2])).collect();
    sandbox.write("t.csv", format!("a,b,kind\n{rows}"));
    let Some((code, shown)) = typed(&sandbox, "dataset add t.csv", "\u{4}") else { return };
    assert_eq!(code, 3, "{shown}");
    assert!(shown.contains("Nothing was added"), "{shown}");
    assert!(!sandbox.at("t.dataset.yaml").exists());
}
