//! The import dialog: which file, what it holds, what only a person knows, and the `dataset.yaml` that results.

use super::detail::Findings;
use super::draft::{Draft, Known};
use super::form::Form;
use super::pictures::Planned;
use super::queue::{Queue, file_name};
use crate::parts::{Button, Check, Dialog, FailureView, Icon, Kind, Notice, PathField, Pick, Tabs, TextArea};
use crate::words;
use driftgate_model::Task;
use driftgate_model::views::{ImportQuestion, PathKind};
use leptos::prelude::*;
use std::collections::BTreeMap;

/// What the dialog asks for.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// A file; for a new version of that data set, where there is one.
    Choose(Option<Box<Known>>),
    /// What to make of the file of that number in the queue.
    File(u64),
}

/// The dialog; it is open while `step` has something.
#[component]
pub fn ImportDialog(step: RwSignal<Option<Step>>, queue: Queue) -> impl IntoView {
    let draft = Draft::new();
    let reference = RwSignal::new(false);
    let last = StoredValue::new(None::<u64>);
    Effect::new(move |_| {
        if let Some(Step::File(id)) = step.get()
            && let Some(file) = queue.file(id)
        {
            // What was refused is opened again as it was left.
            if last.get_value() != Some(id) || draft.spec.with_untracked(Option::is_none) {
                last.set_value(Some(id));
                reference.set(false);
                draft.begin(file.path, file.known);
            }
        }
    });
    let close = move || match step.get_untracked() {
        Some(Step::File(id)) => queue.put_back(id),
        _ => step.set(None),
    };
    let title = Signal::derive(move || match step.get() {
        Some(Step::File(_)) => format!("Import {}", file_name(&draft.path.get())),
        Some(Step::Choose(Some(known))) => format!("Import a new version of {}", known.name),
        _ => "Import a data set".into(),
    });
    let chosen = Memo::new(move |_| matches!(step.get(), Some(Step::File(_))));
    let import = move |_| {
        if let Some(Step::File(id)) = step.get_untracked() {
            step.set(None);
            queue.import(id, draft.job(reference.get_untracked()), true);
        }
    };
    view! {
        <Dialog title=title wide=true open=Signal::derive(move || step.with(Option::is_some)) on_close=close
            footer=move || view! {
                <Show when=move || chosen.get()>
                    <span class="faint grow" role="status">{move || {
                        if draft.busy.get() { "Checking…" } else if draft.validating.get() { "Validating the data…" } else { "" }
                    }}</span>
                </Show>
                <Button text="Cancel" on_press=move |_| close()/>
                <Show when=move || chosen.get()>
                    <Button text="Import" icon=Icon::Check kind=Kind::Primary disabled=Signal::derive(move || !draft.ready()) on_press=import/>
                </Show>
            }>
            <Show when=move || chosen.get() fallback=move || view! { <Choose queue=queue/> }>
                <File draft=draft reference=reference/>
            </Show>
        </Dialog>
    }
}

#[component]
fn Choose(queue: Queue) -> impl IntoView {
    view! {
        <div class="stack">
            <p>"Drop a CSV, TSV or Parquet file on the window, choose one, or type its path. A folder that holds data.csv does too"</p>
            <p>"Pictures come as a folder: in images, with a folder for each class, or with a labels.csv that names file and label of each"</p>
            <PathField label="File or folder to import" kind=PathKind::FileOrFolder extensions=super::ENDINGS.to_vec()
                take="Look at it" on_path=move |path| queue.take(vec![path], None)/>
        </div>
    }
}

