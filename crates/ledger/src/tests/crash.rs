//! What a power loss leaves: every point of a history, with what was synced and any part of what was not.

use super::builders::{World, options, stamp};
use crate::sim::{Disk, Op, apply};
use crate::store::Medium;
use crate::{Ledger, VerifyOptions};
use driftgate_model::config::Stage;
use driftgate_model::{CancelToken, Code, Coded, Digest, EventBody, NullObserver, RunStatus};
use std::collections::BTreeSet;

/// A history of short opens, and when each write was acknowledged.
struct Recorded {
    world: World,
    base: Vec<u8>,
    ops: Vec<Op>,
    /// After so many operations the caller knew of so many events, and the head file said so.
    acknowledged: Vec<(usize, u64, String)>,
    entries: Vec<Vec<u8>>,
}

fn record() -> Recorded {
    let world = World::new();
    let base = world.disk.image();
    world.disk.record();
    let mut acknowledged = vec![(0, 1, world.ledger.checkpoint().unwrap())];
    let e = world.events();
    let mut bodies = e.two_versions();
    bodies.push(e.started(3, "d", "m"));
    bodies.push(e.stage(3, Stage::Preprocessing, false));
    bodies.push(e.finished(3, RunStatus::Blocked));
    // One, two or three events in a transaction.
    let mut rest: &[EventBody] = &bodies;
    for n in [1, 2, 1, 3].iter().cycle() {
        let (now, later) = rest.split_at((*n).min(rest.len()));
        rest = later;
        if now.is_empty() {
            break;
        }
        let size = world
            .ledger
            .write(|t| {
                for body in now {
                    t.append(&stamp(1), body.clone())?;
                }
                t.size()
            })
            .unwrap();
        let head = std::fs::read_to_string(world.folder().join("head")).unwrap();
        acknowledged.push((world.disk.op_count(), size, head));
    }
    let ops = world.disk.ops();
    let entries = world.ledger.read(|v| v.entries(0, v.size()?)).unwrap();
    Recorded { world, base, ops, acknowledged, entries }
}

/// Opens a crash image and checks it: a prefix of the history with everything acknowledged, sound, and writable.
fn check(history: &Recorded, image: Vec<u8>, at: usize, variant: &str) {
    let (_, known, head) = history.acknowledged.iter().rev().find(|(ops, ..)| *ops <= at).unwrap();
    std::fs::write(history.world.folder().join("head"), head).unwrap();
    let what = format!("crash after operation {at}, {variant}");
    let disk = Disk::holding(image);
    let ledger = Ledger::open_on(Medium::Simulated(disk), history.world.root(), options(5))
        .unwrap_or_else(|e| panic!("{what}: {e}"));
    let entries = ledger.read(|v| v.entries(0, v.size()?)).unwrap_or_else(|e| panic!("{what}: {e}"));
    assert!(entries.len() as u64 >= *known, "{what}: {} events, {known} acknowledged", entries.len());
    assert_eq!(entries, history.entries[..entries.len()], "{what}");
    let presence = VerifyOptions { objects: false, ..VerifyOptions::default() };
    let report = ledger.verify(&presence, &NullObserver, &CancelToken::new()).unwrap();
    assert!(report.is_clean(), "{what}: {report:?}");
    let next = history.world.events().dataset("after the crash", 1);
    let seq = ledger.write(|t| t.append(&stamp(2), next)).unwrap_or_else(|e| panic!("{what}: {e}"));
    assert_eq!(seq, entries.len() as u64, "{what}");
}

/// How many random subsets of the unsynced operations are tried at each point: a twentieth of the long proof by default.
fn subsets_per_point() -> u64 {
    if std::env::var_os("DRIFTGATE_DEEP").is_some() { 40 } else { 1 }
}

