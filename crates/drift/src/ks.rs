//! The two-sample Kolmogorov–Smirnov test.
//!
//! `D = sup |F_n − G_m|` of two **sorted** slices. Ties and infinities are values like others. The p-value is exact (given no
//! ties; with ties it errs on the safe side) where n·m is at most [`EXACT_CELLS`], else Kolmogorov's limit at √(nm/(n+m))·D.

use crate::special::{kolmogorov_quantile, kolmogorov_sf, normal_two_sided};
use driftgate_model::Interval;

/// Up to this n·m the p-value is exact: about 10 ms.
pub const EXACT_CELLS: u64 = 4_000_000;

/// What [`test()`] found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ks {
    /// D, between 0 and 1.
    pub statistic: f64,
    /// Two-sided.
    pub p_value: f64,
    /// Whether `p_value` is exact; otherwise it is Kolmogorov's limit.
    pub exact: bool,
}

/// The test of two sorted slices without NaN. `None` where either is empty.
pub fn test(reference: &[f64], batch: &[f64]) -> Option<Ks> {
    let (n, m) = (reference.len() as u64, batch.len() as u64);
    if n == 0 || m == 0 {
        return None;
    }
    Some(of(scaled_distance(reference, batch), n, m))
}

/// The test of two samples of `n` and `m` values whose distance times n·m is `scaled`; neither is empty.
pub(crate) fn of(scaled: u64, n: u64, m: u64) -> Ks {
    let statistic = scaled as f64 / (n as f64 * m as f64);
    if n.saturating_mul(m) <= EXACT_CELLS {
        return Ks { statistic, p_value: exact_p(scaled, n, m), exact: true };
    }
    let root = (n as f64 * m as f64 / (n + m) as f64).sqrt();
    Ks { statistic, p_value: kolmogorov_sf(root * statistic).clamp(0.0, 1.0), exact: false }
}

/// Reference values that are passed in one step before any is looked at.
const STEP: usize = 256;

/// D·n·m as a whole number: the largest |i·m − j·n| over all values, i and j counting the values up to it.
///
/// O(n + m), but most values are never looked at: between two places the distance is at most what either side's count could
/// make it alone, and where that is below the largest distance at some place, nothing larger lies between.
pub fn scaled_distance(reference: &[f64], batch: &[f64]) -> u64 {
    let sizes = (reference.len(), batch.len());
    let gap = |i: usize, j: usize| gap((i, j), sizes);
    let mut places = vec![(0, 0)];
    let (mut i, mut j, mut largest) = (0, 0, 0);
    while let Some(&value) = reference.get((i + STEP).min(reference.len()) - 1).filter(|_| i < reference.len()) {
        let (from, to) = (i, run(&reference[i..], value));
        i += to;
        j += run(&batch[j..], value);
        // A NaN, against the contract, is no smaller than itself: the walk ends.
        if i == from {
            break;
        }
        places.push((i, j));
        largest = largest.max(gap(i, j).abs());
    }
    for w in places.windows(2) {
        let ((i, j), (end_i, end_j)) = (w[0], w[1]);
        if gap(end_i, j).max(-gap(i, end_j)) > largest {
            largest = largest.max(between(&reference[i..end_i], &batch[j..end_j], |a, b| gap(i + a, j + b)));
        }
    }
    largest.unsigned_abs()
}

/// i·m − j·n.
#[inline]
pub(crate) fn gap((i, j): (usize, usize), (n, m): (usize, usize)) -> i64 {
    i as i64 * m as i64 - j as i64 * n as i64
}

/// How many sorted values are at most `value`: looked for in steps that double.
fn run(values: &[f64], value: f64) -> usize {
    let mut end = 16;
    while values.get(end).is_some_and(|v| *v <= value) {
        end *= 2;
    }
    let from = if end == 16 { 0 } else { end / 2 };
    let within = values.get(from..end.min(values.len())).unwrap_or_default();
    from + within.partition_point(|v| *v <= value)
}

