//! The file that answers are written to, part by part.

use crate::{EngineError, Result};
use driftgate_data::{ParquetTable, WrittenKind, WrittenValues};
use driftgate_learn::Predictions;
use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

/// Answers in a file of their own, which gets its name once it is whole: of two processes that write one file, each leaves it
/// whole, and the later one stays. Dropped before that, it leaves nothing.
pub(crate) struct AnswerFile {
    output: PathBuf,
    temporary: PathBuf,
    /// To make it durable.
    file: File,
    columns: Vec<String>,
    form: Option<Form>,
}

enum Form {
    Csv(Box<csv::Writer<BufWriter<File>>>),
    Parquet(Box<ParquetTable>),
}

impl AnswerFile {
    /// Begins the answers of a model with these labels (none for values): Parquet by the ending, else CSV.
    pub(crate) fn create(output: &Path, unique: &str, labels: &[String]) -> Result<AnswerFile> {
        let temporary = output.with_file_name(format!(".{unique}.part"));
        let opened = File::options().write(true).create_new(true).open(&temporary);
        let file = opened.map_err(EngineError::io("Writing", output))?;
        let mut columns = vec!["row".to_string(), "prediction".to_string()];
        columns.extend(labels.iter().map(|l| format!("probability_{l}")));
        let mut answers = AnswerFile { output: output.into(), temporary, columns, form: None, file };
        let own = answers.file.try_clone().map_err(EngineError::io("Writing", output))?;
        answers.form = Some(match output.extension().is_some_and(|e| e.eq_ignore_ascii_case("parquet")) {
            true => {
                let kind = |i: usize| match i {
                    0 => WrittenKind::Count,
                    1 if !labels.is_empty() => WrittenKind::Text,
                    _ => WrittenKind::Number,
                };
                let schema: Vec<(String, WrittenKind)> =
                    answers.columns.iter().enumerate().map(|(i, name)| (name.clone(), kind(i))).collect();
                let name = output.file_name().unwrap_or(output.as_os_str()).to_string_lossy();
                Form::Parquet(Box::new(ParquetTable::new(own, &name, &schema)?))
            }
            false => {
                let mut writer = csv::Writer::from_writer(BufWriter::with_capacity(1 << 18, own));
                writer.write_record(&answers.columns).map_err(answers.bad())?;
                Form::Csv(Box::new(writer))
            }
        });
        Ok(answers)
    }

    fn bad(&self) -> impl Fn(csv::Error) -> EngineError + use<> {
        let path = self.output.clone();
        move |e| EngineError::Io { doing: "Writing", path: path.clone(), source: e.into() }
    }

    /// Appends the answers of rows from `first` (from 0) on.
    pub(crate) fn append(&mut self, first: usize, answers: &Predictions) -> Result<()> {
        let bad = self.bad();
        match &mut self.form {
            Some(Form::Csv(writer)) => append_csv(writer, first, answers).map_err(bad),
            Some(Form::Parquet(table)) => Ok(table.append(columns_of(first, answers))?),
            None => Ok(()),
        }
    }

    /// Makes the file durable, gives it its name, and tells its columns.
    pub(crate) fn finish(mut self) -> Result<Vec<String>> {
        let io = EngineError::io;
        match self.form.take() {
            Some(Form::Csv(mut writer)) => writer.flush().map_err(io("Writing", &self.output))?,
            Some(Form::Parquet(table)) => table.finish()?,
            None => {}
        }
        self.file.sync_all().map_err(io("Writing", &self.output))?;
        place(&self.temporary, &self.output).map_err(io("Writing", &self.output))?;
        Ok(std::mem::take(&mut self.columns))
    }
}

impl Drop for AnswerFile {
    fn drop(&mut self) {
        // Gone already where it got its name; whatever went wrong otherwise is what the person hears of.
        let _ = std::fs::remove_file(&self.temporary);
    }
}

/// Renames, and makes the new name durable.
fn place(temporary: &Path, output: &Path) -> std::io::Result<()> {
    std::fs::rename(temporary, output)?;
    match output.parent() {
        // Elsewhere a folder cannot be opened, and a rename is durable without.
        Some(folder) if cfg!(unix) => File::open(folder)?.sync_all(),
        _ => Ok(()),
    }
}

fn append_csv(writer: &mut csv::Writer<BufWriter<File>>, first: usize, answers: &Predictions) -> csv::Result<()> {
    let codes = answers.codes();
    for i in 0..answers.len() {
        let mut record = vec![(first + i + 1).to_string()];
        match answers {
            Predictions::Classes { labels, probabilities } => {
                record.push(labels.get(codes[i] as usize).cloned().unwrap_or_default());
                record.extend((0..probabilities.cols()).map(|j| probabilities.get(i, j).to_string()));
            }
            Predictions::Values(values) => record.push(values[i].to_string()),
        }
        writer.write_record(&record)?;
    }
    Ok(())
}

fn columns_of(first: usize, answers: &Predictions) -> Vec<WrittenValues> {
    let rows = (0..answers.len()).map(|i| (first + i + 1) as u64).collect();
    let mut out = vec![WrittenValues::Counts(rows)];
    match answers {
        Predictions::Classes { labels, probabilities } => {
            let text = |code: &u32| labels.get(*code as usize).cloned().unwrap_or_default();
            out.push(WrittenValues::Texts(answers.codes().iter().map(text).collect()));
            let columns = (0..probabilities.cols()).map(|j| WrittenValues::Numbers(probabilities.column(j).to_vec()));
            out.extend(columns);
        }
        Predictions::Values(values) => out.push(WrittenValues::Numbers(values.clone())),
    }
    out
}
