//! What people really hand in: a message with what, where and what to do, the right exit code, nothing half-written.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use driftgate_testsupport::{Answer, Pipeline, Sandbox};
use std::time::{Duration, Instant};

const DRIFTGATE: &str = env!("CARGO_BIN_EXE_driftgate");

/// Two features and a label, sixty rows.
fn table(separator: &str, line_end: &str) -> String {
    let mut text = ["a", "b", "label"].join(separator) + line_end;
    for i in 0..60 {
        let (a, b) = (f64::from(i * 7 % 60) / 4.0, i * 3 % 11);
        text += &[a.to_string(), b.to_string(), ["no", "yes"][i as usize % 2].into()].join(separator);
        text += line_end;
    }
    text
}

fn utf16(text: &str) -> Vec<u8> {
    [0xFEFF].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
}

const LABEL: [&str; 4] = ["--target", "label", "--task", "classification"];

fn add(sandbox: &Sandbox, file: &str, more: &[&str]) -> Answer {
    sandbox.driftgate(["dataset", "add", file].iter().chain(more))
}

/// A message that says what and where, and after it what to do; no trace of a panic.
#[track_caller]
fn reads_well(answer: &Answer, parts: &[&str]) {
    let said = &answer.stderr;
    assert!(said.starts_with("error: "), "{}", answer.transcript());
    assert!(said.contains("hint: ") || said.contains("→ "), "nothing to do:\n{}", answer.transcript());
    assert!(!said.contains("panicked"), "{}", answer.transcript());
    for part in parts {
        assert!(said.to_lowercase().contains(&part.to_lowercase()), "no `{part}`:\n{}", answer.transcript());
    }
}

#[test]
fn files_that_are_refused() {
    let sandbox = Sandbox::workspace(DRIFTGATE);
    let good = table(",", "\n");
    let many = |n: usize, row: &dyn Fn(usize) -> String| -> String { (0..n).map(row).collect() };
    let cases: Vec<(&str, Vec<u8>, Vec<&str>)> = vec![
        ("empty.csv", Vec::new(), vec!["empty"]),
        ("header_only.csv", b"a,b,label\n".to_vec(), vec!["row"]),
        ("binary.csv", (0..4096u32).map(|i| (i * 37 % 256) as u8).collect(), vec!["binary.csv"]),
        ("ragged.csv", good.replacen("no\n", "no,1,2\n", 1).into_bytes(), vec!["2"]),
        ("one_class.csv", good.replace("yes", "no").into_bytes(), vec!["label", "one"]),
        ("missing_target.csv", good.replace("label", "verdict").into_bytes(), vec!["label", "verdict"]),
        ("twice.csv", good.replacen("a,b,label", "a,a,label", 1).into_bytes(), vec!["a"]),
        ("null_labels.csv", good.replacen(",no\n", ",\n", 3).into_bytes(), vec!["label"]),
        ("fake.parquet", b"PAR1 but not really".to_vec(), vec!["fake.parquet"]),
        (
            "constant.csv",
            ("a,label\n".to_owned() + &many(40, &|i| format!("1,{}\n", ["x", "y"][i % 2]))).into_bytes(),
            vec!["a"],
        ),
    ];
    let events = sandbox.events();
    for (name, bytes, parts) in cases {
        sandbox.write(name, bytes);
        let answer = add(&sandbox, name, &LABEL).exits(1);
        reads_well(&answer, &parts);
        let object = add(&sandbox, name, &[&LABEL[..], &["--json"]].concat()).exits(1).json();
        assert_eq!(object["schema"], "driftgate/error/1", "{name}");
        assert!(!sandbox.at(name).with_extension("dataset.yaml").exists(), "{name}");
    }
    assert_eq!(sandbox.events(), events);
    sandbox.verifies();
}

