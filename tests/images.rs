//! Pictures by command line: from a folder to a network in Production, its drift, its adaptation.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use driftgate_testsupport::{Answer, Sandbox};
use serde_json::Value;

const DRIFTGATE: &str = env!("CARGO_BIN_EXE_driftgate");
const MODEL: &str = "shapes-image_classification_cnn";

/// A small network on pictures of 24 by 24 pixels.
fn pipeline(seed: u64, epochs: u32, more: &str) -> String {
    format!(
        "project: {{name: test, version: \"1\"}}\n\
         task_type: image_classification_cnn\n\
         dataset: shapes\n\
         random_seed: {seed}\n\
         pipeline_stages: [preprocessing, training, evaluation, model_analysis, promotion]\n\
         data: {{raw: data}}\n\
         configs:\n\
         \x20 preprocessing:\n\
         \x20   image: {{target_size: [24, 24], color_mode: rgb, normalize: true}}\n\
         \x20 training:\n\
         \x20   model:\n\
         \x20     algorithm: cnn\n\
         \x20     hyperparameters:\n\
         \x20       epochs: {epochs}\n\
         \x20       batch_size: 16\n\
         \x20       learning_rate: 0.003\n\
         \x20       architecture:\n\
         \x20         conv_layers: [{{out_channels: 16, kernel_size: 3}}, {{out_channels: 32, kernel_size: 3}}]\n\
         \x20         fc_units: 32\n\
         \x20         dropout: 0.1\n\
         \x20   fine_tune: {{epochs: 8, learning_rate: 0.001, oversample_drift_ratio: 0.3, use_drift_val_for_best_epoch: true}}\n\
         \x20 evaluation:\n\
         \x20   bootstrap: {{resamples: 200}}\n\
         \x20 promotion:\n\
         \x20   classification:\n\
         \x20     rules:\n\
         \x20       - {{id: accurate, kind: threshold, metric: accuracy, operator: \">=\", threshold: 0.8}}\n{more}"
    )
}

fn shapes(sandbox: &Sandbox, folder: &str, per_class: &str, extra: &[&str]) -> Answer {
    let mut args = vec!["dataset", "synthesize", "images", folder, "--per-class", per_class, "--size", "24", "--json"];
    args.extend(extra);
    sandbox.driftgate(args).exits(0)
}

fn run(sandbox: &Sandbox, name: &str, extra: &[&str], exit: i32) -> Value {
    let mut args = vec!["run", name, "--device", "cpu", "--json"];
    args.extend(extra);
    sandbox.driftgate(args).exits(exit).json()
}

