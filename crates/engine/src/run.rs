use crate::ask::{Asked, violated};
use crate::estimator::NetworkModel;
use crate::robustness;
use crate::stages::{self, Evaluated, Inputs, Objects, Prepared, Trained};
use crate::{EngineError, ImportAnswers, Result, Workspace};
use driftgate_config::{DiskFiles, Resolved};
use driftgate_data::Assignment;
use driftgate_learn::metrics;
use driftgate_ledger::HeldLease;
use driftgate_model::config::{PromotionConfig, RunConfig, Stage};
use driftgate_model::views::RunView;
use driftgate_model::{
    CancelToken, Code, Coded as _, DatasetSpec, DatasetVersionRow, Digest, EventBody, GateReport, ModelRow, Observer,
    RobustnessReport, RunEnvironment, RunId, RunRow, RunStatus, RunSubject, SplitName, StageRecord, Task,
};
use driftgate_vision::{DeviceChoice, Devices};
use std::collections::BTreeMap;
use std::path::Path;

/// What a person says about a run besides its config.
#[derive(Debug, Clone, Copy, Default)]
pub struct RunOptions {
    /// Continue from the version in Production instead of starting anew; networks alone.
    pub fine_tune: bool,
    /// Where a network is trained.
    pub device: DeviceChoice,
}

/// A run that was begun.
struct Begun {
    id: RunId,
    inputs: Inputs,
    version: DatasetVersionRow,
    /// Says that this process still works on it.
    _lease: HeldLease,
}

/// What a run has made so far: what its last event will say.
#[derive(Default)]
struct Made {
    metrics: BTreeMap<String, f64>,
    artifact: Option<Digest>,
    evaluation: Option<Digest>,
    gate: Option<GateReport>,
    gate_digest: Option<Digest>,
}

impl Workspace {
    /// Runs the pipeline of the config file `config`.
    ///
    /// The answer is `Ok` once a run was recorded, whatever its outcome: `completed`, `awaiting_approval`, `blocked`, `failed` or
    /// `cancelled`. Errors: the config or the data are wrong, so that no run began; the ledger cannot be written.
    pub fn run(&self, config: &Path, observer: &dyn Observer, cancel: &CancelToken) -> Result<RunView> {
        self.run_with(config, &RunOptions::default(), observer, cancel)
    }

    /// As [`Workspace::run`], with what a person says besides the config.
    ///
    /// Errors besides: no such device; nothing to fine-tune.
    pub fn run_with(
        &self,
        config: &Path,
        options: &RunOptions,
        observer: &dyn Observer,
        cancel: &CancelToken,
    ) -> Result<RunView> {
        let mut resolved = driftgate_config::resolve(config, &DiskFiles)?;
        if options.fine_tune {
            resolved.config.fine_tune = Some(self.fine_tune_base(&resolved.config)?);
        }
        for note in &resolved.notes {
            observer.warning(&note.to_string());
        }
        let begun = self.begin(config, &resolved, options, observer, cancel)?;
        let mut made = Made::default();
        // The check at the end is the last moment at which a person can still say no: after it the run waits for a decision.
        let result = self.stages(&begun, &mut made, observer, cancel).and_then(|()| Ok(cancel.check()?));
        self.finish(&begun, &made, result)?;
        self.run_view(begun.id.as_str())
    }

    fn begin(
        &self,
        path: &Path,
        resolved: &Resolved,
        options: &RunOptions,
        observer: &dyn Observer,
        cancel: &CancelToken,
    ) -> Result<Begun> {
        let config = &resolved.config;
        let version = self.run_data(resolved, observer, cancel)?;
        let digest = Digest::of(&crate::artifact::canonical(config)?);
        let mut inputs = self.load_inputs(config.clone(), digest, &version)?;
        if let Some(network) = &mut inputs.network {
            network.device = Devices::choose(options.device, self.host.worker_threads())?;
            network.checkpoints = Some(self.ledger.cache_folder().join("checkpoints"));
        }
        resolved.check_columns(&inputs.spec)?;
        driftgate_data::check_features(&config.preprocessing, &inputs.spec)?;
        if let driftgate_model::Target::Classes { labels, .. } = &inputs.target {
            metrics::check_config(labels, &config.evaluation)?;
        }
        self.same_question(config, &inputs)?;
        if let Some(network) = &inputs.network {
            crate::network::check_fine_tuning(&inputs, network)?;
        }
        let device = inputs.network.as_ref().map(|n| n.device.description());
        let environment = self.environment(path, resolved, device)?;
        let subject = RunSubject {
            run: self.new_run_id(),
            model: config.model.clone(),
            dataset: config.dataset.clone(),
            dataset_version: version.version,
            task: config.task,
            algorithm: config.training.algorithm().into(),
            random_seed: config.random_seed,
            config: self.ledger.put_json(config)?,
            environment: self.ledger.put_json(&environment)?,
        };
        let id = subject.run.clone();
        let stamp = self.stamp();
        let held = self.ledger.take_lease()?;
        let body = EventBody::RunStarted { subject, lease: held.lease().clone() };
        self.ledger.write(|tx| -> Result<()> {
            tx.append(&stamp, body)?;
            Ok(())
        })?;
        observer.run_started(&id);
        Ok(Begun { id, inputs, version, _lease: held })
    }

