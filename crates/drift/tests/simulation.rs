//! Calibration by simulation with fixed seeds: false alarms at or under the level, intervals that cover, power that rises.
//!
//! A few repetitions by default, many with `DRIFTGATE_DEEP` (`cargo xtask deep`); the tables go to standard output.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests may panic, and the tables are their result")]

mod common;

use common::{Uniform, at_least, at_most, config, named, rounds, sorted};
use driftgate_drift::bins::{Cells, numeric};
use driftgate_drift::jensenshannon::jensen_shannon;
use driftgate_drift::nulls::{cells_interval, cells_null};
use driftgate_drift::psi::psi;
use driftgate_drift::special::{normal_sf, normal_two_sided};
use driftgate_drift::{
    CategoricalColumn, DistanceThresholds, NumericColumn, ReferenceValues, check_categorical, check_numeric, chi2,
    column_thresholds, finish, ks, proportion,
};
use driftgate_model::{CancelToken, ColumnDrift, DriftConfig, DriftTest, DriftTestResult, DriftVerdict, Interval};

const NUMERIC: [DriftTest; 4] = [DriftTest::Ks, DriftTest::Psi, DriftTest::Wasserstein, DriftTest::JensenShannon];
const CATEGORICAL: [DriftTest; 3] = [DriftTest::ChiSquare, DriftTest::Psi, DriftTest::JensenShannon];
const SHARES: [f64; 5] = [0.4, 0.3, 0.15, 0.1, 0.05];

/// Few permutations, and others in each round: with the same ones in all, the level would be that of these 99.
fn quick(seed: u64) -> DriftConfig {
    DriftConfig { permutations: 99, seed, ..config() }
}

fn number(reference: &[f64], batch: &[f64], test: DriftTest, seed: u64) -> ColumnDrift {
    let config = DriftConfig { numerical: test, ..quick(seed) };
    let input = NumericColumn { name: "x", reference, reference_missing: 0, batch: batch.to_vec(), thresholds: None };
    finish(vec![check_numeric(input, &config)], Vec::new(), None, &config).columns.remove(0)
}

fn category(reference: &[u64], batch: &[u64], test: DriftTest, seed: u64) -> ColumnDrift {
    let config = DriftConfig { categorical: test, ..quick(seed) };
    let (reference, batch) = (named(reference), named(batch));
    let (reference_missing, batch_missing, thresholds) = (0, 0, None);
    let input = CategoricalColumn {
        name: "y",
        reference: &reference,
        reference_missing,
        batch: &batch,
        batch_missing,
        thresholds,
    };
    finish(vec![check_categorical(input, &config)], Vec::new(), None, &config).columns.remove(0)
}

/// Rows of reference and batch that the tables show.
const SIZES: [(usize, usize); 4] = [(30, 30), (300, 30), (300, 300), (30_000, 30_000)];

/// Fewer rounds where there are many rows.
fn rounds_of(few: u64, rows: usize) -> u64 {
    rounds(if rows > 1000 { few.div_ceil(10) } else { few })
}

#[test]
fn nothing_changed() {
    println!("| column | test | reference | batch | p <= 0.01 | p <= 0.05 | p <= 0.20 | p <= 0.50 | called drifted |");
    for (n, m) in SIZES {
        let rounds = rounds_of(200, n);
        let mut small = vec![[0u64; 5]; 7];
        for round in 0..rounds {
            let mut u = Uniform::new(round * 31 + n as u64);
            let (a, b) = (sorted(u.normals(n, 0.0, 1.0)), u.normals(m, 0.0, 1.0));
            let (r, c) = (u.counts(n as u64, &SHARES), u.counts(m as u64, &SHARES));
            let numbers = NUMERIC.map(|t| number(&a, &b, t, round));
            let categories = CATEGORICAL.map(|t| category(&r, &c, t, round));
            for (hits, found) in small.iter_mut().zip(numbers.iter().chain(&categories)) {
                let p = found.tests[0].p_value.unwrap();
                let drifted = found.verdict == DriftVerdict::Drifted;
                for (hit, yes) in hits.iter_mut().zip([p <= 0.01, p <= 0.05, p <= 0.2, p <= 0.5, drifted]) {
                    *hit += u64::from(yes);
                }
            }
        }
        let names = NUMERIC.iter().map(|t| ("numeric", t)).chain(CATEGORICAL.iter().map(|t| ("categorical", t)));
        for ((kind, test), hits) in names.zip(small) {
            let shares: Vec<String> = hits.iter().map(|h| format!("{:.3}", *h as f64 / rounds as f64)).collect();
            println!("| {kind} | {} | {n} | {m} | {} |", test.as_str(), shares.join(" | "));
            let what = format!("{kind} {} n={n} m={m}", test.as_str());
            for (hit, level) in hits.into_iter().zip([0.01, 0.05, 0.2, 0.5]) {
                at_most(hit, rounds, level, &format!("{what}, p <= {level}"));
            }
            // Few rows have few p-values: an exact test of 30 against 30 may not reach a level fully.
            at_least(hits[2], rounds, 0.08, &format!("{what}, p <= 0.20"));
            at_most(hits[4], rounds, 0.05, &format!("{what}, called drifted"));
        }
    }
}

