//! Several threads and several processes on one workspace.

use super::builders::{World, options, run_id, stamp, verify};
use crate::lease::{is_alive, own_process};
use crate::{Ledger, LedgerError, OpenOptions};
use driftgate_model::{Code, Coded, RunStatus};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::time::Duration;

fn patient(seed: u64, timeout: Duration) -> OpenOptions {
    OpenOptions { lock_timeout: timeout, ..options(seed) }
}

#[test]
fn threads_with_their_own_ledgers_lose_nothing() {
    let w = World::on_file();
    std::thread::scope(|scope| {
        for n in 0..4 {
            let (root, events) = (w.root(), w.events());
            scope.spawn(move || {
                let ledger = Ledger::open(root, options(10 + n)).unwrap();
                for i in 0..8 {
                    ledger.write(|t| t.append(&stamp(i), events.dataset(&format!("d{n}-{i}"), 1))).unwrap();
                    assert!(ledger.read(|v| v.dataset(&format!("d{n}-{i}"))).unwrap().is_some());
                }
            });
        }
    });
    let report = w.verify();
    assert!(report.is_clean(), "{report:?}");
    assert_eq!(report.events, 1 + 4 * 8);
    assert_eq!(w.ledger.head().unwrap().size, 33);
}

#[test]
fn of_two_approvals_one_wins_and_the_other_is_told() {
    let w = World::on_file();
    let e = w.events();
    w.append(e.dataset("d", 1)).unwrap();
    w.append(e.started(1, "d", "m")).unwrap();
    w.append(e.finished(1, RunStatus::AwaitingApproval)).unwrap();
    let approve = || {
        let ledger = Ledger::open(w.root(), options(4)).unwrap();
        ledger.write(|t| t.append(&stamp(3), e.approved(1, "m", 1, None)))
    };
    let outcomes = std::thread::scope(|s| {
        let both = [s.spawn(approve), s.spawn(approve)];
        both.map(|t| t.join().unwrap())
    });
    let losers: Vec<&LedgerError> = outcomes.iter().filter_map(|o| o.as_ref().err()).collect();
    assert_eq!(losers.len(), 1, "{outcomes:?}");
    assert_eq!(losers[0].code(), Code::Conflict);
    let row = w.ledger.read(|v| v.run(&run_id(1))).unwrap().unwrap();
    assert_eq!(row.status, RunStatus::Approved);
}

#[test]
fn who_waits_too_long_is_told_who_holds_it() {
    let w = World::on_file();
    let (held, is_held) = mpsc::channel();
    let (release, released) = mpsc::channel::<()>();
    let world = &w;
    std::thread::scope(|scope| {
        scope.spawn(move || {
            let w = world;
            let options = OpenOptions { holder: "driftgate run\n(pid 12)".into(), ..options(2) };
            let ledger = Ledger::open(w.root(), options).unwrap();
            ledger
                .write(|t| {
                    held.send(()).unwrap();
                    // A test that fails drops the sender, which ends the wait as well.
                    let _ = released.recv();
                    t.append(&stamp(1), w.events().dataset("d", 1))
                })
                .unwrap();
        });
        is_held.recv().unwrap();
        let start = std::time::Instant::now();
        let error = Ledger::open(w.root(), patient(3, Duration::from_millis(120))).unwrap_err();
        assert_eq!(error.code(), Code::Busy);
        assert!(error.to_string().contains("driftgate run (pid 12)"), "{error}");
        assert!(start.elapsed() >= Duration::from_millis(120));
        assert!(error.hint().is_some());
        // The head can be polled all the while.
        assert_eq!(w.ledger.head().unwrap().size, 1);
        // A second one in the queue is told the same.
        let both = std::thread::scope(|s| {
            let wait = || Ledger::open(w.root(), patient(3, Duration::from_millis(150))).unwrap_err();
            [s.spawn(wait), s.spawn(wait)].map(|t| t.join().unwrap())
        });
        assert!(both.iter().all(|e| e.to_string().contains("driftgate run (pid 12)")), "{both:?}");
        release.send(()).unwrap();
    });
    assert_eq!(w.ledger.head().unwrap().size, 2);
    // A name that a dead process left does not count.
    std::fs::write(w.folder().join("lock"), "driftgate serve (pid 1)\n4294967294 1\n").unwrap();
    if cfg!(target_os = "linux") {
        assert_eq!(crate::lock::holder(&w.folder().join("lock")), "another process");
    }
}

#[test]
fn a_stream_of_readers_does_not_starve_a_writer() {
    let w = World::on_file();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for n in 0..3 {
            let (root, done) = (w.root(), &done);
            scope.spawn(move || {
                let ledger = Ledger::open(root, options(20 + n)).unwrap();
                while !done.load(Ordering::Relaxed) {
                    ledger.read(|v| v.size()).unwrap();
                }
            });
        }
        let ledger = Ledger::open(w.root(), patient(5, Duration::from_secs(30))).unwrap();
        for i in 0..6 {
            let outcome = ledger.write(|t| t.append(&stamp(i), w.events().dataset(&format!("d{i}"), 1)));
            if outcome.is_err() {
                done.store(true, Ordering::Relaxed);
            }
            outcome.unwrap();
        }
        done.store(true, Ordering::Relaxed);
    });
    assert_eq!(w.ledger.head().unwrap().size, 7);
}

