//! What holds for every split: sizes, strata, togetherness, inheritance, order.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

use driftgate_data::{Assignment, Lineage, read_bytes, split, stage};
use driftgate_model::{
    About, ColumnType, Constraints, DatasetSpec, FileFormat, Frame, SplitCounts, SplitName, SplitPolicy, Task,
};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Columns `id`, `site`, `day`, `x`, `y`; roles are given by the tests.
fn spec(task: Task) -> DatasetSpec {
    let types = [
        ("id", ColumnType::Int),
        ("site", ColumnType::String),
        ("day", ColumnType::String),
        ("x", ColumnType::Float),
        ("y", ColumnType::String),
    ];
    DatasetSpec {
        name: "s".into(),
        task,
        features: vec!["x".into()],
        target: "y".into(),
        schema: types.iter().map(|(n, t)| ((*n).to_owned(), *t)).collect(),
        format: FileFormat::default(),
        constraints: Constraints::default(),
        split: SplitPolicy::default(),
        images: None,
        about: About::default(),
    }
}

#[derive(Debug, Clone, PartialEq)]
struct Row {
    id: u32,
    site: u32,
    day: u32,
    x: u32,
    y: u32,
}

fn frame(rows: &[Row], spec: &DatasetSpec) -> Frame {
    let mut text = "id,site,day,x,y\n".to_owned();
    for r in rows {
        writeln!(
            text,
            "{},site {},{:04}-{:02}-01,{}.5,label {}",
            r.id,
            r.site,
            2000 + r.day / 12,
            r.day % 12 + 1,
            r.x,
            r.y
        )
        .unwrap();
    }
    read_bytes(text.as_bytes(), "s.csv", &FileFormat::default()).unwrap().frame(spec).unwrap()
}

/// Distinct rows: `x` is the row number.
fn distinct(rows: usize, labels: u32) -> Vec<Row> {
    (0..rows as u32).map(|i| Row { id: i, site: i % 13, day: i % 37, x: i, y: i * i % labels }).collect()
}

fn triple(c: SplitCounts) -> [u64; 3] {
    [c.train, c.val, c.test]
}

fn sizes(rows: u64) -> [u64; 3] {
    let rest = (rows * 3).div_ceil(10);
    [rows - rest, rest / 2, rest.div_ceil(2)]
}

#[test]
fn the_known_sizes() {
    let s = spec(Task::Classification);
    for (rows, want) in [(150, [105, 22, 23]), (178, [124, 27, 27]), (569, [398, 85, 86])] {
        let a = split(&frame(&distinct(rows, 3), &s), &s, None).unwrap();
        assert_eq!(triple(a.counts()), want);
    }
}

#[test]
fn another_seed_is_another_draw() {
    let s = spec(Task::Classification);
    let f = frame(&distinct(200, 3), &s);
    let mut other = s.clone();
    other.split.seed = 43;
    let (a, b) = (split(&f, &s, None).unwrap(), split(&f, &other, None).unwrap());
    assert_eq!(a.counts(), b.counts());
    assert_ne!(a.splits(), b.splits());
    assert_eq!(a, split(&f, &s, None).unwrap());
}

#[test]
fn the_policy_is_frozen() {
    let s = spec(Task::Classification);
    let f = frame(&distinct(100, 3), &s);
    let first = split(&f, &s, None).unwrap();
    let mut changed = s.clone();
    changed.split.seed = 1;
    changed.split.train = 0.6;
    changed.split.val = 0.25;
    let e = split(&f, &changed, Some(&Lineage::new(&first))).unwrap_err().to_string();
    assert!(e.contains("`split.train`, `split.val`, `split.seed`"), "{e}");
}

#[test]
fn bytes_read_back_and_damage_is_told() {
    let mut s = spec(Task::Classification);
    s.split.key_column = Some("id".into());
    s.split.seed = u64::MAX;
    let a = split(&frame(&distinct(60, 3), &s), &s, None).unwrap();
    let bytes = a.to_bytes();
    assert_eq!(Assignment::from_bytes(&bytes).unwrap(), a);
    let text = String::from_utf8(bytes.clone()).unwrap();
    for damaged in [
        text.replace("driftgate/split/1", "driftgate/split/9"),
        text.replace("\"rows\":60", "\"rows\":61"),
        text.replacen('T', "X", 1),
        text[..text.len() / 2].to_owned(),
        "{}".to_owned(),
    ] {
        assert!(Assignment::from_bytes(damaged.as_bytes()).is_err());
    }
}

