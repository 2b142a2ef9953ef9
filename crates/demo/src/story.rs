//! The story, step by step.

use crate::{DemoError, folder};
use driftgate_engine::{
    AdaptOptions, DriftCheckOptions, Host, ImportAnswers, SimulateOptions, VerifyReport, Workspace,
};
use driftgate_model::config::{Change, Scenario};
use driftgate_model::views::{
    AdaptationView, DatasetAdded, Decided, DriftCheckView, Initialised, ModelHistory, RunView,
};
use driftgate_model::{CancelToken, DriftAction, NullObserver, Observer, RunStatus};
use std::path::Path;

/// What the audience is told, in order.
pub enum Told<'a> {
    /// The story begins, in this folder.
    Opening(&'a Path),
    /// A step begins.
    Step {
        /// Its number, from 1.
        number: u8,
        /// A few words.
        name: &'static str,
        /// What happens in it, a sentence.
        title: &'static str,
    },
    /// What a person would type for what follows, without the program's name.
    Typed(&'a str),
    /// The data set was added.
    Added(&'a DatasetAdded),
    /// A run ended.
    Ran(&'a RunView),
    /// A person decided.
    Decided(&'a Decided),
    /// Which version was in Production when.
    History(&'a ModelHistory),
    /// The batch was checked.
    Checked(&'a DriftCheckView),
    /// Rows of the batch joined the data.
    Staged(&'a AdaptationView),
    /// The ledger was checked.
    Verified(&'a VerifyReport),
}

/// Who listens.
pub trait Audience {
    /// What goes wrong on its side, and what it makes of what goes wrong in the story.
    type Error: From<DemoError>;

    /// Takes in what happens. An error ends the story.
    fn hear(&self, told: &Told) -> Result<(), Self::Error>;

    /// Sees what long work within a step does.
    fn observer(&self) -> &dyn Observer {
        &NullObserver
    }
}

/// How far the story goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Everything is decided, and proved.
    Told,
    /// A drift alarm waits for an answer, and the first model for other data for a decision.
    ForYou,
}

/// What the demo did.
pub struct Played {
    /// The new workspace.
    pub made: Initialised,
    /// The data set.
    pub dataset: DatasetAdded,
    /// The runs, in order.
    pub runs: Vec<RunView>,
    /// The decisions, in order.
    pub decisions: Vec<Decided>,
    /// The alarm.
    pub alarm: DriftCheckView,
    /// What was staged; `None` where the ending is left to the audience.
    pub adaptation: Option<AdaptationView>,
    /// The proof; `None` where the ending is left to the audience.
    pub verification: Option<VerifyReport>,
}

/// Plays the life of a model in a new or empty folder.
///
/// Errors: the folder holds something, or cannot be written; the audience, or a person, stops it.
pub fn play<A: Audience>(
    dir: &Path,
    host: Host,
    ending: Ending,
    audience: &A,
    cancel: &CancelToken,
) -> Result<Played, A::Error> {
    folder::check(dir)?;
    folder::unpack(dir)?;
    folder::keep_back(dir)?;
    Stage { dir, ending, audience, cancel }.play(host)
}

struct Stage<'a, A> {
    dir: &'a Path,
    ending: Ending,
    audience: &'a A,
    cancel: &'a CancelToken,
}

impl<A: Audience> Stage<'_, A> {
    fn play(&self, host: Host) -> Result<Played, A::Error> {
        self.tell(&Told::Opening(self.dir))?;
        self.step(1, "Data", "A workspace and a data set; every fourth row is kept back for later")?;
        self.typed("init")?;
        self.typed("dataset add data/breast_cancer")?;
        let (workspace, made) = Workspace::init(self.dir, host).map_err(DemoError::from)?;
        let dataset = self.add(&workspace)?;

        self.step(2, "First model", "A first model: it passes its gate, and waits for a person")?;
        let first = self.run(&workspace, "demo/first", RunStatus::AwaitingApproval)?;
        self.step(3, "Approval", "A person approves it")?;
        let approved = self.approve(&workspace, &first, "First model; every rule holds")?;

        self.step(4, "Worse candidate", "A worse candidate: the gate blocks it and says why")?;
        let worse = self.run(&workspace, "demo/worse", RunStatus::Blocked)?;

        self.step(5, "Better model", "A better one, approved: the first version is archived")?;
        let better = self.run(&workspace, "demo/better", RunStatus::AwaitingApproval)?;
        let replaced = self.approve(&workspace, &better, "Better on the same rows")?;

        self.step(6, "Rollback", "Second thoughts: the first version is back, byte for byte")?;
        let model = first.run.subject.model.as_str();
        let back = self.roll_back(&workspace, model)?;

        self.step(
            7,
            "Drift",
            "New rows come, and the world has changed: four measurements read higher (simulated). The check sees it",
        )?;
        let alarm = self.drift(&workspace, model)?;
        self.step(8, "Old knowledge", "The better model of the old world is blocked now: drift is a rule of the gate")?;
        let stale = self.run(&workspace, "demo/better", RunStatus::Blocked)?;
        let mut played = Played {
            made,
            dataset,
            runs: vec![first, worse, better, stale],
            decisions: vec![approved, replaced, back],
            alarm,
            adaptation: None,
            verification: None,
        };
        match self.ending {
            Ending::Told => self.tell_the_end(&workspace, &mut played)?,
            Ending::ForYou => {
                self.step(9, "Another model", "A model for other data passes its gate, and waits for you")?;
                played.runs.push(self.run(&workspace, "pipeline_wine", RunStatus::AwaitingApproval)?);
            }
        }
        Ok(played)
    }

    fn tell_the_end(&self, workspace: &Workspace, played: &mut Played) -> Result<(), A::Error> {
        self.step(9, "Adaptation", "A person answers the alarm and lets the next model learn from the batch")?;
        played.adaptation = Some(self.adapt(workspace, &played.alarm)?);
        let adapted = self.run(workspace, "demo/adapted", RunStatus::AwaitingApproval)?;
        played.decisions.push(self.approve(workspace, &adapted, "Copes with both worlds")?);
        played.runs.push(adapted);
        self.step(10, "Proof", "The proof: every step is on the ledger")?;
        self.typed("audit verify")?;
        let verification = workspace.verify(None, self.audience.observer(), self.cancel).map_err(DemoError::from)?;
        self.tell(&Told::Verified(&verification))?;
        played.verification = Some(verification);
        Ok(())
    }

    fn add(&self, workspace: &Workspace) -> Result<DatasetAdded, A::Error> {
        let folder = self.dir.join("data").join("breast_cancer");
        let answers = ImportAnswers::default();
        let added = workspace.add_dataset(&folder, &answers, self.audience.observer(), self.cancel);
        let added = added.map_err(DemoError::from)?;
        self.tell(&Told::Added(&added))?;
        Ok(added)
    }

    /// Runs a config of `configs` and insists on how it ends: the story would be told wrongly otherwise.
    fn run(&self, workspace: &Workspace, config: &'static str, expected: RunStatus) -> Result<RunView, A::Error> {
        self.typed(&format!("run configs/{config}.yaml"))?;
        let path = config.split('/').fold(self.dir.join("configs"), |p, part| p.join(part)).with_extension("yaml");
        let view = workspace.run(&path, self.audience.observer(), self.cancel).map_err(DemoError::from)?;
        if view.run.status == RunStatus::Cancelled {
            return Err(DemoError::Cancelled(self.dir.into()).into());
        }
        self.tell(&Told::Ran(&view))?;
        if view.run.status != expected {
            let (ended, wanted) = (view.run.status.as_str(), expected.as_str());
            return Err(DemoError::OtherEnding { config, ended, wanted }.into());
        }
        Ok(view)
    }

    fn approve(&self, workspace: &Workspace, run: &RunView, reason: &str) -> Result<Decided, A::Error> {
        let id = &run.run.subject.run;
        self.typed(&format!("approve {} --reason \"{reason}\"", id.short()))?;
        let decision = workspace.approve(id.as_str(), Some(reason)).map_err(DemoError::from)?;
        self.tell(&Told::Decided(&decision))?;
        Ok(decision)
    }

    fn roll_back(&self, workspace: &Workspace, model: &str) -> Result<Decided, A::Error> {
        let reason = "Complaints since the change";
        self.typed(&format!("rollback {model} --reason \"{reason}\""))?;
        let decision = workspace.rollback(model, None, reason).map_err(DemoError::from)?;
        self.tell(&Told::Decided(&decision))?;
        self.typed(&format!("models history {model}"))?;
        let history = workspace.history(model, None).map_err(DemoError::from)?;
        self.tell(&Told::History(&history))?;
        Ok(decision)
    }

    /// A batch in which the world has changed, checked: it is an alarm.
    fn drift(&self, workspace: &Workspace, model: &str) -> Result<DriftCheckView, A::Error> {
        let columns = ["worst_radius", "worst_perimeter", "worst_area", "worst_concave_points"];
        self.typed(&format!(
            "drift simulate {model} --input later.csv --output batch.csv --mean 3 --columns {}",
            columns.join(",")
        ))?;
        let change = Change::Mean { by: 3.0 };
        let options = SimulateOptions {
            input: self.dir.join("later.csv"),
            output: self.dir.join("batch.csv"),
            scenario: Scenario { name: "mean".into(), columns: columns.map(String::from).to_vec(), change },
            seed: 42,
        };
        workspace.drift_simulate(model, &options).map_err(DemoError::from)?;
        self.typed(&format!("drift check {model} --batch batch.csv"))?;
        let batch = DriftCheckOptions { batch: options.output, config: None };
        let view = workspace.drift_check(model, &batch, self.audience.observer(), self.cancel);
        let view = view.map_err(DemoError::from)?;
        self.tell(&Told::Checked(&view))?;
        Ok(view)
    }

    fn adapt(&self, workspace: &Workspace, alarm: &DriftCheckView) -> Result<AdaptationView, A::Error> {
        let reason = "A new instrument: learn from it";
        let (check, model) = (&alarm.check, alarm.report.model.as_str());
        self.typed(&format!("drift respond {} --action retrain --reason \"{reason}\"", check.short()))?;
        let responded = workspace.drift_respond(check.as_str(), DriftAction::Retrain, reason);
        responded.map_err(DemoError::from)?;
        self.typed(&format!("adapt stage {model} --batch batch.csv"))?;
        let options = AdaptOptions { batch: self.dir.join("batch.csv"), holdout: 0.3 };
        let staged = workspace.adapt_stage(model, &options, self.audience.observer(), self.cancel);
        let staged = staged.map_err(DemoError::from)?;
        self.tell(&Told::Staged(&staged))?;
        Ok(staged)
    }

    fn step(&self, number: u8, name: &'static str, title: &'static str) -> Result<(), A::Error> {
        self.tell(&Told::Step { number, name, title })
    }

    fn typed(&self, command: &str) -> Result<(), A::Error> {
        self.tell(&Told::Typed(command))
    }

    fn tell(&self, told: &Told) -> Result<(), A::Error> {
        self.audience.hear(told)
    }
}
