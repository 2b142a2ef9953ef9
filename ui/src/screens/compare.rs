use crate::parts::Top;
use leptos::prelude::*;

/// The screen of that name.
#[component]
pub fn CompareScreen() -> impl IntoView {
    view! { <div class="screen"><Top title="Compare"/></div> }
}
