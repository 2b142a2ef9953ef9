//! The ends of what can be asked: nothing, certainty, and questions that do not hold together.

use crate::support::{baseline, binary, config, labels, matrix, noisy, report};
use driftgate_learn::metrics::{
    Answers, Baseline, EvaluateOptions, MetricError, check_config, evaluate, metric, paired, summary,
};
use driftgate_model::config::{Averaging, EvaluationConfig};
use driftgate_model::{CancelToken, Code, Coded, Matrix, Target};

#[test]
fn a_perfect_accuracy_gets_a_wilson_interval_and_says_so() {
    let truth: Vec<u32> = (0..86).map(|i| u32::from(i % 2 == 0)).collect();
    let scores: Vec<f64> = truth.iter().map(|&t| 0.1 + 0.8 * f64::from(t)).collect();
    let (labels, probabilities) = (labels(&["no", "yes"]), binary(&scores));
    let answers = Answers::Classes { labels: &labels, truth: &truth, probabilities: &probabilities };
    let found = report(&answers, &config(500), 1).unwrap();
    let accuracy = &found.metrics["accuracy"];
    let interval = accuracy.interval.unwrap();
    // 86 / (86 + z^2) with z = 1.959964
    assert!((interval.low - 0.957_241_2).abs() < 1e-6, "{interval:?}");
    assert_eq!((accuracy.value, interval.high), (Some(1.0), 1.0));
    let note = accuracy.note.as_deref().unwrap();
    assert!(note.contains("95 % Wilson score interval"), "{note}");
    assert_eq!(found.metrics["recall"], *accuracy);
}

#[test]
fn metrics_of_answers_without_an_error_have_the_limit_of_their_thinnest_class() {
    // 43 rows each of two labels, and a third with 5.
    let truth: Vec<u32> = (0..91).map(|i| if i < 86 { i % 2 } else { 2 }).collect();
    let names = labels(&["a", "b", "c"]);
    let sure = |t: u32| (0..3).map(|c| if c == t { 0.8 } else { 0.1 }).collect::<Vec<f64>>();
    let mut rows: Vec<Vec<f64>> = truth.iter().map(|&t| sure(t)).collect();
    let with = |rows: &[Vec<f64>], averaging| {
        let probabilities = matrix(rows, 3);
        let answers = Answers::Classes { labels: &names, truth: &truth, probabilities: &probabilities };
        report(&answers, &EvaluationConfig { averaging, ..config(500) }, 1).unwrap().metrics
    };
    let found = with(&rows, Averaging::Macro);
    for name in ["balanced_accuracy", "precision", "recall", "f1_score"] {
        let interval = found[name].interval.unwrap();
        // 0.025^(1/5)
        assert!((interval.low - 0.478_176).abs() < 1e-6 && interval.high == 1.0, "{name}: {interval:?}");
        let note = found[name].note.as_deref().unwrap();
        assert!(note.contains("the 95 % limit of 5 rows without an error stands in its place"), "{name}: {note}");
    }
    // Nothing sound is known for these: the interval keeps no width, and the gate takes it for no evidence.
    for name in ["mcc", "roc_auc", "pr_auc"] {
        let interval = found[name].interval.unwrap();
        assert_eq!((interval.low, interval.high), (1.0, 1.0), "{name}");
    }
    // With one error among the `a`, only `b` and `c` are without: nothing is degenerate but nothing stands in either.
    rows[0] = sure(1);
    let found = with(&rows, Averaging::Macro);
    assert!(found["recall"].note.is_none(), "{:?}", found["recall"]);
    assert!(found["recall"].interval.unwrap().low < 1.0);
}

