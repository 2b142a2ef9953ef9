//! Products of tiles of rows, and squared distances from them.
//!
//! Safe code that a compiler makes parallel; multiplications and additions stay apart and in a fixed order, so that the
//! same rows give the same bits on every machine and with any number of threads.

use super::Embeddings;

/// Rows of a tile.
pub(super) const TILE: usize = 256;
/// Rows of a left operand that are multiplied side by side.
pub(super) const QUAD: usize = 4;
/// Rows of a right operand that are multiplied side by side.
pub(super) const OCTET: usize = 8;

/// Rows of one tile, laid out for [`product`].
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tile {
    /// The first row's number on its side.
    pub(super) from: usize,
    /// Rows, at most [`TILE`].
    pub(super) rows: usize,
    quads: Vec<f32>,
    octets: Vec<f32>,
    norms: Vec<f32>,
}

impl Tile {
    /// The given rows of `side` less `center`.
    pub(super) fn new(side: &Embeddings<'_>, from: usize, rows: &[usize], center: &[f32]) -> Tile {
        let dim = side.dim;
        let mut quads = vec![0.0; rows.len().div_ceil(QUAD) * QUAD * dim];
        let mut octets = vec![0.0; rows.len().div_ceil(OCTET) * OCTET * dim];
        let mut norms = Vec::with_capacity(rows.len());
        for (i, &row) in rows.iter().enumerate() {
            let mut norm = 0.0_f64;
            let (quad, octet) = (i / QUAD * QUAD * dim + i % QUAD, i / OCTET * OCTET * dim + i % OCTET);
            for (k, (v, c)) in side.row(row).iter().zip(center).enumerate() {
                let v = v - c;
                norm += f64::from(v) * f64::from(v);
                quads[quad + k * QUAD] = v;
                octets[octet + k * OCTET] = v;
            }
            norms.push(norm as f32);
        }
        Tile { from, rows: rows.len(), quads, octets, norms }
    }

    /// The `rows` of `side`, in tiles of at most [`TILE`].
    pub(super) fn all(side: &Embeddings<'_>, rows: &[usize], center: &[f32]) -> Vec<Tile> {
        let of = |(t, rows): (usize, &[usize])| Tile::new(side, t * TILE, rows, center);
        rows.chunks(TILE).enumerate().map(of).collect()
    }
}

/// The mean of all rows of all sides, number by number.
pub(super) fn center(sides: &[(&Embeddings<'_>, &[usize])]) -> Vec<f32> {
    let mut sums = vec![0.0_f64; sides.first().map_or(0, |s| s.0.dim)];
    let mut rows = 0;
    for (side, of) in sides {
        rows += of.len();
        for &row in *of {
            sums.iter_mut().zip(side.row(row)).for_each(|(s, v)| *s += f64::from(*v));
        }
    }
    sums.iter().map(|s| (s / rows.max(1) as f64) as f32).collect()
}

/// Four rows times eight: `left` holds four numbers, `right` eight of each step.
#[inline(always)]
fn micro(left: &[f32], right: &[f32]) -> [[f32; OCTET]; QUAD] {
    let mut sums = [[0.0_f32; OCTET]; QUAD];
    for (a, b) in left.as_chunks::<QUAD>().0.iter().zip(right.as_chunks::<OCTET>().0) {
        for r in 0..QUAD {
            for c in 0..OCTET {
                sums[r][c] += a[r] * b[c];
            }
        }
    }
    sums
}

/// Products of the rows of `left` (in quads of `inner` steps) with those of `right` (in octets): `put` is told the quad,
/// the octet and their 4 × 8 sums.
pub(super) fn product(
    left: &[f32],
    right: &[f32],
    inner: usize,
    mut put: impl FnMut(usize, usize, &[[f32; OCTET]; QUAD]),
) {
    for (o, octet) in right.chunks_exact(OCTET * inner.max(1)).enumerate() {
        for (q, quad) in left.chunks_exact(QUAD * inner.max(1)).enumerate() {
            put(q, o, &micro(quad, octet));
        }
    }
}

/// Squared distances of the rows of two tiles, in `out` as a left operand of [`product`]: quad by quad, `right.rows` steps of
/// four. Rows beyond the last hold no distance. None is negative.
pub(super) fn squared_distances(left: &Tile, right: &Tile, dim: usize, out: &mut Vec<f32>) {
    let width = right.rows;
    out.clear();
    out.resize(left.rows.div_ceil(QUAD) * QUAD * width, 0.0);
    product(&left.quads, &right.octets, dim, |q, o, sums| {
        let first = o * OCTET;
        let some = OCTET.min(width.saturating_sub(first));
        let from = (q * width + first) * QUAD;
        let places = &mut out[from..from + some * QUAD];
        for (c, place) in places.as_chunks_mut::<QUAD>().0.iter_mut().enumerate() {
            for (r, v) in place.iter_mut().enumerate() {
                let norm = left.norms.get(q * QUAD + r).copied().unwrap_or(0.0);
                *v = (norm + right.norms[first + c] - 2.0 * sums[r][c]).max(0.0);
            }
        }
    });
}

/// The squared distance of two rows, summed in `f64`.
pub(super) fn squared_distance(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(x, y)| (f64::from(*x) - f64::from(*y)).powi(2)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use driftgate_determinism::Stream;

    #[test]
    fn distances_of_tiles_are_the_distances() {
        let mut stream = Stream::new(5, 0);
        for (rows, dim) in [(1, 1), (7, 3), (13, 9), (256, 2), (300, 17)] {
            let data: Vec<f32> = (0..rows * dim).map(|_| stream.uniform() as f32 * 4.0 + 10.0).collect();
            let side = Embeddings { rows, dim, data: &data };
            let all: Vec<usize> = (0..rows).collect();
            let tiles = Tile::all(&side, &all, &center(&[(&side, &all)]));
            let mut out = Vec::new();
            for (a, b) in tiles.iter().flat_map(|a| tiles.iter().map(move |b| (a, b))) {
                squared_distances(a, b, dim, &mut out);
                for (i, j) in (0..a.rows).flat_map(|i| (0..b.rows).map(move |j| (i, j))) {
                    let found = f64::from(out[(i / QUAD * b.rows + j) * QUAD + i % QUAD]);
                    let truth = squared_distance(side.row(a.from + i), side.row(b.from + j));
                    assert!((found - truth).abs() < 1e-5 * (dim as f64) * 4.0, "{rows} {dim}: {found} {truth}");
                }
            }
        }
    }
}