    /// The data a run trains on: what lies in the config's data folder where there is one, else the newest version known.
    fn run_data(
        &self,
        resolved: &Resolved,
        observer: &dyn Observer,
        cancel: &CancelToken,
    ) -> Result<DatasetVersionRow> {
        let name = &resolved.config.dataset;
        let mut found = None;
        if let Some(folder) = resolved.data_folder.as_ref().map(|f| f.join(name)).filter(|f| f.is_dir()) {
            let answers = ImportAnswers { name: Some(name.clone()), ..ImportAnswers::default() };
            let added = self.add_dataset(&folder, &answers, observer, cancel)?;
            if added.new {
                for note in &added.notes {
                    observer.warning(note);
                }
            }
            found = Some(added.version);
        }
        let row = self.dataset_row(name)?;
        if row.task != resolved.config.task {
            return Err(EngineError::refused(
                format!("the config asks for {}, data set `{name}` is for {}", resolved.config.task, row.task),
                "Change `task_type` in the config, or add the data under another name with that task",
            ));
        }
        let newest = crate::import::newest(&row)?;
        let Some(found) = found else { return Ok(newest.clone()) };
        if let Some(adaptation) = newest.adaptation.as_ref().filter(|_| row.added(newest).number == found.number) {
            // Whoever staged rows wants the next run to learn from them.
            observer.warning(&format!(
                "The run uses version {} of `{name}`: version {} from the data folder and the drifted rows of adaptation {}",
                newest.number,
                found.number,
                adaptation.adaptation.short()
            ));
            return Ok(newest.clone());
        }
        if found.number != newest.number {
            observer.warning(&format!(
                "The data folder holds version {} of `{name}`, so the run uses it; the newest is version {}",
                found.number, newest.number
            ));
        }
        Ok(found)
    }

    /// Reads a data set version and its frozen split. `digest` is that of the config as it is recorded: one that an older
    /// version wrote may read as another text today.
    pub(crate) fn load_inputs(&self, config: RunConfig, digest: Digest, version: &DatasetVersionRow) -> Result<Inputs> {
        let spec: DatasetSpec = self.get_json(&version.spec)?;
        let (frame, batches) = self.read_version(version, &spec)?;
        let target = driftgate_data::target(&frame, &spec)?;
        let assignment = Assignment::from_bytes(&self.ledger.get(&version.split)?)?;
        let network = self.network_inputs(&config, DeviceChoice::Cpu)?;
        Ok(Inputs {
            config_digest: digest,
            config,
            network,
            spec,
            dataset_version: version.version,
            frame,
            target,
            assignment,
            batches,
            threads: self.host.worker_threads(),
        })
    }

    /// Champion and challenger answer one question, or the run is refused before it begins.
    fn same_question(&self, config: &RunConfig, inputs: &Inputs) -> Result<()> {
        let name = config.model.as_str();
        let known = self.ledger.read(|view| -> Result<Option<ModelRow>> { Ok(view.model(name)?) })?;
        let Some(model) = known else { return Ok(()) };
        let labels = match &inputs.target {
            driftgate_model::Target::Classes { labels, .. } => labels.clone(),
            driftgate_model::Target::Values(_) => Vec::new(),
        };
        if model.task == config.task && model.target == inputs.spec.target && model.labels == labels {
            return Ok(());
        }
        let show = |task: Task, target: &str, labels: &[String]| {
            let labels = if labels.is_empty() { String::new() } else { format!(", labels {}", labels.join("/")) };
            format!("{task} of `{target}`{labels}")
        };
        Err(EngineError::refused(
            format!(
                "model `{name}` answers {}, this run would answer {}",
                show(model.task, &model.target, &model.labels),
                show(config.task, &inputs.spec.target, &labels)
            ),
            "Give the run a model name of its own with `model:` in the pipeline config",
        ))
    }