#[test]
fn the_recall_of_a_positive_class_without_a_miss_rests_on_its_rows() {
    // Ten positive rows, all found; one of the thirty others taken for one.
    let truth: Vec<u32> = (0..40).map(|i| u32::from(i < 10)).collect();
    let scores: Vec<f64> = (0..40).map(|i| if i <= 10 { 0.9 } else { 0.1 }).collect();
    let (labels, probabilities) = (labels(&["no", "yes"]), binary(&scores));
    let answers = Answers::Classes { labels: &labels, truth: &truth, probabilities: &probabilities };
    let config = EvaluationConfig { averaging: Averaging::Binary, ..config(500) };
    let recall = report(&answers, &config, 1).unwrap().metrics["recall"].clone();
    // 0.025^(1/10)
    assert!((recall.interval.unwrap().low - 0.691_503).abs() < 1e-6, "{recall:?}");
    // Always wrong about the positive rows: no width, and no stand-in.
    let scores = [0.2; 40];
    let probabilities = binary(&scores);
    let answers = Answers::Classes { labels: &labels, truth: &truth, probabilities: &probabilities };
    let interval = report(&answers, &config, 1).unwrap().metrics["recall"].interval.unwrap();
    assert_eq!((interval.low, interval.high), (0.0, 0.0));
}

#[test]
fn a_constant_answer_has_an_accuracy_interval_of_some_width() {
    let truth: Vec<u32> = (0..40).map(|i| u32::from(i % 4 == 0)).collect();
    let (labels, probabilities) = (labels(&["no", "yes"]), binary(&[0.25; 40]));
    let answers = Answers::Classes { labels: &labels, truth: &truth, probabilities: &probabilities };
    let accuracy = report(&answers, &config(300), 1).unwrap().metrics["accuracy"].clone();
    let interval = accuracy.interval.unwrap();
    assert!(interval.low < 0.7 && 0.8 < interval.high, "{interval:?}");
    assert!(accuracy.note.unwrap().contains("Wilson"));
}

#[test]
fn a_split_without_rows_defines_nothing_and_says_why() {
    let (labels, none) = (labels(&["no", "yes"]), Matrix::from_columns(0, 2, Vec::new()).unwrap());
    let classes = Answers::Classes { labels: &labels, truth: &[], probabilities: &none };
    let values = Answers::Values { truth: &[], predicted: &[] };
    let majority = Baseline::Majority { code: 0, shares: vec![1.0, 0.0] };
    for (answers, baseline) in [(classes, majority), (values, Baseline::Mean(1.0))] {
        let (config, cancel) = (config(50), CancelToken::new());
        let options = EvaluateOptions { split: "val", config: &config, threads: 2, cancel: &cancel };
        let found = evaluate(&answers, &baseline, &options).unwrap();
        assert_eq!(found.rows, 0);
        for (name, metric) in &found.metrics {
            assert_eq!((metric.value, metric.interval), (None, None), "{name}");
            assert_eq!(metric.note.as_deref(), Some("not defined, the split has no rows"), "{name}");
        }
        assert!(found.baseline.values().all(Option::is_none));
        assert!(summary(&found, "val").is_empty());
    }
}

#[test]
fn an_absent_label_is_named() {
    let (labels, truth) = (labels(&["a", "b", "c"]), [0u32, 1, 0, 1]);
    let probabilities = matrix(&vec![vec![0.5, 0.25, 0.25]; 4], 3);
    let answers = Answers::Classes { labels: &labels, truth: &truth, probabilities: &probabilities };
    let roc = report(&answers, &config(100), 1).unwrap().metrics["roc_auc"].clone();
    assert_eq!((roc.value, roc.interval), (None, None));
    assert_eq!(roc.note.as_deref(), Some("not defined, no row has the label `c`"));
}

#[test]
fn the_summary_names_defined_metrics_only() {
    let answers = Answers::Values { truth: &[2.0, 2.0], predicted: &[2.0, 3.0] };
    let found = summary(&report(&answers, &config(0), 1).unwrap(), "test");
    let keys: Vec<&str> = found.keys().map(String::as_str).collect();
    assert_eq!(keys, ["test.mae", "test.mape", "test.mse", "test.rmse"]);
    assert_eq!(found["test.mae"], 0.5);
}

