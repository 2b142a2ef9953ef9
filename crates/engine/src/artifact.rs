use crate::estimator::{Estimator, ImagePart, NetworkModel};
use crate::pictures::{PictureStore, frame_of};
use crate::{EngineError, Result, Workspace};
use driftgate_data::Transform;
use driftgate_learn::{Model, Predictions};
use driftgate_ledger::Ledger;
use driftgate_model::{
    CancelToken, Column, ColumnValues, Digest, Frame, ImageRef, MISSING_CODE, NullObserver, Task, to_canonical,
};
use serde::{Deserialize, Serialize};

/// A model artifact: one versioned manifest with typed parts, each an object of its own.
///
/// It holds no run id and no time, so the same data, config and seed give the same digest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelManifest {
    /// Always `driftgate/model-artifact/1`.
    pub schema: String,
    /// What it answers.
    pub task: Task,
    /// `random_forest`, …
    pub algorithm: String,
    /// The target column.
    pub target: String,
    /// The label set, sorted; empty for regression.
    pub labels: Vec<String>,
    /// The parts.
    pub parts: ModelParts,
    /// The data set version it learnt from.
    pub dataset_version: Digest,
    /// Rows it learnt from.
    pub train_rows: u64,
    /// The config hash.
    pub config: Digest,
    /// Seed of training.
    pub random_seed: u64,
    /// One line for people, such as `100 trees`.
    pub summary: String,
}

/// The parts of an artifact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelParts {
    /// The estimator's own binary tables.
    pub weights: Digest,
    /// The fitted transform: the only way in, in training and in serving.
    pub transform: Digest,
    /// The reference's `feature_map.json` fields.
    pub feature_map: Digest,
    /// Some input rows and the answers given at training time: what a rollback proves.
    pub sample: Digest,
    /// What a network's weights mean, an [`crate::estimator::ImagePart`]; `None` for table models.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<Digest>,
}

/// Input rows with the answers that the model gave at training time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// Always `driftgate/sample/1`.
    pub schema: String,
    /// The input columns.
    pub columns: Vec<SampleColumn>,
    /// One list a row: probabilities in label order, or one value.
    pub answers: Vec<Vec<f64>>,
    /// The pictures that the rows stand for, of a network.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pictures: Vec<ImageRef>,
}

/// A column of a sample.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SampleColumn {
    /// Its name.
    pub name: String,
    /// Numbers, or absent for a text column.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub numbers: Option<Vec<Option<f64>>>,
    /// Texts, or absent for a numeric column.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub texts: Option<Vec<Option<String>>>,
}

impl Sample {
    /// Records `answers` to the rows of `frame`; only the columns `inputs` are kept.
    pub(crate) fn record(frame: &Frame, inputs: &[&str], answers: &Predictions) -> Sample {
        let rows = frame.rows();
        let columns = frame.columns().iter().filter(|c| inputs.contains(&c.name.as_str())).map(|c| {
            let missing_as_none = |i: usize, v: f64| (!c.values.is_missing(i)).then_some(v);
            match &c.values {
                ColumnValues::Number(v) => SampleColumn {
                    name: c.name.clone(),
                    numbers: Some(v.iter().enumerate().map(|(i, x)| missing_as_none(i, *x)).collect()),
                    texts: None,
                },
                ColumnValues::Text { .. } => SampleColumn {
                    name: c.name.clone(),
                    numbers: None,
                    texts: Some((0..rows).map(|i| c.values.text(i).map(String::from)).collect()),
                },
            }
        });
        Sample {
            schema: "driftgate/sample/1".into(),
            columns: columns.collect(),
            answers: rows_of(answers),
            pictures: Vec::new(),
        }
    }

    /// The input rows.
    pub(crate) fn frame(&self) -> Result<Frame> {
        let columns = self.columns.iter().map(|c| Column {
            name: c.name.clone(),
            values: match (&c.numbers, &c.texts) {
                (Some(numbers), _) => ColumnValues::Number(numbers.iter().map(|n| n.unwrap_or(f64::NAN)).collect()),
                (None, texts) => text_column(texts.as_deref().unwrap_or_default()),
            },
        });
        Frame::new(columns.collect())
            .map_err(|e| EngineError::corrupt(format!("the recorded sample is unreadable: {e}")))
    }
}

fn text_column(texts: &[Option<String>]) -> ColumnValues {
    let mut dictionary: Vec<String> = texts.iter().flatten().cloned().collect();
    dictionary.sort();
    dictionary.dedup();
    let codes = texts.iter().map(|t| match t {
        Some(t) => dictionary.binary_search(t).map_or(MISSING_CODE, |i| u32::try_from(i).unwrap_or(MISSING_CODE)),
        None => MISSING_CODE,
    });
    ColumnValues::Text { codes: codes.collect(), dictionary: dictionary.clone() }
}

