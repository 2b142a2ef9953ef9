//! Work that goes on while a person does something else.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{Desk, said};
use driftgate_model::views::{JobAsk, JobOutcome, JobState, RunView, WindowEvent};
use driftgate_model::{CancelToken, Code, NullObserver, RunStatus};
use serde_json::json;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

fn run(config: &str, edits: &[(&str, serde_json::Value)]) -> JobAsk {
    let edits = edits.iter().map(|(path, value)| ((*path).to_string(), value.clone())).collect();
    JobAsk::Run { config: config.into(), edits, fine_tune: false, device: String::new() }
}

/// A run that goes on for minutes.
fn endless() -> JobAsk {
    run("configs/pipeline_iris.yaml", &[("configs.training.model.hyperparameters.n_estimators", json!(100_000))])
}

#[test]
fn a_run_shows_its_stages_and_its_answer() {
    let desk = Desk::with_iris();
    let job = desk.does(run("configs/pipeline_iris.yaml", &[]));
    assert_eq!(job.state, JobState::Done, "{job:#?}");
    assert_eq!(job.title, "Run configs/pipeline_iris.yaml");
    let names: Vec<&str> = job.stages.iter().map(|s| s.name.as_str()).collect();
    assert_eq!(names, ["import", "preprocessing", "training", "evaluation", "promotion"]);
    assert!(job.stages.iter().all(|s| s.note.is_some()), "{:#?}", job.stages);
    let Some(JobOutcome::Ran { run, status }) = &job.outcome else { panic!("{job:#?}") };
    assert_eq!(*status, RunStatus::AwaitingApproval);
    let answer: RunView = serde_json::from_slice(&desk.session.job_answer(job.id).unwrap()).unwrap();
    assert_eq!(answer.run.subject.run, *run);
    // The end is told once, and it is the last word.
    let told: Vec<JobState> = desk
        .heard()
        .into_iter()
        .filter_map(|e| if let WindowEvent::Job { job } = e { Some(job.state) } else { None })
        .collect();
    assert_eq!(told.first(), Some(&JobState::Running));
    assert_eq!(told.last(), Some(&JobState::Done));
    assert_eq!(told.iter().filter(|s| **s == JobState::Done).count(), 1);
    desk.session.dismiss_job(job.id).unwrap();
    assert!(desk.session.jobs().is_empty());
    assert_eq!(said(desk.session.job_answer(job.id)).code, Code::NotFound);
}

#[test]
fn metrics_arrive_in_batches_and_stay_with_the_run() {
    let desk = Desk::with_iris();
    let job = desk.does(run(
        "configs/pipeline_iris.yaml",
        &[
            ("configs.training.model.algorithm", json!("gradient_boosting")),
            ("configs.training.model.hyperparameters.max_iter", json!(60)),
        ],
    ));
    let Some(JobOutcome::Ran { run, .. }) = &job.outcome else { panic!("{job:#?}") };
    let points = desk.session.job_metrics(job.id).unwrap();
    assert!(points.len() > 10, "{}", points.len());
    let told: Vec<_> = desk
        .heard()
        .into_iter()
        .filter_map(|e| if let WindowEvent::Metrics { points, .. } = e { Some(points) } else { None })
        .collect();
    assert_eq!(told.concat(), points, "every point is told once, in order");
    assert!(told.len() < points.len(), "in batches");
    assert_eq!(job.latest.len(), points.iter().map(|p| &p.name).collect::<std::collections::BTreeSet<_>>().len());
    let kept = desk.session.ask(|w| w.run_curve(run.as_str())).unwrap();
    assert_eq!(kept, points);
}