#[component]
fn File(draft: Draft, reference: RwSignal<bool>) -> impl IntoView {
    let shown = RwSignal::new("form".to_owned());
    let complete = Memo::new(move |_| draft.spec.with(Option::is_some));
    let by_file = draft.by_file;
    let pictures = Memo::new(move |_| draft.spec.with(|s| s.as_ref().is_some_and(|s| s.images.is_some())));
    view! {
        <div class="stack">
            {move || draft.failure.get().map(|failure| view! { <FailureView failure=failure/> })}
            <Contract draft=draft/>
            <Preview draft=draft/>
            <Found draft=draft/>
            <Questions draft=draft/>
            <Show when=move || complete.get()>
                <Show when=move || by_file.get() fallback=move || view! {
                    <Tabs label="How to say it" tabs=vec![("form", "Form"), ("text", "dataset.yaml")] chosen=shown/>
                }>
                    <Notice tone="info">"There is a dataset.yaml beside this file, and what it says counts. Change that file to change this"</Notice>
                </Show>
                <Problems draft=draft/>
                {move || {
                    if by_file.get() {
                        view! { <Text draft=draft/> }.into_any()
                    } else if shown.with(|s| s == "text") {
                        view! { <Editor draft=draft/> }.into_any()
                    } else {
                        view! { <Form draft=draft/> }.into_any()
                    }
                }}
                <Show when=move || !pictures.get() fallback=|| view! {
                    <p class="faint small">"The files are copied into the workspace, and the folder stays as it is"</p>
                }>
                    <Check label="Leave the file where it is" value=reference
                        help="It is not copied into the workspace; each use checks that it has not changed"/>
                </Show>
            </Show>
        </div>
    }
}

/// Whether the file says it is another data set than the one that is to get a new version.
#[component]
fn Contract(draft: Draft) -> impl IntoView {
    let other = Memo::new(move |_| {
        let known = draft.known.with(|k| k.as_ref().map(|k| k.name.clone()))?;
        let says = draft.spec.with(|s| s.as_ref().map(|s| s.name.clone()))?;
        (known != says).then(|| format!("This makes a version of {says}, not of {known}"))
    });
    move || other.get().map(|text| view! { <Notice tone="warn">{text}</Notice> })
}

/// The first rows or some of the pictures, and what was guessed.
#[component]
fn Preview(draft: Draft) -> impl IntoView {
    // Pictures that are shown already stay as they are when only something else is known of them.
    let pictures = Memo::new(move |_| draft.plan.with(|p| p.as_ref().and_then(|p| p.pictures.clone())));
    let notes = Signal::derive(move || draft.plan.with(|p| p.as_ref().map(|p| p.notes.clone()).unwrap_or_default()));
    move || {
        if let Some(pictures) = pictures.get() {
            return Some(view! { <Planned pictures=pictures notes=notes/> }.into_any());
        }
        draft.plan.with(|p| {
            p.as_ref().map(|p| {
                let notes = p.notes.clone();
                let mut rows = p.preview.clone().into_iter();
                let header = rows.next().unwrap_or_default();
                view! {
                    <section class="stack tight" aria-labelledby="preview-title">
                        <h3 id="preview-title">{format!("First rows, {}", words::count(header.len() as u64, "column"))}</h3>
                        <div class="preview" tabindex="0" role="region" aria-label="First rows of the file">
                            <table class="table">
                                <thead><tr>{header.into_iter().map(|h| view! { <th scope="col">{h}</th> }).collect_view()}</tr></thead>
                                <tbody>{rows.map(|row| view! {
                                    <tr>{row.into_iter().map(|v| view! { <td>{v}</td> }).collect_view()}</tr>
                                }).collect_view()}</tbody>
                            </table>
                        </div>
                        <ul class="bullets small faint">{notes.into_iter().map(|n| view! { <li class="wrapped">{words::sentence(&n)}</li> }).collect_view()}</ul>
                    </section>
                }
                .into_any()
            })
        })
    }
}

/// What validation finds in the data, before anything is imported.
#[component]
fn Found(draft: Draft) -> impl IntoView {
    let report = Memo::new(move |_| draft.found.get());
    let again = move |_| match draft.by_file.get_untracked() {
        // The dataset.yaml beside the file may be another one by now.
        true => draft.begin(draft.path.get_untracked(), draft.known.get_untracked()),
        false => draft.changed(),
    };
    let shown = move || {
        if let Some(failure) = draft.unknown.get() {
            return Some(view! { <FailureView failure=failure/> }.into_any());
        }
        report.get().map(|report| {
            let refused = report.errors() > 0;
            let pictures = draft.spec.with_untracked(|s| s.as_ref().is_some_and(|s| s.images.is_some()));
            view! {
                {refused.then(|| view! {
                    <Notice tone="bad">
                        <div>"The data have errors: mend the file and check it again, or change what it must satisfy"</div>
                        <div><Button text="Check again" icon=Icon::Refresh kind=Kind::Plain on_press=again/></div>
                    </Notice>
                })}
                <Findings report=report pictures=pictures/>
            }
            .into_any()
        })
    };
    view! {
        <section class="found stack tight" aria-label="What validation finds" aria-live="polite">{shown}</section>
    }
}

