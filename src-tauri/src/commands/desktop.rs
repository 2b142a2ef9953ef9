//! Dialogs, files, and the window itself.

use crate::answer::{Answer, desktop, session};
use crate::clips;
use crate::window;
use driftgate_model::views::PathKind;
use driftgate_session::{Session, SessionError};
use tauri::ipc::{InvokeBody, Request};
use tauri::{AppHandle, State};

#[tauri::command(rename_all = "snake_case")]
pub async fn choose_path(
    desk: State<'_, Session>,
    app: AppHandle,
    kind: PathKind,
    title: String,
    name: Option<String>,
    extensions: Vec<String>,
) -> Answer {
    session(&desk, move |s| window::choose(&app, s, kind, &title, name.as_deref(), &extensions)).await
}

#[tauri::command(rename_all = "snake_case")]
pub async fn name_path(desk: State<'_, Session>, path: String, kind: PathKind) -> Answer {
    session(&desk, move |s| s.name_path(&path, kind)).await
}

#[tauri::command(rename_all = "snake_case")]
pub async fn save_text(desk: State<'_, Session>, path: String, text: String) -> Answer {
    session(&desk, move |s| s.save(&path, text.as_bytes())).await
}

#[tauri::command(rename_all = "snake_case")]
pub async fn save_bytes(desk: State<'_, Session>, request: Request<'_>) -> Answer {
    let (path, body) = (header(&request, "path"), raw(&request));
    session(&desk, move |s| s.save(&path?, &body?)).await
}

#[tauri::command(rename_all = "snake_case")]
pub async fn copy_text(desk: State<'_, Session>, app: AppHandle, text: String) -> Answer {
    session(&desk, move |_| clips::text(&app, text)).await
}

#[tauri::command(rename_all = "snake_case")]
pub async fn copy_image(desk: State<'_, Session>, app: AppHandle, request: Request<'_>) -> Answer {
    let (width, height, pixels) = (header(&request, "width"), header(&request, "height"), raw(&request));
    session(&desk, move |_| clips::image(&app, &width?, &height?, pixels?)).await
}

#[tauri::command(rename_all = "snake_case")]
pub async fn close_window(desk: State<'_, Session>, app: AppHandle) -> Answer {
    session(&desk, move |s| {
        window::close(&app, s);
        Ok(())
    })
    .await
}

/// A header, percent-decoded: paths may hold what headers may not.
pub fn header(request: &Request<'_>, name: &str) -> Result<String, SessionError> {
    let given = request.headers().get(name).and_then(|v| v.to_str().ok());
    let given = given.ok_or_else(|| desktop("take the bytes", format!("the header `{name}` is missing")))?;
    decoded(given).ok_or_else(|| desktop("take the bytes", format!("the header `{name}` is no text")))
}

/// The raw body of a request.
pub fn raw(request: &Request<'_>) -> Result<Vec<u8>, SessionError> {
    match request.body() {
        InvokeBody::Raw(bytes) => Ok(bytes.clone()),
        InvokeBody::Json(_) => Err(desktop("take the bytes", "they came as JSON")),
    }
}

/// The text behind `%20` and the like.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(b) = rest.next() {
        match b {
            b'%' => {
                let digit = |b: Option<u8>| char::from(b?).to_digit(16);
                let byte = digit(rest.next())? * 16 + digit(rest.next())?;
                bytes.push(u8::try_from(byte).ok()?);
            }
            other => bytes.push(other),
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::decoded;

    #[test]
    fn what_a_header_cannot_hold_is_decoded() {
        assert_eq!(decoded("/home/a%20b/%C3%A9.png").as_deref(), Some("/home/a b/é.png"));
        for broken in ["%", "%2", "%zz", "%ff"] {
            assert_eq!(decoded(broken), None, "{broken}");
        }
    }
}
