use super::controls::{Button, Kind};
use super::icon::Icon;
use super::show::FailureView;
use crate::bridge::ask;
use crate::store::store;
use crate::{answer, words};
use driftgate_model::views::{JobProgress, JobState, JobView};
use leptos::prelude::*;
use leptos_router::components::A;
use serde_json::json;

/// How far something is: a bar with its numbers beside it.
#[component]
pub fn Progress(#[prop(into)] what: String, progress: Option<JobProgress>) -> impl IntoView {
    match progress.filter(|p| p.total > 0) {
        Some(p) => {
            let share = (p.done as f64 / p.total as f64).clamp(0.0, 1.0);
            let eta = p.eta_ms.map(|ms| format!(", about {} left", words::duration(ms))).unwrap_or_default();
            // What goes through a network is pictures.
            let unit = if p.what == "training" { "pictures" } else { p.what.as_str() }.to_owned();
            view! {
                <div class="bar" role="progressbar" aria-label=what aria-valuemin="0" aria-valuemax="100"
                    aria-valuenow=format!("{:.0}", share * 100.0)>
                    <div style:width=format!("{:.1}%", share * 100.0)></div>
                </div>
                <div class="faint small">{format!("{} of {} {}{eta}", words::whole(p.done), words::whole(p.total), unit)}</div>
            }
            .into_any()
        }
        None => view! { <div class="bar unknown" role="progressbar" aria-label=what><div></div></div> }.into_any(),
    }
}

/// One job: stages, progress, and a way to stop it.
#[component]
pub fn JobCard(job: JobView) -> impl IntoView {
    let store = store();
    let id = job.id;
    let running = matches!(job.state, JobState::Running | JobState::Stopping);
    let stopping = job.state == JobState::Stopping;
    let stage = job.stages.last().map(|s| words::spelled(&s.name));
    let notes: Vec<String> = job
        .stages
        .iter()
        .filter_map(|s| s.note.as_ref().map(|n| format!("{}: {n}", words::spelled(&s.name))))
        .collect();
    let link = job.outcome.as_ref().and_then(words::outcome_link);
    let end = job.outcome.as_ref().map(words::outcome);
    view! {
        <div class="job">
            <div class="row spread">
                <strong class="cut">{job.title.clone()}</strong>
                {if running {
                    view! {
                        <Button text=if stopping { "Stopping…" } else { "Stop" } icon=Icon::Cross kind=Kind::Plain disabled=stopping
                            on_press=move |_| answer::done(ask("cancel_job", json!({ "id": id })), || ())/>
                    }.into_any()
                } else {
                    view! {
                        <Button text="Take away" icon=Icon::Cross icon_only=true kind=Kind::Plain on_press=move |_| {
                            answer::done(ask("dismiss_job", json!({ "id": id })), move || {
                                store.jobs.update(|jobs| jobs.retain(|j| j.id != id));
                            });
                        }/>
                    }.into_any()
                }}
            </div>
            {running.then(|| view! {
                <div class="small">{stage.clone().unwrap_or_else(|| "Starting".into())} ", " {words::duration(job.elapsed_ms)}</div>
                <Progress what=job.title.clone() progress=job.progress.clone()/>
            })}
            {notes.into_iter().map(|note| view! { <div class="faint small">{note}</div> }).collect_view()}
            {(!running).then(|| view! {
                <div class="small">
                    {words::job_state(job.state)} ", " {words::duration(job.elapsed_ms)}
                    {end.map(|e| format!(": {e}"))}
                </div>
            })}
            {job.failure.clone().map(|failure| view! { <FailureView failure=failure/> })}
            {link.map(|(route, text)| view! { <A href=route on:click=move |_| store.tray.set(false)>{text}</A> })}
        </div>
    }
}

/// The jobs of this session, above the line of status.
#[component]
pub fn JobTray() -> impl IntoView {
    let store = store();
    view! {
        <Show when=move || store.tray.get()>
            <section class="panel tray" aria-label="Jobs" on:keydown=move |e| if e.key() == "Escape" { store.tray.set(false) }>
                <header>
                    <h2>"Jobs"</h2>
                    <Button text="Close" icon=Icon::Cross icon_only=true kind=Kind::Plain on_press=move |_| store.tray.set(false)/>
                </header>
                <div class="jobs">
                    {move || {
                        let jobs = store.jobs.get();
                        if jobs.is_empty() {
                            view! { <p class="job faint">"Nothing has run in this session yet"</p> }.into_any()
                        } else {
                            jobs.into_iter().map(|job| view! { <JobCard job=job/> }).collect_view().into_any()
                        }
                    }}
                </div>
            </section>
        </Show>
    }
}
