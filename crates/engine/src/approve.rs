use crate::artifact::LoadedModel;
use crate::ask::{Asked, rules_digest, violated};
use crate::stages::{self, Answered, Evaluated, Inputs, Prepared};
use crate::{EngineError, Result, Workspace};
use driftgate_config::DiskFiles;
use driftgate_ledger::EventFilter;
use driftgate_model::config::{PromotionConfig, RuleKind, RunConfig};
use driftgate_model::views::{ApprovalPreview, Decided};
use driftgate_model::{
    CancelToken, DatasetVersionRow, Digest, EvaluationReport, EventBody, GateReport, ModelRow, RunEnvironment, RunRow,
    RunStatus, SplitName, VersionNumber,
};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The lineage tag with the gate's verdict on candidate against Production.
pub(crate) const VERDICT: &str = "lineage.comparison_verdict";

/// A candidate that may be approved now, with the gate report that says so.
struct Cleared {
    gate: GateReport,
    gate_digest: Digest,
    loaded: LoadedModel,
    model: Option<ModelRow>,
    asked_again: Option<String>,
}

impl Cleared {
    fn production(&self) -> Option<VersionNumber> {
        self.model.as_ref().and_then(|m| m.production)
    }

    fn next_version(&self) -> VersionNumber {
        self.model.as_ref().map_or(0, |m| m.versions.len() as u32) + 1
    }
}

impl Workspace {
    /// What approving the run would change. Writes nothing and asks no gate again.
    pub fn preview_approval(&self, run: &str) -> Result<ApprovalPreview> {
        let view = self.run_view(run)?;
        let model = self.model_row_if_known(view.run.subject.model.as_str())?;
        Ok(ApprovalPreview {
            schema: "driftgate/approval-preview/1".into(),
            next_version: model.as_ref().map_or(0, |m| m.versions.len() as u32) + 1,
            archives: model.and_then(|m| m.production),
            comparison: view.gate.as_ref().map(|g| g.comparison.clone()),
            run: view,
        })
    }

    /// Approves a run that waits: it becomes a registered version, in Production, in one transaction.
    ///
    /// The gate is asked again first when Production, the rules or the age of the data changed since it was asked. Errors: the
    /// run does not wait for approval; the gate now blocks it; its artifact does not load or does not answer what it
    /// answered; another decision won.
    pub fn approve(&self, run: &str, reason: Option<&str>) -> Result<Decided> {
        let id = self.find_run(run)?;
        let row = self.run_row(&id)?;
        awaiting(&row)?;
        self.decision_stamp()?;
        let cleared = self.clear(&row)?;
        cleared.loaded.prove(&self.ledger)?;
        let version = cleared.next_version();
        let reason = reason.map(str::trim).filter(|r| !r.is_empty());
        let sealed = match reason {
            Some(text) => Some(self.ledger.seal(text)?),
            None => None,
        };
        let lineage = self.lineage(&row, &cleared)?;
        let compared = &cleared.gate.comparison.overall_verdict;
        let deployment = self.deployment_manifest(&row, version, "approved", cleared.gate_digest, compared)?;
        let artifact = required(row.artifact, "model artifact")?;
        let statement = self.ledger.attest(
            "urn:driftgate:approval:1",
            &[("model".into(), artifact)],
            serde_json::json!({
                "outcome": "approved",
                "run": id.as_str(),
                "model": row.subject.model.as_str(),
                "version": version,
                "gate": cleared.gate_digest.to_string(),
                "reason": sealed.map(|s| s.commitment.to_string()),
            }),
        )?;
        let body = EventBody::RunApproved {
            run: id.clone(),
            model: row.subject.model.clone(),
            version,
            archived: cleared.production(),
            task: row.subject.task,
            target: cleared.loaded.manifest.target.clone(),
            labels: cleared.loaded.manifest.labels.clone(),
            artifact,
            gate: cleared.gate_digest,
            deployment,
            lineage,
            reason: sealed,
            statement,
        };
        let signed_by = self.record_approval(&row, &cleared, body)?;
        Ok(Decided {
            schema: "driftgate/decision/1".into(),
            outcome: "approved".into(),
            model: row.subject.model.clone(),
            run: Some(id),
            from: cleared.production(),
            to: Some(version),
            actor: self.host.actor.clone(),
            signed_by,
            reason: reason.map(String::from),
            deployment: Some(deployment),
            gate_reevaluated: cleared.asked_again,
        })
    }

