//! Files that wait to be imported, or are being imported: a line each.

use super::draft::Known;
use super::import::Step;
use crate::answer::act_in;
use crate::bridge::{ask, call};
use crate::parts::{Button, Chip, FailureView, Icon, Kind, Progress};
use crate::store::{Store, store};
use crate::words;
use driftgate_model::ValidationReport;
use driftgate_model::views::{Failure, ImportPlan, JobOutcome, JobState};
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::components::A;
use leptos_router::hooks::use_navigate;
use serde_json::{Value, json};

/// Where a file stands.
#[derive(Debug, Clone, PartialEq)]
pub enum State {
    /// It is looked at.
    Looking,
    /// It is open in the dialog.
    Open,
    /// It can be imported as this data set; these are the open questions.
    Planned(String, Vec<String>),
    /// It cannot.
    Failed(Failure),
    /// A job imports it.
    Job(u64),
}

/// A file that waits.
#[derive(Debug, Clone, PartialEq)]
pub struct File {
    id: u64,
    /// Its path.
    pub path: String,
    /// The data set that gets a new version, where it is one.
    pub known: Option<Known>,
    state: State,
}

/// The files, oldest first.
#[derive(Clone, Copy)]
pub struct Queue {
    files: RwSignal<Vec<File>>,
    step: RwSignal<Option<Step>>,
    next: StoredValue<u64>,
    /// The job whose data set is shown once it is there.
    followed: RwSignal<Option<u64>>,
    store: Store,
}

impl Queue {
    /// An empty one. Call it while a component is made.
    pub fn new(step: RwSignal<Option<Step>>) -> Queue {
        let queue = Queue {
            files: RwSignal::new(Vec::new()),
            step,
            next: StoredValue::new(1),
            followed: RwSignal::new(None),
            store: store(),
        };
        let go = use_navigate();
        Effect::new(move |_| {
            let Some(id) = queue.followed.get() else { return };
            let outcome =
                queue.store.jobs.with(|jobs| jobs.iter().find(|j| j.id == id).and_then(|j| j.outcome.clone()));
            if let Some(JobOutcome::Imported { dataset, .. }) = outcome {
                queue.followed.set(None);
                queue.files.update(|all| all.retain(|f| f.state != State::Job(id)));
                go(&format!("/datasets/{dataset}"), Default::default());
            }
        });
        queue
    }

    /// The file of that number.
    pub fn file(self, id: u64) -> Option<File> {
        self.files.with_untracked(|all| all.iter().find(|f| f.id == id).cloned())
    }

    fn set(self, id: u64, state: State) {
        self.files.try_update(|all| {
            if let Some(file) = all.iter_mut().find(|f| f.id == id) {
                file.state = state;
            }
        });
    }

    fn remove(self, id: u64) {
        self.files.update(|all| all.retain(|f| f.id != id));
    }

    /// Takes paths: a single one is looked at in the dialog, several have a line each.
    pub fn take(self, paths: Vec<String>, known: Option<Known>) {
        let known = match self.step.get_untracked() {
            Some(Step::Choose(asked)) => asked.map(|k| *k).or(known),
            _ => known,
        };
        let busy = matches!(self.step.get_untracked(), Some(Step::File(_)));
        let alone = paths.len() == 1 && !busy;
        for path in paths {
            let id = self.next.get_value();
            self.next.set_value(id + 1);
            let state = if alone { State::Open } else { State::Looking };
            self.files.update(|all| all.push(File { id, path: path.clone(), known: known.clone(), state }));
            if alone {
                self.step.set(Some(Step::File(id)));
            } else {
                self.look(id, path);
            }
        }
        if !alone && !busy {
            self.step.set(None);
        }
    }

    fn look(self, id: u64, path: String) {
        self.set(id, State::Looking);
        spawn_local(async move {
            let arguments = json!({ "path": path, "name": null, "target": null, "task": null, "spec": null });
            let state = match call::<ImportPlan>(&ask("plan_import", arguments)).await {
                Ok(plan) => State::Planned(plan.spec.name, plan.questions.into_iter().map(|q| q.text).collect()),
                Err(failure) => State::Failed(failure),
            };
            self.set(id, state);
        });
    }

    /// The dialog of a file was closed without an import.
    pub fn put_back(self, id: u64) {
        match self.file(id).map(|f| f.state) {
            Some(State::Open) => self.remove(id),
            _ => self.step.set(None),
        }
        self.step.set(None);
    }

    /// Imports a file with what the dialog, or nobody, said about it.
    pub fn import(self, id: u64, job: Value, follow: bool) {
        act_in::<u64>(self.store, ask("start_job", json!({ "ask": job })), move |job| {
            self.set(id, State::Job(job));
            if follow {
                self.followed.set(Some(job));
            }
        });
    }

    fn import_as_planned(self, id: u64) {
        if let Some(file) = self.file(id) {
            let job = json!({
                "kind": "import", "path": file.path, "name": null, "target": null, "task": null, "reference": false, "spec": null,
            });
            self.import(id, job, false);
        }
    }

    fn planned(self) -> Vec<u64> {
        let complete = |f: &&File| matches!(&f.state, State::Planned(_, questions) if questions.is_empty());
        self.files.with(|all| all.iter().filter(complete).map(|f| f.id).collect())
    }
}

