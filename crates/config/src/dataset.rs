//! `dataset.yaml`: the contract of a data set.

use crate::check::{Findings, expected, typed};
use crate::dataset_images::{IMAGES, images};
use crate::finding::{ConfigErrors, ConfigFinding};
use crate::pipeline::TASK_WORDS;
use crate::shape::{End, LARGEST, Literal, Map, Need, Shape, field, idle, section, word};
use crate::suggest::{cut, nearest};
use crate::yaml::{Node, parse};
use driftgate_model::{DatasetSpec, FileFormat, ModelName, SplitPolicy, Task};
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;
use std::path::Path;

const SHARE: Shape = Shape::Number { low: End::With(0.0), high: End::With(1.0) };
const ANY_NUMBER: Shape = Shape::Number { low: End::Open, high: End::Open };
const ROWS: Shape = Shape::Int { min: 0, max: LARGEST };
const LABELS: Shape = Shape::List { of: &Shape::Written, empty: Some("the list is empty"), unique: true };

static COLUMN: Map = Map {
    about: "What the values of one column must satisfy",
    fields: &[
        field("min", ANY_NUMBER, Need::Optional, "Smallest value"),
        field("max", ANY_NUMBER, Need::Optional, "Largest value"),
        field("allowed", LABELS, Need::Optional, "The only allowed texts"),
        field("max_null_fraction", SHARE, Need::Optional, "Largest share of missing values, instead of the table's"),
        field("unique", Shape::Bool, Need::Optional, "No value twice"),
    ],
};

static CONSTRAINTS: Map = Map {
    about: "What the values must satisfy",
    fields: &[
        field("min_rows", ROWS, Need::Optional, "Fewest rows"),
        field("max_rows", ROWS, Need::Optional, "Most rows"),
        field("max_null_fraction", SHARE, Need::Optional, "Largest share of missing values in any used column"),
        field("label_classes", LABELS, Need::Optional, "The labels of a classification target"),
        field(
            "columns",
            Shape::Dict(&Shape::Map(&COLUMN)),
            Need::Default(Literal::Map),
            "Constraints of single columns, by name",
        ),
        field(
            "max_age_days",
            Shape::Number { low: End::With(0.0), high: End::Open },
            Need::Optional,
            "The newest value of the time column is at most this many days before the import",
        ),
    ],
};

static FORMAT: Map = Map {
    about: "How the data file is read",
    fields: &[
        word("kind", &["csv", "parquet"], "csv", "Delimited text or Apache Parquet"),
        field(
            "delimiter",
            Shape::Text,
            Need::Default(Literal::Text(",")),
            "Field separator of a text file, one character",
        ),
        field(
            "encoding",
            Shape::Text,
            Need::Default(Literal::Text("utf-8")),
            "Encoding of a text file, such as utf-8, utf-16le, windows-1252",
        ),
        word("decimal", &[".", ","], ".", "Decimal mark"),
        field(
            "null_values",
            Shape::List { of: &Shape::Written, empty: None, unique: true },
            Need::Optional,
            "Texts that mean missing, besides an empty field; by default NA, N/A, NaN, nan, null, NULL",
        ),
    ],
};

/// The reference writes row counts under the names of the shares; they are told apart by its `train_ratio`.
const PART: Shape = Shape::Number { low: End::With(0.0), high: End::Open };

