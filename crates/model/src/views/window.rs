//! What the window asks and is told beyond the engine's own answers: changes, settings, recent workspaces, the server.

use super::{AdaptationView, CheckLine, JobView, MetricPoint, ModelLine, RunLine, VersionView};
use crate::{Code, ModelName, Task, Timestamp, VersionNumber};
use serde::{Deserialize, Serialize};

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
    /// What trains models, in words.
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

/// Something that networks can be trained on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceView {
    /// `cpu` or `gpu`.
    pub kind: String,
    /// Its own name.
    pub name: String,
    /// Whether a run may take it.
    pub usable: bool,
    /// Why not, where it is not.
    pub why_not: Option<String>,
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
    /// `number`, `text`, `bool`, or `image`: a picture file instead of a row.
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
