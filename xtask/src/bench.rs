//! `cargo xtask bench`: the criterion benchmarks.

use crate::Outcome;
use crate::steps::{Steps, show};
use crate::workspace::{Workspace, cargo};

/// Runs the benchmarks whose `package/name` holds `filter`, or lists them.
pub fn bench(filter: Option<&str>, list: bool) -> Outcome {
    let ws = Workspace::load()?;
    let all: Vec<(&str, &str)> = ws
        .members
        .iter()
        .flat_map(|m| m.targets.iter().map(move |t| (m, t)))
        .filter(|(_, t)| t.kinds.iter().any(|k| k == "bench"))
        .map(|(m, t)| (m.name.as_str(), t.name.as_str()))
        .collect();
    if list {
        for (package, name) in &all {
            println!("{package}/{name}");
        }
        return Ok(true);
    }
    let wanted = |(package, name): &&(&str, &str)| filter.is_none_or(|f| format!("{package}/{name}").contains(f));
    let chosen: Vec<_> = all.iter().filter(wanted).collect();
    if chosen.is_empty() {
        return Err(match filter {
            Some(f) => format!("no benchmark's name holds `{f}`; `cargo xtask bench --list` names them all"),
            None => "no crate has a benchmark".into(),
        });
    }
    let mut steps = Steps::default();
    for (package, name) in chosen {
        steps.run(&format!("{package}/{name}"), || {
            show(cargo(&ws.root).args(["bench", "--package", package, "--bench", name]))
        });
    }
    steps.finish("bench", &ws.target_dir)?;
    Ok(steps.passed())
}
