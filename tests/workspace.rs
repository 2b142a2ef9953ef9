//! `init`, `doctor`, `gc`.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use driftgate_testsupport::{Answer, Pipeline, Sandbox, assert_answer};
use std::path::Path;

const DRIFTGATE: &str = env!("CARGO_BIN_EXE_driftgate");

#[test]
fn init_makes_a_workspace_once() {
    let sandbox = Sandbox::new(DRIFTGATE);
    assert_answer!("init", sandbox.driftgate(["init", "lab"]).exits(0));
    let before = sandbox.driftgate(["audit", "checkpoint", "--workspace", "lab"]).exits(0).stdout;
    assert_answer!("init_again", sandbox.driftgate(["init", "lab"]).exits(1));
    assert_eq!(sandbox.driftgate(["audit", "checkpoint", "--workspace", "lab"]).exits(0).stdout, before);
    let ignored = sandbox.read("lab/.driftgate/.gitignore");
    assert!(ignored.contains("keys"), "{ignored}");
    sandbox.driftgate(["init", "--workspace", "elsewhere"]).exits(64);
}

#[cfg(unix)]
#[test]
fn keys_are_for_the_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let sandbox = Sandbox::workspace(DRIFTGATE);
    let mut seen = 0;
    for entry in std::fs::read_dir(sandbox.at(".driftgate/keys")).unwrap() {
        let mode = entry.unwrap().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{mode:o}");
        seen += 1;
    }
    assert!(seen >= 2);
}

#[test]
fn doctor_speaks_without_a_workspace_too() {
    let sandbox = Sandbox::new(DRIFTGATE);
    assert_answer!("doctor_without_a_workspace", sandbox.driftgate(["doctor"]).exits(0));
    sandbox.driftgate(["init"]).exits(0);
    let report = sandbox.driftgate(["doctor", "--json"]).exits(0).json();
    let checks = report["checks"].as_array().unwrap();
    assert!(!checks.is_empty());
    assert!(checks.iter().all(|c| c["status"] == "ok"), "{report:#}");
}

#[test]
fn gc_frees_only_what_no_event_leads_to() {
    let sandbox = Sandbox::workspace(DRIFTGATE);
    sandbox.data("iris");
    let run = sandbox.run("p", &Pipeline::iris());
    assert_answer!("gc_nothing", sandbox.driftgate(["gc"]).exits(0));
    sandbox.verifies();
    sandbox.driftgate(["approve", &run, "--reason", "fine"]).exits(0);
    assert_eq!(sandbox.driftgate(["gc", "--dry-run", "--json"]).exits(0).json()["objects"], 0);
    sandbox.verifies();
}

#[test]
fn gc_frees_an_old_object_that_nothing_names() {
    // The SHA-256 of `orphan` and a line end.
    const ORPHAN: &str = ".driftgate/objects/2b/2d2fa0c84d999ef6544e65d0488c82b9c11c4a08b7bf2925d130b366a3795b";
    let sandbox = Sandbox::workspace(DRIFTGATE);
    sandbox.write(ORPHAN, "orphan\n");
    let freed = |args: &[&str]| {
        let answer = sandbox.driftgate(["gc", "--json"].iter().chain(args)).exits(0).json();
        (answer["objects"].as_u64().unwrap(), answer["bytes"].as_u64().unwrap())
    };
    // It may belong to a run that is still at work elsewhere.
    assert_eq!(freed(&[]), (0, 0));
    let days_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(2 * 86_400);
    std::fs::File::options().write(true).open(sandbox.at(ORPHAN)).unwrap().set_modified(days_ago).unwrap();
    assert_eq!(freed(&["--dry-run"]), (1, 7));
    assert!(sandbox.at(ORPHAN).exists());
    assert_answer!("gc_freed", sandbox.driftgate(["gc"]).exits(0));
    assert!(!sandbox.at(ORPHAN).exists());
    sandbox.verifies();
}

