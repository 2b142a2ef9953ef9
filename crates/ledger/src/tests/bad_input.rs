//! Wrong folders, wrong files, wrong values: a typed error, and nothing half-made.

use super::builders::{Events, World, options, run_id, stamp};
use crate::{Ledger, LedgerError, MAX_EVENT_BYTES, tables};
use driftgate_model::{Code, Coded, Digest, EventBody, RunStatus};
use std::path::Path;

fn entries(folder: &Path) -> usize {
    std::fs::read_dir(folder).unwrap().count()
}

#[test]
fn a_folder_that_is_no_workspace_stays_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let error = Ledger::open(dir.path(), options(1)).unwrap_err();
    assert_eq!(error.code(), Code::NotAWorkspace);
    assert!(error.hint().unwrap().contains("driftgate init"));
    assert_eq!(entries(dir.path()), 0);
    let nowhere = dir.path().join("nowhere");
    assert_eq!(Ledger::open(&nowhere, options(1)).unwrap_err().code(), Code::NotAWorkspace);
    assert!(!nowhere.exists());
}

#[test]
fn a_ledger_file_that_is_missing_empty_or_rubbish_is_named() {
    let w = World::on_file();
    let file = w.folder().join("ledger.redb");
    let good = std::fs::read(&file).unwrap();
    let text = b"A text file that somebody put there, longer than a header of the ledger file would be. ".repeat(99);
    for bad in [Vec::new(), b"x".to_vec(), text, good[..good.len() / 2].to_vec(), vec![0; good.len()]] {
        std::fs::write(&file, &bad).unwrap();
        let error = Ledger::open(w.root(), options(2)).unwrap_err();
        assert_eq!(error.code(), Code::Corrupt, "{} bytes: {error}", bad.len());
        assert!(error.to_string().contains("ledger.redb"), "{error}");
        let error = w.append(w.events().dataset("d", 1)).unwrap_err();
        assert_eq!(error.code(), Code::Corrupt, "{} bytes: {error}", bad.len());
    }
    std::fs::remove_file(&file).unwrap();
    let error = Ledger::open(w.root(), options(2)).unwrap_err();
    assert_eq!(error.code(), Code::Corrupt);
    assert!(error.to_string().contains("missing"));
    assert!(w.ledger.read(|v| v.size()).is_err());
    assert!(!file.exists(), "reading must not make one");
    std::fs::write(&file, good).unwrap();
    assert!(w.verify().is_clean());
}

#[test]
fn a_newer_schema_or_newer_projections_are_refused() {
    for (key, value) in [(tables::META_SCHEMA, "2"), (tables::META_PROJECTIONS, "99")] {
        let w = World::on_file();
        let database = redb::Database::open(w.folder().join("ledger.redb")).unwrap();
        let transaction = database.begin_write().unwrap();
        transaction.open_table(tables::META).unwrap().insert(key, value.as_bytes()).unwrap();
        transaction.commit().unwrap();
        drop(database);
        let error = Ledger::open(w.root(), options(2)).unwrap_err();
        assert_eq!(error.code(), Code::Newer);
        assert!(error.to_string().contains(&format!("version {value}")), "{error}");
        assert!(error.hint().unwrap().contains("newer Driftgate"));
    }
}

#[test]
fn an_event_that_names_what_is_not_stored_is_refused() {
    let w = World::new();
    let absent = Digest::of(b"never stored");
    let events = Events { objects: vec![w.objects[0], absent, w.objects[2], w.objects[3]], sealed: w.sealed };
    let error = w.append(events.dataset("d", 1)).unwrap_err();
    assert!(matches!(error, LedgerError::ObjectNotFound(d) if d == absent), "{error}");
    assert_eq!(w.ledger.head().unwrap().size, 1);
}

#[test]
fn values_without_a_canonical_form_and_events_too_long_are_refused() {
    let w = World::new();
    let e = w.events();
    w.append(e.dataset("d", 1)).unwrap();
    let EventBody::RunStarted { mut subject, lease } = e.started(1, "d", "m") else { panic!() };
    subject.random_seed = u64::MAX;
    let error = w.append(EventBody::RunStarted { subject: subject.clone(), lease: lease.clone() }).unwrap_err();
    assert!(matches!(error, LedgerError::NotCanonical(_)) && error.code() == Code::BadInput, "{error}");
    w.append(e.started(1, "d", "m")).unwrap();
    let finished = |metrics, violations| {
        let EventBody::RunFinished { run, artifact, evaluation, gate, error, provenance, gate_statement, .. } =
            e.finished(1, RunStatus::Blocked)
        else {
            panic!()
        };
        EventBody::RunFinished {
            run,
            status: RunStatus::Blocked,
            metrics,
            artifact,
            evaluation,
            gate,
            violations,
            error,
            provenance,
            gate_statement,
        }
    };
    let rules = vec!["accuracy".to_owned()];
    let nan = finished([("x".to_owned(), f64::NAN)].into(), rules.clone());
    assert_eq!(w.append(nan).unwrap_err().code(), Code::BadInput);
    let long = finished(Default::default(), vec!["r".repeat(MAX_EVENT_BYTES)]);
    let error = w.append(long).unwrap_err();
    assert!(matches!(error, LedgerError::EventTooLarge { kind: "run.finished", .. }), "{error}");
    assert!(error.to_string().contains("65535"), "{error}");
    // The longest event that fits goes through.
    let spare = MAX_EVENT_BYTES
        - w.ledger
            .write(|t| {
                t.append(&stamp(1), finished(Default::default(), rules.clone()))?;
                let bytes = t.event_bytes(3)?.unwrap().len();
                Err::<(), _>(LedgerError::Internal(bytes.to_string()))
            })
            .map_or_else(|e| e.to_string().rsplit(' ').next().unwrap().parse::<usize>().unwrap(), |()| 0);
    let body = finished(Default::default(), vec!["r".repeat("accuracy".len() + spare)]);
    let seq = w.append(body).unwrap();
    assert_eq!(w.ledger.read(|v| v.event_bytes(seq)).unwrap().unwrap().len(), MAX_EVENT_BYTES);
    assert!(w.verify().is_clean());
    assert_eq!(w.ledger.read(|v| v.run(&run_id(1))).unwrap().unwrap().status, RunStatus::Blocked);
}

