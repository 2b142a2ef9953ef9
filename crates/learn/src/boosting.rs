//! Histogram gradient boosting, for values (squared error) and classes (log loss).
//!
//! The algorithm is that of LightGBM (Ke et al. 2017) with the conventions of scikit-learn's `HistGradientBoosting*`: up to
//! 255 quantile bins and one for missing values, leaf-wise growth, Newton steps, the same stopping rule.

use crate::tree::{self, Node};
use crate::{CurvePoint, FitContext, Fitted, LearnError, Model, Predictions, predictions};
use driftgate_determinism::Workers;
use driftgate_model::config::{BoostingParams, EarlyStopping};
use driftgate_model::{Matrix, Progress, Target};
use serde::{Deserialize, Serialize};

mod bins;
mod grow;
mod histogram;
mod loss;
mod split;
mod stop;

use bins::Bins;
use grow::{Grower, Limits};
use loss::Loss;
use stop::Patience;

/// A sum of trees for each output, on top of a constant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "BoostingTables")]
pub struct Boosting {
    /// The label set; empty for values.
    labels: Vec<String>,
    /// Labels that occurred in training; empty for values.
    present: Vec<u32>,
    features: u32,
    /// The constant of each output: one for values and for two classes, else one a class.
    baseline: Vec<f64>,
    /// Iteration by iteration, one tree an output.
    trees: Vec<Vec<Node>>,
    #[serde(skip)]
    depth: usize,
}

/// What is stored of a [`Boosting`], before it is checked.
#[derive(Deserialize)]
struct BoostingTables {
    labels: Vec<String>,
    present: Vec<u32>,
    features: u32,
    baseline: Vec<f64>,
    trees: Vec<Vec<Node>>,
}

impl TryFrom<BoostingTables> for Boosting {
    type Error = String;

    fn try_from(tables: BoostingTables) -> Result<Self, String> {
        let BoostingTables { labels, present, features, baseline, trees } = tables;
        if labels.is_empty() {
            if !present.is_empty() {
                return Err("a boosting model of values has no classes".into());
            }
        } else {
            predictions::check_classes(&labels, &present)?;
        }
        let outputs = if present.len() > 2 { present.len() } else { 1 };
        if baseline.len() != outputs || trees.len() % outputs != 0 || features == 0 {
            return Err("a boosting model's tables do not fit its classes".into());
        }
        if !baseline.iter().all(|b| b.is_finite()) {
            return Err("a boosting model needs a finite start".into());
        }
        let mut depth = 0;
        for nodes in &trees {
            depth = depth.max(tree::check(nodes, features as usize, 1)?);
        }
        Ok(Boosting { labels, present, features, baseline, trees, depth })
    }
}

impl Boosting {
    /// The label set; empty for a model of values.
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// Iterations that were fitted.
    pub fn iterations(&self) -> usize {
        self.trees.len() / self.baseline.len()
    }

    /// Splits on the longest way from a root to a leaf.
    pub fn depth(&self) -> usize {
        self.depth
    }

    pub(crate) fn features(&self) -> usize {
        self.features as usize
    }

    /// Trees of each iteration.
    pub(crate) fn outputs(&self) -> usize {
        self.baseline.len()
    }

    pub(crate) fn predict(&self, x: &Matrix) -> Predictions {
        let mut scores: Vec<Vec<f64>> = self.baseline.iter().map(|&b| vec![b; x.rows()]).collect();
        tree::for_each_block(x, |from, rows| {
            for (t, nodes) in self.trees.iter().enumerate() {
                let scores = &mut scores[t % self.baseline.len()][from..];
                tree::descend(nodes, rows, x.cols(), |i, leaf| scores[i] += leaf.value);
            }
        });
        if self.labels.is_empty() {
            Predictions::Values(scores.pop().unwrap_or_default())
        } else {
            predictions::from_scores(&self.labels, &self.present, scores)
        }
    }
}

/// Random stream of the held-out rows, and of the rows that bins are cut from.
const HOLD_OUT_STREAM: u64 = 0;
const BINS_STREAM: u64 = 1;

pub(crate) fn fit(
    params: &BoostingParams,
    x: &Matrix,
    y: &Target,
    ctx: &FitContext,
    workers: Workers,
) -> Result<Fitted, LearnError> {
    check(params, y)?;
    let early = match params.early_stopping {
        EarlyStopping::On => true,
        EarlyStopping::Off => false,
        EarlyStopping::Auto => x.rows() > 10_000,
    };
    let held_out = early.then(|| stop::hold_out(y, params.validation_fraction, ctx.seed, HOLD_OUT_STREAM)).flatten();
    let mut fitted = match &held_out {
        None => train(params, x, y, None, early, ctx, workers),
        Some(split) => {
            let validation = (x.take(&split.validation), y.take(&split.validation));
            train(params, &x.take(&split.train), &y.take(&split.train), Some(&validation), early, ctx, workers)
        }
    }?;
    if early && held_out.is_none() {
        fitted.notes.push("too few rows to hold some out: early stopping watched the training loss".into());
    }
    Ok(fitted)
}

