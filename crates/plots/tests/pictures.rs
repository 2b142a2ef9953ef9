//! Charts of pictures: their bytes, and that no data break them.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use driftgate_model::*;
use driftgate_plots::*;
use proptest::collection::vec;
use proptest::prelude::*;
use support::{HOSTILE, any_number, multiscale, sound, sound_up_to};

const CORRUPTIONS: [(&str, f64); 10] = [
    ("gaussian_noise", 0.11),
    ("shot_noise", 0.09),
    ("impulse_noise", 0.13),
    ("defocus_blur", 0.06),
    ("motion_blur", 0.05),
    ("fog", 0.08),
    ("brightness", 0.01),
    ("contrast", 0.12),
    ("pixelate", 0.03),
    ("jpeg_compression", 0.02),
];

fn changed(name: &str, severity: Option<u32>, change: f64) -> RobustnessResult {
    RobustnessResult {
        name: name.into(),
        description: format!("pictures under {name}"),
        family: if severity.is_some() { "corruption" } else { "augmentation" }.into(),
        severity,
        accuracy: 0.91 + change,
        change,
        interval: Some(Interval { low: change - 0.03 - change.abs() / 9.0, high: change + 0.03 }),
        sensitivity: if change <= -0.15 { "high" } else { "low" }.into(),
    }
}

fn robustness() -> RobustnessReport {
    let simple =
        [("horizontal_flip", -0.004), ("rotation_90", -0.31), ("brightness_high", -0.03), ("contrast_low", 0.0)];
    let simple = simple.map(|(name, change)| changed(name, None, change));
    let corruptions = CORRUPTIONS.iter().flat_map(|(name, step)| {
        (1..=5u32).map(move |severity| changed(name, Some(severity), -step * f64::from(severity).powf(1.2)))
    });
    RobustnessReport {
        schema: "driftgate/robustness/1".into(),
        model_artifact: Digest::of(b"model"),
        split: "test".into(),
        rows: 1_500,
        baseline: 0.91,
        changes: simple.into_iter().chain(corruptions).collect(),
        mean_corruption_loss: 0.22,
    }
}

#[test]
fn accuracy_under_corruptions() {
    let chart = robustness_chart("r", &robustness());
    sound(&chart);
    insta::assert_snapshot!(chart.svg);
    assert_eq!(chart.table.rows.len(), 50);
    assert_eq!(&chart.table.rows[4][..2], [ChartCell::Text("gaussian_noise".into()), ChartCell::Number(5.0)]);
    assert!(chart.description.contains("0.91 without a change"), "{}", chart.description);
    assert!(chart.description.contains("under impulse_noise at severity 5"), "{}", chart.description);
}

#[test]
fn accuracy_under_simple_changes() {
    let chart = augmentations_chart("a", &robustness());
    sound(&chart);
    insta::assert_snapshot!(chart.svg);
    assert_eq!(chart.table.rows.len(), 4);
    // The interval of the change, laid at the accuracy without one.
    assert_eq!(chart.table.rows[3][2], ChartCell::Number(0.91 - 0.03));
}

#[test]
fn pixel_distance_by_resolution() {
    let chart = multiscale_chart("m", &multiscale(), Some(0.1));
    sound(&chart);
    insta::assert_snapshot!(chart.svg);
    assert_eq!(chart.table.rows.len(), 9);
    assert!(chart.svg.contains("smallest distance that matters") && chart.svg.contains("full resolution"));
    let gray =
        multiscale_chart("m", &MultiscaleProfile { levels: multiscale().levels[..1].to_vec(), ..multiscale() }, None);
    sound(&gray);
    assert!(!gray.svg.contains("that matters"));
}

