//! One job: what it is, where it stands, and how the front hears of it.

use crate::observe::Seen;
use crate::session::Inner;
use crate::{SessionError, lock};
use driftgate_engine::Clock;
use driftgate_model::views::{Failure, JobOutcome, JobState, JobView, MetricPoint, WindowEvent};
use driftgate_model::{CancelToken, Code};
use std::sync::{Arc, Mutex};

/// What a job came to: where to look at it, and the full answer as JSON.
pub(crate) struct Done {
    pub(crate) outcome: JobOutcome,
    pub(crate) answer: Vec<u8>,
}

/// A piece of work on a thread of its own.
pub(crate) struct Job {
    pub(crate) id: u64,
    pub(crate) cancel: CancelToken,
    title: String,
    kind: &'static str,
    clock: Arc<dyn Clock>,
    from: u64,
    now: Mutex<Now>,
    /// Held while the front is told, so that an older view never follows a newer one.
    telling: Mutex<()>,
}

struct Now {
    state: JobState,
    to: Option<u64>,
    seen: Seen,
    /// Points that the front has.
    told: usize,
    /// Whether the front has heard of everything.
    fresh: bool,
    outcome: Option<JobOutcome>,
    failure: Option<Failure>,
    answer: Option<Arc<Vec<u8>>>,
}

impl Job {
    pub(crate) fn new(id: u64, title: String, kind: &'static str, clock: Arc<dyn Clock>) -> Job {
        let now = Now {
            state: JobState::Running,
            to: None,
            seen: Seen::default(),
            told: 0,
            fresh: false,
            outcome: None,
            failure: None,
            answer: None,
        };
        let from = clock.elapsed_ms();
        Job {
            id,
            cancel: CancelToken::new(),
            title,
            kind,
            clock,
            from,
            now: Mutex::new(now),
            telling: Mutex::default(),
        }
    }

    /// Something was seen.
    pub(crate) fn see(&self, see: impl FnOnce(&mut Seen, u64)) {
        let at = self.clock.elapsed_ms();
        let mut now = lock(&self.now);
        see(&mut now.seen, at);
        now.fresh = true;
    }

    /// Asks it to stop at the next safe point.
    pub(crate) fn stop(&self) {
        self.cancel.cancel();
        let mut now = lock(&self.now);
        if now.state == JobState::Running {
            now.state = JobState::Stopping;
            now.fresh = true;
        }
    }

    /// It ended.
    pub(crate) fn end(&self, result: Result<Done, SessionError>) {
        let at = self.clock.elapsed_ms();
        let mut now = lock(&self.now);
        now.to = Some(at);
        now.fresh = true;
        match result {
            Ok(done) => {
                let (state, failure) = ending(&done.outcome, &done.answer);
                now.state = state;
                now.failure = failure;
                now.outcome = Some(done.outcome);
                now.answer = Some(Arc::new(done.answer));
            }
            Err(error) if error.code() == Code::Cancelled => now.state = JobState::Cancelled,
            Err(error) => {
                now.state = JobState::Failed;
                now.answer = error.detail().map(Arc::new);
                now.failure = Some(error.into());
            }
        }
        now.seen.end_stage(at, "");
    }

    pub(crate) fn is_over(&self) -> bool {
        lock(&self.now).to.is_some()
    }

    pub(crate) fn view(&self) -> JobView {
        self.view_of(&lock(&self.now))
    }

    fn view_of(&self, now: &Now) -> JobView {
        let at = now.to.unwrap_or_else(|| self.clock.elapsed_ms());
        JobView {
            id: self.id,
            title: self.title.clone(),
            kind: self.kind.into(),
            run: now.seen.run.clone(),
            state: now.state,
            stages: now.seen.stages(at),
            progress: now.seen.progress(at),
            elapsed_ms: at.saturating_sub(self.from),
            latest: now.seen.latest.clone(),
            warnings: now.seen.warnings.clone(),
            outcome: now.outcome.clone(),
            failure: now.failure.clone(),
        }
    }

    pub(crate) fn points(&self) -> Vec<MetricPoint> {
        lock(&self.now).seen.points.clone()
    }

    pub(crate) fn answer(&self) -> Option<Arc<Vec<u8>>> {
        lock(&self.now).answer.clone()
    }

    /// Tells the front what it has not heard; `anyway` also where there is nothing new.
    pub(crate) fn tell(&self, session: &Inner, anyway: bool) {
        let _in_order = lock(&self.telling);
        let mut now = lock(&self.now);
        // The end is told once.
        if !now.fresh && (!anyway || now.to.is_some()) {
            return;
        }
        now.fresh = false;
        let points = now.seen.points.get(now.told..).unwrap_or_default().to_vec();
        now.told = now.seen.points.len();
        let view = self.view_of(&now);
        drop(now);
        if !points.is_empty() {
            session.tell(&WindowEvent::Metrics { job: self.id, points });
        }
        session.tell(&WindowEvent::Job { job: Box::new(view) });
    }
}

/// How a job stands whose work came to an answer: a run that was cancelled or failed is one that ended so.
fn ending(outcome: &JobOutcome, answer: &[u8]) -> (JobState, Option<Failure>) {
    use driftgate_model::RunStatus;
    let JobOutcome::Ran { status, .. } = outcome else { return (JobState::Done, None) };
    match status {
        RunStatus::Cancelled => (JobState::Cancelled, None),
        RunStatus::Failed => {
            let said = serde_json::from_slice::<serde_json::Value>(answer).ok();
            let said = said.as_ref().and_then(|v| v.get("error")).and_then(|e| e.as_str());
            let failure = Failure {
                code: Code::BadData,
                message: said.unwrap_or("The run failed").to_owned(),
                hint: Some("Open the run for what it got to".into()),
            };
            (JobState::Failed, Some(failure))
        }
        _ => (JobState::Done, None),
    }
}
