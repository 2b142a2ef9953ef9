//! `adapt stage`, `list`, `undo`, and the gate's rules about drift: the mission from training to undo.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use driftgate_testsupport::{Pipeline, Sandbox, assert_answer};
use serde_json::Value;

const DRIFTGATE: &str = env!("CARGO_BIN_EXE_driftgate");
const MODEL: &str = "breast_cancer-classification";

/// A forest on breast cancer with a gate in which drift counts.
fn pipeline(seed: u64) -> Pipeline {
    Pipeline::iris()
        .algorithm("random_forest")
        .with("n_estimators", 30)
        .seed(seed)
        .not_worse("accuracy", 0.1)
        .raw_rule("id: copes, kind: champion_on_drift, metric: accuracy, margin: 0.02")
        .raw_rule("id: covered, kind: coverage")
        .raw_rule("id: answered, kind: open_response")
}

fn write(sandbox: &Sandbox, name: &str, pipeline: &Pipeline) {
    sandbox.write(name, pipeline.to_yaml().replace("dataset: iris", "dataset: breast_cancer"));
}

fn run(sandbox: &Sandbox, name: &str, exit: i32) -> Value {
    sandbox.driftgate(["run", name, "--json"]).exits(exit).json()
}

fn id(view: &Value) -> String {
    view["run"]["subject"]["run"].as_str().unwrap().to_owned()
}

fn violations(view: &Value) -> Vec<&str> {
    view["run"]["violations"].as_array().unwrap().iter().map(|v| v.as_str().unwrap()).collect()
}

/// What a second instrument reads: every number is twice as large, give or take 2 %.
fn other_instrument(lines: &[String], phase: usize) -> String {
    let mut out = vec![lines[0].clone()];
    for (i, line) in lines[1..].iter().enumerate() {
        let cells = line.split(',').enumerate().map(|(j, cell)| match cell.parse::<f64>() {
            Ok(x) => (x * (2.0 + 0.02 * ((i * 7 + j * 3 + phase) as f64).sin())).to_string(),
            Err(_) => cell.to_owned(),
        });
        out.push(cells.collect::<Vec<_>>().join(","));
    }
    out.join("\n") + "\n"
}

/// A workspace with version 1 in Production, and as lines the rows that it has not seen: three in ten of the data.
fn served() -> (Sandbox, Vec<String>) {
    let sandbox = Sandbox::workspace(DRIFTGATE);
    sandbox.data("breast_cancer");
    let text = sandbox.read("data/breast_cancer/data.csv");
    let part = |later: bool| -> Vec<String> {
        let wanted = |i: usize| i == 0 || ((i % 10) >= 7) == later;
        text.lines().enumerate().filter(|(i, _)| wanted(*i)).map(|(_, l)| l.to_owned()).collect()
    };
    sandbox.write("data/breast_cancer/data.csv", part(false).join("\n") + "\n");
    write(&sandbox, "p.yaml", &pipeline(42));
    let view = run(&sandbox, "p.yaml", 0);
    let results = view["gate"]["results"].as_array().unwrap();
    let absent: Vec<&str> =
        results.iter().filter(|r| r["status"] == "not_applicable").map(|r| r["rule_id"].as_str().unwrap()).collect();
    assert_eq!(absent, ["not_worse", "copes", "covered", "answered"], "{:#}", view["gate"]);
    sandbox.driftgate(["approve", &id(&view)]).exits(0);
    (sandbox, part(true))
}

fn check(sandbox: &Sandbox, batch: &str) -> Value {
    sandbox.driftgate(["drift", "check", MODEL, "--batch", batch, "--json"]).json()
}