    fn environment(&self, path: &Path, resolved: &Resolved, device: Option<String>) -> Result<RunEnvironment> {
        let absolute = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
        let command = match &self.host.command {
            Some(text) => Some(self.ledger.seal(text)?),
            None => None,
        };
        Ok(RunEnvironment {
            schema: "driftgate/environment/1".into(),
            driftgate_version: self.host.build.version.clone(),
            lock_hash: self.host.build.lock_hash,
            build: self.host.build.build.clone(),
            git_commit: self.host.git_commit.clone(),
            machine: self.host.machine.clone(),
            threads: u32::try_from(self.host.worker_threads()).unwrap_or(u32::MAX),
            command,
            config_path: Some(self.ledger.seal(&absolute.display().to_string())?),
            // The finding's message only: its path is the person's own.
            notes: resolved.notes.iter().map(|n| n.message.clone()).collect(),
            device,
        })
    }

    fn stages(&self, begun: &Begun, made: &mut Made, observer: &dyn Observer, cancel: &CancelToken) -> Result<()> {
        let wants = |stage| begun.inputs.config.stages.contains(&stage);
        if !wants(Stage::Preprocessing) {
            return Ok(());
        }
        let prepared = self.stage_preprocessing(begun, observer, cancel)?;
        if !wants(Stage::Training) {
            return Ok(());
        }
        let trained = self.stage_training(begun, &prepared, made, observer, cancel)?;
        if !wants(Stage::Evaluation) {
            return Ok(());
        }
        let mut evaluated = self.stage_evaluation(begun, &prepared, &trained, made, observer, cancel)?;
        if wants(Stage::ModelAnalysis)
            && let Ok(network) = trained.estimator.network()
        {
            let report = self.stage_analysis(begun, &prepared, &evaluated, network, observer, cancel)?;
            evaluated.robustness = Some(report);
        }
        match &begun.inputs.config.promotion {
            Some(promotion) if wants(Stage::Promotion) => {
                self.stage_promotion(begun, promotion, &prepared, &evaluated, made, observer, cancel)
            }
            _ => Ok(()),
        }
    }

    fn stage_preprocessing(&self, begun: &Begun, observer: &dyn Observer, cancel: &CancelToken) -> Result<Prepared> {
        let from = self.host.clock.elapsed_ms();
        observer.stage_started("preprocessing");
        let prepared = stages::preprocess(&begun.inputs, observer, cancel)?;
        let objects = self.store(&prepared.objects)?;
        self.record_stage(&begun.id, Stage::Preprocessing, from, objects, BTreeMap::new())?;
        let rows = |s| prepared.split(s).map_or(0, |d| d.x.rows());
        let what = match &prepared.images {
            Some(images) => {
                format!("pictures, {} × {} pixels", images.config.shape().height, images.config.shape().width)
            }
            None => format!("rows, {} features", prepared.transform.output_features().len()),
        };
        let note = format!("{}/{}/{} {what}", rows(SplitName::Train), rows(SplitName::Val), rows(SplitName::Test));
        observer.stage_finished("preprocessing", &note);
        Ok(prepared)
    }

    fn stage_training(
        &self,
        begun: &Begun,
        prepared: &Prepared,
        made: &mut Made,
        observer: &dyn Observer,
        cancel: &CancelToken,
    ) -> Result<Trained> {
        cancel.check()?;
        let from = self.host.clock.elapsed_ms();
        observer.stage_started("training");
        let trained = stages::train(&begun.inputs, prepared, observer, cancel)?;
        let objects = self.store(&trained.objects)?;
        let segments = self.store_curve(&begun.id, &trained)?;
        self.record_stage(&begun.id, Stage::Training, from, objects, segments)?;
        made.artifact = Some(trained.artifact);
        for note in &trained.learned.notes {
            observer.warning(note);
        }
        let pace = trained.learned.pace.as_ref().map(|pace| format!(", {pace}")).unwrap_or_default();
        observer.stage_finished("training", &format!("{}{pace}", trained.manifest.summary));
        Ok(trained)
    }