#[test]
fn a_cancelled_run_leaves_a_consistent_workspace() {
    let desk = Desk::with_iris();
    let id = desk.session.start_job(endless()).unwrap();
    desk.hears(
        "training",
        Duration::from_secs(30),
        |e| matches!(e, WindowEvent::Job { job } if job.stages.last().is_some_and(|s| s.name == "training")),
    );
    assert_eq!(said(desk.session.dismiss_job(id)).code, Code::Refused);
    let from = Instant::now();
    desk.session.cancel_job(id).unwrap();
    let job = desk.ends(id);
    assert!(from.elapsed() < Duration::from_secs(5), "{:?}", from.elapsed());
    assert_eq!(job.state, JobState::Cancelled, "{job:#?}");
    let Some(JobOutcome::Ran { run, status: RunStatus::Cancelled }) = &job.outcome else { panic!("{job:#?}") };
    let view = desk.session.ask(|w| w.run_view(run.as_str())).unwrap();
    assert_eq!(view.run.status, RunStatus::Cancelled);
    let second = desk.second();
    assert!(second.settled().is_empty(), "nothing was left: {:?}", second.settled());
    assert!(second.verify(None, &NullObserver, &CancelToken::new()).unwrap().is_clean());
}

#[test]
fn a_job_survives_another_workspace() {
    let desk = Desk::with_iris();
    let id = desk.session.start_job(run("configs/pipeline_iris.yaml", &[])).unwrap();
    desk.session.close_workspace().unwrap();
    let job = desk.ends(id);
    assert_eq!(job.state, JobState::Done, "{job:#?}");
    assert_eq!(said(desk.session.ask(|w| w.models())).code, Code::NotAWorkspace);
    assert_eq!(desk.second().models().unwrap().models.len(), 1);
}

#[test]
fn what_fails_says_why() {
    let desk = Desk::with_iris();
    let broken = desk.write("work/configs/broken.yaml", "task_type: classification\n");
    let job = desk.does(run(&broken, &[]));
    assert_eq!(job.state, JobState::Failed);
    let failure = job.failure.unwrap();
    assert_eq!(failure.code, Code::BadInput);
    assert!(failure.message.contains("broken.yaml") && failure.hint.is_some(), "{failure:?}");
    // What can be seen beforehand begins no job.
    let begun = desk.session.jobs().len();
    assert_eq!(said(desk.session.start_job(run("configs/nowhere.yaml", &[]))).code, Code::NotFound);
    assert_eq!(
        said(desk.session.start_job(run("configs/pipeline_iris.yaml", &[("nothing", json!(1))]))).code,
        Code::BadInput
    );
    let wrong = [("random_seed", json!("many"))];
    let failure = said(desk.session.start_job(run("configs/pipeline_iris.yaml", &wrong)));
    assert!(failure.message.starts_with("random_seed: expects a whole number"), "{failure:?}");
    assert_eq!(desk.session.jobs().len(), begun);
    assert!(!desk.at("work/configs/window").exists(), "nothing is written of a config that is wrong");
}

#[test]
fn a_changed_config_is_a_file_of_its_own() {
    let desk = Desk::with_iris();
    let edits = [("configs.training.model.hyperparameters.n_estimators", json!(7)), ("random_seed", json!(5))];
    let before = std::fs::read_to_string(desk.at("work/configs/pipeline_iris.yaml")).unwrap();
    for n in 1..=2 {
        let job = desk.does(run("configs/pipeline_iris.yaml", &edits));
        assert_eq!(job.title, format!("Run configs/window/pipeline_iris-{n}.yaml"));
        let Some(JobOutcome::Ran { run, .. }) = &job.outcome else { panic!("{job:#?}") };
        assert_eq!(desk.session.ask(|w| w.run_view(run.as_str())).unwrap().run.subject.random_seed, 5);
    }
    assert_eq!(std::fs::read_to_string(desk.at("work/configs/pipeline_iris.yaml")).unwrap(), before);
    let list = desk.session.configs().unwrap().configs;
    let written = list.iter().find(|c| c.path == "configs/window/pipeline_iris-2.yaml").unwrap();
    assert_eq!((written.dataset.as_deref(), written.problem.as_deref()), (Some("iris"), None));
    assert!(!list.iter().any(|c| c.path.contains("promotion") || c.path.contains("training")), "{list:#?}");
    let view = desk.session.config("configs/pipeline_iris.yaml").unwrap();
    assert!(view.problems.is_empty());
    assert!(view.fields.iter().any(|f| f.group == "training" && f.path.ends_with("n_estimators")));
    assert!(view.fields.iter().any(|f| f.group == "run" && f.path == "random_seed"));
    // The folder of the data is seen from the workspace, wherever the config lies.
    for config in ["configs/pipeline_iris.yaml", "configs/window/pipeline_iris-2.yaml"] {
        let view = desk.session.config(config).unwrap();
        assert_eq!(view.fields.iter().find(|f| f.path == "data.raw").unwrap().value, json!("data"), "{config}");
    }
    let moved = BTreeMap::from([("data.raw".to_string(), json!("./other"))]);
    let view = desk.session.check_config("configs/pipeline_iris.yaml", &moved).unwrap();
    assert_eq!(view.fields.iter().find(|f| f.path == "data.raw").unwrap().value, json!("other"));
    desk.does(run("configs/pipeline_iris.yaml", &[("data.raw", json!("other"))]));
    let text = std::fs::read_to_string(desk.at("work/configs/window/pipeline_iris-3.yaml")).unwrap();
    assert!(text.contains("../../other"), "{text}");
    let edits = BTreeMap::from([("configs.training.model.hyperparameters.n_estimators".to_string(), json!(0))]);
    let problems = desk.session.check_config("configs/pipeline_iris.yaml", &edits).unwrap().problems;
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(problems[0].starts_with("configs.training.model.hyperparameters.n_estimators: "), "{problems:?}");
}

