//! `dataset add`: from a file to a version.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use driftgate_testsupport::{Sandbox, assert_answer};

const DRIFTGATE: &str = env!("CARGO_BIN_EXE_driftgate");

/// A hundred rows of two numbers, a town and a label, written as a spreadsheet in Germany would.
fn semicolons() -> String {
    let mut text = String::from("height;weight;town;fit\n");
    for i in 0..100 {
        let town = ["Köln", "Ulm", "Jena"][i % 3];
        let fit = if (i * 7) % 10 < 6 { "yes" } else { "no" };
        text += &format!("{},{};{},5;{town};{fit}\n", 150 + i % 40, i % 10, 50 + (i * 3) % 45);
    }
    text
}

#[test]
fn a_folder_with_its_spec_is_added_once() {
    let sandbox = Sandbox::workspace(DRIFTGATE);
    sandbox.data("iris");
    assert_answer!("folder", sandbox.driftgate(["dataset", "add", "data/iris"]).exits(0));
    let events = sandbox.events();
    assert_answer!("the_same_again", sandbox.driftgate(["dataset", "add", "data/iris"]).exits(0));
    assert_eq!(sandbox.events(), events);
    sandbox.verifies();
}

#[test]
fn what_cannot_be_guessed_is_asked_with_the_flags_that_answer_it() {
    let sandbox = Sandbox::workspace(DRIFTGATE);
    sandbox.write("people.csv", semicolons());
    let events = sandbox.events();
    assert_answer!("questions", sandbox.driftgate(["dataset", "add", "people.csv"]).exits(1));
    let error = sandbox.driftgate(["dataset", "add", "people.csv", "--json"]).exits(1).json();
    assert_eq!(error["code"], "bad_input");
    assert_eq!(error["questions"][0]["key"], "target");
    assert_eq!(sandbox.events(), events);
    assert!(!sandbox.at("people.dataset.yaml").exists());
}

#[test]
fn guesses_are_shown_and_written_down() {
    let sandbox = Sandbox::workspace(DRIFTGATE);
    sandbox.write("people.csv", semicolons());
    let added = ["dataset", "add", "people.csv", "--target", "fit", "--task", "classification"];
    assert_answer!("guesses", sandbox.driftgate(added).exits(0));
    assert_answer!("guessed_spec", sandbox.driftgate(["dataset", "show", "people"]).exits(0));
    let spec = sandbox.read("people.dataset.yaml");
    assert!(spec.contains("delimiter: \";\"") && spec.contains("decimal: \",\""), "{spec}");
    sandbox.write("people.csv", semicolons() + "171,5;70,5;Ulm;yes\n");
    let second = sandbox.driftgate(["dataset", "add", "people.csv", "--json"]).exits(0).json();
    assert_eq!(second["version"]["number"], 2);
    assert_eq!(second["version"]["rows"], 101);
}

#[test]
fn no_spec_leaves_the_folder_as_it_is() {
    let sandbox = Sandbox::workspace(DRIFTGATE);
    sandbox.write("people.csv", semicolons());
    let args = ["dataset", "add", "people.csv", "--target", "fit", "--name", "crowd", "--no-spec", "--json"];
    let added = sandbox.driftgate(args).exits(0).json();
    assert_eq!(added["dataset"], "crowd");
    assert!(!sandbox.at("people.dataset.yaml").exists());
}

#[test]
fn a_referenced_file_stays_where_it_is_and_is_hashed_again() {
    let sandbox = Sandbox::workspace(DRIFTGATE);
    sandbox.data("iris");
    let added = sandbox.driftgate(["dataset", "add", "data/iris", "--reference", "--json"]).exits(0).json();
    assert!(added["version"]["files"][0]["reference"].is_object(), "{added:#}");
    sandbox.driftgate(["dataset", "validate", "iris"]).exits(0);
    let text = sandbox.read("data/iris/data.csv");
    sandbox.write("data/iris/data.csv", text.replacen("5.1", "5.2", 1));
    let error = sandbox.driftgate(["dataset", "validate", "iris", "--json"]).exits(1).json();
    assert_eq!(error["code"], "conflict", "{error:#}");
}

#[test]
fn a_refused_data_set_comes_with_every_finding() {
    let sandbox = Sandbox::workspace(DRIFTGATE);
    let mut rows = String::from("a,b,copy,label\n");
    for i in 0..60 {
        let label = ["x", "y"][i % 2];
        rows += &format!("{i},7,{label},{}\n", if i == 9 { "" } else { label });
    }
    sandbox.write("bad.csv", rows);
    let events = sandbox.events();
    let args = ["dataset", "add", "bad.csv", "--target", "label", "--task", "classification"];
    assert_answer!("refused", sandbox.driftgate(args).exits(1));
    assert_eq!(sandbox.events(), events);
    assert!(!sandbox.at("bad.dataset.yaml").exists());
    sandbox.verifies();
}

#[test]
fn a_flag_that_contradicts_the_spec_is_refused() {
    let sandbox = Sandbox::workspace(DRIFTGATE);
    sandbox.data("iris");
    let events = sandbox.events();
    let args = ["dataset", "add", "data/iris", "--target", "petal_width", "--task", "regression"];
    let error = sandbox.driftgate(args).exits(1).stderr;
    assert!(error.contains("data/iris/dataset.yaml` says target `target`, not `petal_width`"), "{error}");
    assert!(error.contains("task classification, not regression") && error.contains("Correct the file"), "{error}");
    assert_eq!(sandbox.events(), events);
    // What says the same is no contradiction.
    sandbox.driftgate(["dataset", "add", "data/iris", "--target", "target", "--task", "classification"]).exits(0);
}

#[test]
fn a_spec_without_a_format_lets_the_file_be_guessed() {
    let sandbox = Sandbox::workspace(DRIFTGATE);
    sandbox.write("data.csv", semicolons());
    let spec = "name: people\ntask_type: classification\nfeatures: [height, weight]\ntarget: fit\n\
                schema: {height: float, weight: float, fit: string}\n";
    sandbox.write("dataset.yaml", spec);
    let added = sandbox.driftgate(["dataset", "add", "data.csv"]).exits(0);
    assert!(added.transcript().contains("delimiter `;`"), "{}", added.transcript());
    let view = sandbox.driftgate(["dataset", "show", "people", "--json"]).exits(0).json();
    assert_eq!((&view["spec"]["format"]["delimiter"], &view["spec"]["format"]["decimal"]), (&";".into(), &",".into()));
    assert_eq!(sandbox.read("dataset.yaml"), spec);
    sandbox.write("tabs/data.tsv", semicolons().replace(',', ".").replace(';', "\t"));
    sandbox.write("tabs/dataset.yaml", spec.replace("people", "tabs"));
    sandbox.driftgate(["dataset", "add", "tabs"]).exits(0);
}

#[test]
fn a_guessed_spec_is_written_whole_and_leaves_nothing_beside_it() {
    let sandbox = Sandbox::workspace(DRIFTGATE);
    sandbox.write("in/people.csv", semicolons());
    sandbox.driftgate(["dataset", "add", "in/people.csv", "--target", "fit"]).exits(0);
    let mut names: Vec<String> = std::fs::read_dir(sandbox.at("in"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    assert_eq!(names, ["people.csv", "people.dataset.yaml"]);
}
