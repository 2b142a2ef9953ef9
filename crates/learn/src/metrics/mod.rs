//! Metrics as scikit-learn defines them, with bootstrap intervals.
//!
//! A scorer is built once from a model's answers and then takes any integer weighting of the rows: all ones give the
//! metric, multinomial draws give its resamples. Nothing is sorted or copied again for a resample. Each resample has a
//! random stream of its own, named by seed and number, so that intervals are the same bits for any number of threads.
//!
//! Definitions that need saying (`C` classes, `y` truth, `p` probability):
//! - `precision`, `recall`, `f1_score`: 0 where nothing was to be divided by; `macro` averages the classes that occur in
//!   truth or answers.
//! - `roc_auc`, `pr_auc` (average precision): two labels, of the positive one; more, one against the rest, averaged alike for
//!   `macro` and by rows otherwise. Not defined where a label has no row.
//! - `log_loss`: p clipped to [ε, 1 − ε], ε = 2⁻⁵². `brier`: two labels, mean (p − y)² of the positive one, 0 to 1; more,
//!   summed over the classes, 0 to 2.
//! - `ece`: |confidence − accuracy| over equal-width bins of the largest probability, weighted by rows. Bins are closed
//!   below; the last is closed above too. Its interval lies too high, and above the value itself for a well calibrated model.
//! - `top_3_accuracy`, `top_5_accuracy`: the share of rows whose true label is among the k of largest probability, the first of
//!   equals counting before the others. Only of more than k labels.
//! - `r2`: not defined for fewer than two distinct true values. `mape`: divides by max(|y|, ε), a share, not a percentage.

mod answers;
mod baseline;
mod classes;
mod error;
mod fairness;
mod interval;
mod limit;
mod paired;
mod ranking;
mod resample;
mod scorer;
mod sums;
mod values;

pub use answers::{Answers, check_config, predicted_codes};
pub use baseline::Baseline;
pub use error::MetricError;
pub use fairness::{FairnessOptions, Groups, fairness};
pub use paired::{EQUAL_WITHIN, PairedDifference, compare, no_baseline, paired};

use classes::{Counts, Tally, Wanted};
use driftgate_model::config::{BootstrapConfig, EvaluationConfig};
use driftgate_model::{BootstrapSpec, CancelToken, Interval, MetricValue, SplitEvaluation};
use interval::{NO_WIDTH, Spread, check_level, defined, joined, percent, wilson};
use limit::{flawless_rows, is_share_of_rows, unseen_share};
use scorer::{Scorer, leaves_ranking_out, not_ranked, plan, strata, why_undefined};
use std::collections::BTreeMap;

/// What the note of a calibration error says that lies below its own interval.
const NOISE: &str = "the value lies below its interval, since resampling adds noise to every bin and noise only ever raises this metric";

/// What [`evaluate`] is told besides the answers.
#[derive(Debug, Clone, Copy)]
pub struct EvaluateOptions<'a> {
    /// `val` or `test`.
    pub split: &'a str,
    /// Averaging, resampling and calibration.
    pub config: &'a EvaluationConfig,
    /// Worker threads; never changes a value.
    pub threads: usize,
    /// Asks the resampling to stop.
    pub cancel: &'a CancelToken,
}

/// Every metric of the task that so many labels have, on one split, with percentile bootstrap intervals (stratified by true class for labels) and
/// the baseline beside them.
///
/// A split without rows is not an error: nothing is defined on it, and the notes say so.
///
/// # Errors
/// Answers that do not hold together, a config that does not fit the labels, cancellation.
pub fn evaluate(
    answers: &Answers,
    train_baseline: &Baseline,
    options: &EvaluateOptions,
) -> Result<SplitEvaluation, MetricError> {
    let config = options.config;
    check_level("level", config.bootstrap.level)?;
    answers.check(config)?;
    let names = answers.names();
    let (sizes, order) = strata(answers);
    let scorer = Scorer::new(answers, &order, config, Wanted::ALL);
    let mut tally = Tally::default();
    let base =
        Scorer::of_baseline(train_baseline, answers, &order, config)?.point(answers.rows(), names.len(), &mut tally);
    let point = scorer.point(answers.rows(), names.len(), &mut tally);

    let plan = plan(sizes, config);
    let light = leaves_ranking_out(answers)
        .then(|| Scorer::new(answers, &order, config, Wanted { ranking: false, ..Wanted::ALL }));
    let resampled = light.as_ref().unwrap_or(&scorer);
    let score = |weights: &[u32], tally: &mut Tally, out: &mut [f64]| resampled.score(weights, tally, out);
    let draws = plan.run(names.len(), options.threads, options.cancel, score)?;
    let mut metrics = BTreeMap::new();
    for (i, name) in names.iter().enumerate().filter(|(_, name)| answers.hold(name)) {
        let spread = Spread::new(draws.iter().skip(i).step_by(names.len()).copied());
        let value = measured(name, point[i], &spread, answers, &tally.cells, config);
        metrics.insert((*name).to_owned(), value);
    }
    let held = names.iter().zip(&base).filter(|(name, _)| answers.hold(name));
    let baseline = held.map(|(name, &v)| ((*name).to_owned(), defined(v))).collect();
    let mut report = SplitEvaluation {
        split: options.split.to_owned(),
        rows: answers.rows() as u64,
        metrics,
        baseline,
        averaging: None,
        labels: Vec::new(),
        per_class: Vec::new(),
        confusion_matrix: Vec::new(),
        calibration: Vec::new(),
        bootstrap: spec(config, matches!(answers, Answers::Classes { .. })),
    };
    if let (Answers::Classes { labels, .. }, Scorer::Classes(scorer)) = (answers, &scorer) {
        let counts = Counts { cells: &tally.cells, classes: labels.len() };
        report.averaging = Some(config.averaging);
        report.labels = labels.to_vec();
        report.per_class = counts.table().iter().zip(labels.iter()).map(|(row, label)| row.named(label)).collect();
        report.confusion_matrix = tally.cells.chunks(labels.len().max(1)).map(<[u64]>::to_vec).collect();
        report.calibration = scorer.calibration();
    }
    Ok(report)
}

