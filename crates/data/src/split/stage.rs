use crate::error::{DataError, Result, count};
use crate::split::assignment::Assignment;
use crate::split::identity::{Key, RowId, row_ids};
use crate::split::lineage::Lineage;
use crate::split::{required_ids, required_keys, split};
use driftgate_model::{DatasetSpec, Frame, SplitName, SplitPolicy};
use std::collections::HashSet;

/// A labelled drifted batch placed beside the rows of a data set version.
#[derive(Debug, Clone)]
pub struct Staged {
    /// The version's own rows, each in its split, then the kept rows of the batch: in train or in the drifted holdout.
    pub assignment: Assignment,
    /// The rows (from 0) of the batch that are kept, ascending.
    pub kept: Vec<usize>,
    /// Rows left out since the version holds them already.
    pub known: usize,
    /// Rows left out since they, or their group, belong to the clean test or validation split.
    pub tested: usize,
}

/// Places the rows of `batch` (from [`crate::Table::frame_for_split`]) beside those of `base`.
///
/// A share `holdout` becomes the drifted holdout, drawn as a first version's test split is (by label, by group, by time, equal
/// rows together); the rest is train. No row of the batch gets into the clean splits: what the version holds already is left
/// out, and so is what an earlier version had in val or test. What an adaptation that was taken back had placed returns there.
/// Errors: columns that are missing or of another kind, nothing left to learn from or to hold out.
pub fn stage(batch: &Frame, spec: &DatasetSpec, base: &Assignment, earlier: &Lineage, holdout: f64) -> Result<Staged> {
    let rows = row_ids(batch, &base.columns)?;
    let policy = &base.policy;
    let keys = policy.key_column.as_deref().map(|c| required_keys(batch, c)).transpose()?;
    let groups = policy.group_column.as_deref().map(|c| required_ids(batch, c, "group")).transpose()?;
    let here: HashSet<&RowId> = base.rows.iter().collect();
    let here_keys: HashSet<&RowId> = base.keys.iter().flatten().collect();
    let mut placed: Vec<(usize, Option<SplitName>)> = Vec::new();
    let (mut known, mut tested) = (0, 0);
    for (i, row) in rows.iter().enumerate() {
        let key = keys.as_ref().and_then(|k| k.get(i));
        let in_base = |key: &Key| here_keys.contains(&key.id) || key.other.is_some_and(|o| here_keys.contains(&o));
        if here.contains(row) || key.is_some_and(in_base) {
            known += 1;
            continue;
        }
        match earlier.split_of(row, key, groups.as_ref().and_then(|g| g.get(i))) {
            Some(SplitName::Test | SplitName::Val) => tested += 1,
            other => placed.push((i, other)),
        }
    }
    let fresh: Vec<usize> = placed.iter().filter(|(_, split)| split.is_none()).map(|(i, _)| *i).collect();
    let mut drawn = draw(batch, spec, policy, &fresh, holdout)?.into_iter();
    let splits: Vec<SplitName> =
        placed.iter().map(|(_, split)| split.or_else(|| drawn.next()).unwrap_or(SplitName::Train)).collect();
    let kept: Vec<usize> = placed.into_iter().map(|(i, _)| i).collect();
    enough(&splits, batch.rows(), known, tested)?;
    let ids = |all: &[RowId]| -> Vec<RowId> { kept.iter().filter_map(|i| all.get(*i)).copied().collect() };
    let joined = |old: &Option<Vec<RowId>>, new: Option<Vec<RowId>>| -> Option<Vec<RowId>> {
        Some([old.as_deref()?, new.as_deref().unwrap_or_default()].concat())
    };
    let keys: Option<Vec<RowId>> = keys.map(|keys| ids(&keys.iter().map(|k| k.id).collect::<Vec<_>>()));
    let assignment = Assignment {
        policy: policy.clone(),
        columns: base.columns.clone(),
        cuts: base.cuts,
        splits: [base.splits.as_slice(), &splits].concat(),
        rows: [base.rows.as_slice(), &ids(&rows)].concat(),
        keys: joined(&base.keys, keys),
        groups: joined(&base.groups, groups.map(|g| ids(&g))),
    };
    Ok(Staged { assignment, kept, known, tested })
}

/// Train or drifted holdout for the rows `fresh`, in their order.
fn draw(
    batch: &Frame,
    spec: &DatasetSpec,
    policy: &SplitPolicy,
    fresh: &[usize],
    holdout: f64,
) -> Result<Vec<SplitName>> {
    if fresh.len() < 2 {
        // Too few to share out; whether it is enough is told by all rows together.
        return Ok(vec![SplitName::Train; fresh.len()]);
    }
    let mut spec = spec.clone();
    spec.split = SplitPolicy { train: 1.0 - holdout, val: 0.0, test: holdout, ..policy.clone() };
    let drawn = split(&batch.take(fresh), &spec, None).map_err(|e| match e {
        // The policy is the data set's own and frozen: only other rows help.
        DataError::Split { message, .. } => DataError::Split {
            message: format!("the rows of the batch cannot be shared out: {message}"),
            hint: "Collect labelled rows of more groups or moments and stage them together".into(),
        },
        other => other,
    })?;
    let held = |s: &SplitName| if *s == SplitName::Test { SplitName::DriftHoldout } else { SplitName::Train };
    Ok(drawn.splits.iter().map(held).collect())
}

fn enough(splits: &[SplitName], rows: usize, known: usize, tested: usize) -> Result<()> {
    let held = splits.iter().filter(|s| **s == SplitName::DriftHoldout).count();
    if held > 0 && held < splits.len() {
        return Ok(());
    }
    let left_out = match (known, tested) {
        (0, 0) => String::new(),
        (known, 0) => format!(": the data set holds {known} of them already"),
        (0, tested) => format!(": {tested} of them belong to its clean splits"),
        (known, tested) => {
            format!(": the data set holds {known} of them already, and {tested} belong to its clean splits")
        }
    };
    Err(DataError::Insufficient {
        message: format!(
            "of {} of the batch, {} can be learned from and {held} held out{left_out}",
            count(rows, "row", "rows"),
            splits.len() - held
        ),
        hint: "Collect more labelled rows; both shares need at least one".into(),
    })
}

impl Assignment {
    /// The rows (from 0) of `frame` (from [`crate::Table::frame_for_split`]) that no model trained on this version has
    /// learned from or was chosen by: neither the row nor its key or group is in train or val.
    ///
    /// Errors: columns that are missing or of another kind.
    pub fn unseen(&self, frame: &Frame) -> Result<Vec<usize>> {
        let rows = row_ids(frame, &self.columns)?;
        let key = self.policy.key_column.as_deref();
        let keys = key.map(|c| required_keys(frame, c)).transpose()?;
        let group = self.policy.group_column.as_deref();
        let groups = group.map(|c| required_ids(frame, c, "group")).transpose()?;
        let lineage = Lineage::new(self);
        let seen = |i: usize| {
            let (key, group) = (keys.as_ref().and_then(|k| k.get(i)), groups.as_ref().and_then(|g| g.get(i)));
            // A key that is known tells nothing of a row whose content is known elsewhere: either counts.
            let by_row = rows.get(i).and_then(|row| lineage.split_of(row, None, group));
            let by_key = rows.get(i).and_then(|row| lineage.split_of(row, key, group));
            [by_row, by_key].into_iter().flatten().any(|s| matches!(s, SplitName::Train | SplitName::Val))
        };
        Ok((0..frame.rows()).filter(|i| !seen(*i)).collect())
    }
}
