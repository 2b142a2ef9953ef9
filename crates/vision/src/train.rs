use crate::VisionError;
use crate::arithmetic::{Answer, Fixed, Learn, State, Step, answering, learning};
use crate::batches::{Batch, Normal, Reader, same_shape};
use crate::checkpoint::{self, Best, Checkpoints, Found, Progress as Carried};
use crate::device::{ChosenDevice, DeviceSort};
use crate::network::{Asked, NETWORK_SCHEMA, Network, NetworkSpec, ask, check_normal};
use crate::plan::Plan;
use crate::sampling::{Draw, MOST_EPOCHS, Visits, hold_out, stream, weighted};
use crate::score::{Score, score};
use crate::temperature;
use crate::weights::Weights;
use driftgate_model::{Augment, CancelToken, CnnParams, Observer, Progress, Schedule, TileShape, TileSource};
use serde::{Deserialize, Serialize};

/// Steps whose losses a GPU keeps before they are looked at: looking waits for it.
const LOOK_AFTER: usize = 16;

/// Pictures of one split, with what is known of them.
#[derive(Clone, Copy)]
pub struct Part<'a> {
    /// The pictures.
    pub tiles: &'a dyn TileSource,
    /// The class of each, as a place among the labels.
    pub codes: &'a [u32],
    /// Which were marked as drifted.
    pub drifted: Option<&'a [bool]>,
    /// What random changes of each are keyed by; its place where there are none.
    pub picture_ids: Option<&'a [u64]>,
    /// Numbers of groups that belong together, such as copies; each alone where there are none.
    pub groups: Option<&'a [u32]>,
}

/// A training to do.
#[derive(Clone, Copy)]
pub struct TrainJob<'a> {
    /// The settings.
    pub params: &'a CnnParams,
    /// The classes, in the order of the codes.
    pub labels: &'a [String],
    /// Subtracted from values in [0, 1], channel by channel. Fine-tuning keeps the base's.
    pub mean: &'a [f64],
    /// Divides what is left, channel by channel. Fine-tuning keeps the base's.
    pub std: &'a [f64],
    /// What is learned from.
    pub train: Part<'a>,
    /// What the best epoch is chosen on, and the temperature.
    pub validation: Part<'a>,
    /// Random changes of train pictures.
    pub augment: Option<&'a dyn Augment>,
    /// Names every random number.
    pub seed: u64,
    /// Where.
    pub device: &'a ChosenDevice,
    /// The network to continue from: then the settings under `fine_tune` count.
    pub base: Option<&'a Network>,
    /// Where the state after each epoch is kept.
    pub checkpoints: Option<&'a dyn Checkpoints>,
    /// Names this very job (settings, seed, data): a checkpoint of another one is ignored.
    pub job_key: &'a str,
    /// Milliseconds of a clock that never goes back, from any start.
    pub clock_ms: &'a (dyn Fn() -> u64 + Sync),
    /// Hears metrics and progress.
    pub observer: &'a dyn Observer,
    /// Asked before every batch.
    pub cancel: &'a CancelToken,
}

/// One point of a training's curve.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CurvePoint {
    /// `train_loss`, `val_loss`, `val_accuracy`, `learning_rate`, `drift_val_loss` or `drift_val_accuracy`.
    pub name: String,
    /// Epoch, from 1.
    pub step: u64,
    /// The value.
    pub value: f64,
}

/// What a training gives.
#[derive(Debug)]
pub struct TrainedNetwork {
    /// The weights of the best epoch.
    pub network: Network,
    /// Every epoch's numbers; the same job gives the same ones on the CPU.
    pub curve: Vec<CurvePoint>,
    /// From 1: the one with the best accuracy on the pictures that choose it, of equals the one with the least loss, of equals
    /// the first.
    pub best_epoch: u32,
    /// Its accuracy on those pictures.
    pub best_accuracy: f64,
    /// Which pictures those are: `val` or `drift_val`.
    pub best_split: &'static str,
    /// Epochs that were run, with those before an interruption.
    pub epochs_run: u32,
    /// What a person should know, one sentence each.
    pub notes: Vec<String>,
    /// What became of a checkpoint that was found. It tells of interruptions, so it belongs to no record that is reproduced.
    pub resumption: Option<String>,
    /// Train pictures in a second, over this process's epochs. Not the same each time.
    pub images_per_second: f64,
    /// Time in which the network waited for pictures. Not the same each time.
    pub seconds_waiting_for_data: f64,
}

