//! Reports and histories to draw.
#![allow(dead_code, reason = "each test file uses a part")]

use driftgate_model::views::{CheckLine, DriftHistory};
use driftgate_model::*;
use driftgate_plots::{Chart, Ground, TOKENS};
use proptest::prelude::*;
use std::collections::BTreeSet;

/// A text that a chart has to make fit.
pub const HOSTILE: &str = "a<script>&\"'\0\u{1b}[31m\u{202E}漢字";

/// Fails unless the chart is what a page can rely on.
pub fn sound(chart: &Chart) {
    sound_up_to(chart, 60_000);
}

/// The same, with its most bytes.
pub fn sound_up_to(chart: &Chart, most: usize) {
    let document = roxmltree::Document::parse(&chart.svg).unwrap_or_else(|e| panic!("{e}\n{}", chart.svg));
    let root = document.root_element();
    assert_eq!((root.tag_name().name(), root.attribute("role")), ("svg", Some("img")));
    let named: Vec<&str> = root.attribute("aria-labelledby").unwrap().split(' ').collect();
    let ids: Vec<&str> = root.descendants().filter_map(|n| n.attribute("id")).collect();
    assert_eq!(named, ids);
    let child = |name: &str| root.children().find(|n| n.has_tag_name(("http://www.w3.org/2000/svg", name))).unwrap();
    assert!(!child("title").text().unwrap_or("").is_empty() && !child("desc").text().unwrap().is_empty());
    let allowed: BTreeSet<&str> =
        ["svg", "title", "desc", "text", "rect", "line", "polyline", "polygon", "circle"].into_iter().collect();
    let tokens: BTreeSet<String> = TOKENS.iter().map(|t| format!("var({},{})", t.name, t.light)).collect();
    let size = |name: &str| root.attribute(name).unwrap().parse::<f64>().unwrap();
    let (width, height) = (size("width"), size("height"));
    for node in root.descendants().filter(|n| n.is_element()) {
        assert!(allowed.contains(node.tag_name().name()), "{node:?}");
        for (name, most) in [("x", width), ("x1", width), ("x2", width), ("cx", width), ("y", height), ("cy", height)] {
            if let Some(v) = node.attribute(name) {
                assert!((0.0..=most).contains(&v.parse().unwrap()), "{name} of {node:?}");
            }
        }
        if let Some(points) = node.attribute("points") {
            let numbers = points.split([' ', ',']).filter(|p| !p.is_empty()).map(|p| p.parse::<f64>().unwrap());
            let numbers: Vec<f64> = numbers.collect();
            let within = |p: &[f64]| (-8.0..=width + 8.0).contains(&p[0]) && (-8.0..=height + 8.0).contains(&p[1]);
            assert!(numbers.chunks(2).all(within), "{node:?} {points}");
        }
        for name in ["width", "height", "r"] {
            assert!(node.attribute(name).is_none_or(|v| v.parse::<f64>().unwrap() >= 0.0), "{node:?}");
        }
        for name in ["fill", "stroke"] {
            if let Some(v) = node.attribute(name).filter(|v| *v != "none") {
                assert!(tokens.contains(v), "{v} is no token");
            }
        }
    }
    for ground in [Ground::Light, Ground::Dark] {
        let alone = chart.to_standalone_svg(ground);
        roxmltree::Document::parse(&alone).unwrap_or_else(|e| panic!("{e}\n{alone}"));
        assert!(!alone.contains("=\"var("), "{alone}");
    }
    assert!(chart.table.rows.iter().all(|r| r.len() == chart.table.headers.len()));
    assert!(chart.svg.len() < most, "{}", chart.svg.len());
    assert_eq!(chart.table.to_csv().lines().count().min(1), 1);
    let html = chart.table.to_html(&chart.title);
    roxmltree::Document::parse(&html).unwrap_or_else(|e| panic!("{e}\n{html}"));
}

/// Any number, odd ones often.
pub fn any_number() -> impl Strategy<Value = f64> {
    prop_oneof![any::<f64>(), -10.0..10.0f64, Just(0.0), Just(f64::NAN), Just(f64::MAX)]
}

