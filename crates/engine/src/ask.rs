//! Asking the gate: the evidence is gathered, the rules are applied, and the answer is signed.

use crate::artifact::LoadedModel;
use crate::gate::{self, Champion, Evidence, SplitEvidence};
use crate::stages::{Answered, Evaluated, Inputs, Prepared, SplitData};
use crate::{EngineError, Result, Workspace};
use driftgate_learn::metrics;
use driftgate_ledger::RunFilter;
use driftgate_model::config::{EvaluationSplit, PromotionConfig, RuleKind};
use driftgate_model::{
    CancelToken, Comparison, DatasetVersionRow, Digest, GateReport, ModelRow, RuleResult, RuleStatus, RunId, RunRow,
    SplitName, VersionRow, metrics_of,
};
use std::collections::BTreeMap;

/// What the gate is asked about.
pub(crate) struct Asked<'a> {
    pub(crate) run: &'a RunId,
    pub(crate) promotion: &'a PromotionConfig,
    /// The data set version the run learnt from.
    pub(crate) version: &'a DatasetVersionRow,
    /// Runs that had looked at its test split when this one did, this one counted: later ones are not held against it.
    pub(crate) looks: u64,
}

/// What a run computed: the data, and what the candidate answers.
struct Candidate<'a> {
    inputs: &'a Inputs,
    prepared: &'a Prepared,
    evaluated: &'a Evaluated,
}

/// Candidate and Production side by side.
struct Seen<'a> {
    splits: Vec<SplitEvidence<'a>>,
    champion: Champion,
    comparison: Comparison,
}

impl Workspace {
    /// Asks the gate: candidate and Production on the same rows, then rule by rule.
    pub(crate) fn ask_gate(
        &self,
        asked: &Asked,
        inputs: &Inputs,
        prepared: &Prepared,
        evaluated: &Evaluated,
        cancel: &CancelToken,
    ) -> Result<GateReport> {
        let Asked { run, promotion, version, looks } = *asked;
        let name = inputs.config.model.as_str();
        let model = self.ledger.read(|view| -> Result<Option<ModelRow>> { Ok(view.model(name)?) })?;
        let production = model.as_ref().and_then(ModelRow::production_version);
        let candidate = Candidate { inputs, prepared, evaluated };
        let Seen { splits, champion, comparison } = self.side_by_side(&candidate, promotion, production, cancel)?;
        let now = self.host.clock.now();
        let earlier = self.earlier_metrics(run, inputs, promotion)?;
        let evidence =
            Evidence { splits, champion, earlier, test_looks: looks, dataset_added_at: version.added_at, now };
        let results = gate::evaluate(promotion, &evidence);
        Ok(GateReport {
            schema: "driftgate/gate/1".into(),
            run: run.clone(),
            evaluated_at: now,
            passed: !results.iter().any(|r| r.status == RuleStatus::Failed),
            evaluation_split: promotion.evaluation_split,
            rules: rules_digest(promotion)?,
            results,
            comparison,
            test_looks: looks,
        })
    }

