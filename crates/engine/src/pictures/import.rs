//! Importing a folder of pictures as a version of a data set.

use super::folder::{HASH, LIST, drafted, filled, list_of, read_list, spec_path};
use super::{GROUP, PICTURE, Work};
use crate::import::{NewVersion, check_name, default_name, given_spec, same_answers, same_contract, write_spec};
use crate::{EngineError, ImportAnswers, Result, Workspace};
use driftgate_data::Table;
use driftgate_determinism::Workers;
use driftgate_images::{Entry, Inspection, Listing, Measures, Picture};
use driftgate_model::views::{DatasetAdded, ImportPlan, PicturePlan};
use driftgate_model::{
    CancelToken, DataFile, DatasetRow, DatasetSpec, DatasetVersionRow, Digest, ImageSetSpec, NullObserver, Observer,
    PicturePlace, SplitName, Task, ValidationReport,
};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A folder of pictures with what is known about it; nothing is stored.
struct Folder {
    path: PathBuf,
    /// As the person wrote it.
    written: DatasetSpec,
    /// With what Driftgate measures.
    spec: DatasetSpec,
    spec_given: bool,
    notes: Vec<String>,
    listing: Listing,
}

/// What earlier versions of a data set say of pictures.
#[derive(Default)]
pub(super) struct Earlier {
    pub(super) places: BTreeMap<Digest, PicturePlace>,
    groups: BTreeMap<Digest, String>,
    /// Each picture once, as far as groups are made of it.
    pictures: Vec<Picture>,
    /// The files of each version: name, label and digest, sorted.
    versions: Vec<(u32, Vec<Named>)>,
}

/// A picture's file, label and digest.
type Named = (String, String, Digest);

impl Workspace {
    /// What importing a folder of pictures would do. Writes nothing.
    pub(crate) fn plan_pictures(&self, path: &Path, answers: &ImportAnswers) -> Result<ImportPlan> {
        let folder = read_folder(path, answers)?;
        let mut classes: BTreeMap<&str, u64> = BTreeMap::new();
        for entry in &folder.listing.entries {
            *classes.entry(entry.label.as_deref().unwrap_or_default()).or_default() += 1;
        }
        let named = |e: &Entry| vec![e.file.clone(), e.label.clone().unwrap_or_default()];
        let header = vec!["file".to_owned(), "label".to_owned()];
        let shown = spread(&folder.listing.entries, 12);
        let pictures = PicturePlan {
            pictures: folder.listing.entries.len() as u64,
            classes: classes.into_iter().map(|(label, n)| (label.to_owned(), n)).collect(),
            shown: shown.iter().map(|e| (e.file.clone(), e.path.display().to_string())).collect(),
        };
        Ok(ImportPlan {
            schema: "driftgate/import-plan/1".into(),
            preview: std::iter::once(header).chain(folder.listing.entries.iter().take(5).map(named)).collect(),
            spec: folder.written,
            spec_given: folder.spec_given,
            notes: folder.notes,
            questions: Vec::new(),
            pictures: Some(pictures),
        })
    }

    /// What a check of a folder of pictures finds. Writes nothing.
    pub(crate) fn validate_pictures(&self, path: &Path, answers: &ImportAnswers) -> Result<ValidationReport> {
        let folder = read_folder(path, answers)?;
        let cancel = CancelToken::new();
        let inspection = self.inspect(&folder.listing, &images_of(&folder.spec), &self.work(&NullObserver, &cancel))?;
        Ok(report(&folder.spec, &inspection))
    }

