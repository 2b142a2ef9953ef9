//! The table of data sets.

use crate::parts::{Column, Grid, Line};
use crate::words;
use driftgate_model::views::RunList;
use driftgate_model::{DatasetRow, Task, Timestamp};
use leptos::prelude::*;
use leptos_router::hooks::use_navigate;
use std::collections::BTreeSet;

/// A data set in the table.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    name: String,
    task: Task,
    target: String,
    versions: u64,
    rows: u64,
    added: Option<Timestamp>,
    models: Vec<String>,
    looks: u64,
}

impl Line for Row {
    fn key(&self) -> String {
        self.name.clone()
    }

    fn label(&self) -> String {
        format!("Data set {}, {}", self.name, words::count(self.versions, "version"))
    }
}

/// The rows: what is known of each data set, and the models that runs trained on it.
pub fn rows(datasets: &[DatasetRow], runs: Option<&RunList>) -> Vec<Row> {
    let models = |name: &str| {
        let on_it = runs.iter().flat_map(|r| &r.runs).filter(|r| r.dataset == name);
        on_it.map(|r| r.model.to_string()).collect::<BTreeSet<String>>().into_iter().collect()
    };
    let row = |d: &DatasetRow| Row {
        name: d.name.clone(),
        task: d.task,
        target: d.target.clone(),
        versions: d.versions.len() as u64,
        rows: d.newest().map_or(0, |v| v.rows),
        added: d.newest().map(|v| v.added_at),
        models: models(&d.name),
        looks: d.test_looks,
    };
    datasets.iter().map(row).collect()
}

/// The table.
#[component]
pub fn List(rows: Signal<Vec<Row>>, chosen: Signal<Option<String>>) -> impl IntoView {
    let go = StoredValue::new(use_navigate());
    let show = move |row: Row| go.with_value(|go| go(&format!("/datasets/{}", row.name), Default::default()));
    let columns = vec![
        Column::new("Name", "170px", |r: &Row| r.name.clone()).ordered(|a, b| a.name.cmp(&b.name)),
        Column::new("Task", "120px", |r: &Row| words::task(r.task).to_owned()).ordered(|a, b| a.task.cmp(&b.task)),
        Column::new("Target", "", |r: &Row| r.target.clone()).ordered(|a, b| a.target.cmp(&b.target)),
        Column::new("Versions", "88px", |r: &Row| words::whole(r.versions))
            .number()
            .ordered(|a, b| a.versions.cmp(&b.versions)),
        Column::new("Rows", "88px", |r: &Row| words::whole(r.rows)).number().ordered(|a, b| a.rows.cmp(&b.rows)),
        Column::new("Newest", "112px", |r: &Row| {
            r.added.map(|at| view! { <span title=words::moment(at)>{words::ago(at)}</span> })
        })
        .ordered(|a, b| a.added.cmp(&b.added)),
        Column::new("Models", "", |r: &Row| {
            let all = r.models.join(", ");
            let whole = all.clone();
            view! { <span title=whole>{all}</span> }
        })
        .ordered(|a, b| a.models.len().cmp(&b.models.len())),
        Column::new("Test looks", "96px", |r: &Row| words::whole(r.looks))
            .number()
            .ordered(|a, b| a.looks.cmp(&b.looks)),
    ];
    view! { <Grid label="Data sets" rows=rows columns=columns chosen=chosen on_choose=show/> }
}

#[cfg(test)]
mod tests {
    use super::*;
    use driftgate_model::views::RunLine;
    use driftgate_model::{ModelName, RunId, RunStatus};

    #[test]
    fn a_row_names_each_model_once() {
        let dataset = DatasetRow {
            name: "wine".into(),
            task: Task::Classification,
            target: "y".into(),
            versions: Vec::new(),
            test_looks: 3,
        };
        let run = |n: u64, model: &str, dataset: &str| RunLine {
            run: RunId::new(n, [0; 10]),
            model: ModelName::new(model).expect("a name"),
            dataset: dataset.into(),
            algorithm: "random_forest".into(),
            status: RunStatus::Blocked,
            started_at: Timestamp::UNIX_EPOCH,
            duration_ms: 1,
            metric: "test.accuracy".into(),
            value: None,
            version: None,
        };
        let runs = vec![run(1, "b", "wine"), run(2, "a", "wine"), run(3, "b", "wine"), run(4, "c", "iris")];
        let list = RunList { schema: "driftgate/runs/1".into(), total: 4, runs };
        let made = rows(std::slice::from_ref(&dataset), Some(&list));
        assert_eq!((made[0].models.join(","), made[0].looks, made[0].rows), ("a,b".into(), 3, 0));
        assert!(rows(&[dataset], None)[0].models.is_empty());
    }
}
