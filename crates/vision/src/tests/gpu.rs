use super::*;

/// Burn's layers on the CPU against our own, with every kind of training.
#[test]
fn burn_agrees_with_our_own_layers() {
    for (freeze, dropout) in [(false, 0.2), (true, 0.0)] {
        let mut params = CnnParams { epochs: 2, gradient_clip: Some(1.0), learning_rate: 0.001, ..params() };
        params.architecture.dropout = dropout;
        params.fine_tune.freeze_backbone = freeze;
        let mut bench = Bench::new(params, cpu(2));
        let base = bench.train().unwrap().network;
        let run = |bench: &Bench| train(&TrainJob { base: freeze.then_some(&base), ..bench.job() }).unwrap();
        let own = run(&bench);
        bench.device = ChosenDevice::burn_on_cpu();
        let burn = run(&bench);
        for (a, b) in own.curve.iter().zip(&burn.curve).filter(|(p, _)| p.name.ends_with("loss")) {
            assert!((a.value - b.value).abs() < 1e-3, "{a:?} {b:?}");
        }
        for (place, (a, b)) in own.network.weights().0.iter().zip(&burn.network.weights().0).enumerate() {
            let far = a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(far < 5e-3, "tensor {place}: {far}");
        }
    }
}

/// On software Vulkan, where there is one: training ends in numbers, and answers are those of the CPU.
#[cfg(feature = "gpu")]
#[test]
fn a_gpu_agrees_with_the_cpu() {
    let device = match Devices::choose(DeviceChoice::Gpu, 1).or_else(|_| Devices::choose(DeviceChoice::SoftwareGpu, 1))
    {
        Ok(device) => device,
        Err(e) => {
            eprintln!("SKIPPED: {e}");
            return;
        }
    };
    let mut params = CnnParams { epochs: 1, batch_size: 32, ..params() };
    params.architecture =
        CnnArchitecture { conv_layers: vec![ConvLayer { out_channels: 4, kernel_size: 3 }], fc_units: 8, dropout: 0.1 };
    let mut bench = Bench::new(params, device);
    bench.train = bench.train.take(0, 64);
    bench.validation = bench.validation.take(0, 24);
    let there = bench.train().unwrap();
    let bytes = there.network.to_safetensors().unwrap();
    let here = Network::load(there.network.spec(), &bytes, &cpu(2)).unwrap();
    let pictures = stripes(24, 10, 77, false);
    let ask = |n: &Network| n.answer(&pictures, 24, true, &CancelToken::new(), &|_, _| ()).unwrap();
    let (a, b) = (ask(&there.network), ask(&here));
    let near = |a: &[f32], b: &[f32]| a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-3);
    assert!(near(&a.logits, &b.logits), "{:?} {:?}", a.logits, b.logits);
    assert!(near(&a.embeddings.unwrap(), &b.embeddings.unwrap()));
    bench.device = cpu(2);
    let same = bench.train().unwrap();
    for (there, here) in there.curve.iter().zip(&same.curve).filter(|(p, _)| p.name == "train_loss") {
        assert!((there.value - here.value).abs() < 1e-3, "{there:?} {here:?}");
    }
}
