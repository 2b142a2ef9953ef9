//! `cargo xtask app` and `cargo xtask screenshots`: the window, opened and pictured.

use crate::steps::{End, Steps, show};
use crate::workspace::{Workspace, cargo};
use crate::{Outcome, system, tools, ui};
use std::path::{Path, PathBuf};
use std::process::Command;

/// What the window and the command are called where cargo puts them.
pub const PROGRAMS: [&str; 2] = [tools::WINDOW, "driftgate"];

/// Sets up what is lacking, builds the window and opens it with `args`.
pub fn app(yes: bool, args: &[String]) -> Outcome {
    let ws = Workspace::load()?;
    let mut steps = Steps::default();
    steps.run("system packages", || system::step(&ws.root, &system::BUILD, yes));
    if !system::has_webkit() {
        return Err("the window needs WebKitGTK 4.1, which is not here".into());
    }
    if !steps.run("front end", || ui::build(&ws)) || !steps.run("window", || build_programs(&ws, "release", false)) {
        return Ok(false);
    }
    let program = program(&ws, "release", tools::WINDOW);
    eprintln!("\nopening {}", program.display());
    Ok(show(Command::new(&program).args(args))? == End::Passed)
}

/// Networks on the local graphics card, in what people run every day; the checks build without, since it is long to build.
const GPU: [&str; 2] = ["--features", "driftgate/gpu,driftgate-desktop/gpu"];

/// Builds window and command together: each alone would compile what both use with features of its own. Profile `ci` is
/// built as the tests build it, for the same reason. What is `shipped` names no folder of this machine.
pub fn build_programs(ws: &Workspace, profile: &str, shipped: bool) -> Result<End, String> {
    let mut command = cargo(&ws.root);
    command.args(["build", "--profile", profile, "--target-dir"]).arg(&ws.target_dir).args(tools::locked());
    match profile {
        "ci" => command.args(["--workspace", "--all-targets"]),
        _ => command.args(PROGRAMS.iter().flat_map(|p| ["--package", p])).args(GPU),
    };
    if shipped {
        ws.hide_machine_paths(&mut command, &[])?;
    }
    show(&mut command)
}

/// Where cargo puts a program.
pub fn program(ws: &Workspace, profile: &str, name: &str) -> PathBuf {
    ws.target_dir.join(profile).join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
}

/// Pictures every screen of the window in both themes, in place of the pictures that are there.
pub fn screenshots(yes: bool) -> Outcome {
    let ws = Workspace::load()?;
    let folder = ws.root.join("docs/screenshots/window");
    let mut steps = Steps::default();
    let packages = [&system::BUILD[..], &system::TEST].concat();
    let ready = steps.run("system packages", || must(system::ensure(&ws.root, &packages, yes)?))
        && steps.run("tools", || {
            must(tools::ensure_nextest(&ws.root, yes)?)?;
            must(tools::ensure_window_tools(&ws, yes)?)
        })
        && steps.run("front end", || ui::build(&ws));
    if ready {
        steps.run("screenshots", || {
            remove_pictures(&folder)?;
            let mut command = tools::nextest(&ws.root, &["--workspace".to_string()]);
            command.args(["--test", "window_screenshots", "--run-ignored", "only", "--no-capture"]);
            show(command.env("DRIFTGATE_SCREENSHOTS", &folder))
        });
    }
    steps.finish("screenshots", &ws.target_dir)?;
    Ok(steps.passed())
}

/// A step that nothing can go on without.
fn must(lacking: Option<String>) -> Result<End, String> {
    lacking.map_or(Ok(End::Passed), Err)
}

/// A screen that no longer exists leaves no picture behind.
fn remove_pictures(folder: &Path) -> Result<(), String> {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten().map(|e| e.path()) {
        if entry.extension().is_some_and(|e| e == "png") {
            std::fs::remove_file(&entry).map_err(|e| format!("cannot remove {}: {e}", entry.display()))?;
        }
    }
    Ok(())
}
