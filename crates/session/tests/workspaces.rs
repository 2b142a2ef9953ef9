//! Opening, settings, and everything that may be wrong with a folder.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{Desk, said, session_in};
use driftgate_engine::ImportAnswers;
use driftgate_model::Code;
use driftgate_model::views::{JobAsk, JobState, PathKind, Theme, WindowEvent};
use std::time::{Duration, Instant};

#[test]
fn a_new_workspace_shows_its_token_once_and_is_remembered() {
    let desk = Desk::new();
    let root = desk.at("work").display().to_string();
    desk.session.name_path(&root, PathKind::NewFolder).unwrap();
    let made = desk.session.init_workspace(&root).unwrap();
    assert!(made.new_token.is_some());
    assert_eq!(made.workspace.as_ref().unwrap().name, "work");
    let state = desk.session.state();
    assert_eq!((state.new_token, state.recent.len()), (None, 1));
    assert!(matches!(desk.heard().last(), Some(WindowEvent::Workspace { .. })));
    assert_eq!(said(desk.session.init_workspace(&root)).code, Code::Refused, "there is one already");
    // The next session knows it, and may open it again.
    let next = session_in(desk.at("").as_path());
    assert_eq!(next.state().recent[0].path, root);
    assert!(next.state().recent[0].exists);
    assert_eq!(next.open_workspace(&root).unwrap().workspace.unwrap().events, 1);
    assert!(next.forget_recent(&root).unwrap().recent.is_empty());
    assert_eq!(said(session_in(desk.at("").as_path()).open_workspace(&root)).code, Code::Refused, "it is forgotten");
}

#[test]
fn a_wrong_folder_says_which_is_right() {
    let desk = Desk::with_workspace();
    let wrong = desk.at("wrong");
    std::fs::create_dir(&wrong).unwrap();
    desk.session.grant(&wrong, PathKind::Folder).unwrap();
    let failure = said(desk.session.open_workspace(&wrong.display().to_string()));
    assert_eq!(failure.code, Code::NotAWorkspace);
    assert!(failure.hint.unwrap().contains("make a new workspace"));
    let inner = desk.at("work/inner");
    std::fs::create_dir(&inner).unwrap();
    let failure = said(desk.session.open_workspace(&inner.display().to_string()));
    assert!(failure.hint.unwrap().contains(&desk.at("work").display().to_string()));
    assert!(desk.session.state().workspace.is_some(), "the one that was open still is");
}

#[test]
fn a_newer_workspace_is_left_alone() {
    let desk = Desk::with_workspace();
    desk.session.close_workspace().unwrap();
    let database = redb::Database::open(desk.at("work/.driftgate/ledger.redb")).unwrap();
    let transaction = database.begin_write().unwrap();
    let meta: redb::TableDefinition<'_, &str, &[u8]> = redb::TableDefinition::new("meta");
    transaction.open_table(meta).unwrap().insert("schema", "99".as_bytes()).unwrap();
    transaction.commit().unwrap();
    drop(database);
    let failure = said(desk.session.open_workspace(&desk.at("work").display().to_string()));
    assert_eq!(failure.code, Code::Newer);
    assert!(failure.hint.unwrap().contains("newer Driftgate"));
    assert!(desk.session.state().workspace.is_none());
}

#[test]
fn a_locked_workspace_says_so_and_the_window_goes_on() {
    let desk = Desk::with_workspace();
    let lock = std::fs::File::options().read(true).write(true).open(desk.at("work/.driftgate/lock")).unwrap();
    lock.lock().unwrap();
    let from = Instant::now();
    let failure = said(desk.session.ask(|w| w.models()));
    assert_eq!(failure.code, Code::Busy, "{failure:?}");
    assert!(failure.hint.is_some());
    assert!(from.elapsed() < Duration::from_secs(5));
    let root = desk.at("work").display().to_string();
    assert_eq!(said(desk.session.open_workspace(&root)).code, Code::Busy);
    let job = desk.does(JobAsk::Verify { checkpoint: Some("x".into()) });
    assert_eq!(job.state, JobState::Failed);
    drop(lock);
    assert!(desk.session.ask(|w| w.models()).is_ok());
    assert!(desk.session.open_workspace(&root).is_ok());
}

#[test]
fn a_half_copied_file_fails_the_import_and_nothing_else() {
    let desk = Desk::with_iris();
    let half = desk.write("work/half.parquet", "PAR1 and then it broke off");
    let job = desk.does(JobAsk::Import {
        path: half.clone(),
        name: None,
        target: Some("x".into()),
        task: None,
        reference: false,
        spec: None,
    });
    assert_eq!(job.state, JobState::Failed);
    let failure = job.failure.unwrap();
    assert!(failure.message.contains("half.parquet"), "{failure:?}");
    std::fs::remove_file(&half).unwrap();
    assert_eq!(said(desk.session.plan_import(&half, &ImportAnswers::default())).code, Code::NotFound);
    assert!(desk.session.ask(|w| w.datasets()).unwrap().is_empty());
}

