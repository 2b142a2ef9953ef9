//! The tools a gate is made of, and getting the one that a toolchain lacks.

use crate::steps::{End, agreed, is_ci, show};
use crate::system::{has_webkit, succeeds};
use crate::workspace::{Workspace, cargo};
use std::path::Path;
use std::process::{Command, Stdio};

/// The version that `cargo xtask test` installs where there is none; any other that is there is used as it is.
const NEXTEST: &str = "0.9.143";

/// The version of the driver that the window's tests use; it fits Tauri 2.
const TAURI_DRIVER: &str = "2.1.0";

/// The package that needs WebKit.
pub const WINDOW: &str = "driftgate-desktop";

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

/// The packages that can be built here, as arguments: all, or all but the window where WebKit is absent.
pub fn everything() -> Vec<String> {
    let but = if has_webkit() { &[][..] } else { &["--exclude", WINDOW] };
    ["--workspace"].iter().chain(but).map(|a| (*a).to_string()).collect()
}

/// Installs cargo-nextest where it is absent: without asking when told so or in CI, after a yes on a terminal, and not
/// at all where nobody can be asked. Returns why it is not there, or `None` when it is.
pub fn ensure_nextest(root: &Path, yes: bool) -> Result<Option<String>, String> {
    if has_nextest(root) {
        return Ok(None);
    }
    let what = format!("cargo install cargo-nextest --version {NEXTEST} --locked");
    if let Err(why) = agreed("cargo-nextest is not installed", &what, yes)? {
        return Ok(Some(why));
    }
    let mut command = cargo(root);
    command.args(["install", "cargo-nextest", "--version", NEXTEST, "--locked"]);
    match show(&mut command)? {
        End::Passed if has_nextest(root) => Ok(None),
        _ => Ok(Some(format!("`{what}` failed"))),
    }
}

/// Installs what only the window's tests use into `tools` of the target folder, where they look for it: the driver between
/// WebDriver and a Tauri window, and the accessibility checker. Returns why one is not there, or `None`.
pub fn ensure_window_tools(ws: &Workspace, yes: bool) -> Result<Option<String>, String> {
    let home = ws.target_dir.join("tools");
    let driver = ensure_driver(&ws.root, &home, yes)?;
    let axe = ensure_axe(&ws.root, &home, yes)?;
    Ok(driver.or(axe))
}

fn ensure_driver(root: &Path, home: &Path, yes: bool) -> Result<Option<String>, String> {
    let file = home.join("bin").join(format!("tauri-driver{}", std::env::consts::EXE_SUFFIX));
    // Which version lies there is the record of `cargo install`.
    let record = std::fs::read_to_string(home.join(".crates.toml")).unwrap_or_default();
    if file.exists() && record.contains(&format!("\"tauri-driver {TAURI_DRIVER} ")) {
        return Ok(None);
    }
    let what = format!("cargo install tauri-driver --version {TAURI_DRIVER} --locked");
    if let Err(why) = agreed("tauri-driver is not installed", &what, yes)? {
        return Ok(Some(why));
    }
    let mut command = cargo(root);
    // A dev build is done in half the time, and the driver waits for the window anyway.
    command.args(["install", "tauri-driver", "--version", TAURI_DRIVER, "--locked", "--debug", "--quiet", "--root"]);
    command.arg(home).env("CARGO_TARGET_DIR", home.join("build"));
    let end = show(&mut command)?;
    let _ = std::fs::remove_dir_all(home.join("build"));
    Ok(if end == End::Passed && file.exists() { None } else { Some(format!("`{what}` failed")) })
}

/// `npm ci` proves the bytes against the digest in `xtask/axe/package-lock.json`.
fn ensure_axe(root: &Path, home: &Path, yes: bool) -> Result<Option<String>, String> {
    let from = root.join("xtask/axe");
    let to = home.join("axe");
    let lock = |dir: &Path| std::fs::read(dir.join("package-lock.json")).ok();
    if to.join("node_modules/axe-core/axe.min.js").exists() && lock(&to) == lock(&from) {
        return Ok(None);
    }
    if !succeeds(Command::new("npm").arg("--version")) {
        let why = crate::system::ensure(root, &["npm"], yes)?;
        if let Some(why) = why {
            return Ok(Some(format!("axe-core comes through npm, which is not here: {why}")));
        }
    }
    std::fs::create_dir_all(&to).map_err(|e| format!("cannot make {}: {e}", to.display()))?;
    for file in ["package.json", "package-lock.json"] {
        std::fs::copy(from.join(file), to.join(file)).map_err(|e| format!("cannot copy xtask/axe/{file}: {e}"))?;
    }
    let mut command = Command::new("npm");
    command.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(&to).stdin(Stdio::null());
    if show(&mut command)? == End::Passed {
        return Ok(None);
    }
    let _ = std::fs::remove_dir_all(&to);
    Ok(Some("npm could not fetch axe-core".into()))
}
