//! What another rule set would have decided about a run of the past.

use crate::approve::profile_of;
use crate::ask::{Asked, Moment, violated};
use crate::{EngineError, Result, Workspace};
use driftgate_config::DiskFiles;
use driftgate_model::config::RunConfig;
use driftgate_model::views::GateSimulation;
use driftgate_model::{CancelToken, GateReport};
use std::path::Path;

impl Workspace {
    /// Asks the rules of `promotion` about a run as things stood when its own gate was asked: what was in Production, which
    /// batches were checked, which alarms answered, how old the data were. Writes nothing.
    ///
    /// Errors: the run met no gate; the file has no rules for its task; an object is gone.
    pub fn simulate_gate(&self, run: &str, promotion: &Path, cancel: &CancelToken) -> Result<GateSimulation> {
        let row = self.run_row(&self.find_run(run)?)?;
        let short = row.subject.run.short();
        let none = || {
            EngineError::refused(
                format!("run {short} met no gate: it is {}", row.status.as_str()),
                "Choose a run that was gated: `driftgate runs list` shows them",
            )
        };
        let then: GateReport = self.get_json(&row.gate.ok_or_else(none)?)?;
        let artifact = row.artifact.ok_or_else(none)?;
        let rules = driftgate_config::resolve_promotion(promotion, &DiskFiles, row.subject.task)?;
        let config: RunConfig = self.get_json(&row.subject.config)?;
        let version = self.dataset_version_of(&row)?;
        let production = match then.comparison.production_version {
            None => None,
            Some(number) => {
                let model = self.model_row(row.subject.model.as_str())?;
                let gone = || EngineError::corrupt(format!("version {number} of {} is gone", model.name));
                Some(model.version(number).ok_or_else(gone)?.clone())
            }
        };
        let asked = Asked {
            run: &row.subject.run,
            promotion: &rules,
            version: &version,
            looks: then.test_looks,
            profile: profile_of(&row),
            moment: Moment { production, until: self.asked_at(&row)?, now: then.evaluated_at },
        };
        let loaded = self.load_model(&artifact)?;
        let (inputs, prepared, evaluated) = self.candidate_again(&row, config, &version, &loaded, cancel)?;
        let now = self.ask_gate(&asked, &inputs, &prepared, &evaluated, cancel)?;
        Ok(GateSimulation {
            schema: "driftgate/gate-simulation/1".into(),
            run: row.subject.run.clone(),
            passed_then: then.passed,
            violations_then: violated(&then),
            changed: then.passed != now.passed,
            gate: now,
        })
    }

    /// The event that recorded the gate's answer on a run: what came later was not known then.
    fn asked_at(&self, row: &driftgate_model::RunRow) -> Result<u64> {
        let filter = driftgate_ledger::EventFilter {
            kinds: vec!["run.finished".into(), "gate.evaluated".into()],
            subject: Some(format!("run:{}", row.subject.run)),
            ..driftgate_ledger::EventFilter::default()
        };
        Ok(self.ledger.audit_log(&filter)?.last().map_or(u64::MAX, |event| event.seq))
    }
}
