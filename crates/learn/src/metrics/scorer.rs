//! One face for both kinds of answers: weights in, values out.

use super::answers::{Answers, positive_code, predicted_codes};
use super::classes::{ClassScorer, ClassSettings, Tally, Wanted};
use super::resample::{Plan, by_class};
use super::values::ValueScorer;
use super::{Baseline, MetricError};
use driftgate_model::config::EvaluationConfig;
use driftgate_model::{Matrix, top_k};

/// Answers, prepared for any weighting of the rows.
#[derive(Debug)]
pub(super) enum Scorer {
    Classes(ClassScorer),
    Values(ValueScorer),
}

impl Scorer {
    /// Prepares checked answers. `order` comes from [`strata`] of the same truth.
    pub(super) fn new(answers: &Answers, order: &[u32], config: &EvaluationConfig, wanted: Wanted) -> Self {
        match *answers {
            Answers::Classes { labels, truth, probabilities } => {
                let predicted = predicted_codes(probabilities);
                let settings = settings(labels, config, wanted);
                Scorer::Classes(ClassScorer::new(order, truth, &predicted, probabilities, settings))
            }
            Answers::Values { truth, predicted } => Scorer::Values(ValueScorer::new(truth, predicted)),
        }
    }

    /// Prepares the baseline's answers for the rows of `answers`.
    pub(super) fn of_baseline(
        baseline: &Baseline,
        answers: &Answers,
        order: &[u32],
        config: &EvaluationConfig,
    ) -> Result<Self, MetricError> {
        match (baseline, *answers) {
            (Baseline::Majority { code, shares }, Answers::Classes { labels, truth, .. }) => {
                let (rows, classes) = (truth.len(), labels.len());
                if *code as usize >= classes {
                    return Err(MetricError::LabelCode { row: 0, code: *code, labels: classes });
                }
                let data = shares.iter().flat_map(|&share| std::iter::repeat_n(share, rows)).collect();
                let probabilities = Matrix::from_columns(rows, shares.len(), data)
                    .filter(|m| m.cols() == classes)
                    .ok_or(MetricError::Columns { columns: shares.len(), labels: classes })?;
                let settings = settings(labels, config, Wanted::ALL);
                Ok(Scorer::Classes(ClassScorer::new(order, truth, &vec![*code; rows], &probabilities, settings)))
            }
            (Baseline::Mean(mean), Answers::Values { truth, .. }) => {
                Ok(Scorer::Values(ValueScorer::new(truth, &vec![*mean; truth.len()])))
            }
            _ => Err(MetricError::Kind { what: "the baseline", found: baseline.kind(), expected: answers.kind() }),
        }
    }

    /// Writes one value per metric of the task, NaN where not defined.
    pub(super) fn score(&self, weights: &[u32], tally: &mut Tally, out: &mut [f64]) {
        match self {
            Scorer::Classes(scorer) => out.copy_from_slice(&scorer.score(weights, tally)),
            Scorer::Values(scorer) => out.copy_from_slice(&scorer.score(weights)),
        }
    }

    /// The values with every row counted once.
    pub(super) fn point(&self, rows: usize, metrics: usize, tally: &mut Tally) -> Vec<f64> {
        let mut values = vec![f64::NAN; metrics];
        self.score(&vec![1; rows], tally, &mut values);
        values
    }
}

fn settings(labels: &[String], config: &EvaluationConfig, wanted: Wanted) -> ClassSettings {
    ClassSettings {
        averaging: config.averaging,
        positive: positive_code(labels, config),
        bins: config.calibration_bins as usize,
        wanted,
    }
}

/// Strata to draw from and the order that brings the rows of each together: by true class, or all rows in one.
pub(super) fn strata(answers: &Answers) -> (Vec<usize>, Vec<u32>) {
    match answers {
        Answers::Classes { labels, truth, .. } => by_class(truth, labels.len()),
        Answers::Values { truth, .. } => (vec![truth.len()], (0..truth.len() as u32).collect()),
    }
}

/// Above this many labels the ranking metrics, which rank every row once for each label, are not resampled.
const RANKED_LABELS: usize = 100;

/// Whether resampling leaves the ranking metrics of these answers out.
pub(super) fn leaves_ranking_out(answers: &Answers) -> bool {
    matches!(answers, Answers::Classes { labels, .. } if labels.len() > RANKED_LABELS)
}

/// What the note of a ranking metric says that was not resampled.
pub(super) fn not_ranked(name: &str, answers: &Answers) -> Option<String> {
    let ranks = matches!(name, "roc_auc" | "pr_auc") && leaves_ranking_out(answers);
    ranks.then(|| format!("no interval, ranking metrics of more than {RANKED_LABELS} labels are not resampled"))
}

/// The resampling plan of a config.
pub(super) fn plan(strata: Vec<usize>, config: &EvaluationConfig) -> Plan {
    Plan { strata, seed: config.bootstrap.seed, resamples: config.bootstrap.resamples as usize }
}

/// Why the value of a metric that is not defined is not.
pub(super) fn why_undefined(name: &str, answers: &Answers) -> String {
    let reason = match answers {
        _ if answers.rows() == 0 => "the split has no rows".to_owned(),
        Answers::Classes { labels, .. } if !answers.hold(name) => {
            let least = top_k(name).unwrap_or(0) + 1;
            format!("it says nothing of fewer than {least} labels, and there are {}", labels.len())
        }
        Answers::Classes { labels, .. } if labels.len() < 2 => "there is only one label".to_owned(),
        Answers::Classes { labels, truth, .. } => {
            let absent = labels.iter().enumerate().find(|(code, _)| !truth.contains(&(*code as u32)));
            match absent {
                Some((_, label)) => format!("no row has the label `{label}`"),
                None => "these rows do not allow it".to_owned(),
            }
        }
        Answers::Values { truth, .. } if truth.windows(2).all(|pair| pair[0] == pair[1]) => {
            "it needs rows with different true values".to_owned()
        }
        Answers::Values { .. } => "the numbers are too large to be squared or divided".to_owned(),
    };
    format!("not defined, {reason}")
}
