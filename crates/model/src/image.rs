//! Pictures: how a folder of them is described, how they become tiles, and what a check says of them.

use crate::{Digest, Interval};
use serde::{Deserialize, Serialize};

/// What `dataset.yaml` says of a folder of pictures; part of a [`crate::DatasetSpec`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageSetSpec {
    /// File name endings that count as pictures, with the dot, in lower case, sorted.
    pub expected_formats: Vec<String>,
    /// Fewest pictures of each class.
    pub min_images_per_class: u64,
    /// What happens to a file that cannot be used.
    pub bad_images: BadImages,
}

impl Default for ImageSetSpec {
    fn default() -> Self {
        ImageSetSpec {
            expected_formats: [".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff"].map(String::from).to_vec(),
            min_images_per_class: 1,
            bad_images: BadImages::Fail,
        }
    }
}

/// What happens to a file that cannot be used as a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BadImages {
    /// The data set is refused, and every such file named.
    Fail,
    /// They are left out, and every one named in a warning.
    Skip,
}

/// How pictures become tiles of one size: the `image` block of a preprocessing config.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ImageConfig {
    /// Height, then width, in pixels.
    pub target_size: [u32; 2],
    /// Colour channels.
    pub color_mode: ColorMode,
    /// Subtract the train split's mean and divide by its standard deviation, channel by channel. Otherwise values are in [0, 1].
    pub normalize: bool,
    /// Changes drawn anew for each picture and epoch, of the train split alone.
    pub augmentation: AugmentationConfig,
}

impl ImageConfig {
    /// Height, width and channels of a tile.
    pub fn shape(&self) -> TileShape {
        let [height, width] = self.target_size.map(|n| n as usize);
        TileShape { height, width, channels: self.color_mode.channels() }
    }
}

/// Colour channels of a tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ColorMode {
    /// Red, green, blue.
    Rgb,
    /// One channel: 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601).
    Grayscale,
}

impl ColorMode {
    /// How many.
    pub fn channels(self) -> usize {
        match self {
            ColorMode::Rgb => 3,
            ColorMode::Grayscale => 1,
        }
    }
}

/// Random changes of training pictures, in this order: crop, flip, brightness, contrast, saturation, rotation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AugmentationConfig {
    /// Whether there are any.
    pub enabled: bool,
    /// Pad by reflection with so many pixels on each side, then crop the former size at random.
    pub random_crop_padding: u32,
    /// Mirror left and right with probability 0.5.
    pub horizontal_flip: bool,
    /// Factor drawn from 1 ± this.
    pub brightness_jitter: f64,
    /// Factor around the picture's mean, drawn from 1 ± this.
    pub contrast_jitter: f64,
    /// Factor around the picture's own grey, drawn from 1 ± this.
    pub saturation_jitter: f64,
    /// Turn by 0, 90, 180 or 270 degrees; square tiles only.
    pub quarter_turns: bool,
}

/// Height, width and channels of tiles; a tile's bytes are in the order height, width, channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TileShape {
    /// Rows of pixels.
    pub height: usize,
    /// Pixels in a row.
    pub width: usize,
    /// 1 or 3.
    pub channels: usize,
}

impl TileShape {
    /// Values of one tile.
    pub fn values(self) -> usize {
        self.height * self.width * self.channels
    }
}

/// Decoded pictures of one size, read one at a time so that memory does not grow with their number.
pub trait TileSource: Send + Sync {
    /// How many.
    fn len(&self) -> usize;
    /// Whether there is none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// The size of each.
    fn shape(&self) -> TileShape;
    /// Reads tile `index` into `tile`, which has room for [`TileShape::values`] bytes.
    fn read(&self, index: usize, tile: &mut [u8]) -> std::io::Result<()>;
}

/// Changes a training tile at random: the same seed, picture and epoch give the same change.
pub trait Augment: Send + Sync {
    /// `tile` holds values in [0, 1], height by width by channel, and is changed in place.
    fn change(&self, tile: &mut [f32], picture: u64, epoch: u32);
}

