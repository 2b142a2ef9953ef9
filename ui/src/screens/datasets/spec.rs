//! A `dataset.yaml` that is being made: what a click in the form changes, and reading what was typed.

use driftgate_model::{ColumnConstraints, ColumnType, DatasetSpec};

/// The type of a column, by some of its values.
pub fn guess(values: &[&str]) -> ColumnType {
    let some: Vec<&str> = values.iter().map(|v| v.trim()).filter(|v| !v.is_empty()).collect();
    let all = |test: fn(&str) -> bool| !some.is_empty() && some.iter().all(|v| test(v));
    if all(|v| matches!(v.to_ascii_lowercase().as_str(), "true" | "false")) {
        ColumnType::Bool
    } else if all(|v| v.parse::<i64>().is_ok()) {
        ColumnType::Int
    } else if all(|v| v.parse::<f64>().is_ok()) {
        ColumnType::Float
    } else {
        ColumnType::String
    }
}

/// Values of a column in the first rows; the first row is the header.
pub fn values<'a>(preview: &'a [Vec<String>], column: &str) -> Vec<&'a str> {
    let Some((header, rows)) = preview.split_first() else { return Vec::new() };
    let Some(at) = header.iter().position(|name| name == column) else { return Vec::new() };
    rows.iter().filter_map(|row| row.get(at)).map(String::as_str).collect()
}

/// Makes a column a feature, in the order of the file, or takes it out.
pub fn use_column(spec: &mut DatasetSpec, preview: &[Vec<String>], column: &str, on: bool) {
    spec.features.retain(|f| f != column);
    if !on {
        // A rule for a column that nobody uses would refuse data for nothing.
        let needed = [&spec.split.group_column, &spec.split.time_column, &spec.split.key_column];
        if !needed.into_iter().flatten().any(|c| c == column) && column != spec.target {
            spec.schema.remove(column);
            spec.constraints.columns.remove(column);
        }
        return;
    }
    let header = preview.first().map(Vec::as_slice).unwrap_or_default();
    let place = |name: &str| header.iter().position(|h| h == name).unwrap_or(usize::MAX);
    let at = spec.features.iter().position(|f| place(f) > place(column)).unwrap_or(spec.features.len());
    spec.features.insert(at, column.to_owned());
    spec.schema.entry(column.to_owned()).or_insert_with(|| guess(&values(preview, column)));
}

/// Changes the rules of one column; a column without rules has no entry.
pub fn constrain(spec: &mut DatasetSpec, column: &str, change: impl FnOnce(&mut ColumnConstraints)) {
    let mut rules = spec.constraints.columns.remove(column).unwrap_or_default();
    change(&mut rules);
    if rules != ColumnConstraints::default() {
        spec.constraints.columns.insert(column.to_owned(), rules);
    }
}

/// The rules of a column in few words: `0 to 10, no value twice`.
pub fn summary(rules: Option<&ColumnConstraints>) -> String {
    let Some(rules) = rules else { return "No rules".into() };
    let mut parts = Vec::new();
    match (rules.min, rules.max) {
        (Some(min), Some(max)) => parts.push(format!("{min} to {max}")),
        (Some(min), None) => parts.push(format!("at least {min}")),
        (None, Some(max)) => parts.push(format!("at most {max}")),
        (None, None) => {}
    }
    if let Some(allowed) = &rules.allowed {
        parts.push(format!("one of {}", allowed.join(", ")));
    }
    if let Some(share) = rules.max_null_fraction {
        parts.push(format!("at most {} % missing", share * 100.0));
    }
    if rules.unique == Some(true) {
        parts.push("no value twice".into());
    }
    if parts.is_empty() { "No rules".into() } else { parts.join(", ") }
}

/// A number, or nothing where nothing was typed.
pub fn figure(typed: &str) -> Result<Option<f64>, String> {
    match typed.trim() {
        "" => Ok(None),
        text => match text.parse::<f64>() {
            Ok(value) if value.is_finite() => Ok(Some(value)),
            _ => Err("Type a number, such as 0.5, or nothing".into()),
        },
    }
}

/// A whole number from 0, or nothing.
pub fn whole(typed: &str) -> Result<Option<u64>, String> {
    match typed.trim() {
        "" => Ok(None),
        text => text.parse::<u64>().map(Some).map_err(|_| "Type a whole number, or nothing".into()),
    }
}

