//! Percentile intervals of resampled values, and what is honest to say about them.

use super::MetricError;
use driftgate_model::{Interval, MetricValue, resamples_needed};
use statrs::distribution::{ContinuousCDF, Normal};

/// More undefined resamples than one in this many leave no interval.
const ONE_IN: usize = 20;

/// The values of one metric over all resamples.
#[derive(Debug, Clone)]
pub(super) struct Spread {
    /// The defined ones, rising.
    sorted: Vec<f64>,
    resamples: usize,
}

impl Spread {
    /// Sorts the values; what is not finite stands for a resample on which the metric is not defined.
    pub(super) fn new(values: impl Iterator<Item = f64>) -> Self {
        let mut resamples = 0;
        let mut sorted: Vec<f64> = values.inspect(|_| resamples += 1).filter(|v| v.is_finite()).collect();
        sorted.sort_unstable_by(f64::total_cmp);
        Spread { sorted, resamples }
    }

    fn left_out(&self) -> usize {
        self.resamples - self.sorted.len()
    }

    /// Whether few enough resamples are undefined, and any is defined.
    fn is_usable(&self) -> bool {
        !self.sorted.is_empty() && self.left_out() * ONE_IN <= self.resamples
    }

    /// The quantile, interpolated between neighbours (type 7 of Hyndman and Fan, NumPy's default). Not defined where fewer
    /// resamples than [`resamples_needed`] were drawn for its tail.
    pub(super) fn quantile(&self, share: f64) -> Option<f64> {
        if !self.is_usable() || (self.resamples as u64) < resamples_needed(share.min(1.0 - share)) {
            return None;
        }
        self.at(share)
    }

    fn at(&self, share: f64) -> Option<f64> {
        let place = share.clamp(0.0, 1.0) * self.sorted.len().checked_sub(1)? as f64;
        let below = self.sorted.get(place.floor() as usize)?;
        let above = self.sorted.get(place.ceil() as usize)?;
        // Equal neighbours are answered as they are: interpolation would add a rounding error to a width of zero.
        Some(if below == above { *below } else { below + (above - below) * place.fract() })
    }

    /// The two-sided percentile interval.
    pub(super) fn interval(&self, level: f64) -> Option<Interval> {
        let tail = (1.0 - level) / 2.0;
        Some(Interval { low: self.quantile(tail)?, high: self.quantile(1.0 - tail)? })
    }

    /// Whether every resample gave one value.
    pub(super) fn is_degenerate(&self) -> bool {
        self.is_usable() && self.sorted.first() == self.sorted.last()
    }

    /// Whether the interval leaves a value out that is smaller.
    pub(super) fn lies_above(&self, value: f64, level: f64) -> bool {
        self.interval(level).is_some_and(|i| value < i.low)
    }

    /// A defined value with its interval and the notes that belong to it, `more` last.
    pub(super) fn around(&self, value: f64, level: f64, more: Option<String>) -> MetricValue {
        let mut notes = self.notes(level);
        if self.is_degenerate() && self.interval(level).is_some() {
            notes.push(NO_WIDTH.to_owned());
        }
        notes.extend(more);
        MetricValue { value: Some(value), interval: self.interval(level), note: joined(notes) }
    }

    /// What a reader has to know about undefined resamples and thin tails.
    pub(super) fn notes(&self, level: f64) -> Vec<String> {
        let mut notes = Vec::new();
        let (left_out, all) = (self.left_out(), self.resamples);
        if !self.is_usable() {
            notes.push(format!(
                "no interval, the metric is not defined on {left_out} of {all} resamples (more than 5 %)"
            ));
            return notes;
        }
        if left_out > 0 {
            notes.push(format!("{left_out} of {all} resamples left out, the metric is not defined on them"));
        }
        let what = format!("the tails of a {} % interval", percent(level));
        notes.extend(self.too_few((1.0 - level) / 2.0, &what).map(|note| format!("no interval, {note}")));
        notes
    }

    /// Says that there are too few resamples for `what` that needs a tail, if there are.
    pub(super) fn too_few(&self, tail: f64, what: &str) -> Option<String> {
        let (found, needed) = (self.resamples, resamples_needed(tail));
        (self.is_usable() && (found as u64) < needed)
            .then(|| format!("{found} resamples are too few for {what}, it takes {needed}"))
    }
}

