//! Statistics of the train split.

use crate::cells::{FastMap, FastSet, by_name};
use crate::error::{DataError, Result, count, nearest, shown};
use crate::target::list;
use crate::transform::apply::{Known, feature, numeric_values, refuse_missing};
use crate::transform::{
    CategoricalColumn, Category, Encoding, InputColumn, InputKind, NumericColumn, SCHEMA, Scaling, Transform,
};
use crate::typing::number_text;
use driftgate_model::config::{
    CategoricalFill, EncodingStrategy, MissingPolicy, NumericFill, PreprocessingConfig, ScalingStrategy,
};
use driftgate_model::{ColumnType, ColumnValues, DatasetSpec, Frame};
use std::cmp::Reverse;

/// What a missing category is called without a `fill_value`, as scikit-learn has it.
const DEFAULT_FILL: &str = "missing_value";

/// Names that are told one by one when lists are wrong.
const MOST_TOLD: usize = 20;

/// The largest matrix that one-hot columns may make of the train rows: 4 GiB of 8 bytes a cell.
const MOST_BYTES: u64 = 4 << 30;

impl Transform {
    /// Learns what `cfg` asks for from the rows of `train` alone.
    ///
    /// Missing values are an error under the policy `fail`, and under `passthrough` with `fail_on_nulls`. Other errors: fewer rows
    /// than `min_rows`, unknown or doubly listed columns, text without an encoding, a column without any value to learn from,
    /// one-hot columns that make the train rows a matrix beyond 4 GiB.
    pub fn fit(cfg: &PreprocessingConfig, spec: &DatasetSpec, train: &Frame) -> Result<Transform> {
        if (train.rows() as u64) < cfg.min_rows.max(1) {
            return Err(DataError::Insufficient {
                message: format!(
                    "the train split has {} and the preprocessing asks for {}",
                    count(train.rows(), "row", "rows"),
                    cfg.min_rows.max(1)
                ),
                hint: "Add rows, or lower `min_rows`".into(),
            });
        }
        let (numeric, categorical) = choose(cfg, spec)?;
        let known = by_name(train);
        let missing_passes = cfg.missing_values.policy == MissingPolicy::Passthrough && !cfg.fail_on_nulls;
        let mut transform = Transform {
            schema: SCHEMA.into(),
            missing_passes,
            unknown: cfg.encoding.handle_unknown,
            numeric: Vec::new(),
            categorical: Vec::new(),
            output_features: Vec::new(),
            inputs: Vec::new(),
        };
        if cfg.missing_values.policy != MissingPolicy::Impute && !missing_passes {
            let names: Vec<&str> = numeric.iter().chain(&categorical).map(String::as_str).collect();
            refuse_missing(&known, &names)?;
        }
        for name in &numeric {
            let (column, input) = fit_numeric(cfg, spec, &known, name)?;
            transform.numeric.push(column);
            transform.inputs.push(input);
            transform.output_features.push(name.clone());
        }
        if !categorical.is_empty() && !cfg.encoding.enabled {
            return Err(encoding_is_off(spec, &categorical));
        }
        for name in &categorical {
            let (column, input, outputs) = fit_categorical(cfg, spec, &known, name)?;
            transform.categorical.push(column);
            transform.inputs.push(input);
            transform.output_features.extend(outputs);
        }
        fits_in_memory(&transform, train.rows())?;
        make_unique(&mut transform.output_features);
        Ok(transform)
    }
}

/// Checks the feature lists of `cfg` against `spec`, without any data: what [`Transform::fit`] would refuse of them.
///
/// Errors: every name that is no feature, that is the target or that stands in both lists, in one error; no feature left.
pub fn check_features(cfg: &PreprocessingConfig, spec: &DatasetSpec) -> Result<()> {
    choose(cfg, spec).map(|_| ())
}

/// The numeric and the categorical features, by the explicit lists where there are any, else by type.
fn choose(cfg: &PreprocessingConfig, spec: &DatasetSpec) -> Result<(Vec<String>, Vec<String>)> {
    let wrong = wrong_names(cfg, spec);
    if !wrong.is_empty() {
        let more = wrong.len().saturating_sub(MOST_TOLD);
        let mut message = wrong.into_iter().take(MOST_TOLD).collect::<Vec<_>>().join("; ");
        if more > 0 {
            message.push_str(&format!("; and {} like these", count(more, "more name", "more names")));
        }
        return Err(DataError::Settings {
            message,
            hint: format!("Correct the feature lists of the preprocessing config by the features of `{}`", spec.name),
        });
    }
    let rest = |taken: &[String]| spec.features.iter().filter(|f| !taken.contains(f)).cloned().collect::<Vec<_>>();
    let chosen = match (&cfg.numeric_features, &cfg.categorical_features) {
        (Some(n), Some(c)) => (n.clone(), c.clone()),
        (Some(n), None) => (n.clone(), rest(n)),
        (None, Some(c)) => (rest(c), c.clone()),
        (None, None) => spec.features.iter().cloned().partition(|f| spec.schema.get(f).is_none_or(|t| t.is_numeric())),
    };
    if chosen.0.is_empty() && chosen.1.is_empty() {
        return Err(DataError::Settings {
            message: "no feature is left to learn from".into(),
            hint: "Name features in `dataset.yaml` or in the two feature lists".into(),
        });
    }
    Ok(chosen)
}

