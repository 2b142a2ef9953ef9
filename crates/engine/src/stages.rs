//! The stages of a run as plain computations: what goes in is given, what comes out are bytes with a digest.
//!
//! A run stores these bytes, `reproduce` only compares their digests, so both speak of the very same computation.

use crate::artifact::{ModelManifest, ModelParts, Sample, canonical};
use crate::dataset::BatchRows;
use crate::estimator::{Estimator, ImagePart};
use crate::network::{self, NetworkInputs, PreparedImages};
use crate::pictures::{Work, pictures_of};
use crate::profile::ProfileSource;
use crate::{EngineError, Result};
use driftgate_data::{Assignment, Transform};
use driftgate_learn::metrics::{Answers, Baseline, EvaluateOptions};
use driftgate_learn::{CurvePoint, FitContext, Fitted, Predictions};
use driftgate_model::config::{MissingPolicy, RunConfig, TrainingConfig};
use driftgate_model::{
    CancelToken, DatasetSpec, Digest, EvaluationReport, Frame, Matrix, Observer, RobustnessReport, SplitEvaluation,
    SplitName, Target,
};
use std::collections::BTreeMap;

/// Rows of the test split that are recorded with their answers.
const SAMPLE_ROWS: usize = 20;

/// What a run computes from.
pub(crate) struct Inputs {
    pub(crate) config: RunConfig,
    pub(crate) config_digest: Digest,
    pub(crate) spec: DatasetSpec,
    pub(crate) dataset_version: Digest,
    pub(crate) frame: Frame,
    pub(crate) target: Target,
    pub(crate) assignment: Assignment,
    /// Which rows came with which drifted batch.
    pub(crate) batches: Vec<BatchRows>,
    pub(crate) threads: usize,
    /// What a run of pictures works with besides; `None` for tables.
    pub(crate) network: Option<NetworkInputs>,
}

/// Bytes to be named by their digest, by role.
pub(crate) type Objects = BTreeMap<String, Vec<u8>>;

/// Digests of `objects`, by role.
pub(crate) fn digests(objects: &Objects) -> BTreeMap<String, Digest> {
    objects.iter().map(|(role, bytes)| (role.clone(), Digest::of(bytes))).collect()
}

/// One split, transformed.
pub(crate) struct SplitData {
    pub(crate) frame: Frame,
    pub(crate) x: Matrix,
    pub(crate) y: Target,
}

impl SplitData {
    /// The rows `rows`, in that order.
    pub(crate) fn take(&self, rows: &[usize]) -> SplitData {
        SplitData { frame: self.frame.take(rows), x: self.x.take(rows), y: self.y.take(rows) }
    }
}

/// The result of preprocessing.
pub(crate) struct Prepared {
    pub(crate) transform: Transform,
    pub(crate) splits: BTreeMap<SplitName, SplitData>,
    pub(crate) objects: Objects,
    /// For pictures alone.
    pub(crate) images: Option<PreparedImages>,
}

impl Prepared {
    pub(crate) fn split(&self, name: SplitName) -> Result<&SplitData> {
        self.splits
            .get(&name)
            .ok_or_else(|| EngineError::corrupt(format!("the data set has no {} split", name.as_str())))
    }
}

/// Fits the transform on the train split and applies it to all three.
pub(crate) fn preprocess(inputs: &Inputs, observer: &dyn Observer, cancel: &CancelToken) -> Result<Prepared> {
    let config = &inputs.config.preprocessing;
    let rows: BTreeMap<SplitName, Vec<usize>> =
        SplitName::ALL.into_iter().map(|s| (s, inputs.assignment.rows(s))).collect();
    for (split, rows) in &rows {
        if (rows.len() as u64) < config.min_rows {
            return Err(EngineError::bad_input(
                format!(
                    "the {} split has {} {}, and the preprocessing config asks for at least {}",
                    split.as_str(),
                    rows.len(),
                    if inputs.network.is_some() { "pictures" } else { "rows" },
                    config.min_rows
                ),
                "Add data, or lower `min_rows`",
            ));
        }
    }
    if config.fail_on_nulls && config.missing_values.policy == MissingPolicy::Passthrough {
        refuse_nulls(inputs)?;
    }
    let train = inputs.frame.take(&rows[&SplitName::Train]);
    let transform = Transform::fit(config, &inputs.spec, &train)?;
    let mut objects = Objects::from([
        ("transform".to_string(), transform.to_json()),
        ("feature_map".to_string(), canonical(&transform.feature_map(&inputs.spec.target))?),
    ]);
    let splits = apply(inputs, &transform, cancel)?;
    let images = match &inputs.network {
        None => None,
        Some(network) => {
            let work = Work { threads: inputs.threads, observer, cancel };
            let images = network::prepare(inputs, network, &splits[&SplitName::Train], &work)?;
            for name in [SplitName::Val, SplitName::Test] {
                network.tiles(&splits[&name], &images.config, &work)?;
            }
            let stored = serde_json::json!({
                "schema": "driftgate/image-transform/1",
                "image": images.config,
                "mean": images.stats.mean,
                "std": images.stats.std,
            });
            objects.insert("image_transform".to_string(), canonical(&stored)?);
            Some(images)
        }
    };
    Ok(Prepared { transform, splits, objects, images })
}

