//! Charts of runs, decisions and serving: their bytes, and that no data break them.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use driftgate_model::views::{HistoryLine, ModelHistory};
use driftgate_model::*;
use driftgate_plots::*;
use proptest::collection::vec;
use proptest::prelude::*;
use std::collections::BTreeMap;
use support::{HOSTILE, any_number, sound, sound_up_to};

/// Falls from 1 to about `end`, with some noise.
fn loss(steps: u64, end: f64) -> Vec<(u64, f64)> {
    let value = |i: u64| end + (1.0 - end) * (-(i as f64) * 5.0 / steps as f64).exp() + 0.01 * (i as f64 * 1.7).sin();
    (1..=steps).map(|i| (i, value(i))).collect()
}

#[test]
fn curves_of_a_fit() {
    let (train, mut val) = (loss(200, 0.12), loss(200, 0.24));
    val[120].1 = f64::NAN;
    let series = [Series { name: "train_loss", points: &train }, Series { name: "val_loss", points: &val }];
    let chart = curve_chart("k", "Loss by iteration", &series);
    sound(&chart);
    insta::assert_snapshot!(chart.svg);
    assert!(chart.svg.contains("stroke-dasharray") && chart.svg.contains("1 value is not a number and is left out"));
    assert_eq!((chart.table.rows.len(), chart.table.rows[120][2].clone()), (200, ChartCell::Missing));
    // Colour is not what tells them apart: the legend shows each one's dashes and name.
    assert!(chart.svg.contains("train_loss 0.1") && chart.svg.contains("val_loss 0.2"));
}

#[test]
fn many_curves_and_wide_ranges() {
    let points: Vec<Vec<(u64, f64)>> =
        (0..7).map(|k| (1..=20).map(|i| (i, 10f64.powf(2.0 - i as f64 / 4.0) * f64::from(k + 1))).collect()).collect();
    let names: Vec<String> = (0..7).map(|k| format!("metric_number_{k}")).collect();
    let series: Vec<Series> = names.iter().zip(&points).map(|(name, points)| Series { name, points }).collect();
    let chart = curve_chart("k", "Many", &series);
    sound(&chart);
    insta::assert_snapshot!(chart.svg);
    assert!(chart.svg.contains("logarithmic"));
    for points in [&[][..], &[(7, 0.5)], &[(0, 1.0), (u64::MAX, 2.0)], &[(3, f64::NAN)], &[(1, 1.0), (1, 2.0)]] {
        sound(&curve_chart("k", "", &[Series { name: "", points }, Series { name: HOSTILE, points }]));
    }
    let long: Vec<(u64, f64)> = loss(1_000_000, 0.1);
    sound(&curve_chart("k", "long", &[Series { name: "a", points: &long }; 12]));
}

fn names(n: usize) -> Vec<String> {
    (0..n).map(|i| format!("class {i}")).collect()
}

#[test]
fn a_confusion_matrix() {
    let labels = ["setosa", "versicolor", "virginica"].map(str::to_owned);
    let chart = confusion_chart("m", &labels, &[vec![50, 0, 0], vec![0, 47, 3], vec![0, 4, 1246]]);
    sound(&chart);
    insta::assert_snapshot!(chart.svg);
    assert_eq!(chart.table.rows[1][3], ChartCell::Number(3.0));
    assert!(chart.description.contains("1,343 of 1,350 rows"), "{}", chart.description);
}

#[test]
fn a_confusion_matrix_of_many_labels() {
    let n = 40;
    let cell = |t: usize, p: usize| if t == p { 900 + t as u64 * 40 } else { ((t * 7 + p * 3) % 11) as u64 / 7 };
    let counts: Vec<Vec<u64>> = (0..n).map(|t| (0..n).map(|p| cell(t, p)).collect()).collect();
    let chart = confusion_chart("m", &names(n), &counts);
    sound_up_to(&chart, 250_000);
    insta::assert_snapshot!(chart.svg);
    assert_eq!((chart.table.rows.len(), chart.table.headers.len()), (30, 31));
    assert!(chart.svg.contains("The 11 labels are the rarest ones"));
    sound(&confusion_chart("m", &names(9), &[vec![3, 4], vec![], vec![1; 40]]));
    sound_up_to(&confusion_chart("m", &vec![HOSTILE.to_owned(); 30], &vec![vec![u64::MAX; 30]; 30]), 250_000);
}

