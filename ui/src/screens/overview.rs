//! What needs me now, and how each model does.

use crate::answer::Answer;
use crate::app::Settled;
use crate::parts::{Button, Chip, Empty, Icon, Kind, SeverityChip, Shown, StageChip, StatusChip, Top, VerdictChip};
use crate::words;
use driftgate_model::views::{Overview, OverviewAlarm, OverviewModel, RunLine};
use leptos::prelude::*;
use leptos_router::components::A;
use leptos_router::hooks::use_navigate;

/// The screen.
#[component]
pub fn OverviewScreen() -> impl IntoView {
    let overview = expect_context::<Answer<Overview>>();
    let below = Signal::derive(move || {
        overview.value.with(|o| {
            o.as_ref().map_or_else(String::new, |o| {
                format!(
                    "{}, {}, {}",
                    words::count(o.models.len() as u64, "model"),
                    words::count(o.datasets, "data set"),
                    words::count(o.runs, "run")
                )
            })
        })
    });
    view! {
        <div class="screen">
            <Top title="Overview" below=below/>
            <div class="body stack loose">
                <Settled/>
                <Shown answer=overview children=|o: Overview| view! { <Inside overview=o/> }/>
            </div>
        </div>
    }
}

#[component]
fn Inside(overview: Overview) -> impl IntoView {
    let go = use_navigate();
    if overview.models.is_empty() && overview.runs == 0 {
        let (to_data, to_runs) = (go.clone(), go);
        return if overview.datasets == 0 {
            view! {
                <Empty icon=Icon::Table title="Begin with data"
                    text="Drop a CSV or Parquet file on Data sets, or choose one. Driftgate looks at it, asks what it cannot know, and freezes a split">
                    <Button text="Import a data set…" icon=Icon::Plus kind=Kind::Primary on_press=move |_| to_data("/datasets?import=1", Default::default())/>
                </Empty>
            }
            .into_any()
        } else {
            view! {
                <Empty icon=Icon::Play title="Train a first model"
                    text="A run trains a candidate from a config, evaluates it, and asks the gate. What passes waits for you">
                    <Button text="Start a run…" icon=Icon::Play kind=Kind::Primary on_press=move |_| to_runs("/runs?start=1", Default::default())/>
                </Empty>
            }
            .into_any()
        };
    }
    view! {
        <section class="stack" aria-labelledby="now">
            <h2 id="now">"Needs you now"</h2>
            {if overview.awaiting.is_empty() && overview.alarms.is_empty() {
                view! {
                    <div class="panel need"><Chip icon=Icon::Check text="All clear" tone="good"/>"No run waits and every alarm is answered"</div>
                }.into_any()
            } else {
                view! {
                    <ul class="needs">
                        {overview.alarms.into_iter().map(|a| view! { <AlarmLine alarm=a/> }).collect_view()}
                        {overview.awaiting.into_iter().map(|r| view! { <WaitingLine run=r/> }).collect_view()}
                    </ul>
                }.into_any()
            }}
            {unwatched(&overview.models).into_iter().map(|name| view! {
                <p class="faint small row wrap">
                    <span>{format!("No batch was checked against the version of {name} in Production yet")}</span>
                    <A href=format!("/drift/{name}")>"Check a batch"</A>
                </p>
            }).collect_view()}
        </section>
        <section class="stack" aria-labelledby="models">
            <h2 id="models">"Models"</h2>
            {if overview.models.is_empty() {
                view! { <p class="faint">"None yet: a run that passes its gate and is approved makes the first version of a model"</p> }.into_any()
            } else {
                view! { <div class="models">{overview.models.into_iter().map(|m| view! { <ModelCard model=m/> }).collect_view()}</div> }.into_any()
            }}
        </section>
        <section class="stack" aria-labelledby="newest">
            <h2 id="newest">"Newest runs"</h2>
            <ul class="panel lines">
                {overview.recent.into_iter().take(6).map(|r| {
                    let value = r.value.map(|v| format!("{} {}", words::metric(&r.metric), words::number(Some(v)))).unwrap_or_default();
                    view! {
                        <li>
                            <A href=format!("/runs/{}", r.run)><span class="mono">{r.run.short().to_owned()}</span></A>
                            <span class="grow cut">{format!("{} of {}", words::spelled(&r.algorithm), r.model)}</span>
                            <span class="faint">{value}</span>
                            <span class="faint">{words::ago(r.started_at)}</span>
                            <StatusChip status=r.status/>
                        </li>
                    }
                }).collect_view()}
            </ul>
        </section>
    }
    .into_any()
}

/// Models whose version in Production no batch was checked against yet.
fn unwatched(models: &[OverviewModel]) -> Vec<String> {
    let never = |m: &&OverviewModel| m.line.production.is_some() && m.last_check.is_none();
    models.iter().filter(never).map(|m| m.line.name.to_string()).collect()
}

