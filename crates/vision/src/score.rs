/// Class by class shares of each row: the softmax of logits divided by the temperature, in 64-bit numbers.
pub(crate) fn softmax(logits: &[f32], temperature: f64, shares: &mut Vec<f64>) {
    let top = f64::from(largest(logits));
    let start = shares.len();
    shares.extend(logits.iter().map(|l| ((f64::from(*l) - top) / temperature).exp()));
    let sum: f64 = shares[start..].iter().sum();
    shares[start..].iter_mut().for_each(|s| *s /= sum);
}

fn largest(logits: &[f32]) -> f32 {
    logits.iter().copied().fold(f32::NEG_INFINITY, f32::max)
}

/// Mean loss and share of right answers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Score {
    pub loss: f64,
    pub accuracy: f64,
}

/// Scores logits; `code(row)` is the class of a row. `None` where a logit is not finite.
pub(crate) fn score(logits: &[f32], classes: usize, code: impl Fn(usize) -> u32) -> Option<Score> {
    if logits.iter().any(|l| !l.is_finite()) {
        return None;
    }
    let (mut loss, mut right, rows) = (0.0, 0_usize, logits.len() / classes);
    for (row, logits) in logits.chunks_exact(classes).enumerate() {
        let class = code(row) as usize;
        loss += negative_log_likelihood(logits, class, 1.0);
        right += usize::from(top(logits) == class);
    }
    Some(Score { loss: loss / rows as f64, accuracy: right as f64 / rows as f64 })
}

/// The place of the largest, the first of equals.
fn top(logits: &[f32]) -> usize {
    let better = |best: usize, i: usize| if logits[i] > logits[best] { i } else { best };
    (1..logits.len()).fold(0, better)
}

/// −log of the share that softmax gives `class`.
pub(crate) fn negative_log_likelihood(logits: &[f32], class: usize, temperature: f64) -> f64 {
    let top = f64::from(largest(logits));
    let sum: f64 = logits.iter().map(|l| ((f64::from(*l) - top) / temperature).exp()).sum();
    sum.ln() - (f64::from(logits[class]) - top) / temperature
}
