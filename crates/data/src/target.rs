use crate::cells::FastMap;
use crate::error::{CellError, DataError, Result, and_more, shown};
use crate::typing::number_text;
use driftgate_model::{ColumnValues, DatasetSpec, Frame, MISSING_CODE, Target};
use std::collections::BTreeSet;

/// The label of a row as text; numbers that are whole print without a point.
pub(crate) fn label(values: &ColumnValues, row: usize) -> Option<String> {
    match values {
        ColumnValues::Number(v) => v.get(row).filter(|v| !v.is_nan()).map(|v| number_text(*v)),
        ColumnValues::Text { dictionary, codes } => codes.get(row).and_then(|c| dictionary.get(*c as usize)).cloned(),
    }
}

/// The different labels of a column, sorted: numbers by value, texts by their bytes.
pub(crate) fn distinct_labels(values: &ColumnValues) -> Vec<String> {
    match values {
        ColumnValues::Number(v) => {
            let mut distinct: Vec<f64> = v.iter().copied().filter(|v| !v.is_nan()).map(|v| v + 0.0).collect();
            distinct.sort_by(f64::total_cmp);
            distinct.dedup();
            distinct.into_iter().map(number_text).collect()
        }
        ColumnValues::Text { dictionary, codes } => {
            let used: BTreeSet<u32> = codes.iter().copied().filter(|c| *c != MISSING_CODE).collect();
            let mut labels: Vec<String> = used.iter().filter_map(|c| dictionary.get(*c as usize)).cloned().collect();
            labels.sort();
            labels
        }
    }
}

/// The label set of a classification target: `constraints.label_classes` sorted, or the labels of the frame.
///
/// Labels that all read as numbers sort by value, so that `10` follows `9`; others sort by their bytes.
pub fn label_set(frame: &Frame, spec: &DatasetSpec) -> Result<Vec<String>> {
    match &spec.constraints.label_classes {
        Some(classes) => {
            let mut labels = classes.clone();
            sort_labels(&mut labels);
            labels.dedup();
            Ok(labels)
        }
        None => {
            let mut labels = distinct_labels(column(frame, spec)?);
            sort_labels(&mut labels);
            Ok(labels)
        }
    }
}

fn sort_labels(labels: &mut [String]) {
    let values: Option<Vec<f64>> = labels.iter().map(|l| l.parse::<f64>().ok().filter(|v| v.is_finite())).collect();
    if values.is_some() {
        labels.sort_by(|a, b| {
            let value = |t: &String| t.parse::<f64>().unwrap_or(f64::NAN);
            value(a).total_cmp(&value(b)).then_with(|| a.cmp(b))
        });
    } else {
        labels.sort();
    }
}

fn column<'f>(frame: &'f Frame, spec: &DatasetSpec) -> Result<&'f ColumnValues> {
    frame.column(&spec.target).ok_or_else(|| DataError::MissingColumn {
        name: "The frame".into(),
        column: spec.target.clone(),
        hint: "The target column is needed to train and to evaluate".into(),
    })
}

/// What the frame's rows are to be answered with.
///
/// Errors: no target column, a missing or infinite value, a label outside the label set, fewer than two labels.
pub fn target(frame: &Frame, spec: &DatasetSpec) -> Result<Target> {
    let values = column(frame, spec)?;
    let missing: Vec<usize> = (0..values.len()).filter(|i| values.is_missing(*i)).collect();
    if let Some(row) = missing.first() {
        return Err(DataError::MissingValue {
            column: spec.target.clone(),
            place: format!("row {}", row + 1),
            more: and_more(missing.len()),
            hint: "Fill in the target, or remove rows without one".into(),
        });
    }
    if spec.task.is_classification() { classes(values, label_set(frame, spec)?, spec) } else { numbers(values, spec) }
}

