//! Production and candidate on the clean test split and on the drifted holdout.

use crate::axis::{self, Axis};
use crate::comparison::{MOST_METRICS, MOST_ROOM, mark, paint};
use crate::intervals::{in_order, on_one_scale};
use crate::number::{brief, plural};
use crate::palette::{Dash, Paint};
use crate::pen::{Anchor, Pen, SMALL, svg};
use crate::table::{ChartCell, ChartTable};
use crate::text::{clean, cut, fit, width};
use crate::{Chart, WIDTH, tidy};
use driftgate_model::{BeforeAfter, Comparison, MetricComparison};

const UPPER: i32 = 56;
const ROW: i32 = 24;

const HEAD: i32 = 30;
/// Where values begin and end; the numbers come after.
const RIGHT: i32 = 380;

/// Production before and the candidate after, on the clean test split and on the drifted holdout: a ring for Production, a
/// mark for the candidate, and a line between them.
pub fn before_after_chart(id: &str, found: &BeforeAfter) -> Chart {
    let parts = [
        Part::of("Clean test split", found.clean_rows, &found.clean),
        Part::of("Drifted holdout", found.drifted_rows, &found.drifted),
    ];
    let headers = [
        "rows of",
        "metric",
        "Production before",
        "candidate after",
        "difference",
        "interval from",
        "interval to",
        "verdict",
    ];
    let mut table = ChartTable::new(headers);
    for part in &parts {
        for (name, m) in &part.rows {
            table.row([
                part.name.into(),
                ChartCell::Text((*name).to_owned()),
                m.production.into(),
                m.candidate.into(),
                m.delta.into(),
                m.interval.map(|i| i.low).into(),
                m.interval.map(|i| i.high).into(),
                m.words().into(),
            ]);
        }
    }
    let said = |p: &Part| format!("{} of {}: {}", p.name.to_lowercase(), plural(p.of, "row", "rows"), p.verdict);
    let description = format!(
        "Production before and the candidate after, metric by metric. {}; {}.",
        cut(&clean(&said(&parts[0])), 150),
        cut(&clean(&said(&parts[1])), 150)
    );
    let height = UPPER + parts.iter().map(|p| HEAD + ROW * (p.rows.len().max(1) as i32) + 8).sum::<i32>() + 40;
    Chart::new("Before and after the adaptation".into(), description, &tidy(id), table, |names| {
        svg(names, (WIDTH, height), |pen| plot(pen, &parts))
    })
}

struct Part<'a> {
    name: &'a str,
    of: u64,
    verdict: &'a str,
    rows: Vec<(&'a str, &'a MetricComparison)>,
}

impl<'a> Part<'a> {
    fn of(name: &'a str, of: u64, comparison: &'a Comparison) -> Part<'a> {
        let rows = in_order(comparison.per_metric.iter()).take(MOST_METRICS).map(|(n, m)| (n.as_str(), m)).collect();
        Part { name, of, verdict: &comparison.overall_verdict, rows }
    }
}

fn plot(pen: &Pen, parts: &[Part]) {
    let rows = || parts.iter().flat_map(|p| &p.rows);
    let names = rows().map(|r| width(&fit(r.0, SMALL, MOST_ROOM), SMALL)).fold(60.0, f64::max);
    let left = names.ceil() as i32 + 24;
    let one_scale = rows().all(|r| on_one_scale(r.0));
    let places = |m: &MetricComparison| m.production.into_iter().chain(m.candidate);
    let shared = Axis::around(rows().flat_map(|r| places(r.1)));
    legend(pen, left);
    let mut y = UPPER;
    for part in parts {
        let (top, bottom) = (y + HEAD, y + HEAD + ROW * (part.rows.len().max(1) as i32));
        pen.heading(&format!("{}, {}", part.name, plural(part.of, "row", "rows")), (8, y + 14));
        if part.rows.is_empty() {
            pen.nothing("Nothing to compare", (0, top), (WIDTH, bottom));
        } else if one_scale {
            axis::below(pen, &shared, &shared.ticks(5), (left, top, RIGHT, bottom));
        }
        for (i, (name, m)) in part.rows.iter().enumerate() {
            let same = |r: &&(&str, &MetricComparison)| r.0 == *name;
            let own = || Axis::around(rows().filter(same).flat_map(|r| places(r.1)));
            let scale = if one_scale { shared } else { own() };
            one(pen, (name, m), &scale, (left, RIGHT, top + ROW * i as i32 + ROW / 2));
        }
        y = bottom + if one_scale { 24 } else { 8 };
    }
    if !one_scale {
        let words = "each metric on its own scale, the same in both parts";
        pen.text(words, ((left + RIGHT) / 2, y + 8), Anchor::Middle, Paint::Faint);
    }
}

fn legend(pen: &Pen, left: i32) {
    pen.ring((left + 4, 40), 4, Paint::Faint);
    pen.text("Production before", (left + 16, 40), Anchor::Left, Paint::Text);
    let mut x = left + 36 + width("Production before", SMALL) as i32;
    pen.text("candidate after:", (x, 40), Anchor::Left, Paint::Text);
    x += width("candidate after:", SMALL) as i32 + 14;
    for words in ["better", "worse"] {
        mark(pen, (x, 40), words);
        pen.text(words, (x + 10, 40), Anchor::Left, Paint::Text);
        x += 34 + width(words, SMALL) as i32;
    }
    pen.dot((x, 40), 4, Paint::Faint);
    pen.text("neither", (x + 10, 40), Anchor::Left, Paint::Text);
}

fn one(pen: &Pen, (name, m): (&str, &MetricComparison), scale: &Axis, (left, right, y): (i32, i32, i32)) {
    let (x, words) = (|v: f64| scale.pixel(v, left, right), m.words());
    pen.text(&fit(name, SMALL, MOST_ROOM), (left - 10, y), Anchor::Right, Paint::Text);
    let (before, after) = (m.production.filter(|v| v.is_finite()), m.candidate.filter(|v| v.is_finite()));
    if let (Some(b), Some(a)) = (before, after) {
        pen.line(&[(x(b), y), (x(a), y)], paint(words), 2);
    } else {
        pen.dashed(&[(left, y), (right, y)], Paint::Grid, Dash::Dotted);
    }
    if let Some(b) = before {
        pen.ring((x(b), y), 4, Paint::Faint);
    }
    if let Some(a) = after {
        match words {
            "better" | "worse" => mark(pen, (x(a), y), words),
            _ => pen.dot((x(a), y), 4, Paint::Faint),
        }
    }
    let beside = format!("{} → {}  {}", brief(m.production), brief(m.candidate), cut(&clean(words), 24));
    pen.text(&fit(&beside, SMALL, f64::from(WIDTH - right - 20)), (right + 16, y), Anchor::Left, Paint::Text);
}
