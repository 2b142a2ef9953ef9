//! Calibration of the tests of pictures by simulation with fixed seeds.
//!
//! A few repetitions by default, many with `DRIFTGATE_DEEP` (`cargo xtask deep`); the tables go to standard output.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests may panic, and the tables are their result")]

mod common;

use common::{Uniform, at_least, at_most, config, rounds};
use driftgate_drift::special::normal_sf;
use driftgate_drift::{Embeddings, finish, mmd, pixel_columns};
use driftgate_model::{Bandwidth, CancelToken, DriftConfig, DriftTestResult, DriftVerdict, PixelCounts};

/// Pixels of a picture, bins of its brightness.
const PIXELS: f64 = 1024.0;
const BINS: usize = 64;

/// Few permutations, and others in each round: with the same ones in all, the level would be that of these 99.
fn quick(seed: u64, bandwidth: Bandwidth) -> DriftConfig {
    let mut config = DriftConfig { seed, ..config() };
    let mut image = config.image.unwrap_or_default();
    (image.permutations, image.mmd.permutations, image.mmd.bandwidth) = (99, 99, bandwidth);
    config.image = Some(image);
    config
}

/// The distribution function of a picture's brightness at the ends of the bins: normal, with light and contrast of its own.
fn picture(u: &mut Uniform, shift: f64) -> [f64; BINS] {
    let (mean, sd) = (120.0 + 20.0 * u.normal() + shift, 40.0 * (0.3 * u.normal()).exp());
    let mut at = std::array::from_fn(|i| 1.0 - normal_sf(((i + 1) as f64 * 255.0 / BINS as f64 - mean) / sd));
    at[BINS - 1] = 1.0;
    at
}

fn pictures(u: &mut Uniform, count: usize, shift: f64) -> PixelCounts {
    let mut counts = Vec::with_capacity(count * BINS);
    for _ in 0..count {
        let mut before = 0;
        for at in picture(u, shift) {
            let here = (at * PIXELS).round() as u32;
            counts.push(here - before);
            before = here;
        }
    }
    PixelCounts { levels: 1, channels: 1, bins: BINS as u32, images: count as u32, counts }
}

/// The true effect of a shift: the distance of the distributions in standard deviations of the first.
fn truth(shift: f64) -> f64 {
    let mean = |shift: f64| {
        let mut u = Uniform::new(77);
        let mut sums = [0.0; BINS];
        for _ in 0..100_000 {
            sums.iter_mut().zip(picture(&mut u, shift)).for_each(|(s, v)| *s += v / 1e5);
        }
        sums
    };
    let (a, b) = (mean(0.0), mean(shift));
    let shares: Vec<f64> = (0..BINS).map(|i| a[i] - if i > 0 { a[i - 1] } else { 0.0 }).collect();
    let middle: f64 = shares.iter().enumerate().map(|(i, s)| s * i as f64).sum();
    let variance: f64 = shares.iter().enumerate().map(|(i, s)| s * (i as f64 - middle).powi(2)).sum();
    a.iter().zip(&b).map(|(x, y)| (x - y).abs()).sum::<f64>() / variance.sqrt()
}

/// The test of a batch's pixels, and whether the column drifted.
fn pixels(n: usize, m: usize, shift: f64, round: u64) -> (DriftTestResult, DriftVerdict) {
    let mut u = Uniform::new(round * 41 + (n * 7 + m) as u64);
    let (r, b) = (pictures(&mut u, n, 0.0), pictures(&mut u, m, shift));
    let config = quick(round, Bandwidth::Median);
    let columns = pixel_columns(&r, &b, &["gray"], &config, 1, &CancelToken::new()).unwrap();
    let mut done = finish(columns, Vec::new(), None, &config).columns.remove(0);
    (done.tests.remove(0), done.verdict)
}

