//! What the registry says.

use crate::words;
use driftgate_model::views::{Decided, HistoryLine};
use driftgate_model::{Comparison, RunStatus, Task, VersionNumber};

/// The metrics of a version that are shown first, as they are named among its own.
pub fn lead_metrics(task: Task) -> [&'static str; 2] {
    match task {
        Task::Regression => ["test.r2", "test.mae"],
        _ => ["test.accuracy", "test.f1_score"],
    }
}

/// What an approval changes.
pub fn approval(next: VersionNumber, archives: Option<VersionNumber>) -> String {
    match archives {
        Some(old) => format!("Version {next} becomes Production; version {old} is archived"),
        None => format!("Version {next} becomes Production; nothing is in Production now"),
    }
}

/// What an approval means for the servers that answer with the model; nothing where there are none.
pub fn servers(n: u64) -> Option<String> {
    match n {
        0 => None,
        1 => Some("1 server answers with it: it loads the new version and confirms it".into()),
        n => Some(format!("{} answer with it: each loads the new version and confirms it", words::count(n, "server"))),
    }
}

/// What a rollback changes.
pub fn rollback(from: VersionNumber, to: VersionNumber) -> String {
    format!("Version {to} returns to Production; version {from} is archived")
}

/// That the gate will be asked again, where Production is another one than the gate compared with.
pub fn asked_again(comparison: &Comparison, production: Option<VersionNumber>) -> Option<String> {
    if comparison.production_version == production {
        return None;
    }
    let then = match comparison.production_version {
        Some(v) => format!("Version {v} was"),
        None => "Nothing was".into(),
    };
    Some(format!(
        "{then} in Production when the gate was asked. Approving asks it again first, against what is there now"
    ))
}

/// How often the test split was looked at.
pub fn looks(n: u64) -> String {
    match n {
        1 => "Once, by this run".into(),
        n => format!(
            "{} times, by runs on this data set; each look makes a good score by luck likelier",
            words::whole(n)
        ),
    }
}

/// That a run waits for no decision any more.
pub fn decided_already(status: RunStatus, version: Option<VersionNumber>) -> String {
    match (status, version) {
        (RunStatus::Approved, Some(v)) => format!("This run was approved: it is version {v}"),
        (RunStatus::Blocked, _) => {
            "The gate blocks this run now: see the rules that failed, and train a new candidate".into()
        }
        (other, _) => format!("This run waits for no decision: it is {}", words::status(other).to_lowercase()),
    }
}

/// What a decision came to.
pub fn decided(d: &Decided) -> String {
    let to = d.to.map(|v| v.to_string()).unwrap_or_default();
    match d.outcome.as_str() {
        "approved" => format!("Version {to} of {} is in Production", d.model),
        "rolled_back" => format!("{} is rolled back: version {to} is in Production again", d.model),
        _ => format!("The candidate of {} is rejected", d.model),
    }
}

/// That the gate was asked again, and why.
pub fn asked_again_since(d: &Decided) -> Option<String> {
    d.gate_reevaluated.as_ref().map(|why| format!("The gate was asked again and let it pass: {why}"))
}

/// The way back from a decision that has one: a route, and what its link says. An approval has none, it is decided anew.
pub fn undo(d: &Decided) -> Option<(String, String)> {
    let from = d.from.filter(|_| d.outcome == "rolled_back")?;
    Some((format!("/registry/{}?rollback={from}", d.model), "Undo…".into()))
}

/// A move of the Production pointer.
pub fn moved(line: &HistoryLine) -> String {
    match (line.cause.as_str(), line.from) {
        ("rollback", Some(from)) => format!("Rolled back from version {from} to version {}", line.to),
        (_, Some(from)) => format!("Version {} approved, version {from} archived", line.to),
        (_, None) => format!("Version {} approved", line.to),
    }
}

/// Who, for a person.
pub fn who(actor: Option<&str>) -> String {
    actor.map_or_else(|| "Redacted".into(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn comparison(production: Option<VersionNumber>) -> Comparison {
        Comparison {
            production_version: production,
            production_artifact: None,
            overall_verdict: "better".into(),
            split: "test".into(),
            per_metric: Default::default(),
            method: String::new(),
        }
    }

    #[test]
    fn what_changes_is_said_first() {
        assert_eq!(approval(3, Some(2)), "Version 3 becomes Production; version 2 is archived");
        assert_eq!(approval(1, None), "Version 1 becomes Production; nothing is in Production now");
        assert_eq!(rollback(3, 1), "Version 1 returns to Production; version 3 is archived");
    }

    #[test]
    fn a_gate_that_compared_with_another_version_is_asked_again() {
        assert_eq!(asked_again(&comparison(Some(2)), Some(2)), None);
        assert_eq!(asked_again(&comparison(None), None), None);
        assert!(asked_again(&comparison(Some(1)), Some(2)).is_some_and(|t| t.starts_with("Version 1 was")));
        assert!(asked_again(&comparison(None), Some(2)).is_some_and(|t| t.starts_with("Nothing was")));
    }

    #[test]
    fn what_was_decided_already_is_said() {
        assert_eq!(decided_already(RunStatus::Approved, Some(2)), "This run was approved: it is version 2");
        assert!(decided_already(RunStatus::Rejected, None).ends_with("rejected"));
        assert!(decided_already(RunStatus::Blocked, None).contains("rules that failed"));
    }

    #[test]
    fn only_a_rollback_is_undone() {
        let decided = |outcome: &str| -> Decided {
            serde_json::from_value(serde_json::json!({
                "schema": "driftgate/decision/1", "outcome": outcome, "model": "wine", "run": null, "from": 3, "to": 1,
                "actor": "ada", "reason": null, "deployment": null, "gate_reevaluated": null,
            }))
            .expect("a decision")
        };
        let back = decided("rolled_back");
        assert_eq!(super::decided(&back), "wine is rolled back: version 1 is in Production again");
        assert_eq!(undo(&back), Some(("/registry/wine?rollback=3".into(), "Undo…".into())));
        assert_eq!(undo(&decided("approved")), None);
        assert_eq!(super::decided(&decided("rejected")), "The candidate of wine is rejected");
    }

    #[test]
    fn servers_are_told_of() {
        assert_eq!(servers(0), None);
        assert!(servers(1).is_some_and(|t| t.starts_with("1 server answers")));
        assert!(servers(2).is_some_and(|t| t.starts_with("2 servers answer with")));
    }

    #[test]
    fn looks_at_the_test_split_are_told() {
        assert_eq!(looks(1), "Once, by this run");
        assert!(looks(5).starts_with("5 times"));
    }
}