fn check(params: &BoostingParams, y: &Target) -> Result<(), LearnError> {
    let whole = |name, value: u32, least: u32, rule| {
        if value >= least { Ok(()) } else { Err(LearnError::Parameter { name, value: value.to_string(), rule }) }
    };
    let real = |name, value: f64, ok: bool, rule| {
        if ok && value.is_finite() {
            Ok(())
        } else {
            Err(LearnError::Parameter { name, value: value.to_string(), rule })
        }
    };
    whole("max_iter", params.max_iter, 1, "at least 1")?;
    whole("max_leaf_nodes", params.max_leaf_nodes, 2, "at least 2")?;
    whole("min_samples_leaf", params.min_samples_leaf, 1, "at least 1")?;
    whole("max_depth", params.max_depth.unwrap_or(1), 1, "at least 1, or left out for no limit")?;
    whole("n_iter_no_change", params.n_iter_no_change, 1, "at least 1")?;
    if !(2..=255).contains(&params.max_bins) {
        let value = params.max_bins.to_string();
        return Err(LearnError::Parameter { name: "max_bins", value, rule: "2 to 255" });
    }
    real("learning_rate", params.learning_rate, params.learning_rate > 0.0, "a number above 0")?;
    real("l2_regularization", params.l2_regularization, params.l2_regularization >= 0.0, "a number of at least 0")?;
    real("tol", params.tol, params.tol >= 0.0, "a number of at least 0")?;
    let fraction = params.validation_fraction;
    real("validation_fraction", fraction, fraction > 0.0 && fraction < 1.0, "between 0 and 1")?;
    match (y, params.class_weight) {
        (Target::Values(_), Some(_)) => {
            let rule = "left out when the target is a number";
            Err(LearnError::Parameter { name: "class_weight", value: "balanced".into(), rule })
        }
        _ => Ok(()),
    }
}

/// Rows held out: their raw scores follow the trees as they grow.
struct Validation<'a> {
    x: &'a Matrix,
    loss: Loss,
    scores: Vec<Vec<f64>>,
}

fn train(
    params: &BoostingParams,
    x: &Matrix,
    y: &Target,
    validation: Option<&(Matrix, Target)>,
    early: bool,
    ctx: &FitContext,
    workers: Workers,
) -> Result<Fitted, LearnError> {
    let (mut loss, present) = Loss::new(y, params.class_weight)?;
    let baseline = loss.baseline();
    let mut scores: Vec<Vec<f64>> = baseline.iter().map(|&b| vec![b; x.rows()]).collect();
    let mut watched = match validation {
        None => None,
        Some((vx, vy)) => {
            let scores = baseline.iter().map(|&b| vec![b; vx.rows()]).collect();
            Some(Validation { x: vx, loss: loss.of_other_rows(vy, &present), scores })
        }
    };
    let bins = Bins::new(x, params.max_bins as usize, ctx.seed, BINS_STREAM, workers);
    ctx.cancel.check()?;
    let mut grower = Grower::new(&bins, Limits::new(params), loss.constant_hessian(), workers);
    let mut patience = Patience::new(params);
    let mut trees: Vec<Vec<Node>> = Vec::new();
    let mut curve = Vec::new();
    let mut importances = vec![0.0; x.cols()];
    let mut train_loss = loss.update(&scores, workers);
    if early {
        patience.stops(watched.as_ref().map_or(train_loss, |v| v.loss.mean(&v.scores)));
    }
    for iteration in 1..=u64::from(params.max_iter) {
        for (output, scores) in scores.iter_mut().enumerate() {
            let grown = grower.grow(loss.gradients(output), scores, ctx)?;
            importances.iter_mut().zip(grown.gains).for_each(|(i, g)| *i += g);
            if let Some(v) = &mut watched {
                follow(&grown.nodes, v.x, &mut v.scores[output]);
            }
            trees.push(grown.nodes);
        }
        train_loss = loss.update(&scores, workers);
        let validation_loss = watched.as_ref().map(|v| v.loss.mean(&v.scores));
        report(ctx, &mut curve, "train_loss", iteration, train_loss);
        if let Some(value) = validation_loss {
            report(ctx, &mut curve, "validation_loss", iteration, value);
        }
        ctx.observer.progress("iterations", Progress { done: iteration, total: u64::from(params.max_iter) });
        if early && patience.stops(validation_loss.unwrap_or(train_loss)) {
            break;
        }
    }
    let labels = match y {
        Target::Classes { labels, .. } => labels.clone(),
        Target::Values(_) => Vec::new(),
    };
    let tables = BoostingTables { labels, present, features: x.cols() as u32, baseline, trees };
    let model = Boosting::try_from(tables)
        .map_err(|reason| LearnError::Numerical { algorithm: "gradient_boosting", reason })?;
    Ok(finish(model, params, importances, curve))
}

fn finish(model: Boosting, params: &BoostingParams, mut importances: Vec<f64>, curve: Vec<CurvePoint>) -> Fitted {
    let mut notes = Vec::new();
    let sum: f64 = importances.iter().sum();
    if sum > 0.0 {
        importances.iter_mut().for_each(|v| *v /= sum);
    } else {
        importances.clear();
        notes
            .push("no tree found a split: every row gets the same answer; lower `min_samples_leaf` or add rows".into());
    }
    if model.iterations() < params.max_iter as usize {
        notes.push(format!(
            "stopped early after {} of {} iterations: the loss no longer fell",
            model.iterations(),
            params.max_iter
        ));
    }
    Fitted { importances, curve, notes, ..Fitted::plain(Model::Boosting(model)) }
}

fn report(ctx: &FitContext, curve: &mut Vec<CurvePoint>, name: &str, step: u64, value: f64) {
    ctx.observer.metric(name, step, value);
    curve.push(CurvePoint { name: name.into(), step, value });
}

/// Adds a tree's answers to the scores of rows it was not grown on.
fn follow(nodes: &[Node], x: &Matrix, scores: &mut [f64]) {
    for (i, score) in scores.iter_mut().enumerate() {
        let mut at = 0;
        while let Some(node) = nodes.get(at) {
            if node.is_leaf() {
                *score += node.value;
                break;
            }
            at = if node.goes_left(x.get(i, node.feature())) { at + 1 } else { node.right as usize };
        }
    }
}
