//! The workspace as `cargo metadata` knows it: members, their targets, who depends on whom.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A target of a member: library, binary, test or benchmark.
pub struct Target {
    /// Its name.
    pub name: String,
    /// `lib`, `bin`, `test`, `bench`, …
    pub kinds: Vec<String>,
    /// Its first source file.
    pub source: PathBuf,
}

/// A package of the workspace.
pub struct Member {
    /// Its name.
    pub name: String,
    /// Its folder.
    pub dir: PathBuf,
    /// Its targets.
    pub targets: Vec<Target>,
}

impl Member {
    /// Whether it has a target of that kind.
    pub fn has(&self, kind: &str) -> bool {
        self.targets.iter().any(|t| t.kinds.iter().any(|k| k == kind))
    }
}

/// The workspace and its graph of dependencies.
pub struct Workspace {
    /// The folder of the root manifest.
    pub root: PathBuf,
    /// Where cargo builds.
    pub target_dir: PathBuf,
    /// Its packages, in the manifest's order.
    pub members: Vec<Member>,
    /// Direct dependencies by package name, other people's packages included, dev-dependencies too.
    uses: BTreeMap<String, BTreeSet<String>>,
}

/// The folder of the root manifest: the parent of this package's own.
pub fn root() -> PathBuf {
    let own = std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
    own.parent().map_or_else(|| own.clone(), Path::to_path_buf)
}

/// Where cargo keeps the sources of other people's packages.
fn registry_sources() -> Result<PathBuf, String> {
    let set = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    let home = || set("HOME").or_else(|| set("USERPROFILE"));
    let cargo_home = set("CARGO_HOME").or_else(|| Some(home()?.join(".cargo")));
    let cargo_home = cargo_home.ok_or("there is no home folder: set CARGO_HOME or HOME")?;
    Ok(cargo_home.join("registry").join("src"))
}

/// The `cargo` that runs this program, in the root folder, without what `cargo run` put into the environment.
pub fn cargo(root: &Path) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root).env("RUSTUP_AUTO_INSTALL", "0");
    for (name, _) in std::env::vars_os() {
        let Some(name) = name.to_str() else { continue };
        if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") {
            command.env_remove(name);
        }
    }
    command
}

impl Workspace {
    /// The same workspace, built in a folder of its own below the target folder.
    pub fn built_in(mut self, folder: &str) -> Self {
        self.target_dir.push(folder);
        self
    }

    /// Sets what keeps the folders of this machine out of panic messages: whatever is shipped names none. cargo itself
    /// names the files of the workspace as seen from its root.
    pub fn hide_machine_paths(&self, command: &mut Command, more: &[&str]) -> Result<(), String> {
        let mut flags = vec![format!("--remap-path-prefix={}=/deps", registry_sources()?.display())];
        flags.extend(more.iter().map(ToString::to_string));
        command.env_remove("RUSTFLAGS").env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"));
        Ok(())
    }

    /// Refuses a file in which a folder of this machine is named.
    pub fn no_machine_path(&self, file: &Path) -> Result<(), String> {
        let bytes = std::fs::read(file).map_err(|e| format!("cannot read {}: {e}", file.display()))?;
        let text = String::from_utf8_lossy(&bytes);
        for path in [&self.root, &self.target_dir, &registry_sources()?] {
            if let Some(at) = text.find(&*path.to_string_lossy()) {
                let what: String = text[at..].chars().take(120).collect();
                return Err(format!("{} names a folder of this machine: {what}", file.display()));
            }
        }
        Ok(())
    }

    /// Asks `cargo metadata`.
    pub fn load() -> Result<Self, String> {
        let root = root();
        let output = cargo(&root)
            .args(["metadata", "--format-version", "1", "--quiet"])
            .output()
            .map_err(|e| format!("cannot run cargo: {e}"))?;
        if !output.status.success() {
            return Err(format!("`cargo metadata` failed:\n{}", String::from_utf8_lossy(&output.stderr)));
        }
        let value = serde_json::from_slice(&output.stdout)
            .map_err(|e| format!("`cargo metadata` wrote what is not JSON: {e}"))?;
        Self::from_metadata(&value).ok_or_else(|| "`cargo metadata` wrote JSON of an unknown shape".into())
    }

    /// Reads the JSON of `cargo metadata --format-version 1`.
    pub fn from_metadata(value: &Value) -> Option<Self> {
        let member_ids: Vec<&str> = value["workspace_members"].as_array()?.iter().filter_map(Value::as_str).collect();
        let packages = value["packages"].as_array()?;
        let names: BTreeMap<&str, &str> =
            packages.iter().filter_map(|p| Some((p["id"].as_str()?, p["name"].as_str()?))).collect();
        let members = member_ids
            .iter()
            .map(|id| packages.iter().find(|p| p["id"].as_str() == Some(id)).and_then(member))
            .collect::<Option<Vec<_>>>()?;
        let mut uses: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for node in value["resolve"]["nodes"].as_array()? {
            let name = names.get(node["id"].as_str()?)?;
            let direct = uses.entry((*name).to_string()).or_default();
            for id in node["dependencies"].as_array()?.iter().filter_map(Value::as_str) {
                direct.insert((*names.get(id)?).to_string());
            }
        }
        Some(Workspace {
            root: value["workspace_root"].as_str()?.into(),
            target_dir: value["target_directory"].as_str()?.into(),
            members,
            uses,
        })
    }

