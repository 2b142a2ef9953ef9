//! `adapt …`.

use super::Ended;
use crate::args::AdaptCommand;
use crate::context::Context;
use crate::exit::Exit;
use crate::render::adapt;
use driftgate_engine::AdaptOptions;

/// Stages a labelled drifted batch, lists what was staged, or takes it back.
pub fn perform(context: &Context, command: AdaptCommand) -> Ended {
    match command {
        AdaptCommand::Stage(args) => {
            let workspace = context.open()?;
            let observer = context.observer();
            let options = AdaptOptions { batch: args.batch, holdout: args.holdout };
            let view = workspace.adapt_stage(&args.model, &options, &observer, &context.cancel)?;
            drop(observer);
            let begin = context.begin();
            context.output.answer(&view, |v, width| adapt::staged(v, &begin, width))?;
        }
        AdaptCommand::List => {
            let list = context.open_to_look()?.adaptations()?;
            let begin = context.begin();
            context.output.answer(&list, |l, width| adapt::list(l, &begin, width))?;
        }
        AdaptCommand::Undo { adaptation, reason } => {
            let view = context.open()?.adapt_undo(&adaptation, &reason)?;
            context.output.answer(&view, adapt::undone)?;
        }
    }
    Ok(Exit::Done)
}
