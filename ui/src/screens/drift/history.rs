//! The left side: a place for a batch, the course of a model's drift, its checks and adaptations.

use super::say;
use super::{Drift, batch_kind, drift, endings};
use crate::answer::{Answer, answer};
use crate::bridge::ask;
use crate::parts::{
    Button, ChartView, Chip, DropZone, Empty, Facts, Icon, JobCard, Kind, Notice, SeverityChip, Shown, VerdictChip,
};
use crate::words;
use driftgate_model::views::{AdaptationList, CheckLine, DriftHistory, DriftSummary, JobAsk, JobOutcome};
use leptos::prelude::*;
use leptos_router::components::A;
use serde_json::json;

/// Checks that are asked for: the chart shows no more.
const MOST_CHECKS: u64 = 120;
/// Rows of the table at first.
const FIRST_ROWS: usize = 25;

/// The left side of the screen.
#[component]
pub fn History() -> impl IntoView {
    let here = drift();
    let history = answer::<DriftHistory>(move || {
        let name = here.name();
        (!name.is_empty()).then(|| ask("drift_history", json!({ "model": name, "limit": MOST_CHECKS })))
    });
    let production = Memo::new(move |_| {
        let version = here.model.with(|m| m.as_ref().and_then(|m| m.production));
        version.map(|version| (version, here.pictures()))
    });
    view! {
        <div class="list">
            <div class="stack loose drift-list">
                {move || match production.get() {
                    Some((version, pictures)) => view! { <Batch version=version pictures=pictures/> }.into_any(),
                    None => view! {
                        <Notice tone="info">
                            <div>"No version of this model is in Production: approve one, then check batches against it"</div>
                            <div><A href=format!("/registry/{}", here.name())>"Show what waits for a decision"</A></div>
                        </Notice>
                    }.into_any(),
                }}
                <Work/>
                <Course history=history/>
                <Adaptations/>
            </div>
        </div>
    }
}

/// Where a batch is dropped, and what else can be checked.
#[component]
fn Batch(version: u32, pictures: bool) -> impl IntoView {
    let here = drift();
    let what = if pictures { "a folder of pictures" } else { "CSV, TSV or Parquet" };
    view! {
        <section class="stack" aria-labelledby="batch-title">
            <h2 id="batch-title">"Check a batch"</h2>
            <DropZone text=format!("Drop a batch here to compare it with what version {version} learned from: {what}")
                label="Path of the batch" kind=batch_kind(pictures) extensions=endings(pictures) take="Check"
                on_paths=move |paths| here.take(paths)/>
            <div class="row wrap">
                <Button text="Check what was served" icon=Icon::Plug on_press=move |_| {
                    here.started.start(JobAsk::CheckServed { model: here.name_now(), last: None });
                }/>
                {(!pictures).then(|| view! { <Button text="Simulate drift…" icon=Icon::Wave on_press=move |_| here.simulating.set(true)/> })}
                <Button text="Stage an adaptation…" icon=Icon::Stack on_press=move |_| here.stage(None)/>
            </div>
        </section>
    }
}

/// What is at work, and what ended here without a page of its own.
#[component]
fn Work() -> impl IntoView {
    let here = drift();
    let jobs = here.started.shown(&["check", "simulate", "stage"]);
    view! {
        <Show when=move || jobs.with(|j| !j.is_empty())>
            <section class="panel drift-jobs" aria-label="Work on drift">
                {move || jobs.get().into_iter().map(|job| {
                    let written = match &job.outcome {
                        Some(JobOutcome::Simulated { output, .. }) => Some(output.clone()),
                        _ => None,
                    };
                    view! {
                        <div class="inside stack tight">
                            <JobCard job=job/>
                            {written.map(|path| view! { <Written path=path/> })}
                        </div>
                    }
                }).collect_view()}
            </section>
        </Show>
    }
}

/// A batch that was changed on purpose, and what to do with it.
#[component]
fn Written(path: String) -> impl IntoView {
    let here = drift();
    let (shown, batch) = (path.clone(), path);
    view! {
        <div class="row wrap">
            <span class="mono wrapped">{shown}</span>
            <Button text="Check the result" icon=Icon::Wave kind=Kind::Primary on_press=move |_| here.check_batch(batch.clone())/>
        </div>
    }
}

#[component]
fn Course(history: Answer<DriftHistory>) -> impl IntoView {
    let here = drift();
    let summary = answer::<DriftSummary>(move || {
        let name = here.name();
        (!name.is_empty()).then(|| ask("drift_summary", json!({ "model": name })))
    });
    view! {
        <Shown answer=history children=move |h: DriftHistory| {
            if h.checks.is_empty() {
                return view! {
                    <Empty icon=Icon::Wave title="No batch was checked yet"
                        text="Drop a file of rows that the model meets now. Labels are welcome and not needed"/>
                }.into_any();
            }
            view! {
                <Checks history=h.clone()/>
                <section class="stack more" aria-labelledby="course-title">
                    <h2 id="course-title">"Course"</h2>
                    <div class="course">
                        <ChartView chart=driftgate_plots::history_chart("drift-history", &h)/>
                        {move || summary.value.get().map(|s| view! { <Facts facts=say::summary(&s)/> })}
                    </div>
                </section>
            }.into_any()
        }/>
    }
}

