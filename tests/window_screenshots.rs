//! Pictures of every screen in both themes, for the documentation: `cargo xtask screenshots`.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod window;

use serde_json::{Value, json};
use std::path::PathBuf;
use std::time::Duration;
use window::{Theme, Window};

/// Every screen of an open workspace: its address, and the name of its picture. A new screen is a new line. What stands in
/// braces is taken from the demo: a data set, a model, its check that raised the alarm, a run, and two runs to compare.
const SCREENS: [(&str, &str); 13] = [
    ("/", "overview"),
    ("/datasets", "datasets"),
    ("/datasets/{dataset}", "dataset"),
    ("/runs", "runs"),
    ("/runs/{run}", "run"),
    ("/runs/compare?ids={runs}", "compare"),
    ("/registry", "registry"),
    ("/registry/{model}", "model"),
    ("/drift/{model}", "drift"),
    ("/drift/{model}/{check}", "drift-check"),
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
    let found = subjects(&window);
    for theme in Theme::ALL {
        window.set_theme(theme);
        for (route, name) in SCREENS {
            window.go(&found.iter().fold(route.to_string(), |route, (braces, is)| route.replace(braces, is)));
            picture(name, theme);
        }
    }
}

/// What the demo made, under the names that [`SCREENS`] uses.
fn subjects(window: &Window) -> Vec<(&'static str, String)> {
    let ask = |command: &str, args: Value| window.invoke(command, args).unwrap_or_else(|e| panic!("{command}: {e}"));
    let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_string();
    let overview = ask("overview", json!({}));
    let alarm = &overview["alarms"][0];
    let runs = ask("runs", json!({}));
    let run = |i: usize| text(&runs["runs"][i]["run"]);
    vec![
        ("{dataset}", text(&ask("datasets", json!({}))[0]["name"])),
        ("{model}", text(&alarm["model"])),
        ("{check}", text(&alarm["check"]["check"])),
        ("{runs}", format!("{},{}", run(0), run(1))),
        ("{run}", run(0)),
    ]
}
