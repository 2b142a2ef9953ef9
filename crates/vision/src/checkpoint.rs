use crate::VisionError;
use crate::arithmetic::State;
use crate::plan::{Plan, TensorPlan};
use crate::score::Score;
use crate::train::CurvePoint;
use crate::weights::{Weights, open, read, write, wrong};
use driftgate_model::Digest;
use serde::{Deserialize, Serialize};

/// First bytes of a checkpoint, then one for its format.
const MAGIC: &[u8; 4] = b"DGvc";
const FORMAT: u8 = 1;
const DIGEST: usize = 32;

/// Keeps one checkpoint of a training, so that it can go on after it was interrupted.
pub trait Checkpoints: Send + Sync {
    /// What was saved last; anything else is found out and ignored.
    fn load(&self) -> Option<Vec<u8>>;
    /// Takes the place of what was saved before.
    fn save(&self, bytes: &[u8]) -> std::io::Result<()>;
}

/// The best epoch so far.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Best {
    /// From 1.
    pub epoch: u32,
    pub score: Score,
    pub weights: Weights,
}

/// All that a training carries from epoch to epoch, beside the network's own [`State`].
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Progress {
    /// Epochs done.
    pub epochs: u32,
    pub curve: Vec<CurvePoint>,
    pub best: Option<Best>,
    /// The least loss on the pictures that choose the best epoch.
    pub least_loss: Option<f64>,
    /// Epochs since.
    pub without_better: u32,
    pub stopped: bool,
}

/// The part of a checkpoint that is JSON.
#[derive(Serialize, Deserialize)]
struct Head {
    job_key: String,
    epochs: u32,
    steps: u64,
    curve: Vec<CurvePoint>,
    /// Epoch, loss, accuracy.
    best: Option<(u32, f64, f64)>,
    least_loss: Option<f64>,
    without_better: u32,
    stopped: bool,
}

/// What a stored checkpoint is.
#[derive(Debug, PartialEq)]
pub(crate) enum Found {
    /// Of this one.
    Resumed(Box<(State, Progress)>),
    /// Of another training.
    Other,
}

/// Writes the state: magic, format, length of the JSON, JSON, tensors, SHA-256 of it all.
pub(crate) fn save(job_key: &str, plan: &Plan, state: &State, progress: &Progress) -> Result<Vec<u8>, VisionError> {
    let head = Head {
        job_key: job_key.to_owned(),
        epochs: progress.epochs,
        steps: state.steps,
        curve: progress.curve.clone(),
        best: progress.best.as_ref().map(|b| (b.epoch, b.score.loss, b.score.accuracy)),
        least_loss: progress.least_loss,
        without_better: progress.without_better,
        stopped: progress.stopped,
    };
    let head = serde_json::to_vec(&head).map_err(|e| wrong(e.to_string()))?;
    let mut groups = vec![("now", &state.weights.0), ("mean", &state.means), ("square", &state.squares)];
    if let Some(best) = &progress.best {
        groups.push(("best", &best.weights.0));
    }
    let tensors = groups.iter().flat_map(|(group, tensors)| {
        let named = plan.tensors.iter().zip(tensors.iter()).filter(|(_, values)| !values.is_empty());
        named.map(move |(t, values)| (format!("{group}.{}", t.name), vec![values.len()], values.as_slice()))
    });
    let mut bytes = MAGIC.to_vec();
    bytes.push(FORMAT);
    bytes.extend((head.len() as u64).to_le_bytes());
    bytes.extend(head);
    bytes.extend(write(tensors)?);
    let digest = Digest::of(&bytes);
    bytes.extend(digest.as_bytes());
    Ok(bytes)
}

/// Reads the state of `bytes`, where that is of the same job; `start` says which tensors learn.
///
/// Errors: bytes that are damaged or not a checkpoint.
pub(crate) fn resume(bytes: &[u8], job_key: &str, plan: &Plan, start: &State) -> Result<Found, VisionError> {
    let (content, digest) = bytes.split_last_chunk::<DIGEST>().ok_or_else(|| wrong("it is too short"))?;
    if Digest::of(content).as_bytes() != digest {
        return Err(wrong("its digest does not match"));
    }
    let rest = content.strip_prefix(MAGIC).ok_or_else(|| wrong("it is not a checkpoint"))?;
    let (format, rest) = rest.split_first().ok_or_else(|| wrong("it is too short"))?;
    if *format != FORMAT {
        return Ok(Found::Other);
    }
    let (length, rest) = rest.split_first_chunk::<8>().ok_or_else(|| wrong("it is too short"))?;
    let length = usize::try_from(u64::from_le_bytes(*length)).map_err(|e| wrong(e.to_string()))?;
    let (head, tensors) = rest.split_at_checked(length).ok_or_else(|| wrong("it is too short"))?;
    let head: Head = serde_json::from_slice(head).map_err(|e| wrong(e.to_string()))?;
    if head.job_key != job_key {
        return Ok(Found::Other);
    }
    take(head, tensors, plan, start).map(|all| Found::Resumed(Box::new(all)))
}

fn take(head: Head, tensors: &[u8], plan: &Plan, start: &State) -> Result<(State, Progress), VisionError> {
    let file = open(tensors)?;
    let group = |group: &str, there: &dyn Fn(usize) -> bool| -> Result<Vec<Vec<f32>>, VisionError> {
        let one = |(place, t): (usize, &TensorPlan)| match there(place) {
            true => read(&file, &format!("{group}.{}", t.name), &[t.len()]),
            false => Ok(Vec::new()),
        };
        plan.tensors.iter().enumerate().map(one).collect()
    };
    let learns = |place| start.learns(place);
    let state = State {
        weights: Weights(group("now", &|_| true)?),
        means: group("mean", &learns)?,
        squares: group("square", &learns)?,
        steps: head.steps,
    };
    let best = match head.best {
        Some((epoch, loss, accuracy)) => {
            Some(Best { epoch, score: Score { loss, accuracy }, weights: Weights(group("best", &|_| true)?) })
        }
        None => None,
    };
    let progress = Progress {
        epochs: head.epochs,
        curve: head.curve,
        best,
        least_loss: head.least_loss,
        without_better: head.without_better,
        stopped: head.stopped,
    };
    state.weights.check_variances(plan)?;
    if let Some(best) = &progress.best {
        best.weights.check_variances(plan)?;
        if best.epoch > progress.epochs {
            return Err(wrong("its best epoch lies ahead of it"));
        }
    }
    if state.squares.iter().flatten().any(|v| *v < 0.0) {
        return Err(wrong("it holds a negative square"));
    }
    Ok((state, progress))
}
