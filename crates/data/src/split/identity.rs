//! Which rows are the same row.

use crate::cells::by_name;
use crate::error::{DataError, Result};
use crate::typing::{number, number_text};
use driftgate_model::{ColumnValues, Digest, Frame, MISSING_CODE};
use serde::{Deserialize, Serialize};

/// The first half of a SHA-256: names a row, a key or a group.
pub(crate) type RowId = [u8; 16];

/// A column that takes part in a row's identity, and how its values are told apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdentityColumn {
    /// Its name.
    pub name: String,
    /// Numbers, or else texts.
    pub numeric: bool,
}

/// The identity columns of a first version: all but the key, in the order of their names.
pub(crate) fn identity_columns(frame: &Frame, key: Option<&str>) -> Vec<IdentityColumn> {
    let mut columns: Vec<IdentityColumn> = frame
        .columns()
        .iter()
        .filter(|c| Some(c.name.as_str()) != key)
        .map(|c| IdentityColumn { name: c.name.clone(), numeric: matches!(c.values, ColumnValues::Number(_)) })
        .collect();
    columns.sort_by(|a, b| a.name.cmp(&b.name));
    columns
}

/// The identity of each row over `columns`.
///
/// Errors: a column that `frame` lacks or holds as another kind, since no row of an earlier version could be recognised then.
pub(crate) fn row_ids(frame: &Frame, columns: &[IdentityColumn]) -> Result<Vec<RowId>> {
    let mut values = Vec::with_capacity(columns.len());
    let known = by_name(frame);
    for c in columns {
        let found = *known.get(c.name.as_str()).ok_or_else(|| DataError::MissingColumn {
            name: "The new version".into(),
            column: c.name.clone(),
            hint:
                "Rows of the first version are recognised by all its columns: keep the column in the file, declare a \
                   `key_column` from the start, or add the data under another name"
                    .into(),
        })?;
        if matches!(found, ColumnValues::Number(_)) != c.numeric {
            let kinds = if c.numeric { ("numbers", "text") } else { ("text", "numbers") };
            return Err(DataError::Split {
                message: format!(
                    "column `{}` held {} in the first version and holds {} now, so its rows cannot be recognised",
                    c.name, kinds.0, kinds.1
                ),
                hint: "Declare the type it had, or add the data under another name".into(),
            });
        }
        values.push(found);
    }
    let mut bytes = Vec::new();
    Ok((0..frame.rows())
        .map(|row| {
            bytes.clear();
            for v in &values {
                write_value(&mut bytes, v, row);
            }
            short(&bytes)
        })
        .collect())
}

/// The identity of each value of one column; `None` where it is missing.
pub(crate) fn value_ids(values: &ColumnValues) -> Vec<Option<RowId>> {
    let mut bytes = Vec::new();
    (0..values.len())
        .map(|row| {
            if values.is_missing(row) {
                return None;
            }
            bytes.clear();
            write_value(&mut bytes, values, row);
            Some(short(&bytes))
        })
        .collect()
}

/// The identity of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key {
    /// As the column is typed.
    pub id: RowId,
    /// What the same key was called where the column was of the other kind: `17` as a number is `17` as a text.
    pub other: Option<RowId>,
}

/// The key of each row; `None` where it is missing.
pub(crate) fn keys_of(values: &ColumnValues) -> Vec<Option<Key>> {
    let ids = value_ids(values);
    let others = value_ids(&other_kind(values));
    ids.into_iter().zip(others).map(|(id, other)| id.map(|id| Key { id, other })).collect()
}

/// Numbers as the texts that write them, texts as the numbers they write.
fn other_kind(values: &ColumnValues) -> ColumnValues {
    match values {
        ColumnValues::Number(v) => {
            let texts = v.iter().map(|x| (!x.is_nan()).then(|| number_text(*x)));
            let (mut dictionary, mut codes) = (Vec::new(), Vec::new());
            for text in texts {
                codes.push(text.as_ref().map_or(MISSING_CODE, |_| dictionary.len() as u32));
                dictionary.extend(text);
            }
            ColumnValues::Text { dictionary, codes }
        }
        ColumnValues::Text { dictionary, codes } => {
            let read = |text: &String| number(text, b'.').filter(|n| !n.rounded).map_or(f64::NAN, |n| n.value);
            let numbers: Vec<f64> = dictionary.iter().map(read).collect();
            ColumnValues::Number(codes.iter().map(|c| numbers.get(*c as usize).copied().unwrap_or(f64::NAN)).collect())
        }
    }
}

fn write_value(bytes: &mut Vec<u8>, values: &ColumnValues, row: usize) {
    match values {
        ColumnValues::Number(v) => match v.get(row) {
            Some(x) if !x.is_nan() => {
                bytes.push(b'n');
                // Adding zero makes −0 and 0 the same value.
                bytes.extend_from_slice(&(x + 0.0).to_bits().to_le_bytes());
            }
            _ => bytes.push(b'm'),
        },
        ColumnValues::Text { .. } => match values.text(row) {
            Some(text) => {
                bytes.push(b't');
                bytes.extend_from_slice(&(text.len() as u64).to_le_bytes());
                bytes.extend_from_slice(text.as_bytes());
            }
            None => bytes.push(b'm'),
        },
    }
}

fn short(bytes: &[u8]) -> RowId {
    let mut id = [0; 16];
    id.copy_from_slice(&Digest::of(bytes).0[..16]);
    id
}

/// A number that orders units at random, fixed by the seed and the unit alone: neither the order of the rows nor what other
/// rows there are moves it.
pub(crate) fn priority(seed: u64, id: &RowId) -> (u64, RowId) {
    let mut bytes = b"driftgate/split/1".to_vec();
    bytes.extend_from_slice(&seed.to_le_bytes());
    bytes.extend_from_slice(id);
    let digest = Digest::of(&bytes).0;
    let mut first = [0; 8];
    first.copy_from_slice(&digest[..8]);
    (u64::from_be_bytes(first), *id)
}
