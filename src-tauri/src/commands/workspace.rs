//! The workspace, the settings, and jobs.

use crate::answer::{Answer, bytes, session};
use driftgate_model::views::{Failure, JobAsk, Settings};
use driftgate_session::Session;
use tauri::State;
use tauri::ipc::Channel;

#[tauri::command(rename_all = "snake_case")]
pub async fn state(desk: State<'_, Session>) -> Answer {
    session(&desk, |s| Ok(s.state())).await
}

#[tauri::command(rename_all = "snake_case")]
pub async fn subscribe(desk: State<'_, Session>, app: tauri::AppHandle, channel: Channel<String>) -> Answer {
    session(&desk, move |s| {
        s.subscribe(crate::window::teller(app, channel));
        Ok(())
    })
    .await
}

#[tauri::command(rename_all = "snake_case")]
pub async fn open_workspace(desk: State<'_, Session>, path: String) -> Answer {
    session(&desk, move |s| s.open_workspace(&path)).await
}

#[tauri::command(rename_all = "snake_case")]
pub async fn init_workspace(desk: State<'_, Session>, path: String) -> Answer {
    session(&desk, move |s| s.init_workspace(&path)).await
}

#[tauri::command(rename_all = "snake_case")]
pub async fn close_workspace(desk: State<'_, Session>) -> Answer {
    session(&desk, Session::close_workspace).await
}

#[tauri::command(rename_all = "snake_case")]
pub async fn forget_recent(desk: State<'_, Session>, path: String) -> Answer {
    session(&desk, move |s| s.forget_recent(&path)).await
}

#[tauri::command(rename_all = "snake_case")]
pub async fn save_settings(desk: State<'_, Session>, settings: Settings) -> Answer {
    session(&desk, move |s| s.save_settings(settings)).await
}

#[tauri::command(rename_all = "snake_case")]
pub async fn start_job(desk: State<'_, Session>, ask: JobAsk) -> Answer {
    session(&desk, move |s| s.start_job(ask)).await
}

#[tauri::command(rename_all = "snake_case")]
pub async fn cancel_job(desk: State<'_, Session>, id: u64) -> Answer {
    session(&desk, move |s| s.cancel_job(id)).await
}

#[tauri::command(rename_all = "snake_case")]
pub async fn dismiss_job(desk: State<'_, Session>, id: u64) -> Answer {
    session(&desk, move |s| s.dismiss_job(id)).await
}

#[tauri::command(rename_all = "snake_case")]
pub async fn jobs(desk: State<'_, Session>) -> Answer {
    session(&desk, |s| Ok(s.jobs())).await
}

#[tauri::command(rename_all = "snake_case")]
pub async fn job_answer(desk: State<'_, Session>, id: u64) -> Answer {
    let s = Session::clone(&desk);
    bytes(move || Ok(s.job_answer(id).map_err(Failure::from)?.to_vec())).await
}

#[tauri::command(rename_all = "snake_case")]
pub async fn job_metrics(desk: State<'_, Session>, id: u64) -> Answer {
    session(&desk, move |s| s.job_metrics(id)).await
}
