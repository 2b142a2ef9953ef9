//! One column a colour channel: have the pictures become brighter, darker, flatter?

use super::image_config;
use super::subsets::{BRIGHTEST, Pictures, gaps, p_value};
use crate::error::DriftError;
use crate::random::named_seed;
use crate::result::{Found, untested};
use crate::special::normal_two_sided;
use driftgate_determinism::{Stream, Workers};
use driftgate_model::{
    CancelToken, ColumnChart, ColumnDrift, DriftConfig, DriftSeverity, DriftTestResult, DriftVerdict, Interval,
    PixelCounts, ProfileKind,
};
use statrs::distribution::{ContinuousCDF, StudentsT};

/// The test of the pixels of one channel.
pub const PIXEL_WASSERSTEIN: &str = "pixel_wasserstein";
/// What its effect is.
pub(super) const EFFECT: &str = "Wasserstein distance of pixels / reference SD";
/// Resamples behind an interval.
const RESAMPLES: usize = 500;
/// Most groups of pictures that a resample draws from a side.
const MOST_GROUPS: usize = 1000;
/// From so many standard errors on, it is clear which of two distribution functions is above at a brightness.
const CLEAR: f64 = 3.5;
/// Most bins of a chart.
const MOST_BARS: usize = 64;

/// The pixels of each channel at full resolution, one column `pixels_<channel>` each, p-values not adjusted and verdicts open:
/// [`finish`](crate::finish) does both.
///
/// Statistic: the Wasserstein-1 distance of all pixels of either side, in brightness from 0 to 255, from counts (so to the
/// width of a bin); effect: the same in standard deviations of the reference's pixels. The picture is the unit: a picture's
/// pixels are not independent of one another, so whole pictures change sides in the `permutations` of `config.image`. The
/// smallest effect that matters is `medium` there, or that of the column in `config.effect`. `threads` (0: all) changes
/// nothing. A channel of fewer than 2 pictures on a side has no p-value and a note.
///
/// # Errors
/// [`DriftError::LengthMismatch`] where shapes, names or counts do not fit one another; [`DriftError::Threads`] and
/// [`DriftError::Cancelled`].
pub fn pixel_columns(
    reference: &PixelCounts,
    batch: &PixelCounts,
    channel_names: &[&str],
    config: &DriftConfig,
    threads: usize,
    cancel: &CancelToken,
) -> Result<Vec<ColumnDrift>, DriftError> {
    let pictures = Pictures::new(reference, batch, channel_names, 1)?;
    let (of_reference, of_batch) = pictures.sides();
    let (n, m) = pictures.sizes();
    let found = if n < 2 || m < 2 {
        let note = "at least 2 pictures on either side are needed".to_owned();
        let none = |c: &&str| untested(PIXEL_WASSERSTEIN, EFFECT, min_effect(&column_name(c), config), note.clone());
        channel_names.iter().map(none).collect()
    } else {
        let both = (of_reference.as_slice(), of_batch.as_slice());
        Workers::run(threads, |workers| tests(&pictures, both, channel_names, config, workers, cancel))?
    };
    let bins = pictures.bins().max(1);
    let charts = of_reference.chunks_exact(bins).zip(of_batch.chunks_exact(bins)).map(|(r, b)| chart(r, b));
    let column = |((name, test), chart): ((&&str, DriftTestResult), _)| ColumnDrift {
        name: column_name(name),
        kind: ProfileKind::Numeric,
        reference_rows: n as u64,
        batch_rows: m as u64,
        verdict: DriftVerdict::Inconclusive,
        severity: DriftSeverity::None,
        tests: vec![test],
        chart,
    };
    Ok(channel_names.iter().zip(found).zip(charts).map(column).collect())
}

fn column_name(channel: &str) -> String {
    format!("pixels_{channel}")
}

fn min_effect(column: &str, config: &DriftConfig) -> f64 {
    config.effect.columns.get(column).copied().unwrap_or_else(|| image_config(config).medium)
}

