//! The pictures of a batch that are farthest from the reference, and what they are nearest to.

use super::tiles::{QUAD, Tile, center, squared_distance, squared_distances};
use super::{Embeddings, same_space};
use crate::error::DriftError;
use crate::joint::sample;
use driftgate_determinism::Workers;
use driftgate_model::CancelToken;

/// Most reference pictures whose own distances a picture's are compared with.
pub const MOST_COMPARED: usize = 2000;
/// Neighbours beyond those asked for that are looked at again with full precision.
const SPARE: usize = 8;
/// Names the draw of the compared pictures: the same for the same reference.
const SEED: u64 = 0x6e65_6967_6862_6f72;

/// A picture of a batch and how far from the reference it lies.
#[derive(Debug, Clone, PartialEq)]
pub struct Shifted {
    /// Its row in the batch.
    pub row: usize,
    /// The mean Euclidean distance to its nearest reference rows.
    pub distance: f64,
    /// Share of the reference rows that lie at least as far from their own nearest, this picture counted: a p-value of its
    /// own, not adjusted for looking at a whole batch.
    pub rarity: f64,
    /// Its nearest reference rows and their distances, nearest first.
    pub nearest: Vec<(usize, f64)>,
}

/// The `count` pictures of `batch` with the largest mean distance to their `k` (at least 1) nearest pictures of `reference`, the
/// farthest first; equal ones by row. None where either side is empty.
///
/// `rarity` compares with the same distance of at most [`MOST_COMPARED`] reference pictures, each to all others: `(1 + how many
/// are at least as far) / (1 + how many there are)`. Embeddings that are not finite are left out of the batch and of the
/// reference. Memory is linear in the pictures; `threads` (0: all) changes nothing.
///
/// # Errors
/// [`DriftError::ColumnCount`] for embeddings of two networks, [`DriftError::LengthMismatch`], [`DriftError::Threads`] and
/// [`DriftError::Cancelled`].
pub fn most_shifted(
    reference: &Embeddings<'_>,
    batch: &Embeddings<'_>,
    count: usize,
    k: usize,
    threads: usize,
    cancel: &CancelToken,
) -> Result<Vec<Shifted>, DriftError> {
    same_space(reference, batch)?;
    let usable = |side: &Embeddings<'_>| -> Vec<usize> {
        (0..side.rows).filter(|&i| side.row(i).iter().all(|v| v.is_finite())).collect()
    };
    let (of_reference, of_batch) = (usable(reference), usable(batch));
    if of_reference.is_empty() || of_batch.is_empty() || count == 0 {
        return Ok(Vec::new());
    }
    let space = Space::new(reference, of_reference);
    let compared: Vec<usize> =
        sample(space.rows.len(), MOST_COMPARED, SEED, 0).iter().map(|&i| space.rows[i]).collect();
    Workers::run(threads, |workers| {
        let found = space.nearest(batch, &of_batch, k.max(1), false, workers, cancel)?;
        let mut shifted: Vec<Shifted> =
            of_batch.iter().zip(found).map(|(&row, nearest)| shifted(row, nearest)).collect();
        shifted.sort_by(|a, b| b.distance.total_cmp(&a.distance).then(a.row.cmp(&b.row)));
        shifted.truncate(count);
        let own = space.nearest(reference, &compared, k.max(1), true, workers, cancel)?;
        let mut own: Vec<f64> = own.iter().filter(|n| !n.is_empty()).map(|n| mean(n)).collect();
        own.sort_unstable_by(f64::total_cmp);
        for s in &mut shifted {
            let as_far = own.len() - own.partition_point(|d| *d < s.distance);
            s.rarity = (1 + as_far) as f64 / (1 + own.len()) as f64;
        }
        Ok(shifted)
    })
}

fn shifted(row: usize, nearest: Vec<(usize, f64)>) -> Shifted {
    Shifted { row, distance: mean(&nearest), rarity: 1.0, nearest }
}

fn mean(nearest: &[(usize, f64)]) -> f64 {
    nearest.iter().map(|n| n.1).sum::<f64>() / nearest.len().max(1) as f64
}

/// The reference, in tiles.
struct Space<'a> {
    side: Embeddings<'a>,
    rows: Vec<usize>,
    center: Vec<f32>,
    tiles: Vec<Tile>,
}

/// The nearest rows so far, by squared distance, then by row; the farthest last.
#[derive(Debug, Clone)]
struct Nearest {
    most: usize,
    found: Vec<(f32, usize)>,
}

impl Nearest {
    /// Rows must come in rising order.
    #[inline]
    fn offer(&mut self, square: f32, row: usize) {
        if self.found.len() == self.most && self.found.last().is_some_and(|f| square >= f.0) {
            return;
        }
        let at = self.found.partition_point(|f| f.0 <= square);
        self.found.insert(at, (square, row));
        self.found.truncate(self.most);
    }
}

impl<'a> Space<'a> {
    fn new(side: &Embeddings<'a>, rows: Vec<usize>) -> Space<'a> {
        let center = center(&[(side, &rows)]);
        let tiles = Tile::all(side, &rows, &center);
        Space { side: *side, rows, center, tiles }
    }

    /// The `k` reference rows nearest to each of the given rows; `own`: those are reference rows and no neighbours of
    /// themselves.
    fn nearest(
        &self,
        side: &Embeddings<'_>,
        rows: &[usize],
        k: usize,
        own: bool,
        workers: Workers,
        cancel: &CancelToken,
    ) -> Result<Vec<Vec<(usize, f64)>>, DriftError> {
        let chunks: Vec<&[usize]> = rows.chunks(super::tiles::TILE).collect();
        let of_chunk = |c: usize| -> Result<_, DriftError> {
            let left = Tile::new(side, 0, chunks[c], &self.center);
            let mut nearest = vec![Nearest { most: k + SPARE, found: Vec::new() }; left.rows];
            let mut squares = Vec::new();
            for right in &self.tiles {
                cancel.check()?;
                squared_distances(&left, right, side.dim, &mut squares);
                for (i, nearest) in nearest.iter_mut().enumerate() {
                    let quad = &squares[i / QUAD * QUAD * right.rows..];
                    for (j, place) in quad.as_chunks::<QUAD>().0.iter().take(right.rows).enumerate() {
                        let row = self.rows[right.from + j];
                        if !(own && row == chunks[c][i]) {
                            nearest.offer(place[i % QUAD], row);
                        }
                    }
                }
            }
            let exact = |(near, &row): (Nearest, &usize)| self.exact(near, side.row(row), k);
            Ok(nearest.into_iter().zip(chunks[c]).map(exact).collect::<Vec<_>>())
        };
        let found = workers.map(chunks.len(), of_chunk).into_iter().collect::<Result<Vec<_>, DriftError>>()?;
        Ok(found.into_iter().flatten().collect())
    }

    /// The same with distances of full precision, the `k` nearest of them.
    fn exact(&self, near: Nearest, point: &[f32], k: usize) -> Vec<(usize, f64)> {
        let distance = |(_, row): (f32, usize)| (row, squared_distance(point, self.side.row(row)).sqrt());
        let mut found: Vec<(usize, f64)> = near.found.into_iter().map(distance).collect();
        found.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
        found.truncate(k);
        found
    }
}
