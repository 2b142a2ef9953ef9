use driftgate_model::Lease;

/// The lease of this process: its id and start time.
pub fn own_lease() -> Lease {
    let pid = std::process::id();
    Lease { pid, process_start: start_of(pid).unwrap_or(0) }
}

/// Whether the process that took the lease still runs.
///
/// On Linux the start time in `/proc/PID/stat` (clock ticks since boot) must match, so a reused id is not taken for it.
/// On other Unixes `ps` is asked for the start time. Where neither answers, only this process is known to live, and
/// any other holder counts as alive: a run is rather left `running` than settled under a living process.
pub fn is_alive(lease: &Lease) -> bool {
    if !can_look() {
        return true;
    }
    start_of(lease.pid).is_some_and(|start| start == lease.process_start)
}

#[cfg(target_os = "linux")]
fn can_look() -> bool {
    std::path::Path::new("/proc/self/stat").exists()
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
        let own = own_lease();
        assert!(is_alive(&own));
        if can_look() {
            assert!(!is_alive(&Lease { process_start: own.process_start + 1, ..own }));
        }
    }

    #[test]
    #[cfg(unix)]
    fn an_ended_process_is_dead_even_before_its_parent_noticed() {
        let mut child = std::process::Command::new("sleep").arg("30").spawn().expect("sleep starts");
        let lease = Lease { pid: child.id(), process_start: start_of(child.id()).expect("it runs") };
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
