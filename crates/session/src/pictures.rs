//! Pictures as a front shows them, and what networks that look at them can be trained on.

use crate::session::Session;
use crate::store::name_of;
use crate::{Result, SessionError};
use driftgate_model::ImageRef;
use driftgate_model::views::{DeviceView, PathKind};
use std::io::Read as _;
use std::path::Path;

/// Most bytes of a picture file that are read for a front.
const MOST: u64 = 64 << 20;
/// The smallest and the largest side of a small picture, in pixels.
const SIDES: std::ops::RangeInclusive<u32> = 16..=1024;

impl Session {
    /// A stored picture as a PNG file whose longer side is at most `side` pixels.
    ///
    /// Errors: no workspace is open; nothing lies there, or not what the digest says.
    pub fn thumbnail(&self, picture: &ImageRef, side: u32) -> Result<Vec<u8>> {
        // Nothing is recorded by it, so nobody looks at the ledger for it.
        Ok(self.workspace()?.thumbnail(picture, bounded(side))?)
    }

    /// A picture file as a PNG file whose longer side is at most `side` pixels.
    ///
    /// Errors: the path was not chosen; more than 64 MiB; no picture.
    pub fn import_thumbnail(&self, path: &str, side: u32) -> Result<Vec<u8>> {
        let file = self.allowed(path, PathKind::File)?;
        Ok(driftgate_engine::thumbnail_of(&read(&file)?, &name_of(&file), bounded(side))?)
    }

    /// What networks can be trained on here, the processor first. Opens each graphics card.
    pub fn devices(&self) -> Vec<DeviceView> {
        let view = |device: driftgate_engine::DeviceInfo| DeviceView {
            kind: device.sort.as_str().into(),
            name: device.name,
            usable: device.usable,
            why_not: device.why_not,
        };
        driftgate_engine::devices().into_iter().map(view).collect()
    }
}

fn bounded(side: u32) -> u32 {
    side.clamp(*SIDES.start(), *SIDES.end())
}

/// The bytes of a picture file. Errors: it cannot be read; more than 64 MiB.
pub(crate) fn read(file: &Path) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    std::fs::File::open(file)
        .and_then(|opened| opened.take(MOST + 1).read_to_end(&mut bytes))
        .map_err(|e| SessionError::io("read", file, &e))?;
    if bytes.len() as u64 > MOST {
        return Err(SessionError::bad_input(
            format!("{} is larger than {} MiB", file.display(), MOST >> 20),
            "Choose a smaller picture",
        ));
    }
    Ok(bytes)
}
