//! What the window reads of the world when it starts.

use driftgate_engine::Host;
use driftgate_host::{Ask, config_folder, folder};
use driftgate_session::{Setup, Wanted};
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

/// How long what a person waits for waits for another process to give the ledger back.
const LOCK_TIMEOUT: Duration = Duration::from_secs(10);

/// Where settings lie, where the demo goes, and how the engine hears of the world.
pub fn setup() -> Setup {
    let home = folder("HOME").or_else(|| folder("USERPROFILE")).unwrap_or_else(|| PathBuf::from("."));
    Setup {
        settings: config_folder().unwrap_or_else(|| PathBuf::from(".")).join("window.json"),
        demo: home.join("Driftgate demo"),
        host: Box::new(|wanted: &Wanted| {
            let host = driftgate_host::gather(Ask {
                via: wanted.via,
                actor: wanted.actor,
                threads: wanted.threads,
                git_at: wanted.git_at,
                command: None,
            });
            Host { lock_timeout: LOCK_TIMEOUT, ..host }
        }),
    }
}

/// The workspace named on the command line.
pub fn argument() -> Option<PathBuf> {
    let given: OsString = std::env::args_os().skip(1).find(|a| !a.to_string_lossy().starts_with('-'))?;
    let path = PathBuf::from(given);
    // A path on a command line is seen from where the command was typed.
    Some(if path.is_absolute() { path } else { std::env::current_dir().ok()?.join(path) })
}
