//! Adaptation: what was staged, the list, what was taken back; before and after in a run's verdict.

use super::format::{Tone, count, faint, interval, number, paint, plural, signed, strong, time, version, who};
use super::table::{Align, Cell, Table, facts, paragraph};
use driftgate_model::views::{AdaptationList, AdaptationView};
use driftgate_model::{BeforeAfter, Comparison, MetricComparison};

/// The metrics that say most about a baseline, in the order they are shown.
const LEADING: [&str; 5] = ["accuracy", "f1_score", "r2", "mae", "rmse"];

/// The answer of `adapt stage`.
pub fn staged(v: &AdaptationView, begin: &str, width: usize) -> String {
    let mut out = format!(
        "{} · {} to learn from, {} held out\n",
        strong(&format!("Adaptation {}", v.adaptation.short())),
        plural(v.train, "drifted row", "drifted rows"),
        count(v.holdout)
    );
    let measured: Vec<String> = LEADING
        .iter()
        .filter_map(|name| v.baseline.metrics.get_key_value(*name))
        .map(|(name, m)| match m.interval {
            Some(i) => format!("{name} {} {}", number(m.value), interval(i)),
            None => format!("{name} {}", number(m.value)),
        })
        .collect();
    out += &facts(
        [
            ("data set", format!("{} v{}, made from v{}: nothing of it was rewritten", v.dataset, v.number, v.base)),
            ("model", format!("{} v{}", v.model, v.model_version)),
            ("before", format!("on the holdout, v{} reaches {}", v.model_version, measured.join(", "))),
        ],
        width,
    );
    for text in left_out(v) {
        out += &paragraph("  note: ", &text, width);
    }
    out += &format!(
        "\nThe next run on {} learns from them and shows before and after\n  {begin} run CONFIG\n  {begin} adapt undo {} --reason \"…\"\n",
        v.dataset,
        v.adaptation.short()
    );
    out
}

fn left_out(v: &AdaptationView) -> Vec<String> {
    let mut notes = Vec::new();
    if v.known > 0 {
        notes.push(format!(
            "{} left out: the data set holds {} already",
            plural(v.known, "row was", "rows were"),
            if v.known == 1 { "it" } else { "them" }
        ));
    }
    if v.tested > 0 {
        notes.push(format!(
            "{} left out: the clean test or validation split holds {}, or the group",
            plural(v.tested, "row was", "rows were"),
            if v.tested == 1 { "it" } else { "them" }
        ));
    }
    notes
}

/// The answer of `adapt list`.
pub fn list(list: &AdaptationList, begin: &str, width: usize) -> String {
    if list.adaptations.is_empty() {
        return format!("No batch was staged yet\n  {begin} adapt stage MODEL --batch LABELLED\n");
    }
    let heads = [
        ("adaptation", Align::Left),
        ("staged", Align::Left),
        ("model", Align::Left),
        ("data set", Align::Left),
        ("to learn from", Align::Right),
        ("held out", Align::Right),
        ("state", Align::Left),
    ];
    let mut table = Table::new(&heads);
    for a in &list.adaptations {
        let state = match &a.undone {
            Some(u) => Cell::toned(
                format!("taken back {} by {}: {}", time(u.at), who(u.actor.as_deref()), reason(u.reason.as_deref())),
                Tone::Faint,
            ),
            None if a.current == a.number => Cell::toned("in use", Tone::Good),
            None if a.current > a.number => Cell::toned(format!("v{} is newer", a.current), Tone::Plain),
            None => Cell::toned("not in use", Tone::Plain),
        };
        table.row([
            Cell::from(a.adaptation.short()),
            time(a.at).into(),
            format!("{} v{}", a.model, a.model_version).into(),
            format!("{} v{}", a.dataset, a.number).into(),
            count(a.train).into(),
            count(a.holdout).into(),
            state,
        ]);
    }
    table.render(width)
}

fn reason(text: Option<&str>) -> &str {
    text.unwrap_or("(redacted)")
}

/// The answer of `adapt undo`.
pub fn undone(v: &AdaptationView, width: usize) -> String {
    let why = v.undone.as_ref().and_then(|u| u.reason.as_deref());
    paragraph(
        "",
        &format!(
            "Adaptation {} was taken back: the newest version of {} in use is v{}. {}. A model that learned from the rows stays \
             as it is",
            v.adaptation.short(),
            v.dataset,
            v.current,
            reason(why).trim_end_matches('.')
        ),
        width,
    )
}

/// Before and after, on the clean test split and on the drifted holdout.
pub fn before_after(found: &BeforeAfter, width: usize) -> String {
    let mut table = Table::new(&[
        ("metric", Align::Left),
        ("rows", Align::Left),
        ("before", Align::Right),
        ("after", Align::Right),
        ("difference", Align::Left),
    ]);
    for name in LEADING {
        for (words, rows, comparison) in
            [("drifted holdout", found.drifted_rows, &found.drifted), ("clean test", found.clean_rows, &found.clean)]
        {
            let Some(m) = comparison.per_metric.get(name) else { continue };
            let (difference, tone) = difference(m);
            table.row([
                name.into(),
                format!("{words} ({})", count(rows)).into(),
                number(m.production).into(),
                number(m.candidate).into(),
                Cell::toned(difference, tone),
            ]);
        }
    }
    let before = version(production(found));
    format!(
        "{}\n{}{}",
        paint(Tone::Plain, &strong(&format!("Adaptation {}", found.adaptation.short()))),
        table.render(width),
        faint(&paragraph(
            "  ",
            &format!("Before: {before} in Production. After: this candidate. Neither learned from these rows"),
            width
        ))
    )
}

fn production(found: &BeforeAfter) -> Option<u32> {
    let of = |c: &Comparison| c.production_version;
    of(&found.drifted).or(of(&found.clean))
}

fn difference(m: &MetricComparison) -> (String, Tone) {
    let tone = match m.words() {
        "better" => Tone::Good,
        "worse" => Tone::Bad,
        _ => Tone::Plain,
    };
    let text = match (m.delta, m.interval) {
        (Some(d), Some(i)) => format!("{} {} {}", signed(d), interval(i), m.words()),
        (Some(d), None) => format!("{} {}", signed(d), m.words()),
        (None, _) => m.words().to_owned(),
    };
    (text, tone)
}
