//! `drift check`, `show`, `history`, `summary`, `respond`, and `models profile`.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use driftgate_testsupport::{Pipeline, Sandbox, assert_answer};

const DRIFTGATE: &str = env!("CARGO_BIN_EXE_driftgate");
const MODEL: &str = "breast_cancer-classification";

/// A workspace with a forest for breast cancer in Production, and its data as lines.
fn served() -> (Sandbox, Vec<String>) {
    let sandbox = Sandbox::workspace(DRIFTGATE);
    sandbox.data("breast_cancer");
    let pipeline = Pipeline::iris().algorithm("random_forest").with("n_estimators", 10);
    sandbox.write("p.yaml", pipeline.to_yaml().replace("dataset: iris", "dataset: breast_cancer"));
    let run = sandbox.driftgate(["run", "p.yaml", "--json"]).exits(0).json();
    let run = run["run"]["subject"]["run"].as_str().unwrap().to_owned();
    sandbox.driftgate(["approve", &run]).exits(0);
    let text = std::fs::read_to_string(sandbox.at("data/breast_cancer/data.csv")).unwrap();
    (sandbox, text.lines().map(str::to_owned).collect())
}

/// The first numeric column of every row, multiplied.
fn scaled(lines: &[String], by: f64) -> String {
    let mut out = vec![lines[0].clone()];
    for line in &lines[1..] {
        let (first, rest) = line.split_once(',').unwrap();
        out.push(format!("{},{rest}", first.parse::<f64>().unwrap() * by));
    }
    out.join("\n") + "\n"
}

#[test]
fn the_models_own_data_have_not_drifted() {
    let (sandbox, lines) = served();
    sandbox.write("batch.csv", lines.join("\n") + "\n");
    let answer = sandbox.driftgate(["drift", "check", MODEL, "--batch", "batch.csv"]).exits(0);
    assert_answer!("same", answer);
    let history = sandbox.driftgate(["drift", "history", MODEL, "--json"]).exits(0).json();
    assert_ne!(history["checks"][0]["verdict"], "drifted", "{history:#}");
    assert_eq!(history["checks"][0]["severity"], "none");
    sandbox.verifies();
}

#[test]
fn a_column_in_another_unit_is_an_alarm() {
    let (sandbox, lines) = served();
    sandbox.write("inches.csv", scaled(&lines, 2.54));
    let answer = sandbox.driftgate(["drift", "check", MODEL, "--batch", "inches.csv"]).exits(2);
    assert_answer!("unit", answer);
    let summary = sandbox.driftgate(["drift", "summary", MODEL, "--json"]).exits(0).json();
    assert_eq!(summary["open_alarms"].as_array().unwrap().len(), 1);
    assert_eq!(summary["worst"][0][0], lines[0].split(',').next().unwrap());
    let check = summary["open_alarms"][0].as_str().unwrap().to_owned();
    assert_answer!("show", sandbox.driftgate(["drift", "show", &check]).exits(0));
    sandbox.driftgate(["drift", "respond", &check, "--action", "retrain"]).exits(64);
    let answered =
        sandbox.driftgate(["drift", "respond", &check, "--action", "retrain", "--reason", "A new instrument"]).exits(0);
    assert_answer!("respond", answered);
    let summary = sandbox.driftgate(["drift", "summary", MODEL, "--json"]).exits(0).json();
    assert_eq!(summary["open_alarms"].as_array().unwrap().len(), 0);
    assert_answer!("history", sandbox.driftgate(["drift", "history", MODEL]).exits(0));
    assert_answer!("summary", sandbox.driftgate(["drift", "summary", MODEL]).exits(0));
    sandbox.verifies();
}

#[test]
fn without_labels_the_performance_is_estimated() {
    let (sandbox, lines) = served();
    let target = lines[0].split(',').position(|c| c == "diagnosis").unwrap_or(lines[0].split(',').count() - 1);
    let cut = |line: &String| {
        let cells: Vec<&str> = line.split(',').enumerate().filter(|(i, _)| *i != target).map(|(_, c)| c).collect();
        cells.join(",")
    };
    let text: Vec<String> = lines.iter().map(cut).collect();
    sandbox.write("batch.csv", text.join("\n") + "\n");
    let view = sandbox.driftgate(["drift", "check", MODEL, "--batch", "batch.csv", "--json"]).exits(0).json();
    assert!(view["report"]["performance"].is_null());
    assert!(view["report"]["labels"].is_null());
    let status = view["report"]["estimated"]["status"].as_str().unwrap();
    assert!(["estimated", "unknown"].contains(&status), "{status}");
}

