//! CIFAR-10 (Krizhevsky 2009, "Learning multiple layers of features from tiny images") from its archive.

use crate::error::{ImagesError, Result, io_at};
use crate::synthetic::png;
use driftgate_model::{CancelToken, Observer, Progress};
use flate2::read::GzDecoder;
use image::{Rgb, RgbImage};
use md5::{Digest as _, Md5};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

/// The classes, in the order of their numbers.
pub const CIFAR10_CLASSES: [&str; 10] =
    ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];

/// Pixels of a side.
const SIDE: u32 = 32;

/// A label, then red, green and blue planes.
const RECORD: usize = 1 + 3 * 1024;

/// Pictures of a file.
const PICTURES: usize = 10_000;

/// Files of pictures, and how the names of their pictures begin: the test's last.
const BATCHES: [&str; 6] = [
    "data_batch_1.bin",
    "data_batch_2.bin",
    "data_batch_3.bin",
    "data_batch_4.bin",
    "data_batch_5.bin",
    "test_batch.bin",
];

/// The file of class names.
const NAMES: &str = "batches.meta.txt";

/// Lays the pictures of `cifar-10-binary.tar.gz` out as `images/<class>/train_00001.png` and `test_00001.png`; how many.
///
/// The archive's structure is checked wholly: six files of 10,000 pictures, labels 0 to 9, 1,000 test pictures of each class,
/// the ten names; and so is the MD5 digest that its publisher gives. No name in the archive becomes a path. Until all is written it lies in `images.part`, so that a stop leaves no
/// half a set; `folder` must not hold `images` yet. Errors: not the archive, reading, writing, cancelled.
pub fn lay_out(archive: &Path, folder: &Path, observer: &dyn Observer, cancel: &CancelToken) -> Result<usize> {
    free(&folder.join("images"))?;
    same_digest(archive, cancel)?;
    lay_out_of(PICTURES, archive, folder, observer, cancel)
}

fn free(whole: &Path) -> Result<()> {
    if whole.exists() {
        return Err(ImagesError::Options(format!("{} exists already; name another folder", whole.display())));
    }
    Ok(())
}

/// The archive's digest as its publisher gives it (<https://www.cs.toronto.edu/~kriz/cifar.html>).
const PUBLISHED_MD5: &str = "c32a1d4ab5d03f1284b67883e8d87530";

/// Whether the archive is the published one, byte for byte. MD5 proves no more than that nothing broke on the way.
fn same_digest(archive: &Path, cancel: &CancelToken) -> Result<()> {
    let mut file = File::open(archive).map_err(io_at(archive))?;
    let (mut md5, mut part) = (Md5::new(), vec![0; 1 << 18]);
    loop {
        cancel.check()?;
        match file.read(&mut part).map_err(io_at(archive))? {
            0 => break,
            n => md5.update(&part[..n]),
        }
    }
    let found: String = md5.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    if found == PUBLISHED_MD5 {
        return Ok(());
    }
    Err(ImagesError::Archive {
        path: archive.into(),
        why: format!("its MD5 digest is {found}, and the published one {PUBLISHED_MD5}"),
        hint: "Fetch cifar-10-binary.tar.gz (the binary version) again".into(),
    })
}

/// The same for files of `pictures` pictures each: the tests' archives are small.
fn lay_out_of(
    pictures: usize,
    archive: &Path,
    folder: &Path,
    observer: &dyn Observer,
    cancel: &CancelToken,
) -> Result<usize> {
    let (part, whole) = (folder.join("images.part"), folder.join("images"));
    free(&whole)?;
    if part.exists() {
        std::fs::remove_dir_all(&part).map_err(io_at(&part))?;
    }
    for class in CIFAR10_CLASSES {
        let home = part.join(class);
        std::fs::create_dir_all(&home).map_err(io_at(&home))?;
    }
    let unpacked = Work { pictures, archive, part: &part, observer, cancel }.unpack();
    let named = unpacked.and_then(|n| std::fs::rename(&part, &whole).map(|()| n).map_err(io_at(&whole)));
    if named.is_err() {
        let _ = std::fs::remove_dir_all(&part);
    }
    named
}