#[test]
fn a_synchronised_folder_is_refused_with_the_reason() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("Dropbox").join("project");
    let error = Ledger::create(&root, options(1), &stamp(0), "0.1.0").unwrap_err();
    assert_eq!(error.code(), Code::BadInput);
    assert!(error.to_string().contains("Dropbox synchronises"), "{error}");
    assert_eq!(entries(&root), 0);
    // One that was moved there is not opened either.
    let w = World::on_file();
    std::fs::rename(w.folder(), root.join(".driftgate")).unwrap();
    let error = Ledger::open(&root, options(1)).unwrap_err();
    assert_eq!(error.code(), Code::BadInput);
    assert!(error.to_string().contains("Dropbox synchronises"), "{error}");
    std::fs::rename(root.join(".driftgate"), w.folder()).unwrap();
    assert!(w.verify().is_clean());
}

#[test]
fn a_table_of_another_kind_is_a_damaged_file() {
    let w = World::on_file();
    let change = |change: &dyn Fn(&redb::WriteTransaction)| {
        let database = redb::Database::open(w.folder().join("ledger.redb")).unwrap();
        let transaction = database.begin_write().unwrap();
        change(&transaction);
        transaction.commit().unwrap();
    };
    let told = || {
        let error = w.ledger.read(|v| v.models()).unwrap_err();
        assert_eq!(error.code(), Code::Corrupt, "{error}");
        assert!(error.to_string().contains("`models`"), "{error}");
        assert_eq!(w.verify().first_fault.unwrap().kind, crate::FaultKind::File);
    };
    change(&|t| {
        t.delete_table(tables::MODELS).unwrap();
        t.open_multimap_table(redb::MultimapTableDefinition::<&str, &[u8]>::new("models")).unwrap();
    });
    told();
    change(&|t| {
        t.delete_multimap_table(redb::MultimapTableDefinition::<&str, &[u8]>::new("models")).unwrap();
        t.open_table(redb::TableDefinition::<u64, u64>::new("models")).unwrap();
    });
    told();
}

#[test]
fn a_missing_key_stops_writing_but_not_reading() {
    let w = World::on_file();
    let keys = w.ledger.keys().unwrap();
    std::fs::remove_file(w.folder().join("keys/log.ed25519.pem")).unwrap();
    let ledger = Ledger::open(w.root(), options(2)).unwrap();
    let error = ledger.write(|t| t.append(&stamp(1), w.events().dataset("d", 1))).unwrap_err();
    assert_eq!(error.code(), Code::Io);
    assert!(error.to_string().contains("log.ed25519.pem"), "{error}");
    assert_eq!(ledger.read(|v| v.size()).unwrap(), 1);
    assert_eq!(ledger.keys().unwrap(), keys, "the first event names the public halves");
    assert!(super::builders::verify(&ledger).is_clean());
}

#[test]
fn files_that_are_no_regular_files_are_not_copied() {
    let w = World::on_file();
    assert_eq!(w.ledger.put_file(w.root()).unwrap_err().code(), Code::BadInput);
    let error = w.ledger.put_file(&w.root().join("absent.csv")).unwrap_err();
    assert_eq!(error.code(), Code::Io);
    assert!(error.to_string().contains("absent.csv"), "{error}");
}

#[cfg(unix)]
#[test]
fn a_read_only_workspace_is_read_and_not_written() {
    use std::os::unix::fs::PermissionsExt;
    let w = World::on_file();
    let set = |path: &Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    let files = ["ledger.redb", "lock", "lock.queue", "head"].map(|n| w.folder().join(n));
    files.iter().for_each(|f| set(f, 0o444));
    set(&w.folder(), 0o555);
    let may_write_anyway = std::fs::write(w.folder().join("probe"), "").is_ok();
    if may_write_anyway {
        std::fs::remove_file(w.folder().join("probe")).unwrap();
        eprintln!("skipped: this user may write into read-only folders");
    } else {
        let ledger = Ledger::open(w.root(), options(2)).unwrap();
        assert_eq!(ledger.read(|v| v.size()).unwrap(), 1);
        assert!(super::builders::verify(&ledger).is_clean());
        let error = ledger.write(|t| t.append(&stamp(1), w.events().dataset("d", 1))).unwrap_err();
        assert_eq!(error.code(), Code::Io, "{error}");
        assert!(error.hint().unwrap().contains("writable"));
        let error = Ledger::create(&w.folder().join("inner"), options(2), &stamp(0), "0.1.0").unwrap_err();
        assert_eq!(error.code(), Code::Io, "{error}");
    }
    set(&w.folder(), 0o755);
}
