//! A batch that is changed on purpose: what would a check find?

use super::started::{granted, in_workspace};
use super::{drift, say};
use crate::answer::answer;
use crate::bridge::ask;
use crate::parts::{Button, Dialog, Kind, PathField, Pick, TextField};
use driftgate_model::views::{JobAsk, PathKind, Signature};
use leptos::prelude::*;
use serde_json::json;
use std::collections::BTreeSet;

/// The form of a simulation.
#[component]
pub fn SimulateDialog() -> impl IntoView {
    let here = drift();
    let kind = RwSignal::new("mean".to_owned());
    let amount = RwSignal::new("0.5".to_owned());
    let seed = RwSignal::new("42".to_owned());
    let columns = RwSignal::new(BTreeSet::<String>::new());
    let output = RwSignal::new(String::new());
    let (wrong_in, wrong_out) = (RwSignal::new(None::<String>), RwSignal::new(None::<String>));
    let signature = answer::<Signature>(move || {
        let wanted = here.simulating.get() && here.model.with(|m| m.as_ref().is_some_and(|m| m.production.is_some()));
        wanted.then(|| ask("signature", json!({ "model": here.name() })))
    });
    Effect::new(move |_| {
        here.model.with(|m| m.as_ref().map(|m| m.name.clone()));
        columns.set(BTreeSet::new());
    });
    Effect::new(move |_| {
        if here.simulating.get() {
            wrong_in.set(None);
            wrong_out.set(None);
            if output.with_untracked(String::is_empty) {
                output.set(in_workspace(here.store, "simulated.csv"));
            }
        }
    });
    let scenario = move || say::scenario(&kind.get(), &amount.get(), columns.with(|c| c.iter().cloned().collect()));
    let wrong_amount = Signal::derive(move || scenario().err());
    let wrong_seed =
        Signal::derive(move || seed.with(|s| s.trim().parse::<u64>().err().map(|_| "Type a whole number".to_owned())));
    let about = move || say::CHANGES.iter().find(|c| c.0 == kind.get()).map_or("", |c| c.2);
    let kinds =
        Signal::derive(|| say::CHANGES.iter().map(|(key, name, _)| ((*key).to_owned(), (*name).to_owned())).collect());
    let start = move |_| {
        let (Ok(scenario), Ok(seed)) = (untrack(scenario), seed.get_untracked().trim().parse::<u64>()) else { return };
        let (model, to) = (here.name_now(), output.get_untracked());
        granted(here.to_change.get_untracked(), PathKind::File, wrong_in, move |input| {
            granted(to, PathKind::NewFile, wrong_out, move |output| {
                let asked = JobAsk::Simulate { model, input, output, scenario, seed };
                here.started.start_then(asked, move || here.simulating.set(false));
            });
        });
    };
    let names = move || {
        signature.value.get().map(|s| s.columns.into_iter().map(|c| c.name).collect::<Vec<_>>()).unwrap_or_default()
    };
    view! {
        <Dialog title="Simulate drift" open=here.simulating on_close=move || here.simulating.set(false)
            footer=move || view! {
                <Button text="Cancel" on_press=move |_| here.simulating.set(false)/>
                <Button text="Write the batch" kind=Kind::Primary
                    disabled=Signal::derive(move || wrong_amount.with(Option::is_some) || wrong_seed.with(Option::is_some)) on_press=start/>
            }>
            <div class="stack drift-form">
                <p>"Writes the rows of a file with the model's inputs changed, to see what a check would find. The target stays as it is"</p>
                <PathField label="Rows to change" kind=PathKind::File extensions=vec!["csv", "tsv", "parquet"] typed=here.to_change
                    on_path=move |_| wrong_in.set(None)/>
                <span class="wrong" aria-live="polite">{move || wrong_in.get()}</span>
                <div class="row pair">
                    <Pick label="Change" value=kind choices=kinds/>
                    <Show when=move || kind.with(|k| k != "shuffle")>
                        <TextField label="Amount" value=amount wrong=wrong_amount/>
                    </Show>
                    <TextField label="Seed" value=seed wrong=wrong_seed/>
                </div>
                <p class="faint small">{move || if about().is_empty() {
                    "Each column looks as before, and depends on no other".to_owned()
                } else {
                    about().to_owned()
                }}</p>
                <fieldset class="choices">
                    <legend>{move || match columns.with(BTreeSet::len) {
                        0 => "Columns: all that it can change".to_owned(),
                        n => format!("Columns: {n} chosen"),
                    }}</legend>
                    <div class="column-list" tabindex="0" role="group" aria-label="Columns to change">
                        <For each=names key=|name| name.clone() let:name>
                            <ColumnBox name=name columns=columns/>
                        </For>
                    </div>
                </fieldset>
                <PathField label="File to write" kind=PathKind::NewFile extensions=vec!["csv"] name="batch.csv" typed=output
                    on_path=move |_| wrong_out.set(None)/>
                <span class="wrong" aria-live="polite">{move || wrong_out.get()}</span>
            </div>
        </Dialog>
    }
}

#[component]
fn ColumnBox(name: String, columns: RwSignal<BTreeSet<String>>) -> impl IntoView {
    let (is, label) = (name.clone(), name.clone());
    view! {
        <label class="box">
            <input type="checkbox" prop:checked=move || columns.with(|c| c.contains(&is))
                on:change=move |e| columns.update(|c| {
                    if event_target_checked(&e) { c.insert(name.clone()); } else { c.remove(&name); }
                })/>
            <span class="cut">{label}</span>
        </label>
    }
}
