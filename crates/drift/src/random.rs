use crate::special::ln_factorial;
use driftgate_determinism::Stream;

/// A seed of its own for work on the column `name` (FNV-1a), so that neither the order of the columns nor what else is
/// checked changes a draw.
pub(crate) fn named_seed(seed: u64, name: &str) -> u64 {
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
    seed ^ hash
}

/// Counts drawn from the usual distributions.
pub(crate) trait Draws {
    /// How many of `marked` among `total` items are in a uniform draw of `draws` without replacement.
    fn hypergeometric(&mut self, total: u64, marked: u64, draws: u64) -> u64;
    /// Successes of `n` trials with chance `p`.
    fn binomial(&mut self, n: u64, p: f64) -> u64;
    /// Counts of `n` draws over cells with chances in proportion to `weights`.
    fn multinomial(&mut self, n: u64, weights: &[u64], out: &mut [u64]);
    /// Splits pooled counts: what a uniform draw of `draws` items without replacement takes of each cell.
    fn split(&mut self, pooled: &[u64], draws: u64, out: &mut [u64]);
}

impl Draws for Stream {
    fn hypergeometric(&mut self, total: u64, marked: u64, draws: u64) -> u64 {
        let (marked, draws) = (marked.min(total), draws.min(total));
        // Which of the two sets is drawn from the other makes no difference to the count of the overlap.
        let (small, large) = (marked.min(draws), marked.max(draws));
        if small <= 24 {
            let mut hits = 0;
            for i in 0..small {
                let share = (large - hits) as f64 / (total - i) as f64;
                hits += u64::from(self.uniform() < share);
            }
            return hits;
        }
        let low = (marked + draws).saturating_sub(total);
        let mode = (((marked + 1) as f64 * (draws + 1) as f64 / (total + 2) as f64) as u64).clamp(low, small);
        let choose = |n: u64, k: u64| ln_factorial(n) - ln_factorial(k) - ln_factorial(n - k);
        let at_mode = (choose(marked, mode) + choose(total - marked, draws - mode) - choose(total, draws)).exp();
        let (k, n, rest) = (marked as f64, draws as f64, total as f64 - marked as f64 - draws as f64);
        let up = |x: f64| (k - x) * (n - x) / ((x + 1.0) * (rest + x + 1.0));
        outward(self, low, small, mode, at_mode, up)
    }

    fn binomial(&mut self, n: u64, p: f64) -> u64 {
        if n == 0 || p <= 0.0 {
            return 0;
        }
        if p >= 1.0 {
            return n;
        }
        if n <= 24 {
            return (0..n).map(|_| u64::from(self.uniform() < p)).sum();
        }
        let mode = (((n + 1) as f64 * p) as u64).min(n);
        let (m, all) = (mode as f64, n as f64);
        let ln = ln_factorial(n) - ln_factorial(mode) - ln_factorial(n - mode) + m * p.ln() + (all - m) * (-p).ln_1p();
        let odds = p / (1.0 - p);
        outward(self, 0, n, mode, ln.exp(), |x| (all - x) / (x + 1.0) * odds)
    }

    fn multinomial(&mut self, n: u64, weights: &[u64], out: &mut [u64]) {
        let (mut left, mut mass) = (n, weights.iter().sum::<u64>());
        for (cell, &w) in out.iter_mut().zip(weights) {
            *cell = if mass == 0 { 0 } else { self.binomial(left, w as f64 / mass as f64) };
            left -= *cell;
            mass -= w;
        }
    }

    fn split(&mut self, pooled: &[u64], draws: u64, out: &mut [u64]) {
        let (mut left, mut total) = (draws, pooled.iter().sum::<u64>());
        for (cell, &c) in out.iter_mut().zip(pooled) {
            *cell = if left == 0 { 0 } else { self.hypergeometric(total, c, left) };
            left -= *cell;
            total -= c;
        }
    }
}

/// Inversion of a one-peaked distribution over `low..=high`, summed outward from its mode: about as many steps as its
/// standard deviation. `up(x)` is P(x + 1) / P(x).
fn outward(stream: &mut Stream, low: u64, high: u64, mode: u64, at_mode: f64, up: impl Fn(f64) -> f64) -> u64 {
    let mut left = stream.uniform() - at_mode;
    if left < 0.0 {
        return mode;
    }
    let (mut below, mut above) = (mode, mode);
    let (mut p_below, mut p_above) = (at_mode, at_mode);
    // Below 1e-18 of the mass nothing can be hit but by rounding.
    while (below > low && p_below > 1e-18) || (above < high && p_above > 1e-18) {
        if above < high {
            p_above *= up(above as f64);
            above += 1;
            left -= p_above;
            if left < 0.0 {
                return above;
            }
        }
        if below > low {
            below -= 1;
            p_below /= up(below as f64);
            left -= p_below;
            if left < 0.0 {
                return below;
            }
        }
    }
    mode
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moments(mut draw: impl FnMut() -> u64) -> (f64, f64) {
        let all: Vec<f64> = (0..40_000).map(|_| draw() as f64).collect();
        let mean = all.iter().sum::<f64>() / all.len() as f64;
        (mean, all.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / all.len() as f64)
    }

    #[test]
    fn draws_have_their_moments() {
        let mut stream = Stream::new(3, 1);
        for (total, marked, draws) in [(1000, 300, 200), (50, 20, 30), (1_000_000, 400_000, 10_000), (60, 50, 40)] {
            let (mean, var) = moments(|| stream.hypergeometric(total, marked, draws));
            let (t, k, n) = (total as f64, marked as f64, draws as f64);
            let want = n * k / t * (1.0 - k / t) * (t - n) / (t - 1.0);
            assert!((mean - n * k / t).abs() < 5.0 * (want / 40_000.0).sqrt(), "{total} {marked} {draws}: {mean}");
            assert!((var / want - 1.0).abs() < 0.05, "{total} {marked} {draws}: {var} against {want}");
        }
        for (n, p) in [(20, 0.3), (500, 0.02), (100_000, 0.7)] {
            let (mean, var) = moments(|| stream.binomial(n, p));
            let want = n as f64 * p * (1.0 - p);
            assert!((mean - n as f64 * p).abs() < 5.0 * (want / 40_000.0).sqrt(), "{n} {p}: {mean}");
            assert!((var / want - 1.0).abs() < 0.05, "{n} {p}: {var} against {want}");
        }
    }

    #[test]
    fn splits_and_multinomials_keep_their_totals() {
        let mut stream = Stream::new(9, 2);
        let pooled = [5, 0, 100, 33, 1];
        let mut out = [0; 5];
        for draws in [0, 1, 60, 139] {
            stream.split(&pooled, draws, &mut out);
            assert_eq!(out.iter().sum::<u64>(), draws);
            assert!(out.iter().zip(&pooled).all(|(o, p)| o <= p), "{out:?}");
            stream.multinomial(draws, &pooled, &mut out);
            assert_eq!(out.iter().sum::<u64>(), draws);
            assert_eq!(out[1], 0);
        }
    }

    #[test]
    fn streams_differ_by_seed_index_and_name() {
        let first = |seed, index| Stream::new(seed, index).below(u32::MAX);
        assert_eq!(first(1, 2), first(1, 2));
        assert_ne!(first(1, 2), first(1, 3));
        assert_ne!(first(1, 2), first(2, 2));
        assert_ne!(named_seed(1, "a"), named_seed(1, "b"));
    }
}
