use crate::artifact::LoadedModel;
use crate::output::write_whole;
use crate::{EngineError, Result, Workspace};
use driftgate_data::{InputKind, Table, Transform};
use driftgate_learn::Predictions;
use driftgate_model::views::Predicted;
use driftgate_model::{CancelToken, ColumnValues, DatasetSpec, FileFormat, Frame, Observer, Progress};
use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

impl Workspace {
    /// Answers the rows of the file `input` with `model` (`NAME` is the version in Production, or `NAME@3`) into `output`.
    ///
    /// The stored transform is the only way in. `output` is a CSV with `row` (from 1), `prediction`, and for labels one
    /// `probability_<label>` each; it is written whole or not at all. Errors: the model does not load; a column is missing; a
    /// value has the wrong type; `output` exists and is a folder, or cannot be written.
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
        let loaded = LoadedModel::load(&self.ledger, &version.artifact)?;
        observer.stage_started("read");
        let run = self.run_row(&version.run)?;
        let spec: DatasetSpec = self.get_json(&self.dataset_version_of(&run)?.spec)?;
        let bytes = driftgate_data::bytes_of(input)?;
        let table = read_batch(input, &bytes, spec.format, &loaded.transform)?;
        drop(bytes);
        let frame = driftgate_data::frame_for_prediction(&table, &loaded.transform)?;
        let mut notes = Vec::new();
        let ignored = driftgate_data::ignored_columns(&table, &loaded.transform);
        if !ignored.is_empty() {
            notes.push(format!("columns the model does not use: {}", ignored.join(", ")));
        }
        observer.stage_finished("read", &format!("{} rows", frame.rows()));
        cancel.check()?;
        observer.stage_started("predict");
        let answers = loaded.predict(&frame)?;
        let out_of_range = out_of_range(&frame, &loaded.transform);
        cancel.check()?;
        let columns = write_answers(output, self.new_run_id().as_str(), &answers, observer)?;
        observer.stage_finished("predict", &format!("{} answers", frame.rows()));
        Ok(Predicted {
            schema: "driftgate/predictions/1".into(),
            model: row.name.clone(),
            version: number,
            run: version.run.clone(),
            rows: frame.rows() as u64,
            columns,
            out_of_range,
            output: output.display().to_string(),
            notes,
        })
    }
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

/// Rows with a value outside what training saw, by column; columns without any are left out.
fn out_of_range(frame: &Frame, transform: &Transform) -> BTreeMap<String, u64> {
    let mut out = BTreeMap::new();
    for column in transform.inputs() {
        let (InputKind::Numeric, Some(min), Some(max)) = (column.kind, column.min, column.max) else { continue };
        if let Some(ColumnValues::Number(values)) = frame.column(&column.name) {
            let outside = values.iter().filter(|v| **v < min || **v > max).count();
            if outside > 0 {
                out.insert(column.name.clone(), outside as u64);
            }
        }
    }
    out
}

/// Writes the answers, whole or not at all.
fn write_answers(output: &Path, unique: &str, answers: &Predictions, observer: &dyn Observer) -> Result<Vec<String>> {
    let parquet = output.extension().is_some_and(|e| e.eq_ignore_ascii_case("parquet"));
    if parquet {
        return Err(EngineError::bad_input(
            format!("answers are written as CSV, and `{}` is not a CSV file", output.display()),
            "Give `--output` a file that ends in .csv",
        ));
    }
    write_whole(output, unique, |file| write_csv(file, output, answers, observer))
}

fn write_csv(file: &File, path: &Path, answers: &Predictions, observer: &dyn Observer) -> Result<Vec<String>> {
    let bad = |e: csv::Error| EngineError::Io { doing: "Writing", path: path.into(), source: e.into() };
    let mut writer = csv::Writer::from_writer(file);
    let mut columns = vec!["row".to_string(), "prediction".to_string()];
    if let Predictions::Classes { labels, .. } = answers {
        columns.extend(labels.iter().map(|l| format!("probability_{l}")));
    }
    writer.write_record(&columns).map_err(bad)?;
    let total = answers.len();
    let codes = answers.codes();
    for i in 0..total {
        let mut record = vec![(i + 1).to_string()];
        match answers {
            Predictions::Classes { labels, probabilities } => {
                record.push(labels.get(codes[i] as usize).cloned().unwrap_or_default());
                record.extend((0..probabilities.cols()).map(|j| probabilities.get(i, j).to_string()));
            }
            Predictions::Values(values) => record.push(values[i].to_string()),
        }
        writer.write_record(&record).map_err(bad)?;
        if i % 10_000 == 0 {
            observer.progress("rows", Progress { done: i as u64, total: total as u64 });
        }
    }
    writer.flush().map_err(EngineError::io("Writing", path))?;
    Ok(columns)
}
