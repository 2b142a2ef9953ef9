//! What a person does in a page: find by role and name, click, type, read.

use super::{PATIENCE, Window, keys};
use fantoccini::elements::{Element, ElementRef};
use fantoccini::key::Key;
use serde_json::{Value, json};
use std::time::Duration;

/// Finding by role and name; in front of every script that does.
const PAGE: &str = include_str!("page.js");

/// How WebDriver writes an element in JSON.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// Light or dark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Theme {
    Light,
    Dark,
}

impl Theme {
    /// Both.
    pub const ALL: [Theme; 2] = [Theme::Light, Theme::Dark];

    /// Its name in settings and file names.
    pub fn name(self) -> &'static str {
        match self {
            Theme::Light => "light",
            Theme::Dark => "dark",
        }
    }
}

impl Window {
    /// Runs a script that may ask for `role`, `name`, `visible` and `named` of page.js.
    fn page(&self, script: &str, args: Vec<Value>) -> Result<Value, String> {
        self.try_js(&format!("{PAGE}\n{script}"), args)
    }

    fn element(&self, value: &Value) -> Option<Element> {
        let id = value.get(ELEMENT)?.as_str()?.to_string();
        Some(Element::from_element_id(self.client.clone()?, ElementRef::from(id)))
    }

    /// Waits for a visible element.
    pub fn wait_for(&self, css: &str) -> Element {
        self.wait_for_within(css, PATIENCE)
    }

    /// As [`Window::wait_for`], with another patience.
    pub fn wait_for_within(&self, css: &str, patience: Duration) -> Element {
        let script = "return [...document.querySelectorAll(arguments[0])].find(visible) || null";
        self.wait_within(patience, &format!("`{css}` is visible"), || {
            self.element(&self.page(script, vec![json!(css)]).ok()?)
        })
    }

    /// Waits until no such element is visible any more.
    pub fn wait_gone(&self, css: &str) {
        let script = "return ![...document.querySelectorAll(arguments[0])].some(visible)";
        self.wait_within(PATIENCE, &format!("`{css}` is gone"), || {
            (self.page(script, vec![json!(css)]) == Ok(json!(true))).then_some(())
        });
    }

    /// Waits for the element of a role and accessible name: of several, the first; a name may be cut short at its end.
    pub fn wait_named(&self, role: &str, name: &str) -> Element {
        self.wait_named_within(role, name, PATIENCE)
    }

    /// As [`Window::wait_named`], with another patience.
    pub fn wait_named_within(&self, role: &str, name: &str, patience: Duration) -> Element {
        let script = "return named(arguments[0], arguments[1])[0] || null";
        self.wait_within(patience, &format!("there is the {role} “{name}”"), || {
            self.element(&self.page(script, vec![json!(role), json!(name)]).ok()?)
        })
    }

    /// Waits until there is no such element any more.
    pub fn wait_unnamed(&self, role: &str, name: &str) {
        self.wait_within(PATIENCE, &format!("the {role} “{name}” is gone"), || {
            (!self.has_named(role, name)).then_some(())
        });
    }

    /// Whether there is a visible element of a role and name now.
    pub fn has_named(&self, role: &str, name: &str) -> bool {
        let script = "return named(arguments[0], arguments[1]).length > 0";
        self.page(script, vec![json!(role), json!(name)]) == Ok(json!(true))
    }

    /// The names of all visible elements of a role.
    pub fn names(&self, role: &str) -> Vec<String> {
        strings(&self.page("return named(arguments[0], '').map(name)", vec![json!(role)]).unwrap_or_default())
    }

    /// Clicks what has this role and name, once it can be clicked.
    pub fn click_named(&self, role: &str, name: &str) {
        self.click(&format!("the {role} “{name}”"), || self.wait_named(role, name));
    }

    /// Clicks a visible element.
    pub fn click_css(&self, css: &str) {
        self.click(&format!("`{css}`"), || self.wait_for(css));
    }

    /// Clicks; an element that was drawn anew, covered or disabled in between is looked for again.
    fn click(&self, what: &str, find: impl Fn() -> Element) {
        let last = std::cell::RefCell::new(String::new());
        let done = self.wait_or(PATIENCE, || {
            let element = find();
            let enabled = self.block(async |_| element.is_enabled().await).unwrap_or(false);
            let waits = self.block(async |_| element.attr("aria-disabled").await).ok().flatten();
            if !enabled || waits.as_deref() == Some("true") {
                *last.borrow_mut() = "it is disabled".into();
                return None;
            }
            let clicked = self.block(async |_| element.click().await);
            clicked.map_err(|e| *last.borrow_mut() = format!("{e:?}")).ok()
        });
        if done.is_none() {
            self.fail(&format!("{what} cannot be clicked: {}", last.borrow()));
        }
    }

