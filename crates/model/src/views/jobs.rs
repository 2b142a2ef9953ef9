//! Work that takes time: what is asked, how far it is, what it came to.

use super::Failure;
use crate::{DriftSeverity, DriftVerdict, ModelName, RunId, RunStatus, Task};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a person asks that takes time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum JobAsk {
    /// Makes the demo in `folder` and opens it.
    Demo {
        /// A new or empty folder.
        folder: String,
    },
    /// Adds a data set, or a new version of one.
    Import {
        /// The file or folder.
        path: String,
        /// The data set's name, where it is not the file's.
        name: Option<String>,
        /// The target column, where there is no `dataset.yaml`.
        target: Option<String>,
        /// The task, where there is no `dataset.yaml`.
        task: Option<Task>,
        /// Whether the file stays where it is.
        reference: bool,
        /// The text of the `dataset.yaml` to write beside the file first, where it was made in the window.
        spec: Option<String>,
    },
    /// Runs a pipeline config.
    Run {
        /// Its path, seen from the workspace.
        config: String,
        /// Fields that are changed: dotted path, JSON value. The changed config is written to a file of its own first.
        edits: BTreeMap<String, serde_json::Value>,
        /// Whether it goes on from the version in Production; networks alone.
        #[serde(default)]
        fine_tune: bool,
        /// Where a network is trained: `auto`, `cpu` or `gpu`; empty is `auto`.
        #[serde(default)]
        device: String,
    },
    /// Repeats a run from its record.
    Reproduce {
        /// The run.
        run: RunId,
    },
    /// Checks a batch for drift.
    Check {
        /// The model, or `NAME@VERSION`.
        model: String,
        /// The batch.
        batch: String,
    },
    /// Checks what the server answered for drift.
    CheckServed {
        /// The model.
        model: String,
        /// Only the last so many answers.
        last: Option<u64>,
    },
    /// Writes a batch that was changed on purpose.
    Simulate {
        /// The model.
        model: String,
        /// The rows to change.
        input: String,
        /// Where the changed rows are written.
        output: String,
        /// What is done to them.
        scenario: crate::config::Scenario,
        /// Seed of the draws.
        seed: u64,
    },
    /// Adds the labelled rows of a drifted batch to the data.
    Stage {
        /// The model.
        model: String,
        /// The batch.
        batch: String,
        /// Share of its rows that is held out.
        holdout: f64,
    },
    /// Answers a file of rows.
    Predict {
        /// The model, or `NAME@VERSION`.
        model: String,
        /// The rows.
        input: String,
        /// Where the answers are written.
        output: String,
    },
    /// Checks every leaf, node, projection and object of the ledger.
    Verify {
        /// The text of a checkpoint that was kept elsewhere.
        checkpoint: Option<String>,
    },
}

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    /// It works.
    Running,
    /// It was asked to stop and has not stopped yet.
    Stopping,
    /// It is done.
    Done,
    /// It failed.
    Failed,
    /// A person stopped it.
    Cancelled,
}

/// A stage of a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobStage {
    /// Its name, such as `training`.
    pub name: String,
    /// What it came to, such as `398/85/86 rows`; `None` while it works.
    pub note: Option<String>,
    /// Milliseconds that it took, or works already.
    pub ms: u64,
}

/// How far a job is within its stage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JobProgress {
    /// What is counted: `trees`, `rows`.
    pub what: String,
    /// Units done.
    pub done: u64,
    /// Units in all; 0 when unknown.
    pub total: u64,
    /// Milliseconds until the stage is done at this pace; `None` while nobody can tell.
    pub eta_ms: Option<u64>,
}

