//! The test of all columns together: what it sees, whom it names, how often it is wrong.
//!
//! A few repetitions by default, many with `DRIFTGATE_DEEP` (`cargo xtask deep`); the tables go to standard output.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests may panic, and the tables are their result")]

mod common;

use common::{Uniform, at_least, at_most, config, rounds, together};
use driftgate_drift::check_numeric;
use driftgate_drift::{DriftError, NumericColumn, finish};
use driftgate_model::{CancelToken, DriftConfig, DriftTestResult, DriftVerdict, Matrix};

/// What a batch is drawn from; every column is standard normal but where the alternative says otherwise.
#[derive(Debug, Clone, Copy)]
enum Law {
    Independent,
    /// Columns 0 and 1 have this correlation.
    Pair(f64),
    /// Column 1 is |column 0|, brought back to a normal column, with some noise.
    Bent,
    /// All columns are shifted by this much.
    Shifted(f64),
    /// All columns share a factor: each pair has this correlation.
    Factor(f64),
    /// Heavy tails and ties: rounded cubes.
    Rough,
}

fn draw(u: &mut Uniform, rows: usize, cols: usize, law: Law) -> Matrix {
    let mut columns: Vec<Vec<f64>> = (0..cols).map(|_| u.normals(rows, 0.0, 1.0)).collect();
    match law {
        Law::Independent => {}
        Law::Pair(rho) => {
            let first = columns[0].clone();
            for (v, x) in columns[1].iter_mut().zip(first) {
                *v = rho * x + (1.0 - rho * rho).sqrt() * *v;
            }
        }
        Law::Bent => {
            let first = columns[0].clone();
            for (v, x) in columns[1].iter_mut().zip(first) {
                // |z| is half normal: its distribution function 2Φ − 1 is uniform, and the logit of that is monotone.
                let p = (1.0 - 2.0 * driftgate_drift::special::normal_sf(x.abs())).clamp(1e-9, 1.0 - 1e-9);
                *v = 0.8 * (p / (1.0 - p)).ln() / 1.8 + 0.6 * *v;
            }
        }
        Law::Shifted(by) => columns.iter_mut().flatten().for_each(|v| *v += by),
        Law::Factor(rho) => {
            let factor = u.normals(rows, 0.0, 1.0);
            for column in &mut columns {
                for (v, f) in column.iter_mut().zip(&factor) {
                    *v = rho.sqrt() * f + (1.0 - rho).sqrt() * *v;
                }
            }
        }
        Law::Rough => columns.iter_mut().flatten().for_each(|v| *v = (v.powi(3) * 2.0).round()),
    }
    Matrix::from_columns(rows, cols, columns.concat()).unwrap()
}

fn quick(seed: u64) -> DriftConfig {
    let mut config = DriftConfig { seed, ..config() };
    config.global.permutations = 199;
    config
}

fn test(a: &Matrix, b: &Matrix, seed: u64) -> DriftTestResult {
    together(a, b, &quick(seed), 1, &CancelToken::new()).unwrap()
}

#[test]
fn one_pair_among_many_is_seen_and_named_whatever_the_threads() {
    let mut u = Uniform::new(11);
    let token = CancelToken::new();
    let (a, b) = (draw(&mut u, 400, 20, Law::Independent), draw(&mut u, 300, 20, Law::Pair(0.6)));
    let one = together(&a, &b, &quick(3), 1, &token).unwrap();
    assert!(one.p_value.unwrap() <= 0.01, "{one:?}");
    assert_eq!((one.together.len(), one.test.as_str()), (1, "joint"), "{one:?}");
    let pair = &one.together[0];
    assert_eq!((pair.first.as_str(), pair.second.as_str(), pair.measure.as_str()), ("c0", "c1", "ranks"));
    assert!(pair.reference.abs() < 0.2 && (pair.batch - 0.58).abs() < 0.15 && pair.adjusted_p <= 0.01, "{pair:?}");
    let note = one.note.as_deref().unwrap();
    assert!(note.contains("all 400 reference rows") && note.contains("changed together: `c0` and `c1`"), "{note}");
    for threads in [2, 3, 7] {
        assert_eq!(one, together(&a, &b, &quick(3), threads, &token).unwrap());
    }
    for j in 0..2 {
        let mut reference = a.column(j).to_vec();
        reference.sort_unstable_by(f64::total_cmp);
        let batch = b.column(j).to_vec();
        let input = NumericColumn { name: "x", reference: &reference, reference_missing: 0, batch, thresholds: None };
        let alone = finish(vec![check_numeric(input, &config())], Vec::new(), None, &config());
        assert_ne!(alone.columns[0].verdict, DriftVerdict::Drifted);
    }
    let narrow = draw(&mut u, 50, 3, Law::Independent);
    assert!(matches!(together(&a, &narrow, &quick(3), 1, &token), Err(DriftError::ColumnCount { .. })));
    token.cancel();
    assert!(matches!(together(&a, &b, &quick(3), 2, &token), Err(DriftError::Cancelled)));
}

#[test]
fn a_bend_is_seen_although_ranks_are_uncorrelated() {
    let mut u = Uniform::new(12);
    let (a, b) = (draw(&mut u, 500, 6, Law::Independent), draw(&mut u, 500, 6, Law::Bent));
    let found = test(&a, &b, 4);
    let pair = found.together.first().unwrap();
    assert_eq!((pair.first.as_str(), pair.second.as_str(), pair.measure.as_str()), ("c0", "c1", "extremes of first"));
    assert!(found.p_value.unwrap() <= 0.01, "{found:?}");
}

