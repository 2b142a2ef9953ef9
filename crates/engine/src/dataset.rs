use crate::import::newest;
use crate::{EngineError, Result, Workspace};
use driftgate_data::Table;
use driftgate_ledger::RunFilter;
use driftgate_model::views::DatasetView;
use driftgate_model::{
    AdaptationRecord, DataFile, DatasetRow, DatasetSpec, DatasetVersionRow, Digest, Frame, ImageRef, ModelName,
};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// Pictures of each class.
type ClassCounts = Vec<(String, u64)>;

/// Pictures of a class that are shown.
const SHOWN: u64 = 6;

/// The rows of a data set version that came with one drifted batch.
#[derive(Debug, Clone)]
pub(crate) struct BatchRows {
    /// The batch's bytes.
    pub(crate) file: Digest,
    /// Their place in the version, from 0.
    pub(crate) rows: Range<usize>,
}

impl Workspace {
    /// The data sets, by name.
    pub fn datasets(&self) -> Result<Vec<DatasetRow>> {
        self.ledger.read(|view| Ok(view.datasets()?))
    }

    /// One data set with its newest spec, report and changes.
    pub fn dataset(&self, name: &str) -> Result<DatasetView> {
        let row = self.dataset_row(name)?;
        let version = newest(&row)?;
        let filter = RunFilter { dataset: Some(name.to_string()), ..RunFilter::default() };
        let models: BTreeSet<ModelName> = self
            .ledger
            .read(|view| -> Result<_> { Ok(view.runs(&filter)?.into_iter().map(|r| r.subject.model).collect()) })?;
        let mut changes = Vec::new();
        for (at, new) in row.versions.iter().enumerate().skip(1) {
            // What an adaptation made that was taken back is no measure.
            let used = |v: &&DatasetVersionRow| v.adaptation.as_ref().is_none_or(|a| a.undone.is_none());
            let before = row.versions[..at].iter().rev().find(used).unwrap_or(&row.versions[at - 1]);
            changes.push(self.describe_change(before, new)?);
        }
        let spec: DatasetSpec = self.get_json(&version.spec)?;
        let (classes, shown) = self.pictures_in(version, &spec)?;
        Ok(DatasetView {
            schema: "driftgate/dataset/1".into(),
            classes,
            shown,
            spec,
            validation: self.get_json(&version.validation)?,
            changes,
            models: models.into_iter().collect(),
            dataset: row.clone(),
        })
    }

    /// Pictures of each class in a version, and a few of each to look at; nothing for tables.
    fn pictures_in(&self, version: &DatasetVersionRow, spec: &DatasetSpec) -> Result<(ClassCounts, Vec<ImageRef>)> {
        if spec.images.is_none() {
            return Ok((Vec::new(), Vec::new()));
        }
        let (frame, _) = self.read_version(version, spec)?;
        let mut classes: BTreeMap<String, u64> = BTreeMap::new();
        let mut shown = Vec::new();
        for picture in crate::pictures::pictures_of(&frame)? {
            let picture = self.pictures.reference(&picture)?;
            let of_class = classes.entry(picture.label.clone().unwrap_or_default()).or_default();
            *of_class += 1;
            if *of_class <= SHOWN {
                shown.push(picture);
            }
        }
        Ok((classes.into_iter().collect(), shown))
    }

    pub(crate) fn dataset_row(&self, name: &str) -> Result<DatasetRow> {
        let (found, known) = self.ledger.read(|view| -> Result<_> {
            let found = view.dataset(name)?;
            let known = if found.is_some() { Vec::new() } else { view.datasets()? };
            Ok((found, known))
        })?;
        found.ok_or_else(|| {
            let names: Vec<&str> = known.iter().map(|d| d.name.as_str()).collect();
            let hint = if names.is_empty() {
                "This workspace has no data set yet: add one with `driftgate dataset add FILE`".to_string()
            } else {
                format!("Known data sets: {}", names.join(", "))
            };
            EngineError::not_found(format!("there is no data set `{name}` in this workspace"), hint)
        })
    }

