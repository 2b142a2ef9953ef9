//! Every kind of rule, through the whole program: from YAML to a verdict with its reason.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use driftgate_testsupport::{Pipeline, Sandbox};
use serde_json::Value;

const DRIFTGATE: &str = env!("CARGO_BIN_EXE_driftgate");

/// 150 rows: 105, 22 and 23. The default pipeline has every row of test right, and 21 of the 22 of val.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::workspace(DRIFTGATE);
    sandbox.data("iris");
    sandbox
}

/// Runs the pipeline, expects this exit code, and gives the gate's report.
#[track_caller]
fn gate(sandbox: &Sandbox, name: &str, pipeline: &Pipeline, exit: i32) -> Value {
    let file = format!("{name}.yaml");
    sandbox.pipeline(&file, pipeline);
    let view = sandbox.driftgate(["run", &file, "--json"]).exits(exit).json();
    view["gate"].clone()
}

/// `split: status, reason` of every result of the rule.
fn of(gate: &Value, rule: &str) -> Vec<String> {
    let results = gate["results"].as_array().unwrap().iter().filter(|r| r["rule_id"] == rule);
    let text = |v: &Value| v.as_str().unwrap_or("-").to_owned();
    results.map(|r| format!("{}: {}, {}", text(&r["split"]), text(&r["status"]), text(&r["reason"]))).collect()
}

#[track_caller]
fn only(gate: &Value, rule: &str) -> String {
    let found = of(gate, rule);
    assert_eq!(found.len(), 1, "{found:?}");
    found[0].clone()
}

#[test]
fn interval_bound_looks_at_the_end_and_names_its_evidence() {
    let sandbox = sandbox();
    let bound = |id: &str, metric: &str, threshold: f64| {
        format!("id: {id}, kind: interval_bound, metric: {metric}, operator: '>=', threshold: {threshold}")
    };
    let pipeline = Pipeline::iris()
        .raw_rule(&bound("wide", "accuracy", 0.85))
        .raw_rule(&bound("narrow", "accuracy", 0.86))
        .raw_rule(&bound("thin", "f1_score", 0.59))
        .raw_rule(&bound("thinner", "f1_score", 0.6))
        .raw_rule(&bound("ranks", "roc_auc", 0.5))
        .raw_rule("id: losses, kind: interval_bound, metric: log_loss, operator: '<=', threshold: 0.5")
        .raw_rule("id: fewer_losses, kind: interval_bound, metric: log_loss, operator: '<=', threshold: 0.17");
    let gate = gate(&sandbox, "p", &pipeline, 2);
    assert!(only(&gate, "wide").starts_with("test: passed, the lower end of accuracy is 0.856"), "{gate:#}");
    assert!(only(&gate, "wide").contains("Wilson score interval"), "{gate:#}");
    assert!(only(&gate, "narrow").starts_with("test: failed, the lower end of accuracy is 0.856"), "{gate:#}");
    assert!(only(&gate, "thin").starts_with("test: passed") && only(&gate, "thin").contains("7 rows without an error"));
    assert!(only(&gate, "thinner").starts_with("test: failed"), "{gate:#}");
    assert!(only(&gate, "ranks").starts_with("test: failed, the interval of roc_auc has no width"), "{gate:#}");
    assert!(only(&gate, "losses").starts_with("test: passed, the upper end of log_loss is 0.2"), "{gate:#}");
    assert!(only(&gate, "fewer_losses").starts_with("test: failed"), "{gate:#}");
    assert_eq!(gate["passed"], false);
}

#[test]
fn a_rule_that_the_resamples_do_not_reach_starts_no_run() {
    let sandbox = sandbox();
    let pipeline = Pipeline::iris()
        .evaluation("bootstrap: {resamples: 2}")
        .raw_rule("id: sure, kind: interval_bound, metric: accuracy, operator: '>=', threshold: 0.5")
        .not_worse("accuracy", 0.5);
    sandbox.pipeline("p.yaml", &pipeline);
    let events = sandbox.events();
    let answer = sandbox.driftgate(["run", "p.yaml"]).exits(1);
    for needed in ["200 or more", "100 or more"] {
        let text = format!("set `bootstrap.resamples` of the evaluation config to {needed}");
        assert!(answer.stderr.contains(&text), "{}", answer.transcript());
    }
    assert_eq!(sandbox.events(), events);
}

#[test]
fn not_worse_needs_rows_enough_for_its_margin() {
    let sandbox = sandbox();
    let first = sandbox.run("first", &Pipeline::iris());
    sandbox.driftgate(["approve", &first]).exits(0);
    // Another artifact that gives the same answers on 23 rows: 1 - 0.05^(1/23) may still be lost.
    let rules = Pipeline::iris()
        .seed(7)
        .raw_rule("id: tight, kind: not_worse_than_champion, metric: accuracy, margin: 0.12")
        .raw_rule("id: wide, kind: not_worse_than_champion, metric: accuracy, margin: 0.13")
        .raw_rule("id: unbounded, kind: not_worse_than_champion, metric: log_loss, margin: 9");
    let gate = gate(&sandbox, "second", &rules, 2);
    let tight = only(&gate, "tight");
    assert!(tight.starts_with("test: failed") && tight.contains("as much as 0.122123 worse, since 23 rows"), "{tight}");
    assert!(only(&gate, "wide").starts_with("test: passed"), "{gate:#}");
    let unbounded = only(&gate, "unbounded");
    assert!(unbounded.starts_with("test: failed, how much worse log_loss may be"), "{unbounded}");
}

