//! What rows without an error can still say: exact limits that stand in where resampling has nothing to draw from.
//!
//! Resampling shows only what was seen. Of n rows without an event it draws rows without the event, again and again, and
//! claims that there is none. The exact one-sided limit on the event's share is `1 − (1 − confidence)^(1/n)`, about `3 / n`
//! at 95 %: the rule of three.

use super::answers::{Answers, positive_code, predicted_codes, true_ranks};
use super::classes::{ClassCounts, Counts};
use driftgate_model::config::{Averaging, EvaluationConfig};
use driftgate_model::{Matrix, top_k};
use statrs::distribution::{Binomial, DiscreteCDF};

/// The largest share of an event that was not seen in `rows` rows, with the given confidence.
pub(super) fn unseen_share(rows: u64, confidence: f64) -> f64 {
    if rows == 0 { 1.0 } else { 1.0 - (1.0 - confidence).powf(1.0 / rows as f64) }
}

/// Which metrics are made of right and wrong answers alone, each row worth at most 1 over the rows of its class.
fn counts_answers(name: &str) -> bool {
    matches!(name, "accuracy" | "balanced_accuracy" | "precision" | "recall" | "f1_score")
}

/// Whether the metric is the share of right answers among all rows: accuracy, among the k most probable or alone, and recall
/// weighted by the classes' rows.
pub(super) fn is_share_of_rows(name: &str, config: &EvaluationConfig) -> bool {
    name == "accuracy" || top_k(name).is_some() || name == "recall" && config.averaging == Averaging::Weighted
}

/// The classes a metric is made of: the positive one for `binary`, else every class with a true or an answered row.
fn classes_of(table: &[ClassCounts], name: &str, positive: usize, config: &EvaluationConfig) -> Vec<ClassCounts> {
    let binary = config.averaging == Averaging::Binary && name != "balanced_accuracy";
    let wanted = |code: usize, row: &ClassCounts| {
        if binary { code == positive } else { row.support > 0 || row.predicted > 0 }
    };
    table.iter().enumerate().filter(|(code, row)| wanted(*code, row)).map(|(_, row)| *row).collect()
}

/// Whether the metric counts a class by its true rows, and by its answered rows.
fn counted_by(name: &str) -> (bool, bool) {
    (name != "precision", matches!(name, "precision" | "f1_score"))
}

/// The rows behind the most thinly covered class of a metric: the limit of a share of them is a limit of the metric.
/// `None` where a class has none, or the metric is not made of right and wrong answers.
fn thinnest(rows: &[ClassCounts], name: &str) -> Option<u64> {
    let (by_truth, by_answer) = counted_by(name);
    let least = rows
        .iter()
        .map(|r| match (by_truth, by_answer) {
            (true, true) => r.support.min(r.predicted),
            (true, false) if r.support == 0 => u64::MAX,
            (true, false) => r.support,
            _ => r.predicted,
        })
        .min()?;
    (least > 0 && least < u64::MAX).then_some(least)
}

/// The rows without a single error behind a metric of 1, `None` where there is an error or the metric is of another make.
pub(super) fn flawless_rows(name: &str, cells: &[u64], labels: &[String], config: &EvaluationConfig) -> Option<u64> {
    if !counts_answers(name) {
        return None;
    }
    let table = Counts { cells, classes: labels.len() }.table();
    let rows = classes_of(&table, name, positive_code(labels, config), config);
    let (by_truth, by_answer) = counted_by(name);
    let right = |r: &ClassCounts| (!by_truth || r.hits == r.support) && (!by_answer || r.hits == r.predicted);
    rows.iter().all(right).then(|| thinnest(&rows, name)).flatten()
}

/// Candidate and champion, row by row: who was right where the other was wrong.
#[derive(Debug)]
pub(super) struct Discordance {
    /// By the most probable label.
    alone: Turned,
    /// The same by the k most probable labels, for each k that was asked for.
    top: Vec<(usize, Turned)>,
    table: Vec<ClassCounts>,
    positive: usize,
    rows: u64,
}

/// Rows that two models answer otherwise.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Turned {
    /// Rows that only the candidate has right.
    gained: u64,
    /// Rows that only the champion has right.
    lost: u64,
}

impl Turned {
    fn of(ours: &[bool], theirs: &[bool]) -> Turned {
        let count = |mine: bool| ours.iter().zip(theirs).filter(|(o, t)| **o == mine && **t != mine).count() as u64;
        Turned { gained: count(true), lost: count(false) }
    }

