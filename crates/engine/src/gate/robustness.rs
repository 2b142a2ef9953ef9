//! The rule about changed pictures.

use super::{Evidence, blank, show, show_beside, status};
use driftgate_model::config::Rule;
use driftgate_model::{RobustnessResult, RuleResult};

/// The unfavourable end of every change's interval costs at most `max_loss`.
pub(super) fn robustness(
    rule: &Rule,
    max_loss: f64,
    changes: &[String],
    max_severity: u32,
    evidence: &Evidence,
) -> RuleResult {
    let which = if changes.is_empty() { "any change".to_owned() } else { changes.join(", ") };
    let requirement = format!("accuracy lost under {which}, up to severity {max_severity}, at most {}", show(max_loss));
    let mut r = blank(rule, "robustness", requirement);
    r.metric = Some("accuracy".into());
    let Some(report) = evidence.robustness else {
        r.reason = "the candidate was not stress-tested: the run had no stage model_analysis".into();
        return r;
    };
    let counts = |c: &&RobustnessResult| {
        (changes.is_empty() || changes.contains(&c.name)) && c.severity.is_none_or(|s| s <= max_severity)
    };
    let looked: Vec<&RobustnessResult> = report.changes.iter().filter(counts).collect();
    if let Some(absent) = changes.iter().find(|name| !looked.iter().any(|c| c.name == **name)) {
        r.reason = format!("the change {absent} was not tried on these pictures");
        return r;
    }
    if let Some(none) = looked.iter().find(|c| c.interval.is_none()) {
        r.reason = format!("what {} costs has no interval: too few pictures or resamples", none.name);
        return r;
    }
    let loss = |c: &RobustnessResult| c.interval.map_or(f64::INFINITY, |i| -i.low);
    let worst = looked.iter().max_by(|a, b| loss(a).total_cmp(&loss(b)));
    let Some(worst) = worst else {
        r.reason = "no change was tried".into();
        return r;
    };
    r.observed = Some(worst.change);
    r.interval = worst.interval;
    r.status = status(loss(worst) <= max_loss);
    let severity = worst.severity.map(|s| format!(" at severity {s}")).unwrap_or_default();
    r.reason = format!(
        "{}{severity} costs most: accuracy changes by {}, and may fall by as much as {}",
        worst.name,
        show(worst.change),
        show_beside(loss(worst).max(0.0) + 0.0, max_loss)
    );
    r
}
