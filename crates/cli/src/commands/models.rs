//! `models …` and `predict`.

use super::Ended;
use crate::args::{ModelsCommand, PredictArgs};
use crate::context::Context;
use crate::exit::{CliError, Exit};
use crate::render::models;
use driftgate_host::now;
use driftgate_model::Code;
use driftgate_model::views::VersionView;
use serde::Serialize;

/// Looks at the registry.
pub fn perform(context: &Context, command: ModelsCommand) -> Ended {
    match command {
        ModelsCommand::List => {
            let list = context.open_to_look()?.models()?;
            let begin = context.begin();
            context.output.answer(&list, |l, width| models::list(l, &begin, width))?;
        }
        ModelsCommand::Show { name } => show(context, &name)?,
        ModelsCommand::History { name, at } => {
            let history = context.open_to_look()?.history(&name, at.map(|m| m.resolve(now())))?;
            context.output.answer(&history, models::history)?;
        }
        ModelsCommand::Profile { name } => {
            let workspace = context.open()?;
            let observer = context.observer();
            let view = workspace.profile(&name, &observer, &context.cancel)?;
            drop(observer);
            context.output.answer(&view, crate::render::drift::profile)?;
        }
        ModelsCommand::Card { name } => card(context, name)?,
    }
    Ok(Exit::Done)
}

/// A model card. Schema `driftgate/card/1`.
#[derive(Serialize)]
struct Card {
    schema: &'static str,
    model: String,
    markdown: String,
}

/// One version of a model. Schema `driftgate/model-version/1`.
#[derive(Serialize)]
struct Shown<'a> {
    schema: &'static str,
    model: &'a str,
    #[serde(flatten)]
    version: &'a VersionView,
}

fn card(context: &Context, name: String) -> Result<(), CliError> {
    let markdown = context.open_to_look()?.card(&name)?;
    let card = Card { schema: "driftgate/card/1", model: name, markdown };
    context.output.answer(&card, |c, _| c.markdown.clone())
}

fn show(context: &Context, name: &str) -> Result<(), CliError> {
    let (model, number) = match name.split_once('@') {
        Some((model, text)) => (model, Some(version(text)?)),
        None => (name, None),
    };
    let view = context.open_to_look()?.model(model)?;
    let begin = context.begin();
    let Some(number) = number else {
        return context.output.answer(&view, |v, width| models::show(v, &begin, width));
    };
    let Some(found) = view.versions.iter().find(|v| v.version == number) else {
        return Err(CliError::Front {
            code: Code::NotFound,
            message: format!("`{model}` has no version {number}"),
            hint: Some(format!("It has {}", known(&view.versions.iter().map(|v| v.version).collect::<Vec<_>>()))),
        });
    };
    let shown = Shown { schema: "driftgate/model-version/1", model, version: found };
    context.output.answer(&shown, |s, width| models::show_version(&view, s.version, width))
}

fn version(text: &str) -> Result<u32, CliError> {
    text.strip_prefix('v').unwrap_or(text).parse().map_err(|_| CliError::Usage {
        message: format!("`{text}` is not a version"),
        hint: "Write NAME@3 or NAME@v3".into(),
    })
}

fn known(versions: &[u32]) -> String {
    match (versions.iter().min(), versions.iter().max()) {
        (Some(low), Some(high)) if low != high => format!("v{low} to v{high}"),
        (Some(only), _) => format!("v{only}"),
        (None, _) => "none".into(),
    }
}

/// Answers the rows of a file.
pub fn predict(context: &Context, args: &PredictArgs) -> Ended {
    super::writable(&args.output, "--output", "answers", &[("input", &args.input)])?;
    let workspace = context.open_to_look()?;
    let observer = context.observer();
    let answered = workspace.predict(&args.model, &args.input, &args.output, &observer, &context.cancel)?;
    drop(observer);
    context.output.answer(&answered, models::predicted)?;
    Ok(Exit::Done)
}
