//! Metrics of a classifier from row weights.

use super::answers::true_ranks;
use super::ranking::{Areas, Ranking};
use super::sums::weighted_sum;
use driftgate_model::config::Averaging;
use driftgate_model::{CLASSIFICATION_METRICS, CalibrationBin, ClassMetrics, Matrix, top_k};

/// One value for each of [`CLASSIFICATION_METRICS`], NaN where not defined.
pub(super) type ClassValues = [f64; CLASSIFICATION_METRICS.len()];

/// The smallest k of a top-k accuracy.
const LEAST_K: usize = 3;

/// Which groups of metrics are asked for: the ranking metrics cost most.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    pub ranking: bool,
    pub losses: bool,
    pub calibration: bool,
    pub top: bool,
}

impl Wanted {
    pub(super) const ALL: Wanted = Wanted { ranking: true, losses: true, calibration: true, top: true };

    pub(super) fn of(names: &[&str]) -> Self {
        let any = |of: &[&str]| names.iter().any(|n| of.contains(n));
        Wanted {
            ranking: any(&["roc_auc", "pr_auc"]),
            losses: any(&["log_loss", "brier"]),
            calibration: any(&["ece"]),
            top: names.iter().any(|name| top_k(name).is_some()),
        }
    }
}

/// What a scorer has to know besides answers.
#[derive(Debug, Clone, Copy)]
pub(super) struct ClassSettings {
    pub averaging: Averaging,
    /// Code of the positive label; counts for two labels only.
    pub positive: usize,
    pub bins: usize,
    pub wanted: Wanted,
}

/// A classifier's answers, prepared so that any weighting of the rows is scored in one pass. Checked by the caller.
#[derive(Debug)]
pub(super) struct ClassScorer {
    settings: ClassSettings,
    classes: usize,
    rows: usize,
    /// `true * classes + predicted` by row.
    cell: Vec<u32>,
    log_loss: Vec<f64>,
    brier: Vec<f64>,
    /// Largest probability, by row.
    confidence: Vec<f64>,
    /// Bin of the confidence, by row.
    bin: Vec<u32>,
    /// Confidence − (1 where right), by row.
    gap: Vec<f64>,
    /// Of the positive class, or of every class where there are more than two.
    rankings: Vec<Ranking>,
    /// How many labels stand before the true one, by row; where there are labels enough for a top-k accuracy.
    ranks: Vec<u32>,
}

/// Room for one pass; kept between passes.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Confusion matrix, `true * classes + predicted`.
    pub cells: Vec<u64>,
    gaps: Vec<f64>,
}

impl ClassScorer {
    /// Prepares answers whose row `i` is row `order[i]` of `truth`, `predicted` and `probabilities`.
    pub(super) fn new(
        order: &[u32],
        truth: &[u32],
        predicted: &[u32],
        probabilities: &Matrix,
        settings: ClassSettings,
    ) -> Self {
        let classes = probabilities.cols();
        let source = || order.iter().map(|&row| row as usize);
        let codes = truth;
        let truth: Vec<usize> = source().map(|row| truth[row] as usize).collect();
        let cell = source().zip(&truth).map(|(row, t)| (t * classes) as u32 + predicted[row]).collect();
        let mut scorer = ClassScorer {
            settings,
            classes,
            rows: truth.len(),
            cell,
            log_loss: Vec::new(),
            brier: Vec::new(),
            confidence: Vec::new(),
            bin: Vec::new(),
            gap: Vec::new(),
            rankings: Vec::new(),
            ranks: Vec::new(),
        };
        let at = |place: usize, class: usize| probabilities.get(order[place] as usize, class);
        if settings.wanted.losses {
            scorer.log_loss = truth.iter().enumerate().map(|(i, &t)| log_loss(at(i, t))).collect();
            scorer.brier = truth.iter().enumerate().map(|(i, &t)| scorer.brier_of(t, |c| at(i, c))).collect();
        }
        if settings.wanted.calibration {
            let bins = settings.bins;
            scorer.confidence = source().map(|row| probabilities.get(row, predicted[row] as usize)).collect();
            scorer.bin = scorer.confidence.iter().map(|c| ((c * bins as f64) as usize).min(bins - 1) as u32).collect();
            scorer.gap = (0..truth.len()).map(|i| scorer.confidence[i] - scorer.right(i)).collect();
        }
        if settings.wanted.top && classes > LEAST_K {
            let ranks = true_ranks(codes, probabilities);
            scorer.ranks = source().map(|row| ranks[row]).collect();
        }
        if settings.wanted.ranking && classes >= 2 {
            let ranked = if classes == 2 { settings.positive..settings.positive + 1 } else { 0..classes };
            scorer.rankings = ranked
                .map(|class| {
                    let scores: Vec<f64> = (0..truth.len()).map(|i| at(i, class)).collect();
                    Ranking::new(&scores, |i| truth[i] == class)
                })
                .collect();
        }
        scorer
    }

