//! Light, dark, or as the desktop says.

use driftgate_model::views::Theme;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;

/// The theme of that name; the desktop's where there is none.
pub fn named(name: &str) -> Theme {
    match name {
        "light" => Theme::Light,
        "dark" => Theme::Dark,
        _ => Theme::System,
    }
}

/// The name of a theme.
pub fn name(theme: Theme) -> &'static str {
    match theme {
        Theme::System => "system",
        Theme::Light => "light",
        Theme::Dark => "dark",
    }
}

/// Shows the page in that theme.
pub fn apply(theme: Theme) {
    let Some(window) = web_sys::window() else { return };
    let dark = match theme {
        Theme::Dark => true,
        Theme::Light => false,
        Theme::System => desktop_is_dark(&window),
    };
    if let Some(root) = window.document().and_then(|d| d.document_element()) {
        let _ = root.set_attribute("data-theme", if dark { "dark" } else { "light" });
        let _ = root.set_attribute("data-theme-choice", name(theme));
    }
}

fn desktop_is_dark(window: &web_sys::Window) -> bool {
    window.match_media("(prefers-color-scheme: dark)").ok().flatten().is_some_and(|m| m.matches())
}

/// Follows the desktop for as long as the page lives.
pub fn follow_desktop(choice: impl Fn() -> Theme + 'static) {
    let Some(Ok(Some(query))) = web_sys::window().map(|w| w.match_media("(prefers-color-scheme: dark)")) else {
        return;
    };
    let handler = Closure::<dyn Fn()>::new(move || apply(choice()));
    let _ = query.add_event_listener_with_callback("change", handler.as_ref().unchecked_ref());
    handler.forget();
}
