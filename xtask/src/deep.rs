//! `cargo xtask deep`: the long proofs.

use crate::Outcome;
use crate::steps::{End, Steps, show};
use crate::tools;
use crate::workspace::Workspace;

/// Runs the ignored tests named `deep_…`, all or those whose name holds `filter`, with `DRIFTGATE_DEEP=1`.
pub fn deep(filter: Option<&str>) -> Outcome {
    let ws = Workspace::load()?;
    if let Some(why) = tools::ensure_nextest(&ws.root, false)? {
        return Err(format!("the long proofs run under nextest: {why}"));
    }
    let mut set = "test(/(^|::)deep_/)".to_string();
    if let Some(filter) = filter {
        set.push_str(&format!(" & test({filter})"));
    }
    let mut steps = Steps::default();
    steps.run("long proofs", || {
        let mut command = tools::nextest(&ws.root, &["--workspace".to_string()]);
        command.args(["--run-ignored", "only", "--no-tests", "fail", "--filterset", &set]);
        let end = show(command.env("DRIFTGATE_DEEP", "1"))?;
        if end == End::Failed {
            eprintln!("a long proof failed, or no test matched `{set}`");
        }
        Ok(end)
    });
    steps.finish("deep", &ws.target_dir)?;
    Ok(steps.passed())
}
