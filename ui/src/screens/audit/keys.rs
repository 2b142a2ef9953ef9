use crate::answer::{Answer, answer};
use crate::bridge::ask;
use crate::parts::{CopyButton, Dialog, Shown};
use driftgate_model::Digest;
use leptos::prelude::*;
use serde::Deserialize;
use serde_json::json;

/// The public halves of a workspace's keys.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Keys {
    /// Origin line of the checkpoints.
    pub origin: String,
    /// Verifier key text of the log.
    pub log_vkey: String,
    /// The same key as PEM.
    pub log_pem: String,
    /// Its fingerprint.
    pub log_fingerprint: Digest,
    /// The key of model signatures as PEM.
    pub model_pem: String,
    /// Its fingerprint.
    pub model_fingerprint: Digest,
}

/// The keys of the open workspace.
pub fn keys() -> Answer<Keys> {
    answer::<Keys>(|| Some(ask("keys", json!({}))))
}

/// The keys, each with what it is for and a way to copy it.
#[component]
pub fn KeyList(keys: Keys) -> impl IntoView {
    let rows = [
        ("Verifier key", "Proves checkpoints of this ledger", keys.log_vkey, "The verifier key"),
        ("Log key", "Proves statements about runs, gates and approvals", keys.log_pem, "The log key"),
        ("Model key", "Proves signatures of models", keys.model_pem, "The model key"),
    ];
    let prints =
        [keys.log_fingerprint.to_string(), keys.log_fingerprint.to_string(), keys.model_fingerprint.to_string()];
    view! {
        <dl class="keys">
            {rows.into_iter().zip(prints).map(|((name, what, text, said), print)| view! {
                <div>
                    <dt><strong>{name}</strong>" "<span class="faint">{what}</span></dt>
                    <dd class="row">
                        <code class="grow wrapped">{text.clone()}</code>
                        <CopyButton text=text what=said label=copy_label(said)/>
                    </dd>
                    <dd class="faint small">"Fingerprint "<span class="mono wrapped">{print}</span></dd>
                </div>
            }).collect_view()}
        </dl>
    }
}

fn copy_label(said: &str) -> &'static str {
    match said {
        "The verifier key" => "Copy verifier key",
        "The log key" => "Copy log key",
        _ => "Copy model key",
    }
}

/// The keys in a dialog.
#[component]
pub fn KeysDialog(open: RwSignal<bool>) -> impl IntoView {
    let keys = keys();
    view! {
        <Dialog title="Public keys" wide=true open=open on_close=move || open.set(false)>
            <div class="stack">
                <p>"Give them to whoever is to check what this workspace signs. The private halves stay in its folder"</p>
                <Shown answer=keys children=|keys: Keys| view! { <KeyList keys=keys/> }/>
            </div>
        </Dialog>
    }
}
