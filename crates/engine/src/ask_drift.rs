//! What the gate's rules about drift look at: batches that were checked, and what people answered.

use crate::adapt::contract;
use crate::artifact::LoadedModel;
use crate::monitor::is_open;
use crate::stages::{Answered, Inputs, Prepared};
use crate::{EngineError, Result, Workspace};
use driftgate_data::{Assignment, Lineage};
use driftgate_learn::metrics::{self, PairedDifference};
use driftgate_model::config::{PromotionConfig, RuleKind, Scenario};
use driftgate_model::{
    CancelToken, CheckRow, Code, Coded as _, Digest, DriftEvidence, DriftVerdict, EventBody, Frame, RunId, SplitName,
    Target, VersionRow,
};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::PathBuf;

/// What the drift rules look at.
#[derive(Default)]
pub(crate) struct DriftFacts {
    pub(crate) evidence: DriftEvidence,
    /// Candidate against Production on drifted rows, by rule id.
    pub(crate) cases: BTreeMap<String, Vec<Case>>,
    pub(crate) coverage: CoverageFact,
}

/// Candidate against Production on rows of one kind.
pub(crate) struct Case {
    /// `drifted batch 1a2b3c4d` or `scenario NAME`.
    pub(crate) name: String,
    /// Whether the rows are those of a batch.
    pub(crate) batch: bool,
    /// The difference and the rows it rests on, or why there is none.
    pub(crate) found: std::result::Result<(PairedDifference, usize), String>,
}

/// The newest batch against the candidate's own profile.
#[derive(Default)]
pub(crate) enum CoverageFact {
    /// No batch was checked, or no rule asks.
    #[default]
    NoBatch,
    /// It cannot be said.
    Unknown(String),
    /// This was found.
    Found(Covered),
}

/// What the newest batch says against the candidate's own profile.
pub(crate) struct Covered {
    pub(crate) check: RunId,
    pub(crate) rows: u64,
    pub(crate) verdict: DriftVerdict,
    pub(crate) drift_share: f64,
    pub(crate) worst: Vec<String>,
}

/// Candidate and Production, loaded.
pub(crate) struct Models<'a> {
    pub(crate) candidate: &'a LoadedModel,
    /// The candidate's own reference profile.
    pub(crate) profile: Option<Digest>,
    /// Production, where there is one that loads.
    pub(crate) champion: Option<(&'a VersionRow, &'a LoadedModel)>,
}

/// Rows with their truth.
struct Labelled {
    frame: Frame,
    truth: Target,
}

/// Whether a rule of the gate asks about drift.
pub(crate) fn asks_about_drift(promotion: &PromotionConfig) -> bool {
    promotion.rules.iter().any(|r| {
        matches!(r.kind, RuleKind::ChampionOnDrift { .. } | RuleKind::Coverage { .. } | RuleKind::OpenResponse { .. })
    })
}

impl Workspace {
    /// The newest checks of a model and its open alarms; `None` where no rule asks.
    pub(crate) fn drift_evidence(
        &self,
        model: &str,
        production: Option<u32>,
        promotion: &PromotionConfig,
        until: u64,
    ) -> Result<Option<DriftEvidence>> {
        if !asks_about_drift(promotion) {
            return Ok(None);
        }
        let mut checks = self.checks_of(model)?;
        checks.retain(|c| c.seq < until);
        for check in &mut checks {
            check.responses.retain(|r| r.seq < until);
        }
        // A check of the very data that models are trained on says nothing of what came since.
        let own: BTreeSet<Digest> = self
            .datasets()?
            .iter()
            .flat_map(|d| &d.versions)
            .filter(|v| v.adaptation.is_none())
            .flat_map(|v| v.files.iter().map(|f| f.digest))
            .collect();
        checks.retain(|c| !own.contains(&c.batch) || c.alarm);
        let newest =
            |wanted: &dyn Fn(&CheckRow) -> bool| checks.iter().rev().find(|c| wanted(c)).map(|c| c.check.clone());
        let open = checks.iter().filter(|c| Some(c.version) == production && is_open(c));
        Ok(Some(DriftEvidence {
            newest: newest(&|_| true),
            newest_drifted: newest(&|c| c.verdict == DriftVerdict::Drifted),
            newest_labelled: newest(&|c| c.labelled && c.verdict == DriftVerdict::Drifted),
            open: open.map(|c| c.check.clone()).collect(),
        }))
    }

