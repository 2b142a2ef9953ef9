//! Models as bytes: `driftgate-model`, a format byte, the model in postcard, SHA-256 of all that comes before.
//!
//! Postcard writes numbers exactly and never reserves memory for items that are not there. After the digest and the types,
//! each model's own `TryFrom` checks what postcard cannot: trees without cycles, columns and answers that exist.

use crate::{LearnError, Model};
use driftgate_model::Digest;

const MAGIC: &[u8] = b"driftgate-model";
const FORMAT: u8 = 1;
const DIGEST: usize = 32;

pub(crate) fn to_bytes(model: &Model) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    bytes.push(FORMAT);
    // Serialization into a vector fails only for types that cannot say their length, which models do not contain.
    let mut bytes = postcard::to_extend(model, bytes).expect("a model holds only sized tables");
    let digest = Digest::of(&bytes);
    bytes.extend_from_slice(digest.as_bytes());
    bytes
}

pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Model, LearnError> {
    let wrong = |text: &str| LearnError::Decode(text.into());
    let rest = bytes.strip_prefix(MAGIC).ok_or_else(|| wrong("they do not begin like one"))?;
    let (&format, rest) = rest.split_first().ok_or_else(|| wrong("they end after the name of the format"))?;
    if format > FORMAT {
        return Err(LearnError::Newer { found: format, newest: FORMAT });
    }
    if format < FORMAT {
        return Err(wrong("there is no such format"));
    }
    let length = rest.len().checked_sub(DIGEST).ok_or_else(|| wrong("they are cut short"))?;
    let (body, digest) = rest.split_at(length);
    if Digest::of(&bytes[..bytes.len() - DIGEST]).as_bytes() != digest {
        return Err(wrong("their digest does not match, so they were cut or altered"));
    }
    decode(body)
}

/// Reads the tables themselves; used on its own by the tests that forge digests.
fn decode(body: &[u8]) -> Result<Model, LearnError> {
    let (model, rest) = postcard::take_from_bytes::<Model>(body).map_err(|e| LearnError::Decode(e.to_string()))?;
    if rest.is_empty() { Ok(model) } else { Err(LearnError::Decode(format!("{} bytes follow the model", rest.len()))) }
}