fn class(label: &str, support: u64, precision: f64, recall: f64) -> ClassMetrics {
    let f1_score = 2.0 * precision * recall / (precision + recall);
    ClassMetrics { label: label.into(), support, precision, recall, f1_score }
}

#[test]
fn metrics_of_each_class() {
    let classes = [
        class("setosa", 50, 1.0, 1.0),
        class("versicolor", 50, 0.922, 0.94),
        class("virginica, the one with the long name", 1250, 0.938, 0.92),
        class(HOSTILE, 3, 0.0, 0.0),
    ];
    let chart = classes_chart("p", &classes);
    sound(&chart);
    insta::assert_snapshot!(chart.svg);
    assert_eq!(chart.table.rows[2][1], ChartCell::Number(1250.0));
    sound(&classes_chart("p", &[]));
    sound(&classes_chart("p", &vec![class("x", u64::MAX, 0.5, 0.5); 200]));
}

#[test]
fn a_calibration_curve() {
    let bin = |i: usize| {
        let low = 0.5 + i as f64 * 0.05;
        CalibrationBin {
            low,
            high: low + 0.05,
            rows: [3, 8, 0, 14, 12, 20, 33, 41, 96, 1220][i],
            confidence: low + 0.027,
            accuracy: [0.33, 0.5, 0.0, 0.64, 0.66, 0.7, 0.79, 0.83, 0.92, 0.985][i],
        }
    };
    let bins: Vec<CalibrationBin> = (0..10).map(bin).collect();
    let chart = calibration_chart("r", &bins);
    sound(&chart);
    insta::assert_snapshot!(chart.svg);
    assert_eq!(chart.table.rows.len(), 9, "bins without rows say nothing");
    sound(&calibration_chart("r", &[]));
}

fn metric(value: f64, half: f64) -> MetricValue {
    MetricValue { value: Some(value), interval: Some(Interval { low: value - half, high: value + half }), note: None }
}

fn evaluation(metrics: &[(&str, f64, f64, f64)]) -> SplitEvaluation {
    SplitEvaluation {
        split: "test".into(),
        rows: 86,
        metrics: metrics.iter().map(|(name, v, half, _)| ((*name).to_owned(), metric(*v, *half))).collect(),
        baseline: metrics.iter().map(|(name, _, _, base)| ((*name).to_owned(), Some(*base))).collect(),
        averaging: None,
        labels: Vec::new(),
        per_class: Vec::new(),
        confusion_matrix: Vec::new(),
        calibration: Vec::new(),
        bootstrap: Some(BootstrapSpec {
            method: "percentile".into(),
            resamples: 1000,
            level: 0.95,
            seed: 7,
            stratified: true,
        }),
    }
}

#[test]
fn metrics_of_a_split() {
    let mut split = evaluation(&[
        ("accuracy", 0.953, 0.04, 0.62),
        ("f1_score", 0.948, 0.045, 0.38),
        ("roc_auc", 0.988, 0.01, 0.5),
        ("mcc", 0.9, 0.08, 0.0),
        ("log_loss", 0.14, 0.06, 0.66),
        ("brier", 0.04, 0.02, 0.24),
    ]);
    split.metrics.insert("pr_auc".into(), MetricValue::default());
    let chart = metrics_chart("s", &split);
    sound(&chart);
    insta::assert_snapshot!(chart.svg);
    assert_eq!(chart.title, "Metrics on test: 86 rows");
    assert!(chart.svg.contains("95 % interval") && chart.svg.contains("baseline"));
}

#[test]
fn metrics_in_the_unit_of_the_target() {
    let split = evaluation(&[
        ("mae", 34_210.5, 900.0, 91_000.0),
        ("mse", 2.4e9, 2e8, 1.3e10),
        ("r2", 0.82, 0.02, 0.0),
        ("rmse", 49_000.0, 2_000.0, 115_000.0),
    ]);
    let chart = metrics_chart("s", &split);
    sound(&chart);
    insta::assert_snapshot!(chart.svg);
    assert!(chart.svg.contains("each row on its own scale"));
}