    /// Types into the field of that label, in place of what is in it.
    pub fn type_into(&self, label: &str, text: &str) {
        self.wait_within(PATIENCE, &format!("the field “{label}” takes text"), || {
            let field = self.wait_named("editable", label);
            self.block(async |_| {
                field.clear().await.ok()?;
                field.send_keys(text).await.ok()
            })
        });
    }

    /// What stands in the field of that label.
    pub fn value_of(&self, label: &str) -> String {
        let field = self.wait_named("editable", label);
        self.block(async |_| field.prop("value").await).ok().flatten().unwrap_or_default()
    }

    /// Chooses the option of that text in the list of that label.
    pub fn choose(&self, label: &str, option: &str) {
        let list = self.wait_named("combobox", label);
        let done = self.block(async |_| list.select_by_label(option).await);
        done.unwrap_or_else(|e| self.fail(&format!("“{label}” has no option “{option}”: {e}")));
    }

    /// The text of the first visible element, as a person reads it.
    pub fn text(&self, css: &str) -> String {
        let element = self.wait_for(css);
        self.block(async |_| element.text().await).unwrap_or_default()
    }

    /// The texts of all visible elements.
    pub fn texts(&self, css: &str) -> Vec<String> {
        let script =
            "return [...document.querySelectorAll(arguments[0])].filter(visible).map(el => tidy(el.innerText))";
        strings(&self.page(script, vec![json!(css)]).unwrap_or_default())
    }

    /// Waits until an element's text holds these words; gives back the whole text.
    pub fn wait_text(&self, css: &str, words: &str) -> String {
        self.wait_text_within(css, words, PATIENCE)
    }

    /// As [`Window::wait_text`], with another patience.
    pub fn wait_text_within(&self, css: &str, words: &str, patience: Duration) -> String {
        self.wait_within(patience, &format!("`{css}` says “{words}”"), || {
            self.texts(css).into_iter().find(|text| text.contains(words))
        })
    }

    /// Whether the page shows these words now.
    pub fn shows(&self, words: &str) -> bool {
        self.texts("body").iter().any(|text| text.contains(words))
    }

    /// The address of the page within the window: `/runs?model=iris`.
    pub fn route(&self) -> String {
        self.js("return location.pathname + location.search", Vec::new()).as_str().unwrap_or_default().to_string()
    }

    /// Goes to an address within the window without loading the page anew, as its links do.
    pub fn go(&self, route: &str) {
        let script = "history.pushState(null, '', arguments[0]); dispatchEvent(new PopStateEvent('popstate'))";
        self.js(script, vec![json!(route)]);
    }

    /// Role and name of what has the focus: `button Approve…`.
    pub fn focused(&self) -> String {
        let script = "const el = document.activeElement; return el === document.body ? '' : role(el) + ' ' + name(el)";
        self.page(script, Vec::new()).ok().and_then(|v| v.as_str().map(str::to_string)).unwrap_or_default()
    }

    /// Presses Tab until this role and name have the focus; gives back how often. Fails where the keyboard never gets there.
    pub fn tab_to(&self, role: &str, name: &str) -> usize {
        let wanted = format!("{role} {name}");
        let mut seen = Vec::new();
        for presses in 0..200 {
            let focused = self.focused();
            if focused.starts_with(&wanted) {
                return presses;
            }
            seen.push(focused);
            self.press("Tab");
        }
        self.fail(&format!("Tab never gets to {wanted}; it went through {seen:?}"));
    }

    /// Presses keys together, as `ctrl+k`, `shift+Tab`, `Escape` or `?`.
    pub fn press(&self, chord: &str) {
        let actions = keys::chord(chord);
        self.block(async |client| client.perform_actions(actions).await).unwrap();
        self.block(async |client| client.release_actions().await).unwrap();
    }

    /// Types keys into whatever has the focus.
    pub fn type_text(&self, text: &str) {
        for key in text.chars() {
            self.press(&key.to_string());
        }
    }

    /// Presses Enter.
    pub fn enter(&self) {
        self.block(async |client| client.active_element().await?.send_keys(&Key::Enter.to_string()).await).unwrap();
    }

    /// Sets the theme as the settings do, and loads the page anew with it.
    pub fn set_theme(&self, theme: Theme) {
        let state = self.invoke("state", json!({})).unwrap_or_else(|e| self.fail(&format!("no state: {e}")));
        let mut settings = state["settings"].clone();
        settings["theme"] = json!(theme.name());
        let saved = self.invoke("save_settings", json!({ "settings": settings }));
        saved.unwrap_or_else(|e| self.fail(&format!("the theme is not taken: {e}")));
        self.reload();
    }
}

fn strings(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(|v| v.as_str().map(str::to_string)).collect()
}
