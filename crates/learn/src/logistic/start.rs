use super::Objective;
use crate::classes::Classes;
use crate::standard::Standardised;
use crate::{FitContext, LearnError};
use driftgate_model::config::LogisticParams;
use linfa::DatasetBase;
use linfa::traits::Fit;
use linfa_logistic::LogisticRegression;
use ndarray::{Array1, Array2};

/// linfa penalises all columns alike and knows no weights, so it states our problem only where the columns already have
/// about one scale: within this factor of each other.
const ALIKE: f64 = 4.0;

/// Above this many values, linfa's passes over the table cost more than they save.
const MOST_VALUES: usize = 1 << 18;

/// linfa's solution as a point of `objective` where linfa can state the problem (two classes, no class weights, columns
/// of about one scale, as the preprocessing step leaves them) and the table is not large, else the origin.
///
/// The caller goes on from there until its own, exact criterion holds, so this decides the speed, never the answer.
pub(super) fn from_linfa(
    params: &LogisticParams,
    z: &Standardised,
    classes: &Classes,
    objective: &Objective,
    ctx: &FitContext,
) -> Result<Vec<f64>, LearnError> {
    let origin = vec![0.0; objective.len()];
    let widest = z.scales.iter().copied().fold(0.0, f64::max);
    let alike = z.scales.iter().all(|&s| s * ALIKE >= widest);
    let small = z.rows().saturating_mul(z.columns.len()) <= MOST_VALUES;
    if !small || classes.len() != 2 || params.class_weight.is_some() || z.columns.is_empty() || !alike {
        return Ok(origin);
    }
    ctx.cancel.check()?;
    let mean_square = z.scales.iter().map(|s| s * s).sum::<f64>() / z.scales.len() as f64;
    let records = Array2::from_shape_fn((z.rows(), z.columns.len()), |(i, j)| z.column(j)[i]);
    let targets = Array1::from_iter(classes.codes.iter().map(|&c| c == 1));
    let solver = LogisticRegression::default()
        .alpha(1.0 / (params.c * mean_square))
        .max_iterations(params.max_iter)
        .gradient_tolerance(1e-4);
    match solver.fit(&DatasetBase::new(records, targets)) {
        Ok(model) => {
            // linfa's positive class may be either; ours is the second.
            let sign = if model.labels().pos.class { 1.0 } else { -1.0 };
            let weights = model.params().iter().map(|w| sign * w).collect();
            let point = objective.join(std::iter::once((weights, sign * model.intercept())));
            Ok(if point.iter().all(|v| v.is_finite()) { point } else { origin })
        }
        Err(error) => {
            tracing::debug!(%error, "linfa found no start, beginning at the origin");
            Ok(origin)
        }
    }
}
