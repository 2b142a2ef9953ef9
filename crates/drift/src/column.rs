//! One column of a batch against one column of a reference.

use crate::bins::{self, Cells};
use crate::chart::{bars_chart, histogram_chart, histogram_of};
use crate::nulls::{cell_distance, cells_interval, cells_null, wasserstein_null};
use crate::partly::{MANY, Partly, Ranks};
use crate::proportion::{self, Side};
use crate::random::named_seed;
use crate::result::{Found, NEW_CATEGORY, missing, untested};
use crate::sort::sort;
use crate::thresholds::{DistanceThresholds, finite};
use crate::wasserstein::{LEAST_SD, mean_sd, wasserstein};
use crate::{chi2, ks};
use driftgate_model::{ColumnDrift, DriftConfig, DriftSeverity, DriftTest, DriftTestResult, DriftVerdict, ProfileKind};
use std::collections::BTreeMap;

/// A numeric column.
#[derive(Debug, Clone)]
pub struct NumericColumn<'a> {
    /// Its name.
    pub name: &'a str,
    /// The reference's values, sorted, without missing ones.
    pub reference: &'a [f64],
    /// Missing values of the reference.
    pub reference_missing: u64,
    /// The batch's values in any order; NaN is missing, an infinity is a value.
    pub batch: Vec<f64>,
    /// Stored permutation thresholds; without them, distances are permuted here.
    pub thresholds: Option<&'a DistanceThresholds>,
}

/// A categorical column.
#[derive(Debug, Clone, Copy)]
pub struct CategoricalColumn<'a> {
    /// Its name.
    pub name: &'a str,
    /// The reference's counts, missing values left out.
    pub reference: &'a BTreeMap<String, u64>,
    /// Missing values of the reference.
    pub reference_missing: u64,
    /// The batch's counts, missing values left out.
    pub batch: &'a BTreeMap<String, u64>,
    /// Missing values of the batch.
    pub batch_missing: u64,
    /// Stored permutation thresholds; without them, distances are permuted here.
    pub thresholds: Option<&'a DistanceThresholds>,
}

/// What all tests of one column share.
struct Context<'a> {
    name: &'a str,
    config: &'a DriftConfig,
    test: DriftTest,
    min: f64,
    seed: u64,
    thresholds: Option<&'a DistanceThresholds>,
    notes: Vec<String>,
}

impl<'a> Context<'a> {
    fn new(
        name: &'a str,
        test: DriftTest,
        config: &'a DriftConfig,
        thresholds: Option<&'a DistanceThresholds>,
    ) -> Self {
        let min = config.effect.columns.get(name).copied().unwrap_or_else(|| config.effect.min.of(test));
        Context { name, config, test, min, seed: named_seed(config.seed, name), thresholds, notes: Vec::new() }
    }

    fn untested(&self, note: impl Into<String>) -> DriftTestResult {
        let mut notes = self.notes.clone();
        notes.push(note.into());
        untested(self.test.as_str(), self.test.effect(), self.min, notes.join("; "))
    }

    fn found(self, method: &'static str, statistic: f64, p_value: f64) -> Found {
        Found {
            test: self.test.as_str(),
            method,
            statistic,
            p_value,
            effect_name: self.test.effect(),
            effect: statistic,
            interval: None,
            min_effect: self.min,
            notes: self.notes,
        }
    }

    fn infinite(&mut self, count: usize) {
        if count > 0 {
            let ranks = self.test == DriftTest::Ks;
            let done = if ranks { "counted as the largest or smallest values" } else { "left out" };
            self.notes.push(format!("infinite values are {done}: {count}"));
        }
    }

    /// Says which of reference and batch hold one value only.
    fn constant(&mut self, which: (bool, bool)) {
        match which {
            (true, true) => self.notes.push("reference and batch hold one value each".into()),
            (true, false) => self.notes.push("the reference holds one value only".into()),
            (false, true) => self.notes.push("the batch holds one value only".into()),
            (false, false) => {}
        }
    }