#[test]
fn columns_that_merely_moved_are_not_named() {
    let mut u = Uniform::new(13);
    let (a, mut b) = (draw(&mut u, 400, 5, Law::Factor(0.5)), draw(&mut u, 400, 5, Law::Factor(0.5)));
    let moved: Vec<f64> =
        (0..5).flat_map(|j| b.column(j).iter().map(|v| (v + 2.0).exp()).collect::<Vec<_>>()).collect();
    b = Matrix::from_columns(400, 5, moved).unwrap();
    let found = test(&a, &b, 5);
    assert!(found.p_value.unwrap() <= 0.01 && found.together.is_empty(), "{found:?}");
    assert_eq!(found.effect_name, "energy coefficient");
}

#[test]
fn missing_values_and_very_many_columns_are_taken() {
    let mut u = Uniform::new(14);
    let (a, b) = (draw(&mut u, 60, 230, Law::Independent), draw(&mut u, 60, 230, Law::Independent));
    let mut holes: Vec<f64> = (0..230).flat_map(|j| b.column(j).to_vec()).collect();
    holes.iter_mut().step_by(7).for_each(|v| *v = f64::NAN);
    let b = Matrix::from_columns(60, 230, holes).unwrap();
    let found = test(&a, &b, 6);
    assert!(found.note.as_deref().unwrap().contains("pairs among the first 200 of 230 columns"), "{found:?}");
    assert!(found.p_value.is_some_and(|p| p > 0.0 && p <= 1.0));
}

/// False alarms at and under the level; the p-value is exact, so that the other side holds too.
#[test]
fn the_joint_test_keeps_its_level() {
    println!("| law | columns | rows | p <= 0.01 | p <= 0.05 | p <= 0.20 | a pair named |");
    for (law, cols, n, m) in [
        (Law::Independent, 5, 300, 30),
        (Law::Pair(0.9), 5, 150, 150),
        (Law::Rough, 5, 200, 100),
        (Law::Factor(0.5), 20, 100, 100),
    ] {
        let rounds = rounds(40);
        let mut hits = [0; 4];
        for round in 0..rounds {
            let mut u = Uniform::new(round * 5 + 23);
            let found = test(&draw(&mut u, n, cols, law), &draw(&mut u, m, cols, law), round);
            let p = found.p_value.unwrap();
            for (hit, yes) in hits.iter_mut().zip([p <= 0.01, p <= 0.05, p <= 0.2, !found.together.is_empty()]) {
                *hit += u64::from(yes);
            }
        }
        let share = |k: usize| hits[k] as f64 / rounds as f64;
        println!(
            "| {law:?} | {cols} | {n}, {m} | {:.3} | {:.3} | {:.3} | {:.3} |",
            share(0),
            share(1),
            share(2),
            share(3)
        );
        let what = format!("{law:?} {cols} {n} {m}");
        at_most(hits[0], rounds, 0.01, &what);
        at_most(hits[1], rounds, 0.05, &what);
        at_most(hits[2], rounds, 0.2, &what);
        at_least(hits[2], rounds, 0.19, &what);
        at_most(hits[3], rounds, 0.01, &what);
    }
}

/// How often the default level of 0.01 is reached, by alternative: the table of `docs/statistics.md`.
#[test]
fn the_joint_test_has_power() {
    println!("| batch | columns | rows a side | p <= 0.01 | the pair named |");
    let mut powers = Vec::new();
    for (law, cols, rows, least) in [
        (Law::Pair(0.25), 2, 500, 0.6),
        (Law::Pair(0.25), 20, 500, 0.3),
        (Law::Pair(0.4), 2, 500, 0.9),
        (Law::Pair(0.4), 20, 500, 0.8),
        (Law::Pair(0.7), 20, 500, 0.95),
        (Law::Pair(0.95), 20, 100, 0.95),
        (Law::Pair(0.4), 100, 500, 0.6),
        (Law::Bent, 20, 500, 0.95),
        (Law::Factor(0.1), 20, 500, 0.8),
        (Law::Shifted(0.1), 20, 500, 0.8),
        (Law::Shifted(0.2), 20, 500, 0.95),
    ] {
        let rounds = rounds(3);
        let (mut hits, mut named) = (0, 0);
        for round in 0..rounds {
            let mut u = Uniform::new(round * 5 + 29);
            let found = test(&draw(&mut u, rows, cols, Law::Independent), &draw(&mut u, rows, cols, law), round);
            hits += u64::from(found.p_value.unwrap() <= 0.01);
            let first = |p: &driftgate_model::DependenceChange| (p.first.as_str(), p.second.as_str()) == ("c0", "c1");
            named += u64::from(found.together.iter().any(first));
        }
        let share = |k: u64| k as f64 / rounds as f64;
        println!("| {law:?} | {cols} | {rows} | {:.2} | {:.2} |", share(hits), share(named));
        powers.push((format!("{law:?} {cols} {rows}"), hits, rounds, least));
    }
    for (what, hits, rounds, least) in powers {
        at_least(hits, rounds, least, &what);
    }
}
