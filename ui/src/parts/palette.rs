use crate::bridge::{ask, call};
use crate::nav::PLACES;
use crate::parts::{Icon, IconSvg};
use crate::store::{Layer, store};
use crate::theme;
use driftgate_model::DatasetRow;
use driftgate_model::views::{ConfigList, ModelList, Theme};
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::hooks::use_navigate;
use serde_json::json;

/// What an entry of the palette does.
#[derive(Debug, Clone, PartialEq)]
enum Does {
    Go(String),
    Layer(Layer),
    Close,
    Theme(Theme),
}

#[derive(Debug, Clone, PartialEq)]
struct Entry {
    text: String,
    group: &'static str,
    icon: Icon,
    does: Does,
}

fn entry(text: impl Into<String>, group: &'static str, icon: Icon, does: Does) -> Entry {
    Entry { text: text.into(), group, icon, does }
}

fn standing(open: bool) -> Vec<Entry> {
    let mut all = Vec::new();
    if open {
        all.extend(PLACES.iter().map(|p| entry(p.name, "Go to", p.icon, Does::Go(p.route.into()))));
        all.push(entry("Import a data set…", "Do", Icon::Plus, Does::Go("/datasets?import=1".into())));
        all.push(entry("Start a run…", "Do", Icon::Play, Does::Go("/runs?start=1".into())));
        all.push(entry("Check a batch for drift…", "Do", Icon::Wave, Does::Go("/drift".into())));
        all.push(entry("Verify the ledger", "Do", Icon::Seal, Does::Go("/audit?verify=1".into())));
        all.push(entry("Close the workspace", "Workspace", Icon::Cross, Does::Close));
    }
    all.push(entry("Open a workspace…", "Workspace", Icon::Folder, Does::Layer(Layer::OpenWorkspace)));
    all.push(entry("New workspace…", "Workspace", Icon::Plus, Does::Layer(Layer::NewWorkspace)));
    all.push(entry("Light theme", "Look", Icon::Sliders, Does::Theme(Theme::Light)));
    all.push(entry("Dark theme", "Look", Icon::Sliders, Does::Theme(Theme::Dark)));
    all.push(entry("Theme of the desktop", "Look", Icon::Sliders, Does::Theme(Theme::System)));
    all.push(entry("Shortcuts", "Help", Icon::Question, Does::Layer(Layer::Shortcuts)));
    all
}

/// Whether every word of `typed` is in `text`, whatever their order.
fn fits(text: &str, typed: &str) -> bool {
    let text = text.to_lowercase();
    typed.to_lowercase().split_whitespace().all(|word| text.contains(word))
}

/// The command palette: type, arrow to it, Enter.
#[component]
pub fn Palette() -> impl IntoView {
    let store = store();
    view! {
        <Show when=move || store.layer.get() == Some(Layer::Palette)>
            <Opened/>
        </Show>
    }
}

