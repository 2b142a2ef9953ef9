use crate::parts::Top;
use leptos::prelude::*;

/// The screen of that name.
#[component]
pub fn DriftScreen() -> impl IntoView {
    view! { <div class="screen"><Top title="Drift"/></div> }
}
