use super::histogram::Gradients;
use crate::LearnError;
use crate::classes::Classes;
use crate::predictions::logistic;
use driftgate_determinism::Workers;
use driftgate_model::Target;
use driftgate_model::config::ClassWeight;

/// Rows whose sums are made together. Fixed, so that the order of additions does not depend on the threads.
const CHUNK: usize = 4096;

/// What boosting takes down, with its gradients at the current scores.
pub(crate) struct Loss {
    kind: Kind,
    /// For each output, the gradient of each row.
    gradients: Vec<Vec<f64>>,
    /// For each output, the hessian of each row; empty where each is 1.
    hessians: Vec<Vec<f64>>,
}

enum Kind {
    /// Half the squared error.
    Squared(Vec<f64>),
    /// Log loss of the second of two classes.
    Binary { codes: Vec<u32>, weights: Vec<f64> },
    /// Log loss of softmax.
    Softmax { codes: Vec<u32>, weights: Vec<f64> },
}

impl Loss {
    /// The loss that suits the target, and the labels that occur (none for values).
    pub(crate) fn new(y: &Target, weighting: Option<ClassWeight>) -> Result<(Self, Vec<u32>), LearnError> {
        let (kind, present) = match y {
            Target::Values(values) => (Kind::Squared(values.clone()), Vec::new()),
            Target::Classes { labels, codes } => {
                let classes = Classes::new(labels, codes)?;
                let weights = classes.weights(weighting);
                let kind = if classes.len() == 2 {
                    Kind::Binary { codes: classes.codes, weights }
                } else {
                    Kind::Softmax { codes: classes.codes, weights }
                };
                (kind, classes.present)
            }
        };
        let outputs = kind.outputs();
        let hessians = if matches!(kind, Kind::Squared(_)) {
            vec![Vec::new(); outputs]
        } else {
            vec![vec![0.0; y.len()]; outputs]
        };
        let loss = Loss { gradients: vec![vec![0.0; y.len()]; outputs], hessians, kind };
        Ok((loss, present))
    }

    /// The same loss over rows that are only watched. Their labels all occur among `present` (the split is stratified).
    pub(crate) fn of_other_rows(&self, y: &Target, present: &[u32]) -> Loss {
        let recode = |codes: &[u32]| codes.iter().map(|c| present.binary_search(c).unwrap_or(0) as u32).collect();
        let kind = match (&self.kind, y) {
            (Kind::Binary { weights, .. }, Target::Classes { codes, .. }) => {
                Kind::Binary { codes: recode(codes), weights: weights.clone() }
            }
            (Kind::Softmax { weights, .. }, Target::Classes { codes, .. }) => {
                Kind::Softmax { codes: recode(codes), weights: weights.clone() }
            }
            (_, Target::Values(values)) => Kind::Squared(values.clone()),
            (Kind::Squared(_), Target::Classes { .. }) => Kind::Squared(Vec::new()),
        };
        Loss { kind, gradients: Vec::new(), hessians: Vec::new() }
    }

    pub(crate) fn constant_hessian(&self) -> bool {
        matches!(self.kind, Kind::Squared(_))
    }

    pub(crate) fn gradients(&self, output: usize) -> Gradients<'_> {
        Gradients { gradients: &self.gradients[output], hessians: &self.hessians[output] }
    }

    /// The constant scores of least loss.
    pub(crate) fn baseline(&self) -> Vec<f64> {
        match &self.kind {
            Kind::Squared(y) => {
                let n = y.len() as f64;
                vec![y.iter().map(|v| v / n).sum()]
            }
            Kind::Binary { codes, weights } => {
                let shares = shares(codes, weights);
                vec![(shares[1] / shares[0]).ln()]
            }
            Kind::Softmax { codes, weights } => {
                let logs: Vec<f64> = shares(codes, weights).iter().map(|s| s.ln()).collect();
                let mean = logs.iter().sum::<f64>() / logs.len() as f64;
                logs.iter().map(|l| l - mean).collect()
            }
        }
    }

    /// Recomputes gradients and hessians at `scores`; returns the mean loss there.
    pub(crate) fn update(&mut self, scores: &[Vec<f64>], workers: Workers) -> f64 {
        let Loss { kind, gradients, hessians } = self;
        let rows = kind.rows();
        let mut chunks: Vec<Chunk> = (0..rows.div_ceil(CHUNK))
            .map(|c| Chunk { from: c * CHUNK, gradients: Vec::new(), hessians: Vec::new() })
            .collect();
        for (g, h) in gradients.iter_mut().zip(hessians.iter_mut()) {
            let mut h = h.chunks_mut(CHUNK);
            for (chunk, g) in chunks.iter_mut().zip(g.chunks_mut(CHUNK)) {
                chunk.gradients.push(g);
                chunk.hessians.push(h.next().unwrap_or_default());
            }
        }
        let losses = workers.map_owned(chunks, true, |_, mut chunk| kind.chunk(&mut chunk, scores));
        losses.iter().sum::<f64>() / kind.total_weight()
    }

    /// The mean loss at `scores`.
    pub(crate) fn mean(&self, scores: &[Vec<f64>]) -> f64 {
        let sum: f64 = (0..self.kind.rows()).map(|i| self.kind.row(i, scores)).sum();
        sum / self.kind.total_weight()
    }
}