/// What only a person knows, the likely answer chosen already.
#[component]
fn Questions(draft: Draft) -> impl IntoView {
    let open = Memo::new(move |_| draft.plan.with(|p| p.as_ref().map(|p| p.questions.clone()).unwrap_or_default()));
    move || {
        let questions = open.get();
        (!questions.is_empty()).then(|| view! { <Ask draft=draft questions=questions/> })
    }
}

#[component]
fn Ask(draft: Draft, questions: Vec<ImportQuestion>) -> impl IntoView {
    let answers: BTreeMap<String, RwSignal<String>> = questions
        .iter()
        .map(|q| {
            (
                q.key.clone(),
                RwSignal::new(q.suggestion.clone().or_else(|| q.choices.first().cloned()).unwrap_or_default()),
            )
        })
        .collect();
    let fields = questions
        .into_iter()
        .filter_map(|q| {
            let value = *answers.get(&q.key)?;
            let task = q.key == "task";
            let named = |c: &String| (c.clone(), if task { words::spelled(c) } else { c.clone() });
            let choices: Vec<(String, String)> = q.choices.iter().map(named).collect();
            let help = q.suggestion.as_ref().map(|s| format!("Likely: {}", if task { words::spelled(s) } else { s.clone() }));
            Some(view! { <Pick label=words::sentence(&q.text) value=value choices=Signal::stored(choices) help=help.unwrap_or_default()/> })
        })
        .collect_view();
    let go_on = move |_| {
        let said = |key: &str| answers.get(key).map(|a| a.get_untracked()).filter(|a| !a.is_empty());
        let before = draft.plan.with_untracked(|p| p.as_ref().map(|p| (p.spec.target.clone(), p.spec.task)));
        let task = said("task").and_then(|t| task_named(&t));
        // What was answered in an earlier round is said again.
        let target = said("target").or_else(|| before.map(|b| b.0).filter(|t| !t.is_empty()));
        draft.answer(target, task);
    };
    view! {
        <section class="panel" aria-label="Questions">
            <div class="inside stack">
                {fields}
                <div class="row"><Button text="Continue" icon=Icon::Right kind=Kind::Primary on_press=go_on/></div>
            </div>
        </section>
    }
}

/// A task by its name in configs.
pub fn task_named(name: &str) -> Option<Task> {
    [Task::Classification, Task::Regression, Task::ImageClassificationCnn].into_iter().find(|t| t.as_str() == name)
}

#[component]
fn Problems(draft: Draft) -> impl IntoView {
    view! {
        <div aria-live="polite">
            {move || Some(draft.problems.get()).filter(|p| !p.is_empty()).map(|problems| view! {
                <Notice tone="bad">
                    <div>"This cannot be imported as it is"</div>
                    <ul class="bullets">{problems.into_iter().map(|p| view! { <li class="wrapped">{words::sentence(&p)}</li> }).collect_view()}</ul>
                </Notice>
            })}
        </div>
    }
}

/// The text, to be changed by hand.
#[component]
fn Editor(draft: Draft) -> impl IntoView {
    let text = RwSignal::new(draft.text.get_untracked());
    Effect::new(move |before: Option<()>| {
        let now = text.get();
        if before.is_some() && draft.text.with_untracked(|t| *t != now) {
            draft.typed(now);
        }
    });
    // What the form changes meanwhile, where its last change had not come through yet.
    Effect::new(move |_| {
        let now = draft.text.get();
        if text.with_untracked(|t| *t != now) {
            text.set(now);
        }
    });
    view! { <TextArea label="Text of dataset.yaml" value=text code=true rows=22 help="The form follows once the text holds"/> }
}

/// The text of a file that counts.
#[component]
fn Text(draft: Draft) -> impl IntoView {
    view! {
        <pre class="yaml" tabindex="0" role="region" aria-label="What dataset.yaml says">{move || draft.text.get()}</pre>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_go_by_their_names() {
        assert_eq!(task_named("regression"), Some(Task::Regression));
        assert_eq!(task_named("Regression"), None);
    }
}
