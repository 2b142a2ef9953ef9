//! Drift: a check's verdict, the history, the course, a response, a profile.

use super::format::{Tone, count, faint, interval, number, paint, plural, strong, time, time_utc, version, who};
use super::table::{Align, Cell, Table, facts, paragraph};
use driftgate_model::config::Change;
use driftgate_model::views::{
    CheckLine, DriftCheckView, DriftHistory, DriftSummary, ProfileView, Responded, Simulated,
};
use driftgate_model::{ColumnDrift, DriftSeverity, DriftTestResult, DriftVerdict, ProfileKind, Task};

/// Inconclusive columns that are shown without `--all`.
const MOST_DOUBTFUL: usize = 5;

/// How a check is shown.
pub struct Shown<'a> {
    /// How a command that leads here again begins.
    pub begin: &'a str,
    /// Whether stable columns are shown too.
    pub all: bool,
    /// The report that was written.
    pub report: Option<&'a str>,
}

fn tone(verdict: DriftVerdict) -> Tone {
    match verdict {
        DriftVerdict::Stable => Tone::Good,
        DriftVerdict::Inconclusive => Tone::Warn,
        DriftVerdict::Drifted => Tone::Bad,
    }
}

fn mark(verdict: DriftVerdict) -> &'static str {
    match verdict {
        DriftVerdict::Stable => "✓",
        DriftVerdict::Inconclusive => "?",
        DriftVerdict::Drifted => "✗",
    }
}

fn severity(s: DriftSeverity) -> Cell {
    let tone = match s {
        DriftSeverity::None => Tone::Faint,
        DriftSeverity::Low => Tone::Plain,
        DriftSeverity::Medium => Tone::Warn,
        DriftSeverity::High => Tone::Bad,
    };
    Cell::toned(if s == DriftSeverity::None { "—" } else { s.as_str() }, tone)
}

/// `drifted, high` or `stable`.
fn said(verdict: DriftVerdict, s: DriftSeverity) -> String {
    match s {
        DriftSeverity::None => verdict.as_str().to_owned(),
        s => format!("{}, {} severity", verdict.as_str(), s.as_str()),
    }
}

/// A p-value: four decimals, or that it is smaller than those can say.
fn p_value(p: Option<f64>) -> String {
    match p {
        None => "—".into(),
        Some(p) if p < 0.0001 => "<0.0001".into(),
        Some(p) => format!("{p:.4}"),
    }
}

/// The answer of `drift simulate`.
pub fn simulated(s: &Simulated, begin: &str, width: usize) -> String {
    let what = match s.scenario.change {
        Change::Mean { by } => format!("{by} standard deviations added"),
        Change::Scale { factor } => format!("the distance from the mean times {factor}"),
        Change::Noise { sd } => format!("noise of {sd} standard deviations added"),
        Change::Missing { share } => format!("{} % of the values missing", share * 100.0),
        Change::Swap { share } => format!("{} % of the texts replaced", share * 100.0),
        Change::Shuffle => "values in another order".into(),
    };
    let file = super::format::shell_word(&s.output);
    let changed = plural(s.columns.len() as u64, "column", "columns");
    paragraph("", &format!("Wrote {} to {}: {what} in {changed}", plural(s.rows, "row", "rows"), s.output), width)
        + &format!("  {begin} drift check {} --batch {file}\n", s.model)
}

/// The answer of `drift check` and `drift show`.
pub fn check(v: &DriftCheckView, shown: &Shown, width: usize) -> String {
    let r = &v.report;
    let head = format!("{} {}", mark(r.overall.verdict), said(r.overall.verdict, r.overall.severity));
    let mut out = format!(
        "{} · {}\n",
        paint(tone(r.overall.verdict), &capital(&head)),
        format_args!(
            "{} of {} {} drifted, {} inconclusive{}",
            count(r.overall.drifted_columns),
            count(r.overall.total_columns),
            if of_pictures(r) { "measurements" } else { "columns" },
            count(r.overall.inconclusive_columns),
            besides(r)
        )
    );
    let mut about = vec![
        ("check", v.check.short().to_owned()),
        ("model", format!("{} v{} · run {}", r.model, r.model_version, r.run.short())),
        ("batch", format!("{} · {} · {}", source(v), rows(r, r.batch_rows), r.batch.short())),
        ("reference", reference(r)),
        ("checked", format!("{} by {}", time_utc(r.generated_at), who(v.actor.as_deref()))),
    ];
    about.extend(shown.report.map(|file| ("report", file.to_owned())));
    out += &facts(about, width);
    out.push('\n');
    let said = |verdict| r.columns.iter().filter(move |c| c.verdict == verdict);
    if shown.all {
        out += &columns(r.columns.iter(), of_pictures(r), width);
    } else {
        // What drifted, then the largest of what cannot be told.
        let doubtful = said(DriftVerdict::Inconclusive).take(MOST_DOUBTFUL);
        out += &columns(said(DriftVerdict::Drifted).chain(doubtful), of_pictures(r), width);
        out += &left_out(
            said(DriftVerdict::Inconclusive).skip(MOST_DOUBTFUL).count() as u64,
            said(DriftVerdict::Stable).count() as u64,
            if of_pictures(r) { ["measurement", "measurements"] } else { ["column", "columns"] },
        );
    }
    out += &others(v, width);
    if let Some(found) = &r.images {
        let json = format!("{} drift show {} --json", shown.begin, v.check.short());
        out += &super::pictures::evidence(found, &json, width);
    }
    for text in &r.warnings {
        out += &paragraph("  note: ", text, width);
    }
    out += &paragraph("  ", &r.overall.rule, width);
    if v.responses.is_empty() && v.alarm {
        out += &format!(
            "\n{}\n  {} drift respond {} --action investigate --reason \"…\"\n",
            paint(Tone::Warn, "This asks for a response"),
            shown.begin,
            v.check.short()
        );
    }
    for answer in &v.responses {
        out += &format!(
            "  {} {} by {}: {}\n",
            time(answer.at),
            strong(answer.action.as_str()),
            who(answer.actor.as_deref()),
            answer.reason.as_deref().unwrap_or("(redacted)")
        );
    }
    out
}

