use super::card::Card;
use super::history::History;
use super::lineage::Lineage;
use super::texts;
use super::versions::Versions;
use crate::answer::{Answer, answer};
use crate::bridge::ask;
use crate::parts::{Button, Chip, Icon, IconSvg, Kind, Shown, StageChip, Tabs, VerdictChip};
use crate::words;
use driftgate_model::views::{ModelLine, ModelView, Overview, RunLine, ServingLine};
use leptos::prelude::*;
use leptos_router::components::A;
use leptos_router::hooks::use_navigate;
use serde_json::json;

/// One model: what serves, what waits, its versions, its history and its card.
#[component]
pub fn ModelDetail(line: Memo<Option<ModelLine>>) -> impl IntoView {
    let name = Memo::new(move |_| line.with(|l| l.as_ref().map(|l| l.name.to_string()).unwrap_or_default()));
    let registered = Memo::new(move |_| line.with(|l| l.as_ref().is_some_and(|l| l.versions > 0)));
    let model = answer::<ModelView>(move || registered.get().then(|| ask("model", json!({ "name": name.get() }))));
    let tab = RwSignal::new("versions".to_owned());
    let version = RwSignal::new(None::<u32>);
    Effect::new(move |_| {
        name.track();
        version.set(None);
    });
    let below = move || {
        line.with(|l| {
            l.as_ref().map(|l| format!("{}, {}", words::task(l.task), words::count(u64::from(l.versions), "version")))
        })
    };
    view! {
        <header>
            <div class="grow">
                <h2 class="cut">{move || name.get()}</h2>
                <div class="faint small">{below}</div>
            </div>
            <div class="row">
                {move || registered.get().then(|| view! { <A href=format!("/drift/{}", name.get()) {..} class="button">"Drift"</A> })}
            </div>
        </header>
        <div class="inside">
            <Waiting name=name/>
            {move || if registered.get() {
                view! {
                    <Shown answer=model children=move |m: ModelView| view! { <Now model=m/> }/>
                    <Tabs label="About the model" tabs=vec![("versions", "Versions"), ("history", "History"), ("card", "Model card")] chosen=tab/>
                    {move || match tab.get().as_str() {
                        "history" => view! { <History name=name/> }.into_any(),
                        "card" => view! { <Card name=name/> }.into_any(),
                        _ => view! { <VersionsTab model=model version=version/> }.into_any(),
                    }}
                }.into_any()
            } else {
                view! {
                    <p class="faint">"No version yet: the first approval makes version 1 and puts it into Production"</p>
                }.into_any()
            }}
        </div>
    }
}

#[component]
fn VersionsTab(model: Answer<ModelView>, version: RwSignal<Option<u32>>) -> impl IntoView {
    view! {
        <Shown answer=model children=move |m: ModelView| view! {
            <Versions model=m.clone() chosen=version/>
            <Lineage model=m chosen=version/>
        }/>
    }
}

/// What is in Production, and who answers with it.
#[component]
fn Now(model: ModelView) -> impl IntoView {
    let version = model.production.and_then(|p| model.versions.iter().find(|v| v.version == p).cloned());
    let overview = expect_context::<Answer<Overview>>();
    let name = model.name.clone();
    let check =
        move || overview.value.with(|o| o.as_ref()?.models.iter().find(|m| m.line.name == name)?.last_check.clone());
    let lead = texts::lead_metrics(model.task);
    let drift = format!("/drift/{}", model.name);
    view! {
        <section class="panel serves" aria-labelledby="serves">
            <h3 class="heard" id="serves">"What serves now"</h3>
            {match version {
                None => view! { <div class="inside row"><Chip icon=Icon::Dash text="Nothing in Production"/></div> }.into_any(),
                Some(v) => {
                    let metrics = lead.iter().filter_map(|key| {
                        v.metrics.get(*key).map(|value| format!("{} {}", words::metric(key), words::number(Some(*value))))
                    }).collect::<Vec<_>>().join(", ");
                    let who = texts::who(v.approved_by.as_deref());
                    view! {
                        <div class="inside stack tight">
                            <div class="row wrap">
                                <StageChip stage="production"/>
                                <strong class="large">{format!("Version {}", v.version)}</strong>
                                <span>{words::spelled(&v.algorithm)}</span>
                                <span class="faint">{metrics}</span>
                            </div>
                            <div class="faint small">{format!("Approved by {who} on {}", words::moment(v.registered_at))}</div>
                            {move || check().map(|c| view! {
                                <div class="row wrap small">
                                    <span class="faint">{format!("Last drift check {}", words::ago(c.at))}</span>
                                    <A href=format!("{drift}/{}", c.check)><VerdictChip verdict=c.verdict/></A>
                                </div>
                            })}
                        </div>
                    }.into_any()
                }
            }}
            <Servers serving=model.serving/>
        </section>
    }
}

