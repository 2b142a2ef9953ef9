//! Checkpoints and attestations, read by a second implementation that knows only the published formats.

use super::builders::World;
use crate::{LedgerError, NoteVerifier};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use driftgate_model::{Code, Coded, Digest};
use ed25519_dalek::pkcs8::DecodePublicKey;
use ed25519_dalek::{Signature, VerifyingKey};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// A C2SP signed-note verifier: bytes and splits, nothing of the crate.
fn verify_note(note: &str, vkey: &str) -> (String, u64, [u8; 32]) {
    let (name, rest) = vkey.split_once('+').unwrap();
    let (id, key) = rest.split_once('+').unwrap();
    let key = STANDARD.decode(key).unwrap();
    assert_eq!(key[0], 1, "Ed25519");
    let mut preimage = name.as_bytes().to_vec();
    preimage.push(b'\n');
    preimage.extend(&key);
    let key_id = &Sha256::digest(&preimage)[..4];
    assert_eq!(hex::encode(key_id), id);

    let lines: Vec<&str> = note.split('\n').collect();
    assert_eq!(lines.len(), 6, "origin, size, root, blank, signature, end: {note:?}");
    assert_eq!((lines[3], lines[5]), ("", ""));
    let signed = format!("{}\n{}\n{}\n", lines[0], lines[1], lines[2]);
    let signature = lines[4].strip_prefix("— ").unwrap().strip_prefix(name).unwrap().strip_prefix(' ').unwrap();
    let signature = STANDARD.decode(signature).unwrap();
    assert_eq!(&signature[..4], key_id);
    let public = VerifyingKey::from_bytes(key[1..].try_into().unwrap()).unwrap();
    public.verify_strict(signed.as_bytes(), &Signature::from_slice(&signature[4..]).unwrap()).unwrap();
    (lines[0].into(), lines[1].parse().unwrap(), STANDARD.decode(lines[2]).unwrap().try_into().unwrap())
}

#[test]
fn a_checkpoint_verifies_with_an_independent_reader() {
    let w = World::new();
    for n in 1..=5 {
        w.append(w.events().dataset(&format!("d{n}"), 1)).unwrap();
        let keys = w.ledger.keys().unwrap();
        let (origin, size, root) = verify_note(&w.ledger.checkpoint().unwrap(), &keys.log_vkey);
        assert!(origin.starts_with("driftgate.local/") && origin == keys.origin);
        assert_eq!(size, n + 1);
        // The root from the entries alone.
        let entries = w.ledger.read(|v| v.entries(0, size)).unwrap();
        let mut level: Vec<Vec<u8>> =
            entries.iter().map(|e| Sha256::new().chain_update([0]).chain_update(e).finalize().to_vec()).collect();
        // An odd last node moves up unchanged: the same tree as RFC 6962's, built from below.
        while level.len() > 1 {
            level = level
                .chunks(2)
                .map(|pair| match pair {
                    [l, r] => Sha256::new().chain_update([1]).chain_update(l).chain_update(r).finalize().to_vec(),
                    odd => odd[0].clone(),
                })
                .collect();
        }
        assert_eq!(level[0], root);
    }
}

#[test]
fn a_changed_checkpoint_or_another_key_is_refused() {
    let w = World::new();
    let other = World::new();
    let note = w.ledger.checkpoint().unwrap();
    let keys = w.ledger.keys().unwrap();
    let verifier = NoteVerifier::from_vkey(&keys.log_vkey).unwrap();
    assert_eq!(verifier.open_checkpoint(&note).unwrap(), w.ledger.head().unwrap());
    assert_eq!(verifier.to_vkey(), keys.log_vkey);
    let refused = |note: &str| assert_eq!(verifier.open_checkpoint(note).unwrap_err().code(), Code::Corrupt, "{note}");
    refused(&note.replacen("\n1\n", "\n2\n", 1));
    refused(&note.replacen("\n1\n", "\n01\n", 1));
    refused(note.trim_end());
    refused("");
    refused(&note.replace(&keys.origin, "driftgate.local/other"));
    refused(&note[..note.len() - 10]);
    // Both worlds draw the same keys from the same seed, so their notes agree; another seed's do not.
    assert_eq!(other.ledger.checkpoint().unwrap(), note);
    let third = tempfile::tempdir().unwrap();
    let stranger =
        crate::Ledger::create(third.path(), super::builders::options(9), &super::builders::stamp(0), "0.1.0").unwrap();
    refused(&stranger.checkpoint().unwrap());
    // A witness's line beside ours is none of our business.
    let with_witness = format!("{note}— witness.example AAAAAAAA\n");
    assert_eq!(verifier.open_checkpoint(&with_witness).unwrap().size, 1);
    for bad in ["", "a+b+c", "name+00000000+AQ=="] {
        assert!(matches!(NoteVerifier::from_vkey(bad), Err(LedgerError::BadInput(_))));
    }
}

#[test]
fn an_attestation_is_an_in_toto_statement_in_a_dsse_envelope() {
    let w = World::new();
    let subject = w.objects[0];
    let digest = w
        .ledger
        .attest(
            "https://in-toto.io/attestation/test-result/v0.1",
            &[("model".into(), subject)],
            json!({"result": "PASSED"}),
        )
        .unwrap();
    let envelope: Value = serde_json::from_slice(&w.ledger.get(&digest).unwrap()).unwrap();
    let text = |key: &str| envelope[key].as_str().unwrap().to_owned();
    let payload = STANDARD.decode(text("payload")).unwrap();
    let statement: Value = serde_json::from_slice(&payload).unwrap();
    assert_eq!(statement["_type"], "https://in-toto.io/Statement/v1");
    assert_eq!(statement["subject"][0]["digest"]["sha256"], subject.to_string());
    assert_eq!(statement["predicate"]["result"], "PASSED");
    // DSSEv1's pre-authentication encoding, written out.
    let mut signed =
        format!("DSSEv1 {} {} {} ", text("payloadType").len(), text("payloadType"), payload.len()).into_bytes();
    signed.extend(&payload);
    let keys = w.ledger.keys().unwrap();
    let public = VerifyingKey::from_public_key_pem(&keys.log_pem).unwrap();
    let signature = STANDARD.decode(envelope["signatures"][0]["sig"].as_str().unwrap()).unwrap();
    public.verify_strict(&signed, &Signature::from_slice(&signature).unwrap()).unwrap();
    assert_eq!(envelope["signatures"][0]["keyid"], keys.log_fingerprint.to_string());
    assert_eq!(w.ledger.attest("x", &[], json!({})).unwrap_err().code(), Code::BadInput);
}

#[test]
fn a_model_signature_verifies_with_the_published_key() {
    use p256::ecdsa::signature::Verifier;
    let w = World::new();
    let pem = w.ledger.keys().unwrap().model_pem;
    let key = p256::ecdsa::VerifyingKey::from_public_key_pem(&pem).unwrap();
    let der = w.ledger.sign_model(b"manifest").unwrap();
    let signature = p256::ecdsa::Signature::from_der(&der).unwrap();
    key.verify(b"manifest", &signature).unwrap();
    assert!(key.verify(b"another", &signature).is_err());
    assert_eq!(w.ledger.sign_model(b"manifest").unwrap(), der);
    // The digest that the first event names is the PEM's.
    assert!(w.ledger.has(&Digest::of(pem.as_bytes())));
}