#[component]
fn Opened() -> impl IntoView {
    let store = store();
    let go = use_navigate();
    let typed = RwSignal::new(String::new());
    let at = RwSignal::new(0usize);
    let open = store.state.with_untracked(|s| s.as_ref().is_some_and(|s| s.workspace.is_some()));
    let entries = RwSignal::new(standing(open));
    if open {
        spawn_local(async move {
            if let Ok(list) = call::<ModelList>(&ask("models", json!({}))).await {
                let named = list.models.into_iter().flat_map(|m| {
                    let name = m.name.to_string();
                    [
                        entry(name.clone(), "Model", Icon::Stack, Does::Go(format!("/registry/{name}"))),
                        entry(format!("Drift of {name}"), "Model", Icon::Wave, Does::Go(format!("/drift/{name}"))),
                    ]
                });
                entries.try_update(|all| all.extend(named));
            }
            if let Ok(sets) = call::<Vec<DatasetRow>>(&ask("datasets", json!({}))).await {
                let named = sets
                    .into_iter()
                    .map(|d| entry(d.name.clone(), "Data set", Icon::Table, Does::Go(format!("/datasets/{}", d.name))));
                entries.try_update(|all| all.extend(named));
            }
            if let Ok(list) = call::<ConfigList>(&ask("configs", json!({}))).await {
                let named = list.configs.into_iter().map(|c| {
                    entry(
                        format!("Run {}", c.path),
                        "Config",
                        Icon::Play,
                        Does::Go(format!("/runs?start={}", js_sys::encode_uri_component(&c.path))),
                    )
                });
                entries.try_update(|all| all.extend(named));
            }
        });
    }
    let found = Memo::new(move |_| {
        let typed = typed.get();
        entries.with(|all| {
            all.iter()
                .filter(|e| fits(&format!("{} {}", e.text, e.group), &typed))
                .take(50)
                .cloned()
                .collect::<Vec<_>>()
        })
    });
    let close = move || store.layer.set(None);
    let go = StoredValue::new(go);
    let perform = move |entry: &Entry| {
        close();
        match &entry.does {
            Does::Go(route) => go.with_value(|go| go(route, Default::default())),
            Does::Layer(layer) => store.layer.set(Some(*layer)),
            Does::Close => store.close_workspace(),
            Does::Theme(choice) => {
                theme::apply(*choice);
                let mut settings = store.settings();
                settings.theme = *choice;
                store.keep(settings);
            }
        }
    };
    let on_key = move |e: leptos::ev::KeyboardEvent| {
        let all = found.with_untracked(Vec::len);
        match e.key().as_str() {
            "ArrowDown" => at.update(|i| *i = if all == 0 { 0 } else { (*i + 1) % all }),
            "ArrowUp" => at.update(|i| *i = if all == 0 { 0 } else { (*i + all - 1) % all }),
            "Enter" => {
                if let Some(entry) = found.with_untracked(|f| f.get(at.get_untracked()).cloned()) {
                    perform(&entry);
                }
            }
            _ => return,
        }
        e.prevent_default();
        let chosen = web_sys::window()
            .and_then(|w| w.document())
            .and_then(|d| d.get_element_by_id(&format!("palette-{}", at.get_untracked())));
        if let Some(chosen) = chosen {
            let options = web_sys::ScrollIntoViewOptions::new();
            options.set_block(web_sys::ScrollLogicalPosition::Nearest);
            chosen.scroll_into_view_with_scroll_into_view_options(&options);
        }
    };
    let dialog: NodeRef<leptos::html::Dialog> = NodeRef::new();
    Effect::new(move |_| {
        if let Some(dialog) = dialog.get()
            && !dialog.open()
        {
            let _ = dialog.show_modal();
        }
    });
    view! {
        <dialog class="palette" aria-label="Commands" node_ref=dialog on:cancel=move |e: leptos::ev::Event| { e.prevent_default(); close(); }
            on:click=move |e| {
                // A click beside it: on the dialog's own veil.
                use wasm_bindgen::JsCast;
                let on_veil = e.target().and_then(|t| t.dyn_into::<web_sys::HtmlDialogElement>().ok()).is_some();
                if on_veil { close(); }
            }>
            <input class="input" type="text" role="combobox" aria-label="Type a command, a place, a model or a data set"
                placeholder="Type a command, a place, a model or a data set" aria-expanded="true" aria-controls="palette-list"
                aria-activedescendant=move || format!("palette-{}", at.get()) autofocus autocomplete="off" spellcheck="false"
                prop:value=move || typed.get() on:input=move |e| { typed.set(event_target_value(&e)); at.set(0); } on:keydown=on_key/>
            <div role="listbox" id="palette-list" aria-label="Commands">
                {move || found.get().into_iter().enumerate().map(|(i, e)| {
                    let shown = e.clone();
                    view! {
                        <div role="option" id=format!("palette-{i}") aria-selected=move || (at.get() == i).to_string()
                            on:mousemove=move |_| if at.get_untracked() != i { at.set(i) } on:click=move |_| perform(&e)>
                            <IconSvg icon=shown.icon/><span class="cut">{shown.text.clone()}</span><span class="where">{shown.group}</span>
                        </div>
                    }
                }).collect_view()}
            </div>
            <Show when=move || found.with(Vec::is_empty)><p class="none">"Nothing is called that"</p></Show>
        </dialog>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_in_any_order() {
        assert!(fits("Check a batch for drift… Do", "drift batch"));
        assert!(fits("Runs Go to", ""));
        assert!(!fits("Runs Go to", "rust"));
    }

    #[test]
    fn without_a_workspace_only_what_works_is_offered() {
        assert!(standing(false).iter().all(|e| !matches!(e.does, Does::Go(_) | Does::Close)));
        assert!(standing(true).len() > standing(false).len());
    }
}
