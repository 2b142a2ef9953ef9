use super::*;
use driftgate_model::Observer;
use driftgate_model::config::ClassWeight;
use std::sync::Mutex;

#[test]
fn it_learns_stripes_and_tells_its_curve() {
    let bench = Bench::new(CnnParams { epochs: 8, ..params() }, cpu(2));
    let trained = bench.train().unwrap();
    let fresh = stripes(60, 10, 99, true);
    let found = accuracy(&trained.network, &fresh);
    assert!(found >= 0.95, "accuracy {found}, curve {:?}", trained.curve);
    let names: Vec<_> = trained.curve.iter().filter(|p| p.step == 8).map(|p| p.name.as_str()).collect();
    assert_eq!(names, ["train_loss", "val_loss", "val_accuracy", "learning_rate"]);
    assert_eq!((trained.epochs_run, trained.best_split), (8, "val"));
    let of = |name: &str, step: u32| {
        trained.curve.iter().find(|p| p.name == name && p.step == u64::from(step)).unwrap().value
    };
    assert!(of("train_loss", 8) < of("train_loss", 1));
    let best = (1..=8).map(|step| of("val_accuracy", step)).fold(0.0, f64::max);
    assert_eq!(of("val_accuracy", trained.best_epoch), best);
    assert_eq!(trained.best_accuracy, best);
}

#[test]
fn threads_never_change_a_byte() {
    let bytes = |threads, seed| {
        let bench = Bench::new(CnnParams { epochs: 2, ..params() }, cpu(threads));
        let trained = train(&TrainJob { seed, ..bench.job() }).unwrap();
        (trained.network.to_safetensors().unwrap(), trained.curve)
    };
    let one = bytes(1, 3);
    assert_eq!(one, bytes(2, 3));
    assert_eq!(one, bytes(3, 3));
    assert_ne!(one.0, bytes(1, 4).0);
}

/// Large enough for the sums and products that are shared among threads.
#[test]
fn threads_never_change_a_byte_of_a_wide_network() {
    let bytes = |threads| {
        let layer = |out_channels| ConvLayer { out_channels, kernel_size: 3 };
        let architecture = CnnArchitecture { conv_layers: vec![layer(32), layer(64)], fc_units: 128, dropout: 0.1 };
        let params = CnnParams { epochs: 1, batch_size: 48, architecture, gradient_clip: Some(1.0), ..params() };
        let all = stripes(120, 32, 8, false);
        let mut bench = Bench::new(params, cpu(threads));
        (bench.train, bench.validation) = (all.take(0, 96), all.take(96, 24));
        bench.train().unwrap().network.to_safetensors().unwrap()
    };
    assert_eq!(bytes(1), bytes(2));
}

#[test]
fn every_setting_changes_the_weights_and_still_learns() {
    let with = |change: fn(&mut CnnParams)| {
        let mut params = params();
        change(&mut params);
        let trained = Bench::new(params, cpu(1)).train().unwrap();
        (trained.network.to_safetensors().unwrap(), trained.best_accuracy)
    };
    let plain = with(|_| ());
    let changes: [fn(&mut CnnParams); 5] = [
        |p| p.weight_decay = 0.1,
        |p| p.schedule = Schedule::Cosine,
        |p| p.gradient_clip = Some(0.5),
        |p| p.architecture.dropout = 0.0,
        |p| p.batch_size = 24,
    ];
    for (i, change) in changes.into_iter().enumerate() {
        let (bytes, accuracy) = with(change);
        assert_ne!(bytes, plain.0, "change {i}");
        assert!(accuracy > 0.6, "change {i}: {accuracy}");
    }
}