#[component]
fn Servers(serving: Vec<ServingLine>) -> impl IntoView {
    if serving.is_empty() {
        return view! {
            <div class="inside row small faint"><IconSvg icon=Icon::Plug/><span>"No server answers now"</span><A href="/serving">"Start one"</A></div>
        }
        .into_any();
    }
    view! {
        <ul class="servers">
            {serving.into_iter().map(|s| {
                let (icon, tone, says) = match (s.version, s.confirmed) {
                    (Some(v), true) => (Icon::Check, "good", format!("Answers with version {v}")),
                    (Some(v), false) => (Icon::Warning, "warn", format!("Still answers with version {v}")),
                    (None, _) => (Icon::Cross, "bad", "Does not answer for this model".into()),
                };
                view! {
                    <li>
                        <Chip icon=icon text=says tone=tone/>
                        <span class="mono">{s.address}</span>
                        <span class="faint small">{format!("confirmed {}", words::ago(s.at))}</span>
                        {(!s.confirmed).then(|| view! { <span class="small">"Its swap to Production is not confirmed yet"</span> })}
                    </li>
                }
            }).collect_view()}
        </ul>
    }
    .into_any()
}

/// Runs of the model that wait for a decision.
#[component]
fn Waiting(name: Memo<String>) -> impl IntoView {
    let overview = expect_context::<Answer<Overview>>();
    let waiting = Memo::new(move |_| {
        let name = name.get();
        overview.value.with(|o| {
            let all = o.as_ref().map(|o| o.awaiting.as_slice()).unwrap_or_default();
            all.iter().filter(|r| r.model.as_str() == name).cloned().collect::<Vec<RunLine>>()
        })
    });
    move || {
        let runs = waiting.get();
        (!runs.is_empty()).then(|| {
            view! {
                <section class="stack tight" aria-labelledby="waits">
                    <h3 id="waits">"Waits for you"</h3>
                    <ul class="needs">{runs.into_iter().map(|r| view! { <WaitingRun run=r/> }).collect_view()}</ul>
                </section>
            }
        })
    }
}

#[component]
fn WaitingRun(run: RunLine) -> impl IntoView {
    let go = use_navigate();
    let route = format!("/registry/{}?decide={}", run.model, run.run);
    let value =
        run.value.map(|v| format!("{} {}", words::metric(&run.metric), words::number(Some(v)))).unwrap_or_default();
    view! {
        <li class="panel need">
            <Chip icon=Icon::Clock text="Awaiting approval" tone="warn"/>
            <span class="grow">
                {words::spelled(&run.algorithm)} " on " {run.dataset} ", " {value}
            </span>
            <A href=format!("/runs/{}", run.run)>{format!("Run {}", run.run.short())}</A>
            <span class="faint small">{words::ago(run.started_at)}</span>
            <Button text="Review and decide…" kind=Kind::Primary on_press=move |_| go(&route, Default::default())/>
        </li>
    }
}
