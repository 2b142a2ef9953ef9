//! The fold: what an event changes in the projections, and whether it may happen at all.
//!
//! A pure function of the rows an event touches and the event. The same function serves the append, the rebuild and the
//! verification, so the three cannot disagree.

mod adaptation;
mod drift;
mod server;

use crate::{LedgerError, Result, reviewer};
use driftgate_model::{
    CheckRow, DatasetRow, DatasetVersionRow, Digest, Event, EventBody, ModelName, ModelRow, PendingRollback,
    ReviewerRow, RunId, RunRow, RunStatus, RunSubject, ServerRow, StageMove, VersionNumber, VersionRow,
};

/// The rows as they are before the event.
///
/// What is taken comes back as a [`Change`], or the fold fails and the rows are of no more use: rows in memory are moved,
/// not copied.
pub(crate) trait Rows {
    fn has_version(&self, dataset: &str, version: &Digest) -> Result<bool>;
    fn has_run(&self, run: &RunId) -> Result<bool>;
    fn take_dataset(&mut self, name: &str) -> Result<Option<DatasetRow>>;
    fn take_run(&mut self, run: &RunId) -> Result<Option<RunRow>>;
    fn take_model(&mut self, name: &str) -> Result<Option<ModelRow>>;
    fn take_check(&mut self, model: &str, check: &RunId) -> Result<Option<CheckRow>>;
    fn take_server(&mut self, server: &RunId) -> Result<Option<ServerRow>>;
    /// The reviewer whose name this is a commitment to.
    fn reviewer(&self, name: &Digest) -> Result<Option<ReviewerRow>>;
}

/// A row as it is after the event.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Change {
    Dataset(Box<DatasetRow>),
    Run(Box<RunRow>),
    Model(Box<ModelRow>),
    Check(Box<CheckRow>),
    Server(Box<ServerRow>),
    Reviewer(Box<ReviewerRow>),
}

type Changes = Result<Vec<Change>>;

/// What `event` changes. An error means that the event must not be appended.
pub(crate) fn fold(rows: &mut dyn Rows, event: &Event) -> Changes {
    let creates = matches!(event.body, EventBody::WorkspaceCreated { .. });
    if creates != (event.seq == 0) {
        return Err(refused(format!(
            "event {} cannot be `{}`: the first event, and no other, is `workspace.created`",
            event.seq,
            event.body.kind()
        )));
    }
    let registered = match reviewer::may_be_signed(&event.body) {
        true => rows.reviewer(&event.actor.commitment)?,
        false => None,
    };
    reviewer::check(event, registered.as_ref())?;
    match &event.body {
        EventBody::WorkspaceCreated { .. } => Ok(Vec::new()),
        EventBody::DatasetAdded { .. } => dataset_added(rows, event),
        EventBody::RunStarted { subject, .. } => run_started(rows, event, subject),
        EventBody::RunStage { run, .. } => run_stage(rows, event, run),
        EventBody::RunFinished { run, .. } => run_finished(rows, event, run),
        EventBody::RunInterrupted { run } => run_interrupted(rows, event, run),
        EventBody::GateEvaluated { run, .. } => gate_evaluated(rows, event, run),
        EventBody::RunApproved { run, model, .. } => run_approved(rows, event, run, model),
        EventBody::RunRejected { run, .. } => run_rejected(rows, event, run),
        EventBody::RollbackIntended { model, .. } => rollback_intended(rows, event, model),
        EventBody::RollbackCompleted { model, .. } => rollback_completed(rows, event, model),
        EventBody::RollbackAbandoned { model, intent } => rollback_abandoned(rows, model, *intent),
        EventBody::ProfileAdded { model, .. } => drift::profile_added(rows, event, model),
        EventBody::AdaptationStaged { .. } => adaptation::staged(rows, event),
        EventBody::AdaptationUndone { .. } => adaptation::undone(rows, event),
        EventBody::DriftChecked { .. } => drift::checked(rows, event),
        EventBody::DriftResponded { .. } => drift::responded(rows, event),
        EventBody::ServerConfirmed { .. } => server::confirmed(rows, event),
        EventBody::ServerStopped { server } => server::stopped(rows, event, server),
        EventBody::ReviewerAdded { public_key } => match registered {
            Some(_) => Err(refused("a key is registered under this name already".into())),
            None => Ok(vec![Change::Reviewer(Box::new(reviewer::row(event, public_key)?))]),
        },
    }
}

fn refused(text: String) -> LedgerError {
    LedgerError::Refused(text)
}

fn conflict(text: String) -> LedgerError {
    LedgerError::Conflict(text)
}

