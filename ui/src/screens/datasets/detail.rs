//! One data set beside the table.

use super::draft::Known;
use super::import::Step;
use super::pictures::Held;
use crate::answer::{act, answer};
use crate::bridge::ask;
use crate::parts::{Button, Chip, Facts, Icon, Kind, Notice, Shown};
use crate::store::store;
use crate::words;
use driftgate_model::views::{DatasetView, SpecDraft};
use driftgate_model::{DatasetRow, DatasetVersionRow, Finding, FindingExample, Severity, ValidationReport};
use leptos::prelude::*;
use leptos_router::components::A;
use leptos_router::hooks::use_navigate;
use serde_json::json;

/// The detail pane of the data set of that name.
#[component]
pub fn Detail(name: String, step: RwSignal<Option<Step>>) -> impl IntoView {
    let store = store();
    let asked = name.clone();
    let view = answer::<DatasetView>(move || Some(ask("dataset", json!({ "name": asked }))));
    let again = RwSignal::new(None::<ValidationReport>);
    let go = use_navigate();
    let validated = name.clone();
    let validate = move |_| {
        let asked = ask("validate_dataset", json!({ "name_or_path": validated }));
        act::<ValidationReport>(asked, move |report| {
            let pictures = view.value.try_with_untracked(|v| v.as_ref().is_some_and(|v| v.spec.images.is_some()));
            store.good(format!("Validated again: {}", found(&report, pictures == Some(true))));
            again.try_set(Some(report));
        });
    };
    let new_version = move |_| {
        let known = view
            .value
            .with_untracked(|v| v.as_ref().map(|v| Known { name: v.dataset.name.clone(), spec: v.spec.clone() }));
        step.set(Some(Step::Choose(known.map(Box::new))));
    };
    view! {
        <aside class="detail" aria-label=format!("Data set {name}")>
            <header>
                <h2 class="grow wrapped">{name.clone()}</h2>
                <Button text="Close the data set" icon=Icon::Cross icon_only=true kind=Kind::Plain on_press=move |_| go("/datasets", Default::default())/>
            </header>
            <div class="inside">
                <div class="row wrap">
                    <Button text="Import a new version…" icon=Icon::Plus on_press=new_version/>
                    <Button text="Validate again" icon=Icon::Refresh on_press=validate/>
                    <A href=format!("/runs?dataset={name}") {..} class="button">"Show its runs"</A>
                </div>
                <Shown answer=view children=move |view: DatasetView| view! { <Inside view=view again=again/> }/>
            </div>
        </aside>
    }
}

#[component]
fn Inside(view: DatasetView, again: RwSignal<Option<ValidationReport>>) -> impl IntoView {
    let models: Vec<String> = view.models.iter().map(ToString::to_string).collect();
    let facts = facts(&view);
    let recorded = view.validation.clone();
    let spec = view.spec.clone();
    let pictures = spec.images.is_some();
    view! {
        <section aria-label="What it is"><Facts facts=facts/></section>
        <section class="stack tight" aria-labelledby="models-title">
            <h3 id="models-title">"Models trained on it"</h3>
            {if models.is_empty() {
                view! { <p class="faint">"None yet"</p> }.into_any()
            } else {
                view! { <div class="row wrap">{models.into_iter().map(|m| view! { <A href=format!("/registry/{m}")>{m.clone()}</A> }).collect_view()}</div> }.into_any()
            }}
        </section>
        {pictures.then(|| view! { <Held classes=view.classes shown=view.shown/> })}
        <Versions dataset=view.dataset changes=view.changes pictures=pictures/>
        <section class="stack" aria-labelledby="validation-title">
            <h3 id="validation-title">"Validation"</h3>
            {move || match again.get() {
                Some(report) => view! {
                    <p class="faint small">"As checked now"</p>
                    <Findings report=report pictures=pictures/>
                }.into_any(),
                None => view! {
                    <p class="faint small">"As recorded with the newest version"</p>
                    <Findings report=recorded.clone() pictures=pictures/>
                }.into_any(),
            }}
        </section>
        <Spec spec=spec/>
    }
}

