use super::grow::{Criterion, Sample};
use crate::tree::Node;

/// Gini impurity of classes, each class with a weight.
///
/// Weighted impurity times weight is W − Σ w_c² / W; a split therefore maximises the sum over its sides of Σ w_c² / W.
pub(crate) struct Gini<'a> {
    codes: &'a [u32],
    weights: &'a [f64],
}

/// Weights of the classes in a node.
pub(crate) struct ClassTotals {
    by_class: Vec<f64>,
    weight: f64,
    squares: f64,
}

/// Two sides, their class weights beside each other.
pub(crate) struct ClassSides {
    /// For each class, its weight on the left and on the right.
    by_class: Vec<[f64; 2]>,
    weight: [f64; 2],
    squares: [f64; 2],
}

impl<'a> Gini<'a> {
    pub(crate) fn new(codes: &'a [u32], weights: &'a [f64]) -> Self {
        Gini { codes, weights }
    }
}

impl Criterion for Gini<'_> {
    type Totals = ClassTotals;
    type Sides = ClassSides;

    fn class(&self, row: usize) -> u16 {
        self.codes[row] as u16
    }

    fn totals(&self, samples: &[Sample]) -> ClassTotals {
        let mut draws = vec![0u64; self.weights.len()];
        for s in samples {
            draws[s.class as usize] += u64::from(s.count);
        }
        let by_class: Vec<f64> = draws.iter().zip(self.weights).map(|(&d, w)| d as f64 * w).collect();
        let weight = by_class.iter().sum();
        let squares = by_class.iter().map(|w| w * w).sum();
        ClassTotals { by_class, weight, squares }
    }

    fn pure(&self, totals: &ClassTotals) -> bool {
        totals.by_class.iter().filter(|&&w| w > 0.0).count() < 2
    }

    fn base(&self, totals: &ClassTotals) -> f64 {
        totals.squares / totals.weight
    }

    fn leaf(&self, totals: &ClassTotals, answers: &mut Vec<f64>) -> Node {
        let classes = self.weights.len();
        if self.pure(totals) {
            let only = totals.by_class.iter().position(|&w| w > 0.0).unwrap_or(0);
            return Node::leaf(0.0, only as u32);
        }
        let answer = classes + answers.len() / classes;
        answers.extend(totals.by_class.iter().map(|w| w / totals.weight));
        Node::leaf(0.0, answer as u32)
    }

    fn sides(&self, totals: &ClassTotals) -> ClassSides {
        ClassSides {
            by_class: totals.by_class.iter().map(|&w| [0.0, w]).collect(),
            weight: [0.0, totals.weight],
            squares: [0.0, totals.squares],
        }
    }

    #[inline]
    fn payload(&self, _i: usize, sample: Sample) -> u32 {
        u32::from(sample.class) << 16 | u32::from(sample.count)
    }

    #[inline]
    fn shift(&self, sides: &mut ClassSides, payload: u32, _samples: &[Sample]) {
        let class = (payload >> 16) as usize;
        let weight = f64::from(payload & 0xFFFF) * self.weights[class];
        let [l, r] = &mut sides.by_class[class];
        sides.squares[0] += weight * (2.0 * *l + weight);
        sides.squares[1] -= weight * (2.0 * *r - weight);
        *l += weight;
        *r -= weight;
        sides.weight[0] += weight;
        sides.weight[1] -= weight;
    }

    #[inline]
    fn score(&self, sides: &ClassSides) -> f64 {
        sides.squares[0] / sides.weight[0] + sides.squares[1] / sides.weight[1]
    }
}