/// A share from 0 to 1, or nothing.
pub fn share(typed: &str) -> Result<Option<f64>, String> {
    match figure(typed)? {
        Some(value) if !(0.0..=1.0).contains(&value) => Err("Type a share from 0 to 1, such as 0.1".into()),
        value => Ok(value),
    }
}

/// Texts with commas between them, or nothing.
pub fn list(typed: &str) -> Option<Vec<String>> {
    let items: Vec<String> = typed.split(',').map(str::trim).filter(|i| !i.is_empty()).map(String::from).collect();
    (!items.is_empty()).then_some(items)
}

/// A number as it stands in its field.
pub fn text(value: Option<f64>) -> String {
    value.map(|v| v.to_string()).unwrap_or_default()
}

#[cfg(test)]
pub(super) fn example() -> DatasetSpec {
    DatasetSpec {
        name: "wine".into(),
        task: driftgate_model::Task::Classification,
        features: vec!["a".into(), "c".into()],
        target: "y".into(),
        schema: [("a", ColumnType::Float), ("c", ColumnType::String), ("y", ColumnType::String)]
            .map(|(name, kind)| (name.to_owned(), kind))
            .into(),
        format: driftgate_model::FileFormat::default(),
        constraints: driftgate_model::Constraints::default(),
        split: driftgate_model::SplitPolicy::default(),
        images: None,
        about: driftgate_model::About::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn preview() -> Vec<Vec<String>> {
        [["a", "b", "c", "y"], ["1.5", "3", "red", "yes"], ["2", "", "blue", "no"]]
            .map(|row| row.map(String::from).to_vec())
            .to_vec()
    }

    #[test]
    fn types_are_guessed_by_what_is_there() {
        assert_eq!(guess(&["1", " 2 ", ""]), ColumnType::Int);
        assert_eq!(guess(&["1", "2.5"]), ColumnType::Float);
        assert_eq!(guess(&["True", "false"]), ColumnType::Bool);
        assert_eq!(guess(&["1", "x"]), ColumnType::String);
        assert_eq!(guess(&["", ""]), ColumnType::String, "nothing is known of it");
        assert_eq!(values(&preview(), "b"), ["3", ""]);
        assert!(values(&preview(), "nothing").is_empty());
    }

    #[test]
    fn features_keep_the_order_of_the_file() {
        let mut spec = example();
        use_column(&mut spec, &preview(), "b", true);
        assert_eq!(spec.features, ["a", "b", "c"]);
        assert_eq!(spec.schema["b"], ColumnType::Int);
        use_column(&mut spec, &preview(), "b", true);
        assert_eq!(spec.features, ["a", "b", "c"], "twice is once");
        constrain(&mut spec, "b", |c| c.min = Some(0.0));
        use_column(&mut spec, &preview(), "b", false);
        assert_eq!(spec.features, ["a", "c"]);
        assert!(!spec.schema.contains_key("b") && spec.constraints.columns.is_empty());
    }

    #[test]
    fn a_column_that_splits_keeps_its_type() {
        let mut spec = example();
        spec.split.group_column = Some("c".into());
        use_column(&mut spec, &preview(), "c", false);
        assert!(spec.schema.contains_key("c"));
    }

    #[test]
    fn a_column_without_rules_has_no_entry() {
        let mut spec = example();
        constrain(&mut spec, "a", |c| c.unique = Some(true));
        assert_eq!(summary(spec.constraints.columns.get("a")), "no value twice");
        constrain(&mut spec, "a", |c| c.unique = None);
        assert!(spec.constraints.columns.is_empty());
        let rules = ColumnConstraints {
            min: Some(0.0),
            max: Some(10.0),
            allowed: list("x, y"),
            max_null_fraction: Some(0.1),
            unique: Some(false),
        };
        assert_eq!(summary(Some(&rules)), "0 to 10, one of x, y, at most 10 % missing");
        assert_eq!(summary(None), "No rules");
    }

    #[test]
    fn what_is_typed_is_read_or_said_to_be_wrong() {
        assert_eq!(figure(" 0.5 "), Ok(Some(0.5)));
        assert_eq!(figure(""), Ok(None));
        assert!(figure("inf").is_err() && figure("x").is_err());
        assert_eq!(whole("12"), Ok(Some(12)));
        assert!(whole("-1").is_err() && whole("1.5").is_err());
        assert_eq!(share("0.1"), Ok(Some(0.1)));
        assert!(share("1.1").is_err());
        assert_eq!(list(" a , ,b"), Some(vec!["a".into(), "b".into()]));
        assert_eq!(list(" , "), None);
        assert_eq!(text(Some(0.25)), "0.25");
    }
}