/// One list a row: probabilities in label order, or one value.
pub(crate) fn rows_of(answers: &Predictions) -> Vec<Vec<f64>> {
    match answers {
        Predictions::Classes { probabilities: p, .. } => {
            (0..p.rows()).map(|i| (0..p.cols()).map(|j| p.get(i, j)).collect()).collect()
        }
        Predictions::Values(v) => v.iter().map(|x| vec![*x]).collect(),
    }
}

/// An artifact, loaded and checked: every part has its digest, and they fit each other.
pub struct LoadedModel {
    /// The manifest.
    pub manifest: ModelManifest,
    /// The fitted transform.
    pub transform: Transform,
    /// The estimator.
    pub model: Estimator,
}

impl LoadedModel {
    /// Loads the artifact whose manifest is `artifact`.
    ///
    /// Errors: an object is missing or altered; a part cannot be read; the parts do not fit each other.
    pub(crate) fn load(
        ledger: &Ledger,
        pictures: &PictureStore,
        threads: usize,
        artifact: &Digest,
    ) -> Result<LoadedModel> {
        let manifest: ModelManifest = ledger.get_json(artifact)?;
        if manifest.schema != "driftgate/model-artifact/1" {
            return Err(EngineError::corrupt(format!(
                "artifact {} has the unknown schema `{}`",
                artifact.short(),
                manifest.schema
            )));
        }
        ledger.check_object(&manifest.parts.feature_map)?;
        let transform = Transform::from_json(&ledger.get(&manifest.parts.transform)?)?;
        let weights = ledger.get(&manifest.parts.weights)?;
        let (model, features) = match &manifest.parts.image {
            None => {
                let model = Model::from_bytes(&weights)?;
                let features = model.features();
                (Estimator::Table(model), Some(features))
            }
            Some(part) => {
                let part: ImagePart = ledger.get_json(part)?;
                let network = NetworkModel::load(part, &weights, pictures.clone(), threads)?;
                (Estimator::Network(Box::new(network)), None)
            }
        };
        let fits = features.is_none_or(|n| n == transform.output_features().len()) && model.labels() == manifest.labels;
        if !fits {
            return Err(EngineError::corrupt(format!(
                "the weights of artifact {} do not fit its transform or its labels",
                artifact.short()
            )));
        }
        Ok(LoadedModel { manifest, transform, model })
    }

    /// The answers to the rows of `frame`, through the stored transform.
    pub fn predict(&self, frame: &Frame) -> Result<Predictions> {
        match &self.model {
            Estimator::Table(model) => Ok(model.predict(&self.transform.apply(frame)?)?),
            Estimator::Network(model) => Ok(model.answer_frame(frame, &NullObserver, &CancelToken::new())?.predictions),
        }
    }

    /// Proves that the artifact answers today what it answered at training time, bit for bit.
    ///
    /// Errors: the sample is missing or altered, or an answer differs.
    pub fn prove(&self, ledger: &Ledger) -> Result<usize> {
        let sample: Sample = ledger.get_json(&self.manifest.parts.sample)?;
        let now = rows_of(&match &self.model {
            Estimator::Table(_) => self.predict(&sample.frame()?)?,
            Estimator::Network(model) => {
                model.note(&sample.pictures);
                let pictures: Vec<Digest> = sample.pictures.iter().map(|p| p.digest).collect();
                self.predict(&frame_of(&pictures)?)?
            }
        });
        let same = now.len() == sample.answers.len()
            && now
                .iter()
                .zip(&sample.answers)
                .all(|(a, b)| a.len() == b.len() && a.iter().zip(b).all(|(x, y)| x.to_bits() == y.to_bits()));
        if same {
            Ok(now.len())
        } else {
            Err(EngineError::corrupt("the model does not give the answers that were recorded when it was trained"))
        }
    }
}

impl Workspace {
    /// Loads the artifact whose manifest is `artifact`; see [`LoadedModel`].
    pub(crate) fn load_model(&self, artifact: &Digest) -> Result<LoadedModel> {
        LoadedModel::load(&self.ledger, &self.pictures, self.host.worker_threads(), artifact)
    }
}

/// Canonical JSON of something the engine made itself.
pub(crate) fn canonical<T: Serialize>(value: &T) -> Result<Vec<u8>> {
    to_canonical(value).map_err(|e| EngineError::corrupt(format!("a record cannot be written: {e}")))
}