    /// Candidate and Production on every split the rules look at.
    fn side_by_side<'a>(
        &self,
        candidate: &Candidate<'a>,
        promotion: &PromotionConfig,
        production: Option<&VersionRow>,
        cancel: &CancelToken,
    ) -> Result<Seen<'a>> {
        let Candidate { inputs, prepared, evaluated } = *candidate;
        let champion_model = production.map(|v| LoadedModel::load(&self.ledger, &v.artifact));
        let mut champion = Champion::None;
        let mut splits = Vec::new();
        let (last, chosen) = chosen(promotion.evaluation_split);
        let mut comparison = metrics::no_baseline(last.as_str(), &inputs.config.evaluation);
        for name in chosen {
            cancel.check()?;
            let (evaluation, candidate) = match name {
                SplitName::Val => (&evaluated.report.val, &evaluated.val),
                _ => (&evaluated.report.test, &evaluated.test),
            };
            let mut paired = BTreeMap::new();
            if let (Some(v), Some(loaded)) = (production, &champion_model) {
                let pair = Pair { candidate, loaded, inputs, split: prepared.split(*name)?, cancel };
                match pair.compare(promotion, (v.version, v.artifact), *name) {
                    Ok((by_rule, compared)) => {
                        paired = by_rule;
                        comparison = compared;
                        if matches!(champion, Champion::None) {
                            let same = v.artifact == evaluated.report.model_artifact;
                            champion = if same { Champion::Same(v.version) } else { Champion::Evaluated(v.version) };
                        }
                    }
                    Err(EngineError::Cancelled) => return Err(EngineError::Cancelled),
                    Err(e) => champion = Champion::Unreadable(v.version, e.to_string()),
                }
            }
            splits.push(SplitEvidence { evaluation, paired });
        }
        if let (Champion::Unreadable(version, why), Some(v)) = (&champion, production) {
            comparison.production_version = Some(*version);
            comparison.production_artifact = Some(v.artifact);
            comparison.overall_verdict = "undefined".into();
            comparison.method = why.clone();
        }
        Ok(Seen { splits, champion, comparison })
    }

    /// Summary metrics of the model's runs before `run` on this data set, newest first; empty where no rule asks.
    fn earlier_metrics(
        &self,
        run: &RunId,
        inputs: &Inputs,
        promotion: &PromotionConfig,
    ) -> Result<Vec<BTreeMap<String, f64>>> {
        if !promotion.rules.iter().any(|r| matches!(r.kind, RuleKind::Consecutive { .. })) {
            return Ok(Vec::new());
        }
        let filter = RunFilter {
            model: Some(inputs.config.model.clone()),
            dataset: Some(inputs.config.dataset.clone()),
            ..RunFilter::default()
        };
        let rows = self.ledger.read(|view| -> Result<Vec<RunRow>> { Ok(view.runs(&filter)?) })?;
        let before = rows.into_iter().skip_while(|r| r.subject.run != *run).skip(1);
        Ok(before.map(|r| r.metrics).filter(|m| !m.is_empty()).collect())
    }

    /// The signed statement of what the gate answered about `artifact`.
    pub(crate) fn attest_gate(&self, gate: &GateReport, artifact: Digest) -> Result<Digest> {
        let names = |wanted: bool| -> Vec<String> {
            let failed = |r: &RuleResult| r.status == RuleStatus::Failed;
            gate.results.iter().filter(|r| failed(r) != wanted).map(rule_name).collect()
        };
        let predicate = serde_json::json!({
            "result": if gate.passed { "PASSED" } else { "FAILED" },
            "configuration": [{ "name": "rules", "digest": { "sha256": gate.rules.to_string() } }],
            "passedTests": names(true),
            "failedTests": names(false),
        });
        Ok(self.ledger.attest(
            "https://in-toto.io/attestation/test-result/v0.1",
            &[("model".into(), artifact)],
            predicate,
        )?)
    }
}

/// The splits that the rules look at, and the last of them.
fn chosen(split: EvaluationSplit) -> (SplitName, &'static [SplitName]) {
    match split {
        EvaluationSplit::Val => (SplitName::Val, &[SplitName::Val]),
        EvaluationSplit::Test => (SplitName::Test, &[SplitName::Test]),
        EvaluationSplit::Both => (SplitName::Test, &[SplitName::Val, SplitName::Test]),
    }
}

/// Candidate and Production on one split.
struct Pair<'a> {
    candidate: &'a Answered,
    loaded: &'a Result<LoadedModel>,
    inputs: &'a Inputs,
    split: &'a SplitData,
    cancel: &'a CancelToken,
}

impl Pair<'_> {
    fn compare(
        &self,
        promotion: &PromotionConfig,
        production: (u32, Digest),
        split: SplitName,
    ) -> Result<(BTreeMap<String, metrics::PairedDifference>, Comparison)> {
        let loaded = match self.loaded {
            Ok(loaded) => loaded,
            Err(e) => return Err(EngineError::corrupt(e.to_string())),
        };
        let champion = Answered { predictions: loaded.predict(&self.split.frame)?, truth: self.split.y.clone() };
        let (candidate, champion) = (self.candidate.answers()?, champion.answers()?);
        let config = &self.inputs.config.evaluation;
        let ask = |names: &[&str], confidence: f64| {
            metrics::paired(names, &candidate, &champion, config, confidence, self.inputs.threads, self.cancel)
        };
        let all = ask(metrics_of(self.inputs.config.task), config.bootstrap.level)?;
        let mut by_rule = BTreeMap::new();
        for rule in &promotion.rules {
            if let RuleKind::NotWorseThanChampion { metric, confidence, .. } = &rule.kind
                && let Some(difference) = ask(&[metric.as_str()], *confidence)?.remove(metric.as_str())
            {
                by_rule.insert(rule.id.clone(), difference);
            }
        }
        Ok((by_rule, metrics::compare(&all, production, split.as_str(), config)))
    }
}

/// Digest of the canonical rules.
pub(crate) fn rules_digest(promotion: &PromotionConfig) -> Result<Digest> {
    Ok(Digest::of(&crate::artifact::canonical(promotion)?))
}

fn rule_name(result: &RuleResult) -> String {
    match &result.split {
        Some(split) => format!("{} ({split})", result.rule_id),
        None => result.rule_id.clone(),
    }
}

/// The names of the rules that failed.
pub(crate) fn violated(gate: &GateReport) -> Vec<String> {
    gate.violations().map(rule_name).collect()
}
