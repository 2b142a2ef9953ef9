//! What happens to the window, and what the page hears of it.

use crate::answer::desktop;
use driftgate_model::views::{JobState, JobView, PathKind, WindowEvent};
use driftgate_session::{Result, Session};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tauri::ipc::Channel;
use tauri::{AppHandle, DragDropEvent, Manager as _, Window};
use tauri_plugin_dialog::{DialogExt as _, FileDialogBuilder};
use tauri_plugin_notification::NotificationExt as _;

/// How long work may take to stop when the window closes.
const PATIENCE: Duration = Duration::from_secs(10);

/// Whether somebody looks at the window.
pub struct Looked(AtomicBool);

impl Default for Looked {
    fn default() -> Self {
        Looked(AtomicBool::new(true))
    }
}

/// Passes on what the desktop does to the window.
pub fn happened(window: &Window, event: &tauri::WindowEvent) {
    let session = window.state::<Session>();
    match event {
        tauri::WindowEvent::CloseRequested { api, .. } if !session.may_close() => api.prevent_close(),
        tauri::WindowEvent::Focused(focused) => window.state::<Looked>().0.store(*focused, Ordering::Relaxed),
        tauri::WindowEvent::DragDrop(event) => dragged(&session, event, scale(window)),
        _ => {}
    }
}

/// Places come in the page's own measure already, but on Windows.
fn scale(window: &Window) -> f64 {
    if cfg!(windows) { window.scale_factor().unwrap_or(1.0) } else { 1.0 }
}

/// Tells where files hang, in the page's own measure, and takes those that are dropped.
fn dragged(session: &Session, event: &DragDropEvent, scale: f64) {
    let told = match event {
        DragDropEvent::Enter { position, .. } | DragDropEvent::Over { position } => {
            WindowEvent::DragOver { x: position.x / scale, y: position.y / scale }
        }
        DragDropEvent::Drop { paths, position } => WindowEvent::Dropped {
            x: position.x / scale,
            y: position.y / scale,
            // What cannot be read says so when it is used; its name is shown as it was dropped.
            paths: paths.iter().map(|p| granted(session, p).display().to_string()).collect(),
        },
        _ => WindowEvent::DragLeft,
    };
    session.tell(&told);
}

fn granted(session: &Session, path: &Path) -> PathBuf {
    session.grant(path, PathKind::FileOrFolder).unwrap_or_else(|_| path.to_path_buf())
}

/// Tells the page what happens, and the desktop when a job ends that nobody looks at.
pub fn teller(app: AppHandle, channel: Channel<String>) -> impl Fn(&WindowEvent) + Send + Sync {
    move |event| {
        match serde_json::to_string(event) {
            // A page that is gone hears nothing, and the next one subscribes itself.
            Ok(text) => channel.send(text).unwrap_or_default(),
            Err(_) => return,
        }
        if let WindowEvent::Job { job } = event {
            notify(&app, job);
        }
    }
}

fn notify(app: &AppHandle, job: &JobView) {
    let how = match job.state {
        JobState::Done => "is done",
        JobState::Failed => "failed",
        JobState::Running | JobState::Stopping | JobState::Cancelled => return,
    };
    if app.state::<Looked>().0.load(Ordering::Relaxed) || !app.state::<Session>().settings().notify {
        return;
    }
    let text = format!("{} {how}", job.title);
    // A desktop without notifications has the list of jobs.
    app.notification().builder().title("Driftgate").body(text).show().unwrap_or_default();
}

/// Asks the person for a path in the desktop's own dialog; `None` where they changed their mind.
pub fn choose(
    app: &AppHandle,
    session: &Session,
    kind: PathKind,
    title: &str,
    name: Option<&str>,
    extensions: &[String],
) -> Result<Option<String>> {
    let dialog = dialog(app, title, name, extensions);
    let chosen = match kind {
        PathKind::File | PathKind::FileOrFolder => dialog.blocking_pick_file(),
        PathKind::Folder | PathKind::NewFolder => dialog.blocking_pick_folder(),
        PathKind::NewFile => dialog.blocking_save_file(),
    };
    let Some(chosen) = chosen else { return Ok(None) };
    let path = chosen.into_path().map_err(|e| desktop("use that place", e))?;
    Ok(Some(session.grant(&path, kind)?.display().to_string()))
}

fn dialog(app: &AppHandle, title: &str, name: Option<&str>, extensions: &[String]) -> FileDialogBuilder<tauri::Wry> {
    let mut dialog = app.dialog().file().set_title(title).set_can_create_directories(true);
    if let Some(window) = app.get_webview_window("main") {
        dialog = dialog.set_parent(&window);
    }
    if let Some(name) = name {
        dialog = dialog.set_file_name(name);
    }
    if let Ok(workspace) = app.state::<Session>().workspace() {
        dialog = dialog.set_directory(workspace.root());
    }
    if !extensions.is_empty() {
        let all: Vec<&str> = extensions.iter().map(String::as_str).collect();
        dialog = dialog.add_filter(extensions.join(", "), &all);
    }
    dialog
}

/// Ends the session and the program.
pub fn close(app: &AppHandle, session: &Session) {
    session.end(PATIENCE);
    app.exit(0);
}

/// Closes the window as its own button does.
pub fn ask_to_close(app: &AppHandle) {
    if app.state::<Session>().may_close() {
        app.exit(0);
    }
}
