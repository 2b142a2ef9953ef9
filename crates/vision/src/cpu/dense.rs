use super::{matrix, matrix_mut};
use ndarray::linalg::general_mat_mul;
use ndarray::{Axis, Slice};
use rayon::prelude::*;

/// Pictures or units that are done at a time while learning.
const BLOCK: usize = 32;

/// x · wᵀ + b, `block` pictures at a time; `x` holds whole pictures.
pub(crate) fn forward(weight: &[f32], bias: &[f32], x: &[f32], block: usize) -> Vec<f32> {
    let (units, inner) = (bias.len(), weight.len() / bias.len());
    let weight = matrix(weight, units, inner);
    let mut out = vec![0.0; x.len() / inner * units];
    out.par_chunks_mut(block * units).zip(x.par_chunks(block * inner)).for_each(|(out, x)| {
        out.chunks_exact_mut(units).for_each(|row| row.copy_from_slice(bias));
        let rows = x.len() / inner;
        general_mat_mul(1.0, &matrix(x, rows, inner), &weight.t(), 1.0, &mut matrix_mut(out, rows, units));
    });
    out
}

/// The same while learning.
pub(crate) fn learn(weight: &[f32], bias: &[f32], x: &[f32]) -> Vec<f32> {
    forward(weight, bias, x, BLOCK)
}

/// Gradients of a dense layer.
pub(crate) struct Gradients {
    pub weight: Vec<f32>,
    pub bias: Vec<f32>,
    pub x: Vec<f32>,
}

/// From the gradient `dy` of the outputs.
pub(crate) fn backward(weight: &[f32], x: &[f32], dy: &[f32], units: usize) -> Gradients {
    let inner = weight.len() / units;
    let pictures = x.len() / inner;
    let mut found = Gradients { weight: vec![0.0; weight.len()], bias: vec![0.0; units], x: vec![0.0; x.len()] };
    let (whole, given) = (matrix(x, pictures, inner), matrix(dy, pictures, units));
    found.weight.par_chunks_mut(BLOCK * inner).enumerate().for_each(|(i, into)| {
        let rows = into.len() / inner;
        let part = given.slice_axis(Axis(1), Slice::from(i * BLOCK..i * BLOCK + rows));
        general_mat_mul(1.0, &part.t(), &whole, 0.0, &mut matrix_mut(into, rows, inner));
    });
    for row in dy.chunks_exact(units) {
        found.bias.iter_mut().zip(row).for_each(|(sum, value)| *sum += value);
    }
    let weight = matrix(weight, units, inner);
    found.x.par_chunks_mut(BLOCK * inner).zip(dy.par_chunks(BLOCK * units)).for_each(|(into, dy)| {
        let rows = dy.len() / units;
        general_mat_mul(1.0, &matrix(dy, rows, units), &weight, 0.0, &mut matrix_mut(into, rows, inner));
    });
    found
}
