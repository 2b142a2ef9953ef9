//! Pictures of every screen in both themes, for the documentation: `cargo xtask screenshots`.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod window;

use std::path::PathBuf;
use window::Window;

#[test]
#[ignore = "it writes into the documentation; `cargo xtask screenshots` runs it"]
fn every_screen_in_both_themes() {
    let folder =
        PathBuf::from(std::env::var_os("DRIFTGATE_SCREENSHOTS").expect("DRIFTGATE_SCREENSHOTS names a folder"));
    let Some(window) = Window::open() else { return };
    window.resize(1280, 800);
    window.every_screen(|name, theme| window.screenshot(&folder.join(format!("{name}-{}.png", theme.name()))));
}

#[test]
#[ignore = "it writes into the documentation; `cargo xtask screenshots` runs it"]
fn every_screen_of_pictures_in_both_themes() {
    let folder =
        PathBuf::from(std::env::var_os("DRIFTGATE_SCREENSHOTS").expect("DRIFTGATE_SCREENSHOTS names a folder"));
    let Some(window) = Window::open() else { return };
    window.resize(1280, 800);
    let data = window.live_with_shapes();
    window.every_picture_screen(&data, |name, theme| {
        window.screenshot(&folder.join(format!("{name}-{}.png", theme.name())));
    });
}
