//! The life of a model without a terminal: everything by what a person sees and clicks.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod window;

use std::path::{Path, PathBuf};
use window::{WORK, Window, pictures};

/// The rows of `later.csv`, which no model has seen, with three measurements moved: a batch of another instrument.
fn drifted_batch(demo: &Path) -> PathBuf {
    let text = std::fs::read_to_string(demo.join("later.csv")).unwrap();
    let mut lines = text.lines();
    let header = lines.next().unwrap();
    let moved: Vec<usize> =
        header.split(',').enumerate().filter(|(_, name)| name.starts_with("mean_")).map(|(i, _)| i).take(3).collect();
    assert_eq!(moved.len(), 3, "{header}");
    let mut out = format!("{header}\n");
    for line in lines {
        let cells = line.split(',').enumerate().map(|(i, cell)| match cell.parse::<f64>() {
            Ok(value) if moved.contains(&i) => format!("{}", value * 1.8 + 3.0),
            _ => cell.to_owned(),
        });
        out += &cells.collect::<Vec<_>>().join(",");
        out.push('\n');
    }
    let path = demo.join("november.csv");
    std::fs::write(&path, out).unwrap();
    path
}

/// Runs a config through the dialog, and waits for the candidate to wait.
fn run_config(window: &Window, config: &str) {
    window.go("/runs");
    window.click_named("button", "Start a run…");
    let listed = "return [...document.querySelectorAll('dialog option')].map(o => o.text)";
    let option = window.wait_within(WORK, "the config is listed", || {
        let options = window.js(listed, Vec::new());
        let named = options.as_array()?.iter().filter_map(|o| o.as_str()).find(|o| o.starts_with(config))?;
        Some(named.to_owned())
    });
    window.choose("Config", &option);
    window.click_named("button", "Start the run");
    window.wait_text_within("aside.detail", "Awaiting approval", WORK);
}

#[test]
fn from_the_demo_to_a_served_adapted_and_verified_model() {
    let Some(window) = Window::open() else { return };
    window.resize(1280, 860);
    let demo = window.open_demo();
    let said = window.wait_text("main", "Drift alarm");
    assert!(said.contains("Awaiting approval"), "{said}");

    // What waits is approved: one click opens, one decides.
    window.click_named("link", "Review and decide");
    window.wait_text("dialog", "becomes Production");
    window.type_into("Reason", "Every rule holds");
    window.click_named("button", "Approve");
    window.wait_text(".toasts", "in Production");
    window.wait_gone("dialog");

    // The alarm of the demo is answered.
    window.go("/");
    window.click_named("link", "Look and respond");
    window.click_named("button", "Respond…");
    window.click_named("radio", "Investigate");
    window.type_into("Reason", "The new instrument");
    window.click_named("button", "Record the response");
    window.wait_text(".toasts", "Recorded");

    // A real file drop: a drifted batch is an alarm.
    let batch = drifted_batch(&demo);
    window.go("/drift/breast_cancer-classification");
    window.wait_for(".drop");
    window.drop_files(&[&batch], ".drop");
    window.wait_text_within("aside.detail", "Drifted", WORK);
    window.wait_text("aside.detail", "mean_radius");
    window.screenshot(&pictures().join("life-alarm.png"));
    window.click_named("button", "Respond…");
    window.click_named("radio", "Retrain");
    window.type_into("Reason", "Learn from it");
    window.click_named("button", "Record the response");
    window.wait_gone("dialog");

    // Its labelled rows are staged, and a model learns from them.
    window.click_named("button", "Stage this batch…");
    window.wait_for("dialog");
    window.click_named("button", "Stage it");
    window.wait_text_within(".toasts", "held out", WORK);
    run_config(&window, "configs/demo/adapted.yaml");
    window.click_named("link", "Review and decide");
    window.wait_text("dialog", "Before and after");
    window.screenshot(&pictures().join("life-decide.png"));
    window.click_named("button", "Approve");
    window.wait_gone("dialog");
    window.wait_text(".toasts", "in Production");

    // Second thoughts: back to version 1, in two clicks and a reason.
    window.go("/registry/breast_cancer-classification");
    window.click_named("button", "Roll back to 1…");
    window.wait_text("dialog", "returns to Production");
    window.type_into("Reason", "Complaints");
    window.click_named("button", "Roll back");
    window.wait_gone("dialog");
    window.wait_text(".toasts", "rolled back");

    serve_and_predict(&window);

    // The proof.
    window.go("/audit");
    window.click_named("button", "Verify");
    window.wait_text_within("main", "Everything holds", WORK);
    window.screenshot(&pictures().join("life-verified.png"));
}

/// A request through the tester is answered by the real server, and the server stops.
fn serve_and_predict(window: &Window) {
    window.go("/serving");
    window.type_into("Port", "0");
    window.click_named("button", "Start the server");
    window.wait_text("main", "Confirmed");
    // Right after the start, while the window hears of the server's own events: what is asked then is answered too.
    window.click_named("button", "Send");
    let answer = window.wait_text_within(".tester", "Status 200", WORK);
    assert!(answer.contains("prediction"), "{answer}");
    window.wait_text("main", "curl");
    window.click_named("button", "Stop the server");
    window.wait_named("button", "Start the server");
}
