//! Distribution functions: Kolmogorov's, the χ² ones, the normal. Numbers in, numbers out; arguments outside a domain give
//! the limit, never a panic.

use statrs::function::{erf, factorial, gamma};

/// ln n!
pub(crate) fn ln_factorial(n: u64) -> f64 {
    factorial::ln_factorial(n)
}

/// P(Z > x) of a standard normal.
pub fn normal_sf(x: f64) -> f64 {
    0.5 * erf::erfc(x / std::f64::consts::SQRT_2)
}

/// The z with P(|Z| ≤ z) = `level`, such as 1.96 for 0.95. A level outside [0, 1) is taken as its nearest sensible one.
pub fn normal_two_sided(level: f64) -> f64 {
    let level = if level.is_finite() { level.clamp(0.0, 1.0 - 1e-15) } else { 0.95 };
    std::f64::consts::SQRT_2 * erf::erf_inv(level)
}

/// P(K > x) of Kolmogorov's distribution, the limit of √n·D: both of its series, each where it is short.
///
/// Kolmogorov (1933); the form for small `x` follows from Jacobi's theta identity (Marsaglia, Tsang and Wang 2003). Relative
/// precision 1e-14, tail included.
pub fn kolmogorov_sf(x: f64) -> f64 {
    use std::f64::consts::PI;
    if x.is_nan() || x <= 0.0 {
        return 1.0;
    }
    if x < 0.82 {
        let w = -PI * PI / (8.0 * x * x);
        let sum: f64 = (0..6).map(|k| (w * f64::from((2 * k + 1) * (2 * k + 1))).exp()).sum();
        return 1.0 - (2.0 * PI).sqrt() / x * sum;
    }
    let term = |k: i32| (-2.0 * f64::from(k * k) * x * x).exp();
    2.0 * (1..=8).rev().map(|k| if k % 2 == 1 { term(k) } else { -term(k) }).sum::<f64>()
}

/// The x with P(K > x) = `upper`, by bisection to the last bits.
pub fn kolmogorov_quantile(upper: f64) -> f64 {
    let (mut low, mut high) = (0.0, 20.0);
    for _ in 0..80 {
        let middle = 0.5 * (low + high);
        if kolmogorov_sf(middle) > upper { low = middle } else { high = middle }
    }
    0.5 * (low + high)
}

/// P(X > x) of a χ² variable with `df` degrees of freedom.
pub fn chi2_sf(x: f64, df: f64) -> f64 {
    if x.is_nan() || x <= 0.0 || df.is_nan() || df <= 0.0 {
        return 1.0;
    }
    gamma::checked_gamma_ur(df / 2.0, x / 2.0).unwrap_or(0.0).clamp(0.0, 1.0)
}

/// P(X ≤ x) of a gamma variable with shape `a` and scale 1.
fn gamma_cdf(a: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    gamma::checked_gamma_lr(a, x).unwrap_or(1.0).clamp(0.0, 1.0)
}

/// P(X ≤ x) of a noncentral χ² variable with `df` degrees of freedom and noncentrality `lambda`.
///
/// The Poisson(λ/2) mixture of central χ² variables (Johnson, Kotz and Balakrishnan 1995, ch. 29), over the terms around its
/// mode that carry weight. From the topmost term down, each central function follows from the next by adding its density
/// term, which loses nothing.
pub fn noncentral_chi2_cdf(x: f64, df: f64, lambda: f64) -> f64 {
    if x.is_nan() || x <= 0.0 {
        return 0.0;
    }
    let (half, mean) = (x / 2.0, lambda.max(0.0) / 2.0);
    if mean == 0.0 {
        return gamma_cdf(df / 2.0, half);
    }
    let mode = mean.floor();
    let reach = (9.0 * mean.sqrt()).ceil() + 25.0;
    let (first, last) = ((mode - reach).max(0.0), mode + reach);
    // Weights as multiples of the mode's: downward from `last`.
    let ln_weight = |j: f64| j * mean.ln() - mean - gamma::ln_gamma(j + 1.0);
    let shape = df / 2.0;
    let ln_density = |a: f64| a * half.ln() - half - gamma::ln_gamma(a + 1.0);
    let mut weight = ln_weight(last).exp();
    let mut cdf = gamma_cdf(shape + last, half);
    // half^a e^-half / Γ(a + 1) at a = shape + j − 1: what the next lower shape has more.
    let mut density = ln_density(shape + last - 1.0).exp();
    let (mut sum, mut j) = (0.0, last);
    loop {
        sum += weight * cdf;
        if j <= first {
            break;
        }
        cdf += density;
        weight = if weight < 1e-280 { ln_weight(j - 1.0).exp() } else { weight * (j / mean) };
        let a = shape + j - 1.0;
        density = if density < 1e-280 { ln_density(a - 1.0).exp() } else { density * (a / half) };
        j -= 1.0;
    }
    sum.clamp(0.0, 1.0)
}

/// The λ at which a noncentral χ² variable is at most `x` with probability `share`; 0 where none is: the function falls
/// with λ. Bisection on a bracket from the normal approximation, relative precision 1e-7.
pub fn noncentrality(x: f64, df: f64, share: f64) -> f64 {
    if !x.is_finite() || x <= 0.0 || noncentral_chi2_cdf(x, df, 0.0) <= share {
        return 0.0;
    }
    // The mean is df + λ and the variance 2(df + 2λ): eight of these above x, nothing is left below.
    let spread = |l: f64| (2.0 * (df + 2.0 * l)).sqrt();
    let (mut low, mut high) = (0.0, x + 8.0 * spread(x) + 40.0);
    let (mut f_low, mut f_high) = (noncentral_chi2_cdf(x, df, low) - share, -share);
    // Regula falsi with Illinois' halving, which keeps the bracket and needs a dozen steps.
    for step in 0..100 {
        if high - low <= 1e-7 * high {
            break;
        }
        let secant = low + (high - low) * f_low / (f_low - f_high);
        let guess = if step % 3 == 2 { 0.5 * (low + high) } else { secant.clamp(low, high) };
        let f = noncentral_chi2_cdf(x, df, guess) - share;
        if f > 0.0 {
            (low, f_low) = (guess, f);
            f_high *= 0.5;
        } else {
            (high, f_high) = (guess, f);
            f_low *= 0.5;
        }
        if f.abs() < 1e-12 {
            return guess;
        }
    }
    0.5 * (low + high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_invert() {
        for upper in [0.5, 0.05, 0.025, 1e-6] {
            assert!((kolmogorov_sf(kolmogorov_quantile(upper)) / upper - 1.0).abs() < 1e-12);
        }
        for (x, df, share) in [(12.0, 3.0, 0.975), (40.0, 9.0, 0.025), (5000.0, 4.0, 0.975), (800_000.0, 7.0, 0.025)] {
            let lambda = noncentrality(x, df, share);
            assert!((noncentral_chi2_cdf(x, df, lambda) - share).abs() < 1e-5, "{x} {df} {share}: {lambda}");
        }
        assert_eq!(noncentrality(0.01, 3.0, 0.975), 0.0);
    }

    #[test]
    fn odd_arguments_give_limits() {
        assert_eq!(kolmogorov_sf(f64::NAN), 1.0);
        assert_eq!(chi2_sf(f64::INFINITY, 3.0), 0.0);
        assert_eq!(chi2_sf(-1.0, 3.0), 1.0);
        assert_eq!(noncentrality(f64::INFINITY, 3.0, 0.1), 0.0);
        assert!((normal_two_sided(0.95) - 1.959_963_984_540_054).abs() < 1e-12);
        assert!(normal_two_sided(2.0).is_finite());
    }
}
