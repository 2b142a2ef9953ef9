//! `promotion*.yaml`: the gate's rules.

use crate::check::{Findings, typed};
use crate::files::Files;
use crate::finding::ConfigErrors;
use crate::shape::{End, Field, LARGEST, Literal, Map, Need, Shape, Tagged, field, flag, int, number, word};
use crate::suggest::cut;
use crate::yaml::Node;
use driftgate_model::config::{BootstrapConfig, PromotionConfig};
use driftgate_model::{CLASSIFICATION_METRICS, REGRESSION_METRICS, Task, lower_is_better, resamples_needed};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::path::Path;

/// The section of pictures.
const PICTURES: &str = "image_classification_cnn";

const ID: Field = field("id", Shape::Text, Need::Required, "The rule's name, unique in the list");
const DESCRIPTION: Field = field(
    "description",
    Shape::Written,
    Need::Default(Literal::Text("")),
    "What the rule is for, shown with its result",
);
const THRESHOLD: Field =
    field("threshold", Shape::Number { low: End::Open, high: End::Open }, Need::Required, "The number to compare with");

const MARGIN: Field =
    number("margin", End::With(0.0), End::Open, 0.0, "How much worse is still not worse, in the metric's own units");
const CONFIDENCE: Field =
    number("confidence", End::Without(0.5), End::Without(1.0), 0.95, "Level of the one-sided bound");
const REQUIRE_EVIDENCE: Field = flag(
    "require_evidence",
    false,
    "Fail, rather than not apply, when there is no batch to look at or nothing in Production",
);

const COLUMNS: Field = field(
    "columns",
    Shape::List { of: &Shape::Written, empty: None, unique: true },
    Need::Optional,
    "The inputs it changes; left out, all it can change",
);
const NAME: Field = field("name", Shape::Text, Need::Required, "The scenario's name, unique in the rule");

static SCENARIO: Tagged = Tagged {
    tag: "kind",
    default: None,
    about: "A change made to rows, to see how a model copes",
    variants: &[
        (
            "mean",
            &Map {
                about: "Adds to numbers",
                fields: &[
                    NAME,
                    COLUMNS,
                    field(
                        "by",
                        Shape::Number { low: End::Open, high: End::Open },
                        Need::Required,
                        "Standard deviations of the column; may be negative",
                    ),
                ],
            },
        ),
        (
            "scale",
            &Map {
                about: "Multiplies the distance of numbers from the column's mean",
                fields: &[
                    NAME,
                    COLUMNS,
                    field(
                        "factor",
                        Shape::Number { low: End::With(0.0), high: End::Open },
                        Need::Required,
                        "The factor",
                    ),
                ],
            },
        ),
        (
            "noise",
            &Map {
                about: "Adds Gaussian noise to numbers",
                fields: &[
                    NAME,
                    COLUMNS,
                    field(
                        "sd",
                        Shape::Number { low: End::Without(0.0), high: End::Open },
                        Need::Required,
                        "Standard deviations of the column",
                    ),
                ],
            },
        ),
        (
            "missing",
            &Map {
                about: "Makes values missing, at random",
                fields: &[
                    NAME,
                    COLUMNS,
                    field(
                        "share",
                        Shape::Number { low: End::Without(0.0), high: End::With(1.0) },
                        Need::Required,
                        "The share of the values",
                    ),
                ],
            },
        ),
        (
            "swap",
            &Map {
                about: "Replaces texts by other texts of the column, at random",
                fields: &[
                    NAME,
                    COLUMNS,
                    field(
                        "share",
                        Shape::Number { low: End::Without(0.0), high: End::With(1.0) },
                        Need::Required,
                        "The share of the values",
                    ),
                ],
            },
        ),
        (
            "shuffle",
            &Map {
                about: "Puts the values of a column in another order, so that it depends on no other",
                fields: &[NAME, COLUMNS],
            },
        ),
    ],
};

/// Every change that a rule about robustness may name: eight augmentations, then the corruptions, which come in severities.
pub const ROBUSTNESS_CHANGES: [&str; 17] = [
    "horizontal_flip",
    "rotation_90",
    "rotation_180",
    "brightness_high",
    "brightness_low",
    "contrast_low",
    "gaussian_noise",
    "gaussian_blur",
    "shot_noise",
    "impulse_noise",
    "defocus_blur",
    "motion_blur",
    "brightness",
    "contrast",
    "pixelate",
    "jpeg_compression",
    "fog",
];

