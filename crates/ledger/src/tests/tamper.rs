//! A change anywhere is found, and named.

use super::builders::{World, options, verify};
use crate::sim::Disk;
use crate::store::Medium;
use crate::tables;
use crate::{EventFilter, FaultKind, Ledger, VerifyOptions, VerifyReport};
use driftgate_model::{CancelToken, Code, Coded, Digest, NullObserver};
use redb::{Database, ReadableTable, WriteTransaction};

/// A world with a bit of everything, and its ledger file.
fn world() -> (World, Vec<u8>) {
    let w = World::new();
    for body in w.events().two_versions() {
        w.append(body).unwrap();
    }
    w.append(w.events().started(3, "d", "n")).unwrap();
    let image = w.disk.image();
    (w, image)
}

/// Changes the file behind the ledger's back and verifies it.
fn after(w: &World, image: &[u8], change: impl FnOnce(&WriteTransaction)) -> VerifyReport {
    let disk = Disk::holding(image.to_vec());
    let ledger = Ledger::open_on(Medium::Simulated(disk.clone()), w.root(), options(5)).unwrap();
    let database = Database::builder().create_with_backend(disk.backend()).unwrap();
    let transaction = database.begin_write().unwrap();
    change(&transaction);
    transaction.commit().unwrap();
    drop(database);
    let presence = VerifyOptions { objects: false, ..VerifyOptions::default() };
    ledger.verify(&presence, &NullObserver, &CancelToken::new()).unwrap()
}

/// A bit that depends on the place, so that over all entries every part of a value gets its turn.
fn flipped(bytes: &[u8], salt: u64) -> Vec<u8> {
    let draw = u64::from_le_bytes(Digest::of(&salt.to_le_bytes()).0[..8].try_into().unwrap());
    let bit = usize::try_from(draw).unwrap() % (bytes.len() * 8);
    let mut bytes = bytes.to_vec();
    bytes[bit / 8] ^= 1 << (bit % 8);
    bytes
}

#[track_caller]
fn assert_named(report: &VerifyReport, kind: FaultKind, place: &str) {
    let first = report.first_fault.as_ref().unwrap_or_else(|| panic!("nothing found for {place}"));
    assert_eq!((first.kind, first.place.as_str()), (kind, place), "{:?}", report.faults);
}

#[test]
fn untouched_it_is_clean() {
    let (w, image) = world();
    let report = after(&w, &image, |_| {});
    assert!(report.is_clean(), "{report:?}");
    assert_eq!((report.events, report.nodes), (11, 11 + 5 + 2 + 1));
    assert!(report.rows > 40, "{report:?}");
}

#[test]
fn a_flipped_bit_in_any_event_is_found_there() {
    let (w, image) = world();
    for seq in 0..11 {
        for salt in 0..4 {
            let report = after(&w, &image, |t| {
                let mut table = t.open_table(tables::EVENTS).unwrap();
                let bytes = flipped(table.get(seq).unwrap().unwrap().value(), seq * 31 + salt);
                table.insert(seq, bytes.as_slice()).unwrap();
            });
            assert_named(&report, FaultKind::Event, &format!("event {seq}"));
            assert_eq!(report.rows, 0, "what follows from a damaged event is not blamed");
        }
        let report = after(&w, &image, |t| {
            t.open_table(tables::EVENTS).unwrap().remove(seq).unwrap();
        });
        if seq < 10 {
            assert_named(&report, FaultKind::Event, &format!("event {seq}"));
        } else {
            // The last one gone looks like a shorter log: the tree and the checkpoint know better.
            assert!(!report.is_clean());
            assert!(report.faults.iter().any(|f| f.kind == FaultKind::Checkpoint));
        }
    }
}

#[test]
fn a_flipped_bit_in_any_node_is_found_there() {
    let (w, image) = world();
    let keys: Vec<u64> = (0..11)
        .map(|i| tables::node_key(0, i))
        .chain((0..5).map(|i| tables::node_key(1, i)))
        .chain((0..2).map(|i| tables::node_key(2, i)))
        .chain([tables::node_key(3, 0)])
        .collect();
    for key in keys {
        let (level, index) = (key >> 56, key & 0xff);
        let report = after(&w, &image, |t| {
            let mut table = t.open_table(tables::NODES).unwrap();
            let bytes: [u8; 32] = flipped(table.get(key).unwrap().unwrap().value(), key).try_into().unwrap();
            table.insert(key, &bytes).unwrap();
        });
        let place = format!("node {index} of level {level} of the tree");
        if level == 0 {
            // A leaf is held against its event, and only then the nodes above against the leaf.
            assert_named(&report, FaultKind::Event, &format!("event {index}"));
        } else {
            assert_named(&report, FaultKind::Node, &place);
        }
        let report = after(&w, &image, |t| {
            t.open_table(tables::NODES).unwrap().remove(key).unwrap();
        });
        assert_named(&report, FaultKind::Node, &place);
    }
    let report = after(&w, &image, |t| {
        t.open_table(tables::NODES).unwrap().insert(tables::node_key(5, 0), &[1; 32]).unwrap();
    });
    assert_named(&report, FaultKind::Node, "node 0 of level 5 of the tree");
}

