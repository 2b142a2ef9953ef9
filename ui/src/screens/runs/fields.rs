//! Fields of a config as a person edits them: text to JSON and back, and what was changed.

use crate::words;
use driftgate_model::views::ConfigField;
use serde_json::{Number, Value};
use std::collections::BTreeMap;

/// How a field is edited.
#[derive(Debug, Clone, PartialEq)]
pub enum Control {
    /// One of some texts.
    Choice(Vec<String>),
    /// Yes or no.
    Bool,
    /// A number.
    Number,
    /// Anything on one line.
    Text,
    /// Several texts or numbers, with commas between them.
    List,
    /// Something with parts, as JSON.
    Json,
}

/// A field of the form, whatever its value is now.
#[derive(Debug, Clone, PartialEq)]
pub struct Shape {
    /// Its dotted path.
    pub path: String,
    /// The part that it belongs to.
    pub group: String,
    /// What it is called.
    pub label: String,
    /// What it means.
    pub about: Option<String>,
    /// How it is edited.
    pub control: Control,
    /// Its value before any change.
    pub original: Value,
}

/// How a field of that value is edited.
pub fn control(value: &Value, choices: &[String]) -> Control {
    if !choices.is_empty() {
        return Control::Choice(choices.to_vec());
    }
    match value {
        Value::Bool(_) => Control::Bool,
        Value::Number(_) => Control::Number,
        Value::Null | Value::String(_) => Control::Text,
        Value::Array(items) if items.iter().all(|i| !i.is_array() && !i.is_object()) => Control::List,
        Value::Array(_) | Value::Object(_) => Control::Json,
    }
}

/// A value as it stands in its field.
pub fn text_of(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) if control(value, &[]) == Control::List => {
            items.iter().map(text_of).collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    }
}

/// What a person typed, as JSON. What cannot be read stays the text that it is: checking the config says what is wrong with it.
pub fn read(control: &Control, original: &Value, typed: &str) -> Value {
    let typed = typed.trim();
    match control {
        Control::Bool => Value::Bool(typed == "true"),
        Control::Choice(_) if typed.is_empty() => Value::Null,
        Control::Choice(_) => Value::String(typed.into()),
        Control::Number => plain(typed),
        Control::Text => match original {
            // A text that looks like a number stays one: a version such as 1.0, say.
            Value::String(text) if typed.is_empty() || number(text).is_some() => Value::String(typed.into()),
            _ => plain(typed),
        },
        Control::List => {
            let texts =
                matches!(original, Value::Array(items) if !items.is_empty() && items.iter().all(Value::is_string));
            let one = |item: &str| if texts { Value::String(item.into()) } else { plain(item) };
            Value::Array(typed.split(',').map(str::trim).filter(|i| !i.is_empty()).map(one).collect())
        }
        Control::Json => serde_json::from_str(typed).unwrap_or_else(|_| Value::String(typed.into())),
    }
}

/// A scalar as YAML reads it: what stands in quotes is text.
fn plain(typed: &str) -> Value {
    let quoted = typed.strip_prefix('"').and_then(|t| t.strip_suffix('"'));
    match typed {
        "" | "null" => Value::Null,
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        _ => match quoted {
            Some(text) => Value::String(text.into()),
            None => number(typed).map_or_else(|| Value::String(typed.into()), Value::Number),
        },
    }
}

fn number(typed: &str) -> Option<Number> {
    if let Ok(whole) = typed.parse::<i64>() {
        return Some(whole.into());
    }
    let looks = typed.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.'));
    typed.parse::<f64>().ok().filter(|_| looks).and_then(Number::from_f64)
}

/// Takes what was typed into the changes; a field that is as it was before is no change.
pub fn edit(edits: &mut BTreeMap<String, Value>, shape: &Shape, typed: &str) {
    let value = read(&shape.control, &shape.original, typed);
    if value == shape.original {
        edits.remove(&shape.path);
    } else {
        edits.insert(shape.path.clone(), value);
    }
}

/// What the form shows: the fields as they are now, each with its value before any change. A field that only the changed config
/// has begins with the value that the engine gives it.
pub fn shapes(
    before: &[ConfigField],
    now: &[ConfigField],
    edits: &BTreeMap<String, Value>,
    last: &[Shape],
) -> Vec<Shape> {
    let was: BTreeMap<&str, &Value> = before.iter().map(|f| (f.path.as_str(), &f.value)).collect();
    let seen: BTreeMap<&str, &Value> = last.iter().map(|s| (s.path.as_str(), &s.original)).collect();
    now.iter()
        .map(|field| {
            let path = field.path.as_str();
            let own = || if edits.contains_key(path) { seen.get(path).copied() } else { None };
            let original = was.get(path).copied().or_else(own).unwrap_or(&field.value).clone();
            Shape {
                path: field.path.clone(),
                group: field.group.clone(),
                label: label(&field.path, &field.group),
                about: field.about.clone(),
                control: control(&original, &field.choices),
                original,
            }
        })
        .collect()
}

/// Whether a config with these fields trains a network on pictures.
pub fn is_network(shapes: &[Shape]) -> bool {
    shapes.iter().any(|s| s.path == "task_type" && s.original.as_str() == Some("image_classification_cnn"))
}

/// Parts of a path that say nothing to a person.
const NOISE: [&str; 3] = ["model", "hyperparameters", "configs"];

