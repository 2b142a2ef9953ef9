//! What went wrong, as text and as JSON.

use super::dataset::{findings, tally};
use super::format::{Tone, paint};
use super::table::{Align, Cell, Table, paragraph};
use crate::exit::CliError;
use driftgate_engine::EngineError;
use driftgate_model::views::ImportQuestion;
use serde_json::{Value, json};

/// `error: …`, what it is about, and `hint: …`.
pub fn as_text(error: &CliError, width: usize) -> String {
    let message = message(error);
    let mut lines = message.lines();
    let mut out = paragraph("error: ", lines.next().unwrap_or_default(), width).replacen(
        "error:",
        &paint(Tone::Bad, "error:"),
        1,
    );
    for line in lines {
        out += &paragraph("  ", line, width);
    }
    match error {
        CliError::Engine(EngineError::Questions(list)) => out += &questions(list, width),
        CliError::Engine(EngineError::InvalidData(report)) => out += &findings(report, width),
        _ => {}
    }
    if let Some(hint) = error.hint() {
        out += &paragraph("hint: ", &hint, width).replacen("hint:", &paint(Tone::Strong, "hint:"), 1);
    }
    out
}

fn message(error: &CliError) -> String {
    match error {
        CliError::Engine(EngineError::Questions(_)) => "This data set needs an answer before it can be added".into(),
        CliError::Engine(EngineError::InvalidData(report)) => {
            format!("`{}` is refused: {}", report.dataset, tally(report))
        }
        other => sentence(&other.to_string()),
    }
}

/// The flag that answers a question, such as `--target COLUMN`.
pub fn flag(question: &ImportQuestion) -> String {
    let value = if question.key == "target" { "COLUMN".into() } else { question.key.to_uppercase() };
    format!("--{} {value}", question.key)
}

fn questions(list: &[ImportQuestion], width: usize) -> String {
    let mut table = Table::new(&[("", Align::Left), ("", Align::Left)]);
    for q in list {
        let choices = if q.choices.is_empty() { String::new() } else { format!(" ({})", some(&q.choices)) };
        let likely = q.suggestion.as_ref().map(|s| format!("; likely {s}")).unwrap_or_default();
        table.row([Cell::toned(flag(q), Tone::Strong), format!("{}{choices}{likely}", q.text).into()]);
    }
    table.render(width)
}

/// The first eight choices, and how many more there are.
fn some(choices: &[String]) -> String {
    const SHOWN: usize = 8;
    let first: Vec<&str> = choices.iter().take(SHOWN).map(String::as_str).collect();
    match choices.len().checked_sub(SHOWN) {
        Some(more) if more > 0 => format!("{}, and {more} more", first.join(", ")),
        _ => first.join(", "),
    }
}

/// One object of schema `driftgate/error/1`.
pub fn as_json(error: &CliError) -> String {
    let mut object = json!({
        "schema": "driftgate/error/1",
        "code": error.code_word(),
        "message": message(error),
        "hint": error.hint(),
    });
    let detail = match error {
        CliError::Engine(EngineError::Questions(list)) => Some(("questions", json!(list))),
        CliError::Engine(EngineError::InvalidData(report)) => Some(("validation", json!(report))),
        CliError::Engine(EngineError::Config(errors)) => {
            let all: Vec<Value> = errors
                .0
                .iter()
                .map(|f| {
                    json!({
                        "file": f.file, "line": f.line, "column": f.column, "key": f.key, "severity": f.severity,
                        "message": f.message, "suggestion": f.suggestion,
                    })
                })
                .collect();
            Some(("findings", Value::Array(all)))
        }
        _ => None,
    };
    if let (Some((key, value)), Some(map)) = (detail, object.as_object_mut()) {
        map.insert(key.into(), value);
    }
    format!("{object:#}")
}

/// Words a message may begin with; what begins with another word begins with a name, and names keep their case.
const OPENINGS: [&str; 31] = [
    "a",
    "all",
    "an",
    "another",
    "cannot",
    "cancelled",
    "column",
    "columns",
    "data",
    "encoding",
    "event",
    "every",
    "it",
    "its",
    "line",
    "no",
    "node",
    "nobody",
    "not",
    "nothing",
    "object",
    "reading",
    "row",
    "rows",
    "run",
    "segment",
    "the",
    "there",
    "these",
    "this",
    "version",
];

/// The text with a capital first letter, unless it begins with a name.
pub fn sentence(text: &str) -> String {
    let (first, rest) = text.split_at(text.find(' ').unwrap_or(text.len()));
    if !OPENINGS.contains(&first) {
        return text.to_owned();
    }
    let mut letters = first.chars();
    letters.next().map_or_else(String::new, |c| c.to_uppercase().chain(letters).collect()) + rest
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn an_error_says_what_and_what_to_do() {
        let error = CliError::Usage { message: "nobody answers".into(), hint: "Use a terminal".into() };
        let text = anstream::adapter::strip_str(&as_text(&error, usize::MAX)).to_string();
        assert_eq!(text, "error: Nobody answers\nhint: Use a terminal\n");
        let object: Value = serde_json::from_str(&as_json(&error)).unwrap();
        assert_eq!(
            object,
            json!({"schema": "driftgate/error/1", "code": "usage", "message": "Nobody answers", "hint": "Use a terminal"})
        );
    }

    #[test]
    fn names_keep_their_case() {
        assert_eq!(sentence("there is no model `x`"), "There is no model `x`");
        for text in ["churn has no version 9", "short.csv has no column `a`", "`x` is twice here", ""] {
            assert_eq!(sentence(text), text);
        }
    }

    #[test]
    fn open_questions_name_the_flags_that_answer_them() {
        let list = vec![ImportQuestion {
            key: "target".into(),
            text: "Which column is the target?".into(),
            choices: (0..10).map(|i| format!("c{i}")).collect(),
            suggestion: Some("c9".into()),
        }];
        let text = as_text(&CliError::Engine(EngineError::Questions(list)), usize::MAX);
        let text = anstream::adapter::strip_str(&text).to_string();
        assert!(
            text.contains(
                "--target COLUMN  Which column is the target? (c0, c1, c2, c3, c4, c5, c6, c7, and 2 more); likely c9"
            ),
            "{text}"
        );
    }
}
