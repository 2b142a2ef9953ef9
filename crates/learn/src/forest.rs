//! Random forests after Breiman (2001), for classes and for values.
//!
//! Each tree sees a bootstrap sample of the rows and draws candidate features anew at every split. Class probabilities are
//! the mean of the leaves' class shares; values are the mean of the leaves' means. A row of the sample that was drawn
//! several times weighs that much but counts once for `min_samples_split` and `min_samples_leaf`, as in scikit-learn.

use crate::classes::Classes;
use crate::tree::{self, Node};
use crate::{FitContext, Fitted, LearnError, Model, Predictions, predictions};
use driftgate_determinism::Workers;
use driftgate_model::config::{ForestParams, MaxFeatures};
use driftgate_model::{Matrix, Progress, Target};
use serde::{Deserialize, Serialize};
use std::sync::atomic::{AtomicU64, Ordering};

mod gini;
mod grow;
mod ranks;
mod search;
mod variance;

use grow::{Criterion, Grown, Limits};
use ranks::Ranks;

/// A forest: trees, and the table of what their leaves answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "ForestTables")]
pub struct Forest {
    /// The label set; empty for values.
    labels: Vec<String>,
    /// Labels that occurred in training; empty for values.
    present: Vec<u32>,
    features: u32,
    /// Class shares, `present.len()` a row; the first rows are the pure leaves. Empty for values, where the leaf itself holds the answer.
    answers: Vec<f64>,
    trees: Vec<Vec<Node>>,
    #[serde(skip)]
    depth: usize,
}

/// What is stored of a [`Forest`], before it is checked.
#[derive(Deserialize)]
struct ForestTables {
    labels: Vec<String>,
    present: Vec<u32>,
    features: u32,
    answers: Vec<f64>,
    trees: Vec<Vec<Node>>,
}

impl TryFrom<ForestTables> for Forest {
    type Error = String;

    fn try_from(tables: ForestTables) -> Result<Self, String> {
        let ForestTables { labels, present, features, answers, trees } = tables;
        let rows = if labels.is_empty() {
            if !present.is_empty() || !answers.is_empty() {
                return Err("a forest of values has no class tables".into());
            }
            1
        } else {
            predictions::check_classes(&labels, &present)?;
            if answers.len() % present.len() != 0 || answers.is_empty() {
                return Err("a forest's answers do not fit its classes".into());
            }
            answers.len() / present.len()
        };
        if !answers.iter().all(|a| (0.0..=1.0).contains(a)) {
            return Err("a class share is not between 0 and 1".into());
        }
        if trees.is_empty() || features == 0 {
            return Err("a forest needs a tree and a column".into());
        }
        let mut depth = 0;
        for nodes in &trees {
            depth = depth.max(tree::check(nodes, features as usize, rows)?);
        }
        Ok(Forest { labels, present, features, answers, trees, depth })
    }
}

impl Forest {
    /// The label set; empty for a forest of values.
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// The number of trees.
    pub fn trees(&self) -> usize {
        self.trees.len()
    }

    /// Splits on the longest way from a root to a leaf.
    pub fn depth(&self) -> usize {
        self.depth
    }

    pub(crate) fn features(&self) -> usize {
        self.features as usize
    }

    pub(crate) fn predict(&self, x: &Matrix) -> Predictions {
        let outputs = self.present.len().max(1);
        let classes = !self.present.is_empty();
        let mut sums = vec![vec![0.0; x.rows()]; outputs];
        tree::for_each_block(x, |from, rows| {
            for nodes in &self.trees {
                tree::descend(nodes, rows, x.cols(), |i, leaf| {
                    if classes {
                        let at = leaf.right as usize * outputs;
                        for (sum, share) in sums.iter_mut().zip(&self.answers[at..at + outputs]) {
                            sum[from + i] += share;
                        }
                    } else {
                        sums[0][from + i] += leaf.value;
                    }
                });
            }
        });
        let trees = self.trees.len() as f64;
        sums.iter_mut().flatten().for_each(|s| *s /= trees);
        if classes {
            predictions::spread(&self.labels, &self.present, sums)
        } else {
            Predictions::Values(sums.pop().unwrap_or_default())
        }
    }
}

