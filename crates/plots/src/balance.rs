//! How many pictures each class has.

use crate::axis::{self, Axis};
use crate::number::{count, plural};
use crate::palette::Paint;
use crate::pen::{Anchor, Pen, SMALL, svg};
use crate::table::{ChartCell, ChartTable};
use crate::text::{clean, cut, fit, room};
use crate::{Chart, WIDTH, tidy};

/// Most classes drawn: the largest; the rest are summed up in the last bar.
const MOST_BARS: usize = 40;
/// Most pixels for a class's name.
const MOST_ROOM: f64 = 170.0;

const UPPER: i32 = 34;
const ROW: i32 = 22;

/// Pictures of each class, the largest first, each bar with its number and share. At most 40 classes, the rest in one last bar.
pub fn balance_chart(id: &str, classes: &[(String, u64)]) -> Chart {
    let mut all: Vec<(String, u64)> = classes.to_vec();
    all.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    // Sums of counts from outside may not fit.
    let total = all.iter().fold(0u64, |sum, c| sum.saturating_add(c.1));
    let described = match (all.first(), all.last()) {
        (Some(most), Some(least)) => format!(
            "Bars of the pictures of {}, largest first: {} has {}, {} has {}.",
            plural(all.len() as u64, "class", "classes"),
            cut(&clean(&most.0), 80),
            count(most.1),
            cut(&clean(&least.0), 80),
            count(least.1)
        ),
        _ => "No classes.".to_owned(),
    };
    let title = format!("{} in {}", plural(total, "picture", "pictures"), plural(all.len() as u64, "class", "classes"));
    if all.len() > MOST_BARS {
        let rest = all.split_off(MOST_BARS - 1);
        let sum = rest.iter().fold(0u64, |sum, c| sum.saturating_add(c.1));
        all.push((format!("({} others)", count(rest.len() as u64)), sum));
    }
    let mut table = ChartTable::new(["class", "pictures", "share"]);
    for (name, pictures) in &all {
        table.row([ChartCell::Text(name.clone()), (*pictures as f64).into(), share(*pictures, total).into()]);
    }
    let height = UPPER + ROW * (all.len().max(2) as i32) + 44;
    Chart::new(title, described, &tidy(id), table, |names| svg(names, (WIDTH, height), |pen| plot(pen, &all, total)))
}

fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// `1,200 · 12.0 %`
fn numbers(pictures: u64, total: u64) -> String {
    format!("{} · {:.1} %", count(pictures), share(pictures, total) * 100.0)
}

fn plot(pen: &Pen, classes: &[(String, u64)], total: u64) {
    let lower = UPPER + ROW * (classes.len().max(2) as i32);
    let Some(most) = classes.iter().map(|c| c.1).max() else {
        pen.nothing("No classes", (0, UPPER), (WIDTH, lower));
        return;
    };
    let names: Vec<String> = classes.iter().map(|c| shown(&c.0)).collect();
    let said: Vec<String> = classes.iter().map(|c| numbers(c.1, total)).collect();
    let left = names.iter().map(|n| room(n, SMALL)).fold(40, i32::max) + 18;
    let right = WIDTH - said.iter().map(|n| room(n, SMALL)).fold(60, i32::max) - 16;
    let scale = Axis::new(0.0, most.max(1) as f64);
    // Pictures are whole.
    let ticks: Vec<(f64, String)> = scale.ticks(5).into_iter().filter(|t| t.0.fract() == 0.0).collect();
    axis::below(pen, &scale, &ticks, (left, UPPER, right, lower));
    for (i, ((_, pictures), (name, numbers))) in (0..).zip(classes.iter().zip(names.iter().zip(&said))) {
        let y = UPPER + ROW * i + ROW / 2;
        let end = scale.pixel(*pictures as f64, left, right);
        pen.text(name, (left - 8, y), Anchor::Right, Paint::Text);
        pen.bar((left, y - 7), (end, y + 7), Paint::Reference);
        pen.text(numbers, (end + 8, y), Anchor::Left, Paint::Text);
    }
    pen.line(&[(left, UPPER), (left, lower)], Paint::Faint, 1);
    pen.text("pictures", ((left + right) / 2, lower + 34), Anchor::Middle, Paint::Faint);
}

fn shown(name: &str) -> String {
    if name.trim().is_empty() { "“ ”".to_owned() } else { fit(name, SMALL, MOST_ROOM) }
}
