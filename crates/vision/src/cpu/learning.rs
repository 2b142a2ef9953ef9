use super::answering::{Answering, relu};
use super::block::Block;
use super::{convs, dense, sum};
use crate::arithmetic::{ADAM_EPSILON, Answer, BETA_1, BETA_2, Fixed, Learn, MOMENTUM, State, Step, unbias};
use crate::plan::{CONV, NORM_BIAS, NORM_MEAN, NORM_VAR, NORM_WEIGHT};
use rayon::prelude::*;

/// Numbers that Adam moves at a time.
const PIECE: usize = 16_384;

/// A network that learns on the CPU.
pub(crate) struct Learning<'a> {
    fixed: Fixed<'a>,
    state: State,
    blocks: Vec<Block>,
    /// The layers before the last one, where they do not learn.
    frozen: Option<Answering>,
    losses: Vec<f32>,
}

impl<'a> Learning<'a> {
    pub fn new(fixed: Fixed<'a>, state: State) -> Learning<'a> {
        let frozen = fixed.freeze.then(|| Answering::new(fixed.plan, &state.weights, fixed.tile));
        let blocks = convs(fixed.plan, fixed.tile).into_iter().map(Block::new).collect();
        Learning { fixed, state, blocks, frozen, losses: Vec::new() }
    }

    fn tensor(&self, place: usize) -> &[f32] {
        &self.state.weights.0[place]
    }

    /// Pictures through the convolutions, by their own statistics; the running ones follow.
    fn convolve(&mut self, values: &[f32]) {
        let (plan, weights) = (self.fixed.plan, &mut self.state.weights.0);
        for i in 0..self.blocks.len() {
            let (before, rest) = self.blocks.split_at_mut(i);
            let (x, block) = (before.last().map_or(values, |b| &b.out), &mut rest[0]);
            let at = |part| plan.conv(i, part);
            block.forward(&weights[at(CONV)], &weights[at(NORM_WEIGHT)], &weights[at(NORM_BIAS)], x);
            // The running variance is that of a sample, as PyTorch has it; a tile that can be halved has 4 pixels or more.
            let count = block.count();
            let follow = |running: &mut [f32], found: &[f64], factor: f64| {
                for (running, found) in running.iter_mut().zip(found) {
                    *running = (f64::from(*running) * (1.0 - MOMENTUM) + found * factor * MOMENTUM) as f32;
                }
            };
            follow(&mut weights[at(NORM_MEAN)], &block.mean, 1.0);
            follow(&mut weights[at(NORM_VAR)], &block.variance, count / (count - 1.0));
        }
    }

    /// Gradients of the convolutions, from that of the last one's outputs.
    fn back_through(&mut self, values: &[f32], mut given: Vec<f32>, gradients: &mut [Vec<f32>]) {
        let (plan, weights) = (self.fixed.plan, &self.state.weights.0);
        for i in (0..self.blocks.len()).rev() {
            let (before, rest) = self.blocks.split_at_mut(i);
            let x = before.last().map_or(values, |b| &b.out);
            let at = |part| plan.conv(i, part);
            let mut dx = vec![0.0; if i > 0 { x.len() } else { 0 }];
            let into = (i > 0).then_some(dx.as_mut_slice());
            let found = rest[0].backward(&weights[at(CONV)], &weights[at(NORM_WEIGHT)], x, &given, into);
            gradients[at(CONV)] = found.kernel;
            gradients[at(NORM_WEIGHT)] = found.gamma;
            gradients[at(NORM_BIAS)] = found.beta;
            given = dx;
        }
    }

    /// The last layer: its gradients, and that of the embeddings. Keeps the loss.
    fn last(&mut self, embeddings: &[f32], targets: &[f32], gradients: &mut [Vec<f32>]) -> Vec<f32> {
        let place = self.fixed.plan.dense() + 2;
        let classes = self.tensor(place + 1).len();
        let logits = dense::learn(self.tensor(place), self.tensor(place + 1), embeddings);
        let (loss, given) = cross_entropy(&logits, targets, classes);
        self.losses.push(loss);
        let found = dense::backward(self.tensor(place), embeddings, &given, classes);
        gradients[place] = found.weight;
        gradients[place + 1] = found.bias;
        found.x
    }

    fn adam(&mut self, gradients: &[Vec<f32>], rate: f64) {
        self.state.steps += 1;
        let (unbias_1, unbias_2) = unbias(self.state.steps);
        let (step, root) = ((rate / unbias_1) as f32, unbias_2.sqrt() as f32);
        let kept = (1.0 - rate * self.fixed.decay) as f32;
        let moments = self.state.means.iter_mut().zip(&mut self.state.squares);
        for ((weights, gradient), (means, squares)) in self.state.weights.0.iter_mut().zip(gradients).zip(moments) {
            if means.is_empty() {
                continue;
            }
            let moments = means.par_chunks_mut(PIECE).zip(squares.par_chunks_mut(PIECE));
            let pieces = weights.par_chunks_mut(PIECE).zip(gradient.par_chunks(PIECE)).zip(moments);
            pieces.for_each(|((weights, gradient), (means, squares))| {
                for (((w, g), m), s) in weights.iter_mut().zip(gradient).zip(means).zip(squares) {
                    *m = *m * BETA_1 as f32 + g * (1.0 - BETA_1) as f32;
                    *s = *s * BETA_2 as f32 + g * g * (1.0 - BETA_2) as f32;
                    *w = *w * kept - step * *m / (s.sqrt() / root + ADAM_EPSILON as f32);
                }
            });
        }
    }
}

impl Learn for Learning<'_> {
    fn step(&mut self, step: Step) {
        let dense = self.fixed.plan.dense();
        let mut gradients = vec![Vec::new(); self.fixed.plan.tensors.len()];
        if let Some(frozen) = &self.frozen {
            let mut embeddings = frozen.embed(step.values, step.pictures);
            multiply(&mut embeddings, step.mask.as_deref());
            self.last(&embeddings, &step.targets, &mut gradients);
        } else {
            self.convolve(&step.values);
            let flat = &self.blocks[self.blocks.len() - 1].out;
            let mut embeddings = dense::learn(self.tensor(dense), self.tensor(dense + 1), flat);
            embeddings.iter_mut().for_each(|v| *v = relu(*v));
            multiply(&mut embeddings, step.mask.as_deref());
            let mut given = self.last(&embeddings, &step.targets, &mut gradients);
            multiply(&mut given, step.mask.as_deref());
            // What ReLU or dropout made 0 has no gradient.
            given.iter_mut().zip(&embeddings).filter(|(_, e)| **e == 0.0).for_each(|(g, _)| *g = 0.0);
            let units = self.tensor(dense + 1).len();
            let flat = &self.blocks[self.blocks.len() - 1].out;
            let found = dense::backward(self.tensor(dense), flat, &given, units);
            gradients[dense] = found.weight;
            gradients[dense + 1] = found.bias;
            self.back_through(&step.values, found.x, &mut gradients);
        }
        if let Some(largest) = self.fixed.clip {
            clip(&mut gradients, largest);
        }
        self.adam(&gradients, step.rate);
    }

