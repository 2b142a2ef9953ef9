//! Group fairness against values worked out by hand.

use crate::support::{Uniform, binary, config, labels, matrix};
use driftgate_learn::metrics::{Answers, FairnessOptions, Groups, MetricError, fairness};
use driftgate_model::config::{BootstrapConfig, EvaluationConfig};
use driftgate_model::{CancelToken, Code, Coded, FAIRNESS_METRICS, FairnessReport, MISSING_CODE};

/// Truth and answers of one group: (truly positive, answered positive, rows).
type Cells = [(bool, bool, usize); 4];

fn cells(hits: usize, misses: usize, false_alarms: usize, rejections: usize) -> Cells {
    [(true, true, hits), (true, false, misses), (false, true, false_alarms), (false, false, rejections)]
}

struct People {
    truth: Vec<u32>,
    scores: Vec<f64>,
    groups: Vec<u32>,
}

fn people(groups: &[(u32, Cells)]) -> People {
    let mut people = People { truth: Vec::new(), scores: Vec::new(), groups: Vec::new() };
    for (code, cells) in groups {
        for (truth, answer, rows) in cells {
            for _ in 0..*rows {
                people.truth.push(u32::from(*truth));
                people.scores.push(if *answer { 0.9 } else { 0.2 });
                people.groups.push(*code);
            }
        }
    }
    people
}

fn judged(
    people: &People,
    names: &[&str],
    min_rows: u64,
    config: &EvaluationConfig,
) -> Result<FairnessReport, MetricError> {
    with_threads(people, names, min_rows, config, 1)
}

fn with_threads(
    people: &People,
    names: &[&str],
    min_group_rows: u64,
    config: &EvaluationConfig,
    threads: usize,
) -> Result<FairnessReport, MetricError> {
    let (labels, names) = (labels(&["denied", "granted"]), labels(names));
    let probabilities = binary(&people.scores);
    let answers = Answers::Classes { labels: &labels, truth: &people.truth, probabilities: &probabilities };
    let groups = Groups { column: "region", names: &names, codes: &people.groups };
    let cancel = CancelToken::new();
    fairness(&answers, &groups, &FairnessOptions { split: "test", config, min_group_rows, threads, cancel: &cancel })
}

fn value(report: &FairnessReport, name: &str) -> f64 {
    report.metrics[name].value.unwrap()
}

#[test]
fn rates_and_differences_are_those_worked_out_by_hand() {
    // North: 10 rows, 4 positive, 3 of them answered so, 5 answered so in all: rates 5/10 and 3/4.
    // South: 8 rows, 5 positive, 2 of them answered so, 2 in all: rates 2/8 and 2/5.
    // East: 5 rows, 1 positive, answered so, 2 in all: rates 2/5 and 1/1.
    let people = people(&[(2, cells(3, 1, 2, 4)), (0, cells(2, 3, 0, 3)), (1, cells(1, 0, 1, 3))]);
    let report = judged(&people, &["south", "east", "north"], 0, &config(0)).unwrap();
    let order: Vec<&str> = report.groups.iter().map(|g| g.group.as_deref().unwrap()).collect();
    assert_eq!(order, ["east", "north", "south"]);
    let rates = |g: usize| {
        let group = &report.groups[g];
        (group.rows, group.positives, group.selection_rate.value.unwrap(), group.true_positive_rate.value.unwrap())
    };
    assert_eq!([rates(0), rates(1), rates(2)], [(5, 1, 0.4, 1.0), (10, 4, 0.5, 0.75), (8, 5, 0.25, 0.4)]);
    assert_eq!(value(&report, "demographic_parity_difference"), 0.25);
    assert_eq!(value(&report, "demographic_parity_ratio"), 0.5);
    assert_eq!(value(&report, "equal_opportunity_difference"), 0.6);
    assert_eq!((report.positive_label.as_str(), report.column.as_str()), ("granted", "region"));
    assert_eq!(report.bootstrap, None);
    assert_eq!(report.metrics.keys().map(String::as_str).collect::<Vec<_>>(), FAIRNESS_METRICS);

    // With the other label as the favourable one: rates 3/5, 5/10, 6/8 and 3/4, 4/6, 3/3 of the truly denied.
    let denied = EvaluationConfig { positive_label: Some("denied".to_owned()), ..config(0) };
    let report = judged(&people, &["south", "east", "north"], 0, &denied).unwrap();
    assert!((value(&report, "demographic_parity_difference") - 0.25).abs() < 1e-15);
    assert!((value(&report, "demographic_parity_ratio") - 0.5 / 0.75).abs() < 1e-15);
    assert!((value(&report, "equal_opportunity_difference") - (1.0 - 4.0 / 6.0)).abs() < 1e-15);
}

