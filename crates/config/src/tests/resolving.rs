//! What a pipeline becomes when nothing is wrong with it, and the findings of single keys.

use super::Shelf;
use crate::{ConfigErrors, DiskFiles, Resolved, resolve};
use driftgate_model::config::{
    Averaging, EarlyStopping, EvaluationSplit, MaxFeatures, MissingPolicy, Operator, RuleKind, Stage, TrainingConfig,
};
use std::path::{Path, PathBuf};

const SHORT: &str = "
project: {name: p, version: 1.10}
task_type: classification
random_seed: 7
pipeline_stages: [preprocessing, training]
dataset: d
configs:
  preprocessing: {}
  training: {model: {algorithm: random_forest}}
";

fn try_text(text: &str) -> Result<Resolved, ConfigErrors> {
    resolve(Path::new("a/b/p.yaml"), &Shelf::default().with("a/b/p.yaml", text))
}

fn resolved(text: &str) -> Resolved {
    try_text(text).unwrap_or_else(|e| panic!("{e}"))
}

/// The findings of a text that differs from the short one in one place.
fn findings(from: &str, to: &str) -> Vec<String> {
    assert!(SHORT.contains(from), "{from}");
    let text = SHORT.replace(from, to);
    match try_text(&text) {
        Ok(resolved) => resolved.notes.iter().map(|n| n.to_string().replace("a/b/p.yaml:", "")).collect(),
        Err(errors) => errors.0.iter().map(|n| n.to_string().replace("a/b/p.yaml:", "")).collect(),
    }
}

fn trained(model: &str) -> TrainingConfig {
    resolved(&SHORT.replace("{algorithm: random_forest}", model)).config.training
}

#[test]
fn the_shortest_pipeline_has_every_default() {
    let r = resolved(SHORT);
    insta::assert_snapshot!(serde_json::to_string_pretty(&r.config).unwrap());
    assert_eq!((r.notes, r.data_folder, r.files), (vec![], None, vec![PathBuf::from("a/b/p.yaml")]));
    assert_eq!(r.sources, [(PathBuf::from("a/b/p.yaml"), SHORT.to_owned())]);
    let again: driftgate_model::config::RunConfig =
        serde_json::from_str(&serde_json::to_string(&r.config).unwrap()).unwrap();
    assert_eq!(again, r.config);
    driftgate_model::to_canonical(&r.config).unwrap();
}

#[test]
fn a_path_is_seen_from_the_file_that_names_it() {
    let text = SHORT.replace("preprocessing: {}", "preprocessing: ../x/./prep.yaml") + "data: {raw: ../../raw}\n";
    let shelf = Shelf::default().with("a/b/p.yaml", &text).with("a/x/prep.yaml", "min_rows: 3\n");
    let r = resolve(Path::new("a/b/p.yaml"), &shelf).unwrap();
    assert_eq!(r.config.preprocessing.min_rows, 3);
    assert_eq!(r.files, [PathBuf::from("a/b/p.yaml"), PathBuf::from("a/x/prep.yaml")]);
    assert_eq!(r.data_folder, Some(PathBuf::from("raw")));
}

#[test]
fn the_same_words_resolve_to_the_same_config_wherever_they_stand() {
    let apart = SHORT.replace("preprocessing: {}", "preprocessing: prep.yaml");
    let shelf = Shelf::default()
        .with("a/b/p.yaml", &format!("# a comment\n{apart}"))
        .with("a/b/prep.yaml", "fail_on_nulls: true\n");
    let apart = resolve(Path::new("a/b/p.yaml"), &shelf).unwrap();
    assert_eq!(apart.config, resolved(SHORT).config);
}

#[test]
fn what_preprocessing_cannot_switch_off_is_one_note() {
    let found = findings("preprocessing: {}", "preprocessing: {validate_types: false, validate_labels: true}");
    let keys = "`configs.preprocessing.validate_types`, `configs.preprocessing.validate_labels`";
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].contains(&format!("accepted without effect here: {keys}")), "{found:?}");
}

