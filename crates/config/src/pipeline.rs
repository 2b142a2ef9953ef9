//! `pipeline_*.yaml` and every file it names.

use crate::check::Findings;
use crate::columns::{self, NamedColumn};
use crate::deployment::{DEPLOYMENT, deployment};
use crate::drift::{DRIFT_FILE, drift};
use crate::evaluation::{EVALUATION, evaluation};
use crate::files::Files;
use crate::finding::{ConfigErrors, ConfigFinding};
use crate::preprocessing::{PREPROCESSING, preprocessing};
use crate::promotion::{Evidence, PROMOTION, promotion, section_of};
use crate::shape::{LARGEST, Map, Need, Shape, field, idle, section};
use crate::suggest::cut;
use crate::training::{TRAINING, training};
use crate::yaml::{Node, parse};
use driftgate_model::config::{Project, RunConfig, Stage};
use driftgate_model::{ModelName, Task};
use serde_json::Value as Json;
use std::path::{Component, Path, PathBuf};

static PROJECT: Map = Map {
    about: "The project a pipeline belongs to",
    fields: &[
        field("name", Shape::Written, Need::Required, "Its name"),
        field("version", Shape::Written, Need::Required, "Its version"),
    ],
};

static DATA: Map = Map {
    about: "Where data are",
    fields: &[
        field(
            "raw",
            Shape::Text,
            Need::Optional,
            "The folder that holds a folder for each data set; it is added to the workspace from there when needed",
        ),
        idle("processed", "What a run makes is kept in the workspace"),
        idle("evaluation", "What a run makes is kept in the workspace"),
        idle("drift_scenarios", "What a run makes is kept in the workspace"),
    ],
};

static CONFIGS: Map = Map {
    about: "The other configs: the path of a file, seen from this file, or its content in place",
    fields: &[
        field("preprocessing", Shape::Part(&PREPROCESSING), Need::Required, "How columns or pictures become numbers"),
        field("training", Shape::Part(&TRAINING), Need::Required, "Estimator and hyper-parameters"),
        field("evaluation", Shape::Part(&EVALUATION), Need::Optional, "How metrics are made"),
        field("promotion", Shape::Part(&PROMOTION), Need::Optional, "The gate; needed by the stage `promotion`"),
        field("deployment", Shape::Part(&DEPLOYMENT), Need::Optional, "How the server offers the model"),
        field("drift", Shape::Part(&DRIFT_FILE), Need::Optional, "How batches are checked for drift"),
    ],
};

/// The parts that may be files of their own.
pub(crate) const PARTS: [&str; 6] = ["preprocessing", "training", "evaluation", "promotion", "deployment", "drift"];

/// Each stage with the one that it builds on.
const STAGES: [(Stage, Option<Stage>); 6] = [
    (Stage::Preprocessing, None),
    (Stage::Training, Some(Stage::Preprocessing)),
    (Stage::Evaluation, Some(Stage::Training)),
    (Stage::ModelAnalysis, Some(Stage::Evaluation)),
    (Stage::Promotion, Some(Stage::Evaluation)),
    (Stage::Deployment, Some(Stage::Promotion)),
];

const STAGE_WORDS: [&str; 6] = ["preprocessing", "training", "evaluation", "model_analysis", "promotion", "deployment"];
pub(crate) const TASK_WORDS: [&str; 3] = ["classification", "regression", "image_classification_cnn"];

pub(crate) static PIPELINE: Map = Map {
    about: "A pipeline: which data, which stages, which configs",
    fields: &[
        field("project", Shape::Map(&PROJECT), Need::Required, "The project"),
        field("task_type", Shape::Word(&TASK_WORDS), Need::Required, "What the model answers"),
        field(
            "random_seed",
            Shape::Int { min: 0, max: LARGEST },
            Need::Required,
            "Seed of everything random in training; the split has its own, frozen with the data set",
        ),
        field(
            "pipeline_stages",
            Shape::List { of: &Shape::Word(&STAGE_WORDS), empty: Some("the list is empty"), unique: true },
            Need::Required,
            "The stages, in order; each needs the ones before it. `model_analysis` is about pictures alone",
        ),
        field("dataset", Shape::Text, Need::Required, "The data set's name"),
        field("model", Shape::Text, Need::Optional, "The model's name in the registry; by default dataset-task"),
        section("data", &DATA, "Where data are"),
        field("configs", Shape::Map(&CONFIGS), Need::Required, "The other configs"),
        idle("output_dir", "What a run makes is kept in the workspace"),
        idle("log_level", "The command line chooses what is logged"),
        idle("mlflow", "The registry is the workspace's ledger; name the model with `model:`"),
    ],
};

