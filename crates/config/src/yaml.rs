//! A YAML text as a tree in which every node knows its line.
//!
//! Only what a config needs: one document, text keys, the core schema's scalars, aliases up to a budget, no tags.

use crate::check::Findings;
use crate::files::LARGEST_TEXT;
use crate::suggest::cut;
use saphyr_parser::{Event, Parser, ScalarStyle, Span};
use std::collections::{BTreeMap, BTreeSet};

/// Where a node begins: line and column from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Mark {
    pub line: usize,
    pub column: usize,
}

impl From<Span> for Mark {
    fn from(span: Span) -> Self {
        Mark { line: span.start.line().max(1), column: span.start.col() + 1 }
    }
}

/// A value and its place.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub mark: Mark,
    pub value: Value,
}

/// A key with its value, in the order of the file.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub key: String,
    pub mark: Mark,
    pub node: Node,
}

/// A value.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    Scalar(Scalar),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// A scalar: what it means, and how it was written.
#[derive(Debug, Clone)]
pub(crate) struct Scalar {
    pub plain: Plain,
    pub written: String,
    pub quoted: bool,
}

/// What a scalar means under the core schema of YAML 1.2.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Plain {
    Null,
    Bool(bool),
    Int(i128),
    Float(f64),
    Text,
}

impl Node {
    /// The entries of a mapping.
    pub fn entries(&self) -> &[Entry] {
        match &self.value {
            Value::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The items of a list.
    pub fn items(&self) -> &[Node] {
        match &self.value {
            Value::List(items) => items,
            _ => &[],
        }
    }

    /// The value at a path of keys.
    pub fn at(&self, path: &[&str]) -> Option<&Node> {
        path.iter().try_fold(self, |node, key| node.entries().iter().find(|e| e.key == *key).map(|e| &e.node))
    }

    /// The entry of a key of a mapping, unless its value is `null`.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|e| e.key == key && !e.node.is_null())
    }

    /// The text of a scalar as written.
    pub fn written(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar(scalar) => Some(&scalar.written),
            _ => None,
        }
    }

    /// Whether it is `null`, `~` or nothing at all.
    pub fn is_null(&self) -> bool {
        matches!(&self.value, Value::Scalar(Scalar { plain: Plain::Null, .. }))
    }

    /// What was found, for a message: `text "abc"`, `5.0`, `a list`.
    pub fn found(&self) -> String {
        match &self.value {
            Value::List(_) => "a list".into(),
            Value::Map(_) => "a mapping".into(),
            Value::Scalar(Scalar { plain: Plain::Null, .. }) => "nothing".into(),
            Value::Scalar(Scalar { plain: Plain::Text, written, .. }) => format!("text \"{}\"", cut(written)),
            Value::Scalar(Scalar { written, .. }) => cut(written),
        }
    }
}

/// Deepest nesting; no config comes near.
const DEEPEST: usize = 32;
const LESS_DEEP: &str = "no config nests so deep: check the indentation";
const TOO_DEEP: &str = "nested too deep: no config has 32 levels";
/// Most nodes, those that aliases repeat counted each time.
const MOST_NODES: usize = 250_000;

fn integer(text: &str) -> Option<i128> {
    let (negative, digits) = match text.as_bytes().first() {
        Some(b'-') => (true, text.get(1..)?),
        Some(b'+') => (false, text.get(1..)?),
        _ => (false, text),
    };
    let all = |radix: u32, digits: &str| !digits.is_empty() && digits.chars().all(|c| c.is_digit(radix));
    let value = match digits.get(..2) {
        Some("0x") if digits.len() == text.len() && all(16, digits.get(2..)?) => {
            i128::from_str_radix(digits.get(2..)?, 16).ok()?
        }
        Some("0o") if digits.len() == text.len() && all(8, digits.get(2..)?) => {
            i128::from_str_radix(digits.get(2..)?, 8).ok()?
        }
        _ if all(10, digits) => digits.parse().ok()?,
        _ => return None,
    };
    Some(if negative { -value } else { value })
}

fn float(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let sign = if text.starts_with('-') { -1.0 } else { 1.0 };
    match unsigned {
        ".inf" | ".Inf" | ".INF" => return Some(sign * f64::INFINITY),
        _ if matches!(text, ".nan" | ".NaN" | ".NAN") => return Some(f64::NAN),
        _ => {}
    }
    // `parse` would also take `inf`, `nan` and the like, which are texts in YAML.
    let begins = unsigned.starts_with(|c: char| c.is_ascii_digit())
        || unsigned.strip_prefix('.').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    let allowed = unsigned.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '-' | '+'));
    if begins && allowed { text.parse().ok() } else { None }
}

