use crate::lease::{is_alive, own_process};
use crate::place::sync_folder;
use crate::{LedgerError, Result};
use driftgate_model::{Digest, Lease};
use sha2::Digest as _;
use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

/// Files named by the SHA-256 of their bytes: `objects/aa/bbcc…`, written once and never changed.
#[derive(Debug, Clone)]
pub(crate) struct ObjectStore {
    folder: PathBuf,
}

/// Bytes read at a time.
const CHUNK: usize = 1 << 16;
/// Bytes after which a watcher is told.
const PART: u64 = 16 << 20;

/// Is told how much of how much is done; `false` stops.
pub(crate) type Watch<'a> = &'a mut dyn FnMut(u64, u64) -> bool;

impl ObjectStore {
    pub(crate) fn at(folder: PathBuf) -> ObjectStore {
        ObjectStore { folder }
    }

    pub(crate) fn path(&self, digest: &Digest) -> PathBuf {
        let name = digest.to_string();
        let (folder, file) = name.split_at(2);
        self.folder.join(folder).join(file)
    }

    pub(crate) fn has(&self, digest: &Digest) -> bool {
        self.path(digest).is_file()
    }

    pub(crate) fn put(&self, bytes: &[u8]) -> Result<Digest> {
        let digest = Digest::of(bytes);
        if self.holds_intact(&digest, bytes.len() as u64)? && self.renew(&digest)? {
            return Ok(digest);
        }
        let mut temporary = Temporary::create(&self.folder)?;
        temporary.file.write_all(bytes).map_err(LedgerError::io("write", &temporary.path))?;
        self.keep(temporary, &digest)?;
        Ok(digest)
    }

    /// Copies a file in. The copy is hashed, not the original, so a file that changes meanwhile cannot get a wrong name.
    pub(crate) fn put_file(&self, path: &Path) -> Result<(Digest, u64)> {
        let stored = self.put_file_watched(path, &mut |_, _| true)?;
        stored.ok_or_else(|| LedgerError::BadInput(format!("`{}` was not stored", path.display())))
    }

    /// The same, in parts of a file that is large: `watch` is told how many bytes of how many were copied or hashed, and
    /// stops it with `false`; then nothing is stored.
    pub(crate) fn put_file_watched(&self, path: &Path, watch: Watch<'_>) -> Result<Option<(Digest, u64)>> {
        let mut source = File::open(path).map_err(LedgerError::io("read", path))?;
        let meta = source.metadata().map_err(LedgerError::io("read", path))?;
        if !meta.is_file() {
            return Err(LedgerError::BadInput(format!("`{}` is not a regular file", path.display())));
        }
        let mut temporary = Temporary::create(&self.folder)?;
        let all = 2 * meta.len();
        let mut copied = 0;
        loop {
            // `copy` between files shares the blocks (reflink) where the file system can.
            let part = std::io::copy(&mut (&mut source).take(PART), &mut temporary.file);
            let part = part.map_err(|source| LedgerError::Io {
                what: if source.kind() == ErrorKind::StorageFull { "write the copy of" } else { "copy" },
                path: path.to_owned(),
                source,
            })?;
            copied += part;
            if !watch(copied, all) {
                return Ok(None);
            }
            if part < PART {
                break;
            }
            // In parts, so that what is left for the end does not take long, and can be stopped until then.
            temporary.file.sync_data().map_err(LedgerError::io("synchronise", &temporary.path))?;
        }
        let hashed = hash_file_watched(&temporary.path, &mut |size| watch(copied + size, all))?;
        let Some((digest, size)) = hashed else { return Ok(None) };
        if !(self.holds_intact(&digest, size)? && self.renew(&digest)?) {
            self.keep(temporary, &digest)?;
        }
        Ok(Some((digest, size)))
    }

    pub(crate) fn get(&self, digest: &Digest) -> Result<Vec<u8>> {
        let path = self.path(digest);
        let bytes = std::fs::read(&path).map_err(|e| match e.kind() {
            ErrorKind::NotFound => LedgerError::ObjectNotFound(*digest),
            _ => LedgerError::Io { what: "read", path, source: e },
        })?;
        let found = Digest::of(&bytes);
        if found == *digest { Ok(bytes) } else { Err(damaged(digest, &found)) }
    }

    /// Hashes the stored file again without keeping its bytes.
    pub(crate) fn check(&self, digest: &Digest) -> Result<u64> {
        let path = self.path(digest);
        let (found, size) = hash_file(&path).map_err(|e| match e {
            LedgerError::Io { source, .. } if source.kind() == ErrorKind::NotFound => {
                LedgerError::ObjectNotFound(*digest)
            }
            other => other,
        })?;
        if found == *digest { Ok(size) } else { Err(damaged(digest, &found)) }
    }

