//! A tree against its shape: findings on one side, the value with all defaults filled in on the other.

use crate::finding::ConfigFinding;
use crate::shape::{End, Field, Literal, Map, Need, Shape, Tagged};
use crate::suggest::{cut, did_you_mean, list};
use crate::yaml::{Entry, Mark, Node, Plain, Scalar, Value};
use driftgate_model::Severity;
use serde_json::Value as Json;
use std::collections::BTreeSet;
use std::path::Path;

/// More findings than a person reads; the rest of a file is left out.
const MOST_FINDINGS: usize = 100;

/// The findings of one file.
#[derive(Debug)]
pub(crate) struct Findings<'a> {
    pub file: &'a Path,
    list: Vec<ConfigFinding>,
    idle: Vec<(Mark, String)>,
    left_out: usize,
}

impl<'a> Findings<'a> {
    pub fn new(file: &'a Path) -> Self {
        Findings { file, list: Vec::new(), idle: Vec::new(), left_out: 0 }
    }

    fn push(&mut self, severity: Severity, mark: Option<Mark>, key: &str, message: &str, suggestion: Option<String>) {
        if self.full() {
            self.left_out += 1;
            return;
        }
        self.list.push(ConfigFinding {
            file: self.file.to_path_buf(),
            line: mark.map(|m| m.line),
            column: mark.map(|m| m.column),
            key: cut(key),
            severity,
            message: message.into(),
            suggestion,
        });
    }

    /// Adds an error, with what to do about it.
    pub fn error(&mut self, mark: Option<Mark>, key: &str, message: &str, suggestion: impl Into<String>) {
        self.push(Severity::Error, mark, key, message, Some(suggestion.into()));
    }

    /// Adds a note.
    pub fn note(&mut self, mark: Option<Mark>, key: &str, message: &str, suggestion: Option<String>) {
        self.push(Severity::Warning, mark, key, message, suggestion);
    }

    /// Whether further findings would be left out.
    pub fn full(&self) -> bool {
        self.list.len() >= MOST_FINDINGS
    }

    /// Whether anything found so far refuses the file.
    pub fn refuses(&self) -> bool {
        self.list.iter().any(|f| f.severity == Severity::Error)
    }

    /// Remembers a key that is accepted without effect; all of a file make one note.
    pub fn idle(&mut self, mark: Mark, key: &str) {
        if self.idle.len() < MOST_FINDINGS {
            self.idle.push((mark, key.into()));
        }
    }

    /// All of it, errors and notes apart, each in the order of the lines.
    pub fn finish(mut self) -> (Vec<ConfigFinding>, Vec<ConfigFinding>) {
        self.idle.sort();
        if let Some((mark, _)) = self.idle.first() {
            let mark = *mark;
            let keys: Vec<&str> = self.idle.iter().map(|(_, key)| key.as_str()).collect();
            let message = format!("accepted without effect here: {}", list(&keys));
            self.push(Severity::Warning, Some(mark), "", &message, None);
        }
        let (mut errors, mut notes): (Vec<_>, Vec<_>) =
            self.list.into_iter().partition(|f| f.severity == Severity::Error);
        errors.sort_by_key(|f| (f.line, f.column));
        notes.sort_by_key(|f| (f.line, f.column));
        if self.left_out > 0 {
            errors.push(ConfigFinding {
                file: self.file.to_path_buf(),
                line: None,
                column: None,
                key: String::new(),
                severity: Severity::Error,
                message: format!("{} further findings are left out", self.left_out),
                suggestion: None,
            });
        }
        (errors, notes)
    }
}

fn join(parent: &str, key: &str) -> String {
    let key = cut(key);
    if parent.is_empty() { key } else { format!("{parent}.{key}") }
}

fn literal(value: Literal) -> Json {
    match value {
        Literal::Bool(b) => b.into(),
        Literal::Int(i) => i.into(),
        Literal::Number(n) => n.into(),
        Literal::Text(t) => t.into(),
        Literal::Map => Json::Object(Default::default()),
    }
}

fn range(low: End, high: End) -> String {
    let low = match low {
        End::Open => None,
        End::With(n) => Some(format!("of at least {n}")),
        End::Without(n) => Some(format!("above {n}")),
    };
    let high = match high {
        End::Open => None,
        End::With(n) => Some(format!("at most {n}")),
        End::Without(n) => Some(format!("below {n}")),
    };
    match (low, high) {
        (None, None) => "a number".into(),
        (Some(end), None) | (None, Some(end)) => format!("a number {end}"),
        (Some(low), Some(high)) => format!("a number {low} and {high}"),
    }
}

