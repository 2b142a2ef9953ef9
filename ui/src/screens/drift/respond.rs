//! The response to a check: what a person decides, and why.

use super::{drift, say};
use crate::answer::Answer;
use crate::bridge::ask;
use crate::parts::{Button, Dialog, FailureView, Kind, Reason, TextArea};
use crate::store::Tone;
use crate::words;
use driftgate_model::DriftAction;
use driftgate_model::views::{DriftCheckView, Responded};
use leptos::prelude::*;
use serde_json::json;

/// The form of a response.
#[component]
pub fn RespondDialog(check: Answer<DriftCheckView>, open: RwSignal<bool>) -> impl IntoView {
    let here = drift();
    let action = RwSignal::new(None::<DriftAction>);
    let tried = RwSignal::new(false);
    let reason = Reason::new(move || {
        open.track();
        action.set(None);
        tried.set(false);
    });
    let no_action = move || tried.get() && action.with(Option::is_none);
    let record = move |_| {
        tried.set(true);
        let why = reason.required("Say why: it is recorded with the response");
        let id = check.value.with_untracked(|v| v.as_ref().map(|v| v.check.to_string()));
        let (Some(id), Some(chosen), Some(why)) = (id, action.get_untracked(), why) else { return };
        let asked = ask("respond", json!({ "check": id, "action": chosen, "reason": why }));
        let store = here.store;
        let recorded = move |done: Responded| {
            let text = format!("Recorded: {}", words::action(done.action).to_lowercase());
            store.toast(Tone::Good, text, None, say::after(done.action, done.model.as_str()));
            open.try_set(false);
            check.reload();
        };
        reason.ask(asked, recorded, || ());
    };
    view! {
        <Dialog title="Respond to the check" open=open on_close=move || open.set(false)
            footer=move || view! {
                <Button text="Cancel" on_press=move |_| open.set(false)/>
                <Button text="Record the response" kind=Kind::Primary disabled=reason.busy on_press=record/>
            }>
            <div class="stack drift-form">
                {move || reason.failure.get().map(|f| view! { <FailureView failure=f/> })}
                {move || check.value.get().map(|v| view! { <p class="wrapped">{say::why(&v.report)}</p> })}
                <fieldset class="choices" aria-describedby="action-wrong">
                    <legend>"What is done about it"</legend>
                    {move || say::actions(here.pictures()).map(|a| {
                        let id = format!("action-{}", a.as_str());
                        view! {
                            <div class="check">
                                <input type="radio" name="action" id=id.clone() prop:checked=move || action.get() == Some(a)
                                    on:change=move |_| action.set(Some(a))/>
                                <div><label for=id>{words::action(a)}</label><div class="faint small">{say::about(a)}</div></div>
                            </div>
                        }
                    }).collect_view()}
                    <span class="wrong" id="action-wrong" aria-live="polite">{move || no_action().then_some("Choose what is done")}</span>
                </fieldset>
                <TextArea label="Reason" value=reason.text wrong=reason.wrong help="It stands on the ledger with your name"/>
                <p class="faint small">"A response is a record: nothing else happens by it"</p>
                {move || check.value.get().filter(|v| !v.responses.is_empty()).map(|v| view! {
                    <div class="stack tight">
                        <h3>"Responses so far"</h3>
                        <ul class="stack tight">{v.responses.into_iter().map(|r| view! {
                            <li class="wrapped">
                                <strong>{words::action(r.action)}</strong>
                                {format!(", {}, {}: {}", r.actor.unwrap_or_else(|| "(redacted)".into()), words::ago(r.at),
                                    r.reason.unwrap_or_else(|| "(redacted)".into()))}
                            </li>
                        }).collect_view()}</ul>
                    </div>
                })}
            </div>
        </Dialog>
    }
}
