//! Pictures: where their bytes lie, and how they become tiles.
//!
//! A data set of pictures is a table with one row a picture: its label, what was measured from it, and its SHA-256 in the column
//! `picture`. Splits, gates, adaptations and profiles treat it as any table. The bytes lie in packs: objects that hold the
//! files of one import one after another.

mod folder;
mod import;

pub(crate) use folder::{PictureBatch, looks_like_pictures};

use crate::{BuildInfo, EngineError, Result, Workspace};
use driftgate_data::Table;
use driftgate_determinism::Workers;
use driftgate_images::{ImagesError, MemoryTiles, StandardLoader, TileFile};
use driftgate_ledger::Ledger;
use driftgate_model::{
    CancelToken, Column, ColumnValues, Digest, Frame, ImageConfig, ImageRef, Observer, PicturePlace, TileSource,
};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// The column that names a picture by the SHA-256 of its bytes.
pub(crate) const PICTURE: &str = "picture";
/// The column of pictures that belong together: copies and near copies.
pub(crate) const GROUP: &str = "group";
/// So many pictures are decoded into memory; more become a file in the cache.
const FEW: usize = 256;
/// Most bytes of tiles that stay in the cache.
const MOST_CACHED: u64 = 4 << 30;

/// Finds the bytes of pictures by their digest.
///
/// It knows the pictures of every table that was read through the workspace.
#[derive(Clone)]
pub(crate) struct PictureStore {
    ledger: Ledger,
    /// Which build decodes.
    build: String,
    known: Arc<Mutex<BTreeMap<Digest, Known>>>,
}

/// What is known of one picture.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    pub(crate) file: String,
    pub(crate) label: Option<String>,
    pub(crate) place: PicturePlace,
}

impl PictureStore {
    pub(crate) fn new(ledger: Ledger, build: &BuildInfo) -> PictureStore {
        let build = format!("{} {} {}", build.version, build.build, build.lock_hash);
        PictureStore { ledger, build, known: Arc::default() }
    }

    /// Notes where the pictures of a data set's own `table` lie; a table without pictures is left alone.
    ///
    /// Errors: a picture's place cannot be read.
    pub(crate) fn note(&self, table: &Table) -> Result<()> {
        self.note_table(table, true)
    }

    /// The same for a batch: what a data set says of a picture stays.
    pub(crate) fn note_batch(&self, table: &Table) -> Result<()> {
        self.note_table(table, false)
    }

    fn note_table(&self, table: &Table, counts: bool) -> Result<()> {
        let Some(pictures) = table.texts(PICTURE) else { return Ok(()) };
        let corrupt = || EngineError::corrupt("the list of pictures cannot be read");
        let column = |name: &str| table.texts(name).ok_or_else(corrupt);
        let (files, packs, offsets, sizes) = (column("file")?, column("pack")?, column("offset")?, column("bytes")?);
        let labels = table.texts("label");
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        for (i, picture) in pictures.iter().enumerate() {
            let number = |texts: &[String]| texts[i].parse::<u64>().map_err(|_| corrupt());
            let place = PicturePlace {
                pack: packs[i].parse().map_err(|_| corrupt())?,
                offset: number(&offsets)?,
                bytes: number(&sizes)?,
            };
            let label = labels.as_ref().map(|l| l[i].clone()).filter(|l| !l.is_empty());
            let (digest, found) =
                (picture.parse().map_err(|_| corrupt())?, Known { file: files[i].clone(), label, place });
            if counts {
                known.insert(digest, found);
            } else {
                known.entry(digest).or_insert(found);
            }
        }
        Ok(())
    }

