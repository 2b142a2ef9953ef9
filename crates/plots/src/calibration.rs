//! Whether a stated confidence is the chance of being right.

use crate::axis::{self, Axis, Plot};
use crate::number::{count, plural};
use crate::palette::{Dash, Paint};
use crate::pen::{Anchor, Pen, svg};
use crate::table::ChartTable;
use crate::{Chart, share, tidy};
use driftgate_model::CalibrationBin;

/// Most bins drawn.
const MOST_BINS: usize = 100;
/// Rows below which a bin says little.
const FEW: u64 = 10;

const SIZE: (i32, i32) = (480, 424);
/// Where the curve lies.
const PLOT: Plot = (60, 62, 446, 302);
/// Where the rows of each bin lie: top and bottom.
const ROWS: (i32, i32) = (320, 368);

/// The calibration curve: the share of right answers in each bin of confidence against the bin's mean confidence, and below it
/// how many rows each bin has. On the broken line, confidence is the chance of being right; below it, the model is too sure. A ring is a
/// bin of fewer than 10 rows.
pub fn calibration_chart(id: &str, bins: &[CalibrationBin]) -> Chart {
    let shown: Vec<&CalibrationBin> = bins.iter().filter(|b| b.rows > 0).take(MOST_BINS).collect();
    let mut table = ChartTable::new(["confidence from", "to", "rows", "mean confidence", "share right"]);
    for b in &shown {
        table.row([b.low.into(), b.high.into(), (b.rows as f64).into(), b.confidence.into(), b.accuracy.into()]);
    }
    let rows = shown.iter().fold(0u64, |sum, b| sum.saturating_add(b.rows));
    let sure = shown.iter().filter(|b| b.confidence > b.accuracy).count();
    let description = if shown.is_empty() {
        "No rows.".to_owned()
    } else {
        format!(
            "Share of right answers by confidence, in {} of {}. In {sure} of them the model is surer than it is right.",
            plural(shown.len() as u64, "bin", "bins"),
            plural(rows, "row", "rows")
        )
    };
    Chart::new("Calibration".into(), description, &tidy(id), table, |names| svg(names, SIZE, |pen| plot(pen, &shown)))
}

fn plot(pen: &Pen, bins: &[&CalibrationBin]) {
    let (left, upper, right, lower) = PLOT;
    if bins.is_empty() {
        pen.nothing("No rows", (left, upper), (right, lower));
        return;
    }
    pen.text("share right", (8, 40), Anchor::Left, Paint::Faint);
    pen.dashed(&[(108, 40), (136, 40)], Paint::Faint, Dash::Long);
    pen.text("as sure as right", (142, 40), Anchor::Left, Paint::Text);
    pen.ring((278, 40), 4, Paint::Batch);
    pen.text(&format!("fewer than {FEW} rows"), (290, 40), Anchor::Left, Paint::Text);
    let shares = Axis::new(0.0, 1.0);
    let labels: Vec<(f64, String)> =
        [0.0, 0.2, 0.4, 0.6, 0.8, 1.0].into_iter().map(|v| (v, format!("{:.0} %", v * 100.0))).collect();
    axis::beside(pen, &shares, &labels, PLOT);
    for (value, label) in &labels {
        let x = shares.pixel(*value, left, right);
        pen.line(&[(x, upper), (x, lower)], Paint::Grid, 1);
        pen.text(label, (x, ROWS.1 + 15), Anchor::Middle, Paint::Faint);
    }
    pen.dashed(&[(left, lower), (right, upper)], Paint::Faint, Dash::Long);
    let at = |b: &&CalibrationBin| {
        (shares.pixel(share(b.confidence), left, right), shares.pixel(share(b.accuracy), lower, upper))
    };
    let points: Vec<(i32, i32)> = bins.iter().map(at).collect();
    if points.len() > 1 {
        pen.line(&points, Paint::Batch, 2);
    }
    for (point, bin) in points.iter().zip(bins) {
        if bin.rows < FEW {
            pen.ring(*point, 4, Paint::Batch);
        } else {
            pen.dot(*point, 4, Paint::Batch);
        }
    }
    rows(pen, bins);
    pen.text("confidence of the answer", ((left + right) / 2, ROWS.1 + 38), Anchor::Middle, Paint::Faint);
}

/// The rows of each bin, on the same axis of confidence.
fn rows(pen: &Pen, bins: &[&CalibrationBin]) {
    let (left, _, right, _) = PLOT;
    let most = bins.iter().map(|b| b.rows).max().unwrap_or(1).max(1);
    let (shares, rows) = (Axis::new(0.0, 1.0), Axis::new(0.0, most as f64));
    for b in bins {
        let (from, to) = (shares.pixel(share(b.low), left, right), shares.pixel(share(b.high), left, right));
        let top = rows.pixel(b.rows as f64, ROWS.1, ROWS.0).min(ROWS.1 - 1);
        pen.bar((from.min(to) + 1, top), (to.max(from + 2) - 1, ROWS.1), Paint::Reference);
    }
    pen.line(&[(left, ROWS.1), (right, ROWS.1)], Paint::Faint, 1);
    pen.text(&crowd(most), (left - 8, ROWS.0 + 6), Anchor::Right, Paint::Faint);
    pen.text("rows", (left - 8, ROWS.1 - 6), Anchor::Right, Paint::Faint);
}

/// A count in the room beside the bars.
fn crowd(n: u64) -> String {
    if n < 1_000_000 { count(n) } else { format!("{:.0e}", n as f64) }
}
