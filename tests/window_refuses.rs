//! What goes wrong is said, with what to do, and the window goes on.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod window;

use serde_json::json;
use std::net::TcpListener;
use window::{WORK, Window};

#[test]
fn a_wrong_folder_a_missing_reason_a_taken_port_and_a_foreign_path() {
    let Some(window) = Window::open() else { return };
    // A folder that is no workspace, and one that is not there.
    window.click_named("button", "Open workspace…");
    window.type_into("Folder of the workspace", &window.home().join("nowhere").display().to_string());
    window.click_named("button", "Open");
    window.wait_text("dialog .wrong", "nowhere");
    window.type_into("Folder of the workspace", &window.home().display().to_string());
    window.click_named("button", "Open");
    window.wait_text(".toasts", "workspace");
    window.press("Escape");
    window.wait_gone("dialog");

    window.open_demo();
    // Rejecting needs a reason, and what was typed stays.
    window.click_named("link", "Review and decide");
    window.wait_text("dialog", "becomes Production");
    window.click_named("button", "Reject");
    window.wait_text("dialog", "needs a reason");
    window.type_into("Reason", "Not with this data");
    window.click_named("button", "Reject");
    window.wait_gone("dialog");
    window.wait_text(".toasts", "ejected");

    // A port that is taken.
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    window.go("/serving");
    window.type_into("Port", &taken.local_addr().unwrap().port().to_string());
    window.click_named("button", "Start the server");
    let said = window.wait_text("main [role=alert]", "port");
    assert!(said.contains("0"), "it says what to do: {said}");
    window.wait_named("button", "Start the server");

    // A path that nobody chose, even one that the page asks for itself.
    let refused = window.invoke("save_text", json!({ "path": "/etc/driftgate-test", "text": "x" })).unwrap_err();
    assert_eq!(refused["code"], "refused", "{refused}");
    let ledger = window.home().join("Driftgate demo/.driftgate/ledger.redb");
    let refused = window.invoke("name_path", json!({ "path": ledger, "kind": "file" })).unwrap_err();
    assert_eq!(refused["code"], "refused", "{refused}");
}

#[test]
fn a_run_is_stopped_and_the_command_line_is_seen() {
    let Some(window) = Window::open() else { return };
    let demo = window.open_demo();
    // A run that takes long enough to be stopped.
    let edits = json!({ "configs.training.model.hyperparameters.n_estimators": 4000 });
    let ask = json!({ "kind": "run", "config": "configs/demo/adapted.yaml", "edits": edits });
    window.invoke("start_job", json!({ "ask": ask })).unwrap();
    window.click_named("button", "1 job running");
    window.click_named("button", "Stop");
    window.wait_text_within(".tray", "Stopped", WORK);
    window.go("/runs");
    window.wait_text("main .grid", "Cancelled");

    // Another program writes into the same workspace: it shows without a click.
    let before = window.text("footer.status");
    let added = std::process::Command::new(window.command_line())
        .args(["--workspace", &demo.display().to_string(), "dataset", "add"])
        .arg(window.data_file("iris"))
        .output()
        .unwrap();
    assert!(added.status.success(), "{}", String::from_utf8_lossy(&added.stderr));
    window.wait_within(std::time::Duration::from_secs(5), "the window hears of it", || {
        (window.text("footer.status") != before).then_some(())
    });
    window.go("/datasets");
    window.wait_text("main .grid", "iris");
}
