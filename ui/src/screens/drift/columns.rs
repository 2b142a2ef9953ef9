//! The columns of a check, ranked by effect.

use super::check::{FIRST_ROWS, Look};
use super::say;
use crate::parts::{Button, ChartView, Kind, Pick, SeverityChip, VerdictChip};
use crate::words;
use driftgate_model::{ColumnDrift, DriftReport, DriftVerdict};
use leptos::prelude::*;
use std::sync::Arc;

/// Columns in the chart of effects.
const IN_EFFECTS: usize = 20;

/// Whether a column is among those that the filters leave: a part of its name, whatever its case, and a verdict.
pub fn left(column: &ColumnDrift, filter: &str, verdict: &str) -> bool {
    let name = filter.trim().to_lowercase();
    (name.is_empty() || column.name.to_lowercase().contains(&name))
        && (verdict.is_empty() || column.verdict.as_str() == verdict)
}

/// The columns in the order of their charts: the asked one, then what drifted, then the rest, each by effect.
pub fn in_order(columns: &[ColumnDrift], filter: &str, verdict: &str, first: Option<&str>) -> Vec<usize> {
    let rank = |c: &ColumnDrift| match c.verdict {
        _ if first == Some(c.name.as_str()) => 0,
        DriftVerdict::Drifted => 1,
        _ => 2,
    };
    let asked = |c: &ColumnDrift| first == Some(c.name.as_str());
    let mut all: Vec<(u8, usize)> = columns
        .iter()
        .enumerate()
        .filter(|(_, c)| left(c, filter, verdict) || asked(c))
        .map(|(i, c)| (rank(c), i))
        .collect();
    all.sort_unstable();
    all.into_iter().map(|(_, i)| i).collect()
}

/// The columns by effect: a chart, filters, a table.
#[component]
pub fn Ranking(report: Arc<DriftReport>, look: Look) -> impl IntoView {
    let effects = driftgate_plots::effects_chart("drift-effects", &report.columns, IN_EFFECTS);
    let r = report.clone();
    let found = Memo::new(move |_| {
        let (filter, verdict) = (look.filter.get(), look.verdict.get());
        let all = r.columns.iter().enumerate();
        all.filter(|(_, c)| left(c, &filter, &verdict)).map(|(i, _)| i).collect::<Vec<_>>()
    });
    let all = report.columns.len() as u64;
    let rows = move || {
        let most = look.rows.get();
        found.with(|found| {
            let shown = found.iter().take(most).filter_map(|i| report.columns.get(*i).map(|c| (*i, c)));
            shown.map(|(i, c)| row(look, i, c, &report)).collect_view()
        })
    };
    let verdicts = Signal::derive(|| {
        [("", "All verdicts"), ("drifted", "Drifted"), ("inconclusive", "Inconclusive"), ("stable", "Stable")]
            .map(|(key, name)| (key.to_owned(), name.to_owned()))
            .to_vec()
    });
    view! {
        <section class="stack" aria-labelledby="columns-title">
            <h3 id="columns-title">"Columns by effect"</h3>
            <p class="faint">
                "Effects are shown in multiples of the smallest that matters, so that columns of different tests can be compared"
            </p>
            <ChartView chart=effects/>
            <div class="row wrap column-filters">
                <input class="input" type="search" aria-label="Filter the columns" placeholder="Filter the columns" autocomplete="off" spellcheck="false"
                    prop:value=move || look.filter.get() on:input=move |e| look.filter.set(event_target_value(&e))/>
                <Pick label="Verdict" quiet=true value=look.verdict choices=verdicts/>
                <span class="faint small" role="status">{move || format!("{} of {}", words::whole(found.with(Vec::len) as u64), words::count(all, "column"))}</span>
            </div>
            <div class="scroll panel columns" tabindex="0" role="region" aria-label="Columns of the check">
                <table class="table">
                    <caption class="heard">"Each column with the test that its verdict rests on"</caption>
                    <thead><tr>
                        <th scope="col">"Column"</th>
                        <th scope="col">"Verdict"</th>
                        <th scope="col" class="number" title="Multiple of the smallest effect that matters">"× what matters"</th>
                        <th scope="col">"Test"</th>
                        <th scope="col" class="number">"Effect"</th>
                        <th scope="col">"Interval"</th>
                        <th scope="col" class="number" title="The smallest effect that matters">"Matters"</th>
                        <th scope="col" class="number">"p"</th>
                        <th scope="col" class="number">"Adjusted p"</th>
                        <th scope="col" class="number" title="The smallest effect that samples of this size find with 80 % power">"Found from"</th>
                        <th scope="col" class="number" title="Shares in the reference and in the batch">"Missing"</th>
                        <th scope="col" class="number" title="Share of rows with a category that the reference lacks, beyond what it lets expect">"New categories"</th>
                    </tr></thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
            <Show when=move || { found.with(Vec::len) > look.rows.get() }>
                <div><Button text="Show more columns" kind=Kind::Plain on_press=move |_| look.rows.update(|n| *n += 5 * FIRST_ROWS)/></div>
            </Show>
        </section>
    }
}

