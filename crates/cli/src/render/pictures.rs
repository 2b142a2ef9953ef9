//! Pictures: how a model copes with changed ones, which of a batch are most shifted, how many each class has.

use super::format::{Tone, count, faint, interval, number, plural, signed, strong, visible};
use super::table::{Align, Cell, Table, facts, paragraph};
use driftgate_model::{ImageEvidence, ImageRef, RobustnessReport, RobustnessResult};

/// Changes shown, those that cost most.
const MOST_CHANGES: usize = 5;
/// Shifted pictures shown.
const MOST_SHIFTED: usize = 5;
/// Classes named in the line about their balance.
const MOST_CLASSES: usize = 8;

/// The changes of pictures that cost a model most, and where the rest is. `json` is the command that prints it.
pub fn robustness(report: &RobustnessReport, json: &str, width: usize) -> String {
    let mut worst: Vec<&RobustnessResult> = report.changes.iter().collect();
    // A change that is no number is worth a look first.
    worst.sort_by(|a, b| b.change.is_nan().cmp(&a.change.is_nan()).then_with(|| a.change.total_cmp(&b.change)));
    let mut out = format!("\n{}\n", strong(&format!("Changed pictures on {}", report.split)));
    let without = format!(
        "Accuracy {} of {} without a change, {} less on average under corruptions",
        number(Some(report.baseline)),
        plural(report.rows, "picture", "pictures"),
        number(Some(report.mean_corruption_loss))
    );
    out += &paragraph("  ", &without, width);
    let mut table = Table::new(&[
        ("change", Align::Left),
        ("severity", Align::Right),
        ("accuracy", Align::Right),
        ("difference", Align::Left),
        ("sensitivity", Align::Left),
        ("what", Align::Left),
    ]);
    for r in worst.iter().take(MOST_CHANGES) {
        let difference = match r.interval {
            Some(i) => format!("{} {}", signed(r.change), interval(i)),
            None => signed(r.change),
        };
        table.row([
            Cell::from(r.name.as_str()),
            r.severity.map_or_else(|| "—".into(), |s| s.to_string()).into(),
            number(Some(r.accuracy)).into(),
            difference.into(),
            Cell::toned(r.sensitivity.as_str(), tone(&r.sensitivity)),
            r.description.as_str().into(),
        ]);
    }
    if table.is_empty() {
        return out + "  No change suits pictures of this size\n";
    }
    out += &table.render_without(&["what", "sensitivity"], width);
    let more = worst.len().saturating_sub(MOST_CHANGES) as u64;
    if more > 0 {
        let words = format!("{} less; {json} has all", plural(more, "more change costs", "more changes cost"));
        out += &faint(&paragraph("  ", &words, width));
    }
    out
}

fn tone(sensitivity: &str) -> Tone {
    match sensitivity {
        "high" => Tone::Bad,
        "medium" => Tone::Warn,
        _ => Tone::Plain,
    }
}

/// At which scale pixels moved, and the most shifted pictures with their nearest of the reference.
pub fn evidence(found: &ImageEvidence, json: &str, width: usize) -> String {
    let ratio = found.multiscale.scale_decay_ratio.map_or_else(String::new, |ratio| {
        format!("; full resolution moved {} times as far as the smallest version", number(Some(ratio)))
    });
    let levels: Vec<String> =
        found.multiscale.levels.iter().map(|l| format!("{} {}", l.resolution, number(Some(l.mean)))).collect();
    let mut pairs = vec![("scale", format!("{}{ratio}", found.multiscale.interpretation))];
    if !levels.is_empty() {
        pairs.push(("by resolution", levels.join(", ")));
    }
    let mut out = format!("\n{}", facts(pairs, width));
    if found.shifted.is_empty() {
        return out;
    }
    let mut table = Table::new(&[
        ("most shifted", Align::Left),
        ("distance", Align::Right),
        ("as far", Align::Right),
        ("nearest of the reference", Align::Left),
    ]);
    for one in found.shifted.iter().take(MOST_SHIFTED) {
        let nearest =
            one.nearest.first().map(|(image, distance)| format!("{} ({})", named(image), number(Some(*distance))));
        table.row([
            Cell::toned(named(&one.image), Tone::Strong),
            number(Some(one.distance)).into(),
            format!("{:.1} %", one.rarity * 100.0).into(),
            nearest.unwrap_or_else(|| "—".into()).into(),
        ]);
    }
    out += &format!("\n{}", table.render_without(&["as far"], width));
    let more = found.shifted.len().saturating_sub(MOST_SHIFTED) as u64;
    let rest = match more {
        0 => String::new(),
        n => format!("; {}: {json}", plural(n, "more picture", "more pictures")),
    };
    let words = format!("as far: the share of reference pictures that are as far from their own nearest{rest}");
    out + &faint(&paragraph("  ", &words, width))
}

/// A picture's file with its class, where that is known and the file does not say it.
fn named(image: &ImageRef) -> String {
    let file = visible(&image.file);
    match &image.label {
        Some(label) if !image.file.split('/').any(|part| part == label) => format!("{file} ({})", visible(label)),
        _ => file,
    }
}