/// What a shape asks for, in words.
pub(crate) fn expected(shape: &Shape) -> String {
    match shape {
        Shape::Text => "a text".into(),
        Shape::Written => "a text".into(),
        Shape::Bool => "true or false".into(),
        Shape::Int { min, max } if *max >= u64::from(u32::MAX) => format!("a whole number of at least {min}"),
        Shape::Int { min, max } => format!("a whole number from {min} to {max}"),
        Shape::Number { low, high } => range(*low, *high),
        Shape::Word([only]) => format!("`{only}`"),
        Shape::Word(words) => format!("one of {}", list(words)),
        Shape::List { .. } => "a list".into(),
        Shape::Map(_) | Shape::Dict(_) | Shape::Tagged(_) => "keys with values".into(),
        Shape::Part(_) => "the path of a file, or its content in place".into(),
        Shape::Either { expects, .. } => (*expects).into(),
        Shape::Anything => "anything".into(),
    }
}

/// What the writer may have meant by a scalar of the wrong type.
fn hint(shape: &Shape, node: &Node) -> Option<String> {
    let Value::Scalar(scalar) = &node.value else {
        return None;
    };
    let written = scalar.written.trim();
    let unquoted = crate::yaml::plain(written);
    match (shape, unquoted) {
        (Shape::Int { .. }, Plain::Int(n)) if scalar.quoted => Some(format!("write {n} without quotes")),
        (Shape::Int { .. }, Plain::Float(n)) if n.fract() == 0.0 && n.abs() < 9e15 => Some(format!("write {n}")),
        (Shape::Number { .. }, Plain::Int(_) | Plain::Float(_)) if scalar.quoted => {
            Some(format!("write {} without quotes", cut(written)))
        }
        (Shape::Int { .. } | Shape::Number { .. }, Plain::Text) => {
            let dotted = written.replace('_', "").replace(',', ".");
            match crate::yaml::plain(&dotted) {
                Plain::Int(n) => Some(format!("write {n}")),
                Plain::Float(n) if n.is_finite() => Some(format!("write {n}")),
                _ => written
                    .strip_suffix('%')
                    .and_then(|n| n.trim().parse::<f64>().ok())
                    .filter(|n| n.is_finite())
                    .map(|n| format!("write {}", n / 100.0)),
            }
        }
        (Shape::Bool, _) => match written.to_lowercase().as_str() {
            "yes" | "on" | "y" | "1" | "true" => Some("write true".into()),
            "no" | "off" | "n" | "0" | "false" => Some("write false".into()),
            _ => None,
        },
        (Shape::Text, Plain::Int(_) | Plain::Float(_) | Plain::Bool(_)) => {
            Some(format!("put it in quotes: \"{}\"", cut(written)))
        }
        _ => None,
    }
}

