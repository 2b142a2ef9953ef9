//! Files that a person asks for: where they may go, and how they are written.

use crate::{EngineError, Result, Workspace};
use std::fs::File;
use std::path::{Path, PathBuf};

impl Workspace {
    /// Where a file that a person named goes: links are followed, and only a new or a regular file outside the workspace's own
    /// folder will do. `option` and `example` are for the hint.
    pub(crate) fn output_file(&self, output: &Path, option: &str, example: &str) -> Result<PathBuf> {
        let hint = || format!("Give `{option}` a file, such as {example}");
        let resolved = match output.canonicalize() {
            Ok(path) => path,
            Err(_) => {
                let name = output.file_name().ok_or_else(|| {
                    EngineError::bad_input(format!("`{}` is not a file name", output.display()), hint())
                })?;
                let folder = output.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
                folder.canonicalize().map_err(EngineError::io("Finding the folder of", output))?.join(name)
            }
        };
        if resolved.exists() && !resolved.is_file() {
            return Err(EngineError::bad_input(format!("`{}` is not a regular file", output.display()), hint()));
        }
        let own = self.root().join(".driftgate");
        if own.canonicalize().is_ok_and(|own| resolved.starts_with(own)) {
            return Err(EngineError::refused(
                format!("`{}` lies in the workspace's own folder", output.display()),
                format!("Give `{option}` a file elsewhere"),
            ));
        }
        Ok(resolved)
    }
}

/// Writes a file of its own and gives it the name once it is whole and synced: of two processes that write one file, each leaves
/// it whole, and the later one stays.
pub(crate) fn write_whole<T>(output: &Path, unique: &str, write: impl FnOnce(&File) -> Result<T>) -> Result<T> {
    let temporary = output.with_file_name(format!(".{unique}.part"));
    let file = std::fs::OpenOptions::new().write(true).create_new(true).open(&temporary);
    let io = || EngineError::io("Writing", output);
    let result = file.map_err(io()).and_then(|file| {
        let told = write(&file)?;
        file.sync_all().map_err(io())?;
        drop(file);
        place(&temporary, output).map_err(io())?;
        Ok(told)
    });
    if result.is_err() {
        // Whatever went wrong is what the person hears of; a leftover must not stay.
        let _ = std::fs::remove_file(&temporary);
    }
    result
}

/// Renames, and makes the new name durable.
fn place(temporary: &Path, output: &Path) -> std::io::Result<()> {
    std::fs::rename(temporary, output)?;
    match output.parent() {
        // Elsewhere a folder cannot be opened, and a rename is durable without.
        Some(folder) if cfg!(unix) => File::open(folder)?.sync_all(),
        _ => Ok(()),
    }
}
