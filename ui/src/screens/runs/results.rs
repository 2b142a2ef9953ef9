//! What a run's candidate is worth: metrics with their intervals, and where it is wrong.

use crate::parts::{ChartView, Notice, Tabs};
use crate::words;
use driftgate_model::views::RunView;
use driftgate_model::{Interval, MetricValue, RobustnessReport, RobustnessResult, SplitEvaluation, lower_is_better};
use driftgate_plots::{calibration_chart, classes_chart, confusion_chart, importance_chart, metrics_chart};
use leptos::prelude::*;

/// Most bars of importances.
const MOST_BARS: usize = 20;

/// The evaluations of a run, one split at a time, and the importances of its features.
#[component]
pub fn Results(run: StoredValue<RunView>) -> impl IntoView {
    let (val, test) = run.with_value(|r| (r.val.is_some(), r.test.is_some()));
    let split = RwSignal::new(if test { "test".to_owned() } else { "val".into() });
    let importances = run.with_value(|r| {
        let id = format!("importances-{}", r.run.subject.run.short());
        (!r.importances.is_empty()).then(|| importance_chart(&id, &r.importances, MOST_BARS))
    });
    let robustness =
        run.with_value(|r| r.robustness.clone().map(|report| (r.run.subject.run.short().to_owned(), report)));
    view! {
        {(val || test).then(|| view! {
            <section class="stack" aria-labelledby="results-title">
                <h3 id="results-title">"Results"</h3>
                {(val && test).then(|| view! { <Tabs label="Split" tabs=vec![("test", "Test"), ("val", "Validation")] chosen=split/> })}
                {move || run.with_value(|r| {
                    let asked = if split.with(|s| s == "test") { &r.test } else { &r.val };
                    asked.clone().map(|evaluation| {
                        let id = format!("{}-{}", evaluation.split, r.run.subject.run.short());
                        view! { <Split id=id evaluation=evaluation/> }
                    })
                })}
            </section>
        })}
        {robustness.map(|(id, report)| view! { <Robustness id=id report=report/> })}
        {importances.map(|chart| view! {
            <section class="stack" aria-labelledby="importances-title">
                <h3 id="importances-title">"Importances"</h3>
                <ChartView chart=chart/>
            </section>
        })}
    }
}

/// How the model copes with changed pictures.
#[component]
fn Robustness(id: String, report: RobustnessReport) -> impl IntoView {
    let corruptions = driftgate_plots::robustness_chart(&format!("robustness-{id}"), &report);
    let augmentations = driftgate_plots::augmentations_chart(&format!("augmentations-{id}"), &report);
    let said = format!(
        "{} of the {} split, answered again under changes: {} without any; corruptions cost {} of accuracy on average",
        words::count(report.rows, "picture"),
        report.split,
        words::percent(report.baseline),
        words::number(Some(report.mean_corruption_loss)),
    );
    let rows = report.changes.iter().map(changed).collect_view();
    view! {
        <section class="stack" aria-labelledby="robustness-title">
            <h3 id="robustness-title">"Robustness"</h3>
            <p>{said}</p>
            <ChartView chart=corruptions/>
            <ChartView chart=augmentations/>
            <details>
                <summary>{format!("All {} changes", report.changes.len())}</summary>
                <div class="scroll" tabindex="0" role="region" aria-label="Changes of the pictures">
                    <table class="table">
                        <thead><tr>
                            <th scope="col">"Change"</th><th scope="col" class="number">"Severity"</th>
                            <th scope="col" class="number">"Accuracy"</th><th scope="col" class="number">"Change of it"</th>
                            <th scope="col" class="number">"Interval"</th><th scope="col">"Sensitivity"</th>
                        </tr></thead>
                        <tbody>{rows}</tbody>
                    </table>
                </div>
            </details>
        </section>
    }
}

