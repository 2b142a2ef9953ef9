//! The course of a model's drift: share of drifted columns and verdict of each check, in their order.

use crate::number::{count, plural, ticks, unit};
use crate::palette::Paint;
use crate::pen::{Anchor, Pen, SMALL, svg};
use crate::table::{ChartCell, ChartTable};
use crate::text::room;
use crate::{Chart, WIDTH, percent, share, tidy, top};
use driftgate_model::views::{CheckLine, DriftHistory};

/// Pixels from check to check below which marks are small.
const DENSE: f64 = 14.0;
/// Most checks drawn: the newest.
const MOST_CHECKS: usize = 120;

const SIZE: (i32, i32) = (WIDTH, 280);
/// The plot's left, top, right and bottom.
const PLOT: (i32, i32, i32, i32) = (58, 72, 604, 218);

/// The newest checks of a model, oldest first: the share of drifted columns as a line, the verdict as a mark on it (a diamond is
/// drifted, a ring inconclusive, a dot stable), a version's first check with its number. Checks stand in their order: a
/// recorded time may jump, so it is only a label.
pub fn history_chart(id: &str, history: &DriftHistory) -> Chart {
    let checks: Vec<&CheckLine> = history.checks.iter().take(MOST_CHECKS).rev().collect();
    let mut table = ChartTable::new(["check", "when", "version", "verdict", "severity", "share of columns drifted"]);
    for c in &checks {
        table.row([
            c.check.short().into(),
            ChartCell::Text(format!("{} UTC", c.at.strftime("%Y-%m-%d %H:%M:%S"))),
            f64::from(c.version).into(),
            c.verdict.as_str().into(),
            c.severity.as_str().into(),
            c.drift_share.into(),
        ]);
    }
    let title = if (checks.len() as u64) < history.total {
        format!("Drift of {}: the newest {} of {} checks", history.model, checks.len(), count(history.total))
    } else {
        format!("Drift of {}: {}", history.model, plural(checks.len() as u64, "check", "checks"))
    };
    let description = match (checks.first(), checks.last()) {
        (Some(first), Some(last)) => format!(
            "Share of drifted columns of {} in their order, from {:.0} % to {:.0} %; the newest said {}.",
            plural(checks.len() as u64, "check", "checks"),
            share(first.drift_share) * 100.0,
            share(last.drift_share) * 100.0,
            last.verdict.as_str()
        ),
        _ => "No check yet.".to_owned(),
    };
    Chart::new(title, description, &tidy(id), table, |names| svg(names, SIZE, |pen| plot(pen, &checks)))
}

fn plot(pen: &Pen, checks: &[&CheckLine]) {
    let (left, upper, right, lower) = PLOT;
    pen.verdicts(left, 38);
    pen.text("share of columns drifted", (right, 38), Anchor::Right, Paint::Faint);
    if checks.is_empty() {
        pen.text("No check yet", ((left + right) / 2, (upper + lower) / 2), Anchor::Middle, Paint::Faint);
        return;
    }
    let top = top(checks.iter().map(|c| c.drift_share)).max(0.1);
    for (value, _) in ticks(0.0, top, 4) {
        let y = lower - (unit(value, 0.0, top) * f64::from(lower - upper)).round() as i32;
        pen.line(&[(left, y), (right, y)], Paint::Grid, 1);
        pen.text(&percent(value, top), (left - 10, y), Anchor::Right, Paint::Faint);
    }
    // A margin at both ends, so that marks do not lie on the frame.
    let step = f64::from(right - left - 40) / (checks.len().saturating_sub(1).max(1) as f64);
    let alone = checks.len() == 1;
    let x = |i: usize| if alone { (left + right) / 2 } else { left + 20 + (step * i as f64).round() as i32 };
    let at = |(i, c): (usize, &&CheckLine)| {
        (x(i), lower - (unit(share(c.drift_share), 0.0, top) * f64::from(lower - upper)).round() as i32)
    };
    let points: Vec<(i32, i32)> = checks.iter().enumerate().map(at).collect();
    versions(pen, checks, x);
    if points.len() > 1 {
        pen.line(&points, Paint::Faint, if step < DENSE { 1 } else { 2 });
    }
    for (point, check) in points.iter().zip(checks) {
        if step < DENSE { pen.small_mark(*point, check.verdict) } else { pen.mark(*point, check.verdict) }
    }
    let most_labels = 6;
    let every = checks.len().div_ceil(most_labels).max(1);
    for (i, check) in checks.iter().enumerate().rev().step_by(every) {
        pen.line(&[(x(i), lower), (x(i), lower + 5)], Paint::Faint, 1);
        pen.text(&check.at.strftime("%Y-%m-%d").to_string(), (x(i), lower + 17), Anchor::Middle, Paint::Faint);
    }
    pen.text(
        "checks in their order, with the day in UTC",
        ((left + right) / 2, lower + 42),
        Anchor::Middle,
        Paint::Faint,
    );
}

/// A line where another version begins to be checked, with its number.
fn versions(pen: &Pen, checks: &[&CheckLine], x: impl Fn(usize) -> i32) {
    let (_, upper, right, lower) = PLOT;
    let mut free_from = 0;
    for (i, check) in checks.iter().enumerate() {
        if i > 0 && checks[i - 1].version == check.version {
            continue;
        }
        let at = x(i);
        pen.line(&[(at, upper - 8), (at, lower)], Paint::Grid, 1);
        let label = format!("v{}", check.version);
        let wide = room(&label, SMALL);
        if at >= free_from && at + wide / 2 <= right + 30 {
            pen.text(&label, (at, upper - 14), Anchor::Middle, Paint::Faint);
            free_from = at + wide + 4;
        }
    }
}
