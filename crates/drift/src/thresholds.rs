//! Permutation thresholds of distances, made once from a reference and used at any batch size.

use crate::bins::{Cells, numeric};
use crate::error::DriftError;
use crate::nulls::{MOST_VALUES, Null, split_null, walk_null};
use crate::random::named_seed;
use crate::wasserstein::{LEAST_SD, mean_sd};
use driftgate_determinism::Stream;
use driftgate_determinism::Workers;
use driftgate_model::{CancelToken, DriftTest};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Batch sizes that thresholds are made for, those up to half of the reference.
const GRID: [u64; 6] = [30, 100, 300, 1000, 3000, 10_000];
/// Upper-tail shares whose quantiles are kept; those below 1/(permutations + 1) are left out.
const LEVELS: [f64; 18] =
    [1.0, 0.95, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.15, 0.1, 0.05, 0.025, 0.01, 0.005, 0.002, 0.001];

/// Thresholds of the columns of one reference.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DistanceThresholds {
    /// Permutations behind each.
    pub permutations: u32,
    /// Upper-tail shares, descending from 1, whose quantiles are kept.
    pub levels: Vec<f64>,
    /// By column.
    pub columns: BTreeMap<String, ColumnThresholds>,
}

/// Thresholds of one column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ColumnThresholds {
    /// The distance.
    pub test: DriftTest,
    /// By size, the smallest batch first.
    pub sizes: Vec<SizeThresholds>,
}

/// Thresholds at one pair of sizes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SizeThresholds {
    /// Rows that stood for the reference.
    pub reference: u64,
    /// Rows that stood for the batch.
    pub batch: u64,
    /// The distance's quantile at each level, ascending.
    pub quantiles: Vec<f64>,
}