#[test]
fn files_that_only_look_odd() {
    let sandbox = Sandbox::workspace(DRIFTGATE);
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("bom.csv", [b"\xEF\xBB\xBF".to_vec(), table(",", "\n").into_bytes()].concat()),
        ("utf16.csv", utf16(&table(",", "\n"))),
        ("crlf.csv", table(",", "\r\n").into_bytes()),
        ("tabs.tsv", table("\t", "\n").into_bytes()),
        ("semicolons.csv", table(";", "\n").into_bytes()),
        ("no_last_line_end.csv", table(",", "\n").trim_end().as_bytes().to_vec()),
        ("quoted.csv", table(",", "\n").replace(",no\n", ",\"no\"\n").into_bytes()),
        ("infinity.csv", table(",", "\n").replacen("\n7,", "\ninf,", 1).replacen("\n1.75,", "\nNaN,", 1).into_bytes()),
    ];
    for (name, bytes) in cases {
        sandbox.write(name, bytes);
        let added = add(&sandbox, name, &[&LABEL[..], &["--no-spec", "--json"]].concat());
        if name == "infinity.csv" {
            // NaN is a missing value; an infinite one is refused, and told with its place.
            let refused = added.exits(1).json();
            let findings = refused["validation"]["findings"].as_array().unwrap();
            assert_eq!(findings.len(), 1, "{refused:#}");
            assert_eq!((&findings[0]["check"], &findings[0]["column"]), (&"infinite".into(), &"a".into()));
            assert_eq!(findings[0]["examples"][0]["value"], "inf");
            assert_eq!(findings[0]["examples"][0]["line"], 6);
            continue;
        }
        let added = added.exits(0).json();
        assert_eq!(added["version"]["rows"], 60, "{name}");
        assert_eq!(added["version"]["columns"], 3, "{name}");
    }
    sandbox.verifies();
}

#[test]
fn quoted_line_ends_stay_within_their_row() {
    let sandbox = Sandbox::workspace(DRIFTGATE);
    let mut text = String::from("remark,b,label\n");
    for i in 0..40 {
        text += &format!("\"first line\nsecond, line {}\",{i},{}\n", i % 4, ["x", "y"][i / 2 % 2]);
    }
    sandbox.write("remarks.csv", text);
    let added = add(&sandbox, "remarks.csv", &[&LABEL[..], &["--json"]].concat()).exits(0).json();
    assert_eq!(added["version"]["rows"], 40);
}

#[test]
fn ten_thousand_columns_are_read() {
    let sandbox = Sandbox::workspace(DRIFTGATE);
    let mut text: String = (0..9_999).map(|c| format!("c{c},")).collect::<String>() + "label\n";
    for row in 0..12 {
        text += &(0..9_999).map(|c| format!("{},", (row * 31 + c * 17) % 97)).collect::<String>();
        text += ["x\n", "y\n"][row % 2];
    }
    sandbox.write("wide.csv", text);
    let begun = Instant::now();
    let added = add(&sandbox, "wide.csv", &[&LABEL[..], &["--json"]].concat()).exits(0).json();
    assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());
    assert_eq!((&added["version"]["rows"], &added["version"]["columns"]), (&12.into(), &10_000.into()));
    sandbox.verifies();
}

#[test]
fn mixed_types_are_text_and_said_so() {
    let sandbox = Sandbox::workspace(DRIFTGATE);
    sandbox.write("mixed.csv", table(",", "\n").replacen("\n1.75,", "\nabout two,", 1));
    let answer = add(&sandbox, "mixed.csv", &LABEL);
    assert!(format!("{}{}", answer.stdout, answer.stderr).contains("about two"), "{}", answer.transcript());
    sandbox.verifies();
}

#[test]
fn paths_that_lead_nowhere() {
    let sandbox = Sandbox::workspace(DRIFTGATE);
    sandbox.write("empty_folder/readme.txt", "nothing here");
    sandbox.write("file", "");
    sandbox.data("iris");
    sandbox.pipeline("p.yaml", &Pipeline::iris());
    sandbox.write("lost.yaml", Pipeline::iris().to_yaml().replace("dataset: iris", "dataset: nowhere"));
    sandbox.write("broken.yaml", "project: {name: [");
    sandbox.write("noise.yaml", [0u8, 159, 146, 150, 255]);
    sandbox.write("empty.yaml", "");
    let cases: &[(&[&str], &[&str])] = &[
        (&["dataset", "add", "nowhere.csv"], &["nowhere.csv"]),
        (&["dataset", "add", "empty_folder"], &["empty_folder", "data.csv"]),
        (&["dataset", "validate", "nowhere"], &["nowhere"]),
        (&["run", "nowhere.yaml"], &["nowhere.yaml"]),
        (&["run", "data"], &["data"]),
        (&["run", "lost.yaml"], &["nowhere"]),
        (&["run", "broken.yaml"], &["broken.yaml:"]),
        (&["run", "noise.yaml"], &["noise.yaml"]),
        (&["run", "empty.yaml"], &["empty.yaml"]),
        (&["init", "file/below"], &["file"]),
        (&["runs", "show", "deadbeef"], &["deadbeef"]),
        (&["runs", "compare", "deadbeef", "cafecafe"], &["deadbeef"]),
        (&["rollback", "nobody", "--reason", "x"], &["nobody"]),
    ];
    let events = sandbox.events();
    for (args, parts) in cases {
        reads_well(&sandbox.driftgate(*args).exits(1), parts);
    }
    assert_eq!(sandbox.events(), events);
    sandbox.verifies();
}

