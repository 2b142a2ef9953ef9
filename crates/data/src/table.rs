use crate::Lineage;
use crate::cells::{Cells, FastMap, Reading, TableColumn};
use crate::error::{CellError, DataError, Result, and_more, count, nearest, shown};
use crate::records::Lines;
use crate::typing::{NullTexts, type_words};
use driftgate_model::{Column, ColumnType, ColumnValues, DatasetSpec, FileFormat, FileKind, Finding, Frame, Severity};

/// A file that was read: names, types, values, and what is wrong with its structure.
///
/// Every column keeps what was written, so that a later declaration (`zip` is text, `count` is a float) loses nothing.
#[derive(Debug, Clone)]
pub struct Table {
    pub(crate) name: String,
    pub(crate) format: FileFormat,
    pub(crate) columns: Vec<TableColumn>,
    /// Where each name is.
    pub(crate) index: FastMap<String, usize>,
    pub(crate) cells: Vec<Cells>,
    pub(crate) rows: usize,
    pub(crate) lines: Lines,
    pub(crate) findings: Vec<Finding>,
    pub(crate) notes: Vec<String>,
}

impl Table {
    /// The file's name, for messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How it was read.
    pub fn format(&self) -> &FileFormat {
        &self.format
    }

    /// Data rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The columns, in file order.
    pub fn columns(&self) -> &[TableColumn] {
        &self.columns
    }

    /// The column of that name.
    pub fn column(&self, name: &str) -> Option<&TableColumn> {
        self.position(name).and_then(|i| self.columns.get(i))
    }

    /// What is wrong with the structure, as found while reading.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// What reading decided that a person may want to know, one sentence each.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The line of the text file that holds data row `row` (from 1); `None` for Parquet.
    pub fn line(&self, row: usize) -> Option<u64> {
        row.checked_sub(1).and_then(|r| self.lines.of(r))
    }

    /// A column as written, missing values as empty texts; `None` where there is none of that name.
    pub fn texts(&self, name: &str) -> Option<Vec<String>> {
        let cells = self.cells.get(self.position(name)?)?;
        Some((0..self.rows).map(|row| cells.text(row)).collect())
    }

    /// A cell as written; `None` where there is none of that column and row (from 0).
    pub fn text(&self, name: &str, row: usize) -> Option<String> {
        let cells = self.cells.get(self.position(name)?)?;
        (row < self.rows).then(|| cells.text(row))
    }

    /// The first `n` rows as written, missing values as empty texts.
    pub fn preview(&self, n: usize) -> Vec<Vec<String>> {
        (0..n.min(self.rows)).map(|row| self.cells.iter().map(|c| c.text(row)).collect()).collect()
    }

    /// The columns that `spec` names, in its order (features, target, then group, time and key column), typed as it says.
    ///
    /// Whole numbers are floats where a float is declared; `0` and `1` are truth values where those are declared. Errors: a
    /// broken structure, a column that is not there, the first value of a wrong type.
    pub fn frame(&self, spec: &DatasetSpec) -> Result<Frame> {
        self.refuse_broken()?;
        let mut columns = Vec::new();
        for (name, declared) in self.declared(spec) {
            let position = self.required(name)?;
            let declared = declared.unwrap_or(self.columns[position].inferred);
            columns.push(Column { name: name.to_owned(), values: self.typed(position, declared)? });
        }
        // Names are unique by construction and lengths equal the table's rows.
        Frame::new(columns).map_err(|e| DataError::Format(e.to_string()))
    }

    /// As [`Table::frame`], with the columns over which a first version's rows are recognised, even where `spec` no longer
    /// names them: what [`crate::split`] needs.
    pub fn frame_for_split(&self, spec: &DatasetSpec, earlier: Option<&Lineage>) -> Result<Frame> {
        let mut columns: Vec<Column> = self.frame(spec)?.columns().to_vec();
        for c in earlier.map(|e| e.columns()).unwrap_or_default() {
            if columns.iter().any(|known| known.name == c.name) {
                continue;
            }
            if let Some(position) = self.position(&c.name) {
                let declared = spec.schema.get(&c.name).copied();
                let kind = if c.numeric { ColumnType::Float } else { ColumnType::String };
                let values = self.typed(position, declared.unwrap_or(kind))?;
                columns.push(Column { name: c.name.clone(), values });
            }
        }
        Frame::new(columns).map_err(|e| DataError::Format(e.to_string()))
    }

