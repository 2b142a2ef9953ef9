//! The guided `dataset.yaml`.

use super::columns::Columns;
use super::draft::Draft;
use super::entry::Entry;
use super::import::task_named;
use super::spec::{list, share, text, whole};
use crate::parts::Pick;
use crate::words;
use driftgate_model::{BadImages, DatasetSpec, ImageSetSpec, Task};
use leptos::prelude::*;

/// The form of the draft's spec; it begins anew whenever the draft says so.
#[component]
pub fn Form(draft: Draft) -> impl IntoView {
    move || {
        draft.form.track();
        draft.spec.get_untracked().map(|spec| view! { <Inside draft=draft spec=spec/> })
    }
}

#[component]
fn Inside(draft: Draft, spec: DatasetSpec) -> impl IntoView {
    let header = draft.plan.with_untracked(|p| p.as_ref().and_then(|p| p.preview.first().cloned()).unwrap_or_default());
    let classes = spec.task.is_classification();
    if let Some(images) = spec.images.clone() {
        return view! {
            <div class="stack loose">
                <Basics draft=draft spec=spec.clone() header=header/>
                <PictureRules draft=draft images=images labels=spec.constraints.label_classes.clone().unwrap_or_default()/>
                <Split draft=draft spec=spec header=Vec::new() classes=classes/>
            </div>
        }
        .into_any();
    }
    view! {
        <div class="stack loose">
            <Basics draft=draft spec=spec.clone() header=header.clone()/>
            <section class="stack tight" aria-labelledby="columns-title">
                <h3 id="columns-title">"Columns"</h3>
                <Columns draft=draft spec=spec.clone()/>
            </section>
            <Table draft=draft spec=spec.clone() classes=classes/>
            <Split draft=draft spec=spec header=header classes=classes/>
        </div>
    }
    .into_any()
}

/// What a folder of pictures must satisfy.
#[component]
fn PictureRules(draft: Draft, images: ImageSetSpec, labels: Vec<String>) -> impl IntoView {
    let bad = [("fail", "Refuse the data set"), ("skip", "Leave it out, with a warning")]
        .map(|(k, n)| (k.to_owned(), n.to_owned()))
        .to_vec();
    let now = if images.bad_images == BadImages::Skip { "skip" } else { "fail" };
    let change = move |change: &dyn Fn(&mut ImageSetSpec)| draft.edit(|s| change(s.images.get_or_insert_default()));
    let fewest = move |typed: &str| {
        let fewest = whole(typed)?.ok_or_else(|| "Type a whole number".to_owned())?;
        change(&|i| i.min_images_per_class = fewest);
        Ok(())
    };
    view! {
        <section class="stack tight" aria-labelledby="table-title">
            <h3 id="table-title">"What the pictures must satisfy"</h3>
            <div class="trio">
                <Entry draft=draft label="Fewest pictures of each class" start=images.min_images_per_class.to_string() take=fewest/>
                <Choice label="A file that is no picture" start=now.to_owned() choices=bad
                    take=move |t| change(&|i| i.bad_images = if t == "skip" { BadImages::Skip } else { BadImages::Fail })/>
                <Entry draft=draft label="Labels" start=labels.join(", ") help="With commas between them; empty takes whatever occurs"
                    take=move |t| { draft.edit(|s| s.constraints.label_classes = list(t)); Ok(()) }/>
            </div>
        </section>
    }
}

/// A pick that calls `take` when a person changes it.
#[component]
fn Choice(
    #[prop(into)] label: String,
    start: String,
    choices: Vec<(String, String)>,
    #[prop(optional, into)] help: String,
    take: impl Fn(String) + 'static,
) -> impl IntoView {
    let value = RwSignal::new(start);
    Effect::new(move |before: Option<()>| {
        let now = value.get();
        if before.is_some() {
            take(now);
        }
    });
    view! { <Pick label=label value=value choices=Signal::stored(choices) help=help/> }
}

fn same(names: &[String]) -> Vec<(String, String)> {
    names.iter().map(|n| (n.clone(), n.clone())).collect()
}

#[component]
fn Basics(draft: Draft, spec: DatasetSpec, header: Vec<String>) -> impl IntoView {
    let tasks =
        [Task::Classification, Task::Regression].map(|t| (t.as_str().to_owned(), words::spelled(t.as_str()))).to_vec();
    let kept = draft.known.with_untracked(Option::is_some);
    let name = move |typed: &str| {
        let name = typed.trim().to_owned();
        if name.is_empty() {
            return Err("Give it a name".to_owned());
        }
        draft.edit(|s| s.name = name);
        Ok(())
    };
    let target = move |target: String| {
        if draft.spec.with_untracked(|s| s.as_ref().is_some_and(|s| s.target != target)) {
            draft.answer(Some(target), None);
        }
    };
    let task = move |task: String| {
        let now = draft.spec.with_untracked(|s| s.as_ref().map(|s| (s.target.clone(), s.task)));
        if let (Some(task), Some((target, before))) = (task_named(&task), now)
            && task != before
        {
            draft.answer(Some(target), Some(task));
        }
    };
    if kept {
        let said = format!("{}, target {}, {}", spec.name, spec.target, words::task(spec.task).to_lowercase());
        return view! { <p>"A new version keeps name, target and task: " {said}</p> }.into_any();
    }
    if spec.images.is_some() {
        return view! { <div class="trio"><Entry draft=draft label="Name of the data set" start=spec.name take=name/></div> }.into_any();
    }
    view! {
        <div class="trio">
            <Entry draft=draft label="Name of the data set" start=spec.name take=name/>
            <Choice label="Target, the column to answer" start=spec.target choices=same(&header) take=target
                help="Another target begins the form anew"/>
            <Choice label="Task" start=spec.task.as_str().to_owned() choices=tasks take=task/>
        </div>
    }
    .into_any()
}