/// What is wrong with the names in the two lists, one clause each.
fn wrong_names(cfg: &PreprocessingConfig, spec: &DatasetSpec) -> Vec<String> {
    let names: Vec<&str> = spec.features.iter().map(String::as_str).collect();
    let features: FastSet<&str> = names.iter().copied().collect();
    let numeric: FastSet<&str> = cfg.numeric_features.iter().flatten().map(String::as_str).collect();
    let lists = [("numeric_features", &cfg.numeric_features), ("categorical_features", &cfg.categorical_features)];
    let mut wrong = Vec::new();
    for (key, name) in lists.into_iter().flat_map(|(key, list)| list.iter().flatten().map(move |name| (key, name))) {
        if *name == spec.target {
            wrong.push(format!("`{key}` lists the target `{}`, which is never an input", shown(name)));
        } else if !features.contains(name.as_str()) {
            // Looking for the nearest of thousands of names takes its time: only what is told is looked for.
            let near = if wrong.len() < MOST_TOLD { nearest(name, &names) } else { String::new() };
            let near = near.trim_end_matches('?');
            wrong.push(format!("`{key}` lists `{}`, which is no feature of `{}` ({near})", shown(name), spec.name));
        } else if key == "categorical_features" && numeric.contains(name.as_str()) {
            wrong.push(format!("`{}` is listed as numeric and as categorical", shown(name)));
        }
    }
    wrong
}

fn encoding_is_off(spec: &DatasetSpec, categorical: &[String]) -> DataError {
    let bools = categorical.iter().filter(|c| spec.schema.get(*c) == Some(&ColumnType::Bool)).count();
    let verb = if categorical.len() == 1 { "is" } else { "are" };
    let mut hint = "Set `encoding.enabled: true` with `strategy: onehot` or `ordinal`".to_owned();
    if bools > 0 {
        hint.push_str("; a bool can also be listed in `numeric_features`, where it is 0 or 1");
    }
    DataError::Settings {
        message: format!(
            "{} {verb} categorical and `encoding.enabled` is false; no estimator takes text",
            list(categorical)
        ),
        hint,
    }
}

/// Every category of a one-hot column is a column of the matrix: identifiers and free texts make it burst.
fn fits_in_memory(transform: &Transform, rows: usize) -> Result<()> {
    let width = |c: &CategoricalColumn| match c.encoding {
        Encoding::Onehot { width, .. } => u64::from(width),
        Encoding::Ordinal => 1,
    };
    let columns = transform.output_features.len() as u64;
    let bytes = (rows as u64).saturating_mul(columns).saturating_mul(8);
    let Some(widest) = transform.categorical.iter().max_by_key(|c| width(c)).filter(|c| width(c) > 1) else {
        return Ok(());
    };
    if bytes <= MOST_BYTES {
        return Ok(());
    }
    Err(DataError::Settings {
        message: format!(
            "one-hot encoding makes {} of {}, {} GiB where {} are the most; `{}` alone makes {}",
            count(columns as usize, "column", "columns"),
            count(rows, "train row", "train rows"),
            bytes.div_ceil(1 << 30),
            MOST_BYTES >> 30,
            shown(&widest.name),
            count(width(widest) as usize, "column", "columns")
        ),
        hint: "Set `encoding.min_frequency`, so that rare categories share a column, use `encoding.strategy: ordinal`, or \
               leave the column out of the features"
            .into(),
    })
}

fn declared(spec: &DatasetSpec, name: &str, values: &ColumnValues) -> ColumnType {
    spec.schema.get(name).copied().unwrap_or(match values {
        ColumnValues::Number(_) => ColumnType::Float,
        ColumnValues::Text { .. } => ColumnType::String,
    })
}

fn nothing_to_learn(name: &str) -> DataError {
    DataError::Insufficient {
        message: format!("column `{name}` has no value in the train split"),
        hint: "Leave it out of the features, or fill it with a constant".into(),
    }
}

