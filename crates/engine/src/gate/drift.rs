//! The rules about drift.

use super::{Champion, Evidence, blank, judge, show, status};
use crate::ask_drift::{Case, CoverageFact};
use driftgate_model::config::{Rule, RuleKind};
use driftgate_model::{DriftVerdict, RuleResult, RuleStatus};

/// A rule without anything to look at: shown as such, and blocking only where the config says so.
fn absent(mut r: RuleResult, require_evidence: bool, why: &str) -> RuleResult {
    r.status = if require_evidence { RuleStatus::Failed } else { RuleStatus::NotApplicable };
    r.reason = why.into();
    r
}

/// One result for the newest labelled drifted batch, and one a scenario.
pub(super) fn champion_on_drift(rule: &Rule, evidence: &Evidence) -> Vec<RuleResult> {
    let RuleKind::ChampionOnDrift { metric, margin, confidence, require_evidence, .. } = &rule.kind else {
        return Vec::new();
    };
    let requirement = format!(
        "{metric} at most {} worse than Production after drift, {} % sure",
        show(*margin),
        show(confidence * 100.0)
    );
    let mut r = blank(rule, "champion_on_drift", requirement);
    r.metric = Some(metric.clone());
    let version = match &evidence.champion {
        Champion::None => return vec![absent(r, *require_evidence, "nothing is in Production")],
        Champion::Unreadable(version, why) => {
            r.reason = format!("version {version} in Production could not be evaluated: {why}");
            return vec![r];
        }
        Champion::Same(version) => {
            r.status = RuleStatus::Passed;
            r.reason = format!("the candidate is the very artifact of version {version} in Production");
            return vec![r];
        }
        Champion::Evaluated(version) => *version,
    };
    let mut results = Vec::new();
    let cases = evidence.drift.cases.get(&rule.id).map(Vec::as_slice).unwrap_or_default();
    if !cases.iter().any(|case| case.batch) {
        let mut none = r.clone();
        none.split = Some("drifted batch".into());
        results.push(match newer_without_labels(evidence) {
            Some(why) => absent(none, *require_evidence, &why),
            None => absent(none, *require_evidence, "no labelled batch of this model has drifted yet"),
        });
    }
    for Case { name, found, batch } in cases {
        let mut one = r.clone();
        one.split = Some(name.clone());
        match found {
            Ok((paired, rows)) => {
                judge(&mut one, metric, *margin, version, paired);
                one.reason += &format!(" ({rows} rows)");
                if let Some(why) = batch.then(|| newer_without_labels(evidence)).flatten() {
                    one.reason += &format!("; {why}");
                    if *require_evidence {
                        one.status = RuleStatus::Failed;
                    }
                }
            }
            Err(why) => one.reason.clone_from(why),
        }
        results.push(one);
    }
    results
}

/// Says so where a newer batch drifted and its labels are not known, or cannot be used.
fn newer_without_labels(evidence: &Evidence) -> Option<String> {
    let seen = &evidence.drift.evidence;
    let newest = seen.newest_drifted.as_ref().filter(|c| Some(*c) != seen.newest_labelled.as_ref())?;
    Some(format!("the batch of check {} drifted, and has no labels that could be used", newest.short()))
}

pub(super) fn coverage(rule: &Rule, require_evidence: bool, evidence: &Evidence) -> RuleResult {
    let mut r = blank(rule, "coverage", "the newest batch has not drifted from the candidate's own data".into());
    let found = match &evidence.drift.coverage {
        CoverageFact::NoBatch => return absent(r, require_evidence, "no batch of this model was checked yet"),
        CoverageFact::Unknown(why) => {
            r.reason.clone_from(why);
            return r;
        }
        CoverageFact::Found(found) => found,
    };
    r.observed = Some(found.drift_share);
    r.status = status(found.verdict != DriftVerdict::Drifted);
    let columns = match found.worst.as_slice() {
        [] => ": no single column, but the model's answers or all columns together".to_owned(),
        worst => format!(": {}", worst.join(", ")),
    };
    r.reason = match found.verdict {
        DriftVerdict::Drifted => format!(
            "the batch of check {} ({} rows) has drifted away from what the candidate learned from{columns}",
            found.check.short(),
            found.rows
        ),
        DriftVerdict::Stable => {
            format!("the batch of check {} ({} rows) is like the candidate's own data", found.check.short(), found.rows)
        }
        DriftVerdict::Inconclusive => format!(
            "the batch of check {} ({} rows) shows no drift from the candidate's own data, nor can it rule one out",
            found.check.short(),
            found.rows
        ),
    };
    r
}

pub(super) fn open_response(rule: &Rule, require_evidence: bool, evidence: &Evidence) -> RuleResult {
    let mut r = blank(rule, "open_response", "no drift alarm about Production is unanswered".into());
    if matches!(evidence.champion, Champion::None) {
        return absent(r, require_evidence, "nothing is in Production");
    }
    let open = &evidence.drift.evidence.open;
    r.observed = Some(open.len() as f64);
    r.status = status(open.is_empty());
    r.reason = match open.as_slice() {
        [] => "every alarm has an answer".into(),
        [one] => format!("check {} waits for an answer: `driftgate drift respond {}`", one.short(), one.short()),
        more => {
            let names: Vec<&str> = more.iter().map(|c| c.short()).collect();
            format!("checks {} wait for an answer: `driftgate drift respond CHECK`", names.join(", "))
        }
    };
    r
}
