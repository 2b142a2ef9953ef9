//! What a check of pictures adds: pixels, embeddings, scales, and the pictures that moved most.

use super::Batch;
use crate::estimator::{NetworkModel, PictureAnswers};
use crate::pictures::{PictureStore, Work};
use crate::profile::{from_bytes, to_bytes};
use crate::{EngineError, Result};
use driftgate_drift::{Embeddings, most_shifted, multiscale, pixel_columns};
use driftgate_model::{
    ColorMode, ColumnDrift, Digest, DriftConfig, DriftTestResult, ImageConfig, ImageDriftConfig, ImageEvidence,
    ImageRef, NullObserver, PixelCounts, Progress, ShiftedImage,
};
use serde::{Deserialize, Serialize};

/// Most pictures of the train split that a profile holds.
const MOST_PICTURES: usize = 10_000;

/// The pixels of train pictures, and the embeddings of pictures that the network did not learn from, as a profile keeps them: a
/// version byte, then postcard. A batch is never one that was learned from, so its embeddings are compared with such.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct PictureProfile {
    /// Brightness counts of each train picture.
    pub(crate) pixels: PixelCounts,
    /// Values of an embedding.
    pub(crate) width: u32,
    /// Embeddings of the unseen pictures, row by row.
    pub(crate) embeddings: Vec<f32>,
    /// The unseen pictures, in that order.
    pub(crate) pictures: Vec<ImageRef>,
}

impl PictureProfile {
    /// Profiles at most [`MOST_PICTURES`] of the pictures `learned` from and of those that were `unseen`, drawn with the seed of the
    /// drift settings.
    ///
    /// Errors: a picture is gone; cancelled.
    pub(crate) fn of(
        learned: &[Digest],
        unseen: &[Digest],
        store: &PictureStore,
        model: &NetworkModel,
        seed: u64,
        work: &Work,
    ) -> Result<PictureProfile> {
        let some = |of: &[Digest]| -> Vec<Digest> {
            driftgate_drift::sample_rows(of.len(), MOST_PICTURES, seed).into_iter().map(|i| of[i]).collect()
        };
        let (learned, pictures) = (some(learned), some(unseen));
        let pixels = store.tiles(&learned, model.image(), work)?;
        let tiles = store.tiles(&pictures, model.image(), work)?;
        let answers = model.answer_tiles(tiles.as_ref(), &NullObserver, work.cancel)?;
        Ok(PictureProfile {
            pixels: driftgate_images::pixel_counts(pixels.as_ref(), work.threads, work.cancel)?,
            width: u32::try_from(model.width()).unwrap_or(u32::MAX),
            embeddings: answers.embeddings,
            pictures: pictures.iter().map(|p| store.reference(p)).collect::<Result<_>>()?,
        })
    }

    pub(crate) fn to_bytes(&self) -> Result<Vec<u8>> {
        to_bytes(self)
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<PictureProfile> {
        let profile: PictureProfile = from_bytes(bytes, "a profile of pictures")?;
        let (rows, width) = (profile.pictures.len(), profile.width as usize);
        let fits = profile.embeddings.len() == rows * width
            && profile.pixels.counts.len() == profile.pixels.images as usize * profile.pixels.stride();
        if fits { Ok(profile) } else { Err(EngineError::corrupt("a profile of pictures does not fit together")) }
    }

    fn embedded(&self) -> Embeddings<'_> {
        Embeddings { rows: self.pictures.len(), dim: self.width as usize, data: &self.embeddings }
    }
}

/// The settings of a check of pictures.
pub(crate) fn settings(config: &DriftConfig) -> ImageDriftConfig {
    config.image.clone().unwrap_or_default()
}

/// What pictures say besides the columns of their list.
pub(super) struct PictureFindings {
    /// One a channel.
    pub(super) pixels: Vec<ColumnDrift>,
    /// The embeddings together.
    pub(super) global: Option<DriftTestResult>,
    pub(super) evidence: ImageEvidence,
}

/// Compares the pictures of a batch with those of a profile.
pub(super) fn compare(
    batch: &Batch,
    pictures: &[Digest],
    answers: &PictureAnswers,
    model: &NetworkModel,
    profile: &PictureProfile,
    work: &Work,
) -> Result<PictureFindings> {
    let Work { threads, observer, cancel } = *work;
    observer.stage_started("pictures");
    // A drift file without a word about pictures means the defaults.
    let config = DriftConfig { image: Some(settings(batch.config)), ..batch.config.clone() };
    let image = settings(&config);
    let tiles = batch.store.tiles(pictures, model.image(), work)?;
    let counts = driftgate_images::pixel_counts(tiles.as_ref(), threads, cancel)?;
    let names = channels(model.image());
    let pixels = pixel_columns(&profile.pixels, &counts, names, &config, threads, cancel)?;
    let multiscale = multiscale(&profile.pixels, &counts, names, &config, threads, cancel)?;
    let embedded = Embeddings { rows: pictures.len(), dim: model.width(), data: &answers.embeddings };
    let reference = profile.embedded();
    let done = |done, total| observer.progress("pictures", Progress { done, total });
    let global = match image.mmd.enabled {
        true => Some(driftgate_drift::mmd(&reference, &embedded, &config, threads, &done, cancel)?),
        false => None,
    };
    let (most, neighbours) = (image.evidence as usize, image.neighbours as usize);
    let shifted = most_shifted(&reference, &embedded, most, neighbours, threads, cancel)?;
    let shifted: Result<Vec<ShiftedImage>> = shifted
        .into_iter()
        .map(|s| {
            let nearest = s.nearest.iter().filter_map(|(i, d)| Some((profile.pictures.get(*i)?.clone(), *d)));
            Ok(ShiftedImage {
                image: batch.store.reference(&pictures[s.row])?,
                distance: s.distance,
                rarity: s.rarity,
                nearest: nearest.collect(),
            })
        })
        .collect();
    observer.stage_finished("pictures", &format!("{} pictures", pictures.len()));
    Ok(PictureFindings { pixels, global, evidence: ImageEvidence { multiscale, shifted: shifted? } })
}

fn channels(config: &ImageConfig) -> &'static [&'static str] {
    match config.color_mode {
        ColorMode::Rgb => &["red", "green", "blue"],
        ColorMode::Grayscale => &["gray"],
    }
}
