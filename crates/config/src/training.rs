//! `training_*.yaml`.

use crate::check::{Findings, typed};
use crate::cnn::{CNN_MODEL, FINE_TUNE, cnn};
use crate::shape::{End, Field, Literal, Map, Need, Shape, Tagged, field, idle, int, number, section};
use crate::suggest::list;
use crate::yaml::Node;
use driftgate_model::Task;
use driftgate_model::config::TrainingConfig;
use serde_json::{Value as Json, json};

const MOST: u64 = u32::MAX as u64;

pub(crate) const CLASS_WEIGHT: Field = field(
    "class_weight",
    Shape::Word(&["balanced"]),
    Need::Optional,
    "`balanced` weighs each class by rows / (classes * rows of the class); classification only",
);

const fn depth(need: Need) -> Field {
    field("max_depth", Shape::Int { min: 1, max: 10_000 }, need, "Deepest level of a tree; null is no limit")
}

static FOREST: Map = Map {
    about: "Breiman's random forest",
    fields: &[
        int("n_estimators", 1, 100_000, 100, "Trees"),
        depth(Need::Optional),
        int("min_samples_split", 2, MOST, 2, "A node with fewer rows is a leaf"),
        int("min_samples_leaf", 1, MOST, 1, "No leaf has fewer rows"),
        field(
            "max_features",
            Shape::Either {
                of: &[Shape::Word(&["sqrt", "all"]), Shape::Int { min: 1, max: MOST }],
                expects: "`sqrt`, `all` or a whole number from 1",
            },
            Need::Optional,
            "Columns drawn at each split; by default `sqrt` for classification and `all` for regression",
        ),
        CLASS_WEIGHT,
    ],
};

static LOGISTIC: Map = Map {
    about: "Logistic regression, binary or multinomial",
    fields: &[
        number("C", End::Without(0.0), End::Open, 1.0, "Inverse of the L2 penalty: smaller is stronger"),
        idle("solver", "There is one solver here, L-BFGS"),
        int("max_iter", 1, 1_000_000, 200, "Most iterations"),
        CLASS_WEIGHT,
    ],
};

static LINEAR: Map = Map {
    about: "Least squares; ridge regression where `alpha` is above 0",
    fields: &[number("alpha", End::With(0.0), End::Open, 0.0, "L2 penalty on the coefficients, not on the intercept")],
};

static BOOSTING: Map = Map {
    about: "Histogram gradient boosting; takes missing values",
    fields: &[
        int("max_iter", 1, 100_000, 300, "Most trees; for several classes, of each class"),
        number("learning_rate", End::Without(0.0), End::With(1.0), 0.05, "Shrinkage of each tree"),
        depth(Need::DefaultOrNull(Literal::Int(7))),
        int("max_leaf_nodes", 2, 65_536, 31, "Most leaves of a tree"),
        int("min_samples_leaf", 1, MOST, 20, "No leaf has fewer rows"),
        number("l2_regularization", End::With(0.0), End::Open, 0.1, "L2 penalty on leaf values"),
        int("max_bins", 2, 255, 255, "Bins of a column, missing not counted"),
        field(
            "early_stopping",
            Shape::Either {
                of: &[Shape::Word(&["auto", "on", "off"]), Shape::Bool],
                expects: "`auto`, `on`, `off`, true or false",
            },
            Need::Default(Literal::Text("auto")),
            "Stop when a held-out part of the train split no longer improves; `auto` is on above 10,000 rows",
        ),
        number(
            "validation_fraction",
            End::Without(0.0),
            End::Without(1.0),
            0.1,
            "Share of the train split held out to decide when to stop",
        ),
        int("n_iter_no_change", 1, 100_000, 10, "Iterations without progress before stopping"),
        number("tol", End::With(0.0), End::Open, 1e-7, "What counts as progress"),
        CLASS_WEIGHT,
    ],
};

macro_rules! estimator {
    ($name:ident, $of:expr) => {
        static $name: Map =
            Map { about: "An estimator", fields: &[section("hyperparameters", $of, "Its hyper-parameters")] };
    };
}
estimator!(FOREST_MODEL, &FOREST);
estimator!(LOGISTIC_MODEL, &LOGISTIC);
estimator!(LINEAR_MODEL, &LINEAR);
estimator!(BOOSTING_MODEL, &BOOSTING);

