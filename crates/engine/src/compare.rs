use crate::{EngineError, Result, Workspace};
use driftgate_model::RunId;
use driftgate_model::views::{ComparedRow, RunView, RunsCompared};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

impl Workspace {
    /// Runs side by side: configs, data, metrics. At least two.
    pub fn compare(&self, ids: &[String]) -> Result<RunsCompared> {
        let mut runs: Vec<RunView> = Vec::new();
        for id in ids {
            runs.push(self.run_view(id)?);
        }
        let distinct: BTreeSet<&RunId> = runs.iter().map(|r| &r.run.subject.run).collect();
        if distinct.len() < 2 || distinct.len() < runs.len() {
            return Err(EngineError::bad_input(
                "a comparison needs at least two different runs",
                "Name them: `driftgate runs compare ID ID…`",
            ));
        }
        let mut rows = Vec::new();
        rows.extend(table("run", &runs.iter().map(about).collect::<Vec<_>>()));
        rows.extend(table("data", &runs.iter().map(data).collect::<Vec<_>>()));
        let mut configs = Vec::new();
        for run in &runs {
            let config: Value = self.get_json(&run.run.subject.config)?;
            let mut flat = BTreeMap::new();
            flatten("", &config, &mut flat);
            configs.push(flat);
        }
        rows.extend(table("config", &configs));
        let metrics: Vec<BTreeMap<String, String>> =
            runs.iter().map(|r| r.run.metrics.iter().map(|(k, v)| (k.clone(), format!("{v:.4}"))).collect()).collect();
        rows.extend(table("metric", &metrics));
        Ok(RunsCompared {
            schema: "driftgate/compare/1".into(),
            warnings: warnings(&runs),
            runs: runs.into_iter().map(|r| r.run.subject.run).collect(),
            rows,
        })
    }
}

/// What two equal runs differ in by chance: shown, and never counted as a difference.
const MEASURED: [&str; 1] = ["duration_ms"];

fn about(run: &RunView) -> BTreeMap<String, String> {
    let e = &run.environment;
    let mut map: BTreeMap<String, String> = [
        ("status", run.run.status.as_str().to_string()),
        ("model", run.run.subject.model.to_string()),
        ("driftgate_version", e.driftgate_version.clone()),
        ("machine", e.machine.clone()),
        ("threads", e.threads.to_string()),
        ("duration_ms", run.run.stages.iter().map(|s| s.duration_ms).sum::<u64>().to_string()),
    ]
    .into_iter()
    .map(|(k, v)| (k.to_string(), v))
    .collect();
    if let Some(commit) = &e.git_commit {
        map.insert("git_commit".into(), commit.clone());
    }
    map
}

fn data(run: &RunView) -> BTreeMap<String, String> {
    let s = &run.run.subject;
    let c = run.counts;
    BTreeMap::from([
        ("dataset".to_string(), s.dataset.clone()),
        ("version".to_string(), format!("{} ({})", run.dataset_number, s.dataset_version.short())),
        ("rows".to_string(), format!("{}/{}/{}", c.train, c.val, c.test)),
    ])
}

fn flatten(prefix: &str, value: &Value, into: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(map) => {
            for (key, inner) in map {
                let path = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
                flatten(&path, inner, into);
            }
        }
        Value::String(text) => {
            into.insert(prefix.into(), text.clone());
        }
        other => {
            into.insert(prefix.into(), other.to_string());
        }
    }
}

fn table(group: &str, columns: &[BTreeMap<String, String>]) -> Vec<ComparedRow> {
    let keys: BTreeSet<&String> = columns.iter().flat_map(BTreeMap::keys).collect();
    keys.into_iter()
        .map(|key| {
            let values: Vec<Option<String>> = columns.iter().map(|c| c.get(key).cloned()).collect();
            ComparedRow {
                group: group.into(),
                key: key.clone(),
                differs: !MEASURED.contains(&key.as_str()) && values.iter().any(|v| *v != values[0]),
                values,
            }
        })
        .collect()
}

fn warnings(runs: &[RunView]) -> Vec<String> {
    let mut out = Vec::new();
    let first = &runs[0].run.subject;
    if runs.iter().any(|r| r.run.subject.task != first.task) {
        out.push("The runs answer different tasks: their metrics cannot be compared".into());
    } else if runs.iter().any(|r| r.run.subject.dataset != first.dataset) {
        out.push("The runs use different data sets: their metrics are about different rows".into());
    } else if runs.iter().any(|r| r.run.subject.dataset_version != first.dataset_version) {
        out.push("The runs use different versions of the data: their test rows may differ".into());
    }
    out
}
