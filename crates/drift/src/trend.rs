//! Whether a series goes up or down.

use crate::special::normal_sf;

/// A trend test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TrendTest {
    /// Kendall's tau-b of the values against their order, −1 to 1.
    pub tau: f64,
    /// Two-sided p-value.
    pub p_value: f64,
}

/// The fewest values a trend is sought in.
const FEWEST: usize = 4;

/// The Mann–Kendall test (Mann 1945; Kendall 1975) with its correction for ties and for continuity.
///
/// `None` with fewer than 4 values, where a value is NaN, or where all are equal.
pub fn mann_kendall(values: &[f64]) -> Option<TrendTest> {
    let n = values.len();
    if n < FEWEST || values.iter().any(|v| v.is_nan()) {
        return None;
    }
    let mut s: i64 = 0;
    for (i, a) in values.iter().enumerate() {
        s += values[i + 1..].iter().map(|b| i64::from(b > a) - i64::from(b < a)).sum::<i64>();
    }
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let (mut tied_pairs, mut correction) = (0.0, 0.0);
    for group in sorted.chunk_by(|a, b| a == b) {
        let t = group.len() as f64;
        tied_pairs += t * (t - 1.0) / 2.0;
        correction += t * (t - 1.0) * (2.0 * t + 5.0);
    }
    let n = n as f64;
    let pairs = n * (n - 1.0) / 2.0;
    let variance = (n * (n - 1.0) * (2.0 * n + 5.0) - correction) / 18.0;
    if variance <= 0.0 || tied_pairs >= pairs {
        return None;
    }
    let s = s as f64;
    let z = (s.abs() - 1.0).max(0.0) / variance.sqrt();
    Some(TrendTest { tau: s / (pairs * (pairs - tied_pairs)).sqrt(), p_value: (2.0 * normal_sf(z)).min(1.0) })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_rising_series_rises_and_a_level_one_does_not() {
        let rising = mann_kendall(&[0.0, 0.1, 0.1, 0.3, 0.4, 0.6, 0.7]).unwrap();
        assert!(rising.tau > 0.9 && rising.p_value < 0.01, "{rising:?}");
        let falling = mann_kendall(&[0.7, 0.6, 0.4, 0.3, 0.1, 0.1, 0.0]).unwrap();
        assert_eq!((falling.tau, falling.p_value), (-rising.tau, rising.p_value));
        let level = mann_kendall(&[0.1, 0.3, 0.1, 0.3, 0.1, 0.3]).unwrap();
        assert!(level.p_value > 0.3, "{level:?}");
    }

    #[test]
    fn without_ties_it_is_kendalls_tau() {
        // By hand: of the 10 pairs of 1 3 2 5 4, 8 go up and 2 down; the variance is 5·4·15/18.
        let t = mann_kendall(&[1.0, 3.0, 2.0, 5.0, 4.0]).unwrap();
        assert!((t.tau - 0.6).abs() < 1e-15);
        let z = 5.0 / (5.0 * 4.0 * 15.0 / 18.0_f64).sqrt();
        assert!((t.p_value - 2.0 * normal_sf(z)).abs() < 1e-15);
    }

    #[test]
    fn what_cannot_be_told_is_none() {
        assert_eq!(mann_kendall(&[0.1, 0.2, 0.3]), None);
        assert_eq!(mann_kendall(&[0.5; 9]), None);
        assert_eq!(mann_kendall(&[0.1, f64::NAN, 0.3, 0.4]), None);
    }
}
