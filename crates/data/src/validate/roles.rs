//! The columns with a part to play: target, group, time and key; and whether the rows can be split at all.

use crate::error::{count, shown};
use crate::target::{label, label_set, list};
use crate::validate::{Check, Draft, gaps};
use driftgate_model::{Column, ColumnValues, Frame, Timestamp};
use std::collections::BTreeMap;

/// Fewer rows of a label than this cannot be in every split.
const FEWEST_OF_A_LABEL: usize = 3;
/// Fewer rows of a label than this may leave a split without it.
const FEW_OF_A_LABEL: usize = 10;

impl Check<'_> {
    pub(super) fn roles(&mut self, now: Timestamp) {
        if self.rows() == 0 {
            return;
        }
        self.missing_target();
        if self.spec.task.is_classification() {
            self.labels()
        } else {
            self.numeric_target()
        }
        self.group_column();
        self.time_column(now);
        self.key_column();
        self.shares();
    }

    fn missing_target(&mut self) {
        let Some(target) = self.target() else { return };
        let rows = self.table.cells.get(target.position).map(|c| c.gaps()).unwrap_or_default();
        if rows.is_empty() {
            return;
        }
        let examples = self.examples(&rows, target.position);
        let name = target.name.to_owned();
        let message = format!("{} no target", count(rows.len(), "row has", "rows have"));
        let hint = "Fill the target in, or remove the rows";
        self.add(Draft::error("missing_target", message, hint).of(&name).with(examples));
    }

    fn labels(&mut self) {
        let Some(target) = self.target() else { return };
        let (name, position) = (target.name.to_owned(), target.position);
        let mut rows_of: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for row in 0..target.values.len() {
            if let Some(text) = label(&target.values, row) {
                rows_of.entry(text).or_default().push(row);
            }
        }
        let frame = Frame::new(vec![Column { name: name.clone(), values: target.values.clone() }]).unwrap_or_default();
        let labels = label_set(&frame, self.spec).unwrap_or_default();
        let unknown: Vec<usize> =
            rows_of.iter().filter(|(l, _)| !labels.contains(l)).flat_map(|(_, rows)| rows.iter().copied()).collect();
        if !unknown.is_empty() {
            let mut rows = unknown;
            rows.sort_unstable();
            let message = format!(
                "{} a label outside the label set {}",
                count(rows.len(), "row has", "rows have"),
                list(&labels)
            );
            let examples = self.examples(&rows, position);
            let hint = "Correct the labels, or add them to `constraints.label_classes`";
            self.add(Draft::error("labels", message, hint).of(&name).with(examples));
        }
        let unused: Vec<String> = labels.iter().filter(|l| !rows_of.contains_key(*l)).cloned().collect();
        if !unused.is_empty() {
            let message =
                format!("No row has the {} {}", if unused.len() == 1 { "label" } else { "labels" }, list(&unused));
            self.add(
                Draft::warning(
                    "unused_labels",
                    message,
                    "Add rows of it, or take it out of `constraints.label_classes`",
                )
                .of(&name),
            );
        }
        if rows_of.len() == 1 {
            let only = rows_of.keys().next().map(|l| shown(l)).unwrap_or_default();
            let message = format!("Every row has the label `{only}`, and a classifier needs two");
            self.add(
                Draft::error("one_class", message, "Add rows of another label, or choose another target").of(&name),
            );
            return;
        }
        self.label_counts(&name, position, &rows_of);
    }

    fn label_counts(&mut self, name: &str, position: usize, rows_of: &BTreeMap<String, Vec<usize>>) {
        if rows_of.len() * 2 > self.rows().max(2) {
            let message = format!(
                "{} on {}: that is a number to estimate, or an identifier",
                count(rows_of.len(), "different label", "different labels"),
                count(self.rows(), "row", "rows")
            );
            self.add(
                Draft::error("too_many_labels", message, "Set the task to regression, or choose another target")
                    .of(name),
            );
            return;
        }
        let stratified = self.spec.split.stratify.unwrap_or(true) && self.spec.split.time_column.is_none();
        let mut found = Vec::new();
        for (label, rows) in rows_of {
            if rows.len() >= FEW_OF_A_LABEL {
                continue;
            }
            let message = format!("The label `{}` has {}", shown(label), count(rows.len(), "row", "rows"));
            let hint = "Add rows of it, or join it with another label";
            let draft = if rows.len() < FEWEST_OF_A_LABEL && stratified {
                Draft::error("small_class", format!("{message}, and three splits need three"), hint)
            } else {
                Draft::warning("small_class", format!("{message}; some splits may hold none"), hint)
            };
            found.push(draft.with(self.examples(rows, position)));
        }
        for draft in found {
            self.add(draft.of(name));
        }
    }

    fn numeric_target(&mut self) {
        let Some(target) = self.target() else { return };
        let name = target.name.to_owned();
        match &target.values {
            ColumnValues::Text { .. } => {
                let message =
                    format!("Regression needs a number, and the target is declared as `{}`", target.declared.as_str());
                let hint = "Declare the target as `float`, or set the task to classification";
                self.add(Draft::error("target_type", message, hint).of(&name));
            }
            ColumnValues::Number(v) => {
                let mut present = v.iter().copied().filter(|x| !x.is_nan());
                let first = present.next();
                if first.is_some() && present.all(|x| Some(x) == first) && v.len() > 1 {
                    let hint = "Choose another target; a constant needs no model";
                    self.add(Draft::error("constant_target", "Every row has the same target".into(), hint).of(&name));
                }
            }
        }
    }

    fn required(&mut self, column: Option<&String>, what: &str) -> Option<(String, usize, ColumnValues)> {
        let c = self.column(column?)?;
        let (name, position, values) = (c.name.to_owned(), c.position, c.values.clone());
        let rows = gaps(&values);
        if !rows.is_empty() {
            let message = format!("{} no {what}", count(rows.len(), "row has", "rows have"));
            let examples = self.examples(&rows, position);
            let check = format!("{what}_column");
            self.add(Draft::error(&check, message, "Fill the values in, or remove the rows").of(&name).with(examples));
        }
        Some((name, position, values))
    }

    fn group_column(&mut self) {
        let Some((name, _, values)) = self.required(self.spec.split.group_column.as_ref(), "group") else { return };
        let groups = values.len() - gaps(&values).len() - super::contract::repeats(&values).len();
        let shares = [self.spec.split.train, self.spec.split.val, self.spec.split.test];
        let needed = shares.iter().filter(|s| **s > 0.0).count();
        if groups < needed {
            let message =
                format!("The column has {}, and {needed} splits need one each", count(groups, "group", "groups"));
            self.add(
                Draft::error("group_column", message, "Choose a column with more groups, or split without it")
                    .of(&name),
            );
        } else if groups < 10 {
            let message = format!(
                "The column has {} only, so the splits may miss their shares",
                count(groups, "group", "groups")
            );
            self.add(Draft::warning("group_column", message, "").of(&name));
        }
    }

    fn time_column(&mut self, now: Timestamp) {
        let Some((name, position, values)) = self.required(self.spec.split.time_column.as_ref(), "time") else {
            return;
        };
        let order = crate::time::order(&values);
        let bad: Vec<usize> = (0..order.len()).filter(|i| order[*i].is_nan() && !values.is_missing(*i)).collect();
        if !bad.is_empty() {
            let message = format!("{} no date or time", count(bad.len(), "value is", "values are"));
            let examples = self.examples(&bad, position);
            let hint = "Write times as ISO 8601, such as 2024-05-17 or 2024-05-17T08:30:00Z";
            self.add(Draft::error("time_column", message, hint).of(&name).with(examples));
        }
        let newest = (0..order.len()).filter(|i| !order[*i].is_nan()).max_by(|a, b| order[*a].total_cmp(&order[*b]));
        let (Some(newest), ColumnValues::Text { .. }) = (newest, &values) else {
            if self.spec.constraints.max_age_days.is_some() && newest.is_some() {
                let message = "`max_age_days` needs dates, and the time column holds numbers".to_owned();
                self.add(
                    Draft::error("freshness", message, "Write the times as ISO 8601, or drop `max_age_days`").of(&name),
                );
            }
            return;
        };
        let age_days = (now.as_microsecond() as f64 - order[newest]) / 86_400e6;
        let examples = vec![self.example(newest, position)];
        if let Some(most) = self.spec.constraints.max_age_days.filter(|most| age_days > *most) {
            let message = format!("The newest row is {age_days:.1} days old and {most} are allowed");
            self.add(
                Draft::error("freshness", message, "Import newer data, or raise `constraints.max_age_days`")
                    .of(&name)
                    .with(examples),
            );
        } else if age_days < -1.0 {
            let message = format!("The newest row is {:.1} days in the future", -age_days);
            self.add(
                Draft::warning("future_time", message, "Check the clock and the time zone of the source")
                    .of(&name)
                    .with(examples),
            );
        }
    }

    fn key_column(&mut self) {
        let Some((name, position, values)) = self.required(self.spec.split.key_column.as_ref(), "key") else { return };
        let rows = super::contract::repeats(&values);
        if !rows.is_empty() {
            let message = format!("{} a key that an earlier row has", count(rows.len(), "row has", "rows have"));
            let examples = self.examples(&rows, position);
            let hint = "Remove the repeated rows, or choose a column that identifies rows";
            self.add(Draft::error("key_column", message, hint).of(&name).with(examples));
        }
    }

    /// Whether the rows fill the splits.
    fn shares(&mut self) {
        if let Err(e) = crate::split::sizes(self.rows(), &self.spec.split) {
            let hint = driftgate_model::Coded::hint(&e).unwrap_or_default();
            let mut message = e.to_string();
            if let Some(first) = message.get(..1).map(str::to_uppercase) {
                message.replace_range(..1, &first);
            }
            self.add(Draft::error("split", message, &hint));
        }
    }
}
