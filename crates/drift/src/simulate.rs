//! Rows changed as a scenario says: what a model may meet, made on purpose.

use crate::random::named_seed;
use driftgate_determinism::Stream;
use driftgate_model::config::{Change, Scenario};
use driftgate_model::{Column, ColumnValues, Frame, MISSING_CODE};

/// What a scenario cannot do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SimulateError {
    /// A column that it names is not there.
    #[error("scenario `{scenario}` changes `{column}`, which the rows do not have")]
    NoColumn {
        /// The scenario.
        scenario: String,
        /// The column.
        column: String,
    },
    /// A column that it names is of another kind.
    #[error("scenario `{scenario}` cannot change `{column}`: it holds {holds}")]
    OtherKind {
        /// The scenario.
        scenario: String,
        /// The column.
        column: String,
        /// `texts` or `numbers`.
        holds: &'static str,
    },
    /// A value leaves the range of numbers.
    #[error("scenario `{scenario}` makes a value of `{column}` larger than a number can be")]
    TooLarge {
        /// The scenario.
        scenario: String,
        /// The column.
        column: String,
    },
    /// It changes nothing at all.
    #[error("scenario `{0}` changes no value of the inputs that it is about")]
    Nothing(String),
}

/// Whether a change is about numbers, about texts, or (missing values) about both.
fn fits(change: Change, values: &ColumnValues) -> bool {
    match change {
        Change::Mean { .. } | Change::Scale { .. } | Change::Noise { .. } => matches!(values, ColumnValues::Number(_)),
        Change::Swap { .. } => matches!(values, ColumnValues::Text { .. }),
        Change::Missing { .. } | Change::Shuffle => true,
    }
}

/// `rows` with the columns changed that `scenario` names; where it names none, all of `inputs` that it can change.
///
/// Means and standard deviations (divided by n) are those of the column in `rows`; missing values stay missing. The same seed
/// gives the same rows whatever else the frame holds. Errors: a named column is not there or of another kind; nothing changes.
pub fn simulate(rows: &Frame, scenario: &Scenario, inputs: &[&str], seed: u64) -> Result<Frame, SimulateError> {
    for name in &scenario.columns {
        let of = |column: &str| (scenario.name.clone(), column.to_owned());
        match rows.column(name) {
            None => {
                let (scenario, column) = of(name);
                return Err(SimulateError::NoColumn { scenario, column });
            }
            Some(values) if !fits(scenario.change, values) => {
                let (scenario, column) = of(name);
                let holds = if matches!(values, ColumnValues::Number(_)) { "numbers" } else { "texts" };
                return Err(SimulateError::OtherKind { scenario, column, holds });
            }
            Some(_) => {}
        }
    }
    let chosen = |c: &Column| match scenario.columns.is_empty() {
        true => inputs.contains(&c.name.as_str()) && fits(scenario.change, &c.values),
        false => scenario.columns.contains(&c.name),
    };
    if !rows.columns().iter().any(chosen) {
        return Err(SimulateError::Nothing(scenario.name.clone()));
    }
    let mut columns = Vec::with_capacity(rows.columns().len());
    for c in rows.columns() {
        if !chosen(c) {
            columns.push(c.clone());
            continue;
        }
        let mut stream = Stream::new(named_seed(named_seed(seed, &scenario.name), &c.name), 0);
        let values = changed(&c.values, scenario.change, &mut stream);
        let gaps = |v: &ColumnValues| (0..v.len()).filter(|i| v.is_missing(*i)).count();
        let beyond = match &values {
            ColumnValues::Number(v) => {
                let made_gaps = matches!(scenario.change, Change::Missing { .. });
                v.iter().any(|x| x.is_infinite()) || (!made_gaps && gaps(&values) > gaps(&c.values))
            }
            ColumnValues::Text { .. } => false,
        };
        if beyond {
            return Err(SimulateError::TooLarge { scenario: scenario.name.clone(), column: c.name.clone() });
        }
        columns.push(Column { name: c.name.clone(), values });
    }
    // The names and lengths are those of a frame.
    Ok(Frame::new(columns).unwrap_or_else(|_| rows.clone()))
}

fn changed(values: &ColumnValues, change: Change, stream: &mut Stream) -> ColumnValues {
    match (values, change) {
        (_, Change::Shuffle) => {
            let mut order: Vec<usize> = (0..values.len()).collect();
            let all = order.len();
            stream.draw(&mut order, all);
            values.take(&order)
        }
        (ColumnValues::Number(v), Change::Missing { share }) => {
            ColumnValues::Number(v.iter().map(|x| if stream.uniform() < share { f64::NAN } else { *x }).collect())
        }
        (ColumnValues::Number(v), _) => {
            let (mean, sd) = moments(v);
            let one = |x: &f64| match change {
                Change::Mean { by } => x + by * sd,
                Change::Scale { factor } => mean + (x - mean) * factor,
                Change::Noise { sd: noise } => x + noise * sd * normal(stream),
                Change::Missing { .. } | Change::Swap { .. } | Change::Shuffle => *x,
            };
            ColumnValues::Number(v.iter().map(one).collect())
        }
        (ColumnValues::Text { dictionary, codes }, Change::Missing { share }) => {
            let one = |code: &u32| if stream.uniform() < share { MISSING_CODE } else { *code };
            ColumnValues::Text { dictionary: dictionary.clone(), codes: codes.iter().map(one).collect() }
        }
        (ColumnValues::Text { dictionary, codes }, Change::Swap { share }) => {
            let others = u32::try_from(dictionary.len()).unwrap_or(u32::MAX).saturating_sub(1);
            let one = |code: &u32| {
                let hit = stream.uniform() < share;
                if *code == MISSING_CODE || !hit || others == 0 {
                    return *code;
                }
                // Uniform over the other codes.
                let other = stream.below(others);
                other + u32::from(other >= *code)
            };
            ColumnValues::Text { dictionary: dictionary.clone(), codes: codes.iter().map(one).collect() }
        }
        (text, _) => text.clone(),
    }
}

