//! A pipeline config as a person edits it: every field with its value, and the changed config as one file of its own.

use crate::check::Findings;
use crate::dataset_text::scalar;
use crate::files::Files;
use crate::finding::{ConfigErrors, ConfigFinding};
use crate::pipeline::{PARTS, PIPELINE, TASK_WORDS, beside};
use crate::preprocessing::OF_TABLES;
use crate::promotion::section_of;
use crate::shape::{Field, Literal, Map, Need, Shape, Tagged};
use crate::yaml::{Entry, Mark, Node, Plain, Scalar, Value, parse, plain};
use driftgate_model::{Severity, Task};
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

/// A config as it was written, the files that it names read in.
#[derive(Debug, Clone)]
pub struct Outline {
    root: Node,
}

/// A field of a config.
#[derive(Debug, Clone, PartialEq)]
pub struct OutlineField {
    /// Its dotted path, such as `configs.training.model.hyperparameters.n_estimators`; items of lists by their number from 0.
    pub path: String,
    /// Its value as written, or its default; `null` where it has neither.
    pub value: Json,
    /// The only texts that it may be; empty where others are taken.
    pub choices: Vec<&'static str>,
    /// What it means.
    pub about: Option<&'static str>,
}

/// A field, with what an edit needs to know of it.
struct Found {
    field: OutlineField,
    steps: Vec<String>,
    /// The mapping whose other fields depend on it, where it is such a one.
    tag: Option<&'static Tagged>,
}

/// Reads a pipeline config and the files that it names, as far as they are YAML: whether their values are right, [`crate::resolve`]
/// says.
///
/// Errors: the file, or one that it names, cannot be read or is not YAML.
pub fn outline(path: &Path, files: &dyn Files) -> Result<Outline, ConfigErrors> {
    let mut findings = Findings::new(path);
    let text = findings.read(files);
    let root = text.and_then(|text| parse(&text, &mut findings));
    let mut errors = Vec::new();
    let whole = root.map(|root| with_parts(root, path, files, &mut findings, &mut errors));
    let (mut all, _) = findings.finish();
    all.append(&mut errors);
    match whole {
        Some(root) if all.is_empty() => Ok(Outline { root }),
        _ => Err(ConfigErrors(all)),
    }
}

/// The tree with the content of each file that it names in the place of its path.
fn with_parts(
    mut root: Node,
    path: &Path,
    files: &dyn Files,
    findings: &mut Findings<'_>,
    errors: &mut Vec<ConfigFinding>,
) -> Node {
    for name in PARTS {
        let Some(node) = root.at(&["configs", name]) else { continue };
        let (mark, Some(named)) = (node.mark, node.written().filter(|_| !node.is_null())) else { continue };
        let file = beside(path, named);
        let text = match files.read(&file) {
            Ok(text) => text,
            Err(error) => {
                let message = format!("`{}` cannot be read: {error}", file.display());
                findings.error(Some(mark), &format!("configs.{name}"), &message, "correct the path");
                continue;
            }
        };
        let mut own = Findings::new(&file);
        let part = parse(&text, &mut own);
        errors.extend(own.finish().0);
        if let Some(part) = part {
            set(&mut root, &["configs".into(), name.into()], part);
        }
    }
    root
}

impl Outline {
    /// Its fields, in the order of the schemas: those written, and those that have a default. Fields that serve another task
    /// than the config's are left out.
    pub fn fields(&self) -> Vec<OutlineField> {
        self.found().into_iter().map(|f| f.field).collect()
    }

    /// Changes fields, by their paths. What depends on a changed algorithm or kind is made anew.
    ///
    /// Errors: what is no field of this config, one sentence each.
    pub fn edit(&mut self, edits: &BTreeMap<String, Json>) -> Result<(), Vec<String>> {
        let before: BTreeSet<String> = self.fields().into_iter().map(|f| f.path).collect();
        for (path, value) in edits {
            // What others depend on first: their fields are there only afterwards.
            let Some(found) = self.found().into_iter().find(|f| f.field.path == *path) else { continue };
            if let Some(tagged) = found.tag.filter(|_| found.field.value != *value) {
                set(&mut self.root, &found.steps, node_of(value));
                let above = found.steps.split_last().map_or(&[][..], |(_, above)| above);
                if let Some(node) = at_mut(&mut self.root, above) {
                    prune(tagged, node);
                }
            }
        }
        let known: BTreeMap<String, Vec<String>> = self.found().into_iter().map(|f| (f.field.path, f.steps)).collect();
        let mut unknown = Vec::new();
        for (path, value) in edits {
            match known.get(path) {
                Some(steps) => set(&mut self.root, steps, node_of(value)),
                // It belonged to what was changed.
                None if before.contains(path) => {}
                None => unknown.push(format!("`{path}` is no field of this config")),
            }
        }
        if unknown.is_empty() { Ok(()) } else { Err(unknown) }
    }

