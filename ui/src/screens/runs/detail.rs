//! One run beside the table.

use super::live::{Again, Diverged, Live};
use super::points::{charts, diverged};
use super::results::Results;
use crate::answer::answer;
use crate::bridge::ask;
use crate::parts::{Button, ChartView, Facts, GateView, Icon, Kind, Notice, Shown, StatusChip};
use crate::words;
use driftgate_model::views::{MetricPoint, RunView};
use driftgate_model::{RunStatus, Task};
use leptos::prelude::*;
use leptos_router::components::A;
use leptos_router::hooks::use_navigate;
use serde_json::json;

/// The detail pane of the run of that id.
#[component]
pub fn Detail(id: String) -> impl IntoView {
    let asked = id.clone();
    let run = answer::<RunView>(move || Some(ask("run", json!({ "id": asked }))));
    let go = use_navigate();
    let status = Memo::new(move |_| run.value.with(|r| r.as_ref().map(|r| r.run.status)));
    let running = Memo::new(move |_| status.get() == Some(RunStatus::Running));
    let short = id.get(id.len().saturating_sub(8)..).unwrap_or(&id).to_owned();
    let label = format!("Run {short}");
    view! {
        <aside class="detail" aria-label=label>
            <header>
                <div class="grow stack tight">
                    <div class="row wrap">
                        <h2>"Run " <span class="mono">{short}</span></h2>
                        {move || status.get().map(|status| view! { <StatusChip status=status/> })}
                    </div>
                    <div class="faint small wrapped mono">{id.clone()}</div>
                </div>
                <Button text="Close the run" icon=Icon::Cross icon_only=true kind=Kind::Plain on_press=move |_| go("/runs", Default::default())/>
            </header>
            <div class="inside">
                <Live run=id.clone() running=running/>
                <Shown answer=run children=|run: RunView| view! { <Inside run=run/> }/>
            </div>
        </aside>
    }
}

#[component]
fn Inside(run: RunView) -> impl IntoView {
    let subject = run.run.subject.clone();
    let id = subject.run.to_string();
    let model = subject.model.to_string();
    let status = run.run.status;
    let over = status != RunStatus::Running;
    let gate = run.gate.clone();
    let whole = StoredValue::new(run.clone());
    view! {
        <div class="row wrap">
            {(status == RunStatus::AwaitingApproval).then(|| view! {
                <A href=format!("/registry/{model}?decide={id}") {..} class="button primary">"Review and decide"</A>
            })}
            {over.then(|| view! { <Again run=id.clone() kind=Kind::Secondary/> })}
        </div>
        {run.error.clone().map(|error| view! {
            <Notice tone="bad"><div>"This run failed"</div><div class="wrapped">{words::sentence(&error)}</div></Notice>
        })}
        {ended(status)}
        <section class="stack tight" aria-label="What it is">
            <Facts facts=facts(&run)/>
            <div class="row wrap">
                <A href=format!("/registry/{model}")>{format!("Model {model}")}</A>
                <A href=format!("/datasets/{}", subject.dataset)>{format!("Data set {}", subject.dataset)}</A>
            </div>
        </section>
        {run.run.version.map(|_| ()).or(run.decision_reason.clone().map(|_| ())).map(|()| {
            let decided = run.clone();
            view! { <Decision run=decided/> }
        })}
        {gate.map(|gate| {
            let model = model.clone();
            view! {
                <section class="stack" aria-labelledby="gate-title">
                    <h3 id="gate-title">"Gate"</h3>
                    <GateView gate=gate model=model/>
                </section>
            }
        })}
        <Results run=whole/>
        <Curve id=id.clone() over=over/>
        <Stages run=whole/>
        <Environment run=whole/>
    }
}

/// What a run came to that has no answer of a gate or of a person.
fn ended(status: RunStatus) -> Option<AnyView> {
    let text = match status {
        RunStatus::Cancelled => "A person stopped this run. What it made until then stays on record",
        RunStatus::Interrupted => "The program that worked on this run ended before the run did. Start it again",
        RunStatus::Completed => "This run ended as its config says, without asking for a promotion",
        _ => return None,
    };
    Some(view! { <Notice tone="info">{text}</Notice> }.into_any())
}

