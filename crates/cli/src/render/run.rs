//! The verdict at the end of a run.

use super::format::{
    Tone, count, duration, faint, interval, number, paint, plural, signed, splits, status, strong, time_utc, version,
    who,
};
use super::table::{Align, Cell, Table, facts, paragraph};
use driftgate_model::views::{ApprovalPreview, RunView};
use driftgate_model::{
    BootstrapSpec, Comparison, GateReport, MetricComparison, RuleResult, RuleStatus, RunStatus, SplitEvaluation, Task,
    metrics_for,
};

use std::collections::BTreeMap;

/// How the answer ends: what the person may type next. `begin` is the command with the options that lead here.
#[derive(Debug, Clone)]
pub struct Next<'a> {
    /// Such as `driftgate` or `driftgate --workspace demo`.
    pub begin: &'a str,
}

/// The verdict: what it is, what it measured, what the gate said, what happens next.
pub fn verdict(view: &RunView, next: &Next, width: usize) -> String {
    let mut out = header(view, width);
    out += &metrics(view, width);
    if let Some(gate) = &view.gate {
        out += &format!("\n{}", gate_text(gate, width));
        if let Some(found) = &gate.adaptation {
            out += &format!("\n{}", super::adapt::before_after(found, width));
        }
    }
    out += &notes(view, width);
    out += &format!("\n{}", outcome(view, next, width));
    out
}

/// The run's name and what it is about.
pub fn header(view: &RunView, width: usize) -> String {
    let row = &view.run;
    let subject = &row.subject;
    let (word, tone) = status(row.status);
    let spent = row.wall_ms();
    let mut out =
        format!("{} · {} · {}\n", strong(&format!("Run {}", subject.run.short())), paint(tone, &word), duration(spent));
    let production = match (row.version, &view.gate) {
        (Some(v), _) => format!(" · registered as v{v}"),
        (None, Some(gate)) => match gate.comparison.production_version {
            Some(v) => format!(" · compared with v{v} in Production"),
            None => " · nothing in Production to compare with".into(),
        },
        (None, None) => String::new(),
    };
    let oob = view.oob_score.map_or_else(String::new, |s| format!(" · out-of-bag score {s:.4}"));
    out += &facts(
        [
            ("model", format!("{}{production}", subject.model)),
            (
                "data set",
                format!(
                    "{} v{} · {} · {}",
                    subject.dataset,
                    view.dataset_number,
                    subject.dataset_version.short(),
                    splits(view.counts)
                ),
            ),
            ("algorithm", format!("{} · seed {}{oob}", subject.algorithm, subject.random_seed)),
            ("started", format!("{} by {}", time_utc(row.started_at), who(view.actor.as_deref()))),
        ],
        width,
    );
    out
}

/// Metrics on validation and test, beside the baseline and Production.
fn metrics(view: &RunView, width: usize) -> String {
    let (Some(val), Some(test)) = (&view.val, &view.test) else { return String::new() };
    table_of(view, [val, test], &ordered(view, test), width) + &undefined(&[val, test], width)
}

/// The metrics that say most, for a short account.
fn headline(task: Task) -> &'static [&'static str] {
    if task.is_classification() { &["accuracy", "f1_score", "roc_auc"] } else { &["r2", "mae", "rmse"] }
}

/// The verdict in short: the metrics that say most, and the gate.
pub fn account(view: &RunView, width: usize) -> String {
    let (Some(val), Some(test)) = (&view.val, &view.test) else { return header(view, width) };
    let mut out = header(view, width) + &table_of(view, [val, test], headline(view.run.subject.task), width);
    if let Some(gate) = &view.gate {
        out += &format!("\n{}", gate_text(gate, width));
        if let Some(found) = &gate.adaptation {
            out += &format!("\n{}", super::adapt::before_after(found, width));
        }
    }
    out
}