/// One archive on its way into one folder.
struct Work<'a> {
    /// Of a file.
    pictures: usize,
    archive: &'a Path,
    part: &'a Path,
    observer: &'a dyn Observer,
    cancel: &'a CancelToken,
}

impl Work<'_> {
    fn wrong(&self, why: impl Into<String>) -> ImagesError {
        let hint = "Fetch cifar-10-binary.tar.gz (the binary version) again".into();
        ImagesError::Archive { path: self.archive.into(), why: why.into(), hint }
    }

    fn unpack(&self) -> Result<usize> {
        let broken = |e: std::io::Error| self.wrong(format!("it cannot be unpacked ({e})"));
        let file = BufReader::with_capacity(1 << 18, File::open(self.archive).map_err(io_at(self.archive))?);
        let mut tar = tar::Archive::new(GzDecoder::new(file));
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        let (mut done, size) = (0, self.pictures * RECORD);
        for entry in tar.entries().map_err(broken)? {
            self.cancel.check()?;
            let mut entry = entry.map_err(broken)?;
            // The name is compared with those that are known, and used for nothing else.
            let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
            let name = name.rsplit('/').next().unwrap_or_default();
            if name == "data_batch_1" || name == "batches.meta" {
                return Err(self.wrong("it is the Python version; the binary one is read here"));
            }
            let Some(known) = BATCHES.into_iter().chain([NAMES]).find(|k| *k == name) else { continue };
            if !seen.insert(known) {
                return Err(self.wrong(format!("it holds {known} twice")));
            }
            if known == NAMES {
                self.check_names(&mut entry)?;
            } else if entry.size() == size as u64 {
                self.batch(&mut entry, known, done)?;
                done += self.pictures;
            } else {
                return Err(self.wrong(format!("{known} has {} bytes, not {size}", entry.size())));
            }
        }
        match BATCHES.into_iter().chain([NAMES]).find(|k| !seen.contains(k)) {
            Some(missing) => Err(self.wrong(format!("it has no {missing}"))),
            None => Ok(done),
        }
    }

    fn check_names(&self, entry: &mut impl Read) -> Result<()> {
        let mut text = String::new();
        let read = entry.take(1000).read_to_string(&mut text);
        read.map_err(|e| self.wrong(format!("{NAMES} is no text ({e})")))?;
        let same = text.split_whitespace().eq(CIFAR10_CLASSES);
        if same { Ok(()) } else { Err(self.wrong(format!("{NAMES} names other classes"))) }
    }

    /// Writes the pictures of one file, after `before` others.
    fn batch(&self, entry: &mut impl Read, name: &str, before: usize) -> Result<()> {
        let place = BATCHES.iter().position(|b| *b == name).unwrap_or_default();
        let (prefix, first) = if place == 5 { ("test", 1) } else { ("train", place * self.pictures + 1) };
        let mut record = [0_u8; RECORD];
        let mut of_class = [0_usize; 10];
        for i in 0..self.pictures {
            if i % 500 == 0 {
                self.cancel.check()?;
                let progress = Progress { done: (before + i) as u64, total: (6 * self.pictures) as u64 };
                self.observer.progress("pictures", progress);
            }
            entry.read_exact(&mut record).map_err(|e| self.wrong(format!("{name} ends early ({e})")))?;
            let label = usize::from(record[0]);
            let Some(class) = CIFAR10_CLASSES.get(label) else {
                return Err(self.wrong(format!("{name} has the label {label}, and there are 0 to 9")));
            };
            of_class[label] += 1;
            let path = self.part.join(class).join(format!("{prefix}_{:05}.png", first + i));
            std::fs::write(&path, png(&picture(&record), &path)?).map_err(io_at(&path))?;
        }
        if place == 5 && of_class != [self.pictures / 10; 10] {
            return Err(self.wrong(format!("{name} does not hold as many pictures of each class")));
        }
        Ok(())
    }
}