fn tests(
    pictures: &Pictures<'_>,
    sides: (&[u64], &[u64]),
    channel_names: &[&str],
    config: &DriftConfig,
    workers: Workers,
    cancel: &CancelToken,
) -> Result<Vec<DriftTestResult>, DriftError> {
    let seed = named_seed(config.seed, PIXEL_WASSERSTEIN);
    let (plain, units) = (pictures.distances(sides.0, sides.1), pictures.units(sides.0));
    let null = pictures.null(image_config(config).permutations as usize, seed, workers, cancel)?;
    let errors = Errors::new(pictures, sides, seed, workers, cancel)?;
    let test = |(c, name): (usize, &&str)| {
        let (distance, unit) = (plain[c], units[c]);
        Found {
            test: PIXEL_WASSERSTEIN,
            method: "permutation",
            statistic: distance,
            p_value: p_value(distance, null.iter().map(|draw| draw[c])),
            effect_name: EFFECT,
            effect: distance / unit,
            interval: errors.interval(c, distance, unit, config.effect.level),
            min_effect: min_effect(&column_name(name), config),
            notes: Vec::new(),
        }
        .result(config.effect.level)
    };
    Ok(channel_names.iter().enumerate().map(test).collect())
}

/// What resampling pictures does to one channel: the differences of the distribution functions, less those observed.
#[derive(Debug, Clone)]
struct Resample {
    /// At each bin's end, channel after channel.
    errors: Vec<f64>,
    /// Of each channel, how much larger the reference's standard deviation is, as a share.
    units: Vec<f64>,
}

/// How far the observed differences may be off.
struct Errors {
    bins: usize,
    width: f64,
    /// The observed differences.
    gaps: Vec<f64>,
    resamples: Vec<Resample>,
    /// Student's quantile over the normal's grows where there are few pictures: degrees of freedom.
    freedom: f64,
}

/// Counts of pictures in random groups of equal size; a group of one picture where there are few.
struct Groups(Vec<Vec<u64>>);

impl Groups {
    fn new(pictures: &Pictures<'_>, first: usize, size: usize, seed: u64, workers: Workers) -> Groups {
        let count = size.min(MOST_GROUPS);
        let mut order: Vec<usize> = (first..first + size).collect();
        if size > count {
            Stream::new(seed, u64::MAX - first as u64).draw(&mut order, size);
        }
        Groups(workers.map(count, |g| pictures.sum(order.iter().skip(g).step_by(count).copied())))
    }

    /// The counts of as many groups, drawn with replacement.
    fn draw(&self, stream: &mut Stream) -> Vec<u64> {
        let mut times = vec![0_u64; self.0.len()];
        for _ in 0..self.0.len() {
            times[stream.below(self.0.len() as u32) as usize] += 1;
        }
        let mut sums = vec![0; self.0.first().map_or(0, Vec::len)];
        for (group, times) in self.0.iter().zip(times).filter(|(_, t)| *t > 0) {
            sums.iter_mut().zip(group).for_each(|(s, c)| *s += c * times);
        }
        sums
    }

    /// A resample of k groups scatters less than k pictures do, by this factor.
    fn scale(&self) -> f64 {
        let k = self.0.len().max(2) as f64;
        (k / (k - 1.0)).sqrt()
    }
}

impl Errors {
    fn new(
        pictures: &Pictures<'_>,
        sides: (&[u64], &[u64]),
        seed: u64,
        workers: Workers,
        cancel: &CancelToken,
    ) -> Result<Errors, DriftError> {
        let ((n, m), bins) = (pictures.sizes(), pictures.bins().max(1));
        let of_reference = Groups::new(pictures, 0, n, seed, workers);
        let of_batch = Groups::new(pictures, n, m, seed, workers);
        let (r, b) = (of_reference.scale(), of_batch.scale());
        let units = pictures.units(sides.0);
        let one = |index: usize| -> Result<Resample, DriftError> {
            cancel.check()?;
            // The streams after those that permutations take.
            let mut stream = Stream::new(seed, (1 << 40) + index as u64);
            let (x, y) = (of_reference.draw(&mut stream), of_batch.draw(&mut stream));
            let block = |s: &[u64], c: usize| s[c * bins..(c + 1) * bins].to_vec();
            let mut errors = Vec::with_capacity(x.len());
            let mut ratios = Vec::with_capacity(units.len());
            for (c, unit) in units.iter().enumerate() {
                let (x, y) = (block(&x, c), block(&y, c));
                let (was_x, was_y) = (block(sides.0, c), block(sides.1, c));
                errors.extend(gaps(&x, &was_x).zip(gaps(&y, &was_y)).map(|(x, y)| r * x - b * y));
                ratios.push(r * (pictures.unit(&x) / unit - 1.0));
            }
            Ok(Resample { errors, units: ratios })
        };
        let resamples = workers.map(RESAMPLES, one).into_iter().collect::<Result<Vec<_>, DriftError>>()?;
        let blocks = sides.0.chunks_exact(bins).zip(sides.1.chunks_exact(bins));
        let observed = blocks.flat_map(|(x, y)| gaps(x, y)).collect();
        Ok(Errors { bins, width: pictures.width(), gaps: observed, resamples, freedom: (n.min(m) - 1) as f64 })
    }

