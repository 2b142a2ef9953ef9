//! Runs side by side, as a table: which rows to show, what differs in them, which value is best, and the table as CSV.

use driftgate_model::lower_is_better;
use driftgate_model::views::{ComparedRow, RunsCompared};
use serde_json::Value;
use std::collections::BTreeSet;

/// One key over the runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// `run`, `data`, `config` or `metric`.
    pub group: String,
    /// The key.
    pub key: String,
    /// One cell a run.
    pub cells: Vec<Cell>,
    /// Whether any two differ.
    pub differs: bool,
}

/// One value.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    /// As text; `None` where the run has none.
    pub value: Option<String>,
    /// Whether it is another than the first run's.
    pub other: bool,
    /// Whether it is the best of a metric that differs.
    pub best: bool,
}

/// The rows to show. Values with parts, such as a list of rules, become a row for each part, so that one sees which part differs.
pub fn lines(compared: &RunsCompared, all: bool) -> Vec<Line> {
    let apart = compared.rows.iter().flat_map(parts);
    apart.filter(|row| all || row.differs).map(|row| line(&row)).collect()
}

fn line(row: &ComparedRow) -> Line {
    let first = row.values.first().cloned().flatten();
    let best = best(row);
    let cells = row.values.iter().enumerate().map(|(i, value)| Cell {
        value: value.clone(),
        other: row.differs && *value != first,
        best: best.contains(&i),
    });
    Line { group: row.group.clone(), key: row.key.clone(), cells: cells.collect(), differs: row.differs }
}

/// The runs whose value of a metric is the best; none where all are alike or there is nothing to choose from.
fn best(row: &ComparedRow) -> BTreeSet<usize> {
    let name = row.key.rsplit('.').next().unwrap_or(&row.key);
    let values: Vec<(usize, f64)> = row
        .values
        .iter()
        .enumerate()
        .filter_map(|(i, v)| Some((i, v.as_ref()?.parse::<f64>().ok().filter(|v| v.is_finite())?)))
        .collect();
    if row.group != "metric" || !row.differs || values.len() < 2 {
        return BTreeSet::new();
    }
    let ends = values.iter().map(|v| v.1);
    let top =
        if lower_is_better(name) { ends.fold(f64::INFINITY, f64::min) } else { ends.fold(f64::NEG_INFINITY, f64::max) };
    let winners: BTreeSet<usize> = values.iter().filter(|v| v.1 == top).map(|v| v.0).collect();
    if winners.len() == values.len() { BTreeSet::new() } else { winners }
}

/// A row, or the rows of its parts where a value has parts.
fn parts(row: &ComparedRow) -> Vec<ComparedRow> {
    let read = |v: &Option<String>| v.as_ref().and_then(|v| serde_json::from_str::<Value>(v).ok());
    let whole: Vec<Option<Value>> = row.values.iter().map(read).collect();
    let composed = |v: &Value| match v {
        Value::Object(o) => !o.is_empty(),
        Value::Array(items) => items.iter().any(|i| i.is_object() || i.is_array()),
        _ => false,
    };
    if row.group != "config" || !whole.iter().flatten().any(composed) {
        return vec![row.clone()];
    }
    let flat: Vec<Vec<(String, String)>> = whole
        .iter()
        .map(|v| {
            let mut out = Vec::new();
            if let Some(v) = v {
                flatten(&row.key, v, &mut out);
            }
            out
        })
        .collect();
    let mut keys: Vec<&String> = Vec::new();
    for (key, _) in flat.iter().flatten() {
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    keys.into_iter()
        .map(|key| {
            let of = |run: &Vec<(String, String)>| run.iter().find(|(k, _)| k == key).map(|(_, v)| v.clone());
            let values: Vec<Option<String>> = flat.iter().map(of).collect();
            let differs = values.iter().any(|v| Some(v) != values.first());
            ComparedRow { group: row.group.clone(), key: key.clone(), values, differs }
        })
        .collect()
}

/// Parts of a value by their keys; items of a list go by their `id`, or by their number.
fn flatten(key: &str, value: &Value, out: &mut Vec<(String, String)>) {
    match value {
        Value::Object(object) => {
            for (name, part) in object.iter().filter(|(name, _)| *name != "id") {
                flatten(&format!("{key}.{name}"), part, out);
            }
        }
        Value::Array(items) if items.iter().any(|i| i.is_object() || i.is_array()) => {
            for (i, item) in items.iter().enumerate() {
                let name = item.get("id").and_then(Value::as_str).map_or_else(|| (i + 1).to_string(), String::from);
                flatten(&format!("{key}.{name}"), item, out);
            }
        }
        Value::String(text) => out.push((key.into(), text.clone())),
        other => out.push((key.into(), other.to_string())),
    }
}

/// Lines of one group after the other, in the order in which the groups come.
pub fn grouped(lines: &[Line]) -> Vec<(String, Vec<Line>)> {
    let mut groups: Vec<(String, Vec<Line>)> = Vec::new();
    for line in lines {
        match groups.iter_mut().find(|(name, _)| *name == line.group) {
            Some((_, list)) => list.push(line.clone()),
            None => groups.push((line.group.clone(), vec![line.clone()])),
        }
    }
    groups
}

/// What a group is called.
pub fn group_name(group: &str) -> &'static str {
    match group {
        "run" => "Run",
        "data" => "Data",
        "config" => "Config",
        _ => "Metrics",
    }
}

