//! What happened to a model's batches over time, and what people did about it.

use crate::approve::mandatory;
use crate::{EngineError, Result, Workspace};
use driftgate_drift::trend::mann_kendall;
use driftgate_model::views::{CheckLine, DriftCheckView, DriftHistory, DriftSummary, Responded, ResponseView, Trend};
use driftgate_model::{CheckRow, DriftAction, DriftReport, DriftVerdict, EventBody, RunId};
use std::collections::BTreeMap;

/// How many of the worst columns a summary names.
const WORST: usize = 5;

impl Workspace {
    /// The drift checks of a model, newest first; at most `limit`.
    pub fn drift_history(&self, model: &str, limit: Option<usize>) -> Result<DriftHistory> {
        let row = self.model_row(model)?;
        let checks = self.checks_of(model)?;
        let mut lines = Vec::new();
        for check in checks.iter().rev().take(limit.unwrap_or(usize::MAX)) {
            lines.push(self.check_line(check)?);
        }
        Ok(DriftHistory {
            schema: "driftgate/drift-history/1".into(),
            model: row.name,
            total: checks.len() as u64,
            checks: lines,
        })
    }

    /// The course of the drift of the version in Production.
    pub fn drift_summary(&self, model: &str) -> Result<DriftSummary> {
        let row = self.model_row(model)?;
        let all = self.checks_of(model)?;
        let checks: Vec<&CheckRow> = all.iter().filter(|c| Some(c.version) == row.production).collect();
        let said = |verdict| checks.iter().filter(|c| c.verdict == verdict).count() as u64;
        let last = checks.last();
        let now = self.host.clock.now();
        Ok(DriftSummary {
            schema: "driftgate/drift-summary/1".into(),
            model: row.name.clone(),
            production: row.production,
            checks: checks.len() as u64,
            other_versions: (all.len() - checks.len()) as u64,
            stable: said(DriftVerdict::Stable),
            inconclusive: said(DriftVerdict::Inconclusive),
            drifted: said(DriftVerdict::Drifted),
            open_alarms: checks.iter().filter(|c| is_open(c)).map(|c| c.check.clone()).collect(),
            trend: trend(&checks),
            worst: worst(&checks),
            last_at: last.map(|c| c.at),
            age_days: last.map(|c| now.duration_since(c.at).as_secs_f64() / 86_400.0),
            last: last.map(|c| self.check_line(c)).transpose()?,
        })
    }

    /// One check with its report; `id` may be any unique beginning or end of it.
    pub fn drift_view(&self, id: &str) -> Result<DriftCheckView> {
        let row = self.find_check(id)?;
        self.check_view(&row)
    }

    /// Records what a person does about a check. The reason is mandatory.
    ///
    /// Nothing else happens by this: a rollback or a new run stays a decision of its own.
    pub fn drift_respond(&self, id: &str, action: DriftAction, reason: &str) -> Result<Responded> {
        let row = self.find_check(id)?;
        let reason = mandatory(reason)?;
        let sealed = self.ledger.seal(reason)?;
        let body =
            EventBody::DriftResponded { check: row.check.clone(), model: row.model.clone(), action, reason: sealed };
        let stamp = self.decision_stamp()?;
        self.ledger.write(|tx| -> Result<()> {
            tx.append(&stamp, body)?;
            Ok(())
        })?;
        Ok(Responded {
            schema: "driftgate/drift-response/1".into(),
            check: row.check,
            model: row.model,
            action,
            actor: self.host.actor.clone(),
            reason: reason.into(),
        })
    }

    pub(crate) fn checks_of(&self, model: &str) -> Result<Vec<CheckRow>> {
        self.ledger.read(|view| -> Result<Vec<CheckRow>> { Ok(view.checks(model)?) })
    }

    pub(crate) fn check_view(&self, row: &CheckRow) -> Result<DriftCheckView> {
        let report: DriftReport = self.get_json(&row.report)?;
        let line = self.check_line(row)?;
        Ok(DriftCheckView {
            schema: "driftgate/drift-check/1".into(),
            check: row.check.clone(),
            source: self.source_of(row)?,
            actor: self.opened_or_said(&row.actor)?,
            alarm: row.alarm,
            fails: report.config.monitoring.fail_on_severity.is_some_and(|at| row.severity >= at),
            responses: line.responses,
            report,
        })
    }

