//! axe-core finds nothing on any screen, in either theme; every screen fits the smallest window; and a person without a mouse decides about a model.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod window;

use window::Window;

#[test]
fn axe_finds_nothing_on_any_screen_in_either_theme_and_all_fit_the_smallest_window() {
    let Some(window) = Window::open() else { return };
    // Something that does not fit is found, or the silence below proves nothing.
    let probe = "const b = document.createElement('button'); b.id = 'probe'; b.textContent = 'Too far';
        Object.assign(b.style, { position: 'absolute', left: '840px', width: '90px' }); document.body.append(b)";
    window.js(probe, Vec::new());
    let seen = window.spills();
    assert!(seen.iter().any(|line| line.contains("Too far")), "{seen:?}");
    window.js("document.getElementById('probe').remove()", Vec::new());
    let (mut found, mut spilt) = (Vec::new(), Vec::new());
    window.every_screen(|name, theme| {
        let at = |line: String| format!("{name}, {}: {line}", theme.name());
        window.resize(1280, 860);
        found.extend(window.axe().into_iter().map(at));
        spilt.extend(window.spills().into_iter().map(at));
    });
    assert!(found.is_empty(), "axe-core found:\n{}", found.join("\n"));
    assert!(spilt.is_empty(), "in the smallest window:\n{}", spilt.join("\n"));
}

#[test]
fn the_keyboard_alone_opens_the_demo_and_approves() {
    let Some(window) = Window::open() else { return };
    window.wait_named("button", "Open the demo");
    window.tab_to("button", "Open the demo");
    window.press("Enter");
    window.wait_named_within("link", "Registry", window::WORK);
    // The palette leads to what waits.
    window.press("ctrl+k");
    window.wait_for("dialog.palette");
    window.type_text("overview");
    window.press("Enter");
    window.wait_gone("dialog");
    window.tab_to("link", "Review and decide");
    window.press("Enter");
    window.wait_text("dialog", "becomes Production");
    window.wait_within(window::WORK, "the reason has the focus", || {
        window.focused().starts_with("textbox Reason").then_some(())
    });
    window.type_text("Every rule holds");
    assert_eq!(window.value_of("Reason"), "Every rule holds");
    window.tab_to("button", "Approve");
    window.press("Enter");
    window.wait_gone("dialog");
    window.wait_text(".toasts", "in Production");
    // Keys lead to a place, and through a table.
    window.press("g");
    window.press("r");
    window.wait_text("main h1", "Runs");
    window.wait_for(".grid tr.line");
    window.tab_to("row", "");
    window.press("ArrowDown");
    window.press("Enter");
    window.wait_for("aside.detail");
}
