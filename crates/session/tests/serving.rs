//! The prediction server of the window.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{Desk, said};
use driftgate_model::Code;
use driftgate_model::views::{JobAsk, JobOutcome, WindowEvent};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

const MODEL: &str = "iris-classification";

/// With an approved model.
fn approved() -> Desk {
    let desk = Desk::with_iris();
    let ask = JobAsk::Run {
        config: "configs/pipeline_iris.yaml".into(),
        edits: BTreeMap::new(),
        fine_tune: false,
        device: String::new(),
    };
    let job = desk.does(ask);
    let Some(JobOutcome::Ran { run, .. }) = &job.outcome else { panic!("{job:#?}") };
    desk.session.ask(|w| w.approve(run.as_str(), None)).unwrap();
    desk
}

/// A row as the model's signature suggests it.
fn row(desk: &Desk) -> Map<String, Value> {
    let signature = desk.session.ask(|w| w.signature(MODEL)).unwrap();
    assert_eq!((signature.target.as_str(), signature.labels.len(), signature.columns.len()), ("target", 3, 4));
    let value = |c: &driftgate_model::views::SignatureColumn| {
        assert_eq!(c.kind, "number");
        let (low, high) = c.range.unwrap();
        let example: f64 = c.example.parse().unwrap();
        assert!(low <= example && example <= high, "{c:?}");
        (c.name.clone(), json!(example))
    };
    signature.columns.iter().map(value).collect()
}

#[test]
fn a_model_answers_and_is_measured() {
    let desk = approved();
    let started = desk.session.start_server(0).unwrap();
    assert!(started.running && started.failure.is_none());
    assert_eq!(started.models, [(MODEL.to_string(), 1)]);
    let row = row(&desk);
    let tried = desk.session.try_request(MODEL, &row).unwrap();
    assert_eq!(tried.status, 200, "{}", tried.body);
    let answer: Value = serde_json::from_str(&tried.body).unwrap();
    assert!(answer["prediction"].is_string() && tried.body.contains('\n'), "{}", tried.body);
    assert!(tried.curl.contains(started.address.as_deref().unwrap()) && tried.ms > 0.0);
    // The line for a terminal does the same.
    if let Ok(curl) = std::process::Command::new("sh").args(["-c", &format!("{} -s", tried.curl)]).output()
        && curl.status.success()
    {
        let said: Value = serde_json::from_slice(&curl.stdout).unwrap();
        assert_eq!(said["prediction"], answer["prediction"]);
    }
    let mut wrong = row.clone();
    wrong.insert("extra".into(), json!(1));
    assert_eq!(desk.session.try_request(MODEL, &wrong).unwrap().status, 422);
    assert_eq!(desk.session.try_request("nobody", &row).unwrap().status, 404);
    let now = desk.session.server();
    assert!(now.requests >= 3 && now.errors == 2, "{now:?}");
    assert!(now.p50_ms.unwrap() <= now.p95_ms.unwrap());
    desk.hears(
        "the rate",
        Duration::from_secs(3),
        |e| matches!(e, WindowEvent::Server { server } if server.rate.iter().sum::<f64>() >= 3.0),
    );
    assert_eq!(desk.session.ask(|w| w.overview()).unwrap().models[0].servers, 1);
    let stopped = desk.session.stop_server().unwrap();
    assert!(!stopped.running && stopped.failure.is_none());
    let failure = said(desk.session.try_request(MODEL, &row));
    assert_eq!(failure.code, Code::Refused);
    assert!(desk.second().settled().is_empty(), "it said goodbye");
}

#[test]
fn a_port_in_use_is_said_and_another_is_taken() {
    let desk = approved();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let failure = said(desk.session.start_server(port));
    assert!(failure.message.contains(&format!("127.0.0.1:{port}")), "{failure:?}");
    assert!(failure.hint.unwrap().contains("another port"));
    assert!(!desk.session.server().running);
    assert!(desk.session.start_server(0).unwrap().running);
    assert_eq!(said(desk.session.start_server(0)).code, Code::Refused, "it runs already");
    // Another workspace is another server's.
    desk.session.close_workspace().unwrap();
    assert!(!desk.session.server().running);
    assert_eq!(said(desk.session.start_server(0)).code, Code::NotAWorkspace);
}

#[test]
fn a_server_follows_what_is_decided() {
    let desk = approved();
    desk.session.start_server(0).unwrap();
    // The same again: the very artifact that is in Production holds its own against itself.
    let job = desk.does(JobAsk::Run {
        config: "configs/pipeline_iris.yaml".into(),
        edits: BTreeMap::new(),
        fine_tune: false,
        device: String::new(),
    });
    let Some(JobOutcome::Ran { run, .. }) = &job.outcome else { panic!("{job:#?}") };
    desk.session.ask(|w| w.approve(run.as_str(), None)).unwrap();
    desk.hears(
        "version 2",
        Duration::from_secs(5),
        |e| matches!(e, WindowEvent::Server { server } if server.models == [(MODEL.to_string(), 2)]),
    );
    let preview = desk.session.ask(|w| w.preview_rollback(MODEL, None)).unwrap();
    assert_eq!((preview.from.version, preview.to.version), (2, 1));
    assert!(preview.metrics.iter().any(|(name, a, b)| name == "accuracy" && a.is_some() && b.is_some()));
    assert!(preview.notes.iter().any(|n| n.contains("last until")), "{:?}", preview.notes);
    assert!(!desk.session.may_close(), "somebody may be asking it");
    desk.session.end(Duration::from_secs(5));
    assert!(!desk.session.server().running);
}