    /// Notes pictures by name.
    pub(crate) fn note_refs(&self, refs: &[ImageRef]) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        for r in refs {
            known.entry(r.digest).or_insert_with(|| Known {
                file: r.file.clone(),
                label: r.label.clone(),
                place: r.place.clone(),
            });
        }
    }

    /// Which build decodes and computes.
    pub(crate) fn build(&self) -> &str {
        &self.build
    }

    /// What is known of a picture. Errors: nothing is.
    pub(crate) fn known(&self, picture: &Digest) -> Result<Known> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known
            .get(picture)
            .cloned()
            .ok_or_else(|| EngineError::corrupt(format!("no list of pictures names picture {}", picture.short())))
    }

    /// The picture as reports name it.
    pub(crate) fn reference(&self, picture: &Digest) -> Result<ImageRef> {
        let known = self.known(picture)?;
        Ok(ImageRef { file: known.file, digest: *picture, label: known.label, place: known.place })
    }

    /// The bytes of a picture, hashed again.
    pub(crate) fn bytes(&self, picture: &Digest) -> Result<Vec<u8>> {
        let known = self.known(picture)?;
        let bytes = self.bytes_at(&known.place)?;
        if Digest::of(&bytes) != *picture {
            return Err(EngineError::corrupt(format!(
                "picture `{}` in pack {} is not what it was",
                known.file,
                known.place.pack.short()
            )));
        }
        Ok(bytes)
    }

    /// The bytes at a place. Errors: the pack is gone or shorter.
    pub(crate) fn bytes_at(&self, place: &PicturePlace) -> Result<Vec<u8>> {
        let path = self.ledger.object_path(&place.pack);
        let read = || -> std::io::Result<Vec<u8>> {
            let mut file = File::open(&path)?;
            let size = file.metadata()?.len();
            if place.offset.checked_add(place.bytes).is_none_or(|end| end > size) {
                return Err(std::io::Error::new(std::io::ErrorKind::UnexpectedEof, "the pack is too short"));
            }
            file.seek(SeekFrom::Start(place.offset))?;
            let mut bytes = Vec::with_capacity(usize::try_from(place.bytes).unwrap_or(0));
            file.take(place.bytes).read_to_end(&mut bytes)?;
            Ok(bytes)
        };
        read().map_err(EngineError::io("Reading", &path))
    }

    /// Pictures as tiles: a few in memory, many in a file of the cache that is used again.
    ///
    /// Errors: a picture is gone, altered or cannot be decoded; the cache cannot be written; cancelled.
    pub(crate) fn tiles(&self, pictures: &[Digest], config: &ImageConfig, work: &Work) -> Result<Box<dyn TileSource>> {
        if pictures.len() <= FEW {
            let one = |i: usize| self.tile(&pictures[i], config);
            let tiles: Result<Vec<Vec<u8>>> =
                Workers::run(work.threads, |w| w.map(pictures.len(), one).into_iter().collect());
            work.cancel.check()?;
            return Ok(Box::new(MemoryTiles::new(config.shape(), tiles?.concat())?));
        }
        let folder = self.ledger.cache_folder().join("tiles");
        std::fs::create_dir_all(&folder).map_err(EngineError::io("Making", &folder))?;
        let path = folder.join(format!("{}.tiles", tiles_name(pictures, config, &self.build)?));
        if let Ok(found) = TileFile::open(&path, config.shape(), pictures.len()) {
            return Ok(Box::new(found));
        }
        make_room(&folder);
        let load = |i: usize| {
            self.bytes(&pictures[i]).map_err(|e| ImagesError::Tiles { path: folder.clone(), why: e.to_string() })
        };
        let made = driftgate_images::build_tiles(
            pictures.len(),
            &load,
            &StandardLoader,
            config,
            &path,
            work.threads,
            work.observer,
            work.cancel,
        );
        match made {
            Ok(made) => Ok(Box::new(made)),
            Err(ImagesError::Fault { index, fault }) => {
                let file = self.known(&pictures[index])?.file;
                Err(EngineError::corrupt(format!("picture `{file}` cannot be used any more: {fault}")))
            }
            Err(other) => Err(other.into()),
        }
    }

    fn tile(&self, picture: &Digest, config: &ImageConfig) -> Result<Vec<u8>> {
        let bytes = self.bytes(picture)?;
        let file = self.known(picture)?.file;
        tile_of(&bytes, &file, config)
    }
}

/// Bytes of a picture as one tile. Errors: it cannot be decoded.
pub(crate) fn tile_of(bytes: &[u8], file: &str, config: &ImageConfig) -> Result<Vec<u8>> {
    let decoded = driftgate_images::decode(bytes, file)
        .map_err(|fault| EngineError::bad_input(fault.to_string(), "Give a JPEG, PNG, BMP, GIF or TIFF picture"))?;
    let mut tile = Vec::with_capacity(config.shape().values());
    driftgate_images::render(&decoded, config, &mut tile);
    Ok(tile)
}

