//! Reference profiles: what a model's train split looked like, kept beside the model, one object a column.

use crate::artifact::{LoadedModel, canonical};
use crate::stages::{self, Answered, Inputs, SplitData};
use crate::{EngineError, Result, Workspace};
use driftgate_data::Transform;
use driftgate_drift::{DistanceThresholds, ReferenceValues, fit_calibration};
use driftgate_learn::Predictions;
use driftgate_model::config::RunConfig;
use driftgate_model::views::ProfileView;
use driftgate_model::{
    CancelToken, ColumnValues, Digest, DriftConfig, DriftTest, EventBody, Matrix, Observer, ProfileColumn, ProfileKind,
    ReferencePerformance, ReferenceProfile, RunRow, SplitName, Target, VersionNumber,
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
        from_bytes(bytes, "a profile's column")
    }
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

fn to_bytes<T: Serialize>(value: &T) -> Result<Vec<u8>> {
    postcard::to_extend(value, vec![FORMAT])
        .map_err(|e| EngineError::corrupt(format!("a part of a profile cannot be written: {e}")))
}

fn from_bytes<T: serde::de::DeserializeOwned>(bytes: &[u8], what: &str) -> Result<T> {
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

/// One text column or number column after another.
fn joined(a: &ColumnValues, b: &ColumnValues) -> ColumnValues {
    match (a, b) {
        (ColumnValues::Number(a), ColumnValues::Number(b)) => ColumnValues::Number([a.as_slice(), b].concat()),
        (ColumnValues::Text { dictionary, codes: a }, ColumnValues::Text { codes: b, .. }) => {
            // Both are of one label set, so that one dictionary serves.
            ColumnValues::Text { dictionary: dictionary.clone(), codes: [a.as_slice(), b].concat() }
        }
        _ => a.clone(),
    }
}

/// Collects objects and names them by their digest.
#[derive(Default)]
struct Columns {
    objects: Vec<Vec<u8>>,
    /// The number columns among them, by name.
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
        Ok((!thresholds.columns.is_empty()).then(|| to_bytes(&thresholds)).transpose()?)
    }
}

/// Reads a profile's thresholds.
pub(crate) fn read_thresholds(bytes: &[u8]) -> Result<DistanceThresholds> {
    from_bytes(bytes, "a profile's thresholds")
}

/// Makes a profile: the same model and data give the same bytes.
pub(crate) fn make(source: &ProfileSource, cancel: &CancelToken) -> Result<ProfileParts> {
    let mut columns = Columns::default();
    let mut profiled = Vec::new();
    for input in source.transform.inputs() {
        cancel.check()?;
        let values = source
            .train
            .frame
            .column(&input.name)
            .ok_or_else(|| EngineError::corrupt(format!("the train split has lost the column `{}`", input.name)))?;
        profiled.push(columns.add(&input.name, values)?);
    }
    let answers = [source.val, source.test].map(|a| &a.predictions);
    let predictions = columns.add("prediction", &joined(&predicted(answers[0]), &predicted(answers[1])))?;
    let sure = answers.map(confidences);
    let confidence = match (&sure[0], &sure[1]) {
        (Some(val), Some(test)) => {
            Some(columns.add("confidence", &ColumnValues::Number([val.as_slice(), test].concat()))?)
        }
        _ => None,
    };
    let calibration = match (&sure, correct(source.val), correct(source.test)) {
        ([Some(val), Some(test)], Some(val_right), Some(test_right)) => {
            Some(fit_calibration((val, &val_right), (test, &test_right))?)
        }
        _ => None,
    };
    let target = columns.add(&source.inputs.spec.target, &target_column(&source.train.y))?;
    let drift = drift_of(&source.inputs.config);
    let thresholds = columns.thresholds(&drift, source.inputs.threads, cancel)?;
    let seed = drift.seed;
    let sample = to_bytes(&sampled(&source.train.x, SAMPLE_ROWS, seed))?;
    let profile = ReferenceProfile {
        schema: "driftgate/profile/1".into(),
        artifact: source.artifact,
        dataset_version: source.inputs.dataset_version,
        task: source.inputs.config.task,
        rows: source.train.frame.rows() as u64,
        columns: profiled,
        predictions,
        confidences: confidence,
        target,
        performance: performance_of(source.test),
        confidence_calibration: calibration,
        sample: Digest::of(&sample),
        thresholds: thresholds.as_ref().map(|bytes| Digest::of(bytes)),
    };
    columns.objects.push(sample);
    columns.objects.extend(thresholds);
    Ok(ProfileParts { manifest: canonical(&profile)?, objects: columns.objects })
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
        let loaded = LoadedModel::load(&self.ledger, &artifact)?;
        let config = self.get_json(&run.subject.config)?;
        let inputs = self.load_inputs(config, run.subject.config, &self.dataset_version_of(run)?)?;
        let splits = stages::apply(&inputs, &loaded.transform, cancel)?;
        let split = |name: SplitName| {
            splits.get(&name).ok_or_else(|| EngineError::corrupt(format!("the data have no {} split", name.as_str())))
        };
        let answered = |name| -> Result<Answered> {
            let data = split(name)?;
            Ok(Answered { predictions: loaded.model.predict(&data.x)?, truth: data.y.clone() })
        };
        let (val, test) = (answered(SplitName::Val)?, answered(SplitName::Test)?);
        let source = ProfileSource {
            inputs: &inputs,
            transform: &loaded.transform,
            artifact,
            train: split(SplitName::Train)?,
            val: &val,
            test: &test,
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
