//! A run's configuration, resolved: every file read, every default filled in, every path gone.
//!
//! `driftgate-config` makes a [`RunConfig`] from YAML. Its canonical JSON is an object, and the digest of that object is the
//! config hash that anchors a run: two runs with equal hashes were told exactly the same.

use crate::{DriftConfig, ModelName, Task};
use serde::{Deserialize, Serialize};

/// Everything a pipeline run was told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunConfig {
    /// Always `driftgate/config/1`.
    pub schema: String,
    /// The project's name and version, free text.
    pub project: Project,
    /// What the model answers.
    pub task: Task,
    /// Seed of everything random in training. The split has its own, frozen with the data set.
    pub random_seed: u64,
    /// The stages to run, in order.
    pub stages: Vec<Stage>,
    /// The data set's name.
    pub dataset: String,
    /// The registry name of the model.
    pub model: ModelName,
    /// Transforms of the columns.
    pub preprocessing: PreprocessingConfig,
    /// Estimator and hyper-parameters.
    pub training: TrainingConfig,
    /// Averaging and resampling of metrics.
    pub evaluation: EvaluationConfig,
    /// The gate; `None` when the `promotion` stage is not asked for.
    pub promotion: Option<PromotionConfig>,
    /// How the server will offer the model.
    pub deployment: DeploymentConfig,
    /// How batches are checked for drift; `None` in a run from before drift checks, which means the defaults.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drift: Option<DriftConfig>,
    /// What the network starts from; `None` starts anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fine_tune: Option<crate::FineTuneBase>,
}

/// The project a pipeline belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Project {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// A stage of a pipeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Fit the transform on the train split and apply it.
    Preprocessing,
    /// Fit the estimator.
    Training,
    /// Metrics on validation and test.
    Evaluation,
    /// Stress tests of the model.
    ModelAnalysis,
    /// The gate; ends with a candidate that waits for approval, or a blocked run.
    Promotion,
    /// The deployment manifest, written at approval.
    Deployment,
}

impl Stage {
    /// The name used in configs.
    pub fn as_str(self) -> &'static str {
        match self {
            Stage::Preprocessing => "preprocessing",
            Stage::Training => "training",
            Stage::Evaluation => "evaluation",
            Stage::ModelAnalysis => "model_analysis",
            Stage::Promotion => "promotion",
            Stage::Deployment => "deployment",
        }
    }
}

/// How columns become numbers. The reference's `preprocessing_*.yaml`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PreprocessingConfig {
    /// A null anywhere in a used column is an error.
    pub fail_on_nulls: bool,
    /// Fewer rows than this in a split is an error.
    pub min_rows: u64,
    /// Numeric features; `None` means by schema.
    pub numeric_features: Option<Vec<String>>,
    /// Categorical features; `None` means by schema.
    pub categorical_features: Option<Vec<String>>,
    /// Encoding of categorical features.
    pub encoding: EncodingConfig,
    /// Scaling of numeric features.
    pub scaling: ScalingConfig,
    /// What happens to missing values.
    pub missing_values: MissingConfig,
    /// How pictures become tiles; for image tasks alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<crate::ImageConfig>,
}

/// Encoding of categorical features.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EncodingConfig {
    /// Off means that categorical features are refused with a hint, since no estimator here takes text.
    pub enabled: bool,
    /// One-hot or ordinal.
    pub strategy: EncodingStrategy,
    /// What an unseen category becomes.
    pub handle_unknown: UnknownPolicy,
    /// Categories seen fewer times share one column `infrequent`; one-hot only.
    pub min_frequency: Option<u64>,
}

/// How a category becomes numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EncodingStrategy {
    /// A 0/1 column for each category.
    Onehot,
    /// Its rank among the sorted categories; unknown is −1.
    Ordinal,
}

/// What a category unseen in training becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnknownPolicy {
    /// All zeros (one-hot), the infrequent column where there is one, or −1 (ordinal).
    Ignore,
    /// An error that names row, column and value.
    Error,
}