fn row(look: Look, index: usize, c: &ColumnDrift, r: &DriftReport) -> impl IntoView + use<> {
    let t = c.leading();
    let four = |v: Option<f64>| words::number(v);
    let (before, now) = say::missing(c, r);
    let new = say::new_categories(c)
        .map(|t| t.effect.map_or_else(|| "–".into(), words::percent))
        .unwrap_or_else(|| "–".into());
    let name = c.name.clone();
    let show = move |_| {
        look.first.set(Some(name.clone()));
        super::charts::bring_into_sight();
    };
    view! {
        <tr>
            <th scope="row"><button type="button" class="as-link" title=format!("Show the chart of {}", c.name) on:click=show>
                <span class="faint">{format!("{}. ", index + 1)}</span>{c.name.clone()}
            </button></th>
            <td><div class="row"><VerdictChip verdict=c.verdict/><SeverityChip severity=c.severity/></div></td>
            <td class="number">{say::times(c.multiple())}</td>
            <td title=t.map(|t| t.effect_name.clone())>{t.map_or_else(|| "–".into(), |t| t.test.clone())}</td>
            <td class="number">{four(t.and_then(|t| t.effect))}</td>
            <td>{say::interval(t.and_then(|t| t.interval))}</td>
            <td class="number">{four(t.map(|t| t.min_effect))}</td>
            <td class="number">{say::p_value(t.and_then(|t| t.p_value))}</td>
            <td class="number">{say::p_value(t.and_then(|t| t.adjusted_p))}</td>
            <td class="number">{four(t.and_then(|t| t.detectable))}</td>
            <td class="number">{format!("{} → {}", words::percent(before), words::percent(now))}</td>
            <td class="number">{new}</td>
        </tr>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use driftgate_model::{DriftSeverity, ProfileKind};

    fn column(name: &str, verdict: DriftVerdict) -> ColumnDrift {
        ColumnDrift {
            name: name.into(),
            kind: ProfileKind::Numeric,
            reference_rows: 1,
            batch_rows: 1,
            verdict,
            severity: DriftSeverity::None,
            tests: Vec::new(),
            chart: None,
        }
    }

    #[test]
    fn columns_are_found_by_a_part_of_the_name_and_a_verdict() {
        let c = column("worst_Area", DriftVerdict::Stable);
        assert!(left(&c, "", "") && left(&c, " area ", "stable"));
        assert!(!left(&c, "radius", "") && !left(&c, "area", "drifted"));
    }

    #[test]
    fn charts_come_as_asked_then_as_drifted_then_by_effect() {
        use DriftVerdict::{Drifted, Inconclusive, Stable};
        let all = [column("a", Inconclusive), column("b", Drifted), column("c", Stable), column("d", Drifted)];
        assert_eq!(in_order(&all, "", "", None), [1, 3, 0, 2]);
        assert_eq!(in_order(&all, "", "", Some("c")), [2, 1, 3, 0]);
        assert_eq!(in_order(&all, "", "drifted", None), [1, 3]);
        assert_eq!(in_order(&all, "", "drifted", Some("a")), [0, 1, 3]);
        assert_eq!(in_order(&all, "nothing", "", None), Vec::<usize>::new());
    }
}
