//! Creating, opening, objects, segments, the log and its filters.

use super::builders::{World, options, run_id, stamp, time, verify};
use crate::{EventFilter, Head, Ledger, LedgerError, RunFilter, Stamp, StoredObject};
use driftgate_model::config::Stage;
use driftgate_model::{Code, Coded, Digest, EventBody, RunStatus};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

#[test]
fn a_new_workspace_has_its_folders_keys_and_first_event() {
    let w = World::on_file();
    for name in ["ledger.redb", "objects", "segments", "cache", "keys", ".gitignore", "head"] {
        assert!(w.folder().join(name).exists(), "{name}");
    }
    let gitignore = std::fs::read_to_string(w.folder().join(".gitignore")).unwrap();
    assert!(gitignore.lines().any(|l| l == "/keys/"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |p: &str| std::fs::metadata(w.folder().join(p)).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode("keys"), 0o700);
        assert_eq!(mode("keys/log.ed25519.pem"), 0o600);
        assert_eq!(mode("keys/model.p256.pem"), 0o600);
    }
    let events = w.ledger.audit_log(&EventFilter::default()).unwrap();
    let [first] = events.as_slice() else { panic!("{events:?}") };
    let EventBody::WorkspaceCreated { origin, log_key, model_key, driftgate_version } = &first.body else {
        panic!("{first:?}")
    };
    let keys = w.ledger.keys().unwrap();
    assert_eq!((origin, log_key), (&keys.origin, &keys.log_vkey));
    assert_eq!(w.ledger.get(model_key).unwrap(), keys.model_pem.as_bytes());
    assert_eq!(driftgate_version, "0.1.0");
    assert_eq!(first.prev, Digest::ZERO);
    assert_eq!(w.ledger.unseal(&first.actor).unwrap().as_deref(), Some("ada"));
    assert!(w.verify().is_clean());
    // Only `.driftgate` was made: nothing half-built stays behind.
    let names: Vec<_> = std::fs::read_dir(w.root()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(names, [".driftgate"]);
}

#[test]
fn creating_twice_is_refused_and_harms_nothing() {
    let w = World::on_file();
    let again = Ledger::create(w.root(), options(2), &stamp(9), "0.1.0").unwrap_err();
    assert!(matches!(again, LedgerError::AlreadyAWorkspace(_)), "{again}");
    assert_eq!(again.code(), Code::Refused);
    assert!(w.verify().is_clean());
    assert_eq!(std::fs::read_dir(w.root()).unwrap().count(), 1);

    let other = tempfile::tempdir().unwrap();
    std::fs::create_dir(other.path().join(".driftgate")).unwrap();
    std::fs::write(other.path().join(".driftgate/notes"), "mine").unwrap();
    let blocked = Ledger::create(other.path(), options(2), &stamp(9), "0.1.0").unwrap_err();
    assert!(matches!(blocked, LedgerError::FolderInTheWay(_)), "{blocked}");
    assert_eq!(std::fs::read_dir(other.path()).unwrap().count(), 1);
}

#[test]
fn opening_finds_the_same_state() {
    let w = World::on_file();
    w.append(w.events().dataset("d", 1)).unwrap();
    let again = Ledger::open(w.root(), options(3)).unwrap();
    assert_eq!(again.origin(), w.ledger.origin());
    assert_eq!(again.checkpoint().unwrap(), w.ledger.checkpoint().unwrap());
    assert_eq!(again.head().unwrap().size, 2);
    let row = again.read(|v| v.dataset("d")).unwrap().unwrap();
    assert_eq!((row.name.as_str(), row.versions.len()), ("d", 1));
}

#[test]
fn the_head_file_follows_every_write_and_is_repaired_when_behind_or_torn() {
    let w = World::on_file();
    let path = w.folder().join("head");
    let first = std::fs::read_to_string(&path).unwrap();
    assert_eq!(first, w.ledger.checkpoint().unwrap());
    w.append(w.events().dataset("d", 1)).unwrap();
    let second = std::fs::read_to_string(&path).unwrap();
    let root = w.ledger.read(|v| v.root()).unwrap();
    assert_eq!(w.ledger.head().unwrap(), Head { size: 2, root });
    for broken in [first.as_str(), "", "driftgate"] {
        std::fs::write(&path, broken).unwrap();
        Ledger::open(w.root(), options(3)).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), second);
    }
    std::fs::remove_file(&path).unwrap();
    assert_eq!(w.ledger.head().unwrap().size, 2);
}

