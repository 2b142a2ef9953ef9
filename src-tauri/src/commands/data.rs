//! Data sets.

use crate::answer::{Answer, engine, session};
use driftgate_engine::ImportAnswers;
use driftgate_model::{DatasetSpec, Task};
use driftgate_session::Session;
use tauri::State;

#[tauri::command(rename_all = "snake_case")]
pub async fn datasets(desk: State<'_, Session>) -> Answer {
    engine(&desk, |w| w.datasets()).await
}

#[tauri::command(rename_all = "snake_case")]
pub async fn dataset(desk: State<'_, Session>, name: String) -> Answer {
    engine(&desk, move |w| w.dataset(&name)).await
}

#[tauri::command(rename_all = "snake_case")]
pub async fn plan_import(
    desk: State<'_, Session>,
    path: String,
    name: Option<String>,
    target: Option<String>,
    task: Option<Task>,
    spec: Option<String>,
) -> Answer {
    let answers = ImportAnswers { name, target, task, spec, ..ImportAnswers::default() };
    session(&desk, move |s| s.plan_import(&path, &answers)).await
}

#[tauri::command(rename_all = "snake_case")]
pub async fn validate_import(
    desk: State<'_, Session>,
    path: String,
    name: Option<String>,
    target: Option<String>,
    task: Option<Task>,
    spec: Option<String>,
) -> Answer {
    let answers = ImportAnswers { name, target, task, spec, ..ImportAnswers::default() };
    session(&desk, move |s| s.validate_import(&path, &answers)).await
}

#[tauri::command(rename_all = "snake_case")]
pub async fn draft_spec(desk: State<'_, Session>, spec: DatasetSpec) -> Answer {
    session(&desk, move |s| Ok(s.draft_spec(&spec))).await
}

#[tauri::command(rename_all = "snake_case")]
pub async fn check_spec(desk: State<'_, Session>, path: String, text: String) -> Answer {
    session(&desk, move |s| s.check_spec(&path, &text)).await
}

#[tauri::command(rename_all = "snake_case")]
pub async fn validate_dataset(desk: State<'_, Session>, name_or_path: String) -> Answer {
    session(&desk, move |s| s.validate_dataset(&name_or_path)).await
}
