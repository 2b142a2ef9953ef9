//! Runs: the list, one in full, several side by side, one done again.

use super::format::{Tone, count, duration, number, paint, plural, status, strong, time};
use super::run::{Next, verdict};
use super::table::{Align, Cell, Table, facts, paragraph};
use driftgate_model::views::{GateSimulation, Reproduction, RunList, RunView, RunsCompared};
use driftgate_model::{RunRow, SplitEvaluation};

/// The answer of `runs list`; `limit` is how many lines were asked for at most.
pub fn list(runs: &RunList, limit: Option<usize>, begin: &str, width: usize) -> String {
    if runs.runs.is_empty() {
        return if runs.total == 0 {
            format!("No runs yet\n  Start one with {begin} run CONFIG\n")
        } else {
            format!("No run matches; the workspace holds {}\n", count(runs.total))
        };
    }
    let mut table = Table::new(&[
        ("run", Align::Left),
        ("status", Align::Left),
        ("model", Align::Left),
        ("data set", Align::Left),
        ("algorithm", Align::Left),
        ("metric", Align::Left),
        ("value", Align::Right),
        ("time", Align::Right),
        ("started (UTC)", Align::Left),
    ]);
    for r in &runs.runs {
        let (word, tone) = status(r.status);
        let word = r.version.map_or_else(|| word.clone(), |v| format!("{word} as v{v}"));
        table.row([
            Cell::toned(r.run.short(), Tone::Strong),
            Cell::toned(word, tone),
            r.model.as_str().into(),
            r.dataset.as_str().into(),
            r.algorithm.as_str().into(),
            r.metric.as_str().into(),
            number(r.value).into(),
            duration(r.duration_ms).into(),
            time(r.started_at).into(),
        ]);
    }
    let mut out = table.render_without(&["data set", "time", "started (UTC)", "metric"], width);
    let shown = runs.runs.len() as u64;
    if shown < runs.total {
        let more = if limit == Some(runs.runs.len()) { "; --limit 0 shows all that match" } else { "" };
        out += &format!("  {} of {}{more}\n", count(shown), plural(runs.total, "run", "runs"));
    }
    out
}

/// The answer of `runs gate`: what other rules would have decided.
pub fn simulated(found: &GateSimulation, width: usize) -> String {
    let short = found.run.short();
    let mut words = match (found.passed_then, found.gate.passed) {
        (true, true) => format!("Run {short} passed its gate, and would pass these rules too"),
        (true, false) => format!("Run {short} passed its gate; these rules would block it"),
        (false, true) => format!("Run {short} was blocked by its gate; it would pass these rules"),
        (false, false) => format!("Run {short} was blocked by its gate, and would be by these rules too"),
    };
    if !found.violations_then.is_empty() {
        words += &format!(". Its own gate named {}", found.violations_then.join(", "));
    }
    paragraph("", &words, width) + "\n" + &super::run::gate_text(&found.gate, width)
}

/// The answer of `runs show`: the verdict, then everything that stands behind it.
pub fn show(view: &RunView, next: &Next, width: usize) -> String {
    let mut out = verdict(view, next, width);
    if let Some(test) = &view.test {
        out += &classes(test, width);
    }
    if let Some(report) = &view.robustness {
        let json = format!("{} runs show {} --json", next.begin, view.run.subject.run.short());
        out += &super::pictures::robustness(report, &json, width);
    }
    out += &importances(view, width);
    out += &stages(&view.run, width);
    out += &record(view, width);
    out
}

fn classes(test: &SplitEvaluation, width: usize) -> String {
    if test.per_class.is_empty() {
        return String::new();
    }
    let mut table = Table::new(&[
        ("label", Align::Left),
        ("rows", Align::Right),
        ("precision", Align::Right),
        ("recall", Align::Right),
        ("f1_score", Align::Right),
    ]);
    for c in &test.per_class {
        table.row([
            c.label.clone(),
            count(c.support),
            number(Some(c.precision)),
            number(Some(c.recall)),
            number(Some(c.f1_score)),
        ]);
    }
    let mut out = format!("\n{}\n{}", strong("Classes on test"), table.render(width));
    out += &format!(
        "\n{}\n{}",
        strong("Confusion matrix on test (rows are true, columns predicted)"),
        confusion(test, width)
    );
    out
}

fn confusion(test: &SplitEvaluation, width: usize) -> String {
    let mut heads = vec![("", Align::Left)];
    heads.extend(test.labels.iter().map(|l| (l.as_str(), Align::Right)));
    let mut table = Table::new(&heads);
    for (label, row) in test.labels.iter().zip(&test.confusion_matrix) {
        let mut cells = vec![label.clone()];
        cells.extend(row.iter().map(|n| count(*n)));
        table.row(cells);
    }
    table.render(width)
}

