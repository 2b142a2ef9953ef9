//! How quick the window is: run by hand, and told in docs/benchmarks.md. Nothing here is asserted about time.
//!
//! `DRIFTGATE_WINDOW=PROGRAM cargo nextest run --cargo-profile ci --workspace --run-ignored only -E 'binary(window_figures)' --no-capture`
//! measures another build of the window than that of the tests, such as the one in a package.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may panic, and says how long it took")]

mod window;

use driftgate_ledger::{Entropy, Ledger, OpenOptions, Stamp};
use driftgate_model::config::Stage;
use driftgate_model::{
    Digest, EventBody, Lease, ModelName, RunId, RunStatus, RunSubject, SplitCounts, StageRecord, Task, Timestamp,
};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use window::{Start, Window};

/// Runs in the large workspace.
const RUNS: u64 = 10_000;
/// Times that each route is shown.
const TIMES: usize = 7;

struct Counted(AtomicU64);

impl Entropy for Counted {
    fn fill(&self, buf: &mut [u8]) {
        for chunk in buf.chunks_mut(32) {
            let block = Digest::of(&self.0.fetch_add(1, Ordering::Relaxed).to_le_bytes());
            chunk.copy_from_slice(&block.0[..chunk.len()]);
        }
    }
}

/// A workspace whose ledger tells of many runs, each with its stages and twenty metrics.
fn many_runs(folder: &Path) {
    let stamp = Stamp {
        time: Timestamp::from_second(1_790_000_000).unwrap(),
        actor: "ada".into(),
        via: "cli".into(),
        reviewer: None,
    };
    let options = OpenOptions {
        entropy: Arc::new(Counted(AtomicU64::new(0))),
        lock_timeout: Duration::from_secs(60),
        holder: "figures".into(),
    };
    let ledger = Ledger::create(folder, options, &stamp, "0.1.0").unwrap();
    let object = ledger.put(b"object").unwrap();
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
        source: ledger.seal("d.csv").unwrap(),
    };
    ledger
        .write(|tx| {
            tx.append(&stamp, added)?;
            for n in 0..RUNS {
                let at = Timestamp::from_second(1_790_000_000 + 60 * n as i64).unwrap();
                let stamp = Stamp { time: at, ..stamp.clone() };
                for body in run(n, object) {
                    tx.append(&stamp, body)?;
                }
            }
            Ok::<_, driftgate_ledger::LedgerError>(())
        })
        .unwrap();
}

fn run(n: u64, object: Digest) -> [EventBody; 3] {
    let id = RunId::new(1_790_000_000_000 + 60_000 * n, Digest::of(&n.to_le_bytes()).0[..10].try_into().unwrap());
    let subject = RunSubject {
        run: id.clone(),
        model: ModelName::new(format!("model-{}", n % 7)).unwrap(),
        dataset: "d".into(),
        dataset_version: object,
        task: Task::Classification,
        algorithm: "random_forest".into(),
        random_seed: n,
        config: object,
        environment: object,
    };
    let record = StageRecord { stage: Stage::Evaluation, duration_ms: 120, objects: BTreeMap::new() };
    let names = ["accuracy", "f1", "precision", "recall", "roc_auc", "pr_auc", "log_loss", "brier", "ece", "mcc"];
    let metrics = ["val", "test"]
        .iter()
        .flat_map(|split| names.iter().map(move |name| format!("{split}.{name}")))
        .enumerate()
        .map(|(i, name)| (name, 1.0 / (i as u64 + 2 + n % 13) as f64))
        .collect();
    [
        EventBody::RunStarted { subject, lease: Lease { pid: 7, process_start: 70, file: None } },
        EventBody::RunStage { run: id.clone(), record, segments: BTreeMap::new(), test_look: true },
        EventBody::RunFinished {
            run: id,
            status: RunStatus::Completed,
            metrics,
            artifact: None,
            evaluation: None,
            gate: None,
            violations: Vec::new(),
            error: None,
            provenance: None,
            gate_statement: None,
        },
    ]
}

/// Presses a link of the navigation and gives the milliseconds until what it leads to is painted.
const SHOWN: &str = r"
const [name, shows, done] = arguments;
const link = [...document.querySelectorAll('nav.side a')].find(a => a.innerText.trim().startsWith(name));
const began = performance.now();
link.click();
const look = () => {
  const there = document.querySelector(shows) && !document.querySelector('[aria-busy=\'true\']');
  if (there && document.querySelector('main h1, main h2')) requestAnimationFrame(() => done(performance.now() - began));
  else setTimeout(look, 1);
};
look();
";

fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

#[test]
#[ignore = "measures"]
fn routes_of_ten_thousand_runs() {
    let folder = tempfile::tempdir().unwrap();
    let began = Instant::now();
    many_runs(folder.path());
    println!("{RUNS} runs written in {:.1} s", began.elapsed().as_secs_f64());
    let Some(window) = Window::open_workspace(folder.path()) else { return };
    window.wait_named("link", "Registry");
    let routes = [
        ("Runs", ".grid tr.line"),
        ("Overview", "main"),
        ("Data sets", ".grid tr.line"),
        ("Registry", "main"),
        ("Drift", "main"),
        ("Audit", ".grid tr.line"),
        ("Serving", "main"),
        ("Settings", "main h2"),
    ];
    for (name, shows) in routes {
        let mut times: Vec<f64> = (0..TIMES)
            .map(|_| {
                window.go("/settings?away");
                window.painted();
                window.js_async(SHOWN, vec![name.into(), shows.into()]).as_f64().unwrap()
            })
            .collect();
        let middle = median(&mut times);
        println!("route {name}: median {middle:.0} ms, longest {:.0} ms", times[times.len() - 1]);
    }
}

#[test]
#[ignore = "measures"]
fn cold_start_and_idle() {
    let home = tempfile::tempdir().unwrap();
    let mut starts = Vec::new();
    for _ in 0..TIMES {
        let start = Start { home: Some(home.path().to_path_buf()), ..Start::default() };
        let Some(window) = Window::start(start) else { return };
        window.wait_named("button", "Open the demo");
        starts.push(window.process_age());
    }
    let middle = median(&mut starts);
    println!("process start to a usable page: median {middle:.2} s, longest {:.2} s", starts[starts.len() - 1]);

    let Some(window) = Window::open() else { return };
    window.open_demo();
    window.go("/");
    window.wait_for(".needs");
    std::thread::sleep(Duration::from_secs(5));
    let before = window.used();
    std::thread::sleep(Duration::from_secs(60));
    let after = window.used();
    println!(
        "idle with the demo open: {:.2} % of one processor over 60 s; {:.0} MiB in {} processes",
        (after.seconds - before.seconds) / 60.0 * 100.0,
        after.mebibytes,
        after.processes
    );
}
