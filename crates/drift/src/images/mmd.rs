//! The maximum mean discrepancy of embeddings (Gretton et al. 2012), by permutation of pictures.

use super::tiles::{OCTET, QUAD, Tile, center, product, squared_distance, squared_distances};
use super::{Embeddings, image_config, same_space};
use crate::decide::decide;
use crate::error::DriftError;
use crate::joint::sample;
use crate::random::named_seed;
use crate::result::{Found, untested};
use crate::special::normal_two_sided;
use driftgate_determinism::{Stream, Workers};
use driftgate_model::{Bandwidth, CancelToken, DriftConfig, DriftTestResult, Interval, MmdConfig};
use std::ops::Range;

/// The test of all embeddings together.
pub const MMD: &str = "mmd";
/// What its effect is.
const EFFECT: &str = "maximum mean discrepancy, 0 to 1.41";
/// Pooled embeddings that the median of distances is taken from.
const MEDIAN_ROWS: usize = 1000;
/// Tiles whose sums are kept before they are added up.
const CHUNK: usize = 64;
/// The widths of [`Bandwidth::Aggregated`], in medians.
const WIDTHS: [f64; 5] = [0.25, 0.5, 1.0, 2.0, 4.0];
/// Which of them is the median.
const MIDDLE: usize = 2;
/// Sums of the same terms in another order agree to about this share.
const ROUNDING: f64 = 1e-6;

/// Whether two sets of embeddings are samples of one distribution.
///
/// Statistic: the unbiased squared maximum mean discrepancy with the kernel exp(−d² / w), which may be negative where nothing
/// changed (Gretton et al. 2012, eq. 3); w is the median of the positive squared distances among all pictures together, or
/// among 1,000 of them, drawn at random, where there are more. With [`Bandwidth::Aggregated`] five widths from a quarter of the
/// median to four medians are looked at: each is divided by its own standard deviation over the permutations after their mean
/// is taken off, the statistic is the largest, and so is that of each permutation: one p-value, exact by permutation, for the
/// five.
///
/// Effect: the root of the squared discrepancy at the median's width (0 where it is negative): 0 for equal distributions, √2 for
/// two points far apart, and e^(−1/2) times the shift where each of many independent numbers moves by that many of its
/// standard deviations. So the smallest effect that matters is `medium` of `config.image` times e^(−1/2), 0.061 by default. Its interval
/// is normal, of the U-statistic's first-order variance or that of the permutations, whichever is larger; `decide`d at
/// `mmd.alpha` it gives the verdict, which no other test's p-value changes.
///
/// At most `mmd.sample` pictures of a side are looked at. Pairs are looked at in tiles, each for all permutations at once: memory is
/// linear in the pictures. `threads` (0: all) changes nothing; `done` is told how many tiles of how many were summed. Fewer than 2
/// pictures on a side, and numbers that are not finite, give no p-value and a note.
///
/// # Errors
/// [`DriftError::ColumnCount`] for embeddings of two networks, [`DriftError::LengthMismatch`], [`DriftError::Threads`] and
/// [`DriftError::Cancelled`].
pub fn mmd(
    reference: &Embeddings<'_>,
    batch: &Embeddings<'_>,
    config: &DriftConfig,
    threads: usize,
    done: &(dyn Fn(u64, u64) + Sync),
    cancel: &CancelToken,
) -> Result<DriftTestResult, DriftError> {
    same_space(reference, batch)?;
    let image = image_config(config);
    let min_effect = image.medium * (-0.5_f64).exp();
    let none = |note: &str| Ok(untested(MMD, EFFECT, min_effect, note.to_owned()));
    if reference.rows < 2 || batch.rows < 2 || reference.dim == 0 {
        return none("at least 2 pictures on either side and one number of each are needed");
    }
    if !reference.is_finite() || !batch.is_finite() {
        return none("some embeddings are not finite: the network gave no usable answer");
    }
    let seed = named_seed(config.seed, MMD);
    let pooled = Pooled::new(reference, batch, &image.mmd, seed);
    let (n, m) = pooled.sizes();
    let labels = Labels::new(n, m, image.mmd.permutations as usize + 1, seed);
    let widths: Vec<f64> = match image.mmd.bandwidth {
        Bandwidth::Median => vec![pooled.median],
        Bandwidth::Aggregated => WIDTHS.iter().map(|w| w * pooled.median).collect(),
    };
    let sums = Workers::run(threads, |workers| pooled.sums(&labels, &widths, workers, done, cancel))?;
    let found = Discrepancies::new(&sums, &labels, n, m);
    let level = config.effect.level;
    let mut result = Found {
        test: MMD,
        method: "permutation",
        statistic: found.statistic(),
        p_value: found.p_value(),
        effect_name: EFFECT,
        effect: found.observed().max(0.0).sqrt(),
        interval: found.interval(&sums, level),
        min_effect,
        notes: notes(&pooled, &found, (reference.rows, batch.rows), &image.mmd),
    }
    .result(level);
    result.adjusted_p = result.p_value;
    result.verdict = decide(result.p_value, image.mmd.alpha, result.interval, min_effect);
    Ok(result)
}

