//! The Jensen–Shannon distance.

/// The root of the Jensen–Shannon divergence (Lin 1991) of the cells' shares, natural logarithm: 0 to √ln 2 = 0.83. `None`
/// where either side is empty or the lengths differ.
pub fn jensen_shannon(reference: &[u64], batch: &[u64]) -> Option<f64> {
    let (n, m) = (reference.iter().sum::<u64>() as f64, batch.iter().sum::<u64>() as f64);
    if reference.len() != batch.len() || n == 0.0 || m == 0.0 {
        return None;
    }
    let part = |p: f64, middle: f64| if p > 0.0 { p * (p / middle).ln() } else { 0.0 };
    let sum: f64 = reference
        .iter()
        .zip(batch)
        .map(|(&a, &b)| {
            let (r, c) = (a as f64 / n, b as f64 / m);
            let middle = 0.5 * (r + c);
            part(r, middle) + part(c, middle)
        })
        .sum();
    Some((0.5 * sum).max(0.0).sqrt())
}
