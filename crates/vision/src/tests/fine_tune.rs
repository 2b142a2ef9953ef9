use super::*;
use crate::sampling::{Visits, hold_out, weighted};

fn base(bench: &Bench) -> Network {
    train(&TrainJob { train: bench.train.part(), ..bench.job() }).unwrap().network
}

fn tuned(bench: &Bench, base: &Network, change: impl Fn(&mut FineTuneParams)) -> Result<TrainedNetwork, VisionError> {
    let mut params = bench.params.clone();
    change(&mut params.fine_tune);
    train(&TrainJob { params: &params, base: Some(base), mean: &[0.1; 3], std: &[0.9; 3], ..bench.job() })
}

#[test]
fn it_goes_on_from_the_base_and_keeps_its_normalisation() {
    let bench = Bench::new(params(), cpu(2));
    let base = base(&bench);
    let trained = tuned(&bench, &base, |_| ()).unwrap();
    assert_eq!(trained.epochs_run, 2);
    assert_eq!((&trained.network.spec().mean, &trained.network.spec().std), (&base.spec().mean, &base.spec().std));
    assert_ne!(trained.network.weights(), base.weights());
    let rate = trained.curve.iter().find(|p| p.name == "learning_rate").unwrap().value;
    assert_eq!(rate, 0.001);
    // A thousandth of a step for a dozen steps: near the base, far from a fresh start.
    let far = |a: &[Vec<f32>], b: &[Vec<f32>]| {
        a.iter().flatten().zip(b.iter().flatten()).map(|(a, b)| f64::from((a - b).abs())).fold(0.0, f64::max)
    };
    let moved = far(&[trained.network.weights().0[0].clone()], &[base.weights().0[0].clone()]);
    assert!(moved > 0.0 && moved < 0.05, "{moved}");
}

#[test]
fn a_frozen_backbone_keeps_its_bytes() {
    let bench = Bench::new(params(), cpu(1));
    let base = base(&bench);
    let trained = tuned(&bench, &base, |p| (p.freeze_backbone, p.learning_rate) = (true, 0.05)).unwrap();
    let plan = base.spec().plan().unwrap();
    for ((tensor, before), after) in plan.tensors.iter().zip(&base.weights().0).zip(&trained.network.weights().0) {
        assert_eq!(before == after, !tensor.head, "{}", tensor.name);
    }
}

#[test]
fn the_best_epoch_is_chosen_on_held_out_drifted_pictures() {
    let bench = Bench::new(params(), cpu(1));
    let base = base(&bench);
    let trained = tuned(&bench, &base, |p| p.drift_val_ratio = Some(0.25)).unwrap();
    assert_eq!(trained.best_split, "drift_val");
    let names: Vec<_> = trained.curve.iter().filter(|p| p.step == 1).map(|p| p.name.as_str()).collect();
    assert_eq!(
        names,
        ["train_loss", "val_loss", "val_accuracy", "drift_val_loss", "drift_val_accuracy", "learning_rate"]
    );
    let trained = tuned(&bench, &base, |p| p.oversample_drift_ratio = Some(0.5)).unwrap();
    assert_eq!(trained.best_split, "val");
}

#[test]
fn a_base_of_another_kind_is_refused() {
    let mut bench = Bench::new(CnnParams { epochs: 1, ..params() }, cpu(1));
    let base = base(&bench);
    bench.labels[0] = "other".into();
    assert_eq!(tuned(&bench, &base, |_| ()).unwrap_err(), VisionError::Base("set of labels"));
    bench.labels = labels();
    bench.params.architecture.fc_units = 13;
    assert_eq!(tuned(&bench, &base, |_| ()).unwrap_err(), VisionError::Base("architecture"));
    bench.params = params();
    (bench.train, bench.validation) = (stripes(12, 12, 1, false), stripes(12, 12, 2, false));
    assert_eq!(tuned(&bench, &base, |_| ()).unwrap_err(), VisionError::Base("size of tiles"));
}

