//! Pictures of every screen in both themes, for the documentation: `cargo xtask screenshots`.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod window;

use std::path::PathBuf;
use window::{Theme, Window};

#[test]
#[ignore = "it writes into the documentation; `cargo xtask screenshots` runs it"]
fn every_screen_in_both_themes() {
    let folder =
        PathBuf::from(std::env::var_os("DRIFTGATE_SCREENSHOTS").expect("DRIFTGATE_SCREENSHOTS names a folder"));
    let Some(window) = Window::open() else { return };
    window.resize(1280, 800);
    let picture = |name: &str, theme: Theme| window.screenshot(&folder.join(format!("{name}-{}.png", theme.name())));
    for theme in Theme::ALL {
        window.set_theme(theme);
        window.wait_named("button", "Open the demo");
        picture("welcome", theme);
    }
    window.open_demo();
    for theme in Theme::ALL {
        window.go("/");
        window.set_theme(theme);
        window.wait_for("nav.side");
        for screen in window.screens() {
            window.show(&screen);
            picture(screen.name, theme);
        }
        window.go("/");
        window.press("ctrl+k");
        window.wait_for("dialog.palette");
        picture("palette", theme);
        window.press("Escape");
    }
}