    /// Why two samples of these sizes cannot be tested.
    fn too_few(&self, reference: usize, batch: usize) -> Option<DriftTestResult> {
        let side = |name: &str, rows: usize| match rows {
            0 => Some(format!("the {name} has no values here")),
            1 => Some(format!("the {name} has one value here: at least 2 are needed")),
            _ => None,
        };
        side("reference", reference).or_else(|| side("batch", batch)).map(|note| self.untested(note))
    }
}

/// The tests of a numeric column, p-values not adjusted and verdicts open: [`finish`](crate::finish) does both.
///
/// The test of `config.numerical` (`tests[0]`) and that of missing values. An infinite value counts as a value for the
/// Kolmogorov–Smirnov test; distances leave it out and say so. What cannot be tested has no p-value and a note.
pub fn check_numeric(column: NumericColumn<'_>, config: &DriftConfig) -> ColumnDrift {
    let rows = column.batch.len() as u64;
    let mut batch = column.batch;
    batch.retain(|v| !v.is_nan());
    if config.numerical == DriftTest::Ks && batch.len() >= MANY && !column.reference.is_empty() {
        return check_many(column.name, column.reference, column.reference_missing, &batch, rows, config);
    }
    sort(&mut batch);
    let reference = column.reference;
    let context = Context::new(column.name, config.numerical, config, column.thresholds);
    let (reference_rows, batch_rows) = (reference.len() as u64, batch.len() as u64);
    let of_reference = (column.reference_missing, reference_rows + column.reference_missing);
    ColumnDrift {
        name: column.name.into(),
        kind: ProfileKind::Numeric,
        reference_rows,
        batch_rows,
        verdict: DriftVerdict::Inconclusive,
        severity: DriftSeverity::None,
        chart: histogram_chart(finite(reference), finite(&batch)),
        tests: vec![numeric_test(context, reference, &batch), missing(of_reference, (rows - batch_rows, rows), config)],
    }
}

/// [`check_numeric`] by Kolmogorov and Smirnov for many values: most of them need no place of their own.
fn check_many(
    name: &str,
    reference: &[f64],
    reference_missing: u64,
    batch: &[f64],
    rows: u64,
    config: &DriftConfig,
) -> ColumnDrift {
    let mut batch = Partly::new(batch, reference);
    let (n, m) = (reference.len(), batch.len());
    let mut context = Context::new(name, config.numerical, config, None);
    let mut finite_reference = finite(reference);
    let infinite = batch.infinite();
    context.infinite(infinite + n - finite_reference.len());
    let constant = (reference[0] == reference[n - 1], batch.at(0) == batch.at(m - 1));
    let test = match context.too_few(n, m) {
        Some(none) => none,
        None => {
            context.constant(constant);
            let found = ks::of(batch.scaled_distance(reference), n as u64, m as u64);
            ks_result(context, found, n as u64, m as u64)
        }
    };
    let chart = if infinite > 0 {
        // Rare enough to be slow: the chart leaves them out.
        let mut some = batch.sorted();
        some.retain(|v| v.is_finite());
        histogram_chart(finite_reference, &some)
    } else {
        histogram_of(&mut finite_reference, &mut batch)
    };
    let of_reference = (reference_missing, n as u64 + reference_missing);
    ColumnDrift {
        name: name.into(),
        kind: ProfileKind::Numeric,
        reference_rows: n as u64,
        batch_rows: m as u64,
        verdict: DriftVerdict::Inconclusive,
        severity: DriftSeverity::None,
        chart,
        tests: vec![test, missing(of_reference, (rows - m as u64, rows), config)],
    }
}

