//! Two shares: missing values, new categories, hits.

use crate::special::{chi2_sf, normal_sf, normal_two_sided};
use driftgate_model::Interval;

/// The method of a comparison that could not have come out otherwise: its p-value is 1 whatever the truth, so that it takes no
/// part in the adjustment of others (Tarone 1990).
pub const CERTAIN: &str = "certain";

/// Which differences count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Either way.
    Two,
    /// The batch's share is the larger one.
    Greater,
}

/// What [`test()`] found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shares {
    /// Fisher's exact test: the odds ratio is not computed, so the difference; else the signed root of χ².
    pub statistic: f64,
    /// The p-value.
    pub p_value: f64,
    /// `fisher`, `chisquare`, or [`CERTAIN`] where no row or every row of both sides is a hit.
    pub method: &'static str,
    /// Share of the batch less share of the reference.
    pub difference: f64,
}

/// Whether `batch_hits` of `batch_rows` is another share than `reference_hits` of `reference_rows`.
///
/// Fisher's exact test where any expected count is below 5, else Pearson's χ² without correction. `None` where either side
/// has no rows. Hits above the rows count as all rows.
pub fn test(reference_hits: u64, reference_rows: u64, batch_hits: u64, batch_rows: u64, side: Side) -> Option<Shares> {
    if reference_rows == 0 || batch_rows == 0 {
        return None;
    }
    let (a, b) = (reference_hits.min(reference_rows), batch_hits.min(batch_rows));
    let (n, m) = (reference_rows as f64, batch_rows as f64);
    let difference = b as f64 / m - a as f64 / n;
    let (hits, all) = ((a + b) as f64, n + m);
    let least = n.min(m) * hits.min(all - hits) / all;
    if least == 0.0 {
        return Some(Shares { statistic: difference, p_value: 1.0, method: CERTAIN, difference });
    }
    if least < 5.0 {
        let p_value = fisher(a, reference_rows, b, batch_rows, side);
        return Some(Shares { statistic: difference, p_value, method: "fisher", difference });
    }
    let gap = b as f64 * n - a as f64 * m;
    let statistic = gap / (n * m * hits * (all - hits) / all).sqrt();
    let p_value = match side {
        Side::Two => chi2_sf(statistic * statistic, 1.0),
        Side::Greater => normal_sf(statistic),
    };
    Some(Shares { statistic, p_value, method: "chisquare", difference })
}

/// Fisher's exact test (1935): given the margins, the batch's hits are hypergeometric. Two-sided: all outcomes that are no
/// likelier than the one seen.
fn fisher(a: u64, n: u64, b: u64, m: u64, side: Side) -> f64 {
    let hits = a + b;
    let (low, high) = (hits.saturating_sub(n), hits.min(m));
    let (k, draws, all) = (hits as f64, m as f64, (n + m) as f64);
    let up = |x: f64| (k - x) * (draws - x) / ((x + 1.0) * (all - k - draws + x + 1.0));
    let mode = (((k + 1.0) * (draws + 1.0) / (all + 2.0)) as u64).clamp(low, high);
    // Chances as multiples of the mode's.
    let mut weights = vec![0.0; (high - low + 1) as usize];
    let at = (mode - low) as usize;
    weights[at] = 1.0;
    for i in at + 1..weights.len() {
        weights[i] = weights[i - 1] * up((low + i as u64 - 1) as f64);
    }
    for i in (0..at).rev() {
        weights[i] = weights[i + 1] / up((low + i as u64) as f64);
    }
    let seen = (b - low) as usize;
    let limit = weights[seen] * (1.0 + 1e-9);
    // Smallest first on both flanks, so that a small tail keeps its precision.
    let sum = |range: &mut dyn Iterator<Item = f64>| range.sum::<f64>();
    let (left, right) = weights.split_at(at);
    let all_weights = sum(&mut left.iter().copied()) + sum(&mut right.iter().rev().copied());
    let tail = match side {
        Side::Two => {
            sum(&mut left.iter().copied().filter(|w| *w <= limit))
                + sum(&mut right.iter().rev().copied().filter(|w| *w <= limit))
        }
        Side::Greater => sum(&mut weights[seen..].iter().rev().copied()),
    };
    (tail / all_weights).clamp(0.0, 1.0)
}