fn facts(view: &DatasetView) -> Vec<(&'static str, String)> {
    let pictures = view.spec.images.is_some();
    let mut facts = vec![("Task", words::task(view.dataset.task).to_owned())];
    if pictures {
        facts.push(("Classes", words::whole(view.classes.len() as u64)));
        facts.push(("Measured of each", view.spec.features.join(", ")));
    } else {
        facts.push(("Target", view.dataset.target.clone()));
        facts.push(("Features", words::whole(view.spec.features.len() as u64)));
    }
    facts.push((
        "Test looks",
        match view.dataset.test_looks {
            1 => "1 run has looked at its test split".into(),
            n => format!("{} have looked at its test split", words::count(n, "run")),
        },
    ));
    if let Some(newest) = view.dataset.newest() {
        facts.push((
            if pictures { "Pictures" } else { "Rows" },
            format!("{} in version {}", words::whole(newest.rows), newest.number),
        ));
        facts.push(("Splits", splits(newest)));
        facts.push(("Content", newest.version.short()));
    }
    let about = &view.spec.about;
    for (name, text) in [("Description", &about.description), ("Source", &about.source), ("Licence", &about.license)] {
        facts.extend(text.as_ref().map(|t| (name, t.clone())));
    }
    facts
}

/// `298 train, 64 validation, 65 test`, and what a drifted batch added.
fn splits(version: &DatasetVersionRow) -> String {
    let c = version.counts;
    let plain =
        format!("{} train, {} validation, {} test", words::whole(c.train), words::whole(c.val), words::whole(c.test));
    match &version.adaptation {
        Some(a) => format!("{plain}, {} drifted held out", words::whole(a.holdout)),
        None => plain,
    }
}

/// What changed with a version, of the engine's sentences `version 2: …`.
fn change_of(changes: &[String], number: u32) -> Option<String> {
    let head = format!("version {number}: ");
    changes.iter().find_map(|c| c.strip_prefix(&head)).map(words::sentence)
}

