//! `model_analysis`: how a network copes with changed pictures of the test split.

use crate::estimator::NetworkModel;
use crate::pictures::{Work, pictures_of};
use crate::stages::{Evaluated, Inputs, Prepared};
use crate::{EngineError, Result};
use driftgate_determinism::Stream;
use driftgate_images::Change;
use driftgate_learn::Predictions;
use driftgate_model::{
    CancelToken, Interval, Observer, Progress, RobustnessReport, RobustnessResult, SplitName, Target, TileShape,
    TileSource,
};

/// Most pictures of the test split that are changed: every change answers all of them once.
const MOST_PICTURES: usize = 2_000;
/// Tiles, changed as they are read.
struct Changed<'a> {
    tiles: &'a dyn TileSource,
    change: &'a Change,
    seed: u64,
}

impl TileSource for Changed<'_> {
    fn len(&self) -> usize {
        self.tiles.len()
    }

    fn shape(&self) -> TileShape {
        self.tiles.shape()
    }

    fn read(&self, index: usize, tile: &mut [u8]) -> std::io::Result<()> {
        self.tiles.read(index, tile)?;
        let mut values: Vec<f32> = tile.iter().map(|v| f32::from(*v) / 255.0).collect();
        driftgate_images::apply(self.change, &mut values, self.shape(), self.seed, index as u64);
        for (to, value) in tile.iter_mut().zip(values) {
            // Within 0 and 255 by the clamp.
            *to = (value.clamp(0.0, 1.0) * 255.0).round() as u8;
        }
        Ok(())
    }
}

/// Answers the test split under every change that suits its tiles.
///
/// Errors: a picture is gone; cancelled.
pub(crate) fn analyse(
    inputs: &Inputs,
    prepared: &Prepared,
    evaluated: &Evaluated,
    model: &NetworkModel,
    observer: &dyn Observer,
    cancel: &CancelToken,
) -> Result<RobustnessReport> {
    let network = inputs.network.as_ref().ok_or_else(|| EngineError::corrupt("the run has no pictures"))?;
    let test = prepared.split(SplitName::Test)?;
    let rows: Vec<usize> =
        driftgate_drift::sample_rows(test.y.len(), MOST_PICTURES, inputs.config.evaluation.bootstrap.seed);
    let test = test.take(&rows);
    let work = Work { threads: inputs.threads, observer, cancel };
    let tiles = network.pictures.tiles(&pictures_of(&test.frame)?, model.image(), &work)?;
    let Target::Classes { codes: truth, .. } = &test.y else {
        return Err(EngineError::corrupt("a data set of pictures has numbers for labels"));
    };
    let plain = model.answer_tiles(tiles.as_ref(), &driftgate_model::NullObserver, cancel)?;
    let before = right(&plain.predictions, truth);
    let spread = &model.network().spec().std;
    let changes = driftgate_images::changes(spread.iter().sum::<f64>() / spread.len().max(1) as f64);
    let suits: Vec<&Change> = changes.iter().filter(|c| driftgate_images::applicable(c, tiles.shape())).collect();
    let mut results = Vec::new();
    for (i, change) in suits.iter().enumerate() {
        cancel.check()?;
        let changed = Changed { tiles: tiles.as_ref(), change, seed: inputs.config.random_seed };
        let answers = model.answer_tiles(&changed, &driftgate_model::NullObserver, cancel)?;
        let after = right(&answers.predictions, truth);
        results.push(result(change, &before, &after, inputs));
        observer.progress("model_analysis", Progress { done: i as u64 + 1, total: suits.len() as u64 });
    }
    let corruptions: Vec<f64> = results.iter().filter(|r| r.family == "corruption").map(|r| -r.change).collect();
    Ok(RobustnessReport {
        schema: "driftgate/robustness/1".into(),
        model_artifact: evaluated.report.model_artifact,
        split: SplitName::Test.as_str().into(),
        rows: rows.len() as u64,
        baseline: share(&before),
        changes: results,
        mean_corruption_loss: corruptions.iter().sum::<f64>() / corruptions.len().max(1) as f64,
    })
}

fn result(change: &Change, before: &[bool], after: &[bool], inputs: &Inputs) -> RobustnessResult {
    let accuracy = share(after);
    let moved = accuracy - share(before);
    let sensitivity = match moved {
        m if m <= -0.15 => "high",
        m if m <= -0.05 => "medium",
        _ => "low",
    };
    RobustnessResult {
        name: change.name.into(),
        description: change.description.clone(),
        family: change.family.into(),
        severity: change.severity,
        accuracy,
        change: moved,
        interval: interval(before, after, inputs),
        sensitivity: sensitivity.into(),
    }
}

fn right(answers: &Predictions, truth: &[u32]) -> Vec<bool> {
    answers.codes().iter().zip(truth).map(|(a, b)| a == b).collect()
}

fn share(right: &[bool]) -> f64 {
    right.iter().filter(|r| **r).count() as f64 / right.len().max(1) as f64
}

/// The percentile interval of the change of accuracy: pictures drawn with replacement, both answers of a picture together; `None`
/// where there are too few pictures or resamples for ends that mean something.
fn interval(before: &[bool], after: &[bool], inputs: &Inputs) -> Option<Interval> {
    let n = u32::try_from(before.len()).ok().filter(|n| *n > 1)?;
    let bootstrap = &inputs.config.evaluation.bootstrap;
    let tail = (1.0 - bootstrap.level) / 2.0;
    if u64::from(bootstrap.resamples) < driftgate_model::resamples_needed(tail) {
        return None;
    }
    let last = bootstrap.resamples - 1;
    let steps: Vec<i32> = before.iter().zip(after).map(|(b, a)| i32::from(*a) - i32::from(*b)).collect();
    let mut drawn: Vec<f64> = (0..bootstrap.resamples)
        .map(|i| {
            let mut stream = Stream::new(bootstrap.seed, u64::from(i));
            let sum: i32 = (0..n).map(|_| steps[stream.below(n) as usize]).sum();
            f64::from(sum) / f64::from(n)
        })
        .collect();
    drawn.sort_by(f64::total_cmp);
    let at = |q: f64| drawn[((q * f64::from(last)).round() as usize).min(drawn.len() - 1)];
    // Where no answer turned for the worse (or the better), n pictures still cannot rule out less than this: the exact limit of a
    // share of which none was seen.
    let unseen = 1.0 - tail.powf(1.0 / f64::from(n));
    let (worse, better) = (steps.iter().any(|s| *s < 0), steps.iter().any(|s| *s > 0));
    Some(Interval {
        low: if worse { at(tail) } else { at(tail).min(-unseen) },
        high: if better { at(1.0 - tail) } else { at(1.0 - tail).max(unseen) },
    })
}