#[test]
fn after_drift_the_adapted_model_passes_and_an_equally_accurate_stale_one_is_blocked() {
    let (sandbox, lines) = served();
    sandbox.write("batch.csv", other_instrument(&lines, 0));
    let first = check(&sandbox, "batch.csv");
    assert_eq!(first["report"]["overall"]["verdict"], "drifted");
    assert_eq!(first["alarm"], true);
    let alarm = first["check"].as_str().unwrap().to_owned();

    // Trained anew on the old data: as accurate there as Production, and of no use for what came.
    write(&sandbox, "stale.yaml", &pipeline(43));
    let stale = run(&sandbox, "stale.yaml", 2);
    assert_eq!(violations(&stale), ["covered", "answered"], "{:#}", stale["gate"]);
    let kept = &stale["gate"]["comparison"]["per_metric"]["accuracy"];
    assert!(kept["delta"].as_f64().unwrap().abs() < 0.05, "{kept:#}");
    sandbox.driftgate(["drift", "respond", &alarm, "--action", "retrain", "--reason", "A second instrument"]).exits(0);
    assert_eq!(violations(&run(&sandbox, "stale.yaml", 2)), ["covered"]);
    // Checking the training data says nothing of what came: the rule still looks at the batch.
    check(&sandbox, "data/breast_cancer/data.csv");
    assert_eq!(violations(&run(&sandbox, "stale.yaml", 2)), ["covered"]);

    let staged = sandbox.driftgate(["adapt", "stage", MODEL, "--batch", "batch.csv"]).exits(0);
    assert_answer!("stage", staged);
    write(&sandbox, "adapted.yaml", &pipeline(44));
    let answer = sandbox.driftgate(["run", "adapted.yaml", "--json"]);
    let adapted = answer.json();
    assert_eq!(violations(&adapted), [""; 0], "{:#}", adapted["gate"]["results"]);
    let found = &adapted["gate"]["adaptation"];
    let drifted = &found["drifted"]["per_metric"]["accuracy"];
    assert!(drifted["interval"]["low"].as_f64().unwrap() > 0.1, "{drifted:#}");
    assert!(found["clean"]["per_metric"]["accuracy"]["delta"].as_f64().unwrap() > -0.1);
    assert_eq!(found["drifted_rows"], 52);
    assert_eq!(found["clean_rows"], 60);
    let shown = sandbox.driftgate(["runs", "show", &id(&adapted)]).exits(0);
    assert!(shown.stdout.contains("drifted holdout (52)"), "{}", shown.stdout);
    sandbox.driftgate(["approve", &id(&adapted), "--reason", "Copes with both instruments"]).exits(0);

    // The new version knows the second instrument: another batch from it is no alarm.
    sandbox.write("next.csv", other_instrument(&lines, 5));
    let next = check(&sandbox, "next.csv");
    assert_ne!(next["report"]["overall"]["verdict"], "drifted", "{:#}", next["report"]["overall"]);
    assert_eq!(next["report"]["like"], first["report"]["batch"]);
    // And it still knows the first.
    sandbox.write("old.csv", sandbox.read("data/breast_cancer/data.csv"));
    let old = check(&sandbox, "old.csv");
    assert_ne!(old["report"]["overall"]["verdict"], "drifted");
    assert!(old["report"]["like"].is_null());
    sandbox.verifies();
}

#[test]
fn other_rules_are_asked_about_the_past() {
    let (sandbox, lines) = served();
    write(&sandbox, "next.yaml", &pipeline(43));
    let waiting = id(&run(&sandbox, "next.yaml", 0));
    // What comes later was not known then.
    sandbox.write("batch.csv", other_instrument(&lines, 0));
    check(&sandbox, "batch.csv");
    let events = sandbox.events();
    sandbox.write("drift.yaml", "classification:\n  rules:\n  - {id: answered, kind: open_response}\n");
    let ask = |file: &str| sandbox.driftgate(["runs", "gate", &waiting, "--promotion", file]).exits(0);
    assert_answer!("past", ask("drift.yaml"));
    sandbox.write("strict.yaml", "classification:\n  rules:\n  - {id: size, kind: min_rows, rows: 1000}\n");
    assert_answer!("strict", ask("strict.yaml"));
    assert_eq!(sandbox.events(), events);
    let stale = run(&sandbox, "next.yaml", 2);
    let view = sandbox.driftgate(["runs", "gate", &id(&stale), "--promotion", "drift.yaml", "--json"]).json();
    assert_eq!((view["changed"].as_bool(), view["gate"]["passed"].as_bool()), (Some(false), Some(false)));
    let regression = sandbox.driftgate(["runs", "gate", &waiting, "--promotion", "none.yaml"]).exits(1);
    assert!(regression.stderr.contains("none.yaml"), "{}", regression.stderr);
}

#[test]
fn an_approval_is_refused_when_drift_was_found_meanwhile() {
    let (sandbox, lines) = served();
    write(&sandbox, "next.yaml", &pipeline(43));
    let waiting = id(&run(&sandbox, "next.yaml", 0));
    sandbox.write("batch.csv", other_instrument(&lines, 0));
    check(&sandbox, "batch.csv");
    let refused = sandbox.driftgate(["approve", &waiting]).exits(2);
    assert!(refused.stderr.contains("since batches were checked"), "{}", refused.stderr);
    assert!(refused.stderr.contains("answered ("), "{}", refused.stderr);
    sandbox.verifies();
}

