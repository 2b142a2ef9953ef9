//! Against scipy's values (tests/golden/drift.py) and the parity vectors of the Python reference.

#![allow(clippy::unwrap_used, reason = "tests may panic")]

use driftgate_drift::bins::numeric;
use driftgate_drift::jensenshannon::jensen_shannon;
use driftgate_drift::proportion::{self, Side};
use driftgate_drift::psi::psi;
use driftgate_drift::special::{chi2_sf, kolmogorov_sf, noncentral_chi2_cdf};
use driftgate_drift::wasserstein::{mean_sd, wasserstein};
use driftgate_drift::{BatchPerformance, adjust::adjust, chi2, ks, performance};
use driftgate_model::{Correction, ReferencePerformance};
use serde_json::Value;

fn golden() -> Value {
    serde_json::from_str(include_str!("golden/drift.json")).unwrap()
}

fn list(golden: &Value, name: &str) -> Vec<Value> {
    golden[name].as_array().unwrap_or_else(|| panic!("{name}")).clone()
}

fn num(v: &Value, key: &str) -> f64 {
    v[key].as_f64().unwrap_or_else(|| panic!("{key} of {v}"))
}

fn int(v: &Value, key: &str) -> u64 {
    v[key].as_u64().unwrap_or_else(|| panic!("{key} of {v}"))
}

fn floats(v: &Value) -> Vec<f64> {
    v.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
}

fn counts(v: &Value) -> Vec<u64> {
    v.as_array().unwrap().iter().map(|x| x.as_u64().unwrap()).collect()
}

#[track_caller]
fn near(got: f64, want: f64, relative: f64, what: &str) {
    assert!((got - want).abs() <= relative * want.abs() + 1e-300, "{what}: {got:e} against {want:e}");
}

#[test]
fn kolmogorov_smirnov_and_wasserstein() {
    for case in list(&golden(), "two_samples") {
        let (a, b) = (floats(&case["a"]), floats(&case["b"]));
        let found = ks::test(&a, &b).unwrap();
        let what = format!("{} x {}", a.len(), b.len());
        assert!(found.exact);
        near(found.statistic, num(&case, "d"), 1e-12, &what);
        near(found.p_value, num(&case, "p"), 1e-10, &what);
        near(wasserstein(&a, &b).unwrap(), num(&case, "wasserstein"), 1e-12, &what);
    }
    for case in list(&golden(), "exact") {
        near(
            ks::exact_p(int(&case, "scaled"), int(&case, "n"), int(&case, "m")),
            num(&case, "p"),
            1e-10,
            &case.to_string(),
        );
    }
}

#[test]
fn chi_square_and_jensen_shannon() {
    let cases = list(&golden(), "chi_square");
    assert!(cases.len() > 6, "{}", cases.len());
    for case in cases {
        let (a, b) = (counts(&case["a"]), counts(&case["b"]));
        let found = chi2::homogeneity(&a, &b).unwrap();
        assert_eq!(found.merged, 0);
        near(found.statistic, num(&case, "statistic"), 1e-10, "χ²");
        near(found.p_value, num(&case, "p"), 1e-10, "p");
        let fit = chi2::goodness_of_fit(&a, &b).unwrap();
        near(fit.statistic, num(&case, "fit"), 1e-10, "fit");
        near(fit.p_value, num(&case, "fit_p"), 1e-10, "fit p");
        near(jensen_shannon(&a, &b).unwrap(), num(&case, "jensenshannon"), 1e-10, "Jensen-Shannon");
    }
}

#[test]
fn proportions() {
    for case in list(&golden(), "proportions") {
        let test =
            |side| proportion::test(int(&case, "a"), int(&case, "n"), int(&case, "b"), int(&case, "m"), side).unwrap();
        assert_eq!(test(Side::Two).method, case["method"].as_str().unwrap(), "{case}");
        near(test(Side::Two).p_value, num(&case, "p"), 1e-10, &case.to_string());
        near(test(Side::Greater).p_value, num(&case, "greater"), 1e-10, &case.to_string());
    }
}

#[test]
fn distribution_functions() {
    let functions = &golden()["functions"];
    for case in list(functions, "kolmogorov") {
        near(kolmogorov_sf(num(&case, "x")), num(&case, "sf"), 1e-10, &case.to_string());
    }
    for case in list(functions, "chi2") {
        near(chi2_sf(num(&case, "x"), num(&case, "df")), num(&case, "sf"), 1e-10, &case.to_string());
    }
    for case in list(functions, "ncx2") {
        let got = noncentral_chi2_cdf(num(&case, "x"), num(&case, "df"), num(&case, "lambda"));
        assert!((got - num(&case, "cdf")).abs() < 1e-11 + 1e-10 * num(&case, "cdf"), "{case}: {got:e}");
    }
}

#[test]
fn adjusted_p_values() {
    for case in list(&golden(), "adjusted") {
        let p: Vec<Option<f64>> = floats(&case["p"]).into_iter().map(Some).collect();
        for (got, want) in adjust(&p, Correction::BenjaminiHochberg).into_iter().zip(floats(&case["bh"])) {
            near(got.unwrap(), want, 1e-12, "BH");
        }
    }
}

#[test]
fn welch() {
    for case in list(&golden(), "welch") {
        let reference = ReferencePerformance {
            metric: "mae".into(),
            rows: int(&case, "n"),
            value: num(&case, "mean_a"),
            sd: num(&case, "sd_a"),
        };
        let batch = BatchPerformance { rows: int(&case, "m"), value: num(&case, "mean_b"), sd: num(&case, "sd_b") };
        let found = performance(&reference, batch, 0.0, 0.05, 0.95);
        near(found.statistic, num(&case, "t"), 1e-10, "t");
        near(found.p_value.unwrap(), num(&case, "p"), 1e-9, "p");
        near(found.interval.unwrap().low, num(&case, "low"), 1e-7, "low");
        near(found.interval.unwrap().high, num(&case, "high"), 1e-7, "high");
    }
}

/// behaviour.md 7.2, measured on the Python reference.
#[test]
fn parity_with_the_reference() {
    let reference: Vec<f64> = (0..200).map(|i| f64::from(i) / 100.0).collect();
    let batch: Vec<f64> = (0..150).map(|j| f64::from(j) / 100.0 + 0.25).collect();
    let cells = numeric(&reference, &batch);
    let normed = wasserstein(&reference, &batch).unwrap() / mean_sd(&reference).unwrap().1;
    for (name, got, want) in [
        ("KS p", ks::test(&reference, &batch).unwrap().p_value, 0.127_646_5),
        ("PSI", psi(&cells.reference, &cells.batch).unwrap(), 1.437_705_9),
        ("normed W1", normed, 0.216_509_1),
        ("JS", jensen_shannon(&cells.reference, &cells.batch).unwrap(), 0.276_553_9),
    ] {
        assert!((got - want).abs() < 1e-6, "{name}: {got} against {want}");
    }
    // x, y, z of 200 rows by i mod 3; x, x, y, z, z of 150 rows by j mod 5.
    let (a, b) = ([67, 67, 66], [60, 30, 60]);
    for (name, got, want) in [
        ("χ² p", chi2::goodness_of_fit(&a, &b).unwrap().p_value, 0.002_155_4),
        ("PSI", psi(&a, &b).unwrap(), 0.094_627_5),
        ("JS", jensen_shannon(&a, &b).unwrap(), 0.108_299_3),
    ] {
        assert!((got - want).abs() < 1e-6, "{name}: {got} against {want}");
    }
}
