//! Training a network within a run: what it starts from, where it may continue, and what is kept of it.

use crate::artifact::LoadedModel;
use crate::estimator::{Estimator, ImagePart, NetworkModel};
use crate::pictures::{GROUP, PictureStore, Work, pictures_of};
use crate::stages::{Inputs, Learned, Prepared, SplitData};
use crate::{Clock, EngineError, Result, Workspace};
use driftgate_images::{Augmenter, ChannelStats};
use driftgate_learn::CurvePoint;
use driftgate_model::config::{RunConfig, TrainingConfig};
use driftgate_model::{
    CancelToken, CnnParams, ColumnValues, Digest, FineTuneBase, Frame, ImageConfig, ModelRow, Observer, SplitName,
    Target, TileSource,
};
use driftgate_vision::{Checkpoints, ChosenDevice, DeviceChoice, Devices, Part, TrainJob, TrainRows};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What a run of pictures works with besides its rows.
#[derive(Clone)]
pub(crate) struct NetworkInputs {
    pub(crate) pictures: PictureStore,
    /// Where the network is trained.
    pub(crate) device: ChosenDevice,
    /// What fine-tuning starts from.
    pub(crate) base: Option<Arc<LoadedModel>>,
    /// Where an interrupted training is continued from; `None` does all of it, as a reproduction must.
    pub(crate) checkpoints: Option<PathBuf>,
    /// The build, since another one may compute other bits.
    pub(crate) build: String,
    pub(crate) clock: Arc<dyn Clock>,
}

/// A trained network.
pub(crate) struct TrainedPart {
    pub(crate) estimator: Estimator,
    pub(crate) part: ImagePart,
    pub(crate) weights: Vec<u8>,
    pub(crate) summary: String,
    pub(crate) learned: Learned,
}

/// How pictures become what the network takes; made by preprocessing.
pub(crate) struct PreparedImages {
    pub(crate) config: ImageConfig,
    pub(crate) stats: ChannelStats,
}

/// The image block of a run's config. Errors: an image task without one.
pub(crate) fn image_config(config: &RunConfig) -> Result<&ImageConfig> {
    config.preprocessing.image.as_ref().ok_or_else(|| {
        EngineError::bad_input("the preprocessing config says nothing about pictures", "Give it an `image` block")
    })
}

impl NetworkInputs {
    /// The tiles of a split.
    pub(crate) fn tiles(&self, data: &SplitData, config: &ImageConfig, work: &Work) -> Result<Box<dyn TileSource>> {
        self.pictures.tiles(&pictures_of(&data.frame)?, config, work)
    }
}

/// Mean and standard deviation of each channel over the train split; of a fine-tuned network, those of its base.
pub(crate) fn prepare(
    inputs: &Inputs,
    network: &NetworkInputs,
    train: &SplitData,
    work: &Work,
) -> Result<PreparedImages> {
    let config = image_config(&inputs.config)?.clone();
    let tiles = network.tiles(train, &config, work)?;
    let channels = config.shape().channels;
    let stats = match (&network.base, config.normalize) {
        (Some(base), _) => {
            let spec = base.model.network()?.network().spec();
            ChannelStats { mean: spec.mean.clone(), std: spec.std.clone() }
        }
        (None, true) => driftgate_images::moments(tiles.as_ref(), work.threads)?,
        (None, false) => ChannelStats { mean: vec![0.0; channels], std: vec![1.0; channels] },
    };
    Ok(PreparedImages { config, stats })
}

