//! Keys: Ctrl or Cmd with K, `?`, and `g` followed by a letter.

use crate::nav::PLACES;
use crate::parts::Dialog;
use crate::store::{Layer, store};
use leptos::ev::KeyboardEvent;
use leptos::prelude::*;
use leptos_router::hooks::use_navigate;
use wasm_bindgen::JsCast;

/// Whether keys go into a field rather than to the window.
fn typing(e: &KeyboardEvent) -> bool {
    let Some(element) = e.target().and_then(|t| t.dyn_into::<web_sys::Element>().ok()) else { return false };
    matches!(element.tag_name().as_str(), "INPUT" | "TEXTAREA" | "SELECT") && {
        let kind = element.get_attribute("type").unwrap_or_default();
        kind != "checkbox" && kind != "radio"
    }
}

/// Hears the keys of the window.
pub fn listen() {
    let store = store();
    let go = use_navigate();
    let waiting = StoredValue::new(false);
    let handle = window_event_listener(leptos::ev::keydown, move |e| {
        let with_command = e.ctrl_key() || e.meta_key();
        if with_command && !e.alt_key() && e.key().eq_ignore_ascii_case("k") {
            e.prevent_default();
            let open = store.layer.get_untracked() == Some(Layer::Palette);
            store.layer.set((!open).then_some(Layer::Palette));
            return;
        }
        let open = store.state.with_untracked(|s| s.as_ref().is_some_and(|s| s.workspace.is_some()));
        let allowed = store.state.with_untracked(|s| s.as_ref().is_none_or(|s| s.settings.single_keys));
        if with_command || e.alt_key() || !allowed || typing(&e) || store.layer.get_untracked().is_some() {
            return;
        }
        let key = e.key();
        if waiting.get_value() {
            waiting.set_value(false);
            let place = PLACES.iter().find(|p| key.len() == 1 && key.starts_with(p.key));
            if let Some(place) = place.filter(|_| open) {
                e.prevent_default();
                go(place.route, Default::default());
            }
            return;
        }
        match key.as_str() {
            "?" => store.layer.set(Some(Layer::Shortcuts)),
            "g" => {
                waiting.set_value(true);
                set_timeout(
                    move || {
                        waiting.try_set_value(false);
                    },
                    std::time::Duration::from_millis(1500),
                );
            }
            "j" if open => store.tray.update(|t| *t = !*t),
            "/" => {
                let field = web_sys::window()
                    .and_then(|w| w.document())
                    .and_then(|d| d.query_selector("[data-filter]").ok().flatten())
                    .and_then(|f| f.dyn_into::<web_sys::HtmlElement>().ok());
                if let Some(field) = field {
                    e.prevent_default();
                    let _ = field.focus();
                }
            }
            _ => {}
        }
    });
    on_cleanup(move || handle.remove());
}

/// The list of shortcuts.
#[component]
pub fn Shortcuts() -> impl IntoView {
    let store = store();
    let rows = || {
        let mut rows = vec![
            ("Ctrl K".to_owned(), "Commands, places, models and data sets".to_owned()),
            ("?".into(), "This list".into()),
            ("/".into(), "Into the filter of a table".into()),
            ("j".into(), "Jobs".into()),
            ("↑ ↓ Page Up Page Down Home End".into(), "Through a table".into()),
            ("Enter".into(), "Show the row beside the table".into()),
            ("Space".into(), "Mark the row".into()),
            ("Esc".into(), "Close what is in front".into()),
        ];
        rows.extend(PLACES.iter().map(|p| (format!("g {}", p.key), p.name.to_owned())));
        rows
    };
    view! {
        <Dialog title="Shortcuts" open=Signal::derive(move || store.layer.get() == Some(Layer::Shortcuts)) on_close=move || store.layer.set(None)>
            <table class="table">
                <thead><tr><th scope="col">"Keys"</th><th scope="col">"What they do"</th></tr></thead>
                <tbody>
                    {rows().into_iter().map(|(keys, what)| view! {
                        <tr>
                            <td><span class="row wrap">{keys.split(' ').map(|k| view! { <kbd>{k.to_owned()}</kbd> }).collect_view()}</span></td>
                            <td>{what}</td>
                        </tr>
                    }).collect_view()}
                </tbody>
            </table>
            <p class="faint small">"Single keys can be turned off in the settings"</p>
        </Dialog>
    }
}
