//! Columns that a config names: whether there are such can be told only beside the data set.

use crate::check::Findings;
use crate::finding::ConfigErrors;
use crate::pipeline::Resolved;
use crate::suggest::{cut, nearest};
use crate::yaml::{Mark, Node};
use driftgate_model::DatasetSpec;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// A column, and where it is named.
#[derive(Debug, Clone)]
pub(crate) struct NamedColumn {
    name: String,
    file: PathBuf,
    mark: Mark,
    key: String,
}

/// The columns of the two feature lists of a preprocessing mapping.
pub(crate) fn listed(node: &Node, file: &Path, key: &str) -> Vec<NamedColumn> {
    let mut found = Vec::new();
    for list in ["numeric_features", "categorical_features"] {
        for (index, item) in node.at(&[list]).map(Node::items).unwrap_or_default().iter().enumerate() {
            if let Some(name) = item.written() {
                let key = format!("{key}{list}[{index}]");
                found.push(NamedColumn { name: name.into(), file: file.into(), mark: item.mark, key });
            }
        }
    }
    found
}

/// The columns that a drift mapping gives an effect of their own.
pub(crate) fn of_effects(node: &Node, file: &Path, key: &str) -> Vec<NamedColumn> {
    let path = ["drift", "effect", "columns"];
    let entries = node.at(&path).map(Node::entries).unwrap_or_default();
    let named = |entry: &crate::yaml::Entry| NamedColumn {
        name: entry.key.clone(),
        file: file.into(),
        mark: entry.mark,
        key: format!("{key}{}.{}", path.join("."), cut(&entry.key)),
    };
    entries.iter().map(named).collect()
}

/// The columns that the scenarios of a promotion mapping change.
pub(crate) fn of_scenarios(node: &Node, section: &str, file: &Path, key: &str) -> Vec<NamedColumn> {
    let mut found = Vec::new();
    for (r, rule) in node.at(&[section, "rules"]).map(Node::items).unwrap_or_default().iter().enumerate() {
        for (s, scenario) in rule.at(&["scenarios"]).map(Node::items).unwrap_or_default().iter().enumerate() {
            for (c, item) in scenario.at(&["columns"]).map(Node::items).unwrap_or_default().iter().enumerate() {
                if let Some(name) = item.written() {
                    let key = format!("{key}{section}.rules[{r}].scenarios[{s}].columns[{c}]");
                    found.push(NamedColumn { name: name.into(), file: file.into(), mark: item.mark, key });
                }
            }
        }
    }
    found
}

impl Resolved {
    /// Whether every column that the config names is a feature of the data set.
    ///
    /// Errors: all that are not, each with its place and the feature that may be meant.
    pub fn check_columns(&self, spec: &DatasetSpec) -> Result<(), ConfigErrors> {
        let features: BTreeSet<&str> = spec.features.iter().map(String::as_str).collect();
        let mut errors = Vec::new();
        let wrong = |column: &&NamedColumn| !features.contains(column.name.as_str());
        for file in &self.files {
            let mut findings = Findings::new(file);
            for column in self.columns.iter().filter(|c| c.file == *file).filter(wrong) {
                if findings.full() {
                    break;
                }
                if column.name == spec.target {
                    let message = format!("`{}` is the target, which is never an input", cut(&column.name));
                    findings.error(Some(column.mark), &column.key, &message, "remove it here");
                } else {
                    let message = format!("`{}` is no feature of `{}`", cut(&column.name), spec.name);
                    let near = match nearest(&column.name, features.iter().copied()) {
                        Some(feature) => format!("did you mean `{feature}`?"),
                        None => format!("`driftgate dataset show {}` lists its features", spec.name),
                    };
                    findings.error(Some(column.mark), &column.key, &message, near);
                }
            }
            errors.extend(findings.finish().0);
        }
        if errors.is_empty() { Ok(()) } else { Err(ConfigErrors(errors)) }
    }
}
