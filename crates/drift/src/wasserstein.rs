//! The Wasserstein-1 distance of two samples.

use crate::special::normal_two_sided;
use driftgate_model::Interval;

/// A reference's standard deviation below this counts as this, as in Evidently 0.6.7.
pub const LEAST_SD: f64 = 0.001;

/// `∫ |F_n − G_m|` of two **sorted**, finite slices (Vallender 1974), in their unit. O(n + m). `None` where either is empty.
pub fn wasserstein(reference: &[f64], batch: &[f64]) -> Option<f64> {
    if reference.is_empty() || batch.is_empty() {
        return None;
    }
    let (n, m) = (reference.len() as f64, batch.len() as f64);
    let (mut i, mut j, mut sum) = (0, 0, 0.0);
    let mut at = reference[0].min(batch[0]);
    while i < reference.len() || j < batch.len() {
        let a = reference.get(i).copied().unwrap_or(f64::INFINITY);
        let b = batch.get(j).copied().unwrap_or(f64::INFINITY);
        let next = a.min(b);
        let gap = (i as f64 / n - j as f64 / m).abs();
        if gap > 0.0 {
            sum += gap * (next - at);
        }
        at = next;
        if a <= b {
            i += 1;
        } else {
            j += 1;
        }
    }
    Some(sum)
}

/// Mean and standard deviation (divisor n), scaled first so that nothing overflows that need not. `None` for no values.
pub fn mean_sd(values: &[f64]) -> Option<(f64, f64)> {
    if values.is_empty() {
        return None;
    }
    let n = values.len() as f64;
    let scale = values.iter().fold(0.0_f64, |s, v| s.max(v.abs()));
    if scale == 0.0 || !scale.is_finite() {
        return Some((0.0, 0.0));
    }
    // Dividing values near the middle of the range would only cost bits.
    let unit = if (1e-100..1e100).contains(&scale) { 1.0 } else { scale };
    let mean = values.iter().map(|v| v / unit).sum::<f64>() / n;
    let var = values.iter().map(|v| (v / unit - mean).powi(2)).sum::<f64>() / n;
    Some((mean * unit, var.sqrt() * unit))
}

/// An interval for the normed distance `d`.
///
/// Lower end: less `null`, the upper quantile of the distance of two samples of one distribution at these sizes: W₁ misses the
/// truth upwards by at most W₁(F_n, F) + W₁(G_m, G). Upper end: some function of Lipschitz constant 1 attains the true
/// distance (Kantorovich and Rubinstein 1958), its mean difference in the samples is at most W₁(F_n, G_m), and its variance is
/// at most that of the values.
pub fn interval(d: f64, null: f64, sd: (f64, f64), sizes: (usize, usize), level: f64) -> Option<Interval> {
    let unit = sd.0.max(LEAST_SD);
    let (r, c) = (sd.0 / unit, sd.1 / unit);
    let error = (r * r / sizes.0 as f64 + c * c / sizes.1 as f64).sqrt();
    let (low, high) = ((d - null).max(0.0), d + normal_two_sided(level) * error);
    (low.is_finite() && high.is_finite()).then_some(Interval { low, high })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shifts_are_their_size() {
        let a: Vec<f64> = (0..50).map(f64::from).collect();
        let b: Vec<f64> = a.iter().map(|v| v + 2.5).collect();
        assert!((wasserstein(&a, &b).unwrap() - 2.5).abs() < 1e-12);
        assert_eq!(wasserstein(&a, &a), Some(0.0));
        assert_eq!(wasserstein(&[], &a), None);
        // scipy.stats.wasserstein_distance([0, 1, 3], [5, 6, 8]) = 5.
        assert!((wasserstein(&[0.0, 1.0, 3.0], &[5.0, 6.0, 8.0]).unwrap() - 5.0).abs() < 1e-15);
    }

    #[test]
    fn moments_of_huge_values_are_finite() {
        let (mean, sd) = mean_sd(&[1e308, -1e308]).unwrap();
        assert_eq!(mean, 0.0);
        assert!((sd / 1e308 - 1.0).abs() < 1e-12);
        assert_eq!(mean_sd(&[2.0, 4.0]), Some((3.0, 1.0)));
    }
}
