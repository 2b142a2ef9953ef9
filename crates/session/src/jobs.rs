//! The jobs of the session, by number.

use crate::job::{Done, Job};
use crate::session::Session;
use crate::{Result, SessionError, lock};
use driftgate_model::Code;
use driftgate_model::views::{JobAsk, JobView, MetricPoint, WindowEvent};
use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How often the front hears of a job that moves on.
const PULSE: Duration = Duration::from_millis(100);
/// How often it hears of one that does not.
const BEAT: u32 = 10;
/// Jobs that are over and remembered.
const REMEMBERED: usize = 50;

/// All jobs.
#[derive(Default)]
pub(crate) struct Jobs {
    all: Mutex<Numbered>,
}

#[derive(Default)]
struct Numbered {
    last: u64,
    jobs: BTreeMap<u64, Arc<Job>>,
}

impl Session {
    /// Begins work on a thread of its own, and gives its number.
    ///
    /// Errors: what is asked for cannot begin: a path was not chosen, no workspace is open.
    pub fn start_job(&self, ask: JobAsk) -> Result<u64> {
        let work = self.prepare(ask)?;
        let job = {
            let mut all = lock(&self.0.jobs.all);
            all.last += 1;
            let job = Arc::new(Job::new(all.last, work.title, work.kind, self.0.world.clock.clone()));
            all.jobs.insert(job.id, job.clone());
            all.forget_old();
            job
        };
        job.tell(&self.0, true);
        let (session, own) = (self.clone(), job.clone());
        let act = move || {
            let pulse = session.pulse(own.clone());
            // A fault in the work must not look as if it went on for ever.
            let result = std::panic::catch_unwind(AssertUnwindSafe(|| (work.act)(&session, &own)));
            own.end(result.unwrap_or_else(|_| Err(broken())));
            own.tell(&session.0, false);
            session.nudge();
            if let Some(pulse) = pulse {
                pulse.unpark();
            }
        };
        if let Err(error) = std::thread::Builder::new().name(format!("job-{}", job.id)).spawn(act) {
            let failure = SessionError::told(
                Code::Internal,
                format!("No thread could be started: {error}"),
                "Close other programs",
            );
            job.end(Err(failure));
            job.tell(&self.0, true);
        }
        Ok(job.id)
    }

    /// The thread that tells the front how a job moves on, at most every 100 ms.
    fn pulse(&self, job: Arc<Job>) -> Option<std::thread::Thread> {
        let session = self.clone();
        let work = move || {
            let mut beat = 0;
            while !job.is_over() {
                std::thread::park_timeout(PULSE);
                beat = (beat + 1) % BEAT;
                job.tell(&session.0, beat == 0);
            }
        };
        let thread = std::thread::Builder::new().name("job-pulse".into()).spawn(work);
        thread.ok().map(|t| t.thread().clone())
    }

    /// Asks a job to stop at its next safe point.
    pub fn cancel_job(&self, id: u64) -> Result<()> {
        let job = self.job(id)?;
        job.stop();
        job.tell(&self.0, false);
        Ok(())
    }

    /// Takes a job that is over out of the list.
    pub fn dismiss_job(&self, id: u64) -> Result<()> {
        if !self.job(id)?.is_over() {
            return Err(SessionError::told(Code::Refused, "The job is still at work", "Cancel it first"));
        }
        lock(&self.0.jobs.all).jobs.remove(&id);
        Ok(())
    }

    /// All jobs, oldest first.
    pub fn jobs(&self) -> Vec<JobView> {
        let jobs: Vec<Arc<Job>> = lock(&self.0.jobs.all).jobs.values().cloned().collect();
        jobs.iter().map(|job| job.view()).collect()
    }

    /// The full answer of a job that is done, as JSON; of an import that was refused, the validation report.
    pub fn job_answer(&self, id: u64) -> Result<Arc<Vec<u8>>> {
        self.job(id)?.answer().ok_or_else(|| {
            SessionError::told(Code::NotFound, "The job has no answer", "Wait until it is done, or see why it failed")
        })
    }

    /// Every point of a job's metrics so far.
    pub fn job_metrics(&self, id: u64) -> Result<Vec<MetricPoint>> {
        Ok(self.job(id)?.points())
    }

    /// Jobs that are not over.
    pub fn running_jobs(&self) -> u64 {
        lock(&self.0.jobs.all).jobs.values().filter(|job| !job.is_over()).count() as u64
    }

    /// Ends the session: jobs are asked to stop and waited for, and the server drains. Whatever is not over after `most` is
    /// settled at the next open.
    pub fn end(&self, most: Duration) {
        let jobs: Vec<Arc<Job>> = lock(&self.0.jobs.all).jobs.values().cloned().collect();
        jobs.iter().for_each(|job| job.stop());
        if let Err(error) = self.stop_server() {
            tracing::warn!(?error, "the server did not stop");
        }
        let from = self.0.world.clock.elapsed_ms();
        while jobs.iter().any(|job| !job.is_over())
            && u128::from(self.0.world.clock.elapsed_ms() - from) < most.as_millis()
        {
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Whether the window may close at once; otherwise the front is told to ask the person.
    pub fn may_close(&self) -> bool {
        let (jobs, serving) = (self.running_jobs(), self.server().running);
        if (jobs == 0 && !serving) || !self.is_heard() {
            return true;
        }
        self.tell(&WindowEvent::CloseAsked { jobs, serving });
        false
    }

    fn job(&self, id: u64) -> Result<Arc<Job>> {
        lock(&self.0.jobs.all).jobs.get(&id).cloned().ok_or_else(|| {
            SessionError::told(Code::NotFound, format!("There is no job {id}"), "It was dismissed, or never began")
        })
    }
}

impl Numbered {
    fn forget_old(&mut self) {
        let over: Vec<u64> = self.jobs.values().filter(|job| job.is_over()).map(|job| job.id).collect();
        for id in over.iter().take(over.len().saturating_sub(REMEMBERED)) {
            self.jobs.remove(id);
        }
    }
}

fn broken() -> SessionError {
    SessionError::told(
        Code::Internal,
        "The work broke off by a fault of Driftgate",
        "Please report it with what you did before; what was recorded stays, and the next open settles the rest",
    )
}

/// Work that can begin.
pub(crate) struct Work {
    pub(crate) title: String,
    pub(crate) kind: &'static str,
    pub(crate) act: Act,
}

/// What a job does on its thread.
pub(crate) type Act = Box<dyn FnOnce(&Session, &Job) -> Result<Done> + Send>;
