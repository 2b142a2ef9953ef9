//! The row of a request, from what is typed in a form.

use crate::words;
use driftgate_model::views::{Signature, SignatureColumn};
use serde_json::{Map, Number, Value};
use std::collections::BTreeMap;

/// The form before anybody typed: a row of the training data.
pub fn examples(signature: &Signature) -> BTreeMap<String, String> {
    signature.columns.iter().map(|c| (c.name.clone(), c.example.clone())).collect()
}

/// What a field's text means: nothing typed is a missing value.
pub fn value(column: &SignatureColumn, typed: &str) -> Result<Value, String> {
    let text = typed.trim();
    if text.is_empty() {
        return Ok(Value::Null);
    }
    match column.kind.as_str() {
        "number" => match (text.parse::<i64>(), text.parse::<f64>().ok().and_then(Number::from_f64)) {
            (Ok(whole), _) => Ok(whole.into()),
            (_, Some(number)) => Ok(Value::Number(number)),
            _ => Err("Type a number, such as 1.5, or nothing for a missing value".into()),
        },
        "bool" => match text {
            "true" => Ok(Value::Bool(true)),
            "false" => Ok(Value::Bool(false)),
            _ => Err("Choose true, false or missing".into()),
        },
        _ => Ok(Value::String(typed.to_owned())),
    }
}

/// The row, every column named; `None` while a field holds what cannot be sent.
pub fn row(signature: &Signature, typed: &BTreeMap<String, String>) -> Option<Map<String, Value>> {
    let of = |c: &SignatureColumn| value(c, typed.get(&c.name).map_or("", String::as_str)).ok();
    signature.columns.iter().map(|c| of(c).map(|v| (c.name.clone(), v))).collect()
}

/// What a field says besides its name: where training has seen it, and that this value lies elsewhere.
pub fn help(column: &SignatureColumn, typed: &str) -> String {
    if typed.trim().is_empty() {
        return "Missing".into();
    }
    match (column.range, typed.trim().parse::<f64>()) {
        (Some((low, high)), Ok(v)) if v < low || v > high => format!("Outside {}", between(low, high)),
        (Some((low, high)), _) => between(low, high),
        (None, _) => String::new(),
    }
}

fn between(low: f64, high: f64) -> String {
    format!("{} to {}", short(low), short(high))
}

/// A number without zeros at its end.
fn short(v: f64) -> String {
    let text = words::number(Some(v));
    if text.contains('.') && !text.contains('e') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

/// What a field can be chosen from, with what each is called; empty where it is typed.
pub fn choices(column: &SignatureColumn) -> Vec<(String, String)> {
    let known: Vec<String> = match column.kind.as_str() {
        "bool" => vec!["true".into(), "false".into()],
        _ => column.categories.clone(),
    };
    if known.is_empty() {
        return Vec::new();
    }
    let missing = (String::new(), "(missing)".to_owned());
    known.into_iter().map(|c| (c.clone(), c)).chain(std::iter::once(missing)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use driftgate_model::{ModelName, Task};
    use serde_json::json;

    fn column(name: &str, kind: &str, example: &str) -> SignatureColumn {
        SignatureColumn {
            name: name.into(),
            kind: kind.into(),
            categories: Vec::new(),
            range: None,
            example: example.into(),
        }
    }

    fn signature() -> Signature {
        Signature {
            schema: "driftgate/signature/1".into(),
            model: ModelName::new("m").expect("a name"),
            version: 1,
            target: "y".into(),
            task: Task::Classification,
            labels: Vec::new(),
            columns: vec![
                column("area", "number", "12.50"),
                column("town", "text", "Ulm"),
                column("new", "bool", "true"),
            ],
        }
    }

    #[test]
    fn a_row_has_every_column_in_its_type() {
        let s = signature();
        let mut typed = examples(&s);
        assert_eq!(row(&s, &typed).map(Value::Object), Some(json!({"area": 12.5, "town": "Ulm", "new": true})));
        typed.insert("area".into(), " 3 ".into());
        typed.insert("town".into(), String::new());
        typed.remove("new");
        assert_eq!(row(&s, &typed).map(Value::Object), Some(json!({"area": 3, "town": null, "new": null})));
        typed.insert("area".into(), "many".into());
        assert_eq!(row(&s, &typed), None);
    }

    #[test]
    fn what_cannot_be_sent_says_so() {
        let number = column("area", "number", "");
        for text in ["x", "1,5", "NaN", "inf"] {
            assert!(value(&number, text).is_err(), "{text}");
        }
        assert_eq!(value(&number, "1e3"), Ok(json!(1000.0)));
        assert!(value(&column("new", "bool", ""), "yes").is_err());
        assert_eq!(value(&column("town", "text", ""), "12"), Ok(json!("12")));
    }

    #[test]
    fn a_field_says_where_training_has_seen_it() {
        let number = SignatureColumn { range: Some((0.5, 2500.0)), ..column("area", "number", "") };
        assert_eq!(help(&number, "3"), "0.5 to 2500");
        assert_eq!(help(&number, "0.1"), "Outside 0.5 to 2500");
        assert_eq!(help(&number, ""), "Missing");
        assert_eq!(help(&column("town", "text", ""), "Ulm"), "");
    }

    #[test]
    fn categories_can_be_missing_too() {
        let town = SignatureColumn { categories: vec!["Ulm".into()], ..column("town", "text", "") };
        assert_eq!(choices(&town), [("Ulm".to_owned(), "Ulm".to_owned()), (String::new(), "(missing)".to_owned())]);
        assert_eq!(choices(&column("new", "bool", "")).len(), 3);
        assert!(choices(&column("area", "number", "")).is_empty());
    }
}
