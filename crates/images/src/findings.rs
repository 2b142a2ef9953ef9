//! What is wrong with a set of pictures, in one report.

use crate::error::{count, shown};
use crate::near::{FLAT, Sets, near_pairs};
use crate::{FaultReason, ImageFault, Listing, Picture};
use driftgate_model::{BadImages, Digest, Finding, FindingExample, ImageSetSpec, Severity};
use std::collections::{BTreeMap, BTreeSet};

/// Fewer pictures of a class are too few to learn from and to judge by.
const TINY_CLASS: u64 = 10;

/// The largest class may have so many times the pictures of the smallest.
const IMBALANCE: u64 = 20;

/// Shorter sides hold little to see.
const SMALL_SIDE: f64 = 16.0;

/// The longer side over the shorter: beyond, stretching to a tile distorts.
const EXTREME_ASPECT: f64 = 3.0;

/// Examples of a finding.
const EXAMPLES: usize = 5;

/// Place in the listing, from 1, and what stands there.
type Example = (u64, String);

/// Findings in the order they were made.
#[derive(Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn add(&mut self, severity: Severity, check: &str, message: String, hint: &str, examples: Vec<Example>) {
        let examples = examples
            .into_iter()
            .take(EXAMPLES)
            .map(|(row, value)| FindingExample { row, line: None, value: shown(&value) })
            .collect();
        let (check, hint) = (check.to_owned(), Some(hint.to_owned()));
        self.0.push(Finding { severity, check, column: None, message, hint, examples });
    }
}

/// All of them, errors first.
pub(crate) fn of(
    listing: &Listing,
    pictures: &[Picture],
    faults: &[(usize, ImageFault)],
    spec: &ImageSetSpec,
) -> Vec<Finding> {
    let mut findings = Findings::default();
    unusable(listing, pictures, faults, spec, &mut findings);
    classes(listing, pictures, spec, &mut findings);
    duplicates(pictures, &mut findings);
    near_duplicates(pictures, &mut findings);
    shapes(pictures, &mut findings);
    contents(pictures, &mut findings);
    left_aside(listing, &mut findings);
    findings.0.sort_by_key(|f| f.severity != Severity::Error);
    findings.0
}

fn files<'a>(pictures: impl IntoIterator<Item = &'a Picture>) -> Vec<Example> {
    pictures.into_iter().map(|p| (p.position, p.entry.file.clone())).collect()
}

fn unusable(
    listing: &Listing,
    pictures: &[Picture],
    faults: &[(usize, ImageFault)],
    spec: &ImageSetSpec,
    findings: &mut Findings,
) {
    if faults.is_empty() {
        return;
    }
    let mut reasons: BTreeMap<FaultReason, usize> = BTreeMap::new();
    for (_, fault) in faults {
        *reasons.entry(fault.reason).or_default() += 1;
    }
    let reasons: Vec<String> = reasons.into_iter().map(|(reason, n)| format!("{n} {}", reason.phrase())).collect();
    let message = format!("{} cannot be used: {}", count(faults.len(), "file", "files"), reasons.join(", "));
    let (severity, hint) = match spec.bad_images {
        BadImages::Fail => (
            Severity::Error,
            "Replace or remove them; or leave them out by a dataset.yaml with `name`, `task_type: image_classification_cnn` and \
             `image_properties: {bad_images: skip}`",
        ),
        BadImages::Skip => (Severity::Warning, "They are left out; replace them to use them"),
    };
    let example =
        |(at, fault): &(usize, ImageFault)| (*at as u64 + 1, format!("{} {}", listing.entries[*at].file, fault.detail));
    findings.add(severity, "unreadable_pictures", message, hint, faults.iter().map(example).collect());
    if pictures.is_empty() {
        let message = "Not one picture can be used".into();
        findings.add(
            Severity::Error,
            "no_usable_pictures",
            message,
            "Check that the folder holds pictures",
            Vec::new(),
        );
    }
}