#[test]
fn importances() {
    let all: Vec<(String, f64)> =
        (0..40).map(|i| (format!("feature_{i}"), if i == 39 { -0.01 } else { 0.3 / f64::from(40 - i) })).collect();
    let chart = importance_chart("i", &all, 12);
    sound(&chart);
    insta::assert_snapshot!(chart.svg);
    assert_eq!(chart.title, "Feature importance: the 12 largest of 40");
    assert_eq!(chart.table.rows[0][0], ChartCell::Text("feature_38".into()));
    for odd in
        [vec![], vec![(HOSTILE.repeat(9), f64::NAN)], vec![("x".into(), -1.0)], vec![("x".into(), f64::MAX); 300]]
    {
        sound(&importance_chart("i", &odd, usize::MAX));
    }
}

fn difference(production: f64, candidate: f64, half: f64, lower: bool) -> MetricComparison {
    let delta = candidate - production;
    let verdict = if delta == 0.0 {
        "equal"
    } else if (delta > 0.0) != lower {
        "better"
    } else {
        "worse"
    };
    MetricComparison {
        candidate: Some(candidate),
        production: Some(production),
        delta: Some(delta),
        interval: Some(Interval { low: delta - half, high: delta + half }),
        verdict: verdict.into(),
    }
}

fn comparison(metrics: &[(&str, f64, f64, f64)]) -> Comparison {
    Comparison {
        production_version: Some(3),
        production_artifact: None,
        overall_verdict: "mixed".into(),
        split: "test".into(),
        per_metric: metrics
            .iter()
            .map(|(name, b, a, half)| ((*name).to_owned(), difference(*b, *a, *half, lower_is_better(name))))
            .collect(),
        method: "paired bootstrap".into(),
    }
}

const CLEAN: [(&str, f64, f64, f64); 5] = [
    ("accuracy", 0.953, 0.942, 0.03),
    ("f1_score", 0.948, 0.948, 0.02),
    ("log_loss", 0.14, 0.11, 0.02),
    ("recall", 0.97, 0.91, 0.03),
    ("roc_auc", 0.988, 0.992, 0.003),
];
const DRIFTED: [(&str, f64, f64, f64); 5] = [
    ("accuracy", 0.713, 0.931, 0.05),
    ("f1_score", 0.66, 0.92, 0.06),
    ("log_loss", 0.71, 0.19, 0.1),
    ("recall", 0.58, 0.94, 0.08),
    ("roc_auc", 0.85, 0.975, 0.03),
];

#[test]
fn a_candidate_against_production() {
    let chart = comparison_chart("d", &comparison(&CLEAN));
    sound(&chart);
    insta::assert_snapshot!(chart.svg);
    assert_eq!(chart.title, "Candidate against v3 in Production on test");
    // Less of a loss lies on the better side.
    assert!(chart.description.contains("2 better, 1 worse, 1 without a clear difference"), "{}", chart.description);
    let regression = comparison(&[("mae", 34_000.0, 33_000.0, 700.0), ("r2", 0.82, 0.83, 0.02)]);
    let chart = comparison_chart("d", &regression);
    sound(&chart);
    assert!(chart.svg.contains("each row on its own scale"));
    sound(&comparison_chart("d", &Comparison { production_version: None, ..comparison(&[]) }));
}

fn before_after(clean: &[(&str, f64, f64, f64)], drifted: &[(&str, f64, f64, f64)]) -> BeforeAfter {
    BeforeAfter {
        adaptation: support::check_id(),
        clean: comparison(clean),
        drifted: comparison(drifted),
        clean_rows: 86,
        drifted_rows: 140,
    }
}

#[test]
fn before_and_after_an_adaptation() {
    let chart = before_after_chart("b", &before_after(&CLEAN, &DRIFTED));
    sound(&chart);
    insta::assert_snapshot!(chart.svg);
    assert_eq!((chart.table.rows.len(), chart.table.rows[5][0].clone()), (10, "Drifted holdout".into()));
    let regression = [("mae", 34_000.0, 33_000.0, 700.0), ("r2", 0.82, 0.83, 0.02)];
    let chart = before_after_chart("b", &before_after(&regression, &regression));
    sound(&chart);
    insta::assert_snapshot!("before_and_after_in_the_unit_of_the_target", chart.svg);
    sound(&before_after_chart("b", &before_after(&[], &DRIFTED)));
}

