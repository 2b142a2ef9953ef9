use super::{Answering, flat, halve, numbers, rows, tiles};
use crate::arithmetic::{ADAM_EPSILON, BETA_1, BETA_2, Fixed, Learn, MOMENTUM, State, Step, unbias};
use crate::fold::EPSILON;
use crate::plan::{CONV, NORM_BIAS, NORM_MEAN, NORM_VAR, NORM_WEIGHT};
use crate::weights::Weights;
use burn::tensor::activation::{log_softmax, relu};
use burn::tensor::module::{batch_norm_train, conv2d};
use burn::tensor::ops::ConvOptions;
use burn::tensor::{Device, Tensor};

/// A network that learns on a device of Burn.
pub(crate) struct Learning<'a> {
    fixed: Fixed<'a>,
    device: Device,
    /// Every tensor, flat.
    values: Vec<Tensor<1>>,
    /// Adam's means of each tensor's gradient and of its square; `None` of one that does not learn.
    moments: Vec<Option<(Tensor<1>, Tensor<1>)>>,
    steps: u64,
    /// The layers before the last one, where they do not learn.
    frozen: Option<Answering>,
    losses: Vec<Tensor<1>>,
}

impl<'a> Learning<'a> {
    pub fn new(fixed: Fixed<'a>, state: State, device: &Device) -> Learning<'a> {
        let frozen = fixed.freeze.then(|| Answering::new(fixed.plan, &state.weights, fixed.tile, device));
        let learns: Vec<bool> = (0..state.means.len()).map(|place| state.learns(place)).collect();
        let put = |values: Vec<f32>| flat(values, device);
        let moments = state.means.into_iter().zip(state.squares).zip(learns);
        Learning {
            fixed,
            values: state.weights.0.into_iter().map(put).collect(),
            moments: moments.map(|((mean, square), learns)| learns.then(|| (put(mean), put(square)))).collect(),
            steps: state.steps,
            device: device.clone(),
            frozen,
            losses: Vec::new(),
        }
    }

    /// Forward through all but the last layer, by the batch's own statistics; the running ones follow.
    fn embed(&mut self, leaves: &[Tensor<1>], pictures: Tensor<4>) -> Tensor<2> {
        let (mut x, plan) = (pictures, self.fixed.plan);
        for i in 0..plan.convs {
            let at = |part| plan.conv(i, part);
            let shape = &plan.tensors[at(CONV)].shape;
            let kernel = leaves[at(CONV)].clone().reshape([shape[0], shape[1], shape[2], shape[3]]);
            let padding = shape[2] / 2;
            x = conv2d(x, kernel, None, ConvOptions::new([1, 1], [padding, padding], [1, 1], 1));
            let [count, _, height, width] = x.dims();
            let norm = batch_norm_train(x, leaves[at(NORM_WEIGHT)].clone(), leaves[at(NORM_BIAS)].clone(), EPSILON);
            // The running variance is that of a sample, as PyTorch has it; a tile that can be halved has 4 pixels or more.
            let values = (count * height * width) as f64;
            self.follow(at(NORM_MEAN), norm.mean.inner(), 1.0);
            self.follow(at(NORM_VAR), norm.variance.inner(), values / (values - 1.0));
            x = relu(halve(norm.output));
        }
        relu(self.dense(leaves, plan.dense(), x.flatten(1, 3)))
    }

    fn follow(&mut self, place: usize, found: Tensor<1>, factor: f64) {
        let old = self.values[place].clone().mul_scalar(1.0 - MOMENTUM);
        self.values[place] = old + found.mul_scalar(MOMENTUM * factor);
    }

    fn dense(&self, leaves: &[Tensor<1>], place: usize, x: Tensor<2>) -> Tensor<2> {
        let shape = &self.fixed.plan.tensors[place].shape;
        let weight: Tensor<2> = leaves[place].clone().reshape([shape[0], shape[1]]);
        x.matmul(weight.transpose()) + leaves[place + 1].clone().reshape([1, shape[0]])
    }

    fn adam(&mut self, gradients: Vec<Option<Tensor<1>>>, rate: f64) {
        self.steps += 1;
        let (unbias_1, unbias_2) = unbias(self.steps);
        for ((value, gradient), moments) in self.values.iter_mut().zip(gradients).zip(&mut self.moments) {
            let (Some(gradient), Some((mean, square))) = (gradient, moments.take()) else { continue };
            let mean = mean.mul_scalar(BETA_1) + gradient.clone().mul_scalar(1.0 - BETA_1);
            let square = square.mul_scalar(BETA_2) + gradient.square().mul_scalar(1.0 - BETA_2);
            let root = square.clone().sqrt().div_scalar(unbias_2.sqrt()).add_scalar(ADAM_EPSILON);
            let kept = value.clone().mul_scalar(1.0 - rate * self.fixed.decay);
            *value = kept - mean.clone().div(root).mul_scalar(rate / unbias_1);
            *moments = Some((mean, square));
        }
    }
}

impl Learn for Learning<'_> {
    fn step(&mut self, step: Step) {
        let place = self.fixed.plan.dense() + 2;
        let leaf = |(value, moments): (&Tensor<1>, &Option<_>)| match moments {
            Some(_) => value.clone().autodiff().require_grad(),
            None => value.clone().autodiff(),
        };
        let leaves: Vec<Tensor<1>> = self.values.iter().zip(&self.moments).map(leaf).collect();
        let mut embeddings = match &self.frozen {
            Some(frozen) => frozen.there(step.values, step.pictures).autodiff(),
            None => {
                let pictures = tiles(step.values, step.pictures, self.fixed.tile, &self.device);
                self.embed(&leaves, pictures.autodiff())
            }
        };
        if let Some(mask) = step.mask {
            embeddings = embeddings.mul(rows(mask, step.pictures, &self.device).autodiff());
        }
        let logits = self.dense(&leaves, place, embeddings);
        let targets = rows(step.targets, step.pictures, &self.device).autodiff();
        let loss = log_softmax(logits, 1).mul(targets).sum().neg();
        let mut all = loss.backward();
        let mut gradients: Vec<_> = leaves.iter().map(|leaf| leaf.grad_remove(&mut all).map(Tensor::inner)).collect();
        if let Some(largest) = self.fixed.clip {
            clip(&mut gradients, largest);
        }
        self.adam(gradients, step.rate);
        self.losses.push(loss.inner());
    }

    fn losses(&mut self) -> Vec<f32> {
        std::mem::take(&mut self.losses).into_iter().flat_map(numbers).collect()
    }

    fn state(&self) -> State {
        let moments = |of: fn(&(Tensor<1>, Tensor<1>)) -> Tensor<1>| {
            self.moments.iter().map(|m| m.as_ref().map_or(Vec::new(), |m| numbers(of(m)))).collect()
        };
        State {
            weights: Weights(self.values.iter().map(|v| numbers(v.clone())).collect()),
            means: moments(|m| m.0.clone()),
            squares: moments(|m| m.1.clone()),
            steps: self.steps,
        }
    }
}

/// Scales gradients so that the norm of all together is at most `largest`, as PyTorch does.
fn clip(gradients: &mut [Option<Tensor<1>>], largest: f64) {
    let squares: Vec<Tensor<1>> = gradients.iter().flatten().map(|g| g.clone().square().sum()).collect();
    if squares.is_empty() {
        return;
    }
    let norm = Tensor::cat(squares, 0).sum().sqrt();
    let scale = norm.add_scalar(1e-6).recip().mul_scalar(largest).clamp_max(1.0);
    for gradient in gradients.iter_mut().flatten() {
        *gradient = gradient.clone().mul(scale.clone());
    }
}
