//! Categories: a filled bar for the reference, an outlined one below it for the batch.

use crate::number::{plural, ticks, unit};
use crate::palette::Paint;
use crate::pen::{Anchor, Pen, SMALL, svg};
use crate::table::{ChartCell, ChartTable};
use crate::text::{clean, cut, fit, width};
use crate::{Chart, percent, share, top};

/// Most categories drawn; the rest are summed up in the last one.
const MOST_BARS: usize = 30;

const WIDTH: i32 = 520;
const UPPER: i32 = 58;
const ROW: i32 = 28;
const RIGHT: i32 = 500;
/// Most pixels for a category's name.
const MOST_ROOM: f64 = 170.0;

struct Bar {
    label: String,
    reference: f64,
    batch: f64,
}

fn bars(labels: &[String], reference: &[f64], batch: &[f64]) -> Vec<Bar> {
    let mut all: Vec<Bar> = labels
        .iter()
        .zip(reference.iter().zip(batch))
        .map(|(label, (r, b))| Bar { label: label.clone(), reference: share(*r), batch: share(*b) })
        .collect();
    if all.len() > MOST_BARS {
        let rest = all.split_off(MOST_BARS - 1);
        all.push(Bar {
            label: format!("({} others)", rest.len()),
            reference: share(rest.iter().map(|b| b.reference).sum()),
            batch: share(rest.iter().map(|b| b.batch).sum()),
        });
    }
    all
}

pub(crate) fn draw(id: &str, name: &str, labels: &[String], reference: &[f64], batch: &[f64]) -> Chart {
    let bars = bars(labels, reference, batch);
    let mut table = ChartTable::new(["category", "share of reference", "share of batch"]);
    for b in &bars {
        table.row([ChartCell::Text(b.label.clone()), b.reference.into(), b.batch.into()]);
    }
    let description = format!(
        "Bars of {} of {}. The filled bar is the category's share of the reference, the outlined bar below it that of the batch.",
        plural(bars.len() as u64, "category", "categories"),
        cut(&clean(name), 100),
    );
    let height = UPPER + ROW * (bars.len().max(1) as i32) + 46;
    Chart::new(name.to_owned(), description, id, table, |names| svg(names, (WIDTH, height), |pen| plot(pen, &bars)))
}

fn plot(pen: &Pen, bars: &[Bar]) {
    let labels: Vec<String> = bars.iter().map(|b| shown(&b.label)).collect();
    let room = labels.iter().map(|l| width(l, SMALL)).fold(40.0, f64::max);
    let (left, lower) = (room.ceil() as i32 + 18, UPPER + ROW * (bars.len().max(1) as i32));
    pen.sides(left, 38);
    if bars.is_empty() {
        pen.text("No values to show", ((left + RIGHT) / 2, (UPPER + lower) / 2), Anchor::Middle, Paint::Faint);
        return;
    }
    let top = top(bars.iter().flat_map(|b| [b.reference, b.batch]));
    let x = |s: f64| left + (unit(s, 0.0, top) * f64::from(RIGHT - left)).round() as i32;
    for (value, _) in ticks(0.0, top, 5) {
        pen.line(&[(x(value), UPPER), (x(value), lower)], Paint::Grid, 1);
        pen.text(&percent(value, top), (x(value), lower + 14), Anchor::Middle, Paint::Faint);
    }
    for (i, (bar, label)) in bars.iter().zip(&labels).enumerate() {
        let y = UPPER + ROW * i as i32;
        pen.text(label, (left - 8, y + ROW / 2), Anchor::Right, Paint::Text);
        pen.bar((left, y + 4), (x(bar.reference), y + 13), Paint::Reference);
        if bar.batch > 0.0 {
            pen.frame((left, y + 15), (x(bar.batch).max(left + 4), y + 24), Paint::Batch);
        }
    }
    pen.line(&[(left, UPPER), (left, lower)], Paint::Faint, 1);
    pen.text("share of rows", ((left + RIGHT) / 2, lower + 34), Anchor::Middle, Paint::Faint);
}

/// A category's name; one without visible characters is quoted.
fn shown(label: &str) -> String {
    if label.trim().is_empty() { format!("“{}”", fit(label, SMALL, 60.0)) } else { fit(label, SMALL, MOST_ROOM) }
}