#[test]
fn every_crash_image_holds_a_prefix_with_everything_acknowledged() {
    let history = record();
    let mut synced = history.base.clone();
    let mut pending: Vec<&Op> = Vec::new();
    let mut seen = BTreeSet::new();
    let mut images = 0;
    for at in 0..=history.ops.len() {
        let mut try_image = |image: Vec<u8>, variant: &str| {
            // The same bytes with the same acknowledgement prove nothing twice.
            let known = history.acknowledged.iter().filter(|(ops, ..)| *ops <= at).count();
            if seen.insert((Digest::of(&image), known)) {
                images += 1;
                check(&history, image, at, variant);
            }
        };
        try_image(synced.clone(), "nothing unsynced kept");
        let mut all = synced.clone();
        pending.iter().for_each(|op| apply(&mut all, op, false));
        try_image(all, "everything kept");
        if let Some((last, earlier)) = pending.split_last() {
            let mut torn = synced.clone();
            earlier.iter().for_each(|op| apply(&mut torn, op, false));
            apply(&mut torn, last, true);
            try_image(torn, "the last write torn");
        }
        for n in 0..subsets_per_point() {
            let mut some = synced.clone();
            for (i, op) in pending.iter().enumerate() {
                let coin = Digest::of(&[at as u64, n, i as u64].map(u64::to_le_bytes).concat()).0[0];
                if coin & 1 == 1 {
                    apply(&mut some, op, coin & 0x0f == 1);
                }
            }
            try_image(some, "some kept");
        }
        match history.ops.get(at) {
            Some(Op::Sync) => {
                pending.iter().for_each(|op| apply(&mut synced, op, false));
                pending.clear();
            }
            Some(op) => pending.push(op),
            None => {}
        }
    }
    assert!(images > 300, "only {images} images");
}

#[test]
fn a_crash_within_a_transaction_needs_no_repair_of_the_file() {
    let w = World::on_file();
    for body in w.events().two_versions() {
        w.append(body).unwrap();
    }
    let crashed = w.root().join("crashed.redb");
    w.ledger
        .write(|t| {
            t.append(&stamp(1), w.events().dataset("never committed", 1))?;
            // The recovery flag is set in the file by now, as a crash would leave it.
            std::fs::copy(w.folder().join("ledger.redb"), &crashed).unwrap();
            Ok::<_, crate::LedgerError>(())
        })
        .unwrap();
    std::fs::write(w.folder().join("head"), "").unwrap();
    std::fs::copy(&crashed, w.folder().join("ledger.redb")).unwrap();
    // A file that was not closed is opened for writing once; a full repair, seconds at a million events, is not needed.
    assert!(Medium::File.open_to_read(&crate::place::Place::of(w.root())).unwrap().is_none());
    let mut builder = redb::Database::builder();
    builder.set_repair_callback(redb::RepairSession::abort);
    drop(builder.open(&crashed).unwrap());
    let ledger = Ledger::open(w.root(), options(2)).unwrap();
    assert_eq!(ledger.head().unwrap().size, 10);
    assert!(super::builders::verify(&ledger).is_clean());
}

#[test]
fn a_full_disk_at_any_operation_is_an_error_and_leaves_a_sound_ledger() {
    let w = World::new();
    w.append(w.events().dataset("d", 1)).unwrap();
    let before = w.disk.image();
    let head = std::fs::read_to_string(w.folder().join("head")).unwrap();
    let mut budget = 0;
    loop {
        let disk = Disk::holding(before.clone());
        std::fs::write(w.folder().join("head"), &head).unwrap();
        let ledger = Ledger::open_on(Medium::Simulated(disk.clone()), w.root(), options(5)).unwrap();
        disk.fail_after(Some(budget));
        let outcome = ledger.write(|t| t.append(&stamp(2), w.events().started(1, "d", "m")));
        disk.fail_after(None);
        let reopened = Ledger::open_on(Medium::Simulated(disk), w.root(), options(5)).unwrap();
        let report = super::builders::verify(&reopened);
        assert!(report.is_clean(), "budget {budget}: {report:?}");
        match outcome {
            Ok(seq) => {
                assert_eq!((seq, report.events), (2, 3));
                if budget > 400 {
                    break;
                }
            }
            Err(error) => {
                assert_eq!(error.code(), Code::Io, "budget {budget}: {error}");
                // The commit may have reached the disk before the failure, but never in part.
                assert!((2..=3).contains(&report.events), "budget {budget}");
            }
        }
        budget += if budget < 80 { 1 } else { 37 };
    }
    assert!(budget > 10, "the first operations must have failed");
}
