//! Servers: what they confirm, what is refused, and what is left of them.

use super::builders::{World, lease, model, run_id};
use crate::LedgerError;
use driftgate_model::{Digest, EventBody, ServedModel};

fn confirmed(server: u64, models: &[(&str, u32, Digest)]) -> EventBody {
    let served = |(name, version, artifact): &(&str, u32, Digest)| ServedModel {
        model: model(name),
        version: *version,
        artifact: *artifact,
    };
    EventBody::ServerConfirmed {
        server: run_id(server),
        address: "127.0.0.1:8000".into(),
        lease: lease(),
        models: models.iter().map(served).collect(),
    }
}

fn world() -> World {
    let world = World::new();
    for body in world.events().two_versions() {
        world.append(body).unwrap();
    }
    world
}

#[test]
fn a_server_has_one_row_while_it_runs() {
    let world = world();
    let (first, second) = (world.objects[1], world.objects[2]);
    world.append(confirmed(9, &[("m", 1, first)])).unwrap();
    world.append(confirmed(8, &[])).unwrap();
    let seq = world.append(confirmed(9, &[("m", 2, second)])).unwrap();
    let rows = world.ledger.read(|view| view.servers()).unwrap();
    assert_eq!(rows.len(), 2);
    let row = rows.iter().find(|r| r.server == run_id(9)).unwrap();
    assert_eq!((row.seq, row.serves("m").map(|s| s.version), row.stopped), (seq, Some(2), false));
    assert!(row.started_at <= row.at && row.serves("other").is_none());
    assert!(world.verify().is_clean());
    world.ledger.rebuild_projections().unwrap();
    assert_eq!(world.ledger.read(|view| view.servers()).unwrap(), rows);
    world.append(EventBody::ServerStopped { server: run_id(9) }).unwrap();
    let left = world.ledger.read(|view| view.servers()).unwrap();
    assert_eq!(left.iter().map(|r| r.server.clone()).collect::<Vec<_>>(), [run_id(8)]);
    assert!(world.verify().is_clean());
    world.ledger.rebuild_projections().unwrap();
    assert_eq!(world.ledger.read(|view| view.servers()).unwrap(), left);
}

#[test]
fn a_server_confirms_only_what_is_registered() {
    let world = world();
    let (first, second) = (world.objects[1], world.objects[2]);
    for (why, body) in [
        ("another artifact", confirmed(9, &[("m", 1, second)])),
        ("no such version", confirmed(9, &[("m", 3, first)])),
        ("no such model", confirmed(9, &[("n", 1, first)])),
        ("a model twice", confirmed(9, &[("m", 1, first), ("m", 2, second)])),
        ("none runs", EventBody::ServerStopped { server: run_id(9) }),
    ] {
        let refused = world.append(body).unwrap_err();
        assert!(matches!(refused, LedgerError::Refused(_)), "{why}: {refused}");
    }
    let missing = world.append(confirmed(9, &[("m", 1, Digest::of(b"nowhere"))])).unwrap_err();
    assert!(matches!(missing, LedgerError::ObjectNotFound(_)), "{missing}");
    assert!(world.ledger.read(|view| view.servers()).unwrap().is_empty());
}

#[test]
fn a_secret_is_for_its_owner_and_replaced_whole() {
    let world = world();
    assert_eq!(world.ledger.secret("t").unwrap(), None);
    world.ledger.put_secret("t", b"one").unwrap();
    world.ledger.put_secret("t", b"two").unwrap();
    assert_eq!(world.ledger.secret("t").unwrap().as_deref(), Some(&b"two"[..]));
    assert!(world.ledger.put_secret("../t", b"x").is_err() && world.ledger.secret("a/b").is_err());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(world.folder().join("keys/t")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{mode:o}");
    }
}