    /// Every file in the store, in the order of the digests; `Err(path)` for one that no digest names.
    pub(crate) fn list(&self) -> Result<Vec<Result<Digest, PathBuf>>> {
        let mut found = Vec::new();
        for folder in entries(&self.folder)? {
            let name = file_name(&folder);
            if name.len() != 2 || !folder.is_dir() {
                // Temporary files of a process that works or that died.
                if !name.starts_with(TEMPORARY) {
                    found.push(Err(folder));
                }
                continue;
            }
            for file in entries(&folder)? {
                let digest = format!("{name}{}", file_name(&file)).parse::<Digest>();
                found.push(digest.map_err(|_| file));
            }
        }
        Ok(found)
    }

    pub(crate) fn remove(&self, digest: &Digest) -> Result<bool> {
        let path = self.path(digest);
        match std::fs::remove_file(&path) {
            Ok(()) => Ok(true),
            Err(e) if e.kind() == ErrorKind::NotFound => Ok(false),
            Err(source) => Err(LedgerError::Io { what: "remove", path, source }),
        }
    }

    /// Removes the object if nobody has put it since `before`; returns its size where it did.
    ///
    /// It is moved aside first: whoever puts it meanwhile either finds it gone and writes it again, or has renewed it by
    /// then, which is seen, and it comes back.
    pub(crate) fn remove_older(&self, digest: &Digest, before: SystemTime) -> Result<Option<u64>> {
        let path = self.path(digest);
        match std::fs::metadata(&path) {
            Ok(meta) if is_older(&meta, before) => {}
            Ok(_) => return Ok(None),
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(LedgerError::io("read", &path)(e)),
        }
        let aside = temporary_path(&self.folder, &own_process());
        match std::fs::rename(&path, &aside) {
            Ok(()) => {}
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(LedgerError::io("remove", &path)(e)),
        }
        let meta = std::fs::metadata(&aside).map_err(LedgerError::io("read", &aside))?;
        if is_older(&meta, before) {
            std::fs::remove_file(&aside).map_err(LedgerError::io("remove", &path))?;
            return Ok(Some(meta.len()));
        }
        std::fs::rename(&aside, &path).map_err(LedgerError::io("put back", &path))?;
        if let Some(folder) = path.parent() {
            sync_folder(folder)?;
        }
        Ok(None)
    }

    /// Removes temporary files of processes that are gone, unless they were written to since `before`: a process of
    /// another container looks gone while it lives. Returns how many.
    pub(crate) fn sweep(&self, before: SystemTime) -> Result<usize> {
        let mut swept = 0;
        for path in entries(&self.folder)? {
            let dead = file_name(&path).strip_prefix(TEMPORARY).is_some_and(|rest| {
                let mut parts = rest.split('-').map(str::parse::<u64>);
                match (parts.next(), parts.next()) {
                    (Some(Ok(pid)), Some(Ok(process_start))) => {
                        u32::try_from(pid).is_ok_and(|pid| !is_alive(&Lease { pid, process_start, file: None }))
                    }
                    _ => false,
                }
            });
            if dead && std::fs::metadata(&path).is_ok_and(|meta| is_older(&meta, before)) {
                std::fs::remove_file(&path).map_err(LedgerError::io("remove", &path))?;
                swept += 1;
            }
        }
        Ok(swept)
    }

    /// Whether the store holds the object with its bytes unharmed: a damaged copy is written again.
    fn holds_intact(&self, digest: &Digest, size: u64) -> Result<bool> {
        match std::fs::metadata(self.path(digest)) {
            Ok(meta) if meta.len() == size => Ok(self.check(digest).is_ok()),
            Ok(_) => Ok(false),
            Err(e) if e.kind() == ErrorKind::NotFound => Ok(false),
            Err(e) => Err(LedgerError::Io { what: "read", path: self.path(digest), source: e }),
        }
    }

