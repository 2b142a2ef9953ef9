use crate::ImageFault;
use driftgate_model::{Cancelled, Code, Coded};
use std::path::{Path, PathBuf};

/// Everything that can go wrong between a folder of pictures and tiles.
#[derive(Debug, thiserror::Error)]
pub enum ImagesError {
    /// The path names nothing.
    #[error("there is nothing at {}", path.display())]
    NotFound {
        /// The path.
        path: PathBuf,
    },
    /// The path names a file where a folder is needed.
    #[error("{} is a file, not a folder of pictures", path.display())]
    NotAFolder {
        /// The path.
        path: PathBuf,
    },
    /// The file system refused.
    #[error("cannot use {}: {source}", path.display())]
    Io {
        /// The path.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Not one file that counts as a picture.
    #[error("{} holds no picture ({looked})", path.display())]
    NoPictures {
        /// The folder.
        path: PathBuf,
        /// What was looked for, and what was there instead.
        looked: String,
        /// What to do.
        hint: String,
    },
    /// `labels.csv` cannot be used.
    #[error("labels.csv, line {line}: {what}")]
    Labels {
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        what: String,
        /// What to do.
        hint: String,
    },
    /// A picture that tiles are made of cannot be used.
    #[error("picture {}: {fault}", index + 1)]
    Fault {
        /// Which one, from 0.
        index: usize,
        /// Why.
        fault: ImageFault,
    },
    /// A stored file of tiles is not what was asked for.
    #[error("the tiles in {} cannot be used: {why}", path.display())]
    Tiles {
        /// The file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// The archive is not CIFAR-10's.
    #[error("{} is not the CIFAR-10 archive: {why}", path.display())]
    Archive {
        /// The archive.
        path: PathBuf,
        /// What was found instead.
        why: String,
        /// What to do.
        hint: String,
    },
    /// What was asked for cannot be made.
    #[error("{0}")]
    Options(String),
    /// The work was asked to stop.
    #[error("the work on pictures was cancelled")]
    Cancelled,
    /// Worker threads could not be started.
    #[error(transparent)]
    Threads(#[from] driftgate_determinism::ThreadsError),
}

/// A result of this crate.
pub type Result<T, E = ImagesError> = std::result::Result<T, E>;

impl From<Cancelled> for ImagesError {
    fn from(_: Cancelled) -> Self {
        ImagesError::Cancelled
    }
}

impl Coded for ImagesError {
    fn code(&self) -> Code {
        match self {
            ImagesError::NotFound { .. } => Code::NotFound,
            ImagesError::NotAFolder { .. } | ImagesError::Options(_) => Code::BadInput,
            ImagesError::Io { .. } | ImagesError::Threads(_) => Code::Io,
            ImagesError::NoPictures { .. }
            | ImagesError::Labels { .. }
            | ImagesError::Fault { .. }
            | ImagesError::Archive { .. } => Code::BadData,
            ImagesError::Tiles { .. } => Code::Corrupt,
            ImagesError::Cancelled => Code::Cancelled,
        }
    }

    fn hint(&self) -> Option<String> {
        let text = match self {
            ImagesError::NotFound { .. } => "Check the path; relative paths start at the current folder",
            ImagesError::NotAFolder { .. } => "Name the folder that holds `images/<class>/` or `<class>/`",
            ImagesError::NoPictures { hint, .. }
            | ImagesError::Labels { hint, .. }
            | ImagesError::Archive { hint, .. } => hint,
            ImagesError::Fault { .. } => "Replace the file, or leave it out with `bad_images: skip`",
            ImagesError::Tiles { .. } => "Remove the file; the tiles are made again from the pictures",
            ImagesError::Threads(_) => "Ask for fewer threads with `--threads`",
            ImagesError::Io { .. } | ImagesError::Options(_) | ImagesError::Cancelled => return None,
        };
        Some(text.into())
    }
}

/// The error of a refusal at `path`.
pub(crate) fn io_at(path: &Path) -> impl FnOnce(std::io::Error) -> ImagesError + '_ {
    move |source| match source.kind() {
        std::io::ErrorKind::NotFound => ImagesError::NotFound { path: path.into() },
        _ => ImagesError::Io { path: path.into(), source },
    }
}

/// `1 picture`, `2 pictures`, `60,000 pictures`.
pub(crate) fn count(n: usize, one: &str, many: &str) -> String {
    let mut digits = n.to_string();
    let mut at = digits.len();
    while at > 3 {
        at -= 3;
        digits.insert(at, ',');
    }
    format!("{digits} {}", if n == 1 { one } else { many })
}

/// `value` cut at 60 characters, control characters shown as their escapes.
pub(crate) fn shown(value: &str) -> String {
    let mut out = String::new();
    for (n, c) in value.chars().enumerate() {
        if n == 60 {
            out.push('…');
            break;
        }
        if c.is_control() { out.extend(c.escape_default()) } else { out.push(c) }
    }
    out
}
