use crate::run::lead_metric;
use crate::{EngineError, Result, Workspace};
use driftgate_ledger::RunFilter;
use driftgate_model::views::{RunLine, RunList, RunView};
use driftgate_model::{EvaluationReport, GateReport, ModelName, RunEnvironment, RunRow, RunStatus, Sealed};

/// Which runs to list.
#[derive(Debug, Clone, Default)]
pub struct RunQuery {
    /// Of this model only.
    pub model: Option<String>,
    /// On this data set only.
    pub dataset: Option<String>,
    /// With this status only.
    pub status: Option<RunStatus>,
    /// At most so many.
    pub limit: Option<usize>,
    /// Pass over so many first.
    pub offset: usize,
}

impl Workspace {
    /// Runs, newest first.
    pub fn runs(&self, query: &RunQuery) -> Result<RunList> {
        let model = match query.model.as_deref().map(ModelName::new) {
            None => None,
            Some(Ok(name)) => Some(name),
            Some(Err(e)) => {
                return Err(EngineError::bad_input(e.to_string(), "`driftgate models list` shows the models"));
            }
        };
        let filter = RunFilter {
            model,
            dataset: query.dataset.clone(),
            status: query.status,
            limit: query.limit,
            offset: query.offset,
        };
        let (total, rows) = self.ledger.read(|view| -> Result<_> { Ok((view.run_count()?, view.runs(&filter)?)) })?;
        Ok(RunList { schema: "driftgate/runs/1".into(), total, runs: rows.into_iter().map(line).collect() })
    }

    /// One run with everything it found; `id` may be any unique prefix or suffix.
    pub fn run_view(&self, id: &str) -> Result<RunView> {
        let row = self.run_row(&self.find_run(id)?)?;
        let environment: RunEnvironment = self.get_json(&row.subject.environment)?;
        let version = self.dataset_version_of(&row)?;
        let evaluation: Option<EvaluationReport> = match &row.evaluation {
            Some(digest) => Some(self.get_json(digest)?),
            None => None,
        };
        let gate: Option<GateReport> = match &row.gate {
            Some(digest) => Some(self.get_json(digest)?),
            None => None,
        };
        let mut notes = environment.notes.clone();
        let (val, test, oob_score, importances) = match evaluation {
            Some(e) => {
                notes.extend(e.notes);
                (Some(e.val), Some(e.test), e.oob_score, e.importances)
            }
            None => (None, None, None, Vec::new()),
        };
        Ok(RunView {
            schema: "driftgate/run/1".into(),
            actor: self.opened_or_said(&row.actor)?,
            dataset_number: version.number,
            counts: version.counts,
            notes,
            environment,
            val,
            test,
            oob_score,
            importances,
            robustness: self.robustness_of(&row)?,
            gate,
            error: self.opened(row.error.as_ref())?,
            decision_reason: self.opened(row.decision_reason.as_ref())?,
            run: row,
        })
    }

    fn opened(&self, sealed: Option<&Sealed>) -> Result<Option<String>> {
        match sealed {
            Some(sealed) => self.opened_or_said(sealed),
            None => Ok(None),
        }
    }
}

pub(crate) fn line(row: RunRow) -> RunLine {
    let metric = format!("test.{}", lead_metric(row.subject.task));
    RunLine {
        value: row.metrics.get(&metric).copied(),
        metric,
        duration_ms: row.wall_ms(),
        model: row.subject.model,
        dataset: row.subject.dataset,
        algorithm: row.subject.algorithm,
        status: row.status,
        started_at: row.started_at,
        version: row.version,
        run: row.subject.run,
    }
}
