//! Adaptation: a labelled drifted batch joins a data set as a new version, and can leave it again.

use crate::approve::mandatory;
use crate::artifact::{LoadedModel, canonical};
use crate::import::newest;
use crate::stages::{Answered, Inputs};
use crate::{EngineError, EventFilter, Result, Workspace};
use driftgate_data::{Staged, Table};
use driftgate_learn::metrics::{Baseline, EvaluateOptions};
use driftgate_model::views::{AdaptationList, AdaptationView, UndoneView};
use driftgate_model::{
    AdaptationRecord, AdaptationRow, CancelToken, DataFile, DatasetRow, DatasetSpec, DatasetVersionRow, Digest, Event,
    EventBody, FileKind, Frame, ModelName, Observer, PicturePlace, RunId, SplitEvaluation, SplitName, StagedBatch,
    ValidationReport, VersionRow,
};
use std::collections::BTreeSet;
use std::path::PathBuf;

/// What staging is told besides its model.
#[derive(Debug, Clone)]
pub struct AdaptOptions {
    /// The labelled batch: a CSV, TSV or Parquet file.
    pub batch: PathBuf,
    /// Share of its rows that no model learns from, above 0 and at most 0.9.
    pub holdout: f64,
}

/// The model that met the drift, and the data it was trained on.
struct Origin {
    name: ModelName,
    version: VersionRow,
    dataset: DatasetRow,
    base: DatasetVersionRow,
    loaded: LoadedModel,
    inputs: Inputs,
}

/// A batch that was read and found fit to be learned from.
struct Read {
    bytes: Vec<u8>,
    table: Table,
    frame: Frame,
    validation: ValidationReport,
    /// Where its pictures lie; empty for tables.
    places: Vec<PicturePlace>,
}

impl Workspace {
    /// Adds the labelled rows of a batch to the data set of `model` (`NAME` is the version in Production, or `NAME@3`) as a new
    /// version. Nothing is rewritten: old rows keep their split, and what each file held stays as it is.
    ///
    /// A part of the rows becomes the drifted holdout, the rest joins the train split; none joins a clean test or validation
    /// split. What the version of the model reaches on the holdout now is recorded: before and after are compared when a
    /// candidate faces the gate. Errors: no labels, labels the model does not know, rows that break the contract, nothing to
    /// learn from or to hold out.
    pub fn adapt_stage(
        &self,
        model: &str,
        options: &AdaptOptions,
        observer: &dyn Observer,
        cancel: &CancelToken,
    ) -> Result<AdaptationView> {
        if !(options.holdout > 0.0 && options.holdout <= 0.9) {
            return Err(EngineError::bad_input(
                format!("a holdout of {} cannot be drawn", options.holdout),
                "Give `--holdout` a share above 0 and at most 0.9; 0.3 is the default",
            ));
        }
        observer.stage_started("read");
        let origin = self.origin(model)?;
        let read = self.read_labelled(&options.batch, &origin, observer, cancel)?;
        observer.stage_finished("read", &read.table.size_words());
        cancel.check()?;
        observer.stage_started("split");
        let lineage = self.split_lineage(Some(&origin.dataset))?;
        let lineage = lineage.ok_or_else(|| EngineError::corrupt("a data set has no version"))?;
        let keyed = read.table.frame_for_split(&origin.inputs.spec, Some(&lineage))?;
        let inputs = &origin.inputs;
        let staged = driftgate_data::stage(&keyed, &inputs.spec, &inputs.assignment, &lineage, options.holdout)?;
        let (train, holdout) = shares(&staged, origin.base.rows);
        observer.stage_finished("split", &format!("{} to learn from, {} held out", train.len(), holdout.len()));
        cancel.check()?;
        observer.stage_started("baseline");
        let baseline = self.baseline(&origin, &read.frame.take(&holdout), cancel)?;
        observer.stage_finished("baseline", &format!("version {} on the holdout", origin.version.version));
        let id = self.record_staged(&origin, &read, &staged, options, baseline)?;
        self.adaptation_view(&id)
    }

