use crate::objects::hash_file;
use crate::place::sync_folder;
use crate::{LedgerError, Result};
use driftgate_model::Digest;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::Digest as _;
use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

/// Bytes kept back before they are written.
const BATCH: usize = 1 << 18;

/// Writes a segment: an append-only file of JSON lines under `.driftgate/segments`.
///
/// Records are collected and written in batches. Only [`SegmentWriter::close`] makes them durable and gives the digest
/// that an event can name; a segment that was never closed may end in a torn line, which a reader skips.
#[derive(Debug)]
pub struct SegmentWriter {
    path: PathBuf,
    file: File,
    batch: Vec<u8>,
    hasher: sha2::Sha256,
    size: u64,
}

impl SegmentWriter {
    pub(crate) fn create(folder: &Path, name: &str) -> Result<SegmentWriter> {
        let path = path_of(folder, name)?;
        let file = File::options().write(true).create_new(true).open(&path).map_err(|e| match e.kind() {
            ErrorKind::AlreadyExists => LedgerError::Refused(format!("the segment `{name}` exists already")),
            _ => LedgerError::io("create", &path)(e),
        })?;
        Ok(SegmentWriter { path, file, batch: Vec::with_capacity(BATCH), hasher: sha2::Sha256::new(), size: 0 })
    }

    /// Appends one record as a line of JSON.
    ///
    /// A number that is not finite becomes `null`, as `serde_json` writes it.
    pub fn append<T: Serialize>(&mut self, record: &T) -> Result<()> {
        let before = self.batch.len();
        if let Err(e) = serde_json::to_writer(&mut self.batch, record) {
            self.batch.truncate(before);
            return Err(LedgerError::BadInput(format!("a record of the segment is not JSON: {e}")));
        }
        self.batch.push(b'\n');
        if self.batch.len() >= BATCH { self.flush() } else { Ok(()) }
    }

    /// Bytes appended so far, those not yet written among them.
    pub fn bytes(&self) -> u64 {
        self.size + self.batch.len() as u64
    }

    /// Hands what was collected to the operating system: other processes see it, a power loss may still take it.
    pub fn flush(&mut self) -> Result<()> {
        self.file.write_all(&self.batch).map_err(LedgerError::io("write", &self.path))?;
        self.hasher.update(&self.batch);
        self.size += self.batch.len() as u64;
        self.batch.clear();
        Ok(())
    }

    /// Writes the rest, makes the file durable, and returns its SHA-256 and its length in bytes.
    pub fn close(mut self) -> Result<(Digest, u64)> {
        self.flush()?;
        self.file.sync_all().map_err(LedgerError::io("synchronise", &self.path))?;
        sync_folder(self.path.parent().unwrap_or(Path::new(".")))?;
        Ok((Digest(self.hasher.finalize().into()), self.size))
    }
}

/// Reads a segment record by record. A torn last line, left by a crash, ends it silently.
#[derive(Debug)]
pub struct SegmentReader<T> {
    path: PathBuf,
    input: BufReader<File>,
    line: Vec<u8>,
    number: u64,
    records: PhantomData<T>,
}

impl<T: DeserializeOwned> SegmentReader<T> {
    pub(crate) fn open(folder: &Path, name: &str) -> Result<SegmentReader<T>> {
        let path = path_of(folder, name)?;
        let file = File::open(&path).map_err(|e| match e.kind() {
            ErrorKind::NotFound => LedgerError::NotFound(format!("the segment `{name}`")),
            _ => LedgerError::io("read", &path)(e),
        })?;
        let input = BufReader::with_capacity(1 << 16, file);
        Ok(SegmentReader { path, input, line: Vec::new(), number: 0, records: PhantomData })
    }
}

impl<T: DeserializeOwned> Iterator for SegmentReader<T> {
    type Item = Result<T>;

    fn next(&mut self) -> Option<Result<T>> {
        self.line.clear();
        if let Err(e) = self.input.read_until(b'\n', &mut self.line) {
            return Some(Err(LedgerError::io("read", &self.path)(e)));
        }
        self.number += 1;
        let line = self.line.strip_suffix(b"\n")?;
        Some(serde_json::from_slice(line).map_err(|e| {
            LedgerError::corrupt(
                format!("line {} of the segment `{}`", self.number, self.path.display()),
                e.to_string(),
            )
        }))
    }
}

/// Hashes a closed segment again.
pub(crate) fn check(folder: &Path, name: &str, digest: &Digest) -> Result<()> {
    let place = format!("segment `{name}`");
    match hash_file(&path_of(folder, name)?) {
        Ok((found, _)) if found == *digest => Ok(()),
        Ok((found, _)) => Err(LedgerError::corrupt(place, format!("its bytes hash to {found}"))),
        Err(LedgerError::Io { source, .. }) if source.kind() == ErrorKind::NotFound => {
            Err(LedgerError::corrupt(place, "it is missing"))
        }
        Err(e) => Err(e),
    }
}

/// Names and sizes of the segments whose name begins with `prefix`, by name.
pub(crate) fn list(folder: &Path, prefix: &str) -> Result<Vec<(String, u64)>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(LedgerError::io("read", folder))? {
        let entry = entry.map_err(LedgerError::io("read", folder))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        // One that another process has just removed is not there any more.
        if let Ok(meta) = entry.metadata()
            && name.starts_with(prefix)
            && meta.is_file()
        {
            found.push((name, meta.len()));
        }
    }
    found.sort();
    Ok(found)
}

/// Removes a segment; one that is gone already is no error.
pub(crate) fn remove(folder: &Path, name: &str) -> Result<()> {
    let path = path_of(folder, name)?;
    match std::fs::remove_file(&path) {
        Err(e) if e.kind() != ErrorKind::NotFound => Err(LedgerError::io("remove", &path)(e)),
        _ => Ok(()),
    }
}

/// The file of a segment: names are 1 to 200 of `A-Z a-z 0-9 . _ -` and do not begin with a dot.
pub(crate) fn path_of(folder: &Path, name: &str) -> Result<PathBuf> {
    let ok = (1..=200).contains(&name.len())
        && !name.starts_with('.')
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'));
    if ok {
        Ok(folder.join(name))
    } else {
        Err(LedgerError::BadInput(format!(
            "`{name}` cannot name a segment: use 1 to 200 of A-Z a-z 0-9 . _ - and do not begin with a dot"
        )))
    }
}
