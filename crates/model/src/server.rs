//! Prediction servers: what they confirm, and what the ledger's projections know of them.

use crate::{Digest, Lease, ModelName, RunId, Sealed, Timestamp, VersionNumber};
use serde::{Deserialize, Serialize};

/// A version that a server answers with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServedModel {
    /// The model.
    pub model: ModelName,
    /// Its version.
    pub version: VersionNumber,
    /// The artifact's manifest: loaded, every part's digest checked.
    pub artifact: Digest,
}

/// A server that runs, as the ledger's projections know it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ServerRow {
    /// Its id, new at each start.
    pub server: RunId,
    /// Where it listens, such as `127.0.0.1:8000`.
    pub address: String,
    /// Who started it.
    pub actor: Sealed,
    /// When it first confirmed.
    pub started_at: Timestamp,
    /// Sequence number of its newest confirmation.
    pub seq: u64,
    /// When that was.
    pub at: Timestamp,
    /// Who holds it: a server whose lease is dead is gone.
    pub lease: Lease,
    /// What it answers with, by model name.
    pub models: Vec<ServedModel>,
    /// Set by the event that ends it; such a row is in no table.
    pub stopped: bool,
}

impl ServerRow {
    /// What it answers with for that model.
    pub fn serves(&self, model: &str) -> Option<&ServedModel> {
        self.models.iter().find(|m| m.model.as_str() == model)
    }
}
