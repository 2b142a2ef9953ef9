//! The Driftgate window: Tauri commands over the session, the menu, dialogs, file drops.
// No console window beside the window.
#![cfg_attr(all(windows, not(debug_assertions)), windows_subsystem = "windows")]

mod answer;
mod clips;
mod commands;
mod menu;
mod start;
mod window;

use driftgate_model::views::PathKind;
use driftgate_session::Session;
use std::process::ExitCode;

fn main() -> ExitCode {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        // A damaged ledger file can make the store panic; that is caught, and told as an error.
        if !driftgate_engine::is_guarded() {
            usual(panic);
        }
    }));
    let session = Session::new(start::setup());
    open_argument(&session);
    let app = tauri::Builder::default()
        .plugin(tauri_plugin_dialog::init())
        .plugin(tauri_plugin_notification::init())
        .manage(session)
        .manage(window::Looked::default())
        .invoke_handler(commands::handler())
        .menu(menu::build)
        .on_menu_event(|app, event| menu::chosen(app, event.id().as_ref()))
        .on_window_event(window::happened)
        .build(tauri::generate_context!());
    match app {
        Ok(app) => {
            app.run(|_, _| {});
            ExitCode::SUCCESS
        }
        Err(error) => {
            complain(&format!("driftgate: the window cannot be opened: {error}"));
            ExitCode::FAILURE
        }
    }
}

/// Opens the workspace that was named on the command line. What is wrong with it is on the first page.
fn open_argument(session: &Session) {
    let Some(named) = start::argument() else { return };
    let opened =
        session.grant(&named, PathKind::Folder).and_then(|root| session.open_workspace(&root.display().to_string()));
    if let Err(error) = opened {
        let failure = driftgate_model::views::Failure::from(error);
        let hint = failure.hint.map(|hint| format!(". {hint}")).unwrap_or_default();
        session.notice(&format!("{}{hint}", failure.message));
    }
}

#[expect(clippy::print_stderr, reason = "without a window there is nowhere else to say it")]
fn complain(text: &str) {
    eprintln!("{text}");
}
