//! Reference profiles: what a model's train split looked like, kept beside the model, one object a column.

use crate::artifact::canonical;
use crate::drift::PictureProfile;
use crate::estimator::NetworkModel;
use crate::pictures::{Work, pictures_of};
use crate::stages::{self, Answered, Inputs, SplitData};
use crate::{EngineError, Result, Workspace};
use driftgate_data::Transform;
use driftgate_drift::{DistanceThresholds, ReferenceValues, fit_calibration};
use driftgate_learn::Predictions;
use driftgate_model::config::RunConfig;
use driftgate_model::views::ProfileView;
use driftgate_model::{
    BatchProfile, CancelToken, ColumnValues, ConfidenceCalibration, Digest, DriftConfig, DriftTest, EventBody, Frame,
    Matrix, NullObserver, Observer, ProfileColumn, ProfileKind, ReferencePerformance, ReferenceProfile, RunRow,
    SplitName, Target, VersionNumber,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Rows of the train split that the test of all columns together may draw from.
const SAMPLE_ROWS: usize = 2_000;

/// The first byte of a column's or a sample's object.
const FORMAT: u8 = 1;

/// The values of one profiled column, as they are stored: a version byte, then postcard.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum ColumnStore {
    /// Ascending; missing values are counted elsewhere.
    Numbers(Vec<f64>),
    /// How often each text occurs.
    Counts(BTreeMap<String, u64>),
}

/// A profile's manifest and the objects it names.
pub(crate) struct ProfileParts {
    pub(crate) manifest: Vec<u8>,
    pub(crate) objects: Vec<Vec<u8>>,
}

/// What a profile is made from.
pub(crate) struct ProfileSource<'a> {
    pub(crate) inputs: &'a Inputs,
    pub(crate) transform: &'a Transform,
    pub(crate) artifact: Digest,
    pub(crate) train: &'a SplitData,
    pub(crate) val: &'a Answered,
    pub(crate) test: &'a Answered,
    /// Answers to the drifted holdout, where there is one.
    pub(crate) holdout: Option<&'a Answered>,
    /// The network, of an image model.
    pub(crate) network: Option<&'a NetworkModel>,
    /// The splits, where pictures are looked up that no model learned from.
    pub(crate) splits: &'a BTreeMap<SplitName, SplitData>,
}

/// Rows that a profile describes.
struct Part<'a> {
    train: &'a SplitData,
    /// Answers to rows that the model did not learn from.
    answers: Vec<&'a Answered>,
    /// What a batch with labels is compared with.
    judged: &'a Answered,
    /// Rows that the model did not learn from.
    unseen: Vec<Frame>,
    calibration: Option<ConfidenceCalibration>,
}

impl ProfileSource<'_> {
    fn frames(&self, names: &[SplitName]) -> Vec<&Frame> {
        names.iter().filter_map(|name| self.splits.get(name)).map(|split| &split.frame).collect()
    }
}

impl ColumnStore {
    /// The values of a column, with its kind and how many rows are missing.
    pub(crate) fn of(values: &ColumnValues) -> (ColumnStore, ProfileKind, u64) {
        match values {
            ColumnValues::Number(v) => {
                let mut sorted: Vec<f64> = v.iter().copied().filter(|x| !x.is_nan()).map(|x| x + 0.0).collect();
                driftgate_drift::sort(&mut sorted);
                let missing = (v.len() - sorted.len()) as u64;
                (ColumnStore::Numbers(sorted), ProfileKind::Numeric, missing)
            }
            ColumnValues::Text { .. } => {
                let (counts, missing) = counts(values);
                (ColumnStore::Counts(counts), ProfileKind::Categorical, missing)
            }
        }
    }

