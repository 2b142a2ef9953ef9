//! The metric points of an iterative fit, as its run kept them.

use crate::{EngineError, Result, Workspace};
use driftgate_ledger::EventFilter;
use driftgate_model::EventBody;
use driftgate_model::views::MetricPoint;

impl Workspace {
    /// The points of a run's fit, in the order in which they were measured; none where its estimator does not fit step by step.
    ///
    /// Errors: no such run; the segment that holds them is gone or changed.
    pub fn run_curve(&self, run: &str) -> Result<Vec<MetricPoint>> {
        let id = self.find_run(run)?;
        let filter = EventFilter {
            kinds: vec!["run.stage".into()],
            subject: Some(format!("run:{id}")),
            ..EventFilter::default()
        };
        let mut points = Vec::new();
        for event in self.ledger.audit_log(&filter)? {
            let EventBody::RunStage { segments, .. } = event.body else { continue };
            for (name, digest) in segments.iter().filter(|(name, _)| name.starts_with("curve-")) {
                self.ledger.check_segment(name, digest)?;
                for point in self.ledger.read_segment::<MetricPoint>(name)? {
                    points.push(point.map_err(EngineError::from)?);
                }
            }
        }
        Ok(points)
    }
}
