//! Pictures as raw bytes of PNG, and what networks can be trained on.

use crate::answer::{Answer, bytes, session};
use driftgate_model::ImageRef;
use driftgate_model::views::Failure;
use driftgate_session::Session;
use tauri::State;

#[tauri::command(rename_all = "snake_case")]
pub async fn thumbnail(desk: State<'_, Session>, picture: ImageRef, side: u32) -> Answer {
    let s = Session::clone(&desk);
    bytes(move || s.thumbnail(&picture, side).map_err(Failure::from)).await
}

#[tauri::command(rename_all = "snake_case")]
pub async fn import_thumbnail(desk: State<'_, Session>, path: String, side: u32) -> Answer {
    let s = Session::clone(&desk);
    bytes(move || s.import_thumbnail(&path, side).map_err(Failure::from)).await
}

#[tauri::command(rename_all = "snake_case")]
pub async fn devices(desk: State<'_, Session>) -> Answer {
    session(&desk, |s| Ok(s.devices())).await
}