fn numeric_test(mut context: Context<'_>, reference: &[f64], batch: &[f64]) -> DriftTestResult {
    let (finite_reference, finite_batch) = (finite(reference), finite(batch));
    let infinite = reference.len() + batch.len() - finite_reference.len() - finite_batch.len();
    let distance = context.test != DriftTest::Ks;
    context.infinite(infinite);
    let (reference, batch) = if distance { (finite_reference, finite_batch) } else { (reference, batch) };
    if let Some(none) = context.too_few(reference.len(), batch.len()) {
        return none;
    }
    let constant = |values: &[f64]| values.first() == values.last();
    context.constant((constant(reference), constant(batch)));
    match context.test {
        DriftTest::Ks => ks_test(context, reference, batch),
        DriftTest::Wasserstein => wasserstein_test(context, reference, batch),
        DriftTest::Psi | DriftTest::JensenShannon => cells_test(context, &bins::numeric(reference, batch)),
        DriftTest::ChiSquare => context.untested("chisquare is a test of categories"),
    }
}

fn ks_test(context: Context<'_>, reference: &[f64], batch: &[f64]) -> DriftTestResult {
    let Some(found) = ks::test(reference, batch) else {
        return context.untested("there are no values");
    };
    ks_result(context, found, reference.len() as u64, batch.len() as u64)
}

fn ks_result(context: Context<'_>, found: ks::Ks, n: u64, m: u64) -> DriftTestResult {
    let level = context.config.effect.level;
    let method = if found.exact { "exact" } else { "asymptotic" };
    let interval = ks::interval(found.statistic, n, m, level);
    Found { interval, ..context.found(method, found.statistic, found.p_value) }.result(level)
}

fn wasserstein_test(context: Context<'_>, reference: &[f64], batch: &[f64]) -> DriftTestResult {
    let level = context.config.effect.level;
    let (Some(plain), Some((_, sd)), Some((_, sd_batch))) =
        (wasserstein(reference, batch), mean_sd(reference), mean_sd(batch))
    else {
        return context.untested("there are no values");
    };
    let unit = sd.max(LEAST_SD);
    let d = plain / unit;
    if !d.is_finite() {
        return context.untested("the values are too far apart to be computed with");
    }
    let (n, m, test) = (reference.len() as u64, batch.len() as u64, context.test);
    let tail = (1.0 - level) / 2.0;
    let stored = context.thresholds.and_then(|t| {
        Some((t.p_value(context.name, test, d, n, m)?, t.quantile(context.name, test, tail, n, m)?, "thresholds"))
    });
    let (p, null, method) = stored.unwrap_or_else(|| {
        let null = wasserstein_null(reference, batch, unit, context.config.permutations, context.seed);
        (null.p_value(d), null.quantile(tail), "permutation")
    });
    let sizes = (reference.len(), batch.len());
    let interval = crate::wasserstein::interval(d, null, (sd, sd_batch), sizes, level);
    Found { effect: d, interval, ..context.found(method, plain, p) }.result(level)
}

/// PSI and Jensen–Shannon.
fn cells_test(context: Context<'_>, cells: &Cells) -> DriftTestResult {
    let (level, test, seed) = (context.config.effect.level, context.test, context.seed);
    let Some(d) = cell_distance(test, &cells.reference, &cells.batch) else {
        return context.untested("there are no values");
    };
    let (n, m) = (cells.reference.iter().sum(), cells.batch.iter().sum());
    let stored = context.thresholds.and_then(|t| Some((t.p_value(context.name, test, d, n, m)?, "thresholds")));
    let (p, method) = stored
        .unwrap_or_else(|| (cells_null(test, cells, context.config.permutations, seed).p_value(d), "permutation"));
    let interval = cells_interval(test, cells, level, seed);
    Found { interval, ..context.found(method, d, p) }.result(level)
}

/// The tests of a categorical column, p-values not adjusted and verdicts open: [`finish`](crate::finish) does both.
///
/// The test of `config.categorical` (`tests[0]`), that of missing values, and that of new categories.
pub fn check_categorical(column: CategoricalColumn<'_>, config: &DriftConfig) -> ColumnDrift {
    let context = Context::new(column.name, config.categorical, config, column.thresholds);
    let total = |counts: &BTreeMap<String, u64>| counts.values().sum::<u64>();
    let (n, m) = (total(column.reference), total(column.batch));
    let of_reference = (column.reference_missing, n + column.reference_missing);
    let of_batch = (column.batch_missing, m + column.batch_missing);
    ColumnDrift {
        name: column.name.into(),
        kind: ProfileKind::Categorical,
        reference_rows: n,
        batch_rows: m,
        verdict: DriftVerdict::Inconclusive,
        severity: DriftSeverity::None,
        chart: bars_chart(column.reference, column.batch),
        tests: vec![
            categorical_test(context, &paired(column.reference, column.batch)),
            missing(of_reference, of_batch, config),
            new_categories(column.reference, column.batch, config),
        ],
    }
}