    /// Imports a folder of pictures as a new version; the same pictures with the same spec are the same version.
    pub(crate) fn add_pictures(
        &self,
        path: &Path,
        answers: &ImportAnswers,
        observer: &dyn Observer,
        cancel: &CancelToken,
    ) -> Result<DatasetAdded> {
        if answers.reference {
            return Err(EngineError::refused(
                "pictures cannot be left in place",
                "Leave `--reference` out: their files are copied into one pack",
            ));
        }
        observer.stage_started("import");
        let folder = read_folder(path, answers)?;
        let known = self.ledger.read(|view| -> Result<Option<DatasetRow>> { Ok(view.dataset(&folder.spec.name)?) })?;
        if let Some(row) = &known {
            same_contract(row, &folder.spec)?;
        }
        let work = self.work(observer, cancel);
        let earlier = self.earlier_pictures(known.as_ref())?;
        let named = digests_of(&folder.listing, &work)?;
        if let Some(same) =
            same_version(known.as_ref(), &earlier, &named, &self.specs_of(known.as_ref())?, &folder.spec)
        {
            observer.stage_finished("import", &format!("version {} already", same.number));
            return self.added_already(folder, same);
        }
        let inspection = self.inspect(&folder.listing, &images_of(&folder.spec), &work)?;
        let mut validation = report(&folder.spec, &inspection);
        if validation.errors() > 0 {
            return Err(EngineError::InvalidData(Box::new(validation)));
        }
        let added =
            self.store_pictures(folder, known, &earlier, &inspection.pictures, &mut validation, answers, &work)?;
        let counts = added.version.counts;
        let words = format!("{} pictures: {}/{}/{}", added.version.rows, counts.train, counts.val, counts.test);
        observer.stage_finished("import", &words);
        Ok(added)
    }

    /// The spec of each version, by its number.
    fn specs_of(&self, known: Option<&DatasetRow>) -> Result<Vec<(u32, DatasetSpec)>> {
        known.iter().flat_map(|d| &d.versions).map(|v| Ok((v.number, self.get_json(&v.spec)?))).collect()
    }

    fn added_already(&self, folder: Folder, version: DatasetVersionRow) -> Result<DatasetAdded> {
        Ok(DatasetAdded {
            schema: "driftgate/dataset-added/1".into(),
            dataset: folder.spec.name,
            validation: self.get_json(&version.validation)?,
            version,
            new: false,
            notes: folder.notes,
            wrote_spec: None,
        })
    }

    /// What all versions of a data set of pictures hold.
    pub(super) fn earlier_pictures(&self, known: Option<&DatasetRow>) -> Result<Earlier> {
        let mut earlier = Earlier::default();
        for version in known.iter().flat_map(|d| &d.versions) {
            for (at, file) in version.files.iter().enumerate() {
                if !file.name.ends_with(".csv") {
                    continue;
                }
                let table = read_list(&self.ledger.get(&file.digest)?)?;
                match at {
                    0 => self.pictures.note(&table)?,
                    _ => self.pictures.note_batch(&table)?,
                }
                let named = self.note_earlier(&table, &mut earlier)?;
                if at == 0 && version.adaptation.is_none() {
                    earlier.versions.push((version.number, named));
                }
            }
        }
        Ok(earlier)
    }

    fn note_earlier(&self, table: &Table, earlier: &mut Earlier) -> Result<Vec<Named>> {
        let corrupt = || EngineError::corrupt("the list of pictures cannot be read");
        let column = |name: &str| table.texts(name).ok_or_else(corrupt);
        let (pictures, groups, labels) = (column(PICTURE)?, column(GROUP)?, column("label")?);
        let mut named = Vec::new();
        for ((picture, group), label) in pictures.iter().zip(groups).zip(labels) {
            let digest: Digest = picture.parse().map_err(|_| corrupt())?;
            let known = self.pictures.known(&digest)?;
            earlier.places.entry(digest).or_insert(known.place);
            if !earlier.groups.contains_key(&digest) {
                earlier.pictures.push(listed(table, named.len(), digest).ok_or_else(corrupt)?);
            }
            earlier.groups.entry(digest).or_insert(group);
            named.push((label, digest));
        }
        let files = column("file")?;
        let mut named: Vec<Named> =
            files.into_iter().zip(named).map(|(file, (label, digest))| (file, label, digest)).collect();
        named.sort();
        Ok(named)
    }