/// A run of rows and where their gradients go.
struct Chunk<'a> {
    from: usize,
    gradients: Vec<&'a mut [f64]>,
    hessians: Vec<&'a mut [f64]>,
}

impl Kind {
    fn outputs(&self) -> usize {
        match self {
            Kind::Softmax { weights, .. } => weights.len(),
            _ => 1,
        }
    }

    fn rows(&self) -> usize {
        match self {
            Kind::Squared(y) => y.len(),
            Kind::Binary { codes, .. } | Kind::Softmax { codes, .. } => codes.len(),
        }
    }

    fn total_weight(&self) -> f64 {
        match self {
            Kind::Squared(y) => y.len() as f64,
            Kind::Binary { codes, weights } | Kind::Softmax { codes, weights } => {
                codes.iter().map(|&c| weights[c as usize]).sum()
            }
        }
    }

    /// Gradients and hessians of a chunk; returns its summed loss.
    fn chunk(&self, chunk: &mut Chunk, scores: &[Vec<f64>]) -> f64 {
        let Chunk { from, gradients, hessians } = chunk;
        let mut loss = 0.0;
        match self {
            Kind::Squared(y) => {
                for (i, g) in gradients[0].iter_mut().enumerate() {
                    let residual = scores[0][*from + i] - y[*from + i];
                    *g = residual;
                    loss += 0.5 * residual * residual;
                }
            }
            Kind::Binary { codes, weights } => {
                for (i, (g, h)) in gradients[0].iter_mut().zip(hessians[0].iter_mut()).enumerate() {
                    let (s, code) = (scores[0][*from + i], codes[*from + i]);
                    let (weight, p) = (weights[code as usize], logistic(s));
                    *g = weight * (p - f64::from(code));
                    *h = weight * p * (1.0 - p);
                    loss += weight * log_loss(s, code);
                }
            }
            Kind::Softmax { codes, weights } => {
                let mut p = vec![0.0; weights.len()];
                for i in 0..gradients[0].len() {
                    let code = codes[*from + i] as usize;
                    let weight = weights[code];
                    let log_sum = softmax(scores, *from + i, &mut p);
                    for (k, &p) in p.iter().enumerate() {
                        let y = if k == code { 1.0 } else { 0.0 };
                        gradients[k][i] = weight * (p - y);
                        hessians[k][i] = weight * p * (1.0 - p);
                    }
                    loss += weight * (log_sum - scores[code][*from + i]);
                }
            }
        }
        loss
    }

    fn row(&self, i: usize, scores: &[Vec<f64>]) -> f64 {
        match self {
            Kind::Squared(y) => 0.5 * (scores[0][i] - y[i]).powi(2),
            Kind::Binary { codes, weights } => weights[codes[i] as usize] * log_loss(scores[0][i], codes[i]),
            Kind::Softmax { codes, weights } => {
                let top = scores.iter().map(|s| s[i]).fold(f64::NEG_INFINITY, f64::max);
                let sum: f64 = scores.iter().map(|s| (s[i] - top).exp()).sum();
                weights[codes[i] as usize] * (sum.ln() + top - scores[codes[i] as usize][i])
            }
        }
    }
}

/// Weighted shares of the classes.
fn shares(codes: &[u32], weights: &[f64]) -> Vec<f64> {
    let mut counts = vec![0u64; weights.len()];
    codes.iter().for_each(|&c| counts[c as usize] += 1);
    let masses: Vec<f64> = counts.iter().zip(weights).map(|(&n, w)| n as f64 * w).collect();
    let total: f64 = masses.iter().sum();
    masses.iter().map(|m| m / total).collect()
}

/// −log of the probability of `code` (0 or 1) at score `s` of class 1, without overflow.
fn log_loss(s: f64, code: u32) -> f64 {
    s.max(0.0) + (-s.abs()).exp().ln_1p() - f64::from(code) * s
}

/// Softmax of row `i`; returns the log of the sum of exponentials.
fn softmax(scores: &[Vec<f64>], i: usize, p: &mut [f64]) -> f64 {
    let top = scores.iter().map(|s| s[i]).fold(f64::NEG_INFINITY, f64::max);
    let mut sum = 0.0;
    for (p, s) in p.iter_mut().zip(scores) {
        *p = (s[i] - top).exp();
        sum += *p;
    }
    p.iter_mut().for_each(|p| *p /= sum);
    top + sum.ln()
}
