//! Layers by Burn, for GPUs.

mod answering;
mod learning;

pub(crate) use answering::Answering;
pub(crate) use learning::Learning;

use burn::tensor::module::max_pool2d;
use burn::tensor::ops::MaxPoolOptions;
use burn::tensor::{Device, Tensor, TensorData};
use driftgate_model::TileShape;

/// The largest of each 2 × 2 pixels.
fn halve(x: Tensor<4>) -> Tensor<4> {
    max_pool2d(x, MaxPoolOptions::new([2, 2]))
}

/// A tensor's numbers, on this side.
fn numbers<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().iter::<f32>().collect()
}

/// Puts numbers on the device.
fn flat(values: Vec<f32>, on: &Device) -> Tensor<1> {
    let count = values.len();
    Tensor::from_data(TensorData::new(values, [count]), on)
}

fn rows(values: Vec<f32>, rows: usize, on: &Device) -> Tensor<2> {
    let columns = values.len() / rows;
    Tensor::from_data(TensorData::new(values, [rows, columns]), on)
}

fn tiles(values: Vec<f32>, count: usize, tile: TileShape, on: &Device) -> Tensor<4> {
    Tensor::from_data(TensorData::new(values, [count, tile.channels, tile.height, tile.width]), on)
}
