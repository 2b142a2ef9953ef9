use serde::{Deserialize, Serialize};

/// What a model is asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Task {
    /// One of several labels for a table row.
    Classification,
    /// A number for a table row.
    Regression,
    /// One of several labels for an image, by a convolutional network.
    ImageClassificationCnn,
}

impl Task {
    /// The name used in configs.
    pub fn as_str(self) -> &'static str {
        match self {
            Task::Classification => "classification",
            Task::Regression => "regression",
            Task::ImageClassificationCnn => "image_classification_cnn",
        }
    }

    /// Whether the answer is a label.
    pub fn is_classification(self) -> bool {
        !matches!(self, Task::Regression)
    }
}

impl std::fmt::Display for Task {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