#[test]
fn data_that_are_refused_come_with_their_report() {
    let desk = Desk::with_workspace();
    let path = desk.write("work/bad.csv", "a,y\n1,x\n1,x\n");
    // The same is found before anything is imported.
    let task = Some(driftgate_model::Task::Classification);
    let answers = ImportAnswers { target: Some("y".into()), task, ..ImportAnswers::default() };
    let before = desk.session.validate_import(&path, &answers).unwrap();
    assert!(desk.session.ask(|w| w.datasets()).unwrap().is_empty(), "nothing is written");
    let ask = JobAsk::Import {
        path,
        name: None,
        target: Some("y".into()),
        task: Some(driftgate_model::Task::Classification),
        reference: false,
        spec: None,
    };
    let job = desk.does(ask);
    let failure = job.failure.unwrap();
    assert_eq!(failure.code, Code::BadData, "{failure:?}");
    assert!(failure.message.lines().count() > 1, "{}", failure.message);
    let answer = desk.session.job_answer(job.id).unwrap();
    let report: driftgate_model::ValidationReport = serde_json::from_slice(&answer).unwrap();
    assert_eq!(report.findings, before.findings);
    assert!(report.errors() > 0 && failure.message.contains(&report.findings[0].message), "{report:#?}");
}

#[test]
fn a_spec_made_in_the_window_is_written_beside_the_data() {
    let desk = Desk::with_workspace();
    let data = desk
        .write("work/flowers.csv", &std::fs::read_to_string(common::repository().join("data/iris/data.csv")).unwrap());
    let answers = ImportAnswers { target: Some("target".into()), ..ImportAnswers::default() };
    let plan = desk.session.plan_import(&data, &answers).unwrap();
    assert!(plan.questions.is_empty(), "{:?}", plan.questions);
    let mut spec = plan.spec;
    spec.constraints.min_rows = Some(10);
    let draft = desk.session.draft_spec(&spec);
    assert!(draft.problems.is_empty(), "{:?}", draft.problems);
    let wrong = desk.session.check_spec(&data, &draft.text.replace("target: target", "target: tarket")).unwrap();
    assert!(!wrong.problems.is_empty());
    assert!(!desk.session.check_spec(&data, "name: [").unwrap().problems.is_empty());
    let import = |spec: &str| JobAsk::Import {
        path: data.clone(),
        name: None,
        target: None,
        task: None,
        reference: false,
        spec: Some(spec.into()),
    };
    assert_eq!(desk.does(import(&draft.text)).state, JobState::Done);
    assert_eq!(std::fs::read_to_string(desk.at("work/flowers.dataset.yaml")).unwrap(), draft.text);
    assert_eq!(desk.session.ask(|w| w.dataset("flowers")).unwrap().spec.constraints.min_rows, Some(10));
    // A file that is there is the person's, and is not written over.
    let other = desk.does(import(&draft.text.replace("min_rows: 10", "min_rows: 20")));
    let failure = other.failure.unwrap();
    assert_eq!(failure.code, Code::Refused, "{failure:?}");
}

#[test]
fn settings_survive_and_a_damaged_file_is_set_aside() {
    let desk = Desk::with_workspace();
    let mut settings = desk.session.settings();
    settings.theme = Theme::Dark;
    settings.threads = 3;
    desk.session.save_settings(settings.clone()).unwrap();
    let folder = desk.at("");
    assert_eq!(session_in(&folder).settings(), settings);
    let file = desk.at("config/driftgate/window.json");
    for bad in ["", "{", "[]", "{\"recent\": 5}"] {
        std::fs::write(&file, bad).unwrap();
        let state = session_in(&folder).state();
        assert_eq!(state.settings, driftgate_model::views::Settings::default());
        assert!(state.recent.is_empty());
        assert!(state.notices[0].contains("window.damaged-"), "{:?}", state.notices);
        assert!(!file.exists());
    }
    let kept: Vec<_> = std::fs::read_dir(desk.at("config/driftgate")).unwrap().collect();
    assert_eq!(kept.len(), 4, "each is kept");
    // Keys of a later version are passed over, and missing ones have their usual values.
    std::fs::write(&file, r#"{"settings": {"theme": "light", "later": 1}, "more": []}"#).unwrap();
    let state = session_in(&folder).state();
    assert_eq!((state.settings.theme, state.notices.len()), (Theme::Light, 0));
}

#[test]
fn what_is_no_setting_is_refused_and_privacy_forgets() {
    let desk = Desk::with_workspace();
    let settings = desk.session.settings();
    for reviewer in ["two\nlines".to_string(), "x".repeat(201)] {
        let wrong = driftgate_model::views::Settings { reviewer, ..settings.clone() };
        assert_eq!(said(desk.session.save_settings(wrong)).code, Code::BadInput);
    }
    let wrong = driftgate_model::views::Settings { threads: 5000, ..settings.clone() };
    assert_eq!(said(desk.session.save_settings(wrong)).code, Code::BadInput);
    assert_eq!(desk.session.settings(), settings);
    let private = driftgate_model::views::Settings { remember: false, ..settings };
    assert!(desk.session.save_settings(private).unwrap().recent.is_empty());
    let root = desk.at("work").display().to_string();
    assert!(desk.session.open_workspace(&root).unwrap().recent.is_empty(), "it is not remembered again");
    let text = std::fs::read_to_string(desk.at("config/driftgate/window.json")).unwrap();
    assert!(!text.contains(&root), "{text}");
}

#[test]
#[cfg(unix)]
fn settings_that_cannot_be_written_are_said() {
    let desk = Desk::new();
    std::fs::write(desk.at("config"), "a file in the way").unwrap();
    let failure = said(desk.session.save_settings(desk.session.settings()));
    assert_eq!(failure.code, Code::Io);
    assert!(failure.hint.is_some());
    // Opening goes on without being remembered, and says so.
    let root = desk.at("work");
    desk.session.grant(&root, PathKind::NewFolder).unwrap();
    let state = desk.session.init_workspace(&root.display().to_string()).unwrap();
    assert!(state.workspace.is_some());
    assert!(state.notices[0].contains("window.json"), "{:?}", state.notices);
}
