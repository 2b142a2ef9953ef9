//! Train, val and test: drawn once with a data set's first version, inherited ever after.

mod assignment;
mod draw;
mod identity;
mod lineage;
mod quota;
mod stage;

pub use assignment::{Assignment, TimeCuts};
pub use identity::IdentityColumn;
pub use lineage::Lineage;
pub use stage::{Staged, stage};

use crate::cells::FastMap;
use crate::error::{CellError, DataError, Result, count};
use crate::target::{distinct_labels, label};
use driftgate_model::{ColumnValues, DatasetSpec, Frame, SplitName, SplitPolicy};
use identity::{Key, RowId, identity_columns, keys_of, row_ids, value_ids};

/// Assigns every row of `frame` (from [`crate::Table::frame_for_split`]) to a split.
///
/// A first version (`earlier` is `None`) is drawn by `spec.split`: sizes exactly as scikit-learn's two `train_test_split`
/// calls give them, each label's share kept to less than one row, equal rows together, rows of a group together, or cut by
/// time. The draw hashes each row with the seed, so the order of the rows does not matter.
///
/// A later version inherits every row that any earlier one held (by key, or by content over the first version's columns); rows
/// equal to an old one, rows of a known group and rows on a side of the time cut follow it; other new rows fill each label's splits
/// towards the shares. Errors: too few rows or groups, missing values in the target, group, time or key column, a policy that
/// is not the frozen one.
pub fn split(frame: &Frame, spec: &DatasetSpec, earlier: Option<&Lineage>) -> Result<Assignment> {
    if let Some(e) = earlier {
        same_policy(&e.policy, &spec.split)?;
    }
    let policy = earlier.map_or(&spec.split, |e| &e.policy);
    let columns = match earlier {
        Some(e) => e.columns.clone(),
        None => identity_columns(frame, policy.key_column.as_deref()),
    };
    let rows = row_ids(frame, &columns)?;
    let keys = policy.key_column.as_deref().map(|c| required_keys(frame, c)).transpose()?;
    let groups = policy.group_column.as_deref().map(|c| required_ids(frame, c, "group")).transpose()?;
    let mut known = inherited(&rows, keys.as_deref(), groups.as_deref(), earlier);
    let keys: Option<Vec<RowId>> = keys.map(|keys| keys.into_iter().map(|k| k.id).collect());
    let mut cuts = earlier.and_then(|e| e.cuts);
    let splits = if let Some(column) = &policy.time_column {
        let order = times(frame, column)?;
        let at = match cuts {
            Some(at) => at,
            None => draw::cuts(&order, column, policy)?,
        };
        cuts = Some(at);
        draw::by_time(&order, at, &known)
    } else {
        let (strata, labels) = strata(frame, spec, policy)?;
        let job = draw::Job { policy, strata: &strata, labels };
        match &groups {
            Some(groups) => draw::by_group(&job, groups, &mut known)?,
            None => draw::by_row(&job, &rows, keys.as_deref(), &mut known)?,
        }
    };
    Ok(Assignment { policy: policy.clone(), columns, cuts, splits, rows, keys, groups })
}

/// The sizes of a first version's splits, or why there are none.
pub(crate) fn sizes(rows: usize, policy: &SplitPolicy) -> Result<[usize; 3]> {
    quota::totals(rows, policy)
}

fn same_policy(frozen: &SplitPolicy, now: &SplitPolicy) -> Result<()> {
    if frozen == now {
        return Ok(());
    }
    let changed: Vec<&str> = [
        ("train", frozen.train == now.train),
        ("val", frozen.val == now.val),
        ("test", frozen.test == now.test),
        ("seed", frozen.seed == now.seed),
        ("stratify", frozen.stratify == now.stratify),
        ("group_column", frozen.group_column == now.group_column),
        ("time_column", frozen.time_column == now.time_column),
        ("key_column", frozen.key_column == now.key_column),
    ]
    .into_iter()
    .filter(|(_, same)| !same)
    .map(|(name, _)| name)
    .collect();
    Err(DataError::Split {
        message: format!(
            "the split is frozen with the first version, and `split.{}` is different now",
            changed.join("`, `split.")
        ),
        hint: "Restore it, or add the data under another name to draw a new split".into(),
    })
}

