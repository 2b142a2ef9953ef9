//! A drift check: a batch against the reference profile of a version.

use crate::artifact::LoadedModel;
use crate::profile::{self, ColumnStore};
use crate::stages::Answered;
use crate::{EngineError, Result, Workspace};
use driftgate_config::DiskFiles;
use driftgate_data::Table;
use driftgate_determinism::Workers;
use driftgate_drift::{BatchPerformance, CategoricalColumn, JointSide, NumericColumn};
use driftgate_model::views::DriftCheckView;
use driftgate_model::{
    CancelToken, ColumnDrift, ColumnValues, DatasetSpec, Digest, DriftConfig, DriftReport, DriftSeverity,
    DriftTestResult, DriftVerdict, EstimatedPerformance, EventBody, Frame, Observer, ProfileColumn, Progress,
    ReferenceProfile, Target,
};
use std::path::PathBuf;

/// How many of the worst columns an event names.
const WORST: usize = 5;

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
    frame: &'a Frame,
    labels: Option<Target>,
    profile: &'a ReferenceProfile,
    config: &'a DriftConfig,
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
        observer.stage_started("read");
        let loaded = LoadedModel::load(&self.ledger, &version.artifact)?;
        let spec: DatasetSpec = self.get_json(&self.dataset_version_of(&run)?.spec)?;
        let bytes = driftgate_data::bytes_of(&options.batch)?;
        let table = crate::predict::read_batch(&options.batch, &bytes, spec.format.clone(), &loaded.transform)?;
        let frame = driftgate_data::frame_for_prediction(&table, &loaded.transform)?;
        enough(&frame, &config)?;
        let (labels, mut warnings) = labels_of(&table, &spec, &loaded.manifest.labels);
        let ignored = driftgate_data::ignored_columns(&table, &loaded.transform);
        let ignored: Vec<String> = ignored.into_iter().filter(|c| *c != spec.target).collect();
        if !ignored.is_empty() {
            warnings.push(format!("the model does not use {}, so nothing was said of it", ignored.join(", ")));
        }
        observer.stage_finished("read", &format!("{} rows", frame.rows()));
        let batch = Batch { frame: &frame, labels, profile: &profile, config: &config };
        let found = self.compare_batch(&batch, &loaded, observer, cancel)?;
        // The bytes that were compared, whatever the file holds by now.
        let digest = self.ledger.put(&bytes)?;
        let report = DriftReport {
            schema: "driftgate/drift/1".into(),
            drift_type: "tabular".into(),
            model: row.name.clone(),
            model_version: number,
            run: version.run.clone(),
            generated_at: self.host.clock.now(),
            task: profile.task,
            dataset_version: profile.dataset_version,
            profile: profile_digest,
            batch: digest,
            reference_rows: profile.rows,
            batch_rows: frame.rows() as u64,
            overall: found.overall,
            columns: found.columns,
            global: found.global,
            predictions: found.predictions,
            confidences: found.confidences,
            labels: found.labels,
            performance: found.performance,
            estimated: found.estimated,
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

    fn compare_batch(
        &self,
        batch: &Batch,
        loaded: &LoadedModel,
        observer: &dyn Observer,
        cancel: &CancelToken,
    ) -> Result<Found> {
        observer.stage_started("columns");
        let columns = self.compare_columns(batch, observer, cancel)?;
        observer.stage_finished("columns", &format!("{} columns", columns.len()));
        observer.stage_started("model");
        let x = loaded.transform.apply(batch.frame)?;
        let predictions = loaded.model.predict(&x)?;
        let profile = batch.profile;
        let answers = self.compare_one(&profile.predictions, &profile::predicted(&predictions), batch.config)?;
        let sure = profile::confidences(&predictions);
        let confidences = match (&profile.confidences, &sure) {
            (Some(column), Some(sure)) => {
                Some(self.compare_one(column, &ColumnValues::Number(sure.clone()), batch.config)?)
            }
            _ => None,
        };
        let labels = match &batch.labels {
            Some(target) => Some(self.compare_one(&profile.target, &profile::target_column(target), batch.config)?),
            None => None,
        };
        let estimated = match batch.labels {
            None => estimate(profile, sure.as_deref(), batch.config),
            Some(_) => None,
        };
        let performance = batch
            .labels
            .clone()
            .map(|truth| performance(profile, &profile::terms(&Answered { predictions, truth }), batch.config));
        cancel.check()?;
        observer.stage_finished("model", &format!("{} answers", batch.frame.rows()));
        let global = if batch.config.global.enabled {
            observer.stage_started("all together");
            let reference = profile::read_sample(&self.ledger.get(&profile.sample)?)?;
            let threads = self.host.worker_threads();
            let sides =
                (JointSide { rows: &reference, of: batch.profile.rows }, JointSide { rows: &x, of: x.rows() as u64 });
            let names = loaded.transform.output_features();
            let result = driftgate_drift::joint(sides.0, sides.1, names, batch.config, threads, cancel)?;
            observer.stage_finished("all together", "");
            Some(result)
        } else {
            None
        };
        let (sure, labelled) = (confidences.is_some(), labels.is_some());
        let outputs = [Some(answers), confidences, labels].into_iter().flatten().collect();
        let finished = driftgate_drift::finish(columns, outputs, global, batch.config);
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
        })
    }

    fn compare_columns(
        &self,
        batch: &Batch,
        observer: &dyn Observer,
        cancel: &CancelToken,
    ) -> Result<Vec<ColumnDrift>> {
        let columns = &batch.profile.columns;
        let total = columns.len() as u64;
        let done = std::sync::atomic::AtomicU64::new(0);
        let one = |i: usize| -> Result<ColumnDrift> {
            cancel.check()?;
            let values = profile::column(batch.frame, &columns[i].name)?;
            let found = self.compare_one(&columns[i], values, batch.config)?;
            let done = done.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1;
            observer.progress("columns", Progress { done, total });
            Ok(found)
        };
        Workers::run(self.host.worker_threads(), |workers| workers.map(columns.len(), one).into_iter().collect())
    }

    fn compare_one(
        &self,
        reference: &ProfileColumn,
        values: &ColumnValues,
        config: &DriftConfig,
    ) -> Result<ColumnDrift> {
        let stored = ColumnStore::from_bytes(&self.ledger.get(&reference.values)?)?;
        match (&stored, values) {
            (ColumnStore::Numbers(sorted), ColumnValues::Number(v)) => {
                let column = NumericColumn {
                    name: &reference.name,
                    reference: sorted,
                    reference_missing: reference.missing,
                    batch: v.clone(),
                    thresholds: None,
                };
                Ok(driftgate_drift::check_numeric(column, config))
            }
            (ColumnStore::Counts(counts), ColumnValues::Text { .. }) => {
                let (batch, batch_missing) = profile::counts(values);
                let column = CategoricalColumn {
                    name: &reference.name,
                    reference: counts,
                    reference_missing: reference.missing,
                    batch: &batch,
                    batch_missing,
                    thresholds: None,
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
    overall: driftgate_model::OverallDrift,
    columns: Vec<ColumnDrift>,
    global: Option<DriftTestResult>,
    predictions: Option<ColumnDrift>,
    confidences: Option<ColumnDrift>,
    labels: Option<ColumnDrift>,
    performance: Option<DriftTestResult>,
    estimated: Option<EstimatedPerformance>,
}

fn enough(frame: &Frame, config: &DriftConfig) -> Result<()> {
    let least = config.monitoring.min_batch_size;
    if frame.rows() as u64 >= least {
        return Ok(());
    }
    Err(EngineError::refused(
        format!("the batch has {} rows, and `monitoring.min_batch_size` is {least}", frame.rows()),
        "Collect more rows first; nothing was checked or recorded",
    ))
}

/// The target of a batch that has it, or why it is not used. `labels` are the model's own: a batch may lack some of them, and
/// one with others cannot be judged.
fn labels_of(table: &Table, spec: &DatasetSpec, labels: &[String]) -> (Option<Target>, Vec<String>) {
    if table.column(&spec.target).is_none() {
        return (None, Vec::new());
    }
    let mut only = spec.clone();
    only.features.clear();
    only.split = driftgate_model::SplitPolicy::default();
    if spec.task.is_classification() {
        only.constraints.label_classes = Some(labels.to_vec());
    }
    let read = table.frame(&only).and_then(|frame| driftgate_data::target(&frame, &only));
    match read {
        Ok(target) => (Some(target), Vec::new()),
        Err(e) => (None, vec![format!("the labels in `{}` are not used: {e}", spec.target)]),
    }
}

/// Performance on a batch with labels against the model's own test split.
fn performance(profile: &ReferenceProfile, terms: &[f64], config: &DriftConfig) -> DriftTestResult {
    let (value, sd) = profile::moments(terms);
    let reference = &profile.performance;
    let min = match reference.metric.as_str() {
        "accuracy" => config.effect.min.performance,
        _ => config.effect.min.performance * reference.value,
    };
    let batch = BatchPerformance { rows: terms.len() as u64, value, sd };
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
