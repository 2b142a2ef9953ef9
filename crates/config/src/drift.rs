//! `drift.yaml`.

use crate::check::{Findings, typed};
use crate::files::Files;
use crate::finding::ConfigErrors;
use crate::shape::{End, Field, LARGEST, Map, Need, Shape, field, flag, idle, int, number, section, word};
use crate::yaml::{Mark, Node};
use driftgate_model::{DriftConfig, Task};
use serde_json::{Value as Json, json};
use std::path::Path;

const NUMERICAL: [&str; 4] = ["ks", "psi", "wasserstein", "jensenshannon"];
const CATEGORICAL: [&str; 3] = ["chisquare", "psi", "jensenshannon"];

/// A share or a level: above 0, below 1.
const fn level(key: &'static str, default: f64, about: &'static str) -> Field {
    number(key, End::Without(0.0), End::Without(1.0), default, about)
}

/// An effect: above 0.
const fn effect(key: &'static str, default: f64, about: &'static str) -> Field {
    number(key, End::Without(0.0), End::Open, default, about)
}

static STATTEST: Map = Map {
    about: "The tests of single columns",
    fields: &[
        word("numerical", &NUMERICAL, "ks", "The test of numeric columns"),
        word("categorical", &CATEGORICAL, "chisquare", "The test of categorical columns"),
    ],
};

static THRESHOLD: Map = Map {
    about: "Levels of adjusted p-values; with `severity.rule: reference`, thresholds of scores",
    fields: &[level("numerical", 0.05, "Of numeric columns"), level("categorical", 0.05, "Of categorical columns")],
};

static MINIMA: Map = Map {
    about: "The smallest effect that matters, by test",
    fields: &[
        effect("ks", 0.1, "Largest distance between the distribution functions"),
        effect("chisquare", 0.1, "Cohen's w"),
        effect("psi", 0.1, "Population stability index"),
        effect("wasserstein", 0.1, "Wasserstein distance in standard deviations of the reference"),
        effect("jensenshannon", 0.1, "Jensen-Shannon distance, natural logarithm"),
        level("missing", 0.05, "Difference in the share of missing values"),
        level("new_category", 0.01, "Share of rows whose category the reference has not"),
        level(
            "performance",
            0.05,
            "Accuracy lost; for regression, mean absolute error gained as a share of the reference's",
        ),
    ],
};

static EFFECT: Map = Map {
    about: "Which effects matter: a column drifted only where its effect is surely larger than this",
    fields: &[
        level("level", 0.95, "Level of the effects' intervals"),
        section("min", &MINIMA, "By test"),
        field(
            "columns",
            Shape::Dict(&Shape::Number { low: End::Without(0.0), high: End::Open }),
            Need::Optional,
            "Of single columns by name, whatever the test",
        ),
    ],
};

static GLOBAL: Map = Map {
    about: "The test of all columns together: many small moves, and pairs that changed together",
    fields: &[
        flag("enabled", true, "Whether it is made"),
        int("sample", 50, 5_000, 750, "Most rows of either side that it looks at"),
        int("permutations", 99, 100_000, 499, "Permutations"),
        level("alpha", 0.01, "Level of its p-value"),
    ],
};

static SEVERITY: Map = Map {
    about: "How bad a drift is",
    fields: &[
        word(
            "rule",
            &["effect", "reference"],
            "effect",
            "By effect sizes with intervals, or as the Python reference does: by scores and the share of drifted columns",
        ),
        number("low_max", End::With(0.0), End::With(1.0), 0.25, "Share of drifted columns up to which it is low"),
        number("medium_max", End::With(0.0), End::With(1.0), 0.5, "Share of drifted columns up to which it is medium"),
        number(
            "medium_from",
            End::With(1.0),
            End::Open,
            2.0,
            "A column is medium from this multiple of its smallest effect",
        ),
        number(
            "high_from",
            End::With(1.0),
            End::Open,
            4.0,
            "A column is high from this multiple of its smallest effect",
        ),
    ],
};

static FEATURE_SEVERITY: Map = Map {
    about: "Scores of single columns under `severity.rule: reference`",
    fields: &[
        level("high_below", 0.001, "A drifted column is high below this score"),
        level("medium_below", 0.01, "A drifted column is medium below this score"),
    ],
};

