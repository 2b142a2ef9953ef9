//! The ledger's log, and its proof.

use crate::answer::{Answer, engine, session};
use driftgate_engine::EventFilter;
use driftgate_model::Timestamp;
use driftgate_session::Session;
use tauri::State;

#[tauri::command(rename_all = "snake_case")]
pub async fn audit_log(
    desk: State<'_, Session>,
    kinds: Option<Vec<String>>,
    subject: Option<String>,
    actor: Option<String>,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
    limit: Option<usize>,
) -> Answer {
    let filter = EventFilter { kinds: kinds.unwrap_or_default(), subject, actor, since, until, limit };
    engine(&desk, move |w| w.audit_log(&filter)).await
}

#[tauri::command(rename_all = "snake_case")]
pub async fn checkpoint(desk: State<'_, Session>) -> Answer {
    engine(&desk, |w| w.checkpoint()).await
}

#[tauri::command(rename_all = "snake_case")]
pub async fn keys(desk: State<'_, Session>) -> Answer {
    engine(&desk, |w| w.keys()).await
}

#[tauri::command(rename_all = "snake_case")]
pub async fn reviewers(desk: State<'_, Session>) -> Answer {
    engine(&desk, |w| w.reviewers()).await
}

#[tauri::command(rename_all = "snake_case")]
pub async fn register_reviewer(desk: State<'_, Session>) -> Answer {
    engine(&desk, |w| w.register_reviewer()).await
}

#[tauri::command(rename_all = "snake_case")]
pub async fn doctor(desk: State<'_, Session>) -> Answer {
    session(&desk, Session::doctor).await
}

#[tauri::command(rename_all = "snake_case")]
pub async fn collect_garbage(desk: State<'_, Session>, dry_run: bool) -> Answer {
    engine(&desk, move |w| w.collect_garbage(dry_run)).await
}
