use crate::error::{DataError, Result};
use crate::rows::declared;
use crate::table::Table;
use crate::transform::Transform;
use driftgate_model::{Column, Frame};

/// The columns of a batch that a fitted transform needs, typed as it needs them; a target is not needed.
///
/// Other columns are ignored (see [`ignored_columns`]). Errors: a broken structure, no rows, a feature that is not there, the
/// first value of a wrong type with its line.
pub fn frame_for_prediction(table: &Table, transform: &Transform) -> Result<Frame> {
    table.refuse_broken()?;
    if table.rows() == 0 {
        return Err(DataError::Insufficient {
            message: format!("{} has a header and no rows", table.name()),
            hint: "Add the rows to answer".into(),
        });
    }
    let mut columns = Vec::with_capacity(transform.inputs().len());
    for input in transform.inputs() {
        let position = table.required(&input.name)?;
        columns.push(Column { name: input.name.clone(), values: table.typed(position, declared(input))? });
    }
    Frame::new(columns).map_err(|e| DataError::Format(e.to_string()))
}

/// The columns of a batch that the transform does not use, in file order.
pub fn ignored_columns(table: &Table, transform: &Transform) -> Vec<String> {
    let used = |name: &str| transform.inputs().iter().any(|i| i.name == name);
    table.columns().iter().filter(|c| !used(&c.name)).map(|c| c.name.clone()).collect()
}
