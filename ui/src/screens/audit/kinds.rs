//! What events are called, how they belong together, and what they mean.

use crate::parts::Icon;
use crate::words;
use driftgate_model::views::AuditLine;
use driftgate_model::{EventBody, RunStatus};

/// Kinds that belong together: a key, a name, and the kinds.
pub const GROUPS: [(&str, &str, &[&str]); 6] = [
    ("data", "Data", &["workspace.created", "dataset.added", "adaptation.staged", "adaptation.undone"]),
    ("runs", "Runs", &["run.started", "run.stage", "run.finished", "run.interrupted"]),
    (
        "decisions",
        "Gate and decisions",
        &[
            "gate.evaluated",
            "run.approved",
            "run.rejected",
            "rollback.intended",
            "rollback.completed",
            "rollback.abandoned",
            "reviewer.added",
        ],
    ),
    ("drift", "Drift", &["profile.added", "drift.checked", "drift.responded"]),
    ("serving", "Serving", &["server.confirmed", "server.stopped"]),
    (
        "people",
        "What people decided",
        &[
            "run.approved",
            "run.rejected",
            "rollback.completed",
            "drift.responded",
            "adaptation.staged",
            "adaptation.undone",
            "reviewer.added",
        ],
    ),
];

/// The kinds of a group; none, which is all, where there is no such group.
pub fn kinds_of(group: &str) -> &'static [&'static str] {
    GROUPS.iter().find(|g| g.0 == group).map_or(&[], |g| g.2)
}

/// What a kind is called, and its icon.
pub fn called(kind: &str) -> (&'static str, Icon) {
    match kind {
        "workspace.created" => ("Workspace made", Icon::Folder),
        "dataset.added" => ("Data set added", Icon::Table),
        "run.started" => ("Run started", Icon::Play),
        "run.stage" => ("Stage done", Icon::Right),
        "run.finished" => ("Run ended", Icon::Dash),
        "run.interrupted" => ("Run interrupted", Icon::Warning),
        "gate.evaluated" => ("Gate asked again", Icon::Question),
        "run.approved" => ("Approved", Icon::Check),
        "run.rejected" => ("Rejected", Icon::Cross),
        "rollback.intended" => ("Rollback begun", Icon::Clock),
        "rollback.completed" => ("Rolled back", Icon::Back),
        "rollback.abandoned" => ("Rollback dropped", Icon::Dash),
        "profile.added" => ("Profile made", Icon::Sliders),
        "adaptation.staged" => ("Drifted rows added", Icon::Plus),
        "adaptation.undone" => ("Drifted rows removed", Icon::Back),
        "drift.checked" => ("Drift check", Icon::Wave),
        "drift.responded" => ("Alarm answered", Icon::Check),
        "server.confirmed" => ("Server confirmed", Icon::Plug),
        "server.stopped" => ("Server stopped", Icon::Stop),
        "reviewer.added" => ("Reviewer's key", Icon::Seal),
        _ => ("Event", Icon::Info),
    }
}

/// What an event means for whoever reads the log.
pub fn meaning(body: &EventBody) -> &'static str {
    match body {
        EventBody::WorkspaceCreated { .. } => {
            "The ledger begins. It names the keys that sign its checkpoints and its models: every later proof rests on them"
        }
        EventBody::DatasetAdded { .. } => {
            "These exact bytes are a version from now on, with its spec, its validation report and its split. A run names the version, so what a model learned from can be shown later"
        }
        EventBody::RunStarted { .. } => {
            "A run began on a data set version, with a config whose digest is its hash, on the machine that the environment describes"
        }
        EventBody::RunStage { .. } => "A stage ended well; the digests name what it made",
        EventBody::RunFinished { .. } => {
            "The run's process ended its work. The gate's answer is what a person sees before a decision"
        }
        EventBody::RunInterrupted { .. } => "The run's process died; the next one that opened the workspace settled it",
        EventBody::GateEvaluated { .. } => {
            "Production, the rules or the drift had changed since the gate was asked, so it was asked again before the decision"
        }
        EventBody::RunApproved { .. } => {
            "A person let the candidate into Production. The statement is signed with the workspace's key"
        }
        EventBody::RunRejected { .. } => "A person refused the candidate and said why. Nothing in Production changed",
        EventBody::RollbackIntended { .. } => {
            "Written before anything changed: a process that dies in the middle leaves a trace that is settled later"
        }
        EventBody::RollbackCompleted { .. } => {
            "An earlier version is in Production again; the one that left is archived"
        }
        EventBody::RollbackAbandoned { .. } => "The process died before the change: Production stayed as it was",
        EventBody::ProfileAdded { .. } => {
            "What the training data looked like, so that later batches can be compared with it"
        }
        EventBody::AdaptationStaged { .. } => {
            "Labelled rows of a drifted batch joined the data: some to learn from, the others held out to prove that learning helped"
        }
        EventBody::AdaptationUndone { .. } => "The rows are out again: runs use the version of the data before them",
        EventBody::DriftChecked { .. } => {
            "A batch was compared with what the version learned from. An alarm asks a person for a response"
        }
        EventBody::DriftResponded { .. } => "A person said what is to be done about the drift, and why",
        EventBody::ServerConfirmed { .. } => {
            "A server loaded and checked these versions and answers with them from this moment on"
        }
        EventBody::ReviewerAdded { .. } => {
            "A person's key belongs to this name from now on: decisions under it are signed with the key, and refused without it"
        }
        EventBody::ServerStopped { .. } => "The server ended, or its process was found dead",
    }
}

