//! The registry: models, their versions, what serves, and the decisions about them.

mod card;
mod decide;
mod history;
mod lineage;
mod model;
mod rollback;
mod texts;
mod times;
mod versions;

use crate::answer::{Answer, answer};
use crate::bridge::ask;
use crate::parts::{Button, Chip, Empty, Icon, Kind, Shown, Top};
use crate::words;
use driftgate_model::views::{ModelLine, ModelList};
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::components::A;
use leptos_router::hooks::{use_navigate, use_params_map, use_query_map};
use serde_json::json;

/// The screen.
#[component]
pub fn RegistryScreen() -> impl IntoView {
    let (params, query) = (use_params_map(), use_query_map());
    let go = StoredValue::new(use_navigate());
    let models = answer::<ModelList>(|| Some(ask("models", json!({}))));
    let chosen = Memo::new(move |_| {
        let named = params.with(|p| p.get("model")).filter(|m| !m.is_empty());
        named.or_else(|| models.value.with(|l| l.as_ref()?.models.first().map(|m| m.name.to_string())))
    });
    let deciding = Memo::new(move |_| query.with(|q| q.get("decide")).filter(|run| !run.is_empty()));
    let returning = Memo::new(move |_| query.with(|q| q.get("rollback")).and_then(|v| v.parse::<u32>().ok()));
    let close = move || {
        let route = params.with_untracked(|p| p.get("model")).filter(|m| !m.is_empty());
        let route = route.map_or_else(|| "/registry".into(), |m| format!("/registry/{m}"));
        go.with_value(|go| go(&route, NavigateOptions { replace: true, ..Default::default() }));
    };
    let below = Signal::derive(move || {
        models.value.with(|l| l.as_ref().map(|l| words::count(l.models.len() as u64, "model")).unwrap_or_default())
    });
    let empty = Memo::new(move |_| models.value.with(|l| l.as_ref().map(|l| l.models.is_empty())));
    view! {
        <div class="screen">
            <Top title="Registry" below=below/>
            {move || match empty.get() {
                Some(false) => view! { <Inside models=models chosen=chosen/> }.into_any(),
                Some(true) => view! { <Nothing/> }.into_any(),
                None => view! { <Shown answer=models children=|_| ()/> }.into_any(),
            }}
            <decide::DecideDialog run=deciding on_close=close/>
            <rollback::RollbackDialog model=chosen to=returning on_close=close/>
        </div>
    }
}

/// Puts the person into the field of the reason as soon as it is there: no click is needed before typing.
fn begin_with_reason(there: impl Fn() -> bool + 'static) {
    Effect::new(move |before: Option<bool>| {
        let there = there();
        if there && before != Some(true) {
            request_animation_frame(focus_reason);
        }
        there
    });
}

/// Puts the person into the field of the reason.
fn focus_reason() {
    use wasm_bindgen::JsCast;
    let field = web_sys::window()
        .and_then(|w| w.document())
        .and_then(|d| d.query_selector("dialog[open] > footer input").ok().flatten())
        .and_then(|e| e.dyn_into::<web_sys::HtmlElement>().ok());
    if let Some(field) = field {
        let _ = field.focus();
    }
}

#[component]
fn Nothing() -> impl IntoView {
    let go = use_navigate();
    view! {
        <Empty icon=Icon::Stack title="No model yet"
            text="A run that passes its gate waits here until a person approves it. Approved, it is a version of a model, in Production">
            <Button text="Start a run…" icon=Icon::Play kind=Kind::Primary on_press=move |_| go("/runs?start=1", Default::default())/>
        </Empty>
    }
}

#[component]
fn Inside(models: Answer<ModelList>, chosen: Memo<Option<String>>) -> impl IntoView {
    let line = Memo::new(move |_| {
        let name = chosen.get()?;
        models.value.with(|l| l.as_ref()?.models.iter().find(|m| m.name.as_str() == name).cloned())
    });
    let known = Memo::new(move |_| line.with(Option::is_some));
    view! {
        <div class="split open registry">
            <nav class="list" aria-label="Models">
                <ul class="lines choices">
                    {move || models.value.with(|l| l.as_ref().map(|l| l.models.clone()).unwrap_or_default()).into_iter()
                        .map(|m| view! { <ModelChoice line=m chosen=chosen/> }).collect_view()}
                </ul>
            </nav>
            <section class="detail" aria-label="Model">
                {move || if known.get() {
                    view! { <model::ModelDetail line=line/> }.into_any()
                } else {
                    let name = chosen.get().unwrap_or_default();
                    view! { <Empty icon=Icon::Stack title="There is no such model" text=format!("No run of {name} was approved or waits. Choose one on the left")/> }.into_any()
                }}
            </section>
        </div>
    }
}

#[component]
fn ModelChoice(line: ModelLine, chosen: Memo<Option<String>>) -> impl IntoView {
    let name = line.name.to_string();
    let is = name.clone();
    let here = move || chosen.with(|c| c.as_deref() == Some(is.as_str()));
    let stands = match line.production {
        Some(v) => format!("Version {v} in Production"),
        None => "Nothing in Production".into(),
    };
    view! {
        <li>
            <A href=format!("/registry/{name}") {..} class="choice" aria-current=move || here().then_some("true")>
                <strong class="cut" title=name.clone()>{name.clone()}</strong>
                <span class="faint small cut">{stands}</span>
                {(line.awaiting > 0).then(|| view! { <Chip icon=Icon::Clock text=format!("{} to decide", line.awaiting) tone="warn"/> })}
            </A>
        </li>
    }
}
