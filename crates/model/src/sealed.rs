use crate::Digest;
use serde::{Deserialize, Serialize};

/// A salted commitment to a text that may be personal (a reason, an actor, a path).
///
/// It is the digest of the [`SealedText`] object that holds the plain text. An export may leave that object out:
/// the event, its leaf and every proof stay valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Sealed {
    /// The digest of the canonical JSON of the [`SealedText`].
    pub commitment: Digest,
}

/// The plain text behind a [`Sealed`], stored as an object of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedText {
    /// 16 random bytes as hexadecimal digits, so that a short text cannot be guessed from its commitment.
    pub salt: String,
    /// The text.
    pub text: String,
}