/// A standard normal draw (Box and Muller 1958).
fn normal(stream: &mut Stream) -> f64 {
    let (u, v) = (1.0 - stream.uniform(), stream.uniform());
    (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
}

/// Mean and standard deviation (divided by n) of what is not missing; 0 and 0 where nothing is there.
fn moments(values: &[f64]) -> (f64, f64) {
    let there = || values.iter().copied().filter(|x| !x.is_nan());
    let n = there().count().max(1) as f64;
    let mean = there().sum::<f64>() / n;
    let sd = (there().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n).sqrt();
    (mean, sd)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame() -> Frame {
        let x: Vec<f64> = (0..1_000).map(|i| if i % 10 == 0 { f64::NAN } else { f64::from(i) }).collect();
        let codes = (0..1_000).map(|i| if i % 7 == 0 { MISSING_CODE } else { i % 3 }).collect();
        let texts = ColumnValues::Text { dictionary: ["a", "b", "c"].map(String::from).to_vec(), codes };
        Frame::new(vec![
            Column { name: "x".into(), values: ColumnValues::Number(x) },
            Column { name: "t".into(), values: texts },
            Column { name: "y".into(), values: ColumnValues::Number(vec![1.0; 1_000]) },
        ])
        .unwrap()
    }

    fn scenario(columns: &[&str], change: Change) -> Scenario {
        Scenario { name: "s".into(), columns: columns.iter().map(|c| (*c).into()).collect(), change }
    }

    fn numbers(frame: &Frame, name: &str) -> Vec<f64> {
        match frame.column(name) {
            Some(ColumnValues::Number(v)) => v.clone(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn numbers_move_by_their_own_deviation() {
        let rows = frame();
        let (mean, sd) = moments(&numbers(&rows, "x"));
        let inputs = ["x", "t"];
        let moved = simulate(&rows, &scenario(&[], Change::Mean { by: 2.0 }), &inputs, 1).unwrap();
        let (m, s) = moments(&numbers(&moved, "x"));
        assert!((m - mean - 2.0 * sd).abs() < 1e-9 && (s - sd).abs() < 1e-9);
        assert_eq!(numbers(&moved, "y"), numbers(&rows, "y"), "y is no input");
        let wide = simulate(&rows, &scenario(&["x"], Change::Scale { factor: 3.0 }), &inputs, 1).unwrap();
        let (m, s) = moments(&numbers(&wide, "x"));
        assert!((m - mean).abs() < 1e-9 && (s - 3.0 * sd).abs() < 1e-9);
        let noisy = simulate(&rows, &scenario(&["x"], Change::Noise { sd: 1.0 }), &inputs, 1).unwrap();
        let (_, s) = moments(&numbers(&noisy, "x"));
        assert!((s / sd - 2f64.sqrt()).abs() < 0.1, "{}", s / sd);
        let gaps = |f: &Frame| numbers(f, "x").iter().filter(|x| x.is_nan()).count();
        assert_eq!(gaps(&rows), gaps(&noisy));
    }

    #[test]
    fn shares_are_met_and_seeds_count() {
        let rows = frame();
        let change = Change::Missing { share: 0.3 };
        let gone = simulate(&rows, &scenario(&[], change), &["x", "t"], 1).unwrap();
        let gaps = numbers(&gone, "x").iter().filter(|x| x.is_nan()).count();
        assert!((320..420).contains(&gaps), "{gaps}");
        let swap = scenario(&[], Change::Swap { share: 0.5 });
        let swapped = simulate(&rows, &swap, &["x", "t"], 1).unwrap();
        let codes = |f: &Frame| match f.column("t") {
            Some(ColumnValues::Text { codes, .. }) => codes.clone(),
            other => panic!("{other:?}"),
        };
        let differ = codes(&rows).iter().zip(codes(&swapped)).filter(|(a, b)| **a != *b).count();
        assert!((360..500).contains(&differ), "{differ}");
        assert_eq!(codes(&simulate(&rows, &swap, &["t"], 1).unwrap()), codes(&swapped));
        assert_ne!(codes(&simulate(&rows, &swap, &["t"], 2).unwrap()), codes(&swapped));
    }

    #[test]
    fn a_shuffled_column_holds_what_it_held() {
        let rows = frame();
        let shuffled = simulate(&rows, &scenario(&["x"], Change::Shuffle), &["x", "t"], 1).unwrap();
        let sorted = |f: &Frame| {
            let mut v: Vec<u64> = numbers(f, "x").iter().map(|x| x.to_bits()).collect();
            v.sort_unstable();
            v
        };
        assert_eq!(sorted(&rows), sorted(&shuffled));
        assert_ne!(numbers(&rows, "x")[1], numbers(&shuffled, "x")[1]);
    }

    #[test]
    fn what_cannot_be_changed_is_said() {
        let rows = frame();
        let ask = |columns: &[&str], change| simulate(&rows, &scenario(columns, change), &["x", "t"], 1).unwrap_err();
        let text = ask(&["t"], Change::Mean { by: 1.0 }).to_string();
        assert_eq!(text, "scenario `s` cannot change `t`: it holds texts");
        assert!(matches!(ask(&["z"], Change::Swap { share: 1.0 }), SimulateError::NoColumn { .. }));
        let none = simulate(&rows, &scenario(&[], Change::Swap { share: 1.0 }), &["x"], 1);
        assert_eq!(none, Err(SimulateError::Nothing("s".into())));
    }
}
