//! Numbers: the reference as a filled area, the batch as a line over it.

use crate::number::{number, plural, ticks, unit};
use crate::palette::Paint;
use crate::pen::{Anchor, Pen, SMALL, svg};
use crate::table::ChartTable;
use crate::text::{clean, cut, fit, width};
use crate::{Chart, percent, share, top};

/// Most bins drawn; neighbours of more are summed up.
const MOST_BINS: usize = 200;

const SIZE: (i32, i32) = (520, 260);
/// The plot's left, top, right and bottom.
const PLOT: (i32, i32, i32, i32) = (56, 58, 506, 210);

struct Bins {
    edges: Vec<f64>,
    reference: Vec<f64>,
    batch: Vec<f64>,
}

impl Bins {
    fn of(edges: &[f64], reference: &[f64], batch: &[f64]) -> Bins {
        let n = edges.len().saturating_sub(1).min(reference.len()).min(batch.len());
        let group = n.div_ceil(MOST_BINS).max(1);
        let sums =
            |shares: &[f64]| shares[..n].chunks(group).map(|c| share(c.iter().map(|s| share(*s)).sum())).collect();
        let mut kept: Vec<f64> = if n == 0 { Vec::new() } else { edges[..n].iter().copied().step_by(group).collect() };
        kept.extend(edges.get(n).filter(|_| n > 0));
        let finite = |v: f64| if v.is_nan() { 0.0 } else { v.clamp(f64::MIN, f64::MAX) };
        Bins { edges: kept.into_iter().map(finite).collect(), reference: sums(reference), batch: sums(batch) }
    }
}

pub(crate) fn draw(id: &str, name: &str, edges: &[f64], reference: &[f64], batch: &[f64]) -> Chart {
    let bins = Bins::of(edges, reference, batch);
    let mut table = ChartTable::new(["from", "to", "share of reference", "share of batch"]);
    for (ends, (r, b)) in bins.edges.windows(2).zip(bins.reference.iter().zip(&bins.batch)) {
        table.row([ends[0].into(), ends[1].into(), (*r).into(), (*b).into()]);
    }
    let (low, high) = (bins.edges.first().copied(), bins.edges.last().copied());
    let description = format!(
        "Histogram of {} in {} from {} to {}. The filled area is the share of the reference's values in each bin, the line that \
         of the batch.",
        cut(&clean(name), 100),
        plural(bins.reference.len() as u64, "bin", "bins"),
        number(low),
        number(high)
    );
    Chart::new(name.to_owned(), description, id, table, |names| svg(names, SIZE, |pen| plot(pen, name, &bins)))
}

fn plot(pen: &Pen, name: &str, bins: &Bins) {
    let (left, upper, right, lower) = PLOT;
    pen.sides(left, 38);
    let (Some(&low), Some(&high)) = (bins.edges.first(), bins.edges.last()) else {
        pen.text("No values to show", ((left + right) / 2, (upper + lower) / 2), Anchor::Middle, Paint::Faint);
        return;
    };
    let top = top(bins.reference.iter().chain(&bins.batch).copied());
    shares_axis(pen, top);
    let x = |v: f64| left + (unit(v, low, high) * f64::from(right - left)).round() as i32;
    let y = |s: f64| lower - (share(s) / top * f64::from(lower - upper)).round() as i32;
    let steps = |shares: &[f64]| -> Vec<(i32, i32)> {
        let mut points = vec![(left, lower)];
        for (ends, s) in bins.edges.windows(2).zip(shares) {
            points.extend([(x(ends[0]), y(*s)), (x(ends[1]), y(*s))]);
        }
        points.push((right, lower));
        points.dedup();
        points
    };
    pen.area(&steps(&bins.reference), Paint::Reference);
    let line = steps(&bins.batch);
    // Around the line, so that it stands out from the area too.
    pen.line(&line, Paint::Surface, 4);
    pen.line(&line, Paint::Batch, 2);
    pen.line(&[(left, lower), (right, lower)], Paint::Faint, 1);
    values_axis(pen, low, high, x);
    let words = fit(&format!("value of {name}"), SMALL, f64::from(right - left));
    pen.text(&words, ((left + right) / 2, lower + 38), Anchor::Middle, Paint::Faint);
}

fn shares_axis(pen: &Pen, top: f64) {
    let (left, upper, right, lower) = PLOT;
    pen.text("share of rows", (right, 38), Anchor::Right, Paint::Faint);
    for (value, _) in ticks(0.0, top, 4) {
        let y = lower - (unit(value, 0.0, top) * f64::from(lower - upper)).round() as i32;
        pen.line(&[(left, y), (right, y)], Paint::Grid, 1);
        pen.text(&percent(value, top), (left - 6, y), Anchor::Right, Paint::Faint);
    }
}

fn values_axis(pen: &Pen, low: f64, high: f64, x: impl Fn(f64) -> i32) {
    let lower = PLOT.3;
    let mut free_from = f64::NEG_INFINITY;
    for (value, label) in ticks(low, high, 5) {
        let half = width(&label, SMALL) / 2.0;
        let at = x(value);
        // A label that would touch its neighbour or leave the chart is left out; its tick stays.
        pen.line(&[(at, lower), (at, lower + 5)], Paint::Faint, 1);
        if f64::from(at) - half >= free_from && f64::from(at) + half <= f64::from(SIZE.0) {
            pen.text(&label, (at, lower + 17), Anchor::Middle, Paint::Faint);
            free_from = f64::from(at) + half + 6.0;
        }
    }
}
