//! Weighted sums in a fixed order.

/// Σ weight × value, in four interleaved sums that are added at the end: the order never depends on threads, and the
/// compiler can use vector registers.
pub(super) fn weighted_sum(weights: &[u32], values: &[f64]) -> f64 {
    let mut lanes = [0.0f64; 4];
    let (w4, v4) = (weights.chunks_exact(4), values.chunks_exact(4));
    let rest: f64 = w4.remainder().iter().zip(v4.remainder()).map(|(&w, v)| f64::from(w) * v).sum();
    for (w, v) in w4.zip(v4) {
        for ((lane, &w), v) in lanes.iter_mut().zip(w).zip(v) {
            *lane += f64::from(w) * v;
        }
    }
    (lanes[0] + lanes[1]) + (lanes[2] + lanes[3]) + rest
}
