use super::*;
use crate::testing::{blocks, decoded, png};
use crate::{StandardLoader, scan, scan_batch};
use driftgate_model::{BadImages, NullObserver, Severity};
use std::path::Path;

fn write(root: &Path, file: &str, bytes: &[u8]) {
    let path = root.join(file);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, bytes).unwrap();
}

fn sound(root: &Path, per_class: u64) {
    for i in 0..per_class {
        write(root, &format!("images/cat/{i:03}.png"), &png(&blocks(40, 40, i)));
        write(root, &format!("images/dog/{i:03}.png"), &png(&blocks(40, 40, 1000 + i)));
    }
}

fn inspected(root: &Path, spec: &ImageSetSpec, threads: usize) -> Inspection {
    let listing = scan(root, spec).unwrap();
    inspect(&listing, &StandardLoader, spec, threads, &NullObserver, &CancelToken::new()).unwrap()
}

fn checks(found: &Inspection) -> Vec<(Severity, &str)> {
    found.findings.iter().map(|f| (f.severity, f.check.as_str())).collect()
}

#[test]
fn a_sound_set_has_no_finding_and_threads_change_nothing() {
    let dir = tempfile::tempdir().unwrap();
    sound(dir.path(), 40);
    let spec = ImageSetSpec::default();
    let found = inspected(dir.path(), &spec, 1);
    assert_eq!(checks(&found), []);
    assert_eq!((found.pictures.len(), found.faults.len()), (80, 0));
    assert_eq!(found.pictures[0].digest, Digest::of(&std::fs::read(dir.path().join("images/cat/000.png")).unwrap()));
    assert_eq!(found, inspected(dir.path(), &spec, 2));
}

#[test]
fn all_faults_come_in_one_finding_by_reason() {
    let dir = tempfile::tempdir().unwrap();
    sound(dir.path(), 12);
    let whole = png(&blocks(40, 40, 77));
    write(dir.path(), "images/cat/a_cut.png", &whole[..whole.len() / 2]);
    write(dir.path(), "images/cat/b_empty.png", b"");
    write(dir.path(), "images/dog/c_text.jpg", b"not a picture at all");
    let mut spec = ImageSetSpec::default();
    let found = inspected(dir.path(), &spec, 2);
    assert_eq!(checks(&found), [(Severity::Error, "unreadable_pictures")]);
    let finding = &found.findings[0];
    assert_eq!(finding.message, "3 files cannot be used: 1 empty, 1 text, not pictures, 1 cut off");
    assert_eq!(finding.examples[2].row, 27);
    assert_eq!(finding.examples[2].value, "dog/c_text.jpg is text, not a picture");
    assert_eq!(found.faults[1].0.file, "cat/b_empty.png");
    spec.bad_images = BadImages::Skip;
    assert_eq!(checks(&inspected(dir.path(), &spec, 1)), [(Severity::Warning, "unreadable_pictures")]);
}

#[test]
fn classes_are_counted() {
    let dir = tempfile::tempdir().unwrap();
    sound(dir.path(), 3);
    let mut spec = ImageSetSpec { min_images_per_class: 4, ..ImageSetSpec::default() };
    assert_eq!(checks(&inspected(dir.path(), &spec, 1)), [(Severity::Error, "too_few_images")]);
    spec.min_images_per_class = 1;
    assert_eq!(checks(&inspected(dir.path(), &spec, 1)), [(Severity::Warning, "tiny_classes")]);
    std::fs::remove_dir_all(dir.path().join("images/dog")).unwrap();
    assert_eq!(checks(&inspected(dir.path(), &spec, 1))[0], (Severity::Error, "too_few_classes"));
    write(dir.path(), "images/rare/x.png", &png(&blocks(40, 40, 500)));
    for i in 100..120 {
        write(dir.path(), &format!("images/cat/{i}.png"), &png(&blocks(40, 40, i)));
    }
    let wanted = [(Severity::Warning, "tiny_classes"), (Severity::Warning, "class_imbalance")];
    assert_eq!(checks(&inspected(dir.path(), &spec, 1)), wanted);
    std::fs::write(dir.path().join("images/rare/x.png"), b"").unwrap();
    assert!(checks(&inspected(dir.path(), &spec, 1)).contains(&(Severity::Error, "too_few_images")));
}

