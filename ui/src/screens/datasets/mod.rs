//! Data sets: a table of them, one in detail, and import.

mod columns;
mod detail;
mod draft;
mod entry;
mod form;
mod import;
mod list;
mod pictures;
mod queue;
mod spec;

use crate::answer::answer;
use crate::bridge::ask;
use crate::parts::{Button, DropZone, Empty, FailureView, Icon, Kind, Top};
use crate::words;
use driftgate_model::DatasetRow;
use driftgate_model::views::{PathKind, RunList};
use import::{ImportDialog, Step};
use leptos::prelude::*;
use leptos_router::hooks::{use_navigate, use_params_map, use_query_map};
use queue::Queue;
use serde_json::json;

/// Endings of files that can be imported.
const ENDINGS: [&str; 3] = ["csv", "tsv", "parquet"];

/// What stands where the table does.
#[derive(Clone, Copy, PartialEq)]
enum Seen {
    Nothing,
    Failure,
    None,
    Table,
}

/// The screen.
#[component]
pub fn DatasetsScreen() -> impl IntoView {
    let (params, query) = (use_params_map(), use_query_map());
    let name = Memo::new(move |_| params.with(|p| p.get("name")).filter(|n| !n.is_empty()));
    let datasets = answer::<Vec<DatasetRow>>(|| Some(ask("datasets", json!({}))));
    let runs = answer::<RunList>(|| Some(ask("runs", json!({}))));
    let rows = Memo::new(move |_| {
        datasets.value.with(|d| runs.value.with(|r| list::rows(d.as_deref().unwrap_or_default(), r.as_ref())))
    });
    let step = RwSignal::new(None::<Step>);
    let queue = Queue::new(step);
    let go = StoredValue::new(use_navigate());
    // Asked for in the address, the dialog is open, and the address forgets it.
    Effect::new(move |_| {
        if query.with(|q| q.get("import")).is_some() {
            step.set(Some(Step::Choose(None)));
            let place = name.get_untracked().map_or_else(|| "/datasets".into(), |n| format!("/datasets/{n}"));
            let here = leptos_router::NavigateOptions { replace: true, ..Default::default() };
            go.with_value(|go| go(&place, here));
        }
    });
    let seen = Memo::new(move |_| {
        match (datasets.value.with(|d| d.as_ref().map(Vec::len)), datasets.failure.with(Option::is_some)) {
            (Some(0), _) => Seen::None,
            (Some(_), _) => Seen::Table,
            (None, true) => Seen::Failure,
            (None, false) => Seen::Nothing,
        }
    });
    let below = Signal::derive(move || match seen.get() {
        Seen::Table => words::count(rows.with(Vec::len) as u64, "data set"),
        _ => String::new(),
    });
    let choose = move || step.set(Some(Step::Choose(None)));
    let take = move |paths: Vec<String>| queue.take(paths, None);
    view! {
        <div class="screen datasets">
            <Top title="Data sets" below=below>
                <Button text="Import a data set…" icon=Icon::Plus kind=Kind::Primary on_press=move |_| choose()/>
            </Top>
            <div class="split" class:open=move || name.get().is_some()>
                <div class="list">
                    <queue::QueueView queue=queue/>
                    {move || match seen.get() {
                        Seen::Nothing => view! { <div class="empty" aria-busy="true"></div> }.into_any(),
                        Seen::Failure => datasets.failure.get().map(|failure| view! {
                            <div class="body"><FailureView failure=failure again=Callback::new(move |()| datasets.reload())/></div>
                        }).into_any(),
                        Seen::None => view! {
                            <Empty icon=Icon::Table title="No data yet"
                                text="Drop a CSV, TSV or Parquet file below, or a folder of pictures, or type its path. Driftgate looks at it, asks what it cannot know, and freezes a split"/>
                        }.into_any(),
                        Seen::Table => view! { <list::List rows=rows.into() chosen=name.into()/> }.into_any(),
                    }}
                    <div class="take">
                        <DropZone text="Drop files or a folder of pictures here to import them" label="Path of a file or folder" kind=PathKind::FileOrFolder
                            extensions=ENDINGS.to_vec() on_paths=take/>
                    </div>
                </div>
                {move || name.get().map(|name| view! { <detail::Detail name=name step=step/> })}
            </div>
            <ImportDialog step=step queue=queue/>
        </div>
    }
}