/// What an unquoted scalar means under the core schema.
pub(crate) fn plain(text: &str) -> Plain {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Plain::Null,
        "true" | "True" | "TRUE" => Plain::Bool(true),
        "false" | "False" | "FALSE" => Plain::Bool(false),
        _ => match (integer(text), float(text)) {
            (Some(value), _) => Plain::Int(value),
            (None, Some(value)) => Plain::Float(value),
            (None, None) => Plain::Text,
        },
    }
}

/// A list or mapping whose end has not been seen.
struct Open {
    mark: Mark,
    anchor: usize,
    value: Value,
    keys: BTreeSet<String>,
    /// A key that waits for its value; `None` inside when the value is to be dropped (a repeated key).
    key: Option<(Option<String>, Mark)>,
}

struct Builder<'f, 'a> {
    findings: &'f mut Findings<'a>,
    stack: Vec<Open>,
    anchors: BTreeMap<usize, Node>,
    budget: usize,
    root: Option<Node>,
}

fn count(node: &Node) -> usize {
    1 + match &node.value {
        Value::Scalar(_) => 0,
        Value::List(items) => items.iter().map(count).sum(),
        Value::Map(entries) => entries.iter().map(|e| count(&e.node)).sum(),
    }
}

impl Builder<'_, '_> {
    /// Adds a finished node to what is open; `false` once nothing more can be read.
    fn add(&mut self, node: Node, anchor: usize) -> bool {
        if anchor > 0 {
            let size = count(&node);
            if !self.spend(size, node.mark) {
                return false;
            }
            self.anchors.insert(anchor, node.clone());
        }
        let Some(open) = self.stack.last_mut() else {
            self.root = Some(node);
            return true;
        };
        match &mut open.value {
            Value::List(items) => items.push(node),
            Value::Map(entries) => match open.key.take() {
                Some((Some(key), mark)) => entries.push(Entry { key, mark, node }),
                Some((None, _)) => {}
                None => {
                    let mark = node.mark;
                    let key = match &node.value {
                        Value::Scalar(scalar) if scalar.written == "<<" && !scalar.quoted => {
                            let message = "merge keys (`<<`) are not read";
                            self.findings.error(Some(mark), "<<", message, "write the keys out");
                            None
                        }
                        Value::Scalar(scalar) if !open.keys.insert(scalar.written.clone()) => {
                            let message = "this key appears twice in the same mapping";
                            self.findings.error(Some(mark), &cut(&scalar.written), message, "keep one of the two");
                            None
                        }
                        Value::Scalar(scalar) => Some(scalar.written.clone()),
                        Value::List(_) | Value::Map(_) => {
                            self.findings.error(
                                Some(mark),
                                "",
                                "a key must be a text",
                                "write lines such as `key: value`",
                            );
                            None
                        }
                    };
                    open.key = Some((key, mark));
                }
            },
            Value::Scalar(_) => {}
        }
        true
    }

    fn spend(&mut self, nodes: usize, mark: Mark) -> bool {
        match self.budget.checked_sub(nodes) {
            Some(left) => {
                self.budget = left;
                true
            }
            None => {
                let message = format!("more than {MOST_NODES} values, those that aliases repeat counted");
                self.findings.error(Some(mark), "", &message, "no config needs as many: remove what is repeated");
                false
            }
        }
    }

    fn open(&mut self, mark: Mark, anchor: usize, value: Value) -> bool {
        if self.stack.len() >= DEEPEST {
            self.findings.error(Some(mark), "", TOO_DEEP, LESS_DEEP);
            return false;
        }
        self.stack.push(Open { mark, anchor, value, keys: BTreeSet::new(), key: None });
        true
    }

    fn close(&mut self) -> bool {
        match self.stack.pop() {
            Some(open) => self.add(Node { mark: open.mark, value: open.value }, open.anchor),
            None => true,
        }
    }

    fn alias(&mut self, anchor: usize, mark: Mark) -> bool {
        let Some(target) = self.anchors.get(&anchor) else {
            self.findings.error(
                Some(mark),
                "",
                "an alias cannot stand inside the value it names",
                "write the value out",
            );
            return false;
        };
        // A mapping may be repeated anywhere, but its findings belong to the place where it was written.
        let node = target.clone();
        let deepest = depth(&node) + self.stack.len();
        if deepest > DEEPEST {
            self.findings.error(Some(mark), "", TOO_DEEP, LESS_DEEP);
            return false;
        }
        self.spend(count(&node), mark) && self.add(node, 0)
    }

    fn scalar(&mut self, written: &str, style: ScalarStyle, anchor: usize, mark: Mark) -> bool {
        let quoted = style != ScalarStyle::Plain;
        let plain = if quoted { Plain::Text } else { plain(written) };
        self.add(Node { mark, value: Value::Scalar(Scalar { plain, written: written.into(), quoted }) }, anchor)
    }

