//! What answers: an estimator of table rows, or a network of pictures.

use crate::pictures::{PictureStore, Work, pictures_of};
use crate::stages::SplitData;
use crate::{EngineError, Result};
use driftgate_learn::{Model, Predictions};
use driftgate_model::{CancelToken, Digest, Frame, ImageConfig, Matrix, NullObserver, Observer, Progress, TileSource};
use driftgate_vision::{DeviceChoice, Devices, Network, NetworkSpec};
use serde::{Deserialize, Serialize};

/// What a network's artifact holds besides its weights.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ImagePart {
    /// Always `driftgate/image-model/1`.
    pub schema: String,
    /// How a picture becomes a tile.
    pub image: ImageConfig,
    /// Layers, labels, normalisation and temperature.
    pub network: NetworkSpec,
}

/// Pictures that are answered at a time.
const BATCH: usize = 64;

/// An estimator of table rows, or a network of pictures.
pub enum Estimator {
    /// Of table rows.
    Table(Model),
    /// Of pictures.
    Network(Box<NetworkModel>),
}

/// A network with what it needs to answer pictures by name.
pub struct NetworkModel {
    network: Network,
    image: ImageConfig,
    pictures: PictureStore,
    threads: usize,
}

/// What a network says of pictures.
pub struct PictureAnswers {
    /// Probabilities, after temperature.
    pub predictions: Predictions,
    /// Outputs of the layer before the last, rows by [`NetworkModel::width`], row by row.
    pub embeddings: Vec<f32>,
}

impl Estimator {
    /// The label set; empty for regression.
    pub fn labels(&self) -> &[String] {
        match self {
            Estimator::Table(model) => model.labels(),
            Estimator::Network(model) => &model.network.spec().labels,
        }
    }

    /// The table estimator. Errors: it is a network.
    pub(crate) fn table(&self) -> Result<&Model> {
        match self {
            Estimator::Table(model) => Ok(model),
            Estimator::Network(_) => Err(EngineError::refused(
                "the model answers pictures, not rows of numbers",
                "Give a folder of pictures, or one picture",
            )),
        }
    }

    /// The network. Errors: it is a table estimator.
    pub(crate) fn network(&self) -> Result<&NetworkModel> {
        match self {
            Estimator::Network(model) => Ok(model),
            Estimator::Table(_) => Err(EngineError::refused(
                "the model answers rows of a table, not pictures",
                "Give a CSV, TSV or Parquet file",
            )),
        }
    }

    /// Answers transformed rows of a table. Errors: it is a network.
    pub fn predict(&self, x: &Matrix) -> Result<Predictions> {
        Ok(self.table()?.predict(x)?)
    }

    /// Answers the rows of a split.
    pub(crate) fn answer(&self, data: &SplitData, cancel: &CancelToken) -> Result<Predictions> {
        match self {
            Estimator::Table(model) => Ok(model.predict(&data.x)?),
            Estimator::Network(model) => Ok(model.answer_frame(&data.frame, &NullObserver, cancel)?.predictions),
        }
    }
}

impl NetworkModel {
    pub(crate) fn new(network: Network, image: ImageConfig, pictures: PictureStore, threads: usize) -> Self {
        NetworkModel { network, image, pictures, threads }
    }

    /// Loads a network onto the CPU, where it answers the same bits everywhere.
    pub(crate) fn load(part: ImagePart, weights: &[u8], pictures: PictureStore, threads: usize) -> Result<Self> {
        if part.schema != "driftgate/image-model/1" {
            return Err(EngineError::corrupt(format!("the network has the unknown schema `{}`", part.schema)));
        }
        let network = Network::load(&part.network, weights, &Devices::choose(DeviceChoice::Cpu, threads)?)?;
        Ok(NetworkModel::new(network, part.image, pictures, threads))
    }

    /// The network.
    pub(crate) fn network(&self) -> &Network {
        &self.network
    }

    /// Notes where pictures lie that are answered next.
    pub(crate) fn note(&self, pictures: &[driftgate_model::ImageRef]) {
        self.pictures.note_refs(pictures);
    }

    /// How a picture becomes a tile.
    pub fn image(&self) -> &ImageConfig {
        &self.image
    }

    /// The size of a tile, for people: `64 × 64 pixels, RGB`.
    pub fn tile_words(&self) -> String {
        let shape = self.image.shape();
        let mode = if shape.channels == 1 { "grayscale" } else { "RGB" };
        format!("{} × {} pixels, {mode}", shape.height, shape.width)
    }

    /// Values of an embedding.
    pub fn width(&self) -> usize {
        self.network.spec().architecture.fc_units as usize
    }

    /// Answers pictures named by a frame.
    pub(crate) fn answer_frame(
        &self,
        frame: &Frame,
        observer: &dyn Observer,
        cancel: &CancelToken,
    ) -> Result<PictureAnswers> {
        self.answer_pictures(&pictures_of(frame)?, observer, cancel)
    }

    /// Answers pictures by their digests.
    ///
    /// Errors: a picture is not known, gone or altered; cancelled.
    pub(crate) fn answer_pictures(
        &self,
        pictures: &[Digest],
        observer: &dyn Observer,
        cancel: &CancelToken,
    ) -> Result<PictureAnswers> {
        let work = Work { threads: self.threads, observer, cancel };
        let tiles = self.pictures.tiles(pictures, &self.image, &work)?;
        self.answer_tiles(tiles.as_ref(), observer, cancel)
    }

    /// Answers tiles of the network's own size.
    pub(crate) fn answer_tiles(
        &self,
        tiles: &dyn TileSource,
        observer: &dyn Observer,
        cancel: &CancelToken,
    ) -> Result<PictureAnswers> {
        let progress = |done, total| observer.progress("model", Progress { done, total });
        let answers = self.network.answer(tiles, BATCH, true, cancel, &progress)?;
        let labels = self.network.spec().labels.clone();
        let shares = self.network.probabilities(&answers.logits);
        let (rows, classes) = (tiles.len(), labels.len());
        let columns = (0..classes).flat_map(|j| shares.iter().skip(j).step_by(classes)).copied().collect();
        let probabilities = Matrix::from_columns(rows, classes, columns)
            .ok_or_else(|| EngineError::corrupt("a network gave another number of answers than there are pictures"))?;
        Ok(PictureAnswers {
            predictions: Predictions::Classes { labels, probabilities },
            embeddings: answers.embeddings.unwrap_or_default(),
        })
    }
}
