use crate::config::EvaluationSplit;
use crate::{BeforeAfter, Digest, Interval, RunId, Timestamp, VersionNumber};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How a rule ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleStatus {
    /// It holds.
    Passed,
    /// It does not hold, or its evidence is missing.
    Failed,
    /// It asks about something that does not exist (a champion where nothing is in Production) and was told not to mind.
    NotApplicable,
}

/// What one rule found on one split.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RuleResult {
    /// The rule's name.
    pub rule_id: String,
    /// Its kind, such as `threshold`.
    pub kind: String,
    /// The metric it is about, if any.
    pub metric: Option<String>,
    /// The comparison as text, such as `>= 0.8`.
    pub requirement: String,
    /// The split it looked at; `None` for rules about no split.
    pub split: Option<String>,
    /// The number that was compared, not rounded.
    pub observed: Option<f64>,
    /// The interval it looked at, if any.
    pub interval: Option<Interval>,
    /// How it ended.
    pub status: RuleStatus,
    /// Why, one sentence.
    pub reason: String,
    /// The rule's own description.
    pub description: String,
}

/// Candidate against Production on one metric, on the same rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MetricComparison {
    /// The candidate's value.
    pub candidate: Option<f64>,
    /// Production's value, re-evaluated on the same rows.
    pub production: Option<f64>,
    /// Candidate − production.
    pub delta: Option<f64>,
    /// Paired bootstrap interval of the difference.
    pub interval: Option<Interval>,
    /// `better`, `worse` or `equal` (within 1e-6) by value; `undefined` where either side is.
    pub verdict: String,
}

impl MetricComparison {
    /// The verdict in words that fit the interval: `better` and `worse` only where it leaves 0 out.
    pub fn words(&self) -> &str {
        let unsure = self.interval.is_some_and(|i| i.low <= 0.0 && i.high >= 0.0);
        if unsure && self.verdict != "equal" { "no clear difference" } else { &self.verdict }
    }
}

/// Candidate against Production.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// The version in Production when the gate was asked; `None` when there was none.
    pub production_version: Option<VersionNumber>,
    /// Its artifact.
    pub production_artifact: Option<Digest>,
    /// `better`, `worse`, `equal`, `mixed` or `no_baseline`.
    pub overall_verdict: String,
    /// Split the comparison was made on.
    pub split: String,
    /// Metric by metric.
    pub per_metric: BTreeMap<String, MetricComparison>,
    /// Level, resamples and seed of the paired intervals, for people.
    pub method: String,
}

/// The gate's answer: computed once, stored, shown everywhere.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GateReport {
    /// Always `driftgate/gate/1`.
    pub schema: String,
    /// The run.
    pub run: RunId,
    /// When it was asked.
    pub evaluated_at: Timestamp,
    /// Whether no rule failed and at least one applied on each split.
    pub passed: bool,
    /// The split asked for.
    pub evaluation_split: EvaluationSplit,
    /// Digest of the canonical rules, so that a later change of rules is seen.
    pub rules: Digest,
    /// Every rule, in order.
    pub results: Vec<RuleResult>,
    /// Against Production.
    pub comparison: Comparison,
    /// How often the test split of this data set has been looked at by runs, this one counted.
    pub test_looks: u64,
    /// The drift that the rules looked at; `None` where no rule asks about drift.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drift: Option<DriftEvidence>,
    /// Before and after, where the data hold a drifted holdout and something is in Production.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adaptation: Option<BeforeAfter>,
}

/// The state of a model's drift that a gate's answer rests on: another one asks for another answer.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct DriftEvidence {
    /// The newest check of any version of the model; one of a file that is a data set's own does not count.
    pub newest: Option<RunId>,
    /// The newest check whose batch drifted.
    pub newest_drifted: Option<RunId>,
    /// The newest check whose batch had labels and drifted.
    pub newest_labelled: Option<RunId>,
    /// Alarms about the version in Production that nobody has answered.
    pub open: Vec<RunId>,
}

impl GateReport {
    /// The rules that failed.
    pub fn violations(&self) -> impl Iterator<Item = &RuleResult> {
        self.results.iter().filter(|r| r.status == RuleStatus::Failed)
    }
}
