//! Whether a batch is like one that the model learned from: then it has not drifted, though it is unlike the clean rows.

use super::{Batch, Found, compare_performance, pictures};
use crate::artifact::LoadedModel;
use crate::{Result, Workspace};
use driftgate_drift::BatchPerformance;
use driftgate_model::{CancelToken, ColumnDrift, Digest, DriftTestResult, DriftVerdict, Observer, ReferenceProfile};

/// Fewest rows to learn from, and fewest held out, of a drifted batch that a later one may be like.
const FEWEST_ALIKE: u64 = 30;

impl Workspace {
    /// Compares with the clean train split, and, where that drifted, with each drifted batch that the model learned from as
    /// well: a batch has drifted if it is like none of them. It is like one if it has not drifted from it, is surely nearer to it
    /// than to the clean rows, and the model has shown on its holdout that it copes.
    pub(super) fn compare_known(
        &self,
        batch: &Batch,
        loaded: &LoadedModel,
        observer: &dyn Observer,
        cancel: &CancelToken,
    ) -> Result<(Found, Option<(Digest, u64)>)> {
        let clean = self.compare_batch(batch, loaded, observer, cancel)?;
        if clean.overall.verdict != DriftVerdict::Drifted {
            return Ok((clean, None));
        }
        for learned in &batch.profile.batches {
            let held = &learned.holdout;
            let copes = BatchPerformance { rows: held.rows, value: held.value, sd: held.sd };
            let copes = compare_performance(&batch.profile.performance, copes, batch.config);
            if learned.rows.min(held.rows) < FEWEST_ALIKE || copes.verdict == DriftVerdict::Drifted {
                continue;
            }
            let profile: ReferenceProfile = self.get_json(&learned.profile)?;
            let thresholds = self.thresholds_of(&profile, batch.config)?;
            let against = Batch { profile: &profile, labels: batch.labels.clone(), thresholds, ..*batch };
            let found = self.compare_batch(&against, loaded, observer, cancel)?;
            let drifted = found.overall.verdict == DriftVerdict::Drifted;
            // What only all columns together show needs as many rows as were looked at.
            let sample = match batch.pictures.is_empty() {
                true => batch.config.global.sample,
                false => pictures::settings(batch.config).mmd.sample,
            };
            let looked_at = u64::from(sample).min(batch.rows.rows() as u64);
            let enough = !clean.only_together() || profile.rows >= looked_at;
            let nearer = surely_nearer(&clean.telling(&clean), &clean.telling(&found))
                && together_nearer(clean.global.as_ref(), found.global.as_ref());
            if !drifted && enough && nearer {
                return Ok((found, Some((learned.batch, profile.rows))));
            }
        }
        Ok((clean, None))
    }
}

impl Found {
    /// What tells batches apart: the input columns where any of them drifted in `self`, else the answers and the labels (which
    /// follow from the inputs, and rest on fewer rows).
    fn telling<'a>(&self, of: &'a Found) -> Vec<&'a ColumnDrift> {
        if self.columns.iter().any(|c| c.verdict == DriftVerdict::Drifted) {
            return of.columns.iter().collect();
        }
        [&of.predictions, &of.confidences, &of.labels].into_iter().flatten().collect()
    }

    /// Whether neither a column nor an output says that the batch drifted: the test of all columns together does.
    fn only_together(&self) -> bool {
        !self.telling(self).iter().any(|c| c.verdict == DriftVerdict::Drifted)
    }
}

/// The same of a test of everything together, where it drifted and has an interval: that of pictures' embeddings.
fn together_nearer(clean: Option<&DriftTestResult>, other: Option<&DriftTestResult>) -> bool {
    let decided = |t: &&DriftTestResult| t.verdict == DriftVerdict::Drifted && t.interval.is_some();
    let Some(test) = clean.filter(decided) else { return true };
    let interval = other.filter(|o| o.test == test.test).and_then(|o| o.interval);
    interval.zip(test.effect).is_some_and(|(i, effect)| i.low.abs().max(i.high.abs()) < effect.abs())
}

/// Whether the batch is surely nearer to `other` than to `clean`: of each test that found drift in `clean`, the effect against
/// the other rows is, to the upper end of its interval, smaller than the one against the clean rows. A reference of few rows has
/// wide intervals, so it is like nothing.
fn surely_nearer(clean: &[&ColumnDrift], other: &[&ColumnDrift]) -> bool {
    let most = |t: &DriftTestResult| t.interval.map(|i| i.low.abs().max(i.high.abs()));
    clean.iter().all(|column| {
        let there = other.iter().find(|c| c.name == column.name);
        column.tests.iter().filter(|t| t.verdict == DriftVerdict::Drifted).all(|test| {
            let same = there.and_then(|c| c.tests.iter().find(|t| t.test == test.test));
            same.and_then(most).zip(test.effect).is_some_and(|(most, effect)| most < effect.abs())
        })
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use driftgate_model::DriftSeverity;

    fn column(verdict: DriftVerdict, effect: f64, (low, high): (f64, f64)) -> ColumnDrift {
        let test: DriftTestResult = serde_json::from_value(serde_json::json!({
            "test": "ks", "method": "exact", "statistic": effect, "p_value": 0.5, "adjusted_p": 0.5, "effect_name": "",
            "effect": effect, "interval": {"low": low, "high": high}, "min_effect": 0.1, "detectable": null,
            "verdict": verdict, "note": null,
        }))
        .unwrap();
        ColumnDrift {
            name: "x".into(),
            kind: driftgate_model::ProfileKind::Numeric,
            reference_rows: 10,
            batch_rows: 10,
            verdict,
            severity: DriftSeverity::None,
            tests: vec![test],
            chart: None,
        }
    }

    #[test]
    fn a_reference_of_few_rows_is_like_nothing() {
        let clean = column(DriftVerdict::Drifted, 0.3, (0.2, 0.4));
        let nearer = |low, high| surely_nearer(&[&clean], &[&column(DriftVerdict::Inconclusive, 0.05, (low, high))]);
        assert!(nearer(0.0, 0.15));
        assert!(!nearer(0.0, 0.35), "it may be as far as the clean rows");
        assert!(!nearer(0.0, 1.0), "four rows say nothing");
        assert!(!surely_nearer(&[&clean], &[]));
        let lost = column(DriftVerdict::Drifted, -0.3, (-0.4, -0.2));
        assert!(surely_nearer(&[&lost], &[&column(DriftVerdict::Stable, 0.0, (-0.1, 0.1))]));
    }
}
