//! How results of tests are put together.

use crate::decide::{absolute, detectable};
use crate::proportion::{self, Side};
use driftgate_model::{DriftConfig, DriftTestResult, DriftVerdict, Interval};

/// The test of missing values.
pub const MISSING: &str = "missing";
/// The test of categories that the reference lacks.
pub const NEW_CATEGORY: &str = "new_category";
/// The test of all columns together.
pub const JOINT: &str = "joint";
/// The test of what the model reaches.
pub const PERFORMANCE: &str = "performance";

/// A test that could not be made, with the reason.
pub(crate) fn untested(test: &str, effect_name: &str, min_effect: f64, note: String) -> DriftTestResult {
    DriftTestResult {
        test: test.into(),
        method: "none".into(),
        statistic: 0.0,
        p_value: None,
        adjusted_p: None,
        effect_name: effect_name.into(),
        effect: None,
        interval: None,
        min_effect,
        detectable: None,
        verdict: DriftVerdict::Inconclusive,
        note: Some(note),
        together: Vec::new(),
    }
}

/// What a test found, before its p-value is adjusted.
pub(crate) struct Found {
    pub(crate) test: &'static str,
    pub(crate) method: &'static str,
    pub(crate) statistic: f64,
    pub(crate) p_value: f64,
    pub(crate) effect_name: &'static str,
    pub(crate) effect: f64,
    pub(crate) interval: Option<Interval>,
    pub(crate) min_effect: f64,
    pub(crate) notes: Vec<String>,
}

impl Found {
    /// The result; one without numbers where any is not finite, since a report holds none such.
    pub(crate) fn result(self, level: f64) -> DriftTestResult {
        let interval = self.interval.filter(|i| i.low.is_finite() && i.high.is_finite());
        if !(self.statistic.is_finite() && self.effect.is_finite() && self.p_value.is_finite()) {
            let note = "the values are too far apart to be computed with".to_owned();
            return untested(self.test, self.effect_name, self.min_effect, note);
        }
        let size = |i: Interval| if signed(self.test) { absolute(i) } else { i };
        let found = interval.and_then(|i| detectable(self.effect.abs(), size(i), self.min_effect, level));
        DriftTestResult {
            test: self.test.into(),
            method: self.method.into(),
            statistic: self.statistic,
            p_value: Some(self.p_value.clamp(0.0, 1.0)),
            adjusted_p: None,
            effect_name: self.effect_name.into(),
            effect: Some(self.effect),
            interval,
            min_effect: self.min_effect,
            detectable: found,
            verdict: DriftVerdict::Inconclusive,
            note: joined(self.notes),
            together: Vec::new(),
        }
    }
}

/// Whether a test's effect is a difference whose sign does not matter to the verdict.
pub(crate) fn signed(test: &str) -> bool {
    test == MISSING
}

/// Joins notes; `None` for none.
pub(crate) fn joined(notes: Vec<String>) -> Option<String> {
    (!notes.is_empty()).then(|| notes.join("; "))
}

/// Whether another share of values is missing than in the reference: `missing` of `rows`, reference first.
pub(crate) fn missing(reference: (u64, u64), batch: (u64, u64), config: &DriftConfig) -> DriftTestResult {
    const EFFECT: &str = "difference in the share of missing values";
    let min = config.effect.min.missing;
    let level = config.effect.level;
    match proportion::test(reference.0, reference.1, batch.0, batch.1, Side::Two) {
        None => untested(MISSING, EFFECT, min, "there are no rows to compare".into()),
        Some(t) => Found {
            test: MISSING,
            method: t.method,
            statistic: t.statistic,
            p_value: t.p_value,
            effect_name: EFFECT,
            effect: t.difference,
            interval: proportion::interval(reference.0, reference.1, batch.0, batch.1, level),
            min_effect: min,
            notes: Vec::new(),
        }
        .result(level),
    }
}
