//! The token of the server's guarded endpoints.

use crate::{EngineError, Result, Workspace};
use driftgate_model::Digest;

/// The file beside the keys that holds the token's SHA-256: the token itself is shown once and kept nowhere.
const TOKEN: &str = "server.token.sha256";

impl Workspace {
    /// Makes a new token, which replaces the one before; only its digest is kept.
    pub fn new_server_token(&self) -> Result<String> {
        let mut random = [0u8; 32];
        self.host.entropy.fill(&mut random);
        let token = Digest(random).to_string();
        self.ledger.put_secret(TOKEN, Digest::of(token.as_bytes()).to_string().as_bytes())?;
        Ok(token)
    }

    /// The SHA-256 of the token; `None` where none was made.
    pub fn server_token_digest(&self) -> Result<Option<Digest>> {
        let Some(bytes) = self.ledger.secret(TOKEN)? else { return Ok(None) };
        let parsed = std::str::from_utf8(&bytes).ok().and_then(|text| text.trim().parse().ok());
        parsed.map(Some).ok_or_else(|| EngineError::Refused {
            message: "the file of the server's token is damaged".into(),
            hint: "Make a new token with `driftgate serve --new-token`".into(),
        })
    }
}