fn mismatch() -> LedgerError {
    LedgerError::Internal("an event was folded as another kind".into())
}

fn dataset_added(rows: &mut dyn Rows, event: &Event) -> Changes {
    let EventBody::DatasetAdded {
        dataset,
        number,
        version,
        task,
        target,
        spec,
        files,
        validation,
        split,
        counts,
        rows: row_count,
        columns,
        source,
    } = &event.body
    else {
        return Err(mismatch());
    };
    let mut row = rows.take_dataset(dataset)?.unwrap_or_else(|| DatasetRow {
        name: dataset.clone(),
        task: *task,
        target: target.clone(),
        versions: Vec::new(),
        test_looks: 0,
    });
    if row.task != *task || row.target != *target {
        return Err(refused(format!(
            "the data set `{dataset}` is for {} of `{}`: a version for {task} of `{target}` needs another name",
            row.task, row.target
        )));
    }
    if let Some(same) = row.versions.iter().find(|v| v.version == *version) {
        return Err(refused(format!("the data set `{dataset}` has these bytes already, as version {}", same.number)));
    }
    let next = u32::try_from(row.versions.len()).unwrap_or(u32::MAX).saturating_add(1);
    if *number != next {
        return Err(conflict(format!("the next version of the data set `{dataset}` is {next}, not {number}")));
    }
    row.versions.push(DatasetVersionRow {
        number: *number,
        version: *version,
        spec: *spec,
        files: files.clone(),
        validation: *validation,
        split: *split,
        counts: *counts,
        rows: *row_count,
        columns: *columns,
        added_at: event.time,
        source: *source,
        adaptation: None,
    });
    Ok(vec![Change::Dataset(Box::new(row))])
}

fn run_started(rows: &mut dyn Rows, event: &Event, subject: &RunSubject) -> Changes {
    let EventBody::RunStarted { lease, .. } = &event.body else { return Err(mismatch()) };
    if rows.has_run(&subject.run)? {
        return Err(refused(format!("the run {} was started before", subject.run)));
    }
    if !rows.has_version(&subject.dataset, &subject.dataset_version)? {
        return Err(refused(format!(
            "the run {} rests on version {} of the data set `{}`, which was never added",
            subject.run,
            subject.dataset_version.short(),
            subject.dataset
        )));
    }
    Ok(vec![Change::Run(Box::new(RunRow {
        subject: subject.clone(),
        status: RunStatus::Running,
        actor: event.actor,
        started_at: event.time,
        finished_at: None,
        started_seq: event.seq,
        last_seq: event.seq,
        lease: Some(lease.clone()),
        stages: Vec::new(),
        metrics: Default::default(),
        artifact: None,
        evaluation: None,
        gate: None,
        violations: Vec::new(),
        error: None,
        version: None,
        decision_reason: None,
    }))])
}

/// The run, which must be in the state that the step starts from.
fn run_in(rows: &mut dyn Rows, run: &RunId, expected: RunStatus, step: &str) -> Result<RunRow> {
    let row = rows.take_run(run)?.ok_or_else(|| refused(format!("there is no run {run} to {step}")))?;
    if row.status == expected {
        return Ok(row);
    }
    let text = format!(
        "the run {run} is {}: only a run that is {} can be asked to {step}",
        row.status.as_str(),
        expected.as_str()
    );
    // Somebody decided or settled it meanwhile; anything else was never possible.
    let moved_on = match expected {
        RunStatus::AwaitingApproval => matches!(row.status, RunStatus::Approved | RunStatus::Rejected),
        _ => row.status == RunStatus::Interrupted,
    };
    Err(if moved_on { conflict(text) } else { refused(text) })
}

fn run_stage(rows: &mut dyn Rows, event: &Event, run: &RunId) -> Changes {
    let EventBody::RunStage { record, test_look, .. } = &event.body else { return Err(mismatch()) };
    let mut row = run_in(rows, run, RunStatus::Running, "end a stage")?;
    row.stages.push(record.clone());
    row.last_seq = event.seq;
    let mut changes = Vec::new();
    if *test_look {
        let name = &row.subject.dataset;
        let mut dataset =
            rows.take_dataset(name)?.ok_or_else(|| refused(format!("there is no data set `{name}` to look at")))?;
        dataset.test_looks += 1;
        changes.push(Change::Dataset(Box::new(dataset)));
    }
    changes.push(Change::Run(Box::new(row)));
    Ok(changes)
}