#[component]
fn Checks(history: DriftHistory) -> impl IntoView {
    let here = drift();
    let all = RwSignal::new(false);
    let (there, total) = (history.checks.len(), history.total);
    let checks = StoredValue::new(history.checks);
    let rows = move || {
        let most = if all.get() { usize::MAX } else { FIRST_ROWS };
        checks.with_value(|c| c.iter().take(most).map(|c| row(here, c)).collect_view())
    };
    view! {
        <section class="stack" aria-labelledby="checks-title">
            <h2 id="checks-title">"Checks"</h2>
            <div class="scroll panel">
                <table class="table checks">
                    <thead><tr>
                        <th scope="col">"Check"</th>
                        <th scope="col">"When"</th>
                        <th scope="col">"Verdict"</th>
                        <th scope="col" class="more">"Version"</th>
                        <th scope="col" class="number more">"Rows"</th>
                        <th scope="col" class="number more">"Drifted"</th>
                        <th scope="col" class="more">"Worst columns"</th>
                        <th scope="col">"Response"</th>
                    </tr></thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
            <Show when=move || { there > FIRST_ROWS && !all.get() }>
                <div><Button text=format!("Show {} checks", there) kind=Kind::Plain on_press=move |_| all.set(true)/></div>
            </Show>
            {(total > there as u64).then(|| view! {
                <p class="faint small">{format!("The newest {} of {}", words::whole(there as u64), words::count(total, "check"))}</p>
            })}
        </section>
    }
}

fn row(here: Drift, c: &CheckLine) -> impl IntoView + use<> {
    let id = c.check.to_string();
    let route = format!("/drift/{}/{id}", here.name_now());
    let (c, short) = (c.clone(), c.check.short().to_owned());
    let is_open = move || here.check.with(|open| open.as_deref() == Some(id.as_str()));
    view! {
        <tr class:chosen=is_open>
            <td><A href={route} {..} class="mono">{short}</A></td>
            <td title=words::moment(c.at)>{words::ago(c.at)}</td>
            <td><div class="row wrap"><VerdictChip verdict=c.verdict/><SeverityChip severity=c.severity/></div></td>
            <td class="more">{format!("Version {}", c.version)}</td>
            <td class="number more">{words::whole(c.rows)}</td>
            <td class="number more">{format!("{:.0} %", c.drift_share * 100.0)}</td>
            <td class="more wrapped">{say::worst(&c)}</td>
            <td>{response(&c)}</td>
        </tr>
    }
}

/// What was answered, or that nobody did yet.
fn response(c: &CheckLine) -> AnyView {
    match c.responses.last() {
        Some(r) => view! { <span>{words::action(r.action)}</span> }.into_any(),
        None if c.alarm => view! { <Chip icon=Icon::Warning text="Alarm open" tone="warn"/> }.into_any(),
        None => view! { <span class="faint">"Not asked for"</span> }.into_any(),
    }
}

#[component]
fn Adaptations() -> impl IntoView {
    let here = drift();
    let list = answer::<AdaptationList>(|| Some(ask("adaptations", json!({}))));
    let mine = Memo::new(move |_| {
        let name = here.name();
        list.value.with(|l| {
            let all = l.iter().flat_map(|l| &l.adaptations);
            all.filter(|a| a.model.as_str() == name).cloned().collect::<Vec<_>>()
        })
    });
    view! {
        <Show when=move || mine.with(|m| !m.is_empty())>
            <section class="stack" aria-labelledby="adaptations-title">
                <h2 id="adaptations-title">"Adaptations"</h2>
                <div class="scroll panel">
                    <table class="table">
                        <thead><tr>
                            <th scope="col">"Adaptation"</th>
                            <th scope="col">"Staged"</th>
                            <th scope="col" class="more">"Data set"</th>
                            <th scope="col" class="number">"To learn from"</th>
                            <th scope="col" class="number">"Held out"</th>
                            <th scope="col">"State"</th>
                        </tr></thead>
                        <tbody>{move || mine.get().into_iter().map(|a| {
                            let route = format!("/drift/{}?adaptation={}", a.model, a.adaptation);
                            let short = a.adaptation.short().to_owned();
                            view! {
                                <tr>
                                    <td><A href={route} {..} class="mono">{short}</A></td>
                                    <td title=words::moment(a.at)>{words::ago(a.at)}</td>
                                    <td class="more">{format!("{} version {}", a.dataset, a.number)}</td>
                                    <td class="number">{words::whole(a.train)}</td>
                                    <td class="number">{words::whole(a.holdout)}</td>
                                    <td>{say::adaptation_state(&a)}</td>
                                </tr>
                            }
                        }).collect_view()}</tbody>
                    </table>
                </div>
            </section>
        </Show>
    }
}