    /// The members that are one of `names` or depend on one of them, directly or not, in the manifest's order.
    pub fn dependents(&self, names: &BTreeSet<String>) -> Vec<&Member> {
        self.members.iter().filter(|m| self.reaches(&m.name, names)).collect()
    }

    fn reaches(&self, from: &str, names: &BTreeSet<String>) -> bool {
        let mut seen = BTreeSet::new();
        let mut queue = vec![from];
        while let Some(name) = queue.pop() {
            if names.contains(name) {
                return true;
            }
            if seen.insert(name) {
                queue.extend(self.uses.get(name).into_iter().flatten().map(String::as_str));
            }
        }
        false
    }
}

fn member(package: &Value) -> Option<Member> {
    let targets = package["targets"]
        .as_array()?
        .iter()
        .map(|t| {
            let kinds = t["kind"].as_array()?.iter().filter_map(Value::as_str).map(String::from).collect();
            Some(Target { name: t["name"].as_str()?.into(), kinds, source: t["src_path"].as_str()?.into() })
        })
        .collect::<Option<Vec<_>>>()?;
    let dir = Path::new(package["manifest_path"].as_str()?).parent()?.to_path_buf();
    Some(Member { name: package["name"].as_str()?.into(), dir, targets })
}

#[cfg(test)]
pub mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use serde_json::json;

    /// `app` uses `lib`, `lib` uses the foreign `serde`; `lone` uses nothing. `app` owns `/w/tests/run.rs`.
    pub fn small() -> Workspace {
        let package = |name: &str, kind: &str, extra: Option<&str>| {
            let mut targets =
                vec![json!({"name": name, "kind": [kind], "src_path": format!("/w/crates/{name}/src/{kind}.rs")})];
            targets.extend(extra.map(|path| json!({"name": "run", "kind": ["test"], "src_path": path})));
            json!({"id": name, "name": name, "manifest_path": format!("/w/crates/{name}/Cargo.toml"), "targets": targets})
        };
        let value = json!({
            "workspace_members": ["app", "lib", "lone"],
            "workspace_root": "/w",
            "target_directory": "/w/target",
            "packages": [
                package("app", "bin", Some("/w/tests/run.rs")),
                package("lib", "lib", None),
                package("lone", "lib", None),
                package("serde", "lib", None),
            ],
            "resolve": {"nodes": [
                {"id": "app", "dependencies": ["lib"]},
                {"id": "lib", "dependencies": ["serde"]},
                {"id": "lone", "dependencies": []},
                {"id": "serde", "dependencies": []},
            ]},
        });
        Workspace::from_metadata(&value).unwrap()
    }

    #[test]
    fn dependents_follow_the_arrows_backwards() {
        let ws = small();
        let names = |touched: &str| {
            let set = BTreeSet::from([touched.to_string()]);
            ws.dependents(&set).iter().map(|m| m.name.clone()).collect::<Vec<_>>()
        };
        assert_eq!(names("serde"), ["app", "lib"]);
        assert_eq!(names("lib"), ["app", "lib"]);
        assert_eq!(names("app"), ["app"]);
        assert_eq!(names("lone"), ["lone"]);
        assert_eq!(names("absent"), Vec::<String>::new());
    }

    #[test]
    fn a_file_that_names_a_folder_of_this_machine_is_found() {
        let ws = Workspace { root: "/home/someone/clone".into(), ..small() };
        let file = std::env::temp_dir().join(format!("xtask-paths-{}", std::process::id()));
        std::fs::write(&file, b"\0asm crates/model/src/lib.rs /deps/serde").unwrap();
        assert_eq!(ws.no_machine_path(&file), Ok(()));
        std::fs::write(&file, b"\0asm\xff /home/someone/clone/crates/model/src/lib.rs").unwrap();
        assert!(ws.no_machine_path(&file).unwrap_err().contains("/home/someone/clone/crates"));
        std::fs::remove_file(&file).unwrap();
    }

    #[test]
    fn the_real_metadata_is_read() {
        let ws = Workspace::load().unwrap();
        assert!(ws.members.iter().any(|m| m.name == "xtask" && m.has("bin")));
        let model = BTreeSet::from(["driftgate-model".to_string()]);
        assert!(ws.dependents(&model).iter().any(|m| m.name == "driftgate"));
    }
}
