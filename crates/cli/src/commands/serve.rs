//! `serve`.

use super::Ended;
use crate::args::ServeArgs;
use crate::context::Context;
use crate::exit::{CliError, Exit};
use crate::render::serve;
use driftgate_engine::{LogOptions, Workspace};
use driftgate_model::Code;
use driftgate_serve::{Auth, ServeError, ServeOptions, Started};

/// Serves the versions in Production until Ctrl-C.
pub fn serve(context: &Context, args: &ServeArgs) -> Ended {
    let mut host = context.host(None);
    host.via = "server".into();
    let workspace = Workspace::open(&context.root()?, host)?;
    for sentence in workspace.settled() {
        context.output.note(&format!("note: {sentence}"));
    }
    let made = if args.new_token { Some(workspace.new_server_token()?) } else { None };
    let options = options(args, made.is_some());
    let mut printed = Ok(());
    let begin = context.begin();
    let print = |started: &Started| {
        let token = made.clone().or_else(|| started.new_token.clone());
        let view = serve::Listening::new(started, token);
        printed = context.output.answer(&view, |v, width| serve::listening(v, &begin, width));
    };
    let served = driftgate_serve::run(workspace, options, &context.cancel, print).map_err(front)?;
    printed?;
    context.output.note(&serve::ended(&served));
    Ok(Exit::Done)
}

fn options(args: &ServeArgs, new_token: bool) -> ServeOptions {
    let set = |key: &str| std::env::var(key).ok().filter(|t| !t.trim().is_empty());
    // A token that was asked for now is the one that counts.
    let given = if new_token { None } else { set("DRIFTGATE_TOKEN").or_else(|| set("API_ADMIN_TOKEN")) };
    let log = LogOptions { values: args.log_values, total_bytes: args.log_bytes, ..LogOptions::default() };
    ServeOptions {
        bind: args.bind,
        port: args.port,
        auth: given.map_or(Auth::Workspace, |token| Auth::Token(token.trim().to_owned())),
        hosts: args.allow_host.clone(),
        body_bytes: args.max_body,
        rows: args.max_rows,
        in_flight: args.max_in_flight,
        timeout: args.timeout,
        log: (!args.no_log).then_some(log),
        sample: args.log_sample,
        access_log: args.access_log,
        ..ServeOptions::default()
    }
}

fn front(error: ServeError) -> CliError {
    let hint = match &error {
        ServeError::Engine(_) => None,
        ServeError::Listen { source, .. } if source.kind() == std::io::ErrorKind::AddrInUse => {
            Some("Something listens there already: name another port with --port, or 0 to have one picked")
        }
        ServeError::Listen { .. } => Some("Name an address of this machine with --bind and a free port with --port"),
        ServeError::Start(_) => Some("Free some memory or threads and try again"),
    };
    match error {
        ServeError::Engine(engine) => CliError::Engine(engine),
        other => CliError::Front { code: Code::Io, message: other.to_string(), hint: hint.map(Into::into) },
    }
}