/// Trains a network, or continues a base.
///
/// On the CPU the same job gives the same network bit for bit, with any number of threads, interrupted and resumed or not.
///
/// Errors: settings out of range; data that do not fit together; a base of another kind; a tile that cannot be read; a loss
/// that is not finite; a checkpoint that cannot be saved; a GPU that fails; being cancelled.
pub fn train(job: &TrainJob<'_>) -> Result<TrainedNetwork, VisionError> {
    check(job)?;
    let (mean, std) = match job.base {
        Some(base) => (base.spec().mean.clone(), base.spec().std.clone()),
        None => (job.mean.to_vec(), job.std.to_vec()),
    };
    let spec = NetworkSpec {
        schema: NETWORK_SCHEMA.into(),
        architecture: job.params.architecture.clone(),
        shape: job.train.tiles.shape(),
        labels: job.labels.to_vec(),
        mean,
        std,
        temperature: 1.0,
    };
    let plan = spec.plan()?;
    same_base(job.base.map(Network::spec), &spec)?;
    let (visits, held) = visits(job)?;
    let weights = balance(job, &visits);
    let normal = Normal::new(&spec.mean, &spec.std);
    let run = Run { job, plan: &plan, normal: &normal, visits, held, weights, rate: rate(job), epochs: epochs(job) };
    let outcome = job.device.run(|| run.all())?;
    let network =
        Network::new(NetworkSpec { temperature: outcome.temperature, ..spec }, outcome.best.weights, job.device)?;
    let seconds = outcome.times.training as f64 / 1000.0;
    Ok(TrainedNetwork {
        network,
        curve: outcome.carried.curve,
        best_epoch: outcome.best.epoch,
        best_accuracy: outcome.best.score.accuracy,
        best_split: if run.held.is_empty() { "val" } else { "drift_val" },
        epochs_run: outcome.carried.epochs,
        notes: outcome.notes,
        resumption: outcome.resumption,
        images_per_second: if seconds > 0.0 { outcome.times.pictures as f64 / seconds } else { 0.0 },
        seconds_waiting_for_data: outcome.times.waiting as f64 / 1000.0,
    })
}

fn epochs(job: &TrainJob<'_>) -> u32 {
    if job.base.is_some() { job.params.fine_tune.epochs } else { job.params.epochs }
}

fn rate(job: &TrainJob<'_>) -> f64 {
    if job.base.is_some() { job.params.fine_tune.learning_rate } else { job.params.learning_rate }
}

/// Settings and data, before anything is done.
fn check(job: &TrainJob<'_>) -> Result<(), VisionError> {
    let refuse = |name, value: String, rule| Err(VisionError::Parameter { name, value, rule });
    let params = job.params;
    if !(1..=MOST_EPOCHS).contains(&epochs(job)) {
        return refuse("epochs", epochs(job).to_string(), "from 1 to 100000");
    }
    if params.batch_size == 0 {
        return refuse("batch_size", "0".into(), "at least 1");
    }
    if !(rate(job).is_finite() && rate(job) > 0.0) {
        return refuse("learning_rate", rate(job).to_string(), "above 0");
    }
    if !(params.weight_decay.is_finite() && params.weight_decay >= 0.0) {
        return refuse("weight_decay", params.weight_decay.to_string(), "at least 0");
    }
    if let Some(clip) = params.gradient_clip.filter(|c| !(c.is_finite() && *c > 0.0)) {
        return refuse("gradient_clip", clip.to_string(), "above 0");
    }
    let share = |r: &f64| !(*r > 0.0 && *r < 1.0);
    if let Some(r) = params.fine_tune.oversample_drift_ratio.filter(share) {
        return refuse("oversample_drift_ratio", r.to_string(), "above 0 and below 1");
    }
    if let Some(r) = params.fine_tune.drift_val_ratio.filter(share) {
        return refuse("drift_val_ratio", r.to_string(), "above 0 and below 1");
    }
    check_normal(job.train.tiles.shape(), job.mean, job.std)?;
    same_shape(job.train.tiles.shape(), job.validation.tiles.shape())?;
    check_part("train split", &job.train, job.labels.len())?;
    check_part("validation split", &job.validation, job.labels.len())?;
    match job.train.codes.iter().all(|c| *c == job.train.codes[0]) {
        true => Err(VisionError::SingleClass(job.labels[job.train.codes[0] as usize].clone())),
        false => Ok(()),
    }
}

