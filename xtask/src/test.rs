//! `cargo xtask test`: everything.

use crate::report::{Counts, libtest_counts, nextest_counts, self_skipped};
use crate::steps::{End, Steps, colours, is_ci, show, tee};
use crate::workspace::{Member, Workspace, cargo};
use crate::{Outcome, system, tools, ui, wasm};
use std::path::Path;

/// What the test steps found.
#[derive(Default)]
struct Found {
    counts: Option<Counts>,
    /// What tests said they could not prove.
    unproved: Vec<String>,
}

impl Found {
    fn add(&mut self, counts: Option<Counts>) {
        if let Some(counts) = counts {
            self.counts = Some(self.counts.unwrap_or_default().plus(counts));
        }
    }
}

/// Formats, lints, tests and documents the whole workspace; `yes` installs what is lacking without asking.
pub fn test(yes: bool) -> Outcome {
    let ws = Workspace::load()?;
    let mut steps = Steps::default();
    let mut found = Found::default();
    let mut without_nextest = None;

    steps.run("tools", || {
        without_nextest = tools::ensure_nextest(&ws.root, yes)?;
        Ok(without_nextest.clone().map_or(End::Passed, |why| End::Skipped(format!("{why}; using `cargo test`"))))
    });
    set_up_window(&ws, yes, &mut steps, &mut found);
    let whole = tools::everything();
    steps.run("format", || tools::format(&ws.root, &[]));
    steps.run("front end", || front_end(&ws, &mut found));
    steps.run("clippy", || tools::clippy(&ws.root, &whole));
    if without_nextest.is_none() {
        steps.run("tests: build", || show(&mut tools::nextest_build(&ws.root, &whole)));
    }
    steps.run("tests", || {
        if without_nextest.is_none() {
            run_nextest(&ws, &whole, &mut found)
        } else {
            run_libtest(&ws, &whole, &mut found)
        }
    });
    steps.run("doc tests", || run_doc_tests(&ws, &mut found));
    steps.run("documentation", || {
        let mut command = cargo(&ws.root);
        command.args(["doc", "--no-deps", "--profile", "ci", "--quiet"]).args(&whole).args(tools::locked());
        show(command.env("RUSTDOCFLAGS", "-D warnings"))
    });

    steps.finish("test", &ws.target_dir)?;
    if !found.unproved.is_empty() {
        println!("NOT PROVED HERE, for what these tests need is absent:");
        for line in &found.unproved {
            println!("  {line}");
        }
        println!();
    }
    match found.counts {
        Some(counts) => {
            println!("{}", counts.line());
            Ok(steps.passed() && counts.failed == 0)
        }
        None => {
            println!("no test ran");
            Ok(false)
        }
    }
}

/// Gets what the window is built and tested with; what stays lacking is not proved here, and fails a CI run.
fn set_up_window(ws: &Workspace, yes: bool, steps: &mut Steps, found: &mut Found) {
    let packages = [&system::BUILD[..], &system::TEST].concat();
    let mut skipped = |why: Option<String>| match why {
        None => Ok(End::Passed),
        Some(why) if is_ci() => Err(why),
        Some(why) => {
            found.unproved.push(format!("the window: {why}"));
            Ok(End::Skipped(why))
        }
    };
    steps.run("window: system packages", || skipped(system::ensure(&ws.root, &packages, yes)?));
    steps.run("window: test tools", || skipped(tools::ensure_window_tools(ws, yes)?));
    if !system::has_webkit() {
        found.unproved.push(format!("{}: it is not even built, for WebKitGTK 4.1 is absent", tools::WINDOW));
    }
}

/// Builds the front end; without a compiler for wasm32 it is not proved here, and fails a CI run.
fn front_end(ws: &Workspace, found: &mut Found) -> Result<End, String> {
    match wasm::compiler(&ws.root) {
        Ok(compiler) => ui::build_with(ws, &compiler),
        Err(why) if is_ci() => Err(why),
        Err(why) => {
            found.unproved.push(format!("the front end: {why}"));
            Ok(End::Skipped(why))
        }
    }
}