/// Newcombe's interval for the batch's share less the reference's: two Wilson intervals, combined by squares (Newcombe 1998,
/// method 10). `None` where either side has no rows.
pub fn interval(
    reference_hits: u64,
    reference_rows: u64,
    batch_hits: u64,
    batch_rows: u64,
    level: f64,
) -> Option<Interval> {
    let r = wilson(reference_hits.min(reference_rows) as f64, reference_rows as f64, level)?;
    let b = wilson(batch_hits.min(batch_rows) as f64, batch_rows as f64, level)?;
    Some(newcombe((r.0, &r.1), (b.0, &b.1)))
}

/// The same for shares that are given with their rows, such as an accuracy.
pub(crate) fn interval_of_shares(reference: (f64, u64), batch: (f64, u64), level: f64) -> Option<Interval> {
    let r = wilson(reference.0.clamp(0.0, 1.0) * reference.1 as f64, reference.1 as f64, level)?;
    let b = wilson(batch.0.clamp(0.0, 1.0) * batch.1 as f64, batch.1 as f64, level)?;
    Some(newcombe((r.0, &r.1), (b.0, &b.1)))
}

fn newcombe((p, r): (f64, &Interval), (q, b): (f64, &Interval)) -> Interval {
    let difference = q - p;
    let low = difference - (q - b.low).hypot(r.high - p);
    let high = difference + (b.high - q).hypot(p - r.low);
    Interval { low: low.max(-1.0), high: high.min(1.0) }
}

/// A share and Wilson's score interval for it (Wilson 1927).
pub(crate) fn wilson(hits: f64, rows: f64, level: f64) -> Option<(f64, Interval)> {
    if rows <= 0.0 {
        return None;
    }
    let z = normal_two_sided(level);
    let share = (hits / rows).clamp(0.0, 1.0);
    let scale = 1.0 + z * z / rows;
    let centre = (share + z * z / (2.0 * rows)) / scale;
    let half = z * (share * (1.0 - share) / rows + z * z / (4.0 * rows * rows)).sqrt() / scale;
    let low = if share <= 0.0 { 0.0 } else { (centre - half).clamp(0.0, share) };
    let high = if share >= 1.0 { 1.0 } else { (centre + half).clamp(share, 1.0) };
    Some((share, Interval { low, high }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newcombe_1998_table_2() {
        // 56/70 against 48/80, method 10: 0.0524 to 0.3339.
        let i = interval(48, 80, 56, 70, 0.95).unwrap();
        assert!((i.low - 0.0524).abs() < 5e-5 && (i.high - 0.3339).abs() < 5e-5, "{i:?}");
        // 10/10 against 0/20: 0.6791 to 1.
        let i = interval(0, 20, 10, 10, 0.95).unwrap();
        assert!((i.low - 0.6791).abs() < 5e-5 && i.high == 1.0, "{i:?}");
    }

    #[test]
    fn edges() {
        assert_eq!(test(0, 0, 1, 2, Side::Two), None);
        let none = test(0, 10, 0, 10, Side::Two).unwrap();
        assert_eq!((none.p_value, none.method), (1.0, CERTAIN));
        assert_eq!(test(0, 10, 0, 10, Side::Greater).unwrap().p_value, 1.0);
        let all = test(10, 10, 10, 10, Side::Two).unwrap();
        assert_eq!(all.p_value, 1.0);
        // Lady tasting tea: 1/70 one-sided.
        assert!((test(0, 4, 4, 4, Side::Greater).unwrap().p_value - 1.0 / 70.0).abs() < 1e-15);
        assert!((test(0, 4, 4, 4, Side::Two).unwrap().p_value - 2.0 / 70.0).abs() < 1e-15);
    }
}
