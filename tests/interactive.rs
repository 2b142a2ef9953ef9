//! Questions on a real terminal: `run --interactive` and the answers an import needs.
//!
//! `script` of util-linux lends the terminal; where there is none, these tests say that they were skipped.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use driftgate_testsupport::{Pipeline, Sandbox};
use std::io::{Read, Write};
use std::process::{Command, Stdio};

const DRIFTGATE: &str = env!("CARGO_BIN_EXE_driftgate");

const RUN: &str = "run p.yaml --interactive";
const ASKED: &str = "later? [a/r/L]";

/// Runs the command in a terminal and types each text once the words before it are shown; its exit code and all that the
/// terminal showed.
fn typed(sandbox: &Sandbox, args: &str, script: &[(&str, &str)]) -> Option<(i32, String)> {
    let started = Command::new("script")
        // `exec`: Ctrl-C reaches the whole foreground, and a shell that waited in between would answer 130 by itself.
        .args(["--quiet", "--return", "--command", &format!("exec {DRIFTGATE} {args}"), "/dev/null"])
        .current_dir(sandbox.path())
        .env("USER", "ada")
        .env("TERM", "xterm")
        .env("NO_COLOR", "1")
        .env_remove("DRIFTGATE_WORKSPACE")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let Ok(mut child) = started else {
        driftgate_testsupport::skipped("`script` is not installed");
        return None;
    };
    let (mut keyboard, mut screen) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let mut shown = Vec::new();
    let mut seen = 0;
    let mut buffer = [0; 4096];
    let mut steps = script.iter();
    let mut step = steps.next();
    loop {
        while let Some((words, keys)) = step {
            let text = String::from_utf8_lossy(&shown[seen..]).into_owned();
            let Some(at) = text.find(words) else { break };
            seen += at + words.len();
            keyboard.write_all(keys.as_bytes()).unwrap();
            step = steps.next();
        }
        match screen.read(&mut buffer) {
            Ok(0) | Err(_) => break,
            Ok(n) => shown.extend(&buffer[..n]),
        }
    }
    let shown = String::from_utf8_lossy(&shown).into_owned();
    assert!(step.is_none(), "never asked {step:?}:\n{shown}");
    Some((child.wait().unwrap().code().unwrap(), shown))
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
    let Some((code, shown)) = typed(&sandbox, RUN, &[(ASKED, "perhaps\n"), (ASKED, "a\n"), ("Why?", "Looks right\n")])
    else {
        return;
    };
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains("none of approve, reject and later"), "{shown}");
    assert_eq!(status(&sandbox), "approved");
    let model = sandbox.driftgate(["models", "history", "iris-classification", "--json"]).exits(0).json();
    assert_eq!(model["moves"][0]["reason"], "Looks right");
}

#[test]
fn a_person_rejects_with_a_reason() {
    let sandbox = waiting();
    let Some((code, shown)) = typed(&sandbox, RUN, &[(ASKED, "r\n"), ("Why?", "\n"), ("Why?", "Too few flowers\n")])
    else {
        return;
    };
    assert_eq!(code, 3, "{shown}");
    assert!(shown.contains("needs a reason"), "{shown}");
    assert_eq!(status(&sandbox), "rejected");
}

#[test]
fn whatever_is_no_answer_leaves_the_run_waiting() {
    let scripts: [&[(&str, &str)]; 5] = [
        &[(ASKED, "\n")],
        &[(ASKED, "later\n")],
        // The end of input and Ctrl-C.
        &[(ASKED, "\u{4}")],
        &[(ASKED, "\u{3}")],
        &[(ASKED, "r\n"), ("Why?", "\n"), ("Why?", "\n")],
    ];
    let sandbox = waiting();
    for script in scripts {
        let Some((code, shown)) = typed(&sandbox, RUN, script) else { return };
        assert_eq!(code, 0, "{script:?}: {shown}");
        assert!(shown.contains("Left waiting"), "{script:?}: {shown}");
        assert_eq!(status(&sandbox), "awaiting_approval", "{script:?}");
    }
}

#[test]
fn an_import_asks_for_the_target_and_the_task() {
    let sandbox = Sandbox::workspace(DRIFTGATE);
    let rows: String = (0..60).map(|i| format!("{},{},{}\n", i % 7, i % 5, ["x", "y"][i % 2])).collect();
    sandbox.write("t.csv", format!("a,b,kind\n{rows}"));
    let Some((code, shown)) = typed(&sandbox, "dataset add t.csv", &[("target", "nothing\n"), ("target", "kind\n")])
    else {
        return;
    };
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains("none of the choices"), "{shown}");
    assert!(shown.contains("a  b  kind"), "no header: {shown}");
    let list = sandbox.driftgate(["dataset", "show", "t", "--json"]).exits(0).json();
    assert_eq!(list["spec"]["target"], "kind");
    assert_eq!(list["spec"]["task"], "classification");
}

#[test]
fn an_import_that_gets_no_answer_adds_nothing() {
    let sandbox = Sandbox::workspace(DRIFTGATE);
    let rows: String = (0..60).map(|i| format!("{},{},{}\n", i % 7, i % 5, ["x", "y"][i % 2])).collect();
    sandbox.write("t.csv", format!("a,b,kind\n{rows}"));
    let Some((code, shown)) = typed(&sandbox, "dataset add t.csv", &[("target", "\u{4}")]) else { return };
    assert_eq!(code, 3, "{shown}");
    assert!(shown.contains("Nothing was added"), "{shown}");
    assert!(!sandbox.at("t.dataset.yaml").exists());
}
