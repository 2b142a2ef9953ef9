use super::precondition::{Preconditioner, dot};
use crate::classes::Classes;
use crate::standard::Standardised;
use driftgate_determinism::Workers;

/// Rows whose sums are made together. Fixed, so that the order of additions does not depend on the threads.
const CHUNK: usize = 4096;

/// The penalised loss as a function of preconditioned variables.
///
/// Point layout: for each coefficient vector, one variable a standardised column, then its intercept's.
pub(crate) struct Objective<'a> {
    z: &'a Standardised,
    codes: &'a [u32],
    weights: &'a [f64],
    vectors: usize,
    preconditioner: Preconditioner,
    /// 1 / (C · scale²) of each column: the penalty on a standardised column's weight.
    penalty: Vec<f64>,
    total: f64,
    workers: Workers,
}

impl<'a> Objective<'a> {
    pub(crate) fn new(z: &'a Standardised, classes: &'a Classes, weights: &'a [f64], c: f64, workers: Workers) -> Self {
        let total: f64 = classes.counts.iter().zip(weights).map(|(&n, w)| n as f64 * w).sum();
        let penalty: Vec<f64> = z.scales.iter().map(|s| 1.0 / (c * s * s)).collect();
        let preconditioner = Preconditioner::new(z, total, &penalty);
        let vectors = if classes.len() == 2 { 1 } else { classes.len() };
        Objective { z, codes: &classes.codes, weights, vectors, preconditioner, penalty, total, workers }
    }

    pub(crate) fn total_weight(&self) -> f64 {
        self.total
    }

    /// Entries of a point.
    pub(crate) fn len(&self) -> usize {
        self.vectors * self.preconditioner.width()
    }

    /// The point that stands for these weights of standardised columns.
    pub(crate) fn join(&self, parts: impl Iterator<Item = (Vec<f64>, f64)>) -> Vec<f64> {
        let variables = |(mut part, intercept): (Vec<f64>, f64)| {
            part.push(intercept);
            self.preconditioner.variables(&mut part);
            part
        };
        parts.flat_map(variables).collect()
    }

    /// Weights of standardised columns and intercept of each coefficient vector.
    pub(crate) fn split(&self, point: &[f64]) -> Vec<(Vec<f64>, f64)> {
        let weights = |part: &[f64]| {
            let mut weights = part.to_vec();
            self.preconditioner.weights(&mut weights);
            let intercept = weights.pop().unwrap_or(0.0);
            (weights, intercept)
        };
        point.chunks(self.preconditioner.width()).map(weights).collect()
    }

    /// The value at `point`; its gradient goes to `gradient`.
    pub(crate) fn evaluate(&self, point: &[f64], gradient: &mut [f64]) -> f64 {
        let parts = self.split(point);
        let chunks = self.codes.len().div_ceil(CHUNK);
        let sums = self.workers.map(chunks, |c| self.chunk(c, &parts));
        let width = self.preconditioner.width();
        gradient.fill(0.0);
        let mut value = 0.0;
        for (loss, partial) in &sums {
            value += loss;
            gradient.iter_mut().zip(partial).for_each(|(g, p)| *g += p);
        }
        for (v, (weights, _)) in parts.iter().enumerate() {
            for (j, (w, p)) in weights.iter().zip(&self.penalty).enumerate() {
                value += 0.5 * p * w * w;
                gradient[v * width + j] += p * w;
            }
        }
        gradient.chunks_mut(width).for_each(|part| self.preconditioner.gradient(part));
        value
    }

    /// Loss and gradient (by weights of standardised columns) over one chunk of rows.
    fn chunk(&self, c: usize, parts: &[(Vec<f64>, f64)]) -> (f64, Vec<f64>) {
        let from = c * CHUNK;
        let to = (from + CHUNK).min(self.codes.len());
        let codes = &self.codes[from..to];
        let mut scores: Vec<Vec<f64>> = Vec::with_capacity(parts.len());
        for (weights, intercept) in parts {
            let mut score = vec![*intercept; codes.len()];
            for (j, w) in weights.iter().enumerate() {
                for (s, z) in score.iter_mut().zip(&self.z.column(j)[from..to]) {
                    *s += w * z;
                }
            }
            scores.push(score);
        }
        let loss = match scores.as_mut_slice() {
            [score] => self.binary(codes, score),
            several => self.softmax(codes, several),
        };
        let mut gradient = Vec::with_capacity(self.len());
        for residual in &scores {
            for j in 0..self.penalty.len() {
                gradient.push(dot(residual, &self.z.column(j)[from..to]));
            }
            gradient.push(residual.iter().sum());
        }
        (loss, gradient)
    }

    /// Turns scores into weight · (p − y); returns the loss.
    fn binary(&self, codes: &[u32], scores: &mut [f64]) -> f64 {
        let mut loss = 0.0;
        for (s, &code) in scores.iter_mut().zip(codes) {
            let weight = self.weights[code as usize];
            let small = (-s.abs()).exp();
            let p = if *s >= 0.0 { 1.0 / (1.0 + small) } else { small / (1.0 + small) };
            let y = f64::from(code);
            // log(1 + e^s) − y·s, without overflow.
            loss += weight * (s.max(0.0) + small.ln_1p() - y * *s);
            *s = weight * (p - y);
        }
        loss
    }

    /// Turns each class's scores into weight · (p − y); returns the loss.
    fn softmax(&self, codes: &[u32], scores: &mut [Vec<f64>]) -> f64 {
        let mut loss = 0.0;
        for (i, &code) in codes.iter().enumerate() {
            let weight = self.weights[code as usize];
            let top = scores.iter().map(|s| s[i]).fold(f64::NEG_INFINITY, f64::max);
            let own = scores[code as usize][i];
            let mut sum = 0.0;
            for s in scores.iter_mut() {
                s[i] = (s[i] - top).exp();
                sum += s[i];
            }
            loss += weight * (sum.ln() + top - own);
            for (k, s) in scores.iter_mut().enumerate() {
                let y = if k == code as usize { 1.0 } else { 0.0 };
                s[i] = weight * (s[i] / sum - y);
            }
        }
        loss
    }
}