fn fit_numeric(
    cfg: &PreprocessingConfig,
    spec: &DatasetSpec,
    train: &Known,
    name: &str,
) -> Result<(NumericColumn, InputColumn)> {
    let values = feature(train, name)?;
    let numbers = numeric_values(name, values)?;
    let present: Vec<f64> = numbers.iter().copied().filter(|v| !v.is_nan()).collect();
    let impute = cfg.missing_values.policy == MissingPolicy::Impute;
    let fill = match (impute, cfg.missing_values.numeric_strategy) {
        (false, _) => None,
        (true, NumericFill::Constant) => Some(cfg.missing_values.fill_number.unwrap_or(0.0)),
        (true, _) if present.is_empty() => return Err(nothing_to_learn(name)),
        (true, NumericFill::Mean) => Some(mean(&present)),
        (true, NumericFill::Median) => Some(median(&present)),
    };
    let filled: Vec<f64> = match fill {
        Some(fill) => numbers.iter().map(|v| if v.is_nan() { fill } else { *v }).collect(),
        None => present.clone(),
    };
    let scaling = if cfg.scaling.enabled {
        if filled.is_empty() {
            return Err(nothing_to_learn(name));
        }
        Some(match cfg.scaling.strategy {
            ScalingStrategy::Standard => standard(&filled),
            ScalingStrategy::Minmax => minmax(&filled),
        })
    } else {
        None
    };
    let numbers_are_finite =
        fill.is_none_or(f64::is_finite) && scaling.is_none_or(|s| s.offset.is_finite() && s.scale.is_finite());
    if !numbers_are_finite {
        return Err(DataError::Settings {
            message: format!("the values of column `{name}` are too large to average or scale"),
            hint: "Use a smaller unit for the column".into(),
        });
    }
    let input = InputColumn {
        name: name.into(),
        kind: InputKind::Numeric,
        declared: declared(spec, name, values),
        min: present.iter().copied().min_by(f64::total_cmp),
        max: present.iter().copied().max_by(f64::total_cmp),
        categories: Vec::new(),
    };
    Ok((NumericColumn { name: name.into(), fill, scaling }, input))
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    let mid = values.len() / 2;
    let odd = values.len() % 2 == 1;
    let (below, &mut upper, _) = values.select_nth_unstable_by(mid, f64::total_cmp);
    if odd {
        return upper;
    }
    let lower = below.iter().copied().max_by(f64::total_cmp).unwrap_or(upper);
    (lower + upper) / 2.0
}

/// Mean and population standard deviation; a column that is constant up to rounding is only centred (scikit-learn's bound).
fn standard(values: &[f64]) -> Scaling {
    let n = values.len() as f64;
    let mean = mean(values);
    // Two passes with the correction of Chan, Golub and LeVeque (1983): the sum of deviations is zero but for rounding.
    let drift = values.iter().map(|v| v - mean).sum::<f64>();
    let variance = (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() - drift * drift / n) / n;
    let rounding = n * f64::EPSILON * variance + (n * mean * f64::EPSILON).powi(2);
    let scale = if variance <= rounding { 1.0 } else { variance.sqrt() };
    Scaling { offset: mean, scale }
}

/// Minimum and range; a constant column becomes 0.
fn minmax(values: &[f64]) -> Scaling {
    let min = values.iter().copied().fold(f64::INFINITY, f64::min);
    let max = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let range = max - min;
    Scaling { offset: min, scale: if range < 10.0 * f64::EPSILON { 1.0 } else { range } }
}

/// A category, how often it occurs, and its value where it is a number.
struct Seen {
    text: Option<String>,
    value: Option<f64>,
    count: u64,
}

/// The categories of `values` in order (numbers by value, texts by bytes), missing last.
fn seen(values: &ColumnValues) -> Vec<Seen> {
    let mut missing = 0;
    let mut seen: Vec<Seen> = match values {
        ColumnValues::Number(v) => {
            let mut counts: FastMap<u64, u64> = FastMap::default();
            for x in v {
                if x.is_nan() { missing += 1 } else { *counts.entry((x + 0.0).to_bits()).or_default() += 1 }
            }
            let mut values: Vec<(f64, u64)> = counts.into_iter().map(|(b, n)| (f64::from_bits(b), n)).collect();
            values.sort_by(|a, b| a.0.total_cmp(&b.0));
            values.into_iter().map(|(v, count)| Seen { text: Some(number_text(v)), value: Some(v), count }).collect()
        }
        ColumnValues::Text { dictionary, codes } => {
            let mut counts = vec![0u64; dictionary.len()];
            for c in codes {
                match counts.get_mut(*c as usize) {
                    Some(n) => *n += 1,
                    None => missing += 1,
                }
            }
            let mut texts: Vec<(&String, u64)> = dictionary.iter().zip(counts).filter(|(_, n)| *n > 0).collect();
            texts.sort();
            texts.into_iter().map(|(t, count)| Seen { text: Some(t.clone()), value: None, count }).collect()
        }
    };
    if missing > 0 {
        seen.push(Seen { text: None, value: None, count: missing });
    }
    seen
}

