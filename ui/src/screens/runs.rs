use crate::parts::Top;
use leptos::prelude::*;

/// The screen of that name.
#[component]
pub fn RunsScreen() -> impl IntoView {
    view! { <div class="screen"><Top title="Runs"/></div> }
}
