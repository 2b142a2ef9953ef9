use super::controls::{Button, Kind};
use super::icon::Icon;
use crate::answer::done;
use crate::bridge::{ask, call};
use crate::store::store;
use leptos::prelude::*;
use leptos::task::spawn_local;
use serde_json::json;

/// Puts a text on the clipboard and says so.
#[component]
pub fn CopyButton(
    /// The text.
    #[prop(into)]
    text: Signal<String>,
    /// What it is, at the beginning of a sentence: `The key`.
    what: &'static str,
    /// What the button says.
    #[prop(default = "Copy")]
    label: &'static str,
    #[prop(optional)] kind: Kind,
) -> impl IntoView {
    let store = store();
    view! {
        <Button text=label icon=Icon::Copy kind=kind on_press=move |_| {
            done(ask("copy_text", json!({ "text": text.get_untracked() })), move || store.good(format!("{what} is on the clipboard")));
        }/>
    }
}

/// Writes a text to a file that the person names.
#[component]
pub fn SaveButton(
    /// The text.
    #[prop(into)]
    text: Signal<String>,
    /// The title of the dialog: `Save the card`.
    title: &'static str,
    /// The name that the file begins with.
    #[prop(into)]
    name: Signal<String>,
    /// Its ending.
    extension: &'static str,
    /// What the button says.
    #[prop(default = "Save…")]
    label: &'static str,
) -> impl IntoView {
    let store = store();
    let save = move |_| {
        let (text, name) = (text.get_untracked(), name.get_untracked());
        spawn_local(async move {
            let asked = json!({ "kind": "new_file", "title": title, "name": name, "extensions": [extension] });
            let path = match call::<Option<String>>(&ask("choose_path", asked)).await {
                Ok(Some(path)) => path,
                Ok(None) => return,
                Err(failure) => return store.failed(&failure),
            };
            match call::<()>(&ask("save_text", json!({ "path": path, "text": text }))).await {
                Ok(()) => store.good(format!("Saved as {path}")),
                Err(failure) => store.failed(&failure),
            }
        });
    };
    view! { <Button text=label icon=Icon::Download on_press=save/> }
}