/// A pipeline with everything it names, checked.
#[derive(Debug, Clone)]
pub struct Resolved {
    /// The config, every default filled in and every path gone.
    pub config: RunConfig,
    /// What a person should know and that refuses nothing; keys without effect make one note a file.
    pub notes: Vec<ConfigFinding>,
    /// `data.raw` as a path: the data set may be found in its folder `config.dataset`.
    pub data_folder: Option<PathBuf>,
    /// Every file that was read, the pipeline first.
    pub files: Vec<PathBuf>,
    /// The same files with their texts.
    pub sources: Vec<(PathBuf, String)>,
    /// Where columns are named.
    pub(crate) columns: Vec<NamedColumn>,
}

/// `path` as seen from the file `from`, without `.` and without `x/..`.
pub(crate) fn beside(from: &Path, path: &str) -> PathBuf {
    let mut clean = PathBuf::new();
    for part in from.parent().unwrap_or(Path::new("")).join(path).components() {
        let last_is_name = matches!(clean.components().next_back(), Some(Component::Normal(_)));
        match part {
            Component::CurDir => {}
            Component::ParentDir if last_is_name => {
                clean.pop();
            }
            part => clean.push(part),
        }
    }
    clean
}

/// Everything found over all files, and what was read.
struct Reading<'f> {
    files: &'f dyn Files,
    errors: Vec<ConfigFinding>,
    notes: Vec<ConfigFinding>,
    sources: Vec<(PathBuf, String)>,
    columns: Vec<NamedColumn>,
}

/// The pipeline's own file, checked against its table.
struct Pipeline<'p, 'f> {
    node: &'p Node,
    json: &'p Json,
    findings: &'p mut Findings<'f>,
}

/// A part of the pipeline, checked against its table but not yet typed.
struct Part {
    node: Option<Node>,
    json: Json,
}

impl Reading<'_> {
    fn keep(&mut self, findings: Findings<'_>) {
        let (errors, notes) = findings.finish();
        self.errors.extend(errors);
        self.notes.extend(notes);
    }

    /// Reads, checks and types one part: in place, from its file, or, where `defaults` are enough, from nothing.
    fn part<T>(
        &mut self,
        name: &str,
        map: &Map,
        defaults: bool,
        pipeline: &mut Pipeline<'_, '_>,
        typed: impl FnOnce(Part, &mut Findings<'_>, &str) -> Option<T>,
    ) -> Option<T> {
        let above = &mut *pipeline.findings;
        let key = format!("configs.{name}");
        let prefix = format!("{key}.");
        let node = pipeline.node.at(&["configs", name]).filter(|n| !n.is_null());
        let json = &pipeline.json["configs"][name];
        let Some(node) = node else {
            if !defaults {
                return None;
            }
            let json = above.map(map, &[], pipeline.node.mark, &key);
            return typed(Part { node: None, json }, above, &prefix);
        };
        let Some(path) = json.as_str() else {
            // Its findings were made with the pipeline's own; `null` is what a wrong value became.
            return json
                .as_object()
                .and_then(|_| typed(Part { node: Some(node.clone()), json: json.clone() }, above, &prefix));
        };
        let path = beside(above.file, path);
        let text = match self.files.read(&path) {
            Ok(text) => text,
            Err(error) => {
                let message = format!("`{}` cannot be read: {}", path.display(), reason(&error));
                let suggestion = self.elsewhere(above.file, &path);
                above.error(Some(node.mark), &key, &message, suggestion);
                return None;
            }
        };
        let mut findings = Findings::new(&path);
        let value = parse(&text, &mut findings).and_then(|node| {
            let json = findings.map(map, node.entries(), node.mark, "");
            typed(Part { node: Some(node), json }, &mut findings, "")
        });
        self.keep(findings);
        self.source(path, text);
        value
    }

    fn source(&mut self, path: PathBuf, text: String) {
        if !self.sources.iter().any(|(known, _)| *known == path) {
            self.sources.push((path, text));
        }
    }

    /// Where a file that was not found may be: the reference's paths start at the working directory.
    fn elsewhere(&self, pipeline: &Path, path: &Path) -> String {
        let rule = "a path in a YAML file is seen from that file";
        match path.file_name().and_then(|n| n.to_str()) {
            Some(name) if self.files.read(&beside(pipeline, name)).is_ok() => format!("{rule}: did you mean `{name}`?"),
            _ => rule.into(),
        }
    }
}

