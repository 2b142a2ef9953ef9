//! A picture as a request, and what a network says of it.

use crate::parts::{PICTURES, PathField, Picture, of_file};
use crate::words;
use driftgate_model::views::{PathKind, Signature};
use leptos::prelude::*;
use serde_json::Value;

/// The side of the chosen picture in CSS pixels.
const SIDE: u32 = 128;
/// Most classes whose probabilities are shown.
const MOST: usize = 10;

/// Whether a model takes a picture file instead of a row.
pub fn takes_pictures(signature: &Signature) -> bool {
    matches!(signature.columns.as_slice(), [only] if only.kind == "image")
}

/// Which picture is asked about.
#[component]
pub fn Chosen(
    signature: Signature,
    /// Its path, granted.
    picture: RwSignal<String>,
) -> impl IntoView {
    let size = signature.columns.first().map(|c| c.example.clone()).unwrap_or_default();
    let what = format!(
        "Version {} answers {} with one of {}. A picture is made {size} before it is answered",
        signature.version,
        signature.target,
        signature.labels.join(", ")
    );
    view! {
        <div class="stack">
            <span class="faint wrapped">{what}</span>
            <PathField label="Picture to ask about" kind=PathKind::File extensions=PICTURES.to_vec() on_path=move |path| picture.set(path)/>
            {move || {
                let path = picture.get();
                (!path.is_empty()).then(|| view! {
                    <div class="row">
                        <Picture from=of_file(&path, SIDE) alt="The picture to ask about" side=SIDE/>
                        <span class="mono small wrapped">{path}</span>
                    </div>
                })
            }}
        </div>
    }
}

/// The label and the probabilities in an answer, the likeliest first.
fn read(body: &str) -> Option<(String, Vec<(String, f64)>)> {
    let value: Value = serde_json::from_slice(body.as_bytes()).ok()?;
    let label = value.get("prediction")?.as_str()?.to_owned();
    let all = value.get("probabilities")?.as_object()?;
    let mut all: Vec<(String, f64)> = all.iter().filter_map(|(c, p)| Some((c.clone(), p.as_f64()?))).collect();
    all.sort_by(|a, b| b.1.total_cmp(&a.1));
    all.truncate(MOST);
    Some((label, all))
}

/// What the answer means; nothing where it is none.
#[component]
pub fn Said(body: String) -> impl IntoView {
    read(&body).map(|(label, probabilities)| {
        view! {
            <section class="stack tight said" aria-labelledby="said-title">
                <h3 id="said-title">"Label: " {label}</h3>
                <table class="table">
                    <caption class="heard">"Probability of each class"</caption>
                    <thead><tr><th scope="col">"Class"</th><th scope="col" class="number">"Probability"</th></tr></thead>
                    <tbody>{probabilities.into_iter().map(|(class, p)| view! {
                        <tr><th scope="row" class="wrapped">{class}</th><td class="number">{words::number(Some(p))}</td></tr>
                    }).collect_view()}</tbody>
                </table>
            </section>
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_likeliest_class_comes_first() {
        let body = r#"{"prediction": "stripes", "probabilities": {"circles": 0.2, "stripes": 0.7, "checks": 0.1}}"#;
        let (label, all) = read(body).expect("an answer");
        assert_eq!(label, "stripes");
        assert_eq!(all.iter().map(|(c, _)| c.as_str()).collect::<Vec<_>>(), ["stripes", "circles", "checks"]);
        assert_eq!(read(r#"{"error": "bad_picture"}"#), None);
        assert_eq!(read("no JSON"), None);
    }
}
