//! One decision rule for one test, and severities that follow from it.

use crate::special::normal_two_sided;
use driftgate_model::{DriftSeverity, DriftVerdict, Interval, SeverityConfig};

/// The normal quantile of 80 % power.
const POWER: f64 = 0.84;

/// The verdict of one test.
///
/// Drifted: the adjusted p-value is at most `alpha` **and** the effect's interval lies above `min`. Stable: the interval lies
/// below `min`. Inconclusive: anything else, in particular where there is no p-value or no interval. For a difference whose
/// sign does not matter, give [`absolute`] of its interval.
pub fn decide(adjusted_p: Option<f64>, alpha: f64, interval: Option<Interval>, min: f64) -> DriftVerdict {
    let (Some(p), Some(interval)) = (adjusted_p, interval) else {
        return DriftVerdict::Inconclusive;
    };
    if p <= alpha && interval.low > min {
        DriftVerdict::Drifted
    } else if interval.high < min {
        DriftVerdict::Stable
    } else {
        DriftVerdict::Inconclusive
    }
}

/// The interval of |x| where x has `interval`.
pub fn absolute(interval: Interval) -> Interval {
    interval.absolute()
}

/// The smallest effect that samples like these call drifted with 80 % power: its lower end must clear `min`, with a normal's
/// 0.84 standard errors to spare; the standard error is read off the upper half of the interval.
pub fn detectable(effect: f64, interval: Interval, min: f64, level: f64) -> Option<f64> {
    let z = normal_two_sided(level);
    let value = min + (effect - interval.low).max(0.0) + POWER * (interval.high - effect).max(0.0) / z;
    (z > 0.0 && value.is_finite()).then_some(value)
}

/// The severity of a column by its largest drifted effect in multiples of what matters; `None` unless it drifted.
pub fn severity(verdict: DriftVerdict, multiple: f64, config: &SeverityConfig) -> DriftSeverity {
    if verdict != DriftVerdict::Drifted {
        DriftSeverity::None
    } else if multiple >= config.high_from {
        DriftSeverity::High
    } else if multiple >= config.medium_from {
        DriftSeverity::Medium
    } else {
        DriftSeverity::Low
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rule() {
        let i = |low, high| Some(Interval { low, high });
        assert_eq!(decide(Some(0.01), 0.05, i(0.12, 0.3), 0.1), DriftVerdict::Drifted);
        assert_eq!(decide(Some(0.06), 0.05, i(0.12, 0.3), 0.1), DriftVerdict::Inconclusive);
        assert_eq!(decide(Some(0.01), 0.05, i(0.09, 0.3), 0.1), DriftVerdict::Inconclusive);
        assert_eq!(decide(Some(1e-9), 0.05, i(0.03, 0.09), 0.1), DriftVerdict::Stable);
        assert_eq!(decide(None, 0.05, i(0.03, 0.09), 0.1), DriftVerdict::Inconclusive);
        assert_eq!(decide(Some(0.01), 0.05, None, 0.1), DriftVerdict::Inconclusive);
        assert_eq!(decide(Some(f64::NAN), 0.05, i(0.3, 0.4), 0.1), DriftVerdict::Inconclusive);
    }

    #[test]
    fn what_is_detectable_lies_above_what_matters() {
        let d = detectable(0.05, Interval { low: 0.0, high: 0.1 }, 0.1, 0.95).unwrap();
        assert!(d > 0.15 && d < 0.2, "{d}");
    }
}
