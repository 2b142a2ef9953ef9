//! A first config for a data set that has none.

use crate::answer::{act, answer};
use crate::bridge::ask;
use crate::parts::{Button, Icon, Kind, Pick};
use crate::words;
use driftgate_model::views::ConfigView;
use driftgate_model::{DatasetRow, Task};
use leptos::prelude::*;
use leptos_router::components::A;
use serde_json::json;

/// The algorithms that answer a task.
fn algorithms(task: Task) -> &'static [&'static str] {
    match task {
        Task::Classification => &["random_forest", "gradient_boosting", "logistic_regression"],
        Task::Regression => &["random_forest", "gradient_boosting", "linear_regression"],
        Task::ImageClassificationCnn => &["cnn"],
    }
}

/// Which data set, which algorithm: the engine writes the config, and `on_made` gets its path.
#[component]
pub fn Make(on_made: impl Fn(String) + Copy + Send + Sync + 'static) -> impl IntoView {
    let datasets = answer::<Vec<DatasetRow>>(|| Some(ask("datasets", json!({}))));
    let (dataset, algorithm) = (RwSignal::new(String::new()), RwSignal::new("random_forest".to_owned()));
    let names = Memo::new(move |_| {
        datasets.value.with(|d| d.iter().flatten().map(|d| (d.name.clone(), d.name.clone())).collect::<Vec<_>>())
    });
    Effect::new(move |_| {
        names.with(|names| {
            if let Some((first, _)) =
                names.first().filter(|_| names.iter().all(|n| dataset.with_untracked(|d| *d != n.0)))
            {
                dataset.set(first.clone());
            }
        });
    });
    let offered = Memo::new(move |_| {
        let task = datasets.value.with(|d| d.iter().flatten().find(|d| dataset.with(|n| *n == d.name)).map(|d| d.task));
        let names = algorithms(task.unwrap_or(Task::Classification));
        names.iter().map(|a| ((*a).to_owned(), words::spelled(a))).collect::<Vec<_>>()
    });
    Effect::new(move |_| {
        offered.with(|offered| {
            if let Some((first, _)) =
                offered.first().filter(|_| offered.iter().all(|a| algorithm.with_untracked(|n| *n != a.0)))
            {
                algorithm.set(first.clone());
            }
        });
    });
    let make = move |_| {
        let arguments = json!({ "dataset": dataset.get_untracked(), "algorithm": algorithm.get_untracked() });
        act::<ConfigView>(ask("make_config", arguments), move |made| on_made(made.path));
    };
    let none = Memo::new(move |_| datasets.value.with(|d| d.as_ref().is_some_and(Vec::is_empty)));
    view! {
        <Show when=move || !none.get() fallback=|| view! {
            <p>"There is no data set yet. " <A href="/datasets?import=1">"Import one first"</A></p>
        }>
            <div class="pair">
                <Pick label="Data set to learn from" value=dataset choices=Signal::from(names)/>
                <Pick label="Algorithm to begin with" value=algorithm choices=Signal::from(offered)/>
            </div>
            <div class="row">
                <Button text="Make a config" icon=Icon::Plus kind=Kind::Secondary on_press=make/>
                <span class="faint small">"It is written into the folder configs; every field can be changed before the run"</span>
            </div>
        </Show>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_task_has_its_own_algorithms() {
        assert!(algorithms(Task::Classification).contains(&"logistic_regression"));
        assert!(!algorithms(Task::Regression).contains(&"logistic_regression"));
        assert!(algorithms(Task::Regression).contains(&"linear_regression"));
    }
}
