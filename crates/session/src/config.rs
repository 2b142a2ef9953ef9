//! Pipeline configs: which there are, their fields, and a changed one as a file of its own.

use crate::paths::checked;
use crate::session::Session;
use crate::{Result, SessionError};
use driftgate_config::{ConfigErrors, DiskFiles, Files, Outline, OutlineField, Starter, outline, resolve};
use driftgate_model::Code;
use driftgate_model::views::{ConfigField, ConfigLine, ConfigList, ConfigView, Failure, PathKind};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Component, Path, PathBuf};

/// Where the window writes changed configs, seen from the workspace.
const WRITTEN: [&str; 2] = ["configs", "window"];
/// How deep configs are looked for, and how many at most.
const DEEPEST: usize = 4;
const MOST: usize = 500;

/// The field that names a folder: written as seen from its config, shown and typed as seen from the workspace.
const RAW: &str = "data.raw";

/// A config with some fields changed.
#[derive(Default)]
struct Changed {
    fields: Vec<ConfigField>,
    text: String,
    problems: Vec<String>,
}

/// A changed config that is not a file yet, beside the files of this machine.
struct Draft<'a> {
    path: &'a Path,
    text: &'a str,
}

impl Files for Draft<'_> {
    fn read(&self, path: &Path) -> std::io::Result<String> {
        if path == self.path { Ok(self.text.to_owned()) } else { DiskFiles.read(path) }
    }
}

impl Session {
    /// The pipeline configs in the workspace's own folder and below `configs`.
    pub fn configs(&self) -> Result<ConfigList> {
        let root = self.workspace()?.root().to_path_buf();
        let mut files = Vec::new();
        collect(&root, 0, &mut files);
        collect(&root.join("configs"), DEEPEST, &mut files);
        files.sort();
        let configs = files.iter().filter_map(|file| line(file, &self.seen_from_workspace(file))).collect();
        Ok(ConfigList { schema: "driftgate/configs/1".into(), configs })
    }

    /// A config with its fields.
    pub fn config(&self, path: &str) -> Result<ConfigView> {
        let file = self.allowed(path, PathKind::File)?;
        let view = |fields, problems| ConfigView {
            schema: "driftgate/config/1".into(),
            path: self.seen_from_workspace(&file),
            fields,
            problems,
        };
        let outline = match outline(&file, &DiskFiles) {
            Ok(outline) => outline,
            Err(errors) => return Ok(view(Vec::new(), self.lines_of(&errors))),
        };
        let problems = resolve(&file, &DiskFiles).err().map(|errors| self.lines_of(&errors)).unwrap_or_default();
        let mut fields = fields(&outline);
        self.show_raw(&mut fields, file.parent());
        Ok(view(fields, problems))
    }

    /// A config with some fields changed, and what is wrong with it then. Writes nothing.
    pub fn check_config(&self, path: &str, edits: &BTreeMap<String, Value>) -> Result<ConfigView> {
        let file = self.allowed(path, PathKind::File)?;
        let changed = self.changed(&file, edits).unwrap_or_else(|problems| Changed { problems, ..Changed::default() });
        Ok(ConfigView {
            schema: "driftgate/config/1".into(),
            path: self.seen_from_workspace(&file),
            fields: changed.fields,
            problems: changed.problems,
        })
    }

    /// Writes a first config for a data set that the workspace knows, below `configs`, and gives it with its fields.
    pub fn make_config(&self, dataset: &str, algorithm: &str) -> Result<ConfigView> {
        let row = self.ask(|w| w.dataset(dataset))?.dataset;
        let root = self.workspace()?.root().to_path_buf();
        let project = crate::store::name_of(&root);
        let starter = Starter { project: &project, dataset: &row.name, task: row.task, algorithm };
        let text = starter.to_yaml().ok_or_else(|| {
            SessionError::bad_input(format!("`{algorithm}` does not answer {}", row.task), "Choose another algorithm")
        })?;
        let folder = checked(&root.join("configs"), PathKind::NewFolder)?;
        let file = write_new(&folder, &format!("{}-{algorithm}", row.name), &text)?;
        self.config(&file.display().to_string())
    }

