//! Values with their intervals: a dot and its whiskers, row by row.

use crate::axis::{self, Axis, Plot};
use crate::number::{brief, count, plural};
use crate::palette::Paint;
use crate::pen::{Anchor, Pen, SMALL, svg};
use crate::table::{ChartCell, ChartTable};
use crate::text::{clean, cut, fit, room};
use crate::{Chart, WIDTH, tidy};
use driftgate_model::{CLASSIFICATION_METRICS, Interval, REGRESSION_METRICS, SplitEvaluation, lower_is_better};

/// Most rows drawn: the first ones.
const MOST_ROWS: usize = 60;
/// Most pixels for a row's name.
const MOST_ROOM: f64 = 170.0;
/// Largest over smallest value up to which rows share a scale.
const ONE_SCALE_TO: f64 = 50.0;

const ROW: i32 = 24;
/// Most pixels for a row's numbers.
const MOST_NUMBERS: i32 = 240;

/// A value to draw, with the interval around it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct IntervalRow {
    /// What it is the value of: a metric, a run.
    pub name: String,
    /// The value; `None` where it is not defined.
    pub value: Option<f64>,
    /// Its interval; `None` where it is not defined.
    pub interval: Option<Interval>,
    /// What it is held against, such as a baseline.
    pub reference: Option<f64>,
}

impl IntervalRow {
    /// Everything that has a place on the axis.
    fn places(&self) -> impl Iterator<Item = f64> + Clone {
        let ends = self.interval.map(|i| [i.low, i.high]).into_iter().flatten();
        ends.chain(self.value).chain(self.reference).filter(|v| v.is_finite())
    }

    /// `0.9532 [0.9201, 0.9743]`
    fn numbers(&self) -> String {
        match self.interval.filter(|i| i.low.is_finite() && i.high.is_finite()) {
            Some(i) => format!("{} [{}, {}]", brief(self.value), brief(Some(i.low)), brief(Some(i.high))),
            None => brief(self.value),
        }
    }
}

/// What a chart of intervals says besides its rows.
pub(crate) struct Words<'a> {
    pub(crate) title: String,
    /// The header of the rows' names.
    pub(crate) row: &'a str,
    /// The header of the references, and what the legend calls them.
    pub(crate) reference: &'a str,
    /// Below the axis.
    pub(crate) axis: String,
    /// Whether all rows share an axis; each has its own otherwise.
    pub(crate) one_scale: bool,
}

/// Where the rows begin: below the legend, where there is one.
fn upper(rows: &[IntervalRow]) -> i32 {
    if rows.iter().any(|r| r.reference.is_some()) { 54 } else { 34 }
}

/// A dot with whiskers for each row, its numbers beside it, and a tick at its reference. Rows whose values are of quite
/// different sizes have a scale of their own each. At most 60 rows.
pub fn intervals_chart(id: &str, title: &str, rows: &[IntervalRow]) -> Chart {
    let sizes = || rows.iter().filter_map(|r| r.places().map(f64::abs).reduce(f64::max)).filter(|s| *s > 0.0);
    let (least, most) = (sizes().fold(f64::INFINITY, f64::min), sizes().fold(0.0, f64::max));
    let words = Words {
        title: title.to_owned(),
        row: "name",
        reference: "reference",
        axis: "value with its interval".into(),
        one_scale: most <= least * ONE_SCALE_TO,
    };
    draw(id, words, rows)
}

/// The metrics of a split, each with its bootstrap interval and the value of the baseline: the majority class, or the mean of
/// the training rows.
pub fn metrics_chart(id: &str, evaluation: &SplitEvaluation) -> Chart {
    let rows: Vec<IntervalRow> = in_order(evaluation.metrics.iter())
        .map(|(name, m)| IntervalRow {
            name: name.clone(),
            value: m.value,
            interval: m.interval,
            reference: evaluation.baseline.get(name).copied().flatten(),
        })
        .collect();
    let level = evaluation.bootstrap.as_ref().map(|b| format!(" with its {:.0} % interval", b.level * 100.0));
    let words = Words {
        title: format!("Metrics on {}: {}", evaluation.split, plural(evaluation.rows, "row", "rows")),
        row: "metric",
        reference: "baseline",
        axis: format!("value{}", level.unwrap_or_default()),
        one_scale: rows.iter().all(|r| on_one_scale(&r.name)),
    };
    draw(id, words, &rows)
}

/// One metric of several runs, in their order.
pub fn compare_runs_chart(id: &str, metric: &str, runs: &[IntervalRow]) -> Chart {
    let better = if lower_is_better(metric) { "lower" } else { "higher" };
    let words = Words {
        title: format!("{} by run", cut(&clean(metric), 80)),
        row: "run",
        reference: "reference",
        axis: format!("{}, {better} is better", cut(&clean(metric), 60)),
        one_scale: true,
    };
    draw(id, words, runs)
}

/// Metrics in the order of reports, others after them by name.
pub(crate) fn in_order<'a, T>(metrics: impl Iterator<Item = (&'a String, T)>) -> impl Iterator<Item = (&'a String, T)> {
    let known = CLASSIFICATION_METRICS.iter().chain(&REGRESSION_METRICS);
    let mut all: Vec<(&String, T)> = metrics.collect();
    all.sort_by_key(|m| known.clone().position(|k| k == m.0).unwrap_or(usize::MAX));
    all.into_iter()
}

