//! Drift: is a batch like what a model learned from, how sure is that, and what is done about it.

mod adaptation;
mod charts;
mod check;
mod columns;
mod history;
mod pictures;
mod respond;
mod say;
mod simulate;
mod stage;
pub mod started;

use crate::answer::answer;
use crate::bridge::ask;
use crate::parts::{Empty, Icon, PICTURES, Pick, Shown, Top};
use crate::store::{Store, store};
use driftgate_model::views::{JobAsk, JobOutcome, ModelLine, ModelList, PathKind};
use driftgate_model::{ModelName, Task};
use leptos::prelude::*;
use leptos_router::components::A;
use leptos_router::hooks::{use_navigate, use_params_map, use_query_map};
use serde_json::json;
use started::Started;

/// What the parts of this screen share.
#[derive(Clone, Copy)]
struct Drift {
    /// The model that is looked at.
    model: Memo<Option<ModelLine>>,
    /// The check in the detail pane.
    check: Memo<Option<String>>,
    /// The adaptation in the detail pane.
    adaptation: Memo<Option<String>>,
    /// Jobs that this screen started.
    started: Started,
    /// Whether the form of a simulation is open.
    simulating: RwSignal<bool>,
    /// The rows that are to be changed, as typed in that form.
    to_change: RwSignal<String>,
    /// Whether the form of an adaptation is open.
    staging: RwSignal<bool>,
    /// The batch that is to be staged, as typed in that form.
    to_stage: RwSignal<String>,
    store: Store,
}

/// What a batch is: a file of rows, or pictures, of which a folder is one batch.
fn batch_kind(pictures: bool) -> PathKind {
    if pictures { PathKind::FileOrFolder } else { PathKind::File }
}

/// Endings of the files of a batch.
fn endings(pictures: bool) -> Vec<&'static str> {
    if pictures { PICTURES.to_vec() } else { vec!["csv", "tsv", "parquet"] }
}

fn drift() -> Drift {
    expect_context::<Drift>()
}

impl Drift {
    /// The name of the model, or nothing.
    fn name(&self) -> String {
        self.model.with(|m| m.as_ref().map(|m| m.name.to_string()).unwrap_or_default())
    }

    /// The same, without listening for another one.
    fn name_now(&self) -> String {
        self.model.with_untracked(|m| m.as_ref().map(|m| m.name.to_string()).unwrap_or_default())
    }

    /// Whether the model answers pictures.
    fn pictures(&self) -> bool {
        self.model.with(|m| m.as_ref().is_some_and(|m| m.task == Task::ImageClassificationCnn))
    }

    /// Takes files that were dropped: an open form takes one, otherwise each is a batch to check.
    fn take(&self, paths: Vec<String>) {
        let form = if self.simulating.get_untracked() {
            Some(self.to_change)
        } else if self.staging.get_untracked() {
            Some(self.to_stage)
        } else {
            None
        };
        match form {
            Some(field) => paths.into_iter().take(1).for_each(|path| field.set(path)),
            None => paths.into_iter().for_each(|path| self.check_batch(path)),
        }
    }

    /// Opens the form of an adaptation, with a batch to begin with where there is one.
    fn stage(&self, batch: Option<String>) {
        self.to_stage.set(batch.unwrap_or_default());
        self.staging.set(true);
    }

    /// Checks a batch that the person chose.
    fn check_batch(&self, batch: String) {
        let model = self.name_now();
        if model.is_empty() {
            self.store.toast(
                crate::store::Tone::Info,
                "Choose a model first, then drop the batch again".into(),
                None,
                None,
            );
            return;
        }
        self.started.start(JobAsk::Check { model, batch });
    }
}

/// The model that a route names, or the only one there is.
fn chosen(models: &[ModelLine], named: Option<&str>) -> Option<ModelLine> {
    match named {
        Some(name) => models.iter().find(|m| m.name.as_str() == name).cloned(),
        None if models.len() == 1 => models.first().cloned(),
        None => None,
    }
}