static MODEL: Tagged = Tagged {
    tag: "algorithm",
    default: None,
    about: "The estimator and its hyper-parameters",
    variants: &[
        ("random_forest", &FOREST_MODEL),
        ("logistic_regression", &LOGISTIC_MODEL),
        ("linear_regression", &LINEAR_MODEL),
        ("gradient_boosting", &BOOSTING_MODEL),
        ("cnn", &CNN_MODEL),
    ],
};

pub(crate) static TRAINING: Map = Map {
    about: "The estimator and its hyper-parameters",
    fields: &[
        field("model", Shape::Tagged(&MODEL), Need::Required, "The estimator"),
        section("fine_tune", &FINE_TUNE, "What `--fine-tune` does; for pictures alone"),
    ],
};

/// The algorithms of a task.
pub(crate) fn algorithms(task: Task) -> &'static [&'static str] {
    match task {
        Task::Regression => &["random_forest", "linear_regression", "gradient_boosting"],
        Task::Classification => &["random_forest", "logistic_regression", "gradient_boosting"],
        Task::ImageClassificationCnn => &["cnn"],
    }
}

/// The hyper-parameters in the resolved config's own words.
fn reword(algorithm: &str, given: &mut Json, task: Task) {
    let Json::Object(values) = given else {
        return;
    };
    match algorithm {
        "random_forest" => {
            let reworded = match values.get("max_features") {
                Some(Json::Number(n)) => json!({ "count": n }),
                Some(Json::String(word)) => json!(word),
                _ if task.is_classification() => json!("sqrt"),
                _ => json!("all"),
            };
            values.insert("max_features".into(), reworded);
        }
        "logistic_regression" => {
            let c = values.remove("C").unwrap_or(Json::Null);
            values.insert("c".into(), c);
        }
        "gradient_boosting" => {
            if let Some(Json::Bool(on)) = values.get("early_stopping") {
                let word = if *on { "on" } else { "off" };
                values.insert("early_stopping".into(), json!(word));
            }
        }
        _ => {}
    }
    values.insert("algorithm".into(), algorithm.into());
}

/// The typed config of a checked training mapping; `key` is empty or ends with a dot. `tile` is height and width of the
/// pictures that a network sees, where known.
pub(crate) fn training(
    node: &Node,
    mut json: Json,
    task: Option<Task>,
    tile: Option<[u64; 2]>,
    findings: &mut Findings<'_>,
    key: &str,
) -> Option<TrainingConfig> {
    let task = task?;
    let algorithm = json["model"]["algorithm"].as_str()?.to_owned();
    let of_task = algorithms(task);
    if !of_task.contains(&algorithm.as_str()) {
        let place = node.at(&["model", "algorithm"]).map(|n| n.mark);
        let message = format!("`{algorithm}` does not do {task}");
        let suggestion = format!("for {task} choose one of {}", list(of_task));
        findings.error(place, &format!("{key}model.algorithm"), &message, suggestion);
    }
    let weight = &json["model"]["hyperparameters"]["class_weight"];
    if task == Task::Regression && weight.is_string() {
        let place = node.at(&["model", "hyperparameters", "class_weight"]).map(|n| n.mark);
        let message = "regression has no classes to weigh";
        let suggestion = "remove the line, or set it to null";
        findings.error(place, &format!("{key}model.hyperparameters.class_weight"), message, suggestion);
    }
    let pictures = task == Task::ImageClassificationCnn;
    if !pictures && let Some(entry) = node.entry("fine_tune") {
        findings.idle(entry.mark, &format!("{key}fine_tune"));
    }
    let mut given = if pictures && algorithm == "cnn" {
        cnn(node, &json, tile, findings, key)
    } else {
        json["model"]["hyperparameters"].take()
    };
    reword(&algorithm, &mut given, task);
    if findings.refuses() { None } else { typed(given, findings, key) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_algorithm_of_a_task_has_a_table() {
        for task in [Task::Classification, Task::Regression, Task::ImageClassificationCnn] {
            for name in algorithms(task) {
                assert!(MODEL.names().contains(name), "{name}");
            }
        }
    }
}