    fn origin(&self, model: &str) -> Result<Origin> {
        let (row, number) = self.find_version(model)?;
        let version = row.version(number).ok_or_else(|| EngineError::corrupt("a version vanished"))?.clone();
        let run = self.run_row(&version.run)?;
        let dataset = self.dataset_row(&run.subject.dataset)?;
        let base = newest(&dataset)?.clone();
        let loaded = self.load_model(&version.artifact)?;
        let inputs = self.load_inputs(self.get_json(&run.subject.config)?, run.subject.config, &base)?;
        Ok(Origin { name: row.name, version, dataset, base, loaded, inputs })
    }

    fn read_labelled(
        &self,
        path: &std::path::Path,
        origin: &Origin,
        observer: &dyn Observer,
        cancel: &CancelToken,
    ) -> Result<Read> {
        let spec = &origin.inputs.spec;
        if origin.inputs.network.is_some() {
            return self.read_labelled_pictures(path, origin, observer, cancel);
        }
        let bytes = driftgate_data::bytes_of(path)?;
        let table = crate::predict::read_batch(path, &bytes, spec.format.clone(), &origin.loaded.transform)?;
        if table.column(&spec.target).is_none() {
            return Err(EngineError::bad_input(
                format!("the batch has no column `{}`, so nothing can be learned from it", spec.target),
                "Add the true answers under that name; what a model answered is no truth",
            ));
        }
        let validation = driftgate_data::validate_batch(&table, spec, self.host.clock.now());
        if validation.errors() > 0 {
            let named = ValidationReport { dataset: table.name().to_owned(), ..validation };
            return Err(EngineError::InvalidData(Box::new(named)));
        }
        let frame = table.frame(spec)?;
        self.labelled(origin, &frame)?;
        Ok(Read { bytes, table, frame, validation, places: Vec::new() })
    }

    /// A batch of pictures, every one of them in the folder of its class.
    fn read_labelled_pictures(
        &self,
        path: &std::path::Path,
        origin: &Origin,
        observer: &dyn Observer,
        cancel: &CancelToken,
    ) -> Result<Read> {
        let spec = &origin.inputs.spec;
        let labels = &origin.loaded.manifest.labels;
        let batch = self.read_pictures(path, spec, labels, &self.work(observer, cancel))?;
        batch.notes.iter().for_each(|note| observer.warning(note));
        let given = batch.table.texts(&spec.target).unwrap_or_default();
        if given.is_empty() || given.iter().any(String::is_empty) {
            return Err(EngineError::bad_input(
                "the pictures of the batch have no labels, so nothing can be learned from them",
                format!(
                    "Put them into folders named by their class ({}), or list them in a labels.csv",
                    labels.join(", ")
                ),
            ));
        }
        let frame = batch.table.frame(spec)?;
        self.labelled(origin, &frame)?;
        // What only a whole data set must satisfy is not asked of a batch.
        const OF_A_WHOLE: [&str; 4] = ["too_few_classes", "too_few_images", "tiny_classes", "class_imbalance"];
        let mut batch = batch;
        batch.findings.retain(|f| !OF_A_WHOLE.contains(&f.check.as_str()));
        let validation = ValidationReport {
            schema: "driftgate/validation/1".into(),
            dataset: batch.table.name().to_owned(),
            version: None,
            rows: batch.table.rows() as u64,
            columns: batch.table.columns().len() as u64,
            findings: batch.findings,
        };
        if validation.errors() > 0 {
            return Err(EngineError::InvalidData(Box::new(validation)));
        }
        Ok(Read { bytes: batch.list, table: batch.table, frame, validation, places: batch.places })
    }

    /// The truth of a frame, in the labels of the model.
    fn labelled(&self, origin: &Origin, frame: &Frame) -> Result<driftgate_model::Target> {
        Ok(driftgate_data::target(frame, &contract(&origin.inputs.spec, &origin.loaded.manifest.labels))?)
    }