    /// Gathers what the drift rules look at. What cannot be found out is said in its place: the rule fails there.
    pub(crate) fn drift_facts(
        &self,
        evidence: Option<DriftEvidence>,
        promotion: &PromotionConfig,
        models: &Models,
        inputs: &Inputs,
        prepared: &Prepared,
        cancel: &CancelToken,
    ) -> Result<DriftFacts> {
        let Some(evidence) = evidence else { return Ok(DriftFacts::default()) };
        let mut facts = DriftFacts { evidence, ..DriftFacts::default() };
        for rule in &promotion.rules {
            cancel.check()?;
            match &rule.kind {
                RuleKind::ChampionOnDrift { metric, confidence, scenarios, .. } => {
                    let asked = Compared { metric, confidence: *confidence, inputs, cancel };
                    let cases = self.cases(&facts.evidence, scenarios, models, &asked, prepared)?;
                    facts.cases.insert(rule.id.clone(), cases);
                }
                RuleKind::Coverage { .. } => facts.coverage = self.coverage(&facts.evidence, models, inputs, cancel)?,
                _ => {}
            }
        }
        Ok(facts)
    }

    fn cases(
        &self,
        evidence: &DriftEvidence,
        scenarios: &[Scenario],
        models: &Models,
        asked: &Compared,
        prepared: &Prepared,
    ) -> Result<Vec<Case>> {
        let Some((version, champion)) = models.champion else { return Ok(Vec::new()) };
        let pair = (models.candidate, champion);
        let mut cases = Vec::new();
        if let Some(check) = &evidence.newest_labelled {
            let rows = self.unseen_rows(check, models.candidate, version, asked.inputs);
            cases.push(Case {
                name: format!("drifted batch {}", check.short()),
                batch: true,
                found: settle(rows.and_then(|rows| asked.compare(pair, &rows)))?,
            });
        }
        let test = prepared.split(SplitName::Test)?;
        let names: Vec<&str> = models.candidate.transform.inputs().iter().map(|i| i.name.as_str()).collect();
        for scenario in scenarios {
            asked.cancel.check()?;
            if asked.inputs.network.is_some() {
                let why =
                    "scenarios change columns of a table; what changed pictures cost is asked by a rule `robustness`";
                cases.push(Case { name: format!("scenario {}", scenario.name), batch: false, found: Err(why.into()) });
                continue;
            }
            let changed = driftgate_drift::simulate(&test.frame, scenario, &names, asked.inputs.spec.split.seed)
                .map_err(|e| EngineError::refused(e.to_string(), "Change the rule's `scenarios`"))
                .and_then(|frame| asked.compare(pair, &Labelled { frame, truth: test.y.clone() }));
            cases.push(Case { name: format!("scenario {}", scenario.name), batch: false, found: settle(changed)? });
        }
        Ok(cases)
    }

    /// The rows of a checked batch that neither the candidate nor Production has learned from.
    fn unseen_rows(
        &self,
        check: &RunId,
        candidate: &LoadedModel,
        production: &VersionRow,
        inputs: &Inputs,
    ) -> Result<Labelled> {
        let (row, path) = self.checked_batch(check, inputs)?;
        let bytes = self.ledger.get(&row.batch)?;
        let table = crate::predict::read_batch(&path, &bytes, inputs.spec.format.clone(), &candidate.transform)?;
        self.pictures.note_batch(&table)?;
        drop(bytes);
        let split = |digest: &Digest| -> Result<Assignment> { Ok(Assignment::from_bytes(&self.ledger.get(digest)?)?) };
        let learned_from = self.dataset_version_of(&self.run_row(&production.run)?)?;
        let theirs = split(&learned_from.split)?;
        let lineage = Lineage::new(&inputs.assignment);
        let keyed = table.frame_for_split(&inputs.spec, Some(&lineage))?;
        let mut unseen = inputs.assignment.unseen(&keyed)?;
        let others = theirs.unseen(&keyed)?;
        unseen.retain(|row| others.binary_search(row).is_ok());
        if unseen.is_empty() {
            return Err(EngineError::refused(
                format!(
                    "all {} rows of the batch were learned from by the candidate or by version {} in Production",
                    row.rows, production.version
                ),
                "Check a newer labelled batch",
            ));
        }
        let frame = table.frame(&inputs.spec)?;
        let truth = driftgate_data::target(&frame, &contract(&inputs.spec, &candidate.manifest.labels))?;
        Ok(Labelled { frame: frame.take(&unseen), truth: truth.take(&unseen) })
    }

