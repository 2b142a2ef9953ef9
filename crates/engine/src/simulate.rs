//! Batches changed on purpose: what a model may meet, written as a file.

use crate::output::write_whole;
use crate::{EngineError, Result, Workspace};
use driftgate_data::Table;
use driftgate_drift::SimulateError;
use driftgate_model::config::Scenario;
use driftgate_model::views::Simulated;
use driftgate_model::{ColumnValues, DatasetSpec, FileKind, Frame};
use std::path::{Path, PathBuf};

/// What a simulation is told besides its model.
#[derive(Debug, Clone)]
pub struct SimulateOptions {
    /// The rows to change: a CSV, TSV or Parquet file with the model's columns.
    pub input: PathBuf,
    /// The CSV file to write.
    pub output: PathBuf,
    /// What to change, and how.
    pub scenario: Scenario,
    /// Seed of the draws.
    pub seed: u64,
}

impl Workspace {
    /// Writes the rows of a file with the model's input columns changed as a scenario says; all other columns, the target among
    /// them, stay as they are. The same seed gives the same bytes.
    ///
    /// Errors: the file cannot be read or lacks a column; the scenario changes nothing, or a column of another kind; `output` is
    /// the input, or cannot be written.
    pub fn drift_simulate(&self, model: &str, options: &SimulateOptions) -> Result<Simulated> {
        let output = self.output_file(&options.output, "--output", "batch.csv")?;
        if output.extension().is_some_and(|e| e.eq_ignore_ascii_case("parquet")) {
            return Err(EngineError::bad_input(
                format!("a simulated batch is written as CSV, and `{}` is not a CSV file", options.output.display()),
                "Give `--output` a file that ends in .csv",
            ));
        }
        if options.input.canonicalize().is_ok_and(|input| input == output) {
            return Err(EngineError::refused("the output is the input", "Give `--output` another file"));
        }
        let (row, number) = self.find_version(model)?;
        let version = row.version(number).ok_or_else(|| EngineError::corrupt("a version vanished"))?;
        let loaded = self.load_model(&version.artifact)?;
        loaded.model.table()?;
        let run = self.run_row(&version.run)?;
        let spec: DatasetSpec = self.get_json(&self.dataset_version_of(&run)?.spec)?;
        let bytes = driftgate_data::bytes_of(&options.input)?;
        let table = crate::predict::read_batch(&options.input, &bytes, spec.format, &loaded.transform)?;
        if table.format().kind == FileKind::Csv && table.format().encoding != "utf-8" {
            return Err(EngineError::bad_input(
                format!("`{}` is written as {}", options.input.display(), table.format().encoding),
                "Save it as UTF-8 first",
            ));
        }
        let frame = driftgate_data::frame_for_prediction(&table, &loaded.transform)?;
        let names: Vec<&str> = loaded.transform.inputs().iter().map(|i| i.name.as_str()).collect();
        let changed = driftgate_drift::simulate(&frame, &options.scenario, &names, options.seed)
            .map_err(|e| EngineError::bad_input(e.to_string(), hint_of(&e)))?;
        let columns: Vec<String> = changed
            .columns()
            .iter()
            .filter(|c| !frame.column(&c.name).is_some_and(|old| same(old, &c.values)))
            .map(|c| c.name.clone())
            .collect();
        if columns.is_empty() {
            let nothing = SimulateError::Nothing(options.scenario.name.clone());
            return Err(EngineError::bad_input(nothing.to_string(), hint_of(&nothing)));
        }
        write_whole(&output, self.new_run_id().as_str(), |file| write(file, &output, &table, &changed, &columns))?;
        Ok(Simulated {
            schema: "driftgate/simulation/1".into(),
            model: row.name.clone(),
            version: number,
            scenario: options.scenario.clone(),
            seed: options.seed,
            rows: table.rows() as u64,
            columns,
            output: options.output.display().to_string(),
        })
    }
}

fn hint_of(error: &SimulateError) -> &'static str {
    match error {
        SimulateError::NoColumn { .. } => "`driftgate models profile MODEL` shows the model's inputs",
        SimulateError::OtherKind { .. } => "Name columns of the other kind with `--columns`",
        SimulateError::Nothing(_) => "Choose another change, or one that is not zero",
        SimulateError::TooLarge { .. } => "Choose a smaller change",
    }
}

/// Whether two columns hold the same, gap for gap.
fn same(a: &ColumnValues, b: &ColumnValues) -> bool {
    match (a, b) {
        (ColumnValues::Number(a), ColumnValues::Number(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(x, y)| x == y || (x.is_nan() && y.is_nan()))
        }
        _ => a == b,
    }
}

fn write(file: &std::fs::File, path: &Path, table: &Table, frame: &Frame, changed: &[String]) -> Result<()> {
    let bad = |e: csv::Error| EngineError::Io { doing: "Writing", path: path.into(), source: e.into() };
    let (delimiter, comma) = match table.format().kind {
        FileKind::Csv => (table.format().delimiter, table.format().decimal == ','),
        FileKind::Parquet => (',', false),
    };
    let delimiter = u8::try_from(delimiter).unwrap_or(b',');
    let mut writer = csv::WriterBuilder::new().delimiter(delimiter).from_writer(std::io::BufWriter::new(file));
    writer.write_record(table.columns().iter().map(|c| c.name.as_str())).map_err(bad)?;
    let replaced: Vec<Option<&ColumnValues>> =
        table.columns().iter().map(|c| frame.column(&c.name).filter(|_| changed.contains(&c.name))).collect();
    for (row, mut cells) in table.preview(table.rows()).into_iter().enumerate() {
        for (cell, values) in cells.iter_mut().zip(&replaced) {
            match values {
                Some(ColumnValues::Number(v)) => {
                    let text = v.get(row).filter(|x| !x.is_nan()).map(f64::to_string).unwrap_or_default();
                    *cell = if comma { text.replace('.', ",") } else { text };
                }
                Some(text @ ColumnValues::Text { .. }) => *cell = text.text(row).unwrap_or_default().to_owned(),
                None => {}
            }
        }
        writer.write_record(&cells).map_err(bad)?;
    }
    writer.flush().map_err(EngineError::io("Writing", path))
}
