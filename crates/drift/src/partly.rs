//! A large sample, sorted only where that is asked about.

use crate::ks::{between, gap};
use crate::sort::sort;

/// From this many values on, cells are worth their while.
pub(crate) const MANY: usize = 50_000;
/// Cells of equal width over the middle of the reference.
const CELLS: usize = 4096;
/// Share of the reference on either side that is beyond the middle.
const TAIL: f64 = 0.001;

/// Ranks of a sample's values.
pub(crate) trait Ranks {
    /// How many values there are.
    fn len(&self) -> usize;
    /// The value of rank `k`, from 0; it must be below the number of values.
    fn at(&mut self, k: usize) -> f64;
    /// How many values are below `x`.
    fn below(&mut self, x: f64) -> usize;
}

/// Sorted values.
impl Ranks for &[f64] {
    fn len(&self) -> usize {
        <[f64]>::len(self)
    }

    fn at(&mut self, k: usize) -> f64 {
        self[k]
    }

    fn below(&mut self, x: f64) -> usize {
        self.partition_point(|v| *v < x)
    }
}

/// Values in cells that are in order; within a cell they are in order once that was needed.
pub(crate) struct Partly {
    values: Vec<f64>,
    starts: Vec<u32>,
    sorted: Vec<bool>,
    low: f64,
    scale: f64,
}

impl Partly {
    /// Cells that fit the `reference` (sorted, not empty); `values` are without NaN, at most 2³² of them.
    pub(crate) fn new(values: &[f64], reference: &[f64]) -> Partly {
        let skip = (reference.len() as f64 * TAIL) as usize;
        let (low, high) = (reference[skip], reference[reference.len() - 1 - skip]);
        let scale = CELLS as f64 / (high - low);
        let scale = if scale.is_finite() && low.is_finite() { scale } else { 0.0 };
        let mut made = Partly {
            values: vec![0.0; values.len()],
            starts: vec![0; CELLS + 1],
            sorted: vec![false; CELLS],
            low,
            scale,
        };
        let mut next = vec![0_u32; CELLS];
        values.iter().for_each(|&v| next[made.cell(v)] += 1);
        let mut sum = 0;
        for (count, start) in next.iter_mut().zip(&mut made.starts) {
            (*start, *count, sum) = (sum, sum, sum + *count);
        }
        made.starts[CELLS] = sum;
        for &v in values {
            let at = &mut next[made.cell(v)];
            made.values[*at as usize] = v;
            *at += 1;
        }
        made
    }

    /// The cell of a value: it never falls where the value rises.
    #[inline]
    fn cell(&self, v: f64) -> usize {
        // Where the scale is 0, an infinity times it is NaN, which is cell 0 as all others are.
        ((v - self.low) * self.scale).clamp(0.0, (CELLS - 1) as f64) as usize
    }

    fn range(&self, cell: usize) -> std::ops::Range<usize> {
        self.starts[cell] as usize..self.starts[cell + 1] as usize
    }

    fn sort(&mut self, cell: usize) -> &[f64] {
        let range = self.range(cell);
        if !self.sorted[cell] {
            sort(&mut self.values[range.clone()]);
            self.sorted[cell] = true;
        }
        &self.values[range]
    }

    /// D·n·m as [`crate::ks::scaled_distance`] finds it.
    pub(crate) fn scaled_distance(&mut self, reference: &[f64]) -> u64 {
        let (n, m) = (reference.len(), self.values.len());
        let mut places = Vec::with_capacity(CELLS + 1);
        let (mut i, mut largest) = (0, 0);
        places.push((0, 0));
        for cell in 0..CELLS {
            i += reference[i..].partition_point(|v| self.cell(*v) <= cell);
            let j = self.starts[cell + 1] as usize;
            places.push((i, j));
            largest = largest.max(gap((i, j), (n, m)).abs());
        }
        for cell in 0..CELLS {
            let ((i, j), (end_i, end_j)) = (places[cell], places[cell + 1]);
            if gap((end_i, j), (n, m)).max(-gap((i, end_j), (n, m))) > largest {
                let batch = self.sort(cell);
                largest = largest.max(between(&reference[i..end_i], batch, |a, b| gap((i + a, j + b), (n, m))));
            }
        }
        largest.unsigned_abs()
    }

    /// All values, sorted.
    pub(crate) fn sorted(mut self) -> Vec<f64> {
        (0..CELLS).for_each(|cell| _ = self.sort(cell));
        self.values
    }

    /// How many values are infinite.
    pub(crate) fn infinite(&self) -> usize {
        self.values.iter().filter(|v| v.is_infinite()).count()
    }
}

impl Ranks for Partly {
    fn len(&self) -> usize {
        self.values.len()
    }

    fn at(&mut self, k: usize) -> f64 {
        let cell = self.starts.partition_point(|s| *s as usize <= k) - 1;
        let first = self.starts[cell] as usize;
        self.sort(cell)[k - first]
    }

    fn below(&mut self, x: f64) -> usize {
        let cell = self.cell(x);
        let first = self.starts[cell] as usize;
        first + self.sort(cell).partition_point(|v| *v < x)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ks::scaled_distance;
    use driftgate_determinism::Stream;

    #[test]
    fn it_is_what_sorting_gives() {
        let mut stream = Stream::new(8, 0);
        for kind in 0..6 {
            let mut draw = |rows: usize, shift: f64| -> Vec<f64> {
                let one = |i: usize| match kind {
                    0 => stream.uniform() + shift,
                    1 => (stream.uniform() - 0.5).powi(9) * 1e9 + shift,
                    2 => f64::from(stream.below(6)) + shift.round(),
                    3 => 7.0,
                    4 => [f64::INFINITY, f64::NEG_INFINITY, -0.0, 0.0, 1.0][i % 5],
                    _ => (stream.uniform() * 600.0 - 300.0).exp() * if i.is_multiple_of(2) { -1.0 } else { 1.0 },
                };
                (0..rows).map(one).collect()
            };
            for shift in [0.0, 0.1, 5.0] {
                let (mut reference, batch) = (draw(3000, 0.0), draw(2000, shift));
                sort(&mut reference);
                let mut all = batch.clone();
                sort(&mut all);
                let mut partly = Partly::new(&batch, &reference);
                assert_eq!(partly.scaled_distance(&reference), scaled_distance(&reference, &all), "kind {kind}");
                let mut sorted = all.as_slice();
                for k in (0..2000).step_by(7) {
                    assert!(partly.at(k) == sorted.at(k), "kind {kind}, rank {k}");
                    for x in [all[k], all[k] + 1e-3, reference[k]] {
                        assert_eq!(partly.below(x), sorted.below(x), "kind {kind}");
                    }
                }
                assert_eq!(partly.infinite(), all.iter().filter(|v| v.is_infinite()).count());
            }
        }
    }
}
