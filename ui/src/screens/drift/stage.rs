//! Staging an adaptation: the labelled rows of a drifted batch join the data.

use super::started::granted;
use super::{batch_kind, drift, endings, say};
use crate::parts::{Button, Dialog, Kind, PathField, TextField};
use driftgate_model::views::JobAsk;
use leptos::prelude::*;

/// The form of an adaptation.
#[component]
pub fn StageDialog() -> impl IntoView {
    let here = drift();
    let share = RwSignal::new("0.3".to_owned());
    let wrong_path = RwSignal::new(None::<String>);
    let wrong_share = Signal::derive(move || share.with(|s| say::holdout(s).err()));
    Effect::new(move |_| {
        if here.staging.get() {
            share.set("0.3".into());
            wrong_path.set(None);
        }
    });
    let of_pictures = Memo::new(move |_| here.pictures());
    let held =
        move || share.with(|s| say::holdout(s)).map_or_else(|_| "A part".into(), |s| format!("{:.0} %", s * 100.0));
    let stage = move |_| {
        let Ok(holdout) = say::holdout(&share.get_untracked()) else { return };
        let model = here.name_now();
        let kind = untrack(|| batch_kind(here.pictures()));
        granted(here.to_stage.get_untracked(), kind, wrong_path, move |batch| {
            here.started.start_then(JobAsk::Stage { model, batch, holdout }, move || here.staging.set(false));
        });
    };
    view! {
        <Dialog title="Stage an adaptation" open=here.staging on_close=move || here.staging.set(false)
            footer=move || view! {
                <Button text="Cancel" on_press=move |_| here.staging.set(false)/>
                <Button text="Stage it" kind=Kind::Primary disabled=Signal::derive(move || wrong_share.with(Option::is_some)) on_press=stage/>
            }>
            <div class="stack drift-form">
                <p>
                    "A batch has drifted and people know the true answers by now: the next model can learn from it. "
                    {move || if here.pictures() {
                        "Its pictures must lie in folders named by class, or beside a labels.csv"
                    } else {
                        "The batch must have the target column"
                    }}
                </p>
                {move || {
                    let pictures = of_pictures.get();
                    view! {
                        <PathField label="Labelled batch" kind=batch_kind(pictures) extensions=endings(pictures) typed=here.to_stage
                            on_path=move |_| wrong_path.set(None)/>
                    }
                }}
                <span class="wrong" aria-live="polite">{move || wrong_path.get()}</span>
                <TextField label="Share held out" value=share wrong=wrong_share help="Rows that no model learns from: before and after are compared on them"/>
                <h3>"What will happen"</h3>
                <ul class="what">
                    <li>{held} " of its new rows are held out, the others join the rows to learn from, as a new version of the data set"</li>
                    <li>"Rows that the data set holds already, or that belong to its clean test split, are left out and counted"</li>
                    <li>"The version in Production is measured on the rows held out: that is the baseline"</li>
                    <li>"Nothing is rewritten, nothing is trained, and it can be taken back"</li>
                </ul>
            </div>
        </Dialog>
    }
}
