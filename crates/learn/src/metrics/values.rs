//! Metrics of a regressor from row weights.

use super::sums::weighted_sum;
use driftgate_model::REGRESSION_METRICS;

/// One value for each of [`REGRESSION_METRICS`], NaN where not defined.
pub(super) type ValueValues = [f64; REGRESSION_METRICS.len()];

/// A regressor's answers, prepared so that any weighting of the rows is scored in one pass. Checked by the caller.
#[derive(Debug)]
pub(super) struct ValueScorer {
    truth: Vec<f64>,
    /// Truth − its mean over all rows: the spread of a resample is then summed without losing digits.
    centred: Vec<f64>,
    centred_squares: Vec<f64>,
    absolute: Vec<f64>,
    squares: Vec<f64>,
    relative: Vec<f64>,
}

impl ValueScorer {
    pub(super) fn new(truth: &[f64], predicted: &[f64]) -> Self {
        let mean = truth.iter().sum::<f64>() / truth.len().max(1) as f64;
        let centred: Vec<f64> = truth.iter().map(|y| y - mean).collect();
        let errors = || truth.iter().zip(predicted).map(|(y, p)| (y, p - y));
        ValueScorer {
            truth: truth.to_vec(),
            centred_squares: centred.iter().map(|c| c * c).collect(),
            centred,
            absolute: errors().map(|(_, e)| e.abs()).collect(),
            squares: errors().map(|(_, e)| e * e).collect(),
            // The denominator's floor is scikit-learn's: a true value of 0 gives a huge number, not an infinite one.
            relative: errors().map(|(y, e)| e.abs() / y.abs().max(f64::EPSILON)).collect(),
        }
    }

    /// Every metric for row weights that sum to the number of rows.
    pub(super) fn score(&self, weights: &[u32]) -> ValueValues {
        if self.truth.is_empty() {
            return [f64::NAN; REGRESSION_METRICS.len()];
        }
        let n = self.truth.len() as f64;
        let squares = weighted_sum(weights, &self.squares);
        let mse = squares / n;
        [
            weighted_sum(weights, &self.absolute) / n,
            mse,
            mse.sqrt(),
            self.r2(weights, squares),
            weighted_sum(weights, &self.relative) / n,
        ]
    }

    /// 1 − Σ(y − p)² / Σ(y − ȳ)², ȳ of the weighted rows. Not defined for fewer than two distinct true values, where
    /// scikit-learn answers 0 or 1.
    fn r2(&self, weights: &[u32], squares: f64) -> f64 {
        let mut drawn = self.truth.iter().zip(weights).filter(|(_, w)| **w > 0).map(|(y, _)| *y);
        let first = drawn.next();
        if drawn.all(|y| Some(y) == first) {
            return f64::NAN;
        }
        let offset = weighted_sum(weights, &self.centred);
        let spread = weighted_sum(weights, &self.centred_squares) - offset * offset / self.truth.len() as f64;
        if spread > 0.0 { 1.0 - squares / spread } else { f64::NAN }
    }
}