/// What training leaves is as good as permuting at the check.
#[test]
fn stored_thresholds_keep_the_level() {
    println!(
        "| reference | batch | p <= 0.05, stored | p <= 0.05, permuted | p <= 0.20, stored | p <= 0.20, permuted |"
    );
    for (n, m) in [(300, 30), (1000, 300), (1000, 1000)] {
        let rounds = rounds(60);
        let mut hits = [0u64; 4];
        for round in 0..rounds {
            let mut u = Uniform::new(round * 37 + n as u64);
            let (a, b) = (sorted(u.normals(n, 0.0, 1.0)), u.normals(m, 0.0, 1.0));
            let config = DriftConfig { numerical: DriftTest::Wasserstein, ..quick(round) };
            let values = ReferenceValues::Numbers(&a);
            let token = CancelToken::new();
            let mut stored = DistanceThresholds::new(config.permutations);
            let made = column_thresholds("x", config.numerical, values, config.permutations, round, 1, &token);
            stored.columns.insert("x".into(), made.unwrap().unwrap());
            for (k, thresholds) in [Some(&stored), None].into_iter().enumerate() {
                let batch = b.clone();
                let input = NumericColumn { name: "x", reference: &a, reference_missing: 0, batch, thresholds };
                let p = check_numeric(input, &config).tests[0].p_value.unwrap();
                hits[k] += u64::from(p <= 0.05);
                hits[2 + k] += u64::from(p <= 0.2);
            }
        }
        let share = |k: usize| hits[k] as f64 / rounds as f64;
        println!("| {n} | {m} | {:.3} | {:.3} | {:.3} | {:.3} |", share(0), share(1), share(2), share(3));
        for (k, level) in [(0, 0.05), (1, 0.05), (2, 0.2), (3, 0.2)] {
            // The reference that the thresholds are from is a sample too.
            at_most(hits[k], rounds, if k % 2 == 0 { 1.2 * level } else { level }, &format!("thresholds n={n} m={m}"));
        }
    }
}

/// Two levels of everything: how often the truth lies within, and where it does not.
fn covers(interval: Option<Interval>, truth: f64, missed: &mut [u64; 2]) {
    let i = interval.unwrap();
    missed[0] += u64::from(truth < i.low - 1e-12);
    missed[1] += u64::from(truth > i.high + 1e-12);
}

#[track_caller]
fn covered(missed: [u64; 2], rounds: u64, most: f64, what: &str) {
    at_most(missed[0], rounds, most, &format!("{what}, truth below"));
    at_most(missed[1], rounds, most, &format!("{what}, truth above"));
}

#[test]
fn intervals_cover() {
    println!("| effect | reference | batch | shift | true effect | truth below the interval | above it |");
    for (n, m) in SIZES {
        for shift in [0.0, 0.3, 1.0] {
            let rounds = rounds_of(200, n);
            let (mut d, mut w) = ([0; 2], [0; 2]);
            // sup |Φ(x) − Φ(x − shift)| is at shift/2.
            let truth = 1.0 - 2.0 * normal_sf(shift / 2.0);
            for round in 0..rounds {
                let mut u = Uniform::new(round * 17 + n as u64 + 1);
                let (a, b) = (sorted(u.normals(n, 0.0, 1.0)), sorted(u.normals(m, shift, 1.0)));
                let found = ks::test(&a, &b).unwrap();
                covers(ks::interval(found.statistic, n as u64, m as u64, 0.95), truth, &mut d);
                covers(number(&a, &b, DriftTest::Wasserstein, round).tests[0].interval, shift, &mut w);
            }
            for (name, missed, truth) in [("ks", d, truth), ("wasserstein", w, shift)] {
                let share = |k: usize| missed[k] as f64 / rounds as f64;
                println!("| {name} | {n} | {m} | {shift} | {truth:.3} | {:.3} | {:.3} |", share(0), share(1));
            }
            covered(d, rounds, 0.025, &format!("ks n={n} m={m} shift={shift}"));
            // The standard deviation of 30 rows, the unit of the effect, is itself known to an eighth.
            let most = if n < 100 { 0.06 } else { 0.03 };
            covered(w, rounds, most, &format!("wasserstein n={n} m={m} shift={shift}"));
        }
    }
}

