use super::icon::{Icon, IconSvg};
use crate::bridge::{Ask, ask, bytes};
use crate::words;
use driftgate_model::ImageRef;
use leptos::prelude::*;
use leptos::task::spawn_local;
use serde_json::json;
use wasm_bindgen::prelude::*;

/// The usual side of a picture in CSS pixels.
pub const SIDE: u32 = 72;
/// Endings of picture files.
pub const PICTURES: [&str; 7] = ["png", "jpg", "jpeg", "bmp", "gif", "tif", "tiff"];
/// Screens with finer pixels than CSS has get a finer picture.
const FINER: u32 = 2;
/// How far outside of what is in sight pictures are loaded already.
const AHEAD: &str = "160px";

/// Where the bytes of a stored picture come from.
pub fn stored(picture: &ImageRef, side: u32) -> Ask {
    ask("thumbnail", json!({ "picture": picture, "side": side * FINER }))
}

/// Where the bytes of a picture file come from that the person chose, or that lies in a folder that they chose.
pub fn of_file(path: &str, side: u32) -> Ask {
    ask("import_thumbnail", json!({ "path": path, "side": side * FINER }))
}

/// Whether a path looks like that of a picture file.
pub fn is_picture(path: &str) -> bool {
    let ending = path.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
    ending.is_some_and(|ending| PICTURES.contains(&ending.as_str()))
}

/// A picture of a list: where it comes from, what it is called, and what stands below it.
#[derive(Debug, Clone, PartialEq)]
pub struct Shot {
    /// Where its bytes come from.
    pub from: Ask,
    /// What it is, for whoever does not see it.
    pub alt: String,
    /// What stands below it; nothing where that is empty.
    pub below: String,
}

#[derive(Debug, Clone, PartialEq)]
enum State {
    /// Not in sight yet.
    Unseen,
    Loading,
    Url(String),
    Failed(String),
}

/// A picture in a place of fixed size, loaded once it comes into sight.
#[component]
pub fn Picture(
    /// Where its bytes come from.
    from: Ask,
    /// What it is, for whoever does not see it.
    #[prop(into)]
    alt: String,
    /// The side of its place in CSS pixels.
    #[prop(default = SIDE)]
    side: u32,
) -> impl IntoView {
    let state = RwSignal::new(State::Unseen);
    let url = StoredValue::new(None::<String>);
    let load = move || {
        state.try_set(State::Loading);
        let from = from.clone();
        spawn_local(async move {
            let made = match bytes(&from).await {
                Ok(png) => object_url(&png).ok_or_else(|| "The picture cannot be drawn".to_owned()),
                Err(failure) => Err(words::sentence(&failure.message)),
            };
            match made {
                // Its place is gone: nobody else gives the bytes back.
                Ok(made) if url.try_set_value(Some(made.clone())).is_some() => revoke(&made),
                Ok(made) => drop(state.try_set(State::Url(made))),
                Err(why) => drop(state.try_set(State::Failed(why))),
            }
        });
    };
    let place = NodeRef::<leptos::html::Span>::new();
    let watch = StoredValue::new_local(None::<Watch>);
    Effect::new(move |_| {
        if let Some(place) = place.get() {
            let load = load.clone();
            watch.set_value(Watch::new(&place, Box::new(load)));
        }
    });
    on_cleanup(move || {
        if let Some(Some(url)) = url.try_get_value() {
            revoke(&url);
        }
    });
    let size = format!("{}px", side.max(24));
    let wide = size.clone();
    view! {
        <span class="picture" node_ref=place style:width=wide style:height=size>
            {move || match state.get() {
                State::Unseen => view! { <span class="none" role="img" aria-label=alt.clone()></span> }.into_any(),
                State::Loading => view! { <span class="none" role="img" aria-busy="true" aria-label=alt.clone()></span> }.into_any(),
                State::Url(url) => view! { <img src=url alt=alt.clone() title=alt.clone()/> }.into_any(),
                State::Failed(why) => view! {
                    <span class="none" role="img" aria-label=format!("{alt}: {why}") title=why.clone()>
                        <IconSvg icon=Icon::Warning/><span class="small">"Not shown"</span>
                    </span>
                }.into_any(),
            }}
        </span>
    }
}

/// Pictures side by side.
#[component]
pub fn Pictures(
    #[prop(into)] label: String,
    pictures: Vec<Shot>,
    /// The side of each place in CSS pixels.
    #[prop(default = SIDE)]
    side: u32,
) -> impl IntoView {
    view! {
        <ul class="pictures" aria-label=label>
            {pictures.into_iter().map(|p| view! {
                <li>
                    <Picture from=p.from alt=p.alt side=side/>
                    {(!p.below.is_empty()).then(|| view! { <span class="faint small cut" style:max-width=format!("{side}px") title=p.below.clone()>{p.below.clone()}</span> })}
                </li>
            }).collect_view()}
        </ul>
    }
}

/// Calls `load` once when an element comes near what is in sight; ends with what holds it.
struct Watch {
    observer: web_sys::IntersectionObserver,
    _called: Closure<dyn FnMut(js_sys::Array, web_sys::IntersectionObserver)>,
}

impl Watch {
    fn new(place: &web_sys::Element, load: Box<dyn Fn()>) -> Option<Watch> {
        let called = Closure::new(move |entries: js_sys::Array, observer: web_sys::IntersectionObserver| {
            let seen = |e: JsValue| e.unchecked_into::<web_sys::IntersectionObserverEntry>().is_intersecting();
            if entries.iter().any(seen) {
                observer.disconnect();
                load();
            }
        });
        let options = web_sys::IntersectionObserverInit::new();
        options.set_root_margin(AHEAD);
        let function: &js_sys::Function = Closure::as_ref(&called).unchecked_ref();
        let observer = web_sys::IntersectionObserver::new_with_options(function, &options).ok()?;
        observer.observe(place);
        Some(Watch { observer, _called: called })
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.observer.disconnect();
    }
}

fn object_url(png: &js_sys::Uint8Array) -> Option<String> {
    let parts = js_sys::Array::of1(png);
    let options = web_sys::BlobPropertyBag::new();
    options.set_type("image/png");
    let blob = web_sys::Blob::new_with_u8_array_sequence_and_options(&parts, &options).ok()?;
    web_sys::Url::create_object_url_with_blob(&blob).ok()
}

/// Gives the bytes behind an address back.
fn revoke(url: &str) {
    // One that is unknown has none.
    let _ = web_sys::Url::revoke_object_url(url);
}
