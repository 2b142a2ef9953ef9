//! What a report says of pictures: which detail moved, and the most shifted of them beside their nearest of the reference.

use super::columns::figure;
use super::sections::alone;
use crate::multiscale_chart;
use crate::number::{count, number};
use crate::text::{cut, escape};
use base64::Engine as _;
use driftgate_model::{
    Bandwidth, Digest, DriftReport, ImageDriftConfig, ImageEvidence, ImageRef, MultiscaleProfile, ShiftedImage,
};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Most shifted pictures shown, and most of the reference beside each.
const MOST: (usize, usize) = (24, 8);
/// Most bytes of the pictures in a report, as they are written.
const MOST_BYTES: usize = 1_000_000;
/// Most characters of a file's name.
const MOST_NAME: usize = 80;
/// Pictures below this width are enlarged with their pixels as they are.
const SMALL: u32 = 144;
/// The first bytes of a PNG, up to its width.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

/// The contents of a report about pictures.
pub(super) const CONTENTS: &str = "<nav aria-label=\"Contents\"><a href=\"#next\">What to do next</a> \
<a href=\"#pictures\">Pictures</a> <a href=\"#columns\">Measurements</a> <a href=\"#performance\">Performance</a> \
<a href=\"#answers\">The model's answers</a> <a href=\"#together\">All pictures together</a> \
<a href=\"#rule\">How it was decided</a> <a href=\"#facts\">What was compared</a> <a href=\"#settings\">Settings used</a></nav>\n";

/// Whether a report is about pictures.
pub(super) fn are_in(report: &DriftReport) -> bool {
    report.images.is_some() || report.drift_type == "images"
}

/// A report about pictures with its columns called what they are: `pixels_red` is the red channel.
pub(super) fn in_words(report: &DriftReport) -> Cow<'_, DriftReport> {
    if !are_in(report) {
        return Cow::Borrowed(report);
    }
    let mut said = report.clone();
    for column in &mut said.columns {
        column.name = match column.name.as_str() {
            "pixels_red" => "red channel".into(),
            "pixels_green" => "green channel".into(),
            "pixels_blue" => "blue channel".into(),
            "pixels_gray" => "brightness".into(),
            other => other.to_owned(),
        };
    }
    Cow::Owned(said)
}

/// The heading of the columns.
pub(super) fn heading(report: &DriftReport) -> &'static str {
    if are_in(report) {
        "<h2 id=\"columns\">Measurements by effect</h2>\n"
    } else {
        "<h2 id=\"columns\">Columns by effect</h2>\n"
    }
}

/// What the columns are and how they are measured, where that needs words.
pub(super) fn about_channels(report: &DriftReport) -> &'static str {
    if !are_in(report) {
        return "";
    }
    "<p>A channel is how bright one colour is in all pixels of all pictures; every other measurement is one number a picture. \
     <code>pixel_wasserstein</code> is how far its values moved on average (the Wasserstein distance), in standard deviations of \
     the reference, so that 0.25 is a quarter of the usual spread; its p-value is by permutation of whole pictures.</p>\n"
}

/// The section about pictures; nothing where the report holds no evidence of them.
pub(super) fn of(report: &DriftReport, pictures: &BTreeMap<Digest, Vec<u8>>) -> String {
    let Some(ImageEvidence { multiscale, shifted }) = &report.images else {
        // The contents lead here.
        return if are_in(report) { NOTHING.to_owned() } else { String::new() };
    };
    let matters = report.config.image.clone().unwrap_or_default().medium;
    format!(
        "<h2 id=\"pictures\">Pictures</h2>\n{}{}",
        scales(multiscale, Some(matters)),
        most_shifted(shifted, pictures)
    )
}

const NOTHING: &str = "<h2 id=\"pictures\">Pictures</h2>\n<p>No picture was looked at one by one.</p>\n";

fn scales(profile: &MultiscaleProfile, matters: Option<f64>) -> String {
    let mut letters = profile.interpretation.trim().trim_end_matches('.').chars();
    let said: String = letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect();
    let mut out = format!("<h3>Which detail moved</h3>\n<p>{}.", escape(&cut(&said, 600)));
    if let Some(ratio) = profile.scale_decay_ratio {
        out += &format!(
            " The pixels moved {} times as far at full resolution as in the smallest version.",
            number(Some(ratio))
        );
    }
    out + "</p>\n" + &figure(&multiscale_chart("scales", profile, matters))
}

