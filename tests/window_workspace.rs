//! What becomes of an open workspace: closed while a job runs, held by another program, written by a newer Driftgate, gone.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod window;

use serde_json::json;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;
use window::{PATIENCE, WORK, Window, repository};

/// A workspace made by the command line, with the configs and one data set of the repository in it.
fn workspace(window: &Window, name: &str) -> PathBuf {
    let root = window.home().join(name);
    let made = Command::new(window.command_line()).arg("init").arg(&root).env("HOME", window.home()).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    for folder in ["configs", "data/iris"] {
        copy(&repository().join(folder), &root.join(folder));
    }
    root
}

/// The files of a folder, without those below it.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            std::fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
        }
    }
}

/// Opens a folder through the dialog of the first page.
fn open(window: &Window, root: &Path) {
    if window.texts("dialog").is_empty() {
        window.click_named("button", "Open workspace…");
    }
    window.type_into("Folder of the workspace", &root.display().to_string());
    window.click_named("button", "Open");
}

/// Makes the ledger one that a later Driftgate wrote.
fn make_newer(root: &Path) {
    let database = redb::Database::open(root.join(".driftgate/ledger.redb")).unwrap();
    let transaction = database.begin_write().unwrap();
    let meta: redb::TableDefinition<'_, &str, &[u8]> = redb::TableDefinition::new("meta");
    transaction.open_table(meta).unwrap().insert("schema", "99".as_bytes()).unwrap();
    transaction.commit().unwrap();
}

#[test]
fn a_newer_workspace_a_held_one_and_one_that_goes_away() {
    let Some(window) = Window::open() else { return };
    let (newer, root) = (workspace(&window, "newer"), workspace(&window, "work"));

    // Written by a newer Driftgate: it says what to do, and nothing is opened.
    make_newer(&newer);
    open(&window, &newer);
    window.wait_text(".toasts", "Install the newer Driftgate");
    window.click_named("button", "Close");
    window.wait_gone("dialog");
    window.click_named("button", "Dismiss");
    window.wait_named("button", "Open the demo");

    // Held by another program: it says so after a while, and opens once it is free.
    let lock = File::options().read(true).write(true).open(root.join(".driftgate/lock")).unwrap();
    lock.lock().unwrap();
    open(&window, &root);
    window.wait_text_within(".toasts", "Wait until it is done and try again", WORK);
    drop(lock);
    open(&window, &root);
    window.wait_named("link", "Registry");
    window.wait_text("footer.status", &root.display().to_string());

    // Gone while it is open: it says so without a click, and goes on once the folder is back.
    let aside = window.home().join("aside");
    std::fs::rename(&root, &aside).unwrap();
    window.wait_text("main [role=alert]", "Put the folder back");
    window.go("/runs");
    window.wait_text("main h1", "Runs");
    std::fs::rename(&aside, &root).unwrap();
    window.wait_gone("main .above");
    window.go("/datasets");
    window.wait_text("main", "No data yet");
}

#[test]
fn closing_while_a_job_runs_asks_first() {
    let Some(window) = Window::open() else { return };
    let root = workspace(&window, "work");
    open(&window, &root);
    window.wait_named("link", "Registry");
    // It would go on for minutes.
    let edits = json!({ "configs.training.model.hyperparameters.n_estimators": 100_000 });
    let ask = json!({ "kind": "run", "config": "configs/pipeline_iris.yaml", "edits": edits });
    window.invoke("start_job", json!({ "ask": ask })).unwrap();
    window.wait_named("button", "1 job running");

    // The question is there, and nothing is lost where the person stays.
    window.press_on_display("ctrl+q");
    window.wait_text("dialog", "1 job at work");
    window.click_named("button", "Keep working");
    window.wait_gone("dialog");
    window.wait_named("button", "1 job running");

    // The window ends with its job, and the run is on record.
    window.press_on_display("ctrl+q");
    window.wait_text("dialog", "1 job at work");
    window.wait_named("button", "Stop and close");
    // Pressed a moment later: the driver's own click would wait for an answer of a window that is gone.
    let press = "setTimeout(() => document.querySelector('dialog footer .button.danger').click(), 200)";
    window.js(press, Vec::new());
    let ended = || window.process().is_none().then_some(());
    assert!(window.wait_or(PATIENCE, ended).is_some(), "the window still runs");
    let listed = Command::new(window.command_line())
        .args(["--workspace", &root.display().to_string(), "runs", "list"])
        .env("HOME", window.home())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&listed.stdout).to_lowercase();
    assert!(text.contains("cancelled") || text.contains("interrupted"), "{text}");
}

#[test]
fn a_reviewers_key_is_made_and_registered_in_the_settings() {
    let Some(window) = Window::open() else { return };
    let root = workspace(&window, "signed");
    open(&window, &root);
    window.wait_named("link", "Registry");
    window.go("/settings");
    window.wait_text("main", "Not registered");
    window.click_named("button", "Sign my decisions");
    window.click_named("button", "Register key for tester");
    window.wait_text("main", "What tester decides in this workspace is signed");
    assert!(window.home().join(".config/driftgate/reviewer.ed25519.pem").is_file());
    window.go("/audit");
    window.wait_text("main", "Reviewer's key");

    // Another computer: the name stays, the key is not there.
    std::fs::rename(window.home().join(".config/driftgate/reviewer.ed25519.pem"), window.home().join("aside.pem"))
        .unwrap();
    window.go("/settings");
    window.wait_text("main", "is not on this computer");
}
