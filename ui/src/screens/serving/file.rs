//! A file of rows is answered without a server.

use super::super::drift::started::{Started, granted, in_workspace};
use crate::answer::done;
use crate::bridge::ask;
use crate::parts::{Button, Icon, JobCard, Kind, PICTURES, PathField, Pick, is_picture};
use crate::store::store;
use driftgate_model::Task;
use driftgate_model::views::{JobAsk, JobOutcome, ModelLine, PathKind};
use leptos::prelude::*;
use serde_json::json;

/// The panel.
#[component]
pub fn PredictFile(
    models: Memo<Vec<ModelLine>>,
    /// Gets a picture that is dropped: it is a request to try.
    picture: RwSignal<String>,
) -> impl IntoView {
    let started = Started::new();
    let model = RwSignal::new(String::new());
    let (input, output) = (RwSignal::new(String::new()), RwSignal::new(in_workspace(store(), "predictions.csv")));
    let (wrong_in, wrong_out) = (RwSignal::new(None::<String>), RwSignal::new(None::<String>));
    let names = Memo::new(move |_| models.with(|m| m.iter().map(|m| m.name.to_string()).collect::<Vec<_>>()));
    Effect::new(move |_| {
        let names = names.get();
        if !names.contains(&model.get_untracked()) {
            model.set(names.into_iter().next().unwrap_or_default());
        }
    });
    let network = |m: &ModelLine| m.task == Task::ImageClassificationCnn;
    let of_pictures = Memo::new(move |_| {
        let name = model.get();
        models.with(|m| m.iter().any(|m| m.name.as_str() == name && network(m)))
    });
    let kind = move || if of_pictures.get() { PathKind::FileOrFolder } else { PathKind::File };
    let choices = Signal::derive(move || names.get().into_iter().map(|n| (n.clone(), n)).collect());
    crate::parts::on_drop(move |paths| {
        let some_network = models.with_untracked(|m| m.iter().any(network));
        if let Some(path) = paths.into_iter().next() {
            let field = if some_network && is_picture(&path) { picture } else { input };
            field.set(path);
        }
    });
    let predict = move |_| {
        let (model, to) = (model.get_untracked(), output.get_untracked());
        granted(input.get_untracked(), untrack(kind), wrong_in, move |input| {
            granted(to, PathKind::NewFile, wrong_out, move |output| {
                started.start(JobAsk::Predict { model, input, output })
            });
        });
    };
    let jobs = started.shown(&["predict"]);
    view! {
        <section class="panel predict" aria-labelledby="predict-title">
            <header><h2 id="predict-title">"Predict a file"</h2></header>
            <div class="inside stack">
                <p>"Answers every row of a file, or every picture of a folder, with the version in Production. No server is needed; a file can be dropped here"</p>
                <Show when=move || { names.with(Vec::len) > 1 }>
                    <Pick label="Model that answers" value=model choices=choices/>
                </Show>
                {move || if of_pictures.get() {
                    view! {
                        <PathField label="Pictures to answer" kind=kind() extensions=PICTURES.to_vec() typed=input
                            on_path=move |_| wrong_in.set(None)/>
                    }
                } else {
                    view! {
                        <PathField label="Rows to answer" kind=kind() extensions=vec!["csv", "tsv", "parquet"] typed=input
                            on_path=move |_| wrong_in.set(None)/>
                    }
                }}
                <span class="wrong" aria-live="polite">{move || wrong_in.get()}</span>
                <PathField label="File for the answers" kind=PathKind::NewFile extensions=vec!["csv"] name="predictions.csv" typed=output
                    on_path=move |_| wrong_out.set(None)/>
                <span class="wrong" aria-live="polite">{move || wrong_out.get()}</span>
                <div><Button text="Predict" icon=Icon::Play on_press=predict/></div>
                {move || jobs.get().into_iter().map(|job| {
                    let written = match &job.outcome {
                        Some(JobOutcome::Predicted { output, .. }) => Some(output.clone()),
                        _ => None,
                    };
                    view! {
                        <JobCard job=job/>
                        {written.map(|path| view! { <Written path=path/> })}
                    }
                }).collect_view()}
            </div>
        </section>
    }
}

/// Where the answers are.
#[component]
fn Written(path: String) -> impl IntoView {
    let store = store();
    let copy = path.clone();
    view! {
        <div class="row wrap">
            <span>"The answers are in " <span class="mono wrapped">{path}</span></span>
            <Button text="Copy the path" icon=Icon::Copy kind=Kind::Plain on_press=move |_| {
                done(ask("copy_text", json!({ "text": copy })), move || store.good("The path is on the clipboard"));
            }/>
        </div>
    }
}