#[test]
fn a_simulated_batch_is_changed_where_it_was_asked_and_nowhere_else() {
    let (sandbox, lines) = served();
    let input = "data/breast_cancer/data.csv";
    let ask = |output: &str, change: &[&str]| {
        let fixed = ["drift", "simulate", MODEL, "--input", input, "--output", output];
        sandbox.driftgate(fixed.iter().chain(change).copied())
    };
    assert_answer!("simulate", ask("warm.csv", &["--mean", "-2.5", "--columns", "mean_radius,mean_area"]).exits(0));
    let warm = sandbox.read("warm.csv");
    assert_eq!(warm.lines().count(), lines.len());
    let header: Vec<&str> = lines[0].split(',').collect();
    for (old, new) in lines.iter().zip(warm.lines()).skip(1) {
        for ((name, a), b) in header.iter().zip(old.split(',')).zip(new.split(',')) {
            assert_eq!(a == b, !["mean_radius", "mean_area"].contains(name), "{name}: {a} and {b}");
        }
    }
    let alarm = sandbox.driftgate(["drift", "check", MODEL, "--batch", "warm.csv", "--json"]).exits(2).json();
    assert_eq!(alarm["report"]["overall"]["drifted_columns"], 2);
    // Every column as it was, and none depends on another any more: only all of them together show it.
    ask("shuffled.csv", &["--shuffle"]).exits(0);
    let view = sandbox.driftgate(["drift", "check", MODEL, "--batch", "shuffled.csv", "--json"]).json();
    assert_eq!(view["report"]["overall"]["drifted_columns"], 0);
    assert_eq!(view["report"]["global"]["verdict"], "drifted");
    ask("again.csv", &["--shuffle"]).exits(0);
    assert_eq!(sandbox.read("again.csv"), sandbox.read("shuffled.csv"));
    ask("none.csv", &[]).exits(64);
    ask("none.csv", &["--mean", "1", "--scale", "2"]).exits(64);
    ask("none.csv", &["--missing", "1.5"]).exits(64);
    assert_answer!("simulate_nothing", ask("none.csv", &["--swap", "0.1"]).exits(1));
    ask("none.csv", &["--mean", "1", "--columns", "mean_radios"]).exits(1);
    ask(input, &["--mean", "1"]).exits(1);
    assert!(!sandbox.at("none.csv").exists());
}

#[test]
fn a_batch_that_cannot_be_checked_records_nothing() {
    let (sandbox, lines) = served();
    let events = sandbox.events();
    sandbox.write("few.csv", lines[..6].join("\n") + "\n");
    assert_answer!("few", sandbox.driftgate(["drift", "check", MODEL, "--batch", "few.csv"]).exits(1));
    sandbox.write("other.csv", "a,b\n1,2\n");
    assert_answer!("other", sandbox.driftgate(["drift", "check", MODEL, "--batch", "other.csv"]).exits(1));
    sandbox.write("header.csv", format!("{}\n", lines[0]));
    sandbox.driftgate(["drift", "check", MODEL, "--batch", "header.csv"]).exits(1);
    sandbox.driftgate(["drift", "check", MODEL, "--batch", "none.csv"]).exits(1);
    sandbox.driftgate(["drift", "check", "other", "--batch", "few.csv"]).exits(1);
    assert_eq!(sandbox.events(), events);
}

