//! The prediction server of the window, on a thread of its own.

use crate::session::Session;
use crate::{Result, SessionError, lock};
use driftgate_engine::Workspace;
use driftgate_model::views::{Failure, ServerView, WindowEvent};
use driftgate_model::{CancelToken, Code, Timestamp};
use driftgate_serve::{Live, ServeError, ServeOptions, Started};
use std::panic::AssertUnwindSafe;
use std::sync::Mutex;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// The longest that a server may take until it listens; loading the models is most of it.
const START: Duration = Duration::from_secs(60);
/// How often the front hears of a server that answers.
const BEAT: Duration = Duration::from_secs(1);

/// The server, running or not.
#[derive(Default)]
pub(crate) struct Serving {
    now: Mutex<Now>,
    /// Held while one starts.
    starting: Mutex<()>,
}

#[derive(Default)]
struct Now {
    /// Counts the starts: what a server says that is not the newest is not listened to.
    start: u64,
    /// The newest start that ended.
    ended: u64,
    running: Option<Running>,
    /// Why the last one ended, where nobody asked it to.
    failure: Option<Failure>,
}

struct Running {
    address: String,
    since: Timestamp,
    new_token: Option<String>,
    live: Live,
    cancel: CancelToken,
    thread: Option<JoinHandle<()>>,
}

impl Session {
    /// The server of this window.
    pub fn server(&self) -> ServerView {
        let now = lock(&self.0.serving.now);
        let Some(running) = &now.running else {
            return ServerView { failure: now.failure.clone(), ..ServerView::default() };
        };
        let measured = running.live.measured();
        ServerView {
            running: true,
            address: Some(running.address.clone()),
            models: running.live.models(),
            failed: running.live.failed(),
            since: Some(running.since),
            new_token: running.new_token.clone(),
            requests: measured.requests,
            errors: measured.errors,
            rate: measured.rate,
            p50_ms: measured.p50_ms,
            p95_ms: measured.p95_ms,
            failure: None,
        }
    }

    /// Starts the server on a port of this machine; 0 picks one.
    ///
    /// Errors: it runs already; something listens there; no workspace is open, or its ledger cannot be read.
    pub fn start_server(&self, port: u16) -> Result<ServerView> {
        let _one_at_a_time = lock(&self.0.serving.starting);
        let root = self.workspace()?.root().to_path_buf();
        if self.server().running {
            return Err(SessionError::told(Code::Refused, "The server runs already", "Stop it first"));
        }
        let workspace = Workspace::open(&root, self.server_host())?;
        let options = ServeOptions { port, ..ServeOptions::default() };
        let cancel = CancelToken::new();
        let start = {
            let mut now = lock(&self.0.serving.now);
            now.start += 1;
            now.failure = None;
            now.start
        };
        let (said, hear) = sync_channel::<Result<Started>>(1);
        let (session, token) = (self.clone(), cancel.clone());
        let act = move || {
            let listens = |started: &Started| said.send(Ok(started.clone())).unwrap_or_default();
            let ended = std::panic::catch_unwind(AssertUnwindSafe(|| {
                driftgate_serve::run(workspace, options, &token, listens)
            }));
            let failure = match ended {
                Ok(Ok(_)) if token.is_cancelled() => None,
                Ok(Ok(_)) | Err(_) => Some(killed()),
                Ok(Err(error)) => Some(not_served(error)),
            };
            session.server_ended(start, failure, &said);
        };
        let thread = std::thread::Builder::new().name("serve".into()).spawn(act).map_err(|e| {
            SessionError::told(Code::Internal, format!("No thread could be started: {e}"), "Close other programs")
        })?;
        let started = match hear.recv_timeout(START) {
            Ok(started) => started?,
            Err(RecvTimeoutError::Timeout) => {
                cancel.cancel();
                return Err(SessionError::told(Code::Busy, "The server does not come up", "Try again in a while"));
            }
            Err(RecvTimeoutError::Disconnected) => return Err(killed()),
        };
        let running = Running {
            address: started.address.to_string(),
            since: self.now(),
            new_token: started.new_token,
            live: started.live,
            cancel,
            thread: Some(thread),
        };
        {
            let mut now = lock(&self.0.serving.now);
            if now.ended == start {
                return Err(killed());
            }
            now.running = Some(running);
        }
        self.beat(start);
        self.tell_server();
        Ok(self.server())
    }

