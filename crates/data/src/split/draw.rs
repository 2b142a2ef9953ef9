//! Places the rows that no earlier version has placed.

use crate::cells::FastMap;
use crate::error::{DataError, Result, count};
use crate::split::assignment::TimeCuts;
use crate::split::identity::{RowId, priority};
use crate::split::quota::{Triple, apportion, fill, totals};
use driftgate_model::{SplitName, SplitPolicy};

/// What every way of drawing needs.
pub(crate) struct Job<'a> {
    pub policy: &'a SplitPolicy,
    /// The stratum of each row.
    pub strata: &'a [usize],
    /// How many strata there are.
    pub labels: usize,
}

/// Rows that must stay together.
struct Unit {
    priority: (u64, RowId),
    rows: Vec<usize>,
}

fn index(split: SplitName) -> usize {
    split as usize
}

impl Job<'_> {
    fn stratum_counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.labels];
        for s in self.strata {
            counts[*s] += 1;
        }
        counts
    }

    fn quotas(&self) -> Result<Vec<Triple>> {
        Ok(apportion(&self.stratum_counts(), totals(self.strata.len(), self.policy)?))
    }

    fn placed(&self, known: &[Option<SplitName>]) -> Vec<Triple> {
        let mut have = vec![[0; 3]; self.labels];
        for (split, stratum) in known.iter().zip(self.strata) {
            // The drifted holdout stands beside the shares.
            if let Some(place) = split.and_then(|s| have[*stratum].get_mut(index(s))) {
                *place += 1;
            }
        }
        have
    }

    /// The unplaced rows, gathered by `parts` (any two rows that share a part share a unit), in the order of the draw.
    fn units(&self, parts: &[&[RowId]], known: &[Option<SplitName>]) -> Vec<Unit> {
        let fresh: Vec<usize> = (0..known.len()).filter(|i| known[*i].is_none()).collect();
        let mut leader: Vec<usize> = (0..known.len()).collect();
        for ids in parts {
            let mut first: FastMap<RowId, usize> = FastMap::default();
            for &row in &fresh {
                let other = *first.entry(ids[row]).or_insert(row);
                let (a, b) = (root(&mut leader, row), root(&mut leader, other));
                leader[a.max(b)] = a.min(b);
            }
        }
        let mut of_leader: FastMap<usize, usize> = FastMap::default();
        let mut units: Vec<Unit> = Vec::new();
        for &row in &fresh {
            let at = *of_leader.entry(root(&mut leader, row)).or_insert_with(|| {
                units.push(Unit { priority: (u64::MAX, [0; 16]), rows: Vec::new() });
                units.len() - 1
            });
            units[at].rows.push(row);
        }
        for unit in &mut units {
            // The smallest identity stands for the unit, so that the order of its rows does not count.
            let ids = unit.rows.iter().filter_map(|r| parts.first().map(|ids| ids[*r]));
            unit.priority = ids.min().map_or((u64::MAX, [0; 16]), |id| priority(self.policy.seed, &id));
        }
        units.sort_by_key(|u| u.priority);
        units
    }
}

fn root(leader: &mut [usize], mut row: usize) -> usize {
    while leader[row] != row {
        leader[row] = leader[leader[row]];
        row = leader[row];
    }
    row
}

/// Settles rows whose unit holds a placed row: they follow it.
fn follow(known: &mut [Option<SplitName>], ids: &[RowId]) {
    let mut placed: FastMap<RowId, SplitName> = FastMap::default();
    for (id, split) in ids.iter().zip(known.iter()) {
        if let Some(split) = split {
            placed.entry(*id).and_modify(|s| *s = (*s).min(*split)).or_insert(*split);
        }
    }
    for (id, split) in ids.iter().zip(known.iter_mut()) {
        if split.is_none() {
            *split = placed.get(id).copied();
        }
    }
}

fn finish(known: &[Option<SplitName>]) -> Vec<SplitName> {
    known.iter().map(|s| s.unwrap_or(SplitName::Train)).collect()
}

/// Row by row: every stratum meets its quota exactly, as far as rows that stay together allow.
pub(crate) fn by_row(
    job: &Job,
    rows: &[RowId],
    keys: Option<&[RowId]>,
    known: &mut [Option<SplitName>],
) -> Result<Vec<SplitName>> {
    let quotas = job.quotas()?;
    follow(known, rows);
    if let Some(keys) = keys {
        follow(known, keys);
    }
    let have = job.placed(known);
    let parts: Vec<&[RowId]> = std::iter::once(rows).chain(keys).collect();
    let mut strata: Vec<Vec<Unit>> = (0..job.labels).map(|_| Vec::new()).collect();
    for unit in job.units(&parts, known) {
        strata[job.strata[unit.rows[0]]].push(unit);
    }
    for ((units, quota), have) in strata.into_iter().zip(quotas).zip(have) {
        let new = units.iter().map(|u| u.rows.len()).sum();
        let need = fill(quota, have, new);
        let mut pool = units;
        for split in [SplitName::Test, SplitName::Val] {
            let mut left = need[index(split)];
            pool.retain(|unit| {
                let fits = unit.rows.len() <= left;
                if fits {
                    left -= unit.rows.len();
                    for row in &unit.rows {
                        known[*row] = Some(split);
                    }
                }
                !fits
            });
        }
        for row in pool.iter().flat_map(|u| &u.rows) {
            known[*row] = Some(SplitName::Train);
        }
    }
    Ok(finish(known))
}

