//! `run`.

use super::Ended;
use crate::args::RunArgs;
use crate::context::Context;
use crate::exit::{CliError, Exit};
use crate::question::{Answer, ask, can_ask};
use crate::render::models::decided;
use crate::render::run::{Next, approval_effect, verdict};
use driftgate_engine::{DeviceChoice, RunOptions, Workspace};
use driftgate_model::RunStatus;
use driftgate_model::views::RunView;

/// Runs a pipeline and ends with its verdict.
pub fn run(context: &Context, args: &RunArgs) -> Ended {
    if args.interactive && !can_ask() {
        return Err(CliError::Usage {
            message: "--interactive needs a terminal to ask on".into(),
            hint: "Leave it out: the run waits, and driftgate approve or driftgate reject decides later".into(),
        });
    }
    let workspace = context.open_recording_git()?;
    let observer = context.observer();
    if let Some(time) = args.max_time {
        context.cancel_after(time);
    }
    let options = RunOptions { fine_tune: args.fine_tune, device: device(args.device.as_deref())? };
    let view = workspace.run_with(&args.config, &options, &observer, &context.cancel)?;
    drop(observer);
    let begin = context.begin();
    context.output.answer(&view, |v, width| verdict(v, &Next { begin: &begin }, width))?;
    if args.interactive && view.run.status == RunStatus::AwaitingApproval {
        return decide(context, &workspace, &view);
    }
    Ok(Exit::of_run(view.run.status))
}

/// Where a network is trained: as asked for, or as MODEL_DEVICE says, in the reference's words too.
fn device(asked: Option<&str>) -> Result<DeviceChoice, CliError> {
    let said = std::env::var("MODEL_DEVICE").ok().filter(|t| !t.trim().is_empty());
    let word = asked.map(str::to_owned).or(said).unwrap_or_else(|| "auto".into());
    match word.trim().to_ascii_lowercase().as_str() {
        "auto" => Ok(DeviceChoice::Auto),
        "cpu" => Ok(DeviceChoice::Cpu),
        "gpu" | "cuda" | "directml" => Ok(DeviceChoice::Gpu),
        "software-gpu" => Ok(DeviceChoice::SoftwareGpu),
        other => {
            Err(CliError::Usage { message: format!("MODEL_DEVICE is `{other}`"), hint: "Use auto, cpu or gpu".into() })
        }
    }
}

/// Asks for the decision. Whatever is no clear answer leaves the run waiting.
fn decide(context: &Context, workspace: &Workspace, view: &RunView) -> Ended {
    let run = view.run.subject.run.as_str();
    let preview = workspace.preview_approval(run)?;
    context.output.aside(&format!("\n{}", approval_effect(&preview)));
    loop {
        let line = match ask(&context.output, &context.cancel, "Approve, reject or later? [a/r/L] ") {
            Answer::Line(line) => line.to_lowercase(),
            Answer::None => return left_waiting(context, view),
        };
        match line.as_str() {
            "a" | "approve" => {
                let Answer::Line(reason) = ask(&context.output, &context.cancel, "Why? (may be empty) ") else {
                    return left_waiting(context, view);
                };
                let reason = Some(reason.as_str()).filter(|r| !r.is_empty());
                let decision = workspace.approve(run, reason)?;
                context.output.answer(&decision, decided)?;
                return Ok(Exit::Done);
            }
            "r" | "reject" => return reject(context, workspace, view),
            "" | "l" | "later" => return left_waiting(context, view),
            other => context.output.aside(&format!("`{other}` is none of approve, reject and later")),
        }
    }
}

/// Rejects with a reason; two empty lines leave the run waiting.
fn reject(context: &Context, workspace: &Workspace, view: &RunView) -> Ended {
    for prompt in ["Why? ", "A rejection needs a reason; an empty line leaves the run waiting. Why? "] {
        match ask(&context.output, &context.cancel, prompt) {
            Answer::Line(reason) if !reason.is_empty() => {
                let decision = workspace.reject(view.run.subject.run.as_str(), &reason)?;
                context.output.answer(&decision, decided)?;
                return Ok(Exit::Stopped);
            }
            Answer::Line(_) => {}
            Answer::None => break,
        }
    }
    left_waiting(context, view)
}

fn left_waiting(context: &Context, view: &RunView) -> Ended {
    let (begin, run) = (context.begin(), view.run.subject.run.short());
    context.output.aside(&format!(
        "Left waiting: decide later with {begin} approve {run} or {begin} reject {run} --reason \"…\""
    ));
    Ok(Exit::Done)
}