/// The screen.
#[component]
pub fn DriftScreen() -> impl IntoView {
    let store = store();
    let params = use_params_map();
    let query = use_query_map();
    let models = answer::<ModelList>(|| Some(ask("models", json!({}))));
    let named = Memo::new(move |_| params.with(|p| p.get("model")).filter(|m| !m.is_empty()));
    let check = Memo::new(move |_| params.with(|p| p.get("check")).filter(|c| !c.is_empty()));
    let adaptation = Memo::new(move |_| query.with(|q| q.get("adaptation")).filter(|a| !a.is_empty()));
    let model = Memo::new(move |_| {
        models.value.with(|list| list.as_ref().and_then(|l| chosen(&l.models, named.get().as_deref())))
    });
    let here = Drift {
        model,
        check,
        adaptation,
        started: Started::new(),
        simulating: RwSignal::new(false),
        to_change: RwSignal::new(String::new()),
        staging: RwSignal::new(false),
        to_stage: RwSignal::new(String::new()),
        store,
    };
    provide_context(here);
    follow(here);
    let picked = picked(here);
    let below = Signal::derive(move || {
        model.with(|m| match m {
            Some(m) => match m.production {
                Some(v) => format!("{}, version {v} in Production", m.name),
                None => format!("{}, nothing in Production", m.name),
            },
            None => "Is a batch like what the model learned from?".into(),
        })
    });
    let choices = Signal::derive(move || {
        let mut all = models.value.with(|l| {
            l.iter().flat_map(|l| &l.models).map(|m| (m.name.to_string(), m.name.to_string())).collect::<Vec<_>>()
        });
        if model.with(Option::is_none) {
            all.insert(0, (String::new(), "Choose a model".into()));
        }
        all
    });
    view! {
        <div class="screen drift">
            <Top title="Drift" below=below>
                <Show when=move || models.value.with(|l| l.as_ref().is_some_and(|l| !l.models.is_empty()))>
                    <Pick label="Model" quiet=true value=picked choices=choices/>
                </Show>
            </Top>
            <Shown answer=models children=move |list: ModelList| view! { <Inside list=list/> }/>
        </div>
        <simulate::SimulateDialog/>
        <stage::StageDialog/>
    }
}

#[component]
fn Inside(list: ModelList) -> impl IntoView {
    let here = drift();
    // Whether there is a model decides what is shown; who it is does not draw it anew.
    let there = Memo::new(move |_| here.model.with(Option::is_some));
    let names: Vec<ModelName> = list.models.into_iter().map(|m| m.name).collect();
    move || {
        if names.is_empty() {
            return view! {
                <Empty icon=Icon::Wave title="No model yet"
                    text="Drift is measured against what a model learned from. Train one, approve it, and check batches as they come">
                    <A href="/runs?start=1" {..} class="button primary">"Start a run…"</A>
                </Empty>
            }
            .into_any();
        }
        if !there.get() {
            let names = names.clone();
            return view! {
                <Empty icon=Icon::Wave title="Which model?" text="Every model has batches, checks and alarms of its own">
                    <ul class="row wrap">{names.into_iter().map(|name| view! {
                        <li><A href=format!("/drift/{name}") {..} class="button">{name.to_string()}</A></li>
                    }).collect_view()}</ul>
                </Empty>
            }
            .into_any();
        }
        let open = move || here.check.get().is_some() || here.adaptation.get().is_some();
        view! {
            <div class="split" class:open=open>
                <history::History/>
                {move || match (here.check.get(), here.adaptation.get()) {
                    (Some(id), _) => view! { <check::CheckPane id=id/> }.into_any(),
                    (None, Some(id)) => view! { <adaptation::AdaptationPane id=id/> }.into_any(),
                    (None, None) => ().into_any(),
                }}
            </div>
        }
        .into_any()
    }
}

/// The choice above: follows the route, and leads to another one.
fn picked(here: Drift) -> RwSignal<String> {
    let picked = RwSignal::new(String::new());
    Effect::new(move |_| {
        let name = here.name();
        if picked.get_untracked() != name {
            picked.set(name);
        }
    });
    let go = use_navigate();
    Effect::new(move |_| {
        let name = picked.get();
        if !name.is_empty() && name != here.name_now() {
            go(&format!("/drift/{name}"), Default::default());
        }
    });
    picked
}

/// Shows what a job that was started here came to.
fn follow(here: Drift) {
    let go = use_navigate();
    here.started.on_end(move |outcome| match outcome {
        JobOutcome::Checked { model, check, .. } => go(&format!("/drift/{model}/{check}"), Default::default()),
        JobOutcome::Staged { adaptation, .. } => {
            go(&format!("/drift/{}?adaptation={adaptation}", here.name_now()), Default::default());
        }
        _ => {}
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(name: &str) -> ModelLine {
        ModelLine {
            name: ModelName::new(name).expect("a name"),
            task: Task::Classification,
            versions: 1,
            production: Some(1),
            algorithm: None,
            since: None,
            awaiting: 0,
        }
    }

    #[test]
    fn the_only_model_is_chosen_by_itself() {
        let name = |models: &[ModelLine], named| chosen(models, named).map(|m| m.name.to_string());
        let (one, two) = ([line("a")], [line("a"), line("b")]);
        assert_eq!(name(&one, None).as_deref(), Some("a"));
        assert_eq!(name(&two, None), None);
        assert_eq!(name(&two, Some("b")).as_deref(), Some("b"));
        assert_eq!(name(&one, Some("gone")), None);
        assert_eq!(name(&[], None), None);
    }
}