    fn record_approval(&self, row: &RunRow, cleared: &Cleared, body: EventBody) -> Result<Option<Digest>> {
        let stamp = self.decision_stamp()?;
        let name = row.subject.model.as_str();
        self.ledger.write(|tx| -> Result<()> {
            let now = tx.run(&row.subject.run)?.map(|r| r.status);
            if now != Some(RunStatus::AwaitingApproval) {
                return Err(EngineError::conflict(
                    format!("run {} was decided meanwhile", row.subject.run.short()),
                    format!("See `driftgate runs show {}`", row.subject.run.short()),
                ));
            }
            let model = tx.model(name)?;
            let versions = model.as_ref().map_or(0, |m| m.versions.len() as u32);
            if model.as_ref().and_then(|m| m.production) != cleared.production()
                || versions + 1 != cleared.next_version()
            {
                return Err(EngineError::conflict(
                    format!("another decision changed what is in Production of {name} meanwhile"),
                    "Look at it with `driftgate models show`, then approve again: the gate will be asked anew",
                ));
            }
            tx.append(&stamp, body)?;
            Ok(())
        })?;
        Ok(stamp.signer())
    }

    /// Rejects a run that waits. The reason is mandatory.
    pub fn reject(&self, run: &str, reason: &str) -> Result<Decided> {
        let id = self.find_run(run)?;
        let row = self.run_row(&id)?;
        awaiting(&row)?;
        let reason = mandatory(reason)?;
        let stamp = self.decision_stamp()?;
        let sealed = self.ledger.seal(reason)?;
        let production = self.ledger.write(|tx| -> Result<Option<VersionNumber>> {
            let Some(now) = tx.run(&id)? else {
                return Err(EngineError::corrupt(format!("run {id} is gone from the ledger")));
            };
            if now.status != RunStatus::AwaitingApproval {
                return Err(EngineError::conflict(
                    format!("run {} was decided meanwhile: it is {}", id.short(), now.status.as_str()),
                    format!("See `driftgate runs show {}`", id.short()),
                ));
            }
            tx.append(&stamp, EventBody::RunRejected { run: id.clone(), reason: sealed })?;
            Ok(tx.model(row.subject.model.as_str())?.and_then(|m| m.production))
        })?;
        Ok(Decided {
            schema: "driftgate/decision/1".into(),
            outcome: "rejected".into(),
            model: row.subject.model,
            run: Some(id),
            from: production,
            to: production,
            actor: self.host.actor.clone(),
            signed_by: stamp.signer(),
            reason: Some(reason.into()),
            deployment: None,
            gate_reevaluated: None,
        })
    }

    /// Loads the candidate and makes sure that the gate's answer is of today.
    fn clear(&self, row: &RunRow) -> Result<Cleared> {
        let artifact = required(row.artifact, "model artifact")?;
        let gate_digest = required(row.gate, "gate report")?;
        let config: RunConfig = self.get_json(&row.subject.config)?;
        let gate: GateReport = self.get_json(&gate_digest)?;
        let loaded = self.load_model(&artifact)?;
        let model = self.model_row_if_known(row.subject.model.as_str())?;
        let promotion = self.current_rules(row, &config)?;
        let version = self.dataset_version_of(row)?;
        if let Some(a) = version.adaptation.as_ref().filter(|a| a.undone.is_some()) {
            return Err(EngineError::refused(
                format!("the drifted rows it learned from were taken back (adaptation {})", a.adaptation.short()),
                format!("Reject it with `driftgate reject {} --reason …`, and run again", row.subject.run.short()),
            ));
        }
        let why = self.stale(row.subject.model.as_str(), &gate, model.as_ref(), &promotion, &version)?;
        let Some(why) = why else {
            return Ok(Cleared { gate, gate_digest, loaded, model, asked_again: None });
        };
        let asked = Asked {
            run: &row.subject.run,
            promotion: &promotion,
            version: &version,
            looks: gate.test_looks,
            profile: profile_of(row),
            moment: self.present(row.subject.model.as_str())?,
        };
        let (gate, gate_digest) = self.ask_again(row, config, &asked, &loaded)?;
        if !gate.passed {
            return Err(EngineError::Blocked {
                message: format!("the gate was asked again, since {why}, and now blocks the run: {}", reasons(&gate)),
                hint: format!("See `driftgate runs show {}`; train a new candidate", row.subject.run.short()),
            });
        }
        Ok(Cleared { gate, gate_digest, loaded, model, asked_again: Some(why) })
    }