/// What an event says on one line, without names of the config files and the command line.
pub fn said(line: &AuditLine) -> String {
    let text = match &line.event.body {
        EventBody::RunFinished { status: status @ RunStatus::AwaitingApproval, .. } => {
            line.summary.replacen(&format!("is {}", status.as_str()), "waits for approval", 1)
        }
        EventBody::DriftResponded { action, .. } => line.summary.replacen(
            &format!(": {} on check", action.as_str()),
            &format!(": {} on check", words::action(*action)),
            1,
        ),
        _ => line.summary.clone(),
    };
    words::sentence(&text)
}

/// Where to look at what an event is about: what the link says, and its route.
pub fn links(body: &EventBody) -> Vec<(String, String)> {
    let model_of_check = match body {
        EventBody::DriftChecked { model, .. } | EventBody::DriftResponded { model, .. } => Some(model.as_str()),
        _ => None,
    };
    body.subjects()
        .into_iter()
        .filter_map(|subject| {
            let (kind, name) = subject.split_once(':')?;
            let short = name.get(name.len().saturating_sub(8)..).unwrap_or(name);
            Some(match kind {
                "run" => (format!("Run {short}"), format!("/runs/{name}")),
                "model" => (name.to_owned(), format!("/registry/{name}")),
                "dataset" => (name.to_owned(), format!("/datasets/{name}")),
                "check" => (format!("Check {short}"), format!("/drift/{}/{name}", model_of_check?)),
                _ => return None,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_kind_has_a_group_and_a_name_of_its_own() {
        let kinds: BTreeSet<&str> = GROUPS.iter().flat_map(|g| g.2).copied().collect();
        assert_eq!(kinds.len(), 20, "{kinds:?}");
        let names: BTreeSet<&str> = kinds.iter().map(|k| called(k).0).collect();
        assert_eq!(names.len(), kinds.len(), "{names:?}");
        assert!(!names.contains("Event"));
        assert!(kinds_of("").is_empty());
        assert_eq!(kinds_of("serving"), ["server.confirmed", "server.stopped"]);
    }

    #[test]
    fn a_line_is_in_words() {
        let line = |body: &str, summary: &str| {
            let text = format!(
                r#"{{"v":1,"seq":0,"time":"2026-11-26T20:18:41Z","via":"cli",{body},
                "actor":{{"commitment":"f1a98adff761e164107c15143ca07cafea5f5762c7c02fe6811167670f7b8862"}},
                "prev":"8402c435b9c4ba122f5fd7d28536aa58261cb1754915fb53a4561aa3a5cf7304"}}"#
            );
            let event = serde_json::from_str(&text).expect("an event");
            said(&AuditLine { event, actor: None, summary: summary.into() })
        };
        let responded = r#""kind":"drift.responded","body":{"check":"01a21982-92a3-718e-bebd-fe13589f3c13","model":"wine",
            "action":"collect_data","reason":{"commitment":"242c7bad999d9d5841501945acc525f2b0549ac3e60340cf755aeb6b7802ffcc"}}"#;
        assert_eq!(
            line(responded, "wine: collect_data on check 589f3c13: too few"),
            "wine: Collect data on check 589f3c13: too few"
        );
        let stopped = r#""kind":"server.stopped","body":{"server":"01a21982-92a3-718e-bebd-fe13589f3c13"}"#;
        assert_eq!(line(stopped, "server 589f3c13 stopped"), "Server 589f3c13 stopped");
    }

    #[test]
    fn an_event_leads_to_what_it_is_about() {
        let text = r#"{"kind":"drift.responded","body":{"check":"01a21982-92a3-718e-bebd-fe13589f3c13","model":"wine","action":"retrain",
            "reason":{"commitment":"242c7bad999d9d5841501945acc525f2b0549ac3e60340cf755aeb6b7802ffcc"}}}"#;
        let body: EventBody = serde_json::from_str(text).expect("an event");
        assert_eq!(
            links(&body),
            [
                ("Check 589f3c13".into(), "/drift/wine/01a21982-92a3-718e-bebd-fe13589f3c13".into()),
                ("wine".into(), "/registry/wine".to_owned())
            ]
        );
        let body: EventBody = serde_json::from_str(
            r#"{"kind":"server.stopped","body":{"server":"01a21982-92a3-718e-bebd-fe13589f3c13"}}"#,
        )
        .expect("an event");
        assert!(links(&body).is_empty());
    }
}