/// Scaling of numeric features.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScalingConfig {
    /// Whether to scale.
    pub enabled: bool,
    /// How.
    pub strategy: ScalingStrategy,
}

/// A scaling formula.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScalingStrategy {
    /// (x − mean) / population standard deviation; a constant column is only centred.
    Standard,
    /// (x − min) / (max − min); a constant column becomes 0.
    Minmax,
}

/// What happens to missing values.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MissingConfig {
    /// Pass, fail or impute.
    pub policy: MissingPolicy,
    /// Statistic for numeric columns.
    pub numeric_strategy: NumericFill,
    /// Statistic for categorical columns.
    pub categorical_strategy: CategoricalFill,
    /// The constant for `constant`, numeric columns.
    pub fill_number: Option<f64>,
    /// The constant for `constant`, categorical columns.
    pub fill_text: Option<String>,
}

/// Policy for missing values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MissingPolicy {
    /// Leave them missing; only estimators that take missing values accept it.
    Passthrough,
    /// An error that names rows and columns.
    Fail,
    /// Fill them with a statistic of the train split.
    Impute,
}

/// What fills a missing number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NumericFill {
    /// The train mean.
    Mean,
    /// The train median.
    Median,
    /// `fill_value`.
    Constant,
}

/// What fills a missing category.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CategoricalFill {
    /// The most frequent train category; the smallest of equals.
    MostFrequent,
    /// `fill_value`.
    Constant,
}

/// The estimator and its hyper-parameters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "algorithm", rename_all = "snake_case")]
pub enum TrainingConfig {
    /// Breiman's random forest, for classes or values.
    RandomForest(ForestParams),
    /// Logistic regression, binary or multinomial.
    LogisticRegression(LogisticParams),
    /// Least squares, or ridge where `alpha` is above 0.
    LinearRegression(LinearParams),
    /// Histogram gradient boosting.
    GradientBoosting(BoostingParams),
    /// A convolutional network.
    Cnn(crate::CnnParams),
}

impl TrainingConfig {
    /// The name used in configs.
    pub fn algorithm(&self) -> &'static str {
        match self {
            TrainingConfig::RandomForest(_) => "random_forest",
            TrainingConfig::LogisticRegression(_) => "logistic_regression",
            TrainingConfig::LinearRegression(_) => "linear_regression",
            TrainingConfig::GradientBoosting(_) => "gradient_boosting",
            TrainingConfig::Cnn(_) => "cnn",
        }
    }
}

/// Weighting of classes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClassWeight {
    /// n / (classes × n_class), as scikit-learn defines it.
    Balanced,
}

/// Hyper-parameters of a forest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ForestParams {
    /// Trees.
    pub n_estimators: u32,
    /// Deepest level; `None` is no limit.
    pub max_depth: Option<u32>,
    /// A node with fewer samples is a leaf.
    pub min_samples_split: u32,
    /// No leaf has fewer samples.
    pub min_samples_leaf: u32,
    /// Features drawn at each split.
    pub max_features: MaxFeatures,
    /// Weighting of classes.
    pub class_weight: Option<ClassWeight>,
}

/// How many features a split draws.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MaxFeatures {
    /// ⌊√features⌋, at least 1: the default for classes.
    Sqrt,
    /// All: the default for values.
    All,
    /// This many.
    Count(u32),
}

/// Hyper-parameters of logistic regression.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LogisticParams {
    /// Inverse of the L2 penalty, as scikit-learn's `C`.
    pub c: f64,
    /// Most iterations.
    pub max_iter: u64,
    /// Weighting of classes.
    pub class_weight: Option<ClassWeight>,
}

/// Hyper-parameters of linear regression.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LinearParams {
    /// L2 penalty on the coefficients (not the intercept); 0 is ordinary least squares.
    pub alpha: f64,
}

