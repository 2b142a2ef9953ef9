//! Small networks on pictures of stripes, all on the CPU unless a test says otherwise.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod answers;
mod checkpoints;
mod fine_tune;
#[cfg(feature = "burn")]
mod gpu;
mod learning;
mod reference;
mod refusals;

use crate::{ChosenDevice, DeviceChoice, Devices, Network, Part, TrainJob, TrainedNetwork, VisionError, train};
use driftgate_determinism::Stream;
use driftgate_model::{
    Augment, CancelToken, CnnArchitecture, CnnParams, ConvLayer, FineTuneParams, NullObserver, Schedule, TileShape,
    TileSource,
};

pub(crate) const LABELS: [&str; 3] = ["across", "upright", "dots"];

/// Pictures in memory.
pub(crate) struct Pictures {
    pub shape: TileShape,
    pub tiles: Vec<Vec<u8>>,
    pub codes: Vec<u32>,
    pub drifted: Vec<bool>,
}

impl TileSource for Pictures {
    fn len(&self) -> usize {
        self.tiles.len()
    }

    fn shape(&self) -> TileShape {
        self.shape
    }

    fn read(&self, index: usize, tile: &mut [u8]) -> std::io::Result<()> {
        tile.copy_from_slice(&self.tiles[index]);
        Ok(())
    }
}

impl Pictures {
    pub fn part(&self) -> Part<'_> {
        Part { tiles: self, codes: &self.codes, drifted: Some(&self.drifted), picture_ids: None, groups: None }
    }

    pub fn take(&self, from: usize, count: usize) -> Pictures {
        Pictures {
            shape: self.shape,
            tiles: self.tiles[from..from + count].to_vec(),
            codes: self.codes[from..from + count].to_vec(),
            drifted: self.drifted[from..from + count].to_vec(),
        }
    }
}

/// Noisy stripes across, upright, or both, class by class in turn; with `dark`, every second picture of a class is darker and
/// counts as drifted.
pub(crate) fn stripes(count: usize, side: usize, seed: u64, dark: bool) -> Pictures {
    let shape = TileShape { height: side, width: side, channels: 3 };
    let mut made = Pictures { shape, tiles: Vec::new(), codes: Vec::new(), drifted: Vec::new() };
    for i in 0..count {
        let mut stream = Stream::new(seed, i as u64);
        let code = i % LABELS.len();
        let drifted = dark && (i / LABELS.len()) % 2 == 1;
        let light = if drifted { 0.4 } else { 1.0 };
        let mut tile = Vec::with_capacity(shape.values());
        let phase = stream.below(2) as usize;
        for y in 0..side {
            for x in 0..side {
                let on = match code {
                    0 => (y + phase).is_multiple_of(2),
                    1 => (x + phase).is_multiple_of(2),
                    _ => (x + phase).is_multiple_of(2) && (y + phase).is_multiple_of(2),
                };
                for channel in 0..3 {
                    let clean = if on { 180.0 - 20.0 * channel as f64 } else { 70.0 };
                    tile.push(((clean + 60.0 * (stream.uniform() - 0.5)) * light) as u8);
                }
            }
        }
        made.tiles.push(tile);
        made.codes.push(code as u32);
        made.drifted.push(drifted);
    }
    made
}

pub(crate) fn params() -> CnnParams {
    let layer = |out_channels| ConvLayer { out_channels, kernel_size: 3 };
    CnnParams {
        epochs: 4,
        batch_size: 16,
        learning_rate: 0.01,
        weight_decay: 0.0,
        schedule: Schedule::Constant,
        early_stopping_patience: None,
        gradient_clip: None,
        class_weight: None,
        architecture: CnnArchitecture { conv_layers: vec![layer(6), layer(8)], fc_units: 12, dropout: 0.2 },
        fine_tune: FineTuneParams {
            epochs: 2,
            learning_rate: 0.001,
            freeze_backbone: false,
            oversample_drift_ratio: None,
            drift_val_ratio: None,
        },
    }
}

pub(crate) fn cpu(threads: usize) -> ChosenDevice {
    Devices::choose(DeviceChoice::Cpu, threads).unwrap()
}

pub(crate) fn labels() -> Vec<String> {
    LABELS.map(String::from).to_vec()
}

/// Everything that a job borrows.
pub(crate) struct Bench {
    pub params: CnnParams,
    pub labels: Vec<String>,
    pub train: Pictures,
    pub validation: Pictures,
    pub device: ChosenDevice,
    pub cancel: CancelToken,
}

impl Bench {
    pub fn new(params: CnnParams, device: ChosenDevice) -> Bench {
        let all = stripes(144, 10, 5, true);
        let (train, validation) = (all.take(0, 96), all.take(96, 48));
        Bench { params, labels: labels(), train, validation, device, cancel: CancelToken::new() }
    }

    pub fn job(&self) -> TrainJob<'_> {
        TrainJob {
            params: &self.params,
            labels: &self.labels,
            mean: &[0.4, 0.4, 0.4],
            std: &[0.25, 0.25, 0.25],
            train: self.train.part(),
            validation: self.validation.part(),
            augment: Some(&Flip),
            seed: 11,
            device: &self.device,
            base: None,
            checkpoints: None,
            job_key: "job",
            clock_ms: &|| 0,
            observer: &NullObserver,
            cancel: &self.cancel,
        }
    }

    pub fn train(&self) -> Result<TrainedNetwork, VisionError> {
        train(&self.job())
    }
}

/// Mirrors left and right, by picture and epoch.
pub(crate) struct Flip;

impl Augment for Flip {
    fn change(&self, tile: &mut [f32], picture: u64, epoch: u32) {
        if Stream::new(picture, u64::from(epoch)).below(2) == 1 {
            let side = (tile.len() / 3).isqrt();
            tile.chunks_exact_mut(side * 3).for_each(|row| {
                let turned: Vec<f32> = row.chunks_exact(3).rev().flatten().copied().collect();
                row.copy_from_slice(&turned);
            });
        }
    }
}

pub(crate) fn accuracy(network: &Network, pictures: &Pictures) -> f64 {
    let answers = network.answer(pictures, 32, false, &CancelToken::new(), &|_, _| ()).unwrap();
    crate::score::score(&answers.logits, LABELS.len(), |row| pictures.codes[row]).unwrap().accuracy
}
