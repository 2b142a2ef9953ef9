use super::*;
use crate::Checkpoints;
use std::sync::Mutex;

/// Keeps every checkpoint, and gives back the last.
#[derive(Default)]
struct Kept(Mutex<Vec<Vec<u8>>>);

impl Checkpoints for Kept {
    fn load(&self) -> Option<Vec<u8>> {
        self.0.lock().unwrap().last().cloned()
    }

    fn save(&self, bytes: &[u8]) -> std::io::Result<()> {
        self.0.lock().unwrap().push(bytes.to_vec());
        Ok(())
    }
}

fn with(kept: &Kept, bench: &Bench, key: &str) -> TrainedNetwork {
    train(&TrainJob { checkpoints: Some(kept), job_key: key, ..bench.job() }).unwrap()
}

fn result(trained: &TrainedNetwork) -> (Vec<u8>, &[crate::CurvePoint], u32, f64) {
    let network = &trained.network;
    (network.to_safetensors().unwrap(), &trained.curve, trained.best_epoch, network.spec().temperature)
}

#[test]
fn a_resumed_training_ends_in_the_same_bytes() {
    let params = CnnParams { schedule: Schedule::Cosine, weight_decay: 0.01, ..params() };
    let bench = Bench::new(params, cpu(1));
    let whole = bench.train().unwrap();
    let kept = Kept::default();
    assert_eq!(result(&with(&kept, &bench, "a")), result(&whole));
    let all = kept.0.into_inner().unwrap();
    assert_eq!(all.len(), 4);
    for after in 1..=4 {
        let kept = Kept(Mutex::new(vec![all[after - 1].clone()]));
        let resumed = with(&kept, &bench, "a");
        assert_eq!(result(&resumed), result(&whole), "after {after}");
        assert_eq!(resumed.resumption, Some(format!("went on after epoch {after}")));
        assert_eq!(resumed.notes, whole.notes, "an interruption leaves no trace in what is recorded");
        let saved = kept.0.into_inner().unwrap();
        assert_eq!(saved[1..], all[after..], "after {after}");
    }
}

#[test]
fn a_training_that_stopped_early_stays_stopped() {
    let params = CnnParams { epochs: 40, early_stopping_patience: Some(1), learning_rate: 0.05, ..params() };
    let bench = Bench::new(params, cpu(1));
    let kept = Kept::default();
    let whole = with(&kept, &bench, "a");
    assert_eq!(result(&with(&kept, &bench, "a")), result(&whole));
}

#[test]
fn the_checkpoint_of_another_training_or_a_damaged_one_is_not_used() {
    let bench = Bench::new(CnnParams { epochs: 2, ..params() }, cpu(1));
    let whole = bench.train().unwrap();
    let kept = Kept::default();
    with(&kept, &bench, "a");
    let other = with(&kept, &bench, "b");
    assert_eq!(result(&other), result(&whole));
    assert!(other.resumption.as_ref().is_some_and(|r| r.contains("another training")), "{:?}", other.resumption);
    let good = kept.load().unwrap();
    for place in [0, 4, 9, 40, good.len() / 2, good.len() - 40, good.len() - 1] {
        let mut bytes = good.clone();
        bytes[place] ^= 1;
        let trained = with(&Kept(Mutex::new(vec![bytes])), &bench, "b");
        assert!(
            trained.resumption.as_ref().is_some_and(|r| r.contains("cannot be used")),
            "{place}: {:?}",
            trained.resumption
        );
        assert_eq!(result(&trained), result(&whole), "{place}");
    }
    for length in [0, 31, 32, 37, good.len() / 2] {
        let trained = with(&Kept(Mutex::new(vec![good[..length].to_vec()])), &bench, "b");
        assert_eq!(result(&trained), result(&whole), "{length}");
    }
}

#[test]
fn a_checkpoint_that_cannot_be_saved_ends_the_training() {
    struct Full;
    impl Checkpoints for Full {
        fn load(&self) -> Option<Vec<u8>> {
            None
        }
        fn save(&self, _: &[u8]) -> std::io::Result<()> {
            Err(std::io::Error::other("disk full"))
        }
    }
    let bench = Bench::new(params(), cpu(1));
    let error = train(&TrainJob { checkpoints: Some(&Full), ..bench.job() }).unwrap_err();
    assert_eq!(error, VisionError::Checkpoint { epoch: 1, reason: "disk full".into() });
}
