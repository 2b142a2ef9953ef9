//! Pictures: what their configs become, and what is said of wrong ones.

use super::Shelf;
use crate::{
    ConfigErrors, ROBUSTNESS_CHANGES, Resolved, default_drift, parse_dataset, resolve, resolve_drift,
    resolve_promotion, write_dataset,
};
use driftgate_model::config::{RuleKind, Stage, TrainingConfig};
use driftgate_model::{
    BadImages, Bandwidth, CnnParams, ColorMode, ImageConfig, ImageDriftConfig, ImageSetSpec, Schedule, Task,
};
use std::path::Path;

const SHORT: &str = "
project: {name: p, version: 1}
task_type: image_classification_cnn
random_seed: 7
pipeline_stages: [preprocessing, training, evaluation, model_analysis, promotion]
dataset: d
configs:
  preprocessing: {image: {}}
  training:
    model:
      algorithm: cnn
      architecture: {conv_layers: [{out_channels: 8, kernel_size: 3}], fc_units: 16, dropout: 0}
  promotion: {classification: {rules: [{id: a, kind: robustness, max_loss: 0.2}]}}
";
const LAYERS: &str = "{conv_layers: [{out_channels: 8, kernel_size: 3}], fc_units: 16, dropout: 0}";

fn try_text(text: &str) -> Result<Resolved, ConfigErrors> {
    resolve(Path::new("p.yaml"), &Shelf::default().with("p.yaml", text))
}

/// The short text with one place changed.
fn changed(from: &str, to: &str) -> String {
    assert!(SHORT.contains(from), "{from}");
    SHORT.replace(from, to)
}

/// The findings of the short text with one place changed; a letter tells errors from notes.
fn findings(from: &str, to: &str) -> Vec<String> {
    let said = |list: &[crate::ConfigFinding]| -> Vec<String> {
        list.iter().map(|n| n.to_string().replace("p.yaml:", "")).collect()
    };
    match try_text(&changed(from, to)) {
        Ok(resolved) => said(&resolved.notes),
        Err(errors) => said(&errors.0),
    }
}

fn tiles(image: &str) -> ImageConfig {
    let text = changed("{image: {}}", &format!("{{image: {image}}}"));
    try_text(&text).unwrap_or_else(|e| panic!("{e}")).config.preprocessing.image.unwrap()
}

fn network(from: &str, to: &str) -> CnnParams {
    let config = try_text(&changed(from, to)).unwrap_or_else(|e| panic!("{e}")).config;
    let TrainingConfig::Cnn(cnn) = config.training else { panic!("a network") };
    cnn
}

#[test]
fn the_shortest_image_pipeline_has_every_default() {
    let r = try_text(SHORT).unwrap_or_else(|e| panic!("{e}"));
    insta::assert_snapshot!(serde_json::to_string_pretty(&r.config).unwrap());
    assert_eq!(r.notes, []);
    let again: driftgate_model::config::RunConfig =
        serde_json::from_str(&serde_json::to_string(&r.config).unwrap()).unwrap();
    assert_eq!(again, r.config);
    driftgate_model::to_canonical(&r.config).unwrap();
}

#[test]
fn tiles_and_their_changes() {
    let t = tiles("{target_size: [32, 48], color_mode: grayscale, normalize: false, flatten: false, raw_input: false}");
    assert_eq!((t.target_size, t.color_mode, t.normalize), ([32, 48], ColorMode::Grayscale, false));
    assert!(!t.augmentation.enabled);
    let t = tiles(
        "{augmentation: {enabled: true, horizontal_flip: true, rotation_degrees: 15, random_crop_padding: 4, \
         brightness_jitter: 1, contrast_jitter: 0.5, saturation_jitter: 0.25}}",
    );
    let a = t.augmentation;
    assert!(a.enabled && a.horizontal_flip && a.quarter_turns);
    assert_eq!(
        (a.random_crop_padding, a.brightness_jitter, a.contrast_jitter, a.saturation_jitter),
        (4, 1.0, 0.5, 0.25)
    );
}

#[test]
fn the_reference_s_preprocessing_file_is_read_with_notes() {
    let reference = "
fail_on_nulls: true
min_rows: 12
validate_types: false
numeric_features: null
encoding: {enabled: true, strategy: onehot}
missing_values: {policy: impute, numeric_strategy: constant, fill_value: 3}
image:
  target_size: [32, 32]
  isp: {gamma_correction: {gamma: 2.2}}
  augmentation: {enabled: true, augmentation_factor: 4, rotation_degrees: 90}
";
    let text = changed("{image: {}}", "prep.yaml");
    let plain = changed(
        "{image: {}}",
        "{min_rows: 12, image: {target_size: [32, 32], augmentation: {enabled: true, rotation_degrees: 1}}}",
    );
    let files = Shelf::default().with("p.yaml", &text).with("prep.yaml", reference);
    let r = resolve(Path::new("p.yaml"), &files).unwrap_or_else(|e| panic!("{e}"));
    // What is said about columns leaves no trace in the config.
    assert_eq!(r.config, try_text(&plain).unwrap().config);
    let notes: Vec<String> = r.notes.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(notes.join("\n"));
}