fn most_shifted(shifted: &[ShiftedImage], pictures: &BTreeMap<Digest, Vec<u8>>) -> String {
    let mut out = String::from("<h3>The most shifted pictures</h3>\n");
    if shifted.is_empty() {
        return out + "<p>No picture of the batch stands out.</p>\n";
    }
    out += "<p>What the network makes of a picture (its embedding) is compared with that of every reference picture. Left, the \
            pictures of the batch that are farthest from the reference; right, the reference pictures nearest to each. The share \
            is of reference pictures that are at least as far from their own nearest ones.</p>\n";
    let mut thumbs = Thumbs { pictures, left: MOST_BYTES };
    for (i, one) in shifted.iter().take(MOST.0).enumerate() {
        let about = format!("distance {}", number(Some(one.distance)));
        let rarity = format!("as far: {} of the reference", share(one.rarity));
        out += &format!(
            "<div class=\"shifted\" role=\"group\" aria-label=\"{} and its nearest\">\n{}",
            escape(&format!("{}. {}", i + 1, cut(&one.image.file, MOST_NAME))),
            thumbs.figure(&one.image, &[about, rarity])
        );
        out += "<ul class=\"row\">\n";
        for (near, distance) in one.nearest.iter().take(MOST.1) {
            let about = format!("distance {}", number(Some(*distance)));
            out += &format!("<li>{}</li>\n", thumbs.figure(near, &[about]));
        }
        if one.nearest.is_empty() {
            out += "<li>no reference picture is stored</li>\n";
        }
        out += "</ul></div>\n";
    }
    if shifted.len() > MOST.0 {
        let more = count((shifted.len() - MOST.0) as u64);
        out += &format!("<p class=\"note\">{more} more are in <code>driftgate drift show --json</code>.</p>\n");
    }
    out
}

/// `0.2 %`
fn share(rarity: f64) -> String {
    match rarity {
        r if !r.is_finite() => "—".into(),
        r if r > 0.0 && r < 0.001 => "less than 0.1 %".into(),
        r => format!("{:.1} %", r.clamp(0.0, 1.0) * 100.0),
    }
}

/// A picture's file, as HTML.
fn named(image: &ImageRef) -> String {
    if image.file.trim().is_empty() { "(without a name)".into() } else { escape(&cut(&image.file, MOST_NAME)) }
}

/// Pictures to show, and the bytes that are left for them.
struct Thumbs<'a> {
    pictures: &'a BTreeMap<Digest, Vec<u8>>,
    left: usize,
}

impl Thumbs<'_> {
    /// A picture with its name, its class and more lines.
    fn figure(&mut self, image: &ImageRef, about: &[String]) -> String {
        let name = named(image);
        let shown = self.picture(image).unwrap_or_else(|| "not shown".into());
        let class = image.label.iter().map(|label| format!("class {}", cut(label, MOST_NAME)));
        let lines: String =
            class.chain(about.iter().cloned()).map(|line| format!("<span>{}</span>", escape(&line))).collect();
        format!(
            "<figure class=\"picture\"><div class=\"frame\">{shown}</div><figcaption>{name}{lines}</figcaption></figure>\n"
        )
    }

    fn picture(&mut self, image: &ImageRef) -> Option<String> {
        let bytes = self.pictures.get(&image.digest).filter(|bytes| bytes.starts_with(PNG))?;
        let written = bytes.len().div_ceil(3) * 4;
        self.left = self.left.checked_sub(written)?;
        // The width stands behind the length and the name of the first chunk.
        let width = bytes.get(16..20).and_then(|b| Some(u32::from_be_bytes(b.try_into().ok()?)))?;
        let class = if width < SMALL { " class=\"small\"" } else { "" };
        let data = base64::engine::general_purpose::STANDARD.encode(bytes);
        let name = named(image);
        Some(format!("<img{class} alt=\"{name}\" src=\"data:image/png;base64,{data}\"/>"))
    }
}

/// The test of all pictures together.
pub(super) fn together(report: &DriftReport) -> String {
    let mut out = String::from("<h2 id=\"together\">All pictures together (MMD of embeddings)</h2>\n");
    match &report.global {
        Some(t) => {
            out += "<p>Pictures can show something else while their colours stay. So what the network makes of them (their embeddings) \
                    is compared as a whole: the maximum mean discrepancy (MMD) is 0 where both sides are alike and grows the less \
                    they overlap.</p>\n";
            out += &alone("All pictures together", t);
        }
        None => out += "<p>They were not tested together: <code>image.mmd.enabled</code> is off.</p>\n",
    }
    out
}

/// How pictures were compared.
pub(super) fn settings(image: &ImageDriftConfig) -> [(&'static str, String); 3] {
    let mmd = &image.mmd;
    let width = match mmd.bandwidth {
        Bandwidth::Median => "kernel of the median distance",
        Bandwidth::Aggregated => "kernels of five widths",
    };
    let together = match mmd.enabled {
        true => format!(
            "level {}, at most {} pictures a side, {} permutations, {width}",
            number(Some(mmd.alpha)),
            count(u64::from(mmd.sample)),
            count(u64::from(mmd.permutations))
        ),
        false => "off".into(),
    };
    [
        (
            "distance of pixels",
            format!(
                "at least medium from {} and high from {} standard deviations, {} permutations",
                number(Some(image.medium)),
                number(Some(image.high)),
                count(u64::from(image.permutations))
            ),
        ),
        ("all pictures together", together),
        (
            "shifted pictures shown",
            format!(
                "{}, {} of the reference beside each",
                count(u64::from(image.evidence)),
                count(u64::from(image.neighbours))
            ),
        ),
    ]
}