/// What the whole table must satisfy.
#[component]
fn Table(draft: Draft, spec: DatasetSpec, classes: bool) -> impl IntoView {
    let rules = spec.constraints;
    let rows = |n: Option<u64>| n.map(|n| n.to_string()).unwrap_or_default();
    let labels = rules.label_classes.clone().unwrap_or_default().join(", ");
    view! {
        <section class="stack tight" aria-labelledby="table-title">
            <h3 id="table-title">"What the data must satisfy"</h3>
            <div class="trio">
                <Entry draft=draft label="Fewest rows" start=rows(rules.min_rows)
                    take=move |t| whole(t).map(|n| draft.edit(|s| s.constraints.min_rows = n))/>
                <Entry draft=draft label="Most rows" start=rows(rules.max_rows)
                    take=move |t| whole(t).map(|n| draft.edit(|s| s.constraints.max_rows = n))/>
                <Entry draft=draft label="Largest share missing in any column" start=text(rules.max_null_fraction)
                    take=move |t| share(t).map(|n| draft.edit(|s| s.constraints.max_null_fraction = n))/>
            </div>
            {classes.then(|| view! {
                <Entry draft=draft label="Labels" start=labels help="With commas between them; empty takes whatever occurs"
                    take=move |t| { draft.edit(|s| s.constraints.label_classes = list(t)); Ok(()) }/>
            })}
        </section>
    }
}

/// How rows are split.
#[component]
fn Split(draft: Draft, spec: DatasetSpec, header: Vec<String>, classes: bool) -> impl IntoView {
    let (split, table) = (spec.split, spec.images.is_none());
    let known = draft.known.with_untracked(Option::is_some);
    let columns: Vec<(String, String)> =
        std::iter::once((String::new(), "None".to_owned())).chain(same(&header)).collect();
    let strata = [("", "As the task says"), ("true", "Yes"), ("false", "No")]
        .map(|(k, n)| (k.to_owned(), n.to_owned()))
        .to_vec();
    let column = |name: Option<String>| name.unwrap_or_default();
    let given = |name: String| (!name.is_empty()).then_some(name);
    let needed = move |t: &str| share(t).and_then(|n| n.ok_or_else(|| "Type a share, such as 0.7".to_owned()));
    if known {
        return view! { <p class="faint">"The split is frozen with the first version: rows that are known stay where they are"</p> }.into_any();
    }
    view! {
        <section class="stack tight" aria-labelledby="split-title">
            <h3 id="split-title">"Split, frozen with the first version"</h3>
            <div class="quartet">
                <Entry draft=draft label="Share to train" start=split.train.to_string()
                    take=move |t| needed(t).map(|n| draft.edit(|s| s.split.train = n))/>
                <Entry draft=draft label="Share to validate" start=split.val.to_string()
                    take=move |t| needed(t).map(|n| draft.edit(|s| s.split.val = n))/>
                <Entry draft=draft label="Share to test" start=split.test.to_string()
                    take=move |t| needed(t).map(|n| draft.edit(|s| s.split.test = n))/>
                <Entry draft=draft label="Seed of the split" start=split.seed.to_string()
                    take=move |t| whole(t).and_then(|n| n.ok_or_else(|| "Type a whole number".into())).map(|n| draft.edit(|s| s.split.seed = n))/>
            </div>
            <div class="quartet">
                {classes.then(|| view! {
                    <Choice label="Keep label shares" start=split.stratify.map(|s| s.to_string()).unwrap_or_default() choices=strata
                        take=move |t| draft.edit(|s| s.split.stratify = t.parse().ok())/>
                })}
                {table.then(|| view! {
                    <Choice label="Keep together by" start=column(split.group_column) choices=columns.clone()
                        take=move |t| draft.edit(|s| s.split.group_column = given(t))/>
                    <Choice label="Cut by time of" start=column(split.time_column) choices=columns.clone()
                        take=move |t| draft.edit(|s| s.split.time_column = given(t))/>
                    <Choice label="Rows go by the key" start=column(split.key_column) choices=columns
                        take=move |t| draft.edit(|s| s.split.key_column = given(t))/>
                })}
            </div>
            {(!table).then(|| view! { <p class="faint small">"Copies and near copies of a picture stay in one split"</p> })}
        </section>
    }
    .into_any()
}
