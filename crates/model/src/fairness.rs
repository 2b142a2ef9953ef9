use crate::{BootstrapSpec, MetricValue};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What one group of people got from a classifier.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GroupRates {
    /// The value of the group column; `None` for rows where it is missing, which are a group of their own.
    pub group: Option<String>,
    /// Rows.
    pub rows: u64,
    /// Rows whose true label is the positive one.
    pub positives: u64,
    /// Whether the group has enough rows to be compared.
    pub compared: bool,
    /// Share of rows answered with the positive label.
    pub selection_rate: MetricValue,
    /// Share of truly positive rows answered with the positive label; not defined without such rows.
    pub true_positive_rate: MetricValue,
}

/// How differently a classifier treats the groups of one column, on one split.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FairnessReport {
    /// Always `driftgate/fairness/1`.
    pub schema: String,
    /// `val` or `test`.
    pub split: String,
    /// The group column.
    pub column: String,
    /// The label that counts as the favourable answer.
    pub positive_label: String,
    /// Groups with fewer rows are shown and not compared.
    pub min_group_rows: u64,
    /// Every group with a row, by name, the missing one last.
    pub groups: Vec<GroupRates>,
    /// The values of [`FAIRNESS_METRICS`] by name.
    pub metrics: BTreeMap<String, MetricValue>,
    /// How intervals were made, rows drawn within each group; `None` when they were turned off.
    pub bootstrap: Option<BootstrapSpec>,
}

/// The metrics a fairness report holds: the first and last are 0, the ratio is 1 where groups are treated alike.
pub const FAIRNESS_METRICS: [&str; 3] =
    ["demographic_parity_difference", "demographic_parity_ratio", "equal_opportunity_difference"];