fn notes(pooled: &Pooled, found: &Discrepancies, of: (usize, usize), config: &MmdConfig) -> Vec<String> {
    let (n, m) = pooled.sizes();
    let said = |taken: usize, all: usize, what: &str| match taken == all {
        true => format!("all {all} {what} pictures"),
        false => format!("{taken} of {all} {what} pictures"),
    };
    let seen = n + m;
    let among = if seen > MEDIAN_ROWS { format!("{MEDIAN_ROWS} of {seen}") } else { format!("all {seen}") };
    let kernel = format!("kernel exp(-d^2 / {:.4}), the median of d^2 among {among} pictures", pooled.median);
    let widths = match config.bandwidth {
        Bandwidth::Median => kernel,
        Bandwidth::Aggregated => {
            let wide = WIDTHS[found.widest()];
            format!("{kernel}, and 1/4, 1/2, 2 and 4 times as wide; {wide} times speaks loudest")
        }
    };
    vec![
        format!("{} and {}", said(n, of.0, "reference"), said(m, of.1, "batch")),
        format!("{} permutations", config.permutations),
        widths,
        format!("MMD^2 = {:.6}", found.observed()),
    ]
}

/// The pictures of both sides that are looked at.
struct Pooled {
    tiles: Vec<Tile>,
    /// Tiles from here on are of the batch.
    batch_from: usize,
    sizes: (usize, usize),
    dim: usize,
    median: f64,
}

impl Pooled {
    fn new(reference: &Embeddings<'_>, batch: &Embeddings<'_>, config: &MmdConfig, seed: u64) -> Pooled {
        let most = config.sample.max(2) as usize;
        let rows_r = sample(reference.rows, most, seed, 0);
        let rows_b = sample(batch.rows, most, seed, 1);
        let middle = center(&[(reference, &rows_r), (batch, &rows_b)]);
        let mut tiles = Tile::all(reference, &rows_r, &middle);
        let batch_from = tiles.len();
        tiles.extend(Tile::all(batch, &rows_b, &middle));
        tiles[batch_from..].iter_mut().for_each(|t| t.from += rows_r.len());
        let all: Vec<&[f32]> =
            rows_r.iter().map(|&i| reference.row(i)).chain(rows_b.iter().map(|&i| batch.row(i))).collect();
        let median = median_distance(&all, seed);
        let sizes = (rows_r.len(), rows_b.len());
        Pooled { tiles, batch_from, sizes, dim: reference.dim, median }
    }

    fn sizes(&self) -> (usize, usize) {
        self.sizes
    }

