//! A check: its verdict and what it asks, then everything that led there.

use super::charts::{Charts, ColumnCard};
use super::columns::Ranking;
use super::drift;
use super::pictures::{Evidence, readable, seen};
use super::respond::RespondDialog;
use super::say;
use crate::answer::answer;
use crate::bridge::{ask, call};
use crate::parts::{Button, Chip, Facts, Icon, Kind, Notice, SeverityChip, Shown, VerdictChip};
use crate::store::Store;
use crate::words;
use driftgate_model::views::DriftCheckView;
use driftgate_model::{DependenceChange, DriftReport, DriftTestResult};
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::components::A;
use serde_json::json;
use std::sync::Arc;

/// What a person set to look at the columns of a check: it stays while the check is shown anew.
#[derive(Clone, Copy)]
pub struct Look {
    /// A part of the name.
    pub filter: RwSignal<String>,
    /// A verdict, or empty for all.
    pub verdict: RwSignal<String>,
    /// Rows of the table.
    pub rows: RwSignal<usize>,
    /// Charts.
    pub charts: RwSignal<usize>,
    /// The column whose chart comes first.
    pub first: RwSignal<Option<String>>,
}

/// Rows of the table of columns at first.
pub const FIRST_ROWS: usize = 40;
/// Charts at first.
pub const FIRST_CHARTS: usize = 4;

impl Look {
    fn new() -> Look {
        Look {
            filter: RwSignal::new(String::new()),
            verdict: RwSignal::new(String::new()),
            rows: RwSignal::new(FIRST_ROWS),
            charts: RwSignal::new(FIRST_CHARTS),
            first: RwSignal::new(None),
        }
    }
}

/// The detail pane of a check.
#[component]
pub fn CheckPane(id: String) -> impl IntoView {
    let here = drift();
    let look = Look::new();
    let responding = RwSignal::new(false);
    let asked = id.clone();
    let check = answer::<DriftCheckView>(move || Some(ask("drift_check", json!({ "id": asked }))));
    let short = id.get(id.len().saturating_sub(8)..).unwrap_or(&id).to_owned();
    view! {
        <aside class="detail" aria-label="Check">
            <header>
                <h2>"Check " <span class="mono">{short}</span></h2>
                <div class="row wrap">
                    {move || check.value.get().map(|v| view! { <Buttons view=v responding=responding/> })}
                    <A href=format!("/drift/{}", here.name()) {..} class="button plain">"Close the check"</A>
                </div>
            </header>
            <div class="inside">
                <Shown answer=check children=move |v: DriftCheckView| view! { <Inside view=v look=look/> }/>
            </div>
            <RespondDialog check=check open=responding/>
        </aside>
    }
}

/// What can be done about a check.
#[component]
fn Buttons(view: DriftCheckView, responding: RwSignal<bool>) -> impl IntoView {
    let here = drift();
    let batch = say::file_of(view.source.as_deref());
    let (id, short) = (view.check.to_string(), view.check.short().to_owned());
    let kind = if view.alarm && view.responses.is_empty() { Kind::Primary } else { Kind::Secondary };
    view! {
        <Button text="Respond…" kind=kind on_press=move |_| responding.set(true)/>
        <Button text="Stage this batch…" icon=Icon::Stack on_press=move |_| here.stage(batch.clone())/>
        <Button text="Save the report…" icon=Icon::Download on_press=move |_| save_report(here.store, id.clone(), short.clone())/>
    }
}

fn save_report(store: Store, id: String, short: String) {
    spawn_local(async move {
        let arguments = json!({
            "kind": "new_file", "title": "Save the report", "name": format!("drift-{short}.html"), "extensions": ["html"],
        });
        match call::<Option<String>>(&ask("choose_path", arguments)).await {
            Ok(Some(path)) => match call::<()>(&ask("drift_report", json!({ "id": id, "path": path }))).await {
                Ok(()) => store.good(format!("The report is saved as {path}")),
                Err(failure) => store.failed(&failure),
            },
            Ok(None) => {}
            Err(failure) => store.failed(&failure),
        }
    });
}

