//! One metric over the runs, with its intervals.

use crate::bridge::{ask, call};
use crate::parts::{ChartView, Pick};
use crate::store::store;
use crate::words;
use driftgate_model::RunId;
use driftgate_model::views::RunView;
use driftgate_plots::{IntervalRow, compare_runs_chart};
use leptos::prelude::*;
use leptos::task::spawn_local;
use serde_json::json;
use std::collections::BTreeMap;

/// The metric to begin with: one on test, by what people ask first.
fn first(metrics: &[String]) -> String {
    let wanted = ["test.accuracy", "test.r2", "test.f1_score"];
    let found = wanted.iter().find(|w| metrics.iter().any(|m| m == *w)).map(|w| (*w).to_owned());
    found.or_else(|| metrics.first().cloned()).unwrap_or_default()
}

/// What a run says of a metric such as `test.accuracy`.
fn row(name: String, run: Option<&RunView>, metric: &str) -> IntervalRow {
    let (split, plain) = metric.split_once('.').unwrap_or(("test", metric));
    let evaluation = run.and_then(|r| if split == "val" { r.val.as_ref() } else { r.test.as_ref() });
    let found = evaluation.and_then(|e| e.metrics.get(plain));
    IntervalRow {
        name,
        value: found.and_then(|m| m.value).or_else(|| run.and_then(|r| r.run.metrics.get(metric).copied())),
        interval: found.and_then(|m| m.interval),
        reference: evaluation.and_then(|e| e.baseline.get(plain).copied().flatten()),
    }
}

/// The chart of a chosen metric.
#[component]
pub fn MetricChart(runs: Vec<RunId>, metrics: Vec<String>) -> impl IntoView {
    let store = store();
    let metric = RwSignal::new(first(&metrics));
    let choices: Vec<(String, String)> = metrics.iter().map(|m| (m.clone(), words::metric(m))).collect();
    let views = RwSignal::new(BTreeMap::<RunId, RunView>::new());
    let asked = runs.clone();
    spawn_local(async move {
        for run in asked {
            match call::<RunView>(&ask("run", json!({ "id": run }))).await {
                Ok(view) => {
                    if views.try_update(|all| all.insert(run, view)).is_none() {
                        return;
                    }
                }
                Err(failure) => return store.failed(&failure),
            }
        }
    });
    let chart = Signal::derive(move || {
        let metric = metric.get();
        let rows: Vec<IntervalRow> = views.with(|all| {
            let name = |run: &RunId| match all.get(run) {
                Some(view) => format!("{} {}", run.short(), words::spelled(&view.run.subject.algorithm)),
                None => run.short().to_owned(),
            };
            runs.iter().map(|run| row(name(run), all.get(run), &metric)).collect()
        });
        compare_runs_chart("compared", &metric, &rows)
    });
    view! {
        <section class="stack" aria-labelledby="chart-title">
            <div class="row wrap spread">
                <h2 id="chart-title">"Chart"</h2>
                <Pick label="Metric of the chart" quiet=true value=metric choices=Signal::stored(choices)/>
            </div>
            <ChartView chart=chart/>
        </section>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chart_begins_with_what_people_ask_first() {
        let names = |list: &[&str]| list.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
        assert_eq!(first(&names(&["test.f1_score", "test.accuracy", "val.accuracy"])), "test.accuracy");
        assert_eq!(first(&names(&["test.mae", "test.r2"])), "test.r2");
        assert_eq!(first(&names(&["val.mae"])), "val.mae");
        assert_eq!(first(&[]), "");
    }

    #[test]
    fn a_run_that_is_not_there_yet_has_no_value() {
        assert_eq!(row("a".into(), None, "test.accuracy"), IntervalRow { name: "a".into(), ..IntervalRow::default() });
    }
}
