use super::grow::{Criterion, Cut, Found, Sample};
use super::ranks::RankedColumn;
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

/// Sums of a bin.
#[derive(Debug, Clone, Copy, Default)]
struct Bin {
    sum: f64,
    weight: u32,
    samples: u32,
}

pub(crate) struct VarianceScratch {
    keys: Vec<u64>,
    bins: Vec<Bin>,
}

impl Variance {
    pub(crate) fn new(values: &[f64]) -> Self {
        let n = values.len() as f64;
        let mean = values.iter().map(|v| v / n).sum::<f64>();
        Variance { centred: values.iter().map(|v| v - mean).collect(), mean }
    }
}

#[inline]
fn score(left_sum: f64, left_weight: f64, totals: &ValueTotals) -> f64 {
    let (right_sum, right_weight) = (totals.sum - left_sum, totals.weight - left_weight);
    left_sum * left_sum / left_weight + right_sum * right_sum / right_weight
}

impl Criterion for Variance {
    type Totals = ValueTotals;
    type Scratch = VarianceScratch;

    fn scratch(&self) -> VarianceScratch {
        VarianceScratch { keys: Vec::new(), bins: Vec::new() }
    }

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

    fn cut_sorted(
        &self,
        scratch: &mut VarianceScratch,
        column: &RankedColumn,
        samples: &[Sample],
        totals: &ValueTotals,
        leaf: usize,
    ) -> Found {
        let keys = &mut scratch.keys;
        keys.clear();
        keys.extend(samples.iter().enumerate().map(|(i, s)| u64::from(column.ranks[s.row as usize]) << 32 | i as u64));
        keys.sort_unstable();
        let rank = |key: u64| (key >> 32) as u32;
        match (keys.first(), keys.last()) {
            (Some(&a), Some(&b)) if rank(a) != rank(b) => {}
            _ => return Found::Constant,
        }
        let (mut sum, mut weight) = (0.0, 0.0);
        let mut best: Option<Cut> = None;
        let last_left = keys.len() - leaf;
        for (i, pair) in keys.windows(2).enumerate() {
            let sample = samples[pair[0] as u32 as usize];
            sum += f64::from(sample.count) * self.centred[sample.row as usize];
            weight += f64::from(sample.count);
            let (below, above) = (rank(pair[0]), rank(pair[1]));
            if below != above && i + 1 >= leaf && i < last_left {
                let score = score(sum, weight, totals);
                if best.is_none_or(|b| score > b.score) {
                    best = Some(Cut { below, above, score });
                }
            }
        }
        best.map_or(Found::Nothing, Found::Cut)
    }

    fn cut_binned(
        &self,
        scratch: &mut VarianceScratch,
        column: &RankedColumn,
        samples: &[Sample],
        totals: &ValueTotals,
        leaf: usize,
    ) -> Found {
        let bins = &mut scratch.bins;
        bins.clear();
        bins.resize(column.starts.len() - 1, Bin::default());
        for s in samples {
            let bin = &mut bins[usize::from(column.bins[s.row as usize])];
            bin.sum += f64::from(s.count) * self.centred[s.row as usize];
            bin.weight += u32::from(s.count);
            bin.samples += 1;
        }
        let (mut sum, mut weight, mut seen, mut filled) = (0.0, 0.0, 0, 0);
        let mut best: Option<Cut> = None;
        let mut open: Option<(usize, f64)> = None;
        for (i, bin) in bins.iter().enumerate().filter(|(_, b)| b.samples > 0) {
            // A cut lies between the last filled bin and this one.
            if let Some((below, score)) = open.take() {
                if best.is_none_or(|b| score > b.score) {
                    best = Some(Cut { below: column.starts[below + 1] - 1, above: column.starts[i], score });
                }
            }
            filled += 1;
            seen += bin.samples as usize;
            sum += bin.sum;
            weight += f64::from(bin.weight);
            if seen >= leaf && samples.len() - seen >= leaf {
                open = Some((i, score(sum, weight, totals)));
            }
        }
        match best {
            Some(cut) => Found::Cut(cut),
            None if filled < 2 => Found::Constant,
            None => Found::Nothing,
        }
    }

    fn leaf(&self, totals: &ValueTotals, _answers: &mut Vec<f64>) -> Node {
        Node::leaf(self.mean + totals.sum / totals.weight, 0)
    }
}
