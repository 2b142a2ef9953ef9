//! Random changes of training tiles.

use crate::filter::Edge;
use crate::noise::{between, seed_for};
use driftgate_determinism::Stream;
use driftgate_model::{Augment, AugmentationConfig, TileShape};

/// Draws, for each picture and epoch anew: crop after padding by reflection, flip, brightness, contrast around the picture's mean,
/// saturation around its grey (ITU-R BT.601), all cut to [0, 1], and a quarter turn.
///
/// The same seed, picture and epoch give the same tile, whoever asks and in whatever order. Values must be in [0, 1].
#[derive(Debug, Clone)]
pub struct Augmenter {
    config: AugmentationConfig,
    shape: TileShape,
    seed: u64,
}

impl Augmenter {
    /// An augmenter of tiles of `shape`. Quarter turns are left out where tiles are not square.
    pub fn new(config: &AugmentationConfig, shape: TileShape, seed: u64) -> Self {
        Augmenter { config: config.clone(), shape, seed }
    }
}

impl Augment for Augmenter {
    fn change(&self, tile: &mut [f32], picture: u64, epoch: u32) {
        if !self.config.enabled || tile.len() != self.shape.values() || tile.is_empty() {
            return;
        }
        let mut stream = Stream::new(seed_for(self.seed, u64::from(epoch)), picture);
        if self.config.random_crop_padding > 0 {
            crop(tile, self.shape, self.config.random_crop_padding, &mut stream);
        }
        if self.config.horizontal_flip && stream.uniform() < 0.5 {
            flip(tile, self.shape);
        }
        let mut factor = |jitter: f64| (jitter > 0.0).then(|| between(&mut stream, 1.0 - jitter, 1.0 + jitter) as f32);
        if let Some(factor) = factor(self.config.brightness_jitter) {
            tile.iter_mut().for_each(|v| *v *= factor);
        }
        if let Some(factor) = factor(self.config.contrast_jitter) {
            let mean = (tile.iter().map(|&v| f64::from(v)).sum::<f64>() / tile.len() as f64) as f32;
            tile.iter_mut().for_each(|v| *v = mean + (*v - mean) * factor);
        }
        if let Some(factor) = factor(self.config.saturation_jitter)
            && self.shape.channels == 3
        {
            for pixel in tile.chunks_exact_mut(3) {
                let grey = 0.299 * pixel[0] + 0.587 * pixel[1] + 0.114 * pixel[2];
                pixel.iter_mut().for_each(|v| *v = grey + (*v - grey) * factor);
            }
        }
        tile.iter_mut().for_each(|v| *v = v.clamp(0.0, 1.0));
        if self.config.quarter_turns && self.shape.height == self.shape.width {
            (0..stream.below(4)).for_each(|_| turn(tile, self.shape));
        }
    }
}

fn crop(tile: &mut [f32], shape: TileShape, padding: u32, stream: &mut Stream) {
    let mut offset = || stream.below(2 * padding + 1) as isize - padding as isize;
    let (down, right) = (offset(), offset());
    let whole = tile.to_vec();
    for y in 0..shape.height {
        let row = Edge::Reflect.index(y as isize + down, shape.height) * shape.width;
        for x in 0..shape.width {
            let from = (row + Edge::Reflect.index(x as isize + right, shape.width)) * shape.channels;
            let to = (y * shape.width + x) * shape.channels;
            tile[to..to + shape.channels].copy_from_slice(&whole[from..from + shape.channels]);
        }
    }
}

/// Mirrors left and right.
pub(crate) fn flip(tile: &mut [f32], shape: TileShape) {
    for row in tile.chunks_exact_mut(shape.width * shape.channels) {
        for x in 0..shape.width / 2 {
            for channel in 0..shape.channels {
                row.swap(x * shape.channels + channel, (shape.width - 1 - x) * shape.channels + channel);
            }
        }
    }
}

