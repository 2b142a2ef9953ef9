//! An adaptation: which rows joined the data, what Production reached on those held out, and how it is taken back.

use super::{drift, say};
use crate::answer::{Answer, answer};
use crate::bridge::ask;
use crate::parts::{Button, Chip, Dialog, Facts, FailureView, Icon, Kind, Notice, Reason, Shown, TextArea};
use crate::words;
use driftgate_model::SplitEvaluation;
use driftgate_model::views::{AdaptationList, AdaptationView};
use leptos::prelude::*;
use leptos_router::components::A;
use serde_json::json;

/// The metrics that say most about a baseline, in the order they are shown.
const LEADING: [&str; 5] = ["accuracy", "f1_score", "r2", "mae", "rmse"];

/// The detail pane of an adaptation.
#[component]
pub fn AdaptationPane(id: String) -> impl IntoView {
    let here = drift();
    let list = answer::<AdaptationList>(|| Some(ask("adaptations", json!({}))));
    let taking_back = RwSignal::new(false);
    let short = id.get(id.len().saturating_sub(8)..).unwrap_or(&id).to_owned();
    let wanted = id.clone();
    view! {
        <aside class="detail" aria-label="Adaptation">
            <header>
                <h2>"Adaptation " <span class="mono">{short}</span></h2>
                <div class="row wrap">
                    <A href=move || format!("/drift/{}", here.name()) {..} class="button plain">"Close the adaptation"</A>
                </div>
            </header>
            <div class="inside">
                <Shown answer=list children=move |l: AdaptationList| {
                    match l.adaptations.into_iter().find(|a| a.adaptation.as_str() == wanted) {
                        Some(a) => view! { <Inside adaptation=a taking_back=taking_back/> }.into_any(),
                        None => view! { <p>"There is no adaptation of that id"</p> }.into_any(),
                    }
                }/>
            </div>
            <TakeBackDialog id=id list=list open=taking_back/>
        </aside>
    }
}

#[component]
fn Inside(adaptation: AdaptationView, taking_back: RwSignal<bool>) -> impl IntoView {
    let a = adaptation;
    let (icon, tone) = match (&a.undone, a.current == a.number) {
        (Some(_), _) => (Icon::Back, ""),
        (None, true) => (Icon::Check, "good"),
        (None, false) => (Icon::Dash, ""),
    };
    let in_use = a.undone.is_none();
    let facts = vec![
        (
            "Data set",
            format!("{} version {}, made from version {}: nothing of it was rewritten", a.dataset, a.number, a.base),
        ),
        ("Met the drift", format!("{} version {}", a.model, a.model_version)),
        ("Rows to learn from", words::whole(a.train)),
        ("Rows held out", words::whole(a.holdout)),
        ("Rows left out", words::whole(a.known + a.tested)),
        ("Staged", format!("{} by {}", words::moment(a.at), a.actor.as_deref().unwrap_or("(redacted)"))),
    ];
    view! {
        <div class="row wrap">
            <Chip icon=icon text=say::adaptation_state(&a) tone=tone/>
            <span class="faint">{format!("{} to learn from, {} held out", words::count(a.train, "drifted row"), words::whole(a.holdout))}</span>
        </div>
        {match &a.undone {
            Some(u) => view! {
                <Notice tone="info">{format!("Taken back by {}, {}: {}", u.actor.as_deref().unwrap_or("(redacted)"), words::ago(u.at),
                    u.reason.as_deref().unwrap_or("(redacted)"))}</Notice>
            }.into_any(),
            None => view! {
                <p>{format!("The next run on {} learns from these rows without any further option, and shows before and after", a.dataset)}</p>
            }.into_any(),
        }}
        {in_use.then(|| view! {
            <div class="row wrap">
                <A href="/runs?start=1" {..} class="button primary">"Train on it…"</A>
                <Button text="Take back…" kind=Kind::Danger on_press=move |_| taking_back.set(true)/>
            </div>
        })}
        <Facts facts=facts/>
        {say::left_out(&a).into_iter().map(|text| view! { <p class="faint">{text}</p> }).collect_view()}
        <Baseline version=a.model_version baseline=a.baseline.clone()/>
    }
}

#[component]
fn Baseline(version: u32, baseline: SplitEvaluation) -> impl IntoView {
    let metrics =
        LEADING.iter().filter_map(|name| baseline.metrics.get(*name).map(|m| (*name, m.clone()))).collect::<Vec<_>>();
    view! {
        <section class="stack" aria-labelledby="baseline-title">
            <h3 id="baseline-title">"Before"</h3>
            <p class="faint">{format!("What version {version} reaches on the {} held out", words::count(baseline.rows, "row"))}</p>
            <div class="panel scroll">
                <table class="table">
                    <thead><tr>
                        <th scope="col">"Metric"</th>
                        <th scope="col" class="number">"Value"</th>
                        <th scope="col">"Interval"</th>
                        <th scope="col">"Note"</th>
                    </tr></thead>
                    <tbody>{metrics.into_iter().map(|(name, m)| view! {
                        <tr>
                            <th scope="row">{words::metric(name)}</th>
                            <td class="number">{words::number(m.value)}</td>
                            <td>{say::interval(m.interval)}</td>
                            <td class="faint small wrapped">{m.note.map(|n| words::sentence(&n))}</td>
                        </tr>
                    }).collect_view()}</tbody>
                </table>
            </div>
        </section>
    }
}

#[component]
fn TakeBackDialog(id: String, list: Answer<AdaptationList>, open: RwSignal<bool>) -> impl IntoView {
    let here = drift();
    let reason = Reason::new(move || open.track());
    let id = StoredValue::new(id);
    let take_back = move |_| {
        let Some(why) = reason.required("Say why: it is recorded") else { return };
        let asked = ask("undo_adaptation", json!({ "id": id.get_value(), "reason": why }));
        let taken_back = move |v: AdaptationView| {
            here.store.good(format!("Taken back: runs on {} use version {}", v.dataset, v.current));
            open.try_set(false);
            list.reload();
        };
        reason.ask(asked, taken_back, || ());
    };
    view! {
        <Dialog title="Take the adaptation back" open=open on_close=move || open.set(false)
            footer=move || view! {
                <Button text="Cancel" on_press=move |_| open.set(false)/>
                <Button text="Take it back" kind=Kind::Danger disabled=reason.busy on_press=take_back/>
            }>
            <div class="stack">
                {move || reason.failure.get().map(|f| view! { <FailureView failure=f/> })}
                <p>
                    "Runs use the version of the data set before it again. What was made stays on record, and a model that learned from \
                     the rows stays as it is. A run that learned from them and still waits cannot be approved any more."
                </p>
                <TextArea label="Reason" value=reason.text wrong=reason.wrong/>
            </div>
        </Dialog>
    }
}