const CHILD: &str = "DRIFTGATE_LEDGER_TEST_CHILD";

/// Not a test of its own: what the child processes below run. It appends until told to stop or killed.
#[test]
fn child_process() {
    let Some(arguments) = std::env::var_os(CHILD).map(|v| v.into_string().unwrap()) else { return };
    let (root, rest) = arguments.split_once('|').unwrap();
    let (name, count) = rest.split_once('|').unwrap();
    let ledger = Ledger::open(Path::new(root), options(name.len() as u64 + 40)).unwrap();
    let objects = (0..4).map(|i| ledger.put(format!("object {i}").as_bytes()).unwrap()).collect();
    let events = super::builders::Events { objects, sealed: ledger.seal("because").unwrap() };
    let held = ledger.take_lease().unwrap();
    println!("file {}", held.lease().file.as_ref().unwrap());
    println!("lease {} {}", own_process().pid, own_process().process_start);
    for i in 0..count.parse().unwrap() {
        let seq = ledger.write(|t| t.append(&stamp(i), events.dataset(&format!("{name}-{i}"), 1))).unwrap();
        println!("acknowledged {seq}");
    }
}

fn child(root: &Path, name: &str, count: u32) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["tests::sharing::child_process", "--exact", "--nocapture"])
        .env(CHILD, format!("{}|{name}|{count}", root.display()))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

#[test]
fn two_processes_lose_nothing() {
    let w = World::on_file();
    let mut children = [child(w.root(), "a", 10), child(w.root(), "bb", 10)];
    for child in &mut children {
        assert!(child.wait().unwrap().success());
    }
    let report = w.verify();
    assert!(report.is_clean(), "{report:?}");
    assert_eq!(report.events, 21);
}

#[test]
fn a_lease_is_held_until_it_is_dropped_and_dead_without_its_file() {
    let w = World::on_file();
    std::fs::remove_dir(w.folder().join("leases")).unwrap();
    let held = w.ledger.take_lease().unwrap();
    let lease = held.lease().clone();
    let path = w.folder().join("leases").join(lease.file.as_ref().unwrap());
    let other = Ledger::open(w.root(), options(3)).unwrap();
    assert!(other.is_held(&lease) && other.is_held(&lease));
    // Neither of them ends a lease that lives, however old its file is.
    other.forget_lease(&lease);
    assert_eq!(other.sweep(std::time::SystemTime::now() + Duration::from_secs(9)).unwrap(), 0);
    assert!(path.exists());
    drop(held);
    assert!(!other.is_held(&lease) && !path.exists());
    // One that a dead process left, and one that names no file of ours.
    std::fs::write(&path, "").unwrap();
    assert!(!other.is_held(&lease));
    assert_eq!(other.sweep(std::time::SystemTime::UNIX_EPOCH).unwrap(), 0);
    assert_eq!(other.sweep(std::time::SystemTime::now() + Duration::from_secs(9)).unwrap(), 1);
    assert!(!other.is_held(&driftgate_model::Lease { file: Some("../lock".into()), ..lease.clone() }));
    // Without a file, as Driftgate wrote them once, the process is asked for.
    assert!(other.is_held(&own_process()));
}

#[test]
fn a_killed_process_loses_nothing_it_was_told_was_safe() {
    let w = World::on_file();
    let rounds = if std::env::var_os("DRIFTGATE_DEEP").is_some() { 500 } else { 4 };
    for round in 0..rounds {
        let mut child = child(w.root(), &format!("r{round}"), 1_000_000);
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let file = lines.find_map(|l| l.split_once("file ").map(|(_, rest)| rest.to_owned())).unwrap();
        // As another process namespace sees it: the id means nothing here.
        let held = driftgate_model::Lease { pid: u32::MAX, process_start: 1, file: Some(file) };
        assert!(w.ledger.is_held(&held));
        let lease = lines.find_map(|l| l.split_once("lease ").map(|(_, rest)| rest.to_owned())).unwrap();
        let (pid, start) = lease.split_once(' ').unwrap();
        let lease =
            driftgate_model::Lease { pid: pid.parse().unwrap(), process_start: start.parse().unwrap(), file: None };
        assert!(is_alive(&lease));
        let last: u64 = lines
            .filter_map(|l| l.strip_prefix("acknowledged ").map(|n| n.parse::<u64>().unwrap()))
            .nth(1 + round % 3)
            .unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        if cfg!(target_os = "linux") {
            assert!(!is_alive(&lease));
        }
        assert!(!w.ledger.is_held(&held), "the lock went with the process");
        w.ledger.forget_lease(&held);
        assert_eq!(std::fs::read_dir(w.folder().join("leases")).unwrap().count(), 0);
        let ledger = Ledger::open(w.root(), options(6)).unwrap();
        let report = verify(&ledger);
        assert!(report.is_clean(), "round {round}: {report:?}");
        assert!(report.events > last, "round {round}: {} events, {last} acknowledged", report.events);
    }
}