static ROBUSTNESS: Map = Map {
    about: "Changed pictures cost at most `max_loss` of accuracy, the unfavourable end of each change's interval; needs the \
            stage `model_analysis`",
    fields: &[
        ID,
        field(
            "max_loss",
            Shape::Number { low: End::With(0.0), high: End::Without(1.0) },
            Need::Required,
            "Most accuracy lost",
        ),
        field(
            "changes",
            Shape::List { of: &Shape::Word(&ROBUSTNESS_CHANGES), empty: None, unique: true },
            Need::Optional,
            "The changes that count; left out or empty, all",
        ),
        int("max_severity", 1, 5, 3, "The most severe corruption that counts"),
        DESCRIPTION,
    ],
};

macro_rules! rules_of {
    ($module:ident, $metrics:expr) => {
        mod $module {
            use super::*;

            const METRIC: Field = field("metric", Shape::Word(&$metrics), Need::Required, "The metric");

            static THRESHOLD_RULE: Map = Map {
                about: "The metric, compared with a number",
                fields: &[
                    ID,
                    METRIC,
                    field("operator", Shape::Word(&[">=", "<=", ">", "<", "=="]), Need::Required, "The comparison"),
                    THRESHOLD,
                    DESCRIPTION,
                ],
            };
            static INTERVAL_BOUND: Map = Map {
                about: "The unfavourable end of the metric's interval, compared with a number",
                fields: &[
                    ID,
                    METRIC,
                    field(
                        "operator",
                        Shape::Word(&[">=", "<=", ">", "<"]),
                        Need::Required,
                        "`>=` and `>` look at the lower end, `<=` and `<` at the upper",
                    ),
                    THRESHOLD,
                    DESCRIPTION,
                ],
            };
            static NOT_WORSE: Map = Map {
                about: "Candidate and Production on the same rows: the candidate is not worse by more than `margin`",
                fields: &[
                    ID,
                    METRIC,
                    MARGIN,
                    CONFIDENCE,
                    flag("require_champion", false, "Fail, rather than not apply, when nothing is in Production"),
                    DESCRIPTION,
                ],
            };
            static MIN_ROWS: Map = Map {
                about: "The evaluated split has at least this many rows",
                fields: &[
                    ID,
                    field("rows", Shape::Int { min: 1, max: LARGEST }, Need::Required, "That many"),
                    DESCRIPTION,
                ],
            };
            static CONSECUTIVE: Map = Map {
                about: "The metric, compared with a number, in this run and in those of the model just before it",
                fields: &[
                    ID,
                    METRIC,
                    field("operator", Shape::Word(&[">=", "<=", ">", "<", "=="]), Need::Required, "The comparison"),
                    THRESHOLD,
                    field(
                        "runs",
                        Shape::Int { min: 2, max: 1_000 },
                        Need::Required,
                        "How many runs in a row on the same data set, this one counted",
                    ),
                    DESCRIPTION,
                ],
            };
            static LOOKS: Map = Map {
                about: "At most this many runs have looked at the test split, this one counted",
                fields: &[
                    ID,
                    field("max", Shape::Int { min: 1, max: LARGEST }, Need::Required, "That many"),
                    DESCRIPTION,
                ],
            };
            static FRESHNESS: Map = Map {
                about: "The data set version is at most this old when the gate is asked",
                fields: &[
                    ID,
                    field(
                        "max_age_days",
                        Shape::Number { low: End::Without(0.0), high: End::Open },
                        Need::Required,
                        "Days since the data set version was added",
                    ),
                    DESCRIPTION,
                ],
            };
            static CHAMPION_ON_DRIFT: Map = Map {
                about: "On the newest labelled batch that drifted, and on rows changed as each scenario says, the candidate is \
                        not worse than Production by more than `margin`",
                fields: &[
                    ID,
                    METRIC,
                    MARGIN,
                    CONFIDENCE,
                    field(
                        "scenarios",
                        Shape::List { of: &Shape::Tagged(&SCENARIO), empty: None, unique: false },
                        Need::Optional,
                        "Changes made to the rows of the test split, each compared on its own",
                    ),
                    REQUIRE_EVIDENCE,
                    DESCRIPTION,
                ],
            };
            static COVERAGE: Map = Map {
                about: "The newest checked batch has not drifted away from what the candidate learned from",
                fields: &[ID, REQUIRE_EVIDENCE, DESCRIPTION],
            };
            static OPEN_RESPONSE: Map = Map {
                about: "Every drift alarm about the version in Production has an answer",
                fields: &[ID, REQUIRE_EVIDENCE, DESCRIPTION],
            };
            static RULE: Tagged = Tagged {
                tag: "kind",
                default: Some("threshold"),
                about: "A rule of the gate",
                variants: &[
                    ("threshold", &THRESHOLD_RULE),
                    ("interval_bound", &INTERVAL_BOUND),
                    ("not_worse_than_champion", &NOT_WORSE),
                    ("min_rows", &MIN_ROWS),
                    ("consecutive", &CONSECUTIVE),
                    ("looks", &LOOKS),
                    ("freshness", &FRESHNESS),
                    ("champion_on_drift", &CHAMPION_ON_DRIFT),
                    ("coverage", &COVERAGE),
                    ("robustness", &ROBUSTNESS),
                    ("open_response", &OPEN_RESPONSE),
                ],
            };
            pub(super) static RULES: Map = Map {
                about: "The rules of a task",
                fields: &[field(
                    "rules",
                    Shape::List {
                        of: &Shape::Tagged(&RULE),
                        empty: Some("a gate without rules passes everything"),
                        unique: false,
                    },
                    Need::Required,
                    "All of them must hold; an empty list is refused",
                )],
            };
        }
    };
}
rules_of!(classification, CLASSIFICATION_METRICS);
rules_of!(regression, REGRESSION_METRICS);