/// Trains the network that the config describes.
pub(crate) fn train(
    inputs: &Inputs,
    network: &NetworkInputs,
    prepared: &Prepared,
    params: &CnnParams,
    observer: &dyn Observer,
    cancel: &CancelToken,
) -> Result<TrainedPart> {
    let images = prepared.images.as_ref().ok_or_else(|| EngineError::corrupt("the pictures were not prepared"))?;
    let work = Work { threads: inputs.threads, observer, cancel };
    let (train, val) = (prepared.split(SplitName::Train)?, prepared.split(SplitName::Val)?);
    let (labels, codes) = classes(&train.y)?;
    let (_, val_codes) = classes(&val.y)?;
    let (train_tiles, val_tiles) =
        (network.tiles(train, &images.config, &work)?, network.tiles(val, &images.config, &work)?);
    let drifted = drifted_rows(inputs);
    let groups = groups_of(&train.frame);
    let ids: Vec<u64> = pictures_of(&train.frame)?.iter().map(picture_id).collect();
    let augmentation = &images.config.augmentation;
    let augmenter =
        augmentation.enabled.then(|| Augmenter::new(augmentation, images.config.shape(), inputs.config.random_seed));
    let key = job_key(inputs, network)?;
    let file = |folder: &PathBuf| FileCheckpoints { path: folder.join(format!("{key}.checkpoint")) };
    let checkpoints = network.checkpoints.as_ref().map(file);
    let base = network.base.as_ref().map(|b| b.model.network()).transpose()?;
    let job = TrainJob {
        params,
        labels,
        mean: &images.stats.mean,
        std: &images.stats.std,
        train: Part {
            tiles: train_tiles.as_ref(),
            codes,
            drifted: drifted.as_deref(),
            picture_ids: Some(&ids),
            groups,
        },
        validation: Part {
            tiles: val_tiles.as_ref(),
            codes: val_codes,
            drifted: None,
            picture_ids: None,
            groups: None,
        },
        augment: augmenter.as_ref().map(|a| a as &dyn driftgate_model::Augment),
        seed: inputs.config.random_seed,
        device: &network.device,
        base: base.map(NetworkModel::network),
        job_key: &key,
        checkpoints: checkpoints.as_ref().map(|c| c as &dyn Checkpoints),
        clock_ms: &|| network.clock.elapsed_ms(),
        observer,
        cancel,
    };
    let began = network.clock.elapsed_ms();
    let trained = driftgate_vision::train(&job)?;
    if let Some(told) = &trained.resumption {
        observer.warning(&format!("The training {told}"));
    }
    if let Some(checkpoints) = &checkpoints {
        checkpoints.forget();
    }
    let weights = trained.network.to_safetensors()?;
    let part = ImagePart {
        schema: "driftgate/image-model/1".into(),
        image: images.config.clone(),
        network: trained.network.spec().clone(),
    };
    let mut notes = trained.notes;
    if !network.device.deterministic() {
        notes.push(format!(
            "Trained on {}, whose sums are not reproducible bit for bit; answers are given by the CPU",
            network.device.description()
        ));
    }
    // Whatever it was trained on, it answers from the CPU: what is evaluated is what is served.
    let model = NetworkModel::load(part.clone(), &weights, network.pictures.clone(), inputs.threads)?;
    let parameters = trained.network.parameters();
    let seconds = (network.clock.elapsed_ms() - began).max(1) as f64 / 1000.0;
    let summary = format!(
        "{} convolutions, {parameters} weights, epoch {} of {}, chosen on {}",
        params.architecture.conv_layers.len(),
        trained.best_epoch,
        trained.epochs_run,
        trained.best_split
    );
    let learned = Learned {
        oob_score: None,
        importances: Vec::new(),
        curve: trained.curve.into_iter().map(|p| CurvePoint { name: p.name, step: p.step, value: p.value }).collect(),
        notes,
        pace: Some(format!(
            "{:.0} pictures/s on {}, {:.1} % of the time waiting for data",
            trained.images_per_second,
            network.device.description(),
            100.0 * trained.seconds_waiting_for_data / seconds
        )),
    };
    Ok(TrainedPart { estimator: Estimator::Network(Box::new(model)), part, weights, summary, learned })
}

/// What fine-tuning would refuse once the pictures were read, before the run begins.
pub(crate) fn check_fine_tuning(inputs: &Inputs, network: &NetworkInputs) -> Result<()> {
    let (Some(base), TrainingConfig::Cnn(params)) = (&network.base, &inputs.config.training) else { return Ok(()) };
    let rows = inputs.assignment.rows(SplitName::Train);
    let (frame, target) = (inputs.frame.take(&rows), inputs.target.take(&rows));
    let (labels, codes) = classes(&target)?;
    let drifted = drifted_rows(inputs);
    let part = TrainRows { codes, drifted: drifted.as_deref(), groups: groups_of(&frame) };
    let (base, shape) = (base.model.network()?.network().spec(), image_config(&inputs.config)?.shape());
    Ok(driftgate_vision::check_fine_tuning(params, base, labels, shape, part, inputs.config.random_seed)?)
}