    #[expect(clippy::too_many_arguments, reason = "what an import knows by then")]
    fn store_pictures(
        &self,
        folder: Folder,
        known: Option<DatasetRow>,
        earlier: &Earlier,
        pictures: &[Picture],
        validation: &mut ValidationReport,
        answers: &ImportAnswers,
        work: &Work,
    ) -> Result<DatasetAdded> {
        let Folder { path, written, spec, spec_given, mut notes, .. } = folder;
        let groups = earlier.groups_of(pictures);
        let places = self.pack(pictures, &earlier.places, work)?;
        let list = list_of(pictures, &groups, &places)?;
        let table = read_list(&list)?;
        self.pictures.note(&table)?;
        let logical: Vec<(String, Digest, u64)> = pictures
            .iter()
            .map(|p| (format!("{}: {}", p.entry.label.as_deref().unwrap_or_default(), p.entry.file), p.digest, p.bytes))
            .collect();
        let manifest = driftgate_data::content_version(&logical, &spec);
        validation.version = Some(Digest::of(&crate::artifact::canonical(&manifest)?));
        let lineage = self.split_lineage(known.as_ref())?;
        let assignment =
            driftgate_data::split(&table.frame_for_split(&spec, lineage.as_ref())?, &spec, lineage.as_ref())?;
        let held = assignment.rows(SplitName::DriftHoldout).len();
        if held > 0 {
            notes.push(format!("{held} of the pictures stay held out, as an adaptation had drawn them"));
        }
        let digest = self.ledger.put(&list)?;
        let mut files = vec![DataFile { name: LIST.into(), digest, size: list.len() as u64, reference: None }];
        files.extend(self.packs_of(&places, "pictures")?);
        let made = NewVersion {
            manifest: &manifest,
            files,
            report: validation,
            assignment: &assignment,
            table: &table,
            source: &path,
        };
        let (version, new) = self.add_version(&spec, known.as_ref(), made)?;
        let wanted = answers.write_spec && !spec_path(&path).exists() && (answers.spec.is_some() || !spec_given);
        let text = answers.spec.clone().unwrap_or_else(|| driftgate_config::write_dataset(&written));
        let wrote_spec = match wanted {
            true => write_spec(&text, &spec_path(&path), self.new_run_id().as_str(), &mut notes),
            false => None,
        };
        Ok(DatasetAdded {
            schema: "driftgate/dataset-added/1".into(),
            dataset: spec.name,
            version,
            new,
            notes,
            validation: validation.clone(),
            wrote_spec,
        })
    }
}

impl Earlier {
    /// The group of each of `pictures`: that which an earlier picture has that it is a copy or a near copy of, else its own.
    pub(super) fn groups_of(&self, pictures: &[Picture]) -> Vec<String> {
        let all = [self.pictures.as_slice(), pictures].concat();
        let mut groups = driftgate_images::groups(&all, &self.groups).split_off(self.pictures.len());
        for (picture, group) in pictures.iter().zip(&mut groups) {
            if let Some(own) = self.groups.get(&picture.digest) {
                own.clone_into(group);
            }
        }
        groups
    }
}

/// A picture as a list tells of it, as far as groups are made of it; `None` where the list is not whole.
fn listed(table: &Table, row: usize, digest: Digest) -> Option<Picture> {
    let text = |name: &str| table.text(name, row);
    let number = |i: usize| text(driftgate_images::FEATURES[i])?.parse::<f64>().ok();
    let measures = Measures {
        width: number(0)?,
        height: number(1)?,
        brightness: number(2)?,
        contrast: number(3)?,
        saturation: number(4)?,
        warmth: number(5)?,
        sharpness: number(6)?,
        noise: number(7)?,
    };
    let entry = Entry { file: text("file")?, path: PathBuf::new(), label: text("label") };
    let (bytes, hash) = (text("bytes")?.parse().ok()?, u64::from_str_radix(&text(HASH)?, 16).ok()?);
    Some(Picture { entry, position: row as u64 + 1, digest, bytes, mode: "", notes: Vec::new(), measures, hash })
}

