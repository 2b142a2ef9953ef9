//! Attestations: in-toto Statements v1 in DSSE envelopes, signed with the log key.

use crate::keys::Keys;
use crate::{LedgerError, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use driftgate_model::{Digest, to_canonical};
use serde_json::{Value, json};

const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";

/// DSSE's pre-authentication encoding: `DSSEv1 len type len payload`.
pub fn pre_authentication_encoding(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let head = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len());
    [head.as_bytes(), payload].concat()
}

/// The envelope around a statement about `subjects`.
pub(crate) fn envelope(
    keys: &Keys,
    key_id: &Digest,
    predicate_type: &str,
    subjects: &[(String, Digest)],
    predicate: &Value,
) -> Result<Value> {
    if subjects.is_empty() {
        return Err(LedgerError::BadInput("an attestation needs a subject".into()));
    }
    let subjects: Vec<Value> =
        subjects.iter().map(|(name, digest)| json!({"name": name, "digest": {"sha256": digest}})).collect();
    let statement = json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": subjects,
        "predicateType": predicate_type,
        "predicate": predicate,
    });
    let payload = to_canonical(&statement)?;
    let signature = keys.sign_log(&pre_authentication_encoding(PAYLOAD_TYPE, &payload));
    Ok(json!({
        "payloadType": PAYLOAD_TYPE,
        "payload": STANDARD.encode(&payload),
        "signatures": [{"keyid": key_id, "sig": STANDARD.encode(signature)}],
    }))
}