/// What the note of an interval without width says.
pub(super) const NO_WIDTH: &str =
    "every resample gives the same value, so a percentile interval has no width and overstates certainty";

/// A share as a percentage without trailing zeros: `95`, `99.5`.
pub(super) fn percent(share: f64) -> String {
    let text = format!("{:.4}", share * 100.0);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Fails unless 0 < value < 1.
pub(super) fn check_level(what: &'static str, value: f64) -> Result<(), MetricError> {
    if value > 0.0 && value < 1.0 { Ok(()) } else { Err(MetricError::Level { what, value }) }
}

/// Wilson's score interval of a proportion (Wilson 1927), two-sided. `None` for no rows.
pub(super) fn wilson(proportion: f64, rows: usize, level: f64) -> Option<Interval> {
    if rows == 0 {
        return None;
    }
    let n = rows as f64;
    let z = Normal::standard().inverse_cdf((1.0 + level) / 2.0);
    let scale = 1.0 + z * z / n;
    let centre = (proportion + z * z / (2.0 * n)) / scale;
    let half = z * (proportion * (1.0 - proportion) / n + z * z / (4.0 * n * n)).sqrt() / scale;
    // The formula is exact at 0 and 1 but for rounding.
    let low = if proportion <= 0.0 { 0.0 } else { (centre - half).max(0.0) };
    let high = if proportion >= 1.0 { 1.0 } else { (centre + half).min(1.0) };
    Some(Interval { low, high })
}

/// Joins notes; `None` for none.
pub(super) fn joined(notes: Vec<String>) -> Option<String> {
    (!notes.is_empty()).then(|| notes.join("; "))
}

/// What is not finite becomes `None`: a report holds numbers only.
pub(super) fn defined(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]

    use super::*;

    fn golden() -> serde_json::Value {
        serde_json::from_str(include_str!("../../tests/golden/metrics.json")).unwrap()
    }

    #[test]
    fn quantiles_are_numpys() {
        let golden = golden();
        let numbers = |key: &str| -> Vec<f64> { serde_json::from_value(golden["quantile"][key].clone()).unwrap() };
        let spread = Spread::new(numbers("sorted").into_iter().rev());
        for (share, expected) in numbers("shares").into_iter().zip(numbers("values")) {
            let found = spread.at(share).unwrap();
            assert!((found - expected).abs() < 1e-15, "{share}: {found} for {expected}");
        }
    }

    #[test]
    fn wilson_intervals_are_scipys() {
        let golden = golden();
        let cases = golden["wilson"].as_array().unwrap();
        assert_eq!(cases.len(), 21);
        for case in cases {
            let number = |key: &str| case[key].as_f64().unwrap();
            let found = wilson(number("hits") / number("rows"), number("rows") as usize, number("level")).unwrap();
            let off = (found.low - number("low")).abs().max((found.high - number("high")).abs());
            assert!(off < 1e-10, "{case}: {found:?}");
        }
        assert_eq!(wilson(0.5, 0, 0.95), None);
    }

    #[test]
    fn five_percent_undefined_is_the_most_that_leaves_an_interval() {
        let with = |undefined: usize| {
            let values = (0..100).map(|i| if i < undefined { f64::NAN } else { f64::from(i as u32) });
            Spread::new(values)
        };
        assert!(with(5).interval(0.9).is_some());
        assert!(with(6).interval(0.9).is_none() && with(6).quantile(0.5).is_none());
        assert!(with(100).interval(0.9).is_none() && !with(100).is_degenerate());
        assert!(Spread::new(std::iter::empty()).interval(0.9).is_none());
    }

    #[test]
    fn an_end_takes_five_resamples_beyond_it() {
        let with = |resamples: usize| Spread::new((0..resamples).map(|i| i as f64));
        for (share, least) in [(0.05, 100), (0.95, 100), (0.1, 50), (1.0 - 0.9, 50), (0.025, 200), (0.01, 500)] {
            assert_eq!(with(least - 1).quantile(share), None, "{share}");
            assert!(with(least).quantile(share).is_some(), "{share}");
        }
        assert!(with(199).interval(0.95).is_none() && with(200).interval(0.95).is_some());
    }

    #[test]
    fn percentages_are_short() {
        assert_eq!([percent(0.95), percent(0.999), percent(0.5)], ["95", "99.9", "50"]);
    }
}