#[test]
fn a_ledger_that_lost_signed_events_is_told_and_not_written_to() {
    let w = World::on_file();
    let old = std::fs::read(w.folder().join("ledger.redb")).unwrap();
    w.append(w.events().dataset("d", 1)).unwrap();
    std::fs::write(w.folder().join("ledger.redb"), old).unwrap();
    let refused = w.append(w.events().dataset("e", 1)).unwrap_err();
    assert_eq!(refused.code(), Code::Corrupt);
    assert!(refused.to_string().contains("it has 1 events") && refused.to_string().contains("signs 2"), "{refused}");
    let report = w.verify();
    assert!(report.first_fault.unwrap().detail.contains("events were lost"));
    // Who accepts the loss removes the head.
    std::fs::remove_file(w.folder().join("head")).unwrap();
    w.append(w.events().dataset("e", 1)).unwrap();
    assert!(w.verify().is_clean());
}

#[test]
fn an_error_in_the_closure_rolls_everything_back() {
    let w = World::on_file();
    let before = w.ledger.checkpoint().unwrap();
    let outcome: Result<(), LedgerError> = w.ledger.write(|t| {
        t.append(&stamp(1), w.events().dataset("d", 1))?;
        assert_eq!(t.size()?, 2);
        assert!(t.dataset("d")?.is_some());
        Err(LedgerError::Refused("changed my mind".into()))
    });
    assert_eq!(outcome.unwrap_err().to_string(), "changed my mind");
    assert_eq!(w.ledger.checkpoint().unwrap(), before);
    assert!(w.ledger.read(|v| v.dataset("d")).unwrap().is_none());
    assert!(w.verify().is_clean());
}

#[test]
fn a_refused_event_leaves_the_transaction_usable() {
    let w = World::on_file();
    w.ledger
        .write(|t| {
            assert!(t.append(&stamp(1), w.events().started(1, "nowhere", "m")).is_err());
            t.append(&stamp(1), w.events().dataset("d", 1))
        })
        .unwrap();
    assert!(w.verify().is_clean());
    assert_eq!(w.ledger.head().unwrap().size, 2);
}

#[test]
fn one_actor_has_one_commitment_also_across_openings() {
    let w = World::on_file();
    w.append(w.events().dataset("d", 1)).unwrap();
    let again = Ledger::open(w.root(), options(77)).unwrap();
    let by = |actor: &str, name: &str| {
        let stamp = Stamp { actor: actor.into(), ..stamp(5) };
        again.write(|t| t.append(&stamp, w.events().dataset(name, 1))).unwrap();
    };
    by("ada", "e");
    by("grace", "f");
    by("grace", "g");
    let actors: Vec<_> = again.audit_log(&EventFilter::default()).unwrap().into_iter().map(|e| e.actor).collect();
    assert_eq!(actors[0], actors[1]);
    assert_eq!(actors[1], actors[2]);
    assert_ne!(actors[2], actors[3]);
    assert_eq!(actors[3], actors[4]);
    let of = |name: &str| {
        again.audit_log(&EventFilter { actor: Some(name.into()), ..EventFilter::default() }).unwrap().len()
    };
    assert_eq!((of("ada"), of("grace"), of("nobody")), (3, 2, 0));
    // A redacted text is gone for good; the name gets a new commitment, and the log still verifies.
    again.remove_object(&actors[3].commitment).unwrap();
    assert_eq!(again.unseal(&actors[3]).unwrap(), None);
    by("grace", "h");
    let report = verify(&again);
    assert!(report.is_clean(), "{report:?}");
    assert_eq!(report.redacted, 1);
    assert_eq!(of("grace"), 1);
}

