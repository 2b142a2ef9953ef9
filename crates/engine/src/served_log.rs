//! The prediction log: what was asked and answered, in rotated segments, and the labels that came later.

mod memory;

use crate::artifact::rows_of;
use crate::serving::ServedVersion;
use crate::{Result, Workspace};
use driftgate_learn::Predictions;
use driftgate_ledger::{Ledger, SegmentWriter};
use driftgate_model::views::LivePerformanceView;
use driftgate_model::{Code, Coded as _, ColumnValues, Digest, Frame, ModelName, RunId, Timestamp, VersionNumber};
use memory::{Known, Memory, Predicted, Remembered};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// How the names of the log's segments begin.
pub(crate) const PREFIX: &str = "predictions-";

/// Answers that labels can still be given for: the newest ones.
const REMEMBERED: usize = 50_000;

/// How the values of rows are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogValues {
    /// As they were given.
    Full,
    /// Salted hashes: equal values can be counted, and nothing else be learnt.
    Hashed,
    /// Not at all.
    None,
}

/// How a prediction log is kept.
#[derive(Debug, Clone)]
pub struct LogOptions {
    /// What is kept of the inputs.
    pub values: LogValues,
    /// A segment is closed once it has this many bytes.
    pub segment_bytes: u64,
    /// The oldest closed segments go once all together have more bytes than this.
    pub total_bytes: u64,
}

impl Default for LogOptions {
    fn default() -> Self {
        LogOptions { values: LogValues::Full, segment_bytes: 16 << 20, total_bytes: 256 << 20 }
    }
}

/// One answered request.
pub struct LoggedAnswer {
    /// Its id.
    pub request: String,
    /// When it was answered.
    pub at: Timestamp,
    /// What answered.
    pub served: Arc<ServedVersion>,
    /// `champion`, …
    pub role: &'static str,
    /// From the first byte read to the answer encoded, in microseconds.
    pub micros: u64,
    /// The rows.
    pub frame: Frame,
    /// The answers.
    pub answers: Arc<Predictions>,
}

/// Labels that came later, for one request.
#[derive(Debug, Clone, PartialEq)]
pub struct Feedback {
    /// The request.
    pub request: String,
    /// One label a row: a text for classes, a number for values.
    pub labels: Vec<FeedbackLabel>,
}

/// One label.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum FeedbackLabel {
    /// A value.
    Number(f64),
    /// A class.
    Text(String),
}

/// What became of one feedback.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FeedbackOutcome {
    /// It was kept.
    Kept {
        /// The model that had answered.
        model: ModelName,
        /// Its version.
        version: VersionNumber,
    },
    /// No answer of that id is in the log, or not any more.
    Unknown,
    /// It does not fit the answer.
    Refused(String),
}

/// Performance on labels that came later.
pub type LivePerformance = LivePerformanceView;

/// A line of the log.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Line {
    /// Stands before the first answer of a version in each segment.
    Version { model: ModelName, version: VersionNumber, run: RunId, columns: Vec<String>, labels: Vec<String> },
    /// An answered request.
    Answer {
        id: String,
        at: Timestamp,
        model: ModelName,
        version: VersionNumber,
        role: String,
        us: u64,
        values: String,
        rows: Vec<Vec<serde_json::Value>>,
        answers: Vec<Vec<f64>>,
    },
    /// Labels of a request.
    Feedback { id: String, at: Timestamp, labels: Vec<FeedbackLabel> },
}

/// A prediction log being written. It is for one thread that serves no request.
pub struct PredictionLog {
    ledger: Ledger,
    options: LogOptions,
    open: Option<SegmentWriter>,
    described: BTreeSet<(ModelName, VersionNumber)>,
    known: BTreeMap<(ModelName, VersionNumber), Arc<Known>>,
    closed_bytes: u64,
    salt: [u8; 16],
    memory: Memory,
    /// Segments of earlier logs that are not in memory yet, oldest first.
    earlier: Vec<String>,
    names: Names,
}

/// Makes names that sort by time.
struct Names {
    server: String,
    count: u64,
}

