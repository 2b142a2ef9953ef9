//! The table of runs, with what is above it.

use super::filter::{Filter, Row, at_work, by_number, choices};
use crate::parts::{Button, Chip, Column, Grid, Icon, Kind, Line, Pick, StatusChip};
use crate::store::{Store, store};
use crate::words;
use driftgate_model::RunStatus;
use driftgate_model::views::{JobState, RunLine};
use leptos::prelude::*;
use leptos_router::hooks::use_navigate;
use std::collections::BTreeSet;
use std::sync::Arc;

impl Line for Row {
    fn key(&self) -> String {
        self.line.run.to_string()
    }

    fn label(&self) -> String {
        let line = &self.line;
        let value = line.value.map(|v| format!(", {} {}", words::metric(&line.metric), words::number(Some(v))));
        format!(
            "Run {}, {} of {}, {}{}",
            line.run.short(),
            words::spelled(&line.algorithm),
            line.model,
            words::status(line.status).to_lowercase(),
            value.unwrap_or_default()
        )
    }
}

/// The filters and the table.
#[component]
pub fn List(
    /// Every run, for what the filters offer.
    all: Signal<Arc<Vec<Row>>>,
    /// Those to show.
    rows: Signal<Vec<Row>>,
    filter: RwSignal<Filter>,
    marked: RwSignal<BTreeSet<String>>,
    /// The run beside the table.
    chosen: Signal<Option<String>>,
) -> impl IntoView {
    let go = StoredValue::new(use_navigate());
    let show = move |row: Row| go.with_value(|go| go(&format!("/runs/{}", row.line.run), Default::default()));
    view! {
        <div class="list">
            <Filters all=all filter=filter marked=marked/>
            {move || rows.with(Vec::is_empty).then(|| view! {
                <p class="faint none" role="status">"No run is like this. Take words or filters away"</p>
            })}
            <Grid label="Runs" rows=rows columns=columns(store()) chosen=chosen on_choose=show marked=marked/>
        </div>
    }
}

#[component]
fn Filters(all: Signal<Arc<Vec<Row>>>, filter: RwSignal<Filter>, marked: RwSignal<BTreeSet<String>>) -> impl IntoView {
    let text = RwSignal::new(filter.with_untracked(|f| f.text.clone()));
    let pick = |get: fn(&Filter) -> &String, set: fn(&mut Filter, String)| {
        let value = RwSignal::new(filter.with_untracked(|f| get(f).clone()));
        // What is picked goes into the filter, and what else changes the filter comes back.
        Effect::new(move |_| {
            let now = value.get();
            if filter.with_untracked(|f| *get(f) != now) {
                filter.update(|f| set(f, now));
            }
        });
        Effect::new(move |_| {
            let now = filter.with(|f| get(f).clone());
            if value.with_untracked(|v| *v != now) {
                value.set(now);
            }
        });
        value
    };
    let model = pick(|f| &f.model, |f, v| f.model = v);
    let dataset = pick(|f| &f.dataset, |f, v| f.dataset = v);
    let status = pick(|f| &f.status, |f, v| f.status = v);
    let algorithm = pick(|f| &f.algorithm, |f, v| f.algorithm = v);
    let offered = move |any: &'static str, of: fn(&RunLine) -> (&str, String)| {
        Signal::from(Memo::new(move |_| all.with(|rows| choices(rows, any, of))))
    };
    let typed = move |value: String| {
        text.set(value.clone());
        filter.update(|f| f.text = value);
    };
    let clear = move |_| {
        text.set(String::new());
        filter.set(Filter::default());
    };
    view! {
        <div class="filters" role="search" aria-label="Filter runs">
            <input class="input find" type="search" data-filter="" aria-label="Filter runs by words" placeholder="Filter by words"
                autocomplete="off" spellcheck="false" prop:value=move || text.get() on:input=move |e| typed(event_target_value(&e))/>
            <Pick label="Model" quiet=true value=model choices=offered("Any model", |l| (l.model.as_str(), l.model.to_string()))/>
            <Pick label="Data set" quiet=true value=dataset choices=offered("Any data set", |l| (&l.dataset, l.dataset.clone()))/>
            <Pick label="Status" quiet=true value=status choices=offered("Any status", |l| (l.status.as_str(), words::status(l.status).into()))/>
            <Pick label="Algorithm" quiet=true value=algorithm choices=offered("Any algorithm", |l| (&l.algorithm, words::spelled(&l.algorithm)))/>
            <Show when=move || filter.with(Filter::asks)>
                <Button text="Clear filters" icon=Icon::Cross kind=Kind::Plain on_press=clear/>
            </Show>
            <Show when=move || marked.with(|m| !m.is_empty())>
                <span class="row">
                    <span role="status">{move || format!("{} marked", marked.with(BTreeSet::len))}</span>
                    <Button text="Unmark all" kind=Kind::Plain on_press=move |_| marked.set(BTreeSet::new())/>
                </span>
            </Show>
        </div>
    }
}

