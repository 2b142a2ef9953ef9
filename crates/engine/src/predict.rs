use crate::artifact::LoadedModel;
use crate::serving::OutOfRange;
use crate::{EngineError, Result, Workspace};
use driftgate_data::{InputKind, Table, Transform};
use driftgate_learn::Predictions;
use driftgate_model::views::Predicted;
use driftgate_model::{CancelToken, ColumnValues, DatasetSpec, FileFormat, Frame, Observer, Progress};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

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
        let output = &self.output_file(output)?;
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

impl Workspace {
    /// Where answers go: links are followed, and only a new or a regular file outside the workspace's own folder will do.
    fn output_file(&self, output: &Path) -> Result<PathBuf> {
        let hint = "Give `--output` a file, such as answers.csv";
        let resolved = match output.canonicalize() {
            Ok(path) => path,
            Err(_) => {
                let name = output.file_name().ok_or_else(|| {
                    EngineError::bad_input(format!("`{}` is not a file name", output.display()), hint)
                })?;
                let folder = output.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
                folder.canonicalize().map_err(EngineError::io("Finding the folder of", output))?.join(name)
            }
        };
        if resolved.exists() && !resolved.is_file() {
            return Err(EngineError::bad_input(format!("`{}` is not a regular file", output.display()), hint));
        }
        let own = self.root().join(".driftgate");
        if own.canonicalize().is_ok_and(|own| resolved.starts_with(own)) {
            return Err(EngineError::refused(
                format!("`{}` lies in the workspace's own folder", output.display()),
                "Write the answers elsewhere",
            ));
        }
        Ok(resolved)
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

/// How many rows have a value outside what training saw, by column; columns without any are left out.
fn out_of_range(frame: &Frame, transform: &Transform) -> BTreeMap<String, u64> {
    outside(frame, transform).into_iter().map(|o| (o.field, o.rows.len() as u64)).collect()
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

/// Writes the answers to a file of their own, and gives it the name once it is whole: of two processes that write one file,
/// each leaves it whole, and the later one stays.
fn write_answers(output: &Path, unique: &str, answers: &Predictions, observer: &dyn Observer) -> Result<Vec<String>> {
    let parquet = output.extension().is_some_and(|e| e.eq_ignore_ascii_case("parquet"));
    if parquet {
        return Err(EngineError::bad_input(
            format!("answers are written as CSV, and `{}` is not a CSV file", output.display()),
            "Give `--output` a file that ends in .csv",
        ));
    }
    let temporary = output.with_file_name(format!(".{unique}.part"));
    let file = std::fs::OpenOptions::new().write(true).create_new(true).open(&temporary);
    let result = file
        .map_err(EngineError::io("Writing", output))
        .and_then(|file| write_csv(file, output, answers, observer))
        .and_then(|columns| place(&temporary, output).map(|()| columns).map_err(EngineError::io("Writing", output)));
    if result.is_err() {
        // Whatever went wrong is what the person hears of; a leftover must not stay.
        let _ = std::fs::remove_file(&temporary);
    }
    result
}

/// Renames, and makes the new name durable.
fn place(temporary: &Path, output: &Path) -> std::io::Result<()> {
    std::fs::rename(temporary, output)?;
    match output.parent() {
        // Elsewhere a folder cannot be opened, and a rename is durable without.
        Some(folder) if cfg!(unix) => std::fs::File::open(folder)?.sync_all(),
        _ => Ok(()),
    }
}

fn write_csv(file: std::fs::File, path: &Path, answers: &Predictions, observer: &dyn Observer) -> Result<Vec<String>> {
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
    let file = writer.into_inner().map_err(|e| EngineError::Io {
        doing: "Writing",
        path: path.into(),
        source: std::io::Error::other(e.to_string()),
    })?;
    file.sync_all().map_err(EngineError::io("Writing", path))?;
    Ok(columns)
}