/// Which pictures belong together, as codes.
fn groups_of(frame: &Frame) -> Option<&[u32]> {
    match frame.column(GROUP)? {
        ColumnValues::Text { codes, .. } => Some(codes),
        _ => None,
    }
}

/// What the random changes of a picture are keyed by: its bytes, wherever it lies among the others.
fn picture_id(picture: &Digest) -> u64 {
    picture.0[..8].iter().fold(0, |id, byte| (id << 8) | u64::from(*byte))
}

fn classes(target: &Target) -> Result<(&[String], &[u32])> {
    match target {
        Target::Classes { labels, codes } => Ok((labels, codes)),
        Target::Values(_) => Err(EngineError::corrupt("a data set of pictures has numbers for labels")),
    }
}

/// Which rows of the train split came with a drifted batch; `None` where no batch was staged.
fn drifted_rows(inputs: &Inputs) -> Option<Vec<bool>> {
    if inputs.batches.is_empty() {
        return None;
    }
    let rows = inputs.assignment.rows(SplitName::Train);
    Some(rows.into_iter().map(|row| inputs.batches.iter().any(|b| b.rows.contains(&row))).collect())
}

/// Names a training: only one that would give the same bits has this name.
fn job_key(inputs: &Inputs, network: &NetworkInputs) -> Result<String> {
    let named = serde_json::json!({
        "config": inputs.config_digest,
        "dataset": inputs.dataset_version,
        "build": network.build,
        "device": network.device.description(),
    });
    Ok(Digest::of(&crate::artifact::canonical(&named)?).to_string())
}

/// Checkpoints in a file of the cache, replaced whole.
struct FileCheckpoints {
    path: PathBuf,
}

impl FileCheckpoints {
    /// Removes what is not needed any more; what stays is in nobody's way.
    fn forget(&self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

impl Checkpoints for FileCheckpoints {
    fn load(&self) -> Option<Vec<u8>> {
        std::fs::read(&self.path).ok()
    }

    fn save(&self, bytes: &[u8]) -> std::io::Result<()> {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        std::fs::create_dir_all(folder)?;
        let part = self.path.with_extension(format!("part-{}", std::process::id()));
        std::fs::write(&part, bytes)?;
        std::fs::rename(&part, &self.path)
    }
}

impl Workspace {
    /// What a run of pictures works with; `None` for tables.
    pub(crate) fn network_inputs(&self, config: &RunConfig, device: DeviceChoice) -> Result<Option<NetworkInputs>> {
        let TrainingConfig::Cnn(_) = &config.training else { return Ok(None) };
        let base = match &config.fine_tune {
            Some(base) => Some(Arc::new(self.load_model(&base.artifact)?)),
            None => None,
        };
        Ok(Some(NetworkInputs {
            pictures: self.pictures.clone(),
            device: Devices::choose(device, self.host.worker_threads())?,
            base,
            checkpoints: None,
            build: self.pictures.build().to_owned(),
            clock: self.host.clock.clone(),
        }))
    }

    /// What `--fine-tune` starts from: the version in Production.
    ///
    /// Errors: the config trains no network; nothing is in Production.
    pub(crate) fn fine_tune_base(&self, config: &RunConfig) -> Result<FineTuneBase> {
        if !matches!(config.training, TrainingConfig::Cnn(_)) {
            return Err(EngineError::refused(
                format!("{} cannot be fine-tuned: it is fitted from the start", config.training.algorithm()),
                "Run without `--fine-tune`",
            ));
        }
        let name = config.model.as_str();
        let row = self.ledger.read(|view| -> Result<Option<ModelRow>> { Ok(view.model(name)?) })?;
        let production = row.as_ref().and_then(ModelRow::production_version);
        let version = production.ok_or_else(|| {
            EngineError::refused(
                format!("nothing of `{name}` is in Production, so there is nothing to fine-tune"),
                "Run without `--fine-tune` first, and approve the run",
            )
        })?;
        Ok(FineTuneBase { version: version.version, artifact: version.artifact })
    }
}