    pub(crate) fn to_bytes(&self) -> Result<Vec<u8>> {
        to_bytes(self)
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<ColumnStore> {
        match numbers(bytes) {
            Some(numbers) => Ok(ColumnStore::Numbers(numbers)),
            None => from_bytes(bytes, "a profile's column"),
        }
    }
}

/// The numbers of a column's bytes, without a step through the decoder for each: a version byte, the variant's number, how many
/// there are as a varint, then eight bytes each. `None` where the bytes are anything else.
fn numbers(bytes: &[u8]) -> Option<Vec<f64>> {
    let mut rest = bytes.strip_prefix(&[FORMAT, 0])?;
    let (mut count, mut shift) = (0_u64, 0);
    loop {
        let (&byte, more) = rest.split_first()?;
        rest = more;
        count |= u64::from(byte & 0x7F).checked_shl(shift)?;
        shift += 7;
        if byte < 0x80 {
            break;
        }
    }
    let (values, left) = rest.as_chunks::<8>();
    let whole = left.is_empty() && values.len() as u64 == count;
    whole.then(|| values.iter().map(|v| f64::from_le_bytes(*v)).collect())
}

/// How often each text of a text column occurs, and how many rows are missing.
pub(crate) fn counts(values: &ColumnValues) -> (BTreeMap<String, u64>, u64) {
    let ColumnValues::Text { dictionary, codes } = values else { return (BTreeMap::new(), 0) };
    let mut by_code = vec![0u64; dictionary.len()];
    let mut missing = 0;
    for code in codes {
        match by_code.get_mut(*code as usize) {
            Some(n) => *n += 1,
            None => missing += 1,
        }
    }
    let mut counts = BTreeMap::new();
    for (text, n) in dictionary.iter().zip(by_code).filter(|(_, n)| *n > 0) {
        *counts.entry(text.clone()).or_insert(0) += n;
    }
    (counts, missing)
}

pub(crate) fn to_bytes<T: Serialize>(value: &T) -> Result<Vec<u8>> {
    postcard::to_extend(value, vec![FORMAT])
        .map_err(|e| EngineError::corrupt(format!("a part of a profile cannot be written: {e}")))
}

pub(crate) fn from_bytes<T: serde::de::DeserializeOwned>(bytes: &[u8], what: &str) -> Result<T> {
    let corrupt = |why: String| EngineError::corrupt(format!("{what} cannot be read: {why}"));
    match bytes.split_first() {
        Some((&FORMAT, rest)) => postcard::from_bytes(rest).map_err(|e| corrupt(e.to_string())),
        Some((other, _)) => Err(corrupt(format!("its format is {other}"))),
        None => Err(corrupt("it is empty".into())),
    }
}

/// The predicted class of each row as a text column, or the predicted values.
pub(crate) fn predicted(answers: &Predictions) -> ColumnValues {
    match answers {
        Predictions::Classes { labels, .. } => {
            ColumnValues::Text { dictionary: labels.clone(), codes: answers.codes() }
        }
        Predictions::Values(values) => ColumnValues::Number(values.clone()),
    }
}

/// The probability of the predicted class of each row; `None` for values.
pub(crate) fn confidences(answers: &Predictions) -> Option<Vec<f64>> {
    let Predictions::Classes { probabilities, .. } = answers else { return None };
    let codes = answers.codes();
    Some(codes.iter().enumerate().map(|(i, code)| probabilities.get(i, *code as usize)).collect())
}

/// Whether each row's predicted class is right; `None` for values.
pub(crate) fn correct(answered: &Answered) -> Option<Vec<bool>> {
    let Target::Classes { codes: truth, .. } = &answered.truth else { return None };
    Some(answered.predictions.codes().iter().zip(truth).map(|(a, b)| a == b).collect())
}

/// The target as a column.
pub(crate) fn target_column(target: &Target) -> ColumnValues {
    match target {
        Target::Classes { labels, codes } => ColumnValues::Text { dictionary: labels.clone(), codes: codes.clone() },
        Target::Values(values) => ColumnValues::Number(values.clone()),
    }
}

/// The terms whose mean is the metric: 1 for a right answer, or the absolute error.
pub(crate) fn terms(answered: &Answered) -> Vec<f64> {
    match (&answered.predictions, &answered.truth) {
        (Predictions::Values(predicted), Target::Values(truth)) => {
            predicted.iter().zip(truth).map(|(p, t)| (p - t).abs()).collect()
        }
        _ => correct(answered).unwrap_or_default().into_iter().map(|hit| f64::from(u8::from(hit))).collect(),
    }
}

/// Mean and standard deviation (divided by n − 1).
pub(crate) fn moments(values: &[f64]) -> (f64, f64) {
    let n = values.len().max(1) as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|v| (v - mean) * (v - mean)).sum();
    (mean, (squares / (n - 1.0).max(1.0)).sqrt())
}

fn performance_of(answered: &Answered) -> ReferencePerformance {
    let terms = terms(answered);
    let (value, sd) = moments(&terms);
    let metric = if matches!(answered.truth, Target::Values(_)) { "mae" } else { "accuracy" };
    ReferencePerformance { metric: metric.into(), rows: terms.len() as u64, value, sd }
}