    /// Gives a stored object the age of a new one, so that `gc` leaves it to the event that will name it, and makes it
    /// durable: whoever stored it may not have come to that. `false` where that cannot be done, or `gc` was faster: then it
    /// is to be written again.
    fn renew(&self, digest: &Digest) -> Result<bool> {
        let path = self.path(digest);
        // On Unix the owner may set the times of a read-only file; on Windows it takes a handle for writing.
        let Ok(file) = File::options().read(true).write(cfg!(not(unix))).open(&path) else { return Ok(false) };
        #[allow(
            clippy::disallowed_methods,
            reason = "the age of a file, as any write to it sets it: no result depends on it"
        )]
        let now = SystemTime::now();
        if file.set_modified(now).is_err() {
            return Ok(false);
        }
        file.sync_all().map_err(LedgerError::io("synchronise", &path))?;
        self.sync_folders(&path)?;
        Ok(self.has(digest))
    }

    /// Makes the name of an object survive a power loss, the folder's too: another process may just have made it.
    fn sync_folders(&self, path: &Path) -> Result<()> {
        sync_folder(path.parent().unwrap_or(&self.folder))?;
        sync_folder(&self.folder)
    }

    /// Makes the temporary file durable under its name.
    fn keep(&self, temporary: Temporary, digest: &Digest) -> Result<()> {
        make_read_only(&temporary.file).map_err(LedgerError::io("protect", &temporary.path))?;
        temporary.file.sync_all().map_err(LedgerError::io("synchronise", &temporary.path))?;
        let path = self.path(digest);
        let folder = path.parent().unwrap_or(&self.folder);
        match std::fs::create_dir(folder) {
            Ok(()) => {}
            Err(e) if e.kind() == ErrorKind::AlreadyExists => {}
            Err(e) => return Err(LedgerError::io("create", folder)(e)),
        }
        std::fs::rename(&temporary.path, &path).map_err(LedgerError::io("write", &path))?;
        temporary.renamed();
        self.sync_folders(&path)
    }
}

fn is_older(meta: &std::fs::Metadata, before: SystemTime) -> bool {
    meta.modified().is_ok_and(|written| written <= before)
}

fn damaged(digest: &Digest, found: &Digest) -> LedgerError {
    LedgerError::corrupt(format!("object {digest}"), format!("its bytes hash to {found}"))
}

#[cfg(unix)]
fn make_read_only(file: &File) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(std::fs::Permissions::from_mode(0o444))
}

// On Windows a read-only file cannot be replaced or removed, which `gc` and the repair of a damaged object need.
#[cfg(not(unix))]
fn make_read_only(_file: &File) -> std::io::Result<()> {
    Ok(())
}

/// SHA-256 and length of a file, read once from front to back.
pub(crate) fn hash_file(path: &Path) -> Result<(Digest, u64)> {
    let hashed = hash_file_watched(path, &mut |_| true)?;
    hashed.ok_or_else(|| LedgerError::BadInput(format!("`{}` was not read through", path.display())))
}

/// The same, unless `watch`, which is told how far it is, says `false`.
fn hash_file_watched(path: &Path, watch: &mut dyn FnMut(u64) -> bool) -> Result<Option<(Digest, u64)>> {
    let mut file = File::open(path).map_err(LedgerError::io("read", path))?;
    let mut hasher = sha2::Sha256::new();
    let mut buffer = vec![0; CHUNK];
    let (mut size, mut told) = (0, 0);
    loop {
        let n = match file.read(&mut buffer) {
            Ok(0) => break,
            Ok(n) => n,
            Err(e) if e.kind() == ErrorKind::Interrupted => continue,
            Err(e) => return Err(LedgerError::io("read", path)(e)),
        };
        hasher.update(buffer.get(..n).unwrap_or_default());
        size += n as u64;
        if size - told >= PART {
            told = size;
            if !watch(size) {
                return Ok(None);
            }
        }
    }
    Ok(Some((Digest(hasher.finalize().into()), size)))
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let read = || -> std::io::Result<Vec<PathBuf>> {
        std::fs::read_dir(folder)?.map(|entry| entry.map(|e| e.path())).collect()
    };
    let mut paths = read().map_err(LedgerError::io("list", folder))?;
    paths.sort();
    Ok(paths)
}

fn file_name(path: &Path) -> &str {
    path.file_name().and_then(|n| n.to_str()).unwrap_or_default()
}

const TEMPORARY: &str = "tmp-";

/// A new `tmp-PID-START-N`: the name says whose it is, so that one left by a dead process can be swept.
fn temporary_path(folder: &Path, process: &Lease) -> PathBuf {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let n = COUNTER.fetch_add(1, Ordering::Relaxed);
    folder.join(format!("{TEMPORARY}{}-{}-{n}", process.pid, process.process_start))
}

/// A file that disappears unless it is renamed.
struct Temporary {
    path: PathBuf,
    file: File,
    kept: bool,
}

impl Temporary {
    fn create(folder: &Path) -> Result<Temporary> {
        let process = own_process();
        loop {
            let path = temporary_path(folder, &process);
            match File::options().read(true).write(true).create_new(true).open(&path) {
                Ok(file) => return Ok(Temporary { path, file, kept: false }),
                Err(e) if e.kind() == ErrorKind::AlreadyExists => {}
                Err(source) => {
                    return Err(LedgerError::Io { what: "create a file in", path: folder.to_owned(), source });
                }
            }
        }
    }

    fn renamed(mut self) {
        self.kept = true;
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if !self.kept
            && let Err(error) = std::fs::remove_file(&self.path)
        {
            tracing::debug!(%error, path = %self.path.display(), "a temporary file stays behind");
        }
    }
}
