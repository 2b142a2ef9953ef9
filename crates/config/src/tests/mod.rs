#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on should say so at once")]

mod broken;
mod datasets;
mod images;
mod outlines;
mod properties;
mod resolving;
mod shipped;

use crate::Files;
use crate::yaml::{Node, Plain, Value};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::io::{Error, ErrorKind, Result};
use std::path::{Path, PathBuf};

/// Files that exist only in a test.
#[derive(Default)]
struct Shelf(BTreeMap<PathBuf, String>);

impl Shelf {
    fn with(mut self, path: &str, text: &str) -> Self {
        self.0.insert(path.into(), text.into());
        self
    }
}

impl Files for Shelf {
    fn read(&self, path: &Path) -> Result<String> {
        self.0.get(path).cloned().ok_or_else(|| Error::from(ErrorKind::NotFound))
    }
}

/// The folder of the workspace.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("the crate lies two levels deep").into()
}

/// A tree as JSON, as any reader of YAML 1.2 would make it.
fn as_json(node: &Node) -> Json {
    match &node.value {
        Value::List(items) => items.iter().map(as_json).collect(),
        Value::Map(entries) => Json::Object(entries.iter().map(|e| (e.key.clone(), as_json(&e.node))).collect()),
        Value::Scalar(scalar) => match scalar.plain {
            Plain::Null => Json::Null,
            Plain::Bool(b) => json!(b),
            Plain::Int(n) => json!(i64::try_from(n).expect("small in tests")),
            Plain::Float(n) => json!(n),
            Plain::Text => json!(scalar.written),
        },
    }
}

/// A YAML text as JSON.
fn json_of(text: &str) -> Json {
    let mut findings = crate::check::Findings::new(Path::new("test.yaml"));
    let node = crate::yaml::parse(text, &mut findings);
    assert_eq!(findings.finish(), (vec![], vec![]), "{text}");
    as_json(&node.expect("a mapping"))
}
