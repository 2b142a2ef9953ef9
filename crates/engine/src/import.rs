use crate::pictures::looks_like_pictures;
use crate::{EngineError, Result, Workspace};
use driftgate_data::{Assignment, DraftAnswers, Lineage, QuestionKind, Table};
use driftgate_model::views::{DatasetAdded, ImportPlan, ImportQuestion};
use driftgate_model::{
    CancelToken, DataFile, DatasetRow, DatasetSpec, DatasetVersionRow, Digest, EventBody, FileKind, ModelName,
    Observer, Task, ValidationReport,
};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

/// What a person said about a data set besides its files.
#[derive(Debug, Clone, Default)]
pub struct ImportAnswers {
    /// Its name; by default what `dataset.yaml` says, or the file's or folder's name.
    pub name: Option<String>,
    /// The target column.
    pub target: Option<String>,
    /// The task.
    pub task: Option<Task>,
    /// Leave the data file where it is, and hash it again at each use.
    pub reference: bool,
    /// Write the guessed or given spec beside the data file, where there is none.
    pub write_spec: bool,
    /// The text of a `dataset.yaml` that is not a file yet.
    pub spec: Option<String>,
}

/// A data file with what is known about it, read but not stored.
struct Source {
    data: PathBuf,
    bytes: Vec<u8>,
    table: Table,
    spec: DatasetSpec,
    spec_path: PathBuf,
    spec_given: bool,
    notes: Vec<String>,
    questions: Vec<ImportQuestion>,
}

/// What a new version of a data set is made of.
pub(crate) struct NewVersion<'a> {
    /// What its id is the digest of.
    pub(crate) manifest: &'a serde_json::Value,
    /// The table first.
    pub(crate) files: Vec<DataFile>,
    pub(crate) report: &'a ValidationReport,
    pub(crate) assignment: &'a Assignment,
    pub(crate) table: &'a Table,
    pub(crate) source: &'a Path,
}

impl Workspace {
    /// What importing `path` would do. Writes nothing.
    pub fn plan_import(&self, path: &Path, answers: &ImportAnswers) -> Result<ImportPlan> {
        if looks_like_pictures(path) {
            return self.plan_pictures(path, answers);
        }
        let source = read_source(path, answers)?;
        let header = source.table.columns().iter().map(|c| c.name.clone()).collect();
        Ok(ImportPlan {
            schema: "driftgate/import-plan/1".into(),
            preview: std::iter::once(header).chain(source.table.preview(5)).collect(),
            spec: source.spec,
            spec_given: source.spec_given,
            notes: source.notes,
            questions: source.questions,
            pictures: None,
        })
    }

    /// Imports a data file, or a folder with `data.csv` (or `.tsv`, `.parquet`) and maybe `dataset.yaml`, as a new version; or a
    /// folder of pictures, one folder a class or with a `labels.csv`.
    ///
    /// The same bytes with the same spec are the same version: nothing is written then. Errors: questions are open; validation
    /// refuses the data; a file cannot be read.
    pub fn add_dataset(
        &self,
        path: &Path,
        answers: &ImportAnswers,
        observer: &dyn Observer,
        cancel: &CancelToken,
    ) -> Result<DatasetAdded> {
        if looks_like_pictures(path) {
            return self.add_pictures(path, answers, observer, cancel);
        }
        observer.stage_started("import");
        let source = read_source(path, answers)?;
        if !source.questions.is_empty() {
            return Err(EngineError::Questions(source.questions));
        }
        cancel.check()?;
        let mut report = driftgate_data::validate(&source.table, &source.spec, self.host.clock.now());
        if report.errors() > 0 {
            return Err(EngineError::InvalidData(Box::new(report)));
        }
        cancel.check()?;
        let added = self.store_version(source, answers, &mut report)?;
        let counts = added.version.counts;
        observer.stage_finished(
            "import",
            &format!("{} rows: {}/{}/{}", added.version.rows, counts.train, counts.val, counts.test),
        );
        Ok(added)
    }

