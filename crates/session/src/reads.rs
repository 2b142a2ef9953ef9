//! Questions that name a file, and those whose answers have words of the command line.

use crate::session::Session;
use crate::words::{for_window, sentence};
use crate::{Result, SessionError};
use driftgate_engine::ImportAnswers;
use driftgate_model::views::{ApprovalPreview, DoctorReport, GateSimulation, ImportPlan, PathKind, RunView, SpecDraft};
use driftgate_model::{CancelToken, DatasetSpec, GateReport, ValidationReport};
use std::path::Path;

impl Session {
    /// What importing a file or folder would do. Writes nothing.
    pub fn plan_import(&self, path: &str, answers: &ImportAnswers) -> Result<ImportPlan> {
        let path = self.allowed(path, PathKind::FileOrFolder)?;
        self.ask(|w| w.plan_import(&path, answers))
    }

    /// What validation finds in a file or folder before it is imported with these answers. Writes nothing.
    ///
    /// Errors: the path was not chosen; questions are open; the data cannot be read.
    pub fn validate_import(&self, path: &str, answers: &ImportAnswers) -> Result<ValidationReport> {
        let path = self.allowed(path, PathKind::FileOrFolder)?;
        self.ask(|w| w.validate_import(&path, answers))
    }

    /// Checks a file, a folder, or the newest version of a data set that is known by this name.
    pub fn validate_dataset(&self, name_or_path: &str) -> Result<ValidationReport> {
        let known = self.ask(|w| w.datasets())?.iter().any(|d| d.name == name_or_path);
        if known {
            return self.ask(|w| w.validate_known(name_or_path));
        }
        let path = self.allowed(name_or_path, PathKind::FileOrFolder)?;
        self.ask(|w| w.validate_dataset(&path.display().to_string()))
    }

    /// The text of a `dataset.yaml` that says this, and what is wrong with it.
    pub fn draft_spec(&self, spec: &DatasetSpec) -> SpecDraft {
        checked_spec(driftgate_config::write_dataset(spec), Path::new("dataset.yaml"))
    }

    /// What is wrong with the text of a `dataset.yaml` that is to lie beside the data at `path`.
    pub fn check_spec(&self, path: &str, text: &str) -> Result<SpecDraft> {
        let data = self.allowed(path, PathKind::FileOrFolder)?;
        let draft = checked_spec(text.to_owned(), Path::new("dataset.yaml"));
        if !draft.problems.is_empty() {
            return Ok(draft);
        }
        // What the columns of the data say against it.
        let answers = ImportAnswers { spec: Some(text.to_owned()), ..ImportAnswers::default() };
        let problems = match self.ask(|w| w.plan_import(&data, &answers)) {
            Ok(plan) => plan.questions.into_iter().map(|q| q.text).collect(),
            Err(error) => vec![driftgate_model::views::Failure::from(error).message],
        };
        Ok(SpecDraft { problems, ..draft })
    }

    /// The state of the workspace and of this build, with the window's own words for what to do.
    pub fn doctor(&self) -> Result<DoctorReport> {
        let mut report = self.ask(|w| w.doctor())?;
        for hint in report.checks.iter_mut().filter_map(|check| check.hint.as_mut()) {
            *hint = sentence(&for_window(hint));
        }
        Ok(report)
    }

    /// What another rule set would have decided about a run of the past. Writes nothing.
    pub fn simulate_gate(&self, run: &str, promotion: &str) -> Result<GateSimulation> {
        let rules = self.allowed(promotion, PathKind::File)?;
        let mut found = self.ask(|w| w.simulate_gate(run, &rules, &CancelToken::new()))?;
        gate_for_window(&mut found.gate);
        Ok(found)
    }

    /// A run, with the window's own words for what to do.
    pub fn run_view(&self, id: &str) -> Result<RunView> {
        Ok(run_for_window(self.ask(|w| w.run_view(id))?))
    }

    /// What approving a run would do, with the window's own words.
    pub fn preview_approval(&self, run: &str) -> Result<ApprovalPreview> {
        let preview = self.ask(|w| w.preview_approval(run))?;
        Ok(ApprovalPreview { run: run_for_window(preview.run), ..preview })
    }

    /// Writes the report of a drift check as one HTML file that the person chose.
    pub fn drift_report(&self, check: &str, path: &str) -> Result<()> {
        let file = self.allowed(path, PathKind::NewFile)?;
        if !file.extension().is_some_and(|e| e.eq_ignore_ascii_case("html") || e.eq_ignore_ascii_case("htm")) {
            return Err(SessionError::bad_input(
                format!("{} is not an HTML file", file.display()),
                "Give it a name that ends in .html",
            ));
        }
        self.ask(|w| w.write_drift_report(&w.drift_view(check)?, &w.report_file(&file)?))
    }
}

fn run_for_window(mut run: RunView) -> RunView {
    if let Some(gate) = &mut run.gate {
        gate_for_window(gate);
    }
    for text in run.error.iter_mut().chain(&mut run.notes) {
        *text = for_window(text);
    }
    run
}

/// The gate's stored reasons stay as they are; the window says them in its own words.
fn gate_for_window(gate: &mut GateReport) {
    for rule in &mut gate.results {
        rule.reason = for_window(&rule.reason);
    }
}

fn checked_spec(text: String, path: &Path) -> SpecDraft {
    let problems = match driftgate_config::parse_dataset(&text, path) {
        Ok(_) => Vec::new(),
        Err(errors) => errors.0.iter().map(ToString::to_string).collect(),
    };
    SpecDraft { schema: "driftgate/spec-draft/1".into(), text, problems }
}
