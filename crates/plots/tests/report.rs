//! The report: well-formed, closed to the outside, accessible, small whatever the batch.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use base64::Engine as _;
use driftgate_model::{ColumnChart, Digest, DriftReport, DriftSeverity, DriftVerdict, OverallDrift};
use driftgate_plots::{CheckReport, MOST_BYTES, drift_report, drift_report_with_pictures};
use std::collections::{BTreeMap, BTreeSet};
use support::{bars, bells, check_id, column, picture_report, report};

const HOSTILE: &str =
    "</td></table></style><script src=\"https://evil.example/x.js\">alert('1')</script>&amp;\0\u{202E}";

fn page(report: &DriftReport) -> String {
    let check = check_id();
    drift_report(&CheckReport { check: &check, alarm: report.overall.severity >= DriftSeverity::Medium, report })
}

/// Fails unless the page is well-formed, closed, and can be used without eyes or colours; gives its visible text.
fn sound(html: &str) -> String {
    sound_with(html, 0)
}

/// The same of a page that holds so many pictures: each within the page, with its name.
fn sound_with(html: &str, pictures: usize) -> String {
    assert!(html.len() < MOST_BYTES, "{} bytes", html.len());
    let options = roxmltree::ParsingOptions { allow_dtd: true, nodes_limit: 2_000_000, ..Default::default() };
    let document = roxmltree::Document::parse_with_options(html, options).unwrap_or_else(|e| panic!("{e}"));
    let all = || document.root().descendants().filter(|n| n.is_element());
    let elements: BTreeSet<&str> = all().map(|n| n.tag_name().name()).collect();
    let shown: Vec<roxmltree::Node> = all().filter(|n| n.has_tag_name("img")).collect();
    assert_eq!(shown.len(), pictures);
    for img in &shown {
        assert!(img.attribute("src").unwrap().starts_with("data:image/png;base64,"), "{img:?}");
        assert!(!img.attribute("alt").unwrap().is_empty());
    }
    for outside in ["script", "link", "iframe", "object", "form", "image", "use", "foreignObject"] {
        assert!(!elements.contains(outside), "{outside}");
    }
    let mut ids = BTreeSet::new();
    for node in all() {
        for a in node.attributes() {
            let source = a.name() == "src" && !node.has_tag_name("img");
            assert!(!a.name().starts_with("on") && a.name() != "style" && !source, "{node:?}");
            if a.name() == "href" {
                assert!(a.value().starts_with('#'), "{}", a.value());
            }
        }
        if let Some(id) = node.attribute("id") {
            assert!(ids.insert(id), "{id} twice");
        }
    }
    for a in all().filter_map(|n| n.attribute("href")) {
        assert!(ids.contains(&a[1..]), "{a} leads nowhere");
    }
    for svg in all().filter(|n| n.has_tag_name("svg")) {
        let named: Vec<&str> = svg.attribute("aria-labelledby").unwrap().split(' ').collect();
        assert!(svg.attribute("role") == Some("img") && named.iter().all(|n| ids.contains(n)));
    }
    for th in all().filter(|n| n.has_tag_name("th")) {
        assert!(matches!(th.attribute("scope"), Some("col" | "row")), "{th:?}");
    }
    for table in all().filter(|n| n.has_tag_name("table")) {
        assert!(table.children().any(|c| c.has_tag_name("caption")));
        let width = |row: roxmltree::Node| row.children().filter(|c| c.is_element()).count();
        let rows: BTreeSet<usize> = table.descendants().filter(|n| n.has_tag_name("tr")).map(width).collect();
        assert!(rows.len() <= 1, "a row has another number of cells: {rows:?}");
    }
    let mut level = 0;
    for heading in all().filter(|n| matches!(n.tag_name().name(), "h1" | "h2" | "h3" | "h4")) {
        let next: usize = heading.tag_name().name()[1..].parse().unwrap();
        assert!(next <= level + 1, "{heading:?} after h{level}");
        level = next;
    }
    assert_eq!(all().filter(|n| n.has_tag_name("h1")).count(), 1);
    let body = all().find(|n| n.has_tag_name("body")).unwrap();
    body.descendants().filter(|n| n.is_text()).filter_map(|n| n.text()).collect::<Vec<_>>().join(" ")
}

fn usual() -> DriftReport {
    report(vec![
        column("mean_radius", 9.7, DriftVerdict::Drifted, Some(bells(22, 4.0))),
        column("school", 2.5, DriftVerdict::Drifted, Some(bars(&["Hochschule", "Realschule", "none"]))),
        column("texture", 1.05, DriftVerdict::Inconclusive, Some(bells(22, 1.0))),
        column("smoothness", 0.3, DriftVerdict::Stable, Some(bells(22, 0.1))),
    ])
}