    /// Sums over all pairs, for every width and labelling.
    fn sums(
        &self,
        labels: &Labels,
        widths: &[f64],
        workers: Workers,
        done: &(dyn Fn(u64, u64) + Sync),
        cancel: &CancelToken,
    ) -> Result<Vec<Sums>, DriftError> {
        let count = self.tiles.len();
        let pairs: Vec<(usize, usize)> = (0..count).flat_map(|i| (i..count).map(move |j| (i, j))).collect();
        let rows = self.sizes.0 + self.sizes.1;
        let mut sums: Vec<Sums> = widths.iter().map(|_| Sums::new(rows, labels.octets())).collect();
        for (k, chunk) in pairs.chunks(CHUNK).enumerate() {
            let found = workers.map(chunk.len(), |p| -> Result<_, DriftError> {
                cancel.check()?;
                Ok(self.tile_sums(chunk[p], labels, widths))
            });
            for (found, &(i, j)) in found.into_iter().zip(chunk) {
                let sides = (usize::from(i >= self.batch_from), usize::from(j >= self.batch_from));
                for (sums, tile) in sums.iter_mut().zip(found?) {
                    sums.add(&tile, (&self.tiles[i], &self.tiles[j]), sides);
                }
            }
            done(((k + 1) * CHUNK).min(pairs.len()) as u64, pairs.len() as u64);
        }
        Ok(sums)
    }

    fn tile_sums(&self, (i, j): (usize, usize), labels: &Labels, widths: &[f64]) -> Vec<TileSums> {
        let (left, right) = (&self.tiles[i], &self.tiles[j]);
        let (mut squares, mut kernel) = (Vec::new(), Vec::new());
        squared_distances(left, right, self.dim, &mut squares);
        let of_width = |width: &f64| {
            let factor = (-1.0 / width) as f32;
            kernel.clear();
            kernel.extend(squares.iter().map(|d| d * factor));
            super::exp::exp_of_negative(&mut kernel);
            blank(&mut kernel, left.rows, right.rows, i == j);
            TileSums::new(&kernel, left, right, labels)
        };
        widths.iter().map(of_width).collect()
    }
}

/// Takes out rows beyond the last and, on the diagonal, each pair's second mention and every row with itself.
fn blank(kernel: &mut [f32], rows: usize, width: usize, diagonal: bool) {
    for (q, quad) in kernel.chunks_exact_mut(QUAD * width).enumerate() {
        let first = q * QUAD;
        if !diagonal && first + QUAD <= rows {
            continue;
        }
        for (j, place) in quad.as_chunks_mut::<QUAD>().0.iter_mut().enumerate() {
            for (r, v) in place.iter_mut().enumerate() {
                if first + r >= rows || (diagonal && j <= first + r) {
                    *v = 0.0;
                }
            }
        }
    }
}

/// The median of the positive squared distances among the rows, or among [`MEDIAN_ROWS`] of them; 1 where none is positive.
fn median_distance(all: &[&[f32]], seed: u64) -> f64 {
    let rows = sample(all.len(), MEDIAN_ROWS, seed, 2);
    let pairs = rows.iter().enumerate().flat_map(|(k, &i)| rows[..k].iter().map(move |&j| (i, j)));
    let mut squares: Vec<f64> = pairs.map(|(i, j)| squared_distance(all[i], all[j])).filter(|d| *d > 0.0).collect();
    if squares.is_empty() {
        return 1.0;
    }
    let middle = squares.len() / 2;
    let even = squares.len().is_multiple_of(2);
    let (below, &mut upper, _) = squares.select_nth_unstable_by(middle, f64::total_cmp);
    match below.iter().copied().reduce(f64::max) {
        Some(lower) if even => (lower + upper) / 2.0,
        _ => upper,
    }
}

/// Who is of the reference, in every labelling: bit `b` of a row is labelling `b`'s; the first is the observed one.
struct Labels {
    bytes: Vec<u8>,
    /// Bytes of a row.
    octets: usize,
    count: usize,
}

