//! Exit codes, and the errors that end a command.

use driftgate_engine::EngineError;
use driftgate_model::{Code, Coded, RunStatus};

/// How the process ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done, or waiting for approval.
    Done,
    /// An error.
    Error,
    /// Blocked by a gate.
    Blocked,
    /// Rejected or cancelled by a person.
    Stopped,
    /// A verification found a fault.
    Fault,
    /// Wrong usage.
    Usage,
}

impl Exit {
    /// The number the shell sees.
    pub fn code(self) -> u8 {
        match self {
            Exit::Done => 0,
            Exit::Error => 1,
            Exit::Blocked => 2,
            Exit::Stopped => 3,
            Exit::Fault => 4,
            Exit::Usage => 64,
        }
    }

    /// How `run` ends for a run that stands there.
    pub fn of_run(status: RunStatus) -> Exit {
        match status {
            RunStatus::Completed | RunStatus::AwaitingApproval | RunStatus::Approved => Exit::Done,
            RunStatus::Blocked => Exit::Blocked,
            RunStatus::Rejected | RunStatus::Cancelled => Exit::Stopped,
            RunStatus::Failed | RunStatus::Interrupted | RunStatus::Running => Exit::Error,
        }
    }
}

/// Why a command ended without an answer.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// The engine said no.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The command line was wrong in a way that clap cannot see.
    #[error("{message}")]
    Usage {
        /// What is wrong.
        message: String,
        /// What to do.
        hint: String,
    },
    /// Something the front itself looks after.
    #[error("{message}")]
    Front {
        /// What kind.
        code: Code,
        /// What happened, and where.
        message: String,
        /// What to do.
        hint: Option<String>,
    },
    /// The answer could not be written.
    #[error("Standard output cannot be written: {0}")]
    Output(std::io::Error),
    /// Whoever read the answer stopped reading (`| head`): not an error.
    #[error("standard output was closed")]
    Closed,
}

impl CliError {
    /// A folder that is no workspace, for commands that need one.
    pub fn no_workspace(at: &std::path::Path) -> CliError {
        CliError::Front {
            code: Code::NotAWorkspace,
            message: format!("No workspace at {} or in a folder above it", at.display()),
            hint: Some(
                "Run `driftgate init` to make this folder one, or name one with --workspace DIR; `driftgate demo` makes \
                 one to look at"
                    .into(),
            ),
        }
    }

    /// The word of the error in `--json`.
    pub fn code_word(&self) -> String {
        let code = match self {
            CliError::Engine(e) => e.code(),
            CliError::Front { code, .. } => *code,
            CliError::Usage { .. } => return "usage".into(),
            CliError::Output(_) | CliError::Closed => Code::Io,
        };
        serde_json::to_value(code).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_else(|| "internal".into())
    }

    /// What to do next, if anything is known.
    pub fn hint(&self) -> Option<String> {
        match self {
            CliError::Engine(EngineError::Questions(list)) => {
                let flags: Vec<String> = list.iter().map(crate::render::error::flag).collect();
                Some(format!("Run it again with {}", flags.join(" ")))
            }
            CliError::Engine(e) => e.hint().or_else(|| usual_hint(e.code())),
            CliError::Usage { hint, .. } => Some(hint.clone()),
            CliError::Front { hint, .. } => hint.clone(),
            CliError::Output(_) | CliError::Closed => None,
        }
    }

    /// How the process ends.
    pub fn exit(&self) -> Exit {
        match self {
            CliError::Engine(e) if e.code() == Code::Cancelled => Exit::Stopped,
            CliError::Engine(e) if e.code() == Code::Blocked => Exit::Blocked,
            CliError::Front { code: Code::Cancelled, .. } => Exit::Stopped,
            CliError::Usage { .. } => Exit::Usage,
            CliError::Closed => Exit::Done,
            CliError::Engine(_) | CliError::Front { .. } | CliError::Output(_) => Exit::Error,
        }
    }
}

/// What usually helps, where the engine knows nothing better.
fn usual_hint(code: Code) -> Option<String> {
    let hint = match code {
        Code::Io => "Check that the path is right, that you may write there, and that the disk has room",
        Code::Internal => "This is a fault of Driftgate: please report it with the command that led here",
        _ => return None,
    };
    Some(hint.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_a_run_ends_has_its_code() {
        let code = |s| Exit::of_run(s).code();
        assert_eq!([code(RunStatus::Completed), code(RunStatus::AwaitingApproval), code(RunStatus::Approved)], [0; 3]);
        assert_eq!(code(RunStatus::Failed), 1);
        assert_eq!(code(RunStatus::Interrupted), 1);
        assert_eq!(code(RunStatus::Blocked), 2);
        assert_eq!([code(RunStatus::Rejected), code(RunStatus::Cancelled)], [3; 2]);
        assert_eq!(Exit::Usage.code(), 64);
    }

    #[test]
    fn codes_are_written_in_snake_case() {
        let error = CliError::no_workspace(std::path::Path::new("here"));
        assert_eq!(error.code_word(), "not_a_workspace");
        assert_eq!(error.exit().code(), 1);
    }
}
