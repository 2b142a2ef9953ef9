//! Checkpoints: C2SP `tlog-checkpoint` bodies in a C2SP `signed-note` with an Ed25519 signature (type 0x01).

use crate::{LedgerError, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use driftgate_model::Digest;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};

const ED25519: u8 = 1;

/// A tree head: how many events, and the Merkle root over them.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Head {
    /// Events in the ledger.
    pub size: u64,
    /// The root over them.
    pub root: Digest,
}

/// A verifier key: whose signatures a note must carry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteVerifier {
    name: String,
    key: VerifyingKey,
}

impl NoteVerifier {
    pub(crate) fn new(name: &str, key: VerifyingKey) -> NoteVerifier {
        NoteVerifier { name: name.to_owned(), key }
    }

    /// The name of the key: the origin line of the log.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn key(&self) -> VerifyingKey {
        self.key
    }

    /// First four bytes of SHA-256(name ‖ newline ‖ 0x01 ‖ public key).
    pub fn key_id(&self) -> [u8; 4] {
        let bytes = [self.name.as_bytes(), b"\n", &[ED25519], self.key.as_bytes()].concat();
        let [a, b, c, d, ..] = Digest::of(&bytes).0;
        [a, b, c, d]
    }

    /// The C2SP verifier key text: `name+hex(key id)+base64(0x01 ‖ public key)`.
    pub fn to_vkey(&self) -> String {
        let key = [&[ED25519], self.key.as_bytes().as_slice()].concat();
        format!("{}+{}+{}", self.name, hex::encode(self.key_id()), STANDARD.encode(key))
    }

    /// Reads a C2SP verifier key text.
    pub fn from_vkey(text: &str) -> Result<NoteVerifier> {
        let bad = || LedgerError::BadInput(format!("`{text}` is not an Ed25519 verifier key (name+id+key)"));
        let mut parts = text.trim_end().splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else { return Err(bad()) };
        let key = STANDARD.decode(key).map_err(|_| bad())?;
        let Some((&ED25519, key)) = key.split_first() else { return Err(bad()) };
        let key = key.try_into().ok().and_then(|k| VerifyingKey::from_bytes(&k).ok()).ok_or_else(bad)?;
        let verifier = NoteVerifier::new(name, key);
        if hex::encode(verifier.key_id()) == id && !name.is_empty() { Ok(verifier) } else { Err(bad()) }
    }

    /// Checks a signed checkpoint of this log and returns its head.
    ///
    /// Errors: a text that is no checkpoint, another origin, no signature of this key, or a wrong one.
    pub fn open_checkpoint(&self, note: &str) -> Result<Head> {
        let bad = |detail: &str| LedgerError::corrupt("the checkpoint", detail);
        let (origin, head) = read_checkpoint(note)?;
        if origin != self.name {
            return Err(bad(&format!("its origin is `{origin}`, not `{}`", self.name)));
        }
        let (text, signatures) = split_note(note).ok_or_else(|| bad("it has no signature block"))?;
        for line in signatures.lines() {
            let Some((name, value)) = line.strip_prefix("\u{2014} ").and_then(|l| l.split_once(' ')) else {
                return Err(bad("a signature line has another form than `\u{2014} name base64`"));
            };
            let value = STANDARD.decode(value).map_err(|_| bad("a signature is not base64"))?;
            let Some((id, signature)) = value.split_first_chunk::<4>() else {
                return Err(bad("a signature is too short"));
            };
            // Signatures of others (witnesses) are not ours to judge.
            if name != self.name || *id != self.key_id() {
                continue;
            }
            let signature = Signature::from_slice(signature).map_err(|_| bad("its signature is not 64 bytes"))?;
            return match self.key.verify_strict(text.as_bytes(), &signature) {
                Ok(()) => Ok(head),
                Err(_) => Err(bad("its signature does not fit its text")),
            };
        }
        Err(bad("it is not signed with the key of this log"))
    }
}

/// Signs the head of a log.
pub(crate) fn sign_checkpoint(origin: &str, head: &Head, key: &SigningKey) -> String {
    let text = format!("{origin}\n{}\n{}\n", head.size, STANDARD.encode(head.root.0));
    let verifier = NoteVerifier::new(origin, key.verifying_key());
    let signature = key.sign(text.as_bytes()).to_bytes();
    let value = STANDARD.encode([verifier.key_id().as_slice(), &signature].concat());
    format!("{text}\n\u{2014} {origin} {value}\n")
}

/// Reads origin and head of a checkpoint without judging its signatures.
pub(crate) fn read_checkpoint(note: &str) -> Result<(&str, Head)> {
    let bad = |detail: &str| LedgerError::corrupt("the checkpoint", detail);
    let (text, _) = split_note(note).ok_or_else(|| bad("it has no signature block"))?;
    let mut lines = text.lines();
    let (Some(origin), Some(size), Some(root)) = (lines.next(), lines.next(), lines.next()) else {
        return Err(bad("it has fewer than three lines"));
    };
    let parsed = size.parse::<u64>().map_err(|_| bad("its second line is not a size"))?;
    if parsed.to_string() != size {
        return Err(bad("its size is not written in plain decimal"));
    }
    let root = STANDARD.decode(root).ok().and_then(|r| <[u8; 32]>::try_from(r).ok());
    let root = root.ok_or_else(|| bad("its third line is not a base64 SHA-256"))?;
    Ok((origin, Head { size: parsed, root: Digest(root) }))
}

/// The signed text (with its last newline) and the signature lines.
fn split_note(note: &str) -> Option<(&str, &str)> {
    let at = note.rfind("\n\n")?;
    let (text, rest) = note.split_at(at + 1);
    let signatures = rest.strip_prefix('\n')?;
    (signatures.ends_with('\n') && !signatures.is_empty()).then_some((text, signatures))
}
