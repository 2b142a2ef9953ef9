use super::bins::Bins;
use super::histogram::{Gradients, GroupHistogram};
use super::split::{self, Rules, Split, Sums};
use crate::tree::Node;
use crate::{FitContext, LearnError};
use driftgate_determinism::Workers;
use driftgate_model::config::BoostingParams;
use std::collections::BinaryHeap;

/// When a tree stops growing, and how far its leaves step.
pub(crate) struct Limits {
    leaves: usize,
    depth: usize,
    rate: f64,
    rules: Rules,
}

impl Limits {
    pub(crate) fn new(params: &BoostingParams) -> Self {
        Limits {
            leaves: params.max_leaf_nodes as usize,
            depth: params.max_depth.map_or(usize::MAX, |d| d as usize),
            rate: params.learning_rate,
            rules: Rules { min_rows: params.min_samples_leaf, l2: params.l2_regularization },
        }
    }
}

/// A grown tree and the gain of each column in it.
pub(crate) struct Grown {
    pub nodes: Vec<Node>,
    pub gains: Vec<f64>,
}

/// A node while its tree grows.
struct Growing {
    rows: (usize, usize),
    depth: usize,
    sums: Sums,
    histograms: Vec<GroupHistogram>,
    split: Option<Split>,
    children: Option<(usize, usize)>,
}

/// Which node to split next: the largest gain, the earliest of equals.
#[derive(PartialEq)]
struct Candidate {
    gain: f64,
    node: usize,
}

impl Eq for Candidate {}

impl PartialOrd for Candidate {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Candidate {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.gain.total_cmp(&other.gain).then(other.node.cmp(&self.node))
    }
}

/// Grows trees over one table of binned rows, reusing its memory.
pub(crate) struct Grower<'a> {
    bins: &'a Bins,
    limits: Limits,
    constant_hessian: bool,
    workers: Workers,
    rows: Vec<u32>,
    spare: Vec<u32>,
    gradients: Vec<f64>,
    hessians: Vec<f64>,
}

/// Fewer rows times groups than this is not worth waking other threads.
const PARALLEL_FROM: usize = 8192;

impl<'a> Grower<'a> {
    pub(crate) fn new(bins: &'a Bins, limits: Limits, constant_hessian: bool, workers: Workers) -> Self {
        let spare = vec![0; bins.rows()];
        Grower {
            bins,
            limits,
            constant_hessian,
            workers,
            rows: Vec::new(),
            spare,
            gradients: Vec::new(),
            hessians: Vec::new(),
        }
    }

    /// Grows a tree on the gradients, best gain first, and adds its leaves' values to `scores`.
    pub(crate) fn grow(
        &mut self,
        gradients: Gradients,
        scores: &mut [f64],
        ctx: &FitContext,
    ) -> Result<Grown, LearnError> {
        self.rows.clear();
        self.rows.extend(0..self.bins.rows() as u32);
        let mut nodes = vec![self.root(gradients)];
        let mut gains = vec![0.0; self.bins.columns()];
        let mut heap = BinaryHeap::new();
        let mut leaves = 1;
        enqueue(&nodes, 0, &mut heap);
        while leaves < self.limits.leaves {
            let Some(Candidate { node, .. }) = heap.pop() else { break };
            ctx.cancel.check()?;
            let Some(split) = nodes[node].split else { break };
            gains[split.column] += split.gain;
            leaves += 1;
            let more = leaves < self.limits.leaves;
            let (left, right) = self.split(&mut nodes[node], split, gradients, more);
            let at = nodes.len();
            nodes[node].children = Some((at, at + 1));
            nodes.push(left);
            nodes.push(right);
            enqueue(&nodes, at, &mut heap);
            enqueue(&nodes, at + 1, &mut heap);
        }
        Ok(Grown { nodes: self.lay_out(&nodes, scores), gains })
    }

    fn root(&mut self, gradients: Gradients) -> Growing {
        let rows = self.bins.rows();
        let hessian = if self.constant_hessian { rows as f64 } else { gradients.hessians.iter().sum() };
        let sums = Sums { gradient: gradients.gradients.iter().sum(), hessian, rows: rows as u32 };
        let mut node = Growing { rows: (0, rows), depth: 0, sums, histograms: Vec::new(), split: None, children: None };
        if self.may_split(&node) {
            let found = self.workers.map(self.bins.groups(), |g| {
                let histogram = GroupHistogram::build(self.bins, g, &self.rows, gradients);
                let best = split::best(self.bins, g, &histogram, sums, self.limits.rules);
                (histogram, best)
            });
            for (histogram, best) in found {
                node.histograms.push(histogram);
                node.split = split::better(node.split, best);
            }
        }
        node
    }

    fn may_split(&self, node: &Growing) -> bool {
        node.depth < self.limits.depth && node.sums.rows >= self.limits.rules.min_rows.saturating_mul(2)
    }

