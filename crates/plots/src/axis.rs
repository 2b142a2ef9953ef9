//! Axes of values: where a value lies, and the ticks that are drawn.

use crate::number::{ticks, unit};
use crate::palette::Paint;
use crate::pen::{Anchor, Pen, SMALL};
use crate::text::width;

/// Largest over smallest value from which on a curve of positive values is drawn on a logarithmic axis.
const LOG_FROM: f64 = 1000.0;
/// Most labels of a logarithmic axis.
const MOST_DECADES: i32 = 7;

/// An axis of values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Axis {
    low: f64,
    high: f64,
    log: bool,
}

/// The smallest and the largest finite value.
fn ends(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    values
        .filter(|v| v.is_finite())
        .fold(None, |ends: Option<(f64, f64)>, v| Some(ends.map_or((v, v), |(low, high)| (low.min(v), high.max(v)))))
}

impl Axis {
    /// From `low` to `high`.
    pub(crate) fn new(low: f64, high: f64) -> Axis {
        Axis { low, high, log: false }
    }

    /// Around all finite values, with room at both ends. Shares keep to 0 and 1, and what is never below 0 to 0.
    pub(crate) fn around(values: impl Iterator<Item = f64>) -> Axis {
        let Some((low, high)) = ends(values) else { return Axis::new(0.0, 1.0) };
        let room = match (high / 2.0 - low / 2.0) * 0.12 {
            room if room > 0.0 => room,
            _ if low == 0.0 => 0.5,
            _ => low.abs() * 0.05,
        };
        let down = if low >= 0.0 { (low - room).max(0.0) } else { (low - room).max(f64::MIN) };
        let up = if high <= 1.0 && low >= 0.0 { (high + room).min(1.0) } else { (high + room).min(f64::MAX) };
        Axis::new(down, up)
    }

    /// Around all finite values of curves: logarithmic where positive values differ a thousandfold.
    pub(crate) fn of_curves(values: impl Iterator<Item = f64> + Clone) -> Axis {
        match ends(values.clone()) {
            Some((low, high)) if low > 0.0 && high / low >= LOG_FROM => Axis { low, high, log: true },
            _ => Axis::around(values),
        }
    }

    /// As far on either side of 0, so that 0 lies in the middle.
    pub(crate) fn about_zero(values: impl Iterator<Item = f64>) -> Axis {
        let most = ends(values).map_or(0.0, |(low, high)| high.max(-low));
        let most = if most > 0.0 { (most * 1.12).min(f64::MAX) } else { 1.0 };
        Axis::new(-most, most)
    }

    /// Whether it is logarithmic.
    pub(crate) fn is_log(&self) -> bool {
        self.log
    }

    /// Where a value lies, from 0 to 1.
    pub(crate) fn at(&self, value: f64) -> f64 {
        if self.log {
            unit(value.max(f64::MIN_POSITIVE).ln(), self.low.ln(), self.high.ln())
        } else {
            unit(value, self.low, self.high)
        }
    }

    /// Where a value lies between two pixels.
    pub(crate) fn pixel(&self, value: f64, from: i32, to: i32) -> i32 {
        from + (self.at(value) * f64::from(to - from)).round() as i32
    }

    /// Round values on it, about `wanted` of them, with their labels.
    pub(crate) fn ticks(&self, wanted: u32) -> Vec<(f64, String)> {
        if !self.log {
            return ticks(self.low, self.high, wanted);
        }
        let (first, last) = (self.low.log10().ceil() as i32, self.high.log10().floor() as i32);
        let every = ((last - first) / MOST_DECADES + 1).max(1);
        let label = |k: i32| match k {
            0.. if k < 6 => format!("{}", 10i64.pow(k.unsigned_abs())),
            -4..0 => format!("{:.*}", k.unsigned_abs() as usize, 10f64.powi(k)),
            _ => format!("1e{k}"),
        };
        (first..=last).step_by(every.unsigned_abs() as usize).map(|k| (10f64.powi(k), label(k))).collect()
    }
}

/// How wide the labels of an axis are at most, in pixels.
pub(crate) fn room(ticks: &[(f64, String)]) -> i32 {
    ticks.iter().map(|t| width(&t.1, SMALL)).fold(0.0, f64::max).ceil() as i32
}

/// Where a plot lies: its left, top, right and bottom.
pub(crate) type Plot = (i32, i32, i32, i32);

/// Horizontal lines at the ticks of a vertical axis, with their labels to the left of the plot.
pub(crate) fn beside(pen: &Pen, axis: &Axis, ticks: &[(f64, String)], plot: Plot) {
    let (left, upper, right, lower) = plot;
    for (value, label) in ticks {
        let y = axis.pixel(*value, lower, upper);
        pen.line(&[(left, y), (right, y)], Paint::Grid, 1);
        pen.text(label, (left - 8, y), Anchor::Right, Paint::Faint);
    }
}

/// Vertical lines at the ticks of a horizontal axis, with their labels below the plot; labels that would touch are left out.
pub(crate) fn below(pen: &Pen, axis: &Axis, ticks: &[(f64, String)], plot: Plot) {
    let (left, upper, right, lower) = plot;
    let mut free_from = f64::NEG_INFINITY;
    for (value, label) in ticks {
        let x = axis.pixel(*value, left, right);
        let half = width(label, SMALL) / 2.0;
        pen.line(&[(x, upper), (x, lower)], Paint::Grid, 1);
        if f64::from(x) - half >= free_from {
            pen.text(label, (x, lower + 15), Anchor::Middle, Paint::Faint);
            free_from = f64::from(x) + half + 8.0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_keep_to_their_ends_and_curves_turn_logarithmic() {
        assert_eq!(Axis::around([0.02, 0.99].into_iter()), Axis::new(0.0, 1.0));
        assert_eq!(Axis::around([f64::NAN].into_iter()), Axis::new(0.0, 1.0));
        let one = Axis::around([3.0].into_iter());
        assert!((one.at(3.0) - 0.5).abs() < 1e-9);
        let curve = Axis::of_curves([1e-5, 2.0, 30.0].into_iter());
        assert!(curve.is_log() && !Axis::of_curves([0.0, 30.0].into_iter()).is_log());
        let labels: Vec<String> = curve.ticks(5).into_iter().map(|t| t.1).collect();
        assert_eq!(labels, ["1e-5", "0.0001", "0.001", "0.01", "0.1", "1", "10"]);
    }

    #[test]
    fn odd_ranges_have_places_and_ticks() {
        for values in [[f64::MIN, f64::MAX], [0.0, 5e-324], [5e-324, f64::MAX], [f64::INFINITY, 1.0]] {
            for axis in [
                Axis::around(values.into_iter()),
                Axis::of_curves(values.into_iter()),
                Axis::about_zero(values.into_iter()),
            ] {
                let ticks = axis.ticks(5);
                assert!((1..=12).contains(&ticks.len()), "{values:?} {ticks:?}");
                for v in values {
                    assert!((0.0..=1.0).contains(&axis.at(v)), "{values:?}");
                }
            }
        }
    }
}
