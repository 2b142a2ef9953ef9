//! Layers on the CPU: products of matrices, and between them loops that touch each number once.
//!
//! What is summed, and in which order, follows from the shapes alone, never from the number of threads. A picture's
//! convolutions are its own, and dense layers take a fixed number of pictures at a time.

mod answering;
mod block;
mod conv;
mod dense;
mod learning;

pub(crate) use answering::Answering;
pub(crate) use learning::Learning;

use crate::plan::{CONV, Plan};
use conv::Conv;
use driftgate_model::TileShape;
use ndarray::{ArrayView2, ArrayViewMut2};

const LENGTHS: &str = "every length comes from one plan";

fn matrix(values: &[f32], rows: usize, columns: usize) -> ArrayView2<'_, f32> {
    ArrayView2::from_shape((rows, columns), values).expect(LENGTHS)
}

fn matrix_mut(values: &mut [f32], rows: usize, columns: usize) -> ArrayViewMut2<'_, f32> {
    ArrayViewMut2::from_shape((rows, columns), values).expect(LENGTHS)
}

/// The convolutions of a plan, each where it stands.
fn convs(plan: &Plan, tile: TileShape) -> Vec<Conv> {
    let (mut height, mut width) = (tile.height, tile.width);
    let mut convs = Vec::new();
    for i in 0..plan.convs {
        let shape = &plan.tensors[plan.conv(i, CONV)].shape;
        convs.push(Conv { inner: shape[1], out: shape[0], kernel: shape[2], height, width });
        (height, width) = (height / 2, width / 2);
    }
    convs
}

/// A sum in sixteen lanes, which processors do at once, then in 64-bit numbers.
fn sum(values: &[f32], of: impl Fn(f32) -> f32) -> f64 {
    let mut lanes = [0.0_f32; 16];
    let (chunks, rest) = values.as_chunks::<16>();
    for chunk in chunks {
        lanes.iter_mut().zip(chunk).for_each(|(lane, value)| *lane += of(*value));
    }
    lanes.iter().map(|v| f64::from(*v)).chain(rest.iter().map(|v| f64::from(of(*v)))).sum()
}