static SPLIT: Map = Map {
    about: "How rows are split, frozen with the first version of the data set",
    fields: &[
        field("train", PART, Need::Optional, "Share of train; by default 0.70"),
        field("val", PART, Need::Optional, "Share of validation; by default 0.15"),
        field("test", PART, Need::Optional, "Share of test; by default 0.15"),
        field("seed", Shape::Int { min: 0, max: LARGEST }, Need::Optional, "Seed of the draw; by default 42"),
        field(
            "stratify",
            Shape::Bool,
            Need::Optional,
            "Keep the label shares in each split; by default yes for classification",
        ),
        field("group_column", Shape::Written, Need::Optional, "Rows with the same value of this column stay together"),
        field("time_column", Shape::Written, Need::Optional, "Split by this column: oldest to train, newest to test"),
        field(
            "key_column",
            Shape::Written,
            Need::Optional,
            "The column that identifies a row across versions; without it, the row's content does",
        ),
        field(
            "train_ratio",
            SHARE,
            Need::Optional,
            "The reference's name of `train`; then `train`, `val`, `test` are counts",
        ),
        field("val_ratio", SHARE, Need::Optional, "The reference's name of `val`"),
        field("test_ratio", SHARE, Need::Optional, "The reference's name of `test`"),
        field("random_seed", Shape::Int { min: 0, max: LARGEST }, Need::Optional, "The reference's name of `seed`"),
        idle("label_distribution", "Counted anew"),
    ],
};

const FEATURES: Shape = Shape::List { of: &Shape::Written, empty: None, unique: true };
const TARGET: Shape = Shape::Written;
const SCHEMA: Shape = Shape::Dict(&Shape::Word(&["float", "int", "string", "bool"]));

pub(crate) static DATASET: Map = Map {
    about: "The contract of a data set",
    fields: &[
        field("name", Shape::Text, Need::Required, "Its name"),
        field("task_type", Shape::Word(&TASK_WORDS), Need::Required, "What it is for"),
        field("description", Shape::Written, Need::Optional, "What it is"),
        field("source", Shape::Written, Need::Optional, "Where it is from"),
        field("license", Shape::Written, Need::Optional, "Under which licence"),
        field("created_at", Shape::Written, Need::Optional, "When it was described"),
        field(
            "features",
            FEATURES,
            Need::Optional,
            "The columns to learn from, in order; required for tables, and none for pictures",
        ),
        field(
            "target",
            TARGET,
            Need::Optional,
            "The column to answer, required for tables; for pictures by default `label`, the name of their folder",
        ),
        field("schema", SCHEMA, Need::Optional, "The type of each feature and of the target; required for tables"),
        section("format", &FORMAT, "How the data file is read"),
        section("constraints", &CONSTRAINTS, "What the values must satisfy"),
        section("split", &SPLIT, "How rows are split"),
        field("image_properties", Shape::Map(&IMAGES), Need::Optional, "Which files are pictures; for pictures alone"),
        idle("version_id", "The workspace counts versions"),
        idle("versioned_at", "The ledger knows when a version was added"),
    ],
};

/// A data set's contract with what a person should know about it.
#[derive(Debug, Clone, PartialEq)]
pub struct DatasetSpecParsed {
    /// The contract.
    pub spec: DatasetSpec,
    /// Whether the file says how the data are read; without it the spec's format is only the default.
    pub format_given: bool,
    /// What refuses nothing; keys without effect make one note.
    pub notes: Vec<ConfigFinding>,
}

/// The findings of one `dataset.yaml` beyond its table.
pub(crate) struct Contract<'c, 'f> {
    pub node: &'c Node,
    pub json: &'c Json,
    pub findings: &'c mut Findings<'f>,
}

pub(crate) fn names(list: &Json) -> Vec<&str> {
    list.as_array().into_iter().flatten().filter_map(Json::as_str).collect()
}

impl Contract<'_, '_> {
    pub(crate) fn error(&mut self, path: &[&str], message: &str, suggestion: impl Into<String>) {
        let place = self.node.at(path).map_or(self.node.mark, |n| n.mark);
        self.findings.error(Some(place), &path.join("."), message, suggestion);
    }

    /// The name.
    fn name(&mut self) {
        if let Some(name) = self.json["name"].as_str()
            && ModelName::new(name).is_err()
        {
            let rule = "use 1 to 100 of A-Z a-z 0-9 . _ - and begin with a letter or digit";
            self.error(&["name"], &format!("`{}` cannot be the name of a data set", cut(name)), rule);
        }
    }

