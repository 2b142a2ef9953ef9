//! The life of a network without a terminal: from a folder of pictures to a served network and the alarm of a darker batch.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod window;

use serde_json::{Value, json};
use std::path::Path;
use window::shapes::{CONFIG, MODEL, any_picture};
use window::{WORK, Window, pictures};

#[test]
fn from_a_folder_of_pictures_to_an_alarm() {
    let Some(window) = Window::open() else { return };
    window.resize(1280, 860);
    let (root, dark) = window.open_shapes();
    let folder = root.join("data/shapes");

    import(&window, &folder);
    train_and_approve(&window);

    // A real drop of a folder: the batch is darker, and the pictures show it.
    window.go(&format!("/drift/{MODEL}"));
    window.wait_for(".drop");
    assert!(!window.has_named("button", "Simulate drift…"), "it changes rows of a table");
    window.drop_files(&[&dark], ".drop");
    let said = window.wait_text_within("aside.detail", "Most shifted pictures", WORK);
    assert!(said.contains("Drifted") && said.contains("Alarm open"), "{said}");
    assert!(said.contains("pixels") && said.contains("All pictures together"), "{said}");
    assert!(!said.contains("pixels_"), "columns are called what they are: {said}");
    window.js("document.querySelector('.shifted').scrollIntoView()", Vec::new());
    window.pictures_are_there(".shifted", 2);
    window.screenshot(&pictures().join("images-alarm.png"));

    ask_the_server(&window, &any_picture(&dark));

    // A picture that nobody chose is not read.
    let other = window.home().join("other");
    window::shapes::draw(&other, 1, 1, None);
    let refused = window.invoke("import_thumbnail", json!({ "path": any_picture(&other), "side": 64 })).unwrap_err();
    assert_eq!(refused["code"], "refused", "{refused}");

    let mut found = Vec::new();
    window.every_picture_screen(&folder, |name, theme| {
        found.extend(window.axe().into_iter().map(|line| format!("{name}, {}: {line}", theme.name())));
    });
    assert!(found.is_empty(), "axe-core found:\n{}", found.join("\n"));
}

/// The folder is named, looked at and imported; its classes and pictures are there before and after.
fn import(window: &Window, folder: &Path) {
    window.look_at_folder(folder);
    let shown = window.text("dialog");
    for class in ["circles", "stripes", "checks"] {
        assert!(shown.contains(class), "{shown}");
    }
    for of_tables in ["Target, the column to answer", "Largest share missing", "Leave the file where it is"] {
        assert!(!shown.contains(of_tables), "{of_tables} is for tables: {shown}");
    }
    window.screenshot(&pictures().join("images-import.png"));
    window.click_named("button", "Import");
    let detail = window.wait_text_within("aside.detail", "Class balance", WORK);
    assert!(detail.contains("Pictures by class") && detail.contains("90 in version 1"), "{detail}");
    window.js("document.getElementById('pictures-title').scrollIntoView()", Vec::new());
    window.pictures_are_there("aside.detail", 3);
}

/// A network is trained on the processor with one field changed, its curves come, and it is approved.
fn train_and_approve(window: &Window) {
    window.go(&format!("/runs?start={CONFIG}"));
    window.wait_named("checkbox", "Fine-tune the version in Production");
    window.choose("Device", "The processor: the same bytes every time");
    window.type_into("Epochs", "2");
    window.wait_text("dialog", "1 field changed");
    window.click_named("button", "Start the run");
    let detail = window.wait_text_within("aside.detail", "Awaiting approval", WORK);
    assert!(detail.contains("Device") && detail.contains("Robustness"), "{detail}");
    // What was measured while it went on.
    let jobs = window.asks("jobs", json!({}));
    let job = jobs.as_array().unwrap().iter().find(|j| j["kind"] == "run").unwrap().clone();
    let points = window.asks("job_metrics", json!({ "id": job["id"] }));
    let steps = |name: &str| -> Vec<Value> {
        points.as_array().unwrap().iter().filter(|p| p["name"] == name).map(|p| p["step"].clone()).collect()
    };
    for name in ["train_loss", "val_loss", "val_accuracy"] {
        assert_eq!(steps(name), [json!(1), json!(2)], "{name}");
    }
    window.click_named("link", "Review and decide");
    window.wait_text("dialog", "becomes Production");
    window.click_named("button", "Approve");
    window.wait_gone("dialog");
    window.wait_text(".toasts", "in Production");
}

/// A picture is sent to the real server, which says what it is.
fn ask_the_server(window: &Window, picture: &Path) {
    window.go("/serving");
    window.type_into("Port", "0");
    window.click_named("button", "Start the server");
    window.wait_text("main", "Confirmed");
    window.wait_text(".tester", "curl -F file=@picture.png");
    window.type_into("Picture to ask about", &picture.display().to_string());
    window.click_named("button", "Use");
    window.pictures_are_there(".tester", 1);
    window.click_named("button", "Send");
    let answer = window.wait_text_within(".tester", "Status 200", WORK);
    assert!(answer.contains("Label: ") && answer.contains("Probability"), "{answer}");
    window.click_named("button", "Stop the server");
    window.wait_named("button", "Start the server");
}
