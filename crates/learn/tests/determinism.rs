//! The same configuration, data and seed give the same bytes with any number of threads.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod common;

use common::{every_estimator, fit_with, friedman};
use driftgate_learn::Model;
use driftgate_model::{Matrix, Target};

#[test]
fn one_two_three_and_seven_threads_give_the_same_bytes() {
    // Enough rows that boosting splits its work and logistic regression has several chunks.
    let (x, y) = friedman(9_000, 7, 11);
    for (name, config, target) in every_estimator(&y) {
        let one = fit_with(&config, &x, &target, 5, 1).unwrap();
        for threads in [2, 3, 7] {
            let other = fit_with(&config, &x, &target, 5, threads).unwrap();
            assert!(one.model.to_bytes() == other.model.to_bytes(), "{name}: {threads} threads gave other bytes");
            assert_eq!(one.oob_score, other.oob_score, "{name}: out-of-bag score with {threads} threads");
            assert_eq!(one.importances, other.importances, "{name}: importances with {threads} threads");
            assert_eq!(one.curve, other.curve, "{name}: curve with {threads} threads");
            assert_eq!(one.notes, other.notes, "{name}: notes with {threads} threads");
        }
    }
}

#[test]
fn missing_values_change_nothing_about_it() {
    let (x, y) = friedman(6_000, 5, 12);
    let holes = (0..x.cols())
        .flat_map(|j| x.column(j).iter().enumerate().map(move |(i, &v)| if (i + j) % 7 == 0 { f64::NAN } else { v }))
        .collect();
    let x = Matrix::from_columns(x.rows(), x.cols(), holes).unwrap();
    for (name, config, target) in every_estimator(&y).into_iter().filter(|c| c.0.starts_with("boosting")) {
        let one = fit_with(&config, &x, &target, 5, 1).unwrap().model.to_bytes();
        for threads in [2, 3, 7] {
            let other = fit_with(&config, &x, &target, 5, threads).unwrap().model.to_bytes();
            assert!(one == other, "{name}: {threads} threads gave other bytes");
        }
    }
}

#[test]
fn a_seed_names_the_result() {
    let (x, y) = friedman(2_000, 5, 13);
    for (name, config, target) in every_estimator(&y) {
        let bytes = |seed| fit_with(&config, &x, &target, seed, 2).unwrap().model.to_bytes();
        assert!(bytes(1) == bytes(1), "{name}: the same seed twice");
        let random = name.starts_with("forest") || name.starts_with("boosting");
        assert_eq!(bytes(1) != bytes(2), random, "{name}: another seed");
    }
}

#[test]
fn models_survive_bytes_and_json_exactly() {
    let (x, y) = friedman(1_500, 6, 14);
    for (name, config, target) in every_estimator(&y) {
        let model = fit_with(&config, &x, &target, 1, 1).unwrap().model;
        let bytes = model.to_bytes();
        let back = Model::from_bytes(&bytes).unwrap();
        assert_eq!(model, back, "{name}");
        assert_eq!(bytes, back.to_bytes(), "{name}");
        let json: Model = serde_json::from_str(&serde_json::to_string(&model).unwrap()).unwrap();
        assert_eq!(model, json, "{name} through JSON");
        assert_eq!(model.predict(&x).unwrap(), back.predict(&x).unwrap(), "{name}");
        assert_eq!(model.features(), 6);
        let labels = match &target {
            Target::Classes { labels, .. } => labels.as_slice(),
            Target::Values(_) => &[],
        };
        assert_eq!(model.labels(), labels, "{name}");
    }
}
