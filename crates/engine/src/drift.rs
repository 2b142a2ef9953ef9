//! A drift check: a batch against the reference profile of a version.

mod alike;
mod pictures;
mod read;

pub(crate) use pictures::PictureProfile;
pub(crate) use read::{ReadBatch, picture_rows_only};

use crate::artifact::LoadedModel;
use crate::estimator::{Estimator, NetworkModel};
use crate::pictures::PictureStore;
use crate::profile::{self, ColumnStore};
use crate::{EngineError, Result, Workspace};
use driftgate_config::DiskFiles;
use driftgate_data::Batch as Rows;
use driftgate_determinism::Workers;
use driftgate_drift::{BatchPerformance, CategoricalColumn, DistanceThresholds, JointSide, NumericColumn};
use driftgate_learn::Predictions;
use driftgate_model::views::DriftCheckView;
use driftgate_model::{
    CancelToken, ColumnDrift, ColumnValues, DatasetSpec, Digest, DriftConfig, DriftReport, DriftSeverity,
    DriftTestResult, DriftVerdict, EstimatedPerformance, EventBody, ImageEvidence, Matrix, NullObserver, Observer,
    OverallDrift, ProfileColumn, Progress, ReferencePerformance, ReferenceProfile, Target,
};
use pictures::PictureFindings;
use read::Kept;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

/// How many of the worst columns an event names.
const WORST: usize = 5;
/// Cells that a thread holds as the model takes them.
const MOST_CELLS: usize = 1 << 20;
/// Rows of such a part, at least and at most.
const FEWEST_ROWS: usize = 256;
const MOST_ROWS: usize = 1 << 16;

/// What a drift check is told besides its model.
#[derive(Debug, Clone)]
pub struct DriftCheckOptions {
    /// The batch: a CSV, TSV or Parquet file.
    pub batch: PathBuf,
    /// A `drift.yaml` to use instead of the settings the model was trained with.
    pub config: Option<PathBuf>,
}

/// What a check works on.
struct Batch<'a> {
    rows: &'a Rows,
    labels: Option<Target>,
    profile: &'a ReferenceProfile,
    config: &'a DriftConfig,
    /// Thresholds that training left, where they are those that the config asks for.
    thresholds: Option<DistanceThresholds>,
    /// The pictures that the rows stand for; empty for tables.
    pictures: &'a [Digest],
    store: &'a PictureStore,
}

impl Workspace {
    /// Compares a batch with the train split of a version (`NAME` is the one in Production, or `NAME@3`), and records the report.
    ///
    /// Errors: the version has no profile; the batch cannot be read, lacks a column, has values of another type, or has fewer
    /// rows than `monitoring.min_batch_size`. Then nothing is recorded.
    pub fn drift_check(
        &self,
        model: &str,
        options: &DriftCheckOptions,
        observer: &dyn Observer,
        cancel: &CancelToken,
    ) -> Result<DriftCheckView> {
        let (row, number) = self.find_version(model)?;
        let version = row.version(number).ok_or_else(|| EngineError::corrupt("a version vanished"))?;
        let name = row.name.as_str();
        let (profile_digest, profile) = self.profile_of(name, version)?;
        let run = self.run_row(&version.run)?;
        let config = self.drift_config(&run.subject.config, options)?;
        let loaded = self.load_model(&version.artifact)?;
        let spec: DatasetSpec = self.get_json(&self.dataset_version_of(&run)?.spec)?;
        let (read, kept, notes) = self.read_any(&options.batch, &loaded, &spec, observer, cancel)?;
        let ReadBatch { rows, pictures, unlabelled } = read;
        enough(&rows, &config)?;
        let (labels, mut warnings) = match unlabelled {
            true => (None, Vec::new()),
            false => labels_of(&rows, &spec, &loaded.manifest.labels),
        };
        warnings.extend(notes);
        let ignored: Vec<String> = rows.ignored().iter().filter(|c| **c != spec.target).cloned().collect();
        if !ignored.is_empty() && pictures.is_empty() {
            warnings.push(format!("the model does not use {}, so nothing was said of it", ignored.join(", ")));
        }
        observer.stage_finished("read", &format!("{} rows", rows.rows()));
        let thresholds = self.thresholds_of(&profile, &config)?;
        let store = &self.pictures;
        let batch =
            Batch { rows: &rows, labels, profile: &profile, config: &config, thresholds, pictures: &pictures, store };
        let (found, like) = self.compare_known(&batch, &loaded, observer, cancel)?;
        // What was compared, whatever the file holds by now.
        let digest = match kept {
            Kept::Bytes(bytes) => self.ledger.put(&bytes)?,
            Kept::Object(digest) => digest,
        };
        let report = DriftReport {
            schema: "driftgate/drift/1".into(),
            drift_type: if pictures.is_empty() { "tabular" } else { "images" }.into(),
            model: row.name.clone(),
            model_version: number,
            run: version.run.clone(),
            generated_at: self.host.clock.now(),
            task: profile.task,
            dataset_version: profile.dataset_version,
            profile: profile_digest,
            batch: digest,
            reference_rows: like.as_ref().map_or(profile.rows, |(_, rows)| *rows),
            like: like.map(|(batch, _)| batch),
            batch_rows: rows.rows() as u64,
            overall: found.overall,
            columns: found.columns,
            global: found.global,
            predictions: found.predictions,
            confidences: found.confidences,
            labels: found.labels,
            performance: found.performance,
            estimated: found.estimated,
            images: found.images,
            warnings,
            config,
        };
        self.record_check(options, report)
    }

