//! From what a person asks to what the engine does. Paths are looked at before the work begins.

use crate::job::{Done, Job};
use crate::jobs::{Act, Work};
use crate::session::Session;
use crate::store::name_of;
use crate::{Result, SessionError};
use driftgate_engine::{
    AdaptOptions, DeviceChoice, DriftCheckOptions, ImportAnswers, RunOptions, SimulateOptions, Workspace,
};
use driftgate_model::RunId;
use driftgate_model::config::Scenario;
use driftgate_model::views::{DriftCheckView, JobAsk, JobOutcome, PathKind};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::PathBuf;

impl Session {
    /// Looks at everything that can be looked at beforehand.
    pub(crate) fn prepare(&self, ask: JobAsk) -> Result<Work> {
        match ask {
            JobAsk::Demo { folder } => self.demo(&folder),
            JobAsk::Import { path, name, target, task, reference, spec } => {
                let answers = ImportAnswers { name, target, task, reference, write_spec: true, spec };
                self.import(&path, answers)
            }
            JobAsk::Run { config, edits, fine_tune, device } => {
                let options = RunOptions { fine_tune, device: device_named(&device)? };
                self.run(&config, &edits, options)
            }
            JobAsk::Reproduce { run } => self.reproduce(run),
            JobAsk::Check { model, batch } => self.check(model, &batch),
            JobAsk::CheckServed { model, last } => self.check_served(model, last),
            JobAsk::Simulate { model, input, output, scenario, seed } => {
                self.simulate(model, &input, &output, scenario, seed)
            }
            JobAsk::Stage { model, batch, holdout } => self.stage(model, &batch, holdout),
            JobAsk::Predict { model, input, output } => self.predict(model, &input, &output),
            JobAsk::Verify { checkpoint } => self.verify(checkpoint),
        }
    }

    fn import(&self, path: &str, answers: ImportAnswers) -> Result<Work> {
        let source = self.allowed(path, PathKind::FileOrFolder)?;
        let workspace = self.workspace()?;
        let title = format!("Import {}", name_of(&source));
        Ok(work(title, "import", move |_, job| {
            let added = workspace.add_dataset(&source, &answers, job, &job.cancel)?;
            added.notes.iter().for_each(|note| driftgate_model::Observer::warning(job, note));
            let outcome = JobOutcome::Imported {
                dataset: added.dataset.clone(),
                number: added.version.number,
                new: added.new,
                warnings: added.validation.warnings() as u64,
            };
            done(outcome, &added)
        }))
    }

    fn run(&self, config: &str, edits: &BTreeMap<String, serde_json::Value>, options: RunOptions) -> Result<Work> {
        let path = self.config_to_run(config, edits)?;
        let workspace = self.workspace()?;
        let workspace = workspace.acting(self.host(Some(workspace.root())));
        let shown = self.seen_from_workspace(&path);
        let title = if options.fine_tune { format!("Fine-tune {shown}") } else { format!("Run {shown}") };
        Ok(work(title, "run", move |_, job| {
            let view = workspace.run_with(&path, &options, job, &job.cancel)?;
            done(JobOutcome::Ran { run: view.run.subject.run.clone(), status: view.run.status }, &view)
        }))
    }

    fn reproduce(&self, run: RunId) -> Result<Work> {
        let workspace = self.workspace()?;
        Ok(work(format!("Repeat run {}", run.short()), "reproduce", move |_, job| {
            let again = workspace.reproduce(run.as_str(), job, &job.cancel)?;
            done(JobOutcome::Reproduced { run: again.run.clone(), identical: again.identical }, &again)
        }))
    }

    fn check(&self, model: String, batch: &str) -> Result<Work> {
        let batch = self.allowed(batch, PathKind::FileOrFolder)?;
        let workspace = self.workspace()?;
        let title = format!("Check {} for drift", name_of(&batch));
        Ok(work(title, "check", move |_, job| {
            let options = DriftCheckOptions { batch, config: None };
            checked(&workspace.drift_check(&model, &options, job, &job.cancel)?)
        }))
    }

    fn check_served(&self, model: String, last: Option<u64>) -> Result<Work> {
        let workspace = self.workspace()?;
        // As many as the log remembers, where nobody says how many.
        let last = last.map_or(LAST, |n| usize::try_from(n).unwrap_or(usize::MAX));
        let title = format!("Check what {model} answered for drift");
        Ok(work(title, "check", move |_, job| {
            checked(&workspace.drift_check_served(&model, last, None, job, &job.cancel)?)
        }))
    }

