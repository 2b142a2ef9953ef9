//! The projections against the fold, entry by entry.

use super::{FaultKind, Faults};
use crate::Result;
use crate::projections::{Projections, flat};
use crate::rows::encode;
use crate::tables;
use crate::view::View;
use driftgate_model::Digest;
use std::cmp::Ordering;

/// An entry as both sides give it: its key and its bytes.
type Entry<K> = Result<(K, Vec<u8>)>;

/// Compares every table; returns how many entries were looked at.
pub(super) fn check(view: &View, expected: &Projections, faults: &mut Faults) -> Result<u64> {
    let mut seen = 0;
    let mut merge = Merge { faults, seen: &mut seen };
    let text = |key: &String| format!("`{key}`");
    let number = |key: &u64| key.to_string();
    let named = |key: &(String, u64)| format!("`{}`, event {}", key.0, key.1);
    let hashed = |key: &([u8; 32], u64)| format!("`{}`, event {}", Digest(key.0), key.1);

    let table = view.source.table(tables::DATASETS)?;
    let stored = table.iter(|k, v| (k.to_owned(), v.to_vec()))?;
    merge.run("datasets", stored, expected.datasets.iter().map(|(k, v)| Ok((k.clone(), encode(v)?))), text)?;

    let table = view.source.table(tables::MODELS)?;
    let stored = table.iter(|k, v| (k.to_owned(), v.to_vec()))?;
    merge.run("models", stored, expected.models.iter().map(|(k, v)| Ok((k.clone(), encode(v)?))), text)?;

    let table = view.source.table(tables::CHECKS)?;
    let stored = table.iter(|(model, id), v| ((model.to_owned(), id.to_owned()), v.to_vec()))?;
    let pair = |key: &(String, String)| format!("`{}`, `{}`", key.0, key.1);
    merge.run("checks", stored, expected.checks.iter().map(|(k, v)| Ok((k.clone(), encode(v)?))), pair)?;

    let table = view.source.table(tables::SERVERS)?;
    let stored = table.iter(|k, v| (k.to_owned(), v.to_vec()))?;
    merge.run("servers", stored, expected.servers.iter().map(|(k, v)| Ok((k.clone(), encode(v)?))), text)?;

    let table = view.source.table(tables::REVIEWERS)?;
    let stored = table.iter(|k, v| (*k, v.to_vec()))?;
    let hash = |key: &[u8; 32]| format!("`{}`", Digest(*key));
    merge.run("reviewers", stored, expected.reviewers.iter().map(|(k, v)| Ok((*k, encode(v)?))), hash)?;

    let table = view.source.table(tables::RUNS)?;
    let stored = table.iter(|k, v| (k, v.to_vec()))?;
    merge.run("runs", stored, expected.runs.iter().map(|(k, v)| Ok((*k, encode(v)?))), number)?;

    for (name, definition, wanted) in [
        ("run_ids", tables::RUN_IDS, expected.run_ids.clone()),
        ("run_endings", tables::RUN_ENDINGS, expected.run_endings()),
    ] {
        let table = view.source.table(definition)?;
        let bytes = |seq: u64| seq.to_be_bytes().to_vec();
        let stored = table.iter(|k, v| (k.to_owned(), bytes(v)))?;
        merge.run(name, stored, wanted.into_iter().map(|(k, v)| Ok((k, bytes(v)))), text)?;
    }

    let table = view.source.table(tables::RUNNING)?;
    let stored = table.iter(|k, ()| (k, Vec::new()))?;
    merge.run("running", stored, expected.running().map(|seq| Ok((seq, Vec::new()))), number)?;

    let table = view.source.table(tables::BY_KIND)?;
    let mut wanted = flat(&expected.by_kind);
    let in_step = walk(table.iter(|(key, seq), ()| wanted.next().is_some_and(|(k, s)| *k == key && s == seq))?)?;
    if !merge.holds(in_step, wanted.next().is_none()) {
        let stored = table.iter(|k, ()| (owned(k), Vec::new()))?;
        let wanted = flat(&expected.by_kind).map(|(k, seq)| Ok(((k.to_string(), seq), Vec::new())));
        merge.run("by_kind", stored, wanted, named)?;
    }

    let table = view.source.table(tables::BY_SUBJECT)?;
    let mut wanted = flat(&expected.by_subject);
    let in_step = walk(table.iter(|(key, seq), ()| wanted.next().is_some_and(|(k, s)| k == key && s == seq))?)?;
    if !merge.holds(in_step, wanted.next().is_none()) {
        let stored = table.iter(|k, ()| (owned(k), Vec::new()))?;
        let wanted = flat(&expected.by_subject).map(|(k, seq)| Ok(((k.clone(), seq), Vec::new())));
        merge.run("by_subject", stored, wanted, named)?;
    }

    for (name, definition, index) in
        [("by_object", tables::BY_OBJECT, &expected.by_object), ("by_actor", tables::BY_ACTOR, &expected.by_actor)]
    {
        let table = view.source.table(definition)?;
        let mut wanted = flat(index);
        let in_step = walk(table.iter(|(key, seq), ()| wanted.next().is_some_and(|(k, s)| k == key && s == seq))?)?;
        if !merge.holds(in_step, wanted.next().is_none()) {
            let stored = table.iter(|(digest, seq), ()| ((*digest, seq), Vec::new()))?;
            let wanted = flat(index).map(|(k, seq)| Ok(((*k, seq), Vec::new())));
            merge.run(name, stored, wanted, hashed)?;
        }
    }
    Ok(seen)
}

