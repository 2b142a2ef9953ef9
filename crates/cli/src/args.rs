//! The grammar of the command line.

mod adapt;
mod audit;
mod dataset;
mod serve;
mod simulate;
mod synthesize;

pub use adapt::AdaptCommand;
pub use audit::{AuditCommand, AuditLogArgs, KeysCommand, ReviewerCommand};
use clap::{Args, Parser, Subcommand, ValueHint};
pub use dataset::{DatasetAddArgs, DatasetCommand};
use driftgate_model::{DriftAction, RunStatus, Timestamp};
pub use serve::ServeArgs;
use std::path::PathBuf;
use std::time::Duration;
pub use synthesize::{SynthesizeCommand, SynthesizeImagesArgs};

/// Trains, gates, approves and rolls back models from a data file, and keeps a proof of every step
#[derive(Debug, Parser)]
#[command(
    name = "driftgate",
    version,
    max_term_width = 100,
    disable_help_subcommand = true,
    after_help = "Where to begin:
  driftgate demo                 the life of a model on real data, in a new folder
  driftgate init                 make this folder a workspace
  driftgate dataset add FILE     add your own CSV, TSV or Parquet file
  driftgate run CONFIG           train, evaluate and gate a candidate",
    after_long_help = "Where to begin:
  driftgate demo                 the life of a model on real data, in a new folder
  driftgate init                 make this folder a workspace
  driftgate dataset add FILE     add your own CSV, TSV or Parquet file
  driftgate run CONFIG           train, evaluate and gate a candidate

Exit codes:
  0   done, or waiting for approval
  1   error
  2   blocked by a gate
  3   rejected or cancelled by a person
  4   a verification found a fault
  64  wrong usage"
)]
pub struct Cli {
    /// Options of every command.
    #[command(flatten)]
    pub global: Global,
    /// What to do; without it, help is printed.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Options that every command takes.
#[derive(Debug, Clone, Default, Args)]
pub struct Global {
    /// The workspace's folder; without it, what DRIFTGATE_WORKSPACE says, or the nearest folder upwards that holds one
    #[arg(long, global = true, value_name = "DIR", value_hint = ValueHint::DirPath, help_heading = "Everywhere")]
    pub workspace: Option<PathBuf>,
    /// Print one JSON object on standard output, errors too
    #[arg(long, global = true, help_heading = "Everywhere")]
    pub json: bool,
    /// No progress and no notes, only the answer
    #[arg(long, short, global = true, help_heading = "Everywhere")]
    pub quiet: bool,
    /// The name recorded with what you do (declared, not authenticated); without it, the name of the system's user
    #[arg(long = "as", global = true, value_name = "NAME", value_parser = actor_name, help_heading = "Everywhere")]
    pub actor: Option<String>,
    /// Worker threads; 0 is one for each core. Results do not depend on it
    #[arg(long, global = true, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u16).range(0..=1024), help_heading = "Everywhere")]
    pub threads: u16,
}

/// A command.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Play the life of a model on real data in a new folder
    Demo(DemoArgs),
    /// Make a folder a workspace
    Init(InitArgs),
    /// Check this build and the workspace
    Doctor,
    /// Free what no event leads to
    Gc(GcArgs),
    /// Add, list and check data sets
    #[command(subcommand)]
    Dataset(DatasetCommand),
    /// Run a pipeline: preprocess, train, evaluate, gate
    Run(RunArgs),
    /// List, show, compare and repeat runs
    #[command(subcommand)]
    Runs(RunsCommand),
    /// Approve a run that waits: it becomes a registered version, in Production
    Approve(ApproveArgs),
    /// Reject a run that waits
    Reject(RejectArgs),
    /// Bring an earlier version back into Production
    Rollback(RollbackArgs),
    /// List and show models, their history and cards
    #[command(subcommand)]
    Models(ModelsCommand),
    /// Answer the rows of a data file with the version in Production
    Predict(PredictArgs),
    /// Answer over HTTP with the versions in Production
    Serve(ServeArgs),
    /// Read and prove the ledger
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Watch batches for drift: check, look back, respond
    #[command(subcommand)]
    Drift(DriftCommand),
    /// Let the next model learn from a drifted batch: stage, list, take back
    #[command(subcommand)]
    Adapt(AdaptCommand),
    /// Print a completion script for a shell
    Completions(CompletionsArgs),
}

/// `demo`.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// The folder to make; it must be new or empty
    #[arg(long, value_name = "DIR", default_value = "driftgate-demo", value_hint = ValueHint::DirPath)]
    pub dir: PathBuf,
}

