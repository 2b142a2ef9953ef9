//! A workspace of pictures, and its screens.

use super::screens::Screen;
use super::{Theme, WORK, Window};
use driftgate_engine::{SyntheticDrift, SyntheticOptions};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// The model that [`PIPELINE`] trains.
pub const MODEL: &str = "shapes-image_classification_cnn";
/// Where the pipeline lies in the workspace.
pub const CONFIG: &str = "configs/pipeline_shapes.yaml";

/// A small network that is trained in seconds.
const PIPELINE: &str = include_str!("../files/shapes.yaml");

/// Draws pictures of three shapes, 24 pixels wide, into a new folder.
pub fn draw(folder: &Path, per_class: usize, seed: u64, drift: Option<SyntheticDrift>) {
    let options = SyntheticOptions { classes: 3, per_class, size: 24, seed, drift };
    driftgate_engine::synthesize_images(folder, &options).unwrap();
}

/// The first picture below a folder.
pub fn any_picture(folder: &Path) -> PathBuf {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    entries.sort();
    let own = entries.iter().find(|p| p.extension().is_some_and(|e| e == "png")).cloned();
    own.unwrap_or_else(|| any_picture(entries.iter().find(|p| p.is_dir()).unwrap()))
}

impl Window {
    /// Opens a new workspace with 90 pictures in `data/shapes` and a config, nothing of it imported yet; gives back its folder, and
    /// that of a darker batch beside it.
    pub fn open_shapes(&self) -> (PathBuf, PathBuf) {
        let (root, dark) = (self.home().join("shapes work"), self.home().join("dark"));
        self.asks("name_path", json!({ "path": root, "kind": "new_folder" }));
        self.asks("init_workspace", json!({ "path": root }));
        draw(&root.join("data/shapes"), 30, 42, None);
        draw(&dark, 20, 7, Some(SyntheticDrift::Darker));
        std::fs::create_dir_all(root.join("configs")).unwrap();
        // The file lies in a folder of its own, and the pictures are stressed.
        let config = PIPELINE
            .replace("raw: data", "raw: ../data")
            .replace("evaluation, promotion", "evaluation, model_analysis, promotion");
        std::fs::write(root.join(CONFIG), config).unwrap();
        self.wait_for("nav.side");
        (root, dark)
    }

    /// Imports, trains, approves and checks without a click: what the pictures of the screens need. Gives back the folder of the data.
    pub fn live_with_shapes(&self) -> PathBuf {
        let (root, dark) = self.open_shapes();
        let folder = root.join("data/shapes");
        self.does(json!({
            "kind": "import", "path": folder, "name": null, "target": null, "task": null, "reference": false, "spec": null,
        }));
        self.does(json!({ "kind": "run", "config": CONFIG, "edits": {}, "fine_tune": false, "device": "cpu" }));
        let run = self.first_of("runs", json!({}), "/runs/0/run");
        self.asks("approve", json!({ "run": run, "reason": null }));
        self.asks("name_path", json!({ "path": dark, "kind": "folder" }));
        self.does(json!({ "kind": "check", "model": MODEL, "batch": dark }));
        folder
    }

    /// The screens of a workspace of pictures.
    pub fn picture_screens(&self) -> Vec<Screen> {
        let run = self.first_of("runs", json!({}), "/runs/0/run");
        let check = self.first_of("drift_history", json!({ "model": MODEL, "limit": 1 }), "/checks/0/check");
        let screen = |route: String, name, shows| Screen { route, name, shows };
        vec![
            screen("/datasets/shapes".into(), "dataset-pictures", "aside.detail .pictures"),
            screen(format!("/runs/{run}"), "run-pictures", "aside.detail .chart svg"),
            screen(format!("/runs?start={CONFIG}"), "start-run-pictures", "dialog details.group"),
            screen(format!("/drift/{MODEL}/{check}"), "check-pictures", "aside.detail .shifted"),
            screen("/serving".into(), "serving-pictures", ".tester .path-field"),
        ]
    }

    /// Shows every screen of pictures in both themes, the import of `folder` among them; `look` sees each by its name.
    pub fn every_picture_screen(&self, folder: &Path, mut look: impl FnMut(&str, Theme)) {
        for theme in Theme::ALL {
            self.go("/");
            self.set_theme(theme);
            self.wait_for("nav.side");
            for screen in self.picture_screens() {
                self.show(&screen);
                // Pictures are loaded once they come into sight.
                let part = match screen.name {
                    "check-pictures" => Some(".shifted"),
                    "dataset-pictures" => Some("aside.detail .pictures"),
                    _ => None,
                };
                if let Some(part) = part {
                    self.js(
                        "document.querySelector(arguments[0] + ' .picture').scrollIntoView({ block: 'center' })",
                        vec![json!(part)],
                    );
                    self.pictures_are_there(part, 2);
                }
                look(screen.name, theme);
            }
            self.look_at_folder(folder);
            look("import-pictures", theme);
            self.press("Escape");
            self.wait_gone("dialog");
        }
    }

    /// Names a folder in the import dialog, and waits until its pictures are there.
    pub fn look_at_folder(&self, folder: &Path) {
        self.go("/datasets?import=1");
        self.type_into("File or folder to import", &folder.display().to_string());
        self.click_named("button", "Look at it");
        self.wait_text_within("dialog", "90 pictures in 3 classes", WORK);
        self.pictures_are_there("dialog", 6);
    }

    /// Waits until so many pictures are drawn in an element.
    pub fn pictures_are_there(&self, css: &str, least: usize) {
        let script = "return [...document.querySelectorAll(arguments[0] + ' .picture img')]
            .filter(img => img.complete && img.naturalWidth > 0 && img.alt && img.src.startsWith('blob:')).length";
        self.wait_within(WORK, &format!("{least} pictures are in `{css}`"), || {
            (self.js(script, vec![json!(css)]).as_u64()? >= least as u64).then_some(())
        });
    }

    /// Asks for what must not fail.
    pub fn asks(&self, command: &str, arguments: Value) -> Value {
        self.invoke(command, arguments).unwrap_or_else(|e| panic!("{command}: {e}"))
    }

    /// A text in an answer.
    pub fn first_of(&self, command: &str, arguments: Value, place: &str) -> String {
        let answer = self.asks(command, arguments);
        answer.pointer(place).and_then(Value::as_str).unwrap_or_else(|| panic!("{command}: {answer}")).to_owned()
    }

    /// Starts a job and waits until it is done.
    fn does(&self, ask: Value) {
        let id = self.asks("start_job", json!({ "ask": ask }));
        self.wait_within(WORK, "a job is done", || {
            let jobs = self.asks("jobs", json!({}));
            let job = jobs.as_array()?.iter().find(|j| j["id"] == id)?.clone();
            match job["state"].as_str()? {
                "done" => Some(()),
                "running" | "stopping" => None,
                _ => panic!("{job:#}"),
            }
        });
    }
}
