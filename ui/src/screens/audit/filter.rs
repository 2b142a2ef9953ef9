//! What the timeline is narrowed by.

use super::kinds;
use driftgate_model::Timestamp;
use driftgate_model::views::AuditLine;
use serde_json::{Value, json};

/// Events that are asked for at once, newest first.
pub const PAGE: usize = 1000;

/// A row of the timeline.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Position in the ledger.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// The kind as written in the event.
    pub kind: &'static str,
    /// Who; `None` = redacted.
    pub actor: Option<String>,
    /// One line for a person.
    pub summary: String,
}

impl Row {
    /// The row of an event.
    pub fn of(line: &AuditLine) -> Row {
        Row {
            seq: line.event.seq,
            at: line.event.time,
            kind: line.event.body.kind(),
            actor: line.actor.clone(),
            summary: kinds::said(line),
        }
    }
}

/// What the engine narrows the log by; the text is looked for among what it answers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// A group of kinds; empty for all.
    pub group: String,
    /// Who; empty for all.
    pub actor: String,
    /// What the events are about; empty for all.
    pub object: String,
    /// Only the newest so many.
    pub limit: usize,
}

impl Filter {
    /// The arguments of `audit_log`.
    pub fn arguments(&self) -> Value {
        let some = |text: &str| Some(text.trim().to_owned()).filter(|t| !t.is_empty());
        json!({
            "kinds": kinds::kinds_of(&self.group),
            "actor": some(&self.actor),
            "subject": some(&self.object),
            "limit": self.limit,
        })
    }

    /// Whether it lets everything pass but for the limit.
    pub fn is_open(&self) -> bool {
        self.group.is_empty() && self.actor.trim().is_empty() && self.object.trim().is_empty()
    }
}

/// Rows, newest first, that hold every word of `text`.
pub fn rows(lines: &[AuditLine], text: &str) -> Vec<Row> {
    let words: Vec<String> = text.to_lowercase().split_whitespace().map(str::to_owned).collect();
    lines.iter().rev().map(Row::of).filter(|row| holds(row, &words)).collect()
}

fn holds(row: &Row, words: &[String]) -> bool {
    if words.is_empty() {
        return true;
    }
    let actor = row.actor.as_deref().unwrap_or("redacted");
    let text = format!("{} {} {} {actor} {}", row.seq, row.kind, kinds::called(row.kind).0, row.summary).to_lowercase();
    words.iter().all(|w| text.contains(w.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(seq: u64, kind: &str, body: Value, actor: Option<&str>, summary: &str) -> AuditLine {
        let event = json!({
            "v": 1, "seq": seq, "time": "2026-11-26T20:18:41Z", "via": "cli", "kind": kind, "body": body,
            "actor": { "commitment": "f1a98adff761e164107c15143ca07cafea5f5762c7c02fe6811167670f7b8862" },
            "prev": "8402c435b9c4ba122f5fd7d28536aa58261cb1754915fb53a4561aa3a5cf7304",
        });
        AuditLine {
            event: serde_json::from_value(event).expect("an event"),
            actor: actor.map(str::to_owned),
            summary: summary.into(),
        }
    }

    fn log() -> Vec<AuditLine> {
        let id = "01a21982-92a3-718e-bebd-fe13589f3c13";
        vec![
            line(0, "run.interrupted", json!({ "run": id }), Some("ada"), "run 589f3c13 was interrupted"),
            line(1, "server.stopped", json!({ "server": id }), None, "server 589f3c13 stopped"),
        ]
    }

    #[test]
    fn the_newest_event_is_first() {
        let seqs: Vec<u64> = rows(&log(), "").iter().map(|r| r.seq).collect();
        assert_eq!(seqs, [1, 0]);
    }

    #[test]
    fn words_are_looked_for_in_everything_that_a_row_shows() {
        let found = |text: &str| rows(&log(), text).iter().map(|r| r.seq).collect::<Vec<_>>();
        assert_eq!(found("ADA"), [0]);
        assert_eq!(found("redacted"), [1]);
        assert_eq!(found("stopped server"), [1]);
        assert_eq!(found("run.interrupted"), [0]);
        assert_eq!(found("589f3c13"), [1, 0]);
        assert!(found("ada stopped").is_empty());
    }

    #[test]
    fn the_engine_is_asked_for_what_is_set() {
        let mut filter = Filter { limit: 10, ..Filter::default() };
        assert!(filter.is_open());
        assert_eq!(filter.arguments(), json!({ "kinds": [], "actor": null, "subject": null, "limit": 10 }));
        filter.group = "serving".into();
        filter.object = " model:wine ".into();
        assert!(!filter.is_open());
        assert_eq!(
            filter.arguments(),
            json!({ "kinds": ["server.confirmed", "server.stopped"], "actor": null, "subject": "model:wine", "limit": 10 })
        );
    }
}