#[test]
fn objects_keep_their_bytes_and_say_when_they_do_not() {
    let w = World::on_file();
    let digest = w.ledger.put(b"weights").unwrap();
    assert_eq!(digest, Digest::of(b"weights"));
    assert_eq!(w.ledger.put(b"weights").unwrap(), digest);
    assert_eq!(w.ledger.get(&digest).unwrap(), b"weights");
    let path = w.ledger.object_path(&digest);
    assert!(path.ends_with(format!(".driftgate/objects/{}/{}", &digest.to_string()[..2], &digest.to_string()[2..])));

    let file = w.root().join("data.csv");
    let content = vec![b'x'; 200_000];
    std::fs::write(&file, &content).unwrap();
    let (copied, size) = w.ledger.put_file(&file).unwrap();
    assert_eq!((copied, size), (Digest::of(&content), 200_000));
    std::fs::write(&file, b"changed afterwards").unwrap();
    assert_eq!(w.ledger.get(&copied).unwrap(), content);
    assert!(w.ledger.objects().unwrap().contains(&StoredObject::Object(copied)));

    // A watched copy tells how far it is, and one that is stopped leaves nothing.
    std::fs::write(&file, vec![b'y'; 40 << 20]).unwrap();
    let before = w.ledger.objects().unwrap().len();
    let mut told = Vec::new();
    let mut stopped = |done, total| {
        told.push((done, total));
        told.len() < 4
    };
    assert_eq!(w.ledger.put_file_watched(&file, &mut stopped).unwrap(), None);
    assert_eq!(told, [(16 << 20, 80 << 20), (32 << 20, 80 << 20), (40 << 20, 80 << 20), (56 << 20, 80 << 20)]);
    let names = std::fs::read_dir(w.root().join(".driftgate/objects")).unwrap().flatten();
    assert!(names.into_iter().all(|n| !n.file_name().to_string_lossy().starts_with("tmp-")));
    assert_eq!(w.ledger.objects().unwrap().len(), before);
    let stored = w.ledger.put_file_watched(&file, &mut |_, _| true).unwrap();
    assert_eq!(stored, Some((Digest::of(&vec![b'y'; 40 << 20]), 40 << 20)));

    // A flipped bit is found, named, and mended by storing the same bytes again.
    let mut harmed = content.clone();
    harmed[5] ^= 1;
    std::fs::remove_file(w.ledger.object_path(&copied)).unwrap();
    std::fs::write(w.ledger.object_path(&copied), &harmed).unwrap();
    let error = w.ledger.get(&copied).unwrap_err();
    assert_eq!(error.code(), Code::Corrupt);
    assert!(error.to_string().contains(&copied.to_string()));
    assert_eq!(w.ledger.put(&content).unwrap(), copied);
    assert_eq!(w.ledger.get(&copied).unwrap(), content);

    let absent = w.ledger.get(&Digest::ZERO).unwrap_err();
    assert!(matches!(absent, LedgerError::ObjectNotFound(d) if d == Digest::ZERO));
    assert_eq!(absent.code(), Code::NotFound);
    let strays = std::fs::read_dir(w.folder().join("objects")).unwrap();
    assert!(strays.flatten().all(|e| e.file_name().len() == 2), "no temporary file stays behind");
}

/// Makes a file look two hours old.
fn age(path: &Path) {
    let file = std::fs::File::open(path).unwrap();
    file.set_modified(SystemTime::now() - Duration::from_secs(7200)).unwrap();
}

fn an_hour_ago() -> SystemTime {
    SystemTime::now() - Duration::from_secs(3600)
}

#[test]
fn old_temporary_files_of_dead_processes_are_swept_and_others_kept() {
    let w = World::on_file();
    let own = crate::lease::own_process();
    let objects = w.folder().join("objects");
    let living = objects.join(format!("tmp-{}-{}-999", own.pid, own.process_start));
    let dead = objects.join(format!("tmp-{}-{}-1", own.pid, own.process_start + 1));
    std::fs::write(&living, "mine").unwrap();
    std::fs::write(&dead, "dead").unwrap();
    // It may be somebody's whom this process cannot see.
    assert_eq!(w.ledger.sweep(an_hour_ago()).unwrap(), 0);
    age(&living);
    age(&dead);
    assert_eq!(w.ledger.sweep(an_hour_ago()).unwrap(), usize::from(cfg!(target_os = "linux")));
    assert!(living.exists());
    assert!(w.verify().is_clean());
}