#[test]
fn small_and_missing_groups_are_shown_and_named() {
    let people = people(&[(0, cells(3, 1, 2, 4)), (1, cells(2, 3, 0, 3)), (MISSING_CODE, cells(0, 0, 2, 0))]);
    let report = judged(&people, &["north", "south", "nobody"], 5, &config(200)).unwrap();
    let last = report.groups.last().unwrap();
    assert_eq!((report.groups.len(), &last.group, last.rows, last.compared), (3, &None, 2, false));
    assert_eq!(last.selection_rate.value, Some(1.0));
    assert_eq!(last.true_positive_rate.value, None);
    assert_eq!(value(&report, "demographic_parity_difference"), 0.25);
    let note = report.metrics["demographic_parity_difference"].note.clone().unwrap();
    assert!(note.contains("missing values (2 rows, 0 positive)"), "{note}");
    // Compared once they are large enough: 2 of 2 against 2 of 8.
    let report = judged(&people, &["north", "south", "nobody"], 2, &config(0)).unwrap();
    assert_eq!(value(&report, "demographic_parity_difference"), 0.75);
    // Their true positive rate does not exist, and the others are compared: 3/4 against 2/5.
    assert!((value(&report, "equal_opportunity_difference") - 0.35).abs() < 1e-15);
}

#[test]
fn one_group_or_no_selection_is_not_defined_and_says_why() {
    let one = people(&[(0, cells(3, 1, 2, 4))]);
    let report = judged(&one, &["north"], 1, &config(50)).unwrap();
    for (name, metric) in &report.metrics {
        assert_eq!((metric.value, metric.interval), (None, None), "{name}");
        assert!(metric.note.as_deref().unwrap().ends_with("and there are 1"), "{metric:?}");
    }
    let unselected = people(&[(0, cells(0, 3, 0, 4)), (1, cells(0, 2, 0, 3))]);
    let report = judged(&unselected, &["north", "south"], 1, &config(50)).unwrap();
    assert_eq!(value(&report, "demographic_parity_difference"), 0.0);
    let ratio = &report.metrics["demographic_parity_ratio"];
    assert_eq!(ratio.value, None);
    assert!(ratio.note.as_deref().unwrap().contains("answered positively"), "{ratio:?}");
    let empty = judged(&people(&[]), &["north"], 1, &config(50)).unwrap();
    assert!(empty.groups.is_empty() && empty.metrics.values().all(|m| m.value.is_none()));
}

#[test]
fn intervals_hold_for_any_number_of_threads() {
    let people = people(&[(0, cells(90, 30, 40, 140)), (1, cells(40, 60, 10, 90))]);
    let alone = judged(&people, &["north", "south"], 30, &config(1000)).unwrap();
    for threads in [2, 3, 7] {
        assert_eq!(alone, with_threads(&people, &["north", "south"], 30, &config(1000), threads).unwrap());
    }
    for (name, metric) in &alone.metrics {
        let (value, interval) = (metric.value.unwrap(), metric.interval.unwrap());
        assert!(interval.low < value && value < interval.high, "{name}: {metric:?}");
    }
    // 130/300 against 50/200: standard error sqrt(.4333 * .5667 / 300 + .25 * .75 / 200) = 0.0419, so 0.1833 -/+ 0.0821.
    let interval = alone.metrics["demographic_parity_difference"].interval.unwrap();
    assert!((interval.low - 0.1012).abs() < 0.012 && (interval.high - 0.2654).abs() < 0.012, "{interval:?}");
    assert!(alone.bootstrap.unwrap().stratified);
}