fn of_pictures(r: &driftgate_model::DriftReport) -> bool {
    r.images.is_some() || r.drift_type == "images"
}

/// Rows of a table, or pictures.
fn rows(r: &driftgate_model::DriftReport, n: u64) -> String {
    if of_pictures(r) { plural(n, "picture", "pictures") } else { plural(n, "row", "rows") }
}

fn reference(r: &driftgate_model::DriftReport) -> String {
    let rows = rows(r, r.reference_rows);
    match &r.like {
        None => format!("{rows} of the train split"),
        Some(batch) => format!("{rows} of the drifted batch {} that it learned from too", batch.short()),
    }
}

fn capital(text: &str) -> String {
    // The mark stands before the first letter.
    let mut out = String::new();
    let mut done = false;
    for c in text.chars() {
        if !done && c.is_alphabetic() {
            out.extend(c.to_uppercase());
            done = true;
        } else {
            out.push(c);
        }
    }
    out
}

fn source(v: &DriftCheckView) -> &str {
    v.source.as_deref().unwrap_or("(redacted)")
}

/// A column's name; the pixels of a picture are called by their colour.
fn channel(name: &str) -> &str {
    match name {
        "pixels_red" => "red channel",
        "pixels_green" => "green channel",
        "pixels_blue" => "blue channel",
        "pixels_gray" => "brightness",
        other => other,
    }
}

/// What the test of everything together is called.
fn together(r: &driftgate_model::DriftReport) -> &'static str {
    if of_pictures(r) { "all pictures together" } else { "all together" }
}

/// What besides the columns speaks for the verdict, where no column does.
fn besides(r: &driftgate_model::DriftReport) -> String {
    if r.overall.drifted_columns + r.overall.inconclusive_columns > 0 || r.overall.verdict == DriftVerdict::Stable {
        return String::new();
    }
    let outputs = [("answers", &r.predictions), ("confidence", &r.confidences), ("labels", &r.labels)];
    let mut names: Vec<&str> = outputs
        .iter()
        .filter(|(_, c)| c.as_ref().is_some_and(|c| c.verdict == r.overall.verdict))
        .map(|(n, _)| *n)
        .collect();
    let alone = [(together(r), &r.global), ("performance", &r.performance)];
    names.extend(
        alone.iter().filter(|(_, t)| t.as_ref().is_some_and(|t| t.verdict == r.overall.verdict)).map(|(n, _)| *n),
    );
    if names.is_empty() { String::new() } else { format!("; {}: {}", r.overall.verdict.as_str(), names.join(", ")) }
}

/// How many columns are not shown, and how to see them.
fn left_out(inconclusive: u64, stable: u64, [one, many]: [&str; 2]) -> String {
    let mut words = Vec::new();
    if inconclusive > 0 {
        let verb = if inconclusive == 1 { "is" } else { "are" };
        words.push(format!(
            "{} {verb} inconclusive",
            plural(inconclusive, &format!("more {one}"), &format!("more {many}"))
        ));
    }
    if stable > 0 {
        words.push(format!("{} {} stable", plural(stable, one, many), if stable == 1 { "is" } else { "are" }));
    }
    match words.is_empty() {
        true => String::new(),
        false => format!("  {}\n", faint(&format!("{}; --all shows them", words.join(", ")))),
    }
}