    fn simulate(&self, model: String, input: &str, output: &str, scenario: Scenario, seed: u64) -> Result<Work> {
        let options = SimulateOptions {
            input: self.allowed(input, PathKind::File)?,
            output: self.allowed(output, PathKind::NewFile)?,
            scenario,
            seed,
        };
        let workspace = self.workspace()?;
        let title = format!("Change {} on purpose", name_of(&options.input));
        Ok(work(title, "simulate", move |_, job| {
            driftgate_model::Observer::stage_started(job, "simulation");
            let made = workspace.drift_simulate(&model, &options)?;
            driftgate_model::Observer::stage_finished(job, "simulation", &format!("{} rows", made.rows));
            done(JobOutcome::Simulated { output: made.output.clone(), rows: made.rows }, &made)
        }))
    }

    fn stage(&self, model: String, batch: &str, holdout: f64) -> Result<Work> {
        let options = AdaptOptions { batch: self.allowed(batch, PathKind::FileOrFolder)?, holdout };
        let workspace = self.workspace()?;
        let title = format!("Stage {}", name_of(&options.batch));
        Ok(work(title, "stage", move |_, job| {
            let staged = workspace.adapt_stage(&model, &options, job, &job.cancel)?;
            let outcome = JobOutcome::Staged {
                dataset: staged.dataset.clone(),
                adaptation: staged.adaptation.clone(),
                train: staged.train,
                holdout: staged.holdout,
            };
            done(outcome, &staged)
        }))
    }

    fn predict(&self, model: String, input: &str, output: &str) -> Result<Work> {
        let input = self.allowed(input, PathKind::FileOrFolder)?;
        let output = self.allowed(output, PathKind::NewFile)?;
        if input == output {
            return Err(SessionError::bad_input(
                format!("{} is the input: writing the answers there would destroy it", input.display()),
                "Choose another file for the answers",
            ));
        }
        let workspace = self.workspace()?;
        Ok(work(format!("Predict {}", name_of(&input)), "predict", move |_, job| {
            let answered = workspace.predict(&model, &input, &output, job, &job.cancel)?;
            done(JobOutcome::Predicted { output: answered.output.clone(), rows: answered.rows }, &answered)
        }))
    }

    fn verify(&self, checkpoint: Option<String>) -> Result<Work> {
        // What is proved is what is there, whatever is open: nothing is settled first.
        let root: PathBuf = self.workspace()?.root().to_path_buf();
        let checkpoint = checkpoint.filter(|text| !text.trim().is_empty());
        Ok(work("Verify the ledger".into(), "verify", move |session, job| {
            let workspace = Workspace::open_untouched(&root, session.host(None))?;
            let report = workspace.verify(checkpoint, job, &job.cancel)?;
            done(JobOutcome::Verified { holds: report.is_clean(), events: report.events }, &report)
        }))
    }
}

/// Answers that a check of what was served looks at, where nobody says how many.
const LAST: usize = 1000;

/// Where a network is trained, by the name that a front gives it.
fn device_named(name: &str) -> Result<DeviceChoice> {
    match name {
        "" | "auto" => Ok(DeviceChoice::Auto),
        "cpu" => Ok(DeviceChoice::Cpu),
        "gpu" => Ok(DeviceChoice::Gpu),
        other => Err(SessionError::bad_input(format!("There is no device `{other}`"), "Choose auto, cpu or gpu")),
    }
}

pub(crate) fn work(
    title: String,
    kind: &'static str,
    act: impl FnOnce(&Session, &Job) -> Result<Done> + Send + 'static,
) -> Work {
    let act: Act = Box::new(act);
    Work { title, kind, act }
}

pub(crate) fn done(outcome: JobOutcome, answer: &impl Serialize) -> Result<Done> {
    let answer = serde_json::to_vec(answer)
        .map_err(|e| SessionError::told(driftgate_model::Code::Internal, e.to_string(), "Please report it"))?;
    Ok(Done { outcome, answer })
}

fn checked(view: &DriftCheckView) -> Result<Done> {
    let outcome = JobOutcome::Checked {
        model: view.report.model.clone(),
        check: view.check.clone(),
        verdict: view.report.overall.verdict,
        severity: view.report.overall.severity,
        alarm: view.alarm,
    };
    done(outcome, view)
}
