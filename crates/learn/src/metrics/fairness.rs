//! Group fairness: how differently a classifier answers for the groups of one column.
//!
//! With the share of a group's rows answered positively as its selection rate, and the same share among its truly positive
//! rows as its true positive rate (Hardt, Price and Srebro, 2016):
//! - `demographic_parity_difference`: largest − smallest selection rate; 0 is alike.
//! - `demographic_parity_ratio`: smallest / largest selection rate; 1 is alike. Not defined where nothing is selected.
//! - `equal_opportunity_difference`: largest − smallest true positive rate; 0 is alike.
//!
//! A difference of extremes is never negative, and resampling adds noise to both ends: its interval lies above 0 even for
//! groups that are treated alike, the more so the smaller they are. A rule on its upper end is therefore on the safe side.

use super::answers::{Answers, positive_code, predicted_codes};
use super::interval::{Spread, check_level, defined, joined};
use super::resample::by_class;
use super::scorer::plan;
use super::{MetricError, spec};
use driftgate_model::config::EvaluationConfig;
use driftgate_model::{CancelToken, FAIRNESS_METRICS, FairnessReport, GroupRates, MISSING_CODE, MetricValue};
use std::collections::BTreeMap;

/// The group of each row: a text column of the evaluated split, whether or not the model has seen it.
#[derive(Debug, Clone, Copy)]
pub struct Groups<'a> {
    /// The column's name.
    pub column: &'a str,
    /// Its distinct texts, in any order.
    pub names: &'a [String],
    /// A code into `names` per row; [`MISSING_CODE`] makes a group of its own.
    pub codes: &'a [u32],
}

/// What [`fairness`] is told besides answers and groups.
#[derive(Debug, Clone, Copy)]
pub struct FairnessOptions<'a> {
    /// `val` or `test`.
    pub split: &'a str,
    /// Positive label and resampling. Two labels: the last one is positive unless named; more: it has to be named, and the
    /// rest together is negative.
    pub config: &'a EvaluationConfig,
    /// Groups with fewer rows are shown and not compared.
    pub min_group_rows: u64,
    /// Worker threads; never changes a value.
    pub threads: usize,
    /// Asks the resampling to stop.
    pub cancel: &'a CancelToken,
}

/// Rates of every group, and the three differences between them, each with a percentile bootstrap interval over rows drawn
/// within each group.
///
/// # Errors
/// Answers that are not labels or do not hold together, groups of other rows, no positive label, cancellation.
pub fn fairness(answers: &Answers, groups: &Groups, options: &FairnessOptions) -> Result<FairnessReport, MetricError> {
    let config = options.config;
    check_level("level", config.bootstrap.level)?;
    answers.check(config)?;
    let Answers::Classes { labels, truth, probabilities } = *answers else {
        return Err(MetricError::NotLabels);
    };
    if labels.len() != 2 && config.positive_label.is_none() {
        return Err(MetricError::NeedsPositiveLabel { labels: labels.len() });
    }
    let positive = positive_code(labels, config) as u32;
    let (names, codes) = present(groups, truth.len())?;
    let (sizes, order) = by_class(&codes, names.len());
    let predicted = predicted_codes(probabilities);
    let scorer = GroupScorer {
        cells: order
            .iter()
            .map(|&row| row as usize)
            .map(|row| codes[row] * 4 + 2 * u32::from(truth[row] == positive) + u32::from(predicted[row] == positive))
            .collect(),
        compared: sizes.iter().map(|&size| size > 0 && size as u64 >= options.min_group_rows).collect(),
    };
    let mut tally = Vec::new();
    let mut point = vec![f64::NAN; scorer.width()];
    scorer.score(&vec![1; truth.len()], &mut tally, &mut point);
    let score = |weights: &[u32], tally: &mut Vec<u64>, out: &mut [f64]| scorer.score(weights, tally, out);
    let draws = plan(sizes.clone(), config).run(scorer.width(), options.threads, options.cancel, score)?;

    let columns = Columns { point: &point, draws: &draws, config };
    let rates = names.iter().enumerate().map(|(g, name)| GroupRates {
        group: name.map(str::to_owned),
        rows: sizes[g] as u64,
        positives: tally[4 * g + 2] + tally[4 * g + 3],
        compared: scorer.compared[g],
        selection_rate: columns.value(2 * g, || "not defined, the group has no rows".to_owned()),
        true_positive_rate: columns
            .value(2 * g + 1, || "not defined, no row of the group is truly positive".to_owned()),
    });
    let rates: Vec<GroupRates> = rates.collect();
    let mut metrics = BTreeMap::new();
    for (i, name) in FAIRNESS_METRICS.iter().enumerate() {
        let value = columns.value(2 * names.len() + i, || why(name, &rates, options.min_group_rows));
        metrics.insert((*name).to_owned(), with_left_out(name, value, &rates, options.min_group_rows));
    }
    Ok(FairnessReport {
        schema: "driftgate/fairness/1".to_owned(),
        split: options.split.to_owned(),
        column: groups.column.to_owned(),
        positive_label: labels.get(positive as usize).cloned().unwrap_or_default(),
        min_group_rows: options.min_group_rows,
        groups: rates,
        metrics,
        bootstrap: spec(config, true),
    })
}