    fn store_version(
        &self,
        source: Source,
        answers: &ImportAnswers,
        report: &mut ValidationReport,
    ) -> Result<DatasetAdded> {
        let Source { data, bytes, table, spec, spec_path, spec_given, mut notes, .. } = source;
        let known = self.ledger.read(|view| -> Result<Option<DatasetRow>> { Ok(view.dataset(&spec.name)?) })?;
        if let Some(row) = &known {
            same_contract(row, &spec)?;
        }
        let file_name = data.file_name().map_or_else(|| "data".into(), |n| n.to_string_lossy().into_owned());
        let digest = Digest::of(&bytes);
        let size = bytes.len() as u64;
        let logical = driftgate_data::logical_name(&spec.format).to_owned();
        let manifest = driftgate_data::content_version(&[(logical, digest, size)], &spec);
        let version = Digest::of(&crate::artifact::canonical(&manifest)?);
        report.version = Some(version);
        if let Some(existing) = known.iter().flat_map(|d| &d.versions).find(|v| v.version == version) {
            return Ok(DatasetAdded {
                schema: "driftgate/dataset-added/1".into(),
                dataset: spec.name.clone(),
                version: existing.clone(),
                new: false,
                notes,
                validation: report.clone(),
                wrote_spec: None,
            });
        }
        if let Some(a) = known.as_ref().and_then(DatasetRow::newest).and_then(|v| v.adaptation.as_ref()) {
            notes.push(format!(
                "This version does not hold the {} drifted rows of adaptation {}: to learn from them still, stage it again",
                a.train + a.holdout,
                a.adaptation.short()
            ));
        }
        let earlier = self.split_lineage(known.as_ref())?;
        let frame = table.frame_for_split(&spec, earlier.as_ref())?;
        let assignment = driftgate_data::split(&frame, &spec, earlier.as_ref())?;
        let held = assignment.rows(driftgate_model::SplitName::DriftHoldout).len();
        if held > 0 {
            notes.push(format!(
                "{held} of the rows stay held out, as an adaptation had drawn them: no model learns from them, and they are in \
                 none of the three splits"
            ));
        }
        let (stored, reference) = self.store_file(&data, &bytes, answers.reference)?;
        debug_assert_eq!(stored, digest);
        let made = NewVersion {
            manifest: &manifest,
            files: vec![DataFile { name: file_name, digest, size, reference }],
            report,
            assignment: &assignment,
            table: &table,
            source: &data,
        };
        let (row, new) = self.add_version(&spec, known.as_ref(), made)?;
        let text = match (&answers.spec, spec_given) {
            (Some(text), _) => Some(text.clone()),
            (None, false) => Some(driftgate_config::write_dataset(&spec)),
            (None, true) => None,
        };
        let wrote_spec = match text.filter(|_| answers.write_spec && !spec_path.exists()) {
            Some(text) => write_spec(&text, &spec_path, self.new_run_id().as_str(), &mut notes),
            None => None,
        };
        Ok(DatasetAdded {
            schema: "driftgate/dataset-added/1".into(),
            dataset: spec.name,
            version: row,
            new,
            notes,
            validation: report.clone(),
            wrote_spec,
        })
    }

    /// What all versions so far say of rows: one that left and comes back returns to its split.
    pub(crate) fn split_lineage(&self, known: Option<&DatasetRow>) -> Result<Option<Lineage>> {
        let mut lineage: Option<Lineage> = None;
        for version in known.iter().flat_map(|d| &d.versions) {
            let assignment = Assignment::from_bytes(&self.ledger.get(&version.split)?)?;
            match &mut lineage {
                None => lineage = Some(Lineage::new(&assignment)),
                Some(lineage) => lineage.add(&assignment),
            }
        }
        Ok(lineage)
    }

    fn store_file(
        &self,
        path: &Path,
        bytes: &[u8],
        reference: bool,
    ) -> Result<(Digest, Option<driftgate_model::Sealed>)> {
        if reference {
            let absolute = path.canonicalize().map_err(EngineError::io("Finding", path))?;
            return Ok((Digest::of(bytes), Some(self.ledger.seal(&absolute.display().to_string())?)));
        }
        Ok((self.ledger.put(bytes)?, None))
    }

