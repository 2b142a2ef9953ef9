//! Reading a batch: rows of a table, or a list of pictures.

use crate::artifact::LoadedModel;
use crate::estimator::Estimator;
use crate::pictures::{PICTURE, PictureBatch};
use crate::{EngineError, Result, Workspace};
use driftgate_data::{Batch as Rows, Source, Table, Transform};
use driftgate_model::{CancelToken, DatasetSpec, Digest, NullObserver, Observer, Progress};
use std::path::Path;

/// A batch that was read.
pub(crate) struct ReadBatch {
    pub(crate) rows: Rows,
    /// The pictures that the rows stand for; empty for tables.
    pub(crate) pictures: Vec<Digest>,
    /// Whether pictures come without the labels that rows of a table would have.
    pub(super) unlabelled: bool,
}

/// The pictures that a list names.
pub(crate) fn picture_rows_only(table: &Table) -> Result<Vec<Digest>> {
    let corrupt = || EngineError::corrupt("the list of pictures cannot be read");
    let texts = table.texts(PICTURE).ok_or_else(corrupt)?;
    texts.iter().map(|t| t.parse().map_err(|_| corrupt())).collect()
}

/// A list of pictures as rows for a check.
pub(crate) fn picture_rows(table: Table, transform: &Transform) -> Result<ReadBatch> {
    let pictures = picture_rows_only(&table)?;
    let unlabelled = table.texts("label").is_none_or(|labels| labels.iter().any(String::is_empty));
    Ok(ReadBatch { rows: Rows::held(table, transform)?, pictures, unlabelled })
}

/// What a batch's bytes are kept as.
pub(super) enum Kept {
    /// They are put into the ledger when the check is done.
    Bytes(Vec<u8>),
    /// They are there already.
    Object(Digest),
}

impl Workspace {
    /// Reads a batch as the model takes it: rows of a table, or pictures.
    pub(super) fn read_any(
        &self,
        path: &Path,
        loaded: &LoadedModel,
        spec: &DatasetSpec,
        observer: &dyn Observer,
        cancel: &CancelToken,
    ) -> Result<(ReadBatch, Kept, Vec<String>)> {
        if matches!(loaded.model, Estimator::Table(_)) {
            let (rows, kept) = self.read_large_or_small(path, &loaded.transform, spec, observer, cancel)?;
            return Ok((ReadBatch { rows, pictures: Vec::new(), unlabelled: false }, kept, Vec::new()));
        }
        observer.stage_started("read");
        let work = self.work(observer, cancel);
        let PictureBatch { table, list, notes, .. } = self.read_pictures(path, spec, &loaded.manifest.labels, &work)?;
        Ok((picture_rows(table, &loaded.transform)?, Kept::Bytes(list), notes))
    }

    /// Reads a batch: whole, or, where it is large, as an object that it becomes first, so that what is compared is what is
    /// kept.
    fn read_large_or_small(
        &self,
        path: &Path,
        transform: &Transform,
        spec: &DatasetSpec,
        observer: &dyn Observer,
        cancel: &CancelToken,
    ) -> Result<(Rows, Kept)> {
        if !driftgate_data::is_large(path)? {
            observer.stage_started("read");
            let bytes = driftgate_data::bytes_of(path)?;
            let table = crate::predict::read_batch(path, &bytes, spec.format.clone(), transform)?;
            return Ok((Rows::held(table, transform)?, Kept::Bytes(bytes)));
        }
        observer.stage_started("copy");
        let stored = self.ledger.put_file_watched(path, &mut |done, total| {
            observer.progress("copy", Progress { done: done >> 20, total: total >> 20 });
            !cancel.is_cancelled()
        })?;
        let (digest, size) = stored.ok_or(EngineError::Cancelled)?;
        observer.stage_finished("copy", &format!("{} MiB", size >> 20));
        observer.stage_started("read");
        Ok((self.stream(&digest, path, transform, spec, observer, cancel)?, Kept::Object(digest)))
    }

    /// The rows of a batch that was checked, read again from what was kept of it; `path` is what its file was called.
    pub(crate) fn kept_rows(
        &self,
        batch: &Digest,
        path: &Path,
        transform: &Transform,
        spec: &DatasetSpec,
        cancel: &CancelToken,
    ) -> Result<ReadBatch> {
        let rows = if spec.images.is_none() && driftgate_data::is_large(&self.ledger.object_path(batch))? {
            self.stream(batch, path, transform, spec, &NullObserver, cancel)?
        } else {
            let bytes = self.ledger.get(batch)?;
            let table = crate::predict::read_batch(path, &bytes, spec.format.clone(), transform)?;
            if spec.images.is_some() {
                self.pictures.note_batch(&table)?;
                return picture_rows(table, transform);
            }
            Rows::held(table, transform)?
        };
        Ok(ReadBatch { rows, pictures: Vec::new(), unlabelled: false })
    }

    /// A large batch, read from the object that holds it.
    fn stream(
        &self,
        batch: &Digest,
        path: &Path,
        transform: &Transform,
        spec: &DatasetSpec,
        observer: &dyn Observer,
        cancel: &CancelToken,
    ) -> Result<Rows> {
        let stored = self.ledger.object_path(batch);
        let size = std::fs::metadata(&stored).map_err(EngineError::io("Reading", &stored))?.len();
        let source = Source {
            name: &path.file_name().unwrap_or(path.as_os_str()).to_string_lossy(),
            folder: &self.ledger.cache_folder(),
            size,
            threads: self.host.worker_threads(),
            progress: &|done, total| observer.progress("read", Progress { done: done >> 10, total: total >> 10 }),
            cancel,
        };
        let extension = path.extension().map(|e| e.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
        Ok(Rows::streamed(&stored, &extension, &spec.format, transform, spec, &source)?)
    }
}