#[test]
fn decisions_carry_the_reviewer_of_the_moment() {
    let desk = Desk::with_iris();
    let mut settings = desk.session.settings();
    settings.reviewer = "  Ada Lovelace ".into();
    assert_eq!(desk.session.save_settings(settings.clone()).unwrap().actor, "Ada Lovelace");
    let job = desk.does(run("configs/pipeline_iris.yaml", &[]));
    let Some(JobOutcome::Ran { run, .. }) = &job.outcome else { panic!("{job:#?}") };
    settings.reviewer = "Grace Hopper".into();
    desk.session.save_settings(settings).unwrap();
    let decided = desk.session.ask(|w| w.approve(run.as_str(), Some("Every rule holds"))).unwrap();
    assert_eq!(decided.actor, "Grace Hopper");
    let view = desk.session.ask(|w| w.run_view(run.as_str())).unwrap();
    assert_eq!(view.actor.as_deref(), Some("Ada Lovelace"));
    assert!(desk.second().settled().is_empty());
}

#[test]
fn closing_with_work_asks_and_ends_it() {
    let desk = Desk::with_iris();
    assert!(desk.session.may_close());
    let id = desk.session.start_job(endless()).unwrap();
    desk.forget();
    assert!(!desk.session.may_close());
    assert!(matches!(desk.heard().last(), Some(WindowEvent::CloseAsked { jobs: 1, serving: false })));
    desk.session.end(Duration::from_secs(10));
    assert_eq!(desk.ends(id).state, JobState::Cancelled);
    assert!(desk.session.may_close());
}

#[test]
fn a_first_config_for_a_data_set_runs() {
    let desk = Desk::with_iris();
    assert_eq!(said(desk.session.make_config("iris", "random_forest")).code, Code::NotFound);
    let import =
        JobAsk::Import { path: "data/iris".into(), name: None, target: None, task: None, reference: false, spec: None };
    assert_eq!(desk.does(import).state, JobState::Done);
    let made = desk.session.make_config("iris", "gradient_boosting").unwrap();
    assert_eq!((made.path.as_str(), made.problems.len()), ("configs/iris-gradient_boosting-1.yaml", 0));
    assert_eq!(said(desk.session.make_config("iris", "linear_regression")).code, Code::BadInput);
    let job = desk.does(run(&made.path, &[]));
    let Some(JobOutcome::Ran { status: RunStatus::AwaitingApproval, .. }) = &job.outcome else { panic!("{job:#?}") };
    let again = desk.session.make_config("iris", "gradient_boosting").unwrap();
    assert_eq!(again.path, "configs/iris-gradient_boosting-2.yaml");
}
