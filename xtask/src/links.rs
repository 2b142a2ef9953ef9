//! The links of the documentation: each relative one leads to a file of the repository, each anchor to a heading.

use std::path::{Path, PathBuf};

/// The Markdown files of the root, `.ci`, `docs` and `xtask`.
fn pages(root: &Path) -> Vec<PathBuf> {
    let mut folders = vec![root.join(".ci"), root.join("docs"), root.join("xtask")];
    let mut out: Vec<PathBuf> = markdown_in(root);
    while let Some(folder) = folders.pop() {
        out.extend(markdown_in(&folder));
        let entries = std::fs::read_dir(&folder).into_iter().flatten().flatten().map(|e| e.path());
        folders.extend(entries.filter(|p| p.is_dir()));
    }
    out.sort();
    out
}

fn markdown_in(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|e| e.path());
    entries.filter(|p| p.extension().is_some_and(|e| e == "md")).collect()
}

/// The text without its fenced code blocks, where brackets mean something else.
fn prose(text: &str) -> String {
    let mut inside = false;
    let mut out = String::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            inside = !inside;
        } else if !inside {
            out.push_str(line);
            out.push('\n');
        }
    }
    out
}

/// The targets of `[text](target)` in prose.
fn targets(text: &str) -> Vec<String> {
    prose(text)
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split_once(')'))
        .map(|(target, _)| target.to_string())
        .collect()
}

/// The anchors of a page: its headings in lower case, words joined by dashes, punctuation dropped.
fn anchors(text: &str) -> Vec<String> {
    let headings = prose(text);
    let headings =
        headings.lines().filter(|l| l.starts_with('#')).map(|l| l.trim_start_matches('#').trim().to_lowercase());
    headings
        .map(|h| h.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_')).collect::<String>())
        .map(|h| h.replace(' ', "-"))
        .collect()
}

/// The links of a page that lead nowhere.
fn broken(page: &Path, text: &str) -> Vec<String> {
    let leads_somewhere = |target: &String| {
        if target.contains("://") || target.starts_with("mailto:") {
            return true;
        }
        let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
        let path = if file.is_empty() { page.to_path_buf() } else { page.with_file_name(file) };
        if anchor.is_empty() {
            return path.exists();
        }
        std::fs::read_to_string(&path).is_ok_and(|text| anchors(&text).iter().any(|a| a == anchor))
    };
    targets(text).into_iter().filter(|t| !leads_somewhere(t)).collect()
}

#[test]
fn every_link_of_the_documentation_leads_somewhere() {
    let root = crate::workspace::root();
    let mut faults = Vec::new();
    let pages = pages(&root);
    for page in &pages {
        let text = std::fs::read_to_string(page).unwrap_or_default();
        faults.extend(broken(page, &text).into_iter().map(|t| format!("{}: {t}", page.display())));
    }
    assert!(pages.len() > 5, "only {} pages were found", pages.len());
    assert_eq!(faults, Vec::<String>::new());
}

#[test]
fn a_link_to_nothing_is_found() {
    let page = crate::workspace::root().join("README.md");
    let text = "# One two\n[a](README.md) [b](#one-two) [c](docs/absent.md) [d](#three)\n```\n[e](absent.md)\n```\n";
    // The anchor is looked up in the file itself, which has no such heading.
    assert_eq!(broken(&page, text), ["#one-two", "docs/absent.md", "#three"]);
    assert_eq!(anchors("# One, two\n## `three` four"), ["one-two", "three-four"]);
}