    /// An interval for channel `c`, whose distance is `plain` in brightness, in `unit`s.
    ///
    /// The distance is `∫ |D|` of the differences D of two distribution functions, and a resample's is too large even where
    /// nothing changed, so its quantiles are no interval. What the distance can be off by is its directional derivative (Fang
    /// and Santos 2019): `∫ sign(D) N` over the brightnesses where the sign of D is clear, plus `∫ |N|` over the others, N
    /// being a resample's error of D. Below, that much is taken off, by its upper quantile: it holds the bias of `|·|`. Above,
    /// some function of Lipschitz constant 1 attains the true distance and has at most the observed one in the samples, so the
    /// normal quantile times the standard error of a mean difference is added, of the function with slope sign(D) or of the
    /// brightness itself, whichever errs more. Both also hold the error of the reference's standard deviation. Quantiles are
    /// stretched as Student's are where pictures are few.
    fn interval(&self, c: usize, plain: f64, unit: f64, level: f64) -> Option<Interval> {
        let range = c * self.bins..(c + 1) * self.bins;
        let gaps = &self.gaps[range.clone()];
        let k = self.resamples.len().max(1) as f64;
        let mut squares = vec![0.0; self.bins];
        for r in &self.resamples {
            squares.iter_mut().zip(&r.errors[range.clone()]).for_each(|(s, e)| *s += e * e);
        }
        let clear: Vec<bool> = gaps.iter().zip(&squares).map(|(g, s)| g.abs() > CLEAR * (s / k).sqrt()).collect();
        let (mut off, mut signed, mut even) = (Vec::new(), Vec::new(), Vec::new());
        for r in &self.resamples {
            let errors = &r.errors[range.clone()];
            let by_unit = plain * r.units[c];
            let of = |f: &dyn Fn(usize, f64) -> f64| {
                self.width * errors.iter().enumerate().map(|(i, &e)| f(i, e)).sum::<f64>() - by_unit
            };
            off.push(of(&|i, e| if clear[i] { gaps[i].signum() * e } else { e.abs() }));
            signed.push(of(&|i, e| gaps[i].signum() * e));
            even.push(of(&|_, e| e * gaps.iter().sum::<f64>().signum()));
        }
        let tail = (1.0 - level) / 2.0;
        let z = normal_two_sided(level);
        let student = StudentsT::new(0.0, 1.0, self.freedom).ok()?.inverse_cdf(1.0 - tail);
        let error = deviation(&signed).max(deviation(&even));
        off.sort_unstable_by(f64::total_cmp);
        let upper = off.get(((1.0 - tail) * k) as usize).or(off.last()).copied()?;
        let low = (plain - upper * student / z).max(0.0) / unit;
        let high = (plain + student * error) / unit;
        (low.is_finite() && high.is_finite()).then_some(Interval { low: low.min(plain / unit), high })
    }
}

/// The root mean square: errors have mean 0.
fn deviation(errors: &[f64]) -> f64 {
    (errors.iter().map(|e| e * e).sum::<f64>() / errors.len().max(1) as f64).sqrt()
}

/// Shares of pixels by brightness, neighbouring bins together so that there are at most [`MOST_BARS`].
fn chart(reference: &[u64], batch: &[u64]) -> Option<ColumnChart> {
    let all = |counts: &[u64]| counts.iter().sum::<u64>();
    if all(reference) + all(batch) == 0 {
        return None;
    }
    let together = reference.len().div_ceil(MOST_BARS).max(1);
    let shares = |counts: &[u64]| {
        let total = all(counts).max(1) as f64;
        counts.chunks(together).map(|c| all(c) as f64 / total).collect::<Vec<f64>>()
    };
    let width = BRIGHTEST / reference.len() as f64;
    let bars = reference.len().div_ceil(together);
    let edges = (0..=bars).map(|i| width * (i * together).min(reference.len()) as f64).collect();
    Some(ColumnChart::Histogram { edges, reference: shares(reference), batch: shares(batch) })
}
