//! Everything that is wrong with a table, in one report.

mod contract;
mod leakage;
mod roles;
mod structure;

use crate::cells::{FastMap, FastSet, Misfits, Reading};
use crate::error::shown;
use crate::records::MAX_EXAMPLES;
use crate::table::Table;
use crate::typing::NullTexts;
use driftgate_model::{
    ColumnType, ColumnValues, DatasetSpec, Finding, FindingExample, Severity, Timestamp, ValidationReport,
};

/// Checks the structure of `table` and its values against the contract `spec`; `now` is the moment of the import, for
/// freshness.
///
/// Both layers run whatever the other finds. Errors come first, then warnings, each in the order of the checks.
pub fn validate(table: &Table, spec: &DatasetSpec, now: Timestamp) -> ValidationReport {
    let columns = converted(table, spec);
    let index = columns.iter().enumerate().map(|(i, c)| (c.name, i)).collect();
    let mut check = Check { table, spec, columns, index, findings: table.findings().to_vec() };
    check.structure();
    check.contract();
    check.roles(now);
    check.leakage();
    let mut findings = check.findings;
    // Stable: within a severity the order of the checks stays.
    findings.sort_by_key(|f| std::cmp::Reverse(f.severity));
    ValidationReport {
        schema: "driftgate/validation/1".into(),
        dataset: spec.name.clone(),
        version: None,
        rows: table.rows() as u64,
        columns: table.columns().len() as u64,
        findings,
    }
}

/// As [`validate`], for a labelled batch that is to join a data set: what only a whole data set must satisfy (its number of
/// rows, how many rows each label or group has) is not asked of it.
pub fn validate_batch(table: &Table, spec: &DatasetSpec, now: Timestamp) -> ValidationReport {
    const OF_A_WHOLE: [&str; 7] =
        ["row_count", "one_class", "small_class", "too_many_labels", "constant_target", "group_column", "split"];
    let mut report = validate(table, spec, now);
    report.findings.retain(|f| !OF_A_WHOLE.contains(&f.check.as_str()));
    report
}

/// A declared column, as typed by its declaration.
struct Declared<'a> {
    name: &'a str,
    position: usize,
    declared: ColumnType,
    values: ColumnValues,
    misfits: Misfits,
    feature: bool,
}

struct Check<'a> {
    table: &'a Table,
    spec: &'a DatasetSpec,
    columns: Vec<Declared<'a>>,
    /// Where each name is in `columns`.
    index: FastMap<&'a str, usize>,
    findings: Vec<Finding>,
}

fn converted<'a>(table: &Table, spec: &'a DatasetSpec) -> Vec<Declared<'a>> {
    let nulls = NullTexts::new(&table.format.null_values);
    let reading = Reading { nulls: &nulls, decimal: table.decimal() };
    let features: FastSet<&str> = spec.features.iter().map(String::as_str).collect();
    table
        .declared(spec)
        .into_iter()
        .filter_map(|(name, declared)| {
            let position = table.position(name)?;
            let declared = declared.unwrap_or(table.columns.get(position)?.inferred);
            let (values, misfits) = table.cells.get(position)?.convert(declared, &reading);
            Some(Declared { name, position, declared, values, misfits, feature: features.contains(name) })
        })
        .collect()
}

/// One finding in the making.
struct Draft<'a> {
    severity: Severity,
    check: &'a str,
    column: Option<&'a str>,
    message: String,
    hint: &'a str,
    examples: Vec<FindingExample>,
}

impl<'a> Draft<'a> {
    fn error(check: &'a str, message: String, hint: &'a str) -> Self {
        Draft { severity: Severity::Error, check, column: None, message, hint, examples: Vec::new() }
    }

    fn warning(check: &'a str, message: String, hint: &'a str) -> Self {
        Draft { severity: Severity::Warning, ..Draft::error(check, message, hint) }
    }

    fn of(self, column: &'a str) -> Self {
        Draft { column: Some(column), ..self }
    }

    fn with(self, examples: Vec<FindingExample>) -> Self {
        Draft { examples, ..self }
    }
}

impl<'a> Check<'a> {
    fn add(&mut self, draft: Draft) {
        self.findings.push(Finding {
            severity: draft.severity,
            check: draft.check.into(),
            column: draft.column.map(str::to_owned),
            message: draft.message,
            hint: (!draft.hint.is_empty()).then(|| draft.hint.to_owned()),
            examples: draft.examples,
        });
    }

    fn rows(&self) -> usize {
        self.table.rows()
    }

    fn target(&self) -> Option<&Declared<'a>> {
        self.column(&self.spec.target)
    }

    fn column(&self, name: &str) -> Option<&Declared<'a>> {
        self.index.get(name).and_then(|i| self.columns.get(*i))
    }

    fn features(&self) -> impl Iterator<Item = &Declared<'a>> {
        self.columns.iter().filter(|c| c.feature)
    }

    /// Row `row` (from 0) as an example, with what column `position` holds there.
    fn example(&self, row: usize, position: usize) -> FindingExample {
        let value = self.table.cells.get(position).map(|c| c.text(row)).unwrap_or_default();
        self.example_of(row, &value)
    }

    fn example_of(&self, row: usize, value: &str) -> FindingExample {
        FindingExample { row: row as u64 + 1, line: self.table.lines.of(row), value: shown(value) }
    }

    /// The first few of `rows`, as examples of column `position`.
    fn examples(&self, rows: &[usize], position: usize) -> Vec<FindingExample> {
        rows.iter().take(MAX_EXAMPLES).map(|row| self.example(*row, position)).collect()
    }
}

/// The rows (from 0) where `values` are missing.
fn gaps(values: &ColumnValues) -> Vec<usize> {
    (0..values.len()).filter(|i| values.is_missing(*i)).collect()
}
