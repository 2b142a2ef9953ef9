//! Data sets to try: drawn, or laid out from a published archive.

use crate::{EngineError, Result};
use driftgate_images::SyntheticOptions;
use driftgate_model::views::PicturesMade;
use driftgate_model::{CancelToken, ImageSetSpec, Observer};
use driftgate_vision::{DeviceInfo, Devices};
use std::path::Path;

/// Draws pictures of simple shapes into `folder`.
///
/// Errors: the folder holds something already; it cannot be written.
pub fn synthesize_images(folder: &Path, options: &SyntheticOptions) -> Result<PicturesMade> {
    empty(folder)?;
    driftgate_images::synthesize(folder, options)?;
    made(folder)
}

/// Lays the published archive of CIFAR-10 out as PNG pictures in `folder`.
///
/// Errors: not that archive; the folder holds something already; it cannot be written; cancelled.
pub fn fetch_cifar10(
    archive: &Path,
    folder: &Path,
    observer: &dyn Observer,
    cancel: &CancelToken,
) -> Result<PicturesMade> {
    empty(folder)?;
    driftgate_images::lay_out(archive, folder, observer, cancel)?;
    made(folder)
}

/// What networks can be trained on here, the processor first. Opens each graphics card.
pub fn devices() -> Vec<DeviceInfo> {
    Devices::list()
}

fn empty(folder: &Path) -> Result<()> {
    let holds = std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some());
    if holds || folder.is_file() {
        return Err(EngineError::refused(
            format!("`{}` is there already", folder.display()),
            "Name a folder that is not there yet, or an empty one",
        ));
    }
    Ok(())
}

fn made(folder: &Path) -> Result<PicturesMade> {
    let listing = driftgate_images::scan(folder, &ImageSetSpec::default())?;
    let mut classes: Vec<String> = listing.entries.iter().filter_map(|e| e.label.clone()).collect();
    classes.sort();
    classes.dedup();
    Ok(PicturesMade {
        schema: "driftgate/pictures-made/1".into(),
        folder: folder.display().to_string(),
        pictures: listing.entries.len() as u64,
        classes,
    })
}
