//! What the model reaches on a batch: measured where there are labels, estimated where there are none.

use crate::decide::decide;
use crate::error::DriftError;
use crate::proportion;
use crate::result::{Found, PERFORMANCE, untested};
use crate::special::{normal_sf, normal_two_sided};
use driftgate_model::{ConfidenceCalibration, DriftTestResult, EstimatedPerformance, Interval, ReferencePerformance};
use statrs::distribution::{ContinuousCDF, StudentsT};

/// Below this p-value of its check, a calibration says nothing.
pub const CHECK_LEVEL: f64 = 0.01;
/// Fewer rows than these, in the batch or behind the calibration's check, say nothing.
pub const FEWEST_ROWS: u64 = 30;

/// What the model reached on a labelled batch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BatchPerformance {
    /// Rows with a label.
    pub rows: u64,
    /// Accuracy, or mean absolute error.
    pub value: f64,
    /// Standard deviation of the rows' terms (0/1 hits, absolute errors).
    pub sd: f64,
}

/// Whether the model became worse: the loss (accuracy lost, error gained), positive where worse, and its interval.
///
/// `accuracy`: two proportions, Newcombe's interval. `mae`: Welch's test (1947) and interval. The verdict is final: drifted
/// only where the interval of the loss lies above `min` and p is at most `alpha`; stable also where the model became better.
pub fn performance(
    reference: &ReferencePerformance,
    batch: BatchPerformance,
    min: f64,
    alpha: f64,
    level: f64,
) -> DriftTestResult {
    let accuracy = reference.metric == "accuracy";
    let effect_name = if accuracy { "accuracy lost" } else { "mean absolute error gained" };
    if reference.rows < 2 || batch.rows < 2 || !(reference.value.is_finite() && batch.value.is_finite()) {
        let note = format!("{} reference rows and {} labelled rows are too few", reference.rows, batch.rows);
        return untested(PERFORMANCE, effect_name, min, note);
    }
    let found = if accuracy { shares(reference, batch, level) } else { welch(reference, batch, level) };
    let Some((statistic, p_value, method, interval)) = found else {
        return untested(PERFORMANCE, effect_name, min, "every row has the same error: nothing varies".into());
    };
    let loss = if accuracy { reference.value - batch.value } else { batch.value - reference.value };
    let found = Found {
        test: PERFORMANCE,
        method,
        statistic,
        p_value,
        effect_name,
        effect: loss,
        interval: Some(interval),
        min_effect: min,
        notes: Vec::new(),
    };
    let mut result = found.result(level);
    result.adjusted_p = result.p_value;
    result.verdict = decide(result.adjusted_p, alpha, result.interval, min);
    result
}

