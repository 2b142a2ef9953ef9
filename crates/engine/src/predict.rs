use crate::answer_file::AnswerFile;
use crate::artifact::LoadedModel;
use crate::estimator::{Estimator, NetworkModel};
use crate::output::write_whole;
use crate::serving::OutOfRange;
use crate::{EngineError, Result, Workspace};
use driftgate_data::{Batch, InputKind, Source, Table, Transform};
use driftgate_determinism::Workers;
use driftgate_learn::Predictions;
use driftgate_model::views::Predicted;
use driftgate_model::{
    CancelToken, ColumnValues, DatasetSpec, FileFormat, Frame, ModelName, Observer, Progress, RunId,
};
use std::collections::BTreeMap;
use std::path::Path;

/// Cells that a thread holds as the model takes them.
const MOST_CELLS: usize = 1 << 20;
/// Rows of such a part, at least and at most.
const FEWEST_ROWS: usize = 256;
const MOST_ROWS: usize = 1 << 16;

impl Workspace {
    /// Answers the rows of the file `input` with `model` (`NAME` is the version in Production, or `NAME@3`) into `output`.
    ///
    /// The stored transform is the only way in. `output` is a CSV, or a Parquet file by its ending, with `row` (from 1),
    /// `prediction`, and for labels one `probability_<label>` each; it is written whole or not at all. A large input is read
    /// and answered in parts: memory does not grow with it. Errors: the model does not load; a column is missing; a value has
    /// the wrong type; `output` exists and is a folder, or cannot be written.
    pub fn predict(
        &self,
        model: &str,
        input: &Path,
        output: &Path,
        observer: &dyn Observer,
        cancel: &CancelToken,
    ) -> Result<Predicted> {
        let output = &self.output_file(output, "--output", "answers.csv")?;
        let (row, number) = self.find_version(model)?;
        let version = row.version(number).ok_or_else(|| EngineError::corrupt("a version vanished"))?;
        let loaded = self.load_model(&version.artifact)?;
        observer.stage_started("read");
        let run = self.run_row(&version.run)?;
        let spec: DatasetSpec = self.get_json(&self.dataset_version_of(&run)?.spec)?;
        if let Estimator::Network(network) = &loaded.model {
            let to = PictureOutput { input, output, model: &row.name, version: number, run: &version.run };
            return self.predict_pictures(&to, network, &spec, observer, cancel);
        }
        let batch = self.batch_of(input, &loaded.transform, &spec, observer, cancel)?;
        let mut notes = Vec::new();
        if !batch.ignored().is_empty() {
            notes.push(format!("columns the model does not use: {}", batch.ignored().join(", ")));
        }
        observer.stage_finished("read", &format!("{} rows", batch.rows()));
        cancel.check()?;
        observer.stage_started("predict");
        let (columns, out_of_range) = write_whole(output, self.new_run_id().as_str(), |file| {
            let mut answers = AnswerFile::begin(file, output, &loaded.manifest.labels, None)?;
            let out_of_range = self.answer_parts(&batch, &loaded, &mut answers, observer, cancel)?;
            Ok((answers.finish()?, out_of_range))
        })?;
        observer.stage_finished("predict", &format!("{} answers", batch.rows()));
        Ok(Predicted {
            schema: "driftgate/predictions/1".into(),
            model: row.name.clone(),
            version: number,
            run: version.run.clone(),
            rows: batch.rows() as u64,
            columns,
            out_of_range,
            output: output.display().to_string(),
            notes,
        })
    }

    /// Answers pictures, a folder or one file; the answers name each by its file.
    fn predict_pictures(
        &self,
        to: &PictureOutput,
        network: &NetworkModel,
        spec: &DatasetSpec,
        observer: &dyn Observer,
        cancel: &CancelToken,
    ) -> Result<Predicted> {
        let labels = self.labels_of(network);
        let batch = self.read_pictures(to.input, spec, &labels, &self.work(observer, cancel))?;
        let files = batch.table.texts("file").unwrap_or_default();
        let rows = files.len();
        let read = crate::drift::picture_rows_only(&batch.table)?;
        observer.stage_finished("read", &format!("{rows} pictures"));
        cancel.check()?;
        observer.stage_started("predict");
        let answers = network.answer_pictures(&read, observer, cancel)?.predictions;
        let columns = write_whole(to.output, self.new_run_id().as_str(), |file| {
            let mut out = AnswerFile::begin(file, to.output, &labels, Some(files))?;
            out.append(0, &answers)?;
            out.finish()
        })?;
        observer.stage_finished("predict", &format!("{rows} answers"));
        Ok(Predicted {
            schema: "driftgate/predictions/1".into(),
            model: to.model.clone(),
            version: to.version,
            run: to.run.clone(),
            rows: rows as u64,
            columns,
            out_of_range: BTreeMap::new(),
            output: to.output.display().to_string(),
            notes: batch.notes,
        })
    }

