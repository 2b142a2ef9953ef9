//! Runs: a table of all of them, one in detail, and a way to start another.

mod detail;
mod fields;
mod filter;
mod list;
mod live;
mod make;
mod points;
mod results;
mod start;

use crate::answer::answer;
use crate::bridge::ask;
use crate::parts::{Button, Empty, FailureView, Icon, Kind, Top};
use crate::store::store;
use crate::words;
use driftgate_model::views::RunList;
use filter::{Filter, Row, narrow};
use leptos::prelude::*;
use leptos_router::hooks::{use_navigate, use_params_map, use_query_map};
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::Arc;

/// All rows, compared by where they lie: equal answers are never set twice.
#[derive(Clone)]
struct All(Arc<Vec<Row>>);

impl PartialEq for All {
    fn eq(&self, other: &All) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// What stands where the table does.
#[derive(Clone, Copy, PartialEq)]
enum Seen {
    Nothing,
    Failure,
    NoRuns,
    Table,
}

/// The screen.
#[component]
pub fn RunsScreen() -> impl IntoView {
    let (params, query) = (use_params_map(), use_query_map());
    let id = Memo::new(move |_| params.with(|p| p.get("id")).filter(|id| !id.is_empty()));
    let start = Memo::new(move |_| query.with(|q| q.get("start")));
    let runs = answer::<RunList>(|| Some(ask("runs", json!({}))));
    let all = Memo::new(move |_| {
        All(Arc::new(runs.value.with(|r| r.as_ref().map(|r| r.runs.iter().map(Row::of).collect()).unwrap_or_default())))
    });
    let filter = RwSignal::new(Filter::default());
    Effect::new(move |_| {
        let (model, dataset) = query.with(|q| (q.get("model"), q.get("dataset")));
        if model.is_some() || dataset.is_some() {
            filter.set(Filter {
                model: model.unwrap_or_default(),
                dataset: dataset.unwrap_or_default(),
                ..Filter::default()
            });
        }
    });
    let rows = Memo::new(move |_| all.with(|all| filter.with(|f| narrow(&all.0, f))));
    let marked = RwSignal::new(BTreeSet::<String>::new());
    let seen = Memo::new(move |_| {
        match (runs.value.with(|r| r.as_ref().map(|r| r.total)), runs.failure.with(Option::is_some)) {
            (Some(0), _) => Seen::NoRuns,
            (Some(_), _) => Seen::Table,
            (None, true) => Seen::Failure,
            (None, false) => Seen::Nothing,
        }
    });
    let below = Signal::derive(move || {
        let (shown, total) = (rows.with(Vec::len), all.with(|all| all.0.len()));
        match seen.get() {
            Seen::Table if shown < total => {
                format!("{} of {}", words::whole(shown as u64), words::count(total as u64, "run"))
            }
            Seen::Table => words::count(total as u64, "run"),
            _ => String::new(),
        }
    });
    let go = use_navigate();
    let open_start = StoredValue::new_local(go.clone());
    let to_start = move || {
        let place = id.get_untracked().map(|id| format!("/runs/{id}")).unwrap_or_else(|| "/runs".into());
        open_start.with_value(|go| go(&format!("{place}?start=1"), Default::default()));
    };
    let compare = move |_| {
        let ids: Vec<String> = marked.get_untracked().into_iter().collect();
        go(&format!("/runs/compare?ids={}", ids.join(",")), Default::default());
    };
    view! {
        <div class="screen runs">
            <Top title="Runs" below=below>
                <Button text="Compare" icon=Icon::Stack disabled=Signal::derive(move || marked.with(BTreeSet::len) < 2) on_press=compare/>
                <Button text="Start a run…" icon=Icon::Play kind=Kind::Primary on_press=move |_| to_start()/>
            </Top>
            <live::AtWork/>
            {move || match seen.get() {
                Seen::Nothing => view! { <div class="empty" aria-busy="true"></div> }.into_any(),
                Seen::Failure => runs.failure.get().map(|failure| view! {
                    <div class="body"><FailureView failure=failure again=Callback::new(move |()| runs.reload())/></div>
                }).into_any(),
                Seen::NoRuns => view! {
                    <Empty icon=Icon::Play title="No runs yet"
                        text="A run trains a candidate from a config, evaluates it, and asks the gate. What passes waits for you">
                        <Button text="Start the first run…" icon=Icon::Play kind=Kind::Primary on_press=move |_| to_start()/>
                    </Empty>
                }.into_any(),
                Seen::Table => view! {
                    <div class="split" class:open=move || id.get().is_some()>
                        <list::List all=Signal::derive(move || all.get().0) rows=rows.into() filter=filter marked=marked chosen=id.into()/>
                        {move || id.get().map(|id| view! { <detail::Detail id=id/> })}
                    </div>
                }.into_any(),
            }}
            <start::StartDialog config=start.into() id=id.into()/>
        </div>
    }
}

/// Asks the engine for a job that makes a run, and shows the run as soon as there is one. Call it while a component is made.
fn follow() -> impl Fn(u64) + Copy + Send + Sync {
    let store = store();
    let watched = RwSignal::new(None::<u64>);
    let go = use_navigate();
    Effect::new(move |_| {
        let Some(id) = watched.get() else { return };
        let run = store.jobs.with(|jobs| jobs.iter().find(|j| j.id == id).and_then(|j| j.run.clone()));
        if let Some(run) = run {
            watched.set(None);
            go(&format!("/runs/{run}"), Default::default());
        }
    });
    move |job| watched.set(Some(job))
}