#[test]
fn an_event_far_behind_the_others_is_not_counted_up_to() {
    let (w, image) = world();
    for far in [12, 1 << 40, u64::MAX - 1, u64::MAX] {
        let mut copy = Vec::new();
        let report = after(&w, &image, |t| {
            let mut table = t.open_table(tables::EVENTS).unwrap();
            copy.extend_from_slice(table.get(10).unwrap().unwrap().value());
            table.insert(far, copy.as_slice()).unwrap();
        });
        assert_named(&report, FaultKind::Event, "event 11");
        assert!(report.first_fault.unwrap().detail.contains(&format!("event {far} comes next")));
        assert_eq!((report.events, report.rows), (11, 0));
    }
}

#[test]
fn the_raw_log_is_the_bytes_as_they_are_stored() {
    let (w, image) = world();
    let disk = Disk::holding(image);
    let database = Database::builder().create_with_backend(disk.backend()).unwrap();
    let transaction = database.begin_write().unwrap();
    let mut stored = w.ledger.read(|v| v.entries(0, v.size()?)).unwrap();
    // What a reader of events passes over: another canonical form would not show it.
    stored[4].insert(1, b' ');
    transaction.open_table(tables::EVENTS).unwrap().insert(4, stored[4].as_slice()).unwrap();
    transaction.commit().unwrap();
    drop(database);
    let ledger = Ledger::open_on(Medium::Simulated(disk), w.root(), options(5)).unwrap();
    assert_eq!(ledger.raw_log(&EventFilter::default()).unwrap(), stored);
    let runs = EventFilter { kinds: vec!["run.stage".into()], ..EventFilter::default() };
    assert_eq!(ledger.raw_log(&runs).unwrap(), stored[3..5]);
}

#[test]
fn an_id_that_is_none_is_damage_and_no_panic() {
    let (w, image) = world();
    for id in ["", "x", "é", &"é".repeat(18), &super::builders::run_id(1).as_str().to_uppercase()] {
        let disk = Disk::holding(image.clone());
        let database = Database::builder().create_with_backend(disk.backend()).unwrap();
        let transaction = database.begin_write().unwrap();
        let event = w.ledger.read(|v| v.event_bytes(2)).unwrap().unwrap();
        let event = String::from_utf8(event).unwrap().replace(super::builders::run_id(1).as_str(), id);
        transaction.open_table(tables::EVENTS).unwrap().insert(2, event.as_bytes()).unwrap();
        transaction.commit().unwrap();
        drop(database);
        let ledger = Ledger::open_on(Medium::Simulated(disk), w.root(), options(5)).unwrap();
        assert_eq!(ledger.audit_log(&EventFilter::default()).unwrap_err().code(), Code::Corrupt, "{id}");
        assert_named(&verify(&ledger), FaultKind::Event, "event 2");
    }
}

/// Flips a bit in, and removes, each row of a table; both must be named.
macro_rules! check_rows {
    ($w:expr, $image:expr, $table:expr, $name:literal, $keys:expr, $label:expr) => {
        for (i, key) in $keys.into_iter().enumerate() {
            let place = format!("entry {} of the table `{}`", $label(&key), $name);
            let report = after($w, $image, |t| {
                let mut table = t.open_table($table).unwrap();
                let bytes = flipped(table.get(&key).unwrap().unwrap().value(), i as u64);
                table.insert(&key, bytes.as_slice()).unwrap();
            });
            assert_named(&report, FaultKind::Projection, &place);
            let report = after($w, $image, |t| {
                t.open_table($table).unwrap().remove(&key).unwrap();
            });
            assert_named(&report, FaultKind::Projection, &place);
            assert_eq!(report.first_fault.unwrap().detail, "it is missing");
        }
    };
}

#[test]
fn a_flipped_bit_in_any_row_is_found_there() {
    let (w, image) = world();
    check_rows!(&w, &image, tables::DATASETS, "datasets", ["d"], |k: &&str| format!("`{k}`"));
    check_rows!(&w, &image, tables::MODELS, "models", ["m"], |k: &&str| format!("`{k}`"));
    check_rows!(&w, &image, tables::RUNS, "runs", [2_u64, 7, 10], |k: &u64| k.to_string());
}