/// Columns of one kind, one after another.
fn joined(parts: &[ColumnValues]) -> Result<ColumnValues> {
    let mut parts = parts.iter();
    let first = parts.next().cloned().unwrap_or(ColumnValues::Number(Vec::new()));
    parts.try_fold(first, |all, more| all.append(more)).ok_or_else(|| EngineError::corrupt("answers of two kinds"))
}

/// Collects objects and names them by their digest.
#[derive(Default)]
struct Columns {
    objects: Vec<Vec<u8>>,
    /// The number columns of the profile in the making among them, by name.
    numbers: Vec<(String, usize)>,
}

impl Columns {
    fn add(&mut self, name: &str, values: &ColumnValues) -> Result<ProfileColumn> {
        let (store, kind, missing) = ColumnStore::of(values);
        let bytes = store.to_bytes()?;
        let digest = Digest::of(&bytes);
        if kind == ProfileKind::Numeric {
            self.numbers.push((name.into(), self.objects.len()));
        }
        self.objects.push(bytes);
        Ok(ProfileColumn { name: name.into(), kind, rows: values.len() as u64, missing, values: digest })
    }
}

impl Columns {
    /// Permutation thresholds of the number columns, as an object, where the configured test is judged by them.
    ///
    /// That is the Wasserstein distance alone: permuting its values costs thousands of steps a draw, so that it pays to do it
    /// once. A permutation of counts (PSI, Jensen–Shannon) is one draw a cell, and made at each check it is exact for the very
    /// sizes and values of the batch. Of two columns with one name the first has thresholds.
    fn thresholds(&self, drift: &DriftConfig, threads: usize, cancel: &CancelToken) -> Result<Option<Vec<u8>>> {
        if drift.numerical != DriftTest::Wasserstein {
            return Ok(None);
        }
        let mut thresholds = DistanceThresholds::new(drift.permutations);
        for (name, at) in &self.numbers {
            let ColumnStore::Numbers(sorted) = ColumnStore::from_bytes(&self.objects[*at])? else { continue };
            let values = ReferenceValues::Numbers(&sorted);
            let made = driftgate_drift::column_thresholds(
                name,
                drift.numerical,
                values,
                drift.permutations,
                drift.seed,
                threads,
                cancel,
            )?;
            if let Some(made) = made {
                thresholds.columns.entry(name.clone()).or_insert(made);
            }
        }
        (!thresholds.columns.is_empty()).then(|| to_bytes(&thresholds)).transpose()
    }
}

/// Reads a profile's thresholds.
pub(crate) fn read_thresholds(bytes: &[u8]) -> Result<DistanceThresholds> {
    from_bytes(bytes, "a profile's thresholds")
}

/// Makes a profile: the same model and data give the same bytes.
pub(crate) fn make(source: &ProfileSource, cancel: &CancelToken) -> Result<ProfileParts> {
    let mut columns = Columns::default();
    let sure = [source.val, source.test].map(|a| confidences(&a.predictions));
    let calibration = match (&sure, correct(source.val), correct(source.test)) {
        ([Some(val), Some(test)], Some(val_right), Some(test_right)) => {
            Some(fit_calibration((val, &val_right), (test, &test_right))?)
        }
        _ => None,
    };
    let mut batches = Vec::new();
    for batch in &source.inputs.batches {
        let Some(holdout) = source.holdout else { continue };
        let of = |split| places(source.inputs, split, |row| batch.rows.contains(&row));
        let (train, held) = (source.train.take(&of(SplitName::Train)), holdout.take(&of(SplitName::DriftHoldout)));
        // Whether stated confidence means there what it meant on validation is checked on the holdout; what a batch with
        // labels is compared with stays the clean test split, or learning from a batch would pass for coping with it.
        let calibration = match (&sure[0], correct(source.val), confidences(&held.predictions), correct(&held)) {
            (Some(val), Some(right), Some(own), Some(own_right)) => {
                Some(fit_calibration((val, &right), (&own, &own_right))?)
            }
            _ => None,
        };
        let unseen =
            source.frames(&[SplitName::DriftHoldout]).iter().map(|f| f.take(&of(SplitName::DriftHoldout))).collect();
        let part = Part { train: &train, answers: vec![&held], judged: source.test, unseen, calibration };
        let profile = canonical(&describe(source, &part, Vec::new(), &mut columns, cancel)?)?;
        let digest = Digest::of(&profile);
        columns.objects.push(profile);
        batches.push(BatchProfile {
            batch: batch.file,
            rows: train.y.len() as u64,
            holdout: performance_of(&held),
            profile: digest,
        });
    }
    let drifted = |row: usize| source.inputs.batches.iter().any(|b| b.rows.contains(&row));
    let clean;
    let train = if batches.is_empty() {
        source.train
    } else {
        clean = source.train.take(&places(source.inputs, SplitName::Train, |row| !drifted(row)));
        &clean
    };
    let unseen = source.frames(&[SplitName::Val, SplitName::Test]).into_iter().cloned().collect();
    let part = Part { train, answers: vec![source.val, source.test], judged: source.test, unseen, calibration };
    let profile = describe(source, &part, batches, &mut columns, cancel)?;
    Ok(ProfileParts { manifest: canonical(&profile)?, objects: columns.objects })
}