    /// Stores what a version is made of and appends it; whether it is new.
    pub(crate) fn add_version(
        &self,
        spec: &DatasetSpec,
        known: Option<&DatasetRow>,
        made: NewVersion,
    ) -> Result<(DatasetVersionRow, bool)> {
        let row = DatasetVersionRow {
            number: known.map_or(1, |d| d.versions.len() as u32 + 1),
            version: self.ledger.put_json(made.manifest)?,
            spec: self.ledger.put_json(spec)?,
            files: made.files,
            validation: self.ledger.put_json(made.report)?,
            split: self.ledger.put(&made.assignment.to_bytes())?,
            counts: made.assignment.counts(),
            rows: made.table.rows() as u64,
            columns: made.table.columns().len() as u64,
            added_at: self.host.clock.now(),
            source: self.ledger.seal(&made.source.display().to_string())?,
            adaptation: None,
        };
        Ok(match self.record_version(spec, &row)? {
            None => (row, true),
            Some(existing) => (existing, false),
        })
    }

    /// Appends the version; the one that is there already where another process added the very same meanwhile.
    fn record_version(&self, spec: &DatasetSpec, row: &DatasetVersionRow) -> Result<Option<DatasetVersionRow>> {
        let stamp = self.stamp();
        self.ledger.write(|tx| -> Result<Option<DatasetVersionRow>> {
            let known = tx.dataset(&spec.name)?;
            let number = known.as_ref().map_or(1, |d| d.versions.len() as u32 + 1);
            if let Some(same) = known.into_iter().flat_map(|d| d.versions).find(|v| v.version == row.version) {
                return Ok(Some(same));
            }
            if number != row.number {
                return Err(EngineError::conflict(
                    format!("another process added version {} of `{}` meanwhile", row.number, spec.name),
                    "Add the data again",
                ));
            }
            let body = EventBody::DatasetAdded {
                dataset: spec.name.clone(),
                number,
                version: row.version,
                task: spec.task,
                target: spec.target.clone(),
                spec: row.spec,
                files: row.files.clone(),
                validation: row.validation,
                split: row.split,
                counts: row.counts,
                rows: row.rows,
                columns: row.columns,
                source: row.source,
            };
            tx.append(&stamp, body)?;
            Ok(None)
        })
    }

    /// Checks a data set without storing anything: a file, a folder, or the newest version of a known data set.
    pub fn validate_dataset(&self, path_or_name: &str) -> Result<ValidationReport> {
        let path = Path::new(path_or_name);
        if looks_like_pictures(path) {
            return self.validate_pictures(path, &ImportAnswers::default());
        }
        if path.exists() {
            let source = read_source(path, &ImportAnswers::default())?;
            if !source.questions.is_empty() {
                return Err(EngineError::Questions(source.questions));
            }
            return Ok(driftgate_data::validate(&source.table, &source.spec, self.host.clock.now()));
        }
        self.validate_known(path_or_name)
    }

    /// Checks what importing `path` with these answers would find. Writes nothing.
    ///
    /// Errors: questions are open; a file cannot be read.
    pub fn validate_import(&self, path: &Path, answers: &ImportAnswers) -> Result<ValidationReport> {
        if looks_like_pictures(path) {
            return self.validate_pictures(path, answers);
        }
        let source = read_source(path, answers)?;
        if !source.questions.is_empty() {
            return Err(EngineError::Questions(source.questions));
        }
        Ok(driftgate_data::validate(&source.table, &source.spec, self.host.clock.now()))
    }

    /// Checks the newest version of a known data set again, whatever lies in the folder by its name.
    pub fn validate_known(&self, name: &str) -> Result<ValidationReport> {
        let row = self.dataset_row(name)?;
        // Drifted rows were checked when they were staged.
        let version = row.added(newest(&row)?);
        if row.task == Task::ImageClassificationCnn {
            // What was found of pictures was found of their very bytes, which the version's id stands for.
            self.check_files(version)?;
            return self.get_json(&version.validation);
        }
        let spec: DatasetSpec = self.get_json(&version.spec)?;
        let table = self.read_added(version, &spec)?;
        let mut report = driftgate_data::validate(&table, &spec, self.host.clock.now());
        report.version = Some(version.version);
        Ok(report)
    }
}

/// The newest version in use; a data set always has one.
pub(crate) fn newest(row: &DatasetRow) -> Result<&DatasetVersionRow> {
    row.newest().ok_or_else(|| EngineError::corrupt(format!("data set `{}` has no version", row.name)))
}

