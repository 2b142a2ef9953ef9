//! The second layer: what the contract says of columns and values.

use crate::cells::FastSet;
use crate::error::{count, nearest, shown};
use crate::records::MAX_EXAMPLES;
use crate::table::type_hint;
use crate::target::list;
use crate::typing::{number, type_words};
use crate::validate::{Check, Declared, Draft};
use driftgate_model::{ColumnConstraints, ColumnType, ColumnValues, FindingExample};

/// So many columns of one fault are told one by one; the others share a finding.
const MOST_TOLD: usize = 20;
/// From this share of numbers on, a text column is a number column with some odd cells.
const MOSTLY_NUMBERS: f64 = 0.5;

impl Check<'_> {
    pub(super) fn contract(&mut self) {
        self.declarations();
        self.unused_names();
        self.row_counts();
        for i in 0..self.columns.len() {
            self.types(i);
        }
        self.mixed_types();
        self.null_fractions();
        let constrained: Vec<String> = self.spec.constraints.columns.keys().cloned().collect();
        for name in constrained {
            self.column_constraints(&name);
        }
    }

    fn declarations(&mut self) {
        let spec = self.spec;
        let table = self.table;
        if spec.target.is_empty() {
            self.add(Draft::error(
                "no_target",
                "No target column is declared".into(),
                "Name the column to answer in `target`",
            ));
        }
        if spec.features.is_empty() {
            self.add(Draft::error(
                "no_features",
                "No feature is declared".into(),
                "Name the feature columns in `features`",
            ));
        }
        let (mut missing, mut untyped) = (Vec::new(), Vec::new());
        for (name, declared) in table.declared(spec) {
            if self.column(name).is_none() {
                missing.push(name);
            } else if declared.is_none() {
                untyped.push(name);
            }
        }
        self.missing_columns(&missing);
        for name in untyped.iter().take(MOST_TOLD) {
            let message = "The schema gives it no type; it is read as it looks".into();
            self.add(Draft::warning("undeclared_type", message, "Add it to `schema`").of(name));
        }
        if let Some(rest) = untyped.get(MOST_TOLD..).filter(|r| !r.is_empty()) {
            let message = format!(
                "The schema gives no type to {}: {}",
                count(rest.len(), "further column", "further columns"),
                list_of(rest)
            );
            self.add(Draft::warning("undeclared_type", message, "Add them to `schema`"));
        }
        if spec.features.contains(&spec.target) {
            let draft = Draft::error(
                "target_is_feature",
                "The target is one of the features".into(),
                "Take it out of `features`",
            );
            self.add(draft.of(&spec.target));
        }
        let mut seen = std::collections::BTreeSet::new();
        for name in spec.features.iter().filter(|f| !seen.insert(f.as_str())) {
            let draft =
                Draft::error("repeated_feature", "The feature is listed twice".into(), "List each feature once");
            self.add(draft.of(name));
        }
    }

    /// Declared columns that the file has not: the target and the first few one by one.
    fn missing_columns(&mut self, missing: &[&str]) {
        let (spec, table) = (self.spec, self.table);
        let known: Vec<&str> = table.columns().iter().map(|c| c.name.as_str()).collect();
        let told = |(i, name): &(usize, &&str)| *i < MOST_TOLD || **name == spec.target;
        for (_, name) in missing.iter().enumerate().filter(told) {
            let what = if *name == spec.target { "target column" } else { "declared column" };
            let message = format!("The file has no {what} `{}`", shown(name));
            let hint = nearest(name, &known);
            self.add(Draft::error("missing_column", message, &hint).of(name));
        }
        let rest: Vec<&str> = missing.iter().enumerate().filter(|e| !told(e)).map(|(_, name)| *name).collect();
        if !rest.is_empty() {
            let number = count(rest.len(), "further declared column", "further declared columns");
            let message = format!("The file lacks {number}: {}", list_of(&rest));
            self.add(Draft::error("missing_column", message, "Check that dataset.yaml describes this file"));
        }
    }

    /// Columns of the file that nobody uses, and names in the contract that are no columns.
    fn unused_names(&mut self) {
        let spec = self.spec;
        let names: Vec<String> = self.table.columns().iter().map(|c| c.name.clone()).collect();
        let used = |n: &str| self.index.contains_key(n);
        let extra: Vec<String> = names.iter().filter(|n| !used(n)).cloned().collect();
        if !extra.is_empty() {
            let message = format!(
                "{} not used: {}",
                count(extra.len(), "column of the file is", "columns of the file are"),
                list(&extra)
            );
            self.add(Draft::warning("extra_columns", message, ""));
        }
        let features: FastSet<&String> = spec.features.iter().collect();
        let unknown = |keys: Vec<&String>| {
            keys.into_iter().filter(|n| self.table.position(n).is_none()).cloned().collect::<Vec<_>>()
        };
        for (key, names) in [
            ("schema", unknown(spec.schema.keys().collect())),
            ("constraints.columns", unknown(spec.constraints.columns.keys().collect())),
        ] {
            // A declared column that is not there has been reported above.
            let names: Vec<String> = names.into_iter().filter(|n| !features.contains(n) && *n != spec.target).collect();
            if !names.is_empty() {
                let message = format!("`{key}` names {}, which the file does not have", list(&names));
                self.add(Draft::warning("unknown_names", message, "Remove the names, or correct them"));
            }
        }
    }

    fn row_counts(&mut self) {
        let rows = self.rows() as u64;
        if let Some(least) = self.spec.constraints.min_rows.filter(|least| rows < *least && rows > 0) {
            let message = format!("The file has {} and `min_rows` is {least}", count(rows as usize, "row", "rows"));
            self.add(Draft::error("row_count", message, "Add rows, or lower `constraints.min_rows`"));
        }
        if let Some(most) = self.spec.constraints.max_rows.filter(|most| rows > *most) {
            let message = format!("The file has {} and `max_rows` is {most}", count(rows as usize, "row", "rows"));
            self.add(Draft::error("row_count", message, "Remove rows, or raise `constraints.max_rows`"));
        }
    }

    fn types(&mut self, i: usize) {
        let Some(c) = self.columns.get(i) else { return };
        let (name, declared, misfits) = (c.name, c.declared, c.misfits.clone());
        if misfits.wrong.count > 0 {
            let message = format!(
                "{} not {}, as `{}` asks",
                count(misfits.wrong.count, "value is", "values are"),
                type_words(declared),
                declared.as_str()
            );
            let hint = type_hint(declared);
            let draft = Draft::error("type", message, &hint).of(name).with(misfits.wrong.examples(&self.table.lines));
            self.add(draft);
        }
        if misfits.infinite.count > 0 {
            let message = format!("{} infinite", count(misfits.infinite.count, "value is", "values are"));
            let hint = "Correct the values, or add `inf` to `format.null_values` if it means missing";
            let draft =
                Draft::error("infinite", message, hint).of(name).with(misfits.infinite.examples(&self.table.lines));
            self.add(draft);
        }
    }

    /// Text features that are mostly numbers: the odd cells are likely null texts or typing errors.
    fn mixed_types(&mut self) {
        let mut found = Vec::new();
        for c in self.features().filter(|c| c.declared == ColumnType::String) {
            let Some(column) = self.table.columns().get(c.position) else { continue };
            let present = self.rows() as u64 - column.missing;
            if column.inferred != ColumnType::String || column.note.is_some() || column.numbers == present {
                continue;
            }
            if (column.numbers as f64) < MOSTLY_NUMBERS * present as f64 {
                continue;
            }
            let odd = odd_cells(self, c);
            found.push((c.name.to_owned(), column.numbers, present - column.numbers, odd));
        }
        for (name, numbers, others, examples) in found {
            let message = format!("{numbers} values are numbers and {others} are not, so the column is text");
            let hint = "Correct the cells, or add them to `format.null_values` and declare the column as `float`";
            self.add(Draft::warning("mixed_types", message, hint).of(&name).with(examples));
        }
    }

    fn null_fractions(&mut self) {
        let rows = self.rows().max(1) as f64;
        let mut found = Vec::new();
        for c in self.features() {
            let own = self.spec.constraints.columns.get(c.name).and_then(|k| k.max_null_fraction);
            let Some(most) = own.or(self.spec.constraints.max_null_fraction) else { continue };
            // Values of a wrong type count as wrong, not as missing.
            let gaps = self.table.cells.get(c.position).map(|k| k.gaps()).unwrap_or_default();
            let missing = gaps.len();
            let share = missing as f64 / rows;
            if share > most {
                let examples = self.examples(&gaps, c.position);
                found.push((c.name.to_owned(), missing, share, most, examples));
            }
        }
        for (name, missing, share, most, examples) in found {
            let message = format!(
                "{} missing, {:.2} % of the rows where {} % are allowed",
                count(missing, "value is", "values are"),
                share * 100.0,
                most * 100.0
            );
            let hint = "Fill the values in, or raise `max_null_fraction`";
            self.add(Draft::error("null_fraction", message, hint).of(&name).with(examples));
        }
    }

    fn column_constraints(&mut self, name: &str) {
        let Some(rules) = self.spec.constraints.columns.get(name).cloned() else { return };
        let Some(c) = self.column(name) else { return };
        let position = c.position;
        let mut drafts = Vec::new();
        if let Some((rows, message)) = out_of_range(c, &rules) {
            drafts.push(("range", message, "Correct the values, or change `min` and `max`", rows));
        }
        if let Some((rows, message)) = not_allowed(c, &rules) {
            drafts.push(("allowed", message, "Correct the values, or add them to `allowed`", rows));
        }
        if rules.unique == Some(true) {
            let rows = repeats(&c.values);
            if !rows.is_empty() {
                let message =
                    format!("{} that an earlier row has too", count(rows.len(), "row has a value", "rows have values"));
                drafts.push(("unique", message, "Remove repeated rows, or drop `unique`", rows));
            }
        }
        for (check, message, hint, rows) in drafts {
            let examples = self.examples(&rows, position);
            self.add(Draft::error(check, message, hint).of(name).with(examples));
        }
    }
}

