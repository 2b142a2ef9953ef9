//! Metrics of an iterative fit, step by step.

use crate::axis::{self, Axis, Plot};
use crate::number::{count, number, plural, ticks};
use crate::palette::{Dash, Paint};
use crate::pen::{Anchor, Pen, SMALL, svg};
use crate::table::{ChartCell, ChartTable};
use crate::text::{clean, cut, fit, width};
use crate::{Chart, WIDTH, tidy};
use std::collections::BTreeMap;

/// Most curves drawn.
const MOST_SERIES: usize = 8;
/// Parts of the steps within which a curve is thinned to its first, smallest, largest and last point.
const PARTS: usize = 140;
/// Points up to which each has a dot.
const DOTS_TO: usize = 30;
/// Most pixels for a curve's name in the legend.
const MOST_ROOM: f64 = 170.0;

const LEGEND_ROW: i32 = 18;
const PLOT_HEIGHT: i32 = 190;

/// A curve to draw.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Series<'a> {
    /// Its name, such as `val_loss`.
    pub name: &'a str,
    /// Step and value. Values that are no numbers are left out, and the chart says how many.
    pub points: &'a [(u64, f64)],
}

struct Curve {
    name: String,
    points: Vec<(u64, f64)>,
    style: (Paint, Dash),
}

/// Curves over the steps of a fit, such as the loss on training and validation rows: each has its own colour and its own
/// dashes, and the legend has its newest value. Of many points, the first, smallest, largest and last of neighbours are drawn,
/// so that no extreme is lost; at most 8 curves.
pub fn curve_chart(id: &str, title: &str, series: &[Series]) -> Chart {
    chart(id, title, series, false)
}

/// The curves of a network's fit in as many charts as they have units: losses, accuracies, the learning rate, and whatever else
/// there is, each of [`curve_chart`]'s make. Charts without a curve are left out.
pub fn curve_charts(id: &str, series: &[Series]) -> Vec<Chart> {
    const UNITS: [(&str, &str); 4] =
        [("loss", "Loss"), ("accuracy", "Accuracy"), ("learning_rate", "Learning rate"), ("", "Other values")];
    let unit = |name: &str| UNITS.iter().position(|(part, _)| name.contains(part)).unwrap_or(UNITS.len() - 1);
    let mut charts = Vec::new();
    for (i, (part, title)) in UNITS.into_iter().enumerate() {
        let of: Vec<Series> = series.iter().filter(|s| unit(s.name) == i).copied().collect();
        if of.is_empty() {
            continue;
        }
        let id = format!("{}-{i}", tidy(id));
        // A learning rate that ends near 0 falls along its schedule, not in powers of ten.
        let even = part == "learning_rate";
        charts.push(chart(&id, title, &of, even));
    }
    charts
}

/// With `even`, never on a logarithmic axis.
fn chart(id: &str, title: &str, series: &[Series], even: bool) -> Chart {
    let curves: Vec<Curve> = series.iter().take(MOST_SERIES).enumerate().map(|(i, s)| Curve::of(i, s)).collect();
    let odd = series.iter().take(MOST_SERIES).flat_map(|s| s.points).filter(|p| !p.1.is_finite()).count();
    let title = match series.len().saturating_sub(MOST_SERIES) {
        0 => title.to_owned(),
        more => format!("{} (without {})", cut(&clean(title), 80), plural(more as u64, "more curve", "more curves")),
    };
    let title = if clean(&title).trim().is_empty() { "Curves".to_owned() } else { title };
    let said: Vec<String> = curves.iter().map(Curve::said).collect();
    let description =
        if said.is_empty() { "No values yet.".to_owned() } else { format!("Values by step: {}.", said.join("; ")) };
    let note = (odd > 0).then(|| {
        let which = plural(odd as u64, "value is not a number and is", "values are not numbers and are");
        format!("{which} left out")
    });
    let rows = legend(&curves).last().map_or(0, |l| (l.1 - 38) / LEGEND_ROW);
    let height = 58 + rows * LEGEND_ROW + PLOT_HEIGHT + if note.is_some() { 68 } else { 50 };
    Chart::new(title, description, &tidy(id), table(&curves), |names| {
        svg(names, (WIDTH, height), |pen| plot(pen, &curves, 58 + rows * LEGEND_ROW, note.as_deref(), even))
    })
}