fn run_nextest(ws: &Workspace, whole: &[String], found: &mut Found) -> Result<End, String> {
    // nextest keeps its store below the root, wherever cargo builds.
    let junit = ws.root.join("target/nextest/default/junit.xml");
    // An old file would answer for a run that did not get as far as writing one.
    remove_if_there(&junit)?;
    let mut command = tools::nextest(&ws.root, whole);
    command.args(["--color", if colours() { "always" } else { "never" }]);
    // Only what failed or took long; the table at the end has the rest.
    let (end, text) =
        tee(command.args(["--no-tests", "warn", "--status-level", "slow", "--final-status-level", "fail"]))?;
    found.add(nextest_counts(&text));
    found.unproved.extend(self_skipped(&std::fs::read_to_string(&junit).unwrap_or_default()));
    Ok(end)
}

fn run_libtest(ws: &Workspace, whole: &[String], found: &mut Found) -> Result<End, String> {
    let mut command = cargo(&ws.root);
    command.args(["test", "--lib", "--bins", "--tests", "--profile", "ci", "--no-fail-fast"]).args(whole);
    let (end, text) = tee(command.args(tools::locked()).args(["--", "--nocapture"]))?;
    found.add(libtest_counts(&text));
    found.unproved.extend(self_skipped(&text));
    Ok(end)
}

fn run_doc_tests(ws: &Workspace, found: &mut Found) -> Result<End, String> {
    let with: Vec<&Member> = ws.members.iter().filter(|m| m.has("lib") && has_doc_tests(&m.dir.join("src"))).collect();
    if with.is_empty() {
        return Ok(End::Skipped("no library has any".into()));
    }
    let mut command = cargo(&ws.root);
    command.args(["test", "--doc", "--profile", "ci", "--no-fail-fast"]).args(tools::locked());
    command.args(with.iter().flat_map(|m| ["--package", m.name.as_str()]));
    let (end, text) = tee(&mut command)?;
    found.add(libtest_counts(&text));
    Ok(end)
}

fn remove_if_there(path: &Path) -> Result<(), String> {
    match std::fs::remove_file(path) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(format!("cannot remove {}: {e}", path.display())),
        _ => Ok(()),
    }
}

/// Whether a source file below `dir` has a Rust example in its documentation.
fn has_doc_tests(dir: &Path) -> bool {
    let Ok(entries) = std::fs::read_dir(dir) else { return false };
    entries.flatten().map(|e| e.path()).any(|path| {
        if path.is_dir() {
            return has_doc_tests(&path);
        }
        let is_rust = path.extension().is_some_and(|e| e == "rs");
        is_rust && std::fs::read_to_string(&path).is_ok_and(|text| has_example(&text))
    })
}

/// Whether documentation in `source` opens a code block that rustdoc runs.
fn has_example(source: &str) -> bool {
    let mut open = false;
    for line in source.lines().map(str::trim_start) {
        let Some(line) = line.strip_prefix("///").or_else(|| line.strip_prefix("//!")) else {
            open = false;
            continue;
        };
        let Some(info) = line.trim_start().strip_prefix("```") else { continue };
        let runs = info.is_empty() || info.starts_with("rust") || info.starts_with("should_panic");
        if !open && runs {
            return true;
        }
        open = !open;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_blocks_that_rustdoc_runs_count_as_examples() {
        assert!(has_example("/// Adds.\n///\n/// ```\n/// assert_eq!(1 + 1, 2);\n/// ```\nfn add() {}"));
        assert!(has_example("//! ```rust\n//! ```"));
        assert!(!has_example("/// ```text\n/// a tree\n/// ```\nfn f() {}"));
        assert!(!has_example("let s = \"```\";\n// ```\n"));
    }
}
