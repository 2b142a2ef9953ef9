//! `cargo xtask oracles`: other people's code judges ours.
//!
//! Two kinds, both in Python from PyPI and needed by no build and no user: the scripts beside the golden files of the
//! crates (scikit-learn makes the values again), and `xtask/oracles/*.py` (a ledger's proofs, checked from its exported
//! bytes alone).

use crate::Outcome;
use crate::golden::{NO_LONGER_MADE, differences};
use crate::report::self_skipped;
use crate::steps::{End, Steps, show, tee};
use crate::workspace::{Workspace, cargo};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Runs every oracle.
pub fn oracles() -> Outcome {
    let ws = Workspace::load()?;
    let mut steps = Steps::default();
    let mut python = Err("the Python environment was not made".to_string());
    steps.run("python environment", || {
        python = environment(&ws)?;
        Ok(python.as_ref().map_or_else(|why| End::Skipped(why.clone()), |_| End::Passed))
    });
    match &python {
        Ok(python) => {
            run_golden(&ws, python, &mut steps);
            run_ledger(&ws, python, &mut steps);
        }
        Err(why) => {
            println!("SKIPPED: no foreign verifier ran: {why}");
        }
    }
    steps.finish("oracles", &ws.target_dir)?;
    Ok(steps.passed())
}

/// The Python of a virtual environment below the target folder that holds `requirements.txt`; the inner error says why
/// there can be none on this machine.
fn environment(ws: &Workspace) -> Result<Result<PathBuf, String>, String> {
    let requirements = ws.root.join("xtask/oracles/requirements.txt");
    let wanted = std::fs::read_to_string(&requirements).map_err(|e| format!("{}: {e}", requirements.display()))?;
    let home = ws.target_dir.join("oracles/venv");
    let python = home.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    let stamp = home.join("requirements.txt");
    if python.exists() && std::fs::read_to_string(&stamp).is_ok_and(|had| had == wanted) {
        return Ok(Ok(python));
    }
    let Some(system) = ["python3", "python"].into_iter().find(|p| runs(p)) else {
        return Ok(Err("Python 3 is not installed".into()));
    };
    if show(Command::new(system).args(["-m", "venv", "--clear"]).arg(&home))? != End::Passed {
        return Ok(Err(format!("`{system} -m venv` failed")));
    }
    let mut pip = Command::new(&python);
    pip.args(["-m", "pip", "install", "--quiet", "--only-binary", ":all:", "--requirement"]).arg(&requirements);
    if show(&mut pip)? != End::Passed {
        return Ok(Err("pip could not install xtask/oracles/requirements.txt".into()));
    }
    std::fs::write(&stamp, wanted).map_err(|e| format!("cannot write {}: {e}", stamp.display()))?;
    Ok(Ok(python))
}

fn runs(program: &str) -> bool {
    let version = ["-c", "import sys; sys.exit(sys.version_info < (3, 10))"];
    let status = Command::new(program).args(version).stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|s| s.success())
}

/// The `.py` files of a folder, sorted.
fn scripts(dir: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten().map(|e| e.path());
    let mut out: Vec<PathBuf> = entries.filter(|p| p.extension().is_some_and(|e| e == "py")).collect();
    out.sort();
    out
}

/// Makes the golden files of every crate again and compares them with the kept ones.
fn run_golden(ws: &Workspace, python: &Path, steps: &mut Steps) {
    for member in &ws.members {
        let kept = member.dir.join("tests/golden");
        for script in scripts(&kept) {
            // Scripts without a JSON file of their name make other fixtures, in place.
            if !script.with_extension("json").exists() {
                continue;
            }
            let stem = script.file_stem().map(|s| s.display().to_string()).unwrap_or_default();
            let made = ws.target_dir.join("oracles/golden").join(&member.name).join(&stem);
            steps.run(&format!("golden {}/{stem}", member.name), || {
                empty(&made)?;
                // One thread: sums of several come in any order.
                let mut command = Command::new(python);
                command.arg(&script).arg(&made).env("OMP_NUM_THREADS", "1").stdin(Stdio::null());
                let (end, text) = tee(&mut command)?;
                if end == End::Failed {
                    return Err(format!("{} failed", script.display()));
                }
                compare_folders(&kept, &made, &self_skipped(&text))
            });
        }
    }
}

