//! Which files of a folder are pictures, and of which class.

use crate::error::{ImagesError, Result, count, io_at, shown};
use crate::labels::{self, LABELS_FILE};
use driftgate_model::ImageSetSpec;
use std::path::{Path, PathBuf};

/// Folders are followed this deep.
const DEEPEST: usize = 32;

/// A file that counts as a picture; whether it is one, its bytes say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Path within the folder that holds the classes (or `labels.csv`), with `/`.
    pub file: String,
    /// Where it is.
    pub path: PathBuf,
    /// Its class, where known.
    pub label: Option<String>,
}

/// The pictures of a folder, sorted by [`Entry::file`], and what was left aside; all paths with `/`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    /// The pictures.
    pub entries: Vec<Entry>,
    /// Files with an ending that does not count as a picture's.
    pub ignored: Vec<String>,
    /// Links that lead out of the folder or to a folder; they are not followed.
    pub links: Vec<String>,
    /// Pictures without a label where labels are needed: beside the class folders, deeper than them, or not in `labels.csv`.
    pub misplaced: Vec<String>,
}

/// Finds labelled pictures: with `labels.csv` in `folder`, those it lists; else `images/<class>/<file>`; else `<class>/<file>`.
///
/// Hidden files and `Thumbs.db` are passed over. Errors: nothing there, a file, not readable, `labels.csv` wrong, no picture.
pub fn scan(folder: &Path, spec: &ImageSetSpec) -> Result<Listing> {
    must_be_folder(folder)?;
    if is_own_file(&folder.join(LABELS_FILE)) {
        return finished(by_labels_file(folder, spec, true)?, folder, spec);
    }
    let root = class_root(folder);
    let mut found = walk(&root, spec)?;
    for mut entry in std::mem::take(&mut found.entries) {
        match entry.file.split_once('/') {
            // A list does not keep blanks around a name.
            Some((class, file)) if !file.contains('/') && !class.trim().is_empty() => {
                entry.label = Some(class.trim().to_owned());
                found.entries.push(entry);
            }
            _ => found.misplaced.push(entry.file),
        }
    }
    finished(found, folder, spec)
}

/// Finds the pictures of a batch: one file, or a folder with all below it.
///
/// A picture has a label where `labels.csv` gives one; or where every picture is at `images/<class>/<file>`; or where every one
/// is at `<class>/<file>` and each of those folders is one of `labels`. Errors as [`scan`].
pub fn scan_batch(path: &Path, spec: &ImageSetSpec, labels: &[String]) -> Result<Listing> {
    let kind = std::fs::metadata(path).map_err(io_at(path))?;
    if kind.is_file() {
        let file = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        return Ok(Listing { entries: vec![Entry { file, path: path.into(), label: None }], ..Listing::default() });
    }
    if is_own_file(&path.join(LABELS_FILE)) {
        return finished(by_labels_file(path, spec, false)?, path, spec);
    }
    let mut found = walk(path, spec)?;
    let in_images = |e: &Entry| e.file.strip_prefix("images/").is_some_and(|rest| rest.matches('/').count() == 1);
    if found.entries.iter().all(in_images) && class_root(path) != path {
        for entry in &mut found.entries {
            entry.file = entry.file["images/".len()..].to_owned();
        }
        label_by_folder(&mut found.entries);
    } else if found.entries.iter().all(|e| known_class(&e.file, labels)) {
        label_by_folder(&mut found.entries);
    }
    finished(found, path, spec)
}

fn known_class(file: &str, labels: &[String]) -> bool {
    file.split_once('/').is_some_and(|(class, rest)| !rest.contains('/') && labels.iter().any(|l| l == class))
}

fn label_by_folder(entries: &mut [Entry]) {
    for entry in entries {
        let class = entry.file.split_once('/').map(|(class, _)| class.trim());
        entry.label = class.filter(|class| !class.is_empty()).map(str::to_owned);
    }
}

fn must_be_folder(path: &Path) -> Result<()> {
    if std::fs::metadata(path).map_err(io_at(path))?.is_dir() {
        return Ok(());
    }
    Err(ImagesError::NotAFolder { path: path.into() })
}

/// Whether this is a file itself, and no link to one.
fn is_own_file(path: &Path) -> bool {
    std::fs::symlink_metadata(path).is_ok_and(|m| m.is_file())
}

/// `images/` within `folder` where there is one, else `folder`.
fn class_root(folder: &Path) -> PathBuf {
    let images = folder.join("images");
    // A link may lead anywhere.
    let real = std::fs::symlink_metadata(&images).is_ok_and(|m| m.is_dir());
    if real { images } else { folder.into() }
}

