//! Runs, and the configs they come from.

use crate::answer::{Answer, engine, session};
use driftgate_engine::RunQuery;
use driftgate_model::RunStatus;
use driftgate_session::Session;
use serde_json::Value;
use std::collections::BTreeMap;
use tauri::State;

#[tauri::command(rename_all = "snake_case")]
pub async fn runs(
    desk: State<'_, Session>,
    model: Option<String>,
    dataset: Option<String>,
    status: Option<RunStatus>,
    limit: Option<usize>,
    offset: Option<usize>,
) -> Answer {
    let query = RunQuery { model, dataset, status, limit, offset: offset.unwrap_or(0) };
    engine(&desk, move |w| w.runs(&query)).await
}

#[tauri::command(rename_all = "snake_case")]
pub async fn run(desk: State<'_, Session>, id: String) -> Answer {
    session(&desk, move |s| s.run_view(&id)).await
}

#[tauri::command(rename_all = "snake_case")]
pub async fn run_curve(desk: State<'_, Session>, id: String) -> Answer {
    engine(&desk, move |w| w.run_curve(&id)).await
}

#[tauri::command(rename_all = "snake_case")]
pub async fn compare(desk: State<'_, Session>, ids: Vec<String>) -> Answer {
    engine(&desk, move |w| w.compare(&ids)).await
}

#[tauri::command(rename_all = "snake_case")]
pub async fn configs(desk: State<'_, Session>) -> Answer {
    session(&desk, Session::configs).await
}

#[tauri::command(rename_all = "snake_case")]
pub async fn config(desk: State<'_, Session>, path: String) -> Answer {
    session(&desk, move |s| s.config(&path)).await
}

#[tauri::command(rename_all = "snake_case")]
pub async fn check_config(desk: State<'_, Session>, path: String, edits: BTreeMap<String, Value>) -> Answer {
    session(&desk, move |s| s.check_config(&path, &edits)).await
}

#[tauri::command(rename_all = "snake_case")]
pub async fn make_config(desk: State<'_, Session>, dataset: String, algorithm: String) -> Answer {
    session(&desk, move |s| s.make_config(&dataset, &algorithm)).await
}

#[tauri::command(rename_all = "snake_case")]
pub async fn simulate_gate(desk: State<'_, Session>, run: String, promotion: String) -> Answer {
    session(&desk, move |s| s.simulate_gate(&run, &promotion)).await
}