    /// Says where the data folder is, seen from where the config will lie.
    pub fn set_data_folder(&mut self, raw: &str) {
        set(&mut self.root, &["data".into(), "raw".into()], node_of(&raw.into()));
    }

    /// The config as the text of one file that names no other.
    pub fn to_yaml(&self) -> String {
        let mut out = String::new();
        block(&mut out, &self.root, 0);
        out
    }

    fn found(&self) -> Vec<Found> {
        let mut out = Vec::new();
        let task = self.root.at(&["task_type"]).and_then(Node::written);
        fields_of(&PIPELINE, Some(&self.root), &[], &mut out);
        let task = TASKS.into_iter().find(|known| task == Some(known.as_str()));
        if let Some(task) = task {
            let own = self.root.at(&["configs", "promotion"]).map(|node| section_of(task, node));
            out.retain(|f| serves(task, own, &f.steps));
        }
        out
    }
}

const TASKS: [Task; 3] = [Task::Classification, Task::Regression, Task::ImageClassificationCnn];

/// Whether a field says something for the task, of which `own` is the section of the gate.
fn serves(task: Task, own: Option<&str>, steps: &[String]) -> bool {
    let pictures = task == Task::ImageClassificationCnn;
    let steps: Vec<&str> = steps.iter().map(String::as_str).collect();
    match steps.as_slice() {
        ["configs", "promotion", section, ..] if TASK_WORDS.contains(section) => own == Some(section),
        ["configs", "evaluation", section @ ("classification" | "regression"), ..] => {
            task.is_classification() == (*section == "classification")
        }
        ["configs", "preprocessing", "image", ..]
        | ["configs", "training", "fine_tune", ..]
        | ["configs", "drift", "drift", "image", ..] => pictures,
        ["configs", "preprocessing", key, ..] => !pictures || !OF_TABLES.contains(key),
        _ => true,
    }
}

fn fields_of(map: &'static Map, node: Option<&Node>, steps: &[String], out: &mut Vec<Found>) {
    for field in map.fields.iter().filter(|f| f.need != Need::Idle) {
        let child = node.and_then(|n| n.at(&[field.key])).filter(|n| !n.is_null() || is_scalar(&field.shape));
        let mut steps = steps.to_vec();
        steps.push(field.key.into());
        field_of(field, child, &steps, out);
    }
}

fn field_of(field: &'static Field, node: Option<&Node>, steps: &[String], out: &mut Vec<Found>) {
    let about = Some(field.about);
    let nothing = node.is_none() && !matches!(field.need, Need::Default(_) | Need::DefaultOrNull(_));
    match &field.shape {
        Shape::Map(_) | Shape::Part(_) | Shape::Tagged(_) | Shape::Dict(_) if nothing => {}
        Shape::List { of, .. } if !is_scalar(of) && nothing => {}
        shape => shape_of(shape, node, steps, about, default_of(field.need), out),
    }
}

fn shape_of(
    shape: &'static Shape,
    node: Option<&Node>,
    steps: &[String],
    about: Option<&'static str>,
    default: Json,
    out: &mut Vec<Found>,
) {
    let step = |name: &str| steps.iter().cloned().chain([name.to_owned()]).collect::<Vec<_>>();
    match shape {
        Shape::Map(map) | Shape::Part(map) => fields_of(map, node, steps, out),
        Shape::Tagged(tagged) => tagged_of(tagged, node, steps, out),
        Shape::Dict(of) => {
            for entry in node.map(Node::entries).unwrap_or_default() {
                shape_of(of, Some(&entry.node), &step(&entry.key), about, Json::Null, out);
            }
        }
        Shape::List { of, .. } if !is_scalar(of) => {
            for (i, item) in node.map(Node::items).unwrap_or_default().iter().enumerate() {
                shape_of(of, Some(item), &step(&i.to_string()), about, Json::Null, out);
            }
        }
        Shape::Anything => {}
        _ => {
            let value = node.map_or(default, |n| json_of(n, shape));
            out.push(found(steps, value, choices(shape), about, None));
        }
    }
}