#[test]
fn hyper_parameters_of_each_algorithm() {
    let TrainingConfig::GradientBoosting(b) = trained("{algorithm: gradient_boosting}") else { panic!() };
    assert_eq!((b.max_iter, b.learning_rate, b.max_depth, b.max_leaf_nodes), (300, 0.05, Some(7), 31));
    assert_eq!((b.min_samples_leaf, b.l2_regularization, b.max_bins), (20, 0.1, 255));
    assert_eq!(
        (b.early_stopping, b.validation_fraction, b.n_iter_no_change, b.tol),
        (EarlyStopping::Auto, 0.1, 10, 1e-7)
    );
    let model =
        "{algorithm: gradient_boosting, hyperparameters: {max_depth: null, early_stopping: false, learning_rate: 1}}";
    let TrainingConfig::GradientBoosting(b) = trained(model) else { panic!() };
    assert_eq!((b.max_depth, b.early_stopping, b.learning_rate), (None, EarlyStopping::Off, 1.0));

    let model = "{algorithm: logistic_regression, hyperparameters: {C: 1e-3, solver: saga, class_weight: balanced}}";
    let TrainingConfig::LogisticRegression(l) = trained(model) else { panic!() };
    assert_eq!((l.c, l.max_iter, l.class_weight.is_some()), (0.001, 200, true));

    for (text, expected) in [("sqrt", MaxFeatures::Sqrt), ("all", MaxFeatures::All), ("3", MaxFeatures::Count(3))] {
        let model = format!("{{algorithm: random_forest, hyperparameters: {{max_features: {text}}}}}");
        let TrainingConfig::RandomForest(f) = trained(&model) else { panic!() };
        assert_eq!(f.max_features, expected);
    }
    let regression = SHORT.replace("task_type: classification", "task_type: regression");
    let TrainingConfig::RandomForest(f) = resolved(&regression).config.training else { panic!() };
    assert_eq!(f.max_features, MaxFeatures::All);
    let linear = regression.replace("random_forest", "linear_regression");
    let TrainingConfig::LinearRegression(l) = resolved(&linear).config.training else { panic!() };
    assert_eq!(l.alpha, 0.0);
}

#[test]
fn the_gate_s_rules() {
    let text = SHORT.replace("[preprocessing, training]", "[preprocessing, training, evaluation, promotion]")
        + "  evaluation: {classification: {averaging: binary, positive_label: 1}, bootstrap: {seed: 9}}
  promotion:
    promotion_evaluation_split: both
    classification:
      rules:
        - {id: a, metric: accuracy, threshold: 1, operator: '<='}
        - {id: b, kind: interval_bound, metric: ece, threshold: 0.1, operator: '<', description: calibrated}
        - {id: c, kind: not_worse_than_champion, metric: log_loss, margin: 0.01, confidence: 0.9, require_champion: true}
        - {id: d, kind: min_rows, rows: 100}
        - {id: e, kind: freshness, max_age_days: 30}
";
    // `accuracy <= 1` holds for every model, which is refused; the rest must be fine.
    let errors = try_text(&text).unwrap_err();
    assert_eq!(errors.0.len(), 1, "{errors}");
    assert!(errors.0[0].message.starts_with("every model passes this"), "{errors}");
    let r = resolved(&text.replace("threshold: 1,", "threshold: 0.5,"));
    assert!(r.notes[0].message.starts_with("this rule asks for a worse model"), "{:?}", r.notes);
    assert_eq!(r.config.stages, [Stage::Preprocessing, Stage::Training, Stage::Evaluation, Stage::Promotion]);
    assert_eq!(r.config.evaluation.averaging, Averaging::Binary);
    assert_eq!(r.config.evaluation.positive_label.as_deref(), Some("1"));
    assert_eq!(r.config.evaluation.bootstrap.seed, 9);
    let gate = r.config.promotion.unwrap();
    assert_eq!(gate.evaluation_split, EvaluationSplit::Both);
    let kinds: Vec<RuleKind> = gate.rules.into_iter().map(|rule| rule.kind).collect();
    assert_eq!(
        kinds,
        [
            RuleKind::Threshold { metric: "accuracy".into(), operator: Operator::AtMost, threshold: 0.5 },
            RuleKind::IntervalBound { metric: "ece".into(), operator: Operator::Below, threshold: 0.1 },
            RuleKind::NotWorseThanChampion {
                metric: "log_loss".into(),
                margin: 0.01,
                confidence: 0.9,
                require_champion: true
            },
            RuleKind::MinRows { rows: 100 },
            RuleKind::Freshness { max_age_days: 30.0 },
        ]
    );
}

