//! `cargo xtask ui`: the window's front end, from Rust to what the desktop binary embeds (`ui/dist`).

use crate::Outcome;
use crate::steps::{End, Steps, show};
use crate::tools::locked;
use crate::wasm::{self, Compiler};
use crate::workspace::{Workspace, cargo};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The library's name, and so that of the files that wasm-bindgen writes.
const NAME: &str = "driftgate_ui";

/// What lies in `ui/` and is no part of the page.
const SOURCES: [&str; 7] = ["Cargo.toml", "build.rs", "src", "tests", "dist", "dist.new", "dist.old"];

/// Builds the front end.
pub fn ui() -> Outcome {
    let ws = Workspace::load()?;
    let mut steps = Steps::default();
    steps.run("front end", || build(&ws));
    steps.finish("ui", &ws.target_dir)?;
    Ok(steps.passed())
}

/// The folder that the desktop binary embeds.
fn dist(ws: &Workspace) -> PathBuf {
    ws.root.join("ui/dist")
}

/// Compiles the front end, binds it and puts `ui/dist` together. Files whose bytes are the same stay as they are, and where
/// all are, nothing is touched: the desktop binary is then not built anew.
pub fn build(ws: &Workspace) -> Result<End, String> {
    build_with(ws, &wasm::compiler(&ws.root)?)
}

/// As [`build`], with a compiler that was found before.
pub fn build_with(ws: &Workspace, rustc: &Compiler) -> Result<End, String> {
    let target = ws.target_dir.join("ui");
    let compiled = show(&mut compile(ws, &target, rustc)?)?;
    if compiled != End::Passed {
        return Ok(compiled);
    }
    let wasm = target.join(wasm::TARGET).join("wasm").join(format!("{NAME}.wasm"));
    let new = dist(ws).with_extension("new");
    empty(&new)?;
    let mut bind = cargo(&ws.root);
    bind.args(["run", "--quiet", "--profile", "ci", "--package", "xtask-bindgen"]).args(locked());
    let bound = show(bind.arg("--").arg(&wasm).arg(&new))?;
    if bound != End::Passed {
        return Ok(bound);
    }
    add_static_files(&ws.root.join("ui"), &new)?;
    complete(&new)?;
    ws.no_machine_path(&new.join(format!("{NAME}_bg.wasm")))?;
    let changed = replace(&dist(ws), &new)?;
    println!("{}", sizes(&dist(ws), changed));
    Ok(End::Passed)
}

/// The cargo command that compiles `ui` for wasm32, apart from the host's build, whose compiler may be another one.
fn compile(ws: &Workspace, target: &Path, rustc: &Compiler) -> Result<Command, String> {
    let mut command = cargo(&ws.root);
    command.args(["build", "--package", "driftgate-ui", "--target", wasm::TARGET, "--profile", "wasm"]).args(locked());
    command.arg("--target-dir").arg(target);
    if let Some(rustc) = rustc {
        command.env("RUSTC", rustc);
    }
    // Views without their endless types: Leptos compiles several times as fast, and to less.
    ws.hide_machine_paths(&mut command, &["--cfg", "erase_components"])?;
    Ok(command)
}