    /// The config to run: the file itself, or a new one with the fields that were changed.
    pub(crate) fn config_to_run(&self, config: &str, edits: &BTreeMap<String, Value>) -> Result<PathBuf> {
        let file = self.allowed(config, PathKind::File)?;
        if edits.is_empty() {
            return Ok(file);
        }
        let wrong = |problems: Vec<String>| {
            SessionError::told(Code::BadInput, problems.join("\n"), "Correct these fields, or take the changes back")
        };
        let changed = self.changed(&file, edits).map_err(wrong)?;
        if !changed.problems.is_empty() {
            return Err(wrong(changed.problems));
        }
        self.write_config(&file, &changed.text)
    }

    /// The changed config; or why it cannot be changed at all.
    fn changed(&self, file: &Path, edits: &BTreeMap<String, Value>) -> Result<Changed, Vec<String>> {
        let folder = self.window_folder().map_err(|e| vec![Failure::from(e).message])?;
        let mut outline = outline(file, &DiskFiles).map_err(|errors| self.lines_of(&errors))?;
        let mut problems = outline.edit(edits).err().unwrap_or_default();
        let mut fields = fields(&outline);
        // One that was typed is seen from the workspace, the one in the file from that file; this config will lie elsewhere.
        let root = self.opened().map(|w| w.root().to_path_buf());
        let from = if edits.contains_key(RAW) { root.as_deref() } else { file.parent() };
        if let Some(folder_of_data) = self.show_raw(&mut fields, from) {
            outline.set_data_folder(&seen_from(&folder, &folder_of_data));
        }
        let text = outline.to_yaml();
        let place = folder.join("changed.yaml");
        if let Err(errors) = resolve(&place, &Draft { path: &place, text: &text }) {
            problems.extend(errors.by_key());
        }
        Ok(Changed { fields, text, problems })
    }

    /// Shows the folder of the data as seen from the workspace, where it is written as seen from `from`; gives the folder.
    fn show_raw(&self, fields: &mut [ConfigField], from: Option<&Path>) -> Option<PathBuf> {
        let field = fields.iter_mut().find(|f| f.path == RAW)?;
        let folder = from?.join(field.value.as_str()?);
        let shown = self.seen_from_workspace(&plain(&folder));
        field.value = Value::String(if shown.is_empty() { ".".into() } else { shown });
        Some(folder)
    }

    /// Writes a changed config under a name that does not exist yet.
    fn write_config(&self, from: &Path, text: &str) -> Result<PathBuf> {
        let folder = self.window_folder()?;
        let stem = from.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let stem = stem.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end_matches('-');
        let head = format!(
            "# Made in the window from {}. Every file that it named is written out here.\n\n",
            self.seen_from_workspace(from)
        );
        write_new(&folder, stem, &format!("{head}{text}"))
    }

    fn window_folder(&self) -> Result<PathBuf> {
        let root = self.workspace()?.root().to_path_buf();
        // A link that leads out of the workspace would lead every changed config out of it.
        checked(&WRITTEN.iter().fold(root, |p, part| p.join(part)), PathKind::NewFolder)
    }

    /// A path as it is seen from the workspace, where it lies in it.
    pub(crate) fn seen_from_workspace(&self, path: &Path) -> String {
        let root = self.opened().map(|w| w.root().to_path_buf());
        let inner = |root: &Path| path.strip_prefix(root).ok().map(Path::to_path_buf);
        let found = root.and_then(|r| inner(&r).or_else(|| inner(&r.canonicalize().ok()?)));
        found.as_deref().unwrap_or(path).display().to_string()
    }

    /// Each error with file and line, the file seen from the workspace.
    fn lines_of(&self, errors: &ConfigErrors) -> Vec<String> {
        let one = |finding: &driftgate_config::ConfigFinding| {
            let mut finding = finding.clone();
            finding.file = PathBuf::from(self.seen_from_workspace(&finding.file));
            finding.to_string()
        };
        errors.0.iter().map(one).collect()
    }
}

