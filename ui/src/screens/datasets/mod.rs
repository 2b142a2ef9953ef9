use crate::parts::Top;
use leptos::prelude::*;

/// The screen of that name.
#[component]
pub fn DatasetsScreen() -> impl IntoView {
    view! { <div class="screen"><Top title="Datasets"/></div> }
}
