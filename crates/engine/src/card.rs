use crate::artifact::LoadedModel;
use crate::estimator::Estimator;
use crate::{EngineError, Result, Workspace};
use driftgate_model::views::RunView;
use driftgate_model::{MetricValue, RuleStatus, SplitEvaluation};
use std::collections::BTreeMap;
use std::fmt::Write as _;

impl Workspace {
    /// The model card of `NAME` (the version in Production) or `NAME@3`, as Markdown.
    pub fn card(&self, name_at_version: &str) -> Result<String> {
        let (row, number) = self.find_version(name_at_version)?;
        let version = row.version(number).ok_or_else(|| EngineError::corrupt("a version vanished"))?;
        let run = self.run_view(version.run.as_str())?;
        let loaded = self.load_model(&version.artifact)?;
        let dataset = self.dataset(&run.run.subject.dataset)?;
        let approver = self.opened_or_said(&version.approved_by)?.unwrap_or_else(|| "(redacted)".into());
        let mut out = String::new();
        // Writing to a String cannot fail, so the results of `writeln!` are dropped throughout.
        let _ = writeln!(out, "# {} version {number}\n", row.name);
        let _ = writeln!(out, "- Stage: {}", row.stage_of(number));
        let _ = writeln!(out, "- Answers: {} of `{}`", row.task, row.target);
        if !row.labels.is_empty() {
            let _ = writeln!(out, "- Labels: {}", row.labels.join(", "));
        }
        let _ = writeln!(out, "- Estimator: {} ({})", version.algorithm, loaded.manifest.summary);
        let _ = writeln!(out, "- Approved by {approver} (declared, not authenticated) at {}", version.registered_at);
        if let Some(reason) = &run.decision_reason {
            let _ = writeln!(out, "- Reason: {}", one_line(reason));
        }
        let _ = writeln!(out, "- Artifact: `{}`\n", version.artifact);
        data_section(&mut out, &run, &dataset.spec.about, &loaded);
        metrics_section(&mut out, &run);
        gate_section(&mut out, &run);
        lineage_section(&mut out, &run);
        Ok(out)
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn data_section(out: &mut String, run: &RunView, about: &driftgate_model::About, loaded: &LoadedModel) {
    let s = &run.run.subject;
    let c = run.counts;
    let _ = writeln!(out, "## Data\n");
    let _ = writeln!(out, "- {} version {} (`{}`)", s.dataset, run.dataset_number, s.dataset_version);
    let _ = writeln!(out, "- Rows: {} train, {} validation, {} test", c.train, c.val, c.test);
    for (what, text) in [("Description", &about.description), ("Source", &about.source), ("Licence", &about.license)] {
        if let Some(text) = text {
            let _ = writeln!(out, "- {what}: {}", one_line(text));
        }
    }
    if let Estimator::Network(network) = &loaded.model {
        let _ = writeln!(out, "- Inputs: pictures, as tiles of {}\n", network.tile_words());
        return;
    }
    let names: Vec<&str> = loaded.transform.inputs().iter().map(|c| c.name.as_str()).collect();
    let _ = writeln!(out, "- Inputs ({}): {}\n", names.len(), names.join(", "));
}

fn metrics_section(out: &mut String, run: &RunView) {
    let (Some(test), Some(val)) = (&run.test, &run.val) else { return };
    let _ = writeln!(out, "## Metrics\n");
    let _ = writeln!(out, "| metric | test ({} rows) | validation ({} rows) | baseline on test |", test.rows, val.rows);
    let _ = writeln!(out, "| --- | --- | --- | --- |");
    for (name, value) in &test.metrics {
        let other = val.metrics.get(name).map(cell).unwrap_or_default();
        let base = test.baseline.get(name).copied().flatten().map(|b| format!("{b:.4}")).unwrap_or_else(|| "–".into());
        let _ = writeln!(out, "| {name} | {} | {other} | {base} |", cell(value));
    }
    if let Some(b) = &test.bootstrap {
        let stratified = if b.stratified { ", stratified by label" } else { "" };
        let _ = writeln!(
            out,
            "\nIntervals: {} bootstrap, {} resamples, level {}, seed {}{stratified}, unless a note below says otherwise. They \
             hold the sampling error of these rows, not that of another training.",
            b.method, b.resamples, b.level, b.seed
        );
    }
    for evaluation in [test, val] {
        for (note, names) in notes(evaluation) {
            let _ = writeln!(out, "- {} on {}: {note}", names.join(", "), evaluation.split);
        }
    }
    for note in &run.notes {
        let _ = writeln!(out, "- {note}");
    }
    confusion(out, test);
    let top: Vec<&(String, f64)> = run.importances.iter().take(10).collect();
    if !top.is_empty() {
        let _ = writeln!(out, "\n### Importances\n");
        for (name, share) in top {
            let _ = writeln!(out, "- {name}: {share:.4}");
        }
    }
    let _ = writeln!(out);
}

/// Metrics that share a note, with it.
fn notes(evaluation: &SplitEvaluation) -> BTreeMap<&str, Vec<&str>> {
    let mut grouped: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, value) in &evaluation.metrics {
        if let Some(note) = &value.note {
            grouped.entry(note).or_default().push(name);
        }
    }
    grouped
}

fn confusion(out: &mut String, test: &SplitEvaluation) {
    if test.labels.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n### Confusion matrix on test (rows: truth, columns: answer)\n");
    let _ = writeln!(out, "| | {} |", test.labels.join(" | "));
    let _ = writeln!(out, "| --- |{}", " --- |".repeat(test.labels.len()));
    for (label, counts) in test.labels.iter().zip(&test.confusion_matrix) {
        let cells: Vec<String> = counts.iter().map(u64::to_string).collect();
        let _ = writeln!(out, "| {label} | {} |", cells.join(" | "));
    }
}

fn cell(value: &MetricValue) -> String {
    match (value.value, value.interval) {
        (Some(v), Some(i)) => format!("{v:.4} [{:.4}, {:.4}]", i.low, i.high),
        (Some(v), None) => format!("{v:.4}"),
        (None, _) => format!("not defined ({})", value.note.as_deref().unwrap_or("no reason recorded")),
    }
}

fn gate_section(out: &mut String, run: &RunView) {
    let Some(gate) = &run.gate else { return };
    let _ = writeln!(out, "## Gate\n");
    for r in &gate.results {
        let word = match r.status {
            RuleStatus::Passed => "passed",
            RuleStatus::Failed => "failed",
            RuleStatus::NotApplicable => "not applicable",
        };
        let _ = writeln!(out, "- {} ({}): {word}: {}", r.rule_id, r.requirement, r.reason);
    }
    let against = match gate.comparison.production_version {
        None => "nothing was in Production".to_string(),
        Some(v) => format!("{} than version {v} by value, metric by metric", gate.comparison.overall_verdict)
            .replace("equal than", "equal to")
            .replace("mixed than", "mixed against")
            .replace("undefined than", "undefined against"),
    };
    let _ = writeln!(out, "- Against Production: {against}");
    let looks = match gate.test_looks {
        1 => "This run was the first to look at the test split".to_string(),
        n => format!("{n} runs had looked at the test split by then, this one counted"),
    };
    let _ = writeln!(out, "- {looks}\n");
}

fn lineage_section(out: &mut String, run: &RunView) {
    let s = &run.run.subject;
    let e = &run.environment;
    let _ = writeln!(out, "## Lineage\n");
    let _ = writeln!(out, "- Run: {}", s.run);
    let _ = writeln!(out, "- Config: `{}`, seed {}", s.config, s.random_seed);
    let _ = writeln!(out, "- Driftgate {} ({}), Cargo.lock `{}`", e.driftgate_version, e.build, e.lock_hash.short());
    if let Some(commit) = &e.git_commit {
        let _ = writeln!(out, "- Git commit: {commit}");
    }
    let _ = writeln!(out, "- Machine: {}, {} threads", e.machine, e.threads);
    if let Some(oob) = run.oob_score {
        let _ = writeln!(out, "- Out-of-bag score: {oob:.4}");
    }
    let _ = writeln!(
        out,
        "\nWho trained, approved or rolled back is in the ledger: `driftgate audit log --object run:{}`",
        s.run.short()
    );
}