/// The largest distance over the values of two sorted slices.
pub(crate) fn between(reference: &[f64], batch: &[f64], gap: impl Fn(usize, usize) -> i64) -> i64 {
    let (mut i, mut j, mut largest) = (0, 0, 0);
    while let (Some(&a), Some(&b)) = (reference.get(i), batch.get(j)) {
        // Within a run of one side that lies before the other's next value, the distance moves one way: its end is enough.
        if a < b {
            i += ahead(&reference[i..], |v| v < b);
        } else if b < a {
            j += ahead(&batch[j..], |v| v < a);
        } else {
            let (left, right) = (ahead(&reference[i..], |v| v == a), ahead(&batch[j..], |v| v == b));
            if left + right == 0 {
                break;
            }
            (i, j) = (i + left, j + right);
        }
        largest = largest.max(gap(i, j).abs());
    }
    largest
}

/// How many values from the start on are `inside`.
#[inline]
fn ahead(values: &[f64], inside: impl Fn(f64) -> bool) -> usize {
    values.iter().position(|v| !inside(*v)).unwrap_or(values.len())
}

/// P(D·n·m ≥ `scaled`) for two samples of one continuous distribution.
///
/// All orders of the pooled sample are equally likely: monotone lattice paths from (0, 0) to (n, m). `A(i, j)`, the chance that
/// a path to (i, j) has touched |i·m − j·n| ≥ `scaled`, is 1 outside that band and
/// `i/(i+j)·A(i−1, j) + j/(i+j)·A(i, j−1)` within (Hodges 1958, in the form that adds up the outside and so keeps its
/// relative precision however small it is). It is filled along the diagonals i + j = t, whose cells do not depend on one
/// another: about 2·`scaled` cells.
pub fn exact_p(scaled: u64, n: u64, m: u64) -> f64 {
    // Rows count the smaller sample.
    let (n, m) = (n.min(m) as i64, n.max(m) as i64);
    let c = scaled as i64;
    if c <= 0 || n == 0 {
        return 1.0;
    }
    let width = n as usize + 3;
    // Cell i lies at i + 1, so that both neighbours always exist; what is outside the band stays 1.
    let (mut previous, mut next) = (vec![1.0_f64; width], vec![1.0_f64; width]);
    let index: Vec<f64> = (0..width).map(|i| i as f64).collect();
    previous[1] = 0.0;
    for t in 1..=(n + m) {
        // Inside: |i(n + m) − t·n| < c.
        let low = ((t * n - c).div_euclid(n + m) + 1).max(0).max(t - m);
        let high = ((t * n + c - 1).div_euclid(n + m)).min(n).min(t);
        if low > high {
            return 1.0;
        }
        let (low, high) = (low as usize, high as usize);
        let (steps, inverse) = (t as f64, 1.0 / t as f64);
        let from = &previous[low..high + 2];
        let i = &index[low..=high];
        let to = &mut next[low + 1..high + 2];
        for k in 0..to.len() {
            to[k] = (i[k] * from[k] + (steps - i[k]) * from[k + 1]) * inverse;
        }
        next[low] = 1.0;
        next[high + 2] = 1.0;
        std::mem::swap(&mut previous, &mut next);
    }
    previous[n as usize + 1].clamp(0.0, 1.0)
}

