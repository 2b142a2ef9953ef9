//! Drifted rows that join a data set, and leave it again.

use super::{Change, Changes, Rows, conflict, mismatch, refused};
use driftgate_model::{AdaptationRow, DatasetRow, Event, EventBody, RunId, UndoneRow};

pub(super) fn staged(rows: &mut dyn Rows, event: &Event) -> Changes {
    let EventBody::AdaptationStaged {
        adaptation,
        model,
        model_version,
        dataset,
        base,
        number,
        train,
        holdout,
        batch,
        record,
        ..
    } = &event.body
    else {
        return Err(mismatch());
    };
    let none = || refused(format!("`{model}@{model_version}`, for which rows were staged, was never registered"));
    let known = rows.take_model(model.as_str())?.ok_or_else(none)?;
    known.version(*model_version).ok_or_else(none)?;
    let mut row = take(rows, dataset)?;
    if find(&row, adaptation).is_some() {
        return Err(refused(format!("the adaptation {adaptation} was staged before")));
    }
    let in_use =
        |number: u32| row.version(number).is_some_and(|v| v.adaptation.as_ref().is_none_or(|a| a.undone.is_none()));
    if base >= number || !in_use(*base) {
        return Err(conflict(format!("version {base} of the data set `{dataset}` is no base for version {number}")));
    }
    let Some(version) = row.versions.iter_mut().find(|v| v.number == *number) else {
        return Err(refused(format!("the data set `{dataset}` has no version {number} that rows were staged in")));
    };
    // A version that a person added holds no staged rows, whatever the event says: it has one file.
    let again = version.adaptation.as_ref().is_some_and(|a| a.undone.is_some());
    if !again && (version.adaptation.is_some() || version.files.len() < 2) {
        return Err(conflict(format!("version {number} of the data set `{dataset}` is no version to stage rows in")));
    }
    version.adaptation = Some(AdaptationRow {
        adaptation: adaptation.clone(),
        seq: event.seq,
        at: event.time,
        actor: event.actor,
        model: model.clone(),
        model_version: *model_version,
        base: *base,
        train: *train,
        holdout: *holdout,
        batch: *batch,
        record: *record,
        undone: None,
    });
    Ok(vec![Change::Model(Box::new(known)), Change::Dataset(Box::new(row))])
}

pub(super) fn undone(rows: &mut dyn Rows, event: &Event) -> Changes {
    let EventBody::AdaptationUndone { adaptation, dataset, number, reason, .. } = &event.body else {
        return Err(mismatch());
    };
    let mut row = take(rows, dataset)?;
    let depends = |v: &driftgate_model::DatasetVersionRow| {
        v.adaptation.as_ref().is_some_and(|a| a.base == *number && a.undone.is_none())
    };
    if let Some(later) = row.versions.iter().find(|v| depends(v)) {
        return Err(conflict(format!(
            "version {} of the data set `{dataset}` rests on version {number}: take that back first",
            later.number
        )));
    }
    let staged = row.versions.iter_mut().find(|v| v.number == *number).and_then(|v| v.adaptation.as_mut());
    let Some(staged) = staged.filter(|a| a.adaptation == *adaptation) else {
        return Err(refused(format!(
            "version {number} of the data set `{dataset}` was not made by the adaptation {adaptation}"
        )));
    };
    if staged.undone.is_some() {
        return Err(conflict(format!("the adaptation {adaptation} was taken back before")));
    }
    staged.undone = Some(UndoneRow { seq: event.seq, at: event.time, actor: event.actor, reason: *reason });
    Ok(vec![Change::Dataset(Box::new(row))])
}

fn take(rows: &mut dyn Rows, name: &str) -> crate::Result<DatasetRow> {
    rows.take_dataset(name)?.ok_or_else(|| refused(format!("there is no data set `{name}` to adapt")))
}

fn find<'a>(row: &'a DatasetRow, adaptation: &RunId) -> Option<&'a AdaptationRow> {
    row.versions.iter().filter_map(|v| v.adaptation.as_ref()).find(|a| a.adaptation == *adaptation)
}