fn classes(listing: &Listing, pictures: &[Picture], spec: &ImageSetSpec, findings: &mut Findings) {
    // Class to its first place and its usable pictures.
    let mut classes: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for (at, entry) in listing.entries.iter().enumerate() {
        let Some(label) = &entry.label else { return };
        classes.entry(label).or_insert((at as u64 + 1, 0));
    }
    for picture in pictures {
        if let Some((_, n)) = picture.entry.label.as_deref().and_then(|l| classes.get_mut(l)) {
            *n += 1;
        }
    }
    let below = |least: u64, most: u64| -> Vec<Example> {
        let few = classes.iter().filter(|(_, (_, n))| (least..most).contains(n));
        few.map(|(class, (at, n))| (*at, format!("{class}: {n}"))).collect()
    };
    if classes.len() < 2 {
        let only: Vec<Example> = classes.iter().map(|(class, (at, _))| (*at, (*class).to_owned())).collect();
        let message = format!("There is {}, and a classifier needs two", count(classes.len(), "class", "classes"));
        findings.add(Severity::Error, "too_few_classes", message, "Add a folder of pictures for each class", only);
    }
    let least = spec.min_images_per_class.max(1);
    let few = below(0, least);
    if !few.is_empty() {
        let message = format!("{} fewer than {least} usable pictures", count(few.len(), "class has", "classes have"));
        let hint = "Add pictures, drop the class, or lower `min_images_per_class`";
        findings.add(Severity::Error, "too_few_images", message, hint, few);
    }
    let tiny = below(least, TINY_CLASS);
    if !tiny.is_empty() {
        let message = format!("{} fewer than {TINY_CLASS} pictures", count(tiny.len(), "class has", "classes have"));
        findings.add(Severity::Warning, "tiny_classes", message, "Accuracy on so few is a matter of chance", tiny);
    }
    let by_count = |(class, (at, n)): (&&str, &(u64, u64))| (*n, *at, (*class).to_owned());
    let smallest = classes.iter().map(by_count).filter(|c| c.0 > 0).min();
    if let (Some(low), Some(high)) = (smallest, classes.iter().map(by_count).max())
        && high.0 > IMBALANCE * low.0
    {
        let message = format!("`{}` has {} pictures and `{}` only {}", shown(&high.2), high.0, shown(&low.2), low.0);
        let hint = "Set `class_weight: balanced`, and judge by a metric that looks at each class";
        let examples = vec![(high.1, format!("{}: {}", high.2, high.0)), (low.1, format!("{}: {}", low.2, low.0))];
        findings.add(Severity::Warning, "class_imbalance", message, hint, examples);
    }
}

fn duplicates(pictures: &[Picture], findings: &mut Findings) {
    let mut same: BTreeMap<Digest, Vec<usize>> = BTreeMap::new();
    for (at, picture) in pictures.iter().enumerate() {
        same.entry(picture.digest).or_default().push(at);
    }
    let mut sets: Vec<&Vec<usize>> = same.values().filter(|s| s.len() > 1).collect();
    sets.sort();
    let labels =
        |set: &[usize]| set.iter().filter_map(|&i| pictures[i].entry.label.as_deref()).collect::<BTreeSet<_>>();
    let (torn, plain): (Vec<_>, Vec<_>) = sets.into_iter().partition(|set| labels(set).len() > 1);
    if !torn.is_empty() {
        let message = format!("{} under more than one label", count(torn.len(), "picture stands", "pictures stand"));
        let examples = torn.iter().flat_map(|set| files(set.iter().map(|&i| &pictures[i]))).collect();
        findings.add(Severity::Error, "conflicting_labels", message, "Keep each picture in one class", examples);
    }
    if !plain.is_empty() {
        let copies: usize = plain.iter().map(|set| set.len() - 1).sum();
        let message = format!("{} the bytes of another file", count(copies, "file has", "files have"));
        let examples = plain.iter().flat_map(|set| files(set[1..].iter().map(|&i| &pictures[i]))).collect();
        let hint = "Copies stay in one split; remove them so that they do not count twice";
        findings.add(Severity::Warning, "duplicate_pictures", message, hint, examples);
    }
}

fn near_duplicates(pictures: &[Picture], findings: &mut Findings) {
    let mut sets = Sets::new(pictures.len());
    let mut members: BTreeSet<usize> = BTreeSet::new();
    let mut across: BTreeMap<usize, usize> = BTreeMap::new();
    near_pairs(pictures, |a, b| {
        sets.join(a, b);
        members.extend([a, b]);
        if pictures[a].entry.label != pictures[b].entry.label {
            // The smallest partner, in whatever order the pairs come.
            across.entry(a).and_modify(|other| *other = b.min(*other)).or_insert(b);
        }
    });
    if !members.is_empty() {
        let groups: BTreeSet<usize> = members.iter().map(|&i| sets.of(i)).collect();
        let message = format!(
            "{} nearly the same as another, in {}",
            count(members.len(), "picture is", "pictures are"),
            count(groups.len(), "group", "groups")
        );
        let hint = "Each group stays in one split, so that the test does not see what was learned";
        findings.add(Severity::Warning, "near_duplicates", message, hint, files(members.iter().map(|&i| &pictures[i])));
    }
    if !across.is_empty() {
        let message =
            format!("{} nearly the same as one of another class", count(across.len(), "picture is", "pictures are"));
        let pair = |(&a, &b): (&usize, &usize)| {
            (pictures[a].position, format!("{} and {}", pictures[a].entry.file, pictures[b].entry.file))
        };
        let examples = across.iter().map(pair).collect();
        findings.add(Severity::Warning, "near_duplicates_across_classes", message, "Check their labels", examples);
    }
}

