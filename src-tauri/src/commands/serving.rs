//! The prediction server of this window.

use crate::answer::{Answer, session};
use driftgate_session::Session;
use serde_json::{Map, Value};
use tauri::State;

#[tauri::command(rename_all = "snake_case")]
pub async fn server(desk: State<'_, Session>) -> Answer {
    session(&desk, |s| Ok(s.server())).await
}

#[tauri::command(rename_all = "snake_case")]
pub async fn start_server(desk: State<'_, Session>, port: u16) -> Answer {
    session(&desk, move |s| s.start_server(port)).await
}

#[tauri::command(rename_all = "snake_case")]
pub async fn stop_server(desk: State<'_, Session>) -> Answer {
    session(&desk, Session::stop_server).await
}

#[tauri::command(rename_all = "snake_case")]
pub async fn try_request(desk: State<'_, Session>, model: String, row: Map<String, Value>) -> Answer {
    session(&desk, move |s| s.try_request(&model, &row)).await
}

#[tauri::command(rename_all = "snake_case")]
pub async fn curl(desk: State<'_, Session>, model: String, row: Map<String, Value>) -> Answer {
    session(&desk, move |s| s.curl(&model, &row)).await
}

#[tauri::command(rename_all = "snake_case")]
pub async fn try_picture(desk: State<'_, Session>, model: String, path: String) -> Answer {
    session(&desk, move |s| s.try_picture(&model, &path)).await
}

#[tauri::command(rename_all = "snake_case")]
pub async fn curl_picture(desk: State<'_, Session>, model: String, path: String) -> Answer {
    session(&desk, move |s| s.curl_picture(&model, &path)).await
}
