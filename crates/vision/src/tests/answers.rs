use super::*;

fn network() -> Network {
    Bench::new(CnnParams { epochs: 1, ..params() }, cpu(1)).train().unwrap().network
}

#[test]
fn a_picture_gets_the_same_answer_whatever_comes_with_it() {
    let network = network();
    let pictures = stripes(67, 10, 3, false);
    let ask = |network: &Network, batch: usize| {
        network.answer(&pictures, batch, true, &CancelToken::new(), &|_, _| ()).unwrap()
    };
    let together = ask(&network, 64);
    for batch in [1, 2, 3, 7, 8, 9, 33, 67, 1000] {
        assert_eq!(ask(&network, batch), together, "batch {batch}");
    }
    let last = pictures.take(66, 1);
    let alone = network.answer(&last, 16, true, &CancelToken::new(), &|_, _| ()).unwrap();
    assert_eq!(alone.logits, together.logits[66 * 3..]);
    assert_eq!(alone.embeddings.unwrap(), together.embeddings.as_ref().unwrap()[66 * 12..]);
    let again = Network::load(network.spec(), &network.to_safetensors().unwrap(), &cpu(3)).unwrap();
    assert_eq!(ask(&again, 5), together);
}

/// The same of a network whose sums are long enough to be cut into blocks.
#[test]
fn a_wide_network_answers_alike_too() {
    let architecture = CnnArchitecture {
        conv_layers: vec![
            ConvLayer { out_channels: 48, kernel_size: 5 },
            ConvLayer { out_channels: 96, kernel_size: 3 },
        ],
        fc_units: 200,
        dropout: 0.0,
    };
    let shape = TileShape { height: 32, width: 32, channels: 3 };
    let spec = crate::NetworkSpec {
        schema: crate::NETWORK_SCHEMA.into(),
        architecture,
        shape,
        labels: labels(),
        mean: vec![0.5; 3],
        std: vec![0.25; 3],
        temperature: 1.0,
    };
    let weights = crate::weights::Weights::start(&spec.plan().unwrap(), 4);
    let two = Network::new(spec.clone(), weights.clone(), &cpu(2)).unwrap();
    let one = Network::new(spec, weights, &cpu(1)).unwrap();
    let pictures = stripes(19, 32, 3, false);
    let ask = |n: &Network, batch| n.answer(&pictures, batch, true, &CancelToken::new(), &|_, _| ()).unwrap();
    let together = ask(&two, 19);
    for batch in [1, 4, 16] {
        assert_eq!(ask(&two, batch), together, "batch {batch}");
        assert_eq!(ask(&one, batch), together, "batch {batch}, one thread");
    }
}

#[test]
fn probabilities_are_shares_at_the_temperature() {
    let network = network();
    let t = network.spec().temperature;
    let shares = network.probabilities(&[1.0, 2.0, 0.5, 0.0, 0.0, 0.0]);
    let e = [1.0, 2.0, 0.5].map(|l: f64| (l / t).exp());
    let sum: f64 = e.iter().sum();
    for (found, expected) in shares.iter().zip(e.iter().map(|v| v / sum).chain([1.0 / 3.0; 3])) {
        assert!((found - expected).abs() < 1e-12, "{shares:?}");
    }
}

#[test]
fn progress_counts_pictures_and_cancelling_ends_it() {
    let network = network();
    let pictures = stripes(20, 10, 3, false);
    let heard = std::sync::Mutex::new(Vec::new());
    network
        .answer(&pictures, 8, false, &CancelToken::new(), &|done, of| heard.lock().unwrap().push((done, of)))
        .unwrap();
    assert_eq!(*heard.lock().unwrap(), [(8, 20), (16, 20), (20, 20)]);
    let cancel = CancelToken::new();
    cancel.cancel();
    let error = network.answer(&pictures, 8, false, &cancel, &|_, _| ()).unwrap_err();
    assert_eq!(error, VisionError::Cancelled);
}

#[test]
fn no_pictures_get_no_answers() {
    let answers = network().answer(&stripes(0, 10, 3, false), 8, true, &CancelToken::new(), &|_, _| ()).unwrap();
    assert_eq!(answers, crate::Answers { logits: vec![], embeddings: Some(vec![]) });
}

#[test]
fn networks_are_shared_among_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<Network>();
    shared::<ChosenDevice>();
}
