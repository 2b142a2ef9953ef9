//! Reference against batch, column by column: only as many as were asked for exist.

use super::check::{FIRST_CHARTS, Look};
use super::columns::in_order;
use super::say;
use crate::parts::{Button, ChartView, Kind, VerdictChip};
use crate::words;
use driftgate_model::{ColumnDrift, DriftReport, DriftTestResult, ProfileKind};
use leptos::prelude::*;
use std::sync::Arc;

const PLACE: &str = "drift-charts";

/// Scrolls to the charts and moves the focus there: a column was chosen in the table.
pub fn bring_into_sight() {
    use wasm_bindgen::JsCast;
    request_animation_frame(|| {
        let place = web_sys::window().and_then(|w| w.document()).and_then(|d| d.get_element_by_id(PLACE));
        if let Some(place) = place.and_then(|p| p.dyn_into::<web_sys::HtmlElement>().ok()) {
            place.scroll_into_view();
            let _ = place.focus();
        }
    });
}

/// The overlays: what drifted first, the rest when asked for.
#[component]
pub fn Charts(report: Arc<DriftReport>, look: Look) -> impl IntoView {
    let r = report.clone();
    let order = Memo::new(move |_| {
        let (filter, verdict) = (look.filter.get(), look.verdict.get());
        look.first.with(|first| in_order(&r.columns, &filter, &verdict, first.as_deref()))
    });
    let shown = Memo::new(move |_| order.with(|o| o.iter().take(look.charts.get()).copied().collect::<Vec<_>>()));
    view! {
        <section class="stack" aria-labelledby=PLACE>
            <h3 id=PLACE tabindex="-1">"Reference against batch"</h3>
            <p class="faint">"What drifted comes first. Press a column's name in the table, or filter, to see another one"</p>
            <div class="overlays">
                <For each=move || shown.get() key=|i| *i let:index>
                    {report.columns.get(index).map(|c| view! {
                        <ColumnCard id=format!("column-{index}") name=c.name.clone() column=c.clone()/>
                    })}
                </For>
            </div>
            <Show when=move || { order.with(Vec::len) > look.charts.get() }>
                <div><Button text="Show more charts" kind=Kind::Plain on_press=move |_| look.charts.update(|n| *n += 2 * FIRST_CHARTS)/></div>
            </Show>
        </section>
    }
}

/// One column or answer: its chart, what decided, and all its tests.
#[component]
pub fn ColumnCard(id: String, name: String, column: ColumnDrift) -> impl IntoView {
    let chart = column.chart.as_ref().map(|c| driftgate_plots::column_chart(&id, &name, c));
    let kind = match column.kind {
        ProfileKind::Numeric => "Numbers",
        ProfileKind::Categorical => "Categories",
    };
    let line = column.leading().map(|t| words::sentence(&say::test_line(t))).unwrap_or_default();
    let below = format!(
        "{kind}; {} of the reference and {} of the batch have a value",
        words::count(column.reference_rows, "row"),
        words::count(column.batch_rows, "row")
    );
    let without = chart.is_none();
    let (label, heading) = (name.clone(), name.clone());
    view! {
        <article class="panel overlay" aria-label=label>
            <div class="inside stack">
                {chart.map(|chart| view! { <ChartView chart=chart/> })}
                {without.then(|| view! { <p><strong>{heading}</strong>", of which there is no chart"</p> })}
                <div class="row test-line"><VerdictChip verdict=column.verdict/><span class="grow wrapped">{line}</span></div>
                <p class="faint small">{below}</p>
                <details>
                    <summary>"All its tests"</summary>
                    <Tests name=name tests=column.tests/>
                </details>
            </div>
        </article>
    }
}

#[component]
fn Tests(name: String, tests: Vec<DriftTestResult>) -> impl IntoView {
    view! {
        <div class="scroll" tabindex="0" role="region" aria-label=format!("Tests of {name}")>
            <table class="table">
                <thead><tr>
                    <th scope="col">"Test"</th>
                    <th scope="col">"Verdict"</th>
                    <th scope="col">"Measured as"</th>
                    <th scope="col" class="number">"Effect"</th>
                    <th scope="col">"Interval"</th>
                    <th scope="col" class="number">"Matters"</th>
                    <th scope="col" class="number">"p"</th>
                    <th scope="col" class="number">"Adjusted p"</th>
                    <th scope="col" class="number">"Found from"</th>
                    <th scope="col">"Method"</th>
                </tr></thead>
                <tbody>{tests.into_iter().map(|t| view! {
                    <tr>
                        <th scope="row">{words::spelled(&t.test)}</th>
                        <td><VerdictChip verdict=t.verdict/></td>
                        <td>{t.effect_name}</td>
                        <td class="number">{words::number(t.effect)}</td>
                        <td>{say::interval(t.interval)}</td>
                        <td class="number">{words::number(Some(t.min_effect))}</td>
                        <td class="number">{say::p_value(t.p_value)}</td>
                        <td class="number">{say::p_value(t.adjusted_p)}</td>
                        <td class="number">{words::number(t.detectable)}</td>
                        <td>{t.method}</td>
                    </tr>
                }).collect_view()}</tbody>
            </table>
        </div>
    }
}
