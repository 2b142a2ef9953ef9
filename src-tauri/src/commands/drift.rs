//! Drift, and what is done about it.

use crate::answer::{Answer, engine, session};
use driftgate_model::DriftAction;
use driftgate_session::Session;
use tauri::State;

#[tauri::command(rename_all = "snake_case")]
pub async fn drift_history(desk: State<'_, Session>, model: String, limit: Option<usize>) -> Answer {
    engine(&desk, move |w| w.drift_history(&model, limit)).await
}

#[tauri::command(rename_all = "snake_case")]
pub async fn drift_summary(desk: State<'_, Session>, model: String) -> Answer {
    engine(&desk, move |w| w.drift_summary(&model)).await
}

#[tauri::command(rename_all = "snake_case")]
pub async fn drift_check(desk: State<'_, Session>, id: String) -> Answer {
    engine(&desk, move |w| w.drift_view(&id)).await
}

#[tauri::command(rename_all = "snake_case")]
pub async fn drift_report(desk: State<'_, Session>, id: String, path: String) -> Answer {
    session(&desk, move |s| s.drift_report(&id, &path)).await
}

#[tauri::command(rename_all = "snake_case")]
pub async fn respond(desk: State<'_, Session>, check: String, action: DriftAction, reason: String) -> Answer {
    engine(&desk, move |w| w.drift_respond(&check, action, &reason)).await
}

#[tauri::command(rename_all = "snake_case")]
pub async fn adaptations(desk: State<'_, Session>) -> Answer {
    engine(&desk, |w| w.adaptations()).await
}

#[tauri::command(rename_all = "snake_case")]
pub async fn undo_adaptation(desk: State<'_, Session>, id: String, reason: String) -> Answer {
    engine(&desk, move |w| w.adapt_undo(&id, &reason)).await
}
