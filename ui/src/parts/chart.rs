use super::controls::{Button, Kind};
use super::icon::Icon;
use crate::bridge::{ask, call, send};
use crate::store::{Store, store};
use driftgate_model::views::Failure;
use driftgate_plots::{Chart, ChartCell, Ground};
use leptos::prelude::*;
use leptos::task::spawn_local;
use serde_json::json;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

/// How much larger than its own size a chart is drawn as a picture.
const SCALE: f64 = 2.0;

/// A chart with its title, the table of its numbers, and ways to take it elsewhere.
#[component]
pub fn ChartView(
    /// One that changes is drawn anew, with its numbers.
    #[prop(into)]
    chart: Signal<Chart>,
) -> impl IntoView {
    let store = store();
    let open = RwSignal::new(false);
    let title = Memo::new(move |_| chart.with(|c| c.title.clone()));
    let copied = move |what: &'static str, text: String| {
        spawn_local(async move {
            match call::<()>(&ask("copy_text", json!({ "text": text }))).await {
                Ok(()) => store.good(format!("The chart is on the clipboard as {what}")),
                Err(failure) => store.failed(&failure),
            }
        });
    };
    let drawing = NodeRef::<leptos::html::Div>::new();
    Effect::new(move |_| {
        // The drawing is text that `driftgate-plots` escaped; no other text ever goes this way.
        if let Some(div) = drawing.get() {
            div.set_inner_html(&chart.with(|c| c.svg.clone()));
        }
    });
    view! {
        <figure class="chart">
            <figcaption>
                <span class="heard">{title}</span>
                <span class="tools" role="group" aria-label=move || format!("Chart: {}", title.get())>
                    <Button text=Signal::derive(move || if open.get() { "Hide numbers".to_owned() } else { "Numbers".into() })
                        kind=Kind::Plain on_press=move |_| open.update(|o| *o = !*o)/>
                    <Button text="CSV" kind=Kind::Plain on_press=move |_| copied("CSV", chart.with_untracked(|c| c.table.to_csv()))/>
                    <Button text="SVG" kind=Kind::Plain on_press=move |_| copied("SVG", standalone(&chart.get_untracked()))/>
                    <Button text="PNG" kind=Kind::Plain on_press=move |_| copy_picture(store, chart.get_untracked())/>
                    <Button text="Save…" icon=Icon::Download kind=Kind::Plain on_press=move |_| save(store, chart.get_untracked())/>
                </span>
            </figcaption>
            <div class="drawing" node_ref=drawing></div>
            <Show when=move || open.get()>
                <div class="numbers" tabindex="0" role="region" aria-label=move || format!("Numbers of {}", title.get())>
                    {move || chart.with(numbers)}
                </div>
            </Show>
        </figure>
    }
}

fn numbers(chart: &Chart) -> impl IntoView + use<> {
    let table = &chart.table;
    let heads = table.headers.clone();
    let rows = table.rows.clone();
    view! {
        <table class="table">
            <thead><tr>{heads.into_iter().map(|h| view! { <th scope="col">{h}</th> }).collect_view()}</tr></thead>
            <tbody>
                {rows.into_iter().map(|row| view! {
                    <tr>{row.into_iter().map(|cell| view! { <td>{cell_text(cell)}</td> }).collect_view()}</tr>
                }).collect_view()}
            </tbody>
        </table>
    }
}

fn cell_text(cell: ChartCell) -> String {
    match cell {
        ChartCell::Text(text) => text,
        ChartCell::Number(value) => crate::words::number(Some(value)),
        ChartCell::Missing => "–".into(),
    }
}

/// The chart as a file of its own, in the light theme: paper and other people's documents are white.
fn standalone(chart: &Chart) -> String {
    chart.to_standalone_svg(Ground::Light)
}

