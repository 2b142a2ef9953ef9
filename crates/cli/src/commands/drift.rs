//! `drift …`.

use super::{Ended, writable};
use crate::args::{DriftCheckArgs, DriftCommand};
use crate::context::Context;
use crate::exit::{CliError, Exit};
use crate::question::can_ask;
use crate::render::drift;
use driftgate_engine::{DriftCheckOptions, ReportFile, SimulateOptions, Workspace};
use driftgate_model::Coded;
use driftgate_model::views::DriftCheckView;
use serde::Serialize;
use std::path::Path;

/// Checks a batch, looks back, or records a response.
pub fn perform(context: &Context, command: DriftCommand) -> Ended {
    match command {
        DriftCommand::Check(args) => return check(context, &args),
        DriftCommand::Show { check, all, report } => {
            let workspace = context.open_to_look()?;
            let file = report_file(&workspace, report.as_deref(), &[])?;
            let view = workspace.drift_view(&check)?;
            show(context, &workspace, &view, file.as_ref(), all)?;
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
        DriftCommand::Simulate(args) => {
            let scenario = args.scenario();
            let options = SimulateOptions { input: args.input, output: args.output, scenario, seed: args.seed };
            let written = context.open_to_look()?.drift_simulate(&args.model, &options)?;
            let begin = context.begin();
            context.output.answer(&written, |s, width| drift::simulated(s, &begin, width))?;
        }
        DriftCommand::Respond { check, action, reason } => {
            let responded = context.open()?.drift_respond(&check, action, &reason)?;
            let begin = context.begin();
            context.output.answer(&responded, |r, width| drift::responded(r, &begin, width))?;
        }
    }
    Ok(Exit::Done)
}

/// A check, and the report that was written of it. Schema `driftgate/drift-check/1`.
#[derive(Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    view: &'a DriftCheckView,
    #[serde(skip_serializing_if = "Option::is_none")]
    report_file: Option<String>,
}

/// Where the report goes, looked at before anything else is done.
fn report_file(
    workspace: &Workspace,
    file: Option<&Path>,
    inputs: &[(&str, &Path)],
) -> Result<Option<ReportFile>, CliError> {
    let Some(file) = file else { return Ok(None) };
    writable(file, "--report", "report", inputs)?;
    Ok(Some(workspace.report_file(file)?))
}

fn show(
    context: &Context,
    workspace: &Workspace,
    view: &DriftCheckView,
    report: Option<&ReportFile>,
    all: bool,
) -> Result<(), CliError> {
    let begin = context.begin();
    if let Some(file) = report {
        workspace.write_drift_report(view, file).map_err(|e| CliError::Front {
            code: e.code(),
            message: format!("The check {} is recorded, but its report is not written: {e}", view.check.short()),
            hint: Some(format!(
                "Write it to another place: {begin} drift show {} --report FILE.html",
                view.check.short()
            )),
        })?;
    }
    let report_file = report.map(|f| f.path().display().to_string());
    context.output.answer(&Shown { view, report_file }, |s, width| {
        drift::check(s.view, &drift::Shown { begin: &begin, all, report: s.report_file.as_deref() }, width)
    })
}

fn check(context: &Context, args: &DriftCheckArgs) -> Ended {
    let workspace = context.open()?;
    let batch = args.batch.as_deref().map(|b| ("batch", b));
    let inputs: Vec<(&str, &Path)> = batch.into_iter().chain(args.config.as_deref().map(|c| ("config", c))).collect();
    let file = report_file(&workspace, args.report.as_deref(), &inputs)?;
    let observer = context.observer();
    let (config, cancel) = (args.config.clone(), &context.cancel);
    let view = match args.batch.clone() {
        Some(batch) => workspace.drift_check(&args.model, &DriftCheckOptions { batch, config }, &observer, cancel)?,
        // The arguments have a batch, or say --served.
        None => workspace.drift_check_served(&args.model, args.last, config, &observer, cancel)?,
    };
    drop(observer);
    show(context, &workspace, &view, file.as_ref(), args.all)?;
    // Somebody at a terminal reads the verdict; a script needs the code.
    Ok(if view.fails && !can_ask() { Exit::Blocked } else { Exit::Done })
}
