//! `preprocessing_*.yaml`.

use crate::check::{Findings, typed};
use crate::image::{IMAGE, image};
use crate::shape::{LARGEST, Map, Need, Shape, field, flag, idle, int, section, word};
use crate::suggest::cut;
use crate::yaml::{Mark, Node};
use driftgate_model::Task;
use driftgate_model::config::{CategoricalFill, MissingPolicy, NumericFill, PreprocessingConfig};
use serde_json::Value as Json;

const COLUMNS: Shape = Shape::List { of: &Shape::Written, empty: None, unique: true };

static ENCODING: Map = Map {
    about: "How categorical columns become numbers",
    fields: &[
        flag("enabled", false, "Off means that categorical columns are refused: no estimator here takes text"),
        word("strategy", &["onehot", "ordinal"], "onehot", "A 0/1 column for each category, or its rank"),
        word("handle_unknown", &["ignore", "error"], "ignore", "What a category unseen in training becomes"),
        field(
            "min_frequency",
            Shape::Int { min: 1, max: LARGEST },
            Need::Optional,
            "Categories seen fewer times in training share one column; one-hot only",
        ),
    ],
};

static SCALING: Map = Map {
    about: "Scaling of numeric columns",
    fields: &[
        flag("enabled", false, "Whether to scale"),
        word(
            "strategy",
            &["standard", "minmax"],
            "standard",
            "(x - mean) / standard deviation, or (x - min) / (max - min), of the train split",
        ),
    ],
};

static MISSING: Map = Map {
    about: "What happens to missing values",
    fields: &[
        word("policy", &["passthrough", "fail", "impute"], "passthrough", "Leave them, refuse them, or fill them"),
        word("numeric_strategy", &["mean", "median", "constant"], "mean", "What fills a missing number"),
        word("categorical_strategy", &["most_frequent", "constant"], "most_frequent", "What fills a missing category"),
        field(
            "fill_value",
            Shape::Either {
                of: &[Shape::Number { low: crate::shape::End::Open, high: crate::shape::End::Open }, Shape::Text],
                expects: "a number or a text",
            },
            Need::Optional,
            "The constant of `constant`: a number for numeric columns, a text for categorical ones",
        ),
    ],
};

/// Keys about columns, which pictures have not.
pub(crate) const OF_TABLES: [&str; 6] =
    ["fail_on_nulls", "numeric_features", "categorical_features", "encoding", "scaling", "missing_values"];

pub(crate) static PREPROCESSING: Map = Map {
    about: "How columns or pictures become numbers",
    fields: &[
        field(
            "fail_on_nulls",
            Shape::Bool,
            Need::Optional,
            "A missing value in a used column is an error; by default true unless missing values are imputed",
        ),
        int("min_rows", 1, LARGEST, 10, "Fewer rows than this in a split is an error"),
        idle("validate_types", "Types are checked against dataset.yaml whenever data are added"),
        idle("validate_labels", "Labels are checked against dataset.yaml whenever data are added"),
        idle("validate_on_skip", "Nothing is skipped here, so every run validates"),
        field("numeric_features", COLUMNS, Need::Optional, "Numeric columns; by default those of type float and int"),
        field(
            "categorical_features",
            COLUMNS,
            Need::Optional,
            "Categorical columns; by default those of type string and bool",
        ),
        section("encoding", &ENCODING, "How categorical columns become numbers"),
        section("scaling", &SCALING, "Scaling of numeric columns"),
        section("missing_values", &MISSING, "What happens to missing values"),
        field(
            "image",
            Shape::Map(&IMAGE),
            Need::Optional,
            "How pictures become tiles; for pictures alone, and required there",
        ),
    ],
};

fn mark(node: &Node, path: &[&str]) -> Option<Mark> {
    node.at(path).map_or(Some(node.mark), |n| Some(n.mark))
}

/// The fill value goes to the kind of column that asks for it.
fn fill(json: &mut Json, node: &Node, findings: &mut Findings<'_>, key: &str) {
    let missing = &json["missing_values"];
    let value = missing["fill_value"].clone();
    let asks = |name: &str| missing["policy"] == "impute" && missing[name] == "constant";
    let (numeric, categorical) = (asks("numeric_strategy"), asks("categorical_strategy"));
    let at = format!("{key}missing_values.fill_value");
    let place = mark(node, &["missing_values", "fill_value"]);
    let written = node.at(&["missing_values", "fill_value"]).and_then(Node::written);
    if (numeric || categorical) && value.is_null() {
        let place = mark(node, &["missing_values"]);
        findings.error(
            place,
            &at,
            "the strategy `constant` needs a `fill_value`",
            "add `fill_value:` with the constant",
        );
    } else if numeric && !value.is_number() {
        let message = "numeric columns need a number to fill with";
        findings.error(place, &at, message, "write a number, or use `numeric_strategy: mean`");
    }
    if let Json::Object(missing) = &mut json["missing_values"] {
        missing.remove("fill_value");
        missing.insert("fill_number".into(), if numeric { value } else { Json::Null });
        let text = if categorical { written.map(str::to_owned) } else { None };
        missing.insert("fill_text".into(), text.map_or(Json::Null, Json::from));
    }
}

