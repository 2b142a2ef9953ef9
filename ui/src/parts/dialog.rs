use super::controls::{Button, Kind, next_id};
use super::icon::Icon;
use leptos::prelude::*;

/// A dialog in front of everything: the browser keeps the focus inside, Escape closes it, and the focus returns to where it was.
///
/// It is there while `open` is true; `on_close` is called when the person closes it.
#[component]
pub fn Dialog(
    #[prop(into)] title: Signal<String>,
    #[prop(into)] open: Signal<bool>,
    on_close: impl Fn() + Copy + Send + Sync + 'static,
    #[prop(optional)] wide: bool,
    #[prop(optional)] class: &'static str,
    /// The buttons below, from left to right; the last is the one to press.
    #[prop(optional, into)]
    footer: ViewFn,
    children: ChildrenFn,
) -> impl IntoView {
    let title_id = next_id("dialog");
    let children = StoredValue::new(children);
    let footer = StoredValue::new(footer);
    let class = format!("{}{class}", if wide { "wide " } else { "" });
    view! {
        <Show when=move || open.get()>
            <Modal title=title title_id=title_id.clone() class=class.clone() on_close=on_close footer=footer.get_value()>
                {children.with_value(|c| c())}
            </Modal>
        </Show>
    }
}

#[component]
fn Modal(
    title: Signal<String>,
    title_id: String,
    class: String,
    on_close: impl Fn() + Copy + Send + Sync + 'static,
    footer: ViewFn,
    children: Children,
) -> impl IntoView {
    let element: NodeRef<leptos::html::Dialog> = NodeRef::new();
    let labelled_by = title_id.clone();
    let before = web_sys::window().and_then(|w| w.document()).and_then(|d| d.active_element());
    Effect::new(move |_| {
        if let Some(dialog) = element.get()
            && !dialog.open()
        {
            let _ = dialog.show_modal();
        }
    });
    let before = StoredValue::new_local(before);
    on_cleanup(move || {
        use wasm_bindgen::JsCast;
        let element = before.try_get_value().flatten().and_then(|e| e.dyn_into::<web_sys::HtmlElement>().ok());
        if let Some(element) = element {
            let _ = element.focus();
        }
    });
    view! {
        <dialog node_ref=element class=class aria-labelledby=labelled_by
            on:cancel=move |e: leptos::ev::Event| { e.prevent_default(); on_close(); }>
            <header>
                <h2 id=title_id>{move || title.get()}</h2>
                <Button text="Close" icon=Icon::Cross icon_only=true kind=Kind::Plain on_press=move |_| on_close()/>
            </header>
            <div class="inside">{children()}</div>
            <footer>{footer.run()}</footer>
        </dialog>
    }
}