    /// A batch that was checked, and what its file was called: only the ending counts.
    fn checked_batch(&self, check: &RunId, inputs: &Inputs) -> Result<(CheckRow, PathBuf)> {
        let name = inputs.config.model.as_str();
        let row = self.ledger.read(|view| -> Result<Option<CheckRow>> { Ok(view.check(name, check)?) })?;
        let row = row.ok_or_else(|| EngineError::corrupt(format!("the drift check {check} is gone")))?;
        let event = self.ledger.read(|view| -> Result<_> { Ok(view.event(row.seq)?) })?;
        if let Some(EventBody::DriftChecked { source, .. }) = event.map(|e| e.body)
            && let Some(path) = self.opened_or_said(&source)?
        {
            return Ok((row, PathBuf::from(path)));
        }
        // A redacted path: the bytes tell.
        let stored = self.ledger.object_path(&row.batch);
        let mut head = [0; 4];
        let read = std::fs::File::open(&stored).and_then(|mut file| file.read_exact(&mut head));
        let parquet = read.is_ok() && head == *b"PAR1";
        Ok((row, PathBuf::from(if parquet { "batch.parquet" } else { "batch.csv" })))
    }

    fn coverage(
        &self,
        evidence: &DriftEvidence,
        models: &Models,
        inputs: &Inputs,
        cancel: &CancelToken,
    ) -> Result<CoverageFact> {
        let Some(check) = &evidence.newest else { return Ok(CoverageFact::NoBatch) };
        let found = self.covered(check, models, inputs, cancel);
        match found {
            Ok(found) => Ok(CoverageFact::Found(found)),
            Err(e) if e.code() == Code::Cancelled => Err(e),
            Err(e) => Ok(CoverageFact::Unknown(format!(
                "the batch of check {} cannot be compared with the candidate's own data: {e}",
                check.short()
            ))),
        }
    }

    fn covered(&self, check: &RunId, models: &Models, inputs: &Inputs, cancel: &CancelToken) -> Result<Covered> {
        let profile = models.profile.ok_or_else(|| EngineError::corrupt("the candidate has no reference profile"))?;
        let profile = self.get_json(&profile)?;
        let (row, path) = self.checked_batch(check, inputs)?;
        let own = models.candidate;
        let rows = self.kept_rows(&row.batch, &path, &own.transform, &inputs.spec, cancel)?;
        let config = crate::profile::drift_of(&inputs.config);
        let (found, worst) = self.compare_rows(&rows, &profile, &config, own, cancel)?;
        let (verdict, drift_share) = (found.verdict, found.drift_share);
        Ok(Covered { check: check.clone(), rows: row.rows, verdict, drift_share, worst })
    }
}

/// What a comparison is asked for.
struct Compared<'a> {
    metric: &'a str,
    confidence: f64,
    inputs: &'a Inputs,
    cancel: &'a CancelToken,
}

impl Compared<'_> {
    fn compare(
        &self,
        (candidate, champion): (&LoadedModel, &LoadedModel),
        rows: &Labelled,
    ) -> Result<(PairedDifference, usize)> {
        let answered = |model: &LoadedModel| -> Result<Answered> {
            Ok(Answered { predictions: model.predict(&rows.frame)?, truth: rows.truth.clone() })
        };
        let (ours, theirs) = (answered(candidate)?, answered(champion)?);
        let config = &self.inputs.config.evaluation;
        let mut found = metrics::paired(
            &[self.metric],
            &ours.answers()?,
            &theirs.answers()?,
            config,
            self.confidence,
            self.inputs.threads,
            self.cancel,
        )?;
        let missing = || EngineError::corrupt("a comparison lost its metric");
        Ok((found.remove(self.metric).ok_or_else(missing)?, rows.truth.len()))
    }
}

/// A failure becomes the reason that the rule gives; only cancelling ends the run.
fn settle<T>(found: Result<T>) -> Result<std::result::Result<T, String>> {
    match found {
        Ok(found) => Ok(Ok(found)),
        Err(e) if e.code() == Code::Cancelled => Err(e),
        Err(e) => Ok(Err(e.to_string())),
    }
}
