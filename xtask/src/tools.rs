//! The tools a gate is made of, and getting the one that a toolchain lacks.

use crate::steps::{End, can_ask, is_ci, show};
use crate::workspace::cargo;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// The version that `cargo xtask test` installs where there is none; any other that is there is used as it is.
const NEXTEST: &str = "0.9.143";

fn answers(root: &Path, args: &[&str]) -> bool {
    let mut command = cargo(root);
    command.args(args).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|s| s.success())
}

/// Whether cargo-nextest is installed.
pub fn has_nextest(root: &Path) -> bool {
    answers(root, &["nextest", "--version"])
}

/// What a gate does without a component of the toolchain: nothing is fetched behind the person's back. A CI run fails.
fn lacking(component: &str) -> Result<End, String> {
    let why = format!("{component} is not installed; `rustup component add {component}` installs it");
    if is_ci() { Err(why) } else { Ok(End::Skipped(why)) }
}

/// `cargo fmt --check` of the packages that `selected` names, or of all.
pub fn format(root: &Path, selected: &[String]) -> Result<End, String> {
    if !answers(root, &["fmt", "--version"]) {
        return lacking("rustfmt");
    }
    let everything = if selected.is_empty() { &["--all"][..] } else { &[] };
    show(cargo(root).arg("fmt").args(everything).args(selected).arg("--check"))
}

/// Clippy over all targets, warnings denied.
pub fn clippy(root: &Path, selected: &[String]) -> Result<End, String> {
    if !answers(root, &["clippy", "--version"]) {
        return lacking("clippy");
    }
    let mut command = cargo(root);
    command.args(["clippy", "--profile", "ci", "--all-targets"]).args(locked()).args(selected);
    show(command.args(["--", "-D", "warnings"]))
}

/// Builds what [`nextest`] runs, so that both are timed apart.
pub fn nextest_build(root: &Path, selected: &[String]) -> Command {
    let mut command = cargo(root);
    command.args(["nextest", "run", "--no-run", "--cargo-profile", "ci"]).args(locked()).args(selected);
    command
}

/// The nextest command over the packages that `selected` names.
pub fn nextest(root: &Path, selected: &[String]) -> Command {
    let mut command = cargo(root);
    command.args(["nextest", "run", "--cargo-profile", "ci", "--no-fail-fast"]);
    command.args(locked()).args(selected);
    command
}

/// A CI run proves that the committed lock file fits the manifests.
pub fn locked() -> &'static [&'static str] {
    if is_ci() { &["--locked"] } else { &[] }
}

/// Installs cargo-nextest where it is absent: without asking when told so or in CI, after a yes on a terminal, and not
/// at all where nobody can be asked. Returns why it is not there, or `None` when it is.
pub fn ensure_nextest(root: &Path, yes: bool) -> Result<Option<String>, String> {
    if has_nextest(root) {
        return Ok(None);
    }
    let what = format!("cargo install cargo-nextest --version {NEXTEST} --locked");
    if !(yes || is_ci()) {
        if !can_ask() {
            return Ok(Some(format!("cargo-nextest is not installed and nobody can be asked; `{what}` installs it")));
        }
        eprint!("cargo-nextest is not installed. Run `{what}`? It takes a few minutes. [y/N] ");
        std::io::stderr().flush().map_err(|e| format!("cannot ask: {e}"))?;
        let mut answer = String::new();
        std::io::stdin().read_line(&mut answer).map_err(|e| format!("cannot read the answer: {e}"))?;
        if !matches!(answer.trim(), "y" | "Y" | "yes") {
            return Ok(Some("cargo-nextest is not installed and was declined".into()));
        }
    }
    eprintln!("running `{what}`");
    let mut command = cargo(root);
    command.args(["install", "cargo-nextest", "--version", NEXTEST, "--locked"]);
    match show(&mut command)? {
        End::Passed if has_nextest(root) => Ok(None),
        _ => Ok(Some(format!("`{what}` failed"))),
    }
}