pub(crate) fn fit(
    params: &ForestParams,
    x: &Matrix,
    y: &Target,
    ctx: &FitContext,
    workers: Workers,
) -> Result<Fitted, LearnError> {
    let limits = limits(params, x.cols())?;
    match y {
        Target::Classes { labels, codes } => {
            let classes = Classes::new(labels, codes)?;
            let weights = classes.weights(params.class_weight);
            let criterion = gini::Gini::new(&classes.codes, &weights);
            let shell = Forest {
                labels: labels.clone(),
                present: classes.present.clone(),
                answers: pure_answers(classes.len()),
                ..Forest::empty(x)
            };
            let (out_of_bag, mut fitted) = grow_all(params, x, &criterion, &limits, shell, ctx, workers)?;
            let hit = |row: usize, sums: &[f64]| argmax(sums) == classes.codes[row] as usize;
            fitted.oob_score = out_of_bag.mean(|row, sums| f64::from(u8::from(hit(row, sums))));
            Ok(finish(fitted, &out_of_bag))
        }
        Target::Values(values) => {
            if params.class_weight.is_some() {
                let rule = "left out when the target is a number";
                return Err(LearnError::Parameter { name: "class_weight", value: "balanced".into(), rule });
            }
            let criterion = variance::Variance::new(values);
            let (out_of_bag, mut fitted) = grow_all(params, x, &criterion, &limits, Forest::empty(x), ctx, workers)?;
            fitted.oob_score = out_of_bag.r2(values);
            Ok(finish(fitted, &out_of_bag))
        }
    }
}

fn limits(params: &ForestParams, columns: usize) -> Result<Limits, LearnError> {
    let parameter = |name, value: u32, rule| LearnError::Parameter { name, value: value.to_string(), rule };
    if params.n_estimators == 0 {
        return Err(parameter("n_estimators", 0, "at least 1"));
    }
    if params.max_depth == Some(0) {
        return Err(parameter("max_depth", 0, "at least 1, or left out for no limit"));
    }
    if params.min_samples_split < 2 {
        return Err(parameter("min_samples_split", params.min_samples_split, "at least 2"));
    }
    if params.min_samples_leaf == 0 {
        return Err(parameter("min_samples_leaf", 0, "at least 1"));
    }
    let candidates = match params.max_features {
        MaxFeatures::Sqrt => (columns as f64).sqrt() as usize,
        MaxFeatures::All => columns,
        MaxFeatures::Count(0) => return Err(parameter("max_features", 0, "at least 1")),
        MaxFeatures::Count(n) => n as usize,
    };
    Ok(Limits {
        depth: params.max_depth.map_or(usize::MAX, |d| d as usize),
        split: params.min_samples_split as usize,
        leaf: params.min_samples_leaf as usize,
        candidates: candidates.clamp(1, columns),
    })
}

impl Forest {
    fn empty(x: &Matrix) -> Self {
        let features = x.cols() as u32;
        Forest { labels: vec![], present: vec![], features, answers: vec![], trees: vec![], depth: 0 }
    }
}

/// The answers of pure leaves: row c is class c alone.
fn pure_answers(classes: usize) -> Vec<f64> {
    (0..classes * classes).map(|i| if i / classes == i % classes { 1.0 } else { 0.0 }).collect()
}

/// Trees in flight between two merges. Merging is in tree order, so this number changes memory, not the result.
const BATCH: usize = 16;

/// Grows all trees and merges them in order.
fn grow_all<C: Criterion>(
    params: &ForestParams,
    x: &Matrix,
    criterion: &C,
    limits: &Limits,
    mut forest: Forest,
    ctx: &FitContext,
    workers: Workers,
) -> Result<(OutOfBag, Fitted), LearnError> {
    let ranks = Ranks::new(x, workers);
    let total = params.n_estimators as usize;
    let outputs = forest.present.len().max(1);
    let mut out_of_bag = OutOfBag { outputs, sums: vec![0.0; x.rows() * outputs], trees: vec![0; x.rows()] };
    let mut importances = vec![0.0; x.cols()];
    let done = AtomicU64::new(0);
    let batch = BATCH.max(2 * workers.threads());
    for from in (0..total).step_by(batch) {
        let grown = workers.map(batch.min(total - from), |i| {
            let grown = grow::grow(x, &ranks, criterion, limits, ctx, (from + i) as u64)?;
            let done = done.fetch_add(1, Ordering::Relaxed) + 1;
            ctx.observer.progress("trees", Progress { done, total: total as u64 });
            Ok::<_, LearnError>(grown)
        });
        for grown in grown {
            merge(&mut forest, &mut out_of_bag, &mut importances, grown?)?;
        }
    }
    let sum: f64 = importances.iter().sum();
    if sum > 0.0 {
        importances.iter_mut().for_each(|v| *v /= sum);
    } else {
        importances.clear();
    }
    let mut fitted = Fitted::plain(Model::Forest(forest));
    fitted.importances = importances;
    Ok((out_of_bag, fitted))
}

