//! What the window asks and is told beyond the engine's own answers: jobs, changes, settings, recent workspaces.

use super::{AdaptationView, CheckLine, ModelLine, RunLine, VersionView};
use crate::{Code, DriftSeverity, DriftVerdict, ModelName, RunId, RunStatus, Task, Timestamp, VersionNumber};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// An error as a front shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Its stable code.
    pub code: Code,
    /// What happened, and where.
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
}

/// How the window looks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Theme {
    /// As the desktop says.
    #[default]
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

/// What a person set. Kept beside the list of recent workspaces, never in a workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Light, dark or as the desktop says.
    pub theme: Theme,
    /// The name that decisions are recorded under: declared, not authenticated. Empty is the operating system's user name.
    pub reviewer: String,
    /// Worker threads; 0 is all cores.
    pub threads: u16,
    /// Whether the desktop is told when a job ends while the window is not looked at.
    pub notify: bool,
    /// Whether single keys (`?`, `g` then a letter) are shortcuts.
    pub single_keys: bool,
    /// Whether recent workspaces are remembered.
    pub remember: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            theme: Theme::System,
            reviewer: String::new(),
            threads: 0,
            notify: true,
            single_keys: true,
            remember: true,
        }
    }
}

/// A workspace that was opened before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecentWorkspace {
    /// Its folder.
    pub path: String,
    /// The folder's name.
    pub name: String,
    /// When it was opened last.
    pub opened_at: Timestamp,
    /// Whether it is still there.
    pub exists: bool,
}

/// The workspace that is open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenWorkspace {
    /// Its folder.
    pub root: String,
    /// The folder's name.
    pub name: String,
    /// What opening settled or could not settle, one sentence each.
    pub settled: Vec<String>,
    /// Events on the ledger.
    pub events: u64,
}

/// What the window knows before it asks anything. Schema `driftgate/window/1`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WindowState {
    /// The schema.
    pub schema: String,
    /// Driftgate's version and build.
    pub build: String,
    /// Operating system and processor.
    pub machine: String,
    /// The device that trains: `cpu`, with why.
    pub device: String,
    /// Who acts: the reviewer's name, or the operating system's user.
    pub actor: String,
    /// The workspace that is open.
    pub workspace: Option<OpenWorkspace>,
    /// Workspaces that were opened before, newest first.
    pub recent: Vec<RecentWorkspace>,
    /// What a person set.
    pub settings: Settings,
    /// The file that the settings and the list of recent workspaces lie in.
    #[serde(default)]
    pub settings_file: String,
    /// Where *Open the demo* puts it.
    pub demo_folder: String,
    /// A token of the prediction server that was made with a new workspace: shown once.
    pub new_token: Option<String>,
    /// What went wrong outside every workspace, one sentence each: settings that could not be read, say.
    #[serde(default)]
    pub notices: Vec<String>,
}

/// What a path must be to be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PathKind {
    /// A file that can be read.
    File,
    /// A folder that is there.
    Folder,
    /// A file or a folder that is there.
    FileOrFolder,
    /// A file that can be written; it need not be there.
    NewFile,
    /// A folder that is there or can be made.
    NewFolder,
}

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

/// What the window is told without asking.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum WindowEvent {
    /// Something was recorded in the open workspace, by whomever.
    Changed {
        /// Events on its ledger now.
        events: u64,
    },
    /// Another workspace is open, or none.
    Workspace {
        /// The state now.
        state: Box<WindowState>,
    },
    /// The open workspace cannot be read any more.
    Lost {
        /// Why.
        failure: Failure,
    },
    /// The open workspace can be read again.
    Found,
    /// A job began, moved on or ended.
    Job {
        /// It.
        job: Box<JobView>,
    },
    /// New points of a job's metrics.
    Metrics {
        /// The job.
        job: u64,
        /// The points.
        points: Vec<MetricPoint>,
    },
    /// The server started, stopped or answered.
    Server {
        /// Its state.
        server: Box<ServerView>,
    },
    /// Files hang over the window.
    DragOver {
        /// Horizontal place in CSS pixels.
        x: f64,
        /// Vertical place in CSS pixels.
        y: f64,
    },
    /// They went away.
    DragLeft,
    /// Files were dropped. Their paths are granted.
    Dropped {
        /// Horizontal place in CSS pixels.
        x: f64,
        /// Vertical place in CSS pixels.
        y: f64,
        /// The paths.
        paths: Vec<String>,
    },
    /// The person wants to close the window while jobs run.
    CloseAsked {
        /// How many.
        jobs: u64,
        /// Whether the server runs, too.
        serving: bool,
    },
    /// An entry of the menu was chosen: its id.
    Menu {
        /// `open`, `new`, `close`, `theme:dark`, `go:runs`, …
        id: String,
    },
}

/// The prediction server of this window.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ServerView {
    /// Whether it listens.
    pub running: bool,
    /// Where.
    pub address: Option<String>,
    /// Models that it answers with, and their versions.
    pub models: Vec<(String, u32)>,
    /// Models whose version in Production does not load.
    pub failed: Vec<String>,
    /// Since when.
    pub since: Option<Timestamp>,
    /// A token that was made now: it is kept nowhere.
    pub new_token: Option<String>,
    /// Requests answered so far.
    pub requests: u64,
    /// Of these, with an error of the caller or of the server.
    pub errors: u64,
    /// Requests a second, second by second, newest last; at most 120.
    pub rate: Vec<f64>,
    /// Median latency in milliseconds over the last minute; `None` without a request.
    pub p50_ms: Option<f64>,
    /// 95th percentile in milliseconds over the last minute.
    pub p95_ms: Option<f64>,
    /// Why it ended, if it ended by itself.
    pub failure: Option<Failure>,
}