/// A picture file as a PNG file whose longer side is at most `side` pixels.
///
/// Errors: the bytes are no picture.
pub fn thumbnail_of(bytes: &[u8], file: &str, side: u32) -> Result<Vec<u8>> {
    let decoded = driftgate_images::decode(bytes, file)
        .map_err(|fault| EngineError::bad_input(fault.to_string(), "Give a JPEG, PNG, BMP, GIF or TIFF picture"))?;
    Ok(driftgate_images::thumbnail(&decoded, side)?)
}

/// How work over many pictures is done and watched.
#[derive(Clone, Copy)]
pub(crate) struct Work<'a> {
    pub(crate) threads: usize,
    pub(crate) observer: &'a dyn Observer,
    pub(crate) cancel: &'a CancelToken,
}

/// The digests in the column `picture`. Errors: there is none, or it holds something else.
pub(crate) fn pictures_of(frame: &Frame) -> Result<Vec<Digest>> {
    let corrupt = || EngineError::corrupt("rows of a data set of pictures name no picture");
    let column = frame.column(PICTURE).ok_or_else(corrupt)?;
    (0..frame.rows()).map(|i| column.text(i).and_then(|t| t.parse().ok()).ok_or_else(corrupt)).collect()
}

/// A frame of nothing but pictures.
pub(crate) fn frame_of(pictures: &[Digest]) -> Result<Frame> {
    let mut dictionary: Vec<String> = pictures.iter().map(ToString::to_string).collect();
    dictionary.sort();
    dictionary.dedup();
    let code = |p: &Digest| dictionary.binary_search(&p.to_string()).ok().and_then(|i| u32::try_from(i).ok());
    let codes: Option<Vec<u32>> = pictures.iter().map(code).collect();
    let codes = codes.ok_or_else(|| EngineError::corrupt("too many pictures"))?;
    let values = ColumnValues::Text { codes, dictionary: dictionary.clone() };
    Frame::new(vec![Column { name: PICTURE.into(), values }]).map_err(|e| EngineError::corrupt(e.to_string()))
}

/// Names tiles by the pictures, the settings and the build that made them: another one may decode or shrink otherwise.
fn tiles_name(pictures: &[Digest], config: &ImageConfig, build: &str) -> Result<String> {
    // Augmentation and normalisation come after the tiles.
    let settings = serde_json::json!({ "size": config.target_size, "mode": config.color_mode, "build": build });
    let mut text = crate::artifact::canonical(&settings)?;
    pictures.iter().for_each(|p| text.extend_from_slice(&p.0));
    Ok(Digest::of(&text).to_string())
}

/// Removes the tiles that were made first where the cache holds too many. A failure leaves them: a cache owes nothing.
fn make_room(folder: &Path) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    let mut files: Vec<(std::time::SystemTime, u64, std::path::PathBuf)> = entries
        .flatten()
        .filter_map(|e| e.metadata().ok().and_then(|m| Some((m.modified().ok()?, m.len(), e.path()))))
        .collect();
    files.sort();
    let mut held: u64 = files.iter().map(|f| f.1).sum();
    for (_, size, path) in files {
        if held <= MOST_CACHED {
            break;
        }
        if std::fs::remove_file(path).is_ok() {
            held -= size;
        }
    }
}

impl Workspace {
    /// The bytes of a stored picture, as a report or a list names it.
    ///
    /// Errors: nothing there, or it is not what its digest says.
    pub fn picture(&self, picture: &ImageRef) -> Result<Vec<u8>> {
        let bytes = self.pictures.bytes_at(&picture.place)?;
        if Digest::of(&bytes) != picture.digest {
            return Err(EngineError::corrupt(format!("picture `{}` is not what it was", picture.file)));
        }
        Ok(bytes)
    }

    /// A stored picture as a PNG file whose longer side is at most `side` pixels.
    ///
    /// Errors: nothing there, not what its digest says, or no picture.
    pub fn thumbnail(&self, picture: &ImageRef, side: u32) -> Result<Vec<u8>> {
        thumbnail_of(&self.picture(picture)?, &picture.file, side)
    }

    pub(crate) fn work<'a>(&self, observer: &'a dyn Observer, cancel: &'a CancelToken) -> Work<'a> {
        Work { threads: self.host.worker_threads(), observer, cancel }
    }
}
