//! What a model looks at most.

use crate::axis::{self, Axis};
use crate::number::{count, number, plural};
use crate::palette::Paint;
use crate::pen::{Anchor, Pen, SMALL, svg};
use crate::table::{ChartCell, ChartTable};
use crate::text::{clean, cut, fit, width};
use crate::{Chart, WIDTH, tidy};

const UPPER: i32 = 36;
const ROW: i32 = 22;
/// Where the bars end at most; their numbers come after.
const RIGHT: i32 = 560;
/// Most pixels for a feature's name.
const MOST_ROOM: f64 = 220.0;
/// Most bars, however many are asked for.
const MOST_BARS: usize = 100;

/// The `most` largest importances, largest first: bars from 0, each with its number. What is below 0 has no bar.
pub fn importance_chart(id: &str, importances: &[(String, f64)], most: usize) -> Chart {
    let mut all: Vec<&(String, f64)> = importances.iter().filter(|i| i.1.is_finite()).collect();
    all.sort_by(|a, b| b.1.total_cmp(&a.1));
    let shown = &all[..all.len().min(most).min(MOST_BARS)];
    let mut table = ChartTable::new(["feature", "importance"]);
    for (name, value) in shown {
        table.row([ChartCell::Text(name.clone()), (*value).into()]);
    }
    let title = match all.len() - shown.len() {
        0 => "Feature importance".to_owned(),
        _ => format!("Feature importance: the {} largest of {}", count(shown.len() as u64), count(all.len() as u64)),
    };
    let description = match shown.first() {
        Some((name, value)) => format!(
            "Bars of the importance of {}, largest first; the largest is {} with {}.",
            plural(shown.len() as u64, "feature", "features"),
            cut(&clean(name), 100),
            number(Some(*value))
        ),
        None => "No importances.".to_owned(),
    };
    let height = UPPER + ROW * (shown.len().max(2) as i32) + 46;
    Chart::new(title, description, &tidy(id), table, |names| svg(names, (WIDTH, height), |pen| plot(pen, shown)))
}

fn plot(pen: &Pen, rows: &[&(String, f64)]) {
    let names: Vec<String> = rows.iter().map(|r| fit(&r.0, SMALL, MOST_ROOM)).collect();
    let left = names.iter().map(|n| width(n, SMALL)).fold(40.0, f64::max).ceil() as i32 + 18;
    let lower = UPPER + ROW * (rows.len().max(2) as i32);
    let Some(most) = rows.first().map(|r| r.1) else {
        pen.nothing("No importances", (0, UPPER), (WIDTH, lower));
        return;
    };
    let scale = Axis::new(0.0, if most > 0.0 { most } else { 1.0 });
    axis::below(pen, &scale, &scale.ticks(5), (left, UPPER, RIGHT, lower));
    for (i, (row, name)) in rows.iter().zip(&names).enumerate() {
        let y = UPPER + ROW * i as i32 + ROW / 2;
        let end = scale.pixel(row.1, left, RIGHT);
        pen.text(name, (left - 8, y), Anchor::Right, Paint::Text);
        pen.bar((left, y - 7), (end, y + 7), Paint::Reference);
        pen.text(&number(Some(row.1)), (end + 6, y), Anchor::Left, Paint::Text);
    }
    pen.line(&[(left, UPPER), (left, lower)], Paint::Faint, 1);
    pen.text("importance", ((left + RIGHT) / 2, lower + 36), Anchor::Middle, Paint::Faint);
}
