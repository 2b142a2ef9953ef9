use super::*;
use crate::NetworkSpec;
use crate::arithmetic::{Fixed, State, Step, answering, learning};
use crate::weights::Weights;

/// The layers written out in 64-bit numbers, one picture at a time: embedding and logits.
fn written_out(spec: &NetworkSpec, weights: &Weights, tile: &[u8]) -> (Vec<f64>, Vec<f64>) {
    let wide = |i: usize| weights.0[i].iter().map(|v| f64::from(*v)).collect::<Vec<_>>();
    let (mut side, mut channels) = (spec.shape.height as isize, spec.shape.channels);
    let mut x: Vec<f64> = (0..channels)
        .flat_map(|c| tile.iter().skip(c).step_by(channels).map(move |v| (c, *v)))
        .map(|(c, v)| (f64::from(v) / 255.0 - spec.mean[c]) / spec.std[c])
        .collect();
    for (i, layer) in spec.architecture.conv_layers.iter().enumerate() {
        let (kernel, out) = (layer.kernel_size as isize, layer.out_channels as usize);
        let [w, gamma, beta, mean, var] = [0, 1, 2, 3, 4].map(|part| wide(i * 5 + part));
        let pixel = |x: &[f64], c: usize, row: isize, column: isize| {
            let inside = (0..side).contains(&row) && (0..side).contains(&column);
            if inside { x[((c as isize * side + row) * side + column) as usize] } else { 0.0 }
        };
        let value = |o: usize, row: isize, column: isize| {
            let mut sum = 0.0;
            for c in 0..channels {
                for a in 0..kernel {
                    for b in 0..kernel {
                        let at = ((o * channels + c) as isize * kernel + a) * kernel + b;
                        sum += w[at as usize] * pixel(&x, c, row + a - kernel / 2, column + b - kernel / 2);
                    }
                }
            }
            (sum - mean[o]) / (var[o] + 1e-5).sqrt() * gamma[o] + beta[o]
        };
        let mut next = Vec::new();
        for o in 0..out {
            for row in 0..side / 2 {
                for column in 0..side / 2 {
                    let four = [(0, 0), (0, 1), (1, 0), (1, 1)].map(|(a, b)| value(o, 2 * row + a, 2 * column + b));
                    next.push(four.into_iter().fold(0.0, f64::max));
                }
            }
        }
        (x, channels, side) = (next, out, side / 2);
    }
    let dense = |place: usize, x: &[f64]| -> Vec<f64> {
        let (w, b) = (wide(place), wide(place + 1));
        b.iter()
            .zip(w.chunks_exact(x.len()))
            .map(|(b, w)| b + w.iter().zip(x).map(|(w, x)| w * x).sum::<f64>())
            .collect()
    };
    let place = spec.architecture.conv_layers.len() * 5;
    let embedding: Vec<f64> = dense(place, &x).into_iter().map(|v| v.max(0.0)).collect();
    let logits = dense(place + 2, &embedding);
    (embedding, logits)
}

#[test]
fn answers_are_those_of_the_layers_written_out() {
    let mut params = CnnParams { epochs: 2, ..params() };
    params.architecture.conv_layers[1].kernel_size = 5;
    // Eleven pixels: an odd side loses its last row where it is halved.
    let mut bench = Bench::new(params, cpu(1));
    (bench.train, bench.validation) = (stripes(60, 11, 1, false), stripes(30, 11, 2, false));
    let network = bench.train().unwrap().network;
    let pictures = stripes(9, 11, 3, true);
    let answers = network.answer(&pictures, 9, true, &CancelToken::new(), &|_, _| ()).unwrap();
    let embeddings = answers.embeddings.unwrap();
    for (i, tile) in pictures.tiles.iter().enumerate() {
        let (embedding, logits) = written_out(network.spec(), network.weights(), tile);
        let near = |found: &[f32], expected: &[f64]| {
            found.iter().zip(expected).all(|(f, e)| (f64::from(*f) - e).abs() < 1e-4 * e.abs().max(1.0))
        };
        assert!(near(&embeddings[i * 12..(i + 1) * 12], &embedding), "picture {i}");
        assert!(near(&answers.logits[i * 3..(i + 1) * 3], &logits), "picture {i}");
    }
}