impl Labels {
    /// `count` labellings of `n` + `m` rows with `n` of the reference; labelling i draws from stream i of `seed`.
    fn new(n: usize, m: usize, count: usize, seed: u64) -> Labels {
        let octets = count.div_ceil(OCTET);
        let mut labels = Labels { bytes: vec![0; (n + m) * octets], octets, count };
        (0..n).for_each(|row| labels.flip(row, 0));
        let few = n.min(m);
        for index in 1..count {
            let mut order: Vec<u32> = (0..(n + m) as u32).collect();
            Stream::new(seed, index as u64).draw(&mut order, few);
            let of_reference = if n <= m { &order[..few] } else { &order[few..] };
            of_reference.iter().for_each(|&row| labels.flip(row as usize, index));
        }
        labels
    }

    fn flip(&mut self, row: usize, labelling: usize) {
        self.bytes[row * self.octets + labelling / OCTET] ^= 1 << (labelling % OCTET);
    }

    fn octets(&self) -> usize {
        self.octets
    }

    fn byte(&self, row: usize, octet: usize) -> u8 {
        self.bytes[row * self.octets + octet]
    }

    /// The rows' labels of eight labellings as numbers.
    fn panel(&self, rows: Range<usize>, octet: usize, out: &mut Vec<[f32; OCTET]>) {
        out.clear();
        out.extend(rows.map(|row| spread(self.byte(row, octet))));
    }
}

/// The bits of a byte, the lowest first.
fn spread(byte: u8) -> [f32; OCTET] {
    std::array::from_fn(|b| f32::from((byte >> b) & 1))
}

/// Sums of one tile's kernel values.
struct TileSums {
    /// Of each labelling, over pairs with both of the reference.
    within: Vec<f64>,
    left: Vec<f64>,
    right: Vec<f64>,
}

impl TileSums {
    fn new(kernel: &[f32], left: &Tile, right: &Tile, labels: &Labels) -> TileSums {
        let width = right.rows;
        let (mut of_left, mut of_right) = (Vec::with_capacity(left.rows), vec![0.0_f64; width]);
        for (q, quad) in kernel.chunks_exact(QUAD * width).enumerate() {
            let mut sums = [0.0_f64; QUAD];
            for (column, place) in of_right.iter_mut().zip(quad.as_chunks::<QUAD>().0) {
                *column += f64::from((place[0] + place[1]) + (place[2] + place[3]));
                sums.iter_mut().zip(place).for_each(|(s, v)| *s += f64::from(*v));
            }
            of_left.extend(sums.iter().take(left.rows - q * QUAD));
        }
        let mut within = vec![0.0_f64; labels.octets() * OCTET];
        let (mut rights, mut lefts) = (Vec::new(), Vec::new());
        for (octet, within) in within.as_chunks_mut::<OCTET>().0.iter_mut().enumerate() {
            labels.panel(right.from..right.from + width, octet, &mut rights);
            labels.panel(left.from..left.from + left.rows, octet, &mut lefts);
            lefts.resize(left.rows.div_ceil(QUAD) * QUAD, [0.0; OCTET]);
            product(kernel, rights.as_flattened(), width, |q, _, sums| {
                let mine = &lefts[q * QUAD..(q + 1) * QUAD];
                for (b, w) in within.iter_mut().enumerate() {
                    let of = |r: usize| sums[r][b] * mine[r][b];
                    *w += f64::from((of(0) + of(1)) + (of(2) + of(3)));
                }
            });
        }
        TileSums { within, left: of_left, right: of_right }
    }
}

/// Sums of kernel values over all pairs of rows.
struct Sums {
    /// Of each labelling, over pairs with both of the reference.
    within: Vec<f64>,
    /// Of each row, over the other rows of the reference and of the batch, as observed.
    rows: Vec<[f64; 2]>,
}

