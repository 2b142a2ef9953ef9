//! What a rollback would change.

use crate::rollback::target_of;
use crate::{EngineError, Result, Workspace};
use driftgate_model::views::{AdaptationView, CheckLine, RollbackPreview};
use driftgate_model::{DatasetVersionRow, ModelRow, Timestamp, VersionNumber, VersionRow};
use std::collections::BTreeSet;

impl Workspace {
    /// What bringing a former version back would change. Writes nothing, and proves nothing yet.
    ///
    /// `to` is as in [`Workspace::rollback`]. Errors: as there, as far as the ledger tells.
    pub fn preview_rollback(&self, model: &str, to: Option<VersionNumber>) -> Result<RollbackPreview> {
        let row = self.model_row(model)?;
        let (from, to) = target_of(&row, to)?;
        let gone = || EngineError::corrupt(format!("a version of {model} is not in the ledger's projections"));
        let (leaving, returning) = (row.version(from).ok_or_else(gone)?, row.version(to).ok_or_else(gone)?);
        let (left, back) = (self.data_of(leaving)?, self.data_of(returning)?);
        Ok(RollbackPreview {
            schema: "driftgate/rollback-preview/1".into(),
            model: row.name.clone(),
            from: self.version_view(&row, leaving)?,
            to: self.version_view(&row, returning)?,
            metrics: metrics(leaving, returning),
            from_check: self.newest_check(&row, from)?,
            to_check: self.newest_check(&row, to)?,
            adaptation: self.forgotten(&left, &back)?,
            notes: notes(&row, (leaving, &left), (returning, &back), self.host.clock.now()),
        })
    }

    /// The data set version that a model version learnt from.
    fn data_of(&self, version: &VersionRow) -> Result<DatasetVersionRow> {
        self.dataset_version_of(&self.run_row(&version.run)?)
    }

    fn newest_check(&self, row: &ModelRow, version: VersionNumber) -> Result<Option<CheckLine>> {
        let checks = self.checks_of(row.name.as_str())?;
        checks.iter().rev().find(|c| c.version == version).map(|c| self.check_line(c)).transpose()
    }

    /// The adaptation that the leaving version learnt from and the returning one did not.
    fn forgotten(&self, left: &DatasetVersionRow, back: &DatasetVersionRow) -> Result<Option<AdaptationView>> {
        let Some(adaptation) = &left.adaptation else { return Ok(None) };
        if back.adaptation.as_ref().is_some_and(|a| a.adaptation == adaptation.adaptation) {
            return Ok(None);
        }
        let all = self.adaptations()?.adaptations;
        Ok(all.into_iter().find(|view| view.adaptation == adaptation.adaptation))
    }
}

/// Each metric on the test split of either: name, leaving, returning.
fn metrics(leaving: &VersionRow, returning: &VersionRow) -> Vec<(String, Option<f64>, Option<f64>)> {
    let names: BTreeSet<&String> = leaving.metrics.keys().chain(returning.metrics.keys()).collect();
    let on_test = names.into_iter().filter_map(|key| Some((key, key.strip_prefix("test.")?)));
    on_test
        .map(|(key, name)| (name.to_owned(), leaving.metrics.get(key).copied(), returning.metrics.get(key).copied()))
        .collect()
}

fn notes(
    row: &ModelRow,
    (leaving, left): (&VersionRow, &DatasetVersionRow),
    (returning, back): (&VersionRow, &DatasetVersionRow),
    now: Timestamp,
) -> Vec<String> {
    let mut notes = Vec::new();
    let (from, to) = (leaving.version, returning.version);
    if left.version != back.version {
        notes.push(format!(
            "Version {to} learnt from version {} of the data, version {from} from version {}: their test rows may differ",
            back.number, left.number
        ));
    }
    match row.history.iter().rev().find(|m| m.from == Some(to)) {
        Some(last) => notes.push(format!("Version {to} was in Production last until {}", ago(last.at, now))),
        None => notes.push(format!("Version {to} was never in Production before")),
    }
    if row.pending.is_some() {
        notes.push("Another process is rolling this model back at this moment".into());
    }
    notes
}

/// How long ago, to the unit that a person would say.
fn ago(then: Timestamp, now: Timestamp) -> String {
    let seconds = now.duration_since(then).as_secs().max(0);
    let (n, unit) = match seconds {
        0..=59 => return "a moment ago".into(),
        60..=3599 => (seconds / 60, "minute"),
        3600..=86_399 => (seconds / 3600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    format!("{n} {unit}{} ago", if n == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn times_are_told_as_a_person_would() {
        let then: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let at = |text: &str| ago(then, text.parse().unwrap());
        assert_eq!(at("2026-01-01T00:00:59Z"), "a moment ago");
        assert_eq!(at("2026-01-01T00:01:00Z"), "1 minute ago");
        assert_eq!(at("2026-01-01T02:59:00Z"), "2 hours ago");
        assert_eq!(at("2026-02-01T00:00:00Z"), "31 days ago");
        assert_eq!(at("2025-12-31T23:00:00Z"), "a moment ago", "a clock that was set back");
    }
}
