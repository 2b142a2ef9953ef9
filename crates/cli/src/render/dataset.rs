//! Data sets, their contracts and what validation found.

use super::format::{Tone, bytes, count, faint, paint, plural, splits, strong, time, version};
use super::table::{Align, Cell, Table, facts, paragraph};
use driftgate_model::views::{DatasetAdded, DatasetView, ImportPlan, PicturesMade};
use driftgate_model::{
    BadImages, DatasetRow, DatasetSpec, DatasetVersionRow, Finding, ImageSetSpec, Severity, SplitPolicy,
    ValidationReport,
};

/// Every finding with its examples.
pub fn findings(report: &ValidationReport, width: usize) -> String {
    report.findings.iter().map(|f| finding(f, width)).collect()
}

fn finding(f: &Finding, width: usize) -> String {
    let (mark, word, tone) = match f.severity {
        Severity::Error => ("✗", "error", Tone::Bad),
        Severity::Warning => ("!", "warning", Tone::Warn),
    };
    let column = f.column.as_ref().map(|c| format!("column `{c}`: ")).unwrap_or_default();
    let head = format!("  {mark} {word} {}  ", f.check);
    let mut out = paragraph(&head, &format!("{column}{}", f.message), width).replacen(
        &format!("{mark} {word}"),
        &paint(tone, &format!("{mark} {word}")),
        1,
    );
    for e in &f.examples {
        let line = e.line.map(|l| format!(", line {l}")).unwrap_or_default();
        out += &format!("      row {}{line}: {}\n", e.row, e.value);
    }
    if let Some(hint) = &f.hint {
        out += &paragraph("      → ", hint, width);
    }
    out
}

/// `no findings`, `2 errors, 1 warning`.
pub fn tally(report: &ValidationReport) -> String {
    let (errors, warnings) = (report.errors() as u64, report.warnings() as u64);
    match (errors, warnings) {
        (0, 0) => "no findings".into(),
        (0, w) => plural(w, "warning", "warnings"),
        (e, 0) => plural(e, "error", "errors"),
        (e, w) => format!("{}, {}", plural(e, "error", "errors"), plural(w, "warning", "warnings")),
    }
}

/// The answer of `dataset validate`.
pub fn validation(report: &ValidationReport, width: usize) -> String {
    let mark = match (report.errors(), report.warnings()) {
        (0, 0) => paint(Tone::Good, "✓"),
        (0, _) => paint(Tone::Warn, "!"),
        _ => paint(Tone::Bad, "✗"),
    };
    format!(
        "{mark} {}: {} in {} and {}\n{}",
        strong(&report.dataset),
        tally(report),
        plural(report.rows, "row", "rows"),
        plural(report.columns, "column", "columns"),
        findings(report, width)
    )
}

/// The answer of `dataset add`.
pub fn added(a: &DatasetAdded, width: usize) -> String {
    let v = &a.version;
    let name = format!("{} v{}", a.dataset, v.number);
    let mut out = if a.new {
        format!("{} {}\n", paint(Tone::Good, "✓ Added"), strong(&name))
    } else {
        format!(
            "{} These very bytes with this very spec are {} already: nothing was written\n",
            faint("–"),
            strong(&name)
        )
    };
    let mut pairs = vec![
        ("content", v.version.short()),
        ("rows", format!("{} ({})", count(v.rows), splits(v.counts))),
        ("columns", count(v.columns)),
        ("validation", tally(&a.validation)),
    ];
    if let Some(path) = &a.wrote_spec {
        pairs.push(("wrote", path.clone()));
    }
    out += &facts(pairs, width);
    out += &findings(&a.validation, width);
    out += &notes(&a.notes, width);
    out
}

/// A folder of pictures that was made.
pub fn laid_out(made: &PicturesMade, width: usize) -> String {
    let mut out = format!("{} {}\n", paint(Tone::Good, "✓ Made"), strong(&made.folder));
    out += &facts(vec![("pictures", count(made.pictures)), ("classes", made.classes.join(", "))], width);
    out + &format!("Next: driftgate dataset add {}\n", made.folder)
}

/// Notes, one a line.
pub fn notes(list: &[String], width: usize) -> String {
    list.iter().map(|n| paragraph("  · ", n, width)).collect()
}

/// What an import guessed, before a person answers its questions.
pub fn plan(p: &ImportPlan, width: usize) -> String {
    let mut out = format!("{}\n", strong(&p.spec.name));
    let columns = p.preview.first().map_or(0, Vec::len);
    let shown = columns.min(8);
    let mut table = Table::new(&vec![("", Align::Left); shown]);
    for (i, row) in p.preview.iter().enumerate() {
        let tone = if i == 0 { Tone::Faint } else { Tone::Plain };
        table.row(row.iter().take(shown).map(|c| Cell::toned(c.clone(), tone)));
    }
    out += &table.render(width);
    if columns > shown {
        out += &faint(&format!("  … and {} more columns\n", columns - shown));
    }
    out += &notes(&p.notes, width);
    out
}

