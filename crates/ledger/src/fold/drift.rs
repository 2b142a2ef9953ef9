//! Profiles, drift checks and the answers to them.

use super::{Change, Changes, Rows, conflict, mismatch, refused};
use driftgate_model::{CheckRow, Event, EventBody, ModelName, ResponseRow};

pub(super) fn profile_added(rows: &mut dyn Rows, event: &Event, name: &ModelName) -> Changes {
    let EventBody::ProfileAdded { version, artifact, profile, .. } = &event.body else { return Err(mismatch()) };
    let mut model = rows
        .take_model(name.as_str())?
        .ok_or_else(|| refused(format!("there is no model `{name}` that a profile could describe")))?;
    let Some(row) = model.versions.iter_mut().find(|v| v.version == *version) else {
        return Err(refused(format!("the model `{name}` has no version {version} that a profile could describe")));
    };
    if row.artifact != *artifact {
        return Err(refused(format!(
            "the profile is of another artifact than version {version} of the model `{name}`"
        )));
    }
    if row.profile.is_some() {
        return Err(conflict(format!("version {version} of the model `{name}` has a profile already")));
    }
    row.profile = Some(*profile);
    Ok(vec![Change::Model(Box::new(model))])
}

pub(super) fn checked(rows: &mut dyn Rows, event: &Event) -> Changes {
    let EventBody::DriftChecked {
        check,
        model,
        version,
        profile,
        batch,
        rows: row_count,
        labelled,
        verdict,
        severity,
        alarm,
        drift_share,
        worst,
        report,
        ..
    } = &event.body
    else {
        return Err(mismatch());
    };
    let none = || refused(format!("the check {check} is of version {version} of the model `{model}`, which is none"));
    let known = rows.take_model(model.as_str())?.ok_or_else(none)?;
    if known.version(*version).ok_or_else(none)?.profile != Some(*profile) {
        return Err(refused(format!("the check {check} rests on another profile than that of `{model}@{version}`")));
    }
    if rows.take_check(model.as_str(), check)?.is_some() {
        return Err(refused(format!("the check {check} was recorded before")));
    }
    let row = CheckRow {
        check: check.clone(),
        seq: event.seq,
        at: event.time,
        actor: event.actor,
        model: model.clone(),
        version: *version,
        batch: *batch,
        rows: *row_count,
        labelled: *labelled,
        verdict: *verdict,
        severity: *severity,
        alarm: *alarm,
        drift_share: *drift_share,
        worst: worst.clone(),
        report: *report,
        responses: Vec::new(),
    };
    Ok(vec![Change::Model(Box::new(known)), Change::Check(Box::new(row))])
}

pub(super) fn responded(rows: &mut dyn Rows, event: &Event) -> Changes {
    let EventBody::DriftResponded { check, model, action, reason } = &event.body else { return Err(mismatch()) };
    let mut row = rows
        .take_check(model.as_str(), check)?
        .ok_or_else(|| refused(format!("the model `{model}` has no drift check {check} to answer")))?;
    row.responses.push(ResponseRow {
        seq: event.seq,
        at: event.time,
        actor: event.actor,
        action: *action,
        reason: *reason,
    });
    Ok(vec![Change::Check(Box::new(row))])
}