/// Places (from 0) within a split of the rows of the data set that are `wanted`.
fn places(inputs: &Inputs, split: SplitName, wanted: impl Fn(usize) -> bool) -> Vec<usize> {
    let rows = inputs.assignment.rows(split);
    rows.into_iter().enumerate().filter(|(_, row)| wanted(*row)).map(|(place, _)| place).collect()
}

fn describe(
    source: &ProfileSource,
    part: &Part,
    batches: Vec<BatchProfile>,
    columns: &mut Columns,
    cancel: &CancelToken,
) -> Result<ReferenceProfile> {
    columns.numbers.clear();
    let mut profiled = Vec::new();
    for input in source.transform.inputs() {
        cancel.check()?;
        let values = part
            .train
            .frame
            .column(&input.name)
            .ok_or_else(|| EngineError::corrupt(format!("the train split has lost the column `{}`", input.name)))?;
        profiled.push(columns.add(&input.name, values)?);
    }
    let answers: Vec<ColumnValues> = part.answers.iter().map(|a| predicted(&a.predictions)).collect();
    let predictions = columns.add("prediction", &joined(&answers)?)?;
    let sure: Option<Vec<Vec<f64>>> = part.answers.iter().map(|a| confidences(&a.predictions)).collect();
    let confidences = match sure {
        Some(sure) => Some(columns.add("confidence", &ColumnValues::Number(sure.concat()))?),
        None => None,
    };
    let target = columns.add(&source.inputs.spec.target, &target_column(&part.train.y))?;
    let drift = drift_of(&source.inputs.config);
    let thresholds = columns.thresholds(&drift, source.inputs.threads, cancel)?;
    let sample = to_bytes(&sampled(&part.train.x, SAMPLE_ROWS, drift.seed))?;
    let pictures = match (source.network, &source.inputs.network) {
        (Some(model), Some(network)) => {
            let work = Work { threads: source.inputs.threads, observer: &NullObserver, cancel };
            let learned = pictures_of(&part.train.frame)?;
            let unseen: Vec<Vec<Digest>> = part.unseen.iter().map(pictures_of).collect::<Result<_>>()?;
            let made = PictureProfile::of(&learned, &unseen.concat(), &network.pictures, model, drift.seed, &work)?;
            Some(made.to_bytes()?)
        }
        _ => None,
    };
    let profile = ReferenceProfile {
        schema: "driftgate/profile/1".into(),
        artifact: source.artifact,
        dataset_version: source.inputs.dataset_version,
        task: source.inputs.config.task,
        rows: part.train.frame.rows() as u64,
        columns: profiled,
        predictions,
        confidences,
        target,
        performance: performance_of(part.judged),
        confidence_calibration: part.calibration.clone(),
        sample: Digest::of(&sample),
        thresholds: thresholds.as_ref().map(|bytes| Digest::of(bytes)),
        batches,
        images: pictures.as_ref().map(|bytes| Digest::of(bytes)),
    };
    columns.objects.extend(pictures);
    columns.objects.push(sample);
    columns.objects.extend(thresholds);
    Ok(profile)
}

/// How batches of a model trained so are checked.
pub(crate) fn drift_of(config: &RunConfig) -> DriftConfig {
    config.drift.clone().unwrap_or_else(driftgate_config::default_drift)
}

fn sampled(x: &Matrix, rows: usize, seed: u64) -> Matrix {
    x.take(&driftgate_drift::sample_rows(x.rows(), rows, seed))
}

/// Reads a profile's sample of the train split.
pub(crate) fn read_sample(bytes: &[u8]) -> Result<Matrix> {
    from_bytes(bytes, "a profile's sample")
}

