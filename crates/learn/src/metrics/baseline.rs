use super::MetricError;
use driftgate_model::Target;

/// What a model has to beat: the answer that looks at no feature, learnt from the train split.
#[derive(Debug, Clone, PartialEq)]
pub enum Baseline {
    /// Always the most frequent label, with the train shares as probabilities.
    Majority {
        /// Its code.
        code: u32,
        /// Share of each label among the train rows.
        shares: Vec<f64>,
    },
    /// Always the train mean.
    Mean(f64),
}

impl Baseline {
    /// Learns it from the train split. Of equally frequent labels the first wins. An empty split is an error.
    pub fn of(train: &Target) -> Result<Self, MetricError> {
        if train.is_empty() {
            return Err(MetricError::Empty);
        }
        match train {
            Target::Values(values) => Ok(Baseline::Mean(values.iter().sum::<f64>() / values.len() as f64)),
            Target::Classes { labels, codes } => {
                let mut counts = vec![0u64; labels.len()];
                for (row, &code) in codes.iter().enumerate() {
                    let labels = labels.len();
                    *counts.get_mut(code as usize).ok_or(MetricError::LabelCode { row, code, labels })? += 1;
                }
                let mut code = 0;
                for (candidate, count) in counts.iter().enumerate() {
                    if *count > counts[code] {
                        code = candidate;
                    }
                }
                let shares = counts.iter().map(|&c| c as f64 / codes.len() as f64).collect();
                Ok(Baseline::Majority { code: code as u32, shares })
            }
        }
    }

    /// `labels` or `numbers`, for messages.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Baseline::Majority { .. } => "labels",
            Baseline::Mean(_) => "numbers",
        }
    }
}
