//! Configs as a person edits them.

use super::{Shelf, root};
use crate::{DiskFiles, Files, Outline, Starter, outline, resolve};
use driftgate_model::Task;
use driftgate_model::config::TrainingConfig;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A text that is not a file yet, beside the files of this machine.
struct With<'a>(&'a Path, &'a str);

impl Files for With<'_> {
    fn read(&self, path: &Path) -> std::io::Result<String> {
        if path == self.0 { Ok(self.1.into()) } else { DiskFiles.read(path) }
    }
}

fn pipelines() -> Vec<PathBuf> {
    let all = ["configs", "configs/demo"].map(|folder| std::fs::read_dir(root().join(folder)).unwrap());
    let mut paths: Vec<PathBuf> = all.into_iter().flatten().map(|e| e.unwrap().path()).collect();
    paths.retain(|p| {
        let demo = p.parent().is_some_and(|f| f.ends_with("demo"));
        demo || p.file_name().unwrap().to_string_lossy().starts_with("pipeline")
    });
    assert!(paths.len() > 6);
    paths
}

fn value(outline: &Outline, path: &str) -> Json {
    let found = outline.fields().into_iter().find(|f| f.path == path);
    found.unwrap_or_else(|| panic!("{path}")).value
}

fn edits(list: &[(&str, Json)]) -> BTreeMap<String, Json> {
    list.iter().map(|(path, value)| ((*path).to_string(), value.clone())).collect()
}

#[test]
fn a_config_written_as_one_file_says_the_same() {
    for path in pipelines() {
        let mut outline = outline(&path, &DiskFiles).unwrap();
        outline.set_data_folder("../../data");
        let text = outline.to_yaml();
        let place = root().join("configs/window/one.yaml");
        let written = resolve(&place, &With(&place, &text)).unwrap_or_else(|e| panic!("{e}\n{text}"));
        let before = resolve(&path, &DiskFiles).unwrap();
        assert_eq!(written.config, before.config, "{}", path.display());
        assert_eq!(written.data_folder, before.data_folder);
        assert_eq!(written.files, [place], "it names no other file");
    }
}

#[test]
fn fields_have_their_values_choices_and_meaning() {
    let outline = outline(&root().join("configs/pipeline_wine.yaml"), &DiskFiles).unwrap();
    let fields = outline.fields();
    let find = |path: &str| fields.iter().find(|f| f.path == path).unwrap_or_else(|| panic!("{path}"));
    assert_eq!(find("random_seed").value, json!(42));
    assert_eq!(find("project.version").value, json!("0.1.0"));
    let trees = find("configs.training.model.hyperparameters.n_estimators");
    assert_eq!((&trees.value, trees.about), (&json!(100), Some("Trees")));
    assert_eq!(find("configs.training.model.hyperparameters.max_depth").value, Json::Null);
    let algorithm = find("configs.training.model.algorithm");
    assert!(algorithm.choices.contains(&"gradient_boosting"), "{:?}", algorithm.choices);
    assert_eq!(find("task_type").choices, ["classification", "regression", "image_classification_cnn"]);
    assert_eq!(find("configs.promotion.classification.rules.0.threshold").value, json!(0.8));
    // What is not written has its default; what serves another task, or has no effect, is no field.
    assert_eq!(find("configs.evaluation.bootstrap.level").value, json!(0.95));
    let others =
        ["promotion.regression", "promotion.image_classification_cnn", "training.fine_tune", "preprocessing.image"];
    for other in others {
        assert!(!fields.iter().any(|f| f.path.starts_with(&format!("configs.{other}"))), "{other}");
    }
    assert!(!fields.iter().any(|f| f.path.contains("validate_types") || f.path.starts_with("configs.drift")));
    let mut paths: Vec<&String> = fields.iter().map(|f| &f.path).collect();
    paths.sort();
    paths.dedup();
    assert_eq!(paths.len(), fields.len(), "no path is there twice");
}

#[test]
fn pictures_have_fields_of_their_own() {
    let outline = outline(&root().join("configs/pipeline_image_cnn.yaml"), &DiskFiles).unwrap();
    assert_eq!(value(&outline, "configs.preprocessing.image.target_size"), json!([32, 32]));
    assert_eq!(value(&outline, "configs.training.model.architecture.conv_layers.2.out_channels"), json!(128));
    assert_eq!(value(&outline, "configs.training.fine_tune.epochs"), json!(5));
    assert_eq!(value(&outline, "configs.evaluation.classification.averaging"), json!("weighted"));
    assert_eq!(value(&outline, "configs.promotion.image_classification_cnn.rules.4.max_loss"), json!(0.3));
    assert_eq!(value(&outline, "configs.drift.drift.image.mmd.sample"), json!(10_000));
    let others =
        ["preprocessing.scaling", "preprocessing.encoding", "promotion.classification", "evaluation.regression"];
    for other in others {
        assert!(!outline.fields().iter().any(|f| f.path.starts_with(&format!("configs.{other}"))), "{other}");
    }
}