#[test]
fn the_network_s_hyper_parameters() {
    let all = "
      hyperparameters: {epochs: 3, batch_size: 8, learning_rate: 0.01, weight_decay: 0.1, schedule: cosine,
        early_stopping_patience: 2, gradient_clip: 1, class_weight: balanced}
    fine_tune: {enabled: true, epochs: 2, learning_rate: 0.001, freeze_backbone: true, oversample_drift_ratio: 0.4,
      use_drift_val_for_best_epoch: true, drift_val_ratio: 0.2}
  promotion:";
    let c = network("\n  promotion:", all);
    assert_eq!((c.epochs, c.batch_size, c.learning_rate, c.weight_decay), (3, 8, 0.01, 0.1));
    assert_eq!((c.schedule, c.early_stopping_patience, c.gradient_clip), (Schedule::Cosine, Some(2), Some(1.0)));
    assert!(c.class_weight.is_some());
    let f = c.fine_tune;
    assert_eq!((f.epochs, f.learning_rate, f.freeze_backbone), (2, 0.001, true));
    assert_eq!((f.oversample_drift_ratio, f.drift_val_ratio), (Some(0.4), Some(0.2)));
    // The share counts only where drifted pictures are held out.
    let without = all.replace("epoch: true", "epoch: false");
    assert_eq!(network("\n  promotion:", &without).fine_tune.drift_val_ratio, None);
    // The layers may stand with the hyper-parameters.
    let below = format!("hyperparameters: {{architecture: {LAYERS}}}");
    assert_eq!(network(&format!("architecture: {LAYERS}"), &below), network("random_seed", "random_seed"));
}

