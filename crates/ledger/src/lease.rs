use crate::segment::path_of;
use crate::{Entropy, LedgerError, Result};
use driftgate_model::Lease;
use std::fs::{File, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// A lease for as long as it is held: a file of its own that is locked.
///
/// The kernel gives the lock back when the process dies in whatever way, and shows it across containers and on every
/// operating system. Dropping the lease ends it and removes the file.
#[derive(Debug)]
pub struct HeldLease {
    lease: Lease,
    held: Option<(PathBuf, File)>,
}

impl HeldLease {
    /// What an event says about it.
    pub fn lease(&self) -> &Lease {
        &self.lease
    }

    pub(crate) fn take(folder: &Path, entropy: &dyn Entropy) -> Result<HeldLease> {
        let mut random = [0; 8];
        entropy.fill(&mut random);
        let name = hex::encode(random);
        let path = folder.join(&name);
        let create = || File::options().write(true).create_new(true).open(&path);
        let file = create().or_else(|e| match e.kind() {
            // A workspace that an older Driftgate made has no such folder.
            ErrorKind::NotFound => std::fs::create_dir_all(folder).and_then(|()| create()),
            _ => Err(e),
        });
        let file = file.map_err(LedgerError::io("create", &path))?;
        let mut lease = own_process();
        match file.try_lock() {
            Ok(()) => lease.file = Some(name),
            Err(TryLockError::Error(e)) if e.kind() == ErrorKind::Unsupported => {
                tracing::debug!("files cannot be locked here: the lease rests on the process id");
            }
            Err(e) => return Err(LedgerError::io("lock", &path)(e.into())),
        }
        Ok(HeldLease { lease, held: Some((path, file)) })
    }
}

impl Drop for HeldLease {
    fn drop(&mut self) {
        if let Some((path, file)) = self.held.take() {
            remove(&path);
            // Closing the file gives the lock back.
            drop(file);
        }
    }
}

/// Whether somebody holds the lease. Where the answer cannot be known it is held: a run is rather left `running` than
/// settled under a living process.
pub(crate) fn is_held(folder: &Path, lease: &Lease) -> bool {
    match &lease.file {
        None => is_alive(lease),
        Some(name) => path_of(folder, name).is_ok_and(|path| is_locked(&path)),
    }
}

fn is_locked(path: &Path) -> bool {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(e) => return e.kind() != ErrorKind::NotFound,
    };
    // Shared, so that two processes that look at once do not take each other for the holder.
    file.try_lock_shared().is_err()
}

/// Removes the file of a dead lease.
pub(crate) fn forget(folder: &Path, lease: &Lease) {
    let path = lease.file.as_ref().and_then(|name| path_of(folder, name).ok());
    if let Some(path) = path.filter(|path| !is_locked(path)) {
        remove(&path);
    }
}

/// Removes files that nobody holds and that were made before `before`; returns how many. A younger one may be about to
/// be locked.
pub(crate) fn sweep(folder: &Path, before: SystemTime) -> usize {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    let old = |path: &Path| std::fs::metadata(path).and_then(|m| m.modified()).is_ok_and(|t| t <= before);
    let left = entries.flatten().map(|e| e.path()).filter(|path| old(path) && !is_locked(path));
    left.map(|path| remove(&path)).count()
}

fn remove(path: &Path) {
    match std::fs::remove_file(path) {
        Ok(()) => {}
        Err(e) if e.kind() == ErrorKind::NotFound => {}
        Err(error) => tracing::debug!(%error, path = %path.display(), "the file of a lease stays behind"),
    }
}

/// Who this process is: its id and start time.
pub(crate) fn own_process() -> Lease {
    let pid = std::process::id();
    Lease { pid, process_start: start_of(pid).unwrap_or(0), file: None }
}

/// Whether the process of that id and start time still runs, as far as this one can see it: not into another PID namespace.
///
/// On Linux the start time in `/proc/PID/stat` (clock ticks since boot) must match, so a reused id is not taken for it.
/// On other Unixes `ps` is asked for the start time. Where neither answers, only this process is known to live, and
/// any other holder counts as alive: a run is rather left `running` than settled under a living process.
pub(crate) fn is_alive(lease: &Lease) -> bool {
    if !can_look() {
        return true;
    }
    start_of(lease.pid).is_some_and(|start| start == lease.process_start)
}

#[cfg(target_os = "linux")]
fn can_look() -> bool {
    Path::new("/proc/self/stat").exists()
}

#[cfg(target_os = "linux")]
fn start_of(pid: u32) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The command name (field 2) stands in parentheses and may hold spaces: count from the last one.
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace();
    // A zombie has ended; only its parent has not noticed.
    if matches!(fields.next()?, "Z" | "X") {
        return None;
    }
    // `starttime` is field 22; the state was field 3.
    fields.nth(18)?.parse().ok()
}

#[cfg(all(unix, not(target_os = "linux")))]
fn can_look() -> bool {
    start_of(std::process::id()).is_some()
}

#[cfg(all(unix, not(target_os = "linux")))]
fn start_of(pid: u32) -> Option<u64> {
    let out = std::process::Command::new("ps").args(["-o", "lstart=", "-p", &pid.to_string()]).output().ok()?;
    let text = out.stdout.trim_ascii();
    if text.is_empty() {
        return None;
    }
    // The date as text is enough to tell two processes apart; six bytes keep the number exact in JSON.
    let digest = driftgate_model::Digest::of(text);
    Some(digest.as_bytes().iter().take(6).fold(0, |n, b| n << 8 | u64::from(*b)))
}

#[cfg(not(unix))]
fn can_look() -> bool {
    false
}

#[cfg(not(unix))]
fn start_of(_pid: u32) -> Option<u64> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_lives_and_a_reused_id_does_not_count() {
        let own = own_process();
        assert!(is_alive(&own));
        if can_look() {
            assert!(!is_alive(&Lease { process_start: own.process_start + 1, ..own }));
        }
    }

    #[test]
    #[cfg(unix)]
    fn an_ended_process_is_dead_even_before_its_parent_noticed() {
        let mut child = std::process::Command::new("sleep").arg("30").spawn().expect("sleep starts");
        let lease = Lease { pid: child.id(), process_start: start_of(child.id()).expect("it runs"), file: None };
        assert!(is_alive(&lease));
        child.kill().expect("kill");
        // Not waited for yet: a zombie.
        for _ in 0..200 {
            if !is_alive(&lease) {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        assert!(!is_alive(&lease));
        child.wait().expect("wait");
        assert!(!is_alive(&lease));
    }
}
