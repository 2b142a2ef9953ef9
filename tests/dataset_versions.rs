//! Versions of a data set: which bytes are a new one, and where rows are placed from one to the next.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use driftgate_testsupport::{Pipeline, Sandbox};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

const DRIFTGATE: &str = env!("CARGO_BIN_EXE_driftgate");

/// A row: its key, its site, its day and a number.
#[derive(Clone)]
struct Row {
    id: usize,
    site: usize,
    day: usize,
    x: usize,
}

fn rows(ids: std::ops::Range<usize>) -> Vec<Row> {
    ids.map(|id| Row { id, site: id * 7 % 23, day: id, x: id * 13 % 997 }).collect()
}

fn text(rows: &[Row]) -> String {
    let mut text = String::from("id,site,day,x,label\n");
    for r in rows {
        let (month, day) = (r.day / 28 % 12 + 1, r.day % 28 + 1);
        text += &format!("{},s{},20{:02}-{month:02}-{day:02},{},", r.id, r.site, 10 + r.day / 336, r.x);
        text += ["no\n", "yes\n"][r.id % 2];
    }
    text
}

/// A data set `d` whose split is decided as `split` says.
fn sandbox(split: &str) -> Sandbox {
    let sandbox = Sandbox::workspace(DRIFTGATE);
    sandbox.write(
        "d/dataset.yaml",
        format!(
            "name: d\ntask_type: classification\nfeatures: [x]\ntarget: label\n\
             schema: {{x: float, label: string, id: int, site: string, day: string}}\nsplit: {{{split}}}\n"
        ),
    );
    sandbox
}

/// Adds the rows as the next version and gives the split of each: `T`, `V` or `E`.
fn added(sandbox: &Sandbox, rows: &[Row]) -> Vec<char> {
    sandbox.write("d/data.csv", text(rows));
    let added = sandbox.driftgate(["dataset", "add", "d", "--json"]).exits(0).json();
    assert_eq!(added["new"], true, "{added:#}");
    let digest = added["version"]["split"].as_str().unwrap();
    let stored = sandbox.read(&format!(".driftgate/objects/{}/{}", &digest[..2], &digest[2..]));
    let split: Value = serde_json::from_str(&stored).unwrap();
    split["splits"].as_str().unwrap().chars().collect()
}

/// The splits that each value of `of` has rows in.
fn splits_of(rows: &[Row], splits: &[char], of: impl Fn(&Row) -> usize) -> BTreeMap<usize, BTreeSet<char>> {
    let mut found: BTreeMap<usize, BTreeSet<char>> = BTreeMap::new();
    for (row, split) in rows.iter().zip(splits) {
        found.entry(of(row)).or_default().insert(*split);
    }
    found
}

#[test]
fn old_rows_keep_their_split_also_when_they_were_away() {
    let sandbox = sandbox("seed: 7");
    let old = rows(0..120);
    let first = added(&sandbox, &old);
    // Turned round and grown: no row moves.
    let grown: Vec<Row> = rows(120..200).into_iter().chain(old.iter().rev().cloned()).collect();
    let second = added(&sandbox, &grown);
    assert!(second[80..].iter().rev().eq(&first));
    // Half of them leave, and come back in a later version.
    let half: Vec<Row> = grown.iter().filter(|r| r.id % 2 == 0 || r.id >= 120).cloned().collect();
    added(&sandbox, &half);
    assert_eq!(added(&sandbox, &[old, rows(300..310)].concat())[..120], first);
    sandbox.verifies();
}

#[test]
fn rows_of_a_group_stay_together_in_every_version() {
    let sandbox = sandbox("group_column: site");
    let old = rows(0..150);
    let first = added(&sandbox, &old);
    let one_each = |rows: &[Row], splits: &[char]| {
        let found = splits_of(rows, splits, |r| r.site);
        assert!(found.values().all(|s| s.len() == 1), "{found:?}");
        assert_eq!(splits.iter().collect::<BTreeSet<_>>().len(), 3);
    };
    one_each(&old, &first);
    let grown = [old, rows(150..250)].concat();
    let second = added(&sandbox, &grown);
    assert_eq!(second[..150], first);
    one_each(&grown, &second);
}

#[test]
fn a_time_cut_stays_where_it_was() {
    let sandbox = sandbox("time_column: day");
    let old = rows(0..100);
    let first: String = added(&sandbox, &old).into_iter().collect();
    assert_eq!(first, ["T".repeat(70), "V".repeat(15), "E".repeat(15)].concat());
    let second: String = added(&sandbox, &rows(0..160)).into_iter().collect();
    assert_eq!(second, first + &"E".repeat(60));
}

#[test]
fn an_edited_row_is_known_by_its_key_whatever_the_key_s_type() {
    let sandbox = sandbox("key_column: id");
    let old = rows(0..100);
    let first = added(&sandbox, &old);
    let edited: Vec<Row> = old.iter().map(|r| Row { x: r.x + 5000, site: r.site + 1, ..*r }).collect();
    assert_eq!(added(&sandbox, &edited), first);
    let spec = sandbox.read("d/dataset.yaml");
    sandbox.write("d/dataset.yaml", spec.replace("id: int", "id: string"));
    let again: Vec<Row> = old.iter().map(|r| Row { x: r.x + 9000, ..*r }).collect();
    assert_eq!(added(&sandbox, &again), first);
}

#[test]
fn the_name_of_the_file_makes_no_version() {
    let sandbox = Sandbox::workspace(DRIFTGATE);
    sandbox.write("first.csv", text(&rows(0..80)));
    sandbox.write("renamed.csv", text(&rows(0..80)));
    let add = |file: &str| {
        let args = ["dataset", "add", file, "--name", "d", "--target", "label", "--task", "classification", "--json"];
        sandbox.driftgate(args).exits(0).json()
    };
    let (first, renamed) = (add("first.csv"), add("renamed.csv"));
    assert_eq!((&first["new"], &renamed["new"]), (&Value::Bool(true), &Value::Bool(false)));
    assert_eq!(first["version"]["version"], renamed["version"]["version"]);
}

#[test]
fn a_parquet_file_is_added_and_trained_on() {
    let sandbox = Sandbox::workspace(DRIFTGATE);
    sandbox.write("towns/data.parquet", include_bytes!("files/towns.parquet"));
    let args = ["dataset", "add", "towns", "--target", "label", "--task", "classification", "--json"];
    let added = sandbox.driftgate(args).exits(0).json();
    assert_eq!((&added["version"]["rows"], &added["version"]["columns"]), (&80.into(), &3.into()));
    assert!(sandbox.read("towns/dataset.yaml").contains("kind: parquet"));
    let encoded = "scaling: {enabled: true, strategy: standard}\n    encoding: {enabled: true}";
    let pipeline = Pipeline::iris().stages(&["preprocessing", "training", "evaluation"]).to_yaml();
    let pipeline = pipeline.replace("scaling: {enabled: true, strategy: standard}", encoded);
    sandbox.write("p.yaml", pipeline.replace("dataset: iris", "dataset: towns"));
    let view = sandbox.driftgate(["run", "p.yaml", "--json"]).exits(0).json();
    assert_eq!(view["run"]["subject"]["dataset_version"], added["version"]["version"]);
}
