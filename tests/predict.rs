//! `predict`: rows in, answers out, by the version in Production alone.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use driftgate_testsupport::{Pipeline, Sandbox, assert_answer};

const DRIFTGATE: &str = env!("CARGO_BIN_EXE_driftgate");
const MODEL: &str = "iris-classification";
const ROWS: &str = "sepal_length,sepal_width,petal_length,petal_width\n5.1,3.5,1.4,0.2\n6.3,3.3,6.0,2.5\n99,3,4,1.3\n";

fn approved() -> Sandbox {
    let sandbox = Sandbox::workspace(DRIFTGATE);
    sandbox.data("iris");
    let run = sandbox.run("p", &Pipeline::iris());
    sandbox.driftgate(["approve", &run]).exits(0);
    sandbox.write("rows.csv", ROWS);
    sandbox
}

fn predict<'a>(input: &'a str, output: &'a str) -> [&'a str; 6] {
    ["predict", MODEL, "--input", input, "--output", output]
}

#[test]
fn rows_are_answered() {
    let sandbox = approved();
    assert_answer!("answered", sandbox.driftgate(predict("rows.csv", "out.csv")).exits(0));
    let out = sandbox.read("out.csv");
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(lines.len(), 4, "{out}");
    assert!(lines[1].contains("setosa") && lines[2].contains("virginica"), "{out}");
    // Columns in another order, and the target among them, change nothing.
    sandbox.write("turned.csv", "petal_width,petal_length,sepal_width,sepal_length,target\n0.2,1.4,3.5,5.1,setosa\n2.5,6.0,3.3,6.3,\n1.3,4,3,99,\n");
    sandbox.driftgate(predict("turned.csv", "turned_out.csv")).exits(0);
    assert_eq!(sandbox.read("turned_out.csv"), out);
}

#[test]
fn what_cannot_be_answered_writes_nothing() {
    let sandbox = approved();
    sandbox.write("short.csv", "sepal_length,sepal_width\n5.1,3.5\n");
    assert_answer!("missing_columns", sandbox.driftgate(predict("short.csv", "out.csv")).exits(1));
    sandbox.write("text.csv", ROWS.replace("6.0", "six"));
    assert_answer!("not_a_number", sandbox.driftgate(predict("text.csv", "out.csv")).exits(1));
    assert_answer!("no_file", sandbox.driftgate(predict("nowhere.csv", "out.csv")).exits(1));
    assert_answer!("no_folder", sandbox.driftgate(predict("rows.csv", "nowhere/out.csv")).exits(1));
    assert!(!sandbox.at("out.csv").exists());
    assert_answer!("onto_itself", sandbox.driftgate(predict("rows.csv", "./rows.csv")).exits(1));
    assert_eq!(sandbox.read("rows.csv"), ROWS);
}

#[test]
fn only_production_answers() {
    let sandbox = Sandbox::workspace(DRIFTGATE);
    sandbox.data("iris");
    sandbox.write("rows.csv", ROWS);
    sandbox.run("p", &Pipeline::iris());
    let error = sandbox.driftgate(predict("rows.csv", "out.csv"));
    assert_answer!("nothing_in_production", error.exits(1));
    assert!(!sandbox.at("out.csv").exists());
}

#[test]
fn a_batch_is_read_as_the_contract_says() {
    let sandbox = Sandbox::workspace(DRIFTGATE);
    let mut data = String::from("x;y\n");
    for i in (0..100).map(|i| i * 7 % 100) {
        data += &format!("{i},5;{},5\n", i * 2 + 1);
    }
    sandbox.write("line.csv", data);
    sandbox.driftgate(["dataset", "add", "line.csv", "--target", "y", "--task", "regression"]).exits(0);
    sandbox.write("p.yaml", Pipeline::diabetes().to_yaml().replace("dataset: diabetes", "dataset: line"));
    let view = sandbox.driftgate(["run", "p.yaml", "--json"]).exits(0).json();
    sandbox.driftgate(["approve", view["run"]["subject"]["run"].as_str().unwrap()]).exits(0);
    let answer = |input: &str| {
        sandbox.driftgate(["predict", "line-regression", "--input", input, "--output", "out.csv"]).exits(0);
        let out = sandbox.read("out.csv");
        out.lines().nth(1).unwrap().split(',').nth(1).unwrap().parse::<f64>().unwrap()
    };
    // By itself `1,234` may be a grouped whole number; the contract knows a decimal comma.
    sandbox.write("batch.csv", "x;note\n1,234;a\n");
    assert!((answer("batch.csv") - 2.968).abs() < 1e-6, "{}", answer("batch.csv"));
    // A batch that the contract does not fit is read as it looks.
    sandbox.write("commas.csv", "note,x\na,1.234\n");
    assert!((answer("commas.csv") - 2.968).abs() < 1e-6);
}

