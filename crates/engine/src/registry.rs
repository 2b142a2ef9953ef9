use crate::{EngineError, Result, Workspace};
use driftgate_ledger::RunFilter;
use driftgate_model::views::{HistoryLine, ModelHistory, ModelLine, ModelList, ModelView, VersionView};
use driftgate_model::{ModelRow, RunId, RunRow, RunStatus, Timestamp, VersionNumber, VersionRow};

impl Workspace {
    /// The models with a registered version or a run that waits for one.
    pub fn models(&self) -> Result<ModelList> {
        let (models, waiting) = self.ledger.read(|view| -> Result<_> {
            let filter = RunFilter { status: Some(RunStatus::AwaitingApproval), ..RunFilter::default() };
            Ok((view.models()?, view.runs(&filter)?))
        })?;
        let awaiting = |name: &str| waiting.iter().filter(|r| r.subject.model.as_str() == name).count() as u32;
        let mut lines: Vec<ModelLine> = models
            .iter()
            .map(|m| ModelLine {
                name: m.name.clone(),
                task: m.task,
                versions: m.versions.len() as u32,
                production: m.production,
                algorithm: m.production_version().map(|v| v.algorithm.clone()),
                since: m.history.last().map(|h| h.at),
                awaiting: awaiting(m.name.as_str()),
            })
            .collect();
        for run in &waiting {
            if !lines.iter().any(|l| l.name == run.subject.model) {
                lines.push(ModelLine {
                    name: run.subject.model.clone(),
                    task: run.subject.task,
                    versions: 0,
                    production: None,
                    algorithm: None,
                    since: None,
                    awaiting: awaiting(run.subject.model.as_str()),
                });
            }
        }
        lines.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(ModelList { schema: "driftgate/models/1".into(), models: lines })
    }

    /// One model with its versions.
    pub fn model(&self, name: &str) -> Result<ModelView> {
        let row = self.model_row(name)?;
        let filter = RunFilter {
            model: Some(row.name.clone()),
            status: Some(RunStatus::AwaitingApproval),
            ..RunFilter::default()
        };
        let awaiting = self.ledger.read(|view| -> Result<Vec<RunId>> {
            Ok(view.runs(&filter)?.into_iter().map(|r| r.subject.run).collect())
        })?;
        let mut versions = Vec::new();
        for v in row.versions.iter().rev() {
            versions.push(self.version_view(&row, v)?);
        }
        Ok(ModelView {
            schema: "driftgate/model/1".into(),
            name: row.name.clone(),
            task: row.task,
            target: row.target.clone(),
            labels: row.labels.clone(),
            production: row.production,
            versions,
            awaiting,
            serving: self.serving(&row)?,
        })
    }

    pub(crate) fn version_view(&self, row: &ModelRow, v: &VersionRow) -> Result<VersionView> {
        Ok(VersionView {
            version: v.version,
            stage: row.stage_of(v.version).into(),
            run: v.run.clone(),
            algorithm: v.algorithm.clone(),
            registered_at: v.registered_at,
            approved_by: self.opened_or_said(&v.approved_by)?,
            artifact: v.artifact,
            dataset_version: v.dataset_version,
            config: v.config,
            metrics: v.metrics.clone(),
            deployment: v.deployment,
        })
    }

    /// Which version was in Production when; with `at`, up to that moment.
    pub fn history(&self, name: &str, at: Option<Timestamp>) -> Result<ModelHistory> {
        let row = self.model_row(name)?;
        let mut moves = Vec::new();
        for m in row.history.iter().filter(|m| at.is_none_or(|at| m.at <= at)) {
            moves.push(HistoryLine {
                seq: m.seq,
                at: m.at,
                cause: m.cause.clone(),
                from: m.from,
                to: m.to,
                actor: self.opened_or_said(&m.actor)?,
                signed_by: m.signed_by,
                reason: match &m.reason {
                    Some(reason) => self.opened_or_said(reason)?,
                    None => None,
                },
            });
        }
        Ok(ModelHistory {
            schema: "driftgate/history/1".into(),
            model: row.name,
            at,
            production: moves.last().map(|m| m.to),
            moves,
        })
    }

    pub(crate) fn model_row_if_known(&self, name: &str) -> Result<Option<ModelRow>> {
        self.ledger.read(|view| Ok(view.model(name)?))
    }

    pub(crate) fn model_row(&self, name: &str) -> Result<ModelRow> {
        let (found, known) = self.ledger.read(|view| -> Result<_> {
            let found = view.model(name)?;
            let known = if found.is_some() { Vec::new() } else { view.models()? };
            Ok((found, known))
        })?;
        found.ok_or_else(|| {
            let names: Vec<&str> = known.iter().map(|m| m.name.as_str()).collect();
            let hint = if names.is_empty() {
                "No run has been approved yet: see `driftgate runs list`".to_string()
            } else {
                format!("Known models: {}", names.join(", "))
            };
            EngineError::not_found(format!("there is no registered model `{name}`"), hint)
        })
    }

    pub(crate) fn run_row(&self, id: &RunId) -> Result<RunRow> {
        let found = self.ledger.read(|view| -> Result<Option<RunRow>> { Ok(view.run(id)?) })?;
        found.ok_or_else(|| EngineError::corrupt(format!("run {id} is not in the ledger's projections")))
    }

    /// Splits `NAME@3` into a model and one of its versions; `NAME` alone is the version in Production.
    pub(crate) fn find_version(&self, text: &str) -> Result<(ModelRow, VersionNumber)> {
        let (name, version) = match text.rsplit_once('@') {
            None => (text, None),
            Some((name, number)) => {
                let parsed: VersionNumber = number.trim_start_matches('v').parse().map_err(|_| {
                    EngineError::bad_input(format!("`{number}` is not a version number"), "Write NAME@3, say")
                })?;
                (name, Some(parsed))
            }
        };
        let row = self.model_row(name)?;
        let version = version.or(row.production).ok_or_else(|| {
            EngineError::refused(format!("nothing of {name} is in Production"), "Name a version as NAME@3")
        })?;
        if row.version(version).is_none() {
            return Err(EngineError::not_found(
                format!("{name} has no version {version}"),
                format!("It has versions 1 to {}", row.versions.len()),
            ));
        }
        Ok((row, version))
    }
}