fn finished(mut listing: Listing, folder: &Path, spec: &ImageSetSpec) -> Result<Listing> {
    listing.entries.sort_by(|a, b| a.file.cmp(&b.file));
    for names in [&mut listing.ignored, &mut listing.links, &mut listing.misplaced] {
        names.sort();
    }
    if !listing.entries.is_empty() {
        return Ok(listing);
    }
    let hint = match listing.misplaced.first() {
        Some(one) => format!(
            "Put the pictures into one folder per class, `images/<class>/`, or list them in labels.csv; `{}` is in neither",
            shown(one)
        ),
        None => {
            "Put the pictures into one folder per class, `images/<class>/`, or name their endings in `expected_formats`"
                .into()
        }
    };
    let other = count(listing.ignored.len(), "other file", "other files");
    let looked = format!("looked for {}; found {other}", spec.expected_formats.join(" "));
    Err(ImagesError::NoPictures { path: folder.into(), looked, hint })
}

fn by_labels_file(folder: &Path, spec: &ImageSetSpec, needed: bool) -> Result<Listing> {
    let path = folder.join(LABELS_FILE);
    let mut labels = labels::parse(&std::fs::read(&path).map_err(io_at(&path))?)?;
    let mut found = walk(folder, spec)?;
    found.ignored.retain(|f| f != LABELS_FILE);
    for mut entry in std::mem::take(&mut found.entries) {
        match labels.remove(&entry.file) {
            Some((label, _)) => entry.label = Some(label),
            None if needed => {
                found.misplaced.push(entry.file);
                continue;
            }
            None => {}
        }
        found.entries.push(entry);
    }
    // What is left is listed but was not found as a picture.
    if let Some((file, (_, line))) = labels.iter().min_by_key(|(_, (_, line))| *line) {
        let more = if labels.len() > 1 { format!(" (and {} more)", labels.len() - 1) } else { String::new() };
        let why = if found.ignored.contains(file) {
            "has an ending that does not count as a picture's"
        } else if found.links.contains(file) {
            "is a link out of the folder"
        } else {
            "is not in the folder"
        };
        let what = format!("`{}` {why}{more}", shown(file));
        let hint = "Correct the path, or remove the line".into();
        return Err(ImagesError::Labels { line: *line, what, hint });
    }
    Ok(found)
}

/// Every file below `root`, without labels.
fn walk(root: &Path, spec: &ImageSetSpec) -> Result<Listing> {
    let real = std::fs::canonicalize(root).map_err(io_at(root))?;
    let mut listing = Listing::default();
    descend(root, "", 0, &real, spec, &mut listing)?;
    Ok(listing)
}

fn descend(
    folder: &Path,
    prefix: &str,
    depth: usize,
    root: &Path,
    spec: &ImageSetSpec,
    listing: &mut Listing,
) -> Result<()> {
    for item in std::fs::read_dir(folder).map_err(io_at(folder))? {
        let item = item.map_err(io_at(folder))?;
        let path = item.path();
        let raw = item.file_name();
        let name = raw.to_string_lossy();
        if name.starts_with('.') || name.eq_ignore_ascii_case("thumbs.db") {
            continue;
        }
        let file = format!("{prefix}{name}");
        let kind = item.file_type().map_err(io_at(&path))?;
        if kind.is_symlink() && !stays_within(&path, root) {
            listing.links.push(file);
        } else if kind.is_dir() {
            if depth < DEEPEST {
                descend(&path, &format!("{file}/"), depth + 1, root, spec, listing)?;
            }
        } else if raw.to_str().is_some() && is_picture(&name, spec) && path.is_file() {
            listing.entries.push(Entry { file, path, label: None });
        } else {
            listing.ignored.push(file);
        }
    }
    Ok(())
}

/// Whether a link leads to a file within `root`. Links to folders are never followed, so that there are no circles.
fn stays_within(link: &Path, root: &Path) -> bool {
    std::fs::canonicalize(link).is_ok_and(|target| target.is_file() && target.starts_with(root))
}