#[test]
fn the_baseline_is_the_first_of_equally_frequent_labels() {
    let labels = labels(&["a", "b", "c"]);
    let train = Target::Classes { labels, codes: vec![2, 1, 1, 2] };
    assert_eq!(Baseline::of(&train).unwrap(), Baseline::Majority { code: 1, shares: vec![0.0, 0.5, 0.5] });
    assert_eq!(Baseline::of(&Target::Values(vec![1.0, 4.0])).unwrap(), Baseline::Mean(2.5));
    assert_eq!(Baseline::of(&Target::Values(Vec::new())), Err(MetricError::Empty));
}

#[test]
fn answers_that_do_not_hold_together_are_refused() {
    let names = labels(&["no", "yes"]);
    let refused = |truth: &[u32], probabilities: &Matrix| {
        let answers = Answers::Classes { labels: &names, truth, probabilities };
        metric("accuracy", &answers, &config(0)).unwrap_err()
    };
    let fine = binary(&[0.5, 0.5]);
    assert!(matches!(refused(&[0], &fine), MetricError::Rows { found: 2, expected: 1, .. }));
    assert!(matches!(refused(&[0, 2], &fine), MetricError::LabelCode { row: 1, code: 2, labels: 2 }));
    let bad = |rows: &[Vec<f64>], cols| matrix(rows, cols);
    assert!(matches!(refused(&[0], &bad(&[vec![1.0]], 1)), MetricError::Columns { columns: 1, labels: 2 }));
    for row in [vec![0.5, 0.6], vec![f64::NAN, 1.0], vec![-0.5, 1.5], vec![f64::INFINITY, 0.0]] {
        let rows = [vec![0.5, 0.5], row.clone()];
        let error = refused(&[0, 1], &bad(&rows, 2));
        assert_eq!(error, MetricError::NotProbabilities { row: 1 }, "{row:?}");
    }
    let values = |truth: &[f64], predicted: &[f64]| {
        metric("mae", &Answers::Values { truth, predicted }, &config(0)).unwrap_err()
    };
    assert!(matches!(values(&[1.0], &[]), MetricError::Rows { .. }));
    assert!(matches!(values(&[1.0, f64::NAN], &[1.0, 1.0]), MetricError::NotFinite { row: 1, .. }));
    assert!(matches!(values(&[1.0], &[f64::INFINITY]), MetricError::NotFinite { row: 0, .. }));
}

#[test]
fn a_config_that_does_not_fit_is_refused_with_a_hint() {
    let labels = labels(&["a", "b", "c"]);
    let (truth, probabilities) = ([0u32, 1, 2], matrix(&vec![vec![0.5, 0.25, 0.25]; 3], 3));
    let answers = Answers::Classes { labels: &labels, truth: &truth, probabilities: &probabilities };
    let with = |change: fn(&mut EvaluationConfig)| {
        let mut changed = config(10);
        change(&mut changed);
        report(&answers, &changed, 1).unwrap_err()
    };
    let errors = [
        with(|c| c.averaging = Averaging::Binary),
        with(|c| c.positive_label = Some("d".to_owned())),
        with(|c| c.calibration_bins = 0),
        with(|c| c.bootstrap.level = 1.0),
        with(|c| c.bootstrap.level = f64::NAN),
        metric("rmse", &answers, &config(0)).unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.code(), Code::BadInput, "{error}");
        assert!(error.hint().is_some(), "{error}");
    }
    let wrong = Baseline::Mean(0.0);
    let (config, cancel) = (config(10), CancelToken::new());
    let options = EvaluateOptions { split: "val", config: &config, threads: 1, cancel: &cancel };
    assert!(matches!(evaluate(&answers, &wrong, &options), Err(MetricError::Kind { .. })));
    assert!(matches!(baseline(&answers), Baseline::Majority { code: 0, .. }));
}