fn check_part(part: &'static str, data: &Part<'_>, labels: usize) -> Result<(), VisionError> {
    let pictures = data.tiles.len();
    if pictures == 0 {
        return Err(VisionError::NoPictures(part));
    }
    let counts = [
        ("labels", data.codes.len()),
        ("marks of drift", data.drifted.map_or(pictures, <[bool]>::len)),
        ("ids", data.picture_ids.map_or(pictures, <[u64]>::len)),
        ("groups", data.groups.map_or(pictures, <[u32]>::len)),
    ];
    if let Some((what, found)) = counts.into_iter().find(|(_, n)| *n != pictures) {
        return Err(VisionError::Count { part, pictures, what, found });
    }
    match data.codes.iter().position(|c| *c as usize >= labels) {
        Some(i) => Err(VisionError::ClassCode { picture: i + 1, code: data.codes[i], labels }),
        None => Ok(()),
    }
}

/// Errors: the base is another network than the one that is to be trained.
pub(crate) fn same_base(base: Option<&NetworkSpec>, spec: &NetworkSpec) -> Result<(), VisionError> {
    let Some(base) = base else { return Ok(()) };
    let differs = |what| Err(VisionError::Base(what));
    if base.shape != spec.shape {
        differs("size of tiles")
    } else if base.labels != spec.labels {
        differs("set of labels")
    } else if base.architecture.conv_layers != spec.architecture.conv_layers
        || base.architecture.fc_units != spec.architecture.fc_units
    {
        differs("architecture")
    } else {
        Ok(())
    }
}

/// Which pictures are learned from, and which are held out to choose the best epoch on.
fn visits(job: &TrainJob<'_>) -> Result<(Visits, Vec<u32>), VisionError> {
    if job.base.is_none() {
        return Ok((Visits::Once((0..job.train.codes.len() as u32).collect()), Vec::new()));
    }
    let Part { codes, drifted, groups, .. } = job.train;
    tuned_visits(job.params, codes, drifted, groups, job.labels.len(), job.seed)
}

/// The same for fine-tuning. Errors: settings that ask for drifted pictures where there are none, or too few.
pub(crate) fn tuned_visits(
    params: &CnnParams,
    codes: &[u32],
    drifted: Option<&[bool]>,
    groups: Option<&[u32]>,
    classes: usize,
    seed: u64,
) -> Result<(Visits, Vec<u32>), VisionError> {
    let settings = &params.fine_tune;
    let (kept, held) = match settings.drift_val_ratio {
        Some(ratio) => hold_out(codes, drifted, groups, classes, ratio, seed)?,
        None => ((0..codes.len() as u32).collect(), Vec::new()),
    };
    let visits = match settings.oversample_drift_ratio {
        Some(share) => weighted(kept, drifted, share)?,
        None => Visits::Once(kept),
    };
    Ok((visits, held))
}

/// Whether a fine-tuning can begin: what [`train`] would refuse, before anything is read or recorded.
///
/// `labels` and `shape` are those of the data and settings; `part` gives the codes, marks of drift and groups of the train split.
///
/// Errors: the base is another network; settings ask for drifted pictures where there are none, or too few.
pub fn check_fine_tuning(
    params: &CnnParams,
    base: &NetworkSpec,
    labels: &[String],
    shape: TileShape,
    part: TrainRows<'_>,
    seed: u64,
) -> Result<(), VisionError> {
    let spec =
        NetworkSpec { architecture: params.architecture.clone(), shape, labels: labels.to_vec(), ..base.clone() };
    spec.plan()?;
    same_base(Some(base), &spec)?;
    tuned_visits(params, part.codes, part.drifted, part.groups, labels.len(), seed).map(drop)
}

/// What is known of the train pictures without reading one.
#[derive(Debug, Clone, Copy)]
pub struct TrainRows<'a> {
    /// The class of each, as a place among the labels.
    pub codes: &'a [u32],
    /// Which were marked as drifted.
    pub drifted: Option<&'a [bool]>,
    /// Numbers of groups that belong together.
    pub groups: Option<&'a [u32]>,
}

