//! `init`, `doctor`, `gc`.

use super::Ended;
use crate::args::{GcArgs, InitArgs};
use crate::context::Context;
use crate::exit::{CliError, Exit};
use crate::render::workspace;
use driftgate_engine::Workspace;
use driftgate_host::build;
use driftgate_model::views::{DoctorCheck, DoctorReport};

/// Makes a workspace.
pub fn init(context: &Context, args: &InitArgs) -> Ended {
    if context.global.workspace.is_some() {
        return Err(CliError::Usage {
            message: "`init` takes the folder as its argument, not as --workspace".into(),
            hint: "Run driftgate init DIR".into(),
        });
    }
    let (_, made) = Workspace::init(&args.dir, context.host(None))?;
    context.output.answer(&made, workspace::initialised)?;
    Ok(Exit::Done)
}

/// Checks the build and, where there is one, the workspace.
pub fn doctor(context: &Context) -> Ended {
    let report = match context.root() {
        Ok(_) => context.open_untouched()?.doctor()?,
        Err(CliError::Front { message, hint, .. }) => {
            let b = build();
            let check = DoctorCheck { name: "workspace".into(), status: "warning".into(), detail: message, hint };
            let driftgate = format!("{} ({}, lock {})", b.version, b.build, b.lock_hash.short());
            DoctorReport { schema: "driftgate/doctor/1".into(), driftgate, checks: vec![check] }
        }
        Err(other) => return Err(other),
    };
    context.output.answer(&report, workspace::doctor)?;
    let fault = report.checks.iter().any(|c| c.status == "fault");
    Ok(if fault { Exit::Fault } else { Exit::Done })
}

/// Frees what no event leads to.
pub fn gc(context: &Context, args: &GcArgs) -> Ended {
    let freed = context.open_untouched()?.collect_garbage(args.dry_run)?;
    context.output.answer(&freed, workspace::collected)?;
    Ok(Exit::Done)
}
