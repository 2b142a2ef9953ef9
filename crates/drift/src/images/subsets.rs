//! Pixel counts of pictures drawn from both sides: the picture is what is permuted, never the pixel.

use crate::error::DriftError;
use crate::wasserstein::LEAST_SD;
use driftgate_determinism::{Stream, Workers};
use driftgate_model::{CancelToken, PixelCounts};
use std::ops::Range;

/// The brightest value of a pixel.
pub(super) const BRIGHTEST: f64 = 255.0;

/// Both sides, and which of a picture's counts are looked at.
#[derive(Debug, Clone)]
pub(super) struct Pictures<'a> {
    reference: &'a PixelCounts,
    batch: &'a PixelCounts,
    window: Range<usize>,
    bins: usize,
}

impl<'a> Pictures<'a> {
    /// The first `levels` levels of both.
    pub(super) fn new(
        reference: &'a PixelCounts,
        batch: &'a PixelCounts,
        channel_names: &[&str],
        levels: u32,
    ) -> Result<Self, DriftError> {
        let equal = |what: &'static str, left: usize, right: usize| match left == right {
            true => Ok(()),
            false => Err(DriftError::LengthMismatch { what, left, right }),
        };
        equal("channels and their names", reference.channels as usize, channel_names.len())?;
        equal("channels of reference and batch", reference.channels as usize, batch.channels as usize)?;
        equal("scales of reference and batch", reference.levels as usize, batch.levels as usize)?;
        equal("brightness bins of reference and batch", reference.bins as usize, batch.bins as usize)?;
        for side in [reference, batch] {
            equal("pixel counts and pictures", side.counts.len(), side.stride() * side.images as usize)?;
        }
        let bins = reference.bins as usize;
        let window = 0..levels.min(reference.levels) as usize * reference.channels as usize * bins;
        Ok(Pictures { reference, batch, window, bins })
    }

    /// Pictures of the reference and of the batch.
    pub(super) fn sizes(&self) -> (usize, usize) {
        (self.reference.images as usize, self.batch.images as usize)
    }

    /// Bins of a channel.
    pub(super) fn bins(&self) -> usize {
        self.bins
    }

    /// The width of a bin, in brightness.
    pub(super) fn width(&self) -> f64 {
        BRIGHTEST / self.bins.max(1) as f64
    }

    /// Adds the counts of a picture; those of the batch are numbered after the reference's.
    fn add(&self, picture: usize, sums: &mut [u64]) {
        let n = self.reference.images as usize;
        let counts = if picture < n { self.reference.of(picture) } else { self.batch.of(picture - n) };
        sums.iter_mut().zip(&counts[self.window.clone()]).for_each(|(s, &c)| *s += u64::from(c));
    }

    /// The counts of the pictures together.
    pub(super) fn sum(&self, pictures: impl IntoIterator<Item = usize>) -> Vec<u64> {
        let mut sums = vec![0; self.window.len()];
        pictures.into_iter().for_each(|p| self.add(p, &mut sums));
        sums
    }

    /// The counts of all pictures of either side.
    pub(super) fn sides(&self) -> (Vec<u64>, Vec<u64>) {
        let (n, m) = self.sizes();
        (self.sum(0..n), self.sum(n..n + m))
    }

    /// The Wasserstein distances of two sums of counts, block (level and channel) by block, in brightness.
    pub(super) fn distances(&self, a: &[u64], b: &[u64]) -> Vec<f64> {
        let blocks = a.chunks_exact(self.bins.max(1)).zip(b.chunks_exact(self.bins.max(1)));
        blocks.map(|(a, b)| self.width() * gaps(a, b).map(f64::abs).sum::<f64>()).collect()
    }

    /// The standard deviation of the pixels of each block, in brightness; at least [`LEAST_SD`] of the range.
    pub(super) fn units(&self, reference: &[u64]) -> Vec<f64> {
        reference.chunks_exact(self.bins.max(1)).map(|block| self.unit(block)).collect()
    }

    /// The standard deviation of one block.
    pub(super) fn unit(&self, block: &[u64]) -> f64 {
        (self.width() * spread(block)).max(LEAST_SD * BRIGHTEST)
    }

    /// The distances, in brightness, of `draws` random splits of all pictures into sides as large as these.
    ///
    /// Split number i draws from stream i of `seed`. O(draws × the smaller side × counts of a picture).
    pub(super) fn null(
        &self,
        draws: usize,
        seed: u64,
        workers: Workers,
        cancel: &CancelToken,
    ) -> Result<Vec<Vec<f64>>, DriftError> {
        let (n, m) = self.sizes();
        let all: Vec<u64> = self.sum(0..n + m);
        let one = |index: usize| -> Result<Vec<f64>, DriftError> {
            cancel.check()?;
            let mut order: Vec<u32> = (0..(n + m) as u32).collect();
            let few = n.min(m);
            Stream::new(seed, index as u64).draw(&mut order, few);
            let drawn = self.sum(order[..few].iter().map(|&p| p as usize));
            let rest: Vec<u64> = all.iter().zip(&drawn).map(|(a, d)| a - d).collect();
            Ok(self.distances(&drawn, &rest))
        };
        workers.map(draws, one).into_iter().collect()
    }
}

/// The differences of two distribution functions at the bins' ends.
pub(super) fn gaps<'a>(a: &'a [u64], b: &'a [u64]) -> impl Iterator<Item = f64> + 'a {
    let total = |counts: &[u64]| counts.iter().sum::<u64>().max(1) as f64;
    let (of_a, of_b) = (total(a), total(b));
    let (mut sum_a, mut sum_b) = (0, 0);
    a.iter().zip(b).map(move |(x, y)| {
        sum_a += x;
        sum_b += y;
        sum_a as f64 / of_a - sum_b as f64 / of_b
    })
}

/// The standard deviation of counts, in bins.
fn spread(counts: &[u64]) -> f64 {
    let total = counts.iter().sum::<u64>().max(1) as f64;
    let mean = counts.iter().enumerate().map(|(i, &c)| i as f64 * c as f64).sum::<f64>() / total;
    let square = |(i, &c): (usize, &u64)| (i as f64 - mean).powi(2) * c as f64;
    (counts.iter().enumerate().map(square).sum::<f64>() / total).sqrt()
}

/// How many more or less than 0 differ by rounding alone: sums of the same terms in another order.
const ROUNDING: f64 = 1e-11;

/// `(1 + how many of the draws are at least d) / (1 + how many there are)` (Phipson and Smyth 2010).
pub(super) fn p_value(d: f64, draws: impl Iterator<Item = f64>) -> f64 {
    let (mut as_large, mut all) = (1_u64, 1_u64);
    for v in draws {
        as_large += u64::from(v >= d * (1.0 - ROUNDING));
        all += 1;
    }
    as_large as f64 / all as f64
}