fn columns(store: Store) -> Vec<Column<Row>> {
    vec![
        Column::new("Run", "86px", |r: &Row| view! { <span class="mono">{r.line.run.short().to_owned()}</span> })
            .ordered(|a, b| a.line.run.cmp(&b.line.run)),
        Column::new("Status", "168px", move |r: &Row| status(store, r))
            .ordered(|a, b| words::status(a.line.status).cmp(words::status(b.line.status))),
        Column::new("Model", "196px", |r: &Row| cut(r.line.model.to_string()))
            .ordered(|a, b| a.line.model.cmp(&b.line.model)),
        Column::new("Version", "76px", |r: &Row| r.line.version.map(|v| v.to_string()).unwrap_or_default())
            .number()
            .ordered(|a, b| a.line.version.cmp(&b.line.version)),
        Column::new("Data set", "", |r: &Row| cut(r.line.dataset.clone()))
            .ordered(|a, b| a.line.dataset.cmp(&b.line.dataset)),
        Column::new("Algorithm", "", |r: &Row| cut(words::spelled(&r.line.algorithm)))
            .ordered(|a, b| a.line.algorithm.cmp(&b.line.algorithm)),
        Column::new("Test metric", "140px", |r: &Row| metric(&r.line))
            .ordered(|a, b| a.line.metric.cmp(&b.line.metric).then(by_number(a.line.value, b.line.value))),
        Column::new("Started", "104px", |r: &Row| {
            let at = r.line.started_at;
            view! { <span title=words::moment(at)>{words::ago(at)}</span> }
        })
        .ordered(|a, b| a.line.started_at.cmp(&b.line.started_at)),
        Column::new("Took", "84px", |r: &Row| {
            (r.line.status != RunStatus::Running).then(|| words::duration(r.line.duration_ms))
        })
        .number()
        .ordered(|a, b| a.line.duration_ms.cmp(&b.line.duration_ms)),
    ]
}

/// A text that may be too long for its column.
fn cut(text: String) -> impl IntoView + use<> {
    let whole = text.clone();
    view! { <span title=whole>{text}</span> }
}

/// The metric and its value; nothing before the run has one.
fn metric(line: &RunLine) -> Option<impl IntoView + use<>> {
    let name = words::metric(line.metric.strip_prefix("test.").unwrap_or(&line.metric));
    line.value.map(|v| view! { <span class="metric"><span class="faint">{name}</span><span>{words::number(Some(v))}</span></span> })
}

/// The status; of a run that a job of this window works on, what it is at.
fn status(store: Store, row: &Row) -> AnyView {
    if row.line.status != RunStatus::Running {
        return view! { <StatusChip status=row.line.status/> }.into_any();
    }
    let run = row.line.run.clone();
    let text = Memo::new(move |_| {
        store.jobs.with(|jobs| {
            let job = jobs.iter().find(|j| j.run.as_ref() == Some(&run));
            job.filter(|j| matches!(j.state, JobState::Running | JobState::Stopping)).map(at_work)
        })
    });
    view! { {move || view! { <Chip icon=Icon::Play text=text.get().unwrap_or_else(|| "Running".into()) tone="accent"/> }} }.into_any()
}
