//! The files that a person starts from.

use super::{json_of, root};
use crate::{
    DiskFiles, default_drift, parse_dataset, resolve, resolve_drift, resolve_promotion, schemas, write_dataset,
};
use driftgate_model::config::{RuleKind, TrainingConfig};
use driftgate_model::{Digest, DriftSeverity, DriftTest, Severity, Task};
use std::path::{Path, PathBuf};

fn yaml_files(folder: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root().join(folder)).expect(folder);
    let mut paths: Vec<PathBuf> = entries.map(|e| e.unwrap().path()).collect();
    paths.retain(|p| p.extension().is_some_and(|e| e == "yaml"));
    paths.sort();
    assert!(!paths.is_empty(), "{folder}");
    paths
}

fn kind_of(path: &Path) -> &'static str {
    let name = path.file_stem().unwrap().to_str().unwrap();
    let kinds = ["pipeline", "preprocessing", "training", "evaluation", "promotion", "deployment", "drift", "dataset"];
    kinds.into_iter().find(|k| name.starts_with(k)).unwrap_or("pipeline")
}

fn all() -> Vec<PathBuf> {
    let data = ["breast_cancer", "diabetes", "iris", "wine"].map(|n| format!("data/{n}"));
    let folders = ["configs", "configs/demo"].into_iter().chain(data.iter().map(String::as_str));
    folders.flat_map(yaml_files).collect()
}

#[test]
fn every_pipeline_resolves_without_a_word() {
    let pipelines: Vec<PathBuf> = all().into_iter().filter(|p| kind_of(p) == "pipeline").collect();
    assert_eq!(pipelines.len(), 11);
    for path in pipelines {
        let resolved = resolve(&path, &DiskFiles).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(resolved.notes, vec![], "{}", path.display());
        assert_eq!(resolved.data_folder.unwrap(), root().join("data"));
        assert_eq!(resolved.files.first(), Some(&path));
        let pictures = resolved.config.task == Task::ImageClassificationCnn;
        assert_eq!(resolved.config.stages.len(), 5 + usize::from(pictures));
        let folder = root().join("data").join(&resolved.config.dataset);
        if !["california_housing", "shapes", "cifar10"].contains(&resolved.config.dataset.as_str()) {
            let text = std::fs::read_to_string(folder.join("dataset.yaml")).unwrap();
            let spec = parse_dataset(&text, &folder).unwrap().spec;
            assert_eq!((spec.name, spec.task), (resolved.config.dataset, resolved.config.task));
        }
    }
}

#[test]
fn the_breast_cancer_pipeline_says_what_the_reference_s_does() {
    let config = resolve(&root().join("configs/pipeline_breast_cancer.yaml"), &DiskFiles).unwrap().config;
    assert_eq!(config.model.as_str(), "breast_cancer-classification");
    assert_eq!(config.random_seed, 42);
    assert_eq!(config.evaluation.bootstrap.seed, 42);
    let TrainingConfig::RandomForest(forest) = config.training else { panic!("a forest") };
    assert_eq!((forest.n_estimators, forest.max_depth, forest.min_samples_split), (100, None, 2));
    let rules = config.promotion.unwrap().rules;
    assert!(
        matches!(&rules[0].kind, RuleKind::Threshold { metric, threshold, .. } if metric == "accuracy" && *threshold == 0.80)
    );
    assert!(matches!(&rules[3].kind, RuleKind::NotWorseThanChampion { require_champion: false, .. }));
}

#[test]
fn the_image_pipelines_say_what_they_are_for() {
    let resolved = |name: &str| resolve(&root().join("configs").join(name), &DiskFiles).unwrap().config;
    let config = resolved("pipeline_image_cnn.yaml");
    assert_eq!(config.model.as_str(), "shapes-image_classification_cnn");
    assert_eq!(config.fine_tune, None);
    let TrainingConfig::Cnn(cnn) = config.training else { panic!("a network") };
    let layers: Vec<(u32, u32)> =
        cnn.architecture.conv_layers.iter().map(|l| (l.out_channels, l.kernel_size)).collect();
    assert_eq!(layers, [(32, 3), (64, 3), (128, 3)]);
    assert_eq!((cnn.architecture.fc_units, cnn.architecture.dropout), (256, 0.3));
    assert_eq!((cnn.epochs, cnn.batch_size, cnn.learning_rate), (15, 32, 0.001));
    assert_eq!((cnn.fine_tune.oversample_drift_ratio, cnn.fine_tune.drift_val_ratio), (Some(0.4), Some(0.15)));
    assert_eq!(config.preprocessing.image.unwrap().target_size, [32, 32]);
    // The file says the defaults.
    assert_eq!(config.drift.unwrap().image, Some(Default::default()));
    let rules = config.promotion.unwrap().rules;
    assert!(rules.iter().any(|r| matches!(&r.kind, RuleKind::Robustness { max_severity: 2, .. })));
    let config = resolved("pipeline_cifar10.yaml");
    let image = config.preprocessing.image.unwrap();
    assert_eq!(image.target_size, [32, 32]);
    let a = image.augmentation;
    assert!(a.enabled && a.horizontal_flip && !a.quarter_turns);
    assert_eq!(
        (a.random_crop_padding, a.brightness_jitter, a.contrast_jitter, a.saturation_jitter),
        (4, 0.4, 0.4, 0.2)
    );
}