#[test]
fn errors_too_large_to_square_are_not_defined_instead_of_infinite() {
    let answers = Answers::Values { truth: &[1e200, -1e200, 0.0], predicted: &[-1e200, 1e200, 1.0] };
    let found = report(&answers, &config(100), 1).unwrap();
    assert_eq!(found.metrics["mae"].value, Some((4e200 + 1.0) / 3.0));
    for name in ["mse", "rmse", "r2"] {
        let metric = &found.metrics[name];
        assert_eq!((metric.value, metric.interval), (None, None), "{name}");
        assert!(metric.note.as_deref().unwrap().contains("too large"), "{name}");
    }
}

#[test]
fn a_label_with_one_row_is_named_beside_the_interval() {
    let (labels, truth) = (labels(&["no", "yes"]), [0u32, 0, 0, 1]);
    let probabilities = binary(&[0.1, 0.6, 0.4, 0.7]);
    let answers = Answers::Classes { labels: &labels, truth: &truth, probabilities: &probabilities };
    let brier = report(&answers, &config(200), 1).unwrap().metrics["brier"].clone();
    assert_eq!(
        brier.note.as_deref(),
        Some("the only row of `yes` is in every resample, so the interval is too narrow")
    );
}

#[test]
fn more_than_a_thousand_labels_are_refused_before_anything_is_counted() {
    let names: Vec<String> = (0..1_001).map(|i| format!("{i:04}")).collect();
    check_config(&names[..1_000], &config(10)).unwrap();
    let error = check_config(&names, &config(10)).unwrap_err();
    assert_eq!((&error, error.code()), (&MetricError::TooManyLabels { labels: 1_001, most: 1_000 }, Code::BadData));
    assert!(error.hint().unwrap().contains("another target"));
}

#[test]
fn ranking_metrics_of_many_labels_are_not_resampled() {
    let with = |count: usize| {
        let names: Vec<String> = (0..count).map(|i| format!("{i:03}")).collect();
        let truth: Vec<u32> = (0..3 * count as u32).map(|i| i % count as u32).collect();
        let mut rows = vec![vec![0.5 / (count - 1) as f64; count]; truth.len()];
        rows.iter_mut().zip(&truth).for_each(|(row, &t)| row[(t as usize + usize::from(t % 5 == 0)) % count] = 0.5);
        let probabilities = matrix(&rows, count);
        let answers = Answers::Classes { labels: &names, truth: &truth, probabilities: &probabilities };
        let compared = paired(&["roc_auc", "brier"], &answers, &answers, &config(200), 0.95, 1, &CancelToken::new());
        (report(&answers, &config(200), 1).unwrap().metrics, compared.unwrap())
    };
    let (few, _) = with(100);
    assert!(few["roc_auc"].interval.is_some() && few["pr_auc"].interval.is_some());
    let (many, compared) = with(101);
    let note = Some("no interval, ranking metrics of more than 100 labels are not resampled");
    for name in ["roc_auc", "pr_auc"] {
        assert_eq!((many[name].interval, many[name].note.as_deref()), (None, note), "{name}");
        assert!(many[name].value.is_some(), "{name}");
    }
    assert!(many["brier"].interval.is_some());
    assert_eq!((compared["roc_auc"].delta, compared["roc_auc"].lower_bound), (Some(0.0), None));
    assert_eq!(compared["roc_auc"].note.as_deref(), note);
}

#[test]
fn a_calibration_error_below_its_interval_says_why() {
    let outside = (0..20).filter(|&seed| {
        let (truth, scores) = noisy(80, seed, 0.7);
        let (labels, probabilities) = (labels(&["no", "yes"]), binary(&scores));
        let answers = Answers::Classes { labels: &labels, truth: &truth, probabilities: &probabilities };
        let ece = report(&answers, &config(300), 1).unwrap().metrics["ece"].clone();
        let below = ece.value.unwrap() < ece.interval.unwrap().low;
        let said = ece.note.is_some_and(|n| n.contains("the value lies below its interval"));
        assert_eq!(below, said, "seed {seed}");
        below
    });
    assert!(outside.count() > 0, "no sample shows it");
}