    fn baseline(&self, origin: &Origin, holdout: &Frame, cancel: &CancelToken) -> Result<SplitEvaluation> {
        let inputs = &origin.inputs;
        let truth = self.labelled(origin, holdout)?;
        let answered = Answered { predictions: origin.loaded.predict(holdout)?, truth };
        let naive = Baseline::of(&inputs.target.take(&inputs.assignment.rows(SplitName::Train)))?;
        let options = EvaluateOptions {
            split: SplitName::DriftHoldout.as_str(),
            config: &inputs.config.evaluation,
            threads: inputs.threads,
            cancel,
        };
        Ok(driftgate_learn::metrics::evaluate(&answered.answers()?, &naive, &options)?)
    }

    fn record_staged(
        &self,
        origin: &Origin,
        read: &Read,
        staged: &Staged,
        options: &AdaptOptions,
        baseline: SplitEvaluation,
    ) -> Result<RunId> {
        let Origin { dataset, base, .. } = origin;
        let id = self.new_run_id();
        let batch = self.ledger.put(&read.bytes)?;
        let (train, holdout) = shares(staged, base.rows);
        let mut batches = self.batches_of(base)?;
        let kept: BTreeSet<usize> = staged.kept.iter().copied().collect();
        batches.push(StagedBatch {
            adaptation: id.clone(),
            file: batch,
            format: read.table.format().clone(),
            rows: read.table.rows() as u64,
            left_out: (0..read.table.rows()).filter(|i| !kept.contains(i)).map(|i| i as u64).collect(),
            train: train.len() as u64,
            holdout: holdout.len() as u64,
        });
        let mut files = base.files.clone();
        files.push(DataFile {
            name: format!("drifted-{}.{}", batches.len(), extension(read.table.format().kind)),
            digest: batch,
            size: read.bytes.len() as u64,
            reference: None,
        });
        files.extend(self.packs_of(&read.places, &format!("drifted-{}", batches.len()))?);
        let record = AdaptationRecord {
            schema: "driftgate/adaptation/1".into(),
            adaptation: id.clone(),
            staged_at: self.host.clock.now(),
            model: origin.name.clone(),
            model_version: origin.version.version,
            artifact: origin.version.artifact,
            dataset: dataset.name.clone(),
            base: base.number,
            batches,
            known: staged.known as u64,
            tested: staged.tested as u64,
            holdout_share: options.holdout,
            baseline,
        };
        let record_digest = self.ledger.put_json(&record)?;
        let split = self.ledger.put(&staged.assignment.to_bytes())?;
        let version = self.staged_version(&origin.inputs.spec, base, &files, &split)?;
        let known = dataset.versions.iter().find(|v| v.version == version);
        let number = known.map_or(dataset.versions.len() as u32 + 1, |v| v.number);
        let statement = self.ledger.attest(
            "urn:driftgate:adaptation:1",
            &[("batch".into(), batch), ("record".into(), record_digest), ("dataset".into(), version)],
            serde_json::json!({
                "adaptation": id.as_str(),
                "model": origin.name.as_str(),
                "version": origin.version.version,
                "dataset": dataset.name,
                "datasetVersion": number,
            }),
        )?;
        let added = match known {
            Some(_) => None,
            None => Some(EventBody::DatasetAdded {
                dataset: dataset.name.clone(),
                number,
                version,
                task: dataset.task,
                target: dataset.target.clone(),
                spec: base.spec,
                files,
                validation: self.ledger.put_json(&read.validation)?,
                split,
                counts: staged.assignment.counts(),
                rows: staged.assignment.splits().len() as u64,
                columns: base.columns,
                source: self.ledger.seal(&source_of(&options.batch))?,
            }),
        };
        let body = EventBody::AdaptationStaged {
            adaptation: id.clone(),
            model: origin.name.clone(),
            model_version: origin.version.version,
            dataset: dataset.name.clone(),
            base: base.number,
            number,
            train: train.len() as u64,
            holdout: holdout.len() as u64,
            batch,
            record: record_digest,
            statement,
        };
        self.append_staged(dataset, base.number, added, body)?;
        Ok(id)
    }