fn reason(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file".into(),
        std::io::ErrorKind::PermissionDenied => "permission denied".into(),
        std::io::ErrorKind::IsADirectory => "it is a folder".into(),
        std::io::ErrorKind::InvalidData => "it is not UTF-8 text".into(),
        _ => error.to_string(),
    }
}

impl Findings<'_> {
    /// The text of the file itself.
    pub(crate) fn read(&mut self, files: &dyn Files) -> Option<String> {
        match files.read(self.file) {
            Ok(text) => Some(text),
            Err(error) => {
                let message = format!("cannot be read: {}", reason(&error));
                self.error(None, "", &message, "give the path of a YAML file that you may read");
                None
            }
        }
    }
}

/// The stages in order, each after the one it builds on.
fn stages(node: &Node, task: Option<Task>, findings: &mut Findings<'_>) -> Vec<Stage> {
    let items = node.at(&["pipeline_stages"]).map(Node::items).unwrap_or_default();
    let names = |n: &Node, s: &Stage| n.written() == Some(s.as_str());
    let mut known = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let Some((stage, before)) = STAGES.into_iter().find(|(stage, _)| names(item, stage)) else {
            continue;
        };
        let key = format!("pipeline_stages[{index}]");
        if stage == Stage::ModelAnalysis {
            analysis(item, &known, task, findings, &key);
        }
        if let Some(before) = before
            && !known.contains(&before)
        {
            let message = format!("`{}` needs `{}` before it", stage.as_str(), before.as_str());
            let suggestion = if items.iter().any(|n| names(n, &before)) {
                format!("move `{}` up", before.as_str())
            } else {
                format!("add `{}` before it", before.as_str())
            };
            findings.error(Some(item.mark), &key, &message, suggestion);
        }
        known.push(stage);
    }
    known
}

/// Whether the model of `task` can be analysed, and in time for the gate.
fn analysis(item: &Node, before: &[Stage], task: Option<Task>, findings: &mut Findings<'_>, key: &str) {
    if let Some(task) = task.filter(|task| *task != Task::ImageClassificationCnn) {
        let message = format!("`model_analysis` is not available for {task} in this version");
        findings.error(Some(item.mark), key, &message, "remove it here: it is about pictures");
    } else if before.contains(&Stage::Promotion) {
        let message = "`model_analysis` comes after `promotion`, which judges by it";
        findings.error(Some(item.mark), key, message, "move `model_analysis` up");
    }
}

/// The registry name of the model: as given, or made of data set and task.
fn model_name(node: &Node, json: &Json, findings: &mut Findings<'_>) -> Option<ModelName> {
    let dataset = json["dataset"].as_str()?;
    let place = |key: &str| node.at(&[key]).map(|n| n.mark);
    let rule = "use 1 to 100 of A-Z a-z 0-9 . _ - and begin with a letter or digit";
    if ModelName::new(dataset).is_err() {
        let message = format!("`{}` cannot be the name of a data set", cut(dataset));
        findings.error(place("dataset"), "dataset", &message, rule);
        return None;
    }
    let (name, key) = match json["model"].as_str() {
        Some(name) => (name.to_owned(), "model"),
        None => (format!("{dataset}-{}", json["task_type"].as_str()?), "dataset"),
    };
    match ModelName::new(name.as_str()) {
        Ok(name) => Some(name),
        Err(_) => {
            let message = format!("`{}` cannot be the name of a model", cut(&name));
            findings.error(place(key), key, &message, rule);
            None
        }
    }
}

fn task(json: &Json) -> Option<Task> {
    serde_json::from_value(json["task_type"].clone()).ok()
}

fn has_rules(node: &Node, findings: &mut Findings<'_>) {
    if node.at(&["configs", "promotion"]).is_none_or(Node::is_null) {
        let place = node.at(&["configs"]).map(|n| n.mark);
        let suggestion = "add `promotion: promotion.yaml`, or leave the stage out";
        findings.error(place, "configs", "the stage `promotion` needs its rules", suggestion);
    }
}

