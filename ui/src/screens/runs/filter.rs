//! Which runs the table shows, and in which order.

use crate::words;
use driftgate_model::RunStatus;
use driftgate_model::views::{JobState, JobView, RunLine};
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A run in the table, with the words by which it is found. A copy costs next to nothing.
#[derive(Debug, Clone)]
pub struct Row {
    /// The run.
    pub line: Arc<RunLine>,
    found_by: Arc<str>,
}

impl PartialEq for Row {
    fn eq(&self, other: &Row) -> bool {
        Arc::ptr_eq(&self.line, &other.line) || self.line == other.line
    }
}

impl Row {
    /// A row of that run.
    pub fn of(line: &RunLine) -> Row {
        let version = line.version.map(|v| format!("v{v} version {v}")).unwrap_or_default();
        let value = line.value.map(|v| words::number(Some(v))).unwrap_or_default();
        let found_by = [
            line.run.as_str(),
            line.model.as_str(),
            &line.dataset,
            &line.algorithm,
            &words::spelled(&line.algorithm),
            line.status.as_str(),
            words::status(line.status),
            &line.metric,
            &words::metric(&line.metric),
            &value,
            &version,
            &words::moment(line.started_at),
        ]
        .join(" ")
        .to_lowercase();
        Row { line: Arc::new(line.clone()), found_by: found_by.into() }
    }
}

/// What a person asked to see; an empty text asks for nothing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Filter {
    /// Words that all have to be there, in any order.
    pub text: String,
    /// The model.
    pub model: String,
    /// The data set.
    pub dataset: String,
    /// The status, as in JSON.
    pub status: String,
    /// The algorithm.
    pub algorithm: String,
}

impl Filter {
    /// Whether it leaves anything out.
    pub fn asks(&self) -> bool {
        *self != Filter::default()
    }
}

/// The rows that the filter lets through, those that run first.
pub fn narrow(rows: &[Row], filter: &Filter) -> Vec<Row> {
    let text = filter.text.to_lowercase();
    let wanted: Vec<&str> = text.split_whitespace().collect();
    let is = |asked: &str, has: &str| asked.is_empty() || asked == has;
    let through = |row: &&Row| {
        let line = &row.line;
        is(&filter.model, line.model.as_str())
            && is(&filter.dataset, &line.dataset)
            && is(&filter.status, line.status.as_str())
            && is(&filter.algorithm, &line.algorithm)
            && wanted.iter().all(|word| row.found_by.contains(word))
    };
    let (mut first, rest): (Vec<Row>, Vec<Row>) =
        rows.iter().filter(through).cloned().partition(|row| row.line.status == RunStatus::Running);
    first.extend(rest);
    first
}

/// What a filter offers: `any`, then each value that occurs, by name.
pub fn choices(rows: &[Row], any: &str, of: impl Fn(&RunLine) -> (&str, String)) -> Vec<(String, String)> {
    let mut known: BTreeMap<&str, String> = BTreeMap::new();
    for row in rows {
        let (key, name) = of(&row.line);
        known.entry(key).or_insert(name);
    }
    let mut named: Vec<(String, String)> = known.into_iter().map(|(key, name)| (key.to_owned(), name)).collect();
    named.sort_by(|a, b| a.1.cmp(&b.1));
    std::iter::once((String::new(), any.to_owned())).chain(named).collect()
}

/// By a number that may be missing; what is missing is the smallest.
pub fn by_number(a: Option<f64>, b: Option<f64>) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) => a.total_cmp(&b),
        (a, b) => a.is_some().cmp(&b.is_some()),
    }
}

/// What a job is at, in few words: `Training, 40 %`.
pub fn at_work(job: &JobView) -> String {
    if job.state == JobState::Stopping {
        return "Stopping".into();
    }
    let stage = job.stages.last().map_or_else(|| "Starting".into(), |s| words::spelled(&s.name));
    match job.progress.as_ref().filter(|p| p.total > 0) {
        Some(p) => format!("{stage}, {:.0} %", (p.done as f64 / p.total as f64).clamp(0.0, 1.0) * 100.0),
        None => stage,
    }
}