    /// Reads the file of a version that a person added; one that was left in place is hashed again first.
    pub(crate) fn read_added(&self, version: &DatasetVersionRow, spec: &DatasetSpec) -> Result<Table> {
        let file = version.files.first().ok_or_else(|| EngineError::corrupt("a data set version names no file"))?;
        let bytes = self.file_bytes(version, file)?;
        let table = driftgate_data::read_bytes(&bytes, &file.name, &spec.format)?;
        self.pictures.note(&table)?;
        Ok(table)
    }

    /// The rows of a version, and which of them came with which drifted batch: the last rows, batch by batch.
    pub(crate) fn read_version(
        &self,
        version: &DatasetVersionRow,
        spec: &DatasetSpec,
    ) -> Result<(Frame, Vec<BatchRows>)> {
        let mut frame = self.read_added(version, spec)?.frame(spec)?;
        let mut batches = Vec::new();
        let Some(adaptation) = &version.adaptation else { return Ok((frame, batches)) };
        let record: AdaptationRecord = self.get_json(&adaptation.record)?;
        let corrupt = |why: &str| EngineError::corrupt(format!("adaptation {}: {why}", record.adaptation));
        for batch in &record.batches {
            let file = version.files.iter().find(|f| f.digest == batch.file);
            let file = file.ok_or_else(|| corrupt("the version does not name its batch"))?;
            let bytes = self.file_bytes(version, file)?;
            let table = driftgate_data::read_bytes(&bytes, &file.name, &batch.format)?;
            self.pictures.note_batch(&table)?;
            let rows = table.frame(spec)?;
            if rows.rows() as u64 != batch.rows {
                return Err(corrupt("its batch has another number of rows than it had"));
            }
            let left_out: BTreeSet<u64> = batch.left_out.iter().copied().collect();
            let kept: Vec<usize> = (0..rows.rows()).filter(|i| !left_out.contains(&(*i as u64))).collect();
            let from = frame.rows();
            frame = frame.append(&rows.take(&kept)).map_err(|e| corrupt(&e.to_string()))?;
            batches.push(BatchRows { file: batch.file, rows: from..frame.rows() });
        }
        Ok((frame, batches))
    }

    /// Checks that every file of a version is what it was.
    pub(crate) fn check_files(&self, version: &DatasetVersionRow) -> Result<()> {
        for file in &version.files {
            self.file_bytes(version, file)?;
        }
        Ok(())
    }

    /// The bytes of one of a version's files, hashed again wherever they lie.
    fn file_bytes(&self, version: &DatasetVersionRow, file: &DataFile) -> Result<Vec<u8>> {
        let Some(sealed) = &file.reference else { return Ok(self.ledger.get(&file.digest)?) };
        let path = self.ledger.unseal(sealed)?.ok_or_else(|| {
            EngineError::corrupt("the path of a data file that was left in place is not known any more")
        })?;
        let path = std::path::PathBuf::from(path);
        let bytes = std::fs::read(&path).map_err(EngineError::io("Reading", &path))?;
        if Digest::of(&bytes) != file.digest {
            return Err(EngineError::conflict(
                format!("`{}` has changed since version {} was added", path.display(), version.number),
                "Add it again: that makes a new version. Or put the former file back",
            ));
        }
        Ok(bytes)
    }

    fn describe_change(&self, old: &DatasetVersionRow, new: &DatasetVersionRow) -> Result<String> {
        if let Some(a) = &new.adaptation {
            let undone = if a.undone.is_some() { ", taken back since" } else { "" };
            return Ok(format!(
                "version {}: version {} and {} drifted rows to learn from, {} held out (adaptation {}{undone})",
                new.number,
                a.base,
                a.train,
                a.holdout,
                a.adaptation.short()
            ));
        }
        let mut parts = Vec::new();
        if old.files.iter().map(|f| f.digest).ne(new.files.iter().map(|f| f.digest)) {
            let delta = new.rows as i64 - old.rows as i64;
            parts.push(match delta {
                0 => "other values in as many rows".to_string(),
                d => format!("{d:+} rows"),
            });
        }
        if old.columns != new.columns {
            parts.push(format!("{} columns instead of {}", new.columns, old.columns));
        }
        if old.spec != new.spec {
            parts.push("another dataset.yaml".into());
        }
        Ok(format!("version {}: {}", new.number, parts.join(", ")))
    }
}