pub(crate) fn same_contract(row: &DatasetRow, spec: &DatasetSpec) -> Result<()> {
    if row.task == spec.task && row.target == spec.target {
        return Ok(());
    }
    Err(EngineError::refused(
        format!(
            "`{}` is known with target `{}` ({}), but this version says target `{}` ({})",
            row.name, row.target, row.task, spec.target, spec.task
        ),
        "A new version keeps task and target: give it another name with `--name`",
    ))
}

/// Writes the guessed spec beside the data; a failure is a note, since the workspace has it anyway.
pub(crate) fn write_spec(text: &str, path: &Path, unique: &str, notes: &mut Vec<String>) -> Option<String> {
    match write_new(path, unique, text.as_bytes()) {
        Ok(()) => Some(path.display().to_string()),
        Err(e) => {
            notes.push(format!(
                "The spec could not be written to {}: {e}; it is stored in the workspace",
                path.display()
            ));
            None
        }
    }
}

/// Writes a file whole or not at all, and never over one that is there.
fn write_new(path: &Path, unique: &str, bytes: &[u8]) -> std::io::Result<()> {
    let temporary = path.with_file_name(format!(".{unique}.part"));
    let written = std::fs::OpenOptions::new().write(true).create_new(true).open(&temporary).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    let placed = written.and_then(|()| match std::fs::hard_link(&temporary, path) {
        // A file system without hard links; a rename would replace what another process wrote just now, but nothing older.
        Err(e) if e.kind() != ErrorKind::AlreadyExists && !path.try_exists()? => std::fs::rename(&temporary, path),
        other => other,
    });
    if let Err(error) = std::fs::remove_file(&temporary)
        && error.kind() != ErrorKind::NotFound
    {
        tracing::debug!(%error, path = %temporary.display(), "a temporary file stays behind");
    }
    placed
}

/// Where the data file and its spec are.
fn locate(path: &Path) -> Result<(PathBuf, PathBuf)> {
    let meta = std::fs::metadata(path).map_err(|e| {
        if e.kind() == ErrorKind::NotFound {
            EngineError::not_found(
                format!("there is no file or folder `{}`", path.display()),
                "Give the path of a CSV, TSV or Parquet file, or of a folder that holds one",
            )
        } else {
            EngineError::io("Reading", path)(e)
        }
    })?;
    if !meta.is_dir() {
        if !meta.is_file() {
            return Err(EngineError::bad_input(
                format!("`{}` is not a regular file", path.display()),
                "Give the path of a CSV, TSV or Parquet file, or of a folder that holds one",
            ));
        }
        let plain = path.with_file_name("dataset.yaml");
        let is_data = path.file_stem().is_some_and(|s| s == "data");
        let stem = path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
        let own = path.with_file_name(format!("{stem}.dataset.yaml"));
        return Ok((path.to_path_buf(), if is_data { plain } else { own }));
    }
    let candidates = ["data.csv", "data.tsv", "data.parquet"].map(|n| path.join(n));
    let found: Vec<&PathBuf> = candidates.iter().filter(|p| p.is_file()).collect();
    match found.as_slice() {
        [one] => Ok(((*one).clone(), path.join("dataset.yaml"))),
        [] => Err(EngineError::not_found(
            format!("the folder `{}` holds no data.csv, data.tsv or data.parquet, and no pictures", path.display()),
            "Name the data file itself, or give it one of these names; pictures lie in images/<class>/, or beside a labels.csv",
        )),
        _ => Err(EngineError::bad_input(
            format!("the folder `{}` holds more than one of data.csv, data.tsv and data.parquet", path.display()),
            "Name the one you mean",
        )),
    }
}