/// Copies what lies in `ui/` and is no source: `index.html`, `boot.js`, `style/`, …
fn add_static_files(ui: &Path, to: &Path) -> Result<(), String> {
    for entry in entries(ui)? {
        let name = entry.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        if !SOURCES.contains(&name.as_str()) && !name.starts_with('.') && !name.ends_with(".md") {
            copy(&entry, &to.join(name))?;
        }
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<(), String> {
    if !from.is_dir() {
        return std::fs::copy(from, to).map(|_| ()).map_err(|e| format!("cannot copy {}: {e}", from.display()));
    }
    std::fs::create_dir_all(to).map_err(|e| format!("cannot make {}: {e}", to.display()))?;
    for entry in entries(from)? {
        copy(&entry, &to.join(entry.file_name().unwrap_or_default()))?;
    }
    Ok(())
}

/// Whether all that a page needs is there: it loads a script of its own, since the security policy forbids inline ones.
fn complete(new: &Path) -> Result<(), String> {
    let page = new.join("index.html");
    let text = std::fs::read_to_string(&page).map_err(|e| format!("cannot read {}: {e}", page.display()))?;
    if !text.contains("<base href=\"/\"") {
        return Err("ui/index.html has no <base href=\"/\">, and its routes would load nothing".into());
    }
    for (i, _) in text.match_indices("<script") {
        let tag = text[i..].split('>').next().unwrap_or_default();
        let source = tag.split("src=\"").nth(1).and_then(|s| s.split('"').next());
        let source = source.ok_or("ui/index.html has an inline script, which the security policy forbids")?;
        if !new.join(source.trim_start_matches('/')).exists() {
            return Err(format!("ui/index.html loads {source}, which is not there"));
        }
    }
    Ok(())
}

/// Puts `new` in the place of `old`; whether anything differs. A file that is the same keeps its time.
fn replace(old: &Path, new: &Path) -> Result<bool, String> {
    let (had, has) = (files(old)?, files(new)?);
    let mut differs = had != has;
    for file in &has {
        if same(&old.join(file), &new.join(file)) {
            let time = std::fs::metadata(old.join(file)).and_then(|m| m.modified());
            let keep = time.and_then(|t| std::fs::File::options().append(true).open(new.join(file))?.set_modified(t));
            keep.map_err(|e| format!("cannot keep the time of {}: {e}", file.display()))?;
        } else {
            differs = true;
        }
    }
    if !differs {
        empty(new)?;
        std::fs::remove_dir(new).map_err(|e| format!("cannot remove {}: {e}", new.display()))?;
        return Ok(false);
    }
    let aside = old.with_extension("old");
    empty(&aside)?;
    std::fs::remove_dir(&aside).map_err(|e| format!("cannot remove {}: {e}", aside.display()))?;
    if old.exists() {
        std::fs::rename(old, &aside).map_err(|e| format!("cannot move {}: {e}", old.display()))?;
    }
    std::fs::rename(new, old).map_err(|e| format!("cannot move {}: {e}", new.display()))?;
    let _ = std::fs::remove_dir_all(&aside);
    Ok(true)
}

fn same(a: &Path, b: &Path) -> bool {
    let (a, b) = (std::fs::read(a), std::fs::read(b));
    a.ok().zip(b.ok()).is_some_and(|(a, b)| a == b)
}

/// The files below a folder, as paths seen from it; none where it is absent.
fn files(folder: &Path) -> Result<BTreeSet<PathBuf>, String> {
    let mut out = BTreeSet::new();
    let mut queue = vec![folder.to_path_buf()];
    while let Some(dir) = queue.pop().filter(|d| d.exists()) {
        for entry in entries(&dir)? {
            if entry.is_dir() {
                queue.push(entry);
            } else if let Ok(path) = entry.strip_prefix(folder) {
                out.insert(path.to_path_buf());
            }
        }
    }
    Ok(out)
}

/// What lies in a folder, sorted.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let read = std::fs::read_dir(folder).and_then(|d| d.map(|e| e.map(|e| e.path())).collect::<Result<Vec<_>, _>>());
    let mut out = read.map_err(|e| format!("cannot list {}: {e}", folder.display()))?;
    out.sort();
    Ok(out)
}

/// Makes a folder, or empties the one that is there.
fn empty(folder: &Path) -> Result<(), String> {
    if folder.exists() {
        std::fs::remove_dir_all(folder).map_err(|e| format!("cannot remove {}: {e}", folder.display()))?;
    }
    std::fs::create_dir_all(folder).map_err(|e| format!("cannot make {}: {e}", folder.display()))
}

/// One line: how large the front end is, as it is and as a browser would fetch it.
fn sizes(dist: &Path, changed: bool) -> String {
    let wasm = dist.join(format!("{NAME}_bg.wasm"));
    let raw = std::fs::metadata(&wasm).map(|m| m.len()).unwrap_or(0);
    let gzip = Command::new("gzip").args(["-9", "--stdout", "--no-name"]).arg(&wasm).output();
    let gzipped = match gzip {
        Ok(output) if output.status.success() => format!("{} B gzipped", output.stdout.len()),
        _ => "gzip is not here to say how much of it remains".into(),
    };
    let what = if changed { "is new" } else { "was up to date" };
    format!("{} {what}: wasm {raw} B, {gzipped}", dist.display())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use std::time::{Duration, SystemTime};

    /// A folder of this test's own, with `dist` and `dist.new` in it.
    fn folder(name: &str) -> (PathBuf, PathBuf, PathBuf) {
        let dir = std::env::temp_dir().join(format!("xtask-ui-{name}-{}", std::process::id()));
        empty(&dir.join("dist/style")).unwrap();
        empty(&dir.join("dist.new/style")).unwrap();
        (dir.clone(), dir.join("dist"), dir.join("dist.new"))
    }

    #[test]
    fn what_is_the_same_keeps_its_time() {
        let (dir, old, new) = folder("same");
        let earlier = SystemTime::now() - Duration::from_secs(1000);
        for file in ["index.html", "style/a.css"] {
            std::fs::write(old.join(file), "x").unwrap();
            std::fs::File::options().append(true).open(old.join(file)).unwrap().set_modified(earlier).unwrap();
            std::fs::write(new.join(file), "x").unwrap();
        }
        let time = |file: &str| std::fs::metadata(old.join(file)).unwrap().modified().unwrap();
        assert_eq!(replace(&old, &new), Ok(false));
        assert!(!new.exists());
        assert_eq!(time("style/a.css"), earlier);

        empty(&new.join("style")).unwrap();
        std::fs::write(new.join("index.html"), "x").unwrap();
        std::fs::write(new.join("style/a.css"), "y").unwrap();
        assert_eq!(replace(&old, &new), Ok(true));
        assert_eq!(time("index.html"), earlier);
        assert!(time("style/a.css") > earlier);
        assert_eq!(files(&dir).unwrap().len(), 2, "nothing is left beside it");

        empty(&new).unwrap();
        std::fs::write(new.join("index.html"), "x").unwrap();
        assert_eq!(replace(&old, &new), Ok(true), "a file that went away is a difference");
        std::fs::remove_dir_all(&dir).unwrap();
    }

    #[test]
    fn sources_are_not_part_of_the_page() {
        let (dir, ui, out) = folder("static");
        for file in ["Cargo.toml", "index.html", "README.md", ".hidden", "style/a.css"] {
            std::fs::write(ui.join(file), "x").unwrap();
        }
        add_static_files(&ui, &out).unwrap();
        assert_eq!(files(&out).unwrap(), BTreeSet::from(["index.html".into(), "style/a.css".into()]));
        std::fs::remove_dir_all(&dir).unwrap();
    }

    #[test]
    fn a_page_that_could_not_load_is_refused() {
        let (dir, _, new) = folder("page");
        let with = |page: &str| {
            std::fs::write(new.join("index.html"), page).unwrap();
            complete(&new)
        };
        std::fs::write(new.join("boot.js"), "").unwrap();
        let base = "<base href=\"/\">";
        assert_eq!(with(&format!("{base}<script type=\"module\" src=\"/boot.js\"></script>")), Ok(()));
        assert!(with("<script type=\"module\" src=\"/boot.js\"></script>").unwrap_err().contains("<base"));
        assert!(with(&format!("{base}<script>alert(1)</script>")).unwrap_err().contains("inline"));
        assert!(with(&format!("{base}<script src=\"/absent.js\"></script>")).unwrap_err().contains("/absent.js"));
        std::fs::remove_dir_all(&dir).unwrap();
    }
}
