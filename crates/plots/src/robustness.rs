//! How a model copes with changed pictures.

use crate::axis::{Axis, Plot};
use crate::intervals::{self, IntervalRow, Words};
use crate::number::{count, number, plural};
use crate::palette::Paint;
use crate::pen::{Anchor, Pen, SMALL, svg};
use crate::table::ChartTable;
use crate::text::{clean, cut, fit};
use crate::{Chart, WIDTH, tidy};
use driftgate_model::{Interval, RobustnessReport, RobustnessResult};

/// Severities of a corruption, 1 to this.
const SEVERITIES: u32 = 5;
/// Panels beside one another.
const COLUMNS: i32 = 5;
/// Most corruptions drawn: the first ones.
const MOST_PANELS: usize = 30;

const UPPER: i32 = 62;
/// Left of the first panel: the axis of accuracies.
const LEFT: i32 = 46;
const PANEL: i32 = (WIDTH - LEFT - 6) / COLUMNS;
const GAP: i32 = 12;
const PANEL_HEIGHT: i32 = 110;
/// From the top of a row of panels to that of the next.
const PITCH: i32 = PANEL_HEIGHT + 48;

/// A corruption at its severities, mildest first.
struct Panel<'a> {
    name: &'a str,
    results: Vec<(u32, &'a RobustnessResult)>,
}

/// The interval of a change, laid at the accuracy without one.
fn laid(report: &RobustnessReport, result: &RobustnessResult) -> Option<Interval> {
    let at = |end: f64| (report.baseline + end).clamp(0.0, 1.0);
    let ends = result.interval.filter(|i| i.low.is_finite() && i.high.is_finite() && report.baseline.is_finite())?;
    Some(Interval { low: at(ends.low), high: at(ends.high) })
}

fn panels(report: &RobustnessReport) -> Vec<Panel<'_>> {
    let mut all: Vec<Panel> = Vec::new();
    for result in &report.changes {
        let Some(severity) = result.severity.filter(|s| (1..=SEVERITIES).contains(s)) else { continue };
        match all.iter_mut().find(|p| p.name == result.name) {
            Some(panel) => panel.results.push((severity, result)),
            None => all.push(Panel { name: &result.name, results: vec![(severity, result)] }),
        }
    }
    all.iter_mut().for_each(|p| p.results.sort_by_key(|r| r.0));
    all
}

/// Accuracy under each corruption at severity 1 to 5, a panel a corruption, with the interval of the change laid at the accuracy
/// without one, which is a line through every panel. At most 30 corruptions.
pub fn robustness_chart(id: &str, report: &RobustnessReport) -> Chart {
    let all = panels(report);
    let shown = &all[..all.len().min(MOST_PANELS)];
    let mut table =
        ChartTable::new(["corruption", "severity", "accuracy", "change", "change from", "change to", "sensitivity"]);
    for (panel, (severity, r)) in shown.iter().flat_map(|p| p.results.iter().map(move |r| (p, r))) {
        table.row([
            panel.name.into(),
            f64::from(*severity).into(),
            r.accuracy.into(),
            r.change.into(),
            r.interval.map(|i| i.low).into(),
            r.interval.map(|i| i.high).into(),
            r.sensitivity.as_str().into(),
        ]);
    }
    let title = match all.len() - shown.len() {
        0 => "Accuracy under corruptions".to_owned(),
        _ => format!("Accuracy under corruptions: the first {} of {}", shown.len(), count(all.len() as u64)),
    };
    let rows = (shown.len().max(1) as i32 + COLUMNS - 1) / COLUMNS;
    let height = UPPER + PITCH * rows + 6;
    Chart::new(title, described(report, shown), &tidy(id), table, |names| {
        svg(names, (WIDTH, height), |pen| plot(pen, report, shown, height))
    })
}