#[component]
fn Versions(dataset: DatasetRow, changes: Vec<String>, pictures: bool) -> impl IntoView {
    let newest = dataset.newest().map(|v| v.number);
    let rows = dataset
        .versions
        .iter()
        .rev()
        .map(|v| {
            let undone = v.adaptation.as_ref().is_some_and(|a| a.undone.is_some());
            let changed = change_of(&changes, v.number).unwrap_or_else(|| "First version".into());
            let files: Vec<String> = v.files.iter().map(|f| format!("{}{}", f.name, if f.reference.is_some() { ", left in place" } else { "" })).collect();
            view! {
                <tr>
                    <th scope="row">
                        {v.number}
                        {(newest == Some(v.number)).then(|| view! { " " <Chip icon=Icon::Check text="In use" tone="good"/> })}
                        {undone.then(|| view! { " " <Chip icon=Icon::Back text="Taken back"/> })}
                    </th>
                    <td class="number">{words::whole(v.rows)}</td>
                    <td>{splits(v)}</td>
                    <td>
                        <div class="wrapped">{changed}</div>
                        <div class="faint small wrapped">{format!("{}, {}, {}", words::moment(v.added_at), files.join(", "), v.version.short())}</div>
                    </td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <section class="stack tight" aria-labelledby="versions-title">
            <h3 id="versions-title">"Versions"</h3>
            <table class="table">
                <thead><tr>
                    <th scope="col">"Version"</th><th scope="col" class="number">{if pictures { "Pictures" } else { "Rows" }}</th>
                    <th scope="col">"Splits"</th><th scope="col">"What changed"</th>
                </tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </section>
    }
}

/// `2 errors, 1 warning`.
pub fn found(report: &ValidationReport, pictures: bool) -> String {
    let what = if pictures { "picture" } else { "row" };
    match (report.errors() as u64, report.warnings() as u64) {
        (0, 0) => format!("nothing was found in {}", words::count(report.rows, what)),
        (0, w) => words::count(w, "warning"),
        (e, 0) => words::count(e, "error"),
        (e, w) => format!("{}, {}", words::count(e, "error"), words::count(w, "warning")),
    }
}

/// Everything that validation found.
#[component]
pub fn Findings(
    report: ValidationReport,
    /// Whether its rows are pictures.
    #[prop(optional)]
    pictures: bool,
) -> impl IntoView {
    let said = words::sentence(&found(&report, pictures));
    if report.findings.is_empty() {
        return view! { <Notice tone="good">{said}</Notice> }.into_any();
    }
    view! {
        <p>{said}</p>
        <ul class="findings">{report.findings.into_iter().map(|f| view! { <FindingView finding=f pictures=pictures/> }).collect_view()}</ul>
    }
    .into_any()
}

#[component]
fn FindingView(finding: Finding, pictures: bool) -> impl IntoView {
    let chip = match finding.severity {
        Severity::Error => view! { <Chip icon=Icon::Stop text="Error" tone="bad"/> },
        Severity::Warning => view! { <Chip icon=Icon::Warning text="Warning" tone="warn"/> },
    };
    // A picture is found by its name.
    let one = |e: &FindingExample| if pictures && !e.value.is_empty() { e.value.clone() } else { example(e) };
    let examples: Vec<String> = finding.examples.iter().map(one).collect();
    view! {
        <li class="finding stack tight">
            <div class="row wrap">
                {chip}
                <strong>{words::spelled(&finding.check)}</strong>
                {finding.column.map(|c| view! { <span class="mono wrapped">{c}</span> })}
            </div>
            <div class="wrapped">{words::sentence(&finding.message)}</div>
            {finding.hint.map(|hint| view! { <div class="faint wrapped">{words::sentence(&hint)}</div> })}
            {(!examples.is_empty()).then(|| view! { <div class="small wrapped">"For example " {examples.join("; ")}</div> })}
        </li>
    }
}

/// `row 12 (line 13): -4`.
fn example(example: &FindingExample) -> String {
    let line = example.line.map(|l| format!(" (line {})", words::whole(l))).unwrap_or_default();
    format!(
        "row {}{line}: {}",
        words::whole(example.row),
        if example.value.is_empty() { "empty" } else { &example.value }
    )
}

/// The newest spec, as its file would say it.
#[component]
fn Spec(spec: driftgate_model::DatasetSpec) -> impl IntoView {
    let draft = answer::<SpecDraft>(move || Some(ask("draft_spec", json!({ "spec": spec }))));
    view! {
        <section class="stack tight" aria-labelledby="spec-title">
            <h3 id="spec-title">"dataset.yaml"</h3>
            {move || draft.value.get().map(|d| view! {
                <pre class="yaml" tabindex="0" role="region" aria-label="Text of dataset.yaml">{d.text}</pre>
            })}
        </section>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_version_has_its_own_change() {
        let changes = ["version 2: 3 rows more".to_owned(), "version 12: other columns".into()];
        assert_eq!(change_of(&changes, 2).as_deref(), Some("3 rows more"));
        assert_eq!(change_of(&changes, 12).as_deref(), Some("Other columns"));
        assert_eq!(change_of(&changes, 1), None);
    }

    #[test]
    fn findings_are_counted_in_words() {
        let finding = |severity| Finding {
            severity,
            check: "duplicate_rows".into(),
            column: None,
            message: String::new(),
            hint: None,
            examples: Vec::new(),
        };
        let report = |findings| ValidationReport {
            schema: "driftgate/validation/1".into(),
            dataset: "d".into(),
            version: None,
            rows: 10,
            columns: 2,
            findings,
        };
        assert_eq!(found(&report(Vec::new()), false), "nothing was found in 10 rows");
        assert_eq!(found(&report(Vec::new()), true), "nothing was found in 10 pictures");
        assert_eq!(found(&report(vec![finding(Severity::Warning)]), true), "1 warning");
        let both = vec![finding(Severity::Error), finding(Severity::Error), finding(Severity::Warning)];
        assert_eq!(found(&report(both), false), "2 errors, 1 warning");
    }

    #[test]
    fn an_example_says_where_it_is() {
        let at = |line, value: &str| example(&FindingExample { row: 1200, line, value: value.into() });
        assert_eq!(at(Some(1201), "-4"), "row 1,200 (line 1,201): -4");
        assert_eq!(at(None, ""), "row 1,200: empty");
    }
}
