use super::bins::{Bins, LANES};

/// Sums of a bin.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Bin {
    pub gradient: f64,
    pub hessian: f64,
}

/// Gradients of the loss by row. An empty `hessians` means that each is 1.
#[derive(Clone, Copy)]
pub(crate) struct Gradients<'a> {
    pub gradients: &'a [f64],
    pub hessians: &'a [f64],
}

/// The histograms of the columns of one group in one node.
#[derive(Debug, Clone, Default)]
pub(crate) struct GroupHistogram {
    /// Column after column, each with its regular bins and one for missing values.
    pub bins: Vec<Bin>,
    /// Rows of each bin; empty where each hessian is 1, since the sum of hessians is then their number.
    pub counts: Vec<u32>,
}

/// All codes fit: 255 regular bins and one for missing values.
const WIDTH: usize = 256;

/// Where each column of group `g` begins in its histogram, and the total at the end.
pub(crate) fn offsets(bins: &Bins, g: usize) -> [usize; LANES + 1] {
    let mut offsets = [0; LANES + 1];
    for lane in 0..LANES {
        let j = g * LANES + lane;
        offsets[lane + 1] = offsets[lane] + if j < bins.columns() { bins.regular(j) + 1 } else { 0 };
    }
    offsets
}

impl GroupHistogram {
    /// Sums the gradients of `rows` by bin; `ordered` holds the gradients in the order of `rows`.
    pub(crate) fn build(bins: &Bins, g: usize, rows: &[u32], ordered: Gradients) -> Self {
        let offsets = offsets(bins, g);
        let codes = bins.group(g);
        let mut sums = [[Bin::default(); WIDTH]; LANES];
        let mut histogram = GroupHistogram::default();
        if ordered.hessians.is_empty() {
            for (&row, &gradient) in rows.iter().zip(ordered.gradients) {
                let code = codes[row as usize];
                for lane in 0..LANES {
                    let bin = &mut sums[lane][code[lane] as usize];
                    bin.gradient += gradient;
                    bin.hessian += 1.0;
                }
            }
        } else {
            let mut counts = [[0u32; WIDTH]; LANES];
            for ((&row, &gradient), &hessian) in rows.iter().zip(ordered.gradients).zip(ordered.hessians) {
                let code = codes[row as usize];
                for lane in 0..LANES {
                    let bin = &mut sums[lane][code[lane] as usize];
                    bin.gradient += gradient;
                    bin.hessian += hessian;
                    counts[lane][code[lane] as usize] += 1;
                }
            }
            for lane in 0..LANES {
                histogram.counts.extend_from_slice(&counts[lane][..offsets[lane + 1] - offsets[lane]]);
            }
        }
        histogram.bins.reserve_exact(offsets[LANES]);
        for lane in 0..LANES {
            histogram.bins.extend_from_slice(&sums[lane][..offsets[lane + 1] - offsets[lane]]);
        }
        histogram
    }

    /// What remains of a parent's histogram without one child's: the other child's.
    pub(crate) fn less(mut self, child: &GroupHistogram) -> Self {
        for (a, b) in self.bins.iter_mut().zip(&child.bins) {
            a.gradient -= b.gradient;
            a.hessian -= b.hessian;
        }
        for (a, b) in self.counts.iter_mut().zip(&child.counts) {
            *a = a.saturating_sub(*b);
        }
        self
    }
}