/// Puts the missing values of `seen` under the fill category, which is returned.
fn impute(cfg: &PreprocessingConfig, name: &str, seen: &mut Vec<Seen>) -> Result<String> {
    let missing = match seen.last() {
        Some(Seen { text: None, count, .. }) => {
            let count = *count;
            seen.pop();
            count
        }
        _ => 0,
    };
    let fill = match cfg.missing_values.categorical_strategy {
        CategoricalFill::Constant => cfg.missing_values.fill_text.clone().unwrap_or_else(|| DEFAULT_FILL.into()),
        CategoricalFill::MostFrequent => seen
            .iter()
            .enumerate()
            .max_by_key(|(i, s)| (s.count, Reverse(*i)))
            .and_then(|(_, s)| s.text.clone())
            .ok_or_else(|| nothing_to_learn(name))?,
    };
    if missing > 0 {
        match seen.iter_mut().find(|s| s.text.as_ref() == Some(&fill)) {
            Some(s) => s.count += missing,
            None => {
                let numeric = seen.iter().all(|s| s.value.is_some());
                let value = fill.parse().ok().filter(|_| numeric);
                let at = seen.partition_point(|s| match (s.value, value) {
                    (Some(a), Some(b)) => a < b,
                    // A text among numbers goes last.
                    (Some(_), None) => true,
                    _ => s.text.as_deref() < Some(fill.as_str()),
                });
                seen.insert(at, Seen { text: Some(fill.clone()), value, count: missing });
            }
        }
    }
    Ok(fill)
}

fn fit_categorical(
    cfg: &PreprocessingConfig,
    spec: &DatasetSpec,
    train: &Known,
    name: &str,
) -> Result<(CategoricalColumn, InputColumn, Vec<String>)> {
    let values = feature(train, name)?;
    let mut seen = seen(values);
    let fill = match cfg.missing_values.policy {
        MissingPolicy::Impute => Some(impute(cfg, name, &mut seen)?),
        _ => None,
    };
    let input = InputColumn {
        name: name.into(),
        kind: InputKind::Categorical,
        declared: declared(spec, name, values),
        min: None,
        max: None,
        categories: seen.iter().filter_map(|s| s.text.clone()).collect(),
    };
    let (categories, encoding, outputs) = match cfg.encoding.strategy {
        EncodingStrategy::Ordinal => {
            // A missing value has no rank: it stays missing.
            let texts = seen.into_iter().filter_map(|s| s.text);
            let categories: Vec<Category> =
                texts.enumerate().map(|(i, t)| Category { text: Some(t), code: i as u32 }).collect();
            (categories, Encoding::Ordinal, vec![name.to_owned()])
        }
        EncodingStrategy::Onehot => onehot(name, seen, cfg.encoding.min_frequency),
    };
    if categories.is_empty() {
        return Err(nothing_to_learn(name));
    }
    Ok((CategoricalColumn { name: name.into(), fill, categories, encoding }, input, outputs))
}

/// Frequent categories get columns of their own, in order; the rare ones share a last one.
fn onehot(name: &str, seen: Vec<Seen>, min_frequency: Option<u64>) -> (Vec<Category>, Encoding, Vec<String>) {
    let rare = |s: &Seen| min_frequency.is_some_and(|least| s.count < least);
    let frequent = seen.iter().filter(|s| !rare(s)).count() as u32;
    let infrequent = (frequent < seen.len() as u32).then_some(frequent);
    let mut outputs = Vec::new();
    let mut categories = Vec::with_capacity(seen.len());
    for s in seen {
        let code = match infrequent {
            Some(last) if rare(&s) => last,
            _ => {
                outputs.push(format!("{name}_{}", s.text.as_deref().unwrap_or("nan")));
                (outputs.len() - 1) as u32
            }
        };
        categories.push(Category { text: s.text, code });
    }
    if infrequent.is_some() {
        outputs.push(format!("{name}_infrequent"));
    }
    (categories, Encoding::Onehot { width: outputs.len() as u32, infrequent }, outputs)
}

/// `a_b` may be a column and the category `b` of `a`: the later one gets a number.
fn make_unique(names: &mut [String]) {
    let mut taken = std::collections::BTreeSet::new();
    for name in names {
        let mut candidate = name.clone();
        let mut n = 2;
        while !taken.insert(candidate.clone()) {
            candidate = format!("{name}_{n}");
            n += 1;
        }
        *name = candidate;
    }
}