/// Group by group, the largest first, each to where it brings the strata nearest to their quotas.
pub(crate) fn by_group(job: &Job, groups: &[RowId], known: &mut [Option<SplitName>]) -> Result<Vec<SplitName>> {
    let quotas = job.quotas()?;
    follow(known, groups);
    let first = known.iter().all(Option::is_none);
    let mut units = job.units(&[groups], known);
    let wanted: Vec<SplitName> =
        SplitName::ALL.into_iter().filter(|s| quotas.iter().any(|q| q[index(*s)] > 0)).collect();
    if first && units.len() < wanted.len() {
        return Err(DataError::Split {
            message: format!(
                "the group column has {} and {} splits need one each",
                count(units.len(), "group", "groups"),
                wanted.len()
            ),
            hint: "Choose a group column with more values, or split without it".into(),
        });
    }
    units.sort_by_key(|u| (std::cmp::Reverse(u.rows.len()), u.priority));
    let mut have = job.placed(known);
    let mut chosen: Vec<SplitName> = Vec::with_capacity(units.len());
    for unit in &units {
        let mut add = vec![0usize; job.labels];
        for row in &unit.rows {
            add[job.strata[*row]] += 1;
        }
        let split = wanted
            .iter()
            .copied()
            .min_by(|a, b| cost(&quotas, &have, &add, *a).total_cmp(&cost(&quotas, &have, &add, *b)).then(a.cmp(b)))
            .unwrap_or(SplitName::Train);
        for (have, add) in have.iter_mut().zip(&add) {
            have[index(split)] += add;
        }
        chosen.push(split);
    }
    if first {
        leave_none_empty(&units, &mut chosen, &wanted);
    }
    for (unit, split) in units.iter().zip(chosen) {
        for row in &unit.rows {
            known[*row] = Some(split);
        }
    }
    Ok(finish(known))
}

/// How much further from its quota the split `to` gets, over all strata, relative to the quota.
fn cost(quotas: &[Triple], have: &[Triple], add: &[usize], to: SplitName) -> f64 {
    let s = index(to);
    quotas
        .iter()
        .zip(have)
        .zip(add)
        .filter(|(_, add)| **add > 0)
        .map(|((quota, have), add)| {
            let off = |n: usize| (n as f64 - quota[s] as f64).powi(2) / (quota[s] as f64).max(0.5);
            off(have[s] + add) - off(have[s])
        })
        .sum()
}

/// Gives a split without a group the smallest one of the split that has most.
fn leave_none_empty(units: &[Unit], chosen: &mut [SplitName], wanted: &[SplitName]) {
    for empty in wanted {
        if chosen.contains(empty) {
            continue;
        }
        let groups_of = |chosen: &[SplitName], s: SplitName| chosen.iter().filter(|c| **c == s).count();
        let Some(richest) = wanted.iter().copied().max_by_key(|s| (groups_of(chosen, *s), std::cmp::Reverse(*s)))
        else {
            return;
        };
        let smallest = (0..units.len())
            .filter(|i| chosen[*i] == richest)
            .min_by_key(|i| (units[*i].rows.len(), units[*i].priority));
        if let Some(i) = smallest {
            chosen[i] = *empty;
        }
    }
}

/// Where to cut: the split sizes of the rows in the order of time, moved to the nearest change of time.
///
/// Errors: too few different times for the splits.
pub(crate) fn cuts(order: &[f64], column: &str, policy: &SplitPolicy) -> Result<TimeCuts> {
    let [train, val, test] = totals(order.len(), policy)?;
    let mut sorted = order.to_vec();
    sorted.sort_by(f64::total_cmp);
    // Positions where a new time begins: a cut is possible there and nowhere else.
    let changes: Vec<usize> = (1..sorted.len()).filter(|i| sorted[*i] > sorted[*i - 1]).collect();
    let nearest = |wanted: usize, after: usize| {
        changes.iter().copied().filter(|c| *c > after).min_by_key(|c| (c.abs_diff(wanted), *c))
    };
    let needed = usize::from(val > 0) + usize::from(test > 0);
    if changes.len() < needed {
        return Err(DataError::Split {
            message: format!(
                "the time column `{column}` has {}, too few to cut by",
                count(changes.len() + 1, "moment", "moments")
            ),
            hint: "Choose a finer time column, or split without it".into(),
        });
    }
    let mut val_at = (val > 0).then(|| nearest(train, 0)).flatten();
    let mut test_at = (test > 0).then(|| nearest(train + val, val_at.unwrap_or(0))).flatten();
    if test > 0 && test_at.is_none() {
        // Val took the last change; it moves one back.
        test_at = changes.last().copied();
        val_at = val_at.and_then(|_| changes.iter().rev().nth(1).copied());
    }
    let moment = |at: Option<usize>| at.and_then(|i| sorted.get(i).copied());
    Ok(TimeCuts { val_from: moment(val_at), test_from: moment(test_at) })
}

/// Old to train, new to test; rows that are already placed stay.
pub(crate) fn by_time(order: &[f64], cuts: TimeCuts, known: &[Option<SplitName>]) -> Vec<SplitName> {
    order
        .iter()
        .zip(known)
        .map(|(t, known)| {
            known.unwrap_or(if cuts.test_from.is_some_and(|c| *t >= c) {
                SplitName::Test
            } else if cuts.val_from.is_some_and(|c| *t >= c) {
                SplitName::Val
            } else {
                SplitName::Train
            })
        })
        .collect()
}
