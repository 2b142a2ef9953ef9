//! `audit …`.

use super::Ended;
use crate::args::{AuditCommand, AuditLogArgs, KeysCommand, ReviewerCommand};
use crate::context::Context;
use crate::exit::{CliError, Exit};
use crate::render::audit;
use driftgate_engine::{EventFilter, Host, PublicKeys, VerifyReport};
use driftgate_host::now;
use driftgate_model::{Code, Coded};
use serde::Serialize;
use std::path::Path;

/// Reads and proves the ledger.
pub fn perform(context: &Context, command: AuditCommand) -> Ended {
    match command {
        AuditCommand::Log(args) => log(context, args)?,
        AuditCommand::Verify { checkpoint } => return verify(context, checkpoint.as_deref()),
        AuditCommand::Checkpoint => checkpoint(context)?,
        AuditCommand::Keys(KeysCommand::Show) => keys(context)?,
        AuditCommand::Reviewer(ReviewerCommand::Add { name }) => register(context, name)?,
        AuditCommand::Reviewer(ReviewerCommand::List) => {
            context.output.answer(&context.open_untouched()?.reviewers()?, audit::reviewers)?;
        }
    }
    Ok(Exit::Done)
}

fn register(context: &Context, name: Option<String>) -> Result<(), CliError> {
    let workspace = context.open()?;
    let workspace = match name {
        Some(actor) => workspace.acting(Host { actor, ..context.host(None) }),
        None => workspace,
    };
    context.output.answer(&workspace.register_reviewer()?, audit::registered)
}

fn log(context: &Context, args: AuditLogArgs) -> Result<(), CliError> {
    let filter = EventFilter {
        kinds: args.kind,
        subject: args.object,
        actor: args.actor,
        since: args.since.map(|m| m.resolve(now())),
        until: args.until.map(|m| m.resolve(now())),
        limit: args.limit,
    };
    let workspace = context.open_untouched()?;
    if args.raw {
        for leaf in workspace.raw_events(&filter)? {
            context.output.bytes(&leaf, true)?;
        }
        return Ok(());
    }
    context.output.answer(&workspace.audit_log(&filter)?, audit::log)
}

/// A fault is an answer, not an error: it ends with its own exit code, even where the ledger is too broken to be opened.
fn verify(context: &Context, checkpoint: Option<&Path>) -> Ended {
    let kept = match checkpoint {
        None => None,
        Some(path) => Some(std::fs::read_to_string(path).map_err(|e| CliError::Front {
            code: Code::Io,
            message: format!("Reading the checkpoint `{}`: {e}", path.display()),
            hint: Some("Give the file that holds what `driftgate audit checkpoint` printed".into()),
        })?),
    };
    let result = context.open_untouched().and_then(|workspace| {
        let observer = context.observer();
        Ok(workspace.verify(kept, &observer, &context.cancel)?)
    });
    match result {
        Ok(report) => {
            let fault = !audit::holds(&report);
            context.output.answer(&Verified::of(report), |v, width| audit::verified(&v.report, width))?;
            Ok(if fault { Exit::Fault } else { Exit::Done })
        }
        Err(CliError::Engine(error)) if error.code() == Code::Corrupt => {
            context.output.error(&CliError::Engine(error));
            Ok(Exit::Fault)
        }
        Err(other) => Err(other),
    }
}

/// What a verification found. Schema `driftgate/verification/1`.
#[derive(Serialize)]
struct Verified {
    schema: &'static str,
    #[serde(flatten)]
    report: VerifyReport,
}

impl Verified {
    fn of(report: VerifyReport) -> Verified {
        Verified { schema: "driftgate/verification/1", report }
    }
}

/// A signed checkpoint. Schema `driftgate/checkpoint/1`.
#[derive(Serialize)]
struct Checkpoint {
    schema: &'static str,
    note: String,
}

fn checkpoint(context: &Context) -> Result<(), CliError> {
    let checkpoint = Checkpoint { schema: "driftgate/checkpoint/1", note: context.open_untouched()?.checkpoint()? };
    context.output.answer(&checkpoint, |c, _| c.note.clone())
}

/// The public keys. Schema `driftgate/keys/1`.
#[derive(Serialize)]
struct Keys {
    schema: &'static str,
    #[serde(flatten)]
    keys: PublicKeys,
}

fn keys(context: &Context) -> Result<(), CliError> {
    let keys = Keys { schema: "driftgate/keys/1", keys: context.open_untouched()?.keys()? };
    context.output.answer(&keys, |k, width| audit::keys(&k.keys, width))
}
