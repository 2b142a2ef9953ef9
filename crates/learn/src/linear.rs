//! Least squares and ridge regression, solved by linfa on standardised columns.

use crate::standard::Standardised;
use crate::{FitContext, Fitted, LearnError, Model, Predictions};
use driftgate_model::Matrix;
use driftgate_model::config::LinearParams;
use linfa::DatasetBase;
use linfa::traits::Fit;
use linfa_linear::LinearRegression;
use ndarray::{Array1, Array2, ShapeBuilder};
use serde::{Deserialize, Serialize};

/// A linear model of a number: intercept + coefficients · row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "LinearTables")]
pub struct Linear {
    coefficients: Vec<f64>,
    intercept: f64,
}

/// What is stored of a [`Linear`], before it is checked.
#[derive(Deserialize)]
struct LinearTables {
    coefficients: Vec<f64>,
    intercept: f64,
}

impl TryFrom<LinearTables> for Linear {
    type Error = String;

    fn try_from(tables: LinearTables) -> Result<Self, String> {
        let LinearTables { coefficients, intercept } = tables;
        if coefficients.is_empty() || !coefficients.iter().chain([&intercept]).all(|v| v.is_finite()) {
            return Err("a linear model needs finite coefficients".into());
        }
        Ok(Linear { coefficients, intercept })
    }
}

impl Linear {
    /// One coefficient a column, in the columns' own units.
    pub fn coefficients(&self) -> &[f64] {
        &self.coefficients
    }

    /// The answer where every column is 0.
    pub fn intercept(&self) -> f64 {
        self.intercept
    }

    pub(crate) fn predict(&self, x: &Matrix) -> Predictions {
        Predictions::Values(combine(x, &self.coefficients, self.intercept))
    }
}

/// intercept + x · coefficients for each row.
pub(crate) fn combine(x: &Matrix, coefficients: &[f64], intercept: f64) -> Vec<f64> {
    let mut out = vec![intercept; x.rows()];
    for (j, &c) in coefficients.iter().enumerate() {
        for (o, &v) in out.iter_mut().zip(x.column(j)) {
            *o += c * v;
        }
    }
    out
}

/// A column whose part outside the span of the others is smaller than this share of it counts as their combination.
const DEPENDENT: f64 = 1e-10;

pub(crate) fn fit(params: &LinearParams, x: &Matrix, y: &[f64], ctx: &FitContext) -> Result<Fitted, LearnError> {
    if !(params.alpha >= 0.0 && params.alpha.is_finite()) {
        let value = params.alpha.to_string();
        return Err(LearnError::Parameter { name: "alpha", value, rule: "a number of at least 0" });
    }
    let z = Standardised::new(x);
    let mean = y.iter().sum::<f64>() / y.len() as f64;
    let centred: Vec<f64> = y.iter().map(|v| v - mean).collect();
    let mut notes = Vec::new();
    let weights = if z.columns.is_empty() {
        Vec::new()
    } else if params.alpha > 0.0 {
        ridge(&z, &centred, params.alpha, ctx)?
    } else {
        least_squares(&z, &centred, ctx, &mut notes)?
    };
    let mut coefficients = vec![0.0; x.cols()];
    for ((&j, w), s) in z.columns.iter().zip(weights).zip(&z.scales) {
        coefficients[j] = w / s;
    }
    let intercept = mean - z.columns.iter().zip(&z.means).map(|(&j, m)| coefficients[j] * m).sum::<f64>();
    if !coefficients.iter().chain([&intercept]).all(|v| v.is_finite()) {
        return Err(LearnError::Numerical {
            algorithm: "linear_regression",
            reason: "a coefficient is beyond the largest number".into(),
        });
    }
    let mut fitted = Fitted::plain(Model::Linear(Linear { coefficients, intercept }));
    fitted.notes = notes;
    Ok(fitted)
}

/// Least squares on the standardised columns. Where columns depend on each other, the shortest of the equally good
/// coefficient vectors (in the columns' own units, as LAPACK's `gelsd` and therefore scikit-learn choose it).
fn least_squares(
    z: &Standardised,
    y: &[f64],
    ctx: &FitContext,
    notes: &mut Vec<String>,
) -> Result<Vec<f64>, LearnError> {
    let basis = Basis::of(z, ctx)?;
    let n = y.len();
    let mut design = Vec::with_capacity(n * basis.columns.len());
    for &c in &basis.columns {
        design.extend_from_slice(z.column(c));
    }
    let some = solve(n, basis.columns.len(), design, y.to_vec())?;
    let mut weights = vec![0.0; z.columns.len()];
    for (&c, w) in basis.columns.iter().zip(some) {
        weights[c] = w;
    }
    let dependent = z.columns.len() - basis.columns.len();
    if dependent > 0 {
        notes.push(format!(
            "{dependent} of {} columns are linear combinations of others: of all equally good coefficients the shortest were chosen",
            z.columns.len()
        ));
        basis.shorten(z, &mut weights);
    }
    Ok(weights)
}

/// Ridge as least squares on a longer table: below row n, one row a column pulls that column's coefficient towards 0.
fn ridge(z: &Standardised, y: &[f64], alpha: f64, ctx: &FitContext) -> Result<Vec<f64>, LearnError> {
    let (n, p) = (y.len(), z.columns.len());
    ctx.cancel.check()?;
    if p > n {
        return ridge_of_wide(z, y, alpha);
    }
    let rows = n + p;
    let mut design = vec![0.0; rows * p];
    for c in 0..p {
        let column = &mut design[c * rows..(c + 1) * rows];
        column[..n].copy_from_slice(z.column(c));
        // The penalty is on the coefficient in the column's own units: weight / scale.
        column[n + c] = alpha.sqrt() / z.scales[c];
    }
    let mut target = y.to_vec();
    target.resize(rows, 0.0);
    solve(rows, p, design, target)
}