#[cfg(test)]
pub(super) fn line(run: u64, model: &str, status: RunStatus, value: Option<f64>) -> RunLine {
    RunLine {
        run: driftgate_model::RunId::new(1_700_000_000_000 + run, [run as u8; 10]),
        model: driftgate_model::ModelName::new(model).expect("a name"),
        dataset: "wine".into(),
        algorithm: "random_forest".into(),
        status,
        started_at: driftgate_model::Timestamp::from_second(1_700_000_000 + run as i64).expect("a moment"),
        duration_ms: 10 * run,
        metric: "test.accuracy".into(),
        value,
        version: (status == RunStatus::Approved).then_some(3),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use driftgate_model::views::{JobProgress, JobStage};

    fn rows() -> Vec<Row> {
        [
            line(4, "a-classification", RunStatus::Blocked, Some(0.81)),
            line(3, "b-classification", RunStatus::Approved, Some(0.9231)),
            line(2, "a-classification", RunStatus::Running, None),
            line(1, "b-classification", RunStatus::Failed, None),
        ]
        .iter()
        .map(Row::of)
        .collect()
    }

    fn shown(filter: &Filter) -> Vec<u64> {
        narrow(&rows(), filter).iter().map(|r| r.line.duration_ms / 10).collect()
    }

    #[test]
    fn those_that_run_come_first() {
        assert_eq!(shown(&Filter::default()), [2, 4, 3, 1]);
        assert!(!Filter::default().asks());
    }

    #[test]
    fn every_word_must_be_there_in_any_order_and_case() {
        let text = |text: &str| shown(&Filter { text: text.into(), ..Filter::default() });
        assert_eq!(text("FOREST a-class"), [2, 4]);
        assert_eq!(text("v3 0.9231"), [3]);
        assert_eq!(text("random_forest blocked"), [4]);
        assert_eq!(text("2023-11-14 approved"), [3]);
        assert!(text("forest nothing").is_empty());
    }

    #[test]
    fn filters_hold_together() {
        let filter = Filter { model: "b-classification".into(), status: "failed".into(), ..Filter::default() };
        assert_eq!(shown(&filter), [1]);
        assert!(filter.asks());
        let other = Filter { dataset: "iris".into(), ..Filter::default() };
        assert!(shown(&other).is_empty());
    }

    #[test]
    fn a_filter_offers_what_occurs() {
        let offered = choices(&rows(), "Any status", |l| (l.status.as_str(), words::status(l.status).into()));
        let names: Vec<&str> = offered.iter().map(|c| c.1.as_str()).collect();
        assert_eq!(names, ["Any status", "Approved", "Blocked", "Failed", "Running"]);
        assert_eq!(offered[0].0, "");
        assert_eq!(offered[2].0, "blocked");
    }

    #[test]
    fn what_is_missing_is_the_smallest() {
        assert_eq!(by_number(None, Some(-1.0)), Ordering::Less);
        assert_eq!(by_number(Some(2.0), Some(1.0)), Ordering::Greater);
        assert_eq!(by_number(None, None), Ordering::Equal);
    }

    #[test]
    fn a_job_says_what_it_is_at() {
        let mut job = JobView {
            id: 1,
            title: "Run".into(),
            kind: "run".into(),
            run: None,
            state: JobState::Running,
            stages: Vec::new(),
            progress: None,
            elapsed_ms: 0,
            latest: BTreeMap::new(),
            warnings: Vec::new(),
            outcome: None,
            failure: None,
        };
        assert_eq!(at_work(&job), "Starting");
        job.stages.push(JobStage { name: "training".into(), note: None, ms: 5 });
        assert_eq!(at_work(&job), "Training");
        job.progress = Some(JobProgress { what: "trees".into(), done: 40, total: 100, eta_ms: None });
        assert_eq!(at_work(&job), "Training, 40 %");
        job.state = JobState::Stopping;
        assert_eq!(at_work(&job), "Stopping");
    }
}