#[test]
fn a_change_in_any_index_is_found_there() {
    let (w, image) = world();
    let id = super::builders::run_id(1);
    let backwards = crate::view::backwards(id.as_str());
    for (name, table, key) in
        [("run_ids", tables::RUN_IDS, id.as_str()), ("run_endings", tables::RUN_ENDINGS, backwards.as_str())]
    {
        let place = format!("entry `{key}` of the table `{name}`");
        let report = after(&w, &image, |t| {
            t.open_table(table).unwrap().insert(key, 3).unwrap();
        });
        assert_named(&report, FaultKind::Projection, &place);
        let report = after(&w, &image, |t| {
            t.open_table(table).unwrap().remove(key).unwrap();
        });
        assert_named(&report, FaultKind::Projection, &place);
    }
    let report = after(&w, &image, |t| {
        t.open_table(tables::RUNNING).unwrap().insert(2, ()).unwrap();
    });
    assert_named(&report, FaultKind::Projection, "entry 2 of the table `running`");
    assert_eq!(report.first_fault.unwrap().detail, "no event accounts for it");
    let report = after(&w, &image, |t| {
        t.open_table(tables::RUNNING).unwrap().remove(10).unwrap();
    });
    assert_named(&report, FaultKind::Projection, "entry 10 of the table `running`");
    for (name, table, key) in
        [("by_kind", tables::BY_KIND, "run.started"), ("by_subject", tables::BY_SUBJECT, "dataset:d")]
    {
        let report = after(&w, &image, |t| {
            t.open_table(table).unwrap().remove((key, 7)).unwrap();
        });
        assert_named(&report, FaultKind::Projection, &format!("entry `{key}`, event 7 of the table `{name}`"));
        let report = after(&w, &image, |t| {
            t.open_table(table).unwrap().insert((key, 4), ()).unwrap();
        });
        assert_named(&report, FaultKind::Projection, &format!("entry `{key}`, event 4 of the table `{name}`"));
    }
    let actor = w.ledger.audit_log(&Default::default()).unwrap()[0].actor.commitment;
    for (name, table, key) in [("by_object", tables::BY_OBJECT, w.objects[1]), ("by_actor", tables::BY_ACTOR, actor)] {
        let report = after(&w, &image, |t| {
            t.open_table(table).unwrap().remove((key.as_bytes(), 7)).unwrap();
        });
        assert_named(&report, FaultKind::Projection, &format!("entry `{key}`, event 7 of the table `{name}`"));
        let report = after(&w, &image, |t| {
            t.open_table(table).unwrap().insert((key.as_bytes(), 99), ()).unwrap();
        });
        assert_named(&report, FaultKind::Projection, &format!("entry `{key}`, event 99 of the table `{name}`"));
    }
}

#[test]
fn a_change_in_any_fact_about_the_file_is_found_there() {
    let (w, image) = world();
    let with = |key: &str, value: &str| {
        after(&w, &image, |t| {
            t.open_table(tables::META).unwrap().insert(key, value.as_bytes()).unwrap();
        })
    };
    assert_named(&with("schema", "x"), FaultKind::Meta, "entry `schema` of the table `meta`");
    assert_named(&with("projections", "0"), FaultKind::Meta, "entry `projections` of the table `meta`");
    assert_named(&with("origin", "other"), FaultKind::Meta, "entry `origin` of the table `meta`");
    let note = w.ledger.checkpoint().unwrap();
    for i in (0..note.len()).step_by(7) {
        let changed = flipped(note.as_bytes(), i as u64);
        let report = after(&w, &image, |t| {
            t.open_table(tables::META).unwrap().insert("checkpoint", changed.as_slice()).unwrap();
        });
        assert_named(&report, FaultKind::Checkpoint, "the checkpoint in the ledger");
    }
}

#[test]
fn an_earlier_checkpoint_catches_a_history_that_was_written_anew() {
    let (w, _) = world();
    let kept = w.ledger.checkpoint().unwrap();
    w.append(w.events().dataset("e", 1)).unwrap();
    let with = |ledger: &Ledger, note: &str| {
        let options = VerifyOptions { checkpoint: Some(note.to_owned()), ..VerifyOptions::default() };
        ledger.verify(&options, &NullObserver, &CancelToken::new()).unwrap()
    };
    assert!(with(&w.ledger, &kept).is_clean());
    assert!(with(&w.ledger, "no checkpoint").first_fault.unwrap().detail.contains("signature block"));
    // The same keys, other events: clean in itself, found out by the checkpoint that somebody kept.
    let forged = World::new();
    for n in 0..20 {
        forged.append(forged.events().dataset(&format!("x{n}"), 1)).unwrap();
    }
    assert!(forged.verify().is_clean());
    let fault = with(&forged.ledger, &kept).first_fault.unwrap();
    assert_eq!(fault.kind, FaultKind::Checkpoint);
    assert!(fault.detail.contains("history was rewritten"), "{fault}");
    // A forged head file is found out in the same way.
    std::fs::write(forged.folder().join("head"), &kept).unwrap();
    assert_eq!(forged.verify().first_fault.unwrap().kind, FaultKind::Head);
}