#[test]
fn balanced_weights_are_those_of_scikit_learn() {
    use crate::sampling::Visits;
    let mut bench = Bench::new(CnnParams { class_weight: Some(ClassWeight::Balanced), epochs: 1, ..params() }, cpu(1));
    bench.train.codes = (0..96).map(|i| if i < 48 { 0 } else { 1 + u32::from(i % 4 == 0) }).collect();
    // 48, 36 and 12 of 96: 96 / (3 · n).
    let all = Visits::Once((0..96).collect());
    let expected = [96.0 / 144.0, 96.0 / 108.0, 96.0 / 36.0].map(|v: f64| v as f32);
    assert_eq!(train::balance(&bench.job(), &all), expected);
    let halves = Visits::Weighted { clean: (0..24).collect(), drifted: (48..72).collect(), share: 0.5 };
    assert_eq!(train::balance(&bench.job(), &halves)[0], (48.0_f64 / 72.0) as f32);
    let balanced = bench.train().unwrap();
    bench.params.class_weight = None;
    assert_eq!(train::balance(&bench.job(), &all), [1.0; 3]);
    assert_ne!(balanced.network.weights(), bench.train().unwrap().network.weights());
}

#[test]
fn it_stops_early_and_says_so() {
    let params = CnnParams { epochs: 40, early_stopping_patience: Some(1), learning_rate: 0.05, ..params() };
    let trained = Bench::new(params, cpu(2)).train().unwrap();
    assert!(trained.epochs_run < 40, "ran {}", trained.epochs_run);
    assert!(trained.notes.iter().any(|n| n.contains("stopped after epoch")), "{:?}", trained.notes);
}

#[test]
fn the_cosine_ends_near_zero() {
    let trained = Bench::new(CnnParams { schedule: Schedule::Cosine, ..params() }, cpu(1)).train().unwrap();
    let rates: Vec<f64> = trained.curve.iter().filter(|p| p.name == "learning_rate").map(|p| p.value).collect();
    let expected = [0.0, 0.25, 0.5, 0.75].map(|done| 0.005 * (1.0 + (std::f64::consts::PI * done).cos()));
    assert!(rates.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12), "{rates:?}");
}

/// Cancels at the third batch.
struct Stops<'a> {
    cancel: &'a CancelToken,
    heard: Mutex<Vec<u64>>,
}

impl Observer for Stops<'_> {
    fn progress(&self, what: &str, progress: driftgate_model::Progress) {
        assert_eq!((what, progress.total), ("training", 96 * 4));
        let mut heard = self.heard.lock().unwrap();
        heard.push(progress.done);
        if heard.len() == 3 {
            self.cancel.cancel();
        }
    }
}

#[test]
fn it_stops_at_the_next_batch_when_cancelled() {
    let bench = Bench::new(params(), cpu(1));
    let observer = Stops { cancel: &bench.cancel, heard: Mutex::default() };
    let error = train(&TrainJob { observer: &observer, ..bench.job() }).unwrap_err();
    assert_eq!(error, VisionError::Cancelled);
    assert_eq!(*observer.heard.lock().unwrap(), [16, 32, 48]);
}

#[test]
fn a_loss_that_is_no_number_is_an_error_with_a_hint() {
    use driftgate_model::Coded;
    let error = Bench::new(CnnParams { learning_rate: 1e30, ..params() }, cpu(1)).train().unwrap_err();
    assert!(matches!(error, VisionError::Diverged { epoch: 1, .. }), "{error}");
    assert!(error.hint().unwrap().contains("learning_rate"));
}

#[test]
fn the_temperature_lowers_the_likelihood_it_is_fitted_on() {
    use crate::score::negative_log_likelihood as loss;
    let mut stream = Stream::new(1, 1);
    // Right three times in four, and far too sure.
    let codes: Vec<u32> = (0..400).map(|_| stream.below(3)).collect();
    let mut logits = Vec::new();
    for code in &codes {
        let said = if stream.uniform() < 0.75 { *code } else { (*code + 1) % 3 };
        logits.extend((0..3).map(|c| if c == said { 9.0 } else { 0.0 }));
    }
    let found = crate::temperature::fit(&logits, 3, |row| codes[row]);
    let at = |t: f64| logits.chunks_exact(3).zip(&codes).map(|(l, c)| loss(l, *c as usize, t)).sum::<f64>();
    assert!(at(found) < at(1.0) && at(found) <= at(found * 1.01) && at(found) <= at(found / 1.01));
    let trained = Bench::new(params(), cpu(1)).train().unwrap();
    assert_ne!(trained.network.spec().temperature, 1.0);
}