fn table_of(view: &RunView, [val, test]: [&SplitEvaluation; 2], names: &[&str], width: usize) -> String {
    let comparison = view.gate.as_ref().map(|g| &g.comparison);
    let judged = comparison.map_or("test", |c| c.split.as_str());
    let base = if judged == "val" { val } else { test };
    let mut measured = Table::new(&[("metric", Align::Left), ("validation", Align::Left), ("test", Align::Left)]);
    for name in names {
        measured.row([(*name).to_owned(), value(val, name), value(test, name)]);
    }
    let beside = beside(names, base, comparison);
    let whole = side_by_side(names, val, test, base, comparison);
    let mut out = String::from("\n");
    if whole.natural_width() <= width {
        out += &whole.render(width);
    } else {
        out += &measured.render(width);
        out.push('\n');
        out += &beside.render(width);
    }
    out + &method(test.bootstrap.as_ref(), comparison, base, width)
}

/// The task's own order first, whatever else there is after it.
fn ordered<'a>(view: &RunView, test: &'a SplitEvaluation) -> Vec<&'a str> {
    let known = metrics_for(view.run.subject.task, test.labels.len());
    let mut names: Vec<&str> = Vec::new();
    names.extend(known.iter().filter_map(|k| test.metrics.get_key_value(*k)).map(|(k, _)| k.as_str()));
    names.extend(test.metrics.keys().map(String::as_str).filter(|k| !known.contains(k)));
    names
}

fn value(split: &SplitEvaluation, name: &str) -> String {
    let Some(metric) = split.metrics.get(name) else { return "—".into() };
    match metric.interval {
        Some(i) => format!("{} {}", number(metric.value), interval(i)),
        None => number(metric.value),
    }
}

const BASELINE: (&str, Align) = ("baseline", Align::Right);

fn beside(names: &[&str], base: &SplitEvaluation, comparison: Option<&Comparison>) -> Table {
    let champion = comparison.filter(|c| c.production_version.is_some());
    let mut heads = vec![("metric", Align::Left), BASELINE];
    let production = champion.map(|c| version(c.production_version));
    if let Some(p) = &production {
        heads.extend([(p.as_str(), Align::Right), ("difference", Align::Left)]);
    }
    let mut table = Table::new(&heads);
    for name in names {
        let mut row: Vec<Cell> = vec![(*name).into(), baseline(base, name).into()];
        if let Some(c) = champion {
            row.extend(against(c.per_metric.get(*name)));
        }
        table.row(row);
    }
    table
}

fn side_by_side(
    names: &[&str],
    val: &SplitEvaluation,
    test: &SplitEvaluation,
    base: &SplitEvaluation,
    comparison: Option<&Comparison>,
) -> Table {
    let champion = comparison.filter(|c| c.production_version.is_some());
    let production = champion.map(|c| format!("Production {}", version(c.production_version)));
    let mut heads = vec![("metric", Align::Left), ("validation", Align::Left), ("test", Align::Left), BASELINE];
    if let Some(p) = &production {
        heads.extend([(p.as_str(), Align::Right), ("difference", Align::Left)]);
    }
    let mut table = Table::new(&heads);
    for name in names {
        let mut row: Vec<Cell> =
            vec![(*name).into(), value(val, name).into(), value(test, name).into(), baseline(base, name).into()];
        if let Some(c) = champion {
            row.extend(against(c.per_metric.get(*name)));
        }
        table.row(row);
    }
    table
}

fn baseline(split: &SplitEvaluation, name: &str) -> String {
    number(split.baseline.get(name).copied().flatten())
}

fn against(metric: Option<&MetricComparison>) -> [Cell; 2] {
    let Some(m) = metric else { return ["—".into(), "—".into()] };
    let tone = match m.words() {
        "better" => Tone::Good,
        "worse" => Tone::Bad,
        _ => Tone::Plain,
    };
    let difference = match (m.delta, m.interval) {
        (Some(d), Some(i)) => format!("{} {} {}", signed(d), interval(i), m.words()),
        (Some(d), None) => format!("{} {}", signed(d), m.words()),
        (None, _) => m.words().to_owned(),
    };
    [number(m.production).into(), Cell::toned(difference, tone)]
}