fn described(report: &RobustnessReport, panels: &[Panel]) -> String {
    let all = panels.iter().flat_map(|p| p.results.iter().map(move |(severity, r)| (p.name, *severity, *r)));
    let worst = all.filter(|(_, _, r)| r.accuracy.is_finite()).min_by(|a, b| a.2.accuracy.total_cmp(&b.2.accuracy));
    match worst {
        Some((name, severity, r)) => format!(
            "Accuracy under {} at up to {SEVERITIES} severities; {} without a change. The lowest is {} under {} at severity \
             {severity}.",
            plural(panels.len() as u64, "corruption", "corruptions"),
            number(Some(report.baseline)),
            number(Some(r.accuracy)),
            cut(&clean(name), 80)
        ),
        None => "No corruption was looked at.".to_owned(),
    }
}

fn plot(pen: &Pen, report: &RobustnessReport, panels: &[Panel], height: i32) {
    if panels.is_empty() {
        pen.nothing("No corruption was looked at", (0, 30), (WIDTH, height));
        return;
    }
    pen.line(&[(LEFT, 38), (LEFT + 22, 38)], Paint::Limit, 2);
    let words = format!("accuracy without a change, {}", number(Some(report.baseline)));
    pen.text(&words, (LEFT + 30, 38), Anchor::Left, Paint::Text);
    pen.text("severity 1 to 5, left to right", (WIDTH - 8, 38), Anchor::Right, Paint::Faint);
    let results = || panels.iter().flat_map(|p| p.results.iter().map(|r| r.1));
    let ends = results().filter_map(|r| laid(report, r)).flat_map(|i| [i.low, i.high]);
    let scale = Axis::around(ends.chain(results().map(|r| r.accuracy)).chain([report.baseline]));
    for (i, panel) in (0..).zip(panels) {
        let (left, top) = (LEFT + PANEL * (i % COLUMNS), UPPER + 18 + PITCH * (i / COLUMNS));
        one(pen, report, panel, &scale, (left, top, left + PANEL - GAP, top + PANEL_HEIGHT));
    }
}

fn one(pen: &Pen, report: &RobustnessReport, panel: &Panel, scale: &Axis, area: Plot) {
    let (left, top, right, bottom) = area;
    let name = fit(&panel.name.replace('_', " "), SMALL, f64::from(PANEL - 2));
    pen.text(&name, (left, top - 12), Anchor::Left, Paint::Text);
    for (value, label) in scale.ticks(5) {
        let y = scale.pixel(value, bottom, top);
        pen.line(&[(left, y), (right, y)], Paint::Grid, 1);
        if left == LEFT {
            pen.text(&label, (left - 8, y), Anchor::Right, Paint::Faint);
        }
    }
    if report.baseline.is_finite() {
        let y = scale.pixel(report.baseline, bottom, top);
        pen.line(&[(left, y), (right, y)], Paint::Limit, 2);
    }
    let x = |severity: u32| {
        left + ((f64::from(severity) - 0.5) / f64::from(SEVERITIES) * f64::from(right - left)).round() as i32
    };
    for severity in 1..=SEVERITIES {
        pen.text(&severity.to_string(), (x(severity), bottom + 13), Anchor::Middle, Paint::Faint);
    }
    for (severity, r) in &panel.results {
        let at = |value: f64| (x(*severity), scale.pixel(value, bottom, top));
        if let Some(i) = laid(report, r) {
            pen.line(&[at(i.low), at(i.high)], Paint::Batch, 2);
        }
        if r.accuracy.is_finite() {
            pen.dot(at(r.accuracy), 3, Paint::Batch);
        }
    }
}

/// Accuracy under each change that is no corruption, such as a mirrored picture, with the interval of the change laid at the
/// accuracy without one, which is a tick in every row. At most 60 changes.
pub fn augmentations_chart(id: &str, report: &RobustnessReport) -> Chart {
    let rows: Vec<IntervalRow> = report
        .changes
        .iter()
        .filter(|r| r.severity.is_none())
        .map(|r| IntervalRow {
            name: r.name.replace('_', " "),
            value: Some(r.accuracy).filter(|v| v.is_finite()),
            interval: laid(report, r),
            reference: Some(report.baseline).filter(|v| v.is_finite()),
        })
        .collect();
    let words = Words {
        title: "Accuracy under simple changes".into(),
        row: "change",
        reference: "without a change",
        axis: "accuracy, with the interval of the change".into(),
        one_scale: true,
    };
    intervals::draw(id, words, &rows)
}
