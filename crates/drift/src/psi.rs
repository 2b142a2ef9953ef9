//! The population stability index.

/// `Σ (c − r)·ln(c/r)` over the cells' shares, r of the reference and c of the batch: the sum of both Kullback–Leibler
/// divergences (Jeffreys 1946). `None` where either side is empty or the lengths differ.
///
/// A share of 0 is filled as Evidently 0.6.7 does it: with 0.0001, or, where the smallest share of that side is not above
/// 0.0001, with a millionth of that.
pub fn psi(reference: &[u64], batch: &[u64]) -> Option<f64> {
    let (n, m) = (reference.iter().sum::<u64>() as f64, batch.iter().sum::<u64>() as f64);
    if reference.len() != batch.len() || n == 0.0 || m == 0.0 {
        return None;
    }
    let (fill_r, fill_c) = (fill(reference, n), fill(batch, m));
    let terms = reference.iter().zip(batch).filter(|(a, b)| **a + **b > 0).map(|(&a, &b)| {
        let r = if a == 0 { fill_r } else { a as f64 / n };
        let c = if b == 0 { fill_c } else { b as f64 / m };
        (c - r) * (c / r).ln()
    });
    Some(terms.sum())
}

fn fill(counts: &[u64], total: f64) -> f64 {
    let least = counts.iter().copied().filter(|&c| c > 0).min().unwrap_or(0) as f64 / total;
    if least <= 1e-4 { least / 1e6 } else { 1e-4 }
}
