//! The columns of a file: which are features, of which type, and what their values must satisfy.

use super::draft::Draft;
use super::entry::Entry;
use super::spec::{constrain, figure, guess, list, share, summary, text, use_column, values};
use crate::parts::{Button, Check, Chip, Icon, Kind, Pick};
use crate::words;
use driftgate_model::{ColumnConstraints, ColumnType, DatasetSpec};
use leptos::prelude::*;

/// Columns that are shown at once: a file may have thousands.
const MOST: usize = 100;
/// Columns from which on there is a filter.
const MANY: usize = 20;

const TYPES: [ColumnType; 4] = [ColumnType::Float, ColumnType::Int, ColumnType::String, ColumnType::Bool];

fn type_name(kind: ColumnType) -> &'static str {
    match kind {
        ColumnType::Float => "Number",
        ColumnType::Int => "Whole number",
        ColumnType::String => "Text",
        ColumnType::Bool => "Yes or no",
    }
}

/// The columns with all of `wanted` in their names, and how many more there are than can be shown.
fn narrow(names: &[String], wanted: &str) -> (Vec<String>, usize) {
    let wanted = wanted.to_lowercase();
    let all: Vec<&String> = names.iter().filter(|n| n.to_lowercase().contains(wanted.trim())).collect();
    (all.iter().take(MOST).map(|n| (*n).clone()).collect(), all.len().saturating_sub(MOST))
}

/// The table of columns.
#[component]
pub fn Columns(draft: Draft, spec: DatasetSpec) -> impl IntoView {
    let preview = draft.plan.with_untracked(|p| p.as_ref().map(|p| p.preview.clone()).unwrap_or_default());
    let names = preview.first().cloned().unwrap_or_default();
    let many = names.len() > MANY;
    let (preview, spec) = (StoredValue::new(preview), StoredValue::new(spec));
    let wanted = RwSignal::new(String::new());
    let shown = Memo::new(move |_| wanted.with(|w| narrow(&names, w)));
    let features = move || draft.spec.with(|s| s.as_ref().map_or(0, |s| s.features.len()) as u64);
    view! {
        <div class="row wrap spread">
            <span class="faint small" role="status">{move || format!("{} to learn from", words::count(features(), "feature"))}</span>
            {many.then(|| view! {
                <input class="input narrow" type="search" aria-label="Find a column" placeholder="Find a column" autocomplete="off"
                    spellcheck="false" prop:value=move || wanted.get() on:input=move |e| wanted.set(event_target_value(&e))/>
            })}
        </div>
        <ul class="columns">
            <For each=move || shown.get().0 key=|name| name.clone() let:name>
                <Column draft=draft spec=spec preview=preview name=name/>
            </For>
        </ul>
        {move || {
            let more = shown.get().1;
            (more > 0).then(|| view! { <p class="faint small">{format!("{} more: find one by its name, or edit the text", words::count(more as u64, "column"))}</p> })
        }}
    }
}

