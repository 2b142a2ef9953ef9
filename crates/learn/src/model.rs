use crate::{Boosting, Forest, LearnError, Linear, Logistic, Predictions, codec, fit};
use driftgate_model::Matrix;
use serde::{Deserialize, Serialize};

/// A fitted model. Reading one checks all that prediction relies on.
///
/// It is kept as the bytes of [`Model::to_bytes`]. JSON does not hold every model: a threshold of boosting may be infinite.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Model {
    /// A random forest.
    Forest(Forest),
    /// Histogram gradient boosting.
    Boosting(Boosting),
    /// Logistic regression.
    Logistic(Logistic),
    /// Linear regression.
    Linear(Linear),
}

impl Model {
    /// The answer for each row of `x`.
    ///
    /// Errors: another number of columns than in training, infinite values, missing values where the model takes none.
    pub fn predict(&self, x: &Matrix) -> Result<Predictions, LearnError> {
        if x.cols() != self.features() {
            return Err(LearnError::ColumnCount { expected: self.features(), found: x.cols() });
        }
        fit::check_infinite(x)?;
        if !self.accepts_missing() {
            fit::check_missing(self.algorithm(), x)?;
        }
        Ok(match self {
            Model::Forest(m) => m.predict(x),
            Model::Boosting(m) => m.predict(x),
            Model::Logistic(m) => m.predict(x),
            Model::Linear(m) => m.predict(x),
        })
    }

    /// The model in Driftgate's own format: see `from_bytes`. Equal models have equal bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        codec::to_bytes(self)
    }

    /// Reads what `to_bytes` wrote. Numbers survive exactly.
    ///
    /// Errors: bytes that are cut, altered or of another kind, tables that do not fit together, a newer format.
    pub fn from_bytes(bytes: &[u8]) -> Result<Model, LearnError> {
        codec::from_bytes(bytes)
    }

    /// The name of the estimator in configs.
    pub fn algorithm(&self) -> &'static str {
        match self {
            Model::Forest(_) => "random_forest",
            Model::Boosting(_) => "gradient_boosting",
            Model::Logistic(_) => "logistic_regression",
            Model::Linear(_) => "linear_regression",
        }
    }

    /// The number of columns that `predict` takes.
    pub fn features(&self) -> usize {
        match self {
            Model::Forest(m) => m.features(),
            Model::Boosting(m) => m.features(),
            Model::Logistic(m) => m.features(),
            Model::Linear(m) => m.coefficients().len(),
        }
    }

    /// Whether NaN is a value that `predict` takes.
    pub fn accepts_missing(&self) -> bool {
        matches!(self, Model::Boosting(_))
    }

    /// The label set of a classifier; empty for values.
    pub fn labels(&self) -> &[String] {
        match self {
            Model::Forest(m) => m.labels(),
            Model::Boosting(m) => m.labels(),
            Model::Logistic(m) => m.labels(),
            Model::Linear(_) => &[],
        }
    }

    /// One line for a person, such as `100 trees, depth up to 8`.
    pub fn summary(&self) -> String {
        match self {
            Model::Forest(m) => format!("{}, depth up to {}", counted(m.trees(), "tree"), m.depth()),
            Model::Boosting(m) => {
                let each =
                    if m.outputs() > 1 { format!(" of {}", counted(m.outputs(), "tree")) } else { String::new() };
                format!("{}{each}, depth up to {}", counted(m.iterations(), "iteration"), m.depth())
            }
            Model::Logistic(m) => {
                format!("{}, {}", counted(m.labels().len(), "class"), counted(m.features(), "coefficient"))
            }
            Model::Linear(m) => counted(m.coefficients().len(), "coefficient"),
        }
    }
}

fn counted(n: usize, what: &str) -> String {
    match (n, what) {
        (1, _) => format!("1 {what}"),
        (_, "class") => format!("{n} classes"),
        _ => format!("{n} {what}s"),
    }
}
