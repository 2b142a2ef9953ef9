//! Samples and configurations that the tests share.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "each test file uses a part; tables are a result"
)]

use driftgate_drift::{DriftError, JointSide, joint};
use driftgate_model::{CancelToken, DriftConfig, DriftTestResult, Matrix};
use std::collections::BTreeMap;

/// The defaults of `drift.yaml`, with fewer permutations.
pub fn config() -> DriftConfig {
    let mut config = driftgate_config::default_drift();
    (config.permutations, config.global.permutations) = (199, 199);
    config
}

/// Uniform numbers in (0, 1) that belong to a seed: SplitMix64.
pub struct Uniform(u64);

impl Uniform {
    pub fn new(seed: u64) -> Self {
        Uniform(seed.wrapping_mul(0xA24B_AED4_963E_E407))
    }

    pub fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^= z >> 31;
        ((z >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    }

    /// A standard normal (Box and Muller).
    pub fn normal(&mut self) -> f64 {
        (-2.0 * self.next().ln()).sqrt() * (std::f64::consts::TAU * self.next()).cos()
    }

    pub fn normals(&mut self, n: usize, mean: f64, sd: f64) -> Vec<f64> {
        (0..n).map(|_| mean + sd * self.normal()).collect()
    }

    /// Counts of `n` draws from `shares`.
    pub fn counts(&mut self, n: u64, shares: &[f64]) -> Vec<u64> {
        let mut out = vec![0; shares.len()];
        for _ in 0..n {
            let mut u = self.next() * shares.iter().sum::<f64>();
            let hit = shares.iter().position(|s| {
                u -= s;
                u < 0.0
            });
            out[hit.unwrap_or(shares.len() - 1)] += 1;
        }
        out
    }
}

pub fn sorted(mut values: Vec<f64>) -> Vec<f64> {
    values.sort_unstable_by(f64::total_cmp);
    values
}

pub fn named(counts: &[u64]) -> BTreeMap<String, u64> {
    counts.iter().enumerate().map(|(i, &c)| (format!("c{i}"), c)).collect()
}

/// The test of all columns together, columns named `c0`, `c1`, …
pub fn together(
    reference: &Matrix,
    batch: &Matrix,
    config: &DriftConfig,
    threads: usize,
    cancel: &CancelToken,
) -> Result<DriftTestResult, DriftError> {
    let side = |rows: &'_ Matrix| rows.rows() as u64;
    let names: Vec<String> = (0..reference.cols()).map(|j| format!("c{j}")).collect();
    let (r, b) = (JointSide { rows: reference, of: side(reference) }, JointSide { rows: batch, of: side(batch) });
    joint(r, b, &names, config, threads, &|_, _| {}, cancel)
}

/// A twentieth of the long proof (`cargo xtask deep`) by default.
pub fn rounds(few: u64) -> u64 {
    if std::env::var_os("DRIFTGATE_DEEP").is_some() { 20 * few } else { few }
}

/// Whether `hits` of `rounds` may come from a share of at most `most`: four standard errors to spare.
#[track_caller]
pub fn at_most(hits: u64, rounds: u64, most: f64, what: &str) {
    let share = hits as f64 / rounds as f64;
    let slack = 4.0 * (most * (1.0 - most) / rounds as f64).sqrt();
    println!("{what}: {share:.3} (at most {most})");
    assert!(share <= most + slack, "{what}: {share} against {most}");
}

/// Whether `hits` of `rounds` may come from a share of at least `least`.
#[track_caller]
pub fn at_least(hits: u64, rounds: u64, least: f64, what: &str) {
    let share = hits as f64 / rounds as f64;
    let slack = 4.0 * (least * (1.0 - least) / rounds as f64).sqrt();
    println!("{what}: {share:.3} (at least {least})");
    assert!(share >= least - slack, "{what}: {share} against {least}");
}
