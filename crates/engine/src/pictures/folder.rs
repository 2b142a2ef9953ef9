//! A folder of pictures becomes a list: a CSV table with one row a picture, and a pack with their bytes.

use super::{GROUP, PICTURE};
use crate::{EngineError, Result, Workspace};
use driftgate_data::Table;
use driftgate_images::{Inspection, Listing, Picture, StandardLoader};
use driftgate_model::{
    ColumnType, DataFile, DatasetRow, DatasetSpec, Digest, FileFormat, Finding, ImageSetSpec, PicturePlace, Task,
};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::Work;

/// The columns of a list of pictures before what was measured.
const NAMING: [&str; 8] = ["file", "label", GROUP, PICTURE, "pack", "offset", "bytes", "mode"];
/// The column of the difference hash, by which near copies are found.
pub(crate) const HASH: &str = "hash";
/// What the list of a data set's pictures is called.
pub(crate) const LIST: &str = "pictures.csv";

/// Whether `path` is a folder of pictures, not of a table.
pub(crate) fn looks_like_pictures(path: &Path) -> bool {
    let table = ["data.csv", "data.tsv", "data.parquet"];
    let tabular = || table.iter().any(|name| path.join(name).is_file());
    let told = || {
        let spec = std::fs::read_to_string(spec_path(path)).unwrap_or_default();
        spec.contains(Task::ImageClassificationCnn.as_str())
    };
    let named = || path.join("images").is_dir() || path.join("labels.csv").is_file() || told();
    let found = || driftgate_images::scan(path, &ImageSetSpec::default()).is_ok_and(|l| !l.entries.is_empty());
    path.is_dir() && !tabular() && (named() || found())
}

/// A batch of pictures as a table: what a drift check, an adaptation and `predict` take.
pub(crate) struct PictureBatch {
    /// One row a picture.
    pub(crate) table: Table,
    /// The table's bytes.
    pub(crate) list: Vec<u8>,
    /// What a person should know of it.
    pub(crate) notes: Vec<String>,
    /// What was found, as an import would find it.
    pub(crate) findings: Vec<Finding>,
    /// Where each picture lies.
    pub(crate) places: Vec<PicturePlace>,
}

/// The contract of a list of pictures: `spec` with what Driftgate measures as its features.
pub(crate) fn filled(spec: &DatasetSpec) -> DatasetSpec {
    let mut spec = spec.clone();
    spec.images.get_or_insert_with(ImageSetSpec::default);
    spec.features = driftgate_images::FEATURES.map(String::from).to_vec();
    spec.target = "label".into();
    spec.schema = spec.features.iter().map(|f| (f.clone(), ColumnType::Float)).collect();
    for text in ["label", GROUP, PICTURE] {
        spec.schema.insert(text.into(), ColumnType::String);
    }
    // A class may well be called `null`.
    spec.format = FileFormat { null_values: Vec::new(), ..FileFormat::default() };
    spec.split.group_column = Some(GROUP.into());
    spec.split.key_column = Some(PICTURE.into());
    spec
}

/// What `dataset.yaml` would say of a folder of pictures.
pub(crate) fn drafted(name: &str) -> DatasetSpec {
    DatasetSpec {
        name: name.into(),
        task: Task::ImageClassificationCnn,
        features: Vec::new(),
        target: "label".into(),
        schema: BTreeMap::new(),
        format: FileFormat::default(),
        constraints: driftgate_model::Constraints::default(),
        split: driftgate_model::SplitPolicy::default(),
        images: Some(ImageSetSpec::default()),
        about: driftgate_model::About::default(),
    }
}

/// Writes the list: what each picture is, where it lies, and what was measured from it.
pub(crate) fn list_of(pictures: &[Picture], groups: &[String], places: &[PicturePlace]) -> Result<Vec<u8>> {
    let bad = |e: csv::Error| EngineError::corrupt(format!("the list of pictures cannot be written: {e}"));
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(NAMING.iter().chain(&driftgate_images::FEATURES).chain([&HASH])).map_err(bad)?;
    for ((p, group), place) in pictures.iter().zip(groups).zip(places) {
        let naming = [
            p.entry.file.clone(),
            p.entry.label.clone().unwrap_or_default(),
            group.clone(),
            p.digest.to_string(),
            place.pack.to_string(),
            place.offset.to_string(),
            place.bytes.to_string(),
            p.mode.to_string(),
        ];
        let measured = p.measures.values().map(|v| v.to_string());
        writer.write_record(naming.into_iter().chain(measured).chain([format!("{:016x}", p.hash)])).map_err(bad)?;
    }
    writer.into_inner().map_err(|e| EngineError::corrupt(format!("the list of pictures cannot be written: {e}")))
}

/// Reads a list of pictures back.
pub(crate) fn read_list(bytes: &[u8]) -> Result<Table> {
    let format = FileFormat { null_values: Vec::new(), ..FileFormat::default() };
    Ok(driftgate_data::read_bytes(bytes, LIST, &format)?)
}

impl Workspace {
    /// Reads, decodes and measures the pictures of a listing.
    pub(crate) fn inspect(&self, listing: &Listing, spec: &ImageSetSpec, work: &Work) -> Result<Inspection> {
        Ok(driftgate_images::inspect(listing, &StandardLoader, spec, work.threads, work.observer, work.cancel)?)
    }