static MONITORING: Map = Map {
    about: "When a batch is too small, and what a check ends with",
    fields: &[
        idle("enabled", "A check is made when somebody asks for it"),
        int("min_batch_size", 2, LARGEST, 10, "Batches with fewer rows are not checked"),
        word("alert_severity", &["low", "medium", "high"], "medium", "From here on a check asks for a response"),
        word(
            "fail_on_severity",
            &["low", "medium", "high", "never"],
            "high",
            "From here on a check that nobody watches exits 2",
        ),
    ],
};

static IMAGE_SEVERITY: Map = Map {
    about: "Pixel distances that matter, as Wasserstein distance in standard deviations of the reference",
    fields: &[
        effect("medium", 0.1, "The smallest that matters: from here on a drifted batch is medium"),
        effect("high", 0.25, "From here on it is high"),
    ],
};

static MMD: Map = Map {
    about: "The test of all embeddings together, by the maximum mean discrepancy",
    fields: &[
        flag("enabled", true, "Whether it is made"),
        int("sample", 50, 50_000, 10_000, "Most pictures of either side that it looks at"),
        int("permutations", 99, 100_000, 499, "Permutations"),
        word(
            "bandwidth",
            &["median", "aggregated"],
            "median",
            "Width of the kernel: the median distance, or the best of five widths around it",
        ),
        level("alpha", 0.01, "Level of its p-value"),
    ],
};

static IMAGE: Map = Map {
    about: "How batches of pictures are compared",
    fields: &[
        section("severity", &IMAGE_SEVERITY, "Pixel distances that matter"),
        int("permutations", 99, 100_000, 999, "Permutations behind the p-values of pixel distances"),
        section("mmd", &MMD, "The test of all embeddings together"),
        int("evidence", 0, 1000, 8, "Most shifted pictures that a report shows"),
        int("neighbours", 1, 100, 3, "Nearest reference pictures shown beside each"),
        idle("scenarios", "Settings of raw pictures, which are not read yet"),
        idle("parameter_bounds", "Settings of raw pictures, which are not read yet"),
    ],
};

static DRIFT: Map = Map {
    about: "How batches are checked for drift",
    fields: &[
        idle("enabled", "A check is made when somebody asks for it"),
        word("reference_source", &["train"], "train", "The reference is the train split of the model's own data"),
        section("stattest", &STATTEST, "The tests of single columns"),
        section("stattest_threshold", &THRESHOLD, "Levels of adjusted p-values"),
        word(
            "correction",
            &["benjamini_hochberg", "holm", "bonferroni", "none"],
            "benjamini_hochberg",
            "How p-values of many columns are adjusted",
        ),
        section("effect", &EFFECT, "Which effects matter"),
        section("global", &GLOBAL, "The test of all columns together"),
        number(
            "drift_share",
            End::With(0.0),
            End::With(1.0),
            0.5,
            "Share of drifted columns from which a batch drifted, under `severity.rule: reference`",
        ),
        section("severity", &SEVERITY, "How bad a drift is"),
        section("feature_severity", &FEATURE_SEVERITY, "Scores of single columns under `severity.rule: reference`"),
        section("monitoring", &MONITORING, "When a batch is too small, and what a check ends with"),
        int("permutations", 99, 100_000, 999, "Permutations behind the p-values of distances"),
        int("seed", 0, LARGEST, 42, "Seed of permutations, resamples and samples"),
        field("image", Shape::Map(&IMAGE), Need::Optional, "How batches of pictures are compared"),
    ],
};

pub(crate) static DRIFT_FILE: Map =
    Map { about: "How batches are checked for drift", fields: &[section("drift", &DRIFT, "Its settings")] };

/// Ends in the wrong order.
fn order(node: Option<&Node>, json: &Json, findings: &mut Findings<'_>, key: &str) {
    let d = &json["drift"];
    let rules = [
        (["severity", "low_max"], ["severity", "medium_max"]),
        (["severity", "medium_from"], ["severity", "high_from"]),
        (["feature_severity", "high_below"], ["feature_severity", "medium_below"]),
    ];
    for (small, large) in rules {
        let value = |path: [&str; 2]| d[path[0]][path[1]].as_f64();
        let (Some(low), Some(high)) = (value(small), value(large)) else { continue };
        if low > high {
            let place = node.and_then(|n| n.at(&["drift", small[0], small[1]]).or(Some(n))).map(|n| n.mark);
            let message = format!("{low} is above `{}`, which is {high}", large.join("."));
            let suggestion = format!("make it at most {high}");
            findings.error(place, &format!("{key}drift.{}", small.join(".")), &message, suggestion);
        }
    }
}