/// Five steps of AdamW with clipping and weighted classes on two convolutions, beside what PyTorch 2.15 found from the same
/// weights and pictures (`Conv2d(bias=False)`, `clip_grad_norm_` before each step).
#[test]
fn steps_are_those_of_pytorch() {
    pytorch_steps(&cpu(1));
    pytorch_steps(&cpu(2));
    #[cfg(feature = "burn")]
    pytorch_steps(&ChosenDevice::burn_on_cpu());
}

fn pytorch_steps(device: &ChosenDevice) {
    let shape = TileShape { height: 8, width: 8, channels: 3 };
    let layer = |out_channels, kernel_size| ConvLayer { out_channels, kernel_size };
    let architecture = CnnArchitecture { conv_layers: vec![layer(4, 3), layer(5, 5)], fc_units: 6, dropout: 0.0 };
    let plan = crate::plan::Plan::new(&architecture, shape, 3).unwrap();
    let value = |t: usize, j: usize| match t % 5 {
        _ if t < 10 && t % 5 > 2 => f64::from(u8::from(t % 5 == 4)),
        1 if t < 10 => 1.0 + 0.3 * (0.7 * j as f64 + t as f64).sin(),
        _ => 0.3 * (0.7 * j as f64 + t as f64).sin(),
    };
    let tensor = |t: usize| (0..plan.tensors[t].len()).map(|j| value(t, j) as f32).collect();
    let weights = Weights((0..plan.tensors.len()).map(tensor).collect());
    let tile = |n: usize| (0..192).map(|i| ((i * 37 + n * 101 + (i * n) % 17 * 5) % 256) as u8).collect();
    let codes = vec![0, 1, 2, 0, 1, 2];
    let pictures = Pictures { shape, tiles: (0..6).map(tile).collect(), codes: codes.clone(), drifted: vec![false; 6] };
    let normal = crate::batches::Normal::new(&[0.4; 3], &[0.25; 3]);
    let reader = crate::batches::Reader { tiles: &pictures, normal: &normal, augment: None, ids: None };
    let fixed = Fixed { plan: &plan, tile: shape, clip: Some(0.8), decay: 0.1, freeze: false };
    let start = State::start(&plan, weights, false);
    let mut learner = learning(fixed, start, device);
    let losses = [1.149_005_3, 1.052_235, 0.981_383_6, 0.905_618_85, 0.856_099_9];
    for (step, expected) in losses.into_iter().enumerate() {
        let values = reader.read(&[0, 1, 2, 3, 4, 5], &mut Vec::new()).unwrap().values;
        // Classes 0, 1, 2 weigh 0.5, 1 and 2.
        let mut targets = vec![0.0; 18];
        codes.iter().enumerate().for_each(|(i, c)| targets[i * 3 + *c as usize] = [0.5, 1.0, 2.0][*c as usize] / 7.0);
        learner.step(Step { values, pictures: 6, targets, mask: None, rate: 0.01 });
        let loss = learner.losses()[0];
        assert!((loss - expected).abs() < 2e-5, "step {step}: {loss} instead of {expected}");
    }
    let found = learner.state().weights;
    let near = |place: usize, expected: &[f32]| {
        let differs = |(a, b): (&f32, &f32)| (a - b).abs() > 1e-4;
        assert!(!found.0[place].iter().zip(expected).any(differs), "{place}: {:?} {expected:?}", found.0[place]);
    };
    near(0, &[-0.020_068_9, 0.230_366, 0.294_703, 0.291_859, 0.071_600_1, -0.069_857_3, -0.266_544, -0.256_347]);
    near(1, &[1.247_86, 1.294_18, 1.195_49, 1.007_48]);
    near(8, &[-0.167_639, 0.245_812, 0.100_979, 0.010_036, 0.082_315_7]);
    near(9, &[0.882_704, 0.929_409, 0.981_184, 0.948_783, 0.870_329]);
    near(11, &[-0.298_5, -0.195_162, -0.063_773_8, 0.137_021, 0.252_062, 0.269_604]);
    near(12, &[-0.160_169, 0.006_759_09, 0.174_329, 0.283_67, 0.205_661, 0.016_890_6, -0.141_019, -0.254_36]);
    let values = reader.read(&[0, 1], &mut Vec::new()).unwrap().values;
    let logits = answering(&plan, &found, shape, device).answer(values, 2).logits;
    let expected = [0.204_622, -0.159_442, 0.624_12, 0.029_955_8, 0.305_356, 0.345_859];
    assert!(logits.iter().zip(expected).all(|(a, b)| (a - b).abs() < 2e-4), "{logits:?}");
}