/// How the numbers beside the metrics were made.
fn method(
    spec: Option<&BootstrapSpec>,
    comparison: Option<&Comparison>,
    base: &SplitEvaluation,
    width: usize,
) -> String {
    let mut text = match spec {
        Some(b) => format!(
            "Intervals: {} %, {} bootstrap, {} resamples, seed {}{}",
            b.level * 100.0,
            b.method,
            count(u64::from(b.resamples)),
            b.seed,
            if b.stratified { ", stratified" } else { "" }
        ),
        None => "No intervals: bootstrap is off".into(),
    };
    let answer = if base.labels.is_empty() {
        "the train mean"
    } else {
        "the majority class, with the train shares as probabilities"
    };
    text += &format!(". Baseline: {answer}, on {}", base.split);
    if comparison.is_some_and(|c| c.production_version.is_some()) {
        text += ". Production is evaluated on the same rows";
    }
    faint(&paragraph("  ", &text, width))
}

/// Why a value or an interval is missing.
fn undefined(splits: &[&SplitEvaluation], width: usize) -> String {
    let mut out = String::new();
    for split in splits {
        let mut by_note: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (name, metric) in &split.metrics {
            if let Some(note) = &metric.note {
                by_note.entry(note).or_default().push(name);
            }
        }
        for (note, names) in by_note {
            out += &faint(&paragraph("  ", &format!("{} on {}: {note}", names.join(", "), split.split), width));
        }
    }
    out
}

/// The gate's answer: one rule a line.
pub fn gate_text(gate: &GateReport, width: usize) -> String {
    let ended = |status| gate.results.iter().filter(|r| r.status == status).count() as u64;
    let (held, failed, absent) =
        (ended(RuleStatus::Passed), ended(RuleStatus::Failed), ended(RuleStatus::NotApplicable));
    let mut head = if gate.passed {
        format!("{} · {}", paint(Tone::Good, "✓ Gate passed"), plural(held, "rule holds", "rules hold"))
    } else {
        let total = plural(gate.results.len() as u64, "rule", "rules");
        let verb = if failed == 1 { "does" } else { "do" };
        format!("{} · {} of {total} {verb} not hold", paint(Tone::Bad, "✗ Gate blocked"), count(failed))
    };
    if absent > 0 {
        head += &format!(", {} not apply", if absent == 1 { "1 does".into() } else { format!("{} do", count(absent)) });
    }
    let mut table = Table::new(&[("", Align::Left); 3]);
    for r in &gate.results {
        let (mark, tone) = mark(r.status);
        let split = r.split.as_ref().map(|s| format!(" on {s}")).unwrap_or_default();
        let found = format!("{}{split} · {}", requirement(r), r.reason);
        table.row([
            Cell::toned(mark, tone),
            r.rule_id.as_str().into(),
            Cell::toned(found, if r.status == RuleStatus::Failed { Tone::Bad } else { Tone::Plain }),
        ]);
    }
    let looks = plural(gate.test_looks, "run has", "runs have");
    format!(
        "{head}\n{}{}",
        table.render(width),
        faint(&paragraph("  ", &format!("{looks} looked at this data set's test split, this one counted"), width))
    )
}

fn mark(status: RuleStatus) -> (&'static str, Tone) {
    match status {
        RuleStatus::Passed => ("✓", Tone::Good),
        RuleStatus::Failed => ("✗", Tone::Bad),
        RuleStatus::NotApplicable => ("–", Tone::Faint),
    }
}

fn requirement(r: &RuleResult) -> String {
    match &r.metric {
        Some(m) if !r.requirement.contains(m.as_str()) => format!("{m} {}", r.requirement),
        _ => r.requirement.clone(),
    }
}

fn notes(view: &RunView, width: usize) -> String {
    if view.notes.is_empty() {
        return String::new();
    }
    format!("\n{}", super::dataset::notes(&view.notes, width))
}

