//! A run while it goes on.

use super::points::{charts, diverged, nth, together};
use crate::answer::done;
use crate::bridge::{ask, call};
use crate::parts::{Button, ChartView, Icon, Kind, Notice, Progress};
use crate::store::store;
use crate::words;
use driftgate_model::views::{JobState, JobView, MetricPoint};
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::components::A;
use serde_json::json;

fn runs(job: &JobView) -> bool {
    matches!(job.state, JobState::Running | JobState::Stopping)
}

/// The jobs of this window that make or repeat runs, above the table, while they go on.
#[component]
pub fn AtWork() -> impl IntoView {
    let store = store();
    let ids = Memo::new(move |_| {
        store.jobs.with(|jobs| {
            let here = jobs.iter().filter(|j| matches!(j.kind.as_str(), "run" | "reproduce") && runs(j));
            here.map(|j| j.id).collect::<Vec<u64>>()
        })
    });
    view! {
        <Show when=move || ids.with(|ids| !ids.is_empty())>
            <section class="at-work" aria-label="At work now">
                <For each=move || ids.get() key=|id| *id let:id>
                    <Working id=id/>
                </For>
            </section>
        </Show>
    }
}

/// The job of that number, as long as it is known.
fn job_of(id: u64) -> Memo<Option<JobView>> {
    let store = store();
    Memo::new(move |_| store.jobs.with(|jobs| jobs.iter().find(|j| j.id == id).cloned()))
}

#[component]
fn Working(id: u64) -> impl IntoView {
    let job = job_of(id);
    let title = Memo::new(move |_| job.with(|j| j.as_ref().map(|j| j.title.clone()).unwrap_or_default()));
    let run = Memo::new(move |_| job.with(|j| j.as_ref().and_then(|j| j.run.clone())));
    let stage = move || job.with(|j| j.as_ref().map(super::filter::at_work));
    view! {
        <div class="working">
            <strong class="cut">{title}</strong>
            <span class="faint" role="status">{stage}</span>
            <div class="grow">{move || view! { <Progress what=title.get() progress=job.with(|j| j.as_ref().and_then(|j| j.progress.clone()))/> }}</div>
            {move || run.get().map(|run| view! { <A href=format!("/runs/{run}")>{format!("Show run {}", run.short())}</A> })}
            <Stop id=id/>
        </div>
    }
}

#[component]
fn Stop(id: u64) -> impl IntoView {
    let job = job_of(id);
    let stopping = Memo::new(move |_| job.with(|j| j.as_ref().is_some_and(|j| j.state == JobState::Stopping)));
    let text = Signal::derive(move || if stopping.get() { "Stopping…".to_owned() } else { "Stop".into() });
    view! {
        <Button text=text icon=Icon::Stop disabled=Signal::from(stopping)
            on_press=move |_| done(ask("cancel_job", json!({ "id": id })), || ())/>
    }
}

/// The stages, progress and curve of the job that works on a run, while one does.
#[component]
pub fn Live(
    run: String,
    /// Whether the ledger says that it goes on.
    running: Memo<bool>,
) -> impl IntoView {
    let store = store();
    let id = Memo::new(move |_| {
        store.jobs.with(|jobs| {
            let mine = jobs.iter().find(|j| j.run.as_ref().is_some_and(|r| r.as_str() == run) && runs(j));
            mine.map(|j| j.id)
        })
    });
    move || match id.get() {
        Some(id) => view! { <Watched id=id/> }.into_any(),
        None if running.get() => view! {
            <Notice tone="info">"Another program works on this run: what it comes to shows here"</Notice>
        }
        .into_any(),
        None => ().into_any(),
    }
}

#[component]
fn Watched(id: u64) -> impl IntoView {
    let store = store();
    let job = job_of(id);
    let asked = RwSignal::new(Vec::<MetricPoint>::new());
    // What was measured before this page began to listen.
    spawn_local(async move {
        if let Ok(points) = call::<Vec<MetricPoint>>(&ask("job_metrics", json!({ "id": id }))).await {
            asked.try_set(points);
        }
    });
    let points = Memo::new(move |_| {
        store.points.with(|all| together(asked.get(), all.get(&id).map(Vec::as_slice).unwrap_or_default()))
    });
    let bad = Memo::new(move |_| points.with(|p| diverged(p)));
    let curves = Memo::new(move |_| {
        points.with(|p| if p.is_empty() { Vec::new() } else { charts(&format!("live-{id}"), "The fit so far", p) })
    });
    let stages =
        move || {
            job.with(|j| {
                let job = j.as_ref()?;
                let last = job.stages.len().saturating_sub(1);
                Some(job.stages.iter().enumerate().map(|(i, s)| {
                let works = i == last && s.note.is_none();
                view! {
                    <tr>
                        <td>{words::spelled(&s.name)}</td>
                        <td class="number">{words::duration(s.ms)}</td>
                        <td>{if works { "At work".to_owned() } else { s.note.clone().unwrap_or_default() }}</td>
                    </tr>
                }
            }).collect_view())
            })
        };
    view! {
        <section class="panel" aria-label="Progress of this run">
            <header>
                <h3>{move || job.with(|j| j.as_ref().map(super::filter::at_work))}</h3>
                <span class="row">
                    <span class="faint">{move || job.with(|j| j.as_ref().map(|j| words::duration(j.elapsed_ms)))}</span>
                    <Stop id=id/>
                </span>
            </header>
            <div class="inside stack">
                {move || bad.get().map(|text| view! { <Diverged text=text running=true/> })}
                {move || view! { <Progress what="This run" progress=job.with(|j| j.as_ref().and_then(|j| j.progress.clone()))/> }}
                <table class="table">
                    <thead><tr><th scope="col">"Stage"</th><th scope="col" class="number">"Time"</th><th scope="col">"What it came to"</th></tr></thead>
                    <tbody>{stages}</tbody>
                </table>
                <For each=move || 0..curves.with(Vec::len) key=|i| *i let:i>
                    <ChartView chart=Signal::derive(move || curves.with(|c| nth(c, i)))/>
                </For>
            </div>
        </section>
    }
}

/// A metric is not a number any more.
#[component]
pub fn Diverged(text: String, running: bool) -> impl IntoView {
    let what = if running {
        "The fit has diverged: stop the run, and start another with a lower learning rate or scaled features"
    } else {
        "The fit diverged: try a lower learning rate or scaled features"
    };
    view! {
        <div role="alert">
            <Notice tone="bad"><div>{text}</div><div class="faint">{what}</div></Notice>
        </div>
    }
}

/// The button that starts another job of a run. `Kind` says how much it matters here.
#[component]
pub fn Again(run: String, kind: Kind) -> impl IntoView {
    let store = store();
    view! {
        <Button text="Run again from its record" icon=Icon::Refresh kind=kind on_press=move |_| {
            let ask = ask("start_job", json!({ "ask": { "kind": "reproduce", "run": run } }));
            crate::answer::act_in::<u64>(store, ask, move |_| store.tray.set(true));
        }/>
    }
}
