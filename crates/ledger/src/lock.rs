use crate::lease::{is_alive, own_process};
use crate::place::Place;
use crate::{LedgerError, OpenOptions, Result};
use driftgate_model::Lease;
use std::fs::{File, TryLockError};
use std::io::{ErrorKind, Write};
use std::path::Path;
use std::time::{Duration, Instant};

/// How a process uses the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    /// Together with other readers.
    Read,
    /// Alone.
    Write,
}

/// The advisory lock of a workspace, held until dropped.
///
/// Whoever has to wait first takes `lock.queue`, and gives it back once it holds `lock`: so only one process at a time
/// tries for the lock, nobody who comes later overtakes it, and a stream of readers cannot starve a writer.
#[derive(Debug)]
pub(crate) struct Lock {
    file: Option<File>,
    usage: Use,
}

impl Lock {
    pub(crate) fn acquire(place: &Place, options: &OpenOptions, usage: Use) -> Result<Lock> {
        #[allow(clippy::disallowed_methods, reason = "how long to wait for another process: no result depends on it")]
        let started = Instant::now();
        let path = place.lock();
        let Some(file) = open(&path, usage)? else {
            // A folder that cannot be written to and was never locked: there is no writer to wait for.
            return Ok(Lock { file: None, usage });
        };
        let Some(queue) = open(&place.queue(), usage)? else {
            return Ok(Lock { file: None, usage });
        };
        let deadline = Deadline { started, timeout: options.lock_timeout, path: &path };
        deadline.wait_for(&queue, Use::Write)?;
        deadline.wait_for(&file, usage)?;
        drop(queue);
        let lock = Lock { file: Some(file), usage };
        if usage == Use::Write
            && let Err(error) = lock.write_holder(&options.holder)
        {
            // On a full disk, say: those who wait are not told who it is, and that is all.
            tracing::debug!(%error, "the lock file does not name its holder");
        }
        Ok(lock)
    }

    fn write_holder(&self, holder: &str) -> std::io::Result<()> {
        let Some(mut file) = self.file.as_ref() else { return Ok(()) };
        let Lease { pid, process_start, .. } = own_process();
        let holder = holder.replace(['\n', '\r'], " ");
        file.set_len(0)?;
        file.write_all(format!("{holder}\n{pid} {process_start}\n").as_bytes())
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        if let (Some(file), Use::Write) = (&self.file, self.usage)
            && let Err(error) = file.set_len(0)
        {
            tracing::debug!(%error, "the lock file keeps the name of its last holder");
        }
        // Closing the file releases the lock.
    }
}

/// Opens a lock file; `None` in a read-only folder that has none.
fn open(path: &Path, usage: Use) -> Result<Option<File>> {
    let open_error = |source| LedgerError::Io { what: "open", path: path.to_owned(), source };
    match File::options().read(true).write(true).create(true).truncate(false).open(path) {
        Ok(file) => Ok(Some(file)),
        Err(e)
            if usage == Use::Read
                && matches!(e.kind(), ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem) =>
        {
            match File::open(path) {
                Ok(file) => Ok(Some(file)),
                Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
                Err(e) => Err(open_error(e)),
            }
        }
        Err(e) => Err(open_error(e)),
    }
}

struct Deadline<'a> {
    started: Instant,
    timeout: Duration,
    path: &'a Path,
}

impl Deadline<'_> {
    fn wait_for(&self, file: &File, usage: Use) -> Result<()> {
        let mut pause = Duration::from_micros(500);
        loop {
            let tried = match usage {
                Use::Read => file.try_lock_shared(),
                Use::Write => file.try_lock(),
            };
            match tried {
                Ok(()) => return Ok(()),
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(source)) => {
                    return Err(LedgerError::Io { what: "lock", path: self.path.to_owned(), source });
                }
            }
            let waited = self.started.elapsed();
            let Some(left) = self.timeout.checked_sub(waited).filter(|left| !left.is_zero()) else {
                return Err(LedgerError::Busy { holder: holder(self.path), waited_ms: millis(waited) });
            };
            std::thread::sleep(pause.min(left));
            pause = (pause * 2).min(Duration::from_millis(8));
        }
    }
}

fn millis(d: Duration) -> u64 {
    u64::try_from(d.as_millis()).unwrap_or(u64::MAX)
}

/// Who holds the lock, as the lock file says. A name left behind by a process that died does not count.
pub(crate) fn holder(path: &Path) -> String {
    let unknown = || "another process".to_owned();
    let Ok(text) = std::fs::read_to_string(path) else { return unknown() };
    let mut lines = text.lines();
    let (Some(name), Some(lease)) = (lines.next(), lines.next()) else { return unknown() };
    let alive = lease
        .split_once(' ')
        .and_then(|(pid, start)| Some(Lease { pid: pid.parse().ok()?, process_start: start.parse().ok()?, file: None }))
        .is_some_and(|lease| is_alive(&lease));
    if alive { name.to_owned() } else { unknown() }
}
