//! What the ledger costs: a durable event against the bare store, verification, opening, listing, metric points.
//!
//! Latencies are measured one by one, since their 95th percentile is what a person waits for; the rest by criterion.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark that cannot go on panics, and reports on stdout"
)]

use criterion::{Criterion, criterion_group, criterion_main};
use driftgate_ledger::{Entropy, Ledger, LedgerError, OpenOptions, RunFilter, Stamp, VerifyOptions};
use driftgate_model::config::Stage;
use driftgate_model::{
    CancelToken, Digest, EventBody, Lease, ModelName, NullObserver, RunId, RunStatus, RunSubject, Sealed, SplitCounts,
    StageRecord, Task, Timestamp,
};
use std::collections::BTreeMap;
use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

struct Seeded(AtomicU64);

impl Entropy for Seeded {
    fn fill(&self, buf: &mut [u8]) {
        for chunk in buf.chunks_mut(32) {
            let block = Digest::of(&self.0.fetch_add(1, Ordering::Relaxed).to_le_bytes());
            chunk.copy_from_slice(&block.0[..chunk.len()]);
        }
    }
}

fn options() -> OpenOptions {
    OpenOptions {
        entropy: Arc::new(Seeded(AtomicU64::new(1))),
        lock_timeout: Duration::from_secs(60),
        holder: "benchmark".into(),
    }
}

fn stamp() -> Stamp {
    Stamp {
        time: Timestamp::from_second(1_790_000_000).unwrap(),
        actor: "ada".into(),
        via: "cli".into(),
        reviewer: None,
    }
}

struct Workspace {
    ledger: Ledger,
    object: Digest,
    sealed: Sealed,
    next_run: u64,
    dir: tempfile::TempDir,
}

impl Workspace {
    fn new() -> Workspace {
        // Where the latency is measured matters: DRIFTGATE_BENCH_DIR names a folder on the disk in question.
        let dir = match std::env::var_os("DRIFTGATE_BENCH_DIR") {
            Some(folder) => tempfile::tempdir_in(folder).unwrap(),
            None => tempfile::tempdir().unwrap(),
        };
        let ledger = Ledger::create(dir.path(), options(), &stamp(), "0.1.0").unwrap();
        let object = ledger.put(b"object").unwrap();
        let sealed = ledger.seal("because").unwrap();
        let added = EventBody::DatasetAdded {
            dataset: "d".into(),
            number: 1,
            version: object,
            task: Task::Classification,
            target: "label".into(),
            spec: object,
            files: Vec::new(),
            validation: object,
            split: object,
            counts: SplitCounts { train: 7, val: 2, test: 1 },
            rows: 10,
            columns: 3,
            source: sealed,
        };
        ledger.write(|t| t.append(&stamp(), added)).unwrap();
        Workspace { ledger, object, sealed, next_run: 0, dir }
    }

    /// The four events of a short run that ends blocked, as a pipeline writes them.
    fn run(&mut self) -> [EventBody; 4] {
        let n = self.next_run;
        self.next_run += 1;
        let run = RunId::new(1_790_000_000_000 + n, Digest::of(&n.to_le_bytes()).0[..10].try_into().unwrap());
        let subject = RunSubject {
            run: run.clone(),
            model: ModelName::new("breast_cancer-classification").unwrap(),
            dataset: "d".into(),
            dataset_version: self.object,
            task: Task::Classification,
            algorithm: "random_forest".into(),
            random_seed: 42,
            config: self.object,
            environment: self.object,
        };
        let stage = |stage, test_look| EventBody::RunStage {
            run: run.clone(),
            record: StageRecord {
                stage,
                duration_ms: 120,
                objects: BTreeMap::from([("model".into(), self.object), ("transform".into(), self.object)]),
            },
            segments: BTreeMap::new(),
            test_look,
        };
        let names = ["accuracy", "f1", "precision", "recall", "roc_auc", "pr_auc", "log_loss", "brier", "ece", "mcc"];
        let metrics = ["val", "test"]
            .iter()
            .flat_map(|split| names.iter().map(move |name| format!("{split}.{name}")))
            .enumerate()
            .map(|(i, name)| (name, 1.0 / (i + 2) as f64))
            .collect();
        [
            EventBody::RunStarted { subject, lease: Lease { pid: 7, process_start: 70, file: None } },
            stage(Stage::Training, false),
            stage(Stage::Evaluation, true),
            EventBody::RunFinished {
                run: run.clone(),
                status: RunStatus::Blocked,
                metrics,
                artifact: Some(self.object),
                evaluation: Some(self.object),
                gate: Some(self.object),
                violations: vec!["accuracy".into()],
                error: Some(self.sealed),
                provenance: Some(self.object),
                gate_statement: Some(self.object),
            },
        ]
    }