fn id(view: &Value) -> String {
    view["run"]["subject"]["run"].as_str().unwrap().to_owned()
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

#[test]
fn from_a_folder_of_pictures_to_an_adapted_network() {
    let sandbox = Sandbox::workspace(DRIFTGATE);
    let made = shapes(&sandbox, "data/shapes", "150", &[]).json();
    assert_eq!(made["pictures"], 450);
    let robust = "        - {id: sturdy, kind: robustness, max_loss: 0.9, max_severity: 2}\n";
    sandbox.write("p.yaml", pipeline(42, 15, robust));
    let first = run(&sandbox, "p.yaml", &[], 0);
    let accuracy = number(&first["run"]["metrics"]["test.accuracy"]);
    assert!(accuracy >= 0.95, "the test split: {accuracy}");
    assert_eq!(first["run"]["status"], "awaiting_approval");
    let robustness = &first["robustness"];
    assert!(robustness["changes"].as_array().unwrap().len() > 40, "{robustness:#}");
    let sturdy = first["gate"]["results"].as_array().unwrap().iter().find(|r| r["rule_id"] == "sturdy").unwrap();
    assert_eq!(sturdy["status"], "passed");
    sandbox.driftgate(["runs", "reproduce", &id(&first)]).exits(0);
    sandbox.driftgate(["approve", &id(&first)]).exits(0);

    // Answers name each picture by its file.
    sandbox.driftgate(["predict", MODEL, "--input", "data/shapes/images", "--output", "answers.csv"]).exits(0);
    let answers = sandbox.read("answers.csv");
    assert!(answers.starts_with("row,file,prediction,probability_"), "{answers}");
    assert_eq!(answers.lines().count(), 451);

    // New pictures of the same world are no alarm; darker ones are.
    shapes(&sandbox, "later", "30", &["--seed", "7"]);
    let clean = sandbox.driftgate(["drift", "check", MODEL, "--batch", "later", "--json"]).exits(0).json();
    assert_ne!(clean["report"]["overall"]["verdict"], "drifted", "{:#}", clean["report"]["overall"]);
    assert_eq!(clean["report"]["drift_type"], "images");
    shapes(&sandbox, "dark", "40", &["--seed", "8", "--drift", "darker"]);
    let dark = sandbox.driftgate(["drift", "check", MODEL, "--batch", "dark", "--json"]).exits(2).json();
    let report = &dark["report"];
    assert_eq!(report["overall"]["verdict"], "drifted");
    let columns: Vec<&str> =
        report["columns"].as_array().unwrap().iter().map(|c| c["name"].as_str().unwrap()).collect();
    assert!(columns.contains(&"pixels_red") && columns.contains(&"brightness"), "{columns:?}");
    assert_eq!(report["global"]["test"], "mmd");
    assert!(!report["images"]["shifted"].as_array().unwrap().is_empty());
    assert_eq!(report["images"]["multiscale"]["levels"].as_array().unwrap().len(), 3);

    // Learn from them, from the network in Production.
    sandbox
        .driftgate(["drift", "respond", dark["check"].as_str().unwrap(), "--action", "fine_tune", "--reason", "dusk"])
        .exits(0);
    let staged = sandbox.driftgate(["adapt", "stage", MODEL, "--batch", "dark", "--json"]).exits(0).json();
    assert!(number(&staged["baseline"]["rows"]) > 0.0, "{staged:#}");
    let adapted = run(&sandbox, "p.yaml", &["--fine-tune"], 0);
    let drifted = &adapted["gate"]["adaptation"]["drifted"];
    assert!(!drifted.is_null(), "{:#}", adapted["gate"]);
    sandbox.driftgate(["approve", &id(&adapted)]).exits(0);
    sandbox.driftgate(["rollback", MODEL, "--reason", "to see that it answers as before"]).exits(0);
    sandbox.driftgate(["predict", MODEL, "--input", "data/shapes/images", "--output", "again.csv"]).exits(0);
    assert_eq!(sandbox.read("again.csv"), answers);
    sandbox.verifies();
}

#[test]
fn the_same_run_gives_the_same_network_with_any_number_of_threads() {
    let sandbox = Sandbox::workspace(DRIFTGATE);
    shapes(&sandbox, "data/shapes", "30", &[]);
    sandbox.write("p.yaml", pipeline(1, 2, "").replace("threshold: 0.8", "threshold: 0.01"));
    let one = run(&sandbox, "p.yaml", &["--threads", "1"], 0);
    let two = run(&sandbox, "p.yaml", &["--threads", "2"], 0);
    assert_eq!(one["run"]["artifact"], two["run"]["artifact"]);
}

#[test]
fn a_second_import_keeps_splits_and_stores_only_what_is_new() {
    let sandbox = Sandbox::workspace(DRIFTGATE);
    shapes(&sandbox, "data/shapes", "20", &[]);
    let add = || sandbox.driftgate(["dataset", "add", "data/shapes", "--json"]).exits(0).json();
    let first = add();
    assert_eq!(first["new"], true);
    assert_eq!(add()["new"], false);
    let picture = sandbox.at("data/shapes/images/circles");
    let any = std::fs::read_dir(&picture).unwrap().next().unwrap().unwrap().path();
    // A copy of a picture stays with its original, whatever it is called.
    std::fs::copy(&any, picture.join("copy.png")).unwrap();
    let second = add();
    assert_eq!(second["new"], true);
    assert_eq!(second["version"]["rows"], 61);
    assert_eq!(second["version"]["number"], 2);
}

#[test]
fn what_nothing_names_is_freed_and_pictures_stay() {
    let sandbox = Sandbox::workspace(DRIFTGATE);
    shapes(&sandbox, "data/shapes", "30", &[]);
    sandbox.driftgate(["dataset", "add", "data/shapes"]).exits(0);
    let old = std::time::SystemTime::now() - std::time::Duration::from_secs(7200);
    for folder in std::fs::read_dir(sandbox.at(".driftgate/objects")).unwrap().flatten() {
        for object in std::fs::read_dir(folder.path()).into_iter().flatten().flatten() {
            // Objects are read-only; who owns one may still say when it was written.
            std::fs::File::open(object.path()).unwrap().set_modified(old).unwrap();
        }
    }
    let freed = sandbox.driftgate(["gc", "--json"]).exits(0).json();
    assert_eq!(freed["objects"], 0, "{freed:#}");
    sandbox.write("p.yaml", pipeline(1, 1, "").replace("threshold: 0.8", "threshold: 0.01"));
    run(&sandbox, "p.yaml", &[], 0);
    sandbox.verifies();
}

#[test]
fn bad_pictures_are_named_in_one_report() {
    let sandbox = Sandbox::workspace(DRIFTGATE);
    shapes(&sandbox, "data/shapes", "20", &[]);
    sandbox.write("data/shapes/images/circles/empty.png", b"");
    sandbox.write("data/shapes/images/circles/text.jpg", b"I am a text");
    let refused = sandbox.driftgate(["dataset", "add", "data/shapes"]).exits(1);
    let text = refused.transcript();
    assert!(text.contains("empty.png") && text.contains("text.jpg"), "{text}");
    sandbox.write(
        "data/shapes/dataset.yaml",
        "name: shapes\ntask_type: image_classification_cnn\nfeatures: []\ntarget: label\nimage_properties: {bad_images: skip}\n",
    );
    let added = sandbox.driftgate(["dataset", "add", "data/shapes", "--json"]).exits(0).json();
    assert_eq!(added["version"]["rows"], 60);
    sandbox.write("one/images/only/a.png", std::fs::read(first_picture(&sandbox)).unwrap());
    let one = sandbox.driftgate(["dataset", "add", "one"]).exits(1).transcript();
    assert!(one.contains("class"), "{one}");
}

fn first_picture(sandbox: &Sandbox) -> std::path::PathBuf {
    std::fs::read_dir(sandbox.at("data/shapes/images/stripes")).unwrap().next().unwrap().unwrap().path()
}

#[test]
fn a_network_is_not_mistaken_for_a_table() {
    let sandbox = Sandbox::workspace(DRIFTGATE);
    shapes(&sandbox, "data/shapes", "30", &[]);
    sandbox.write("p.yaml", pipeline(1, 1, "").replace("threshold: 0.8", "threshold: 0.01"));
    let view = run(&sandbox, "p.yaml", &[], 0);
    sandbox.driftgate(["approve", &id(&view)]).exits(0);
    sandbox.write("rows.csv", "a,b\n1,2\n");
    let table =
        sandbox.driftgate(["predict", MODEL, "--input", "rows.csv", "--output", "out.csv"]).exits(1).transcript();
    assert!(table.contains("picture"), "{table}");
    let events = sandbox.events();
    let fine = sandbox.driftgate(["run", "p.yaml", "--fine-tune", "--device", "cpu"]).exits(1).transcript();
    assert_eq!(sandbox.events(), events, "refused before the run begins");
    assert!(fine.contains("drifted pictures"), "fine-tuning as configured needs drifted pictures: {fine}");
    let gpu = sandbox.driftgate(["doctor"]).transcript();
    assert!(gpu.contains("CPU"), "{gpu}");
}
