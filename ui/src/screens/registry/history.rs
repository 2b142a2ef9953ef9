use super::{texts, times};
use crate::answer::answer;
use crate::bridge::ask;
use crate::parts::{Button, ChartView, Chip, Icon, Shown, TextField};
use crate::words;
use driftgate_model::Timestamp;
use driftgate_model::views::{HistoryLine, ModelHistory};
use leptos::prelude::*;
use leptos_router::components::A;
use serde_json::json;

/// Which version was in Production when, and every move between.
#[component]
pub fn History(name: Memo<String>) -> impl IntoView {
    let history = answer::<ModelHistory>(move || Some(ask("history", json!({ "name": name.get() }))));
    view! {
        <TimeTravel name=name/>
        <Shown answer=history children=|h: ModelHistory| {
            let chart = driftgate_plots::versions_chart("versions", &h, words::now());
            view! {
                <ChartView chart=chart/>
                <section class="stack tight" aria-labelledby="moves">
                    <h3 id="moves">"Moves, newest first"</h3>
                    <ol class="panel lines moves" reversed=true>{h.moves.into_iter().rev().map(|m| view! { <Move line=m/> }).collect_view()}</ol>
                </section>
            }
        }/>
    }
}

#[component]
fn Move(line: HistoryLine) -> impl IntoView {
    let (icon, tone, word) =
        if line.cause == "rollback" { (Icon::Back, "warn", "Rollback") } else { (Icon::Check, "good", "Approval") };
    view! {
        <li>
            <Chip icon=icon text=word tone=tone/>
            <div class="grow">
                <div>{texts::moved(&line)}</div>
                {line.reason.clone().map(|reason| view! { <div class="faint wrapped">{reason}</div> })}
            </div>
            {line.signed_by.map(|key| view! {
                <Chip icon=Icon::Seal text="Signed" tone="good" {..} title=format!("With the reviewer's key {}", key.short())/>
            })}
            <span class="small faint">{format!("{}, {}", texts::who(line.actor.as_deref()), words::moment(line.at))}</span>
            <A href=format!("/audit?event={}", line.seq)>{format!("Event {}", line.seq)}</A>
        </li>
    }
}

/// Which version was in Production at a moment that the person types.
#[component]
fn TimeTravel(name: Memo<String>) -> impl IntoView {
    let typed = RwSignal::new(String::new());
    let wrong = RwSignal::new(None::<String>);
    let at = RwSignal::new(None::<Timestamp>);
    let then =
        answer::<ModelHistory>(move || at.get().map(|at| ask("history", json!({ "name": name.get(), "at": at }))));
    let look = move || match times::moment(&typed.get_untracked(), words::minutes_behind_utc) {
        Some(moment) => {
            wrong.set(None);
            at.set(Some(moment));
        }
        None => wrong.set(Some("Type a day, or a day and a time, such as 2026-11-26 20:18".into())),
    };
    let says = move || {
        let moment = at.get()?;
        then.value.with(|h| {
            h.as_ref().map(|h| match h.production {
                Some(v) => format!("On {} version {v} was in Production", words::moment(moment)),
                None => format!("On {} nothing was in Production yet", words::moment(moment)),
            })
        })
    };
    view! {
        <section class="panel" aria-labelledby="travel">
            <div class="inside stack tight">
                <h3 id="travel">"What was in Production when?"</h3>
                <div class="row travel" on:keydown=move |e| if e.key() == "Enter" { e.prevent_default(); look(); }>
                    <div class="grow"><TextField label="Day and time" value=typed placeholder="2026-11-26 20:18" wrong=wrong/></div>
                    <Button text="Look" icon=Icon::Clock on_press=move |_| look()/>
                </div>
                <p role="status"><strong>{says}</strong></p>
            </div>
        </section>
    }
}
