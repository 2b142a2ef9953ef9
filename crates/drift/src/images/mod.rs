//! Batches of pictures: pixels with the picture as the unit, all embeddings together, three scales, and the most shifted
//! pictures.
//!
//! Memory is linear in the number of pictures: pairs of embeddings are looked at tile by tile and forgotten.

mod exp;
mod mmd;
mod multiscale;
mod neighbours;
mod pixels;
mod subsets;
mod tiles;

pub use mmd::{MMD, mmd};
pub use multiscale::multiscale;
pub use neighbours::{MOST_COMPARED, Shifted, most_shifted};
pub use pixels::{PIXEL_WASSERSTEIN, pixel_columns};

use crate::error::DriftError;
use driftgate_model::{DriftConfig, ImageDriftConfig};

/// Embeddings of pictures, one row a picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Embeddings<'a> {
    /// Pictures.
    pub rows: usize,
    /// Numbers of each.
    pub dim: usize,
    /// `rows × dim` values, row by row.
    pub data: &'a [f32],
}

impl<'a> Embeddings<'a> {
    /// The numbers of picture `row`.
    pub fn row(&self, row: usize) -> &'a [f32] {
        &self.data[row * self.dim..(row + 1) * self.dim]
    }

    fn is_finite(&self) -> bool {
        self.data.iter().all(|v| v.is_finite())
    }
}

/// Whether both sides have the shape that they state and are of one network.
fn same_space(reference: &Embeddings<'_>, batch: &Embeddings<'_>) -> Result<(), DriftError> {
    for side in [reference, batch] {
        let (left, right) = (side.data.len(), side.rows * side.dim);
        if left != right {
            return Err(DriftError::LengthMismatch { what: "embeddings and their values", left, right });
        }
    }
    if reference.dim != batch.dim {
        return Err(DriftError::ColumnCount { reference: reference.dim, batch: batch.dim });
    }
    Ok(())
}

/// The configured comparison of pictures, or the defaults.
fn image_config(config: &DriftConfig) -> ImageDriftConfig {
    config.image.clone().unwrap_or_default()
}

#[cfg(test)]
mod tests;