    /// For each k of the named top-k accuracies that has labels enough.
    fn of_top(names: &[&str], truth: &[u32], both: [&Matrix; 2]) -> Vec<(usize, Turned)> {
        let all: Vec<usize> = names.iter().filter_map(|name| top_k(name)).filter(|k| both[0].cols() > *k).collect();
        if all.is_empty() {
            return Vec::new();
        }
        let ranks = both.map(|probabilities| true_ranks(truth, probabilities));
        let within = |ranks: &[u32], k: usize| ranks.iter().map(|r| (*r as usize) < k).collect::<Vec<bool>>();
        all.into_iter().map(|k| (k, Turned::of(&within(&ranks[0], k), &within(&ranks[1], k)))).collect()
    }
}

/// What is known about how much worse a candidate may be on other rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Loss {
    /// What the resamples say.
    Resampled,
    /// At least this much cannot be ruled out, by that many rows.
    AtLeast { loss: f64, rows: u64 },
    /// Nothing: resamples of no width, and no limit that stands in.
    Unknown,
}

impl Discordance {
    /// For the named metrics; `None` where the answers are numbers.
    pub(super) fn of(
        names: &[&str],
        candidate: &Answers,
        champion: &Answers,
        config: &EvaluationConfig,
    ) -> Option<Self> {
        let (Answers::Classes { labels, truth, probabilities }, Answers::Classes { probabilities: other, .. }) =
            (candidate, champion)
        else {
            return None;
        };
        let (ours, theirs) = (predicted_codes(probabilities), predicted_codes(other));
        let classes = labels.len();
        let mut cells = vec![0u64; classes * classes];
        for (&truth, &ours) in truth.iter().zip(&ours) {
            cells[truth as usize * classes + ours as usize] += 1;
        }
        let right = |codes: &[u32]| truth.iter().zip(codes).map(|(t, c)| t == c).collect::<Vec<bool>>();
        Some(Discordance {
            alone: Turned::of(&right(&ours), &right(&theirs)),
            top: Turned::of_top(names, truth, [probabilities, other]),
            table: Counts { cells: &cells, classes }.table(),
            positive: positive_code(labels, config),
            rows: truth.len() as u64,
        })
    }

    /// How much the candidate may lose, and with `mirrored` the champion. `delta` is the difference seen, `no_width` whether
    /// every resample has it.
    ///
    /// A share of right rows can hide a loss of the unseen share whatever the resamples say, unless the rows that differ tell
    /// the direction by themselves: the exact sign test (McNemar 1947) is surer than `confidence`. The other metrics of right
    /// and wrong answers fall back on the unseen share of their most thinly covered class where resamples have no width and
    /// no row was lost.
    pub(super) fn loss(
        &self,
        name: &str,
        config: &EvaluationConfig,
        confidence: f64,
        (delta, no_width, mirrored): (f64, bool, bool),
    ) -> Loss {
        let Turned { gained, lost } = *top_k(name)
            .and_then(|k| self.top.iter().find(|(of, _)| *of == k))
            .map_or(&self.alone, |(_, turned)| turned);
        let (lost, gained, delta) = if mirrored { (gained, lost, -delta) } else { (lost, gained, delta) };
        if is_share_of_rows(name, config) {
            if sign_test(gained, lost) <= 1.0 - confidence {
                return Loss::Resampled;
            }
            return Loss::AtLeast { loss: unseen_share(self.rows, confidence), rows: self.rows };
        }
        let rows = || thinnest(&classes_of(&self.table, name, self.positive, config), name);
        match (no_width, counts_answers(name) && lost == 0) {
            (false, _) => Loss::Resampled,
            (true, true) => rows()
                .map_or(Loss::Unknown, |rows| Loss::AtLeast { loss: unseen_share(rows, confidence) - delta, rows }),
            (true, false) => Loss::Unknown,
        }
    }
}

/// The chance of at least `wins` of `wins + losses` where both are as likely; 1 where there is neither.
fn sign_test(wins: u64, losses: u64) -> f64 {
    match (wins, Binomial::new(0.5, wins + losses)) {
        (0, _) | (_, Err(_)) => 1.0,
        (wins, Ok(coin)) => coin.sf(wins - 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rule_of_three() {
        for (rows, expected) in [(1, 0.95), (23, 0.122_122_6), (86, 0.034_234_7), (1000, 0.002_991_2)] {
            let found = unseen_share(rows, 0.95);
            assert!((found - expected).abs() < 1e-6, "{rows}: {found}");
        }
        assert_eq!(unseen_share(0, 0.95), 1.0);
    }

    #[test]
    fn the_sign_test_counts_coins() {
        // Of 6 coins, 6, 5 and 4 or more heads: 1, 7 and 22 of 64.
        let found = [sign_test(6, 0), sign_test(5, 1), sign_test(4, 2), sign_test(0, 6), sign_test(0, 0)];
        for (found, expected) in found.into_iter().zip([1.0 / 64.0, 7.0 / 64.0, 22.0 / 64.0, 1.0, 1.0]) {
            assert!((found - expected).abs() < 1e-12, "{found} is not {expected}");
        }
    }
}
