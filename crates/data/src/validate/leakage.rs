//! Features that know the answer.

use crate::cells::FastMap;
use crate::error::count;
use crate::typing::number_text;
use crate::validate::structure::value_bits;
use crate::validate::{Check, Declared, Draft};
use driftgate_model::ColumnValues;

/// Correlations beyond this (in absolute value) are suspect.
const SUSPECT_CORRELATION: f64 = 0.999;
/// Fewer rows prove nothing.
const FEWEST_ROWS: usize = 10;
/// At least one row in this many holds both values, or nothing is proved.
const ONE_ROW_IN: usize = 10;

/// What a feature has to do with the target.
enum Relation {
    /// In that many rows, which are all that hold both.
    Equal(usize),
    OneToOne,
    Correlated(f64),
}

impl Check<'_> {
    pub(super) fn leakage(&mut self) {
        let Some(target) = self.target() else { return };
        if self.rows() < FEWEST_ROWS {
            return;
        }
        let mut found = Vec::new();
        for c in self.features().filter(|c| c.name != target.name) {
            let constant = self.table.columns().get(c.position).is_some_and(|k| k.distinct < 2);
            if let (false, Some(relation)) = (constant, relation(c, target)) {
                let examples = self.examples(&[0, 1], c.position);
                found.push((c.name.to_owned(), relation, examples));
            }
        }
        let (target, rows) = (target.name.to_owned(), self.rows());
        for (name, relation, examples) in found {
            let hint = "Take it out of `features` unless it is known before the answer is";
            let draft = match relation {
                Relation::Equal(pairs) => {
                    let where_both = match pairs == rows {
                        true => String::new(),
                        false => format!(" in the {} that have both", count(pairs, "row", "rows")),
                    };
                    let message = format!("Every value equals the target `{target}`{where_both}");
                    Draft::error("target_leak", message, "Take it out of `features`")
                }
                Relation::OneToOne => Draft::warning(
                    "target_leak",
                    format!("Each value goes with one value of the target `{target}` and the other way round"),
                    hint,
                ),
                Relation::Correlated(r) => {
                    Draft::warning("target_leak", format!("Its correlation with the target `{target}` is {r:.6}"), hint)
                }
            };
            self.add(draft.of(&name).with(examples));
        }
    }
}

fn relation(feature: &Declared, target: &Declared) -> Option<Relation> {
    let (x, y) = (&feature.values, &target.values);
    // One empty cell must not hide a copy: only rows that hold both values speak.
    let both: Vec<usize> = (0..x.len()).filter(|i| !x.is_missing(*i) && !y.is_missing(*i)).collect();
    if both.len() < FEWEST_ROWS || both.len() * ONE_ROW_IN < x.len() || constant(x, &both) {
        return None;
    }
    if equal(x, y, &both) {
        return Some(Relation::Equal(both.len()));
    }
    if one_to_one(x, y, &both) {
        return Some(Relation::OneToOne);
    }
    match (x, y) {
        (ColumnValues::Number(x), ColumnValues::Number(y)) => {
            correlation(x, y).filter(|r| r.abs() > SUSPECT_CORRELATION).map(Relation::Correlated)
        }
        _ => None,
    }
}

fn constant(values: &ColumnValues, rows: &[usize]) -> bool {
    let first = rows.first().map(|row| value_bits(values, *row));
    rows.iter().all(|row| Some(value_bits(values, *row)) == first)
}

/// Whether the values of both columns are the same; numbers are compared with texts as labels are written.
fn equal(feature: &ColumnValues, target: &ColumnValues, rows: &[usize]) -> bool {
    match (feature, target) {
        (ColumnValues::Number(x), ColumnValues::Number(y)) => rows.iter().all(|row| x[*row] == y[*row]),
        (ColumnValues::Number(x), text) | (text, ColumnValues::Number(x)) => {
            rows.iter().all(|row| text.text(*row) == Some(number_text(x[*row]).as_str()))
        }
        _ => rows.iter().all(|row| feature.text(*row) == target.text(*row)),
    }
}

/// Whether the values of both columns determine each other, with enough repetition to mean something.
fn one_to_one(feature: &ColumnValues, target: &ColumnValues, rows: &[usize]) -> bool {
    let most = rows.len() / 2;
    let mut there: FastMap<u64, u64> = FastMap::default();
    let mut back: FastMap<u64, u64> = FastMap::default();
    for row in rows {
        let (a, b) = (value_bits(feature, *row), value_bits(target, *row));
        if *there.entry(a).or_insert(b) != b || *back.entry(b).or_insert(a) != a || there.len() > most {
            return false;
        }
    }
    there.len() >= 2
}

/// Pearson's correlation over the rows where both are present; `None` where one of them is constant.
fn correlation(x: &[f64], y: &[f64]) -> Option<f64> {
    let pairs = || x.iter().zip(y).filter(|(a, b)| !a.is_nan() && !b.is_nan());
    let n = pairs().count();
    if n < FEWEST_ROWS {
        return None;
    }
    let (mx, my) = pairs().fold((0.0, 0.0), |(sx, sy), (a, b)| (sx + a / n as f64, sy + b / n as f64));
    let (mut xx, mut yy, mut xy) = (0.0, 0.0, 0.0);
    for (a, b) in pairs() {
        let (dx, dy) = (a - mx, b - my);
        xx += dx * dx;
        yy += dy * dy;
        xy += dx * dy;
    }
    let r = xy / (xx.sqrt() * yy.sqrt());
    r.is_finite().then_some(r)
}