/// `init`.
#[derive(Debug, Args)]
pub struct InitArgs {
    /// The folder; made when it does not exist
    #[arg(value_name = "DIR", default_value = ".", value_hint = ValueHint::DirPath)]
    pub dir: PathBuf,
}

/// `gc`.
#[derive(Debug, Args)]
pub struct GcArgs {
    /// Only say what would be freed
    #[arg(long)]
    pub dry_run: bool,
}

/// `run`.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// The pipeline's YAML file
    #[arg(value_name = "CONFIG", value_hint = ValueHint::FilePath)]
    pub config: PathBuf,
    /// Cancel the run at the next safe point after this long, such as 90s or 2h30m
    #[arg(long, value_name = "TIME", value_parser = span)]
    pub max_time: Option<Duration>,
    /// Ask for the decision at the end; needs a terminal
    #[arg(long, conflicts_with = "json")]
    pub interactive: bool,
    /// Continue from the network in Production, as `fine_tune` in the training config says
    #[arg(long)]
    pub fine_tune: bool,
    /// Where a network is trained; without it, what MODEL_DEVICE says, or a GPU where there is one
    #[arg(long, value_name = "DEVICE", value_parser = ["auto", "cpu", "gpu"])]
    pub device: Option<String>,
}

/// `runs …`.
#[derive(Debug, Subcommand)]
pub enum RunsCommand {
    /// List runs, newest first
    List(RunsListArgs),
    /// Show a run: what it was told, what it found, what the gate said
    Show {
        /// The run's id, or any unique beginning or end of it
        #[arg(value_name = "RUN")]
        run: String,
    },
    /// Compare runs side by side; only what differs
    Compare {
        /// Two runs or more
        #[arg(value_name = "RUN", num_args = 2.., required = true)]
        runs: Vec<String>,
        /// Show equal rows too
        #[arg(long)]
        all: bool,
    },
    /// Ask what another set of rules would have decided about a past run; changes nothing
    Gate {
        /// The run's id, or any unique beginning or end of it
        #[arg(value_name = "RUN")]
        run: String,
        /// The other rules
        #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
        promotion: PathBuf,
    },
    /// Do a run again from its record and compare every object; changes nothing
    Reproduce {
        /// The run's id, or any unique beginning or end of it
        #[arg(value_name = "RUN")]
        run: String,
    },
}

/// `runs list`.
#[derive(Debug, Args)]
pub struct RunsListArgs {
    /// Only runs of this model
    #[arg(long, value_name = "NAME")]
    pub model: Option<String>,
    /// Only runs on this data set
    #[arg(long, value_name = "NAME")]
    pub dataset: Option<String>,
    /// Only runs that stand here, such as awaiting_approval or blocked
    #[arg(long, value_name = "STATUS", value_parser = run_status)]
    pub status: Option<RunStatus>,
    /// At most this many; 0 is all
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub limit: usize,
    /// Pass over this many first
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub offset: usize,
}

/// `approve`.
#[derive(Debug, Args)]
pub struct ApproveArgs {
    /// The run's id, or any unique beginning or end of it
    #[arg(value_name = "RUN")]
    pub run: String,
    /// Why; recorded
    #[arg(long, value_name = "TEXT", value_parser = reason)]
    pub reason: Option<String>,
}

/// `reject`.
#[derive(Debug, Args)]
pub struct RejectArgs {
    /// The run's id, or any unique beginning or end of it
    #[arg(value_name = "RUN")]
    pub run: String,
    /// Why; recorded
    #[arg(long, value_name = "TEXT", value_parser = reason)]
    pub reason: String,
}

/// `rollback`.
#[derive(Debug, Args)]
pub struct RollbackArgs {
    /// The model
    #[arg(value_name = "MODEL")]
    pub model: String,
    /// The version to return to; without it, the one that was in Production before
    #[arg(long, value_name = "VERSION", value_parser = version_number)]
    pub to: Option<u32>,
    /// Why; recorded
    #[arg(long, value_name = "TEXT", value_parser = reason)]
    pub reason: String,
}