/// Hyper-parameters of a convolutional network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CnnParams {
    /// Passes over the train split.
    pub epochs: u32,
    /// Pictures in a step.
    pub batch_size: u32,
    /// Adam's step.
    pub learning_rate: f64,
    /// Decoupled weight decay (AdamW); 0 is Adam.
    pub weight_decay: f64,
    /// How the learning rate changes.
    pub schedule: Schedule,
    /// Stop after so many epochs without a better validation loss; `None` runs them all.
    pub early_stopping_patience: Option<u32>,
    /// Largest norm of the gradient; `None` does not clip.
    pub gradient_clip: Option<f64>,
    /// Weighting of classes in the loss.
    pub class_weight: Option<crate::config::ClassWeight>,
    /// The layers.
    pub architecture: CnnArchitecture,
    /// What `--fine-tune` does.
    pub fine_tune: FineTuneParams,
}

/// How the learning rate changes from epoch to epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Schedule {
    /// Not at all.
    Constant,
    /// From the rate to 0 along half a cosine, step by step.
    Cosine,
}

/// Layers: for each entry a convolution, batch normalisation, ReLU and a 2 × 2 maximum; then a dense layer, ReLU, dropout and
/// a dense layer to the classes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CnnArchitecture {
    /// The convolutions.
    pub conv_layers: Vec<ConvLayer>,
    /// Width of the dense layer, whose outputs are a picture's embedding.
    pub fc_units: u32,
    /// Share of its outputs set to 0 while training.
    pub dropout: f64,
}

/// One convolution; its padding is ⌊kernel / 2⌋.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConvLayer {
    /// Channels out.
    pub out_channels: u32,
    /// Side of the kernel, odd.
    pub kernel_size: u32,
}

/// How a run continues from the version in Production.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FineTuneParams {
    /// Passes over the train split.
    pub epochs: u32,
    /// Adam's step.
    pub learning_rate: f64,
    /// Train the last layer alone; the normalisation layers' statistics stay as well.
    pub freeze_backbone: bool,
    /// Share of drifted pictures in what a step draws, with replacement; `None` draws every picture once.
    pub oversample_drift_ratio: Option<f64>,
    /// Hold this share of the drifted train pictures out of training, and choose the best epoch on them; `None` chooses on
    /// the validation split.
    pub drift_val_ratio: Option<f64>,
}

/// What a fine-tuning run starts from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FineTuneBase {
    /// The version that was in Production.
    pub version: crate::VersionNumber,
    /// Its artifact.
    pub artifact: Digest,
}

/// How batches of pictures are compared: the `image` block of a drift config.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ImageDriftConfig {
    /// Smallest effect of the pixels that matters, as Wasserstein distance in standard deviations of the reference: from here
    /// on a drifted batch is at least `medium`.
    pub medium: f64,
    /// From here on it is `high`.
    pub high: f64,
    /// Draws of the null distribution of the pixel distances.
    pub permutations: u32,
    /// The test of all embeddings together.
    pub mmd: MmdConfig,
    /// Most shifted pictures that a report shows.
    pub evidence: u32,
    /// Nearest reference pictures shown beside each.
    pub neighbours: u32,
}

impl Default for ImageDriftConfig {
    fn default() -> Self {
        let mmd =
            MmdConfig { enabled: true, sample: 10_000, permutations: 499, bandwidth: Bandwidth::Median, alpha: 0.01 };
        ImageDriftConfig { medium: 0.10, high: 0.25, permutations: 999, mmd, evidence: 8, neighbours: 3 }
    }
}

/// The maximum mean discrepancy of embeddings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MmdConfig {
    /// Whether to test.
    pub enabled: bool,
    /// Most embeddings of either side.
    pub sample: u32,
    /// Permutations.
    pub permutations: u32,
    /// The kernel's width.
    pub bandwidth: Bandwidth,
    /// Level.
    pub alpha: f64,
}

/// The width of a Gaussian kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bandwidth {
    /// exp(−d² / median of d²) over both sides together.
    Median,
    /// The largest of five widths around the median, each in its own permutation scale.
    Aggregated,
}

/// What a check of pictures says beside its columns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ImageEvidence {
    /// Pixel distances at three scales.
    pub multiscale: MultiscaleProfile,
    /// The most shifted pictures of the batch, most shifted first.
    pub shifted: Vec<ShiftedImage>,
}