impl Sums {
    fn new(rows: usize, octets: usize) -> Sums {
        Sums { within: vec![0.0; octets * OCTET], rows: vec![[0.0; 2]; rows] }
    }

    fn add(&mut self, tile: &TileSums, (left, right): (&Tile, &Tile), sides: (usize, usize)) {
        self.within.iter_mut().zip(&tile.within).for_each(|(s, t)| *s += t);
        self.rows[left.from..].iter_mut().zip(&tile.left).for_each(|(s, t)| s[sides.1] += t);
        self.rows[right.from..].iter_mut().zip(&tile.right).for_each(|(s, t)| s[sides.0] += t);
    }
}

/// Squared discrepancies of all labellings at all widths.
struct Discrepancies {
    /// Width by width, the observed labelling first.
    squared: Vec<Vec<f64>>,
    sizes: (f64, f64),
}

impl Discrepancies {
    fn new(sums: &[Sums], labels: &Labels, n: usize, m: usize) -> Discrepancies {
        let (n, m) = (n as f64, m as f64);
        let of_width = |sums: &Sums| {
            let mut reach = vec![0.0_f64; labels.octets() * OCTET];
            for (row, [r, b]) in sums.rows.iter().enumerate() {
                for (octet, reach) in reach.as_chunks_mut::<OCTET>().0.iter_mut().enumerate() {
                    let byte = labels.byte(row, octet);
                    for (k, s) in reach.iter_mut().enumerate() {
                        *s += (r + b) * f64::from((byte >> k) & 1);
                    }
                }
            }
            let all = sums.rows.iter().map(|[r, b]| r + b).sum::<f64>() / 2.0;
            let one = |(within, reach): (&f64, &f64)| {
                let across = reach - 2.0 * within;
                let rest = all - within - across;
                2.0 * within / (n * (n - 1.0)) + 2.0 * rest / (m * (m - 1.0)) - 2.0 * across / (n * m)
            };
            sums.within.iter().zip(&reach).take(labels.count).map(one).collect()
        };
        Discrepancies { squared: sums.iter().map(of_width).collect(), sizes: (n, m) }
    }

    /// The median's width.
    fn middle(&self) -> usize {
        if self.squared.len() == WIDTHS.len() { MIDDLE } else { 0 }
    }

    /// The squared discrepancy at the median's width.
    fn observed(&self) -> f64 {
        self.squared[self.middle()][0]
    }

    /// Each labelling's largest standardised value; at one width, the squared discrepancy itself.
    fn statistics(&self) -> Vec<f64> {
        let [only] = self.squared.as_slice() else {
            let scaled: Vec<Vec<f64>> = self.squared.iter().map(|s| standardised(s)).collect();
            let largest = |b: usize| scaled.iter().map(|s| s[b]).fold(f64::NEG_INFINITY, f64::max);
            return (0..self.squared[0].len()).map(largest).collect();
        };
        only.clone()
    }

    fn statistic(&self) -> f64 {
        self.statistics()[0]
    }

    /// The width at which the observed labelling stands out most.
    fn widest(&self) -> usize {
        let first: Vec<f64> = self.squared.iter().map(|s| standardised(s)[0]).collect();
        (0..first.len()).reduce(|a, b| if first[b] > first[a] { b } else { a }).unwrap_or(0)
    }

    /// The share of labellings that reach the observed one's statistic, which is one of them.
    fn p_value(&self) -> f64 {
        let all = self.statistics();
        let size = all.iter().fold(0.0_f64, |s, v| s.max(v.abs()));
        let limit = all[0] - ROUNDING * size;
        all.iter().filter(|v| **v >= limit).count() as f64 / all.len() as f64
    }

