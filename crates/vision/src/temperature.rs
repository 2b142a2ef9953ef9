use crate::score::negative_log_likelihood;

/// The range that is searched.
pub(crate) const RANGE: (f64, f64) = (0.05, 20.0);
/// Halvings of the range by the golden section: from 6 on a logarithmic scale to below 1e-10.
const STEPS: u32 = 52;

/// The temperature with the least negative log likelihood of the right classes.
///
/// That likelihood has one least value over the temperature (it is convex in 1/T), so the golden section finds it.
pub(crate) fn fit(logits: &[f32], classes: usize, codes: impl Fn(usize) -> u32) -> f64 {
    let loss = |log_t: f64| -> f64 {
        let row = |(row, l): (usize, &[f32])| negative_log_likelihood(l, codes(row) as usize, log_t.exp());
        logits.chunks_exact(classes).enumerate().map(row).sum()
    };
    let ratio = (5_f64.sqrt() - 1.0) / 2.0;
    let (mut low, mut high) = (RANGE.0.ln(), RANGE.1.ln());
    let (mut a, mut b) = (high - ratio * (high - low), low + ratio * (high - low));
    let (mut at_a, mut at_b) = (loss(a), loss(b));
    for _ in 0..STEPS {
        if at_a <= at_b {
            (high, b, at_b) = (b, a, at_a);
            a = high - ratio * (high - low);
            at_a = loss(a);
        } else {
            (low, a, at_a) = (a, b, at_b);
            b = low + ratio * (high - low);
            at_b = loss(b);
        }
    }
    f64::midpoint(low, high).exp().clamp(RANGE.0, RANGE.1)
}
