//! What a device does for a network. The CPU's layers are our own; a GPU's are Burn's.

use crate::device::ChosenDevice;
use crate::plan::Plan;
use crate::weights::Weights;
use driftgate_model::TileShape;

/// What a network says of some pictures, row by row.
pub(crate) struct Answered {
    pub logits: Vec<f32>,
    pub embeddings: Vec<f32>,
}

/// A network that answers.
pub(crate) trait Answer: Send + Sync {
    /// What the dense layer says of `values` (picture, channel, height, width), after ReLU.
    fn embed(&self, values: Vec<f32>, pictures: usize) -> Vec<f32>;
    /// That, and what the last layer says of it.
    fn answer(&self, values: Vec<f32>, pictures: usize) -> Answered;
}

/// A network that answers on `device`.
pub(crate) fn answering(plan: &Plan, weights: &Weights, tile: TileShape, device: &ChosenDevice) -> Box<dyn Answer> {
    #[cfg(feature = "burn")]
    if let Some(device) = device.burn() {
        return Box::new(crate::on_burn::Answering::new(plan, weights, tile, device));
    }
    let _ = device;
    Box::new(crate::cpu::Answering::new(plan, weights, tile))
}

/// A step of learning.
pub(crate) struct Step {
    /// Picture, channel, height, width.
    pub values: Vec<f32>,
    pub pictures: usize,
    /// A row for each picture: the weight of its class in the column of its class, all rows together 1.
    pub targets: Vec<f32>,
    /// What dropout multiplies embeddings by.
    pub mask: Option<Vec<f32>>,
    /// Adam's step.
    pub rate: f64,
}

/// All that a learning network carries from step to step.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct State {
    pub weights: Weights,
    /// Adam's running means of each tensor's gradient and of its square; empty of one that does not learn.
    pub means: Vec<Vec<f32>>,
    pub squares: Vec<Vec<f32>>,
    /// Steps taken.
    pub steps: u64,
}

impl State {
    /// Before the first step; `freeze` lets the last layer alone learn.
    pub fn start(plan: &Plan, weights: Weights, freeze: bool) -> State {
        let learns = plan.tensors.iter().map(|t| t.learned && (t.head || !freeze));
        let means: Vec<Vec<f32>> =
            learns.zip(&weights.0).map(|(l, v)| vec![0.0; if l { v.len() } else { 0 }]).collect();
        State { weights, squares: means.clone(), means, steps: 0 }
    }

    /// Whether tensor `place` learns.
    pub fn learns(&self, place: usize) -> bool {
        !self.means[place].is_empty()
    }
}

/// What does not change from step to step.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fixed<'a> {
    pub plan: &'a Plan,
    pub tile: TileShape,
    /// Largest norm of all gradients together.
    pub clip: Option<f64>,
    /// AdamW's decay.
    pub decay: f64,
    /// Only the last layer learns, and the statistics before it stay as well.
    pub freeze: bool,
}

/// A network that learns: Adam (Kingma and Ba 2015, "Adam: A Method for Stochastic Optimization") with PyTorch's constants,
/// with decay AdamW (Loshchilov and Hutter 2019, "Decoupled Weight Decay Regularization"), of the cross-entropy.
pub(crate) trait Learn {
    /// Learns from some pictures.
    fn step(&mut self, step: Step);
    /// Losses of the steps since it was last asked.
    fn losses(&mut self) -> Vec<f32>;
    /// Where it stands.
    fn state(&self) -> State;
}

pub(crate) const BETA_1: f64 = 0.9;
pub(crate) const BETA_2: f64 = 0.999;
pub(crate) const ADAM_EPSILON: f64 = 1e-8;
/// Share of a batch's statistics in the running ones.
pub(crate) const MOMENTUM: f64 = 0.1;

/// A network that learns on `device`, from `state` on.
pub(crate) fn learning<'a>(fixed: Fixed<'a>, state: State, device: &'a ChosenDevice) -> Box<dyn Learn + 'a> {
    #[cfg(feature = "burn")]
    if let Some(device) = device.burn() {
        return Box::new(crate::on_burn::Learning::new(fixed, state, device));
    }
    let _ = device;
    Box::new(crate::cpu::Learning::new(fixed, state))
}

/// The factors that take the start from zero out of Adam's means, after `steps`.
pub(crate) fn unbias(steps: u64) -> (f64, f64) {
    let n = i32::try_from(steps).unwrap_or(i32::MAX);
    (1.0 - BETA_1.powi(n), 1.0 - BETA_2.powi(n))
}