    /// The settings of a check: the named file's, or those that the model was trained with.
    fn drift_config(&self, config: &Digest, options: &DriftCheckOptions) -> Result<DriftConfig> {
        match &options.config {
            Some(path) => Ok(driftgate_config::resolve_drift(path, &DiskFiles)?),
            None => {
                let config: driftgate_model::config::RunConfig = self.get_json(config)?;
                Ok(profile::drift_of(&config))
            }
        }
    }

    /// Compares rows with a profile, for a rule of the gate: nothing is recorded.
    pub(crate) fn compare_rows(
        &self,
        read: &ReadBatch,
        profile: &ReferenceProfile,
        config: &DriftConfig,
        loaded: &LoadedModel,
        cancel: &CancelToken,
    ) -> Result<(OverallDrift, Vec<String>)> {
        let ReadBatch { rows, pictures, .. } = read;
        enough(rows, config)?;
        let thresholds = self.thresholds_of(profile, config)?;
        let batch = Batch { rows, labels: None, profile, config, thresholds, pictures, store: &self.pictures };
        let found = self.compare_known(&batch, loaded, &NullObserver, cancel)?.0;
        let worst = worst(&found.columns).into_iter().map(|(name, _)| name).collect();
        Ok((found.overall, worst))
    }

    /// The thresholds that training left, unless another number of permutations is asked for: then p-values are permuted anew.
    fn thresholds_of(&self, profile: &ReferenceProfile, config: &DriftConfig) -> Result<Option<DistanceThresholds>> {
        let Some(digest) = &profile.thresholds else { return Ok(None) };
        let thresholds = profile::read_thresholds(&self.ledger.get(digest)?)?;
        Ok(Some(thresholds).filter(|t| t.permutations == config.permutations))
    }

    fn compare_batch(
        &self,
        batch: &Batch,
        loaded: &LoadedModel,
        observer: &dyn Observer,
        cancel: &CancelToken,
    ) -> Result<Found> {
        observer.stage_started("columns");
        let mut columns = self.compare_columns(batch, observer, cancel)?;
        observer.stage_finished("columns", &format!("{} columns", columns.len()));
        observer.stage_started("model");
        let profile = batch.profile;
        let (answers, found) = match &loaded.model {
            Estimator::Table(_) => (self.answer(batch, loaded, observer, cancel)?, None),
            Estimator::Network(model) => self.answer_pictures(batch, model, observer, cancel)?,
        };
        let performance = batch.labels.as_ref().map(|truth| performance(profile, &answers.terms(truth), batch.config));
        let estimated = match batch.labels {
            None => estimate(profile, answers.sure.as_deref(), batch.config),
            Some(_) => None,
        };
        cancel.check()?;
        let predictions = self.compare_one(&profile.predictions, answers.predicted, batch)?;
        let confidences = match (&profile.confidences, answers.sure) {
            (Some(column), Some(sure)) => Some(self.compare_one(column, ColumnValues::Number(sure), batch)?),
            _ => None,
        };
        cancel.check()?;
        let labels = match &batch.labels {
            Some(target) => Some(self.compare_one(&profile.target, profile::target_column(target), batch)?),
            None => None,
        };
        observer.stage_finished("model", &format!("{} answers", batch.rows.rows()));
        let global = match answers.sample {
            Some(sample) => Some(self.compare_together(batch, loaded, &sample, observer, cancel)?),
            None => None,
        };
        let (embeddings, images) = match found {
            Some(found) => {
                columns.extend(found.pixels);
                (Some(found.global), Some(found.evidence))
            }
            None => (None, None),
        };
        let (sure, labelled) = (confidences.is_some(), labels.is_some());
        let outputs = [Some(predictions), confidences, labels].into_iter().flatten().collect();
        let finished = driftgate_drift::finish(columns, outputs, global, batch.config);
        let finished = match embeddings {
            Some(embeddings) => finished.with_pictures(embeddings, batch.config),
            None => finished,
        };
        let finished = finished.with_performance(performance.as_ref(), batch.config);
        let mut outputs = finished.outputs.into_iter();
        Ok(Found {
            overall: finished.overall,
            columns: finished.columns,
            global: finished.global,
            predictions: outputs.next(),
            confidences: if sure { outputs.next() } else { None },
            labels: if labelled { outputs.next() } else { None },
            performance,
            estimated,
            images,
        })
    }

