//! Bootstrap resamples as row weights, the same whatever the number of threads.

use driftgate_model::{CancelToken, Cancelled};

/// Below this many drawn rows a thread costs more than it saves.
const ROWS_PER_THREAD: usize = 100_000;

/// Random 64-bit words: xoshiro256++ (Blackman and Vigna, 2021), its state filled by SplitMix64 from a seed and the
/// number of the resample, so that every resample has its own stream and may be drawn by any thread.
#[derive(Debug, Clone)]
pub(super) struct Words([u64; 4]);

/// SplitMix64's increment, the golden ratio.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// SplitMix64's output function.
fn mixed(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl Words {
    pub(super) fn new(seed: u64, resample: u64) -> Self {
        let start = mixed(mixed(seed.wrapping_add(GOLDEN)) ^ resample);
        Words([1u64, 2, 3, 4].map(|i| mixed(start.wrapping_add(GOLDEN.wrapping_mul(i)))))
    }

    fn word(&mut self) -> u64 {
        let [a, b, c, d] = &mut self.0;
        let result = a.wrapping_add(*d).rotate_left(23).wrapping_add(*a);
        let t = *b << 17;
        *c ^= *a;
        *d ^= *b;
        *b ^= *c;
        *a ^= *d;
        *c ^= t;
        *d = d.rotate_left(45);
        result
    }

    /// Draws as many rows as `weights` is long, with replacement, and adds how often each came.
    ///
    /// Each half of a word becomes a row by multiplication (Lemire, 2019); the few that would make some rows likelier are
    /// thrown away.
    fn draw(&mut self, weights: &mut [u32]) {
        let rows = weights.len() as u32;
        if rows == 0 {
            return;
        }
        let biased = rows.wrapping_neg() % rows;
        let mut left = rows;
        while left > 0 {
            let word = self.word();
            for half in [word >> 32, word & 0xffff_ffff] {
                let product = half * u64::from(rows);
                if product as u32 >= biased && left > 0 {
                    weights[(product >> 32) as usize] += 1;
                    left -= 1;
                }
            }
        }
    }
}

/// What is drawn: rows `0..n` cut into strata that follow each other; each stratum keeps its size.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub strata: Vec<usize>,
    pub seed: u64,
    pub resamples: usize,
}

impl Plan {
    /// The number of rows.
    pub(super) fn rows(&self) -> usize {
        self.strata.iter().sum()
    }

    /// Writes the weights of one resample.
    pub(super) fn weights(&self, resample: usize, weights: &mut [u32]) {
        weights.fill(0);
        let mut words = Words::new(self.seed, resample as u64);
        let mut rest = weights;
        for &size in &self.strata {
            let (stratum, after) = rest.split_at_mut(size.min(rest.len()));
            words.draw(stratum);
            rest = after;
        }
    }

    /// Scores every resample: `score` writes `width` values for the weights it is given. The answer holds resample `b` at
    /// `b * width..(b + 1) * width`.
    pub(super) fn run<Room: Default>(
        &self,
        width: usize,
        threads: usize,
        cancel: &CancelToken,
        score: impl Fn(&[u32], &mut Room, &mut [f64]) + Sync,
    ) -> Result<Vec<f64>, Cancelled> {
        let mut values = vec![f64::NAN; self.resamples * width];
        if values.is_empty() {
            return Ok(values);
        }
        let share = |first: usize, out: &mut [f64]| -> Result<(), Cancelled> {
            let mut weights = vec![0u32; self.rows()];
            let mut room = Room::default();
            for (i, out) in out.chunks_mut(width).enumerate() {
                cancel.check()?;
                self.weights(first + i, &mut weights);
                score(&weights, &mut room, out);
            }
            Ok(())
        };
        let worth = (self.rows() * self.resamples / ROWS_PER_THREAD).max(1);
        let threads = threads.clamp(1, worth);
        let each = self.resamples.div_ceil(threads).max(1);
        if threads == 1 {
            share(0, &mut values)?;
        } else {
            std::thread::scope(|scope| {
                for (t, out) in values.chunks_mut(each * width).enumerate() {
                    let share = &share;
                    scope.spawn(move || share(t * each, out));
                }
            });
            cancel.check()?;
        }
        Ok(values)
    }
}

/// The strata of class codes: sizes by code, and the rows brought into that order (stable).
pub(super) fn by_class(truth: &[u32], classes: usize) -> (Vec<usize>, Vec<u32>) {
    let mut sizes = vec![0usize; classes];
    for &code in truth {
        sizes[code as usize] += 1;
    }
    let mut order: Vec<u32> = (0..truth.len() as u32).collect();
    order.sort_by_key(|&row| truth[row as usize]);
    (sizes, order)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn strata_keep_their_sizes(strata in prop::collection::vec(0usize..40, 0..6), seed: u64, resample in 0usize..1000) {
            let plan = Plan { strata, seed, resamples: 1 };
            let mut weights = vec![9; plan.rows()];
            plan.weights(resample, &mut weights);
            let mut rest = weights.as_slice();
            for &size in &plan.strata {
                let (stratum, after) = rest.split_at(size);
                prop_assert_eq!(stratum.iter().sum::<u32>() as usize, size);
                rest = after;
            }
        }

        #[test]
        fn rows_of_a_class_stand_together(truth in prop::collection::vec(0u32..5, 0..80)) {
            let (sizes, order) = by_class(&truth, 5);
            let sorted: Vec<u32> = order.iter().map(|&row| truth[row as usize]).collect();
            prop_assert!(sorted.is_sorted());
            prop_assert_eq!(sizes.iter().sum::<usize>(), truth.len());
            prop_assert!(order.windows(2).all(|w| truth[w[0] as usize] < truth[w[1] as usize] || w[0] < w[1]));
        }
    }

    #[test]
    fn every_row_is_drawn_about_once() {
        let plan = Plan { strata: vec![7], seed: 11, resamples: 20_000 };
        let mut total = [0u64; 7];
        let mut weights = [0u32; 7];
        for resample in 0..plan.resamples {
            plan.weights(resample, &mut weights);
            for (total, &weight) in total.iter_mut().zip(&weights) {
                *total += u64::from(weight);
            }
        }
        // 140,000 draws of a seventh each: the standard deviation of a row's total is 131.
        for total in total {
            assert!(total.abs_diff(20_000) < 5 * 131, "{total}");
        }
    }

    #[test]
    fn words_are_those_of_the_published_generator() {
        // First outputs of the authors' xoshiro256++ for the state 1, 2, 3, 4.
        let mut words = Words([1, 2, 3, 4]);
        let first = [words.word(), words.word(), words.word(), words.word()];
        assert_eq!(first, [41_943_041, 58_720_359, 3_588_806_011_781_223, 3_591_011_842_654_386]);
    }
}