/// The block about pictures in the resolved config's own words; `null` where it was not given or says nothing for `task`.
fn image(node: Option<&Node>, json: &Json, task: Option<Task>, findings: &mut Findings<'_>, key: &str) -> Json {
    let Some(entry) = node.and_then(|n| n.at(&["drift"])).and_then(|n| n.entry("image")) else { return Json::Null };
    if task.is_some_and(|task| task != Task::ImageClassificationCnn) {
        findings.idle(entry.mark, &format!("{key}drift.image"));
        return Json::Null;
    }
    let severity = &json["severity"];
    if let (Some(medium), Some(high)) = (severity["medium"].as_f64(), severity["high"].as_f64())
        && medium >= high
    {
        let place = entry.node.at(&["severity"]).map(|n| n.at(&["medium"]).unwrap_or(n).mark);
        let message = format!("{medium} is not below `image.severity.high`, which is {high}");
        let suggestion = format!("make it less than {high}");
        findings.error(place, &format!("{key}drift.image.severity.medium"), &message, suggestion);
    }
    json!({
        "medium": severity["medium"],
        "high": severity["high"],
        "permutations": json["permutations"],
        "mmd": json["mmd"],
        "evidence": json["evidence"],
        "neighbours": json["neighbours"],
    })
}

/// The typed config of a checked drift mapping; `key` is empty or ends with a dot. Without `task` it may be about anything.
pub(crate) fn drift(
    node: Option<&Node>,
    mut json: Json,
    task: Option<Task>,
    findings: &mut Findings<'_>,
    key: &str,
) -> Option<DriftConfig> {
    order(node, &json, findings, key);
    let image = image(node, &json["drift"]["image"], task, findings, key);
    if findings.refuses() {
        return None;
    }
    let d = &mut json["drift"];
    let fail_on = match d["monitoring"]["fail_on_severity"].as_str() {
        Some("never") | None => Json::Null,
        Some(severity) => severity.into(),
    };
    let columns = match d["effect"]["columns"].take() {
        Json::Null => json!({}),
        columns => columns,
    };
    let whole = json!({
        "numerical": d["stattest"]["numerical"],
        "categorical": d["stattest"]["categorical"],
        "threshold_numerical": d["stattest_threshold"]["numerical"],
        "threshold_categorical": d["stattest_threshold"]["categorical"],
        "correction": d["correction"],
        "effect": { "level": d["effect"]["level"], "min": d["effect"]["min"], "columns": columns },
        "global": d["global"],
        "severity": {
            "rule": d["severity"]["rule"],
            "low_max": d["severity"]["low_max"],
            "medium_max": d["severity"]["medium_max"],
            "medium_from": d["severity"]["medium_from"],
            "high_from": d["severity"]["high_from"],
            "high_below": d["feature_severity"]["high_below"],
            "medium_below": d["feature_severity"]["medium_below"],
            "drift_share": d["drift_share"],
        },
        "monitoring": {
            "min_batch_size": d["monitoring"]["min_batch_size"],
            "alert_severity": d["monitoring"]["alert_severity"],
            "fail_on_severity": fail_on,
        },
        "permutations": d["permutations"],
        "seed": d["seed"],
        "image": image,
    });
    typed(whole, findings, key)
}

/// What an empty drift file means.
pub fn default_drift() -> DriftConfig {
    let mut findings = Findings::new(Path::new("drift.yaml"));
    let json = findings.map(&DRIFT_FILE, &[], Mark { line: 1, column: 1 }, "");
    drift(None, json, None, &mut findings, "").expect("the table's defaults fit the table")
}

/// Reads the settings of drift checks from a drift file alone.
///
/// Errors: everything wrong in the file, in one go.
pub fn resolve_drift(path: &Path, files: &dyn Files) -> Result<DriftConfig, ConfigErrors> {
    let mut findings = Findings::new(path);
    let config = findings.read(files).and_then(|text| {
        let node = crate::yaml::parse(&text, &mut findings)?;
        let json = findings.map(&DRIFT_FILE, node.entries(), node.mark, "");
        drift(Some(&node), json, None, &mut findings, "")
    });
    let (errors, _) = findings.finish();
    match config {
        Some(config) if errors.is_empty() => Ok(config),
        _ => Err(ConfigErrors(errors)),
    }
}