#[test]
fn pixels_that_did_not_change_raise_no_alarm() {
    println!("| reference | batch | p <= 0.05 | p <= 0.20 | called drifted |");
    for (n, m) in [(600, 10), (600, 30), (600, 180), (30, 30)] {
        let rounds = rounds(50);
        let mut hits = [0u64; 3];
        for round in 0..rounds {
            let (test, verdict) = pixels(n, m, 0.0, round);
            let p = test.p_value.unwrap();
            for (hit, yes) in hits.iter_mut().zip([p <= 0.05, p <= 0.2, verdict == DriftVerdict::Drifted]) {
                *hit += u64::from(yes);
            }
        }
        let share = |k: usize| hits[k] as f64 / rounds as f64;
        println!("| {n} | {m} | {:.3} | {:.3} | {:.3} |", share(0), share(1), share(2));
        at_most(hits[0], rounds, 0.05, &format!("pixels n={n} m={m}, p <= 0.05"));
        at_most(hits[1], rounds, 0.2, &format!("pixels n={n} m={m}, p <= 0.20"));
        at_least(hits[1], rounds, 0.14, &format!("pixels n={n} m={m}, p <= 0.20"));
        at_most(hits[2], rounds, 0.025, &format!("pixels n={n} m={m}, called drifted"));
    }
}

#[test]
fn intervals_of_pixels_cover() {
    println!("| reference | batch | shift | true effect | truth below | truth above | drifted | stable |");
    for shift in [0.0, 3.0, 6.0, 15.0, 40.0] {
        let truth = truth(shift);
        for (n, m) in [(600, 30), (600, 180), (100, 100), (5000, 1000)] {
            let rounds = rounds(if n > 1000 { 3 } else { 20 });
            let mut hits = [0u64; 4];
            for round in 0..rounds {
                let (test, verdict) = pixels(n, m, shift, round);
                let interval = test.interval.unwrap();
                let (drifted, stable) = (verdict == DriftVerdict::Drifted, verdict == DriftVerdict::Stable);
                let all = [truth < interval.low, truth > interval.high, drifted, stable];
                hits.iter_mut().zip(all).for_each(|(hit, yes)| *hit += u64::from(yes));
            }
            let shares: Vec<String> = hits.iter().map(|h| format!("{:.3}", *h as f64 / rounds as f64)).collect();
            println!("| {n} | {m} | {shift} | {truth:.3} | {} |", shares.join(" | "));
            at_most(hits[0], rounds, 0.035, &format!("{n} {m} {shift}: truth below the interval"));
            at_most(hits[1], rounds, 0.035, &format!("{n} {m} {shift}: truth above the interval"));
        }
    }
}

/// Embeddings as a network gives them: not negative, some numbers depending on one another, classes apart.
fn embeddings(u: &mut Uniform, rows: usize, dim: usize, shift: f64) -> Vec<f32> {
    let mut out = Vec::with_capacity(rows * dim);
    for _ in 0..rows {
        let (class, common) = ((u.next() * 3.0) as usize, u.normal());
        for k in 0..dim {
            let middle = if k % 3 == class { 2.0 } else { 0.0 };
            out.push((middle + u.normal() + 0.5 * common + shift).max(0.0) as f32);
        }
    }
    out
}

