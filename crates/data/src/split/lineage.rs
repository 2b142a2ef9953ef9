//! What all earlier versions say of rows, keys and groups.

use crate::cells::FastMap;
use crate::split::assignment::{Assignment, TimeCuts};
use crate::split::identity::{IdentityColumn, Key, RowId};
use driftgate_model::{SplitName, SplitPolicy};

type Placed = FastMap<RowId, SplitName>;

/// Where the earlier versions of a data set placed each row, key and group that any of them held.
///
/// A row that a version leaves out and a later one brings back is known, so it returns to its split.
#[derive(Debug, Clone)]
pub struct Lineage {
    pub(crate) policy: SplitPolicy,
    pub(crate) columns: Vec<IdentityColumn>,
    pub(crate) cuts: Option<TimeCuts>,
    rows: Placed,
    keys: Placed,
    groups: Placed,
}

impl Lineage {
    /// Begins with the first version, which froze the policy and the columns that recognise a row.
    pub fn new(first: &Assignment) -> Self {
        let mut lineage = Lineage {
            policy: first.policy.clone(),
            columns: first.columns.clone(),
            cuts: first.cuts,
            rows: Placed::default(),
            keys: Placed::default(),
            groups: Placed::default(),
        };
        lineage.add(first);
        lineage
    }

    /// Adds what the next version says.
    pub fn add(&mut self, next: &Assignment) {
        let add = |placed: &mut Placed, ids: &[RowId]| {
            for (id, split) in ids.iter().zip(&next.splits) {
                // Where edited rows left equal content in two splits, the earlier split in the order train, val, test wins:
                // what a model may have learned from never becomes what it is judged by.
                placed.entry(*id).and_modify(|s| *s = (*s).min(*split)).or_insert(*split);
            }
        };
        add(&mut self.rows, &next.rows);
        add(&mut self.keys, next.keys.as_deref().unwrap_or_default());
        add(&mut self.groups, next.groups.as_deref().unwrap_or_default());
    }

    /// The first version's columns, over which rows are recognised.
    pub fn columns(&self) -> &[IdentityColumn] {
        &self.columns
    }

    /// The split of a row: by key, else by equal content, else by group.
    pub(crate) fn split_of(&self, row: &RowId, key: Option<&Key>, group: Option<&RowId>) -> Option<SplitName> {
        let by_key = |key: &Key| {
            let other = || key.other.and_then(|id| self.keys.get(&id));
            self.keys.get(&key.id).or_else(other).copied()
        };
        key.and_then(by_key)
            .or_else(|| self.rows.get(row).copied())
            .or_else(|| group.and_then(|id| self.groups.get(id).copied()))
    }
}