/// The distances of two share vectors.
fn truths(p: &[f64], q: &[f64], n: f64, m: f64) -> (f64, f64, f64) {
    let sum: f64 = q.iter().sum();
    let q: Vec<f64> = q.iter().map(|v| v / sum).collect();
    let pairs = || p.iter().zip(&q).map(|(a, b)| (*a, *b));
    let w = pairs().map(|(a, b)| (a - b) * (a - b) / ((n * a + m * b) / (n + m))).sum::<f64>().sqrt();
    let psi = pairs().map(|(a, b)| (b - a) * (b / a).ln()).sum();
    let half = |x: f64, y: f64| x * (2.0 * x / (x + y)).ln();
    let js = pairs().map(|(a, b)| half(a, b) + half(b, a)).sum::<f64>() / 2.0;
    (w, psi, js.max(0.0).sqrt())
}

#[test]
fn intervals_of_counts_cover() {
    for (n, m) in [(1000, 100), (3000, 300)] {
        for tilt in [0.0, 0.1, 0.4] {
            let rounds = rounds(200);
            let batch: Vec<f64> = SHARES.iter().enumerate().map(|(i, s)| s * (tilt * i as f64).exp()).collect();
            let truth = truths(&SHARES, &batch, n as f64, m as f64);
            let mut missed = [[0; 2]; 3];
            for round in 0..rounds {
                let mut u = Uniform::new(round * 13 + n + 3);
                let cells = Cells { reference: u.counts(n, &SHARES), batch: u.counts(m, &batch) };
                let found = chi2::homogeneity(&cells.reference, &cells.batch).unwrap();
                covers(chi2::interval(&found, n, m, 0.95), truth.0, &mut missed[0]);
                covers(cells_interval(DriftTest::Psi, &cells, 0.95, round), truth.1, &mut missed[1]);
                covers(cells_interval(DriftTest::JensenShannon, &cells, 0.95, round), truth.2, &mut missed[2]);
            }
            for (name, m_, most) in [("w", missed[0], 0.04), ("psi", missed[1], 0.06), ("js", missed[2], 0.06)] {
                covered(m_, rounds, most, &format!("{name} n={n} m={m} tilt={tilt} truth={truth:.3?}"));
            }
        }
    }
}

#[test]
fn intervals_of_shares_cover() {
    for (p, q, n, m) in [(0.02, 0.02, 1000, 30), (0.1, 0.3, 300, 30), (0.5, 0.4, 1000, 300), (0.0, 0.05, 3000, 100)] {
        let rounds = rounds(1000);
        let mut missed = [0; 2];
        let mut alarms = 0;
        for round in 0..rounds {
            let mut u = Uniform::new(round * 7 + n + 5);
            let (a, b) = (u.counts(n, &[p, 1.0 - p])[0], u.counts(m, &[q, 1.0 - q])[0]);
            covers(proportion::interval(a, n, b, m, 0.95), q - p, &mut missed);
            alarms += u64::from(proportion::test(a, n, b, m, proportion::Side::Two).unwrap().p_value <= 0.05);
        }
        // With few hits on a side, all that is missed is missed on one end.
        at_most(missed[0] + missed[1], rounds, 0.06, &format!("newcombe {p} {q} n={n} m={m}, truth outside"));
        if p == q {
            at_most(alarms, rounds, 0.05, &format!("two shares {p} n={n} m={m}, p <= 0.05"));
        }
    }
}