    fn interval(&self, sums: &[Sums], level: f64) -> Option<Interval> {
        let (n, m) = self.sizes;
        let rows = &sums[self.middle()].rows;
        let (of_reference, of_batch) = rows.split_at(n as usize);
        let first: Vec<f64> = of_reference.iter().map(|[r, b]| r / (n - 1.0) - b / m).collect();
        let second: Vec<f64> = of_batch.iter().map(|[r, b]| b / (m - 1.0) - r / n).collect();
        let first_order = 4.0 * (variance(&first) / n + variance(&second) / m);
        let null = variance(&self.squared[self.middle()][1..]);
        let error = normal_two_sided(level) * first_order.max(null).sqrt();
        let root = |v: f64| v.max(0.0).sqrt();
        let (low, high) = (root(self.observed() - error), root(self.observed() + error));
        (low.is_finite() && high.is_finite()).then_some(Interval { low, high })
    }
}

/// Less their mean, divided by their standard deviation; 0 where they are equal.
fn standardised(values: &[f64]) -> Vec<f64> {
    let mean = values.iter().sum::<f64>() / values.len().max(1) as f64;
    let sd = variance(values).sqrt();
    let size = values.iter().fold(0.0_f64, |s, v| s.max(v.abs()));
    values.iter().map(|v| if sd > ROUNDING * size { (v - mean) / sd } else { 0.0 }).collect()
}

/// With divisor n − 1; 0 for fewer than 2 values.
fn variance(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n.max(1.0);
    if values.len() < 2 { 0.0 } else { values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / (n - 1.0) }
}

#[cfg(test)]
mod tests {
    use super::super::tiles::TILE;
    use super::*;

    #[test]
    fn every_labelling_has_the_discrepancy_of_the_definition() {
        let mut stream = Stream::new(3, 0);
        // Each side larger than a tile, neither a whole number of quads.
        let (n, m, dim, count) = (TILE + 5, TILE + 14, 3, 11);
        let data: Vec<f32> = (0..(n + m) * dim).map(|_| stream.uniform() as f32).collect();
        let (a, b) = data.split_at(n * dim);
        let (a, b) = (Embeddings { rows: n, dim, data: a }, Embeddings { rows: m, dim, data: b });
        let config = driftgate_model::ImageDriftConfig::default().mmd;
        let pooled = Pooled::new(&a, &b, &config, 5);
        let labels = Labels::new(n, m, count, 5);
        let widths = [pooled.median, 0.25 * pooled.median];
        let token = CancelToken::new();
        let sums = pooled.sums(&labels, &widths, Workers::alone(), &|_, _| {}, &token).unwrap();
        let found = Discrepancies::new(&sums, &labels, n, m);
        let all = Embeddings { rows: n + m, dim, data: &data };
        for (width, found) in widths.iter().zip(&found.squared) {
            assert_eq!(found.len(), count);
            for (b, found) in found.iter().enumerate() {
                let of_reference = |row: usize| labels.byte(row, b / OCTET) >> (b % OCTET) & 1 == 1;
                assert_eq!((0..n + m).filter(|row| of_reference(*row)).count(), n);
                // Pairs by how many of them are of the reference.
                let mut by = [0.0; 3];
                for (i, j) in (0..n + m).flat_map(|i| (0..i).map(move |j| (i, j))) {
                    let kernel = (-squared_distance(all.row(i), all.row(j)) / width).exp();
                    by[usize::from(of_reference(i)) + usize::from(of_reference(j))] += kernel;
                }
                let (n, m) = (n as f64, m as f64);
                let truth = 2.0 * by[2] / (n * (n - 1.0)) + 2.0 * by[0] / (m * (m - 1.0)) - 2.0 * by[1] / (n * m);
                assert!((found - truth).abs() < 1e-6, "labelling {b}: {found} against {truth}");
            }
        }
        // The columns and rows of the sums see every pair twice.
        let of_rows: f64 = sums[0].rows.iter().map(|[r, b]| r + b).sum();
        assert!(of_rows > 0.0 && of_rows < ((n + m) * (n + m - 1)) as f64);
    }
}
