use super::controls::{Button, Kind, next_id};
use super::icon::{Icon, IconSvg};
use crate::bridge::{ask, call};
use crate::store::store;
use crate::words;
use driftgate_model::views::PathKind;
use leptos::prelude::*;
use leptos::task::spawn_local;
use serde_json::json;
use std::rc::Rc;

/// Takes files that are dropped anywhere on the window while the calling screen is in sight.
pub fn on_drop(take: impl Fn(Vec<String>) + 'static) {
    let store = store();
    Effect::new(move |_| {
        if let Some(paths) = store.dropped.get() {
            store.dropped.set(None);
            take(paths);
        }
    });
}

/// Where files can be dropped, with a way to the same end by button and by typing. The whole window takes the drop; the zone shows
/// it.
#[component]
pub fn DropZone(
    /// What can be dropped here.
    #[prop(into)]
    text: String,
    /// What the field is called.
    #[prop(into)]
    label: String,
    /// What is asked for.
    kind: PathKind,
    /// Endings that the dialog offers; empty for all.
    #[prop(optional)]
    extensions: Vec<&'static str>,
    /// What the button says that takes the typed path.
    #[prop(default = "Use")]
    take: &'static str,
    /// Paths that the person gave, granted already.
    on_paths: impl Fn(Vec<String>) + Copy + 'static,
) -> impl IntoView {
    let store = store();
    on_drop(on_paths);
    view! {
        <div class="drop" class:over=move || store.dragging.get()>
            <div class="row"><IconSvg icon=Icon::Download/><span>{text}</span></div>
            <PathField label=label kind=kind extensions=extensions take=take on_path=move |path| on_paths(vec![path])/>
        </div>
    }
}

/// What is done with a path. One type for all: the field is compiled once, and not for each thing that is done.
#[derive(Clone)]
pub struct TakePath(Rc<dyn Fn(String)>);

impl<F: Fn(String) + 'static> From<F> for TakePath {
    fn from(take: F) -> TakePath {
        TakePath(Rc::new(take))
    }
}

/// A path: typed, or chosen in the desktop's own dialog. `on_path` gets it once the engine has granted it.
#[component]
pub fn PathField(
    #[prop(into)] label: String,
    kind: PathKind,
    #[prop(optional)] extensions: Vec<&'static str>,
    /// The name that a new file begins with.
    #[prop(optional, into)]
    name: Option<String>,
    /// What the button says that takes the typed path.
    #[prop(default = "Use")]
    take: &'static str,
    /// A path to begin with.
    #[prop(optional, into)]
    start: String,
    /// Holds what is typed, where the field is one of several of a form whose own button takes it: there is no button here.
    #[prop(optional)]
    typed: Option<RwSignal<String>>,
    #[prop(into)] on_path: TakePath,
) -> impl IntoView {
    let of_form = typed.is_some();
    let typed = typed.unwrap_or_else(|| RwSignal::new(start));
    let wrong = RwSignal::new(None::<String>);
    let id = next_id("path");
    let note = format!("{id}-wrong");
    let title = StoredValue::new(label.clone());
    let on_path = StoredValue::new_local(on_path);
    let use_typed = move || {
        let path = typed.get_untracked().trim().to_owned();
        if path.is_empty() {
            wrong.set(Some("Type a path, or choose one".into()));
            return;
        }
        let on_path = on_path.get_value();
        spawn_local(async move {
            match call::<String>(&ask("name_path", json!({ "path": path, "kind": kind }))).await {
                Ok(path) => {
                    wrong.try_set(None);
                    typed.try_set(path.clone());
                    (on_path.0)(path);
                }
                Err(failure) => {
                    let hint = failure.hint.map(|h| format!(". {h}")).unwrap_or_default();
                    wrong.try_set(Some(format!("{}{hint}", words::sentence(&failure.message))));
                }
            }
        });
    };
    let folder_too = kind == PathKind::FileOrFolder;
    let offered = StoredValue::new((name, extensions));
    let choose = move |kind: PathKind| {
        let on_path = on_path.get_value();
        let arguments = offered.with_value(|(name, extensions)| {
            json!({ "kind": kind, "title": title.get_value(), "name": name, "extensions": extensions })
        });
        spawn_local(async move {
            match call::<Option<String>>(&ask("choose_path", arguments)).await {
                Ok(Some(path)) => {
                    wrong.try_set(None);
                    typed.try_set(path.clone());
                    (on_path.0)(path);
                }
                Ok(None) => {}
                Err(failure) => {
                    wrong.try_set(Some(words::sentence(&failure.message)));
                }
            }
        });
    };
    view! {
        <div class="field whole">
            <label for=id.clone()>{label}</label>
            <div class="path-field">
                <input class="input" id=id type="text" autocomplete="off" spellcheck="false" aria-describedby=note.clone()
                    aria-invalid=move || wrong.get().is_some().to_string() prop:value=move || typed.get()
                    on:input=move |e| typed.set(event_target_value(&e))
                    on:keydown=move |e| if e.key() == "Enter" { e.prevent_default(); use_typed(); }/>
                {(!of_form).then(|| view! { <Button text=take kind=Kind::Secondary on_press=move |_| use_typed()/> })}
                <Button text="Choose…" icon=Icon::Folder on_press=move |_| choose(kind)/>
                // A desktop's dialog offers either files or folders.
                {folder_too.then(|| view! { <Button text="Choose a folder…" on_press=move |_| choose(PathKind::Folder)/> })}
            </div>
            <span class="wrong" id=note aria-live="polite">{move || wrong.get()}</span>
        </div>
    }
}