/// The splits through a fitted transform: the three, and the drifted holdout where there is one.
pub(crate) fn apply(
    inputs: &Inputs,
    transform: &Transform,
    cancel: &CancelToken,
) -> Result<BTreeMap<SplitName, SplitData>> {
    let mut splits = BTreeMap::new();
    for name in SplitName::ALL.into_iter().chain([SplitName::DriftHoldout]) {
        cancel.check()?;
        let rows = inputs.assignment.rows(name);
        if name == SplitName::DriftHoldout && rows.is_empty() {
            continue;
        }
        let frame = inputs.frame.take(&rows);
        let x = transform.apply(&frame)?;
        splits.insert(name, SplitData { frame, x, y: inputs.target.take(&rows) });
    }
    Ok(splits)
}

fn refuse_nulls(inputs: &Inputs) -> Result<()> {
    let mut found = Vec::new();
    for name in &inputs.spec.features {
        let Some(values) = inputs.frame.column(name) else { continue };
        let missing = (0..values.len()).filter(|i| values.is_missing(*i)).count();
        if missing > 0 {
            found.push(format!("`{name}` ({missing} of {})", values.len()));
        }
    }
    if found.is_empty() {
        return Ok(());
    }
    Err(EngineError::bad_input(
        format!("missing values in {}", found.join(", ")),
        "Set `missing_values.policy: impute`, or `fail_on_nulls: false` with an estimator that takes missing values \
         (gradient_boosting)",
    ))
}

/// The result of training.
pub(crate) struct Trained {
    pub(crate) estimator: Estimator,
    pub(crate) learned: Learned,
    pub(crate) manifest: ModelManifest,
    pub(crate) artifact: Digest,
    pub(crate) objects: Objects,
}

/// Fits the estimator on the train split and makes the artifact.
pub(crate) fn train(
    inputs: &Inputs,
    prepared: &Prepared,
    observer: &dyn Observer,
    cancel: &CancelToken,
) -> Result<Trained> {
    let data = prepared.split(SplitName::Train)?;
    let TrainedPart { estimator, part, weights, summary, learned } = estimate(inputs, prepared, observer, cancel)?;
    let part = part.map(|part| canonical(&part)).transpose()?;
    let sample = canonical(&record_sample(inputs, prepared, &estimator, cancel)?)?;
    let pre = digests(&prepared.objects);
    let manifest = ModelManifest {
        schema: "driftgate/model-artifact/1".into(),
        task: inputs.config.task,
        algorithm: inputs.config.training.algorithm().into(),
        target: inputs.spec.target.clone(),
        labels: estimator.labels().to_vec(),
        parts: ModelParts {
            weights: Digest::of(&weights),
            transform: pre["transform"],
            feature_map: pre["feature_map"],
            sample: Digest::of(&sample),
            image: part.as_ref().map(|bytes| Digest::of(bytes)),
        },
        dataset_version: inputs.dataset_version,
        train_rows: data.x.rows() as u64,
        config: inputs.config_digest,
        random_seed: inputs.config.random_seed,
        summary,
    };
    let bytes = canonical(&manifest)?;
    let artifact = Digest::of(&bytes);
    let mut objects = Objects::from([
        ("weights".to_string(), weights),
        ("sample".to_string(), sample),
        ("manifest".to_string(), bytes),
    ]);
    objects.extend(part.map(|bytes| ("network".to_string(), bytes)));
    Ok(Trained { estimator, learned, manifest, artifact, objects })
}

/// What training found besides the model.
pub(crate) struct Learned {
    pub(crate) oob_score: Option<f64>,
    pub(crate) importances: Vec<f64>,
    pub(crate) curve: Vec<CurvePoint>,
    pub(crate) notes: Vec<String>,
    /// How fast it went, for people: never recorded among what is reproduced.
    pub(crate) pace: Option<String>,
}

/// Whatever was trained, with its bytes.
struct TrainedPart {
    estimator: Estimator,
    /// What a network's weights mean.
    part: Option<ImagePart>,
    weights: Vec<u8>,
    summary: String,
    learned: Learned,
}

fn estimate(
    inputs: &Inputs,
    prepared: &Prepared,
    observer: &dyn Observer,
    cancel: &CancelToken,
) -> Result<TrainedPart> {
    if let (TrainingConfig::Cnn(params), Some(network)) = (&inputs.config.training, &inputs.network) {
        let trained = network::train(inputs, network, prepared, params, observer, cancel)?;
        let network::TrainedPart { estimator, part, weights, summary, learned } = trained;
        return Ok(TrainedPart { estimator, part: Some(part), weights, summary, learned });
    }
    let data = prepared.split(SplitName::Train)?;
    let context = FitContext { seed: inputs.config.random_seed, threads: inputs.threads, observer, cancel };
    let Fitted { model, oob_score, importances, curve, notes } =
        driftgate_learn::fit(&inputs.config.training, &data.x, &data.y, &context)?;
    let (weights, summary) = (model.to_bytes(), model.summary());
    let learned = Learned { oob_score, importances, curve, notes, pace: None };
    Ok(TrainedPart { estimator: Estimator::Table(model), part: None, weights, summary, learned })
}