    /// Copies pictures that are not stored yet into one pack, and says where each picture lies.
    ///
    /// Errors: a file changed since it was looked at; the pack cannot be written; cancelled.
    pub(crate) fn pack(
        &self,
        pictures: &[Picture],
        known: &BTreeMap<Digest, PicturePlace>,
        work: &Work,
    ) -> Result<Vec<PicturePlace>> {
        let folder = self.ledger.cache_folder();
        std::fs::create_dir_all(&folder).map_err(EngineError::io("Making", &folder))?;
        let path = folder.join(format!("pack-{}.part", self.new_run_id()));
        let written = self.write_pack(&path, pictures, known, work);
        let stored = written.and_then(|new: BTreeMap<Digest, (u64, u64)>| {
            let pack = if new.is_empty() { Digest::ZERO } else { self.ledger.put_file(&path)?.0 };
            let place = |p: &Picture| {
                let here =
                    new.get(&p.digest).map(|(offset, bytes)| PicturePlace { pack, offset: *offset, bytes: *bytes });
                known.get(&p.digest).cloned().or(here).ok_or_else(|| EngineError::corrupt("a picture was not packed"))
            };
            pictures.iter().map(place).collect()
        });
        if let Err(error) = std::fs::remove_file(&path) {
            tracing::debug!(%error, "a part of a pack stays in the cache");
        }
        stored
    }

    /// The packs that pictures lie in, as files of a version: an event names them so, and a verification looks for them.
    pub(crate) fn packs_of(&self, places: &[PicturePlace], name: &str) -> Result<Vec<DataFile>> {
        let packs: BTreeSet<Digest> = places.iter().map(|p| p.pack).collect();
        let file = |(i, digest): (usize, Digest)| {
            let path = self.ledger.object_path(&digest);
            let size = std::fs::metadata(&path).map_err(EngineError::io("Reading", &path))?.len();
            Ok(DataFile { name: format!("{name}-{}.pack", i + 1), digest, size, reference: None })
        };
        packs.into_iter().enumerate().map(file).collect()
    }

    fn write_pack(
        &self,
        path: &Path,
        pictures: &[Picture],
        known: &BTreeMap<Digest, PicturePlace>,
        work: &Work,
    ) -> Result<BTreeMap<Digest, (u64, u64)>> {
        let file = std::fs::File::create(path).map_err(EngineError::io("Writing", path))?;
        let mut file = std::io::BufWriter::new(file);
        let (mut places, mut at) = (BTreeMap::new(), 0);
        for p in pictures {
            if known.contains_key(&p.digest) || places.contains_key(&p.digest) {
                continue;
            }
            work.cancel.check()?;
            let bytes = std::fs::read(&p.entry.path).map_err(EngineError::io("Reading", &p.entry.path))?;
            if Digest::of(&bytes) != p.digest {
                return Err(EngineError::conflict(
                    format!("`{}` changed while it was read", p.entry.path.display()),
                    "Wait until nothing writes there any more, then try again",
                ));
            }
            file.write_all(&bytes).map_err(EngineError::io("Writing", path))?;
            places.insert(p.digest, (at, bytes.len() as u64));
            at += bytes.len() as u64;
        }
        file.flush().map_err(EngineError::io("Writing", path))?;
        Ok(places)
    }

    /// Reads a batch of pictures, a folder or one file, and stores their bytes.
    ///
    /// `labels` are the classes that folders of the batch may be named by. Errors: nothing there, or no picture; a picture that
    /// cannot be used, where the data set's contract does not say to leave such out.
    pub(crate) fn read_pictures(
        &self,
        path: &Path,
        spec: &DatasetSpec,
        labels: &[String],
        work: &Work,
    ) -> Result<PictureBatch> {
        let images = spec.images.clone().unwrap_or_default();
        let listing = driftgate_images::scan_batch(path, &images, labels)?;
        let inspection = self.inspect(&listing, &images, work)?;
        let mut notes: Vec<String> = listing
            .ignored
            .first()
            .map(|f| format!("{} other files were left alone, such as {f}", listing.ignored.len()))
            .into_iter()
            .collect();
        if let Some((entry, fault)) = inspection.faults.first() {
            let what = format!(
                "{} of {} pictures cannot be used: {}: {fault}",
                inspection.faults.len(),
                listing.entries.len(),
                entry.file
            );
            if images.bad_images == driftgate_model::BadImages::Fail {
                return Err(EngineError::bad_input(
                    what,
                    "Remove or replace them, or set `bad_images: skip` under `image_properties` in dataset.yaml",
                ));
            }
            notes.push(format!("{what}; they were left out"));
        }
        if inspection.pictures.is_empty() {
            return Err(EngineError::bad_input(
                format!("`{}` holds no picture that can be used", path.display()),
                "Give a folder of JPEG, PNG, BMP, GIF or TIFF pictures",
            ));
        }
        let known = self.ledger.read(|view| -> Result<Option<DatasetRow>> { Ok(view.dataset(&spec.name)?) })?;
        let earlier = self.earlier_pictures(known.as_ref())?;
        let groups = earlier.groups_of(&inspection.pictures);
        let places = self.pack(&inspection.pictures, &earlier.places, work)?;
        let list = list_of(&inspection.pictures, &groups, &places)?;
        let table = read_list(&list)?;
        self.pictures.note_batch(&table)?;
        Ok(PictureBatch { table, list, notes, findings: inspection.findings, places })
    }
}

/// Where `dataset.yaml` of a folder of pictures is.
pub(crate) fn spec_path(folder: &Path) -> PathBuf {
    folder.join("dataset.yaml")
}