#[test]
fn power_rises_with_the_effect() {
    println!("| test | reference | batch | shift 0.2 | shift 0.6 | shift 1.2 |");
    for (n, m) in [(30, 30), (300, 300), (1000, 300), (30_000, 30_000)] {
        let rounds = rounds_of(60, n);
        for test in NUMERIC {
            let mut found = Vec::new();
            for shift in [0.2, 0.6, 1.2] {
                let mut drifted = 0;
                for round in 0..rounds {
                    let mut u = Uniform::new(round * 3 + 11);
                    let (a, b) = (sorted(u.normals(n, 0.0, 1.0)), u.normals(m, shift, 1.0));
                    drifted += u64::from(number(&a, &b, test, round).verdict == DriftVerdict::Drifted);
                }
                found.push(drifted);
            }
            let shares: Vec<String> = found.iter().map(|d| format!("{:.3}", *d as f64 / rounds as f64)).collect();
            println!("| {} | {n} | {m} | {} |", test.as_str(), shares.join(" | "));
            assert!(found.windows(2).all(|w| w[0] <= w[1]), "{test:?} {n} {m}: {found:?}");
            if n >= 300 {
                at_least(found[2], rounds, 0.95, &format!("{} n={n} m={m} shift=1.2, power", test.as_str()));
            }
        }
    }
}

/// What a result calls detectable with 80 % power is found in about that share.
#[test]
fn the_detectable_effect_is_detected() {
    let rounds = rounds(100);
    let (n, m) = (3000, 300);
    let example = |shift: f64, seed: u64| -> DriftTestResult {
        let mut u = Uniform::new(seed);
        let (a, b) = (sorted(u.normals(n, 0.0, 1.0)), u.normals(m, shift, 1.0));
        number(&a, &b, DriftTest::Ks, seed).tests.remove(0)
    };
    let detectable = example(0.6, 1).detectable.unwrap();
    // The shift whose KS distance that is.
    let shift = 2.0 * normal_two_sided(detectable);
    let found = (0..rounds).filter(|r| example(shift, 100 + r).verdict == DriftVerdict::Drifted).count() as u64;
    at_least(found, rounds, 0.75, &format!("ks detectable {detectable:.3}"));
}

/// 30 columns without drift: the reference's tool would cry in four of five batches.
#[test]
fn many_columns_raise_no_false_alarm() {
    let rounds = rounds(20);
    let mut alarms = 0;
    for round in 0..rounds {
        let mut u = Uniform::new(round + 1);
        let columns = (0..30)
            .map(|i| {
                let (a, b) = (sorted(u.normals(1000, 0.0, 1.0)), u.normals(300, 0.0, 1.0));
                let name = format!("{i}");
                let input =
                    NumericColumn { name: &name, reference: &a, reference_missing: 0, batch: b, thresholds: None };
                check_numeric(input, &config())
            })
            .collect();
        alarms += u64::from(finish(columns, Vec::new(), None, &config()).overall.verdict == DriftVerdict::Drifted);
    }
    at_most(alarms, rounds, 0.05, "30 columns, batch called drifted");
}

/// The permutation distribution that draws counts is the one that shuffles rows.
#[test]
fn drawing_counts_is_shuffling_rows() {
    let mut u = Uniform::new(77);
    let (a, b) = (sorted(u.normals(400, 0.0, 1.0)), sorted(u.normals(150, 0.1, 1.2)));
    let cells = numeric(&a, &b);
    for test in [DriftTest::Psi, DriftTest::JensenShannon] {
        let distance = |r: &[u64], c: &[u64]| if test == DriftTest::Psi { psi(r, c) } else { jensen_shannon(r, c) };
        let null = cells_null(test, &cells, 4000, 3);
        let mut rows: Vec<usize> =
            (0..cells.batch.len()).flat_map(|i| vec![i; (cells.reference[i] + cells.batch[i]) as usize]).collect();
        let mut shuffled: Vec<f64> = (0..4000)
            .map(|_| {
                let (mut r, mut c) = (vec![0; cells.batch.len()], vec![0; cells.batch.len()]);
                for i in 0..150 {
                    let j = i + ((rows.len() - i) as f64 * u.next()) as usize;
                    rows.swap(i, j);
                }
                rows.iter().enumerate().for_each(|(i, &k)| if i < 150 { c[k] += 1 } else { r[k] += 1 });
                distance(&r, &c).unwrap()
            })
            .collect();
        shuffled.sort_unstable_by(f64::total_cmp);
        for upper in [0.5, 0.2, 0.05] {
            let by_rows = shuffled[4000 - (4000.0 * upper) as usize];
            assert!((null.quantile(upper) / by_rows - 1.0).abs() < 0.06, "{test:?} {upper}");
        }
    }
}