#[test]
fn rules_about_intervals_need_resamples_enough() {
    let rule = |rule: &str, bootstrap: &str, stages: &str| {
        let text = SHORT.replace("[preprocessing, training]", stages);
        let parts = format!(
            "  evaluation: {{bootstrap: {bootstrap}}}\n  promotion: {{classification: {{rules: [{{id: a, metric: accuracy, {rule}}}]}}}}\n"
        );
        match try_text(&(text + &parts)) {
            Ok(_) => String::new(),
            Err(errors) => errors.to_string(),
        }
    };
    let gated = "[preprocessing, training, evaluation, promotion]";
    let bound = "kind: interval_bound, operator: '>=', threshold: 0.8";
    let not_worse = |confidence: f64| format!("kind: not_worse_than_champion, confidence: {confidence}");
    // Either end of a 95 % interval has 2.5 % beyond it, the bound of one side all of its 5 %.
    assert_eq!(rule(bound, "{resamples: 200}", gated), "");
    assert_eq!(rule(&not_worse(0.95), "{resamples: 100}", gated), "");
    assert_eq!(rule(&not_worse(0.999), "{resamples: 5000}", gated), "");
    let found = rule(bound, "{resamples: 199}", gated);
    assert!(found.contains("rules[0]: this rule can never hold: 199 resamples are too few to be 95 % sure"), "{found}");
    assert!(found.contains("set `bootstrap.resamples` of the evaluation config to 200 or more"), "{found}");
    let found = rule(bound, "{resamples: 999, level: 0.99}", gated);
    assert!(found.contains("to 1000 or more"), "{found}");
    let found = rule(&not_worse(0.999), "{resamples: 1000}", gated);
    assert!(found.contains("99.9 % sure") && found.contains("to 5000 or more"), "{found}");
    let found = rule(&not_worse(0.95), "{resamples: 0}", gated);
    assert!(found.contains("it needs an interval, and `bootstrap.resamples` is 0"), "{found}");
    // Nobody asks the gate.
    assert_eq!(rule(bound, "{resamples: 2}", "[preprocessing, training, evaluation]"), "");
    // No interval is asked for.
    assert_eq!(rule("operator: '>=', threshold: 0.8", "{resamples: 2}", gated), "");
}

#[test]
fn a_promotion_config_without_its_stage_is_checked_and_left_out() {
    let promotion =
        "  promotion: {classification: {rules: [{id: a, metric: accuracy, operator: '>=', threshold: 0.8}]}}\n";
    assert_eq!(resolved(&format!("{SHORT}{promotion}")).config.promotion, None);
    assert!(try_text(&format!("{SHORT}{}", promotion.replace("accuracy", "acc"))).is_err());
}

