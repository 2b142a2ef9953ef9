//! Charts: their bytes, and that no data break them.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use driftgate_model::{ColumnChart, DriftVerdict};
use driftgate_plots::{ChartCell, column_chart, effects_chart, history_chart};
use proptest::prelude::*;
use support::{HOSTILE, any_number, bars, bells, column, history, sound};

#[test]
fn a_histogram() {
    let chart = column_chart("c1", "mean_radius", &bells(22, 4.0));
    sound(&chart);
    insta::assert_snapshot!(chart.svg);
    assert_eq!(chart.table.rows.len(), 22);
    assert_eq!(chart.table.rows[0][0], ChartCell::Number(6.0));
}

#[test]
fn bars_of_categories() {
    let labels = ["Hochschule", "Realschule", "<none>", "", HOSTILE, &"long ".repeat(40)];
    let chart = column_chart("c2", "education & \"school\"", &bars(&labels));
    sound(&chart);
    insta::assert_snapshot!(chart.svg);
    assert_eq!(chart.table.rows[4][0], ChartCell::Text(HOSTILE.into()));
}

#[test]
fn a_ranking_of_effects() {
    let columns = [
        column("mean_radius", 9.7, DriftVerdict::Drifted, None),
        column("worst_fractal_dimension", 1.1, DriftVerdict::Inconclusive, None),
        column("texture", 0.3, DriftVerdict::Stable, None),
    ];
    let chart = effects_chart("e", &columns, 30);
    sound(&chart);
    insta::assert_snapshot!(chart.svg);
    let cut = effects_chart("e", &columns, 2);
    assert_eq!((cut.table.rows.len(), cut.title.as_str()), (2, "Effect by column: the 2 largest of 3"));
    // Whatever the colours, a shape and a word say the verdict.
    for word in ["drifted 9.7×", "inconclusive 1.1×", "stable 0.3×"] {
        assert!(chart.svg.contains(word), "{word}");
    }
}

#[test]
fn very_different_effects_share_a_scale() {
    let mut endless = column("endless", 1.0, DriftVerdict::Drifted, None);
    endless.tests[0].min_effect = f64::MIN_POSITIVE;
    let columns =
        [endless, column("a", 250.0, DriftVerdict::Drifted, None), column("b", 0.0, DriftVerdict::Stable, None)];
    let chart = effects_chart("e", &columns, 30);
    sound(&chart);
    assert!(chart.svg.contains("log(1 + x)") && chart.svg.contains("&gt;1,000,000×"), "{}", chart.svg);
}

#[test]
fn the_course_of_checks() {
    let chart = history_chart("h", &history(&[0.0, 0.0, 0.03, 0.0, 0.1, 0.2, 0.3, 0.37]));
    sound(&chart);
    insta::assert_snapshot!(chart.svg);
    // Oldest first.
    assert_eq!(chart.table.rows.last().unwrap()[5], ChartCell::Number(0.37));
    // Many checks: their marks must not hide each other.
    let many: Vec<f64> = (0..120).map(|i| if i % 17 > 12 { 0.25 } else { f64::from(i % 9) / 60.0 }).collect();
    let chart = history_chart("h", &history(&many));
    sound(&chart);
    insta::assert_snapshot!("the_course_of_many_checks", chart.svg);
    for shares in [&[][..], &[0.5], &[f64::NAN, 7.0], &[0.1; 500]] {
        sound(&history_chart("h", &history(shares)));
    }
}

#[test]
fn odd_columns_are_drawn() {
    let histogram =
        |edges: Vec<f64>, shares: Vec<f64>| ColumnChart::Histogram { edges, batch: shares.clone(), reference: shares };
    let odd = [
        histogram(vec![], vec![]),
        histogram(vec![1.0], vec![]),
        histogram(vec![0.5, 1.5], vec![1.0]),
        histogram(vec![2.0, 2.0], vec![1.0]),
        histogram(vec![f64::MIN, 0.0, f64::MAX], vec![0.5, 0.5]),
        histogram(vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY], vec![f64::NAN, -3.0]),
        histogram(vec![0.0, 5e-324], vec![1.0]),
        histogram(vec![1e15, 1e15 + 0.5, 1e15 + 1.0], vec![0.3, 0.7]),
        histogram((0..=20_000).map(f64::from).collect(), vec![1.0 / 20_000.0; 20_000]),
        ColumnChart::Bars { labels: vec![], reference: vec![], batch: vec![] },
        ColumnChart::Bars { labels: vec!["a".into()], reference: vec![1.0], batch: vec![] },
        ColumnChart::Bars {
            labels: (0..5_000).map(|i| format!("{i}{}", HOSTILE.repeat(20))).collect(),
            reference: vec![2e-4; 5_000],
            batch: vec![2e-4; 5_000],
        },
    ];
    for chart in &odd {
        sound(&column_chart("\"><", HOSTILE, chart));
        sound(&column_chart("", "", chart));
    }
    let ColumnChart::Bars { .. } = &odd[11] else { panic!("the last one has bars") };
    let chart = column_chart("c", "n", &odd[11]);
    assert_eq!(chart.table.rows.len(), 30);
    assert_eq!(chart.table.rows[29][0], ChartCell::Text("(4971 others)".into()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_histogram_breaks(
        name in any::<String>(),
        edges in proptest::collection::vec(any_number(), 0..60),
        reference in proptest::collection::vec(any_number(), 0..60),
        batch in proptest::collection::vec(any_number(), 0..60),
    ) {
        sound(&column_chart("p", &format!("n{name}"), &ColumnChart::Histogram { edges, reference, batch }));
    }

    #[test]
    fn no_bars_break(
        name in any::<String>(),
        bars in proptest::collection::vec((any::<String>(), any_number(), any_number()), 0..50),
    ) {
        let chart = ColumnChart::Bars {
            labels: bars.iter().map(|b| b.0.clone()).collect(),
            reference: bars.iter().map(|b| b.1).collect(),
            batch: bars.iter().map(|b| b.2).collect(),
        };
        sound(&column_chart("p", &format!("n{name}"), &chart));
    }

    #[test]
    fn no_effects_break(rows in proptest::collection::vec((any::<String>(), any_number(), any_number(), any_number(), any_number()), 0..40)) {
        let verdicts = [DriftVerdict::Drifted, DriftVerdict::Inconclusive, DriftVerdict::Stable];
        let columns: Vec<_> = rows.iter().enumerate().map(|(i, (name, effect, low, high, min))| {
            let mut c = column(name, 1.0, verdicts[i % 3], None);
            c.tests[0] = support::test("ks", *effect, *low, *high, *min, verdicts[i % 3]);
            c
        }).collect();
        sound(&effects_chart("p", &columns, 30));
    }
}
