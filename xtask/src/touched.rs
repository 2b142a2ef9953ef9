//! Which members a change touches: changed files, changed locked packages, changed workspace dependencies.

use crate::tools::WINDOW;
use crate::workspace::Workspace;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

/// What a change touches.
#[derive(Debug, PartialEq, Eq)]
pub enum Touched {
    /// Everything, since this file holds for all.
    All(String),
    /// These packages, other people's included.
    Packages(BTreeSet<String>),
}

/// Folders that hold no code but feed the tests of these packages.
const FEEDS: [(&str, &[&str]); 4] = [
    ("configs/", &["driftgate-config", "driftgate-demo", "driftgate-session", "driftgate"]),
    ("data/", &["driftgate-data", "driftgate-demo", "driftgate-session", "driftgate"]),
    ("docs/", &["driftgate-config", "driftgate"]),
    ("README.md", &["driftgate"]),
];

/// The window's end-to-end tests and what feeds them; the rest of `tests/` is the command's.
const WINDOW_TESTS: &str = "tests/window";

/// Files that change how every member is built or judged.
const SHARED: [&str; 4] = [".cargo/", "clippy.toml", "rustfmt.toml", "rust-toolchain.toml"];

fn git(root: &Path, args: &[&str]) -> Result<String, String> {
    let output =
        Command::new("git").current_dir(root).args(args).output().map_err(|e| format!("cannot run git: {e}"))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(format!("`git {}` failed: {}", args.join(" "), String::from_utf8_lossy(&output.stderr).trim()))
    }
}

/// The files that differ from `base`, and those git does not know yet; paths from the root, with `/`.
pub fn changed_files(root: &Path, base: &str) -> Result<Vec<String>, String> {
    let changed = git(root, &["diff", "--name-only", "--no-renames", "--relative", "-z", base, "--"])?;
    let untracked = git(root, &["ls-files", "-z", "--others", "--exclude-standard"])?;
    let files: BTreeSet<&str> = changed.split('\0').chain(untracked.split('\0')).filter(|f| !f.is_empty()).collect();
    Ok(files.into_iter().map(String::from).collect())
}

/// What the change from `base` to the files on disk touches.
pub fn touched(ws: &Workspace, base: &str, files: &[String]) -> Result<Touched, String> {
    let mut packages = BTreeSet::new();
    for file in files {
        if SHARED.iter().any(|s| file == s || (s.ends_with('/') && file.starts_with(s))) {
            return Ok(Touched::All(file.clone()));
        }
        if file == "Cargo.lock" || file == "Cargo.toml" {
            let before = git(&ws.root, &["show", &format!("{base}:./{file}")]).unwrap_or_default();
            let after = std::fs::read_to_string(ws.root.join(file)).unwrap_or_default();
            let found = if file == "Cargo.lock" {
                Some(changed_locked(&before, &after))
            } else {
                changed_dependencies(&before, &after)
            };
            match found {
                Some(names) => packages.extend(names),
                None => return Ok(Touched::All(file.clone())),
            }
        }
        packages.extend(owners(ws, file));
    }
    Ok(Touched::Packages(packages))
}

/// The members that a file belongs to or feeds.
fn owners(ws: &Workspace, file: &str) -> BTreeSet<String> {
    let path = ws.root.join(file);
    let mut out = BTreeSet::new();
    for member in &ws.members {
        // A test target may lie outside its member's folder (`tests/` in the root); its neighbours are its fixtures.
        let owns_neighbour = member
            .targets
            .iter()
            .filter(|t| !t.source.starts_with(&member.dir))
            .filter_map(|t| t.source.parent())
            .any(|folder| folder != ws.root && path.starts_with(folder));
        let is_the_other_front =
            file.starts_with("tests/") && (member.name == WINDOW) != file.starts_with(WINDOW_TESTS);
        if path.starts_with(&member.dir) || (owns_neighbour && !is_the_other_front) {
            out.insert(member.name.clone());
        }
    }
    for (prefix, names) in FEEDS {
        if file.starts_with(prefix) {
            let known = names.iter().filter(|n| ws.members.iter().any(|m| m.name == **n));
            out.extend(known.map(|n| (*n).to_string()));
        }
    }
    out
}

/// The names of other people's packages of which `after` locks a version that `before` does not.
///
/// A member's own entry follows its manifest, which is a changed file already; a version that went away is used by nobody
/// any more; and the lists of dependencies are respelt whenever a second version of something comes or goes.
fn changed_locked(before: &str, after: &str) -> BTreeSet<String> {
    let field = |entry: &str, key: &str| entry.lines().find_map(|l| l.strip_prefix(key)).map(str::to_string);
    let versions = |text: &str| -> BTreeSet<(String, Option<String>, Option<String>)> {
        let entries = text.split("[[package]]").skip(1).filter(|e| e.contains("\nsource = "));
        entries.filter_map(|e| Some((field(e, "name = ")?, field(e, "version = "), field(e, "checksum = ")))).collect()
    };
    versions(after).difference(&versions(before)).map(|(name, ..)| name.trim_matches('"').to_string()).collect()
}