/// An interval for the distance of the two distributions, at least at `level` in large samples. `None` for empty samples.
///
/// Lower end: `D − k·√(1/n + 1/m)`, k Kolmogorov's quantile at (1 + level)/2. D misses the true distance upwards by at most
/// the largest noise |(F_n − F) − (G_m − G)|. With a² = 1/n and b² = 1/m over their sum, that noise is Gaussian in the limit,
/// and adding an independent Gaussian process makes it a Brownian bridge in the time a²F + b²G; an independent symmetric
/// addend never makes a symmetric convex set likelier (Anderson 1955), so the noise is stochastically no larger than
/// Kolmogorov's. Upper end: `D + z/2·√(1/n + 1/m)`. Where the true distance is taken, D is at least |F_n − G_m| there: the
/// noise of one point, whose variance is F(1−F)/n + G(1−G)/m, at most a quarter of each.
pub fn interval(statistic: f64, n: u64, m: u64, level: f64) -> Option<Interval> {
    if n == 0 || m == 0 || !statistic.is_finite() {
        return None;
    }
    let root = (1.0 / n as f64 + 1.0 / m as f64).sqrt();
    let low = statistic - kolmogorov_quantile((1.0 - level) / 2.0) * root;
    let high = statistic + 0.5 * normal_two_sided(level) * root;
    Some(Interval { low: low.clamp(0.0, 1.0), high: high.clamp(0.0, 1.0) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiny_cases_by_counting() {
        // n = m = 2: of 6 orders, 2 have D = 1 and the others 1/2.
        assert_eq!(exact_p(4, 2, 2), 2.0 / 6.0);
        assert_eq!(exact_p(2, 2, 2), 1.0);
        // n = 1, m = 3: D = 1 where the one is first or last.
        assert_eq!(exact_p(3, 1, 3), 0.5);
        assert_eq!(exact_p(3, 3, 1), 0.5);
        assert_eq!(exact_p(0, 3, 4), 1.0);
    }

    #[test]
    fn ties_and_infinities_are_values() {
        let inf = f64::INFINITY;
        let d = |a: &[f64], b: &[f64]| scaled_distance(a, b) as f64 / (a.len() * b.len()) as f64;
        assert_eq!(d(&[1.0, 1.0, 2.0], &[1.0, 2.0, 2.0]), 2.0 / 3.0 - 1.0 / 3.0);
        assert_eq!(d(&[-inf, 0.0, inf], &[-inf, 0.0, inf]), 0.0);
        assert_eq!(d(&[0.0, 0.0], &[inf, inf]), 1.0);
        assert_eq!(d(&[-0.0], &[0.0]), 0.0);
        assert_eq!(d(&[5.0; 7], &[5.0; 3]), 0.0);
        // A slice that holds NaN against its contract ends the walk, and ends it.
        assert!(d(&[1.0, f64::NAN, f64::NAN], &[f64::NAN, 1.0]) <= 1.0);
    }

    #[test]
    fn intervals_hold_the_statistic() {
        for (d, n, m) in [(0.0, 30, 30), (0.3, 30, 1000), (1.0, 5, 5)] {
            let i = interval(d, n, m, 0.95).unwrap();
            assert!(0.0 <= i.low && i.low <= d && d <= i.high && i.high <= 1.0, "{i:?}");
        }
        assert_eq!(interval(0.1, 0, 3, 0.95), None);
        assert_eq!(test(&[], &[1.0]), None);
    }

    #[test]
    fn the_short_way_finds_what_the_long_way_finds() {
        let mut stream = driftgate_determinism::Stream::new(5, 0);
        for (n, m, values, shift) in [
            (1, 1, 2, 0),
            (3000, 2000, 7, 0),
            (3000, 2000, 100_000, 0),
            (5000, 40, 1000, 90),
            (2000, 5000, 50_000, 700),
        ] {
            for _ in 0..20 {
                let mut side = |rows: usize, shift: u32| {
                    let mut v: Vec<f64> = (0..rows).map(|_| f64::from(stream.below(values) + shift)).collect();
                    v.sort_unstable_by(f64::total_cmp);
                    v
                };
                let (a, b) = (side(n, 0), side(m, shift));
                let gap = |i: usize, j: usize| i as i64 * m as i64 - j as i64 * n as i64;
                assert_eq!(scaled_distance(&a, &b), between(&a, &b, gap).unsigned_abs(), "{n} {m} {values} {shift}");
            }
        }
    }
}
