//! `demo`: the life of a model on real data, played through the engine like any other work.

use crate::args::DemoArgs;
use crate::commands::Ended;
use crate::context::Context;
use crate::exit::{CliError, Exit};
use crate::render::format::{faint, shell_word, strong};
use crate::render::run::account;
use crate::render::{adapt, audit, dataset, drift, models};
use driftgate_engine::{AdaptOptions, DriftCheckOptions, ImportAnswers, SimulateOptions, VerifyReport, Workspace};
use driftgate_model::config::{Change, Scenario};
use driftgate_model::views::{AdaptationView, DatasetAdded, Decided, DriftCheckView, RunView};
use driftgate_model::{Code, DriftAction, NullObserver, RunStatus};
use serde::Serialize;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Every file of the repository's `configs/` and `data/`, by its path from there.
const UNPACKED: &[(&str, &[u8])] = &include!(concat!(env!("OUT_DIR"), "/unpacked.rs"));

/// What the demo did. Schema `driftgate/demo/1`.
#[derive(Serialize)]
struct Played {
    schema: &'static str,
    root: String,
    dataset: DatasetAdded,
    runs: Vec<RunView>,
    decisions: Vec<Decided>,
    alarm: DriftCheckView,
    adaptation: AdaptationView,
    verification: VerifyReport,
    next: Vec<String>,
}

/// Plays the life of a model in a new folder.
pub fn play(context: &Context, args: &DemoArgs) -> Ended {
    check_folder(&args.dir)?;
    unpack(&args.dir)?;
    keep_back(&args.dir)?;
    let stage = Stage { context, dir: args.dir.clone() };
    let played = stage.play()?;
    if context.output.json {
        context.output.answer(&played, |_, _| String::new())?;
    }
    Ok(if audit::holds(&played.verification) { Exit::Done } else { Exit::Fault })
}

/// Only a new or empty folder is filled.
fn check_folder(dir: &Path) -> Result<(), CliError> {
    let refuse =
        |message: String, hint: String| Err(CliError::Front { code: Code::Refused, message, hint: Some(hint) });
    let here = dir.display();
    match std::fs::read_dir(dir) {
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(()),
        Err(e) => Err(io("read", dir, &e)),
        Ok(mut entries) => match entries.next() {
            None => Ok(()),
            Some(_) if dir.join(".driftgate").is_dir() && dir.join("configs/demo/first.yaml").is_file() => refuse(
                format!("`{here}` holds an earlier demo"),
                format!(
                    "Look at it with driftgate --workspace {} runs list, remove it, or name another folder with --dir",
                    shell_word(&here.to_string())
                ),
            ),
            Some(_) => refuse(format!("`{here}` is not empty"), "Name a new folder with --dir".into()),
        },
    }
}

fn unpack(dir: &Path) -> Result<(), CliError> {
    for (name, bytes) in UNPACKED {
        let path = name.split('/').fold(dir.to_path_buf(), |p, part| p.join(part));
        let folder = path.parent().unwrap_or(dir);
        std::fs::create_dir_all(folder).map_err(|e| io("make", folder, &e))?;
        std::fs::write(&path, bytes).map_err(|e| io("write", &path, &e))?;
    }
    Ok(())
}

/// Puts every fourth row of the breast cancer data aside: they come later, and no model has seen them until then.
fn keep_back(dir: &Path) -> Result<(), CliError> {
    let path = dir.join("data").join("breast_cancer").join("data.csv");
    let text = std::fs::read_to_string(&path).map_err(|e| io("read", &path, &e))?;
    let mut parts = [String::new(), String::new()];
    for (i, line) in text.lines().enumerate() {
        for (part, later) in parts.iter_mut().zip([false, true]) {
            if i == 0 || (i % 4 == 0) == later {
                part.push_str(line);
                part.push('\n');
            }
        }
    }
    let later = dir.join("later.csv");
    std::fs::write(&path, &parts[0]).map_err(|e| io("write", &path, &e))?;
    std::fs::write(&later, &parts[1]).map_err(|e| io("write", &later, &e))
}

fn io(doing: &str, path: &Path, error: &std::io::Error) -> CliError {
    CliError::Front {
        code: Code::Io,
        message: format!("Cannot {doing} {}: {error}", path.display()),
        hint: Some("Name a folder you may write to with --dir".into()),
    }
}

