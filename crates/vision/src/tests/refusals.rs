use super::*;
use crate::{Devices, NetworkSpec};
use proptest::prelude::*;
use std::sync::LazyLock;

static SMALL: LazyLock<(NetworkSpec, Vec<u8>)> = LazyLock::new(|| {
    let params = params();
    let spec = NetworkSpec {
        schema: crate::NETWORK_SCHEMA.into(),
        architecture: params.architecture,
        shape: TileShape { height: 8, width: 8, channels: 3 },
        labels: labels(),
        mean: vec![0.5; 3],
        std: vec![0.25; 3],
        temperature: 1.5,
    };
    let plan = spec.plan().unwrap();
    let bytes = crate::weights::Weights::start(&plan, 4).to_safetensors(&plan).unwrap();
    (spec, bytes)
});

#[test]
fn names_and_shapes_are_those_of_pytorch() {
    let (spec, bytes) = &*SMALL;
    let file = safetensors::SafeTensors::deserialize(bytes).unwrap();
    let mut found: Vec<_> = file.iter().map(|(n, t)| format!("{n} {:?}", t.shape())).collect();
    found.sort_unstable();
    let expected = [
        "conv.0.weight [6, 3, 3, 3]",
        "conv.1.weight [8, 6, 3, 3]",
        "fc.bias [12]",
        "fc.weight [12, 32]",
        "head.bias [3]",
        "head.weight [3, 12]",
        "norm.0.bias [6]",
        "norm.0.running_mean [6]",
        "norm.0.running_var [6]",
        "norm.0.weight [6]",
        "norm.1.bias [8]",
        "norm.1.running_mean [8]",
        "norm.1.running_var [8]",
        "norm.1.weight [8]",
    ];
    assert_eq!(found, expected);
    let network = Network::load(spec, bytes, &cpu(1)).unwrap();
    assert_eq!(network.to_safetensors().unwrap(), *bytes);
    let json = serde_json::to_string(spec).unwrap();
    assert_eq!(serde_json::from_str::<NetworkSpec>(&json).unwrap(), *spec);
}