    /// Appends the version and the adaptation that made it together, unless the data set changed meanwhile.
    fn append_staged(
        &self,
        dataset: &DatasetRow,
        base: u32,
        added: Option<EventBody>,
        staged: EventBody,
    ) -> Result<()> {
        let stamp = self.decision_stamp()?;
        self.ledger.write(|tx| -> Result<()> {
            let now = tx.dataset(&dataset.name)?;
            let same = now.as_ref().is_some_and(|d| {
                d.versions.len() == dataset.versions.len() && d.newest().is_some_and(|v| v.number == base)
            });
            if !same {
                return Err(EngineError::conflict(
                    format!("the data set `{}` changed meanwhile", dataset.name),
                    "Stage the batch again",
                ));
            }
            if let Some(added) = added {
                tx.append(&stamp, added)?;
            }
            tx.append(&stamp, staged)?;
            Ok(())
        })
    }

    /// The batches that a version holds already.
    fn batches_of(&self, version: &DatasetVersionRow) -> Result<Vec<StagedBatch>> {
        let Some(adaptation) = &version.adaptation else { return Ok(Vec::new()) };
        let record: AdaptationRecord = self.get_json(&adaptation.record)?;
        Ok(record.batches)
    }

    /// The id of a version with drifted rows: that of its files and its meaning, and of who is held out.
    fn staged_version(
        &self,
        spec: &DatasetSpec,
        base: &DatasetVersionRow,
        files: &[DataFile],
        split: &Digest,
    ) -> Result<Digest> {
        let logical = |(i, f): (usize, &DataFile)| {
            let name = if i == 0 { driftgate_data::logical_name(&spec.format).to_owned() } else { f.name.clone() };
            (name, f.digest, f.size)
        };
        let named: Vec<(String, Digest, u64)> = files.iter().enumerate().map(logical).collect();
        let mut manifest = driftgate_data::content_version(&named, spec);
        manifest["staged"] = serde_json::json!({ "base": base.version.to_string(), "split": split.to_string() });
        Ok(self.ledger.put(&canonical(&manifest)?)?)
    }

    /// The adaptations of this workspace, newest first: all that ever were, taken back or not.
    pub fn adaptations(&self) -> Result<AdaptationList> {
        let kinds = vec!["adaptation.staged".to_owned(), "adaptation.undone".to_owned()];
        let mut found: Vec<AdaptationView> = Vec::new();
        for event in self.ledger.audit_log(&EventFilter { kinds, ..EventFilter::default() })? {
            if let EventBody::AdaptationUndone { adaptation, reason, .. } = &event.body {
                let undone = UndoneView {
                    at: event.time,
                    actor: self.opened_or_said(&event.actor)?,
                    reason: self.opened_or_said(reason)?,
                };
                if let Some(view) = found.iter_mut().find(|v| v.adaptation == *adaptation) {
                    view.undone = Some(undone);
                }
            }
            found.extend(self.staged_then(event)?);
        }
        found.reverse();
        Ok(AdaptationList { schema: "driftgate/adaptations/1".into(), adaptations: found })
    }

    /// What an event of staging says, whatever became of it.
    fn staged_then(&self, event: Event) -> Result<Option<AdaptationView>> {
        let EventBody::AdaptationStaged {
            adaptation,
            model,
            model_version,
            dataset,
            base,
            number,
            train,
            holdout,
            batch,
            record,
            ..
        } = event.body
        else {
            return Ok(None);
        };
        let row = AdaptationRow {
            adaptation,
            seq: event.seq,
            at: event.time,
            actor: event.actor,
            model,
            model_version,
            base,
            train,
            holdout,
            batch,
            record,
            undone: None,
        };
        Ok(Some(self.view_of(&self.dataset_row(&dataset)?, number, &row)?))
    }

    fn adaptation_view(&self, id: &RunId) -> Result<AdaptationView> {
        let (row, number, adaptation) = self.find_adaptation(id.as_str())?;
        self.view_of(&row, number, &adaptation)
    }