#[test]
fn a_usual_report() {
    let html = page(&usual());
    let text = sound(&html);
    insta::assert_snapshot!(html);
    assert_eq!(html, page(&usual()), "the same bytes for the same report");
    for said in [
        "✗ Drifted, high severity",
        "2 of 4 columns drifted, 1 inconclusive",
        "driftgate drift respond",
        "1. mean_radius",
        "accuracy",
        "This assumes: a stated confidence",
        "the model does not use id",
        &Digest::of(b"batch").to_string(),
        &Digest::of(b"profile").to_string(),
        check_id().as_str(),
    ] {
        assert!(text.contains(said), "{said}");
    }
    assert!(!html.contains("://"), "an address");
}

#[test]
fn the_policy_allows_the_one_style_and_nothing_else() {
    let html = page(&usual());
    let style = html.split_once("<style>").unwrap().1.split_once("</style>").unwrap().0;
    let hash = base64::engine::general_purpose::STANDARD.encode(Digest::of(style.as_bytes()).as_bytes());
    let policy = format!("default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'");
    assert!(html.contains(&policy));
    assert!(!style.contains("url(") && !style.contains("@import"));
    assert!(style.contains("prefers-color-scheme:dark") && style.contains("@media print"));
}

#[test]
fn what_to_do_follows_the_verdict() {
    let mut stable = report(vec![column("a", 0.2, DriftVerdict::Stable, None)]);
    assert!(sound(&page(&stable)).contains("Nothing. All effects lie below"));
    stable.overall.verdict = DriftVerdict::Inconclusive;
    assert!(sound(&page(&stable)).contains("Collect more rows"));
    let low = report(vec![column("a", 1.2, DriftVerdict::Drifted, None)]);
    let text = sound(&page(&low));
    assert!(text.contains("below the severity that asks for a response") && !text.contains("drift respond"));
    let mut labelled = usual();
    labelled.performance = Some(support::test("performance", 0.2, 0.1, 0.3, 0.05, DriftVerdict::Drifted));
    labelled.estimated = None;
    assert!(sound(&page(&labelled)).contains("the model does worse than on its own test rows"));
    (labelled.performance, labelled.global, labelled.predictions, labelled.confidences) = (None, None, None, None);
    sound(&page(&labelled));
    sound(&page(&report(Vec::new())));
}

#[test]
fn every_text_from_outside_is_escaped() {
    let mut columns = vec![
        column(HOSTILE, 9.7, DriftVerdict::Drifted, Some(bars(&[HOSTILE, "b"]))),
        column("", 3.0, DriftVerdict::Drifted, Some(bells(1, 0.0))),
    ];
    for t in &mut columns[0].tests {
        (t.test, t.method, t.effect_name, t.note) =
            (HOSTILE.into(), HOSTILE.into(), HOSTILE.into(), Some(HOSTILE.into()));
    }
    let mut r = report(columns);
    r.warnings = vec![HOSTILE.into(); 100];
    r.overall.rule = HOSTILE.into();
    r.config.effect.columns = (0..200).map(|i| (format!("{i}{HOSTILE}"), 0.1)).collect();
    let e = r.estimated.as_mut().unwrap();
    (e.assumption, e.metric, e.reason, e.value) = (HOSTILE.into(), HOSTILE.into(), Some(HOSTILE.into()), None);
    let html = page(&r);
    let text = sound(&html);
    assert!(text.contains("</td></table></style><script src="), "it is shown as it is");
    assert!(!html.contains("<script") && !html.contains('\0') && !html.contains('\u{202E}'));
}

#[test]
fn thousands_of_columns_stay_below_the_limit() {
    let verdicts = [DriftVerdict::Drifted, DriftVerdict::Inconclusive, DriftVerdict::Stable];
    let long = |i: usize, unit: &str| format!("{i}_{}_{i}", unit.repeat(40));
    for (unit, count) in [("plant-7/line-12/", 5_000), ("\"&<", 5_000), ("漢字", 5_000), ("x", 20_000)] {
        let columns = (0..count)
            .map(|i| {
                let chart = if i % 2 == 0 { bells(40, 2.0) } else { wide_bars(&long(i, unit)) };
                let mut c = column(&long(i, unit), (count - i) as f64 / 1000.0, verdicts[i * 3 / count], Some(chart));
                for t in &mut c.tests {
                    t.note = Some(unit.repeat(500));
                }
                c
            })
            .collect();
        let html = page(&report(columns));
        let text = sound(&html);
        assert!(html.contains("id=\"c10\""), "{unit}: the largest effects have charts");
        assert!(text.contains("So that this file stays small"), "{unit}");
        assert!(html.len() > MOST_BYTES / 2, "{unit}: only {} bytes", html.len());
        if unit.starts_with("plant") {
            assert!(!text.contains("are not listed") && html.contains("<td>5000</td>"), "every column has its row");
        }
    }
}