impl Workspace {
    /// The profile of a registered version.
    pub(crate) fn profile_of(
        &self,
        name: &str,
        version: &driftgate_model::VersionRow,
    ) -> Result<(Digest, ReferenceProfile)> {
        let digest = version.profile.ok_or_else(|| {
            EngineError::refused(
                format!("version {} of {name} has no reference profile to compare a batch with", version.version),
                format!("Make one with `driftgate models profile {name}@{}`", version.version),
            )
        })?;
        let profile: ReferenceProfile = self.get_json(&digest)?;
        if profile.schema != "driftgate/profile/1" {
            return Err(EngineError::corrupt(format!("the profile has the unknown schema `{}`", profile.schema)));
        }
        Ok((digest, profile))
    }

    /// The reference profile of a version (`NAME`, or `NAME@3`), made now where there is none.
    ///
    /// Errors: no such version; its model or its data are gone or altered.
    pub fn profile(&self, model: &str, observer: &dyn Observer, cancel: &CancelToken) -> Result<ProfileView> {
        let (row, number) = self.find_version(model)?;
        let version = row.version(number).ok_or_else(|| EngineError::corrupt("a version vanished"))?;
        let (digest, made) = match version.profile {
            Some(digest) => (digest, false),
            None => (self.back_fill(&self.run_row(&version.run)?, number, observer, cancel)?, true),
        };
        Ok(ProfileView {
            schema: "driftgate/profile-view/1".into(),
            model: row.name.clone(),
            version: number,
            made,
            digest,
            profile: self.get_json(&digest)?,
        })
    }

    fn back_fill(
        &self,
        run: &RunRow,
        version: VersionNumber,
        observer: &dyn Observer,
        cancel: &CancelToken,
    ) -> Result<Digest> {
        let artifact = run.artifact.ok_or_else(|| EngineError::corrupt("the version's run has no artifact"))?;
        observer.stage_started("profile");
        let loaded = self.load_model(&artifact)?;
        let config = self.get_json(&run.subject.config)?;
        let inputs = self.load_inputs(config, run.subject.config, &self.dataset_version_of(run)?)?;
        let splits = stages::apply(&inputs, &loaded.transform, cancel)?;
        let split = |name: SplitName| {
            splits.get(&name).ok_or_else(|| EngineError::corrupt(format!("the data have no {} split", name.as_str())))
        };
        let answered = |name| -> Result<Answered> {
            let data = split(name)?;
            Ok(Answered { predictions: loaded.model.answer(data, cancel)?, truth: data.y.clone() })
        };
        let (val, test) = (answered(SplitName::Val)?, answered(SplitName::Test)?);
        let held_out = splits.contains_key(&SplitName::DriftHoldout);
        let holdout = if held_out { Some(answered(SplitName::DriftHoldout)?) } else { None };
        let source = ProfileSource {
            inputs: &inputs,
            transform: &loaded.transform,
            artifact,
            train: split(SplitName::Train)?,
            val: &val,
            test: &test,
            holdout: holdout.as_ref(),
            network: loaded.model.network().ok(),
            splits: &splits,
        };
        let parts = make(&source, cancel)?;
        for bytes in &parts.objects {
            self.ledger.put(bytes)?;
        }
        let profile = self.ledger.put(&parts.manifest)?;
        let (stamp, model) = (self.stamp(), run.subject.model.clone());
        self.ledger.write(|tx| -> Result<()> {
            tx.append(&stamp, EventBody::ProfileAdded { model, version, artifact, profile })?;
            Ok(())
        })?;
        observer.stage_finished("profile", &format!("{} columns", loaded.transform.inputs().len()));
        Ok(profile)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]
    use super::*;

    #[test]
    fn numbers_are_read_as_they_are_written() {
        for count in [0, 1, 127, 128, 20_000] {
            let values: Vec<f64> = (0..count).map(|i| f64::from(i) / 3.0 - 5.0).collect();
            let store = ColumnStore::Numbers(values.clone());
            let bytes = store.to_bytes().unwrap();
            assert_eq!(numbers(&bytes).unwrap(), values);
            assert_eq!(ColumnStore::from_bytes(&bytes).unwrap(), store);
            assert_eq!(numbers(&bytes[..bytes.len() - 1]), None);
            assert!(ColumnStore::from_bytes(&bytes[..bytes.len() - 1]).is_err());
        }
        let counts = ColumnStore::Counts(BTreeMap::from([("a".to_owned(), 3)]));
        assert_eq!(ColumnStore::from_bytes(&counts.to_bytes().unwrap()).unwrap(), counts);
        for odd in [
            &[][..],
            &[FORMAT],
            &[FORMAT, 0],
            &[FORMAT, 0, 0xFF],
            &[FORMAT, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1],
        ] {
            assert!(numbers(odd).is_none());
        }
    }
}
