//! The energy distance of all columns (Székely and Rizzo 2004).

use driftgate_determinism::Workers;

/// Labellings that are summed side by side.
pub(crate) const BLOCK: usize = 32;

/// The energy distance of one labelling, and twice its mean distance across.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Energy {
    pub(crate) distance: f64,
    pub(crate) across: f64,
}

/// Distances of all pairs: row i holds those to the rows before it.
pub(crate) struct Distances {
    rows: usize,
    below: Vec<Vec<f32>>,
    /// Each row's distances to all others.
    sums: Vec<f64>,
}

impl Distances {
    pub(crate) fn new(points: &[f32], rows: usize, cols: usize, workers: Workers) -> Self {
        let point = |i: usize| &points[i * cols..(i + 1) * cols];
        let below = workers.map(rows, |i| {
            let from = point(i);
            let distance = |j| from.iter().zip(point(j)).map(|(a, b)| (a - b) * (a - b)).sum::<f32>().sqrt();
            (0..i).map(distance).collect::<Vec<f32>>()
        });
        let mut sums = vec![0.0; rows];
        for (i, row) in below.iter().enumerate() {
            for (j, &d) in row.iter().enumerate() {
                sums[i] += f64::from(d);
                sums[j] += f64::from(d);
            }
        }
        Distances { rows, below, sums }
    }

    /// The energies of at most [`BLOCK`] labellings of the rows; `true` is the reference.
    pub(crate) fn block(&self, labellings: &[Vec<bool>]) -> Vec<Energy> {
        let mut labels = vec![[0.0_f32; BLOCK]; self.rows];
        for (b, labelling) in labellings.iter().take(BLOCK).enumerate() {
            labels.iter_mut().zip(labelling).for_each(|(l, &r)| l[b] = f32::from(u8::from(r)));
        }
        let (mut within, mut sums) = ([0.0_f64; BLOCK], [0.0_f64; BLOCK]);
        for (i, row) in self.below.iter().enumerate() {
            let mut near = [0.0_f32; BLOCK];
            for (&d, l) in row.iter().zip(&labels) {
                for b in 0..BLOCK {
                    near[b] += d * l[b];
                }
            }
            for b in 0..BLOCK {
                within[b] += f64::from(near[b] * labels[i][b]);
                sums[b] += self.sums[i] * f64::from(labels[i][b]);
            }
        }
        let n = labellings.first().map_or(0, |l| l.iter().filter(|r| **r).count());
        let (n, m) = (n as f64, (self.rows - n) as f64);
        let total = self.sums.iter().sum::<f64>() / 2.0;
        let energy = |b: usize| {
            let across = sums[b] - 2.0 * within[b];
            let rest = total - within[b] - across;
            let twice = 2.0 * across / (n * m);
            Energy { distance: twice - 2.0 * within[b] / (n * n) - 2.0 * rest / (m * m), across: twice }
        };
        (0..labellings.len().min(BLOCK)).map(energy).collect()
    }
}