#[test]
fn putting_what_is_stored_makes_it_young_again() {
    let w = World::on_file();
    let digest = w.ledger.put(b"weights").unwrap();
    let path = w.ledger.object_path(&digest);
    let file = w.root().join("weights");
    std::fs::write(&file, b"weights").unwrap();
    for put in [&(|| w.ledger.put(b"weights").unwrap()) as &dyn Fn() -> Digest, &|| w.ledger.put_file(&file).unwrap().0]
    {
        age(&path);
        assert_eq!(put(), digest);
        assert!(std::fs::metadata(&path).unwrap().modified().unwrap() > an_hour_ago());
        assert_eq!(w.ledger.remove_object_older(&digest, an_hour_ago()).unwrap(), None);
    }
    age(&path);
    assert_eq!(w.ledger.remove_object_older(&digest, an_hour_ago()).unwrap(), Some(7));
    assert_eq!(w.ledger.remove_object_older(&digest, an_hour_ago()).unwrap(), None);
    assert!(!w.ledger.has(&digest));
    assert!(w.verify().is_clean());
}

#[test]
fn what_is_put_while_old_objects_are_removed_stays() {
    let w = World::on_file();
    let digest = w.ledger.put(b"weights").unwrap();
    let path = w.ledger.object_path(&digest);
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                w.ledger.alone(|_| w.ledger.remove_object_older(&digest, an_hour_ago())).unwrap();
            }
        });
        let lost = (0..300)
            .filter(|_| {
                if let Ok(file) = std::fs::File::open(&path) {
                    file.set_modified(SystemTime::UNIX_EPOCH).unwrap();
                }
                w.ledger.put(b"weights").unwrap();
                !w.ledger.alone(|_| Ok::<_, LedgerError>(w.ledger.has(&digest))).unwrap()
            })
            .count();
        done.store(true, Ordering::Relaxed);
        assert_eq!(lost, 0);
    });
}

#[test]
fn a_name_whose_text_is_damaged_is_nobodys_and_gets_a_new_commitment() {
    let w = World::on_file();
    w.append(w.events().dataset("d", 1)).unwrap();
    let of = |name: &str| EventFilter { actor: Some(name.into()), ..EventFilter::default() };
    let before = w.ledger.audit_log(&of("ada")).unwrap();
    let path = w.ledger.object_path(&before[0].actor.commitment);
    std::fs::remove_file(&path).unwrap();
    std::fs::write(&path, "{").unwrap();
    let again = Ledger::open(w.root(), options(7)).unwrap();
    for (name, actor) in [("e", "ada"), ("f", "grace")] {
        let stamp = Stamp { actor: actor.into(), ..stamp(5) };
        again.write(|t| t.append(&stamp, w.events().dataset(name, 1))).unwrap();
        assert_eq!(again.audit_log(&of(actor)).unwrap().len(), 1);
    }
}