/// One metric by name, without an interval; `None` where it is not defined.
///
/// # Errors
/// As [`evaluate`], and a name that is not a metric of the task.
pub fn metric(name: &str, answers: &Answers, config: &EvaluationConfig) -> Result<Option<f64>, MetricError> {
    let place = answers.place(name)?;
    answers.check(config)?;
    let (_, order) = strata(answers);
    let scorer = Scorer::new(answers, &order, config, Wanted::of(&[name]));
    let values = scorer.point(answers.rows(), answers.names().len(), &mut Tally::default());
    Ok(defined(values[place]))
}

/// The defined metrics as `<prefix>.<name>`, for events: `test.accuracy`.
pub fn summary(evaluation: &SplitEvaluation, prefix: &str) -> BTreeMap<String, f64> {
    let named = |(name, metric): (&String, &MetricValue)| Some((format!("{prefix}.{name}"), metric.value?));
    evaluation.metrics.iter().filter_map(named).collect()
}

/// How intervals were made; `None` when they are turned off.
fn spec(config: &EvaluationConfig, stratified: bool) -> Option<BootstrapSpec> {
    let BootstrapConfig { resamples, level, seed } = config.bootstrap;
    (resamples > 0).then(|| BootstrapSpec { method: "percentile".to_owned(), resamples, level, seed, stratified })
}

/// A note on labels whose only row every stratified resample repeats.
fn lone_rows(answers: &Answers) -> Option<String> {
    let Answers::Classes { labels, .. } = answers else {
        return None;
    };
    let lone = labels.iter().zip(strata(answers).0).filter(|(_, rows)| *rows == 1);
    let named: Vec<String> = lone.map(|(label, _)| format!("`{label}`")).collect();
    (!named.is_empty())
        .then(|| format!("the only row of {} is in every resample, so the interval is too narrow", named.join(", ")))
}

/// A value with what the resamples make of it. `cells` is the confusion matrix.
fn measured(
    name: &str,
    value: f64,
    spread: &Spread,
    answers: &Answers,
    cells: &[u64],
    config: &EvaluationConfig,
) -> MetricValue {
    if !value.is_finite() {
        return MetricValue { note: Some(why_undefined(name, answers)), ..MetricValue::default() };
    }
    let bare = MetricValue { value: Some(value), ..MetricValue::default() };
    let level = config.bootstrap.level;
    if config.bootstrap.resamples == 0 {
        return bare;
    }
    if let Some(note) = not_ranked(name, answers) {
        return MetricValue { note: Some(note), ..bare };
    }
    if spread.is_degenerate()
        && let Some(certain) = certain(name, value, answers, cells, config)
    {
        return certain;
    }
    let noise = (name == "ece" && spread.lies_above(value, level)).then(|| NOISE.to_owned());
    spread.around(value, level, joined(noise.into_iter().chain(lone_rows(answers)).collect()))
}

/// A value where no resample differs, so that the percentile interval would claim certainty. A share of right rows has
/// Wilson's interval instead; the other metrics of right and wrong answers, where there is no error, have the exact limit of
/// their most thinly covered class. `None` for the rest: an interval without width is evidence of nothing.
fn certain(name: &str, value: f64, answers: &Answers, cells: &[u64], config: &EvaluationConfig) -> Option<MetricValue> {
    let Answers::Classes { labels, .. } = answers else {
        return None;
    };
    let level = config.bootstrap.level;
    let (interval, instead) = if is_share_of_rows(name, config) {
        (wilson(value, answers.rows(), level)?, "Wilson score interval".to_owned())
    } else {
        let rows = flawless_rows(name, cells, labels, config)?;
        let low = 1.0 - unseen_share(rows, (1.0 + level) / 2.0);
        (Interval { low, high: 1.0 }, format!("limit of {rows} rows without an error"))
    };
    let note = format!("{NO_WIDTH}; the {} % {instead} stands in its place", percent(level));
    Some(MetricValue { value: Some(value), interval: Some(interval), note: Some(note) })
}
