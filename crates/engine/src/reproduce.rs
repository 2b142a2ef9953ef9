use crate::artifact::canonical;
use crate::robustness;
use crate::stages;
use crate::{EngineError, Result, Workspace};
use driftgate_model::config::{RunConfig, Stage};
use driftgate_model::views::{ReproducedObject, Reproduction};
use driftgate_model::{CancelToken, Digest, Observer, RunEnvironment};
use std::collections::BTreeMap;

impl Workspace {
    /// Does a run's computations again from its record and compares every object byte for byte. Writes nothing.
    ///
    /// Errors: the run made no object; its data are gone or changed; a stage fails that did not fail then.
    pub fn reproduce(&self, id: &str, observer: &dyn Observer, cancel: &CancelToken) -> Result<Reproduction> {
        let row = self.run_row(&self.find_run(id)?)?;
        let mut recorded: BTreeMap<String, Digest> = BTreeMap::new();
        // The gate's report holds the time and Production of its day: it is evidence, not a computation to repeat.
        for stage in row.stages.iter().filter(|s| s.stage != Stage::Promotion) {
            recorded.extend(stage.objects.clone());
        }
        if recorded.is_empty() {
            return Err(EngineError::refused(
                format!(
                    "run {} is {} and made nothing that could be compared",
                    row.subject.run.short(),
                    row.status.as_str()
                ),
                "Choose a run that got past preprocessing",
            ));
        }
        let config: RunConfig = self.get_json(&row.subject.config)?;
        let version = self.dataset_version_of(&row)?;
        let inputs = self.load_inputs(config, row.subject.config, &version)?;
        let done = |stage| row.stages.iter().any(|s| s.stage == stage);
        let mut now = BTreeMap::new();
        observer.stage_started("preprocessing");
        let prepared = stages::preprocess(&inputs, observer, cancel)?;
        now.extend(stages::digests(&prepared.objects));
        observer.stage_finished("preprocessing", "");
        if done(Stage::Training) {
            observer.stage_started("training");
            let trained = stages::train(&inputs, &prepared, observer, cancel)?;
            now.extend(stages::digests(&trained.objects));
            observer.stage_finished("training", &trained.manifest.summary);
            if done(Stage::Evaluation) {
                observer.stage_started("evaluation");
                let evaluated = stages::evaluate(&inputs, &prepared, &trained, observer, cancel)?;
                now.extend(stages::digests(&evaluated.objects));
                observer.stage_finished("evaluation", "");
                if let (true, Ok(network)) = (done(Stage::ModelAnalysis), trained.estimator.network()) {
                    observer.stage_started("model_analysis");
                    let report = robustness::analyse(&inputs, &prepared, &evaluated, network, observer, cancel)?;
                    now.insert("robustness".into(), Digest::of(&canonical(&report)?));
                    observer.stage_finished("model_analysis", "");
                }
            }
        }
        let objects: Vec<ReproducedObject> = recorded
            .iter()
            .map(|(role, then)| ReproducedObject {
                role: role.clone(),
                recorded: *then,
                now: now.get(role).copied().unwrap_or(Digest::ZERO),
            })
            .collect();
        Ok(Reproduction {
            schema: "driftgate/reproduction/1".into(),
            identical: objects.iter().all(|o| o.recorded == o.now),
            objects,
            environment_changes: self.environment_changes(
                &self.get_json(&row.subject.environment)?,
                inputs.network.as_ref().map(|n| n.device.description()).as_deref(),
            ),
            run: row.subject.run,
        })
    }

    fn environment_changes(&self, then: &RunEnvironment, device: Option<&str>) -> Vec<String> {
        let mut out = Vec::new();
        let mut differ = |what: &str, a: &str, b: &str| {
            if a != b {
                out.push(format!("{what}: {a} then, {b} now"));
            }
        };
        differ("Driftgate", &then.driftgate_version, &self.host.build.version);
        differ("Cargo.lock", &then.lock_hash.short(), &self.host.build.lock_hash.short());
        differ("build", &then.build, &self.host.build.build);
        differ("machine", &then.machine, &self.host.machine);
        if let (Some(then), Some(now)) = (&then.device, device) {
            // What a graphics card added up nobody adds up again.
            differ("device", then, now);
        }
        differ("threads", &then.threads.to_string(), &self.host.worker_threads().to_string());
        out
    }
}