    /// Splits a node; `more` says whether its children may be split in turn.
    fn split(&mut self, node: &mut Growing, split: Split, gradients: Gradients, more: bool) -> (Growing, Growing) {
        let (from, to) = node.rows;
        let middle = from + self.partition(from, to, &split);
        let child = |rows: (usize, usize), sums: Sums| Growing {
            rows,
            depth: node.depth + 1,
            sums,
            histograms: Vec::new(),
            split: None,
            children: None,
        };
        let right_sums = Sums {
            gradient: node.sums.gradient - split.left.gradient,
            hessian: node.sums.hessian - split.left.hessian,
            rows: (to - middle) as u32,
        };
        let mut left = child((from, middle), Sums { rows: (middle - from) as u32, ..split.left });
        let mut right = child((middle, to), right_sums);
        let parents = std::mem::take(&mut node.histograms);
        if more && (self.may_split(&left) || self.may_split(&right)) {
            let (small, large) =
                if middle - from <= to - middle { (&mut left, &mut right) } else { (&mut right, &mut left) };
            self.examine(small, large, parents, gradients);
        }
        (left, right)
    }

    /// Builds the smaller child's histograms, takes them off the parent's for the larger, and looks for both splits.
    fn examine(&mut self, small: &mut Growing, large: &mut Growing, parents: Vec<GroupHistogram>, all: Gradients) {
        let (from, to) = small.rows;
        let rows = &self.rows[from..to];
        self.gradients.clear();
        self.gradients.extend(rows.iter().map(|&r| all.gradients[r as usize]));
        self.hessians.clear();
        if !self.constant_hessian {
            self.hessians.extend(rows.iter().map(|&r| all.hessians[r as usize]));
        }
        let ordered = Gradients { gradients: &self.gradients, hessians: &self.hessians };
        let (small_splits, large_splits) = (self.may_split(small), self.may_split(large));
        let (small_sums, large_sums) = (small.sums, large.sums);
        let rules = self.limits.rules;
        let parallel = rows.len() * self.bins.groups() >= PARALLEL_FROM;
        let found = self.workers.map_owned(parents, parallel, |g, parent| {
            let histogram = GroupHistogram::build(self.bins, g, rows, ordered);
            let rest = parent.less(&histogram);
            let a = if small_splits { split::best(self.bins, g, &histogram, small_sums, rules) } else { None };
            let b = if large_splits { split::best(self.bins, g, &rest, large_sums, rules) } else { None };
            (histogram, a, rest, b)
        });
        for (histogram, a, rest, b) in found {
            small.split = split::better(small.split, a);
            large.split = split::better(large.split, b);
            small.histograms.push(histogram);
            large.histograms.push(rest);
        }
        for node in [small, large] {
            if node.split.is_none() {
                node.histograms = Vec::new();
            }
        }
    }

    /// Moves the rows that go left before the others, each side in its old order; returns how many went left.
    fn partition(&mut self, from: usize, to: usize, split: &Split) -> usize {
        let regular = self.bins.regular(split.column);
        let lane = split.column % super::bins::LANES;
        let codes = self.bins.group(split.column / super::bins::LANES);
        let rows = &mut self.rows[from..to];
        let spare = &mut self.spare[..rows.len()];
        let (mut kept, mut moved) = (0, 0);
        for i in 0..rows.len() {
            let row = rows[i];
            let left = split::goes_left(codes[row as usize][lane], split, regular);
            // Both writes always happen, so that the processor need not guess the side.
            rows[kept] = row;
            spare[moved] = row;
            kept += usize::from(left);
            moved += usize::from(!left);
        }
        rows[kept..].copy_from_slice(&spare[..moved]);
        kept
    }

    /// Puts the nodes in preorder and adds each leaf's value to the scores of its rows.
    fn lay_out(&self, nodes: &[Growing], scores: &mut [f64]) -> Vec<Node> {
        let mut laid: Vec<Node> = Vec::with_capacity(nodes.len());
        let mut stack: Vec<(usize, Option<usize>)> = vec![(0, None)];
        while let Some((at, right_of)) = stack.pop() {
            let here = laid.len();
            if let Some(parent) = right_of {
                laid[parent].right = here as u32;
            }
            let node = &nodes[at];
            match (node.split, node.children) {
                (Some(split), Some((left, right))) => {
                    laid.push(Node::split(
                        split.column,
                        self.bins.threshold(split.column, split.bin),
                        self.missing_left(&split, node.sums),
                    ));
                    stack.push((right, Some(here)));
                    stack.push((left, None));
                }
                _ => {
                    let value = node.sums.step(self.limits.rules.l2) * self.limits.rate;
                    let (from, to) = node.rows;
                    for &row in &self.rows[from..to] {
                        scores[row as usize] += value;
                    }
                    laid.push(Node::leaf(value, 0));
                }
            }
        }
        laid
    }

    /// Where missing values go: as learnt, or with most of the rows where training saw none in this column.
    fn missing_left(&self, split: &Split, node: Sums) -> bool {
        if self.bins.has_missing(split.column) {
            split.missing_left
        } else {
            split.left.rows > node.rows - split.left.rows
        }
    }
}

fn enqueue(nodes: &[Growing], at: usize, heap: &mut BinaryHeap<Candidate>) {
    if let Some(split) = nodes[at].split {
        heap.push(Candidate { gain: split.gain, node: at });
    }
}