/// A test with an effect and its interval.
pub fn test(name: &str, effect: f64, low: f64, high: f64, min: f64, verdict: DriftVerdict) -> DriftTestResult {
    DriftTestResult {
        test: name.into(),
        method: "asymptotic".into(),
        statistic: effect,
        p_value: Some(if verdict == DriftVerdict::Drifted { 1e-9 } else { 0.4 }),
        adjusted_p: Some(if verdict == DriftVerdict::Drifted { 3e-8 } else { 1.0 }),
        effect_name: "KS distance".into(),
        effect: Some(effect),
        interval: Some(Interval { low, high }),
        min_effect: min,
        detectable: Some(0.16),
        verdict,
        note: None,
        together: Vec::new(),
    }
}

/// A histogram of a bell, and of one moved to the right by `by` bins.
pub fn bells(bins: usize, by: f64) -> ColumnChart {
    let bell = |at: f64| -> Vec<f64> {
        let raw: Vec<f64> = (0..bins).map(|i| (-((i as f64 - at) / (bins as f64 / 7.0)).powi(2)).exp()).collect();
        let sum: f64 = raw.iter().sum();
        raw.iter().map(|r| r / sum).collect()
    };
    let middle = bins as f64 / 2.0 - 2.0;
    ColumnChart::Histogram {
        edges: (0..=bins).map(|i| 6.0 + i as f64 * 22.0 / bins as f64).collect(),
        reference: bell(middle),
        batch: bell(middle + by),
    }
}

pub fn bars(labels: &[&str]) -> ColumnChart {
    let n = labels.len() as f64;
    let share = |i: usize| 2.0 * (n - i as f64) / (n * (n + 1.0));
    ColumnChart::Bars {
        labels: labels.iter().map(|l| (*l).to_owned()).collect(),
        reference: (0..labels.len()).map(share).collect(),
        batch: (0..labels.len()).rev().map(share).collect(),
    }
}

pub fn column(name: &str, multiple: f64, verdict: DriftVerdict, chart: Option<ColumnChart>) -> ColumnDrift {
    let effect = multiple * 0.1;
    let severity = match verdict {
        DriftVerdict::Drifted if multiple >= 4.0 => DriftSeverity::High,
        DriftVerdict::Drifted if multiple >= 2.0 => DriftSeverity::Medium,
        DriftVerdict::Drifted => DriftSeverity::Low,
        _ => DriftSeverity::None,
    };
    let mut missing = test("missing", 0.0, 0.0, 0.0, 0.05, DriftVerdict::Stable);
    (missing.method, missing.effect_name) = ("fisher".into(), "difference of missing shares".into());
    ColumnDrift {
        name: name.into(),
        kind: if matches!(chart, Some(ColumnChart::Bars { .. })) {
            ProfileKind::Categorical
        } else {
            ProfileKind::Numeric
        },
        reference_rows: 398,
        batch_rows: 569,
        verdict,
        severity,
        tests: vec![test("ks", effect, effect * 0.8, effect * 1.2, 0.1, verdict), missing],
        chart,
    }
}

pub fn check_id() -> RunId {
    RunId::new(1_767_225_600_000, [7; 10])
}

/// A report about `columns`.
pub fn report(columns: Vec<ColumnDrift>) -> DriftReport {
    let said = |v| columns.iter().filter(|c| c.verdict == v).count() as u64;
    let (drifted, total) = (said(DriftVerdict::Drifted), columns.len() as u64);
    DriftReport {
        schema: "driftgate/drift/1".into(),
        drift_type: "tabular".into(),
        model: ModelName::new("breast_cancer-classification").unwrap(),
        model_version: 3,
        run: RunId::new(1_767_000_000_000, [3; 10]),
        generated_at: "2026-01-31T12:00:00Z".parse().unwrap(),
        task: Task::Classification,
        dataset_version: Digest::of(b"data"),
        profile: Digest::of(b"profile"),
        like: None,
        batch: Digest::of(b"batch"),
        reference_rows: 398,
        batch_rows: 569,
        overall: OverallDrift {
            verdict: if drifted > 0 { DriftVerdict::Drifted } else { DriftVerdict::Stable },
            severity: columns.iter().map(|c| c.severity).max().unwrap_or(DriftSeverity::None),
            drifted_columns: drifted,
            inconclusive_columns: said(DriftVerdict::Inconclusive),
            total_columns: total,
            drift_share: drifted as f64 / total.max(1) as f64,
            rule: "drifted if any column or output drifted; stable if all are stable".into(),
        },
        global: Some(test("energy", 0.03, 0.0, 0.1, 0.0, DriftVerdict::Drifted)),
        predictions: Some(column("prediction", 0.6, DriftVerdict::Inconclusive, Some(bars(&["benign", "malignant"])))),
        confidences: Some(column("confidence", 0.7, DriftVerdict::Stable, Some(bells(20, 0.5)))),
        labels: None,
        performance: None,
        estimated: Some(EstimatedPerformance {
            status: "estimated".into(),
            metric: "accuracy".into(),
            value: Some(0.941),
            interval: Some(Interval { low: 0.92, high: 0.96 }),
            reference: Some(0.953),
            assumption: "a stated confidence still means the same chance of being right".into(),
            reason: None,
        }),
        images: None,
        warnings: vec!["the model does not use id, so nothing was said of it".into()],
        config: driftgate_config::default_drift(),
        columns,
    }
}

