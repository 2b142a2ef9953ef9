//! Intervals: determinism, coverage, what is left out.

use crate::support::{Uniform, binary, config, labels, matrix, noisy, report};
use driftgate_learn::metrics::{Answers, Baseline, EvaluateOptions, MetricError, evaluate};
use driftgate_model::CancelToken;
use driftgate_model::config::{Averaging, BootstrapConfig, EvaluationConfig};

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let (truth, scores) = noisy(700, 3, 0.6);
    let (labels, probabilities) = (labels(&["no", "yes"]), binary(&scores));
    let classes = Answers::Classes { labels: &labels, truth: &truth, probabilities: &probabilities };
    let exact: Vec<f64> = truth.iter().map(|&t| f64::from(t) * 10.0).collect();
    let values = Answers::Values { truth: &exact, predicted: &scores };
    for answers in [classes, values] {
        let alone = serde_json::to_string(&report(&answers, &config(1000), 1).unwrap()).unwrap();
        for threads in [0, 2, 3, 7, 5000] {
            let many = serde_json::to_string(&report(&answers, &config(1000), threads).unwrap()).unwrap();
            assert_eq!(alone, many, "{threads} threads");
        }
    }
}

#[test]
fn another_seed_gives_another_interval() {
    let (truth, scores) = noisy(120, 3, 0.6);
    let (labels, probabilities) = (labels(&["no", "yes"]), binary(&scores));
    let answers = Answers::Classes { labels: &labels, truth: &truth, probabilities: &probabilities };
    let seeded = |seed| {
        let config = EvaluationConfig { bootstrap: BootstrapConfig { resamples: 200, level: 0.95, seed }, ..config(0) };
        report(&answers, &config, 1).unwrap().metrics["log_loss"].interval.unwrap()
    };
    assert_eq!(seeded(1), seeded(1));
    assert_ne!(seeded(1), seeded(2));
}

#[test]
fn an_interval_holds_its_value_and_grows_with_its_level() {
    let (truth, scores) = noisy(150, 8, 0.7);
    let (labels, probabilities) = (labels(&["no", "yes"]), binary(&scores));
    let answers = Answers::Classes { labels: &labels, truth: &truth, probabilities: &probabilities };
    let at = |level| {
        let config = EvaluationConfig { bootstrap: BootstrapConfig { resamples: 1000, level, seed: 7 }, ..config(0) };
        report(&answers, &config, 2).unwrap()
    };
    let (narrow, wide) = (at(0.8), at(0.99));
    for (name, metric) in &narrow.metrics {
        // The percentile interval of the calibration error sits above its value: resampling adds noise to every bin.
        if name == "ece" {
            continue;
        }
        let (value, inner, outer) =
            (metric.value.unwrap(), metric.interval.unwrap(), wide.metrics[name].interval.unwrap());
        assert!(inner.low <= value && value <= inner.high, "{name}: {value} outside {inner:?}");
        assert!(outer.low < inner.low && inner.high < outer.high, "{name}: {inner:?} not within {outer:?}");
    }
    let spec = narrow.bootstrap.unwrap();
    assert_eq!((spec.method.as_str(), spec.resamples, spec.level, spec.seed), ("percentile", 1000, 0.8, 7));
    assert!(spec.stratified);
}

/// The share of `sets` seeded samples whose interval of `name` holds `expected`.
fn coverage(sets: u64, name: &str, expected: f64, sample: impl Fn(u64) -> driftgate_model::Interval) -> f64 {
    let held = (0..sets)
        .filter(|&seed| {
            let interval = sample(seed);
            interval.low <= expected && expected <= interval.high
        })
        .count();
    let share = held as f64 / sets as f64;
    assert!(
        (0.91..=0.98).contains(&share),
        "the 95 % interval of {name} holds {expected} in {share} of {sets} samples"
    );
    share
}

#[test]
fn accuracy_intervals_cover_at_their_level() {
    let (labels, right) = (labels(&["no", "yes"]), 0.8);
    let config = EvaluationConfig { bootstrap: BootstrapConfig { resamples: 400, level: 0.95, seed: 1 }, ..config(0) };
    coverage(300, "accuracy", right, |seed| {
        let mut uniform = Uniform(1000 + seed);
        let truth: Vec<u32> = (0..200).map(|i| u32::from(i % 5 < 2)).collect();
        let hit = |t: u32, uniform: &mut Uniform| if uniform.next() < right { t } else { 1 - t };
        let scores: Vec<f64> = truth.iter().map(|&t| 0.25 + 0.5 * f64::from(hit(t, &mut uniform))).collect();
        let probabilities = binary(&scores);
        let answers = Answers::Classes { labels: &labels, truth: &truth, probabilities: &probabilities };
        report(&answers, &config, 1).unwrap().metrics["accuracy"].interval.unwrap()
    });
}

