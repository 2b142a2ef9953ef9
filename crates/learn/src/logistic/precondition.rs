use crate::standard::Standardised;

/// A change of variables that makes the curvature of the loss about 1 in every direction.
///
/// At the origin the Hessian of the logistic loss is weight/4 · ZᵀZ plus the penalty. With L its Cholesky factor, weights of
/// columns are v = L⁻ᵀu; correlated columns and columns of very different scales then converge alike.
pub(super) struct Preconditioner {
    /// L row by row, or its diagonal alone where the table has many columns.
    factor: Factor,
    intercept: f64,
}

enum Factor {
    Full { size: usize, rows: Vec<f64> },
    Diagonal(Vec<f64>),
}

/// With more columns than this, the factor would cost more than the iterations it saves.
const MOST_COLUMNS: usize = 512;

/// A pivot below this share of its diagonal entry is rounding: such a column depends on others.
const SMALLEST_PIVOT: f64 = 1e-9;

impl Preconditioner {
    /// For rows of weight `total` in all, and the penalty on each column's weight.
    pub(super) fn new(z: &Standardised, total: f64, penalty: &[f64]) -> Self {
        let size = penalty.len();
        let intercept = (0.25 * total).sqrt();
        // A standardised column's inner product with itself is the number of rows.
        let diagonal = |j: usize| 0.25 * total + penalty[j];
        if size > MOST_COLUMNS {
            return Preconditioner {
                factor: Factor::Diagonal((0..size).map(|j| diagonal(j).sqrt()).collect()),
                intercept,
            };
        }
        let scale = 0.25 * total / z.rows() as f64;
        let mut rows = vec![0.0; size * size];
        for i in 0..size {
            for j in 0..=i {
                let mut sum = if i == j { diagonal(i) } else { scale * dot(z.column(i), z.column(j)) };
                for k in 0..j {
                    sum -= rows[i * size + k] * rows[j * size + k];
                }
                rows[i * size + j] =
                    if i == j { sum.max(SMALLEST_PIVOT * diagonal(i)).sqrt() } else { sum / rows[j * size + j] };
            }
        }
        Preconditioner { factor: Factor::Full { size, rows }, intercept }
    }

    /// Entries of a coefficient vector with its intercept.
    pub(super) fn width(&self) -> usize {
        1 + match &self.factor {
            Factor::Full { size, .. } => *size,
            Factor::Diagonal(d) => d.len(),
        }
    }

    /// Weights and intercept, in place, from variables: L⁻ᵀu.
    pub(super) fn weights(&self, part: &mut [f64]) {
        if let Some(last) = part.last_mut() {
            *last /= self.intercept;
        }
        match &self.factor {
            Factor::Diagonal(d) => part.iter_mut().zip(d).for_each(|(u, d)| *u /= d),
            Factor::Full { size, rows } => {
                for i in (0..*size).rev() {
                    part[i] /= rows[i * size + i];
                    for j in 0..i {
                        part[j] -= rows[i * size + j] * part[i];
                    }
                }
            }
        }
    }

    /// Variables, in place, from weights and intercept: Lᵀv.
    pub(super) fn variables(&self, part: &mut [f64]) {
        if let Some(last) = part.last_mut() {
            *last *= self.intercept;
        }
        match &self.factor {
            Factor::Diagonal(d) => part.iter_mut().zip(d).for_each(|(v, d)| *v *= d),
            Factor::Full { size, rows } => {
                for j in 0..*size {
                    part[j] = (j..*size).map(|i| rows[i * size + j] * part[i]).sum();
                }
            }
        }
    }

    /// The gradient by variables, in place, from the gradient by weights and intercept: L⁻¹g.
    pub(super) fn gradient(&self, part: &mut [f64]) {
        if let Some(last) = part.last_mut() {
            *last /= self.intercept;
        }
        match &self.factor {
            Factor::Diagonal(d) => part.iter_mut().zip(d).for_each(|(g, d)| *g /= d),
            Factor::Full { size, rows } => {
                for i in 0..*size {
                    let known: f64 = (0..i).map(|j| rows[i * size + j] * part[j]).sum();
                    part[i] = (part[i] - known) / rows[i * size + i];
                }
            }
        }
    }
}

/// Inner product in four lanes, a fixed order that the processor can run side by side.
pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut lanes = [0.0; 4];
    let (a4, b4) = (a.chunks_exact(4), b.chunks_exact(4));
    let tail: f64 = a4.remainder().iter().zip(b4.remainder()).map(|(x, y)| x * y).sum();
    for (x, y) in a4.zip(b4) {
        for l in 0..4 {
            lanes[l] += x[l] * y[l];
        }
    }
    (lanes[0] + lanes[1]) + (lanes[2] + lanes[3]) + tail
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;
    use driftgate_model::Matrix;

    #[test]
    fn the_changes_of_variables_belong_together() {
        let columns = [[1.0, 2.0, 4.0, 7.0], [1.1, 2.0, 4.2, 6.9], [3.0, -1.0, 0.0, 2.0]].concat();
        let z = Standardised::new(&Matrix::from_columns(4, 3, columns).unwrap());
        let p = Preconditioner::new(&z, 4.0, &[0.1, 0.2, 0.3]);
        let (v, g) = ([0.3, -1.2, 2.0, 0.7], [1.0, 0.5, -0.25, 2.0]);
        let mut u = v;
        p.variables(&mut u);
        let mut back = u;
        p.weights(&mut back);
        assert!(back.iter().zip(v).all(|(a, b)| (a - b).abs() < 1e-12), "{back:?}");
        // A step's fall is the same in both: g·v = (L⁻¹g)·(Lᵀv).
        let mut h = g;
        p.gradient(&mut h);
        assert!((dot(&h, &u) - dot(&g, &v)).abs() < 1e-12);
    }
}
