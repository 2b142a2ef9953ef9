//! Models: the list, the versions, the history, decisions and predictions.

use super::format::{Tone, count, number, paint, plural, strong, time, time_utc, version, who, who_signed};
use super::table::{Align, Cell, Table, facts, paragraph};
use driftgate_model::Task;
use driftgate_model::views::{Decided, ModelHistory, ModelList, ModelView, Predicted, VersionView};

/// The answer of `models list`.
pub fn list(models: &ModelList, begin: &str, width: usize) -> String {
    if models.models.is_empty() {
        return format!(
            "No models yet: a model appears when one of its runs is approved\n  {begin} runs list --status awaiting_approval\n"
        );
    }
    let mut table = Table::new(&[
        ("model", Align::Left),
        ("task", Align::Left),
        ("Production", Align::Left),
        ("algorithm", Align::Left),
        ("versions", Align::Right),
        ("waiting", Align::Right),
        ("since (UTC)", Align::Left),
    ]);
    for m in &models.models {
        table.row([
            Cell::toned(m.name.as_str(), Tone::Strong),
            m.task.as_str().into(),
            version(m.production).into(),
            m.algorithm.clone().unwrap_or_else(|| "—".into()).into(),
            count(u64::from(m.versions)).into(),
            count(u64::from(m.awaiting)).into(),
            m.since.map_or_else(|| "—".into(), time).into(),
        ]);
    }
    table.render_without(&["task", "since (UTC)", "algorithm"], width)
}

/// A stage in words, with its tone.
fn stage(v: &VersionView) -> Cell {
    match v.stage.as_str() {
        "production" => Cell::toned("Production", Tone::Good),
        "archived" => Cell::toned("archived", Tone::Faint),
        other => other.into(),
    }
}

/// The two metrics that say most about a task.
fn headline(task: Task) -> [&'static str; 2] {
    if task.is_classification() { ["test.accuracy", "test.f1_score"] } else { ["test.r2", "test.mae"] }
}

/// The answer of `models show NAME`.
pub fn show(m: &ModelView, begin: &str, width: usize) -> String {
    let mut out = format!("{} · {} · target {}\n", strong(m.name.as_str()), m.task, m.target);
    if !m.labels.is_empty() {
        out += &facts([("labels", m.labels.join(", "))], width);
    }
    let metrics = headline(m.task);
    let mut table = Table::new(&[
        ("", Align::Left),
        ("stage", Align::Left),
        ("run", Align::Left),
        ("algorithm", Align::Left),
        (metrics[0], Align::Right),
        (metrics[1], Align::Right),
        ("artifact", Align::Left),
        ("approved (UTC)", Align::Left),
        ("by", Align::Left),
    ]);
    for v in &m.versions {
        table.row([
            Cell::toned(format!("v{}", v.version), Tone::Strong),
            stage(v),
            v.run.short().into(),
            v.algorithm.as_str().into(),
            number(v.metrics.get(metrics[0]).copied()).into(),
            number(v.metrics.get(metrics[1]).copied()).into(),
            v.artifact.short().into(),
            time(v.registered_at).into(),
            who(v.approved_by.as_deref()).into(),
        ]);
    }
    out += &table.render_without(&["artifact", "by", "algorithm", metrics[1]], width);
    for line in &m.serving {
        let v = line.version.map_or_else(|| "nothing".into(), |v| format!("v{v}"));
        out += &if line.confirmed {
            format!("  {} {v} at {}\n", paint(Tone::Good, "✓ served as"), line.address)
        } else {
            let wanted = version(m.production);
            format!(
                "  {} the server at {} answers with {v}, not with {wanted} yet\n",
                paint(Tone::Warn, "! not confirmed:"),
                line.address
            )
        };
    }
    if !m.awaiting.is_empty() {
        out += &format!("  {} for approval\n", plural(m.awaiting.len() as u64, "run waits", "runs wait"));
        for run in &m.awaiting {
            out += &format!("    {begin} approve {} --reason \"…\"\n", run.short());
        }
    }
    out
}

