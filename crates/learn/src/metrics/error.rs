use driftgate_model::{Cancelled, Code, Coded};

/// Why metrics could not be computed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum MetricError {
    /// Two arrays that describe the same rows have different lengths.
    #[error("{what} has {found} rows where the truth has {expected}")]
    Rows {
        /// The array.
        what: &'static str,
        /// Its rows.
        found: usize,
        /// The rows of the truth.
        expected: usize,
    },
    /// The probabilities have not one column a label.
    #[error("the probabilities have {columns} columns for {labels} labels")]
    Columns {
        /// Columns of the matrix.
        columns: usize,
        /// Labels.
        labels: usize,
    },
    /// A code of the truth, or of the baseline, names no label.
    #[error("row {row} has the label code {code} where there are {labels} labels")]
    LabelCode {
        /// The row, from 0.
        row: usize,
        /// The code.
        code: u32,
        /// Labels.
        labels: usize,
    },
    /// A row's probabilities are not finite, not within 0 and 1, or do not sum to 1 within 1e-5.
    #[error("the probabilities of row {row} are not a distribution over the labels")]
    NotProbabilities {
        /// The row, from 0.
        row: usize,
    },
    /// A value is NaN or infinite.
    #[error("{what} is not a finite number in row {row}")]
    NotFinite {
        /// `the truth` or `the prediction`.
        what: &'static str,
        /// The row, from 0.
        row: usize,
    },
    /// More rows than counts of resamples can hold exactly.
    #[error("{rows} rows are more than the 1,073,741,823 that metrics can count")]
    TooManyRows {
        /// The rows.
        rows: usize,
    },
    /// No metric of the task has that name.
    #[error("`{name}` is not a metric of this task")]
    Unknown {
        /// The name.
        name: String,
        /// The names there are, with commas.
        known: String,
    },
    /// The positive label is not in the label set.
    #[error("the positive label `{label}` is not one of the labels {labels}")]
    PositiveLabel {
        /// The label.
        label: String,
        /// The label set, with commas.
        labels: String,
    },
    /// Binary averaging was asked for where there are not two labels.
    #[error("averaging `binary` needs two labels, there are {labels}")]
    BinaryAveraging {
        /// Labels.
        labels: usize,
    },
    /// A level or a confidence is not between 0 and 1.
    #[error("the {what} of intervals is {value}, it has to lie between 0 and 1")]
    Level {
        /// `level` or `confidence`.
        what: &'static str,
        /// What was given.
        value: f64,
    },
    /// More labels than a confusion matrix of use can have.
    #[error("the target has {labels} labels, and classification takes at most {most}")]
    TooManyLabels {
        /// Labels.
        labels: usize,
        /// The most there may be.
        most: usize,
    },
    /// The calibration curve was asked to have no bin.
    #[error("the calibration curve needs at least one bin")]
    NoBins,
    /// A model that learnt to answer one task was compared with answers of the other.
    #[error("{what} answers with {found}, the evaluated model with {expected}")]
    Kind {
        /// `the baseline` or `Production`.
        what: &'static str,
        /// `labels` or `numbers`.
        found: &'static str,
        /// `labels` or `numbers`.
        expected: &'static str,
    },
    /// Two models were not asked about the same rows or labels.
    #[error("candidate and Production were not evaluated on the same {what}")]
    NotPaired {
        /// `rows` or `labels`.
        what: &'static str,
    },
    /// Group fairness was asked of a model that answers with numbers.
    #[error("group fairness is about models that answer with labels")]
    NotLabels,
    /// Group fairness of more or fewer than two labels needs to know which one is favourable.
    #[error("group fairness needs a positive label where there are {labels} labels")]
    NeedsPositiveLabel {
        /// Labels.
        labels: usize,
    },
    /// A code of the group column names no group.
    #[error("row {row} has the group code {code} where there are {groups} groups")]
    GroupCode {
        /// The row, from 0.
        row: usize,
        /// The code.
        code: u32,
        /// Groups.
        groups: usize,
    },
    /// A baseline was asked of no rows.
    #[error("there are no rows to learn the baseline from")]
    Empty,
    /// The work was asked to stop.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

impl Coded for MetricError {
    fn code(&self) -> Code {
        match self {
            MetricError::Unknown { .. }
            | MetricError::PositiveLabel { .. }
            | MetricError::BinaryAveraging { .. }
            | MetricError::Level { .. }
            | MetricError::NotLabels
            | MetricError::NeedsPositiveLabel { .. }
            | MetricError::NoBins => Code::BadInput,
            MetricError::TooManyLabels { .. } | MetricError::TooManyRows { .. } | MetricError::Empty => Code::BadData,
            MetricError::Cancelled(_) => Code::Cancelled,
            MetricError::Rows { .. }
            | MetricError::Columns { .. }
            | MetricError::LabelCode { .. }
            | MetricError::NotProbabilities { .. }
            | MetricError::NotFinite { .. }
            | MetricError::GroupCode { .. }
            | MetricError::Kind { .. }
            | MetricError::NotPaired { .. } => Code::Internal,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            MetricError::Unknown { known, .. } => Some(format!("Use one of {known}")),
            MetricError::PositiveLabel { .. } => Some(
                "Set `evaluation.positive_label` to one of the labels, or leave it out for the last one".to_owned(),
            ),
            MetricError::TooManyLabels { .. } => Some(
                "Choose another target, gather rare labels under one, or take regression where the labels are numbers"
                    .to_owned(),
            ),
            MetricError::NotLabels => Some("Ask it of a classification model".to_owned()),
            MetricError::NeedsPositiveLabel { .. } => {
                Some("Set `evaluation.positive_label` to the favourable label".to_owned())
            }
            MetricError::BinaryAveraging { .. } => {
                Some("Set `evaluation.averaging` to `weighted` or `macro`".to_owned())
            }
            MetricError::Level { .. } => Some("Use a number such as 0.95".to_owned()),
            MetricError::NoBins => Some("Set `evaluation.calibration_bins` to 1 or more".to_owned()),
            _ => None,
        }
    }
}