#[test]
fn a_handful_of_staged_rows_silences_no_alarm() {
    let (sandbox, lines) = served();
    sandbox.write("few.csv", other_instrument(&lines[..41], 0));
    let staged = sandbox.driftgate(["adapt", "stage", MODEL, "--batch", "few.csv", "--json"]).exits(0).json();
    assert_eq!((staged["train"].as_u64(), staged["holdout"].as_u64()), (Some(28), Some(12)));
    let plain = Pipeline::iris().algorithm("random_forest").with("n_estimators", 30);
    write(&sandbox, "plain.yaml", &plain);
    sandbox.driftgate(["approve", &id(&run(&sandbox, "plain.yaml", 0))]).exits(0);
    sandbox.write("batch.csv", other_instrument(&[&lines[..1], &lines[41..]].concat(), 0));
    let view = check(&sandbox, "batch.csv");
    assert_eq!(view["report"]["overall"]["verdict"], "drifted", "{:#}", view["report"]["overall"]);
    assert!(view["report"]["like"].is_null());
}

#[test]
fn lost_performance_is_drift_though_no_column_moved() {
    let (sandbox, lines) = served();
    // What was benign is malignant now: the inputs are as they were.
    let swap = |line: &String| match line.rsplit_once(',') {
        Some((rest, "benign")) => format!("{rest},malignant"),
        Some((rest, "malignant")) => format!("{rest},benign"),
        _ => line.clone(),
    };
    sandbox.write("concept.csv", lines.iter().map(swap).collect::<Vec<_>>().join("\n") + "\n");
    let alarm = sandbox.driftgate(["drift", "check", MODEL, "--batch", "concept.csv", "--json"]).exits(2).json();
    assert_eq!(alarm["report"]["overall"]["drifted_columns"], 0);
    assert_eq!(alarm["report"]["overall"]["verdict"], "drifted");
    assert_eq!(alarm["alarm"], true);
    write(&sandbox, "stale.yaml", &pipeline(43));
    let stale = run(&sandbox, "stale.yaml", 2);
    assert!(violations(&stale).contains(&"answered"), "{:#}", stale["gate"]);
    let copes = stale["gate"]["results"].as_array().unwrap().iter().find(|r| r["rule_id"] == "copes").unwrap();
    assert!(copes["split"].as_str().unwrap().starts_with("drifted batch "), "{copes:#}");
}

#[test]
fn an_adaptation_is_a_new_version_and_undo_brings_the_former_back() {
    let (sandbox, lines) = served();
    let before = sandbox.read("data/breast_cancer/data.csv");
    sandbox.write("batch.csv", other_instrument(&lines, 0));
    let staged = sandbox.driftgate(["adapt", "stage", MODEL, "--batch", "batch.csv", "--json"]).exits(0).json();
    assert_eq!((staged["train"].as_u64(), staged["holdout"].as_u64()), (Some(119), Some(52)));
    assert_eq!((staged["base"].as_u64(), staged["number"].as_u64()), (Some(1), Some(2)));
    assert_eq!(sandbox.read("data/breast_cancer/data.csv"), before, "nothing is rewritten in place");
    assert_answer!("list", sandbox.driftgate(["adapt", "list"]).exits(0));
    assert_answer!("dataset", sandbox.driftgate(["dataset", "show", "breast_cancer"]).exits(0));
    // Every row is there already.
    let again = sandbox.driftgate(["adapt", "stage", MODEL, "--batch", "batch.csv"]).exits(1);
    assert_answer!("again", again);
    // A run that waits while its rows are taken back cannot be approved any more.
    write(&sandbox, "adapted.yaml", &pipeline(44));
    let waiting = id(&run(&sandbox, "adapted.yaml", 0));
    let adaptation = staged["adaptation"].as_str().unwrap();
    sandbox.driftgate(["adapt", "undo", adaptation]).exits(64);
    let undone = sandbox.driftgate(["adapt", "undo", adaptation, "--reason", "The instrument was miscalibrated"]);
    assert_answer!("undo", undone.exits(0));
    assert_answer!("approve", sandbox.driftgate(["approve", &waiting]).exits(1));
    assert_answer!("undone", sandbox.driftgate(["adapt", "list"]).exits(0));
    sandbox.driftgate(["adapt", "undo", adaptation, "--reason", "Again"]).exits(1);
    // Runs use the former version again.
    let former = run(&sandbox, "p.yaml", 0);
    assert_eq!(former["dataset_number"], 1);
    assert!(former["gate"]["adaptation"].is_null());
    // A run of then can still be repeated, byte for byte.
    let repeated = sandbox.driftgate(["runs", "reproduce", &waiting, "--json"]).exits(0).json();
    assert_eq!(repeated["identical"], true);
    // Staged once more, the very same version is in use again, every row where it was.
    let once_more = sandbox.driftgate(["adapt", "stage", MODEL, "--batch", "batch.csv", "--json"]).exits(0).json();
    assert_eq!(once_more["number"], 2);
    assert_eq!(once_more["holdout"], 52);
    assert_ne!(once_more["adaptation"], staged["adaptation"]);
    sandbox.driftgate(["runs", "reproduce", &waiting]).exits(0);
    // Data that a person adds do not hold the staged rows, and that is said.
    sandbox.write("data/breast_cancer/data.csv", lines.join("\n") + "\n");
    let added = sandbox.driftgate(["dataset", "add", "data/breast_cancer"]).exits(0);
    assert!(added.stdout.contains("stage it again"), "{}{}", added.stdout, added.stderr);
    sandbox.driftgate(["gc"]).exits(0);
    sandbox.verifies();
}