/// An answer of the server to a request of the window's tester.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TriedRequest {
    /// The HTTP status.
    pub status: u16,
    /// The body, indented where it is JSON.
    pub body: String,
    /// Milliseconds from sending to the last byte.
    pub ms: f64,
    /// The same request for a terminal.
    pub curl: String,
}

/// A column that a model asks for, with a value to begin with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SignatureColumn {
    /// Its name.
    pub name: String,
    /// `number`, `text` or `bool`.
    pub kind: String,
    /// Known categories of a text column; empty where any is taken.
    pub categories: Vec<String>,
    /// Smallest and largest value seen at training.
    pub range: Option<(f64, f64)>,
    /// A value seen at training, as it would be typed.
    pub example: String,
}

/// What a model asks for and answers. Schema `driftgate/signature/1`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Signature {
    /// The schema.
    pub schema: String,
    /// The model.
    pub model: ModelName,
    /// Its version.
    pub version: VersionNumber,
    /// The column it answers.
    pub target: String,
    /// What it answers.
    pub task: Task,
    /// The label set; empty for regression.
    pub labels: Vec<String>,
    /// The columns it asks for, in order.
    pub columns: Vec<SignatureColumn>,
}

/// What needs a person, and how each model does. Schema `driftgate/overview/1`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Overview {
    /// The schema.
    pub schema: String,
    /// The models.
    pub models: Vec<OverviewModel>,
    /// Runs that wait for a decision, oldest first.
    pub awaiting: Vec<RunLine>,
    /// Alarms that nobody answered, newest first.
    pub alarms: Vec<OverviewAlarm>,
    /// The newest runs.
    pub recent: Vec<RunLine>,
    /// Data sets in the workspace.
    pub datasets: u64,
    /// Runs in the workspace.
    pub runs: u64,
    /// Events on the ledger.
    pub events: u64,
}

/// A model in the overview.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OverviewModel {
    /// The model.
    pub line: ModelLine,
    /// The newest check of the version in Production.
    pub last_check: Option<CheckLine>,
    /// Alarms about it that nobody answered.
    pub open_alarms: u64,
    /// Name and value of the leading metric of the version in Production, on test.
    pub metric: Option<(String, f64)>,
    /// Living servers that answer with it.
    pub servers: u64,
}

/// An alarm in the overview.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OverviewAlarm {
    /// The model.
    pub model: ModelName,
    /// The check.
    pub check: CheckLine,
}

/// What a rollback would change: shown before the decision. Schema `driftgate/rollback-preview/1`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RollbackPreview {
    /// The schema.
    pub schema: String,
    /// The model.
    pub model: ModelName,
    /// The version that would leave Production.
    pub from: VersionView,
    /// The version that would return.
    pub to: VersionView,
    /// Metrics of both on their own test splits: name, leaving, returning.
    pub metrics: Vec<(String, Option<f64>, Option<f64>)>,
    /// The newest drift check of the version that would leave.
    pub from_check: Option<CheckLine>,
    /// The newest drift check of the version that would return.
    pub to_check: Option<CheckLine>,
    /// The adaptation that the leaving version learnt from, which the returning one does not know.
    pub adaptation: Option<AdaptationView>,
    /// What a person should know, in words: another data set version, how long ago it was in Production.
    pub notes: Vec<String>,
}

/// A pipeline config of the workspace.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConfigLine {
    /// Its path, seen from the workspace.
    pub path: String,
    /// The model that it trains.
    pub model: Option<String>,
    /// The data set.
    pub dataset: Option<String>,
    /// The algorithm.
    pub algorithm: Option<String>,
    /// What is wrong with it, if anything.
    pub problem: Option<String>,
}

/// The pipeline configs of the workspace. Schema `driftgate/configs/1`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConfigList {
    /// The schema.
    pub schema: String,
    /// By path.
    pub configs: Vec<ConfigLine>,
}

/// A pipeline config with its fields. Schema `driftgate/config/1`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConfigView {
    /// The schema.
    pub schema: String,
    /// Its path, seen from the workspace.
    pub path: String,
    /// Its fields, every file it names read in, in order.
    pub fields: Vec<ConfigField>,
    /// What is wrong with it, with file and line.
    pub problems: Vec<String>,
}

/// A field of a config.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConfigField {
    /// Its dotted path, such as `configs.training.model.hyperparameters.n_estimators`.
    pub path: String,
    /// A part that belongs together: `run`, `preprocessing`, `training`, `evaluation`, `promotion`, `deployment`.
    pub group: String,
    /// Its value as written.
    pub value: serde_json::Value,
    /// The only texts it may be; empty where others are taken.
    pub choices: Vec<String>,
    /// What it means, from the config's schema.
    pub about: Option<String>,
}

/// The draft of a `dataset.yaml`. Schema `driftgate/spec-draft/1`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SpecDraft {
    /// The schema.
    pub schema: String,
    /// Its text.
    pub text: String,
    /// What is wrong with it, with the line; empty when it holds.
    pub problems: Vec<String>,
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