    /// What a table must have, and a folder of pictures has not.
    fn of_tables(&mut self) {
        for (key, shape) in [("features", FEATURES), ("target", TARGET), ("schema", SCHEMA)] {
            if self.node.entry(key).is_none() {
                let suggestion = format!("add `{key}:` with {}", expected(&shape));
                self.findings.error(Some(self.node.mark), "", &format!("`{key}` is missing"), suggestion);
            }
        }
        if self.json["features"].as_array().is_some_and(Vec::is_empty) {
            self.error(&["features"], "the list is empty", "add an entry to the list");
        }
        if let Some(entry) = self.node.entry("image_properties") {
            self.findings.idle(entry.mark, "image_properties");
        }
    }

    /// Target and types.
    fn columns(&mut self) {
        let features = names(&self.json["features"]);
        let target = self.json["target"].as_str();
        if let Some(index) = features.iter().position(|f| Some(*f) == target) {
            let place = self.node.at(&["features"]).and_then(|n| n.items().get(index)).map(|n| n.mark);
            let message = "the target is listed as a feature, so that the model would be shown the answer";
            self.findings.error(place, &format!("features[{index}]"), message, "remove it here");
        }
        let Some(schema) = self.json["schema"].as_object() else {
            return;
        };
        let known = || schema.keys().map(String::as_str);
        let declared: BTreeSet<&str> = features.iter().copied().chain(target).collect();
        for name in declared.iter().filter(|n| !schema.contains_key(**n)) {
            if self.findings.full() {
                break;
            }
            let message = format!("the column `{}` has no type", cut(name));
            let suggestion = match nearest(name, known().filter(|k| !declared.contains(k)).take(1000)) {
                Some(near) => format!("did you mean `{}`?", cut(near)),
                None => format!("add `{}: float`, or int, string or bool", cut(name)),
            };
            self.error(&["schema"], &message, suggestion);
        }
        let decide = split_columns(self.json);
        for entry in self.node.at(&["schema"]).map(Node::entries).unwrap_or_default() {
            let key = entry.key.as_str();
            if !declared.contains(key) && !decide.contains(key) {
                self.findings.idle(entry.mark, &format!("schema.{}", cut(&entry.key)));
            }
        }
    }

    /// Ranges that contradict themselves, labels of a regression, constraints of columns that do not exist.
    fn constraints(&mut self) {
        let constraints = &self.json["constraints"];
        let pair = |v: &Json, low: &str, high: &str| v[low].as_f64().zip(v[high].as_f64());
        if pair(constraints, "min_rows", "max_rows").is_some_and(|(low, high)| low > high) {
            self.error(
                &["constraints", "max_rows"],
                "it is less than `min_rows`",
                "make it at least as large, or remove one of the two",
            );
        }
        if self.json["task_type"] == "regression" && !constraints["label_classes"].is_null() {
            let suggestion = "remove the lines, or set `task_type: classification`";
            self.error(&["constraints", "label_classes"], "regression has no labels", suggestion);
        }
        if !constraints["max_age_days"].is_null() && self.json["split"]["time_column"].is_null() {
            let hint = "name it in `split.time_column`, or use a `freshness` rule in the gate";
            self.error(&["constraints", "max_age_days"], "it needs a time column", hint);
        }
        let columns: BTreeSet<&str> = names(&self.json["features"])
            .into_iter()
            .chain(self.json["target"].as_str())
            .chain(split_columns(self.json))
            .collect();
        for (name, column) in constraints["columns"].as_object().into_iter().flatten() {
            let path = ["constraints", "columns", name.as_str()];
            if self.findings.full() {
                break;
            }
            if !columns.contains(name.as_str()) && self.json["task_type"] != Task::ImageClassificationCnn.as_str() {
                let near = nearest(name, columns.iter().copied()).map(|n| format!("did you mean `{}`?", cut(n)));
                let otherwise = || "add it to `features`, or remove it here".into();
                self.error(&path, "this column is neither a feature nor the target", near.unwrap_or_else(otherwise));
            }
            if pair(column, "min", "max").is_some_and(|(low, high)| low > high) {
                self.error(&path, "`min` is above `max`", "swap the two, or remove one");
            }
            let kind = self.json["schema"][name.as_str()].as_str().filter(|k| matches!(*k, "string" | "bool"));
            let bounded = ["min", "max"].into_iter().find(|k| !column[*k].is_null());
            if let (Some(kind), Some(bound)) = (kind, bounded) {
                let message = format!("only numbers have a range, and `schema` says that this column is {kind}");
                let hint = "declare it as `float` or `int`, or list what is valid in `allowed`";
                self.error(&[path[0], path[1], path[2], bound], &message, hint);
            }
        }
    }

