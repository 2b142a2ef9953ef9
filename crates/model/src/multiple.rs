//! Effects in multiples of the smallest effect that matters: what ranks columns of different tests.

use crate::{ColumnDrift, DriftTestResult, Interval};

impl Interval {
    /// The interval of |x| where x has this one.
    pub fn absolute(self) -> Interval {
        let Interval { low, high } = self;
        if low >= 0.0 {
            self
        } else if high <= 0.0 {
            Interval { low: -high, high: -low }
        } else {
            Interval { low: 0.0, high: high.max(-low) }
        }
    }
}

impl DriftTestResult {
    /// Whether the effect has a sign of which only the size is judged: a share of missing values may fall as well as rise.
    pub fn is_signed(&self) -> bool {
        self.test == "missing"
    }

    /// The effect in multiples of the smallest that matters; 0 without an effect. Where every effect matters, 1 for any.
    pub fn multiple(&self) -> f64 {
        let effect = self.effect.map_or(0.0, |e| if self.is_signed() { e.abs() } else { e.max(0.0) });
        if self.min_effect > 0.0 { effect / self.min_effect } else { f64::from(u8::from(effect > 0.0)) }
    }

    /// The effect's interval in multiples of the smallest that matters; `None` without one, or where every effect matters.
    pub fn interval_in_multiples(&self) -> Option<Interval> {
        let interval = self.interval.filter(|_| self.min_effect > 0.0)?;
        let Interval { low, high } = if self.is_signed() { interval.absolute() } else { interval };
        Some(Interval { low: low.max(0.0) / self.min_effect, high: high.max(0.0) / self.min_effect })
    }
}

impl ColumnDrift {
    /// The largest effect of its tests in multiples of the smallest that matters; 0 where no test has an effect.
    pub fn multiple(&self) -> f64 {
        self.tests.iter().map(DriftTestResult::multiple).fold(0.0, f64::max)
    }

    /// The test that its verdict rests on: of those with the column's own verdict, the one with the largest multiple (the first
    /// of equal ones).
    pub fn leading(&self) -> Option<&DriftTestResult> {
        let mut best: Option<&DriftTestResult> = None;
        for test in self.tests.iter().filter(|t| t.verdict == self.verdict) {
            if best.is_none_or(|b| test.multiple() > b.multiple()) {
                best = Some(test);
            }
        }
        best.or(self.tests.first())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DriftSeverity, DriftVerdict, ProfileKind};

    fn test(name: &str, effect: Option<f64>, min_effect: f64, verdict: DriftVerdict) -> DriftTestResult {
        DriftTestResult {
            test: name.into(),
            method: "exact".into(),
            statistic: 0.0,
            p_value: None,
            adjusted_p: None,
            effect_name: String::new(),
            effect,
            interval: Some(Interval { low: -0.2, high: 0.1 }),
            min_effect,
            detectable: None,
            verdict,
            note: None,
            together: Vec::new(),
        }
    }

    #[test]
    fn only_the_size_of_a_signed_effect_counts() {
        let missing = test("missing", Some(-0.1), 0.05, DriftVerdict::Stable);
        let lost = test("performance", Some(-0.1), 0.05, DriftVerdict::Stable);
        assert_eq!((missing.multiple(), lost.multiple()), (2.0, 0.0));
        assert_eq!(missing.interval_in_multiples(), Some(Interval { low: 0.0, high: 4.0 }));
        assert_eq!(lost.interval_in_multiples(), Some(Interval { low: 0.0, high: 2.0 }));
        assert_eq!(test("ks", Some(0.1), 0.0, DriftVerdict::Stable).multiple(), 1.0);
    }

    #[test]
    fn the_leading_test_has_the_columns_verdict() {
        let column = ColumnDrift {
            name: "a".into(),
            kind: ProfileKind::Numeric,
            reference_rows: 1,
            batch_rows: 1,
            verdict: DriftVerdict::Drifted,
            severity: DriftSeverity::Low,
            tests: vec![
                test("ks", Some(0.9), 0.1, DriftVerdict::Inconclusive),
                test("missing", Some(0.1), 0.05, DriftVerdict::Drifted),
                test("new_category", Some(0.3), 0.1, DriftVerdict::Drifted),
            ],
            chart: None,
        };
        assert_eq!(column.leading().map(|t| t.test.as_str()), Some("new_category"));
        assert_eq!(column.multiple(), 9.0);
    }

    #[test]
    fn absolute_intervals() {
        let a = |low, high| Interval { low, high }.absolute();
        assert_eq!(a(0.1, 0.2), Interval { low: 0.1, high: 0.2 });
        assert_eq!(a(-0.2, -0.1), Interval { low: 0.1, high: 0.2 });
        assert_eq!(a(-0.2, 0.1), Interval { low: 0.0, high: 0.2 });
    }
}
