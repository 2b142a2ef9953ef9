//! Serving: the prediction server of this window, a request to try, and a file of rows to answer.

mod file;
mod picture;
mod row;
mod server;
mod tester;

use crate::answer::answer;
use crate::bridge::ask;
use crate::parts::{Empty, Icon, Shown, Top};
use crate::store::store;
use driftgate_model::views::{ModelLine, ModelList};
use leptos::prelude::*;
use leptos_router::components::A;
use serde_json::json;

/// The screen.
#[component]
pub fn ServingScreen() -> impl IntoView {
    let store = store();
    let models = answer::<ModelList>(|| Some(ask("models", json!({}))));
    let serving: Memo<Vec<ModelLine>> = Memo::new(move |_| {
        models.value.with(|l| l.iter().flat_map(|l| &l.models).filter(|m| m.production.is_some()).cloned().collect())
    });
    // Whether there is a model decides what is shown; what changes about one does not draw the forms anew.
    let some = Memo::new(move |_| models.value.with(Option::is_some).then(|| serving.with(|s| !s.is_empty())));
    let picture = RwSignal::new(String::new());
    let below = Signal::derive(move || {
        store.server.with(|s| match &s.address {
            Some(address) if s.running => format!("Running at http://{address}"),
            _ => "Stopped".into(),
        })
    });
    view! {
        <div class="screen serving">
            <Top title="Serving" below=below/>
            <div class="body">
                {move || match some.get() {
                    None => view! { <Shown answer=models children=|_| ()/> }.into_any(),
                    Some(false) => view! {
                        <Empty icon=Icon::Plug title="No model is in Production"
                            text="The server answers with the versions in Production. Train a model and approve it first">
                            <A href="/registry" {..} class="button primary">"Open the registry"</A>
                        </Empty>
                    }.into_any(),
                    Some(true) => view! {
                        <div class="serving-columns">
                            <div class="stack loose">
                                <server::Server models=serving/>
                                <file::PredictFile models=serving picture=picture/>
                            </div>
                            <tester::Tester models=serving picture=picture/>
                        </div>
                    }.into_any(),
                }}
            </div>
        </div>
    }
}
