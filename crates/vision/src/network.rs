use crate::VisionError;
use crate::arithmetic::{Answer, answering};
use crate::batches::{Normal, Reader, same_shape};
use crate::device::ChosenDevice;
use crate::plan::Plan;
use crate::score::softmax;
use crate::weights::{Weights, wrong};
use driftgate_model::{CancelToken, CnnArchitecture, TileShape, TileSource};
use serde::{Deserialize, Serialize};

/// What [`NetworkSpec::schema`] says.
pub const NETWORK_SCHEMA: &str = "driftgate/network/1";

/// Everything about a network but its weights; kept beside them as JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NetworkSpec {
    /// Always [`NETWORK_SCHEMA`].
    pub schema: String,
    /// The layers.
    pub architecture: CnnArchitecture,
    /// The tiles it takes.
    pub shape: TileShape,
    /// The classes, in the order of its outputs.
    pub labels: Vec<String>,
    /// Subtracted from values in [0, 1], channel by channel.
    pub mean: Vec<f64>,
    /// Divides what is left, channel by channel.
    pub std: Vec<f64>,
    /// Divides the logits before softmax (Guo and others 2017, "On Calibration of Modern Neural Networks").
    pub temperature: f64,
}

impl NetworkSpec {
    /// The tensors it describes.
    ///
    /// Errors: another schema, values out of range.
    pub(crate) fn plan(&self) -> Result<Plan, VisionError> {
        if self.schema != NETWORK_SCHEMA {
            return Err(VisionError::Newer(self.schema.clone()));
        }
        check_normal(self.shape, &self.mean, &self.std)?;
        if !(self.temperature.is_finite() && self.temperature > 0.0) {
            return Err(wrong(format!("its temperature is {}", self.temperature)));
        }
        Plan::new(&self.architecture, self.shape, self.labels.len())
    }
}

/// One mean and one positive standard deviation for each channel.
pub(crate) fn check_normal(shape: TileShape, mean: &[f64], std: &[f64]) -> Result<(), VisionError> {
    // As 32-bit numbers, which is what they are used as.
    let usable =
        mean.iter().all(|m| (*m as f32).is_finite()) && std.iter().all(|s| (*s as f32).is_normal() && *s > 0.0);
    match usable && mean.len() == shape.channels && std.len() == shape.channels {
        true => Ok(()),
        false => Err(VisionError::Parameter {
            name: "normalize",
            value: format!("mean {mean:?} and standard deviation {std:?}"),
            rule: "a mean and a positive standard deviation for each channel",
        }),
    }
}

/// What a network says of pictures, row by row.
#[derive(Debug, Clone, PartialEq)]
pub struct Answers {
    /// Before softmax: a row for each picture, a column for each class.
    pub logits: Vec<f32>,
    /// What the dense layer says after ReLU: a row for each picture, a column for each unit. Only where asked for.
    pub embeddings: Option<Vec<f32>>,
}

/// A trained network on a device.
pub struct Network {
    spec: NetworkSpec,
    plan: Plan,
    weights: Weights,
    answering: Box<dyn Answer>,
    device: ChosenDevice,
}

impl std::fmt::Debug for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Network").field("spec", &self.spec).field("device", &self.device).finish_non_exhaustive()
    }
}

impl Network {
    pub(crate) fn new(spec: NetworkSpec, weights: Weights, device: &ChosenDevice) -> Result<Network, VisionError> {
        let plan = spec.plan()?;
        let answering = device.run(|| Ok(answering(&plan, &weights, spec.shape, device)))?;
        Ok(Network { spec, plan, weights, answering, device: device.clone() })
    }

    /// Reads weights, which must be exactly those that `spec` describes.
    ///
    /// Errors: a spec out of range; any other name, kind, shape or number of tensors; a value that is not finite; a GPU that
    /// fails.
    pub fn load(spec: &NetworkSpec, weights: &[u8], device: &ChosenDevice) -> Result<Network, VisionError> {
        let weights = Weights::from_safetensors(&spec.plan()?, weights)?;
        Network::new(spec.clone(), weights, device)
    }

    /// Its weights in the safetensors format: 32-bit little-endian numbers in PyTorch's shapes and names such as
    /// `conv.0.weight`, sorted. The same network gives the same bytes.
    pub fn to_safetensors(&self) -> Result<Vec<u8>, VisionError> {
        self.weights.to_safetensors(&self.plan)
    }

    /// What it is.
    pub fn spec(&self) -> &NetworkSpec {
        &self.spec
    }

    /// Where it is.
    pub fn device(&self) -> &ChosenDevice {
        &self.device
    }

    /// How many numbers it learned or keeps.
    pub fn parameters(&self) -> u64 {
        self.weights.0.iter().map(|t| t.len() as u64).sum()
    }

    pub(crate) fn weights(&self) -> &Weights {
        &self.weights
    }

    /// Asks about every tile, `batch` at a time; `progress` hears how many are done, of how many.
    ///
    /// On the CPU a picture's answer is the same bit for bit whatever `batch` is, and whatever comes with it.
    ///
    /// Errors: tiles of another shape, one that cannot be read, a GPU that fails, being cancelled.
    pub fn answer(
        &self,
        tiles: &dyn TileSource,
        batch: usize,
        embeddings: bool,
        cancel: &CancelToken,
        progress: &(dyn Fn(u64, u64) + Sync),
    ) -> Result<Answers, VisionError> {
        same_shape(self.spec.shape, tiles.shape())?;
        let normal = Normal::new(&self.spec.mean, &self.spec.std);
        let order: Vec<u32> = (0..tiles.len() as u32).collect();
        let asked = Asked { reader: Reader { tiles, normal: &normal, augment: None, ids: None }, batch, embeddings };
        self.device.run(|| ask(self.answering.as_ref(), &asked, &order, cancel, progress))
    }

    /// Shares of each class, row by row: softmax of the logits divided by the temperature, in 64-bit numbers.
    pub fn probabilities(&self, logits: &[f32]) -> Vec<f64> {
        let mut shares = Vec::with_capacity(logits.len());
        for row in logits.chunks_exact(self.spec.labels.len()) {
            softmax(row, self.spec.temperature, &mut shares);
        }
        shares
    }
}

/// What is asked about pictures.
pub(crate) struct Asked<'a> {
    pub reader: Reader<'a>,
    pub batch: usize,
    pub embeddings: bool,
}

/// Answers of the pictures in `order`.
pub(crate) fn ask(
    network: &dyn Answer,
    asked: &Asked<'_>,
    order: &[u32],
    cancel: &CancelToken,
    progress: &(dyn Fn(u64, u64) + Sync),
) -> Result<Answers, VisionError> {
    let mut answers = Answers { logits: Vec::new(), embeddings: asked.embeddings.then(Vec::new) };
    let mut done = 0;
    asked.reader.ahead(order, asked.batch, |waiting| {
        while let Some(batch) = waiting.next()? {
            cancel.check()?;
            let count = batch.pictures.len();
            let said = network.answer(batch.values, count);
            answers.logits.extend(said.logits);
            if let Some(all) = &mut answers.embeddings {
                all.extend(said.embeddings);
            }
            done += count as u64;
            progress(done, order.len() as u64);
        }
        Ok(())
    })?;
    Ok(answers)
}