    /// Stops the server once the requests at work are answered; one that does not run stays as it is.
    pub fn stop_server(&self) -> Result<ServerView> {
        let asked = {
            let mut now = lock(&self.0.serving.now);
            now.failure = None;
            now.running.as_mut().map(|r| (r.cancel.clone(), r.thread.take()))
        };
        if let Some((cancel, thread)) = asked {
            cancel.cancel();
            if let Some(Err(_)) = thread.map(JoinHandle::join) {
                tracing::error!("the thread of the server ended early");
            }
            lock(&self.0.serving.now).running = None;
            self.nudge();
            self.tell_server();
        }
        Ok(self.server())
    }

    /// The address of the server.
    ///
    /// Errors: it does not run.
    pub(crate) fn server_address(&self) -> Result<String> {
        self.server().address.ok_or_else(|| {
            SessionError::told(Code::Refused, "The server does not run", "Start it, then send the request again")
        })
    }

    /// The thread of a server came to its end.
    fn server_ended(
        &self,
        start: u64,
        failure: Option<SessionError>,
        said: &std::sync::mpsc::SyncSender<Result<Started>>,
    ) {
        let Some(error) = failure else { return };
        let was_running = {
            let mut now = lock(&self.0.serving.now);
            if now.start != start {
                return;
            }
            now.ended = start;
            now.running.take().is_some()
        };
        if was_running {
            lock(&self.0.serving.now).failure = Some(error.into());
            self.tell_server();
        } else if said.try_send(Err(error)).is_err() {
            // It listened, and ended before anybody took note of that.
            tracing::error!("the server ended at once");
        }
    }

    /// The thread that tells the front, once a second, what the server does while it does something.
    fn beat(&self, start: u64) {
        let session = self.clone();
        let act = move || {
            let mut told: Option<ServerView> = None;
            loop {
                std::thread::sleep(BEAT);
                if lock(&session.0.serving.now).start != start {
                    return;
                }
                let view = session.server();
                if !view.running {
                    return;
                }
                let busy = view.rate.iter().any(|n| *n > 0.0);
                let still = told.as_ref().is_some_and(|t| t.models == view.models && t.requests == view.requests);
                if busy || !still {
                    session.tell(&WindowEvent::Server { server: Box::new(view.clone()) });
                }
                told = Some(view);
            }
        };
        if let Err(error) = std::thread::Builder::new().name("serve-beat".into()).spawn(act) {
            tracing::warn!(%error, "the rate of the server is not shown");
        }
    }

    fn tell_server(&self) {
        self.tell(&WindowEvent::Server { server: Box::new(self.server()) });
    }
}

fn killed() -> SessionError {
    SessionError::told(Code::Internal, "The server ended by itself", "Start it again; what it answered is in its log")
}

fn not_served(error: ServeError) -> SessionError {
    let text = error.to_string();
    match error {
        ServeError::Engine(engine) => engine.into(),
        ServeError::Listen { address, source } if source.kind() == std::io::ErrorKind::AddrInUse => SessionError::told(
            Code::Io,
            format!("Something listens at {address} already"),
            "Choose another port, or 0 to have a free one picked",
        ),
        ServeError::Listen { .. } => SessionError::told(
            Code::Io,
            text,
            "Choose another port: those below 1024 need rights that a window has not",
        ),
        ServeError::Start(_) => SessionError::told(Code::Io, text, "Free some memory or threads and try again"),
    }
}