    /// A network's answers to the pictures of a batch, and what the pictures say besides.
    fn answer_pictures(
        &self,
        batch: &Batch,
        model: &NetworkModel,
        observer: &dyn Observer,
        cancel: &CancelToken,
    ) -> Result<(Answers, Option<PictureFindings>)> {
        let answers = model.answer_pictures(batch.pictures, observer, cancel)?;
        let found = match &batch.profile.images {
            None => None,
            Some(digest) => {
                let profile = PictureProfile::from_bytes(&self.ledger.get(digest)?)?;
                let work = self.work(observer, cancel);
                Some(pictures::compare(batch, batch.pictures, &answers, model, &profile, &work)?)
            }
        };
        Ok((Answers::of(vec![answers.predictions], None), found))
    }

    fn compare_together(
        &self,
        batch: &Batch,
        loaded: &LoadedModel,
        sample: &Matrix,
        observer: &dyn Observer,
        cancel: &CancelToken,
    ) -> Result<DriftTestResult> {
        observer.stage_started("all together");
        let reference = profile::read_sample(&self.ledger.get(&batch.profile.sample)?)?;
        let reference = JointSide { rows: &reference, of: batch.profile.rows };
        let sample = JointSide { rows: sample, of: batch.rows.rows() as u64 };
        let (names, threads) = (loaded.transform.output_features(), self.host.worker_threads());
        let done = |done, total| observer.progress("all together", Progress { done, total });
        let result = driftgate_drift::joint(reference, sample, names, batch.config, threads, &done, cancel)?;
        observer.stage_finished("all together", "");
        Ok(result)
    }

    /// The model's answers, some rows at a time in each thread; and the rows that the test of all columns together takes.
    fn answer(
        &self,
        batch: &Batch,
        loaded: &LoadedModel,
        observer: &dyn Observer,
        cancel: &CancelToken,
    ) -> Result<Answers> {
        let rows = batch.rows.rows();
        let part = (MOST_CELLS / loaded.transform.output_features().len().max(1)).clamp(FEWEST_ROWS, MOST_ROWS);
        let drawn = match &batch.config.global {
            g if g.enabled => driftgate_drift::sample_rows(rows, g.sample as usize, batch.config.seed),
            _ => Vec::new(),
        };
        let parts = rows.div_ceil(part);
        let done = AtomicU64::new(0);
        let one = |i: usize| -> Result<(Predictions, Matrix)> {
            cancel.check()?;
            let range = i * part..rows.min((i + 1) * part);
            let x = batch.rows.matrix(range.clone(), &loaded.transform)?;
            let answers = loaded.model.predict(&x)?;
            let of_part = drawn.partition_point(|r| *r < range.start)..drawn.partition_point(|r| *r < range.end);
            let local: Vec<usize> = drawn[of_part].iter().map(|r| r - range.start).collect();
            let done = done.fetch_add(range.len() as u64, Ordering::Relaxed) + range.len() as u64;
            observer.progress("model", Progress { done, total: rows as u64 });
            Ok((answers, x.take(&local)))
        };
        let found: Result<Vec<_>> =
            Workers::run(self.host.worker_threads(), |workers| workers.map(parts, one).into_iter().collect());
        let (answers, samples): (Vec<_>, Vec<_>) = found?.into_iter().unzip();
        let sample = batch.config.global.enabled.then(|| stacked(&samples));
        Ok(Answers::of(answers, sample))
    }