#[test]
fn json_objects_are_canonical() {
    let w = World::on_file();
    let value = BTreeMap::from([("b", 1.0), ("a", 0.1)]);
    let digest = w.ledger.put_json(&value).unwrap();
    assert_eq!(w.ledger.get(&digest).unwrap(), br#"{"a":0.1,"b":1}"#);
    let back: BTreeMap<String, f64> = w.ledger.get_json(&digest).unwrap();
    assert_eq!(back["a"].to_bits(), 0.1_f64.to_bits());
    assert_eq!(w.ledger.get_json::<Vec<u8>>(&digest).unwrap_err().code(), Code::Corrupt);
    assert_eq!(w.ledger.put_json(&f64::NAN).unwrap_err().code(), Code::BadInput);
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Point {
    name: String,
    step: u64,
    value: f64,
}

#[test]
fn a_segment_is_read_back_and_named_by_its_digest() {
    let w = World::on_file();
    let point = |step: u64| Point { name: "loss".into(), step, value: 1.0 / (step as f64 + 3.0) };
    let mut writer = w.ledger.segment("run-1.jsonl").unwrap();
    for step in 0..10_000 {
        writer.append(&point(step)).unwrap();
    }
    let (digest, size) = writer.close().unwrap();
    let bytes = std::fs::read(w.folder().join("segments/run-1.jsonl")).unwrap();
    assert_eq!((digest, size), (Digest::of(&bytes), bytes.len() as u64));
    let back: Vec<Point> = w.ledger.read_segment("run-1.jsonl").unwrap().collect::<Result<_, _>>().unwrap();
    assert_eq!(back.len(), 10_000);
    assert_eq!(back[9_999], point(9_999));

    w.append(w.events().dataset("d", 1)).unwrap();
    w.append(w.events().started(1, "d", "m")).unwrap();
    let EventBody::RunStage { run, record, test_look, .. } = w.events().stage(1, Stage::Training, false) else {
        panic!()
    };
    let stage = |name: &str| EventBody::RunStage {
        run: run.clone(),
        record: record.clone(),
        segments: BTreeMap::from([(name.to_owned(), digest)]),
        test_look,
    };
    assert_eq!(w.append(stage("never.jsonl")).unwrap_err().code(), Code::NotFound);
    let seq = w.append(stage("run-1.jsonl")).unwrap();
    assert_eq!(w.verify().segments, 1);
    let found = w.ledger.audit_log(&EventFilter { subject: Some(digest.to_string()), ..Default::default() }).unwrap();
    assert_eq!(found.iter().map(|e| e.seq).collect::<Vec<_>>(), [seq]);

    // A torn last line ends it; a damaged one in the middle is told; verify names the file.
    std::fs::write(w.folder().join("segments/run-1.jsonl"), &bytes[..bytes.len() - 3]).unwrap();
    assert_eq!(w.ledger.read_segment::<Point>("run-1.jsonl").unwrap().filter_map(Result::ok).count(), 9_999);
    let fault = w.verify().first_fault.unwrap();
    assert_eq!(fault.place, "segment `run-1.jsonl`");
    std::fs::write(w.folder().join("segments/run-1.jsonl"), b"{}\n").unwrap();
    assert!(w.ledger.read_segment::<Point>("run-1.jsonl").unwrap().next().unwrap().is_err());
    std::fs::remove_file(w.folder().join("segments/run-1.jsonl")).unwrap();
    assert!(w.verify().first_fault.unwrap().detail.contains("missing"));

    assert_eq!(w.ledger.segment("../escape").unwrap_err().code(), Code::BadInput);
    w.ledger.segment("twice").unwrap();
    assert_eq!(w.ledger.segment("twice").unwrap_err().code(), Code::Refused);
    assert_eq!(w.ledger.read_segment::<Point>("none").unwrap_err().code(), Code::NotFound);
}

#[test]
fn the_log_is_found_by_kind_subject_object_actor_and_time() {
    let w = World::new();
    for (i, body) in w.events().two_versions().into_iter().enumerate() {
        // The clock runs backwards here: order is the sequence number.
        let stamp = Stamp { time: time(100 - i as i64), ..stamp(0) };
        w.ledger.write(|t| t.append(&stamp, body)).unwrap();
    }
    let seqs =
        |filter: EventFilter| -> Vec<u64> { w.ledger.audit_log(&filter).unwrap().into_iter().map(|e| e.seq).collect() };
    let subject = |text: &str| EventFilter { subject: Some(text.into()), ..EventFilter::default() };
    assert_eq!(seqs(EventFilter::default()), (0..10).collect::<Vec<_>>());
    assert_eq!(seqs(EventFilter { limit: Some(3), ..EventFilter::default() }), [7, 8, 9]);
    assert_eq!(seqs(EventFilter { limit: Some(0), ..EventFilter::default() }), [0; 0]);
    let kinds = vec!["run.approved".to_owned(), "dataset.added".to_owned()];
    assert_eq!(seqs(EventFilter { kinds: kinds.clone(), ..EventFilter::default() }), [1, 6, 9]);
    assert_eq!(seqs(EventFilter { kinds, limit: Some(2), ..subject("model:m") }), [6, 9]);
    assert_eq!(seqs(subject("workspace")), [0]);
    assert_eq!(seqs(subject("dataset:d")), [1, 2, 7]);
    assert_eq!(seqs(subject("d")), [1, 2, 7]);
    assert_eq!(seqs(subject(&format!("run:{}", run_id(1)))), [2, 3, 4, 5, 6]);
    assert_eq!(seqs(subject(run_id(2).short())), [7, 8, 9]);
    assert_eq!(seqs(subject(&format!("run:{}", run_id(2).short()))), [7, 8, 9]);
    let both = w.ledger.audit_log(&subject("run:01")).unwrap_err();
    assert!(matches!(both, LedgerError::Ambiguous { .. }) && both.code() == Code::BadInput, "{both}");
    assert_eq!(w.ledger.audit_log(&subject("run:zz")).unwrap_err().code(), Code::NotFound);
    assert_eq!(seqs(subject(&w.objects[1].to_string())), [1, 2, 3, 4, 5, 6, 7]);
    let window = EventFilter { since: Some(time(95)), until: Some(time(98)), ..EventFilter::default() };
    assert_eq!(seqs(window), [3, 4, 5, 6]);
}

#[test]
fn runs_are_listed_newest_first_and_found_by_either_end_of_their_id() {
    let w = World::new();
    for body in w.events().two_versions() {
        w.append(body).unwrap();
    }
    w.append(w.events().started(3, "d", "other")).unwrap();
    let ids = |filter: RunFilter| -> Vec<_> {
        let rows = w.ledger.read(|v| v.runs(&filter)).unwrap();
        rows.into_iter().map(|r| r.subject.run).collect()
    };
    assert_eq!(ids(RunFilter::default()), [run_id(3), run_id(2), run_id(1)]);
    assert_eq!(ids(RunFilter { limit: Some(1), offset: 1, ..RunFilter::default() }), [run_id(2)]);
    let model = Some(super::builders::model("other"));
    assert_eq!(ids(RunFilter { model, ..RunFilter::default() }), [run_id(3)]);
    assert_eq!(ids(RunFilter { status: Some(RunStatus::Approved), offset: 1, ..RunFilter::default() }), [run_id(1)]);
    assert!(ids(RunFilter { dataset: Some("none".into()), ..RunFilter::default() }).is_empty());
    w.ledger
        .read(|v| {
            assert_eq!(v.run_count()?, 3);
            assert_eq!(v.running()?.len(), 1);
            assert_eq!(v.runs_by_prefix("01", 10)?, [run_id(1), run_id(2), run_id(3)]);
            assert_eq!(v.runs_by_prefix("01", 2)?.len(), 2);
            assert_eq!(v.runs_by_prefix(run_id(2).short(), 10)?, [run_id(2)]);
            assert_eq!(v.runs_by_prefix(&run_id(2).short().to_uppercase(), 10)?, [run_id(2)]);
            assert_eq!(v.runs_by_prefix(run_id(3).as_str(), 10)?, [run_id(3)]);
            assert!(v.runs_by_prefix("nothing", 10)?.is_empty());
            let row = v.run(&run_id(1))?.unwrap();
            assert_eq!((row.status, row.version, row.stages.len()), (RunStatus::Approved, Some(1), 2));
            assert_eq!(row.metrics["test.accuracy"].to_bits(), (0.1_f64 + 0.2).to_bits());
            assert_eq!(v.dataset("d")?.unwrap().test_looks, 1);
            let model = v.model("m")?.unwrap();
            assert_eq!((model.production, model.versions.len(), model.history.len()), (Some(2), 2, 2));
            assert_eq!((model.stage_of(1), model.stage_of(2)), ("archived", "production"));
            Ok::<_, LedgerError>(())
        })
        .unwrap();
}
