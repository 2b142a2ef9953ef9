//! Runs side by side.

mod chart;
mod table;

use crate::answer::{answer, done};
use crate::bridge::ask;
use crate::parts::{Button, Check, Empty, Icon, IconSvg, Kind, Notice, Shown, Top};
use crate::store::store;
use crate::words;
use driftgate_model::RunId;
use driftgate_model::views::{RunList, RunsCompared};
use leptos::prelude::*;
use leptos_router::components::A;
use leptos_router::hooks::{use_navigate, use_query_map};
use serde_json::json;
use table::{Cell, Line, csv, group_name, grouped, lines};

/// The screen.
#[component]
pub fn CompareScreen() -> impl IntoView {
    let query = use_query_map();
    let ids = Memo::new(move |_| {
        let text = query.with(|q| q.get("ids").unwrap_or_default());
        text.split(',').map(str::trim).filter(|id| !id.is_empty()).map(String::from).collect::<Vec<_>>()
    });
    let enough = Memo::new(move |_| ids.with(|ids| ids.len() > 1));
    let compared = answer::<RunsCompared>(move || enough.get().then(|| ask("compare", json!({ "ids": ids.get() }))));
    let (all, turned) = (RwSignal::new(false), RwSignal::new(false));
    let below = Signal::derive(move || ids.with(|ids| words::count(ids.len() as u64, "run")));
    let go = use_navigate();
    let back = StoredValue::new_local(go);
    let to_runs = move |_| back.with_value(|go| go("/runs", Default::default()));
    view! {
        <div class="screen compare">
            <Top title="Compare runs" below=below>
                <Button text="Back to the runs" icon=Icon::Back on_press=to_runs/>
            </Top>
            <Show when=move || enough.get() fallback=move || view! {
                <Empty icon=Icon::Stack title="Nothing to compare yet"
                    text="Mark at least two runs in the table of runs, with the boxes or the space bar, and press Compare">
                    <Button text="Show the runs" kind=Kind::Primary on_press=to_runs/>
                </Empty>
            }>
                <div class="body stack loose">
                    <Shown answer=compared children=move |c: RunsCompared| view! { <Compared compared=c all=all turned=turned/> }/>
                </div>
            </Show>
        </div>
    }
}

#[component]
fn Compared(compared: RunsCompared, all: RwSignal<bool>, turned: RwSignal<bool>) -> impl IntoView {
    let store = store();
    let runs = compared.runs.clone();
    let warnings = compared.warnings.clone();
    let metrics: Vec<String> = compared.rows.iter().filter(|r| r.group == "metric").map(|r| r.key.clone()).collect();
    let heads = names(&runs);
    let compared = StoredValue::new(compared);
    let shown = Memo::new(move |_| compared.with_value(|c| lines(c, all.get())));
    let same = Memo::new(move |_| {
        compared.with_value(|c| lines(c, true).len()) - compared.with_value(|c| lines(c, false).len())
    });
    let copy = {
        let runs: Vec<String> = runs.iter().map(ToString::to_string).collect();
        move |_| {
            let text = shown.with_untracked(|l| csv(&runs, l, turned.get_untracked()));
            done(ask("copy_text", json!({ "text": text })), move || store.good("The table is on the clipboard as CSV"));
        }
    };
    view! {
        {warnings.into_iter().map(|w| view! { <Notice tone="warn">{words::sentence(&w)}</Notice> }).collect_view()}
        <section class="stack" aria-labelledby="values-title">
            <div class="row wrap spread">
                <h2 id="values-title">"Values"</h2>
                <div class="row wrap">
                    <Check label="Show all" value=all/>
                    <Check label="Transpose" value=turned/>
                    <Button text="Copy as CSV" icon=Icon::Copy on_press=copy/>
                </div>
            </div>
            <p class="faint small" role="status">{move || said(shown.with(Vec::len), same.get(), all.get())}</p>
            {move || {
                let lines = shown.get();
                if lines.is_empty() {
                    view! { <p class="faint">"These runs are alike in everything that was recorded"</p> }.into_any()
                } else if turned.get() {
                    view! { <Turned runs=heads.clone() lines=lines/> }.into_any()
                } else {
                    view! { <Upright runs=heads.clone() lines=lines/> }.into_any()
                }
            }}
        </section>
        {(!metrics.is_empty()).then(|| view! { <chart::MetricChart runs=runs metrics=metrics/> })}
    }
}

/// What is shown and what is not, in words.
fn said(shown: usize, same: usize, all: bool) -> String {
    let rows = words::count(shown as u64, "row");
    match (all, same) {
        (true, _) => rows,
        (false, 0) => format!("{rows}, all of which differ"),
        (false, same) => format!("{rows} that differ; {} alike in all runs are not shown", words::whole(same as u64)),
    }
}

