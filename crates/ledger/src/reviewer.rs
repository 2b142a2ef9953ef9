//! Reviewers' keys: a person's Ed25519 key, kept outside every workspace, that signs the person's decisions.

use crate::attest::pre_authentication_encoding;
use crate::keys::write_private;
use crate::{Entropy, LedgerError, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use driftgate_model::{Digest, Event, EventBody, ReviewerRow, ReviewerSignature, SIGNED_EVENT_TYPE, to_canonical};
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePrivateKey, DecodePublicKey, EncodePrivateKey, EncodePublicKey};
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use std::path::Path;

/// The private key of a reviewer. It belongs to a person, not to a workspace: one key signs in as many as it is registered in.
#[derive(Clone)]
pub struct ReviewerKey {
    key: SigningKey,
    public_key: String,
    fingerprint: Digest,
}

impl std::fmt::Debug for ReviewerKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReviewerKey").field("fingerprint", &self.fingerprint).finish_non_exhaustive()
    }
}

impl PartialEq for ReviewerKey {
    fn eq(&self, other: &ReviewerKey) -> bool {
        self.fingerprint == other.fingerprint
    }
}

impl Eq for ReviewerKey {}

impl ReviewerKey {
    /// A new key.
    pub fn generate(entropy: &dyn Entropy) -> Result<ReviewerKey> {
        let mut seed = [0; 32];
        entropy.fill(&mut seed);
        ReviewerKey::of(SigningKey::from_bytes(&seed))
    }

    fn of(key: SigningKey) -> Result<ReviewerKey> {
        let encode = |e: &dyn std::fmt::Display| LedgerError::Internal(format!("cannot encode a public key: {e}"));
        let public_key = key.verifying_key().to_public_key_pem(LineEnding::LF).map_err(|e| encode(&e))?;
        let fingerprint = fingerprint(&key.verifying_key())?;
        Ok(ReviewerKey { key, public_key, fingerprint })
    }

    /// Reads the key at `path` (PKCS #8 as PEM); `None` when there is no such file.
    pub fn read(path: &Path) -> Result<Option<ReviewerKey>> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(LedgerError::io("read the reviewer's key", path)(e)),
        };
        let key = SigningKey::from_pkcs8_pem(&text).map_err(|_| {
            LedgerError::BadInput(format!(
                "`{}` is not an Ed25519 private key (PKCS #8, PEM): put the reviewer's key back, or move the file away",
                path.display()
            ))
        })?;
        ReviewerKey::of(key).map(Some)
    }

    /// Writes the key to a new file that only its owner may read; its folder is made when it is missing. Errors: the file is
    /// there already.
    pub fn write_new(&self, path: &Path) -> Result<()> {
        let folder = path.parent().unwrap_or(Path::new("."));
        std::fs::create_dir_all(folder).map_err(LedgerError::io("create", folder))?;
        let text = self
            .key
            .to_pkcs8_pem(LineEnding::LF)
            .map_err(|e| LedgerError::Internal(format!("cannot encode a key: {e}")))?;
        write_private(path, text.as_bytes())?;
        crate::place::sync_folder(folder)
    }

    /// The public half as PEM (SubjectPublicKeyInfo).
    pub fn public_key(&self) -> &str {
        &self.public_key
    }

    /// SHA-256 of the public half's SubjectPublicKeyInfo in DER.
    pub fn fingerprint(&self) -> Digest {
        self.fingerprint
    }

    pub(crate) fn sign(&self, event: &Event) -> Result<ReviewerSignature> {
        let sig = STANDARD.encode(self.key.sign(&signed_bytes(event)?).to_bytes());
        Ok(ReviewerSignature { key: self.fingerprint, sig })
    }
}

fn fingerprint(key: &VerifyingKey) -> Result<Digest> {
    let der = key.to_public_key_der().map_err(|e| LedgerError::Internal(format!("cannot encode a public key: {e}")))?;
    Ok(Digest::of(der.as_bytes()))
}

/// What is signed: the event as it stands in the log, without the signature.
fn signed_bytes(event: &Event) -> Result<Vec<u8>> {
    let unsigned = Event { signed: None, ..event.clone() };
    Ok(pre_authentication_encoding(SIGNED_EVENT_TYPE, &to_canonical(&unsigned)?))
}

/// Whether events of this kind are ever signed by a reviewer.
pub(crate) fn may_be_signed(body: &EventBody) -> bool {
    body.is_decision() || matches!(body, EventBody::ReviewerAdded { .. })
}

/// The key that the event must be signed with: the one it registers, or for a decision the one that its actor registered
/// before. `None` when it needs no signature.
pub(crate) fn needed_key(event: &Event, registered: Option<&ReviewerRow>) -> Option<String> {
    match &event.body {
        EventBody::ReviewerAdded { public_key } => Some(public_key.clone()),
        body if body.is_decision() => registered.map(|r| r.public_key.clone()),
        _ => None,
    }
}

/// Whether an event carries the signature that it needs, and no other.
pub(crate) fn check(event: &Event, registered: Option<&ReviewerRow>) -> Result<()> {
    let refused = |why: &str| LedgerError::Refused(format!("event {}, `{}`, {why}", event.seq, event.body.kind()));
    match (needed_key(event, registered), &event.signed) {
        (None, None) => Ok(()),
        (None, Some(_)) => Err(refused("carries a reviewer's signature, and its actor has no registered key for it")),
        (Some(_), None) => Err(refused("lacks the signature of the reviewer whose name it bears")),
        (Some(pem), Some(signed)) => {
            let key = public(&pem)?;
            let bytes = STANDARD.decode(&signed.sig).ok();
            let signature = bytes.and_then(|b| Signature::from_slice(&b).ok());
            let message = signed_bytes(event)?;
            let holds =
                fingerprint(&key)? == signed.key && signature.is_some_and(|s| key.verify_strict(&message, &s).is_ok());
            if holds {
                Ok(())
            } else {
                Err(refused("carries a signature that is not of the reviewer's registered key"))
            }
        }
    }
}

fn public(pem: &str) -> Result<VerifyingKey> {
    VerifyingKey::from_public_key_pem(pem)
        .map_err(|_| LedgerError::Refused("the reviewer's key is not an Ed25519 public key (PEM)".into()))
}

/// The row of a reviewer who registers.
pub(crate) fn row(event: &Event, public_key: &str) -> Result<ReviewerRow> {
    Ok(ReviewerRow {
        actor: event.actor,
        public_key: public_key.to_owned(),
        fingerprint: fingerprint(&public(public_key)?)?,
        seq: event.seq,
        at: event.time,
    })
}