/// The name of a file without its folders.
pub fn file_name(path: &str) -> &str {
    path.trim_end_matches(['/', '\\']).rsplit(['/', '\\']).next().unwrap_or(path)
}

/// The lines; nothing where no file waits.
#[component]
pub fn QueueView(queue: Queue) -> impl IntoView {
    let shown = Memo::new(move |_| {
        queue.files.with(|all| all.iter().filter(|f| f.state != State::Open).cloned().collect::<Vec<_>>())
    });
    let all = move |_| queue.planned().into_iter().for_each(|id| queue.import_as_planned(id));
    view! {
        <Show when=move || shown.with(|s| !s.is_empty())>
            <section class="waiting" aria-labelledby="waiting-title">
                <div class="row wrap spread">
                    <h2 id="waiting-title">"Files to import"</h2>
                    <Show when=move || { queue.planned().len() > 1 }>
                        <Button text="Import all that are ready" kind=Kind::Primary on_press=all/>
                    </Show>
                </div>
                <ul>
                    <For each=move || shown.get() key=|f| format!("{f:?}") let:file>
                        <Line queue=queue file=file/>
                    </For>
                </ul>
            </section>
        </Show>
    }
}

#[component]
fn Line(queue: Queue, file: File) -> impl IntoView {
    let id = file.id;
    let name = file_name(&file.path).to_owned();
    let path = file.path.clone();
    let away = {
        let name = name.clone();
        move || {
            view! {
                <Button text=format!("Take {name} away") icon=Icon::Cross icon_only=true kind=Kind::Plain on_press=move |_| queue.remove(id)/>
            }
        }
    };
    let look = {
        let name = name.clone();
        move || view! { <Button text=format!("Look at {name}…") on_press=move |_| queue.step.set(Some(Step::File(id)))/> }
    };
    let what = match file.state {
        State::Looking | State::Open => view! { <span class="faint" role="status">"Looking at it…"</span> }.into_any(),
        State::Planned(dataset, questions) if questions.is_empty() => view! {
            <Chip icon=Icon::Check text="Ready" tone="good"/>
            <span class="grow">{format!("Data set {dataset}")}</span>
            {look()}
            <Button text=format!("Import {name}") kind=Kind::Primary on_press=move |_| queue.import_as_planned(id)/>
            {away()}
        }
        .into_any(),
        State::Planned(dataset, questions) => view! {
            <Chip icon=Icon::Question text=words::count(questions.len() as u64, "question") tone="warn"/>
            <span class="grow">{format!("Data set {dataset}")}</span>
            {look()}
            {away()}
        }
        .into_any(),
        State::Failed(failure) => view! {
            <div class="grow"><FailureView failure=failure again=Callback::new(move |()| queue.look(id, path.clone()))/></div>
            {away()}
        }
        .into_any(),
        State::Job(job) => view! { <Working queue=queue id=id name=name.clone() job=job/> }.into_any(),
    };
    view! { <li class="file"><strong class="mono cut" title=file.path>{name}</strong>{what}</li> }
}

/// A file whose job runs, or is over.
#[component]
fn Working(queue: Queue, id: u64, name: String, job: u64) -> impl IntoView {
    let store = store();
    let view = Memo::new(move |_| store.jobs.with(|jobs| jobs.iter().find(|j| j.id == job).cloned()));
    let refused = RwSignal::new(None::<ValidationReport>);
    let state = Memo::new(move |_| view.with(|v| v.as_ref().map(|v| v.state)));
    // What validation found, where that is why it failed.
    Effect::new(move |_| {
        if state.get() == Some(JobState::Failed) {
            spawn_local(async move {
                if let Ok(report) = call::<ValidationReport>(&ask("job_answer", json!({ "id": job }))).await {
                    refused.try_set(Some(report));
                }
            });
        }
    });
    let (look_text, away_text) = (format!("Look at {name} again…"), format!("Take {name} away"));
    let away = move || view! { <Button text=away_text.clone() icon=Icon::Cross icon_only=true kind=Kind::Plain on_press=move |_| queue.remove(id)/> };
    let look =
        move || view! { <Button text=look_text.clone() on_press=move |_| queue.step.set(Some(Step::File(id)))/> };
    move || match view.get() {
        Some(v) if matches!(v.state, JobState::Running | JobState::Stopping) => {
            view! { <div class="grow"><Progress what=v.title progress=v.progress/></div> }.into_any()
        }
        Some(v) => {
            let link = v.outcome.as_ref().and_then(words::outcome_link);
            view! {
                <div class="grow stack tight">
                    {v.failure.clone().map(|failure| view! { <FailureView failure=failure/> })}
                    {move || refused.get().map(|report| view! { <super::detail::Findings report=report/> })}
                    {v.outcome.as_ref().map(|o| view! {
                        <span class="row"><Chip icon=Icon::Check text="Imported" tone="good"/>{words::outcome(o)}</span>
                    })}
                    {link.map(|(route, text)| view! { <A href=route>{text}</A> })}
                </div>
                {(v.state != JobState::Done).then(look.clone())}
                {away()}
            }
            .into_any()
        }
        None => away().into_any(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_no_folders() {
        assert_eq!(file_name("/home/a/data.csv"), "data.csv");
        assert_eq!(file_name("/home/a/wine/"), "wine");
        assert_eq!(file_name("C:\\a\\b.csv"), "b.csv");
        assert_eq!(file_name("x"), "x");
    }
}
