//! The load of a server, second by second.

use crate::axis::{self, Axis, Plot};
use crate::number::number;
use crate::palette::Paint;
use crate::pen::{Anchor, Pen, svg};
use crate::table::{ChartCell, ChartTable};
use crate::{Chart, tidy};

/// Seconds drawn.
const SECONDS: usize = 120;

const SIZE: (i32, i32) = (480, 136);
const PLOT: Plot = (48, 34, 464, 104);

/// Requests a second over the last two minutes, newest last. Seconds before the first one are left empty.
pub fn rate_chart(id: &str, rate: &[f64]) -> Chart {
    let kept: Vec<f64> = rate[rate.len().saturating_sub(SECONDS)..]
        .iter()
        .map(|v| if v.is_finite() { v.max(0.0) } else { 0.0 })
        .collect();
    let mut table = ChartTable::new(["seconds ago", "requests a second"]);
    for (i, value) in kept.iter().enumerate() {
        table.row([ChartCell::Number((kept.len() - 1 - i) as f64), (*value).into()]);
    }
    let most = kept.iter().copied().fold(0.0, f64::max);
    let description = match kept.last() {
        Some(now) => format!("Now {} a second; at most {} in two minutes.", number(Some(*now)), number(Some(most))),
        None => "No second yet.".to_owned(),
    };
    Chart::new("Requests a second".into(), description, &tidy(id), table, |names| {
        svg(names, SIZE, |pen| plot(pen, &kept, most))
    })
}

/// A round value that is at least `most`, and half of it.
fn round(most: f64) -> f64 {
    let ten = 10f64.powi(most.max(1.0).log10().floor() as i32);
    [1.0, 2.0, 4.0, 6.0, 8.0, 10.0].into_iter().map(|m| m * ten).find(|t| *t >= most).unwrap_or(f64::MAX).min(f64::MAX)
}

fn plot(pen: &Pen, rate: &[f64], most: f64) {
    let (left, upper, right, lower) = PLOT;
    let top = round(most);
    let values = Axis::new(0.0, top);
    axis::beside(pen, &values, &[0.0, top / 2.0, top].map(|v| (v, number(Some(v)))), PLOT);
    let x = |ago: usize| right - (ago as f64 * f64::from(right - left) / (SECONDS - 1) as f64).round() as i32;
    let y = |v: f64| values.pixel(v, lower, upper);
    let line: Vec<(i32, i32)> = rate.iter().enumerate().map(|(i, v)| (x(rate.len() - 1 - i), y(*v))).collect();
    if let (Some(first), Some(last)) = (line.first(), line.last()) {
        let mut area = line.clone();
        area.extend([(last.0, lower), (first.0, lower)]);
        pen.area(&area, Paint::Reference);
        if line.len() > 1 {
            pen.line(&line, Paint::Batch, 2);
        }
        pen.dot(*last, 3, Paint::Batch);
    }
    pen.line(&[(left, lower), (right, lower)], Paint::Faint, 1);
    for (ago, label, anchor) in
        [(119, "2 min ago", Anchor::Left), (60, "1 min ago", Anchor::Middle), (0, "now", Anchor::Right)]
    {
        pen.line(&[(x(ago), lower), (x(ago), lower + 4)], Paint::Faint, 1);
        pen.text(label, (x(ago), lower + 16), anchor, Paint::Faint);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_top_is_round_and_high_enough() {
        assert_eq!([0.0, 0.3, 1.0, 3.0, 17.0, 850.0].map(round), [1.0, 1.0, 1.0, 4.0, 20.0, 1000.0]);
        assert!(round(f64::MAX) == f64::MAX);
    }
}
