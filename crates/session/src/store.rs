//! Settings and recent workspaces: one small JSON file in the person's configuration folder.

use crate::{Result, SessionError};
use driftgate_model::Timestamp;
use driftgate_model::views::{RecentWorkspace, Settings};
use serde::{Deserialize, Serialize};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

/// Workspaces that are remembered.
const REMEMBERED: usize = 12;
const SCHEMA: &str = "driftgate/window-settings/1";

/// What the file holds.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Kept {
    schema: String,
    settings: Settings,
    recent: Vec<Recent>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Recent {
    path: String,
    opened_at: Timestamp,
}

/// The file, and what it said when it was read or written last.
pub(crate) struct Store {
    file: PathBuf,
    kept: Kept,
}

impl Store {
    /// Reads the file. One that cannot be read is set aside, never written over, and said in one sentence.
    pub(crate) fn open(file: PathBuf) -> (Store, Option<String>) {
        let (kept, said) = match read(&file) {
            Ok(kept) => (kept.unwrap_or_default(), None),
            Err(why) => {
                let aside = free_name(&file);
                let said = match std::fs::rename(&file, &aside) {
                    Ok(()) => format!(
                        "The settings could not be read ({why}): the file is kept as {}, and everything is as at the first \
                         start",
                        aside.display()
                    ),
                    Err(e) => {
                        format!("The settings in {} could not be read ({why}) or set aside ({e})", file.display())
                    }
                };
                (Kept::default(), Some(said))
            }
        };
        (Store { file, kept }, said)
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.kept.settings
    }

    /// Keeps the settings; without `remember` nothing recent stays.
    pub(crate) fn save_settings(&mut self, settings: Settings) -> Result<()> {
        self.change(|kept| {
            if !settings.remember {
                kept.recent.clear();
            }
            kept.settings = settings;
        })
    }

    /// Puts a workspace at the top of the recent ones.
    pub(crate) fn remember(&mut self, root: &Path, at: Timestamp) -> Result<()> {
        if !self.kept.settings.remember {
            return Ok(());
        }
        let path = root.display().to_string();
        self.change(|kept| {
            kept.recent.retain(|r| r.path != path);
            kept.recent.insert(0, Recent { path, opened_at: at });
            kept.recent.truncate(REMEMBERED);
        })
    }

    /// Takes a workspace out of the recent ones; its files stay as they are.
    pub(crate) fn forget(&mut self, path: &str) -> Result<()> {
        self.change(|kept| kept.recent.retain(|r| r.path != path))
    }

    pub(crate) fn is_recent(&self, path: &Path) -> bool {
        self.kept.recent.iter().any(|r| Path::new(&r.path) == path)
    }

    pub(crate) fn recent(&self) -> Vec<RecentWorkspace> {
        let view = |r: &Recent| {
            let path = Path::new(&r.path);
            RecentWorkspace {
                path: r.path.clone(),
                name: name_of(path),
                opened_at: r.opened_at,
                exists: path.join(".driftgate").is_dir(),
            }
        };
        self.kept.recent.iter().map(view).collect()
    }

    /// Changes what is there now, which another window may have written, and writes it whole or not at all.
    fn change(&mut self, change: impl FnOnce(&mut Kept)) -> Result<()> {
        let mut kept = read(&self.file).ok().flatten().unwrap_or_else(|| self.kept.clone());
        change(&mut kept);
        kept.schema = SCHEMA.into();
        self.kept = kept;
        write(&self.file, &self.kept).map_err(|e| SessionError::io("write", &self.file, &e))
    }
}

/// The last part of a path, for people.
pub(crate) fn name_of(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |n| n.to_string_lossy().into_owned())
}

fn read(file: &Path) -> std::result::Result<Option<Kept>, String> {
    match std::fs::read(file) {
        // A list would be read as a mapping without a word of it.
        Ok(bytes) => match serde_json::from_slice(&bytes) {
            Ok(serde_json::Value::Object(map)) => {
                serde_json::from_value(map.into()).map(Some).map_err(|e| e.to_string())
            }
            Ok(_) => Err("it holds something else".into()),
            Err(e) => Err(e.to_string()),
        },
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
        Err(e) => Err(e.to_string()),
    }
}

fn write(file: &Path, kept: &Kept) -> std::io::Result<()> {
    let folder = file.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let temporary = file.with_extension(format!("json.tmp-{}", std::process::id()));
    let mut text = serde_json::to_vec_pretty(kept)?;
    text.push(b'\n');
    let written = std::fs::File::create(&temporary).and_then(|mut out| {
        out.write_all(&text)?;
        out.sync_all()
    });
    written.and_then(|()| std::fs::rename(&temporary, file)).inspect_err(|_| {
        std::fs::remove_file(&temporary).unwrap_or_default();
    })
}

/// `window.damaged-1.json`, or the first such name that is free.
fn free_name(file: &Path) -> PathBuf {
    let name = |n: u32| file.with_extension(format!("damaged-{n}.json"));
    (1..1000).map(name).find(|p| !p.exists()).unwrap_or_else(|| name(1000))
}
