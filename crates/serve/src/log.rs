//! The thread that keeps the prediction log, and the bounded queue to it.

use crate::clock::Since;
use crate::metrics::Metrics;
use driftgate_engine::{EngineError, Feedback, FeedbackOutcome, LivePerformance, LoggedAnswer, PredictionLog};
use driftgate_model::{ModelName, Timestamp, VersionNumber};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::oneshot;

/// Answers that may wait for the thread; more are left out and counted.
const QUEUE: usize = 4096;
/// How long the thread pauses once it has worked everything off.
const PAUSE: Duration = Duration::from_millis(5);
/// Pauses without a message after which it sleeps on the queue.
const QUIET: u32 = 200;
/// The longest that an answer stays in this process alone.
const FLUSH: Duration = Duration::from_millis(200);

/// What the thread is asked.
enum Message {
    Answer(Box<LoggedAnswer>),
    Feedback(Vec<Feedback>, Timestamp, oneshot::Sender<Result<Vec<FeedbackOutcome>, EngineError>>),
    Performance(Measured, oneshot::Sender<LivePerformance>),
    Stop,
}

/// A version whose live performance is asked for.
#[derive(Debug, Clone)]
pub(crate) struct Measured {
    pub(crate) model: ModelName,
    pub(crate) version: VersionNumber,
    /// Whether it answers with classes.
    pub(crate) classes: bool,
    /// The same metric on the test split.
    pub(crate) test: Option<f64>,
}

/// The way to the thread.
pub(crate) struct LogQueue {
    queue: SyncSender<Message>,
    metrics: Arc<Metrics>,
}

impl LogQueue {
    /// Starts the thread.
    pub(crate) fn start(log: PredictionLog, metrics: Arc<Metrics>) -> std::io::Result<(LogQueue, JoinHandle<()>)> {
        let (queue, messages) = sync_channel(QUEUE);
        let counted = metrics.clone();
        counted.log_bytes.store(log.bytes(), Ordering::Relaxed);
        let work = move || keep(log, &messages, &counted);
        let thread = std::thread::Builder::new().name("prediction-log".into()).spawn(work)?;
        Ok((LogQueue { queue, metrics }, thread))
    }

    /// Hands an answer over, or counts it as left out: a request never waits for the log.
    pub(crate) fn answer(&self, answer: LoggedAnswer) {
        match self.queue.try_send(Message::Answer(Box::new(answer))) {
            Ok(()) => {}
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {
                self.metrics.dropped.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// Keeps labels, after every answer that was handed over before them.
    pub(crate) async fn feedback(
        &self,
        labels: Vec<Feedback>,
        at: Timestamp,
    ) -> Option<Result<Vec<FeedbackOutcome>, EngineError>> {
        let (reply, outcome) = oneshot::channel();
        self.queue.try_send(Message::Feedback(labels, at, reply)).ok()?;
        outcome.await.ok()
    }

    /// Live performance of a version.
    pub(crate) async fn performance(&self, measured: Measured) -> Option<LivePerformance> {
        let (reply, found) = oneshot::channel();
        self.queue.try_send(Message::Performance(measured, reply)).ok()?;
        found.await.ok()
    }

    /// Asks the thread to write what it has and to end; waits for room in the queue.
    pub(crate) fn stop(&self) {
        // It has ended already where nobody listens.
        self.queue.send(Message::Stop).unwrap_or_default();
    }
}

/// The next message, or `None` after a while without one.
///
/// A request that finds this thread asleep on the queue pays for waking it; so after work it looks again by itself, and sleeps
/// on the queue only once nothing came for long.
fn next(messages: &Receiver<Message>, quiet: &mut u32) -> Option<Message> {
    let pause = || {
        std::thread::sleep(PAUSE);
        messages.try_recv()
    };
    let sleep = || {
        messages.recv_timeout(FLUSH).map_err(|e| match e {
            RecvTimeoutError::Timeout => TryRecvError::Empty,
            RecvTimeoutError::Disconnected => TryRecvError::Disconnected,
        })
    };
    let found = match messages.try_recv() {
        Err(TryRecvError::Empty) if *quiet < QUIET => pause(),
        Err(TryRecvError::Empty) => sleep(),
        found => found,
    };
    match found {
        Ok(message) => {
            *quiet = 0;
            Some(message)
        }
        Err(TryRecvError::Empty) => {
            *quiet = quiet.saturating_add(1);
            None
        }
        Err(TryRecvError::Disconnected) => Some(Message::Stop),
    }
}

fn keep(mut log: PredictionLog, messages: &Receiver<Message>, metrics: &Metrics) {
    let told = |result: Result<(), EngineError>| {
        if let Err(error) = result {
            metrics.dropped.fetch_add(1, Ordering::Relaxed);
            tracing::error!(%error, "the prediction log cannot be written");
        }
    };
    let mut quiet = 0;
    // Since when something is in this process alone.
    let mut unwritten: Option<Since> = None;
    loop {
        let message = next(messages, &mut quiet);
        match message {
            Some(Message::Answer(answer)) => {
                let kept = log.answer(&answer);
                metrics.logged.fetch_add(u64::from(kept.is_ok()), Ordering::Relaxed);
                told(kept);
                unwritten.get_or_insert_with(Since::now);
            }
            Some(Message::Feedback(labels, at, reply)) => {
                let kept = labels.iter().map(|l| log.feedback(l, at)).collect::<Result<Vec<_>, _>>();
                let kept = kept.and_then(|outcomes| log.flush().map(|()| outcomes));
                // Whoever asked may have gone.
                reply.send(kept).unwrap_or_default();
            }
            Some(Message::Performance(m, reply)) => {
                reply.send(log.performance(&m.model, m.version, m.test, m.classes)).unwrap_or_default();
            }
            Some(Message::Stop) => {
                told(log.close());
                return;
            }
            None => {}
        }
        if unwritten.is_some_and(|since| since.elapsed() >= FLUSH) {
            told(log.flush());
            unwritten = None;
        }
        metrics.log_bytes.store(log.bytes(), Ordering::Relaxed);
    }
}
