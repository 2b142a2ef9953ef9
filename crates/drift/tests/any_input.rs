//! Any input: no panic, no NaN, fields that never contradict one another.

#![allow(clippy::unwrap_used, reason = "tests may panic")]

mod common;

use driftgate_drift::{
    CategoricalColumn, DistanceThresholds, Finished, NumericColumn, ReferenceValues, check_categorical, check_numeric,
    column_thresholds, estimate, finish, fit_calibration,
};
use driftgate_model::{
    CancelToken, ColumnChart, ColumnDrift, Correction, DriftConfig, DriftSeverity, DriftTest, DriftTestResult,
    DriftVerdict, Matrix, SeverityRule,
};
use proptest::prelude::*;

fn value() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => -3.0..3.0f64,
        3 => (-2i32..3).prop_map(f64::from),
        1 => any::<f64>(),
        1 => prop::sample::select(vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0, f64::MAX, f64::MIN, 5e-324]),
    ]
}

fn values() -> impl Strategy<Value = Vec<f64>> {
    prop_oneof![3 => prop::collection::vec(value(), 0..60), 1 => (value(), 0..40usize).prop_map(|(v, n)| vec![v; n])]
}

fn counts() -> impl Strategy<Value = Vec<u64>> {
    prop::collection::vec(prop_oneof![Just(0), 1..4u64, 0..5000u64], 0..30)
}

fn settings() -> impl Strategy<Value = DriftConfig> {
    use DriftTest::{ChiSquare, JensenShannon, Ks, Psi, Wasserstein};
    let test = || prop::sample::select(vec![Ks, ChiSquare, Psi, Wasserstein, JensenShannon]);
    let correction = prop::sample::select(vec![
        Correction::BenjaminiHochberg,
        Correction::Holm,
        Correction::Bonferroni,
        Correction::None,
    ]);
    let rule = prop::sample::select(vec![SeverityRule::Effect, SeverityRule::Reference]);
    (test(), test(), correction, rule, 0.0..0.3f64).prop_map(|(numerical, categorical, correction, rule, min)| {
        let mut config = common::config();
        (config.numerical, config.categorical, config.correction) = (numerical, categorical, correction);
        config.severity.rule = rule;
        config.effect.columns.insert("x".into(), min);
        config.permutations = 39;
        config.global.permutations = 19;
        config
    })
}

fn check_result(test: &DriftTestResult) {
    let numbers = [Some(test.statistic), test.p_value, test.adjusted_p, test.effect, test.detectable];
    assert!(numbers.into_iter().flatten().all(f64::is_finite), "{test:?}");
    assert!(test.p_value.is_none_or(|p| (0.0..=1.0).contains(&p)), "{test:?}");
    assert!(test.interval.is_none_or(|i| i.low <= i.high && i.low.is_finite() && i.high.is_finite()), "{test:?}");
    assert!(test.p_value.is_some() || (test.note.is_some() && test.verdict == DriftVerdict::Inconclusive), "{test:?}");
}

fn check_chart(chart: &ColumnChart) {
    let (reference, batch) = match chart {
        ColumnChart::Histogram { edges, reference, batch } => {
            assert!(edges.len() == reference.len() + 1 && reference.len() <= 40, "{chart:?}");
            assert!(edges.iter().all(|e| e.is_finite()) && edges.windows(2).all(|w| w[0] < w[1]), "{chart:?}");
            (reference, batch)
        }
        ColumnChart::Bars { labels, reference, batch } => {
            assert!(labels.len() == reference.len() && labels.len() <= 20, "{chart:?}");
            (reference, batch)
        }
    };
    for shares in [reference, batch] {
        let sum: f64 = shares.iter().sum();
        assert!(shares.iter().all(|s| (0.0..=1.0 + 1e-12).contains(s)), "{chart:?}");
        assert!(sum.abs() < 1e-9 || (sum - 1.0).abs() < 1e-9, "{chart:?}");
    }
}