/// The reference's values of one column.
#[derive(Debug, Clone, Copy)]
pub enum ReferenceValues<'a> {
    /// Sorted; infinite ones are left out.
    Numbers(&'a [f64]),
    /// Counts by category.
    Categories(&'a BTreeMap<String, u64>),
}

impl DistanceThresholds {
    /// No column yet; add those of [`column_thresholds`] made with as many permutations.
    pub fn new(permutations: u32) -> Self {
        DistanceThresholds { permutations, levels: levels(permutations), columns: BTreeMap::new() }
    }

    /// The p-value of distance `d` at these sizes. `None` where the column has no thresholds of that test.
    ///
    /// The quantiles are interpolated between sizes, logarithm against logarithm of s = 1/n + 1/m, and continued beyond them
    /// as a power of s: 1/2 for Wasserstein and Jensen–Shannon, 1 for PSI. Between levels, the logarithm of p is linear in the
    /// distance. Never below 1/(permutations + 1).
    pub fn p_value(&self, column: &str, test: DriftTest, d: f64, reference: u64, batch: u64) -> Option<f64> {
        let quantiles = self.quantiles(column, test, reference, batch)?;
        let floor = 1.0 / (f64::from(self.permutations) + 1.0);
        let Some(i) = quantiles.iter().position(|q| *q >= d) else {
            return Some(floor);
        };
        if i == 0 {
            return Some(1.0);
        }
        let (low, high) = (quantiles[i - 1], quantiles[i]);
        let t = (d - low) / (high - low);
        let (a, b) = (self.levels.get(i - 1)?.ln(), self.levels.get(i)?.ln());
        Some((a + t * (b - a)).exp().clamp(floor, 1.0))
    }

    /// The distance that a share `upper` of unchanged batches reaches at these sizes. `None` where the column has no
    /// thresholds of that test.
    pub fn quantile(&self, column: &str, test: DriftTest, upper: f64, reference: u64, batch: u64) -> Option<f64> {
        let quantiles = self.quantiles(column, test, reference, batch)?;
        let i = self.levels.iter().position(|l| *l <= upper).unwrap_or(quantiles.len() - 1);
        if i == 0 {
            return quantiles.first().copied();
        }
        let (a, b) = (self.levels[i - 1].ln(), self.levels[i].ln());
        let t = ((upper.max(1e-300).ln() - a) / (b - a)).clamp(0.0, 1.0);
        Some(quantiles[i - 1] + t * (quantiles[i] - quantiles[i - 1]))
    }

    /// One quantile a level, ascending.
    fn quantiles(&self, column: &str, test: DriftTest, reference: u64, batch: u64) -> Option<Vec<f64>> {
        let column = self.columns.get(column).filter(|c| c.test == test)?;
        if reference == 0 || batch == 0 || column.sizes.iter().any(|s| s.quantiles.len() != self.levels.len()) {
            return None;
        }
        let s = inverse_sizes(reference, batch);
        // Sizes ascend, so s descends.
        let grid: Vec<f64> = column.sizes.iter().map(|g| inverse_sizes(g.reference, g.batch)).collect();
        let right = grid.iter().position(|g| *g <= s).unwrap_or(grid.len());
        let power = if test == DriftTest::Psi { 1.0 } else { 0.5 };
        let mut least = 0.0_f64;
        let mut out = Vec::with_capacity(self.levels.len());
        for level in 0..self.levels.len() {
            let at = |i: usize| column.sizes[i].quantiles[level].max(1e-300);
            let q = if right > 0 && right < grid.len() && grid[right - 1] > grid[right] {
                let t = (s / grid[right]).ln() / (grid[right - 1] / grid[right]).ln();
                (at(right).ln() * (1.0 - t) + at(right - 1).ln() * t).exp()
            } else {
                let end = if right == 0 { 0 } else { grid.len().checked_sub(1)?.min(right) };
                grid.get(end).map(|g| at(end) * (s / g).powf(power))?
            };
            least = least.max(q);
            out.push(least);
        }
        (!out.is_empty()).then_some(out)
    }
}

fn inverse_sizes(reference: u64, batch: u64) -> f64 {
    1.0 / reference.max(1) as f64 + 1.0 / batch.max(1) as f64
}

fn levels(permutations: u32) -> Vec<f64> {
    LEVELS.into_iter().filter(|l| l * (f64::from(permutations) + 1.0) >= 1.0 - 1e-9).collect()
}

/// The thresholds of one column, from its reference alone: a random part of it stands for the batch, the rest for the reference.
///
/// For `test` PSI or Jensen–Shannon (all rows, as counts) and Wasserstein (a seeded sample of at most
/// [`MOST_VALUES`] values). `None` for other tests and for fewer than 4 values. The seed is that of the
/// configuration and the column's name; the number of threads (0: all) changes nothing.
///
/// # Errors
/// [`DriftError::Threads`] and [`DriftError::Cancelled`].
pub fn column_thresholds(
    name: &str,
    test: DriftTest,
    values: ReferenceValues<'_>,
    permutations: u32,
    seed: u64,
    threads: usize,
    cancel: &CancelToken,
) -> Result<Option<ColumnThresholds>, DriftError> {
    let seed = named_seed(seed, name);
    let Some(source) = Source::new(test, values, seed) else {
        return Ok(None);
    };
    let levels = levels(permutations);
    let rows = source.rows();
    let mut batches: Vec<u64> = GRID.into_iter().filter(|m| *m <= rows / 2).collect();
    if batches.is_empty() {
        batches.push(rows / 2);
    }
    Workers::run(threads, |workers| {
        let mut sizes = Vec::with_capacity(batches.len());
        for (i, &batch) in batches.iter().enumerate() {
            cancel.check()?;
            // Each size has a seed of its own: stream indices count its permutations.
            let null = source.null(batch, permutations, seed.wrapping_add(i as u64 + 1), workers);
            let quantiles = levels.iter().map(|l| null.quantile(*l)).collect();
            sizes.push(SizeThresholds { reference: rows - batch, batch, quantiles });
        }
        Ok(Some(ColumnThresholds { test, sizes }))
    })
}

/// What is permuted.
enum Source {
    Cells { test: DriftTest, counts: Vec<u64>, rows: u64 },
    Walk { sorted: Vec<f64>, unit: f64 },
}

impl Source {
    fn new(test: DriftTest, values: ReferenceValues<'_>, seed: u64) -> Option<Source> {
        let source = match (test, values) {
            (DriftTest::Psi | DriftTest::JensenShannon, ReferenceValues::Numbers(sorted)) => {
                let Cells { reference: counts, .. } = numeric(finite(sorted), &[]);
                Source::Cells { test, rows: counts.iter().sum(), counts }
            }
            (DriftTest::Psi | DriftTest::JensenShannon, ReferenceValues::Categories(map)) => {
                let counts: Vec<u64> = map.values().copied().collect();
                Source::Cells { test, rows: counts.iter().sum(), counts }
            }
            (DriftTest::Wasserstein, ReferenceValues::Numbers(sorted)) => {
                let sorted = finite(sorted);
                let unit = mean_sd(sorted)?.1.max(LEAST_SD);
                let mut sample = sorted.to_vec();
                if sample.len() > MOST_VALUES {
                    Stream::new(seed, 0).draw(&mut sample, MOST_VALUES);
                    sample.truncate(MOST_VALUES);
                    sample.sort_unstable_by(f64::total_cmp);
                }
                Source::Walk { sorted: sample, unit }
            }
            _ => return None,
        };
        (source.rows() >= 4).then_some(source)
    }

    fn rows(&self) -> u64 {
        match self {
            Source::Cells { rows, .. } => *rows,
            Source::Walk { sorted, .. } => sorted.len() as u64,
        }
    }

    fn null(&self, batch: u64, permutations: u32, seed: u64, workers: Workers) -> Null {
        match self {
            Source::Cells { test, counts, .. } => split_null(*test, counts, batch, permutations, seed, workers),
            Source::Walk { sorted, unit } => walk_null(sorted, batch as usize, *unit, permutations, seed, workers),
        }
    }
}

/// The finite part of a sorted slice.
pub(crate) fn finite(sorted: &[f64]) -> &[f64] {
    let from = sorted.partition_point(|v| *v == f64::NEG_INFINITY);
    let to = sorted.partition_point(|v| *v < f64::INFINITY);
    sorted.get(from..to).unwrap_or(&[])
}
