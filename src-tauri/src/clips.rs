//! The desktop's clipboard.

use crate::answer::desktop;
use driftgate_session::{Result, SessionError};
use std::sync::mpsc::sync_channel;
use tauri::AppHandle;

/// Something to copy.
enum Clip {
    Text(String),
    Image { width: i32, height: i32, pixels: Vec<u8> },
}

/// Copies a text.
pub fn text(app: &AppHandle, text: String) -> Result<()> {
    copy(app, Clip::Text(text))
}

/// Copies an image of RGBA pixels, row by row.
pub fn image(app: &AppHandle, width: &str, height: &str, pixels: Vec<u8>) -> Result<()> {
    let (width, height) = (size(width)?, size(height)?);
    if i64::from(width) * i64::from(height) * 4 != pixels.len() as i64 {
        return Err(desktop("copy the image", format!("{} bytes are not {width} by {height} pixels", pixels.len())));
    }
    copy(app, Clip::Image { width, height, pixels })
}

/// The clipboard belongs to the window's own thread.
fn copy(app: &AppHandle, clip: Clip) -> Result<()> {
    let (said, hear) = sync_channel(1);
    app.run_on_main_thread(move || said.send(platform::copy(clip)).unwrap_or_default())
        .map_err(|e| desktop("use the clipboard", e))?;
    let done = hear.recv().map_err(|_| desktop("use the clipboard", "the window is closing"))?;
    done.map_err(|e| desktop("use the clipboard", e))
}

fn size(text: &str) -> Result<i32, SessionError> {
    text.parse()
        .ok()
        .filter(|n| (1..=16_384).contains(n))
        .ok_or_else(|| desktop("copy the image", format!("`{text}` is no number of pixels from 1 to 16,384")))
}

#[cfg(target_os = "linux")]
mod platform {
    use super::Clip;
    use gtk::gdk_pixbuf::{Colorspace, Pixbuf};
    use gtk::{gdk, glib};

    pub fn copy(clip: Clip) -> Result<(), String> {
        let clipboard = gtk::Clipboard::get(&gdk::SELECTION_CLIPBOARD);
        match clip {
            Clip::Text(text) => clipboard.set_text(&text),
            Clip::Image { width, height, pixels } => {
                let bytes = glib::Bytes::from_owned(pixels);
                clipboard.set_image(&Pixbuf::from_bytes(&bytes, Colorspace::Rgb, true, 8, width, height, width * 4));
            }
        }
        // What was copied stays when the window closes, where the desktop keeps such things.
        clipboard.store();
        Ok(())
    }
}

#[cfg(not(target_os = "linux"))]
mod platform {
    use super::Clip;
    use arboard::{Clipboard, ImageData};

    pub fn copy(clip: Clip) -> Result<(), String> {
        let mut clipboard = Clipboard::new().map_err(|e| e.to_string())?;
        let copied = match clip {
            Clip::Text(text) => clipboard.set_text(text),
            Clip::Image { width, height, pixels } => {
                let size = |n: i32| usize::try_from(n).unwrap_or(0);
                clipboard.set_image(ImageData { width: size(width), height: size(height), bytes: pixels.into() })
            }
        };
        copied.map_err(|e| e.to_string())
    }
}