#[test]
fn embeddings_that_did_not_change_raise_no_alarm() {
    println!(
        "| bandwidth | reference | batch | p <= 0.01 | p <= 0.05 | p <= 0.20 | called drifted | mean of the statistic / its standard error |"
    );
    let dim = 16;
    for bandwidth in [Bandwidth::Median, Bandwidth::Aggregated] {
        for (n, m) in [(600, 30), (600, 180), (100, 100)] {
            let rounds = rounds(if n > 100 { 20 } else { 60 });
            let (mut hits, mut sum, mut squares) = ([0u64; 4], 0.0, 0.0);
            for round in 0..rounds {
                let mut u = Uniform::new(round * 43 + (n + m) as u64);
                let (a, b) = (embeddings(&mut u, n, dim, 0.0), embeddings(&mut u, m, dim, 0.0));
                let (a, b) = (Embeddings { rows: n, dim, data: &a }, Embeddings { rows: m, dim, data: &b });
                let found = mmd(&a, &b, &quick(round, bandwidth), 1, &|_, _| {}, &CancelToken::new()).unwrap();
                let (p, drifted) = (found.p_value.unwrap(), found.verdict == DriftVerdict::Drifted);
                for (hit, yes) in hits.iter_mut().zip([p <= 0.01, p <= 0.05, p <= 0.2, drifted]) {
                    *hit += u64::from(yes);
                }
                sum += found.statistic;
                squares += found.statistic * found.statistic;
            }
            let shares: Vec<String> = hits.iter().map(|h| format!("{:.3}", *h as f64 / rounds as f64)).collect();
            let z = sum / squares.sqrt();
            println!("| {bandwidth:?} | {n} | {m} | {} | {z:.2} |", shares.join(" | "));
            let what = format!("embeddings {bandwidth:?} n={n} m={m}");
            for (hit, level) in hits.into_iter().zip([0.01, 0.05, 0.2]) {
                at_most(hit, rounds, level, &format!("{what}, p <= {level}"));
            }
            at_least(hits[2], rounds, 0.12, &format!("{what}, p <= 0.20"));
            at_most(hits[3], rounds, 0.01, &format!("{what}, called drifted"));
            assert!(bandwidth == Bandwidth::Aggregated || z.abs() < 4.0, "{what}: the mean is {z} standard errors off");
        }
    }
}

/// Independent normals, whose discrepancy is known (each of `dim` numbers moved by `shift`).
#[test]
fn intervals_of_discrepancies_cover() {
    println!("| reference | batch | shift | true effect | truth below | truth above | drifted | stable |");
    let dim = 16;
    for shift in [0.0, 0.05, 0.1, 0.2, 0.5] {
        for (n, m) in [(600, 30), (600, 180), (1000, 1000)] {
            let rounds = rounds(if n > 600 { 3 } else { 15 });
            let (mut hits, mut truths) = ([0u64; 4], 0.0);
            for round in 0..rounds {
                let mut u = Uniform::new(round * 47 + (n + m) as u64);
                let mut side = |rows: usize, mean: f64| -> Vec<f32> {
                    u.normals(rows * dim, mean, 1.0).into_iter().map(|v| v as f32).collect()
                };
                let (a, b) = (side(n, 0.0), side(m, shift));
                let (a, b) = (Embeddings { rows: n, dim, data: &a }, Embeddings { rows: m, dim, data: &b });
                let found = mmd(&a, &b, &quick(round, Bandwidth::Median), 1, &|_, _| {}, &CancelToken::new()).unwrap();
                let width: f64 = {
                    let note = found.note.as_deref().unwrap();
                    let from = note.find("d^2 / ").unwrap() + 6;
                    note[from..].split(')').next().unwrap().parse().unwrap()
                };
                let wider = 1.0 + 4.0 / width;
                let moved = dim as f64 * shift * shift;
                let truth = (2.0 * wider.powf(dim as f64 / -2.0) * (1.0 - (-moved / (width * wider)).exp())).sqrt();
                truths += truth / rounds as f64;
                let interval = found.interval.unwrap();
                let (drifted, stable) = (found.verdict == DriftVerdict::Drifted, found.verdict == DriftVerdict::Stable);
                let all = [truth < interval.low, truth > interval.high + 1e-12, drifted, stable];
                hits.iter_mut().zip(all).for_each(|(hit, yes)| *hit += u64::from(yes));
            }
            let shares: Vec<String> = hits.iter().map(|h| format!("{:.3}", *h as f64 / rounds as f64)).collect();
            println!("| {n} | {m} | {shift} | {truths:.3} | {} |", shares.join(" | "));
            at_most(hits[0], rounds, 0.035, &format!("{n} {m} {shift}: truth below the interval"));
            at_most(hits[1], rounds, 0.035, &format!("{n} {m} {shift}: truth above the interval"));
        }
    }
}
