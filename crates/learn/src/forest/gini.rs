use super::grow::{Criterion, Cut, Found, Sample};
use super::ranks::RankedColumn;
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

pub(crate) struct GiniScratch {
    keys: Vec<u64>,
    left: Vec<f64>,
    right: Vec<f64>,
    /// For each bin: draws of each class, then distinct samples.
    bins: Vec<u32>,
}

impl<'a> Gini<'a> {
    pub(crate) fn new(codes: &'a [u32], weights: &'a [f64]) -> Self {
        Gini { codes, weights }
    }
}

/// Two sides whose classes move from right to left.
struct Sides<'s> {
    left: &'s mut [f64],
    right: &'s mut [f64],
    left_weight: f64,
    right_weight: f64,
    left_squares: f64,
    right_squares: f64,
}

impl<'s> Sides<'s> {
    fn new(left: &'s mut Vec<f64>, right: &'s mut Vec<f64>, totals: &ClassTotals) -> Self {
        left.clear();
        left.resize(totals.by_class.len(), 0.0);
        right.clone_from(&totals.by_class);
        Sides {
            left,
            right,
            left_weight: 0.0,
            right_weight: totals.weight,
            left_squares: 0.0,
            right_squares: totals.squares,
        }
    }

    #[inline]
    fn shift(&mut self, class: usize, weight: f64) {
        let (l, r) = (&mut self.left[class], &mut self.right[class]);
        self.left_squares += weight * (2.0 * *l + weight);
        self.right_squares -= weight * (2.0 * *r - weight);
        *l += weight;
        *r -= weight;
        self.left_weight += weight;
        self.right_weight -= weight;
    }

    #[inline]
    fn score(&self) -> f64 {
        self.left_squares / self.left_weight + self.right_squares / self.right_weight
    }
}

impl Criterion for Gini<'_> {
    type Totals = ClassTotals;
    type Scratch = GiniScratch;

    fn scratch(&self) -> GiniScratch {
        GiniScratch { keys: Vec::new(), left: Vec::new(), right: Vec::new(), bins: Vec::new() }
    }

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

    fn cut_sorted(
        &self,
        scratch: &mut GiniScratch,
        column: &RankedColumn,
        samples: &[Sample],
        totals: &ClassTotals,
        leaf: usize,
    ) -> Found {
        let GiniScratch { keys, left, right, .. } = scratch;
        keys.clear();
        keys.extend(
            samples
                .iter()
                .map(|s| u64::from(column.ranks[s.row as usize]) << 32 | u64::from(s.class) << 16 | u64::from(s.count)),
        );
        keys.sort_unstable();
        let rank = |key: u64| (key >> 32) as u32;
        match (keys.first(), keys.last()) {
            (Some(&a), Some(&b)) if rank(a) != rank(b) => {}
            _ => return Found::Constant,
        }
        let mut sides = Sides::new(left, right, totals);
        let mut best: Option<Cut> = None;
        let last_left = keys.len() - leaf;
        for (i, pair) in keys.windows(2).enumerate() {
            let class = (pair[0] >> 16) as u16 as usize;
            sides.shift(class, f64::from(pair[0] as u16) * self.weights[class]);
            let (below, above) = (rank(pair[0]), rank(pair[1]));
            if below != above && i + 1 >= leaf && i < last_left {
                let score = sides.score();
                if best.is_none_or(|b| score > b.score) {
                    best = Some(Cut { below, above, score });
                }
            }
        }
        best.map_or(Found::Nothing, Found::Cut)
    }

    fn cut_binned(
        &self,
        scratch: &mut GiniScratch,
        column: &RankedColumn,
        samples: &[Sample],
        totals: &ClassTotals,
        leaf: usize,
    ) -> Found {
        let GiniScratch { bins, left, right, .. } = scratch;
        let classes = self.weights.len();
        let width = classes + 1;
        let count = column.starts.len() - 1;
        bins.clear();
        bins.resize(count * width, 0);
        for s in samples {
            let at = usize::from(column.bins[s.row as usize]) * width;
            bins[at + s.class as usize] += u32::from(s.count);
            bins[at + classes] += 1;
        }
        let mut sides = Sides::new(left, right, totals);
        let mut best: Option<Cut> = None;
        let mut seen = 0;
        let mut open: Option<(usize, f64)> = None;
        let mut filled = 0;
        for (bin, draws) in bins.chunks_exact(width).enumerate() {
            let here = draws[classes] as usize;
            if here == 0 {
                continue;
            }
            // A cut lies between the last filled bin and this one.
            if let Some((below, score)) = open.take() {
                if best.is_none_or(|b| score > b.score) {
                    best = Some(Cut { below: column.starts[below + 1] - 1, above: column.starts[bin], score });
                }
            }
            filled += 1;
            seen += here;
            for (class, &d) in draws[..classes].iter().enumerate().filter(|(_, d)| **d > 0) {
                sides.shift(class, f64::from(d) * self.weights[class]);
            }
            if seen >= leaf && samples.len() - seen >= leaf {
                open = Some((bin, sides.score()));
            }
        }
        match best {
            Some(cut) => Found::Cut(cut),
            None if filled < 2 => Found::Constant,
            None => Found::Nothing,
        }
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
}
