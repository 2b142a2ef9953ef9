//! What all requests share.

use crate::error::ApiError;
use crate::log::LogQueue;
use crate::meter::Meter;
use crate::metrics::Metrics;
use crate::options::ServeOptions;
use axum::http::StatusCode;
use driftgate_engine::{EngineError, ServedVersion, ServerRecord, Snapshot, Workspace};
use driftgate_model::Digest;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};
use tokio::sync::Semaphore;

/// Most requests whose pictures are decoded at one time.
const PICTURES: usize = 8;

/// What all requests share.
pub(crate) struct App {
    pub(crate) workspace: Workspace,
    pub(crate) options: ServeOptions,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) meter: Meter,
    pub(crate) log: Option<LogQueue>,
    /// SHA-256 of the token.
    pub(crate) token: Digest,
    pub(crate) slots: Semaphore,
    /// Places for requests whose pictures are decoded and answered at one time; more wait.
    pub(crate) pictures: Arc<Semaphore>,
    /// Set once it listens.
    pub(crate) record: OnceLock<ServerRecord>,
    snapshot: RwLock<Arc<Snapshot>>,
    /// Held while a snapshot is taken and confirmed, so that an older one never follows a newer one.
    reloading: Mutex<()>,
    confirmed: AtomicBool,
}

impl App {
    pub(crate) fn new(
        workspace: Workspace,
        options: ServeOptions,
        metrics: Arc<Metrics>,
        log: Option<LogQueue>,
        token: Digest,
        snapshot: Snapshot,
    ) -> App {
        App {
            slots: Semaphore::new(options.in_flight),
            pictures: Arc::new(Semaphore::new(
                std::thread::available_parallelism().map_or(1, |n| n.get().min(PICTURES)),
            )),
            workspace,
            options,
            metrics,
            meter: Meter::start(),
            log,
            token,
            record: OnceLock::new(),
            snapshot: RwLock::new(Arc::new(snapshot)),
            reloading: Mutex::new(()),
            confirmed: AtomicBool::new(false),
        }
    }

    /// What is answered with now. A request takes it once and keeps it to its end.
    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshot.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether the ledger knows what is answered with now.
    pub(crate) fn confirmed(&self) -> bool {
        self.confirmed.load(Ordering::Acquire)
    }

    /// The version that answers for a model.
    ///
    /// Errors: 404 for a model that is not known; 503 for one whose version in Production does not load.
    pub(crate) fn served(&self, model: &str) -> Result<Arc<ServedVersion>, ApiError> {
        let snapshot = self.snapshot();
        if let Some(served) = snapshot.models.get(model) {
            return Ok(served.clone());
        }
        if snapshot.failed.iter().any(|name| name == model) {
            let message = format!("the version of `{model}` in Production does not load");
            return Err(ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "not_ready", message));
        }
        let names: Vec<&str> = snapshot.models.keys().map(String::as_str).collect();
        let known = if names.is_empty() {
            "there is none in Production".into()
        } else {
            format!("there are {}", names.join(", "))
        };
        Err(ApiError::not_found(format!("no model `{}` is in Production: {known}", crate::json::cut(model))))
    }

    /// Takes the ledger's newest state, and confirms it where it answers with other versions. Blocks.
    pub(crate) fn reload(&self) -> Result<Arc<Snapshot>, EngineError> {
        let _one_at_a_time = self.reloading.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.snapshot();
        let taken = self.workspace.snapshot(Some(&before));
        if taken.is_err() {
            self.metrics.failed_reloads.fetch_add(1, Ordering::Relaxed);
        }
        let next = Arc::new(taken?);
        let changed = !next.same_models(&before);
        if changed {
            self.confirmed.store(false, Ordering::Release);
        }
        *self.snapshot.write().unwrap_or_else(PoisonError::into_inner) = next.clone();
        if changed {
            self.metrics.reloads.fetch_add(1, Ordering::Relaxed);
            tracing::info!(seq = next.seq, models = next.models.len(), "the snapshot was exchanged");
        }
        self.confirm(&next);
        Ok(next)
    }

    /// Records what is answered with, unless the ledger knows it. A failure is told and tried again at the next look.
    fn confirm(&self, snapshot: &Snapshot) {
        let Some(record) = self.record.get().filter(|_| !self.confirmed()) else { return };
        match self.workspace.confirm_serving(record, snapshot) {
            Ok(()) => self.confirmed.store(true, Ordering::Release),
            Err(error) => tracing::warn!(%error, "what is answered with is not confirmed yet"),
        }
    }

    /// Looks whether the ledger moved on, and follows it. Blocks.
    pub(crate) fn follow(&self) {
        let moved = match self.workspace.events() {
            Ok(events) => events != self.snapshot().seq,
            Err(error) => {
                tracing::warn!(%error, "the ledger's head cannot be read");
                false
            }
        };
        if (moved || !self.confirmed())
            && let Err(error) = self.reload()
        {
            tracing::warn!(%error, "the ledger's newest state is not answered with yet");
        }
    }
}