pub(crate) static PROMOTION: Map = Map {
    about: "The gate: which candidates may wait for approval",
    fields: &[
        word(
            "promotion_evaluation_split",
            &["val", "test", "both"],
            "test",
            "Which split feeds the rules; the Python reference takes val where nothing is said",
        ),
        field("classification", Shape::Map(&classification::RULES), Need::Optional, "The rules of classification"),
        field("regression", Shape::Map(&regression::RULES), Need::Optional, "The rules of regression"),
        field(
            "image_classification_cnn",
            Shape::Map(&classification::RULES),
            Need::Optional,
            "The rules of pictures; left out, those of classification",
        ),
    ],
};

/// The section whose rules count: the task's own, or that of classification where pictures have none.
pub(crate) fn section_of(task: Task, node: &Node) -> &'static str {
    match task {
        Task::Regression => "regression",
        Task::ImageClassificationCnn if node.entry(PICTURES).is_some() => PICTURES,
        Task::Classification | Task::ImageClassificationCnn => "classification",
    }
}

/// What the rest of a pipeline says of the evidence that there will be; nothing where a promotion file is read alone.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Evidence<'b> {
    /// The resamples behind intervals.
    pub bootstrap: Option<&'b BootstrapConfig>,
    /// Whether the model is put under changed pictures.
    pub analysed: Option<bool>,
}

/// The ends between which a metric lies, where it has such ends.
fn span(metric: &str) -> (f64, f64) {
    match metric {
        "mcc" => (-1.0, 1.0),
        "brier" => (0.0, 2.0),
        "r2" => (f64::NEG_INFINITY, 1.0),
        "log_loss" | "mae" | "mse" | "rmse" | "mape" => (0.0, f64::INFINITY),
        _ => (0.0, 1.0),
    }
}

