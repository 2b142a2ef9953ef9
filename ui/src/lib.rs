//! The front end of the Driftgate window: Leptos in a web view, everything it knows comes over the bridge from the engine.
//!
//! It holds no truth of its own: what it shows is an answer of the engine, asked anew whenever the ledger grew. Charts are those
//! of `driftgate-plots`; the types are those of `driftgate-model`.

mod answer;
mod app;
mod bridge;
mod nav;
mod parts;
mod screens;
mod shortcuts;
mod store;
mod theme;
mod tree;
mod words;

use wasm_bindgen::prelude::wasm_bindgen;

/// Starts the front end in the page's body.
#[wasm_bindgen(start)]
pub fn start() {
    leptos::mount::mount_to_body(app::App);
}