#[test]
fn min_rows_counts_the_split_it_looks_at() {
    let sandbox = sandbox();
    let rules = Pipeline::iris()
        .evaluation_split("both")
        .raw_rule("id: just, kind: min_rows, rows: 22")
        .raw_rule("id: more, kind: min_rows, rows: 23");
    let gate = gate(&sandbox, "p", &rules, 2);
    assert_eq!(of(&gate, "just"), ["val: passed, 22 rows", "test: passed, 23 rows"]);
    assert_eq!(of(&gate, "more"), ["val: failed, 22 rows", "test: passed, 23 rows"]);
}

#[test]
fn freshness_is_the_age_of_the_data() {
    let sandbox = sandbox();
    let fresh = |days: &str| Pipeline::iris().raw_rule(&format!("id: fresh, kind: freshness, max_age_days: {days}"));
    assert!(only(&gate(&sandbox, "p", &fresh("1"), 0), "fresh").starts_with("-: passed"));
    // Less than a millisecond, and the data lie there since before the training.
    assert!(only(&gate(&sandbox, "q", &fresh("0.00000001"), 2), "fresh").starts_with("-: failed"));
}

#[test]
fn a_look_is_counted_when_it_happens_and_never_again() {
    let sandbox = sandbox();
    let rules = Pipeline::iris().raw_rule("id: looks, kind: looks, max: 1");
    let first = sandbox.run("first", &rules);
    let second = gate(&sandbox, "second", &rules.clone().seed(7), 2);
    assert_eq!(only(&second, "looks"), "-: failed, 2 runs have looked at it, this one counted");
    // The gate is asked again, about a run that was the first to look.
    sandbox.pipeline("first.yaml", &rules.rule("balanced_accuracy", ">=", 0.5));
    let decided = sandbox.driftgate(["approve", &first, "--json"]).exits(0).json();
    assert_eq!(decided["gate_reevaluated"], "its rules have changed");
    let view = sandbox.driftgate(["runs", "show", &first, "--json"]).exits(0).json();
    assert_eq!(view["gate"]["test_looks"], 1);
    assert_eq!(only(&view["gate"], "looks"), "-: passed, this run is the first to look at it");
    sandbox.verifies();
}

#[test]
fn consecutive_looks_at_the_runs_before() {
    let sandbox = sandbox();
    let rules = |seed| {
        let rule = "id: steady, kind: consecutive, metric: accuracy, operator: '>=', threshold: 0.9, runs: 2";
        Pipeline::iris().seed(seed).raw_rule(rule)
    };
    let alone = gate(&sandbox, "p", &rules(1), 2);
    assert_eq!(only(&alone, "steady"), "test: failed, it holds in this run, and not in the one before");
    let again = gate(&sandbox, "q", &rules(2), 0);
    assert_eq!(only(&again, "steady"), "test: passed, it holds in the last 2 runs");
    // A run that falls short begins the count anew.
    let short = gate(&sandbox, "r", &rules(3).with("C", 0.000_001), 2);
    assert!(only(&short, "steady").starts_with("test: failed, accuracy is"), "{short:#}");
    let anew = gate(&sandbox, "s", &rules(4), 2);
    assert!(only(&anew, "steady").contains("not in the one before"), "{anew:#}");
}

#[test]
fn the_split_that_feeds_the_rules_is_the_one_asked_for() {
    let sandbox = sandbox();
    let strict = |split| Pipeline::iris().evaluation_split(split).rule("balanced_accuracy", ">=", 0.99);
    let on_test = gate(&sandbox, "test", &strict("test"), 0);
    assert_eq!(of(&on_test, "balanced_accuracy"), ["test: passed, balanced_accuracy is 1"]);
    let on_val = gate(&sandbox, "val", &strict("val"), 2);
    let found = only(&on_val, "balanced_accuracy");
    assert!(found.starts_with("val: failed, balanced_accuracy is 0.95"), "{found}");
    assert_eq!((&on_val["evaluation_split"], &on_val["comparison"]["split"]), (&"val".into(), &"val".into()));
    let on_both = gate(&sandbox, "both", &strict("both"), 2);
    let found: Vec<String> = of(&on_both, "balanced_accuracy").iter().map(|r| r[..12].to_owned()).collect();
    assert_eq!(found, ["val: failed,", "test: passed"]);
    // Beside a champion, each split has a comparison of its own.
    let id = sandbox.run("champion", &Pipeline::iris().algorithm("random_forest").with("n_estimators", 5));
    sandbox.driftgate(["approve", &id]).exits(0);
    let compared = gate(&sandbox, "beside", &Pipeline::iris().evaluation_split("both").not_worse("accuracy", 0.5), 0);
    let found = of(&compared, "not_worse");
    assert!(found[0].starts_with("val: passed") && found[1].starts_with("test: passed"), "{found:?}");
    assert_ne!(found[0][4..], found[1][5..], "one comparison for both splits");
}

#[test]
fn a_target_of_identifiers_starts_no_run() {
    let sandbox = Sandbox::workspace(DRIFTGATE);
    let rows: String = (0..9_009).map(|i| format!("{i},id-{}\n", i % 1_001)).collect();
    sandbox.write("ids.csv", format!("x,label\n{rows}"));
    sandbox.driftgate(["dataset", "add", "ids.csv", "--target", "label", "--task", "classification"]).exits(0);
    sandbox.write("p.yaml", Pipeline::iris().to_yaml().replace("dataset: iris", "dataset: ids"));
    let answer = sandbox.driftgate(["run", "p.yaml"]).exits(1);
    assert!(answer.stderr.contains("1001 labels"), "{}", answer.transcript());
    let runs = sandbox.driftgate(["runs", "list", "--json"]).exits(0).json();
    assert_eq!(runs["runs"].as_array().unwrap().len(), 0);
}