#[test]
fn damaged_and_missing_objects_are_named() {
    let (w, _) = world();
    let victim = w.objects[2];
    let path = w.ledger.object_path(&victim);
    let bytes = std::fs::read(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    let fault = w.verify().first_fault.unwrap();
    assert_eq!((fault.kind, fault.place), (FaultKind::Object, format!("object {victim}")));
    assert!(fault.detail.contains("event 1 names it"), "{}", fault.detail);
    std::fs::write(&path, flipped(&bytes, 3)).unwrap();
    let fault = w.verify().first_fault.unwrap();
    assert_eq!((fault.kind, fault.place), (FaultKind::Object, format!("object {victim}")));
    std::fs::write(&path, &bytes).unwrap();
    assert!(w.verify().is_clean());
    // An unnamed object is hashed as well.
    let spare = w.ledger.put(b"spare").unwrap();
    std::fs::remove_file(w.ledger.object_path(&spare)).unwrap();
    std::fs::write(w.ledger.object_path(&spare), b"spoilt").unwrap();
    assert_eq!(w.verify().first_fault.unwrap().place, format!("object {spare}"));
}

#[test]
fn a_foreign_or_damaged_key_is_named_and_a_missing_one_is_not_a_fault() {
    let (w, _) = world();
    let stranger = tempfile::tempdir().unwrap();
    Ledger::create(stranger.path(), options(9), &super::builders::stamp(0), "0.1.0").unwrap();
    let keys = w.folder().join("keys");
    let original = std::fs::read(keys.join("log.ed25519.pem")).unwrap();
    std::fs::copy(stranger.path().join(".driftgate/keys/log.ed25519.pem"), keys.join("log.ed25519.pem")).unwrap();
    let report = verify(&w.ledger);
    assert_eq!(report.first_fault.unwrap().kind, FaultKind::Key);
    std::fs::write(keys.join("log.ed25519.pem"), "not a key").unwrap();
    assert_eq!(verify(&w.ledger).first_fault.unwrap().kind, FaultKind::Key);
    std::fs::remove_file(keys.join("log.ed25519.pem")).unwrap();
    assert!(verify(&w.ledger).is_clean());
    std::fs::write(keys.join("log.ed25519.pem"), original).unwrap();
    assert!(verify(&w.ledger).is_clean());
}

#[test]
fn random_bits_of_the_file_never_panic_and_never_pass_as_another_history() {
    let (w, image) = world();
    let entries = w.ledger.read(|v| v.entries(0, v.size()?)).unwrap();
    let head = std::fs::read_to_string(w.folder().join("head")).unwrap();
    let (mut refused, mut found, mut clean) = (0, 0, 0);
    let rounds = if std::env::var_os("DRIFTGATE_DEEP").is_some() { 20_000 } else { 400 };
    // Most of the file is empty: aim at the pages that hold something, and within them at their zeros as well, since the
    // high bytes of a key are some.
    const PAGE: usize = 4096;
    let written = |i: usize| image[i / PAGE * PAGE..].iter().take(PAGE).any(|b| *b != 0);
    let (zeros, used): (Vec<usize>, Vec<usize>) =
        (0..image.len()).filter(|i| written(*i)).partition(|i| image[*i] == 0);
    for round in 0..rounds {
        std::fs::write(w.folder().join("head"), &head).unwrap();
        let mut changed = image.clone();
        let draw = Digest::of(&(round as u64).to_le_bytes()).0;
        let aim = if round % 2 == 0 { &used } else { &zeros };
        let at = usize::from_le_bytes(draw[..8].try_into().unwrap()) % aim.len();
        changed[aim[at]] ^= 1 << (draw[8] % 8);
        let opened = Ledger::open_on(Medium::Simulated(Disk::holding(changed)), w.root(), options(5));
        let Ok(ledger) = opened else {
            refused += 1;
            continue;
        };
        let presence = VerifyOptions { objects: false, ..VerifyOptions::default() };
        match ledger.verify(&presence, &NullObserver, &CancelToken::new()) {
            Ok(report) if report.is_clean() => {
                clean += 1;
                assert_eq!(ledger.read(|v| v.entries(0, v.size()?)).unwrap(), entries, "round {round}");
            }
            Ok(_) => found += 1,
            Err(_) => refused += 1,
        }
    }
    assert!(found > 0 && clean + refused > 0, "{refused} refused, {found} found, {clean} clean");
}