fn record_sample(inputs: &Inputs, prepared: &Prepared, estimator: &Estimator, cancel: &CancelToken) -> Result<Sample> {
    let test = prepared.split(SplitName::Test)?;
    let rows: Vec<usize> = (0..test.frame.rows().min(SAMPLE_ROWS)).collect();
    let test = test.take(&rows);
    let answers = estimator.answer(&test, cancel)?;
    let names: Vec<&str> = prepared.transform.inputs().iter().map(|c| c.name.as_str()).collect();
    let mut sample = Sample::record(&test.frame, &names, &answers);
    if let Some(network) = &inputs.network {
        sample.pictures =
            pictures_of(&test.frame)?.iter().map(|p| network.pictures.reference(p)).collect::<Result<_>>()?;
    }
    Ok(sample)
}

/// Answers and truth of one split, held together so that [`Answers`] can borrow from them.
pub(crate) struct Answered {
    pub(crate) predictions: Predictions,
    pub(crate) truth: Target,
}

impl Answered {
    /// The rows `rows`, in that order.
    pub(crate) fn take(&self, rows: &[usize]) -> Answered {
        Answered { predictions: self.predictions.take(rows), truth: self.truth.take(rows) }
    }

    /// Borrowed for the metrics.
    pub(crate) fn answers(&self) -> Result<Answers<'_>> {
        match (&self.predictions, &self.truth) {
            (Predictions::Classes { labels, probabilities }, Target::Classes { labels: known, codes }) => {
                if labels != known {
                    return Err(EngineError::refused(
                        format!("the model answers {labels:?}, the data say {known:?}"),
                        "Compare models of one label set only",
                    ));
                }
                Ok(Answers::Classes { labels, truth: codes, probabilities })
            }
            (Predictions::Values(predicted), Target::Values(truth)) => Ok(Answers::Values { truth, predicted }),
            _ => Err(EngineError::corrupt("a model answers another task than its data set asks")),
        }
    }
}

/// The result of evaluation.
pub(crate) struct Evaluated {
    pub(crate) report: EvaluationReport,
    pub(crate) val: Answered,
    pub(crate) test: Answered,
    pub(crate) objects: Objects,
    /// What the profile among `objects` names: stored beside it, and reached from it.
    pub(crate) profile: Vec<Vec<u8>>,
    /// How the candidate copes with changed pictures, once that was tried.
    pub(crate) robustness: Option<RobustnessReport>,
}

/// Evaluates the candidate on validation and on test.
pub(crate) fn evaluate(
    inputs: &Inputs,
    prepared: &Prepared,
    trained: &Trained,
    observer: &dyn Observer,
    cancel: &CancelToken,
) -> Result<Evaluated> {
    let train = prepared.split(SplitName::Train)?;
    let baseline = Baseline::of(&train.y)?;
    let one = |name: SplitName| -> Result<(Answered, SplitEvaluation)> {
        let data = prepared.split(name)?;
        let answered = Answered { predictions: trained.estimator.answer(data, cancel)?, truth: data.y.clone() };
        let options = EvaluateOptions {
            split: name.as_str(),
            config: &inputs.config.evaluation,
            threads: inputs.threads,
            cancel,
        };
        let evaluation = driftgate_learn::metrics::evaluate(&answered.answers()?, &baseline, &options)?;
        Ok((answered, evaluation))
    };
    let (val, val_evaluation) = one(SplitName::Val)?;
    observer.progress("evaluation", driftgate_model::Progress { done: 1, total: 2 });
    let (test, test_evaluation) = one(SplitName::Test)?;
    observer.progress("evaluation", driftgate_model::Progress { done: 2, total: 2 });
    let mut importances: Vec<(String, f64)> =
        prepared.transform.output_features().iter().cloned().zip(trained.learned.importances.iter().copied()).collect();
    importances.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let report = EvaluationReport {
        schema: "driftgate/evaluation/1".into(),
        model_artifact: trained.artifact,
        dataset_version: inputs.dataset_version,
        task: inputs.config.task,
        val: val_evaluation,
        test: test_evaluation,
        oob_score: trained.learned.oob_score,
        importances,
        notes: trained.learned.notes.clone(),
    };
    let holdout = match prepared.splits.get(&SplitName::DriftHoldout) {
        Some(data) => Some(Answered { predictions: trained.estimator.answer(data, cancel)?, truth: data.y.clone() }),
        None => None,
    };
    let source = ProfileSource {
        inputs,
        transform: &prepared.transform,
        artifact: trained.artifact,
        train,
        val: &val,
        test: &test,
        holdout: holdout.as_ref(),
        network: trained.estimator.network().ok(),
        splits: &prepared.splits,
    };
    let profile = crate::profile::make(&source, cancel)?;
    let objects =
        Objects::from([("evaluation".to_string(), canonical(&report)?), ("profile".to_string(), profile.manifest)]);
    Ok(Evaluated { report, val, test, objects, profile: profile.objects, robustness: None })
}