#[test]
fn a_lost_column_is_told() {
    let s = spec(Task::Classification);
    let mut wide = s.clone();
    wide.features.push("site".into());
    let rows = distinct(60, 3);
    let first = split(&frame(&rows, &wide), &wide, None).unwrap();
    let e = split(&frame(&rows, &s), &s, Some(&Lineage::new(&first))).unwrap_err().to_string();
    assert!(e.contains("`site`"), "{e}");
    // A new column beside the old ones changes nothing.
    let narrow = split(&frame(&rows, &s), &s, None).unwrap();
    let again = split(&frame(&rows, &wide), &wide, Some(&Lineage::new(&narrow))).unwrap();
    assert_eq!(again.splits(), narrow.splits());
}

#[test]
fn time_is_cut_once() {
    let mut s = spec(Task::Classification);
    s.split.time_column = Some("day".into());
    let rows: Vec<Row> = (0..100).map(|i| Row { id: i, site: 0, day: (i * 7) % 100, x: i, y: i % 2 }).collect();
    let first = split(&frame(&rows, &s), &s, None).unwrap();
    assert_eq!(triple(first.counts()), [70, 15, 15]);
    for (row, split) in rows.iter().zip(first.splits()) {
        let want = match row.day {
            0..70 => SplitName::Train,
            70..85 => SplitName::Val,
            _ => SplitName::Test,
        };
        assert_eq!(*split, want, "{row:?}");
    }
    let later: Vec<Row> =
        rows.iter().cloned().chain((100..130).map(|i| Row { id: i, site: 0, day: i, x: i, y: 0 })).collect();
    let second = split(&frame(&later, &s), &s, Some(&Lineage::new(&first))).unwrap();
    assert_eq!(second.splits()[..100], *first.splits());
    assert!(second.splits()[100..].iter().all(|s| *s == SplitName::Test));
    assert_eq!(second.cuts(), first.cuts());
    let flat: Vec<Row> = rows.iter().map(|r| Row { day: 3, ..*r }).collect();
    assert!(split(&frame(&flat, &s), &s, None).unwrap_err().to_string().contains("1 moment"));
}

#[test]
fn a_key_keeps_an_edited_row_where_it_was() {
    let mut s = spec(Task::Classification);
    s.split.key_column = Some("id".into());
    let rows = distinct(100, 3);
    let first = split(&frame(&rows, &s), &s, None).unwrap();
    let edited: Vec<Row> = rows.iter().rev().map(|r| Row { x: r.x + 1000, ..*r }).collect();
    let second = split(&frame(&edited, &s), &s, Some(&Lineage::new(&first))).unwrap();
    let back: Vec<SplitName> = second.splits().iter().rev().copied().collect();
    assert_eq!(back, first.splits());
}

#[test]
fn a_key_is_recognised_whatever_its_column_s_type() {
    let mut numbers = spec(Task::Classification);
    numbers.split.key_column = Some("id".into());
    let mut texts = numbers.clone();
    texts.schema.insert("id".into(), ColumnType::String);
    let rows = distinct(100, 3);
    // Edited, so that only the key tells which row is which.
    let edited: Vec<Row> = rows.iter().map(|r| Row { x: r.x + 1000, ..*r }).collect();
    for (before, after) in [(&numbers, &texts), (&texts, &numbers)] {
        let first = split(&frame(&rows, before), before, None).unwrap();
        let second = split(&frame(&edited, after), after, Some(&Lineage::new(&first))).unwrap();
        assert_eq!(second.splits(), first.splits());
    }
}

#[test]
fn groups_need_to_be_enough_and_known() {
    let mut s = spec(Task::Regression);
    s.split.group_column = Some("site".into());
    let rows: Vec<Row> = distinct(60, 3).into_iter().map(|r| Row { site: r.id % 2, ..r }).collect();
    assert!(split(&frame(&rows, &s), &s, None).unwrap_err().to_string().contains("2 groups"));
}