    fn view_of(&self, row: &DatasetRow, number: u32, a: &AdaptationRow) -> Result<AdaptationView> {
        let record: AdaptationRecord = self.get_json(&a.record)?;
        let undone = match &a.undone {
            None => None,
            Some(u) => Some(UndoneView {
                at: u.at,
                actor: self.opened_or_said(&u.actor)?,
                reason: self.opened_or_said(&u.reason)?,
            }),
        };
        Ok(AdaptationView {
            schema: "driftgate/adaptation-view/1".into(),
            adaptation: a.adaptation.clone(),
            at: a.at,
            actor: self.opened_or_said(&a.actor)?,
            model: a.model.clone(),
            model_version: a.model_version,
            dataset: row.name.clone(),
            base: a.base,
            number,
            train: a.train,
            holdout: a.holdout,
            known: record.known,
            tested: record.tested,
            baseline: record.baseline,
            undone,
            current: newest(row)?.number,
        })
    }

    /// Takes an adaptation back: runs use the version it was based on again. What it made stays on record.
    ///
    /// Errors: no such adaptation; it was taken back before; a later one rests on it.
    pub fn adapt_undo(&self, id: &str, reason: &str) -> Result<AdaptationView> {
        let (row, number, adaptation) = self.find_adaptation(id)?;
        let reason = mandatory(reason)?;
        let body = EventBody::AdaptationUndone {
            adaptation: adaptation.adaptation.clone(),
            model: adaptation.model.clone(),
            dataset: row.name,
            number,
            reason: self.ledger.seal(reason)?,
        };
        let stamp = self.decision_stamp()?;
        self.ledger.write(|tx| -> Result<()> {
            tx.append(&stamp, body)?;
            Ok(())
        })?;
        self.adaptation_view(&adaptation.adaptation)
    }

    /// The one adaptation whose id begins or ends with `text`.
    fn find_adaptation(&self, text: &str) -> Result<(DatasetRow, u32, AdaptationRow)> {
        let text = text.to_ascii_lowercase();
        if text.len() < 4 {
            return Err(EngineError::bad_input(
                format!("`{text}` is too short to name an adaptation"),
                "Give at least 4 digits of its id: `driftgate adapt list` shows them",
            ));
        }
        let named = |id: &RunId| id.as_str().starts_with(&text) || id.as_str().ends_with(&text);
        let mut found = Vec::new();
        for row in self.datasets()? {
            for version in &row.versions {
                if let Some(a) = version.adaptation.as_ref().filter(|a| named(&a.adaptation)) {
                    found.push((row.clone(), version.number, a.clone()));
                }
            }
        }
        match found.len() {
            1 => Ok(found.remove(0)),
            0 => Err(EngineError::not_found(
                format!("no adaptation is named `{text}`"),
                "`driftgate adapt list` shows them; `driftgate adapt stage` makes one",
            )),
            n => Err(EngineError::bad_input(
                format!("`{text}` names {n} adaptations"),
                "Give more digits of the one you mean",
            )),
        }
    }
}

/// A spec that takes the labels of the model for the whole label set.
pub(crate) fn contract(spec: &DatasetSpec, labels: &[String]) -> DatasetSpec {
    let mut spec = spec.clone();
    if spec.task.is_classification() {
        spec.constraints.label_classes = Some(labels.to_vec());
    }
    spec
}

/// The rows (from 0) of the batch to learn from, and those held out; `base` rows come before them in the assignment.
fn shares(staged: &Staged, base: u64) -> (Vec<usize>, Vec<usize>) {
    let splits = staged.assignment.splits().iter().skip(usize::try_from(base).unwrap_or(usize::MAX));
    let rows: Vec<(usize, SplitName)> = staged.kept.iter().copied().zip(splits.copied()).collect();
    let of = |wanted: bool| {
        let held = |s: SplitName| (s == SplitName::DriftHoldout) == wanted;
        rows.iter().filter(|(_, s)| held(*s)).map(|(row, _)| *row).collect()
    };
    (of(false), of(true))
}

fn extension(kind: FileKind) -> &'static str {
    match kind {
        FileKind::Csv => "csv",
        FileKind::Parquet => "parquet",
    }
}

fn source_of(path: &std::path::Path) -> String {
    path.canonicalize().unwrap_or_else(|_| path.to_path_buf()).display().to_string()
}