#[component]
fn AlarmLine(alarm: OverviewAlarm) -> impl IntoView {
    let c = alarm.check;
    let worst: Vec<&str> = c.worst.iter().take(3).map(|w| words::column(&w.0)).collect();
    let columns = if worst.is_empty() { String::new() } else { format!(": {}", worst.join(", ")) };
    view! {
        <li class="panel need">
            <Chip icon=Icon::Warning text="Drift alarm" tone="bad"/>
            <SeverityChip severity=c.severity/>
            <span class="grow">{format!("{} version {}, {}{columns}", alarm.model, c.version, words::count(c.rows, "row"))}</span>
            <span class="faint small">{words::ago(c.at)}</span>
            <A href=format!("/drift/{}/{}", alarm.model, c.check) {..} class="button">"Look and respond"</A>
        </li>
    }
}

#[component]
fn WaitingLine(run: RunLine) -> impl IntoView {
    let value =
        run.value.map(|v| format!(", {} {}", words::metric(&run.metric), words::number(Some(v)))).unwrap_or_default();
    view! {
        <li class="panel need">
            <Chip icon=Icon::Clock text="Awaiting approval" tone="warn"/>
            <span class="grow">{format!("{} of {} on {}{value}", words::spelled(&run.algorithm), run.model, run.dataset)}</span>
            <span class="faint small">{words::ago(run.started_at)}</span>
            <A href=format!("/registry/{}?decide={}", run.model, run.run) {..} class="button primary">"Review and decide"</A>
        </li>
    }
}

#[component]
fn ModelCard(model: OverviewModel) -> impl IntoView {
    let line = model.line;
    let name = line.name.to_string();
    let (registry, drift) = (format!("/registry/{name}"), format!("/drift/{name}"));
    let (decide, alarms, title) = (registry.clone(), drift.clone(), name.clone());
    let production = match line.production {
        Some(v) => format!("Version {v}"),
        None => "Nothing in Production".into(),
    };
    let since = line.production.and(line.since).map(|at| format!("since {}", words::ago(at)));
    view! {
        <article class="panel model">
            <header>
                <h3 class="cut"><A href=format!("{registry}") {..} title=title>{name}</A></h3>
                {line.production.map(|_| view! { <StageChip stage="production"/> })}
            </header>
            <div class="inside stack tight">
                <div class="row spread">
                    <strong>{production}</strong>
                    <span class="faint cut">{line.algorithm.as_deref().map(words::spelled)} " " <span class="small">{since}</span></span>
                </div>
                {model.metric.map(|(metric, value)| view! {
                    <div class="row spread"><span class="faint">{words::metric(&metric)}</span><span>{words::number(Some(value))}</span></div>
                })}
                <div class="row spread">
                    <span class="faint">"Last drift check"</span>
                    {match model.last_check {
                        Some(c) => view! {
                            <span class="row">
                                <span class="faint small">{words::ago(c.at)}</span>
                                <A href=format!("{drift}/{}", c.check)><VerdictChip verdict=c.verdict/></A>
                            </span>
                        }.into_any(),
                        None => view! { <A href=drift>"None yet"</A> }.into_any(),
                    }}
                </div>
                {(model.open_alarms > 0).then(|| view! {
                    <div class="row spread">
                        <span class="faint">"Open alarms"</span>
                        <A href=alarms><Chip icon=Icon::Warning text=words::count(model.open_alarms, "alarm") tone="bad"/></A>
                    </div>
                })}
                <div class="row spread">
                    <span class="faint">"Pending decisions"</span>
                    {if line.awaiting > 0 {
                        view! { <A href=decide><Chip icon=Icon::Clock text=format!("{} to decide", line.awaiting) tone="warn"/></A> }.into_any()
                    } else {
                        view! { <span>"None"</span> }.into_any()
                    }}
                </div>
                <div class="row spread">
                    <span class="faint">"Servers"</span>
                    <A href="/serving">{if model.servers == 0 { "None".to_owned() } else { format!("{} answering", model.servers) }}</A>
                </div>
            </div>
        </article>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_in_production_that_nobody_watches_is_named() {
        let model = |name: &str, production: Option<u32>| -> OverviewModel {
            let line = serde_json::json!({
                "name": name, "task": "classification", "versions": 1, "production": production, "algorithm": null,
                "since": null, "awaiting": 0,
            });
            let line = serde_json::from_value(line).expect("a line");
            OverviewModel { line, last_check: None, open_alarms: 0, metric: None, servers: 0 }
        };
        assert_eq!(unwatched(&[model("wine", Some(1)), model("iris", None)]), ["wine"]);
    }
}