#[test]
fn names_that_cannot_be_names() {
    let sandbox = Sandbox::workspace(DRIFTGATE);
    sandbox.write("t.csv", table(",", "\n"));
    for name in ["", "../up", "a b", "-dash", &"x".repeat(101)] {
        let flag = format!("--name={name}");
        let answer = add(&sandbox, "t.csv", &[&LABEL[..], &[&flag]].concat()).exits(1);
        reads_well(&answer, &["name"]);
    }
    sandbox.verifies();
}

#[cfg(unix)]
mod unix {
    use super::*;
    use std::os::unix::fs::PermissionsExt;
    use std::process::{Command, Output};

    /// Runs the command where no file may grow beyond `kib`: what a full disk looks like to a writer.
    fn on_a_full_disk(sandbox: &Sandbox, kib: u32, args: &str) -> Output {
        // POSIX counts the limit in blocks of 512 bytes; without the trap the signal would end the process first.
        let script = format!("trap '' XFSZ; ulimit -f {}; exec \"$0\" {args}", kib * 2);
        Command::new("sh").args(["-c", &script, DRIFTGATE]).current_dir(sandbox.path()).output().unwrap()
    }

    #[test]
    fn a_full_disk_leaves_nothing_half_written() {
        let sandbox = Sandbox::workspace(DRIFTGATE);
        let rows: String = (0..150_000u64)
            .map(|i| format!("{},{},{}\n", i * 7919 % 1_000_003, i * 104_729 % 999_983, ["x", "y"][i as usize % 2]))
            .collect();
        sandbox.write("big.csv", format!("a,b,label\n{rows}"));
        let events = sandbox.events();
        let output = on_a_full_disk(&sandbox, 1024, "dataset add big.csv --target label --task classification");
        let answer = Answer::of(&output, sandbox.path()).exits(1);
        reads_well(&answer, &[".driftgate"]);
        assert_eq!(sandbox.events(), events);
        sandbox.verifies();
        // With room again, all is as if nothing had happened.
        add(&sandbox, "big.csv", &LABEL).exits(0);
        sandbox.verifies();
    }

    #[test]
    fn a_read_only_folder_is_named() {
        let sandbox = Sandbox::new(DRIFTGATE);
        sandbox.write("locked/file", "");
        std::fs::set_permissions(sandbox.at("locked"), std::fs::Permissions::from_mode(0o555)).unwrap();
        if std::fs::write(sandbox.at("locked/probe"), "").is_ok() {
            driftgate_testsupport::skipped("this user writes to read-only folders");
            return;
        }
        reads_well(&sandbox.driftgate(["init", "locked"]).exits(1), &["locked"]);
        reads_well(&sandbox.driftgate(["demo", "--dir", "locked/demo"]).exits(1), &["locked"]);
    }

    #[test]
    fn an_answer_that_cannot_be_written_is_an_error() {
        let Ok(full) = std::fs::OpenOptions::new().write(true).open("/dev/full") else {
            driftgate_testsupport::skipped("no /dev/full here");
            return;
        };
        let sandbox = Sandbox::workspace(DRIFTGATE);
        let output = sandbox.command().args(["dataset", "list"]).stdout(full).output().unwrap();
        let answer = Answer::of(&output, sandbox.path()).exits(1);
        assert!(answer.stderr.contains("Standard output cannot be written"), "{}", answer.transcript());
    }
}

#[test]
fn two_processes_share_a_workspace() {
    let sandbox = Sandbox::workspace(DRIFTGATE);
    sandbox.data("iris");
    sandbox.driftgate(["dataset", "add", "data/iris"]).exits(0);
    for seed in 0..3 {
        sandbox.pipeline(&format!("p{seed}.yaml"), &Pipeline::iris().seed(seed));
    }
    std::thread::scope(|scope| {
        for seed in 0..3 {
            let sandbox = &sandbox;
            scope.spawn(move || sandbox.driftgate(["run", &format!("p{seed}.yaml")]).exits(0));
        }
    });
    let list = sandbox.driftgate(["runs", "list", "--json"]).exits(0).json();
    assert_eq!(list["total"], 3);
    sandbox.verifies();
}
