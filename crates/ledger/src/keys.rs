use crate::note::NoteVerifier;
use crate::{Entropy, LedgerError, Result};
use driftgate_model::Digest;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePrivateKey, DecodePublicKey, EncodePrivateKey, EncodePublicKey};
use ed25519_dalek::{Signer as _, SigningKey};
use std::io::Write;
use std::path::Path;

/// The public halves of a workspace's two keys, and how to tell them apart from others.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct PublicKeys {
    /// Origin line of the checkpoints, which is the name of the log key.
    pub origin: String,
    /// C2SP verifier key text of the log.
    pub log_vkey: String,
    /// The same key as PEM (SubjectPublicKeyInfo), for verifiers of attestations.
    pub log_pem: String,
    /// SHA-256 of the log key's SubjectPublicKeyInfo in DER: its fingerprint, and the key id in attestations.
    pub log_fingerprint: Digest,
    /// The P-256 key of model signatures as PEM. Its SHA-256 is the object that the first event names.
    pub model_pem: String,
    /// SHA-256 of the model key's SubjectPublicKeyInfo in DER.
    pub model_fingerprint: Digest,
}

impl PublicKeys {
    fn of(origin: &str, log: ed25519_dalek::VerifyingKey, model: &p256::ecdsa::VerifyingKey) -> Result<PublicKeys> {
        let encode = |e: &dyn std::fmt::Display| LedgerError::Internal(format!("cannot encode a public key: {e}"));
        let log_der = log.to_public_key_der().map_err(|e| encode(&e))?;
        let model_der = model.to_public_key_der().map_err(|e| encode(&e))?;
        Ok(PublicKeys {
            origin: origin.to_owned(),
            log_vkey: NoteVerifier::new(origin, log).to_vkey(),
            log_pem: log.to_public_key_pem(LineEnding::LF).map_err(|e| encode(&e))?,
            log_fingerprint: Digest::of(log_der.as_bytes()),
            model_pem: model.to_public_key_pem(LineEnding::LF).map_err(|e| encode(&e))?,
            model_fingerprint: Digest::of(model_der.as_bytes()),
        })
    }

    /// The keys as the first event names them: a verifier key text, and the object with the other one.
    pub(crate) fn recorded(origin: &str, log_vkey: &str, model_pem: &[u8]) -> Result<PublicKeys> {
        let model =
            std::str::from_utf8(model_pem).ok().and_then(|text| DecodePublicKey::from_public_key_pem(text).ok());
        let model = model.ok_or_else(|| LedgerError::corrupt("event 0", "the object of its model key holds no key"))?;
        PublicKeys::of(origin, NoteVerifier::from_vkey(log_vkey)?.key(), &model)
    }
}

/// Both private keys of a workspace.
pub(crate) struct Keys {
    pub(crate) log: SigningKey,
    model: p256::ecdsa::SigningKey,
}

const LOG_KEY: &str = "log.ed25519.pem";
const MODEL_KEY: &str = "model.p256.pem";

impl Keys {
    pub(crate) fn generate(entropy: &dyn Entropy) -> Result<Keys> {
        let mut seed = [0; 32];
        entropy.fill(&mut seed);
        let log = SigningKey::from_bytes(&seed);
        // One draw in 2^32 is not a valid P-256 scalar; a source that never gives one is broken.
        for _ in 0..16 {
            entropy.fill(&mut seed);
            if let Ok(model) = p256::ecdsa::SigningKey::from_slice(&seed) {
                return Ok(Keys { log, model });
            }
        }
        Err(LedgerError::Internal("the source of random bytes yields no valid key".into()))
    }

    pub(crate) fn write(&self, folder: &Path) -> Result<()> {
        let encode = |e: &dyn std::fmt::Display| LedgerError::Internal(format!("cannot encode a key: {e}"));
        let log = self.log.to_pkcs8_pem(LineEnding::LF).map_err(|e| encode(&e))?;
        let model = self.model.to_pkcs8_pem(LineEnding::LF).map_err(|e| encode(&e))?;
        write_private(&folder.join(LOG_KEY), log.as_bytes())?;
        write_private(&folder.join(MODEL_KEY), model.as_bytes())
    }

    pub(crate) fn read(folder: &Path) -> Result<Keys> {
        let text = |name: &str| -> Result<String> {
            let path = folder.join(name);
            std::fs::read_to_string(&path).map_err(LedgerError::io("read the key", &path))
        };
        let damaged = |name: &str| LedgerError::corrupt(format!("the key `{name}`"), "it is not a PKCS #8 private key");
        let log = SigningKey::from_pkcs8_pem(&text(LOG_KEY)?).map_err(|_| damaged(LOG_KEY))?;
        let model = p256::ecdsa::SigningKey::from_pkcs8_pem(&text(MODEL_KEY)?).map_err(|_| damaged(MODEL_KEY))?;
        Ok(Keys { log, model })
    }

    pub(crate) fn public(&self, origin: &str) -> Result<PublicKeys> {
        PublicKeys::of(origin, self.log.verifying_key(), self.model.verifying_key())
    }

    pub(crate) fn sign_log(&self, message: &[u8]) -> [u8; 64] {
        self.log.sign(message).to_bytes()
    }

    /// ECDSA over SHA-256 with the nonce of RFC 6979, as DER.
    pub(crate) fn sign_model(&self, message: &[u8]) -> Vec<u8> {
        let signature: p256::ecdsa::Signature = self.model.sign(message);
        signature.to_der().as_bytes().to_vec()
    }
}

/// Writes a file that only its owner may read, in place of the one of that name.
pub(crate) fn replace_private(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".tmp-{}", std::process::id()));
    let temporary = path.with_file_name(name);
    match std::fs::remove_file(&temporary) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(LedgerError::io("replace", &temporary)(e)),
        _ => {}
    }
    write_private(&temporary, bytes)?;
    std::fs::rename(&temporary, path).map_err(LedgerError::io("replace", path))?;
    crate::place::sync_folder(path.parent().unwrap_or(Path::new(".")))
}

/// Writes a file that only its owner may read.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut options = std::fs::File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let mut file = options.open(path).map_err(LedgerError::io("create", path))?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(LedgerError::io("write", path))
}
