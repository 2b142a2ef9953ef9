//! A candidate against Production, metric by metric.

use crate::axis::{self, Axis};
use crate::intervals::{in_order, on_one_scale};
use crate::number::{brief, number, plural};
use crate::palette::Paint;
use crate::pen::{Anchor, Pen, SMALL, svg};
use crate::table::{ChartCell, ChartTable};
use crate::text::{clean, cut, fit, width};
use crate::{Chart, WIDTH, tidy};
use driftgate_model::{Comparison, MetricComparison, lower_is_better};

/// Most metrics drawn: the first ones.
pub(crate) const MOST_METRICS: usize = 40;
/// Most pixels for a metric's name.
pub(crate) const MOST_ROOM: f64 = 190.0;
/// Where differences begin and end; the words come after.
const RIGHT: i32 = 440;

const UPPER: i32 = 60;
const ROW: i32 = 24;

/// The difference of candidate and Production on each metric, with its paired interval. What is better lies to the right of the
/// line in the middle, whether the metric is to be high or low; words and marks say so too, and only where the interval leaves
/// the line out.
pub fn comparison_chart(id: &str, comparison: &Comparison) -> Chart {
    let rows: Vec<Row> = in_order(comparison.per_metric.iter()).take(MOST_METRICS).map(Row::of).collect();
    let mut table =
        ChartTable::new(["metric", "candidate", "Production", "difference", "interval from", "interval to", "verdict"]);
    for r in &rows {
        let (c, i) = (r.found, r.found.interval);
        table.row([
            ChartCell::Text(r.name.to_owned()),
            c.candidate.into(),
            c.production.into(),
            c.delta.into(),
            i.map(|i| i.low).into(),
            i.map(|i| i.high).into(),
            c.words().into(),
        ]);
    }
    let title = match comparison.production_version {
        Some(version) => format!("Candidate against v{version} in Production on {}", comparison.split),
        None => format!("Candidate on {}: nothing is in Production", comparison.split),
    };
    let said = |word: &str| rows.iter().filter(|r| r.found.words() == word).count();
    let description = format!(
        "Differences of {}: {} better, {} worse, {} without a clear difference.",
        plural(rows.len() as u64, "metric", "metrics"),
        said("better"),
        said("worse"),
        said("no clear difference")
    );
    let one_scale = rows.iter().all(|r| on_one_scale(r.name));
    let height = UPPER + ROW * (rows.len().max(2) as i32) + if one_scale { 46 } else { 28 };
    Chart::new(title, description, &tidy(id), table, |names| {
        svg(names, (WIDTH, height), |pen| plot(pen, &rows, one_scale))
    })
}

struct Row<'a> {
    name: &'a str,
    found: &'a MetricComparison,
    /// −1 where lower is better.
    sign: f64,
}

impl<'a> Row<'a> {
    fn of((name, found): (&'a String, &'a MetricComparison)) -> Row<'a> {
        Row { name, found, sign: if lower_is_better(name) { -1.0 } else { 1.0 } }
    }

    fn delta(&self) -> Option<f64> {
        self.found.delta.filter(|d| d.is_finite()).map(|d| d * self.sign)
    }

    fn ends(&self) -> Option<(f64, f64)> {
        let i = self.found.interval.filter(|i| i.low.is_finite() && i.high.is_finite())?;
        let (a, b) = (i.low * self.sign, i.high * self.sign);
        Some((a.min(b), a.max(b)))
    }

    fn places(&self) -> impl Iterator<Item = f64> {
        self.delta().into_iter().chain(self.ends().into_iter().flat_map(|e| [e.0, e.1]))
    }
}

/// `+0.0123`
fn signed(value: Option<f64>) -> String {
    let text = brief(value);
    if value.is_some_and(|v| v > 0.0) { format!("+{text}") } else { text }
}

/// The colour of what a comparison says.
pub(crate) fn paint(words: &str) -> Paint {
    match words {
        "better" => Paint::Stable,
        "worse" => Paint::Drifted,
        _ => Paint::Faint,
    }
}

/// A triangle up for better, down for worse, a ring for neither.
pub(crate) fn mark(pen: &Pen, at: (i32, i32), words: &str) {
    match words {
        "better" | "worse" => pen.triangle(at, words == "better", paint(words)),
        _ => pen.ring(at, 4, paint(words)),
    }
}

fn plot(pen: &Pen, rows: &[Row], one_scale: bool) {
    let lower = UPPER + ROW * (rows.len().max(2) as i32);
    if rows.is_empty() {
        pen.nothing("Nothing to compare", (0, UPPER), (WIDTH, lower));
        return;
    }
    let names: Vec<String> = rows.iter().map(|r| fit(r.name, SMALL, MOST_ROOM)).collect();
    let left = names.iter().map(|n| width(n, SMALL)).fold(60.0, f64::max).ceil() as i32 + 20;
    let shared = Axis::about_zero(rows.iter().flat_map(Row::places));
    let middle = (left + RIGHT) / 2;
    if one_scale {
        let labels: Vec<(f64, String)> = shared
            .ticks(4)
            .into_iter()
            .map(|(v, _)| (v, if v == 0.0 { "0".into() } else { number(Some(v.abs())) }))
            .collect();
        axis::below(pen, &shared, &labels, (left, UPPER, RIGHT, lower));
    }
    pen.line(&[(middle, UPPER - 6), (middle, lower)], Paint::Limit, 2);
    pen.text("← worse", (middle - 12, UPPER - 18), Anchor::Right, Paint::Faint);
    pen.text("better →", (middle + 12, UPPER - 18), Anchor::Left, Paint::Faint);
    for (i, (row, name)) in rows.iter().zip(&names).enumerate() {
        let y = UPPER + ROW * i as i32 + ROW / 2;
        pen.text(name, (left - 10, y), Anchor::Right, Paint::Text);
        if !one_scale {
            pen.line(&[(left, y), (RIGHT, y)], Paint::Grid, 1);
        }
        let scale = if one_scale { shared } else { Axis::about_zero(row.places()) };
        let (x, words) = (|v: f64| scale.pixel(v, left, RIGHT), row.found.words());
        if let Some((low, high)) = row.ends() {
            pen.whisker(x(low), x(high), y, paint(words));
        }
        if let Some(delta) = row.delta() {
            mark(pen, (x(delta), y), words);
        }
        let beside = format!("{} {}", signed(row.found.delta), cut(&clean(words), 24));
        pen.text(&beside, (RIGHT + 16, y), Anchor::Left, Paint::Text);
    }
    let words = if one_scale {
        "size of the difference, with its interval"
    } else {
        "difference with its interval, each row on its own scale"
    };
    let below = if one_scale { 36 } else { 16 };
    pen.text(words, (middle, lower + below), Anchor::Middle, Paint::Faint);
}