fn merge(
    forest: &mut Forest,
    out_of_bag: &mut OutOfBag,
    importances: &mut [f64],
    mut grown: Grown,
) -> Result<(), LearnError> {
    let outputs = out_of_bag.outputs;
    // A leaf's answer counts from the tree's own table; pure leaves share the first rows of the forest's.
    let offset = (forest.answers.len() / outputs) as u32;
    let pure = forest.present.len() as u32;
    if pure > 0 {
        for node in grown.nodes.iter_mut().filter(|n| n.is_leaf() && n.right >= pure) {
            node.right = (node.right - pure).checked_add(offset).ok_or(LearnError::TooLarge {
                what: "leaves",
                found: usize::MAX,
                largest: u32::MAX as usize,
            })?;
        }
        forest.answers.extend_from_slice(&grown.answers);
    }
    for (&row, &leaf) in grown.oob_rows.iter().zip(&grown.oob_leaves) {
        let row = row as usize;
        let leaf = grown.nodes[leaf as usize];
        out_of_bag.trees[row] += 1;
        let sums = &mut out_of_bag.sums[row * outputs..(row + 1) * outputs];
        if pure > 0 {
            let at = leaf.right as usize * outputs;
            sums.iter_mut().zip(&forest.answers[at..at + outputs]).for_each(|(s, a)| *s += a);
        } else {
            sums[0] += leaf.value;
        }
    }
    let sum: f64 = grown.gains.iter().sum();
    if sum > 0.0 {
        importances.iter_mut().zip(&grown.gains).for_each(|(i, g)| *i += g / sum);
    }
    forest.depth = forest.depth.max(grown.depth);
    forest.trees.push(grown.nodes);
    Ok(())
}

/// Sums of the answers of the trees that did not see a row.
struct OutOfBag {
    outputs: usize,
    sums: Vec<f64>,
    trees: Vec<u32>,
}

impl OutOfBag {
    fn rows(&self) -> impl Iterator<Item = (usize, &[f64])> {
        let seen = move |&(row, _): &(usize, &[f64])| self.trees[row] > 0;
        self.sums.chunks_exact(self.outputs).enumerate().filter(seen)
    }

    /// Mean of `f(row, sums)` over rows that some tree left out.
    fn mean(&self, f: impl Fn(usize, &[f64]) -> f64) -> Option<f64> {
        let (sum, n) = self.rows().fold((0.0, 0u64), |(sum, n), (row, sums)| (sum + f(row, sums), n + 1));
        (n > 0).then(|| sum / n as f64)
    }

    /// R² over rows that some tree left out; `None` where their targets do not vary.
    fn r2(&self, y: &[f64]) -> Option<f64> {
        let mean = self.mean(|row, _| y[row])?;
        let total = self.mean(|row, _| (y[row] - mean).powi(2))?;
        let rest = self.mean(|row, sums| (y[row] - sums[0] / f64::from(self.trees[row])).powi(2))?;
        (total > 0.0).then(|| 1.0 - rest / total)
    }
}

fn argmax(sums: &[f64]) -> usize {
    let mut best = 0;
    for (i, s) in sums.iter().enumerate() {
        if *s > sums[best] {
            best = i;
        }
    }
    best
}

fn finish(mut fitted: Fitted, out_of_bag: &OutOfBag) -> Fitted {
    let never = out_of_bag.trees.iter().filter(|&&t| t == 0).count();
    if never > 0 {
        fitted.notes.push(format!(
            "{never} of {} rows were in every tree's sample, so the out-of-bag score leaves them out: more trees would cover them",
            out_of_bag.trees.len()
        ));
    }
    if fitted.importances.is_empty() {
        fitted.notes.push("no tree found a split: every row gets the same answer".into());
    }
    fitted
}
