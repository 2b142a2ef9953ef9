//! Top-k accuracies, against values counted by hand.

use crate::support::{config, labels, matrix, report};
use driftgate_learn::metrics::{Answers, compare, metric, paired};
use driftgate_model::{CancelToken, Digest, Matrix};

const SIX: [&str; 6] = ["a", "b", "c", "d", "e", "f"];

/// Ten rows of six labels, the true one at these places, 0 the most probable.
fn ranked(places: [usize; 10]) -> (Vec<u32>, Matrix) {
    const SORTED: [f64; 6] = [0.35, 0.25, 0.15, 0.12, 0.08, 0.05];
    let truth: Vec<u32> = (0..10).map(|row| row % 6).collect();
    let rows: Vec<Vec<f64>> = places
        .iter()
        .zip(&truth)
        .map(|(place, &t)| (0..6).map(|label| SORTED[(label + 6 - t as usize + place) % 6]).collect())
        .collect();
    (truth, matrix(&rows, 6))
}

#[test]
fn a_row_counts_where_fewer_than_k_labels_stand_before_the_true_one() {
    let names = labels(&SIX);
    let (truth, probabilities) = ranked([0, 0, 0, 1, 2, 2, 3, 4, 5, 5]);
    let answers = Answers::Classes { labels: &names, truth: &truth, probabilities: &probabilities };
    let found = report(&answers, &config(400), 1).unwrap();
    let value = |name: &str| found.metrics[name].value;
    assert_eq!(
        [value("accuracy"), value("top_3_accuracy"), value("top_5_accuracy")],
        [Some(0.3), Some(0.6), Some(0.8)]
    );
    for name in ["top_3_accuracy", "top_5_accuracy"] {
        let (value, interval) = (value(name).unwrap(), found.metrics[name].interval.unwrap());
        assert!(0.0 < interval.low && interval.low < value && value < interval.high, "{name}: {interval:?}");
        assert_eq!(metric(name, &answers, &config(0)).unwrap(), Some(value), "{name}");
    }
    // Rows 0 to 9 have the labels a to f and a to d: the majority's most frequent three are a, b, c, the first five a to e.
    assert_eq!((found.baseline["top_3_accuracy"], found.baseline["top_5_accuracy"]), (Some(0.6), Some(0.9)));
}

#[test]
fn the_first_of_equals_stands_before_the_others() {
    let names = labels(&SIX[..4]);
    let probabilities = matrix(&vec![vec![0.25; 4]; 4], 4);
    let answers = Answers::Classes { labels: &names, truth: &[0, 1, 2, 3], probabilities: &probabilities };
    let value = |name| metric(name, &answers, &config(0)).unwrap();
    assert_eq!((value("accuracy"), value("top_3_accuracy"), value("top_5_accuracy")), (Some(0.25), Some(0.75), None));
}

#[test]
fn a_report_holds_them_of_more_than_k_labels_alone() {
    for (count, held) in [(3usize, 0), (4, 1), (5, 1), (6, 2)] {
        let names = labels(&SIX[..count]);
        let truth: Vec<u32> = (0..24).map(|row| row % count as u32).collect();
        let rows: Vec<Vec<f64>> = vec![vec![1.0 / count as f64; count]; 24];
        let probabilities = matrix(&rows, count);
        let answers = Answers::Classes { labels: &names, truth: &truth, probabilities: &probabilities };
        let found = report(&answers, &config(50), 1).unwrap();
        assert_eq!(found.metrics.keys().filter(|k| k.starts_with("top_")).count(), held, "{count} labels");
        assert_eq!(found.baseline.keys().filter(|k| k.starts_with("top_")).count(), held, "{count} labels");
        // Asked for by name, it says why there is none.
        let asked = ["top_5_accuracy"];
        let compared = paired(&asked, &answers, &answers, &config(50), 0.95, 1, &CancelToken::new()).unwrap();
        let note = format!("not defined, it says nothing of fewer than 6 labels, and there are {count}");
        let why = compared["top_5_accuracy"].note.clone();
        assert_eq!(why == Some(note), count < 6, "{count} labels: {why:?}");
    }
}

#[test]
fn without_a_miss_the_interval_is_wilsons() {
    let names = labels(&SIX);
    let (truth, probabilities) = ranked([0, 1, 2, 0, 1, 2, 0, 1, 2, 0]);
    let answers = Answers::Classes { labels: &names, truth: &truth, probabilities: &probabilities };
    let found = report(&answers, &config(300), 1).unwrap().metrics["top_3_accuracy"].clone();
    // 10 / (10 + z²) with z = 1.959964
    assert!((found.interval.unwrap().low - 0.722_467).abs() < 1e-6, "{found:?}");
    assert!(found.note.unwrap().contains("Wilson score interval"));
}

#[test]
fn a_bound_rests_on_the_rows_that_turn_within_the_k() {
    let names = labels(&SIX);
    // The same first answers; the champion has no row within three where the candidate has eight.
    let (truth, better) = ranked([1, 1, 2, 2, 1, 1, 2, 2, 4, 4]);
    let (_, worse) = ranked([4, 4, 4, 4, 4, 4, 4, 4, 4, 4]);
    let answers = |p| Answers::Classes { labels: &names, truth: &truth, probabilities: p };
    let asked = ["accuracy", "top_3_accuracy"];
    let (ours, theirs) = (answers(&better), answers(&worse));
    let found = paired(&asked, &ours, &theirs, &config(400), 0.95, 2, &CancelToken::new()).unwrap();
    let top = &found["top_3_accuracy"];
    assert_eq!((top.delta, top.verdict("top_3_accuracy")), (Some(0.8), "better"));
    // Eight rows gained and none lost, 1 of 256: the resamples' own bound stands.
    assert!(top.lower_bound.unwrap() > 0.0 && top.limit.is_none(), "{top:?}");
    // No first answer turns: ten rows cannot rule out that 1 − 0.05^(1/10) of others would.
    assert!((found["accuracy"].lower_bound.unwrap() + 0.258_866).abs() < 1e-6, "{:?}", found["accuracy"]);
    let stored = compare(&found, (3, Digest::of(b"champion")), "test", &config(400));
    assert_eq!(stored.per_metric["top_3_accuracy"].words(), "better");
}