fn importances(view: &RunView, width: usize) -> String {
    const SHOWN: usize = 10;
    if view.importances.is_empty() {
        return String::new();
    }
    let mut table = Table::new(&[("", Align::Left), ("", Align::Right)]);
    for (name, share) in view.importances.iter().take(SHOWN) {
        table.row([name.clone(), number(Some(*share))]);
    }
    let more = view.importances.len().saturating_sub(SHOWN);
    let tail = if more > 0 { format!("  … and {more} more\n") } else { String::new() };
    format!("\n{}\n{}{tail}", strong("Importances"), table.render(width))
}

fn stages(row: &RunRow, width: usize) -> String {
    if row.stages.is_empty() {
        return String::new();
    }
    let mut table = Table::new(&[("", Align::Left), ("", Align::Right), ("", Align::Left)]);
    for s in &row.stages {
        let objects: Vec<String> = s.objects.iter().map(|(role, d)| format!("{role} {}", d.short())).collect();
        table.row([s.stage.as_str().to_owned(), duration(s.duration_ms), objects.join(", ")]);
    }
    format!("\n{}\n{}", strong("Stages"), table.render(width))
}

fn record(view: &RunView, width: usize) -> String {
    let (row, environment) = (&view.run, &view.environment);
    let mut pairs = vec![
        ("run", row.subject.run.to_string()),
        ("config", row.subject.config.to_string()),
        ("data", row.subject.dataset_version.to_string()),
    ];
    pairs.extend(row.artifact.map(|d| ("artifact", d.to_string())));
    pairs.extend(row.evaluation.map(|d| ("evaluation", d.to_string())));
    pairs.extend(row.gate.map(|d| ("gate", d.to_string())));
    pairs.push((
        "driftgate",
        format!("{} · {} · lock {}", environment.driftgate_version, environment.build, environment.lock_hash.short()),
    ));
    pairs.extend(environment.git_commit.clone().map(|c| ("git", c)));
    pairs.push((
        "machine",
        format!("{} · {}", environment.machine, plural(u64::from(environment.threads), "thread", "threads")),
    ));
    pairs.push(("events", format!("{} to {}", row.started_seq, row.last_seq)));
    format!("\n{}\n{}", strong("Record"), facts(pairs, width))
}

/// The answer of `runs compare`; equal rows only with `all`.
pub fn compared(c: &RunsCompared, all: bool, width: usize) -> String {
    let mut heads: Vec<(&str, Align)> = vec![("", Align::Left), ("", Align::Left)];
    heads.extend(c.runs.iter().map(|r| (r.short(), Align::Left)));
    let mut table = Table::new(&heads);
    let mut group = "";
    for row in c.rows.iter().filter(|r| all || r.differs) {
        let shown = if row.group == group { "" } else { row.group.as_str() };
        group = &row.group;
        let mark = if all && row.differs { "≠ " } else { "" };
        let mut cells: Vec<Cell> = vec![Cell::toned(shown, Tone::Faint), format!("{mark}{}", row.key).into()];
        cells.extend(row.values.iter().map(|v| v.as_deref().map_or_else(|| "—".into(), cut).into()));
        table.row(cells);
    }
    let mut out: String =
        c.warnings.iter().map(|w| paragraph("! ", w, width).replacen('!', &paint(Tone::Warn, "!"), 1)).collect();
    if table.is_empty() {
        out += "These runs do not differ\n";
    } else {
        out += &table.render(width);
    }
    let equal = c.rows.iter().filter(|r| !r.differs).count() as u64;
    if !all && equal > 0 {
        out += &format!("  {} equal; --all shows them\n", plural(equal, "row is", "rows are"));
    }
    out
}

/// A value short enough for a column; `--json` has all of it.
fn cut(value: &str) -> String {
    const LONGEST: usize = 60;
    match value.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &value[..end]),
        None => value.to_owned(),
    }
}

/// The answer of `runs reproduce`.
pub fn reproduced(r: &Reproduction, width: usize) -> String {
    let mut out = if r.identical {
        format!("{} · run {} done again, every object byte for byte\n", paint(Tone::Good, "✓ Identical"), r.run.short())
    } else {
        format!("{} · run {} done again\n", paint(Tone::Bad, "✗ Not identical"), r.run.short())
    };
    let mut table =
        Table::new(&[("", Align::Left), ("object", Align::Left), ("recorded", Align::Left), ("now", Align::Left)]);
    for o in &r.objects {
        let same = o.recorded == o.now;
        let (mark, tone) = if same { ("✓", Tone::Good) } else { ("✗", Tone::Bad) };
        let now = if same { "the same".into() } else { o.now.short() };
        table.row([Cell::toned(mark, tone), o.role.as_str().into(), o.recorded.short().into(), now.into()]);
    }
    out += &table.render(width);
    for change in &r.environment_changes {
        out += &paragraph("  · ", change, width);
    }
    out
}
