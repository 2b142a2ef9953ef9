//! The window opens and shows a page.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may panic, and says how long it took")]

mod window;

use window::{Window, pictures};

#[test]
fn the_window_opens_with_a_page_that_can_be_used() {
    let Some(window) = Window::open() else { return };
    window.wait_named("button", "Open the demo");
    let until_usable = window.age();
    assert!(!window.text("h1").is_empty());
    window.screenshot(&pictures().join("opens.png"));
    let picture = std::fs::read(pictures().join("opens.png")).unwrap();
    assert!(picture.len() > 4096, "an empty window makes a small picture: {} bytes", picture.len());
    println!("usable after {:.2} s, driver and display included", until_usable.as_secs_f64());
}

#[test]
fn nothing_from_outside_is_asked_for() {
    let Some(window) = Window::open() else { return };
    window.wait_for("main");
    let script = "return performance.getEntriesByType('resource').map(e => e.name)
        .filter(name => !['tauri://localhost/', 'ipc://localhost/'].some(own => name.startsWith(own)))";
    let foreign = window.js(script, Vec::new());
    assert_eq!(foreign, serde_json::json!([]));
    // The security policy refuses what no page of ours asks for.
    let script = "
        const done = arguments[arguments.length - 1];
        fetch('http://127.0.0.1:9/').then(() => done('answered'), () => {});
        addEventListener('securitypolicyviolation', e => done(e.effectiveDirective));";
    assert_eq!(window.js_async(script, Vec::new()), "connect-src");
}