    fn labels_of(&self, network: &NetworkModel) -> Vec<String> {
        network.network().spec().labels.clone()
    }

    /// Reads the rows to answer: whole, or, of a large file, column by column as they are asked for.
    fn batch_of(
        &self,
        input: &Path,
        transform: &Transform,
        spec: &DatasetSpec,
        observer: &dyn Observer,
        cancel: &CancelToken,
    ) -> Result<Batch> {
        if !driftgate_data::is_large(input)? {
            let bytes = driftgate_data::bytes_of(input)?;
            let table = read_batch(input, &bytes, spec.format.clone(), transform)?;
            return Ok(Batch::held(table, transform)?);
        }
        let folder = self.ledger.cache_folder();
        std::fs::create_dir_all(&folder).map_err(EngineError::io("Making", &folder))?;
        let source = Source {
            name: &input.file_name().unwrap_or(input.as_os_str()).to_string_lossy(),
            folder: &folder,
            size: std::fs::metadata(input).map_err(EngineError::io("Reading", input))?.len(),
            threads: self.host.worker_threads(),
            progress: &|done, total| observer.progress("read", Progress { done: done >> 10, total: total >> 10 }),
            cancel,
        };
        let extension = input.extension().map(|e| e.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
        Ok(Batch::streamed(input, &extension, &spec.format, transform, spec, &source)?)
    }

    /// Answers part by part, as many at one time as there are threads, and writes them in order.
    fn answer_parts(
        &self,
        batch: &Batch,
        loaded: &LoadedModel,
        file: &mut AnswerFile,
        observer: &dyn Observer,
        cancel: &CancelToken,
    ) -> Result<BTreeMap<String, u64>> {
        let rows = batch.rows();
        let width = loaded.transform.output_features().len().max(1);
        let part = (MOST_CELLS / width).clamp(FEWEST_ROWS, MOST_ROWS);
        let threads = self.host.worker_threads();
        let mut out_of_range: BTreeMap<String, u64> = BTreeMap::new();
        let mut first = 0;
        while first < rows {
            let begin = first;
            let parts = threads.min((rows - begin).div_ceil(part));
            let one = |i: usize| -> Result<(Predictions, Vec<OutOfRange>)> {
                cancel.check()?;
                let from = begin + i * part;
                let range = from..rows.min(from + part);
                let found = outside(&batch.frame(range.clone())?, &loaded.transform);
                Ok((loaded.model.predict(&batch.matrix(range, &loaded.transform)?)?, found))
            };
            let answered: Vec<Result<(Predictions, Vec<OutOfRange>)>> =
                Workers::run(threads, |workers| Ok::<_, EngineError>(workers.map(parts, one)))?;
            for answers in answered {
                let (answers, outside) = answers?;
                file.append(first, &answers)?;
                first += answers.len();
                for column in outside {
                    *out_of_range.entry(column.field).or_default() += column.rows.len() as u64;
                }
                observer.progress("rows", Progress { done: first as u64, total: rows as u64 });
            }
        }
        Ok(out_of_range)
    }
}

/// Pictures to answer, and where to.
struct PictureOutput<'a> {
    input: &'a Path,
    output: &'a Path,
    model: &'a ModelName,
    version: u32,
    run: &'a RunId,
}

/// Reads the bytes of the file `path` as the data set's contract says; where that does not find the model's columns, as they
/// look.
pub(crate) fn read_batch(path: &Path, bytes: &[u8], contract: FileFormat, transform: &Transform) -> Result<Table> {
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
    let whole = |table: &Table| transform.inputs().iter().all(|i| table.column(&i.name).is_some());
    if let Some(table) = driftgate_data::read_bytes(bytes, &name, &contract).ok().filter(whole) {
        return Ok(table);
    }
    let extension = path.extension().map(|e| e.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
    let mut sniffed = driftgate_data::sniff_bytes(bytes, &name, &extension)?;
    // What means missing no batch can tell by itself.
    sniffed.format.null_values = contract.null_values;
    Ok(driftgate_data::read_bytes(bytes, &name, &sniffed.format)?)
}

/// The columns with values outside what training saw.
pub(crate) fn outside(frame: &Frame, transform: &Transform) -> Vec<OutOfRange> {
    let mut out = Vec::new();
    for (i, column) in transform.inputs().iter().enumerate() {
        let (InputKind::Numeric, Some(min), Some(max)) = (column.kind, column.min, column.max) else { continue };
        // A frame made for prediction has the columns in this very order.
        let values = match frame.columns().get(i).filter(|c| c.name == column.name) {
            Some(found) => Some(&found.values),
            None => frame.column(&column.name),
        };
        let Some(ColumnValues::Number(values)) = values else { continue };
        if values.iter().any(|v| *v < min || *v > max) {
            let rows = values.iter().enumerate().filter(|(_, v)| **v < min || **v > max).map(|(row, _)| row + 1);
            out.push(OutOfRange { field: column.name.clone(), min, max, rows: rows.collect() });
        }
    }
    out
}
