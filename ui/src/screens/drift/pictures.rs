//! What pictures show besides their columns: at which scale they moved, and which of them are farthest from the reference.

use super::say;
use crate::parts::{ChartView, Picture, Pictures, Shot, stored};
use crate::words;
use driftgate_model::{DriftReport, DriftTestResult, DriftVerdict, ImageEvidence, ImageRef, ShiftedImage};
use leptos::prelude::*;

/// Sides of a shifted picture and of its neighbours, in CSS pixels.
const LARGE: u32 = 96;
const SMALL: u32 = 64;

/// A report about pictures with its columns called what they are: `pixels_red` is red pixels.
pub fn readable(mut r: DriftReport) -> DriftReport {
    if say::of_pictures(&r) {
        for column in &mut r.columns {
            column.name = words::column(&column.name).to_owned();
        }
    }
    r
}

/// How far a picture is from the reference, and how rare that is.
fn far(distance: f64, rarity: f64) -> String {
    format!(
        "Distance {} to its nearest; {} of the reference pictures are as far from theirs",
        words::number(Some(distance)),
        words::percent(rarity)
    )
}

/// What the test of all embeddings together says.
pub fn seen(t: &DriftTestResult) -> &'static str {
    match t.verdict {
        DriftVerdict::Drifted => "The network sees other pictures than those it learned from",
        DriftVerdict::Stable => "The network sees pictures like those it learned from",
        DriftVerdict::Inconclusive => "Whether the network sees other pictures than those it learned from is open",
    }
}

/// The evidence of a check of pictures.
#[component]
pub fn Evidence(
    evidence: ImageEvidence,
    /// The smallest pixel distance that matters.
    matters: Option<f64>,
) -> impl IntoView {
    let profile = evidence.multiscale;
    let chart = driftgate_plots::multiscale_chart("multiscale", &profile, matters);
    let ratio = profile
        .scale_decay_ratio
        .map(|r| format!("The distance at full resolution is {} times that at the coarsest", words::number(Some(r))));
    let none = evidence.shifted.is_empty();
    view! {
        <section class="stack" aria-labelledby="evidence-title">
            <h3 id="evidence-title">"Pictures"</h3>
            <p class="wrapped">{words::sentence(&profile.interpretation)}</p>
            {ratio.map(|text| view! { <p class="faint small">{text}</p> })}
            <ChartView chart=chart/>
            <h4>"Most shifted pictures"</h4>
            {if none {
                view! { <p class="faint">"None is far from what the model learned from"</p> }.into_any()
            } else {
                view! {
                    <p class="faint">"Each beside the pictures of the reference that the network sees as most like it"</p>
                    <ol class="shifted" aria-label="Most shifted pictures">
                        {evidence.shifted.into_iter().map(|s| view! { <li><Shifted shifted=s/></li> }).collect_view()}
                    </ol>
                }.into_any()
            }}
        </section>
    }
}

/// What a stored picture is called for whoever does not see it.
fn called(picture: &ImageRef) -> String {
    match &picture.label {
        Some(label) => format!("{}, {label}", picture.file),
        None => picture.file.clone(),
    }
}

#[component]
fn Shifted(shifted: ShiftedImage) -> impl IntoView {
    let picture = shifted.image;
    let near = shifted
        .nearest
        .iter()
        .map(|(picture, distance)| Shot {
            from: stored(picture, SMALL),
            alt: format!("Nearest: {}", called(picture)),
            below: words::number(Some(*distance)),
        })
        .collect();
    let label = format!("Nearest to {}", picture.file);
    view! {
        <Picture from=stored(&picture, LARGE) alt=called(&picture) side=LARGE/>
        <div class="grow stack tight">
            <strong class="wrapped">{called(&picture)}</strong>
            <span class="faint small">{far(shifted.distance, shifted.rarity)}</span>
            <Pictures label=label pictures=near side=SMALL/>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_far_a_picture_is_comes_with_how_rare_that_is() {
        assert_eq!(
            far(1.5, 0.02),
            "Distance 1.5000 to its nearest; 2.0 % of the reference pictures are as far from theirs"
        );
    }
}
