//! Features that know the answer.

use crate::cells::FastMap;
use crate::validate::structure::value_bits;
use crate::validate::{Check, Declared, Draft};
use driftgate_model::ColumnValues;

/// Correlations beyond this (in absolute value) are suspect.
const SUSPECT_CORRELATION: f64 = 0.999;
/// Fewer rows prove nothing.
const FEWEST_ROWS: usize = 10;

/// What a feature has to do with the target.
enum Relation {
    Equal,
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
        let target = target.name.to_owned();
        for (name, relation, examples) in found {
            let hint = "Take it out of `features` unless it is known before the answer is";
            let draft = match relation {
                Relation::Equal => Draft::error(
                    "target_leak",
                    format!("Every value equals the target `{target}`"),
                    "Take it out of `features`",
                ),
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
    if equal(&feature.values, &target.values) {
        return Some(Relation::Equal);
    }
    if one_to_one(&feature.values, &target.values) {
        return Some(Relation::OneToOne);
    }
    match (&feature.values, &target.values) {
        (ColumnValues::Number(x), ColumnValues::Number(y)) => {
            correlation(x, y).filter(|r| r.abs() > SUSPECT_CORRELATION).map(Relation::Correlated)
        }
        _ => None,
    }
}

fn equal(feature: &ColumnValues, target: &ColumnValues) -> bool {
    match (feature, target) {
        (ColumnValues::Number(x), ColumnValues::Number(y)) => {
            x.iter().zip(y).all(|(a, b)| a == b || (a.is_nan() && b.is_nan()))
        }
        (ColumnValues::Text { .. }, ColumnValues::Text { .. }) => {
            (0..feature.len()).all(|row| feature.text(row) == target.text(row))
        }
        _ => false,
    }
}

/// Whether the values of both columns determine each other, with enough repetition to mean something.
fn one_to_one(feature: &ColumnValues, target: &ColumnValues) -> bool {
    let most = feature.len() / 2;
    let mut there: FastMap<u64, u64> = FastMap::default();
    let mut back: FastMap<u64, u64> = FastMap::default();
    for row in 0..feature.len() {
        if feature.is_missing(row) && target.is_missing(row) {
            continue;
        }
        let (a, b) = (value_bits(feature, row), value_bits(target, row));
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