/// `configs.training.model.hyperparameters.n_estimators` is `N estimators`; numbers of a list count from 1.
pub fn label(path: &str, group: &str) -> String {
    let inner =
        path.strip_prefix("configs.").and_then(|rest| rest.strip_prefix(group)).and_then(|r| r.strip_prefix('.'));
    let all: Vec<&str> = inner.unwrap_or(path).split('.').collect();
    let last = all.len().saturating_sub(1);
    let parts: Vec<String> = all
        .iter()
        .enumerate()
        .filter(|(i, part)| *i == last || !NOISE.contains(part))
        .map(|(_, part)| part.parse::<usize>().map_or_else(|_| part.replace('_', " "), |n| (n + 1).to_string()))
        .collect();
    words::spelled(&parts.join(" › "))
}

/// What a part of the config is called.
pub fn group_name(group: &str) -> String {
    match group {
        "run" => "Run".into(),
        "promotion" => "Gate".into(),
        other => words::spelled(other),
    }
}

/// The parts in the order in which they come, each with how many fields it has.
pub fn groups(shapes: &[Shape]) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for shape in shapes {
        if !all.contains(&shape.group) {
            all.push(shape.group.clone());
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn field(path: &str, value: Value) -> ConfigField {
        ConfigField { path: path.into(), group: "training".into(), value, choices: Vec::new(), about: None }
    }

    fn typed(original: Value, text: &str) -> Value {
        read(&control(&original, &[]), &original, text)
    }

    #[test]
    fn what_is_typed_has_the_type_of_the_field() {
        assert_eq!(typed(json!(100), " 50 "), json!(50));
        assert_eq!(typed(json!(0.5), "1e-3"), json!(0.001));
        assert_eq!(typed(json!(100), "many"), json!("many"), "checking says what is wrong with it");
        assert_eq!(typed(json!(100), ""), Value::Null);
        assert_eq!(typed(json!(true), "false"), json!(false));
        assert_eq!(typed(Value::Null, "8"), json!(8));
        assert_eq!(typed(Value::Null, "balanced"), json!("balanced"));
        assert_eq!(typed(json!("sqrt"), "3"), json!(3));
        assert_eq!(typed(json!("sqrt"), "\"3\""), json!("3"));
        assert_eq!(typed(json!("1.0"), "2.0"), json!("2.0"), "a version is no number");
        assert_eq!(typed(json!("0.1.0"), "0.2.0"), json!("0.2.0"));
        assert_eq!(typed(json!("name"), "inf"), json!("inf"));
    }

    #[test]
    fn lists_are_written_with_commas() {
        assert_eq!(text_of(&json!(["a", "b"])), "a, b");
        assert_eq!(typed(json!(["1", "b"]), "1, c ,"), json!(["1", "c"]));
        assert_eq!(typed(json!([1, 2]), "3, 4.5"), json!([3, 4.5]));
        assert_eq!(typed(json!([]), "3, x"), json!([3, "x"]));
        assert_eq!(control(&json!([[1]]), &[]), Control::Json);
        assert_eq!(typed(json!([[1]]), "[[2]]"), json!([[2]]));
        assert_eq!(typed(json!([[1]]), "[[2"), json!("[[2"));
    }

    #[test]
    fn every_value_comes_back_from_its_text() {
        for value in
            [json!(1), json!(-0.25), json!("sqrt"), json!("0.1.0"), json!(true), Value::Null, json!(["a", "b"])]
        {
            assert_eq!(typed(value.clone(), &text_of(&value)), value, "{value}");
        }
    }

    #[test]
    fn a_field_set_back_by_hand_is_no_change() {
        let shape =
            &shapes(&[field("random_seed", json!(42))], &[field("random_seed", json!(42))], &BTreeMap::new(), &[])[0];
        let mut edits = BTreeMap::new();
        edit(&mut edits, shape, "7");
        assert_eq!(edits.get("random_seed"), Some(&json!(7)));
        edit(&mut edits, shape, "42");
        assert!(edits.is_empty());
    }

    #[test]
    fn fields_of_another_algorithm_begin_with_their_defaults() {
        let before = [field("a", json!("forest")), field("trees", json!(100))];
        let now = [field("a", json!("linear")), field("c", json!(1.0))];
        let mut edits = BTreeMap::from([("a".to_owned(), json!("linear"))]);
        let first = shapes(&before, &now, &edits, &[]);
        let originals: Vec<&Value> = first.iter().map(|s| &s.original).collect();
        assert_eq!(originals, [&json!("forest"), &json!(1.0)]);
        // Changed, the engine's answer has the changed value; what it began with is still known.
        edits.insert("c".into(), json!(5));
        let second = shapes(&before, &[field("a", json!("linear")), field("c", json!(5))], &edits, &first);
        assert_eq!(second[1].original, json!(1.0));
    }

    #[test]
    fn labels_leave_out_what_says_nothing() {
        assert_eq!(label("configs.training.model.hyperparameters.n_estimators", "training"), "N estimators");
        assert_eq!(
            label("configs.promotion.classification.rules.0.threshold", "promotion"),
            "Classification › rules › 1 › threshold"
        );
        assert_eq!(label("random_seed", "run"), "Random seed");
        assert_eq!(label("model", "run"), "Model");
    }
}
