//! Serving: the prediction server of this window, and a request to try.

use crate::parts::Top;
use leptos::prelude::*;

/// The screen.
#[component]
pub fn ServingScreen() -> impl IntoView {
    view! { <div class="screen"><Top title="Serving"/></div> }
}
