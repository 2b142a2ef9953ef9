//! Random numbers of the shapes that pictures need, over a seeded stream.

use driftgate_determinism::Stream;

/// A seed of its own for each purpose (SplitMix64).
pub(crate) fn seed_for(seed: u64, purpose: u64) -> u64 {
    let mut z = seed.wrapping_add(purpose.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    z = (z ^ z >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ z >> 31
}

/// Uniform in [low, high).
pub(crate) fn between(stream: &mut Stream, low: f64, high: f64) -> f64 {
    low + (high - low) * stream.uniform()
}

/// Standard normal (Box and Muller 1958).
pub(crate) fn gauss(stream: &mut Stream) -> f64 {
    let radius = (-2.0 * (1.0 - stream.uniform()).ln()).sqrt();
    radius * (std::f64::consts::TAU * stream.uniform()).cos()
}

/// Poisson with mean `mean`, by inversion outward from the mode.
pub(crate) fn poisson(stream: &mut Stream, mean: f64) -> f64 {
    if mean <= 0.0 {
        return 0.0;
    }
    let mode = mean.floor();
    let (mut up, mut down) = (mode, mode);
    let mut likely = (mode * mean.ln() - mean - ln_factorial(mode)).exp();
    let mut below = likely;
    let mut left = stream.uniform() - likely;
    // Beyond 40 standard deviations nothing is left but rounding.
    let last = mode + 40.0 * mean.sqrt() + 40.0;
    while left >= 0.0 && up < last {
        up += 1.0;
        likely *= mean / up;
        left -= likely;
        if left < 0.0 {
            return up;
        }
        if down > 0.0 {
            below *= down / mean;
            down -= 1.0;
            left -= below;
            if left < 0.0 {
                return down;
            }
        }
    }
    mode
}

/// ln n! for whole n (Stirling's series from 10 on).
fn ln_factorial(n: f64) -> f64 {
    if n < 10.0 {
        return (2..=n as u32).map(|i| f64::from(i).ln()).sum();
    }
    let half_ln_tau = 0.5 * std::f64::consts::TAU.ln();
    (n + 0.5) * n.ln() - n + half_ln_tau + 1.0 / (12.0 * n) - 1.0 / (360.0 * n * n * n)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moments(draw: impl Fn(&mut Stream) -> f64) -> (f64, f64) {
        let mut stream = Stream::new(1, 1);
        let drawn: Vec<f64> = (0..20_000).map(|_| draw(&mut stream)).collect();
        let mean = drawn.iter().sum::<f64>() / 20_000.0;
        (mean, drawn.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / 20_000.0)
    }

    #[test]
    fn draws_have_their_moments() {
        let (mean, variance) = moments(gauss);
        assert!(mean.abs() < 0.04 && (variance - 1.0).abs() < 0.06, "{mean} {variance}");
        for wanted in [0.3, 4.0, 60.0, 480.0] {
            let (mean, variance) = moments(|s| poisson(s, wanted));
            let error = 6.0 * (wanted / 20_000.0_f64).sqrt();
            assert!((mean - wanted).abs() < error, "{wanted}: {mean}");
            assert!((variance / wanted - 1.0).abs() < 0.1, "{wanted}: {variance}");
        }
        assert_eq!(poisson(&mut Stream::new(1, 1), 0.0), 0.0);
    }
}
