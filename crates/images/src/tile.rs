//! Pictures of one size: how they are rendered, where they are kept, and what they have in common.

use crate::error::{ImagesError, Result};
use crate::{Decoded, FrameLoader, TileFile};
use driftgate_determinism::Workers;
use driftgate_model::{CancelToken, ColorMode, ImageConfig, Observer, Progress, TileShape, TileSource};
use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::U8x3;
use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};
use image::RgbImage;
use std::io;
use std::path::Path;

/// Tiles that a thread makes before what it made is written.
const TILES_OF_A_THREAD: usize = 64;

/// Bytes of tiles that wait to be written, at most, unless one tile for each thread is more.
const WAITING_BYTES: usize = 64 << 20;

/// The picture at `shape`, by the Catmull–Rom cubic, widened when shrinking so that fine detail is averaged and not aliased.
///
/// That is the cubic with a = −0.5, which the common tools call bicubic: sharper than a triangle, and less ringing than Lanczos.
/// The sums are of integers, so the bytes are the same on every processor.
pub(crate) fn resized(picture: &RgbImage, shape: TileShape) -> Vec<u8> {
    let (width, height) = (shape.width as u32, shape.height as u32);
    let mut rgb = vec![0; shape.width * shape.height * 3];
    // One kind of pixel, named: the crate's run-time choice would be compiled for all of its thirteen.
    let source = TypedImageRef::<U8x3>::from_buffer(picture.width(), picture.height(), picture.as_raw());
    let target = TypedImage::<U8x3>::from_buffer(width, height, &mut rgb);
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::CatmullRom));
    let done = match (source, target) {
        (Ok(source), Ok(mut target)) => Resizer::new().resize_typed(&source, &mut target, &options).is_ok(),
        _ => false,
    };
    debug_assert!(done, "both buffers have the size that their header says");
    if shape.channels == 3 { rgb } else { rgb.chunks_exact(3).map(luma).collect() }
}

/// Luma of 8-bit RGB, rounded (ITU-R BT.601).
fn luma(pixel: &[u8]) -> u8 {
    let [r, g, b] = [pixel[0], pixel[1], pixel[2]].map(u32::from);
    ((299 * r + 587 * g + 114 * b + 500) / 1000) as u8
}

/// Renders a picture into `out`, whose former content is dropped: [`TileShape::values`] bytes of `config.shape()`.
///
/// The whole picture is stretched to the target size, whatever its aspect ratio, as is usual for classifiers.
pub fn render(picture: &Decoded, config: &ImageConfig, out: &mut Vec<u8>) {
    debug_assert_eq!(config.shape().channels, if config.color_mode == ColorMode::Rgb { 3 } else { 1 });
    *out = resized(&picture.rgb, config.shape());
}

/// Tiles in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemoryTiles {
    shape: TileShape,
    bytes: Vec<u8>,
}

impl MemoryTiles {
    /// Tiles one after another. Errors: their length is not a multiple of the shape's.
    pub fn new(shape: TileShape, bytes: Vec<u8>) -> Result<Self> {
        if shape.values() == 0 || !bytes.len().is_multiple_of(shape.values()) {
            let what = format!("{} bytes are not tiles of {} bytes each", bytes.len(), shape.values());
            return Err(ImagesError::Options(what));
        }
        Ok(MemoryTiles { shape, bytes })
    }
}

/// That tile `index` of `len` is not there, or does not fit.
pub(crate) fn no_tile(index: usize, len: usize) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, format!("tile {index} of {len} was asked for, or with a wrong length"))
}

impl TileSource for MemoryTiles {
    fn len(&self) -> usize {
        self.bytes.len() / self.shape.values()
    }

    fn shape(&self) -> TileShape {
        self.shape
    }

    fn read(&self, index: usize, tile: &mut [u8]) -> io::Result<()> {
        let size = self.shape.values();
        if index >= self.len() || tile.len() != size {
            return Err(no_tile(index, self.len()));
        }
        tile.copy_from_slice(&self.bytes[index * size..(index + 1) * size]);
        Ok(())
    }
}

/// Some tiles of a source, in a chosen order.
#[derive(Clone)]
pub struct Subset<'a> {
    /// All of them.
    pub source: &'a dyn TileSource,
    /// Which ones; each below the source's length.
    pub indices: &'a [usize],
}

impl TileSource for Subset<'_> {
    fn len(&self) -> usize {
        self.indices.len()
    }

    fn shape(&self) -> TileShape {
        self.source.shape()
    }

    fn read(&self, index: usize, tile: &mut [u8]) -> io::Result<()> {
        let at = *self.indices.get(index).ok_or_else(|| no_tile(index, self.len()))?;
        self.source.read(at, tile)
    }
}