#[test]
fn single_findings() {
    let prep = "{image: {}}";
    let stages = "[preprocessing, training, evaluation, model_analysis, promotion]";
    let layers = "[{out_channels: 8, kernel_size: 3}]";
    let rules = "[{id: a, kind: robustness, max_loss: 0.2}]";
    let seven = "{out_channels: 8, kernel_size: 3}, ".repeat(7);
    let cases = [
        (prep, "{}"),
        (prep, "{image: null}"),
        (prep, "{image: {target_size: 64}}"),
        (prep, "{image: {target_size: [64]}}"),
        (prep, "{image: {target_size: [4, 2000]}}"),
        (prep, "{image: {color_mode: gray}}"),
        (prep, "{image: {flatten: true}}"),
        (prep, "{image: {raw_input: true, isp: {}}}"),
        (prep, "{image: {augmentation: {enabled: true, rotation_degrees: 90}, target_size: [32, 64]}}"),
        (prep, "{image: {augmentation: {enabled: true, rotation_degrees: 90}}}"),
        (prep, "{image: {augmentation: {enabled: true, random_crop_padding: 32}, target_size: [32, 64]}}"),
        (prep, "{image: {augmentation: {enabled: true, contrast_jitter: 1.5}}}"),
        (prep, "{image: {augmentation: {enabled: true, saturation_jitter: 0.5}, color_mode: grayscale}}"),
        (prep, "{image: {augmentation: {horizontal_flip: true, augmentation_factor: 4, contrast_jitter: 0}}}"),
        (prep, "{image: {}, scaling: {enabled: true}, numeric_features: [a]}"),
        ("algorithm: cnn", "algorithm: random_forest"),
        ("task_type: image_classification_cnn", "task_type: classification"),
        ("      architecture: ", "      hyperparameters: {epochs: 1}\n    fine_tune: # "),
        (layers, &format!("[{seven}]")),
        (layers, "[]"),
        (layers, "[{out_channels: 8, kernel_size: 4}]"),
        (layers, "[{out_channels: 8}]"),
        (layers, "[{out_channels: 1024, kernel_size: 3}], x: 1"),
        ("fc_units: 16", "fc_units: 60000"),
        ("dropout: 0}", "dropout: 1}"),
        ("dropout: 0}", "dropout: 0}\n      hyperparameters: {schedule: step, architecture: {conv_layers: []}}"),
        ("dropout: 0}", &format!("dropout: 0}}\n      hyperparameters: {{architecture: {LAYERS}}}")),
        ("dropout: 0}", "dropout: 0}\n    fine_tune: {enabled: true, drift_val_ratio: 0.2}"),
        ("dropout: 0}", "dropout: 0}\n    fine_tune: {oversample_drift_ratio: 1}"),
        (stages, "[preprocessing, training, evaluation, promotion]"),
        (stages, "[preprocessing, training, evaluation, promotion, model_analysis]"),
        (stages, "[preprocessing, training, model_analysis, evaluation, promotion]"),
        (rules, "[{id: a, kind: robustness}]"),
        (rules, "[{id: a, kind: robustness, max_loss: 1, max_severity: 6}]"),
        (rules, "[{id: a, kind: robustness, max_loss: 0.1, changes: [gaussian_nois, fog, fog, snow]}]"),
        (rules, "[{id: a, kind: champion_on_drift, metric: accuracy, scenarios: [{name: s, kind: shuffle}]}]"),
        ("random_seed: 7", "random_seed: 7\nmodel: m # "),
        ("  promotion:", "  evaluation: {bootstrap: {resamples: 100}}\n  promotion:"),
        ("  promotion:", "  drift: {drift: {image: {severity: {medium: 0.3}}}}\n  promotion:"),
        ("  promotion:", "  drift: {drift: {image: {scenarios: {}, parameter_bounds: {}}}}\n  promotion:"),
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
fn tables_have_nothing_of_pictures() {
    let table = "
project: {name: p, version: 1}
task_type: classification
random_seed: 7
pipeline_stages: [preprocessing, training, evaluation, promotion]
dataset: d
configs:
  preprocessing: {image: {target_size: [32, 64], raw_input: true}}
  training: {model: {algorithm: random_forest}, fine_tune: {epochs: 2}}
  drift: {drift: {image: {severity: {medium: 0.2}}}}
  promotion: {classification: {rules: [{id: a, kind: min_rows, rows: 20}]}}
";
    let r = try_text(table).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(r.config.preprocessing.image, None);
    assert_eq!(r.config.drift.as_ref(), Some(&default_drift()));
    let text = serde_json::to_string(&r.config).unwrap();
    assert!(!text.contains("image"), "older configs keep their digests: {text}");
    let notes: Vec<String> = r.notes.iter().map(ToString::to_string).collect();
    assert_eq!(
        notes,
        ["p.yaml:8:19: note: accepted without effect here: `configs.preprocessing.image`, \
             `configs.training.fine_tune`, `configs.drift.drift.image`"]
    );
    let said = |from: &str, to: &str| try_text(&table.replace(from, to)).unwrap_err().to_string();
    let found = said("evaluation, promotion]", "evaluation, model_analysis, promotion]");
    assert!(
        found.contains(
            "pipeline_stages[3]: `model_analysis` is not available for classification in this version; remove it \
             here: it is about pictures"
        ),
        "{found}"
    );
    let found = said("kind: min_rows, rows: 20", "kind: robustness, max_loss: 0.2");
    assert!(
        found.contains(
            "classification.rules[0]: a rule about changed pictures, and classification has none; remove it, or put \
             the rules of pictures under `image_classification_cnn:`"
        ),
        "{found}"
    );
    let found = said("random_forest", "cnn");
    assert!(found.contains("`cnn` does not do classification; for classification choose one of"), "{found}");
    assert!(!found.contains("architecture"), "{found}");
}

#[test]
fn the_gate_s_section_for_pictures() {
    let rule = |text: &str| try_text(text).unwrap_or_else(|e| panic!("{e}")).config.promotion.unwrap().rules.remove(0);
    // Without a section of their own, pictures are judged as classification.
    let RuleKind::Robustness { max_loss, changes, max_severity } = rule(SHORT).kind else { panic!() };
    assert_eq!((max_loss, changes.len(), max_severity), (0.2, 0, 3));
    let own = changed(
        "  promotion: {",
        "  promotion: {image_classification_cnn: {rules: [{id: own, kind: robustness, max_loss: 0, max_severity: 5, \
         changes: [fog, rotation_90]}]}, ",
    );
    let found = rule(&own);
    assert_eq!(found.id, "own");
    let RuleKind::Robustness { changes, max_severity, .. } = found.kind else { panic!() };
    assert_eq!((changes, max_severity), (vec!["fog".to_owned(), "rotation_90".to_owned()], 5));
    // Alone, a file knows no stages.
    let alone = Shelf::default().with("a.yaml", "classification: {rules: [{id: a, kind: robustness, max_loss: 0.2}]}");
    assert!(resolve_promotion(Path::new("a.yaml"), &alone, Task::ImageClassificationCnn).is_ok());
    assert!(resolve_promotion(Path::new("a.yaml"), &alone, Task::Classification).is_err());
    let every = format!("changes: [{}]}}", ROBUSTNESS_CHANGES.join(", "));
    let config = try_text(&changed("max_loss: 0.2}", &format!("max_loss: 0.2, {every}"))).unwrap().config;
    assert_eq!(config.stages[3], Stage::ModelAnalysis);
}

#[test]
fn the_drift_block() {
    let read = |text: &str| resolve_drift(Path::new("d.yaml"), &Shelf::default().with("d.yaml", text));
    assert_eq!(read("drift: {}").unwrap().image, None);
    assert_eq!(read("drift: {image: null}").unwrap().image, None);
    assert_eq!(read("drift: {image: {}}").unwrap().image, Some(ImageDriftConfig::default()));
    let text = "drift: {image: {severity: {medium: 0.2, high: 0.5}, permutations: 199, evidence: 0, neighbours: 1, \
                mmd: {enabled: false, sample: 100, permutations: 99, bandwidth: aggregated, alpha: 0.05}}}";
    let image = read(text).unwrap().image.unwrap();
    assert_eq!((image.medium, image.high, image.permutations), (0.2, 0.5, 199));
    assert_eq!((image.evidence, image.neighbours), (0, 1));
    assert_eq!((image.mmd.enabled, image.mmd.sample, image.mmd.bandwidth), (false, 100, Bandwidth::Aggregated));
    let errors = read("drift: {image: {severity: {high: 0.1}}}").unwrap_err().to_string();
    assert!(
        errors.contains("drift.image.severity.medium: 0.1 is not below `image.severity.high`, which is 0.1"),
        "{errors}"
    );
}

const SET: &str = "
name: sample_images
task_type: image_classification_cnn
features: []
target: label
schema: {}
image_properties:
  expected_formats: [.PNG, .jpg, .png]
  min_images_per_class: 5
constraints:
  min_rows: 10
  max_null_fraction: 0.0
  label_classes: [cats, dogs]
";

#[test]
fn a_folder_of_pictures() {
    let parsed = parse_dataset(SET, Path::new("dataset.yaml")).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(parsed.notes, []);
    let mut spec = parsed.spec;
    assert_eq!((spec.task, spec.target.as_str()), (Task::ImageClassificationCnn, "label"));
    assert!(spec.features.is_empty() && spec.schema.is_empty());
    let images = ImageSetSpec {
        expected_formats: vec![".jpg".into(), ".png".into()],
        min_images_per_class: 5,
        bad_images: BadImages::Fail,
    };
    assert_eq!(spec.images, Some(images));
    spec.split.stratify = Some(false);
    spec.images = Some(ImageSetSpec { bad_images: BadImages::Skip, ..spec.images.clone().unwrap() });
    let text = write_dataset(&spec);
    insta::assert_snapshot!(text);
    assert_eq!(parse_dataset(&text, Path::new("dataset.yaml")).unwrap().spec, spec);
    // What was measured of the pictures is no part of the file.
    let mut measured = spec.clone();
    measured.features = vec!["brightness".into()];
    measured.schema.insert("brightness".into(), driftgate_model::ColumnType::Float);
    assert_eq!(write_dataset(&measured), text);

    let short = "{name: x, task_type: image_classification_cnn}";
    let spec = parse_dataset(short, Path::new("dataset.yaml")).unwrap().spec;
    assert_eq!((spec.target.as_str(), spec.images.as_ref()), ("label", Some(&ImageSetSpec::default())));
    assert_eq!(parse_dataset(&write_dataset(&spec), Path::new("dataset.yaml")).unwrap().spec, spec);
}

#[test]
fn a_folder_of_pictures_that_contradicts_itself() {
    let text = "
name: x
task_type: image_classification_cnn
features: [width]
schema: {width: int}
format: {delimiter: ;}
image_properties:
  expected_formats: [png, .txt, .DNG, .gif]
  min_images_per_class: 0
  bad_images: ignore
constraints: {columns: {width: {min: 3}}}
split: {group_column: scene, time_column: day}
";
    insta::assert_snapshot!(parse_dataset(text, Path::new("dataset.yaml")).unwrap_err());
    let notes = parse_dataset(&format!("{SET}format: {{delimiter: ;}}\n"), Path::new("dataset.yaml")).unwrap().notes;
    assert!(notes[0].to_string().ends_with("accepted without effect here: `format`"));
}

#[test]
fn whoever_speaks_of_pictures_and_forgets_the_task_is_told_just_that() {
    let text = "image_properties: {bad_images: skip}\n";
    let found = parse_dataset(text, Path::new("dataset.yaml")).unwrap_err().to_string();
    assert!(found.contains("`task_type` is missing") && found.contains("`name` is missing"), "{found}");
    assert!(!found.contains("schema") && !found.contains("features"), "{found}");
}