impl PredictionLog {
    /// Appends an answer.
    pub fn answer(&mut self, answer: &LoggedAnswer) -> Result<()> {
        let served = &answer.served;
        self.make_room(answer.at)?;
        if self.described.insert((served.model.clone(), served.version)) {
            let line = Line::Version {
                model: served.model.clone(),
                version: served.version,
                run: served.run.clone(),
                columns: answer.frame.columns().iter().map(|c| c.name.clone()).collect(),
                labels: served.labels().to_vec(),
            };
            self.append(&line)?;
        }
        let (values, rows) = match self.options.values {
            LogValues::Full => ("full", rows(&answer.frame, |_, value| value)),
            LogValues::Hashed => ("hashed", rows(&answer.frame, |column, value| self.hashed(column, &value))),
            LogValues::None => ("none", Vec::new()),
        };
        self.append(&Line::Answer {
            id: answer.request.clone(),
            at: answer.at,
            model: served.model.clone(),
            version: served.version,
            role: answer.role.into(),
            us: answer.micros,
            values: values.into(),
            rows,
            answers: rows_of(&answer.answers),
        })?;
        let predicted = match &*answer.answers {
            Predictions::Classes { .. } => Predicted::Classes(answer.answers.codes()),
            Predictions::Values(values) => Predicted::Values(values.clone()),
        };
        let new = || {
            let labels = served.labels().to_vec();
            Arc::new(Known { model: served.model.clone(), version: served.version, labels })
        };
        let known = self.known.entry((served.model.clone(), served.version)).or_insert_with(new).clone();
        self.memory.add(&answer.request, Remembered { known, predicted, terms: None });
        Ok(())
    }

    /// Appends labels, where they fit an answer that is remembered.
    pub fn feedback(&mut self, feedback: &Feedback, at: Timestamp) -> Result<FeedbackOutcome> {
        self.remember_earlier()?;
        let outcome = self.memory.label(&feedback.request, &feedback.labels);
        if matches!(outcome, FeedbackOutcome::Kept { .. }) {
            self.make_room(at)?;
            self.append(&Line::Feedback { id: feedback.request.clone(), at, labels: feedback.labels.clone() })?;
        }
        Ok(outcome)
    }

    /// Live performance of a version over the remembered answers with labels.
    pub fn performance(
        &mut self,
        model: &ModelName,
        version: VersionNumber,
        test: Option<f64>,
        classes: bool,
    ) -> LivePerformance {
        if let Err(error) = self.remember_earlier() {
            tracing::warn!(%error, "an earlier prediction log cannot be read: its labels are left out");
        }
        live(model, version, classes, &self.memory.terms(model.as_str(), version), test)
    }

    /// Reads what earlier logs answered, before what this one did: once, when labels are first asked about, so that a server
    /// with a long log starts at once.
    fn remember_earlier(&mut self) -> Result<()> {
        if self.earlier.is_empty() {
            return Ok(());
        }
        let mut memory = Memory::default();
        for name in std::mem::take(&mut self.earlier) {
            match remember(&self.ledger, &name, &mut memory) {
                // Grown too old meanwhile, and removed.
                Err(e) if e.code() == Code::NotFound => {}
                done => done?,
            }
        }
        memory.add_all(std::mem::take(&mut self.memory));
        self.memory = memory;
        Ok(())
    }

    /// Hands what was collected to the operating system: it survives the end of the process.
    pub fn flush(&mut self) -> Result<()> {
        match &mut self.open {
            Some(segment) => Ok(segment.flush()?),
            None => Ok(()),
        }
    }

    /// Bytes of all segments.
    pub fn bytes(&self) -> u64 {
        self.closed_bytes + self.open.as_ref().map_or(0, SegmentWriter::bytes)
    }

    /// Closes the open segment durably.
    pub fn close(&mut self) -> Result<()> {
        if let Some(segment) = self.open.take() {
            let (_, bytes) = segment.close()?;
            self.closed_bytes += bytes;
        }
        self.described.clear();
        Ok(())
    }

    fn append(&mut self, line: &Line) -> Result<()> {
        if let Some(segment) = &mut self.open {
            segment.append(line)?;
        }
        Ok(())
    }

    /// Sees to an open segment that is not full, and to the room that all may take.
    fn make_room(&mut self, at: Timestamp) -> Result<()> {
        if self.open.as_ref().is_some_and(|s| s.bytes() >= self.options.segment_bytes) {
            self.close()?;
        }
        if self.open.is_none() {
            self.drop_oldest()?;
            self.names.count += 1;
            let millis = u64::try_from(at.as_millisecond()).unwrap_or(0);
            let name = format!("{PREFIX}{millis:014}-{}-{:06}", self.names.server, self.names.count);
            self.open = Some(self.ledger.segment(&name)?);
        }
        Ok(())
    }