fn run_finished(rows: &mut dyn Rows, event: &Event, run: &RunId) -> Changes {
    let EventBody::RunFinished { status, metrics, artifact, evaluation, gate, violations, error, .. } = &event.body
    else {
        return Err(mismatch());
    };
    let mut row = run_in(rows, run, RunStatus::Running, "finish")?;
    let complete = match status {
        RunStatus::Completed | RunStatus::Failed | RunStatus::Cancelled => true,
        RunStatus::AwaitingApproval => artifact.is_some() && gate.is_some() && violations.is_empty(),
        RunStatus::Blocked => gate.is_some() && !violations.is_empty(),
        RunStatus::Running | RunStatus::Approved | RunStatus::Rejected | RunStatus::Interrupted => {
            return Err(refused(format!("the run {run} cannot finish as {}", status.as_str())));
        }
    };
    if !complete {
        return Err(refused(format!(
            "the run {run} cannot finish as {} without the artifact, the gate report and the rules that go with it",
            status.as_str()
        )));
    }
    row.status = *status;
    row.finished_at = Some(event.time);
    row.last_seq = event.seq;
    row.lease = None;
    row.metrics.clone_from(metrics);
    row.artifact = *artifact;
    row.evaluation = *evaluation;
    row.gate = *gate;
    row.violations.clone_from(violations);
    row.error = *error;
    Ok(vec![Change::Run(Box::new(row))])
}

fn run_interrupted(rows: &mut dyn Rows, event: &Event, run: &RunId) -> Changes {
    let mut row = run_in(rows, run, RunStatus::Running, "be settled as interrupted")?;
    row.status = RunStatus::Interrupted;
    row.finished_at = Some(event.time);
    row.last_seq = event.seq;
    row.lease = None;
    Ok(vec![Change::Run(Box::new(row))])
}

fn gate_evaluated(rows: &mut dyn Rows, event: &Event, run: &RunId) -> Changes {
    let EventBody::GateEvaluated { gate, passed, violations, .. } = &event.body else { return Err(mismatch()) };
    let mut row = run_in(rows, run, RunStatus::AwaitingApproval, "face the gate again")?;
    if *passed != violations.is_empty() {
        return Err(refused(format!(
            "the gate on the run {run} cannot have passed={passed} with {} failed rules",
            violations.len()
        )));
    }
    row.gate = Some(*gate);
    row.violations.clone_from(violations);
    row.status = if *passed { RunStatus::AwaitingApproval } else { RunStatus::Blocked };
    row.last_seq = event.seq;
    Ok(vec![Change::Run(Box::new(row))])
}

fn run_approved(rows: &mut dyn Rows, event: &Event, run: &RunId, name: &ModelName) -> Changes {
    let EventBody::RunApproved { version, archived, task, target, labels, artifact, gate, deployment, reason, .. } =
        &event.body
    else {
        return Err(mismatch());
    };
    let mut row = run_in(rows, run, RunStatus::AwaitingApproval, "be approved")?;
    if row.subject.model != *name || row.subject.task != *task || row.artifact != Some(*artifact) {
        return Err(refused(format!(
            "the approval of the run {run} names another model, task or artifact than the run"
        )));
    }
    if row.gate != Some(*gate) {
        return Err(conflict(format!("the gate was asked again about the run {run} since its report was shown")));
    }
    let dataset = rows.take_dataset(&row.subject.dataset)?;
    let learned = dataset.iter().flat_map(|d| &d.versions).find(|v| v.version == row.subject.dataset_version);
    if learned.and_then(|v| v.adaptation.as_ref()).is_some_and(|a| a.undone.is_some()) {
        return Err(conflict(format!("the drifted rows that the run {run} learned from were taken back meanwhile")));
    }
    let mut model = rows.take_model(name.as_str())?.unwrap_or_else(|| ModelRow {
        name: name.clone(),
        task: *task,
        target: target.clone(),
        labels: labels.clone(),
        versions: Vec::new(),
        production: None,
        history: Vec::new(),
        pending: None,
    });
    if model.task != *task || model.target != *target || model.labels != *labels {
        return Err(refused(format!(
            "the model `{name}` answers another question: its versions share task, target and labels"
        )));
    }
    check_next_version(&model, *version, *archived)?;
    model.versions.push(VersionRow {
        version: *version,
        run: run.clone(),
        artifact: *artifact,
        dataset_version: row.subject.dataset_version,
        config: row.subject.config,
        algorithm: row.subject.algorithm.clone(),
        registered_at: event.time,
        approved_by: event.actor,
        metrics: row.metrics.clone(),
        deployment: *deployment,
        profile: row.stages.iter().find_map(|s| s.objects.get("profile")).copied(),
    });
    model.production = Some(*version);
    model.history.push(StageMove {
        seq: event.seq,
        at: event.time,
        cause: "approval".into(),
        from: *archived,
        to: *version,
        actor: event.actor,
        signed_by: event.signed.as_ref().map(|s| s.key),
        reason: *reason,
    });
    row.status = RunStatus::Approved;
    row.version = Some(*version);
    row.decision_reason = *reason;
    row.last_seq = event.seq;
    let dataset = dataset.map(|d| Change::Dataset(Box::new(d)));
    Ok(dataset.into_iter().chain([Change::Run(Box::new(row)), Change::Model(Box::new(model))]).collect())
}