fn empty(dir: &Path) -> Result<(), String> {
    if dir.exists() {
        std::fs::remove_dir_all(dir).map_err(|e| format!("cannot empty {}: {e}", dir.display()))?;
    }
    std::fs::create_dir_all(dir).map_err(|e| format!("cannot make {}: {e}", dir.display()))
}

fn read_json(path: &Path) -> Result<Value, String> {
    let bytes = std::fs::read(path).map_err(|e| format!("{}: {e}", path.display()))?;
    serde_json::from_slice(&bytes).map_err(|e| format!("{}: {e}", path.display()))
}

/// Compares every JSON file below `made` with the file of that name in `kept`. A script that makes none is at fault.
///
/// A script that lacks data leaves their values out and says so in a line `SKIPPED: …`; then values may be missing.
fn compare_folders(kept: &Path, made: &Path, skipped: &[String]) -> Result<End, String> {
    let entries = std::fs::read_dir(made).map_err(|e| format!("{}: {e}", made.display()))?;
    let mut files: Vec<PathBuf> = entries.flatten().map(|e| e.path()).collect();
    files.retain(|p| p.extension().is_some_and(|e| e == "json"));
    files.sort();
    if files.is_empty() {
        return Err("the script made no JSON file in the folder it was given".into());
    }
    let mut faults = 0;
    for file in files {
        let name = file.file_name().unwrap_or_default();
        let mut found = differences(&read_json(&kept.join(name))?, &read_json(&file)?);
        if !skipped.is_empty() {
            found.retain(|line| !line.ends_with(NO_LONGER_MADE));
        }
        for line in found.iter().take(20) {
            eprintln!("{}: {line}", name.display());
        }
        eprintln!("{}: {} differences", name.display(), found.len());
        faults += found.len();
    }
    Ok(if faults == 0 { End::Passed } else { End::Failed })
}

/// Runs every script of `xtask/oracles` over a workspace that the demo has just made.
fn run_ledger(ws: &Workspace, python: &Path, steps: &mut Steps) {
    let workspace = ws.target_dir.join("oracles/workspace");
    let program = ws.target_dir.join("ci").join(format!("driftgate{}", std::env::consts::EXE_SUFFIX));
    let made = steps.run("demo workspace", || {
        let mut build = cargo(&ws.root);
        // The very build of the tests: asking for the program alone would compile Polars anew with other features.
        build.args(["test", "--no-run", "--profile", "ci"]).args(crate::tools::everything());
        if show(build.args(crate::tools::locked()))? == End::Failed {
            return Err("driftgate does not build".into());
        }
        if workspace.exists() {
            std::fs::remove_dir_all(&workspace).map_err(|e| format!("cannot empty {}: {e}", workspace.display()))?;
        }
        show(Command::new(&program).args(["demo", "--quiet", "--dir"]).arg(&workspace).stdin(Stdio::null()))
    });
    if !made {
        return;
    }
    for script in scripts(&ws.root.join("xtask/oracles")) {
        let stem = script.file_stem().map(|s| s.display().to_string()).unwrap_or_default();
        steps.run(&format!("oracle {stem}"), || {
            show(Command::new(python).arg(&script).arg(&program).arg(&workspace).stdin(Stdio::null()))
        });
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn a_folder_of_golden_files_is_compared_file_by_file() {
        let dir = std::env::temp_dir().join(format!("xtask-golden-{}", std::process::id()));
        let (kept, made) = (dir.join("kept"), dir.join("made"));
        empty(&kept).unwrap();
        empty(&made).unwrap();
        assert!(compare_folders(&kept, &made, &[]).is_err(), "a script that makes nothing is at fault");
        std::fs::write(kept.join("a.json"), "{\"auc\": 0.5}").unwrap();
        std::fs::write(made.join("a.json"), "{\"auc\": 0.5000000000000001}").unwrap();
        assert_eq!(compare_folders(&kept, &made, &[]), Ok(End::Passed));
        std::fs::write(made.join("a.json"), "{\"auc\": 0.6}").unwrap();
        assert_eq!(compare_folders(&kept, &made, &[]), Ok(End::Failed));
        std::fs::write(made.join("a.json"), "{}").unwrap();
        assert_eq!(compare_folders(&kept, &made, &[]), Ok(End::Failed));
        assert_eq!(compare_folders(&kept, &made, &["no data".into()]), Ok(End::Passed));
        std::fs::write(made.join("b.json"), "{}").unwrap();
        assert!(compare_folders(&kept, &made, &[]).is_err(), "a file that is not kept is at fault");
        std::fs::remove_dir_all(&dir).unwrap();
    }
}
