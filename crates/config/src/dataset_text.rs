//! A data set's contract as the text of a `dataset.yaml`.

use driftgate_model::{BadImages, ColumnConstraints, DatasetSpec, FileFormat, ImageSetSpec};
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// Whether a text means itself when it stands without quotes.
fn bare(text: &str) -> bool {
    let safe = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.len() <= 100
        && text.chars().all(safe)
        && crate::yaml::plain(text) == crate::yaml::Plain::Text
        // Readers of YAML 1.1 take these for truth values.
        && !matches!(text.to_lowercase().as_str(), "yes" | "no" | "on" | "off" | "y" | "n")
}

/// A text as a YAML scalar on one line.
pub(crate) fn scalar(text: &str) -> String {
    if bare(text) {
        return text.into();
    }
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            // As themselves, these would be folded as line breaks, refused, or not seen.
            c if c.is_control()
                || c.is_whitespace() && c != ' '
                || matches!(c, '\u{feff}' | '\u{fffe}' | '\u{ffff}') =>
            {
                let _ = write!(out, "\\U{:08X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// A key up to its colon. YAML ends a plain key after 1,024 characters; a longer one is announced by `?`.
fn key(indent: &str, name: &str) -> String {
    let key = scalar(name);
    if key.chars().count() < 1000 { format!("{indent}{key}:") } else { format!("{indent}? {key}\n{indent}:") }
}

fn list(out: &mut String, indent: &str, key: &str, items: &[String]) {
    if items.is_empty() {
        let _ = writeln!(out, "{indent}{key}: []");
        return;
    }
    let _ = writeln!(out, "{indent}{key}:");
    for item in items {
        let _ = writeln!(out, "{indent}  - {}", scalar(item));
    }
}

fn about(out: &mut String, spec: &DatasetSpec) {
    let lines = [
        ("description", &spec.about.description),
        ("source", &spec.about.source),
        ("license", &spec.about.license),
        ("created_at", &spec.about.created_at),
    ];
    for (key, text) in lines {
        if let Some(text) = text {
            let _ = writeln!(out, "{key}: {}", scalar(text));
        }
    }
}

fn images(out: &mut String, images: &ImageSetSpec) {
    out.push_str(
        "\n# Which files below `images/<class>/` are pictures, and the fewest of each class.\nimage_properties:\n",
    );
    list(out, "  ", "expected_formats", &images.expected_formats);
    let _ = writeln!(out, "  min_images_per_class: {}", images.min_images_per_class);
    let bad = match images.bad_images {
        BadImages::Fail => "fail",
        BadImages::Skip => "skip",
    };
    let _ = writeln!(
        out,
        "  bad_images: {bad}    # a file that cannot be used: fail refuses the data set, skip leaves it out"
    );
}

fn format(out: &mut String, format: &FileFormat) {
    out.push_str("\n# How the file is read. Guessed at import: correct what is wrong.\nformat:\n");
    let kind = match format.kind {
        driftgate_model::FileKind::Csv => "csv",
        driftgate_model::FileKind::Parquet => "parquet",
    };
    let _ = writeln!(out, "  kind: {kind}");
    let _ = writeln!(out, "  delimiter: {}", scalar(&format.delimiter.to_string()));
    let _ = writeln!(out, "  encoding: {}", scalar(&format.encoding));
    let _ = writeln!(out, "  decimal: {}", scalar(&format.decimal.to_string()));
    out.push_str("  # Texts that mean missing, besides an empty field\n");
    list(out, "  ", "null_values", &format.null_values);
}

fn column(out: &mut String, name: &str, rules: &ColumnConstraints) {
    let numbers = [("min", rules.min), ("max", rules.max), ("max_null_fraction", rules.max_null_fraction)];
    let nothing = numbers.iter().all(|(_, n)| n.is_none()) && rules.allowed.is_none() && rules.unique.is_none();
    let _ = writeln!(out, "{}{}", key("    ", name), if nothing { " {}" } else { "" });
    for (rule, number) in numbers {
        if let Some(number) = number {
            let _ = writeln!(out, "      {rule}: {number:?}");
        }
    }
    if let Some(allowed) = &rules.allowed {
        list(out, "      ", "allowed", allowed);
    }
    if let Some(unique) = rules.unique {
        let _ = writeln!(out, "      unique: {unique}");
    }
}

fn constraints(out: &mut String, spec: &DatasetSpec) {
    let rules = &spec.constraints;
    let mut lines = String::new();
    for (key, rows) in [("min_rows", rules.min_rows), ("max_rows", rules.max_rows)] {
        if let Some(rows) = rows {
            let _ = writeln!(lines, "  {key}: {rows}");
        }
    }
    if let Some(share) = rules.max_null_fraction {
        lines.push_str("  # Largest share of missing values in any used column\n");
        let _ = writeln!(lines, "  max_null_fraction: {share:?}");
    }
    if let Some(days) = rules.max_age_days {
        let _ = writeln!(lines, "  max_age_days: {days:?}");
    }
    if let Some(labels) = &rules.label_classes {
        list(&mut lines, "  ", "label_classes", labels);
    }
    if !rules.columns.is_empty() && spec.images.is_none() {
        lines.push_str("  columns:\n");
        for (name, rules) in &rules.columns {
            column(&mut lines, name, rules);
        }
    }
    if !lines.is_empty() {
        out.push_str("\n# What the values must satisfy; data that do not are refused.\nconstraints:\n");
        out.push_str(&lines);
    }
}

fn split(out: &mut String, spec: &DatasetSpec) {
    let split = &spec.split;
    out.push_str("\n# How rows are split. Frozen with the first version of the data set.\nsplit:\n");
    for (key, share) in [("train", split.train), ("val", split.val), ("test", split.test)] {
        let _ = writeln!(out, "  {key}: {share:?}");
    }
    let _ = writeln!(out, "  seed: {}", split.seed);
    if let Some(stratify) = split.stratify {
        let _ = writeln!(out, "  stratify: {stratify}");
    }
    let columns =
        [("group_column", &split.group_column), ("time_column", &split.time_column), ("key_column", &split.key_column)];
    for (key, name) in columns.into_iter().filter(|_| spec.images.is_none()) {
        if let Some(name) = name {
            let _ = writeln!(out, "  {key}: {}", scalar(name));
        }
    }
}

/// The text of a `dataset.yaml` that [`parse_dataset`](crate::parse_dataset) reads back as exactly `spec`.
///
/// Keys stand in a fixed order, with comments on what was guessed. Of pictures, what is measured is left out: features,
/// types, and whatever names a column.
pub fn write_dataset(spec: &DatasetSpec) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "name: {}\ntask_type: {}", scalar(&spec.name), spec.task);
    about(&mut out, spec);
    if let Some(of_set) = &spec.images {
        images(&mut out, of_set);
        let _ =
            writeln!(out, "\n# The name of what is answered: each picture's folder.\ntarget: {}", scalar(&spec.target));
        constraints(&mut out, spec);
        split(&mut out, spec);
        return out;
    }
    out.push_str("\n# The columns to learn from; leave out what would not be known when the model is asked.\n");
    list(&mut out, "", "features", &spec.features);
    let _ = writeln!(out, "\n# The column to answer.\ntarget: {}", scalar(&spec.target));
    out.push_str(
        "\n# The type of each column: float, int, string or bool. Guessed at import: correct what is wrong.\n",
    );
    out.push_str("schema:\n");
    // Features in their order, then the target, then whatever else has a type.
    let named = spec.features.iter().chain([&spec.target]);
    let used: BTreeSet<&String> = named.clone().collect();
    let others = spec.schema.keys().filter(|k| !used.contains(k));
    for name in named.chain(others) {
        if let Some(kind) = spec.schema.get(name) {
            let _ = writeln!(out, "{} {}", key("  ", name), kind.as_str());
        }
    }
    format(&mut out, &spec.format);
    constraints(&mut out, spec);
    split(&mut out, spec);
    out
}
