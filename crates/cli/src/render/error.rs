//! What went wrong, as text and as JSON.

use super::dataset::findings;
use super::format::{Tone, paint};
use super::table::{Align, Cell, Table, paragraph};
use crate::exit::CliError;
use driftgate_engine::EngineError;
use driftgate_model::views::ImportQuestion;
use serde_json::{Value, json};

/// `error: …`, what it is about, and `hint: …`.
pub fn as_text(error: &CliError, width: usize) -> String {
    let message = match error {
        CliError::Engine(EngineError::Questions(_)) => "This data set needs an answer before it can be added".into(),
        other => sentence(&other.to_string()),
    };
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

fn questions(list: &[ImportQuestion], width: usize) -> String {
    let mut table = Table::new(&[("", Align::Left), ("", Align::Left)]);
    for q in list {
        let choices = if q.choices.is_empty() { String::new() } else { format!(" ({})", some(&q.choices)) };
        let likely = q.suggestion.as_ref().map(|s| format!("; likely {s}")).unwrap_or_default();
        table.row([
            Cell::toned(format!("--{} {}", q.key, q.key.to_uppercase()), Tone::Strong),
            format!("{}{choices}{likely}", q.text).into(),
        ]);
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
        "message": sentence(&error.to_string()),
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

/// The text with a capital first letter, unless it begins with a name in backticks.
pub fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) if first.is_lowercase() => first.to_uppercase().chain(chars).collect(),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn an_error_says_what_and_what_to_do() {
        let error = CliError::Usage { message: "nobody to ask".into(), hint: "Use a terminal".into() };
        let text = anstream::adapter::strip_str(&as_text(&error, usize::MAX)).to_string();
        assert_eq!(text, "error: Nobody to ask\nhint: Use a terminal\n");
        let object: Value = serde_json::from_str(&as_json(&error)).unwrap();
        assert_eq!(
            object,
            json!({"schema": "driftgate/error/1", "code": "usage", "message": "Nobody to ask", "hint": "Use a terminal"})
        );
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
                "--target TARGET  Which column is the target? (c0, c1, c2, c3, c4, c5, c6, c7, and 2 more); likely c9"
            ),
            "{text}"
        );
    }
}
