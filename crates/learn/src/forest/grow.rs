use super::ranks::Ranks;
use super::search::Search;
use crate::tree::Node;
use crate::{FitContext, LearnError};
use driftgate_determinism::Stream;
use driftgate_model::Matrix;

/// When a node stops splitting, and how it looks for a split.
pub(crate) struct Limits {
    pub depth: usize,
    pub split: usize,
    pub leaf: usize,
    pub candidates: usize,
}

/// A row of a tree's bootstrap sample.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Sample {
    pub row: u32,
    /// The class, or 0 for values.
    pub class: u16,
    /// How often the row was drawn.
    pub count: u16,
}

/// What a split maximises and a leaf answers.
pub(crate) trait Criterion: Sync {
    /// Sums over the samples of a node.
    type Totals;
    /// The two sides of a node while samples move from right to left.
    type Sides;

    /// The class of a row, kept in its sample.
    fn class(&self, row: usize) -> u16;
    fn totals(&self, samples: &[Sample]) -> Self::Totals;
    /// Whether no split can gain anything.
    fn pure(&self, totals: &Self::Totals) -> bool;
    /// The score of the node unsplit: a split gains its score less this.
    fn base(&self, totals: &Self::Totals) -> f64;
    /// The leaf of these samples; class shares that are no pure leaf's go to `answers`.
    fn leaf(&self, totals: &Self::Totals, answers: &mut Vec<f64>) -> Node;

    /// What `shift` needs of sample `i`, in 32 bits that travel with it through sorting.
    fn payload(&self, i: usize, sample: Sample) -> u32;
    /// All samples on the right.
    fn sides(&self, totals: &Self::Totals) -> Self::Sides;
    /// Moves a sample to the left.
    fn shift(&self, sides: &mut Self::Sides, payload: u32, samples: &[Sample]);
    /// What a split here would score: the larger the better.
    fn score(&self, sides: &Self::Sides) -> f64;
}

/// A grown tree, its answers counted from its own table.
pub(crate) struct Grown {
    pub nodes: Vec<Node>,
    pub answers: Vec<f64>,
    pub gains: Vec<f64>,
    pub depth: usize,
    /// Rows that were never drawn, and the leaf each reaches.
    pub oob_rows: Vec<u32>,
    pub oob_leaves: Vec<u32>,
}

struct Pending {
    samples: (usize, usize),
    oob: (usize, usize),
    depth: usize,
    /// The split whose right child this is.
    right_of: Option<usize>,
}

/// Grows tree number `index`, depth first, left before right.
pub(crate) fn grow<C: Criterion>(
    x: &Matrix,
    ranks: &Ranks,
    criterion: &C,
    limits: &Limits,
    ctx: &FitContext,
    index: u64,
) -> Result<Grown, LearnError> {
    let mut stream = Stream::new(ctx.seed, index);
    let (mut samples, mut oob) = bootstrap(x.rows(), criterion, &mut stream);
    let mut tree = Grown {
        nodes: Vec::new(),
        answers: Vec::new(),
        gains: vec![0.0; x.cols()],
        depth: 0,
        oob_rows: Vec::new(),
        oob_leaves: vec![0; oob.len()],
    };
    let mut search = Search::new(criterion, ranks, limits);
    let mut spare_samples = vec![Sample::default(); samples.len()];
    let mut spare_oob = vec![0u32; oob.len()];
    let root = Pending { samples: (0, samples.len()), oob: (0, oob.len()), depth: 0, right_of: None };
    let mut stack = vec![root];
    while let Some(Pending { samples: (from, to), oob: (oob_from, oob_to), depth, right_of }) = stack.pop() {
        ctx.cancel.check()?;
        let at = tree.nodes.len();
        if let Some(parent) = right_of {
            tree.nodes[parent].right = at as u32;
        }
        tree.depth = tree.depth.max(depth);
        let here = &mut samples[from..to];
        let totals = criterion.totals(here);
        let stop = depth >= limits.depth
            || here.len() < limits.split
            || here.len() < 2 * limits.leaf
            || criterion.pure(&totals);
        let Some((feature, cut)) = (if stop { None } else { search.best(here, &totals, &mut stream) }) else {
            tree.nodes.push(criterion.leaf(&totals, &mut tree.answers));
            tree.oob_leaves[oob_from..oob_to].fill(at as u32);
            continue;
        };
        let column = ranks.column(feature);
        let threshold = column.threshold(cut.below, cut.above);
        tree.gains[feature] += (cut.score - criterion.base(&totals)).max(0.0);
        tree.nodes.push(Node::split(feature, threshold, false));
        let middle = from + partition(here, &mut spare_samples, |s| column.ranks[s.row as usize] <= cut.below);
        let values = x.column(feature);
        let oob_here = &mut oob[oob_from..oob_to];
        let oob_middle = oob_from + partition(oob_here, &mut spare_oob, |&r| values[r as usize] <= threshold);
        let depth = depth + 1;
        stack.push(Pending { samples: (middle, to), oob: (oob_middle, oob_to), depth, right_of: Some(at) });
        stack.push(Pending { samples: (from, middle), oob: (oob_from, oob_middle), depth, right_of: None });
    }
    tree.oob_rows = oob;
    Ok(tree)
}

/// Draws as many rows as there are, with replacement: those drawn, in row order, and those not.
fn bootstrap<C: Criterion>(rows: usize, criterion: &C, stream: &mut Stream) -> (Vec<Sample>, Vec<u32>) {
    let mut counts = vec![0u16; rows];
    for _ in 0..rows {
        let count = &mut counts[stream.below(rows as u32) as usize];
        *count = count.saturating_add(1);
    }
    let mut samples = Vec::with_capacity(rows);
    let mut oob = Vec::with_capacity(rows / 2);
    for (row, &count) in counts.iter().enumerate() {
        if count > 0 {
            samples.push(Sample { row: row as u32, class: criterion.class(row), count });
        } else {
            oob.push(row as u32);
        }
    }
    (samples, oob)
}

/// Moves the items that go left before the others, each side in its old order; returns how many went left.
#[inline]
fn partition<T: Copy>(items: &mut [T], spare: &mut [T], left: impl Fn(&T) -> bool) -> usize {
    let mut kept = 0;
    let mut moved = 0;
    for i in 0..items.len() {
        let item = items[i];
        // Both writes always happen, so that the processor need not guess the side.
        let goes_left = left(&item);
        items[kept] = item;
        spare[moved] = item;
        kept += usize::from(goes_left);
        moved += usize::from(!goes_left);
    }
    items[kept..].copy_from_slice(&spare[..moved]);
    kept
}