fn tagged_of(tagged: &'static Tagged, node: Option<&Node>, steps: &[String], out: &mut Vec<Found>) {
    let written = node.and_then(|n| n.at(&[tagged.tag])).and_then(Node::written).or(tagged.default);
    let mut steps = steps.to_vec();
    steps.push(tagged.tag.into());
    let value = written.map_or(Json::Null, Json::from);
    out.push(found(&steps, value, tagged.names(), Some(tagged.about), Some(tagged)));
    steps.pop();
    if let Some((_, map)) = tagged.variants.iter().find(|(name, _)| written == Some(name)) {
        fields_of(map, node, &steps, out);
    }
}

fn found(
    steps: &[String],
    value: Json,
    choices: Vec<&'static str>,
    about: Option<&'static str>,
    tag: Option<&'static Tagged>,
) -> Found {
    Found { field: OutlineField { path: steps.join("."), value, choices, about }, steps: steps.to_vec(), tag }
}

/// Whether a value of the shape is edited as one.
fn is_scalar(shape: &Shape) -> bool {
    match shape {
        Shape::Map(_) | Shape::Part(_) | Shape::Tagged(_) | Shape::Dict(_) => false,
        Shape::List { of, .. } => is_scalar(of),
        _ => true,
    }
}

fn choices(shape: &Shape) -> Vec<&'static str> {
    match shape {
        Shape::Word(words) => words.to_vec(),
        _ => Vec::new(),
    }
}

fn default_of(need: Need) -> Json {
    match need {
        Need::Default(literal) | Need::DefaultOrNull(literal) => match literal {
            Literal::Bool(b) => b.into(),
            Literal::Int(i) => i.into(),
            Literal::Number(n) => n.into(),
            Literal::Text(t) => t.into(),
            Literal::Map => Json::Null,
        },
        Need::Required | Need::Optional | Need::Idle => Json::Null,
    }
}

/// A value as written. What is taken as written stays a text, whatever it looks like.
fn json_of(node: &Node, shape: &Shape) -> Json {
    let text = matches!(shape, Shape::Written);
    match &node.value {
        Value::Scalar(s) if text && s.plain != Plain::Null => s.written.clone().into(),
        Value::Scalar(s) => match s.plain {
            Plain::Null => Json::Null,
            Plain::Bool(b) => b.into(),
            Plain::Int(i) => i64::try_from(i).map_or_else(|_| (i as f64).into(), Json::from),
            Plain::Float(f) if f.is_finite() => f.into(),
            Plain::Float(_) | Plain::Text => s.written.clone().into(),
        },
        Value::List(items) => {
            let of = if let Shape::List { of, .. } = shape { of } else { shape };
            items.iter().map(|item| json_of(item, of)).collect()
        }
        Value::Map(entries) => {
            Json::Object(entries.iter().map(|e| (e.key.clone(), json_of(&e.node, &Shape::Anything))).collect())
        }
    }
}

const NOWHERE: Mark = Mark { line: 1, column: 1 };

fn node_of(json: &Json) -> Node {
    let scalar = |plain: Plain, written: String, quoted: bool| Value::Scalar(Scalar { plain, written, quoted });
    let value = match json {
        Json::Null => scalar(Plain::Null, "null".into(), false),
        Json::Bool(b) => scalar(Plain::Bool(*b), b.to_string(), false),
        Json::Number(n) => scalar(plain(&n.to_string()), n.to_string(), false),
        Json::String(text) => scalar(Plain::Text, text.clone(), true),
        Json::Array(items) => Value::List(items.iter().map(node_of).collect()),
        Json::Object(map) => Value::Map(
            map.iter().map(|(key, value)| Entry { key: key.clone(), mark: NOWHERE, node: node_of(value) }).collect(),
        ),
    };
    Node { mark: NOWHERE, value }
}

