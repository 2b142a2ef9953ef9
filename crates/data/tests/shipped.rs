//! The data sets that come with Driftgate: read, drafted, validated and split to their known sizes.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use driftgate_data::{DraftAnswers, draft_spec, read, sniff, split, target, validate};
use driftgate_model::{Severity, Target, Task, Timestamp};
use std::path::PathBuf;

fn sizes(name: &str, task: Task, classes: usize) -> [u64; 3] {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../data").join(name).join("data.csv");
    let sniffed = sniff(&path).unwrap();
    assert!(sniffed.notes.is_empty(), "{name}: {:?}", sniffed.notes);
    let table = read(&path, &sniffed.format).unwrap();
    let answers = DraftAnswers { target: Some("target".into()), task: Some(task), ..DraftAnswers::default() };
    let draft = draft_spec(name, &table, &sniffed.format, &answers).unwrap();
    assert!(draft.questions.is_empty());
    assert_eq!(draft.spec.features.len() + 1, table.columns().len(), "{name}: {:?}", draft.notes);
    let report = validate(&table, &draft.spec, Timestamp::UNIX_EPOCH);
    let bad: Vec<_> = report
        .findings
        .iter()
        .filter(|f| {
            f.severity == Severity::Error || !["duplicate_rows", "conflicting_labels"].contains(&f.check.as_str())
        })
        .collect();
    assert!(bad.is_empty(), "{name}: {bad:#?}");
    let frame = table.frame(&draft.spec).unwrap();
    match target(&frame, &draft.spec).unwrap() {
        Target::Classes { labels, .. } => assert_eq!(labels.len(), classes),
        Target::Values(values) => assert!(classes == 0 && values.iter().all(|v| v.is_finite())),
    }
    let counts = split(&frame, &draft.spec, None).unwrap().counts();
    [counts.train, counts.val, counts.test]
}

#[test]
fn the_shipped_tables_split_to_their_known_sizes() {
    assert_eq!(sizes("iris", Task::Classification, 3), [105, 22, 23]);
    assert_eq!(sizes("wine", Task::Classification, 3), [124, 27, 27]);
    assert_eq!(sizes("breast_cancer", Task::Classification, 2), [398, 85, 86]);
    assert_eq!(sizes("diabetes", Task::Regression, 0), [309, 66, 67]);
}
