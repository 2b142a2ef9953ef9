//! Workspaces that other versions wrote.

use super::builders::{World, options, stamp, verify};
use crate::{Ledger, LedgerError, tables};
use driftgate_model::RunStatus;
use std::path::{Path, PathBuf};

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/schema-1")
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().flatten() {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Writes the fixture; run by hand when a schema is released, and never again for that schema:
/// `cargo nextest run -p driftgate-ledger --run-ignored only write_the_fixture`.
#[test]
#[ignore = "writes into the source tree"]
fn write_the_fixture() {
    let w = World::on_file();
    for body in w.events().two_versions() {
        w.append(body).unwrap();
    }
    w.append(w.events().started(3, "d", "m")).unwrap();
    assert!(!fixture().exists(), "a released fixture is never written again");
    copy(&w.folder().join("objects"), &fixture().join("objects"));
    for name in ["ledger.redb", "head"] {
        std::fs::copy(w.folder().join(name), fixture().join(name)).unwrap();
    }
}

#[test]
fn a_store_of_schema_1_opens_reads_and_verifies() {
    let dir = tempfile::tempdir().unwrap();
    // Committed without its private keys, so it can be read and verified but not written to.
    copy(&fixture(), &dir.path().join(".driftgate"));
    std::fs::create_dir(dir.path().join(".driftgate/segments")).unwrap();
    let ledger = Ledger::open(dir.path(), options(2)).unwrap();
    let report = verify(&ledger);
    assert!(report.is_clean(), "{report:?}");
    assert_eq!(report.events, 11);
    assert_eq!(report.root.to_string(), include_str!("../../tests/fixtures/schema-1.root").trim());
    ledger
        .read(|v| {
            let runs = v.runs(&Default::default())?;
            assert_eq!(runs.len(), 3);
            assert_eq!(runs[0].status, RunStatus::Running);
            let model = v.model("m")?.unwrap();
            assert_eq!((model.production, model.versions.len()), (Some(2), 2));
            assert_eq!(v.dataset("d")?.unwrap().test_looks, 1);
            Ok::<_, LedgerError>(())
        })
        .unwrap();
}

#[test]
fn projections_of_an_older_version_are_folded_anew_at_the_next_open() {
    let w = World::on_file();
    for body in w.events().two_versions() {
        w.append(body).unwrap();
    }
    let expected = w.ledger.read(|v| v.model("m")).unwrap();
    // Rows of an unknown form, and a table that is not kept any more.
    let database = redb::Database::open(w.folder().join("ledger.redb")).unwrap();
    let transaction = database.begin_write().unwrap();
    transaction.open_table(tables::META).unwrap().insert(tables::META_PROJECTIONS, b"0".as_slice()).unwrap();
    transaction.open_table(tables::MODELS).unwrap().insert("m", [0_u8, 1, 2].as_slice()).unwrap();
    transaction.open_table(tables::RUNS).unwrap().insert(2, [0_u8].as_slice()).unwrap();
    let abandoned: redb::TableDefinition<'_, u64, u64> = redb::TableDefinition::new("abandoned");
    transaction.open_table(abandoned).unwrap().insert(1, 2).unwrap();
    transaction.commit().unwrap();
    drop(database);
    let ledger = Ledger::open(w.root(), options(2)).unwrap();
    assert_eq!(ledger.read(|v| v.model("m")).unwrap(), expected);
    assert!(verify(&ledger).is_clean());
    ledger.write(|t| t.append(&stamp(1), w.events().dataset("e", 1))).unwrap();
    assert!(verify(&ledger).is_clean());
}