#[test]
fn weights_of_another_network_are_refused() {
    let (spec, bytes) = &*SMALL;
    let said = |spec: &NetworkSpec, bytes: &[u8]| Network::load(spec, bytes, &cpu(1)).unwrap_err().to_string();
    let mut other = spec.clone();
    other.architecture.fc_units = 13;
    assert!(said(&other, bytes).contains("`fc.weight` has the shape [12, 32] instead of [13, 32]"));
    other.architecture.conv_layers.pop();
    assert!(said(&other, bytes).contains("14 tensors instead of 9"));
    let mut other = spec.clone();
    other.architecture.fc_units = 1_048_576;
    other.architecture.conv_layers[1].out_channels = 65_536;
    assert_eq!(Network::load(&other, bytes, &cpu(1)).unwrap_err(), VisionError::TooLarge(500_000_000));
    let mut other = spec.clone();
    other.schema = "driftgate/network/9".into();
    assert!(matches!(Network::load(&other, bytes, &cpu(1)), Err(VisionError::Newer(_))));
    for (mean, std, temperature) in [(f64::NAN, 1.0, 1.0), (0.0, 0.0, 1.0), (0.0, 1e-60, 1.0), (0.0, 1.0, -1.0)] {
        let mut other = spec.clone();
        (other.mean[1], other.std[1], other.temperature) = (mean, std, temperature);
        assert!(Network::load(&other, bytes, &cpu(1)).is_err());
    }
    let at = bytes.len() - 4;
    let with = |value: f32| [&bytes[..at], &value.to_le_bytes()].concat();
    assert!(Network::load(spec, &with(0.5), &cpu(1)).is_ok());
    assert!(said(spec, &with(f32::NAN)).contains("not a finite number"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn damaged_weights_never_panic(places in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6), cut: prop::sample::Index, whole: bool) {
        let (spec, bytes) = &*SMALL;
        let mut bytes = bytes.clone();
        for (place, value) in places {
            // Half of the changes hit the header, where they matter most.
            let within = if value % 2 == 0 { 900.min(bytes.len()) } else { bytes.len() };
            bytes[place.index(within)] = value;
        }
        if !whole {
            bytes.truncate(cut.index(bytes.len()));
        }
        let _ = crate::weights::Weights::from_safetensors(&spec.plan().unwrap(), &bytes);
    }

    #[test]
    fn noise_is_no_network(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(Network::load(&SMALL.0, &bytes, &cpu(1)).is_err());
    }
}

#[test]
fn settings_out_of_range_are_named() {
    type Change = fn(&mut CnnParams);
    let changes: [(&str, Change); 9] = [
        ("epochs", |p| p.epochs = 0),
        ("batch_size", |p| p.batch_size = 0),
        ("learning_rate", |p| p.learning_rate = f64::NAN),
        ("weight_decay", |p| p.weight_decay = -1.0),
        ("gradient_clip", |p| p.gradient_clip = Some(0.0)),
        ("conv_layers", |p| p.architecture.conv_layers.clear()),
        ("kernel_size", |p| p.architecture.conv_layers[0].kernel_size = 4),
        ("fc_units", |p| p.architecture.fc_units = 0),
        ("dropout", |p| p.architecture.dropout = 1.0),
    ];
    for (expected, change) in changes {
        let mut params = params();
        change(&mut params);
        match Bench::new(params, cpu(1)).train().unwrap_err() {
            VisionError::Parameter { name, .. } => assert_eq!(name, expected),
            other => panic!("{expected}: {other}"),
        }
    }
    let mut params = params();
    params.architecture.conv_layers = vec![ConvLayer { out_channels: 2, kernel_size: 3 }; 4];
    let error = Bench::new(params, cpu(1)).train().unwrap_err();
    assert_eq!(error, VisionError::TileTooSmall { layers: 4, height: 10, width: 10 });
}

#[test]
fn data_that_do_not_fit_are_named() {
    let error = |change: fn(&mut Bench)| {
        let mut bench = Bench::new(params(), cpu(1));
        change(&mut bench);
        bench.train().unwrap_err()
    };
    assert_eq!(error(|b| b.validation = stripes(0, 10, 1, false)), VisionError::NoPictures("validation split"));
    assert_eq!(error(|b| b.train.codes = vec![1; 96]), VisionError::SingleClass("upright".into()));
    assert_eq!(error(|b| b.train.codes[4] = 3), VisionError::ClassCode { picture: 5, code: 3, labels: 3 });
    assert!(matches!(error(|b| b.validation = stripes(6, 12, 1, false)), VisionError::Shape { .. }));
    let count = VisionError::Count { part: "train split", pictures: 96, what: "labels", found: 95 };
    assert_eq!(error(|b| _ = b.train.codes.pop()), count);
}

#[test]
fn a_tile_that_cannot_be_read_ends_the_training() {
    struct Torn(Pictures);
    impl TileSource for Torn {
        fn len(&self) -> usize {
            self.0.len()
        }
        fn shape(&self) -> TileShape {
            self.0.shape
        }
        fn read(&self, index: usize, tile: &mut [u8]) -> std::io::Result<()> {
            if index == 7 { Err(std::io::Error::other("torn")) } else { self.0.read(index, tile) }
        }
    }
    let bench = Bench::new(params(), cpu(1));
    let torn = Torn(stripes(96, 10, 5, true));
    let part = Part { tiles: &torn, ..bench.train.part() };
    let error = train(&TrainJob { train: part, ..bench.job() }).unwrap_err();
    assert_eq!(error, VisionError::Tile { picture: 8, reason: "torn".into() });
}

#[test]
fn the_cpu_is_always_there_and_a_gpu_only_with_a_hint() {
    use driftgate_model::Coded;
    assert!(Devices::list()[0].usable);
    assert!(cpu(2).deterministic());
    if !Devices::list().iter().any(|d| d.sort == crate::DeviceSort::Gpu && d.usable) {
        let error = Devices::choose(DeviceChoice::Gpu, 1).unwrap_err();
        assert!(error.hint().unwrap().contains("--device cpu"));
        assert_eq!(Devices::choose(DeviceChoice::Auto, 1).unwrap().description(), "CPU");
    }
}