/// What a comparison of a metric with a number cannot mean.
fn comparison(rule: &Json, node: &Node, findings: &mut Findings<'_>, key: &str) {
    let (Some(metric), Some(operator), Some(threshold)) =
        (rule["metric"].as_str(), rule["operator"].as_str(), rule["threshold"].as_f64())
    else {
        return;
    };
    let (low, high) = span(metric);
    let never = match operator {
        ">=" => threshold > high,
        ">" => threshold >= high,
        "<=" => threshold < low,
        "<" => threshold <= low,
        _ => threshold < low || threshold > high,
    };
    let always = match operator {
        ">=" => threshold <= low,
        ">" => threshold < low,
        "<=" => threshold >= high,
        "<" => threshold > high,
        _ => false,
    };
    let place = node.at(&["threshold"]).map(|n| n.mark);
    let at = format!("{key}.threshold");
    if never || always {
        let ends = match (low.is_finite(), high.is_finite()) {
            (true, true) => format!("`{metric}` lies between {low} and {high}"),
            (true, false) => format!("`{metric}` is never below {low}"),
            _ => format!("`{metric}` is never above {high}"),
        };
        let what = if never { "no model can pass this" } else { "every model passes this" };
        let percent = (high == 1.0 && (1.0..=100.0).contains(&threshold) && threshold > 1.0)
            .then(|| format!("write {} for {threshold} percent", threshold / 100.0));
        let otherwise = || "choose a threshold between what a poor and what a perfect model reach".into();
        findings.error(place, &at, &format!("{what}: {ends}"), percent.unwrap_or_else(otherwise));
    } else if matches!(operator, ">" | ">=") == lower_is_better(metric) && operator != "==" {
        let better = if lower_is_better(metric) { "smaller" } else { "larger" };
        let message = format!("this rule asks for a worse model: `{metric}` is better when {better}");
        let turned = if lower_is_better(metric) { "<=" } else { ">=" };
        findings.note(place, &at, &message, Some(format!("did you mean `operator: \"{turned}\"`?")));
    }
}

fn rules(section: &str, json: &Json, node: &Node, findings: &mut Findings<'_>, key: &str) {
    let Some(list) = node.at(&[section, "rules"]) else {
        return;
    };
    let at = format!("{key}{section}.rules");
    let mut seen = BTreeMap::new();
    for (index, rule) in list.items().iter().enumerate() {
        let place = format!("{at}[{index}]");
        if let Some(id) = rule.at(&["id"])
            && let Some(written) = id.written()
            && let Some(first) = seen.insert(written, id.mark.line)
        {
            let message = format!("the id `{}` is already taken on line {first}", cut(written));
            findings.error(Some(id.mark), &format!("{place}.id"), &message, "give each rule its own id");
        }
        comparison(&json[section]["rules"][index], rule, findings, &place);
        scenarios(rule, findings, &place);
    }
}

/// Two scenarios of one name cannot be told apart in a report.
fn scenarios(rule: &Node, findings: &mut Findings<'_>, key: &str) {
    let mut seen = BTreeMap::new();
    let list = rule.at(&["scenarios"]).map(Node::items).unwrap_or_default();
    for (index, scenario) in list.iter().enumerate() {
        if let Some(name) = scenario.at(&["name"])
            && let Some(written) = name.written()
            && let Some(first) = seen.insert(written, name.mark.line)
        {
            let message = format!("the name `{}` is already taken on line {first}", cut(written));
            let place = format!("{key}.scenarios[{index}].name");
            findings.error(Some(name.mark), &place, &message, "give each scenario its own name");
        }
    }
}

/// Rules about the end of an interval that the resamples of the evaluation config do not reach.
fn reach(section: &str, json: &Json, node: &Node, bootstrap: &BootstrapConfig, findings: &mut Findings<'_>, key: &str) {
    let items = node.at(&[section, "rules"]).map(Node::items).unwrap_or_default();
    for (index, rule) in items.iter().enumerate() {
        let written = &json[section]["rules"][index];
        let (level, tail) = match (written["kind"].as_str(), written["confidence"].as_f64()) {
            (Some("interval_bound" | "robustness"), _) => (bootstrap.level, (1.0 - bootstrap.level) / 2.0),
            (Some("not_worse_than_champion" | "champion_on_drift"), Some(confidence)) => (confidence, 1.0 - confidence),
            _ => continue,
        };
        let needed = resamples_needed(tail);
        if u64::from(bootstrap.resamples) >= needed {
            continue;
        }
        let message = match bootstrap.resamples {
            0 => "this rule can never hold: it needs an interval, and `bootstrap.resamples` is 0".into(),
            few => format!("this rule can never hold: {few} resamples are too few to be {} % sure", percent(level)),
        };
        let suggestion = format!("set `bootstrap.resamples` of the evaluation config to {needed} or more");
        findings.error(Some(rule.mark), &format!("{key}{section}.rules[{index}]"), &message, suggestion);
    }
}

