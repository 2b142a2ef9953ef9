use std::io::{Error, ErrorKind, Read, Result};
use std::path::Path;

/// Where the texts of configs come from.
pub trait Files {
    /// The text of the file at `path`; `InvalidData` when it is not UTF-8.
    fn read(&self, path: &Path) -> Result<String>;
}

/// The files of this machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct DiskFiles;

/// More than any config needs (a data set of 20,000 columns has a `dataset.yaml` of 1 to 2 MiB), and little to hold.
pub(crate) const LARGEST_TEXT: usize = 4 << 20;

impl Files for DiskFiles {
    fn read(&self, path: &Path) -> Result<String> {
        if path.is_dir() {
            return Err(Error::new(ErrorKind::IsADirectory, "it is a folder"));
        }
        let mut bytes = Vec::new();
        // One byte more than allowed, so that the reader of the text sees that it is too large.
        std::fs::File::open(path)?.take(LARGEST_TEXT as u64 + 1).read_to_end(&mut bytes)?;
        if bytes.len() > LARGEST_TEXT {
            return Err(Error::new(ErrorKind::FileTooLarge, "it is larger than 4 MiB"));
        }
        String::from_utf8(bytes).map_err(|_| Error::new(ErrorKind::InvalidData, "it is not UTF-8 text"))
    }
}