/// Weights of the classes in the loss: 1, or n/(classes · n_class) over the pictures learned from.
pub(crate) fn balance(job: &TrainJob<'_>, visits: &Visits) -> Vec<f32> {
    let classes = job.labels.len();
    if job.params.class_weight.is_none() {
        return vec![1.0; classes];
    }
    let mut counts = vec![0_u64; classes];
    let mut count = |pictures: &[u32]| pictures.iter().for_each(|p| counts[job.train.codes[*p as usize] as usize] += 1);
    match visits {
        Visits::Once(pictures) => count(pictures),
        Visits::Weighted { clean, drifted, .. } => {
            count(clean);
            count(drifted);
        }
    }
    counts.iter().map(|&n| (visits.len() as f64 / (classes as f64 * n.max(1) as f64)) as f32).collect()
}

/// A training that goes on.
struct Run<'a> {
    job: &'a TrainJob<'a>,
    plan: &'a Plan,
    normal: &'a Normal,
    visits: Visits,
    held: Vec<u32>,
    weights: Vec<f32>,
    rate: f64,
    epochs: u32,
}

/// Milliseconds, and what was done in them.
#[derive(Default)]
struct Times {
    training: u64,
    waiting: u64,
    pictures: u64,
}

struct Outcome {
    carried: Carried,
    best: Best,
    temperature: f64,
    notes: Vec<String>,
    resumption: Option<String>,
    times: Times,
}

