//! A confusion matrix: true labels in rows, predicted ones in columns.

use crate::number::{count, plural};
use crate::palette::Paint;
use crate::pen::{Anchor, Pen, SMALL, svg};
use crate::table::{ChartCell, ChartTable};
use crate::text::{clean, fit, width};
use crate::{Chart, tidy};

/// Most labels drawn; the rarest of more are summed up.
const MOST_LABELS: usize = 30;
/// Most pixels for a label beside its row.
const MOST_ROOM: f64 = 150.0;
/// The strongest shade: darker, and the count in it would be hard to read.
pub(crate) const STRONGEST: f64 = 0.65;

const UPPER: i32 = 76;
const LEAST_WIDTH: i32 = 420;

struct Matrix {
    labels: Vec<String>,
    /// `counts[true][predicted]`.
    counts: Vec<Vec<u64>>,
    /// Labels that stand in the last one.
    summed: usize,
}

impl Matrix {
    fn of(labels: &[String], counts: &[Vec<u64>]) -> Matrix {
        let n = labels.len();
        let cell = |t: usize, p: usize| counts.get(t).and_then(|row| row.get(p)).copied().unwrap_or(0);
        // How many rows have the label or were given it.
        let weight = |i: usize| (0..n).fold(0u64, |sum, j| sum.saturating_add(cell(i, j)).saturating_add(cell(j, i)));
        let mut kept: Vec<(usize, u64)> = (0..n).map(|i| (i, weight(i))).collect();
        if n > MOST_LABELS {
            kept.sort_by_key(|k| (std::cmp::Reverse(k.1), k.0));
            kept.truncate(MOST_LABELS - 1);
            kept.sort_by_key(|k| k.0);
        }
        let summed = n - kept.len();
        let size = kept.len() + usize::from(summed > 0);
        let mut place = vec![kept.len(); n];
        for (at, (label, _)) in kept.iter().enumerate() {
            place[*label] = at;
        }
        let mut sums = vec![vec![0u64; size]; size];
        for t in 0..n {
            for p in 0..n {
                let sum = &mut sums[place[t]][place[p]];
                *sum = sum.saturating_add(cell(t, p));
            }
        }
        let mut names: Vec<String> = kept.iter().map(|k| labels[k.0].clone()).collect();
        if summed > 0 {
            names.push(format!("({summed} others)"));
        }
        Matrix { labels: names, counts: sums, summed }
    }

    fn rows(&self, t: usize) -> u64 {
        self.counts[t].iter().fold(0, |sum, c| sum.saturating_add(*c))
    }

    /// Share of the rows with a label that were given another one.
    fn share(&self, t: usize, p: usize) -> f64 {
        self.counts[t][p] as f64 / self.rows(t).max(1) as f64
    }

    /// Rows, and those on the diagonal.
    fn right(&self) -> (u64, u64) {
        let n = self.labels.len();
        let sum = |all: &mut dyn Iterator<Item = u64>| all.fold(0u64, u64::saturating_add);
        (sum(&mut (0..n).map(|t| self.rows(t))), sum(&mut (0..n).map(|t| self.counts[t][t])))
    }
}

/// The confusion matrix `counts[true][predicted]`: each cell has its count and, where there is room, its share of the row; the
/// shade grows with that share, and the right answers on the diagonal are framed. Of more than 30 labels, the rarest are summed up.
pub fn confusion_chart(id: &str, labels: &[String], counts: &[Vec<u64>]) -> Chart {
    let matrix = Matrix::of(labels, counts);
    let mut table = ChartTable::new(["true label"]);
    table.headers.extend(matrix.labels.iter().map(|l| format!("predicted {l}")));
    for (label, row) in matrix.labels.iter().zip(&matrix.counts) {
        let mut cells = vec![ChartCell::Text(label.clone())];
        cells.extend(row.iter().map(|c| ChartCell::Number(*c as f64)));
        table.rows.push(cells);
    }
    let (rows, right) = matrix.right();
    let description = format!(
        "Confusion matrix of {}: true labels in rows, predicted ones in columns. {} of {} rows lie on the diagonal.",
        plural(matrix.labels.len() as u64, "label", "labels"),
        count(right),
        count(rows)
    );
    let grid = Grid::of(&matrix);
    let note = (matrix.summed > 0).then(|| {
        let rare = plural(matrix.summed as u64, "label is", "labels are");
        format!("The {rare} the rarest ones, summed up in the last row and column.")
    });
    let height = UPPER + grid.cell * (matrix.labels.len().max(2) as i32) + if note.is_some() { 48 } else { 30 };
    Chart::new("Confusion matrix".into(), description, &tidy(id), table, |names| {
        svg(names, (grid.width, height), |pen| plot(pen, &matrix, &grid, note.as_deref()))
    })
}

/// Where the cells lie.
struct Grid {
    left: i32,
    cell: i32,
    width: i32,
    /// Whether columns have numbers, since their labels are too long.
    numbered: bool,
    names: Vec<String>,
}

impl Grid {
    fn of(matrix: &Matrix) -> Grid {
        let n = matrix.labels.len() as i32;
        let cell = match n {
            ..=4 => 72,
            5..=7 => 56,
            8..=10 => 46,
            11..=16 => 34,
            _ => 26,
        };
        let shown = |l: &String| if l.trim().is_empty() { "“ ”".to_owned() } else { clean(l) };
        let numbered = matrix.labels.iter().any(|l| width(&shown(l), SMALL) > f64::from(cell - 4));
        let named = |(i, l): (usize, &String)| {
            let name = fit(&shown(l), SMALL, MOST_ROOM);
            if numbered { format!("{}. {name}", i + 1) } else { name }
        };
        let names: Vec<String> = matrix.labels.iter().enumerate().map(named).collect();
        let left = names.iter().map(|l| width(l, SMALL)).fold(60.0, f64::max).ceil() as i32 + 22;
        Grid { left, cell, width: (left + cell * n + 20).max(LEAST_WIDTH), numbered, names }
    }

