use driftgate_model::Matrix;

/// What a model answers, one entry a row.
#[derive(Debug, Clone, PartialEq)]
pub enum Predictions {
    /// Probabilities of the labels.
    Classes {
        /// The label set, in the order of the columns.
        labels: Vec<String>,
        /// rows x labels; each row sums to 1.
        probabilities: Matrix,
    },
    /// A number for each row.
    Values(Vec<f64>),
}

impl Predictions {
    /// The most probable class code of each row, the smallest of equals; empty for values.
    pub fn codes(&self) -> Vec<u32> {
        let Predictions::Classes { probabilities, .. } = self else { return Vec::new() };
        let mut best = vec![f64::NEG_INFINITY; probabilities.rows()];
        let mut codes = vec![0; probabilities.rows()];
        for j in 0..probabilities.cols() {
            for ((best, code), &p) in best.iter_mut().zip(&mut codes).zip(probabilities.column(j)) {
                if p > *best {
                    *best = p;
                    *code = j as u32;
                }
            }
        }
        codes
    }

    /// The rows `rows`, in that order.
    pub fn take(&self, rows: &[usize]) -> Predictions {
        match self {
            Predictions::Classes { labels, probabilities } => {
                Predictions::Classes { labels: labels.clone(), probabilities: probabilities.take(rows) }
            }
            Predictions::Values(values) => Predictions::Values(rows.iter().map(|&r| values[r]).collect()),
        }
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        match self {
            Predictions::Classes { probabilities, .. } => probabilities.rows(),
            Predictions::Values(values) => values.len(),
        }
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Probabilities from raw scores by class present in training: the logistic function of one score, or softmax of several.
/// Labels absent from training get 0.
pub(crate) fn from_scores(labels: &[String], present: &[u32], mut scores: Vec<Vec<f64>>) -> Predictions {
    if let [single] = scores.as_mut_slice() {
        let positive: Vec<f64> = single.iter().map(|&s| logistic(s)).collect();
        let negative = single.iter().map(|&s| logistic(-s)).collect();
        return spread(labels, present, vec![negative, positive]);
    }
    let rows = scores.first().map_or(0, Vec::len);
    for i in 0..rows {
        let top = scores.iter().map(|s| s[i]).fold(f64::NEG_INFINITY, f64::max);
        let mut sum = 0.0;
        for s in &mut scores {
            s[i] = (s[i] - top).exp();
            sum += s[i];
        }
        scores.iter_mut().for_each(|s| s[i] /= sum);
    }
    spread(labels, present, scores)
}

/// 1 / (1 + e^−s), without overflow.
pub(crate) fn logistic(s: f64) -> f64 {
    let small = (-s.abs()).exp();
    if s >= 0.0 { 1.0 / (1.0 + small) } else { small / (1.0 + small) }
}

/// Puts one column for each present class among all labels.
pub(crate) fn spread(labels: &[String], present: &[u32], columns: Vec<Vec<f64>>) -> Predictions {
    let rows = columns.first().map_or(0, Vec::len);
    let mut data = vec![0.0; rows * labels.len()];
    for (&code, column) in present.iter().zip(&columns) {
        let from = code as usize * rows;
        data[from..from + rows].copy_from_slice(column);
    }
    let probabilities = Matrix::from_columns(rows, labels.len(), data).expect("rows x labels entries were just made");
    Predictions::Classes { labels: labels.to_vec(), probabilities }
}

/// Checks a stored label set and the codes that occurred in training.
pub(crate) fn check_classes(labels: &[String], present: &[u32]) -> Result<(), String> {
    let ascending = present.windows(2).all(|w| w[0] < w[1]);
    let known = present.last().is_some_and(|&c| (c as usize) < labels.len());
    if present.len() < 2 || !ascending || !known {
        return Err("a classifier needs at least two of its labels, in order".into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;

    #[test]
    fn ties_go_to_the_smallest_code() {
        let probabilities = Matrix::from_columns(2, 3, vec![0.4, 0.1, 0.4, 0.45, 0.2, 0.45]).unwrap();
        let labels = ["a", "b", "c"].map(String::from).to_vec();
        let p = Predictions::Classes { labels, probabilities };
        assert_eq!(p.codes(), [0, 1]);
        assert_eq!(p.len(), 2);
    }
}