    fn format(&mut self) {
        let format = &self.json["format"];
        let Some(delimiter) = format["delimiter"].as_str() else {
            return;
        };
        let path = ["format", "delimiter"];
        if delimiter.chars().count() != 1 {
            let tab = matches!(delimiter, "\\t" | "tab" | "TAB");
            let hint = if tab { "write \"\\t\" in double quotes" } else { "write the one character, such as \";\"" };
            self.error(&path, &format!("expects one character, found \"{}\"", cut(delimiter)), hint);
        } else if matches!(delimiter, "\"" | "\n" | "\r") {
            self.error(
                &path,
                "a quote or a line break cannot separate fields",
                "write the character between two fields, such as \",\"",
            );
        } else if format["kind"] == "csv" && format["decimal"] == delimiter {
            self.error(
                &path,
                "the field separator and the decimal mark are the same",
                "change one of them to what the file has",
            );
        }
    }

    /// The resolved split policy.
    fn split(&mut self) -> Json {
        let mut split = self.json["split"].clone();
        let default = SplitPolicy::default();
        let of_reference = ["train_ratio", "val_ratio", "test_ratio"].iter().any(|k| !split[*k].is_null());
        let (mut shares, path) = if of_reference {
            for counted in ["train", "val", "test"] {
                if let Some(found) = self.node.at(&["split", counted]) {
                    self.findings.idle(found.mark, &format!("split.{counted}"));
                }
            }
            let train = split["train_ratio"].as_f64().unwrap_or(default.train);
            let val = split["val_ratio"].as_f64().unwrap_or(default.val);
            // The reference rounds its test share; what is left is what it used.
            ([train, val, 1.0 - train - val], ["split", "train_ratio"])
        } else {
            let given = ["train", "val", "test"].map(|k| split[k].as_f64());
            match given {
                [Some(train), Some(val), Some(test)] => ([train, val, test], ["split", "train"]),
                [None, None, None] => ([default.train, default.val, default.test], ["split", "train"]),
                _ => {
                    self.error(
                        &["split"],
                        "only some of the three shares are given",
                        "give `train`, `val` and `test`, or none of them",
                    );
                    ([default.train, default.val, default.test], ["split", "train"])
                }
            }
        };
        if shares.iter().any(|s| *s <= 0.0) || (shares.iter().sum::<f64>() - 1.0).abs() > 1e-9 {
            let [train, val, test] = shares;
            let message =
                format!("the shares {train}, {val} and {test} are not three positive numbers that add up to 1");
            self.error(&path, &message, "write for example 0.70, 0.15 and 0.15");
            shares = [default.train, default.val, default.test];
        }
        if split["stratify"] == true && self.json["task_type"] == "regression" {
            self.error(
                &["split", "stratify"],
                "only labels can be stratified, and regression has none",
                "remove the line",
            );
        }
        if !split["group_column"].is_null() && !split["time_column"].is_null() {
            self.error(
                &["split", "time_column"],
                "a split goes by groups or by time, not by both",
                "remove one of the two",
            );
        }
        let target = &self.json["target"];
        for column in ["group_column", "time_column", "key_column"] {
            if split[column].is_string() && split[column] == *target {
                self.error(
                    &["split", column],
                    "the target cannot decide the split",
                    "name another column, or remove the line",
                );
            }
        }
        let seed = match (&split["seed"], &split["random_seed"]) {
            (Json::Null, Json::Null) => json!(default.seed),
            (Json::Null, seed) | (seed, _) => seed.clone(),
        };
        json!({
            "train": shares[0],
            "val": shares[1],
            "test": shares[2],
            "seed": seed,
            "stratify": split["stratify"].take(),
            "group_column": split["group_column"].take(),
            "time_column": split["time_column"].take(),
            "key_column": split["key_column"].take(),
        })
    }
}

