use crate::error::{DataError, Result};
use crate::table::Table;
use crate::transform::{InputColumn, InputKind, Transform};
use driftgate_model::{Column, ColumnType, Frame};

/// The columns of a batch that a fitted transform needs, typed as it needs them; a target is not needed.
///
/// Other columns are ignored (see [`ignored_columns`]). Errors: a broken structure, no rows, a feature that is not there, the
/// first value of a wrong type with its line.
pub fn frame_for_prediction(table: &Table, transform: &Transform) -> Result<Frame> {
    table.refuse_broken()?;
    if table.rows() == 0 {
        return Err(without_rows(table.name()));
    }
    let mut columns = Vec::with_capacity(transform.inputs().len());
    for input in transform.inputs() {
        let position = table.required(&input.name)?;
        columns.push(Column { name: input.name.clone(), values: table.typed(position, declared_type(input))? });
    }
    Frame::new(columns).map_err(|e| DataError::Format(e.to_string()))
}

/// How a batch's column is typed for a feature.
pub(crate) fn declared_type(input: &InputColumn) -> ColumnType {
    match (input.kind, input.declared) {
        (_, ColumnType::Bool) => ColumnType::Bool,
        // A whole number in training may be a fraction now: the model takes it.
        (InputKind::Numeric, _) | (_, ColumnType::Int | ColumnType::Float) => ColumnType::Float,
        (InputKind::Categorical, ColumnType::String) => ColumnType::String,
    }
}

pub(crate) fn without_rows(name: &str) -> DataError {
    DataError::Insufficient {
        message: format!("{name} has a header and no rows"),
        hint: "Add the rows to answer".into(),
    }
}

/// The columns of a batch that the transform does not use, in file order.
pub fn ignored_columns(table: &Table, transform: &Transform) -> Vec<String> {
    let used = |name: &str| transform.inputs().iter().any(|i| i.name == name);
    table.columns().iter().filter(|c| !used(&c.name)).map(|c| c.name.clone()).collect()
}