struct Stage<'a> {
    context: &'a Context,
    dir: PathBuf,
}

impl Stage<'_> {
    fn play(&self) -> Result<Played, CliError> {
        self.say("The life of a model, on real data")?;
        self.say(&format!("Everything below is real and happens in {}", self.dir.display()))?;
        self.title("1  A workspace and a data set; every fourth row is kept back for later")?;
        self.typed("init")?;
        self.typed("dataset add data/breast_cancer")?;
        let (workspace, made) = Workspace::init(&self.dir, self.context.host(None))?;
        let added = self.add(&workspace)?;

        self.title("2  A first model: it passes its gate, and waits for a person")?;
        let first = self.run(&workspace, "first", RunStatus::AwaitingApproval)?;
        self.title("3  A person approves it")?;
        let approved = self.approve(&workspace, &first, "First model; every rule holds")?;

        self.title("4  A worse candidate: the gate blocks it and says why")?;
        let worse = self.run(&workspace, "worse", RunStatus::Blocked)?;

        self.title("5  A better one, approved: the first version is archived")?;
        let better = self.run(&workspace, "better", RunStatus::AwaitingApproval)?;
        let replaced = self.approve(&workspace, &better, "Better on the same rows")?;

        self.title("6  Second thoughts: the first version is back, byte for byte")?;
        let back = self.roll_back(&workspace, first.run.subject.model.as_str())?;

        let model = first.run.subject.model.as_str();
        self.title(
            "7  New rows come, and the world has changed: four measurements read higher (simulated). The check sees it",
        )?;
        let alarm = self.drift(&workspace, model)?;
        self.title("8  The better model of the old world is blocked now: drift is a rule of the gate")?;
        let stale = self.run(&workspace, "better", RunStatus::Blocked)?;
        self.title("9  A person answers the alarm and lets the next model learn from the batch")?;
        let staged = self.adapt(&workspace, model, &alarm)?;
        let adapted = self.run(&workspace, "adapted", RunStatus::AwaitingApproval)?;
        let adopted = self.approve(&workspace, &adapted, "Copes with both worlds")?;

        self.title("10  The proof: every step is on the ledger")?;
        self.typed("audit verify")?;
        let verification = workspace.verify(None, &NullObserver, &self.context.cancel)?;
        self.show(&audit::verified(&verification, self.width()))?;

        let next = self.next(&first, &better, &alarm);
        self.title("What to try next")?;
        for line in &next {
            self.say(&format!("  {line}"))?;
        }
        Ok(Played {
            schema: "driftgate/demo/1",
            root: made.root,
            dataset: added,
            runs: vec![first, worse, better, stale, adapted],
            decisions: vec![approved, replaced, back, adopted],
            alarm,
            adaptation: staged,
            verification,
            next,
        })
    }

    fn add(&self, workspace: &Workspace) -> Result<DatasetAdded, CliError> {
        let folder = self.dir.join("data").join("breast_cancer");
        let cancel = &self.context.cancel;
        let added = workspace.add_dataset(&folder, &ImportAnswers::default(), &NullObserver, cancel)?;
        self.show(&dataset::added(&added, self.width()))?;
        Ok(added)
    }

    /// Runs a config of `configs/demo` and insists on how it ends: the story would be told wrongly otherwise.
    fn run(&self, workspace: &Workspace, name: &str, expected: RunStatus) -> Result<RunView, CliError> {
        self.typed(&format!("run configs/demo/{name}.yaml"))?;
        let config = self.dir.join("configs").join("demo").join(format!("{name}.yaml"));
        let view = workspace.run(&config, &NullObserver, &self.context.cancel)?;
        if view.run.status == RunStatus::Cancelled {
            return Err(CliError::Front {
                code: Code::Cancelled,
                message: "The demo was cancelled".into(),
                hint: Some(format!("Remove {} and start again", self.dir.display())),
            });
        }
        self.show(&account(&view, self.width()))?;
        if view.run.status != expected {
            let (ended, wanted) = (view.run.status.as_str(), expected.as_str());
            return Err(CliError::Front {
                code: Code::Internal,
                message: format!("configs/demo/{name}.yaml ended {ended} where {wanted} was expected"),
                hint: Some("This is a fault of Driftgate: please report it with this output".into()),
            });
        }
        Ok(view)
    }

    fn approve(&self, workspace: &Workspace, run: &RunView, reason: &str) -> Result<Decided, CliError> {
        let id = &run.run.subject.run;
        self.typed(&format!("approve {} --reason \"{reason}\"", id.short()))?;
        let decision = workspace.approve(id.as_str(), Some(reason))?;
        self.show(&models::decided(&decision, self.width()))?;
        Ok(decision)
    }

    fn roll_back(&self, workspace: &Workspace, model: &str) -> Result<Decided, CliError> {
        let reason = "Complaints since the change";
        self.typed(&format!("rollback {model} --reason \"{reason}\""))?;
        let decision = workspace.rollback(model, None, reason)?;
        self.show(&models::decided(&decision, self.width()))?;
        self.typed(&format!("models history {model}"))?;
        self.show(&models::history(&workspace.history(model, None)?, self.width()))?;
        Ok(decision)
    }

    /// A batch in which the world has changed, checked: it is an alarm.
    fn drift(&self, workspace: &Workspace, model: &str) -> Result<DriftCheckView, CliError> {
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
        workspace.drift_simulate(model, &options)?;
        self.typed(&format!("drift check {model} --batch batch.csv"))?;
        let batch = DriftCheckOptions { batch: options.output, config: None };
        let view = workspace.drift_check(model, &batch, &NullObserver, &self.context.cancel)?;
        let begin = "driftgate";
        self.show(&drift::check(&view, &drift::Shown { begin, all: false, report: None }, self.width()))?;
        Ok(view)
    }

    fn adapt(&self, workspace: &Workspace, model: &str, alarm: &DriftCheckView) -> Result<AdaptationView, CliError> {
        let reason = "A new instrument: learn from it";
        self.typed(&format!("drift respond {} --action retrain --reason \"{reason}\"", alarm.check.short()))?;
        workspace.drift_respond(alarm.check.as_str(), DriftAction::Retrain, reason)?;
        self.typed(&format!("adapt stage {model} --batch batch.csv"))?;
        let options = AdaptOptions { batch: self.dir.join("batch.csv"), holdout: 0.3 };
        let staged = workspace.adapt_stage(model, &options, &NullObserver, &self.context.cancel)?;
        self.show(&adapt::staged(&staged, "driftgate", self.width()))?;
        Ok(staged)
    }

    /// Commands that work when pasted, in order.
    fn next(&self, first: &RunView, better: &RunView, alarm: &DriftCheckView) -> Vec<String> {
        let begin = program();
        let model = &first.run.subject.model;
        let (a, b) = (first.run.subject.run.short(), better.run.subject.run.short());
        vec![
            format!("cd {}", shell_word(&self.dir.display().to_string())),
            format!("{begin} runs list"),
            format!("{begin} runs compare {a} {b}"),
            format!("{begin} runs reproduce {a}"),
            format!("{begin} predict {model} --input data/breast_cancer/data.csv --output predictions.csv"),
            format!("{begin} drift show {} --report drift.html", alarm.check.short()),
            format!("{begin} models card {model}"),
            format!("{begin} audit log --limit 10"),
            format!("{begin} run configs/pipeline_diabetes.yaml"),
        ]
    }

    fn width(&self) -> usize {
        // `show` moves everything two columns in.
        self.context.output.columns().saturating_sub(2)
    }

    fn title(&self, text: &str) -> Result<(), CliError> {
        self.say(&format!("\n{}", strong(text)))
    }

    fn say(&self, text: &str) -> Result<(), CliError> {
        if self.context.output.json { Ok(()) } else { self.context.output.text(text) }
    }

    /// The command a person would type for what follows.
    fn typed(&self, command: &str) -> Result<(), CliError> {
        self.say(&faint(&format!("  $ driftgate {command}")))
    }

    fn show(&self, text: &str) -> Result<(), CliError> {
        let line = |l: &str| if l.is_empty() { "\n".into() } else { format!("  {l}\n") };
        self.say(&text.lines().map(line).collect::<String>())
    }
}

/// How this very program is called: by its name where the shell would find it, by its path elsewhere.
fn program() -> String {
    let by_name = std::env::args_os().next().is_some_and(|a| Path::new(&a).components().count() == 1);
    if by_name {
        return "driftgate".into();
    }
    std::env::current_exe().map_or_else(|_| "driftgate".into(), |p| shell_word(&p.display().to_string()))
}