#[component]
fn Column(
    draft: Draft,
    /// The spec as it was when the form began.
    spec: StoredValue<DatasetSpec>,
    preview: StoredValue<Vec<Vec<String>>>,
    name: String,
) -> impl IntoView {
    // Now rather than then: a filter takes rows away and brings them back.
    let now = draft.spec.get_untracked().unwrap_or_else(|| spec.get_value());
    let is_target = now.target == name;
    let (kind, example) = preview.with_value(|p| {
        let found = values(p, &name);
        let example = found.iter().take(3).copied().collect::<Vec<_>>().join(", ");
        (now.schema.get(&name).copied().unwrap_or_else(|| guess(&found)), example)
    });
    let used = RwSignal::new(now.features.contains(&name));
    let chosen = RwSignal::new(kind.as_str().to_owned());
    let open = RwSignal::new(false);
    let rules = Memo::new({
        let name = name.clone();
        move |_| draft.spec.with(|s| summary(s.as_ref().and_then(|s| s.constraints.columns.get(&name))))
    });
    Effect::new({
        let name = name.clone();
        move |before: Option<bool>| {
            let on = used.get();
            if before.is_some_and(|b| b != on) {
                preview.with_value(|p| draft.edit(|s| use_column(s, p, &name, on)));
            }
            on
        }
    });
    Effect::new({
        let name = name.clone();
        move |before: Option<()>| {
            let kind = chosen.get();
            if let (Some(()), Some(kind)) = (before, TYPES.into_iter().find(|t| t.as_str() == kind)) {
                draft.edit(|s| {
                    s.schema.insert(name.clone(), kind);
                });
            }
        }
    });
    let types: Vec<(String, String)> = TYPES.map(|t| (t.as_str().to_owned(), type_name(t).to_owned())).to_vec();
    let part = {
        let name = name.clone();
        move || is_target || used.get() || draft.spec.with(|s| s.as_ref().is_some_and(|s| s.schema.contains_key(&name)))
    };
    let button = format!("Rules of {name}");
    let start = now.constraints.columns.get(&name).cloned().unwrap_or_default();
    let inner = StoredValue::new((name.clone(), start));
    view! {
        <li class="column">
            <div class="column-row">
                <div class="name">
                    {if is_target {
                        view! { <span class="row"><strong class="wrapped">{name.clone()}</strong><Chip icon=Icon::Pin text="Target" tone="accent"/></span> }.into_any()
                    } else {
                        view! { <Check label=name.clone() value=used/> }.into_any()
                    }}
                </div>
                <div class="faint small cut" title=example.clone()>{example.clone()}</div>
                <Show when=part.clone()>
                    <Pick label=format!("Type of {name}") quiet=true value=chosen choices=Signal::stored(types.clone())/>
                    <span class="faint small cut rules-said">{rules}</span>
                    <Button text=button.clone() icon=Icon::Sliders icon_only=true kind=Kind::Plain on_press=move |_| open.update(|o| *o = !*o)/>
                </Show>
            </div>
            <Show when=move || open.get()>
                {inner.with_value(|(name, start)| view! { <Rules draft=draft name=name.clone() start=start.clone() kind=chosen/> })}
            </Show>
        </li>
    }
}

/// What the values of a column must satisfy.
#[component]
fn Rules(draft: Draft, name: String, start: ColumnConstraints, kind: RwSignal<String>) -> impl IntoView {
    // As it is now: the rows may have been opened before.
    let rules = draft
        .spec
        .with_untracked(|s| s.as_ref().map(|s| s.constraints.columns.get(&name).cloned().unwrap_or_default()))
        .unwrap_or(start);
    let unique = RwSignal::new(rules.unique == Some(true));
    let edit = StoredValue::new(name.clone());
    let change = move |change: &dyn Fn(&mut ColumnConstraints)| {
        edit.with_value(|name| draft.edit(|s| constrain(s, name, |c| change(c))));
    };
    Effect::new(move |before: Option<bool>| {
        let on = unique.get();
        if before.is_some_and(|b| b != on) {
            change(&|c| c.unique = on.then_some(true));
        }
        on
    });
    let numeric = Memo::new(move |_| kind.with(|k| k == "float" || k == "int"));
    let (least, most) = (text(rules.min), text(rules.max));
    let allowed = rules.allowed.clone().unwrap_or_default().join(", ");
    let label = StoredValue::new(name.clone());
    let named = move |what: &str| label.with_value(|name| format!("{what} of {name}"));
    view! {
        <div class="column-rules">
            {move || if numeric.get() {
                let (least, most) = (least.clone(), most.clone());
                view! {
                    <Entry draft=draft label=named("Smallest value") start=least take=move |t| figure(t).map(|n| change(&|c| c.min = n))/>
                    <Entry draft=draft label=named("Largest value") start=most take=move |t| figure(t).map(|n| change(&|c| c.max = n))/>
                }.into_any()
            } else {
                let allowed = allowed.clone();
                view! {
                    <Entry draft=draft label=named("Allowed values") start=allowed placeholder="Any, or with commas between them"
                        take=move |t| { let items = list(t); change(&|c| c.allowed.clone_from(&items)); Ok(()) }/>
                }.into_any()
            }}
            <Entry draft=draft label=named("Largest share missing") start=text(rules.max_null_fraction)
                take=move |t| share(t).map(|n| change(&|c| c.max_null_fraction = n))/>
            <Check label=format!("No value of {name} twice") value=unique/>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_found_by_a_part_of_their_names() {
        let names: Vec<String> = (0..250).map(|i| format!("Column_{i}")).collect();
        let (shown, more) = narrow(&names, "");
        assert_eq!((shown.len(), more), (MOST, 150));
        let (shown, more) = narrow(&names, " column_24 ");
        assert_eq!((shown.len(), more), (11, 0), "24 and 240 to 249");
    }
}
