//! `cargo xtask check`: the fast gate for a commit.

use crate::Outcome;
use crate::report::libtest_counts;
use crate::steps::{End, Steps, colours, show, tee};
use crate::touched::{Touched, changed_files, touched};
use crate::workspace::{Member, Workspace, cargo};
use crate::{system, tools};
use std::collections::BTreeSet;
use std::process::Command;

/// Formats, lints and tests what changed since `base`, and what depends on it.
pub fn check(base: &str) -> Outcome {
    let ws = Workspace::load()?;
    let files = changed_files(&ws.root, base)?;
    let members = match touched(&ws, base, &files)? {
        Touched::All(file) => {
            eprintln!("{file} holds for every crate: checking all of them");
            ws.members.iter().collect()
        }
        Touched::Packages(names) => ws.dependents(&names),
    };
    let mut members: Vec<&Member> = members;
    if !system::has_webkit() && members.iter().any(|m| m.name == tools::WINDOW) {
        eprintln!(
            "NOT CHECKED: {} needs WebKitGTK 4.1, which is not here; `cargo xtask test` installs it",
            tools::WINDOW
        );
        members.retain(|m| m.name != tools::WINDOW);
    }
    if members.is_empty() {
        eprintln!("no crate changed since {base}: nothing to check");
        return Ok(true);
    }
    let names: BTreeSet<&str> = members.iter().map(|m| m.name.as_str()).collect();
    eprintln!("checking {}", names.iter().copied().collect::<Vec<_>>().join(", "));

    let mut steps = Steps::default();
    steps.run("format", || tools::format(&ws.root, &packages(&members)));
    steps.run("clippy", || tools::clippy(&ws.root, &packages(&members)));
    steps.run("tests", || run_tests(&ws, &members));
    steps.finish("check", &ws.target_dir)?;
    Ok(steps.passed())
}

fn packages(members: &[&Member]) -> Vec<String> {
    members.iter().flat_map(|m| ["--package".to_string(), m.name.clone()]).collect()
}

fn run_tests(ws: &Workspace, members: &[&Member]) -> Result<End, String> {
    let selected = packages(members);
    if tools::has_nextest(&ws.root) {
        // A crate may have no test yet.
        let mut command = tools::nextest(&ws.root, &selected);
        // The real window is opened by `cargo xtask test` alone, which builds its front end first.
        command.args(["--filterset", "not binary(/^window_/)"]);
        return show(command.args(["--no-tests", "warn", "--status-level", "slow"]));
    }
    eprintln!("cargo-nextest is not installed (`cargo xtask test` installs it): using `cargo test`");
    let mut command: Command = cargo(&ws.root);
    command.args(["test", "--profile", "ci", "--all-targets"]).args(&selected);
    command.args(["--color", if colours() { "always" } else { "never" }]);
    let (end, text) = tee(&mut command)?;
    if let Some(counts) = libtest_counts(&text) {
        println!("{}", counts.line());
    }
    Ok(end)
}
