//! Precision, recall and F1 of each class.

use crate::number::{count, number, plural, ticks};
use crate::palette::Paint;
use crate::pen::{Anchor, Pen, SMALL, svg};
use crate::table::{ChartCell, ChartTable};
use crate::text::{clean, cut, fit, width};
use crate::{Chart, WIDTH, share, tidy};
use driftgate_model::ClassMetrics;

/// Most classes drawn: the first ones.
const MOST_CLASSES: usize = 40;
/// Most pixels for a class's label.
const MOST_ROOM: f64 = 130.0;

const UPPER: i32 = 58;
const ROW: i32 = 24;
/// Room for a bar's number.
const NUMBER: i32 = 42;

type Metric = fn(&ClassMetrics) -> f64;

/// Precision, recall and F1 of each class side by side, one bar each from 0 to 1, and the class's rows. At most 40 classes.
pub fn classes_chart(id: &str, classes: &[ClassMetrics]) -> Chart {
    let shown = &classes[..classes.len().min(MOST_CLASSES)];
    let mut table = ChartTable::new(["class", "rows", "precision", "recall", "F1"]);
    for c in shown {
        table.row([
            ChartCell::Text(c.label.clone()),
            (c.support as f64).into(),
            c.precision.into(),
            c.recall.into(),
            c.f1_score.into(),
        ]);
    }
    let title = match classes.len() - shown.len() {
        0 => "Precision, recall and F1 by class".to_owned(),
        _ => format!("Precision, recall and F1 by class: {} of {}", shown.len(), count(classes.len() as u64)),
    };
    let weakest = shown.iter().filter(|c| c.f1_score.is_finite()).min_by(|a, b| a.f1_score.total_cmp(&b.f1_score));
    let description = match weakest {
        Some(c) => format!(
            "Bars of precision, recall and F1 of {}. The lowest F1 is that of {}: {}.",
            plural(shown.len() as u64, "class", "classes"),
            cut(&clean(&c.label), 100),
            number(Some(c.f1_score))
        ),
        None => "No classes.".to_owned(),
    };
    let height = UPPER + ROW * (shown.len().max(1) as i32) + 34;
    Chart::new(title, description, &tidy(id), table, |names| svg(names, (WIDTH, height), |pen| plot(pen, shown)))
}

fn plot(pen: &Pen, classes: &[ClassMetrics]) {
    let lower = UPPER + ROW * (classes.len().max(1) as i32);
    if classes.is_empty() {
        pen.nothing("No classes", (0, UPPER), (WIDTH, lower));
        return;
    }
    let labels: Vec<String> = classes.iter().map(|c| shown(&c.label)).collect();
    let rows: Vec<String> = classes.iter().map(|c| count(c.support)).collect();
    let widest =
        |texts: &[String], least: f64| texts.iter().map(|t| width(t, SMALL)).fold(least, f64::max).ceil() as i32;
    let left = widest(&labels, 40.0) + widest(&rows, 30.0) + 36;
    let part = (WIDTH - 8 - left) / 3;
    pen.text("rows", (left - 16, 42), Anchor::Right, Paint::Faint);
    for (y, (label, n)) in (0..).map(|i| UPPER + ROW * i + ROW / 2).zip(labels.iter().zip(&rows)) {
        pen.text(label, (left - 28 - widest(&rows, 30.0), y), Anchor::Right, Paint::Text);
        pen.text(n, (left - 16, y), Anchor::Right, Paint::Faint);
    }
    let parts: [(&str, Metric); 3] = [("precision", |c| c.precision), ("recall", |c| c.recall), ("F1", |c| c.f1_score)];
    for (i, (name, value)) in (0..).zip(parts) {
        let from = left + part * i;
        column(pen, (from, from + part - NUMBER - 8), name, classes, value);
    }
}

/// The bars of one metric between two pixels.
fn column(pen: &Pen, (from, to): (i32, i32), name: &str, classes: &[ClassMetrics], value: Metric) {
    let lower = UPPER + ROW * classes.len() as i32;
    pen.heading(name, (from, 42));
    let x = |v: f64| from + (share(v) * f64::from(to - from)).round() as i32;
    for (tick, label) in ticks(0.0, 1.0, 2) {
        pen.line(&[(x(tick), UPPER), (x(tick), lower)], Paint::Grid, 1);
        pen.text(&label, (x(tick), lower + 15), Anchor::Middle, Paint::Faint);
    }
    for (i, class) in (0..).zip(classes) {
        let y = UPPER + ROW * i + ROW / 2;
        pen.bar((from, y - 6), (x(value(class)), y + 6), Paint::Reference);
        let shown = if value(class).is_finite() { format!("{:.3}", share(value(class))) } else { "—".into() };
        pen.text(&shown, (to + 6, y), Anchor::Left, Paint::Text);
    }
    pen.line(&[(from, UPPER), (from, lower)], Paint::Faint, 1);
}

fn shown(label: &str) -> String {
    if label.trim().is_empty() { "“ ”".to_owned() } else { fit(label, SMALL, MOST_ROOM) }
}