/// Puts a value at a path; mappings that are missing on the way are made.
fn set(node: &mut Node, steps: &[String], value: Node) {
    let Some((step, rest)) = steps.split_first() else {
        *node = value;
        return;
    };
    if let Value::List(items) = &mut node.value {
        if let Some(item) = step.parse::<usize>().ok().and_then(|i| items.get_mut(i)) {
            set(item, rest, value);
        }
        return;
    }
    if !matches!(node.value, Value::Map(_)) {
        node.value = Value::Map(Vec::new());
    }
    let Value::Map(entries) = &mut node.value else { return };
    let at = match entries.iter().position(|e| e.key == *step) {
        Some(at) => at,
        None => {
            let empty = Node { mark: NOWHERE, value: Value::Map(Vec::new()) };
            entries.push(Entry { key: step.clone(), mark: NOWHERE, node: empty });
            entries.len() - 1
        }
    };
    if let Some(entry) = entries.get_mut(at) {
        set(&mut entry.node, rest, value);
    }
}

/// The value at a path.
fn at_mut<'n>(node: &'n mut Node, steps: &[String]) -> Option<&'n mut Node> {
    let Some((step, rest)) = steps.split_first() else { return Some(node) };
    let inner = match &mut node.value {
        Value::Map(entries) => entries.iter_mut().find(|e| e.key == *step).map(|e| &mut e.node),
        Value::List(items) => step.parse::<usize>().ok().and_then(|i| items.get_mut(i)),
        Value::Scalar(_) => None,
    };
    at_mut(inner?, rest)
}

/// Drops keys that the new value of a tag does not know.
fn prune(tagged: &'static Tagged, node: &mut Node) {
    let written = node.at(&[tagged.tag]).and_then(Node::written).or(tagged.default).map(str::to_owned);
    let variant = tagged.variants.iter().find(|(name, _)| written.as_deref() == Some(name));
    let (Some((_, map)), Value::Map(entries)) = (variant, &mut node.value) else { return };
    let known = |map: &Map, key: &str| map.fields.iter().any(|f| f.key == key);
    entries.retain(|e| e.key == tagged.tag || known(map, &e.key));
    for entry in entries {
        if let Some(Shape::Map(inner)) = map.fields.iter().find(|f| f.key == entry.key).map(|f| &f.shape)
            && let Value::Map(entries) = &mut entry.node.value
        {
            entries.retain(|e| known(inner, &e.key));
        }
    }
}

/// Writes a mapping or list in lines, `indent` columns in.
fn block(out: &mut String, node: &Node, indent: usize) {
    let pad = " ".repeat(indent);
    match &node.value {
        Value::Map(entries) => {
            for entry in entries {
                let _ = write!(out, "{pad}{}:", scalar(&entry.key));
                below(out, &entry.node, indent + 2);
            }
        }
        Value::List(items) => {
            for item in items {
                let _ = write!(out, "{pad}-");
                below(out, item, indent + 2);
            }
        }
        Value::Scalar(_) => {}
    }
}

/// What follows a key or a dash: a scalar on its line, anything else in the lines below.
fn below(out: &mut String, node: &Node, indent: usize) {
    match &node.value {
        Value::Scalar(s) if s.plain == Plain::Text => {
            let _ = writeln!(out, " {}", scalar(&s.written));
        }
        Value::Scalar(s) if s.plain == Plain::Null => out.push_str(" null\n"),
        Value::Scalar(s) => {
            let _ = writeln!(out, " {}", s.written);
        }
        Value::List(items) if items.is_empty() => out.push_str(" []\n"),
        Value::Map(entries) if entries.is_empty() => out.push_str(" {}\n"),
        _ => {
            out.push('\n');
            block(out, node, indent);
        }
    }
}

impl ConfigErrors {
    /// Each error without its file: the key, what was found, and what to do.
    pub fn by_key(&self) -> Vec<String> {
        let one = |f: &ConfigFinding| {
            let key = if f.key.is_empty() { String::new() } else { format!("{}: ", f.key) };
            let hint = f.suggestion.as_ref().map(|s| format!("; {s}")).unwrap_or_default();
            format!("{key}{}{hint}", f.message)
        };
        self.0.iter().filter(|f| f.severity == Severity::Error).map(one).collect()
    }
}