fn column<'f>(frame: &'f Frame, name: &str, what: &str) -> Result<&'f ColumnValues> {
    frame.column(name).ok_or_else(|| DataError::MissingColumn {
        name: "The data set".into(),
        column: name.into(),
        hint: format!("`split.{what}_column` names it"),
    })
}

fn missing(column: &str, what: &str, rows: &[usize]) -> DataError {
    DataError::MissingValue {
        column: column.into(),
        place: format!("row {}", rows.first().map_or(0, |r| r + 1)),
        more: crate::error::and_more(rows.len()),
        hint: format!("Every row needs a {what}: fill it in, or remove the row"),
    }
}

fn required_ids(frame: &Frame, name: &str, what: &str) -> Result<Vec<RowId>> {
    required(value_ids(column(frame, name, what)?), name, what)
}

fn required_keys(frame: &Frame, name: &str) -> Result<Vec<Key>> {
    required(keys_of(column(frame, name, "key")?), name, "key")
}

fn required<T>(ids: Vec<Option<T>>, name: &str, what: &str) -> Result<Vec<T>> {
    let gaps: Vec<usize> = ids.iter().enumerate().filter(|(_, id)| id.is_none()).map(|(i, _)| i).collect();
    if gaps.is_empty() { Ok(ids.into_iter().flatten().collect()) } else { Err(missing(name, what, &gaps)) }
}

fn times(frame: &Frame, name: &str) -> Result<Vec<f64>> {
    let values = column(frame, name, "time")?;
    let order = crate::time::order(values);
    let gaps: Vec<usize> = (0..order.len()).filter(|i| order[*i].is_nan()).collect();
    let Some(&row) = gaps.first() else { return Ok(order) };
    match values.text(row) {
        None => Err(missing(name, "time", &gaps)),
        Some(text) => Err(DataError::from(CellError {
            column: name.into(),
            place: format!("row {}", row + 1),
            value: crate::error::shown(text),
            expected: "a date or time".into(),
            more: crate::error::and_more(gaps.len()),
            hint: Some("Write times as ISO 8601, such as 2024-05-17 or 2024-05-17T08:30:00Z, or as numbers".into()),
        })),
    }
}

/// The stratum of each row, and how many there are.
fn strata(frame: &Frame, spec: &DatasetSpec, policy: &SplitPolicy) -> Result<(Vec<usize>, usize)> {
    if !(spec.task.is_classification() && policy.stratify.unwrap_or(true)) {
        return Ok((vec![0; frame.rows()], 1));
    }
    let values = column(frame, &spec.target, "target")?;
    let gaps: Vec<usize> = (0..values.len()).filter(|i| values.is_missing(*i)).collect();
    if !gaps.is_empty() {
        return Err(missing(&spec.target, "label", &gaps));
    }
    let labels = distinct_labels(values);
    // Three rows in two hundred of a label still have a share; one label a row has none.
    if labels.len() * 2 > frame.rows().max(2) {
        return Err(DataError::Split {
            message: format!(
                "the target `{}` has {} on {}, so shares of labels cannot be kept",
                spec.target,
                count(labels.len(), "label", "labels"),
                count(frame.rows(), "row", "rows")
            ),
            hint: "Choose regression if the target is a number, or another target".into(),
        });
    }
    let position: FastMap<&str, usize> = labels.iter().enumerate().map(|(i, l)| (l.as_str(), i)).collect();
    let of_row = |row| label(values, row).and_then(|l| position.get(l.as_str()).copied()).unwrap_or_default();
    Ok(((0..frame.rows()).map(of_row).collect(), labels.len()))
}

/// The split that each row has from earlier versions.
fn inherited(
    rows: &[RowId],
    keys: Option<&[Key]>,
    groups: Option<&[RowId]>,
    earlier: Option<&Lineage>,
) -> Vec<Option<SplitName>> {
    let Some(earlier) = earlier else { return vec![None; rows.len()] };
    rows.iter()
        .enumerate()
        .map(|(i, row)| earlier.split_of(row, keys.and_then(|k| k.get(i)), groups.and_then(|g| g.get(i))))
        .collect()
}