pub(crate) fn default_name(data: &Path) -> String {
    let stem = data.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
    let folder = || {
        let absolute = data.canonicalize().ok()?;
        Some(absolute.parent()?.file_name()?.to_string_lossy().into_owned())
    };
    let raw = if stem == "data" { folder().unwrap_or(stem) } else { stem };
    let clean: String =
        raw.chars().map(|c| if c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-') { c } else { '_' }).collect();
    let trimmed = clean.trim_start_matches(['.', '_', '-']);
    if trimmed.is_empty() { "dataset".into() } else { trimmed.chars().take(100).collect() }
}

fn read_source(path: &Path, answers: &ImportAnswers) -> Result<Source> {
    let (data, spec_path) = locate(path)?;
    let given = given_spec(&spec_path, answers.spec.as_deref())?;
    let bytes = std::fs::read(&data).map_err(EngineError::io("Reading", &data))?;
    let label = data.display().to_string();
    if let Some(parsed) = given {
        let mut spec = parsed.spec;
        if let Some(name) = &answers.name {
            spec.name = name.clone();
        }
        check_name(&spec.name)?;
        same_answers(&spec, &spec_path, answers)?;
        let mut notes: Vec<String> = parsed.notes.iter().map(ToString::to_string).collect();
        if !parsed.format_given {
            let sniffed = driftgate_data::sniff(&data)?;
            spec.format = sniffed.format;
            notes.extend(sniffed.notes);
        } else if data.extension().is_some_and(|e| e.eq_ignore_ascii_case("parquet")) {
            spec.format.kind = FileKind::Parquet;
        }
        let table = driftgate_data::read_bytes(&bytes, &label, &spec.format)?;
        return Ok(Source { data, bytes, table, spec, spec_path, spec_given: true, notes, questions: Vec::new() });
    }
    let sniffed = driftgate_data::sniff(&data)?;
    let table = driftgate_data::read_bytes(&bytes, &label, &sniffed.format)?;
    let name = answers.name.clone().unwrap_or_else(|| default_name(&data));
    check_name(&name)?;
    let draft_answers = DraftAnswers { target: answers.target.clone(), task: answers.task, ..DraftAnswers::default() };
    let draft = driftgate_data::draft_spec(&name, &table, &sniffed.format, &draft_answers)?;
    let questions = draft.questions.into_iter().map(|q| ImportQuestion {
        key: match q.kind {
            QuestionKind::Target => "target".into(),
            QuestionKind::Task => "task".into(),
        },
        text: q.text,
        choices: q.choices,
        suggestion: q.suggestion,
    });
    Ok(Source {
        questions: questions.collect(),
        notes: sniffed.notes.into_iter().chain(draft.notes).collect(),
        spec: draft.spec,
        data,
        bytes,
        table,
        spec_path,
        spec_given: false,
    })
}

/// The spec that a person wrote: the file, or the text that is to become it.
pub(crate) fn given_spec(path: &Path, text: Option<&str>) -> Result<Option<driftgate_config::DatasetSpecParsed>> {
    let file = match std::fs::read_to_string(path) {
        Ok(text) => Some(driftgate_config::parse_dataset(&text, path)?),
        Err(e) if e.kind() == ErrorKind::NotFound => None,
        Err(e) => return Err(EngineError::io("Reading", path)(e)),
    };
    let Some(text) = text else { return Ok(file) };
    let parsed = driftgate_config::parse_dataset(text, path)?;
    if file.is_some_and(|file| file.spec != parsed.spec) {
        return Err(EngineError::refused(
            format!("`{}` is there already and says something else", path.display()),
            "Change that file, which counts, or move it away",
        ));
    }
    Ok(Some(parsed))
}

/// What a person said and what the spec says are one, or the import is refused: the spec is the contract.
pub(crate) fn same_answers(spec: &DatasetSpec, path: &Path, answers: &ImportAnswers) -> Result<()> {
    let mut wrong = Vec::new();
    if let Some(target) = answers.target.as_ref().filter(|t| **t != spec.target) {
        wrong.push(format!("target `{}`, not `{target}`", spec.target));
    }
    if let Some(task) = answers.task.filter(|t| *t != spec.task) {
        wrong.push(format!("task {}, not {task}", spec.task));
    }
    if wrong.is_empty() {
        return Ok(());
    }
    Err(EngineError::bad_input(
        format!("`{}` says {}", path.display(), wrong.join(", and ")),
        "Correct the file, or leave `--target` and `--task` out: what the file says counts",
    ))
}

pub(crate) fn check_name(name: &str) -> Result<()> {
    ModelName::new(name)
        .map(|_| ())
        .map_err(|e| EngineError::bad_input(e.to_string(), "Give the data set a name with `--name` or in dataset.yaml"))
}