impl Run<'_> {
    fn all(&self) -> Result<Outcome, VisionError> {
        let start = match self.job.base {
            Some(base) => base.weights().clone(),
            None => Weights::start(self.plan, self.job.seed),
        };
        let mut notes = Vec::new();
        let state = State::start(self.plan, start, self.freeze());
        let (state, mut carried, resumption) = self.resume(state);
        let mut learner = learning(self.fixed(), state, self.job.device);
        let mut times = Times::default();
        while carried.epochs < self.epochs && !carried.stopped {
            let state = self.epoch(learner.as_mut(), &mut carried, &mut times)?;
            if let Some(store) = self.job.checkpoints {
                let failed =
                    |e: std::io::Error| VisionError::Checkpoint { epoch: carried.epochs, reason: e.to_string() };
                store.save(&checkpoint::save(self.job.job_key, self.plan, &state, &carried)?).map_err(failed)?;
            }
        }
        if carried.stopped {
            let on = if self.held.is_empty() { "the validation split" } else { "the drifted pictures held out" };
            notes.push(format!("stopped after epoch {}: the loss on {on} no longer fell", carried.epochs));
        }
        let best = carried.best.take().ok_or_else(|| diverged(carried.epochs, 0))?;
        let temperature = self.temperature(&best.weights, &mut notes)?;
        Ok(Outcome { carried, best, temperature, notes, resumption, times })
    }

    fn freeze(&self) -> bool {
        self.job.base.is_some() && self.job.params.fine_tune.freeze_backbone
    }

    fn fixed(&self) -> Fixed<'_> {
        Fixed {
            plan: self.plan,
            tile: self.job.train.tiles.shape(),
            clip: self.job.params.gradient_clip,
            decay: self.job.params.weight_decay,
            freeze: self.freeze(),
        }
    }

    /// The state to begin with, and what became of the checkpoint that was found.
    fn resume(&self, start: State) -> (State, Carried, Option<String>) {
        let found = self.job.checkpoints.and_then(Checkpoints::load);
        let Some(bytes) = found else { return (start, Carried::default(), None) };
        let (note, (state, carried)) = match checkpoint::resume(&bytes, self.job.job_key, self.plan, &start) {
            Ok(Found::Resumed(all)) => (format!("went on after epoch {}", all.1.epochs), *all),
            Ok(Found::Other) => {
                ("the checkpoint found is of another training: started anew".into(), (start, Carried::default()))
            }
            Err(e) => (format!("the checkpoint found cannot be used ({e}): started anew"), (start, Carried::default())),
        };
        for point in &carried.curve {
            self.job.observer.metric(&point.name, point.step, point.value);
        }
        (state, carried, Some(note))
    }

    fn epoch(&self, learner: &mut dyn Learn, carried: &mut Carried, times: &mut Times) -> Result<State, VisionError> {
        let (epoch, before) = (carried.epochs, times.training);
        let began = (self.job.clock_ms)();
        let loss = self.learn(learner, epoch, times)?;
        times.training += (self.job.clock_ms)() - began;
        times.pictures += self.visits.len() as u64;
        carried.epochs += 1;
        let state = learner.state();
        if !state.weights.all_finite() {
            return Err(diverged(carried.epochs, 0));
        }
        let mut add = |name: &str, value: f64| {
            self.job.observer.metric(name, u64::from(epoch) + 1, value);
            carried.curve.push(CurvePoint { name: name.into(), step: u64::from(epoch) + 1, value });
        };
        add("train_loss", loss);
        let network = answering(self.plan, &state.weights, self.job.train.tiles.shape(), self.job.device);
        let mut chosen_on = self.score(network.as_ref(), &self.job.validation, None, epoch)?;
        add("val_loss", chosen_on.loss);
        add("val_accuracy", chosen_on.accuracy);
        if !self.held.is_empty() {
            chosen_on = self.score(network.as_ref(), &self.job.train, Some(&self.held), epoch)?;
            add("drift_val_loss", chosen_on.loss);
            add("drift_val_accuracy", chosen_on.accuracy);
        }
        add("learning_rate", self.rate_at(epoch, 0));
        self.choose(carried, chosen_on, &state.weights);
        let took = (times.training - before) as f64 / 1000.0;
        if took > 0.0 {
            self.job.observer.metric("images_per_second", u64::from(epoch) + 1, self.visits.len() as f64 / took);
        }
        Ok(state)
    }

    /// Goes through the train pictures once, and gives their mean loss.
    fn learn(&self, learner: &mut dyn Learn, epoch: u32, times: &mut Times) -> Result<f64, VisionError> {
        let order = self.visits.order(self.job.seed, epoch);
        let reader = Reader {
            tiles: self.job.train.tiles,
            normal: self.normal,
            augment: self.job.augment.map(|a| (a, epoch)),
            ids: self.job.train.picture_ids,
        };
        let total = self.visits.len() as u64 * u64::from(self.epochs);
        let mut done = self.visits.len() as u64 * u64::from(epoch);
        let mut losses = Losses { epoch: epoch + 1, counts: Vec::new(), steps: 0, sum: 0.0 };
        let look_after = if self.job.device.deterministic() { 1 } else { LOOK_AFTER };
        let preparing = epoch == 0 && self.job.device.sort() == DeviceSort::Gpu;
        if preparing {
            self.job.observer.stage_started("preparing kernels");
        }
        let mut step = 0;
        reader.ahead(&order, self.job.params.batch_size as usize, |waiting| {
            loop {
                let began = (self.job.clock_ms)();
                let next = waiting.next()?;
                times.waiting += (self.job.clock_ms)() - began;
                let Some(batch) = next else { return losses.look(learner) };
                self.job.cancel.check()?;
                let count = batch.pictures.len() as u64;
                learner.step(self.step(batch, epoch, step));
                losses.counts.push(count);
                if losses.counts.len() >= look_after || step == 0 {
                    losses.look(learner)?;
                }
                if preparing && step == 0 {
                    self.job.observer.stage_finished("preparing kernels", "");
                }
                step += 1;
                done += count;
                self.job.observer.progress("training", Progress { done, total });
            }
        })?;
        Ok(losses.sum / self.visits.len() as f64)
    }

    /// A batch as a step takes it.
    fn step(&self, batch: Batch, epoch: u32, step: u64) -> Step {
        let (classes, pictures) = (self.job.labels.len(), batch.pictures.len());
        let code = |picture: &u32| self.job.train.codes[*picture as usize] as usize;
        let sum: f32 = batch.pictures.iter().map(|p| self.weights[code(p)]).sum();
        let mut targets = vec![0.0; pictures * classes];
        for (row, picture) in targets.chunks_exact_mut(classes).zip(&batch.pictures) {
            row[code(picture)] = self.weights[code(picture)] / sum;
        }
        let mask = self.mask(pictures, epoch, step);
        Step { values: batch.values, pictures, targets, mask, rate: self.rate_at(epoch, step) }
    }

    /// What dropout multiplies embeddings by: 0, or 1/(1 − p) so that their mean stays.
    fn mask(&self, pictures: usize, epoch: u32, step: u64) -> Option<Vec<f32>> {
        let architecture = &self.job.params.architecture;
        let p = architecture.dropout;
        if p == 0.0 {
            return None;
        }
        let mut stream = stream(self.job.seed, Draw::Dropout, epoch, step);
        let kept = (1.0 / (1.0 - p)) as f32;
        let count = pictures * architecture.fc_units as usize;
        Some((0..count).map(|_| if stream.uniform() < p { 0.0 } else { kept }).collect())
    }

    fn rate_at(&self, epoch: u32, step: u64) -> f64 {
        match self.job.params.schedule {
            Schedule::Constant => self.rate,
            Schedule::Cosine => {
                let each = (self.visits.len() as u64).div_ceil(u64::from(self.job.params.batch_size));
                let done = u64::from(epoch) * each + step;
                let all = u64::from(self.epochs) * each;
                self.rate * 0.5 * (1.0 + (std::f64::consts::PI * done as f64 / all as f64).cos())
            }
        }
    }

    fn score(
        &self,
        network: &dyn Answer,
        part: &Part<'_>,
        pictures: Option<&[u32]>,
        epoch: u32,
    ) -> Result<Score, VisionError> {
        let all: Vec<u32>;
        let order = match pictures {
            Some(pictures) => pictures,
            None => {
                all = (0..part.codes.len() as u32).collect();
                &all
            }
        };
        let logits = self.logits(network, part.tiles, order)?;
        let code = |row: usize| part.codes[order[row] as usize];
        score(&logits, self.job.labels.len(), code).ok_or_else(|| diverged(epoch + 1, 0))
    }

    fn logits(&self, network: &dyn Answer, tiles: &dyn TileSource, order: &[u32]) -> Result<Vec<f32>, VisionError> {
        let reader = Reader { tiles, normal: self.normal, augment: None, ids: None };
        let asked = Asked { reader, batch: self.job.params.batch_size as usize, embeddings: false };
        Ok(ask(network, &asked, order, self.job.cancel, &|_, _| ())?.logits)
    }

    /// Keeps the weights if they are the best, and stops if the loss has not fallen for too long.
    fn choose(&self, carried: &mut Carried, score: Score, weights: &Weights) {
        let better = carried.best.as_ref().is_none_or(|best| {
            score.accuracy > best.score.accuracy
                || (score.accuracy == best.score.accuracy && score.loss < best.score.loss)
        });
        if better {
            carried.best = Some(Best { epoch: carried.epochs, score, weights: weights.clone() });
        }
        if carried.least_loss.is_none_or(|least| score.loss < least) {
            carried.least_loss = Some(score.loss);
            carried.without_better = 0;
        } else {
            carried.without_better += 1;
        }
        let patience = self.job.params.early_stopping_patience;
        carried.stopped = carried.epochs < self.epochs && patience.is_some_and(|p| carried.without_better >= p.max(1));
    }

    fn temperature(&self, weights: &Weights, notes: &mut Vec<String>) -> Result<f64, VisionError> {
        let validation = &self.job.validation;
        let network = answering(self.plan, weights, validation.tiles.shape(), self.job.device);
        let order: Vec<u32> = (0..validation.codes.len() as u32).collect();
        let logits = self.logits(network.as_ref(), validation.tiles, &order)?;
        let found = temperature::fit(&logits, self.job.labels.len(), |row| validation.codes[row]);
        if found < temperature::RANGE.0 * 1.01 || found > temperature::RANGE.1 * 0.99 {
            notes.push(format!(
                "the temperature ended at {found:.2}, the end of its range: the validation split says little of how sure the \
                 network is"
            ));
        }
        Ok(found)
    }
}

/// Losses of an epoch, looked at now and then.
struct Losses {
    /// From 1.
    epoch: u32,
    /// Pictures of the steps not looked at.
    counts: Vec<u64>,
    steps: u64,
    /// Each step's mean times its pictures.
    sum: f64,
}

impl Losses {
    fn look(&mut self, learner: &mut dyn Learn) -> Result<(), VisionError> {
        for (loss, pictures) in learner.losses().into_iter().zip(self.counts.drain(..)) {
            self.steps += 1;
            if !loss.is_finite() {
                return Err(diverged(self.epoch, self.steps));
            }
            self.sum += f64::from(loss) * pictures as f64;
        }
        Ok(())
    }
}

fn diverged(epoch: u32, step: u64) -> VisionError {
    VisionError::Diverged { epoch, step }
}
