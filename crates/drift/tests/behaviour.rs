//! What a caller sees: columns end to end, threads, thresholds, performance.

#![allow(clippy::unwrap_used, reason = "tests may panic")]

mod common;

use common::{Uniform, config, named, sorted};
use driftgate_drift::{
    BatchPerformance, CategoricalColumn, DistanceThresholds, NumericColumn, ReferenceValues, check_categorical,
    check_numeric, column_thresholds, estimate, finish, fit_calibration, performance,
};
use driftgate_model::{
    CancelToken, ColumnDrift, DriftConfig, DriftSeverity, DriftTest, DriftVerdict, ReferencePerformance,
};

fn numeric(reference: &[f64], batch: Vec<f64>, config: &DriftConfig) -> ColumnDrift {
    let input = NumericColumn { name: "x", reference, reference_missing: 0, batch, thresholds: None };
    finish(vec![check_numeric(input, config)], Vec::new(), None, config).columns.remove(0)
}

fn categorical(reference: &[u64], batch: &[u64], config: &DriftConfig) -> ColumnDrift {
    let (reference, batch) = (named(reference), named(batch));
    let input = CategoricalColumn {
        name: "y",
        reference: &reference,
        reference_missing: 0,
        batch: &batch,
        batch_missing: 0,
        thresholds: None,
    };
    finish(vec![check_categorical(input, config)], Vec::new(), None, config).columns.remove(0)
}

#[test]
fn a_shift_is_drift_and_none_is_stable_whatever_the_test() {
    let mut u = Uniform::new(1);
    let reference = sorted(u.normals(20_000, 0.0, 1.0));
    let (same, moved) = (u.normals(5000, 0.0, 1.0), u.normals(5000, 1.0, 1.0));
    for test in [DriftTest::Ks, DriftTest::Psi, DriftTest::Wasserstein, DriftTest::JensenShannon] {
        let config = DriftConfig { numerical: test, ..config() };
        let found = numeric(&reference, same.clone(), &config);
        assert_eq!((found.verdict, found.severity), (DriftVerdict::Stable, DriftSeverity::None), "{found:?}");
        let found = numeric(&reference, moved.clone(), &config);
        assert_eq!(found.verdict, DriftVerdict::Drifted, "{found:?}");
        assert!(found.severity >= DriftSeverity::Medium, "{found:?}");
    }
    for test in [DriftTest::ChiSquare, DriftTest::Psi, DriftTest::JensenShannon] {
        let config = DriftConfig { categorical: test, ..config() };
        assert_eq!(categorical(&[5000, 3000, 2000], &[2510, 1490, 1000], &config).verdict, DriftVerdict::Stable);
        assert_eq!(categorical(&[5000, 3000, 2000], &[1000, 1500, 2500], &config).verdict, DriftVerdict::Drifted);
    }
}

#[test]
fn missing_values_and_new_categories_are_seen() {
    let reference: Vec<f64> = (0..1000).map(f64::from).collect();
    let batch = (0..500).map(|i| if i % 4 == 0 { f64::NAN } else { f64::from(2 * i) }).collect();
    let found = numeric(&reference, batch, &config());
    let missing = found.tests.iter().find(|t| t.test == "missing").unwrap();
    assert_eq!(missing.verdict, DriftVerdict::Drifted);
    assert_eq!(missing.effect, Some(0.25));
    assert_eq!((found.reference_rows, found.batch_rows, found.verdict), (1000, 375, DriftVerdict::Drifted));
    let found = categorical(&[500, 500], &[240, 240, 20], &config());
    let new = found.tests.iter().find(|t| t.test == "new_category").unwrap();
    assert_eq!((new.effect, new.verdict), (Some(0.04), DriftVerdict::Drifted));
    assert_eq!(new.note.as_deref(), Some("1 new categories in 20 rows"));
    // A column of names that never repeat: new ones are no news.
    let found = categorical(&[1; 300], &(0..600).map(|i| u64::from(i >= 300)).collect::<Vec<_>>(), &config());
    let new = found.tests.iter().find(|t| t.test == "new_category").unwrap();
    assert_eq!((new.p_value, new.effect), (Some(1.0), Some(0.0)));
    assert_ne!(new.verdict, DriftVerdict::Drifted);
}

#[test]
fn what_cannot_be_tested_says_so() {
    for (reference, batch, word) in [
        (vec![], vec![1.0, 2.0], "the reference has no values"),
        (vec![1.0, 2.0], vec![f64::NAN; 9], "the batch has no values"),
        (vec![1.0, 2.0], vec![1.0], "the batch has one value"),
    ] {
        let found = numeric(&reference, batch, &config());
        assert_eq!((found.tests[0].p_value, found.tests[0].verdict), (None, DriftVerdict::Inconclusive));
        assert!(found.tests[0].note.as_deref().unwrap().contains(word), "{:?}", found.tests[0]);
    }
    let constant = numeric(&[7.0; 5000], vec![7.0; 5000], &config());
    assert_eq!(constant.verdict, DriftVerdict::Stable);
    assert!(constant.tests[0].note.as_deref().unwrap().contains("one value each"));
    let infinite = numeric(&[1.0, 2.0, 3.0], vec![f64::INFINITY, 2.0, 1.0], &config());
    assert!(infinite.tests[0].note.as_deref().unwrap().contains("infinite"), "{infinite:?}");
    let wrong = numeric(&[1.0, 2.0], vec![1.0, 2.0], &DriftConfig { numerical: DriftTest::ChiSquare, ..config() });
    assert!(wrong.tests[0].note.as_deref().unwrap().contains("test of categories"), "{wrong:?}");
}