fn picture(record: &[u8; RECORD]) -> RgbImage {
    RgbImage::from_fn(SIDE, SIDE, |x, y| {
        let at = 1 + (y * SIDE + x) as usize;
        Rgb([record[at], record[at + 1024], record[at + 2048]])
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use driftgate_model::NullObserver;
    use flate2::Compression;
    use flate2::write::GzEncoder;

    /// Pictures of a test's file.
    const SOME: usize = 100;

    type Files<'a> = &'a [(&'a str, &'a [u8])];

    /// An archive of the files given; the published one has a folder in front of each.
    fn archive(files: Files) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut tar = tar::Builder::new(GzEncoder::new(file.reopen().unwrap(), Compression::fast()));
        for (name, bytes) in files {
            let mut header = tar::Header::new_gnu();
            header.set_size(bytes.len() as u64);
            // Set by hand, as a hostile writer would.
            let path = format!("../cifar-10-batches-bin/{name}");
            header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
            header.set_cksum();
            tar.append(&header, *bytes).unwrap();
        }
        tar.into_inner().unwrap().finish().unwrap();
        file
    }

    fn records(shift: usize) -> Vec<u8> {
        (0..SOME)
            .flat_map(|i| std::iter::once((i % 10) as u8).chain(std::iter::repeat_n(((i + shift) % 251) as u8, 3072)))
            .collect()
    }

    fn laid(files: Files) -> (tempfile::TempDir, Result<usize>) {
        let dir = tempfile::tempdir().unwrap();
        let done = lay_out_of(SOME, archive(files).path(), dir.path(), &NullObserver, &CancelToken::new());
        (dir, done)
    }

    #[test]
    fn a_whole_archive_is_laid_out() {
        let (one, two) = (records(0), records(7));
        let names = CIFAR10_CLASSES.join("\n");
        let mut files: Vec<(&str, &[u8])> = BATCHES.iter().map(|b| (*b, one.as_slice())).collect();
        files[5].1 = &two;
        files.push((NAMES, names.as_bytes()));
        files.push(("readme.html", b"left alone"));
        let (dir, done) = laid(&files);
        assert_eq!(done.unwrap(), 600);
        let read = |file: &str| image::open(dir.path().join("images").join(file)).unwrap().into_rgb8();
        assert_eq!(read("airplane/train_00001.png").get_pixel(0, 0).0, [0; 3]);
        assert_eq!(read("truck/train_00500.png").get_pixel(31, 31).0, [99; 3]);
        assert_eq!(read("automobile/test_00002.png").get_pixel(0, 0).0, [8; 3]);
        let of_class = std::fs::read_dir(dir.path().join("images/cat")).unwrap().count();
        assert_eq!(of_class, 60);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn another_archive_is_refused_and_leaves_nothing() {
        let one = records(0);
        let names = CIFAR10_CLASSES.join("\n");
        let mut odd = one.clone();
        odd[0] = 10;
        let cases: [(Files, &str); 6] = [
            (&[("data_batch_1", b"x")], "Python version"),
            (&[("data_batch_1.bin", b"short")], "has 5 bytes"),
            (&[(NAMES, b"one\ntwo")], "other classes"),
            (&[("test_batch.bin", &odd)], "label 10"),
            (&[(NAMES, names.as_bytes()), (NAMES, names.as_bytes())], "twice"),
            (&[(NAMES, names.as_bytes())], "no data_batch_1.bin"),
        ];
        for (files, said) in cases {
            let (dir, done) = laid(files);
            let told = done.unwrap_err().to_string();
            assert!(told.contains(said), "{told}");
            assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
        }
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("not.gz"), b"plain").unwrap();
        let path = dir.path().join("not.gz");
        assert!(matches!(
            lay_out(&path, dir.path(), &NullObserver, &CancelToken::new()),
            Err(ImagesError::Archive { .. })
        ));
        std::fs::create_dir(dir.path().join("images")).unwrap();
        assert!(matches!(lay_out(&path, dir.path(), &NullObserver, &CancelToken::new()), Err(ImagesError::Options(_))));
    }
}