    /// Metric points of an iterative fit go to a segment: one JSON line a point.
    fn store_curve(&self, run: &RunId, trained: &Trained) -> Result<BTreeMap<String, Digest>> {
        if trained.learned.curve.is_empty() {
            return Ok(BTreeMap::new());
        }
        let name = format!("curve-{run}");
        let mut segment = self.ledger.segment(&name)?;
        for point in &trained.learned.curve {
            segment.append(&serde_json::json!({ "name": point.name, "step": point.step, "value": point.value }))?;
        }
        let (digest, _) = segment.close()?;
        Ok(BTreeMap::from([(name, digest)]))
    }

    fn stage_evaluation(
        &self,
        begun: &Begun,
        prepared: &Prepared,
        trained: &Trained,
        made: &mut Made,
        observer: &dyn Observer,
        cancel: &CancelToken,
    ) -> Result<Evaluated> {
        cancel.check()?;
        let from = self.host.clock.elapsed_ms();
        observer.stage_started("evaluation");
        let evaluated = stages::evaluate(&begun.inputs, prepared, trained, observer, cancel)?;
        for bytes in &evaluated.profile {
            self.ledger.put(bytes)?;
        }
        let objects = self.store(&evaluated.objects)?;
        made.evaluation = objects.get("evaluation").copied();
        self.record_stage(&begun.id, Stage::Evaluation, from, objects, BTreeMap::new())?;
        made.metrics = metrics::summary(&evaluated.report.test, "test");
        made.metrics.extend(metrics::summary(&evaluated.report.val, "val"));
        let lead = lead_metric(begun.inputs.config.task);
        let value = made.metrics.get(&format!("test.{lead}"));
        observer.stage_finished("evaluation", &value.map_or(String::new(), |v| format!("test {lead} {v:.4}")));
        Ok(evaluated)
    }

    fn stage_analysis(
        &self,
        begun: &Begun,
        prepared: &Prepared,
        evaluated: &Evaluated,
        network: &NetworkModel,
        observer: &dyn Observer,
        cancel: &CancelToken,
    ) -> Result<RobustnessReport> {
        cancel.check()?;
        let from = self.host.clock.elapsed_ms();
        observer.stage_started("model_analysis");
        let report = robustness::analyse(&begun.inputs, prepared, evaluated, network, observer, cancel)?;
        let objects = BTreeMap::from([("robustness".into(), self.ledger.put_json(&report)?)]);
        self.record_stage(&begun.id, Stage::ModelAnalysis, from, objects, BTreeMap::new())?;
        let worst = report.changes.iter().min_by(|a, b| a.change.total_cmp(&b.change));
        let note = worst
            .map_or(String::new(), |w| format!("{} changes; worst {} {:+.4}", report.changes.len(), w.name, w.change));
        observer.stage_finished("model_analysis", &note);
        Ok(report)
    }

    /// How a run's candidate coped with changed pictures, where that was tried.
    pub(crate) fn robustness_of(&self, row: &RunRow) -> Result<Option<RobustnessReport>> {
        let stage = row.stages.iter().find(|s| s.stage == Stage::ModelAnalysis);
        stage.and_then(|s| s.objects.get("robustness")).map(|digest| self.get_json(digest)).transpose()
    }

    #[expect(clippy::too_many_arguments, reason = "a stage takes what the stages before it made")]
    fn stage_promotion(
        &self,
        begun: &Begun,
        promotion: &PromotionConfig,
        prepared: &Prepared,
        evaluated: &Evaluated,
        made: &mut Made,
        observer: &dyn Observer,
        cancel: &CancelToken,
    ) -> Result<()> {
        cancel.check()?;
        let from = self.host.clock.elapsed_ms();
        observer.stage_started("promotion");
        let looks = self.test_looks(&begun.inputs.config.dataset)?;
        let profile = evaluated.objects.get("profile").map(|bytes| Digest::of(bytes));
        let moment = self.present(begun.inputs.config.model.as_str())?;
        let asked = Asked { run: &begun.id, promotion, version: &begun.version, looks, profile, moment };
        let report = self.ask_gate(&asked, &begun.inputs, prepared, evaluated, cancel)?;
        cancel.check()?;
        let digest = self.ledger.put_json(&report)?;
        self.record_stage(
            &begun.id,
            Stage::Promotion,
            from,
            BTreeMap::from([("gate".into(), digest)]),
            BTreeMap::new(),
        )?;
        let failed = report.violations().count();
        let verdict =
            if report.passed { "passed".into() } else { format!("{failed} of {} rules failed", report.results.len()) };
        observer.stage_finished("promotion", &verdict);
        made.gate = Some(report);
        made.gate_digest = Some(digest);
        Ok(())
    }