/// Ridge with more columns than rows, through the rows' inner products: w = Xᵀ (X Xᵀ + αI)⁻¹ y.
fn ridge_of_wide(z: &Standardised, y: &[f64], alpha: f64) -> Result<Vec<f64>, LearnError> {
    let n = y.len();
    let mut gram = vec![0.0; n * n];
    for (c, s) in z.scales.iter().enumerate() {
        let column = z.column(c);
        for i in 0..n {
            let a = column[i] * s * s;
            for (g, b) in gram[i * n..(i + 1) * n].iter_mut().zip(column) {
                *g += a * b;
            }
        }
    }
    for i in 0..n {
        gram[i * n + i] += alpha;
    }
    let dual = solve(n, n, gram, y.to_vec())?;
    let dot = |c: usize| z.column(c).iter().zip(&dual).map(|(a, b)| a * b).sum::<f64>();
    // Coefficient in own units = scale · dot; the caller divides by the scale once more.
    Ok((0..z.columns.len()).map(|c| dot(c) * z.scales[c] * z.scales[c]).collect())
}

/// linfa's least squares without intercept; `design` is column-major, rows x columns, and of full rank.
fn solve(rows: usize, columns: usize, design: Vec<f64>, target: Vec<f64>) -> Result<Vec<f64>, LearnError> {
    let numerical = |reason: String| LearnError::Numerical { algorithm: "linear_regression", reason };
    let records = Array2::from_shape_vec((rows, columns).f(), design)
        .map_err(|e| numerical(format!("table of wrong shape, {e}")))?;
    let dataset = DatasetBase::new(records, Array1::from_vec(target));
    let fitted = LinearRegression::new().with_intercept(false).fit(&dataset).map_err(|e| numerical(e.to_string()))?;
    Ok(fitted.params().to_vec())
}

/// Columns that span all columns, found by Gram-Schmidt with pivoting (Golub and Van Loan, section 5.4).
struct Basis {
    /// The chosen columns of the standardised table, in the order chosen.
    columns: Vec<usize>,
    /// For each chosen column's direction, its inner product with every column.
    products: Vec<Vec<f64>>,
}

impl Basis {
    fn of(z: &Standardised, ctx: &FitContext) -> Result<Self, LearnError> {
        let p = z.columns.len();
        let mut rest: Vec<Vec<f64>> = (0..p).map(|c| z.column(c).to_vec()).collect();
        let norm = |v: &[f64]| v.iter().map(|a| a * a).sum::<f64>().sqrt();
        let full: Vec<f64> = rest.iter().map(|v| norm(v)).collect();
        let mut left: Vec<f64> = full.clone();
        let mut chosen = vec![false; p];
        let mut basis = Basis { columns: Vec::new(), products: Vec::new() };
        loop {
            ctx.cancel.check()?;
            let mut pivot: Option<usize> = None;
            for c in (0..p).filter(|&c| !chosen[c] && left[c] > DEPENDENT * full[c]) {
                if pivot.is_none_or(|b| left[c] / full[c] > left[b] / full[b]) {
                    pivot = Some(c);
                }
            }
            let Some(pivot) = pivot else { return Ok(basis) };
            let direction: Vec<f64> = rest[pivot].iter().map(|v| v / left[pivot]).collect();
            chosen[pivot] = true;
            let mut products = vec![0.0; p];
            products[pivot] = left[pivot];
            for c in (0..p).filter(|&c| !chosen[c]) {
                // Twice: once leaves a rounding error that a small remainder would amplify.
                for _ in 0..2 {
                    let along: f64 = rest[c].iter().zip(&direction).map(|(a, b)| a * b).sum();
                    rest[c].iter_mut().zip(&direction).for_each(|(a, b)| *a -= along * b);
                    products[c] += along;
                }
                left[c] = norm(&rest[c]);
            }
            basis.columns.push(pivot);
            basis.products.push(products);
        }
    }

    /// Replaces `weights` by the shortest coefficients (in the columns' own units) with the same predictions: their
    /// projection on the space of the rows.
    fn shorten(&self, z: &Standardised, weights: &mut [f64]) {
        let mut axes: Vec<Vec<f64>> = Vec::new();
        for products in &self.products {
            let mut axis: Vec<f64> = products.iter().zip(&z.scales).map(|(r, s)| r * s).collect();
            for _ in 0..2 {
                for other in &axes {
                    let along: f64 = axis.iter().zip(other).map(|(a, b)| a * b).sum();
                    axis.iter_mut().zip(other).for_each(|(a, b)| *a -= along * b);
                }
            }
            let norm = axis.iter().map(|a| a * a).sum::<f64>().sqrt();
            if norm > 0.0 {
                axis.iter_mut().for_each(|a| *a /= norm);
                axes.push(axis);
            }
        }
        let own: Vec<f64> = weights.iter().zip(&z.scales).map(|(w, s)| w / s).collect();
        let mut short = vec![0.0; own.len()];
        for axis in &axes {
            let along: f64 = own.iter().zip(axis).map(|(a, b)| a * b).sum();
            short.iter_mut().zip(axis).for_each(|(o, a)| *o += along * a);
        }
        for ((w, v), s) in weights.iter_mut().zip(short).zip(&z.scales) {
            *w = v * s;
        }
    }
}