    fn drop_oldest(&mut self) -> Result<()> {
        let segments = self.ledger.segments(PREFIX)?;
        let mut total: u64 = segments.iter().map(|(_, bytes)| bytes).sum();
        for (name, bytes) in &segments {
            if total <= self.options.total_bytes {
                break;
            }
            self.ledger.remove_segment(name)?;
            total -= bytes;
        }
        self.closed_bytes = total;
        Ok(())
    }

    fn hashed(&self, column: usize, value: &serde_json::Value) -> serde_json::Value {
        if value.is_null() {
            return serde_json::Value::Null;
        }
        let mut bytes = self.salt.to_vec();
        bytes.extend((column as u64).to_le_bytes());
        bytes.extend(value.to_string().into_bytes());
        Digest::of(&bytes).to_string().chars().take(16).collect::<String>().into()
    }
}

/// The rows of a frame as JSON.
fn rows(frame: &Frame, each: impl Fn(usize, serde_json::Value) -> serde_json::Value) -> Vec<Vec<serde_json::Value>> {
    let value = |values: &ColumnValues, row: usize| match values {
        ColumnValues::Number(v) => {
            v.get(row).copied().filter(|v| !v.is_nan()).map_or(serde_json::Value::Null, Into::into)
        }
        ColumnValues::Text { .. } => values.text(row).map_or(serde_json::Value::Null, Into::into),
    };
    (0..frame.rows())
        .map(|row| frame.columns().iter().enumerate().map(|(i, c)| each(i, value(&c.values, row))).collect())
        .collect()
}

/// Level of the intervals.
const LEVEL: f64 = 0.95;

/// Accuracy with Wilson's interval (1927), or the mean absolute error with a normal one.
fn live(model: &ModelName, version: VersionNumber, classes: bool, terms: &[f64], test: Option<f64>) -> LivePerformance {
    let n = terms.len() as f64;
    let mean = terms.iter().sum::<f64>() / n;
    let z = driftgate_drift::special::normal_two_sided(LEVEL);
    let (low, high) = if classes {
        let centre = (mean + z * z / (2.0 * n)) / (1.0 + z * z / n);
        let half = z / (1.0 + z * z / n) * (mean * (1.0 - mean) / n + z * z / (4.0 * n * n)).sqrt();
        (centre - half, centre + half)
    } else {
        let variance = terms.iter().map(|t| (t - mean).powi(2)).sum::<f64>() / (n - 1.0);
        let half = z * (variance / n).sqrt();
        (if mean < half { 0.0 } else { mean - half }, mean + half)
    };
    let finite = |v: f64| v.is_finite().then_some(v);
    LivePerformance {
        schema: "driftgate/live-performance/1".into(),
        model: model.clone(),
        version,
        metric: if classes { "accuracy" } else { "mae" }.into(),
        rows: terms.len() as u64,
        value: finite(mean),
        low: finite(low),
        high: finite(high),
        level: LEVEL,
        test,
    }
}

/// The rows a model answered, oldest first, with the labels that came later.
pub(crate) struct ServedRows {
    /// The input columns.
    pub columns: Vec<String>,
    /// One list a row.
    pub rows: Vec<Vec<serde_json::Value>>,
    /// The label of each row, where there is one.
    pub labels: Vec<Option<FeedbackLabel>>,
    /// Answers whose inputs were hashed or not kept.
    pub without_values: u64,
}

impl Workspace {
    /// Begins a prediction log, which remembers the newest answers of earlier ones.
    pub fn prediction_log(&self, options: LogOptions) -> Result<PredictionLog> {
        let mut salt = [0; 16];
        self.host.entropy.fill(&mut salt);
        let segments = self.ledger.segments(PREFIX)?;
        // As many of the newest as may hold what is remembered: a line has a hundred bytes at least.
        let mut bytes = 0;
        let newest = segments.iter().rev().take_while(|(_, size)| {
            let before = bytes;
            bytes += size;
            before < REMEMBERED as u64 * 400
        });
        let mut earlier: Vec<String> = newest.map(|(name, _)| name.clone()).collect();
        earlier.reverse();
        Ok(PredictionLog {
            ledger: self.ledger.clone(),
            options,
            open: None,
            described: BTreeSet::new(),
            known: BTreeMap::new(),
            closed_bytes: segments.iter().map(|(_, size)| size).sum(),
            salt,
            memory: Memory::default(),
            earlier,
            names: Names { server: self.new_run_id().short().into(), count: 0 },
        })
    }