#[test]
fn error_intervals_cover_at_their_level() {
    // The errors are standard normal, so their mean absolute value is sqrt(2 / pi).
    let expected = (2.0 / std::f64::consts::PI).sqrt();
    let config = EvaluationConfig { bootstrap: BootstrapConfig { resamples: 400, level: 0.95, seed: 1 }, ..config(0) };
    coverage(300, "mae", expected, |seed| {
        let mut uniform = Uniform(77_000 + seed);
        let truth: Vec<f64> = (0..200).map(f64::from).collect();
        let predicted: Vec<f64> = truth.iter().map(|t| t + uniform.normal()).collect();
        let answers = Answers::Values { truth: &truth, predicted: &predicted };
        report(&answers, &config, 1).unwrap().metrics["mae"].interval.unwrap()
    });
}

#[test]
fn resamples_without_a_value_are_counted_and_too_many_leave_no_interval() {
    // One row of five differs, so a resample has one distinct truth with probability 0.8^5 + 0.2^5, about 0.33.
    let truth = [1.0, 1.0, 1.0, 1.0, 2.0];
    let answers = Answers::Values { truth: &truth, predicted: &[1.1, 0.9, 1.0, 1.2, 1.8] };
    let r2 = report(&answers, &config(1000), 1).unwrap().metrics["r2"].clone();
    assert!(r2.value.is_some());
    assert_eq!(r2.interval, None);
    let note = r2.note.unwrap();
    assert!(note.contains("of 1000 resamples (more than 5 %)"), "{note}");

    // Two of six: 2 (1/2)^... is about 0.09 for two and four; of eight, three and five: about 0.024.
    let truth = [1.0, 1.0, 1.0, 1.0, 1.0, 2.0, 2.0, 2.0];
    let answers = Answers::Values { truth: &truth, predicted: &[1.1, 0.9, 1.0, 1.2, 1.3, 1.8, 2.1, 2.2] };
    let r2 = report(&answers, &config(1000), 1).unwrap().metrics["r2"].clone();
    assert!(r2.interval.is_some());
    let note = r2.note.unwrap();
    assert!(note.contains("of 1000 resamples left out"), "{note}");
    let count: u32 = note.split(' ').next().unwrap().parse().unwrap();
    assert!((5..=50).contains(&count), "{note}");
}

#[test]
fn strata_keep_a_rare_label_in_every_resample() {
    let mut truth = vec![0u32; 60];
    truth[10] = 1;
    truth[20] = 1;
    truth[30] = 2;
    let rows: Vec<Vec<f64>> =
        (0..60).map(|i| if i % 3 == 0 { vec![0.5, 0.3, 0.2] } else { vec![0.6, 0.1, 0.3] }).collect();
    let (labels, probabilities) = (labels(&["a", "b", "c"]), matrix(&rows, 3));
    let answers = Answers::Classes { labels: &labels, truth: &truth, probabilities: &probabilities };
    let config = EvaluationConfig { averaging: Averaging::Macro, ..config(500) };
    let found = report(&answers, &config, 1).unwrap();
    for name in ["roc_auc", "pr_auc"] {
        assert!(found.metrics[name].interval.is_some(), "{name}: {:?}", found.metrics[name]);
    }
}

#[test]
fn no_resamples_means_no_intervals_and_few_say_so() {
    let (truth, scores) = noisy(50, 5, 0.6);
    let (labels, probabilities) = (labels(&["no", "yes"]), binary(&scores));
    let answers = Answers::Classes { labels: &labels, truth: &truth, probabilities: &probabilities };
    let none = report(&answers, &config(0), 1).unwrap();
    assert_eq!(none.bootstrap, None);
    assert!(none.metrics.values().all(|m| m.value.is_some() && m.interval.is_none() && m.note.is_none()));
    let few = report(&answers, &config(20), 1).unwrap();
    let note = few.metrics["accuracy"].note.clone().unwrap();
    assert_eq!(note, "no interval, 20 resamples are too few for the tails of a 95 % interval, it takes 200");
    assert!(few.metrics.values().all(|m| m.value.is_some() && m.interval.is_none()));
    assert!(report(&answers, &config(200), 1).unwrap().metrics.values().all(|m| m.interval.is_some()));
}

#[test]
fn cancelling_stops_the_resampling() {
    let (truth, scores) = noisy(500, 5, 0.6);
    let (labels, probabilities) = (labels(&["no", "yes"]), binary(&scores));
    let answers = Answers::Classes { labels: &labels, truth: &truth, probabilities: &probabilities };
    let cancel = CancelToken::new();
    cancel.cancel();
    for threads in [1, 4] {
        let config = config(1000);
        let options = EvaluateOptions { split: "test", config: &config, threads, cancel: &cancel };
        let baseline = Baseline::Majority { code: 0, shares: vec![0.6, 0.4] };
        assert!(matches!(evaluate(&answers, &baseline, &options), Err(MetricError::Cancelled(_))));
    }
}
