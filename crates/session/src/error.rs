//! Errors as the window shows them.

use crate::words::{for_window, sentence};
use driftgate_engine::EngineError;
use driftgate_model::views::Failure;
use driftgate_model::{Code, Coded, Finding, Severity};

/// The session's result.
pub type Result<T, E = SessionError> = std::result::Result<T, E>;

/// Why something that a person asked for did not happen.
#[derive(Debug)]
pub enum SessionError {
    /// The engine said no.
    Engine(Box<EngineError>),
    /// The session itself said no.
    Told(Failure),
}

impl SessionError {
    pub(crate) fn told(code: Code, message: impl Into<String>, hint: impl Into<String>) -> SessionError {
        SessionError::Told(Failure { code, message: message.into(), hint: Some(hint.into()) })
    }

    pub(crate) fn bad_input(message: impl Into<String>, hint: impl Into<String>) -> SessionError {
        SessionError::told(Code::BadInput, message, hint)
    }

    pub(crate) fn io(doing: &str, path: &std::path::Path, error: &std::io::Error) -> SessionError {
        let message = format!("Cannot {doing} {}: {error}", path.display());
        SessionError::told(Code::Io, message, USUAL_IO)
    }

    /// What the window shows below the message, as JSON: the report of data that were refused, or the questions of an import.
    pub(crate) fn detail(&self) -> Option<Vec<u8>> {
        match self {
            SessionError::Engine(e) => match e.as_ref() {
                EngineError::InvalidData(report) => serde_json::to_vec(report).ok(),
                EngineError::Questions(list) => serde_json::to_vec(list).ok(),
                _ => None,
            },
            SessionError::Told(_) => None,
        }
    }

    /// The stable code.
    pub fn code(&self) -> Code {
        match self {
            SessionError::Engine(e) => e.code(),
            SessionError::Told(f) => f.code,
        }
    }
}

const USUAL_IO: &str = "Check that the path is right, that you may write there, and that the disk has room";

impl From<EngineError> for SessionError {
    fn from(error: EngineError) -> Self {
        SessionError::Engine(Box::new(error))
    }
}

impl From<SessionError> for Failure {
    fn from(error: SessionError) -> Self {
        match error {
            SessionError::Told(failure) => failure,
            SessionError::Engine(e) => Failure {
                code: e.code(),
                message: sentence(&for_window(&message(&e))),
                hint: e.hint().map(|h| sentence(&for_window(&h))).or_else(|| usual_hint(e.code())),
            },
        }
    }
}

/// Findings that are named in a message.
const NAMED: usize = 5;

/// What happened; of data that are refused, the first findings too.
fn message(error: &EngineError) -> String {
    let EngineError::InvalidData(report) = error else { return error.to_string() };
    let errors = report.findings.iter().filter(|f| f.severity == Severity::Error);
    let line = |f: &Finding| {
        let column = f.column.as_ref().map(|c| format!("column `{c}`: ")).unwrap_or_default();
        format!("\n{column}{}", f.message)
    };
    let mut text: String = std::iter::once(error.to_string()).chain(errors.take(NAMED).map(line)).collect();
    if let Some(more) = report.errors().checked_sub(NAMED).filter(|n| *n > 0) {
        text += &format!("\nand {more} more");
    }
    text
}

/// What usually helps, where the engine knows nothing better.
fn usual_hint(code: Code) -> Option<String> {
    match code {
        Code::Io => Some(USUAL_IO.into()),
        Code::Internal => Some("This is a fault of Driftgate: please report it with what you did before".into()),
        _ => None,
    }
}
