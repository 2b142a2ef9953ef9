use super::icon::{Icon, IconSvg};
use leptos::ev::MouseEvent;
use leptos::prelude::*;

/// How much a button matters.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Kind {
    /// The one thing to do here.
    Primary,
    /// Any other.
    #[default]
    Secondary,
    /// It changes what serves, or refuses.
    Danger,
    /// A small one in a row of others.
    Plain,
}

impl Kind {
    fn class(self) -> &'static str {
        match self {
            Kind::Primary => "button primary",
            Kind::Secondary => "button",
            Kind::Danger => "button danger",
            Kind::Plain => "button plain",
        }
    }
}

/// What a button does. One type for all: the button is compiled once, and not for each thing that one does.
pub struct Press(Box<dyn Fn(MouseEvent)>);

impl<F: Fn(MouseEvent) + 'static> From<F> for Press {
    fn from(act: F) -> Press {
        Press(Box::new(act))
    }
}

/// A button with an icon before its text. One that shows its icon only has its text as its name.
#[component]
pub fn Button(
    #[prop(into)] text: Signal<String>,
    #[prop(into)] on_press: Press,
    #[prop(optional)] kind: Kind,
    #[prop(optional)] icon: Option<Icon>,
    #[prop(optional)] icon_only: bool,
    #[prop(optional)] large: bool,
    #[prop(optional, into)] disabled: Signal<bool>,
) -> impl IntoView {
    let class =
        format!("{}{}{}", kind.class(), if icon_only { " icon" } else { "" }, if large { " large" } else { "" });
    view! {
        <button type="button" class=class disabled=move || disabled.get() on:click=move |e| (on_press.0)(e)
            aria-label=move || icon_only.then(|| text.get()) title=move || icon_only.then(|| text.get())>
            {icon.map(|icon| view! { <IconSvg icon=icon/> })}
            {move || (!icon_only).then(|| text.get())}
        </button>
    }
}

/// A number that no other element of the page has.
pub(super) fn next_id(what: &str) -> String {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(1);
    format!("{what}-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// A line of text with its label; `wrong` says what is wrong with it.
#[component]
pub fn TextField(
    #[prop(into)] label: String,
    value: RwSignal<String>,
    #[prop(optional, into)] help: Option<String>,
    #[prop(optional, into)] placeholder: String,
    #[prop(optional, into)] wrong: Signal<Option<String>>,
    #[prop(optional, into)] required: bool,
) -> impl IntoView {
    let id = next_id("field");
    let (note, help_id) = (format!("{id}-wrong"), format!("{id}-help"));
    let described = format!("{note} {help_id}");
    view! {
        <div class="field">
            <label for=id.clone()>{label}</label>
            <input class="input" id=id type="text" placeholder=placeholder aria-describedby=described aria-required=required.to_string()
                aria-invalid=move || wrong.get().is_some().to_string() autocomplete="off" spellcheck="false"
                prop:value=move || value.get() on:input=move |e| value.set(event_target_value(&e))/>
            <span class="wrong" id=note aria-live="polite">{move || wrong.get()}</span>
            <span class="help" id=help_id>{help}</span>
        </div>
    }
}

/// Several lines of text with their label; `code` is set in a fixed width.
#[component]
pub fn TextArea(
    #[prop(into)] label: String,
    value: RwSignal<String>,
    #[prop(optional, into)] help: Option<String>,
    #[prop(optional, into)] wrong: Signal<Option<String>>,
    #[prop(optional)] code: bool,
    #[prop(default = 3)] rows: u32,
) -> impl IntoView {
    let id = next_id("text");
    let note = format!("{id}-wrong");
    let class = if code { "textarea code" } else { "textarea" };
    view! {
        <div class="field">
            <label for=id.clone()>{label}</label>
            <textarea class=class id=id rows=rows.to_string() aria-describedby=note.clone() spellcheck=(!code).to_string()
                aria-invalid=move || wrong.get().is_some().to_string()
                prop:value=move || value.get() on:input=move |e| value.set(event_target_value(&e))></textarea>
            <span class="wrong" id=note aria-live="polite">{move || wrong.get()}</span>
            <span class="help">{help}</span>
        </div>
    }
}

/// One of several choices: each a value and what it is called.
#[component]
pub fn Pick(
    #[prop(into)] label: String,
    value: RwSignal<String>,
    #[prop(into)] choices: Signal<Vec<(String, String)>>,
    /// The label is heard and not seen: a filter above a table.
    #[prop(optional)]
    quiet: bool,
    #[prop(optional, into)] help: Option<String>,
) -> impl IntoView {
    let id = next_id("pick");
    view! {
        <div class="field">
            <label for=id.clone() class=if quiet { "heard" } else { "" }>{label}</label>
            <select class="select" id=id prop:value=move || value.get() on:change=move |e| value.set(event_target_value(&e))>
                {move || choices.get().into_iter().map(|(key, text)| {
                    let chosen = key == value.get();
                    view! { <option value=key selected=chosen>{text}</option> }
                }).collect_view()}
            </select>
            {help.map(|help| view! { <span class="help">{help}</span> })}
        </div>
    }
}

/// Yes or no.
#[component]
pub fn Check(
    #[prop(into)] label: String,
    value: RwSignal<bool>,
    #[prop(optional, into)] help: Option<String>,
) -> impl IntoView {
    let id = next_id("check");
    view! {
        <div class="check">
            <input type="checkbox" id=id.clone() prop:checked=move || value.get() on:change=move |e| value.set(event_target_checked(&e))/>
            <div>
                <label for=id>{label}</label>
                {help.map(|help| view! { <div class="faint small">{help}</div> })}
            </div>
        </div>
    }
}

/// Tabs over one place: each a key and a name. Arrow keys move between them.
#[component]
pub fn Tabs(
    #[prop(into)] label: String,
    tabs: Vec<(&'static str, &'static str)>,
    chosen: RwSignal<String>,
) -> impl IntoView {
    let keys: Vec<&'static str> = tabs.iter().map(|t| t.0).collect();
    let list: NodeRef<leptos::html::Div> = NodeRef::new();
    let step = move |by: isize| {
        let at = keys.iter().position(|k| chosen.with(|c| c == k)).unwrap_or(0) as isize;
        let next = (at + by).rem_euclid(keys.len().max(1) as isize) as usize;
        if let Some(key) = keys.get(next) {
            chosen.set((*key).to_owned());
        }
        if let Some(list) = list.get() {
            use wasm_bindgen::JsCast;
            let tab = list.children().item(next as u32).and_then(|e| e.dyn_into::<web_sys::HtmlElement>().ok());
            if let Some(tab) = tab {
                let _ = tab.focus();
            }
        }
    };
    view! {
        <div class="tabs" role="tablist" aria-label=label node_ref=list
            on:keydown=move |e| match e.key().as_str() {
                "ArrowRight" => { e.prevent_default(); step(1); }
                "ArrowLeft" => { e.prevent_default(); step(-1); }
                _ => {}
            }>
            {tabs.into_iter().map(|(key, name)| {
                let is = move || chosen.with(|c| c == key);
                view! {
                    <button type="button" role="tab" aria-selected=move || is().to_string()
                        tabindex=move || if is() { "0" } else { "-1" } on:click=move |_| chosen.set(key.to_owned())>
                        {name}
                    </button>
                }
            }).collect_view()}
        </div>
    }
}
