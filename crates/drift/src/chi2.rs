//! Pearson's χ² on category counts: two samples against each other, or one against given shares.

use crate::special::{chi2_sf, noncentrality};
use driftgate_model::Interval;

/// Expected counts below this are merged (Cochran 1954).
pub const SPARSE: f64 = 5.0;

/// What a χ² test found.
#[derive(Debug, Clone, PartialEq)]
pub struct ChiSquare {
    /// Pearson's χ².
    pub statistic: f64,
    /// Degrees of freedom: cells after merging, less one.
    pub df: u64,
    /// P(χ² ≥ statistic); 1 where `df` is 0.
    pub p_value: f64,
    /// Cells that were merged into one, those with no count in either sample left out.
    pub merged: usize,
    /// Standard error of the effect by the delta method, both samples multinomial with the shares seen; 0 for
    /// [`goodness_of_fit`].
    pub effect_error: f64,
}

/// Homogeneity of two samples over the same `k` cells. `None` where either has no counts or the lengths differ.
///
/// Cells whose pooled expectation is below [`SPARSE`] in either sample become one; while that one is itself below, the next
/// smallest cell joins it (by pooled count, then by position). Merging looks at pooled counts alone, which keeps the test
/// valid given the margins.
pub fn homogeneity(reference: &[u64], batch: &[u64]) -> Option<ChiSquare> {
    if reference.len() != batch.len() {
        return None;
    }
    let (n, m) = (total(reference), total(batch));
    if n == 0.0 || m == 0.0 {
        return None;
    }
    let (cells, merged) = merge(reference, batch, n.min(m) / (n + m));
    let statistic: f64 = cells
        .iter()
        .map(|&(a, b)| {
            let pooled = a + b;
            // (a − n·pooled/N)²/(n·pooled/N) of both samples together.
            let gap = a * m - b * n;
            gap * gap / (n * m * pooled)
        })
        .sum();
    Some(ChiSquare { effect_error: effect_error(&cells, n, m), ..finished(statistic, cells.len(), merged) })
}

/// The standard error of w: w² = Σ (p − q)²/π with π pooled, whose derivatives by p and q have these variances under
/// multinomial sampling. Near no difference it is √(1/n + 1/m), as the noncentral χ² has it; where shares differ much, larger.
fn effect_error(cells: &[(f64, f64)], n: f64, m: f64) -> f64 {
    let (mut square, mut first, mut second) = (0.0, [0.0; 2], [0.0; 2]);
    for &(a, b) in cells {
        let (p, q) = (a / n, b / m);
        let ratio = (p - q) * (n + m) / (a + b);
        square += (p - q) * ratio;
        let slopes = [2.0 * ratio - ratio * ratio * n / (n + m), -2.0 * ratio - ratio * ratio * m / (n + m)];
        for (side, share) in [p, q].into_iter().enumerate() {
            first[side] += share * slopes[side];
            second[side] += share * slopes[side] * slopes[side];
        }
    }
    let variance = |side: usize| (second[side] - first[side] * first[side]).max(0.0);
    let error = (variance(0) / n + variance(1) / m).sqrt() / (2.0 * square.sqrt());
    if error.is_finite() { error } else { (1.0 / n + 1.0 / m).sqrt() }
}

/// Goodness of fit of batch counts to the reference's shares, the reference taken as known: the Python reference's test.
///
/// No cell is merged. A category that the reference lacks has expectation 0, and any count of it makes the statistic
/// infinite and p 0. `None` where either has no counts or the lengths differ. The reference's own sampling error is not part of
/// it: use [`homogeneity`] for verdicts.
pub fn goodness_of_fit(reference: &[u64], batch: &[u64]) -> Option<ChiSquare> {
    let (n, m) = (total(reference), total(batch));
    if reference.len() != batch.len() || n == 0.0 || m == 0.0 {
        return None;
    }
    let pairs = reference.iter().zip(batch).filter(|(a, b)| **a + **b > 0);
    let cells: Vec<(f64, f64)> = pairs.map(|(&a, &b)| (a as f64 * m / n, b as f64)).collect();
    let statistic = cells.iter().map(|&(e, b)| if e > 0.0 { (b - e) * (b - e) / e } else { f64::INFINITY }).sum();
    Some(finished(statistic, cells.len(), 0))
}

fn total(counts: &[u64]) -> f64 {
    counts.iter().map(|&c| c as f64).sum()
}

fn finished(statistic: f64, cells: usize, merged: usize) -> ChiSquare {
    let df = cells.saturating_sub(1) as u64;
    let p_value = if df == 0 { 1.0 } else { chi2_sf(statistic, df as f64) };
    ChiSquare { statistic, df, p_value, merged, effect_error: 0.0 }
}