    /// The rules as the run's config file has them today. A file that cannot be read, or is about something else by now,
    /// refuses the approval: nobody can say that the rules still hold.
    fn current_rules(&self, row: &RunRow, config: &RunConfig) -> Result<PromotionConfig> {
        let short = row.subject.run.short();
        let again = "Put the file back as it was, or run again with the config that is meant";
        let unknown = |why: String| {
            EngineError::refused(format!("the rules that run {short} was gated by cannot be checked: {why}"), again)
        };
        let recorded = config.promotion.clone().ok_or_else(|| {
            EngineError::refused(
                format!("run {short} was not asked to be promoted"),
                "Add `promotion` to `pipeline_stages` and run again",
            )
        })?;
        let environment: RunEnvironment = self.get_json(&row.subject.environment)?;
        let Some(sealed) = &environment.config_path else { return Ok(recorded) };
        let path = self.ledger.unseal(sealed)?.map(PathBuf::from);
        let path = path.ok_or_else(|| unknown("the path of its config was redacted".into()))?;
        let resolved = driftgate_config::resolve(&path, &DiskFiles).map_err(|e| unknown(e.to_string()))?.config;
        if resolved.model != row.subject.model || resolved.task != row.subject.task {
            return Err(unknown(format!("`{}` is about model `{}` now", path.display(), resolved.model)));
        }
        resolved.promotion.ok_or_else(|| unknown(format!("`{}` asks for no promotion now", path.display())))
    }

    fn stale(
        &self,
        name: &str,
        gate: &GateReport,
        model: Option<&ModelRow>,
        promotion: &PromotionConfig,
        version: &DatasetVersionRow,
    ) -> Result<Option<String>> {
        let production = model.and_then(ModelRow::production_version);
        let seen = (gate.comparison.production_version, gate.comparison.production_artifact);
        if seen != (production.map(|v| v.version), production.map(|v| v.artifact)) {
            return Ok(Some("another version is in Production now".into()));
        }
        if let (Some(then), Some(now)) = (&gate.adaptation, &version.adaptation)
            && then.adaptation != now.adaptation
        {
            return Ok(Some("the drifted rows were taken back and staged anew".into()));
        }
        if rules_digest(promotion)? != gate.rules {
            return Ok(Some("its rules have changed".into()));
        }
        if self.drift_evidence(name, production.map(|v| v.version), promotion, u64::MAX)? != gate.drift {
            return Ok(Some("batches were checked or alarms answered since".into()));
        }
        let age_days = self.host.clock.now().duration_since(version.added_at).as_secs_f64() / 86_400.0;
        let old = promotion.rules.iter().any(|r| match r.kind {
            RuleKind::Freshness { max_age_days } => age_days > max_age_days || age_days < 0.0,
            _ => false,
        });
        Ok(old.then(|| "the data have grown old".into()))
    }