/// Writes `STEM-1.yaml`, or the first such name that does not exist yet.
fn write_new(folder: &Path, stem: &str, text: &str) -> Result<PathBuf> {
    std::fs::create_dir_all(folder).map_err(|e| SessionError::io("make", folder, &e))?;
    for n in 1..10_000 {
        let file = folder.join(format!("{stem}-{n}.yaml"));
        match std::fs::OpenOptions::new().write(true).create_new(true).open(&file) {
            Ok(mut out) => {
                let written = out.write_all(text.as_bytes()).and_then(|()| out.sync_all());
                written.map_err(|e| SessionError::io("write", &file, &e))?;
                return Ok(file);
            }
            Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(e) => return Err(SessionError::io("write", &file, &e)),
        }
    }
    Err(SessionError::told(Code::Refused, "There are 9,999 configs of this name already", "Remove some of them"))
}

fn fields(outline: &Outline) -> Vec<ConfigField> {
    let one = |field: OutlineField| ConfigField {
        group: group_of(&field.path).into(),
        path: field.path,
        value: field.value,
        choices: field.choices.into_iter().map(String::from).collect(),
        about: field.about.map(String::from),
    };
    outline.fields().into_iter().map(one).collect()
}

fn group_of(path: &str) -> &str {
    let part = path.strip_prefix("configs.").and_then(|rest| rest.split('.').next());
    part.unwrap_or("run")
}

/// The path of `target` as it is written in a file in `folder`; both are absolute.
fn seen_from(folder: &Path, target: &Path) -> String {
    // `a/../b` is `b` as long as `a` is no link; one that is there says so itself.
    let target = target.canonicalize().unwrap_or_else(|_| plain(target));
    let (from, to): (Vec<Component>, Vec<Component>) = (folder.components().collect(), target.components().collect());
    let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    if shared <= 1 {
        return target.display().to_string();
    }
    let up = std::iter::repeat_n("..".to_owned(), from.len() - shared);
    let down = to.iter().skip(shared).map(|c| c.as_os_str().to_string_lossy().into_owned());
    let parts: Vec<String> = up.chain(down).collect();
    if parts.is_empty() { ".".into() } else { parts.join("/") }
}

fn plain(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                out.pop();
            }
            Component::CurDir => {}
            other => out.push(other),
        }
    }
    out
}

/// YAML files in a folder, and as deep below it as `depth` says.
fn collect(folder: &Path, depth: usize, out: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        let hidden = entry.file_name().to_string_lossy().starts_with('.');
        let Ok(kind) = entry.file_type() else { continue };
        if hidden || out.len() >= MOST {
            continue;
        }
        if kind.is_dir() && depth > 0 {
            collect(&path, depth - 1, out);
        } else if kind.is_file() && path.extension().is_some_and(|e| e == "yaml" || e == "yml") {
            out.push(path);
        }
    }
}

/// A pipeline config as a line; `None` for another file. One that is no YAML is taken for one where its name says so.
fn line(file: &Path, shown: &str) -> Option<ConfigLine> {
    let empty = ConfigLine { path: shown.into(), model: None, dataset: None, algorithm: None, problem: None };
    let named = file.file_stem()?.to_string_lossy().starts_with("pipeline");
    let text = DiskFiles.read(file).ok()?;
    if !named && !text.lines().any(|l| l.trim_end().starts_with("pipeline_stages:")) {
        return None;
    }
    match resolve(file, &DiskFiles) {
        Ok(resolved) => Some(ConfigLine {
            model: Some(resolved.config.model.to_string()),
            dataset: Some(resolved.config.dataset.clone()),
            algorithm: Some(resolved.config.training.algorithm().into()),
            ..empty
        }),
        Err(errors) => Some(ConfigLine { problem: errors.by_key().into_iter().next(), ..empty }),
    }
}