    fn corner(&self, t: usize, p: usize) -> (i32, i32) {
        (self.left + self.cell * p as i32, UPPER + self.cell * t as i32)
    }
}

fn plot(pen: &Pen, matrix: &Matrix, grid: &Grid, note: Option<&str>) {
    let n = matrix.labels.len();
    if n == 0 {
        pen.nothing("No labels", (0, UPPER), (grid.width, UPPER + grid.cell * 2));
        return;
    }
    let (end, cell) = (grid.corner(n, n), grid.cell);
    pen.text("predicted", (grid.left, 40), Anchor::Left, Paint::Faint);
    pen.text("true", (grid.left - 10, UPPER - 14), Anchor::Right, Paint::Faint);
    for (i, name) in grid.names.iter().enumerate() {
        let (x, y) = grid.corner(i, i);
        let column = if grid.numbered { format!("{}", i + 1) } else { name.clone() };
        pen.text(&column, (x + cell / 2, UPPER - 14), Anchor::Middle, Paint::Text);
        pen.text(name, (grid.left - 10, y + cell / 2), Anchor::Right, Paint::Text);
    }
    for t in 0..n {
        for p in 0..n {
            one(pen, matrix, grid, t, p);
        }
    }
    for i in 0..=n {
        let (x, y) = grid.corner(i, i);
        pen.line(&[(grid.left, y), (end.0, y)], Paint::Grid, 1);
        pen.line(&[(x, UPPER), (x, end.1)], Paint::Grid, 1);
    }
    for i in 0..n {
        let (x, y) = grid.corner(i, i);
        pen.frame((x, y), (x + cell, y + cell), Paint::Reference);
    }
    let words = if cell >= 46 {
        "percentage: share of the true label's rows, as the shade"
    } else {
        "the shade grows with the share of the true label's rows"
    };
    pen.text(
        words,
        (grid.left.min(grid.width - 8 - width(words, SMALL) as i32), end.1 + 18),
        Anchor::Left,
        Paint::Faint,
    );
    if let Some(note) = note {
        pen.text(note, (8, end.1 + 36), Anchor::Left, Paint::Text);
    }
}

fn one(pen: &Pen, matrix: &Matrix, grid: &Grid, t: usize, p: usize) {
    let (value, share, cell) = (matrix.counts[t][p], matrix.share(t, p), grid.cell);
    let (x, y) = grid.corner(t, p);
    // The root shows rare mistakes too.
    let strength = share.sqrt() * STRONGEST;
    if strength >= 0.005 {
        pen.shade((x, y), (x + cell, y + cell), Paint::Reference, strength);
    }
    let middle = x + cell / 2;
    if value == 0 {
        // Where cells are small, a field of zeros hides the others.
        if cell >= 34 {
            pen.text("0", (middle, y + cell / 2), Anchor::Middle, Paint::Faint);
        }
    } else if cell >= 46 {
        pen.text(&short(value, cell), (middle, y + cell / 2 - 8), Anchor::Middle, Paint::Text);
        pen.sized(&percent(share), (middle, y + cell / 2 + 9), Anchor::Middle, Paint::Text, 11);
    } else {
        let size = if cell >= 34 { SMALL } else { 10 };
        pen.sized(&short(value, cell), (middle, y + cell / 2), Anchor::Middle, Paint::Text, size);
    }
}

/// Never `100 %` or `0 %` where that is not quite so.
fn percent(share: f64) -> String {
    match share * 100.0 {
        p if p > 0.0 && p < 1.0 => "<1 %".into(),
        p if p < 100.0 && p > 99.0 => ">99 %".into(),
        p => format!("{p:.0} %"),
    }
}

/// A count as short as its cell asks for: `12,345`, `12k`, `3M`.
fn short(value: u64, cell: i32) -> String {
    let whole = count(value);
    let size = if cell >= 34 { SMALL } else { 10 };
    if width(&whole, size) <= f64::from(cell - 4) {
        return whole;
    }
    let units = ["k", "M", "G", "T", "P", "E"];
    let mut rest = value as f64;
    let mut unit = "";
    for u in units {
        if rest < 999.5 {
            break;
        }
        (rest, unit) = (rest / 1000.0, u);
    }
    let exact = format!("{rest:.1}{unit}");
    if width(&exact, size) <= f64::from(cell - 4) { exact } else { format!("{rest:.0}{unit}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_fit_their_cells_and_shares_do_not_overstate() {
        assert_eq!(
            [short(999, 24), short(12_345, 72), short(12_345, 24), short(1_345, 26)],
            ["999", "12,345", "12k", "1.3k"]
        );
        assert_eq!([0.0, 0.004, 0.995, 1.0, 0.5].map(percent), ["0 %", "<1 %", ">99 %", "100 %", "50 %"]);
    }

    #[test]
    fn the_rarest_labels_are_summed_up() {
        let labels: Vec<String> = (0..40).map(|i| format!("l{i}")).collect();
        let counts: Vec<Vec<u64>> = (0..40).map(|t| (0..40).map(|p| u64::from(t == p) * (40 - t)).collect()).collect();
        let m = Matrix::of(&labels, &counts);
        assert_eq!(
            (m.labels.len(), m.summed, m.labels[0].as_str(), m.labels[29].as_str()),
            (30, 11, "l0", "(11 others)")
        );
        assert_eq!((m.counts[29][29], m.right()), ((1..=11).sum::<u64>(), (820, 820)));
    }
}