/// Hours since the start, version and whether it is a rollback.
fn moves(list: &[(i64, u32, bool)]) -> ModelHistory {
    let line = |(i, (hours, to, rollback)): (usize, &(i64, u32, bool))| HistoryLine {
        seq: i as u64,
        at: Timestamp::from_second(1_767_225_600 + hours * 3600).unwrap(),
        cause: if *rollback { "rollback" } else { "approval" }.into(),
        from: None,
        to: *to,
        actor: Some("ada".into()),
        signed_by: None,
        reason: Some(HOSTILE.into()),
    };
    ModelHistory {
        schema: "driftgate/history/1".into(),
        model: ModelName::new("wine-classification").unwrap(),
        at: None,
        production: None,
        moves: list.iter().enumerate().map(line).collect(),
    }
}

#[test]
fn versions_in_production() {
    let until = |hours: i64| Timestamp::from_second(1_767_225_600 + hours * 3600).unwrap();
    let history = moves(&[(0, 1, false), (50, 2, false), (140, 3, false), (152, 2, true), (260, 4, false)]);
    let chart = versions_chart("v", &history, until(400));
    sound(&chart);
    insta::assert_snapshot!(chart.svg);
    assert_eq!(chart.table.rows[3][3], ChartCell::Text("rollback".into()));
    assert!(chart.description.starts_with("5 moves, of them 1 rollback. v4 is in Production"), "{}", chart.description);
    let short = versions_chart("v", &moves(&[(0, 1, false), (1, 2, false), (3, 1, true)]), until(30));
    sound(&short);
    insta::assert_snapshot!("versions_of_a_day", short.svg);
    // Clocks jump, workspaces grow old, and nothing may have happened.
    for (list, end) in [
        (vec![], 0),
        (vec![(5, 1, false)], 0),
        (vec![(9, 1, false), (2, 2, false), (-900_000, 1, true)], -10),
        ((0..500).map(|i| (i, (i as u32 % 45) + 1, i % 3 == 0)).collect(), 600),
        (vec![(-17_000_000, 1, false), (0, 2, false)], 60_000_000),
    ] {
        sound(&versions_chart("v", &moves(&list), until(end)));
    }
}

#[test]
fn requests_by_second() {
    let rate: Vec<f64> = (0..90).map(|i: i32| f64::from((i * 7) % 13) + if i == 60 { 25.0 } else { 0.0 }).collect();
    let chart = rate_chart("q", &rate);
    sound(&chart);
    insta::assert_snapshot!(chart.svg);
    assert_eq!(chart.table.rows.last().unwrap()[0], ChartCell::Number(0.0));
    assert!(chart.svg.len() < 8_000, "it is drawn again each second: {}", chart.svg.len());
    sound(&rate_chart("q", &[]));
    sound(&rate_chart("q", &vec![1.0; 5_000]));
}

fn row(name: &str, value: f64, half: f64) -> IntervalRow {
    IntervalRow {
        name: name.into(),
        value: Some(value),
        interval: Some(Interval { low: value - half, high: value + half }),
        reference: None,
    }
}

#[test]
fn a_metric_of_several_runs() {
    let mut runs = vec![row("0199a3f2 random_forest", 0.953, 0.03), row("0199a3f9 gradient_boosting", 0.961, 0.025)];
    runs.push(IntervalRow { name: "0199a401 logistic".into(), value: Some(0.944), ..IntervalRow::default() });
    runs.push(IntervalRow { name: "0199a40b failed".into(), ..IntervalRow::default() });
    let chart = compare_runs_chart("u", "accuracy", &runs);
    sound(&chart);
    insta::assert_snapshot!(chart.svg);
    assert!(chart.svg.contains("higher is better") && chart.svg.contains("not defined"));
    assert!(compare_runs_chart("u", "rmse", &runs).svg.contains("lower is better"));
}

#[test]
fn differences_have_a_line_at_zero() {
    let rows = [row("accuracy", 0.02, 0.03), row("recall", -0.05, 0.02), row("precision", 0.04, 0.01)];
    let chart = intervals_chart("z", "Differences", &rows);
    sound(&chart);
    insta::assert_snapshot!(chart.svg);
    assert!(chart.svg.contains("--dg-limit"));
    assert!(!intervals_chart("z", "Differences", &rows[2..]).svg.contains("--dg-limit"));
    sound(&intervals_chart("z", "", &[]));
}