/// Counts of both in the order of the categories.
fn paired(reference: &BTreeMap<String, u64>, batch: &BTreeMap<String, u64>) -> Cells {
    let mut pairs: BTreeMap<&String, (u64, u64)> = reference.iter().map(|(k, &c)| (k, (c, 0))).collect();
    for (k, &c) in batch {
        pairs.entry(k).or_default().1 = c;
    }
    let (reference, batch) = pairs.into_values().filter(|(a, b)| a + b > 0).unzip();
    Cells { reference, batch }
}

fn categorical_test(mut context: Context<'_>, cells: &Cells) -> DriftTestResult {
    let (n, m): (u64, u64) = (cells.reference.iter().sum(), cells.batch.iter().sum());
    if let Some(none) = context.too_few(n as usize, m as usize) {
        return none;
    }
    match context.test {
        DriftTest::Psi | DriftTest::JensenShannon => return cells_test(context, cells),
        DriftTest::Ks | DriftTest::Wasserstein => {
            let name = context.test.as_str();
            return context.untested(format!("{name} is a test of numbers"));
        }
        DriftTest::ChiSquare => {}
    }
    let level = context.config.effect.level;
    let Some(found) = chi2::homogeneity(&cells.reference, &cells.batch) else {
        return context.untested("there are no values");
    };
    if found.merged > 0 {
        context.notes.push(format!("{} rare categories were counted as one", found.merged));
    }
    if found.df == 0 {
        if found.merged > 0 {
            return context.untested("no category is frequent enough at these sizes to be compared");
        }
        context.notes.push("reference and batch hold one category".into());
    }
    let interval = chi2::interval(&found, n, m, level);
    let effect = chi2::effect(found.statistic, n, m);
    Found { effect, interval, ..context.found("asymptotic", found.statistic, found.p_value) }.result(level)
}

/// Whether more rows have a category that the reference lacks than chance explains.
///
/// A next row of the reference itself would have a category not seen before with about the share of its categories seen once
/// (Good 1953): the batch's share is compared with that one, one-sided.
fn new_categories(
    reference: &BTreeMap<String, u64>,
    batch: &BTreeMap<String, u64>,
    config: &DriftConfig,
) -> DriftTestResult {
    const EFFECT: &str = "share of rows with a category the reference lacks, above what chance explains";
    let (min, level) = (config.effect.min.new_category, config.effect.level);
    let (n, m) = (reference.values().sum::<u64>(), batch.values().sum::<u64>());
    let known = |k: &String| reference.get(k).is_some_and(|&c| c > 0);
    let new: Vec<(&String, u64)> = batch.iter().filter(|(k, c)| **c > 0 && !known(k)).map(|(k, &c)| (k, c)).collect();
    let hits = new.iter().map(|(_, c)| c).sum::<u64>();
    let once = reference.values().filter(|&&c| c == 1).count() as u64;
    let Some(found) = proportion::test(once, n, hits, m, Side::Greater) else {
        return untested(NEW_CATEGORY, EFFECT, min, "there are no values to compare".into());
    };
    let notes = (!new.is_empty()).then(|| format!("{} new categories in {hits} rows", new.len()));
    Found {
        test: NEW_CATEGORY,
        method: found.method,
        statistic: found.statistic,
        p_value: found.p_value,
        effect_name: EFFECT,
        effect: found.difference,
        interval: proportion::interval(once, n, hits, m, level),
        min_effect: min,
        notes: notes.into_iter().collect(),
    }
    .result(level)
}