#[component]
fn Inside(view: DriftCheckView, look: Look) -> impl IntoView {
    let view = DriftCheckView { report: readable(view.report), ..view };
    let report = Arc::new(view.report.clone());
    let matters = report.config.image.as_ref().map(|i| i.medium);
    let r = report.clone();
    let warnings = r.warnings.clone();
    view! {
        <Verdict view=view.clone()/>
        {(!view.responses.is_empty()).then(|| view! { <Responses view=view.clone()/> })}
        {warnings.into_iter().map(|text| view! { <Notice tone="warn">{words::sentence(&text)}</Notice> }).collect_view()}
        <section class="stack" aria-labelledby="numbers-title">
            <h3 id="numbers-title">"Numbers"</h3>
            <Facts facts=numbers(&view)/>
        </section>
        {report.images.clone().map(|evidence| view! { <Evidence evidence=evidence matters=matters/> })}
        <Ranking report=report.clone() look=look/>
        <Charts report=report.clone() look=look/>
        <Performance report=report.clone()/>
        <Together report=report.clone()/>
        <Answers report=report.clone()/>
        <section class="stack" aria-labelledby="rule-title">
            <h3 id="rule-title">"How it was decided"</h3>
            <p>
                "A test drifted where its adjusted p-value is at most its level and the interval of its effect lies above the smallest \
                 effect that matters; it is stable where that interval lies below, and inconclusive otherwise; a column has the worst \
                 verdict of its tests."
            </p>
            <p class="faint">{words::sentence(&r.overall.rule)}</p>
        </section>
    }
}

#[component]
fn Verdict(view: DriftCheckView) -> impl IntoView {
    let r = view.report;
    let (open, answered) = (view.alarm && view.responses.is_empty(), !view.responses.is_empty());
    let alarm = match (view.alarm, answered) {
        (true, true) => Some((Icon::Check, "Alarm answered", "good")),
        (true, false) => Some((Icon::Warning, "Alarm open", "warn")),
        _ => None,
    };
    view! {
        <section class="stack" aria-label="Verdict">
            <div class="row wrap">
                <VerdictChip verdict=r.overall.verdict/>
                <SeverityChip severity=r.overall.severity/>
                {alarm.map(|(icon, text, tone)| view! { <Chip icon=icon text=text tone=tone/> })}
                <span class="faint">{say::counted(&r)}</span>
            </div>
            <p class="why wrapped">{say::why(&r)}</p>
            <Notice tone=if open { "warn" } else { "info" }>
                <div>{say::next(&r, view.alarm, answered)}</div>
                {say::of_labels(&r).map(|text| view! { <div>{text}</div> })}
            </Notice>
        </section>
    }
}

#[component]
fn Responses(view: DriftCheckView) -> impl IntoView {
    let model = view.report.model.to_string();
    let after = view.responses.last().and_then(|r| say::after(r.action, &model));
    view! {
        <section class="stack" aria-labelledby="responses-title">
            <h3 id="responses-title">"Responses"</h3>
            <ul class="panel lines">
                {view.responses.into_iter().map(|r| view! {
                    <li>
                        <strong>{words::action(r.action)}</strong>
                        <span class="grow wrapped">{r.reason.unwrap_or_else(|| "(redacted)".into())}</span>
                        <span class="faint small" title=words::moment(r.at)>
                            {format!("{}, {}", r.actor.unwrap_or_else(|| "(redacted)".into()), words::ago(r.at))}
                        </span>
                    </li>
                }).collect_view()}
            </ul>
            {after.map(|(route, text)| view! {
                <p>"A response is a record: nothing else happens by it"</p>
                <div><A href={route} {..} class="button">{text}</A></div>
            })}
        </section>
    }
}

/// What was compared, and how.
fn numbers(v: &DriftCheckView) -> Vec<(&'static str, String)> {
    let r = &v.report;
    vec![
        ("Model", format!("{} version {}, run {}", r.model, r.model_version, r.run.short())),
        ("Batch", say::source(v.source.as_deref())),
        (
            if say::of_pictures(r) { "Pictures of the batch" } else { "Rows of the batch" },
            format!("{}, {}", words::whole(r.batch_rows), r.batch.short()),
        ),
        ("Reference", say::reference(r)),
        ("Checked", format!("{} by {}", words::moment(r.generated_at), v.actor.as_deref().unwrap_or("(redacted)"))),
        ("Drifted columns", say::counted(r)),
        (
            "Tests",
            format!("{} for numbers, {} for categories", r.config.numerical.as_str(), r.config.categorical.as_str()),
        ),
        ("Adjustment", say::correction(r.config.correction).into()),
        ("Level", say::level(r)),
        ("Intervals", format!("{} %", r.config.effect.level * 100.0)),
        ("Asks for a response from", format!("{} severity", r.config.monitoring.alert_severity.as_str())),
    ]
}

#[component]
fn Performance(report: Arc<DriftReport>) -> impl IntoView {
    let r = report;
    let nothing = r.performance.is_none() && r.estimated.is_none();
    view! {
        <section class="stack" aria-labelledby="performance-title">
            <h3 id="performance-title">"Performance"</h3>
            {nothing.then(|| view! { <p class="faint">"The batch has no labels, and nothing could be estimated without"</p> })}
            {r.performance.as_ref().map(|t| view! {
                <p class="faint">"On the labels of this batch, against the model's own test rows"</p>
                <TestLine test=t.clone()/>
            })}
            {r.estimated.as_ref().map(|e| view! { <p class="wrapped">{say::estimate(e)}</p> })}
        </section>
    }
}