    /// What a run computed, computed again from its artifact.
    pub(crate) fn candidate_again(
        &self,
        row: &RunRow,
        config: RunConfig,
        version: &DatasetVersionRow,
        loaded: &LoadedModel,
        cancel: &CancelToken,
    ) -> Result<(Inputs, Prepared, Evaluated)> {
        let inputs = self.load_inputs(config, row.subject.config, version)?;
        let splits = stages::apply(&inputs, &loaded.transform, cancel)?;
        let prepared = Prepared { transform: loaded.transform.clone(), splits, objects: BTreeMap::new(), images: None };
        let answered = |name| -> Result<Answered> {
            let data = prepared.split(name)?;
            Ok(Answered { predictions: loaded.model.answer(data, cancel)?, truth: data.y.clone() })
        };
        let report: EvaluationReport = self.get_json(&required(row.evaluation, "evaluation report")?)?;
        let evaluated = Evaluated {
            report,
            val: answered(SplitName::Val)?,
            test: answered(SplitName::Test)?,
            objects: BTreeMap::new(),
            profile: Vec::new(),
            robustness: self.robustness_of(row)?,
        };
        Ok((inputs, prepared, evaluated))
    }

    fn ask_again(
        &self,
        row: &RunRow,
        config: RunConfig,
        asked: &Asked,
        loaded: &LoadedModel,
    ) -> Result<(GateReport, Digest)> {
        let cancel = CancelToken::new();
        let (inputs, prepared, evaluated) = self.candidate_again(row, config, asked.version, loaded, &cancel)?;
        let run = &row.subject.run;
        let gate = self.ask_gate(asked, &inputs, &prepared, &evaluated, &cancel)?;
        let digest = self.ledger.put_json(&gate)?;
        let statement = self.attest_gate(&gate, required(row.artifact, "model artifact")?)?;
        let stamp = self.stamp();
        let body = EventBody::GateEvaluated {
            run: run.clone(),
            gate: digest,
            passed: gate.passed,
            violations: violated(&gate),
            gate_statement: Some(statement),
        };
        self.ledger.write(|tx| -> Result<()> {
            let status = tx.run(run)?.map(|r| r.status);
            if status != Some(RunStatus::AwaitingApproval) {
                return Err(EngineError::conflict(
                    format!("run {} was decided meanwhile", run.short()),
                    format!("See `driftgate runs show {}`", run.short()),
                ));
            }
            tx.append(&stamp, body)?;
            Ok(())
        })?;
        Ok((gate, digest))
    }

    /// The data set version a run learnt from.
    pub(crate) fn dataset_version_of(&self, row: &RunRow) -> Result<DatasetVersionRow> {
        let dataset = self.dataset_row(&row.subject.dataset)?;
        dataset.versions.into_iter().find(|v| v.version == row.subject.dataset_version).ok_or_else(|| {
            EngineError::corrupt(format!(
                "data set `{}` has lost the version run {} used",
                row.subject.dataset, row.subject.run
            ))
        })
    }

    /// Lineage tags with the reference's names; an empty one refuses the approval.
    fn lineage(&self, row: &RunRow, cleared: &Cleared) -> Result<BTreeMap<String, String>> {
        let s = &row.subject;
        let trained_at = row.finished_at.map(|t| t.to_string()).unwrap_or_default();
        let mut tags: BTreeMap<String, String> = [
            ("lineage.run_id", s.run.to_string()),
            ("lineage.config_hash", s.config.to_string()),
            ("lineage.dataset_name", s.dataset.clone()),
            ("lineage.dataset_version_id", s.dataset_version.to_string()),
            ("lineage.task_type", s.task.to_string()),
            ("lineage.algorithm", s.algorithm.clone()),
            ("lineage.trained_at", trained_at),
            ("lineage.train_rows", cleared.loaded.manifest.train_rows.to_string()),
            (VERDICT, cleared.gate.comparison.overall_verdict.clone()),
            ("lineage.promotion_outcome", "approved".into()),
        ]
        .into_iter()
        .map(|(k, v)| (k.to_string(), v))
        .collect();
        if let Some(empty) = tags.iter().find(|(_, v)| v.is_empty()) {
            return Err(EngineError::refused(
                format!("the lineage of run {} is incomplete: `{}` is empty", s.run.short(), empty.0),
                "Run `driftgate audit verify`; train the candidate again",
            ));
        }
        let objects = [Some(s.config), Some(s.environment), row.artifact, row.evaluation, row.gate];
        let staged = row.stages.iter().flat_map(|stage| stage.objects.values().copied());
        for digest in objects.into_iter().flatten().chain(staged).chain([s.dataset_version]) {
            self.ledger.check_object(&digest)?;
        }
        let version = self.dataset_version_of(row)?;
        for digest in [version.spec, version.validation, version.split] {
            self.ledger.check_object(&digest)?;
        }
        if let Some(a) = &version.adaptation {
            self.ledger.check_object(&a.record)?;
        }
        self.check_files(&version)?;
        self.check_segments(row)?;
        for (name, value) in &row.metrics {
            tags.insert(format!("lineage.eval.{name}"), format!("{value:.6}"));
        }
        Ok(tags)
    }