#[test]
fn settings_for_drifted_pictures_need_some() {
    let mut bench = Bench::new(CnnParams { epochs: 1, ..params() }, cpu(1));
    let base = base(&bench);
    bench.train.drifted = vec![false; 96];
    for change in
        [(|p| p.oversample_drift_ratio = Some(0.5)) as fn(&mut FineTuneParams), |p| p.drift_val_ratio = Some(0.5)]
    {
        let error = tuned(&bench, &base, change).unwrap_err();
        assert!(matches!(error, VisionError::NoDrifted { .. }), "{error}");
    }
}

#[test]
fn held_out_counts_follow_the_rule() {
    // Class 0 has 5 drifted, class 1 has 1, class 2 has 10, class 3 none.
    let codes: Vec<u32> = [vec![0; 8], vec![1; 3], vec![2; 10], vec![3; 2]].concat();
    let drifted: Vec<bool> =
        [vec![true; 5], vec![false; 3], vec![true], vec![false; 2], vec![true; 10], vec![false; 2]].concat();
    let counts = |ratio| {
        let (kept, held) = hold_out(&codes, Some(&drifted), None, 4, ratio, 1).unwrap();
        assert_eq!(kept.len() + held.len(), codes.len());
        assert!(held.iter().all(|&i| drifted[i as usize]));
        assert!(held.is_sorted() && kept.is_sorted());
        [0, 1, 2, 3].map(|class| held.iter().filter(|&&i| codes[i as usize] == class).count())
    };
    // 0.5 · 5 = 2.5 rounds to the even 2; a single one stays; 0.99 · 10 leaves one.
    assert_eq!(counts(0.5), [2, 0, 5, 0]);
    assert_eq!(counts(0.01), [1, 0, 1, 0]);
    assert_eq!(counts(0.99), [4, 0, 9, 0]);
}

#[test]
fn copies_are_held_out_together_or_not_at_all() {
    // Ten drifted pictures of class 0 in five pairs, of which the last has a copy that did not drift; five clean ones alone.
    let codes = [0; 16];
    let drifted: Vec<bool> = (0..16).map(|i| i < 10).collect();
    let groups: Vec<u32> = vec![0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 4, 5, 6, 7, 8, 9];
    for seed in 0..20 {
        let (kept, held) = hold_out(&codes, Some(&drifted), Some(&groups), 1, 0.5, seed).unwrap();
        // 0.5 · 10 = 5, and two pairs are the most that are no more.
        assert_eq!(held.len(), 4, "{held:?}");
        let group = |i: &u32| groups[*i as usize];
        assert!(held.iter().all(|i| group(i) < 4 && kept.iter().all(|k| group(k) != group(i))), "{held:?}");
    }
    let all_copies = [0; 16];
    let error = hold_out(&codes, Some(&drifted), Some(&all_copies), 1, 0.5, 1).unwrap_err();
    assert!(matches!(error, VisionError::NoDrifted { .. }), "{error}");
}

#[test]
fn drifted_pictures_are_drawn_as_often_as_asked() {
    let drifted: Vec<bool> = (0..1000).map(|i| i % 10 == 0).collect();
    let visits = weighted((0..1000).collect(), Some(&drifted), 0.3).unwrap();
    let order: Vec<u32> = (0..20).flat_map(|epoch| visits.order(7, epoch)).collect();
    assert_eq!(order.len(), 20_000);
    let share = order.iter().filter(|&&i| drifted[i as usize]).count() as f64 / 20_000.0;
    // Six standard deviations of a binomial(20000, 0.3).
    assert!((share - 0.3).abs() < 0.0195, "{share}");
    assert_eq!(visits.order(7, 3), visits.order(7, 3));
    assert_ne!(visits.order(7, 3), visits.order(7, 4));
    let mut once = Visits::Once((0..50).collect()).order(7, 0);
    assert!(!once.is_sorted());
    once.sort_unstable();
    assert_eq!(once, (0..50).collect::<Vec<_>>());
}
