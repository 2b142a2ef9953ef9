//! The file that answers are written to, part by part.

use crate::{EngineError, Result};
use driftgate_data::{ParquetTable, WrittenKind, WrittenValues};
use driftgate_learn::Predictions;
use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

/// Answers on their way into a file: Parquet by the ending of its name, else CSV.
pub(crate) struct AnswerFile {
    output: PathBuf,
    columns: Vec<String>,
    /// What each row is called, of pictures.
    files: Option<Vec<String>>,
    form: Form,
}

enum Form {
    Csv(Box<csv::Writer<BufWriter<File>>>),
    Parquet(Box<ParquetTable>),
}

fn bad(output: &Path) -> impl Fn(csv::Error) -> EngineError + use<> {
    let path = output.to_path_buf();
    move |e| EngineError::Io { doing: "Writing", path: path.clone(), source: e.into() }
}

impl AnswerFile {
    /// Begins the answers of a model with these labels (none for values) in `file`, which will be named `output`.
    ///
    /// `files` names the pictures that the rows stand for, all of them; `None` for rows of a table.
    pub(crate) fn begin(
        file: &File,
        output: &Path,
        labels: &[String],
        files: Option<Vec<String>>,
    ) -> Result<AnswerFile> {
        let own = file.try_clone().map_err(EngineError::io("Writing", output))?;
        let mut columns = vec!["row".to_string()];
        columns.extend(files.iter().map(|_| "file".to_string()));
        columns.push("prediction".into());
        // After the row's number: the file, and the prediction where it is a label.
        let texts = 1..columns.len() - usize::from(labels.is_empty());
        columns.extend(labels.iter().map(|l| format!("probability_{l}")));
        let form = if output.extension().is_some_and(|e| e.eq_ignore_ascii_case("parquet")) {
            let kind = |i: usize| match i {
                0 => WrittenKind::Count,
                i if texts.contains(&i) => WrittenKind::Text,
                _ => WrittenKind::Number,
            };
            let schema: Vec<(String, WrittenKind)> =
                columns.iter().enumerate().map(|(i, name)| (name.clone(), kind(i))).collect();
            let name = output.file_name().unwrap_or(output.as_os_str()).to_string_lossy();
            Form::Parquet(Box::new(ParquetTable::new(own, &name, &schema)?))
        } else {
            let mut writer = csv::Writer::from_writer(BufWriter::with_capacity(1 << 18, own));
            writer.write_record(&columns).map_err(bad(output))?;
            Form::Csv(Box::new(writer))
        };
        Ok(AnswerFile { output: output.into(), columns, files, form })
    }

    /// Appends the answers of rows from `first` (from 0) on.
    pub(crate) fn append(&mut self, first: usize, answers: &Predictions) -> Result<()> {
        let files = self.files.as_deref().map(|files| &files[first..first + answers.len()]);
        match &mut self.form {
            Form::Csv(writer) => append_csv(writer, first, files, answers).map_err(bad(&self.output)),
            Form::Parquet(table) => Ok(table.append(columns_of(first, files, answers))?),
        }
    }

    /// Writes what is left, and tells the columns.
    pub(crate) fn finish(self) -> Result<Vec<String>> {
        match self.form {
            Form::Csv(mut writer) => writer.flush().map_err(EngineError::io("Writing", &self.output))?,
            Form::Parquet(table) => table.finish()?,
        }
        Ok(self.columns)
    }
}

fn append_csv(
    writer: &mut csv::Writer<BufWriter<File>>,
    first: usize,
    files: Option<&[String]>,
    answers: &Predictions,
) -> csv::Result<()> {
    let codes = answers.codes();
    for i in 0..answers.len() {
        let mut record = vec![(first + i + 1).to_string()];
        record.extend(files.and_then(|f| f.get(i)).cloned());
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

fn columns_of(first: usize, files: Option<&[String]>, answers: &Predictions) -> Vec<WrittenValues> {
    let rows = (0..answers.len()).map(|i| (first + i + 1) as u64).collect();
    let mut out = vec![WrittenValues::Counts(rows)];
    out.extend(files.map(|f| WrittenValues::Texts(f.to_vec())));
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
