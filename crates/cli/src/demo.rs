//! `demo`: the life of a model on real data, rendered.

use crate::args::DemoArgs;
use crate::commands::Ended;
use crate::context::Context;
use crate::exit::{CliError, Exit};
use crate::render::format::{faint, shell_word, strong};
use crate::render::run::account;
use crate::render::{adapt, audit, dataset, drift, models};
use driftgate_demo::{Audience, DemoError, Ending, Played, Told};
use driftgate_engine::VerifyReport;
use driftgate_model::Code;
use driftgate_model::views::{AdaptationView, DatasetAdded, Decided, DriftCheckView, RunView};
use serde::Serialize;
use std::path::Path;

/// What the demo did. Schema `driftgate/demo/1`.
#[derive(Serialize)]
struct Shown {
    schema: &'static str,
    root: String,
    dataset: DatasetAdded,
    runs: Vec<RunView>,
    decisions: Vec<Decided>,
    alarm: DriftCheckView,
    adaptation: Option<AdaptationView>,
    verification: Option<VerifyReport>,
    next: Vec<String>,
}

/// Plays the life of a model in a new folder.
pub fn play(context: &Context, args: &DemoArgs) -> Ended {
    let stage = Stage { context };
    let played = driftgate_demo::play(&args.dir, context.host(None), Ending::Told, &stage, &context.cancel)?;
    let next = next(&args.dir, &played);
    stage.say(&format!("\n{}", strong("What to try next")))?;
    for line in &next {
        stage.say(&format!("  {line}"))?;
    }
    let holds = played.verification.as_ref().is_some_and(audit::holds);
    if context.output.json {
        let shown = Shown {
            schema: "driftgate/demo/1",
            root: played.made.root,
            dataset: played.dataset,
            runs: played.runs,
            decisions: played.decisions,
            alarm: played.alarm,
            adaptation: played.adaptation,
            verification: played.verification,
            next,
        };
        context.output.answer(&shown, |_, _| String::new())?;
    }
    Ok(if holds { Exit::Done } else { Exit::Fault })
}

impl From<DemoError> for CliError {
    fn from(error: DemoError) -> Self {
        let message = error.to_string();
        let (code, hint) = match error {
            DemoError::Engine(engine) => return CliError::Engine(engine),
            DemoError::Earlier(dir) => {
                let here = shell_word(&dir.display().to_string());
                let look = format!("Look at it with driftgate --workspace {here} runs list");
                (Code::Refused, format!("{look}, remove it, or name another folder with --dir"))
            }
            DemoError::NotEmpty(_) => (Code::Refused, "Name a new folder with --dir".into()),
            DemoError::Io { .. } => (Code::Io, "Name a folder you may write to with --dir".into()),
            DemoError::Cancelled(dir) => (Code::Cancelled, format!("Remove {} and start again", dir.display())),
            DemoError::OtherEnding { .. } => {
                (Code::Internal, "This is a fault of Driftgate: please report it with this output".into())
            }
        };
        CliError::Front { code, message, hint: Some(hint) }
    }
}

/// Shows the story on standard output.
struct Stage<'a> {
    context: &'a Context,
}

impl Audience for Stage<'_> {
    type Error = CliError;

    fn hear(&self, told: &Told) -> Result<(), CliError> {
        let width = self.width();
        match told {
            Told::Opening(dir) => {
                self.say("The life of a model, on real data")?;
                self.say(&format!("Everything below is real and happens in {}", dir.display()))
            }
            Told::Step { number, title, .. } => self.say(&format!("\n{}", strong(&format!("{number}  {title}")))),
            Told::Typed(command) => self.say(&faint(&format!("  $ driftgate {command}"))),
            Told::Added(added) => self.show(&dataset::added(added, width)),
            Told::Ran(view) => self.show(&account(view, width)),
            Told::Decided(decision) => self.show(&models::decided(decision, width)),
            Told::History(history) => self.show(&models::history(history, width)),
            Told::Checked(view) => {
                self.show(&drift::check(view, &drift::Shown { begin: "driftgate", all: false, report: None }, width))
            }
            Told::Staged(staged) => self.show(&adapt::staged(staged, "driftgate", width)),
            Told::Verified(report) => self.show(&audit::verified(report, width)),
        }
    }
}

impl Stage<'_> {
    fn width(&self) -> usize {
        // `show` moves everything two columns in.
        self.context.output.columns().saturating_sub(2)
    }

    fn say(&self, text: &str) -> Result<(), CliError> {
        if self.context.output.json { Ok(()) } else { self.context.output.text(text) }
    }

    fn show(&self, text: &str) -> Result<(), CliError> {
        let line = |l: &str| if l.is_empty() { "\n".into() } else { format!("  {l}\n") };
        self.say(&text.lines().map(line).collect::<String>())
    }
}

/// Commands that work when pasted, in order.
fn next(dir: &Path, played: &Played) -> Vec<String> {
    let begin = program();
    let short = |i: usize| played.runs.get(i).map_or_else(String::new, |r| r.run.subject.run.short().to_string());
    let model = &played.alarm.report.model;
    let (a, b) = (short(0), short(2));
    vec![
        format!("cd {}", shell_word(&dir.display().to_string())),
        format!("{begin} runs list"),
        format!("{begin} runs compare {a} {b}"),
        format!("{begin} runs reproduce {a}"),
        format!("{begin} predict {model} --input data/breast_cancer/data.csv --output predictions.csv"),
        format!("{begin} drift show {} --report drift.html", played.alarm.check.short()),
        format!("{begin} models card {model}"),
        format!("{begin} audit log --limit 10"),
        format!("{begin} run configs/pipeline_diabetes.yaml"),
    ]
}

/// How this very program is called: by its name where the shell would find it, by its path elsewhere.
fn program() -> String {
    let by_name = std::env::args_os().next().is_some_and(|a| Path::new(&a).components().count() == 1);
    if by_name {
        return "driftgate".into();
    }
    std::env::current_exe().map_or_else(|_| "driftgate".into(), |p| shell_word(&p.display().to_string()))
}
