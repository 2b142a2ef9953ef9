//! `runs …`.

use super::Ended;
use crate::args::RunsCommand;
use crate::context::Context;
use crate::exit::Exit;
use crate::render::run::Next;
use crate::render::runs;
use driftgate_engine::RunQuery;

/// Looks at runs.
pub fn perform(context: &Context, command: RunsCommand) -> Ended {
    let begin = context.begin();
    match command {
        RunsCommand::List(args) => {
            let limit = (args.limit > 0).then_some(args.limit);
            let query =
                RunQuery { model: args.model, dataset: args.dataset, status: args.status, limit, offset: args.offset };
            let list = context.open_to_look()?.runs(&query)?;
            context.output.answer(&list, |l, width| runs::list(l, limit, &begin, width))?;
            Ok(Exit::Done)
        }
        RunsCommand::Show { run } => {
            let view = context.open_to_look()?.run_view(&run)?;
            context.output.answer(&view, |v, width| runs::show(v, &Next { begin: &begin }, width))?;
            Ok(Exit::Done)
        }
        RunsCommand::Compare { runs: ids, all } => {
            let compared = context.open_to_look()?.compare(&ids)?;
            context.output.answer(&compared, |c, width| runs::compared(c, all, width))?;
            Ok(Exit::Done)
        }
        RunsCommand::Gate { run, promotion } => {
            let found = context.open_to_look()?.simulate_gate(&run, &promotion, &context.cancel)?;
            context.output.answer(&found, runs::simulated)?;
            Ok(Exit::Done)
        }
        RunsCommand::Reproduce { run } => {
            let workspace = context.open_recording_git()?;
            let observer = context.observer();
            let result = workspace.reproduce(&run, &observer, &context.cancel)?;
            drop(observer);
            context.output.answer(&result, runs::reproduced)?;
            Ok(if result.identical { Exit::Done } else { Exit::Fault })
        }
    }
}