/// Whether the ending counts as a picture's; case does not matter.
fn is_picture(name: &str, spec: &ImageSetSpec) -> bool {
    let lower = name.to_lowercase();
    spec.expected_formats.iter().any(|ending| lower.len() > ending.len() && lower.ends_with(&ending.to_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[&str]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for file in files {
            let path = dir.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, b"x").unwrap();
        }
        dir
    }

    fn seen(listing: &Listing) -> Vec<(&str, Option<&str>)> {
        listing.entries.iter().map(|e| (e.file.as_str(), e.label.as_deref())).collect()
    }

    #[test]
    fn class_folders_with_and_without_images_are_the_same_set() {
        let files = ["cat/b.JPG", "cat/a.png", "dog/a.jpeg", "cat/.hidden.png", "cat/Thumbs.db", "cat/notes.txt"];
        let plain = folder(&files);
        let nested: Vec<String> = files.iter().map(|f| format!("images/{f}")).collect();
        let nested = folder(&nested.iter().map(String::as_str).collect::<Vec<_>>());
        let spec = ImageSetSpec::default();
        for dir in [&plain, &nested] {
            let listing = scan(dir.path(), &spec).unwrap();
            let wanted = [("cat/a.png", Some("cat")), ("cat/b.JPG", Some("cat")), ("dog/a.jpeg", Some("dog"))];
            assert_eq!(seen(&listing), wanted);
            assert_eq!(listing.ignored, ["cat/notes.txt"]);
        }
    }

    #[test]
    fn misplaced_pictures_are_named() {
        let dir = folder(&["images/cat/a.png", "images/loose.png", "images/cat/deep/b.png"]);
        let listing = scan(dir.path(), &ImageSetSpec::default()).unwrap();
        assert_eq!(listing.misplaced, ["cat/deep/b.png", "loose.png"]);
        let dir = folder(&["a.png"]);
        let error = scan(dir.path(), &ImageSetSpec::default()).unwrap_err();
        assert!(driftgate_model::Coded::hint(&error).unwrap().contains("a.png"));
    }

    #[test]
    fn a_labels_file_gives_labels_to_pictures_anywhere() {
        let dir = folder(&["x/a.png", "b.png", "c.png"]);
        std::fs::write(dir.path().join("labels.csv"), "file,label\nx/a.png,cat\nb.png,dog\n").unwrap();
        let spec = ImageSetSpec::default();
        let listing = scan(dir.path(), &spec).unwrap();
        assert_eq!(seen(&listing), [("b.png", Some("dog")), ("x/a.png", Some("cat"))]);
        assert_eq!(listing.misplaced, ["c.png"]);
        assert!(listing.ignored.is_empty());
        let batch = scan_batch(dir.path(), &spec, &[]).unwrap();
        assert_eq!(seen(&batch), [("b.png", Some("dog")), ("c.png", None), ("x/a.png", Some("cat"))]);
        std::fs::write(dir.path().join("labels.csv"), "file,label\nnone.png,cat\n").unwrap();
        assert!(scan(dir.path(), &spec).unwrap_err().to_string().contains("not in the folder"));
    }

    #[test]
    fn a_batch_has_labels_only_where_the_layout_says_so() {
        let spec = ImageSetSpec::default();
        let labels = ["cat".to_owned(), "dog".to_owned()];
        let dir = folder(&["images/new/a.png", "images/cat/b.png"]);
        let listing = scan_batch(dir.path(), &spec, &labels).unwrap();
        assert_eq!(seen(&listing), [("cat/b.png", Some("cat")), ("new/a.png", Some("new"))]);
        let dir = folder(&["cat/a.png", "dog/b.png"]);
        assert_eq!(scan_batch(dir.path(), &spec, &labels).unwrap().entries[1].label.as_deref(), Some("dog"));
        for files in [["cat/a.png", "monday/b.png"], ["cat/a.png", "b.png"], ["cat/a.png", "cat/deep/b.png"]] {
            let listing = scan_batch(folder(&files).path(), &spec, &labels).unwrap();
            assert!(listing.entries.iter().all(|e| e.label.is_none()), "{files:?}");
            assert_eq!(listing.entries.len(), 2);
        }
        let dir = folder(&["a.png"]);
        assert_eq!(seen(&scan_batch(&dir.path().join("a.png"), &spec, &labels).unwrap()), [("a.png", None)]);
    }

    #[cfg(unix)]
    #[test]
    fn links_out_of_the_folder_are_not_followed() {
        let outside = folder(&["secret.png"]);
        let dir = folder(&["cat/a.png"]);
        let link = |to: PathBuf, at: &str| std::os::unix::fs::symlink(to, dir.path().join(at)).unwrap();
        link(outside.path().join("secret.png"), "cat/out.png");
        link(dir.path().join("cat/a.png"), "cat/in.png");
        link(dir.path().into(), "cat/circle");
        link(dir.path().join("none"), "cat/broken.png");
        let listing = scan(dir.path(), &ImageSetSpec::default()).unwrap();
        assert_eq!(seen(&listing).iter().map(|s| s.0).collect::<Vec<_>>(), ["cat/a.png", "cat/in.png"]);
        assert_eq!(listing.links, ["cat/broken.png", "cat/circle", "cat/out.png"]);
    }

    #[test]
    fn nothing_there_a_file_and_no_picture_are_errors() {
        let dir = folder(&["notes.txt"]);
        let spec = ImageSetSpec::default();
        assert!(matches!(scan(&dir.path().join("none"), &spec), Err(ImagesError::NotFound { .. })));
        assert!(matches!(scan(&dir.path().join("notes.txt"), &spec), Err(ImagesError::NotAFolder { .. })));
        assert!(matches!(scan(dir.path(), &spec), Err(ImagesError::NoPictures { .. })));
        assert!(matches!(scan_batch(dir.path(), &spec, &[]), Err(ImagesError::NoPictures { .. })));
    }
}