fn rows(most: usize) -> impl Strategy<Value = Vec<Row>> {
    prop::collection::vec((0u32..25, 0u32..40, 0u32..400, 0u32..3), 30..most).prop_map(|v| {
        v.into_iter().enumerate().map(|(i, (site, day, x, y))| Row { id: i as u32, site, day, x, y }).collect()
    })
}

/// The split of every value of `key`, and whether each value has one only.
fn together<K: Ord>(rows: &[Row], a: &Assignment, key: impl Fn(&Row) -> K) -> bool {
    let mut of: BTreeMap<K, SplitName> = BTreeMap::new();
    rows.iter().zip(a.splits()).all(|(r, s)| *of.entry(key(r)).or_insert(*s) == *s)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn distinct_rows_meet_every_total_and_stratum(n in 8usize..700, labels in 1u32..4, seed: u64) {
        let mut s = spec(Task::Classification);
        s.split.seed = seed;
        let rows: Vec<Row> = (0..n as u32).map(|i| Row { id: i, site: 0, day: 0, x: i, y: i % labels }).collect();
        let a = split(&frame(&rows, &s), &s, None).unwrap();
        let want = sizes(n as u64);
        prop_assert_eq!(triple(a.counts()), want);
        for label in 0..labels {
            let count = rows.iter().filter(|r| r.y == label).count() as f64;
            for (name, size) in SplitName::ALL.into_iter().zip(want) {
                let here = rows.iter().zip(a.splits()).filter(|(r, s)| r.y == label && **s == name).count() as f64;
                prop_assert!((here - count * size as f64 / n as f64).abs() < 1.0);
            }
        }
    }

    #[test]
    fn equal_rows_stay_together_and_order_does_not_count(rows in rows(300), turn in 0usize..300) {
        let s = spec(Task::Classification);
        let a = split(&frame(&rows, &s), &s, None).unwrap();
        prop_assert!(together(&rows, &a, |r| (r.x, r.y)));
        let mut turned = rows.clone();
        turned.rotate_left(turn % rows.len());
        let b = split(&frame(&turned, &s), &s, None).unwrap();
        let mut splits = a.splits().to_vec();
        splits.rotate_left(turn % rows.len());
        prop_assert_eq!(b.splits(), splits);
    }

    #[test]
    fn a_new_version_moves_no_row(old in rows(200), new in rows(200), keep in 0usize..200, keyed: bool) {
        let mut s = spec(Task::Classification);
        s.split.key_column = keyed.then(|| "id".into());
        let first = split(&frame(&old, &s), &s, None).unwrap();
        let kept: Vec<Row> = old.iter().take(keep.max(1)).cloned().collect();
        let n = kept.len();
        let added = new.into_iter().map(|r| Row { id: r.id + 10_000, x: r.x + 200, ..r });
        let all: Vec<Row> = kept.into_iter().chain(added).collect();
        let second = split(&frame(&all, &s), &s, Some(&Lineage::new(&first))).unwrap();
        prop_assert_eq!(&second.splits()[..n], &first.splits()[..n]);
        // Through bytes it is the same.
        let stored = Assignment::from_bytes(&first.to_bytes()).unwrap();
        prop_assert_eq!(split(&frame(&all, &s), &s, Some(&Lineage::new(&stored))).unwrap(), second);
    }

    #[test]
    fn a_row_that_left_comes_back_to_its_split(old in rows(200), left: u64, new in rows(60), kind in 0usize..3) {
        let mut s = spec(Task::Classification);
        s.split.key_column = (kind == 1).then(|| "id".into());
        s.split.group_column = (kind == 2).then(|| "site".into());
        prop_assume!(old.iter().map(|r| r.site).collect::<std::collections::BTreeSet<_>>().len() >= 3);
        let first = split(&frame(&old, &s), &s, None).unwrap();
        let mut lineage = Lineage::new(&first);
        // Part of the old rows with some new ones, then all old rows again.
        let stays = |r: &&Row| kind == 2 && r.site % 3 != (left % 3) as u32 || kind != 2 && (left >> (r.id % 64)) & 1 == 1;
        let added = new.into_iter().map(|r| Row { id: r.id + 10_000, site: r.site + 100, x: r.x + 1000, ..r });
        let part: Vec<Row> = old.iter().filter(stays).cloned().chain(added).collect();
        let second = split(&frame(&part, &s), &s, Some(&lineage)).unwrap();
        lineage.add(&second);
        let third = split(&frame(&old, &s), &s, Some(&lineage)).unwrap();
        prop_assert_eq!(third.splits(), first.splits());
    }

    #[test]
    fn new_rows_fill_towards_the_shares(n in 40usize..200, more in 40usize..200) {
        let s = spec(Task::Regression);
        let mut s = s;
        s.schema.insert("y".into(), ColumnType::String);
        let first = split(&frame(&distinct(n, 3), &s), &s, None).unwrap();
        let second = split(&frame(&distinct(n + more, 3), &s), &s, Some(&Lineage::new(&first))).unwrap();
        prop_assert_eq!(triple(second.counts()), sizes((n + more) as u64));
    }

    #[test]
    fn groups_stay_together_and_near_their_shares(rows in rows(400), grown in rows(100)) {
        let mut s = spec(Task::Classification);
        s.split.group_column = Some("site".into());
        let groups: std::collections::BTreeSet<u32> = rows.iter().map(|r| r.site).collect();
        prop_assume!(groups.len() >= 3);
        let a = split(&frame(&rows, &s), &s, None).unwrap();
        prop_assert!(together(&rows, &a, |r| r.site));
        prop_assert!(triple(a.counts()).iter().all(|n| *n > 0));
        let largest = groups.iter().map(|g| rows.iter().filter(|r| r.site == *g).count()).max().unwrap() as f64;
        for (have, want) in triple(a.counts()).into_iter().zip(sizes(rows.len() as u64)) {
            prop_assert!((have as f64 - want as f64).abs() <= 2.0 * largest + 1.0, "{} for {}", have, want);
        }
        let all: Vec<Row> = rows.iter().cloned().chain(grown.into_iter().map(|r| Row { x: r.x + 1000, ..r })).collect();
        let b = split(&frame(&all, &s), &s, Some(&Lineage::new(&a))).unwrap();
        prop_assert_eq!(&b.splits()[..rows.len()], a.splits());
        prop_assert!(together(&all, &b, |r| r.site));
    }
}