#[test]
fn missing_values_and_their_constants() {
    let with = |settings: &str| SHORT.replace("preprocessing: {}", &format!("preprocessing: {settings}"));
    let p = resolved(&with("{missing_values: {policy: impute}}")).config.preprocessing;
    assert_eq!((p.missing_values.policy, p.fail_on_nulls), (MissingPolicy::Impute, false));
    let text = with("{missing_values: {policy: impute, numeric_strategy: constant, fill_value: -1}}");
    let m = resolved(&text).config.preprocessing.missing_values;
    assert_eq!((m.fill_number, m.fill_text), (Some(-1.0), None));
    let text = with("{missing_values: {policy: impute, categorical_strategy: constant, fill_value: none}}");
    let m = resolved(&text).config.preprocessing.missing_values;
    assert_eq!((m.fill_number, m.fill_text.as_deref()), (None, Some("none")));
    let text = with("{missing_values: {policy: impute, numeric_strategy: constant, fill_value: none}}");
    assert!(try_text(&text).unwrap_err().0[0].message.contains("need a number"));
    // Settings that the policy ignores are told, once.
    let r = resolved(&with(
        "{missing_values: {fill_value: 0, numeric_strategy: median}, encoding: {strategy: ordinal, min_frequency: 3}}",
    ));
    assert_eq!(r.notes.len(), 1);
    assert!(r.notes[0].message.ends_with(
        "`configs.preprocessing.missing_values.fill_value`, `configs.preprocessing.missing_values.numeric_strategy`, \
         `configs.preprocessing.encoding.min_frequency`"
    ));
}

#[test]
fn single_findings() {
    let cases = [
        ("random_seed: 7", "random_seed: 7.0"),
        ("random_seed: 7", "random_seed: true"),
        ("random_seed: 7", "random_seed: -1"),
        ("random_seed: 7", "random_seed: 9007199254740993"),
        ("random_seed: 7", "random_seed:"),
        ("random_seed: 7\n", ""),
        ("random_seed: 7", "random_seeds: 7"),
        ("classification", "image_classification_cnn"),
        ("random_forest", "linear_regression"),
        ("random_forest", "cnn"),
        ("random_forest", "randomforest"),
        ("task_type: classification", "task_type: regression\nmodel: ../x"),
        ("[preprocessing, training]", "[training, preprocessing]"),
        ("[preprocessing, training]", "[]"),
        ("[preprocessing, training]", "preprocessing"),
        ("[preprocessing, training]", "[preprocessing, training, evaluation, promotion]"),
        ("preprocessing: {}", "preprocessing: 5"),
        ("preprocessing: {}", "preprocessing: []"),
        ("  preprocessing: {}\n", ""),
        ("dataset: d", "dataset: d\nmlflow: {registry_model_name: m}\noutput_dir: x"),
        ("preprocessing: {}", "preprocessing: {}\n  drift: drift.yaml\n  deployment: {server: {log_level: info}}"),
        ("preprocessing: {}", "preprocessing: {}\n  deployment: {server: {host: 'http://x', port: 0}}"),
    ];
    let mut answers = String::new();
    for (from, to) in cases {
        answers += &format!("{from:?} -> {to:?}\n");
        for finding in findings(from, to) {
            answers += &format!("    {finding}\n");
        }
    }
    insta::assert_snapshot!(answers);
}

#[test]
fn line_ends_and_byte_order_marks_carry_no_meaning() {
    let windows = format!("\u{feff}{}", SHORT.replace('\n', "\r\n"));
    assert_eq!(resolved(&windows).config, resolved(SHORT).config);
    assert_eq!(findings("random_seed: 7", "random_seed: 7\r"), Vec::<String>::new());
}

#[test]
fn files_that_cannot_be_read_are_findings() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("latin1.yaml"), b"dataset: caf\xe9\n").unwrap();
    std::fs::write(folder.path().join("utf16.yaml"), b"\xff\xfed\0:\0 \x00a\0").unwrap();
    let large = std::fs::File::create(folder.path().join("large.yaml")).unwrap();
    large.set_len(1 << 30).unwrap();
    let cases = [
        ("none.yaml", "cannot be read: there is no such file"),
        (".", "cannot be read: it is a folder"),
        ("latin1.yaml", "cannot be read: it is not UTF-8 text"),
        ("utf16.yaml", "cannot be read: it is not UTF-8 text"),
        ("large.yaml", "cannot be read: it is larger than 4 MiB"),
    ];
    for (name, message) in cases {
        let errors = resolve(&folder.path().join(name), &DiskFiles).unwrap_err();
        assert_eq!((errors.0.len(), errors.0[0].message.as_str()), (1, message), "{name}");
    }
}
