use crate::import::newest;
use crate::{EngineError, Result, Workspace};
use driftgate_data::Table;
use driftgate_ledger::RunFilter;
use driftgate_model::views::DatasetView;
use driftgate_model::{DatasetRow, DatasetSpec, DatasetVersionRow, Digest, ModelName};
use std::collections::BTreeSet;

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
        for pair in row.versions.windows(2) {
            changes.push(self.describe_change(&pair[0], &pair[1])?);
        }
        Ok(DatasetView {
            schema: "driftgate/dataset/1".into(),
            spec: self.get_json(&version.spec)?,
            validation: self.get_json(&version.validation)?,
            changes,
            models: models.into_iter().collect(),
            dataset: row.clone(),
        })
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

    /// Reads the stored file of a version; one that was left in place is hashed again first.
    pub(crate) fn read_version(&self, version: &DatasetVersionRow, spec: &DatasetSpec) -> Result<Table> {
        let (name, bytes) = self.version_bytes(version)?;
        Ok(driftgate_data::read_bytes(&bytes, &name, &spec.format)?)
    }

    /// The name and the bytes of a version's file, hashed again wherever they lie.
    pub(crate) fn version_bytes(&self, version: &DatasetVersionRow) -> Result<(String, Vec<u8>)> {
        let file = version.files.first().ok_or_else(|| EngineError::corrupt("a data set version names no file"))?;
        let Some(sealed) = &file.reference else { return Ok((file.name.clone(), self.ledger.get(&file.digest)?)) };
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
        Ok((file.name.clone(), bytes))
    }

    fn describe_change(&self, old: &DatasetVersionRow, new: &DatasetVersionRow) -> Result<String> {
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