/// The config, as far as the findings allow.
fn whole(mut pipeline: Pipeline<'_, '_>, reading: &mut Reading<'_>) -> Option<RunConfig> {
    let (node, json) = (pipeline.node, pipeline.json);
    let task = task(json);
    let stages = stages(node, task, pipeline.findings);
    let gated = stages.contains(&Stage::Promotion);
    let model = model_name(node, json, pipeline.findings);
    let random_seed = json["random_seed"].as_u64().unwrap_or_default();
    if gated {
        has_rules(node, pipeline.findings);
    }
    let p = &mut pipeline;
    let mut named = Vec::new();
    let preprocessing = reading.part("preprocessing", &PREPROCESSING, false, p, |part, f, key| {
        let node = part.node?;
        named.extend(columns::listed(&node, f.file, key));
        preprocessing(&node, part.json, task, f, key)
    });
    let tile = preprocessing.as_ref().and_then(|p| p.image.as_ref()).map(|i| i.target_size.map(u64::from));
    let training = reading
        .part("training", &TRAINING, false, p, |part, f, key| training(&part.node?, part.json, task, tile, f, key));
    let evaluation =
        reading.part("evaluation", &EVALUATION, true, p, |part, f, key| evaluation(part.json, random_seed, f, key));
    let bootstrap = evaluation.as_ref().map(|e| &e.bootstrap).filter(|_| gated);
    let ahead = Evidence { bootstrap, analysed: gated.then(|| stages.contains(&Stage::ModelAnalysis)) };
    let promotion = reading.part("promotion", &PROMOTION, false, p, |part, f, key| {
        let node = part.node?;
        if let Some(task) = task {
            named.extend(columns::of_scenarios(&node, section_of(task, &node), f.file, key));
        }
        promotion(&node, part.json, task, ahead, f, key)
    });
    let deployment = reading
        .part("deployment", &DEPLOYMENT, true, p, |part, f, key| deployment(part.node.as_ref(), part.json, f, key));
    let drift = reading.part("drift", &DRIFT_FILE, true, p, |part, f, key| {
        named.extend(part.node.iter().flat_map(|node| columns::of_effects(node, f.file, key)));
        drift(part.node.as_ref(), part.json, task, f, key)
    });
    reading.columns = named;
    let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
    Some(RunConfig {
        schema: "driftgate/config/1".into(),
        project: Project { name: text(&json["project"]["name"]), version: text(&json["project"]["version"]) },
        task: task?,
        random_seed,
        stages,
        dataset: text(&json["dataset"]),
        model: model?,
        preprocessing: preprocessing?,
        training: training?,
        evaluation: evaluation?,
        promotion: if gated { Some(promotion?) } else { None },
        deployment: deployment?,
        drift: Some(drift?),
        fine_tune: None,
    })
}

/// Reads a pipeline and every file it names.
///
/// Paths inside a YAML file are seen from that file. Errors: everything wrong, over all files, in one go; a file that cannot
/// be read is one of the findings.
pub fn resolve(path: &Path, files: &dyn Files) -> Result<Resolved, ConfigErrors> {
    let mut reading =
        Reading { files, errors: Vec::new(), notes: Vec::new(), sources: Vec::new(), columns: Vec::new() };
    let mut findings = Findings::new(path);
    let mut config = None;
    let mut data_folder = None;
    if let Some(text) = findings.read(files) {
        reading.sources.push((path.to_path_buf(), text.clone()));
        if let Some(node) = parse(&text, &mut findings) {
            let json = findings.map(&PIPELINE, node.entries(), node.mark, "");
            config = whole(Pipeline { node: &node, json: &json, findings: &mut findings }, &mut reading);
            data_folder = json["data"]["raw"].as_str().map(|raw| beside(path, raw));
        }
    }
    let (mut errors, mut notes) = findings.finish();
    errors.append(&mut reading.errors);
    notes.append(&mut reading.notes);
    match config {
        Some(config) if errors.is_empty() => {
            let files = reading.sources.iter().map(|(path, _)| path.clone()).collect();
            Ok(Resolved { config, notes, data_folder, files, sources: reading.sources, columns: reading.columns })
        }
        _ => Err(ConfigErrors(errors)),
    }
}