    fn losses(&mut self) -> Vec<f32> {
        std::mem::take(&mut self.losses)
    }

    fn state(&self) -> State {
        self.state.clone()
    }
}

fn multiply(values: &mut [f32], mask: Option<&[f32]>) {
    if let Some(mask) = mask {
        values.iter_mut().zip(mask).for_each(|(v, m)| *v *= m);
    }
}

/// −Σ target · log softmax, and its gradient: softmax · Σ of the row's targets − target.
fn cross_entropy(logits: &[f32], targets: &[f32], classes: usize) -> (f32, Vec<f32>) {
    let mut given = Vec::with_capacity(logits.len());
    let mut loss = 0.0;
    for (logits, targets) in logits.chunks_exact(classes).zip(targets.chunks_exact(classes)) {
        // A logit that is no number must end as a loss that is none.
        let top = logits.iter().copied().fold(f32::NEG_INFINITY, |a, b| if b.is_nan() { b } else { a.max(b) });
        let shifted = logits.iter().map(|l| f64::from(*l) - f64::from(top));
        let sum: f64 = shifted.clone().map(f64::exp).sum();
        let weight: f64 = targets.iter().map(|t| f64::from(*t)).sum();
        for (shifted, target) in shifted.zip(targets) {
            if *target != 0.0 {
                loss -= f64::from(*target) * (shifted - sum.ln());
            }
            given.push((shifted.exp() / sum * weight - f64::from(*target)) as f32);
        }
    }
    (loss as f32, given)
}

/// Scales gradients so that the norm of all together is at most `largest`, as PyTorch does.
fn clip(gradients: &mut [Vec<f32>], largest: f64) {
    let norm = gradients.iter().map(|g| sum(g, |v| v * v)).sum::<f64>().sqrt();
    let scale = (largest / (norm + 1e-6)).min(1.0) as f32;
    gradients.iter_mut().flatten().for_each(|g| *g *= scale);
}
