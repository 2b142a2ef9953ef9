//! Stage lines on standard error: a live bar with the time left on a terminal, one plain line a stage elsewhere.

use crate::output::Output;
use crate::render::format::{Tone, duration, faint, paint};
use driftgate_model::{Observer, Progress};
use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Shows what long work does.
pub struct StageLines {
    output: Output,
    live: bool,
    current: Mutex<Option<Current>>,
}

/// The stage at work.
struct Current {
    name: String,
    since: Instant,
    bar: Option<ProgressBar>,
}

impl StageLines {
    /// Live bars where standard error is a terminal; nothing with `--quiet`.
    pub fn new(output: Output) -> StageLines {
        StageLines { output, live: std::io::stderr().is_terminal() && !output.quiet, current: Mutex::new(None) }
    }

    fn current(&self) -> std::sync::MutexGuard<'_, Option<Current>> {
        // A panic elsewhere must not silence the lines that would explain it.
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn bar(name: &str) -> ProgressBar {
        let bar = ProgressBar::new_spinner();
        bar.set_style(spinner());
        bar.set_message(name.to_owned());
        // No flicker for what is over at once.
        bar.enable_steady_tick(Duration::from_millis(150));
        bar
    }

    /// Takes a live bar away, so that a line can be written.
    fn clear(&self) {
        if let Some(Current { bar: Some(bar), .. }) = self.current().take() {
            bar.finish_and_clear();
        }
    }
}

fn spinner() -> ProgressStyle {
    ProgressStyle::with_template("  {spinner} {msg} {elapsed}").unwrap_or_else(|_| ProgressStyle::default_spinner())
}

fn counted() -> ProgressStyle {
    ProgressStyle::with_template("  {spinner} {msg} {bar:24} {pos}/{len}  {eta} left")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
}

impl Observer for StageLines {
    fn stage_started(&self, stage: &str) {
        self.clear();
        let bar = self.live.then(|| Self::bar(stage));
        *self.current() = Some(Current { name: stage.to_owned(), since: Instant::now(), bar });
    }

    fn stage_finished(&self, stage: &str, note: &str) {
        let taken = self.current().take();
        let since = taken.as_ref().filter(|c| c.name == stage).map(|c| c.since);
        if let Some(Current { bar: Some(bar), .. }) = &taken {
            bar.finish_and_clear();
        }
        let spent =
            since.map_or_else(String::new, |s| duration(u64::try_from(s.elapsed().as_millis()).unwrap_or(u64::MAX)));
        let line = format!("  {} {stage:<14} {spent:>9}  {}", paint(Tone::Good, "✓"), faint(note));
        self.output.note(line.trim_end());
    }

    fn progress(&self, what: &str, progress: Progress) {
        let mut current = self.current();
        let Some(Current { name, bar: Some(bar), .. }) = current.as_mut() else { return };
        if progress.total > 0 {
            if bar.length() != Some(progress.total) {
                bar.set_length(progress.total);
                bar.set_style(counted());
                bar.reset_eta();
            }
            bar.set_position(progress.done);
        }
        bar.set_message(if what.is_empty() || what == name { name.clone() } else { format!("{name}: {what}") });
    }

    fn warning(&self, text: &str) {
        let current = self.current();
        match current.as_ref() {
            Some(Current { bar: Some(bar), .. }) => bar.suspend(|| self.output.warn(text)),
            _ => self.output.warn(text),
        }
    }
}

impl Drop for StageLines {
    fn drop(&mut self) {
        self.clear();
    }
}
