//! Asking the gate: the evidence is gathered, the rules are applied, and the answer is signed.

use crate::artifact::LoadedModel;
use crate::ask_drift::{DriftFacts, Models};
use crate::gate::{self, Champion, Evidence, SplitEvidence};
use crate::stages::{Answered, Evaluated, Inputs, Prepared, SplitData};
use crate::{EngineError, Result, Workspace};
use driftgate_learn::metrics;
use driftgate_ledger::RunFilter;
use driftgate_model::config::{EvaluationSplit, PromotionConfig, RuleKind};
use driftgate_model::{
    BeforeAfter, CancelToken, Comparison, DatasetVersionRow, Digest, GateReport, ModelRow, RuleResult, RuleStatus,
    RunId, RunRow, SplitName, Target, Timestamp, VersionRow, metrics_for,
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
    /// The candidate's own reference profile.
    pub(crate) profile: Option<Digest>,
    /// The moment that it is asked about.
    pub(crate) moment: Moment,
}

/// What was in Production and what was known when the gate is asked.
pub(crate) struct Moment {
    pub(crate) production: Option<VersionRow>,
    /// Events from this one on are not looked at.
    pub(crate) until: u64,
    pub(crate) now: Timestamp,
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
        let Asked { run, promotion, version, looks, profile, .. } = *asked;
        let Moment { production, until, now } = &asked.moment;
        let (production, now) = (production.as_ref(), *now);
        let name = inputs.config.model.as_str();
        let loaded = production.map(|v| self.load_model(&v.artifact));
        let candidate = Candidate { inputs, prepared, evaluated };
        let champion_model = production.zip(loaded.as_ref());
        let Seen { splits, champion, comparison } = self.side_by_side(&candidate, promotion, champion_model, cancel)?;
        let earlier = self.earlier_metrics(run, inputs, promotion)?;
        let watched = self.drift_evidence(name, production.map(|v| v.version), promotion, *until)?;
        let held_out = prepared.splits.contains_key(&SplitName::DriftHoldout);
        let (mut drift, mut adaptation) = (DriftFacts::default(), None);
        if watched.is_some() || held_out {
            let own = self.load_model(&evaluated.report.model_artifact)?;
            let champion = champion_model.and_then(|(v, loaded)| Some((v, loaded.as_ref().ok()?)));
            let models = Models { candidate: &own, profile, champion };
            drift = self.drift_facts(watched.clone(), promotion, &models, inputs, prepared, cancel)?;
            adaptation = before_after(&models, version, &candidate, cancel)?;
        }
        let evidence = Evidence {
            splits,
            champion,
            earlier,
            test_looks: looks,
            dataset_added_at: version.added_at,
            now,
            drift,
            robustness: evaluated.robustness.as_ref(),
        };
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
            drift: watched,
            adaptation,
        })
    }

    /// Now.
    pub(crate) fn present(&self, model: &str) -> Result<Moment> {
        let row = self.ledger.read(|view| -> Result<Option<ModelRow>> { Ok(view.model(model)?) })?;
        let production = row.as_ref().and_then(ModelRow::production_version).cloned();
        Ok(Moment { production, until: u64::MAX, now: self.host.clock.now() })
    }

    /// Candidate and Production on every split the rules look at.
    fn side_by_side<'a>(
        &self,
        candidate: &Candidate<'a>,
        promotion: &PromotionConfig,
        production: Option<(&VersionRow, &Result<LoadedModel>)>,
        cancel: &CancelToken,
    ) -> Result<Seen<'a>> {
        let Candidate { inputs, prepared, evaluated } = *candidate;
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
            if let Some((v, loaded)) = production {
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
        if let (Champion::Unreadable(version, why), Some((v, _))) = (&champion, production) {
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

/// Production before and the candidate after, on the clean test split and on the drifted holdout; `None` without either.
fn before_after(
    models: &Models,
    version: &DatasetVersionRow,
    candidate: &Candidate,
    cancel: &CancelToken,
) -> Result<Option<BeforeAfter>> {
    let Candidate { inputs, prepared, evaluated } = candidate;
    let (Some(adaptation), Some((row, champion)), Some(drifted)) =
        (&version.adaptation, models.champion, prepared.splits.get(&SplitName::DriftHoldout))
    else {
        return Ok(None);
    };
    let clean = prepared.split(SplitName::Test)?;
    let config = &inputs.config.evaluation;
    let one = |ours: &Answered, split: &SplitData, name: SplitName| -> Result<Comparison> {
        let theirs = Answered { predictions: champion.predict(&split.frame)?, truth: split.y.clone() };
        let names = &metrics_for(inputs.config.task, models.candidate.manifest.labels.len())[..];
        let (ours, theirs) = (ours.answers()?, theirs.answers()?);
        let level = config.bootstrap.level;
        let all = metrics::paired(names, &ours, &theirs, config, level, inputs.threads, cancel)?;
        Ok(metrics::compare(&all, (row.version, row.artifact), name.as_str(), config))
    };
    let after = Answered { predictions: models.candidate.predict(&drifted.frame)?, truth: drifted.y.clone() };
    Ok(Some(BeforeAfter {
        adaptation: adaptation.adaptation.clone(),
        clean: one(&evaluated.test, clean, SplitName::Test)?,
        drifted: one(&after, drifted, SplitName::DriftHoldout)?,
        clean_rows: clean.y.len() as u64,
        drifted_rows: drifted.y.len() as u64,
    }))
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
        let labels = match &self.split.y {
            Target::Classes { labels, .. } => labels.len(),
            Target::Values(_) => 0,
        };
        let all = ask(&metrics_for(self.inputs.config.task, labels), config.bootstrap.level)?;
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