    /// Runs that have looked at the test split of the data set.
    fn test_looks(&self, dataset: &str) -> Result<u64> {
        self.ledger.read(|view| -> Result<u64> { Ok(view.dataset(dataset)?.map_or(0, |d| d.test_looks)) })
    }

    fn store(&self, objects: &Objects) -> Result<BTreeMap<String, Digest>> {
        objects.iter().map(|(role, bytes)| Ok((role.clone(), self.ledger.put(bytes)?))).collect()
    }

    fn record_stage(
        &self,
        run: &RunId,
        stage: Stage,
        from_ms: u64,
        objects: BTreeMap<String, Digest>,
        segments: BTreeMap<String, Digest>,
    ) -> Result<()> {
        let duration_ms = self.host.clock.elapsed_ms().saturating_sub(from_ms);
        let stamp = self.stamp();
        let body = EventBody::RunStage {
            run: run.clone(),
            record: StageRecord { stage, duration_ms, objects },
            segments,
            test_look: stage == Stage::Evaluation,
        };
        self.ledger.write(|tx| -> Result<()> {
            tx.append(&stamp, body)?;
            Ok(())
        })
    }

    fn finish(&self, begun: &Begun, made: &Made, result: Result<()>) -> Result<()> {
        let (status, error) = match &result {
            Ok(()) => match &made.gate {
                None => (RunStatus::Completed, None),
                Some(gate) if gate.passed => (RunStatus::AwaitingApproval, None),
                Some(_) => (RunStatus::Blocked, None),
            },
            Err(e) if e.code() == Code::Cancelled => (RunStatus::Cancelled, None),
            Err(e) => {
                let text = match e.hint() {
                    Some(hint) => format!("{e}. {hint}"),
                    None => e.to_string(),
                };
                (RunStatus::Failed, Some(self.ledger.seal(&text)?))
            }
        };
        let provenance = match made.artifact {
            Some(artifact) => Some(self.attest_provenance(begun, artifact)?),
            None => None,
        };
        let gate_statement = match (&made.gate, made.artifact) {
            (Some(gate), Some(artifact)) => Some(self.attest_gate(gate, artifact)?),
            _ => None,
        };
        let body = EventBody::RunFinished {
            run: begun.id.clone(),
            status,
            metrics: made.metrics.clone(),
            artifact: made.artifact,
            evaluation: made.evaluation,
            gate: made.gate_digest,
            violations: made.gate.iter().flat_map(violated).collect(),
            error,
            provenance,
            gate_statement,
        };
        let stamp = self.stamp();
        self.ledger.write(|tx| -> Result<()> {
            tx.append(&stamp, body)?;
            Ok(())
        })
    }

    fn attest_provenance(&self, begun: &Begun, artifact: Digest) -> Result<Digest> {
        let inputs = &begun.inputs;
        let material = |name: &str, digest: Digest| serde_json::json!({ "name": name, "digest": { "sha256": digest.to_string() } });
        let predicate = serde_json::json!({
            "buildDefinition": {
                "buildType": "urn:driftgate:run:1",
                "externalParameters": {
                    "algorithm": inputs.config.training.algorithm(),
                    "randomSeed": inputs.config.random_seed,
                },
                "resolvedDependencies": [
                    material("config", inputs.config_digest),
                    material("dataset", inputs.dataset_version),
                    material("Cargo.lock", self.host.build.lock_hash),
                ],
            },
            "runDetails": {
                "builder": { "id": "urn:driftgate:engine", "version": { "driftgate": self.host.build.version } },
                "metadata": { "invocationId": begun.id.as_str() },
            },
        });
        Ok(self.ledger.attest("https://slsa.dev/provenance/v1", &[("model".into(), artifact)], predicate)?)
    }
}

/// The metric that stands for the others in lists.
pub(crate) fn lead_metric(task: Task) -> &'static str {
    if task.is_classification() { "accuracy" } else { "r2" }
}