/// What happened, and what may be typed next.
fn outcome(view: &RunView, next: &Next, width: usize) -> String {
    let run = view.run.subject.run.short();
    let begin = next.begin;
    let production = view.gate.as_ref().and_then(|g| g.comparison.production_version);
    let unchanged = match production {
        Some(v) => format!("v{v} stays in Production"),
        None => "nothing is in Production".into(),
    };
    let reason = |view: &RunView| view.decision_reason.as_ref().map(|r| format!(": {r}")).unwrap_or_default();
    match view.run.status {
        RunStatus::AwaitingApproval => format!(
            "{}\n  {begin} approve {run} --reason \"…\"\n  {begin} reject {run} --reason \"…\"\n",
            paint(Tone::Warn, "Waiting for approval")
        ),
        RunStatus::Blocked => {
            format!("{}: {unchanged}\n  {begin} runs show {run}\n", paint(Tone::Bad, "Blocked"))
        }
        RunStatus::Completed => "Done: this pipeline asks for no promotion, so nothing waits for approval\n".into(),
        RunStatus::Failed => {
            let why = view.error.clone().unwrap_or_else(|| "no reason was recorded".into());
            let mut lines = why.lines();
            let first = paragraph("Failed: ", &super::error::sentence(lines.next().unwrap_or_default()), width);
            let rest: String = lines.map(|l| paragraph("  ", l, width)).collect();
            format!("{}{rest}", first.replacen("Failed", &paint(Tone::Bad, "Failed"), 1))
        }
        RunStatus::Cancelled => "Cancelled: nothing waits for approval\n".into(),
        RunStatus::Interrupted => "Interrupted: its process died; run it again\n".into(),
        RunStatus::Running => "Still running\n".into(),
        RunStatus::Approved => paragraph(
            "",
            &format!("Approved as {} v{}{}", view.run.subject.model, view.run.version.unwrap_or(0), reason(view)),
            width,
        ),
        RunStatus::Rejected => paragraph("", &format!("Rejected{}", reason(view)), width),
    }
}

/// What an approval would change.
pub fn approval_effect(preview: &ApprovalPreview) -> String {
    let model = &preview.run.run.subject.model;
    match preview.archives {
        Some(old) => {
            format!(
                "Approving registers {model} v{} and puts it in Production; v{old} is archived",
                preview.next_version
            )
        }
        None => format!("Approving registers {model} v{} and puts it in Production", preview.next_version),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use unicode_width::UnicodeWidthStr;

    /// A blocked run of the demo, as `runs show --json` prints it.
    fn blocked() -> RunView {
        serde_json::from_str(include_str!("fixtures/blocked.json")).unwrap()
    }

    fn plain(view: &RunView, width: usize) -> String {
        anstream::adapter::strip_str(&verdict(view, &Next { begin: "driftgate" }, width)).to_string()
    }

    #[test]
    fn the_verdict_on_a_narrow_terminal() {
        insta::assert_snapshot!(plain(&blocked(), 80));
    }

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        for width in [72, 80, 100, 120, 160] {
            for line in plain(&blocked(), width).lines() {
                assert!(line.width() <= width, "{width}: {line}");
            }
        }
    }

    #[test]
    fn every_end_of_a_run_says_what_is_next() {
        let mut view = blocked();
        for (status, words) in [
            (RunStatus::AwaitingApproval, "driftgate approve"),
            (RunStatus::Blocked, "v1 stays in Production"),
            (RunStatus::Completed, "asks for no promotion"),
            (RunStatus::Failed, "Failed: No reason was recorded"),
            (RunStatus::Cancelled, "Cancelled"),
            (RunStatus::Interrupted, "run it again"),
            (RunStatus::Running, "Still running"),
            (RunStatus::Approved, "Approved as"),
            (RunStatus::Rejected, "Rejected: Not now"),
        ] {
            view.run.status = status;
            view.decision_reason = Some("Not now".into());
            assert!(plain(&view, 120).contains(words), "{status:?}");
        }
    }
}