    /// The names that `spec` uses, once each, with their declared types.
    pub(crate) fn declared<'s>(&self, spec: &'s DatasetSpec) -> Vec<(&'s str, Option<ColumnType>)> {
        let mut seen = std::collections::BTreeSet::new();
        spec.features
            .iter()
            .chain(std::iter::once(&spec.target))
            .chain(&spec.split.group_column)
            .chain(&spec.split.time_column)
            .chain(&spec.split.key_column)
            .filter(|n| !n.is_empty() && seen.insert(n.as_str()))
            .map(|n| (n.as_str(), spec.schema.get(n).copied()))
            .collect()
    }

    pub(crate) fn position(&self, name: &str) -> Option<usize> {
        self.index.get(name).copied()
    }

    pub(crate) fn required(&self, name: &str) -> Result<usize> {
        self.position(name).ok_or_else(|| {
            let names: Vec<&str> = self.columns.iter().map(|c| c.name.as_str()).collect();
            DataError::MissingColumn { name: self.name.clone(), column: name.into(), hint: nearest(name, &names) }
        })
    }

    /// Column `position` as `declared`; the error names the first value that does not fit.
    pub(crate) fn typed(&self, position: usize, declared: ColumnType) -> Result<ColumnValues> {
        let nulls = NullTexts::new(&self.format.null_values);
        let reading = Reading { nulls: &nulls, decimal: self.decimal() };
        let (values, bad) = self.cells[position].convert(declared, &reading);
        let (cells, expected) = match bad.wrong.count {
            0 => (&bad.infinite, "a finite number"),
            _ => (&bad.wrong, type_words(declared)),
        };
        match cells.examples.first() {
            None => Ok(values),
            Some((row, value)) => Err(DataError::from(CellError {
                column: self.columns[position].name.clone(),
                place: self.lines.place(*row),
                value: shown(value),
                expected: expected.into(),
                more: and_more(cells.count),
                hint: Some(type_hint(declared)),
            })),
        }
    }

    /// The decimal mark as a byte.
    pub(crate) fn decimal(&self) -> u8 {
        if self.format.decimal == ',' && self.format.kind == FileKind::Csv { b',' } else { b'.' }
    }

    /// The first structural error, as an error.
    pub(crate) fn refuse_broken(&self) -> Result<()> {
        refuse(&self.name, &self.findings)
    }

    /// `150 rows, 5 columns`.
    pub fn size_words(&self) -> String {
        format!("{}, {}", count(self.rows, "row", "rows"), count(self.columns.len(), "column", "columns"))
    }
}

/// The first finding that is an error, as an error.
pub(crate) fn refuse(name: &str, findings: &[Finding]) -> Result<()> {
    match findings.iter().find(|f| f.severity == Severity::Error) {
        None => Ok(()),
        Some(f) => {
            let place = f
                .examples
                .first()
                .map(|e| match e.line {
                    Some(line) => format!(" (first: row {}, line {line}: {})", e.row, e.value),
                    None => format!(" (first: row {}: {})", e.row, e.value),
                })
                .unwrap_or_default();
            Err(DataError::Structure {
                name: name.into(),
                message: format!("{}{place}", f.message),
                hint: f.hint.clone(),
            })
        }
    }
}

/// Where each name of `columns` is.
pub(crate) fn index_of(columns: &[TableColumn]) -> FastMap<String, usize> {
    columns.iter().enumerate().map(|(i, c)| (c.name.clone(), i)).collect()
}

/// What to do about values of a wrong type.
pub(crate) fn type_hint(declared: ColumnType) -> String {
    match declared {
        ColumnType::String => "Declare the column's type in `schema`".into(),
        _ => "Correct the values, add them to `format.null_values` if they mean missing, or declare the column as `string`"
            .into(),
    }
}
