//! What a job is seen to do.

use crate::job::Job;
use driftgate_model::views::{JobProgress, JobStage, MetricPoint};
use driftgate_model::{Observer, Progress, RunId};
use std::collections::BTreeMap;

/// A pace is told once so many milliseconds of it are known.
const PACE_MS: u64 = 400;
/// Warnings that are kept.
const WARNINGS: usize = 200;

/// What was seen so far. Times are those of the host's clock that never goes back.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    stages: Vec<Stage>,
    counting: Option<Counting>,
    pub(crate) latest: BTreeMap<String, (u64, f64)>,
    pub(crate) warnings: Vec<String>,
    pub(crate) points: Vec<MetricPoint>,
    pub(crate) run: Option<RunId>,
}

#[derive(Debug)]
struct Stage {
    name: String,
    note: Option<String>,
    /// A note that counts once it ends.
    said: Option<String>,
    from: u64,
    to: Option<u64>,
}

/// Something that is counted within a stage.
#[derive(Debug)]
struct Counting {
    what: String,
    progress: Progress,
    from: u64,
    first: u64,
}

impl Seen {
    pub(crate) fn begin(&mut self, stage: &str, now: u64) {
        self.end_stage(now, "");
        self.stages.push(Stage { name: stage.into(), note: None, said: None, from: now, to: None });
    }

    /// What the stage at work came to so far.
    pub(crate) fn note(&mut self, text: &str) {
        if let Some(stage) = self.stages.last_mut() {
            stage.said = Some(text.into());
        }
    }

    pub(crate) fn end(&mut self, stage: &str, note: &str, now: u64) {
        if self.stages.last().is_none_or(|s| s.name != stage || s.to.is_some()) {
            self.begin(stage, now);
        }
        self.end_stage(now, note);
    }

    /// Ends the stage at work, if there is one.
    pub(crate) fn end_stage(&mut self, now: u64, note: &str) {
        self.counting = None;
        if let Some(stage) = self.stages.last_mut().filter(|s| s.to.is_none()) {
            stage.to = Some(now);
            let said = stage.said.take().filter(|_| note.is_empty());
            stage.note = Some(said.unwrap_or_else(|| note.into()));
        }
    }

    pub(crate) fn count(&mut self, what: &str, progress: Progress, now: u64) {
        // A stage that another one interrupted goes on, such as training after kernels were prepared.
        let over = self.stages.last().is_some_and(|s| s.to.is_some());
        if over && self.stages.iter().any(|s| s.name == what) {
            self.begin(what, now);
        }
        match &mut self.counting {
            Some(counting) if counting.what == what && counting.progress.done <= progress.done => {
                counting.progress = progress;
            }
            other => *other = Some(Counting { what: what.into(), progress, from: now, first: progress.done }),
        }
    }

    pub(crate) fn measure(&mut self, name: &str, step: u64, value: f64) {
        self.latest.insert(name.into(), (step, value));
        self.points.push(MetricPoint { name: name.into(), step, value });
    }

    pub(crate) fn warn(&mut self, text: &str) {
        if self.warnings.len() < WARNINGS {
            self.warnings.push(text.into());
        }
    }

    pub(crate) fn stages(&self, now: u64) -> Vec<JobStage> {
        let view = |s: &Stage| JobStage {
            name: s.name.clone(),
            note: s.note.clone(),
            ms: s.to.unwrap_or(now).saturating_sub(s.from),
        };
        self.stages.iter().map(view).collect()
    }

    pub(crate) fn progress(&self, now: u64) -> Option<JobProgress> {
        let c = self.counting.as_ref()?;
        Some(JobProgress { what: c.what.clone(), done: c.progress.done, total: c.progress.total, eta_ms: c.left(now) })
    }
}

impl Counting {
    /// Milliseconds left at the pace so far.
    fn left(&self, now: u64) -> Option<u64> {
        let spent = now.saturating_sub(self.from);
        let done = self.progress.done.checked_sub(self.first).filter(|d| *d > 0)?;
        let left = self.progress.total.checked_sub(self.progress.done)?;
        (spent >= PACE_MS).then(|| (spent as f64 / done as f64 * left as f64) as u64)
    }
}

impl Observer for Job {
    fn stage_started(&self, stage: &str) {
        self.see(|seen, now| seen.begin(stage, now));
    }

    fn stage_finished(&self, stage: &str, note: &str) {
        self.see(|seen, now| seen.end(stage, note, now));
    }

    fn progress(&self, what: &str, progress: Progress) {
        self.see(|seen, now| seen.count(what, progress, now));
    }

    fn metric(&self, name: &str, step: u64, value: f64) {
        self.see(|seen, _| seen.measure(name, step, value));
    }

    fn warning(&self, text: &str) {
        self.see(|seen, _| seen.warn(text));
    }

    fn run_started(&self, run: &RunId) {
        self.see(|seen, _| seen.run = Some(run.clone()));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn time_left_follows_the_pace() {
        let mut seen = Seen::default();
        seen.begin("training", 0);
        seen.count("trees", Progress { done: 0, total: 100 }, 1000);
        assert_eq!(seen.progress(1000).unwrap().eta_ms, None);
        seen.count("trees", Progress { done: 10, total: 100 }, 1200);
        assert_eq!(seen.progress(1200).unwrap().eta_ms, None, "too early to tell");
        seen.count("trees", Progress { done: 25, total: 100 }, 2000);
        assert_eq!(seen.progress(2000).unwrap().eta_ms, Some(3000));
        // Something else is counted: its pace is not known yet.
        seen.count("rows", Progress { done: 5, total: 10 }, 2500);
        assert_eq!(seen.progress(2600).unwrap().eta_ms, None);
        seen.count("rows", Progress { done: 3, total: 0 }, 9000);
        assert_eq!(seen.progress(9999).unwrap().eta_ms, None, "nobody knows how many");
    }

    #[test]
    fn a_stage_that_was_interrupted_goes_on() {
        let mut seen = Seen::default();
        seen.begin("training", 0);
        seen.begin("preparing kernels", 5);
        seen.end("preparing kernels", "", 25);
        seen.count("training", Progress { done: 8, total: 80 }, 30);
        let at_work: Vec<_> = seen.stages(40).into_iter().map(|s| (s.name, s.note.is_none(), s.ms)).collect();
        let expected = [("training", false, 5), ("preparing kernels", false, 20), ("training", true, 10)];
        assert_eq!(at_work, expected.map(|(name, works, ms)| (name.to_string(), works, ms)));
        seen.end("training", "90 pictures", 50);
        assert_eq!(seen.stages(60).len(), 3);
    }

    #[test]
    fn stages_end_one_after_the_other() {
        let mut seen = Seen::default();
        seen.begin("a", 10);
        seen.begin("b", 30);
        seen.end("b", "done", 60);
        seen.end("c", "at once", 70);
        let stages: Vec<_> = seen.stages(100).into_iter().map(|s| (s.name, s.note, s.ms)).collect();
        let expected = [("a", "", 20), ("b", "done", 30), ("c", "at once", 0)];
        assert_eq!(stages, expected.map(|(n, note, ms)| (n.to_string(), Some(note.to_string()), ms)));
    }
}
