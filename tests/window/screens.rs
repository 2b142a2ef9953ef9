//! Every screen of the demo's workspace: what is pictured, and what has to be accessible.

use super::{Theme, Window, repository};
use serde_json::json;
use std::path::PathBuf;
use std::time::Duration;

/// The demo is made by real runs of the engine, in a build that is not optimised.
pub const WORK: Duration = Duration::from_secs(300);

/// A screen, or a dialog over one.
pub struct Screen {
    /// Its address.
    pub route: String,
    /// Its name, and that of its picture.
    pub name: &'static str,
    /// What is there once it is complete.
    pub shows: &'static str,
}

impl Window {
    /// Makes the demo by its button; gives back its folder.
    pub fn open_demo(&self) -> PathBuf {
        self.click_named("button", "Open the demo");
        self.wait_named_within("link", "Registry", WORK);
        self.home().join("Driftgate demo")
    }

    /// Every screen of the demo. A new screen is a new line.
    pub fn screens(&self) -> Vec<Screen> {
        let first = |command: &str, args, path: &str| {
            let answer = self.invoke(command, args).unwrap_or_else(|e| self.fail(&format!("{command}: {e}")));
            answer.pointer(path).and_then(|v| v.as_str()).unwrap_or_else(|| self.fail(&answer.to_string())).to_owned()
        };
        let model = "breast_cancer-classification";
        let waiting = first("runs", json!({ "status": "awaiting_approval" }), "/runs/0/run");
        let trained = first("runs", json!({ "model": model }), "/runs/0/run");
        let other = first("runs", json!({ "model": model }), "/runs/1/run");
        let check = first("drift_history", json!({ "model": model, "limit": 1 }), "/checks/0/check");
        let waiting_model = first("run", json!({ "id": waiting }), "/run/subject/model");
        let screen = |route: String, name, shows| Screen { route, name, shows };
        vec![
            screen("/".into(), "overview", ".needs"),
            screen("/datasets".into(), "datasets", ".grid tr.line"),
            screen("/datasets/breast_cancer".into(), "dataset", "aside.detail .facts"),
            screen("/datasets?import=1".into(), "import", "dialog"),
            screen("/runs".into(), "runs", ".grid tr.line"),
            screen(format!("/runs/{trained}"), "run", "aside.detail .chart svg"),
            screen("/runs?start=configs/pipeline_wine.yaml".into(), "start-run", "dialog details.group"),
            screen(format!("/runs/compare?ids={trained},{other}"), "compare", ".compare .side-by-side"),
            screen(format!("/registry/{model}"), "registry", "table"),
            screen(format!("/registry/{waiting_model}?decide={waiting}"), "decide", "dialog .gate-rules"),
            screen(format!("/drift/{model}"), "drift", "main .chart svg"),
            screen(format!("/drift/{model}/{check}"), "check", "aside.detail .chart svg"),
            screen("/serving".into(), "serving", ".tester .fields"),
            screen("/audit".into(), "audit", ".grid tr.line"),
            screen("/settings".into(), "settings", "main h2"),
        ]
    }

    /// Shows a screen and waits until it is complete.
    pub fn show(&self, screen: &Screen) {
        self.go(&screen.route);
        self.wait_for(screen.shows);
        self.wait_until("nothing is loading", "return !document.querySelector('[aria-busy=\"true\"]')");
        self.painted();
    }

    /// Waits until what is there is painted: two frames later at the latest.
    pub fn painted(&self) {
        let painted = "const done = arguments[arguments.length - 1]; requestAnimationFrame(() => requestAnimationFrame(() => done()))";
        self.js_async(painted, Vec::new());
    }

    /// Shows the first page, every screen of the demo, and what opens over any screen, all in both themes; `look` sees each by its
    /// name.
    pub fn every_screen(&self, mut look: impl FnMut(&str, Theme)) {
        for theme in Theme::ALL {
            self.set_theme(theme);
            self.wait_named("button", "Open the demo");
            look("welcome", theme);
        }
        self.open_demo();
        for theme in Theme::ALL {
            self.go("/");
            self.set_theme(theme);
            self.wait_for("nav.side");
            for screen in self.screens() {
                self.show(&screen);
                look(screen.name, theme);
            }
            self.go("/");
            for (keys, name) in [("ctrl+k", "palette"), ("?", "shortcuts")] {
                self.press(keys);
                self.wait_for("dialog");
                look(name, theme);
                self.press("Escape");
                self.wait_gone("dialog");
            }
        }
    }

    /// A small data file of the repository.
    pub fn data_file(&self, name: &str) -> PathBuf {
        repository().join("data").join(name)
    }
}