/// `models …`.
#[derive(Debug, Subcommand)]
pub enum ModelsCommand {
    /// List models
    List,
    /// Show a model and its versions
    Show {
        /// The model, or one version of it
        #[arg(value_name = "NAME[@VERSION]")]
        name: String,
    },
    /// Show what was in Production when
    History {
        /// The model
        #[arg(value_name = "NAME")]
        name: String,
        /// At this moment: 2026-01-31, 2026-01-31T12:00:00Z, or an age such as 7d or 2h30m
        #[arg(long, value_name = "TIME", value_parser = moment)]
        at: Option<Moment>,
    },
    /// Show the reference profile that batches are compared with; made now where there is none
    Profile {
        /// The model (its version in Production), or one version of it
        #[arg(value_name = "NAME[@VERSION]")]
        name: String,
    },
    /// Print a version's model card, as Markdown
    Card {
        /// The model (its version in Production), or one version of it
        #[arg(value_name = "NAME[@VERSION]")]
        name: String,
    },
}

/// `predict`.
#[derive(Debug, Args)]
pub struct PredictArgs {
    /// The model; its version in Production answers
    #[arg(value_name = "MODEL")]
    pub model: String,
    /// The file with the rows
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub input: PathBuf,
    /// The file to write: CSV, or Parquet by its ending
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub output: PathBuf,
}

/// `drift …`.
#[derive(Debug, Subcommand)]
pub enum DriftCommand {
    /// Compare a batch with the data that a model was trained on
    Check(DriftCheckArgs),
    /// Show one check again
    Show {
        /// The check's id, or any unique beginning or end of it
        #[arg(value_name = "CHECK")]
        check: String,
        /// Show all columns, stable ones too
        #[arg(long)]
        all: bool,
        /// Write a report with charts there too: one HTML file that needs nothing else; an older file is replaced
        #[arg(long, value_name = "FILE.html", value_hint = ValueHint::FilePath)]
        report: Option<PathBuf>,
    },
    /// List the checks of a model, newest first
    History {
        /// The model
        #[arg(value_name = "MODEL")]
        model: String,
        /// At most this many; 0 is all
        #[arg(long, value_name = "N", default_value_t = 20)]
        limit: usize,
    },
    /// Show the course of the version in Production: verdicts, trend, worst columns, open alarms
    Summary {
        /// The model
        #[arg(value_name = "MODEL")]
        model: String,
    },
    /// Write a batch that is changed on purpose, to see what a check and a model make of it
    Simulate(simulate::DriftSimulateArgs),
    /// Record what is done about a check
    Respond {
        /// The check's id, or any unique beginning or end of it
        #[arg(value_name = "CHECK")]
        check: String,
        /// accept, collect_data, investigate, retrain, fine_tune, adjust_isp or rollback; recorded, nothing else happens
        #[arg(long, value_name = "ACTION", value_parser = drift_action)]
        action: DriftAction,
        /// Why; recorded
        #[arg(long, value_name = "TEXT", value_parser = reason)]
        reason: String,
    },
}

/// `drift check`.
#[derive(Debug, Args)]
pub struct DriftCheckArgs {
    /// The model (its version in Production), or one version of it
    #[arg(value_name = "MODEL[@VERSION]")]
    pub model: String,
    /// The batch: a CSV, TSV or Parquet file with the model's columns, and the target where it is known
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, required_unless_present = "served")]
    pub batch: Option<PathBuf>,
    /// Check the newest rows that servers answered, instead of a file
    #[arg(long, conflicts_with = "batch")]
    pub served: bool,
    /// How many of them
    #[arg(long, value_name = "N", default_value_t = 1000, conflicts_with = "batch", value_parser = serve::at_least_one)]
    pub last: usize,
    /// A drift.yaml to use instead of the settings that the model was trained with
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub config: Option<PathBuf>,
    /// Show all columns, stable ones too
    #[arg(long)]
    pub all: bool,
    /// Write a report with charts there too: one HTML file that needs nothing else; an older file is replaced
    #[arg(long, value_name = "FILE.html", value_hint = ValueHint::FilePath)]
    pub report: Option<PathBuf>,
}

/// `completions`.
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_name = "SHELL", value_enum)]
    pub shell: clap_complete::Shell,
}

/// A moment as written: absolute, or an age that the clock turns into a moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Moment {
    /// This very moment.
    At(Timestamp),
    /// That long ago.
    Ago(jiff::SignedDuration),
}

impl Moment {
    /// The moment, seen from `now`.
    pub fn resolve(self, now: Timestamp) -> Timestamp {
        match self {
            Moment::At(t) => t,
            Moment::Ago(d) => now.saturating_sub(d).unwrap_or(Timestamp::MIN),
        }
    }
}

