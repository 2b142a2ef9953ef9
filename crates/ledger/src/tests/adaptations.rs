//! Drifted rows join a data set and leave it again: what may follow what, and what a decision meanwhile is worth.

use super::builders::{Events, World, model, run_id};
use driftgate_model::{Code, Coded as _, DataFile, EventBody, RunStatus};

/// A version with two files, as staging makes one.
fn with_batch(e: &Events, number: u32) -> EventBody {
    let mut body = e.dataset("d", number);
    if let EventBody::DatasetAdded { files, version, .. } = &mut body {
        let file = |name: &str| DataFile { name: name.into(), digest: *version, size: 3, reference: None };
        *files = vec![file("data.csv"), file("drifted-1.csv")];
    }
    body
}

fn staged(e: &Events, id: u64, base: u32, number: u32) -> EventBody {
    EventBody::AdaptationStaged {
        adaptation: run_id(id),
        model: model("m"),
        model_version: 2,
        dataset: "d".into(),
        base,
        number,
        train: 7,
        holdout: 3,
        batch: e.objects[0],
        record: e.objects[1],
        statement: e.objects[2],
    }
}

fn undone(e: &Events, id: u64, number: u32) -> EventBody {
    let (model, dataset) = (model("m"), "d".into());
    EventBody::AdaptationUndone { adaptation: run_id(id), model, dataset, number, reason: e.sealed }
}

/// A data set with two approved versions of a model, and the events of its world.
fn begun() -> (World, Events) {
    let w = World::new();
    let e = w.events();
    for body in e.two_versions() {
        w.append(body).unwrap();
    }
    (w, e)
}

#[test]
fn staged_and_undone_fold_to_what_a_rebuild_gives() {
    let (w, e) = begun();
    w.append(with_batch(&e, 2)).unwrap();
    w.append(staged(&e, 90, 1, 2)).unwrap();
    w.append(undone(&e, 90, 2)).unwrap();
    w.append(staged(&e, 91, 1, 2)).unwrap();
    assert!(w.verify().first_fault.is_none());
}

#[test]
fn what_rests_on_what_is_kept() {
    let (w, e) = begun();
    let code = |body: EventBody| w.append(body).unwrap_err().code();
    assert_eq!(code(staged(&e, 90, 1, 2)), Code::Refused, "no such version");
    w.append(e.dataset("d", 2)).unwrap();
    assert_eq!(code(staged(&e, 90, 1, 2)), Code::Conflict, "a version that a person added");
    w.append(with_batch(&e, 3)).unwrap();
    assert_eq!(code(staged(&e, 90, 3, 3)), Code::Conflict, "a version rests on one before it");
    w.append(staged(&e, 90, 2, 3)).unwrap();
    assert_eq!(code(staged(&e, 90, 2, 3)), Code::Refused, "the same adaptation twice");
    w.append(with_batch(&e, 4)).unwrap();
    w.append(staged(&e, 91, 3, 4)).unwrap();
    assert_eq!(code(undone(&e, 90, 3)), Code::Conflict, "a later one rests on it");
    assert_eq!(code(undone(&e, 90, 4)), Code::Refused, "another one's version");
    w.append(undone(&e, 91, 4)).unwrap();
    assert_eq!(code(undone(&e, 91, 4)), Code::Conflict, "twice");
    w.append(undone(&e, 90, 3)).unwrap();
}

#[test]
fn no_approval_of_what_learned_from_rows_that_were_taken_back() {
    let (w, e) = begun();
    w.append(with_batch(&e, 2)).unwrap();
    w.append(staged(&e, 90, 1, 2)).unwrap();
    let mut run = e.started(3, "d", "m");
    if let EventBody::RunStarted { subject, .. } = &mut run {
        subject.dataset_version = e.objects[1];
    }
    w.append(run).unwrap();
    w.append(e.finished(3, RunStatus::AwaitingApproval)).unwrap();
    w.append(undone(&e, 90, 2)).unwrap();
    // However the two came to race: the order of the events decides.
    assert_eq!(w.append(e.approved(3, "m", 3, Some(2))).unwrap_err().code(), Code::Conflict);
    w.append(e.rejected(3)).unwrap();
    assert!(w.verify().first_fault.is_none());
}
