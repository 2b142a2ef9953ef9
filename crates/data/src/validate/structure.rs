//! The first layer: what no contract needs to say.

use crate::cells::FastMap;
use crate::error::{count, shown};
use crate::records::MAX_EXAMPLES;
use crate::validate::{Check, Declared, Draft};
use driftgate_model::{ColumnValues, FindingExample};

/// A row or a column in two numbers; equal ones are equal but for one case in 2^128.
type Print = (u64, u64);

fn mix(print: &mut Print, value: u64) {
    print.0 = (print.0.rotate_left(5) ^ value).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    print.0 ^= print.0 >> 29;
    print.1 = (print.1.rotate_left(7) ^ value ^ 0x5851_F42D_4C95_7F2D).wrapping_mul(0xC2B2_AE3D_27D4_EB4F);
    print.1 ^= print.1 >> 31;
}

/// The value of a row as one number, equal for equal values of the same column.
pub(super) fn value_bits(values: &ColumnValues, row: usize) -> u64 {
    match values {
        ColumnValues::Number(v) => {
            v.get(row).map_or(u64::MAX, |x| if x.is_nan() { u64::MAX } else { (x + 0.0).to_bits() })
        }
        ColumnValues::Text { codes, .. } => codes.get(row).map_or(u64::MAX, |c| u64::from(*c)),
    }
}

impl Check<'_> {
    pub(super) fn structure(&mut self) {
        if self.rows() == 0 {
            self.add(Draft::error("empty", "The file has a header and no rows".into(), "Add the data rows"));
            return;
        }
        self.empty_and_constant_columns();
        self.duplicate_rows();
        self.identical_columns();
    }

    fn empty_and_constant_columns(&mut self) {
        let rows = self.rows() as u64;
        let mut drafts = Vec::new();
        for column in self.table.columns() {
            let declared = self.column(&column.name);
            let used = declared.is_some();
            let is_target = column.name == self.spec.target;
            let feature = declared.is_some_and(|c| c.feature);
            if column.missing == rows {
                let message = "No row has a value".to_owned();
                let draft = if used {
                    Draft::error("all_missing", message, "Fill the column, or leave it out of the features")
                } else {
                    Draft::warning("all_missing", message, "Leave the column out of the file")
                };
                drafts.push((column.name.clone(), draft));
            } else if column.distinct == 1 && column.missing == 0 && rows > 1 && !is_target {
                let hint = if feature { "Leave it out of the features; it tells nothing" } else { "" };
                let draft = Draft::warning("constant", "Every row has the same value".into(), hint);
                drafts.push((column.name.clone(), draft));
            }
        }
        for (name, draft) in drafts {
            let position = self.table.position(&name);
            let draft = match (draft.check, position) {
                ("constant", Some(position)) => draft.with(vec![self.example(0, position)]),
                _ => draft,
            };
            self.add(draft.of(&name));
        }
    }

    /// Rows equal in all features and the target, and rows equal in all features that differ in the target.
    fn duplicate_rows(&mut self) {
        let features: Vec<&Declared> = self.features().collect();
        if features.is_empty() {
            return;
        }
        let mut prints: Vec<Print> = vec![(0, 0); self.rows()];
        for c in &features {
            for (row, print) in prints.iter_mut().enumerate() {
                mix(print, value_bits(&c.values, row));
            }
        }
        let target = self.target();
        let mut first: FastMap<Print, usize> = FastMap::default();
        let (mut repeats, mut conflicts) = (Vec::new(), Vec::new());
        for (row, print) in prints.iter().enumerate() {
            let earlier = *first.entry(*print).or_insert(row);
            if earlier == row {
                continue;
            }
            let same = target.is_none_or(|t| value_bits(&t.values, row) == value_bits(&t.values, earlier));
            if same { repeats.push((row, earlier)) } else { conflicts.push((row, earlier)) }
        }
        let examples = |pairs: &[(usize, usize)], check: &Self| -> Vec<FindingExample> {
            pairs
                .iter()
                .take(MAX_EXAMPLES)
                .map(|(row, earlier)| check.example_of(*row, &format!("same as {}", check.table.lines.place(*earlier))))
                .collect()
        };
        if !repeats.is_empty() {
            let message = format!(
                "{} an earlier row in the features and the target",
                count(repeats.len(), "row repeats", "rows repeat")
            );
            let draft = Draft::warning(
                "duplicate_rows",
                message,
                "Remove repeated rows unless they are separate cases; equal rows are kept in one split",
            );
            let examples = examples(&repeats, self);
            self.add(draft.with(examples));
        }
        if !conflicts.is_empty() && self.spec.task.is_classification() {
            let message = format!(
                "{} the features of an earlier row and another label",
                count(conflicts.len(), "row has", "rows have")
            );
            let draft = Draft::warning("conflicting_labels", message, "Check the labels of these rows");
            let examples = examples(&conflicts, self);
            self.add(draft.with(examples));
        }
    }

    fn identical_columns(&mut self) {
        let mut prints: FastMap<Print, Vec<usize>> = FastMap::default();
        let features: Vec<&Declared> = self.features().collect();
        let mut pairs = Vec::new();
        for (i, c) in features.iter().enumerate() {
            let mut print = (c.values.len() as u64, 0);
            if let ColumnValues::Text { dictionary, codes } = &c.values {
                // Codes follow first appearance, so equal columns have equal codes; the texts must agree too.
                let texts: Vec<&str> = dictionary.iter().map(String::as_str).collect();
                for b in texts.join("\u{1f}").bytes() {
                    mix(&mut print, u64::from(b));
                }
                for code in codes {
                    mix(&mut print, u64::from(*code));
                }
            } else {
                for row in 0..c.values.len() {
                    mix(&mut print, value_bits(&c.values, row));
                }
            }
            let alike = prints.entry(print).or_default();
            if let Some(first) = alike.first() {
                pairs.push((c.name.to_owned(), features[*first].name.to_owned()));
            }
            alike.push(i);
        }
        for (name, other) in pairs {
            let constant = self.table.column(&name).is_some_and(|c| c.distinct <= 1);
            if constant {
                continue;
            }
            let message = format!("Every value equals that of `{}`", shown(&other));
            let hint = "Leave one of the two out of the features";
            self.add(Draft::warning("identical_columns", message, hint).of(&name));
        }
    }
}