fn list_of(names: &[&str]) -> String {
    list(&names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>())
}

/// The cells of a mostly numeric column that are no numbers.
fn odd_cells(check: &Check, c: &Declared) -> Vec<FindingExample> {
    let ColumnValues::Text { dictionary, codes } = &c.values else { return Vec::new() };
    let odd: Vec<bool> = dictionary.iter().map(|t| number(t, check.table.decimal()).is_none()).collect();
    codes
        .iter()
        .enumerate()
        .filter(|(_, code)| odd.get(**code as usize).copied().unwrap_or(false))
        .take(MAX_EXAMPLES)
        .map(|(row, _)| check.example(row, c.position))
        .collect()
}

fn out_of_range(c: &Declared, rules: &ColumnConstraints) -> Option<(Vec<usize>, String)> {
    let ColumnValues::Number(values) = &c.values else { return None };
    let outside = |v: f64| rules.min.is_some_and(|m| v < m) || rules.max.is_some_and(|m| v > m);
    let rows: Vec<usize> = (0..values.len()).filter(|i| outside(values[*i])).collect();
    if rows.is_empty() {
        return None;
    }
    let allowed = match (rules.min, rules.max) {
        (Some(min), Some(max)) => format!("between {min} and {max}"),
        (Some(min), None) => format!("at least {min}"),
        (None, Some(max)) => format!("at most {max}"),
        (None, None) => return None,
    };
    let message = format!("{} not {allowed}", count(rows.len(), "value is", "values are"));
    Some((rows, message))
}

fn not_allowed(c: &Declared, rules: &ColumnConstraints) -> Option<(Vec<usize>, String)> {
    let allowed = rules.allowed.as_ref()?;
    let rows: Vec<usize> = (0..c.values.len())
        .filter(|i| crate::target::label(&c.values, *i).is_some_and(|text| !allowed.contains(&text)))
        .collect();
    let message = format!("{} none of {}", count(rows.len(), "value is", "values are"), list(allowed));
    (!rows.is_empty()).then_some((rows, message))
}

/// The rows whose value an earlier row has; missing values repeat nothing.
pub(super) fn repeats(values: &ColumnValues) -> Vec<usize> {
    let mut seen: FastSet<u64> = FastSet::default();
    (0..values.len())
        .filter(|i| !values.is_missing(*i) && !seen.insert(super::structure::value_bits(values, *i)))
        .collect()
}