#[test]
fn thresholds_agree_with_permutation_and_do_not_depend_on_threads() {
    let mut u = Uniform::new(5);
    let reference = sorted(u.normals(4000, 0.0, 1.0));
    let mut thresholds = DistanceThresholds::new(999);
    let token = CancelToken::new();
    for test in [DriftTest::Wasserstein, DriftTest::Psi, DriftTest::JensenShannon] {
        let make = |threads| {
            column_thresholds("x", test, ReferenceValues::Numbers(&reference), 999, 9, threads, &token)
                .unwrap()
                .unwrap()
        };
        let made = make(1);
        assert!(made == make(2) && made == make(3), "{test:?}");
        thresholds.columns.insert("x".into(), made);
        let config = DriftConfig { numerical: test, permutations: 1999, ..config() };
        for (rows, shift) in [(60, 0.2), (200, 0.1), (800, 0.05), (3000, 0.03)] {
            let batch = u.normals(rows, shift, 1.0);
            let p = |thresholds| {
                let input = NumericColumn {
                    name: "x",
                    reference: &reference,
                    reference_missing: 0,
                    batch: batch.clone(),
                    thresholds,
                };
                check_numeric(input, &config).tests[0].p_value.unwrap()
            };
            let (direct, stored) = (p(None), p(Some(&thresholds)));
            assert!(
                (direct - stored).abs() < 0.03 + 0.4 * direct.min(1.0 - direct),
                "{test:?} {rows}: {direct} {stored}"
            );
        }
    }
    let text = serde_json::to_string(&thresholds).unwrap();
    assert_eq!(serde_json::from_str::<DistanceThresholds>(&text).unwrap(), thresholds);
    token.cancel();
    assert!(column_thresholds("x", DriftTest::Psi, ReferenceValues::Numbers(&reference), 9, 9, 2, &token).is_err());
}

#[test]
fn performance_that_fell_is_drift() {
    let reference = ReferencePerformance { metric: "accuracy".into(), rows: 1000, value: 0.9, sd: 0.3 };
    let at = |value, rows| performance(&reference, BatchPerformance { rows, value, sd: 0.3 }, 0.02, 0.05, 0.95);
    assert_eq!(at(0.7, 500).verdict, DriftVerdict::Drifted);
    assert_eq!(at(0.95, 500).verdict, DriftVerdict::Stable);
    assert_eq!(at(0.88, 50).verdict, DriftVerdict::Inconclusive);
    assert_eq!(at(0.88, 1).p_value, None);
    assert!((at(0.7, 500).effect.unwrap() - 0.2).abs() < 1e-12);
}

#[test]
fn estimated_accuracy_holds_where_the_calibration_does() {
    let mut u = Uniform::new(17);
    // Stated confidence c, true chance of being right: flatter in the logit.
    let mut rows = |n: usize, low: f64| -> (Vec<f64>, Vec<bool>) {
        (0..n)
            .map(|_| {
                let c = low + (0.999 - low) * u.next();
                let logit = 0.2 + 0.6 * (c / (1.0 - c)).ln();
                (c, u.next() < 1.0 / (1.0 + (-logit).exp()))
            })
            .unzip()
    };
    let (validation, test, batch) = (rows(3000, 0.5), rows(3000, 0.5), rows(2000, 0.3));
    let fitted = fit_calibration((&validation.0, &validation.1), (&test.0, &test.1)).unwrap();
    assert!((fitted.intercept - 0.2).abs() < 0.2 && (fitted.slope - 0.6).abs() < 0.12, "{fitted:?}");
    assert!(fitted.check_p > 0.01, "{fitted:?}");
    let found = estimate(&batch.0, Some(&fitted), Some(0.8), 0.95);
    let truth = batch.1.iter().filter(|h| **h).count() as f64 / 2000.0;
    let interval = found.interval.unwrap();
    assert!(interval.low - 0.02 < truth && truth < interval.high + 0.02, "{truth} {found:?}");
    // Right answers that confidence does not explain: the check fails, and nothing is claimed.
    let inverted: Vec<bool> = test.1.iter().map(|h| !h).collect();
    let bad = fit_calibration((&validation.0, &validation.1), (&test.0, &inverted)).unwrap();
    let unknown = estimate(&batch.0, Some(&bad), None, 0.95);
    assert_eq!((unknown.status.as_str(), unknown.value), ("unknown", None));
    assert!(unknown.reason.unwrap().contains("Spiegelhalter"));
    assert_eq!(estimate(&batch.0[..5], Some(&fitted), None, 0.95).status, "unknown");
    assert!(fit_calibration((&[0.5], &[]), (&[], &[])).is_err());
}