fn changed(change: &RobustnessResult) -> impl IntoView + use<> {
    let c = change.clone();
    view! {
        <tr>
            <th scope="row" title=c.description>{words::spelled(&c.name)}</th>
            <td class="number">{c.severity.map_or_else(|| "–".into(), |s| s.to_string())}</td>
            <td class="number">{words::number(Some(c.accuracy))}</td>
            <td class="number">{format!("{:+.4}", c.change)}</td>
            <td class="number nowrap">{interval(c.interval)}</td>
            <td>{words::spelled(&c.sensitivity)}</td>
        </tr>
    }
}

#[component]
fn Split(id: String, evaluation: SplitEvaluation) -> impl IntoView {
    let metrics = metrics_chart(&format!("metrics-{id}"), &evaluation);
    let confusion = (!evaluation.confusion_matrix.is_empty())
        .then(|| confusion_chart(&format!("confusion-{id}"), &evaluation.labels, &evaluation.confusion_matrix));
    let classes =
        (!evaluation.per_class.is_empty()).then(|| classes_chart(&format!("classes-{id}"), &evaluation.per_class));
    let calibration = (!evaluation.calibration.is_empty())
        .then(|| calibration_chart(&format!("calibration-{id}"), &evaluation.calibration));
    let undefined: Vec<String> = evaluation
        .metrics
        .iter()
        .filter(|(_, m)| m.value.is_none_or(|v| !v.is_finite()))
        .map(|(name, _)| words::metric(name))
        .collect();
    view! {
        {(!undefined.is_empty()).then(|| view! {
            <Notice tone="warn">{format!("Not defined on these rows: {}. A rule of the gate that asks for one fails", undefined.join(", "))}</Notice>
        })}
        <Metrics evaluation=evaluation/>
        <ChartView chart=metrics/>
        {confusion.map(|chart| view! { <ChartView chart=chart/> })}
        {classes.map(|chart| view! { <ChartView chart=chart/> })}
        {calibration.map(|chart| view! { <ChartView chart=chart/> })}
    }
}

#[component]
fn Metrics(evaluation: SplitEvaluation) -> impl IntoView {
    let how = evaluation.bootstrap.as_ref().map_or_else(
        || "Intervals were turned off".to_owned(),
        |b| format!("{:.0} % intervals from {} resamples", b.level * 100.0, words::whole(b.resamples.into())),
    );
    let against =
        if evaluation.labels.is_empty() { "the mean of the training rows" } else { "the most frequent label" };
    let rows = evaluation
        .metrics
        .iter()
        .map(|(name, value)| {
            let baseline = evaluation.baseline.get(name).copied().flatten();
            view! { <Metric name=name.clone() value=value.clone() baseline=baseline/> }
        })
        .collect_view();
    view! {
        <table class="table">
            <thead><tr>
                <th scope="col">"Metric"</th><th scope="col" class="number">"Value"</th>
                <th scope="col" class="number">"Interval"</th><th scope="col" class="number">"Baseline"</th>
            </tr></thead>
            <tbody>{rows}</tbody>
        </table>
        <p class="faint small">{format!("{}, {how}; the baseline answers {against}", words::count(evaluation.rows, "row"))}</p>
    }
}

#[component]
fn Metric(name: String, value: MetricValue, baseline: Option<f64>) -> impl IntoView {
    let lower = lower_is_better(&name).then_some(", lower is better");
    view! {
        <tr>
            <td>
                {words::metric(&name)} <span class="faint small">{lower}</span>
                {value.note.map(|note| view! { <div class="faint small wrapped">{words::sentence(&note)}</div> })}
            </td>
            <td class="number">{words::number(value.value)}</td>
            <td class="number nowrap">{interval(value.interval)}</td>
            <td class="number">{words::number(baseline)}</td>
        </tr>
    }
}

/// `0.8615 to 0.9846`.
fn interval(interval: Option<Interval>) -> String {
    interval
        .map_or_else(|| "–".into(), |i| format!("{} to {}", words::number(Some(i.low)), words::number(Some(i.high))))
}
