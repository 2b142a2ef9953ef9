use driftgate_learn::metrics::{Answers, Baseline, EvaluateOptions, MetricError, evaluate};
use driftgate_model::config::{Averaging, BootstrapConfig, EvaluationConfig};
use driftgate_model::{CancelToken, Matrix, SplitEvaluation, Target};

pub fn config(resamples: u32) -> EvaluationConfig {
    EvaluationConfig {
        averaging: Averaging::Weighted,
        positive_label: None,
        bootstrap: BootstrapConfig { resamples, level: 0.95, seed: 42 },
        calibration_bins: 10,
    }
}

pub fn labels(names: &[&str]) -> Vec<String> {
    names.iter().map(|n| (*n).to_owned()).collect()
}

/// Rows x columns as written, to the column-major matrix.
pub fn matrix(rows: &[Vec<f64>], cols: usize) -> Matrix {
    let data = (0..cols).flat_map(|j| rows.iter().map(move |r| r[j])).collect();
    Matrix::from_columns(rows.len(), cols, data).unwrap()
}

/// Two columns: of the first label 1 − p, of the second p.
pub fn binary(positive: &[f64]) -> Matrix {
    let data = positive.iter().map(|p| 1.0 - p).chain(positive.iter().copied()).collect();
    Matrix::from_columns(positive.len(), 2, data).unwrap()
}

/// Learns the baseline from the answers' own truth.
pub fn baseline(answers: &Answers) -> Baseline {
    Baseline::of(&match *answers {
        Answers::Classes { labels, truth, .. } => Target::Classes { labels: labels.to_vec(), codes: truth.to_vec() },
        Answers::Values { truth, .. } => Target::Values(truth.to_vec()),
    })
    .unwrap()
}

pub fn report(answers: &Answers, config: &EvaluationConfig, threads: usize) -> Result<SplitEvaluation, MetricError> {
    let cancel = CancelToken::new();
    evaluate(answers, &baseline(answers), &EvaluateOptions { split: "test", config, threads, cancel: &cancel })
}

/// Reproducible uniform numbers, independent of the ones under test: a 64-bit linear congruential generator.
pub struct Uniform(pub u64);

impl Uniform {
    pub fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    /// About normal: the sum of twelve, centred.
    pub fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.next()).sum::<f64>() - 6.0
    }
}

/// Truth and noisy probabilities of the second label.
pub fn noisy(rows: usize, seed: u64, noise: f64) -> (Vec<u32>, Vec<f64>) {
    let mut uniform = Uniform(seed);
    (0..rows)
        .map(|_| {
            let truth = u32::from(uniform.next() < 0.4);
            let score = f64::from(truth) - 0.5 + noise * uniform.normal();
            (truth, 1.0 / (1.0 + (-3.0 * score).exp()))
        })
        .unzip()
}
