use crate::{Digest, Task};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What `dataset.yaml` says: the contract of a data set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DatasetSpec {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub task: Task,
    /// Feature columns, in order.
    pub features: Vec<String>,
    /// The column to answer.
    pub target: String,
    /// The type of each declared column.
    pub schema: BTreeMap<String, ColumnType>,
    /// How the file is read.
    pub format: FileFormat,
    /// What the values must satisfy.
    pub constraints: Constraints,
    /// How rows are split.
    pub split: SplitPolicy,
    /// Set for a folder of pictures: then each row is a picture, and the features are measured from it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub images: Option<crate::ImageSetSpec>,
    /// Free text that carries no meaning for the version id.
    pub about: About,
}

/// The part of a spec that says nothing about the values.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct About {
    /// What it is.
    pub description: Option<String>,
    /// Where it is from.
    pub source: Option<String>,
    /// Under which licence.
    pub license: Option<String>,
    /// When it was described.
    pub created_at: Option<String>,
}

/// The type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ColumnType {
    /// A number; whole numbers are floats too.
    Float,
    /// A whole number.
    Int,
    /// Text.
    String,
    /// `true` or `false`.
    Bool,
}

impl ColumnType {
    /// Whether values are numbers for a model.
    pub fn is_numeric(self) -> bool {
        matches!(self, ColumnType::Float | ColumnType::Int)
    }

    /// The name used in `dataset.yaml`.
    pub fn as_str(self) -> &'static str {
        match self {
            ColumnType::Float => "float",
            ColumnType::Int => "int",
            ColumnType::String => "string",
            ColumnType::Bool => "bool",
        }
    }
}

/// How a data file is read. Guessed at import, shown, and written down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileFormat {
    /// CSV-like text or Parquet.
    pub kind: FileKind,
    /// Field separator of a text file.
    pub delimiter: char,
    /// Encoding label as the WHATWG names it, such as `utf-8`, `utf-16le`, `windows-1252`.
    pub encoding: String,
    /// `.` or `,`.
    pub decimal: char,
    /// Texts that mean missing, besides an empty field.
    pub null_values: Vec<String>,
}

/// The kind of a data file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileKind {
    /// Delimited text.
    Csv,
    /// Apache Parquet.
    Parquet,
}

impl Default for FileFormat {
    fn default() -> Self {
        FileFormat {
            kind: FileKind::Csv,
            delimiter: ',',
            encoding: "utf-8".into(),
            decimal: '.',
            null_values: ["NA", "N/A", "NaN", "nan", "null", "NULL"].map(String::from).to_vec(),
        }
    }
}

/// What the values must satisfy.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Constraints {
    /// Fewest rows.
    pub min_rows: Option<u64>,
    /// Most rows.
    pub max_rows: Option<u64>,
    /// Largest share of missing values in any used column.
    pub max_null_fraction: Option<f64>,
    /// The label set of a classification target.
    pub label_classes: Option<Vec<String>>,
    /// Constraints of single columns.
    pub columns: BTreeMap<String, ColumnConstraints>,
    /// The newest value of `time_column` is at most this many days before the import.
    pub max_age_days: Option<f64>,
}

/// What the values of one column must satisfy.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ColumnConstraints {
    /// Smallest value.
    pub min: Option<f64>,
    /// Largest value.
    pub max: Option<f64>,
    /// The only allowed texts.
    pub allowed: Option<Vec<String>>,
    /// Largest share of missing values; overrides the table's.
    pub max_null_fraction: Option<f64>,
    /// No value twice.
    pub unique: Option<bool>,
}

/// How rows are split, frozen with a data set's first version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SplitPolicy {
    /// Share of train.
    pub train: f64,
    /// Share of validation.
    pub val: f64,
    /// Share of test.
    pub test: f64,
    /// Seed of the draw.
    pub seed: u64,
    /// Keep the label shares in each split; classification only. `None` is yes for classification.
    pub stratify: Option<bool>,
    /// Rows with the same value of this column stay together.
    pub group_column: Option<String>,
    /// Split by this column's order: oldest to train, newest to test.
    pub time_column: Option<String>,
    /// The column that identifies a row across versions; without it, the row's content does.
    pub key_column: Option<String>,
}

impl Default for SplitPolicy {
    fn default() -> Self {
        SplitPolicy {
            train: 0.70,
            val: 0.15,
            test: 0.15,
            seed: 42,
            stratify: None,
            group_column: None,
            time_column: None,
            key_column: None,
        }
    }
}

/// Which split a row is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SplitName {
    /// Fits transforms and estimators.
    Train,
    /// Chooses.
    Val,
    /// Judges.
    Test,
    /// Rows of a drifted batch that no model learns from: judges how well it copes with what came later. Only where a batch
    /// was staged.
    DriftHoldout,
}

impl SplitName {
    /// The three that every data set has, in order.
    pub const ALL: [SplitName; 3] = [SplitName::Train, SplitName::Val, SplitName::Test];

    /// The name used in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            SplitName::Train => "train",
            SplitName::Val => "val",
            SplitName::Test => "test",
            SplitName::DriftHoldout => "drift_holdout",
        }
    }
}

/// Rows in each split.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SplitCounts {
    /// In train.
    pub train: u64,
    /// In validation.
    pub val: u64,
    /// In test.
    pub test: u64,
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing; stops nothing.
    Warning,
    /// The data set is refused.
    Error,
}

/// One thing that validation found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// A stable name, such as `duplicate_rows` or `target_leak`.
    pub check: String,
    /// The column, if it is about one.
    pub column: Option<String>,
    /// What was found, one sentence with counts.
    pub message: String,
    /// What to do, one sentence.
    pub hint: Option<String>,
    /// Up to five examples.
    pub examples: Vec<FindingExample>,
}

/// Where a finding shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindingExample {
    /// Data row, from 1 (the header is row 0).
    pub row: u64,
    /// The line of the text file, from 1, where known.
    pub line: Option<u64>,
    /// The value as written, cut at 60 characters.
    pub value: String,
}

/// All that validation found, in one report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ValidationReport {
    /// Always `driftgate/validation/1`.
    pub schema: String,
    /// The data set's name.
    pub dataset: String,
    /// Its content version, if it got that far.
    pub version: Option<Digest>,
    /// Data rows seen.
    pub rows: u64,
    /// Columns seen.
    pub columns: u64,
    /// Errors first, then warnings, in a fixed order.
    pub findings: Vec<Finding>,
}

impl ValidationReport {
    /// Findings that refuse the data set.
    pub fn errors(&self) -> usize {
        self.findings.iter().filter(|f| f.severity == Severity::Error).count()
    }

    /// Findings that stop nothing.
    pub fn warnings(&self) -> usize {
        self.findings.len() - self.errors()
    }
}
