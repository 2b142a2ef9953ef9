use crate::parts::Top;
use leptos::prelude::*;

/// The screen of that name.
#[component]
pub fn AuditScreen() -> impl IntoView {
    view! { <div class="screen"><Top title="Audit"/></div> }
}
