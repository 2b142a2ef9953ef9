use crate::LearnError;

/// Where a minimisation ended.
pub(crate) struct Minimum {
    pub point: Vec<f64>,
    pub iterations: u64,
    /// Whether the gradient fell below the tolerance, or the function to within rounding of its floor.
    pub converged: bool,
}

const MEMORY: usize = 10;
const SUFFICIENT_DECREASE: f64 = 1e-4;
const CURVATURE: f64 = 0.9;
const MOST_TRIALS: usize = 60;

/// Minimises a smooth convex function by limited-memory BFGS (Nocedal and Wright, algorithm 7.5) with a bisecting search
/// for a weak Wolfe step (Lewis and Overton 2013).
///
/// `f` returns the value and writes the gradient; the search ends when the gradient's largest entry is at most
/// `tolerance`, or after `max_iter` steps.
pub(crate) fn minimise(
    start: Vec<f64>,
    tolerance: f64,
    max_iter: u64,
    mut f: impl FnMut(&[f64], &mut [f64]) -> Result<f64, LearnError>,
) -> Result<Minimum, LearnError> {
    let n = start.len();
    let mut point = start;
    let mut gradient = vec![0.0; n];
    let mut value = f(&point, &mut gradient)?;
    let mut steps: std::collections::VecDeque<(Vec<f64>, Vec<f64>, f64)> = std::collections::VecDeque::new();
    let mut trial = vec![0.0; n];
    let mut trial_gradient = vec![0.0; n];
    for iteration in 0..max_iter {
        if largest(&gradient) <= tolerance {
            return Ok(Minimum { point, iterations: iteration, converged: true });
        }
        let mut direction = descent(&gradient, &steps);
        let mut slope = dot(&gradient, &direction);
        if slope >= 0.0 || !slope.is_finite() {
            steps.clear();
            direction = gradient.iter().map(|g| -g).collect();
            slope = -dot(&gradient, &gradient);
        }
        let first = if steps.is_empty() { (1.0 / largest(&gradient)).min(1.0) } else { 1.0 };
        let (mut step, mut low, mut high) = (first, 0.0, f64::INFINITY);
        let mut found = None;
        for _ in 0..MOST_TRIALS {
            for ((t, p), d) in trial.iter_mut().zip(&point).zip(&direction) {
                *t = p + step * d;
            }
            let v = f(&trial, &mut trial_gradient)?;
            let falls = v <= value + SUFFICIENT_DECREASE * step * slope;
            if !falls {
                high = step;
            } else if dot(&trial_gradient, &direction) < CURVATURE * slope {
                low = step;
            } else {
                found = Some(v);
                break;
            }
            step = if high.is_finite() { (low + high) / 2.0 } else { 2.0 * step };
        }
        // No step falls enough: the value is at its floor as far as rounding lets one see.
        let Some(v) = found else {
            let floor = largest(&gradient) <= tolerance.max(1e-4) * 100.0;
            return Ok(Minimum { point, iterations: iteration, converged: floor });
        };
        let s: Vec<f64> = trial.iter().zip(&point).map(|(a, b)| a - b).collect();
        let y: Vec<f64> = trial_gradient.iter().zip(&gradient).map(|(a, b)| a - b).collect();
        let curvature = dot(&s, &y);
        if curvature > f64::EPSILON * dot(&y, &y) {
            if steps.len() == MEMORY {
                steps.pop_front();
            }
            steps.push_back((s, y, 1.0 / curvature));
        }
        std::mem::swap(&mut point, &mut trial);
        std::mem::swap(&mut gradient, &mut trial_gradient);
        value = v;
    }
    let converged = largest(&gradient) <= tolerance;
    Ok(Minimum { point, iterations: max_iter, converged })
}

/// −H·gradient, H the inverse Hessian that the last steps imply (two-loop recursion).
fn descent(gradient: &[f64], steps: &std::collections::VecDeque<(Vec<f64>, Vec<f64>, f64)>) -> Vec<f64> {
    let mut q: Vec<f64> = gradient.iter().map(|g| -g).collect();
    let mut alphas = Vec::with_capacity(steps.len());
    for (s, y, rho) in steps.iter().rev() {
        let alpha = rho * dot(s, &q);
        q.iter_mut().zip(y).for_each(|(q, y)| *q -= alpha * y);
        alphas.push(alpha);
    }
    if let Some((_, y, rho)) = steps.back() {
        let scale = 1.0 / (rho * dot(y, y));
        q.iter_mut().for_each(|q| *q *= scale);
    }
    for ((s, y, rho), alpha) in steps.iter().zip(alphas.iter().rev()) {
        let beta = rho * dot(y, &q);
        q.iter_mut().zip(s).for_each(|(q, s)| *q += (alpha - beta) * s);
    }
    q
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The largest absolute entry; NaN counts as infinite.
fn largest(v: &[f64]) -> f64 {
    v.iter().fold(0.0, |m: f64, x| if x.is_nan() { f64::INFINITY } else { m.max(x.abs()) })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;

    #[test]
    fn finds_the_floor_of_an_ill_conditioned_bowl() {
        let bowl = |x: &[f64], g: &mut [f64]| {
            let mut value = 0.0;
            for (i, (x, g)) in x.iter().zip(g).enumerate() {
                let (weight, centre) = (10f64.powi(i as i32), i as f64);
                value += weight * (x - centre).powi(4) + (x - centre).powi(2);
                *g = 4.0 * weight * (x - centre).powi(3) + 2.0 * (x - centre);
            }
            Ok(value)
        };
        let end = minimise(vec![5.0; 5], 1e-9, 500, bowl).unwrap();
        assert!(end.converged);
        for (i, x) in end.point.iter().enumerate() {
            assert!((x - i as f64).abs() < 1e-8, "{:?}", end.point);
        }
        assert!(!minimise(vec![5.0; 5], 1e-9, 2, bowl).unwrap().converged);
    }
}
