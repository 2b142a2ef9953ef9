//! A drift check of what a server answered.

use crate::served_log::FeedbackLabel;
use crate::{DriftCheckOptions, EngineError, Result, Workspace};
use driftgate_model::views::DriftCheckView;
use driftgate_model::{CancelToken, DatasetSpec, FileFormat, FileKind, Observer, Task};
use std::path::{Path, PathBuf};

impl Workspace {
    /// Compares the newest `last` rows that servers answered with `model` (`NAME` is the version in Production, or `NAME@3`)
    /// with what that version was trained on, and records the report.
    ///
    /// Where every row has a label by now, the labels are looked at too. Errors: no row of that version in the prediction
    /// log, or only hashed ones; otherwise those of [`Workspace::drift_check`].
    pub fn drift_check_served(
        &self,
        model: &str,
        last: usize,
        config: Option<PathBuf>,
        observer: &dyn Observer,
        cancel: &CancelToken,
    ) -> Result<DriftCheckView> {
        let (row, number) = self.find_version(model)?;
        let version = row.version(number).ok_or_else(|| EngineError::corrupt("a version vanished"))?;
        if row.task == Task::ImageClassificationCnn {
            return Err(EngineError::refused(
                "the prediction log keeps the digests of pictures, not their pixels",
                "Check a folder of pictures with `--batch`",
            ));
        }
        let served = self.served_rows(row.name.as_str(), number, last)?;
        if served.rows.is_empty() {
            let hint = if served.without_values > 0 {
                "The log keeps no plain values: start the server without `--log-values hashed` or `none` to check what it answers"
            } else {
                "Start `driftgate serve`, and check again once it has answered; or check a file with `--batch`"
            };
            return Err(EngineError::not_found(
                format!("the prediction log holds no row that {}@{number} answered", row.name),
                hint,
            ));
        }
        let spec: DatasetSpec = self.get_json(&self.dataset_version_of(&self.run_row(&version.run)?)?.spec)?;
        let labels: Option<Vec<FeedbackLabel>> = served.labels.into_iter().collect();
        let name = format!("served-{}-v{number}-last-{}.{}.csv", row.name, served.rows.len(), self.new_id().short());
        let folder = self.ledger.cache_folder();
        std::fs::create_dir_all(&folder).map_err(EngineError::io("Making", &folder))?;
        let file = Temporary(folder.join(name));
        write_batch(&file.0, &spec, &served.columns, &served.rows, labels.as_deref())?;
        self.drift_check(model, &DriftCheckOptions { batch: file.0.clone(), config }, observer, cancel)
    }
}

/// Removed again when it was read; the bytes that were compared are an object by then.
struct Temporary(PathBuf);

impl Drop for Temporary {
    fn drop(&mut self) {
        // It lies in the cache: one that stays is in nobody's way.
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Writes rows as the data set's contract reads them. A byte-order mark says that it is UTF-8, whatever the contract has.
fn write_batch(
    path: &Path,
    spec: &DatasetSpec,
    columns: &[String],
    rows: &[Vec<serde_json::Value>],
    labels: Option<&[FeedbackLabel]>,
) -> Result<()> {
    let plain = FileFormat { kind: FileKind::Csv, delimiter: ',', decimal: '.', ..spec.format.clone() };
    let format = if spec.format.kind == FileKind::Csv { &spec.format } else { &plain };
    let number = |v: f64| {
        let text = v.to_string();
        if format.decimal == ',' { text.replace('.', ",") } else { text }
    };
    let bad = |e: csv::Error| EngineError::Io { doing: "Writing", path: path.into(), source: e.into() };
    let mut bytes = "\u{feff}".as_bytes().to_vec();
    let delimiter = u8::try_from(format.delimiter).unwrap_or(b',');
    {
        let mut writer = csv::WriterBuilder::new().delimiter(delimiter).from_writer(&mut bytes);
        let target = labels.map(|_| spec.target.as_str());
        writer.write_record(columns.iter().map(String::as_str).chain(target)).map_err(bad)?;
        for (i, row) in rows.iter().enumerate() {
            let mut record: Vec<String> = row
                .iter()
                .map(|value| match value {
                    serde_json::Value::Number(n) => n.as_f64().map(number).unwrap_or_default(),
                    serde_json::Value::String(text) => text.clone(),
                    _ => String::new(),
                })
                .collect();
            match labels.and_then(|l| l.get(i)) {
                Some(FeedbackLabel::Number(v)) => record.push(number(*v)),
                Some(FeedbackLabel::Text(text)) => record.push(text.clone()),
                None => {}
            }
            writer.write_record(&record).map_err(bad)?;
        }
        writer.flush().map_err(EngineError::io("Writing", path))?;
    }
    std::fs::write(path, bytes).map_err(EngineError::io("Writing", path))
}