    /// Hashes the run's segments again: the rows do not hold their digests, the events of its stages do.
    fn check_segments(&self, row: &RunRow) -> Result<()> {
        let run = &row.subject.run;
        let filter = EventFilter {
            kinds: vec!["run.stage".into()],
            subject: Some(format!("run:{run}")),
            ..EventFilter::default()
        };
        for event in self.ledger.audit_log(&filter)? {
            let EventBody::RunStage { segments, .. } = event.body else { continue };
            for (name, digest) in segments {
                self.ledger.check_segment(&name, &digest)?;
            }
        }
        Ok(())
    }

    /// The deployment manifest of a version that goes to Production.
    pub(crate) fn deployment_manifest(
        &self,
        row: &RunRow,
        version: VersionNumber,
        cause: &str,
        gate_digest: Digest,
        compared: &str,
    ) -> Result<Digest> {
        let config: RunConfig = self.get_json(&row.subject.config)?;
        let artifact = required(row.artifact, "model artifact")?;
        let loaded = self.load_model(&artifact)?;
        let name = row.subject.model.as_str();
        let manifest = serde_json::json!({
            "schema": "driftgate/deployment/1",
            "generated_at": self.host.clock.now(),
            "model": {
                "registry_name": name,
                "registry_version": version,
                "stage": "production",
                "run_id": row.subject.run,
                "task_type": row.subject.task,
                "algorithm": row.subject.algorithm,
                "trained_at": row.finished_at,
                "dataset_name": row.subject.dataset,
                "dataset_version_id": row.subject.dataset_version,
                "config_hash": row.subject.config,
                "artifact": artifact,
                "parts": loaded.manifest.parts,
                "metrics": row.metrics,
            },
            "promotion": {
                "outcome": cause,
                "gate": gate_digest,
                "comparison_verdict": compared,
            },
            "service": {
                "host": config.deployment.host,
                "port": config.deployment.port,
                "endpoints": ["GET /health", "GET /models", format!("POST /predict/{name}")],
            },
            "readiness": { "status": "ready", "warnings": [] },
        });
        Ok(self.ledger.put_json(&manifest)?)
    }
}

/// A reason that says something.
pub(crate) fn mandatory(reason: &str) -> Result<&str> {
    let reason = reason.trim();
    if reason.is_empty() {
        return Err(EngineError::bad_input("a reason is required", "Say why with `--reason \"…\"`"));
    }
    Ok(reason)
}

/// The reference profile that a run made.
pub(crate) fn profile_of(row: &RunRow) -> Option<Digest> {
    row.stages.iter().find_map(|s| s.objects.get("profile")).copied()
}

fn required(digest: Option<Digest>, what: &str) -> Result<Digest> {
    digest.ok_or_else(|| EngineError::corrupt(format!("the run has no {what}")))
}

fn reasons(gate: &GateReport) -> String {
    let lines: Vec<String> = gate.violations().map(|r| format!("{} ({})", r.rule_id, r.reason)).collect();
    lines.join("; ")
}

fn awaiting(row: &RunRow) -> Result<()> {
    if row.status == RunStatus::AwaitingApproval {
        return Ok(());
    }
    let short = row.subject.run.short();
    let message = match row.status {
        RunStatus::Blocked => format!("run {short} was blocked by the gate: {}", row.violations.join(", ")),
        RunStatus::Approved => {
            format!("run {short} was approved already: it is version {}", row.version.unwrap_or_default())
        }
        other => format!("run {short} does not wait for a decision: it is {}", other.as_str()),
    };
    Err(EngineError::refused(message, format!("See `driftgate runs show {short}`")))
}
