//! Columns by their effect, each with its interval, against the smallest effect that matters.

use crate::number::{count, plural, ticks, times, unit};
use crate::palette::Paint;
use crate::pen::{Anchor, Pen, SMALL, svg};
use crate::table::{ChartCell, ChartTable};
use crate::text::{fit, width};
use crate::{Chart, tidy};
use driftgate_model::{ColumnDrift, DriftVerdict};

const WIDTH: i32 = 680;
const UPPER: i32 = 64;
const ROW: i32 = 22;
/// Where the scale ends; the words come after it.
const RIGHT: i32 = 510;
/// Most pixels for a column's name.
const MOST_ROOM: f64 = 230.0;
/// Multiples up to which the scale is even; beyond, it is that of log(1 + x).
const EVEN_TO: f64 = 12.0;
/// Multiples that are drawn at most.
const LARGEST: f64 = 1e6;

struct Row {
    name: String,
    verdict: DriftVerdict,
    test: String,
    multiple: f64,
    interval: Option<(f64, f64)>,
}

impl Row {
    fn of(column: &ColumnDrift) -> Row {
        let test = column.leading();
        let finite = |v: f64| if v.is_nan() { 0.0 } else { v.clamp(0.0, LARGEST) };
        Row {
            name: column.name.clone(),
            verdict: column.verdict,
            test: test.map_or_else(|| "none".into(), |t| t.test.clone()),
            multiple: finite(test.map_or(0.0, |t| t.multiple())),
            interval: test.and_then(|t| t.interval_in_multiples()).map(|i| (finite(i.low), finite(i.high))),
        }
    }
}

/// The first `most` of `columns`, with the effect that each column's verdict rests on in multiples of the smallest that
/// matters, and its interval. A diamond is drifted, a ring inconclusive, a dot stable; words say so too.
pub fn effects_chart(id: &str, columns: &[ColumnDrift], most: usize) -> Chart {
    let rows: Vec<Row> = columns.iter().take(most).map(Row::of).collect();
    let mut table =
        ChartTable::new(["column", "verdict", "test", "multiple of what matters", "interval from", "interval to"]);
    for r in &rows {
        let ends = [r.interval.map(|i| i.0).into(), r.interval.map(|i| i.1).into()];
        let [from, to] = ends;
        table.row([
            ChartCell::Text(r.name.clone()),
            r.verdict.as_str().into(),
            r.test.as_str().into(),
            r.multiple.into(),
            from,
            to,
        ]);
    }
    let title = match columns.len().saturating_sub(rows.len()) {
        0 => "Effect by column".to_owned(),
        _ => format!("Effect by column: the {} largest of {}", count(rows.len() as u64), count(columns.len() as u64)),
    };
    let said = |v| rows.iter().filter(|r| r.verdict == v).count() as u64;
    let description = format!(
        "The effects of {} in multiples of the smallest that matters, each with its interval: {} drifted, {} inconclusive, {} \
         stable.",
        plural(rows.len() as u64, "column", "columns"),
        said(DriftVerdict::Drifted),
        said(DriftVerdict::Inconclusive),
        said(DriftVerdict::Stable)
    );
    let height = UPPER + ROW * (rows.len().max(1) as i32) + 52;
    Chart::new(title, description, &tidy(id), table, |names| svg(names, (WIDTH, height), |pen| plot(pen, &rows)))
}

/// Where multiples lie.
struct Scale {
    high: f64,
    even: bool,
    left: i32,
}

impl Scale {
    fn of(rows: &[Row], left: i32) -> Scale {
        let ends = rows.iter().flat_map(|r| [r.multiple, r.interval.map_or(0.0, |i| i.1)]);
        let high = ends.fold(1.5, f64::max) * 1.03;
        Scale { high, even: high <= EVEN_TO, left }
    }

    fn x(&self, multiple: f64) -> i32 {
        let at = if self.even {
            unit(multiple, 0.0, self.high)
        } else {
            unit(multiple.max(0.0).ln_1p(), 0.0, self.high.ln_1p())
        };
        self.left + (at * f64::from(RIGHT - self.left)).round() as i32
    }

    fn ticks(&self) -> Vec<(f64, String)> {
        if self.even {
            return ticks(0.0, self.high, 6);
        }
        let all = [0.0, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1e3, 1e4, 1e5, 1e6];
        all.into_iter().filter(|t| *t <= self.high).map(|t| (t, count(t as u64))).collect()
    }
}

fn plot(pen: &Pen, rows: &[Row]) {
    // The rank tells names apart that differ only in the middle, and leads to the row in a report.
    let ranked = |(i, r): (usize, &Row)| format!("{}. {}", i + 1, fit(&r.name, SMALL, MOST_ROOM));
    let names: Vec<String> = rows.iter().enumerate().map(ranked).collect();
    let room = names.iter().map(|n| width(n, SMALL)).fold(60.0, f64::max);
    let left = room.ceil() as i32 + 20;
    let lower = UPPER + ROW * (rows.len().max(1) as i32);
    pen.verdicts(left, 38);
    if rows.is_empty() {
        pen.text("No columns to show", ((left + RIGHT) / 2, (UPPER + lower) / 2), Anchor::Middle, Paint::Faint);
        return;
    }
    let scale = Scale::of(rows, left);
    for (value, label) in scale.ticks() {
        pen.line(&[(scale.x(value), UPPER), (scale.x(value), lower)], Paint::Grid, 1);
        pen.text(&format!("{label}×"), (scale.x(value), lower + 14), Anchor::Middle, Paint::Faint);
    }
    let one = scale.x(1.0);
    pen.line(&[(one, UPPER - 6), (one, lower)], Paint::Limit, 2);
    for (i, (row, name)) in rows.iter().zip(&names).enumerate() {
        let y = UPPER + ROW * i as i32 + ROW / 2;
        pen.text(name, (left - 10, y), Anchor::Right, Paint::Text);
        if let Some((low, high)) = row.interval {
            pen.whisker(scale.x(low), scale.x(high), y, Paint::of(row.verdict));
        }
        pen.mark((scale.x(row.multiple), y), row.verdict);
        pen.text(
            &format!("{} {}", row.verdict.as_str(), times(row.multiple)),
            (RIGHT + 14, y),
            Anchor::Left,
            Paint::Text,
        );
    }
    let shape = if scale.even { "" } else { ", scale of log(1 + x)" };
    let words = format!("effect in multiples of the smallest that matters (the line at 1){shape}");
    pen.text(&words, ((left + RIGHT) / 2, lower + 36), Anchor::Middle, Paint::Faint);
}
