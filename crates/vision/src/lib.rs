//! Convolutional networks: training, fine-tuning, answers and embeddings, on the CPU or a GPU.
//!
//! [`train`] fits a [`Network`] to tiles, [`Network::answer`] asks it, [`Devices`] says where that happens. On the CPU the same
//! job gives the same bytes, whatever the number of threads, and a picture's answer never depends on the pictures beside it.
//! The layers on the CPU are our own (module `cpu`), those on a GPU are Burn's; a test holds them against each other and both against
//! PyTorch. Everything random (first weights, order, dropout, draws) comes from seeded streams of our own, never from a device.
#![cfg_attr(not(test), warn(clippy::disallowed_methods))]

mod arithmetic;
mod batches;
mod checkpoint;
mod cpu;
mod device;
mod error;
mod fold;
mod network;
#[cfg(feature = "burn")]
mod on_burn;
mod plan;
mod sampling;
mod score;
mod temperature;
mod train;
mod weights;

#[cfg(test)]
mod tests;

pub use checkpoint::Checkpoints;
pub use device::{ChosenDevice, DeviceChoice, DeviceInfo, DeviceSort, Devices};
pub use error::VisionError;
pub use network::{Answers, NETWORK_SCHEMA, Network, NetworkSpec};
pub use train::{CurvePoint, Part, TrainJob, TrainRows, TrainedNetwork, check_fine_tuning, train};
