//! Small builders for this crate's own tests.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use crate::{Table, read_bytes};
use driftgate_model::{About, ColumnType, Constraints, DatasetSpec, FileFormat, Frame, SplitPolicy, Task};

/// A regression spec of float features and a float target.
pub(crate) fn spec(features: &[&str], target: &str) -> DatasetSpec {
    DatasetSpec {
        name: "test".into(),
        task: Task::Regression,
        features: features.iter().map(|f| (*f).to_owned()).collect(),
        target: target.into(),
        schema: features.iter().chain([&target]).map(|f| ((*f).to_owned(), ColumnType::Float)).collect(),
        format: FileFormat::default(),
        constraints: Constraints::default(),
        split: SplitPolicy::default(),
        images: None,
        about: About::default(),
    }
}

/// The same for classification, with a text target.
pub(crate) fn class_spec(features: &[&str], target: &str) -> DatasetSpec {
    let mut s = spec(features, target);
    s.task = Task::Classification;
    s.schema.insert(target.into(), ColumnType::String);
    s
}

pub(crate) fn table(text: &str) -> Table {
    read_bytes(text.as_bytes(), "t.csv", &FileFormat::default()).unwrap()
}

pub(crate) fn frame(text: &str, spec: &DatasetSpec) -> Frame {
    table(text).frame(spec).unwrap()
}