fn spec(node: &Node, json: &Json, findings: &mut Findings<'_>) -> Option<DatasetSpec> {
    let mut contract = Contract { node, json, findings };
    // Whoever writes about pictures and forgets the task is told just that.
    let meant = node.entry("task_type").is_none() && node.entry("image_properties").is_some();
    let pictures = meant || json["task_type"] == Task::ImageClassificationCnn.as_str();
    contract.name();
    if pictures {
        contract.no_columns();
    } else {
        contract.of_tables();
        contract.columns();
        contract.format();
    }
    contract.constraints();
    let split = contract.split();
    let images = pictures.then(|| images(&mut contract));
    if findings.refuses() {
        return None;
    }
    let mut format = json["format"].clone();
    if pictures {
        format = json!(FileFormat::default());
    } else if format["null_values"].is_null() {
        format["null_values"] = json!(FileFormat::default().null_values);
    }
    let whole = json!({
        "name": json["name"],
        "task": json["task_type"],
        "features": if pictures { json!([]) } else { json["features"].clone() },
        "target": if json["target"].is_null() { json!("label") } else { json["target"].clone() },
        // Types of columns that are not used carry no meaning.
        "schema": if pictures { json!({}) } else { used_types(json) },
        "format": format,
        "constraints": json["constraints"],
        "split": split,
        "images": images,
        "about": {
            "description": json["description"],
            "source": json["source"],
            "license": json["license"],
            "created_at": json["created_at"],
        },
    });
    typed(whole, findings, "")
}

/// The columns that decide the split. Their types may be declared; they need not be.
fn split_columns(json: &Json) -> BTreeSet<&str> {
    ["group_column", "time_column", "key_column"].into_iter().filter_map(|k| json["split"][k].as_str()).collect()
}

fn used_types(json: &Json) -> Json {
    let mut columns = split_columns(json);
    columns.extend(names(&json["features"]));
    let used = |name: &str| columns.contains(name) || json["target"] == name;
    let types = json["schema"].as_object().into_iter().flatten();
    Json::Object(types.filter(|(name, _)| used(name)).map(|(n, t)| (n.clone(), t.clone())).collect())
}

/// Reads the text of a `dataset.yaml`; `path` is only named in findings.
///
/// Errors: everything wrong, in one go.
pub fn parse_dataset(text: &str, path: &Path) -> Result<DatasetSpecParsed, ConfigErrors> {
    let mut findings = Findings::new(path);
    let parsed = parse(text, &mut findings).and_then(|node| {
        let json = findings.map(&DATASET, node.entries(), node.mark, "");
        let format_given = node.at(&["format"]).is_some_and(|n| !n.is_null());
        Some((spec(&node, &json, &mut findings)?, format_given))
    });
    let (errors, notes) = findings.finish();
    match parsed {
        Some((spec, format_given)) if errors.is_empty() => Ok(DatasetSpecParsed { spec, format_given, notes }),
        _ => Err(ConfigErrors(errors)),
    }
}