/// The cells as pairs of counts, sparse ones as one; `share` of the smaller sample in the pooled one.
fn merge(reference: &[u64], batch: &[u64], share: f64) -> (Vec<(f64, f64)>, usize) {
    let pairs = reference.iter().zip(batch).map(|(&a, &b)| (a as f64, b as f64));
    let mut cells: Vec<(f64, f64)> = pairs.filter(|(a, b)| a + b > 0.0).collect();
    cells.sort_by(|x, y| (x.0 + x.1).total_cmp(&(y.0 + y.1)));
    let (mut rest, mut taken) = ((0.0, 0.0), 0);
    for &(a, b) in &cells {
        let rest_is_small = (rest.0 + rest.1) * share < SPARSE;
        if (a + b) * share >= SPARSE && (taken == 0 || !rest_is_small) {
            break;
        }
        rest = (rest.0 + a, rest.1 + b);
        taken += 1;
    }
    if taken < 2 {
        return (cells, 0);
    }
    cells.drain(..taken);
    cells.push(rest);
    (cells, taken)
}

/// Cohen's w with pooled weights: `√(χ²·(1/n + 1/m))`, the root of `Σ (p − q)²/pooled share` (Cohen 1988).
pub fn effect(statistic: f64, n: u64, m: u64) -> f64 {
    (statistic * (1.0 / n as f64 + 1.0 / m as f64)).sqrt()
}

/// An interval for Cohen's w: the noncentralities whose χ² distribution has the statistic within its middle `level` (Steiger
/// and Fouladi 1997), widened to `(w ± z·effect_error)² − df·(1/n + 1/m)`, its square, where that is wider: the noncentral χ² is
/// the law of small differences, and large ones scatter more. With no degree of freedom the samples share one category: 0 to
/// what one degree could miss.
pub fn interval(found: &ChiSquare, n: u64, m: u64, level: f64) -> Option<Interval> {
    if n == 0 || m == 0 || !found.statistic.is_finite() {
        return None;
    }
    let z = crate::special::normal_two_sided(level);
    if found.df == 0 {
        return Some(Interval { low: 0.0, high: effect(z * z, n, m) });
    }
    let (df, tail) = (found.df as f64, (1.0 - level) / 2.0);
    let w = |share: f64| effect(noncentrality(found.statistic, df, share), n, m);
    let (seen, bias) = (effect(found.statistic, n, m), df * (1.0 / n as f64 + 1.0 / m as f64));
    let end = |w: f64| (w.max(0.0).powi(2) - bias).max(0.0).sqrt();
    let low = w(1.0 - tail).min(end(seen - z * found.effect_error));
    let high = w(tail).max(end(seen + z * found.effect_error)).max(low);
    Some(Interval { low, high })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sparse_cells_are_merged_smallest_first() {
        let found = homogeneity(&[50, 3, 2, 1, 40], &[50, 2, 3, 1, 40]).unwrap();
        assert_eq!((found.df, found.merged), (2, 3));
        // Two sparse cells are not enough together: the next smallest joins them.
        let found = homogeneity(&[2, 20, 100], &[1, 21, 100]).unwrap();
        assert_eq!((found.df, found.merged), (1, 2));
        let one = homogeneity(&[2, 1], &[1, 1]).unwrap();
        assert_eq!((one.df, one.p_value), (0, 1.0));
        assert_eq!(homogeneity(&[0, 0], &[1, 2]), None);
        // A category that neither has changes nothing.
        assert_eq!(homogeneity(&[10, 0, 20], &[20, 0, 10]), homogeneity(&[10, 20], &[20, 10]));
    }

    #[test]
    fn the_order_of_the_samples_does_not_matter() {
        let (a, b) = (homogeneity(&[30, 50, 20], &[300, 600, 100]), homogeneity(&[300, 600, 100], &[30, 50, 20]));
        assert!((a.unwrap().statistic - b.unwrap().statistic).abs() < 1e-12);
    }

    #[test]
    fn intervals_lie_around_the_effect() {
        for (statistic, df) in [(1.0, 3), (10.0, 3), (500.0, 3), (1e6, 20)] {
            let i = interval(&finished(statistic, df + 1, 0), 4000, 300, 0.95).unwrap();
            assert!(i.low <= effect(statistic, 4000, 300) && i.low <= i.high, "{statistic}: {i:?}");
        }
        assert_eq!(interval(&finished(0.0, 1, 0), 10, 0, 0.95), None);
        assert!(interval(&finished(0.0, 1, 0), 100, 100, 0.95).unwrap().high > 0.2);
        // Hardly any difference: the delta method's error is that of the noncentral χ².
        let small = homogeneity(&[5000, 3000, 2000], &[510, 300, 190]).unwrap();
        assert!((small.effect_error / (1e-4_f64 + 1e-3).sqrt() - 1.0).abs() < 0.1, "{small:?}");
    }
}
