//! Counters and histograms, and their text for Prometheus (format 0.0.4).

use driftgate_engine::Snapshot;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

/// Upper ends in seconds: 0.5 ms to 2.5 s.
const LATENCY: [f64; 12] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5];
/// Upper ends of the stages, which are shorter.
const STAGE: [f64; 12] =
    [0.000_005, 0.000_01, 0.000_025, 0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.005, 0.025, 0.1, 1.0];

/// The stages of an answer.
pub(crate) const STAGES: [&str; 4] = ["parse", "validate", "infer", "encode"];

/// A histogram with fixed ends.
pub(crate) struct Histogram {
    ends: &'static [f64; 12],
    counts: [AtomicU64; 12],
    all: AtomicU64,
    nanos: AtomicU64,
}

impl Histogram {
    fn new(ends: &'static [f64; 12]) -> Histogram {
        Histogram { ends, counts: Default::default(), all: AtomicU64::new(0), nanos: AtomicU64::new(0) }
    }

    pub(crate) fn add(&self, time: Duration) {
        let seconds = time.as_secs_f64();
        if let Some(bucket) = self.ends.iter().position(|end| seconds <= *end).and_then(|i| self.counts.get(i)) {
            bucket.fetch_add(1, Ordering::Relaxed);
        }
        self.all.fetch_add(1, Ordering::Relaxed);
        self.nanos.fetch_add(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    fn write(&self, out: &mut String, name: &str, labels: &str) {
        let comma = if labels.is_empty() { "" } else { "," };
        let mut sum = 0;
        for (end, count) in self.ends.iter().zip(&self.counts) {
            sum += count.load(Ordering::Relaxed);
            line(out, &format!("{name}_bucket{{{labels}{comma}le=\"{end}\"}} {sum}"));
        }
        // Never below the last bucket, though others count meanwhile.
        let all = self.all.load(Ordering::Relaxed).max(sum);
        line(out, &format!("{name}_bucket{{{labels}{comma}le=\"+Inf\"}} {all}"));
        let braces = if labels.is_empty() { String::new() } else { format!("{{{labels}}}") };
        line(out, &format!("{name}_sum{braces} {}", self.nanos.load(Ordering::Relaxed) as f64 / 1e9));
        line(out, &format!("{name}_count{braces} {all}"));
    }
}

/// What is counted for a version in a role.
pub(crate) struct VersionMetrics {
    codes: Mutex<BTreeMap<u16, u64>>,
    rows: AtomicU64,
    latency: Histogram,
}

impl VersionMetrics {
    pub(crate) fn count(&self, code: u16, rows: usize, time: Duration) {
        *self.codes.lock().unwrap_or_else(PoisonError::into_inner).entry(code).or_default() += 1;
        self.rows.fetch_add(rows as u64, Ordering::Relaxed);
        self.latency.add(time);
    }
}

/// A model, its version, and a role.
type Key = (String, u32, &'static str);

/// Everything that is counted.
pub(crate) struct Metrics {
    routes: Mutex<BTreeMap<(&'static str, u16), u64>>,
    versions: RwLock<BTreeMap<Key, Arc<VersionMetrics>>>,
    stages: [Histogram; 4],
    pub(crate) in_progress: AtomicI64,
    pub(crate) reloads: AtomicU64,
    pub(crate) failed_reloads: AtomicU64,
    pub(crate) logged: AtomicU64,
    pub(crate) dropped: AtomicU64,
    pub(crate) log_bytes: AtomicU64,
    pub(crate) labels: AtomicU64,
}

/// What only the server knows at the moment of the question.
pub(crate) struct Now<'a> {
    pub(crate) snapshot: &'a Snapshot,
    pub(crate) confirmed: bool,
}

impl Metrics {
    pub(crate) fn new() -> Metrics {
        Metrics {
            routes: Mutex::default(),
            versions: RwLock::default(),
            stages: [(); 4].map(|()| Histogram::new(&STAGE)),
            in_progress: AtomicI64::new(0),
            reloads: AtomicU64::new(0),
            failed_reloads: AtomicU64::new(0),
            logged: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            log_bytes: AtomicU64::new(0),
            labels: AtomicU64::new(0),
        }
    }

    pub(crate) fn route(&self, route: &'static str, code: u16) {
        *self.routes.lock().unwrap_or_else(PoisonError::into_inner).entry((route, code)).or_default() += 1;
    }

    pub(crate) fn version(&self, model: &str, version: u32, role: &'static str) -> Arc<VersionMetrics> {
        // A look under the shared lock first: a version is new once.
        let known = self.versions.read().unwrap_or_else(PoisonError::into_inner);
        let key = (model.to_owned(), version, role);
        if let Some(found) = known.get(&key) {
            return found.clone();
        }
        drop(known);
        let new = || {
            let latency = Histogram::new(&LATENCY);
            Arc::new(VersionMetrics { codes: Mutex::default(), rows: AtomicU64::new(0), latency })
        };
        self.versions.write().unwrap_or_else(PoisonError::into_inner).entry(key).or_insert_with(new).clone()
    }

    /// Adds the times of the four stages, in the order of [`STAGES`].
    pub(crate) fn stages(&self, times: [Duration; 4]) {
        for (histogram, time) in self.stages.iter().zip(times) {
            histogram.add(time);
        }
    }

    /// The text for Prometheus.
    pub(crate) fn text(&self, now: &Now) -> String {
        let mut out = String::new();
        head(&mut out, "driftgate_http_requests_total", "counter", "Requests by route and status.");
        for ((route, code), n) in &*self.routes.lock().unwrap_or_else(PoisonError::into_inner) {
            line(&mut out, &format!("driftgate_http_requests_total{{route=\"{route}\",code=\"{code}\"}} {n}"));
        }
        head(&mut out, "driftgate_inference_in_progress", "gauge", "Requests at work.");
        line(&mut out, &format!("driftgate_inference_in_progress {}", self.in_progress.load(Ordering::Relaxed)));
        self.inference(&mut out);
        head(&mut out, "driftgate_inference_stage_seconds", "histogram", "Time of each stage of an answer.");
        for (histogram, stage) in self.stages.iter().zip(STAGES) {
            histogram.write(&mut out, "driftgate_inference_stage_seconds", &format!("stage=\"{stage}\""));
        }
        head(&mut out, "driftgate_model_info", "gauge", "What is answered with.");
        for m in now.snapshot.models.values() {
            line(
                &mut out,
                &format!(
                    "driftgate_model_info{{model=\"{}\",version=\"{}\",role=\"champion\",algorithm=\"{}\",run_id=\"{}\",artifact=\"{}\"}} 1",
                    m.model,
                    m.version,
                    m.algorithm(),
                    m.run,
                    m.artifact
                ),
            );
        }
        let load = |n: &AtomicU64| n.load(Ordering::Relaxed);
        let plain = [
            ("driftgate_models_loaded", "gauge", "Models that are answered with.", now.snapshot.models.len() as u64),
            (
                "driftgate_models_failed",
                "gauge",
                "Models whose version in Production does not load.",
                now.snapshot.failed.len() as u64,
            ),
            (
                "driftgate_audit_tree_size",
                "gauge",
                "Events in the ledger that the snapshot was taken of.",
                now.snapshot.seq,
            ),
            (
                "driftgate_snapshot_confirmed",
                "gauge",
                "Whether the ledger knows what is answered with.",
                u64::from(now.confirmed),
            ),
            (
                "driftgate_reloads_total",
                "counter",
                "Snapshots exchanged for one with other versions.",
                load(&self.reloads),
            ),
            (
                "driftgate_reload_failures_total",
                "counter",
                "Snapshots that could not be taken.",
                load(&self.failed_reloads),
            ),
            (
                "driftgate_prediction_log_records_total",
                "counter",
                "Answers written to the prediction log.",
                load(&self.logged),
            ),
            (
                "driftgate_prediction_log_dropped_total",
                "counter",
                "Answers left out because the log was behind.",
                load(&self.dropped),
            ),
            ("driftgate_prediction_log_bytes", "gauge", "Size of the prediction log.", load(&self.log_bytes)),
            ("driftgate_feedback_labels_total", "counter", "Labels taken by /feedback.", load(&self.labels)),
        ];
        for (name, kind, help, value) in plain {
            head(&mut out, name, kind, help);
            line(&mut out, &format!("{name} {value}"));
        }
        out
    }

    fn inference(&self, out: &mut String) {
        let versions = self.versions.read().unwrap_or_else(PoisonError::into_inner);
        let labels = |(model, version, role): &Key| format!("model=\"{model}\",version=\"{version}\",role=\"{role}\"");
        head(out, "driftgate_inference_requests_total", "counter", "Requests to a model by status.");
        for (key, metrics) in &*versions {
            for (code, n) in &*metrics.codes.lock().unwrap_or_else(PoisonError::into_inner) {
                line(out, &format!("driftgate_inference_requests_total{{{},code=\"{code}\"}} {n}", labels(key)));
            }
        }
        head(out, "driftgate_inference_rows_total", "counter", "Rows answered.");
        for (key, metrics) in &*versions {
            let rows = metrics.rows.load(Ordering::Relaxed);
            line(out, &format!("driftgate_inference_rows_total{{{}}} {rows}", labels(key)));
        }
        head(out, "driftgate_inference_duration_seconds", "histogram", "From the request to its answer.");
        for (key, metrics) in &*versions {
            metrics.latency.write(out, "driftgate_inference_duration_seconds", &labels(key));
        }
    }
}

fn head(out: &mut String, name: &str, kind: &str, help: &str) {
    line(out, &format!("# HELP {name} {help}\n# TYPE {name} {kind}"));
}

fn line(out: &mut String, text: &str) {
    // Writing to a string cannot fail.
    writeln!(out, "{text}").unwrap_or_default();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_histogram_is_cumulative() {
        let h = Histogram::new(&LATENCY);
        for ms in [0, 1, 1, 30, 9000] {
            h.add(Duration::from_millis(ms));
        }
        let mut out = String::new();
        h.write(&mut out, "x_seconds", "a=\"b\"");
        for expected in [
            "x_seconds_bucket{a=\"b\",le=\"0.0005\"} 1",
            "x_seconds_bucket{a=\"b\",le=\"0.001\"} 3",
            "x_seconds_bucket{a=\"b\",le=\"0.05\"} 4",
            "x_seconds_bucket{a=\"b\",le=\"2.5\"} 4",
            "x_seconds_bucket{a=\"b\",le=\"+Inf\"} 5",
            "x_seconds_count{a=\"b\"} 5",
            "x_seconds_sum{a=\"b\"} 9.032",
        ] {
            assert!(out.lines().any(|l| l == expected), "{expected}\n{out}");
        }
    }

    #[test]
    fn what_was_counted_is_in_the_text() {
        let metrics = Metrics::new();
        metrics.version("m", 3, "champion").count(200, 5, Duration::from_millis(2));
        metrics.version("m", 3, "champion").count(422, 0, Duration::from_millis(2));
        metrics.route("/predict/{model}", 200);
        let text = metrics.text(&Now { snapshot: &Snapshot::default(), confirmed: true });
        for expected in [
            "driftgate_inference_requests_total{model=\"m\",version=\"3\",role=\"champion\",code=\"200\"} 1",
            "driftgate_inference_requests_total{model=\"m\",version=\"3\",role=\"champion\",code=\"422\"} 1",
            "driftgate_inference_rows_total{model=\"m\",version=\"3\",role=\"champion\"} 5",
            "driftgate_http_requests_total{route=\"/predict/{model}\",code=\"200\"} 1",
            "driftgate_snapshot_confirmed 1",
        ] {
            assert!(text.lines().any(|l| l == expected), "{expected}\n{text}");
        }
        // Each name is described once, before its values.
        let mut seen = std::collections::BTreeSet::new();
        assert!(text.lines().filter(|l| l.starts_with("# TYPE")).all(|l| seen.insert(l)), "{text}");
    }
}
