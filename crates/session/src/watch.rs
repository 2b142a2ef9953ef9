//! The thread that looks whether somebody else, the command line say, wrote to the open workspace.

use crate::lock;
use crate::session::Inner;
use crate::{Result, SessionError};
use driftgate_model::Code;
use driftgate_model::views::{Failure, WindowEvent};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, Weak};
use std::thread::Thread;
use std::time::Duration;

/// How often the ledger's head is looked at while a workspace is open.
const LOOK: Duration = Duration::from_millis(250);

/// What was seen last.
#[derive(Default)]
struct Seen {
    root: PathBuf,
    events: Option<u64>,
    lost: bool,
}

/// The watcher. Its thread ends with the session.
pub(crate) struct Watch {
    seen: Arc<Mutex<Seen>>,
    thread: Option<Thread>,
}

impl Watch {
    pub(crate) fn start(session: Weak<Inner>) -> Watch {
        let seen = Arc::new(Mutex::new(Seen::default()));
        let own = seen.clone();
        let work = move || {
            // The session is made around the watcher, and is not there yet at the first look.
            std::thread::park_timeout(LOOK);
            while let Some(session) = session.upgrade() {
                let open = look(&session, &own);
                drop(session);
                // With nothing open there is nothing to see until somebody nudges; the long look only finds the session's end.
                std::thread::park_timeout(if open { LOOK } else { LOOK * 20 });
            }
        };
        let thread = std::thread::Builder::new().name("watch-ledger".into()).spawn(work);
        if let Err(error) = &thread {
            tracing::error!(%error, "what others write is not seen");
        }
        Watch { seen, thread: thread.ok().map(|t| t.thread().clone()) }
    }

    /// Another workspace is open, and its front knows of so many events.
    pub(crate) fn begin_anew(&self, root: PathBuf, events: u64) {
        *lock(&self.seen) = Seen { root, events: Some(events), lost: false };
        self.nudge();
    }

    /// Looks at once.
    pub(crate) fn nudge(&self) {
        if let Some(thread) = &self.thread {
            thread.unpark();
        }
    }
}

fn gone(root: &Path) -> SessionError {
    SessionError::told(
        Code::Io,
        format!("The workspace in {} is not there any more", root.display()),
        "Put the folder back and the window goes on by itself, or open another workspace",
    )
}

/// Compares, and tells; whether a workspace is open.
fn look(session: &Inner, seen: &Mutex<Seen>) -> bool {
    let Some(workspace) = session.opened() else { return false };
    // The head file says enough as long as it is there; without the ledger the workspace is gone.
    let now: Result<u64> = match workspace.root().join(".driftgate").join("ledger.redb").metadata() {
        Ok(_) => workspace.events().map_err(SessionError::from),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Err(gone(workspace.root())),
        Err(e) => Err(SessionError::io("read the workspace in", workspace.root(), &e)),
    };
    let mut seen = lock(seen);
    if seen.root != workspace.root() {
        *seen = Seen { root: workspace.root().to_path_buf(), ..Seen::default() };
    }
    let mut tell = Vec::new();
    match now {
        Ok(events) => {
            if seen.lost {
                tell.push(WindowEvent::Found);
            }
            if seen.events.is_some_and(|before| before != events) || seen.lost {
                tell.push(WindowEvent::Changed { events });
            }
            seen.lost = false;
            seen.events = Some(events);
        }
        Err(error) if !seen.lost => {
            seen.lost = true;
            tell.push(WindowEvent::Lost { failure: Failure::from(error) });
        }
        Err(_) => {}
    }
    drop(seen);
    for event in &tell {
        session.tell(event);
    }
    true
}