/// The answer of `models show NAME@VERSION`.
pub fn show_version(m: &ModelView, v: &VersionView, width: usize) -> String {
    let chip = if v.stage == "production" { "Production" } else { v.stage.as_str() };
    let mut out = format!("{} · {chip} · {}\n", strong(&format!("{} v{}", m.name, v.version)), m.task);
    out += &facts(
        [
            ("algorithm", v.algorithm.clone()),
            ("run", v.run.to_string()),
            ("approved", format!("{} by {}", time_utc(v.registered_at), who(v.approved_by.as_deref()))),
            ("artifact", v.artifact.to_string()),
            ("data", v.dataset_version.to_string()),
            ("config", v.config.to_string()),
            ("deployment", v.deployment.to_string()),
        ],
        width,
    );
    let mut table = Table::new(&[("metric", Align::Left), ("value", Align::Right)]);
    for (name, value) in &v.metrics {
        table.row([name.clone(), number(Some(*value))]);
    }
    out += &table.render(width);
    out
}

/// The answer of `models history`.
pub fn history(h: &ModelHistory, width: usize) -> String {
    let now = match (h.production, h.at) {
        (Some(v), None) => format!("v{v} is in Production"),
        (Some(v), Some(at)) => format!("v{v} was in Production at {}", time_utc(at)),
        (None, None) => "nothing is in Production".into(),
        (None, Some(at)) => format!("nothing was in Production at {}", time_utc(at)),
    };
    let mut out = format!("{} · {now}\n", strong(h.model.as_str()));
    let mut table = Table::new(&[
        ("event", Align::Right),
        ("when (UTC)", Align::Left),
        ("what", Align::Left),
        ("Production", Align::Left),
        ("who", Align::Left),
        ("why", Align::Left),
    ]);
    for m in &h.moves {
        let path = match m.from {
            Some(from) => format!("v{from} → v{}", m.to),
            None => format!("→ v{}", m.to),
        };
        table.row([
            count(m.seq),
            time(m.at),
            m.cause.clone(),
            path,
            who_signed(m.actor.as_deref(), m.signed_by),
            m.reason.clone().unwrap_or_else(|| "—".into()),
        ]);
    }
    if !table.is_empty() {
        out += &table.render(width);
    }
    out
}

/// The answer of `approve`, `reject` and `rollback`.
pub fn decided(d: &Decided, width: usize) -> String {
    let run = d.run.as_ref().map(|r| r.short().to_owned()).unwrap_or_default();
    let mut out = match d.outcome.as_str() {
        "approved" => {
            format!(
                "{} · {} {} is in Production\n",
                paint(Tone::Good, "✓ Approved"),
                strong(d.model.as_str()),
                version(d.to)
            )
        }
        "rejected" => format!("{} · run {run} of {}\n", paint(Tone::Bad, "✗ Rejected"), strong(d.model.as_str())),
        "rolled_back" => format!(
            "{} · {} {} is in Production again\n",
            paint(Tone::Good, "✓ Rolled back"),
            strong(d.model.as_str()),
            version(d.to)
        ),
        other => format!("{other} · {}\n", d.model),
    };
    let mut pairs = Vec::new();
    if d.outcome == "approved" {
        pairs.push(("run", run));
    }
    match (d.outcome.as_str(), d.from) {
        ("rejected", Some(v)) => pairs.push(("Production", format!("v{v}, as before"))),
        ("rejected", None) => pairs.push(("Production", "nothing, as before".into())),
        (_, Some(v)) => pairs.push(("archived", format!("v{v}"))),
        (_, None) => {}
    }
    let by = match d.signed_by {
        Some(key) => format!("{}, signed with key {}", d.actor, key.short()),
        None => d.actor.clone(),
    };
    pairs.push(("by", by));
    pairs.extend(d.reason.clone().map(|r| ("reason", r)));
    pairs.extend(d.gate_reevaluated.clone().map(|r| ("gate", r)));
    pairs.extend(d.deployment.map(|m| ("deployment", m.short())));
    out += &facts(pairs, width);
    out
}

/// The answer of `predict`.
pub fn predicted(p: &Predicted, width: usize) -> String {
    let mut out = format!(
        "{} {} by {} v{}\n",
        paint(Tone::Good, "✓"),
        plural(p.rows, "row answered", "rows answered"),
        strong(p.model.as_str()),
        p.version
    );
    out += &facts([("output", p.output.clone()), ("columns", p.columns.join(", "))], width);
    for (column, rows) in &p.out_of_range {
        out += &paragraph(
            "  ! ",
            &format!("{} outside the training range of `{column}`", plural(*rows, "row is", "rows are")),
            width,
        );
    }
    out += &super::dataset::notes(&p.notes, width);
    out
}
