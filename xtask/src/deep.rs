//! `cargo xtask deep`: the long proofs.
//!
//! A test that can go on for long reads `DRIFTGATE_DEEP` and does a twentieth of its work without it; the property tests take
//! their number of cases from `PROPTEST_CASES` unless they say otherwise. What makes no sense in short is an ignored test whose
//! name begins with `deep_`.

use crate::Outcome;
use crate::steps::{End, Steps, show};
use crate::workspace::{Member, Workspace};
use crate::{system, tools};
use std::path::Path;

/// Twenty times proptest's own number.
const PROPERTY_CASES: &str = "5120";

/// Runs the long form of every test that has one, all or those whose name holds `filter`.
pub fn deep(filter: Option<&str>) -> Outcome {
    let ws = Workspace::load()?;
    if let Some(why) = tools::ensure_nextest(&ws.root, false)? {
        return Err(format!("the long proofs run under nextest: {why}"));
    }
    let long = |m: &&Member| m.name != "xtask" && has_long_form(&m.dir);
    let members: Vec<&Member> = ws.members.iter().filter(long).collect();
    if members.is_empty() {
        return Err("no crate has a long proof".into());
    }
    let selected: Vec<String> = members.iter().flat_map(|m| ["--package".to_string(), m.name.clone()]).collect();
    let named = filter.map_or("all()".to_string(), |f| format!("test({f})"));

    let mut steps = Steps::default();
    steps.run("scaled tests", || run(&ws, &selected, &named, &["--run-ignored", "default"]));
    let set = format!("test(/(^|::)deep_/) & {named}");
    steps.run("ignored tests", || run(&ws, &selected, &set, &["--run-ignored", "only"]));
    steps.run("networks on a graphics card", || graphics(&ws, &named));
    steps.finish("deep", &ws.target_dir)?;
    Ok(steps.passed())
}

fn run(ws: &Workspace, selected: &[String], set: &str, ignored: &[&str]) -> Result<End, String> {
    let mut command = tools::nextest(&ws.root, selected);
    command.args(ignored).args(["--no-tests", "warn", "--filterset", set]);
    show(command.env("DRIFTGATE_DEEP", "1").env("PROPTEST_CASES", PROPERTY_CASES))
}

/// The tests of networks with Burn's layers, on the card that is here or one made of software. They are no part of `cargo xtask
/// test`, since Burn's kernels take longer to build than all the rest.
fn graphics(ws: &Workspace, set: &str) -> Result<End, String> {
    if let End::Skipped(why) = system::step(&ws.root, &system::GRAPHICS, false)? {
        return Ok(End::Skipped(why));
    }
    let selected = ["--package", "driftgate-vision", "--features", "gpu"].map(String::from);
    let mut command = tools::nextest(&ws.root, &selected);
    command.args(["--no-tests", "warn", "--filterset", set]);
    show(&mut command)
}

/// Whether a source file below `dir` has a test with a long form.
fn has_long_form(dir: &Path) -> bool {
    let Ok(entries) = std::fs::read_dir(dir) else { return false };
    entries.flatten().map(|e| e.path()).any(|path| {
        if path.is_dir() {
            return has_long_form(&path);
        }
        let is_rust = path.extension().is_some_and(|e| e == "rs");
        is_rust && std::fs::read_to_string(&path).is_ok_and(|t| tells_of_long_form(&t))
    })
}

fn tells_of_long_form(source: &str) -> bool {
    ["DRIFTGATE_DEEP", "fn deep_", "proptest!"].iter().any(|word| source.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ledger_and_the_importers_have_long_proofs() {
        let root = crate::workspace::root();
        assert!(has_long_form(&root.join("crates/ledger")));
        assert!(has_long_form(&root.join("crates/data")));
        assert!(!tells_of_long_form("fn deeply() {}"));
    }
}