#[test]
fn what_cannot_be_learned_from_is_refused() {
    let (sandbox, lines) = served();
    let events = sandbox.events();
    let refused = |name: &str, text: String| {
        sandbox.write("bad.csv", text);
        let answer = sandbox.driftgate(["adapt", "stage", MODEL, "--batch", "bad.csv"]).exits(1);
        assert_answer!(name, answer);
    };
    let cut = |line: &String| line.rsplit_once(',').unwrap().0.to_owned();
    refused("unlabelled", lines.iter().map(cut).collect::<Vec<_>>().join("\n") + "\n");
    refused("other-label", other_instrument(&lines, 0).replace("malignant", "doubtful"));
    refused("one-row", other_instrument(&lines[..2], 0));
    refused("known", sandbox.read("data/breast_cancer/data.csv"));
    refused("missing-column", "a,diagnosis\n1,benign\n".into());
    sandbox.write("bad.csv", other_instrument(&lines, 0));
    for share in ["0", "0.95", "nan"] {
        sandbox.driftgate(["adapt", "stage", MODEL, "--batch", "bad.csv", "--holdout", share]).exits(1);
    }
    sandbox.driftgate(["adapt", "stage", "other", "--batch", "bad.csv"]).exits(1);
    sandbox.driftgate(["adapt", "stage", MODEL, "--batch", "none.csv"]).exits(1);
    assert_answer!("none", sandbox.driftgate(["adapt", "list"]).exits(0));
    assert_eq!(sandbox.events(), events);
}

#[test]
fn scenarios_are_compared_one_by_one() {
    let (sandbox, _) = served();
    let rule = "id: robust, kind: champion_on_drift, metric: accuracy, margin: 0.2, scenarios: [\
                {name: warmer, kind: mean, by: 0.5}, {name: gaps, kind: missing, share: 0.1, columns: [mean_radius]}]";
    write(&sandbox, "s.yaml", &pipeline(43).raw_rule(rule));
    let view = run(&sandbox, "s.yaml", 2);
    let results = view["gate"]["results"].as_array().unwrap();
    let robust: Vec<_> = results.iter().filter(|r| r["rule_id"] == "robust").collect();
    let names: Vec<&str> = robust.iter().map(|r| r["split"].as_str().unwrap()).collect();
    assert_eq!(names, ["drifted batch", "scenario warmer", "scenario gaps"]);
    assert_eq!(robust[0]["status"], "not_applicable");
    assert_eq!(robust[1]["status"], "passed", "{:#}", robust[1]);
    // A forest takes no missing values unless they are imputed: the rule says so, and blocks.
    assert_eq!(robust[2]["status"], "failed", "{:#}", robust[2]);
    write(&sandbox, "typo.yaml", &pipeline(43).raw_rule(&rule.replace("mean_radius", "mean_radios")));
    assert_answer!("typo", sandbox.driftgate(["run", "typo.yaml"]).exits(1));
}

#[test]
fn evidence_may_be_required() {
    let sandbox = Sandbox::workspace(DRIFTGATE);
    sandbox.data("iris");
    let strict = Pipeline::iris()
        .raw_rule("id: copes, kind: champion_on_drift, metric: accuracy, require_evidence: true")
        .raw_rule("id: covered, kind: coverage, require_evidence: true")
        .raw_rule("id: answered, kind: open_response, require_evidence: true");
    sandbox.pipeline("p.yaml", &strict);
    let view = run(&sandbox, "p.yaml", 2);
    assert_eq!(violations(&view), ["copes", "covered", "answered"]);
}
