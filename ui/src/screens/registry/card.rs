use crate::answer::answer;
use crate::bridge::ask;
use crate::parts::{CopyButton, SaveButton, Shown};
use leptos::prelude::*;
use serde_json::json;

/// The model card of the version in Production.
#[component]
pub fn Card(name: Memo<String>) -> impl IntoView {
    let card = answer::<String>(move || Some(ask("card", json!({ "name": name.get() }))));
    let text = Signal::derive(move || card.value.get().unwrap_or_default());
    let file = Signal::derive(move || format!("{}.md", name.get()));
    view! {
        <div class="row wrap spread">
            <p class="faint">"Written from the ledger, for whoever uses the model: Markdown"</p>
            <div class="row">
                <CopyButton text=text what="The model card" label="Copy card"/>
                <SaveButton text=text title="Save the model card" name=file extension="md" label="Save card…"/>
            </div>
        </div>
        <Shown answer=card children=|text: String| view! {
            <pre class="panel text" tabindex="0" role="region" aria-label="Model card">{text}</pre>
        }/>
    }
}