/// The answer of `dataset list`.
pub fn list(rows: &[DatasetRow], width: usize) -> String {
    if rows.is_empty() {
        return "No data sets yet\n  Add one with driftgate dataset add FILE\n".into();
    }
    let mut table = Table::new(&[
        ("data set", Align::Left),
        ("task", Align::Left),
        ("target", Align::Left),
        ("version", Align::Right),
        ("rows", Align::Right),
        ("columns", Align::Right),
        ("test looks", Align::Right),
        ("added (UTC)", Align::Left),
    ]);
    for row in rows {
        let last = row.versions.last();
        table.row([
            row.name.clone(),
            row.task.to_string(),
            row.target.clone(),
            version(last.map(|v| v.number)),
            last.map_or_else(String::new, |v| count(v.rows)),
            last.map_or_else(String::new, |v| count(v.columns)),
            count(row.test_looks),
            last.map_or_else(String::new, |v| time(v.added_at)),
        ]);
    }
    table.render_without(&["added (UTC)", "test looks", "task"], width)
}

/// The answer of `dataset show`.
pub fn show(d: &DatasetView, width: usize) -> String {
    let row = &d.dataset;
    let pictures = d.spec.images.is_some();
    let target = if pictures { "pictures by class".to_owned() } else { format!("target {}", row.target) };
    let mut out = format!("{} · {} · {target}\n", strong(&row.name), row.task);
    out += &about(d, width);
    out += &format!("\n{}\n{}", strong("Versions"), versions(&row.versions, pictures, width));
    for change in &d.changes {
        out += &paragraph("  · ", change, width);
    }
    let heading = if pictures { "Measured of each picture" } else { "Columns" };
    out += &format!("\n{}\n{}", strong(heading), columns(&d.spec, width));
    out += &format!("\n{} {}\n{}", strong("Validation:"), tally(&d.validation), findings(&d.validation, width));
    out
}

fn about(d: &DatasetView, width: usize) -> String {
    let mut pairs: Vec<(&'static str, String)> = Vec::new();
    let about = &d.spec.about;
    let texts = [("about", &about.description), ("source", &about.source), ("licence", &about.license)];
    pairs.extend(texts.into_iter().filter_map(|(k, v)| v.clone().map(|v| (k, v))));
    if let Some(labels) = &d.spec.constraints.label_classes {
        pairs.push(("labels", labels.join(", ")));
    }
    if !d.classes.is_empty() {
        pairs.push(("balance", super::pictures::balance(&d.classes)));
    }
    if let Some(images) = &d.spec.images {
        pairs.push(("pictures", taken(images)));
    }
    pairs.push(("splits", policy(&d.spec.split)));
    pairs.push(("test split", format!("looked at by {}", plural(d.dataset.test_looks, "run", "runs"))));
    if !d.models.is_empty() {
        let models: Vec<&str> = d.models.iter().map(|m| m.as_str()).collect();
        pairs.push(("models", models.join(", ")));
    }
    facts(pairs, width)
}

/// Which files count as pictures, and what happens to those that cannot be used.
fn taken(images: &ImageSetSpec) -> String {
    let bad = match images.bad_images {
        BadImages::Fail => "a broken one refuses the data set",
        BadImages::Skip => "broken ones are left out",
    };
    format!(
        "{}; at least {} of each class; {bad}",
        images.expected_formats.join(", "),
        count(images.min_images_per_class)
    )
}

fn policy(s: &SplitPolicy) -> String {
    let share = |f: f64| format!("{}", (f * 1000.0).round() / 10.0);
    let mut text = format!("{}/{}/{} %, seed {}", share(s.train), share(s.val), share(s.test), s.seed);
    match s.stratify {
        Some(true) => text += ", stratified",
        Some(false) => text += ", not stratified",
        None => {}
    }
    for (name, column) in
        [("grouped by", &s.group_column), ("by time of", &s.time_column), ("rows known by", &s.key_column)]
    {
        if let Some(c) = column {
            text += &format!(", {name} `{c}`");
        }
    }
    text
}

fn versions(list: &[DatasetVersionRow], pictures: bool, width: usize) -> String {
    let mut table = Table::new(&[
        ("", Align::Left),
        (if pictures { "pictures" } else { "rows" }, Align::Right),
        ("columns", Align::Right),
        ("splits", Align::Left),
        ("content", Align::Left),
        ("added (UTC)", Align::Left),
        ("file", Align::Left),
    ]);
    for v in list.iter().rev() {
        let files: Vec<String> = v
            .files
            .iter()
            .map(|f| {
                let place = if f.reference.is_some() { ", left in place" } else { "" };
                format!("{} ({}{place})", f.name, bytes(f.size))
            })
            .collect();
        table.row([
            format!("v{}", v.number),
            count(v.rows),
            count(v.columns),
            splits(v.counts),
            v.version.short(),
            time(v.added_at),
            files.join(", "),
        ]);
    }
    table.render(width)
}

fn columns(spec: &DatasetSpec, width: usize) -> String {
    let mut table = Table::new(&[("", Align::Left), ("", Align::Left), ("", Align::Left)]);
    let typed = |name: &str| spec.schema.get(name).map_or("—", |t| t.as_str());
    table.row([spec.target.clone(), typed(&spec.target).into(), "target".into()]);
    for name in &spec.features {
        let rules = spec.constraints.columns.get(name).map(|c| {
            let mut parts = Vec::new();
            parts.extend(c.min.map(|m| format!("at least {m}")));
            parts.extend(c.max.map(|m| format!("at most {m}")));
            parts.extend(c.allowed.as_ref().map(|a| format!("one of {}", a.join(", "))));
            parts.extend(c.max_null_fraction.map(|m| format!("at most {} % missing", m * 100.0)));
            parts.extend(c.unique.filter(|u| *u).map(|_| "no value twice".to_owned()));
            parts.join(", ")
        });
        table.row([name.clone(), typed(name).into(), rules.unwrap_or_default()]);
    }
    table.render(width)
}
