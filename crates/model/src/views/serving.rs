use crate::{ModelName, RunId, Timestamp, VersionNumber};
use serde::{Deserialize, Serialize};

/// What a living server answers with for one model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ServingLine {
    /// The server.
    pub server: RunId,
    /// Where it listens.
    pub address: String,
    /// The version it confirmed; `None` where it does not answer for the model.
    pub version: Option<VersionNumber>,
    /// Whether that is the version in Production: otherwise a swap is not confirmed.
    pub confirmed: bool,
    /// When it confirmed.
    pub at: Timestamp,
}

/// How a model does on labels that came later. Schema `driftgate/live-performance/1`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LivePerformanceView {
    /// The schema.
    pub schema: String,
    /// The model.
    pub model: ModelName,
    /// Its version.
    pub version: VersionNumber,
    /// `accuracy` or `mae`.
    pub metric: String,
    /// Rows with a label.
    pub rows: u64,
    /// The metric over them; `None` without a label.
    pub value: Option<f64>,
    /// Lower end of its interval.
    pub low: Option<f64>,
    /// Upper end.
    pub high: Option<f64>,
    /// Level of the interval.
    pub level: f64,
    /// The same metric on the model's test split.
    pub test: Option<f64>,
}