fn facts(run: &RunView) -> Vec<(&'static str, String)> {
    let subject = &run.run.subject;
    let counts = run.counts;
    let mut facts = vec![
        ("Algorithm", words::spelled(&subject.algorithm)),
        ("Task", words::task(subject.task).to_owned()),
        ("Data", format!("{} version {}", subject.dataset, run.dataset_number)),
        (
            if subject.task == Task::ImageClassificationCnn { "Pictures" } else { "Rows" },
            format!(
                "{} train, {} validation, {} test",
                words::whole(counts.train),
                words::whole(counts.val),
                words::whole(counts.test)
            ),
        ),
        ("Seed", subject.random_seed.to_string()),
        ("Started", format!("{}, {}", words::moment(run.run.started_at), words::ago(run.run.started_at))),
        ("By", run.actor.clone().unwrap_or_else(|| "removed from the record".into())),
    ];
    if run.run.status != RunStatus::Running {
        facts.push(("Took", words::duration(run.run.wall_ms())));
    }
    if let Some(version) = run.run.version {
        facts.push(("Version", version.to_string()));
    }
    if let Some(device) = &run.environment.device {
        facts.push(("Device", device.clone()));
    }
    if let Some(score) = run.oob_score {
        facts.push(("Out-of-bag score", words::number(Some(score))));
    }
    facts
}

#[component]
fn Decision(run: RunView) -> impl IntoView {
    let reason = run.decision_reason.unwrap_or_else(|| "No reason is on record".into());
    view! {
        <section class="stack tight" aria-labelledby="decision-title">
            <h3 id="decision-title">"Decision"</h3>
            <div class="row wrap">
                <StatusChip status=run.run.status/>
                {run.run.version.map(|v| view! { <span>{format!("Registered as version {v}")}</span> })}
            </div>
            <p class="wrapped">{reason}</p>
        </section>
    }
}

/// The metrics of the fit, step by step, from the run's record.
#[component]
fn Curve(id: String, over: bool) -> impl IntoView {
    let asked = id.clone();
    let points = answer::<Vec<MetricPoint>>(move || over.then(|| ask("run_curve", json!({ "id": asked }))));
    let id = StoredValue::new(id);
    move || {
        points.value.get().filter(|p| !p.is_empty()).map(|points| {
            let bad = diverged(&points);
            let drawn = id.with_value(|id| charts(&format!("fit-{id}"), "The fit, step by step", &points));
            view! {
                <section class="stack" aria-labelledby="fit-title">
                    <h3 id="fit-title">"Fit"</h3>
                    {bad.map(|text| view! { <Diverged text=text running=false/> })}
                    {drawn.into_iter().map(|chart| view! { <ChartView chart=chart/> }).collect_view()}
                </section>
            }
        })
    }
}

#[component]
fn Stages(run: StoredValue<RunView>) -> impl IntoView {
    let stages = run.with_value(|r| r.run.stages.clone());
    (!stages.is_empty()).then(|| {
        view! {
            <section class="stack tight" aria-labelledby="stages-title">
                <h3 id="stages-title">"Stages"</h3>
                <table class="table">
                    <thead><tr>
                        <th scope="col">"Stage"</th><th scope="col" class="number">"Time"</th><th scope="col">"Objects"</th>
                    </tr></thead>
                    <tbody>
                        {stages.into_iter().map(|s| {
                            let made: Vec<String> = s.objects.iter().map(|(role, d)| format!("{} {}", words::spelled(role), d.short())).collect();
                            view! {
                                <tr>
                                    <td>{words::spelled(s.stage.as_str())}</td>
                                    <td class="number">{words::duration(s.duration_ms)}</td>
                                    <td class="wrapped small">{made.join(", ")}</td>
                                </tr>
                            }
                        }).collect_view()}
                    </tbody>
                </table>
            </section>
        }
    })
}

#[component]
fn Environment(run: StoredValue<RunView>) -> impl IntoView {
    let (environment, own, config) = run.with_value(|r| (r.environment.clone(), r.notes.clone(), r.run.subject.config));
    let notes: Vec<String> = own.iter().chain(environment.notes.iter().filter(|n| !own.contains(n))).cloned().collect();
    let facts = vec![
        ("Driftgate", format!("{}, {}", environment.driftgate_version, environment.build)),
        ("Machine", environment.machine),
        ("Threads", environment.threads.to_string()),
        ("Git commit", environment.git_commit.unwrap_or_else(|| "not in a repository".into())),
        ("Config", config.short().to_owned()),
        ("Cargo.lock", environment.lock_hash.short().to_owned()),
    ];
    view! {
        {(!notes.is_empty()).then(|| view! {
            <section class="stack tight" aria-labelledby="notes-title">
                <h3 id="notes-title">"Notes"</h3>
                <ul class="bullets">{notes.into_iter().map(|n| view! { <li class="wrapped">{words::sentence(&n)}</li> }).collect_view()}</ul>
            </section>
        })}
        <section class="stack tight" aria-labelledby="environment-title">
            <h3 id="environment-title">"Environment"</h3>
            <Facts facts=facts/>
        </section>
    }
}
