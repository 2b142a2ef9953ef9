//! `drift …`.

use super::Ended;
use crate::args::{DriftCheckArgs, DriftCommand};
use crate::context::Context;
use crate::exit::Exit;
use crate::question::can_ask;
use crate::render::drift;
use driftgate_engine::DriftCheckOptions;
use driftgate_model::views::DriftCheckView;

/// Checks a batch, looks back, or records a response.
pub fn perform(context: &Context, command: DriftCommand) -> Ended {
    match command {
        DriftCommand::Check(args) => return check(context, &args),
        DriftCommand::Show { check, all } => {
            let view = context.open_to_look()?.drift_view(&check)?;
            show(context, &view, all)?;
        }
        DriftCommand::History { model, limit } => {
            let limit = (limit > 0).then_some(limit);
            let history = context.open_to_look()?.drift_history(&model, limit)?;
            let begin = context.begin();
            context.output.answer(&history, |h, width| drift::history(h, &begin, width))?;
        }
        DriftCommand::Summary { model } => {
            let summary = context.open_to_look()?.drift_summary(&model)?;
            let begin = context.begin();
            context.output.answer(&summary, |s, width| drift::summary(s, &begin, width))?;
        }
        DriftCommand::Respond { check, action, reason } => {
            let responded = context.open()?.drift_respond(&check, action, &reason)?;
            let begin = context.begin();
            context.output.answer(&responded, |r, width| drift::responded(r, &begin, width))?;
        }
    }
    Ok(Exit::Done)
}

fn show(context: &Context, view: &DriftCheckView, all: bool) -> Result<(), crate::exit::CliError> {
    let begin = context.begin();
    context.output.answer(view, |v, width| drift::check(v, &drift::Shown { begin: &begin, all }, width))
}

fn check(context: &Context, args: &DriftCheckArgs) -> Ended {
    let workspace = context.open()?;
    let observer = context.observer();
    let (config, cancel) = (args.config.clone(), &context.cancel);
    let view = match args.batch.clone() {
        Some(batch) => workspace.drift_check(&args.model, &DriftCheckOptions { batch, config }, &observer, cancel)?,
        // The arguments have a batch, or say --served.
        None => workspace.drift_check_served(&args.model, args.last, config, &observer, cancel)?,
    };
    drop(observer);
    show(context, &view, args.all)?;
    // Somebody at a terminal reads the verdict; a script needs the code.
    Ok(if view.fails && !can_ask() { Exit::Blocked } else { Exit::Done })
}