type Compared = (f64, f64, &'static str, Interval);

fn shares(reference: &ReferencePerformance, batch: BatchPerformance, level: f64) -> Option<Compared> {
    let wrong = |value: f64, rows: u64| ((1.0 - value).clamp(0.0, 1.0) * rows as f64).round() as u64;
    let (a, b) = (wrong(reference.value, reference.rows), wrong(batch.value, batch.rows));
    let test = proportion::test(a, reference.rows, b, batch.rows, proportion::Side::Two)?;
    let shares = ((1.0 - reference.value, reference.rows), (1.0 - batch.value, batch.rows));
    Some((test.statistic, test.p_value, test.method, proportion::interval_of_shares(shares.0, shares.1, level)?))
}

fn welch(reference: &ReferencePerformance, batch: BatchPerformance, level: f64) -> Option<Compared> {
    let part = |sd: f64, rows: u64| sd * sd / rows as f64;
    let (r, b) = (part(reference.sd, reference.rows), part(batch.sd, batch.rows));
    let error = (r + b).sqrt();
    if !(error.is_finite() && error > 0.0) {
        return None;
    }
    let df = (r + b) * (r + b) / (r * r / (reference.rows - 1) as f64 + b * b / (batch.rows - 1) as f64);
    let t = (batch.value - reference.value) / error;
    let student = StudentsT::new(0.0, 1.0, df).ok()?;
    let half = student.inverse_cdf((1.0 + level) / 2.0) * error;
    let loss = batch.value - reference.value;
    Some((t, 2.0 * student.sf(t.abs()), "welch", Interval { low: loss - half, high: loss + half }))
}

/// How stated confidence maps to the chance of being right: fitted on validation, checked on test.
///
/// Platt (1999): two parameters on the logit of the confidence, smoothed targets, by Newton's method with a small ridge. The
/// check is Spiegelhalter's z (1986) on the test rows.
///
/// # Errors
/// [`DriftError::LengthMismatch`] where confidences and hits are not of the same rows.
pub fn fit_calibration(
    validation: (&[f64], &[bool]),
    test: (&[f64], &[bool]),
) -> Result<ConfidenceCalibration, DriftError> {
    for (what, (confidences, hits)) in
        [("validation confidences and hits", validation), ("test confidences and hits", test)]
    {
        if confidences.len() != hits.len() {
            return Err(DriftError::LengthMismatch { what, left: confidences.len(), right: hits.len() });
        }
    }
    let (intercept, slope) = platt(validation.0, validation.1);
    let mut calibration = ConfidenceCalibration {
        intercept,
        slope,
        rows: validation.0.len() as u64,
        check_rows: test.0.len() as u64,
        check_z: 0.0,
        check_p: 1.0,
    };
    let (mut sum, mut variance) = (0.0, 0.0);
    for (&c, &hit) in test.0.iter().zip(test.1) {
        let p = chance(c, &calibration);
        sum += (f64::from(u8::from(hit)) - p) * (1.0 - 2.0 * p);
        variance += (1.0 - 2.0 * p) * (1.0 - 2.0 * p) * p * (1.0 - p);
    }
    if variance > 0.0 {
        calibration.check_z = sum / variance.sqrt();
        calibration.check_p = (2.0 * normal_sf(calibration.check_z.abs())).min(1.0);
    }
    Ok(calibration)
}

/// The calibrated chance of being right at a stated confidence.
pub fn chance(confidence: f64, calibration: &ConfidenceCalibration) -> f64 {
    sigmoid(calibration.intercept + calibration.slope * logit(confidence))
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// Confidences of 0 and 1 are taken a millionth inside; a missing one is one half.
fn logit(confidence: f64) -> f64 {
    let c = if confidence.is_nan() { 0.5 } else { confidence.clamp(1e-6, 1.0 - 1e-6) };
    (c / (1.0 - c)).ln()
}

fn platt(confidences: &[f64], hits: &[bool]) -> (f64, f64) {
    const RIDGE: f64 = 1e-3;
    let right = hits.iter().filter(|h| **h).count() as f64;
    let wrong = hits.len() as f64 - right;
    let (up, down) = ((right + 1.0) / (right + 2.0), 1.0 / (wrong + 2.0));
    let x: Vec<f64> = confidences.iter().map(|&c| logit(c)).collect();
    let target = |hit: bool| if hit { up } else { down };
    // The ridge pulls towards the identity: intercept 0, slope 1.
    let loss = |a: f64, s: f64| {
        let rows = x.iter().zip(hits).map(|(&x, &h)| {
            let eta = a + s * x;
            eta.max(0.0) + (-eta.abs()).exp().ln_1p() - target(h) * eta
        });
        rows.sum::<f64>() + 0.5 * RIDGE * (a * a + (s - 1.0) * (s - 1.0))
    };
    let (mut a, mut s) = (0.0, 1.0);
    let mut best = loss(a, s);
    for _ in 0..50 {
        let (mut g0, mut g1) = (RIDGE * a, RIDGE * (s - 1.0));
        let (mut h00, mut h01, mut h11) = (RIDGE, 0.0, RIDGE);
        for (&x, &h) in x.iter().zip(hits) {
            let p = sigmoid(a + s * x);
            let (d, w) = (p - target(h), p * (1.0 - p));
            (g0, g1) = (g0 + d, g1 + d * x);
            (h00, h01, h11) = (h00 + w, h01 + w * x, h11 + w * x * x);
        }
        let determinant = h00 * h11 - h01 * h01;
        let (da, ds) = ((h11 * g0 - h01 * g1) / determinant, (h00 * g1 - h01 * g0) / determinant);
        let mut step = 1.0;
        let mut next = loss(a - da, s - ds);
        while (next.is_nan() || next > best) && step > 1e-8 {
            step *= 0.5;
            next = loss(a - step * da, s - step * ds);
        }
        if next.is_nan() || next >= best {
            break;
        }
        let gained = best - next;
        (a, s, best) = (a - step * da, s - step * ds, next);
        if gained < 1e-12 * (1.0 + best.abs()) {
            break;
        }
    }
    (a, s)
}

/// Accuracy of a batch without labels: the mean calibrated chance of being right (confidence-based performance estimation).
///
/// The interval is that of the batch's hits given the chances, `Σ p(1 − p)`: sampling only. `unknown` without a calibration,
/// where its check fails ([`CHECK_LEVEL`]), or with fewer than [`FEWEST_ROWS`] rows in the batch or behind the check.
pub fn estimate(
    confidences: &[f64],
    calibration: Option<&ConfidenceCalibration>,
    reference_accuracy: Option<f64>,
    level: f64,
) -> EstimatedPerformance {
    let mut out = EstimatedPerformance {
        status: "unknown".into(),
        metric: "accuracy".into(),
        value: None,
        interval: None,
        reference: reference_accuracy,
        assumption:
            "A stated confidence means the same chance of being right as on the validation split: the mix of rows \
                     may change, the relation of answer and truth may not."
                .into(),
        reason: None,
    };
    let usable: Vec<f64> = confidences.iter().copied().filter(|c| !c.is_nan()).collect();
    out.reason = match calibration {
        None => Some("the model's profile has no confidence calibration".into()),
        Some(c) if c.check_rows < FEWEST_ROWS || c.rows < FEWEST_ROWS => Some(format!(
            "the calibration was fitted on {} rows and checked on {}: at least {FEWEST_ROWS} of each are needed",
            c.rows, c.check_rows
        )),
        Some(c) if c.check_p.is_nan() || c.check_p < CHECK_LEVEL => Some(format!(
            "on the test split the chances of being right were wrong (Spiegelhalter's z {:.2}, p {:.2e})",
            c.check_z, c.check_p
        )),
        Some(_) if (usable.len() as u64) < FEWEST_ROWS => {
            Some(format!("the batch has {} rows with a confidence: at least {FEWEST_ROWS} are needed", usable.len()))
        }
        Some(c) => {
            let rows = usable.len() as f64;
            let chances = || usable.iter().map(|&v| chance(v, c));
            let value = chances().sum::<f64>() / rows;
            let half = normal_two_sided(level) * chances().map(|p| p * (1.0 - p)).sum::<f64>().sqrt() / rows;
            out.status = "estimated".into();
            out.value = Some(value);
            out.interval = Some(Interval { low: (value - half).max(0.0), high: (value + half).min(1.0) });
            None
        }
    };
    out
}