#[test]
fn a_batch_too_large_to_be_read_whole_is_checked_like_a_small_one() {
    let (sandbox, lines) = served();
    let copies = (33 << 20) / lines[1..].iter().map(|l| l.len() + 1).sum::<usize>() + 1;
    let rows = lines[1..].join("\n") + "\n";
    let large = format!("{}\n{}", lines[0], rows.repeat(copies));
    sandbox.write("large.csv", &large);
    sandbox.write("small.csv", lines.join("\n") + "\n");
    let check = |name: &str| sandbox.driftgate(["drift", "check", MODEL, "--batch", name, "--all", "--json"]).json();
    let (large, small) = (check("large.csv"), check("small.csv"));
    assert_eq!(large["report"]["batch_rows"], (lines.len() - 1) * copies);
    let tests = |view: &serde_json::Value, what: &str| -> Vec<(String, serde_json::Value)> {
        let columns = view["report"]["columns"].as_array().unwrap().iter();
        let mut out: Vec<_> =
            columns.map(|c| (c["name"].as_str().unwrap().to_owned(), c["tests"][0][what].clone())).collect();
        out.sort_by(|a, b| a.0.cmp(&b.0));
        out
    };
    // The same rows many times over: the same distances, and the same accuracy.
    assert_eq!(tests(&large, "effect"), tests(&small, "effect"));
    let effect = |view: &serde_json::Value| view["report"]["performance"]["effect"].as_f64().unwrap();
    assert!((effect(&large) - effect(&small)).abs() < 1e-12);
    // The copy is an object that the event names.
    sandbox.driftgate(["gc"]).exits(0);
    sandbox.verifies();

    let events = sandbox.events();
    let mut broken = std::fs::read_to_string(sandbox.at("large.csv")).unwrap();
    broken.push_str(&lines[1].replacen(|c: char| c.is_ascii_digit(), "x", 1));
    sandbox.write("broken.csv", &broken);
    let answer = sandbox.driftgate(["drift", "check", MODEL, "--batch", "broken.csv"]).exits(1);
    let line = format!("(line {})", (lines.len() - 1) * copies + 2);
    assert!(answer.transcript().contains(&line), "{} {line}", answer.transcript());
    assert_eq!(sandbox.events(), events);
}

#[test]
fn the_profile_is_made_with_the_model() {
    let (sandbox, _) = served();
    let events = sandbox.events();
    let view = sandbox.driftgate(["models", "profile", MODEL, "--json"]).exits(0).json();
    assert_eq!(view["made"], false);
    assert_eq!(view["profile"]["rows"], 398);
    assert_eq!(view["profile"]["columns"].as_array().unwrap().len(), 30);
    assert_eq!(sandbox.events(), events);
    // What no event names but the profile does is no garbage.
    sandbox.driftgate(["gc"]).exits(0);
    sandbox.verifies();
}

#[test]
fn a_batch_without_some_of_the_labels_is_judged_by_the_models_own() {
    let sandbox = Sandbox::workspace(DRIFTGATE);
    sandbox.data("iris");
    // A contract that names no labels leaves them to the data.
    let contract = std::fs::read_to_string(sandbox.at("data/iris/dataset.yaml")).unwrap();
    let labels = "  label_classes:\n    - setosa\n    - versicolor\n    - virginica\n";
    assert!(contract.contains(labels));
    sandbox.write("data/iris/dataset.yaml", contract.replace(labels, ""));
    let run = sandbox.run("p", &Pipeline::iris());
    sandbox.driftgate(["approve", &run]).exits(0);
    let text = std::fs::read_to_string(sandbox.at("data/iris/data.csv")).unwrap();
    let first = text.lines().nth(1).unwrap().rsplit(',').next().unwrap().to_owned();
    let kept: Vec<&str> = text.lines().filter(|l| !l.ends_with(&format!(",{first}"))).collect();
    assert_eq!(kept.len(), 101);
    sandbox.write("two.csv", kept.join("\n") + "\n");
    let view = sandbox.driftgate(["drift", "check", "iris-classification", "--batch", "two.csv", "--json"]).json();
    let lost = view["report"]["performance"]["effect"].as_f64().unwrap();
    assert!(lost < 0.2, "the labels were taken for others: {lost}");
    let labels = &view["report"]["labels"];
    assert_eq!(labels["verdict"], "drifted", "a label is gone: {labels:#}");
    sandbox.write("other.csv", text.replace(&first, "tulip"));
    let view = sandbox.driftgate(["drift", "check", "iris-classification", "--batch", "other.csv", "--json"]).json();
    assert!(view["report"]["labels"].is_null());
    assert!(view["report"]["warnings"][0].as_str().unwrap().contains("tulip"), "{:#}", view["report"]["warnings"]);
}
