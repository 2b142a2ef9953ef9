//! What the window's processes use, as Linux tells.

use super::Window;
use std::fs;

/// What the window and the processes it started have used.
pub struct Used {
    /// Processor time in seconds, user and system.
    pub seconds: f64,
    /// Memory in MiB, of which shared pages count in part (PSS).
    pub mebibytes: f64,
    /// How many processes.
    pub processes: usize,
}

/// Clock ticks in a second, as `/proc` counts them on every Linux of today.
const TICKS: f64 = 100.0;

impl Window {
    /// Seconds since the window's process was started.
    pub fn process_age(&self) -> f64 {
        let pid = self.process().unwrap();
        let uptime: f64 = fs::read_to_string("/proc/uptime").unwrap().split(' ').next().unwrap().parse().unwrap();
        uptime - stat(pid).map_or(0.0, |fields| fields[19]) / TICKS
    }

    /// What the window and its processes have used so far.
    pub fn used(&self) -> Used {
        let own = self.process().unwrap();
        let all = self.driver.descendants();
        let of_window: Vec<u32> = all.iter().copied().filter(|pid| belongs(*pid, own)).collect();
        let seconds = of_window.iter().filter_map(|pid| stat(*pid)).map(|f| (f[11] + f[12]) / TICKS).sum();
        let kilobytes: f64 = of_window.iter().filter_map(|pid| pss(*pid)).sum();
        Used { seconds, mebibytes: kilobytes / 1024.0, processes: of_window.len() }
    }
}

/// Whether `pid` is `own` or was started by it.
fn belongs(pid: u32, own: u32) -> bool {
    let mut at = pid;
    while at != own {
        match stat(at) {
            Some(fields) if fields[1] > 1.0 => at = fields[1] as u32,
            _ => return false,
        }
    }
    true
}

/// The numbers of `/proc/PID/stat` after the name: state (as 0), parent, and so on.
fn stat(pid: u32) -> Option<Vec<f64>> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    Some(text.rsplit_once(") ")?.1.split(' ').map(|field| field.trim().parse().unwrap_or(0.0)).collect())
}

/// Proportional memory in kB.
fn pss(pid: u32) -> Option<f64> {
    let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
    text.lines().find_map(|line| line.strip_prefix("Pss:"))?.trim().trim_end_matches(" kB").parse().ok()
}
