//! `demo`: the whole life of a model, and the commands it leads to.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use driftgate_testsupport::{Sandbox, assert_answer};
use std::path::Path;

const DRIFTGATE: &str = env!("CARGO_BIN_EXE_driftgate");

#[test]
fn the_demo_tells_the_life_of_a_model() {
    let sandbox = Sandbox::new(DRIFTGATE);
    let answer = sandbox.driftgate(["demo"]).exits(0);
    let program = Path::new(DRIFTGATE).canonicalize().unwrap().display().to_string();
    assert_answer!("demo", answer.naming(&program, "driftgate"));
    assert_answer!("demo_again", sandbox.driftgate(["demo"]).exits(1));
    sandbox.write("full/of.things", "");
    assert_answer!("demo_in_a_full_folder", sandbox.driftgate(["demo", "--dir", "full"]).exits(1));
    assert!(!sandbox.at("full/.driftgate").exists());
}

#[cfg(unix)]
#[test]
fn what_to_try_next_works_when_pasted() {
    let sandbox = Sandbox::new(DRIFTGATE);
    let played = sandbox.driftgate(["demo", "--dir", "a place", "--json"]).exits(0).json();
    assert_eq!(played["schema"], "driftgate/demo/1");
    let lines: Vec<&str> = played["next"].as_array().unwrap().iter().map(|l| l.as_str().unwrap()).collect();
    assert!(lines.len() > 5);
    let script = format!("set -e\n{}\n", lines.join("\n"));
    let shell = std::process::Command::new("sh")
        .args(["-c", &script])
        .current_dir(sandbox.path())
        .env_remove("DRIFTGATE_WORKSPACE")
        .output()
        .unwrap();
    assert!(shell.status.success(), "{script}\n{}", String::from_utf8_lossy(&shell.stderr));
    assert!(sandbox.at("a place/predictions.csv").exists());
    sandbox.driftgate(["audit", "verify", "--workspace", "a place"]).exits(0);
}

#[test]
fn every_shipped_pipeline_runs_in_the_demo_folder() {
    let sandbox = Sandbox::new(DRIFTGATE);
    sandbox.driftgate(["demo", "--quiet", "--dir", "demo"]).exits(0);
    for name in ["breast_cancer", "wine", "iris", "diabetes"] {
        let config = format!("demo/configs/pipeline_{name}.yaml");
        let view = sandbox.driftgate(["run", &config, "--workspace", "demo", "--json"]).exits(0).json();
        assert_eq!(view["run"]["status"], "awaiting_approval", "{name}");
    }
    sandbox.driftgate(["audit", "verify", "--workspace", "demo"]).exits(0);
}