/// A batch of rows that no data set holds: `x` goes on where the data set ends.
fn batch(from: u32, rows: u32, labels: u32) -> Vec<Row> {
    (from..from + rows).map(|i| Row { id: i, site: i % 5, day: i % 37, x: i, y: i % labels }).collect()
}

#[test]
fn a_staged_batch_is_train_and_drifted_holdout_and_moves_nothing() {
    let s = spec(Task::Classification);
    let base = split(&frame(&distinct(200, 3), &s), &s, None).unwrap();
    let lineage = Lineage::new(&base);
    // Ten rows that the data set holds, and a hundred that it does not.
    let mut rows = distinct(10, 3);
    rows.extend(batch(1_000, 100, 3));
    let staged = stage(&frame(&rows, &s), &s, &base, &lineage, 0.3).unwrap();
    assert_eq!((staged.known, staged.tested), (10, 0));
    assert_eq!(staged.kept, (10..110).collect::<Vec<_>>());
    let splits = staged.assignment.splits();
    assert_eq!(&splits[..200], base.splits());
    let of = |name| splits[200..].iter().filter(|x| **x == name).count();
    assert_eq!((of(SplitName::Train), of(SplitName::DriftHoldout)), (70, 30));
    assert_eq!(staged.assignment.counts().test, base.counts().test);
    let bytes = staged.assignment.to_bytes();
    assert_eq!(Assignment::from_bytes(&bytes).unwrap(), staged.assignment);
    // Whoever learned from that version has seen 70 of the batch's rows, and the base's train and val rows.
    let unseen = staged.assignment.unseen(&frame(&batch(1_000, 100, 3), &s)).unwrap();
    assert_eq!(unseen.len(), 30);
    assert_eq!(base.unseen(&frame(&batch(1_000, 100, 3), &s)).unwrap().len(), 100);
}