    fn source_of(&self, row: &CheckRow) -> Result<Option<String>> {
        let event = self.ledger.read(|view| -> Result<_> { Ok(view.event(row.seq)?) })?;
        match event.map(|e| e.body) {
            Some(EventBody::DriftChecked { source, .. }) => self.opened_or_said(&source),
            _ => Err(EngineError::corrupt(format!("event {} is not the drift check {}", row.seq, row.check))),
        }
    }

    pub(crate) fn check_line(&self, row: &CheckRow) -> Result<CheckLine> {
        let mut responses = Vec::new();
        for r in &row.responses {
            responses.push(ResponseView {
                at: r.at,
                actor: self.opened_or_said(&r.actor)?,
                action: r.action,
                reason: self.opened_or_said(&r.reason)?,
            });
        }
        Ok(CheckLine {
            check: row.check.clone(),
            at: row.at,
            version: row.version,
            rows: row.rows,
            labelled: row.labelled,
            verdict: row.verdict,
            severity: row.severity,
            drift_share: row.drift_share,
            worst: row.worst.clone(),
            alarm: row.alarm,
            responses,
        })
    }

    fn find_check(&self, text: &str) -> Result<CheckRow> {
        let text = text.to_ascii_lowercase();
        if text.len() < 4 {
            return Err(EngineError::bad_input(
                format!("`{text}` is too short to name a check"),
                "Give at least 4 digits of its id: `driftgate drift history MODEL` shows them",
            ));
        }
        let rows = self.ledger.read(|view| -> Result<Vec<CheckRow>> {
            let mut all = Vec::new();
            for model in view.models()? {
                all.extend(view.checks(model.name.as_str())?);
            }
            Ok(all)
        })?;
        let named = |id: &RunId| id.as_str().starts_with(&text) || id.as_str().ends_with(&text);
        let mut found: Vec<CheckRow> = rows.into_iter().filter(|c| named(&c.check)).collect();
        match found.len() {
            1 => Ok(found.remove(0)),
            0 => Err(EngineError::not_found(
                format!("no drift check is named `{text}`"),
                "`driftgate drift history MODEL` shows the checks of a model",
            )),
            n => Err(EngineError::bad_input(
                format!("`{text}` names {n} checks"),
                "Give more digits of the one you mean",
            )),
        }
    }
}

/// Whether nobody has answered the alarm yet.
pub(crate) fn is_open(check: &CheckRow) -> bool {
    check.alarm && check.responses.is_empty()
}

fn trend(checks: &[&CheckRow]) -> Trend {
    let shares: Vec<f64> = checks.iter().map(|c| c.drift_share).collect();
    let found = mann_kendall(&shares);
    let direction = match &found {
        None => "unknown",
        Some(t) if t.p_value > 0.05 => "none",
        Some(t) if t.tau > 0.0 => "rising",
        Some(_) => "falling",
    };
    Trend {
        direction: direction.into(),
        tau: found.as_ref().map(|t| t.tau),
        p_value: found.as_ref().map(|t| t.p_value),
        checks: checks.len() as u64,
    }
}

fn worst(checks: &[&CheckRow]) -> Vec<(String, u64, f64)> {
    let mut seen: BTreeMap<&str, (u64, f64)> = BTreeMap::new();
    for (name, effect) in checks.iter().flat_map(|c| &c.worst) {
        let entry = seen.entry(name).or_default();
        entry.0 += 1;
        entry.1 = entry.1.max(*effect);
    }
    let mut list: Vec<(String, u64, f64)> = seen.into_iter().map(|(name, (n, e))| (name.to_owned(), n, e)).collect();
    list.sort_by(|a, b| b.1.cmp(&a.1).then(b.2.total_cmp(&a.2)).then(a.0.cmp(&b.0)));
    list.truncate(WORST);
    list
}