    /// Grows the ledger to `size` events, many in a transaction.
    fn grow_to(&mut self, size: u64) {
        loop {
            let have = self.ledger.head().unwrap().size;
            if have >= size {
                return;
            }
            let runs = ((size - have).div_ceil(4)).min(5_000);
            let bodies: Vec<EventBody> = (0..runs).flat_map(|_| self.run()).collect();
            self.ledger
                .write(|t| {
                    for body in bodies {
                        t.append(&stamp(), body)?;
                    }
                    Ok::<_, LedgerError>(())
                })
                .unwrap();
        }
    }
}

fn percentile(sorted: &[Duration], p: usize) -> Duration {
    sorted[(sorted.len() * p / 100).min(sorted.len() - 1)]
}

fn report(name: &str, mut times: Vec<Duration>) -> Duration {
    times.sort();
    let (p50, p95) = (percentile(&times, 50), percentile(&times, 95));
    println!("{name}: p50 {p50:.2?}, p95 {p95:.2?}, {} times", times.len());
    p95
}

/// Processor time of this thread and those it waited for; `None` where the system does not tell.
fn processor_time() -> Option<Duration> {
    // `utime` and `stime` of /proc/self/stat count in ticks of 10 ms: enough for what is measured here.
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let ticks: u64 = fields.next()?.parse::<u64>().ok()? + fields.next()?.parse::<u64>().ok()?;
    Some(Duration::from_millis(ticks * 10))
}

/// On a busy machine wall time says little: tells the processor time of one of `n` calls too.
fn processor_time_of(name: &str, n: u32, mut call: impl FnMut()) {
    let Some(before) = processor_time() else { return };
    (0..n).for_each(|_| call());
    if let Some(after) = processor_time() {
        println!("{name}: {:.2?} of processor time", (after - before) / n);
    }
}

/// What nobody can go below: open the same file, put one row in, commit in two phases with quick repair, close.
fn bare(path: &Path, n: u64) {
    const ROWS: redb::TableDefinition<'_, u64, &[u8]> = redb::TableDefinition::new("rows");
    let database = redb::Database::create(path).unwrap();
    let mut transaction = database.begin_write().unwrap();
    transaction.set_two_phase_commit(true);
    transaction.set_quick_repair(true);
    transaction.open_table(ROWS).unwrap().insert(n, [7_u8; 600].as_slice()).unwrap();
    transaction.commit().unwrap();
}

fn durable_event(_: &mut Criterion) {
    for size in [1_000, 100_000] {
        let mut w = Workspace::new();
        w.grow_to(size);
        let file = w.dir.path().join("bare.redb");
        {
            // As many rows as the ledger has events.
            const ROWS: redb::TableDefinition<'_, u64, &[u8]> = redb::TableDefinition::new("rows");
            let database = redb::Database::create(&file).unwrap();
            let transaction = database.begin_write().unwrap();
            {
                let mut table = transaction.open_table(ROWS).unwrap();
                (0..size).for_each(|n| drop(table.insert(n, [7_u8; 600].as_slice()).unwrap()));
            }
            transaction.commit().unwrap();
        }
        let bodies: Vec<EventBody> = (0..50).flat_map(|_| w.run()).collect();
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        // Turn by turn, so that what the disk does meanwhile falls on both.
        for (n, body) in (size..).zip(bodies) {
            let start = Instant::now();
            w.ledger.write(|t| t.append(&stamp(), body)).unwrap();
            ours.push(start.elapsed());
            let start = Instant::now();
            bare(&file, n);
            theirs.push(start.elapsed());
        }
        let ours = report(&format!("durable event at {size} events"), ours);
        let theirs = report(&format!("bare open + two-phase commit + close at {size} rows"), theirs);
        println!("ratio of the 95th percentiles: {:.2}", ours.as_secs_f64() / theirs.as_secs_f64());
    }
}