/// What a line is called.
fn named(line: &Line) -> String {
    if line.group == "metric" { words::metric(&line.key) } else { line.key.clone() }
}

/// A run in the head of the table: its id and what trained it.
#[derive(Clone)]
struct Head {
    id: String,
    short: String,
    first: bool,
    algorithm: Memo<Option<String>>,
}

fn names(runs: &[RunId]) -> Vec<Head> {
    let list = answer::<RunList>(|| Some(ask("runs", json!({}))));
    let head = |(i, run): (usize, &RunId)| {
        let wanted = run.clone();
        let algorithm = Memo::new(move |_| {
            let found = list
                .value
                .with(|l| l.iter().flat_map(|l| &l.runs).find(|l| l.run == wanted).map(|l| l.algorithm.clone()));
            found.map(|a| words::spelled(&a))
        });
        Head { id: run.to_string(), short: run.short().to_owned(), first: i == 0, algorithm }
    };
    runs.iter().enumerate().map(head).collect()
}

#[component]
fn HeadView(head: Head) -> impl IntoView {
    view! {
        <A href=format!("/runs/{}", head.id)><span class="mono">{head.short}</span></A>
        <div class="faint small">{head.algorithm} {head.first.then_some(" (first)")}</div>
    }
}

#[component]
fn Upright(runs: Vec<Head>, lines: Vec<Line>) -> impl IntoView {
    let span = (runs.len() + 1).to_string();
    view! {
        <div class="side-by-side" tabindex="0" role="region" aria-label="Values of the runs">
            <table class="table">
                <thead><tr>
                    <th scope="col">"Key"</th>
                    {runs.into_iter().map(|head| view! { <th scope="col"><HeadView head=head/></th> }).collect_view()}
                </tr></thead>
                {grouped(&lines).into_iter().map(|(group, lines)| view! {
                    <tbody>
                        <tr class="group"><th scope="rowgroup" colspan=span.clone()>{group_name(&group)}</th></tr>
                        {lines.into_iter().map(|line| view! {
                            <tr>
                                <th scope="row">{named(&line)}</th>
                                {line.cells.into_iter().map(|cell| view! { <CellView cell=cell/> }).collect_view()}
                            </tr>
                        }).collect_view()}
                    </tbody>
                }).collect_view()}
            </table>
        </div>
    }
}

#[component]
fn Turned(runs: Vec<Head>, lines: Vec<Line>) -> impl IntoView {
    let groups = grouped(&lines);
    view! {
        <div class="side-by-side" tabindex="0" role="region" aria-label="Values of the runs, one run a row">
            <table class="table">
                <thead>
                    <tr>
                        <td></td>
                        {groups.iter().map(|(group, lines)| view! {
                            <th scope="colgroup" colspan=lines.len().to_string()>{group_name(group)}</th>
                        }).collect_view()}
                    </tr>
                    <tr>
                        <th scope="col">"Run"</th>
                        {groups.iter().flat_map(|g| &g.1).map(|l| view! { <th scope="col">{named(l)}</th> }).collect_view()}
                    </tr>
                </thead>
                <tbody>
                    {runs.into_iter().enumerate().map(|(i, head)| view! {
                        <tr>
                            <th scope="row"><HeadView head=head/></th>
                            {groups.iter().flat_map(|g| &g.1).filter_map(|l| l.cells.get(i).cloned()).map(|cell| view! { <CellView cell=cell/> }).collect_view()}
                        </tr>
                    }).collect_view()}
                </tbody>
            </table>
        </div>
    }
}

/// A value. One that is another than the first run's has a mark and says so; the best of a metric has the word.
#[component]
fn CellView(cell: Cell) -> impl IntoView {
    view! {
        <td class:differs=cell.other>
            <span class="cell">
                {cell.other.then(|| view! { <span title="Differs from the first run"><IconSvg icon=Icon::Differs/></span> })}
                <span class="wrapped">{cell.value.unwrap_or_else(|| "–".into())}</span>
                {cell.other.then(|| view! { <span class="heard">", differs from the first run"</span> })}
                {cell.best.then(|| view! { <span class="best">"Best"</span> })}
            </span>
        </td>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_is_said() {
        assert_eq!(said(2, 80, false), "2 rows that differ; 80 alike in all runs are not shown");
        assert_eq!(said(1, 0, false), "1 row, all of which differ");
        assert_eq!(said(82, 80, true), "82 rows");
    }
}