    /// Two labels: (p − y)² of the positive class, 0 to 1. More: Σ over the classes, 0 to 2.
    fn brier_of(&self, truth: usize, probability: impl Fn(usize) -> f64) -> f64 {
        let squared = |class: usize| {
            let hit = if class == truth { 1.0 } else { 0.0 };
            (probability(class) - hit) * (probability(class) - hit)
        };
        if self.classes == 2 { squared(self.settings.positive) } else { (0..self.classes).map(squared).sum() }
    }

    /// 1 where row `i` is right, else 0.
    fn right(&self, i: usize) -> f64 {
        let cell = self.cell[i] as usize;
        if cell / self.classes == cell % self.classes { 1.0 } else { 0.0 }
    }

    /// Every metric for row weights that sum to the number of rows. Metrics that are not wanted are NaN.
    pub(super) fn score(&self, weights: &[u32], tally: &mut Tally) -> ClassValues {
        tally.cells.clear();
        tally.cells.resize(self.classes * self.classes, 0);
        if self.rows == 0 {
            return [f64::NAN; CLASSIFICATION_METRICS.len()];
        }
        for (&cell, &weight) in self.cell.iter().zip(weights) {
            tally.cells[cell as usize] += u64::from(weight);
        }
        let counts = Counts { cells: &tally.cells, classes: self.classes };
        let table = counts.table();
        let n = self.rows as f64;
        let (precision, recall, f1) = self.averaged(&table);
        let (roc, pr) = self.areas(weights);
        let mean = |values: &[f64]| if values.is_empty() { f64::NAN } else { weighted_sum(weights, values) / n };
        [
            counts.right() as f64 / n,
            balanced(&table),
            precision,
            recall,
            f1,
            counts.mcc(),
            roc,
            pr,
            mean(&self.log_loss),
            mean(&self.brier),
            self.ece(weights, &mut tally.gaps),
            self.top(3, weights),
            self.top(5, weights),
        ]
    }

    /// The share of rows whose true label is among the k most probable; not defined of k labels or fewer.
    fn top(&self, k: usize, weights: &[u32]) -> f64 {
        if self.ranks.is_empty() || self.classes <= k {
            return f64::NAN;
        }
        let within = self.ranks.iter().zip(weights).filter(|(rank, _)| (**rank as usize) < k);
        within.map(|(_, &weight)| u64::from(weight)).sum::<u64>() as f64 / self.rows as f64
    }

    /// Precision, recall and F1 in the configured averaging. `macro` counts the classes that occur in truth or answers,
    /// as scikit-learn does when no label list is given.
    fn averaged(&self, table: &[ClassCounts]) -> (f64, f64, f64) {
        if self.settings.averaging == Averaging::Binary {
            return match table.get(self.settings.positive) {
                Some(row) => (row.precision(), row.recall(), row.f1()),
                None => (f64::NAN, f64::NAN, f64::NAN),
            };
        }
        let weight = |row: &ClassCounts| match self.settings.averaging {
            Averaging::Weighted => row.support as f64,
            _ if row.support + row.predicted > 0 => 1.0,
            _ => 0.0,
        };
        let total: f64 = table.iter().map(weight).sum();
        let average = |value: fn(&ClassCounts) -> f64| table.iter().map(|r| weight(r) * value(r)).sum::<f64>() / total;
        (average(ClassCounts::precision), average(ClassCounts::recall), average(ClassCounts::f1))
    }

    /// Two labels: of the positive class. More: one against the rest, averaged over classes alike for `macro`, else by
    /// their rows. Not defined where a label has no row.
    fn areas(&self, weights: &[u32]) -> (f64, f64) {
        let (mut roc, mut pr, mut total) = (0.0, 0.0, 0.0);
        for ranking in &self.rankings {
            let Areas { roc: class_roc, pr: class_pr, positives } = ranking.areas(weights);
            let weight = match self.settings.averaging {
                Averaging::Macro => 1.0,
                _ if self.rankings.len() == 1 => 1.0,
                _ => positives as f64,
            };
            roc += weight * class_roc;
            pr += weight * class_pr;
            total += weight;
        }
        (roc / total, pr / total)
    }