#[test]
fn duplicates_near_ones_and_conflicts() {
    let dir = tempfile::tempdir().unwrap();
    sound(dir.path(), 12);
    write(dir.path(), "images/cat/copy.png", &png(&blocks(40, 40, 0)));
    write(dir.path(), "images/dog/torn.png", &png(&blocks(40, 40, 1)));
    let mut near = blocks(40, 40, 1002);
    near.rgb.put_pixel(3, 3, image::Rgb([0, 0, 0]));
    write(dir.path(), "images/cat/near.png", &png(&near));
    // Flat pictures are alike in every measure and are still not called duplicates.
    for i in 0..3_u8 {
        write(dir.path(), &format!("images/cat/flat{i}.png"), &png(&decoded(40, 40, |_, _| [100 + i; 3])));
    }
    let found = inspected(dir.path(), &ImageSetSpec::default(), 2);
    let wanted = [
        (Severity::Error, "conflicting_labels"),
        (Severity::Warning, "duplicate_pictures"),
        (Severity::Warning, "near_duplicates"),
        (Severity::Warning, "near_duplicates_across_classes"),
        (Severity::Warning, "blank_pictures"),
    ];
    assert_eq!(checks(&found), wanted);
    assert_eq!(found.findings[1].examples[0].value, "cat/copy.png");
    assert!(found.findings[2].message.starts_with("2 pictures are nearly the same"), "{:?}", found.findings[2]);
    assert_eq!(found.findings[3].examples[0].value, "cat/near.png and dog/002.png");
}

#[test]
fn sizes_modes_changes_and_what_is_left_aside() {
    let dir = tempfile::tempdir().unwrap();
    sound(dir.path(), 12);
    write(dir.path(), "images/cat/tiny.png", &png(&blocks(12, 12, 300)));
    write(dir.path(), "images/cat/wide.png", &png(&blocks(100, 24, 301)));
    let alpha = image::RgbaImage::from_fn(40, 40, |x, y| image::Rgba([(x * 6) as u8, (y * 6) as u8, 9, 100]));
    write(dir.path(), "images/cat/alpha.png", &crate::testing::encoded(alpha, image::ImageFormat::Png));
    write(dir.path(), "images/cat/notes.txt", b"x");
    write(dir.path(), "images/loose.png", b"x");
    let found = inspected(dir.path(), &ImageSetSpec::default(), 1);
    let names: Vec<&str> = checks(&found).into_iter().map(|c| c.1).collect();
    let wanted = [
        "very_small_pictures",
        "extreme_aspect",
        "mixed_sizes",
        "mixed_modes",
        "changed_pictures",
        "ignored_files",
        "unlabelled_pictures",
    ];
    assert_eq!(names, wanted);
    assert_eq!(found.findings[2].message, "The pictures are of 3 sizes: 40 x 40 (25), 12 x 12 (1), 100 x 24 (1)");
    assert!(found.findings.iter().all(|f| f.severity == Severity::Warning && f.hint.is_some()));
}

#[test]
fn a_batch_without_labels_is_not_asked_for_classes() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "a.png", &png(&blocks(40, 40, 1)));
    let spec = ImageSetSpec::default();
    let listing = scan_batch(dir.path(), &spec, &[]).unwrap();
    let found = inspect(&listing, &StandardLoader, &spec, 1, &NullObserver, &CancelToken::new()).unwrap();
    assert_eq!(checks(&found), []);
    let cancel = CancelToken::new();
    cancel.cancel();
    let stopped = inspect(&listing, &StandardLoader, &spec, 2, &NullObserver, &cancel);
    assert!(matches!(stopped, Err(ImagesError::Cancelled)));
}