fn drift_action(text: &str) -> Result<DriftAction, String> {
    DriftAction::ALL.into_iter().find(|a| a.as_str() == text.replace('-', "_")).ok_or_else(|| {
        let names: Vec<&str> = DriftAction::ALL.iter().map(|a| a.as_str()).collect();
        format!("it is one of {}", names.join(", "))
    })
}

fn moment(text: &str) -> Result<Moment, String> {
    if let Ok(t) = text.parse::<Timestamp>() {
        return Ok(Moment::At(t));
    }
    if let Ok(t) = format!("{text}T00:00:00Z").parse::<Timestamp>() {
        return Ok(Moment::At(t));
    }
    if let Some(age) = age(text) {
        return Ok(Moment::Ago(age));
    }
    Err("write a day (2026-01-31, in UTC), a moment with its offset (2026-01-31T12:00:00Z) or an age (7d, 2h30m)"
        .into())
}

/// `7d`, `2h30m`, `90s`: days, hours, minutes and seconds, in any number.
fn age(text: &str) -> Option<jiff::SignedDuration> {
    let mut seconds: i64 = 0;
    let mut number = String::new();
    for c in text.chars() {
        if c.is_ascii_digit() {
            number.push(c);
            continue;
        }
        let unit = match c {
            'd' => 86_400,
            'h' => 3_600,
            'm' => 60,
            's' => 1,
            _ => return None,
        };
        let n: i64 = number.parse().ok()?;
        seconds = seconds.checked_add(n.checked_mul(unit)?)?;
        number.clear();
    }
    (number.is_empty() && !text.is_empty()).then(|| jiff::SignedDuration::from_secs(seconds))
}

fn span(text: &str) -> Result<Duration, String> {
    let long = age(text).and_then(|d| Duration::try_from(d).ok()).filter(|d| !d.is_zero());
    long.ok_or_else(|| "write a time such as 90s, 15m or 2h30m".into())
}

const STATUSES: [RunStatus; 9] = [
    RunStatus::Running,
    RunStatus::Completed,
    RunStatus::AwaitingApproval,
    RunStatus::Approved,
    RunStatus::Rejected,
    RunStatus::Blocked,
    RunStatus::Failed,
    RunStatus::Cancelled,
    RunStatus::Interrupted,
];

fn run_status(text: &str) -> Result<RunStatus, String> {
    let wanted = text.replace(['-', ' '], "_");
    STATUSES.into_iter().find(|s| s.as_str() == wanted).ok_or_else(|| {
        let all: Vec<&str> = STATUSES.iter().map(|s| s.as_str()).collect();
        format!("use one of {}", all.join(", "))
    })
}

/// A version number, with or without the `v` it is shown with.
fn version_number(text: &str) -> Result<u32, String> {
    let digits = text.strip_prefix(['v', 'V']).unwrap_or(text);
    match digits.parse::<u32>() {
        Ok(n) if n > 0 => Ok(n),
        _ => Err("a version is a whole number from 1".into()),
    }
}

fn reason(text: &str) -> Result<String, String> {
    let trimmed = text.trim();
    if trimmed.is_empty() { Err("say why in a few words".into()) } else { Ok(trimmed.to_owned()) }
}

fn actor_name(text: &str) -> Result<String, String> {
    let trimmed = text.trim();
    if trimmed.is_empty() || trimmed.chars().any(char::is_control) {
        return Err("use a name without control characters".into());
    }
    Ok(trimmed.to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_grammar_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn moments_are_days_instants_or_ages() {
        let now: Timestamp = "2026-03-10T12:00:00Z".parse().unwrap();
        let at = |s: &str| moment(s).map(|m| m.resolve(now).to_string());
        assert_eq!(at("2026-01-31").unwrap(), "2026-01-31T00:00:00Z");
        assert_eq!(at("2026-01-31T12:00:00+01:00").unwrap(), "2026-01-31T11:00:00Z");
        assert_eq!(at("7d").unwrap(), "2026-03-03T12:00:00Z");
        assert_eq!(at("2h30m").unwrap(), "2026-03-10T09:30:00Z");
        for bad in ["", "d", "7", "7w", "yesterday", "99999999999999999999d", "2026-13-01"] {
            assert!(at(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn versions_are_taken_as_they_are_shown() {
        assert_eq!(version_number("v3"), Ok(3));
        assert_eq!(version_number("3"), Ok(3));
        for bad in ["0", "v0", "-1", "latest", ""] {
            assert!(version_number(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_status_may_be_written_with_dashes() {
        assert_eq!(run_status("awaiting-approval"), Ok(RunStatus::AwaitingApproval));
        assert!(run_status("done").is_err());
    }
}
