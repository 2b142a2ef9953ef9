//! What somebody else does to the open workspace is seen at once.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{Desk, said};
use driftgate_engine::ImportAnswers;
use driftgate_model::views::WindowEvent;
use driftgate_model::{CancelToken, NullObserver};
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_second_writer_is_seen_within_a_second() {
    let desk = Desk::with_iris();
    let events = desk.session.state().workspace.unwrap().events;
    let second = desk.second();
    desk.forget();
    let (data, answers) = (desk.at("work/data/iris"), ImportAnswers::default());
    second.add_dataset(&data, &answers, &NullObserver, &CancelToken::new()).unwrap();
    desk.hears("the new data set", SECOND, |e| matches!(e, WindowEvent::Changed { events: now } if *now == events + 1));
    assert_eq!(desk.session.state().workspace.unwrap().events, events + 1);
    // Nothing more is told while nothing more happens.
    desk.forget();
    std::thread::sleep(Duration::from_millis(700));
    assert_eq!(desk.heard(), []);
}

#[test]
fn a_workspace_that_goes_and_comes_back_is_told() {
    let desk = Desk::with_workspace();
    desk.forget();
    let (root, away) = (desk.at("work"), desk.at("away"));
    std::fs::rename(&root, &away).unwrap();
    desk.hears("that it is lost", SECOND * 3, |e| matches!(e, WindowEvent::Lost { .. }));
    let failure = said(desk.session.ask(|w| w.models()));
    assert!(failure.hint.is_some(), "{failure:?}");
    assert!(desk.session.state().workspace.is_some(), "the window goes on");
    desk.forget();
    std::thread::sleep(Duration::from_millis(600));
    assert_eq!(desk.heard(), [], "it is told once");
    std::fs::rename(&away, &root).unwrap();
    desk.hears("that it is back", SECOND * 3, |e| matches!(e, WindowEvent::Found));
    assert!(desk.session.ask(|w| w.models()).is_ok());
}

#[test]
fn another_workspace_is_watched_in_its_turn() {
    let desk = Desk::with_iris();
    let first = desk.second();
    let other = desk.at("other");
    desk.session.grant(&other, driftgate_model::views::PathKind::NewFolder).unwrap();
    desk.session.init_workspace(&other.display().to_string()).unwrap();
    desk.forget();
    let (data, answers) = (desk.at("work/data/iris"), ImportAnswers::default());
    first.add_dataset(&data, &answers, &NullObserver, &CancelToken::new()).unwrap();
    std::thread::sleep(Duration::from_millis(700));
    assert_eq!(desk.heard(), [], "the first is no longer open");
    desk.session.ask(|w| w.add_dataset(&data, &answers, &NullObserver, &CancelToken::new())).unwrap();
    desk.hears("one's own change", SECOND, |e| matches!(e, WindowEvent::Changed { .. }));
}