impl Curve {
    fn of(i: usize, series: &Series) -> Curve {
        let paints = [Paint::Reference, Paint::Batch, Paint::Third, Paint::Fourth];
        let dashes = [Dash::Solid, Dash::Long, Dash::Dotted, Dash::Mixed];
        // The fifth curve has the first one's colour and another one's dashes.
        let style = (paints[i % 4], dashes[(i + i / 4) % 4]);
        // The last of equal steps counts.
        let by_step: BTreeMap<u64, f64> = series.points.iter().filter(|p| p.1.is_finite()).copied().collect();
        let name = clean(series.name);
        let name = if name.trim().is_empty() { "(without a name)".to_owned() } else { name };
        Curve { name, points: thinned(by_step.into_iter().collect()), style }
    }

    fn said(&self) -> String {
        let name = cut(&self.name, 60);
        let smallest = self.points.iter().min_by(|a, b| a.1.total_cmp(&b.1));
        match (self.points.first(), self.points.last(), smallest) {
            (Some(first), Some(last), Some(least)) => format!(
                "{name} from {} at step {} to {} at step {}, smallest {} at step {}",
                number(Some(first.1)),
                first.0,
                number(Some(last.1)),
                last.0,
                number(Some(least.1)),
                least.0
            ),
            _ => format!("{name} without a value"),
        }
    }

    /// Its name and newest value.
    fn label(&self) -> String {
        format!("{} {}", fit(&self.name, SMALL, MOST_ROOM), number(self.points.last().map(|p| p.1)))
    }
}

/// The first, smallest, largest and last point of each part of the steps, in order; all of them where they are few.
fn thinned(points: Vec<(u64, f64)>) -> Vec<(u64, f64)> {
    if points.len() <= PARTS * 4 {
        return points;
    }
    let mut kept = Vec::with_capacity(PARTS * 4);
    for part in points.chunks(points.len().div_ceil(PARTS)) {
        let by = |a: &&(u64, f64), b: &&(u64, f64)| a.1.total_cmp(&b.1);
        let mut four: Vec<(u64, f64)> = [part.first(), part.iter().min_by(by), part.iter().max_by(by), part.last()]
            .into_iter()
            .flatten()
            .copied()
            .collect();
        four.sort_by_key(|p| p.0);
        four.dedup_by_key(|p| p.0);
        kept.extend(four);
    }
    kept
}

fn table(curves: &[Curve]) -> ChartTable {
    let mut by_step: BTreeMap<u64, Vec<ChartCell>> = BTreeMap::new();
    for (i, curve) in curves.iter().enumerate() {
        for (step, value) in &curve.points {
            by_step.entry(*step).or_insert_with(|| vec![ChartCell::Missing; curves.len()])[i] = (*value).into();
        }
    }
    let mut table = ChartTable::new(["step"]);
    table.headers.extend(curves.iter().map(|c| c.name.clone()));
    table.rows = by_step.into_iter().map(|(step, cells)| [vec![(step as f64).into()], cells].concat()).collect();
    table
}

/// Where the entries of the legend stand: left end and line, row by row.
fn legend(curves: &[Curve]) -> Vec<(i32, i32)> {
    let (mut x, mut y) = (8, 38);
    let mut places = Vec::with_capacity(curves.len());
    for curve in curves {
        let wide = 52 + width(&curve.label(), SMALL) as i32;
        if x > 8 && x + wide > WIDTH {
            (x, y) = (8, y + LEGEND_ROW);
        }
        places.push((x, y));
        x += wide;
    }
    places
}