fn columns<'a>(list: impl Iterator<Item = &'a ColumnDrift>, pictures: bool, width: usize) -> String {
    let mut table = Table::new(&[
        ("", Align::Left),
        (if pictures { "measured" } else { "column" }, Align::Left),
        ("severity", Align::Left),
        ("test", Align::Left),
        ("effect", Align::Right),
        ("interval", Align::Left),
        ("matters", Align::Right),
        ("adjusted p", Align::Right),
        ("what", Align::Left),
    ]);
    for c in list {
        let Some(t) = c.leading() else { continue };
        table.row([
            Cell::toned(mark(c.verdict), tone(c.verdict)),
            Cell::toned(if pictures { channel(&c.name) } else { c.name.as_str() }, Tone::Strong),
            severity(c.severity),
            t.test.as_str().into(),
            number(t.effect).into(),
            t.interval.map_or_else(|| "—".into(), interval).into(),
            number(Some(t.min_effect)).into(),
            p_value(t.adjusted_p.or(t.p_value)).into(),
            words(t).into(),
        ]);
    }
    if table.is_empty() {
        String::new()
    } else {
        table.render_without(&["what", "interval", "matters", "severity"], width)
    }
}

/// What a test's numbers mean, in a few words.
fn words(t: &DriftTestResult) -> String {
    let mut out = t.effect_name.clone();
    if t.verdict == DriftVerdict::Inconclusive
        && let Some(d) = t.detectable
    {
        // No KS distance is larger than 1.
        out += &match t.test == "ks" && d >= 1.0 {
            true => "; these sample sizes are too small to find any".to_owned(),
            false => format!("; these sample sizes find {d:.2} and more"),
        };
    }
    if let Some(note) = &t.note {
        out += &format!("; {note}");
    }
    out
}

/// What is not about single columns.
fn others(v: &DriftCheckView, width: usize) -> String {
    let r = &v.report;
    let mut table = Table::new(&[("", Align::Left), ("", Align::Left), ("", Align::Left)]);
    let named = [("answers", &r.predictions), ("confidence", &r.confidences), ("labels", &r.labels)];
    let of_columns = named.into_iter().filter_map(|(name, c)| {
        let c = c.as_ref()?;
        Some((name, c.verdict, c.leading()?))
    });
    let alone = [(together(r), &r.global), ("performance", &r.performance)];
    let of_tests = alone.into_iter().filter_map(|(name, t)| t.as_ref().map(|t| (name, t.verdict, t)));
    for (name, verdict, t) in of_tests.chain(of_columns) {
        let range = t.interval.map_or_else(String::new, |i| format!(" {}", interval(i)));
        let p = p_value(t.adjusted_p.or(t.p_value));
        let more = words(t).replacen(&t.effect_name, "", 1);
        let text = format!("{} · {} {}{range} · p {p}{more}", verdict.as_str(), t.effect_name, number(t.effect));
        table.row([Cell::toned(mark(verdict), tone(verdict)), Cell::toned(name, Tone::Faint), text.into()]);
    }
    if let Some(e) = &r.estimated {
        let text = match (&e.value, &e.reason) {
            (Some(value), _) => format!(
                "{} without labels: about {}{}, {} on the model's own test rows; {}",
                e.metric,
                number(Some(*value)),
                e.interval.map_or_else(String::new, |i| format!(" {}", interval(i))),
                number(e.reference),
                e.assumption
            ),
            (None, reason) => format!("unknown: {}", reason.as_deref().unwrap_or("no estimate")),
        };
        table.row([Cell::from("·"), Cell::toned("estimate", Tone::Faint), text.into()]);
    }
    if table.is_empty() { String::new() } else { format!("\n{}", table.render(width)) }
}

/// The answer of `drift history`.
pub fn history(h: &DriftHistory, begin: &str, width: usize) -> String {
    if h.checks.is_empty() {
        return format!("No batch of {} was checked yet\n  {begin} drift check {} --batch FILE\n", h.model, h.model);
    }
    let mut table = Table::new(&[
        ("check", Align::Left),
        ("when (UTC)", Align::Left),
        ("", Align::Left),
        ("rows", Align::Right),
        ("verdict", Align::Left),
        ("severity", Align::Left),
        ("drifted", Align::Right),
        ("response", Align::Left),
        ("worst", Align::Left),
    ]);
    for c in &h.checks {
        table.row([
            Cell::toned(c.check.short(), Tone::Strong),
            time(c.at).into(),
            format!("v{}", c.version).into(),
            count(c.rows).into(),
            Cell::toned(format!("{} {}", mark(c.verdict), c.verdict.as_str()), tone(c.verdict)),
            severity(c.severity),
            format!("{:.0} %", c.drift_share * 100.0).into(),
            response(c),
            worst(&c.worst).into(),
        ]);
    }
    let mut out = table.render_without(&["worst", "rows"], width);
    if (h.checks.len() as u64) < h.total {
        out += &format!("  {} of {} checks\n", count(h.checks.len() as u64), count(h.total));
    }
    out
}

