//! The folder that the demo fills, and its files.

use crate::DemoError;
use std::io::ErrorKind;
use std::path::Path;

/// Every file of the repository's `configs/` and `data/`, by its path from there.
const UNPACKED: &[(&str, &[u8])] = &include!(concat!(env!("OUT_DIR"), "/unpacked.rs"));

/// Only a new or empty folder is filled.
///
/// Errors: it holds something, or cannot be read.
pub fn check(dir: &Path) -> Result<(), DemoError> {
    match std::fs::read_dir(dir) {
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(()),
        Err(e) => Err(io("read", dir, e)),
        Ok(mut entries) => match entries.next() {
            None => Ok(()),
            Some(_) if dir.join(".driftgate").is_dir() && dir.join("configs/demo/first.yaml").is_file() => {
                Err(DemoError::Earlier(dir.into()))
            }
            Some(_) => Err(DemoError::NotEmpty(dir.into())),
        },
    }
}

pub(crate) fn unpack(dir: &Path) -> Result<(), DemoError> {
    for (name, bytes) in UNPACKED {
        let path = name.split('/').fold(dir.to_path_buf(), |p, part| p.join(part));
        let folder = path.parent().unwrap_or(dir);
        std::fs::create_dir_all(folder).map_err(|e| io("make", folder, e))?;
        std::fs::write(&path, bytes).map_err(|e| io("write", &path, e))?;
    }
    Ok(())
}

/// Puts every fourth row of the breast cancer data aside: they come later, and no model has seen them until then.
pub(crate) fn keep_back(dir: &Path) -> Result<(), DemoError> {
    let path = dir.join("data").join("breast_cancer").join("data.csv");
    let text = std::fs::read_to_string(&path).map_err(|e| io("read", &path, e))?;
    let mut parts = [String::new(), String::new()];
    for (i, line) in text.lines().enumerate() {
        for (part, later) in parts.iter_mut().zip([false, true]) {
            if i == 0 || (i % 4 == 0) == later {
                part.push_str(line);
                part.push('\n');
            }
        }
    }
    let later = dir.join("later.csv");
    std::fs::write(&path, &parts[0]).map_err(|e| io("write", &path, e))?;
    std::fs::write(&later, &parts[1]).map_err(|e| io("write", &later, e))
}

fn io(doing: &'static str, path: &Path, source: std::io::Error) -> DemoError {
    DemoError::Io { doing, path: path.into(), source }
}
