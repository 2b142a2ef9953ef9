use crate::error::{DataError, Result};
use crate::split::identity::{IdentityColumn, RowId};
use driftgate_model::{SplitCounts, SplitName, SplitPolicy};
use serde::{Deserialize, Serialize};

/// Which split each row of a data set version is in, and all that a later version needs to keep it so.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct Assignment {
    pub(crate) policy: SplitPolicy,
    pub(crate) columns: Vec<IdentityColumn>,
    pub(crate) cuts: Option<TimeCuts>,
    pub(crate) splits: Vec<SplitName>,
    pub(crate) rows: Vec<RowId>,
    pub(crate) keys: Option<Vec<RowId>>,
    pub(crate) groups: Option<Vec<RowId>>,
}

/// The first moments of val and test: seconds of nothing, but the numbers that order the time column (microseconds since
/// 1970 for dates, the values themselves for numbers).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct TimeCuts {
    /// Rows from here on are val; `None` when nothing is.
    pub val_from: Option<f64>,
    /// Rows from here on are test; `None` when nothing is.
    pub test_from: Option<f64>,
}

const SCHEMA: &str = "driftgate/split/1";

/// The written form: one letter (`T`, `V`, `E`, and `D` for the drifted holdout) and 32 hexadecimal digits a row, so that any JSON reader can check it.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Stored {
    schema: String,
    policy: StoredPolicy,
    columns: Vec<IdentityColumn>,
    cuts: Option<TimeCuts>,
    rows: usize,
    splits: String,
    row_ids: String,
    key_ids: Option<String>,
    group_ids: Option<String>,
}

/// The policy with its seed as a string, since it may be beyond 2^53.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct StoredPolicy {
    train: f64,
    val: f64,
    test: f64,
    seed: String,
    stratify: Option<bool>,
    group_column: Option<String>,
    time_column: Option<String>,
    key_column: Option<String>,
}

fn letter(split: SplitName) -> char {
    match split {
        SplitName::Train => 'T',
        SplitName::Val => 'V',
        SplitName::Test => 'E',
        SplitName::DriftHoldout => 'D',
    }
}

impl From<Assignment> for Stored {
    fn from(a: Assignment) -> Self {
        let ids = |ids: &[RowId]| hex::encode(ids.concat());
        let p = a.policy;
        Stored {
            schema: SCHEMA.into(),
            policy: StoredPolicy {
                train: p.train,
                val: p.val,
                test: p.test,
                seed: p.seed.to_string(),
                stratify: p.stratify,
                group_column: p.group_column,
                time_column: p.time_column,
                key_column: p.key_column,
            },
            columns: a.columns,
            cuts: a.cuts,
            rows: a.splits.len(),
            splits: a.splits.iter().map(|s| letter(*s)).collect(),
            row_ids: ids(&a.rows),
            key_ids: a.keys.as_deref().map(ids),
            group_ids: a.groups.as_deref().map(ids),
        }
    }
}

fn corrupt(why: impl Into<String>) -> DataError {
    DataError::Corrupt { what: "split", why: why.into() }
}

fn read_ids(text: &str, rows: usize) -> Result<Vec<RowId>> {
    let bytes = hex::decode(text).map_err(|e| corrupt(format!("an identity is not hexadecimal ({e})")))?;
    let (ids, rest) = bytes.as_chunks::<16>();
    if ids.len() != rows || !rest.is_empty() {
        return Err(corrupt(format!("it names {} of {rows} rows", ids.len())));
    }
    Ok(ids.to_vec())
}

impl TryFrom<Stored> for Assignment {
    type Error = DataError;

    fn try_from(s: Stored) -> Result<Self> {
        if s.schema != SCHEMA {
            return Err(DataError::Newer { what: "split", found: s.schema, known: SCHEMA.into() });
        }
        let splits: Vec<SplitName> = s
            .splits
            .chars()
            .map(|c| {
                SplitName::ALL
                    .into_iter()
                    .chain([SplitName::DriftHoldout])
                    .find(|n| letter(*n) == c)
                    .ok_or_else(|| corrupt(format!("`{}` is no split", c.escape_default())))
            })
            .collect::<Result<_>>()?;
        if splits.len() != s.rows {
            return Err(corrupt(format!("it assigns {} of {} rows", splits.len(), s.rows)));
        }
        let p = s.policy;
        Ok(Assignment {
            policy: SplitPolicy {
                train: p.train,
                val: p.val,
                test: p.test,
                seed: p.seed.parse().map_err(|_| corrupt("its seed is no number"))?,
                stratify: p.stratify,
                group_column: p.group_column,
                time_column: p.time_column,
                key_column: p.key_column,
            },
            columns: s.columns,
            cuts: s.cuts,
            rows: read_ids(&s.row_ids, splits.len())?,
            keys: s.key_ids.map(|t| read_ids(&t, splits.len())).transpose()?,
            groups: s.group_ids.map(|t| read_ids(&t, splits.len())).transpose()?,
            splits,
        })
    }
}

impl Assignment {
    /// Rows in each split.
    pub fn counts(&self) -> SplitCounts {
        let of = |name| self.splits.iter().filter(|s| **s == name).count() as u64;
        SplitCounts { train: of(SplitName::Train), val: of(SplitName::Val), test: of(SplitName::Test) }
    }

    /// The rows (from 0) of a split, in file order.
    pub fn rows(&self, split: SplitName) -> Vec<usize> {
        self.splits.iter().enumerate().filter(|(_, s)| **s == split).map(|(i, _)| i).collect()
    }

    /// The split of each row.
    pub fn splits(&self) -> &[SplitName] {
        &self.splits
    }

    /// The policy, frozen with the first version.
    pub fn policy(&self) -> &SplitPolicy {
        &self.policy
    }

    /// The first version's columns, over which rows are recognised.
    pub fn columns(&self) -> &[IdentityColumn] {
        &self.columns
    }

    /// Where time cuts, for a split by time.
    pub fn cuts(&self) -> Option<TimeCuts> {
        self.cuts
    }

    /// JSON bytes; the same assignment always gives the same ones.
    pub fn to_bytes(&self) -> Vec<u8> {
        // Strings, numbers from a checked policy and finite cuts: all of it has a JSON form.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Reads what [`Assignment::to_bytes`] wrote. Errors: damaged bytes, a newer format.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        #[derive(Deserialize)]
        struct Head {
            schema: String,
        }
        let head: Head = serde_json::from_slice(bytes).map_err(|e| corrupt(e.to_string()))?;
        if head.schema != SCHEMA && head.schema.starts_with("driftgate/split/") {
            return Err(DataError::Newer { what: "split", found: head.schema, known: SCHEMA.into() });
        }
        let stored: Stored = serde_json::from_slice(bytes).map_err(|e| corrupt(e.to_string()))?;
        stored.try_into()
    }
}