fn check_column(column: &ColumnDrift) {
    column.tests.iter().for_each(check_result);
    column.chart.iter().for_each(check_chart);
    assert_eq!(column.severity == DriftSeverity::None, column.verdict != DriftVerdict::Drifted, "{column:?}");
    assert_eq!(Some(column.verdict), column.tests.iter().map(|t| t.verdict).max());
}

fn check_all(done: &Finished) {
    done.columns.iter().chain(&done.outputs).for_each(check_column);
    let o = &done.overall;
    assert_eq!(o.severity == DriftSeverity::None, o.verdict != DriftVerdict::Drifted, "{o:?}");
    assert_eq!(o.total_columns, done.columns.len() as u64);
    assert!(o.drift_share.is_finite() && o.drifted_columns + o.inconclusive_columns <= o.total_columns, "{o:?}");
    let any = done.columns.iter().any(|c| c.verdict == DriftVerdict::Drifted);
    assert!(!(o.verdict == DriftVerdict::Stable && any), "{o:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases()))]

    #[test]
    fn columns(reference in values(), batch in values(), r in counts(), b in counts(), gone in 0..50u64, config in settings(), stored: bool) {
        let reference: Vec<f64> = common::sorted(reference.into_iter().filter(|v| !v.is_nan()).collect());
        let (r, b) = (common::named(&r), common::named(&b));
        let mut thresholds = DistanceThresholds::new(config.permutations);
        for (name, test, values) in [
            ("x", config.numerical, ReferenceValues::Numbers(&reference)),
            ("y", config.categorical, ReferenceValues::Categories(&r)),
        ] {
            let made = column_thresholds(name, test, values, config.permutations, 1, 1, &CancelToken::new()).unwrap();
            made.into_iter().for_each(|c| {
                assert!(c.sizes.iter().all(|s| s.quantiles.iter().all(|q| !q.is_nan())), "{c:?}");
                thresholds.columns.insert(name.into(), c);
            });
        }
        let thresholds = stored.then_some(&thresholds);
        let numeric = NumericColumn { name: "x", reference: &reference, reference_missing: gone, batch, thresholds };
        let categorical = CategoricalColumn { name: "y", reference: &r, reference_missing: 0, batch: &b, batch_missing: gone, thresholds };
        let columns = vec![check_numeric(numeric.clone(), &config), check_categorical(categorical, &config)];
        check_all(&finish(columns, vec![check_numeric(numeric, &config)], None, &config));
    }

    #[test]
    fn tables(r in values(), b in values(), config in settings()) {
        let matrix = |v: &[f64]| Matrix::from_columns(v.len() / 2, 2, v[..v.len() / 2 * 2].to_vec()).unwrap();
        let found = common::together(&matrix(&r), &matrix(&b), &config, 1, &CancelToken::new()).unwrap();
        check_result(&found);
        check_all(&finish(Vec::new(), Vec::new(), Some(found), &config));
    }

    #[test]
    fn confidences(c in prop::collection::vec((value(), any::<bool>()), 0..80), batch in values()) {
        let (confidences, hits): (Vec<f64>, Vec<bool>) = c.into_iter().unzip();
        let fitted = fit_calibration((&confidences, &hits), (&confidences, &hits)).unwrap();
        prop_assert!([fitted.intercept, fitted.slope, fitted.check_z, fitted.check_p].iter().all(|v| v.is_finite()), "{:?}", fitted);
        let found = estimate(&batch, Some(&fitted), None, 0.95);
        prop_assert_eq!(found.status == "estimated", found.value.is_some());
        prop_assert!(found.value.is_none_or(|v| (0.0..=1.0).contains(&v)));
    }
}

/// A tenth of the long proof (`cargo xtask deep`) by default.
fn cases() -> u32 {
    if std::env::var_os("DRIFTGATE_DEEP").is_some() { 4000 } else { 200 }
}