fn response(c: &CheckLine) -> Cell {
    match c.responses.last() {
        Some(r) => r.action.as_str().into(),
        None if c.alarm => Cell::toned("open", Tone::Warn),
        None => Cell::toned("—", Tone::Faint),
    }
}

fn worst(list: &[(String, f64)]) -> String {
    let names: Vec<String> = list.iter().take(3).map(|(name, effect)| format!("{name} {effect:.1}×")).collect();
    names.join(", ")
}

/// The answer of `drift summary`.
pub fn summary(s: &DriftSummary, begin: &str, width: usize) -> String {
    let mut out = format!("{} · {} in Production\n", strong(s.model.as_str()), version(s.production));
    let Some(last) = &s.last else {
        out += &format!("  No batch of it was checked yet\n    {begin} drift check {} --batch FILE\n", s.model);
        return out;
    };
    let trend = match (&s.trend.tau, s.trend.p_value) {
        (Some(tau), p) => {
            format!("{} (Kendall's tau {tau:+.2}, p {}, {} checks)", s.trend.direction, p_value(p), s.trend.checks)
        }
        _ => format!("unknown: {} too few", plural(s.trend.checks, "check is", "checks are")),
    };
    let mut pairs = vec![
        (
            "checks",
            format!("{}: {} stable, {} inconclusive, {} drifted", s.checks, s.stable, s.inconclusive, s.drifted),
        ),
        (
            "newest",
            format!(
                "{} · {} · {:.1} days ago",
                last.check.short(),
                said(last.verdict, last.severity),
                s.age_days.unwrap_or(0.0)
            ),
        ),
        ("trend", trend),
    ];
    if !s.worst.is_empty() {
        let names: Vec<String> = s
            .worst
            .iter()
            .map(|(n, times, e)| format!("{n} ({}, up to {e:.1}×)", plural(*times, "time", "times")))
            .collect();
        pairs.push(("worst columns", names.join(", ")));
    }
    if s.other_versions > 0 {
        pairs.push(("other versions", plural(s.other_versions, "check", "checks")));
    }
    out += &facts(pairs, width);
    for check in &s.open_alarms {
        out += &format!("  {} {}\n", paint(Tone::Warn, "unanswered"), check.short());
        out += &format!("    {begin} drift respond {} --action investigate --reason \"…\"\n", check.short());
    }
    out
}

/// The answer of `drift respond`.
pub fn responded(r: &Responded, begin: &str, width: usize) -> String {
    use driftgate_model::DriftAction as A;
    let mut out = format!("{} · {}\n", paint(Tone::Good, "✓ Recorded"), r.action.as_str());
    out += &facts(
        [
            ("check", r.check.short().to_owned()),
            ("model", r.model.to_string()),
            ("by", r.actor.clone()),
            ("reason", r.reason.clone()),
        ],
        width,
    );
    let next = match r.action {
        A::Rollback => Some(format!("{begin} rollback {} --reason \"…\"", r.model)),
        A::Retrain | A::FineTune => Some(format!("{begin} run CONFIG")),
        _ => None,
    };
    if let Some(next) = next {
        out += &format!("  Nothing else happened; next is\n    {next}\n");
    }
    out
}

/// The answer of `models profile`.
pub fn profile(v: &ProfileView, width: usize) -> String {
    let p = &v.profile;
    let how = if v.made { "made now" } else { "made before" };
    let mut out = format!("{} v{} · reference profile, {how}\n", strong(v.model.as_str()), v.version);
    let score = if p.task == Task::Regression { "MAE" } else { "accuracy" };
    let mut pairs = vec![
        ("profile", v.digest.short()),
        ("train rows", count(p.rows)),
        (
            "on test",
            format!("{score} {} on {}", number(Some(p.performance.value)), plural(p.performance.rows, "row", "rows")),
        ),
    ];
    if let Some(c) = &p.confidence_calibration {
        let trust = if c.check_p < 0.01 { "not to be trusted" } else { "holds" };
        pairs.push((
            "calibration",
            format!("{trust} on test (Spiegelhalter's z {:+.2}, p {})", c.check_z, p_value(Some(c.check_p))),
        ));
    }
    out += &facts(pairs, width);
    let mut table = Table::new(&[
        ("column", Align::Left),
        ("kind", Align::Left),
        ("rows", Align::Right),
        ("missing", Align::Right),
    ]);
    for c in &p.columns {
        let kind = if c.kind == ProfileKind::Numeric { "numeric" } else { "categorical" };
        table.row([
            Cell::toned(c.name.as_str(), Tone::Strong),
            kind.into(),
            count(c.rows).into(),
            count(c.missing).into(),
        ]);
    }
    out += &table.render(width);
    out
}
