//! `dataset …`.

use super::Ended;
use crate::args::{DatasetAddArgs, DatasetCommand, SynthesizeCommand, SynthesizeImagesArgs};
use crate::context::Context;
use crate::exit::{CliError, Exit};
use crate::question::{Answer, ask, can_ask};
use crate::render::dataset;
use driftgate_engine::{ImportAnswers, SyntheticDrift, SyntheticOptions, Workspace};
use driftgate_model::views::ImportQuestion;
use driftgate_model::{Code, DatasetRow, Task};
use serde::Serialize;
use std::path::Path;

/// Does what was asked of data sets.
pub fn perform(context: &Context, command: DatasetCommand) -> Ended {
    match command {
        DatasetCommand::Add(args) => add(context, &args),
        DatasetCommand::List => list(context),
        DatasetCommand::Show { name } => {
            let view = context.open_to_look()?.dataset(&name)?;
            context.output.answer(&view, dataset::show)?;
            Ok(Exit::Done)
        }
        DatasetCommand::Validate { what } => {
            let report = context.open_to_look()?.validate_dataset(&what)?;
            context.output.answer(&report, dataset::validation)?;
            Ok(if report.errors() > 0 { Exit::Error } else { Exit::Done })
        }
        DatasetCommand::Fetch { name, from, output } => fetch(context, &name, from.as_deref(), output.as_deref()),
        DatasetCommand::Synthesize(SynthesizeCommand::Images(args)) => synthesize(context, &args),
    }
}

/// Lays a published archive out. Driftgate itself asks nothing of any network.
fn fetch(context: &Context, name: &str, from: Option<&Path>, output: Option<&Path>) -> Ended {
    let Some(from) = from else {
        return Err(CliError::Usage {
            message: format!("Driftgate downloads nothing, so `dataset fetch {name}` needs the archive"),
            hint: "Download cifar-10-binary.tar.gz from https://www.cs.toronto.edu/~kriz/cifar.html, and give it with --from"
                .into(),
        });
    };
    let folder = output.map_or_else(|| Path::new("data").join(name), Path::to_path_buf);
    let made = driftgate_engine::fetch_cifar10(from, &folder, &context.observer(), &context.cancel)?;
    context.output.answer(&made, dataset::laid_out)?;
    Ok(Exit::Done)
}

fn synthesize(context: &Context, args: &SynthesizeImagesArgs) -> Ended {
    let options = SyntheticOptions {
        classes: args.classes as usize,
        per_class: args.per_class as usize,
        size: args.size,
        seed: args.seed,
        drift: args.drift.as_deref().map(|word| match word {
            "darker" => SyntheticDrift::Darker,
            "warmer" => SyntheticDrift::Warmer,
            "blurred" => SyntheticDrift::Blurred,
            // The parser lets no other word through.
            _ => SyntheticDrift::Noisy,
        }),
    };
    let made = driftgate_engine::synthesize_images(&args.folder, &options)?;
    context.output.answer(&made, dataset::laid_out)?;
    Ok(Exit::Done)
}

fn add(context: &Context, args: &DatasetAddArgs) -> Ended {
    let workspace = context.open()?;
    let mut answers = ImportAnswers {
        name: args.name.clone(),
        target: args.target.clone(),
        task: args.task,
        reference: args.reference,
        write_spec: !args.no_spec,
        spec: None,
    };
    if can_ask() && !context.output.json {
        fill_in(context, &workspace, args, &mut answers)?;
    }
    let added = workspace.add_dataset(&args.path, &answers, &context.observer(), &context.cancel)?;
    context.output.answer(&added, dataset::added)?;
    Ok(Exit::Done)
}

/// Asks what import cannot know, question by question: an answer may settle the next one.
fn fill_in(
    context: &Context,
    workspace: &Workspace,
    args: &DatasetAddArgs,
    answers: &mut ImportAnswers,
) -> Result<(), CliError> {
    let mut first = true;
    loop {
        let plan = workspace.plan_import(&args.path, answers)?;
        let Some(question) = plan.questions.first() else { return Ok(()) };
        if first {
            context.output.aside(&dataset::plan(&plan, context.output.columns()));
            first = false;
        }
        let answer = choose(context, question)?;
        match question.key.as_str() {
            "task" => {
                answers.task =
                    Some(if answer == Task::Regression.as_str() { Task::Regression } else { Task::Classification });
            }
            "target" => answers.target = Some(answer),
            // A question this front does not know stays open: the import itself will name it.
            _ => return Ok(()),
        }
    }
}

/// Asks one question until an answer fits; an empty line takes the likely answer, where there is one.
fn choose(context: &Context, question: &ImportQuestion) -> Result<String, CliError> {
    const SHOWN: usize = 20;
    let mut text = format!("{}\n", question.text);
    for (i, choice) in question.choices.iter().take(SHOWN).enumerate() {
        text += &format!("  {:>2}  {choice}\n", i + 1);
    }
    let default = question.suggestion.as_ref().map_or_else(String::new, |c| format!(" [{c}]"));
    context.output.prompt(&text);
    loop {
        let Answer::Line(line) = ask(&context.output, &context.cancel, &format!("{}{default}: ", question.key)) else {
            return Err(CliError::Front {
                code: Code::Cancelled,
                message: "Nothing was added".into(),
                hint: Some(format!("Answer with --{} instead", question.key)),
            });
        };
        let by_number = line.parse::<usize>().ok().and_then(|n| question.choices.get(n.checked_sub(1)?));
        let by_name = question.choices.iter().find(|c| **c == line);
        match (&question.suggestion, by_name.or(by_number)) {
            (_, Some(choice)) => return Ok(choice.clone()),
            (Some(likely), None) if line.is_empty() => return Ok(likely.clone()),
            (_, None) if question.choices.is_empty() && !line.is_empty() => return Ok(line),
            _ => context.output.aside(&format!("`{line}` is none of the choices: type a name or its number")),
        }
    }
}

/// The data sets of a workspace. Schema `driftgate/datasets/1`.
#[derive(Serialize)]
struct DatasetList {
    schema: &'static str,
    datasets: Vec<DatasetRow>,
}

fn list(context: &Context) -> Ended {
    let all = DatasetList { schema: "driftgate/datasets/1", datasets: context.open_to_look()?.datasets()? };
    context.output.answer(&all, |l, width| dataset::list(&l.datasets, width))?;
    Ok(Exit::Done)
}