fn shapes(pictures: &[Picture], findings: &mut Findings) {
    let sides = |p: &Picture| (p.measures.width.min(p.measures.height), p.measures.width.max(p.measures.height));
    let small = files(pictures.iter().filter(|p| sides(p).0 < SMALL_SIDE));
    if !small.is_empty() {
        let message =
            format!("{} a side under {SMALL_SIDE} pixels", count(small.len(), "picture has", "pictures have"));
        findings.add(Severity::Warning, "very_small_pictures", message, "Check that they are not thumbnails", small);
    }
    let long = files(pictures.iter().filter(|p| sides(p).1 > EXTREME_ASPECT * sides(p).0));
    if !long.is_empty() {
        let message = format!(
            "{} more than {EXTREME_ASPECT} times as long as wide",
            count(long.len(), "picture is", "pictures are")
        );
        let hint = "They are stretched to the tile; crop them to what matters";
        findings.add(Severity::Warning, "extreme_aspect", message, hint, long);
    }
    let size = |p: &Picture| format!("{} x {}", p.measures.width, p.measures.height);
    let hint = "All are resized to `target_size`; check that size does not give the class away";
    mixed(pictures, "mixed_sizes", "sizes", size, hint, findings);
    let hint = "All become 8-bit RGB or grey; check that the kind of file does not give the class away";
    mixed(pictures, "mixed_modes", "kinds of colour", |p| p.mode.to_owned(), hint, findings);
}

/// Warns where pictures differ in what `of` says: each value with its count, most frequent first.
fn mixed(
    pictures: &[Picture],
    check: &str,
    what: &str,
    of: impl Fn(&Picture) -> String,
    hint: &str,
    findings: &mut Findings,
) {
    let mut values: BTreeMap<String, (usize, u64)> = BTreeMap::new();
    for picture in pictures {
        values.entry(of(picture)).or_insert((0, picture.position)).0 += 1;
    }
    if values.len() < 2 {
        return;
    }
    let mut values: Vec<(usize, u64, String)> = values.into_iter().map(|(v, (n, at))| (n, at, v)).collect();
    values.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    let named: Vec<String> = values.iter().take(4).map(|(n, _, v)| format!("{v} ({n})")).collect();
    let more = if values.len() > 4 { ", …" } else { "" };
    let message = format!("The pictures are of {} {what}: {}{more}", values.len(), named.join(", "));
    let rest = values.iter().skip(1).map(|(_, at, v)| {
        let file = pictures.iter().find(|p| p.position == *at).map_or("", |p| p.entry.file.as_str());
        (*at, format!("{file}: {v}"))
    });
    findings.add(Severity::Warning, check, message, hint, rest.collect());
}

fn contents(pictures: &[Picture], findings: &mut Findings) {
    let blank = files(pictures.iter().filter(|p| p.measures.contrast < FLAT / 4.0));
    if !blank.is_empty() {
        let message = format!("{} one brightness all over", count(blank.len(), "picture has", "pictures have"));
        findings.add(Severity::Warning, "blank_pictures", message, "Check that they show something", blank);
    }
    let mut notes: BTreeMap<&str, usize> = BTreeMap::new();
    pictures.iter().flat_map(|p| &p.notes).for_each(|note| *notes.entry(note).or_default() += 1);
    if !notes.is_empty() {
        let changed = files(pictures.iter().filter(|p| !p.notes.is_empty()));
        let told: Vec<String> = notes.into_iter().map(|(note, n)| format!("{note} ({n})")).collect();
        let message = format!(
            "{} changed while reading: {}",
            count(changed.len(), "picture was", "pictures were"),
            told.join("; ")
        );
        findings.add(Severity::Warning, "changed_pictures", message, "Check that nothing needed is lost", changed);
    }
}

fn left_aside(listing: &Listing, findings: &mut Findings) {
    let kinds: [(&[String], &str, &str, &str); 3] = [
        (
            &listing.ignored,
            "ignored_files",
            "with an ending that does not count as a picture's",
            "Name the ending in `expected_formats` if they are pictures",
        ),
        (
            &listing.misplaced,
            "unlabelled_pictures",
            "without a label",
            "Put them into `images/<class>/`, or list them in labels.csv",
        ),
        (
            &listing.links,
            "links_not_followed",
            "that link out of the folder or to a folder",
            "Copy what they point to into the folder",
        ),
    ];
    for (names, check, what, hint) in kinds {
        if !names.is_empty() {
            let message = format!("{} {what} left aside", count(names.len(), "file", "files"));
            let examples = (1..).zip(names.iter().cloned()).collect();
            findings.add(Severity::Warning, check, message, hint, examples);
        }
    }
}