fn images_of(spec: &DatasetSpec) -> ImageSetSpec {
    spec.images.clone().unwrap_or_default()
}

fn read_folder(path: &Path, answers: &ImportAnswers) -> Result<Folder> {
    let file = spec_path(path);
    if let Some(task) = answers.task.filter(|t| *t != Task::ImageClassificationCnn) {
        return Err(EngineError::bad_input(
            format!("`{}` is a folder of pictures, and the task is {task}", path.display()),
            "Leave the task out, or name the table that is meant",
        ));
    }
    let given = given_spec(&file, answers.spec.as_deref())?;
    let spec_given = given.is_some();
    let (mut written, mut notes) = match given {
        Some(parsed) => (parsed.spec, parsed.notes.iter().map(ToString::to_string).collect()),
        None => (drafted(&default_name(&path.canonicalize().unwrap_or_else(|_| path.into()))), Vec::<String>::new()),
    };
    if let Some(name) = &answers.name {
        written.name = name.clone();
    }
    check_name(&written.name)?;
    same_answers(&written, &file, answers)?;
    if written.task != Task::ImageClassificationCnn {
        return Err(EngineError::bad_input(
            format!("`{}` says {}, and the folder holds pictures but no data.csv", file.display(), written.task),
            "Set `task_type: image_classification_cnn`, or put the table there",
        ));
    }
    let spec = filled(&written);
    if written.target != spec.target {
        notes.push(format!("the classes are called `{}` here, whatever dataset.yaml calls them", spec.target));
    }
    let listing = driftgate_images::scan(path, &images_of(&spec))?;
    Ok(Folder { path: path.into(), written, spec, spec_given, notes, listing })
}

/// Hashes every listed file.
fn digests_of(listing: &Listing, work: &Work) -> Result<Vec<Named>> {
    let one = |i: usize| -> Result<Named> {
        work.cancel.check()?;
        let entry = &listing.entries[i];
        // What cannot be read is named by the inspection.
        let digest = driftgate_images::digest_of(&entry.path).unwrap_or(Digest::ZERO);
        Ok((entry.file.clone(), entry.label.clone().unwrap_or_default(), digest))
    };
    let mut named: Vec<Named> =
        Workers::run(work.threads, |w| w.map(listing.entries.len(), one).into_iter().collect::<Result<_>>())?;
    named.sort();
    Ok(named)
}

/// The version that holds these very files under this very spec.
fn same_version(
    known: Option<&DatasetRow>,
    earlier: &Earlier,
    named: &[Named],
    specs: &[(u32, DatasetSpec)],
    spec: &DatasetSpec,
) -> Option<DatasetVersionRow> {
    let meant = |s: &DatasetSpec| DatasetSpec { about: spec.about.clone(), ..s.clone() } == *spec;
    let (number, _) = earlier
        .versions
        .iter()
        .find(|(number, held)| held == named && specs.iter().any(|(n, s)| n == number && meant(s)))?;
    known?.version(*number).cloned()
}

fn report(spec: &DatasetSpec, inspection: &Inspection) -> ValidationReport {
    ValidationReport {
        schema: "driftgate/validation/1".into(),
        dataset: spec.name.clone(),
        version: None,
        rows: inspection.pictures.len() as u64,
        columns: driftgate_images::FEATURES.len() as u64,
        findings: inspection.findings.clone(),
    }
}

/// Up to `most` entries, spread over all.
fn spread(entries: &[Entry], most: usize) -> Vec<&Entry> {
    let step = entries.len().div_ceil(most).max(1);
    entries.iter().step_by(step).take(most).collect()
}
