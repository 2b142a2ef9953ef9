use super::{flat, halve, numbers, rows, tiles};
use crate::arithmetic::{Answer, Answered};
use crate::fold::fold;
use crate::plan::{CONV, Plan};
use crate::weights::Weights;
use burn::tensor::activation::relu;
use burn::tensor::module::conv2d;
use burn::tensor::ops::ConvOptions;
use burn::tensor::{Device, Tensor, TensorData};
use driftgate_model::TileShape;

/// A network that answers on a device of Burn.
pub(crate) struct Answering {
    device: Device,
    tile: TileShape,
    /// Kernel and bias.
    convs: Vec<(Tensor<4>, Tensor<1>)>,
    fc: (Tensor<2>, Tensor<2>),
    head: (Tensor<2>, Tensor<2>),
}

impl Answering {
    pub fn new(plan: &Plan, weights: &Weights, tile: TileShape, on: &Device) -> Answering {
        let conv = |i| {
            let folded = fold(plan, weights, i);
            let shape = plan.tensors[plan.conv(i, CONV)].shape.clone();
            (Tensor::from_data(TensorData::new(folded.kernel, shape), on), flat(folded.bias, on))
        };
        let dense = |place: usize| {
            let units = weights.0[place + 1].len();
            (rows(weights.0[place].clone(), units, on).transpose(), rows(weights.0[place + 1].clone(), 1, on))
        };
        Answering {
            device: on.clone(),
            tile,
            convs: (0..plan.convs).map(conv).collect(),
            fc: dense(plan.dense()),
            head: dense(plan.dense() + 2),
        }
    }

    /// The embeddings, still on the device.
    pub fn there(&self, values: Vec<f32>, pictures: usize) -> Tensor<2> {
        let mut x = tiles(values, pictures, self.tile, &self.device);
        for (kernel, bias) in &self.convs {
            let padding = kernel.dims()[2] / 2;
            let options = ConvOptions::new([1, 1], [padding, padding], [1, 1], 1);
            x = relu(halve(conv2d(x, kernel.clone(), Some(bias.clone()), options)));
        }
        relu(dense(x.flatten(1, 3), &self.fc))
    }
}

impl Answer for Answering {
    fn embed(&self, values: Vec<f32>, pictures: usize) -> Vec<f32> {
        numbers(self.there(values, pictures))
    }

    fn answer(&self, values: Vec<f32>, pictures: usize) -> Answered {
        let embeddings = self.there(values, pictures);
        let logits = dense(embeddings.clone(), &self.head);
        Answered { logits: numbers(logits), embeddings: numbers(embeddings) }
    }
}

fn dense(x: Tensor<2>, layer: &(Tensor<2>, Tensor<2>)) -> Tensor<2> {
    x.matmul(layer.0.clone()) + layer.1.clone()
}
