//! The registry, and decisions.

use crate::answer::{Answer, engine, session};
use driftgate_model::Timestamp;
use driftgate_session::Session;
use tauri::State;

#[tauri::command(rename_all = "snake_case")]
pub async fn overview(desk: State<'_, Session>) -> Answer {
    engine(&desk, |w| w.overview()).await
}

#[tauri::command(rename_all = "snake_case")]
pub async fn models(desk: State<'_, Session>) -> Answer {
    engine(&desk, |w| w.models()).await
}

#[tauri::command(rename_all = "snake_case")]
pub async fn model(desk: State<'_, Session>, name: String) -> Answer {
    engine(&desk, move |w| w.model(&name)).await
}

#[tauri::command(rename_all = "snake_case")]
pub async fn history(desk: State<'_, Session>, name: String, at: Option<Timestamp>) -> Answer {
    engine(&desk, move |w| w.history(&name, at)).await
}

#[tauri::command(rename_all = "snake_case")]
pub async fn card(desk: State<'_, Session>, name: String) -> Answer {
    engine(&desk, move |w| w.card(&name)).await
}

#[tauri::command(rename_all = "snake_case")]
pub async fn preview_approval(desk: State<'_, Session>, run: String) -> Answer {
    session(&desk, move |s| s.preview_approval(&run)).await
}

#[tauri::command(rename_all = "snake_case")]
pub async fn preview_rollback(desk: State<'_, Session>, model: String, to: Option<u32>) -> Answer {
    engine(&desk, move |w| w.preview_rollback(&model, to)).await
}

#[tauri::command(rename_all = "snake_case")]
pub async fn signature(desk: State<'_, Session>, model: String) -> Answer {
    engine(&desk, move |w| w.signature(&model)).await
}

#[tauri::command(rename_all = "snake_case")]
pub async fn approve(desk: State<'_, Session>, run: String, reason: Option<String>) -> Answer {
    engine(&desk, move |w| w.approve(&run, reason.as_deref())).await
}

#[tauri::command(rename_all = "snake_case")]
pub async fn reject(desk: State<'_, Session>, run: String, reason: String) -> Answer {
    engine(&desk, move |w| w.reject(&run, &reason)).await
}

#[tauri::command(rename_all = "snake_case")]
pub async fn rollback(desk: State<'_, Session>, model: String, to: Option<u32>, reason: String) -> Answer {
    engine(&desk, move |w| w.rollback(&model, to, &reason)).await
}
