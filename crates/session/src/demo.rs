//! The demo, made for a person who wants to look: it is left with an alarm to answer and a run to decide about.

use crate::job::{Done, Job};
use crate::jobs::Work;
use crate::paths::checked;
use crate::session::Session;
use crate::work::{done, work};
use crate::{Result, SessionError};
use driftgate_demo::{Audience, DemoError, Ending, Told};
use driftgate_engine::Workspace;
use driftgate_model::views::{JobOutcome, PathKind};
use driftgate_model::{Code, Observer, Progress};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Steps of the story as it is played here.
const STEPS: u64 = 9;
/// Folders beside the usual one that are tried.
const TRIED: u32 = 99;

/// What the demo left to do. Schema `driftgate/demo-made/1`.
#[derive(Serialize)]
struct Made {
    schema: &'static str,
    root: String,
    model: String,
    awaiting: String,
    alarm: String,
}

impl Session {
    /// The demo in `folder`; in the next free one where the usual folder is asked for and taken.
    pub(crate) fn demo(&self, folder: &str) -> Result<Work> {
        let usual = &self.0.setup.demo;
        let dir = if Path::new(folder) == usual {
            checked(&next_free(usual)?, PathKind::NewFolder)?
        } else {
            let dir = self.allowed(folder, PathKind::NewFolder)?;
            driftgate_demo::check_folder(&dir)?;
            dir
        };
        Ok(work("Make the demo".into(), "demo", move |session, job| make(session, job, &dir)))
    }
}

fn make(session: &Session, job: &Job, dir: &Path) -> Result<Done> {
    let listener = Listener(job);
    let played = driftgate_demo::play(dir, session.host(None), Ending::ForYou, &listener, &job.cancel)?;
    let made = Made {
        schema: "driftgate/demo-made/1",
        root: played.made.root,
        model: played.alarm.report.model.to_string(),
        awaiting: played.runs.last().map_or_else(String::new, |r| r.run.subject.run.to_string()),
        alarm: played.alarm.check.to_string(),
    };
    session.take(Workspace::open_to_look(dir, session.host(None))?);
    // A first look needs no token; `driftgate serve --new-token` makes another.
    session.changed_workspace(None);
    done(JobOutcome::Demo { root: made.root.clone() }, &made)
}

/// The usual folder, or the first beside it that does not exist or is empty.
fn next_free(usual: &Path) -> Result<PathBuf> {
    let name = usual.file_name().unwrap_or_default().to_string_lossy();
    let nth = |n: u32| if n == 1 { usual.to_path_buf() } else { usual.with_file_name(format!("{name} {n}")) };
    let mut last = None;
    for dir in (1..=TRIED).map(nth) {
        match driftgate_demo::check_folder(&dir) {
            Ok(()) => return Ok(dir),
            Err(error) => last = Some(error),
        }
    }
    Err(last.map_or_else(|| SessionError::bad_input("No folder for the demo", "Choose one"), SessionError::from))
}

/// Makes stages of the story's steps; what goes on within a step is progress.
struct Listener<'a>(&'a Job);

impl Audience for Listener<'_> {
    type Error = SessionError;

    fn hear(&self, told: &Told) -> Result<()> {
        match told {
            Told::Step { number, name, .. } => {
                self.0.stage_started(name);
                self.0.progress("steps", Progress { done: u64::from(*number) - 1, total: STEPS });
            }
            Told::Added(added) => self.note(&format!("{} rows", added.version.rows)),
            Told::Ran(view) => self.note(&view.run.status.as_str().replace('_', " ")),
            Told::Decided(decided) => self.note(&decided.outcome.replace('_', " ")),
            Told::Checked(view) => self.note(view.report.overall.verdict.as_str()),
            Told::Staged(staged) => self.note(&format!("{} rows to learn from", staged.train)),
            Told::Opening(_) | Told::Typed(_) | Told::History(_) | Told::Verified(_) => {}
        }
        self.0.cancel.check().map_err(|_| DemoError::Cancelled(PathBuf::new()).into())
    }
}

impl Listener<'_> {
    /// What the step at work came to, so far.
    fn note(&self, text: &str) {
        self.0.see(|seen, _| seen.note(text));
    }
}

impl From<DemoError> for SessionError {
    fn from(error: DemoError) -> Self {
        let message = error.to_string();
        match error {
            DemoError::Engine(engine) => engine.into(),
            DemoError::Earlier(_) => SessionError::told(Code::Refused, message, "Open it, or choose a new folder"),
            DemoError::NotEmpty(_) => SessionError::told(Code::Refused, message, "Choose a new or empty folder"),
            DemoError::Io { .. } => SessionError::told(Code::Io, message, "Choose a folder that you may write to"),
            DemoError::Cancelled(_) => SessionError::told(Code::Cancelled, message, "Start it again"),
            DemoError::OtherEnding { .. } => {
                SessionError::told(Code::Internal, message, "This is a fault of Driftgate: please report it")
            }
        }
    }
}
