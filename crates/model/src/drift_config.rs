//! How batches are compared: what `drift.yaml` says.

use crate::DriftSeverity;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A two-sample test, by its name in `drift.yaml`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DriftTest {
    /// Kolmogorov–Smirnov: the largest distance between the two distribution functions. Numeric columns.
    Ks,
    /// Pearson's χ² test of homogeneity, sparse cells merged. Categories.
    #[serde(rename = "chisquare")]
    ChiSquare,
    /// Population stability index, judged against its permutation distribution.
    Psi,
    /// Wasserstein-1 distance divided by the reference's standard deviation, judged against its permutation distribution.
    /// Numeric columns.
    Wasserstein,
    /// Jensen–Shannon distance, judged against its permutation distribution.
    #[serde(rename = "jensenshannon")]
    JensenShannon,
}

impl DriftTest {
    /// The name used in configs and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            DriftTest::Ks => "ks",
            DriftTest::ChiSquare => "chisquare",
            DriftTest::Psi => "psi",
            DriftTest::Wasserstein => "wasserstein",
            DriftTest::JensenShannon => "jensenshannon",
        }
    }

    /// What the effect is, for people.
    pub fn effect(self) -> &'static str {
        match self {
            DriftTest::Ks => "KS distance",
            DriftTest::ChiSquare => "Cohen's w",
            DriftTest::Psi => "PSI",
            DriftTest::Wasserstein => "Wasserstein distance / reference SD",
            DriftTest::JensenShannon => "Jensen-Shannon distance",
        }
    }
}

/// How p-values of many columns are adjusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Correction {
    /// Benjamini and Hochberg (1995): the expected share of false alarms among the alarms.
    BenjaminiHochberg,
    /// Holm (1979): the probability of any false alarm.
    Holm,
    /// Bonferroni: the same, more strictly.
    Bonferroni,
    /// None: every column for itself.
    None,
}

impl Correction {
    /// The name used in configs and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Correction::BenjaminiHochberg => "benjamini_hochberg",
            Correction::Holm => "holm",
            Correction::Bonferroni => "bonferroni",
            Correction::None => "none",
        }
    }
}

/// Which rule makes verdicts and severities.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SeverityRule {
    /// Driftgate's: effect sizes with intervals.
    Effect,
    /// The Python reference's: score against threshold, then the share of drifted columns.
    Reference,
}

/// How batches are checked. The reference's `drift.yaml`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DriftConfig {
    /// The test of numeric columns.
    pub numerical: DriftTest,
    /// The test of categorical columns.
    pub categorical: DriftTest,
    /// The level α of adjusted p-values of numeric columns; with [`SeverityRule::Reference`], the reference's threshold.
    pub threshold_numerical: f64,
    /// The same for categorical columns.
    pub threshold_categorical: f64,
    /// Adjustment for many columns.
    pub correction: Correction,
    /// The smallest effects that matter.
    pub effect: EffectConfig,
    /// The test of all columns together.
    pub global: GlobalConfig,
    /// Verdicts and severities.
    pub severity: SeverityConfig,
    /// When a batch is too small, and what a check ends with.
    pub monitoring: MonitoringConfig,
    /// Permutations behind the thresholds of distances.
    pub permutations: u32,
    /// Seed of permutations, resamples and samples.
    pub seed: u64,
    /// How batches of pictures are compared; `None` means the defaults.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<crate::ImageDriftConfig>,
}

/// The smallest effects that matter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EffectConfig {
    /// Level of the effects' intervals, such as 0.95.
    pub level: f64,
    /// By test.
    pub min: EffectMinima,
    /// Of single columns, whatever the test.
    pub columns: BTreeMap<String, f64>,
}

/// The smallest effect that matters, by test.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EffectMinima {
    /// KS distance.
    pub ks: f64,
    /// Cohen's w.
    pub chisquare: f64,
    /// PSI.
    pub psi: f64,
    /// Wasserstein distance in reference standard deviations.
    pub wasserstein: f64,
    /// Jensen–Shannon distance, natural logarithm.
    pub jensenshannon: f64,
    /// Difference in the share of missing values.
    pub missing: f64,
    /// Difference in the share of rows whose category the reference has not.
    pub new_category: f64,
    /// Accuracy lost; for regression, mean absolute error gained as a share of the reference's.
    pub performance: f64,
}

impl EffectMinima {
    /// The smallest effect of that test that matters.
    pub fn of(&self, test: DriftTest) -> f64 {
        match test {
            DriftTest::Ks => self.ks,
            DriftTest::ChiSquare => self.chisquare,
            DriftTest::Psi => self.psi,
            DriftTest::Wasserstein => self.wasserstein,
            DriftTest::JensenShannon => self.jensenshannon,
        }
    }
}

/// The test of all columns together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GlobalConfig {
    /// Whether it is made.
    pub enabled: bool,
    /// Most rows of either side that it looks at.
    pub sample: u32,
    /// Permutations.
    pub permutations: u32,
    /// The level of its p-value.
    pub alpha: f64,
}

/// Verdicts and severities.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SeverityConfig {
    /// Which rule.
    pub rule: SeverityRule,
    /// Share of drifted columns up to which the reference says low.
    pub low_max: f64,
    /// Share of drifted columns up to which the reference says medium.
    pub medium_max: f64,
    /// The reference's score below which a drifted column is high.
    pub high_below: f64,
    /// The reference's score below which a drifted column is medium.
    pub medium_below: f64,
    /// Share of drifted columns from which the reference says that the batch drifted.
    pub drift_share: f64,
    /// A drifted column is medium from this multiple of the smallest effect that matters.
    pub medium_from: f64,
    /// A drifted column is high from this multiple of the smallest effect that matters.
    pub high_from: f64,
}

/// When a batch is too small, and what a check ends with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MonitoringConfig {
    /// Batches with fewer rows are not checked.
    pub min_batch_size: u64,
    /// From this severity on, a check is an alarm that asks for a response.
    pub alert_severity: DriftSeverity,
    /// From this severity on, a non-interactive check exits 2; `None` is never.
    pub fail_on_severity: Option<DriftSeverity>,
}