/// Settings that say nothing under the chosen policy.
fn unused(node: &Node, config: &PreprocessingConfig, findings: &mut Findings<'_>, key: &str) {
    let mut told = |path: [&str; 2]| {
        if let Some(found) = node.at(&path)
            && !found.is_null()
        {
            findings.idle(found.mark, &format!("{key}{}", path.join(".")));
        }
    };
    let missing = &config.missing_values;
    let imputes = missing.policy == MissingPolicy::Impute;
    if !imputes {
        if missing.numeric_strategy != NumericFill::Mean {
            told(["missing_values", "numeric_strategy"]);
        }
        if missing.categorical_strategy != CategoricalFill::MostFrequent {
            told(["missing_values", "categorical_strategy"]);
        }
    }
    let constant =
        missing.numeric_strategy == NumericFill::Constant || missing.categorical_strategy == CategoricalFill::Constant;
    if !imputes || !constant {
        told(["missing_values", "fill_value"]);
    }
    if config.encoding.strategy != driftgate_model::config::EncodingStrategy::Onehot {
        told(["encoding", "min_frequency"]);
    }
}

/// The typed config of a checked preprocessing mapping; `key` is empty or ends with a dot.
pub(crate) fn preprocessing(
    node: &Node,
    json: Json,
    task: Option<Task>,
    findings: &mut Findings<'_>,
    key: &str,
) -> Option<PreprocessingConfig> {
    if task == Some(Task::ImageClassificationCnn) {
        of_pictures(node, &json, findings, key)
    } else {
        of_columns(node, json, findings, key)
    }
}

/// The same for pictures: what is said about columns has no effect.
fn of_pictures(node: &Node, json: &Json, findings: &mut Findings<'_>, key: &str) -> Option<PreprocessingConfig> {
    for entry in OF_TABLES.iter().filter_map(|name| node.entry(name)) {
        findings.idle(entry.mark, &format!("{key}{}", entry.key));
    }
    let Some(block) = node.entry("image") else {
        let message = "`image` is missing: it says how pictures become tiles of one size";
        let suggestion = "add `image:` with `target_size: [64, 64]`";
        findings.error(Some(node.mark), key.trim_end_matches('.'), message, suggestion);
        return None;
    };
    let tiles = image(&block.node, &json["image"], findings, &format!("{key}image"));
    if findings.refuses() {
        return None;
    }
    let mut whole = findings.map(&PREPROCESSING, &[], node.mark, key);
    fill(&mut whole, node, findings, key);
    whole["fail_on_nulls"] = Json::Bool(true);
    whole["min_rows"] = json["min_rows"].clone();
    whole["image"] = tiles;
    typed(whole, findings, key)
}

fn of_columns(node: &Node, mut json: Json, findings: &mut Findings<'_>, key: &str) -> Option<PreprocessingConfig> {
    if let Some(entry) = node.entry("image") {
        findings.idle(entry.mark, &format!("{key}image"));
    }
    json["image"] = Json::Null;
    let names = |list: &Json| -> Vec<String> {
        list.as_array().into_iter().flatten().filter_map(|v| v.as_str().map(str::to_owned)).collect()
    };
    let numeric = names(&json["numeric_features"]);
    for (index, name) in names(&json["categorical_features"]).iter().enumerate() {
        if numeric.contains(name) {
            let place = node.at(&["categorical_features"]).and_then(|n| n.items().get(index)).map(|n| n.mark);
            let message = format!("`{}` is listed as numeric too", cut(name));
            let suggestion = "leave it in one of the two lists";
            findings.error(place, &format!("{key}categorical_features[{index}]"), &message, suggestion);
        }
    }
    let imputes = json["missing_values"]["policy"] == "impute";
    if imputes && json["fail_on_nulls"] == true {
        let message = "missing values cannot be both refused and imputed";
        let suggestion = "set it to false, or use `missing_values.policy: fail`";
        let place = mark(node, &["fail_on_nulls"]);
        findings.error(place, &format!("{key}fail_on_nulls"), message, suggestion);
    }
    if json["fail_on_nulls"].is_null() {
        json["fail_on_nulls"] = Json::Bool(!imputes);
    }
    fill(&mut json, node, findings, key);
    if findings.refuses() {
        return None;
    }
    let config: PreprocessingConfig = typed(json, findings, key)?;
    unused(node, &config, findings, key);
    Some(config)
}
