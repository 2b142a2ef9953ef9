use crate::cells::{Cells, TableColumn};
use crate::error::{Result, count, shown};
use crate::table::Table;
use crate::target::distinct_labels;
use driftgate_model::{About, ColumnType, Constraints, DatasetSpec, FileFormat, SplitPolicy, Task};

/// What the person has already said about a data set.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DraftAnswers {
    /// The column to answer.
    pub target: Option<String>,
    /// What the model answers.
    pub task: Option<Task>,
    /// The feature columns; `None` means all that can serve.
    pub features: Option<Vec<String>>,
    /// The column that keeps rows together.
    pub group_column: Option<String>,
    /// The column to cut by.
    pub time_column: Option<String>,
    /// The column that identifies a row.
    pub key_column: Option<String>,
    /// Seed of the split; `None` is 42.
    pub seed: Option<u64>,
    /// What it is, where from, under which licence.
    pub about: About,
}

/// What a question is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QuestionKind {
    /// Which column is the target.
    Target,
    /// Classification or regression.
    Task,
}

/// Something only a person can say.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// What it is about.
    pub kind: QuestionKind,
    /// The question, one sentence.
    pub text: String,
    /// The possible answers.
    pub choices: Vec<String>,
    /// The likely answer, if one is likely.
    pub suggestion: Option<String>,
}

/// A spec made from a file, and what is still to be asked.
#[derive(Debug, Clone, PartialEq)]
pub struct SpecDraft {
    /// The spec. While the target is open it is empty and every usable column is a feature; while the task is open it is the
    /// suggested one.
    pub spec: DatasetSpec,
    /// What is open. Empty when the spec is complete.
    pub questions: Vec<Question>,
    /// What was decided and why, one sentence each.
    pub notes: Vec<String>,
}

/// Few enough whole numbers to be labels.
const FEW_LABELS: u64 = 20;
/// Names of a column that is a target wherever it occurs.
const TARGET_NAMES: [&str; 6] = ["target", "label", "class", "y", "species", "outcome"];

/// Makes a spec of `table`, with what `answers` says; nothing open is guessed silently.
///
/// Columns that cannot serve as features are left out with a note: constants, row numbers and identifiers, dates, texts that
/// are nearly all different. Errors: a named column that is not there.
pub fn draft_spec(name: &str, table: &Table, format: &FileFormat, answers: &DraftAnswers) -> Result<SpecDraft> {
    let mut notes = table.notes().to_vec();
    let mut questions = Vec::new();
    for column in [&answers.target, &answers.group_column, &answers.time_column, &answers.key_column] {
        column.as_deref().map(|c| table.required(c)).transpose()?;
    }
    for feature in answers.features.iter().flatten() {
        table.required(feature)?;
    }
    let target = match &answers.target {
        Some(target) => target.clone(),
        None => find_target(table, &mut questions, &mut notes),
    };
    let features = match &answers.features {
        Some(features) => features.clone(),
        None => usable_features(table, &target, answers, &mut notes),
    };
    let task = match (answers.task, table.position(&target)) {
        (Some(task), _) => task,
        (None, Some(position)) => find_task(table, position, &mut questions, &mut notes),
        (None, None) => Task::Classification,
    };
    let used: Vec<&String> = features
        .iter()
        .chain(Some(&target).filter(|t| !t.is_empty()))
        .chain(&answers.group_column)
        .chain(&answers.time_column)
        .chain(&answers.key_column)
        .collect();
    let schema = used.iter().filter_map(|n| table.column(n).map(|c| ((*n).clone(), c.inferred))).collect();
    let constraints = constraints(table, &features, &target, task);
    let split = SplitPolicy {
        seed: answers.seed.unwrap_or(SplitPolicy::default().seed),
        group_column: answers.group_column.clone(),
        time_column: answers.time_column.clone(),
        key_column: answers.key_column.clone(),
        ..SplitPolicy::default()
    };
    let spec = DatasetSpec {
        name: name.into(),
        task,
        features,
        target,
        schema,
        format: format.clone(),
        constraints,
        split,
        images: None,
        about: answers.about.clone(),
    };
    Ok(SpecDraft { spec, questions, notes })
}

