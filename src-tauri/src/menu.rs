//! The native menu. Whatever is chosen goes to the page, which knows what it means there.

use driftgate_model::views::WindowEvent;
use driftgate_session::Session;
use tauri::menu::{Menu, MenuBuilder, MenuItem, MenuItemBuilder, Submenu, SubmenuBuilder};
use tauri::{AppHandle, Manager as _, Wry};

/// The menu bar.
pub fn build(app: &AppHandle) -> tauri::Result<Menu<Wry>> {
    let menu = MenuBuilder::new(app).item(&file(app)?);
    #[cfg(target_os = "macos")]
    let menu = menu.item(&edit(app)?);
    menu.item(&view(app)?).item(&go(app)?).item(&help(app)?).build()
}

/// Tells the page what was chosen.
pub fn chosen(app: &AppHandle, id: &str) {
    match id {
        "quit" => crate::window::ask_to_close(app),
        other => app.state::<Session>().tell(&WindowEvent::Menu { id: other.into() }),
    }
}

fn file(app: &AppHandle) -> tauri::Result<Submenu<Wry>> {
    SubmenuBuilder::new(app, "File")
        .item(&keyed(app, "new", "New workspace…", "CmdOrCtrl+N")?)
        .item(&keyed(app, "open", "Open workspace…", "CmdOrCtrl+O")?)
        .text("demo", "Open the demo")
        .separator()
        .text("import", "Import data…")
        .text("run", "Start a run…")
        .separator()
        .text("close", "Close workspace")
        .item(&keyed(app, "quit", "Quit", "CmdOrCtrl+Q")?)
        .build()
}

/// Without it the usual keys do nothing in text fields there.
#[cfg(target_os = "macos")]
fn edit(app: &AppHandle) -> tauri::Result<Submenu<Wry>> {
    SubmenuBuilder::new(app, "Edit").undo().redo().separator().cut().copy().paste().select_all().build()
}

fn view(app: &AppHandle) -> tauri::Result<Submenu<Wry>> {
    SubmenuBuilder::new(app, "View")
        .text("theme:system", "Theme of the desktop")
        .text("theme:light", "Light theme")
        .text("theme:dark", "Dark theme")
        .separator()
        .text("palette", "Command palette…")
        .build()
}

fn go(app: &AppHandle) -> tauri::Result<Submenu<Wry>> {
    SubmenuBuilder::new(app, "Go")
        .text("go:overview", "Overview")
        .text("go:datasets", "Data sets")
        .text("go:runs", "Runs")
        .text("go:registry", "Registry")
        .text("go:drift", "Drift")
        .text("go:serving", "Serving")
        .text("go:audit", "Audit")
        .text("go:settings", "Settings")
        .build()
}

fn help(app: &AppHandle) -> tauri::Result<Submenu<Wry>> {
    SubmenuBuilder::new(app, "Help").text("shortcuts", "Keyboard shortcuts").text("about", "About Driftgate").build()
}

fn keyed(app: &AppHandle, id: &str, text: &str, keys: &str) -> tauri::Result<MenuItem<Wry>> {
    MenuItemBuilder::with_id(id, text).accelerator(keys).build(app)
}