/// Mean and standard deviation of each channel, of values in [0, 1].
#[derive(Debug, Clone, PartialEq)]
pub struct ChannelStats {
    /// Means.
    pub mean: Vec<f64>,
    /// Standard deviations of the population; 1 where a channel is constant, so that dividing by it is safe.
    pub std: Vec<f64>,
}

/// The moments of all values of a source, channel by channel. Sums are of integers, so neither order nor `threads` (0: all)
/// changes a bit. Errors: reading; no tile.
pub fn moments(source: &dyn TileSource, threads: usize) -> Result<ChannelStats> {
    let shape = source.shape();
    let pixels = (shape.height * shape.width * source.len()) as f64;
    if pixels == 0.0 {
        return Err(ImagesError::Options("no tile: a mean needs at least one picture".into()));
    }
    let parts = Workers::run(threads, |workers| -> Result<Vec<io::Result<Vec<[u64; 2]>>>> {
        let parts = source.len().min(workers.threads() * 4);
        Ok(workers.map(parts, |part| sums(source, source.len() * part / parts..source.len() * (part + 1) / parts)))
    })?;
    let mut total = vec![[0_u128; 2]; shape.channels];
    for part in parts {
        let part = part.map_err(reading)?;
        for (all, one) in total.iter_mut().zip(part) {
            all[0] += u128::from(one[0]);
            all[1] += u128::from(one[1]);
        }
    }
    let mean: Vec<f64> = total.iter().map(|t| t[0] as f64 / pixels).collect();
    let std = total.iter().zip(&mean).map(|(t, m)| (t[1] as f64 / pixels - m * m).max(0.0).sqrt() / 255.0);
    let std = std.map(|s| if s > 1e-9 { s } else { 1.0 }).collect();
    Ok(ChannelStats { mean: mean.iter().map(|m| m / 255.0).collect(), std })
}

fn sums(source: &dyn TileSource, range: std::ops::Range<usize>) -> io::Result<Vec<[u64; 2]>> {
    let shape = source.shape();
    let mut tile = vec![0; shape.values()];
    let mut sums = vec![[0_u64; 2]; shape.channels];
    for index in range {
        source.read(index, &mut tile)?;
        for pixel in tile.chunks_exact(shape.channels) {
            for (sum, &value) in sums.iter_mut().zip(pixel) {
                sum[0] += u64::from(value);
                sum[1] += u64::from(value) * u64::from(value);
            }
        }
    }
    Ok(sums)
}

/// The error of a source that cannot be read.
pub(crate) fn reading(source: io::Error) -> ImagesError {
    ImagesError::Io { path: "the stored tiles".into(), source }
}

/// Decodes and renders `count` pictures, whose bytes `load` gives, into a [`TileFile`] at `path`.
///
/// In parallel on `threads` (0: all), which changes no byte; memory does not grow with `count`; at `path` there is the whole
/// file or nothing. Errors: those of `load`; a picture that cannot be used ([`ImagesError::Fault`]); writing; cancelled.
#[expect(clippy::too_many_arguments, reason = "one call from one place; a struct for it would be read once")]
pub fn build_tiles(
    count: usize,
    load: &(dyn Fn(usize) -> Result<Vec<u8>> + Sync),
    loader: &dyn FrameLoader,
    config: &ImageConfig,
    path: &Path,
    threads: usize,
    observer: &dyn Observer,
    cancel: &CancelToken,
) -> Result<TileFile> {
    let shape = config.shape();
    let make = |index: usize| -> Result<Vec<u8>> {
        cancel.check()?;
        let picture = loader
            .load(&load(index)?, &format!("picture {}", index + 1))
            .map_err(|fault| ImagesError::Fault { index, fault })?;
        let mut tile = Vec::new();
        render(&picture, config, &mut tile);
        Ok(tile)
    };
    Workers::run(threads, |workers| {
        let mut file = TileFile::create(path, shape, count)?;
        let most = (WAITING_BYTES / shape.values().max(1)).max(workers.threads());
        let chunk = (TILES_OF_A_THREAD * workers.threads()).min(most);
        let mut done = 0;
        while done < count {
            for tile in workers.map(chunk.min(count - done), |i| make(done + i)) {
                file.push(&tile?)?;
                done += 1;
            }
            observer.progress("pictures", Progress { done: done as u64, total: count as u64 });
        }
        file.finish()
    })
}

#[cfg(test)]
#[path = "tile_tests.rs"]
mod tests;
