//! How often each brightness occurs, at three scales.

use crate::error::Result;
use crate::filter::{Edge, gaussian, separable};
use crate::tile::reading;
use driftgate_determinism::Workers;
use driftgate_model::{CancelToken, PixelCounts, TileShape, TileSource};

/// Bins of a channel: each four brightness values wide.
const BINS: usize = 64;

/// Levels of the pyramid.
const LEVELS: usize = 3;

/// A level whose side would be shorter is left out.
const SHORTEST: usize = 4;

/// Tiles counted between two looks at the cancel token.
const CHUNK: usize = 512;

/// Histograms of every tile's channels on a Gaussian pyramid: blur by σ 0.5, mirrored at the edges, then every second pixel.
///
/// 64 bins, each four brightness values wide (0 to 3, 4 to 7, …); 3 levels, fewer where a side would be shorter than 4 pixels.
/// `threads` (0: all) changes nothing. Errors: reading, cancelled.
pub fn pixel_counts(source: &dyn TileSource, threads: usize, cancel: &CancelToken) -> Result<PixelCounts> {
    let shapes = levels(source.shape());
    let per_picture = shapes.len() * source.shape().channels * BINS;
    let counts = Workers::run(threads, |workers| -> Result<Vec<u32>> {
        let mut counts = Vec::with_capacity(source.len() * per_picture);
        let mut done = 0;
        while done < source.len() {
            cancel.check()?;
            for one in workers.map(CHUNK.min(source.len() - done), |i| counted(source, done + i, &shapes)) {
                counts.extend(one.map_err(reading)?);
                done += 1;
            }
        }
        Ok(counts)
    })?;
    Ok(PixelCounts {
        levels: shapes.len() as u32,
        channels: source.shape().channels as u32,
        bins: BINS as u32,
        images: source.len() as u32,
        counts,
    })
}

/// The shapes of the levels, fine to coarse.
fn levels(shape: TileShape) -> Vec<TileShape> {
    let mut shapes = vec![shape];
    let mut last = shape;
    while shapes.len() < LEVELS {
        last = TileShape { height: last.height.div_ceil(2), width: last.width.div_ceil(2), ..last };
        if last.height < SHORTEST || last.width < SHORTEST {
            break;
        }
        shapes.push(last);
    }
    shapes
}

fn counted(source: &dyn TileSource, index: usize, shapes: &[TileShape]) -> std::io::Result<Vec<u32>> {
    let mut tile = vec![0; source.shape().values()];
    source.read(index, &mut tile)?;
    let mut values: Vec<f64> = tile.into_iter().map(f64::from).collect();
    let kernel = gaussian(0.5);
    let mut counts = Vec::new();
    for (level, &shape) in shapes.iter().enumerate() {
        if level > 0 {
            let former = shapes[level - 1];
            values = halved(&separable(&values, former, &kernel, Edge::Mirror), former, shape);
        }
        let from = counts.len();
        counts.resize(from + shape.channels * BINS, 0);
        for pixel in values.chunks_exact(shape.channels) {
            for (channel, &value) in pixel.iter().enumerate() {
                counts[from + channel * BINS + ((value / 4.0) as usize).min(BINS - 1)] += 1;
            }
        }
    }
    Ok(counts)
}

/// Every second pixel of every second row.
fn halved(values: &[f64], former: TileShape, shape: TileShape) -> Vec<f64> {
    let mut out = Vec::with_capacity(shape.values());
    for y in 0..shape.height {
        for x in 0..shape.width {
            let at = (2 * y * former.width + 2 * x) * former.channels;
            out.extend_from_slice(&values[at..at + former.channels]);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MemoryTiles;
    use crate::testing::noisy;

    #[test]
    fn every_pixel_is_counted_once_at_each_level() {
        let shape = TileShape { height: 10, width: 16, channels: 3 };
        let mut bytes = noisy(16, 10, 100).rgb.into_raw();
        bytes.extend(std::iter::repeat_n(200, shape.values()));
        let tiles = MemoryTiles::new(shape, bytes).unwrap();
        let found = pixel_counts(&tiles, 1, &CancelToken::new()).unwrap();
        // 10 x 16, 5 x 8; a third level would be 3 high.
        assert_eq!((found.levels, found.channels, found.bins, found.images), (2, 3, 64, 2));
        let sums: Vec<u32> = found.of(0).chunks(64).map(|c| c.iter().sum()).collect();
        assert_eq!(sums, [160, 160, 160, 40, 40, 40]);
        assert!(found.of(1).chunks(64).all(|c| c[50] == c.iter().sum::<u32>()), "200 is in bin 50 at every level");
        assert_eq!(found, pixel_counts(&tiles, 2, &CancelToken::new()).unwrap());
        let cancel = CancelToken::new();
        cancel.cancel();
        assert!(pixel_counts(&tiles, 1, &cancel).is_err());
    }

    #[test]
    fn coarse_levels_lose_fine_noise() {
        let shape = TileShape { height: 32, width: 32, channels: 3 };
        let tiles = MemoryTiles::new(shape, noisy(32, 32, 100).rgb.into_raw()).unwrap();
        let found = pixel_counts(&tiles, 1, &CancelToken::new()).unwrap();
        let spread = |level: usize| found.of(0)[level * 192..level * 192 + 64].iter().filter(|&&c| c > 0).count();
        assert_eq!(found.levels, 3);
        assert!(spread(0) > spread(2), "{} {}", spread(0), spread(2));
    }
}