#[test]
fn two_processes_that_write_one_file_leave_it_whole() {
    let sandbox = Sandbox::workspace(DRIFTGATE);
    sandbox.data("iris");
    let run = sandbox.run("p", &Pipeline::iris());
    sandbox.driftgate(["approve", &run]).exits(0);
    let text = std::fs::read_to_string(sandbox.at("data/iris/data.csv")).unwrap();
    let (head, rows) = text.split_once('\n').unwrap();
    let sizes = [150 * 40, 150 * 60];
    for (name, times) in [("a.csv", 40), ("b.csv", 60)] {
        sandbox.write(name, format!("{head}\n{}", format!("{}\n", rows.trim_end()).repeat(times)));
    }
    let codes: Vec<i32> = std::thread::scope(|scope| {
        let both: Vec<_> = ["a.csv", "b.csv"]
            .map(|name| {
                let sandbox = &sandbox;
                scope.spawn(move || {
                    sandbox.driftgate(["predict", "iris-classification", "--input", name, "--output", "out.csv"]).exit
                })
            })
            .into_iter()
            .collect();
        both.into_iter().map(|t| t.join().unwrap()).collect()
    });
    assert_eq!(codes, [0, 0]);
    let written = std::fs::read_to_string(sandbox.at("out.csv")).unwrap().lines().count() - 1;
    assert!(sizes.contains(&written), "{written} rows");
    let left = std::fs::read_dir(sandbox.path()).unwrap().filter(|e| {
        let name = e.as_ref().unwrap().file_name();
        name.to_string_lossy().ends_with(".part")
    });
    assert_eq!(left.count(), 0);
}

#[cfg(unix)]
#[test]
fn a_planted_temporary_file_is_left_alone() {
    let sandbox = approved();
    sandbox.write("precious.txt", "mine");
    std::os::unix::fs::symlink(sandbox.at("precious.txt"), sandbox.at(".out.csv.part")).unwrap();
    sandbox.driftgate(predict("rows.csv", "out.csv")).exits(0);
    assert_eq!(sandbox.read("precious.txt"), "mine");
    assert!(!sandbox.at("out.csv").is_symlink());
}

#[test]
fn a_large_file_is_answered_as_its_parts_are() {
    let sandbox = approved();
    let text = std::fs::read_to_string(sandbox.at("data/iris/data.csv")).unwrap();
    let (head, rows) = text.split_once('\n').unwrap();
    // Beyond what is read whole.
    let times = (34 << 20) / rows.len() + 1;
    sandbox.write("large.csv", format!("{head}\n{}", format!("{}\n", rows.trim_end()).repeat(times)));
    let small = sandbox.driftgate(predict("data/iris/data.csv", "small.csv")).exits(0);
    let large = sandbox.driftgate([&predict("large.csv", "large_out.csv")[..], &["--json"]].concat()).exits(0).json();
    assert_eq!(large["rows"], 150 * times as u64, "{}", small.stdout);
    assert_eq!(large["notes"][0], "columns the model does not use: target");
    let answers = |name: &str| -> Vec<String> {
        let text = sandbox.read(name);
        text.lines().skip(1).map(|l| l.split_once(',').unwrap().1.to_owned()).collect()
    };
    let (small, large) = (answers("small.csv"), answers("large_out.csv"));
    assert_eq!(large.len(), 150 * times);
    assert!(large.chunks(150).all(|part| part == small));
    // One bad cell at its very end is told with its line, and nothing is written.
    let mut bytes = std::fs::read(sandbox.at("large.csv")).unwrap();
    bytes.extend(b"5.1,3.5,far,0.2,setosa\n");
    sandbox.write("bad.csv", bytes);
    let refused = sandbox.driftgate(predict("bad.csv", "bad_out.csv")).exits(1);
    assert!(refused.stderr.contains("`far`") && refused.stderr.contains("petal_length"), "{}", refused.transcript());
    assert!(!sandbox.at("bad_out.csv").exists());
}

#[test]
fn answers_are_parquet_by_the_ending() {
    let sandbox = approved();
    sandbox.driftgate(predict("rows.csv", "out.csv")).exits(0);
    sandbox.driftgate(predict("rows.csv", "out.parquet")).exits(0);
    assert!(std::fs::read(sandbox.at("out.parquet")).unwrap().starts_with(b"PAR1"));
    // Read back as a data set, it holds what the CSV does.
    let shown = |file: &str| {
        let answer = sandbox.driftgate(["dataset", "validate", file, "--json"]);
        let preview = answer.json()["preview"].clone();
        (answer.exit, preview)
    };
    assert_eq!(shown("out.parquet").1, shown("out.csv").1);
    let left = std::fs::read_dir(sandbox.path()).unwrap().filter(|e| e.as_ref().unwrap().path().ends_with(".part"));
    assert_eq!(left.count(), 0);
}