fn check_next_version(model: &ModelRow, version: VersionNumber, archived: Option<VersionNumber>) -> Result<()> {
    let name = &model.name;
    if let Some(pending) = &model.pending {
        return Err(conflict(format!("a rollback of the model `{name}` to version {} is under way", pending.to)));
    }
    let next = model.versions.last().map_or(0, |v| v.version) + 1;
    if version != next {
        return Err(conflict(format!("the next version of the model `{name}` is {next}, not {version}")));
    }
    if archived != model.production {
        return Err(conflict(format!(
            "another version of the model `{name}` is in Production than the approval names"
        )));
    }
    Ok(())
}

fn run_rejected(rows: &mut dyn Rows, event: &Event, run: &RunId) -> Changes {
    let EventBody::RunRejected { reason, .. } = &event.body else { return Err(mismatch()) };
    let mut row = run_in(rows, run, RunStatus::AwaitingApproval, "be rejected")?;
    row.status = RunStatus::Rejected;
    row.decision_reason = Some(*reason);
    row.last_seq = event.seq;
    Ok(vec![Change::Run(Box::new(row))])
}

fn model_of(rows: &mut dyn Rows, name: &ModelName) -> Result<ModelRow> {
    rows.take_model(name.as_str())?.ok_or_else(|| refused(format!("there is no model `{name}` to roll back")))
}

fn rollback_intended(rows: &mut dyn Rows, event: &Event, name: &ModelName) -> Changes {
    let EventBody::RollbackIntended { from, to, artifact, lease, .. } = &event.body else { return Err(mismatch()) };
    let mut model = model_of(rows, name)?;
    if let Some(pending) = &model.pending {
        return Err(conflict(format!("a rollback of the model `{name}` to version {} is under way", pending.to)));
    }
    if model.production != Some(*from) {
        return Err(conflict(format!("version {from} of the model `{name}` is not in Production any more")));
    }
    let target: Option<Digest> = model.version(*to).map(|v| v.artifact);
    if from == to || target != Some(*artifact) {
        return Err(refused(format!("the model `{name}` has no other version {to} with that artifact to return to")));
    }
    model.pending = Some(PendingRollback { seq: event.seq, to: *to, lease: lease.clone() });
    Ok(vec![Change::Model(Box::new(model))])
}

/// Takes the pending rollback off the model, which must be the one of that intent.
fn take_pending(model: &mut ModelRow, intent: u64) -> Result<PendingRollback> {
    match model.pending.take() {
        Some(pending) if pending.seq == intent => Ok(pending),
        _ => Err(conflict(format!("event {intent} is not the pending rollback of the model `{}`", model.name))),
    }
}

fn rollback_completed(rows: &mut dyn Rows, event: &Event, name: &ModelName) -> Changes {
    let EventBody::RollbackCompleted { intent, from, to, deployment, reason, .. } = &event.body else {
        return Err(mismatch());
    };
    let mut model = model_of(rows, name)?;
    let pending = take_pending(&mut model, *intent)?;
    if pending.to != *to || model.production != Some(*from) {
        return Err(refused(format!("the rollback of the model `{name}` is not the one that was journalled")));
    }
    if let Some(version) = model.versions.iter_mut().find(|v| v.version == *to) {
        version.deployment = *deployment;
    }
    model.production = Some(*to);
    model.history.push(StageMove {
        seq: event.seq,
        at: event.time,
        cause: "rollback".into(),
        from: Some(*from),
        to: *to,
        actor: event.actor,
        signed_by: event.signed.as_ref().map(|s| s.key),
        reason: Some(*reason),
    });
    Ok(vec![Change::Model(Box::new(model))])
}

fn rollback_abandoned(rows: &mut dyn Rows, name: &ModelName, intent: u64) -> Changes {
    let mut model = model_of(rows, name)?;
    take_pending(&mut model, intent)?;
    Ok(vec![Change::Model(Box::new(model))])
}
