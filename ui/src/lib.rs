//! A trial.
use leptos::prelude::*;
use wasm_bindgen::prelude::*;

/// Starts the page.
#[wasm_bindgen(start)]
pub fn start() {
    leptos::mount::mount_to_body(Trial);
}

#[component]
fn Trial() -> impl IntoView {
    let (count, set_count) = signal(0);
    let (name, set_name) = signal(String::new());
    let (key, set_key) = signal(String::new());
    window_event_listener(leptos::ev::keydown, move |e| {
        set_key.set(format!("{}{}", if e.ctrl_key() { "ctrl+" } else { "" }, e.key()))
    });
    view! {
        <main>
            <h1>"Driftgate"</h1>
            <button on:click=move |_| set_count.update(|c| *c += 1)>"Open the demo"</button>
            <p id="count">{move || format!("opened {}", count.get())}</p>
            <label for="n">"Your name"</label>
            <input id="n" on:input=move |e| set_name.set(event_target_value(&e)) />
            <p id="name">{move || format!("hello {}", name.get())}</p>
            <p id="key">{move || format!("key {}", key.get())}</p>
        </main>
    }
}