/// The table as CSV: one line a key, or one line a run where the table is turned.
pub fn csv(runs: &[String], lines: &[Line], turned: bool) -> String {
    let text = |cell: &Cell| cell.value.clone().unwrap_or_default();
    let mut rows: Vec<Vec<String>> = Vec::new();
    if turned {
        rows.push(std::iter::once("run".to_owned()).chain(lines.iter().map(|l| l.key.clone())).collect());
        for (i, run) in runs.iter().enumerate() {
            let cells = lines.iter().map(|l| l.cells.get(i).map(text).unwrap_or_default());
            rows.push(std::iter::once(run.clone()).chain(cells).collect());
        }
    } else {
        rows.push(["group", "key"].map(String::from).into_iter().chain(runs.iter().cloned()).collect());
        for line in lines {
            rows.push([line.group.clone(), line.key.clone()].into_iter().chain(line.cells.iter().map(text)).collect());
        }
    }
    let mut out = String::new();
    for row in rows {
        let fields: Vec<String> = row.iter().map(|field| quoted(field)).collect();
        out += &fields.join(",");
        out += "\r\n";
    }
    out
}

/// A field of CSV as RFC 4180 has it. Text that a spreadsheet would take for a formula gets an apostrophe in front.
fn quoted(field: &str) -> String {
    let formula =
        field.starts_with(['=', '@', '\t', '\r']) || (field.starts_with(['+', '-']) && field.parse::<f64>().is_err());
    let field = if formula { format!("'{field}") } else { field.to_owned() };
    if field.contains(['"', ',', '\n', '\r']) { format!("\"{}\"", field.replace('"', "\"\"")) } else { field }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(group: &str, key: &str, values: &[Option<&str>]) -> ComparedRow {
        let values: Vec<Option<String>> = values.iter().map(|v| v.map(String::from)).collect();
        let differs = values.iter().any(|v| Some(v) != values.first());
        ComparedRow { group: group.into(), key: key.into(), values, differs }
    }

    fn compared(rows: Vec<ComparedRow>) -> RunsCompared {
        let runs = [1, 2].map(|n| driftgate_model::RunId::new(n, [n as u8; 10])).to_vec();
        RunsCompared { schema: "driftgate/compare/1".into(), runs, rows, warnings: Vec::new() }
    }

    #[test]
    fn only_what_differs_is_shown_unless_all_is_asked_for() {
        let c = compared(vec![row("config", "a", &[Some("1"), Some("1")]), row("config", "b", &[Some("1"), None])]);
        assert_eq!(lines(&c, false).iter().map(|l| l.key.as_str()).collect::<Vec<_>>(), ["b"]);
        assert_eq!(lines(&c, true).len(), 2);
        assert_eq!(lines(&c, false)[0].cells.iter().map(|c| c.other).collect::<Vec<_>>(), [false, true]);
    }

    #[test]
    fn a_measured_duration_never_differs() {
        let mut measured = row("run", "duration_ms", &[Some("10"), Some("12")]);
        measured.differs = false;
        let shown = lines(&compared(vec![measured]), true);
        assert!(shown[0].cells.iter().all(|c| !c.other && !c.best));
    }

    #[test]
    fn the_best_value_depends_on_the_metric() {
        let best_of = |r: ComparedRow| best(&r).into_iter().collect::<Vec<_>>();
        assert_eq!(best_of(row("metric", "test.accuracy", &[Some("0.9"), Some("0.95"), Some("0.95")])), [1, 2]);
        assert_eq!(best_of(row("metric", "test.log_loss", &[Some("0.9"), Some("0.2"), None])), [1]);
        assert!(best_of(row("metric", "test.accuracy", &[Some("0.9"), None])).is_empty());
        assert!(best_of(row("metric", "test.accuracy", &[Some("0.9"), Some("0.9")])).is_empty());
        assert!(best_of(row("config", "seed", &[Some("1"), Some("2")])).is_empty());
    }

    #[test]
    fn rules_are_compared_part_by_part() {
        let a = r#"[{"id":"min","kind":"threshold","threshold":0.8},{"id":"rows","rows":20}]"#;
        let b = r#"[{"id":"min","kind":"threshold","threshold":0.9}]"#;
        let shown = lines(&compared(vec![row("config", "promotion.rules", &[Some(a), Some(b)])]), false);
        let keys: Vec<&str> = shown.iter().map(|l| l.key.as_str()).collect();
        assert_eq!(keys, ["promotion.rules.min.threshold", "promotion.rules.rows.rows"]);
        assert_eq!(shown[1].cells[1].value, None);
        // A list of plain values stays one value.
        let plain = row("config", "stages", &[Some(r#"["a","b"]"#), Some(r#"["a"]"#)]);
        assert_eq!(lines(&compared(vec![plain]), false)[0].key, "stages");
    }

    #[test]
    fn csv_has_every_run_either_way() {
        let c = compared(vec![
            row("config", "a,b", &[Some("say \"x\""), None]),
            row("metric", "test.mcc", &[Some("-0.5"), Some("=1+1")]),
        ]);
        let shown = lines(&c, true);
        let runs = ["r1".to_owned(), "r2".to_owned()];
        assert_eq!(
            csv(&runs, &shown, false),
            "group,key,r1,r2\r\nconfig,\"a,b\",\"say \"\"x\"\"\",\r\nmetric,test.mcc,-0.5,'=1+1\r\n"
        );
        assert_eq!(csv(&runs, &shown, true), "run,\"a,b\",test.mcc\r\nr1,\"say \"\"x\"\"\",-0.5\r\nr2,,'=1+1\r\n");
    }

    #[test]
    fn groups_keep_their_order() {
        let c = compared(vec![
            row("run", "status", &[Some("a"), Some("b")]),
            row("metric", "m", &[Some("1"), Some("2")]),
            row("run", "threads", &[Some("1"), Some("2")]),
        ]);
        let groups = grouped(&lines(&c, true));
        assert_eq!(groups.iter().map(|g| (g.0.as_str(), g.1.len())).collect::<Vec<_>>(), [("run", 2), ("metric", 1)]);
    }
}