    /// Σ over bins |Σ (confidence − right)| / n.
    fn ece(&self, weights: &[u32], gaps: &mut Vec<f64>) -> f64 {
        if self.gap.is_empty() {
            return f64::NAN;
        }
        gaps.clear();
        gaps.resize(self.settings.bins, 0.0);
        for ((&bin, &gap), &weight) in self.bin.iter().zip(&self.gap).zip(weights) {
            gaps[bin as usize] += f64::from(weight) * gap;
        }
        gaps.iter().map(|g| g.abs()).sum::<f64>() / self.rows as f64
    }

    /// The calibration curve of unweighted rows; bins without a row are left out.
    pub(super) fn calibration(&self) -> Vec<CalibrationBin> {
        let bins = self.settings.bins;
        let mut curve: Vec<CalibrationBin> = (0..bins)
            .map(|b| CalibrationBin {
                low: b as f64 / bins as f64,
                high: (b + 1) as f64 / bins as f64,
                rows: 0,
                confidence: 0.0,
                accuracy: 0.0,
            })
            .collect();
        for (i, (&bin, &confidence)) in self.bin.iter().zip(&self.confidence).enumerate() {
            let bin = &mut curve[bin as usize];
            bin.rows += 1;
            bin.confidence += confidence;
            bin.accuracy += self.right(i);
        }
        curve.retain(|bin| bin.rows > 0);
        for bin in &mut curve {
            bin.confidence /= bin.rows as f64;
            bin.accuracy /= bin.rows as f64;
        }
        curve
    }
}

/// −ln of the true class's probability, clipped to [ε, 1 − ε] with ε of f64, as scikit-learn clips it.
fn log_loss(probability: f64) -> f64 {
    -probability.clamp(f64::EPSILON, 1.0 - f64::EPSILON).ln()
}

/// A confusion matrix, `true * classes + predicted`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Counts<'a> {
    pub cells: &'a [u64],
    pub classes: usize,
}

/// One row of the per-class table.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ClassCounts {
    pub support: u64,
    pub predicted: u64,
    pub hits: u64,
}

impl ClassCounts {
    fn precision(&self) -> f64 {
        share(self.hits, self.predicted)
    }

    fn recall(&self) -> f64 {
        share(self.hits, self.support)
    }

    fn f1(&self) -> f64 {
        share(2 * self.hits, self.support + self.predicted)
    }

    /// With its label.
    pub(super) fn named(&self, label: &str) -> ClassMetrics {
        ClassMetrics {
            label: label.to_owned(),
            support: self.support,
            precision: self.precision(),
            recall: self.recall(),
            f1_score: self.f1(),
        }
    }
}

/// `part / whole`, 0 where the whole is 0 (scikit-learn's `zero_division=0`).
fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// Mean recall of the classes that have a true row.
fn balanced(table: &[ClassCounts]) -> f64 {
    let present = table.iter().filter(|r| r.support > 0);
    present.clone().map(ClassCounts::recall).sum::<f64>() / present.count() as f64
}

impl Counts<'_> {
    pub(super) fn table(&self) -> Vec<ClassCounts> {
        let mut table = vec![ClassCounts::default(); self.classes];
        for truth in 0..self.classes {
            for predicted in 0..self.classes {
                let count = self.cells[truth * self.classes + predicted];
                table[truth].support += count;
                table[predicted].predicted += count;
                if truth == predicted {
                    table[truth].hits += count;
                }
            }
        }
        table
    }

    fn right(&self) -> u64 {
        (0..self.classes).map(|c| self.cells[c * self.classes + c]).sum()
    }

    /// Matthews' correlation of Gorodkin's multi-class form, 0 where truth or answers are constant, as scikit-learn has it.
    fn mcc(&self) -> f64 {
        let (mut n, mut right) = (0i128, 0i128);
        let (mut both, mut true_squares, mut predicted_squares) = (0i128, 0i128, 0i128);
        for row in self.table() {
            let (support, predicted) = (i128::from(row.support), i128::from(row.predicted));
            n += support;
            right += i128::from(row.hits);
            both += support * predicted;
            true_squares += support * support;
            predicted_squares += predicted * predicted;
        }
        let covariance = n * right - both;
        let (true_spread, predicted_spread) = (n * n - true_squares, n * n - predicted_squares);
        if true_spread == 0 || predicted_spread == 0 {
            return 0.0;
        }
        covariance as f64 / (true_spread as f64 * predicted_spread as f64).sqrt()
    }
}