fn find_target(table: &Table, questions: &mut Vec<Question>, notes: &mut Vec<String>) -> String {
    let named: Vec<&TableColumn> =
        table.columns().iter().filter(|c| TARGET_NAMES.iter().any(|t| c.name.eq_ignore_ascii_case(t))).collect();
    if let [only] = named.as_slice() {
        notes.push(format!("The target is `{}`, told by its name", only.name));
        return only.name.clone();
    }
    questions.push(Question {
        kind: QuestionKind::Target,
        text: "Which column is the target, the one to answer?".into(),
        choices: table.columns().iter().map(|c| c.name.clone()).collect(),
        // The last column is where most tables keep it: a suggestion, no more.
        suggestion: table.columns().last().map(|c| c.name.clone()),
    });
    String::new()
}

fn find_task(table: &Table, position: usize, questions: &mut Vec<Question>, notes: &mut Vec<String>) -> Task {
    let column = &table.columns[position];
    match column.inferred {
        ColumnType::Bool | ColumnType::String => {
            notes.push(format!("The task is classification, since `{}` holds labels", column.name));
            return Task::Classification;
        }
        ColumnType::Float if column.distinct > FEW_LABELS && !all_whole(&table.cells[position]) => {
            notes.push(format!("The task is regression, since `{}` holds fractions", column.name));
            return Task::Regression;
        }
        _ => {}
    }
    let few = column.distinct <= FEW_LABELS && all_whole(&table.cells[position]);
    let task = if few { Task::Classification } else { Task::Regression };
    questions.push(Question {
        kind: QuestionKind::Task,
        text: format!(
            "Is `{}` ({}) a label to tell apart or a number to estimate?",
            column.name,
            count(column.distinct as usize, "different number", "different numbers")
        ),
        choices: vec![Task::Classification.as_str().into(), Task::Regression.as_str().into()],
        suggestion: Some(task.as_str().into()),
    });
    task
}

fn all_whole(cells: &Cells) -> bool {
    match cells {
        Cells::Numbers { values, .. } => values.iter().all(|v| v.is_nan() || v.fract() == 0.0),
        Cells::Texts { .. } => false,
    }
}

/// Every column but the target and those that cannot serve.
fn usable_features(table: &Table, target: &str, answers: &DraftAnswers, notes: &mut Vec<String>) -> Vec<String> {
    let roles = [&answers.group_column, &answers.time_column, &answers.key_column];
    let mut features = Vec::new();
    for (column, cells) in table.columns.iter().zip(&table.cells) {
        if column.name == target || roles.iter().any(|r| r.as_deref() == Some(column.name.as_str())) {
            continue;
        }
        match unusable(table, column, cells) {
            Some(why) => notes.push(format!("`{}` is left out of the features: {why}", shown(&column.name))),
            None => features.push(column.name.clone()),
        }
    }
    features
}

fn unusable(table: &Table, column: &TableColumn, cells: &Cells) -> Option<String> {
    let rows = table.rows() as u64;
    let present = rows - column.missing;
    if column.distinct == 0 {
        return Some("it holds no value".into());
    }
    if column.distinct == 1 && column.missing == 0 && rows > 1 {
        return Some("it holds one value only".into());
    }
    let all_different = column.distinct == present && present > 1;
    if all_different && (id_name(&column.name) || column.unnamed) && column.inferred != ColumnType::Float {
        return Some("it identifies rows".into());
    }
    if column.unnamed && counts_rows(cells) {
        return Some("it counts rows".into());
    }
    let Cells::Texts { dictionary, .. } = cells else { return None };
    if column.inferred == ColumnType::Bool {
        return None;
    }
    if dictionary.iter().all(|t| crate::time::micros(t).is_some()) {
        return Some("it holds dates or times (it can be the `time_column` of the split)".into());
    }
    if present >= 20 && column.distinct * 2 > present && column.numbers * 2 < present {
        return Some(format!("{} of its {present} texts are different", column.distinct));
    }
    None
}

fn id_name(name: &str) -> bool {
    let lower = name.to_lowercase();
    ["id", "uuid", "guid", "index", "key", "row", "rowid", "row_number", "no", "nr", "#"].contains(&lower.as_str())
        || ["_id", "-id", " id", "_uuid", "_key", "_no", "_number"].iter().any(|end| lower.ends_with(end))
        || name.ends_with("Id")
        || name.ends_with("ID")
}