    fn compare_columns(
        &self,
        batch: &Batch,
        observer: &dyn Observer,
        cancel: &CancelToken,
    ) -> Result<Vec<ColumnDrift>> {
        let columns = &batch.profile.columns;
        let total = columns.len() as u64;
        let done = AtomicU64::new(0);
        let one = |i: usize| -> Result<ColumnDrift> {
            cancel.check()?;
            let values = batch.rows.column(&columns[i].name)?;
            let found = self.compare_one(&columns[i], values, batch)?;
            let done = done.fetch_add(1, Ordering::Relaxed) + 1;
            observer.progress("columns", Progress { done, total });
            Ok(found)
        };
        Workers::run(self.host.worker_threads(), |workers| workers.map(columns.len(), one).into_iter().collect())
    }

    fn compare_one(&self, reference: &ProfileColumn, values: ColumnValues, batch: &Batch) -> Result<ColumnDrift> {
        let (config, thresholds) = (batch.config, batch.thresholds.as_ref());
        let stored = ColumnStore::from_bytes(&self.ledger.get(&reference.values)?)?;
        match (&stored, values) {
            (ColumnStore::Numbers(sorted), ColumnValues::Number(batch)) => {
                let column = NumericColumn {
                    name: &reference.name,
                    reference: sorted,
                    reference_missing: reference.missing,
                    batch,
                    thresholds,
                };
                Ok(driftgate_drift::check_numeric(column, config))
            }
            (ColumnStore::Counts(counts), values @ ColumnValues::Text { .. }) => {
                let (batch, batch_missing) = profile::counts(&values);
                let column = CategoricalColumn {
                    name: &reference.name,
                    reference: counts,
                    reference_missing: reference.missing,
                    batch: &batch,
                    batch_missing,
                    thresholds,
                };
                Ok(driftgate_drift::check_categorical(column, config))
            }
            _ => Err(EngineError::bad_input(
                format!("`{}` is of another type than in the reference", reference.name),
                "Give the column the type that it has in the model's data set",
            )),
        }
    }

    fn record_check(&self, options: &DriftCheckOptions, report: DriftReport) -> Result<DriftCheckView> {
        let source = options.batch.canonicalize().unwrap_or_else(|_| options.batch.clone());
        let source = self.ledger.seal(&source.display().to_string())?;
        let digest = self.ledger.put_json(&report)?;
        let overall = &report.overall;
        let alarm =
            overall.severity != DriftSeverity::None && overall.severity >= report.config.monitoring.alert_severity;
        let check = self.new_run_id();
        let statement = self.ledger.attest(
            "urn:driftgate:drift:1",
            &[("batch".into(), report.batch), ("profile".into(), report.profile)],
            serde_json::json!({
                "check": check.as_str(),
                "model": report.model.as_str(),
                "version": report.model_version,
                "verdict": overall.verdict.as_str(),
                "severity": overall.severity.as_str(),
                "report": digest.to_string(),
            }),
        )?;
        let body = EventBody::DriftChecked {
            check: check.clone(),
            model: report.model.clone(),
            version: report.model_version,
            profile: report.profile,
            batch: report.batch,
            source,
            rows: report.batch_rows,
            labelled: report.labels.is_some(),
            verdict: overall.verdict,
            severity: overall.severity,
            alarm,
            drift_share: overall.drift_share,
            worst: worst(&report.columns),
            report: digest,
            statement,
        };
        let stamp = self.stamp();
        self.ledger.write(|tx| -> Result<()> {
            tx.append(&stamp, body)?;
            Ok(())
        })?;
        let model = report.model.as_str().to_owned();
        let row = self.ledger.read(|view| -> Result<_> { Ok(view.check(&model, &check)?) })?;
        self.check_view(&row.ok_or_else(|| EngineError::corrupt("the check is gone from the ledger"))?)
    }
}

/// What comparing found.
struct Found {
    overall: OverallDrift,
    columns: Vec<ColumnDrift>,
    global: Option<DriftTestResult>,
    predictions: Option<ColumnDrift>,
    confidences: Option<ColumnDrift>,
    labels: Option<ColumnDrift>,
    performance: Option<DriftTestResult>,
    estimated: Option<EstimatedPerformance>,
    images: Option<ImageEvidence>,
}

fn enough(rows: &Rows, config: &DriftConfig) -> Result<()> {
    let least = config.monitoring.min_batch_size;
    if rows.rows() as u64 >= least {
        return Ok(());
    }
    Err(EngineError::refused(
        format!(
            "the batch has {}, and `monitoring.min_batch_size` is {least}",
            match rows.rows() {
                1 => "1 row".to_owned(),
                n => format!("{n} rows"),
            }
        ),
        "Collect more rows first; nothing was checked or recorded",
    ))
}