fn wide_bars(label: &str) -> ColumnChart {
    ColumnChart::Bars { labels: vec![label.to_owned(); 20], reference: vec![0.05; 20], batch: vec![0.05; 20] }
}

/// The head of a PNG so wide, and some bytes.
fn png(width: u32, more: usize) -> Vec<u8> {
    [&b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR"[..], &width.to_be_bytes(), &vec![7; more]].concat()
}

fn page_with(report: &DriftReport, pictures: &BTreeMap<Digest, Vec<u8>>) -> String {
    let check = check_id();
    drift_report_with_pictures(&CheckReport { check: &check, alarm: true, report }, pictures)
}

#[test]
fn a_report_about_pictures() {
    let report = picture_report(["cat/one.png", "cat/two.png"]);
    let all = ["cat/one.png", "cat/two.png", "train/cat/0001.png", "train/dog/0002.png"];
    let pictures: BTreeMap<Digest, Vec<u8>> =
        all.iter().zip([32, 400, 64, 64]).map(|(name, width)| (Digest::of(name.as_bytes()), png(width, 40))).collect();
    let html = page_with(&report, &pictures);
    let text = sound_with(&html, 6);
    insta::assert_snapshot!(html);
    for said in [
        "2 of 3 measurements drifted",
        "569 pictures compared with 398",
        "1. red channel",
        "Fine detail changed most",
        "7 times as far at full resolution",
        "cat/one.png",
        "distance 7.31",
        "as far: less than 0.1 % of the reference",
        "All pictures together (MMD of embeddings)",
        "standard deviations of the reference",
        "it shows pictures of the batch and of the training data",
    ] {
        assert!(text.contains(said), "{said}");
    }
    assert!(html.contains("content=\"default-src 'none'; img-src data:; style-src 'sha256-"));
    // A small picture is enlarged with its pixels as they are, a large one is not.
    assert!(html.contains("<img class=\"small\" alt=\"cat/one.png\"") && html.contains("<img alt=\"cat/two.png\""));
    assert!(!text.contains("pixels_red") && !html.contains("://"));
}

#[test]
fn a_picture_that_cannot_be_shown_leaves_its_name() {
    let report = picture_report(["a.png", "b.png"]);
    let (a, b) = (Digest::of(b"a.png"), Digest::of(b"b.png"));
    let text = sound_with(&page_with(&report, &BTreeMap::new()), 0);
    assert!(text.contains("a.png") && text.contains("not shown"));
    // No PNG, cut off in its head, and too large for what the report may weigh.
    let odd = [b"<svg onload=\"alert(1)\"/>".to_vec(), png(9, 0)[..18].to_vec(), png(9, 2_000_000)];
    for bytes in odd {
        let html = page_with(&report, &BTreeMap::from([(a, bytes), (b, png(9, 9))]));
        let text = sound_with(&html, 1);
        assert!(text.contains("a.png"));
        assert!(!html.contains("<svg onload"));
    }
    let without = DriftReport { images: None, ..report };
    assert!(sound(&page(&without)).contains("No picture was looked at one by one"));
}

#[test]
fn names_of_pictures_are_escaped() {
    let mut report = picture_report([HOSTILE, ""]);
    let images = report.images.as_mut().unwrap();
    images.multiscale.interpretation = HOSTILE.into();
    images.shifted[0].image.label = Some(HOSTILE.into());
    images.shifted = vec![images.shifted[0].clone(); 40];
    images.shifted[1].nearest.clear();
    let html = page_with(&report, &BTreeMap::from([(Digest::of(HOSTILE.as_bytes()), png(9, 9))]));
    let text = sound_with(&html, 24);
    assert!(text.contains("16 more are in") && text.contains("no reference picture is stored"));
    assert!(!html.contains("<script") && !html.contains('\0') && !html.contains('\u{202E}'));
}

#[test]
fn a_report_never_contradicts_its_verdict() {
    let mut r = usual();
    r.overall = OverallDrift { verdict: DriftVerdict::Stable, severity: DriftSeverity::None, ..r.overall };
    let html = page(&r);
    assert!(html.contains("<h1>✓ Stable</h1>") && html.contains("<title>stable: drift report of"));
}
