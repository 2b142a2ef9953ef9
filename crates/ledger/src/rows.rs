//! Projection rows as bytes: a version byte, then postcard.

use crate::{LedgerError, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;

const VERSION: u8 = 1;

pub(crate) fn encode<T: Serialize>(row: &T) -> Result<Vec<u8>> {
    postcard::to_extend(row, vec![VERSION]).map_err(|e| LedgerError::Internal(format!("cannot encode a row: {e}")))
}

/// Reads a row; `place` names it in the error, as in `row x of the table runs`.
pub(crate) fn decode<T: DeserializeOwned>(bytes: &[u8], place: impl FnOnce() -> String) -> Result<T> {
    match bytes.split_first() {
        Some((&VERSION, rest)) => match postcard::take_from_bytes(rest) {
            Ok((row, [])) => Ok(row),
            Ok(_) => Err(LedgerError::corrupt(place(), "it has bytes too many")),
            Err(e) => Err(LedgerError::corrupt(place(), e.to_string())),
        },
        Some((version, _)) => Err(LedgerError::corrupt(place(), format!("its version byte is {version}"))),
        None => Err(LedgerError::corrupt(place(), "it is empty")),
    }
}