/// The word for where each run stands, the newest first.
fn statuses(sandbox: &Sandbox) -> Vec<String> {
    let list = sandbox.driftgate(["runs", "list", "--json"]).exits(0).json();
    list["runs"].as_array().unwrap().iter().map(|r| r["status"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_run_is_running_while_its_process_lives_and_interrupted_afterwards() {
    let sandbox = Sandbox::workspace(DRIFTGATE);
    let mut child = sandbox.endless_run();
    assert_eq!(statuses(&sandbox), ["running"]);
    let leases = || std::fs::read_dir(sandbox.at(".driftgate/leases")).unwrap().count();
    assert_eq!(leases(), 1);
    child.kill().unwrap();
    child.wait().unwrap();
    let listed = sandbox.driftgate(["runs", "list"]).exits(0);
    assert!(listed.stderr.contains("was interrupted: its process is gone"), "{}", listed.transcript());
    assert_eq!(statuses(&sandbox), ["interrupted"]);
    assert_eq!(leases(), 0);
    sandbox.run("p", &Pipeline::iris());
    assert_eq!(leases(), 0, "a run that ends removes its own");
    sandbox.verifies();
}

/// Commands that look, prove or clean.
const LOOKING: [&[&str]; 9] = [
    &["audit", "verify"],
    &["audit", "log"],
    &["audit", "checkpoint"],
    &["audit", "keys", "show"],
    &["doctor"],
    &["gc"],
    &["runs", "list"],
    &["models", "list"],
    &["dataset", "list"],
];

#[test]
fn a_backup_without_keys_is_looked_at_though_a_run_died_in_it() {
    let sandbox = Sandbox::workspace(DRIFTGATE);
    sandbox.killed_run();
    let events = sandbox.events();
    std::fs::rename(sandbox.at(".driftgate/keys"), sandbox.at("keys")).unwrap();
    for args in LOOKING {
        sandbox.driftgate(args).exits(0);
    }
    let listed = sandbox.driftgate(["runs", "list"]).exits(0);
    assert!(listed.stderr.contains("is not settled yet: cannot read the key"), "{}", listed.transcript());
    let refused = sandbox.driftgate(["dataset", "add", "data/iris"]).exits(1);
    assert!(refused.stderr.contains("key"), "{}", refused.transcript());
    assert_eq!(sandbox.events(), events);
    std::fs::rename(sandbox.at("keys"), sandbox.at(".driftgate/keys")).unwrap();
    assert_eq!(statuses(&sandbox), ["interrupted"]);
}

#[test]
fn a_workspace_of_the_first_schema_is_looked_at() {
    fn copy(from: &Path, to: &Path) {
        std::fs::create_dir_all(to).unwrap();
        for entry in std::fs::read_dir(from).unwrap().flatten() {
            match entry.file_type().unwrap().is_dir() {
                true => copy(&entry.path(), &to.join(entry.file_name())),
                false => drop(std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap()),
            }
        }
    }
    let sandbox = Sandbox::new(DRIFTGATE);
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ledger/tests/fixtures/schema-1");
    copy(&fixture, &sandbox.at(".driftgate"));
    for args in [&["audit", "verify"][..], &["audit", "log"], &["runs", "list"], &["models", "show", "m"]] {
        sandbox.driftgate(args).exits(0);
    }
    assert_eq!(statuses(&sandbox)[0], "running", "who cannot write cannot settle it");
}

#[test]
fn a_damaged_row_of_a_running_run_is_named() {
    let sandbox = Sandbox::workspace(DRIFTGATE);
    sandbox.killed_run();
    let rows: redb::TableDefinition<'_, u64, &[u8]> = redb::TableDefinition::new("runs");
    let database = redb::Database::open(sandbox.at(".driftgate/ledger.redb")).unwrap();
    let transaction = database.begin_write().unwrap();
    transaction.open_table(rows).unwrap().insert(2, [9_u8, 9].as_slice()).unwrap();
    transaction.commit().unwrap();
    drop(database);
    let verified = sandbox.driftgate(["audit", "verify"]).exits(4);
    assert!(verified.stdout.contains("Fault in entry 2 of the table `runs`"), "{}", verified.transcript());
    sandbox.driftgate(["audit", "log"]).exits(0);
    sandbox.driftgate(["gc"]).exits(0);
    sandbox.driftgate(["doctor"]).exits(4);
    sandbox.driftgate(["models", "list"]).exits(1);
    sandbox.driftgate(["dataset", "list"]).exits(0);
    // What would settle it must not guess.
    sandbox.driftgate(["dataset", "add", "data/iris"]).exits(1);
}

#[test]
fn a_damaged_object_stops_neither_doctor_nor_gc() {
    let sandbox = Sandbox::workspace(DRIFTGATE);
    sandbox.data("iris");
    let run = sandbox.run("p", &Pipeline::iris());
    let view = sandbox.driftgate(["runs", "show", &run, "--json"]).exits(0).json();
    let digest = view["run"]["evaluation"].as_str().unwrap();
    let path = sandbox.at(&format!(".driftgate/objects/{}/{}", &digest[..2], &digest[2..]));
    let bytes = std::fs::read(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    std::fs::write(&path, [&bytes[..], b" "].concat()).unwrap();
    let days_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(2 * 86_400);
    for folder in std::fs::read_dir(sandbox.at(".driftgate/objects")).unwrap().flatten() {
        for file in std::fs::read_dir(folder.path()).unwrap().flatten() {
            std::fs::File::open(file.path()).unwrap().set_modified(days_ago).unwrap();
        }
    }
    assert_answer!("doctor_damaged_object", sandbox.driftgate(["doctor"]).exits(4));
    assert_answer!("gc_damaged_object", sandbox.driftgate(["gc"]).exits(0));
    assert_eq!(sandbox.driftgate(["gc", "--json"]).exits(0).json()["damaged"], 1);
    std::fs::write(&path, bytes).unwrap();
    sandbox.verifies();
    sandbox.driftgate(["approve", &run, "--reason", "fine"]).exits(0);
}

#[test]
fn a_damaged_name_stops_nobody() {
    let sandbox = Sandbox::workspace(DRIFTGATE);
    sandbox.data("iris");
    let run = sandbox.run("p", &Pipeline::iris());
    sandbox.driftgate(["approve", &run, "--as", "Grace", "--reason", "fine"]).exits(0);
    let log = sandbox.driftgate(["audit", "log", "--actor", "Grace", "--json"]).exits(0).json();
    let name = log["lines"][0]["event"]["actor"]["commitment"].as_str().unwrap().to_owned();
    let path = sandbox.at(&format!(".driftgate/objects/{}/{}", &name[..2], &name[2..]));
    std::fs::remove_file(&path).unwrap();
    std::fs::write(&path, "{").unwrap();
    for args in [["models", "show"], ["models", "history"], ["models", "card"]] {
        let shown = sandbox.driftgate(args.iter().chain(&["iris-classification"])).exits(0);
        assert!(shown.stdout.contains("(damaged)"), "{}", shown.transcript());
    }
    sandbox.driftgate(["runs", "show", &run]).exits(0);
    let second = sandbox.run("q", &Pipeline::iris().seed(7));
    sandbox.driftgate(["approve", &second, "--as", "Grace", "--reason", "fine"]).exits(0);
    let log = sandbox.driftgate(["audit", "log", "--actor", "Grace", "--json"]).exits(0).json();
    assert_eq!(log["lines"].as_array().unwrap().len(), 1);
}

#[cfg(unix)]
#[test]
fn a_dead_run_is_looked_at_where_nothing_can_be_written() {
    use std::os::unix::fs::PermissionsExt;
    let sandbox = Sandbox::workspace(DRIFTGATE);
    sandbox.killed_run();
    let events = sandbox.events();
    // No file may grow: a full disk.
    for args in LOOKING {
        let script = format!("trap '' XFSZ; ulimit -f 0; exec \"$0\" {}", args.join(" "));
        let output =
            std::process::Command::new("sh").args(["-c", &script, DRIFTGATE]).current_dir(sandbox.path()).output();
        Answer::of(&output.unwrap(), sandbox.path()).exits(0);
    }
    assert_eq!(sandbox.events(), events);
    let mode = |name: &str, mode| {
        std::fs::set_permissions(sandbox.at(name), std::fs::Permissions::from_mode(mode)).unwrap();
    };
    for name in ["ledger.redb", "head", "lock", "lock.queue"] {
        mode(&format!(".driftgate/{name}"), 0o444);
    }
    mode(".driftgate", 0o555);
    let read_only = std::fs::write(sandbox.at(".driftgate/probe"), "").is_err();
    if read_only {
        for args in LOOKING.iter().filter(|args| **args != ["gc"]) {
            sandbox.driftgate(*args).exits(0);
        }
        sandbox.driftgate(["dataset", "add", "data/iris"]).exits(1);
    } else {
        driftgate_testsupport::skipped("this user writes to read-only folders");
    }
    mode(".driftgate", 0o755);
}