/// Pixel distances at full, half and quarter resolution: which detail moved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MultiscaleProfile {
    /// Fine to coarse.
    pub levels: Vec<ScaleLevel>,
    /// The finest level's distance divided by the coarsest's; `None` where nothing drifted, since it would be noise.
    pub scale_decay_ratio: Option<f64>,
    /// What that means, one sentence.
    pub interpretation: String,
}

/// One level of a Gaussian pyramid.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScaleLevel {
    /// `1/1`, `1/2`, `1/4`.
    pub resolution: String,
    /// Wasserstein distance of each channel, in standard deviations of the reference.
    pub channels: Vec<(String, f64)>,
    /// Their mean.
    pub mean: f64,
    /// Permutation p-value of the mean, pictures being what is permuted.
    pub p_value: f64,
}

/// A picture of a batch that is far from the reference.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ShiftedImage {
    /// The picture.
    pub image: ImageRef,
    /// Mean distance of its embedding to its nearest reference embeddings.
    pub distance: f64,
    /// Share of the reference pictures that are at least as far from their own nearest: a p-value of its own.
    pub rarity: f64,
    /// Its nearest reference pictures, nearest first.
    pub nearest: Vec<(ImageRef, f64)>,
}

/// Names a stored picture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageRef {
    /// Path within its folder, with `/`.
    pub file: String,
    /// SHA-256 of its bytes.
    pub digest: Digest,
    /// Its class, where known.
    pub label: Option<String>,
    /// Where its bytes lie.
    pub place: PicturePlace,
}

/// Where a picture's bytes lie: in a pack, an object that holds the files of one import one after another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PicturePlace {
    /// The pack.
    pub pack: Digest,
    /// First byte.
    pub offset: u64,
    /// How many.
    pub bytes: u64,
}

/// How a model copes with changed pictures: `model_analysis`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RobustnessReport {
    /// Always `driftgate/robustness/1`.
    pub schema: String,
    /// The artifact.
    pub model_artifact: Digest,
    /// The split whose pictures were changed.
    pub split: String,
    /// Pictures in it.
    pub rows: u64,
    /// Accuracy without a change.
    pub baseline: f64,
    /// Each change, in a fixed order.
    pub changes: Vec<RobustnessResult>,
    /// Mean accuracy lost over the corruptions, all severities; the share is of the baseline's accuracy.
    pub mean_corruption_loss: f64,
}

/// Accuracy under one change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RobustnessResult {
    /// `horizontal_flip`, `gaussian_noise`, …
    pub name: String,
    /// What it does, one line.
    pub description: String,
    /// `augmentation` or `corruption`.
    pub family: String,
    /// 1 to 5 of a corruption; `None` of an augmentation.
    pub severity: Option<u32>,
    /// Accuracy under it.
    pub accuracy: f64,
    /// Accuracy under it minus without it; negative is worse.
    pub change: f64,
    /// Interval of `change`: pictures drawn with replacement, both answers of a picture together.
    pub interval: Option<Interval>,
    /// `high` where the change is at or beyond −0.15, `medium` at or beyond −0.05, else `low`.
    pub sensitivity: String,
}

/// How often each brightness occurs in each picture: what pixel distances are computed from.
///
/// `counts` holds, picture by picture, level by level (fine to coarse), channel by channel, `bins` counts of equal width over
/// [0, 255].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PixelCounts {
    /// Levels of the Gaussian pyramid; 3, or fewer of very small tiles.
    pub levels: u32,
    /// Channels.
    pub channels: u32,
    /// Bins of a channel.
    pub bins: u32,
    /// Pictures.
    pub images: u32,
    /// The counts.
    pub counts: Vec<u32>,
}

impl PixelCounts {
    /// Counts of one picture.
    pub fn stride(&self) -> usize {
        self.levels as usize * self.channels as usize * self.bins as usize
    }

    /// The counts of picture `image`.
    pub fn of(&self, image: usize) -> &[u32] {
        let stride = self.stride();
        &self.counts[image * stride..(image + 1) * stride]
    }
}