impl Findings<'_> {
    fn wrong(&mut self, shape: &Shape, node: &Node, key: &str) -> Json {
        let mut message = format!("expects {}, found {}", expected(shape), node.found());
        let suggestion = match (shape, node.written()) {
            (Shape::Word(words), Some(written)) => {
                crate::suggest::nearest(written, words.iter().copied()).map(|w| format!("did you mean `{w}`?"))
            }
            _ => hint(shape, node),
        };
        if let (Shape::Int { max, .. }, Value::Scalar(Scalar { plain: Plain::Int(n), .. })) = (shape, &node.value)
            && *n > i128::from(*max)
        {
            message = format!("expects a whole number of at most {max}, found {}", node.found());
        }
        let otherwise = || match shape {
            // The message lists them.
            Shape::Word(_) => "choose one of them".into(),
            _ => format!("write {}", expected(shape)),
        };
        self.error(Some(node.mark), key, &message, suggestion.unwrap_or_else(otherwise));
        Json::Null
    }

    /// Checks a value; what comes back has every default filled in, and is only meaningful without errors.
    pub fn value(&mut self, shape: &Shape, node: &Node, key: &str) -> Json {
        match (shape, &node.value) {
            (Shape::Anything, _) => Json::Null,
            (Shape::Map(map), Value::Map(entries)) => self.map(map, entries, node.mark, key),
            (Shape::Part(map), Value::Map(entries)) => self.map(map, entries, node.mark, key),
            (Shape::Part(_), Value::Scalar(Scalar { plain: Plain::Text, written, .. })) if !written.is_empty() => {
                written.as_str().into()
            }
            (Shape::Tagged(tagged), Value::Map(entries)) => self.tagged(tagged, entries, node, key),
            (Shape::Dict(of), Value::Map(entries)) => {
                let value = |e: &Entry| (e.key.clone(), self.value(of, &e.node, &join(key, &e.key)));
                Json::Object(entries.iter().map(value).collect())
            }
            (Shape::List { of, empty, unique }, Value::List(items)) => {
                if let Some(message) = empty
                    && items.is_empty()
                {
                    self.error(Some(node.mark), key, message, "add an entry to the list");
                }
                self.items(of, items, *unique, key)
            }
            (Shape::Either { of, .. }, _) => match of.iter().find(|s| fits(s, node)) {
                Some(shape) => self.value(shape, node, key),
                None => self.wrong(shape, node, key),
            },
            (_, Value::Scalar(scalar)) => match scalar_json(shape, scalar) {
                Some(json) => json,
                None => self.wrong(shape, node, key),
            },
            _ => self.wrong(shape, node, key),
        }
    }

    fn items(&mut self, of: &Shape, items: &[Node], unique: bool, key: &str) -> Json {
        let mut seen = BTreeSet::new();
        let mut values = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            let place = format!("{key}[{index}]");
            if let Some(written) = item.written()
                && unique
                && !seen.insert(written)
            {
                self.error(Some(item.mark), &place, &format!("`{}` is listed twice", cut(written)), "remove it here");
            }
            values.push(self.value(of, item, &place));
        }
        Json::Array(values)
    }

    fn tagged(&mut self, tagged: &Tagged, entries: &[Entry], node: &Node, key: &str) -> Json {
        let place = join(key, tagged.tag);
        let entry = entries.iter().find(|e| e.key == tagged.tag);
        let names = tagged.names();
        let written = match (entry, tagged.default) {
            (Some(entry), _) => match entry.node.written() {
                Some(written) if !entry.node.is_null() => written,
                _ => {
                    let message = format!("expects one of {}, found {}", list(&names), entry.node.found());
                    self.error(Some(entry.node.mark), &place, &message, "write one of these words");
                    return Json::Null;
                }
            },
            (None, Some(default)) => default,
            (None, None) => {
                let message = format!("`{}` is missing", tagged.tag);
                self.error(
                    Some(node.mark),
                    key,
                    &message,
                    format!("add `{}:` with one of {}", tagged.tag, list(&names)),
                );
                return Json::Null;
            }
        };
        let Some((name, map)) = tagged.variants.iter().find(|(name, _)| *name == written) else {
            let mark = entry.map_or(node.mark, |e| e.node.mark);
            let message = format!("`{}` is not a known {}", cut(written), tagged.tag);
            self.error(Some(mark), &place, &message, did_you_mean(written, &names, "ones"));
            return Json::Null;
        };
        let others: Vec<&Entry> = entries.iter().filter(|e| e.key != tagged.tag).collect();
        let mut json = self.fields(map, &others, node.mark, key, &[tagged.tag]);
        if let Json::Object(object) = &mut json {
            object.insert(tagged.tag.into(), (*name).into());
        }
        json
    }

    /// Checks a mapping whose keys are known.
    pub fn map(&mut self, map: &Map, entries: &[Entry], mark: Mark, key: &str) -> Json {
        self.fields(map, &entries.iter().collect::<Vec<_>>(), mark, key, &[])
    }

    fn fields(&mut self, map: &Map, entries: &[&Entry], mark: Mark, key: &str, also: &[&'static str]) -> Json {
        for entry in entries.iter().filter(|e| !map.fields.iter().any(|f| f.key == e.key)) {
            let known: Vec<&str> = also.iter().copied().chain(map.keys()).collect();
            let suggestion =
                if known.is_empty() { "it takes no keys".into() } else { did_you_mean(&entry.key, &known, "keys") };
            self.error(Some(entry.mark), &join(key, &entry.key), "this key is not known", suggestion);
        }
        let mut object = serde_json::Map::new();
        for field in map.fields {
            let entry = entries.iter().find(|e| e.key == field.key).copied();
            if let Some(json) = self.field(field, entry, mark, key) {
                object.insert(field.key.into(), json);
            }
        }
        Json::Object(object)
    }

    fn field(&mut self, field: &Field, entry: Option<&Entry>, mark: Mark, key: &str) -> Option<Json> {
        let place = join(key, field.key);
        match (field.need, entry) {
            (Need::Idle, Some(entry)) => {
                self.idle(entry.mark, &place);
                None
            }
            (Need::Idle, None) => None,
            (Need::Required, None) => {
                let message = format!("`{}` is missing", field.key);
                self.error(Some(mark), key, &message, format!("add `{}:` with {}", field.key, expected(&field.shape)));
                Some(Json::Null)
            }
            (Need::Optional | Need::DefaultOrNull(_), Some(entry)) if entry.node.is_null() => Some(Json::Null),
            (Need::Optional, None) => Some(Json::Null),
            (Need::Default(Literal::Map), None) => Some(self.empty(&field.shape, mark, &place)),
            (Need::Default(Literal::Map), Some(entry)) if entry.node.is_null() => {
                Some(self.empty(&field.shape, entry.mark, &place))
            }
            (Need::Default(default) | Need::DefaultOrNull(default), None) => Some(literal(default)),
            (_, Some(entry)) => Some(self.value(&field.shape, &entry.node, &place)),
        }
    }

    fn empty(&mut self, shape: &Shape, mark: Mark, key: &str) -> Json {
        match shape {
            Shape::Map(map) | Shape::Part(map) => self.map(map, &[], mark, key),
            _ => Json::Object(Default::default()),
        }
    }
}

