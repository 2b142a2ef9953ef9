//! Reviewers' keys: what they sign, and what is refused without them.

use super::builders::{Seeded, World, stamp, verify};
use crate::reviewer::check;
use crate::{LedgerError, ReviewerKey, Stamp};
use driftgate_model::{Event, EventBody, ReviewerRow};
use std::sync::Arc;

fn key(seed: u64) -> Arc<ReviewerKey> {
    Arc::new(ReviewerKey::generate(&Seeded::new(seed)).unwrap())
}

fn by(actor: &str, key: Option<&Arc<ReviewerKey>>) -> Stamp {
    Stamp { actor: actor.into(), reviewer: key.cloned(), ..stamp(2) }
}

fn registration(key: &ReviewerKey) -> EventBody {
    EventBody::ReviewerAdded { public_key: key.public_key().to_owned() }
}

/// A world where `ada` is registered and run 1 waits for a decision.
fn world(key: &Arc<ReviewerKey>) -> World {
    let w = World::on_file();
    let events = w.events();
    let mut bodies = events.two_versions();
    // Up to the first approval, which is for the test to make.
    let first = bodies.iter().position(|b| matches!(b, EventBody::RunApproved { .. })).unwrap();
    bodies.truncate(first);
    for body in bodies {
        w.append(body).unwrap();
    }
    w.ledger.write(|tx| tx.append(&by("ada", Some(key)), registration(key))).unwrap();
    w
}

fn approval(w: &World) -> EventBody {
    w.events().two_versions().into_iter().find(|b| matches!(b, EventBody::RunApproved { .. })).unwrap()
}

fn last(w: &World) -> (Event, Option<ReviewerRow>) {
    let size = w.ledger.head().unwrap().size;
    let event = w.ledger.read(|v| v.event(size - 1)).unwrap().unwrap();
    let rows = w.ledger.read(|v| v.reviewers()).unwrap();
    (event, rows.into_iter().next())
}

#[test]
fn decisions_of_a_registered_name_are_signed_or_refused() {
    let (ada, other) = (key(11), key(12));
    let w = world(&ada);
    for wrong in [None, Some(&other)] {
        let refused = w.ledger.write(|tx| tx.append(&by("ada", wrong), approval(&w)));
        assert!(matches!(&refused, Err(LedgerError::ReviewerKey(name)) if name == "ada"), "{refused:?}");
    }
    w.ledger.write(|tx| tx.append(&by("ada", Some(&ada)), approval(&w))).unwrap();
    let (event, _) = last(&w);
    assert_eq!(event.signed.map(|s| s.key), Some(ada.fingerprint()));
    let model = w.ledger.read(|v| v.model("m")).unwrap().unwrap();
    assert_eq!(model.history.last().unwrap().signed_by, Some(ada.fingerprint()));

    assert!(verify(&w.ledger).is_clean());
    w.ledger.rebuild_projections().unwrap();
    assert!(verify(&w.ledger).is_clean());
}

#[test]
fn what_a_machine_records_and_what_others_decide_needs_no_key() {
    let ada = key(11);
    let w = world(&ada);
    w.ledger.write(|tx| tx.append(&by("ada", None), w.events().started(9, "d", "m"))).unwrap();
    assert_eq!(last(&w).0.signed, None);
    // A key at hand signs nothing under a name that it is not registered for.
    w.ledger.write(|tx| tx.append(&by("grace", Some(&ada)), approval(&w))).unwrap();
    assert_eq!(last(&w).0.signed, None);
    assert!(verify(&w.ledger).is_clean());
}

#[test]
fn a_name_is_registered_once_and_with_a_proof_of_the_key() {
    let (ada, other) = (key(11), key(12));
    let w = world(&ada);
    let again = w.ledger.write(|tx| tx.append(&by("ada", Some(&other)), registration(&other)));
    assert!(matches!(again, Err(LedgerError::Refused(_))), "{again:?}");
    let unproven = w.ledger.write(|tx| tx.append(&by("grace", Some(&ada)), registration(&other)));
    assert!(matches!(unproven, Err(LedgerError::ReviewerKey(_))), "{unproven:?}");
    let no_key = EventBody::ReviewerAdded { public_key: "-----BEGIN PUBLIC KEY-----".into() };
    w.ledger.write(|tx| tx.append(&by("grace", Some(&ada)), no_key)).unwrap_err();
    assert_eq!(w.ledger.read(|v| v.reviewers()).unwrap().len(), 1);
}

#[test]
fn a_signature_holds_for_one_event_only() {
    let ada = key(11);
    let w = world(&ada);
    w.ledger.write(|tx| tx.append(&by("ada", Some(&ada)), approval(&w))).unwrap();
    let (event, row) = last(&w);
    check(&event, row.as_ref()).unwrap();
    let changes: [fn(&mut Event); 6] = [
        |e| e.seq += 1,
        |e| e.via = "window".into(),
        |e| e.prev = driftgate_model::Digest::ZERO,
        |e| e.signed = None,
        |e| e.signed.as_mut().unwrap().key = driftgate_model::Digest::ZERO,
        |e| e.signed.as_mut().unwrap().sig.replace_range(0..4, "AAAA"),
    ];
    for (i, change) in changes.into_iter().enumerate() {
        let mut changed = event.clone();
        change(&mut changed);
        assert!(matches!(check(&changed, row.as_ref()), Err(LedgerError::Refused(_))), "change {i}");
    }
    // Nobody registered: a signature has nothing to stand on.
    assert!(matches!(check(&event, None), Err(LedgerError::Refused(_))));
}

#[test]
fn a_key_is_written_once_for_its_owner_only_and_read_back() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("new").join("reviewer.pem");
    assert_eq!(ReviewerKey::read(&path).unwrap(), None);
    let ada = key(11);
    ada.write_new(&path).unwrap();
    assert_eq!(ReviewerKey::read(&path).unwrap().as_ref(), Some(ada.as_ref()));
    assert!(key(12).write_new(&path).is_err(), "a key is never written over");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    std::fs::write(&path, "no key").unwrap();
    assert!(matches!(ReviewerKey::read(&path), Err(LedgerError::BadInput(_))));
    assert!(!format!("{ada:?}").contains("PRIVATE"), "a key is never printed");
}
