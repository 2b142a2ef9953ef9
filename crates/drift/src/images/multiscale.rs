//! At which scale pixels moved: noise and sharpness change the finest, light and colour change all.

use super::image_config;
use super::subsets::{Pictures, p_value};
use crate::error::DriftError;
use crate::random::named_seed;
use driftgate_determinism::Workers;
use driftgate_model::{CancelToken, DriftConfig, MultiscaleProfile, PixelCounts, ScaleLevel};

/// A level drifted where its p-value is at most this and its mean distance matters.
const LEVEL: f64 = 0.05;
/// A coarsest distance below it counts as this.
const LEAST: f64 = 1e-8;
/// Ratios above it are of fine detail.
const FINE: f64 = 3.0;
/// Ratios below it are global.
const GLOBAL: f64 = 1.5;

const SAYS_FINE: &str =
    "fine detail changed most (noise, sharpness, compression): it fades in smaller versions of the pictures";
const SAYS_GLOBAL: &str =
    "the change is global (exposure, colour, illumination): it is as large in smaller versions of the pictures";
const SAYS_BETWEEN: &str =
    "mid-scale structure changed (texture, blur, small objects): it fades by part in smaller versions";
const SAYS_NOTHING: &str = "no scale drifted, so a ratio of scales would be noise";
const SAYS_TOO_FEW: &str = "at least 2 pictures on either side are needed to tell scales apart";

/// The Wasserstein distances of the pixels at each level of the pyramid, in standard deviations of the reference at that level.
///
/// The p-value of a level is of the mean over its channels, by permutation of whole pictures; all levels share the
/// `permutations` of `config.image`. `scale_decay_ratio` is the finest mean divided by the coarsest (at least 1e-8), and there
/// only where some level drifted: p at most 0.05 and a mean of at least `medium`. Above 3 it speaks of fine detail, below 1.5 of
/// a global change. Fewer than 2 pictures on a side give p-values of 1. `threads` (0: all) changes nothing.
///
/// # Errors
/// [`DriftError::LengthMismatch`] where shapes, names or counts do not fit one another; [`DriftError::Threads`] and
/// [`DriftError::Cancelled`].
pub fn multiscale(
    reference: &PixelCounts,
    batch: &PixelCounts,
    channel_names: &[&str],
    config: &DriftConfig,
    threads: usize,
    cancel: &CancelToken,
) -> Result<MultiscaleProfile, DriftError> {
    let pictures = Pictures::new(reference, batch, channel_names, reference.levels)?;
    let (of_reference, of_batch) = pictures.sides();
    let (n, m) = pictures.sizes();
    let scales = Scales { units: pictures.units(&of_reference), channels: channel_names.len().max(1) };
    let plain = pictures.distances(&of_reference, &of_batch);
    let enough = n >= 2 && m >= 2;
    let draws = if enough { image_config(config).permutations as usize } else { 0 };
    let seed = named_seed(config.seed, "multiscale");
    let null = Workers::run(threads, |workers| pictures.null(draws, seed, workers, cancel))?;
    let null: Vec<Vec<f64>> = null.iter().map(|draw| scales.means(draw)).collect();
    let levels = scales.levels(&plain, &null, channel_names);
    Ok(profile(levels, enough, image_config(config).medium))
}

/// Blocks of counts, level after level.
struct Scales {
    units: Vec<f64>,
    channels: usize,
}

impl Scales {
    /// Each level's distances in units.
    fn normed(&self, plain: &[f64]) -> Vec<Vec<f64>> {
        let all: Vec<f64> = plain.iter().zip(&self.units).map(|(d, u)| d / u).collect();
        all.chunks(self.channels).map(<[f64]>::to_vec).collect()
    }

    fn means(&self, plain: &[f64]) -> Vec<f64> {
        self.normed(plain).iter().map(|l| l.iter().sum::<f64>() / l.len().max(1) as f64).collect()
    }

    fn levels(&self, plain: &[f64], null: &[Vec<f64>], channel_names: &[&str]) -> Vec<ScaleLevel> {
        let level = |(i, (distances, mean)): (usize, (Vec<f64>, f64))| ScaleLevel {
            resolution: format!("1/{}", 1_u64 << i),
            channels: channel_names.iter().map(ToString::to_string).zip(distances).collect(),
            mean,
            p_value: p_value(mean, null.iter().map(|draw| draw[i])),
        };
        self.normed(plain).into_iter().zip(self.means(plain)).enumerate().map(level).collect()
    }
}

fn profile(levels: Vec<ScaleLevel>, enough: bool, min: f64) -> MultiscaleProfile {
    let drifted = enough && levels.iter().any(|l| l.p_value <= LEVEL && l.mean >= min);
    let ends = levels.first().zip(levels.last());
    let scale_decay_ratio = ends.filter(|_| drifted).map(|(fine, coarse)| fine.mean / coarse.mean.max(LEAST));
    let says = match scale_decay_ratio {
        None if enough => SAYS_NOTHING,
        None => SAYS_TOO_FEW,
        Some(ratio) if ratio > FINE => SAYS_FINE,
        Some(ratio) if ratio < GLOBAL => SAYS_GLOBAL,
        Some(_) => SAYS_BETWEEN,
    };
    MultiscaleProfile { levels, scale_decay_ratio, interpretation: says.into() }
}