fn verify_100k(c: &mut Criterion) {
    let mut w = Workspace::new();
    w.grow_to(100_000);
    c.bench_function("verify 100,000 events", |b| {
        b.iter(|| {
            let report = w.ledger.verify(&VerifyOptions::default(), &NullObserver, &CancelToken::new()).unwrap();
            assert!(report.is_clean());
            black_box(report)
        });
    });
    processor_time_of("verify 100,000 events", 5, || {
        black_box(w.ledger.verify(&VerifyOptions::default(), &NullObserver, &CancelToken::new()).unwrap());
    });
    let ledger = w.ledger.clone();
    c.bench_function("read one run at 100,000 events", |b| {
        b.iter(|| ledger.read(|v| v.runs(&RunFilter { limit: Some(1), ..RunFilter::default() })).unwrap());
    });
}

fn open_1m(c: &mut Criterion) {
    let mut w = Workspace::new();
    w.grow_to(1_000_000);
    c.bench_function("open at 1,000,000 events", |b| {
        b.iter(|| black_box(Ledger::open(w.dir.path(), options()).unwrap()));
    });
    processor_time_of("open at 1,000,000 events", 20, || {
        black_box(Ledger::open(w.dir.path(), options()).unwrap());
    });
    // The file as a crash leaves it: copied while a transaction is open, with its recovery flag set.
    let crashed = tempfile::tempdir_in(w.dir.path()).unwrap();
    std::fs::create_dir(crashed.path().join(".driftgate")).unwrap();
    let (from, to) = (w.dir.path().join(".driftgate"), crashed.path().join(".driftgate"));
    let body = w.run();
    w.ledger
        .write(|t| {
            t.append(&stamp(), body[0].clone())?;
            std::fs::copy(from.join("ledger.redb"), to.join("ledger.redb")).unwrap();
            Ok::<_, LedgerError>(())
        })
        .unwrap();
    // The copy itself must be through before the clock starts.
    std::fs::File::open(to.join("ledger.redb")).unwrap().sync_all().unwrap();
    let image = std::fs::read(to.join("ledger.redb")).unwrap();
    let times = (0..10)
        .map(|_| {
            let start = Instant::now();
            let ledger = Ledger::open(crashed.path(), options()).unwrap();
            let time = start.elapsed();
            assert_eq!(ledger.head().unwrap().size, 1_000_002);
            // Back to what the crash left: the pages that the open changed.
            restore(&to.join("ledger.redb"), &image);
            time
        })
        .collect();
    report("open at 1,000,000 events after a crash", times);
}

/// Writes the pages of a file that differ from `image`, and makes them durable.
fn restore(path: &Path, image: &[u8]) {
    use std::io::{Seek, SeekFrom, Write};
    let now = std::fs::read(path).unwrap();
    let mut file = std::fs::File::options().write(true).open(path).unwrap();
    file.set_len(image.len() as u64).unwrap();
    for (i, page) in image.chunks(4096).enumerate() {
        if now.get(i * 4096..i * 4096 + page.len()) != Some(page) {
            file.seek(SeekFrom::Start(i as u64 * 4096)).unwrap();
            file.write_all(page).unwrap();
        }
    }
    file.sync_all().unwrap();
}

fn list_10k(c: &mut Criterion) {
    let mut w = Workspace::new();
    w.grow_to(40_002);
    assert_eq!(w.ledger.read(|v| v.run_count()).unwrap(), 10_000);
    c.bench_function("list 10,000 runs", |b| {
        b.iter(|| black_box(w.ledger.read(|v| v.runs(&RunFilter::default())).unwrap()));
    });
    processor_time_of("list 10,000 runs", 20, || {
        black_box(w.ledger.read(|v| v.runs(&RunFilter::default())).unwrap());
    });
}

#[derive(serde::Serialize)]
struct Point {
    name: &'static str,
    step: u64,
    value: f64,
}

fn segment_100k(c: &mut Criterion) {
    let w = Workspace::new();
    let mut n = 0;
    c.bench_function("100,000 metric points into a segment", |b| {
        b.iter(|| {
            n += 1;
            let mut segment = w.ledger.segment(&format!("points-{n}")).unwrap();
            for step in 0..100_000_u64 {
                segment.append(&Point { name: "train.loss", step, value: 1.0 / (step + 1) as f64 }).unwrap();
            }
            black_box(segment.close().unwrap())
        });
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(10);
    targets = durable_event, verify_100k, list_10k, segment_100k, open_1m
}
criterion_main!(benches);