/// Rules that a task has no evidence for.
fn evidence(
    section: &str,
    json: &Json,
    node: &Node,
    (task, analysed): (Task, Option<bool>),
    findings: &mut Findings<'_>,
    key: &str,
) {
    let pictures = task == Task::ImageClassificationCnn;
    let items = node.at(&[section, "rules"]).map(Node::items).unwrap_or_default();
    for (index, rule) in items.iter().enumerate() {
        let at = format!("{key}{section}.rules[{index}]");
        match json[section]["rules"][index]["kind"].as_str() {
            Some("robustness") if !pictures => {
                let message = format!("a rule about changed pictures, and {task} has none");
                let suggestion = format!("remove it, or put the rules of pictures under `{PICTURES}:`");
                findings.error(Some(rule.mark), &at, &message, suggestion);
            }
            Some("robustness") if analysed == Some(false) => {
                let message = "this rule can never hold: the stage `model_analysis` is not asked for";
                let suggestion = "add `model_analysis` before `promotion` in `pipeline_stages`, or remove the rule";
                findings.error(Some(rule.mark), &at, message, suggestion);
            }
            Some("champion_on_drift") if pictures => {
                if let Some(list) = rule.at(&["scenarios"]).filter(|n| !n.items().is_empty()) {
                    let message = "scenarios change the columns of a table, and pictures have none";
                    let suggestion = "remove the lines, and use a rule of kind `robustness`";
                    findings.error(Some(list.mark), &format!("{at}.scenarios"), message, suggestion);
                }
            }
            _ => {}
        }
    }
}

/// A share as a percentage without trailing zeros.
fn percent(share: f64) -> String {
    format!("{:.4}", share * 100.0).trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The typed rules of `task` in a checked promotion mapping, held against the evidence there will be; `key` is empty or ends
/// with a dot.
pub(crate) fn promotion(
    node: &Node,
    mut json: Json,
    task: Option<Task>,
    ahead: Evidence<'_>,
    findings: &mut Findings<'_>,
    key: &str,
) -> Option<PromotionConfig> {
    for section in ["classification", "regression", PICTURES] {
        rules(section, &json, node, findings, key);
    }
    let task = task?;
    let section = section_of(task, node);
    if node.at(&[section]).is_none_or(Node::is_null) {
        let message = format!("there are no rules for {section}");
        let suggestion = format!("add `{section}:` with `rules:` under it");
        findings.error(Some(node.mark), key.trim_end_matches('.'), &message, suggestion);
    }
    evidence(section, &json, node, (task, ahead.analysed), findings, key);
    if let Some(bootstrap) = ahead.bootstrap {
        reach(section, &json, node, bootstrap, findings, key);
    }
    if findings.refuses() {
        return None;
    }
    let mut rules = json[section]["rules"].take();
    for rule in rules.as_array_mut().into_iter().flatten().filter_map(Json::as_object_mut) {
        if rule.get("changes").is_some_and(Json::is_null) {
            rule.remove("changes");
        }
    }
    let whole = json!({
        "evaluation_split": json["promotion_evaluation_split"].take(),
        "rules": rules,
    });
    typed(whole, findings, key)
}

/// Reads the gate's rules for `task` from a promotion file alone.
///
/// Errors: everything wrong in the file, in one go.
pub fn resolve_promotion(path: &Path, files: &dyn Files, task: Task) -> Result<PromotionConfig, ConfigErrors> {
    let mut findings = Findings::new(path);
    let config = findings.read(files).and_then(|text| {
        let node = crate::yaml::parse(&text, &mut findings)?;
        let json = findings.map(&PROMOTION, node.entries(), node.mark, "");
        promotion(&node, json, Some(task), Evidence::default(), &mut findings, "")
    });
    let (errors, _) = findings.finish();
    match config {
        Some(config) if errors.is_empty() => Ok(config),
        _ => Err(ConfigErrors(errors)),
    }
}