#[test]
fn a_difference_between_two_groups_is_covered_at_its_level() {
    // 0.6 of the north and 0.3 of the south are answered positively: far from 0, where the interval is not biased.
    let bootstrap = BootstrapConfig { resamples: 300, level: 0.95, seed: 5 };
    let config = EvaluationConfig { bootstrap, ..config(0) };
    let held = (0..200)
        .filter(|seed| {
            let mut uniform = Uniform(9_000 + seed);
            let mut people = People { truth: Vec::new(), scores: Vec::new(), groups: Vec::new() };
            for (code, rate) in [(0, 0.6), (1, 0.3)] {
                for row in 0..150 {
                    people.truth.push(row % 2);
                    people.scores.push(if uniform.next() < rate { 0.9 } else { 0.1 });
                    people.groups.push(code);
                }
            }
            let report = judged(&people, &["north", "south"], 1, &config).unwrap();
            let interval = report.metrics["demographic_parity_difference"].interval.unwrap();
            interval.low <= 0.3 && 0.3 <= interval.high
        })
        .count();
    assert!((182..=198).contains(&held), "held in {held} of 200");
}

#[test]
fn several_labels_need_a_named_positive_one() {
    let labels = labels(&["deny", "grant", "review"]);
    let rows = [vec![0.8, 0.1, 0.1], vec![0.1, 0.8, 0.1], vec![0.1, 0.1, 0.8], vec![0.1, 0.8, 0.1]];
    let probabilities = matrix(&rows, 3);
    let answers = Answers::Classes { labels: &labels, truth: &[1, 1, 2, 0], probabilities: &probabilities };
    let names = crate::support::labels(&["a", "b"]);
    let cancel = CancelToken::new();
    let ask = |answers: &Answers, codes: &[u32], positive: Option<&str>| {
        let config = EvaluationConfig { positive_label: positive.map(str::to_owned), ..config(0) };
        let groups = Groups { column: "g", names: &names, codes };
        let options = FairnessOptions { split: "val", config: &config, min_group_rows: 1, threads: 1, cancel: &cancel };
        fairness(answers, &groups, &options)
    };
    // Granted: 1 of 2 in both; truly so: 1 of 2 in the first group, none in the second.
    let report = ask(&answers, &[0, 0, 1, 1], Some("grant")).unwrap();
    assert_eq!(value(&report, "demographic_parity_difference"), 0.0);
    assert_eq!(value(&report, "demographic_parity_ratio"), 1.0);
    let opportunity = report.metrics["equal_opportunity_difference"].clone();
    assert_eq!(opportunity.value, None);
    assert!(opportunity.note.unwrap().contains("a truly positive one"));

    let unnamed = ask(&answers, &[0, 0, 1, 1], None).unwrap_err();
    assert_eq!((&unnamed, unnamed.code()), (&MetricError::NeedsPositiveLabel { labels: 3 }, Code::BadInput));
    assert!(matches!(ask(&answers, &[0, 0, 1], Some("grant")), Err(MetricError::Rows { .. })));
    let unknown = ask(&answers, &[0, 0, 1, 2], Some("grant"));
    assert_eq!(unknown, Err(MetricError::GroupCode { row: 3, code: 2, groups: 2 }));
    let numbers = Answers::Values { truth: &[1.0], predicted: &[1.0] };
    assert_eq!(ask(&numbers, &[0], None), Err(MetricError::NotLabels));
}