#[test]
fn pictures_by_class() {
    let classes: Vec<(String, u64)> =
        [("cat", 812), ("dog", 1_204), ("frog", 96), ("ship", 640)].map(|(c, n)| (c.to_owned(), n)).to_vec();
    let chart = balance_chart("b", &classes);
    sound(&chart);
    insta::assert_snapshot!(chart.svg);
    assert_eq!(chart.title, "2,752 pictures in 4 classes");
    assert_eq!(chart.table.rows[0], [ChartCell::Text("dog".into()), 1_204.0.into(), (1_204.0 / 2_752.0).into()]);
    let many: Vec<(String, u64)> = (0..100).map(|i| (format!("class {i}"), 10)).collect();
    let chart = balance_chart("b", &many);
    sound(&chart);
    assert_eq!(chart.table.rows.len(), 40);
    assert_eq!(chart.table.rows[39][..2], [ChartCell::Text("(61 others)".into()), ChartCell::Number(610.0)]);
}

#[test]
fn the_curves_of_a_network_have_a_chart_for_each_unit() {
    let epochs = 1..=12u64;
    let curve = |value: fn(f64) -> f64| epochs.clone().map(|e| (e, value(e as f64))).collect::<Vec<_>>();
    let (train, val) = (curve(|e| 2.2 * (-e / 4.0).exp() + 0.1), curve(|e| 2.1 * (-e / 4.0).exp() + 0.3));
    let (accuracy, rate) =
        (curve(|e| 0.9 - 0.7 * (-e / 3.0).exp()), curve(|e| 0.001 * (1.0 + (e / 12.0 * std::f64::consts::PI).cos())));
    let series = [
        Series { name: "train_loss", points: &train },
        Series { name: "val_loss", points: &val },
        Series { name: "val_accuracy", points: &accuracy },
        Series { name: "learning_rate", points: &rate },
    ];
    let charts = curve_charts("fit", &series);
    charts.iter().for_each(sound);
    let titles: Vec<&str> = charts.iter().map(|c| c.title.as_str()).collect();
    assert_eq!(titles, ["Loss", "Accuracy", "Learning rate"]);
    assert_eq!(charts.iter().map(|c| c.table.headers.len()).collect::<Vec<_>>(), [3, 2, 2]);
    assert!(!charts[2].svg.contains("logarithmic"), "a schedule that ends near 0 keeps its shape");
    insta::assert_snapshot!(charts.iter().map(|c| c.svg.as_str()).collect::<Vec<_>>().join("\n"));
    assert_eq!(curve_charts("fit", &[Series { name: "grad_norm", points: &rate }])[0].title, "Other values");
    assert!(curve_charts("fit", &[]).is_empty());
}

fn any_result() -> impl Strategy<Value = RobustnessResult> {
    let name =
        prop_oneof![Just(HOSTILE.to_owned()), Just(String::new()), Just("fog".to_owned()), Just("x".repeat(300))];
    (name, proptest::option::of(0..8u32), any_number(), any_number(), any_number()).prop_map(
        |(name, severity, accuracy, low, high)| RobustnessResult {
            accuracy,
            interval: Some(Interval { low, high }),
            ..changed(&name, severity, low)
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_robustness_is_drawn(changes in vec(any_result(), 0..40), baseline in any_number()) {
        let report = RobustnessReport { changes, baseline, ..robustness() };
        sound(&robustness_chart("r", &report));
        sound(&augmentations_chart("r", &report));
    }

    #[test]
    fn any_scales_are_drawn(levels in vec((any_number(), any_number(), vec(any_number(), 0..12)), 0..12), matters in any_number()) {
        let level = |(mean, p_value, distances): (f64, f64, Vec<f64>)| ScaleLevel {
            resolution: HOSTILE.into(),
            channels: distances.into_iter().map(|d| (HOSTILE.to_owned(), d)).collect(),
            mean,
            p_value,
        };
        let profile = MultiscaleProfile { levels: levels.into_iter().map(level).collect(), ..multiscale() };
        sound(&multiscale_chart("m", &profile, Some(matters)));
    }

    #[test]
    fn any_classes_are_drawn(classes in vec(any::<u64>(), 0..60)) {
        let classes: Vec<(String, u64)> = classes.into_iter().map(|n| (HOSTILE.to_owned(), n)).collect();
        sound_up_to(&balance_chart("b", &classes), 60_000);
    }
}