/// Hyper-parameters of gradient boosting.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BoostingParams {
    /// Most iterations (trees; for several classes, trees of each class).
    pub max_iter: u32,
    /// Shrinkage.
    pub learning_rate: f64,
    /// Deepest level; `None` is no limit.
    pub max_depth: Option<u32>,
    /// Most leaves of a tree.
    pub max_leaf_nodes: u32,
    /// No leaf has fewer samples.
    pub min_samples_leaf: u32,
    /// L2 penalty on leaf values.
    pub l2_regularization: f64,
    /// Bins of a feature, missing not counted; 2 to 255.
    pub max_bins: u32,
    /// Whether to stop early.
    pub early_stopping: EarlyStopping,
    /// Share of the train split held out to decide when to stop.
    pub validation_fraction: f64,
    /// Iterations without progress before stopping.
    pub n_iter_no_change: u32,
    /// What counts as progress.
    pub tol: f64,
    /// Weighting of classes.
    pub class_weight: Option<ClassWeight>,
}

/// When boosting stops before `max_iter`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EarlyStopping {
    /// On above 10,000 train rows, as scikit-learn.
    Auto,
    /// Always.
    On,
    /// Never.
    Off,
}

/// How metrics are made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EvaluationConfig {
    /// Averaging of precision, recall and F1.
    pub averaging: Averaging,
    /// The positive label for `binary` averaging; `None` is the last of the sorted labels.
    pub positive_label: Option<String>,
    /// Intervals.
    pub bootstrap: BootstrapConfig,
    /// Bins of the calibration curve and of the expected calibration error.
    pub calibration_bins: u32,
}

/// Averaging over classes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Averaging {
    /// By the number of true rows of each class.
    Weighted,
    /// Every class alike.
    Macro,
    /// Of the positive class alone; two classes only.
    Binary,
}

/// Bootstrap intervals.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BootstrapConfig {
    /// Resamples; 0 turns intervals off.
    pub resamples: u32,
    /// Level, such as 0.95.
    pub level: f64,
    /// Seed; `None` in YAML means the run's seed.
    pub seed: u64,
}

/// The gate's rules for this run's task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PromotionConfig {
    /// Which split feeds the rules; test by default.
    pub evaluation_split: EvaluationSplit,
    /// The rules, all of which must hold. An empty list is refused.
    pub rules: Vec<Rule>,
}

/// Which split feeds the rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EvaluationSplit {
    /// Validation.
    Val,
    /// Test.
    Test,
    /// Both: every rule must hold on each.
    Both,
}

/// One rule of the gate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rule {
    /// Its name, unique in the list.
    pub id: String,
    /// What it is for, one line.
    pub description: String,
    /// What it asks.
    #[serde(flatten)]
    pub kind: RuleKind,
}

/// What a rule asks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum RuleKind {
    /// The metric, compared with a number. `==` allows 1e-6.
    Threshold {
        /// Its name.
        metric: String,
        /// The comparison.
        operator: Operator,
        /// The number.
        threshold: f64,
    },
    /// The unfavourable end of the metric's interval, compared with a number.
    IntervalBound {
        /// Its name.
        metric: String,
        /// `>=` or `>` look at the lower end, `<=` or `<` at the upper.
        operator: Operator,
        /// The number.
        threshold: f64,
    },
    /// Candidate and Production re-evaluated on the same rows: the paired difference's unfavourable end is within `margin`.
    NotWorseThanChampion {
        /// The metric.
        metric: String,
        /// How much worse is still not worse, in the metric's units; 0 or more.
        margin: f64,
        /// Level of the one-sided bound, such as 0.95.
        confidence: f64,
        /// Whether to fail (true) or not apply (false) when nothing is in Production.
        require_champion: bool,
    },
    /// The evaluated split has at least this many rows.
    MinRows {
        /// That many.
        rows: u64,
    },
    /// The metric satisfies the comparison in this run and in the runs of the model just before it on the same data set.
    Consecutive {
        /// Its name.
        metric: String,
        /// The comparison.
        operator: Operator,
        /// The number.
        threshold: f64,
        /// How many runs in a row, this one counted.
        runs: u32,
    },
    /// The test split has been looked at by at most this many runs, this one counted.
    Looks {
        /// That many.
        max: u64,
    },
    /// The data set version is at most this old when the gate is asked.
    Freshness {
        /// Days since the data set version was added.
        max_age_days: f64,
    },
    /// On rows that came with drift, and on rows changed as configured, the candidate is not worse than Production.
    ChampionOnDrift {
        /// The metric.
        metric: String,
        /// How much worse is still not worse, in the metric's units; 0 or more.
        margin: f64,
        /// Level of the one-sided bound, such as 0.95.
        confidence: f64,
        /// Changes made to the test split, each compared on its own.
        #[serde(default, deserialize_with = "none_as_empty")]
        scenarios: Vec<Scenario>,
        /// Whether to fail (true) or not apply (false) without a labelled drifted batch, or with nothing in Production.
        require_evidence: bool,
    },
    /// The newest checked batch has not drifted away from what the candidate learned from.
    Coverage {
        /// Whether to fail (true) or not apply (false) when no batch was checked.
        require_evidence: bool,
    },
    /// Accuracy lost under changed pictures: the unfavourable end of each change's interval is at most `max_loss`.
    Robustness {
        /// Most accuracy lost, 0 to 1.
        max_loss: f64,
        /// The changes that count; empty is all.
        #[serde(default)]
        changes: Vec<String>,
        /// The most severe corruption that counts, 1 to 5.
        max_severity: u32,
    },
    /// No alarm about the version in Production is left unanswered.
    OpenResponse {
        /// Whether to fail (true) or not apply (false) when nothing is in Production.
        require_evidence: bool,
    },
}

