//! `evaluation*.yaml`.

use crate::check::{Findings, typed};
use crate::shape::{End, LARGEST, Map, Need, Shape, field, int, number, section, word};
use driftgate_model::config::EvaluationConfig;
use serde_json::{Value as Json, json};

static CLASSIFICATION: Map = Map {
    about: "Metrics of classification",
    fields: &[
        word(
            "averaging",
            &["weighted", "macro", "binary"],
            "weighted",
            "Averaging of precision, recall and F1 over classes: by true rows, every class alike, or the positive class alone",
        ),
        field(
            "positive_label",
            Shape::Written,
            Need::Optional,
            "The positive class of `binary`; by default the last of the sorted labels",
        ),
        int("calibration_bins", 2, 1000, 10, "Bins of the calibration curve and of the expected calibration error"),
    ],
};

static REGRESSION: Map = Map { about: "Metrics of regression; nothing to set", fields: &[] };

static BOOTSTRAP: Map = Map {
    about: "Intervals of metrics, by resampling the evaluated rows",
    fields: &[
        int("resamples", 0, 1_000_000, 1000, "Resamples; 0 turns intervals off"),
        number("level", End::Without(0.0), End::Without(1.0), 0.95, "Level of the interval"),
        field("seed", Shape::Int { min: 0, max: LARGEST }, Need::Optional, "Seed; by default the run's `random_seed`"),
    ],
};

pub(crate) static EVALUATION: Map = Map {
    about: "How metrics are made",
    fields: &[
        section("classification", &CLASSIFICATION, "Metrics of classification"),
        section("regression", &REGRESSION, "Metrics of regression"),
        section("bootstrap", &BOOTSTRAP, "Intervals of metrics"),
    ],
};

/// The typed config of a checked evaluation mapping.
pub(crate) fn evaluation(
    mut json: Json,
    random_seed: u64,
    findings: &mut Findings<'_>,
    key: &str,
) -> Option<EvaluationConfig> {
    if findings.refuses() {
        return None;
    }
    let mut of_classes = json["classification"].take();
    let mut bootstrap = json["bootstrap"].take();
    if bootstrap["seed"].is_null() {
        bootstrap["seed"] = json!(random_seed);
    }
    let whole = json!({
        "averaging": of_classes["averaging"].take(),
        "positive_label": of_classes["positive_label"].take(),
        "calibration_bins": of_classes["calibration_bins"].take(),
        "bootstrap": bootstrap,
    });
    typed(whole, findings, key)
}
