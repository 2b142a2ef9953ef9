use super::grow::{Criterion, Sample};
use crate::tree::Node;

/// Variance of values.
///
/// Variance times weight is Σ w·y² − (Σ w·y)² / W; a split therefore maximises the sum over its sides of (Σ w·y)² / W.
pub(crate) struct Variance {
    /// Targets less their mean, which keeps the sums small.
    centred: Vec<f64>,
    mean: f64,
}

pub(crate) struct ValueTotals {
    sum: f64,
    weight: f64,
    pure: bool,
}

/// Sums on the left, and in all.
pub(crate) struct ValueSides {
    sum: f64,
    weight: f64,
    totals: (f64, f64),
}

impl Variance {
    pub(crate) fn new(values: &[f64]) -> Self {
        let n = values.len() as f64;
        let mean = values.iter().map(|v| v / n).sum::<f64>();
        Variance { centred: values.iter().map(|v| v - mean).collect(), mean }
    }
}

impl Criterion for Variance {
    type Totals = ValueTotals;
    type Sides = ValueSides;

    fn class(&self, _row: usize) -> u16 {
        0
    }

    fn totals(&self, samples: &[Sample]) -> ValueTotals {
        let first = samples.first().map(|s| self.centred[s.row as usize]);
        let mut totals = ValueTotals { sum: 0.0, weight: 0.0, pure: true };
        for s in samples {
            let y = self.centred[s.row as usize];
            totals.sum += f64::from(s.count) * y;
            totals.weight += f64::from(s.count);
            totals.pure &= Some(y) == first;
        }
        totals
    }

    fn pure(&self, totals: &ValueTotals) -> bool {
        totals.pure
    }

    fn base(&self, totals: &ValueTotals) -> f64 {
        totals.sum * totals.sum / totals.weight
    }

    fn leaf(&self, totals: &ValueTotals, _answers: &mut Vec<f64>) -> Node {
        Node::leaf(self.mean + totals.sum / totals.weight, 0)
    }

    fn sides(&self, totals: &ValueTotals) -> ValueSides {
        ValueSides { sum: 0.0, weight: 0.0, totals: (totals.sum, totals.weight) }
    }

    #[inline]
    fn payload(&self, i: usize, _sample: Sample) -> u32 {
        i as u32
    }

    #[inline]
    fn shift(&self, sides: &mut ValueSides, payload: u32, samples: &[Sample]) {
        let sample = samples[payload as usize];
        sides.sum += f64::from(sample.count) * self.centred[sample.row as usize];
        sides.weight += f64::from(sample.count);
    }

    #[inline]
    fn score(&self, sides: &ValueSides) -> f64 {
        let (right_sum, right_weight) = (sides.totals.0 - sides.sum, sides.totals.1 - sides.weight);
        sides.sum * sides.sum / sides.weight + right_sum * right_sum / right_weight
    }
}
