//! Collects the files that `demo` unpacks.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// Folders of the repository that `demo` unpacks, where they exist.
const UNPACKED: [&str; 2] = ["configs", "data"];
/// Kinds of files among them.
const KINDS: [&str; 5] = ["yaml", "yml", "csv", "md", "txt"];

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR").map_err(io::Error::other)?).join("../..");
    let mut files = Vec::new();
    for folder in UNPACKED {
        println!("cargo::rerun-if-changed={}", root.join(folder).display());
        collect(&root.join(folder), Path::new(folder), &mut files)?;
    }
    files.sort();
    let mut code = String::from("[\n");
    for (name, path) in &files {
        code += &format!("    ({name:?}, include_bytes!({:?}).as_slice()),\n", path.display().to_string());
    }
    code += "]\n";
    fs::write(PathBuf::from(env::var("OUT_DIR").map_err(io::Error::other)?).join("unpacked.rs"), code)
}

/// Every file of the known kinds below `folder`, with its name from the repository's root, slashes forward.
fn collect(folder: &Path, name: &Path, out: &mut Vec<(String, PathBuf)>) -> io::Result<()> {
    let entries = match fs::read_dir(folder) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
        other => other?,
    };
    for entry in entries {
        let entry = entry?;
        let (path, name) = (entry.path(), name.join(entry.file_name()));
        if entry.file_type()?.is_dir() {
            collect(&path, &name, out)?;
        } else if path.extension().is_some_and(|e| KINDS.iter().any(|k| e == *k)) {
            let parts: Vec<String> = name.iter().map(|p| p.to_string_lossy().into_owned()).collect();
            out.push((parts.join("/"), path.canonicalize()?));
        }
    }
    Ok(())
}
