use driftgate_model::Timestamp;
use std::sync::Arc;
use std::time::Duration;

/// A source of random bytes. The fronts pass the operating system's; tests pass a seeded one.
pub trait Entropy: Send + Sync {
    /// Fills `buf` with random bytes.
    fn fill(&self, buf: &mut [u8]);
}

/// When, who and through which front: what an event needs besides its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    /// When, as the caller's clock says.
    pub time: Timestamp,
    /// Who, in plain text. The ledger writes a commitment to it, the same one for the same text.
    pub actor: String,
    /// Which front: `cli`, `window`, `server`.
    pub via: String,
    /// The key that signs what needs a reviewer's signature, where the actor has one at hand.
    pub reviewer: Option<Arc<crate::ReviewerKey>>,
}

impl Stamp {
    /// Fingerprint of the reviewer's key that signs with this stamp.
    pub fn signer(&self) -> Option<driftgate_model::Digest> {
        self.reviewer.as_ref().map(|key| key.fingerprint())
    }
}

/// What a process brings along to open a workspace.
#[derive(Clone)]
pub struct OpenOptions {
    /// Random bytes for keys and salts.
    pub entropy: Arc<dyn Entropy>,
    /// How long to wait for another holder of the ledger before giving up.
    pub lock_timeout: Duration,
    /// Who we are, told to those who wait for us, such as `driftgate run (pid 12)`.
    pub holder: String,
}

impl std::fmt::Debug for OpenOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OpenOptions")
            .field("lock_timeout", &self.lock_timeout)
            .field("holder", &self.holder)
            .finish_non_exhaustive()
    }
}