fn plot(pen: &Pen, curves: &[Curve], upper: i32, note: Option<&str>, even: bool) {
    for (curve, (x, y)) in curves.iter().zip(legend(curves)) {
        pen.dashed(&[(x, y), (x + 28, y)], curve.style.0, curve.style.1);
        pen.text(&curve.label(), (x + 34, y), Anchor::Left, Paint::Text);
    }
    let lower = upper + PLOT_HEIGHT;
    let all = || curves.iter().flat_map(|c| &c.points);
    let steps = all().map(|p| p.0).min().zip(all().map(|p| p.0).max());
    let Some((first, last)) = steps else {
        pen.nothing("No values yet", (0, upper), (WIDTH, lower));
        return;
    };
    let values = if even { Axis::around(all().map(|p| p.1)) } else { Axis::of_curves(all().map(|p| p.1)) };
    let labels = values.ticks(5);
    let area: Plot = (axis::room(&labels) + 24, upper, WIDTH - 20, lower);
    axis::beside(pen, &values, &labels, area);
    pen.line(&[(area.0, lower), (area.2, lower)], Paint::Faint, 1);
    // A fit of one step stands in the middle.
    let steps =
        if first == last { Axis::around([first as f64].into_iter()) } else { Axis::new(first as f64, last as f64) };
    for (step, label) in whole(first, last) {
        let x = steps.pixel(step, area.0, area.2);
        pen.line(&[(x, lower), (x, lower + 5)], Paint::Faint, 1);
        pen.text(&label, (x, lower + 16), Anchor::Middle, Paint::Faint);
    }
    for curve in curves {
        let at = |p: &(u64, f64)| (steps.pixel(p.0 as f64, area.0, area.2), values.pixel(p.1, lower, upper));
        let points: Vec<(i32, i32)> = curve.points.iter().map(at).collect();
        draw(pen, &points, curve.style);
    }
    let words = if values.is_log() { "step (values on a logarithmic scale)" } else { "step" };
    pen.text(words, ((area.0 + area.2) / 2, lower + 36), Anchor::Middle, Paint::Faint);
    if let Some(note) = note {
        pen.text(note, (area.0, lower + 54), Anchor::Left, Paint::Text);
    }
}

fn draw(pen: &Pen, points: &[(i32, i32)], (paint, dash): (Paint, Dash)) {
    if points.len() > 1 {
        pen.dashed(points, paint, dash);
    }
    if points.len() <= DOTS_TO {
        points.iter().for_each(|p| pen.dot(*p, 3, paint));
    } else if let Some(last) = points.last() {
        pen.dot(*last, 3, paint);
    }
}

/// Whole steps to label.
fn whole(first: u64, last: u64) -> Vec<(f64, String)> {
    let (low, high) = (first as f64, last as f64);
    let round: Vec<(f64, String)> = ticks(low, high, 6)
        .into_iter()
        .map(|t| t.0)
        .filter(|v| v.fract() == 0.0 && (low..=high).contains(v))
        .map(|v| (v, count(v as u64)))
        .collect();
    if round.len() < 2 { ends(first, last) } else { round }
}

fn ends(first: u64, last: u64) -> Vec<(f64, String)> {
    let mut both = vec![first, last];
    both.dedup();
    both.into_iter().map(|s| (s as f64, count(s))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thinning_loses_no_extreme() {
        let mut points: Vec<(u64, f64)> = (0..100_000).map(|i| (i, (i as f64 / 900.0).sin())).collect();
        (points[4_321].1, points[87_654].1) = (9.0, -7.0);
        let kept = thinned(points.clone());
        assert!(kept.len() <= PARTS * 4 && kept.is_sorted_by_key(|p| p.0));
        for p in [points[0], points[4_321], points[87_654], points[99_999]] {
            assert!(kept.contains(&p), "{p:?}");
        }
        assert_eq!(thinned(points[..500].to_vec()), points[..500]);
    }

    #[test]
    fn no_two_curves_look_the_same() {
        let series = Series { name: "a", points: &[] };
        let styles: Vec<(Paint, Dash)> = (0..MOST_SERIES).map(|i| Curve::of(i, &series).style).collect();
        for (i, style) in styles.iter().enumerate() {
            assert!(!styles[..i].contains(style), "{i}");
        }
        let mut dashes: Vec<u8> = styles[..4].iter().map(|s| s.1 as u8).collect();
        dashes.dedup();
        assert_eq!(dashes.len(), 4);
    }
}
