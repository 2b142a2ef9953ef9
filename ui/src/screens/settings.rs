use crate::parts::Top;
use leptos::prelude::*;

/// The screen of that name.
#[component]
pub fn SettingsScreen() -> impl IntoView {
    view! { <div class="screen"><Top title="Settings"/></div> }
}
