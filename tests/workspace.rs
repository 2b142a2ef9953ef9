//! `init`, `doctor`, `gc`.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use driftgate_testsupport::{Pipeline, Sandbox, assert_answer};

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
