//! Pictures of every screen in both themes, for the documentation: `cargo xtask screenshots`.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod window;

use std::path::PathBuf;
use std::time::Duration;
use window::{Theme, Window};

/// Every screen of an open workspace: its address, and the name of its picture. A new screen is a new line.
const SCREENS: [(&str, &str); 8] = [
    ("/", "overview"),
    ("/data", "data"),
    ("/runs", "runs"),
    ("/registry", "registry"),
    ("/drift", "drift"),
    ("/serving", "serving"),
    ("/audit", "audit"),
    ("/settings", "settings"),
];

/// The demo is made by a real run of the engine, in a build that is not optimised.
const DEMO: Duration = Duration::from_secs(300);

#[test]
#[ignore = "it writes into the documentation; `cargo xtask screenshots` runs it"]
fn every_screen_in_both_themes() {
    let folder =
        PathBuf::from(std::env::var_os("DRIFTGATE_SCREENSHOTS").expect("DRIFTGATE_SCREENSHOTS names a folder"));
    let Some(window) = Window::open() else { return };
    window.resize(1280, 800);
    let picture = |name: &str, theme: Theme| {
        window.wait_for("main h1");
        window.wait_until("nothing is loading", "return !document.querySelector('[aria-busy=\"true\"]')");
        window.screenshot(&folder.join(format!("{name}-{}.png", theme.name())));
    };
    for theme in Theme::ALL {
        window.set_theme(theme);
        window.wait_named("button", "Open the demo");
        picture("welcome", theme);
    }
    window.click_named("button", "Open the demo");
    window.wait_named_within("link", "Overview", DEMO);
    for theme in Theme::ALL {
        window.set_theme(theme);
        for (route, name) in SCREENS {
            window.go(route);
            picture(name, theme);
        }
    }
}
