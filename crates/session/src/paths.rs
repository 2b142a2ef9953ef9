//! The paths that a person chose: everything else is refused.

use crate::{Result, SessionError};
use driftgate_model::Code;
use driftgate_model::views::PathKind;
use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

/// The folder of a ledger: nobody reads or writes in it but the engine.
const LEDGER: &str = ".driftgate";

/// What a person chose: in a dialog, by dropping it, or by typing it.
#[derive(Debug, Default)]
pub(crate) struct Granted {
    /// Exactly these, and what lies below those that are folders.
    paths: BTreeSet<PathBuf>,
}

impl Granted {
    /// Takes a path that a person chose, in its one true form.
    pub(crate) fn grant(&mut self, path: PathBuf) {
        self.paths.insert(path);
    }

    /// Whether the path, in its one true form, was chosen, or lies in a folder that was.
    pub(crate) fn covers(&self, path: &Path) -> bool {
        path.ancestors().any(|p| self.paths.contains(p))
    }
}

/// A path of the kind asked for in its one true form: absolute, links followed, with nothing of a ledger's own folder in it.
///
/// Errors: not absolute; NUL; not there, or there and something else; a device; inside `.driftgate`.
pub(crate) fn checked(path: &Path, kind: PathKind) -> Result<PathBuf> {
    let text = path.to_string_lossy();
    if text.contains('\0') {
        return Err(SessionError::bad_input("A path cannot hold the character NUL", "Type the path again"));
    }
    if !path.is_absolute() {
        return Err(SessionError::bad_input(
            format!("`{text}` is not a full path"),
            "Give it from the root, such as /home/you/data.csv",
        ));
    }
    let found = match kind {
        PathKind::NewFile | PathKind::NewFolder => new_place(path)?,
        PathKind::File | PathKind::Folder | PathKind::FileOrFolder => resolved(path)?,
    };
    if found.components().any(|c| c == Component::Normal(LEDGER.as_ref())) {
        return Err(SessionError::told(
            Code::Refused,
            format!("`{text}` lies in a workspace's own folder"),
            "Choose a place outside .driftgate: only Driftgate itself writes there",
        ));
    }
    of_kind(&found, kind, &text)?;
    Ok(found)
}

fn resolved(path: &Path) -> Result<PathBuf> {
    path.canonicalize().map_err(|e| match e.kind() {
        std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory => SessionError::told(
            Code::NotFound,
            format!("There is no file or folder `{}`", path.display()),
            "Check the path; a file that was moved or is still being copied can be chosen again",
        ),
        _ => SessionError::io("read", path, &e),
    })
}

/// The place of something that need not be there: what is there of its path, links followed, and the rest as named.
fn new_place(path: &Path) -> Result<PathBuf> {
    if path.components().any(|c| c == Component::ParentDir) {
        return Err(SessionError::bad_input(
            format!("`{}` leads back with `..`", path.display()),
            "Give the path without `..`",
        ));
    }
    let mut rest = Vec::new();
    let mut at = path;
    loop {
        // A link that leads nowhere is no free name.
        if at.symlink_metadata().is_ok() {
            let mut found = resolved(at)?;
            found.extend(rest.into_iter().rev());
            return Ok(found);
        }
        match (at.file_name(), at.parent()) {
            (Some(name), Some(parent)) => {
                rest.push(name);
                at = parent;
            }
            _ => return resolved(at),
        }
    }
}

fn of_kind(path: &Path, kind: PathKind, text: &str) -> Result<()> {
    let meta = path.metadata().ok();
    let (file, folder) = meta.as_ref().map_or((false, false), |m| (m.is_file(), m.is_dir()));
    let there = meta.is_some();
    let refuse = |what: &str, hint: &str| Err(SessionError::bad_input(format!("`{text}` {what}"), hint));
    match kind {
        PathKind::File if folder => refuse("is a folder", "Choose a file in it"),
        PathKind::File | PathKind::FileOrFolder | PathKind::NewFile if there && !file && !folder => {
            refuse("is not a regular file", "Choose a file on a disk: devices and pipes are not read")
        }
        PathKind::Folder if !folder => refuse("is not a folder", "Choose a folder"),
        PathKind::NewFile if folder => refuse("is a folder", "Add the name of the file to write"),
        PathKind::NewFile if !path.parent().is_some_and(Path::is_dir) => {
            refuse("lies in a folder that does not exist", "Make the folder first, or choose another place")
        }
        PathKind::NewFolder if there && !folder => refuse("is a file", "Give the name of a new folder"),
        _ => Ok(()),
    }
}

/// Writes a file whole or not at all.
pub(crate) fn write_whole(file: &Path, bytes: &[u8]) -> std::io::Result<()> {
    use std::io::Write as _;
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let temporary = file.with_file_name(format!(".{name}.part-{}", std::process::id()));
    let written = std::fs::File::create(&temporary).and_then(|mut out| {
        out.write_all(bytes)?;
        out.sync_all()
    });
    written.and_then(|()| std::fs::rename(&temporary, file)).inspect_err(|_| {
        std::fs::remove_file(&temporary).unwrap_or_default();
    })
}