#[test]
fn staged_rows_that_return_are_where_they_were() {
    let s = spec(Task::Classification);
    let base = split(&frame(&distinct(200, 3), &s), &s, None).unwrap();
    let first = stage(&frame(&batch(1_000, 50, 3), &s), &s, &base, &Lineage::new(&base), 0.3).unwrap();
    let mut lineage = Lineage::new(&base);
    lineage.add(&first.assignment);
    // Taken back, then staged again with another share: who was held out stays held out.
    let again = stage(&frame(&batch(1_000, 50, 3), &s), &s, &base, &lineage, 0.8).unwrap();
    assert_eq!(again.assignment, first.assignment);
    // A person adds all rows as an ordinary version: the holdout still is none of the three splits.
    let mut all = distinct(200, 3);
    all.extend(batch(1_000, 50, 3));
    let merged = split(&frame(&all, &s), &s, Some(&lineage)).unwrap();
    assert_eq!(merged.splits(), first.assignment.splits());
}

#[test]
fn what_was_in_a_clean_test_split_is_never_learned_from() {
    let s = spec(Task::Classification);
    let first = split(&frame(&distinct(200, 3), &s), &s, None).unwrap();
    // The second version leaves the last hundred rows out; a batch brings them back.
    let lineage = Lineage::new(&first);
    let second = split(&frame(&distinct(100, 3), &s), &s, Some(&lineage)).unwrap();
    let mut both = lineage.clone();
    both.add(&second);
    let returning = &distinct(200, 3)[100..];
    let staged = stage(&frame(returning, &s), &s, &second, &both, 0.3);
    let judged = first.splits()[100..].iter().filter(|x| **x != SplitName::Train).count();
    // All that is left was in train once, so nothing can be held out.
    let e = staged.unwrap_err().to_string();
    assert!(e.contains(&format!("{judged} of them belong to its clean splits")), "{e}");
}

#[test]
fn groups_keys_and_times_hold_for_a_batch_too() {
    let mut grouped = spec(Task::Classification);
    grouped.split.group_column = Some("site".into());
    let base = split(&frame(&distinct(200, 3), &grouped), &grouped, None).unwrap();
    let rows = batch(1_000, 100, 3);
    let staged = stage(&frame(&rows, &grouped), &grouped, &base, &Lineage::new(&base), 0.3);
    // Every site of the batch is known: those of train are learned from, the others are left out.
    assert!(staged.unwrap_err().to_string().contains("0 held out"));
    let elsewhere: Vec<Row> = rows.iter().map(|r| Row { site: 100 + r.site, ..r.clone() }).collect();
    let staged = stage(&frame(&elsewhere, &grouped), &grouped, &base, &Lineage::new(&base), 0.3).unwrap();
    for site in 100..105 {
        let of: std::collections::BTreeSet<_> = elsewhere
            .iter()
            .zip(&staged.assignment.splits()[200..])
            .filter(|(r, _)| r.site == site)
            .map(|(_, s)| *s)
            .collect();
        assert_eq!(of.len(), 1, "site {site} is in {of:?}");
    }
    let mut timed = spec(Task::Classification);
    timed.split.time_column = Some("day".into());
    let base = split(&frame(&distinct(200, 3), &timed), &timed, None).unwrap();
    let staged = stage(&frame(&rows, &timed), &timed, &base, &Lineage::new(&base), 0.3).unwrap();
    let splits = &staged.assignment.splits()[200..];
    let newest = rows.iter().zip(splits).filter(|(_, s)| **s == SplitName::Train).map(|(r, _)| r.day).max().unwrap();
    let oldest = rows.iter().zip(splits).filter(|(_, s)| **s != SplitName::Train).map(|(r, _)| r.day).min().unwrap();
    assert!(newest < oldest, "the holdout is the newest part: {newest} and {oldest}");
    let mut keyed = spec(Task::Classification);
    keyed.split.key_column = Some("id".into());
    let base = split(&frame(&distinct(200, 3), &keyed), &keyed, None).unwrap();
    let edited: Vec<Row> =
        distinct(20, 3).into_iter().chain(batch(1_000, 30, 3)).map(|r| Row { x: r.x + 7_000, ..r }).collect();
    let staged = stage(&frame(&edited, &keyed), &keyed, &base, &Lineage::new(&base), 0.3).unwrap();
    assert_eq!(staged.known, 20, "a known key is a known row, whatever its values");
}