    /// The newest `last` rows that `model` answered in that version.
    pub(crate) fn served_rows(&self, model: &str, version: VersionNumber, last: usize) -> Result<ServedRows> {
        let mut out = ServedRows { columns: Vec::new(), rows: Vec::new(), labels: Vec::new(), without_values: 0 };
        let mut later: BTreeMap<String, Vec<FeedbackLabel>> = BTreeMap::new();
        for (name, _) in self.ledger.segments(PREFIX)?.into_iter().rev() {
            if out.rows.len() >= last {
                break;
            }
            let mut found: Vec<(String, Vec<Vec<serde_json::Value>>)> = Vec::new();
            for line in self.ledger.read_segment::<Line>(&name)? {
                match line? {
                    Line::Version { model: m, version: v, columns, .. } if m.as_str() == model && v == version => {
                        out.columns = columns;
                    }
                    Line::Answer { id, model: m, version: v, values, rows, answers, .. }
                        if m.as_str() == model && v == version =>
                    {
                        if values == "full" {
                            found.push((id, rows));
                        } else {
                            out.without_values += answers.len() as u64;
                        }
                    }
                    Line::Feedback { id, labels, .. } => {
                        later.insert(id, labels);
                    }
                    _ => {}
                }
            }
            for (id, rows) in found.into_iter().rev() {
                let labels = later.get(&id);
                for (i, row) in rows.into_iter().enumerate().rev() {
                    if out.rows.len() < last {
                        out.labels.push(labels.and_then(|l| l.get(i)).cloned());
                        out.rows.push(row);
                    }
                }
            }
        }
        out.rows.reverse();
        out.labels.reverse();
        Ok(out)
    }
}

/// Adds the answers of a segment, and the labels that are in it.
fn remember(ledger: &Ledger, segment: &str, memory: &mut Memory) -> Result<()> {
    let mut versions: BTreeMap<(ModelName, VersionNumber), Arc<Known>> = BTreeMap::new();
    for line in ledger.read_segment::<Line>(segment)? {
        match line? {
            Line::Version { model, version, labels, .. } => {
                let known = Arc::new(Known { model: model.clone(), version, labels });
                versions.insert((model, version), known);
            }
            Line::Answer { id, model, version, answers, .. } => {
                // Its version stands before it in every segment that was written whole so far.
                let Some(known) = versions.get(&(model, version)).cloned() else { continue };
                let predicted = if known.labels.is_empty() {
                    Predicted::Values(answers.iter().map(|p| p.first().copied().unwrap_or(f64::NAN)).collect())
                } else {
                    Predicted::Classes(answers.iter().map(|p| code(p)).collect())
                };
                memory.add(&id, Remembered { known, predicted, terms: None });
            }
            Line::Feedback { id, labels, .. } => {
                memory.label(&id, &labels);
            }
        }
    }
    Ok(())
}

/// The most probable class, the smallest of equals.
fn code(probabilities: &[f64]) -> u32 {
    let mut best = (f64::NEG_INFINITY, 0);
    for (i, p) in probabilities.iter().enumerate() {
        if *p > best.0 {
            best = (*p, i as u32);
        }
    }
    best.1
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn wilsons_interval_has_the_published_values() {
        // Newcombe (1998), Statistics in Medicine 17:857, table I, method 3: 81 of 263.
        let terms: Vec<f64> = (0..263).map(|i| f64::from(u8::from(i < 81))).collect();
        let found = live(&ModelName::new("m").unwrap(), 1, true, &terms, None);
        assert!((found.low.unwrap() - 0.2553).abs() < 5e-5, "{found:?}");
        assert!((found.high.unwrap() - 0.3662).abs() < 5e-5, "{found:?}");
        assert_eq!(found.rows, 263);
    }

    #[test]
    fn without_labels_nothing_is_claimed() {
        let found = live(&ModelName::new("m").unwrap(), 1, false, &[], None);
        assert_eq!((found.value, found.low, found.high), (None, None, None));
        let one = live(&ModelName::new("m").unwrap(), 1, false, &[0.5], None);
        assert_eq!((one.value, one.low), (Some(0.5), None));
    }
}