    /// Takes one event; `false` once nothing more can be read.
    fn take(&mut self, event: Event<'_>, mark: Mark) -> bool {
        match event {
            Event::DocumentStart(_) if self.root.is_some() => {
                let message = "a second document begins here; one file holds one document";
                self.findings.error(Some(mark), "", message, "remove the `---` line and what follows");
                false
            }
            Event::Alias(anchor) => self.alias(anchor, mark),
            Event::Scalar(written, style, anchor, tag) => {
                let text_tag = tag.as_ref().is_some_and(|t| t.is_yaml_core_schema() && t.suffix == "str");
                let style = if text_tag && style == ScalarStyle::Plain { ScalarStyle::DoubleQuoted } else { style };
                self.untagged(tag.is_none() || text_tag, mark)
                    && self.spend(1, mark)
                    && self.scalar(&written, style, anchor, mark)
            }
            Event::SequenceStart(anchor, tag) => {
                self.untagged(tag.is_none(), mark)
                    && self.spend(1, mark)
                    && self.open(mark, anchor, Value::List(Vec::new()))
            }
            Event::MappingStart(anchor, tag) => {
                self.untagged(tag.is_none(), mark)
                    && self.spend(1, mark)
                    && self.open(mark, anchor, Value::Map(Vec::new()))
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(),
            Event::DocumentStart(_) | Event::DocumentEnd | Event::StreamStart | Event::StreamEnd | Event::Nothing => {
                true
            }
        }
    }

    fn untagged(&mut self, untagged: bool, mark: Mark) -> bool {
        if !untagged {
            self.findings.error(
                Some(mark),
                "",
                "tags such as `!!int` or `!name` are not read",
                "write the value plainly",
            );
        }
        untagged
    }
}

fn depth(node: &Node) -> usize {
    1 + match &node.value {
        Value::Scalar(_) => 0,
        Value::List(items) => items.iter().map(depth).max().unwrap_or(0),
        Value::Map(entries) => entries.iter().map(|e| depth(&e.node)).max().unwrap_or(0),
    }
}

/// A scanner's error in words, with what may help.
fn scan_error(text: &str, info: &str, line: usize) -> (String, &'static str) {
    if info.contains("recursion limit") {
        return (TOO_DEEP.into(), LESS_DEEP);
    }
    let line = text.lines().nth(line.saturating_sub(1)).unwrap_or_default();
    let indent: String = line.chars().take_while(|c| c.is_whitespace()).collect();
    let hint = if info.contains("anchor") {
        "an alias `*x` needs `&x` before it; put a text that begins with `*` in quotes"
    } else if indent.contains('\t') {
        "indent with spaces: YAML does not allow tabs there"
    } else if line.matches(": ").count() > 1 || line.contains(": >") || line.contains(['{', '[', '%', '@', '`']) {
        "put the value in quotes"
    } else {
        "check the indentation, brackets and quotes of this line and those before"
    };
    (format!("this is not YAML: {info}"), hint)
}

/// Reads one document; what is wrong goes to `findings`, and `None` comes back when nothing can be checked further.
pub(crate) fn parse(text: &str, findings: &mut Findings<'_>) -> Option<Node> {
    if text.len() > LARGEST_TEXT {
        findings.error(
            None,
            "",
            "it is larger than 4 MiB, which no config needs",
            "check that this is the file you mean",
        );
        return None;
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let bad = |c: &char| c.is_control() && !matches!(c, '\n' | '\r' | '\t' | '\u{85}');
    if let Some(index) = text.find(|c: char| bad(&c)) {
        let line = text[..index].matches('\n').count() + 1;
        let message = "a control character, which no text file holds";
        findings.error(Some(Mark { line, column: 1 }), "", message, "check that this is a YAML file, as text in UTF-8");
        return None;
    }
    let mut builder = Builder { findings, stack: Vec::new(), anchors: BTreeMap::new(), budget: MOST_NODES, root: None };
    for event in Parser::new_from_str(text) {
        match event {
            Ok((event, span)) => {
                if !builder.take(event, Mark::from(span)) {
                    return None;
                }
            }
            Err(error) => {
                let mark = Mark { line: error.marker().line().max(1), column: error.marker().col() + 1 };
                let (message, hint) = scan_error(text, error.info(), mark.line);
                builder.findings.error(Some(mark), "", &message, hint);
                return None;
            }
        }
    }
    let root = builder.root;
    match root {
        Some(node) if matches!(node.value, Value::Map(_)) => Some(node),
        Some(node) if !node.is_null() => {
            let message = format!("expects keys with values, found {}", node.found());
            findings.error(Some(node.mark), "", &message, "write lines such as `key: value`");
            None
        }
        _ => {
            findings.error(None, "", "the file is empty", "write lines such as `key: value`");
            None
        }
    }
}