#[test]
fn promotion_files_are_read_alone_too() {
    for path in yaml_files("configs").into_iter().filter(|p| kind_of(p) == "promotion") {
        let pictures = path.ends_with("promotion_image.yaml");
        let task = if pictures { Task::ImageClassificationCnn } else { Task::Regression };
        assert!(!resolve_promotion(&path, &DiskFiles, task).unwrap().rules.is_empty());
    }
    let refused = resolve_promotion(&root().join("configs/promotion_diabetes.yaml"), &DiskFiles, Task::Classification);
    assert!(refused.unwrap_err().to_string().contains("there are no rules for classification"));
}

#[test]
fn the_drift_file_says_the_defaults() {
    let alone = resolve_drift(&root().join("configs/drift.yaml"), &DiskFiles).unwrap();
    let config = resolve(&root().join("configs/pipeline_breast_cancer.yaml"), &DiskFiles).unwrap().config;
    assert_eq!(Some(&alone), config.drift.as_ref());
    assert_eq!(alone, default_drift());
    assert_eq!(alone.numerical, DriftTest::Ks);
    assert_eq!(alone.monitoring.fail_on_severity, Some(DriftSeverity::High));
}

#[test]
fn wrong_drift_files_are_refused_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("drift.yaml");
    let text =
        "drift:\n  stattest: {numerical: chisquare}\n  severity: {low_max: 0.6, medium_max: 0.5}\n  corection: holm\n";
    std::fs::write(&path, text).unwrap();
    let errors = resolve_drift(&path, &DiskFiles).unwrap_err().to_string();
    for part in ["chisquare", "low_max", "corection"] {
        assert!(errors.contains(part), "{part}: {errors}");
    }
    std::fs::write(&path, "drift:\n  monitoring: {enabled: true, fail_on_severity: never}\n").unwrap();
    assert_eq!(resolve_drift(&path, &DiskFiles).unwrap().monitoring.fail_on_severity, None);
}

#[test]
fn every_file_fits_its_json_schema() {
    let schemas = schemas();
    for path in all() {
        let validator = jsonschema::draft202012::new(&schemas[kind_of(&path)]).unwrap();
        let json = json_of(&std::fs::read_to_string(&path).unwrap());
        let errors: Vec<String> =
            validator.iter_errors(&json).map(|e| format!("{e} at {}", e.instance_path())).collect();
        assert_eq!(errors, Vec::<String>::new(), "{}", path.display());
    }
}

#[test]
fn the_json_schemas_in_the_docs_are_fresh() {
    let folder = root().join("docs/config-schema");
    let bless = std::env::var_os("DRIFTGATE_BLESS").is_some();
    for (name, schema) in schemas() {
        assert!(jsonschema::meta::is_valid(&schema), "{name}");
        let path = folder.join(format!("{name}.json"));
        let text = serde_json::to_string_pretty(&schema).unwrap() + "\n";
        if bless {
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(&path, &text).unwrap();
        }
        let stored = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(stored == text, "{} is stale: run this test with DRIFTGATE_BLESS=1", path.display());
    }
}

#[test]
fn data_sets_are_what_their_source_notes_say() {
    for name in ["breast_cancer", "diabetes", "iris", "wine"] {
        let folder = root().join("data").join(name);
        let text = std::fs::read_to_string(folder.join("dataset.yaml")).unwrap();
        let parsed = parse_dataset(&text, &folder.join("dataset.yaml")).unwrap_or_else(|e| panic!("{e}"));
        assert!(parsed.notes.iter().all(|n| n.severity == Severity::Warning) && parsed.notes.is_empty());
        let again = parse_dataset(&write_dataset(&parsed.spec), Path::new("again.yaml")).unwrap();
        assert_eq!(again.spec, parsed.spec);

        let bytes = std::fs::read(folder.join("data.csv")).unwrap();
        let source = std::fs::read_to_string(folder.join("SOURCE.md")).unwrap();
        assert!(source.contains(&Digest::of(&bytes).to_string()), "{name}");
        let csv = String::from_utf8(bytes).unwrap();
        let mut lines = csv.lines();
        let header: Vec<&str> = lines.next().unwrap().split(',').collect();
        let (target, features) = header.split_last().unwrap();
        assert_eq!(
            (*target, features),
            (parsed.spec.target.as_str(), &parsed.spec.features.iter().map(String::as_str).collect::<Vec<_>>()[..])
        );
        if let Some(labels) = &parsed.spec.constraints.label_classes {
            let found: std::collections::BTreeSet<&str> = lines.filter_map(|l| l.rsplit(',').next()).collect();
            assert_eq!(found.into_iter().collect::<Vec<_>>(), *labels, "labels are listed in the order of their text");
        }
    }
}
