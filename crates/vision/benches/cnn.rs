//! Training and answers of a network of 32, 64 and 128 channels and 256 units, 64 pictures of 32 × 32 pixels at a time, on the
//! CPU with one thread and with two. `peer_torch.py` does the same with PyTorch.

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use driftgate_model::{
    CancelToken, CnnArchitecture, CnnParams, ConvLayer, FineTuneParams, NullObserver, Schedule, TileShape, TileSource,
};
use driftgate_vision::{ChosenDevice, DeviceChoice, Devices, Network, Part, TrainJob, train};

const PICTURES: usize = 256;

/// Pictures of noise: what they show does not change the work.
struct Noise;

impl TileSource for Noise {
    fn len(&self) -> usize {
        PICTURES
    }

    fn shape(&self) -> TileShape {
        TileShape { height: 32, width: 32, channels: 3 }
    }

    fn read(&self, index: usize, tile: &mut [u8]) -> std::io::Result<()> {
        tile.iter_mut().enumerate().for_each(|(i, v)| *v = ((i * 131 + index * 7919) % 251) as u8);
        Ok(())
    }
}

/// One pass over the pictures, which the validation of one picture hardly lengthens.
fn trained(device: &ChosenDevice) -> Network {
    struct One;
    impl TileSource for One {
        fn len(&self) -> usize {
            1
        }
        fn shape(&self) -> TileShape {
            Noise.shape()
        }
        fn read(&self, index: usize, tile: &mut [u8]) -> std::io::Result<()> {
            Noise.read(index, tile)
        }
    }
    let conv_layers = [32, 64, 128].map(|out_channels| ConvLayer { out_channels, kernel_size: 3 }).to_vec();
    let tune = FineTuneParams {
        epochs: 1,
        learning_rate: 0.001,
        freeze_backbone: false,
        oversample_drift_ratio: None,
        drift_val_ratio: None,
    };
    let params = CnnParams {
        epochs: 1,
        batch_size: 64,
        learning_rate: 0.001,
        weight_decay: 0.0,
        schedule: Schedule::Constant,
        early_stopping_patience: None,
        gradient_clip: None,
        class_weight: None,
        architecture: CnnArchitecture { conv_layers, fc_units: 256, dropout: 0.3 },
        fine_tune: tune,
    };
    let codes: Vec<u32> = (0..PICTURES as u32).map(|i| i % 10).collect();
    let part = |tiles, codes| Part { tiles, codes, drifted: None, picture_ids: None, groups: None };
    let labels: Vec<String> = (0..10).map(|i| i.to_string()).collect();
    let job = TrainJob {
        params: &params,
        labels: &labels,
        mean: &[0.5; 3],
        std: &[0.25; 3],
        train: part(&Noise, &codes),
        validation: part(&One, &codes[..1]),
        augment: None,
        seed: 1,
        device,
        base: None,
        checkpoints: None,
        job_key: "",
        clock_ms: &|| 0,
        observer: &NullObserver,
        cancel: &CancelToken::new(),
    };
    train(&job).expect("this job can be done").network
}

fn network(c: &mut Criterion) {
    for threads in [1, 2] {
        let device = Devices::choose(DeviceChoice::Cpu, threads).expect("a CPU is always there");
        measure(c, &format!("{threads} threads"), &device);
    }
}

fn measure(c: &mut Criterion, name: &str, device: &ChosenDevice) {
    let mut group = c.benchmark_group(name);
    group.throughput(Throughput::Elements(PICTURES as u64)).sample_size(10);
    group.bench_function("train", |b| b.iter_batched(|| (), |()| trained(device), BatchSize::PerIteration));
    let network = trained(device);
    let ask = || network.answer(&Noise, 64, false, &CancelToken::new(), &|_, _| ());
    group.bench_function("answer", |b| b.iter(ask));
    group.finish();
}

/// Burn's layers on the processor: what ours are held against.
#[cfg(feature = "burn")]
fn burn(c: &mut Criterion) {
    measure(c, "burn", &ChosenDevice::burn_on_cpu());
}

#[cfg(not(feature = "burn"))]
fn burn(_: &mut Criterion) {}

criterion_group!(benches, network, burn);
criterion_main!(benches);