/// A test that stands alone: its verdict and its numbers.
#[component]
fn TestLine(test: DriftTestResult) -> impl IntoView {
    view! {
        <div class="row test-line">
            <VerdictChip verdict=test.verdict/>
            <span class="grow wrapped">{words::sentence(&say::test_line(&test))}</span>
        </div>
    }
}

#[component]
fn Together(report: Arc<DriftReport>) -> impl IntoView {
    let global = report.global.clone();
    let pictures = say::of_pictures(&report);
    let (title, about) = if pictures {
        (
            "All pictures together",
            "What the network sees of all pictures at once (MMD² of their embeddings), beyond colour and tone",
        )
    } else {
        ("All columns together", "Columns can change together while each of them looks as before")
    };
    view! {
        <section class="stack" aria-labelledby="together-title">
            <h3 id="together-title">{title}</h3>
            <p class="faint">{about}</p>
            {match global {
                None => view! { <p>"They were not tested together: " <code>"global.enabled"</code> " is off"</p> }.into_any(),
                Some(t) => {
                    let pairs = t.together.clone();
                    let seen = pictures.then(|| seen(&t));
                    view! {
                        {seen.map(|text| view! { <p>{text}</p> })}
                        <TestLine test=t/>
                        {(!pairs.is_empty()).then(|| view! { <Pairs pairs=pairs/> })}
                    }.into_any()
                }
            }}
        </section>
    }
}

#[component]
fn Pairs(pairs: Vec<DependenceChange>) -> impl IntoView {
    view! {
        <div class="scroll panel" tabindex="0" role="region" aria-label="Pairs that moved together">
            <table class="table">
                <caption class="heard">"Pairs of columns that depend on one another otherwise than before"</caption>
                <thead><tr>
                    <th scope="col">"Pair"</th>
                    <th scope="col">"Correlated"</th>
                    <th scope="col" class="number">"Before"</th>
                    <th scope="col" class="number">"Now"</th>
                    <th scope="col" class="number">"Adjusted p"</th>
                </tr></thead>
                <tbody>{pairs.into_iter().map(|p| view! {
                    <tr>
                        <td class="wrapped">{format!("{} and {}", p.first, p.second)}</td>
                        <td>{p.measure}</td>
                        <td class="number">{format!("{:+.2}", p.reference)}</td>
                        <td class="number">{format!("{:+.2}", p.batch)}</td>
                        <td class="number">{say::p_value(Some(p.adjusted_p))}</td>
                    </tr>
                }).collect_view()}</tbody>
            </table>
        </div>
    }
}

/// The model's answers, its confidence, and the labels.
#[component]
fn Answers(report: Arc<DriftReport>) -> impl IntoView {
    let open = RwSignal::new(false);
    let parts: Vec<_> = [
        ("Predictions", report.predictions.clone()),
        ("Confidence", report.confidences.clone()),
        ("Labels", report.labels.clone()),
    ]
    .into_iter()
    .filter_map(|(name, column)| column.map(|c| (name, c)))
    .collect();
    let lines = parts
        .iter()
        .map(|(name, c)| {
            let text = c.leading().map(say::test_line).unwrap_or_default();
            view! {
                <div class="row test-line">
                    <VerdictChip verdict=c.verdict/>
                    <strong>{*name}</strong>
                    <span class="grow wrapped">{text}</span>
                </div>
            }
        })
        .collect_view();
    let nothing = parts.is_empty();
    let parts = StoredValue::new(parts);
    view! {
        <section class="stack" aria-labelledby="answers-title">
            <h3 id="answers-title">"The model's answers"</h3>
            {if nothing {
                view! { <p class="faint">"Nothing of them was compared"</p> }.into_any()
            } else {
                view! {
                    <p class="faint">
                        "Predictions and confidence are compared with those on rows that the model did not learn from, labels with the train split"
                    </p>
                    {lines}
                    <div>
                        <Button text=Signal::derive(move || if open.get() { "Hide these charts".to_owned() } else { "Show these charts".into() })
                            kind=Kind::Plain on_press=move |_| open.update(|o| *o = !*o)/>
                    </div>
                    <Show when=move || open.get()>
                        {
                            parts.get_value().into_iter().enumerate().map(|(i, (name, c))| view! {
                                <ColumnCard id=format!("answers-{i}") name=name.to_owned() column=c/>
                            }).collect_view()
                        }
                    </Show>
                }.into_any()
            }}
        </section>
    }
}
