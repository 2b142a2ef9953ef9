use super::bins::{Bins, LANES};
use super::histogram::{Bin, GroupHistogram, offsets};

/// Sums over the rows of a node.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Sums {
    pub gradient: f64,
    pub hessian: f64,
    pub rows: u32,
}

/// A split of a node: codes up to `bin` go left.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Split {
    pub column: usize,
    pub bin: usize,
    pub missing_left: bool,
    pub gain: f64,
    pub left: Sums,
}

/// What a split must leave on each side, and what leaf values are shrunk by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules {
    pub min_rows: u32,
    pub l2: f64,
}

/// A side with less curvature than this has no reliable Newton step (scikit-learn's `min_hessian_to_split`).
const MIN_HESSIAN: f64 = 1e-3;

impl Sums {
    /// Twice the loss that the best constant takes off: G² / (H + λ).
    #[inline]
    fn worth(self, l2: f64) -> f64 {
        self.gradient * self.gradient / (self.hessian + l2 + f64::MIN_POSITIVE)
    }

    #[inline]
    fn without(self, other: Sums) -> Sums {
        Sums {
            gradient: self.gradient - other.gradient,
            hessian: self.hessian - other.hessian,
            rows: self.rows.saturating_sub(other.rows),
        }
    }

    #[inline]
    fn add(&mut self, bin: Bin, count: u32) {
        self.gradient += bin.gradient;
        self.hessian += bin.hessian;
        self.rows += count;
    }

    /// The Newton step −G / (H + λ).
    pub(crate) fn step(self, l2: f64) -> f64 {
        let curvature = self.hessian + l2;
        if curvature > 0.0 { -self.gradient / curvature } else { 0.0 }
    }
}

/// The best split of a node among the columns of group `g`; of equals, the first column and lowest bin.
pub(crate) fn best(bins: &Bins, g: usize, histogram: &GroupHistogram, node: Sums, rules: Rules) -> Option<Split> {
    let offsets = offsets(bins, g);
    let mut best: Option<Split> = None;
    for (lane, column) in bins.columns_of(g).enumerate() {
        let range = offsets[lane]..offsets[lane + 1];
        let sums = &histogram.bins[range.clone()];
        let counts = histogram.counts.get(range).unwrap_or(&[]);
        let count = |i: usize| counts.get(i).copied().unwrap_or_else(|| sums[i].hessian as u32);
        let search = Search { column, node, rules, base: node.worth(rules.l2) };
        let regular = sums.len() - 1;
        if bins.has_missing(column) {
            let mut missing = Sums::default();
            missing.add(sums[regular], count(regular));
            // Missing right, then left. Right also tries "missing or not", which cuts behind the last bin.
            search.scan(sums, count, regular, Sums::default(), false, &mut best);
            search.scan(sums, count, regular - 1, missing, true, &mut best);
        } else {
            search.scan(sums, count, regular - 1, Sums::default(), false, &mut best);
        }
    }
    best
}

struct Search {
    column: usize,
    node: Sums,
    rules: Rules,
    base: f64,
}

impl Search {
    /// Tries a cut behind each of the first `cuts` bins; `left` holds what is on the left from the start.
    #[inline]
    fn scan(
        &self,
        sums: &[Bin],
        count: impl Fn(usize) -> u32,
        cuts: usize,
        mut left: Sums,
        missing_left: bool,
        best: &mut Option<Split>,
    ) {
        let least = self.rules.min_rows;
        let mut top = best.map_or(0.0, |b| b.gain);
        for (bin, &sum) in sums[..cuts].iter().enumerate() {
            left.add(sum, count(bin));
            if left.rows < least || left.hessian < MIN_HESSIAN {
                continue;
            }
            let right = self.node.without(left);
            if right.rows < least || right.hessian < MIN_HESSIAN {
                break;
            }
            let gain = left.worth(self.rules.l2) + right.worth(self.rules.l2) - self.base;
            if gain > top {
                top = gain;
                *best = Some(Split { column: self.column, bin, missing_left, gain, left });
            }
        }
    }
}

/// The better of two splits, the first of equals.
pub(crate) fn better(a: Option<Split>, b: Option<Split>) -> Option<Split> {
    match (a, b) {
        (Some(x), Some(y)) => Some(if y.gain > x.gain { y } else { x }),
        (a, b) => a.or(b),
    }
}

/// Whether a row with this code goes left.
#[inline]
pub(crate) fn goes_left(code: u8, split: &Split, regular: usize) -> bool {
    let code = usize::from(code);
    if code == regular { split.missing_left } else { code <= split.bin }
}

const _: () = assert!(LANES <= 8, "a group's codes are meant to fit one load");
