//! Listening, following the ledger, and coming to an end.

use crate::guard;
use crate::log::LogQueue;
use crate::meter::Measured;
use crate::metrics::Metrics;
use crate::options::{Auth, ServeOptions};
use crate::routes::router;
use crate::state::App;
use axum::Router;
use axum::body::Body;
use driftgate_engine::{EngineError, Workspace};
use driftgate_model::{CancelToken, Digest};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

/// How often the ledger's head is looked at.
const LOOK: Duration = Duration::from_millis(100);
/// How often a wish to stop is looked for.
const TICK: Duration = Duration::from_millis(50);
/// The longest that a request's line and headers may take.
const HEADERS: Duration = Duration::from_secs(10);

/// Why a server does not run.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The workspace cannot be served.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The address cannot be listened at.
    #[error("cannot listen at {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// A thread or the runtime could not be started.
    #[error("cannot start: {0}")]
    Start(std::io::Error),
}

/// A server that listens.
#[derive(Debug, Clone)]
pub struct Started {
    /// Where.
    pub address: SocketAddr,
    /// The models that it answers with, and their versions.
    pub models: Vec<(String, u32)>,
    /// Models whose version in Production does not load.
    pub failed: Vec<String>,
    /// A token that was made now, since the workspace had none: it is kept nowhere.
    pub new_token: Option<String>,
    /// A look at it while it runs.
    pub live: Live,
}

/// A look at a server while it runs. What is kept of it keeps the workspace in memory.
#[derive(Clone)]
pub struct Live(Arc<App>);

impl std::fmt::Debug for Live {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Live")
    }
}

impl Live {
    /// The models that it answers with now, and their versions.
    pub fn models(&self) -> Vec<(String, u32)> {
        self.0.snapshot().models.values().map(|m| (m.model.to_string(), m.version)).collect()
    }

    /// Models whose version in Production does not load now.
    pub fn failed(&self) -> Vec<String> {
        self.0.snapshot().failed.clone()
    }

    /// Requests so far, their rate and their latency.
    pub fn measured(&self) -> Measured {
        self.0.meter.read()
    }
}

/// What a server did until it stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Served {
    /// Whether every request at work was answered in time.
    pub drained: bool,
    /// Answers that are in the prediction log.
    pub logged: u64,
    /// Answers that the log left out.
    pub dropped: u64,
}

/// Serves until `cancel` asks to stop; `started` is called once it listens.
///
/// Errors: the ledger cannot be read; the address is taken or not this machine's; the prediction log cannot be read.
pub fn run(
    workspace: Workspace,
    options: ServeOptions,
    cancel: &CancelToken,
    started: impl FnOnce(&Started),
) -> Result<Served, ServeError> {
    let (token, new_token) = match &options.auth {
        Auth::Token(token) => (Digest::of(token.as_bytes()), None),
        Auth::Workspace => match workspace.server_token_digest()? {
            Some(digest) => (digest, None),
            None => {
                let token = workspace.new_server_token()?;
                (Digest::of(token.as_bytes()), Some(token))
            }
        },
    };
    let snapshot = workspace.snapshot(None)?;
    let metrics = Arc::new(Metrics::new());
    let (log, log_thread) = match &options.log {
        Some(kept) => {
            let log = workspace.prediction_log(kept.clone())?;
            let (queue, thread) = LogQueue::start(log, metrics.clone()).map_err(ServeError::Start)?;
            (Some(queue), Some(thread))
        }
        None => (None, None),
    };
    let app = Arc::new(App::new(workspace, options, metrics, log, token, snapshot));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(ServeError::Start)?;
    let drained = runtime.block_on(serve(&app, cancel, new_token, started));
    runtime.shutdown_timeout(TICK);
    if let Some(log) = &app.log {
        log.stop();
    }
    if let Some(thread) = log_thread
        && thread.join().is_err()
    {
        tracing::error!("the thread of the prediction log ended early");
    }
    let count = |n: &std::sync::atomic::AtomicU64| n.load(Ordering::Relaxed);
    let (logged, dropped) = (count(&app.metrics.logged), count(&app.metrics.dropped));
    Ok(Served { drained: drained?, logged, dropped })
}

async fn serve(
    app: &Arc<App>,
    cancel: &CancelToken,
    new_token: Option<String>,
    started: impl FnOnce(&Started),
) -> Result<bool, ServeError> {
    let wanted = SocketAddr::new(app.options.bind, app.options.port);
    let listener = TcpListener::bind(wanted).await.map_err(|source| ServeError::Listen { address: wanted, source })?;
    let address = listener.local_addr().map_err(|source| ServeError::Listen { address: wanted, source })?;
    let record = app.workspace.begin_serving(&address.to_string())?;
    // Set once, here.
    app.record.set(record).map_err(|_| ServeError::Start(std::io::Error::other("it runs already")))?;
    let follower = Follower::start(app.clone()).map_err(ServeError::Start)?;
    let live = Live(app.clone());
    started(&Started { address, models: live.models(), failed: live.failed(), new_token, live });
    let graceful = accept(app, &listener, cancel).await;
    drop(listener);
    let drained = tokio::time::timeout(app.options.drain, graceful.shutdown()).await.is_ok();
    follower.stop();
    if let Some(record) = app.record.get()
        && let Err(error) = app.workspace.end_serving(record)
    {
        tracing::warn!(%error, "the end of the server is not recorded; the next command settles it");
    }
    Ok(drained)
}

/// Accepts connections until it is asked to stop.
async fn accept(app: &Arc<App>, listener: &TcpListener, cancel: &CancelToken) -> GracefulShutdown {
    let graceful = GracefulShutdown::new();
    let router = router(app.clone());
    let places = Arc::new(Semaphore::new(app.options.connections));
    while !cancel.is_cancelled() {
        let Ok(Ok(place)) = tokio::time::timeout(TICK, places.clone().acquire_owned()).await else { continue };
        let Ok(accepted) = tokio::time::timeout(TICK, listener.accept()).await else { continue };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                // Out of file descriptors, say: others may be given back soon.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(TICK).await;
                continue;
            }
        };
        // An answer is one small packet: waiting for more of it helps nobody.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "packets may be held back");
        }
        let (app, router) = (app.clone(), router.clone());
        let bytes = app.options.header_bytes.max(8192);
        let service = service_fn(move |request: hyper::Request<Incoming>| {
            let (app, router): (Arc<App>, Router) = (app.clone(), router.clone());
            async move { Ok::<_, Infallible>(guard::handle(app, router, request.map(Body::new)).await) }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEADERS)
            .max_buf_size(bytes)
            .serve_connection(TokioIo::new(stream), service);
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended");
            }
            drop(place);
        });
    }
    graceful
}

/// The thread that follows the ledger.
struct Follower {
    stop: Arc<AtomicBool>,
    thread: std::thread::JoinHandle<()>,
}

impl Follower {
    fn start(app: Arc<App>) -> std::io::Result<Follower> {
        let stop = Arc::new(AtomicBool::new(false));
        let asked = stop.clone();
        let work = move || {
            while !asked.load(Ordering::Acquire) {
                app.follow();
                std::thread::park_timeout(LOOK);
            }
        };
        let thread = std::thread::Builder::new().name("follow-ledger".into()).spawn(work)?;
        Ok(Follower { stop, thread })
    }

    fn stop(self) {
        self.stop.store(true, Ordering::Release);
        self.thread.thread().unpark();
        if self.thread.join().is_err() {
            tracing::error!("the thread that follows the ledger ended early");
        }
    }
}
