//! Jobs that a screen started: what they come to belongs to whoever looks at that screen.

use crate::answer::act_in;
use crate::bridge::{ask, call};
use crate::store::{Store, store};
use driftgate_model::views::{JobAsk, JobOutcome, JobState, JobView, PathKind};
use leptos::prelude::*;
use serde_json::json;
use std::collections::BTreeSet;

/// The jobs that a screen started.
#[derive(Clone, Copy)]
pub struct Started {
    ids: RwSignal<BTreeSet<u64>>,
    store: Store,
}

impl Started {
    /// None yet.
    pub fn new() -> Started {
        Started { ids: RwSignal::new(BTreeSet::new()), store: store() }
    }

    /// Starts one.
    pub fn start(&self, ask: JobAsk) {
        self.start_then(ask, || ());
    }

    /// Starts one, and says so once the engine has taken it.
    pub fn start_then(&self, asked: JobAsk, then: impl FnOnce() + 'static) {
        let ids = self.ids;
        act_in::<u64>(self.store, ask("start_job", json!({ "ask": asked })), move |id| {
            ids.try_update(|ids| ids.insert(id));
            then();
        });
    }

    /// Calls `then` once for each of them that ends well.
    pub fn on_end(&self, then: impl Fn(JobOutcome) + 'static) {
        let (ids, jobs) = (self.ids, self.store.jobs);
        Effect::new(move |ended: Option<BTreeSet<u64>>| {
            let mut ended = ended.unwrap_or_default();
            let ids = ids.get();
            let new = jobs.with(|jobs| {
                jobs.iter()
                    .filter(|j| ids.contains(&j.id) && !ended.contains(&j.id))
                    .filter_map(|j| j.outcome.clone().map(|outcome| (j.id, outcome)))
                    .collect::<Vec<_>>()
            });
            for (id, outcome) in new {
                ended.insert(id);
                then(outcome);
            }
            ended
        });
    }

    /// Those of `kinds` that a person looks at here: whatever runs, and of these what did not come to a check of its own.
    pub fn shown(&self, kinds: &'static [&'static str]) -> Memo<Vec<JobView>> {
        let (ids, jobs) = (self.ids, self.store.jobs);
        Memo::new(move |_| {
            let ids = ids.get();
            jobs.with(|jobs| jobs.iter().filter(|j| is_shown(j, kinds, ids.contains(&j.id))).cloned().collect())
        })
    }
}

/// Has a path that a form holds looked at and granted, then hands it on; what is wrong with it goes to `wrong`.
pub fn granted(path: String, kind: PathKind, wrong: RwSignal<Option<String>>, then: impl FnOnce(String) + 'static) {
    let path = path.trim().to_owned();
    if path.is_empty() {
        wrong.set(Some("Type a path, or choose one".into()));
        return;
    }
    leptos::task::spawn_local(async move {
        match call::<String>(&ask("name_path", json!({ "path": path, "kind": kind }))).await {
            Ok(path) => {
                wrong.try_set(None);
                then(path);
            }
            Err(failure) => {
                let hint = failure.hint.map(|h| format!(". {h}")).unwrap_or_default();
                wrong.try_set(Some(format!("{}{hint}", crate::words::sentence(&failure.message))));
            }
        }
    });
}

/// The path of a file of that name in the open workspace: where a new one is written if nobody says otherwise.
pub fn in_workspace(store: Store, name: &str) -> String {
    let root = store.state.with_untracked(|s| s.as_ref().and_then(|s| s.workspace.as_ref().map(|w| w.root.clone())));
    root.map(|root| beside(&root, name)).unwrap_or_default()
}

fn beside(root: &str, name: &str) -> String {
    let separator = if root.contains('\\') && !root.contains('/') { '\\' } else { '/' };
    format!("{}{separator}{name}", root.trim_end_matches(separator))
}

fn is_shown(job: &JobView, kinds: &[&str], mine: bool) -> bool {
    if !kinds.contains(&job.kind.as_str()) {
        return false;
    }
    match job.state {
        JobState::Running | JobState::Stopping => true,
        JobState::Cancelled => false,
        JobState::Failed => mine,
        JobState::Done => {
            mine && matches!(job.outcome, Some(JobOutcome::Simulated { .. } | JobOutcome::Predicted { .. }))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(kind: &str, state: JobState, outcome: Option<JobOutcome>) -> JobView {
        JobView {
            id: 1,
            title: String::new(),
            kind: kind.into(),
            state,
            stages: Vec::new(),
            progress: None,
            elapsed_ms: 0,
            latest: Default::default(),
            warnings: Vec::new(),
            outcome,
            failure: None,
        }
    }

    #[test]
    fn a_new_file_lies_in_the_workspace() {
        assert_eq!(beside("/home/me/work", "a.csv"), "/home/me/work/a.csv");
        assert_eq!(beside("/", "a.csv"), "/a.csv");
        assert_eq!(beside(r"C:\work", "a.csv"), r"C:\work\a.csv");
    }

    #[test]
    fn what_runs_is_shown_and_what_ended_only_where_it_is_needed() {
        let kinds = ["check", "simulate"];
        let written = Some(JobOutcome::Simulated { output: "a.csv".into(), rows: 3 });
        assert!(is_shown(&job("check", JobState::Running, None), &kinds, false));
        assert!(!is_shown(&job("run", JobState::Running, None), &kinds, true));
        assert!(is_shown(&job("check", JobState::Failed, None), &kinds, true));
        assert!(!is_shown(&job("check", JobState::Failed, None), &kinds, false));
        assert!(is_shown(&job("simulate", JobState::Done, written.clone()), &kinds, true));
        assert!(!is_shown(&job("simulate", JobState::Done, written), &kinds, false));
        assert!(!is_shown(&job("check", JobState::Cancelled, None), &kinds, true));
    }
}