/// 0, 1, 2… or 1, 2, 3…, as a row number saved with the table.
fn counts_rows(cells: &Cells) -> bool {
    match cells {
        Cells::Numbers { values, .. } => {
            let first = values.first().copied().unwrap_or(f64::NAN);
            (first == 0.0 || first == 1.0) && values.iter().enumerate().all(|(i, v)| *v == first + i as f64)
        }
        Cells::Texts { .. } => false,
    }
}

fn constraints(table: &Table, features: &[String], target: &str, task: Task) -> Constraints {
    let rows = table.rows().max(1) as f64;
    let worst = features.iter().filter_map(|f| table.column(f)).map(|c| c.missing as f64 / rows).fold(0.0, f64::max);
    let label_classes = match (task.is_classification(), table.position(target)) {
        (true, Some(position)) => {
            let inferred = table.columns[position].inferred;
            table.typed(position, inferred).ok().map(|v| distinct_labels(&v))
        }
        _ => None,
    };
    Constraints {
        min_rows: Some(10.min(table.rows() as u64)),
        // What the file has, rounded up to a percent: never a promise that the data already break.
        max_null_fraction: Some((worst * 100.0).ceil() / 100.0),
        label_classes: label_classes.filter(|l| l.len() <= 1000),
        ..Constraints::default()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]
    use super::*;
    use crate::testing::table;
    use std::fmt::Write as _;

    fn draft(text: &str, answers: &DraftAnswers) -> SpecDraft {
        draft_spec("d", &table(text), &FileFormat::default(), answers).unwrap()
    }

    fn answers(target: &str) -> DraftAnswers {
        DraftAnswers { target: Some(target.into()), ..DraftAnswers::default() }
    }

    #[test]
    fn an_open_target_is_asked_for() {
        let d = draft("a,b\n1,2\n3,4\n", &DraftAnswers::default());
        assert_eq!(d.questions.len(), 1);
        assert_eq!((d.questions[0].kind, d.questions[0].choices.len()), (QuestionKind::Target, 2));
        assert_eq!(d.spec.target, "");
    }

    #[test]
    fn an_obvious_target_is_taken_and_told() {
        let d = draft("a,Target\n1.5,yes\n2.5,no\n3.5,yes\n", &DraftAnswers::default());
        assert_eq!((d.spec.target.as_str(), d.spec.task), ("Target", Task::Classification));
        assert!(d.questions.is_empty());
        assert!(d.notes.iter().any(|n| n.contains("told by its name")));
        assert_eq!(d.spec.constraints.label_classes, Some(vec!["no".to_owned(), "yes".into()]));
    }

    #[test]
    fn few_whole_numbers_are_a_question_with_a_suggestion() {
        let d = draft("a,t\n1.5,0\n2.5,1\n3.5,1\n", &answers("t"));
        assert_eq!(d.questions[0].kind, QuestionKind::Task);
        assert_eq!(d.questions[0].suggestion.as_deref(), Some("classification"));
        assert_eq!(d.spec.constraints.label_classes, Some(vec!["0".to_owned(), "1".into()]));
        let mut given = answers("t");
        given.task = Some(Task::Regression);
        assert!(draft("a,t\n1.5,0\n2.5,1\n3.5,1\n", &given).questions.is_empty());
    }

    #[test]
    fn columns_that_cannot_serve_are_left_out() {
        let mut text = "patient_id,,when,free,one,gone,x,colour,t\n".to_owned();
        for i in 0..30 {
            let colour = ["red", "blue"][i % 2];
            writeln!(text, "{},{i},2024-01-{:02},some text {i},1,,{}.5,{colour},{}", i * 7 + 1000, i + 1, i % 4, i * i)
                .unwrap();
        }
        let d = draft(&text, &answers("t"));
        assert_eq!(d.spec.features, ["x", "colour"], "{:?}", d.notes);
        assert_eq!(d.spec.schema.len(), 3);
        for word in ["patient_id", "column_2", "when", "free", "one", "gone"] {
            assert!(d.notes.iter().any(|n| n.contains(word)), "{word}: {:?}", d.notes);
        }
    }

    #[test]
    fn a_name_that_is_not_there_is_an_error() {
        let e = draft_spec("d", &table("a,b\n1,2\n"), &FileFormat::default(), &answers("bb")).unwrap_err();
        assert!(driftgate_model::Coded::hint(&e).unwrap().contains("`b`"), "{e}");
    }
}