/// What a job came to, and where to look at it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum JobOutcome {
    /// The demo is made and open.
    Demo {
        /// Its folder.
        root: String,
    },
    /// A data set version was added.
    Imported {
        /// The data set.
        dataset: String,
        /// Its version.
        number: u32,
        /// False when these very bytes were a version already.
        new: bool,
        /// Findings that stop nothing.
        warnings: u64,
    },
    /// A run ended.
    Ran {
        /// The run.
        run: RunId,
        /// How.
        status: RunStatus,
    },
    /// A run was repeated.
    Reproduced {
        /// The run.
        run: RunId,
        /// Whether every object is byte-identical.
        identical: bool,
    },
    /// A batch was checked.
    Checked {
        /// The model.
        model: ModelName,
        /// The check.
        check: RunId,
        /// What it says.
        verdict: DriftVerdict,
        /// How bad.
        severity: DriftSeverity,
        /// Whether it asks for a response.
        alarm: bool,
    },
    /// A batch was changed on purpose.
    Simulated {
        /// The file.
        output: String,
        /// Its rows.
        rows: u64,
    },
    /// Drifted rows joined the data.
    Staged {
        /// The data set.
        dataset: String,
        /// The adaptation.
        adaptation: RunId,
        /// Rows to learn from.
        train: u64,
        /// Rows held out.
        holdout: u64,
    },
    /// Rows were answered.
    Predicted {
        /// The file.
        output: String,
        /// Rows.
        rows: u64,
    },
    /// The ledger was checked.
    Verified {
        /// Whether everything holds.
        holds: bool,
        /// Events that were checked.
        events: u64,
    },
}

/// A piece of work that goes on while a person does something else. Schema of its full answer: that of the command line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JobView {
    /// Its number in this session, from 1.
    pub id: u64,
    /// What it does, a few words.
    pub title: String,
    /// `demo`, `run`, `check`, …
    pub kind: String,
    /// The run that it works on, once that is on the ledger.
    #[serde(default)]
    pub run: Option<RunId>,
    /// Where it stands.
    pub state: JobState,
    /// Stages so far, the last one at work.
    pub stages: Vec<JobStage>,
    /// How far it is within its stage.
    pub progress: Option<JobProgress>,
    /// Milliseconds since it began, or that it took.
    pub elapsed_ms: u64,
    /// The newest point of each metric of an iterative fit: name to step and value.
    #[serde(deserialize_with = "latest_or_nan")]
    pub latest: BTreeMap<String, (u64, f64)>,
    /// What a person should read, in order.
    pub warnings: Vec<String>,
    /// What it came to, once done.
    pub outcome: Option<JobOutcome>,
    /// Why it failed.
    pub failure: Option<Failure>,
}

/// A point of a metric of an iterative fit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MetricPoint {
    /// The metric.
    pub name: String,
    /// The step, from 1.
    pub step: u64,
    /// The value; one that is no number is `null` in JSON.
    #[serde(deserialize_with = "value_or_nan")]
    pub value: f64,
}

/// JSON has no word for what is no number: it is written as `null`, and a fit that diverged must still be told.
fn value_or_nan<'de, D: serde::Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
    Ok(Option::<f64>::deserialize(from)?.unwrap_or(f64::NAN))
}

fn latest_or_nan<'de, D: serde::Deserializer<'de>>(from: D) -> Result<BTreeMap<String, (u64, f64)>, D::Error> {
    let read = BTreeMap::<String, (u64, Option<f64>)>::deserialize(from)?;
    Ok(read.into_iter().map(|(name, (step, value))| (name, (step, value.unwrap_or(f64::NAN)))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_that_is_no_number_is_still_a_point() {
        let point = MetricPoint { name: "val_loss".into(), step: 3, value: f64::NAN };
        let text = serde_json::to_string(&point).expect("text");
        let read: MetricPoint = serde_json::from_str(&text).expect("a point");
        assert!(read.value.is_nan() && read.step == 3, "{text}");
        let text = r#"{"id":1,"title":"Run","kind":"run","state":"running","stages":[],"progress":null,"elapsed_ms":1,
            "latest":{"val_loss":[3,null],"loss":[4,0.5]},"warnings":[],"outcome":null,"failure":null}"#;
        let job: JobView = serde_json::from_str(text).expect("a job");
        assert!(job.latest["val_loss"].1.is_nan());
        assert_eq!((job.latest["loss"], job.run), ((4, 0.5), None));
    }
}
