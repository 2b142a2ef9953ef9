//! Rows in JSON, in the forms that callers write them in.

use crate::error::ApiError;
use driftgate_engine::{GivenValue, InputColumn, InputFault, ServedVersion};
use driftgate_model::Frame;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// A JSON value as a value of a row.
pub(crate) fn given(value: &Value) -> GivenValue<'_> {
    match value {
        Value::Null => GivenValue::Missing,
        Value::Bool(b) => GivenValue::Truth(*b),
        Value::Number(n) => n.as_f64().map_or_else(|| GivenValue::Other(n.to_string()), GivenValue::Number),
        Value::String(text) => GivenValue::Text(Cow::Borrowed(text)),
        Value::Array(_) => GivenValue::Other("a list".into()),
        Value::Object(_) => GivenValue::Other("an object".into()),
    }
}

/// What happens to a field that the model does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unknown {
    Refuse,
    Ignore,
}

/// Refuses more rows than one request may have.
pub(crate) fn within(rows: usize, limit: usize) -> Result<(), ApiError> {
    if rows <= limit {
        return Ok(());
    }
    let message = format!("{rows} rows are more than the {limit} that one request may have");
    Err(ApiError::new(axum::http::StatusCode::PAYLOAD_TOO_LARGE, "too_many_rows", message))
}

/// Rows as objects: field to value.
pub(crate) fn records(
    served: &ServedVersion,
    rows: &[&Map<String, Value>],
    unknown: Unknown,
) -> Result<Frame, InputFault> {
    let inputs = served.inputs();
    if unknown == Unknown::Refuse {
        // With as many fields as features, one that is not known leaves another that is missing, which is told below.
        if let Some((i, row)) = rows.iter().enumerate().find(|(_, row)| row.len() > inputs.len()) {
            let stranger = row.keys().find(|name| !inputs.iter().any(|c| c.name == **name));
            return Err(unknown_field(stranger.map_or("?", |name| name), i + 1, inputs));
        }
    }
    served.frame(rows.len(), |column, row| {
        let input = field(inputs, column)?;
        match rows.get(row).and_then(|r| r.get(&input.name)) {
            Some(value) => Ok(given(value)),
            None => Err(missing_field(&input.name, Some(row + 1))),
        }
    })
}

/// Rows as lists, with the names of their columns.
pub(crate) fn split(served: &ServedVersion, columns: &[&str], rows: &[&Vec<Value>]) -> Result<Frame, InputFault> {
    let inputs = served.inputs();
    let mut places = BTreeMap::new();
    for (i, name) in columns.iter().enumerate() {
        if places.insert(*name, i).is_some() {
            return Err(InputFault::of("duplicate_field", name, format!("column `{}` is named twice", cut(name))));
        }
    }
    for (i, row) in rows.iter().enumerate() {
        if row.len() != columns.len() {
            let message = format!("row {} has {} values, and there are {} columns", i + 1, row.len(), columns.len());
            return Err(InputFault::general("wrong_shape", message));
        }
    }
    let at: Vec<usize> = inputs
        .iter()
        .map(|c| places.get(c.name.as_str()).copied().ok_or_else(|| missing_field(&c.name, None)))
        .collect::<Result<_, _>>()?;
    served.frame(rows.len(), |column, row| {
        let value = at.get(column).and_then(|at| rows.get(row)?.get(*at));
        Ok(value.map_or(GivenValue::Missing, given))
    })
}

/// Whole columns: name to list of values. Columns that the model does not use are ignored.
pub(crate) fn columns(served: &ServedVersion, columns: &Map<String, Value>) -> Result<(usize, Frame), InputFault> {
    let inputs = served.inputs();
    let mut lists: Vec<&Vec<Value>> = Vec::with_capacity(inputs.len());
    for input in inputs {
        let value = columns.get(&input.name).ok_or_else(|| missing_field(&input.name, None))?;
        let Value::Array(list) = value else {
            return Err(InputFault::of("wrong_type", &input.name, format!("`{}` is not a list of values", input.name)));
        };
        if let Some(first) = lists.first().filter(|first| first.len() != list.len()) {
            let message = format!("`{}` has {} values, and another column {}", input.name, list.len(), first.len());
            return Err(InputFault::of("wrong_shape", &input.name, message));
        }
        lists.push(list);
    }
    let rows = lists.first().map_or(0, |l| l.len());
    let frame = served.frame(rows, |column, row| {
        let value = lists.get(column).and_then(|l| l.get(row)).map_or(&Value::Null, flat);
        Ok(given(value))
    })?;
    Ok((rows, frame))
}

/// The one value of `[value]`, as a tensor of shape `[n, 1]` writes it.
fn flat(value: &Value) -> &Value {
    match value {
        Value::Array(list) if list.len() == 1 => list.first().unwrap_or(value),
        _ => value,
    }
}

pub(crate) fn field(inputs: &[InputColumn], column: usize) -> Result<&InputColumn, InputFault> {
    inputs.get(column).ok_or_else(|| InputFault::general("internal", "the model could not answer"))
}

pub(crate) fn missing_field(name: &str, row: Option<usize>) -> InputFault {
    let place = row.map(|r| format!(", row {r}")).unwrap_or_default();
    InputFault::of("missing_field", name, format!("the feature `{name}` is not given{place}"))
}

fn unknown_field(name: &str, row: usize, inputs: &[InputColumn]) -> InputFault {
    let known: Vec<&str> = inputs.iter().take(8).map(|c| c.name.as_str()).collect();
    let more = if inputs.len() > 8 { " and others" } else { "" };
    let message =
        format!("`{}` in row {row} is no feature of the model: it takes {}{more}", cut(name), known.join(", "));
    InputFault::of("unknown_field", &cut(name), message)
}

/// A caller's text as it may stand in a message.
pub(crate) fn cut(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(60).collect()
}