/// How many entries there are, if each is the one wanted next. An index that holds is compared without a copy of its keys;
/// only one that does not is walked again to name the differences.
fn walk(entries: impl Iterator<Item = Result<bool>>) -> Result<Option<u64>> {
    let mut count = 0;
    for same in entries {
        if !same? {
            return Ok(None);
        }
        count += 1;
    }
    Ok(Some(count))
}

fn owned(key: (&str, u64)) -> (String, u64) {
    (key.0.to_owned(), key.1)
}

struct Merge<'a> {
    faults: &'a mut Faults,
    seen: &'a mut u64,
}

impl Merge<'_> {
    /// Counts the entries of an index that is the same on both sides.
    fn holds(&mut self, in_step: Option<u64>, wanted_ended: bool) -> bool {
        match in_step {
            Some(count) if wanted_ended => {
                *self.seen += count;
                true
            }
            _ => false,
        }
    }

    /// Walks two ordered lists side by side and names every difference.
    fn run<K: Ord>(
        &mut self,
        table: &str,
        stored: impl Iterator<Item = Entry<K>>,
        wanted: impl Iterator<Item = Entry<K>>,
        label: impl Fn(&K) -> String,
    ) -> Result<()> {
        let mut fault = |key: &K, detail: &str| {
            let place = format!("entry {} of the table `{table}`", label(key));
            self.faults.add(FaultKind::Projection, place, detail);
        };
        let (mut stored, mut wanted) = (stored, wanted);
        let (mut left, mut right) = (stored.next().transpose()?, wanted.next().transpose()?);
        loop {
            let order = match (&left, &right) {
                (None, None) => return Ok(()),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some((a, _)), Some((b, _))) => a.cmp(b),
            };
            *self.seen += 1;
            match (order, &left, &right) {
                (Ordering::Equal, Some((_, found)), Some((_, expected))) if found == expected => {}
                (Ordering::Equal, Some((key, _)), _) => fault(key, "it is not what the events say"),
                (Ordering::Less, Some((key, _)), _) => fault(key, "no event accounts for it"),
                (_, _, Some((key, _))) => fault(key, "it is missing"),
                _ => {}
            }
            if order != Ordering::Greater {
                left = stored.next().transpose()?;
            }
            if order != Ordering::Less {
                right = wanted.next().transpose()?;
            }
        }
    }
}
