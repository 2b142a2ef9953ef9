//! What needs a person, and how each model does.

use crate::monitor::is_open;
use crate::run::lead_metric;
use crate::views::line;
use crate::{Result, Workspace};
use driftgate_ledger::RunFilter;
use driftgate_model::views::{ModelLine, Overview, OverviewAlarm, OverviewModel};
use driftgate_model::{CheckRow, ModelRow, RunStatus};

/// Runs that are shown.
const RECENT: usize = 8;

impl Workspace {
    /// What needs a person now, and how each model does. Alarms about a version that left Production ask for nothing more.
    pub fn overview(&self) -> Result<Overview> {
        let waiting = RunFilter { status: Some(RunStatus::AwaitingApproval), ..RunFilter::default() };
        let newest = RunFilter { limit: Some(RECENT), ..RunFilter::default() };
        let (awaiting, recent, datasets, runs, events, rows) = self.ledger.read(|view| -> Result<_> {
            let datasets = view.datasets()?.len() as u64;
            let lists = (view.runs(&waiting)?, view.runs(&newest)?);
            Ok((lists.0, lists.1, datasets, view.run_count()?, view.size()?, view.models()?))
        })?;
        let (mut models, mut alarms) = (Vec::new(), Vec::new());
        for line in self.models()?.models {
            let row = rows.iter().find(|row| row.name == line.name);
            models.push(self.overview_of(line, row, &mut alarms)?);
        }
        alarms.sort_by(|a, b| b.check.at.cmp(&a.check.at).then_with(|| a.check.check.cmp(&b.check.check)));
        Ok(Overview {
            schema: "driftgate/overview/1".into(),
            models,
            awaiting: awaiting.into_iter().rev().map(line).collect(),
            alarms,
            recent: recent.into_iter().map(line).collect(),
            datasets,
            runs,
            events,
        })
    }

    fn overview_of(
        &self,
        line: ModelLine,
        row: Option<&ModelRow>,
        alarms: &mut Vec<OverviewAlarm>,
    ) -> Result<OverviewModel> {
        let mut model = OverviewModel { line, last_check: None, open_alarms: 0, metric: None, servers: 0 };
        let Some((row, version)) = row.and_then(|row| Some((row, row.production_version()?))) else { return Ok(model) };
        let name = format!("test.{}", lead_metric(row.task));
        model.metric = version.metrics.get(&name).map(|value| (name, *value));
        model.servers = self.serving(row)?.iter().filter(|s| s.version.is_some()).count() as u64;
        let checks: Vec<CheckRow> = self.checks_of(row.name.as_str())?;
        let about: Vec<&CheckRow> = checks.iter().filter(|c| c.version == version.version).collect();
        model.last_check = about.last().map(|c| self.check_line(c)).transpose()?;
        for check in about.into_iter().filter(|c| is_open(c)) {
            model.open_alarms += 1;
            alarms.push(OverviewAlarm { model: row.name.clone(), check: self.check_line(check)? });
        }
        Ok(model)
    }
}