/// The target of a batch that has it, or why it is not used.
fn labels_of(rows: &Rows, spec: &DatasetSpec, labels: &[String]) -> (Option<Target>, Vec<String>) {
    match rows.target(spec, labels) {
        None => (None, Vec::new()),
        Some(Ok(target)) => (Some(target), Vec::new()),
        Some(Err(e)) => (None, vec![format!("the labels in `{}` are not used: {e}", spec.target)]),
    }
}

/// What the model answers to a batch.
struct Answers {
    /// As a column: classes or values.
    predicted: ColumnValues,
    /// The probability of each predicted class.
    sure: Option<Vec<f64>>,
    /// Rows of the batch as the model takes them, for the test of all columns together.
    sample: Option<Matrix>,
}

impl Answers {
    /// Parts in the order of the rows.
    fn of(parts: Vec<Predictions>, sample: Option<Matrix>) -> Answers {
        let (mut predicted, mut sure) = (None, None);
        for part in parts {
            if let Some(confidences) = profile::confidences(&part) {
                sure.get_or_insert_with(Vec::new).extend(confidences);
            }
            predicted = match (predicted.take(), profile::predicted(&part)) {
                (Some(ColumnValues::Number(mut all)), ColumnValues::Number(more)) => {
                    all.extend(more);
                    Some(ColumnValues::Number(all))
                }
                // All parts are of one label set.
                (Some(ColumnValues::Text { dictionary, codes: mut all }), ColumnValues::Text { codes, .. }) => {
                    all.extend(codes);
                    Some(ColumnValues::Text { dictionary, codes: all })
                }
                (_, first) => Some(first),
            };
        }
        Answers { predicted: predicted.unwrap_or(ColumnValues::Number(Vec::new())), sure, sample }
    }

    /// The terms whose mean is the metric: 1 for a right answer, or the absolute error.
    fn terms(&self, truth: &Target) -> Vec<f64> {
        match (&self.predicted, truth) {
            (ColumnValues::Number(predicted), Target::Values(truth)) => {
                predicted.iter().zip(truth).map(|(p, t)| (p - t).abs()).collect()
            }
            (ColumnValues::Text { codes: predicted, .. }, Target::Classes { codes: truth, .. }) => {
                predicted.iter().zip(truth).map(|(p, t)| f64::from(u8::from(p == t))).collect()
            }
            _ => Vec::new(),
        }
    }
}

/// One matrix below the other; all have the same columns.
fn stacked(parts: &[Matrix]) -> Matrix {
    let (rows, cols) = (parts.iter().map(Matrix::rows).sum(), parts.first().map_or(0, Matrix::cols));
    let mut data = Vec::with_capacity(rows * cols);
    for j in 0..cols {
        parts.iter().for_each(|part| data.extend_from_slice(part.column(j)));
    }
    Matrix::from_columns(rows, cols, data).unwrap_or_default()
}

/// Performance on a batch with labels against the model's own test split.
fn performance(profile: &ReferenceProfile, terms: &[f64], config: &DriftConfig) -> DriftTestResult {
    let (value, sd) = profile::moments(terms);
    compare_performance(&profile.performance, BatchPerformance { rows: terms.len() as u64, value, sd }, config)
}

fn compare_performance(
    reference: &ReferencePerformance,
    batch: BatchPerformance,
    config: &DriftConfig,
) -> DriftTestResult {
    let min = match reference.metric.as_str() {
        "accuracy" => config.effect.min.performance,
        _ => config.effect.min.performance * reference.value,
    };
    driftgate_drift::performance(reference, batch, min, config.threshold_numerical, config.effect.level)
}

/// Performance on a batch without labels; only classifiers state a confidence.
fn estimate(profile: &ReferenceProfile, sure: Option<&[f64]>, config: &DriftConfig) -> Option<EstimatedPerformance> {
    let accuracy = Some(profile.performance.value);
    Some(driftgate_drift::estimate(sure?, profile.confidence_calibration.as_ref(), accuracy, config.effect.level))
}

/// The drifted columns with the largest effects, in multiples of what matters.
fn worst(columns: &[ColumnDrift]) -> Vec<(String, f64)> {
    let drifted = columns.iter().filter(|c| c.verdict == DriftVerdict::Drifted);
    // A column of which every row is new has no finite multiple where nothing at all was expected.
    let finite = |c: &ColumnDrift| driftgate_drift::multiple(c).min(1e6);
    let mut list: Vec<(String, f64)> = drifted.map(|c| (c.name.clone(), finite(c))).collect();
    list.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    list.truncate(WORST);
    list
}