fn save(store: Store, chart: Chart) {
    spawn_local(async move {
        let name: String =
            chart.title.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect();
        let arguments = json!({ "kind": "new_file", "title": "Save the chart", "name": format!("{name}.svg"), "extensions": ["svg", "png", "csv"] });
        let path = match call::<Option<String>>(&ask("choose_path", arguments)).await {
            Ok(Some(path)) => path,
            Ok(None) => return,
            Err(failure) => return store.failed(&failure),
        };
        let lower = path.to_lowercase();
        let saved = if lower.ends_with(".png") {
            match rasterise(&chart, true).await {
                Ok(picture) => send("save_bytes", &picture.bytes, &[("path", path.clone())]).await,
                Err(failure) => Err(failure),
            }
        } else {
            let text = if lower.ends_with(".csv") { chart.table.to_csv() } else { standalone(&chart) };
            call::<()>(&ask("save_text", json!({ "path": path, "text": text }))).await
        };
        match saved {
            Ok(()) => store.good(format!("Saved as {path}")),
            Err(failure) => store.failed(&failure),
        }
    });
}

fn copy_picture(store: Store, chart: Chart) {
    spawn_local(async move {
        let copied = match rasterise(&chart, false).await {
            Ok(picture) => {
                let beside = [("width", picture.width.to_string()), ("height", picture.height.to_string())];
                send("copy_image", &picture.bytes, &beside).await
            }
            Err(failure) => Err(failure),
        };
        match copied {
            Ok(()) => store.good("The chart is on the clipboard as a picture"),
            Err(failure) => store.failed(&failure),
        }
    });
}

struct Picture {
    width: u32,
    height: u32,
    /// PNG, or red, green, blue and opacity of each pixel.
    bytes: Vec<u8>,
}

/// Draws the chart on a canvas: as the bytes of a PNG file, or as its pixels.
async fn rasterise(chart: &Chart, as_file: bool) -> Result<Picture, Failure> {
    let drawn = async {
        let document = web_sys::window().and_then(|w| w.document()).ok_or(JsValue::NULL)?;
        let image: web_sys::HtmlImageElement = document.create_element("img")?.unchecked_into();
        let encoded = String::from(js_sys::encode_uri_component(&standalone(chart)));
        image.set_src(&format!("data:image/svg+xml;charset=utf-8,{encoded}"));
        JsFuture::from(image.decode()).await?;
        let width = (f64::from(image.natural_width()) * SCALE) as u32;
        let height = (f64::from(image.natural_height()) * SCALE) as u32;
        let canvas: web_sys::HtmlCanvasElement = document.create_element("canvas")?.unchecked_into();
        canvas.set_width(width);
        canvas.set_height(height);
        let context: web_sys::CanvasRenderingContext2d =
            canvas.get_context("2d")?.ok_or(JsValue::NULL)?.unchecked_into();
        context.set_fill_style_str("#ffffff");
        context.fill_rect(0.0, 0.0, f64::from(width), f64::from(height));
        context.draw_image_with_html_image_element_and_dw_and_dh(
            &image,
            0.0,
            0.0,
            f64::from(width),
            f64::from(height),
        )?;
        let bytes = if as_file {
            let url = canvas.to_data_url_with_type("image/png")?;
            let base64 = url.split_once(',').map(|(_, data)| data.to_owned()).unwrap_or_default();
            let binary = web_sys::window().ok_or(JsValue::NULL)?.atob(&base64)?;
            // `atob` gives one character for each byte.
            binary.chars().map(|c| c as u32 as u8).collect()
        } else {
            context.get_image_data(0.0, 0.0, f64::from(width), f64::from(height))?.data().0
        };
        Ok::<Picture, JsValue>(Picture { width, height, bytes })
    };
    drawn.await.map_err(|e| Failure {
        code: driftgate_model::Code::Internal,
        message: format!("the chart could not be drawn as a picture: {e:?}"),
        hint: Some("Save it as SVG instead".into()),
    })
}
