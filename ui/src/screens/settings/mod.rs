//! What a person sets, and what this build and this workspace are.

mod key;
mod person;
mod upkeep;

use crate::bridge::{ask, call};
use crate::parts::{Facts, Shown, Top};
use crate::screens::audit::{KeyList, Keys, keys};
use crate::store::{Store, store};
use crate::theme;
use driftgate_model::views::Settings;
use leptos::prelude::*;
use leptos::task::spawn_local;
use serde_json::json;

/// The screen.
#[component]
pub fn SettingsScreen() -> impl IntoView {
    let kept = RwSignal::new(String::new());
    provide_context(Kept(kept));
    view! {
        <div class="screen">
            <Top title="Settings" below="Changes are kept at once">
                <span role="status" class="faint small">{move || kept.get()}</span>
            </Top>
            <div class="body settings">
                <person::You/>
                <person::Look/>
                <person::Work/>
                <person::Recent/>
                <Workspace/>
                <Privacy/>
                <upkeep::Build/>
                <upkeep::Doctor/>
                <upkeep::Space/>
            </div>
        </div>
    }
}

/// Where it is said that something was kept.
#[derive(Clone, Copy)]
struct Kept(RwSignal<String>);

/// Changes the settings and keeps them, if that changes anything.
fn change(store: Store, kept: RwSignal<String>, said: &'static str, change: impl FnOnce(&mut Settings)) {
    let before = store.state.with_untracked(|s| s.as_ref().map(|s| s.settings.clone()).unwrap_or_default());
    let mut settings = before.clone();
    change(&mut settings);
    if settings == before {
        return;
    }
    theme::apply(settings.theme);
    spawn_local(async move {
        match call(&ask("save_settings", json!({ "settings": settings }))).await {
            Ok(state) => {
                store.take(state);
                kept.try_set(format!("{said} is kept"));
            }
            Err(failure) => {
                theme::apply(before.theme);
                kept.try_set(format!("{said} is not kept"));
                store.failed(&failure);
            }
        }
    });
}

/// The keys of the open workspace.
#[component]
fn Workspace() -> impl IntoView {
    let keys = keys();
    let place = root();
    view! {
        <section class="panel" aria-labelledby="set-workspace">
            <header><h2 id="set-workspace">"This workspace"</h2></header>
            <div class="inside stack">
                <p class="wrapped mono">{place}</p>
                <p>"Its keys sign checkpoints, statements and models. They show where something was recorded, not by whom: that is what a reviewer's own key is for"</p>
                <Shown answer=keys children=|keys: Keys| view! { <KeyList keys=keys/> }/>
            </div>
        </section>
    }
}

fn root() -> impl Fn() -> Option<String> {
    let store = store();
    move || store.state.with(|s| s.as_ref().and_then(|s| s.workspace.as_ref().map(|w| w.root.clone())))
}

/// What leaves the machine, and where things lie.
#[component]
fn Privacy() -> impl IntoView {
    let store = store();
    let serving = move || {
        let address = store.server.with(|s| s.address.clone().filter(|_| s.running));
        match address {
            Some(address) => format!("The prediction server listens at {address}, on this machine only"),
            None => "The prediction server is off".into(),
        }
    };
    let file = move || store.state.with(|s| s.as_ref().map(|s| s.settings_file.clone()).unwrap_or_default());
    view! {
        <section class="panel" aria-labelledby="set-privacy">
            <header><h2 id="set-privacy">"Privacy"</h2></header>
            <div class="inside stack tight">
                <p><strong>"Nothing leaves this machine"</strong></p>
                <p>"No account, no telemetry, no look for updates: the window asks no address outside this machine, and data, models and the ledger stay in the folder of the workspace"</p>
                <p>{serving}</p>
                {move || {
                    let file = file();
                    (!file.is_empty()).then(|| view! { <Facts facts=vec![("Settings and recent workspaces", file)]/> })
                }}
            </div>
        </section>
    }
}
