//! One module for each noun of the grammar, and the way from arguments to an exit code.

mod adapt;
mod audit;
mod dataset;
mod decide;
mod drift;
mod models;
mod run;
mod runs;
mod serve;
mod workspace;

use crate::args::{Cli, Command};
use crate::context::Context;
use crate::exit::{CliError, Exit};
use crate::output::Output;
use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};
use driftgate_model::Code;
use std::ffi::OsString;
use std::path::Path;

/// How a command ends.
pub type Ended = Result<Exit, CliError>;

/// Parses the arguments, does what they ask, says how it went.
pub fn dispatch(args: impl Iterator<Item = OsString>) -> Exit {
    let args: Vec<OsString> = args.collect();
    let cli = match Cli::try_parse_from(&args) {
        Ok(cli) => cli,
        Err(e) => return not_understood(&e, &args),
    };
    let output = Output::new(cli.global.json, cli.global.quiet);
    let Some(command) = cli.command else {
        return settle(&output, output.text(&Cli::command().render_help().ansi().to_string()).map(|()| Exit::Done));
    };
    match command {
        Command::Serve(_) => crate::log::listen_as_json(output),
        _ => crate::log::listen(output),
    }
    let context = Context::new(cli.global, output);
    settle(&output, perform(&context, command))
}

/// Help and version are answers; everything else is wrong usage.
fn not_understood(error: &clap::Error, args: &[OsString]) -> Exit {
    let json = args.iter().take_while(|a| *a != "--").any(|a| a == "--json");
    let output = Output::new(json, false);
    let text = error.render();
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        return settle(&output, output.text(&text.ansi().to_string()).map(|()| Exit::Done));
    }
    if json {
        let plain = text.to_string();
        let message = plain.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned();
        output.error(&CliError::Usage { message, hint: "Run the command with --help to see what it takes".into() });
    } else {
        output.aside(&text.ansi().to_string());
    }
    Exit::Usage
}

fn settle(output: &Output, ended: Ended) -> Exit {
    match ended {
        Ok(exit) => exit,
        Err(CliError::Closed) => CliError::Closed.exit(),
        Err(error) => {
            output.error(&error);
            error.exit()
        }
    }
}

fn perform(context: &Context, command: Command) -> Ended {
    match command {
        Command::Demo(args) => crate::demo::play(context, &args),
        Command::Init(args) => workspace::init(context, &args),
        Command::Doctor => workspace::doctor(context),
        Command::Gc(args) => workspace::gc(context, &args),
        Command::Dataset(command) => dataset::perform(context, command),
        Command::Run(args) => run::run(context, &args),
        Command::Runs(command) => runs::perform(context, command),
        Command::Approve(args) => decide::approve(context, &args),
        Command::Reject(args) => decide::reject(context, &args),
        Command::Rollback(args) => decide::rollback(context, &args),
        Command::Models(command) => models::perform(context, command),
        Command::Predict(args) => models::predict(context, &args),
        Command::Serve(args) => serve::serve(context, &args),
        Command::Audit(command) => audit::perform(context, command),
        Command::Adapt(command) => adapt::perform(context, command),
        Command::Drift(command) => drift::perform(context, command),
        Command::Completions(args) => completions(context, args.shell),
    }
}

/// Refuses a file to write whose folder does not exist, or that is one of the files to be read: `inputs` are what they are and
/// where. `what` is written, and `option` names it.
fn writable(file: &Path, option: &str, what: &str, inputs: &[(&str, &Path)]) -> Result<(), CliError> {
    let folder = file.parent().filter(|p| !p.as_os_str().is_empty());
    if let Some(folder) = folder.filter(|f| !f.is_dir()) {
        return Err(CliError::Front {
            code: Code::NotFound,
            message: format!("There is no folder `{}` to write `{}` in", folder.display(), file.display()),
            hint: Some(format!("Make the folder, or name another file with {option}")),
        });
    }
    // The same file under two names, links followed.
    let same = |a: &Path, b: &Path| matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b);
    match inputs.iter().find(|(_, input)| same(input, file)) {
        None => Ok(()),
        Some((name, _)) => Err(CliError::Front {
            code: Code::BadInput,
            message: format!("`{}` is the {name}: writing the {what} there would destroy it", file.display()),
            hint: Some(format!("Name another file with {option}")),
        }),
    }
}

fn completions(context: &Context, shell: clap_complete::Shell) -> Ended {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "driftgate", &mut script);
    context.output.bytes(&script, false)?;
    Ok(Exit::Done)
}