/// The names of the workspace dependencies that differ between two root manifests; `None` where anything else does.
///
/// Read line by line, since a dependency takes one line there: a new one touches nobody until a member's own manifest
/// names it, so members, comments and blank lines do not count as anything else.
fn changed_dependencies(before: &str, after: &str) -> Option<BTreeSet<String>> {
    let lines = |text: &str| {
        let mut section = String::new();
        let mut dependencies = BTreeMap::new();
        let mut rest = BTreeSet::new();
        for line in text.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#')) {
            if line.starts_with('[') {
                section = line.to_string();
            } else if section == "[workspace.dependencies]" {
                let name = line.split('=').next().unwrap_or_default().trim().to_string();
                dependencies.insert(name, line.to_string());
            } else {
                let entry = line.split('#').next().unwrap_or_default().trim().trim_end_matches(',').to_string();
                rest.insert((section.clone(), entry));
            }
        }
        (dependencies, rest)
    };
    let ((before, rest_before), (after, rest_after)) = (lines(before), lines(after));
    if rest_before != rest_after {
        return None;
    }
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    Some(names.into_iter().filter(|n| before.get(*n) != after.get(*n)).cloned().collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use crate::workspace::tests::small;
    use crate::workspace::{Member, Target};

    fn names(set: BTreeSet<String>) -> Vec<String> {
        set.into_iter().collect()
    }

    #[test]
    fn a_file_belongs_to_the_member_whose_folder_or_test_it_is() {
        let ws = small();
        assert_eq!(names(owners(&ws, "crates/lib/src/a.rs")), ["lib"]);
        assert_eq!(names(owners(&ws, "tests/fixtures/x.csv")), ["app"]);
        assert_eq!(names(owners(&ws, "CHANGELOG.md")), Vec::<String>::new());
    }

    #[test]
    fn the_two_fronts_share_the_folder_of_tests_and_nothing_in_it() {
        let mut ws = small();
        let test = Target {
            name: "window_opens".into(),
            kinds: vec!["test".into()],
            source: "/w/tests/window_opens.rs".into(),
        };
        ws.members.push(Member { name: WINDOW.into(), dir: "/w/src-tauri".into(), targets: vec![test] });
        assert_eq!(names(owners(&ws, "tests/run.rs")), ["app"]);
        assert_eq!(names(owners(&ws, "tests/files/x.csv")), ["app"]);
        assert_eq!(names(owners(&ws, "tests/window_opens.rs")), [WINDOW]);
        assert_eq!(names(owners(&ws, "tests/window/page.js")), [WINDOW]);
        assert_eq!(names(owners(&ws, "src-tauri/build.rs")), [WINDOW]);
    }

    #[test]
    fn a_shared_file_touches_everything() {
        let files = ["crates/lib/src/a.rs".to_string(), "clippy.toml".to_string()];
        assert_eq!(touched(&small(), "HEAD", &files), Ok(Touched::All("clippy.toml".into())));
    }

    #[test]
    fn only_the_packages_whose_lock_entries_differ_are_touched() {
        let own = |name: &str, version: &str| format!("[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n\n");
        let entry = |name: &str, version: &str| format!("{}\nsource = \"registry\"\n\n", own(name, version).trim_end());
        let before = format!("version = 4\n\n{}{}{}", entry("a", "1.0.0"), entry("b", "1.0.0"), own("member", "1.0.0"));
        let after =
            format!("{}{}{}{}", entry("a", "1.0.0"), entry("b", "1.0.1"), entry("c", "0.1.0"), own("member", "2.0.0"));
        assert_eq!(names(changed_locked(&before, &after)), ["b", "c"]);
        assert!(changed_locked(&before, &before).is_empty());
        assert_eq!(names(changed_locked(&after, &before)), ["b"]);
    }

    #[test]
    fn a_changed_dependency_line_touches_its_package_and_a_changed_profile_touches_everything() {
        let manifest = |serde: &str, level: u8| {
            format!(
                "# story\n[workspace.dependencies]\nhex = \"=0.4.3\"\nserde = \"={serde}\"\n\n[profile.ci]\nopt-level = {level}\n"
            )
        };
        let before = manifest("1.0.0", 1);
        assert_eq!(changed_dependencies(&before, &manifest("1.0.1", 1)).map(names), Some(vec!["serde".to_string()]));
        assert_eq!(changed_dependencies(&before, &before.replace("# story\n", "")).map(names), Some(Vec::new()));
        assert_eq!(changed_dependencies(&before, &manifest("1.0.0", 2)), None);
    }
}
