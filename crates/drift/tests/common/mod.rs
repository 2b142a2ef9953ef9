//! Samples and configurations that the tests share.
#![allow(dead_code, reason = "each test file uses a part")]

use driftgate_model::DriftConfig;
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
