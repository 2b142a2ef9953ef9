//! What the command says before it does anything: help, wrong usage, no workspace.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use driftgate_testsupport::{Sandbox, assert_answer};
use std::io::Read;
use std::process::Stdio;

const DRIFTGATE: &str = env!("CARGO_BIN_EXE_driftgate");

#[test]
fn no_arguments_print_help_and_where_to_begin() {
    let sandbox = Sandbox::new(DRIFTGATE);
    assert_answer!("help", sandbox.driftgate([] as [&str; 0]).exits(0));
    sandbox.driftgate(["--help"]).exits(0);
    let version = sandbox.driftgate(["--version"]).exits(0);
    assert!(version.stdout.starts_with("driftgate "), "{}", version.stdout);
}

#[test]
fn wrong_usage_exits_64() {
    let sandbox = Sandbox::new(DRIFTGATE);
    let cases: &[(&[&str], &str)] = &[
        (&["tarin"], "unrecognized subcommand 'tarin'"),
        (&["dataset"], "Usage: driftgate dataset"),
        (&["reject", "1a2b3c4d"], "--reason <TEXT>"),
        (&["rollback", "m"], "--reason <TEXT>"),
        (&["rollback", "m", "--to", "0", "--reason", "x"], "a version is a whole number from 1"),
        (&["reject", "1a2b3c4d", "--reason", "  "], "say why in a few words"),
        (&["runs", "compare", "one"], "2"),
        (&["runs", "list", "--status", "done"], "awaiting_approval"),
        (&["audit", "log", "--since", "yesterday"], "2026-01-31"),
        (&["doctor", "--threads=-1"], "--threads"),
        (&["doctor", "--as", ""], "--as"),
    ];
    for (args, part) in cases {
        let answer = sandbox.driftgate(*args).exits(64);
        assert!(answer.stderr.contains(part), "{args:?} says {}", answer.stderr);
        assert!(answer.stdout.is_empty(), "{args:?} printed {}", answer.stdout);
    }
}

#[test]
fn wrong_usage_is_an_object_with_json() {
    let sandbox = Sandbox::new(DRIFTGATE);
    let error = sandbox.driftgate(["reject", "1a2b3c4d", "--json"]).exits(64).json();
    assert_eq!(error["schema"], "driftgate/error/1");
    assert_eq!(error["code"], "usage");
}

#[test]
fn a_question_needs_a_terminal() {
    let sandbox = Sandbox::workspace(DRIFTGATE);
    assert_answer!("interactive_without_a_terminal", sandbox.driftgate(["run", "p.yaml", "--interactive"]).exits(64));
}

#[test]
fn outside_a_workspace_nothing_is_made() {
    let sandbox = Sandbox::new(DRIFTGATE);
    sandbox.write("a.csv", "x,y\n1,2\n");
    assert_answer!("no_workspace", sandbox.driftgate(["dataset", "add", "a.csv"]).exits(1));
    let cases: &[&[&str]] = &[
        &["run", "p.yaml"],
        &["runs", "list"],
        &["models", "list"],
        &["approve", "1a2b3c4d"],
        &["audit", "verify"],
        &["gc"],
        &["runs", "list", "--workspace", "."],
        &["audit", "log", "--workspace", "nowhere"],
    ];
    for args in cases {
        let error = sandbox.driftgate(args.iter().chain(&["--json"])).exits(1).json();
        assert_eq!(error["code"], "not_a_workspace", "{args:?}: {error}");
        assert!(error["hint"].as_str().is_some_and(|h| h.contains("driftgate init")), "{args:?}: {error}");
    }
    assert!(!sandbox.at(".driftgate").exists());
    assert!(!sandbox.at("nowhere").exists());
}

#[test]
fn the_workspace_is_found_upwards_by_flag_and_by_environment() {
    let sandbox = Sandbox::new(DRIFTGATE);
    sandbox.driftgate(["init", "here"]).exits(0);
    sandbox.write("here/deep/down/file", "");
    let list = |dir: &str, args: &[&str], env: Option<&str>| {
        let mut command = sandbox.command();
        command.current_dir(sandbox.at(dir)).args(args).args(["runs", "list", "--json"]);
        if let Some(value) = env {
            command.env("DRIFTGATE_WORKSPACE", value);
        }
        command.output().unwrap().status.code()
    };
    assert_eq!(list("here/deep/down", &[], None), Some(0));
    assert_eq!(list(".", &[], None), Some(1));
    assert_eq!(list(".", &["--workspace", "here"], None), Some(0));
    assert_eq!(list(".", &[], Some("here")), Some(0));
    assert_eq!(list(".", &["--workspace", "nowhere"], Some("here")), Some(1));
    // Set but empty is not set.
    assert_eq!(list("here", &[], Some("")), Some(0));
}

#[test]
fn completions_are_scripts() {
    let sandbox = Sandbox::new(DRIFTGATE);
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = sandbox.driftgate(["completions", shell]).exits(0).stdout;
        assert!(script.contains("driftgate") && script.contains("reproduce"), "{shell}: {script}");
    }
    sandbox.driftgate(["completions", "cobol"]).exits(64);
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    let sandbox = Sandbox::new(DRIFTGATE);
    let mut child =
        sandbox.command().args(["completions", "zsh"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(said, "");
}

#[test]
fn quiet_leaves_only_the_answer() {
    let sandbox = Sandbox::workspace(DRIFTGATE);
    sandbox.data("iris");
    let answer = sandbox.driftgate(["dataset", "add", "data/iris", "--quiet"]).exits(0);
    assert_eq!(answer.stderr, "");
    assert!(answer.stdout.contains("iris v1"));
}
