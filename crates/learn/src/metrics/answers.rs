use super::MetricError;
use driftgate_model::config::{Averaging, EvaluationConfig};
use driftgate_model::{CLASSIFICATION_METRICS, Matrix, REGRESSION_METRICS, top_k};

/// Rows are packed with two flags into 32 bits by the ranking metrics.
const MOST_ROWS: usize = (1 << 30) - 1;
/// A confusion matrix has as many cells as labels squared.
const MOST_LABELS: usize = 1_000;
/// How far a row's probabilities may sum from 1: single-precision networks miss it by about 1e-6.
const SUM_TOLERANCE: f64 = 1e-5;

/// Answers of one model on the rows of one split. Borrowed, so that candidate and champion can be compared.
#[derive(Debug, Clone, Copy)]
pub enum Answers<'a> {
    /// A classifier's.
    Classes {
        /// The label set, sorted.
        labels: &'a [String],
        /// A code into `labels` per row.
        truth: &'a [u32],
        /// Probabilities, rows x labels. The predicted label is the largest of a row, the first of equals.
        probabilities: &'a Matrix,
    },
    /// A regressor's.
    Values {
        /// The true number per row.
        truth: &'a [f64],
        /// The predicted number per row.
        predicted: &'a [f64],
    },
}

impl Answers<'_> {
    /// The number of rows.
    pub fn rows(&self) -> usize {
        match self {
            Answers::Classes { truth, .. } => truth.len(),
            Answers::Values { truth, .. } => truth.len(),
        }
    }

    /// `labels` or `numbers`, for messages.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Answers::Classes { .. } => "labels",
            Answers::Values { .. } => "numbers",
        }
    }

    /// Whether these answers have enough labels for the metric to say something: more than k for a top-k accuracy.
    pub(super) fn hold(&self, name: &str) -> bool {
        match (self, top_k(name)) {
            (Answers::Classes { labels, .. }, Some(k)) => labels.len() > k,
            _ => true,
        }
    }

    /// The metrics of the task, in the order in which scorers answer them.
    pub(super) fn names(&self) -> &'static [&'static str] {
        match self {
            Answers::Classes { .. } => &CLASSIFICATION_METRICS,
            Answers::Values { .. } => &REGRESSION_METRICS,
        }
    }

    /// The place of a metric in [`Answers::names`].
    pub(super) fn place(&self, name: &str) -> Result<usize, MetricError> {
        self.names()
            .iter()
            .position(|n| *n == name)
            .ok_or_else(|| MetricError::Unknown { name: name.to_owned(), known: self.names().join(", ") })
    }

    /// Everything that has to hold before a value is computed.
    pub(super) fn check(&self, config: &EvaluationConfig) -> Result<(), MetricError> {
        if self.rows() > MOST_ROWS {
            return Err(MetricError::TooManyRows { rows: self.rows() });
        }
        match *self {
            Answers::Classes { labels, truth, probabilities } => {
                check_config(labels, config)?;
                check_codes(truth, labels.len())?;
                check_probabilities(truth.len(), labels.len(), probabilities)
            }
            Answers::Values { truth, predicted } => {
                if predicted.len() != truth.len() {
                    let (found, expected) = (predicted.len(), truth.len());
                    return Err(MetricError::Rows { what: "the prediction", found, expected });
                }
                check_finite("the truth", truth)?;
                check_finite("the prediction", predicted)
            }
        }
    }
}

/// Whether answers of a classifier with these labels can be evaluated so: what can be told before anything is trained.
///
/// # Errors
/// No calibration bins, binary averaging of more or fewer than two labels, a positive label that is none of them, more labels
/// than 1,000: identifiers, usually.
pub fn check_config(labels: &[String], config: &EvaluationConfig) -> Result<(), MetricError> {
    if config.calibration_bins == 0 {
        return Err(MetricError::NoBins);
    }
    if labels.len() > MOST_LABELS {
        return Err(MetricError::TooManyLabels { labels: labels.len(), most: MOST_LABELS });
    }
    if config.averaging == Averaging::Binary && labels.len() != 2 {
        return Err(MetricError::BinaryAveraging { labels: labels.len() });
    }
    match &config.positive_label {
        Some(label) if !labels.contains(label) => {
            Err(MetricError::PositiveLabel { label: label.clone(), labels: labels.join(", ") })
        }
        _ => Ok(()),
    }
}

/// The code of the positive label: the configured one, else the last of the sorted labels.
pub(super) fn positive_code(labels: &[String], config: &EvaluationConfig) -> usize {
    let named = config.positive_label.as_ref().and_then(|label| labels.iter().position(|l| l == label));
    named.unwrap_or(labels.len().saturating_sub(1))
}

fn check_codes(truth: &[u32], labels: usize) -> Result<(), MetricError> {
    match truth.iter().position(|&code| code as usize >= labels) {
        Some(row) => Err(MetricError::LabelCode { row, code: truth[row], labels }),
        None => Ok(()),
    }
}

fn check_probabilities(rows: usize, labels: usize, probabilities: &Matrix) -> Result<(), MetricError> {
    if probabilities.cols() != labels {
        return Err(MetricError::Columns { columns: probabilities.cols(), labels });
    }
    if probabilities.rows() != rows {
        let found = probabilities.rows();
        return Err(MetricError::Rows { what: "the matrix of probabilities", found, expected: rows });
    }
    let mut sums = vec![0.0; rows];
    for j in 0..labels {
        for (row, (sum, &p)) in sums.iter_mut().zip(probabilities.column(j)).enumerate() {
            if !(0.0..=1.0).contains(&p) {
                return Err(MetricError::NotProbabilities { row });
            }
            *sum += p;
        }
    }
    match sums.iter().position(|sum| (sum - 1.0).abs() > SUM_TOLERANCE) {
        Some(row) => Err(MetricError::NotProbabilities { row }),
        None => Ok(()),
    }
}

fn check_finite(what: &'static str, values: &[f64]) -> Result<(), MetricError> {
    match values.iter().position(|v| !v.is_finite()) {
        Some(row) => Err(MetricError::NotFinite { what, row }),
        None => Ok(()),
    }
}

/// The predicted label code of each row: the largest probability, the first of equals (as NumPy's `argmax`).
pub fn predicted_codes(probabilities: &Matrix) -> Vec<u32> {
    let mut codes = vec![0u32; probabilities.rows()];
    if probabilities.cols() == 0 {
        return codes;
    }
    let mut best = probabilities.column(0).to_vec();
    for j in 1..probabilities.cols() {
        for ((code, best), &p) in codes.iter_mut().zip(&mut best).zip(probabilities.column(j)) {
            if p > *best {
                *best = p;
                *code = j as u32;
            }
        }
    }
    codes
}

/// How many labels of its row stand before the true one, row by row: those with a larger probability, and the first of equals,
/// so that the predicted label has none before it.
pub(super) fn true_ranks(truth: &[u32], probabilities: &Matrix) -> Vec<u32> {
    let mut ranks = vec![0u32; truth.len()];
    let own: Vec<f64> = truth.iter().enumerate().map(|(row, &t)| probabilities.get(row, t as usize)).collect();
    for j in 0..probabilities.cols() {
        let rows = truth.iter().zip(&own).zip(probabilities.column(j));
        for (rank, ((&t, &own), &p)) in ranks.iter_mut().zip(rows) {
            *rank += u32::from(p > own || p == own && (j as u32) < t);
        }
    }
    ranks
}