/// Turns a square tile by 90 degrees clockwise.
pub(crate) fn turn(tile: &mut [f32], shape: TileShape) {
    let (side, channels) = (shape.width, shape.channels);
    let former = tile.to_vec();
    for y in 0..side {
        for x in 0..side {
            let (to, from) = ((y * side + x) * channels, ((side - 1 - x) * side + y) * channels);
            tile[to..to + channels].copy_from_slice(&former[from..from + channels]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: TileShape = TileShape { height: 6, width: 6, channels: 3 };

    fn off() -> AugmentationConfig {
        AugmentationConfig {
            enabled: true,
            random_crop_padding: 0,
            horizontal_flip: false,
            brightness_jitter: 0.0,
            contrast_jitter: 0.0,
            saturation_jitter: 0.0,
            quarter_turns: false,
        }
    }

    fn tile(shape: TileShape) -> Vec<f32> {
        (0..shape.values()).map(|i| (i * 37 % 101) as f32 / 100.0).collect()
    }

    fn changed(config: &AugmentationConfig, shape: TileShape, seed: u64, picture: u64, epoch: u32) -> Vec<f32> {
        let mut tile = tile(shape);
        Augmenter::new(config, shape, seed).change(&mut tile, picture, epoch);
        tile
    }

    #[test]
    fn seed_picture_and_epoch_name_the_change() {
        let config = AugmentationConfig {
            random_crop_padding: 2,
            horizontal_flip: true,
            brightness_jitter: 0.2,
            contrast_jitter: 0.2,
            saturation_jitter: 0.2,
            quarter_turns: true,
            ..off()
        };
        let one = changed(&config, SHAPE, 1, 2, 3);
        assert_eq!(one, changed(&config, SHAPE, 1, 2, 3));
        for (seed, picture, epoch) in [(2, 2, 3), (1, 3, 3), (1, 2, 4)] {
            assert_ne!(one, changed(&config, SHAPE, seed, picture, epoch));
        }
        assert!(one.iter().all(|v| (0.0..=1.0).contains(v)));
        // Not square, and grey.
        let shape = TileShape { height: 4, width: 7, channels: 1 };
        assert_eq!(changed(&config, shape, 1, 2, 3).len(), 28);
        assert_eq!(changed(&AugmentationConfig { enabled: false, ..config }, SHAPE, 1, 2, 3), tile(SHAPE));
    }

    #[test]
    fn each_change_does_what_it_says() {
        assert_eq!(changed(&off(), SHAPE, 1, 1, 1), tile(SHAPE));
        let flipped = (0..40).filter(|&p| {
            changed(&AugmentationConfig { horizontal_flip: true, ..off() }, SHAPE, 1, p, 1) != tile(SHAPE)
        });
        assert!((8..=32).contains(&flipped.count()));
        let mean = |tile: &[f32]| tile.iter().sum::<f32>() / tile.len() as f32;
        let grey = TileShape { channels: 1, ..SHAPE };
        let saturation = AugmentationConfig { saturation_jitter: 0.5, ..off() };
        assert_eq!(changed(&saturation, grey, 1, 1, 1), tile(grey));
        let contrast = changed(&AugmentationConfig { contrast_jitter: 0.4, ..off() }, SHAPE, 3, 1, 1);
        assert!((mean(&contrast) - mean(&tile(SHAPE))).abs() < 0.02 && contrast != tile(SHAPE));
        let dark =
            (0..20).map(|p| mean(&changed(&AugmentationConfig { brightness_jitter: 0.5, ..off() }, SHAPE, 1, p, 1)));
        let (low, high) = dark.fold((1.0_f32, 0.0_f32), |(l, h), m| (l.min(m), h.max(m)));
        assert!(low < 0.35 && high > 0.6, "{low} {high}");
    }

    #[test]
    fn four_turns_and_two_flips_are_none() {
        let mut values = tile(SHAPE);
        turn(&mut values, SHAPE);
        assert_eq!(values[..3], tile(SHAPE)[5 * 18..5 * 18 + 3], "the lower left pixel comes to the upper left");
        (0..3).for_each(|_| turn(&mut values, SHAPE));
        flip(&mut values, SHAPE);
        assert_eq!(values[..3], tile(SHAPE)[15..18]);
        flip(&mut values, SHAPE);
        assert_eq!(values, tile(SHAPE));
    }
}
