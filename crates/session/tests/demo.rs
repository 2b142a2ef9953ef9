//! The demo, as the window makes it.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{Desk, said};
use driftgate_model::views::{JobAsk, JobOutcome, JobState, WindowEvent};
use driftgate_model::{Code, DriftAction, RunStatus};
use std::collections::BTreeMap;

#[test]
fn it_leaves_something_to_decide_and_something_to_answer() {
    let desk = Desk::new();
    let usual = desk.session.state().demo_folder;
    let job = desk.does(JobAsk::Demo { folder: usual.clone() });
    assert_eq!(job.state, JobState::Done, "{job:#?}");
    assert_eq!(job.outcome, Some(JobOutcome::Demo { root: usual.clone() }));
    assert!(job.elapsed_ms < 30_000, "{} ms", job.elapsed_ms);
    let stages: Vec<&str> = job.stages.iter().map(|s| s.name.as_str()).collect();
    let expected = [
        "Data",
        "First model",
        "Approval",
        "Worse candidate",
        "Better model",
        "Rollback",
        "Drift",
        "Old knowledge",
        "Another model",
    ];
    assert_eq!(stages, expected);
    assert!(job.stages.iter().all(|s| s.note.as_deref().is_some_and(|n| !n.is_empty())), "{:#?}", job.stages);
    let opened = desk.heard().into_iter().find_map(|e| match e {
        WindowEvent::Workspace { state } => Some(state),
        _ => None,
    });
    // A first look needs no token.
    assert!(opened.unwrap().new_token.is_none());

    let overview = desk.session.ask(|w| w.overview()).unwrap();
    let production: Vec<_> = overview.models.iter().map(|m| (m.line.name.as_str(), m.line.production)).collect();
    assert_eq!(production, [("breast_cancer-classification", Some(1)), ("wine-classification", None)]);
    assert_eq!((overview.awaiting.len(), overview.alarms.len(), overview.models[0].open_alarms), (1, 1, 1));
    assert!(overview.models[0].last_check.as_ref().unwrap().alarm);

    // What waits can be approved while the alarm is unanswered, and the alarm can be answered afterwards.
    let waiting = overview.awaiting[0].run.as_str();
    assert_eq!(desk.session.ask(|w| w.approve(waiting, None)).unwrap().to, Some(1));
    let alarm = overview.alarms[0].check.check.as_str();
    desk.session.ask(|w| w.drift_respond(alarm, DriftAction::Retrain, "Learn from it")).unwrap();
    let staged = desk.does(JobAsk::Stage {
        model: "breast_cancer-classification".into(),
        batch: "batch.csv".into(),
        holdout: 0.3,
    });
    assert_eq!(staged.state, JobState::Done, "{staged:#?}");
    let ran = desk.does(JobAsk::Run {
        config: "configs/demo/adapted.yaml".into(),
        edits: BTreeMap::new(),
        fine_tune: false,
        device: String::new(),
    });
    let Some(JobOutcome::Ran { run, status: RunStatus::AwaitingApproval }) = &ran.outcome else { panic!("{ran:#?}") };
    desk.session.ask(|w| w.approve(run.as_str(), Some("Copes with both"))).unwrap();
    let after = desk.session.ask(|w| w.overview()).unwrap();
    assert_eq!((after.awaiting.len(), after.alarms.len()), (0, 0));
    let back = desk.session.ask(|w| w.preview_rollback("breast_cancer-classification", Some(1))).unwrap();
    assert!(back.adaptation.is_some() && back.to_check.is_some(), "{back:#?}");
    assert!(back.notes.iter().any(|n| n.contains("learnt from version 1 of the data")), "{:?}", back.notes);
}

#[test]
fn a_taken_folder_is_left_alone() {
    let desk = Desk::new();
    let usual = desk.session.state().demo_folder;
    let mine = desk.write("Driftgate demo/mine.txt", "keep me");
    let id = desk.session.start_job(JobAsk::Demo { folder: usual.clone() }).unwrap();
    desk.session.cancel_job(id).unwrap();
    assert_eq!(desk.ends(id).state, JobState::Cancelled);
    assert_eq!(std::fs::read_to_string(mine).unwrap(), "keep me");
    assert!(desk.at("Driftgate demo 2").exists(), "the next free name was taken");
    // A folder that was asked for by name is not exchanged for another.
    let named = desk.at("mine");
    std::fs::create_dir(&named).unwrap();
    std::fs::write(named.join("x"), "x").unwrap();
    desk.session.grant(&named, driftgate_model::views::PathKind::NewFolder).unwrap();
    let failure = said(desk.session.start_job(JobAsk::Demo { folder: named.display().to_string() }));
    assert_eq!(failure.code, Code::Refused);
    assert!(failure.hint.unwrap().contains("empty folder"));
}