/// Whether a value is of the shape's kind, its range aside.
fn fits(shape: &Shape, node: &Node) -> bool {
    match (shape, &node.value) {
        (Shape::Word(words), Value::Scalar(s)) => words.contains(&s.written.as_str()),
        (Shape::Bool, Value::Scalar(s)) => matches!(s.plain, Plain::Bool(_)),
        (Shape::Int { .. }, Value::Scalar(s)) => matches!(s.plain, Plain::Int(_)),
        (Shape::Number { .. }, Value::Scalar(s)) => matches!(s.plain, Plain::Int(_) | Plain::Float(_)),
        (Shape::Text, Value::Scalar(s)) => matches!(s.plain, Plain::Text),
        _ => false,
    }
}

fn within(low: End, high: End, n: f64) -> bool {
    let above = match low {
        End::Open => true,
        End::With(end) => n >= end,
        End::Without(end) => n > end,
    };
    let below = match high {
        End::Open => true,
        End::With(end) => n <= end,
        End::Without(end) => n < end,
    };
    n.is_finite() && above && below
}

fn scalar_json(shape: &Shape, scalar: &Scalar) -> Option<Json> {
    match (shape, scalar.plain) {
        (Shape::Text, Plain::Text) if !scalar.written.is_empty() => Some(scalar.written.as_str().into()),
        (Shape::Written, plain) if plain != Plain::Null => Some(scalar.written.as_str().into()),
        (Shape::Bool, Plain::Bool(b)) => Some(b.into()),
        (Shape::Int { min, max }, Plain::Int(n)) => {
            u64::try_from(n).ok().filter(|n| (*min..=*max).contains(n)).map(Json::from)
        }
        (Shape::Number { low, high }, plain) => {
            let n = match plain {
                // A whole number beyond 2^53 is rounded, as any reader of JSON would.
                Plain::Int(n) => n as f64,
                Plain::Float(n) => n,
                _ => return None,
            };
            within(*low, *high, n).then(|| n.into())
        }
        (Shape::Word(words), Plain::Text) => words.iter().find(|w| **w == scalar.written).map(|w| (*w).into()),
        _ => None,
    }
}

/// A resolved value as its type. The tables make only values that fit, so a failure is a fault of the tables.
pub(crate) fn typed<T: serde::de::DeserializeOwned>(json: Json, findings: &mut Findings<'_>, key: &str) -> Option<T> {
    match serde_json::from_value(json) {
        Ok(value) => Some(value),
        Err(error) => {
            let message = format!("this value passed every check and yet does not fit: {error}");
            findings.error(None, key, &message, "please report this as a fault of Driftgate");
            None
        }
    }
}