/// A comparison in a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Operator {
    /// At least.
    #[serde(rename = ">=")]
    AtLeast,
    /// At most.
    #[serde(rename = "<=")]
    AtMost,
    /// More than.
    #[serde(rename = ">")]
    Above,
    /// Less than.
    #[serde(rename = "<")]
    Below,
    /// Equal within 1e-6.
    #[serde(rename = "==")]
    Equal,
}

impl Operator {
    /// As written in a config.
    pub fn as_str(self) -> &'static str {
        match self {
            Operator::AtLeast => ">=",
            Operator::AtMost => "<=",
            Operator::Above => ">",
            Operator::Below => "<",
            Operator::Equal => "==",
        }
    }

    /// Whether `observed` satisfies the comparison with `threshold`; never for NaN.
    pub fn holds(self, observed: f64, threshold: f64) -> bool {
        match self {
            Operator::AtLeast => observed >= threshold,
            Operator::AtMost => observed <= threshold,
            Operator::Above => observed > threshold,
            Operator::Below => observed < threshold,
            Operator::Equal => (observed - threshold).abs() <= 1e-6,
        }
    }
}

/// How the server will offer the model. The reference's `deployment.yaml`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeploymentConfig {
    /// Address to bind; loopback by default.
    pub host: String,
    /// Port.
    pub port: u16,
}

/// A change made to rows to see how a model copes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scenario {
    /// Its name, unique in the rule.
    pub name: String,
    /// The columns it changes; empty for all inputs it can change.
    #[serde(default, deserialize_with = "none_as_empty")]
    pub columns: Vec<String>,
    /// What it does.
    #[serde(flatten)]
    pub change: Change,
}

/// What a scenario does to the values of a column.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Change {
    /// Adds `by` standard deviations of the column.
    Mean {
        /// In standard deviations; may be negative.
        by: f64,
    },
    /// Multiplies the distance from the column's mean.
    Scale {
        /// The factor.
        factor: f64,
    },
    /// Adds Gaussian noise of `sd` standard deviations of the column.
    Noise {
        /// In standard deviations.
        sd: f64,
    },
    /// Makes a share of the values missing, at random.
    Missing {
        /// Between 0 and 1.
        share: f64,
    },
    /// Replaces a share of the texts by another text of the column, at random.
    Swap {
        /// Between 0 and 1.
        share: f64,
    },
    /// Puts the values of the column in another order: each column looks as before, and depends on no other.
    Shuffle,
}

/// An explicit `null` is a list that was left out.
fn none_as_empty<'de, D: serde::Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Vec<T>, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}
