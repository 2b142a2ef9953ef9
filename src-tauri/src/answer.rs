//! How every command answers: off the window's thread, as bytes: JSON, or a picture.

use driftgate_engine::Workspace;
use driftgate_model::Code;
use driftgate_model::views::Failure;
use driftgate_session::{Result, Session, SessionError};
use serde::Serialize;
use tauri::State;
use tauri::ipc::Response;

/// What a command gives back: bytes, or why there are none.
pub type Answer = std::result::Result<Response, Failure>;

/// Asks the session where that holds up nobody.
pub async fn session<T: Serialize>(
    session: &State<'_, Session>,
    ask: impl FnOnce(&Session) -> Result<T> + Send + 'static,
) -> Answer {
    let session = Session::clone(session);
    bytes(move || serde_json::to_vec(&ask(&session).map_err(Failure::from)?).map_err(broken)).await
}

/// Asks the open workspace.
pub async fn engine<T: Serialize>(
    state: &State<'_, Session>,
    ask: impl FnOnce(&Workspace) -> driftgate_engine::Result<T> + Send + 'static,
) -> Answer {
    session(state, move |session| session.ask(ask)).await
}

/// Answers with bytes as they are: JSON already, or a picture.
pub async fn bytes(ask: impl FnOnce() -> std::result::Result<Vec<u8>, Failure> + Send + 'static) -> Answer {
    let answer = tauri::async_runtime::spawn_blocking(ask).await;
    // A fault in the work ends this one request.
    answer.map_err(broken)?.map(Response::new)
}

/// What a fault of Driftgate is told as.
pub fn broken(error: impl std::fmt::Display) -> Failure {
    Failure {
        code: Code::Internal,
        message: format!("Driftgate could not answer: {error}"),
        hint: Some("This is a fault of Driftgate: please report it with what you did before".into()),
    }
}

/// For errors of the desktop itself.
pub fn desktop(doing: &str, error: impl std::fmt::Display) -> SessionError {
    SessionError::Told(Failure {
        code: Code::Io,
        message: format!("Cannot {doing}: {error}"),
        hint: Some("Try again; the desktop may be busy or may not allow it".into()),
    })
}