#[test]
fn a_changed_algorithm_has_its_own_fields() {
    let path = root().join("configs/pipeline_wine.yaml");
    let mut outline = outline(&path, &DiskFiles).unwrap();
    let hyper = "configs.training.model.hyperparameters";
    let changes = edits(&[
        ("configs.training.model.algorithm", json!("logistic_regression")),
        (&format!("{hyper}.C"), json!(0.5)),
        // The form may still hold what belonged to the forest.
        (&format!("{hyper}.n_estimators"), json!(7)),
        ("random_seed", json!(7)),
    ]);
    outline.edit(&changes).unwrap();
    assert_eq!(value(&outline, &format!("{hyper}.C")), json!(0.5));
    assert!(!outline.fields().iter().any(|f| f.path.ends_with("n_estimators")));
    outline.set_data_folder("../../data");
    let (place, text) = (root().join("configs/window/x.yaml"), outline.to_yaml());
    let config = resolve(&place, &With(&place, &text)).unwrap_or_else(|e| panic!("{e}\n{text}")).config;
    assert_eq!(config.random_seed, 7);
    let TrainingConfig::LogisticRegression(logistic) = config.training else { panic!("{text}") };
    assert_eq!(logistic.c, 0.5);
}

#[test]
fn what_is_wrong_is_said_by_key() {
    let mut outline = outline(&root().join("configs/pipeline_wine.yaml"), &DiskFiles).unwrap();
    let unknown = outline.edit(&edits(&[("configs.nothing", json!(1)), ("random_seed", json!(1))])).unwrap_err();
    assert_eq!(unknown, ["`configs.nothing` is no field of this config"]);
    outline.edit(&edits(&[("random_seed", json!("many")), ("configs.evaluation.bootstrap.level", json!(2))])).unwrap();
    let (place, text) = (Path::new("x.yaml"), outline.to_yaml());
    let said = resolve(place, &With(place, &text)).unwrap_err().by_key();
    assert!(said.iter().any(|s| s.starts_with("random_seed: expects a whole number")), "{said:?}");
    assert!(said.iter().any(|s| s.starts_with("configs.evaluation.bootstrap.level: ")), "{said:?}");
}

#[test]
fn every_text_survives_being_written() {
    for text in ["plain", "yes", "0.1.0", "1e3", "", " a b ", "#", "a: b", "- x", "\"q\" \\", "é\u{85}\n", "null", "~"]
    {
        let mut outline = outline(&root().join("configs/pipeline_wine.yaml"), &DiskFiles).unwrap();
        outline.edit(&edits(&[("project.name", json!(text))])).unwrap();
        let yaml = outline.to_yaml();
        let again = crate::outline(Path::new("x.yaml"), &Shelf::default().with("x.yaml", &yaml)).unwrap();
        assert_eq!(value(&again, "project.name"), json!(text), "{yaml}");
    }
}

#[test]
fn a_missing_part_is_said() {
    let text = "task_type: classification\nconfigs:\n  training: nowhere.yaml\n";
    let said = outline(Path::new("p.yaml"), &Shelf::default().with("p.yaml", text)).unwrap_err().to_string();
    assert!(said.contains("p.yaml:3") && said.contains("nowhere.yaml"), "{said}");
}

#[test]
fn a_first_config_is_right_for_every_algorithm() {
    let all = ["random_forest", "gradient_boosting", "logistic_regression", "linear_regression", "cnn"];
    for task in [Task::Classification, Task::Regression, Task::ImageClassificationCnn] {
        for algorithm in all {
            let starter = Starter { project: "it's: mine", dataset: "my.data-1", task, algorithm };
            let Some(text) = starter.to_yaml() else {
                let answers = crate::training::algorithms(task).contains(&algorithm);
                assert!(!answers, "{task} {algorithm}");
                continue;
            };
            let place = Path::new("x.yaml");
            let resolved = resolve(place, &With(place, &text)).unwrap_or_else(|e| panic!("{e}\n{text}"));
            assert_eq!(resolved.notes, [], "{text}");
            assert_eq!((resolved.config.task, resolved.config.training.algorithm()), (task, algorithm));
            let pictures = usize::from(task == Task::ImageClassificationCnn);
            assert_eq!(resolved.config.promotion.unwrap().rules.len(), 6 + pictures);
        }
    }
    // One for every task and algorithm that there is.
    let count = [Task::Classification, Task::Regression, Task::ImageClassificationCnn].map(|task| {
        all.iter().filter(|a| Starter { project: "p", dataset: "d", task, algorithm: a }.to_yaml().is_some()).count()
    });
    assert_eq!(count, [3, 3, 1]);
    let unknown = Starter { project: "p", dataset: "d", task: Task::Classification, algorithm: "magic" };
    assert_eq!(unknown.to_yaml(), None);
}