fn classes(values: &ColumnValues, labels: Vec<String>, spec: &DatasetSpec) -> Result<Target> {
    if labels.len() < 2 {
        return Err(DataError::Insufficient {
            message: format!(
                "the target `{}` has {} and a classifier needs two",
                spec.target,
                crate::error::count(labels.len(), "label", "labels")
            ),
            hint: "Add rows of another class, or choose another target".into(),
        });
    }
    let position = |label: &str| labels.iter().position(|l| l == label).map(|i| i as u32);
    let unknown = |row: usize, label: String| {
        DataError::from(CellError {
            column: spec.target.clone(),
            place: format!("row {}", row + 1),
            value: shown(&label),
            expected: format!("one of the labels {}", list(&labels)),
            more: String::new(),
            hint: Some("Correct the label, or add it to `constraints.label_classes`".into()),
        })
    };
    let codes: Result<Vec<u32>> = match values {
        ColumnValues::Number(v) => {
            let mut known: FastMap<u64, u32> = FastMap::default();
            v.iter()
                .enumerate()
                .map(|(row, v)| {
                    if let Some(code) = known.get(&v.to_bits()) {
                        return Ok(*code);
                    }
                    let text = number_text(*v);
                    let code = position(&text).ok_or_else(|| unknown(row, text))?;
                    known.insert(v.to_bits(), code);
                    Ok(code)
                })
                .collect()
        }
        ColumnValues::Text { dictionary, codes } => {
            let known: Vec<Option<u32>> = dictionary.iter().map(|t| position(t)).collect();
            codes
                .iter()
                .enumerate()
                .map(|(row, c)| {
                    known
                        .get(*c as usize)
                        .copied()
                        .flatten()
                        .ok_or_else(|| unknown(row, dictionary.get(*c as usize).cloned().unwrap_or_default()))
                })
                .collect()
        }
    };
    Ok(Target::Classes { codes: codes?, labels })
}

pub(crate) fn list(labels: &[String]) -> String {
    let some: Vec<String> = labels.iter().take(8).map(|l| format!("`{}`", shown(l))).collect();
    let rest = if labels.len() > 8 { format!(" and {} more", labels.len() - 8) } else { String::new() };
    format!("{}{rest}", some.join(", "))
}

fn numbers(values: &ColumnValues, spec: &DatasetSpec) -> Result<Target> {
    let bad = |row: usize, value: String| {
        DataError::from(CellError {
            column: spec.target.clone(),
            place: format!("row {}", row + 1),
            value: shown(&value),
            expected: "a finite number".into(),
            more: String::new(),
            hint: Some(
                "A regression target is a number; declare it as `float`, or set the task to classification".into(),
            ),
        })
    };
    match values {
        ColumnValues::Number(v) => match v.iter().position(|v| v.is_infinite()) {
            Some(row) => Err(bad(row, v[row].to_string())),
            None => Ok(Target::Values(v.clone())),
        },
        ColumnValues::Text { .. } => Err(bad(0, values.text(0).unwrap_or_default().to_owned())),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]
    use super::*;
    use crate::testing::{class_spec, frame, spec};
    use driftgate_model::ColumnType;

    #[test]
    fn numeric_labels_print_as_whole_numbers_and_sort_by_value() {
        let mut s = class_spec(&["a"], "y");
        s.schema.insert("y".into(), ColumnType::Int);
        let f = frame("a,y\n1,10\n2,9\n3,10\n", &s);
        let Target::Classes { labels, codes } = target(&f, &s).unwrap() else { unreachable!("classification") };
        assert_eq!((labels, codes), (vec!["9".to_owned(), "10".to_owned()], vec![1, 0, 1]));
    }

    #[test]
    fn the_contract_fixes_the_label_set() {
        let mut s = class_spec(&["a"], "y");
        s.constraints.label_classes = Some(vec!["dog".into(), "cat".into(), "ant".into()]);
        let f = frame("a,y\n1,dog\n2,cat\n", &s);
        let Target::Classes { labels, codes } = target(&f, &s).unwrap() else { unreachable!("classification") };
        assert_eq!((labels, codes), (vec!["ant".to_owned(), "cat".into(), "dog".into()], vec![2, 1]));
        let e = target(&frame("a,y\n1,dog\n2,cow\n", &s), &s).unwrap_err().to_string();
        assert!(e.contains("row 2") && e.contains("`cow`") && e.contains("`ant`, `cat`, `dog`"), "{e}");
    }

    #[test]
    fn what_cannot_be_a_target() {
        let s = class_spec(&["a"], "y");
        assert!(target(&frame("a,y\n1,dog\n2,\n", &s), &s).unwrap_err().to_string().contains("row 2"));
        assert!(target(&frame("a,y\n1,dog\n2,dog\n", &s), &s).unwrap_err().to_string().contains("1 label"));
        let mut r = spec(&["a"], "y");
        r.schema.insert("y".into(), ColumnType::String);
        assert!(target(&frame("a,y\n1,x\n2,1\n", &r), &r).unwrap_err().to_string().contains("finite number"));
    }
}