/// `10 classes of 180 to 220: a 220, b 215, …`: the classes with most pictures, and how they differ.
pub fn balance(classes: &[(String, u64)]) -> String {
    let mut all: Vec<&(String, u64)> = classes.iter().collect();
    all.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let (Some(most), Some(least)) = (all.first(), all.last()) else { return "no class".into() };
    let range = match (least.1, most.1) {
        (low, high) if low == high => count(low),
        (low, high) => format!("{} to {}", count(low), count(high)),
    };
    let mut named: Vec<String> =
        all.iter().take(MOST_CLASSES).map(|(name, n)| format!("{} {}", visible(name), count(*n))).collect();
    if all.len() > MOST_CLASSES {
        named.push(format!("… and {} more", count((all.len() - MOST_CLASSES) as u64)));
    }
    format!("{} of {range} pictures: {}", plural(all.len() as u64, "class", "classes"), named.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use driftgate_model::{Digest, Interval, MultiscaleProfile, PicturePlace, ScaleLevel, ShiftedImage};

    fn plain(text: &str) -> String {
        anstream::adapter::strip_str(text).to_string()
    }

    fn changed(name: &str, severity: u32, change: f64, sensitivity: &str) -> RobustnessResult {
        RobustnessResult {
            name: name.into(),
            description: format!("pictures with {name}"),
            family: "corruption".into(),
            severity: Some(severity),
            accuracy: 0.9 + change,
            change,
            interval: Some(Interval { low: change - 0.05, high: change + 0.05 }),
            sensitivity: sensitivity.into(),
        }
    }

    fn picture(file: &str, label: Option<&str>) -> ImageRef {
        ImageRef {
            file: file.into(),
            digest: Digest::of(file.as_bytes()),
            label: label.map(str::to_owned),
            place: PicturePlace { pack: Digest::of(b"pack"), offset: 0, bytes: 1 },
        }
    }

    #[test]
    fn the_five_changes_that_cost_most_and_where_the_rest_is() {
        let changes = (1..=6).map(|i| changed("fog", i, -0.06 * f64::from(i), if i > 2 { "high" } else { "medium" }));
        let report = RobustnessReport {
            schema: "driftgate/robustness/1".into(),
            model_artifact: Digest::of(b"model"),
            split: "test".into(),
            rows: 1_500,
            baseline: 0.9,
            changes: changes.collect(),
            mean_corruption_loss: 0.21,
        };
        let text = plain(&robustness(&report, "driftgate runs show R --json", 120));
        assert!(text.starts_with(
            "\nChanged pictures on test\n  Accuracy 0.9000 of 1,500 pictures without a change, 0.2100 less on average under corruptions\n"
        ));
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[4].contains("fog") && lines[4].contains("-0.3600 [-0.4100, -0.3100]"), "{text}");
        assert!(text.contains("1 more change costs less; driftgate runs show R --json has all"), "{text}");
        assert!(!text.contains("-0.0600"), "{text}");
        let none = RobustnessReport { changes: Vec::new(), ..report };
        assert!(plain(&robustness(&none, "", 80)).contains("No change suits"));
    }

    #[test]
    fn a_hostile_file_name_stays_one_line_of_visible_text() {
        let found = ImageEvidence {
            multiscale: MultiscaleProfile {
                levels: vec![ScaleLevel {
                    resolution: "1/1".into(),
                    channels: vec![("red".into(), 0.4)],
                    mean: 0.4,
                    p_value: 0.001,
                }],
                scale_decay_ratio: Some(4.2),
                interpretation: "fine detail moved".into(),
            },
            shifted: vec![ShiftedImage {
                image: picture("cat/\u{1b}[2Jx\n.png", Some("cat")),
                distance: 3.5,
                rarity: 0.002,
                nearest: vec![(picture("b.png", Some("dog")), 3.1)],
            }],
        };
        let text = evidence(&found, "driftgate drift show C --json", 100);
        assert!(!text.contains("\u{1b}[2J"), "{text:?}");
        let text = plain(&text);
        assert!(text.contains("cat/�[2Jx�.png") && text.contains("b.png (dog) (3.1000)"), "{text}");
        assert!(text.contains("fine detail moved; full resolution moved 4.2000 times as far"), "{text}");
        assert!(text.contains("0.2 %") && text.contains("1/1 0.4000"), "{text}");
    }

    #[test]
    fn the_balance_names_the_largest_classes_and_the_range() {
        let classes = |n: u64| (0..n).map(|i| (format!("c{i}"), 100 + i)).collect::<Vec<_>>();
        assert_eq!(balance(&classes(2)), "2 classes of 100 to 101 pictures: c1 101, c0 100");
        assert!(balance(&classes(10)).ends_with("c2 102, … and 2 more"));
        assert_eq!(balance(&[("a".into(), 5), ("b".into(), 5)]), "2 classes of 5 pictures: a 5, b 5");
        assert_eq!(balance(&[]), "no class");
    }
}
