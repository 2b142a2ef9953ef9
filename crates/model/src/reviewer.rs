use crate::{Digest, Sealed, Timestamp};
use serde::{Deserialize, Serialize};

/// A reviewer as the ledger's projections know it: a name and the key that its decisions are signed with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewerRow {
    /// The commitment to the name, which is the actor of the reviewer's events.
    pub actor: Sealed,
    /// The Ed25519 key as PEM (SubjectPublicKeyInfo).
    pub public_key: String,
    /// SHA-256 of the key's SubjectPublicKeyInfo in DER.
    pub fingerprint: Digest,
    /// Sequence number of the registration.
    pub seq: u64,
    /// When that was.
    pub at: Timestamp,
}