#[test]
fn a_file_of_its_own_has_colours_and_a_ground() {
    let chart = rate_chart("q", &[1.0, 2.0]);
    let (light, dark) = (chart.to_standalone_svg(Ground::Light), chart.to_standalone_svg(Ground::Dark));
    assert!(light.contains("fill=\"#ffffff\"") && dark.contains("fill=\"#15191e\"") && !dark.contains("var("));
    insta::assert_snapshot!(light);
}

fn some(value: f64) -> Option<f64> {
    (!value.to_bits().is_multiple_of(5)).then_some(value)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn no_curves_break(
        title in any::<String>(),
        all in vec((any::<String>(), vec((prop_oneof![any::<u64>(), 0..50u64], any_number()), 0..80)), 0..12),
    ) {
        let series: Vec<Series> = all.iter().map(|(name, points)| Series { name, points }).collect();
        sound(&curve_chart("p", &title, &series));
    }

    #[test]
    fn no_confusion_breaks(labels in vec(any::<String>(), 0..34), counts in vec(vec(any::<u64>(), 0..40), 0..40)) {
        sound_up_to(&confusion_chart("p", &labels, &counts), 250_000);
    }

    #[test]
    fn no_classes_break(rows in vec((any::<String>(), any::<u64>(), any_number(), any_number()), 0..50)) {
        let classes: Vec<ClassMetrics> = rows.iter().map(|(l, n, p, r)| class(l, *n, *p, *r)).collect();
        sound(&classes_chart("p", &classes));
    }

    #[test]
    fn no_calibration_breaks(rows in vec((any_number(), any_number(), any::<u64>(), any_number(), any_number()), 0..120)) {
        let bin = |&(low, high, rows, confidence, accuracy): &_| CalibrationBin { low, high, rows, confidence, accuracy };
        sound(&calibration_chart("p", &rows.iter().map(bin).collect::<Vec<_>>()));
    }

    #[test]
    fn no_importances_break(rows in vec((any::<String>(), any_number()), 0..60), most in 0..200usize) {
        sound(&importance_chart("p", &rows, most));
    }

    #[test]
    fn no_intervals_break(
        title in any::<String>(),
        rows in vec((any::<String>(), any_number(), any_number(), any_number(), any_number()), 0..80),
    ) {
        let row = |(name, value, low, high, reference): &(String, f64, f64, f64, f64)| IntervalRow {
            name: name.clone(),
            value: some(*value),
            interval: some(*low).map(|low| Interval { low, high: *high }),
            reference: some(*reference),
        };
        let rows: Vec<IntervalRow> = rows.iter().map(row).collect();
        sound(&intervals_chart("p", &title, &rows));
        sound(&compare_runs_chart("p", &title, &rows));
    }

    #[test]
    fn no_comparison_breaks(rows in vec((any::<String>(), any_number(), any_number(), any_number(), any_number()), 0..20), split in any::<String>()) {
        let one = |(name, a, b, low, high): &(String, f64, f64, f64, f64)| {
            let verdict = ["better", "worse", "equal", HOSTILE][name.len() % 4];
            let found = MetricComparison {
                candidate: some(*a),
                production: some(*b),
                delta: some(*a - *b),
                interval: some(*low).map(|low| Interval { low, high: *high }),
                verdict: verdict.into(),
            };
            (name.clone(), found)
        };
        let per_metric: BTreeMap<String, MetricComparison> = rows.iter().map(one).collect();
        let c = Comparison { per_metric, split, ..comparison(&[]) };
        sound(&comparison_chart("p", &c));
        sound(&before_after_chart("p", &BeforeAfter { clean: c.clone(), drifted: c, ..before_after(&[], &[]) }));
    }

    #[test]
    fn no_history_of_versions_breaks(list in vec((-100_000..100_000i64, 1..60u32, any::<bool>()), 0..90), end in -100_000..100_000i64) {
        let until = Timestamp::from_second(1_767_225_600 + end * 3600).unwrap();
        sound(&versions_chart("p", &moves(&list), until));
    }

    #[test]
    fn no_rate_breaks(rate in vec(any_number(), 0..200)) {
        sound(&rate_chart("p", &rate));
    }
}
