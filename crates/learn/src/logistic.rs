//! Logistic regression: two classes or more, L2 penalty, class weights.
//!
//! The minimised function is scikit-learn's: Σ weight·loss + ‖coefficients‖² / (2C), the intercepts free, the penalty on
//! coefficients in the columns' own units. Two classes share one coefficient vector; k > 2 classes have k (softmax).

use crate::classes::Classes;
use crate::lbfgs::{Minimum, minimise};
use crate::linear::combine;
use crate::standard::Standardised;
use crate::{FitContext, Fitted, LearnError, Model, Predictions, predictions};
use driftgate_determinism::Workers;
use driftgate_model::config::LogisticParams;
use driftgate_model::{Matrix, Progress};
use serde::{Deserialize, Serialize};

mod objective;
mod precondition;
mod start;

use objective::Objective;

/// A linear model of class probabilities.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "LogisticTables")]
pub struct Logistic {
    labels: Vec<String>,
    present: Vec<u32>,
    coefficients: Vec<Vec<f64>>,
    intercepts: Vec<f64>,
}

/// What is stored of a [`Logistic`], before it is checked.
#[derive(Deserialize)]
struct LogisticTables {
    labels: Vec<String>,
    present: Vec<u32>,
    coefficients: Vec<Vec<f64>>,
    intercepts: Vec<f64>,
}

impl TryFrom<LogisticTables> for Logistic {
    type Error = String;

    fn try_from(tables: LogisticTables) -> Result<Self, String> {
        let LogisticTables { labels, present, coefficients, intercepts } = tables;
        predictions::check_classes(&labels, &present)?;
        let vectors = if present.len() == 2 { 1 } else { present.len() };
        let width = coefficients.first().map_or(0, Vec::len);
        let shaped = coefficients.len() == vectors && intercepts.len() == vectors && width > 0;
        if !shaped || coefficients.iter().any(|c| c.len() != width) {
            return Err("a logistic model's tables do not fit its classes".into());
        }
        if !coefficients.iter().flatten().chain(&intercepts).all(|v| v.is_finite()) {
            return Err("a logistic model needs finite coefficients".into());
        }
        Ok(Logistic { labels, present, coefficients, intercepts })
    }
}

impl Logistic {
    /// One vector for two classes (its sign favours the second), else one a class; in the columns' own units.
    pub fn coefficients(&self) -> &[Vec<f64>] {
        &self.coefficients
    }

    /// One intercept a coefficient vector.
    pub fn intercepts(&self) -> &[f64] {
        &self.intercepts
    }

    /// The label set.
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    pub(crate) fn features(&self) -> usize {
        self.coefficients.first().map_or(0, Vec::len)
    }

    pub(crate) fn predict(&self, x: &Matrix) -> Predictions {
        let scores = self.coefficients.iter().zip(&self.intercepts).map(|(c, &b)| combine(x, c, b)).collect::<Vec<_>>();
        predictions::from_scores(&self.labels, &self.present, scores)
    }
}

/// The gradient's tolerance in units of √(sum of weights), by preconditioned variables: weights are then right to about
/// seven digits.
const TOLERANCE: f64 = 1e-8;

pub(crate) fn fit(
    params: &LogisticParams,
    x: &Matrix,
    classes: &Classes,
    ctx: &FitContext,
    workers: Workers,
) -> Result<Fitted, LearnError> {
    if !(params.c > 0.0 && params.c.is_finite()) {
        return Err(LearnError::Parameter { name: "C", value: params.c.to_string(), rule: "a number above 0" });
    }
    if params.max_iter == 0 {
        return Err(LearnError::Parameter { name: "max_iter", value: "0".into(), rule: "at least 1" });
    }
    let z = Standardised::new(x);
    let weights = classes.weights(params.class_weight);
    let objective = Objective::new(&z, classes, &weights, params.c, workers);
    let start = start::from_linfa(params, &z, classes, &objective, ctx)?;
    let tolerance = TOLERANCE * objective.total_weight().sqrt();
    let mut evaluations = 0;
    let end = minimise(start, tolerance, params.max_iter, |point, gradient| {
        ctx.cancel.check()?;
        evaluations += 1;
        ctx.observer.progress("evaluations", Progress { done: evaluations, total: 0 });
        Ok(objective.evaluate(point, gradient))
    })?;
    let model = unfold(&z, x.cols(), classes, &objective, &end)?;
    let mut fitted = Fitted::plain(Model::Logistic(model));
    if !end.converged {
        fitted.notes.push(format!(
            "logistic_regression did not converge in {} iterations: raise `max_iter`, lower `C` or scale the columns",
            end.iterations
        ));
    }
    Ok(fitted)
}

/// Coefficients in the columns' own units.
fn unfold(
    z: &Standardised,
    columns: usize,
    classes: &Classes,
    objective: &Objective,
    end: &Minimum,
) -> Result<Logistic, LearnError> {
    let mut coefficients = Vec::new();
    let mut intercepts = Vec::new();
    for (weights, intercept) in objective.split(&end.point) {
        let mut own = vec![0.0; columns];
        let mut shifted = intercept;
        for (((&j, w), s), m) in z.columns.iter().zip(weights).zip(&z.scales).zip(&z.means) {
            own[j] = w / s;
            shifted -= own[j] * m;
        }
        coefficients.push(own);
        intercepts.push(shifted);
    }
    if !coefficients.iter().flatten().chain(&intercepts).all(|v| v.is_finite()) {
        let reason = "a coefficient is beyond the largest number".into();
        return Err(LearnError::Numerical { algorithm: "logistic_regression", reason });
    }
    Ok(Logistic { labels: classes.labels.to_vec(), present: classes.present.clone(), coefficients, intercepts })
}