/// Pixel distances that fade in smaller versions.
pub fn multiscale() -> MultiscaleProfile {
    let level = |(resolution, mean, p_value): (&str, f64, f64)| ScaleLevel {
        resolution: resolution.into(),
        channels: [("red", 1.2), ("green", 1.0), ("blue", 0.8)].map(|(c, by)| (c.to_owned(), mean * by)).to_vec(),
        mean,
        p_value,
    };
    MultiscaleProfile {
        levels: [("1/1", 0.42, 0.001), ("1/2", 0.17, 0.004), ("1/4", 0.06, 0.21)].map(level).to_vec(),
        scale_decay_ratio: Some(7.0),
        interpretation: "fine detail changed most (noise, sharpness, compression)".into(),
    }
}

/// A picture of a pack.
pub fn picture(file: &str, label: Option<&str>) -> ImageRef {
    ImageRef {
        file: file.into(),
        digest: Digest::of(file.as_bytes()),
        label: label.map(str::to_owned),
        place: PicturePlace { pack: Digest::of(b"pack"), offset: 0, bytes: 4 },
    }
}

/// A report about a batch of pictures: two shifted ones, of files with these names, each with two nearest.
pub fn picture_report(names: [&str; 2]) -> DriftReport {
    let channels = [
        ("red", 4.2, DriftVerdict::Drifted),
        ("green", 2.4, DriftVerdict::Drifted),
        ("blue", 0.3, DriftVerdict::Stable),
    ];
    let columns = channels
        .into_iter()
        .map(|(name, multiple, verdict)| {
            let mut c = column(&format!("pixels_{name}"), multiple, verdict, Some(bells(32, multiple)));
            c.tests.truncate(1);
            (c.tests[0].test, c.tests[0].effect_name) =
                ("pixel_wasserstein".into(), "Wasserstein distance in standard deviations".into());
            c
        })
        .collect();
    let mut r = report(columns);
    let shifted = names.map(|name| ShiftedImage {
        image: picture(name, Some("cat")),
        distance: 7.31,
        rarity: 0.0004,
        nearest: vec![
            (picture("train/cat/0001.png", Some("cat")), 6.9),
            (picture("train/dog/0002.png", Some("dog")), 7.7),
        ],
    });
    r.drift_type = "images".into();
    r.task = Task::ImageClassificationCnn;
    r.images = Some(ImageEvidence { multiscale: multiscale(), shifted: shifted.to_vec() });
    r.config.image = Some(ImageDriftConfig::default());
    r.global = Some(test("mmd", 0.21, 0.15, 0.27, 0.061, DriftVerdict::Drifted));
    r
}

/// `shares` of drifted columns, oldest first.
pub fn history(shares: &[f64]) -> DriftHistory {
    let line = |(i, share): (usize, &f64)| CheckLine {
        check: RunId::new(1_767_225_600_000 + i as u64, [i as u8; 10]),
        at: Timestamp::from_second(1_767_225_600 + i as i64 * 86_400).unwrap(),
        version: if i < 5 { 1 } else { 2 },
        rows: 500,
        labelled: false,
        verdict: match *share {
            s if s > 0.2 => DriftVerdict::Drifted,
            s if s > 0.0 => DriftVerdict::Inconclusive,
            _ => DriftVerdict::Stable,
        },
        severity: DriftSeverity::None,
        drift_share: *share,
        worst: Vec::new(),
        alarm: false,
        responses: Vec::new(),
    };
    DriftHistory {
        schema: "driftgate/drift-history/1".into(),
        model: ModelName::new("wine-classification").unwrap(),
        total: shares.len() as u64,
        checks: shares.iter().enumerate().map(line).rev().collect(),
    }
}