/// Whether a metric is a share or nearly so, and not in the target's unit.
pub(crate) fn on_one_scale(metric: &str) -> bool {
    !matches!(metric, "mae" | "mse" | "rmse" | "mape")
}

/// The first 60 rows, with those words.
pub(crate) fn draw(id: &str, mut words: Words, all: &[IntervalRow]) -> Chart {
    let rows = &all[..all.len().min(MOST_ROWS)];
    let mut table = ChartTable::new([words.row, "value", "interval from", "interval to", words.reference]);
    for r in rows {
        table.row([
            ChartCell::Text(r.name.clone()),
            r.value.into(),
            r.interval.map(|i| i.low).into(),
            r.interval.map(|i| i.high).into(),
            r.reference.into(),
        ]);
    }
    if all.len() > rows.len() {
        words.title += &format!(" (the first {} of {})", rows.len(), count(all.len() as u64));
    }
    if clean(&words.title).trim().is_empty() {
        words.title = "Values".into();
    }
    let described: Vec<String> =
        rows.iter().take(8).map(|r| format!("{} {}", cut(&clean(&r.name), 40), r.numbers())).collect();
    let description = if rows.is_empty() {
        "No values.".to_owned()
    } else {
        format!("{} with intervals: {}.", plural(rows.len() as u64, "value", "values"), described.join("; "))
    };
    let height = upper(rows) + ROW * (rows.len().max(2) as i32) + if words.one_scale { 46 } else { 28 };
    let title = words.title.clone();
    Chart::new(title, description, &tidy(id), table, |names| svg(names, (WIDTH, height), |pen| plot(pen, rows, &words)))
}

fn plot(pen: &Pen, rows: &[IntervalRow], words: &Words) {
    let upper = upper(rows);
    let lower = upper + ROW * (rows.len().max(2) as i32);
    if rows.is_empty() {
        pen.nothing("No values", (0, upper), (WIDTH, lower));
        return;
    }
    let names: Vec<String> = rows.iter().map(|r| fit(&r.name, SMALL, MOST_ROOM)).collect();
    let numbers: Vec<String> = rows.iter().map(IntervalRow::numbers).collect();
    let wide = numbers.iter().map(|n| room(n, SMALL)).fold(40, i32::max).min(MOST_NUMBERS);
    let (left, right) = (names.iter().map(|n| room(n, SMALL)).fold(40, i32::max) + 18, WIDTH - wide - 22);
    if rows.iter().any(|r| r.reference.is_some()) {
        pen.line(&[(left + 4, 32), (left + 4, 44)], Paint::Text, 2);
        pen.text(words.reference, (left + 12, 38), Anchor::Left, Paint::Text);
    }
    let shared = Axis::around(rows.iter().flat_map(IntervalRow::places));
    if words.one_scale {
        axis::below(pen, &shared, &shared.ticks(5), (left, upper, right, lower));
        zero(pen, &shared, (left, upper, right, lower));
    }
    for (i, row) in rows.iter().enumerate() {
        let y = upper + ROW * i as i32 + ROW / 2;
        pen.text(&names[i], (left - 10, y), Anchor::Right, Paint::Text);
        pen.text(&fit(&numbers[i], SMALL, f64::from(MOST_NUMBERS)), (right + 14, y), Anchor::Left, Paint::Text);
        let scale = if words.one_scale { shared } else { Axis::around(row.places()) };
        if !words.one_scale {
            pen.line(&[(left, y), (right, y)], Paint::Grid, 1);
        }
        one(pen, row, &scale, (left, right, y));
    }
    let below = if words.one_scale { 36 } else { 16 };
    let axis = if words.one_scale { words.axis.clone() } else { format!("{}, each row on its own scale", words.axis) };
    let axis = fit(&axis, SMALL, f64::from(WIDTH - left - 8));
    pen.text(&axis, ((left + WIDTH - 8) / 2, lower + below), Anchor::Middle, Paint::Faint);
}

/// A line at 0 where values lie on both sides of it.
fn zero(pen: &Pen, scale: &Axis, (left, upper, right, lower): Plot) {
    let at = scale.pixel(0.0, left, right);
    if scale.at(0.0) > 0.0 && scale.at(0.0) < 1.0 {
        pen.line(&[(at, upper - 4), (at, lower)], Paint::Limit, 2);
    }
}

fn one(pen: &Pen, row: &IntervalRow, scale: &Axis, (left, right, y): (i32, i32, i32)) {
    let x = |v: f64| scale.pixel(v, left, right);
    if let Some(i) = row.interval.filter(|i| i.low.is_finite() && i.high.is_finite()) {
        pen.whisker(x(i.low), x(i.high), y, Paint::Batch);
    }
    if let Some(reference) = row.reference.filter(|v| v.is_finite()) {
        pen.line(&[(x(reference), y - 8), (x(reference), y + 8)], Paint::Text, 2);
    }
    match row.value.filter(|v| v.is_finite()) {
        Some(value) => pen.dot((x(value), y), 4, Paint::Batch),
        None => pen.text("not defined", ((left + right) / 2, y), Anchor::Middle, Paint::Faint),
    }
}
