//! A file of tiles.

use crate::error::{ImagesError, Result, io_at};
use crate::tile::no_tile;
use driftgate_model::{TileShape, TileSource};
use sha2::{Digest as _, Sha256};
use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// The first bytes.
const MAGIC: &[u8; 8] = b"DGTILES2";

/// Bytes before the first tile.
const HEADER: u64 = 32;

/// Bytes after the last tile: the SHA-256 of all before them.
const DIGEST: u64 = 32;

/// Magic, height, width, channels (32 bits each, little end first), four zero bytes, count (64 bits).
fn header(shape: TileShape, count: usize) -> [u8; HEADER as usize] {
    let mut bytes = [0; HEADER as usize];
    bytes[..8].copy_from_slice(MAGIC);
    for (i, side) in [shape.height, shape.width, shape.channels].into_iter().enumerate() {
        bytes[8 + 4 * i..12 + 4 * i].copy_from_slice(&(side as u32).to_le_bytes());
    }
    bytes[24..].copy_from_slice(&(count as u64).to_le_bytes());
    bytes
}

/// Tiles in a file, read one at a time from where they lie; threads may read at once.
#[derive(Debug)]
pub struct TileFile {
    file: File,
    shape: TileShape,
    count: usize,
}

impl TileFile {
    /// Begins a file of `count` tiles beside `path`; it takes the name at [`TileWriter::finish`].
    pub fn create(path: &Path, shape: TileShape, count: usize) -> Result<TileWriter> {
        let mut name = path.file_name().unwrap_or_default().to_owned();
        // Two jobs of one process may write the same tiles at one time.
        static NEXT: AtomicU64 = AtomicU64::new(0);
        name.push(format!(".{}-{}.part", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed)));
        let part = path.with_file_name(name);
        let mut file = BufWriter::with_capacity(1 << 18, File::create(&part).map_err(io_at(&part))?);
        let head = header(shape, count);
        file.write_all(&head).map_err(io_at(&part))?;
        let sha = Sha256::new_with_prefix(head);
        Ok(TileWriter { file: Some(file), part, path: path.into(), shape, count, written: 0, sha })
    }

    /// Opens a file of `count` tiles, and reads it through once. Errors: reading; `InvalidData` where its head, its length or the
    /// digest at its end says something else.
    pub fn open(path: &Path, shape: TileShape, count: usize) -> io::Result<TileFile> {
        let wrong = |what: String| Err(io::Error::new(io::ErrorKind::InvalidData, what));
        let mut file = File::open(path)?;
        let mut found = [0; HEADER as usize];
        let length = file.metadata()?.len();
        if length < HEADER {
            return wrong(format!("{length} bytes are no file of tiles"));
        }
        file.read_exact(&mut found)?;
        if found != header(shape, count) {
            return wrong(format!("its head is not of {count} tiles of {}", described(shape)));
        }
        let wanted = (count as u64).checked_mul(shape.values() as u64).and_then(|n| n.checked_add(HEADER + DIGEST));
        if wanted != Some(length) {
            return wrong(format!("{length} bytes are not {count} tiles of {}", described(shape)));
        }
        let mut sha = Sha256::new_with_prefix(found);
        let (mut left, mut part) = (length - HEADER - DIGEST, vec![0; 1 << 18]);
        while left > 0 {
            let n = part.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            file.read_exact(&mut part[..n])?;
            sha.update(&part[..n]);
            left -= n as u64;
        }
        let mut told = [0; DIGEST as usize];
        file.read_exact(&mut told)?;
        if <[u8; DIGEST as usize]>::from(sha.finalize()) != told {
            return wrong("its content is not what was written".into());
        }
        Ok(TileFile { file, shape, count })
    }
}

fn described(shape: TileShape) -> String {
    format!("{} x {} x {}", shape.height, shape.width, shape.channels)
}

impl TileSource for TileFile {
    fn len(&self) -> usize {
        self.count
    }

    fn shape(&self) -> TileShape {
        self.shape
    }

    fn read(&self, index: usize, tile: &mut [u8]) -> io::Result<()> {
        if index >= self.count || tile.len() != self.shape.values() {
            return Err(no_tile(index, self.count));
        }
        read_exact_at(&self.file, tile, HEADER + index as u64 * tile.len() as u64)
    }
}

#[cfg(unix)]
fn read_exact_at(file: &File, bytes: &mut [u8], at: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, at)
}

#[cfg(windows)]
fn read_exact_at(file: &File, mut bytes: &mut [u8], mut at: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        match std::os::windows::fs::FileExt::seek_read(file, bytes, at) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(n) => {
                bytes = &mut bytes[n..];
                at += n as u64;
            }
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(())
}

/// Writes a [`TileFile`]; dropped before [`TileWriter::finish`] it leaves nothing behind.
#[derive(Debug)]
pub struct TileWriter {
    /// `None` once finished.
    file: Option<BufWriter<File>>,
    part: PathBuf,
    path: PathBuf,
    shape: TileShape,
    count: usize,
    written: usize,
    /// Of all that was written; it stands at the end.
    sha: Sha256,
}

impl TileWriter {
    /// Writes the next tile. Errors: a wrong length, one too many, writing.
    pub fn push(&mut self, tile: &[u8]) -> Result<()> {
        if tile.len() != self.shape.values() || self.written == self.count {
            return Err(self.wrong(format!("tile {} of {} bytes does not belong", self.written + 1, tile.len())));
        }
        if let Some(file) = &mut self.file {
            file.write_all(tile).map_err(io_at(&self.part))?;
        }
        self.sha.update(tile);
        self.written += 1;
        Ok(())
    }

    /// Puts the file on the disk and gives it its name. Errors: tiles are missing, writing.
    pub fn finish(mut self) -> Result<TileFile> {
        if self.written != self.count {
            return Err(self.wrong(format!("{} of {} tiles were written", self.written, self.count)));
        }
        if let Some(mut file) = self.file.take() {
            let ended = file.write_all(&self.sha.finalize_reset());
            let whole = ended.and_then(|()| file.into_inner().map_err(io::IntoInnerError::into_error));
            let synced = whole.and_then(|f| f.sync_all());
            let named = synced.and_then(|()| std::fs::rename(&self.part, &self.path));
            if let Err(error) = named {
                let _ = std::fs::remove_file(&self.part);
                return Err(io_at(&self.path)(error));
            }
        }
        sync_folder(&self.path);
        TileFile::open(&self.path, self.shape, self.count).map_err(io_at(&self.path))
    }

    fn wrong(&self, why: String) -> ImagesError {
        ImagesError::Tiles { path: self.path.clone(), why }
    }
}

impl Drop for TileWriter {
    fn drop(&mut self) {
        if self.file.take().is_some() {
            let _ = std::fs::remove_file(&self.part);
        }
    }
}

/// Makes the new name last, where the system can; a cache of tiles is made again where it cannot.
fn sync_folder(path: &Path) {
    if let Some(Ok(folder)) = path.parent().map(File::open) {
        let _ = folder.sync_all();
    }
}