/// Groups with a row, by name with the missing one last, and each row's place among them.
fn present<'a>(groups: &Groups<'a>, rows: usize) -> Result<(Vec<Option<&'a str>>, Vec<u32>), MetricError> {
    if groups.codes.len() != rows {
        return Err(MetricError::Rows { what: "the group column", found: groups.codes.len(), expected: rows });
    }
    let mut of_rows: Vec<Option<&str>> = Vec::with_capacity(rows);
    for (row, &code) in groups.codes.iter().enumerate() {
        of_rows.push(match groups.names.get(code as usize) {
            _ if code == MISSING_CODE => None,
            Some(name) => Some(name),
            None => return Err(MetricError::GroupCode { row, code, groups: groups.names.len() }),
        });
    }
    // `None` sorts first; the missing group is shown last.
    let mut places: BTreeMap<(bool, Option<&str>), u32> = of_rows.iter().map(|g| ((g.is_none(), *g), 0)).collect();
    for (i, place) in places.values_mut().enumerate() {
        *place = i as u32;
    }
    let codes = of_rows.iter().map(|g| places[&(g.is_none(), *g)]).collect();
    Ok((places.keys().map(|(_, name)| *name).collect(), codes))
}

/// Rows by group, truth and answer, scored for any weighting.
struct GroupScorer {
    /// `group * 4 + 2 * truly positive + answered positive`, by row.
    cells: Vec<u32>,
    compared: Vec<bool>,
}

impl GroupScorer {
    /// Two rates a group, then [`FAIRNESS_METRICS`].
    fn width(&self) -> usize {
        2 * self.compared.len() + FAIRNESS_METRICS.len()
    }

    fn score(&self, weights: &[u32], tally: &mut Vec<u64>, out: &mut [f64]) {
        let groups = self.compared.len();
        tally.clear();
        tally.resize(4 * groups, 0);
        for (&cell, &weight) in self.cells.iter().zip(weights) {
            tally[cell as usize] += u64::from(weight);
        }
        let share = |part: u64, whole: u64| if whole == 0 { f64::NAN } else { part as f64 / whole as f64 };
        for (counts, rates) in tally.chunks_exact(4).zip(out.chunks_exact_mut(2)) {
            rates[0] = share(counts[1] + counts[3], counts.iter().sum());
            rates[1] = share(counts[3], counts[2] + counts[3]);
        }
        let (rates, differences) = out.split_at_mut(2 * groups);
        let compared = || rates.chunks_exact(2).zip(&self.compared).filter(|(_, compared)| **compared);
        let selection = Extremes::of(compared().map(|(rates, _)| rates[0]));
        let opportunity = Extremes::of(compared().map(|(rates, _)| rates[1]).filter(|rate| !rate.is_nan()));
        differences.copy_from_slice(&[selection.difference(), selection.ratio(), opportunity.difference()]);
    }
}

/// The smallest and largest of some rates.
struct Extremes {
    rates: usize,
    smallest: f64,
    largest: f64,
}

impl Extremes {
    fn of(rates: impl Iterator<Item = f64>) -> Self {
        let none = Extremes { rates: 0, smallest: f64::INFINITY, largest: f64::NEG_INFINITY };
        rates.fold(none, |e, rate| Extremes {
            rates: e.rates + 1,
            smallest: e.smallest.min(rate),
            largest: e.largest.max(rate),
        })
    }

    fn difference(&self) -> f64 {
        if self.rates < 2 { f64::NAN } else { self.largest - self.smallest }
    }

    fn ratio(&self) -> f64 {
        if self.rates < 2 || self.largest <= 0.0 { f64::NAN } else { self.smallest / self.largest }
    }
}

/// Scores of the split and of every resample, column by column.
struct Columns<'a> {
    point: &'a [f64],
    draws: &'a [f64],
    config: &'a EvaluationConfig,
}

impl Columns<'_> {
    fn value(&self, column: usize, why: impl Fn() -> String) -> MetricValue {
        let Some(value) = defined(self.point[column]) else {
            return MetricValue { value: None, interval: None, note: Some(why()) };
        };
        let bootstrap = &self.config.bootstrap;
        if bootstrap.resamples == 0 {
            return MetricValue { value: Some(value), interval: None, note: None };
        }
        let spread = Spread::new(self.draws.iter().skip(column).step_by(self.point.len()).copied());
        spread.around(value, bootstrap.level, None)
    }
}

/// Whether the group takes part in the metric.
fn takes_part(metric: &str, group: &GroupRates) -> bool {
    group.compared && (metric != "equal_opportunity_difference" || group.positives > 0)
}

/// Why a difference is not defined.
fn why(metric: &str, groups: &[GroupRates], min_rows: u64) -> String {
    let able = groups.iter().filter(|g| takes_part(metric, g)).count();
    if able >= 2 {
        return "not defined, no row of the compared groups is answered positively".to_owned();
    }
    let truly = if metric == "equal_opportunity_difference" { " and a truly positive one" } else { "" };
    format!("not defined, it compares groups of at least {min_rows} rows{truly}, and there are {able}")
}

/// Names the groups that a difference leaves out.
fn with_left_out(metric: &str, value: MetricValue, groups: &[GroupRates], min_rows: u64) -> MetricValue {
    let left_out: Vec<String> = groups
        .iter()
        .filter(|g| !takes_part(metric, g))
        .map(|g| match &g.group {
            Some(name) => format!("`{name}` ({} rows, {} positive)", g.rows, g.positives),
            None => format!("missing values ({} rows, {} positive)", g.rows, g.positives),
        })
        .collect();
    if left_out.is_empty() || value.value.is_none() {
        return value;
    }
    let named = format!("not compared, for fewer than {min_rows} rows or no positive one: {}", left_out.join(", "));
    MetricValue { note: joined(value.note.into_iter().chain([named]).collect()), ..value }
}
