//! `approve`, `reject`, `rollback`.

use super::Ended;
use crate::args::{ApproveArgs, RejectArgs, RollbackArgs};
use crate::context::Context;
use crate::exit::Exit;
use crate::render::models::decided;

/// Approves a run that waits.
pub fn approve(context: &Context, args: &ApproveArgs) -> Ended {
    let decision = context.open()?.approve(&args.run, args.reason.as_deref())?;
    context.output.answer(&decision, decided)?;
    Ok(Exit::Done)
}

/// Rejects a run that waits: the rejection was done, so the command ends well.
pub fn reject(context: &Context, args: &RejectArgs) -> Ended {
    let decision = context.open()?.reject(&args.run, &args.reason)?;
    context.output.answer(&decision, decided)?;
    Ok(Exit::Done)
}

/// Brings an earlier version back.
pub fn rollback(context: &Context, args: &RollbackArgs) -> Ended {
    let decision = context.open()?.rollback(&args.model, args.to, &args.reason)?;
    context.output.answer(&decision, decided)?;
    Ok(Exit::Done)
}
